//! The collaboration contract: issues, threads, documents, articles and escalations, as the community
//! answers for them.
//!
//! - The contract is `infra/collaboration.openapi.yaml`; a [`Binding`] says where and under which names a
//!   deployment serves it.
//! - Every write carries a [`Key`], which the community remembers: the same write sent twice happens once, so
//!   writes are sent again at once when an answer is lost. What we wrote comes back with that key as its
//!   [`Origin`].
//! - What is reported is set under a version that grows; an older one is refused and that is no
//!   failure: [`Reported::Superseded`].
//! - 200 is not believed: an answer must be JSON and be about what was asked.

mod articles;
mod binding;
#[cfg(test)]
mod contract;
mod documents;
mod escalation;
mod feed;
mod issues;
mod members;
mod onboarding;
mod operation;
mod problem;
#[cfg(test)]
mod tests;
mod threads;
mod words;

use std::sync::Arc;

use http::header::ACCEPT;
use http::{HeaderValue, Method};
use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::Value;
use url::Url;

use super::access::{Access, JSON};
use super::error::{Asked, Error};
use super::refusal::rejected;
use crate::clock::Clock;
use crate::http::{Call, Transport, Whole};
use crate::secrets::Secrets;

pub use crate::domain::{Audience, OnboardingKind, OnboardingState, StepState};
pub use articles::{Article, ArticleReport, ArticleState, Feedback, FeedbackPage, FeedbackTotals};
pub use articles::{Withdrawal, WithdrawnBecause};
pub use binding::{Binding, Invalid};
pub use documents::{Download, Flaw, Shelf, Upload};
pub use escalation::{Escalation, EscalationReport, EscalationState, Milestone, MilestoneReport};
pub use feed::{Cursor, Feed};
pub use issues::{Closure, ClosureAnswer, ClosureReport, ClosureRequest, ClosureState};
pub use issues::{Comment, NewComment, StatusReport, Verdict};
pub use onboarding::{Onboarding, OnboardingReport, OnboardingStep};
pub use operation::Operation;
pub use problem::Problem;
pub use threads::{
    DocumentRequest, DocumentRequestState, FulfilmentReport, FulfilmentState, Message, NewDocumentRequest,
};
pub use threads::{NewMessage, Outcome, OutcomeReport, Room, Thread};
pub use words::{ExpectedAction, Key, Origin, Page, Person};

/// Where the community is and which secret opens it.
#[derive(Debug, Clone)]
pub struct Settings {
    /// The base of the contract.
    pub url: Url,
    /// How the contract is served there.
    pub binding: Binding,
    /// The token endpoint.
    pub token_url: Url,
    /// The secret that holds what the authentication needs.
    pub secret: String,
}

/// The client.
pub struct Collaboration {
    url: Url,
    binding: Binding,
    access: Access,
}

/// What became of a report.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Reported {
    /// It stands.
    Taken,
    /// The community has this version or a newer one; nothing was changed.
    Superseded {
        /// The version that it has, when it says so.
        current: Option<u64>,
    },
}

/// The ids of a path, by placeholder.
type Ids<'a> = [(&'static str, &'a str)];

impl Collaboration {
    /// A client without access yet.
    pub fn new(transport: Transport, settings: Settings, secrets: Arc<Secrets>, clock: Clock) -> Self {
        let authentication = settings.binding.authentication.clone();
        Self {
            access: Access::new(
                transport,
                authentication,
                settings.token_url,
                settings.secret,
                secrets,
                clock,
            ),
            url: settings.url,
            binding: settings.binding,
        }
    }

    /// Reads a resource; `None` when the community has none.
    async fn read<T: DeserializeOwned>(&self, operation: Operation, ids: &Ids<'_>) -> Result<Option<T>, Error> {
        match self.get(operation, ids, &[]).await? {
            Some(answer) => self.parsed(operation.asked(), &answer).map(Some),
            None => Ok(None),
        }
    }

    /// Reads a page of a list; `None` when the community does not have what the list belongs to.
    async fn page<T: DeserializeOwned>(
        &self,
        operation: Operation,
        ids: &Ids<'_>,
        after: Option<&Cursor>,
    ) -> Result<Option<T>, Error> {
        let after = after.map(|after| ("after", after.as_str()));
        let query = after.into_iter().collect::<Vec<_>>();
        match self.get(operation, ids, &query).await? {
            Some(answer) => self.parsed(operation.asked(), &answer).map(Some),
            None => Ok(None),
        }
    }

    /// The JSON answer to a read; `None` when the community says that there is no such thing.
    async fn get(&self, operation: Operation, ids: &Ids<'_>, query: &[(&str, &str)]) -> Result<Option<Whole>, Error> {
        let asked = operation.asked();
        let call = self.call(operation, ids, query)?;
        let answer = self.access.send(asked, &call).await?;
        match answer.status {
            404 | 410 if answer.is_json() => Ok(None),
            _ => checked(asked, answer, b"").map(Some),
        }
    }

    /// Carries out a write and reads its answer.
    async fn write<T: DeserializeOwned>(
        &self,
        operation: Operation,
        ids: &Ids<'_>,
        key: &Key,
        body: &impl Serialize,
    ) -> Result<T, Error> {
        let asked = operation.asked();
        let body = self.body(asked, body)?;
        let call = self
            .call(operation, ids, &[])?
            .header(self.binding.idempotency_key(), key.header())
            .body("application/json", body.clone())
            .idempotent();
        let answer = self.access.send(asked, &call).await?;
        let answer = checked(asked, answer, &body)?;
        self.parsed(asked, &answer)
    }

    /// Carries out a report, which may turn out to be older than what the community has.
    async fn report<R: Serialize>(
        &self,
        operation: Operation,
        ids: &Ids<'_>,
        key: &Key,
        version: u64,
        report: &R,
    ) -> Result<Reported, Error> {
        #[derive(serde::Deserialize)]
        struct Stands {
            version: u64,
        }
        let outcome = self.write::<Stands>(operation, ids, key, report).await;
        match outcome {
            Ok(stands) if stands.version == version => Ok(Reported::Taken),
            Ok(_) => Err(Error::Unusable {
                asked: operation.asked(),
                why: "it is about another version".to_owned(),
            }),
            Err(error) => match error.rejection() {
                Some(rejection) if rejection.problem == Some(Problem::VersionSuperseded) => Ok(Reported::Superseded {
                    current: rejection.current_version,
                }),
                _ => Err(error),
            },
        }
    }

    /// The call of an operation, without what lets it in.
    fn call(&self, operation: Operation, ids: &Ids<'_>, query: &[(&str, &str)]) -> Result<Call, Error> {
        let (method, url) = self.address(operation, ids, query)?;
        Ok(Call::new(method, url).header(ACCEPT, JSON))
    }

    fn address(&self, operation: Operation, ids: &Ids<'_>, query: &[(&str, &str)]) -> Result<(Method, Url), Error> {
        let address = self.binding.request(&self.url, operation, ids, query);
        address.map_err(|source| Error::Malformed {
            asked: operation.asked(),
            source,
        })
    }

    fn body(&self, asked: Asked, body: &impl Serialize) -> Result<Vec<u8>, Error> {
        let unwritable = |_| Error::Malformed {
            asked,
            source: crate::event::Malformed {
                member: "the body".to_owned(),
                reason: "cannot be written as JSON".to_owned(),
            },
        };
        if !self.binding.renames() {
            return serde_json::to_vec(body).map_err(unwritable);
        }
        let value = serde_json::to_value(body).map_err(unwritable)?;
        serde_json::to_vec(&self.binding.outgoing(value)).map_err(unwritable)
    }

    /// Reads an answer that is known to be JSON.
    fn parsed<T: DeserializeOwned>(&self, asked: Asked, answer: &Whole) -> Result<T, Error> {
        let text = self.text(asked, answer)?;
        let mut deserializer = serde_json::Deserializer::from_str(&text);
        serde_path_to_error::deserialize(&mut deserializer).map_err(|error| Error::Unusable {
            asked,
            why: format!("{} {}", error.path(), reason(error.inner())),
        })
    }

    /// The text of a JSON answer, in the contract's names.
    fn text(&self, asked: Asked, answer: &Whole) -> Result<String, Error> {
        let unusable = |why: &str| Error::Unusable {
            asked,
            why: why.to_owned(),
        };
        let text = std::str::from_utf8(&answer.body).map_err(|_| unusable("it is not UTF-8"))?;
        if !self.binding.renames() {
            return Ok(text.to_owned());
        }
        let value = serde_json::from_str::<Value>(text).map_err(|error| unusable(&reason(&error)))?;
        Ok(self.binding.incoming(value).to_string())
    }
}

/// An answer that must be a success in JSON; the only ones are 200 and 201.
fn checked(asked: Asked, answer: Whole, sent: &[u8]) -> Result<Whole, Error> {
    let unusable = |why: &str| Error::Unusable {
        asked,
        why: why.to_owned(),
    };
    match answer.status {
        200 | 201 if answer.is_json() => Ok(answer),
        200 | 201 => Err(unusable("it is not JSON")),
        status @ 202..=299 => Err(unusable(&format!("{status} does not say that it was done"))),
        status @ 300..=399 => Err(unusable(&format!("{status} points elsewhere"))),
        _ => Err(rejected(asked, &answer, sent)),
    }
}

/// What is wrong with JSON, without a word of what stands there.
fn reason(error: &serde_json::Error) -> String {
    let what = match error.classify() {
        serde_json::error::Category::Eof => "ends too early",
        serde_json::error::Category::Syntax => "is not JSON",
        serde_json::error::Category::Data => "is missing or of another kind",
        serde_json::error::Category::Io => "cannot be read",
    };
    format!("{what} (line {}, column {})", error.line(), error.column())
}

/// The media type of what is asked for as it is.
const ANYTHING: HeaderValue = HeaderValue::from_static("*/*");
