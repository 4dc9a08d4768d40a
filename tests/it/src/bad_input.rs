//! Unsigned, stale, malformed, oversized or hostile input changes nothing, or only what it may,
//! and gets a clear answer.

use std::sync::Arc;
use std::time::Duration;

use serde_json::{Value, json};
use shared::mapping::Mapping;
use tokio::time::sleep;

use crate::play::{Play, default_mapping, in_town, signed};
use crate::scenarios::{self, ISSUE, NORTHWIND};
use crate::town::{QUEUE, TABLE};

/// The event of a new issue.
fn opened() -> Value {
    scenarios::opens(&worlds::TradingGrid::seeded(worlds::Clock::System))
}

/// Posts a request and gives its status and detail.
async fn post(play: &Play, request: Value) -> (u16, String) {
    let answer = play.post(request).await;
    let body: Value = serde_json::from_str(&answer.body).unwrap();
    let content_type = &answer.headers["Content-Type"];
    assert_eq!(
        content_type == "application/problem+json",
        answer.status_code != 202,
        "{answer:?}"
    );
    if answer.status_code != 202 {
        assert_eq!(body["status"], answer.status_code, "{answer:?}");
        assert!(body["requestId"].is_string() && body["title"].is_string(), "{answer:?}");
    }
    (
        answer.status_code,
        body["detail"].as_str().unwrap_or_default().to_owned(),
    )
}

#[test]
fn refused_requests_change_nothing_and_say_why() {
    in_town(default_mapping(), async |town, play| {
        let clock = &town.clock;
        let good = opened();
        let changed = |pointer: &str, value: Value| {
            let mut event = good.clone();
            *event.pointer_mut(pointer).unwrap() = value;
            signed(event.to_string(), "trading-grid", clock)
        };
        let header = |name: &str, value: Value| {
            let mut request = signed(good.to_string(), "trading-grid", clock);
            request["multiValueHeaders"][name] = value;
            request
        };
        let huge = "x".repeat(300 * 1024);
        let stale = (clock.now().seconds() - 400).to_string();
        let table: Vec<(Value, u16, &str)> = vec![
            (
                header("Webhook-Signature", json!(["v1,AAAA"])),
                401,
                "no signature fits",
            ),
            (
                header("Webhook-Signature", json!(["nonsense"])),
                401,
                "webhook-signature",
            ),
            (
                header("Webhook-Signature", json!(["v1,AAAA", "v1,AAAA"])),
                401,
                "webhook-signature",
            ),
            (header("Webhook-Timestamp", json!([stale])), 401, "no signature fits"),
            (
                header("Webhook-Timestamp", json!(["-9223372036854775808"])),
                401,
                "no signature fits",
            ),
            (
                header("Content-Type", json!(["text/html"])),
                415,
                "application/cloudevents+json",
            ),
            (signed("not json".to_owned(), "trading-grid", clock), 400, "the body"),
            (signed("{}".to_owned(), "trading-grid", clock), 400, "missing field"),
            (
                signed("[".repeat(50_000), "trading-grid", clock),
                400,
                "expected a string",
            ),
            (changed("/data/issueId", json!("a^b")), 400, "data.issueId"),
            (
                changed("/data/companyId", json!("javascript:alert(1)")),
                400,
                "data.companyId",
            ),
            (changed("/subject", json!("issues/OTHER/ISS-1")), 400, "subject"),
            (changed("/time", json!("2020-01-01T00:00:00Z")), 400, "365 days"),
            (changed("/data/summary", json!(huge)), 413, "262144"),
            (
                changed("/type", json!("gridlink.servicenow.record.praised.v1")),
                403,
                "may not send",
            ),
            (signed(good.to_string(), "nobody", clock), 404, "nobody"),
            (signed(good.to_string(), "../x", clock), 404, "/hooks/{sender}"),
        ];
        for (request, status, part) in table {
            let (found, detail) = post(play, request.clone()).await;
            assert_eq!(
                found,
                status,
                "{detail} for {}",
                request["body"].as_str().unwrap().chars().take(200).collect::<String>()
            );
            assert!(detail.contains(part), "{detail} should contain {part}");
            assert_eq!(town.cloud.items(TABLE).len(), 0, "nothing is stored");
            assert_eq!(town.cloud.depth(QUEUE), 0, "nothing is rung");
        }
        // A signature that is valid and old.
        let old = signed(good.to_string(), "trading-grid", clock);
        tokio::time::sleep(std::time::Duration::from_secs(400)).await;
        let (status, detail) = post(play, old).await;
        assert_eq!((status, detail.contains("five minutes")), (401, true), "{detail}");
    });
}

#[test]
fn a_body_in_base64_is_verified_as_the_bytes_that_were_signed() {
    in_town(default_mapping(), async |town, play| {
        let body = opened().to_string();
        let mut request = signed(body.clone(), "trading-grid", &town.clock);
        request["body"] = json!(base64(body.as_bytes()));
        request["isBase64Encoded"] = json!(true);
        assert_eq!(post(play, request).await.0, 202);
        assert_eq!(town.cloud.depth(QUEUE), 1);
    });
}

fn base64(bytes: &[u8]) -> String {
    use base64::Engine;
    base64::engine::general_purpose::STANDARD.encode(bytes)
}

#[test]
fn an_id_stands_for_one_content_and_an_issue_for_one_company() {
    in_town(default_mapping(), async |town, play| {
        let event = opened();
        assert_eq!(
            post(play, signed(event.to_string(), "trading-grid", &town.clock))
                .await
                .0,
            202
        );
        let items = town.cloud.items(TABLE).len();
        let mut other = event.clone();
        other["data"]["summary"] = json!("another text");
        let (status, detail) = post(play, signed(other.to_string(), "trading-grid", &town.clock)).await;
        assert_eq!((status, detail.contains("other content")), (409, true), "{detail}");
        let mut foreign = event.clone();
        foreign["id"] = json!("evt-foreign");
        foreign["data"]["companyId"] = json!("GC00804444LX01");
        foreign["subject"] = json!(format!("issues/GC00804444LX01/{ISSUE}"));
        let (status, detail) = post(play, signed(foreign.to_string(), "trading-grid", &town.clock)).await;
        assert_eq!((status, detail.contains("another company")), (403, true), "{detail}");
        assert_eq!(town.cloud.items(TABLE).len(), items, "neither is stored");
    });
}

#[test]
fn a_sender_speaks_only_for_its_own_companies() {
    let rules =
        include_str!("../../../infra/mapping.yaml").replacen("companies: [\"*\"]", "companies: [GC00804444LX01]", 1);
    in_town(Arc::new(Mapping::parse(&rules).unwrap()), async |town, play| {
        let (status, detail) = post(play, signed(opened().to_string(), "trading-grid", &town.clock)).await;
        assert_eq!((status, detail.contains("may not send")), (403, true), "{detail}");
        assert_eq!(town.cloud.items(TABLE).len(), 0);
    });
}

#[test]
fn an_unknown_type_is_accepted_and_stays_visible() {
    in_town(default_mapping(), async |town, play| {
        let mut event = opened();
        event["type"] = json!("gridlink.community.issue.praised.v7");
        assert_eq!(
            post(play, signed(event.to_string(), "trading-grid", &town.clock))
                .await
                .0,
            202
        );
        let items = town.cloud.items(TABLE);
        let head = items.iter().find(|item| item["sk"] == "HEAD#unrouted").unwrap();
        assert_eq!(
            (head["pk"].as_str(), head["accepted"].as_i64()),
            (Some("unrouted/trading-grid"), Some(1))
        );
        assert!(
            head["paused"].is_string() && head.get("next_attempt_at").is_none(),
            "{head}"
        );
        assert!(items.iter().any(|item| item["sk"] == "IN#unrouted#00000001"));
        assert_eq!(town.cloud.depth(QUEUE), 0);
    });
}

#[test]
fn hostile_text_breaks_no_record_and_changes_no_query() {
    in_town(default_mapping(), async |town, play| {
        play.open_the_doors();
        let hostile = "x^NQactive=true^ORDERBYname javascript:gs.getUserID() \u{202E}\u{0007}\u{FFFE} [code]<script>[/code] {{ 7*7 }} ' OR 1=1";
        let mut event = opened();
        let data = &mut event["data"];
        data["summary"] = json!(hostile);
        data["description"] = json!(hostile);
        data["author"]["name"] = json!(hostile);
        data["transactionRef"] = json!({
            "documentType": hostile, "senderAddress": hostile, "correlationId": hostile, "direction": hostile,
            "businessKeys": {"purchase ^NQ \u{202E}order": hostile},
        });
        play.deliver(&event).await;
        let mut comment = scenarios::event(
            "commented",
            json!({"issueId": ISSUE, "companyId": NORTHWIND, "version": 2,
            "comment": {"commentId": "C-1", "text": hostile, "author": {"name": hostile}}}),
        );
        comment["id"] = json!("evt-comment");
        play.deliver(&comment).await;
        play.quiet().await;
        let case = scenarios::case(town);
        let row = town.servicenow.row("sn_customerservice_case", &case).unwrap();
        for field in ["short_description", "description"] {
            let text = &row[field];
            assert!(
                !text.contains(['\u{202E}', '\u{0007}', '\u{FFFE}']),
                "{field}: {text:?}"
            );
            assert!(
                !text.contains("[code]") && text.contains("{{ 7*7 }}"),
                "{field}: {text:?}"
            );
        }
        let comments = town.servicenow.journal(&case, "comments");
        assert_eq!(comments.len(), 1);
        assert!(!comments[0].value.contains("[code]"));
        assert_eq!(
            town.servicenow.ignored(),
            Vec::<String>::new(),
            "ServiceNow dropped nothing in silence"
        );
    });
}

#[test]
fn a_summary_of_64_kib_breaks_no_record_and_nothing_of_it_is_lost() {
    in_town(default_mapping(), async |town, play| {
        play.open_the_doors();
        let mut event = opened();
        let long = "ä lot of text. ".repeat(64 * 1024 / 16);
        event["data"]["summary"] = json!(long);
        event["data"]["description"] = json!(long);
        play.deliver(&event).await;
        play.quiet().await;
        let case = scenarios::case(town);
        let row = town.servicenow.row("sn_customerservice_case", &case).unwrap();
        assert!(row["short_description"].chars().count() <= 160);
        assert!(row["description"].chars().count() <= 4_000);
        assert!(row["description"].contains("issue-ISS-1-"), "{}", row["description"]);
        let attachments = town.servicenow.attachments(&case);
        let text = String::from_utf8(attachments[0].bytes.to_vec()).unwrap();
        assert_eq!(
            text.matches(long.trim()).count(),
            2,
            "summary and description are there in full"
        );
        assert_eq!(town.servicenow.ignored(), Vec::<String>::new());
    });
}

#[test]
fn an_issue_of_an_unknown_partner_is_parked_with_its_reason_and_delays_nobody() {
    in_town(default_mapping(), async |town, play| {
        play.open_the_doors();
        let mut event = opened();
        event["id"] = json!("evt-unknown");
        event["data"]["companyId"] = json!("GC99999999");
        event["data"]["issueId"] = json!("ISS-9");
        event["subject"] = json!("issues/GC99999999/ISS-9");
        play.deliver(&event).await;
        play.deliver(&opened()).await;
        play.quiet().await;
        let items = town.cloud.items(TABLE);
        let head = items
            .iter()
            .find(|item| item["pk"] == "issues/GC99999999/ISS-9" && item["sk"] == "HEAD#in")
            .unwrap();
        let parked = &head["parked"];
        assert!(
            parked["cause"]
                .as_str()
                .unwrap()
                .contains("customer_account with u_trading_grid_id = GC99999999"),
            "{head}"
        );
        assert!(parked["remedy"].as_str().unwrap().contains("replay"), "{head}");
        let place = head["due"].as_str().unwrap();
        assert!(place.starts_with("parked#"), "it is listed, and never due: {head}");
        assert!(!scenarios::case(town).is_empty(), "the other issue has its case");
        // The community does not know the issue either: nobody can be told, and nothing else stands still for that.
        sleep(Duration::from_secs(2 * 3600)).await;
        play.quiet().await;
        let items = town.cloud.items(TABLE);
        let notices = items.iter().find(|item| item["sk"] == "HEAD#notices").unwrap();
        assert!(notices["finished"] == 1 && notices.get("parked").is_none(), "{notices}");
        // Somebody adds the partner and replays.
        town.servicenow.insert(
            "customer_account",
            &[("name", "Newcomer"), ("u_trading_grid_id", "GC99999999")],
        );
        play.replay("issues/GC99999999/ISS-9").await;
        play.quiet().await;
        let rows = town.servicenow.rows("sn_customerservice_case");
        assert_eq!(rows.iter().filter(|row| row["correlation_id"] == "ISS-9").count(), 1);
    });
}

#[test]
fn a_condition_that_the_instance_drops_adopts_no_stranger_row_recheck() {
    // The instance does not have the mapped column, ignores the condition, and answers every row.
    let rules = include_str!("../../../infra/mapping.yaml").replace("key: u_trading_grid_id", "key: u_no_such_column");
    in_town(Arc::new(Mapping::parse(&rules).unwrap()), async |town, play| {
        play.open_the_doors();
        play.deliver(&opened()).await;
        play.quiet().await;
        let items = town.cloud.items(TABLE);
        let head = items.iter().find(|item| item["sk"] == "HEAD#in").unwrap();
        let [cause, remedy] = ["cause", "remedy"].map(|part| head["parked"][part].as_str().unwrap());
        assert!(
            cause.contains("search customer_account: it lacks u_no_such_column"),
            "{cause}"
        );
        assert!(remedy.contains("correct u_no_such_column in the mapping"), "{remedy}");
        assert!(scenarios::case(town).is_empty());
    });
}
