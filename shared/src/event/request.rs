//! Requests of the service catalog about the access of partners: what Gridlink tells itself of them.
//!
//! The requests themselves are records of ServiceNow, and come as their changes.

use serde::{Deserialize, Serialize};
use serde_json::json;

use super::{Event, Malformed, own_event, parse_json};
use crate::domain::{EventId, Lane, Subject, SysId, TableName, Timestamp, digest_of, hex};

const STEP: &str = "gridlink.internal.request-step.v1";
const DUE: &str = "gridlink.internal.request-due.v1";
/// The table of requested items.
const ITEMS: &str = "sc_req_item";

/// News of a request.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum RequestNews {
    /// It is to be looked at again. Only Gridlink itself tells this.
    Step(RequestStep),
    /// It is to be looked at again at a certain time. Only Gridlink itself tells this.
    Due(RequestDue),
}

/// A request is to be looked at again.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct RequestStep {
    request: SysId,
}

/// A request is to be looked at again at a certain time.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct RequestDue {
    request: SysId,
    /// When.
    pub due_at: Timestamp,
}

/// Whether records of the table are requested items, which begin a subject of their own.
pub fn is_request(table: &TableName) -> bool {
    table.as_str() == ITEMS
}

impl RequestNews {
    /// Reads the data of a type that tells of requests; nothing of another type.
    pub(super) fn parse(kind: &str, json: &str) -> Option<Result<Self, Malformed>> {
        match kind {
            STEP => Some(parse_json(json, "data").map(Self::Step)),
            DUE => Some(parse_json(json, "data").map(Self::Due)),
            _ => None,
        }
    }

    pub(super) fn subject(&self) -> Subject {
        match self {
            Self::Step(step) => Subject::request(&step.request),
            Self::Due(due) => Subject::request(&due.request),
        }
    }

    pub(super) fn lane(&self) -> Lane {
        match self {
            Self::Step(_) => Lane::Onboarding,
            Self::Due(_) => Lane::Reminders,
        }
    }

    /// The event by which a request is looked at again, at once or at a time: the same for every try of what the
    /// event `cause` leads to.
    ///
    /// # Errors
    /// When it is too long for an event.
    pub fn event(
        request: &SysId,
        due_at: Option<Timestamp>,
        cause: &EventId,
        now: Timestamp,
    ) -> Result<Event, Malformed> {
        let (kind, data) = match due_at {
            None => (
                STEP,
                json!(RequestStep {
                    request: request.clone()
                }),
            ),
            Some(due_at) => (
                DUE,
                json!(RequestDue {
                    request: request.clone(),
                    due_at
                }),
            ),
        };
        let id = hex(&digest_of(&["request", kind, request.as_str(), cause.as_str()])[..16]);
        own_event(kind, &format!("request/{id}"), &Subject::request(request), &data, now)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::event::{Data, Destination};

    fn stream(event: &Event) -> String {
        match event.destination() {
            Destination::Stream(stream, owner) => format!("{stream} {owner:?}"),
            Destination::Record(sys_id) => sys_id.to_string(),
        }
    }

    #[test]
    fn what_is_to_be_looked_at_again_is_the_same_for_every_try_and_nobody_else_can_say_it() {
        let request: SysId = "a3d911b2e30132ebe35c2ddfb2cf852a".parse().unwrap();
        let cause: EventId = "sc_req_item/a3d911b2e30132ebe35c2ddfb2cf852a/2".parse().unwrap();
        for (due_at, lane) in [(None, "onboarding"), (Some(Timestamp::from_millis(5)), "reminders")] {
            let event = |now| RequestNews::event(&request, due_at, &cause, Timestamp::from_millis(now)).unwrap();
            let (one, again) = (event(1), event(2));
            assert_eq!((&one.id, &one.content), (&again.id, &again.content));
            assert_eq!(
                stream(&one),
                format!("requests/{request} ({lane}) Some(ProvisionPartner)")
            );
            assert!(matches!(one.data, Data::Request(_)));
            let forged = Event::parse(&"servicenow".parse().unwrap(), &one.raw).unwrap();
            assert_eq!(stream(&forged), "unrouted/servicenow (unrouted) None");
        }
    }
}
