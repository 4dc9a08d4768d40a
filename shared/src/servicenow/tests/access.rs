//! Tokens, keys and passwords; cookies, which are never kept; the budget.

use std::io::{BufRead, BufReader, Write};
use std::net::TcpListener;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use http::Method;
use serde_json::json;

use super::desk::{CLIENT, Desk, TOKEN, answer, json_answer, refusal, result, with};
use super::{id, table};
use crate::domain::Timestamp;
use crate::effect::Journal;
use crate::failure::{Failure, chain};
use crate::http::{Call, Transport};
use crate::servicenow::{Error, RateLimit, Select};

async fn read(desk: &Desk) -> Result<(), Error> {
    desk.client
        .read(&table("incident"), &id(1), &Select::default())
        .await
        .map(|_| ())
}

fn found() -> super::desk::Answer {
    Ok(result(200, &json!({"sys_id": id(1)})))
}

#[tokio::test(start_paused = true)]
async fn each_kind_of_secret_opens_the_door_in_its_own_way() {
    let client = "client_id=c&client_secret=s";
    let table = [
        (
            r#"{"client_id":"c","client_secret":"s"}"#,
            Some(format!("grant_type=client_credentials&{client}")),
        ),
        (
            r#"{"client_id":"c","client_secret":"s","scope":"useraccount"}"#,
            Some(format!("grant_type=client_credentials&{client}&scope=useraccount")),
        ),
        (
            r#"{"client_id":"c","client_secret":"s","username":"u&v","password":"p="}"#,
            Some(format!("grant_type=password&{client}&username=u%26v&password=p%3D")),
        ),
        (
            r#"{"client_id":"c","client_secret":"s","refresh_token":"r"}"#,
            Some(format!("grant_type=refresh_token&{client}&refresh_token=r")),
        ),
        (r#"{"api_key":"k"}"#, None),
        (r#"{"username":"admin","password":"admin"}"#, None),
    ];
    for (secret, form) in table {
        let desk = Desk::answering(secret, |_| found());
        read(&desk).await.unwrap();
        read(&desk).await.unwrap();
        let seen = desk.seen.lock().unwrap().clone();
        let forms = seen.iter().filter(|one| one.path == "/oauth_token.do");
        let forms = forms
            .map(|one| String::from_utf8(one.body.to_vec()).unwrap())
            .collect::<Vec<_>>();
        assert_eq!(
            forms,
            form.into_iter().collect::<Vec<_>>(),
            "one token serves all calls"
        );
        for call in desk.calls() {
            let (bearer, key) = (call.header("authorization"), call.header("x-sn-apikey"));
            match secret {
                text if text.contains("api_key") => assert_eq!((bearer, key), (None, Some("k"))),
                text if text.contains("client_id") => assert_eq!(bearer, Some(format!("Bearer {TOKEN}").as_str())),
                _ => assert_eq!((bearer, key), (Some("Basic YWRtaW46YWRtaW4="), None)),
            }
        }
        let post = seen.iter().find(|one| one.path == "/oauth_token.do");
        if let Some(post) = post {
            assert_eq!(
                (&post.method, post.parameters.len()),
                (&Method::POST, 0),
                "nothing secret stands in a URL"
            );
            assert_eq!(post.header("content-type"), Some("application/x-www-form-urlencoded"));
        }
    }
}

#[tokio::test(start_paused = true)]
async fn a_refused_token_is_replaced_once_and_then_the_refusal_counts() {
    let refused = AtomicUsize::new(0);
    let desk = Desk::answering(CLIENT, move |_| match refused.fetch_add(1, Ordering::Relaxed) {
        0 => Ok(refusal(
            401,
            "User Not Authenticated",
            "Required to provide Auth information",
        )),
        _ => found(),
    });
    read(&desk).await.unwrap();
    assert_eq!((desk.calls().len(), desk.token_requests()), (2, 2));

    let desk = Desk::answering(CLIENT, |_| Ok(refusal(401, "User Not Authenticated", "")));
    let text = "a text";
    let error = desk
        .client
        .append(&table("incident"), &id(1), Journal::Comments, text)
        .await
        .unwrap_err();
    assert_eq!((desk.calls().len(), desk.token_requests()), (2, 2));
    assert!(error.is_unsent(), "a write that never came in can be sent again");
    assert!(matches!(error.into_failure(), Failure::Upstream { unsent: true, .. }));
}

#[tokio::test(start_paused = true)]
async fn a_key_that_was_exchanged_is_read_again_when_it_is_refused() {
    let desk = Desk::answering(r#"{"api_key":"old"}"#, |seen| match seen.header("x-sn-apikey") {
        Some("new") => found(),
        _ => Ok(refusal(401, "User Not Authenticated", "")),
    });
    assert_eq!(read(&desk).await.unwrap_err().status(), Some(401));
    *desk.secret.lock().unwrap() = r#"{"api_key":"new"}"#.to_owned();
    tokio::time::sleep(Duration::from_secs(31)).await;
    read(&desk).await.unwrap();
}

#[tokio::test(start_paused = true)]
async fn a_token_request_that_fails_fails_once_for_all_who_wait_and_shows_no_secret() {
    let table = [
        json_answer(
            401,
            &json!({"error": "server_error", "error_description": "access_denied for s3cret"}),
        ),
        answer(200, "text/html", "<html>Log in</html>"),
        answer(202, "text/plain", ""),
        with(
            answer(302, "text/html", ""),
            "location",
            "https://login.example/?s3cret",
        ),
        json_answer(200, &json!({"expires_in": 5})),
        answer(503, "text/html", ""),
    ];
    for answer in table {
        let shown = format!("{answer:?}");
        let slow = answer.clone();
        let desk = Desk::raw(r#"{"client_id":"gridlink","client_secret":"s3cret"}"#, move |_| {
            Ok(slow.clone())
        });
        let (first, second, third) = tokio::join!(read(&desk), read(&desk), read(&desk));
        let attempts = match answer.status().as_u16() {
            // A refusal may mean a new secret, and a busy instance is asked again.
            401 => 2,
            503 => 3,
            _ => 1,
        };
        assert_eq!(desk.token_requests(), attempts, "{shown}");
        assert_eq!(desk.calls().len(), 0);
        for error in [first, second, third].map(Result::unwrap_err) {
            let text = format!("{} {error:?}", chain(&error));
            assert!(
                text.contains("give out an access token") && !text.contains("s3cret"),
                "{text}"
            );
            assert!(error.is_unsent() && error.status().is_none());
            assert!(matches!(error.into_failure(), Failure::Upstream { unsent: true, .. }));
        }
    }
}

#[tokio::test(start_paused = true)]
async fn a_secret_that_holds_no_credentials_is_named_and_not_shown() {
    let desk = Desk::raw(r#"{"client_id":"s3cret"}"#, |_| found());
    let error = read(&desk).await.unwrap_err();
    let text = format!("{} {error:?}", chain(&error));
    assert!(text.contains("the secret servicenow holds no credentials"), "{text}");
    assert!(text.contains("client_secret") && !text.contains("s3cret"), "{text}");
}

#[tokio::test(start_paused = true)]
async fn the_life_of_a_token_is_what_is_left_of_it() {
    let (desk, world) = Desk::world(worlds::ServiceNow::seeded);
    let incident = table("incident");
    let read = async || desk.client.read(&incident, &id(1), &Select::default()).await.unwrap();
    read().await;
    tokio::time::sleep(Duration::from_secs(1700)).await;
    read().await;
    assert_eq!(desk.token_requests(), 1);
    // The instance gives out the same token again, which has 55 seconds left.
    tokio::time::sleep(Duration::from_secs(45)).await;
    for _ in 0..20 {
        read().await;
    }
    assert_eq!(
        desk.token_requests(),
        2,
        "a short rest of life is used, not asked for again and again"
    );
    for _ in 0..120 {
        tokio::time::sleep(Duration::from_secs(1)).await;
        read().await;
    }
    assert!(desk.token_requests() < 12, "{}", desk.token_requests());
    assert!(
        world.calls().iter().all(|call| call.status != Some(401)),
        "no token died on the way"
    );
}

#[tokio::test(start_paused = true)]
async fn cookies_are_offered_and_never_sent() {
    let (desk, world) = Desk::world(worlds::ServiceNow::seeded);
    let incident = table("incident");
    let fields = [("short_description".to_owned(), "x".to_owned())].into();
    let sys_id = desk.client.create(&incident, &fields).await.unwrap().sys_id;
    world.expire_tokens();
    desk.client
        .append(&incident, &sys_id, Journal::Comments, "y")
        .await
        .unwrap();
    desk.client.attachments(&incident, &sys_id).await.unwrap();
    let seen = desk.seen.lock().unwrap();
    assert!(seen.len() > 4 && seen.iter().all(|one| !one.headers.contains_key("cookie")));
    assert_eq!(world.ignored(), Vec::<String>::new());
}

/// A server that offers a cookie with every answer and says which requests had one.
fn cookie_monger(requests: usize) -> (url::Url, std::thread::JoinHandle<Vec<String>>) {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("http://{}/", listener.local_addr().unwrap());
    let served = std::thread::spawn(move || {
        let mut heads = Vec::new();
        for _ in 0..requests {
            let (stream, _) = listener.accept().unwrap();
            let lines = BufReader::new(&stream).lines().map(Result::unwrap);
            heads.push(lines.take_while(|line| !line.is_empty()).collect::<Vec<_>>().join("\n"));
            let head = "HTTP/1.1 200 OK\r\nSet-Cookie: JSESSIONID=1; Path=/\r\nConnection: close\r\n";
            write!(
                &stream,
                "{head}Content-Type: application/json\r\nContent-Length: 2\r\n\r\n{{}}"
            )
            .unwrap();
        }
        heads
    });
    (url.parse().unwrap(), served)
}

#[tokio::test]
async fn the_network_keeps_no_cookie_either() {
    let (url, served) = cookie_monger(2);
    let transport = Transport::network(None).unwrap();
    for _ in 0..2 {
        let answer = transport.send(&Call::new(Method::GET, url.clone())).await.unwrap();
        assert!(answer.headers.contains_key("set-cookie"));
    }
    for head in served.join().unwrap() {
        assert!(
            head.starts_with("GET / ") && !head.to_ascii_lowercase().contains("cookie"),
            "{head}"
        );
    }
}

#[tokio::test(start_paused = true)]
async fn the_latest_budget_is_known() {
    let limited = |limit: &str, reset: &str| {
        let answer = with(result(200, &json!({"sys_id": id(1)})), "x-ratelimit-limit", limit);
        with(
            with(answer, "x-ratelimit-reset", reset),
            "x-ratelimit-rule",
            id(7).as_str(),
        )
    };
    let plain = result(200, &json!({"sys_id": id(1)}));
    let desk = Desk::scripted([limited("500", "1795428000"), limited("400", "1795431600"), plain]);
    assert_eq!(desk.client.rate_limit(), None);
    for _ in 0..3 {
        read(&desk).await.unwrap();
    }
    let latest = RateLimit {
        limit: 400,
        reset: Timestamp::from_millis(1_795_431_600_000),
        rule: Some(id(7)),
    };
    assert_eq!(
        desk.client.rate_limit(),
        Some(latest),
        "an answer without a rule takes nothing away"
    );
}
