//! What operators do with the command line: they find what waits, put it right, and lose nothing.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use gridlink::{Choice, Filter, MappingFile, Place, Report, Stack, parked, pause, trace};
use serde_json::{Value, json};
use shared::domain::{Lane, Stream, UseCase};
use shared::lambda::{SweepRequest, Sweeper};
use shared::store::{Dismissal, Pausable, Taken};
use tokio::time::sleep;
use worlds::Rule;

use crate::faults::{Fault, Plan};
use crate::oracle;
use crate::play::{Play, default_mapping, in_paused_time, in_town};
use crate::scenarios::{self, ISSUE, NORTHWIND};
use crate::stories::{refused, status};
use crate::town::{Environment, TABLE, Town};

pub(crate) const SUBJECT: &str = "issues/GC41543822654A/ISS-1";

/// The command line beside a town.
pub(crate) fn place(town: &Arc<Town>) -> Place {
    let parameters = [
        ("ServiceNowUrl", "https://servicenow.test"),
        ("CollaborationUrl", "https://community.test/collaboration/v1"),
        ("TradingGridTokenUrl", "https://community.test/v1/oauth2/tokens"),
        ("TradingGridUrl", "https://community.test"),
    ];
    let text = |(name, value): (&str, &str)| (name.to_owned(), value.to_owned());
    let stack = Stack {
        name: "gridlink".to_owned(),
        outputs: BTreeMap::new(),
        reference_secret: "reference".to_owned(),
        parameters: parameters.map(text).into(),
    };
    let transport = town.transport(&Environment::new("gridlink".to_owned()));
    for name in ["servicenow", "trading-grid"] {
        let client = json!({"client_id": "gridlink", "client_secret": "gridlink"}).to_string();
        town.cloud
            .put_secret(&format!("gridlink/credentials/{name}"), &client, None);
    }
    let mapping = MappingFile::Parsed(Arc::clone(&town.mapping));
    let (config, clock) = (town.config(), town.clock.clone());
    Place::of(stack, config, mapping, transport, clock, Some("alice".to_owned()))
}

fn head(town: &Town, sk: &str) -> Value {
    let items = town.cloud.items(TABLE);
    let found = items.iter().find(|item| item["pk"] == SUBJECT && item["sk"] == *sk);
    found.cloned().unwrap()
}

fn stream(lane: Lane) -> Stream {
    let subject = SUBJECT.to_owned().try_into().unwrap();
    Stream { subject, lane }
}

/// The records of all issues.
pub(crate) fn cases(town: &Town) -> Vec<String> {
    let rows = town.servicenow.rows("task");
    let ours = rows
        .iter()
        .filter(|row| row.get("correlation_display").is_some_and(|by| by == "Trading Grid"));
    ours.map(|row| row["number"].clone()).collect()
}

fn one(what: &str) -> Choice {
    Choice {
        what: Some(what.to_owned()),
        lane: None,
        filter: Filter::default(),
        all: false,
        yes: false,
    }
}

pub(crate) fn text(report: &Report) -> String {
    let mut out = Vec::new();
    report.write(gridlink::Form::Plain, &mut out).unwrap();
    anstream_free(&String::from_utf8(out).unwrap())
}

/// The text without the sequences that color it.
fn anstream_free(text: &str) -> String {
    let mut plain = String::new();
    let mut rest = text;
    while let Some((before, after)) = rest.split_once('\u{1b}') {
        plain.push_str(before);
        rest = after.split_once('m').map_or("", |(_, rest)| rest);
    }
    plain + rest
}

#[test]
fn what_is_parked_is_listed_traced_and_replayed() {
    in_town(default_mapping(), async |town, play| {
        play.open_the_doors();
        let place = place(town);
        let nothing = parked::list(&place, &Filter::default()).await.unwrap();
        assert!(
            !nothing.has_findings && nothing.data["parked"] == json!([]),
            "{nothing:?}"
        );
        refused(town, play).await;

        let list = parked::list(&place, &Filter::default()).await.unwrap();
        assert!(list.has_findings);
        let found = &list.data["parked"][0];
        assert_eq!(
            (&found["subject"], &found["entry"]),
            (&json!(SUBJECT), &json!(1)),
            "{found}"
        );
        assert_eq!(
            (&found["use_case"], &found["behind"]),
            (&json!("open-case"), &json!(1)),
            "{found}"
        );
        assert!(
            found["cause"].as_str().unwrap().contains("aborted by Business Rule"),
            "{found}"
        );
        let shown = text(&parked::show(&place, ISSUE).await.unwrap());
        assert!(
            shown.contains("what to do: ") && shown.contains("gridlink parked replay"),
            "{shown}"
        );
        for (filter, takes) in [
            (
                Filter {
                    cause: Some("Business Rule".to_owned()),
                    ..Filter::default()
                },
                true,
            ),
            (
                Filter {
                    cause: Some("no such cause".to_owned()),
                    ..Filter::default()
                },
                false,
            ),
            (
                Filter {
                    use_case: Some(UseCase::RelayStatus),
                    ..Filter::default()
                },
                false,
            ),
            (
                Filter {
                    older_than: Some(Duration::from_secs(86400)),
                    ..Filter::default()
                },
                false,
            ),
        ] {
            let listed = parked::list(&place, &filter).await.unwrap();
            assert_eq!(listed.has_findings, takes, "{filter:?}");
        }

        // Found by whatever an operator has in hand.
        let items = town.cloud.items(TABLE);
        let link = items.iter().find(|item| item["sk"] == "LINK#case#").unwrap();
        let sys_id = link["sys_id"].as_str().unwrap().to_owned();
        for what in [ISSUE, SUBJECT, "evt-ISS-1-1", &sys_id] {
            let traced = trace::trace(&place, what, false).await.unwrap();
            assert_eq!(traced.data["subject"], SUBJECT, "{what}");
            assert!(traced.has_findings, "{what}");
            let lane = &traced.data["streams"][0];
            assert_eq!(
                (&lane["accepted"], &lane["finished"], &lane["waiting"]),
                (&json!(2), &json!(0), &json!(1))
            );
            let entries = traced.data["entries"].as_array().unwrap().iter();
            assert_eq!(entries.filter(|entry| entry["lane"] == "in").count(), 2, "{what}");
            assert!(text(&traced).contains("gridlink parked replay issues/GC41543822654A/ISS-1 --lane in"));
        }
        assert!(trace::trace(&place, "ISS-404", false).await.is_err());

        town.servicenow.knobs().clear();
        let all = Choice {
            what: None,
            all: true,
            ..one("")
        };
        let dry = parked::replay(&place, &all).await.unwrap();
        assert_eq!(dry.data["parked"][0]["result"], "would be replayed");
        play.quiet().await;
        assert!(
            head(town, "HEAD#in").get("parked").is_some(),
            "a filter alone changes nothing"
        );
        let done = parked::replay(&place, &Choice { yes: true, ..all }).await.unwrap();
        assert_eq!(done.data["parked"][0]["result"], "replayed");
        play.quiet().await;
        let case = scenarios::case(town);
        assert_eq!(town.servicenow.journal(&case, "comments").len(), 1);
        oracle::check_table(town);
        assert!(!parked::list(&place, &Filter::default()).await.unwrap().has_findings);

        // Now it has a number, which ServiceNow knows, and so does the table.
        let number = town.servicenow.row("task", &case).unwrap()["number"].clone();
        for scan in [false, true] {
            let traced = trace::trace(&place, &number, scan).await.unwrap();
            assert_eq!(traced.data["links"][0]["number"], number, "scan: {scan}");
            assert!(!traced.has_findings);
        }
    });
}

#[test]
fn a_dismissed_entry_is_finished_and_what_waits_behind_it_goes_on() {
    in_town(default_mapping(), async |town, play| {
        play.open_the_doors();
        let place = place(town);
        play.deliver(&scenarios::opens(&town.community)).await;
        play.quiet().await;
        let body = json!({
            "error": {"message": "No Record found", "detail": "Record doesn't exist or ACL restricts the record retrieval"},
            "status": "failure",
        });
        let fault = status(404, Some(body.to_string()));
        town.servicenow
            .knobs()
            .add(Rule::always("GET", "/api/now/v2/table/task/", fault));
        fault_of_an_entry(town, play).await;
        let dismissed = parked::dismiss(&place, &one(ISSUE), "the partner has taken it back")
            .await
            .unwrap();
        assert_eq!(
            dismissed.data["parked"][0]["result"], "dismissed",
            "{:?}",
            dismissed.data
        );
        play.quiet().await;
        let head = head(town, "HEAD#in");
        assert_eq!(
            (&head["count_dismissed"], &head["accepted"], &head["finished"]),
            (&json!(1), &json!(3), &json!(3)),
            "{head}"
        );
        oracle::check_table(town);
        let case = scenarios::case(town);
        assert_eq!(
            town.servicenow.journal(&case, "comments").len(),
            1,
            "only the second comment"
        );
        let traced = trace::trace(&place, ISSUE, false).await.unwrap();
        let entry = traced.data["entries"]
            .as_array()
            .unwrap()
            .iter()
            .find(|entry| entry["number"] == 2)
            .unwrap();
        assert_eq!(
            (&entry["outcome"], &entry["dismissed_by"], &entry["dismissed_because"]),
            (
                &json!("dismissed"),
                &json!("alice"),
                &json!("the partner has taken it back")
            )
        );
        assert!(text(&traced).contains("dismissed by alice: the partner has taken it back"));
        // Again, it is done already; another entry is not touched.
        assert_eq!(
            place.store.dismiss(&stream(Lane::In), 2, "bob", "again").await.unwrap(),
            Dismissal::Done(None)
        );
        assert_eq!(
            place.store.dismiss(&stream(Lane::In), 3, "bob", "wrong").await.unwrap(),
            Dismissal::NotParked(None)
        );
        assert!(parked::dismiss(&place, &one(ISSUE), "nothing is parked").await.is_err());
    });
}

/// A comment whose record cannot be read, and another behind it.
async fn fault_of_an_entry(town: &Arc<Town>, play: &Play) {
    play.deliver(&scenarios::comments(&town.community)).await;
    play.quiet().await;
    let stopped = head(town, "HEAD#in");
    assert!(stopped.get("parked").is_some(), "{stopped}");
    town.servicenow.knobs().clear();
    play.deliver(&scenarios::comments(&town.community)).await;
    play.quiet().await;
}

/// The calls of a dismissal, as far as they were sent, under a plan; in the end it is dismissed once.
fn dismissal_under(plan: Plan) -> (usize, usize) {
    in_paused_time(async {
        let town = Town::new(plan, default_mapping());
        let play = Play::new(&town);
        play.open_the_doors();
        refused(&town, &play).await;
        let place = place(&town);
        let before = town.calls().len();
        let outcome = place.store.dismiss(&stream(Lane::In), 1, "alice", "tested").await;
        let after = town.calls().len();
        if outcome.is_err() {
            let again = place
                .store
                .dismiss(&stream(Lane::In), 1, "alice", "tested")
                .await
                .unwrap();
            assert!(matches!(again, Dismissal::Done(_)), "{again:?}");
        }
        town.servicenow.knobs().clear();
        play.quiet().await;
        oracle::check_table(&town);
        let head = head(&town, "HEAD#in");
        assert_eq!(
            (&head["count_dismissed"], &head["finished"]),
            (&json!(1), &json!(2)),
            "{head}"
        );
        let told = oracle::story(&town)
            .into_iter()
            .filter(|(_, line)| line.starts_with("dismissed by alice"));
        assert_eq!(told.count(), 1);
        let violations = town.violations.lock().unwrap().clone();
        assert!(violations.is_empty(), "{violations:#?}");
        (before, after)
    })
}

#[test]
fn a_dismissal_is_done_once_whatever_happens_to_its_calls() {
    let (before, after) = dismissal_under(Plan::default());
    assert!(after >= before + 2, "a read and a transaction");
    for at in before..after {
        for fault in [Fault::Lost, Fault::ErrorAfter, Fault::Conflict, Fault::Throttle] {
            dismissal_under(Plan::default().and(at, fault));
        }
    }
}

#[test]
fn a_paused_use_case_accepts_waits_and_does_everything_once() {
    for target in ["open-case", NORTHWIND] {
        in_town(default_mapping(), async |town, play| {
            play.open_the_doors();
            let place = place(town);
            pause::pause(&place, target, None, "the instance is upgraded")
                .await
                .unwrap();
            let again = pause::pause(&place, target, None, "twice").await.unwrap();
            assert_eq!(again.data["result"], "was paused already");
            play.deliver(&scenarios::opens(&town.community)).await;
            play.deliver(&scenarios::comments(&town.community)).await;
            sleep(Duration::from_secs(3600)).await;
            let waiting = head(town, "HEAD#in");
            assert_eq!(
                (&waiting["accepted"], &waiting["finished"]),
                (&json!(2), &json!(0)),
                "{waiting}"
            );
            assert!(cases(town).is_empty(), "nothing is made while it is paused");
            let calls = town.calls().len();
            sleep(Duration::from_secs(3600)).await;
            assert!(town.calls().len() <= calls + 2 * 60, "what is paused is not rung");
            let listed = pause::list(&place).await.unwrap();
            assert_eq!(
                (&listed.data["paused"][0]["streams"], &listed.data["paused"][0]["by"]),
                (&json!(1), &json!("alice"))
            );
            let traced = text(&trace::trace(&place, ISSUE, false).await.unwrap());
            assert!(traced.contains(&format!("gridlink resume {target}")), "{traced}");

            let resumed = pause::resume(&place, target, None).await.unwrap();
            assert_eq!(
                (&resumed.data["result"], &resumed.data["streams"]),
                (&json!("resumed"), &json!(1))
            );
            play.quiet().await;
            oracle::check_table(town);
            let case = scenarios::case(town);
            assert_eq!(town.servicenow.journal(&case, "comments").len(), 1);
            assert!(!pause::list(&place).await.unwrap().has_findings);
        });
    }
}

#[test]
fn a_stream_that_is_put_down_after_the_end_of_its_pause_is_let_go_by_the_sweep() {
    in_town(default_mapping(), async |town, _play| {
        let place = place(town);
        let event = scenarios::opens(&town.community).to_string();
        let event = shared::event::Event::parse(&"trading-grid".parse().unwrap(), &event).unwrap();
        place.store.accept(&event).await.unwrap();
        let paused = Pausable::UseCase(UseCase::OpenCase);
        place.store.pause(&paused, "alice", "tested").await.unwrap();
        let taken = place
            .store
            .take(&stream(Lane::In), UseCase::OpenCase, "slow")
            .await
            .unwrap();
        let Taken::Lease(lease) = taken else {
            panic!("{taken:?}")
        };
        place.store.resume(&paused).await.unwrap();
        place.store.hold(&lease, &paused.name()).await.unwrap();
        assert_eq!(head(town, "HEAD#in")["paused"], "use-case/open-case");

        let environment = Environment::new("sweep".to_owned());
        let sweeper = Sweeper::new(&town.config(), town.transport(&environment), town.clock.clone());
        let sweep = async || {
            let deadline = town.clock.now().after(Duration::from_secs(60));
            sweeper
                .handle(SweepRequest::default(), "sweep", deadline)
                .await
                .unwrap()
        };
        assert_eq!(sweep().await.rung, 1);
        assert!(head(town, "HEAD#in").get("paused").is_none());
        // In the end that the pause has ended is forgotten.
        sleep(Duration::from_secs(2 * 3600)).await;
        sweep().await;
        assert!(place.store.pauses().await.unwrap().ended.is_empty());
        // The worker of the play ends what was begun.
        let taken = place
            .store
            .take(&stream(Lane::In), UseCase::OpenCase, "next")
            .await
            .unwrap();
        assert!(matches!(taken, Taken::Lease(_)), "{taken:?}");
    });
}

#[test]
fn one_issue_is_paused_and_another_goes_on() {
    in_town(default_mapping(), async |town, play| {
        play.open_the_doors();
        let place = place(town);
        play.deliver(&scenarios::opens(&town.community)).await;
        play.quiet().await;
        pause::pause(&place, ISSUE, Some(Lane::In), "the partner asked for it")
            .await
            .unwrap();
        play.deliver(&scenarios::comments(&town.community)).await;
        play.deliver(&scenarios::opens_another(&town.community)).await;
        sleep(Duration::from_secs(600)).await;
        assert_eq!(head(town, "HEAD#in")["finished"], 1);
        assert_eq!(cases(town).len(), 2, "the other issue goes on");
        let traced = trace::trace(&place, ISSUE, false).await.unwrap();
        assert!(text(&traced).contains("paused by alice: the partner asked for it"));
        let resumed = pause::resume(&place, ISSUE, Some(Lane::In)).await.unwrap();
        assert_eq!(resumed.data["streams"], 1);
        play.quiet().await;
        oracle::check_table(town);
        assert_eq!(head(town, "HEAD#in")["finished"], 2);
    });
}
