//! `POST /api/now/v1/batch`: several requests of one caller in one.
//!
//! The items are served in order, each as a transaction of its own with the rights of the caller: there is no
//! transaction around them, and what failed undoes nothing. Where the time or a size is used up the batch stops, and
//! the ids of the rest stand in `unserviced_requests`.

mod items;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use bytes::Bytes;
use http::header::{HeaderName, SET_COOKIE};
use http::request::Parts;
use http::{Method, Response, StatusCode};
use serde_json::{Value, json};

use super::engine::{Act, State};
use super::errors::{Refusal, failure};
use super::parameters;
use super::router;
use crate::answer;
use crate::knobs::BatchStop;
use items::{Batch, Item};

/// The transaction quota of the batch.
const MILLISECONDS: u64 = 30_000;

const MEGABYTE: usize = 1024 * 1024;

pub(crate) fn serve(state: &mut State, act: Act<'_>, parts: &Parts, body: &Bytes) -> Response<Bytes> {
    if parameters::method(parts) != Method::POST {
        return failure(StatusCode::METHOD_NOT_ALLOWED, "Method not supported", None);
    }
    let parsed = parameters::check_headers(parts, &state.guesses).and_then(|()| Batch::parse(body));
    match parsed {
        Ok(batch) => run(state, act, parts, batch),
        Err(refusal) => refusal.answer(&state.guesses),
    }
}

fn run(state: &mut State, act: Act<'_>, parts: &Parts, batch: Batch) -> Response<Bytes> {
    let most_items = most_items(state, parts);
    let largest_input = size(state, "glide.rest.batch.max.inputSize", 5).min(10 * MEGABYTE);
    let largest_output = largest_output(state, parts);
    let mut serviced = Vec::new();
    let mut items = batch.items.into_iter().peekable();
    while let Some(item) = items.next_if(|item| serviced.len() < most_items && item.input_size() <= largest_input) {
        let answered = answer_to(state, act, &item);
        if answered.body().len() > largest_output && state.guesses.batch_oversized_answer_is_unserviced {
            let rest = std::iter::once(item).chain(items);
            return finished(batch.id, serviced, rest.map(|item| item.id).collect());
        }
        serviced.push(described(&item, &answered, state.guesses.batch_item_milliseconds));
    }
    finished(batch.id, serviced, items.map(|item| item.id).collect())
}

/// How many items the time is enough for, or a fault rule lets through.
fn most_items(state: &State, parts: &Parts) -> usize {
    let in_time = MILLISECONDS
        .checked_div(state.guesses.batch_item_milliseconds)
        .map_or(usize::MAX, |items| usize::try_from(items).unwrap_or(usize::MAX));
    let stop = parts.extensions.get::<BatchStop>();
    stop.map_or(in_time, |stop| in_time.min(stop.after_items))
}

fn largest_output(state: &State, parts: &Parts) -> usize {
    let largest = size(state, "glide.rest.batch.max.outputSize", 10);
    let name = HeaderName::from_static("x-batchrequest-max-output-size");
    let wanted = parameters::header(parts, &name).trim().parse::<usize>();
    wanted.map_or(largest, |wanted| {
        largest.min(wanted.saturating_mul(state.guesses.batch_size_unit))
    })
}

/// A size in bytes that a property may set.
fn size(state: &State, property: &str, default_megabytes: usize) -> usize {
    let set = state.property(property, "").trim().parse::<usize>();
    set.map_or(default_megabytes * MEGABYTE, |set| {
        set.saturating_mul(state.guesses.batch_size_unit)
    })
}

/// The answer to an item; what is no request of the API is refused as one.
fn answer_to(state: &mut State, act: Act<'_>, item: &Item) -> Response<Bytes> {
    match item.request(&state.guesses) {
        Ok((parts, body)) => router::transaction(state, act, &parts, &body),
        Err(refusal) => refusal.answer(&state.guesses),
    }
}

fn described(item: &Item, response: &Response<Bytes>, milliseconds: u64) -> Value {
    let headers = response.headers().iter().filter(|(name, _)| *name != SET_COOKIE);
    let headers: Vec<Value> = headers
        .filter(|_| !item.excludes_response_headers)
        .map(|(name, value)| json!({ "name": capitalized(name), "value": String::from_utf8_lossy(value.as_bytes()) }))
        .collect();
    json!({
        "id": item.id,
        "body": STANDARD.encode(response.body()),
        "status_code": response.status().as_u16(),
        "status_text": response.status().canonical_reason().unwrap_or_default(),
        "headers": headers,
        "execution_time": milliseconds,
    })
}

fn finished(id: String, serviced: Vec<Value>, unserviced: Vec<String>) -> Response<Bytes> {
    answer::json(
        StatusCode::OK,
        &json!({ "batch_request_id": id, "serviced_requests": serviced, "unserviced_requests": unserviced }),
    )
}

/// A header's name as people write it: `X-Total-Count`.
fn capitalized(name: &HeaderName) -> String {
    let words = name.as_str().split('-').map(|word| {
        let (first, rest) = word.split_at(word.len().min(1));
        first.to_ascii_uppercase() + rest
    });
    words.collect::<Vec<String>>().join("-")
}

/// What a body that is no batch gets.
fn malformed(detail: &str) -> Refusal {
    Refusal::bad_request("Invalid batch request", detail)
}
