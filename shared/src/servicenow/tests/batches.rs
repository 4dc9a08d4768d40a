//! Batches: each answer is distrusted as if it had come alone.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use http::Response;
use serde_json::{Value, json};

use super::desk::{CLIENT, Desk, Seen, TOKEN, answer, json_answer, lost, refusal, result};
use super::{STATE, id, table};
use crate::effect::Journal;
use crate::failure::{Failure, chain};
use crate::servicenow::{Answers, Batch, Error, Flaw, Operation, Refused, Row, Select};

pub(super) const CONTENT: &str = "The carton count of shipment 4711 differs";

/// An item as the instance answers it.
pub(super) fn item(number: usize, answer: &Response<bytes::Bytes>) -> Value {
    let headers = answer
        .headers()
        .iter()
        .map(|(name, value)| json!({"name": name.as_str(), "value": value.to_str().unwrap()}));
    json!({"id": number.to_string(), "body": STANDARD.encode(answer.body()), "status_code": answer.status().as_u16(),
        "status_text": "x", "headers": headers.collect::<Vec<_>>(), "execution_time": 5})
}

pub(super) fn batch(serviced: Vec<Value>, unserviced: &[usize]) -> Response<bytes::Bytes> {
    let unserviced = unserviced.iter().map(ToString::to_string).collect::<Vec<_>>();
    json_answer(
        200,
        &json!({"batch_request_id": "1", "serviced_requests": serviced, "unserviced_requests": unserviced}),
    )
}

/// An item as it was sent: method, URL, headers, body.
pub(super) type Sent = (String, String, Vec<(String, String)>, Option<Value>);

/// The items of a batch.
pub(super) fn sent(seen: &Seen) -> Vec<Sent> {
    assert_eq!(
        (seen.method.as_str(), seen.path.as_str()),
        ("POST", "/api/now/v1/batch")
    );
    let requests = seen.json()["rest_requests"].as_array().unwrap().clone();
    let text = |value: &Value| value.as_str().unwrap().to_owned();
    let read = |(index, item): (usize, &Value)| {
        assert_eq!(item["id"], index.to_string());
        let headers = item["headers"].as_array().unwrap().iter();
        let headers = headers
            .map(|header| (text(&header["name"]), text(&header["value"])))
            .collect();
        let body = item.get("body").map(|body| STANDARD.decode(text(body)).unwrap());
        let body = body.map(|body| serde_json::from_slice(&body).unwrap());
        (text(&item["method"]), text(&item["url"]), headers, body)
    };
    requests.iter().enumerate().map(read).collect()
}

/// Reads the state of two records and comments on the first one.
pub(super) async fn sends_three(desk: &Desk) -> Result<[Result<String, Error>; 3], Error> {
    let incident = table("incident");
    let mut batch = Batch::new();
    let mut read = |number| {
        batch
            .add(Operation::read(&incident, &id(number), &Select::of([STATE])))
            .unwrap()
    };
    let (first, second) = (read(1), read(2));
    let third = batch
        .add(Operation::append(&incident, &id(1), Journal::Comments, CONTENT))
        .unwrap();
    let answers: Answers = desk.client.send_batch(batch).await?;
    let state = |row: Option<Row>| row.map_or_else(|| "absent".to_owned(), |row| row.text("state").to_owned());
    Ok([
        answers.take(first).map(state),
        answers.take(second).map(state),
        answers.take(third).map(|()| "written".to_owned()),
    ])
}

pub(super) fn found(number: u32) -> Response<bytes::Bytes> {
    result(200, &json!({"sys_id": id(number), "state": number.to_string()}))
}

#[tokio::test(start_paused = true)]
async fn several_operations_go_in_one_round_trip() {
    let no_body = answer(200, "application/json", "");
    let serviced = vec![
        item(2, &no_body),
        item(1, &refusal(404, "No Record found", "")),
        item(0, &found(1)),
    ];
    let desk = Desk::scripted([batch(serviced, &[])]);
    let outcomes = sends_three(&desk).await.unwrap().map(Result::unwrap);
    assert_eq!(outcomes, ["1", "absent", "written"]);
    let calls = desk.calls();
    assert_eq!(calls.len(), 1);
    let items = sent(&calls[0]);
    let accept = ("accept".to_owned(), "application/json".to_owned());
    let read = format!(
        "/api/now/v2/table/incident/{}?sysparm_display_value=false&sysparm_exclude_reference_link=true\
         &sysparm_fields=sys_id%2Cstate",
        id(1)
    );
    assert_eq!(items[0], ("GET".to_owned(), read, vec![accept.clone()], None));
    let (method, url, headers, body) = &items[2];
    assert_eq!(method, "PATCH");
    assert!(
        url.starts_with(&format!("/api/now/v2/table/incident/{}?", id(1))),
        "{url}"
    );
    assert_eq!(body, &Some(json!({"comments": CONTENT})));
    let content_type = ("content-type".to_owned(), "application/json".to_owned());
    let no_response = ("x-no-response-body".to_owned(), "true".to_owned());
    assert_eq!(headers, &[accept, content_type, no_response]);
}

#[tokio::test(start_paused = true)]
async fn each_item_is_distrusted_as_a_single_answer_is() {
    let with_member = |number: usize, member: &str, text: &str| {
        let mut item = item(number, &found(1));
        item[member] = json!(text);
        item
    };
    let bare = json!({"id": "0", "status_code": 200, "headers": [], "body": STANDARD.encode(found(1).body())});
    let broken = STANDARD.encode(found(1).body()).chars().collect::<Vec<_>>();
    let broken = broken
        .chunks(20)
        .map(|chunk| chunk.iter().collect::<String>())
        .collect::<Vec<_>>()
        .join("\n  ");
    let folded = json!({"id": 0, "status_code": 200, "body": broken});
    let wrong = "the instance said otherwise";
    // What the first item is answered, and the flaw that it has.
    let table = [
        (item(0, &found(1)), None),
        (bare, None),
        (folded, None),
        (item(0, &found(2)), Some(Flaw::AnotherRecord)),
        (item(0, &answer(202, "text/plain", "")), Some(Flaw::Dropped)),
        (item(0, &answer(200, "text/html", "<html>")), Some(Flaw::NotJson)),
        (
            item(0, &answer(200, "application/json", "")),
            Some(Flaw::Unreadable { line: 1, column: 0 }),
        ),
        (json!({"id": "0", "status_code": 200}), Some(Flaw::NotJson)),
        (
            with_member(0, "error_message", wrong),
            Some(Flaw::ErrorBeside(wrong.to_owned())),
        ),
        (
            with_member(0, "redirect_url", "https://login.example/?x"),
            Some(Flaw::Redirect {
                status: 200,
                to: "login.example".to_owned(),
            }),
        ),
        (with_member(0, "error_message", ""), None),
    ];
    for (first, wanted) in table {
        let shown = first.to_string();
        let desk = Desk::scripted([batch(vec![first, item(1, &found(2)), item(2, &found(1))], &[])]);
        let [first, second, third] = sends_three(&desk).await.unwrap();
        let flaw = first.err().map(|error| match error {
            Error::Unusable { flaw, .. } => flaw,
            other => panic!("{other}"),
        });
        assert_eq!(flaw, wanted, "{shown}");
        assert_eq!(
            (second.unwrap().as_str(), third.unwrap().as_str()),
            ("2", "written"),
            "its neighbors do not care"
        );
    }
}

#[tokio::test(start_paused = true)]
async fn an_item_that_the_instance_did_not_come_to_can_be_sent_again() {
    let desk = Desk::scripted([batch(vec![item(0, &found(1))], &[1])]);
    let [first, second, third] = sends_three(&desk).await.unwrap();
    assert!(first.is_ok());
    let second = second.unwrap_err();
    assert!(second.is_unsent() && !second.is_refusal());
    assert!(
        second.to_string().contains(&format!("read incident {}", id(2))),
        "{second}"
    );
    assert!(matches!(second.into_failure(), Failure::Transient { unsent: true, .. }));
    let third = third.unwrap_err();
    assert!(!third.is_unsent(), "of what is not even mentioned nothing is known");
    let refused = batch(
        vec![
            item(0, &found(1)),
            item(1, &found(2)),
            item(2, &refusal(403, "Failed", CONTENT)),
        ],
        &[],
    );
    let desk = Desk::scripted([refused]);
    let [_, _, third] = sends_three(&desk).await.unwrap();
    let third = third.unwrap_err();
    assert!(
        third.is_refusal() && third.to_string().contains("(transaction abc123)"),
        "{third}"
    );
    assert!(!third.to_string().contains(CONTENT), "{third}");
}

#[tokio::test(start_paused = true)]
async fn a_batch_that_proves_nothing_is_worth_nothing() {
    let renamed = json!({"batch_request_id": "2", "serviced_requests": [], "unserviced_requests": []});
    let numbered = json!({"batch_request_id": 1, "serviced_requests": [], "unserviced_requests": ["0", "1", "2"]});
    let malformed = json!({"id": "0", "status_code": 200, "body": "%%%"});
    let table = [
        json_answer(200, &renamed),
        batch(vec![item(7, &found(1))], &[]),
        batch(vec![item(0, &found(1)), item(0, &found(1))], &[]),
        batch(vec![item(0, &found(1))], &[0]),
        batch(vec![malformed], &[]),
        json_answer(200, &json!({"error": {"message": CONTENT}})),
        json_answer(200, &json!({"result": []})),
        answer(200, "text/html", CONTENT),
        answer(202, "text/plain", ""),
        refusal(500, "a", CONTENT),
    ];
    for answer in table {
        let shown = format!("{answer:?}");
        let desk = Desk::scripted([answer]);
        let error = sends_three(&desk).await.expect_err(&shown);
        let text = format!("{} {error:?}", chain(&error));
        assert!(text.contains("carry out a batch of 3 requests"), "{text}");
        assert!(
            !text.contains(CONTENT) && !text.contains(TOKEN) && !error.is_unsent(),
            "{text}"
        );
    }
    let desk = Desk::scripted([json_answer(200, &numbered)]);
    assert!(
        sends_three(&desk)
            .await
            .unwrap()
            .into_iter()
            .all(|item| item.unwrap_err().is_unsent())
    );
}

#[tokio::test(start_paused = true)]
async fn a_batch_is_sent_again_only_when_it_does_nothing() {
    let desk = Desk::answering(CLIENT, |_| Err(lost()));
    assert!(!sends_three(&desk).await.err().unwrap().is_unsent());
    assert_eq!(desk.calls().len(), 1, "a comment among them would be written twice");
    let mut batch = Batch::new();
    assert!(batch.is_empty());
    batch
        .add(Operation::read(&table("incident"), &id(1), &Select::default()))
        .unwrap();
    assert!(desk.client.send_batch(batch).await.is_err());
    assert_eq!(desk.calls().len(), 4);
}

#[tokio::test(start_paused = true)]
async fn a_batch_is_bounded() {
    let incident = table("incident");
    let mut batch = Batch::new();
    for _ in 0..100 {
        batch
            .add(Operation::read(&incident, &id(1), &Select::default()))
            .unwrap();
    }
    let one_more = batch.add(Operation::read(&incident, &id(1), &Select::default()));
    assert_eq!(one_more.err(), Some(Refused::Full));
    let long = "x".repeat(3 * 1024 * 1024);
    let mut batch = Batch::new();
    let mut add = || {
        batch
            .add(Operation::append(&incident, &id(1), Journal::Comments, &long))
            .map(|_| ())
    };
    assert_eq!((add(), add()), (Ok(()), Err(Refused::Full)));
}
