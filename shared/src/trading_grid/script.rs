//! Answers by script: a Trading Grid, a community and a Secrets Manager in this process that say what a
//! test wants them to, and keep what they were asked.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex};

use bytes::Bytes;
use http::{HeaderMap, Method, Response};
use http_body_util::BodyExt;
use serde_json::{Value, json};
use url::Url;

use super::access::{Access, Authentication};
use super::collaboration::{Binding, Collaboration, Settings};
use crate::aws::Aws;
use crate::clock::Clock;
use crate::config::AwsConfig;
use crate::domain::Timestamp;
use crate::http::{Transport, TransportError};
use crate::secrets::Secrets;

/// A request as it arrived.
#[derive(Debug, Clone)]
pub(super) struct Seen {
    pub(super) method: Method,
    /// Path and query, without the host.
    pub(super) path: String,
    pub(super) headers: HeaderMap,
    pub(super) body: Bytes,
}

/// What a request is answered with.
#[derive(Debug, Clone)]
pub(super) enum Say {
    /// An answer: status, media type, body.
    Answer(u16, &'static str, Bytes, Vec<(&'static str, String)>),
    /// Nothing: the answer is lost.
    Lost,
}

impl Say {
    pub(super) fn json(status: u16, body: &Value) -> Self {
        Say::Answer(status, "application/json", body.to_string().into(), Vec::new())
    }

    pub(super) fn text(status: u16, media_type: &'static str, body: &str) -> Self {
        Say::Answer(status, media_type, Bytes::copy_from_slice(body.as_bytes()), Vec::new())
    }

    pub(super) fn problem(status: u16, name: &str, more: Value) -> Self {
        let mut body = json!({
            "type": format!("urn:gridlink:problem:{name}"), "title": "No", "status": status, "detail": "because",
        });
        if let (Some(body), Value::Object(more)) = (body.as_object_mut(), more) {
            body.extend(more);
        }
        Say::Answer(status, "application/problem+json", body.to_string().into(), Vec::new())
    }

    pub(super) fn with_header(self, name: &'static str, value: impl Into<String>) -> Self {
        match self {
            Say::Answer(status, media_type, body, mut headers) => {
                headers.push((name, value.into()));
                Say::Answer(status, media_type, body, headers)
            }
            Say::Lost => Say::Lost,
        }
    }
}

/// The script: tokens are given out as `token-1`, `token-2`, …; what is not scripted is a fault.
#[derive(Clone)]
pub(super) struct Script(Arc<Mutex<State>>);

struct State {
    answers: VecDeque<Say>,
    seen: Vec<Seen>,
    secret: Value,
    tokens: u32,
    /// How the token endpoint answers instead.
    token_answer: Option<Say>,
}

impl Script {
    /// Answers these, in order.
    pub(super) fn new(answers: impl IntoIterator<Item = Say>) -> Self {
        Self(Arc::new(Mutex::new(State {
            answers: answers.into_iter().collect(),
            seen: Vec::new(),
            secret: json!({
                "client_id": "id", "client_secret": "s3cret", "api_key": "k3y",
                "username": "ada", "password": "p4ss",
            }),
            tokens: 0,
            token_answer: None,
        })))
    }

    pub(super) fn hold(&self, secret: Value) {
        self.0.lock().unwrap().secret = secret;
    }

    /// Answers this after everything that is scripted.
    pub(super) fn say(&self, say: Say) {
        self.0.lock().unwrap().answers.push_back(say);
    }

    pub(super) fn answer_tokens_with(&self, say: Say) {
        self.0.lock().unwrap().token_answer = Some(say);
    }

    /// The requests so far, without those for secrets.
    pub(super) fn seen(&self) -> Vec<Seen> {
        self.0.lock().unwrap().seen.clone()
    }

    /// The requests so far that were not for tokens.
    pub(super) fn asked(&self) -> Vec<Seen> {
        let mut seen = self.seen();
        seen.retain(|seen| !seen.path.starts_with("/v1/oauth2/tokens"));
        seen
    }

    pub(super) fn access(&self, authentication: Authentication) -> Access {
        let (transport, secrets, clock) = self.outside();
        let token_url = at("https://grid.test/v1/oauth2/tokens");
        Access::new(
            transport,
            authentication,
            token_url,
            "trading-grid".to_owned(),
            secrets,
            clock,
        )
    }

    pub(super) fn collaboration(&self, binding: &str) -> Collaboration {
        let (transport, secrets, clock) = self.outside();
        let settings = Settings {
            url: at("https://community.test/collaboration/v1"),
            binding: Binding::parse(binding).unwrap(),
            token_url: at("https://grid.test/v1/oauth2/tokens"),
            secret: "trading-grid".to_owned(),
        };
        Collaboration::new(transport, settings, secrets, clock)
    }

    /// The way to everything that is scripted, the secrets among it, and the time.
    pub(super) fn outside(&self) -> (Transport, Arc<Secrets>, Clock) {
        let clock = Clock::following_tokio(Timestamp::from_millis(1_795_424_400_000));
        let aws = AwsConfig {
            region: "eu-central-1".to_owned(),
            access_key_id: "AKID".to_owned(),
            secret_access_key: "secret".to_owned().into(),
            session_token: None,
            endpoint: None,
        };
        let script = self.clone();
        let transport = Transport::InProcess(Arc::new(move |request| {
            let script = script.clone();
            Box::pin(async move {
                let (parts, body) = request.into_parts();
                let body = body.collect().await.map_err(TransportError::lost)?.to_bytes();
                let path = parts.uri.path_and_query().map_or_else(String::new, ToString::to_string);
                let seen = Seen {
                    method: parts.method,
                    path,
                    headers: parts.headers,
                    body,
                };
                script.answer(seen)
            })
        }));
        let aws = Aws::new(aws, transport.clone(), clock.clone());
        (transport, Arc::new(Secrets::new(aws.secrets(), clock.clone())), clock)
    }

    fn answer(&self, seen: Seen) -> Result<Response<Bytes>, TransportError> {
        let mut state = self.0.lock().unwrap();
        let say = if seen.headers.contains_key("x-amz-target") {
            let secret = state.secret.to_string();
            Say::text(
                200,
                "application/x-amz-json-1.1",
                &json!({ "SecretString": secret }).to_string(),
            )
        } else if seen.path.starts_with("/v1/oauth2/tokens") {
            state.seen.push(seen);
            state.tokens += 1;
            let token = json!({ "access_token": format!("token-{}", state.tokens), "expires_in": 36_000 });
            state.token_answer.clone().unwrap_or_else(|| Say::json(200, &token))
        } else {
            let say = state
                .answers
                .pop_front()
                .unwrap_or_else(|| panic!("nothing is scripted for {seen:?}"));
            state.seen.push(seen);
            say
        };
        match say {
            Say::Answer(status, media_type, body, headers) => {
                let mut response = Response::builder().status(status).header("content-type", media_type);
                for (name, value) in headers {
                    response = response.header(name, value);
                }
                response.body(body).map_err(TransportError::lost)
            }
            Say::Lost => Err(TransportError::lost(anyhow::anyhow!("reset"))),
        }
    }
}

pub(super) fn at(url: &str) -> Url {
    Url::parse(url).unwrap()
}
