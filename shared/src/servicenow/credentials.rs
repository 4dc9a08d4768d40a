//! What opens the instance: an OAuth client in one of three grants, an API key, or a password.
//!
//! The secret is a JSON object, and its members say which it is. An error about it names what is
//! wrong, never a part of it.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use http::HeaderName;
use http::header::AUTHORIZATION;
use secrecy::{ExposeSecret, SecretString};
use serde::Deserialize;

/// The header of an API key.
const API_KEY: HeaderName = HeaderName::from_static("x-sn-apikey");

/// What opens the instance.
#[derive(Debug, Clone)]
pub enum Credentials {
    /// `client_id`, `client_secret`: a token of the client's own user. The one to use.
    Client(OauthClient),
    /// The same with `username` and `password`: a token of that user.
    Password {
        /// Who asks.
        client: OauthClient,
        /// For whom.
        username: String,
        /// The user's password.
        password: SecretString,
    },
    /// The same with `refresh_token`: a token of whoever allowed it once.
    Refresh {
        /// Who asks.
        client: OauthClient,
        /// What was given out when it was allowed.
        refresh_token: SecretString,
    },
    /// `api_key`: sent with every request.
    ApiKey(SecretString),
    /// `username`, `password` and no client: sent with every request. The last resort.
    Basic {
        /// Who asks.
        username: String,
        /// The user's password.
        password: SecretString,
    },
}

/// An OAuth client.
#[derive(Debug, Clone)]
pub struct OauthClient {
    /// The client id.
    pub id: String,
    /// The client secret.
    pub secret: SecretString,
    /// `scope`, where the instance has several.
    pub scope: Option<String>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Members {
    client_id: Option<String>,
    client_secret: Option<SecretString>,
    scope: Option<String>,
    username: Option<String>,
    password: Option<SecretString>,
    refresh_token: Option<SecretString>,
    api_key: Option<SecretString>,
}

/// Why a text holds no credentials. It shows no part of the text.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum NoCredentials {
    /// Not an object, or a member of another kind.
    #[error(
        "it is not a JSON object with texts named client_id, client_secret, scope, username, password, refresh_token or api_key"
    )]
    Unreadable,
    /// A member without a value.
    #[error("one of its members is empty")]
    Empty,
    /// Members that do not belong together, or not all that do.
    #[error(
        "it must have client_id and client_secret, perhaps with username and password or with refresh_token; or api_key alone; or username and password alone"
    )]
    Mixed,
}

impl Credentials {
    /// Reads the text of a secret.
    ///
    /// # Errors
    /// When its members do not say clearly what it is.
    pub fn parse(text: &str) -> Result<Self, NoCredentials> {
        // The parser's own error could quote the secret, so it is dropped.
        let members = serde_json::from_str::<Members>(text).map_err(|_| NoCredentials::Unreadable)?;
        members.check()?;
        let Members {
            client_id,
            client_secret,
            scope,
            username,
            password,
            refresh_token,
            api_key,
        } = members;
        let client = |id, secret| OauthClient {
            id,
            secret,
            scope: scope.clone(),
        };
        match (client_id, client_secret, username, password, refresh_token, api_key) {
            (Some(id), Some(secret), None, None, None, None) => Ok(Self::Client(client(id, secret))),
            (Some(id), Some(secret), Some(username), Some(password), None, None) => Ok(Self::Password {
                client: client(id, secret),
                username,
                password,
            }),
            (Some(id), Some(secret), None, None, Some(refresh_token), None) => Ok(Self::Refresh {
                client: client(id, secret),
                refresh_token,
            }),
            (None, None, None, None, None, Some(key)) if scope.is_none() => Ok(Self::ApiKey(key)),
            (None, None, Some(username), Some(password), None, None) if scope.is_none() => {
                Ok(Self::Basic { username, password })
            }
            _ => Err(NoCredentials::Mixed),
        }
    }

    /// The form that asks for a token, or what is sent in place of one.
    pub(super) fn request(&self) -> Access {
        match self {
            Credentials::Client(client) => client.form("client_credentials", &[]),
            Credentials::Password {
                client,
                username,
                password,
            } => client.form(
                "password",
                &[("username", username), ("password", password.expose_secret())],
            ),
            Credentials::Refresh { client, refresh_token } => {
                client.form("refresh_token", &[("refresh_token", refresh_token.expose_secret())])
            }
            Credentials::ApiKey(key) => Access::Header(API_KEY, key.clone()),
            Credentials::Basic { username, password } => {
                let pair = STANDARD.encode(format!("{username}:{}", password.expose_secret()));
                Access::Header(AUTHORIZATION, format!("Basic {pair}").into())
            }
        }
    }
}

impl Members {
    fn check(&self) -> Result<(), NoCredentials> {
        let plain = [&self.client_id, &self.scope, &self.username];
        let secret = [&self.client_secret, &self.password, &self.refresh_token, &self.api_key];
        let is_empty = plain.into_iter().flatten().any(|text| text.trim().is_empty())
            || secret
                .into_iter()
                .flatten()
                .any(|text| text.expose_secret().trim().is_empty());
        if is_empty { Err(NoCredentials::Empty) } else { Ok(()) }
    }
}

impl OauthClient {
    fn form(&self, grant: &str, more: &[(&str, &str)]) -> Access {
        let mut pairs = vec![
            ("grant_type", grant),
            ("client_id", &self.id),
            ("client_secret", self.secret.expose_secret()),
        ];
        pairs.extend_from_slice(more);
        pairs.extend(self.scope.as_deref().map(|scope| ("scope", scope)));
        Access::Form(
            pairs
                .into_iter()
                .map(|(name, value)| (name.to_owned(), value.to_owned()))
                .collect(),
        )
    }
}

/// How access is had.
pub(super) enum Access {
    /// By a token that this form asks for.
    Form(Vec<(String, String)>),
    /// By this header.
    Header(HeaderName, SecretString),
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_members_of_a_secret_say_what_it_is() {
        let kind = |text: &str| match Credentials::parse(text).unwrap() {
            Credentials::Client(_) => "client",
            Credentials::Password { .. } => "password",
            Credentials::Refresh { .. } => "refresh",
            Credentials::ApiKey(_) => "key",
            Credentials::Basic { .. } => "basic",
        };
        let table = [
            (r#"{"client_id":"a","client_secret":"b"}"#, "client"),
            (r#"{"client_id":"a","client_secret":"b","scope":"c"}"#, "client"),
            (
                r#"{"client_id":"a","client_secret":"b","username":"c","password":"d"}"#,
                "password",
            ),
            (
                r#"{"client_id":"a","client_secret":"b","refresh_token":"c"}"#,
                "refresh",
            ),
            (r#"{"api_key":"a"}"#, "key"),
            (r#"{"username":"a","password":"b"}"#, "basic"),
        ];
        for (text, wanted) in table {
            assert_eq!(kind(text), wanted, "{text}");
        }
    }

    #[test]
    fn what_is_unclear_is_refused_without_a_word_of_the_secret() {
        let table = [
            ("hunter2", NoCredentials::Unreadable),
            ("\"hunter2\"", NoCredentials::Unreadable),
            (
                r#"{"client_id":"hunter2","client_secret":5}"#,
                NoCredentials::Unreadable,
            ),
            (
                r#"{"client_id":"hunter2","client_secret":"hunter2","hunter2":"x"}"#,
                NoCredentials::Unreadable,
            ),
            (
                r#"{"api_key":"hunter2","api_key":"hunter2"}"#,
                NoCredentials::Unreadable,
            ),
            (r#"{"client_id":"hunter2","client_secret":" "}"#, NoCredentials::Empty),
            (r#"{"api_key":""}"#, NoCredentials::Empty),
            ("{}", NoCredentials::Mixed),
            (r#"{"client_id":"hunter2"}"#, NoCredentials::Mixed),
            (r#"{"username":"hunter2"}"#, NoCredentials::Mixed),
            (r#"{"api_key":"hunter2","scope":"hunter2"}"#, NoCredentials::Mixed),
            (
                r#"{"api_key":"hunter2","client_id":"hunter2","client_secret":"hunter2"}"#,
                NoCredentials::Mixed,
            ),
            (
                r#"{"client_id":"a","client_secret":"b","username":"c","password":"d","refresh_token":"hunter2"}"#,
                NoCredentials::Mixed,
            ),
        ];
        for (text, wanted) in table {
            let error = Credentials::parse(text).err();
            assert_eq!(error, Some(wanted), "{text}");
            assert!(!wanted.to_string().contains("hunter2"));
        }
    }

    #[test]
    fn credentials_cannot_be_printed() {
        let credentials = Credentials::parse(r#"{"username":"u","password":"hunter2"}"#).unwrap();
        assert!(!format!("{credentials:?}").contains("hunter2"));
    }
}
