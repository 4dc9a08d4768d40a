//! The questions of an item and the answers of an order.
//!
//! A question is a row of `item_option_new`, an answer one of `sc_item_option`, joined to a requested item by
//! `sc_item_option_mtom`. The Table API also gives answers as `variables.<name>` in `sysparm_fields`.

use serde_json::{Value, json};

use crate::servicenow::engine::{Act, Fields, Row, State};
use crate::servicenow::render::{Display, View};
use crate::servicenow::workflow;

/// The active questions of an item in their order.
pub(crate) fn of_item<'a>(state: &'a State, item: &str) -> Vec<&'a Row> {
    let mut rows = state.rows("item_option_new");
    rows.retain(|row| row.get("cat_item") == item && row.get("active") == "true");
    rows.sort_by_key(|row| (row.get("order").parse::<i64>().unwrap_or(0), row.inserted));
    rows
}

/// The names of mandatory questions that have no answer.
pub(crate) fn missing(state: &State, item: &str, answers: &Fields) -> Vec<String> {
    let mandatory = of_item(state, item)
        .into_iter()
        .filter(|question| question.get("mandatory") == "true");
    let open = mandatory.filter(|question| answer_to(question, answers).trim().is_empty());
    open.map(|question| question.get("name").to_owned()).collect()
}

/// Stores an answer for every question of the item; what was not answered has its default.
pub(crate) fn answer(state: &mut State, act: Act<'_>, requested_item: &str, item: &str, answers: &Fields) {
    for option in store(state, act, item, answers, "") {
        let fields = [("request_item", requested_item), ("sc_item_option", option.as_str())];
        workflow::add(state, act, "sc_item_option_mtom", &fields);
    }
}

/// Stores answers of an item in a cart, or of none, and gives their sys_ids.
pub(crate) fn store(state: &mut State, act: Act<'_>, item: &str, answers: &Fields, cart_item: &str) -> Vec<String> {
    let questions: Vec<Row> = of_item(state, item).into_iter().cloned().collect();
    let unknown = answers
        .keys()
        .filter(|name| questions.iter().all(|question| question.get("name") != *name));
    let unknown: Vec<String> = unknown
        .map(|name| format!("the item {item} has no variable {name}"))
        .collect();
    state.ignored.extend(unknown);
    let mut stored = Vec::new();
    for question in &questions {
        let fields = [
            ("item_option_new", question.get("sys_id")),
            ("value", answer_to(question, answers)),
            ("order", question.get("order")),
            ("cart_item", cart_item),
        ];
        stored.extend(workflow::add(state, act, "sc_item_option", &fields));
    }
    stored
}

/// The answers of a requested item, each after its question.
pub(crate) fn answers<'a>(state: &'a State, requested_item: &str) -> Vec<(&'a Row, &'a Row)> {
    let mut joins = state.rows("sc_item_option_mtom");
    joins.retain(|join| join.get("request_item") == requested_item);
    joins.sort_by_key(|join| join.inserted);
    let options = joins
        .into_iter()
        .filter_map(|join| state.find("sc_item_option", join.get("sc_item_option")));
    let pairs = options.filter_map(|option| {
        let question = state.find("item_option_new", option.get("item_option_new"))?;
        Some((question, option))
    });
    pairs.collect()
}

/// The member `variables.<name>` of a rendered row; none where the path is no such thing.
pub(crate) fn shown(state: &State, row: &Row, path: &str, view: &View) -> Option<Value> {
    let name = path.strip_prefix("variables.")?;
    let requested_item = match row.class.as_str() {
        "sc_req_item" => row.get("sys_id"),
        "sc_task" => row.get("request_item"),
        _ => return None,
    };
    let (question, option) = answers(state, requested_item)
        .into_iter()
        .find(|(question, _)| question.get("name") == name)?;
    let value = option.get("value");
    let label = label(state, question, value);
    Some(match view.display {
        Display::Values => json!(value),
        Display::Labels => json!(label),
        Display::Both => json!({ "display_value": label, "value": value }),
    })
}

/// What a stored answer shows.
pub(crate) fn label(state: &State, question: &Row, value: &str) -> String {
    let table = match question.get("type") {
        "31" => "sys_user",
        "8" => question.get("reference"),
        _ => "",
    };
    if let Some(table) = state.dictionary.table(table) {
        let row = state.find(&table.name, value);
        return row.map_or_else(String::new, |row| row.get(&table.display).to_owned());
    }
    let choice = choices(state, question.get("sys_id"))
        .into_iter()
        .find(|choice| choice.get("value") == value);
    choice.map_or_else(|| value.to_owned(), |choice| choice.get("text").to_owned())
}

/// The active choices of a question in their order.
pub(crate) fn choices<'a>(state: &'a State, question: &str) -> Vec<&'a Row> {
    let mut rows = state.rows("question_choice");
    rows.retain(|row| row.get("question") == question && row.get("inactive") != "true");
    rows.sort_by_key(|row| (row.get("order").parse::<i64>().unwrap_or(0), row.inserted));
    rows
}

fn answer_to<'a>(question: &'a Row, answers: &'a Fields) -> &'a str {
    answers
        .get(question.get("name"))
        .map_or_else(|| question.get("default_value"), String::as_str)
}
