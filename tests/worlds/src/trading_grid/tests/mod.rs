//! What the simulated community must do, spoken to over its own interface.

mod acts;
mod articles;
mod community;
mod contract;
mod documents;
mod escalations;
mod faults;
mod feed;
mod issues;
mod lens;
mod onboarding;
mod push;
mod seed;
mod threads;
mod tokens;
mod users;
mod writes;

use bytes::Bytes;
use http::{Request, Response, StatusCode};
use serde_json::{Value, json};
use time::macros::datetime;

use super::collaboration::CONTRACT;
use super::{IssueSeed, TradingGrid};
use crate::answer::body_json;
use crate::body::full;
use crate::clock::Clock;
use crate::digest::repr_digest;

const MERIDIAN: &str = "GC00804444LX";
const HALVORSEN: &str = "GC51278300AS";
const NORTHWIND: &str = "GC41543822654A";
const CONTOSO: &str = "GC00804444LX01";
/// `gridlink:gridlink` in base64.
const CLIENT: &str = "Basic Z3JpZGxpbms6Z3JpZGxpbms=";

fn seeded() -> TradingGrid {
    TradingGrid::seeded(Clock::starting_at(datetime!(2026-11-22 10:00 UTC)))
}

/// A community in which Northwind has raised the issue `ISS-1`.
fn with_issue() -> TradingGrid {
    let community = seeded();
    community.open_issue(IssueSeed::new(NORTHWIND, "ISS-1", "asn_mismatch", "Quantity differs"));
    community
}

async fn token(community: &TradingGrid, authorization: &str, query: &str) -> Response<Bytes> {
    let request = Request::post(format!("/v1/oauth2/tokens{query}")).header("authorization", authorization);
    community.call(request.body(full("")).unwrap()).await
}

async fn bearer(community: &TradingGrid) -> String {
    let response = token(community, CLIENT, "?grant_type=client_credentials").await;
    format!("Bearer {}", body_json(&response)["access_token"].as_str().unwrap())
}

async fn admin(community: &TradingGrid, path: &str, body: Value) -> (StatusCode, Value) {
    let request = Request::post(format!("/_world{path}"))
        .body(full(body.to_string()))
        .unwrap();
    let response = community.call(request).await;
    (response.status(), body_json(&response))
}

/// A client of the collaboration contract; every answer is checked against the contract.
struct Desk<'a> {
    community: &'a TradingGrid,
    bearer: String,
}

/// What an answer was.
struct Answered {
    status: u16,
    body: Value,
    headers: http::HeaderMap,
    bytes: Bytes,
}

impl<'a> Desk<'a> {
    async fn new(community: &'a TradingGrid) -> Desk<'a> {
        Desk {
            community,
            bearer: bearer(community).await,
        }
    }

    async fn get(&self, path: &str) -> Answered {
        self.send("GET", path, &[], "").await
    }

    async fn put(&self, path: &str, key: &str, body: Value) -> Answered {
        self.write("PUT", path, key, body).await
    }

    async fn post(&self, path: &str, key: &str, body: Value) -> Answered {
        self.write("POST", path, key, body).await
    }

    async fn write(&self, method: &str, path: &str, key: &str, body: Value) -> Answered {
        let headers = [("content-type", "application/json"), ("idempotency-key", key)];
        self.send(method, path, &headers, &body.to_string()).await
    }

    async fn upload(&self, path: &str, key: &str, media_type: &str, bytes: &str) -> Answered {
        let (length, digest) = (bytes.len().to_string(), repr_digest(bytes.as_bytes()));
        let headers = [
            ("content-type", media_type),
            ("content-length", length.as_str()),
            ("repr-digest", digest.as_str()),
            ("idempotency-key", key),
        ];
        self.send("POST", path, &headers, bytes).await
    }

    async fn send(&self, method: &str, path: &str, headers: &[(&str, &str)], body: &str) -> Answered {
        let mut request = Request::builder()
            .method(method)
            .uri(format!("/collaboration/v1{path}"))
            .header("authorization", &self.bearer);
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        let response = self.community.call(request.body(full(body.to_owned())).unwrap()).await;
        check_against_contract(method, path, &response);
        Answered {
            status: response.status().as_u16(),
            body: serde_json::from_slice(response.body()).unwrap_or_default(),
            headers: response.headers().clone(),
            bytes: response.body().clone(),
        }
    }
}

impl Answered {
    /// The last word of the problem's type.
    fn problem(&self) -> (u16, &str) {
        let kind = self.body["type"].as_str().unwrap_or("no problem");
        (self.status, kind.rsplit(':').next().unwrap())
    }
}

/// Panics when the contract does not know the status, or its schema does not allow the body.
#[track_caller]
fn check_against_contract(method: &str, path: &str, response: &Response<Bytes>) {
    let Some(operation) = operation_at(method, path) else {
        assert!(matches!(response.status().as_u16(), 404 | 405), "{method} {path}");
        return;
    };
    let status = response.status().as_u16().to_string();
    let documented = resolved(&operation["responses"][&status]);
    assert!(
        documented.is_object(),
        "{method} {path} answered {status}, which is not documented"
    );
    let media_type = response.headers()["content-type"].to_str().unwrap();
    let media_type = media_type.split(';').next().unwrap();
    let content = &documented["content"];
    if content.get("*/*").is_some() {
        return;
    }
    let schema = &content[media_type]["schema"];
    assert!(
        schema.is_object(),
        "{method} {path} answered {status} with {media_type}"
    );
    let mut schema = schema.clone();
    schema["components"] = json!({ "schemas": CONTRACT["components"]["schemas"] });
    let validator = jsonschema::options()
        .should_validate_formats(true)
        .build(&schema)
        .unwrap();
    let body = body_json(response);
    let errors: Vec<String> = validator
        .iter_errors(&body)
        .map(|error| format!("{} {error}", error.instance_path()))
        .collect();
    assert!(errors.is_empty(), "{method} {path} {status}: {errors:?} in {body}");
}

/// The operation of the contract for a path, if it has one.
fn operation_at(method: &str, path: &str) -> Option<&'static Value> {
    let path = path.split('?').next().unwrap_or_default();
    let segments: Vec<&str> = path.split('/').collect();
    let paths = CONTRACT["paths"].as_object().unwrap();
    let fits = |template: &&String| {
        let parts: Vec<&str> = template.split('/').collect();
        parts.len() == segments.len()
            && parts
                .iter()
                .zip(&segments)
                .all(|(part, segment)| part.starts_with('{') || part == segment)
    };
    let found = paths.iter().find(|(template, _)| fits(template))?.1;
    found.get(method.to_lowercase())
}

fn resolved(value: &'static Value) -> &'static Value {
    match value["$ref"].as_str() {
        Some(reference) => CONTRACT.pointer(reference.trim_start_matches('#')).unwrap(),
        None => value,
    }
}
