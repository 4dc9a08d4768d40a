//! Users of a company: list and search, read, create, update, delete.

use std::collections::BTreeSet;

use bytes::Bytes;
use http::{Response, StatusCode};
use serde_json::{Map, Value, json};

use super::errors::Refusal;
use super::{Answer, Call, Members, profile};
use crate::answer;
use crate::digest::derived_id;

/// A user of the community.
#[derive(Debug, Clone, PartialEq)]
pub struct User {
    pub company_id: String,
    /// Never changes.
    pub user_id: String,
    /// The user may change it at any time.
    pub login_id: String,
    /// Names, address and preferences, member names as published; without password and hints.
    pub profile: Map<String, Value>,
    pub roles: BTreeSet<String>,
}

impl User {
    pub fn first_name(&self) -> &str {
        self.text(&["firstName"])
    }

    pub fn last_name(&self) -> &str {
        self.text(&["lastName"])
    }

    pub fn email(&self) -> &str {
        self.text(&["contactInformation", "email"])
    }

    fn text(&self, path: &[&str]) -> &str {
        let (last, above) = path.split_last().expect("a path has a member");
        let mut object = Some(&self.profile);
        for member in above {
            object = object.and_then(|object| object.get(*member)?.as_object());
        }
        object
            .and_then(|object| object.get(*last)?.as_str())
            .unwrap_or_default()
    }

    fn details(&self) -> Value {
        let mut details = self.profile.clone();
        details.insert("userId".to_owned(), json!(self.user_id));
        details.insert("loginId".to_owned(), json!(self.login_id));
        details.insert("companyId".to_owned(), json!(self.company_id));
        Value::Object(details)
    }
}

pub(super) fn list(members: &Members, call: &Call<'_>, company: &str) -> Answer {
    members.known_company(company)?;
    // Any other parameter is ignored: "The APIs do not allow searches by email address or by name."
    let wanted = call.parameter("loginId");
    let items: Vec<Value> = members
        .users_of(company)
        .filter(|user| wanted.as_ref().is_none_or(|wanted| *wanted == user.login_id))
        .map(|user| {
            json!({
                "userId": user.user_id,
                "loginId": user.login_id,
                "email": user.email(),
                "lastName": user.last_name(),
                "firstName": user.first_name(),
            })
        })
        .collect();
    Ok(call.list("users", items))
}

pub(super) fn read(members: &Members, company: &str, id: &str) -> Answer {
    let user = find(members, company, id)?;
    Ok(answer::json(StatusCode::OK, &user.details()))
}

pub(super) fn create(members: &mut Members, call: &Call<'_>, company: &str) -> Answer {
    let is_on_beta = members.known_company(company)?.is_on_beta;
    let body: Map<String, Value> = call.json()?;
    profile::check_new(&body, call.guesses).map_err(|reason| Refusal::bad_request(&reason))?;
    let login_id = body
        .get("loginId")
        .and_then(Value::as_str)
        .unwrap_or_default()
        .to_owned();
    let is_elsewhere = |user: &&User| {
        let its = members.company(&user.company_id);
        call.guesses.login_ids_are_unique_across_companies && its.is_some_and(|its| its.is_on_beta == is_on_beta)
    };
    let mut others = members.users.values();
    if others.any(|user| user.login_id == login_id && (user.company_id == company || is_elsewhere(&user))) {
        return Err(Refusal::conflict(&format!(
            "User with loginId {login_id} already exists"
        )));
    }
    members.created += 1;
    let user = User {
        company_id: company.to_owned(),
        user_id: user_id("created", members.created),
        login_id,
        profile: profile::kept(body),
        roles: BTreeSet::new(),
    };
    let created = json!({ "uniqueId": user.user_id, "loginId": user.login_id });
    members.users.insert((company.to_owned(), user.user_id.clone()), user);
    Ok(answer::json(StatusCode::CREATED, &created))
}

/// Members that are absent stay as they are. `loginId` and ids cannot be changed here and are ignored.
pub(super) fn update(members: &mut Members, call: &Call<'_>, company: &str, id: &str) -> Answer {
    let key = find(members, company, id)?.key();
    let body: Map<String, Value> = call.json()?;
    profile::check_change(&body, call.guesses).map_err(|reason| Refusal::bad_request(&reason))?;
    let user = members.users.get_mut(&key).expect("it was found a moment ago");
    profile::merge(&mut user.profile, profile::kept(body));
    Ok(answer::json(StatusCode::OK, &user.details()))
}

pub(super) fn delete(members: &mut Members, call: &Call<'_>, company: &str, id: &str) -> Answer {
    members.known_company(company)?;
    match find(members, company, id).map(User::key) {
        Ok(key) => {
            members.users.remove(&key);
            Ok(no_content())
        }
        Err(_) if call.guesses.deleting_nobody_succeeds => Ok(no_content()),
        Err(missing) => Err(missing),
    }
}

/// By user id or by loginId.
fn find<'a>(members: &'a Members, company: &'a str, id: &str) -> Result<&'a User, Refusal> {
    members.known_company(company)?;
    members
        .users_of(company)
        .find(|user| user.user_id == id || user.login_id == id)
        .ok_or_else(|| Refusal::not_found(&format!("User {id} not found")))
}

fn no_content() -> Response<Bytes> {
    answer::empty(StatusCode::NO_CONTENT)
}

impl User {
    fn key(&self) -> (String, String) {
        (self.company_id.clone(), self.user_id.clone())
    }
}

/// An id of the form that OpenText's examples have: `GCP6U3F660I61`.
pub(crate) fn user_id(kind: &str, number: impl std::fmt::Display) -> String {
    format!("GCP{}", &derived_id(kind, number).to_uppercase()[..10])
}
