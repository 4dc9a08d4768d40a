//! The admin routes of this world, below `/_world`.
//!
//! | route | what it does |
//! |---|---|
//! | `GET state`, `GET events` | what there is, and everything the feed holds |
//! | `GET partners/{companyId}` | what a partner of the company sees |
//! | `POST acts` | a partner does something: a [`PartnerAct`] |
//! | `POST issues`, `comments`, `shares`, `changes` | the same for the four oldest acts, in their own bodies |
//! | `POST documents`, `documents/{id}/corrupt`, `documents/{id}/remove` | documents that acts name |
//! | `POST exchanges`, `exchanges/{correlationId}/status`, `…/acknowledgement`, `…/tell` | Lens |
//! | `POST companies` | a company appears, in the directories of its partners too |
//! | `POST denied-fields` | the fields of Lens that nobody may read |
//! | `POST renames` | a user changes the loginId after a call |
//! | `POST feed`, `DELETE feed` | disturbs pages of the feed; forgets what it holds |
//! | `POST receiver` | who is sent events from now on |
//! | `outbox`, `drain`, `event-knobs` | the events that are sent: `outgoing/admin.rs` |

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use bytes::Bytes;
use http::request::Parts;
use http::{Method, Response, StatusCode};
use serde::Deserialize;
use serde::de::DeserializeOwned;
use serde_json::{Value, json};
use time::OffsetDateTime;

use super::acts::{PartnerAct, perform};
use super::collaboration::{Author, Disturbance, IssueSeed, Stamp, to_json};
use super::community::Company;
use super::lens::{Acknowledgement, ExchangeSeed, Status};
use super::problems::{Kind, Problem};
use super::push;
use super::renames::Rename;
use super::state::State;
use crate::admin::{done, refused};
use crate::{answer, outgoing};

#[derive(Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct NewDocument {
    company_id: String,
    document_id: String,
    name: String,
    media_type: String,
    /// Base64.
    content: String,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct NewComment {
    company_id: String,
    issue_id: String,
    #[serde(default)]
    author: Option<Author>,
    text: String,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct NewShare {
    company_id: String,
    issue_id: String,
    document_id: String,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct Changes {
    company_id: String,
    issue_id: String,
    changes: BTreeMap<String, String>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct NewCompany {
    company: Company,
    /// The companies that it trades with.
    #[serde(default)]
    partners: Vec<String>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Fields {
    fields: BTreeSet<String>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct NewStatus {
    status: Status,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct NewAcknowledgement {
    acknowledgement: Acknowledgement,
}

pub(crate) fn serve(state: &mut State, now: OffsetDateTime, parts: &Parts, body: &Bytes) -> Option<Response<Bytes>> {
    if let Some(response) = serve_events(state, now, parts, body) {
        return Some(response);
    }
    let path: Vec<&str> = parts
        .uri
        .path()
        .split('/')
        .filter(|segment| !segment.is_empty())
        .skip(1)
        .collect();
    let answered = match parts.method {
        Method::GET => return look(state, now, &path),
        Method::DELETE if path == ["feed"] => {
            state.collaboration.feed.expire();
            Ok(json!({ "status": "forgotten" }))
        }
        Method::POST => change(state, now, &path, body)?,
        _ => return None,
    };
    Some(match answered {
        Ok(body) => answer::json(StatusCode::CREATED, &body),
        Err(problem) => refused(&problem.detail),
    })
}

/// The routes of events that are sent.
fn serve_events(state: &mut State, now: OffsetDateTime, parts: &Parts, body: &Bytes) -> Option<Response<Bytes>> {
    let path = parts.uri.path();
    if (&parts.method, path) == (&Method::POST, "/_world/receiver") {
        return Some(match outgoing::admin::receiver(body) {
            Err(reason) => refused(&reason),
            Ok(destination) => {
                push::install(state, destination);
                done(json!({ "status": "set" }))
            }
        });
    }
    match &mut state.push {
        Some(push) => outgoing::admin::serve(&mut push.queue, now, parts, body),
        None => outgoing::admin::is_of_a_queue(path).then(outgoing::admin::no_receiver),
    }
}

fn look(state: &State, now: OffsetDateTime, path: &[&str]) -> Option<Response<Bytes>> {
    match path {
        ["state"] => Some(done(dump(state))),
        ["events"] => Some(done(json!({ "events": state.collaboration.feed.since(0).0 }))),
        ["partners", company] => Some(done(state.seen_by(company, now))),
        _ => None,
    }
}

fn change(state: &mut State, now: OffsetDateTime, path: &[&str], body: &Bytes) -> Option<Result<Value, Problem>> {
    let stamp = Stamp::at(now);
    let world = &mut state.collaboration;
    Some(match path {
        ["acts"] => read(body).and_then(|act: PartnerAct| act_and_tell(state, now, act)),
        ["issues"] => read(body).and_then(|seed: IssueSeed| {
            let (company, issue) = (seed.company_id.clone(), seed.issue_id.clone());
            world.open_issue(seed, &stamp)?;
            Ok(world.shown(world.issue(&company, &issue)?))
        }),
        ["documents"] => read(body).and_then(|document| add_document(state, document)),
        ["documents", id, "corrupt"] => match world.corrupt(id) {
            0 => Err(no_document(id)),
            count => Ok(json!({ "corrupted": count })),
        },
        ["documents", id, "remove"] => match world.remove_for_good(id) {
            0 => Err(no_document(id)),
            count => Ok(json!({ "removed": count })),
        },
        ["comments"] => read(body).and_then(|new: NewComment| {
            let raiser = world.issue(&new.company_id, &new.issue_id)?.author.clone();
            let author = new.author.unwrap_or(raiser);
            let said = world.comment(&new.company_id, &new.issue_id, author, &new.text, Vec::new(), &stamp);
            let (version, comment) = said?;
            Ok(json!({ "version": version, "comment": comment }))
        }),
        ["shares"] => read(body).and_then(|new: NewShare| {
            let document = world.document(&new.company_id, &new.document_id)?.reference.clone();
            let version = world.attach(&new.company_id, &new.issue_id, document.clone(), None, &stamp)?;
            Ok(json!({ "version": version, "document": document }))
        }),
        ["changes"] => read(body).and_then(|new: Changes| {
            let version = world.change_issue(&new.company_id, &new.issue_id, &new.changes, &stamp)?;
            Ok(json!({ "version": version }))
        }),
        ["exchanges"] => read(body).map(|seed: ExchangeSeed| {
            let correlation = state.add_exchange(&seed, now);
            json!({ "correlationId": correlation })
        }),
        ["exchanges", correlation, "status"] => read(body).and_then(|new: NewStatus| {
            state.set_status(correlation, new.status, now)?;
            Ok(json!({ "correlationId": correlation }))
        }),
        ["exchanges", correlation, "acknowledgement"] => read(body).and_then(|new: NewAcknowledgement| {
            state.set_acknowledgement(correlation, new.acknowledgement, now)?;
            Ok(json!({ "correlationId": correlation }))
        }),
        ["exchanges", correlation, "tell"] => {
            let told = state.tell_failure(correlation, now);
            told.map(|()| json!({ "correlationId": correlation }))
        }
        ["companies"] => read(body).map(|new: NewCompany| {
            Arc::make_mut(&mut state.members).add(new.company, &new.partners);
            json!({ "status": "added" })
        }),
        ["denied-fields"] => read(body).map(|denied: Fields| {
            state.lens.denied = denied.fields;
            json!({ "status": "denied" })
        }),
        ["renames"] => read(body).map(|rename: Rename| {
            state.renames.push(rename);
            json!({ "status": "waiting" })
        }),
        ["feed"] => read(body).map(|disturbance: Disturbance| {
            world.feed.disturb(disturbance);
            json!({ "status": "disturbed" })
        }),
        _ => return None,
    })
}

/// Carries out an act and gives the events that it led to.
fn act_and_tell(state: &mut State, now: OffsetDateTime, act: PartnerAct) -> Result<Value, Problem> {
    let (_, next) = state.collaboration.feed.since(u64::MAX);
    perform(state, now, act)?;
    Ok(json!({ "events": state.collaboration.feed.since(next).0 }))
}

fn read<T: DeserializeOwned>(body: &Bytes) -> Result<T, Problem> {
    serde_json::from_slice(body)
        .map_err(|error| Problem::new(Kind::Malformed, format!("the body cannot be used: {error}")))
}

fn add_document(state: &mut State, document: NewDocument) -> Result<Value, Problem> {
    let bytes = STANDARD
        .decode(&document.content)
        .map_err(|_| Problem::new(Kind::Malformed, "content is not base64"))?;
    let NewDocument {
        company_id,
        document_id,
        name,
        media_type,
        content: _,
    } = document;
    let world = &mut state.collaboration;
    let reference = world.add_document(&company_id, &document_id, &name, &media_type, bytes.into(), None);
    Ok(to_json(&reference))
}

fn no_document(id: &str) -> Problem {
    Problem::new(Kind::NotFound, format!("there is no document {id}"))
}

fn dump(state: &State) -> Value {
    let world = &state.collaboration;
    let issues = world.issues.values().map(|issue| {
        let mut shown = world.shown(issue);
        shown["closure"] = to_json(&issue.closure);
        shown
    });
    let issues: Vec<Value> = issues.collect();
    let threads: Vec<Value> = world.threads.values().map(|thread| thread.shown()).collect();
    let documents = world.documents.iter().map(|((company, _), document)| {
        let mut reference = to_json(&document.reference);
        reference["companyId"] = json!(company);
        reference
    });
    let users = state.members.users.values().map(|user| {
        json!({
            "companyId": user.company_id,
            "userId": user.user_id,
            "loginId": user.login_id,
            "name": format!("{} {}", user.first_name(), user.last_name()),
            "roles": user.roles,
        })
    });
    json!({
        "issues": issues,
        "threads": threads,
        "documents": documents.collect::<Vec<Value>>(),
        "companies": state.members.companies.values().map(to_json).collect::<Vec<Value>>(),
        "users": users.collect::<Vec<Value>>(),
        "lensEntries": state.lens.entries().all().count(),
    })
}
