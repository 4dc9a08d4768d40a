//! Nothing internal reaches a partner: every internal place of a record, and of whatever belongs to
//! it, holds a word that stands nowhere else, and no such word is ever seen on the partner's side.
//!
//! Neither it, nor a secret, nor what anybody writes reaches the places where operators look: log, metrics, queues, and
//! the reasons for what is parked or waits.
//!
//! Which places there are is asked of the instance's own dictionary, so that a column that is added
//! tomorrow is watched too. `GRIDLINK_SEED=<seed>` runs one seed alone.

mod drafts;
mod operators;

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use fastrand::Rng;
use serde_json::json;
use worlds::IssueSeed;
use worlds::servicenow::AGENT;

use crate::create_task::{TASKS, THREAD, asks, starts, task};
use crate::play::{Play, default_mapping, in_town};
use crate::prove::setting;
use crate::publish_knowledge::{newest, seen};
use crate::scenarios::{ISSUE, NORTHWIND, case, event};
use crate::town::Town;

/// Everybody who could see something.
const COMPANIES: [&str; 4] = [NORTHWIND, "GC00804444LX01", "GC00804444LX", "GC51278300AS"];
/// Fields of a record that are the partner's by the mapping, or that join both sides.
const PUBLIC: [&str; 5] = [
    "number",
    "comments",
    "close_notes",
    "correlation_id",
    "correlation_display",
];
const ARTICLES: &str = "kb_knowledge";
const STEPS: usize = 12;
const SEEDS: u64 = 6;

/// The words that were planted, each with its place.
struct Garden<'a> {
    town: &'a Town,
    rng: Rng,
    planted: BTreeMap<String, String>,
}

impl<'a> Garden<'a> {
    fn new(town: &'a Town, seed: u64) -> Self {
        Self {
            town,
            rng: Rng::with_seed(seed),
            planted: BTreeMap::new(),
        }
    }

    fn word(&mut self, place: String) -> String {
        let word = format!("canary{:012x}", self.rng.u64(..) >> 16);
        self.town.witness.content(&word);
        self.planted.insert(word.clone(), place);
        word
    }

    /// Plants a word into every column of a row that holds text, and into its journals. Only a
    /// choice may refuse it.
    fn plant(&mut self, sys_id: &str, class: &str, except: &[&str]) {
        let columns = texts(self.town, class);
        let columns = columns.into_iter().filter(|(name, _)| !except.contains(&name.as_str()));
        let planted: Vec<(String, String, Text)> = columns
            .map(|(name, kind)| {
                let word = self.word(format!("{class}.{name}"));
                (name, word, kind)
            })
            .collect();
        let fields = planted.iter().map(|(name, word, _)| (name.as_str(), word.as_str()));
        self.town
            .servicenow
            .update_as("admin", class, sys_id, &fields.collect::<Vec<_>>());
        let row = self.town.servicenow.row(class, sys_id).unwrap();
        for (name, word, kind) in &planted {
            match kind {
                Text::Plain => assert_eq!(row[name], *word, "{class}.{name} took another value"),
                Text::Choice if row[name] != *word => drop(self.planted.remove(word)),
                Text::Choice => {}
                Text::Journal => {
                    let entries = self.town.servicenow.journal(sys_id, name);
                    assert!(entries.iter().any(|entry| entry.value == *word), "{class}.{name}");
                }
            }
        }
    }

    fn insert(&mut self, class: &str, fields: &[(&str, &str)]) -> String {
        let sys_id = self.town.servicenow.insert(class, fields);
        let given = fields
            .iter()
            .map(|(name, _)| *name)
            .chain(["number"])
            .collect::<Vec<_>>();
        self.plant(&sys_id, class, &given);
        sys_id
    }

    /// A file that nobody shares.
    fn file(&mut self, sys_id: &str) -> String {
        let name = format!("{}.txt", self.word("the name of a file".to_owned()));
        let bytes = self.word("a file".to_owned());
        self.town.servicenow.agent_file(sys_id, &name, "text/plain", bytes);
        name
    }

    /// The documents of the issue and of the thread, as the partner opens them.
    fn documents(&self) -> Vec<String> {
        let community = &self.town.community;
        let places = [
            community.partner_sees_issue(NORTHWIND, ISSUE),
            community.partner_sees_thread(NORTHWIND, THREAD),
        ];
        let seen = places.into_iter().flatten();
        let documents = seen.flat_map(|seen| {
            let lists = [&seen["documents"], &seen["escalation"]["documents"]];
            let lists = lists.map(|list| list.as_array().cloned().unwrap_or_default());
            lists.concat()
        });
        let bytes = documents.map(|document| {
            let id = document["documentId"].as_str().unwrap();
            self.town.community.document_bytes(NORTHWIND, id).unwrap()
        });
        bytes.map(|bytes| String::from_utf8(bytes.to_vec()).unwrap()).collect()
    }

    /// Looks for every word wherever a partner, or whoever runs the community, could see it.
    fn check(&self) {
        let community = &self.town.community;
        let mut places = BTreeMap::from([
            ("the feed".to_owned(), format!("{:?}", community.events())),
            (
                "requests to the community".to_owned(),
                format!("{:?}", community.calls()),
            ),
            ("the documents".to_owned(), self.documents().join("\n")),
        ]);
        for company in COMPANIES {
            let seen = community.partner_sees(company).to_string();
            places.insert(format!("what {company} sees"), seen);
        }
        for (place, text) in &places {
            let leaked = self.planted.iter().filter(|(word, _)| text.contains(*word));
            let leaked = leaked.map(|(_, place)| place).collect::<BTreeSet<_>>();
            assert!(leaked.is_empty(), "{place} has what stands in {leaked:?}");
            assert!(!text.contains(AGENT), "{place} has the login of the agent");
        }
        for call in community.calls() {
            let is_readable = call.request_bytes == 0
                || call.request_json.is_some()
                || call.path.contains("oauth2")
                // Looked into above.
                || call.path.ends_with("/documents");
            assert!(
                is_readable,
                "nobody can look into the body of {} {}",
                call.method, call.path
            );
        }
    }
}

/// How a column takes a text.
enum Text {
    Plain,
    Choice,
    Journal,
}

/// The columns of a class that hold text, by the dictionary; not those that the system itself writes.
fn texts(town: &Town, class: &str) -> BTreeMap<String, Text> {
    let servicenow = &town.servicenow;
    let tables = servicenow.rows("sys_db_object");
    let mut lineage = Vec::new();
    let mut next = tables.iter().find(|table| table["name"] == class);
    while let Some(table) = next {
        lineage.push(table["name"].clone());
        next = tables.iter().find(|parent| parent["sys_id"] == table["super_class"]);
    }
    assert!(!lineage.is_empty(), "there is no table {class}");
    let choices = servicenow.rows("sys_choice");
    let is_choice = |name: &str| {
        let mut choices = choices.iter();
        choices.any(|choice| lineage.contains(&choice["name"]) && choice["element"] == name)
    };
    let mut texts = BTreeMap::new();
    for entry in servicenow.rows("sys_dictionary") {
        let name = entry["element"].clone();
        if !lineage.contains(&entry["name"]) || name.is_empty() || name.starts_with("sys_") {
            continue;
        }
        let text = match entry["internal_type"].as_str() {
            "string" if is_choice(&name) => Text::Choice,
            "string" | "html" | "url" => Text::Plain,
            "journal_input" => Text::Journal,
            _ => continue,
        };
        texts.insert(name, text);
    }
    texts
}

/// The sys_id of a user.
fn user(town: &Town, login: &str) -> String {
    let users = town.servicenow.rows("sys_user");
    users.into_iter().find(|user| user["user_name"] == login).unwrap()["sys_id"].clone()
}

/// Makes what belongs to a task of a thread, full of words.
fn surround_task(garden: &mut Garden<'_>, sys_id: &str) {
    let town = garden.town;
    let row = town.servicenow.row(TASKS, sys_id).unwrap();
    garden.file(sys_id);
    let (assignee, manager) = (user(town, "priya.raman"), user(town, "yuki.tanaka"));
    garden.plant(&assignee, "sys_user", &[]);
    garden.plant(&user(town, AGENT), "sys_user", &["user_name"]);
    let approval = [("sysapproval", sys_id), ("document_id", sys_id), ("approver", &manager)];
    garden.insert("sysapproval_approver", &approval);
    garden.plant(&row["assignment_group"], "sys_user_group", &["name"]);
    let company = town.servicenow.row("core_company", &row["company"]).unwrap();
    let but = ["name", "u_trading_grid_id"];
    garden.plant(&company["sys_id"], &company["sys_class_name"], &but);
    let fields = [("assigned_to", assignee.as_str()), ("work_notes_list", &manager)];
    town.servicenow.update(TASKS, sys_id, &fields);
}

/// Makes everything that belongs to a record, full of words.
fn surround(garden: &mut Garden<'_>, sys_id: &str, class: &str) {
    let town = garden.town;
    let row = town.servicenow.row(class, sys_id).unwrap();
    let (task, parent) = match class {
        "incident" => ("incident_task", "incident"),
        _ => ("sn_customerservice_task", "case"),
    };
    let task_id = garden.insert(task, &[("parent", sys_id), (parent, sys_id)]);
    garden.file(&task_id);
    garden.file(sys_id);
    let (assignee, manager) = (user(town, "tom.becker"), user(town, "csm.manager"));
    garden.plant(&assignee, "sys_user", &[]);
    garden.plant(&user(town, AGENT), "sys_user", &["user_name"]);
    let approval = [("sysapproval", sys_id), ("document_id", sys_id), ("approver", &manager)];
    garden.insert("sysapproval_approver", &approval);
    let finance = town.servicenow.rows("sys_user_group");
    let finance = finance
        .into_iter()
        .find(|group| group["name"] == "B2B Finance")
        .unwrap();
    garden.plant(&finance["sys_id"], "sys_user_group", &["name"]);
    let partner = if class == "incident" {
        ("company", "core_company")
    } else {
        ("account", "customer_account")
    };
    let account = town.servicenow.row(partner.1, &row[partner.0]).unwrap();
    garden.plant(
        &account["sys_id"],
        &account["sys_class_name"],
        &["name", "u_trading_grid_id"],
    );
    if class != "incident" {
        let escalation = town.servicenow.escalate(sys_id, &[]);
        garden.plant(
            &escalation,
            "sn_customerservice_escalation",
            &["number", "source_record"],
        );
    }
    let fields = [("assigned_to", assignee.as_str()), ("work_notes_list", &manager)];
    town.servicenow.update(class, sys_id, &fields);
}

/// The first record of an issue: an incident, or a case of this category.
async fn opened(town: &Arc<Town>, play: &Play, seed: u64, category: &str, summary: &str) -> String {
    play.open_the_doors();
    play.tell();
    let category = if seed.is_multiple_of(2) {
        "connectivity"
    } else {
        category
    };
    let issue = IssueSeed::new(NORTHWIND, ISSUE, category, summary);
    play.deliver(&event("opened", town.community.open_issue(issue))).await;
    play.quiet().await;
    case(town)
}

async fn drive(town: &Arc<Town>, play: &Play, seed: u64) {
    let mut garden = Garden::new(town, seed);
    let sys_id = opened(town, play, seed, "invoice_mismatch", "Something is wrong").await;
    let class = town.servicenow.row("task", &sys_id).unwrap()["sys_class_name"].clone();
    surround(&mut garden, &sys_id, &class);
    let group = garden.insert("sys_user_group", &[]);
    let finance = town.servicenow.rows("sys_user_group");
    let finance = finance
        .into_iter()
        .find(|group| group["name"] == "B2B Finance")
        .unwrap();
    let (mut said, mut shared, mut labels) = (0, 0, BTreeSet::new());
    for step in 0..STEPS {
        // Notes on a resolution are public once it is resolved, and only then.
        let close_notes = garden.word(format!("{class}.close_notes"));
        let resolution = format!("Resolution {step}");
        let file = format!("answer-{step}.txt");
        let comment = format!("Answer {step}\nshare: {file}");
        let unshared = garden.file(&sys_id);
        // Shared for colleagues only, which is not shared.
        let note = format!("{}\nshare: {unshared}", garden.word(format!("{class}.work_notes")));
        let open = if class == "incident" { "2" } else { "10" };
        let waiting = if class == "incident" { "3" } else { "18" };
        let group = garden.rng.choice([&group, &finance["sys_id"]]).unwrap();
        let mut fields = match garden.rng.u8(0..5) {
            0 => vec![
                ("state", open),
                ("close_notes", &close_notes),
                ("approval", "not requested"),
            ],
            1 => vec![("state", waiting), ("hold_reason", "1"), ("close_notes", &close_notes)],
            2 => vec![
                ("state", open),
                ("approval", "requested"),
                ("close_notes", &close_notes),
            ],
            3 => vec![("state", "6"), ("close_notes", &resolution)],
            _ => vec![("work_notes", note.as_str())],
        };
        fields.extend([("assignment_group", group.as_str()), ("work_notes", &note)]);
        if garden.rng.bool() || step == 0 {
            fields.push(("comments", &comment));
            said += 1;
            if step % 2 == 0 {
                let text = format!("Page {step}");
                town.servicenow.agent_file(&sys_id, &file, "text/plain", text);
                shared += 1;
            }
        }
        let row = town.servicenow.row(&class, &sys_id).unwrap();
        fields.retain(|(name, _)| row.contains_key(*name) || matches!(*name, "comments" | "work_notes"));
        garden.plant(&sys_id, &class, &PUBLIC);
        town.servicenow.update(&class, &sys_id, &fields);
        if garden.rng.bool() {
            play.quiet().await;
        }
        garden.check();
        let seen = town.community.issue(NORTHWIND, ISSUE).unwrap();
        labels.insert(seen["statusReport"]["label"].to_string());
    }
    play.quiet().await;
    garden.check();
    let seen = town.community.partner_sees_issue(NORTHWIND, ISSUE).unwrap();
    let places = [&seen["comments"], &seen["escalation"]["messages"]];
    let shown: usize = places.iter().map(|place| place.as_array().map_or(0, Vec::len)).sum();
    // A file that is not there is said.
    assert_eq!(shown, said + (said - shared), "what is public does arrive: {seen}");
    assert_eq!(garden.documents().len(), shared, "what is shared does arrive: {seen}");
    assert!(labels.len() > 1, "the status never moved");
    assert!(garden.planted.len() > 10 * STEPS, "{} words", garden.planted.len());
}

/// The same for the task of a thread.
async fn drive_task(town: &Arc<Town>, play: &Play, seed: u64) {
    let mut garden = Garden::new(town, seed);
    play.open_the_doors();
    play.tell();
    for act in [starts, asks] {
        play.deliver(&act(&town.community)).await;
        play.quiet().await;
    }
    let sys_id = task(town);
    surround_task(&mut garden, &sys_id);
    let group = garden.insert("sys_user_group", &[]);
    let (mut said, mut shared, mut labels) = (0, 0, BTreeSet::new());
    for step in 0..STEPS {
        // How a task ended is public once it is over, and only then.
        let close_notes = garden.word("sc_task.close_notes".to_owned());
        let resolution = format!("Resolution {step}");
        let file = format!("answer-{step}.txt");
        let comment = format!("Answer {step}\nshare: {file}");
        let unshared = garden.file(&sys_id);
        let note = format!("{}\nshare: {unshared}", garden.word("sc_task.work_notes".to_owned()));
        let mut fields = match garden.rng.u8(0..4) {
            0 => vec![("state", "2"), ("close_notes", close_notes.as_str())],
            1 => vec![("state", "-5"), ("close_notes", &close_notes)],
            2 => vec![("state", "4"), ("close_notes", &resolution)],
            _ => vec![("assignment_group", group.as_str())],
        };
        fields.push(("work_notes", &note));
        if garden.rng.bool() || step == 0 {
            fields.push(("comments", &comment));
            said += 1;
            if step % 2 == 0 {
                town.servicenow
                    .agent_file(&sys_id, &file, "text/plain", format!("Page {step}"));
                shared += 1;
            }
        }
        garden.plant(&sys_id, TASKS, &PUBLIC);
        town.servicenow.update(TASKS, &sys_id, &fields);
        if garden.rng.bool() {
            play.quiet().await;
        }
        garden.check();
        let seen = town.community.partner_sees_thread(NORTHWIND, THREAD).unwrap();
        labels.insert(seen["outcomes"][0]["label"].to_string());
    }
    play.quiet().await;
    garden.check();
    let seen = town.community.partner_sees_thread(NORTHWIND, THREAD).unwrap();
    let messages = seen["messages"].as_array().unwrap().iter();
    let of_the_desk = messages.filter(|message| message["author"]["name"] == "Partner Support");
    // A file that is not there is said.
    assert_eq!(
        of_the_desk.count(),
        said + (said - shared),
        "what is public does arrive: {seen}"
    );
    assert_eq!(garden.documents().len(), shared, "what is shared does arrive: {seen}");
    assert!(labels.len() > 1, "the outcome never moved");
    assert!(garden.planted.len() > 10 * STEPS, "{} words", garden.planted.len());
}

/// Makes everything that belongs to an article, full of words.
fn surround_article(garden: &mut Garden<'_>, sys_id: &str) {
    let town = garden.town;
    let row = town.servicenow.row(ARTICLES, sys_id).unwrap();
    garden.plant(&row["author"], "sys_user", &[]);
    garden.plant(
        &row["kb_knowledge_base"],
        "kb_knowledge_base",
        &["title", "workflow", "retire_workflow"],
    );
    garden.plant(&row["kb_category"], "kb_category", &["parent_id", "parent_table"]);
    // Feedback of colleagues, and who approved.
    garden.insert("kb_feedback", &[("article", sys_id), ("useful", "no")]);
    let approval = [
        ("document_id", sys_id),
        ("source_table", ARTICLES),
        ("state", "approved"),
    ];
    garden.insert("sysapproval_approver", &approval);
    // The case that it comes from, and an article of the internal base.
    let title = garden.word("an internal article".to_owned());
    let text = format!("<p>{}</p>", garden.word("the text of an internal article".to_owned()));
    let bases = town.servicenow.rows("kb_knowledge_base");
    let internal = bases
        .iter()
        .find(|base| base["title"] == "Internal Operations")
        .unwrap();
    let fields = [
        ("short_description", title.as_str()),
        ("text", &text),
        ("kb_knowledge_base", &internal["sys_id"]),
        ("workflow_state", "published"),
    ];
    town.servicenow.insert(ARTICLES, &fields);
    let case = garden.insert("sn_customerservice_case", &[("short_description", "A case")]);
    garden.file(&case);
    town.servicenow.update(ARTICLES, sys_id, &[("source", &case)]);
}

/// A text of which a part is for partners, and whatever else an author leaves in it.
fn text_of_article(garden: &mut Garden<'_>, public: &str) -> String {
    let mut hidden = |place: &str| garden.word(format!("a text, {place}"));
    format!(
        "<h2 class=\"{}\" onclick=\"x('{}')\">Step</h2><p style=\"display:none\">{}</p><!-- {} --><script>{}</script>\
         <p data-note=\"{}\" title=\"{}\">{public}</p><svg><text>{}</text></svg><template>{}</template>\
         <p hidden>{}</p><a href=\"https://servicenow.test/kb?x={}\">runbook</a><img src=\"https://cdn.example/{}.png\">",
        hidden("class"),
        hidden("handler"),
        hidden("hidden by style"),
        hidden("comment"),
        hidden("script"),
        hidden("data attribute"),
        hidden("title attribute"),
        hidden("drawing"),
        hidden("template"),
        hidden("hidden"),
        hidden("internal link"),
        hidden("address of a picture"),
    )
}

/// The same for an article: what is not its published text, title and keywords stays inside.
async fn drive_article(town: &Arc<Town>, play: &Play, seed: u64) {
    let mut garden = Garden::new(town, seed);
    play.open_the_doors();
    play.tell();
    let title = "DESADV in place of the 856";
    let sys_id = newest(town, title)["sys_id"].clone();
    surround_article(&mut garden, &sys_id);
    let (mut seen_last, mut times_seen) = (None, 0);
    for step in 0..STEPS {
        let public = format!("Page {step} for partners.");
        let text = text_of_article(&mut garden, &public);
        let state = *garden
            .rng
            .choice(&["published", "draft", "review", "retired", "published"])
            .unwrap();
        if state == "published" {
            town.servicenow
                .update(ARTICLES, &sys_id, &[("text", &text), ("workflow_state", state)]);
            seen_last = Some(public);
            times_seen += 1;
        } else {
            // What is written now is not for partners yet.
            let draft = format!("<p>{}</p>{text}", garden.word("the text of a draft".to_owned()));
            let title = garden.word("the title of a draft".to_owned());
            let fields = [
                ("workflow_state", state),
                ("text", draft.as_str()),
                ("short_description", &title),
            ];
            town.servicenow.update(ARTICLES, &sys_id, &fields);
            seen_last = None;
        }
        if state != "published" {
            play.quiet().await;
            garden.check();
            town.servicenow
                .update(ARTICLES, &sys_id, &[("short_description", title)]);
        }
        if garden.rng.bool() {
            play.quiet().await;
        }
        garden.check();
    }
    play.quiet().await;
    garden.check();
    let shown = seen(town, NORTHWIND, title).map(|article| article["html"].to_string());
    assert_eq!(shown.is_some(), seen_last.is_some(), "{shown:?}");
    if let (Some(shown), Some(public)) = (&shown, &seen_last) {
        assert!(shown.contains(public), "what is public does arrive: {shown}");
    }
    assert!(times_seen > 0, "it was never published");
    assert!(garden.planted.len() > 10 * STEPS, "{} words", garden.planted.len());
}

/// Runs a test with every seed, or with the one that is asked for.
fn with_seeds(test: impl AsyncFn(&Arc<Town>, &Play, u64)) {
    let one = setting("GRIDLINK_SEED").map(|seed| seed.parse::<u64>().unwrap());
    let seeds = one.map_or(1..=SEEDS, |seed| seed..=seed);
    for seed in seeds {
        println!("GRIDLINK_SEED={seed}");
        in_town(default_mapping(), async |town, play| {
            let _listening = town.witness.listen();
            town.witness.plant_secrets(town);
            test(town, play, seed).await;
            assert_eq!(town.witness.leaks(town), Vec::<String>::new());
        });
    }
}

#[test]
fn nothing_internal_is_ever_seen_on_the_partners_side() {
    with_seeds(drive);
}

#[test]
fn nothing_internal_of_a_task_is_ever_seen_in_its_thread() {
    with_seeds(drive_task);
}

#[test]
fn nothing_internal_of_an_article_is_ever_seen_by_its_partners() {
    with_seeds(drive_article);
}

#[test]
fn nothing_internal_of_a_solved_record_is_in_its_draft_or_in_what_is_published_of_it() {
    with_seeds(drafts::drive);
}

#[test]
fn a_word_in_a_public_place_is_found() {
    in_town(default_mapping(), async |town, play| {
        play.open_the_doors();
        play.tell();
        let issue = IssueSeed::new(NORTHWIND, ISSUE, "asn_failed", "Something is wrong");
        play.deliver(&event("opened", town.community.open_issue(issue))).await;
        play.quiet().await;
        let mut garden = Garden::new(town, 1);
        let word = garden.word("a comment".to_owned());
        town.servicenow.agent_comment(&case(town), &word);
        play.quiet().await;
        let found = std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| garden.check()));
        assert!(
            found.is_err(),
            "the search finds nothing at all: {}",
            json!(garden.planted)
        );
    });
}
