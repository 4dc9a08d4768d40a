//! The rules of `raise-incident`: pure.

mod causes;
mod failures;
mod incident;
#[cfg(test)]
mod tests;

use shared::domain::{Category, Subject};
use shared::effect::{Effect, KnownExchange, Mark};
use shared::event::{Data, Event, Exchange, ExchangeNews, Passing, Turn};
use shared::mapping::{Classified, Mode};

use crate::{Facts, Own, Place};

pub(crate) use causes::{is_over, needs_a_parent};
pub(crate) use failures::needs_a_new_incident;

/// Rules on news of an exchange.
pub fn decide(event: &Event, facts: &Facts) -> Vec<Effect> {
    let Data::Exchange(news) = &event.data else {
        return vec![tell("this is no news of an exchange: nothing to do")];
    };
    match (&facts.place, &**news) {
        (Place::Exchange(own), ExchangeNews::Seen(turn, _)) => seen(facts, own, *turn),
        (Place::Exchange(own), ExchangeNews::Due(_)) => due(facts, own),
        (Place::Failures(among), ExchangeNews::Passed(passed)) => failures::passed(event, facts, among, passed.turn),
        (Place::Cause(common), ExchangeNews::OneOf(one)) => causes::one_of(event, facts, common, one),
        (Place::Child(found), ExchangeNews::Child(child)) => {
            causes::has_a_parent(event, facts, found.as_deref(), child)
        }
        (Place::Over, _) => vec![Effect::PassOn(Passing::Due)],
        (Place::Exchange(_) | Place::Failures(_) | Place::Cause(_) | Place::Child(_), _) => vec![tell("nothing to do")],
    }
}

/// The exchange was seen in another state.
fn seen(facts: &Facts, own: &Own, turn: Turn) -> Vec<Effect> {
    let exchange = &facts.exchange;
    if let Some(known) = &own.known {
        if known.at > exchange.at() {
            return vec![tell("something newer of the exchange is known: nothing to do")];
        }
        let is_anothers = |company| exchange.company_id.as_ref().is_some_and(|said| said != company);
        if known.company.as_ref().is_some_and(is_anothers) {
            return vec![tell("refused: the exchange belongs to another partner")];
        }
    }
    match turn {
        Turn::Failed | Turn::Delayed => fails(facts, own, turn),
        Turn::Recovered => recovers(facts, own),
    }
}

/// The time that the exchange had is over: it counts as failed if it has not moved.
fn due(facts: &Facts, own: &Own) -> Vec<Effect> {
    let has_not_moved = |known: &&KnownExchange| {
        known.turn != Turn::Recovered && known.at == facts.exchange.at() && known.failures.is_none()
    };
    match (own.known.as_ref().filter(has_not_moved), &own.classified) {
        (Some(known), Some(classified)) => counts_as_failed(facts, own, known.turn, classified),
        (Some(_), None) | (None, _) => vec![tell("the exchange has moved on: nothing to do")],
    }
}

fn fails(facts: &Facts, own: &Own, turn: Turn) -> Vec<Effect> {
    let Some(classified) = &own.classified else {
        return vec![tell("the mapping has no rules about exchanges: nothing is done")];
    };
    let class = &classified.class;
    match classified.mode {
        Mode::Off => return vec![tell(format!("the class {class} is off: nothing is done"))],
        Mode::Shadow => return vec![tell(format!("shadow of {class}: would open an incident or join one"))],
        Mode::On => {}
    }
    let until = facts.exchange.at().after(classified.wait);
    // What is final counts at once, however far the clock of Lens is ahead of ours.
    let may_wait = !classified.wait.is_zero() && own.known.as_ref().is_none_or(|known| known.failures.is_none());
    if may_wait && until > facts.now {
        return vec![
            tell(format!("the exchange counts as {class} if it stays so until {until}")),
            keep(facts, own, turn, None),
            Effect::PassOn(Passing::Later { at: until }),
        ];
    }
    counts_as_failed(facts, own, turn, classified)
}

/// A process has one incident: whatever else fails of it goes where its first failure went.
fn counts_as_failed(facts: &Facts, own: &Own, turn: Turn, classified: &Classified) -> Vec<Effect> {
    let before = own.known.as_ref().and_then(|known| known.failures.clone());
    let (failures, class) = before.unwrap_or_else(|| {
        let fingerprint = fingerprint(&facts.exchange, &classified.class);
        (fingerprint, classified.class.clone())
    });
    vec![
        keep(facts, own, turn, Some((failures.clone(), class.clone()))),
        Effect::PassOn(Passing::Failures { failures, class, turn }),
    ]
}

fn recovers(facts: &Facts, own: &Own) -> Vec<Effect> {
    let failures = own.known.as_ref().and_then(|known| known.failures.clone());
    let mut effects = vec![keep(facts, own, Turn::Recovered, failures.clone())];
    match failures {
        Some((failures, class)) => effects.push(Effect::PassOn(Passing::Failures {
            failures,
            class,
            turn: Turn::Recovered,
        })),
        None => effects.push(tell("the exchange went through, and had no incident")),
    }
    effects
}

fn keep(facts: &Facts, own: &Own, turn: Turn, failures: Option<(Subject, Category)>) -> Effect {
    let known = own.known.as_ref().and_then(|known| known.company.clone());
    Effect::Mark(Mark::Exchange(KnownExchange {
        turn,
        at: facts.exchange.at(),
        company: known.or_else(|| facts.exchange.company_id.clone()),
        failures,
    }))
}

/// What fails in the same way: the same partner, direction, document type and class.
pub fn fingerprint(exchange: &Exchange, class: &Category) -> Subject {
    let reference = &exchange.transaction_ref;
    Subject::failures(&[
        &partner_of(exchange),
        &reference.direction,
        &reference.document_type,
        class.as_str(),
    ])
}

/// The company of the partner, or the addresses where it is not known.
pub fn partner_of(exchange: &Exchange) -> String {
    let reference = &exchange.transaction_ref;
    match &exchange.company_id {
        Some(company) => company.to_string(),
        None => format!("{} {}", reference.sender_address, reference.receiver_address),
    }
}

fn tell(text: impl Into<String>) -> Effect {
    Effect::Tell { text: text.into() }
}
