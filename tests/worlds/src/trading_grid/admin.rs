//! The admin routes of this world: `/_world/state`, `/_world/issues`, `/_world/comments`, `/_world/changes`,
//! `/_world/shares`, `/_world/documents`, `/_world/documents/{id}/corrupt`.

use std::collections::BTreeMap;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use bytes::Bytes;
use http::request::Parts;
use http::{Method, Response, StatusCode};
use serde::Deserialize;
use serde::de::DeserializeOwned;
use serde_json::{Value, json};
use time::OffsetDateTime;

use super::state::{Author, Conflict, IssueSeed, State};
use crate::admin::{done, refused};
use crate::answer;

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

pub(crate) fn serve(state: &mut State, now: OffsetDateTime, parts: &Parts, body: &Bytes) -> Option<Response<Bytes>> {
    let path: Vec<&str> = parts
        .uri
        .path()
        .split('/')
        .filter(|segment| !segment.is_empty())
        .skip(1)
        .collect();
    let answered = match (&parts.method, path.as_slice()) {
        (&Method::GET, ["state"]) => return Some(done(dump(state))),
        (&Method::POST, ["issues"]) => read(body).and_then(|seed: IssueSeed| Ok(json!(state.open(seed)?))),
        (&Method::POST, ["documents"]) => read(body).and_then(|document| add_document(state, document)),
        (&Method::POST, ["documents", id, "corrupt"]) => match state.corrupt(id) {
            0 => Err(Conflict(format!("there is no document {id}"))),
            count => Ok(json!({ "corrupted": count })),
        },
        (&Method::POST, ["comments"]) => read(body).and_then(|new: NewComment| {
            let (version, comment) = state.comment(&new.company_id, &new.issue_id, new.author, &new.text, now)?;
            Ok(json!({ "version": version, "comment": comment }))
        }),
        (&Method::POST, ["shares"]) => read(body).and_then(|new: NewShare| {
            let (version, document) = state.share(&new.company_id, &new.issue_id, &new.document_id)?;
            Ok(json!({ "version": version, "document": document }))
        }),
        (&Method::POST, ["changes"]) => read(body).and_then(|new: Changes| {
            let version = state.change(&new.company_id, &new.issue_id, &new.changes)?;
            Ok(json!({ "version": version }))
        }),
        _ => return None,
    };
    Some(match answered {
        Ok(body) => answer::json(StatusCode::CREATED, &body),
        Err(Conflict(reason)) => refused(&reason),
    })
}

fn read<T: DeserializeOwned>(body: &Bytes) -> Result<T, Conflict> {
    serde_json::from_slice(body).map_err(|error| Conflict(format!("the body cannot be used: {error}")))
}

fn add_document(state: &mut State, document: NewDocument) -> Result<Value, Conflict> {
    let bytes = STANDARD
        .decode(&document.content)
        .map_err(|_| Conflict("content is not base64".to_owned()))?;
    let NewDocument {
        company_id,
        document_id,
        name,
        media_type,
        content: _,
    } = document;
    Ok(json!(state.add_document(
        &company_id,
        &document_id,
        &name,
        &media_type,
        bytes.into()
    )))
}

fn dump(state: &State) -> Value {
    let issues: Vec<Value> = state.issues.values().map(|issue| json!(issue)).collect();
    let documents = state.documents.iter().map(|((company, _), document)| {
        let mut reference = json!(document.reference);
        reference["companyId"] = json!(company);
        reference
    });
    json!({ "issues": issues, "documents": documents.collect::<Vec<Value>>() })
}
