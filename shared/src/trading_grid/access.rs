//! How a request is let in: a token of Trading Grid, an API key, a name and password, or a
//! client certificate; all from one secret.
//!
//! The token request is OpenText's: HTTP Basic, an empty body, and the grant type in the query
//! string (source: the Postman collections of `opentext/BN-Trading-Grid`). What is refused with 401
//! is tried once more with fresh credentials; other credentials than a token only when the
//! secret has changed.

use std::sync::Arc;
use std::time::Duration;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use http::header::{ACCEPT, AUTHORIZATION};
use http::{HeaderName, HeaderValue, Method};
use secrecy::{ExposeSecret, SecretString};
use serde::Deserialize;
use tokio::sync::Mutex;
use url::Url;

use super::error::{Asked, Error};
use super::refusal::rejected;
use crate::clock::Clock;
use crate::failure::System;
use crate::http::{Call, Transport, Whole};
use crate::secrets::Secrets;
use crate::token::{Token, TokenCache};

/// A token lives about ten hours; this is assumed when the answer does not say.
const TOKEN_LIFE: Duration = Duration::from_secs(9 * 3600);
/// Problem details are JSON too.
pub(super) const JSON: HeaderValue = HeaderValue::from_static("application/json, application/problem+json");

/// How requests prove who sends them.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Authentication {
    /// A bearer token of Trading Grid, for `client_id` and `client_secret`.
    AccessToken,
    /// The `api_key`, in this header.
    ApiKey(HeaderName),
    /// HTTP Basic with `username` and `password`.
    Basic,
    /// The client certificate `certificate` with its `private_key`, both PEM.
    ClientCertificate,
}

/// Lets requests in.
pub struct Access {
    transport: Transport,
    authentication: Authentication,
    token_url: Url,
    secret: String,
    secrets: Arc<Secrets>,
    tokens: TokenCache,
    /// The transport that shows a certificate, and which certificate that is.
    identified: Mutex<Option<(String, Transport)>>,
    clock: Clock,
}

/// What one request is let in with.
pub(super) struct Pass {
    transport: Transport,
    header: Option<(HeaderName, HeaderValue)>,
    token: Option<Token>,
    /// Tells passes apart; of a certificate, which is public.
    certificate: Option<String>,
}

/// Everything that the secret may hold.
#[derive(Deserialize)]
struct Held {
    api_key: Option<SecretString>,
    username: Option<String>,
    password: Option<SecretString>,
    certificate: Option<String>,
    private_key: Option<SecretString>,
}

#[derive(Deserialize)]
struct TokenAnswer {
    access_token: SecretString,
    #[serde(default)]
    expires_in: serde_json::Value,
}

impl Access {
    /// Access by the secret of the name `secret`; nothing is fetched yet.
    pub fn new(
        transport: Transport,
        authentication: Authentication,
        token_url: Url,
        secret: String,
        secrets: Arc<Secrets>,
        clock: Clock,
    ) -> Self {
        Self {
            transport: transport.toward(System::TradingGrid),
            authentication,
            token_url,
            secret,
            secrets,
            tokens: TokenCache::new(System::TradingGrid, clock.clone()),
            identified: Mutex::default(),
            clock,
        }
    }

    /// Sends a call and reads the whole answer; once more with fresh credentials on 401.
    pub(super) async fn send(&self, asked: Asked, call: &Call) -> Result<Whole, Error> {
        self.twice(asked, async |pass: &Pass| {
            let answer = pass.transport.send(&pass.on(call)).await;
            answer.map(|whole| (whole.status, whole))
        })
        .await
    }

    /// Carries a request once more with fresh credentials on 401.
    ///
    /// `send` gives the status beside what it has of the answer.
    pub(super) async fn twice<T>(
        &self,
        asked: Asked,
        send: impl AsyncFn(&Pass) -> Result<(u16, T), crate::http::TransportError>,
    ) -> Result<T, Error> {
        let unanswered = |source| Error::Unanswered { asked, source };
        let pass = self.pass(None).await?;
        let (status, answer) = send(&pass).await.map_err(unanswered)?;
        if status != 401 {
            return Ok(answer);
        }
        let fresh = self.pass(Some(&pass)).await?;
        if fresh.token.is_none() && fresh.is(&pass) {
            return Ok(answer);
        }
        let (_, answer) = send(&fresh).await.map_err(unanswered)?;
        Ok(answer)
    }

    /// Lets one request in; `refused` has just been refused and is not given out again.
    pub(super) async fn pass(&self, refused: Option<&Pass>) -> Result<Pass, Error> {
        let anonymous = Pass {
            transport: self.transport.clone(),
            header: None,
            token: None,
            certificate: None,
        };
        match &self.authentication {
            Authentication::AccessToken => {
                let token = self.token(refused.and_then(|pass| pass.token.as_ref())).await?;
                Ok(Pass {
                    header: Some(token.header()),
                    token: Some(token),
                    ..anonymous
                })
            }
            Authentication::ApiKey(name) => {
                let key = self.held(refused.is_some()).await?.api_key;
                let key = key.ok_or_else(|| self.lacks("api_key"))?;
                Ok(Pass {
                    header: Some((name.clone(), sensitive(key.expose_secret())?)),
                    ..anonymous
                })
            }
            Authentication::Basic => {
                let held = self.held(refused.is_some()).await?;
                let username = held.username.ok_or_else(|| self.lacks("username"))?;
                let password = held.password.ok_or_else(|| self.lacks("password"))?;
                Ok(Pass {
                    header: Some((AUTHORIZATION, basic(&username, &password)?)),
                    ..anonymous
                })
            }
            Authentication::ClientCertificate => {
                let held = self.held(refused.is_some()).await?;
                let certificate = held.certificate.ok_or_else(|| self.lacks("certificate"))?;
                let private_key = held.private_key.ok_or_else(|| self.lacks("private_key"))?;
                Ok(Pass {
                    transport: self.identified(&certificate, &private_key).await?,
                    certificate: Some(certificate),
                    ..anonymous
                })
            }
        }
    }

    /// The transport that shows the certificate; made again only for another certificate.
    async fn identified(&self, certificate: &str, private_key: &SecretString) -> Result<Transport, Error> {
        let mut identified = self.identified.lock().await;
        if let Some((shown, transport)) = identified.as_ref()
            && shown == certificate
        {
            return Ok(transport.clone());
        }
        let transport = self.transport.with_identity(certificate, private_key);
        let transport = transport.map_err(Error::NoAccess)?;
        *identified = Some((certificate.to_owned(), transport.clone()));
        Ok(transport)
    }

    async fn held(&self, suspect: bool) -> Result<Held, Error> {
        let text = self
            .secrets
            .current(&self.secret, suspect)
            .await
            .map_err(Error::NoAccess)?;
        // The parser's own error could quote the secret, so it is dropped.
        serde_json::from_str(text.expose_secret()).map_err(|_| {
            Error::NoAccess(anyhow::anyhow!(
                "the secret {} is not a JSON object of texts",
                self.secret
            ))
        })
    }

    fn lacks(&self, member: &str) -> Error {
        Error::NoAccess(anyhow::anyhow!("the secret {} has no {member}", self.secret))
    }

    async fn token(&self, refused: Option<&Token>) -> Result<Token, Error> {
        self.tokens
            .get(
                refused,
                async |suspect| self.request_token(suspect).await.map_err(anyhow::Error::from),
                is_refused,
            )
            .await
            // A refused token request is no answer to the call that needed it.
            .map_err(|unavailable| Error::NoAccess(unavailable.into()))
    }

    async fn request_token(&self, suspect: bool) -> Result<Token, Error> {
        let asked = Asked {
            whom: "Trading Grid",
            to: "give out an access token",
            is_write: false,
        };
        let credentials = self
            .secrets
            .credentials(&self.secret, suspect)
            .await
            .map_err(Error::NoAccess)?;
        let mut url = self.token_url.clone();
        url.query_pairs_mut().append_pair("grant_type", "client_credentials");
        let call = Call::new(Method::POST, url)
            .header(
                AUTHORIZATION,
                basic(&credentials.client_id, &credentials.client_secret)?,
            )
            .header(ACCEPT, JSON)
            .idempotent();
        let answer = self.transport.send(&call).await;
        let answer = answer.map_err(|source| Error::Unanswered { asked, source })?;
        if answer.status != 200 {
            return Err(rejected(asked, &answer, b""));
        }
        // The parser's own error could quote the token, so it is dropped.
        let token = serde_json::from_slice::<TokenAnswer>(&answer.body).ok();
        let token = token.filter(|token| !token.access_token.expose_secret().is_empty());
        let token = token.ok_or_else(|| Error::Unusable {
            asked,
            why: "it has no access_token".to_owned(),
        })?;
        let life = life(&token.expires_in).unwrap_or(TOKEN_LIFE);
        Ok(Token::new(token.access_token, self.clock.now(), life))
    }
}

/// Whether the token request was answered that these credentials open nothing.
fn is_refused(error: &anyhow::Error) -> bool {
    let rejection = error.downcast_ref().and_then(Error::rejection);
    rejection.is_some_and(|it| matches!(it.status, 400..=403))
}

impl Pass {
    /// The call with what lets it in.
    pub(super) fn on(&self, call: &Call) -> Call {
        match &self.header {
            Some((name, value)) => call.clone().header(name.clone(), value.clone()),
            None => call.clone(),
        }
    }

    /// What carries the request.
    pub(super) fn transport(&self) -> &Transport {
        &self.transport
    }

    fn is(&self, other: &Pass) -> bool {
        self.header == other.header && self.certificate == other.certificate
    }
}

/// How long a token lives, as the answer says in seconds: a number, or a number as text.
fn life(told: &serde_json::Value) -> Option<Duration> {
    let seconds = match told {
        serde_json::Value::Number(number) => number.as_f64()?,
        serde_json::Value::String(text) => text.trim().parse().ok()?,
        serde_json::Value::Null
        | serde_json::Value::Bool(_)
        | serde_json::Value::Array(_)
        | serde_json::Value::Object(_) => return None,
    };
    Duration::try_from_secs_f64(seconds).ok()
}

fn basic(name: &str, password: &SecretString) -> Result<HeaderValue, Error> {
    let pair = format!("{name}:{}", password.expose_secret());
    sensitive(&format!("Basic {}", STANDARD.encode(pair)))
}

fn sensitive(text: &str) -> Result<HeaderValue, Error> {
    let mut value = HeaderValue::try_from(text)
        .map_err(|_| Error::NoAccess(anyhow::anyhow!("the secret holds what cannot stand in a header")))?;
    value.set_sensitive(true);
    Ok(value)
}
