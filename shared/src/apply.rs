//! The one place that changes the world: carries out one effect, and may do so twice without harm.
//!
//! - A record has a chosen sys_id, so the primary key refuses a second; an unclear answer is
//!   resolved by reading that sys_id, never by the status code.
//! - Fields are set, not added; a field that somebody else has moved since the decision is left.
//! - Journal entries and attachments are claimed in the ledger first. A claim that is not done is
//!   only taken up again after everything that may still be under way has ended, and after a
//!   look at the record found no trace. This holds as long as a function is killed at its
//!   timeout and ServiceNow ends a transaction within its quota.
//! - Where the scoped app is installed, it makes one entry of one claim, however often and however
//!   late it is asked: neither a wait nor a look is needed, and no time is assumed.

mod articles;
mod attachment;
mod drafts;
mod escalation;
mod exchanges;
mod journal;
mod onboarding;
mod sharing;
mod threads;
mod to_partner;

pub use threads::outcome_report_of;
pub use to_partner::report_of;

use std::collections::BTreeMap;

use anyhow::anyhow;

use crate::clients::Clients;
use crate::domain::{DeploymentId, Role, Subject, SysId, Timestamp};
use crate::effect::{
    CreateRecord, Effect, Mark, Place, PostComment, PostNotice, Record, ShareDocument, Source, UpdateFields,
};
use crate::event::Event;
use crate::failure::{Failure, System};
use crate::messages;
use crate::servicenow::{self, Error, Field, Ignored, Probe};
use crate::store::{Claim, ClaimKind, ClaimState, Claiming, LinkState, SETTLED_AFTER, Store, Write, reference_key};
use crate::telemetry::{self, Metric};
use crate::trading_grid::collaboration::Key;

/// ServiceNow's clock may be this far from ours when traces are looked for.
const CLOCK_SKEW: std::time::Duration = std::time::Duration::from_secs(300);

/// After this, nothing of before a rebuilding is filled in any more.
const FILLED_IN_AFTER: std::time::Duration = std::time::Duration::from_secs(7 * 24 * 3600);

/// How an effect stands when it is about to be carried out.
#[derive(Debug)]
pub enum Standing {
    /// It was prepared just now: nothing was sent before.
    Fresh,
    /// It was prepared before; anything may have been sent.
    Resumed,
    /// Its claim was there before it was prepared.
    Claimed(Claim),
}

/// What an effect left to be written down.
#[derive(Debug, Default)]
pub struct Applied {
    /// Writes that end the effect.
    pub writes: Vec<Write>,
    /// Lines for the timeline.
    pub story: Vec<String>,
}

/// The field that joins a task to what it is about.
const CORRELATION_ID: &str = "correlation_id";

/// The `correlation_display` of every record that Gridlink makes.
pub const CORRELATION_DISPLAY: &str = "Trading Grid";

/// Carries out the effects of one subject.
pub struct Apply<'a> {
    /// The outside.
    pub clients: &'a Clients,
    /// Whose effects.
    pub subject: &'a Subject,
    /// The event that asked for them.
    pub event: &'a Event,
    /// When the table was rebuilt, if it ever was: what an event of before asks for may be there, and nobody knows.
    pub rebuilt_at: Option<Timestamp>,
}

impl Apply<'_> {
    /// The writes that must be durable before the effect is carried out.
    ///
    /// # Errors
    /// When they cannot be made.
    pub async fn prepare(&self, effect: &Effect) -> Result<Vec<Write>, Failure> {
        let store = &self.clients.store;
        match effect {
            Effect::CreateRecord(create) => Ok(store.intent(self.subject, create)?),
            Effect::AddJournal(_) | Effect::Attach(_) => Ok(self.claim(effect).await?.into_iter().collect()),
            Effect::UpdateFields(_)
            | Effect::PostComment(_)
            | Effect::ShareDocument(_)
            | Effect::PostNotice(_)
            | Effect::ReportStatus(_)
            | Effect::ReportClosure(_)
            | Effect::Remind(_)
            | Effect::AskEscalation(_)
            | Effect::MoveLanes(_)
            | Effect::ReportEscalation(_)
            | Effect::ReportMilestone(_)
            | Effect::ReportOutcome(_)
            | Effect::CloseRequest(_)
            | Effect::Remember(_)
            | Effect::Follow(_)
            | Effect::Recognize(_)
            | Effect::PassOn(_)
            | Effect::AskForDraft(_)
            | Effect::CountIssue(_)
            | Effect::AddRow(_)
            | Effect::PassToArticle(_)
            | Effect::PublishArticle(_)
            | Effect::WithdrawArticle(_)
            | Effect::Mark(_)
            | Effect::Adopt(_)
            | Effect::TakeTurn { .. }
            | Effect::Provision(_)
            | Effect::ReportOnboarding(_)
            | Effect::GoOn { .. }
            | Effect::Tell { .. } => Ok(Vec::new()),
        }
    }

    /// Carries the effect out.
    ///
    /// # Errors
    /// What must happen next.
    pub async fn perform(&self, effect: &Effect, standing: Standing) -> Result<Applied, Failure> {
        match effect {
            Effect::CreateRecord(create) => self.create(create, &standing).await,
            Effect::UpdateFields(update) => self.update(update, &standing).await,
            Effect::AddJournal(add) => self.journal(add, effect, standing).await,
            Effect::Attach(attach) => self.attach(attach, effect, standing).await,
            Effect::PostComment(post) => self.post_comment(post).await,
            Effect::ShareDocument(share) => self.share_document(share).await,
            Effect::PostNotice(notice) => self.post_notice(notice).await,
            Effect::ReportStatus(report) => self.report_status(report).await,
            Effect::ReportClosure(report) => self.report_closure(report).await,
            Effect::Remind(remind) => self.remind(remind).await,
            Effect::AskEscalation(ask) => self.ask_escalation(ask).await,
            Effect::MoveLanes(moved) => self.move_lanes(moved),
            Effect::ReportEscalation(report) => self.report_escalation(report).await,
            Effect::ReportMilestone(report) => self.report_milestone(report).await,
            Effect::ReportOutcome(report) => self.report_outcome(report).await,
            Effect::CloseRequest(close) => self.close_request(close).await,
            Effect::Remember(remember) => self.remember(remember),
            Effect::Follow(record) => self.follow(record),
            Effect::Recognize(recognize) => self.recognize(recognize),
            Effect::PassOn(passing) => self.pass_on(passing).await,
            Effect::AskForDraft(record) => self.ask_for_draft(record).await,
            Effect::CountIssue(count) => self.count_issue(count).await,
            Effect::AddRow(add) => self.add_row(add).await,
            Effect::PassToArticle(changed) => self.pass_to_article(changed).await,
            Effect::PublishArticle(publish) => self.publish_article(publish).await,
            Effect::WithdrawArticle(withdraw) => self.withdraw_article(withdraw).await,
            Effect::Mark(mark) => self.mark(mark),
            Effect::Adopt(adopt) => self.adopt(adopt),
            Effect::TakeTurn { company } => self.take_turn(company).await,
            Effect::Provision(provision) => self.provision(provision, &standing).await,
            Effect::ReportOnboarding(report) => self.report_onboarding(report).await,
            Effect::GoOn { when } => self.go_on(*when).await,
            Effect::Tell { text } => Ok(Applied {
                writes: Vec::new(),
                story: vec![text.clone()],
            }),
        }
    }

    /// The claim of an effect that needs one.
    async fn claim(&self, effect: &Effect) -> Result<Option<Write>, Failure> {
        let Some((name, target)) = claim_of(effect) else {
            return Ok(None);
        };
        let reference = self.clients.reference(&name).await?;
        let (kind, text) = match effect {
            Effect::AddJournal(add) => (ClaimKind::Journal, Some(signed(&add.text, &reference))),
            Effect::Attach(attach) if attach.source == Source::EventText => (ClaimKind::Text, None),
            _ => (ClaimKind::Document, None),
        };
        let claiming = Claiming {
            name: &name,
            reference: &reference,
            kind,
            target,
            text: text.as_deref(),
            through_app: self.writes_through_app(effect),
        };
        Ok(Some(self.clients.store.claim_write(self.subject, claiming)?))
    }

    /// The writes for an effect that is refused for good.
    ///
    /// # Errors
    /// When they cannot be made.
    pub fn refuse(&self, effect: &Effect) -> Result<Vec<Write>, Failure> {
        match effect {
            // The issue is told it instead: see `instead_of`.
            Effect::PostComment(post) if post.place == Place::Workspace => Ok(Vec::new()),
            Effect::PostComment(post) => self.not_shown(post),
            Effect::CreateRecord(create) => {
                let store = &self.clients.store;
                Ok(vec![store.unlinked(self.subject, &create.record.link)?])
            }
            Effect::UpdateFields(_)
            | Effect::AddJournal(_)
            | Effect::Attach(_)
            | Effect::ShareDocument(_)
            | Effect::PostNotice(_)
            | Effect::ReportStatus(_)
            | Effect::ReportClosure(_)
            | Effect::Remind(_)
            | Effect::AskEscalation(_)
            | Effect::MoveLanes(_)
            | Effect::ReportEscalation(_)
            | Effect::ReportMilestone(_)
            | Effect::ReportOutcome(_)
            | Effect::CloseRequest(_)
            | Effect::Remember(_)
            | Effect::Follow(_)
            | Effect::Recognize(_)
            | Effect::PassOn(_)
            | Effect::AskForDraft(_)
            | Effect::CountIssue(_)
            | Effect::AddRow(_)
            | Effect::PassToArticle(_)
            | Effect::PublishArticle(_)
            | Effect::WithdrawArticle(_)
            | Effect::Mark(_)
            | Effect::Adopt(_)
            | Effect::TakeTurn { .. }
            | Effect::Provision(_)
            | Effect::ReportOnboarding(_)
            | Effect::GoOn { .. }
            | Effect::Tell { .. } => settle(&self.clients.store, self.subject, effect, ClaimState::Done),
        }
    }

    async fn create(&self, create: &CreateRecord, standing: &Standing) -> Result<Applied, Failure> {
        let record = &create.record;
        if !matches!(standing, Standing::Fresh) {
            match self.clients.store.link(self.subject, &record.link).await? {
                Some(link) if link.state == LinkState::Linked => return Ok(Applied::default()),
                Some(_) => {}
                None => {
                    self.clients
                        .store
                        .put_all(self.clients.store.intent(self.subject, create)?)
                        .await?
                }
            }
        }
        let mut fields = create.fields.clone();
        fields.insert("sys_id".to_owned(), record.sys_id.to_string());
        let key = join_key(record);
        fields.insert(key.to_owned(), create.correlation.clone());
        if key == CORRELATION_ID {
            fields.insert("correlation_display".to_owned(), CORRELATION_DISPLAY.to_owned());
        }
        let error = match self.clients.servicenow.create(&record.table, &fields).await {
            Ok(created) if created.sys_id == record.sys_id => {
                let mut story = vec![format!("created {}", named(record, &created.number))];
                story.extend(not_taken(&created.ignored));
                return self.linked(create, &created.number, story);
            }
            Ok(created) => return Err(has_another_id(record, &created.number)),
            Err(error) if error.is_unsent() => return Err(error.into_failure()),
            Err(error) => error,
        };
        // Refused or unclear: only the record itself can tell.
        match self.created_row(record, &["sys_id", "number", key]).await {
            Ok(Some(row)) if row.text(key) == create.correlation => {
                let number = row.text("number").to_owned();
                self.linked(create, &number, vec![format!("created {}", named(record, &number))])
            }
            Ok(Some(row)) => Err(Failure::permanent(
                anyhow!("the record {} has our sys_id and another {key}", row.text("number")),
                format!("find out who changed its {key}, put it back, and replay"),
            )),
            Ok(None) if error.is_refusal() => Err(self.refused_creation(record, error).await),
            Ok(None) => Err(match self.created_elsewhere(create).await {
                Ok(Some(number)) => has_another_id(record, &number),
                Ok(None) | Err(_) => error.into_failure(),
            }),
            Err(_) => Err(error.into_failure()),
        }
    }

    /// The number of a record that has the key of one that was to be made, under another sys_id: where an instance does not
    /// honor the chosen one, an unclear creation may have made it, and another would be a second.
    async fn created_elsewhere(&self, create: &CreateRecord) -> Result<Option<String>, Error> {
        if join_key(&create.record) != CORRELATION_ID {
            return Ok(None);
        }
        let query = servicenow::Query::new()
            .and(const { Field::known(CORRELATION_ID) }.equals(&create.correlation)?)
            .and(const { Field::known("correlation_display") }.equals(CORRELATION_DISPLAY)?);
        let select = servicenow::Select::named(["sys_id", "number"])?;
        let rows = self.clients.servicenow.find(&create.record.table, query, select)?;
        let rows = rows.all(2).await?;
        Ok(rows.first().map(|row| row.text("number").to_owned()))
    }

    /// A record that was to be made, as it is there: tasks change their class, articles do not.
    async fn created_row(&self, record: &Record, fields: &[&str]) -> Result<Option<servicenow::Row>, Error> {
        let servicenow = &self.clients.servicenow;
        match record.link.role {
            Role::Draft => {
                let select = servicenow::Select::named(fields)?;
                servicenow.read(&record.table, &record.sys_id, &select).await
            }
            _ => servicenow.task(&record.sys_id, fields).await,
        }
    }

    fn linked(&self, create: &CreateRecord, number: &str, story: Vec<String>) -> Result<Applied, Failure> {
        telemetry::count_of(System::ServiceNow, Metric::OnceByKey);
        let writes = self.clients.store.linked(self.subject, create, number)?;
        Ok(Applied { writes, story })
    }

    /// A refused creation. An issue goes on without the record that only says that it is escalated:
    /// not every instance has such records, or lets us make them.
    async fn refused_creation(&self, record: &Record, error: Error) -> Failure {
        match error.status() {
            Some(400 | 403 | 404) if record.link.role == Role::Escalation => Failure::Refused {
                reason: "ServiceNow refused it".to_owned(),
            },
            _ => self.refused(record, error).await,
        }
    }

    /// Tells a refused record from a refused client.
    async fn refused(&self, record: &Record, error: Error) -> Failure {
        match self.clients.servicenow.probe(&record.table).await {
            Probe::Answers => {
                let remedy = format!(
                    "see ServiceNow's message, correct the mapping or the rules of {}, and replay",
                    record.table
                );
                Failure::permanent(error, remedy)
            }
            Probe::Refuses => Failure::Upstream {
                system: System::ServiceNow,
                cause: error.into(),
                unsent: true,
            },
            Probe::Unclear => Failure::Transient {
                cause: error.into(),
                wait: None,
                unsent: true,
            },
        }
    }

    async fn update(&self, update: &UpdateFields, standing: &Standing) -> Result<Applied, Failure> {
        let record = &update.record;
        let mut wanted = update.set.clone();
        let mut base = BTreeMap::new();
        let mut story = Vec::new();
        if !matches!(standing, Standing::Fresh) {
            let fields = std::iter::once("sys_id")
                .chain(wanted.keys().map(String::as_str))
                .collect::<Vec<_>>();
            let row = self
                .clients
                .servicenow
                .task(&record.sys_id, &fields)
                .await
                .map_err(Error::into_failure)?;
            let row = row.ok_or_else(|| gone(record))?;
            wanted.retain(|field, change| {
                let now = row.text(field);
                if now == change.to {
                    // It was set before, by us or by somebody who agrees.
                    base.insert(field.clone(), change.to.clone());
                } else if now != change.from {
                    story.push(format!("left {field} as it is: it was changed in ServiceNow meanwhile"));
                }
                now == change.from && now != change.to
            });
        }
        let fields: BTreeMap<String, String> = wanted.into_iter().map(|(field, change)| (field, change.to)).collect();
        if !fields.is_empty() {
            match self
                .clients
                .servicenow
                .update(&record.table, &record.sys_id, &fields)
                .await
            {
                Ok(updated) => story.extend(not_taken(&updated.ignored)),
                Err(error) => return Err(self.refused_change(record, error).await),
            }
            let names = fields.keys().map(String::as_str).collect::<Vec<_>>().join(", ");
            story.insert(0, format!("updated {names}"));
        }
        base.extend(fields);
        let writes = self.clients.store.rebased(self.subject, &record.link, &base)?;
        Ok(Applied {
            writes: writes.into_iter().collect(),
            story,
        })
    }

    /// A refused change of a record that exists: the record is gone, or the change itself is
    /// refused, or we are.
    ///
    /// Only what the instance finds malformed is refused for good. A missing right parks the stream:
    /// nothing is lost, and whoever grants it replays.
    async fn refused_change(&self, record: &Record, error: Error) -> Failure {
        if !error.is_refusal() {
            return unclear(error);
        }
        match (error.status(), self.refused(record, error).await) {
            // What only goes with an issue does not stop it.
            (_, Failure::Permanent { .. }) if record.link.role.is_of_an_escalation() => Failure::Refused {
                reason: "ServiceNow refused the change".to_owned(),
            },
            (Some(404), Failure::Permanent { .. }) => gone(record),
            (Some(400), Failure::Permanent { .. }) => Failure::Refused {
                reason: "ServiceNow refused the change".to_owned(),
            },
            (_, failure) => failure,
        }
    }

    /// Finds out how far a claimed effect is.
    async fn taken_up(&self, effect: &Effect, standing: Standing) -> Result<TakenUp, Failure> {
        let Some((claim, _)) = claim_of(effect) else {
            return Ok(TakenUp::Fresh);
        };
        let claim = match standing {
            Standing::Fresh => {
                let Some(since) = self.may_be_written_since() else {
                    return Ok(TakenUp::Fresh);
                };
                let put = self.clients.store.claim_of(self.subject, &claim).await?;
                return Ok(put.map_or(TakenUp::Fresh, |claim| TakenUp::Uncertain(claim.since(since))));
            }
            Standing::Claimed(claim) => claim,
            Standing::Resumed => match self.clients.store.claim_of(self.subject, &claim).await? {
                Some(claim) => claim,
                // The step was reached, and time was up before anything was claimed or sent.
                None => {
                    let claim = self.claim(effect).await?;
                    self.clients.store.put_all(claim.into_iter().collect()).await?;
                    return Ok(TakenUp::Fresh);
                }
            },
        };
        match claim.state {
            ClaimState::Done => Ok(TakenUp::Done),
            ClaimState::Released => {
                self.begin_again(&claim).await?;
                Ok(TakenUp::Fresh)
            }
            // The app tells a repetition from a first try.
            ClaimState::Claimed if claim.through_app && self.writes_through_app(effect) => {
                Ok(TakenUp::Repeatable(claim))
            }
            ClaimState::Claimed => {
                let settled = claim.at.after(SETTLED_AFTER);
                let now = self.clients.clock.now();
                if now < settled {
                    return Err(Failure::Transient {
                        cause: anyhow!("an earlier try may still be under way"),
                        wait: Some(now.until(settled)),
                        unsent: false,
                    });
                }
                Ok(TakenUp::Uncertain(claim))
            }
        }
    }

    /// Since when what the event asks for may be written, although nobody knows: the table was rebuilt after the event, or
    /// so lately that our own event may follow from one of before.
    fn may_be_written_since(&self) -> Option<Timestamp> {
        let rebuilt_at = self.rebuilt_at?;
        if self.event.time <= rebuilt_at {
            return Some(self.event.time);
        }
        let is_ours = self.event.is_ours() && self.event.time <= rebuilt_at.after(FILLED_IN_AFTER);
        is_ours.then_some(Timestamp::from_millis(0))
    }

    async fn begin_again(&self, claim: &Claim) -> Result<(), Failure> {
        if self.clients.store.reclaim(self.subject, claim).await? {
            Ok(())
        } else {
            Err(Failure::transient(anyhow!("another worker took the claim up")))
        }
    }
}

/// The key of a write to the community: the same for every try of the same effect, and for no other.
pub fn key_of(deployment: &DeploymentId, kind: &str, parts: &[&str]) -> Key {
    let mut all = vec![kind, deployment.as_str()];
    all.extend(parts);
    Key::derived(&all)
}

/// The writes for an effect that is known not to have happened, so that it need not wait.
///
/// # Errors
/// When they cannot be made.
pub fn release(store: &Store, subject: &Subject, effect: &Effect) -> Result<Vec<Write>, Failure> {
    settle(store, subject, effect, ClaimState::Released)
}

fn settle(store: &Store, subject: &Subject, effect: &Effect, state: ClaimState) -> Result<Vec<Write>, Failure> {
    match claim_of(effect) {
        Some((claim, _)) => Ok(vec![store.settle(subject, &claim, state, None)?]),
        None => Ok(Vec::new()),
    }
}

/// How far a claimed effect is.
enum TakenUp {
    /// Nothing was sent.
    Fresh,
    /// It happened.
    Done,
    /// It may have happened or be under way, and does no harm when it is sent again.
    Repeatable(Claim),
    /// It may have happened, and can no longer be under way.
    Uncertain(Claim),
}

/// The name of an effect's claim and the record that it is about, for effects that need one.
fn claim_of(effect: &Effect) -> Option<(String, &SysId)> {
    let (record, what) = match effect {
        Effect::AddJournal(add) => (&add.record, add.in_journal()),
        Effect::Attach(attach) => (&attach.record, attach.what()),
        Effect::CreateRecord(_)
        | Effect::UpdateFields(_)
        | Effect::PostComment(_)
        | Effect::ShareDocument(_)
        | Effect::PostNotice(_)
        | Effect::ReportStatus(_)
        | Effect::ReportClosure(_)
        | Effect::Remind(_)
        | Effect::AskEscalation(_)
        | Effect::MoveLanes(_)
        | Effect::ReportEscalation(_)
        | Effect::ReportMilestone(_)
        | Effect::ReportOutcome(_)
        | Effect::CloseRequest(_)
        | Effect::Remember(_)
        | Effect::Follow(_)
        | Effect::Recognize(_)
        | Effect::PassOn(_)
        | Effect::AskForDraft(_)
        | Effect::CountIssue(_)
        | Effect::AddRow(_)
        | Effect::PassToArticle(_)
        | Effect::PublishArticle(_)
        | Effect::WithdrawArticle(_)
        | Effect::Mark(_)
        | Effect::Adopt(_)
        | Effect::TakeTurn { .. }
        | Effect::Provision(_)
        | Effect::ReportOnboarding(_)
        | Effect::GoOn { .. }
        | Effect::Tell { .. } => return None,
    };
    Some((reference_key(&record.sys_id, &what), &record.sys_id))
}

/// An unclear write: it may still commit, so the next try waits for it to settle.
fn unclear(error: Error) -> Failure {
    match error.into_failure() {
        Failure::Transient {
            cause, unsent: false, ..
        } => Failure::Transient {
            cause,
            wait: Some(SETTLED_AFTER),
            unsent: false,
        },
        other => other,
    }
}

/// The text with its reference as the last line.
fn signed(text: &str, reference: &str) -> String {
    format!("{}\n\n{}", text.trim_end(), messages::reference_line(reference))
}

/// Whether an entry or attachment is known as the trace of another claim.
fn is_trace_of_another(ledger: &[Claim], claim: &Claim, id: &SysId) -> bool {
    ledger.iter().any(|other| other.key != claim.key && other.led_to(id))
}

/// The line of the timeline about fields that ServiceNow did not take.
fn not_taken(ignored: &[Ignored]) -> Option<String> {
    let fields = ignored.iter().map(Ignored::to_string).collect::<Vec<_>>().join(", ");
    (!fields.is_empty()).then(|| format!("ServiceNow did not take as sent: {fields}"))
}

/// The field that joins a created record to what it is about, checked on every read.
fn join_key(record: &Record) -> &'static str {
    match record.link.role {
        Role::Draft => "source",
        _ => CORRELATION_ID,
    }
}

/// An instance that does not honor the chosen sys_id: a person must see to it before another try makes another record.
fn has_another_id(record: &Record, number: &str) -> Failure {
    Failure::permanent(
        anyhow!("{number} was created with another sys_id than the chosen one"),
        format!(
            "let the integration user set sys_id on {}, remove {number}, and replay",
            record.table
        ),
    )
}

fn named(record: &Record, number: &str) -> String {
    let what = match record.link.role {
        Role::Case | Role::Incident => "",
        Role::FollowUp => " as a follow-up",
        Role::Escalation => " as the record of the escalation",
        Role::Coordination => " as the task of a team",
        Role::Task => " as a task of the thread",
        Role::Article => " as an article",
        Role::Draft => " as a draft article",
        Role::Request => "",
        Role::Setup => " as the task of whoever sets the company up",
    };
    let number = if number.is_empty() {
        record.sys_id.as_str()
    } else {
        number
    };
    format!("{number}{what}")
}

fn gone(record: &Record) -> Failure {
    Failure::permanent(
        anyhow!(
            "the {} record {} is gone or hidden from the integration user",
            record.table,
            record.sys_id
        ),
        "restore the record or its read access and replay, or dismiss the entry",
    )
}

/// What is done in place of an effect that was refused: both sides can see it.
pub fn instead_of(effect: &Effect, reason: &str) -> Vec<Effect> {
    let told = effect.refused(reason);
    let note = match effect {
        // The workspace was ended meanwhile, or never takes it: the issue may.
        Effect::ShareDocument(share) if share.place == Place::Workspace => Some(Effect::ShareDocument(ShareDocument {
            place: Place::Issue,
            ..share.clone()
        })),
        Effect::PostNotice(notice) if notice.place == Place::Workspace => Some(Effect::PostNotice(PostNotice {
            place: Place::Issue,
            ..notice.clone()
        })),
        // The article is shown without it, and says so where it was a picture.
        Effect::ShareDocument(share) if share.place == Place::Article => None,
        Effect::ShareDocument(share) => return std::iter::once(told).chain(share.refused(reason)).collect(),
        Effect::Attach(attach) => match &attach.source {
            Source::Community { document } => Some(Effect::note(
                &attach.record,
                format!("refusal of {}", attach.what()),
                messages::document_refused(document, reason),
            )),
            Source::EventText => None,
        },
        Effect::PostComment(post) if post.place == Place::Workspace => Some(Effect::PostComment(PostComment {
            place: Place::Issue,
            ..post.clone()
        })),
        Effect::Provision(_) => Some(Effect::Mark(Mark::Trouble {
            reason: reason.to_owned(),
        })),
        Effect::PostComment(post) => Some(Effect::note(
            &post.record,
            format!("refusal of comment {}", post.entry),
            messages::comment_not_relayed(reason),
        )),
        Effect::CreateRecord(_)
        | Effect::UpdateFields(_)
        | Effect::AddJournal(_)
        | Effect::PostNotice(_)
        | Effect::ReportStatus(_)
        | Effect::ReportClosure(_)
        | Effect::Remind(_)
        | Effect::AskEscalation(_)
        | Effect::MoveLanes(_)
        | Effect::ReportEscalation(_)
        | Effect::ReportMilestone(_)
        | Effect::ReportOutcome(_)
        | Effect::CloseRequest(_)
        | Effect::Remember(_)
        | Effect::Follow(_)
        | Effect::Recognize(_)
        | Effect::PassOn(_)
        | Effect::AskForDraft(_)
        | Effect::CountIssue(_)
        | Effect::AddRow(_)
        | Effect::PassToArticle(_)
        | Effect::PublishArticle(_)
        | Effect::WithdrawArticle(_)
        | Effect::Mark(_)
        | Effect::Adopt(_)
        | Effect::TakeTurn { .. }
        | Effect::ReportOnboarding(_)
        | Effect::GoOn { .. }
        | Effect::Tell { .. } => None,
    };
    std::iter::once(told).chain(note).collect()
}

impl From<servicenow::Error> for Failure {
    fn from(error: servicenow::Error) -> Self {
        error.into_failure()
    }
}
