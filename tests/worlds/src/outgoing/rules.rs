//! Rules about events: which of them go wrong on their way, how, and how often.
//!
//! A rule is JSON on `POST /_world/event-knobs`, for example
//! `{"subject":"records/incident/","times":1,"fault":{"kind":"delay","seconds":60}}`, and an [`EventRule`] in
//! process.

use serde::{Deserialize, Serialize};

use super::event::Event;

/// When a fault happens to an event. Of the rules that fit, the first one added decides.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct EventRule {
    /// The type of the event; none means every type.
    #[serde(default, rename = "type")]
    pub kind: Option<String>,
    /// What the subject starts with; nothing fits every subject.
    #[serde(default)]
    pub subject: String,
    /// How many events pass unharmed first.
    #[serde(default)]
    pub skip: u32,
    /// How many it strikes; none means all.
    #[serde(default)]
    pub times: Option<u32>,
    pub fault: EventFault,
}

/// What goes wrong with an event.
///
/// A signature or timestamp can be wrong at every try; everything else happens to an event once, at its first.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "kebab-case", deny_unknown_fields)]
pub enum EventFault {
    /// It counts as sent, and never leaves.
    Drop,
    /// It is sent again this much later, as by a sender that died before it noted the answer; what follows on its
    /// subject does not wait.
    Duplicate {
        #[serde(default)]
        seconds: u32,
    },
    /// It leaves this much later, and what follows on its subject goes first.
    Reorder { seconds: u32 },
    /// It leaves this much later, and what follows on its subject waits.
    Delay { seconds: u32 },
    /// The signature fits no key.
    WrongSignature,
    /// It is signed as if it left this long ago.
    StaleTimestamp { seconds: u32 },
}

impl EventRule {
    /// A rule that strikes one event.
    pub fn once(fault: EventFault) -> EventRule {
        EventRule {
            kind: None,
            subject: String::new(),
            skip: 0,
            times: Some(1),
            fault,
        }
    }

    /// A rule that strikes every event.
    pub fn always(fault: EventFault) -> EventRule {
        EventRule {
            times: None,
            ..EventRule::once(fault)
        }
    }

    /// The same rule for subjects that start so.
    pub fn on(self, subject: &str) -> EventRule {
        EventRule {
            subject: subject.to_owned(),
            ..self
        }
    }

    /// The same rule for one type.
    pub fn of_type(self, kind: &str) -> EventRule {
        EventRule {
            kind: Some(kind.to_owned()),
            ..self
        }
    }

    /// The same rule, striking this many events.
    pub fn times(self, times: u32) -> EventRule {
        EventRule {
            times: Some(times),
            ..self
        }
    }

    /// The same rule, letting this many events pass first.
    pub fn skip(self, skip: u32) -> EventRule {
        EventRule { skip, ..self }
    }
}

/// The rules of a queue.
#[derive(Debug, Clone, Default)]
pub(crate) struct EventRules(Vec<Active>);

/// A rule with the number of events it has struck.
#[derive(Debug, Clone, Serialize)]
pub(crate) struct Active {
    rule: EventRule,
    struck: u32,
}

impl EventRules {
    pub(crate) fn add(&mut self, rule: EventRule) {
        self.0.push(Active { rule, struck: 0 });
    }

    pub(crate) fn clear(&mut self) {
        self.0.clear();
    }

    pub(crate) fn list(&self) -> &[Active] {
        &self.0
    }

    /// What happens to an event that is about to leave; counts it.
    pub(crate) fn strike(&mut self, event: &Event, is_first_time: bool) -> Option<EventFault> {
        self.0.iter_mut().find_map(|active| active.strike(event, is_first_time))
    }
}

impl Active {
    fn strike(&mut self, event: &Event, is_first_time: bool) -> Option<EventFault> {
        let rule = &mut self.rule;
        let fits = rule.kind.as_ref().is_none_or(|kind| *kind == event.kind)
            && event.subject.starts_with(&rule.subject)
            && rule.times.is_none_or(|times| self.struck < times)
            && (is_first_time || rule.fault.may_strike_again());
        if !fits {
            return None;
        }
        if rule.skip > 0 {
            rule.skip -= 1;
            return None;
        }
        self.struck += 1;
        Some(rule.fault.clone())
    }
}

impl EventFault {
    fn may_strike_again(&self) -> bool {
        match self {
            EventFault::WrongSignature | EventFault::StaleTimestamp { .. } => true,
            EventFault::Drop | EventFault::Duplicate { .. } | EventFault::Reorder { .. } | EventFault::Delay { .. } => {
                false
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::Value;

    use super::*;

    fn event(kind: &str, subject: &str) -> Event {
        Event {
            id: "e".to_owned(),
            kind: kind.to_owned(),
            source: String::new(),
            subject: subject.to_owned(),
            time: String::new(),
            data: Value::Null,
        }
    }

    #[test]
    fn a_rule_is_read_from_json() {
        let rule: EventRule = serde_json::from_str(
            r#"{"type":"a.v1","subject":"records/","times":2,"fault":{"kind":"stale-timestamp","seconds":600}}"#,
        )
        .unwrap();
        let wanted = EventRule::once(EventFault::StaleTimestamp { seconds: 600 })
            .of_type("a.v1")
            .on("records/")
            .times(2);
        assert_eq!(rule, wanted);
        for wrong in [
            r#"{"fault":{"kind":"explode"}}"#,
            r#"{"tmes":1,"fault":{"kind":"drop"}}"#,
            r#"{"fault":{"kind":"delay","seconds":-1}}"#,
        ] {
            assert!(serde_json::from_str::<EventRule>(wrong).is_err(), "{wrong}");
        }
    }

    #[test]
    fn every_fault_that_the_readme_names_is_one() {
        let readme = include_str!("../../README.md");
        let table = readme
            .split("| event fault |")
            .nth(1)
            .unwrap()
            .split("\n\n")
            .next()
            .unwrap();
        let kinds = table
            .lines()
            .filter_map(|line| line.strip_prefix("| `")?.split('`').next());
        let kinds: Vec<&str> = kinds.collect();
        assert_eq!(kinds.len(), 6, "{kinds:?}");
        for kind in kinds {
            let read = serde_json::from_str::<EventFault>(&format!(r#"{{"kind":"{kind}"}}"#));
            let is_unknown = read.is_err_and(|error| error.to_string().contains("unknown variant"));
            assert!(!is_unknown, "{kind}");
        }
    }

    #[test]
    fn a_rule_strikes_its_type_and_subject_so_many_times_after_so_many() {
        let mut rules = EventRules::default();
        rules.add(EventRule::once(EventFault::Drop).of_type("a").on("x/").times(2).skip(1));
        let mut strike = |kind, subject| rules.strike(&event(kind, subject), true).is_some();
        assert!(!strike("b", "x/1"));
        assert!(!strike("a", "y/1"));
        assert_eq!(
            [strike("a", "x/1"), strike("a", "x/2"), strike("a", "x/1")],
            [false, true, true]
        );
        assert!(!strike("a", "x/1"));
    }

    #[test]
    fn only_a_signature_is_wrong_again_at_a_later_try() {
        let mut rules = EventRules::default();
        rules.add(EventRule::always(EventFault::Drop));
        rules.add(EventRule::always(EventFault::WrongSignature));
        assert_eq!(rules.strike(&event("a", "x"), true), Some(EventFault::Drop));
        assert_eq!(rules.strike(&event("a", "x"), false), Some(EventFault::WrongSignature));
    }
}
