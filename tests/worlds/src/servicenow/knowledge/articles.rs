//! The life of an article: draft, review, published, outdated by its next version, retired.
//!
//! Documented: a version starts at 0.01 and grows by 0.01 with every change of state, by publishing to the next whole
//! number; going to and from pending retirement, retired and outdated does not count. When a version is published the
//! one before becomes outdated. The base's flow decides whether people approve; setting `workflow_state` by hand or by
//! API skips them, which the platform allows.

use crate::clock;
use crate::servicenow::approvals::{self, Decision};
use crate::servicenow::engine::{Act, Fields, Row, State, get};
use crate::servicenow::workflow::{self, Change, is_changed, put};

const TABLE: &str = "kb_knowledge";

pub(crate) fn before_change(state: &State, act: Act<'_>, old: Option<&Fields>, fields: &mut Fields) {
    if old.is_none() && get(fields, "author").is_empty() {
        put(fields, "author", &state.user_sys_id(act.by));
    }
    if old.is_some_and(|old| !is_changed(old, fields, "workflow_state")) {
        return;
    }
    let today = act.at.date().to_string();
    match get(fields, "workflow_state") {
        "published" if get(fields, "published").is_empty() => put(fields, "published", &today),
        "retired" => put(fields, "retired", &today),
        _ => {}
    }
}

pub(crate) fn after_change(state: &mut State, act: Act<'_>, change: Change<'_>) {
    let Some(row) = state.find(change.class, change.sys_id).cloned() else {
        return;
    };
    if change.class == "kb_feedback" {
        rate(state, row.get("article"));
        return;
    }
    let was = match change.old {
        None => {
            begin(state, act, &row);
            "draft"
        }
        Some(old) => get(old, "workflow_state"),
    };
    if was != row.get("workflow_state") {
        count_version(state, act, change.sys_id, was);
    }
    if was != "published" && row.get("workflow_state") == "published" {
        outdate_others(state, act, change.sys_id);
    }
}

/// What the button Publish does: publishes, or asks the base's managers.
pub(crate) fn publish(state: &mut State, act: Act<'_>, article: &str) {
    let asks = asks(state, article, "workflow", "approval_publish");
    move_to(state, act, article, ("published", "review"), asks);
}

/// What the button Retire does.
pub(crate) fn retire(state: &mut State, act: Act<'_>, article: &str) {
    let asks = asks(state, article, "retire_workflow", "approval_retire");
    move_to(state, act, article, ("retired", "pending_retirement"), asks);
}

/// What the button Checkout does: a draft with the text of the published version; none while there is one already.
pub(crate) fn check_out(state: &mut State, act: Act<'_>, article: &str) -> Option<String> {
    let row = state.find(TABLE, article)?.clone();
    let has_draft = versions_of(state, row.get("article_id"))
        .into_iter()
        .any(|row| matches!(row.get("workflow_state"), "draft" | "review" | "scheduled_publish"));
    if has_draft || !matches!(row.get("workflow_state"), "published" | "outdated") {
        return None;
    }
    let mut fields = row.fields.clone();
    for name in [
        "published",
        "retired",
        "scheduled_publish_date",
        "sys_id",
        "version",
        "display_number",
        "rating",
    ] {
        fields.remove(name);
    }
    for (name, value) in [
        ("workflow_state", "draft"),
        ("base_version", row.get("sys_id")),
        ("latest", "true"),
        ("sys_view_count", "0"),
    ] {
        put(&mut fields, name, value);
    }
    put(&mut fields, "revised_by", &state.user_sys_id(act.by));
    let draft = state.insert(act, TABLE, &fields).ok()?;
    if state.guesses.knowledge.draft_is_latest {
        workflow::set(state, act, TABLE, row.get("sys_id"), &[("latest", "false")]);
    } else {
        workflow::set(state, act, TABLE, &draft, &[("latest", "false")]);
    }
    Some(draft)
}

/// What approval or rejection does to an article that waits for it.
pub(crate) fn decide(state: &mut State, act: Act<'_>, article: &str, decision: Decision) {
    let Some(row) = state.find(TABLE, article) else { return };
    let scheduled = clock::parse_date(row.get("scheduled_publish_date")).filter(|date| *date > act.at.date());
    let next = match (row.get("workflow_state"), decision) {
        ("review", Decision::Approved) if scheduled.is_some() => "scheduled_publish",
        ("review", Decision::Approved) => "published",
        ("review", Decision::Rejected) => "draft",
        ("pending_retirement", Decision::Approved) => "retired",
        ("pending_retirement", Decision::Rejected) => "published",
        _ => return,
    };
    workflow::set(state, act, TABLE, article, &[("workflow_state", next)]);
}

/// All rows that are versions of one article, oldest first.
pub(super) fn versions_of<'a>(state: &'a State, article_id: &str) -> Vec<&'a Row> {
    let mut rows = state.rows(TABLE);
    rows.retain(|row| !article_id.is_empty() && row.get("article_id") == article_id);
    rows.sort_by_key(|row| row.inserted);
    rows
}

/// The users who must approve, if the base's flow asks somebody.
fn asks(state: &State, article: &str, flow: &str, asking: &str) -> Vec<String> {
    let base = state
        .find(TABLE, article)
        .and_then(|row| state.find("kb_knowledge_base", row.get("kb_knowledge_base")));
    let Some(base) = base.filter(|base| base.get(flow) == asking) else {
        return Vec::new();
    };
    let mut people: Vec<String> = base
        .get("kb_managers")
        .split(',')
        .chain([base.get("owner")])
        .filter(|user| state.find("sys_user", user).is_some())
        .map(str::to_owned)
        .collect();
    people.dedup();
    people
}

fn move_to(state: &mut State, act: Act<'_>, article: &str, (goal, waiting): (&str, &str), asked: Vec<String>) {
    if asked.is_empty() {
        workflow::set(state, act, TABLE, article, &[("workflow_state", goal)]);
        return;
    }
    workflow::set(state, act, TABLE, article, &[("workflow_state", waiting)]);
    approvals::ask(state, act, TABLE, article, &asked);
}

/// Gives a new row its place among the versions.
fn begin(state: &mut State, act: Act<'_>, row: &Row) {
    let base = state.find(TABLE, row.get("base_version"));
    let first = base.map_or(0, |base| hundredths(state, base)).saturating_add(1);
    let version = workflow::add(
        state,
        act,
        "kb_version",
        &[("version", &written(first)), ("knowledge", row.get("sys_id"))],
    );
    let mut fields = row.fields.clone();
    put(&mut fields, "version", &version.unwrap_or_default());
    if get(&fields, "article_id").is_empty() {
        put(&mut fields, "article_id", row.get("sys_id"));
    }
    show_number(&mut fields, first);
    state.replace(TABLE, row.get("sys_id"), fields);
}

/// Raises the version after a change of state.
fn count_version(state: &mut State, act: Act<'_>, article: &str, was: &str) {
    let Some(row) = state.find(TABLE, article).cloned() else {
        return;
    };
    let outside = ["pending_retirement", "retired", "outdated"];
    if outside.contains(&was) || outside.contains(&row.get("workflow_state")) {
        return;
    }
    let before = hundredths(state, &row);
    let after = if row.get("workflow_state") == "published" {
        (before / 100).saturating_add(1).saturating_mul(100)
    } else {
        before.saturating_add(1)
    };
    workflow::set(
        state,
        act,
        "kb_version",
        row.get("version"),
        &[("version", &written(after))],
    );
    let mut fields = row.fields;
    show_number(&mut fields, after);
    state.replace(TABLE, article, fields);
}

fn outdate_others(state: &mut State, act: Act<'_>, article: &str) {
    let Some(row) = state.find(TABLE, article).cloned() else {
        return;
    };
    let published = versions_of(state, row.get("article_id"))
        .into_iter()
        .filter(|other| other.get("workflow_state") == "published" && other.get("sys_id") != row.get("sys_id"));
    let published: Vec<String> = published.map(|other| other.get("sys_id").to_owned()).collect();
    for other in published {
        let fields = [("workflow_state", "outdated"), ("latest", "false")];
        workflow::set(state, act, TABLE, &other, &fields);
    }
    let mut fields = row.fields;
    put(&mut fields, "latest", "true");
    state.replace(TABLE, article, fields);
}

/// The mean of all ratings.
fn rate(state: &mut State, article: &str) {
    let feedback = state.rows("kb_feedback").into_iter();
    let ratings: Vec<u32> = feedback
        .filter(|row| row.get("article") == article)
        .filter_map(|row| row.get("rating").parse().ok())
        .collect();
    let Some(row) = state.find(TABLE, article).filter(|_| !ratings.is_empty()) else {
        return;
    };
    let mut fields = row.fields.clone();
    let tenths = ratings.iter().sum::<u32>() * 10 / u32::try_from(ratings.len()).unwrap_or(u32::MAX);
    put(&mut fields, "rating", &format!("{}.{}", tenths / 10, tenths % 10));
    state.replace(TABLE, article, fields);
}

/// The version as a number; a version is a row that others may write, so anything may stand there.
fn hundredths(state: &State, row: &Row) -> u64 {
    let version = state.value_at(TABLE, row, "version.version");
    let (major, minor) = version.split_once('.').unwrap_or((&version, "0"));
    let minor = format!("{minor:0<2}");
    let (major, minor) = (major.parse().unwrap_or(0_u64), minor.parse().unwrap_or(0));
    major.saturating_mul(100).saturating_add(minor)
}

fn written(hundredths: u64) -> String {
    match (hundredths / 100, hundredths % 100) {
        (major, 0) => format!("{major}.0"),
        (major, minor) => format!("{major}.{minor:02}"),
    }
}

fn show_number(fields: &mut Fields, version: u64) {
    let number = format!("{} v{}", get(fields, "number"), written(version));
    put(fields, "display_number", &number);
}
