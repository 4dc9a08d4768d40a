//! Which file a line `share: <file name>` means, and whether it may go to the partner: pure.

use std::collections::BTreeSet;
use std::time::Duration;

use shared::domain::{ContentHash, SysId};
use shared::effect::{AddJournal, Effect, Journal, PostNotice, Record, ShareDocument};
use shared::messages;
use shared::servicenow::Attachment;
use shared::store::{Claim, ClaimKind, reference_key};

use super::tell;
use crate::{Conversation, Said, Told};

/// A file that comes later than this after the comment that shares it is somebody else's business.
pub const SHARED_WITHIN: Duration = Duration::from_secs(24 * 3600);

/// The files of a record, and what the partner has of them.
pub(super) struct Sharing<'a> {
    conversation: &'a Conversation,
    told: &'a Told,
    /// Files that the partner has, or will have by this plan.
    shared: BTreeSet<SysId>,
    /// How many that are; of this and other records.
    count: usize,
}

/// What a name means.
enum Meant<'a> {
    Nothing,
    File(&'a Attachment),
    /// Files that nobody can tell apart; one of them.
    Several(&'a Attachment),
}

impl<'a> Sharing<'a> {
    pub(super) fn of(conversation: &'a Conversation, told: &'a Told) -> Self {
        let of_a_file = conversation
            .ledger
            .iter()
            .filter(|claim| claim.kind == ClaimKind::Shared);
        let shared = of_a_file
            .clone()
            .filter_map(|claim| claim.remote.as_deref()?.parse().ok());
        Self {
            conversation,
            told,
            shared: shared.collect(),
            count: of_a_file.count(),
        }
    }

    /// What becomes of the files that a comment shares.
    pub(super) fn files_of(&mut self, said: &Said) -> Vec<Effect> {
        said.shares.iter().flat_map(|name| self.file(said, name)).collect()
    }

    fn file(&mut self, said: &Said, name: &str) -> Vec<Effect> {
        let what = what(&said.comment.sys_id, name);
        let share = |file: &Attachment| ShareDocument {
            record: self.conversation.record.clone(),
            attachment: file.sys_id.clone(),
            what: what.clone(),
            file_name: messages::file_name(&file.file_name),
            media_type: media_type(file),
            max_bytes: self.conversation.documents.max_bytes,
            desk: self.conversation.desk.clone(),
            place: self.told.place,
            request: self.told.request.clone(),
        };
        // Wherever it would have gone: what the rules refuse is shared nowhere.
        let refused = |file: &Attachment, reason: &str| -> Vec<Effect> {
            let share = share(file);
            let instead = share.refused(reason);
            let told = Effect::ShareDocument(share).refused(reason);
            std::iter::once(told).chain(instead).collect()
        };
        match self.meant(said, name) {
            Meant::Nothing => self.absent(&what, name),
            Meant::Several(file) => refused(file, "several files of this name were attached in the same second"),
            Meant::File(file) if self.shared.contains(&file.sys_id) || self.is_of_the_partner(file) => {
                let told = || tell(format!("the partner has the file {} already", file.sys_id));
                said.is_new.then(told).into_iter().collect()
            }
            Meant::File(file) => match self.refusal(file) {
                Some(reason) => refused(file, &reason),
                None => {
                    let effect = Effect::ShareDocument(share(file));
                    self.shared.insert(file.sys_id.clone());
                    self.count += 1;
                    vec![effect]
                }
            },
        }
    }

    /// The newest file of exactly this name that was there when the comment was written; else the first
    /// that came soon after. Times are whole seconds: two of one second are not told apart.
    fn meant(&self, said: &Said, name: &str) -> Meant<'a> {
        let written = said.comment.created;
        let named = self
            .conversation
            .files
            .iter()
            .filter(|file| file.file_name.trim() == name);
        let mut named = named.filter_map(|file| Some((file.created?, file))).collect::<Vec<_>>();
        named.retain(|(created, _)| *created <= written.after(SHARED_WITHIN));
        let before = named.iter().filter(|(created, _)| *created <= written);
        let newest = before.map(|(created, _)| *created).max();
        let Some(when) = newest.or_else(|| named.iter().map(|(created, _)| *created).min()) else {
            return Meant::Nothing;
        };
        let mut of_then = named
            .into_iter()
            .filter(|(created, _)| *created == when)
            .map(|(_, file)| file);
        match (of_then.next(), of_then.next()) {
            (Some(file), None) => Meant::File(file),
            (Some(file), Some(_)) => Meant::Several(file),
            (None, _) => Meant::Nothing,
        }
    }

    /// Whether we brought the file here, from the partner.
    fn is_of_the_partner(&self, file: &Attachment) -> bool {
        let ours = |claim: &&Claim| matches!(claim.kind, ClaimKind::Document | ClaimKind::Text);
        self.conversation
            .ledger
            .iter()
            .filter(ours)
            .any(|claim| claim.led_to(&file.sys_id))
    }

    /// Why the mapping does not let a file go to the partner.
    fn refusal(&self, file: &Attachment) -> Option<String> {
        let rule = &self.conversation.documents;
        if let Some(size) = file.size.filter(|size| *size > rule.max_bytes) {
            return Some(format!(
                "it has {size} bytes, and at most {} are shared",
                rule.max_bytes
            ));
        }
        let media_type = media_type(file);
        if !rule.takes(&media_type) {
            return Some(format!("files of type {media_type} are not shared"));
        }
        (self.count >= rule.max_per_issue)
            .then(|| format!("at most {} files of an issue are shared", rule.max_per_issue))
    }

    /// A file that is not there: both sides learn it once. It is shared when it comes in time.
    fn absent(&self, what: &str, name: &str) -> Vec<Effect> {
        let what = format!("absence of {what}");
        let record = &self.conversation.record;
        let note = AddJournal {
            record: record.clone(),
            journal: Journal::WorkNotes,
            what: what.clone(),
            text: messages::document_awaited(name),
        };
        if is_claimed(&self.conversation.ledger, record, &note.in_journal()) {
            return Vec::new();
        }
        vec![
            tell(format!("a comment shares a file that is not attached: {what}")),
            Effect::AddJournal(note),
            Effect::PostNotice(PostNotice {
                what,
                author: self.conversation.desk.clone(),
                text: messages::document_not_there_yet(),
                place: self.told.place,
                articles: Vec::new(),
            }),
        ]
    }
}

/// Whether a line of a comment is done with: its file was shared, or refused for good.
pub(crate) fn is_shared_already(ledger: &[Claim], record: &Record, entry: &SysId, name: &str) -> bool {
    let what = what(entry, name);
    let refusal = format!("{} refusal of {what}", Journal::WorkNotes.field());
    is_claimed(ledger, record, &what) || is_claimed(ledger, record, &refusal)
}

fn is_claimed(ledger: &[Claim], record: &Record, what: &str) -> bool {
    let key = reference_key(&record.sys_id, what);
    ledger.iter().any(|claim| claim.key == key)
}

/// Names a line: its comment and the file that it names, which is internal until it is shared.
pub fn what(entry: &SysId, name: &str) -> String {
    let digest = ContentHash::of(name.as_bytes());
    format!("share {entry} {}", &digest.as_str()[..16])
}

fn media_type(file: &Attachment) -> String {
    let media_type = file.content_type.split(';').next().unwrap_or_default();
    media_type.trim().to_ascii_lowercase()
}
