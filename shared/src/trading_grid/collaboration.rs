//! The collaboration contract: issues and documents, as the community answers for them.
//!
//! The token request is OpenText's: HTTP Basic, an empty body, and the grant type in the query
//! string (source: the Postman collections of `opentext/BN-Trading-Grid`). Errors of the contract
//! are problem+json; other bodies, such as a gateway's, are read as far as they can be.

use std::sync::Arc;
use std::time::Duration;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use http::header::{ACCEPT, AUTHORIZATION};
use http::{HeaderValue, Method};
use secrecy::ExposeSecret;
use serde::Deserialize;
use url::Url;

use crate::clock::Clock;
use crate::domain::{CompanyId, DocumentId, IssueId};
use crate::event::Issue;
use crate::failure::{Failure, System};
use crate::http::{Call, Response, Transport, TransportError, Whole};
use crate::messages;
use crate::retry::{self, Answer};
use crate::secrets::Secrets;
use crate::token::{Token, TokenCache, bearer};

/// A token lives about ten hours; this is assumed when the answer does not say.
const TOKEN_LIFE: Duration = Duration::from_secs(9 * 3600);

/// Where the community is and which secret opens it.
#[derive(Debug, Clone)]
pub struct Settings {
    /// The base of the contract.
    pub url: Url,
    /// The token endpoint.
    pub token_url: Url,
    /// The secret with `client_id` and `client_secret`.
    pub secret: String,
}

/// The client.
pub struct Collaboration {
    transport: Transport,
    settings: Settings,
    secrets: Arc<Secrets>,
    tokens: TokenCache,
    clock: Clock,
}

/// A call that did not do what it should; never shows a content or a token.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// No complete answer came.
    #[error("the community gave no answer when asked to {operation}")]
    Unanswered {
        /// What was asked.
        operation: &'static str,
        /// Why.
        #[source]
        source: TransportError,
    },
    /// The answer is a refusal.
    #[error("the community answered {status} when asked to {operation}: {message}")]
    Rejected {
        /// What was asked.
        operation: &'static str,
        /// The status code.
        status: u16,
        /// What the body says.
        message: String,
        /// `Retry-After`.
        wait: Option<Duration>,
    },
    /// The answer claims success but is not what the contract says.
    #[error("the community's answer is of no use when asked to {operation}: {why}")]
    Unusable {
        /// What was asked.
        operation: &'static str,
        /// What is wrong with it.
        why: String,
    },
    /// The issue that the community has is not what the contract says.
    #[error("the community's issue is malformed")]
    Malformed(#[source] crate::event::Malformed),
    /// We have no access to offer.
    #[error("no access token for Trading Grid")]
    NoAccess(#[source] anyhow::Error),
}

impl Error {
    /// What must happen next.
    pub fn into_failure(self) -> Failure {
        if let Error::Malformed(_) = self {
            return Failure::permanent(self, "have the issue corrected in the community and replay, or dismiss");
        }
        let upstream = match &self {
            Error::Unanswered { source, .. } => source.kind == Answer::NeverSent,
            Error::Rejected { status, .. } => matches!(status, 401 | 403),
            Error::Unusable { .. } | Error::NoAccess(_) => true,
            Error::Malformed(_) => false,
        };
        // Nothing was asked of ServiceNow yet, so no effect is under way.
        if upstream {
            return Failure::Upstream {
                system: System::TradingGrid,
                cause: self.into(),
                unsent: true,
            };
        }
        let wait = match &self {
            Error::Rejected { wait, .. } => *wait,
            Error::Unanswered { .. } | Error::Unusable { .. } | Error::Malformed(_) | Error::NoAccess(_) => None,
        };
        Failure::Transient {
            cause: self.into(),
            wait,
            unsent: true,
        }
    }
}

#[derive(Deserialize)]
struct TokenAnswer {
    access_token: String,
    #[serde(default)]
    expires_in: serde_json::Value,
}

impl Collaboration {
    /// A client without a token yet.
    pub fn new(transport: Transport, settings: Settings, secrets: Arc<Secrets>, clock: Clock) -> Self {
        Self {
            transport,
            settings,
            secrets,
            tokens: TokenCache::new(clock.clone()),
            clock,
        }
    }

    /// The issue as it is now; `None` when the community has none with this id.
    ///
    /// # Errors
    /// When the community gives no clear answer.
    pub async fn issue(&self, company: &CompanyId, issue: &IssueId) -> Result<Option<Issue>, Error> {
        let operation = "read an issue";
        let url = self.url(&["issues", company.as_str(), issue.as_str()]);
        let send = async |token: &Token| {
            let call = Call::new(Method::GET, url.clone())
                .header(AUTHORIZATION, bearer(token))
                .header(ACCEPT, JSON);
            self.transport
                .send(&call)
                .await
                .map_err(|source| Error::Unanswered { operation, source })
        };
        let token = self.token(None).await?;
        let mut answer = send(&token).await?;
        if answer.status == 401 {
            answer = send(&self.token(Some(&token)).await?).await?;
        }
        match answer.status {
            404 if answer.is_json() => return Ok(None),
            200 if answer.is_json() => {}
            200 => {
                return Err(Error::Unusable {
                    operation,
                    why: "it is not JSON".to_owned(),
                });
            }
            _ => return Err(rejected(operation, &answer)),
        }
        let text = std::str::from_utf8(&answer.body).map_err(|_| Error::Unusable {
            operation,
            why: "it is not UTF-8".to_owned(),
        })?;
        let found = Issue::parse(text).map_err(Error::Malformed)?;
        if found.issue_id != *issue || found.company_id != *company {
            return Err(Error::Unusable {
                operation,
                why: "it is about another issue".to_owned(),
            });
        }
        Ok(Some(found))
    }

    /// Begins to read a document; `None` when the community has none with this id.
    ///
    /// # Errors
    /// When the community gives no clear answer.
    pub async fn document(&self, company: &CompanyId, document: &DocumentId) -> Result<Option<Response>, Error> {
        let operation = "read a document";
        let url = self.url(&["documents", company.as_str(), document.as_str(), "content"]);
        let send = async |token: &Token| {
            let call = Call::new(Method::GET, url.clone())
                .header(AUTHORIZATION, bearer(token))
                .header(ACCEPT, HeaderValue::from_static("*/*"));
            let unanswered = |source| Error::Unanswered { operation, source };
            let request = call
                .streaming(crate::http::full(bytes::Bytes::new()))
                .map_err(unanswered)?;
            self.transport.carry(request).await.map_err(unanswered)
        };
        let token = self.token(None).await?;
        let mut answer = send(&token).await?;
        if answer.status == 401 {
            answer = send(&self.token(Some(&token)).await?).await?;
        }
        match answer.status {
            200 => Ok(Some(answer)),
            404 | 410 if answer.is_json() => Ok(None),
            _ => {
                let answer = answer
                    .read()
                    .await
                    .map_err(|source| Error::Unanswered { operation, source })?;
                Err(rejected(operation, &answer))
            }
        }
    }

    fn url(&self, segments: &[&str]) -> Url {
        let mut url = self.settings.url.clone();
        if let Ok(mut path) = url.path_segments_mut() {
            path.pop_if_empty().extend(segments);
        }
        url
    }

    async fn token(&self, refused: Option<&Token>) -> Result<Token, Error> {
        self.tokens
            .get(
                refused,
                async |suspect| self.request_token(suspect).await,
                |error| matches!(error.downcast_ref(), Some(Error::Rejected { status: 400..=403, .. })),
            )
            .await
            // A refused token request is no answer to the call that needed it.
            .map_err(|unavailable| Error::NoAccess(unavailable.into()))
    }

    async fn request_token(&self, suspect: bool) -> anyhow::Result<Token> {
        let operation = "give out an access token";
        let credentials = self.secrets.credentials(&self.settings.secret, suspect).await?;
        let mut url = self.settings.token_url.clone();
        url.query_pairs_mut().append_pair("grant_type", "client_credentials");
        let pair = format!(
            "{}:{}",
            credentials.client_id,
            credentials.client_secret.expose_secret()
        );
        let mut basic = HeaderValue::try_from(format!("Basic {}", STANDARD.encode(pair)))?;
        basic.set_sensitive(true);
        let call = Call::new(Method::POST, url)
            .header(AUTHORIZATION, basic)
            .header(ACCEPT, JSON)
            .idempotent();
        let answer = self
            .transport
            .send(&call)
            .await
            .map_err(|source| Error::Unanswered { operation, source })?;
        if answer.status != 200 {
            return Err(rejected(operation, &answer).into());
        }
        let token: TokenAnswer = serde_json::from_slice(&answer.body).map_err(|_| Error::Unusable {
            operation,
            why: "it has no access_token".to_owned(),
        })?;
        let told = match &token.expires_in {
            serde_json::Value::Number(number) => number.as_u64(),
            serde_json::Value::String(text) => text.parse().ok(),
            _ => None,
        };
        let life = told.map_or(TOKEN_LIFE, Duration::from_secs);
        Ok(Token::new(token.access_token.into(), self.clock.now(), life))
    }
}

/// Problem details are JSON too.
const JSON: HeaderValue = HeaderValue::from_static("application/json, application/problem+json");

/// Reads the known shapes of an error body; anything else is not repeated, because it could be content.
fn rejected(operation: &'static str, answer: &Whole) -> Error {
    let value = match answer.is_json() {
        true => serde_json::from_slice::<serde_json::Value>(&answer.body).unwrap_or_default(),
        false => serde_json::Value::Null,
    };
    let pointers = ["/detail", "/title", "/fault/faultstring", "/message", "/errorMessage"];
    let told = pointers.iter().find_map(|pointer| value.pointer(pointer)?.as_str());
    Error::Rejected {
        operation,
        status: answer.status,
        message: messages::one_line(told.unwrap_or("no message"), 200),
        wait: retry::retry_after(answer.header("retry-after")),
    }
}
