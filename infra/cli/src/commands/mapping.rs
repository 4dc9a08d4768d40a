//! `gridlink mapping`: what the customer's rules say, before anything happens.

mod offline;

use std::path::Path;

use serde::Serialize;
use shared::clients::Clients;
use shared::domain::{LinkKey, SenderName, Stream, Timestamp, UseCase};
use shared::effect::Effect;
use shared::event::{Data, Event, ExchangeNews, Passing, Turn};
use shared::failure::{Failure, chain};
use shared::lambda::Situation;
use shared::mapping::{Mapping, Mode};

use crate::failed::Failed;
use crate::place::{MappingFile, Place};
use crate::report::{Cell, Report, Tone};

pub use offline::preview_offline;

/// What an event comes to, as programs read it.
#[derive(Serialize)]
struct Preview<'a> {
    /// The type of the event.
    kind: &'a str,
    /// The rule of the mapping, where one is known.
    rule: Option<String>,
    #[serde(flatten)]
    first: Shown<'a>,
    /// What would follow in other streams, by what Gridlink tells itself.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    then: Vec<Shown<'a>>,
    /// What the partner would read of it all.
    partner_sees: Vec<String>,
}

/// A step, as programs read it.
#[derive(Serialize)]
struct Shown<'a> {
    /// The stream that the event would join.
    subject: &'a str,
    lane: &'static str,
    use_case: Option<&'static str>,
    /// The step is only taken at this time, if nothing moves until then.
    #[serde(skip_serializing_if = "Option::is_none")]
    not_before: Option<Timestamp>,
    /// What would be done, in words.
    plan: Vec<String>,
    /// The same with everything in it.
    effects: &'a [Effect],
}

/// What one event would lead to in its stream.
struct Step {
    stream: Stream,
    owner: Option<UseCase>,
    not_before: Option<Timestamp>,
    effects: Vec<Effect>,
}

impl Step {
    fn of(stream: Stream, owner: Option<UseCase>, effects: Vec<Effect>) -> Step {
        Step {
            stream,
            owner,
            not_before: None,
            effects,
        }
    }

    /// When the exchange would be looked at again, if it stays as it is.
    fn waits_until(&self) -> Option<Timestamp> {
        self.effects.iter().find_map(|effect| match effect {
            Effect::PassOn(Passing::Later { at }) => Some(*at),
            _ => None,
        })
    }

    /// The event by which the exchange of `event` would be passed on to those that fail in the same way.
    fn failure_passed_on(&self, event: &Event, now: Timestamp) -> Option<Event> {
        let Data::Exchange(news) = &event.data else {
            return None;
        };
        self.effects.iter().find_map(|effect| match effect {
            Effect::PassOn(passing @ Passing::Failures { .. }) => passing.event(news.exchange(), &event.id, now).ok(),
            _ => None,
        })
    }
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
    match Box::pin(steps(place, &clients, event)).await {
        Ok(steps) if steps.is_empty() => {
            let mut report = Report::new(serde_json::json!({"kind": event.kind, "plan": []}));
            report.line("The event concerns nobody: it would be accepted, and nothing would be done.");
            Ok(report)
        }
        Ok(steps) => Ok(shown(event, rule_of(&clients.mapping, event), &steps)),
        Err(Stopped::Failed(failed)) => Err(failed),
        Err(Stopped::Parks(stream, cause, remedy)) => {
            let data = serde_json::json!({"kind": event.kind, "subject": stream.subject, "lane": stream.lane.as_str(),
                "parks": {"cause": cause, "remedy": remedy}});
            let mut report = Report::new(data);
            report.has_findings = true;
            report.line(Cell::new(format!("The event would park {stream}: {cause}"), Tone::Bad));
            report.line(format!("  what to do: {remedy}"));
            Ok(report)
        }
    }
}

/// Why there is no more to show.
enum Stopped {
    /// The event would park the stream, for this cause; and what to do then.
    Parks(Stream, String, String),
    /// Something cannot be asked.
    Failed(Failed),
}

impl<E: Into<Failed>> From<E> for Stopped {
    fn from(error: E) -> Self {
        Stopped::Failed(error.into())
    }
}

/// What the event would lead to in its stream, and then in that of its failures.
async fn steps(place: &Place, clients: &Clients, event: &Event) -> Result<Vec<Step>, Stopped> {
    let now = place.clock.now();
    let mut steps = Vec::from_iter(Box::pin(step(place, clients, event, now)).await?);
    if let Some(until) = steps.first().and_then(Step::waits_until) {
        let later = Box::pin(step(place, clients, event, until)).await?;
        steps.extend(later.map(|step| Step {
            not_before: Some(until),
            ..step
        }));
    }
    if let Some(passed) = steps.last().and_then(|step| step.failure_passed_on(event, now)) {
        steps.extend(Box::pin(step(place, clients, &passed, now)).await?);
    }
    Ok(steps)
}

/// What an event would lead to in its stream; nothing when it concerns nobody.
async fn step(place: &Place, clients: &Clients, event: &Event, now: Timestamp) -> Result<Option<Step>, Stopped> {
    let Some((stream, first)) = place.store.destination(event).await? else {
        return Ok(None);
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
            Box::pin($function::gather(clients, &situation, event))
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
        Ok(effects) => Ok(Some(Step::of(stream, owner, effects))),
        Err(Failure::Permanent { cause, remedy }) => Err(Stopped::Parks(stream, chain(cause.as_ref()), remedy)),
        Err(failure) => Err(Stopped::Failed(Failed::new(
            format!("the facts of the event cannot be had now: {}", chain(&failure)),
            "See `gridlink doctor`; or preview without the live systems with --offline.",
        ))),
    }
}

/// The rule of the mapping that an event falls under, where the event alone says so.
fn rule_of(mapping: &Mapping, event: &Event) -> Option<String> {
    let (rule, mode, group) = match &event.data {
        Data::IssueOpened(issue) => {
            let routed = mapping.route(issue, issue.company_id.as_str()).ok()?;
            (format!("route {}", routed.route), routed.mode, routed.assignment_group)
        }
        Data::Exchange(news) => {
            let ExchangeNews::Seen(turn @ (Turn::Failed | Turn::Delayed), exchange) = &**news else {
                return None;
            };
            let exchange = raise_incident::in_the_words_of_lens(exchange, mapping.exchanges.as_ref());
            let class = mapping.classify(*turn, &exchange, "").ok()??;
            (format!("class {}", class.class), class.mode, class.assignment_group)
        }
        Data::Thread(news) => {
            let rule = mapping.task_rule(&news.thread, &news.wish()?).ok()??;
            (format!("rule {}", rule.name), rule.mode, rule.assignment_group.clone())
        }
        _ => return None,
    };
    let mode = match mode {
        Mode::On => "on",
        Mode::Shadow => "shadow: only the timeline is written",
        Mode::Off => "off",
    };
    Some(format!("{rule} ({mode}), group {group}"))
}

fn shown(event: &Event, rule: Option<String>, steps: &[Step]) -> Report {
    let mut each = steps.iter().map(|step| Shown {
        subject: step.stream.subject.as_str(),
        lane: step.stream.lane.as_str(),
        use_case: step.owner.map(UseCase::as_str),
        not_before: step.not_before,
        plan: step.effects.iter().map(ToString::to_string).collect(),
        effects: &step.effects,
    });
    let Some(first) = each.next() else {
        return Report::new(serde_json::json!({"kind": event.kind, "plan": []}));
    };
    let preview = Preview {
        kind: &event.kind,
        rule,
        first,
        then: each.collect(),
        partner_sees: steps.iter().flat_map(|step| &step.effects).filter_map(seen).collect(),
    };
    let mut report = Report::new(&preview);
    report.heading(format!("{} of {}", event.kind, steps[0].stream));
    report.facts([
        (
            "use case",
            preview.first.use_case.unwrap_or("none of this version").into(),
        ),
        ("rule", preview.rule.clone().unwrap_or_default().into()),
    ]);
    report.heading("What would be done");
    plan(&mut report, &preview.first);
    for (then, step) in preview.then.iter().zip(&steps[1..]) {
        report.heading(match then.not_before {
            Some(until) => format!("At {until}, if it stays so"),
            None => format!("Then, in {}", step.stream),
        });
        plan(&mut report, then);
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

/// What a step does, with the fields of what it makes and changes.
fn plan(report: &mut Report, step: &Shown<'_>) {
    if step.effects.is_empty() {
        report.line("Nothing.");
    }
    for (effect, words) in step.effects.iter().zip(&step.plan) {
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
