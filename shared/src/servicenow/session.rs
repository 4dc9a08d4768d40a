//! One way to the instance: base URL, token, the budget that its answers tell.

use std::sync::{Arc, Mutex, PoisonError};

use http::HeaderValue;
use http::header::{ACCEPT, CONTENT_TYPE};
use url::Url;

use super::answer::Answer;
use super::operation::Asked;
use super::reference::Directory;
use super::{Error, Operation, RateLimit};
use crate::clock::Clock;
use crate::failure::System;
use crate::http::{Body, Call, Response, Transport, TransportError, Whole};
use crate::secrets::Secrets;
use crate::telemetry;
use crate::token::{Token, TokenCache};

/// Where the instance is and which secret opens it.
#[derive(Debug, Clone)]
pub struct Settings {
    /// For example `https://acme.service-now.com`.
    pub url: Url,
    /// The name of the secret; see [`Credentials`](super::Credentials) for what is in it.
    pub secret: String,
}

/// The client.
pub struct ServiceNow {
    pub(super) transport: Transport,
    pub(super) settings: Settings,
    pub(super) secrets: Arc<Secrets>,
    pub(super) tokens: TokenCache,
    pub(super) clock: Clock,
    pub(super) directory: Directory,
    limit: Mutex<Option<RateLimit>>,
}

impl ServiceNow {
    /// A client without a token yet.
    pub fn new(transport: Transport, settings: Settings, secrets: Arc<Secrets>, clock: Clock) -> Self {
        Self {
            transport: transport.toward(System::ServiceNow),
            settings,
            secrets,
            tokens: TokenCache::new(System::ServiceNow, clock.clone()),
            directory: Directory::new(clock.clone()),
            clock,
            limit: Mutex::default(),
        }
    }

    /// The host of the instance.
    pub fn host(&self) -> &str {
        self.settings.url.host_str().unwrap_or_default()
    }

    /// Fetches a token ahead of the first event.
    ///
    /// # Errors
    /// When none can be had.
    pub async fn warm_up(&self) -> Result<(), Error> {
        self.token(None).await.map(|_| ())
    }

    /// Carries out one operation.
    ///
    /// # Errors
    /// Any error of a write leaves open whether it happened, unless [`Error::is_unsent`] or
    /// [`Error::is_refusal`] says otherwise.
    pub async fn run<T>(&self, operation: Operation<T>) -> Result<T, Error> {
        let Operation { asked, read } = operation;
        let (whole, token) = self.send(&asked).await?;
        read(&Answer {
            asked: &asked,
            whole: &whole,
            token: Some(&token),
            items: &[],
        })
    }

    /// The rate limit that an answer told last; `None` while no rule has matched a request.
    pub fn rate_limit(&self) -> Option<RateLimit> {
        self.limit.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// Sends with a token; once more with a new one when it is refused.
    pub(super) async fn send(&self, asked: &Asked) -> Result<(Whole, Token), Error> {
        let token = self.token(None).await?;
        let answer = self.try_with(&token, asked).await?;
        if answer.status != 401 {
            return Ok((answer, token));
        }
        let token = self.token(Some(&token)).await?;
        Ok((self.try_with(&token, asked).await?, token))
    }

    async fn try_with(&self, token: &Token, asked: &Asked) -> Result<Whole, Error> {
        let mut call = self.call(token, asked);
        if let Some(body) = &asked.body {
            call = call.body("application/json", body.clone());
        }
        if asked.is_idempotent {
            call = call.idempotent();
        }
        let answer = self
            .transport
            .send(&call)
            .await
            .map_err(|source| unanswered(asked, source))?;
        self.note(asked, &answer);
        Ok(answer)
    }

    /// Sends a body that is a stream, and so is sent once; the caller has a fresh token.
    pub(super) async fn send_stream(
        &self,
        asked: &Asked,
        content_type: HeaderValue,
        body: Body,
    ) -> Result<(Whole, Token), Error> {
        let token = self.token(None).await?;
        let call = self.call(&token, asked).header(CONTENT_TYPE, content_type);
        let outcome = async {
            let request = call.streaming(body)?;
            self.transport.carry(request).await?.read().await
        };
        let answer = outcome.await.map_err(|source| unanswered(asked, source))?;
        self.note(asked, &answer);
        if answer.status == 401 {
            // The body is spent: the next attempt finds a new token.
            let _ = self.token(Some(&token)).await;
        }
        Ok((answer, token))
    }

    /// Begins to read an answer that is a stream; any kind of content is taken.
    pub(super) async fn open(&self, asked: &Asked) -> Result<(Response, Token), Error> {
        let open = async |token: &Token| {
            let call = self.call(token, asked).header(ACCEPT, HeaderValue::from_static("*/*"));
            let outcome = async {
                let request = call.streaming(crate::http::full(bytes::Bytes::new()))?;
                self.transport.carry(request).await
            };
            outcome.await.map_err(|source| unanswered(asked, source))
        };
        let token = self.token(None).await?;
        let response = open(&token).await?;
        if response.status != 401 {
            return Ok((response, token));
        }
        let token = self.token(Some(&token)).await?;
        Ok((open(&token).await?, token))
    }

    /// Keeps what an answer tells of the budget, and logs that it came; never a content.
    pub(super) fn note(&self, asked: &Asked, answer: &Whole) {
        let limit = RateLimit::of(answer);
        tracing::debug!(
            about = %asked.about,
            status = answer.status,
            transaction = answer.header("x-transaction-id"),
            "ServiceNow answered"
        );
        if answer.status == 429 {
            let retry_after = answer
                .header("retry-after")
                .and_then(|after| after.trim().parse::<u64>().ok());
            tracing::warn!(about = %asked.about, retry_after, "ServiceNow's rate limit is reached");
        }
        if let Some(limit) = limit {
            let mut known = self.limit.lock().unwrap_or_else(PoisonError::into_inner);
            if known
                .as_ref()
                .is_none_or(|known| known.reset != limit.reset || known.rule != limit.rule)
            {
                telemetry::allows(System::ServiceNow, limit.limit);
                tracing::info!(
                    rate_limit = limit.limit,
                    rate_limit_reset = limit.reset.seconds(),
                    rate_limit_rule = limit.rule.as_ref().map(tracing::field::display),
                    "ServiceNow counts requests"
                );
            }
            *known = Some(limit);
        }
    }

    fn call(&self, token: &Token, asked: &Asked) -> Call {
        let (name, value) = token.header();
        let call = Call::new(asked.method.clone(), asked.url(&self.settings.url)).header(name, value);
        asked
            .headers()
            .into_iter()
            .fold(call, |call, (name, value)| call.header(name, value))
    }
}

pub(super) fn unanswered(asked: &Asked, source: TransportError) -> Error {
    Error::Unanswered {
        about: asked.about.clone(),
        source,
    }
}
