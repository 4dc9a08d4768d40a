//! `gridlink mapping`: what the customer's rules say, before anything happens.

use std::path::Path;
use std::sync::Arc;

use serde::{Deserialize, Serialize};
use shared::domain::{DeploymentId, LinkKey, SenderName, Stream, SysId, UseCase};
use shared::effect::Effect;
use shared::event::{Data, Event, Issue};
use shared::failure::{Failure, chain};
use shared::lambda::Situation;
use shared::mapping::{Mapping, Mode};

use crate::failed::Failed;
use crate::place::{MappingFile, Place};
use crate::report::{Cell, Report, Tone};

/// Facts for a preview without the live systems; what is not given is a name in angle brackets.
#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
struct Given {
    /// The partner's name in ServiceNow.
    #[serde(default)]
    partner_name: Option<String>,
    /// The sys_id of the partner in ServiceNow.
    #[serde(default)]
    partner: Option<SysId>,
    /// The sys_id of the group.
    #[serde(default)]
    group: Option<SysId>,
    /// The id of the deployment, of which chosen sys_ids are made.
    #[serde(default)]
    deployment: Option<DeploymentId>,
}

/// What a decision comes to, as programs read it.
#[derive(Serialize)]
struct Preview<'a> {
    /// The type of the event.
    kind: &'a str,
    /// The stream that it would join.
    subject: String,
    lane: &'static str,
    use_case: Option<&'static str>,
    /// The rule of the mapping, where one is known.
    rule: Option<String>,
    /// What would be done, in words.
    plan: Vec<String>,
    /// The same with everything in it.
    effects: &'a [Effect],
    /// What the partner would read of it.
    partner_sees: Vec<String>,
}

/// Checks a mapping.
///
/// # Errors
/// When it cannot be read or is none; the message names the line.
pub fn check(file: &MappingFile) -> Result<Report, Failed> {
    let mapping = file.read()?;
    let groups: Vec<_> = mapping.groups();
    let mut report = Report::new(serde_json::json!({
        "valid": true,
        "senders": mapping.senders().map(SenderName::as_str).collect::<Vec<_>>(),
        "groups": groups.iter().map(|(rule, group)| serde_json::json!({"rule": rule, "group": group})).collect::<Vec<_>>(),
    }));
    report.line(Cell::new("The mapping is valid.", Tone::Good));
    let rows = groups
        .iter()
        .map(|(rule, group)| vec![Cell::from(rule), Cell::strong(group)]);
    report.table(vec!["rule", "group"], rows.collect());
    report.line("Whether the instance has these groups, tables and states: `gridlink doctor`.");
    Ok(report)
}

/// Reads an event as it would come from a sender.
///
/// # Errors
/// When the file cannot be read, or is no event.
pub fn read(path: &Path, sender: Option<&SenderName>) -> Result<Event, Failed> {
    let text = shared::config::read(path).map_err(|error| {
        let advice = "Samples of all types are in events/receive-webhook.";
        Failed::usage(chain(error.as_ref()), advice)
    })?;
    let named: Result<SenderName, _> = match text.contains("\"gridlink.servicenow.") {
        true => "servicenow".parse(),
        false => "trading-grid".parse(),
    };
    let sender = sender.cloned().map_or(named, Ok);
    let sender = sender.map_err(|error| Failed::usage(error.to_string(), "Name the sender with --sender."))?;
    Event::parse(&sender, &text).map_err(|error| {
        let advice = "The README and infra/collaboration.openapi.yaml say what events look like.";
        Failed::usage(format!("{} is no event: {error}", path.display()), advice)
    })
}

/// Shows what an event would lead to, with the facts of the live systems. Nothing is changed.
///
/// # Errors
/// When a system cannot be asked.
pub async fn preview(place: &Place, event: &Event) -> Result<Report, Failed> {
    let clients = place.clients()?;
    let Some((stream, first)) = place.store.destination(event).await? else {
        let mut report = Report::new(serde_json::json!({"kind": event.kind, "plan": []}));
        report.line("The event concerns nobody: it would be accepted, and nothing would be done.");
        return Ok(report);
    };
    let history = place.store.history(&stream.subject).await?;
    let lane = stream.lane.as_str();
    let known = history
        .iter()
        .flat_map(|history| &history.streams)
        .find(|known| known.lane == lane);
    let owner = match known {
        Some(known) => known.owner.as_deref().and_then(|owner| owner.parse().ok()),
        None => first,
    };
    let now = place.clock.now();
    let situation = Situation {
        subject: stream.subject.clone(),
        lane: stream.lane,
        number: known.map_or(0, |known| known.accepted) + 1,
        waiting: 0,
        now,
        received_at: now,
        link: place.store.link(&stream.subject, &LinkKey::case()).await?,
    };
    macro_rules! decided {
        ($function:ident) => {
            Box::pin($function::gather(&clients, &situation, event))
                .await
                .map(|facts| $function::decide(event, &facts))
        };
    }
    let effects = match owner {
        None => Ok(Vec::new()),
        Some(UseCase::OpenCase) => decided!(open_case),
        Some(UseCase::RelayStatus) => decided!(relay_status),
        Some(UseCase::BridgeEscalation) => decided!(bridge_escalation),
        Some(UseCase::RaiseIncident) => decided!(raise_incident),
        Some(UseCase::CreateTask) => decided!(create_task),
        Some(UseCase::PublishKnowledge) => decided!(publish_knowledge),
        Some(UseCase::ProvisionPartner) => decided!(provision_partner),
    };
    match effects {
        Ok(effects) => Ok(shown(event, &stream, owner, rule_of(&clients.mapping, event), &effects)),
        Err(Failure::Permanent { cause, remedy }) => {
            let cause = chain(cause.as_ref());
            let data = serde_json::json!({"kind": event.kind, "subject": stream.subject, "lane": lane,
                "parks": {"cause": cause, "remedy": remedy}});
            let mut report = Report::new(data);
            report.has_findings = true;
            report.line(Cell::new(format!("The event would park {stream}: {cause}"), Tone::Bad));
            report.line(format!("  what to do: {remedy}"));
            Ok(report)
        }
        Err(failure) => Err(Failed::new(
            format!("the facts of the event cannot be had now: {}", chain(&failure)),
            "See `gridlink doctor`; or preview without the live systems with --offline.",
        )),
    }
}

/// Shows what the opening of an issue would lead to, with given facts alone.
///
/// # Errors
/// When the event is no such opening, or the mapping cannot be worked out for it.
pub fn preview_offline(mapping: &Arc<Mapping>, event: &Event, facts: Option<&Path>) -> Result<Report, Failed> {
    let given = match facts {
        None => Given::default(),
        Some(path) => {
            let text =
                shared::config::read(path).map_err(|error| Failed::usage(chain(error.as_ref()), "Look at --facts."))?;
            serde_json::from_str(&text).map_err(|error| {
                let advice = "Facts are JSON with partner_name, partner, group and deployment, all optional.";
                Failed::usage(format!("{}: {error}", path.display()), advice)
            })?
        }
    };
    let Data::IssueOpened(issue) = &event.data else {
        let advice = "Without the live systems only the opening of an issue can be previewed; leave --offline out.";
        return Err(Failed::usage(
            format!("{} depends on what is there already", event.kind),
            advice,
        ));
    };
    let facts = opened(mapping, issue, &given)?;
    let effects = open_case::decide(event, &facts);
    let stream = Stream {
        subject: facts.subject,
        lane: shared::domain::Lane::In,
    };
    let rule = rule_of(mapping, event);
    Ok(shown(event, &stream, Some(UseCase::OpenCase), rule, &effects))
}

fn opened(mapping: &Arc<Mapping>, issue: &Issue, given: &Given) -> Result<open_case::Facts, Failed> {
    let unresolved = |error: shared::mapping::Unresolved| Failed::usage(chain(&error), "Correct the mapping.");
    let placeholder = |text: &str| {
        let digest = shared::domain::hex(&shared::domain::digest_of(&["preview", text])[..16]);
        digest.parse::<SysId>()
    };
    let malformed = |error: shared::domain::Malformed| Failed::usage(error.to_string(), "Look at --facts.");
    let partner_name = given
        .partner_name
        .clone()
        .unwrap_or_else(|| format!("<name of {}>", issue.company_id));
    let routed = mapping.route(issue, &partner_name).map_err(unresolved)?;
    let group = match given.group.clone() {
        Some(group) => group,
        None => placeholder(&routed.assignment_group).map_err(malformed)?,
    };
    let partner = match given.partner.clone() {
        Some(partner) => partner,
        None => placeholder(issue.company_id.as_str()).map_err(malformed)?,
    };
    let deployment = match given.deployment.clone() {
        Some(deployment) => deployment,
        None => "preview".parse().map_err(malformed)?,
    };
    let content = open_case::Content {
        is_critical: mapping.is_critical(issue, &partner_name).map_err(unresolved)?,
        issue: issue.clone(),
        kind: None,
        group: (routed.mode != Mode::Off).then_some(group),
        routed,
        partner: Some(partner),
        partner_name,
    };
    Ok(open_case::Facts {
        mapping: Arc::clone(mapping),
        deployment,
        subject: shared::domain::Subject::issue(&issue.company_id, &issue.issue_id),
        place: open_case::Place::Nowhere(Box::new(content)),
    })
}

/// The rule of the mapping that an event falls under, where the event alone says so.
fn rule_of(mapping: &Mapping, event: &Event) -> Option<String> {
    let Data::IssueOpened(issue) = &event.data else {
        return None;
    };
    let routed = mapping.route(issue, issue.company_id.as_str()).ok()?;
    let mode = match routed.mode {
        Mode::On => "on",
        Mode::Shadow => "shadow: only the timeline is written",
        Mode::Off => "off",
    };
    Some(format!(
        "route {} ({mode}), group {}",
        routed.route, routed.assignment_group
    ))
}

fn shown(event: &Event, stream: &Stream, owner: Option<UseCase>, rule: Option<String>, effects: &[Effect]) -> Report {
    let partner_sees: Vec<String> = effects.iter().filter_map(seen).collect();
    let preview = Preview {
        kind: &event.kind,
        subject: stream.subject.to_string(),
        lane: stream.lane.as_str(),
        use_case: owner.map(UseCase::as_str),
        rule,
        plan: effects.iter().map(ToString::to_string).collect(),
        effects,
        partner_sees,
    };
    let mut report = Report::new(&preview);
    report.heading(format!("{} of {stream}", event.kind));
    report.facts([
        ("use case", preview.use_case.unwrap_or("none of this version").into()),
        ("rule", preview.rule.clone().unwrap_or_default().into()),
    ]);
    report.heading("What would be done");
    if effects.is_empty() {
        report.line("Nothing.");
    }
    for (effect, words) in effects.iter().zip(&preview.plan) {
        report.line(format!("- {words}"));
        if let Effect::CreateRecord(create) = effect {
            let rows = create
                .fields
                .iter()
                .map(|(field, value)| vec![Cell::strong(field), Cell::from(value)]);
            report.table(vec!["field", "value"], rows.collect());
        }
        if let Effect::UpdateFields(update) = effect {
            let row = |(field, change): (&String, &shared::effect::Change)| {
                vec![Cell::strong(field), Cell::dim(&change.from), Cell::from(&change.to)]
            };
            report.table(vec!["field", "from", "to"], update.set.iter().map(row).collect());
        }
    }
    report.heading("What the partner would see of it");
    if preview.partner_sees.is_empty() {
        report.line("Nothing yet; what becomes of the record is told when it changes.");
    }
    for line in &preview.partner_sees {
        report.line(format!("- {line}"));
    }
    report
}

/// What the partner reads of an effect.
fn seen(effect: &Effect) -> Option<String> {
    let told = match effect {
        Effect::PostComment(comment) => format!("{}: {}", comment.author, comment.text.as_str()),
        Effect::PostNotice(notice) => format!("{}: {}", notice.author, notice.text.as_str()),
        Effect::ShareDocument(share) => format!("the file {}", share.file_name),
        Effect::ReportStatus(report) => match &report.status.text {
            Some(text) => format!("{}: {text}", report.status.label),
            None => report.status.label.clone(),
        },
        Effect::ReportClosure(_)
        | Effect::ReportEscalation(_)
        | Effect::ReportMilestone(_)
        | Effect::ReportOutcome(_)
        | Effect::CloseRequest(_)
        | Effect::PublishArticle(_)
        | Effect::WithdrawArticle(_)
        | Effect::ReportOnboarding(_) => effect.to_string(),
        _ => return None,
    };
    Some(told)
}
