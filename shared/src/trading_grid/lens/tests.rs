//! Lens against a GraphQL parser, and against answers by script.

use std::sync::Arc;

use apollo_compiler::ast::{Definition, Document, Field as AstField, OperationDefinition, Selection, Value as Ast};
use proptest::prelude::*;
use serde_json::{Value, json};

use super::{Acknowledgement, Direction, Entry, Field, Found, Lens, Search, Status, Term, TimeField};
use crate::domain::Timestamp;
use crate::failure::Failure;
use crate::trading_grid::access::Authentication;
use crate::trading_grid::script::{Say, Script, at};

fn lens(script: &Script) -> Lens {
    Lens::new(
        at("https://grid.test"),
        Arc::new(script.access(Authentication::AccessToken)),
    )
}

fn time(text: &str) -> Timestamp {
    Timestamp::parse_rfc3339(text).unwrap()
}

const FIELDS: [Field; 4] = [
    Field::TransactionId,
    Field::CorrelationId,
    Field::Status,
    Field::Acknowledgement,
];

#[test]
fn a_search_is_written_as_the_published_queries_are() {
    let search = Search::selecting(&FIELDS)
        .with_content_keys(["purchase order number"])
        .count(100)
        .text("(status:F OR status:V)")
        .content_key("invoice number", "CV*")
        .must(Field::TransactionLevel, Term::Text("Document".to_owned()))
        .should(Field::SenderAddress, Term::Text("ZZ:DEMORETAILER".to_owned()))
        .should(Field::ErrorCode, Term::Any)
        .never(Field::EdiType, ["997", "CONTRL"])
        .only(Field::SolutionId, ["S1"])
        .between(
            TimeField::Status,
            time("2026-11-22T10:00:00.900Z"),
            time("2026-11-22T10:59:59.001Z"),
        )
        .sorted_by(Field::StatusDate, Direction::Ascending)
        .offset(200);
    insta::assert_snapshot!(search.to_string(), @r#"query { getTransactions(query: { count: 100 offset: 200 contentKeyFilters: [ { key: "invoice number" value: "CV*" } ] query: "(status:F OR status:V)" fields: { must: [ { field: transactionlevel query: "Document" } ] should: [ { field: senderaddress query: "ZZ:DEMORETAILER" } { field: errorcode query: "*" } ] } filters: [ { field: editype values: [ { not: true value: "997" } { not: true value: "CONTRL" } ] } { field: solutionid values: [ { not: false value: "S1" } ] } ] ranges: { field: statusdate from: "2026-11-22T10:00:00Z" to: "2026-11-22T11:00:00Z" } sortby: { field: statusdate type: ASC } }) { count total offset scrollid transactions { correlationid fastatus status transactionid contentkeys(names: [ "purchase order number" ]) { key value } } } }"#);
    insta::assert_snapshot!(Search::selecting(&[Field::TransactionId]).scrolling().to_string(), @"query { getTransactions(query: { count: 1000 offset: 0 contentKeyFilters: [ ] scroll: true }) { count total offset scrollid transactions { transactionid } } }");
}

#[test]
fn a_field_has_the_name_that_it_has_in_lens() {
    assert_eq!(Field::ALL.len(), 64);
    let names = Field::ALL
        .iter()
        .map(|field| field.as_str())
        .collect::<std::collections::BTreeSet<_>>();
    assert_eq!(names.len(), 64);
    let is_name = |name: &&str| name.bytes().all(|byte| byte.is_ascii_lowercase());
    assert!(names.iter().all(is_name));
}

/// The only operation of a query, parsed by a parser that is not ours.
fn parsed(query: &str) -> OperationDefinition {
    let document = Document::parse(query, "query.graphql").unwrap_or_else(|error| panic!("{query}\n{error}"));
    assert_eq!(document.definitions.len(), 1, "{query}");
    match &document.definitions[0] {
        Definition::OperationDefinition(operation) => (**operation).clone(),
        other => panic!("{other}"),
    }
}

/// Every text of a value, in order, each replaced by an empty one.
fn texts_of(value: &mut Ast, texts: &mut Vec<String>) {
    match value {
        Ast::String(text) => texts.push(std::mem::take(text)),
        Ast::List(items) => items.iter_mut().for_each(|item| texts_of(item.make_mut(), texts)),
        Ast::Object(members) => members
            .iter_mut()
            .for_each(|(_, value)| texts_of(value.make_mut(), texts)),
        Ast::Null | Ast::Enum(_) | Ast::Variable(_) | Ast::Float(_) | Ast::Int(_) | Ast::Boolean(_) => {}
    }
}

/// Every text of the arguments of a selection, in order, each replaced by an empty one.
fn texts_of_selection(selections: &mut [Selection], texts: &mut Vec<String>) {
    for selection in selections {
        let Selection::Field(field) = selection else {
            panic!("a fragment: {selection}");
        };
        let field: &mut AstField = field.make_mut();
        for argument in &mut field.arguments {
            texts_of(argument.make_mut().value.make_mut(), texts);
        }
        texts_of_selection(&mut field.selection_set, texts);
    }
}

/// The texts of a query in the order in which they are written, and the query without them.
fn taken_apart(search: &Search) -> (Vec<String>, String) {
    let mut operation = parsed(&search.to_string());
    let mut texts = Vec::new();
    texts_of_selection(&mut operation.selection_set, &mut texts);
    (texts, operation.to_string())
}

/// A search with these seven texts in every position that takes one.
fn search_with(texts: &[String; 7]) -> Search {
    let [key, value, text, must, should, filter, name] = texts.clone();
    Search::selecting(&FIELDS)
        .content_key(key, value)
        .text(Box::leak(text.into_boxed_str()))
        .must(Field::CorrelationId, Term::Text(must))
        .should(Field::SenderAddress, Term::Text(should))
        .never(Field::EdiType, [filter])
        .with_content_keys([name])
}

#[test]
fn hostile_texts_stay_texts() {
    let hostile = [
        "\"",
        "\\",
        "\\\"",
        "\"\"\"",
        "\" } ) { __schema { types { name } } } #",
        "\u{0}",
        "\u{7f}\u{85}\u{feff}",
        "\r\n\t\u{8}\u{c}",
        "# comment",
        "${x}",
        "\\u0022",
        "𝄞🦀",
        "\u{2028}\u{2029}",
        "{{corrquery}}",
        "",
        "é",
    ];
    let plain = taken_apart(&search_with(&Default::default())).1;
    for text in hostile {
        let texts = std::array::from_fn(|_| text.to_owned());
        let (found, rest) = taken_apart(&search_with(&texts));
        assert_eq!(found, texts, "{text:?}");
        assert_eq!(rest, plain, "{text:?}");
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 512, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn any_text_in_any_position_is_read_back_and_changes_nothing_else(
        texts in proptest::array::uniform7(any::<String>())
    ) {
        let plain = taken_apart(&search_with(&Default::default())).1;
        let (found, rest) = taken_apart(&search_with(&texts));
        prop_assert_eq!(found, texts);
        prop_assert_eq!(rest, plain);
    }
}

fn data(transactions: Value) -> Value {
    json!({ "data": { "getTransactions": { "count": 1, "total": 7, "offset": 0, "transactions": transactions } } })
}

fn row() -> Value {
    json!({
        "transactionid": "TG16-PROD-1", "correlationid": "60e2", "status": "Failed", "fastatus": null,
        "contentkeys": [{ "key": "purchase order number", "value": "4500012345" }, { "key": null, "value": "x" }],
    })
}

async fn page(answer: Say) -> Result<Found, crate::trading_grid::Error> {
    lens(&Script::new([answer])).page(&Search::selecting(&FIELDS)).await
}

#[tokio::test(start_paused = true)]
async fn entries_are_read_with_the_fields_that_are_there() {
    let found = page(Say::json(200, &data(json!([row()])))).await.unwrap();
    let entry: &Entry = &found.entries[0];
    assert_eq!(entry.text(Field::TransactionId), Some("TG16-PROD-1"));
    assert_eq!(
        (entry.status(), entry.acknowledgement()),
        (Some(Status::DeliveryFailed), None)
    );
    assert_eq!(entry.content_keys.len(), 1);
    assert_eq!((found.total, found.received, found.denied.len()), (Some(7), 1, 0));
}

#[tokio::test(start_paused = true)]
async fn the_request_is_graphql_in_json_with_the_search_in_it() {
    let script = Script::new([Say::json(200, &data(json!([])))]);
    let search = Search::selecting(&FIELDS).must(Field::CorrelationId, Term::Text("6\"0".to_owned()));
    lens(&script).page(&search).await.unwrap();
    let seen = &script.asked()[0];
    assert_eq!(
        (seen.method.as_str(), seen.path.as_str()),
        ("POST", "/visibility_transaction_search")
    );
    assert_eq!(seen.headers["authorization"], "Bearer token-1");
    let body: Value = serde_json::from_slice(&seen.body).unwrap();
    assert_eq!(body, json!({ "query": search.to_string(), "variables": {} }));
}

#[tokio::test(start_paused = true)]
async fn odd_rows_cost_no_more_than_themselves() {
    let mut odd = row();
    odd["status"] = json!(7);
    odd["fastatus"] = json!({ "is": "an object" });
    odd["insize"] = json!([1]);
    odd["contentkeys"] = json!("none");
    let found = page(Say::json(200, &data(json!([odd, null, "text", { "renamed": 1 }]))))
        .await
        .unwrap();
    assert_eq!((found.entries.len(), found.received), (2, 4));
    assert_eq!(found.entries[0].status(), Some(Status::Other("7".to_owned())));
    assert_eq!(
        (found.entries[0].acknowledgement(), &found.entries[1]),
        (None, &Entry::default())
    );
}

#[tokio::test(start_paused = true)]
async fn a_denied_field_is_said_and_costs_no_other() {
    let denied = |more: Value| {
        let mut answer = data(json!([row()]));
        answer["errors"] = more;
        Say::json(200, &answer)
    };
    let by_message = denied(json!([{ "message": "User not authorized to access field fastatus" }]));
    let path = json!(["getTransactions", "transactions", 0, "fastatus"]);
    let by_path = denied(json!([{ "message": "User not authorized", "path": path }]));
    for answer in [by_message, by_path] {
        let found = page(answer).await.unwrap();
        assert_eq!(
            (found.entries.len(), found.denied.iter().collect::<Vec<_>>()),
            (1, vec![&Field::Acknowledgement])
        );
    }
    let found = page(denied(json!([{ "message": "slow shard" }, 7]))).await.unwrap();
    assert!(found.denied.is_empty());
    assert_eq!(found.remarks, ["slow shard", "an error without a message"]);
}

#[tokio::test(start_paused = true)]
async fn what_lens_cannot_tell_of_one_entry_is_said_of_that_entry_only() {
    let error = |at: usize, field: &str| json!({ "message": "no text", "path": ["getTransactions", "transactions", at, field] });
    let mut answer = data(json!([row(), null, row()]));
    answer["errors"] = json!([error(2, "fastatus"), error(2, "unasked"), error(9, "status")]);
    let found = page(Say::json(200, &answer)).await.unwrap();
    let untold = found
        .entries
        .iter()
        .map(|entry| entry.untold.iter().collect::<Vec<_>>());
    assert_eq!(untold.collect::<Vec<_>>(), [vec![], vec![&Field::Acknowledgement]]);
    assert!(found.denied.is_empty());
    assert_eq!(found.remarks, ["no text"], "the same is remarked once");
}

#[tokio::test(start_paused = true)]
async fn a_field_that_costs_the_whole_answer_is_left_out_and_asked_for_no_more() {
    let refused = json!({
        "data": null, "errors": [{ "message": "Cannot query field \"fastatus\" on type \"Transaction\"." }],
    });
    let script = Script::new([Say::json(200, &refused), Say::json(200, &data(json!([row()])))]);
    let found = lens(&script).page(&Search::selecting(&FIELDS)).await.unwrap();
    assert_eq!(found.denied.iter().collect::<Vec<_>>(), [&Field::Acknowledgement]);
    assert_eq!(found.entries[0].status(), Some(Status::DeliveryFailed));
    let asked = script.asked();
    let query = |at: usize| String::from_utf8_lossy(&asked[at].body).into_owned();
    assert!(query(0).contains(" fastatus") && !query(1).contains(" fastatus"));
    let script = Script::new([Say::json(200, &refused), Say::json(200, &refused)]);
    let error = lens(&script)
        .page(&Search::selecting(&FIELDS))
        .await
        .unwrap_err()
        .to_string();
    assert!(error.contains("it refuses the query"), "{error}");
}

#[tokio::test(start_paused = true)]
async fn a_bad_answer_is_an_error_and_never_an_empty_page() {
    for (say, wanted) in [
        (Say::json(200, &json!({})), "it has no getTransactions"),
        (
            Say::json(200, &json!({ "data": { "getTransaction": {} } })),
            "it has no getTransactions",
        ),
        (
            Say::json(
                200,
                &json!({ "data": null, "errors": [{ "message": "Validation error" }] }),
            ),
            "refuses the query: Validation error",
        ),
        (
            Say::json(200, &json!({ "data": { "getTransactions": { "rows": [] } } })),
            "it has no transactions",
        ),
        (Say::json(200, &data(json!(null))), "it has no transactions"),
        (Say::json(200, &data(json!({}))), "it has no transactions"),
        (
            Say::text(200, "application/json", "{\"data\":{\"getTrans"),
            "ends too early",
        ),
        (Say::text(200, "text/html", "<html>"), "it is not JSON"),
        (Say::json(202, &data(json!([]))), "202 is no answer"),
        (Say::text(302, "text/html", ""), "302 points elsewhere"),
        (
            Say::json(403, &json!({ "fault": { "faultstring": "Forbidden" } })),
            "403: Forbidden",
        ),
    ] {
        let error = page(say.clone()).await.unwrap_err();
        assert!(error.to_string().contains(wanted), "{say:?}: {error}");
        assert!(matches!(error.into_failure(), Failure::Upstream { unsent: true, .. }));
    }
    let nothing = json!({ "data": { "getTransactions": { "total": 0, "transactions": null } } });
    assert!(page(Say::json(200, &nothing)).await.unwrap().entries.is_empty());
}

#[tokio::test(start_paused = true)]
async fn an_error_repeats_nothing_that_was_searched_for() {
    let search = Search::selecting(&FIELDS).must(Field::CorrelationId, Term::Text("60e20a6e-5a6f-4b5c".to_owned()));
    let refused = json!({ "data": null, "errors": [{ "message": "bad value 60e20a6e-5a6f-4b5c" }] });
    let error = lens(&Script::new([Say::json(200, &refused)]))
        .page(&search)
        .await
        .unwrap_err()
        .to_string();
    assert!(
        error.ends_with("it refuses the query: a message that repeats what was sent"),
        "{error}"
    );
}

#[tokio::test(start_paused = true)]
async fn a_search_is_sent_again_when_its_answer_is_lost_and_a_scroll_is_not() {
    let script = Script::new([Say::Lost, Say::json(200, &data(json!([row()])))]);
    let search = Search::selecting(&FIELDS);
    assert_eq!(lens(&script).page(&search).await.unwrap().received, 1);
    let script = Script::new([Say::Lost]);
    let lens = lens(&script);
    assert!(lens.scroll(&search).next().await.is_err());
    assert_eq!(script.asked().len(), 1);
}

#[tokio::test(start_paused = true)]
async fn a_scroll_asks_the_same_until_nothing_comes() {
    let full = || Say::json(200, &data(json!([row(), row()])));
    let script = Script::new([full(), full(), Say::json(200, &data(json!([])))]);
    let lens = lens(&script);
    let search = Search::selecting(&FIELDS);
    let mut scroll = lens.scroll(&search);
    let mut received = 0;
    while let Some(found) = scroll.next().await.unwrap() {
        received += found.received;
    }
    assert!(scroll.next().await.unwrap().is_none());
    assert_eq!((received, script.asked().len()), (4, 3));
    let asked = script.asked();
    assert!(asked.iter().all(|seen| seen.body == asked[0].body));
}

/// What is refused with 401 was not searched for, so the place is where it was.
#[tokio::test(start_paused = true)]
async fn a_token_that_dies_in_the_middle_of_a_scroll_costs_nothing() {
    let dead = || Say::json(401, &json!({ "fault": { "faultstring": "Access Token expired" } }));
    let full = || Say::json(200, &data(json!([row()])));
    let script = Script::new([full(), dead(), full(), dead(), dead()]);
    let lens = lens(&script);
    let search = Search::selecting(&FIELDS);
    let mut scroll = lens.scroll(&search);
    for _ in 0..2 {
        assert_eq!(scroll.next().await.unwrap().unwrap().received, 1);
    }
    let tokens: Vec<String> = script
        .asked()
        .iter()
        .map(|seen| seen.headers["authorization"].to_str().unwrap().to_owned())
        .collect();
    assert_eq!(tokens, ["Bearer token-1", "Bearer token-1", "Bearer token-2"]);
    let error = scroll.next().await.unwrap_err();
    assert_eq!(
        error.to_string(),
        "Trading Grid answered 401: Access Token expired when asked to search exchanges"
    );
}

#[test]
fn pages_go_on_by_what_came_and_end_with_an_empty_one() {
    let search = Search::selecting(&FIELDS).count(3);
    let second = search.after(3).unwrap();
    assert!(second.to_string().contains("offset: 3 "));
    assert!(
        second.after(1).unwrap().to_string().contains("offset: 4 "),
        "a short page is not the last one"
    );
    assert_eq!(second.after(0), None);
}

#[test]
fn an_entry_has_an_address_in_the_web_application() {
    let link = Lens::link("TG16-PROD-1/2").unwrap();
    assert_eq!(
        link.as_str(),
        "https://tradinggrid.opentext.com/lens/app/transactions/TG16-PROD-1%2F2/details"
    );
    assert_eq!(Acknowledgement::parse("Rejected"), Acknowledgement::Rejected);
}
