//! What is passed on to those who make drafts of articles, and the rows beside them.

use anyhow::anyhow;

use super::{Applied, Apply};
use crate::effect::{AddRow, CountIssue, Record};
use crate::event::{DraftAsked, IssueOfKind};
use crate::failure::Failure;
use crate::servicenow::{Error, Select};

impl Apply<'_> {
    /// An event of our own for the lane on which drafts are made.
    pub(super) async fn ask_for_draft(&self, record: &Record) -> Result<Applied, Failure> {
        let (company_id, issue_id) = self.issue()?;
        let asked = DraftAsked {
            issue_id,
            company_id,
            sys_id: record.sys_id.clone(),
        };
        self.tell_ourselves(asked.event(&self.event.id, self.clients.clock.now()))
            .await
    }

    /// An event of our own for those who count.
    pub(super) async fn count_issue(&self, count: &CountIssue) -> Result<Applied, Failure> {
        let news = IssueOfKind {
            kind: count.kind.clone(),
            issue: self.subject.clone(),
            sys_id: count.record.sys_id.clone(),
        };
        self.tell_ourselves(news.event(self.clients.clock.now())).await
    }

    /// A row with a chosen sys_id: a second insert collides with its primary key, and whether it is there is read.
    pub(super) async fn add_row(&self, add: &AddRow) -> Result<Applied, Failure> {
        let mut fields = add.fields.clone();
        fields.insert("sys_id".to_owned(), add.sys_id.to_string());
        let added = Applied {
            writes: Vec::new(),
            story: vec![format!("added {}", add.what)],
        };
        let error = match self.clients.servicenow.create(&add.table, &fields).await {
            Ok(created) if created.sys_id == add.sys_id => return Ok(added),
            Ok(created) => {
                return Err(Failure::permanent(
                    anyhow!("{} was added with another sys_id than the chosen one", created.sys_id),
                    format!(
                        "let the integration user set sys_id on {}, remove the row, and replay",
                        add.table
                    ),
                ));
            }
            Err(error) if error.is_unsent() => return Err(error.into_failure()),
            Err(error) => error,
        };
        // Refused or unclear: only the row itself can tell.
        let select = Select::named(["sys_id", &add.key]).map_err(Error::from)?;
        let wanted = fields.get(&add.key).map_or("", String::as_str);
        match self.clients.servicenow.read(&add.table, &add.sys_id, &select).await {
            Ok(Some(row)) if row.text(&add.key) == wanted => Ok(added),
            // Nothing else stands still for it.
            Ok(_) if matches!(error.status(), Some(400 | 403 | 404)) => Err(Failure::Refused {
                reason: format!("ServiceNow refused the row of {}", add.table),
            }),
            Ok(_) | Err(_) => Err(error.into_failure()),
        }
    }
}
