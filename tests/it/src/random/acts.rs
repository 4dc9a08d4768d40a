//! What partners and agents do at random, within what the two systems allow them.

use std::collections::{BTreeMap, BTreeSet};
use std::rc::Rc;
use std::sync::Arc;
use std::time::Duration;

use fastrand::Rng;
use serde_json::{Value, json};
use shared::domain::Timestamp;
use tokio::time::sleep;
use worlds::trading_grid::{Author, FileSeed, PartnerAct};

use super::senders::Senders;
use super::threads::Started;
use crate::scenarios::{INTERNAL, event};
use crate::town::Town;

/// Partners that both systems know: company id and the people who write for it.
pub(super) const COMPANIES: [(&str, [&str; 2]); 4] = [
    ("GC41543822654A", ["Dana Whitfield", "Noor Aziz"]),
    ("GC00804444LX01", ["Claire Weber", "Noor Aziz"]),
    ("GC17302945881B", ["Pat Lindholm", "Jo Marsh"]),
    ("GC22871034410C", ["Sanne de Wit", "Jo Marsh"]),
];
/// Texts that are said more than once, by anybody.
const COMMON: [&str; 3] = ["Any news?", "Please call back.", "Thank you!"];
/// The community shows so many comments of an issue, and a case takes so many documents.
const MOST_COMMENTS: usize = 45;
const MOST_DOCUMENTS: usize = 12;
const MOST_ISSUES: usize = 7;
/// Two comments on a record are at least so far apart.
const BETWEEN_COMMENTS: Duration = Duration::from_millis(1_100);

/// An issue that was opened.
pub(super) struct Opened {
    pub(super) company: &'static str,
    pub(super) issue: String,
    people: [&'static str; 2],
    /// Ids of the documents that were shared on it.
    pub(super) documents: BTreeSet<String>,
    /// The partner's last summary.
    pub(super) summary: String,
    /// How many comments of the partner there are.
    comments: usize,
    /// Whether an agent has ever closed a record of it.
    pub(super) was_closed: bool,
}

/// The place of action.
pub(super) struct Scene {
    pub(super) town: Arc<Town>,
    pub(super) senders: Rc<Senders>,
    pub(super) rng: Rng,
    pub(super) issues: Vec<Opened>,
    pub(super) threads: Vec<Started>,
    said: usize,
    last_comment: BTreeMap<String, Timestamp>,
    /// The priority that an agent gave a record last, and when.
    pub(super) priorities: BTreeMap<String, (String, Timestamp)>,
    pub(super) log: Vec<String>,
}

impl Scene {
    pub(super) fn new(town: &Arc<Town>, senders: &Rc<Senders>, rng: Rng) -> Self {
        Self {
            town: Arc::clone(town),
            senders: Rc::clone(senders),
            rng,
            issues: Vec::new(),
            threads: Vec::new(),
            said: 0,
            last_comment: BTreeMap::new(),
            priorities: BTreeMap::new(),
            log: Vec::new(),
        }
    }

    /// After a while, somebody does something.
    pub(super) async fn act(&mut self) {
        let pause = match self.rng.u8(0..20) {
            0 => self.rng.u64(0..300_000),
            1..8 => 0,
            _ => self.rng.u64(0..4_000),
        };
        sleep(Duration::from_millis(pause)).await;
        if self.rng.u8(0..4) == 0 {
            self.act_in_a_thread().await;
            return;
        }
        let opens = self.issues.is_empty() || (self.issues.len() < MOST_ISSUES && self.rng.u8(0..15) == 0);
        if opens {
            self.partner_opens();
            return;
        }
        let at = self.rng.usize(0..self.issues.len());
        match self.rng.bool() {
            true => self.partner_acts(at),
            false => self.agent_acts(at).await,
        }
    }

    fn partner_opens(&mut self) {
        let (company, people) = self.rng.choice(COMPANIES).unwrap();
        let issue = format!("ISS-{}", self.issues.len() + 1);
        let categories = ["asn_failed", "invoice_mismatch", "connectivity", "something_else"];
        let category = self.rng.choice(categories).unwrap();
        let document = (company == COMPANIES[0].0 && self.rng.bool()).then_some("doc-asn-856");
        let summary = format!("Trouble of {issue}");
        let seed = json!({
            "companyId": company, "issueId": issue, "category": category, "priority": "medium",
            "summary": summary, "description": "Something is missing.",
            "author": {"userId": "U1", "name": people[0]}, "documents": Vec::from_iter(document),
        });
        let seed = serde_json::from_value(seed).unwrap();
        self.log(format!("{company} opens {issue}, {category}"));
        self.tell("opened", self.town.community.open_issue(seed));
        self.issues.push(Opened {
            company,
            issue,
            people,
            documents: document.map(str::to_owned).into_iter().collect(),
            summary,
            comments: 0,
            was_closed: false,
        });
    }

    fn partner_acts(&mut self, at: usize) {
        let (company, issue) = (self.issues[at].company, self.issues[at].issue.clone());
        let seen = self.town.community.issue(company, &issue).unwrap();
        // The community lets nobody write on a closed issue.
        if seen["status"] == "closed" {
            return;
        }
        let view = self.town.community.partner_sees_issue(company, &issue).unwrap();
        if view["closure"]["state"] == "requested" && self.rng.u8(0..3) == 0 {
            self.partner_answers(at);
            return;
        }
        match self.rng.u8(0..12) {
            10 | 11 => self.partner_on_escalation(at, view["escalation"]["state"] == "open"),
            0..6 if self.issues[at].comments < MOST_COMMENTS => {
                let text = self.partners_text(&seen);
                self.issues[at].comments += 1;
                self.log(format!("{issue}: the partner says {text:?}"));
                let name = self.rng.choice(self.issues[at].people).unwrap();
                self.does(
                    "commented",
                    PartnerAct::Comments {
                        company_id: company.to_owned(),
                        issue_id: issue,
                        text,
                        author: Some(Author {
                            user_id: "U1".to_owned(),
                            name: name.to_owned(),
                        }),
                    },
                );
            }
            6 | 7 if seen["documents"].as_array().map_or(0, Vec::len) < MOST_DOCUMENTS => self.partner_shares(at),
            8 => {
                let summary = format!("Trouble {} of {issue}", self.next());
                self.log(format!("{issue}: the partner now calls it {summary:?}"));
                let changed = self
                    .town
                    .community
                    .change_issue(company, &issue, &[("summary", &summary)]);
                self.issues[at].summary = summary;
                self.tell("updated", changed);
            }
            _ => {
                let priority = self.rng.choice(["low", "medium", "high", "critical"]).unwrap();
                self.log(format!("{issue}: the partner rates it {priority}"));
                let changed = self
                    .town
                    .community
                    .change_issue(company, &issue, &[("priority", priority)]);
                self.tell("updated", changed);
            }
        }
    }

    /// Yes or no to the question whether the issue is solved. A yes closes the record, unless an agent has
    /// opened it meanwhile.
    fn partner_answers(&mut self, at: usize) {
        let opened = &mut self.issues[at];
        let (company_id, issue_id) = (opened.company.to_owned(), opened.issue.clone());
        let author = Some(Author {
            user_id: "U1".to_owned(),
            name: opened.people[1].to_owned(),
        });
        if self.rng.bool() {
            opened.was_closed = true;
            self.log(format!("{issue_id}: the partner confirms"));
            self.does(
                "closure-confirmed",
                PartnerAct::ConfirmsClosure {
                    company_id,
                    issue_id,
                    author,
                },
            );
        } else {
            let reason = format!("Still broken {}", self.next());
            self.log(format!("{issue_id}: the partner disputes: {reason:?}"));
            self.does(
                "closure-disputed",
                PartnerAct::DisputesClosure {
                    company_id,
                    issue_id,
                    reason,
                    author,
                },
            );
        }
    }

    /// Escalates the issue, or writes in its workspace, or ends it.
    fn partner_on_escalation(&mut self, at: usize, is_open: bool) {
        let opened = &self.issues[at];
        let (company_id, issue_id) = (opened.company.to_owned(), opened.issue.clone());
        let author = Some(Author {
            user_id: "U1".to_owned(),
            name: opened.people[0].to_owned(),
        });
        let number = self.next();
        let reason = self.rng.bool().then(|| format!("Because of {number}"));
        let (kind, act) = match (is_open, self.rng.u8(0..3)) {
            (false, _) => (
                "escalated",
                PartnerAct::Escalates {
                    company_id,
                    issue_id,
                    reason,
                    author,
                },
            ),
            (true, 0) => (
                "de-escalated",
                PartnerAct::DeEscalates {
                    company_id,
                    issue_id,
                    reason,
                    author,
                },
            ),
            (true, _) => (
                "escalation.message-posted",
                PartnerAct::WritesInWorkspace {
                    company_id,
                    issue_id,
                    text: format!("Urgent {number}"),
                    document_ids: Vec::new(),
                    author,
                },
            ),
        };
        self.log(format!("{act:?}"));
        self.does(kind, act);
    }

    fn partner_shares(&mut self, at: usize) {
        let opened = &self.issues[at];
        let (company_id, issue_id) = (opened.company.to_owned(), opened.issue.clone());
        let known = self.rng.choice(&opened.documents).cloned().filter(|_| self.rng.bool());
        let file = match &known {
            Some(document) => FileSeed::known(document),
            None => {
                let number = self.next();
                FileSeed::new(
                    &format!("file-{number}.txt"),
                    "text/plain",
                    format!("Page {number}").as_bytes(),
                )
            }
        };
        self.log(format!("{issue_id}: the partner shares {file:?}"));
        let told = self.does(
            "document-shared",
            PartnerAct::Uploads {
                company_id,
                issue_id,
                file,
                author: None,
            },
        );
        let document = told["document"]["documentId"].as_str().unwrap().to_owned();
        self.issues[at].documents.insert(document);
    }

    /// Something new, something common, something that the desk said, or a line that looks like ours.
    fn partners_text(&mut self, seen: &Value) -> String {
        match self.rng.u8(0..8) {
            0 | 1 => self.rng.choice(COMMON).unwrap().to_owned(),
            2 => {
                let comments = seen["comments"].as_array().cloned().unwrap_or_default();
                let quoted = self.rng.choice(&comments).and_then(|comment| comment["text"].as_str());
                quoted.map_or_else(|| "What was that?".to_owned(), str::to_owned)
            }
            3 => format!("Look {}\n\nvia Trading Grid · ref 0123456789ab", self.next()),
            _ => format!("Question {}", self.next()),
        }
    }

    /// A team is done, or the desk ends the record of an escalation.
    fn team_acts(&mut self, at: usize) {
        let begin = format!("{}/", self.issues[at].issue);
        let rows = self.town.servicenow.rows("task").into_iter();
        let open: Vec<_> = rows
            .filter(|row| row["correlation_id"].starts_with(&begin) && row["state"] != "3")
            .collect();
        let Some(row) = self.rng.choice(&open) else { return };
        self.log(format!("{}: a team is done", row["number"]));
        let fields = [("state", "3"), ("close_notes", INTERNAL)];
        self.town
            .servicenow
            .update(&row["sys_class_name"], &row["sys_id"], &fields);
    }

    async fn agent_acts(&mut self, at: usize) {
        if self.rng.u8(0..15) == 0 {
            self.team_acts(at);
            return;
        }
        let records = records(&self.town, &self.issues[at].issue);
        // Mostly the newest record is worked on.
        let Some(row) = records
            .last()
            .filter(|_| self.rng.u8(0..10) > 0)
            .or(records.first())
            .cloned()
        else {
            return;
        };
        let (sys_id, is_case) = (
            row["sys_id"].clone(),
            row["sys_class_name"] == "sn_customerservice_case",
        );
        let note = format!("{INTERNAL} {}", self.next());
        let group = |name: &str| {
            let groups = self.town.servicenow.rows("sys_user_group");
            groups.into_iter().find(|group| group["name"] == name).unwrap()["sys_id"].clone()
        };
        let own = |case: &'static str, incident: &'static str| if is_case { case } else { incident };
        let fields = match self.rng.u8(0..21) {
            0..9 => {
                let Some(text) = self.agents_text(&sys_id) else { return };
                self.wait_for_the_next_second(&sys_id).await;
                let mut fields = vec![("comments", text)];
                if self.rng.bool() {
                    fields.push(("work_notes", note));
                }
                fields
            }
            9 | 10 => vec![("work_notes", note)],
            11 | 12 => vec![("state", own("10", "2").to_owned()), ("work_notes", note)],
            13 => vec![("state", own("18", "3").to_owned()), ("hold_reason", "1".to_owned())],
            14 | 15 => vec![
                ("state", "6".to_owned()),
                ("close_notes", format!("Sent again, {}.", self.next())),
                ("close_code", "Solution provided".to_owned()),
            ],
            16 => vec![
                ("approval", "requested".to_owned()),
                ("assignment_group", group("B2B Finance")),
            ],
            17 => vec![("approval", "approved".to_owned())],
            18 if self.rng.u8(0..4) == 0 => {
                self.issues[at].was_closed = true;
                vec![("state", own("3", "7").to_owned())]
            }
            20 => {
                self.wait_for_the_next_second(&sys_id).await;
                let number = self.next();
                let name = format!("desk-{number}.txt");
                let text = format!("Page {number} of the desk");
                self.town.servicenow.agent_file(&sys_id, &name, "text/plain", text);
                vec![("comments", format!("Answer {number}\nshare: {name}"))]
            }
            18 => {
                let name = format!("internal-{}.txt", self.next());
                self.town.servicenow.agent_file(&sys_id, &name, "text/plain", INTERNAL);
                return;
            }
            _ => {
                let priority = self.rng.choice(["1", "2", "3", "4"]).unwrap().to_owned();
                // Who sets what is there has decided nothing that anybody could see.
                if row["priority"] != priority {
                    let given = (priority.clone(), self.town.clock.now());
                    self.priorities.insert(sys_id.clone(), given);
                }
                vec![("priority", priority)]
            }
        };
        self.log(format!("{}: an agent sets {fields:?}", row["number"]));
        let fields = fields
            .iter()
            .map(|(name, value)| (*name, value.as_str()))
            .collect::<Vec<_>>();
        let fields = fields
            .into_iter()
            .filter(|(name, _)| row.contains_key(*name) || is_journal(name) || (!is_case && *name == "close_code"));
        let fields = fields.collect::<Vec<_>>();
        self.town.servicenow.update(&row["sys_class_name"], &sys_id, &fields);
    }

    /// Something new, something common, a copy of what stands there, or of it with a false reference.
    fn agents_text(&mut self, sys_id: &str) -> Option<String> {
        let entries = self.town.servicenow.journal(sys_id, "comments");
        if entries.len() >= 2 * MOST_COMMENTS {
            return None;
        }
        let last = self.rng.choice(&entries).map(|entry| entry.value.clone());
        Some(match (self.rng.u8(0..8), last) {
            (0 | 1, _) => self.rng.choice(COMMON).unwrap().to_owned(),
            (2, Some(text)) => text,
            (3, Some(text)) => text.replace(" · ref ", " · ref 00"),
            _ => format!("Answer {}", self.next()),
        })
    }

    pub(super) async fn wait_for_the_next_second(&mut self, sys_id: &str) {
        let now = self.town.clock.now();
        if let Some(last) = self.last_comment.get(sys_id) {
            sleep(now.until(last.after(BETWEEN_COMMENTS))).await;
        }
        self.last_comment.insert(sys_id.to_owned(), self.town.clock.now());
    }

    fn does(&mut self, kind: &str, act: PartnerAct) -> Value {
        let data = self.town.community.act(act).pop().unwrap().data;
        self.tell(kind, data.clone());
        data
    }

    fn tell(&mut self, kind: &str, data: Value) {
        self.senders.send(event(kind, data));
    }

    pub(super) fn next(&mut self) -> usize {
        self.said += 1;
        self.said
    }

    pub(super) fn log(&mut self, what: String) {
        let at = self.town.clock.now().millis();
        self.log.push(format!("{at} {what}"));
    }
}

fn is_journal(field: &str) -> bool {
    matches!(field, "comments" | "work_notes")
}

/// The records of an issue, the first one first.
pub(super) fn records(town: &Town, issue: &str) -> Vec<BTreeMap<String, String>> {
    let follow_up = format!("{issue}~");
    let is_its = |row: &BTreeMap<String, String>| {
        let correlation = &row["correlation_id"];
        correlation == issue || correlation.starts_with(&follow_up)
    };
    town.servicenow.rows("task").into_iter().filter(is_its).collect()
}
