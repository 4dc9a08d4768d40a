//! Access: a token that is asked for, or what is sent in place of one.
//!
//! Accepted: a refresh token is the one in the secret. One that an instance gives out in its place
//! would be known to this function only, so such an instance needs another grant.

use std::time::Duration;

use anyhow::anyhow;
use bytes::Bytes;
use http::header::ACCEPT;
use http::{HeaderValue, Method};
use secrecy::{ExposeSecret, SecretString};
use serde::Deserialize;

use super::answer::Answer;
use super::credentials::{Access, Credentials};
use super::operation::{Asked, JSON};
use super::session::unanswered;
use super::{About, Error, Flaw, ServiceNow};
use crate::http::Call;
use crate::token::Token;

/// A token lives so long when the answer does not say.
const TOKEN_LIFE: Duration = Duration::from_secs(1800);
/// How long something that has no end is used before the secret is read again.
const FRESH: Duration = Duration::from_secs(5 * 60);

#[derive(Deserialize)]
struct TokenAnswer {
    access_token: SecretString,
    /// The remaining life in seconds: a token is given out again within its life.
    #[serde(default)]
    expires_in: serde_json::Value,
}

impl ServiceNow {
    /// What opens the door for the next calls. With `suspect`, what we hold was just refused.
    pub(super) async fn token(&self, refused: Option<&Token>) -> Result<Token, Error> {
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
        let name = &self.settings.secret;
        let text = self.secrets.current(name, suspect).await?;
        let credentials = Credentials::parse(text.expose_secret())
            .map_err(|error| anyhow!(error).context(format!("the secret {name} holds no credentials")))?;
        match credentials.request() {
            Access::Header(header, value) => {
                let value = HeaderValue::try_from(value.expose_secret())
                    .map_err(|_| anyhow!("the secret {name} has a character that cannot be sent"))?;
                Ok(Token::in_header(header, value, self.clock.now(), FRESH))
            }
            Access::Form(form) => Ok(self.exchange(form).await?),
        }
    }

    /// Asks for a token; twice is as good as once.
    async fn exchange(&self, form: Vec<(String, String)>) -> Result<Token, Error> {
        let encoded = url::form_urlencoded::Serializer::new(String::new())
            .extend_pairs(&form)
            .finish();
        let asked = Asked {
            method: Method::POST,
            values: form.into_iter().skip(1).map(|(_, value)| value).collect(),
            ..Asked::get(
                About::named("give out", "an access token"),
                "/oauth_token.do".to_owned(),
            )
        };
        let call = Call::new(asked.method.clone(), asked.url(&self.settings.url))
            .header(ACCEPT, JSON)
            .body("application/x-www-form-urlencoded", Bytes::from(encoded))
            .idempotent();
        let whole = self
            .transport
            .send(&call)
            .await
            .map_err(|source| unanswered(&asked, source))?;
        self.note(&asked, &whole);
        let answer = Answer {
            asked: &asked,
            whole: &whole,
            token: None,
            items: &[],
        };
        answer.check(&[200])?;
        let token = serde_json::from_slice::<TokenAnswer>(&whole.body)
            .map_err(|_| answer.unusable(Flaw::Missing("access_token".to_owned())))?;
        let told = match &token.expires_in {
            serde_json::Value::Number(number) => number.as_u64(),
            serde_json::Value::String(text) => text.parse().ok(),
            _ => None,
        };
        let life = told.map_or(TOKEN_LIFE, Duration::from_secs);
        Ok(Token::new(token.access_token, self.clock.now(), life))
    }
}
