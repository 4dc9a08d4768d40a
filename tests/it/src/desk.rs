//! What partners see of the desk: the names of agents, and files that come later than their announcement.

use std::sync::Arc;
use std::time::Duration;

use shared::mapping::Mapping;
use tokio::time::sleep;

use crate::play::in_town;
use crate::relay_status::with_a_case;
use crate::scenarios::{ISSUE, NORTHWIND, case, opens};
use crate::town::Town;

#[test]
fn agents_speak_as_the_desk_or_under_the_name_that_the_mapping_allows() {
    for (agents, name) in [
        ("hidden", "Partner Support"),
        ("first", "Maria"),
        ("full", "Maria Santos"),
    ] {
        let shipped = include_str!("../../../infra/mapping.yaml");
        let rules = shipped.replace("agents: hidden", &format!("agents: {agents}"));
        in_town(Arc::new(Mapping::parse(&rules).unwrap()), async |town, play| {
            play.open_the_doors();
            play.tell();
            play.deliver(&opens(&town.community)).await;
            play.quiet().await;
            town.servicenow.agent_comment(&case(town), "We look into it.");
            play.quiet().await;
            let issue = town.community.issue(NORTHWIND, ISSUE).unwrap();
            assert_eq!(issue["comments"][0]["author"]["name"], name, "{agents}: {issue}");
        });
    }
}

/// The names of files that the partner has of the desk.
fn shared_files(town: &Town) -> Vec<String> {
    let issue = town.community.issue(NORTHWIND, ISSUE).unwrap();
    let documents = issue["documents"].as_array().cloned().unwrap_or_default();
    let of_the_desk = documents.iter().filter(|one| one["origin"]["writer"] == "gridlink");
    of_the_desk
        .map(|one| one["name"].as_str().unwrap().to_owned())
        .collect()
}

#[test]
fn a_file_is_shared_that_comes_within_a_day_of_its_announcement() {
    for (hours, wanted) in [(3, &["quote.txt"][..]), (30, &[])] {
        with_a_case(async |town, play| {
            town.servicenow.agent_comment(&case(town), "share: quote.txt");
            play.quiet().await;
            sleep(Duration::from_secs(hours * 3600)).await;
            town.servicenow
                .agent_file(&case(town), "quote.txt", "text/plain", "12.40 a piece");
            play.quiet().await;
            assert_eq!(shared_files(town), wanted, "after {hours} hours");
        });
    }
}
