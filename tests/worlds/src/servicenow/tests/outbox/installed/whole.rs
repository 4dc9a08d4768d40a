//! What nobody runs: lists, menus, indexes, conditions, rights and catalog items. All that the package names is there
//! after its installation, and each item can be ordered and means what Gridlink's mapping says.

use std::collections::{BTreeMap, BTreeSet};
use std::io::{Cursor, Read};

use http::StatusCode;
use serde_json::{Value, json};
use shared::mapping::Mapping;
use time::OffsetDateTime;
use zip::ZipArchive;

use super::{complains, package, with_the_app};
use crate::servicenow::ServiceNow;
use crate::servicenow::behalf::Act;
use crate::servicenow::dictionary::Kind;
use crate::servicenow::engine::{Row, State};
use crate::servicenow::locale::Asker;
use crate::servicenow::query::Query;
use crate::servicenow::tests::{ask, body_json, get, sys_id};

/// Of the application, as its package says.
const SCOPE: &str = "9d1f0c5e7ab84c62b0e4d3a1f6c28b57";
const MAPPING: &str = include_str!("../../../../../../../infra/mapping.yaml");
/// The kinds of records that only group others, or that the world has nothing to compare with.
const TABLES_READ: [&str; 12] = [
    "sys_ui_list",
    "sys_ui_list_element",
    "sys_ui_related_list",
    "sys_ui_related_list_entry",
    "sys_app_module",
    "sys_ui_action",
    "sys_ui_action_role",
    "sys_script",
    "sys_security_acl",
    "sys_security_acl_role",
    "item_option_new",
    "question_choice",
];

/// Collects what is named and not there.
struct Check<'a> {
    state: &'a State,
    faults: Vec<String>,
}

impl Check<'_> {
    fn unless(&mut self, is_there: bool, fault: impl FnOnce() -> String) {
        if !is_there {
            self.faults.push(fault());
        }
    }

    fn table(&mut self, name: &str, by: &str) {
        let is_there = self.state.dictionary.table(name).is_some();
        self.unless(is_there, || format!("{by}: there is no table {name}"));
    }

    fn column(&mut self, table: &str, path: &str, by: &str) {
        let is_there = self.state.dictionary.walk(table, path).is_some();
        self.unless(is_there, || format!("{by}: {table} has no column {path}"));
    }

    fn condition(&mut self, table: &str, condition: &str, by: &str) {
        let asker = Asker::of(self.state, Act::platform(OffsetDateTime::UNIX_EPOCH, "admin"));
        let invalid = Query::parse_condition(self.state, table, condition, &asker).invalid;
        self.unless(invalid.is_empty(), || {
            format!("{by}: {invalid:?} means nothing on {table}")
        });
    }

    fn row(&mut self, table: &str, id: &str, by: &str) {
        let is_there = self.state.find(table, id).is_some();
        self.unless(is_there, || format!("{by}: there is no row {id} of {table}"));
    }

    /// The rows that came with the package.
    fn of_package(&self, table: &str) -> Vec<Row> {
        let rows = self.state.rows(table).into_iter();
        // The elements of a list have no scope of their own.
        let rows = rows.filter(|row| row.class == table && ["", SCOPE].contains(&row.get("sys_scope")));
        let seeded = |row: &&Row| row.get("sys_scope") == SCOPE || table == "sys_ui_list_element";
        rows.filter(seeded).cloned().collect()
    }

    fn lists(&mut self) {
        for list in self.of_package("sys_ui_list") {
            self.table(list.get("name"), "a list");
        }
        for element in self.of_package("sys_ui_list_element") {
            let list = self.state.find("sys_ui_list", element.get("list_id"));
            match list.map(|list| list.get("name").to_owned()) {
                Some(table) => self.column(&table, element.get("element"), "a list"),
                None => self.row("sys_ui_list", element.get("list_id"), "a column of a list"),
            }
        }
        for lists in self.of_package("sys_ui_related_list") {
            self.table(lists.get("name"), "related lists");
        }
        for entry in self.of_package("sys_ui_related_list_entry") {
            let by = format!("the related list {}", entry.get("related_list"));
            let form = self.state.find("sys_ui_related_list", entry.get("list_id"));
            let form = form.map_or_else(String::new, |form| form.get("name").to_owned());
            self.table(&form, &by);
            let (table, column) = entry.get("related_list").split_once('.').unwrap_or_default();
            self.column(table, column, &by);
            let kind = self.state.dictionary.column(table, column).map(|column| &column.kind);
            let leads = matches!(kind, Some(Kind::Reference(to)) if self.state.dictionary.is_a(&form, to));
            self.unless(leads, || format!("{by}: it leads to no {form}"));
        }
        for module in self.of_package("sys_app_module") {
            let by = format!("the module {}", module.get("title"));
            self.table(module.get("name"), &by);
            self.condition(module.get("name"), module.get("filter"), &by);
            self.row("sys_app_application", module.get("application"), &by);
        }
    }

    fn rules_and_actions(&mut self) {
        for rule in self.of_package("sys_script") {
            let by = format!("the business rule {}", rule.get("name"));
            self.table(rule.get("collection"), &by);
            self.condition(rule.get("collection"), rule.get("filter_condition"), &by);
        }
        for action in self.of_package("sys_ui_action") {
            let by = format!("the action {}", action.get("name"));
            self.table(action.get("table"), &by);
            for part in action.get("condition").split("current.").skip(1) {
                let end = part.find(|c: char| !c.is_ascii_alphanumeric() && c != '_');
                let (member, rest) = part.split_at(end.unwrap_or(part.len()));
                if !rest.starts_with('(') {
                    self.column(action.get("table"), member, &by);
                }
            }
        }
        for role in self.of_package("sys_ui_action_role") {
            self.row("sys_ui_action", role.get("sys_ui_action"), "the role of an action");
            self.row("sys_user_role", role.get("sys_user_role"), "the role of an action");
        }
    }

    fn rights(&mut self) {
        let mut guarded = BTreeSet::new();
        for rule in self.of_package("sys_security_acl") {
            let by = format!("the access rule {}", rule.get("name"));
            if rule.get("type") != "record" {
                continue;
            }
            let (table, column) = rule.get("name").split_once('.').unwrap_or((rule.get("name"), ""));
            self.table(table, &by);
            if !column.is_empty() {
                self.column(table, column, &by);
            }
            guarded.insert(rule.get("sys_id").to_owned());
        }
        for role in self.of_package("sys_security_acl_role") {
            self.row(
                "sys_security_acl",
                role.get("sys_security_acl"),
                "the role of an access rule",
            );
            self.row("sys_user_role", role.get("sys_user_role"), "the role of an access rule");
            guarded.remove(role.get("sys_security_acl"));
        }
        self.unless(guarded.is_empty(), || {
            format!("access rules without a role: {guarded:?}")
        });
        for event in self.of_package("sysevent_register") {
            self.table(event.get("table"), &format!("the event {}", event.get("event_name")));
        }
        for column in self.of_package("sys_dictionary") {
            if !column.get("reference").is_empty() {
                self.table(
                    column.get("reference"),
                    &format!("the column {}", column.get("element")),
                );
            }
        }
    }

    fn questions(&mut self) {
        for question in self.of_package("item_option_new") {
            let by = format!("the variable {}", question.get("name"));
            match (question.get("cat_item"), question.get("variable_set")) {
                (item, "") => self.row("sc_cat_item", item, &by),
                (_, set) => self.row("item_option_new_set", set, &by),
            }
            if !question.get("reference").is_empty() {
                self.table(question.get("reference"), &by);
            }
            let kind = self.state.dictionary.column("item_option_new", "type");
            let is_known = kind.is_some_and(|kind| kind.label_of(question.get("type")).is_some());
            self.unless(is_known, || {
                format!("{by}: nobody knows its type {}", question.get("type"))
            });
        }
        for choice in self.of_package("question_choice") {
            self.row(
                "item_option_new",
                choice.get("question"),
                &format!("the choice {}", choice.get("text")),
            );
        }
    }

    /// The world has no indexes: they are read from the package itself.
    fn indexes(&mut self, package: &[u8]) -> usize {
        let mut archive = ZipArchive::new(Cursor::new(package)).unwrap();
        let names: Vec<String> = archive.file_names().map(str::to_owned).collect();
        let mut found = 0;
        for name in names
            .iter()
            .filter(|name| name.contains("dictionary/") && name.ends_with(".xml"))
        {
            let mut text = String::new();
            archive.by_name(name).unwrap().read_to_string(&mut text).unwrap();
            let document = roxmltree::Document::parse(&text).unwrap();
            for index in document.descendants().filter(|node| node.has_tag_name("index")) {
                let table = index
                    .parent()
                    .and_then(|table| table.attribute("name"))
                    .unwrap_or_default();
                for part in index.children().filter(roxmltree::Node::is_element) {
                    self.column(table, part.attribute("name").unwrap_or_default(), "an index");
                    found += 1;
                }
            }
        }
        found
    }
}

/// What the package names and the instance does not have.
fn faults(instance: &ServiceNow) -> Vec<String> {
    let state = instance.state();
    let mut check = Check {
        state: &state,
        faults: Vec::new(),
    };
    check.lists();
    check.rules_and_actions();
    check.rights();
    check.questions();
    check.faults
}

#[tokio::test(start_paused = true)]
#[ignore = "needs the package: make app"]
async fn all_that_the_package_names_is_there() {
    let instance = with_the_app();
    assert_eq!(faults(&instance), [""; 0]);
    assert_eq!(complains(&instance), [""; 0]);
    let state = instance.state();
    let mut check = Check {
        state: &state,
        faults: Vec::new(),
    };
    assert_eq!(check.indexes(&package()), 6);
    assert_eq!(check.faults, [""; 0]);
    for table in TABLES_READ {
        assert!(
            !check.of_package(table).is_empty(),
            "the package has no {table} any more"
        );
    }
}

#[tokio::test(start_paused = true)]
#[ignore = "needs the package: make app"]
async fn whatever_is_misspelled_is_found() {
    for (table, field, wrong, said) in [
        (
            "sys_ui_list",
            "name",
            "x_gridlink_outbux",
            "a list: there is no table x_gridlink_outbux",
        ),
        ("sys_ui_list_element", "element", "sate", "has no column sate"),
        (
            "sys_ui_related_list",
            "name",
            "incidents",
            "there is no table incidents",
        ),
        (
            "sys_ui_related_list_entry",
            "related_list",
            "x_gridlink_link.issue",
            "it leads to no",
        ),
        (
            "sys_app_module",
            "name",
            "x_gridlink_box",
            "there is no table x_gridlink_box",
        ),
        ("sys_app_module", "filter", "stat=new", "means nothing on x_gridlink_"),
        ("sys_ui_action", "table", "tasks", "there is no table tasks"),
        (
            "sys_ui_action",
            "condition",
            "current.stat == 'dead'",
            "has no column stat",
        ),
        (
            "sys_ui_action_role",
            "sys_user_role",
            "nobody",
            "there is no row nobody of sys_user_role",
        ),
        ("sys_script", "collection", "incidents", "there is no table incidents"),
        ("sys_script", "filter_condition", "statVALCHANGES", "means nothing on"),
        (
            "sys_security_acl",
            "name",
            "x_gridlink_lnk",
            "there is no table x_gridlink_lnk",
        ),
        (
            "sys_security_acl_role",
            "sys_user_role",
            "nobody",
            "there is no row nobody of sys_user_role",
        ),
        (
            "sysevent_register",
            "table",
            "x_gridlink_box",
            "there is no table x_gridlink_box",
        ),
        (
            "item_option_new",
            "cat_item",
            "nothing",
            "there is no row nothing of sc_cat_item",
        ),
        (
            "item_option_new",
            "variable_set",
            "nothing",
            "there is no row nothing of item_option_new_set",
        ),
        (
            "question_choice",
            "question",
            "nothing",
            "there is no row nothing of item_option_new",
        ),
    ] {
        let instance = with_the_app();
        let of_package = |row: &&BTreeMap<String, String>| {
            let is_record = row.get("type").is_none_or(|kind| kind != "REST_Endpoint");
            is_record
                && row
                    .get("sys_scope")
                    .is_none_or(|scope| [SCOPE, ""].contains(&scope.as_str()))
        };
        let rows = instance.rows(table);
        let row = rows.iter().rfind(of_package).unwrap();
        instance.update_as("admin", table, &row["sys_id"], &[(field, wrong)]);
        let found = faults(&instance);
        assert!(
            found.iter().any(|fault| fault.contains(said)),
            "{table}.{field}: {found:?}"
        );
    }
}

/// The items of the application, by name; each with the seeded item of that name, which every scenario orders.
fn items(instance: &ServiceNow) -> BTreeMap<String, (String, String)> {
    let rows = instance.rows("sc_cat_item");
    let (ours, others): (Vec<_>, Vec<_>) = rows
        .into_iter()
        .partition(|row| row.get("sys_scope").is_some_and(|scope| scope == SCOPE));
    let of_name = |name: &str| others.iter().find(|row| row["name"] == name).unwrap()["sys_id"].clone();
    let ours = ours
        .into_iter()
        .map(|row| (row["name"].clone(), (row["sys_id"].clone(), of_name(&row["name"]))));
    ours.collect()
}

/// The questions of an item as the catalog shows them, by name, without their own ids.
async fn questions(instance: &ServiceNow, item: &str) -> BTreeMap<String, Value> {
    let shown = get(instance, &format!("/api/sn_sc/servicecatalog/items/{item}/variables")).await;
    let questions = shown.as_array().unwrap().iter().cloned().map(|mut question| {
        question.as_object_mut().unwrap().remove("id");
        (question["name"].as_str().unwrap().to_owned(), question)
    });
    questions.collect()
}

fn choices(question: &Value) -> BTreeSet<&str> {
    let choices = question["choices"].as_array().unwrap();
    choices.iter().map(|choice| choice["value"].as_str().unwrap()).collect()
}

#[tokio::test(start_paused = true)]
#[ignore = "needs the package: make app"]
async fn every_catalog_item_asks_what_gridlink_s_mapping_expects() {
    let instance = with_the_app();
    let mapping = Mapping::parse(MAPPING).unwrap().onboarding.unwrap();
    let items = items(&instance);
    let kinds: BTreeSet<_> = items
        .keys()
        .map(|name| format!("{:?}", mapping.kind(name).unwrap()))
        .collect();
    assert_eq!(kinds.len(), 5, "{kinds:?}");
    for (name, (ours, ordered)) in &items {
        let asked = questions(&instance, ours).await;
        assert_eq!(asked, questions(&instance, ordered).await, "{name}");
        if let Some(question) = asked.get("environment") {
            assert_eq!(choices(question), mapping.environments().collect(), "{name}");
        }
        if let Some(question) = asked.get("role_bundle") {
            for environment in mapping.environments() {
                let bundles = mapping.environment(environment).unwrap().bundles();
                assert_eq!(choices(question), bundles.collect(), "{name} in {environment}");
            }
        }
    }
}

#[tokio::test(start_paused = true)]
#[ignore = "needs the package: make app"]
async fn every_catalog_item_can_be_ordered_with_what_it_must_know() {
    let instance = with_the_app();
    let catalog = sys_id(&instance, "sc_catalog", "title", "Trading Partner Services");
    for (name, (item, _)) in items(&instance) {
        // What is left to the administrator.
        instance.update_as("admin", "sc_cat_item", &item, &[("sc_catalogs", &catalog)]);
        let asked = questions(&instance, &item).await;
        let answers: BTreeMap<String, String> = asked
            .iter()
            .filter(|(_, question)| question["mandatory"] == true)
            .map(|(name, question)| {
                let choice = question["choices"][0]["value"].as_str();
                (name.clone(), choice.unwrap_or("an answer").to_owned())
            })
            .collect();
        let path = format!("/api/sn_sc/servicecatalog/items/{item}/order_now");
        for missing in answers.keys() {
            let mut fewer = answers.clone();
            fewer.remove(missing);
            let body = json!({ "sysparm_quantity": 1, "variables": fewer });
            let refused = ask(&instance, "POST", &path, Some(body)).await;
            assert_ne!(refused.status(), StatusCode::OK, "{name} without {missing}");
        }
        let body = json!({ "sysparm_quantity": 1, "variables": answers });
        let response = ask(&instance, "POST", &path, Some(body)).await;
        assert_eq!(response.status(), StatusCode::OK, "{name}: {:?}", response.body());
        let request = body_json(&response)["result"]["request_id"]
            .as_str()
            .unwrap()
            .to_owned();
        let fields: Vec<String> = asked.keys().map(|name| format!("variables.{name}")).collect();
        let query = format!(
            "sysparm_query=request={request}&sysparm_fields=cat_item.name,{}",
            fields.join(",")
        );
        let requested = get(&instance, &format!("/api/now/table/sc_req_item?{query}")).await;
        let mut wanted = json!([{ "cat_item.name": name }]);
        for (name, question) in &asked {
            let default = question["value"].as_str().unwrap().to_owned();
            wanted[0][format!("variables.{name}")] = json!(answers.get(name).unwrap_or(&default));
        }
        assert_eq!(requested, wanted, "{name}");
    }
    assert_eq!(complains(&instance), [""; 0]);
}
