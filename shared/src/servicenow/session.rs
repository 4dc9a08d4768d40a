//! One `send`: base URL, token, checks that hold for every answer.

use std::time::Duration;

use http::header::{ACCEPT, AUTHORIZATION, CONTENT_TYPE};
use http::{HeaderValue, Method};
use secrecy::ExposeSecret;
use serde::Deserialize;
use serde::de::DeserializeOwned;
use std::sync::Arc;
use url::Url;

use super::Error;
use crate::clock::Clock;
use crate::http::{Call, Transport, TransportError, Whole};
use crate::secrets::Secrets;
use crate::token::{Token, TokenCache, bearer};

/// Where the instance is and which secret opens it.
#[derive(Debug, Clone)]
pub struct Settings {
    /// For example `https://acme.service-now.com`.
    pub url: Url,
    /// The secret with `client_id` and `client_secret`.
    pub secret: String,
}

/// The client.
pub struct ServiceNow {
    transport: Transport,
    settings: Settings,
    secrets: Arc<Secrets>,
    tokens: TokenCache,
    clock: Clock,
}

#[derive(Deserialize)]
struct TokenAnswer {
    access_token: String,
    /// The remaining life in seconds; a token is given out again within its life.
    #[serde(default)]
    expires_in: Option<u64>,
}

impl ServiceNow {
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

    /// Fetches a token ahead of the first event.
    ///
    /// # Errors
    /// When none can be had.
    pub async fn warm_up(&self) -> Result<(), Error> {
        self.token(None).await.map(|_| ())
    }

    /// The URL of a path under the instance.
    pub(super) fn url(&self, segments: &[&str], parameters: &[(&str, &str)]) -> Url {
        let mut url = self.settings.url.clone();
        if let Ok(mut path) = url.path_segments_mut() {
            path.pop_if_empty().extend(segments);
        }
        if !parameters.is_empty() {
            url.query_pairs_mut().extend_pairs(parameters);
        }
        url
    }

    /// Sends a call with a token; once more with a new one when it is refused.
    pub(super) async fn send(
        &self,
        operation: &'static str,
        target: &str,
        make: impl Fn() -> Call,
    ) -> Result<Whole, Error> {
        let send = async |token: &Token| {
            let call = make().header(AUTHORIZATION, bearer(token)).header(ACCEPT, JSON);
            let answer = self.transport.send(&call).await;
            answer.map_err(|source| unanswered(operation, target, source))
        };
        let token = self.token(None).await?;
        let answer = send(&token).await?;
        if answer.status != 401 {
            return Ok(answer);
        }
        send(&self.token(Some(&token)).await?).await
    }

    /// A call that streams its body, and so is sent once; the caller has a fresh token.
    pub(super) async fn send_stream(
        &self,
        operation: &'static str,
        target: &str,
        url: Url,
        content_type: HeaderValue,
        body: crate::http::Body,
    ) -> Result<Whole, Error> {
        let token = self.token(None).await?;
        let call = Call::new(Method::POST, url)
            .header(AUTHORIZATION, bearer(&token))
            .header(ACCEPT, JSON)
            .header(CONTENT_TYPE, content_type);
        let outcome = async {
            let request = call.streaming(body)?;
            self.transport.carry(request).await?.read().await
        };
        let answer = outcome.await.map_err(|source| unanswered(operation, target, source))?;
        if answer.status == 401 {
            // The body is spent: the next attempt finds a new token.
            let _ = self.token(Some(&token)).await;
        }
        Ok(answer)
    }

    async fn token(&self, refused: Option<&Token>) -> Result<Token, Error> {
        self.tokens
            .get(
                refused,
                async |suspect| self.request_token(suspect).await,
                |error| matches!(error, Error::Rejected { status: 400..=403, .. }),
            )
            .await
            .map_err(|error| match error {
                Error::NoAccess(cause) => Error::NoAccess(cause),
                // A refused token request is no answer to the call that needed it.
                error => Error::NoAccess(error.into()),
            })
    }

    async fn request_token(&self, suspect: bool) -> Result<Token, Error> {
        let operation = "give out";
        let target = "an access token";
        let credentials = self
            .secrets
            .credentials(&self.settings.secret, suspect)
            .await
            .map_err(Error::NoAccess)?;
        let form = url::form_urlencoded::Serializer::new(String::new())
            .append_pair("grant_type", "client_credentials")
            .append_pair("client_id", &credentials.client_id)
            .append_pair("client_secret", credentials.client_secret.expose_secret())
            .finish();
        let call = Call::new(Method::POST, self.url(&["oauth_token.do"], &[]))
            .header(ACCEPT, JSON)
            .body("application/x-www-form-urlencoded", form)
            .idempotent();
        let answer = self
            .transport
            .send(&call)
            .await
            .map_err(|source| unanswered(operation, target, source))?;
        if answer.status != 200 {
            return Err(Error::rejected(operation, target.to_owned(), &answer));
        }
        let token: TokenAnswer = serde_json::from_slice(&answer.body)
            .map_err(|_| Error::unusable(operation, target.to_owned(), &answer, "it has no access_token"))?;
        let life = Duration::from_secs(token.expires_in.unwrap_or(1800));
        Ok(Token::new(token.access_token.into(), self.clock.now(), life))
    }
}

/// The only answer we ask for.
const JSON: HeaderValue = HeaderValue::from_static("application/json");

fn unanswered(operation: &'static str, target: &str, source: TransportError) -> Error {
    Error::Unanswered {
        operation,
        target: target.to_owned(),
        source,
    }
}

/// Where an answer cannot be read; never what stands there.
fn unreadable(error: &serde_json::Error) -> String {
    format!("it cannot be read at line {}, column {}", error.line(), error.column())
}

/// The `result` of an answer that must have the status, be JSON, and carry no error.
pub(super) fn result<T: DeserializeOwned>(
    operation: &'static str,
    target: &str,
    answer: &Whole,
    wanted: u16,
) -> Result<T, Error> {
    let unusable = |why: String| Error::unusable(operation, target.to_owned(), answer, why);
    if answer.status == 202 {
        return Err(unusable("202 means that the request was dropped".to_owned()));
    }
    if (200..300).contains(&answer.status) && !answer.is_json() {
        return Err(unusable("it is not JSON".to_owned()));
    }
    if answer.status != wanted {
        return Err(Error::rejected(operation, target.to_owned(), answer));
    }
    #[derive(Deserialize)]
    struct Envelope<T> {
        result: Option<T>,
        #[serde(default)]
        error: Option<serde::de::IgnoredAny>,
    }
    let envelope: Envelope<T> = serde_json::from_slice(&answer.body).map_err(|error| unusable(unreadable(&error)))?;
    if envelope.error.is_some() {
        return Err(unusable("it carries an error beside its result".to_owned()));
    }
    envelope.result.ok_or_else(|| unusable("it has no result".to_owned()))
}
