//! Webhooks behind API Gateway: verify, parse, accept, ring, and only then 202.

use std::collections::HashMap;
use std::sync::Arc;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use serde::{Deserialize, Serialize};
use serde_json::json;

use crate::aws::Aws;
use crate::clock::Clock;
use crate::config::Config;
use crate::domain::SenderName;
use crate::event::{Event, MAX_BYTES};
use crate::failure::chain;
use crate::http::Transport;
use crate::mapping::Mapping;
use crate::queue::Queue;
use crate::secrets::Secrets;
use crate::signature::{self, Headers, Unverified, Verified};
use crate::store::{Accepted, Store};
use crate::telemetry::{self, Metric};

/// The members that we use of a REST API's proxy request.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct WebhookRequest {
    #[serde(default)]
    path_parameters: Option<HashMap<String, String>>,
    #[serde(default)]
    multi_value_headers: Option<HashMap<String, Vec<String>>>,
    #[serde(default)]
    headers: Option<HashMap<String, String>>,
    #[serde(default)]
    body: Option<String>,
    #[serde(default)]
    is_base64_encoded: bool,
}

/// The proxy answer.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct WebhookAnswer {
    /// The status code.
    pub status_code: u16,
    /// The headers.
    pub headers: HashMap<&'static str, String>,
    /// JSON; problem details (RFC 9457) unless the status is 202.
    pub body: String,
}

/// Why a request was not accepted.
struct Problem {
    status: u16,
    title: &'static str,
    detail: String,
}

/// Accepts events.
pub struct Ingress {
    store: Store,
    queue: Queue,
    secrets: Secrets,
    secret_prefix: String,
    mapping: Arc<Mapping>,
    clock: Clock,
}

impl Ingress {
    /// An ingress that sends over `transport` and reads `clock`.
    pub fn new(
        config: &Config,
        secret_prefix: String,
        mapping: Arc<Mapping>,
        transport: Transport,
        clock: Clock,
    ) -> Self {
        let aws = Aws::new(config.aws.clone(), transport, clock.clone());
        Self {
            store: Store::new(config, &aws, clock.clone()),
            queue: Queue::new(config, &aws, clock.clone()),
            secrets: Secrets::new(aws.secrets(), clock.clone()),
            secret_prefix,
            mapping,
            clock,
        }
    }

    /// Fetches the keys of the senders ahead of the first request; what fails is fetched then.
    pub async fn warm_up(&self) {
        for sender in self.mapping.senders() {
            let _ = self.keys(sender, false).await;
        }
    }

    /// Answers one request.
    pub async fn handle(&self, request: WebhookRequest, request_id: &str) -> WebhookAnswer {
        match self.accept(&request, request_id).await {
            Ok(id) => answer(202, "application/json", &json!({"status": "accepted", "id": id})),
            Err(problem) => {
                telemetry::count(Metric::Refused);
                tracing::warn!(status = problem.status, title = problem.title, detail = %problem.detail, "not accepted");
                let body = json!({
                    "type": "about:blank",
                    "title": problem.title,
                    "status": problem.status,
                    "detail": problem.detail,
                    "requestId": request_id,
                });
                let mut answer = answer(problem.status, "application/problem+json", &body);
                if problem.status == 503 {
                    answer.headers.insert("Retry-After", "10".to_owned());
                }
                answer
            }
        }
    }

    async fn accept(&self, request: &WebhookRequest, request_id: &str) -> Result<String, Problem> {
        let sender = self.sender(request)?;
        let rule = self.mapping.sender(&sender).ok_or_else(|| unknown_sender(&sender))?;
        let body = request.bytes()?;
        let verified = self.verify(&sender, request, &body).await?;
        let media_type = request
            .header("content-type")
            .unwrap_or_default()
            .split(';')
            .next()
            .unwrap_or_default()
            .trim();
        if !media_type.eq_ignore_ascii_case("application/cloudevents+json") {
            return Err(problem(
                415,
                "Unsupported media type",
                "Content-Type must be application/cloudevents+json",
            ));
        }
        let text = std::str::from_utf8(verified.body())
            .map_err(|_| problem(400, "Malformed event", "the body: must be UTF-8"))?;
        let malformed = |error: crate::event::Malformed| problem(400, "Malformed event", error.to_string());
        let event = Event::parse(&sender, text).map_err(malformed)?;
        event.check_age(self.clock.now()).map_err(malformed)?;
        if !rule.allows(&event) {
            let detail = format!("{sender} may not send {} for this company", event.kind);
            return Err(problem(403, "Not allowed", detail));
        }
        let id = event.id.to_string();
        match self.store.accept(&event).await {
            Ok(Accepted::New(stream, owner)) => {
                telemetry::count(Metric::Accepted);
                tracing::info!(event = %event.id, %stream, kind = event.kind, "accepted");
                self.queue.ring_or_leave(owner, &stream, request_id).await;
                Ok(id)
            }
            Ok(Accepted::Duplicate) => {
                telemetry::count(Metric::Duplicate);
                tracing::info!(event = %event.id, "a duplicate");
                Ok(id)
            }
            Ok(Accepted::Unrelated) => {
                telemetry::count(Metric::Unrelated);
                tracing::info!(event = %event.id, kind = event.kind, unrelated = true, "about a record that is not ours");
                Ok(id)
            }
            Ok(Accepted::Echo) => {
                telemetry::count(Metric::Echo);
                tracing::info!(event = %event.id, kind = event.kind, echo = true, "about what we wrote ourselves");
                Ok(id)
            }
            Ok(Accepted::Conflict) => {
                tracing::error!(event = %event.id, %sender, alarm = true, "an event id was used for two contents");
                Err(problem(409, "Conflict", "id: was used before for other content"))
            }
            Ok(Accepted::Foreign) => {
                tracing::error!(event = %event.id, %sender, alarm = true, "an issue was claimed by a second company");
                Err(problem(
                    403,
                    "Not allowed",
                    "data.issueId: the issue belongs to another company",
                ))
            }
            Err(error) => {
                tracing::error!(event = %event.id, error = %chain(&error), "not stored");
                Err(problem(503, "Try again", "the event was not stored; send it again"))
            }
        }
    }

    fn sender(&self, request: &WebhookRequest) -> Result<SenderName, Problem> {
        let named = request
            .path_parameters
            .as_ref()
            .and_then(|parameters| parameters.get("sender"));
        let name = named.map(String::as_str).unwrap_or_default();
        name.parse()
            .map_err(|_| problem(404, "Not found", "the path must be /hooks/{sender}"))
    }

    /// Verifies the signature, once more with keys read anew when none fits: they may have been
    /// rotated a moment ago.
    async fn verify<'a>(
        &self,
        sender: &SenderName,
        request: &WebhookRequest,
        body: &'a [u8],
    ) -> Result<Verified<'a>, Problem> {
        let headers = Headers {
            id: request.header("webhook-id"),
            timestamp: request.header("webhook-timestamp"),
            signature: request.header("webhook-signature"),
        };
        for suspect in [false, true] {
            let keys = self.keys(sender, suspect).await?;
            match signature::verify(&keys, &headers, body, self.clock.now()) {
                Ok(verified) => return Ok(verified),
                Err(Unverified::Signature) if !suspect => {}
                Err(error) => return Err(problem(401, "Not verified", error.to_string())),
            }
        }
        Err(problem(401, "Not verified", Unverified::Signature.to_string()))
    }

    async fn keys(&self, sender: &SenderName, suspect: bool) -> Result<Vec<signature::Key>, Problem> {
        let name = format!("{}{sender}", self.secret_prefix);
        let secrets = self
            .secrets
            .current_and_previous(&name, suspect)
            .await
            .map_err(|error| {
                tracing::error!(%sender, error = %chain(error.as_ref()), "no keys");
                problem(503, "Try again", "the keys of this sender cannot be read now")
            })?;
        let mut keys = Vec::new();
        for secret in &secrets {
            match signature::keys(secret) {
                Ok(more) => keys.extend(more),
                Err(error) => tracing::error!(secret = name, error, "a webhook secret is not usable"),
            }
        }
        Ok(keys)
    }
}

impl WebhookRequest {
    /// A header's value when it is there exactly once, whatever the case of its name.
    fn header(&self, name: &str) -> Option<&str> {
        let multiple = self.multi_value_headers.as_ref().map(|headers| {
            let mut values = headers
                .iter()
                .filter(|(found, _)| found.eq_ignore_ascii_case(name))
                .flat_map(|(_, values)| values.iter().map(String::as_str));
            (values.next(), values.next())
        });
        if let Some((Some(first), second)) = multiple {
            return if second.is_none() { Some(first) } else { None };
        }
        let mut single = self
            .headers
            .as_ref()?
            .iter()
            .filter(|(found, _)| found.eq_ignore_ascii_case(name));
        match (single.next(), single.next()) {
            (Some((_, value)), None) => Some(value),
            _ => None,
        }
    }

    /// The raw bytes, as the sender signed them.
    fn bytes(&self) -> Result<Vec<u8>, Problem> {
        let too_large = || problem(413, "Too large", format!("an event may have at most {MAX_BYTES} bytes"));
        let body = self.body.as_deref().unwrap_or_default();
        if body.len() > MAX_BYTES.div_ceil(3) * 4 + 4 {
            return Err(too_large());
        }
        let bytes = if self.is_base64_encoded {
            STANDARD
                .decode(body)
                .map_err(|_| problem(400, "Malformed event", "the body: is not base64"))?
        } else {
            body.as_bytes().to_vec()
        };
        if bytes.len() > MAX_BYTES {
            Err(too_large())
        } else {
            Ok(bytes)
        }
    }
}

fn unknown_sender(sender: &SenderName) -> Problem {
    problem(404, "Not found", format!("{sender} is not a sender of this deployment"))
}

fn problem(status: u16, title: &'static str, detail: impl Into<String>) -> Problem {
    Problem {
        status,
        title,
        detail: detail.into(),
    }
}

fn answer(status: u16, content_type: &str, body: &serde_json::Value) -> WebhookAnswer {
    WebhookAnswer {
        status_code: status,
        headers: HashMap::from([("Content-Type", content_type.to_owned())]),
        body: body.to_string(),
    }
}
