//! TGCommunityServices v1: companies, the partner directory, users, roles and entitlements.
//!
//! Calls and names are those that OpenText publishes (`opentext/BN-Trading-Grid`, Community
//! Management); the bodies of answers are not published and are read by `rows`. Traps, and where they
//! are kept:
//!
//! - A user may change the `loginId`, and roles are asked for by it. So a caller keeps a [`UserId`], and every
//!   call about roles or entitlements finds the current login by itself.
//! - Users are found by `loginId` only, and a filter that is not known is ignored: the rows that come are
//!   compared with what was asked for.
//! - Creating answers a `uniqueId`, which is the `userId` of all other calls.
//! - `Yes` and `No` are texts. Consent and marketing are never given on a person's behalf.
//! - Creating needs a password and hint answers: see [`OneTimeSecrets`].

mod company;
mod one_time;
mod rows;
#[cfg(test)]
mod tests;
mod user;

use std::sync::Arc;

use http::header::ACCEPT;
use http::{HeaderValue, Method};
use serde_json::Value;
use url::Url;

use super::access::Access;
use super::error::{Asked, Error};
use super::refusal::rejected;
use crate::domain::CompanyId;
use crate::http::{Call, Whole};

pub use crate::domain::{LoginId, RoleName, UserId};
pub use company::{Company, Partner, PartnerFilter};
pub use one_time::OneTimeSecrets;
pub use user::{Address, ContactInformation, NewUser, User, UserChanges};

/// The client.
pub struct CommunityServices {
    url: Url,
    access: Arc<Access>,
}

/// What roles are changed by.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Action {
    Add,
    Remove,
}

impl CommunityServices {
    /// A client of the service at `url`, for example `https://apigrid.opentext.com`.
    pub fn new(url: Url, access: Arc<Access>) -> Self {
        Self { url, access }
    }

    /// The URL of a path under the service.
    fn at(&self, segments: &[&str], query: &[(&str, &str)]) -> Url {
        let mut url = self.url.clone();
        if let Ok(mut path) = url.path_segments_mut() {
            path.pop_if_empty()
                .extend(["TGCommunityServices", "v1"])
                .extend(segments);
        }
        if !query.is_empty() {
            url.query_pairs_mut().extend_pairs(query);
        }
        url
    }

    /// Reads; `None` when there is no such thing.
    async fn get(&self, to: &'static str, url: Url) -> Result<Option<Value>, Error> {
        let asked = read(to);
        let call = Call::new(Method::GET, url).header(ACCEPT, JSON);
        let answer = self.access.send(asked, &call).await?;
        match answer.status {
            404 if answer.is_json() => Ok(None),
            200 => json(asked, &answer).map(Some),
            _ => Err(refused(asked, &answer, b"")),
        }
    }

    /// Changes something; the answer is known to be a success.
    async fn change(&self, to: &'static str, method: Method, url: Url, body: Option<Vec<u8>>) -> Result<Whole, Error> {
        let asked = write(to);
        // Deleting and setting may be sent twice; creating may not.
        let is_idempotent = method != Method::POST;
        let mut call = Call::new(method, url).header(ACCEPT, JSON);
        if let Some(body) = &body {
            call = call.body("application/json", body.clone());
        }
        if is_idempotent {
            call = call.idempotent();
        }
        let answer = self.access.send(asked, &call).await?;
        match answer.status {
            200 | 201 | 204 => Ok(answer),
            _ => Err(refused(asked, &answer, &body.unwrap_or_default())),
        }
    }

    fn company_path<'a>(company: &'a CompanyId, rest: &[&'a str]) -> Vec<&'a str> {
        ["companies", company.as_str()]
            .into_iter()
            .chain(rest.iter().copied())
            .collect()
    }
}

/// The only answer we ask for.
const JSON: HeaderValue = HeaderValue::from_static("application/json");

fn read(to: &'static str) -> Asked {
    Asked {
        whom: "Trading Grid",
        to,
        is_write: false,
    }
}

fn write(to: &'static str) -> Asked {
    Asked {
        is_write: true,
        ..read(to)
    }
}

fn unusable(asked: Asked, why: impl Into<String>) -> Error {
    Error::Unusable { asked, why: why.into() }
}

/// What is neither a success nor an absence.
fn refused(asked: Asked, answer: &Whole, sent: &[u8]) -> Error {
    match answer.status {
        status @ 200..=299 => unusable(asked, format!("{status} does not say that it was done")),
        status @ 300..=399 => unusable(asked, format!("{status} points elsewhere")),
        _ => rejected(asked, answer, sent),
    }
}

fn json(asked: Asked, answer: &Whole) -> Result<Value, Error> {
    if !answer.is_json() {
        return Err(unusable(asked, "it is not JSON"));
    }
    // The parser's own error could quote the body.
    serde_json::from_slice(&answer.body).map_err(|_| unusable(asked, "it is not JSON, or ends too early"))
}
