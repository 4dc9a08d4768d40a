//! News of exchanges: what the community or Lens saw, and what Gridlink passes on to itself.
//!
//! An exchange in one state of processing and acknowledgement is one event, whoever saw it: its id says the
//! state, and nothing else of it tells two events apart. So push and poll bring the same event.

use serde::{Deserialize, Serialize};
use serde_json::json;

use super::{Event, Malformed, TransactionRef, malformed, not_blank, own_event, parse_json};
use crate::domain::{
    Category, CompanyId, CorrelationId, EventId, Lane, LinkKey, SenderName, Subject, SysId, Timestamp, digest_of, hex,
};
use crate::rfc3339;

/// A process of Trading Grid, in the words of Lens.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Exchange {
    /// Ties all Lens entries of the process together.
    pub correlation_id: CorrelationId,
    /// The Lens entry that shows it best.
    pub transaction_id: String,
    /// The partner, when it is known.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub company_id: Option<CompanyId>,
    /// How far it is, for example `Validation error`.
    pub status: String,
    /// Since when.
    #[serde(with = "rfc3339")]
    pub status_at: Timestamp,
    /// What became of the functional acknowledgement, for example `Rejected`.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub acknowledgement: String,
    /// Since when.
    #[serde(default, with = "rfc3339::optional", skip_serializing_if = "Option::is_none")]
    pub acknowledgement_at: Option<Timestamp>,
    /// How the delivery went, where there are several receivers.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub delivery_status: String,
    /// The kind of error, in the words of Trading Grid.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub error_type: String,
    /// The code of the error.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub error_code: String,
    /// The most telling message of the process.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub message: String,
    /// The name of the sender.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub sender_name: String,
    /// The name of the receiver.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub receiver_name: String,
    /// Addresses, document type and numbers.
    #[serde(default)]
    pub transaction_ref: TransactionRef,
}

/// How an exchange turned out.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Turn {
    /// It failed, was rejected, or is held.
    Failed,
    /// It, or its acknowledgement, takes longer than agreed.
    Delayed,
    /// It went through after all.
    Recovered,
}

/// What there is to know of an exchange.
#[derive(Debug, Clone, PartialEq)]
pub enum ExchangeNews {
    /// The community or Lens saw it in this state.
    Seen(Turn, Exchange),
    /// It waits for its time. Only Gridlink itself tells this, and all that follows.
    Waiting(Waiting),
    /// Its time is over.
    Due(Exchange),
    /// It belongs to exchanges that fail in the same way.
    Passed(Passed),
    /// With it, an incident began or ceased to fail, which others may have a common cause with.
    OneOf(OneOf),
    /// The incident has got a parent.
    Child(ChildOf),
}

/// An exchange that waits for its time.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Waiting {
    /// When that is.
    pub due_at: Timestamp,
    /// The exchange.
    pub exchange: Exchange,
}

/// An exchange among those that fail in the same way.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub struct Passed {
    /// The exchanges that it belongs to.
    pub failures: Subject,
    /// What kind of failure it is, by the mapping.
    pub class: Category,
    /// How it turned out.
    pub turn: Turn,
    /// The exchange.
    pub exchange: Exchange,
}

/// Which of the incidents with one cause is meant.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct OneOfSeveral {
    /// The exchanges that it is about.
    pub failures: Subject,
    /// Its link.
    pub incident: LinkKey,
    /// The partner: its company, or the addresses where that is not known.
    pub partner: String,
    /// The name of the partner, for people.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub name: String,
}

/// An incident that began or ceased to fail.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct OneOf {
    /// What it may have in common with others.
    pub cause: Subject,
    /// Which.
    pub incident: OneOfSeveral,
    /// Whether an exchange of it fails.
    pub is_failing: bool,
    /// The exchange that changed it.
    pub exchange: Exchange,
}

/// An incident that has got a parent.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct ChildOf {
    /// Which.
    pub incident: OneOfSeveral,
    /// The record of the parent.
    pub parent: SysId,
    /// The notes with which Gridlink resolved the parent, and ServiceNow the incident with it, although this began to fail.
    #[serde(default)]
    pub resolved_with: Option<String>,
    /// The exchange with which the parent was known.
    pub exchange: Exchange,
}

/// Where Gridlink passes an exchange on to.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "to", rename_all = "kebab-case")]
pub enum Passing {
    /// To a later time.
    Later {
        /// When.
        at: Timestamp,
    },
    /// Back to its own stream, now that its time is over.
    Due,
    /// To the exchanges that fail in the same way.
    Failures {
        /// Which.
        failures: Subject,
        /// What kind of failure it is.
        class: Category,
        /// How it turned out.
        turn: Turn,
    },
    /// To the incidents that have one cause.
    Cause {
        /// Which.
        cause: Subject,
        /// The incident that the exchange changed.
        incident: OneOfSeveral,
        /// Whether it fails now.
        is_failing: bool,
    },
    /// Back to an incident, which has a parent now.
    Parent {
        /// Which.
        incident: OneOfSeveral,
        /// The record of the parent.
        parent: SysId,
        /// The notes of the parent, where it was resolved too early for this incident.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        resolved_with: Option<String>,
    },
}

const SEEN: [(&str, Turn); 3] = [
    ("gridlink.community.exchange.failed.v1", Turn::Failed),
    ("gridlink.community.exchange.delayed.v1", Turn::Delayed),
    ("gridlink.community.exchange.recovered.v1", Turn::Recovered),
];
const WAITING: &str = "gridlink.internal.exchange-waiting.v1";
const DUE: &str = "gridlink.internal.exchange-due.v1";
const PASSED: &str = "gridlink.internal.exchange-passed.v1";
const ONE_OF: &str = "gridlink.internal.incident-one-of-several.v1";
const CHILD: &str = "gridlink.internal.incident-has-parent.v1";

impl Exchange {
    /// The id of the event that tells of it in this state; the contract fixes it.
    pub fn event_id(&self) -> String {
        let plain = |text: &str| -> String {
            let is_plain = |it: char| it.is_ascii_alphanumeric() || matches!(it, '.' | '_' | '-');
            text.chars().map(|it| if is_plain(it) { it } else { '_' }).collect()
        };
        let (status, acknowledgement) = (plain(&self.status), plain(&self.acknowledgement));
        format!("{}/{status}/{acknowledgement}", self.correlation_id)
    }

    /// Since when it is in this state.
    pub fn at(&self) -> Timestamp {
        self.acknowledgement_at
            .map_or(self.status_at, |acknowledged| acknowledged.max(self.status_at))
    }

    /// The event that tells what was seen.
    ///
    /// # Errors
    /// When something of it is beyond what an event may hold.
    pub fn seen(&self, turn: Turn, sender: &SenderName) -> Result<Event, Malformed> {
        let kind = SEEN.iter().find(|(_, known)| *known == turn);
        let json = json!({
            "specversion": "1.0",
            "id": self.event_id(),
            "type": kind.map_or("", |(kind, _)| *kind),
            "source": "/tradinggrid/lens",
            "subject": Subject::exchange(&self.correlation_id).as_str(),
            "time": self.at().to_string(),
            "datacontenttype": "application/json",
            "data": self,
        });
        Event::parse(sender, &json.to_string())
    }

    /// Bounds on what only has a length.
    pub(super) fn check(&self) -> Result<(), Malformed> {
        for (member, text, longest) in [
            ("data.transactionId", &self.transaction_id, 200),
            ("data.status", &self.status, 100),
            ("data.acknowledgement", &self.acknowledgement, 100),
            ("data.deliveryStatus", &self.delivery_status, 400),
            ("data.errorType", &self.error_type, 800),
            ("data.errorCode", &self.error_code, 400),
            ("data.message", &self.message, 32_000),
            ("data.senderName", &self.sender_name, 800),
            ("data.receiverName", &self.receiver_name, 800),
        ] {
            if text.len() > longest {
                return Err(malformed(member, format!("must be at most {longest} bytes")));
            }
        }
        not_blank("data.transactionId", &self.transaction_id)?;
        not_blank("data.status", &self.status)?;
        self.transaction_ref.check()
    }
}

impl ExchangeNews {
    /// Reads the data of a type that tells of exchanges; nothing of another type.
    pub(super) fn parse(kind: &str, json: &str) -> Option<Result<Self, Malformed>> {
        if let Some((_, turn)) = SEEN.iter().find(|(known, _)| *known == kind) {
            return Some(parse_json(json, "data").map(|exchange| Self::Seen(*turn, exchange)));
        }
        match kind {
            WAITING => Some(parse_json(json, "data").map(Self::Waiting)),
            DUE => Some(parse_json(json, "data").map(Self::Due)),
            PASSED => Some(parse_json(json, "data").map(Self::Passed)),
            ONE_OF => Some(parse_json(json, "data").map(Self::OneOf)),
            CHILD => Some(parse_json(json, "data").map(Self::Child)),
            _ => None,
        }
    }

    /// The exchange.
    pub fn exchange(&self) -> &Exchange {
        match self {
            Self::Seen(_, exchange) | Self::Due(exchange) => exchange,
            Self::Waiting(waiting) => &waiting.exchange,
            Self::Passed(passed) => &passed.exchange,
            Self::OneOf(one) => &one.exchange,
            Self::Child(child) => &child.exchange,
        }
    }

    pub(super) fn subject(&self) -> Subject {
        match self {
            Self::Seen(..) | Self::Waiting(_) | Self::Due(_) => Subject::exchange(&self.exchange().correlation_id),
            Self::Passed(passed) => passed.failures.clone(),
            Self::OneOf(one) => one.cause.clone(),
            Self::Child(child) => child.incident.failures.clone(),
        }
    }

    pub(super) fn lane(&self) -> Lane {
        match self {
            Self::Waiting(_) => Lane::Reminders,
            Self::Seen(..) | Self::Due(_) | Self::Passed(_) | Self::OneOf(_) | Self::Child(_) => Lane::Exchange,
        }
    }
}

impl Passing {
    /// The type of the event, and what it is about.
    fn place(&self, exchange: &CorrelationId) -> (&'static str, Subject) {
        match self {
            Passing::Later { .. } => (WAITING, Subject::exchange(exchange)),
            Passing::Due => (DUE, Subject::exchange(exchange)),
            Passing::Failures { failures, .. } => (PASSED, failures.clone()),
            Passing::Cause { cause, .. } => (ONE_OF, cause.clone()),
            Passing::Parent { incident, .. } => (CHILD, incident.failures.clone()),
        }
    }

    /// The id of the event by which an exchange is passed on, whatever else is known of it.
    ///
    /// # Errors
    /// When it is no id of an event.
    pub fn id(&self, exchange: &CorrelationId, cause: &EventId) -> Result<EventId, crate::domain::Malformed> {
        let (kind, subject) = self.place(exchange);
        // One event may tell a cause, or the children of a parent, of several incidents.
        let incident = match self {
            Passing::Cause { incident, .. } => incident.incident.to_string(),
            Passing::Parent { incident, parent, .. } => format!("{} of {parent}", incident.incident),
            Passing::Later { .. } | Passing::Due | Passing::Failures { .. } => String::new(),
        };
        let mut parts = vec!["passed", kind, subject.as_str(), exchange.as_str(), cause.as_str()];
        if !incident.is_empty() {
            parts.push(&incident);
        }
        format!("passed/{}", hex(&digest_of(&parts)[..16])).try_into()
    }

    /// The event by which the exchange of an event is passed on: the same for every try.
    ///
    /// # Errors
    /// When it is too long for an event.
    pub fn event(&self, exchange: &Exchange, cause: &EventId, now: Timestamp) -> Result<Event, Malformed> {
        let (kind, subject) = self.place(&exchange.correlation_id);
        let data = match self {
            Passing::Later { at } => json!({"dueAt": at, "exchange": exchange}),
            Passing::Due => json!(exchange),
            Passing::Failures { failures, class, turn } => {
                json!({"failures": failures, "class": class, "turn": turn, "exchange": exchange})
            }
            Passing::Cause {
                cause,
                incident,
                is_failing,
            } => json!({"cause": cause, "incident": incident, "isFailing": is_failing, "exchange": exchange}),
            Passing::Parent {
                incident,
                parent,
                resolved_with,
            } => json!({
                "incident": incident, "parent": parent, "resolvedWith": resolved_with, "exchange": exchange,
            }),
        };
        let id = self.id(&exchange.correlation_id, cause);
        let id = id.map_err(|error| malformed("id", error.to_string()))?;
        own_event(kind, id.as_str(), &subject, &data, now)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::event::{Data, Destination};

    const FAILED: &str = include_str!("../../../events/receive-webhook/exchange-failed.json");

    fn parse(sender: &str, change: impl FnOnce(&mut serde_json::Value)) -> Result<Event, Malformed> {
        let mut json = serde_json::from_str(FAILED).unwrap();
        change(&mut json);
        Event::parse(&sender.parse().unwrap(), &json.to_string())
    }

    fn exchange(event: &Event) -> Exchange {
        match &event.data {
            Data::Exchange(news) => news.exchange().clone(),
            other => panic!("{other:?}"),
        }
    }

    fn stream(event: &Event) -> String {
        match event.destination() {
            Destination::Stream(stream, _) => stream.to_string(),
            Destination::Record(sys_id) => sys_id.to_string(),
        }
    }

    #[test]
    fn what_is_seen_in_one_state_is_one_event_whoever_saw_it() {
        let pushed = parse("trading-grid", |_| ()).unwrap();
        let mut seen = exchange(&pushed);
        seen.message.clear();
        seen.company_id = None;
        seen.status_at = Timestamp::from_millis(seen.status_at.millis() + 7);
        let polled = seen.seen(Turn::Delayed, &pushed.sender).unwrap();
        assert_eq!((&polled.id, &polled.content), (&pushed.id, &pushed.content));
        assert_eq!(stream(&polled), stream(&pushed));
        seen.acknowledgement = "Rejected".to_owned();
        let rejected = seen.seen(Turn::Failed, &pushed.sender).unwrap();
        assert_ne!(rejected.id, pushed.id);
        assert_ne!(rejected.content, pushed.content);
    }

    #[test]
    fn an_id_that_is_not_that_of_the_state_is_refused() {
        let error = parse("trading-grid", |json| json["id"] = "evt-1".into()).unwrap_err();
        assert_eq!(error.member, "id");
        let error = parse("trading-grid", |json| json["data"]["status"] = "Failed".into()).unwrap_err();
        assert_eq!(error.member, "id");
        let error = parse("trading-grid", |json| {
            json["data"]["message"] = "x".repeat(32_001).into()
        })
        .unwrap_err();
        assert_eq!(error.member, "data.message");
    }

    #[test]
    fn what_is_passed_on_is_the_same_for_every_try_and_nobody_else_can_say_it() {
        let cause = parse("trading-grid", |_| ()).unwrap();
        let failures = Subject::failures(&["GC1", "810"]);
        let common = Subject::cause(&["validation"]);
        let incident = OneOfSeveral {
            failures: failures.clone(),
            incident: LinkKey::incident(&cause.id),
            partner: "GC1".to_owned(),
            name: "Contoso".to_owned(),
        };
        let streams = [
            Passing::Later {
                at: Timestamp::from_millis(5),
            },
            Passing::Due,
            Passing::Failures {
                failures: failures.clone(),
                class: "validation".parse().unwrap(),
                turn: Turn::Failed,
            },
            Passing::Cause {
                cause: common.clone(),
                incident: incident.clone(),
                is_failing: true,
            },
            Passing::Parent {
                incident,
                parent: "a3d911b2e30132ebe35c2ddfb2cf852a".parse().unwrap(),
                resolved_with: None,
            },
        ]
        .map(|passing| {
            let event = |now| {
                let now = Timestamp::from_millis(now);
                passing.event(&exchange(&cause), &cause.id, now).unwrap()
            };
            let (one, again) = (event(1), event(2));
            assert_eq!((&one.id, &one.content), (&again.id, &again.content));
            assert_eq!(exchange(&one), exchange(&cause));
            let forged = Event::parse(&"trading-grid".parse().unwrap(), &one.raw).unwrap();
            assert_eq!(stream(&forged), "unrouted/trading-grid (unrouted)");
            stream(&one)
        });
        let own = "exchanges/60e20a6e-5a6f-4b5c-8f6a-1f2b3c4d5e6f";
        let wanted = [
            format!("{own} (reminders)"),
            format!("{own} (exchange)"),
            format!("{failures} (exchange)"),
            format!("{common} (exchange)"),
            format!("{failures} (exchange)"),
        ];
        assert_eq!(streams, wanted);
    }

    #[test]
    fn news_of_several_incidents_and_parents_by_one_event_are_several() {
        let cause = parse("trading-grid", |_| ()).unwrap();
        let incident = |number: &str| OneOfSeveral {
            failures: Subject::failures(&["GC1", "810"]),
            incident: LinkKey::incident(&number.parse().unwrap()),
            partner: "GC1".to_owned(),
            name: String::new(),
        };
        let told = |number| Passing::Cause {
            cause: Subject::cause(&["validation"]),
            incident: incident(number),
            is_failing: number == "1",
        };
        let parent = |number, parent: &str| Passing::Parent {
            incident: incident(number),
            parent: parent.repeat(32).parse().unwrap(),
            resolved_with: None,
        };
        let all = [
            told("1"),
            told("2"),
            parent("1", "a"),
            parent("1", "b"),
            parent("2", "a"),
        ];
        let ids = all.map(|passing| {
            let event = passing.event(&exchange(&cause), &cause.id, Timestamp::from_millis(1));
            event.unwrap().id
        });
        let different = ids.iter().collect::<std::collections::BTreeSet<_>>();
        assert_eq!(different.len(), ids.len(), "{ids:?}");
    }
}
