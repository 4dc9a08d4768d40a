//! What is on the instance when it starts.

mod access;
mod articles;
mod catalog;
mod knowledge;
mod limits;
mod log;
mod offers;
mod people;
mod security;
mod service;
mod work;

use std::collections::VecDeque;
use std::sync::Mutex;

use time::{Duration, OffsetDateTime};

use crate::digest::derived_id;
use crate::servicenow::dictionary::Kind;
use crate::servicenow::engine::{Act, Fields, State};
use crate::servicenow::oauth::{GRANT_PROPERTY, INTEGRATION_USER};

/// The agent who acts where a test names nobody.
pub const AGENT: &str = "maria.santos";

/// A fresh instance at that time, which counts in whole seconds.
///
/// Tests make thousands of instances of the same time: the last few are kept to be shared.
pub(crate) fn state(now: OffsetDateTime, is_seeded: bool) -> State {
    static MADE: Mutex<VecDeque<(i64, bool, State)>> = Mutex::new(VecDeque::new());
    let second = now.unix_timestamp();
    let is_same = |made: &&(i64, bool, State)| made.0 == second && made.1 == is_seeded;
    let lock = || MADE.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
    if let Some((_, _, state)) = lock().iter().find(is_same) {
        return state.clone();
    }
    let state = make(now, is_seeded);
    let mut made = lock();
    made.truncate(7);
    made.push_front((second, is_seeded, state.clone()));
    state
}

fn make(now: OffsetDateTime, is_seeded: bool) -> State {
    let mut seed = Seed {
        state: State::new(),
        now,
    };
    seed.descriptions();
    people::minimum(&mut seed);
    seed.properties();
    if is_seeded {
        people::everybody(&mut seed);
        work::records(&mut seed);
        log::entries(&mut seed);
        service::plant(&mut seed);
        catalog::plant(&mut seed);
        knowledge::plant(&mut seed);
    }
    security::roles(&mut seed);
    access::rules(&mut seed);
    limits::rows(&mut seed);
    seed.state
}

struct Seed {
    state: State,
    now: OffsetDateTime,
}

impl Seed {
    fn properties(&mut self) {
        let act = Act::platform(self.now - Duration::days(900), "system");
        for (name, value) in [
            ("glide.invalid_query.returns_no_rows", "false"),
            ("glide.rest.choice.allow_non_existing_value", "false"),
            ("com.glide.attachment.max_size", "1024"),
            ("glide.attachment.extensions", ""),
            (GRANT_PROPERTY, "true"),
            ("glide.sm.default_mode", "deny"),
            ("glide.rest.max_content_length", "10"),
            ("glide.sys.default.tz", "US/Pacific"),
            ("glide.sys.date_format", "yyyy-MM-dd"),
            ("glide.sys.time_format", "HH:mm:ss"),
            ("glide.rest.scripted.max_inbound_content_length_mb", "10"),
            ("instance_name", "gridlinkworld"),
        ] {
            self.state.set_property(act, name, value);
        }
    }

    /// The rows of `sys_choice` and `sys_dictionary` say what the dictionary holds.
    fn descriptions(&mut self) {
        let mut rows: Vec<(&str, String, Fields)> = Vec::new();
        let mut add = |table, key, fields: &[(&str, &str)]| rows.push((table, key, crate::servicenow::owned(fields)));
        for table in self.state.dictionary.tables() {
            let parent = table.parent.as_deref().map(|parent| id("sys_db_object", parent));
            let fields = [
                ("name", table.name.as_str()),
                ("label", &table.label),
                ("sys_name", &table.label),
                ("super_class", parent.as_deref().unwrap_or_default()),
            ];
            add("sys_db_object", table.name.clone(), &fields);
            for column in &table.columns {
                let key = format!("{}.{}", table.name, column.name);
                let reference = match &column.kind {
                    Kind::Reference(target) | Kind::List(target) => target.as_str(),
                    _ => "",
                };
                let fields = [
                    ("name", table.name.as_str()),
                    ("element", &column.name),
                    ("column_label", &column.label),
                    ("internal_type", column.internal_type()),
                    ("reference", reference),
                    ("max_length", &column.max_length.to_string()),
                    ("mandatory", truth(column.is_mandatory)),
                    ("unique", truth(column.is_unique)),
                    ("read_only", truth(column.is_read_only)),
                    ("display", truth(column.name == table.display)),
                    ("default_value", &column.default),
                ];
                add("sys_dictionary", key.clone(), &fields);
                for (sequence, (value, label)) in column.choices.iter().enumerate() {
                    let fields = [
                        ("name", table.name.as_str()),
                        ("element", &column.name),
                        ("value", value),
                        ("label", label),
                        ("language", "en"),
                        ("sequence", &sequence.to_string()),
                    ];
                    add("sys_choice", format!("{key}={value}"), &fields);
                }
            }
        }
        for (table, key, fields) in rows {
            self.add_fields(900, table, &key, fields);
        }
    }

    fn add(&mut self, days_ago: i64, table: &str, key: &str, fields: &[(&str, &str)]) {
        self.add_fields(days_ago, table, key, crate::servicenow::owned(fields));
    }

    fn add_fields(&mut self, days_ago: i64, table: &str, key: &str, mut fields: Fields) {
        let act = Act::platform(self.now - Duration::days(days_ago), "admin");
        fields.insert("sys_id".to_owned(), id(table, key));
        self.state
            .insert(act, table, &fields)
            .expect("the seed fits the tables");
    }
}

fn truth(is_true: bool) -> &'static str {
    if is_true { "true" } else { "false" }
}

/// The sys_id of a seeded row.
fn id(table: &str, key: &str) -> String {
    match people::well_known(table, key) {
        Some(known) => known.to_owned(),
        None => derived_id(&format!("seed {table}"), key),
    }
}
