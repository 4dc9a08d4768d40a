//! What must always hold, and what must hold in the end.

use std::collections::BTreeMap;

use serde_json::Value;
use shared::domain::UseCase;

use crate::scenarios::{self, Expected, GuideView, Scenario, ThreadView};
use crate::town::{TABLE, Town};

fn heads(town: &Town) -> Vec<Value> {
    let items = town.cloud.items(TABLE);
    items
        .iter()
        .filter(|item| item["sk"].as_str().is_some_and(|sk| sk.starts_with("HEAD#")))
        .cloned()
        .collect()
}

fn number(item: &Value, name: &str) -> i64 {
    item[name].as_i64().unwrap_or(0)
}

/// The liveness invariant, after every write: what is accepted and neither finished, parked nor
/// paused is due at some time.
pub(crate) fn check_liveness(town: &Town) {
    for head in heads(town) {
        let is_behind = number(&head, "accepted") > number(&head, "finished");
        let is_stopped = head.get("parked").is_some() || head.get("paused").is_some();
        if is_behind && !is_stopped && head.get("next_attempt_at").is_none() {
            town.violated(format!("nothing makes the stream {} due: {head}", head["pk"]));
        }
    }
}

/// Whether every stream is finished or stopped, or waits for its time.
pub(crate) fn is_settled(town: &Town) -> bool {
    heads(town).iter().all(|head| {
        number(head, "accepted") == number(head, "finished")
            || head.get("parked").is_some()
            || head.get("paused").is_some()
            || is_ahead_of_time(town, head)
    })
}

/// Whether a stream of what is to be done at a certain time has nothing to do yet. It counts as settled also
/// before a worker has seen that; that it is due some time is the liveness invariant.
fn is_ahead_of_time(town: &Town, head: &Value) -> bool {
    let Some(lane @ ("reminders" | "notices")) = head["sk"].as_str().and_then(|sk| sk.strip_prefix("HEAD#")) else {
        return false;
    };
    let first = format!("IN#{lane}#{:08}", number(head, "finished") + 1);
    town.cloud.items(TABLE).iter().any(|item| {
        let event = || serde_json::from_str::<Value>(item["event"].as_str().unwrap_or_default()).unwrap();
        item["pk"] == head["pk"]
            && item["sk"] == first
            && event()["data"]["dueAt"]
                .as_i64()
                .is_some_and(|due| due > town.clock.now().millis())
    })
}

/// Whether a sweep would find something.
pub(crate) fn is_anything_due(town: &Town) -> bool {
    let now = town.clock.now().millis();
    heads(town)
        .iter()
        .filter(|head| head["due"].as_str().is_some_and(|due| due.starts_with("due#")))
        .any(|head| head["next_attempt_at"].as_i64().is_some_and(|at| at <= now))
}

/// 202 was answered: the event must be in the inbox.
pub(crate) fn check_accepted(town: &Town, event: &Value) {
    let id = &event["id"];
    let is_there = town
        .cloud
        .items(TABLE)
        .iter()
        .any(|item| item["sk"].as_str().is_some_and(|sk| sk.starts_with("IN#")) && item["event_id"] == *id);
    // What we wrote ourselves is nothing to keep.
    let is_echo = event["data"]["origin"]["writer"] == "gridlink";
    if is_there == is_echo {
        town.violated(format!("{id} was answered 202; in the inbox: {is_there}"));
    }
}

/// Everything that must hold when the town is quiet.
pub(crate) fn check(town: &Town, scenario: &Scenario) {
    check_table(town);
    let rows = town.servicenow.rows("task");
    let ours: Vec<_> = rows
        .iter()
        .filter(|row| {
            row.get("correlation_display")
                .is_some_and(|name| name == "Trading Grid")
        })
        .collect();
    let expected = match &scenario.or_only {
        Some(only) if ours.len() == 1 => std::slice::from_ref(only),
        _ => scenario.expected.as_slice(),
    };
    if ours.len() != expected.len() {
        town.violated(format!("{} records instead of {}", ours.len(), expected.len()));
    }
    for expected in expected {
        let matching: Vec<_> = ours
            .iter()
            .filter(|row| match expected.correlation.ends_with(['~', '/']) {
                true => row["correlation_id"].starts_with(expected.correlation),
                false => row["correlation_id"] == expected.correlation,
            })
            .collect();
        match matching.as_slice() {
            [row] => check_record(town, expected, row, &rows),
            found => town.violated(format!("{} records for {}", found.len(), expected.correlation)),
        }
    }
    for use_case in UseCase::ALL {
        let dead = town.cloud.dead_letters(&crate::town::queue(use_case)).len();
        if dead > 0 {
            town.violated(format!("{dead} dead letters of {}", use_case.as_str()));
        }
    }
    if scenario.is_told {
        check_partner(town, scenario);
    }
    if let Some(check) = scenario.also {
        check(town);
    }
}

/// The workspace of the issue as the partner sees it; nothing while it was never escalated.
pub(crate) fn workspace(town: &Town) -> Value {
    let seen = town
        .community
        .partner_sees_issue(scenarios::NORTHWIND, scenarios::ISSUE);
    seen.unwrap_or_default()["escalation"].clone()
}

/// The workspace is open as long as the escalation is under way, and as long as that the lanes of the issue
/// belong to the function that works on it.
pub(crate) fn check_owners(town: &Town, subject: &str, workspace: &Value) {
    let items = town.cloud.items(TABLE);
    let found = |sk: &str| items.iter().find(|item| item["pk"] == *subject && item["sk"] == *sk);
    let first = found("LINK#case#");
    let is_escalated = first.is_some_and(|first| first.get("escalated").is_some());
    if is_escalated != (workspace["state"] == "open") {
        town.violated(format!(
            "{subject}: escalated {is_escalated}, the workspace {}",
            workspace["state"]
        ));
    }
    for (sk, ordinary) in [("HEAD#in", "open-case"), ("HEAD#out", "relay-status")] {
        let owner = found(sk).map(|head| &head["owner"]);
        let wanted = if is_escalated { "bridge-escalation" } else { ordinary };
        if owner.is_some_and(|owner| owner != wanted) {
            town.violated(format!("{subject} {sk} belongs to {owner:?}"));
        }
    }
}

/// What the partner sees of the desk: each status in its order, and each comment once.
fn check_partner(town: &Town, scenario: &Scenario) {
    // What a partner hears of a request that people stop in the middle depends on when they do.
    if scenario.request.is_none() || !scenario.labels.is_empty() {
        check_labels(town, scenario);
    }
    if let Some(check) = scenario.request {
        check(town);
        return;
    }
    if let Some(wanted) = &scenario.thread {
        check_thread(town, wanted);
        return;
    }
    if let Some(wanted) = &scenario.guide {
        check_guide(town, wanted);
        return;
    }
    let Some(issue) = town.community.issue(scenarios::NORTHWIND, scenarios::ISSUE) else {
        town.violated("the community has no issue".to_owned());
        return;
    };
    let of_the_desk = |list: &str, text: &str| {
        let all = issue[list].as_array().into_iter().flatten();
        let ours = all.filter(|one| one["origin"]["writer"] == "gridlink");
        ours.map(|one| one[text].as_str().unwrap_or_default().to_owned())
            .collect()
    };
    let view = "the partner's view";
    check_list(town, view, "comments", &of_the_desk("comments", "text"), scenario.shown);
    check_list(
        town,
        view,
        "documents",
        &of_the_desk("documents", "name"),
        scenario.shared,
    );
    let workspace = workspace(town);
    let messages = workspace["messages"].as_array().into_iter().flatten();
    let of_the_desk = messages.filter(|message| message["author"]["name"] == "Partner Support");
    let said = |message: &Value| message["text"].as_str().unwrap_or_default().to_owned();
    let messages = of_the_desk.map(said).collect();
    check_list(town, "the workspace", "messages", &messages, scenario.workspace);
    let milestones = workspace["milestones"].as_array().into_iter().flatten();
    let milestones = milestones.filter(|milestone| milestone["owner"] == "desk");
    let mut milestones: Vec<_> = milestones
        .map(|milestone| {
            (
                milestone["title"].as_str().unwrap(),
                milestone["state"].as_str().unwrap(),
            )
        })
        .collect();
    milestones.sort_unstable();
    if scenario.milestones.is_some_and(|wanted| milestones != wanted) {
        town.violated(format!("milestones are {milestones:?}, not {:?}", scenario.milestones));
    }
    let subject = format!("issues/{}/{}", scenarios::NORTHWIND, scenarios::ISSUE);
    check_owners(town, &subject, &workspace);
    let now = issue["statusReport"]["label"].as_str();
    if now != scenario.labels.last().copied() {
        town.violated(format!("the partner sees {now:?}"));
    }
    let view = format!("{issue} {workspace}");
    if view.contains(scenarios::INTERNAL) {
        town.violated(format!("the partner sees something internal: {view}"));
    }
}

/// What the partner was told of the state of the work, each once and in order.
fn check_labels(town: &Town, scenario: &Scenario) {
    let mut lines: Vec<(i64, String)> = Vec::new();
    for (number, text) in story(town) {
        let told = text.lines().filter_map(|line| line.strip_prefix("told the partner: "));
        lines.extend(told.map(|label| (number, label.to_owned())));
    }
    lines.sort();
    let labels: Vec<String> = lines.into_iter().map(|(_, label)| label).collect();
    if labels != scenario.labels {
        town.violated(format!("the partner was told {labels:?}, not {:?}", scenario.labels));
    }
}

/// What the partner sees of a thread: each message and document of the desk once, and how requests ended.
fn check_thread(town: &Town, wanted: &ThreadView) {
    let Some(thread) = town
        .community
        .partner_sees_thread(scenarios::NORTHWIND, crate::create_task::THREAD)
    else {
        town.violated("the community has no thread".to_owned());
        return;
    };
    let list = |list: &str, part: &str, is_shown: fn(&Value) -> bool| {
        let all = thread[list]
            .as_array()
            .into_iter()
            .flatten()
            .filter(|one| is_shown(one));
        all.map(|one| one[part].as_str().unwrap_or_default().to_owned())
            .collect::<Vec<_>>()
    };
    let of_the_desk = |one: &Value| one["author"]["name"] == "Partner Support";
    let view = "the thread";
    check_list(
        town,
        view,
        "messages",
        &list("messages", "text", of_the_desk),
        wanted.messages,
    );
    let ours = |one: &Value| one["documentId"].as_str().is_some_and(|id| id.starts_with("upl-"));
    check_list(
        town,
        view,
        "documents",
        &list("documents", "name", ours),
        wanted.documents,
    );
    let all = |_: &Value| true;
    check_list(
        town,
        view,
        "requests",
        &list("documentRequests", "state", all),
        wanted.requests,
    );
    check_list(town, view, "outcomes", &list("outcomes", "state", all), wanted.outcomes);
    if thread.to_string().contains(scenarios::INTERNAL) {
        town.violated(format!("the partner sees something internal: {thread}"));
    }
}

/// What partners find of an article: those who may read it the newest version, the others nothing.
fn check_guide(town: &Town, wanted: &GuideView) {
    for company in wanted.readers.iter().chain(wanted.others) {
        let found = town.community.partner_sees_articles(company);
        if found
            .iter()
            .any(|article| article.to_string().contains(scenarios::INTERNAL))
        {
            town.violated(format!("{company} sees something internal: {found:?}"));
        }
        let found = found.iter().find(|article| article["title"] == wanted.title);
        let Some(article) = found.filter(|_| wanted.readers.contains(company)) else {
            if found.is_some() || wanted.readers.contains(company) {
                town.violated(format!("{company} finds {found:?} as {}", wanted.title));
            }
            continue;
        };
        let html = article["html"].as_str().unwrap_or_default();
        if let Some(part) = wanted.parts.iter().find(|part| !html.contains(**part)) {
            town.violated(format!("{part} is not in {html}"));
        }
        let files = article["files"].as_array().into_iter().flatten();
        let names = files
            .map(|file| file["name"].as_str().unwrap_or_default().to_owned())
            .collect();
        check_list(town, wanted.title, "files", &names, wanted.files);
    }
    let skipped = town.servicenow.published_without_approval();
    if !skipped.is_empty() {
        town.violated(format!("published past those who decide: {skipped:?}"));
    }
}

fn check_record(town: &Town, expected: &Expected, row: &BTreeMap<String, String>, rows: &[BTreeMap<String, String>]) {
    let what = format!("{} {}", expected.correlation, row["number"]);
    if row["sys_class_name"] != expected.table {
        town.violated(format!("{what} is a {}", row["sys_class_name"]));
    }
    for (field, part) in expected.fields {
        let value = row.get(*field).cloned().unwrap_or_default();
        let value = match *field {
            "assignment_group" => town
                .servicenow
                .row("sys_user_group", &value)
                .map(|group| group["name"].clone()),
            "parent_incident" => rows
                .iter()
                .find(|row| row["sys_id"] == value)
                .map(|row| row["short_description"].clone()),
            "parent" => rows
                .iter()
                .find(|row| row["sys_id"] == value)
                .map(|row| row["correlation_id"].clone()),
            _ => Some(value),
        };
        if !value.as_ref().is_some_and(|value| value.contains(part)) {
            town.violated(format!("{what}: {field} is {value:?}, not {part}"));
        }
    }
    let journal = |element| {
        let entries = town.servicenow.journal(&row["sys_id"], element);
        entries
            .into_iter()
            .filter(|entry| entry.created_by == "gridlink.integration")
            .map(|entry| entry.value)
            .collect()
    };
    check_list(town, &what, "comments", &journal("comments"), expected.comments);
    check_list(town, &what, "work notes", &journal("work_notes"), expected.notes);
    let mut attachments = town.servicenow.attachments(&row["sys_id"]);
    attachments.retain(|file| {
        let row = town.servicenow.row("sys_attachment", &file.sys_id);
        row.is_some_and(|row| row["sys_created_by"] == "gridlink.integration")
    });
    let names = attachments
        .iter()
        .map(|attachment| attachment.file_name.clone())
        .collect::<Vec<_>>();
    check_list(town, &what, "attachments", &names, expected.attachments);
    check_story(town, row, expected);
}

fn check_list(town: &Town, what: &str, kind: &str, found: &Vec<String>, expected: &[&str]) {
    let fits = found.len() == expected.len() && found.iter().zip(expected).all(|(found, part)| found.contains(part));
    if !fits {
        town.violated(format!("{what}: {kind} are {found:?}, not {expected:?}"));
    }
}

/// The timeline, each part with the number of the event that it tells of.
pub(crate) fn story(town: &Town) -> Vec<(i64, String)> {
    let items = town.cloud.items(TABLE);
    let parts = items.iter().filter_map(|item| {
        let is_part = item["sk"].as_str().is_some_and(|sk| sk.starts_with("STORY#"));
        is_part.then(|| (number(item, "n"), item["text"].as_str().unwrap_or_default().to_owned()))
    });
    parts.collect()
}

/// The timeline tells what happened, each thing once, and nothing else.
fn check_story(town: &Town, row: &BTreeMap<String, String>, expected: &Expected) {
    let story: Vec<String> = story(town).into_iter().map(|(_, text)| text).collect();
    let count = |part: &str| story.iter().filter(|line| line.contains(part)).count();
    if count(&format!("created {}", row["number"])) != 1 {
        town.violated(format!(
            "the story does not tell once that {} was created: {story:?}",
            row["number"]
        ));
    }
    if !expected.correlation.ends_with('~') && count("attached ") != expected.attachments.len() {
        town.violated(format!(
            "the story tells of other attachments than {:?}: {story:?}",
            expected.attachments
        ));
    }
}

/// Counters, links and ways back agree.
pub(crate) fn check_table(town: &Town) {
    let items = town.cloud.items(TABLE);
    for head in heads(town) {
        let (accepted, finished) = (number(&head, "accepted"), number(&head, "finished"));
        let counted: i64 = head
            .as_object()
            .map(|head| {
                head.iter()
                    .filter(|(name, _)| name.starts_with("count_"))
                    .filter_map(|(_, n)| n.as_i64())
                    .sum()
            })
            .unwrap_or(0);
        let is_ahead = is_ahead_of_time(town, &head);
        if (accepted != finished && !is_ahead) || counted != finished {
            town.violated(format!(
                "{}: accepted {accepted}, finished {finished}, counted {counted}",
                head["pk"]
            ));
        }
        if is_ahead {
            continue;
        }
        for left in ["next_attempt_at", "due", "lease_until", "parked", "starts"] {
            if head.get(left).is_some_and(|value| *value != 0) {
                town.violated(format!("{} is finished and has {left}: {head}", head["pk"]));
            }
        }
    }
    for link in items
        .iter()
        .filter(|item| item["sk"].as_str().is_some_and(|sk| sk.starts_with("LINK#")))
    {
        let (sys_id, table) = (link["sys_id"].as_str().unwrap(), link["record_table"].as_str().unwrap());
        let row = town.servicenow.row(table, sys_id);
        // The issue goes on without it.
        if link["state"] == "REFUSED" && row.is_none() {
            continue;
        }
        if link["state"] != "LINKED" || row.is_none_or(|row| link["number"] != row["number"]) {
            town.violated(format!("a link without its record: {link}"));
        }
        let back = items.iter().find(|item| item["pk"] == format!("BACK#{sys_id}"));
        if back.is_none_or(|back| back["subject"] != link["pk"]) {
            town.violated(format!("no way back from {sys_id}"));
        }
    }
}
