//! Lens: the visibility of exchanges, asked with GraphQL.
//!
//! - One operation is published, `getTransactions`, and not the name of its input type: the argument
//!   stands inline in the query, so every text in it is escaped by `search`.
//! - A field may be denied to us, which shows as an error beside the data. What is denied is said by
//!   [`Found::denied`], and where it costs the whole answer, the same is asked once more without it.
//! - `scroll` keeps its place on the server: a scrolling query is never sent again by itself, and one
//!   scroller at a time must use a query.
//! - Business numbers come only when `contentKeyFilters` is there, so it always is.

mod answer;
mod field;
mod search;
#[cfg(test)]
mod tests;
mod words;

use std::sync::Arc;

use http::header::ACCEPT;
use http::{HeaderValue, Method};
use serde_json::json;
use url::Url;

use super::access::Access;
use super::error::{Asked, Error};
use super::refusal::rejected;
use crate::http::Call;

pub use answer::{Entry, Found};
pub use field::Field;
pub use search::{Direction, Search, Term, TimeField};
pub use words::{Acknowledgement, DeliveryStatus, Status};

/// What is asked, for errors.
const ASKED: Asked = Asked {
    whom: "Trading Grid",
    to: "search exchanges",
    is_write: false,
};

/// The client.
pub struct Lens {
    url: Url,
    access: Arc<Access>,
}

/// Reads all that a search finds, piece by piece, with the place kept by Lens: for back-fill.
pub struct Scroll<'a> {
    lens: &'a Lens,
    search: Search,
    is_over: bool,
}

impl Lens {
    /// A client of the service at `url`, for example `https://apigrid.opentext.com`.
    pub fn new(url: Url, access: Arc<Access>) -> Self {
        Self { url, access }
    }

    /// One page of what the search finds.
    ///
    /// # Errors
    /// When Trading Grid gives no clear answer.
    pub async fn page(&self, search: &Search) -> Result<Found, Error> {
        match self.ask(search).await? {
            Answered::Found(found) => Ok(found),
            Answered::Denied(denied) => {
                let narrower = search.without(&denied);
                if narrower.selects_nothing() || denied.is_empty() {
                    return Err(unusable("it has no data, and every field is denied"));
                }
                match self.ask(&narrower).await? {
                    Answered::Found(mut found) => {
                        found.denied.extend(denied);
                        Ok(found)
                    }
                    Answered::Denied(_) => Err(unusable("it has no data, whichever fields are asked for")),
                }
            }
        }
    }

    /// Begins to read all that the search finds.
    pub fn scroll(&self, search: &Search) -> Scroll<'_> {
        Scroll {
            lens: self,
            search: search.clone().scrolling(),
            is_over: false,
        }
    }

    /// The address of an entry in the web application.
    pub fn link(transaction_id: &str) -> Option<Url> {
        let mut url = Url::parse("https://tradinggrid.opentext.com/lens/app/transactions").ok()?;
        url.path_segments_mut().ok()?.extend([transaction_id, "details"]);
        Some(url)
    }

    async fn ask(&self, search: &Search) -> Result<Answered, Error> {
        let mut url = self.url.clone();
        if let Ok(mut path) = url.path_segments_mut() {
            path.pop_if_empty().push("visibility_transaction_search");
        }
        let body = json!({ "query": search.to_string(), "variables": {} }).to_string();
        let mut call = Call::new(Method::POST, url)
            .header(ACCEPT, HeaderValue::from_static("application/json"))
            .body("application/json", body);
        if !search.is_scrolling() {
            call = call.idempotent();
        }
        let answer = self.access.send(ASKED, &call).await?;
        match answer.status {
            200 if answer.is_json() => answer::parse(search, &answer.body),
            200 => Err(unusable("it is not JSON")),
            status @ 201..=299 => Err(unusable(format!("{status} is no answer to a query"))),
            status @ 300..=399 => Err(unusable(format!("{status} points elsewhere"))),
            _ => Err(rejected(ASKED, &answer, search.texts().as_bytes())),
        }
    }
}

impl Scroll<'_> {
    /// The next piece; `None` when there is no more.
    ///
    /// # Errors
    /// When Trading Grid gives no clear answer. The place may have moved then: begin again.
    pub async fn next(&mut self) -> Result<Option<Found>, Error> {
        if self.is_over {
            return Ok(None);
        }
        let found = self.lens.page(&self.search).await?;
        self.is_over = found.received == 0;
        Ok((!self.is_over).then_some(found))
    }
}

/// What a query leads to.
enum Answered {
    /// Data, perhaps with fields missing.
    Found(Found),
    /// No data, because of these fields.
    Denied(std::collections::BTreeSet<Field>),
}

fn unusable(why: impl Into<String>) -> Error {
    Error::Unusable {
        asked: ASKED,
        why: why.into(),
    }
}
