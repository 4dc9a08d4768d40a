//! Outages, refusals and poison: a failing system delays and loses nothing; a failing entry stops
//! its own stream only.

use std::sync::Arc;
use std::time::Duration;

use serde_json::{Value, json};
use shared::clients::Clients;
use shared::domain::UseCase;
use shared::event::Event;
use shared::failure::Failure;
use shared::lambda::{QueueWorker, Situation};
use tokio::time::sleep;
use worlds::{Fault, Rule};

use crate::play::{Play, clients, default_mapping, in_town};
use crate::scenarios;
use crate::town::{Environment, QUEUE, TABLE, Town};

pub(crate) fn status(status: u16, body: Option<String>) -> Fault {
    Fault::Status {
        status,
        headers: Default::default(),
        body,
    }
}

/// An issue whose record the instance refuses, and a comment behind it.
pub(crate) async fn refused(town: &Arc<Town>, play: &Play) {
    let body = json!({"error": {"message": "Operation Failed", "detail": "aborted by Business Rule 'Check'"}, "status": "failure"});
    let fault = status(403, Some(body.to_string()));
    town.servicenow
        .knobs()
        .add(Rule::always("POST", "/api/now/v2/table", fault));
    play.deliver(&scenarios::opens(&town.community)).await;
    play.deliver(&scenarios::comments(&town.community)).await;
    play.quiet().await;
}

fn head(town: &Town) -> Value {
    let items = town.cloud.items(TABLE);
    items.iter().find(|item| item["sk"] == "HEAD#in").cloned().unwrap()
}

/// ServiceNow does this to every request for a day; then an issue and a comment arrive complete.
fn survives_a_day_of(fault: fn() -> Fault) {
    in_town(default_mapping(), async |town, play| {
        play.open_the_doors();
        town.servicenow.knobs().add(Rule::always("*", "/", fault()));
        play.deliver(&scenarios::opens(&town.community)).await;
        play.deliver(&scenarios::comments(&town.community)).await;
        sleep(Duration::from_secs(24 * 3600)).await;
        let waiting = head(town);
        assert_eq!(waiting["finished"], 0, "{waiting}");
        assert!(waiting.get("parked").is_none(), "an outage parks nothing: {waiting}");
        assert!(waiting["last_failure"].is_string(), "{waiting}");
        assert_eq!(
            town.cloud.dead_letters(QUEUE).len(),
            0,
            "an outage fills no dead-letter queue"
        );
        let calls = town.servicenow.calls().len();
        assert!(calls < 1500, "{calls} calls in a day of outage");
        town.servicenow.knobs().clear();
        play.quiet().await;
        let case = scenarios::case(town);
        assert_eq!(town.servicenow.journal(&case, "comments").len(), 1);
        let items = town.cloud.items(TABLE);
        assert!(
            items
                .iter()
                .filter(|item| item["sk"] == "BREAKER")
                .all(|item| item.get("open").is_none())
        );
    });
}

#[test]
fn a_day_without_servicenow_loses_nothing() {
    survives_a_day_of(|| status(503, None));
}

#[test]
fn a_day_of_log_in_pages_loses_nothing() {
    survives_a_day_of(|| Fault::HtmlPage);
}

#[test]
fn a_day_of_refused_credentials_loses_nothing() {
    survives_a_day_of(|| status(401, None));
}

#[test]
fn a_day_of_dropped_requests_loses_nothing() {
    survives_a_day_of(|| Fault::AcceptedAndDropped);
}

#[test]
fn retry_after_is_obeyed() {
    in_town(default_mapping(), async |town, play| {
        play.open_the_doors();
        let fault = Fault::Status {
            status: 429,
            headers: [("Retry-After".to_owned(), "300".to_owned())].into(),
            body: None,
        };
        town.servicenow
            .knobs()
            .add(Rule::once("POST", "/api/now/v2/table", fault));
        play.deliver(&scenarios::opens(&town.community)).await;
        sleep(Duration::from_secs(290)).await;
        let posts = || {
            town.servicenow
                .calls()
                .iter()
                .filter(|call| call.method == "POST" && call.path.contains("/table/"))
                .count()
        };
        assert_eq!(posts(), 1, "no second try before its time");
        play.quiet().await;
        assert_eq!(posts(), 2);
    });
}

#[test]
fn a_record_that_the_instance_refuses_parks_its_stream_and_can_be_replayed() {
    in_town(default_mapping(), async |town, play| {
        play.open_the_doors();
        refused(town, play).await;
        let parked = head(town);
        assert!(
            parked["parked"]["cause"]
                .as_str()
                .unwrap()
                .contains("aborted by Business Rule"),
            "{parked}"
        );
        assert_eq!(
            (parked["accepted"].as_i64(), parked["finished"].as_i64()),
            (Some(2), Some(0))
        );
        town.servicenow.knobs().clear();
        play.replay(parked["pk"].as_str().unwrap()).await;
        play.quiet().await;
        let case = scenarios::case(town);
        assert_eq!(town.servicenow.journal(&case, "comments").len(), 1);
    });
}

/// What does not honor a chosen sys_id keeps nobody from making a second record: so nobody tries when the answer is lost.
#[test]
fn an_instance_that_chooses_its_own_sys_ids_gets_one_record_and_the_issue_waits_for_a_person() {
    for faults in [
        vec![],
        vec![Fault::CommitThenDrop; 3],
        vec![Fault::CommitThenStatus { status: 503 }; 2],
    ] {
        in_town(default_mapping(), async |town, play| {
            play.open_the_doors();
            town.servicenow
                .guess(|guesses| guesses.chosen_sys_id_is_honored = false);
            for fault in faults.iter().cloned() {
                town.servicenow
                    .knobs()
                    .add(Rule::once("POST", "/api/now/v2/table", fault));
            }
            play.deliver(&scenarios::opens(&town.community)).await;
            play.quiet().await;
            sleep(Duration::from_secs(3600)).await;
            let rows = town.servicenow.rows("sn_customerservice_case").into_iter();
            let ours: Vec<_> = rows.filter(|row| row["correlation_id"] == scenarios::ISSUE).collect();
            assert_eq!(ours.len(), 1, "{faults:?} {}", head(town));
            let parked = head(town);
            let cause = parked["parked"]["cause"].as_str().unwrap_or_default();
            assert!(
                cause.contains("another sys_id") && cause.contains(&ours[0]["number"]),
                "{parked}"
            );
        });
    }
}

#[test]
fn the_partner_of_what_is_parked_hears_once_that_it_waits_and_not_why() {
    for helps_in_time in [true, false] {
        in_town(default_mapping(), async |town, play| {
            play.open_the_doors();
            let body = json!({"error": {"message": "Operation Failed", "detail": "aborted by Business Rule 'Check'"}});
            let fault = || status(403, Some(body.to_string()));
            let refusal = || Rule::always("POST", "/api/now/v2/table", fault());
            town.servicenow.knobs().add(refusal());
            play.deliver(&scenarios::opens(&town.community)).await;
            play.quiet().await;
            let subject = head(town)["pk"].as_str().unwrap().to_owned();
            let half_an_hour = Duration::from_secs(1800);
            sleep(half_an_hour).await;
            let heard = || {
                let seen = town
                    .community
                    .partner_sees_issue(scenarios::NORTHWIND, scenarios::ISSUE)
                    .unwrap();
                assert!(!seen.to_string().contains("Business Rule"), "{seen}");
                seen.to_string().matches("longer than usual").count()
            };
            assert_eq!(heard(), 0, "there is time to help");
            if helps_in_time {
                town.servicenow.knobs().clear();
            }
            play.replay(&subject).await;
            for _ in 0..6 {
                sleep(half_an_hour).await;
                play.quiet().await;
                assert_eq!(heard(), usize::from(!helps_in_time));
            }
            assert_eq!(scenarios::case(town).is_empty(), !helps_in_time);
        });
    }
}

#[test]
fn who_is_parked_again_after_a_late_try_is_not_forgotten() {
    in_town(default_mapping(), async |town, play| {
        play.open_the_doors();
        let body = json!({"error": {"message": "Operation Failed", "detail": "aborted by Business Rule 'Check'"}});
        let refusal = || Rule::always("POST", "/api/now/v2/table", status(403, Some(body.to_string())));
        town.servicenow.knobs().add(refusal());
        play.deliver(&scenarios::opens(&town.community)).await;
        play.quiet().await;
        let subject = head(town)["pk"].as_str().unwrap().to_owned();
        sleep(Duration::from_secs(3000)).await;
        // It goes on just before the partner would be told, and waits for a system that is down.
        town.servicenow.knobs().clear();
        town.servicenow.knobs().add(Rule::always("*", "/", status(503, None)));
        play.replay(&subject).await;
        sleep(Duration::from_secs(3600)).await;
        assert!(head(town).get("parked").is_none(), "{}", head(town));
        town.servicenow.knobs().clear();
        town.servicenow.knobs().add(refusal());
        sleep(Duration::from_secs(2 * 3600)).await;
        assert!(head(town).get("parked").is_some(), "{}", head(town));
        let seen = town
            .community
            .partner_sees_issue(scenarios::NORTHWIND, scenarios::ISSUE)
            .unwrap();
        assert_eq!(seen.to_string().matches("longer than usual").count(), 1, "{seen}");
    });
}

#[test]
fn a_rotated_client_secret_is_read_again() {
    in_town(default_mapping(), async |town, play| {
        play.open_the_doors();
        play.deliver(&scenarios::opens(&town.community)).await;
        play.quiet().await;
        town.servicenow.add_client("rotated", "new", "gridlink.integration");
        let fresh = json!({"client_id": "rotated", "client_secret": "new"}).to_string();
        town.cloud.put_secret("servicenow", &fresh, None);
        sleep(Duration::from_secs(60)).await;
        town.servicenow.expire_tokens();
        play.deliver(&scenarios::comments(&town.community)).await;
        play.quiet().await;
        assert_eq!(town.servicenow.journal(&scenarios::case(town), "comments").len(), 1);
    });
}

#[test]
fn an_entry_that_crashes_its_worker_is_parked_at_the_fifth_start() {
    async fn crashes(_: &Clients, _: &Situation, _: &Event) -> Result<(), Failure> {
        panic!("a bug")
    }
    in_town(default_mapping(), async |town, play| {
        let event = scenarios::opens(&town.community);
        play.deliver(&event).await;
        let environment = Environment::new("open-case-1".to_owned());
        let clients = clients(town, &environment, town.clock.clone());
        let worker = QueueWorker {
            clients,
            use_case: UseCase::OpenCase,
            gather: crashes,
            decide: |_: &Event, (): &()| vec![],
        };
        let body = json!({"subject": event["subject"], "lane": "in"}).to_string();
        for start in 1..=5 {
            let batch = serde_json::from_value(json!({"Records": [{"messageId": "m", "body": body}]})).unwrap();
            let deadline = town.clock.now().after(Duration::from_secs(60));
            let verdict = worker.handle(batch, &format!("request-{start}"), deadline).await;
            assert_eq!(verdict.failures.len(), usize::from(start < 5), "start {start}");
            sleep(Duration::from_secs(151)).await;
        }
        let parked = head(town);
        assert!(
            parked["parked"]["cause"]
                .as_str()
                .unwrap()
                .contains("crashed the worker"),
            "{parked}"
        );
    });
}

#[test]
fn a_broken_doorbell_is_dropped_and_its_neighbors_are_heard() {
    in_town(default_mapping(), async |town, play| {
        let event = scenarios::opens(&town.community);
        play.deliver(&event).await;
        let environment = Environment::new("open-case-1".to_owned());
        let clients = clients(town, &environment, town.clock.clone());
        let worker = QueueWorker {
            clients,
            use_case: UseCase::OpenCase,
            gather: open_case::gather,
            decide: open_case::decide,
        };
        let body = json!({"subject": event["subject"], "lane": "in"}).to_string();
        let batch = json!({"Records": [
            {"messageId": "1", "body": "not a doorbell"},
            {"messageId": "2", "body": body},
            {"messageId": "3", "body": "{\"subject\":\"a^b\",\"lane\":\"in\"}"},
        ]});
        let deadline = town.clock.now().after(Duration::from_secs(60));
        let verdict = worker
            .handle(serde_json::from_value(batch).unwrap(), "request-1", deadline)
            .await;
        assert_eq!(verdict.failures.len(), 0);
        assert!(!scenarios::case(town).is_empty());
    });
}

#[test]
fn a_function_of_another_deployment_touches_nothing() {
    in_town(default_mapping(), async |town, play| {
        play.open_the_doors();
        sleep(Duration::from_secs(61)).await;
        let environment = Environment::new("open-case-9".to_owned());
        let event = scenarios::opens(&town.community);
        // Accepted under this deployment, worked on by a function of another one.
        let mut config = town.config();
        config.deployment = "another".parse().unwrap();
        let clients = Clients::new(
            &config,
            town.systems(),
            Arc::clone(&town.mapping),
            town.transport(&environment),
            town.clock.clone(),
        )
        .unwrap();
        let worker = QueueWorker {
            clients,
            use_case: UseCase::OpenCase,
            gather: open_case::gather,
            decide: open_case::decide,
        };
        play.deliver(&event).await;
        let body = json!({"subject": event["subject"], "lane": "in"}).to_string();
        let batch = json!({"Records": [{"messageId": "1", "body": body}]});
        let deadline = town.clock.now().after(Duration::from_secs(60));
        worker
            .handle(serde_json::from_value(batch).unwrap(), "request-1", deadline)
            .await;
        assert!(
            scenarios::case(town).is_empty(),
            "no record under another deployment's id"
        );
    });
}

#[test]
fn a_refused_creation_is_decided_anew_by_the_mended_mapping() {
    in_town(default_mapping(), async |town, play| {
        let event = scenarios::opens(&town.community);
        play.deliver(&event).await;
        let body = json!({"error": {"message": "Operation Failed", "detail": "no such queue"}, "status": "failure"});
        let fault = status(403, Some(body.to_string()));
        town.servicenow
            .knobs()
            .add(Rule::once("POST", "/api/now/v2/table", fault));
        let ring = json!({"Records": [{"messageId": "1", "body": json!({"subject": event["subject"], "lane": "in"}).to_string()}]});
        let rules = include_str!("../../../infra/mapping.yaml");
        let mended = rules.replace(
            "assignment_group: Logistics Exceptions",
            "assignment_group: Customer Service",
        );
        for (start, mapping) in [rules, &mended].into_iter().enumerate() {
            let environment = Environment::new(format!("open-case-{start}"));
            let mapping = Arc::new(shared::mapping::Mapping::parse(mapping).unwrap());
            let clients = Clients::new(
                &town.config(),
                town.systems(),
                mapping,
                town.transport(&environment),
                town.clock.clone(),
            )
            .unwrap();
            let worker = QueueWorker {
                clients,
                use_case: UseCase::OpenCase,
                gather: open_case::gather,
                decide: open_case::decide,
            };
            let deadline = town.clock.now().after(Duration::from_secs(60));
            let batch = serde_json::from_value(ring.clone()).unwrap();
            worker.handle(batch, &format!("request-{start}"), deadline).await;
            if start == 0 {
                assert!(
                    head(town)["parked"]["cause"]
                        .as_str()
                        .unwrap()
                        .contains("no such queue")
                );
                play.replay(event["subject"].as_str().unwrap()).await;
            }
        }
        let case = town
            .servicenow
            .row("sn_customerservice_case", &scenarios::case(town))
            .unwrap();
        let group = town
            .servicenow
            .row("sys_user_group", &case["assignment_group"])
            .unwrap();
        assert_eq!(group["name"], "Customer Service", "the new rule counts");
        let items = town.cloud.items(TABLE);
        let link = items.iter().find(|item| item["sk"] == "LINK#case#").unwrap();
        assert_eq!(
            link["base"]["assignment_group"], case["assignment_group"],
            "and is the base of later changes"
        );
    });
}
