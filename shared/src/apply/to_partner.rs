//! What goes to the community: each write carries the key of its effect, and the contract obliges
//! the community to carry out a key once. So nothing is claimed, and a retry sends the same again.

use anyhow::anyhow;

use super::{Applied, Apply, key_of};
use crate::domain::{ArticleId, CompanyId, IssueId, Stream, SysId, ThreadId, Timestamp, UseCase};
use crate::effect::{
    Closing, Kept, Place, PostComment, Recognize, Record, Remember, Remind, ReportClosure, ReportStatus, Status,
};
use crate::event::{ClosureDue, Event, Malformed};
use crate::failure::{Failure, chain};
use crate::messages::PartnerText;
use crate::store::{Accepted, Write};
use crate::trading_grid;
use crate::trading_grid::collaboration::{ClosureReport, ClosureRequest, ExpectedAction, Key, NewComment, NewMessage};
use crate::trading_grid::collaboration::{Person, Problem, Reported, Room, StatusReport};

impl Apply<'_> {
    pub(super) async fn post_comment(&self, post: &PostComment) -> Result<Applied, Failure> {
        let (record, entry) = (&post.record.sys_id, &post.entry);
        let kind = match post.place {
            Place::Issue => "comment",
            Place::Workspace | Place::Thread | Place::Article => "message",
        };
        let key = self.key(kind, &[record.as_str(), entry.as_str()]);
        let posted = self.say(post.place, &key, &post.author, &post.text, &[]).await;
        let posted = posted.map_err(|failure| match failure {
            // There is no workspace: the issue is told it instead.
            Failure::Permanent { cause, .. } if post.place == Place::Workspace => Failure::Refused {
                reason: chain(cause.as_ref()),
            },
            failure => failure,
        })?;
        let place = post.place;
        let store = &self.clients.store;
        Ok(Applied {
            writes: vec![
                store.relayed(self.subject, record, entry, &posted)?,
                store.read_until(self.subject, &post.record.link, post.created)?,
            ],
            story: vec![format!("showed the comment {entry} to the partner{place} as {posted}")],
        })
    }

    /// Says something to the partner in its place; gives the id that it has there.
    pub(super) async fn say(
        &self,
        place: Place,
        key: &Key,
        author: &str,
        text: &PartnerText,
        articles: &[ArticleId],
    ) -> Result<String, Failure> {
        let (text, author) = (text.as_str().to_owned(), Person::of_the_desk(author));
        let community = &self.clients.community;
        let message = |text: String, author: Person| NewMessage {
            text,
            author,
            in_reply_to: None,
            document_ids: Vec::new(),
            article_ids: Vec::new(),
        };
        let said = match place {
            Place::Issue => {
                let (company, issue) = self.issue()?;
                let comment = NewComment {
                    text,
                    author,
                    article_ids: articles.to_vec(),
                };
                let posted = community.post_comment(&company, &issue, key, &comment).await;
                posted.map(String::from)
            }
            Place::Workspace => {
                let (company, issue) = self.issue()?;
                let room = Room::Escalation(&company, &issue);
                let posted = community.post_message(room, key, &message(text, author)).await;
                posted.map(String::from)
            }
            Place::Thread => {
                let (company, thread) = self.thread()?;
                let room = Room::Thread(&company, &thread);
                let posted = community.post_message(room, key, &message(text, author)).await;
                posted.map(String::from)
            }
            Place::Article => {
                let cause = anyhow!("nobody can be told something in an article");
                return Err(Failure::permanent(cause, "report this as a fault of Gridlink"));
            }
        };
        said.map_err(trading_grid::Error::into_failure)
    }

    /// A comment that the community refused is done with, as colleagues are told: it is not shown
    /// later either, should the issue open again.
    pub(super) fn not_shown(&self, post: &PostComment) -> Result<Vec<Write>, Failure> {
        let (store, record) = (&self.clients.store, &post.record);
        Ok(vec![
            store.refused(self.subject, &record.sys_id, &post.entry)?,
            store.read_until(self.subject, &record.link, post.created)?,
        ])
    }

    pub(super) async fn report_status(&self, report: &ReportStatus) -> Result<Applied, Failure> {
        let (company, issue) = self.issue()?;
        let status = &report.status;
        let key = self.key("status", &[self.subject.as_str(), &report.version.to_string()]);
        let sent = report_of(status, report.version, report.since);
        let reported = self
            .clients
            .community
            .report_status(&company, &issue, &key, &sent)
            .await
            .map_err(trading_grid::Error::into_failure)?;
        let story = match reported {
            Reported::Taken => format!("told the partner: {}", status.label),
            Reported::Superseded { .. } => format!("the partner knows something newer than: {}", status.label),
        };
        let told = self
            .clients
            .store
            .told(self.subject, &report.record.link, &status.digest())?;
        Ok(Applied {
            writes: vec![told],
            story: vec![story],
        })
    }

    pub(super) async fn report_closure(&self, report: &ReportClosure) -> Result<Applied, Failure> {
        let (company, issue) = self.issue()?;
        let key = self.key("closure", &[self.subject.as_str(), &report.version.to_string()]);
        let request = match &report.closing {
            Closing::Asked {
                resolution,
                label,
                until,
            } => ClosureRequest::Requested {
                resolution: resolution
                    .as_ref()
                    .map_or(label.as_str(), |text| text.as_str())
                    .to_owned(),
                confirm_by: *until,
            },
            Closing::Closed { because } => ClosureRequest::Closed { because: *because },
            Closing::Withdrawn => ClosureRequest::Withdrawn,
        };
        let sent = ClosureReport {
            version: report.version,
            request,
        };
        let reported = self
            .clients
            .community
            .report_closure(&company, &issue, &key, &sent)
            .await;
        let story = match (reported, &report.closing) {
            (Ok(Reported::Taken), Closing::Asked { until, .. }) => {
                format!("asked the partner to confirm the resolution until {until}")
            }
            (Ok(Reported::Taken), Closing::Closed { because }) => format!("closed for the partner: {because}"),
            (Ok(Reported::Taken), Closing::Withdrawn) => "took the question about closing back".to_owned(),
            (Ok(Reported::Superseded { .. }), _) => "the partner knows something newer of the closing".to_owned(),
            // The answer is an event of its own.
            (Err(error), _) if problem(&error) == Some(Problem::ClosureAnswered) => {
                "the partner has answered the question about closing meanwhile".to_owned()
            }
            (Err(error), _) => return Err(error.into_failure()),
        };
        let asked = matches!(report.closing, Closing::Asked { .. }).then_some(report.version);
        Ok(Applied {
            writes: vec![self.clients.store.asked(self.subject, asked)?],
            story: vec![story],
        })
    }

    /// An event of our own, which waits in the inbox for its time.
    pub(super) async fn remind(&self, remind: &Remind) -> Result<Applied, Failure> {
        let (company_id, issue_id) = self.issue()?;
        let due = ClosureDue {
            issue_id,
            company_id,
            sys_id: remind.record.sys_id.clone(),
            closure_version: remind.version,
            due_at: remind.at,
        };
        let event = due.event(self.clients.clock.now());
        self.accept_own(event).await?;
        Ok(Applied::default())
    }

    /// Puts an event of our own into the inbox; gives its stream when it is there for the first time.
    pub(super) async fn accept_own(
        &self,
        event: Result<Event, Malformed>,
    ) -> Result<Option<(Stream, Option<UseCase>)>, Failure> {
        let event = event.map_err(|error| Failure::permanent(error, "dismiss the entry"))?;
        match self.clients.store.accept(&event).await? {
            Accepted::New(stream, owner) => Ok(Some((stream, owner))),
            Accepted::Duplicate => Ok(None),
            // The subject exists and the event is ours.
            other @ (Accepted::Echo | Accepted::Unrelated | Accepted::Conflict | Accepted::Foreign) => {
                let cause = anyhow!("an event of our own was not accepted: {other:?}");
                Err(Failure::permanent(cause, "report this as a fault of Gridlink"))
            }
        }
    }

    pub(super) fn remember(&self, remember: &Remember) -> Result<Applied, Failure> {
        let store = &self.clients.store;
        let write = match &remember.kept {
            Kept::Disputed(version) => store.disputed(self.subject, *version)?,
            Kept::Over => store.asked(self.subject, None)?,
            Kept::Critical(is_critical) => store.critical(self.subject, *is_critical)?,
            Kept::AsksForDraft(asks) => store.asks_for_draft(self.subject, &remember.record.link, *asks)?,
            Kept::Escalated(key) => store.escalated(self.subject, Some(key))?,
            Kept::Calm => store.escalated(self.subject, None)?,
        };
        Ok(Applied {
            writes: vec![write],
            story: Vec::new(),
        })
    }

    pub(super) fn follow(&self, record: &Record) -> Result<Applied, Failure> {
        Ok(Applied {
            writes: self.clients.store.moved(self.subject, record)?,
            story: vec![format!("the record is in the table {} now", record.table)],
        })
    }

    pub(super) fn recognize(&self, recognize: &Recognize) -> Result<Applied, Failure> {
        let store = &self.clients.store;
        let bound = recognize
            .entries
            .iter()
            .map(|(claim, entry)| store.recognized(self.subject, claim, entry));
        let record = &recognize.record.sys_id;
        let silent = recognize
            .silent
            .iter()
            .map(|entry| store.silent(self.subject, record, entry));
        Ok(Applied {
            writes: bound.chain(silent).collect::<Result<_, _>>()?,
            story: recognize.silent.iter().map(no_words).collect(),
        })
    }

    /// The issue that the subject is.
    pub(super) fn issue(&self) -> Result<(CompanyId, IssueId), Failure> {
        let not_one = || Failure::permanent(anyhow!("{} is not an issue", self.subject), "dismiss the entry");
        self.subject.as_issue().ok_or_else(not_one)
    }

    /// The thread that the subject is.
    pub(super) fn thread(&self) -> Result<(CompanyId, ThreadId), Failure> {
        let not_one = || Failure::permanent(anyhow!("{} is not a thread", self.subject), "dismiss the entry");
        self.subject.as_thread().ok_or_else(not_one)
    }

    /// The key of a write of this deployment.
    pub(super) fn key(&self, kind: &str, parts: &[&str]) -> Key {
        key_of(self.clients.store.deployment(), kind, parts)
    }
}

/// A status as it is reported.
pub fn report_of(status: &Status, version: u64, since: Timestamp) -> StatusReport {
    let expected_action = status.expected.as_ref().map(|expected| ExpectedAction {
        kind: expected.kind,
        text: expected.text.clone(),
        due_at: None,
    });
    StatusReport {
        version,
        state: status.state,
        label: status.label.clone(),
        text: status.text.clone(),
        expected_action,
        resolution: status.resolution.as_ref().map(|text| text.as_str().to_owned()),
        since,
        case_number: Some(status.number.clone()),
    }
}

/// The line of the timeline about a comment that is not shown.
fn no_words(entry: &SysId) -> String {
    format!("the comment {entry} has no words for the partner")
}

/// The problem of the contract that an error is about.
pub(super) fn problem(error: &trading_grid::Error) -> Option<Problem> {
    error.rejection().and_then(|rejection| rejection.problem)
}
