//! TGCommunityServices v1: companies, their partners, users, roles and entitlements.
//!
//! Facts: the paths, parameters and request bodies of OpenText's request collection, and what its description says:
//! users are found by `loginId` only, roles are reached by the current `loginId` only, a user may change the `loginId`
//! at any time, details take `loginId` or `userId`. Response bodies, required members and errors are not published:
//! see [`Guesses`].

mod companies;
mod errors;
mod profile;
mod roles;
mod users;

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use bytes::Bytes;
use http::request::Parts;
use http::{Method, Response, StatusCode};
use percent_encoding::percent_decode_str;
use serde::de::DeserializeOwned;
use serde_json::Value;

use super::guesses::Guesses;
use crate::answer;

pub use companies::{Address, Company};
pub use users::User;
pub(crate) use users::user_id;

use errors::Refusal;

/// The companies of the community and their people.
#[derive(Debug, Clone, Default)]
pub(crate) struct Members {
    pub(crate) companies: BTreeMap<String, Company>,
    /// By company: the companies in its partner directory.
    pub(crate) partners: BTreeMap<String, BTreeSet<String>>,
    /// By company and user id.
    pub(crate) users: BTreeMap<(String, String), User>,
    /// Users created so far by a call; makes their ids.
    created: u64,
}

type Answer = Result<Response<Bytes>, Refusal>;

/// A call below `/TGCommunityServices/v1`.
struct Call<'a> {
    guesses: &'a Guesses,
    method: &'a Method,
    parts: &'a Parts,
    body: &'a Bytes,
}

pub(crate) fn serve(
    members: &mut Arc<Members>,
    guesses: &Guesses,
    path: &[&str],
    parts: &Parts,
    body: &Bytes,
) -> Response<Bytes> {
    let call = Call {
        guesses,
        method: &parts.method,
        parts,
        body,
    };
    let decoded: Option<Vec<String>> = path
        .iter()
        .map(|segment| percent_decode_str(segment).decode_utf8().ok().map(String::from))
        .collect();
    let answered = match decoded {
        Some(decoded) => {
            let path: Vec<&str> = decoded.iter().map(String::as_str).collect();
            route(members, &call, &path)
        }
        None => Err(Refusal::bad_request("The path is not UTF-8")),
    };
    answered.unwrap_or_else(|refusal| refusal.answer(guesses))
}

fn route(members: &mut Arc<Members>, call: &Call<'_>, path: &[&str]) -> Answer {
    match path {
        ["companies", company] => call.only(&[Method::GET], |_| companies::read(members, company)),
        ["companies", company, "partnerDirectory"] => {
            call.only(&[Method::GET], |call| companies::partners(members, call, company))
        }
        ["companies", company, "entitlements"] => call.only(&[Method::GET], |call| {
            roles::entitlements_of_company(members, call, company)
        }),
        ["companies", company, "users"] => call.only(&[Method::GET, Method::POST], |call| match *call.method {
            Method::POST => users::create(Arc::make_mut(members), call, company),
            _ => users::list(members, call, company),
        }),
        ["companies", company, "users", user] => {
            call.only(&[Method::GET, Method::PUT, Method::DELETE], |call| match *call.method {
                Method::PUT => users::update(Arc::make_mut(members), call, company, user),
                Method::DELETE => users::delete(Arc::make_mut(members), call, company, user),
                _ => users::read(members, company, user),
            })
        }
        ["companies", company, "users", login_id, "roles"] => {
            call.only(&[Method::GET, Method::PUT], |call| match *call.method {
                Method::PUT => roles::change(Arc::make_mut(members), call, company, login_id),
                _ => roles::list(members, call, company, login_id),
            })
        }
        ["users", login_id, "entitlements"] => call.only(&[Method::GET], |call| {
            roles::entitlements_of_user(members, call, login_id)
        }),
        _ => Err(Refusal::not_found("Resource not found")),
    }
}

impl Call<'_> {
    fn only(&self, methods: &[Method], answer: impl FnOnce(&Self) -> Answer) -> Answer {
        if methods.contains(self.method) {
            return answer(self);
        }
        let allowed: Vec<&str> = methods.iter().map(Method::as_str).collect();
        Err(Refusal::method_not_allowed(&allowed.join(", ")))
    }

    /// A query parameter that is not empty.
    fn parameter(&self, name: &str) -> Option<String> {
        let query = self.parts.uri.query().unwrap_or_default();
        url::form_urlencoded::parse(query.as_bytes())
            .find(|(key, value)| key == name && !value.is_empty())
            .map(|(_, value)| value.into_owned())
    }

    fn json<T: DeserializeOwned>(&self) -> Result<T, Refusal> {
        let media_type = self.parts.headers.get(http::header::CONTENT_TYPE);
        let is_json = media_type
            .and_then(|value| value.to_str().ok())
            .is_some_and(|value| value.to_ascii_lowercase().starts_with("application/json"));
        if !is_json {
            return Err(Refusal::unsupported_media_type());
        }
        serde_json::from_slice(self.body).map_err(|error| Refusal::bad_request(&format!("Invalid JSON: {error}")))
    }

    /// A list, bare or under its name.
    fn list(&self, name: &str, items: Vec<Value>) -> Response<Bytes> {
        let body = if self.guesses.lists_are_bare_arrays {
            Value::Array(items)
        } else {
            serde_json::json!({ name: items })
        };
        answer::json(StatusCode::OK, &body)
    }
}

impl Members {
    /// Adds a company; it and its partners find each other.
    pub(crate) fn add(&mut self, company: Company, partners: &[String]) {
        for partner in partners {
            let id = company.company_id.clone();
            self.partners.entry(partner.clone()).or_default().insert(id.clone());
            self.partners.entry(id).or_default().insert(partner.clone());
        }
        self.companies.insert(company.company_id.clone(), company);
    }

    pub(crate) fn company(&self, id: &str) -> Option<&Company> {
        self.companies.get(id)
    }

    fn known_company(&self, id: &str) -> Result<&Company, Refusal> {
        self.companies
            .get(id)
            .ok_or_else(|| Refusal::not_found(&format!("Company {id} not found")))
    }

    /// The company that a trading address belongs to.
    pub(crate) fn company_at(&self, address: &str) -> Option<&Company> {
        self.companies
            .values()
            .find(|company| company.trading_addresses.iter().any(|one| one == address))
    }

    /// The user who has the loginId now; of two, the one on the production grid.
    pub(crate) fn user_by_login(&self, login_id: &str) -> Option<&User> {
        let is_on_beta = |user: &&User| self.company(&user.company_id).is_some_and(|company| company.is_on_beta);
        let named = self.users.values().filter(|user| user.login_id == login_id);
        named.min_by_key(is_on_beta)
    }

    pub(crate) fn users_of<'a>(&'a self, company: &'a str) -> impl Iterator<Item = &'a User> {
        self.users.values().filter(move |user| user.company_id == company)
    }
}
