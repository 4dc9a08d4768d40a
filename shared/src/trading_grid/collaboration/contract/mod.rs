//! The client against `infra/collaboration.openapi.yaml`: every operation is asked for once with all members
//! filled in; the request is what the contract says, and an answer that the contract allows is understood.

pub(super) mod examples;

use std::collections::BTreeSet;

use serde_json::{Value, json};

use super::members::{MEMBERS, PARAMETERS};
use super::{Operation, Problem};
use crate::event::{Data, Event};
use crate::trading_grid::script::{Say, Script, Seen};

struct Contract(Value);

impl Contract {
    fn load() -> Self {
        let yaml = include_str!("../../../../../infra/collaboration.openapi.yaml");
        Self(serde_saphyr::from_str(yaml).unwrap())
    }

    /// Follows one reference, if it is one.
    fn resolved<'a>(&'a self, value: &'a Value) -> &'a Value {
        match value.get("$ref").and_then(Value::as_str) {
            Some(reference) => self.0.pointer(reference.trim_start_matches('#')).unwrap(),
            None => value,
        }
    }

    fn operation(&self, operation: Operation) -> &Value {
        let facts = operation.facts();
        &self.0["paths"][facts.path][facts.method.as_str().to_lowercase()]
    }

    /// Headers and query parameters of an operation: name, place, whether it is required.
    fn parameters(&self, operation: Operation) -> Vec<(String, String, bool)> {
        let listed = self.operation(operation).get("parameters").and_then(Value::as_array);
        let parameters = listed.into_iter().flatten().map(|parameter| self.resolved(parameter));
        let text = |value: &Value| value.as_str().unwrap().to_owned();
        parameters
            .map(|it| {
                (
                    text(&it["name"]),
                    text(&it["in"]),
                    it["required"].as_bool().unwrap_or_default(),
                )
            })
            .collect()
    }

    /// Where an instance is not what a schema of the contract says.
    fn faults(&self, schema: &Value, instance: &Value) -> Vec<String> {
        let schema = json!({ "allOf": [schema], "components": self.0["components"] });
        let validator = jsonschema::validator_for(&schema).unwrap();
        let faults = validator.iter_errors(instance);
        faults
            .map(|fault| format!("{}: {fault}", fault.instance_path()))
            .collect()
    }
}

#[test]
fn the_client_has_the_operations_of_the_contract() {
    let contract = Contract::load();
    let mut ours = BTreeSet::new();
    for operation in Operation::ALL {
        let facts = operation.facts();
        ours.insert((facts.id.to_owned(), facts.method.to_string(), facts.path.to_owned()));
    }
    let mut theirs = BTreeSet::new();
    for (path, item) in contract.0["paths"].as_object().unwrap() {
        for (method, operation) in item.as_object().unwrap() {
            if let Some(id) = operation.get("operationId").and_then(Value::as_str) {
                theirs.insert((id.to_owned(), method.to_uppercase(), path.clone()));
            }
        }
    }
    assert_eq!(ours, theirs);
}

#[test]
fn what_may_be_renamed_are_the_names_of_the_contract() {
    fn gather(contract: &Contract, value: &Value, seen: &mut BTreeSet<String>, names: &mut [BTreeSet<String>; 2]) {
        match value {
            Value::Array(items) => items.iter().for_each(|item| gather(contract, item, seen, names)),
            Value::Object(members) => {
                if let Some(reference) = members.get("$ref").and_then(Value::as_str) {
                    let is_elsewhere = ["CommunityEvent", "Problem"]
                        .iter()
                        .any(|name| reference.ends_with(name));
                    if !is_elsewhere && seen.insert(reference.to_owned()) {
                        gather(contract, contract.resolved(value), seen, names);
                    }
                }
                if let Some(properties) = members.get("properties").and_then(Value::as_object) {
                    names[0].extend(properties.keys().cloned());
                }
                if members.get("in").is_some_and(|place| place == "query") {
                    names[1].insert(members["name"].as_str().unwrap().to_owned());
                }
                members
                    .values()
                    .for_each(|member| gather(contract, member, seen, names));
            }
            Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => {}
        }
    }
    let contract = Contract::load();
    let mut names = [BTreeSet::new(), BTreeSet::new()];
    gather(&contract, &contract.0["paths"], &mut BTreeSet::new(), &mut names);
    let [members, parameters] = names.map(|names| names.into_iter().collect::<Vec<_>>());
    assert_eq!(members, MEMBERS);
    assert_eq!(parameters, PARAMETERS);
}

#[test]
fn the_problems_that_matter_are_problems_of_the_contract() {
    let contract = Contract::load();
    let known = contract.0["components"]["schemas"]["ProblemType"]["enum"]
        .as_array()
        .unwrap();
    for problem in Problem::ALL {
        let kind = format!("urn:gridlink:problem:{}", problem.name());
        assert!(known.contains(&json!(kind)), "{kind}");
        assert_eq!(Problem::from_type(&kind), Some(problem));
    }
}

#[test]
fn every_event_that_is_known_has_a_schema_and_a_sample_of_it_satisfies_both() {
    /// The types of each kind of data; a new one does not compile until it has some.
    fn kinds(data: &Data) -> &'static [&'static str] {
        match data {
            Data::IssueOpened(_) => &["gridlink.community.issue.opened.v1"],
            Data::IssueUpdated(_) => &["gridlink.community.issue.updated.v1"],
            Data::IssueCommented(_) => &["gridlink.community.issue.commented.v1"],
            Data::DocumentShared(_) => &[
                "gridlink.community.issue.document-shared.v1",
                "gridlink.community.escalation.document-shared.v1",
            ],
            Data::IssueEscalated(_) => &["gridlink.community.issue.escalated.v1"],
            Data::IssueDeEscalated(_) => &["gridlink.community.issue.de-escalated.v1"],
            Data::WorkspaceMessage(_) => &["gridlink.community.escalation.message-posted.v1"],
            Data::MilestoneChanged(_) => &["gridlink.community.escalation.milestone-changed.v1"],
            Data::RecordChanged(_) => &[
                "gridlink.servicenow.record.changed.v1",
                "gridlink.servicenow.attachment.added.v1",
            ],
            Data::ClosureConfirmed(_) => &["gridlink.community.issue.closure-confirmed.v1"],
            Data::ClosureDisputed(_) => &["gridlink.community.issue.closure-disputed.v1"],
            // Nobody sends them to us.
            Data::ClosureDue(_)
            | Data::IssueParked(_)
            | Data::EscalationAsked(_)
            | Data::TaskOverdue(_)
            | Data::ArticleChanged(_)
            | Data::DraftAsked(_)
            | Data::IssueOfKind(_)
            | Data::Request(_) => &[],
            Data::Exchange(_) => &[
                "gridlink.community.exchange.failed.v1",
                "gridlink.community.exchange.delayed.v1",
                "gridlink.community.exchange.recovered.v1",
            ],
            Data::ArticleFeedback(_) => &["gridlink.community.article.feedback-given.v1"],
            Data::Thread(_) => &[
                "gridlink.community.thread.message-posted.v1",
                "gridlink.community.thread.document-requested.v1",
                "gridlink.community.thread.document-request-withdrawn.v1",
                "gridlink.community.thread.document-provided.v1",
            ],
            Data::Unknown => &[],
        }
    }
    let contract = Contract::load();
    let schemas = &contract.0["components"]["schemas"];
    let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/../events/receive-webhook");
    let mut known = BTreeSet::new();
    for file in std::fs::read_dir(folder).unwrap() {
        let path = file.unwrap().path();
        let text = std::fs::read_to_string(&path).unwrap();
        let event = Event::parse(&"trading-grid".parse().unwrap(), &text).unwrap();
        let unions = ["CommunityEvent", "ServiceNowEvent"];
        let schema = unions
            .iter()
            .find_map(|union| schemas[union]["discriminator"]["mapping"].get(&event.kind));
        let schema = schema.unwrap_or_else(|| panic!("{} has no schema", event.kind));
        let instance = serde_json::from_str(&text).unwrap();
        let faults = contract.faults(&json!({ "$ref": schema }), &instance);
        assert!(faults.is_empty(), "{}: {faults:?}", path.display());
        let kinds = kinds(&event.data);
        if !kinds.is_empty() {
            assert!(kinds.contains(&event.kind.as_str()), "{}", event.kind);
            known.insert(event.kind);
        }
    }
    assert_eq!(known.len(), 21, "each type that is known has a sample");
}

#[tokio::test(start_paused = true)]
async fn every_operation_is_asked_for_as_the_contract_says() {
    let contract = Contract::load();
    for operation in Operation::ALL {
        let script = Script::new([examples::answer(operation)]);
        let outcome = examples::ask(&script.collaboration(""), operation).await;
        let asked = script.asked();
        assert_eq!(asked.len(), 1, "{operation:?}: {outcome}");
        check_request(&contract, operation, &asked[0]);
    }
}

#[tokio::test(start_paused = true)]
async fn every_answer_that_the_contract_allows_is_understood() {
    let contract = Contract::load();
    for operation in Operation::ALL {
        let say = examples::answer(operation);
        let Say::Answer(status, media_type, body, _) = &say else {
            panic!("{operation:?} has no answer");
        };
        if *media_type == "application/json" {
            let response = contract.resolved(&contract.operation(operation)["responses"][status.to_string()]);
            let schema = &response["content"]["application/json"]["schema"];
            assert!(schema.is_object(), "{operation:?} does not answer {status}");
            let faults = contract.faults(schema, &serde_json::from_slice(body).unwrap());
            assert!(faults.is_empty(), "{operation:?}: {faults:?}");
        }
        let script = Script::new([say]);
        let outcome = examples::ask(&script.collaboration(""), operation).await;
        assert!(!outcome.contains("the community "), "{operation:?}: {outcome}");
    }
}

#[tokio::test(start_paused = true)]
async fn nothing_of_an_answer_that_matters_is_lost() {
    let told = async |operation| {
        let script = Script::new([examples::answer(operation)]);
        let outcome = examples::ask(&script.collaboration(""), operation).await;
        outcome.split_whitespace().collect::<Vec<_>>().join(" ")
    };
    insta::assert_snapshot!(told(Operation::ReadClosure).await, @r#"Some( Closure { version: 4, state: Disputed, confirm_by: Some( Timestamp( 1795341600000, ), ), answer: Some( ClosureAnswer { verdict: Disputed, reason: Some( "Rejected again", ), author: Person { user_id: Some( "U1", ), name: "Ada Okafor", }, answered_at: Timestamp( 1795341600000, ), }, ), because: None, }, )"#);
    insta::assert_snapshot!(told(Operation::ListComments).await, @r#"Some( Page { items: [ Comment { comment_id: CommentId( "C-1", ), text: "We look.", author: Person { user_id: None, name: "EDI Support", }, posted_at: Timestamp( 1795341600000, ), origin: Origin { writer: "gridlink", reference: Some( "k-1", ), }, }, ], next: Cursor( "c-2", ), has_more: false, }, )"#);
    insta::assert_snapshot!(told(Operation::ReadEscalation).await, @r#"Some( Escalation { version: Some( 4, ), state: Open, opened_by: Partner, milestones: [ Milestone { milestone_id: MilestoneId( "M-1", ), report: MilestoneReport { version: 4, title: "Notice resent", owner: Desk, state: InProgress, due_at: Some( Timestamp( 1795341600000, ), ), note: Some( "By noon", ), }, origin: Origin { writer: "gridlink", reference: Some( "k-1", ), }, }, ], }, )"#);
    insta::assert_snapshot!(told(Operation::ReadArticle).await, @r#"Some( Article { article_id: ArticleId( "KB1", ), version: 4, state: Published, audience: Companies { company_ids: [ CompanyId( "GC1", ), ], }, files: [], }, )"#);
    insta::assert_snapshot!(told(Operation::ListFeedback).await, @r#"Some( FeedbackPage { items: [ Feedback { feedback_id: FeedbackId( "F-1", ), article_version: 4, company_id: CompanyId( "GC1", ), kind: Comment, text: Some( "Thanks", ), author: Person { user_id: Some( "U1", ), name: "Ada Okafor", }, given_at: Timestamp( 1795341600000, ), }, ], next: Cursor( "c-2", ), has_more: true, totals: FeedbackTotals { views: 9, helpful: 3, not_helpful: 1, }, }, )"#);
}

/// Method, path, parameters and body of a request.
fn check_request(contract: &Contract, operation: Operation, seen: &Seen) {
    let facts = operation.facts();
    let (path, query) = seen.path.split_once('?').unwrap_or((&seen.path, ""));
    let wanted = facts.path.split('/').filter(|part| !part.is_empty());
    let given = path
        .trim_start_matches("/collaboration/v1")
        .split('/')
        .filter(|part| !part.is_empty());
    assert_eq!(wanted.clone().count(), given.clone().count(), "{operation:?}: {path}");
    for (wanted, given) in wanted.zip(given) {
        let is_id = wanted.starts_with('{') && !given.contains(['{', '}']);
        assert!(is_id || wanted == given, "{operation:?}: {path}");
    }
    assert_eq!(seen.method, facts.method);
    let sent = url::form_urlencoded::parse(query.as_bytes()).map(|(name, _)| name.into_owned());
    let sent = sent.collect::<BTreeSet<_>>();
    let parameters = contract.parameters(operation);
    for (name, place, is_required) in &parameters {
        let is_there = match place.as_str() {
            "header" => seen.headers.contains_key(name.as_str()),
            _ => sent.contains(name),
        };
        assert!(is_there || !is_required, "{operation:?} lacks {name}");
    }
    for name in &sent {
        let is_known = parameters
            .iter()
            .any(|(known, place, _)| known == name && place == "query");
        assert!(is_known, "{operation:?} sends {name}");
    }
    let request = contract.resolved(&contract.operation(operation)["requestBody"]);
    match request["content"].get("application/json") {
        Some(content) => {
            assert_eq!(seen.headers["content-type"], "application/json");
            let body = serde_json::from_slice(&seen.body).unwrap();
            // The contract takes members that it does not know, so a misspelled one is no fault of the schema.
            let unknown = names(&body).into_iter().find(|name| !MEMBERS.contains(&name.as_str()));
            assert_eq!(unknown, None, "{operation:?}");
            let faults = contract.faults(&content["schema"], &body);
            assert!(faults.is_empty(), "{operation:?}: {faults:?} in {body}");
        }
        None if request.is_object() => {
            assert_eq!(seen.headers["content-length"], seen.body.len().to_string().as_str());
        }
        None => assert!(seen.body.is_empty(), "{operation:?} sends a body"),
    }
}

/// The names of all members of a body.
fn names(value: &Value) -> Vec<String> {
    match value {
        Value::Object(members) => {
            let below = members.values().flat_map(names);
            members.keys().cloned().chain(below).collect()
        }
        Value::Array(items) => items.iter().flat_map(names).collect(),
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => Vec::new(),
    }
}
