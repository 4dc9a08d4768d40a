//! Two catalogs: what trading partners need done to their access, and what an office orders.

use super::offers::{ITEMS, Item, Kind, OFFICE_CATALOG, PARTNER_CATALOG, Question, may, must};
use super::{Seed, id};
use crate::servicenow::engine::Act;
use crate::servicenow::{catalog, owned};
use time::Duration;

pub(super) fn plant(seed: &mut Seed) {
    catalogs(seed);
    for item in &ITEMS {
        plant_item(seed, item);
    }
    producer(seed);
    order(
        seed,
        21,
        "tom.becker",
        "Standard Laptop",
        &[("additional_software", "an EDI map editor")],
    );
    order(
        seed,
        4,
        "aisha.khan",
        "Shared Mailbox",
        &[
            ("mailbox_name", "dock@customer.example"),
            ("members", "the night shift"),
        ],
    );
}

fn catalogs(seed: &mut Seed) {
    for (title, description) in [
        (PARTNER_CATALOG, "Access of trading partners to the community"),
        (OFFICE_CATALOG, "Products and services of the IT department"),
    ] {
        let fields = [("title", title), ("description", description)];
        seed.add(400, "sc_catalog", title, &fields);
    }
    for (title, catalog, order) in [
        ("Partner onboarding", PARTNER_CATALOG, "100"),
        ("Partner access", PARTNER_CATALOG, "200"),
        ("Hardware", OFFICE_CATALOG, "100"),
        ("E-mail", OFFICE_CATALOG, "200"),
        ("Can We Help You?", OFFICE_CATALOG, "300"),
    ] {
        let catalog = id("sc_catalog", catalog);
        let fields = [("title", title), ("sc_catalog", catalog.as_str()), ("order", order)];
        seed.add(400, "sc_category", title, &fields);
    }
}

fn plant_item(seed: &mut Seed, item: &Item) {
    let group = |name: &str| match name {
        "" => String::new(),
        name => id("sys_user_group", name),
    };
    let fields = [
        ("name", item.name),
        ("short_description", item.short_description),
        ("sc_catalogs", &id("sc_catalog", item.catalog)),
        ("category", &id("sc_category", item.category)),
        ("price", item.price),
        ("group", &group(item.group)),
        ("u_approval_group", &group(item.approvers)),
        ("u_fulfillment_tasks", item.tasks),
        (
            "no_quantity",
            if item.catalog == PARTNER_CATALOG {
                "true"
            } else {
                "false"
            },
        ),
    ];
    seed.add(300, "sc_cat_item", item.name, &fields);
    let sys_id = id("sc_cat_item", item.name);
    plant_questions(seed, item.name, &sys_id, item.questions);
}

fn plant_questions(seed: &mut Seed, item: &str, sys_id: &str, questions: &[Question]) {
    for (index, question) in questions.iter().enumerate() {
        let key = format!("{item}/{}", question.name);
        let kind = match question.kind {
            Kind::YesNo => "1",
            Kind::Lines => "2",
            Kind::Select(_) => "5",
            Kind::Line => "6",
            Kind::Date => "9",
            Kind::Mail => "26",
            Kind::RequestedFor => "31",
        };
        let order = ((index + 1) * 100).to_string();
        let fields = [
            ("cat_item", sys_id),
            ("name", question.name),
            ("question_text", question.text),
            ("type", kind),
            ("mandatory", if question.is_mandatory { "true" } else { "false" }),
            ("enable_also_request_for", if kind == "31" { "true" } else { "false" }),
            ("default_value", if kind == "1" { "No" } else { "" }),
            ("order", &order),
        ];
        seed.add(300, "item_option_new", &key, &fields);
        let Kind::Select(choices) = question.kind else {
            continue;
        };
        let own = id("item_option_new", &key);
        for (index, (value, text)) in choices.iter().enumerate() {
            let order = ((index + 1) * 100).to_string();
            let fields = [
                ("question", own.as_str()),
                ("text", text),
                ("value", value),
                ("order", &order),
            ];
            seed.add(300, "question_choice", &format!("{key}={value}"), &fields);
        }
    }
}

fn producer(seed: &mut Seed) {
    const NAME: &str = "Report a failed document";
    let fields = [
        ("name", NAME),
        ("short_description", "Tell EDI Support what was rejected"),
        ("sc_catalogs", &id("sc_catalog", OFFICE_CATALOG)),
        ("category", &id("sc_category", "Can We Help You?")),
        ("table_name", "incident"),
    ];
    seed.add(300, "sc_cat_item_producer", NAME, &fields);
    let questions = [
        must("short_description", "What failed?", Kind::Line),
        may("description", "What did you see?", Kind::Lines),
        may(
            "urgency",
            "How urgent is it?",
            Kind::Select(&[("1", "High"), ("2", "Medium"), ("3", "Low")]),
        ),
    ];
    plant_questions(seed, NAME, &id("sc_cat_item_producer", NAME), &questions);
}

fn order(seed: &mut Seed, days_ago: i64, user: &str, item: &str, variables: &[(&str, &str)]) {
    let act = Act::platform(seed.now - Duration::days(days_ago), user);
    let line = catalog::Line {
        item: id("sc_cat_item", item),
        quantity: 1,
        requested_for: id("sys_user", user),
        variables: owned(variables),
    };
    catalog::place(&mut seed.state, act, &[line]).expect("no rule stops the seed");
}
