//! Scripted REST resources: `/api/{scope}/{service}/…`, with or without a version.

use bytes::Bytes;
use http::header::HeaderName;
use http::request::Parts;
use http::{HeaderValue, Response, StatusCode};
use serde::Deserialize;
use serde_json::{Value, json};

use super::run;
use crate::answer;
use crate::servicenow::engine::{Act, Fields, State};
use crate::servicenow::errors;
use crate::servicenow::guards;
use crate::servicenow::parameters;
use crate::servicenow::route::Route;

#[derive(Deserialize)]
struct Answered {
    status: u16,
    headers: Fields,
    body: Value,
    error: Option<Failed>,
}

#[derive(Deserialize)]
struct Failed {
    status: u16,
    #[serde(default)]
    message: String,
    #[serde(default)]
    detail: String,
}

/// Serves the route if an application has a resource there.
pub(crate) fn serve(
    state: &mut State,
    act: Act<'_>,
    route: Route<'_>,
    parts: &Parts,
    body: &Bytes,
) -> Option<Response<Bytes>> {
    state.app.as_ref()?;
    let version = route.version.map_or_else(String::new, |version| format!("/{version}"));
    let path = format!("/api/{}{version}/{}", route.space, route.rest.join("/"));
    let method = parameters::method(parts);
    let operation = state.rows("sys_ws_operation").into_iter().find(|row| {
        let is_there = [row.get("operation_uri"), row.get("default_operation_uri")].contains(&path.as_str());
        is_there && row.get("active") == "true" && row.get("http_method") == method.as_str()
    })?;
    let script = operation.get("operation_script").to_owned();
    let rules: Vec<&str> = operation.get("enforce_acl").split(',').collect();
    if !is_allowed(state, act, &rules) {
        let detail = Some("Failed API level ACL Validation");
        return Some(errors::failure(StatusCode::FORBIDDEN, "User Not Authorized", detail));
    }
    let given = json!({ "body": serde_json::from_slice::<Value>(body).unwrap_or_default() });
    let answered = run(state, act.at, act.by, &script, &given);
    let answered = answered.and_then(|text| serde_json::from_str(&text).map_err(|error| error.to_string()));
    Some(match answered {
        Ok(answered) => response(answered),
        Err(reason) => {
            state.ignored.push(format!("the resource {path} failed: {reason}"));
            errors::failure(
                StatusCode::INTERNAL_SERVER_ERROR,
                "Script execution error",
                Some(&reason),
            )
        }
    })
}

/// Whether one of the roles of the access rules is the user's.
fn is_allowed(state: &State, act: Act<'_>, rules: &[&str]) -> bool {
    let roles = state.rows("sys_security_acl_role").into_iter();
    let mut roles = roles.filter(|row| rules.contains(&row.get("sys_security_acl")));
    roles.any(|row| {
        let role = state.find("sys_user_role", row.get("sys_user_role"));
        role.is_some_and(|role| guards::has_role(state, act.by, role.get("name")))
    })
}

fn response(answered: Answered) -> Response<Bytes> {
    let status = |status: u16| StatusCode::from_u16(status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
    let mut response = match answered.error {
        Some(Failed {
            status: code,
            message,
            detail,
        }) => errors::failure(status(code), &message, Some(&detail)),
        None => answer::json(status(answered.status), &json!({ "result": answered.body })),
    };
    for (name, value) in answered.headers {
        let header = (HeaderName::from_bytes(name.as_bytes()), HeaderValue::from_str(&value));
        if let (Ok(name), Ok(value)) = header {
            response.headers_mut().insert(name, value);
        }
    }
    response
}
