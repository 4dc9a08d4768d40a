//! Drafts of articles: asked for on one lane, and named in the record that they are about.

use std::collections::BTreeMap;

use super::{Applied, Apply};
use crate::domain::{ARTICLES_OF_TASKS, LinkKey, SysId, TableName};
use crate::effect::{AttachArticle, Record};
use crate::event::DraftAsked;
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
        let event = asked.event(&self.event.id, self.clients.clock.now());
        if let Some((stream, owner)) = self.accept_own(event).await? {
            self.clients
                .queue
                .ring_or_leave(owner, &stream, self.event.id.as_str())
                .await;
        }
        Ok(Applied::default())
    }

    /// One row with a chosen sys_id: a second insert collides with its primary key, and whether it is there is read.
    pub(super) async fn attach_article(&self, attach: &AttachArticle) -> Result<Applied, Failure> {
        let (article, task) = (&attach.article, &attach.record.sys_id);
        let key = LinkKey::attached_draft(article, task);
        let sys_id = SysId::chosen(self.clients.store.deployment(), self.subject, &key);
        let fault = "report this as a fault of Gridlink";
        let table = TableName::try_from(ARTICLES_OF_TASKS.to_owned());
        let table = table.map_err(|error| Failure::permanent(error, fault))?;
        let fields = BTreeMap::from([
            ("sys_id".to_owned(), sys_id.to_string()),
            ("kb_knowledge".to_owned(), article.to_string()),
            ("task".to_owned(), task.to_string()),
        ]);
        let error = match self.clients.servicenow.create(&table, &fields).await {
            Ok(_) => return Ok(attached()),
            Err(error) if error.is_unsent() => return Err(error.into_failure()),
            Err(error) => error,
        };
        // Refused or unclear: only the row itself can tell.
        let select = Select::named(["sys_id", "kb_knowledge"]).map_err(Error::from)?;
        match self.clients.servicenow.read(&table, &sys_id, &select).await {
            Ok(Some(row)) if row.text("kb_knowledge") == article.as_str() => Ok(attached()),
            // The article names its record all the same.
            Ok(_) if matches!(error.status(), Some(400 | 403 | 404)) => Err(Failure::Refused {
                reason: "ServiceNow refused to name the article in the record".to_owned(),
            }),
            Ok(_) | Err(_) => Err(error.into_failure()),
        }
    }
}

fn attached() -> Applied {
    Applied {
        writes: Vec::new(),
        story: vec!["named the draft in the record".to_owned()],
    }
}
