//! The Service Catalog and its approvals, in the documented shapes.

use std::collections::BTreeMap;

use serde_json::{Value, json};

use super::desk::{Desk, json_answer, page, refusal, result};
use super::{id, table};
use crate::domain::{SysId, Timestamp};
use crate::effect::Journal;
use crate::servicenow::{Decision, Error, Flaw, Order};

const CONTENT: &str = "Dana Whitfield of Northwind";

fn order() -> Order {
    Order {
        quantity: 1,
        requested_for: Some(id(3)),
        variables: BTreeMap::from([
            ("partner".to_owned(), CONTENT.to_owned()),
            ("role".to_owned(), "viewer".to_owned()),
        ]),
    }
}

/// Orders an item and reads what became of it; `desk` has an instance with this item.
pub(super) async fn orders_and_reads(desk: &Desk, item: &SysId, order: &Order) -> (SysId, SysId) {
    let ordered = desk.client.order(item, order).await.unwrap();
    assert!(ordered.number.starts_with("REQ"), "{}", ordered.number);
    let names = order.variables.keys().map(String::as_str).chain(["Not A Field"]);
    let names = names.collect::<Vec<_>>();
    let items = desk.client.requested_items(&ordered.request, &names).await.unwrap();
    let [requested] = items.as_slice() else {
        panic!("{items:?}")
    };
    assert!(requested.number.starts_with("RITM"), "{}", requested.number);
    assert_eq!(requested.item.as_ref(), Some(item));
    let by_rows = desk.client.variables(&requested.sys_id).await.unwrap();
    for (name, value) in &order.variables {
        assert_eq!(by_rows.get(name), Some(value), "{name} is there as it was answered");
    }
    for (name, value) in &requested.variables {
        assert_eq!(by_rows.get(name), Some(value), "both ways tell the same");
    }
    (ordered.request, requested.sys_id.clone())
}

#[tokio::test(start_paused = true)]
async fn an_order_makes_a_request_whose_items_hold_the_answers() {
    let (item, request, requested) = (id(1), id(10), id(11));
    let ordered = json!({"sys_id": request, "number": "REQ0010012", "request_number": "REQ0010012",
        "request_id": request, "table": "sc_request", "parent_id": null, "parent_table": "task"});
    let row = json!({"sys_id": requested, "number": "RITM0010021", "request": request, "cat_item": item, "state": "1",
        "approval": "requested", "sys_mod_count": "2", "variables.partner": CONTENT});
    let variable = |number: u32, name: &str, value: &str| {
        json!({"sys_id": id(number), "request_item": requested, "sc_item_option.item_option_new.name": name,
            "sc_item_option.value": value})
    };
    let variables = json!([variable(20, "partner", CONTENT), variable(21, "role", "viewer")]);
    let desk = Desk::scripted([result(200, &ordered), page(&json!([row]), 1), page(&variables, 2)]);
    assert_eq!(
        orders_and_reads(&desk, &item, &order()).await,
        (request.clone(), requested)
    );
    let calls = desk.calls();
    assert_eq!(
        calls[0].path,
        format!("/api/sn_sc/servicecatalog/items/{item}/order_now")
    );
    let wanted = json!({"sysparm_quantity": 1, "sysparm_requested_for": id(3), "variables": order().variables});
    assert_eq!(calls[0].json(), wanted);
    assert_eq!(
        calls[1].parameter("sysparm_query"),
        Some(format!("request={request}^ORDERBYsys_id").as_str())
    );
    assert!(
        calls[1]
            .parameter("sysparm_fields")
            .unwrap()
            .ends_with(",variables.partner,variables.role,request")
    );
}

#[tokio::test(start_paused = true)]
async fn a_refused_order_is_told_in_whichever_form_it_comes() {
    let coded = |code: Value, text: &str| json!({"result": {"errCode": code, "errMsg": text}});
    let table = [
        (
            json_answer(200, &coded(json!("42202"), "Quantity is invalid")),
            422,
            "42202: Quantity is invalid",
        ),
        (json_answer(400, &coded(json!(42202), CONTENT)), 400, "42202: […]"),
        (json_answer(200, &coded(json!("odd"), "No")), 400, "odd: No"),
        (refusal(403, "Operation Failed", CONTENT), 403, "Operation Failed: […]"),
    ];
    for (answer, status, told) in table {
        let desk = Desk::scripted([answer]);
        let error = desk.client.order(&id(1), &order()).await.unwrap_err();
        assert_eq!(error.status(), Some(status), "{error}");
        assert!(error.is_refusal() && error.to_string().contains(told), "{error}");
    }
    let elsewhere = json!({"sys_id": id(1), "number": "INC0010001", "table": "incident"});
    for (answered, wanted) in [
        (elsewhere, Flaw::AnotherTable),
        (json!({}), Flaw::Missing("sys_id".to_owned())),
    ] {
        let desk = Desk::scripted([result(200, &answered)]);
        let Err(Error::Unusable { flaw, .. }) = desk.client.order(&id(1), &order()).await else {
            panic!("{answered}")
        };
        assert_eq!(flaw, wanted);
    }
    let desk = Desk::answering(super::desk::CLIENT, |_| Ok(refusal(503, "busy", "")));
    let error = desk.client.order(&id(1), &order()).await.unwrap_err();
    assert!(
        !error.is_unsent() && desk.calls().len() == 1,
        "an order is never repeated by itself"
    );
}

#[tokio::test(start_paused = true)]
async fn who_approved_when_and_with_which_words() {
    let record = id(11);
    let row = |number: u32, approver: u32, name: &str, state: &str, by: &str| {
        json!({"sys_id": id(number), "sysapproval": record, "approver": id(approver), "approver.name": name,
            "state": state, "sys_updated_on": "2026-11-23 08:00:00", "sys_updated_by": by})
    };
    let rows = json!([
        row(30, 3, "Maria Santos", "approved", "maria.santos"),
        row(31, 4, "Tom Becker", "requested", "system"),
        row(32, 5, "Luc Moreau", "not_required", "system"),
    ]);
    let comment = json!([{"sys_id": id(40), "element_id": id(30), "element": "comments", "value": "Fine",
        "sys_created_on": "2026-11-23 08:00:00", "sys_created_by": "maria.santos"}]);
    let desk = Desk::scripted([page(&rows, 3), page(&comment, 1), page(&json!([]), 0)]);
    let approvals = desk.client.approvals(&record).await.unwrap();
    let decisions = approvals
        .iter()
        .map(|approval| approval.decision.clone())
        .collect::<Vec<_>>();
    let open = Decision::Open("not_required".to_owned());
    assert_eq!(decisions, [Decision::Approved, Decision::Requested, open]);
    let first = &approvals[0];
    assert_eq!(
        (first.approver_name.as_str(), first.changed_by.as_str()),
        ("Maria Santos", "maria.santos")
    );
    assert_eq!(
        first.changed_on,
        Timestamp::parse_rfc3339("2026-11-23T08:00:00Z").unwrap()
    );
    let words = first
        .comments
        .iter()
        .map(|entry| (entry.journal, entry.text.as_str()))
        .collect::<Vec<_>>();
    assert_eq!(words, [(Journal::Comments, "Fine")]);
    let query = desk.calls()[1].parameter("sysparm_query").unwrap().to_owned();
    let ids = [30, 31, 32].map(|number| id(number).to_string()).join(",");
    assert!(
        query.starts_with(&format!("element_idIN{ids}^elementINcomments,work_notes^")),
        "{query}"
    );
    assert_eq!(desk.client.approvals(&record).await.unwrap(), []);
    assert_eq!(desk.calls().len(), 3, "without approvals nobody's words are asked for");
    assert!(
        desk.calls()
            .iter()
            .all(|call| call.path != format!("/api/now/v2/table/{}", table("sc_request")))
    );
}
