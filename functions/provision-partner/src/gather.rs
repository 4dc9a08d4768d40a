//! The facts of `provision-partner`: the only part of it that awaits.

use std::collections::BTreeSet;
use std::sync::Arc;

use anyhow::anyhow;
use shared::clients::Clients;
use shared::domain::{CompanyId, LinkKey, OnboardingKind, RoleName, SysId, TableName, UserId};
use shared::effect::{End, Record, Requested, Saga, Said, Stage};
use shared::event::{Data, Event, RequestNews};
use shared::failure::Failure;
use shared::lambda::Situation;
use shared::mapping::{Mode, OnboardingRules};
use shared::servicenow::{Decision, Error, Row, Select};
use shared::trading_grid;
use shared::trading_grid::community::{CommunityServices, PartnerFilter, User};

use crate::wish::{self, Wish};
use crate::{Facts, Found, Item, Place, Setup, Sight, Verdict, resumed};

/// The table of requested items.
const ITEMS: &str = "sc_req_item";
const FIELDS: [&str; 10] = [
    "number",
    "state",
    "approval",
    "cat_item.name",
    "opened_by",
    "opened_by.name",
    "requested_for",
    "requested_for.name",
    "opened_at",
    "sys_class_name",
];

/// Reads what must be known.
///
/// # Errors
/// When a fact cannot be had now, or can never be had.
pub async fn gather(clients: &Clients, situation: &Situation, event: &Event) -> Result<Facts, Failure> {
    let place = match clients.mapping.onboarding.as_ref() {
        Some(rules) if rules.mode != Mode::Off => place(clients, rules, situation, event).await?,
        Some(_) | None => Place::Elsewhere,
    };
    Ok(Facts {
        mapping: Arc::clone(&clients.mapping),
        subject: situation.subject.clone(),
        number: u64::try_from(situation.number).unwrap_or(0),
        now: situation.now,
        place,
    })
}

async fn place(
    clients: &Clients,
    rules: &OnboardingRules,
    situation: &Situation,
    event: &Event,
) -> Result<Place, Failure> {
    let not_ours = || Failure::permanent(anyhow!("{} is no news of a request", event.kind), "dismiss the entry");
    let request = situation.subject.as_request().ok_or_else(not_ours)?;
    let is_deleted = match &event.data {
        Data::Request(RequestNews::Due(due)) if situation.now < due.due_at => {
            return Err(Failure::Early { until: due.due_at });
        }
        Data::Request(_) => false,
        Data::RecordChanged(change) => change.is_deletion() && *change.sys_id() == request,
        _ => return Err(not_ours()),
    };
    let known = clients.store.saga(&situation.subject).await?;
    if known.as_ref().is_some_and(|known| known.saga.is_over()) {
        return Ok(Place::Elsewhere);
    }
    if matches!(event.data, Data::Request(RequestNews::Due(_))) {
        return Ok(Place::Due);
    }
    let row = match is_deleted {
        true => None,
        false => read(clients, &request).await?,
    };
    let Some(row) = row else {
        return gone(known.map(resumed), &request, is_deleted);
    };
    let Some(kind) = rules.kind(row.text("cat_item.name")) else {
        return Ok(Place::Elsewhere);
    };
    let item = item(rules, &row, &request)?;
    if known.is_none() && item.verdict == Verdict::Open {
        return Ok(Place::Elsewhere);
    }
    let is_known = known.is_some();
    let trouble = known.as_ref().and_then(|known| known.trouble.clone());
    let saga = match known {
        Some(known) => resumed(known),
        None => new_saga(clients, &request, &row, kind).await?,
    };
    let looks =
        item.verdict == Verdict::Approved || matches!(saga.stage, Stage::Undoing { .. } | Stage::Changing { .. });
    let found = match looks && !(saga.problem.is_some() && item.state == rules.states.pending) {
        true => look(clients, rules, &saga, item.verdict).await?,
        false => Found::default(),
    };
    let is_awaited = matches!(saga.stage, Stage::AwaitingCompany { .. });
    let setup = match kind {
        OnboardingKind::OnboardPartner if (looks && found.partner.is_none()) || is_awaited => {
            Some(setup(clients, rules, situation).await?)
        }
        _ => None,
    };
    Ok(Place::Request(Box::new(Sight {
        item,
        saga,
        is_known,
        trouble,
        is_step: matches!(event.data, Data::Request(_)),
        found,
        setup,
    })))
}

/// A request that its item says is complete, as it is kept when it is over; nothing of another.
///
/// # Errors
/// When ServiceNow gives no clear answer.
pub async fn over(clients: &Clients, request: &SysId) -> Result<Option<(Record, Saga)>, Failure> {
    let Some(rules) = &clients.mapping.onboarding else {
        return Ok(None);
    };
    let Some(row) = read(clients, request).await? else {
        return Ok(None);
    };
    let item = item(rules, &row, request)?;
    let Some(kind) = rules
        .kind(row.text("cat_item.name"))
        .filter(|_| item.verdict == Verdict::Completed)
    else {
        return Ok(None);
    };
    let mut saga = new_saga(clients, request, &row, kind).await?;
    saga.stage = Stage::Over(End::Done);
    Ok(Some((item.record, saga)))
}

async fn read(clients: &Clients, request: &SysId) -> Result<Option<Row>, Failure> {
    let table: TableName = ITEMS.parse().map_err(|_| hidden(request))?;
    let select = Select::named(FIELDS).map_err(Error::from)?;
    Ok(clients.servicenow.read(&table, request, &select).await?)
}

/// An item that is not there: deleted, as its event says, or hidden from us.
fn gone(saga: Option<Saga>, request: &SysId, is_deleted: bool) -> Result<Place, Failure> {
    let Some(saga) = saga else {
        return Ok(Place::Elsewhere);
    };
    if !is_deleted {
        return Err(hidden(request));
    }
    let item = Item {
        record: record(request, ITEMS.parse().map_err(|_| hidden(request))?),
        state: String::new(),
        verdict: Verdict::Gone,
    };
    Ok(Place::Request(Box::new(Sight {
        item,
        saga,
        is_known: true,
        trouble: None,
        is_step: false,
        found: Found::default(),
        setup: None,
    })))
}

fn hidden(request: &SysId) -> Failure {
    Failure::permanent(
        anyhow!("the requested item {request} is hidden from the integration user"),
        "let the integration user read it, and replay",
    )
}

fn record(request: &SysId, table: TableName) -> Record {
    Record {
        link: LinkKey::request(),
        table,
        sys_id: request.clone(),
    }
}

fn item(rules: &OnboardingRules, row: &Row, request: &SysId) -> Result<Item, Failure> {
    let required = |field: &str| row.get(field).ok_or_else(|| hidden(request));
    let (state, approval) = (required("state")?, required("approval")?);
    let verdict = if approval == "rejected" {
        Verdict::Rejected
    } else if rules.states.canceled.contains(state) || approval == "cancelled" {
        Verdict::Canceled
    } else if state == rules.states.done {
        Verdict::Completed
    } else if approval == "approved" {
        Verdict::Approved
    } else {
        Verdict::Open
    };
    let table = required("sys_class_name")?.parse().map_err(|_| hidden(request))?;
    Ok(Item {
        record: record(request, table),
        state: state.to_owned(),
        verdict,
    })
}

/// What was approved, or not: from now on that counts, whatever the form says later.
async fn new_saga(clients: &Clients, request: &SysId, row: &Row, kind: OnboardingKind) -> Result<Saga, Failure> {
    let answers = clients.servicenow.variables(request).await?;
    let approvals = clients.servicenow.approvals(request).await?.into_iter();
    let said = approvals.filter_map(|approval| {
        let decision = match approval.decision {
            Decision::Approved => "approved",
            Decision::Rejected => "rejected",
            Decision::Requested | Decision::Open(_) => return None,
        };
        Some(Said {
            name: approval.approver_name,
            approver: approval.approver,
            decision: decision.to_owned(),
            by: approval.changed_by,
            at: approval.changed_on,
        })
    });
    Ok(Saga {
        number: row.text("number").to_owned(),
        kind,
        answers,
        requested: Requested {
            by: row.text("opened_by.name").to_owned(),
            by_id: row.id("opened_by").ok(),
            beneficiary: row.text("requested_for.name").to_owned(),
            beneficiary_id: row.id("requested_for").ok(),
            at: row.time("opened_at").ok(),
        },
        approvals: said.collect(),
        stage: Stage::Checked,
        turn: None,
        company: None,
        partner_name: None,
        members: Vec::new(),
        problem: None,
        told: None,
        deeds: Vec::new(),
    })
}

/// Trading Grid, as far as the next step needs it.
async fn look(clients: &Clients, rules: &OnboardingRules, saga: &Saga, verdict: Verdict) -> Result<Found, Failure> {
    let users = clients.users()?;
    match saga.stage {
        Stage::Checked | Stage::AwaitingCompany { .. } | Stage::Ready => {
            match (verdict, wish::wish(saga.kind, &saga.answers, rules)) {
                (Verdict::Approved, Ok(wish)) => first_look(users, rules, saga, &wish).await,
                _ => Ok(Found::default()),
            }
        }
        Stage::Creating | Stage::Changing { .. } | Stage::Undoing { .. } => {
            let Some(company) = &saga.company else {
                return Ok(Found::default());
            };
            let mut found = Found::default();
            let next = saga.next_member().and_then(|at| saga.members.get(at));
            match next.and_then(|member| Some((member, member.user_id.as_ref()?))) {
                Some((member, user)) => {
                    found.member = read_now(users.user(company, user).await)?;
                    if found.member.is_some() {
                        let roles = roles_now(users, company, user).await?;
                        if member.goal.as_ref().is_some_and(|goal| roles.is_superset(goal)) {
                            let entitlements = read_now(users.user_entitlements(company, user).await)?;
                            found.entitlements = entitlements.unwrap_or_default();
                        }
                        found.roles.insert(user.clone(), roles);
                    }
                }
                // Everybody is as they should be: has somebody come meanwhile?
                None if saga.kind == OnboardingKind::OffBoardPartner => {
                    found.users = read_now(users.users(company).await)?.unwrap_or_default();
                    roles_of(users, company, &found.users.clone(), &mut found).await?;
                }
                None => {}
            }
            Ok(found)
        }
        Stage::Closing | Stage::Over(_) => Ok(Found::default()),
    }
}

/// The company and its people, before anything is done.
async fn first_look(
    users: &CommunityServices,
    rules: &OnboardingRules,
    saga: &Saga,
    wish: &Wish<'_>,
) -> Result<Found, Failure> {
    let mut found = Found::default();
    let filter = match (&wish.company, &wish.address) {
        (Some(company), _) => PartnerFilter::Id(company),
        (None, Some(address)) => PartnerFilter::Address(address),
        (None, None) => return Ok(found),
    };
    let mut partners = read_now(users.find_partners(&rules.company, filter).await)?;
    found.partner = match partners.len() {
        0 | 1 => partners.pop(),
        _ => {
            let cause = anyhow!("several companies of the partner directory have the trading address");
            return Err(Failure::permanent(
                cause,
                "leave the address with one of them, and replay",
            ));
        }
    };
    let Some(company) = found.partner.as_ref().map(|partner| partner.id.clone()) else {
        return Ok(found);
    };
    found.users = read_now(users.users(&company).await)?.unwrap_or_default();
    match saga.kind {
        OnboardingKind::OnboardPartner | OnboardingKind::AddUser => {}
        OnboardingKind::OffBoardPartner => roles_of(users, &company, &found.users.clone(), &mut found).await?,
        OnboardingKind::ChangeRoles | OnboardingKind::RemoveAccess => {
            let of_login = |user: &&User| wish.login.as_ref().is_some_and(|login| user.login_id.is(login));
            let Some(user) = found.users.iter().find(of_login).cloned() else {
                return Ok(found);
            };
            roles_of(users, &company, std::slice::from_ref(&user), &mut found).await?;
            // Who the others are matters only where an administrator may be lost.
            let administrators = rules.administrators();
            let is_administrator = |roles: &BTreeSet<_>| roles.iter().any(|role| administrators.contains(role));
            if found.roles.get(&user.user_id).is_some_and(is_administrator) && !wish.may_take_last {
                for other in found.users.clone() {
                    if other.user_id == user.user_id {
                        continue;
                    }
                    roles_of(users, &company, std::slice::from_ref(&other), &mut found).await?;
                    if found.roles.get(&other.user_id).is_some_and(is_administrator) {
                        break;
                    }
                }
            }
        }
    }
    Ok(found)
}

async fn roles_of(
    users: &CommunityServices,
    company: &CompanyId,
    wanted: &[User],
    found: &mut Found,
) -> Result<(), Failure> {
    for user in wanted {
        let roles = roles_now(users, company, &user.user_id).await?;
        found.roles.insert(user.user_id.clone(), roles);
    }
    Ok(())
}

/// The roles of a user who was there a moment ago. They are asked for by log-in, which the user may have changed in
/// between: no roles are known then, which is another thing than to have none.
async fn roles_now(
    users: &CommunityServices,
    company: &CompanyId,
    user: &UserId,
) -> Result<BTreeSet<RoleName>, Failure> {
    let roles = read_now(users.roles(company, user).await)?;
    roles.ok_or_else(|| {
        Failure::transient(anyhow!(
            "the user {user} has changed the log-in or is deleted meanwhile"
        ))
    })
}

fn read_now<T>(answer: Result<T, trading_grid::Error>) -> Result<T, Failure> {
    answer.map_err(trading_grid::Error::into_failure)
}

/// What the task for whoever sets the company up is made with.
async fn setup(clients: &Clients, rules: &OnboardingRules, situation: &Situation) -> Result<Setup, Failure> {
    let key = LinkKey::setup();
    Ok(Setup {
        sys_id: SysId::chosen(clients.store.deployment(), &situation.subject, &key),
        group: clients.group(&rules.setup.assignment_group).await?,
        link: clients.store.link(&situation.subject, &key).await?,
    })
}
