//! Going live beside records that exist: they become the records of their issues, and no second one is made.

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use gridlink::adopt::{self, Which};
use gridlink::{Failed, Report};
use serde_json::Value;
use tokio::time::sleep;

use crate::faults::{Fault, Plan};
use crate::operate::place;
use crate::oracle;
use crate::play::{Play, default_mapping, in_paused_time, in_town};
use crate::reconcile::polled;
use crate::scenarios::{self, ISSUE, NORTHWIND};
use crate::town::{TABLE, Town};

const CASES: &str = "sn_customerservice_case";
/// The word of the agent that the partner was told long ago.
const OLD: &str = "We look into it.";

fn by_key() -> Which {
    Which {
        list: None,
        display: None,
    }
}

/// A list in a file of its own.
struct List(PathBuf);

impl List {
    fn of(name: &str, lines: &[String]) -> Self {
        let file = std::env::temp_dir().join(format!("gridlink-adopt-{name}-{}.csv", std::process::id()));
        std::fs::write(&file, format!("issue,table,record,company\n{}\n", lines.join("\n"))).unwrap();
        Self(file)
    }

    fn which(&self) -> Which {
        Which {
            list: Some(self.0.clone()),
            display: None,
        }
    }
}

impl Drop for List {
    fn drop(&mut self) {
        let _ = std::fs::remove_file(&self.0);
    }
}

/// The case that another integration made of an issue, with what was said on it.
fn case_of(town: &Town, issue: &str) -> String {
    let accounts = town.servicenow.rows("customer_account");
    let key = default_mapping()
        .tables()
        .find(|(table, _)| table.as_str() == CASES)
        .unwrap()
        .1
        .partner
        .key
        .to_string();
    let account = accounts
        .iter()
        .find(|row| row.get(&key).is_some_and(|id| id == NORTHWIND))
        .unwrap();
    let fields = [
        ("short_description", "an old case"),
        ("account", account["sys_id"].as_str()),
        ("correlation_id", issue),
        ("correlation_display", "Old Bridge"),
    ];
    let case = town.servicenow.insert(CASES, &fields);
    town.servicenow.agent_comment(&case, OLD);
    case
}

fn results(report: &Report) -> BTreeMap<String, (String, String)> {
    let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
    let all = report.data["records"].as_array().unwrap().iter();
    all.map(|one| (text(&one["record"]), (text(&one["result"]), text(&one["why"]))))
        .collect()
}

fn shown(town: &Town) -> Vec<String> {
    let seen = town.community.partner_sees_issue(NORTHWIND, ISSUE).unwrap();
    let comments = seen["comments"].as_array().unwrap().iter();
    let ours = comments.filter(|comment| comment["author"]["name"] == "Partner Support");
    ours.map(|comment| comment["text"].as_str().unwrap().to_owned())
        .collect()
}

fn goes_on(town: &Arc<Town>, case: &str) {
    town.servicenow.agent_comment(case, "It is solved.");
    let _ = scenarios::comments(&town.community);
}

/// The issue goes on: what is new is told once, what is old is not, and no second case is made.
async fn check(town: &Arc<Town>, play: &Play, case: &str) {
    sleep(Duration::from_secs(60)).await;
    goes_on(town, case);
    sleep(Duration::from_secs(60)).await;
    polled(town, play).await;
    assert_eq!(
        town.servicenow
            .rows(CASES)
            .iter()
            .filter(|row| row["correlation_id"] == ISSUE)
            .count(),
        1
    );
    let comments: Vec<_> = town
        .servicenow
        .journal(case, "comments")
        .into_iter()
        .map(|entry| entry.value)
        .collect();
    assert_eq!(comments.len(), 3, "{comments:?}");
    assert!(
        comments[2].contains("Can somebody look") || comments[1].contains("Can somebody look"),
        "{comments:?}"
    );
    let shown = shown(town);
    assert!(shown.len() == 1 && shown[0].contains("It is solved."), "{shown:?}");
    let status = town.community.partner_sees_issue(NORTHWIND, ISSUE).unwrap()["statusReport"].clone();
    assert!(status.is_null(), "the state of before is nothing new: {status}");
    oracle::check_table(town);
}

#[test]
fn records_with_keys_are_adopted_and_their_issues_go_on() {
    in_town(default_mapping(), async |town, play| {
        let _ = scenarios::opens(&town.community);
        let case = case_of(town, ISSUE);
        let number = town.servicenow.row(CASES, &case).unwrap()["number"].clone();
        let place = place(town);
        let before = town.cloud.items(TABLE);
        let planned = adopt::plan(&place, &by_key()).await.unwrap();
        assert_eq!(results(&planned)[&number].0, "would be linked", "{}", planned.data);
        assert!(planned.has_findings);
        assert_eq!(before, town.cloud.items(TABLE), "a plan changes nothing");
        assert_eq!(
            town.servicenow.row(CASES, &case).unwrap()["correlation_display"],
            "Old Bridge"
        );

        let applied = adopt::apply(&place, &by_key()).await.unwrap();
        assert_eq!(results(&applied)[&number].0, "linked", "{}", applied.data);
        assert_eq!(
            town.servicenow.row(CASES, &case).unwrap()["correlation_display"],
            "Trading Grid"
        );
        let again = adopt::apply(&place, &by_key()).await.unwrap();
        assert_eq!(
            again.data["records"].as_array().map(Vec::len),
            Some(0),
            "it is ours now"
        );
        play.open_the_doors();
        check(town, play, &case).await;
    });
}

#[test]
fn a_list_is_adopted_and_what_does_not_fit_is_refused() {
    in_town(default_mapping(), async |town, play| {
        let _ = scenarios::opens(&town.community);
        let case = case_of(town, "");
        let number = town.servicenow.row(CASES, &case).unwrap()["number"].clone();
        let foreign = case_of(town, "JIRA-1");
        let bare = town.servicenow.insert(CASES, &[("short_description", "of nobody")]);
        let list = List::of(
            "list",
            &[
                format!("{ISSUE},{CASES},{number},"),
                format!("ISS-404,{CASES},{foreign},"),
                format!("ISS-405,{CASES},{bare},"),
                "ISS-406,sn_customerservice_case,CS9999999,".to_owned(),
                format!("ISS-407,problem,{bare},"),
                format!("ISS-408,{CASES},0123456789abcdef0123456789abcdef,"),
                format!("ISS-409,{CASES},twice,"),
                format!("ISS-410,{CASES},twice,"),
            ],
        );
        let place = place(town);
        let applied = adopt::apply(&place, &list.which()).await.unwrap();
        let results = results(&applied);
        assert_eq!(results[&number].0, "linked", "{}", applied.data);
        for (record, why) in [
            (foreign.as_str(), "its correlation_id is JIRA-1"),
            (&bare, ""),
            ("CS9999999", "has no record CS9999999"),
            ("0123456789abcdef0123456789abcdef", "no such record"),
            ("twice", "several issues"),
        ] {
            let (result, said) = &results[record];
            assert!(result == "refused" && said.contains(why), "{record}: {said}");
        }
        assert!(applied.has_findings);
        assert_eq!(town.servicenow.row(CASES, &case).unwrap()["correlation_id"], ISSUE);
        let again = adopt::apply(&place, &list.which()).await.unwrap();
        assert_eq!(self::results(&again)[&number].0, "is linked already", "{}", again.data);
        // Another record for the same issue comes too late, and so does another issue for the record.
        let other = case_of(town, "");
        let late = List::of("late", &[format!("{ISSUE},{CASES},{other},")]);
        let refused = adopt::apply(&place, &late.which()).await.unwrap();
        assert!(
            self::results(&refused)[&other].1.contains("already"),
            "{}",
            refused.data
        );
        let _ = scenarios::opens_another(&town.community);
        let stolen = List::of("stolen", &[format!("ISS-2,{CASES},{case},")]);
        let refused = adopt::apply(&place, &stolen.which()).await.unwrap();
        assert!(self::results(&refused)[&case].0 == "refused", "{}", refused.data);
        town.servicenow.update(CASES, &other, &[("active", "false")]);
        play.open_the_doors();
        check(town, play, &case).await;
    });
}

/// An adoption under a plan of faults, repeated until it succeeds.
fn adopted_under(plan: Plan) -> (usize, usize) {
    in_paused_time(async {
        let town = Town::new(plan, default_mapping());
        let play = Play::new(&town);
        let _ = scenarios::opens(&town.community);
        let case = case_of(&town, ISSUE);
        let list = List::of("faults", &[format!("{ISSUE},{CASES},{case},")]);
        let place = place(&town);
        let before = town.calls().len();
        let first: Result<Report, Failed> = adopt::apply(&place, &list.which()).await;
        let after = town.calls().len();
        for _ in 0..3 {
            let _ = adopt::apply(&place, &list.which()).await;
            sleep(Duration::from_secs(20)).await;
        }
        let last = adopt::apply(&place, &list.which()).await.unwrap();
        assert!(!last.has_findings, "{first:?} {}", last.data);
        assert_eq!(
            town.servicenow.row(CASES, &case).unwrap()["correlation_display"],
            "Trading Grid"
        );
        let told = oracle::story(&town)
            .into_iter()
            .filter(|(_, line)| line.contains("was adopted by alice"));
        assert_eq!(told.count(), 1);
        play.open_the_doors();
        check(&town, &play, &case).await;
        let violations = town.violations.lock().unwrap().clone();
        assert!(violations.is_empty(), "{violations:#?}");
        (before, after)
    })
}

#[test]
fn an_adoption_is_done_once_whatever_happens_to_its_calls() {
    let (before, after) = adopted_under(Plan::default());
    assert!(after >= before + 8, "{before} {after}");
    for at in before..after {
        for fault in [Fault::Lost, Fault::ErrorAfter, Fault::Conflict, Fault::Throttle] {
            adopted_under(Plan::default().and(at, fault));
        }
    }
}
