//! How the acts of partners are carried out.

use std::collections::BTreeMap;
use std::sync::Arc;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use serde_json::json;
use time::OffsetDateTime;

use super::{FileSeed, PartnerAct};
use crate::trading_grid::collaboration::{Author, Collaboration, DocumentRef, NewMessage, Side, Stamp};
use crate::trading_grid::problems::Problem;
use crate::trading_grid::state::State;

/// Carries out an act; what comes of it is in the feed.
pub(crate) fn perform(state: &mut State, now: OffsetDateTime, act: PartnerAct) -> Result<(), Problem> {
    let stamp = Stamp::at(now);
    let members = Arc::clone(&state.members);
    let someone = |company: &str, author: Option<Author>| {
        author.unwrap_or_else(|| match members.users_of(company).next() {
            Some(user) => Author {
                user_id: user.user_id.clone(),
                name: format!("{} {}", user.first_name(), user.last_name()),
            },
            None => Author {
                user_id: String::new(),
                name: "A partner".to_owned(),
            },
        })
    };
    let world = &mut state.collaboration;
    let raiser = |world: &Collaboration, company: &str, issue: &str, author: Option<Author>| match author {
        Some(author) => Ok(author),
        None => Ok::<Author, Problem>(world.issue(company, issue)?.author.clone()),
    };
    match act {
        PartnerAct::OpensIssue { issue } => world.open_issue(issue, &stamp).map(drop),
        PartnerAct::UpdatesIssue {
            company_id,
            issue_id,
            changes,
        } => world.change_issue(&company_id, &issue_id, &changes, &stamp).map(drop),
        PartnerAct::Comments {
            company_id,
            issue_id,
            text,
            author,
        } => {
            let author = raiser(world, &company_id, &issue_id, author)?;
            let said = world.comment(&company_id, &issue_id, author, &text, Vec::new(), &stamp);
            said.map(drop)
        }
        PartnerAct::Uploads {
            company_id,
            issue_id,
            file,
            author,
        } => {
            let author = raiser(world, &company_id, &issue_id, author)?;
            let document = world.take(&company_id, file)?;
            let shared = world.attach(&company_id, &issue_id, document, Some(&author), &stamp);
            shared.map(drop)
        }
        PartnerAct::Escalates {
            company_id,
            issue_id,
            reason,
            author,
        } => {
            let author = raiser(world, &company_id, &issue_id, author)?;
            world.open_workspace(&company_id, &issue_id, Side::Partner, reason, Some(&author), &stamp)
        }
        PartnerAct::DeEscalates {
            company_id,
            issue_id,
            reason,
            author,
        } => {
            let author = raiser(world, &company_id, &issue_id, author)?;
            world.end_workspace(&company_id, &issue_id, reason, Some(&author), &stamp)
        }
        PartnerAct::ConfirmsClosure {
            company_id,
            issue_id,
            author,
        } => {
            let author = raiser(world, &company_id, &issue_id, author)?;
            world.answer_closure(&company_id, &issue_id, author, None, &stamp)
        }
        PartnerAct::DisputesClosure {
            company_id,
            issue_id,
            reason,
            author,
        } => {
            let author = raiser(world, &company_id, &issue_id, author)?;
            world.answer_closure(&company_id, &issue_id, author, Some(reason), &stamp)
        }
        PartnerAct::WritesInWorkspace {
            company_id,
            issue_id,
            text,
            document_ids,
            author,
        } => {
            let author = raiser(world, &company_id, &issue_id, author)?;
            let new = message(text, author, None, document_ids);
            world.post_to_workspace(&company_id, &issue_id, new, &stamp).map(drop)
        }
        PartnerAct::UploadsToWorkspace {
            company_id,
            issue_id,
            file,
            author,
        } => {
            let author = raiser(world, &company_id, &issue_id, author)?;
            let document = world.take(&company_id, file)?;
            world.share_in_workspace(&company_id, &issue_id, document, Some(&author), &stamp)
        }
        PartnerAct::ChangesMilestone {
            company_id,
            issue_id,
            milestone_id,
            milestone,
            author,
        } => {
            let author = raiser(world, &company_id, &issue_id, author)?;
            let set = world.set_milestone(&company_id, &issue_id, &milestone_id, milestone, Some(&author), &stamp);
            set.map(drop)
        }
        PartnerAct::StartsThread {
            thread,
            text,
            files,
            author,
        } => {
            let (company, id) = (thread.company_id.clone(), thread.thread_id.clone());
            let author = someone(&company, author);
            world.start_thread(thread, &stamp)?;
            let mut document_ids = Vec::new();
            for file in files {
                let document = world.take(&company, file)?;
                document_ids.push(document.document_id.clone());
                world.enclose(&company, &id, document)?;
            }
            let new = message(text, author, None, document_ids);
            world.post_to_thread(&company, &id, new, &stamp).map(drop)
        }
        PartnerAct::WritesInThread {
            company_id,
            thread_id,
            text,
            in_reply_to,
            document_ids,
            author,
        } => {
            let author = someone(&company_id, author);
            let new = message(text, author, in_reply_to, document_ids);
            world.post_to_thread(&company_id, &thread_id, new, &stamp).map(drop)
        }
        PartnerAct::RequestsDocument {
            company_id,
            thread_id,
            request,
        } => {
            let asked = world.ask_for_document(&company_id, &thread_id, Side::Partner, request, &stamp);
            asked.map(drop)
        }
        PartnerAct::WithdrawsRequest {
            company_id,
            thread_id,
            request_id,
            reason,
            author,
        } => {
            let author = someone(&company_id, author);
            world.withdraw_request(&company_id, &thread_id, &request_id, reason, &author, &stamp)
        }
        PartnerAct::ProvidesDocument {
            company_id,
            thread_id,
            request_id,
            file,
            author,
        } => {
            let author = someone(&company_id, author);
            let document = world.take(&company_id, file)?;
            let request = request_id.as_deref();
            world.provide(&company_id, &thread_id, document, request, Some(&author), &stamp)
        }
        PartnerAct::ClosesThread { company_id, thread_id } => world.close_thread(&company_id, &thread_id),
        PartnerAct::ReadsArticle { company_id, article_id } => {
            if !world.can_read(&members, &company_id, &article_id, now) {
                return Err(Problem::not_found());
            }
            world.view_article(&article_id);
            Ok(())
        }
        PartnerAct::GivesFeedback {
            company_id,
            article_id,
            kind,
            text,
            author,
        } => {
            if !world.can_read(&members, &company_id, &article_id, now) {
                return Err(Problem::not_found());
            }
            let author = someone(&company_id, author);
            let given = world.give_feedback(&article_id, &company_id, kind, text, author, &stamp);
            given.map(drop)
        }
        PartnerAct::RenamesLogin {
            company_id,
            user_id,
            login_id,
        } => state.rename_login(&company_id, &user_id, &login_id),
    }
}

fn message(text: String, author: Author, in_reply_to: Option<String>, document_ids: Vec<String>) -> NewMessage {
    NewMessage {
        text,
        author,
        in_reply_to,
        document_ids,
        article_ids: Vec::new(),
    }
}

impl Collaboration {
    /// The document that a partner brings, stored.
    fn take(&mut self, company: &str, file: FileSeed) -> Result<DocumentRef, Problem> {
        match file {
            FileSeed::Known { document_id } => Ok(self.document(company, &document_id)?.reference.clone()),
            FileSeed::New {
                name,
                media_type,
                content,
            } => {
                let bytes = STANDARD
                    .decode(content)
                    .map_err(|_| Problem::malformed("/content", "is not base64"))?;
                let id = self.next_id("upl");
                Ok(self.add_document(company, &id, &name, &media_type, bytes.into(), None))
            }
        }
    }

    /// Changes the members that an update event may carry, and the status, of which no event tells.
    pub(crate) fn change_issue(
        &mut self,
        company: &str,
        issue: &str,
        changes: &BTreeMap<String, String>,
        stamp: &Stamp,
    ) -> Result<u64, Problem> {
        let found = self.issue_mut(company, issue)?;
        const MEMBERS: [&str; 5] = ["summary", "description", "priority", "category", "status"];
        if let Some(other) = changes.keys().find(|member| !MEMBERS.contains(&member.as_str())) {
            return Err(Problem::malformed(other, "is no member of an issue that changes"));
        }
        let mut told = changes.clone();
        for (member, value) in changes {
            match member.as_str() {
                "summary" => found.summary.clone_from(value),
                "description" => found.description = Some(value.clone()),
                "priority" => found.priority.clone_from(value),
                "category" => found.category.clone_from(value),
                _ => {
                    found.status.clone_from(value);
                    told.remove(member);
                }
            }
        }
        found.version += 1;
        let version = found.version;
        if !told.is_empty() {
            self.tell_of_issue(company, issue, "issue.updated", None, stamp, json!({ "changes": told }))?;
        }
        Ok(version)
    }
}
