//! API keys, which come in the header or the parameter `x-sn-apikey` and act as a user.
//!
//! An instance hears them only after an administrator has made an inbound authentication profile for them.

use std::collections::BTreeMap;

use http::header::HeaderName;
use http::request::Parts;
use time::OffsetDateTime;

use super::parameters::{API_KEY_PARAMETER, Parameters, header};
use crate::gate::Moment;

/// The API keys of an instance.
#[derive(Debug, Clone, Default)]
pub(crate) struct ApiKeys {
    /// Whether there is an inbound authentication profile.
    pub(crate) are_heard: bool,
    keys: BTreeMap<String, ApiKey>,
}

#[derive(Debug, Clone)]
struct ApiKey {
    user: String,
    /// None: for ever.
    expires: Option<OffsetDateTime>,
}

impl ApiKeys {
    pub(crate) fn add(&mut self, key: &str, user_name: &str, expires: Option<OffsetDateTime>) {
        let user = user_name.to_owned();
        self.keys.insert(key.to_owned(), ApiKey { user, expires });
    }

    /// The `user_name` behind the key of a request.
    pub(crate) fn user_of(&self, parts: &Parts, moment: Moment) -> Option<&str> {
        if !self.are_heard {
            return None;
        }
        let parameters = Parameters::of(parts);
        let sent = match header(parts, &HeaderName::from_static(API_KEY_PARAMETER)) {
            "" => parameters.get(API_KEY_PARAMETER)?,
            sent => sent,
        };
        let key = self.keys.get(sent)?;
        key.expires
            .is_none_or(|expires| moment.accepts(expires))
            .then_some(key.user.as_str())
    }
}
