//! A preview without the live systems: the same decisions, with facts that are given or made up.

use std::collections::BTreeMap;
use std::path::Path;
use std::sync::Arc;

use serde::Deserialize;
use shared::domain::{DeploymentId, Stream, SysId, UseCase, digest_of, hex};
use shared::event::{Data, Destination, Event, Exchange, ExchangeNews, Issue, ThreadNews, Turn};
use shared::failure::chain;
use shared::mapping::{Mapping, Mode, Unresolved};

use super::{Step, rule_of, shown};
use crate::failed::Failed;
use crate::report::Report;

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

/// Shows what would become of an issue, of an exchange that fails or is late, or of what is said in a thread, each as
/// the first of its kind, with given facts alone.
///
/// # Errors
/// When the event is of another kind, or the mapping cannot be worked out for it.
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
    let steps = match &event.data {
        Data::IssueOpened(issue) => vec![opened(mapping, event, issue, &given)?],
        Data::Exchange(news) => match &**news {
            ExchangeNews::Seen(turn @ (Turn::Failed | Turn::Delayed), exchange) => {
                failed(mapping, event, *turn, exchange, &given)?
            }
            _ => return Err(depends(event)),
        },
        Data::Thread(news) => vec![said(mapping, event, news, &given)?],
        _ => return Err(depends(event)),
    };
    Ok(shown(event, rule_of(mapping, event), &steps))
}

fn depends(event: &Event) -> Failed {
    Failed::usage(
        format!("what becomes of {} depends on what is there already", event.kind),
        "Without the live systems only an issue that is opened, an exchange that fails or is late, and what is said in \
         a thread can be previewed; leave --offline out.",
    )
}

fn unresolved(error: Unresolved) -> Failed {
    Failed::usage(chain(&error), "Correct the mapping.")
}

/// Where an event goes that begins something.
fn stream(event: &Event) -> Result<(Stream, UseCase), Failed> {
    match event.destination() {
        Destination::Stream(stream, Some(owner)) => Ok((stream, owner)),
        Destination::Stream(_, None) | Destination::Record(_) => Err(depends(event)),
    }
}

impl Given {
    fn partner_name(&self, id: &str) -> String {
        self.partner_name.clone().unwrap_or_else(|| format!("<name of {id}>"))
    }

    fn partner(&self, id: &str) -> Result<SysId, Failed> {
        self.partner.clone().map_or_else(|| made_up(id), Ok)
    }

    fn group(&self, name: &str) -> Result<SysId, Failed> {
        self.group.clone().map_or_else(|| made_up(name), Ok)
    }

    fn deployment(&self) -> Result<DeploymentId, Failed> {
        match &self.deployment {
            Some(deployment) => Ok(deployment.clone()),
            None => read("preview"),
        }
    }
}

/// A sys_id that stands for something that has a name.
fn made_up(name: &str) -> Result<SysId, Failed> {
    read(&hex(&digest_of(&["preview", name])[..16]))
}

fn read<T: std::str::FromStr<Err = shared::domain::Malformed>>(text: &str) -> Result<T, Failed> {
    text.parse()
        .map_err(|error: T::Err| Failed::usage(error.to_string(), "Look at --facts."))
}

fn opened(mapping: &Arc<Mapping>, event: &Event, issue: &Issue, given: &Given) -> Result<Step, Failed> {
    let company = issue.company_id.as_str();
    let partner_name = given.partner_name(company);
    let routed = mapping.route(issue, &partner_name).map_err(unresolved)?;
    let group = given.group(&routed.assignment_group)?;
    let content = open_case::Content {
        is_critical: mapping.is_critical(issue, &partner_name).map_err(unresolved)?,
        issue: issue.clone(),
        kind: None,
        group: (routed.mode != Mode::Off).then_some(group),
        routed,
        partner: Some(given.partner(company)?),
        partner_name,
    };
    let (stream, owner) = stream(event)?;
    let facts = open_case::Facts {
        mapping: Arc::clone(mapping),
        deployment: given.deployment()?,
        subject: stream.subject.clone(),
        place: open_case::Place::Nowhere(Box::new(content)),
    };
    Ok(Step::of(stream, Some(owner), open_case::decide(event, &facts)))
}

/// The exchange in its own stream, then among those that fail in the same way: as the first of them, when its time is
/// over.
fn failed(
    mapping: &Arc<Mapping>,
    event: &Event,
    turn: Turn,
    exchange: &Exchange,
    given: &Given,
) -> Result<Vec<Step>, Failed> {
    let exchange = raise_incident::in_the_words_of_lens(exchange, mapping.exchanges.as_ref());
    let company = exchange.company_id.as_ref().map(ToString::to_string);
    let company = company.unwrap_or_else(|| "a partner without a company id".to_owned());
    let partner_name = given.partner_name(&company);
    let classified = mapping.classify(turn, &exchange, &partner_name).map_err(unresolved)?;
    let decided = |event: &Event, place| {
        let (stream, owner) = stream(event)?;
        let facts = raise_incident::Facts {
            mapping: Arc::clone(mapping),
            deployment: given.deployment()?,
            subject: stream.subject.clone(),
            now: classified
                .as_ref()
                .map_or(exchange.at(), |class| exchange.at().after(class.wait)),
            waiting: 0,
            exchange: exchange.clone(),
            place,
        };
        Ok::<_, Failed>(Step::of(stream, Some(owner), raise_incident::decide(event, &facts)))
    };
    let place = raise_incident::Own {
        known: None,
        classified: classified.clone(),
    };
    let mut first = decided(event, raise_incident::Place::Exchange(Box::new(place)))?;
    let (Some(classified), Some(rules)) = (classified.clone(), &mapping.exchanges) else {
        return Ok(vec![first]);
    };
    if !classified.wait.is_zero() {
        first.not_before = Some(exchange.at().after(classified.wait));
    }
    let Some(passed) = first.failure_passed_on(event, event.time) else {
        return Ok(vec![first]);
    };
    let partner = mapping.table(&rules.table).map(|rule| rule.partner.field.clone());
    let partner = match (partner, &exchange.company_id) {
        (Some(field), Some(company)) => Some((field, given.partner(company.as_str())?)),
        _ => None,
    };
    let among = raise_incident::Among {
        member: None,
        own: None,
        current: None,
        content: Some(raise_incident::Content {
            table: rules.table.clone(),
            group: given.group(&classified.assignment_group)?,
            assigned_to: Ok(None),
            partner,
            partner_name,
            classified,
        }),
    };
    let then = decided(&passed, raise_incident::Place::Failures(Box::new(among)))?;
    Ok(vec![first, then])
}

/// What is said or asked for in a thread that has no task yet.
fn said(mapping: &Arc<Mapping>, event: &Event, news: &ThreadNews, given: &Given) -> Result<Step, Failed> {
    let thread = &news.thread;
    let company = thread.company_id.as_str();
    let partner_name = given.partner_name(company);
    let wish = news.wish();
    let rule = match &wish {
        Some(wish) => mapping.task_rule(thread, wish).map_err(unresolved)?,
        None => None,
    };
    let content = match (&wish, rule, &mapping.tasks) {
        (Some(wish), Some(rule), Some(rules)) if rule.mode != Mode::Off => {
            let refers = rules.partner(&rule.table).map(|rule| rule.field.clone());
            let partner = refers.map(|field| Ok::<_, Failed>((field, given.partner(company)?)));
            let fields: Result<BTreeMap<_, _>, _> = mapping.task_fields(rule, thread, wish, &partner_name);
            Some(create_task::Content {
                table: rule.table.clone(),
                parent: None,
                group: given.group(&rule.assignment_group)?,
                partner: partner.transpose()?,
                fields: fields.map_err(unresolved)?,
                earlier: Vec::new(),
                due: rule.due(wish, event.time),
            })
        }
        _ => None,
    };
    let place = create_task::News {
        tasks: Vec::new(),
        rule: rule.cloned(),
        answered: None,
        content,
        partner_name,
        documents_before: 0,
    };
    let (stream, owner) = stream(event)?;
    let facts = create_task::Facts {
        mapping: Arc::clone(mapping),
        deployment: given.deployment()?,
        subject: stream.subject.clone(),
        number: 1,
        place: create_task::Place::Thread(Box::new(place)),
    };
    Ok(Step::of(stream, Some(owner), create_task::decide(event, &facts)))
}
