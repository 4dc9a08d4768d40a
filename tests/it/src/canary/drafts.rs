//! What becomes an article of a record: nothing internal of the record is in its draft, nor in what is published of it.

use std::sync::Arc;

use worlds::trading_grid::{FeedbackKind, PartnerAct};

use super::{ARTICLES, Garden, PUBLIC, opened, surround};
use crate::create_task::told;
use crate::play::Play;
use crate::publish_knowledge::{newest, publish, seen};
use crate::scenarios::NORTHWIND;
use crate::town::Town;

const SUMMARY: &str = "Something is wrong with the order";

/// A record full of words is marked and solved; its draft is published, and partners judge it.
pub(super) async fn drive(town: &Arc<Town>, play: &Play, seed: u64) {
    let mut garden = Garden::new(town, seed);
    let sys_id = opened(town, play, seed, "asn_failed", SUMMARY).await;
    let class = town.servicenow.row("task", &sys_id).unwrap()["sys_class_name"].clone();
    surround(&mut garden, &sys_id, &class);
    garden.plant(&sys_id, &class, &PUBLIC);
    let resolution = format!("Resolution {seed}");
    let note = garden.word(format!("{class}.work_notes"));
    let fields = [
        ("state", "6"),
        ("close_notes", resolution.as_str()),
        ("x_gridlink_for_knowledge", "true"),
        ("work_notes", &note),
    ];
    town.servicenow.update(&class, &sys_id, &fields);
    play.quiet().await;
    let draft = newest(town, SUMMARY);
    assert_eq!(
        (draft["sys_created_by"].as_str(), draft["source"].as_str()),
        ("gridlink.integration", sys_id.as_str())
    );
    let said = format!("{} {}", draft["short_description"], draft["text"]);
    let internal = garden.planted.iter().filter(|(word, _)| said.contains(*word));
    let internal: Vec<_> = internal.map(|(_, place)| place).collect();
    assert!(internal.is_empty(), "the draft has what stands in {internal:?}");
    assert!(said.contains(&resolution), "what is public does arrive: {said}");
    garden.check();

    let text = format!("<p>{}</p>", garden.word("feedback of a colleague".to_owned()));
    town.servicenow
        .insert("kb_feedback", &[("article", &draft["sys_id"]), ("comments", &text)]);
    publish(town, SUMMARY);
    play.quiet().await;
    let shown = seen(town, NORTHWIND, SUMMARY).unwrap();
    assert!(shown["html"].to_string().contains(&resolution), "{shown}");
    garden.check();
    let judged = told(
        &town.community,
        PartnerAct::GivesFeedback {
            company_id: NORTHWIND.to_owned(),
            article_id: shown["articleId"].as_str().unwrap().to_owned(),
            kind: FeedbackKind::Comment,
            text: Some("Step 4 is missing.".to_owned()),
            author: None,
        },
    );
    play.deliver(&judged).await;
    play.quiet().await;
    let rows = town.servicenow.rows("kb_feedback");
    let row = rows.iter().find(|row| row["comments"].contains("Step 4 is missing."));
    let article = town.servicenow.row(ARTICLES, &row.unwrap()["article"]).unwrap();
    assert_eq!(article["number"], draft["number"], "what a partner thinks arrives");
    garden.check();
}
