//! Entries in the journals of records: through the scoped app where it is installed, else through the Table API.

use anyhow::anyhow;

use super::{Applied, Apply, CLOCK_SKEW, Standing, TakenUp, claim_of, is_trace_of_another, signed};
use crate::domain::{SysId, WriteId};
use crate::effect::{AddJournal, Effect, Journal, Record};
use crate::failure::{Failure, System};
use crate::messages;
use crate::servicenow::{Entry, Error};
use crate::store::{Claim, ClaimState};
use crate::telemetry::{self, Metric};

impl Apply<'_> {
    /// Whether the effect is carried out by the app.
    pub(super) fn writes_through_app(&self, effect: &Effect) -> bool {
        self.clients.writes_through_app && matches!(effect, Effect::AddJournal(_))
    }

    pub(super) async fn journal(
        &self,
        add: &AddJournal,
        effect: &Effect,
        standing: Standing,
    ) -> Result<Applied, Failure> {
        let (claim_name, _) = claim_of(effect).ok_or_else(|| Failure::transient(anyhow!("an entry has a claim")))?;
        let reference = match self.taken_up(effect, standing).await? {
            TakenUp::Done => return Ok(Applied::default()),
            TakenUp::Fresh => self.clients.reference(&claim_name).await?,
            TakenUp::Repeatable(claim) => claim.reference,
            TakenUp::Uncertain(claim) => {
                if let Some(trace) = self.trace(add, &claim).await? {
                    return self.written(add, &claim_name, Some(&trace.sys_id));
                }
                self.begin_again(&claim).await?;
                claim.reference
            }
        };
        let text = signed(&add.text, &reference);
        let record = &add.record;
        let servicenow = &self.clients.servicenow;
        if self.writes_through_app(effect) {
            let id = WriteId::of(self.clients.store.deployment(), self.subject, &claim_name);
            let outcome = servicenow.apply(&id, &record.table, &record.sys_id, add.journal, &text);
            return match outcome.await {
                Ok(entry) => self.written(add, &claim_name, entry.as_ref()),
                Err(error) if error.is_refusal() => Err(self.refused_by_app(record, error).await),
                Err(error) => Err(error.into_failure()),
            };
        }
        match servicenow
            .append(&record.table, &record.sys_id, add.journal, &text)
            .await
        {
            Ok(()) => self.written(add, &claim_name, None),
            Err(error) if error.is_unsent() => Err(error.into_failure()),
            Err(error) => Err(self.refused_change(record, error).await),
        }
    }

    fn written(&self, add: &AddJournal, claim: &str, entry: Option<&SysId>) -> Result<Applied, Failure> {
        let level = match self.clients.writes_through_app {
            true => Metric::OnceByApp,
            false => Metric::OnceByTrace,
        };
        telemetry::count_of(System::ServiceNow, level);
        let write = self
            .clients
            .store
            .settle(self.subject, claim, ClaimState::Done, entry)?;
        let story = match add.journal {
            Journal::Comments => format!("added {}", add.what),
            Journal::WorkNotes => format!("noted {} for colleagues", add.what),
        };
        Ok(Applied {
            writes: vec![write],
            story: vec![story],
        })
    }

    /// The entry that an earlier try of the claim has led to.
    async fn trace(&self, add: &AddJournal, claim: &Claim) -> Result<Option<Entry>, Failure> {
        let servicenow = &self.clients.servicenow;
        let entries = servicenow.entries(&add.record.sys_id, claim.first_at, CLOCK_SKEW).await;
        let entries = entries.map_err(|error| error.into_failure().in_doubt())?;
        let ledger = self.clients.store.ledger(self.subject).await?;
        let wanted = messages::canonical(&signed(&add.text, &claim.reference));
        Ok(entries.into_iter().find(|entry| {
            entry.journal == add.journal
                && messages::canonical(&entry.text) == wanted
                && !is_trace_of_another(&ledger, claim, &entry.sys_id)
        }))
    }

    /// Tells an instance without the app from one whose app refuses the write.
    async fn refused_by_app(&self, record: &Record, error: Error) -> Failure {
        if matches!(error.status(), Some(400 | 404)) {
            match self.clients.servicenow.app_health().await {
                Ok(Some(_)) => {}
                Ok(None) => {
                    let cause =
                        "the app of Gridlink does not answer: install it again, or deploy with ServiceNowApp=absent";
                    return Failure::Upstream {
                        system: System::ServiceNow,
                        cause: anyhow::Error::new(error).context(cause),
                        unsent: true,
                    };
                }
                Err(unclear) => return unclear.into_failure(),
            }
        }
        self.refused_change(record, error).await
    }
}
