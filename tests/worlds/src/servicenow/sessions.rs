//! Sessions: which user a `JSESSIONID` belongs to.
//!
//! A caller without a living session is given one with every answer. A session is nobody's until somebody logs in
//! with it, or sends credentials along with it. It says who calls only together with its user token, which no other
//! web page can know. It ends after 30 idle minutes, and earlier when there are too many.

use std::collections::BTreeMap;

use http::header::COOKIE;
use http::request::Parts;
use time::{Duration, OffsetDateTime};

use crate::digest::derived_id;

/// The sessions of an instance by their id.
#[derive(Debug, Clone, Default)]
pub(crate) struct Sessions {
    living: BTreeMap<String, Session>,
    opened: u64,
    used: u64,
}

#[derive(Debug, Clone)]
struct Session {
    /// A `user_name`; none until somebody logs in.
    user: Option<String>,
    ends: OffsetDateTime,
    /// When it was used last, counted in uses of all sessions.
    last_use: u64,
}

const IDLE: Duration = Duration::minutes(30);

/// The platform has as many as its memory holds.
const MOST: usize = 1000;

impl Sessions {
    /// The id of the living session of a request.
    pub(crate) fn id_of<'a>(&self, parts: &'a Parts, now: OffsetDateTime) -> Option<&'a str> {
        let id = cookie(parts)?;
        self.living
            .get(id)
            .is_some_and(|session| now < session.ends)
            .then_some(id)
    }

    /// The user who logged in with the session of a request.
    pub(crate) fn user_of(&self, parts: &Parts, now: OffsetDateTime) -> Option<&str> {
        let id = self.id_of(parts, now)?;
        self.living.get(id)?.user.as_deref()
    }

    /// Opens a session and gives its id.
    pub(crate) fn open(&mut self, user: Option<&str>, now: OffsetDateTime) -> String {
        if self.living.len() >= MOST {
            self.drop_older_half();
        }
        self.opened += 1;
        self.used += 1;
        let id = derived_id("session", self.opened);
        let session = Session {
            user: user.map(str::to_owned),
            ends: now + IDLE,
            last_use: self.used,
        };
        self.living.insert(id.clone(), session);
        id
    }

    /// Notes a use of a session; it becomes the user's if it was nobody's.
    pub(crate) fn keep(&mut self, id: &str, user: Option<&str>, now: OffsetDateTime) {
        self.used += 1;
        if let Some(session) = self.living.get_mut(id) {
            session.ends = now + IDLE;
            session.last_use = self.used;
            if session.user.is_none() {
                session.user = user.map(str::to_owned);
            }
        }
    }

    fn drop_older_half(&mut self) {
        let mut uses: Vec<u64> = self.living.values().map(|session| session.last_use).collect();
        uses.sort_unstable();
        let middle = uses.get(uses.len() / 2).copied().unwrap_or_default();
        self.living.retain(|_, session| session.last_use >= middle);
    }
}

/// What must come as `X-UserToken` along with a session.
pub(crate) fn user_token(session: &str) -> String {
    derived_id("user token", session) + &derived_id("user token, rest", session)
}

fn cookie(parts: &Parts) -> Option<&str> {
    let headers = parts.headers.get_all(COOKIE).iter();
    let cookies = headers
        .filter_map(|header| header.to_str().ok())
        .flat_map(|header| header.split(';'));
    cookies
        .filter_map(|cookie| cookie.trim().split_once('='))
        .find(|(name, _)| *name == "JSESSIONID")
        .map(|(_, id)| id)
}
