//! What the command line shows of a deployment without changing it: the doctor, previews and evidence.

use std::sync::Arc;

use gridlink::{doctor, evidence, mapping};
use serde_json::json;
use shared::mapping::Mapping;

use crate::operate::{SUBJECT, cases, place, text};
use crate::play::{default_mapping, in_town};
use crate::scenarios::{self, ISSUE};
use crate::town::TABLE;

#[test]
fn the_doctor_names_a_group_that_the_instance_does_not_have_and_what_is_parked() {
    let wrong = include_str!("../../../infra/mapping.yaml").replace("Logistics Exceptions", "Logistic Exceptions");
    in_town(Arc::new(Mapping::parse(&wrong).unwrap()), async |town, play| {
        play.open_the_doors();
        let place = place(town);
        play.deliver(&scenarios::opens(&town.community)).await;
        play.quiet().await;
        let before = town.cloud.items(TABLE);
        let report = doctor::doctor(&place).await.unwrap();
        assert!(report.has_findings);
        assert_eq!(before, town.cloud.items(TABLE), "it changes nothing");
        let findings = report.data["findings"].as_array().unwrap();
        let of = |check: &str, level: &str| {
            let all = findings
                .iter()
                .filter(|found| found["check"] == check && found["level"] == level);
            all.map(|found| found.to_string()).collect::<Vec<_>>()
        };
        let groups = of("group", "problem");
        assert_eq!(groups.len(), 1, "{groups:?}");
        assert!(groups[0].contains("Logistic Exceptions") && groups[0].contains("correct assignment_group"));
        assert!(of("group", "ok").len() > 3, "{findings:#?}");
        assert!(of("parked", "problem")[0].contains(SUBJECT), "{findings:#?}");
        for check in [
            "servicenow",
            "community",
            "table",
            "states",
            "partners",
            "mapping",
            "breakers",
            "due",
        ] {
            assert!(
                !of(check, "ok").is_empty() && of(check, "problem").is_empty(),
                "{check}: {findings:#?}"
            );
        }
    });
}

#[test]
fn a_preview_says_what_would_be_done_and_does_nothing() {
    in_town(default_mapping(), async |town, _play| {
        let place = place(town);
        let event = scenarios::opens(&town.community).to_string();
        let event = shared::event::Event::parse(&"trading-grid".parse().unwrap(), &event).unwrap();
        let live = mapping::preview(&place, &event).await.unwrap();
        let offline = mapping::preview_offline(&town.mapping, &event, None).unwrap();
        for report in [&live, &offline] {
            assert_eq!(
                (&report.data["use_case"], &report.data["subject"]),
                (&json!("open-case"), &json!(SUBJECT))
            );
            assert!(report.data["rule"].as_str().unwrap().contains("Logistics Exceptions"));
            let create = &report.data["effects"][0];
            assert_eq!(
                (&create["do"], &create["record"]["table"]),
                (&json!("create-record"), &json!("sn_customerservice_case"))
            );
            let shown = text(report);
            assert!(
                shown.contains("856 was rejected") && shown.contains("short_description"),
                "{shown}"
            );
        }
        let group = &live.data["effects"][0]["fields"]["assignment_group"];
        let known = town.servicenow.row("sys_user_group", group.as_str().unwrap()).unwrap();
        assert_eq!(known["name"], "Logistics Exceptions", "live facts");
        assert!(
            town.cloud.items(TABLE).is_empty() && cases(town).is_empty(),
            "nothing was done"
        );
    });
}

#[test]
fn a_preview_of_a_message_names_the_rule_that_makes_a_task_of_it() {
    in_town(default_mapping(), async |town, _play| {
        let event = crate::create_task::starts_with_a_file(&town.community).to_string();
        let event = shared::event::Event::parse(&"trading-grid".parse().unwrap(), &event).unwrap();
        let report = mapping::preview(&place(town), &event).await.unwrap();
        let offline = mapping::preview_offline(&town.mapping, &event, None).unwrap();
        for report in [&report, &offline] {
            assert_eq!(report.data["use_case"], "create-task");
            let rule = report.data["rule"].as_str().unwrap();
            assert_eq!(rule, "rule corrected-shipping-document (on), group Document Control");
            let shown = text(report);
            assert!(shown.contains("create") && shown.contains("sc_task"), "{shown}");
        }
        let effects = report.data["effects"].as_array().unwrap();
        let create = effects.iter().find(|effect| effect["do"] == "create-record").unwrap();
        let group = create["fields"]["assignment_group"].as_str().unwrap();
        let known = town.servicenow.row("sys_user_group", group).unwrap();
        assert_eq!(known["name"], "Document Control");
        let tasks = town.servicenow.rows("sc_task");
        let is_none_made = tasks.iter().all(|row| row["correlation_display"] != "Trading Grid");
        assert!(town.cloud.items(TABLE).is_empty() && is_none_made, "nothing was done");
    });
}

fn sample(name: &str) -> shared::event::Event {
    let file = std::path::Path::new("../../events/receive-webhook").join(name);
    mapping::read(&file, None).unwrap()
}

/// The stream of an exchange only passes its failure on: what comes of that is previewed too.
#[test]
fn a_preview_of_a_failed_exchange_shows_its_incident() {
    in_town(default_mapping(), async |town, _play| {
        let place = place(town);
        for (name, waits) in [("exchange-failed.json", false), ("exchange-delayed.json", true)] {
            let event = sample(name);
            let live = mapping::preview(&place, &event).await.unwrap();
            let offline = mapping::preview_offline(&town.mapping, &event, None).unwrap();
            for (report, is_live) in [(&live, true), (&offline, false)] {
                let shown = text(report);
                let rule = report.data["rule"].as_str().unwrap();
                let group = rule.split_once(", group ").unwrap().1;
                assert!(rule.starts_with("class ") && rule.contains("(on)"), "{rule}");
                let exchange = "exchanges/60e20a6e-5a6f-4b5c-8f6a-1f2b3c4d5e6f";
                assert_eq!(report.data["subject"], exchange);
                let then = report.data["then"].as_array().unwrap();
                let incident = then.last().unwrap();
                assert!(
                    incident["subject"].as_str().unwrap().starts_with("failures/"),
                    "{shown}"
                );
                let effects = incident["effects"].as_array().unwrap();
                let create = effects.iter().find(|effect| effect["do"] == "create-record").unwrap();
                let fields = &create["fields"];
                assert_eq!(create["record"]["table"], "incident", "{shown}");
                assert!(fields["description"].as_str().unwrap().contains("000000815"), "{shown}");
                let partner = if is_live {
                    "Contoso Retail"
                } else {
                    "<name of GC00804444LX01>"
                };
                assert!(
                    fields["short_description"].as_str().unwrap().contains(partner),
                    "{shown}"
                );
                if is_live {
                    let known = fields["assignment_group"].as_str().unwrap();
                    let known = town.servicenow.row("sys_user_group", known).unwrap();
                    assert_eq!(known["name"], group, "live facts");
                }
                let is_timed = report.data["not_before"].is_string() || then[0]["not_before"].is_string();
                assert!(!is_timed || waits, "{shown}");
            }
        }
        let recovered = mapping::preview_offline(&town.mapping, &sample("exchange-recovered.json"), None);
        assert!(recovered.unwrap_err().to_string().contains("--offline out"));
        assert!(town.cloud.items(TABLE).is_empty(), "nothing was done");
    });
}

#[test]
fn evidence_covers_the_whole_partition() {
    in_town(default_mapping(), async |town, play| {
        play.open_the_doors();
        let place = place(town);
        play.deliver(&scenarios::opens(&town.community)).await;
        play.quiet().await;
        let given = evidence::evidence(&place, ISSUE, None).await.unwrap();
        let items = town.cloud.items(TABLE);
        let of_issue = items.iter().filter(|item| item["pk"] == SUBJECT).count();
        assert_eq!(given.data["items"].as_array().map(Vec::len), Some(of_issue));
        let file = std::env::temp_dir().join(format!("gridlink-evidence-{}.json", std::process::id()));
        std::fs::write(&file, given.data.to_string()).unwrap();
        let good = evidence::verify(Some(&place), &file, None).await.unwrap();
        let changed = given.data.to_string().replace("856 was rejected", "856 was accepted");
        std::fs::write(&file, changed).unwrap();
        let bad = evidence::verify(Some(&place), &file, None).await.unwrap();
        std::fs::remove_file(&file).unwrap();
        assert_eq!(
            (&good.data["valid"], &bad.data["valid"]),
            (&json!(true), &json!(false)),
            "{:?}",
            good.data
        );
    });
}
