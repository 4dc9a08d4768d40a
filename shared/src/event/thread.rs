//! News of threads: what a partner writes, shares and asks for there.

use serde::Deserialize;

use super::{Author, Document, Malformed, TransactionRef, malformed, not_blank, parse_json};
use crate::domain::{CompanyId, IssueId, MessageId, RequestId, Side, Subject, ThreadId, Timestamp, WishId};
use crate::rfc3339;

/// The types of news.
const POSTED: &str = "gridlink.community.thread.message-posted.v1";
const REQUESTED: &str = "gridlink.community.thread.document-requested.v1";
const WITHDRAWN: &str = "gridlink.community.thread.document-request-withdrawn.v1";
const PROVIDED: &str = "gridlink.community.thread.document-provided.v1";

/// News of a thread.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ThreadNews {
    /// The thread.
    pub thread: Thread,
    /// What its partner did.
    pub act: ThreadAct,
}

/// A thread, as its events name it.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Thread {
    /// The thread.
    pub thread_id: ThreadId,
    /// The trading partner whose it is.
    pub company_id: CompanyId,
    /// Counts the changes of the thread, from 1.
    #[serde(deserialize_with = "crate::whole_number::read")]
    pub version: u64,
    /// What it is about.
    pub topic: String,
    /// The issue that it belongs to.
    #[serde(default)]
    pub issue_id: Option<IssueId>,
    /// The exchange that it is about.
    #[serde(default)]
    pub transaction_ref: TransactionRef,
    /// Who did it, where the act itself does not say.
    #[serde(default)]
    author: Option<Author>,
}

/// What a partner did in a thread.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ThreadAct {
    /// Wrote.
    Posted {
        /// The message.
        message: PostedMessage,
        /// The documents that it names.
        documents: Vec<Document>,
    },
    /// Asked for a document.
    Requested(DocumentRequest),
    /// No longer needs a document.
    Withdrawn {
        /// The request.
        request: RequestId,
        /// Why; perhaps nothing.
        reason: Option<String>,
    },
    /// Put a document into the thread.
    Provided(Document),
}

/// A message of a partner.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct PostedMessage {
    /// The message.
    pub message_id: MessageId,
    /// Plain text.
    pub text: String,
    /// Who wrote it.
    pub author: Author,
    /// The message that it answers.
    #[serde(default)]
    pub in_reply_to: Option<MessageId>,
}

/// A request for a document.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct DocumentRequest {
    /// The request.
    pub request_id: RequestId,
    /// For example `corrected packing list`.
    pub document_type: String,
    /// What is needed, and why.
    pub text: String,
    /// Who asks.
    pub author: Author,
    /// Until when.
    #[serde(default, with = "rfc3339::optional")]
    pub needed_by: Option<Timestamp>,
    /// The exchange that it is about.
    #[serde(default)]
    pub transaction_ref: TransactionRef,
    /// Which side needs it.
    pub from: Side,
}

/// Which kind of wish it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum WishKind {
    /// A message.
    Message,
    /// A request for a document.
    DocumentRequest,
}

impl WishKind {
    /// The word of the mapping.
    pub fn as_str(self) -> &'static str {
        match self {
            WishKind::Message => "message",
            WishKind::DocumentRequest => "document-request",
        }
    }
}

/// What a partner may want in a thread: a message, or a request for a document.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Wish<'a> {
    /// The same for every event that tells of it.
    pub id: WishId,
    /// Which kind it is.
    pub kind: WishKind,
    /// The partner's words.
    pub text: &'a str,
    /// The document that is asked for.
    pub document_type: &'a str,
    /// Who asks.
    pub author: &'a Author,
    /// Until when.
    pub needed_by: Option<Timestamp>,
    /// The exchange that it is about.
    pub transaction_ref: &'a TransactionRef,
}

impl ThreadNews {
    /// News of one of these types.
    pub(super) fn parse(kind: &str, json: &str) -> Option<Result<Self, Malformed>> {
        let act = match kind {
            POSTED => parse_json(json, "data").map(|posted: Posted| ThreadAct::Posted {
                message: posted.message,
                documents: posted.documents,
            }),
            REQUESTED => {
                parse_json(json, "data").map(|requested: Requested| ThreadAct::Requested(requested.document_request))
            }
            WITHDRAWN => parse_json(json, "data").map(|withdrawn: Withdrawn| ThreadAct::Withdrawn {
                request: withdrawn.request_id,
                reason: withdrawn.reason,
            }),
            PROVIDED => parse_json(json, "data").map(|provided: Provided| ThreadAct::Provided(provided.document)),
            _ => return None,
        };
        Some(act.and_then(|act| {
            let thread = parse_json(json, "data")?;
            Ok(Self { thread, act })
        }))
    }

    /// Who did it, where it is known.
    pub fn author(&self) -> Option<&Author> {
        match &self.act {
            ThreadAct::Posted { message, .. } => Some(&message.author),
            ThreadAct::Requested(request) => Some(&request.author),
            ThreadAct::Withdrawn { .. } | ThreadAct::Provided(_) => self.thread.author.as_ref(),
        }
    }

    /// The documents that came with it.
    pub fn documents(&self) -> &[Document] {
        match &self.act {
            ThreadAct::Posted { documents, .. } => documents,
            ThreadAct::Provided(document) => std::slice::from_ref(document),
            ThreadAct::Requested(_) | ThreadAct::Withdrawn { .. } => &[],
        }
    }

    /// What the partner may want; a request of the desk is none.
    pub fn wish(&self) -> Option<Wish<'_>> {
        let of_thread = &self.thread.transaction_ref;
        match &self.act {
            ThreadAct::Posted { message, .. } => Some(Wish {
                id: WishId::Message(message.message_id.clone()),
                kind: WishKind::Message,
                text: &message.text,
                document_type: "",
                author: &message.author,
                needed_by: None,
                transaction_ref: of_thread,
            }),
            ThreadAct::Requested(request) if request.from == Side::Partner => Some(Wish {
                id: WishId::Request(request.request_id.clone()),
                kind: WishKind::DocumentRequest,
                text: &request.text,
                document_type: &request.document_type,
                author: &request.author,
                needed_by: request.needed_by,
                transaction_ref: match request.transaction_ref == TransactionRef::default() {
                    true => of_thread,
                    false => &request.transaction_ref,
                },
            }),
            ThreadAct::Requested(_) | ThreadAct::Withdrawn { .. } | ThreadAct::Provided(_) => None,
        }
    }

    pub(super) fn subject(&self) -> Subject {
        Subject::thread(&self.thread.company_id, &self.thread.thread_id)
    }

    /// Bounds on what only has a length; those of authors and documents are the same everywhere.
    pub(super) fn check(&self) -> Result<(), Malformed> {
        not_blank("data.topic", &self.thread.topic)?;
        self.thread.transaction_ref.check()?;
        match &self.act {
            ThreadAct::Posted { message, .. } => not_blank("data.message.text", &message.text),
            ThreadAct::Requested(request) => {
                not_blank("data.documentRequest.text", &request.text)?;
                not_blank("data.documentRequest.documentType", &request.document_type)?;
                if request.document_type.chars().count() > 100 {
                    let reason = "must be 1 to 100 characters";
                    return Err(malformed("data.documentRequest.documentType", reason));
                }
                request.transaction_ref.check()
            }
            ThreadAct::Withdrawn { .. } | ThreadAct::Provided(_) => Ok(()),
        }
    }
}

#[derive(Deserialize)]
struct Posted {
    message: PostedMessage,
    #[serde(default)]
    documents: Vec<Document>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Requested {
    document_request: DocumentRequest,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Withdrawn {
    request_id: RequestId,
    #[serde(default)]
    reason: Option<String>,
}

#[derive(Deserialize)]
struct Provided {
    document: Document,
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::event::{Data, Destination, Event};

    fn sample(name: &str, change: impl FnOnce(&mut serde_json::Value)) -> Result<Event, Malformed> {
        let samples = concat!(env!("CARGO_MANIFEST_DIR"), "/../events/receive-webhook/");
        let text = std::fs::read_to_string(format!("{samples}thread-{name}.json")).unwrap();
        let mut json = serde_json::from_str(&text).unwrap();
        change(&mut json);
        Event::parse(&"trading-grid".parse().unwrap(), &json.to_string())
    }

    fn news(event: &Event) -> &ThreadNews {
        match &event.data {
            Data::Thread(news) => news,
            other => panic!("{other:?}"),
        }
    }

    #[test]
    fn all_acts_of_a_partner_go_to_the_thread() {
        for (name, begins) in [
            ("message-posted", true),
            ("document-requested", false),
            ("document-request-withdrawn", false),
            ("document-provided", false),
        ] {
            let event = sample(name, |_| ()).unwrap();
            let Destination::Stream(stream, owner) = event.destination() else {
                panic!("{name} has no stream")
            };
            assert_eq!(stream.to_string(), "threads/GC41543822654A/THR-77 (in)");
            assert_eq!(owner, Some(crate::domain::UseCase::CreateTask));
            assert_eq!(event.company().unwrap().as_str(), "GC41543822654A");
            assert_eq!((event.begins_subject(), event.is_of_a_partner()), (begins, true));
            assert_eq!(news(&event).author().unwrap().name, "Ada Okafor");
        }
    }

    #[test]
    fn a_request_of_a_partner_is_a_wish_and_one_of_the_desk_is_none() {
        let asked = sample("document-requested", |_| ()).unwrap();
        let wish = news(&asked).wish().unwrap();
        assert_eq!(
            (wish.id.to_string().as_str(), wish.document_type),
            ("request.REQ-9", "corrected packing list")
        );
        assert_eq!(wish.transaction_ref.document_type, "856");
        assert_eq!(wish.needed_by.unwrap().to_string(), "2026-11-24T12:00:00.000Z");
        let of_desk = sample("document-requested", |json| {
            json["data"]["documentRequest"]["from"] = "desk".into();
        });
        assert_eq!(news(&of_desk.unwrap()).wish(), None);
    }

    #[test]
    fn the_member_that_is_wrong_is_named() {
        let check = |name: &str, pointer: &str, value: serde_json::Value, member: &str| {
            let error = sample(name, |json| *json.pointer_mut(pointer).unwrap() = value).unwrap_err();
            assert_eq!(error.member, member, "{error}");
        };
        check("message-posted", "/subject", "threads/GC1/THR-77".into(), "subject");
        check("message-posted", "/data/topic", " ".into(), "data.topic");
        check("message-posted", "/data/threadId", "a/b".into(), "data.threadId");
        check("message-posted", "/data/message/text", " ".into(), "data.message.text");
        let request = "/data/documentRequest/";
        for (part, value) in [
            ("neededBy", "soon".into()),
            ("documentType", "x".repeat(101).into()),
            ("from", "nobody".into()),
        ] {
            let member = format!("data.documentRequest.{part}");
            check("document-requested", &format!("{request}{part}"), value, &member);
        }
    }
}
