//! Distrust: what must hold for an answer before anything in it is believed.

use serde::Deserialize;
use serde::de::DeserializeOwned;
use serde_json::Value;
use url::Url;

use super::operation::Asked;
use super::{Error, Flaw, message};
use crate::http::Whole;
use crate::retry;
use crate::token::Token;

/// A complete answer to something that was asked.
pub(super) struct Answer<'a> {
    pub(super) asked: &'a Asked,
    pub(super) whole: &'a Whole,
    /// What opened the door; it must not come back in a message.
    pub(super) token: Option<&'a Token>,
    /// What else was asked with it.
    pub(super) items: &'a [Asked],
}

impl Answer<'_> {
    /// The `result` of an answer that must have one of the statuses, be JSON, and carry no error.
    pub(super) fn result<T: DeserializeOwned>(&self, wanted: &[u16]) -> Result<T, Error> {
        #[derive(Deserialize)]
        struct Envelope<T> {
            result: Option<T>,
            #[serde(default)]
            error: Option<serde::de::IgnoredAny>,
            #[serde(default)]
            status: Option<Value>,
        }
        self.check(wanted)?;
        let envelope: Envelope<T> = self.parse()?;
        if envelope.error.is_some() || envelope.status.is_some_and(|status| status == "failure") {
            return Err(self.error_beside());
        }
        envelope.result.ok_or_else(|| self.unusable(Flaw::NoResult))
    }

    /// The body; of another shape, it may be an error in place of a result.
    pub(super) fn parse<T: DeserializeOwned>(&self) -> Result<T, Error> {
        serde_json::from_slice(&self.whole.body).map_err(|error| {
            let body = serde_json::from_slice::<Value>(&self.whole.body);
            match body.is_ok_and(|body| body.get("error").is_some()) {
                true => self.error_beside(),
                false => self.unusable(Flaw::Unreadable {
                    line: error.line(),
                    column: error.column(),
                }),
            }
        })
    }

    /// Whether the answer has one of the statuses and is no page for people. An empty body is none.
    pub(super) fn check(&self, wanted: &[u16]) -> Result<(), Error> {
        let status = self.whole.status;
        let is_page = !self.whole.is_json() && !self.whole.body.is_empty();
        let may_be_empty = status == 204 || self.asked.needs_no_body;
        match status {
            202 => Err(self.unusable(Flaw::Dropped)),
            200..=299 if is_page => Err(self.unusable(Flaw::NotJson)),
            200..=299 if !self.whole.is_json() && !may_be_empty => Err(self.unusable(Flaw::NotJson)),
            200..=299 if !wanted.contains(&status) => Err(self.unusable(Flaw::Status(status))),
            200..=299 => Ok(()),
            300..=399 => Err(self.unusable(self.redirect())),
            _ => Err(self.rejected()),
        }
    }

    /// Whether ServiceNow itself says that there is no such record, or none that we may see.
    pub(super) fn is_absent(&self) -> bool {
        self.whole.status == 404 && !self.is_foreign()
    }

    pub(super) fn header(&self, name: &str) -> Option<&str> {
        self.whole.header(name)
    }

    /// The error for an answer that proves nothing.
    pub(super) fn unusable(&self, flaw: Flaw) -> Error {
        Error::Unusable {
            about: self.asked.about.clone(),
            flaw,
            transaction: self.transaction(),
            is_foreign: !self.whole.is_json(),
        }
    }

    /// The error for an answer that refuses.
    pub(super) fn rejected(&self) -> Error {
        self.rejected_with(self.whole.status)
    }

    /// The error for an answer whose body refuses with a code of its own.
    pub(super) fn rejected_with(&self, status: u16) -> Error {
        Error::Rejected {
            about: self.asked.about.clone(),
            status,
            message: self.message(),
            transaction: self.transaction(),
            wait: retry::retry_after(self.header("retry-after")),
            is_foreign: self.is_foreign(),
        }
    }

    /// The error for a result that comes with an error.
    pub(super) fn error_beside(&self) -> Error {
        self.unusable(Flaw::ErrorBeside(self.message()))
    }

    /// `X-Transaction-ID`, for a support request.
    pub(super) fn transaction(&self) -> String {
        let id = self.header("x-transaction-id").unwrap_or("unknown");
        id.chars().filter(char::is_ascii_graphic).take(64).collect()
    }

    /// A text of the answer that is fit for a log.
    pub(super) fn fit(&self, text: &str) -> String {
        message::fit(text, &self.sent())
    }

    fn message(&self) -> String {
        match self.whole.is_json() {
            true => message::told(&self.whole.body, &self.sent()),
            false => "not JSON".to_owned(),
        }
    }

    fn sent(&self) -> Vec<String> {
        let mut sent = self.asked.sent();
        sent.extend(self.items.iter().flat_map(Asked::sent));
        sent.extend(self.token.map(Token::secret));
        sent
    }

    /// Whether something in front of ServiceNow answered: its own refusals have one of two forms.
    fn is_foreign(&self) -> bool {
        let is_own = |body: Value| body.get("error").is_some() || body.get("result").is_some();
        !self.whole.is_json() || !serde_json::from_slice(&self.whole.body).is_ok_and(is_own)
    }

    fn redirect(&self) -> Flaw {
        Flaw::Redirect {
            status: self.whole.status,
            to: host_of(self.header("location").unwrap_or_default()),
        }
    }
}

/// The host of a URL; never the rest of it, which could hold a token.
pub(super) fn host_of(url: &str) -> String {
    let host = Url::parse(url).ok().and_then(|url| Some(url.host_str()?.to_owned()));
    host.unwrap_or_else(|| "another path".to_owned())
}
