//! A client with its way to an instance tapped: simulated or scripted.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex};

use bytes::Bytes;
use http::{HeaderMap, Method, Request, Response};
use http_body_util::BodyExt;
use serde_json::{Value, json};

use crate::aws::Aws;
use crate::clock::Clock;
use crate::config::AwsConfig;
use crate::domain::Timestamp;
use crate::http::{Body, Transport, TransportError};
use crate::secrets::Secrets;
use crate::servicenow::{ServiceNow, Settings};

/// The secret of the client.
pub(super) const CLIENT: &str = r#"{"client_id":"gridlink","client_secret":"gridlink"}"#;
/// The token that a script gives out.
pub(super) const TOKEN: &str = "t0ken-that-nobody-may-see";
/// 2026-11-23T09:00:00Z.
pub(super) const START: i64 = 1_795_424_400_000;

/// A request as it arrived.
#[derive(Debug, Clone)]
pub(super) struct Seen {
    pub(super) method: Method,
    pub(super) path: String,
    pub(super) parameters: Vec<(String, String)>,
    pub(super) headers: HeaderMap,
    pub(super) body: Bytes,
}

impl Seen {
    pub(super) fn parameter(&self, name: &str) -> Option<&str> {
        let found = self.parameters.iter().find(|(known, _)| known == name);
        found.map(|(_, value)| value.as_str())
    }

    pub(super) fn json(&self) -> Value {
        serde_json::from_slice(&self.body).unwrap()
    }

    pub(super) fn header(&self, name: &str) -> Option<&str> {
        self.headers.get(name)?.to_str().ok()
    }
}

/// A client, and what it sent to the instance, requests for tokens included.
pub(super) struct Desk {
    pub(super) client: ServiceNow,
    pub(super) clock: Clock,
    pub(super) seen: Arc<Mutex<Vec<Seen>>>,
    pub(super) secret: Arc<Mutex<String>>,
}

/// What comes back.
pub(super) type Answer = Result<Response<Bytes>, TransportError>;
type Respond = Arc<dyn Fn(&Seen) -> Answer + Send + Sync>;

impl Desk {
    /// Answers to calls of the API in their order; tokens are given out in between.
    pub(super) fn scripted(answers: impl IntoIterator<Item = Response<Bytes>>) -> Self {
        let answers = Mutex::new(answers.into_iter().collect::<VecDeque<_>>());
        Self::answering(CLIENT, move |seen| {
            let next = answers.lock().unwrap().pop_front();
            Ok(next.unwrap_or_else(|| panic!("nobody expected {} {}", seen.method, seen.path)))
        })
    }

    /// Answers to calls of the API; tokens are given out in between.
    pub(super) fn answering(secret: &str, respond: impl Fn(&Seen) -> Answer + Send + Sync + 'static) -> Self {
        Self::raw(secret, move |seen| match seen.path.as_str() {
            "/oauth_token.do" => {
                let token = json!({"access_token": TOKEN, "token_type": "Bearer", "expires_in": 1799});
                Ok(json_answer(200, &token))
            }
            _ => respond(seen),
        })
    }

    /// Answers to all requests to the instance, those for tokens included.
    pub(super) fn raw(secret: &str, respond: impl Fn(&Seen) -> Answer + Send + Sync + 'static) -> Self {
        let respond: Respond = Arc::new(respond);
        Self::new(secret, move |seen, _| {
            let respond = Arc::clone(&respond);
            Box::pin(async move { respond(&seen) })
        })
    }

    /// A simulated instance with the same time.
    pub(super) fn world(make: fn(worlds::Clock) -> worlds::ServiceNow) -> (Self, worlds::ServiceNow) {
        Self::world_with(CLIENT, make)
    }

    /// A simulated instance that is entered with another secret.
    pub(super) fn world_with(
        secret: &str,
        make: fn(worlds::Clock) -> worlds::ServiceNow,
    ) -> (Self, worlds::ServiceNow) {
        let origin = time::OffsetDateTime::from_unix_timestamp(START / 1000).unwrap();
        let world = make(worlds::Clock::starting_at(origin));
        let called = world.clone();
        let desk = Self::new(secret, move |_, request| {
            let world = called.clone();
            Box::pin(async move {
                let answer = world.call(request.map(worlds::full)).await;
                match answer.extensions().get::<worlds::Dropped>() {
                    Some(_) => Err(lost()),
                    None => Ok(answer),
                }
            })
        });
        (desk, world)
    }

    fn new(
        secret: &str,
        respond: impl Fn(Seen, Request<Bytes>) -> std::pin::Pin<Box<dyn Future<Output = Answer> + Send>>
        + Send
        + Sync
        + 'static,
    ) -> Self {
        let clock = Clock::following_tokio(Timestamp::from_millis(START));
        let seen = Arc::<Mutex<Vec<Seen>>>::default();
        let secret = Arc::new(Mutex::new(secret.to_owned()));
        let (log, kept, respond) = (Arc::clone(&seen), Arc::clone(&secret), Arc::new(respond));
        let transport = Transport::InProcess(Arc::new(move |request: Request<Body>| {
            let (log, kept, respond) = (Arc::clone(&log), Arc::clone(&kept), Arc::clone(&respond));
            Box::pin(async move {
                let (parts, body) = request.into_parts();
                let body = body.collect().await.map_err(TransportError::lost)?.to_bytes();
                if parts.headers.contains_key("x-amz-target") {
                    let text = kept.lock().unwrap().clone();
                    return Ok(json_answer(200, &json!({"Name": "servicenow", "SecretString": text})));
                }
                let query = parts.uri.query().unwrap_or_default();
                let one = Seen {
                    method: parts.method.clone(),
                    path: parts.uri.path().to_owned(),
                    parameters: url::form_urlencoded::parse(query.as_bytes()).into_owned().collect(),
                    headers: parts.headers.clone(),
                    body: body.clone(),
                };
                log.lock().unwrap().push(one.clone());
                // An answer takes a moment, in which others go on.
                tokio::task::yield_now().await;
                respond(one, Request::from_parts(parts, body)).await
            })
        }));
        let aws = AwsConfig {
            region: "eu-central-1".to_owned(),
            access_key_id: "AKID".to_owned(),
            secret_access_key: "secret".to_owned().into(),
            session_token: None,
            endpoint: None,
        };
        let secrets = Secrets::new(Aws::new(aws, transport.clone(), clock.clone()).secrets(), clock.clone());
        let settings = Settings {
            url: "https://instance.example".parse().unwrap(),
            secret: "servicenow".to_owned(),
        };
        Self {
            client: ServiceNow::new(transport, settings, Arc::new(secrets), clock.clone()),
            clock,
            seen,
            secret,
        }
    }

    /// The calls of the API so far, without requests for tokens.
    pub(super) fn calls(&self) -> Vec<Seen> {
        let seen = self.seen.lock().unwrap();
        seen.iter()
            .filter(|one| one.path != "/oauth_token.do")
            .cloned()
            .collect()
    }

    /// How often a token was asked for.
    pub(super) fn token_requests(&self) -> usize {
        let seen = self.seen.lock().unwrap();
        seen.iter().filter(|one| one.path == "/oauth_token.do").count()
    }
}

pub(super) fn lost() -> TransportError {
    TransportError::lost(std::io::Error::from(std::io::ErrorKind::ConnectionReset))
}

pub(super) fn answer(status: u16, media_type: &str, body: impl Into<Bytes>) -> Response<Bytes> {
    let answer = Response::builder().status(status).header("content-type", media_type);
    let answer = answer.header("x-transaction-id", "abc123");
    answer
        .header("set-cookie", "JSESSIONID=1; Path=/")
        .body(body.into())
        .unwrap()
}

pub(super) fn json_answer(status: u16, body: &Value) -> Response<Bytes> {
    answer(status, "application/json;charset=UTF-8", body.to_string())
}

/// An answer with a `result` around it.
pub(super) fn result(status: u16, result: &Value) -> Response<Bytes> {
    json_answer(status, &json!({ "result": result }))
}

/// A refusal in ServiceNow's own form.
pub(super) fn refusal(status: u16, message: &str, detail: &str) -> Response<Bytes> {
    json_answer(
        status,
        &json!({"error": {"message": message, "detail": detail}, "status": "failure"}),
    )
}

/// A page of rows of a list that has so many.
pub(super) fn page(rows: &Value, total: u64) -> Response<Bytes> {
    with(result(200, rows), "x-total-count", &total.to_string())
}

pub(super) fn with(mut answer: Response<Bytes>, header: &'static str, value: &str) -> Response<Bytes> {
    answer.headers_mut().insert(header, value.parse().unwrap());
    answer
}
