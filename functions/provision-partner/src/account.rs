//! Who asked for something, who approved it, what was granted, and when: the account of a request for an auditor.

use anyhow::bail;
use serde_json::{Value, json};
use shared::clients::Clients;
use shared::domain::Subject;
use shared::effect::{Provisioned, Saga};
use shared::store::Told;

use crate::resumed;

/// Reads the account of a request.
///
/// # Errors
/// When the table cannot be read, or nothing is kept of the request.
pub async fn export(clients: &Clients, subject: &Subject) -> anyhow::Result<Value> {
    let Some(known) = clients.store.saga(subject).await? else {
        bail!("nothing is kept of {subject}: it is `requests/<sys_id of the requested item>`, once that was approved");
    };
    let story = clients.store.timeline(subject).await?;
    Ok(account(subject, &resumed(known), &story))
}

/// The account of a request, from what the table holds: ids of both sides, names of our own people, the log-ins of
/// the partner's, and no secret, which the table never had.
pub fn account(subject: &Subject, saga: &Saga, story: &[Told]) -> Value {
    let requested = &saga.requested;
    json!({
        "request": {
            "sysId": subject.as_request(),
            "number": saga.number,
            "kind": saga.kind,
            "answers": saga.answers,
        },
        "requestedBy": {"sysId": requested.by_id, "name": requested.by},
        "requestedFor": {"sysId": requested.beneficiary_id, "name": requested.beneficiary},
        "requestedAt": requested.at.map(|at| at.to_string()),
        "approvals": saga.approvals.iter().map(|said| json!({
            "approver": {"sysId": said.approver, "name": said.name},
            "decision": said.decision,
            "decidedBy": said.by,
            "at": said.at.to_string(),
        })).collect::<Vec<_>>(),
        "company": {"companyId": saga.company, "name": saga.partner_name},
        "state": saga.stage,
        "problem": saga.problem.as_ref().map(|problem| &problem.text),
        "users": saga.members.iter().map(user).collect::<Vec<_>>(),
        "done": saga.deeds.iter().map(|deed| json!({
            "at": deed.at.to_string(),
            "what": deed.what,
            "userId": deed.user_id,
            "roles": deed.roles,
            "entitlements": deed.entitlements,
        })).collect::<Vec<_>>(),
        "timeline": story.iter().map(|told| json!({"at": told.at, "text": told.text})).collect::<Vec<_>>(),
    })
}

fn user(member: &Provisioned) -> Value {
    json!({
        "userId": member.user_id,
        "loginId": member.login_id,
        "madeByRequest": member.is_new,
        "rolesBefore": member.before,
        "rolesApproved": member.goal,
        "isSo": member.is_settled,
    })
}
