//! The admin routes that both worlds have: `/_world/reset`, `/_world/calls`, `/_world/knobs`.

use bytes::Bytes;
use http::request::Parts;
use http::{Method, Response, StatusCode};
use serde_json::{Value, json};

use crate::answer;
use crate::gate::{Gate, World};
use crate::knobs::Rule;

pub(crate) fn serve(gate: &Gate, world: &impl World, parts: &Parts, body: &Bytes) -> Response<Bytes> {
    gate.settle(world);
    let now = gate.clock.now();
    match (&parts.method, parts.uri.path()) {
        (&Method::POST, "/_world/reset") => {
            gate.forget();
            world.restart(now);
            done(json!({ "status": "reset" }))
        }
        (&Method::GET, "/_world/calls") => done(json!({ "calls": gate.calls() })),
        (&Method::GET, "/_world/knobs") => {
            let rules: Vec<Value> = gate
                .knobs
                .list()
                .iter()
                .map(|(rule, struck)| json!({ "rule": rule, "struck": struck }))
                .collect();
            done(json!({ "rules": rules }))
        }
        (&Method::DELETE, "/_world/knobs") => {
            gate.knobs.clear();
            done(json!({ "status": "cleared" }))
        }
        (&Method::POST, "/_world/knobs") => match serde_json::from_slice::<Rule>(body) {
            Ok(rule) => {
                gate.knobs.add(rule);
                done(json!({ "status": "added" }))
            }
            Err(error) => refused(&format!("this is not a rule: {error}")),
        },
        _ => world.admin(now, parts, body).unwrap_or_else(|| {
            answer::json(
                StatusCode::NOT_FOUND,
                &json!({ "error": "the worlds have no such admin route" }),
            )
        }),
    }
}

pub(crate) fn done(body: Value) -> Response<Bytes> {
    answer::json(StatusCode::OK, &body)
}

pub(crate) fn refused(reason: &str) -> Response<Bytes> {
    answer::json(StatusCode::BAD_REQUEST, &json!({ "error": reason }))
}
