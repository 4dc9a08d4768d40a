//! Threads at random: partners chatter, want something, ask for documents and take that back, and bring files; teams
//! answer, share, finish and decline. In the end each thing is on the other side once.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::{Value, json};
use worlds::trading_grid::{FileSeed, PartnerAct};

use super::acts::{COMPANIES, Scene};
use super::agree::{DESK, INTEGRATION, check_order_of_acceptance, check_said, inbox};
use super::senders::Senders;
use crate::scenarios::INTERNAL;
use crate::town::Town;

const MOST_THREADS: usize = 4;
const MOST_MESSAGES: usize = 25;
const MOST_REQUESTS: usize = 8;
const MOST_FILES: usize = 8;
/// What a rule of the mapping takes, and what none does.
const WISHES: [&str; 3] = [
    "Where is our shipment",
    "Please send the corrected packing list",
    "There is a new certificate",
];
const CHATTER: [&str; 3] = ["Thank you", "That is fine", "As we said on the telephone"];
const DOCUMENTS: [&str; 3] = ["corrected packing list", "remittance advice", "product data sheet"];

type Row = BTreeMap<String, String>;

/// A thread that was started.
pub(super) struct Started {
    pub(super) company: &'static str,
    pub(super) thread: String,
    /// The messages that a rule takes, and the others, by their ids.
    wishes: BTreeMap<String, String>,
    chatter: BTreeMap<String, String>,
    requests: usize,
    files: BTreeSet<String>,
}

impl Scene {
    /// Somebody does something in a thread.
    pub(super) async fn act_in_a_thread(&mut self) {
        let starts = self.threads.is_empty() || (self.threads.len() < MOST_THREADS && self.rng.u8(0..10) == 0);
        if starts {
            self.partner_starts();
            return;
        }
        let at = self.rng.usize(0..self.threads.len());
        match self.rng.bool() {
            true => self.partner_in_thread(at),
            false => self.team_on_task(at).await,
        }
    }

    fn partner_starts(&mut self) {
        let (company, _) = self.rng.choice(COMPANIES).unwrap();
        let thread = format!("THR-{}", self.threads.len() + 1);
        let own = self.issues.iter().filter(|opened| opened.company == company);
        let own = own.map(|opened| opened.issue.clone()).collect::<Vec<_>>();
        let issue = self.rng.choice(&own).cloned().filter(|_| self.rng.bool());
        let seed = json!({"companyId": company, "threadId": thread, "topic": "Orders", "issueId": issue});
        self.threads.push(Started {
            company,
            thread,
            wishes: BTreeMap::new(),
            chatter: BTreeMap::new(),
            requests: 0,
            files: BTreeSet::new(),
        });
        let seed = serde_json::from_value(seed).unwrap();
        self.says(self.threads.len() - 1, |text| PartnerAct::StartsThread {
            thread: seed,
            text,
            files: Vec::new(),
            author: None,
        });
    }

    /// The partner writes something that a rule takes, or not.
    fn says(&mut self, at: usize, act: impl FnOnce(String) -> PartnerAct) {
        let number = self.next();
        let wants = self.rng.bool();
        let words = if wants { WISHES } else { CHATTER };
        let text = format!("{} (no {number}).", self.rng.choice(words).unwrap());
        let told = self.in_thread(act(text.clone()));
        let id = told["message"]["messageId"].as_str().unwrap().to_owned();
        let started = &mut self.threads[at];
        let said = if wants {
            &mut started.wishes
        } else {
            &mut started.chatter
        };
        said.insert(id, text);
    }

    fn partner_in_thread(&mut self, at: usize) {
        let (company_id, thread_id) = (self.threads[at].company.to_owned(), self.threads[at].thread.clone());
        let seen = self
            .town
            .community
            .partner_sees_thread(&company_id, &thread_id)
            .unwrap();
        let started = &self.threads[at];
        match self.rng.u8(0..8) {
            0..4 if started.wishes.len() + started.chatter.len() < MOST_MESSAGES => {
                let messages = seen["messages"].as_array().cloned().unwrap_or_default();
                let answered = self.rng.choice(&messages).filter(|_| self.rng.u8(0..3) == 0);
                let in_reply_to = answered
                    .and_then(|message| message["messageId"].as_str())
                    .map(str::to_owned);
                self.says(at, |text| PartnerAct::WritesInThread {
                    company_id,
                    thread_id,
                    text,
                    in_reply_to,
                    document_ids: Vec::new(),
                    author: None,
                });
            }
            4 | 5 if started.requests < MOST_REQUESTS => {
                let number = self.next();
                let request = json!({
                    "documentType": self.rng.choice(DOCUMENTS).unwrap(), "text": format!("For order {number}, please."),
                    "author": {"userId": "U1", "name": "Dana Whitfield"},
                });
                self.threads[at].requests += 1;
                self.in_thread(PartnerAct::RequestsDocument {
                    company_id,
                    thread_id,
                    request: serde_json::from_value(request).unwrap(),
                });
            }
            6 => {
                let requests = seen["documentRequests"].as_array().cloned().unwrap_or_default();
                let open = requests
                    .iter()
                    .filter(|request| request["state"] == "open")
                    .collect::<Vec<_>>();
                let Some(request) = self.rng.choice(open) else { return };
                self.in_thread(PartnerAct::WithdrawsRequest {
                    company_id,
                    thread_id,
                    request_id: request["requestId"].as_str().unwrap().to_owned(),
                    reason: None,
                    author: None,
                });
            }
            _ if started.files.len() < MOST_FILES => {
                let name = format!("brought-{}.txt", self.next());
                self.threads[at].files.insert(name.clone());
                self.in_thread(PartnerAct::ProvidesDocument {
                    company_id,
                    thread_id,
                    request_id: None,
                    file: FileSeed::new(&name, "text/plain", name.as_bytes()),
                    author: None,
                });
            }
            _ => {}
        }
    }

    /// Tells what the partner did; gives its data.
    fn in_thread(&mut self, act: PartnerAct) -> Value {
        self.log(format!("{act:?}"));
        let told = self.town.community.act(act);
        let event = serde_json::to_value(told.last().unwrap()).unwrap();
        let data = event["data"].clone();
        self.senders.send(event);
        data
    }

    async fn team_on_task(&mut self, at: usize) {
        let tasks = tasks(&self.town, &self.threads[at].thread);
        let Some(row) = self.rng.choice(tasks) else { return };
        let (sys_id, class) = (row["sys_id"].clone(), row["sys_class_name"].clone());
        let number = self.next();
        let is_over = matches!(row["state"].as_str(), "3" | "4" | "7");
        let is_of_a_case = class == "sn_customerservice_task";
        let note = format!("{INTERNAL} {number}");
        let fields = match self.rng.u8(0..10) {
            0..3 => {
                self.wait_for_the_next_second(&sys_id).await;
                vec![("comments", format!("Answer {number}")), ("work_notes", note)]
            }
            3 | 4 => {
                self.wait_for_the_next_second(&sys_id).await;
                let name = format!("desk-{number}.txt");
                self.town
                    .servicenow
                    .agent_file(&sys_id, &name, "text/plain", name.clone());
                vec![("comments", format!("Answer {number}\nshare: {name}"))]
            }
            5 => {
                let name = format!("internal-{number}.txt");
                self.town.servicenow.agent_file(&sys_id, &name, "text/plain", INTERNAL);
                return;
            }
            6 if !is_over && !is_of_a_case => vec![("state", "2".to_owned())],
            7 if !is_over => vec![("state", "3".to_owned()), ("close_notes", format!("Done {number}"))],
            8 if !is_over && !is_of_a_case => {
                vec![("state", "4".to_owned()), ("close_notes", format!("Never {number}"))]
            }
            _ => vec![("work_notes", note)],
        };
        self.log(format!("{}: a team sets {fields:?}", row["number"]));
        let fields = fields
            .iter()
            .map(|(name, value)| (*name, value.as_str()))
            .collect::<Vec<_>>();
        self.town.servicenow.update(&class, &sys_id, &fields);
    }
}

/// The tasks of a thread.
fn tasks(town: &Town, thread: &str) -> Vec<Row> {
    let (one, other) = (format!("{thread}/"), format!("{thread}~"));
    let mut rows = town.servicenow.rows("task");
    rows.retain(|row| row["correlation_id"].starts_with(&one) || row["correlation_id"].starts_with(&other));
    rows
}

/// Compares both sides of a thread; gives how many tasks it has.
pub(super) fn check(town: &Town, started: &Started, senders: &Senders) -> usize {
    let subject = format!("threads/{}/{}", started.company, started.thread);
    check_order_of_acceptance(town, &inbox(town, &subject, senders), senders);
    let seen = town.community.partner_sees_thread(started.company, &started.thread);
    let thread = ThreadSides {
        town,
        started,
        tasks: tasks(town, &started.thread),
        seen: seen.unwrap(),
    };
    thread.check_wishes();
    thread.check_messages_of_the_desk();
    thread.check_files();
    thread.check_outcomes();
    thread.check_requests();
    thread.tasks.len()
}

struct ThreadSides<'a> {
    town: &'a Town,
    started: &'a Started,
    tasks: Vec<Row>,
    seen: Value,
}

impl ThreadSides<'_> {
    fn violated(&self, what: &str) {
        self.town.violated(format!("{}: {what}", self.started.thread));
    }

    fn list(&self, list: &str) -> &[Value] {
        self.seen[list].as_array().map_or(&[], Vec::as_slice)
    }

    /// How many tasks something has of its own.
    fn own_tasks(&self, id: &str) -> usize {
        let correlation = format!("{}/{id}", self.started.thread);
        let own = self.tasks.iter().filter(|row| row["correlation_id"] == correlation);
        own.count()
    }

    /// A request has a task of its own; what a rule takes has one, or stands on one; chatter at most stands on one.
    fn check_wishes(&self) {
        let entries = self
            .tasks
            .iter()
            .flat_map(|row| self.town.servicenow.journal(&row["sys_id"], "comments"));
        let entries = entries.filter(|entry| entry.created_by == INTEGRATION);
        let entries = entries.map(|entry| entry.value).collect::<Vec<_>>();
        let said = |text: &str| entries.iter().filter(|entry| entry.contains(text)).count();
        let mut of_thread = 0;
        for request in self.list("documentRequests") {
            let id = request["requestId"].as_str().unwrap();
            of_thread += self.own_tasks(id);
            if self.own_tasks(id) != 1 {
                self.violated(&format!("{id} has {} tasks", self.own_tasks(id)));
            }
        }
        for (id, text) in &self.started.wishes {
            of_thread += self.own_tasks(id);
            if self.own_tasks(id) + said(text) != 1 {
                self.violated(&format!(
                    "{text:?} has {} tasks and stands on {}",
                    self.own_tasks(id),
                    said(text)
                ));
            }
        }
        for (id, text) in &self.started.chatter {
            if self.own_tasks(id) > 0 || said(text) > 1 {
                self.violated(&format!(
                    "{text:?} has {} tasks and stands on {}",
                    self.own_tasks(id),
                    said(text)
                ));
            }
        }
        if of_thread != self.tasks.len() {
            self.violated(&format!("{} tasks, {of_thread} of something", self.tasks.len()));
        }
    }

    /// Each public comment of a task once, those of a task in their order.
    fn check_messages_of_the_desk(&self) {
        let shown = self
            .list("messages")
            .iter()
            .filter(|message| message["author"]["name"] == DESK);
        let shown = shown
            .map(|message| message["text"].as_str().unwrap().to_owned())
            .collect::<Vec<_>>();
        let said = self.tasks.iter().map(|row| {
            let entries = self.town.servicenow.journal(&row["sys_id"], "comments").into_iter();
            let entries = entries.filter(|entry| entry.created_by != INTEGRATION);
            let texts = entries.map(|entry| entry.value.lines().next().unwrap_or_default().to_owned());
            (row["number"].clone(), texts.collect())
        });
        check_said(shown, said.collect(), |what| self.violated(what));
    }

    /// What was shared is in the thread once, and what was not is not; what was brought is on one task at most.
    fn check_files(&self) {
        let names = self
            .list("documents")
            .iter()
            .map(|document| document["name"].as_str().unwrap());
        let mut shown = names.filter(|name| name.starts_with("desk-")).collect::<Vec<_>>();
        let mut brought = BTreeSet::new();
        for row in &self.tasks {
            for file in self.town.servicenow.attachments(&row["sys_id"]) {
                let name = file.file_name.as_str();
                let count = shown.len();
                shown.retain(|shown| *shown != name);
                let times = count - shown.len();
                if times != usize::from(name.starts_with("desk-")) {
                    self.violated(&format!("the partner has {name} {times} times"));
                }
                if name.starts_with("brought-") && (!brought.insert(name.to_owned()) || file.bytes != name) {
                    self.violated(&format!("{name} came twice, or broken"));
                }
            }
        }
        if !shown.is_empty() || !brought.is_subset(&self.started.files) {
            self.violated(&format!("nobody shared {shown:?}, or brought {brought:?}"));
        }
    }

    /// The partner sees of each task how it is, by the words of the shipped mapping.
    fn check_outcomes(&self) {
        let outcomes = self.list("outcomes").iter();
        let mut seen = outcomes
            .map(|outcome| {
                (
                    outcome["outcomeId"].as_str().unwrap(),
                    outcome["label"].as_str().unwrap(),
                )
            })
            .collect::<Vec<_>>();
        let tasks = self.tasks.iter();
        let mut wanted = tasks
            .map(|row| (row["sys_id"].as_str(), label(row)))
            .collect::<Vec<_>>();
        seen.sort_unstable();
        wanted.sort_unstable();
        if seen != wanted {
            self.violated(&format!("the partner sees the outcomes {seen:?}, not {wanted:?}"));
        }
    }

    /// A request ends as its task does, or with the first file that is delivered.
    fn check_requests(&self) {
        for request in self.list("documentRequests") {
            let correlation = format!("{}/{}", self.started.thread, request["requestId"].as_str().unwrap());
            let Some(row) = self.tasks.iter().find(|row| row["correlation_id"] == correlation) else {
                continue;
            };
            let files = self.town.servicenow.attachments(&row["sys_id"]);
            let is_delivered = files.iter().any(|file| file.file_name.starts_with("desk-"));
            let wanted = match label(row) {
                "declined" => "declined",
                "done" => "fulfilled",
                _ if is_delivered => "fulfilled",
                _ => "open",
            };
            let state = request["state"].as_str().unwrap();
            if state != wanted && state != "withdrawn" {
                self.violated(&format!("{correlation} is {state}, not {wanted}"));
            }
        }
    }
}

fn label(row: &Row) -> &'static str {
    match row["state"].as_str() {
        "3" => "done",
        "4" | "7" => "declined",
        "-5" => "on hold",
        "2" => "being worked on",
        _ => "accepted",
    }
}
