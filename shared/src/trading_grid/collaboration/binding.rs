//! Where a deployment has the operations of the contract, and what it calls things.
//!
//! One value in JSON or YAML, empty for a community that serves the contract as it is. Everything is
//! checked when it is loaded; an error names the key. What can be bound:
//!
//! ```yaml
//! authentication: api-key        # access-token (default), api-key, basic, client-certificate
//! api_key_header: X-Community-Key
//! operations:                    # by operationId: another method, another path below the base URL
//!   readIssue: { path: "/cases/{issueId}?company={companyId}" }
//! members: { issueId: caseId }   # of JSON bodies: the contract's name, their name
//! parameters: { after: from }    # of queries
//! headers: { Idempotency-Key: X-Request-Key }
//! ```
//!
//! Names are mapped one to one, so that what is written and read back is the same. Events are not mapped:
//! they are the same whether pushed or read from the feed. Nor are the names of business numbers, which are
//! the partner's.

use std::collections::{BTreeMap, BTreeSet};

use http::{HeaderName, Method};
use serde::Deserialize;
use serde_json::Value;
use url::Url;

use super::super::access::Authentication;
use super::members::{MEMBERS, PARAMETERS};
use super::operation::Operation;

/// The header of an API key, unless the deployment says otherwise.
const API_KEY_HEADER: &str = "X-API-Key";
/// Objects with names that are not the contract's.
const NAMED_BY_THE_PARTNER: &str = "businessKeys";

/// How a deployment serves the contract.
#[derive(Debug, Clone)]
pub struct Binding {
    /// How requests prove who sends them.
    pub authentication: Authentication,
    /// Of the operations that are elsewhere than the contract says.
    routes: BTreeMap<Operation, Route>,
    members: Names,
    parameters: Names,
    idempotency_key: HeaderName,
    repr_digest: HeaderName,
}

/// A binding that cannot be used.
#[derive(Debug, thiserror::Error)]
#[error("the collaboration binding: {key}: {problem}")]
pub struct Invalid {
    key: String,
    problem: String,
}

/// Where one operation is.
#[derive(Debug, Clone)]
struct Route {
    method: Method,
    path: String,
    /// Names and values, the values perhaps with placeholders.
    query: Vec<(String, String)>,
}

/// Names of the contract and theirs, one to one; what is not here has the same name.
#[derive(Debug, Clone, Default)]
struct Names {
    theirs: BTreeMap<String, String>,
    ours: BTreeMap<String, String>,
}

#[derive(Deserialize, Default)]
#[serde(deny_unknown_fields, default)]
struct Written {
    authentication: WrittenAuthentication,
    api_key_header: Option<String>,
    operations: BTreeMap<String, WrittenRoute>,
    members: BTreeMap<String, String>,
    parameters: BTreeMap<String, String>,
    headers: BTreeMap<String, String>,
}

#[derive(Deserialize, Default, Clone, Copy)]
#[serde(rename_all = "kebab-case")]
enum WrittenAuthentication {
    #[default]
    AccessToken,
    ApiKey,
    Basic,
    ClientCertificate,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct WrittenRoute {
    method: Option<String>,
    path: Option<String>,
}

impl Default for Binding {
    fn default() -> Self {
        Self {
            authentication: Authentication::AccessToken,
            routes: BTreeMap::new(),
            members: Names::default(),
            parameters: Names::default(),
            idempotency_key: HeaderName::from_static("idempotency-key"),
            repr_digest: HeaderName::from_static("repr-digest"),
        }
    }
}

impl Binding {
    /// Reads a binding; an empty text is the contract as it is.
    ///
    /// # Errors
    /// Names the first key that cannot be used.
    pub fn parse(text: &str) -> Result<Self, Invalid> {
        let written = match text.trim() {
            "" => Written::default(),
            text => {
                serde_saphyr::from_str(text).map_err(|error| invalid("yaml", error.without_snippet().to_string()))?
            }
        };
        let mut binding = Binding {
            authentication: authentication(&written)?,
            members: Names::parse("members", &MEMBERS, &written.members)?,
            parameters: Names::parse("parameters", &PARAMETERS, &written.parameters)?,
            ..Binding::default()
        };
        for (id, written) in &written.operations {
            let operation = Operation::ALL.into_iter().find(|operation| operation.facts().id == id);
            let operation = operation.ok_or_else(|| invalid(&format!("operations.{id}"), "is no operation"))?;
            binding.routes.insert(operation, Route::parse(operation, written)?);
        }
        for (name, theirs) in &written.headers {
            let key = format!("headers.{name}");
            let theirs = header(&key, theirs)?;
            match name.to_ascii_lowercase().as_str() {
                "idempotency-key" => binding.idempotency_key = theirs,
                "repr-digest" => binding.repr_digest = theirs,
                _ => return Err(invalid(&key, "must be Idempotency-Key or Repr-Digest")),
            }
        }
        Ok(binding)
    }

    /// Method and address of an operation; `ids` are by placeholder, `query` by names of the contract.
    ///
    /// # Errors
    /// Names the placeholder whose id cannot stand in a path.
    pub(super) fn request(
        &self,
        base: &Url,
        operation: Operation,
        ids: &[(&'static str, &str)],
        query: &[(&str, &str)],
    ) -> Result<(Method, Url), crate::event::Malformed> {
        if let Some((name, _)) = ids.iter().find(|(_, id)| matches!(*id, "." | "..")) {
            return Err(crate::event::Malformed {
                member: (*name).to_owned(),
                reason: "cannot stand in a path".to_owned(),
            });
        }
        let bound = self.routes.get(&operation).cloned();
        let route = bound.unwrap_or_else(|| Route::of_the_contract(operation));
        let mut url = base.clone();
        if let Ok(mut path) = url.path_segments_mut() {
            let segments = route.path.split('/').skip(1);
            path.pop_if_empty().extend(segments.map(|segment| filled(segment, ids)));
        }
        for (name, value) in &route.query {
            url.query_pairs_mut().append_pair(name, &filled(value, ids));
        }
        for (name, value) in query {
            url.query_pairs_mut().append_pair(self.parameters.theirs(name), value);
        }
        Ok((route.method, url))
    }

    /// The header that carries the key of a write.
    pub(super) fn idempotency_key(&self) -> HeaderName {
        self.idempotency_key.clone()
    }

    /// The header that carries the digest of an upload or download.
    pub(super) fn repr_digest(&self) -> HeaderName {
        self.repr_digest.clone()
    }

    /// Whether members have names of their own here.
    pub(super) fn renames(&self) -> bool {
        !self.members.theirs.is_empty()
    }

    /// What is sent, in their names.
    pub(super) fn outgoing(&self, value: Value) -> Value {
        self.members.rename(value, &self.members.theirs)
    }

    /// What came, in the contract's names.
    pub(super) fn incoming(&self, value: Value) -> Value {
        self.members.rename(value, &self.members.ours)
    }

    /// What one member is called here.
    pub(super) fn member<'a>(&'a self, name: &'a str) -> &'a str {
        self.members.theirs(name)
    }
}

impl Route {
    fn of_the_contract(operation: Operation) -> Self {
        let facts = operation.facts();
        Self {
            method: facts.method,
            path: facts.path.to_owned(),
            query: Vec::new(),
        }
    }

    fn parse(operation: Operation, written: &WrittenRoute) -> Result<Self, Invalid> {
        let facts = operation.facts();
        let key = |member: &str| format!("operations.{}.{member}", facts.id);
        let mut route = Route::of_the_contract(operation);
        if let Some(method) = &written.method {
            route.method = match (method.as_str(), &facts.method) {
                ("GET", &Method::GET) => Method::GET,
                ("PUT", method) if *method != Method::GET => Method::PUT,
                ("POST", method) if *method != Method::GET => Method::POST,
                ("PATCH", method) if *method != Method::GET => Method::PATCH,
                _ => {
                    return Err(invalid(
                        &key("method"),
                        "must be GET for what reads, else PUT, POST or PATCH",
                    ));
                }
            };
        }
        if let Some(path) = &written.path {
            let invalid = |problem: String| invalid(&key("path"), problem);
            let (path, query) = path.split_once('?').unwrap_or((path, ""));
            let segments = path.split('/').collect::<Vec<_>>();
            let is_path = path.starts_with('/') && !segments.iter().any(|it| matches!(*it, "." | ".."));
            if !is_path || path.contains('#') {
                return Err(invalid(
                    "must begin with / and have no dot segments and no #".to_owned(),
                ));
            }
            route.path = path.to_owned();
            route.query = url::form_urlencoded::parse(query.as_bytes()).into_owned().collect();
            let mut found = BTreeSet::new();
            let values = route.query.iter().map(|(_, value)| value.as_str());
            for text in segments.into_iter().chain(values) {
                let names = placeholders(text).ok_or_else(|| invalid(format!("{text} has an unpaired brace")))?;
                found.extend(names);
            }
            let wanted = facts
                .path
                .split('/')
                .filter_map(placeholders)
                .flatten()
                .collect::<BTreeSet<_>>();
            if let Some(unknown) = found.difference(&wanted).next() {
                return Err(invalid(format!("{{{unknown}}} is not known here")));
            }
            // Ids may be unique without the company; everything else tells things apart.
            if let Some(missing) = wanted.difference(&found).find(|name| **name != "companyId") {
                return Err(invalid(format!("must hold {{{missing}}}")));
            }
        }
        Ok(route)
    }
}

impl Names {
    fn parse(section: &str, known: &[&str], written: &BTreeMap<String, String>) -> Result<Self, Invalid> {
        let mut names = Names::default();
        for (ours, theirs) in written {
            let key = format!("{section}.{ours}");
            if !known.contains(&ours.as_str()) {
                return Err(invalid(&key, "is no name of the contract"));
            }
            if theirs.is_empty() {
                return Err(invalid(&key, "must not be empty"));
            }
            if known.contains(&theirs.as_str()) && !written.contains_key(theirs) {
                return Err(invalid(&key, format!("{theirs} is a name of the contract itself")));
            }
            if names.ours.insert(theirs.clone(), ours.clone()).is_some() {
                return Err(invalid(&key, "has the name of another"));
            }
            names.theirs.insert(ours.clone(), theirs.clone());
        }
        Ok(names)
    }

    fn theirs<'a>(&'a self, ours: &'a str) -> &'a str {
        self.theirs.get(ours).map_or(ours, String::as_str)
    }

    /// Renames the members of all objects but those that the partner names.
    fn rename(&self, value: Value, names: &BTreeMap<String, String>) -> Value {
        match value {
            Value::Object(members) => Value::Object(
                members
                    .into_iter()
                    .map(|(name, value)| {
                        let is_partners = name == NAMED_BY_THE_PARTNER || name == self.theirs(NAMED_BY_THE_PARTNER);
                        let value = if is_partners { value } else { self.rename(value, names) };
                        (names.get(&name).cloned().unwrap_or(name), value)
                    })
                    .collect(),
            ),
            Value::Array(items) => items.into_iter().map(|item| self.rename(item, names)).collect(),
            Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => value,
        }
    }
}

fn authentication(written: &Written) -> Result<Authentication, Invalid> {
    match (written.authentication, &written.api_key_header) {
        (WrittenAuthentication::ApiKey, name) => {
            let name = name.as_deref().unwrap_or(API_KEY_HEADER);
            Ok(Authentication::ApiKey(header("api_key_header", name)?))
        }
        (_, Some(_)) => Err(invalid("api_key_header", "goes with authentication: api-key")),
        (WrittenAuthentication::AccessToken, None) => Ok(Authentication::AccessToken),
        (WrittenAuthentication::Basic, None) => Ok(Authentication::Basic),
        (WrittenAuthentication::ClientCertificate, None) => Ok(Authentication::ClientCertificate),
    }
}

fn header(key: &str, name: &str) -> Result<HeaderName, Invalid> {
    HeaderName::try_from(name).map_err(|_| invalid(key, "is no name of a header"))
}

fn invalid(key: &str, problem: impl Into<String>) -> Invalid {
    Invalid {
        key: key.to_owned(),
        problem: problem.into(),
    }
}

/// The names in braces; `None` when a brace has no partner.
fn placeholders(text: &str) -> Option<Vec<&str>> {
    let mut names = Vec::new();
    let mut rest = text;
    while let Some((before, after)) = rest.split_once('{') {
        let (name, after) = after.split_once('}')?;
        if before.contains('}') || name.contains('{') {
            return None;
        }
        names.push(name);
        rest = after;
    }
    (!rest.contains('}')).then_some(names)
}

/// The text with the ids in the place of their names.
fn filled(text: &str, ids: &[(&'static str, &str)]) -> String {
    let mut filled = String::with_capacity(text.len());
    let mut rest = text;
    while let Some((before, after)) = rest.split_once('{') {
        let Some((name, after)) = after.split_once('}') else {
            break;
        };
        filled.push_str(before);
        filled.push_str(ids.iter().find(|(known, _)| *known == name).map_or("", |(_, id)| id));
        rest = after;
    }
    filled + rest
}
