//! The way of every call into a world: body, faults, effect, answer, call log.

use std::sync::Mutex;
use std::time::Duration;

use bytes::Bytes;
use http::header::{CONTENT_LENGTH, HeaderName, LOCATION};
use http::request::Parts;
use http::{Request, Response, StatusCode};
use serde_json::{Value, json};
use time::OffsetDateTime;

use crate::admin;
use crate::answer::{self, Dropped, SlowDrip, Truncated};
use crate::body::{self, Received, WorldBody};
use crate::calls::{self, CallRecord};
use crate::clock::{self, Clock};
use crate::knobs::{BatchStop, Fault, Knobs, Plan};
use crate::lines::Turn;

/// When a request takes effect.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Moment {
    /// The time that rows and tokens are stamped with.
    pub(crate) at: OffsetDateTime,
    pub(crate) credentials: Credentials,
}

/// How the credentials of a request are judged.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Credentials {
    /// By whether they are good at the time of the effect.
    Judge,
    /// They were good when the request arrived, which is enough for a late effect.
    WereGood,
}

impl Moment {
    /// Whether a token with this end of life opens the door.
    pub(crate) fn accepts(self, expires: OffsetDateTime) -> bool {
        match self.credentials {
            Credentials::Judge => self.at < expires,
            Credentials::WereGood => true,
        }
    }
}

/// What the gate needs of a world.
pub(crate) trait World {
    /// Carries out a request that arrived completely.
    fn handle(&self, moment: Moment, parts: &Parts, body: &Bytes) -> Response<Bytes>;
    /// Whether the credentials of a request are good.
    fn admits(&self, moment: Moment, parts: &Parts) -> bool;
    /// Waits until the request may run, for as long as what it gives is kept; the answer of one that may not wait.
    async fn enter(&self, _parts: &Parts) -> Result<Vec<Turn>, Response<Bytes>> {
        Ok(Vec::new())
    }
    /// How long a request may run before it is cancelled.
    fn quota(&self, _parts: &Parts) -> Option<Duration> {
        None
    }
    /// The system's own form of an error answer.
    fn failure(&self, status: StatusCode, message: &str, detail: &str) -> Response<Bytes>;
    /// Ends the life of every token.
    fn expire_tokens(&self, now: OffsetDateTime);
    /// An admin route of this world only; the path is without `/_world`.
    fn admin(&self, now: OffsetDateTime, parts: &Parts, body: &Bytes) -> Option<Response<Bytes>>;
    /// Back to how the world was made.
    fn restart(&self, now: OffsetDateTime);
}

/// What both worlds share.
#[derive(Debug)]
pub(crate) struct Gate {
    pub(crate) clock: Clock,
    pub(crate) knobs: Knobs,
    calls: Mutex<Vec<CallRecord>>,
    late: Mutex<Vec<Late>>,
}

/// A request whose effect is still to come.
#[derive(Debug)]
struct Late {
    due: OffsetDateTime,
    parts: Parts,
    body: Bytes,
}

impl Gate {
    pub(crate) fn new(clock: Clock) -> Gate {
        Gate {
            clock,
            knobs: Knobs::default(),
            calls: Mutex::default(),
            late: Mutex::default(),
        }
    }

    pub(crate) async fn pass(&self, world: &impl World, request: Request<WorldBody>) -> Response<Bytes> {
        let (parts, body) = request.into_parts();
        if parts.uri.path().starts_with("/_world/") {
            let received = body::receive(&parts.headers, body).await;
            return admin::serve(self, world, &parts, &received.bytes);
        }
        let arrived = self.clock.now();
        let plan = self.knobs.plan(parts.method.as_str(), parts.uri.path(), arrived);
        let received = body::receive(&parts.headers, body).await;
        let number = self.begin(calls::arrived(
            clock::milliseconds(arrived),
            &parts,
            &received,
            plan.name.clone(),
        ));
        let response = match world.enter(&parts).await {
            Err(full) => full,
            Ok(turns) => {
                let response = self.run(world, &plan, parts, received).await;
                drop(turns);
                response
            }
        };
        self.end(number, &response);
        response
    }

    /// Takes the time that the faults ask for, at most that of the world's quota, and has the effect between.
    async fn run(&self, world: &impl World, plan: &Plan, parts: Parts, received: Received) -> Response<Bytes> {
        let quota = world.quota(&parts).unwrap_or(Duration::MAX);
        // A fault that decides the call decides it at its own time.
        let is_too_slow = plan.decided.is_none() && plan.before + plan.after > quota;
        wait(if is_too_slow {
            plan.before.min(quota)
        } else {
            plan.before
        })
        .await;
        self.settle(world);
        if plan.expire_tokens {
            world.expire_tokens(self.clock.now());
        }
        let mut response = if !received.is_complete {
            world.failure(
                StatusCode::BAD_REQUEST,
                "Exception while reading request",
                "The request body is incomplete",
            )
        } else if is_too_slow && plan.before > quota && world.admits(self.judged_now(), &parts) {
            error_inside_200(None)
        } else {
            self.carry_out(world, plan, parts, received.bytes)
        };
        set_headers(&mut response, &plan.headers);
        if is_too_slow && plan.before <= quota && response.status() != StatusCode::UNAUTHORIZED {
            let rest = quota - plan.before;
            wait(rest).await;
            return cancelled(response, rest, plan.after);
        }
        wait(plan.after).await;
        response
    }

    fn judged_now(&self) -> Moment {
        Moment {
            at: self.clock.now(),
            credentials: Credentials::Judge,
        }
    }

    /// Carries out every late request that is due, each at its own time.
    pub(crate) fn settle(&self, world: &impl World) {
        loop {
            let now = self.clock.now();
            let next = {
                let mut late = self.late.lock().expect("no late request panics");
                let due = late
                    .iter()
                    .enumerate()
                    .filter(|(_, one)| one.due <= now)
                    .min_by_key(|(_, one)| one.due);
                due.map(|(index, _)| index).map(|index| late.remove(index))
            };
            let Some(next) = next else { return };
            world.handle(
                Moment {
                    at: next.due,
                    credentials: Credentials::WereGood,
                },
                &next.parts,
                &next.body,
            );
        }
    }

    pub(crate) fn calls(&self) -> Vec<CallRecord> {
        self.calls.lock().expect("no call record panics").clone()
    }

    pub(crate) fn forget_calls(&self) {
        self.calls.lock().expect("no call record panics").clear();
    }

    pub(crate) fn forget(&self) {
        self.knobs.clear();
        self.late.lock().expect("no late request panics").clear();
        self.forget_calls();
    }

    fn carry_out(&self, world: &impl World, plan: &Plan, parts: Parts, body: Bytes) -> Response<Bytes> {
        let moment = self.judged_now();
        let now = moment.at;
        let effect = || world.handle(moment, &parts, &body);
        match &plan.decided {
            // The first three never decide a call.
            None | Some(Fault::Latency { .. } | Fault::TokenExpiry | Fault::RateLimit { .. }) => effect(),
            Some(Fault::Status { status, headers, body }) => {
                let limit = plan.headers.get("x-ratelimit-limit").map(String::as_str);
                let mut response = refusal(world, *status, body.as_deref(), limit);
                set_headers(&mut response, headers);
                response
            }
            Some(Fault::Drop) => answer::dropped(),
            Some(Fault::CommitThenDrop) => {
                effect();
                answer::dropped()
            }
            Some(Fault::CommitLate { seconds }) => {
                let due = now + std::time::Duration::from_secs(*seconds);
                if world.admits(moment, &parts) {
                    self.late
                        .lock()
                        .expect("no late request panics")
                        .push(Late { due, parts, body });
                }
                answer::dropped()
            }
            Some(Fault::CommitThenStatus { status }) => {
                effect();
                refusal(world, *status, None, None)
            }
            Some(Fault::AcceptedAndDropped) => answer::empty(StatusCode::ACCEPTED),
            Some(Fault::ErrorInside200 { effect: wanted }) => {
                let reads_only = parts.method == http::Method::GET;
                error_inside_200((*wanted || reads_only).then(effect))
            }
            Some(Fault::TruncatedBody { announced }) => truncated(effect(), *announced),
            Some(Fault::HtmlPage) => answer::typed(StatusCode::OK, "text/html;charset=UTF-8", LOGIN_PAGE),
            Some(Fault::Redirect { location }) => {
                let mut response = answer::empty(StatusCode::FOUND);
                answer::set(&mut response, LOCATION, location);
                response
            }
            Some(Fault::BatchStop { after_items }) => {
                let mut parts = parts;
                parts.extensions.insert(BatchStop {
                    after_items: *after_items,
                });
                world.handle(moment, &parts, &body)
            }
            Some(Fault::SlowDrip {
                chunk_bytes,
                pause_milliseconds,
            }) => {
                let pause = std::time::Duration::from_millis(*pause_milliseconds);
                let mut response = effect();
                response.extensions_mut().insert(SlowDrip {
                    chunk_bytes: (*chunk_bytes).max(1),
                    pause,
                });
                response
            }
        }
    }

    fn begin(&self, call: CallRecord) -> usize {
        let mut calls = self.calls.lock().expect("no call record panics");
        calls.push(call);
        calls.len() - 1
    }

    fn end(&self, number: usize, response: &Response<Bytes>) {
        let answer_lost = response.extensions().get::<Dropped>().is_some();
        if let Some(call) = self.calls.lock().expect("no call record panics").get_mut(number) {
            call.status = (!answer_lost).then(|| response.status().as_u16());
            call.answer_lost = answer_lost;
        }
    }
}

fn refusal(world: &impl World, status: u16, body: Option<&str>, limit: Option<&str>) -> Response<Bytes> {
    let status = StatusCode::from_u16(status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
    match body {
        Some(body) if body.trim_start().starts_with(['{', '[']) => {
            answer::typed(status, "application/json", body.to_owned())
        }
        Some(body) => answer::typed(status, "text/html", body.to_owned()),
        None if status == StatusCode::TOO_MANY_REQUESTS => {
            let detail = match limit {
                Some(limit) => format!("Rate limit of {limit} requests per hour exceeded"),
                None => "Rate limit exceeded".to_owned(),
            };
            world.failure(status, "Rate limit exceeded", &detail)
        }
        None => world.failure(
            status,
            status.canonical_reason().unwrap_or("Failure"),
            "A fault rule asked for this",
        ),
    }
}

/// Waits; no time is no wait at all, not even the millisecond that Tokio's timer rounds up to.
async fn wait(time: std::time::Duration) {
    if !time.is_zero() {
        tokio::time::sleep(time).await;
    }
}

/// What is left of an answer whose rendering was cancelled: of a list the rows that were ready, of a record nothing.
fn cancelled(response: Response<Bytes>, ready: Duration, needed: Duration) -> Response<Bytes> {
    let (mut parts, body) = response.into_parts();
    let mut sent: Value = serde_json::from_slice(&body).unwrap_or_default();
    match sent.get_mut("result") {
        Some(Value::Array(rows)) => {
            let share = rows.len() as u128 * ready.as_millis() / needed.as_millis().max(1);
            rows.truncate(usize::try_from(share).unwrap_or(usize::MAX));
        }
        _ => sent = json!({}),
    }
    let (cut, body) = error_inside_200(Some(answer::json(StatusCode::OK, &sent))).into_parts();
    parts.status = cut.status;
    parts.headers.extend(cut.headers);
    Response::from_parts(parts, body)
}

/// What ServiceNow sends when a transaction is cancelled while the answer is already being written.
fn error_inside_200(effect: Option<Response<Bytes>>) -> Response<Bytes> {
    let message = "Transaction cancelled: maximum execution time exceeded";
    let detail = format!(
        "{message} Check logs for error trace or enable glide.rest.debug property to verify REST \
                          request processing"
    );
    let sent: Option<Value> = effect.and_then(|response| serde_json::from_slice(response.body()).ok());
    let mut body = sent.filter(Value::is_object).unwrap_or_else(|| json!({}));
    body["error"] = json!({ "message": message, "detail": detail });
    body["status"] = json!("failure");
    answer::json(StatusCode::OK, &body)
}

fn truncated(mut response: Response<Bytes>, announced: bool) -> Response<Bytes> {
    let whole = response.body().len();
    let half = response.body().slice(..whole / 2);
    *response.body_mut() = half;
    let length = if announced { whole } else { whole / 2 };
    answer::set(&mut response, CONTENT_LENGTH, &length.to_string());
    if announced {
        response.extensions_mut().insert(Truncated { announced: whole });
    }
    response
}

fn set_headers(response: &mut Response<Bytes>, headers: &std::collections::BTreeMap<String, String>) {
    for (name, value) in headers {
        if let Ok(name) = name.parse::<HeaderName>() {
            answer::set(response, name, value);
        }
    }
}

const LOGIN_PAGE: &str = "<!DOCTYPE html><html><head><title>Log in</title></head><body>\
    <form action=\"login.do\" method=\"post\"><input name=\"user_name\"><input name=\"user_password\" \
    type=\"password\"></form></body></html>";
