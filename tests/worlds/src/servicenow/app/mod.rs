//! Applications that `now-sdk install` brings, with their scripts run for real.
//!
//! A package becomes rows, tables and columns of the instance. Its asynchronous business rules run some time after
//! the commit, its scheduled jobs when somebody drives the instance ([`Jobs`]), its REST resources when they are
//! called, its actions when somebody presses them ([`Press`]), all in a JavaScript engine with as much of ServiceNow's language as `glide.js` has.
//!
//! While an application is there, the outbox that this world brings itself ([`outbox`]) is not.
//! A script that fails is noted with what was silently ignored, so a test can ask that none did.

mod actions;
mod admin;
mod connection;
mod host;
mod jobs;
mod language;
mod package;
mod resources;
mod upload;

use std::cell::RefCell;
use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use bytes::Bytes;
use serde_json::{Value, json};
use time::OffsetDateTime;

use super::engine::{Act, Row, State};
use super::guards::business_rules::{Change, Event};
use super::outbox;
use crate::outgoing::Destination;
use host::Host;
use language::{Engine, Modules};
use package::Package;

pub(crate) use actions::{Press, serve as serve_action};
pub(crate) use admin::serve as serve_admin;
pub(crate) use jobs::{Jobs, serve as serve_job};
pub(crate) use resources::serve;
pub(crate) use upload::{progress, receive};

/// What an instance needs to run the scripts of its applications.
#[derive(Debug, Clone)]
pub(crate) struct App {
    modules: Arc<Modules>,
    /// Rules that are still to run, by their time and then in the order of commits.
    scheduled: BTreeMap<(OffsetDateTime, u64), Scheduled>,
    /// How many rules were scheduled so far.
    noted: u64,
    /// Where events go, to be said again after a reset.
    destination: Option<Destination>,
    package: Bytes,
}

/// A business rule that will run.
#[derive(Debug, Clone)]
struct Scheduled {
    rule: String,
    class: String,
    sys_id: String,
    /// The row of a deletion, as it was.
    deleted: Option<Row>,
    /// A `user_name`.
    by: String,
}

/// Puts a package on the instance.
///
/// # Errors
/// When it is no package, in a sentence.
pub(crate) fn install(state: &mut State, at: OffsetDateTime, package: &Bytes) -> Result<(), String> {
    let read = known(package)?;
    read.application().ok_or("the package holds no application")?;
    let act = Act::platform(at, "admin");
    for table in connection::tables() {
        if state.dictionary.table(&table.name).is_none() {
            Arc::make_mut(&mut state.dictionary).add_table(table);
        }
    }
    let destination = match (state.app.take(), state.outbox.take()) {
        (Some(app), _) => app.destination,
        (None, Some(outbox)) => Some(outbox.queue.destination),
        (None, None) => None,
    };
    read.install(state, act);
    let modules = state.rows("sys_module").into_iter();
    let modules = modules.map(|row| (row.get("path").to_owned(), row.get("content").to_owned()));
    state.app = Some(Box::new(App {
        modules: shared(modules.collect()),
        scheduled: BTreeMap::new(),
        noted: 0,
        destination: None,
        package: package.clone(),
    }));
    if let Some(destination) = destination {
        connect(state, at, destination);
    }
    Ok(())
}

/// Reads a package, unless it was the last one that was read.
fn known(package: &Bytes) -> Result<Arc<Package>, String> {
    static LAST: Mutex<Option<(Bytes, Arc<Package>)>> = Mutex::new(None);
    let mut last = LAST.lock().unwrap_or_else(PoisonError::into_inner);
    if let Some((_, read)) = last.as_ref().filter(|(bytes, _)| bytes == package) {
        return Ok(Arc::clone(read));
    }
    let read = Arc::new(Package::read(package)?);
    *last = Some((package.clone(), Arc::clone(&read)));
    Ok(read)
}

/// The same modules as those of the last application, if they are: an engine that has read them goes on with them.
fn shared(modules: Modules) -> Arc<Modules> {
    static LAST: Mutex<Option<Arc<Modules>>> = Mutex::new(None);
    let mut last = LAST.lock().unwrap_or_else(PoisonError::into_inner);
    if let Some(same) = last.as_ref().filter(|last| ***last == modules) {
        return Arc::clone(same);
    }
    Arc::clone(last.insert(Arc::new(modules)))
}

/// Puts the application of another state, without what it kept there, on a fresh one.
pub(crate) fn reinstall(state: &mut State, at: OffsetDateTime, app: App) {
    install(state, at, &app.package).expect("it was installed before");
    if let Some(destination) = app.destination {
        connect(state, at, destination);
    }
}

/// Sets up the connection of the application.
pub(crate) fn connect(state: &mut State, at: OffsetDateTime, destination: Destination) {
    connection::connect(state, Act::platform(at, "admin"), &destination);
    if let Some(app) = &mut state.app {
        app.destination = Some(destination);
    }
}

/// Schedules an asynchronous rule, whose condition held of a change that has just been committed.
pub(crate) fn schedule(state: &mut State, act: Act<'_>, rule: String, change: Change<'_>, sys_id: &str) {
    let Some(number) = state.app.as_ref().map(|app| app.noted + 1) else {
        return;
    };
    let is_deletion = change.event == Event::Delete;
    if is_deletion && !state.guesses.async_delete_rule_runs {
        return;
    }
    let scheduled = Scheduled {
        rule,
        class: change.class.to_owned(),
        sys_id: sys_id.to_owned(),
        deleted: change.old.filter(|_| is_deletion).cloned(),
        by: act.by.to_owned(),
    };
    let due = act.at + outbox::rule_delay(state, number);
    if let Some(app) = &mut state.app {
        app.noted = number;
        app.scheduled.insert((due, number), scheduled);
    }
}

/// Runs every rule that is due, each at its own time.
pub(crate) fn run_rules(state: &mut State, now: OffsetDateTime) {
    loop {
        let Some(app) = &mut state.app else { return };
        let Some(first) = app.scheduled.first_entry().filter(|first| first.key().0 <= now) else {
            return;
        };
        let ((at, _), scheduled) = first.remove_entry();
        run_rule(state, at, &scheduled);
    }
}

/// Runs every rule now, whatever its time.
pub(crate) fn hurry_rules(state: &mut State, now: OffsetDateTime) {
    let Some(app) = &mut state.app else { return };
    for scheduled in std::mem::take(&mut app.scheduled).into_values() {
        run_rule(state, now, &scheduled);
    }
}

/// When the next rule runs.
pub(crate) fn next_rule_at(state: &State) -> Option<OffsetDateTime> {
    let app = state.app.as_ref()?;
    app.scheduled.keys().next().map(|(due, _)| *due)
}

fn run_rule(state: &mut State, at: OffsetDateTime, scheduled: &Scheduled) {
    let row = match &scheduled.deleted {
        Some(row) => Some(row.clone()),
        // A rule of a row that is gone meanwhile has nothing to look at.
        None => state.find(&scheduled.class, &scheduled.sys_id).cloned(),
    };
    let rule = state.find("sys_script", &scheduled.rule);
    let (Some(row), Some(rule)) = (row, rule) else { return };
    let (name, script) = (rule.get("name").to_owned(), rule.get("script").to_owned());
    let given = json!({ "row": host::shown(&row) });
    if let Err(reason) = run(state, at, &scheduled.by, &script, &given) {
        state.ignored.push(format!("the business rule {name} failed: {reason}"));
    }
}

/// Runs a script on this thread with what it finds at its start; gives what it answered, or why it failed.
fn run(state: &mut State, at: OffsetDateTime, by: &str, script: &str, given: &Value) -> Result<String, String> {
    thread_local! {
        /// To make an engine takes longer than to run a script.
        static LAST: RefCell<Option<(Arc<Modules>, Engine)>> = const { RefCell::new(None) };
    }
    let app = state.app.as_ref().ok_or("no application is there")?;
    let modules = Arc::clone(&app.modules);
    let host = Host {
        state: std::mem::replace(state, State::nowhere()),
        at,
        by: by.to_owned(),
        wire: None,
    };
    let (host, answer) = LAST.with_borrow_mut(|last| {
        let engine = match last.take() {
            Some((known, engine)) if Arc::ptr_eq(&known, &modules) => engine,
            _ => Engine::new(Arc::clone(&modules)),
        };
        let done = engine.run(host, script, given);
        *last = Some((modules, engine));
        done
    });
    *state = host.state;
    answer
}

/// An interval as the platform stores it: a moment after 1970-01-01 00:00:00.
fn interval(stored: &str) -> Option<Duration> {
    let at = crate::clock::parse_seconds(stored)?;
    u64::try_from(at.unix_timestamp())
        .ok()
        .filter(|seconds| *seconds > 0)
        .map(Duration::from_secs)
}
