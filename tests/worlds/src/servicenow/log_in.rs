//! `POST /angular.do`: how ServiceNow's own command line logs in as a person.
//!
//! `view_form.login` opens a session for a name and a password. `get_user` tells the session's user token in a
//! header of its refusal. A machine has no access here. What the bodies hold is not published; the command line
//! reads `status` and `message` of the first, and nothing of the second.

use bytes::Bytes;
use http::header::HeaderName;
use http::request::Parts;
use http::{Method, Response, StatusCode};
use serde_json::json;

use super::engine::State;
use super::identity::{self, Stranger};
use super::parameters::Parameters;
use super::{errors, router};
use crate::answer;
use crate::gate::Moment;

pub(crate) fn serve(state: &mut State, moment: Moment, parts: &Parts, body: &Bytes) -> Response<Bytes> {
    let parameters = Parameters::of(parts);
    match (&parts.method, parameters.get("sysparm_type")) {
        (&Method::POST, Some("view_form.login")) => log_in(state, moment, body),
        (&Method::POST, Some("get_user")) => get_user(state, moment, parts),
        _ => router::no_such_page(),
    }
}

fn log_in(state: &mut State, moment: Moment, body: &Bytes) -> Response<Bytes> {
    let form: Vec<(String, String)> = url::form_urlencoded::parse(body).into_owned().collect();
    let get = |name: &str| {
        form.iter()
            .find(|(known, _)| known == name)
            .map_or("", |(_, value)| value)
    };
    let user = identity::with_password(state, get("user_name"), get("user_password"));
    let is_person =
        |user: &String| !identity::is_machine(state, user) && !identity::is_for_web_services_only(state, user);
    let said = match user.filter(is_person) {
        None => json!({ "status": "error", "message": "User name or password invalid" }),
        Some(_) if state.guesses.basic_needs_mfa => {
            json!({ "status": "mfa_code_required", "message": "A multi-factor code is required" })
        }
        Some(user) => {
            let session = state.sessions.open(Some(&user), moment.at);
            let mut response = answer::json(StatusCode::OK, &json!({ "status": "success" }));
            router::set_session(state, &mut response, &session);
            router::decorate(state, &mut response, true);
            return response;
        }
    };
    let mut response = answer::json(StatusCode::OK, &said);
    router::decorate(state, &mut response, false);
    response
}

fn get_user(state: &mut State, moment: Moment, parts: &Parts) -> Response<Bytes> {
    let user = state.sessions.user_of(parts, moment.at).map(str::to_owned);
    let mut response = match &user {
        None => answer::json(StatusCode::OK, &json!({})),
        Some(user) if identity::is_machine(state, user) => {
            let message = format!("User {user} is not allowed to access com.glide.ui.ng.AngularProcessor");
            errors::failure(StatusCode::FORBIDDEN, &message, None)
        }
        Some(_) => match identity::of(state, parts, moment) {
            Ok(_) => answer::json(StatusCode::OK, &json!({})),
            Err(stranger) => refused(state, &stranger),
        },
    };
    router::decorate(state, &mut response, user.is_some());
    router::keep_session(state, moment.at, parts, None, &mut response);
    response
}

/// The answer to a stranger, with what it tells him.
pub(crate) fn refused(state: &State, stranger: &Stranger) -> Response<Bytes> {
    let mut response = errors::unauthenticated(&state.guesses);
    match stranger {
        Stranger::Unknown => {}
        Stranger::WithoutUserToken(right) => {
            answer::set(&mut response, HeaderName::from_static("x-usertoken-response"), right);
        }
        Stranger::WithoutSecondFactor => {
            answer::set(&mut response, HeaderName::from_static("x-mfa_token"), "invalid");
        }
    }
    response
}
