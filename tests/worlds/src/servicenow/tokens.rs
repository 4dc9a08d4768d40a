//! OAuth clients, and the tokens that they were given.
//!
//! A client gets the same access token for the same user again while it lives, with what remains of its life; the
//! same holds for the refresh token. Dead tokens are kept for a day, for effects that come late.

use std::collections::BTreeMap;

use time::{Duration, OffsetDateTime};

use super::oauth::INTEGRATION_USER;
use crate::digest::sha256_hex;
use crate::gate::Moment;

/// Clients and tokens of an instance.
#[derive(Debug, Clone)]
pub(crate) struct Tokens {
    clients: BTreeMap<String, Client>,
    access: BTreeMap<String, Token>,
    refresh: BTreeMap<String, Token>,
    made: u64,
}

#[derive(Debug, Clone)]
struct Client {
    secret: String,
    /// The OAuth application user; a `user_name`.
    user: String,
}

#[derive(Debug, Clone)]
struct Token {
    client: String,
    user: String,
    expires: OffsetDateTime,
}

/// Which client a token is given to, and as which user.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Holder<'a> {
    pub(crate) client: &'a str,
    pub(crate) user: &'a str,
}

impl Default for Tokens {
    fn default() -> Tokens {
        let mut tokens = Tokens {
            clients: BTreeMap::new(),
            access: BTreeMap::new(),
            refresh: BTreeMap::new(),
            made: 0,
        };
        tokens.add_client("gridlink", "gridlink", INTEGRATION_USER);
        tokens
    }
}

impl Tokens {
    pub(crate) fn add_client(&mut self, id: &str, secret: &str, user: &str) {
        let client = Client {
            secret: secret.to_owned(),
            user: user.to_owned(),
        };
        self.clients.insert(id.to_owned(), client);
    }

    /// The user that a client acts as; none for a wrong secret.
    pub(crate) fn application_user(&self, client: &str, secret: &str) -> Option<&str> {
        let client = self.clients.get(client).filter(|known| known.secret == secret)?;
        Some(&client.user)
    }

    /// Ends the life of all access tokens.
    pub(crate) fn expire(&mut self, now: OffsetDateTime) {
        for token in self.access.values_mut() {
            token.expires = token.expires.min(now);
        }
    }

    /// The `user_name` behind an access token.
    pub(crate) fn user_of(&self, token: &str, moment: Moment) -> Option<&str> {
        let token = self.access.get(token)?;
        moment.accepts(token.expires).then_some(token.user.as_str())
    }

    /// The `user_name` behind a living refresh token of a client.
    pub(crate) fn refreshed_user(&self, client: &str, token: &str, now: OffsetDateTime) -> Option<&str> {
        let token = self.refresh.get(token)?;
        (token.client == client && now < token.expires).then_some(token.user.as_str())
    }

    /// The living access token of a holder, or a new one; with its remaining seconds.
    pub(crate) fn access(&mut self, holder: Holder<'_>, life: i64, now: OffsetDateTime) -> (String, i64) {
        give(&mut self.access, &mut self.made, "token", holder, life, now)
    }

    /// The living refresh token of a holder, or a new one.
    pub(crate) fn refresh(&mut self, holder: Holder<'_>, life: i64, now: OffsetDateTime) -> String {
        give(&mut self.refresh, &mut self.made, "refresh token", holder, life, now).0
    }
}

fn give(
    issued: &mut BTreeMap<String, Token>,
    made: &mut u64,
    kind: &str,
    holder: Holder<'_>,
    life: i64,
    now: OffsetDateTime,
) -> (String, i64) {
    issued.retain(|_, token| now < token.expires + Duration::DAY);
    let is_living = |token: &Token| {
        token.client == holder.client && token.user == holder.user && now + Duration::SECOND <= token.expires
    };
    if let Some((text, token)) = issued.iter().find(|(_, token)| is_living(token)) {
        return (text.clone(), (token.expires - now).whole_seconds());
    }
    *made += 1;
    let text = sha256_hex(format!("servicenow {kind} {} {made}", holder.client).as_bytes());
    let token = Token {
        client: holder.client.to_owned(),
        user: holder.user.to_owned(),
        expires: now + Duration::seconds(life),
    };
    issued.insert(text.clone(), token);
    (text, life)
}
