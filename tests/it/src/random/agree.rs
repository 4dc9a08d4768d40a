//! What both sides must agree on when it is quiet.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::Value;
use shared::domain::{Timestamp, UseCase};

use super::acts::{Opened, Scene, records};
use super::senders::Senders;
use super::threads;
use crate::oracle;
use crate::scenarios::INTERNAL;
use crate::town::{TABLE, Town, queue};

pub(super) const INTEGRATION: &str = "gridlink.integration";
/// How the desk signs, by the mapping.
pub(super) const DESK: &str = "Partner Support";

/// The priority of a case that is made of an issue of medium priority.
const MADE_WITH: &str = "3";

type Row = BTreeMap<String, String>;

/// Compares both sides, issue by issue.
pub(super) fn check(town: &Town, scene: &Scene, senders: &Senders) {
    oracle::check_liveness(town);
    oracle::check_table(town);
    for use_case in UseCase::ALL {
        let dead = town.cloud.dead_letters(&queue(use_case)).len();
        if dead > 0 {
            town.violated(format!("{dead} dead letters of {}", use_case.as_str()));
        }
    }
    let story = town.cloud.items(TABLE);
    let story = story
        .iter()
        .filter_map(|item| item["text"].as_str())
        .collect::<Vec<_>>();
    let mut of_issues = 0;
    for opened in &scene.issues {
        let records = records(town, &opened.issue);
        of_issues += records.len() + of_escalations(town, &opened.issue).len();
        let issue = Issue {
            town,
            opened,
            records,
            inbox: inbox(town, &format!("issues/{}/{}", opened.company, opened.issue), senders),
        };
        issue.check_records(scene);
        check_order_of_acceptance(town, &issue.inbox, senders);
        issue.check_comments_of_the_partner();
        issue.check_comments_of_the_desk(&story);
        issue.check_status();
        issue.check_closing();
        issue.check_documents();
        issue.check_shared_files(&story);
        issue.check_wishes();
        issue.check_escalation();
    }
    let of_threads: usize = scene
        .threads
        .iter()
        .map(|started| threads::check(town, started, senders))
        .sum();
    let ours = town.servicenow.rows("task");
    let ours = ours
        .iter()
        .filter(|row| row["correlation_display"] == "Trading Grid")
        .count();
    if ours != of_issues + of_threads {
        town.violated(format!(
            "{ours} records of ours, {of_issues} of issues, {of_threads} of threads"
        ));
    }
    check_companies(town, scene);
}

/// Nobody sees anything internal, or of another company.
fn check_companies(town: &Town, scene: &Scene) {
    let companies = scene
        .issues
        .iter()
        .map(|opened| opened.company)
        .chain(scene.threads.iter().map(|started| started.company))
        .collect::<BTreeSet<_>>();
    for company in companies {
        let seen = town.community.partner_sees(company).to_string();
        if seen.contains(INTERNAL) {
            town.violated(format!("{company} sees something internal"));
        }
        let others = scene.issues.iter().filter(|opened| opened.company != company);
        for other in others {
            if seen.contains(&format!("of {}\"", other.issue)) || seen.contains(&format!("\"{}\"", other.issue)) {
                town.violated(format!("{company} sees {}", other.issue));
            }
        }
        let others = scene.threads.iter().filter(|started| started.company != company);
        for other in others {
            if seen.contains(&format!("\"{}\"", other.thread)) {
                town.violated(format!("{company} sees {}", other.thread));
            }
        }
    }
}

/// The events of an issue or thread in the order in which they were accepted.
pub(super) fn inbox(town: &Town, subject: &str, senders: &Senders) -> Vec<Value> {
    let items = town.cloud.items(TABLE);
    let entries = items
        .iter()
        .filter(|item| item["pk"] == subject && item["sk"].as_str().is_some_and(|sk| sk.starts_with("IN#in#")));
    let mut ids = entries
        .map(|item| (item["sk"].as_str().unwrap(), item["event_id"].as_str().unwrap()))
        .collect::<Vec<_>>();
    ids.sort_unstable();
    let sent = senders.sent.borrow();
    let events: Vec<Value> = ids.iter().map(|(_, id)| sent[*id].clone()).collect();
    let wanted = sent.values().filter(|event| event["subject"] == subject).count();
    if events.len() != wanted {
        town.violated(format!(
            "{subject}: {} of {wanted} events are in the inbox",
            events.len()
        ));
    }
    events
}

/// What was accepted before something else was posted comes before it.
pub(super) fn check_order_of_acceptance(town: &Town, inbox: &[Value], senders: &Senders) {
    let passages = senders.passages.borrow();
    let mut last_posted = 0;
    for event in inbox {
        let passage = passages[event["id"].as_str().unwrap()];
        if passage.accepted.is_some_and(|accepted| accepted < last_posted) {
            town.violated(format!("{} was overtaken in the inbox", event["id"]));
        }
        last_posted = last_posted.max(passage.posted);
    }
}

/// What the desk said on records, by their numbers, is shown to the partner: each once, those of a record in their order.
pub(super) fn check_said(shown: Vec<String>, said: Vec<(String, Vec<String>)>, violated: impl Fn(&str)) {
    let mut all = Vec::new();
    for (number, texts) in said {
        let mut rest = shown.iter();
        if !texts.iter().all(|text| rest.any(|shown| shown == text)) {
            violated(&format!("{number}: {texts:#?} is not in this order in {shown:#?}"));
        }
        all.extend(texts);
    }
    let mut sorted = shown;
    sorted.sort();
    all.sort();
    if sorted != all {
        violated(&format!("the partner sees the comments {sorted:#?}, not {all:#?}"));
    }
}

/// Both sides of an issue.
struct Issue<'a> {
    town: &'a Town,
    opened: &'a Opened,
    records: Vec<Row>,
    inbox: Vec<Value>,
}

impl Issue<'_> {
    fn violated(&self, what: &str) {
        self.town.violated(format!("{}: {what}", self.opened.issue));
    }

    /// One case; others only where a closed one was continued. What agents decided stands.
    fn check_records(&self, scene: &Scene) {
        let first = self
            .records
            .iter()
            .filter(|row| row["correlation_id"] == self.opened.issue)
            .count();
        if first != 1 || (self.records.len() > 1 && !self.opened.was_closed) {
            self.violated(&format!("{} records, {first} of them first ones", self.records.len()));
        }
        for row in &self.records {
            let is_case = row["sys_class_name"] == "sn_customerservice_case";
            // Who sets what the record was made with has not decided otherwise: an escalation may raise it.
            // Nor has ServiceNow a conditional write: who decides in the moment in which we write is overwritten.
            let may_be_raised = |priority: &str, at: Timestamp| {
                row["priority"] == "1" && (priority == MADE_WITH || self.was_set_about(at))
            };
            if let Some((priority, at)) = scene.priorities.get(&row["sys_id"]).filter(|_| is_case)
                && row["priority"] != *priority
                && !may_be_raised(priority, *at)
            {
                self.violated(&format!("an agent's priority {priority} became {}", row["priority"]));
            }
        }
        let summary = format!(": {}", self.opened.summary);
        if let Some(row) = self.records.last()
            && !row["short_description"].ends_with(&summary)
        {
            self.violated(&format!("{:?} is not{summary}", row["short_description"]));
        }
    }

    /// Whether we set a priority within a minute of this time.
    fn was_set_about(&self, at: Timestamp) -> bool {
        let subject = format!("issues/{}/{}", self.opened.company, self.opened.issue);
        let items = self.town.cloud.items(TABLE);
        let mut told = items.iter().filter(|item| item["pk"] == *subject);
        told.any(|item| {
            let is_it = item["text"]
                .as_str()
                .is_some_and(|text| text.contains("updated priority"));
            let when = item["at"].as_str().and_then(|at| Timestamp::parse_rfc3339(at).ok());
            is_it && when.is_some_and(|when| when.millis().abs_diff(at.millis()) < 60_000)
        })
    }

    /// Each comment once, in the order of acceptance, with author and company.
    fn check_comments_of_the_partner(&self) {
        let partner = |(table, key): (&str, &str)| {
            let rows = self.town.servicenow.rows(table);
            let found = rows
                .into_iter()
                .find(|row| row.get(key).is_some_and(|id| id == self.opened.company));
            found.map(|row| row["name"].clone()).unwrap()
        };
        let company = partner(("customer_account", "u_trading_grid_id"));
        let wanted = self.inbox.iter().filter_map(|event| {
            let data = &event["data"];
            let said = |by: &Value, what: &str, text: &Value| {
                let (author, text) = (by["name"].as_str().unwrap(), text.as_str().unwrap());
                format!("{author} ({company}) wrote on Trading Grid{what}:\n{text}")
            };
            let did = |what: &str| {
                let by = data["author"]["name"].as_str().unwrap();
                let reason = data["reason"]
                    .as_str()
                    .map_or(".".to_owned(), |reason| format!(":\n{reason}"));
                format!("{by} ({company}) {what} on Trading Grid{reason}")
            };
            match event["type"].as_str()?.strip_prefix("gridlink.community.")? {
                "issue.commented.v1" => Some(said(&data["comment"]["author"], "", &data["comment"]["text"])),
                "issue.closure-disputed.v1" => {
                    Some(said(&data["author"], " that the issue is not solved", &data["reason"]))
                }
                "issue.escalated.v1" => Some(did("escalated the issue")),
                "issue.de-escalated.v1" => Some(did("ended the escalation")),
                "escalation.message-posted.v1" => {
                    let message = &data["message"];
                    let (by, text) = (message["author"]["name"].as_str()?, message["text"].as_str()?);
                    Some(format!(
                        "{by} ({company}) wrote in the workspace of the escalation:\n{text}"
                    ))
                }
                _ => None,
            }
        });
        let wanted = wanted.collect::<Vec<_>>();
        let entries = self
            .records
            .iter()
            .flat_map(|row| self.town.servicenow.journal(&row["sys_id"], "comments"));
        let found = entries.filter(|entry| entry.created_by == INTEGRATION).map(|entry| {
            let signed = entry.value.rsplit_once("\n\nvia Trading Grid · ref ");
            signed.map_or_else(|| format!("unsigned: {}", entry.value), |(text, _)| text.to_owned())
        });
        let found = found.collect::<Vec<_>>();
        if found != wanted {
            self.violated(&format!("the record has the comments {found:#?}, not {wanted:#?}"));
        }
    }

    /// Each public comment once, those of a record in their order; on a closed issue colleagues are told instead.
    fn check_comments_of_the_desk(&self, story: &[&str]) {
        let seen = self
            .town
            .community
            .partner_sees_issue(self.opened.company, &self.opened.issue)
            .unwrap();
        let places = [&seen["comments"], &seen["escalation"]["messages"]];
        let mut shown = places
            .into_iter()
            .flat_map(|place| place.as_array().into_iter().flatten())
            .filter(|comment| comment["author"]["name"] == DESK)
            .collect::<Vec<_>>();
        shown.sort_by_key(|comment| comment["postedAt"].as_str());
        let shown = shown
            .into_iter()
            .map(|comment| comment["text"].as_str().unwrap_or_default().to_owned());
        // Said in place of a file that a closed issue refused.
        let shown = shown.filter(|text| !self.opened.was_closed || !text.contains("could not be delivered"));
        let shown = shown.collect::<Vec<_>>();
        let mut said = Vec::new();
        for row in &self.records {
            let entries = self.town.servicenow.journal(&row["sys_id"], "comments").into_iter();
            let mut texts = Vec::new();
            for entry in entries.filter(|entry| entry.created_by != INTEGRATION) {
                let refused = format!("refused: show the comment {} of", entry.sys_id);
                // What a workspace refuses is shown on the issue instead.
                let is_refusal = |line: &&&str| line.starts_with(&refused) && !line.contains("in the workspace");
                match story
                    .iter()
                    .flat_map(|text| text.lines())
                    .filter(|line| is_refusal(&line))
                    .count()
                {
                    0 => {
                        let words = entry.value.lines().filter(|line| !line.starts_with("share: "));
                        texts.push(words.collect::<Vec<_>>().join("\n").trim().to_owned());
                    }
                    _ if self.opened.was_closed => {}
                    _ => self.violated(&format!("the comment {:?} was refused", entry.value)),
                }
            }
            said.push((row["number"].clone(), texts));
        }
        check_said(shown, said, |what| self.violated(what));
    }

    /// The last status told is that of the record that stands for the issue.
    fn check_status(&self) {
        let Some(row) = self.records.last() else { return };
        let group = self.town.servicenow.row("sys_user_group", &row["assignment_group"]);
        let group = group.map(|group| group["name"].clone()).unwrap_or_default();
        let label = label(row, &group);
        let seen = self
            .town
            .community
            .issue(self.opened.company, &self.opened.issue)
            .unwrap();
        let report = &seen["statusReport"];
        if report["label"] != label {
            self.violated(&format!("the partner sees {} and not {label:?}", report["label"]));
        }
        if report["caseNumber"] != *row["number"] {
            self.violated(&format!(
                "the partner sees {} and not {}",
                report["caseNumber"], row["number"]
            ));
        }
        let is_over = matches!(label, "resolved" | "closed");
        let resolution = Some(row["close_notes"].as_str()).filter(|text| is_over && !text.is_empty());
        if report["resolution"].as_str() != resolution {
            self.violated(&format!(
                "the partner sees {} and not {resolution:?}",
                report["resolution"]
            ));
        }
    }

    /// The partner is asked while the record is resolved, and only then.
    fn check_closing(&self) {
        let Some(row) = self.records.last() else { return };
        let label = label(row, "");
        let view = self
            .town
            .community
            .partner_sees_issue(self.opened.company, &self.opened.issue);
        let view = view.unwrap();
        let closing = &view["closure"]["state"];
        let is_asked = *closing == "requested";
        let is_pending = *closing == "confirmed" && matches!(label, "resolved" | "closed");
        if is_asked != (label == "resolved") || is_pending {
            self.violated(&format!("{} is {label}, and the closing {closing}", row["number"]));
        }
    }

    /// Each document once on a record, whole; and on one of them at least.
    fn check_documents(&self) {
        let documents = self.opened.documents.iter();
        let wanted = documents.map(|id| self.town.community.document(self.opened.company, id).unwrap());
        let wanted: BTreeMap<String, String> = wanted.map(|document| (document.name, document.sha256)).collect();
        let mut missing = wanted.clone();
        for row in &self.records {
            let mut seen = BTreeSet::new();
            let files = self.town.servicenow.attachments(&row["sys_id"]).into_iter();
            let is_of_agents = |name: &str| name.starts_with("internal-") || name.starts_with("desk-");
            for file in files.filter(|file| !is_of_agents(&file.file_name)) {
                if wanted.get(&file.file_name) != Some(&file.sha256) || !seen.insert(file.file_name.clone()) {
                    self.violated(&format!(
                        "{} has {} once too often or broken",
                        row["number"], file.file_name
                    ));
                }
                missing.remove(&file.file_name);
            }
        }
        if !missing.is_empty() {
            self.violated(&format!("the documents {missing:?} are on no record"));
        }
    }

    /// The workspace is open as long as the lanes belong to who works on escalations, and no team is asked
    /// for the same work twice at a time.
    fn check_escalation(&self) {
        let (company, issue) = (self.opened.company, &self.opened.issue);
        let seen = self.town.community.partner_sees_issue(company, issue).unwrap();
        oracle::check_owners(self.town, &format!("issues/{company}/{issue}"), &seen["escalation"]);
        let mut open = BTreeSet::new();
        for row in of_escalations(self.town, issue) {
            let correlation = &row["correlation_id"];
            let what = correlation
                .split_once('~')
                .map_or(correlation.as_str(), |(what, _)| what);
            let is_open = match row["sys_class_name"].as_str() {
                "sn_customerservice_escalation" => matches!(row["state"].as_str(), "1" | "2"),
                _ => row["state"] != "3",
            };
            if is_open && !open.insert(what.to_owned()) {
                self.violated(&format!("{what} is open twice"));
            }
        }
    }

    /// Each file that an agent shared is with the partner once, and whole; on a closed issue colleagues are
    /// told instead.
    fn check_shared_files(&self, story: &[&str]) {
        let company = self.opened.company;
        let seen = self
            .town
            .community
            .partner_sees_issue(company, &self.opened.issue)
            .unwrap();
        // In the workspace while the issue was escalated.
        let places = [&seen["documents"], &seen["escalation"]["documents"]];
        let documents = places.into_iter().filter_map(Value::as_array).flatten();
        let documents = documents.map(|document| {
            let (name, id) = (
                document["name"].as_str().unwrap(),
                document["documentId"].as_str().unwrap(),
            );
            (
                name.to_owned(),
                self.town.community.document_bytes(company, id).unwrap(),
            )
        });
        let mut shown = documents
            .filter(|(name, _)| name.starts_with("desk-"))
            .collect::<Vec<_>>();
        for row in &self.records {
            let files = self.town.servicenow.attachments(&row["sys_id"]).into_iter();
            for file in files.filter(|file| file.file_name.starts_with("desk-")) {
                let count = shown.len();
                shown.retain(|(name, bytes)| *name != file.file_name || *bytes != file.bytes);
                let refused = format!("refused: show the file {} of", file.sys_id);
                let was_refused = self.opened.was_closed && story.iter().any(|line| line.starts_with(&refused));
                match count - shown.len() {
                    1 => {}
                    0 if was_refused => {}
                    times => self.violated(&format!("the partner has {} {times} times", file.file_name)),
                }
            }
        }
        if !shown.is_empty() {
            self.violated(&format!("the partner has {shown:?}, which nobody shared"));
        }
    }

    /// Each wish for another priority is noted once. The event that makes a record needs no note, and
    /// may be any event of an issue that was closed.
    fn check_wishes(&self) {
        let wishes = |events: &[Value]| {
            let of_priority = |event: &&Value| event["data"]["changes"]["priority"].is_string();
            events.iter().filter(of_priority).count()
        };
        let wanted = wishes(self.inbox.get(1..).unwrap_or_default());
        let notes = self
            .records
            .iter()
            .flat_map(|row| self.town.servicenow.journal(&row["sys_id"], "work_notes"));
        let noted = notes.filter(|note| note.created_by == INTEGRATION && note.value.contains("now rates this issue"));
        let noted = noted.count();
        if noted > wanted || (noted < wanted && !self.opened.was_closed) {
            self.violated(&format!("{noted} wishes are noted of {wanted}"));
        }
    }
}

/// The records that escalations of an issue made.
fn of_escalations(town: &Town, issue: &str) -> Vec<Row> {
    let begin = format!("{issue}/");
    let rows = town.servicenow.rows("task").into_iter();
    rows.filter(|row| row["correlation_id"].starts_with(&begin)).collect()
}

/// What the mapping that is shipped says of a record, in our own words.
fn label(row: &Row, group: &str) -> &'static str {
    let is_case = row["sys_class_name"] == "sn_customerservice_case";
    let asks = row["approval"] == "requested";
    match (is_case, row["state"].as_str()) {
        (_, "6") => "resolved",
        (true, "3" | "7") | (false, "7" | "8") => "closed",
        (true, "18") => "waiting for you",
        (false, "3") if row["hold_reason"] == "1" => "waiting for you",
        _ if asks && is_case && group == "B2B Finance" => "awaiting finance approval",
        _ if asks => "awaiting approval",
        (_, "1") => "received",
        _ => "under review",
    }
}
