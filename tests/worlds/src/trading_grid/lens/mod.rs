//! Lens: the visibility of exchanges, searched with GraphQL on `POST /visibility_transaction_search`.
//!
//! Facts: OpenText's request collections and cheat sheet. The library parses, validates and executes; resolvers are
//! plain functions, so a search is one synchronous step. What is not published is in [`Guesses`].

mod entries;
mod entry;
mod exchange;
mod exchange_entries;
mod failures;
mod page;
mod search;
mod search_box;
mod standards;
mod vocabulary;

use std::borrow::Cow;
use std::cell::RefCell;
use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, LazyLock};

use apollo_compiler::executable::{Selection, SelectionSet};
use apollo_compiler::parser::Parser;
use apollo_compiler::resolvers::Execution;
use apollo_compiler::response::{JsonMap, JsonValue};
use apollo_compiler::validation::{DiagnosticList, Valid};
use apollo_compiler::{ExecutableDocument, Schema};
use bytes::Bytes;
use http::header::ALLOW;
use http::request::Parts;
use http::{Method, Response, StatusCode};
use serde::Deserialize;
use serde_json::{Value, json};
use time::OffsetDateTime;

use super::guesses::Guesses;
use super::problems::gateway_fault;
use super::seed;
use crate::answer;

pub(crate) use entries::Entries;
pub(crate) use entry::Entry;
pub use exchange::ExchangeSeed;
pub(crate) use exchange::Parties;
pub use failures::EntryError;
pub use vocabulary::{Acknowledgement, Status};

use page::Root;

/// GraphQL text longer than this is not parsed.
const MAX_QUERY_BYTES: usize = 256 * 1024;
/// Fields that a query may select in all; the published ones need ninety. With the largest page, this bounds an answer.
const MAX_FIELDS: usize = 300;
/// Selections nested deeper than this are refused; the published ones need four.
const MAX_DEPTH: usize = 50;

static SCHEMA: LazyLock<Valid<Schema>> = LazyLock::new(|| {
    Schema::parse_and_validate(include_str!("schema.graphql"), "schema.graphql")
        .unwrap_or_else(|errors| unreachable!("our own schema is valid: {errors}"))
});

/// What Lens knows.
#[derive(Debug)]
pub(crate) struct Lens {
    /// The seed is the same for every world, and shared until one changes something.
    entries: Cow<'static, Entries>,
    /// By client and query: where the next page of a scrolled search begins.
    scrolls: BTreeMap<(String, String), Scroll>,
    /// Fields that the client may not read.
    pub(crate) denied: BTreeSet<String>,
}

/// A search whose result was kept, so that its pages fit together.
#[derive(Debug)]
struct Scroll {
    id: String,
    found: Vec<Arc<Entry>>,
    next: usize,
    last_used: OffsetDateTime,
}

impl Lens {
    pub(crate) fn new(is_seeded: bool) -> Lens {
        Lens {
            entries: if is_seeded {
                Cow::Borrowed(seed::exchanges::all())
            } else {
                Cow::default()
            },
            scrolls: BTreeMap::new(),
            denied: BTreeSet::new(),
        }
    }

    pub(crate) fn entries(&self) -> &Entries {
        &self.entries
    }

    pub(crate) fn entries_mut(&mut self) -> &mut Entries {
        self.entries.to_mut()
    }
}

/// Who searches, and when.
pub(crate) struct Searcher<'a> {
    pub(crate) client: &'a str,
    pub(crate) now: OffsetDateTime,
    pub(crate) guesses: &'a Guesses,
}

#[derive(Deserialize)]
struct GraphqlRequest {
    query: String,
    #[serde(default)]
    variables: Option<Value>,
    #[serde(default, rename = "operationName")]
    operation_name: Option<String>,
}

pub(crate) fn serve(lens: &mut Lens, searcher: &Searcher<'_>, parts: &Parts, body: &Bytes) -> Response<Bytes> {
    if parts.method != Method::POST {
        let mut response = gateway_fault(
            StatusCode::METHOD_NOT_ALLOWED,
            "Method Not Allowed",
            "protocol.http.Method",
        );
        answer::set(&mut response, ALLOW, "POST");
        return response;
    }
    match execute(lens, searcher, body) {
        Ok(body) => answer::typed(StatusCode::OK, "application/json; charset=utf-8", body),
        Err(errors) => {
            let status = StatusCode::from_u16(searcher.guesses.lens_invalid_query_status);
            answer::json(status.unwrap_or(StatusCode::BAD_REQUEST), &json!({ "errors": errors }))
        }
    }
}

/// The answer, or the errors of a request that was not carried out at all.
fn execute(lens: &mut Lens, searcher: &Searcher<'_>, body: &Bytes) -> Result<String, Vec<Value>> {
    let one = |message: String| vec![json!({ "message": message })];
    let request: GraphqlRequest =
        serde_json::from_slice(body).map_err(|error| one(format!("the body is not a GraphQL request: {error}")))?;
    if request.query.len() > MAX_QUERY_BYTES {
        return Err(one(format!("the query is longer than {MAX_QUERY_BYTES} bytes")));
    }
    let document = parse(request.query)?;
    let variables = variables(request.variables).map_err(one)?;
    let refused =
        |error: apollo_compiler::request::RequestError| vec![json!(error.to_graphql_error(&document.sources))];
    let root = Root {
        lens: RefCell::new(lens),
        searcher,
    };
    let mut response = Execution::new(&SCHEMA, &document)
        .operation_name(request.operation_name.as_deref().filter(|name| !name.is_empty()))
        .map_err(refused)?
        .raw_variable_values(&variables)
        .enable_schema_introspection(searcher.guesses.lens_allows_introspection)
        .execute_sync(&root)
        .map_err(refused)?;
    // The library's own mark, which no other server sets.
    for error in &mut response.errors {
        if let Some(message) = error.message.strip_prefix("resolver error: ") {
            error.message = message.to_owned();
        }
    }
    Ok(serde_json::to_string(&response).unwrap_or_else(|error| unreachable!("a response is JSON: {error}")))
}

fn parse(query: String) -> Result<Valid<ExecutableDocument>, Vec<Value>> {
    let told = |errors: &DiagnosticList| {
        errors
            .iter()
            .map(|error| json!(error.to_json()))
            .collect::<Vec<Value>>()
    };
    let document = Parser::new()
        .recursion_limit(MAX_DEPTH)
        .parse_executable(&SCHEMA, query, "query.graphql")
        .map_err(|invalid| told(&invalid.errors))?;
    let document = document.validate(&SCHEMA).map_err(|invalid| told(&invalid.errors))?;
    let operations = document.operations.iter().map(|operation| &operation.selection_set);
    let fragments = document.fragments.values().map(|fragment| &fragment.selection_set);
    if operations.chain(fragments).map(fields).sum::<usize>() > MAX_FIELDS {
        return Err(vec![
            json!({ "message": format!("the query selects more than {MAX_FIELDS} fields") }),
        ]);
    }
    Ok(document)
}

/// The fields that are written in a selection, at every depth.
fn fields(set: &SelectionSet) -> usize {
    let one = |selection: &Selection| match selection {
        Selection::Field(field) => 1 + fields(&field.selection_set),
        Selection::InlineFragment(fragment) => fields(&fragment.selection_set),
        Selection::FragmentSpread(_) => 0,
    };
    set.selections.iter().map(one).sum()
}

/// Postman sends an empty text where there are no variables.
fn variables(given: Option<Value>) -> Result<JsonMap, String> {
    match given {
        None | Some(Value::Null) => Ok(JsonMap::new()),
        Some(Value::String(text)) if text.trim().is_empty() => Ok(JsonMap::new()),
        Some(other) => match JsonValue::from(other) {
            JsonValue::Object(variables) => Ok(variables),
            _ => Err("variables must be an object".to_owned()),
        },
    }
}
