//! Service Catalog: an item is ordered, which makes a request (REQ); what was ordered stands in its
//! requested items (RITM).

use std::collections::BTreeMap;

use http::Method;
use serde::Serialize;
use serde_json::Value;

use super::answer::Answer;
use super::operation::Asked;
use super::query::{Field, Query, SYS_ID};
use super::table::known;
use super::{About, Error, Flaw, Operation, Row, Select, ServiceNow};
use crate::domain::{SysId, TableName};

const REQUEST: Field = Field::known("request");
/// The most requested items of a request, and the most variables of one.
const MOST: u64 = 1_000;

/// What is ordered of a catalog item.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Order {
    /// How many.
    pub quantity: u32,
    /// The user who is to have it; the integration user where nobody is named.
    pub requested_for: Option<SysId>,
    /// The answers to the questions of the item, by their names.
    pub variables: BTreeMap<String, String>,
}

/// A request that an order made.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Ordered {
    /// The sys_id of the `sc_request`.
    pub request: SysId,
    /// For example `REQ0010012`.
    pub number: String,
}

/// An item of a request.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RequestedItem {
    /// Its sys_id.
    pub sys_id: SysId,
    /// For example `RITM0010021`.
    pub number: String,
    /// The catalog item.
    pub item: Option<SysId>,
    /// Its state, as the table of the instance has it.
    pub state: String,
    /// `not requested`, `requested`, `approved` or `rejected`.
    pub approval: String,
    /// How often it was changed.
    pub mod_count: u64,
    /// The variables that were asked for and that the answer has.
    pub variables: BTreeMap<String, String>,
}

#[derive(Serialize)]
struct Wanted<'a> {
    sysparm_quantity: u32,
    #[serde(skip_serializing_if = "Option::is_none")]
    sysparm_requested_for: Option<&'a SysId>,
    variables: &'a BTreeMap<String, String>,
}

impl Operation<Ordered> {
    /// Orders an item; sent twice, it is ordered twice.
    pub fn order(item: &SysId, order: &Order) -> Self {
        let about = About::named("order the catalog item", item.as_str());
        let wanted = Wanted {
            sysparm_quantity: order.quantity,
            sysparm_requested_for: order.requested_for.as_ref(),
            variables: &order.variables,
        };
        let path = format!("/api/sn_sc/servicecatalog/items/{item}/order_now");
        Operation::new(Asked::send(Method::POST, about, path, &wanted), ordered)
    }
}

fn ordered(answer: &Answer<'_>) -> Result<Ordered, Error> {
    let told: Value = answer.result(&[200, 201])?;
    // A refusal of the catalog itself, perhaps with a status of success.
    if let Some(code) = told.get("errCode") {
        return Err(answer.rejected_with(status_of(code)));
    }
    let members = [("sys_id", "request_id"), ("number", "request_number")].map(|(name, other)| {
        let member = told.get(name).or_else(|| told.get(other));
        member.and_then(Value::as_str).unwrap_or_default().to_owned()
    });
    let [request, number] = members;
    if told
        .get("table")
        .and_then(Value::as_str)
        .is_some_and(|table| table != "sc_request")
    {
        return Err(answer.unusable(Flaw::AnotherTable));
    }
    let request = request
        .parse()
        .map_err(|_| answer.unusable(Flaw::Missing("sys_id".to_owned())))?;
    Ok(Ordered { request, number })
}

/// Codes of the catalog begin with a status: `42202`.
fn status_of(code: &Value) -> u16 {
    let code = match code {
        Value::String(code) => code.clone(),
        other => other.to_string(),
    };
    let status = code.get(..3).and_then(|status| status.parse().ok());
    status.filter(|status| (400..600).contains(status)).unwrap_or(400)
}

impl ServiceNow {
    /// Orders an item. Sent twice, it is ordered twice.
    ///
    /// # Errors
    /// Any error but a connection that was never made leaves open whether it was ordered.
    pub async fn order(&self, item: &SysId, order: &Order) -> Result<Ordered, Error> {
        self.run(Operation::order(item, order)).await
    }

    /// The items of a request, with some of their variables. A variable whose name is none of a
    /// field, or that the instance does not show in this way, is not there: see
    /// [`ServiceNow::variables`].
    ///
    /// # Errors
    /// When ServiceNow gives no clear answer.
    pub async fn requested_items(&self, request: &SysId, variables: &[&str]) -> Result<Vec<RequestedItem>, Error> {
        let paths = variables
            .iter()
            .map(|name| (*name, format!("variables.{name}")))
            .collect::<Vec<_>>();
        let asked = paths.iter().filter_map(|(_, path)| path.parse::<Field>().ok());
        let fields = ["number", "cat_item", "state", "approval", "sys_mod_count"].map(Field::known);
        let select = Select::of(fields.into_iter().chain(asked));
        let query = Query::new().and(REQUEST.refers_to(request));
        let pages = self.find(&known("sc_req_item"), query, select)?;
        let about = pages.about();
        let rows = pages.all(MOST).await?;
        let items = rows.iter().map(|row| RequestedItem::read(row, &paths));
        items
            .collect::<Result<Vec<_>, _>>()
            .map_err(|flaw| Error::flawed(about, flaw))
    }

    /// All variables of a requested item by their names, from the rows that hold them.
    ///
    /// # Errors
    /// When ServiceNow gives no clear answer.
    pub async fn variables(&self, requested_item: &SysId) -> Result<BTreeMap<String, String>, Error> {
        const ITEM: Field = Field::known("request_item");
        const NAME: Field = Field::known("sc_item_option.item_option_new.name");
        const VALUE: Field = Field::known("sc_item_option.value");
        let table: TableName = known("sc_item_option_mtom");
        let query = Query::new().and(ITEM.refers_to(requested_item));
        let pages = self.find(&table, query, Select::of([NAME, VALUE]))?;
        let about = pages.about();
        let rows = pages.all(MOST).await?;
        let pairs = rows.iter().map(|row| {
            let name = row.require(NAME.as_str())?;
            Ok((name.to_owned(), row.require(VALUE.as_str())?.to_owned()))
        });
        pairs
            .collect::<Result<_, Flaw>>()
            .map_err(|flaw| Error::flawed(about, flaw))
    }
}

impl RequestedItem {
    fn read(row: &Row, paths: &[(&str, String)]) -> Result<Self, Flaw> {
        let variables = paths
            .iter()
            .filter_map(|(name, path)| Some(((*name).to_owned(), row.get(path)?.to_owned())));
        Ok(Self {
            sys_id: row.id(SYS_ID.as_str())?,
            number: row.require("number")?.to_owned(),
            item: row.text("cat_item").parse().ok(),
            state: row.require("state")?.to_owned(),
            approval: row.require("approval")?.to_owned(),
            mod_count: row.mod_count()?,
            variables: variables.collect(),
        })
    }
}
