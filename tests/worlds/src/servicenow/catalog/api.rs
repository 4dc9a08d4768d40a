//! `/api/sn_sc/servicecatalog/…`: browsing, ordering, the cart, record producers.
//!
//! Not served: wish lists, order guides, delegation, delivery addresses.

use bytes::Bytes;
use http::request::Parts;
use http::{Method, Response, StatusCode};
use serde_json::{Value, json};

use super::wishes::{self, Trouble, unavailable};
use super::{cart, items, orders, variables};
use crate::answer;
use crate::servicenow::engine::{Act, Row, State};
use crate::servicenow::errors::{Refusal, failure};
use crate::servicenow::parameters::{self, Parameters};
use crate::servicenow::{attachments, guards, surfaces};

/// Serves the path after `/api/sn_sc/servicecatalog`.
pub(crate) fn serve(state: &mut State, act: Act<'_>, path: &[&str], parts: &Parts, body: &Bytes) -> Response<Bytes> {
    match respond(state, act, path, parts, body) {
        Ok(response) => response,
        Err(Trouble::Refused(refusal)) => refusal.answer(&state.guesses),
        Err(Trouble::Coded(message)) => {
            let status = StatusCode::from_u16(state.guesses.catalog.error_code_status);
            let status = status.unwrap_or(StatusCode::BAD_REQUEST);
            let result = json!({ "errCode": "42202", "errMsg": message });
            answer::json(status, &json!({ "result": result }))
        }
    }
}

fn respond(
    state: &mut State,
    act: Act<'_>,
    path: &[&str],
    parts: &Parts,
    body: &Bytes,
) -> Result<Response<Bytes>, Trouble> {
    surfaces::check_headers(parts, body, &state.guesses)?;
    let parameters = Parameters::of(parts);
    let result = match (parameters::method(parts), path) {
        (Method::GET, ["catalogs"]) => catalogs(state, &parameters)?,
        (Method::GET, ["catalogs", sys_id]) => catalog(state, sys_id)?,
        (Method::GET, ["catalogs", sys_id, "categories"]) => categories(state, sys_id, &parameters)?,
        (Method::GET, ["categories", sys_id]) => category(state, sys_id)?,
        (Method::GET, ["items"]) => list(state, &parameters)?,
        (Method::GET, ["items", sys_id]) => items::described(state, item(state, sys_id)?),
        (Method::GET, ["items", sys_id, "variables"]) => {
            item(state, sys_id)?;
            items::described_variables(state, sys_id)
        }
        (Method::POST, ["items", sys_id, "order_now"]) => {
            let lines = wishes::wanted(state, act, sys_id, body)?;
            let request = orders::place(state, act, &lines)?;
            let number = number(state, &request);
            json!({
                "sys_id": request,
                "number": number,
                "request_number": number,
                "request_id": request,
                "table": "sc_request",
                "parent_id": null,
                "parent_table": "task",
            })
        }
        (Method::POST, ["items", sys_id, "add_to_cart"]) => {
            for line in wishes::wanted(state, act, sys_id, body)? {
                cart::put_in(state, act, &line)?;
            }
            let cart = cart::of_user(state, act)?;
            cart::added(state, &cart)
        }
        (Method::POST, ["items", sys_id, "submit_producer"]) => submit_producer(state, act, sys_id, body)?,
        (Method::GET, ["cart"]) => {
            let cart = cart::of_user(state, act)?;
            cart::described(state, &cart)
        }
        (Method::POST, ["cart", "checkout"]) => check_out(state, act)?,
        (Method::POST, ["cart", "submit_order"]) => order_cart(state, act)?,
        (Method::PUT, ["cart", cart_item]) => {
            let result = change_line(state, act, cart_item, body)?;
            return Ok(answer::json(StatusCode::CREATED, &json!({ "result": result })));
        }
        (Method::DELETE, ["cart", cart_item]) => {
            cart::own_line(state, act, cart_item).ok_or_else(|| Refusal::bad_request("Invalid cart item", ""))?;
            cart::remove(state, cart_item);
            return Ok(answer::empty(StatusCode::NO_CONTENT));
        }
        (Method::DELETE, ["cart", sys_id, "empty"]) => {
            let owner = state.find("sc_cart", sys_id).map(|row| row.get("user").to_owned());
            let is_administrator = guards::has_role(state, act.by, "admin");
            if owner.is_none_or(|owner| owner != state.user_sys_id(act.by) && !is_administrator) {
                return Err(Refusal::bad_request("Invalid cart", "").into());
            }
            cart::empty(state, sys_id);
            return Ok(answer::empty(StatusCode::NO_CONTENT));
        }
        (_, ["catalogs" | "categories" | "items" | "cart", ..]) => {
            return Ok(failure(StatusCode::METHOD_NOT_ALLOWED, "Method not supported", None));
        }
        _ => return Err(attachments::unknown_uri().into()),
    };
    Ok(answer::json(StatusCode::OK, &json!({ "result": result })))
}

fn catalogs(state: &State, parameters: &Parameters) -> Result<Value, Refusal> {
    let limit = parameters.number("sysparm_limit", 10_000)?;
    let text = parameters.get("sysparm_text").unwrap_or_default().to_lowercase();
    let mut rows = state.rows("sc_catalog");
    rows.retain(|row| row.get("active") == "true" && row.get("title").to_lowercase().contains(&text));
    rows.sort_by_key(|row| row.inserted);
    Ok(rows
        .into_iter()
        .take(limit)
        .map(|row| items::catalog(state, row))
        .collect())
}

fn catalog(state: &State, sys_id: &str) -> Result<Value, Refusal> {
    let row = existing(state, "sc_catalog", sys_id)?;
    let mut result = items::catalog(state, row);
    let categories = items::categories_of(state, sys_id).into_iter().map(|category| {
        json!({
            "header_image": category.get("header_icon"),
            "sys_id": category.get("sys_id"),
            "description": items::text_or_null(category.get("description")),
            "title": category.get("title"),
        })
    });
    result["categories"] = categories.collect();
    Ok(result)
}

fn categories(state: &State, catalog: &str, parameters: &Parameters) -> Result<Value, Refusal> {
    existing(state, "sc_catalog", catalog)?;
    let limit = parameters.number("sysparm_limit", 10_000)?;
    let offset = parameters.number("sysparm_offset", 0)?;
    let is_top_only = parameters.is_true("sysparm_top_level_only");
    let rows = items::categories_of(state, catalog).into_iter();
    let rows = rows.filter(|row| !is_top_only || row.get("parent").is_empty());
    Ok(rows
        .skip(offset)
        .take(limit)
        .map(|row| items::category(state, row))
        .collect())
}

fn category(state: &State, sys_id: &str) -> Result<Value, Refusal> {
    let row = existing(state, "sc_category", sys_id)?;
    let mut result = items::category(state, row);
    if let Value::Object(object) = &mut result {
        object.remove("count");
        object.remove("subcategories");
    }
    let children = items::subcategories(state, sys_id).into_iter().map(|child| {
        let id = child.get("sys_id");
        let grandchildren = items::subcategories(state, id);
        json!({
            "sys_id": id,
            "title": child.get("title"),
            "count": items::count(state, id),
            "parent": sys_id,
            "subcategories": grandchildren
                .iter()
                .map(|row| json!({ "sys_id": row.get("sys_id"), "title": row.get("title") }))
                .collect::<Vec<Value>>(),
            "isParentCategory": !grandchildren.is_empty(),
        })
    });
    result["child_categories"] = children.collect();
    Ok(result)
}

fn list(state: &State, parameters: &Parameters) -> Result<Value, Refusal> {
    let limit = parameters.number("sysparm_limit", 10_000)?;
    let offset = parameters.number("sysparm_offset", 0)?;
    let text = parameters.get("sysparm_text").unwrap_or_default().to_lowercase();
    let asked = |name| parameters.get(name).filter(|value| !value.is_empty());
    let rows = items::active(state).into_iter().filter(|item| {
        let is_producer = item.class == "sc_cat_item_producer";
        let is_of_type = match asked("sysparm_type") {
            Some("Record Producer") => is_producer,
            Some("Order Guide") => false,
            // Documented: any other value is ignored.
            Some(_) | None => true,
        };
        let words = ["name", "short_description", "description"];
        let has_text = words.iter().any(|name| item.get(name).to_lowercase().contains(&text));
        let is_in_category = asked("sysparm_category").is_none_or(|category| item.get("category") == category);
        let is_in_catalog = asked("sysparm_catalog").is_none_or(|catalog| items::is_in_catalog(item, catalog));
        is_of_type && has_text && is_in_category && is_in_catalog
    });
    Ok(rows
        .skip(offset)
        .take(limit)
        .map(|item| items::listed(state, item))
        .collect())
}

fn submit_producer(state: &mut State, act: Act<'_>, sys_id: &str, body: &Bytes) -> Result<Value, Trouble> {
    let producer = state
        .find("sc_cat_item_producer", sys_id)
        .filter(|row| row.get("active") == "true");
    let producer = producer.ok_or(Refusal::NoRecord)?;
    let table = producer.get("table_name").to_owned();
    let sent = wishes::object(state, body)?;
    let answers = wishes::answers(sent.get("variables"));
    if !variables::missing(state, sys_id, &answers).is_empty() {
        return Err(Refusal::bad_request("Mandatory Variables are required", "").into());
    }
    let producer = if state.guesses.catalog.producers_skip_access_rules {
        act.without_access_rules()
    } else {
        act
    };
    let record = state.insert(producer, &table, &answers)?;
    let number = state.find(&table, &record).map_or("", |row| row.get("number"));
    Ok(json!({
        "sys_id": record,
        "number": number,
        "parent_id": null,
        "record": format!("api/now/table/{table}/{record}"),
        "redirect_portal_url": "",
        "parent_table": "task",
        "redirect_url": format!("{table}.do?sys_id={record}&sysparm_view=ess"),
        "table": table,
        "redirect_to": "",
    }))
}

/// With one step the cart is ordered at once; with two its content is shown for a last look.
fn check_out(state: &mut State, act: Act<'_>) -> Result<Value, Trouble> {
    if state.property("glide.sc.checkout.twostep", "false") != "true" {
        return order_cart(state, act);
    }
    let cart = cart::of_user(state, act)?;
    if cart::is_empty(state, &cart) {
        return Err(empty_cart().into());
    }
    let user = state.user_sys_id(act.by);
    let mut result = cart::described(state, &cart);
    result["requested_for"] = json!(user);
    result["requested_for_user"] = json!(state.find("sys_user", &user).map_or("", |row| row.get("name")));
    result["delivery_address"] = json!("");
    result["special_instructions"] = json!("");
    Ok(result)
}

fn order_cart(state: &mut State, act: Act<'_>) -> Result<Value, Trouble> {
    let request = cart::order(state, act)?.ok_or_else(empty_cart)?;
    let number = number(state, &request);
    Ok(json!({ "request_number": number, "request_id": request, "parent_id": null, "parent_table": "task" }))
}

fn change_line(state: &mut State, act: Act<'_>, cart_item: &str, body: &Bytes) -> Result<Value, Trouble> {
    let line = cart::own_line(state, act, cart_item).ok_or_else(unavailable)?;
    let item = line.get("cat_item").to_owned();
    let lines = wishes::wanted(state, act, &item, body)?;
    if let Some(line) = lines.first() {
        cart::change(state, act, cart_item, line)?;
    }
    let cart = cart::of_user(state, act)?;
    Ok(cart::described(state, &cart))
}

fn item<'a>(state: &'a State, sys_id: &str) -> Result<&'a Row, Refusal> {
    existing(state, "sc_cat_item", sys_id)
}

fn existing<'a>(state: &'a State, table: &str, sys_id: &str) -> Result<&'a Row, Refusal> {
    let row = state.find(table, sys_id).filter(|row| row.get("active") == "true");
    row.ok_or_else(|| Refusal::bad_request("Invalid sys_id", ""))
}

fn empty_cart() -> Refusal {
    Refusal::bad_request("Cart is empty", "")
}

fn number(state: &State, request: &str) -> String {
    let row = state.find("sc_request", request);
    row.map_or_else(String::new, |row| row.get("number").to_owned())
}
