//! What must not be believed: each bad answer with what the client makes of it. No error may show a
//! content, a token or a secret.

use std::collections::BTreeMap;

use bytes::Bytes;
use http::Response;
use serde_json::{Value, json};

use super::desk::{Desk, TOKEN, answer, json_answer, lost, page, refusal, result, with};
use super::{NAME, STATE, id, table};
use crate::effect::Journal;
use crate::failure::{Failure, chain};
use crate::servicenow::{Error, Fate, Flaw, Query, Select};

const CONTENT: &str = "Ship notice 856 of Northwind was refused: the carton count differs";

fn fields() -> BTreeMap<String, String> {
    let fields = [
        ("sys_id", id(1).to_string()),
        ("short_description", CONTENT.to_owned()),
        ("state", "1".to_owned()),
    ];
    fields.map(|(name, value)| (name.to_owned(), value)).into()
}

fn row() -> Value {
    json!({"sys_id": id(1), "short_description": CONTENT, "state": "1", "number": "CS0001001"})
}

/// Creates a record that is answered so, and says what came of it.
async fn created(answer: Response<Bytes>) -> Result<Vec<(String, Fate)>, Error> {
    let desk = Desk::scripted([answer]);
    let created = desk.client.create(&table("incident"), &fields()).await?;
    Ok(created
        .ignored
        .into_iter()
        .map(|ignored| (ignored.field, ignored.fate))
        .collect())
}

#[track_caller]
fn says_nothing(error: &Error) {
    let text = format!("{} {error:?}", chain(error));
    for part in [TOKEN, CONTENT, &CONTENT[5..40], "gridlink", "Northwind"] {
        assert!(!text.contains(part), "{text} shows {part}");
    }
}

fn flaw(error: Error) -> Flaw {
    says_nothing(&error);
    match error {
        Error::Unusable { flaw, .. } => flaw,
        other => panic!("{other}"),
    }
}

#[tokio::test(start_paused = true)]
async fn a_claim_of_success_that_proves_nothing_is_no_success() {
    let failure = json!({"message": "Transaction cancelled: maximum execution time exceeded", "detail": CONTENT});
    let located = |place: String| with(result(201, &row()), "location", &place);
    let broken = serde_json::to_string(&json!({"result": row()})).unwrap();
    let missing = Flaw::Missing("sys_id".to_owned());
    let table = [
        (answer(202, "text/plain", ""), Flaw::Dropped),
        (json_answer(202, &json!({"result": row()})), Flaw::Dropped),
        (
            answer(201, "text/html;charset=UTF-8", "<html>Log in</html>"),
            Flaw::NotJson,
        ),
        (
            answer(200, "text/html", "<html>Why do instances hibernate?</html>"),
            Flaw::NotJson,
        ),
        (answer(201, "text/plain", broken.clone()), Flaw::NotJson),
        (
            answer(201, "application/json", ""),
            Flaw::Unreadable { line: 1, column: 0 },
        ),
        (
            answer(201, "application/json", broken[..60].to_owned()),
            Flaw::Unreadable { line: 1, column: 60 },
        ),
        (json_answer(201, &json!([1])), Flaw::Unreadable { line: 1, column: 2 }),
        (json_answer(201, &json!({})), Flaw::NoResult),
        (json_answer(201, &json!({"result": null})), Flaw::NoResult),
        (
            json_answer(201, &json!({"result": row(), "error": failure, "status": "failure"})),
            Flaw::ErrorBeside("Transaction cancelled: maximum execution time exceeded: […]".to_owned()),
        ),
        (
            json_answer(201, &json!({"result": row(), "error": {"message": "late"}})),
            Flaw::ErrorBeside("late".to_owned()),
        ),
        (
            json_answer(201, &json!({"result": row(), "status": "failure"})),
            Flaw::ErrorBeside("no message".to_owned()),
        ),
        (
            json_answer(201, &json!({"result": [], "error": {"message": "late"}})),
            Flaw::ErrorBeside("late".to_owned()),
        ),
        (result(200, &row()), Flaw::Status(200)),
        (answer(204, "text/plain", ""), Flaw::Status(204)),
        (result(201, &json!({"number": "CS0001001"})), missing.clone()),
        (
            result(201, &json!({"sys_id": "global"})),
            Flaw::Malformed("sys_id".to_owned()),
        ),
        (
            located(format!("https://i/api/now/table/incident/{}", id(2))),
            Flaw::AnotherRecord,
        ),
        (
            located(format!("https://i/api/now/table/problem/{}", id(1))),
            Flaw::AnotherTable,
        ),
        (
            with(
                answer(302, "text/html", ""),
                "location",
                "https://login.example/sso?token=t0ken-that-nobody-may-see",
            ),
            Flaw::Redirect {
                status: 302,
                to: "login.example".to_owned(),
            },
        ),
        (
            with(
                answer(307, "text/html", ""),
                "location",
                "/login.do?x=t0ken-that-nobody-may-see",
            ),
            Flaw::Redirect {
                status: 307,
                to: "another path".to_owned(),
            },
        ),
    ];
    for (answer, wanted) in table {
        let shown = format!("{answer:?}");
        let error = created(answer).await.expect_err(&shown);
        assert!(
            !error.is_unsent() && !error.is_refusal() && error.status().is_none(),
            "{shown}"
        );
        assert!(
            error.to_string().contains("create a record in incident 0000"),
            "{error}"
        );
        assert_eq!(flaw(error), wanted, "{shown}");
    }
}

#[tokio::test(start_paused = true)]
async fn a_refusal_is_told_in_the_instances_own_words_without_ours() {
    let rule = format!("Operation against file 'incident' was aborted by Business Rule 'Check^1': {CONTENT}");
    let cut = format!("Value too long: {}", &CONTENT[5..40]);
    let echoed = format!("Unknown token {TOKEN}");
    // Status, body, what is told, whether it is a refusal of this very request, whether nothing happened.
    let table = [
        (
            refusal(403, "Operation Failed", &rule),
            "was aborted by Business Rule 'Check^1': […]",
            true,
            false,
        ),
        (
            refusal(400, "Invalid table incident", ""),
            "Invalid table incident",
            true,
            false,
        ),
        (refusal(400, "Bad", &cut), "Bad: Value too long:[…]", true, false),
        (
            refusal(404, "No Record found", "gone"),
            "No Record found: gone",
            true,
            false,
        ),
        (
            refusal(401, "User Not Authenticated", &echoed),
            "Unknown token […]",
            false,
            true,
        ),
        (
            refusal(429, "Rate limit exceeded", "of 100"),
            "Rate limit exceeded: of 100",
            false,
            true,
        ),
        (refusal(500, "oops", ""), "oops", false, false),
        (answer(503, "text/html", CONTENT), "not JSON", false, false),
        (answer(403, "text/html", CONTENT), "not JSON", false, false),
        (
            json_answer(403, &json!({"message": CONTENT})),
            "no message",
            false,
            false,
        ),
        (
            answer(400, "application/json", "{\"error\""),
            "no message",
            false,
            false,
        ),
    ];
    for (answer, told, is_refusal, is_unsent) in table {
        let shown = format!("{answer:?}");
        let again = answer.clone();
        let desk = Desk::answering(super::desk::CLIENT, move |_| Ok(again.clone()));
        let error = desk.client.create(&table_name(), &fields()).await.expect_err(&shown);
        says_nothing(&error);
        let text = error.to_string();
        assert!(text.contains(told) && text.contains("(transaction abc123)"), "{text}");
        assert!(text.contains("create a record in incident 0000"), "{text}");
        assert_eq!(
            (error.is_refusal(), error.is_unsent()),
            (is_refusal, is_unsent),
            "{shown}"
        );
        assert_eq!(error.status(), Some(answer.status().as_u16()));
    }
}

fn table_name() -> crate::domain::TableName {
    table("incident")
}

#[tokio::test(start_paused = true)]
async fn what_must_happen_next_follows_from_the_kind_of_error() {
    async fn failure(answer: Response<Bytes>) -> Failure {
        let desk = Desk::answering(super::desk::CLIENT, move |_| Ok(answer.clone()));
        desk.client
            .create(&table("incident"), &fields())
            .await
            .unwrap_err()
            .into_failure()
    }
    let is_upstream = |failure: &Failure| matches!(failure, Failure::Upstream { .. });
    for answer in [
        refusal(401, "a", ""),
        refusal(403, "a", ""),
        answer(400, "text/html", ""),
        answer(201, "text/html", "<html>"),
        answer(202, "text/plain", ""),
        with(answer(302, "text/html", ""), "location", "https://x.example/"),
    ] {
        let shown = format!("{answer:?}");
        assert!(is_upstream(&failure(answer).await), "{shown}");
    }
    for answer in [
        refusal(503, "a", ""),
        refusal(400, "a", ""),
        json_answer(201, &json!({})),
    ] {
        let shown = format!("{answer:?}");
        assert!(
            matches!(failure(answer).await, Failure::Transient { unsent: false, .. }),
            "{shown}"
        );
    }
    let busy = with(refusal(429, "a", ""), "retry-after", "300");
    let Failure::Transient { wait, unsent: true, .. } = failure(busy).await else {
        panic!("429 passes")
    };
    assert_eq!(wait, Some(std::time::Duration::from_secs(300)));
}

#[tokio::test(start_paused = true)]
async fn fields_that_were_not_taken_are_told_with_what_became_of_them() {
    let answered = json!({"sys_id": id(1), "short_description": &CONTENT[..20], "number": "CS0001001"});
    let ignored = created(result(201, &answered)).await.unwrap();
    let wanted = [("short_description", Fate::Cut), ("state", Fate::Missing)];
    assert_eq!(ignored, wanted.map(|(field, fate)| (field.to_owned(), fate)));
    let answered = json!({"sys_id": id(1), "short_description": CONTENT, "state": "2"});
    let ignored = created(result(201, &answered)).await.unwrap();
    assert_eq!(ignored, [("state".to_owned(), Fate::Differs)]);
}

#[tokio::test(start_paused = true)]
async fn an_answer_about_another_record_is_no_answer() {
    let other = || result(200, &json!({"sys_id": id(2), "state": "1"}));
    let silent = || result(200, &json!({"state": "1"}));
    for answer in [other, silent] {
        let desk = Desk::scripted([answer(), answer(), answer()]);
        let (incident, client) = (table("incident"), &desk.client);
        let read = client.read(&incident, &id(1), &Select::of([STATE])).await;
        assert_eq!(flaw(read.unwrap_err()), Flaw::AnotherRecord);
        let updated = client.update(&incident, &id(1), &fields()).await;
        assert_eq!(flaw(updated.unwrap_err()), Flaw::AnotherRecord);
        let appended = client.append(&incident, &id(1), Journal::Comments, CONTENT).await;
        assert_eq!(flaw(appended.unwrap_err()), Flaw::AnotherRecord);
    }
}

#[tokio::test(start_paused = true)]
async fn only_the_instance_itself_can_say_that_there_is_no_record() {
    let read = async |answer| {
        let desk = Desk::scripted([answer]);
        desk.client.read(&table("incident"), &id(1), &Select::default()).await
    };
    assert_eq!(read(refusal(404, "No Record found", "")).await.unwrap(), None);
    for foreign in [
        answer(404, "text/html", "<html>"),
        json_answer(404, &json!({"message": "no route"})),
        answer(404, "application/json", ""),
    ] {
        assert_eq!(read(foreign).await.unwrap_err().status(), Some(404));
    }
}

#[tokio::test(start_paused = true)]
async fn rows_that_nobody_asked_for_are_never_given_out() {
    let find = async |rows: Value| {
        let desk = Desk::scripted([page(&rows, 3)]);
        let query = Query::new().and(NAME.equals("EDI Support").unwrap());
        let mut pages = desk
            .client
            .find(&table("sys_user_group"), query, Select::default())
            .unwrap();
        pages.next().await.map(|page| page.unwrap())
    };
    let group = |number: u32, name: &str| json!({"sys_id": id(number), "name": name});
    let widened = json!([group(1, "EDI Support"), group(2, "B2B Finance"), group(3, "x")]);
    assert_eq!(
        flaw(find(widened).await.unwrap_err()),
        Flaw::Widened { failing: 2, rows: 3 }
    );
    let hidden = json!([{"sys_id": id(1)}]);
    assert_eq!(flaw(find(hidden).await.unwrap_err()), Flaw::Missing("name".to_owned()));
    let near = json!([
        group(1, "EDI Support"),
        group(2, "edi support"),
        group(3, "EDI Support ")
    ]);
    let page = find(near).await.unwrap();
    assert_eq!(
        (page.rows.len(), page.near),
        (1, 2),
        "a loose match is left out, and is no fault"
    );
}

#[tokio::test(start_paused = true)]
async fn a_read_is_sent_again_and_a_write_is_not() {
    let counts = async |answer: fn() -> super::desk::Answer| {
        let desk = Desk::answering(super::desk::CLIENT, move |_| answer());
        let (incident, client) = (table("incident"), &desk.client);
        let mut calls = Vec::new();
        let mut count = || {
            let before: usize = calls.iter().sum();
            calls.push(desk.calls().len() - before);
        };
        let _ = client.read(&incident, &id(1), &Select::default()).await;
        count();
        let _ = client.update(&incident, &id(1), &fields()).await;
        count();
        let _ = client.delete(&incident, &id(1)).await;
        count();
        let _ = client.create(&incident, &fields()).await;
        count();
        let _ = client.append(&incident, &id(1), Journal::Comments, CONTENT).await;
        count();
        calls
    };
    assert_eq!(counts(|| Ok(refusal(503, "a", ""))).await, [3, 3, 3, 1, 1]);
    assert_eq!(counts(|| Err(lost())).await, [3, 3, 3, 1, 1]);
    assert_eq!(counts(|| Ok(refusal(429, "a", ""))).await, [1, 1, 1, 1, 1]);
    assert_eq!(counts(|| Ok(refusal(400, "a", ""))).await, [1, 1, 1, 1, 1]);
    let with_a_time = || Ok(with(refusal(503, "a", ""), "retry-after", "7"));
    assert_eq!(
        counts(with_a_time).await,
        [1, 1, 1, 1, 1],
        "who names a time is not asked before"
    );
}
