//! The shopping cart: each user has one; ordering it empties it.

use serde_json::{Value, json};

use super::orders::{self, Line};
use super::{items, money, variables};
use crate::servicenow::engine::{Act, Fields, Row, State};
use crate::servicenow::errors::Refusal;
use crate::servicenow::owned;

/// The user's cart, made if there is none.
pub(crate) fn of_user(state: &mut State, act: Act<'_>) -> Result<String, Refusal> {
    let user = state.user_sys_id(act.by);
    let known = state.rows("sc_cart").into_iter().find(|row| row.get("user") == user);
    if let Some(known) = known {
        return Ok(known.get("sys_id").to_owned());
    }
    let fields = [("name", "DEFAULT"), ("user", user.as_str())];
    state.insert(act.as_script(), "sc_cart", &owned(&fields))
}

pub(crate) fn put_in(state: &mut State, act: Act<'_>, line: &Line) -> Result<(), Refusal> {
    let cart = of_user(state, act)?;
    let script = act.as_script();
    let fields = [
        ("cart", cart.as_str()),
        ("cat_item", &line.item),
        ("requested_for", &line.requested_for),
        ("quantity", &line.quantity.to_string()),
    ];
    let cart_item = state.insert(script, "sc_cart_item", &owned(&fields))?;
    variables::store(state, script, &line.item, &line.variables, &cart_item);
    Ok(())
}

/// Changes quantity and answers of a line.
pub(crate) fn change(state: &mut State, act: Act<'_>, cart_item: &str, line: &Line) -> Result<(), Refusal> {
    let script = act.as_script();
    let quantity = line.quantity.to_string();
    state.update(script, "sc_cart_item", cart_item, &owned(&[("quantity", &quantity)]))?;
    remove_answers(state, cart_item);
    variables::store(state, script, &line.item, &line.variables, cart_item);
    Ok(())
}

/// The line of the user's own cart with that sys_id.
pub(crate) fn own_line<'a>(state: &'a State, act: Act<'_>, cart_item: &str) -> Option<&'a Row> {
    let row = state.find("sc_cart_item", cart_item)?;
    let owner = state.value_at("sc_cart_item", row, "cart.user");
    (owner == state.user_sys_id(act.by)).then_some(row)
}

pub(crate) fn remove(state: &mut State, cart_item: &str) {
    remove_answers(state, cart_item);
    state.remove("sc_cart_item", cart_item);
}

/// Removes a cart with all that is in it.
pub(crate) fn empty(state: &mut State, cart: &str) {
    for line in lines(state, cart) {
        remove(state, &line);
    }
    state.remove("sc_cart", cart);
}

/// Orders everything in the cart; none for an empty cart.
pub(crate) fn order(state: &mut State, act: Act<'_>) -> Result<Option<String>, Refusal> {
    let cart = of_user(state, act)?;
    let cart_items = lines(state, &cart);
    let mut ordered = Vec::new();
    for cart_item in &cart_items {
        let row = state.find("sc_cart_item", cart_item).ok_or(Refusal::NoRecord)?;
        ordered.push(Line {
            item: row.get("cat_item").to_owned(),
            quantity: row.get("quantity").parse().unwrap_or(1),
            requested_for: row.get("requested_for").to_owned(),
            variables: answers_of(state, cart_item),
        });
    }
    if ordered.is_empty() {
        return Ok(None);
    }
    let request = orders::place(state, act, &ordered)?;
    for cart_item in &cart_items {
        remove(state, cart_item);
    }
    Ok(Some(request))
}

pub(crate) fn is_empty(state: &State, cart: &str) -> bool {
    lines(state, cart).is_empty()
}

/// The cart as adding to it shows it.
pub(crate) fn added(state: &State, cart: &str) -> Value {
    let rows = lines(state, cart);
    let rows = rows.iter().filter_map(|line| state.find("sc_cart_item", line));
    let items: Vec<Value> = rows
        .filter_map(|line| {
            let item = state.find("sc_cat_item", line.get("cat_item"))?;
            let price = money::shown(money::cents(item.get("price")));
            let recurring = money::shown(money::cents(item.get("recurring_price")));
            Some(json!({
                "catalog_item_id": item.get("sys_id"),
                "quantity": line.get("quantity"),
                "localized_price": price,
                "price": price,
                "recurring_frequency": frequency(state, item),
                "localized_recurring_price": recurring,
                "recurring_price": recurring,
                "item_name": item.get("name"),
                "cart_item_id": line.get("sys_id"),
            }))
        })
        .collect();
    json!({ "cart_id": cart, "subtotal": money::shown(subtotal(state, cart, "price")), "items": items })
}

/// The whole cart, its lines by the frequency of their recurring price.
pub(crate) fn described(state: &State, cart: &str) -> Value {
    let block = |label: Value, items: Vec<Value>| {
        let mut block = totals(state, cart);
        block["frequency_label"] = label;
        block["items"] = Value::Array(items);
        block
    };
    let mut object = totals(state, cart);
    object["cart_id"] = json!(cart);
    let rows: Vec<&Row> = lines(state, cart)
        .iter()
        .filter_map(|line| state.find("sc_cart_item", line))
        .collect();
    for key in ["none", "daily", "monthly", "yearly"] {
        let of_key = rows.iter().filter_map(|line| {
            let item = state.find("sc_cat_item", line.get("cat_item"))?;
            let own = match item.get("recurring_frequency") {
                "" => "none",
                own => own,
            };
            (own == key).then(|| (frequency(state, item), full_line(state, line, item)))
        });
        let (labels, described): (Vec<Value>, Vec<Value>) = of_key.unzip();
        if let Some(label) = labels.into_iter().next() {
            object[key] = block(label, described);
        }
    }
    object
}

fn full_line(state: &State, line: &Row, item: &Row) -> Value {
    let price = money::cents(item.get("price"));
    let recurring = money::cents(item.get("recurring_price"));
    let quantity = line.get("quantity").parse::<i64>().unwrap_or(1);
    let (subtotal, recurring_subtotal) = (price.saturating_mul(quantity), recurring.saturating_mul(quantity));
    json!({
        "cart_item_id": line.get("sys_id"),
        "sys_id": line.get("sys_id"),
        "catalog_item_id": item.get("sys_id"),
        "item_id": item.get("sys_id"),
        "item_name": item.get("name"),
        "name": item.get("name"),
        "short_description": items::text_or_null(item.get("short_description")),
        "sys_class_name": item.class,
        "picture": item.get("picture"),
        "delivery_time": item.get("delivery_time"),
        "order_guide": "",
        "quantity": line.get("quantity"),
        "price": money::shown(price),
        "localized_price": money::shown(price),
        "subtotal": subtotal / 100,
        "subtotal_price": money::shown(subtotal),
        "recurring_frequency": frequency(state, item),
        "recurring_price": money::shown(recurring),
        "localized_recurring_price": money::shown(recurring),
        "recurring_subtotal": recurring_subtotal / 100,
        "recurring_subtotal_price": money::shown(recurring_subtotal),
        "show_price": !item.get("price").is_empty(),
        "show_quantity": item.get("no_quantity") != "true",
        "show_recurring_price": recurring > 0,
        "created_by": line.get("sys_created_by"),
        "created_on": line.get("sys_created_on"),
        "updated_by": line.get("sys_updated_by"),
        "updated_on": line.get("sys_updated_on"),
        "variables": shown_answers(state, line.get("sys_id")),
    })
}

fn totals(state: &State, cart: &str) -> Value {
    json!({
        "subtotal_price": money::shown(subtotal(state, cart, "price")),
        "subtotal_recurring_frequency": "",
        "subtotal_recurring_price": money::shown(subtotal(state, cart, "recurring_price")),
        "total_title": "Total",
        "show_subtotal_price": "true",
        "subtotal_title": "Subtotal",
    })
}

fn subtotal(state: &State, cart: &str, field: &str) -> i64 {
    let cart_items = lines(state, cart);
    let rows = cart_items.iter().filter_map(|line| state.find("sc_cart_item", line));
    let amounts = rows.map(|line| {
        let price = state.value_at("sc_cart_item", line, &format!("cat_item.{field}"));
        let quantity = line.get("quantity").parse::<i64>().unwrap_or(1);
        money::cents(&price).saturating_mul(quantity)
    });
    amounts.fold(0, i64::saturating_add)
}

fn frequency(state: &State, item: &Row) -> Value {
    let column = state.dictionary.column("sc_cat_item", "recurring_frequency");
    json!(column.and_then(|column| column.label_of(item.get("recurring_frequency"))))
}

fn lines(state: &State, cart: &str) -> Vec<String> {
    let mut rows = state.rows("sc_cart_item");
    rows.retain(|row| row.get("cart") == cart);
    rows.sort_by_key(|row| row.inserted);
    rows.into_iter().map(|row| row.get("sys_id").to_owned()).collect()
}

fn options_of<'a>(state: &'a State, cart_item: &str) -> Vec<&'a Row> {
    let mut rows = state.rows("sc_item_option");
    rows.retain(|row| row.get("cart_item") == cart_item);
    rows.sort_by_key(|row| row.inserted);
    rows
}

fn answers_of(state: &State, cart_item: &str) -> Fields {
    let options = options_of(state, cart_item).into_iter();
    let pairs = options.map(|option| {
        let name = state.value_at("sc_item_option", option, "item_option_new.name");
        (name, option.get("value").to_owned())
    });
    pairs.collect()
}

/// By the text of the question, as the documentation's examples have them.
fn shown_answers(state: &State, cart_item: &str) -> Value {
    let options = options_of(state, cart_item).into_iter();
    let pairs = options.map(|option| {
        let question = state.value_at("sc_item_option", option, "item_option_new.question_text");
        (question, json!(option.get("value")))
    });
    Value::Object(pairs.collect())
}

fn remove_answers(state: &mut State, cart_item: &str) {
    let options: Vec<String> = options_of(state, cart_item)
        .into_iter()
        .map(|option| option.get("sys_id").to_owned())
        .collect();
    for option in options {
        state.remove("sc_item_option", &option);
    }
}
