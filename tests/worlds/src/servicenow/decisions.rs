//! What approvers, requesters and managers decide in a test.

use std::collections::BTreeMap;

use super::{AGENT, ServiceNow, approvals, catalog, owned};

/// One person's question and answer about a record.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Approval {
    pub sys_id: String,
    /// A `user_name`.
    pub approver: String,
    /// As stored: `requested`, `approved`, `rejected`, `not_required`, `cancelled`.
    pub state: String,
}

impl ServiceNow {
    /// The approvals of a record, oldest first.
    pub fn approvals(&self, record: &str) -> Vec<Approval> {
        let state = self.state();
        let rows = approvals::of_record(&state, record).into_iter();
        rows.map(|row| Approval {
            sys_id: row.get("sys_id").to_owned(),
            approver: state.value_at("sysapproval_approver", row, "approver.user_name"),
            state: row.get("state").to_owned(),
        })
        .collect()
    }

    /// Who is asked first approves. Takes the sys_id of the record or of the approver's row.
    ///
    /// # Panics
    /// When nobody is asked.
    #[track_caller]
    pub fn approve(&self, sys_id: &str) {
        self.answer(sys_id, &[("state", "approved")]);
    }

    /// Who is asked first rejects, with a comment. Takes the sys_id of the record or of the approver's row.
    ///
    /// # Panics
    /// When nobody is asked.
    #[track_caller]
    pub fn reject(&self, sys_id: &str, comment: &str) {
        self.answer(sys_id, &[("state", "rejected"), ("comments", comment)]);
    }

    /// The agent cancels a request (REQ) with all its items.
    ///
    /// # Panics
    /// When there is no such request.
    #[track_caller]
    pub fn cancel_request(&self, request: &str) {
        self.update("sc_request", request, &[("request_state", "closed_cancelled")]);
    }

    /// The agent asks for the escalation of a case; gives the escalation's sys_id.
    ///
    /// # Panics
    /// When the case has an active escalation.
    #[track_caller]
    pub fn escalate(&self, case: &str, fields: &[(&str, &str)]) -> String {
        let mut all = vec![("source_table", "sn_customerservice_case"), ("source_record", case)];
        all.extend_from_slice(fields);
        self.insert_as(AGENT, "sn_customerservice_escalation", &all)
    }

    /// The agent closes an escalation.
    ///
    /// # Panics
    /// When there is no such escalation.
    #[track_caller]
    pub fn deescalate(&self, escalation: &str) {
        self.update("sn_customerservice_escalation", escalation, &[("state", "3")]);
    }

    /// A person orders an item of the catalog, given by name, for themselves; gives the requested item (RITM).
    ///
    /// # Panics
    /// When there is no such item.
    #[track_caller]
    pub fn order(&self, user_name: &str, item: &str, variables: &[(&str, &str)]) -> String {
        let act = self.script(user_name);
        let mut state = self.state();
        let requested_for = state.user_sys_id(user_name);
        let found = state
            .rows("sc_cat_item")
            .into_iter()
            .find(|row| row.get("name") == item);
        let found = found.unwrap_or_else(|| panic!("there is no item {item}"));
        let line = catalog::Line {
            item: found.get("sys_id").to_owned(),
            quantity: 1,
            requested_for,
            variables: owned(variables),
        };
        let request = catalog::place(&mut state, act, &[line]).expect("an order of one line makes a request");
        let items = state.rows("sc_req_item").into_iter();
        let mut made = items.filter(|row| row.get("request") == request);
        let made = made.next().expect("the line became a requested item");
        made.get("sys_id").to_owned()
    }

    /// The answers of a requested item by the name of the variable.
    pub fn variables(&self, requested_item: &str) -> BTreeMap<String, String> {
        let state = self.state();
        let answers = catalog::answers(&state, requested_item).into_iter();
        answers
            .map(|(question, option)| (question.get("name").to_owned(), option.get("value").to_owned()))
            .collect()
    }

    #[track_caller]
    fn answer(&self, sys_id: &str, fields: &[(&str, &str)]) {
        let is_row = self.row("sysapproval_approver", sys_id).is_some();
        let asked = self.approvals(sys_id).into_iter().find(|one| one.state == "requested");
        let row = if is_row {
            sys_id.to_owned()
        } else {
            asked
                .map(|one| one.sys_id)
                .unwrap_or_else(|| panic!("nobody is asked about {sys_id}"))
        };
        let approver = {
            let state = self.state();
            let found = state.find("sysapproval_approver", &row);
            found.map_or_else(String::new, |found| {
                state.value_at("sysapproval_approver", found, "approver.user_name")
            })
        };
        self.update_as(&approver, "sysapproval_approver", &row, fields);
    }
}
