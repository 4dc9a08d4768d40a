//! The activity stream of a case: comments, work notes and files.
//!
//! It shows of journals and files what access rules allow; entries need no right to `sys_journal_field`.

use serde_json::{Value, json};

use super::CASE;
use crate::servicenow::engine::{Act, Row, State};
use crate::servicenow::errors::Refusal;
use crate::servicenow::guards::acl::{self, Access, Operation};
use crate::servicenow::locale::Locale;
use crate::servicenow::parameters::Parameters;

/// The stream as the answer's `result`, and how many entries there are on all its pages.
pub(super) fn stream(
    state: &State,
    act: Act<'_>,
    case: &Row,
    parameters: &Parameters,
) -> Result<(Value, usize), Refusal> {
    let limit = parameters.number("sysparm_limit", state.guesses.cases.activity_limit)?;
    let offset = parameters.number("sysparm_offset", 0)?;
    let kinds = parameters.get("sysparm_activity_type").unwrap_or_default();
    let access = Access::of(state, act);
    let is_asked = |element: &str| kinds.is_empty() || kinds.split(',').any(|kind| kind.trim() == element);
    let may_read = |row: &Row, element: &str| match element {
        "attachment" => acl::attachment(state, act, Operation::Read, row.get("sys_id")).is_ok(),
        journal => access.field(Operation::Read, case, journal),
    };
    let mut entries = journal_entries(state, case);
    entries.extend(file_entries(state, case));
    entries.retain(|(row, element, _)| is_asked(element) && may_read(row, element));
    entries.sort_by_key(|(row, _, _)| row.inserted);
    if state.guesses.cases.newest_activity_first {
        entries.reverse();
    }
    let total = entries.len();
    let page = entries.into_iter().skip(offset).take(limit);
    let page: Vec<Value> = page
        .map(|(row, element, label)| entry(state, act, row, element, label))
        .collect();
    let asker = state.user_sys_id(act.by);
    let created_on = case.get("sys_created_on");
    let shown = |field: &str| {
        if access.field(Operation::Read, case, field) {
            case.get(field)
        } else {
            ""
        }
    };
    let result = json!({
        "display_value": shown("number"),
        "sys_id": case.get("sys_id"),
        "number": shown("number"),
        "short_description": shown("short_description"),
        "table": CASE,
        "label": state.dictionary.table(CASE).map_or("", |table| table.label.as_str()),
        "entries": page,
        "journal_fields": [
            journal_field(&access, case, ("comments", "Additional comments", "transparent")),
            journal_field(&access, case, ("work_notes", "Work notes", "gold")),
        ],
        "user_sys_id": asker,
        "user_login": act.by,
        "user_full_name": state.find("sys_user", &asker).map_or("", |user| user.get("name")),
        "sys_created_on": created_on,
        "sys_created_on_adjusted": Locale::of(state, act.by).adjust(created_on),
    });
    Ok((result, total))
}

/// A row of the stream with its element and its label.
type Entry<'a> = (&'a Row, &'a str, &'static str);

fn journal_entries<'a>(state: &'a State, case: &Row) -> Vec<Entry<'a>> {
    let rows = state.rows("sys_journal_field").into_iter();
    let own = rows.filter(|row| row.get("element_id") == case.get("sys_id"));
    let labelled = own.filter_map(|row| match row.get("element") {
        element @ "comments" => Some((row, element, "Additional comments")),
        element @ "work_notes" => Some((row, element, "Work notes")),
        _ => None,
    });
    labelled.collect()
}

fn file_entries<'a>(state: &'a State, case: &Row) -> Vec<Entry<'a>> {
    let files = state.attachments_of(case.get("sys_id"));
    let rows = files.iter().filter_map(|file| state.find("sys_attachment", file));
    rows.map(|row| (row, "attachment", "Attachment")).collect()
}

fn entry(state: &State, act: Act<'_>, row: &Row, element: &str, label: &str) -> Value {
    let user = state.user_sys_id(row.get("sys_created_by"));
    let name = state
        .find("sys_user", &user)
        .map_or_else(|| row.get("sys_created_by"), |user| user.get("name"));
    let initials: String = name.split_whitespace().filter_map(|word| word.chars().next()).collect();
    let created_on = row.get("sys_created_on");
    let is_file = element == "attachment";
    let value = row.get(if is_file { "file_name" } else { "value" });
    json!({
        "sys_created_on": created_on,
        "sys_created_on_adjusted": Locale::of(state, act.by).adjust(created_on),
        "sys_id": row.get("sys_id"),
        // The documentation: both hold the full name.
        "login_name": name,
        "name": name,
        "user_sys_id": user,
        "initials": initials,
        "value": value,
        "element": element,
        "field_label": label,
        "contains_code": if value.contains("[code]") { "true" } else { "false" },
        "attachment": if is_file { file(row) } else { json!({}) },
    })
}

fn file(row: &Row) -> Value {
    let path = format!("/sys_attachment.do?sys_id={}", row.get("sys_id"));
    let is_image = row.get("content_type").starts_with("image/");
    let size = row.get("size_bytes").parse::<u64>().unwrap_or(0);
    json!({
        "sys_id": row.get("sys_id"),
        "file_name": row.get("file_name"),
        "content_type": row.get("content_type"),
        "path": path,
        "image_path": if is_image { path.as_str() } else { "" },
        "thumbnail_path": if is_image { format!("{path}&thumbnail=true") } else { String::new() },
        "image_height": row.get("image_height").parse::<u64>().unwrap_or(0),
        "image_width": row.get("image_width").parse::<u64>().unwrap_or(0),
        "average_image_color": row.get("average_image_color"),
        "size": readable(size),
        "size_bytes": size,
        "state": "available_conditionally",
    })
}

/// As in `157.7 KB`.
fn readable(bytes: u64) -> String {
    if bytes < 1024 {
        return format!("{bytes} B");
    }
    let (unit, name) = if bytes < 1024 * 1024 {
        (1024, "KB")
    } else {
        (1024 * 1024, "MB")
    };
    format!("{}.{} {name}", bytes / unit, bytes % unit * 10 / unit)
}

fn journal_field(access: &Access<'_>, case: &Row, (name, label, color): (&str, &str, &str)) -> Value {
    let can_read = access.field(Operation::Read, case, name);
    let can_write = access.row(Operation::Write, case) && access.field(Operation::Write, case, name);
    json!({ "name": name, "label": label, "can_read": can_read, "can_write": can_write, "color": color })
}
