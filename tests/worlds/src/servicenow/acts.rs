//! What a test sees and does on an instance without its interface: rows, journals, files, an agent's acts.

use std::collections::BTreeMap;

use bytes::Bytes;

use super::{AGENT, Attachment, JournalEntry, ServiceNow, attachments, journal, owned};

impl ServiceNow {
    /// What was silently ignored so far: unknown fields, choices, query parts; cut texts.
    pub fn ignored(&self) -> Vec<String> {
        self.state().ignored.clone()
    }

    /// All rows of a table and of the tables that extend it, in the order of insertion.
    pub fn rows(&self, table: &str) -> Vec<BTreeMap<String, String>> {
        let state = self.state();
        let mut rows = state.rows(table);
        rows.sort_by_key(|row| row.inserted);
        rows.into_iter().map(|row| row.fields.clone()).collect()
    }

    /// A row with all fields of its class.
    pub fn row(&self, table: &str, sys_id: &str) -> Option<BTreeMap<String, String>> {
        self.state().find(table, sys_id).map(|row| row.fields.clone())
    }

    /// The entries of `comments` or `work_notes`, oldest first.
    pub fn journal(&self, sys_id: &str, element: &str) -> Vec<JournalEntry> {
        journal::entries(&self.state(), sys_id, element)
    }

    /// The files on a record, oldest first.
    pub fn attachments(&self, sys_id: &str) -> Vec<Attachment> {
        attachments::of_record(&self.state(), sys_id)
    }

    /// Inserts a row as the administrator does and gives its sys_id.
    ///
    /// # Panics
    /// When the table is unknown, the key is taken, or a business rule refuses.
    #[track_caller]
    pub fn insert(&self, table: &str, fields: &[(&str, &str)]) -> String {
        self.insert_as("admin", table, fields)
    }

    /// Inserts a row as a user, by user name.
    ///
    /// # Panics
    /// When the table is unknown, the key is taken, or a business rule refuses.
    #[track_caller]
    pub fn insert_as(&self, user_name: &str, table: &str, fields: &[(&str, &str)]) -> String {
        let act = self.script(user_name);
        let inserted = self.state().insert(act, table, &owned(fields));
        inserted.unwrap_or_else(|refusal| panic!("a row of {table} was not inserted: {refusal:?}"))
    }

    /// An agent's change, by the seeded agent; journal fields become entries.
    ///
    /// # Panics
    /// When there is no such record, or a business rule refuses.
    #[track_caller]
    pub fn update(&self, table: &str, sys_id: &str, fields: &[(&str, &str)]) {
        self.update_as(AGENT, table, sys_id, fields);
    }

    /// A user's change, by user name. Data policies do not stop it.
    ///
    /// # Panics
    /// When there is no such record, or a business rule refuses.
    #[track_caller]
    pub fn update_as(&self, user_name: &str, table: &str, sys_id: &str, fields: &[(&str, &str)]) {
        let act = self.script(user_name);
        let updated = self.state().update(act, table, sys_id, &owned(fields));
        updated.unwrap_or_else(|refusal| panic!("{table} {sys_id} was not changed: {refusal:?}"));
    }

    /// An agent writes a comment that the customer sees.
    ///
    /// # Panics
    /// When there is no such record, or a business rule refuses.
    #[track_caller]
    pub fn agent_comment(&self, sys_id: &str, text: &str) -> JournalEntry {
        self.write_as(AGENT, sys_id, "comments", text)
    }

    /// An agent writes an internal note.
    ///
    /// # Panics
    /// When there is no such record, or a business rule refuses.
    #[track_caller]
    pub fn agent_work_note(&self, sys_id: &str, text: &str) -> JournalEntry {
        self.write_as(AGENT, sys_id, "work_notes", text)
    }

    /// A user writes a journal entry on a task of any class.
    ///
    /// # Panics
    /// When there is no such record, or a business rule refuses.
    #[track_caller]
    pub fn write_as(&self, user_name: &str, sys_id: &str, element: &str, text: &str) -> JournalEntry {
        self.update_as(user_name, "task", sys_id, &[(element, text)]);
        self.journal(sys_id, element).pop().expect("the entry was just written")
    }

    /// An agent puts a file on a record.
    ///
    /// # Panics
    /// When there is no such record, or a business rule refuses.
    #[track_caller]
    pub fn agent_file(&self, sys_id: &str, file_name: &str, content_type: &str, bytes: impl Into<Bytes>) -> String {
        let act = self.script(AGENT);
        let mut state = self.state();
        let table = state.anywhere(sys_id).map(|row| row.class.clone());
        let table = table.unwrap_or_else(|| panic!("there is no record {sys_id}"));
        let stored = attachments::store(
            &mut state,
            act,
            (&table, sys_id),
            file_name,
            content_type,
            &bytes.into(),
        );
        stored.expect("a file can be stored")
    }

    /// An agent changes the class of a task; nobody is told before its next change.
    ///
    /// # Panics
    /// When there is no such record, or no such class of tasks.
    #[track_caller]
    pub fn reclassify(&self, sys_id: &str, class: &str) {
        let act = self.script(AGENT);
        let is_done = self.state().reclassify(act, sys_id, class);
        assert!(is_done, "{sys_id} cannot become a row of {class}");
    }

    /// Deletes a record as the administrator does.
    ///
    /// # Panics
    /// When there is no such record, or a business rule refuses.
    #[track_caller]
    pub fn delete(&self, table: &str, sys_id: &str) {
        let act = self.script("admin");
        let deleted = self.state().delete(act, table, sys_id);
        deleted.unwrap_or_else(|refusal| panic!("{table} {sys_id} was not deleted: {refusal:?}"));
    }
}
