//! Who may read an article: the criteria of its base, then its own.
//!
//! A criterion that forbids wins. An article's own criteria narrow those of the base. A criterion that names nobody
//! matches nobody.

use crate::servicenow::engine::{Row, State};
use crate::servicenow::{guards, surfaces};

/// Whether a user may read an article, whatever its state.
pub(super) fn may_read(state: &State, user_name: &str, article: &Row) -> bool {
    if guards::has_role(state, user_name, "admin") {
        return true;
    }
    let base = article.get("kb_knowledge_base");
    let is_active = state
        .find("kb_knowledge_base", base)
        .is_some_and(|base| base.get("active") == "true");
    if !is_active {
        return false;
    }
    let any = |criteria: &[String]| criteria.iter().any(|one| matches(state, one, user_name));
    if any(&of_base(state, "kb_uc_cannot_read_mtom", base)) || any(&listed(article, "cannot_read_user_criteria")) {
        return false;
    }
    let (of_base, own) = (
        of_base(state, "kb_uc_can_read_mtom", base),
        listed(article, "can_read_user_criteria"),
    );
    let base_allows = if of_base.is_empty() {
        state.guesses.knowledge.base_without_criteria_is_open
    } else {
        any(&of_base)
    };
    base_allows && (own.is_empty() || any(&own))
}

fn matches(state: &State, criterion: &str, user_name: &str) -> bool {
    let Some(criterion) = state
        .find("user_criteria", criterion)
        .filter(|one| one.get("active") == "true")
    else {
        return false;
    };
    let user = state.user_sys_id(user_name);
    let company = state.find("sys_user", &user).map_or("", |user| user.get("company"));
    let memberships = state.rows("sys_user_grmember").into_iter();
    let groups: Vec<&str> = memberships
        .filter(|row| row.get("user") == user)
        .map(|row| row.get("group"))
        .collect();
    let named = |field: &str, own: &[&str]| {
        let list = listed(criterion, field);
        let is_in = list.iter().any(|one| !one.is_empty() && own.contains(&one.as_str()));
        (!list.is_empty()).then_some(is_in)
    };
    let roles = criterion.get("role");
    let has_role = (!roles.is_empty()).then(|| surfaces::has_role(state, user_name, roles));
    let answers: Vec<bool> = [
        named("user", &[&user]),
        named("group", &groups),
        named("company", &[company]),
        has_role,
    ]
    .into_iter()
    .flatten()
    .collect();
    if criterion.get("match_all") == "true" {
        !answers.is_empty() && answers.iter().all(|answer| *answer)
    } else {
        answers.contains(&true)
    }
}

fn of_base(state: &State, table: &str, base: &str) -> Vec<String> {
    let rows = state.rows(table).into_iter();
    rows.filter(|row| row.get("kb_knowledge_base") == base)
        .map(|row| row.get("user_criteria").to_owned())
        .collect()
}

fn listed(row: &Row, field: &str) -> Vec<String> {
    let list = row.get(field).split(',').filter(|one| !one.is_empty());
    list.map(str::to_owned).collect()
}
