//! Ordering: one request with one requested item for each line, its answers, and its approvals.

use super::{money, variables};
use crate::servicenow::approvals;
use crate::servicenow::engine::{Act, Fields, State};
use crate::servicenow::errors::Refusal;
use crate::servicenow::{owned, workflow};

/// One item that is ordered for one person.
#[derive(Debug, Clone)]
pub(crate) struct Line {
    pub(crate) item: String,
    pub(crate) quantity: u32,
    /// A sys_id.
    pub(crate) requested_for: String,
    /// Answers by the name of the variable.
    pub(crate) variables: Fields,
}

/// Makes the request and starts each of its items; gives the request's sys_id.
///
/// A request that a rule refuses is not made; an item that is refused is missing from it, as the log says.
pub(crate) fn place(state: &mut State, act: Act<'_>, lines: &[Line]) -> Result<String, Refusal> {
    let act = act.as_script();
    let requested_for = lines.first().map_or("", |line| line.requested_for.as_str());
    let prices = lines.iter().filter_map(|line| {
        let item = state.find("sc_cat_item", &line.item)?;
        Some(money::cents(item.get("price")).saturating_mul(i64::from(line.quantity)))
    });
    let price = money::stored(prices.fold(0, i64::saturating_add));
    let fields = [
        ("requested_for", requested_for),
        ("request_state", "in_process"),
        ("approval", "approved"),
        ("contact_type", "self-service"),
        ("price", &price),
    ];
    let request = state.insert(act, "sc_request", &owned(&fields))?;
    for line in lines {
        start(state, act, &request, line);
    }
    Ok(request)
}

fn start(state: &mut State, act: Act<'_>, request: &str, line: &Line) {
    let Some(item) = state.find("sc_cat_item", &line.item).cloned() else {
        return;
    };
    let catalog = item.get("sc_catalogs").split(',').next().unwrap_or_default();
    let fields = [
        ("request", request),
        ("cat_item", line.item.as_str()),
        ("sc_catalog", catalog),
        ("requested_for", &line.requested_for),
        ("quantity", &line.quantity.to_string()),
        ("short_description", item.get("name")),
        ("price", item.get("price")),
        ("recurring_price", item.get("recurring_price")),
        ("assignment_group", item.get("group")),
        ("contact_type", "self-service"),
    ];
    let Some(sys_id) = workflow::add(state, act, "sc_req_item", &fields) else {
        return;
    };
    variables::answer(state, act, &sys_id, &line.item, &line.variables);
    let approvers = approvals::members(state, item.get("u_approval_group"));
    let approval = if approvers.is_empty() { "approved" } else { "requested" };
    workflow::set(state, act, "sc_req_item", &sys_id, &[("approval", approval)]);
    approvals::ask(state, act, "sc_req_item", &sys_id, &approvers);
}
