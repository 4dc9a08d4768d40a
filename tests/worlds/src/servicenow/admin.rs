//! The admin routes of this world: `/_world/state`, `/_world/insert`, `/_world/update`, `/_world/delete`,
//! `/_world/properties`, `/_world/guesses`, `/_world/clients`, `/_world/api-keys`, `/_world/actions`, `/_world/jobs`,
//! and those of its events.

use bytes::Bytes;
use http::request::Parts;
use http::{Method, Response, StatusCode};
use serde::Deserialize;
use serde_json::{Map, Value, json};
use time::OffsetDateTime;

use super::engine::{Act, Fields, State};
use super::guesses::Guesses;
use super::outbox;
use super::{access, app};
use crate::admin::{done, refused};
use crate::{answer, outgoing};

/// A row to insert, or with a `sys_id` of its own to change; by the administrator if nobody is named.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Write {
    table: String,
    #[serde(default)]
    sys_id: Option<String>,
    #[serde(default)]
    by: Option<String>,
    fields: Fields,
}

/// A row to delete.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Gone {
    table: String,
    sys_id: String,
}

pub(crate) fn serve(state: &mut State, now: OffsetDateTime, parts: &Parts, body: &Bytes) -> Option<Response<Bytes>> {
    let response = match (&parts.method, parts.uri.path()) {
        (&Method::GET, "/_world/state") => done(dump(state)),
        (&Method::POST, "/_world/insert" | "/_world/update") => write(state, now, body),
        (&Method::POST, "/_world/delete") => delete(state, now, body),
        (&Method::POST, "/_world/properties") => match serde_json::from_slice::<Fields>(body) {
            Err(error) => refused(&format!("these are not properties: {error}")),
            Ok(properties) => {
                let act = Act::platform(now, "admin");
                properties
                    .iter()
                    .for_each(|(name, value)| state.set_property(act, name, value));
                done(json!({ "status": "set" }))
            }
        },
        (&Method::GET, "/_world/guesses") => done(json!(state.guesses)),
        (&Method::POST, "/_world/guesses") => match changed(&state.guesses, body) {
            Ok(guesses) => {
                state.guesses = guesses;
                done(json!(state.guesses))
            }
            Err(error) => refused(&format!("these are not guesses: {error}")),
        },
        (&Method::POST, "/_world/clients") => access::add_client(state, body),
        (&Method::POST, "/_world/api-keys") => access::add_api_key(state, body),
        (&Method::POST, "/_world/actions") => app::serve_action(state, now, body),
        _ => return serve_events(state, now, parts, body),
    };
    Some(response)
}

/// The routes of the outbox.
fn serve_events(state: &mut State, now: OffsetDateTime, parts: &Parts, body: &Bytes) -> Option<Response<Bytes>> {
    let path = parts.uri.path();
    match (&parts.method, path) {
        (&Method::POST, "/_world/receiver") => {
            return Some(match outgoing::admin::receiver(body) {
                Err(reason) => refused(&reason),
                Ok(destination) => {
                    if state.app.is_some() {
                        app::connect(state, now, destination);
                    } else {
                        outbox::install(state, destination);
                    }
                    done(json!({ "status": "set" }))
                }
            });
        }
        (&Method::POST, "/_world/drain") => {
            outbox::hurry_rules(state, now);
            app::hurry_rules(state, now);
        }
        _ => {}
    }
    if state.app.is_some() {
        return app::serve_admin(state, now, parts);
    }
    let Some(outbox) = &mut state.outbox else {
        return outgoing::admin::is_of_a_queue(path).then(outgoing::admin::no_receiver);
    };
    let response = outgoing::admin::serve(&mut outbox.queue, now, parts, body);
    outbox::show(state, now);
    response
}

/// The guesses with some of them changed.
fn changed(guesses: &Guesses, body: &Bytes) -> serde_json::Result<Guesses> {
    let changes: Map<String, Value> = serde_json::from_slice(body)?;
    let mut all = json!(guesses);
    for (name, value) in changes {
        all[name] = value;
    }
    serde_json::from_value(all)
}

fn write(state: &mut State, now: OffsetDateTime, body: &Bytes) -> Response<Bytes> {
    let write: Write = match serde_json::from_slice(body) {
        Ok(write) => write,
        Err(error) => return refused(&format!("this is not a row: {error}")),
    };
    let act = Act::script(now, write.by.as_deref().unwrap_or("admin"));
    let written = match write.sys_id {
        None => state.insert(act, &write.table, &write.fields),
        Some(sys_id) => state.update(act, &write.table, &sys_id, &write.fields).map(|()| sys_id),
    };
    match written {
        Ok(sys_id) => answer::json(StatusCode::CREATED, &json!({ "sys_id": sys_id })),
        Err(refusal) => refusal.answer(&state.guesses),
    }
}

fn delete(state: &mut State, now: OffsetDateTime, body: &Bytes) -> Response<Bytes> {
    let gone: Gone = match serde_json::from_slice(body) {
        Ok(gone) => gone,
        Err(error) => return refused(&format!("this is no row: {error}")),
    };
    match state.delete(Act::script(now, "admin"), &gone.table, &gone.sys_id) {
        Ok(()) => done(json!({ "status": "deleted" })),
        Err(refusal) => refusal.answer(&state.guesses),
    }
}

/// Every table with its rows, but not the tables that describe tables.
fn dump(state: &State) -> Value {
    let mut tables = Map::new();
    for table in state
        .dictionary
        .tables()
        .filter(|table| !matches!(table.name.as_str(), "sys_choice" | "sys_dictionary"))
    {
        let mut rows = state.rows(&table.name);
        rows.retain(|row| row.class == table.name);
        rows.sort_by_key(|row| row.inserted);
        let rows: Vec<Value> = rows.into_iter().map(|row| json!(row.fields)).collect();
        tables.insert(table.name.clone(), Value::Array(rows));
    }
    json!({ "tables": tables, "ignored": state.ignored })
}
