//! What authors, managers and readers do with articles in a test.

use super::{api, articles};
use crate::servicenow::{AGENT, ServiceNow, approvals, owned};

impl ServiceNow {
    /// The agent publishes an article; where the base asks for approval, its managers are asked.
    ///
    /// # Panics
    /// When there is no such article, or it is no draft.
    #[track_caller]
    pub fn publish(&self, article: &str) {
        self.in_state(article, &["draft", "scheduled_publish"]);
        let act = self.script(AGENT);
        articles::publish(&mut self.state(), act, article);
    }

    /// The agent retires an article; where the base asks for approval, its managers are asked.
    ///
    /// # Panics
    /// When there is no such article, or it is not published.
    #[track_caller]
    pub fn retire(&self, article: &str) {
        self.in_state(article, &["published"]);
        let act = self.script(AGENT);
        articles::retire(&mut self.state(), act, article);
    }

    /// The agent checks an article out and changes the draft; gives the draft's sys_id.
    ///
    /// # Panics
    /// When there is no such article, it was never published, or somebody has a draft already.
    #[track_caller]
    pub fn new_version(&self, article: &str, changes: &[(&str, &str)]) -> String {
        let act = self.script(AGENT);
        let mut state = self.state();
        let draft = articles::check_out(&mut state, act, article);
        let draft = draft.unwrap_or_else(|| panic!("the article {article} cannot be checked out"));
        let changed = state.update(act, "kb_knowledge", &draft, &owned(changes));
        changed.unwrap_or_else(|refusal| panic!("the draft {draft} was not changed: {refusal:?}"));
        draft
    }

    /// A reader's word on an article: `useful`, `rating`, `comments`. Gives the row's sys_id.
    ///
    /// # Panics
    /// When there is no such article.
    #[track_caller]
    pub fn give_feedback(&self, user_name: &str, article: &str, said: &[(&str, &str)]) -> String {
        self.in_state(article, &["published", "outdated"]);
        let user = self.state().user_sys_id(user_name);
        let mut fields = vec![("article", article), ("user", user.as_str())];
        fields.extend_from_slice(said);
        self.insert_as(user_name, "kb_feedback", &fields)
    }

    /// A reader opens an article in the portal, which counts as a view.
    ///
    /// # Panics
    /// When there is no such article.
    #[track_caller]
    pub fn view_article(&self, user_name: &str, article: &str) {
        self.in_state(article, &["published", "outdated"]);
        let act = self.script(user_name);
        api::view(&mut self.state(), act, article);
    }

    /// The published articles of bases that ask for approval which nobody approved, by sys_id: somebody went past
    /// the people who decide.
    pub fn published_without_approval(&self) -> Vec<String> {
        let state = self.state();
        let mut rows = state.rows("kb_knowledge");
        rows.retain(|row| {
            let flow = state.value_at("kb_knowledge", row, "kb_knowledge_base.workflow");
            let approved = approvals::of_record(&state, row.get("sys_id"))
                .iter()
                .any(|approval| approval.get("state") == "approved");
            row.get("workflow_state") == "published" && flow == "approval_publish" && !approved
        });
        rows.sort_by_key(|row| row.inserted);
        rows.into_iter().map(|row| row.get("sys_id").to_owned()).collect()
    }

    #[track_caller]
    fn in_state(&self, article: &str, states: &[&str]) {
        let row = self.row("kb_knowledge", article);
        let row = row.unwrap_or_else(|| panic!("there is no article {article}"));
        let is = row["workflow_state"].as_str();
        assert!(states.contains(&is), "the article {article} is {is}");
    }
}
