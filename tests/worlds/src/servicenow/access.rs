//! The admin routes of who may come in: `/_world/clients` and `/_world/api-keys`.

use bytes::Bytes;
use http::Response;
use serde::Deserialize;
use serde_json::json;

use super::engine::State;
use crate::admin::{done, refused};
use crate::clock;

/// An OAuth client and the user that it acts as.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Client {
    client_id: String,
    client_secret: String,
    user_name: String,
}

/// An API key, for ever if it names no time such as `2026-11-22 10:00:00`.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct ApiKey {
    key: String,
    user_name: String,
    #[serde(default)]
    expires_on: Option<String>,
}

pub(crate) fn add_client(state: &mut State, body: &Bytes) -> Response<Bytes> {
    match serde_json::from_slice::<Client>(body) {
        Err(error) => refused(&format!("this is not a client: {error}")),
        Ok(client) => {
            state
                .tokens
                .add_client(&client.client_id, &client.client_secret, &client.user_name);
            done(json!({ "status": "added" }))
        }
    }
}

/// From now on the instance hears API keys.
pub(crate) fn add_api_key(state: &mut State, body: &Bytes) -> Response<Bytes> {
    let key: ApiKey = match serde_json::from_slice(body) {
        Ok(key) => key,
        Err(error) => return refused(&format!("this is not an API key: {error}")),
    };
    let expires = match key.expires_on.as_deref().map(clock::parse_seconds) {
        None => None,
        Some(Some(time)) => Some(time),
        Some(None) => return refused("expires_on is not a time such as 2026-11-22 10:00:00"),
    };
    state.api_keys.are_heard = true;
    state.api_keys.add(&key.key, &key.user_name, expires);
    done(json!({ "status": "added" }))
}
