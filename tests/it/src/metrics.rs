//! The documents of metrics that functions write: that CloudWatch takes them, that they say what happened, and that they
//! name nobody.
//!
//! One document of each kind stands in `infra/local/metrics.jsonl`, for the checks of the template and of the alarms;
//! `GRIDLINK_RECORD=1` writes that file anew.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use serde_json::{Value, json};
use shared::domain::UseCase;
use shared::event::Event;
use tokio::time::sleep;
use worlds::{Fault, Rule};

use crate::play::{Play, default_mapping, in_paused_time, in_town, signed};
use crate::prove::setting;
use crate::scenarios::{self, NORTHWIND};
use crate::stories::{refused, status};
use crate::town::Town;
use crate::undisturbed::{finished, plays};

/// The units that CloudWatch knows and we use.
const UNITS: [&str; 3] = ["Count", "Milliseconds", "Seconds"];
const RECORDED: &str = "../../infra/local/metrics.jsonl";

/// Values by dimension, what it is, and metric.
type Values = BTreeMap<(String, String, String), Vec<f64>>;

/// What is wrong with a document by the specification of the embedded metric format, and by our own rules.
fn faults(line: &str) -> Vec<String> {
    let mut faults = Vec::new();
    let mut must = |holds: bool, what: String| {
        if !holds {
            faults.push(what);
        }
    };
    must(!line.contains('\n'), "it is one line".to_owned());
    must(line.len() < 256 * 1024, "it is below 256 KiB".to_owned());
    let Ok(Value::Object(root)) = serde_json::from_str(line) else {
        return vec!["it is no JSON object".to_owned()];
    };
    let timestamp = root["_aws"]["Timestamp"].as_i64();
    // 2026-11-23 to a year later, in milliseconds.
    let is_of_the_play = timestamp.is_some_and(|at| (1_795_424_400_000..1_826_960_400_000).contains(&at));
    must(
        is_of_the_play,
        format!("Timestamp {timestamp:?} is no time of the play in milliseconds"),
    );
    let directives = root["_aws"]["CloudWatchMetrics"]
        .as_array()
        .cloned()
        .unwrap_or_default();
    must(!directives.is_empty(), "there is no directive".to_owned());
    let mut told = BTreeSet::from(["_aws".to_owned()]);
    for directive in &directives {
        let namespace = directive["Namespace"].as_str().unwrap_or_default();
        must(
            (1..=1024).contains(&namespace.len()),
            format!("Namespace {namespace:?}"),
        );
        let sets = directive["Dimensions"].as_array().cloned().unwrap_or_default();
        must(!sets.is_empty(), "there is no set of dimensions".to_owned());
        for set in &sets {
            let names = set.as_array().cloned().unwrap_or_default();
            must((1..=30).contains(&names.len()), format!("{} dimensions", names.len()));
            for name in names {
                let name = name.as_str().unwrap_or_default();
                must(["Function", "Upstream"].contains(&name), format!("a dimension {name}"));
                let value = root.get(name).and_then(Value::as_str).unwrap_or_default();
                must((1..=1024).contains(&value.len()), format!("{name} is {value:?}"));
                told.insert(name.to_owned());
            }
        }
        let metrics = directive["Metrics"].as_array().cloned().unwrap_or_default();
        must((1..=100).contains(&metrics.len()), format!("{} metrics", metrics.len()));
        let mut names = BTreeSet::new();
        for metric in &metrics {
            let name = metric["Name"].as_str().unwrap_or_default().to_owned();
            let unit = metric["Unit"].as_str().unwrap_or_default();
            must(
                (1..=1024).contains(&name.len()),
                format!("a metric of the name {name:?}"),
            );
            must(UNITS.contains(&unit), format!("{name} is in {unit:?}"));
            must(names.insert(name.clone()), format!("{name} is there twice"));
            let values = match root.get(&name) {
                Some(Value::Array(values)) => values.clone(),
                Some(value) => vec![value.clone()],
                None => Vec::new(),
            };
            must(
                (1..=100).contains(&values.len()),
                format!("{} values of {name}", values.len()),
            );
            let are_usable = values
                .iter()
                .all(|value| value.as_f64().is_some_and(|value| (0.0..1e12).contains(&value)));
            must(are_usable, format!("{name} is {values:?}"));
            told.insert(name);
        }
    }
    let others = root.keys().filter(|name| !told.contains(*name)).collect::<Vec<_>>();
    must(others.is_empty(), format!("{others:?} are told beside"));
    faults
}

fn values(lines: &[String]) -> Values {
    let mut all = Values::new();
    for line in lines {
        let document: Value = serde_json::from_str(line).unwrap();
        let directive = &document["_aws"]["CloudWatchMetrics"][0];
        let dimension = directive["Dimensions"][0][0].as_str().unwrap();
        for metric in directive["Metrics"].as_array().unwrap() {
            let name = metric["Name"].as_str().unwrap();
            let key = (
                dimension.to_owned(),
                document[dimension].as_str().unwrap().to_owned(),
                name.to_owned(),
            );
            let values = match &document[name] {
                Value::Array(values) => values.clone(),
                value => vec![value.clone()],
            };
            all.entry(key)
                .or_default()
                .extend(values.iter().filter_map(Value::as_f64));
        }
    }
    all
}

fn of(town: &Town) -> Values {
    values(&town.metrics.lock().unwrap())
}

/// How often something happened with a system until now.
pub(crate) fn counted(town: &Town, upstream: &str, metric: &str) -> f64 {
    sum(&of(town), upstream, metric)
}

fn sum(values: &Values, of: &str, metric: &str) -> f64 {
    let of_metric = values
        .iter()
        .filter(|((_, name, found), _)| name == of && found == metric);
    of_metric.flat_map(|(_, values)| values).sum()
}

/// From the fact to the end of its work, as the table tells.
fn lag(entry: &Value) -> f64 {
    let sender = entry["sender"].as_str().unwrap().parse().unwrap();
    let raw = entry["event"].as_str().unwrap();
    let event = Event::parse(&sender, raw).unwrap();
    let since = match sender.as_str() {
        shared::event::OURSELVES => event.due_since(),
        _ => event.time,
    };
    let lag = entry["finished_at"].as_i64().unwrap() - since.millis();
    (lag.max(0) as f64) / 1000.0
}

#[test]
fn every_document_of_every_scenario_is_one_that_cloudwatch_takes() {
    let mut documents = 0;
    for play in plays() {
        for line in &play.metrics {
            assert_eq!(faults(line), Vec::<String>::new(), "{}: {line}", play.name);
            documents += 1;
        }
    }
    println!("{documents} documents");
    assert!(documents > 500, "{documents} documents");
}

#[test]
fn a_document_that_cloudwatch_would_not_take_is_noticed() {
    let good = &plays()[0].metrics[0];
    let parsed: Value = serde_json::from_str(good).unwrap();
    let directive = "/_aws/CloudWatchMetrics/0";
    let name = parsed["_aws"]["CloudWatchMetrics"][0]["Metrics"][0]["Name"]
        .as_str()
        .unwrap();
    let many: Vec<Value> = (0..101)
        .map(|at| json!({"Name": format!("M{at}"), "Unit": "Count"}))
        .collect();
    let breakages = [
        ("/_aws/Timestamp".to_owned(), json!(1_795_424_400)),
        ("/_aws/CloudWatchMetrics".to_owned(), json!([])),
        (format!("{directive}/Namespace"), json!("")),
        (format!("{directive}/Dimensions"), json!([])),
        (format!("{directive}/Dimensions"), json!([["Company"]])),
        (format!("{directive}/Metrics"), json!(many)),
        (format!("{directive}/Metrics/0/Unit"), json!("Days")),
        (format!("/{name}"), json!("7")),
        (format!("/{name}"), json!(vec![1; 101])),
    ];
    for (pointer, value) in breakages {
        let mut broken = parsed.clone();
        *broken.pointer_mut(&pointer).unwrap() = value;
        assert_ne!(faults(&broken.to_string()), Vec::<String>::new(), "{pointer}");
    }
    let mut talkative = parsed;
    talkative["company"] = json!(NORTHWIND);
    assert_ne!(faults(&talkative.to_string()), Vec::<String>::new());
}

#[test]
fn lag_is_the_time_from_each_fact_to_the_end_of_its_work() {
    let mut entries = 0;
    for play in plays() {
        let measured = values(&play.metrics);
        let mut measured: Vec<f64> = measured
            .iter()
            .filter(|((_, _, metric), _)| metric == "Lag")
            .flat_map(|(_, values)| values.clone())
            .collect();
        let mut told: Vec<f64> = play.finished.iter().map(lag).collect();
        measured.sort_by(f64::total_cmp);
        told.sort_by(f64::total_cmp);
        assert_eq!(measured, told, "{}", play.name);
        entries += told.len();
    }
    println!("{entries} entries");
    assert!(entries > 200, "{entries} entries");
}

#[test]
fn what_is_late_has_a_lag() {
    in_town(default_mapping(), async |town, play| {
        play.open_the_doors();
        let down = Rule::always("POST", "/api/now/v2/table", status(503, None));
        town.servicenow.knobs().add(down);
        let event = scenarios::opens(&town.community);
        sleep(Duration::from_secs(90)).await;
        play.deliver(&event).await;
        sleep(Duration::from_secs(600)).await;
        let before = of(town);
        assert_eq!(sum(&before, "open-case", "Lag"), 0.0);
        assert!(sum(&before, "open-case", "Deferred") >= 2.0, "{before:?}");
        assert!(sum(&before, "servicenow", "Errors") >= 2.0, "{before:?}");
        town.servicenow.knobs().clear();
        play.quiet().await;
        let [entry] = &finished(town)[..] else {
            panic!("one entry is finished")
        };
        assert!(lag(entry) > 690.0, "{}", lag(entry));
        assert_eq!(of(town)[&key("Function", "open-case", "Lag")], [lag(entry)]);
    });
}

fn key(dimension: &str, of: &str, metric: &str) -> (String, String, String) {
    (dimension.to_owned(), of.to_owned(), metric.to_owned())
}

/// A town in which everything happens that is counted.
async fn troubled(town: &Arc<Town>, play: &Play) {
    play.open_the_doors();
    refused(town, play).await;
    town.servicenow.knobs().clear();
    play.replay(crate::operate::SUBJECT).await;
    play.quiet().await;
    // The same event again, one about our own write, one about a record of others, and one that is none.
    let comment = scenarios::comments(&town.community);
    play.deliver(&comment).await;
    play.deliver(&comment).await;
    let mut echo = scenarios::comments(&town.community);
    echo["data"]["origin"] = json!({"writer": "gridlink"});
    let stranger = include_str!("../../../events/receive-webhook/servicenow-record-changed.json");
    for (event, sender) in [(echo.to_string(), "trading-grid"), (stranger.to_owned(), "servicenow")] {
        let answer = play.post(signed(event, sender, &town.clock)).await;
        assert_eq!(answer.status_code, 202, "{}", answer.body);
    }
    let _ = play.post(signed("{}".to_owned(), "trading-grid", &town.clock)).await;
    // A limit that is told, and reached.
    let limited = Fault::Status {
        status: 429,
        headers: [
            ("Retry-After".to_owned(), "60".to_owned()),
            ("X-RateLimit-Limit".to_owned(), "500".to_owned()),
            ("X-RateLimit-Reset".to_owned(), "1795428000".to_owned()),
        ]
        .into(),
        body: None,
    };
    town.servicenow
        .knobs()
        .add(Rule::once("PATCH", "/api/now/v2/table", limited));
    play.deliver(&scenarios::comments(&town.community)).await;
    play.quiet().await;
}

#[test]
fn what_happens_is_counted_once() {
    in_town(default_mapping(), async |town, play| {
        troubled(town, play).await;
        let values = of(town);
        let case = scenarios::case(town);
        let entries = ["comments", "work_notes"].map(|journal| town.servicenow.journal(&case, journal).len());
        let written = entries.iter().sum::<usize>() + town.servicenow.attachments(&case).len();
        assert!(written >= 2);
        let wanted = [
            ("receive-webhook", "Duplicate", 1.0),
            ("receive-webhook", "Echo", 1.0),
            ("receive-webhook", "Unrelated", 1.0),
            ("receive-webhook", "Refused", 1.0),
            ("receive-webhook", "Accepted", 4.0),
            ("open-case", "Parked", 1.0),
            ("open-case", "Deferred", 1.0),
            ("servicenow", "RefusedForRate", 1.0),
            ("servicenow", "RateLimit", 500.0),
            ("servicenow", "OnceByKey", 1.0),
            ("servicenow", "OnceByTrace", written as f64),
            ("servicenow", "OnceByApp", 0.0),
        ];
        for (of, metric, times) in wanted {
            assert_eq!(sum(&values, of, metric), times, "{metric} of {of}: {values:#?}");
        }
        assert_eq!(values[&key("Function", "open-case", "Lag")].len(), 4);
        let calls = town.calls();
        let to = |system| calls.iter().filter(|call| call.system == system).count();
        use crate::faults::System;
        let aws = to(System::DynamoDb) + to(System::Sqs) + to(System::Secrets);
        for (upstream, calls) in [("servicenow", to(System::ServiceNow)), ("aws", aws)] {
            assert_eq!(values[&key("Upstream", upstream, "Latency")].len(), calls, "{upstream}");
        }
        assert!(sum(&values, "servicenow", "TokensFetched") >= 1.0);
    });
}

/// What functions write when a call to each system fails, or is one too many.
fn struck() -> Vec<String> {
    use crate::faults::{Fault, Plan, System};
    let run = |plan: Plan| {
        let all = scenarios::all();
        let scenario = all.iter().find(|scenario| scenario.name == "agent-answers").unwrap();
        in_paused_time(async {
            let town = Town::new(plan, default_mapping());
            let violations = Play::new(&town).run(scenario, false).await;
            assert_eq!(violations, Vec::<String>::new());
            let lines = town.metrics.lock().unwrap().clone();
            (lines, town.calls())
        })
    };
    let (mut lines, calls) = run(Plan::default());
    for (system, fault) in [
        (System::ServiceNow, Fault::ErrorAfter),
        (System::TradingGrid, Fault::ErrorAfter),
        (System::TradingGrid, Fault::TooMany),
        (System::DynamoDb, Fault::ErrorAfter),
        (System::DynamoDb, Fault::Throttle),
    ] {
        let at = calls.iter().position(|call| call.system == system).unwrap();
        lines.extend(run(Plan::default().and(at, fault)).0);
    }
    lines
}

#[test]
fn the_recorded_documents_are_those_that_functions_write() {
    let mut lines: Vec<String> = plays().iter().flat_map(|play| play.metrics.clone()).collect();
    in_paused_time(async {
        let town = Town::new(crate::faults::Plan::default(), default_mapping());
        troubled(&town, &Play::new(&town)).await;
        lines.extend(town.metrics.lock().unwrap().clone());
    });
    lines.extend(struck());
    // The first document of each metric: its values are an example, its names are not.
    let mut kinds = BTreeMap::new();
    for line in &lines {
        let document: Value = serde_json::from_str(line).unwrap();
        let directive = &document["_aws"]["CloudWatchMetrics"][0];
        let dimension = directive["Dimensions"][0][0].as_str().unwrap().to_owned();
        for metric in directive["Metrics"].as_array().unwrap() {
            let of = document[&dimension].as_str().unwrap().to_owned();
            let kind = (
                dimension.clone(),
                of,
                metric["Name"].to_string(),
                metric["Unit"].to_string(),
            );
            kinds.entry(kind).or_insert_with(|| document.clone());
        }
    }
    let names = |documents: &[Value]| -> BTreeSet<String> {
        let names = documents.iter().flat_map(|document| {
            let directive = document["_aws"]["CloudWatchMetrics"][0].clone();
            let dimension = directive["Dimensions"][0][0].as_str().unwrap().to_owned();
            let of = document[&dimension].to_string();
            let metrics = directive["Metrics"].as_array().unwrap().clone();
            metrics
                .into_iter()
                .map(move |metric| format!("{dimension} {of}: {metric}"))
        });
        names.collect()
    };
    let written: Vec<Value> = kinds.into_values().collect();
    let mut distinct: Vec<Value> = Vec::new();
    for document in &written {
        if !distinct.contains(document) {
            distinct.push(document.clone());
        }
    }
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join(RECORDED);
    if setting("GRIDLINK_RECORD").is_some() {
        let lines: String = distinct.iter().map(|document| format!("{document}\n")).collect();
        std::fs::write(&path, lines).unwrap();
    }
    let recorded = std::fs::read_to_string(&path).unwrap_or_default();
    let recorded: Vec<Value> = recorded
        .lines()
        .map(|line| serde_json::from_str(line).unwrap())
        .collect();
    assert_eq!(
        names(&recorded),
        names(&distinct),
        "GRIDLINK_RECORD=1 writes the file anew"
    );
    let functions = names(&distinct).iter().filter(|name| name.contains("\"Lag\"")).count();
    assert_eq!(functions, UseCase::ALL.len(), "every use case tells its lag");
}
