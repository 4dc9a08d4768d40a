use std::time::Duration;

use http::Request;
use tokio::time::{Instant, timeout};

use super::{error, full, seeded, token};
use crate::knobs::{Fault, Rule};
use crate::servicenow::ServiceNow;

const TABLE: &str = "/api/now/table/incident";

/// An instance on which every call of the Table API takes a second.
fn slow() -> ServiceNow {
    let instance = seeded();
    let fault = Fault::Latency {
        milliseconds: 1000,
        after_effect: false,
    };
    instance.knobs().add(Rule::always("*", "/api", fault));
    instance
}

async fn post(instance: &ServiceNow, token: &str, cookie: Option<&str>) -> http::Response<bytes::Bytes> {
    let mut request = Request::post(TABLE)
        .header("authorization", format!("Bearer {token}"))
        .header("accept", "application/json")
        .header("content-type", "application/json");
    if let Some(cookie) = cookie {
        request = request.header("cookie", cookie);
    }
    let body = full(r#"{"short_description":"in the queue"}"#);
    instance.call(request.body(body).unwrap()).await
}

/// The statuses of so many requests at once, sorted, and the seconds that they took together.
async fn at_once(instance: &ServiceNow, number: usize, cookie: impl Fn(usize) -> Option<String>) -> (Vec<u16>, u64) {
    let token = token(instance).await;
    let start = Instant::now();
    let posts = (0..number).map(|number| {
        let (token, cookie) = (token.clone(), cookie(number));
        async move { post(instance, &token, cookie.as_deref()).await.status().as_u16() }
    });
    let mut statuses = join_all(posts.map(Box::pin).collect()).await;
    statuses.sort_unstable();
    (statuses, start.elapsed().as_secs())
}

async fn join_all<F: Future<Output = u16> + Unpin>(mut open: Vec<F>) -> Vec<u16> {
    let mut done = Vec::new();
    std::future::poll_fn(|context| {
        open.retain_mut(|one| match std::pin::Pin::new(one).poll(context) {
            std::task::Poll::Ready(status) => {
                done.push(status);
                false
            }
            std::task::Poll::Pending => true,
        });
        if open.is_empty() {
            std::task::Poll::Ready(())
        } else {
            std::task::Poll::Pending
        }
    })
    .await;
    done
}

fn stored(instance: &ServiceNow) -> usize {
    let rows = instance.rows("incident");
    rows.iter()
        .filter(|row| row["short_description"] == "in the queue")
        .count()
}

#[tokio::test(start_paused = true)]
async fn four_requests_run_at_the_same_time() {
    let instance = slow();
    assert_eq!(at_once(&instance, 9, |_| None).await, (vec![201; 9], 3));
    instance.guess(|guesses| guesses.semaphores = 9);
    assert_eq!(at_once(&instance, 9, |_| None).await, (vec![201; 9], 1));
}

#[tokio::test(start_paused = true)]
async fn a_full_queue_answers_429_without_a_limit_and_has_no_effect() {
    let instance = slow();
    let (statuses, _) = at_once(&instance, 56, |_| None).await;
    assert_eq!((&statuses[..54], &statuses[54..]), (&[201; 54][..], &[429; 2][..]));
    assert_eq!(stored(&instance), 54);
    let logged = instance.calls().iter().filter(|call| call.status == Some(429)).count();
    assert_eq!(logged, 2);

    instance.guess(|guesses| (guesses.semaphores, guesses.semaphore_queue) = (1, 0));
    let token = token(&instance).await;
    let (_, refused) = tokio::join!(post(&instance, &token, None), post(&instance, &token, None));
    assert_eq!(error(&refused).1, "Too Many Requests");
    assert!(!refused.headers().contains_key("x-ratelimit-limit") && !refused.headers().contains_key("retry-after"));
}

#[tokio::test(start_paused = true)]
async fn one_session_is_served_one_request_at_a_time_and_others_do_not_wait() {
    let instance = slow();
    let same = |_| Some("JSESSIONID=ABC; other=1".to_owned());
    assert_eq!(at_once(&instance, 3, same).await, (vec![201; 3], 3));
    let own = |number| Some(format!("other=1; JSESSIONID=S{number}"));
    assert_eq!(at_once(&instance, 3, own).await, (vec![201; 3], 1));
}

#[tokio::test(start_paused = true)]
async fn more_than_ten_that_wait_for_a_session_are_answered_202_and_dropped() {
    let instance = slow();
    let (statuses, seconds) = at_once(&instance, 13, |_| Some("JSESSIONID=ABC".to_owned())).await;
    assert_eq!(
        (&statuses[..11], &statuses[11..], seconds),
        (&[201; 11][..], &[202; 2][..], 11)
    );
    assert_eq!(stored(&instance), 11);
    let logged = instance.calls().iter().filter(|call| call.status == Some(202)).count();
    assert_eq!(logged, 2);
}

#[tokio::test(start_paused = true)]
async fn whoever_gives_up_leaves_the_queue() {
    let instance = slow();
    let token = token(&instance).await;
    let session = Some("JSESSIONID=ABC");
    for _ in 0..20 {
        let waited = timeout(Duration::from_millis(500), async {
            tokio::join!(post(&instance, &token, session), post(&instance, &token, session))
        });
        assert!(waited.await.is_err());
    }
    assert_eq!(post(&instance, &token, session).await.status(), 201);
    assert_eq!(stored(&instance), 1);
}

#[tokio::test(start_paused = true)]
async fn a_request_without_a_session_gets_one_and_keeps_it() {
    let instance = seeded();
    let token = token(&instance).await;
    let first = post(&instance, &token, None).await;
    let cookie = first.headers()["set-cookie"]
        .to_str()
        .unwrap()
        .split(';')
        .next()
        .unwrap()
        .to_owned();
    assert!(cookie.starts_with("JSESSIONID="));
    let second = post(&instance, &token, Some(&cookie)).await;
    assert!(!second.headers().contains_key("set-cookie"));
}
