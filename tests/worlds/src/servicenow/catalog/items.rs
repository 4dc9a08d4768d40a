//! How catalogs, categories, items and their variables look in answers.
//!
//! The shape of a variable is not documented; it is what the portal's own client receives.

use serde_json::{Map, Value, json};

use super::{money, variables};
use crate::servicenow::engine::{Row, State};

/// Whether the item may be ordered; a record producer is submitted instead.
pub(crate) fn is_orderable(item: &Row) -> bool {
    item.get("active") == "true" && item.class != "sc_cat_item_producer"
}

/// The active items in the order of a category.
pub(crate) fn active(state: &State) -> Vec<&Row> {
    let mut rows = state.rows("sc_cat_item");
    rows.retain(|row| row.get("active") == "true");
    rows.sort_by_key(|row| {
        let order = row.get("order").parse::<i64>().unwrap_or(0);
        (order, row.get("name").to_owned(), row.inserted)
    });
    rows
}

/// An item as a list shows it.
pub(crate) fn listed(state: &State, item: &Row) -> Value {
    Value::Object(summary(state, item))
}

/// An item with its variables.
pub(crate) fn described(state: &State, item: &Row) -> Value {
    let mut object = summary(state, item);
    let category = state.find("sc_category", item.get("category"));
    let categories = category.map_or_else(Vec::new, |category| {
        let parent = state.find("sc_category", category.get("parent"));
        vec![json!({
            "sys_id": parent.map_or("", |parent| parent.get("sys_id")),
            "title": parent.map_or("", |parent| parent.get("title")),
            "active": parent.is_none_or(|parent| parent.get("active") == "true"),
            "category": {
                "sys_id": category.get("sys_id"),
                "title": category.get("title"),
                "active": category.get("active") == "true",
            },
        })]
    });
    let rest = [
        ("categories", Value::Array(categories)),
        ("variables", described_variables(state, item.get("sys_id"))),
        ("ui_policy", json!([])),
        ("client_script", json!({ "onChange": [], "onSubmit": [], "onLoad": [] })),
        ("data_lookup", json!([])),
    ];
    object.extend(rest.map(|(name, value)| (name.to_owned(), value)));
    Value::Object(object)
}

/// The variables of an item, each with its choices.
pub(crate) fn described_variables(state: &State, item: &str) -> Value {
    let questions = variables::of_item(state, item);
    questions
        .into_iter()
        .map(|question| variable(state, question))
        .collect()
}

pub(crate) fn catalog(state: &State, row: &Row) -> Value {
    let sys_id = row.get("sys_id");
    json!({
        "title": row.get("title"),
        "sys_id": sys_id,
        "has_categories": !categories_of(state, sys_id).is_empty(),
        "has_items": active(state).iter().any(|item| is_in_catalog(item, sys_id)),
        "description": row.get("description"),
        "desktop_image": row.get("desktop_image"),
    })
}

/// The active categories of a catalog.
pub(crate) fn categories_of<'a>(state: &'a State, catalog: &str) -> Vec<&'a Row> {
    let mut rows = state.rows("sc_category");
    rows.retain(|row| row.get("sc_catalog") == catalog && row.get("active") == "true");
    rows.sort_by_key(|row| (row.get("order").parse::<i64>().unwrap_or(0), row.inserted));
    rows
}

pub(crate) fn category(state: &State, row: &Row) -> Value {
    let sys_id = row.get("sys_id");
    let children = subcategories(state, sys_id);
    let children: Vec<Value> = children
        .into_iter()
        .map(|child| json!({ "sys_id": child.get("sys_id"), "title": child.get("title") }))
        .collect();
    json!({
        "title": row.get("title"),
        "description": text_or_null(row.get("description")),
        "full_description": text_or_null(row.get("full_description")),
        "icon": row.get("icon"),
        "header_icon": row.get("header_icon"),
        "homepage_image": row.get("homepage_image"),
        "count": count(state, sys_id),
        "subcategories": children,
        "sys_id": sys_id,
    })
}

pub(crate) fn subcategories<'a>(state: &'a State, category: &str) -> Vec<&'a Row> {
    let mut rows = state.rows("sc_category");
    rows.retain(|row| row.get("parent") == category && row.get("active") == "true");
    rows.sort_by_key(|row| row.inserted);
    rows
}

/// How many active items are in a category itself.
pub(crate) fn count(state: &State, category: &str) -> usize {
    active(state)
        .into_iter()
        .filter(|item| item.get("category") == category)
        .count()
}

pub(crate) fn is_in_catalog(item: &Row, catalog: &str) -> bool {
    item.get("sc_catalogs").split(',').any(|one| one == catalog)
}

pub(crate) fn text_or_null(text: &str) -> Value {
    if text.is_empty() { Value::Null } else { json!(text) }
}

fn summary(state: &State, item: &Row) -> Map<String, Value> {
    let is_producer = item.class == "sc_cat_item_producer";
    let shows_price = !is_producer && !item.get("price").is_empty();
    let catalogs = item
        .get("sc_catalogs")
        .split(',')
        .filter_map(|id| state.find("sc_catalog", id));
    let catalogs: Vec<Value> = catalogs
        .map(|row| json!({ "sys_id": row.get("sys_id"), "title": row.get("title") }))
        .collect();
    let category = state.find("sc_category", item.get("category"));
    let value = json!({
        "short_description": text_or_null(item.get("short_description")),
        "kb_article": "",
        "icon": item.get("icon"),
        "description": item.get("description"),
        "show_price": shows_price,
        "type": if is_producer { "record_producer" } else { "catalog_item" },
        "show_quantity": item.get("no_quantity") != "true",
        "sys_class_name": item.class,
        "picture": item.get("picture"),
        "url": "",
        "sys_id": item.get("sys_id"),
        "content_type": "",
        "catalogs": catalogs,
        "name": item.get("name"),
        "category": {
            "sys_id": category.map_or("", |row| row.get("sys_id")),
            "title": category.map_or("", |row| row.get("title")),
        },
        "order": item.get("order").parse::<i64>().unwrap_or(0),
    });
    let mut object = match value {
        Value::Object(object) => object,
        _ => Map::new(),
    };
    if shows_price {
        let price = money::shown(money::cents(item.get("price")));
        let recurring = money::shown(money::cents(item.get("recurring_price")));
        let frequency = state.dictionary.column("sc_cat_item", "recurring_frequency");
        let frequency = frequency.and_then(|column| column.label_of(item.get("recurring_frequency")));
        let prices = [
            ("price", json!(price)),
            ("localized_price", json!(price)),
            ("price_currency", json!("USD")),
            ("local_currency", json!("USD")),
            ("recurring_price", json!(recurring)),
            ("localized_recurring_price", json!(recurring)),
            ("recurring_price_currency", json!("USD")),
            ("recurring_frequency", json!(frequency)),
        ];
        object.extend(prices.map(|(name, value)| (name.to_owned(), value)));
    }
    object
}

fn variable(state: &State, question: &Row) -> Value {
    let kind = question.get("type");
    let column = state.dictionary.column("item_option_new", "type");
    let display_type = column.and_then(|column| column.label_of(kind)).unwrap_or_default();
    let friendly = display_type.to_lowercase().replace(" / ", "_").replace([' ', '/'], "_");
    let default = question.get("default_value");
    let mut object = json!({
        "id": question.get("sys_id"),
        "name": question.get("name"),
        "label": question.get("question_text"),
        "type": kind.parse::<i64>().unwrap_or(0),
        "friendly_type": friendly,
        "display_type": display_type,
        "mandatory": question.get("mandatory") == "true",
        "read_only": question.get("read_only") == "true",
        "active": true,
        "value": default,
        "displayvalue": variables::label(state, question, default),
        "help_text": question.get("help_text"),
        "max_length": 0,
        "render_label": true,
        "attributes": "",
        "dynamic_value_field": "",
    });
    let choices = variables::choices(state, question.get("sys_id"));
    if !choices.is_empty() {
        let choices = choices.into_iter().enumerate();
        object["choices"] = choices
            .map(|(index, row)| json!({ "label": row.get("text"), "value": row.get("value"), "index": index }))
            .collect();
    }
    if kind == "8" {
        object["reference"] = json!(question.get("reference"));
    }
    object
}
