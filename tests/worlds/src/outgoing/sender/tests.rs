//! The program's sender, over loopback ports.

use std::collections::VecDeque;
use std::net::SocketAddr;
use std::sync::{Arc, Mutex};

use bytes::Bytes;
use http::{HeaderMap, Request, Response, StatusCode};
use http_body_util::{BodyExt, Full};
use hyper::body::Incoming;
use hyper_util::rt::TokioIo;
use serde_json::Value;
use tokio::net::TcpListener;
use tokio::sync::Notify;

use super::*;
use crate::clock::Clock;
use crate::outgoing::{Destination, Retries};
use crate::server::{Server, tls};
use crate::servicenow::ServiceNow;

const SECRET: &str = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw";
const ANY_PORT: &str = "127.0.0.1:0";
const OFTEN: Duration = Duration::from_millis(20);

/// A webhook that notes what it gets and answers what it was told, 202 after that.
#[derive(Clone)]
struct Receiver {
    address: SocketAddr,
    seen: Arc<Seen>,
}

#[derive(Default)]
struct Seen {
    requests: Mutex<Vec<(String, HeaderMap, Bytes)>>,
    answers: Mutex<VecDeque<u16>>,
    arrived: Notify,
    /// How many answers are being given, and how many were at most.
    open: Mutex<(usize, usize)>,
}

impl Receiver {
    async fn start(tasks: &mut JoinSet<()>, answers: &[u16]) -> Receiver {
        let listener = TcpListener::bind(ANY_PORT).await.unwrap();
        let address = listener.local_addr().unwrap();
        let seen = Arc::new(Seen {
            answers: Mutex::new(answers.iter().copied().collect()),
            ..Seen::default()
        });
        let receiver = Receiver { address, seen };
        let serving = receiver.clone();
        tasks.spawn(async move {
            let mut connections = JoinSet::new();
            loop {
                let (stream, _) = listener.accept().await.unwrap();
                let receiver = serving.clone();
                connections.spawn(async move {
                    let service = hyper::service::service_fn(|request| receiver.answer(request));
                    let http = hyper::server::conn::http1::Builder::new();
                    drop(http.serve_connection(TokioIo::new(stream), service).await);
                });
            }
        });
        receiver
    }

    async fn answer(&self, request: Request<Incoming>) -> hyper::Result<Response<Full<Bytes>>> {
        let (parts, body) = request.into_parts();
        let body = body.collect().await?.to_bytes();
        {
            let mut open = self.seen.open.lock().unwrap();
            open.0 += 1;
            open.1 = open.1.max(open.0);
        }
        tokio::time::sleep(Duration::from_millis(5)).await;
        self.seen.open.lock().unwrap().0 -= 1;
        let status = self.seen.answers.lock().unwrap().pop_front().unwrap_or(202);
        let mut requests = self.seen.requests.lock().unwrap();
        requests.push((parts.uri.path().to_owned(), parts.headers, body));
        self.seen.arrived.notify_one();
        let mut response = Response::new(Full::default());
        *response.status_mut() = StatusCode::from_u16(status).unwrap();
        Ok(response)
    }

    /// The requests, as soon as there are so many.
    async fn requests(&self, count: usize) -> Vec<(String, HeaderMap, Bytes)> {
        loop {
            let requests = self.seen.requests.lock().unwrap().clone();
            if requests.len() >= count {
                return requests;
            }
            let arrived = tokio::time::timeout(Duration::from_secs(20), self.seen.arrived.notified()).await;
            arrived.unwrap_or_else(|_| panic!("only {} of {count} requests came", requests.len()));
        }
    }
}

/// An instance whose rules run at once, and a sender that looks often.
fn telling(tasks: &mut JoinSet<()>, base: &str, client: Client, every: Duration) -> ServiceNow {
    let instance = ServiceNow::seeded(Clock::System);
    instance.guess(|guesses| guesses.async_rule_delay_milliseconds = 0);
    instance.send_events(Destination::new(base, "servicenow", SECRET).unwrap());
    instance.retry_events(Retries {
        first_wait: OFTEN,
        longest_wait: OFTEN,
        attempts: 5,
    });
    let world = World::ServiceNow(instance.clone());
    tasks.spawn(async move { match run(world, client, every).await {} });
    instance
}

/// The states and errors in the outbox, when none is new any more.
async fn settled(instance: &ServiceNow) -> Vec<(String, String)> {
    for _ in 0..1000 {
        let mut rows = instance.rows("x_gridlink_outbox");
        if !rows.is_empty() && rows.iter().all(|row| row["state"] != "new") {
            return rows
                .iter_mut()
                .map(|row| (row["state"].clone(), row["last_error"].clone()))
                .collect();
        }
        tokio::time::sleep(OFTEN).await;
    }
    panic!("the outbox does not settle: {:?}", instance.rows("x_gridlink_outbox"));
}

#[tokio::test]
async fn changes_arrive_signed_over_a_socket_and_failed_ones_again() {
    let mut tasks = JoinSet::new();
    let receiver = Receiver::start(&mut tasks, &[503, 401]).await;
    let base = format!("http://{}/live", receiver.address);
    let instance = telling(&mut tasks, &base, Client::new(None).unwrap(), OFTEN);
    let id = instance.insert("incident", &[("short_description", "over a socket")]);
    let requests = receiver.requests(3).await;
    let webhook = standardwebhooks::Webhook::new(SECRET).unwrap();
    for (path, headers, body) in &requests {
        assert_eq!(path, "/live/hooks/servicenow");
        assert_eq!(headers["content-type"], "application/cloudevents+json");
        webhook.verify(body, headers).unwrap();
        let event: Value = serde_json::from_slice(body).unwrap();
        assert_eq!(event["id"], format!("incident/{id}/0"));
        assert_eq!(headers["webhook-id"], format!("incident/{id}/0"));
    }
    assert_eq!(settled(&instance).await, [("sent".to_owned(), "401".to_owned())]);
    assert_eq!(receiver.requests(3).await.len(), 3);
}

#[tokio::test]
async fn four_connections_carry_many_records() {
    let mut tasks = JoinSet::new();
    let receiver = Receiver::start(&mut tasks, &[]).await;
    let base = format!("http://{}", receiver.address);
    let instance = telling(&mut tasks, &base, Client::new(None).unwrap(), OFTEN);
    for number in 0..40 {
        instance.insert("incident", &[("short_description", &format!("number {number}"))]);
    }
    receiver.requests(40).await;
    assert_eq!(settled(&instance).await.len(), 40);
    assert_eq!(receiver.seen.open.lock().unwrap().1, 4);
}

#[tokio::test]
async fn a_drain_does_not_wait_for_the_job_s_time() {
    let mut tasks = JoinSet::new();
    let receiver = Receiver::start(&mut tasks, &[]).await;
    let base = format!("http://{}", receiver.address);
    let an_hour = Duration::from_secs(3600);
    let instance = telling(&mut tasks, &base, Client::new(None).unwrap(), an_hour);
    let server = Server::bind(World::ServiceNow(instance.clone()), ANY_PORT.parse().unwrap(), None)
        .await
        .unwrap();
    let drain = format!("{}/_world/drain", server.url().unwrap());
    tasks.spawn(async move { match server.run().await {} });
    tokio::time::sleep(OFTEN).await;
    instance.insert("incident", &[("short_description", "x")]);
    let request = Request::post(drain).body(Bytes::new()).unwrap();
    let answer = Client::new(None).unwrap().post(request).await;
    assert!(matches!(answer, Outcome::Answered { status: 200, .. }), "{answer:?}");
    receiver.requests(1).await;
}

#[tokio::test]
async fn a_receiver_that_is_not_there_is_explained() {
    let mut tasks = JoinSet::new();
    let free = TcpListener::bind(ANY_PORT).await.unwrap().local_addr().unwrap();
    let instance = telling(&mut tasks, &format!("http://{free}"), Client::new(None).unwrap(), OFTEN);
    instance.insert("incident", &[("short_description", "x")]);
    let settled = settled(&instance).await;
    let (state, error) = &settled[0];
    assert_eq!(state, "dead");
    assert!(
        error.starts_with("given up after 5 tries: ") && error.contains("refused"),
        "{error}"
    );
    assert!(!error.contains("hooks"), "{error}");
}

/// A world answers there, which knows no webhook: that it answers at all is the point.
#[tokio::test]
async fn a_receiver_below_localhost_with_a_certificate_of_ours_is_reached_over_tls() {
    let host = "a1b2.execute-api.localhost";
    let made = rcgen::generate_simple_self_signed([host.to_owned()]).unwrap();
    let folder = std::env::temp_dir().join(format!("worlds-events-{}", std::process::id()));
    std::fs::create_dir_all(&folder).unwrap();
    let (certificate, key) = (folder.join("cert.pem"), folder.join("key.pem"));
    std::fs::write(&certificate, made.cert.pem()).unwrap();
    std::fs::write(&key, made.signing_key.serialize_pem()).unwrap();
    let world = World::ServiceNow(ServiceNow::new(Clock::System));
    let acceptor = Some(tls(&certificate, &key, None).unwrap());
    let server = Server::bind(world, ANY_PORT.parse().unwrap(), acceptor).await.unwrap();
    let port = server.url().unwrap().rsplit_once(':').unwrap().1.to_owned();
    let mut tasks = JoinSet::<()>::new();
    tasks.spawn(async move { match server.run().await {} });

    let post = |client: Client| {
        let request = Request::post(format!("https://{host}:{port}/hooks/servicenow"));
        async move { client.post(request.body(Bytes::new()).unwrap()).await }
    };
    let known = post(Client::new(Some(&certificate)).unwrap()).await;
    assert!(matches!(known, Outcome::Answered { status: 404, .. }), "{known:?}");
    let unknown = post(Client::new(None).unwrap()).await;
    assert!(
        matches!(&unknown, Outcome::Unanswered(reason) if reason.contains("certificate")),
        "{unknown:?}"
    );
    let error = Client::new(Some(&folder.join("none.pem"))).unwrap_err();
    assert!(error.to_string().contains("none.pem cannot be used"), "{error}");
    std::fs::write(&key, "").unwrap();
    let error = Client::new(Some(&key)).unwrap_err();
    assert!(error.to_string().contains("it holds no certificate"), "{error}");
    std::fs::remove_dir_all(&folder).unwrap();
}
