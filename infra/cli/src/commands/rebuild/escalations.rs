//! Escalations: the tasks of teams, the records that say that a case is escalated, and which escalation is under way.
//!
//! Without them an escalation never ends in ServiceNow, and a task that is done is no milestone.

use std::collections::BTreeSet;

use shared::domain::{
    CompanyId, EscalationKey, EventId, IssueId, Lane, LinkKey, Stream, Subject, SysId, TableName, TaskName, UseCase,
};
use shared::effect::{Milestone, Record};
use shared::event::RecordChange;
use shared::failure::Failure;
use shared::servicenow::Row;
use shared::trading_grid;
use shared::trading_grid::collaboration::{Escalation, EscalationState};

use super::super::records::{company_of, plain};
use super::{Found, Ground, Kind, OTHERS};

/// How the key of an escalation's own record names it.
const ITSELF: &str = "escalation";

impl Ground<'_> {
    /// A record of an escalation, where its sys_id is the one that Gridlink chooses.
    pub(super) async fn of_an_escalation(
        &self,
        row: &Row,
        table: &TableName,
        sys_id: &SysId,
    ) -> Result<Option<Found>, Failure> {
        let key = row.text("correlation_id");
        let Some((issue, (name, begin))) = key
            .split_once('/')
            .and_then(|(issue, rest)| Some((issue.parse::<IssueId>().ok()?, rest.split_once('~')?)))
        else {
            return Ok(None);
        };
        for company in self.companies_of_issue(&issue).await? {
            let subject = Subject::issue(&company, &issue);
            let Some((_, link)) = self.escalation(&subject, &issue, (name, begin), sys_id) else {
                continue;
            };
            let record = Record {
                link,
                table: table.clone(),
                sys_id: sys_id.clone(),
            };
            return Ok(Some(Found {
                adoption: plain(self.clients, subject, record, row),
                kind: Kind::Part,
            }));
        }
        Ok(None)
    }

    /// Whose the issue may be.
    async fn companies_of_issue(&self, issue: &IssueId) -> Result<BTreeSet<CompanyId>, Failure> {
        let clients = self.clients;
        if let Some(company) = clients.store.company_of_issue(issue.as_str()).await? {
            return Ok(BTreeSet::from([company]));
        }
        let mut companies = self.told_by(Subject::as_issue, issue);
        for row in self
            .rows
            .iter()
            .filter(|row| row.text("correlation_id") == issue.as_str())
        {
            let table = row.text("sys_class_name").parse().ok();
            let table = table.filter(|table| clients.mapping.table(table).is_some());
            if let (Some(table), Some(sys_id)) = (table, row.sys_id()) {
                companies.extend(company_of(clients, &table, &sys_id).await?);
            }
        }
        Ok(companies)
    }

    /// The escalation that a record is of. Its key has the begin of that of the escalation.
    fn escalation(
        &self,
        subject: &Subject,
        issue: &IssueId,
        (name, begin): (&str, &str),
        sys_id: &SysId,
    ) -> Option<(EscalationKey, LinkKey)> {
        let task: Option<TaskName> = name.parse().ok();
        let keys = self.asked(subject, issue).into_iter();
        let mut links = keys.filter(|key| key.as_str().starts_with(begin)).filter_map(|key| {
            let link = match name {
                ITSELF => LinkKey::escalation(&key),
                _ => LinkKey::coordination(&key, task.as_ref()?),
            };
            Some((key, link))
        });
        let deployment = self.clients.store.deployment();
        links.find(|(_, link)| SysId::chosen(deployment, subject, link) == *sys_id)
    }

    /// The escalations that can have been asked for: by what the partner did, or by a change of a record of the issue.
    fn asked(&self, subject: &Subject, issue: &IssueId) -> Vec<EscalationKey> {
        let told = self.feed.get(subject).into_iter().flatten();
        let mut keys: Vec<EscalationKey> = told
            .map(|event| EscalationKey::asked_by(&event.sender, &event.id))
            .collect();
        for row in &self.rows {
            let key = row.text("correlation_id");
            let of_issue = key.split_once(OTHERS).map_or(key, |(issue, _)| issue);
            let (Ok(table), Some(sys_id)) = (row.text("sys_class_name").parse::<TableName>(), row.sys_id()) else {
                continue;
            };
            if of_issue != issue.as_str() || self.clients.mapping.table(&table).is_none() {
                continue;
            }
            let changes: u64 = row.text("sys_mod_count").parse().unwrap_or(0);
            for change in 0..=changes {
                if let Ok(id) = EventId::try_from(RecordChange::id_of(&table, &sys_id, change)) {
                    let senders = self.clients.mapping.senders();
                    keys.extend(senders.map(|sender| EscalationKey::asked_by(sender, &id)));
                }
            }
        }
        keys
    }

    /// Puts back the link of a record of an escalation.
    pub(super) async fn put_part_back(&self, found: &Found) -> Result<usize, Failure> {
        let store = &self.place.store;
        let adoption = &found.adoption;
        let told = match adoption.subject.as_issue() {
            Some((company, issue)) => self.workspace(&company, &issue).await?,
            None => None,
        };
        self.adopt(adoption).await?;
        let milestones = told.map(|workspace| workspace.milestones).unwrap_or_default();
        let sys_id = adoption.record.sys_id.as_str();
        let told = milestones.into_iter().find(|told| told.milestone_id.as_str() == sys_id);
        if let Some(told) = told {
            let told = Milestone {
                title: told.report.title,
                state: told.report.state,
                due_at: told.report.due_at,
            };
            let told = store.told(&adoption.subject, &adoption.record.link, &told.digest())?;
            store.put_all(vec![told]).await?;
        }
        Ok(0)
    }

    /// The workspace of an issue.
    pub(super) async fn workspace(&self, company: &CompanyId, issue: &IssueId) -> Result<Option<Escalation>, Failure> {
        let workspace = self.clients.community.escalation(company, issue).await;
        workspace.map_err(trading_grid::Error::into_failure)
    }

    /// The escalation that is under way, once the first record of the issue is linked: whoever works on the issue has the
    /// share for it, and its end is known for one.
    pub(super) async fn go_on_escalated(
        &self,
        subject: &Subject,
        issue: &IssueId,
        workspace: &Escalation,
    ) -> Result<(), Failure> {
        let store = &self.place.store;
        let of_ours = workspace.milestones.iter().filter(|it| it.origin.is_gridlink());
        let versions = of_ours.map(|milestone| milestone.report.version);
        let used = versions.chain(workspace.version).max();
        let used = used.and_then(|version| i64::try_from(version).ok()).unwrap_or(0);
        let lane = Stream {
            subject: subject.clone(),
            lane: Lane::Escalation,
        };
        store.raise(&lane, UseCase::BridgeEscalation, used).await?;
        if workspace.state != EscalationState::Open {
            return Ok(());
        }
        let Some(key) = self.under_way(subject, issue) else {
            return Ok(());
        };
        store.put_all(vec![store.escalated(subject, Some(&key))?]).await?;
        Ok(store.put_all(store.lanes_moved(subject, true)?).await?)
    }

    /// The escalation of the newest record that verifies. One without any begins again, without harm, when the event that
    /// asked for it is told again.
    fn under_way(&self, subject: &Subject, issue: &IssueId) -> Option<EscalationKey> {
        let verified = self.rows.iter().filter_map(|row| {
            let (of, rest) = row.text("correlation_id").split_once('/')?;
            let parts = rest.split_once('~').filter(|_| of == issue.as_str())?;
            let (key, _) = self.escalation(subject, issue, parts, &row.sys_id()?)?;
            Some((row.time("sys_created_on").ok(), key))
        });
        verified.max_by_key(|(created, _)| *created).map(|(_, key)| key)
    }
}
