//! Roles of a user, reached by the current `loginId` only, and what roles and packages entitle to.

use std::collections::BTreeSet;

use http::StatusCode;
use serde::Deserialize;
use serde_json::{Value, json};

use super::errors::Refusal;
use super::users::User;
use super::{Answer, Call, Members};
use crate::answer;
use crate::trading_grid::seed::roles::{BETA_ROLES, PRODUCTION_ROLES, service_of};

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Role {
    role_name: String,
}

/// More than any list of roles that was seen.
const MAX_ROLES: usize = 200;

pub(super) fn list(members: &Members, call: &Call<'_>, company: &str, login_id: &str) -> Answer {
    let user = find(members, company, login_id)?;
    Ok(call.list("roles", named(&user.roles)))
}

/// Adds or removes; both are set operations, and an unknown name refuses all.
pub(super) fn change(members: &mut Members, call: &Call<'_>, company: &str, login_id: &str) -> Answer {
    let user = find(members, company, login_id)?;
    let key = (user.company_id.clone(), user.user_id.clone());
    let is_added = match call.parameter("action").as_deref() {
        Some("Add") => true,
        Some("Remove") => false,
        _ => return Err(Refusal::bad_request("action must be Add or Remove")),
    };
    let roles: Vec<Role> = call.json()?;
    if roles.len() > MAX_ROLES {
        return Err(Refusal::bad_request(&format!("more than {MAX_ROLES} roles")));
    }
    let known = members.role_names(company);
    if let Some(unknown) = roles.iter().find(|role| !known.contains(&role.role_name.as_str())) {
        return Err(Refusal::bad_request(&format!(
            "Role {} does not exist",
            unknown.role_name
        )));
    }
    let user = members.users.get_mut(&key).expect("it was found a moment ago");
    for role in roles {
        if is_added {
            user.roles.insert(role.role_name);
        } else {
            user.roles.remove(&role.role_name);
        }
    }
    Ok(call.list("roles", named(&user.roles)))
}

pub(super) fn entitlements_of_company(members: &Members, call: &Call<'_>, company: &str) -> Answer {
    members.known_company(company)?;
    let services: BTreeSet<&str> = members.role_names(company).into_iter().map(service_of).collect();
    let items = services
        .into_iter()
        .map(|service| json!({ "entitlementName": service, "status": "Active" }));
    Ok(call.list("entitlements", items.collect()))
}

/// No company in the path: a loginId is known everywhere.
pub(super) fn entitlements_of_user(members: &Members, call: &Call<'_>, login_id: &str) -> Answer {
    let missing = || Refusal::not_found(&format!("User {login_id} not found"));
    let user = members.user_by_login(login_id).ok_or_else(missing)?;
    let items = user
        .roles
        .iter()
        .map(|role| json!({ "entitlementName": service_of(role), "roleName": role, "status": "Active" }));
    let items: Vec<Value> = items.collect();
    if call.guesses.lists_are_bare_arrays {
        return Ok(answer::json(StatusCode::OK, &Value::Array(items)));
    }
    Ok(answer::json(
        StatusCode::OK,
        &json!({ "loginId": user.login_id, "entitlements": items }),
    ))
}

/// A user id finds nobody here.
fn find<'a>(members: &'a Members, company: &'a str, login_id: &str) -> Result<&'a User, Refusal> {
    members.known_company(company)?;
    members
        .users_of(company)
        .find(|user| user.login_id == login_id)
        .ok_or_else(|| Refusal::not_found(&format!("No user with loginId {login_id}")))
}

fn named(roles: &BTreeSet<String>) -> Vec<Value> {
    roles.iter().map(|role| json!({ "roleName": role })).collect()
}

impl Members {
    fn role_names(&self, company: &str) -> Vec<&str> {
        match self.companies.get(company) {
            Some(company) if !company.role_names.is_empty() => company.role_names.iter().map(String::as_str).collect(),
            Some(company) if company.is_on_beta => BETA_ROLES.to_vec(),
            Some(_) | None => PRODUCTION_ROLES.to_vec(),
        }
    }
}
