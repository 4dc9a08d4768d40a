//! Lens.

mod quirks;
mod refusals;
mod searches;

use super::*;
use crate::trading_grid::{Acknowledgement, ExchangeSeed, Status};

async fn post(community: &TradingGrid, body: Value) -> (u16, Value) {
    let request = Request::post("/visibility_transaction_search")
        .header("authorization", bearer(community).await)
        .header("content-type", "application/json");
    let response = community.call(request.body(full(body.to_string())).unwrap()).await;
    (response.status().as_u16(), body_json(&response))
}

/// Runs a search with this argument and these fields; it must be carried out.
async fn search(community: &TradingGrid, argument: &str, fields: &str) -> Value {
    let query = format!(
        "query mine {{ getTransactions(query: {{ {argument} }}) {{ count total offset scrollid transactions {{ {fields} }} }} }}"
    );
    let (status, body) = post(community, json!({ "query": query, "variables": {} })).await;
    assert_eq!(status, 200, "{argument}: {body}");
    body
}

/// The page of a search without errors.
async fn page(community: &TradingGrid, argument: &str, fields: &str) -> Value {
    let body = search(community, argument, fields).await;
    assert_eq!(body.get("errors"), None, "{argument}");
    body["data"]["getTransactions"].clone()
}

async fn total(community: &TradingGrid, argument: &str) -> i64 {
    page(community, argument, "transactionid").await["total"]
        .as_i64()
        .unwrap()
}

/// Every value of a field over a whole search.
async fn values(community: &TradingGrid, argument: &str, field: &str) -> Vec<Value> {
    let page = page(community, &format!("count: 1000 {argument}"), field).await;
    page["transactions"]
        .as_array()
        .unwrap()
        .iter()
        .map(|row| row[field].clone())
        .collect()
}

fn refused(body: &Value) -> &str {
    body["errors"][0]["message"].as_str().unwrap()
}

/// A community that knows only one failed order of Northwind.
fn with_failed_order() -> (TradingGrid, String) {
    let community = TradingGrid::new(Clock::starting_at(datetime!(2026-11-22 10:00 UTC)));
    let mut seed = ExchangeSeed::new("01:147678796", "ZZ:NORTHWIND", "850").key("purchase order number", "CV100");
    seed.status = Status::Failed;
    seed.acknowledgement = Some(Acknowledgement::Rejected);
    let correlation = community.add_exchange(seed);
    (community, correlation)
}
