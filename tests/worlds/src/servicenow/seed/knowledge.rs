//! Two knowledge bases: one for trading partners, one for ourselves.
//!
//! The picture of an article hangs on `ZZ_YYkb_knowledge`: instances keep what is inside a text apart from what is
//! attached to the record. We have not seen that documented.

use super::articles::{
    ACKNOWLEDGEMENTS, ARTICLES, Article, CERTIFICATES, INTERNAL_BASE, INVOICES, PARTNER_BASE, ROUTING_GUIDE,
    SECOND_VERSION,
};
use super::{AGENT, Seed, id, people};
use crate::digest::sha256_hex;
use crate::servicenow::engine::Act;
use crate::servicenow::{knowledge, owned};
use bytes::Bytes;
use time::Duration;

static PICTURE: &[u8] = include_bytes!("../../../documents/knowledge/as2-exchange.png");

pub(super) fn plant(seed: &mut Seed) {
    criteria(seed);
    bases(seed);
    for article in &ARTICLES {
        plant_article(seed, article);
    }
    picture(seed);
    second_version(seed);
    let retired = [("workflow_state", "retired")];
    change(seed, 90, &article_id("Leaving files on our FTP server"), &retired);
    let articles = [article_id(INVOICES), article_id(CERTIFICATES)].join(",");
    let fields = [
        ("keyword", "homepage"),
        ("kb_knowledge_base", &id("kb_knowledge_base", PARTNER_BASE)),
        ("articles", &articles),
    ];
    seed.add(100, "kb_knowledge_keyword", "homepage", &fields);
}

fn criteria(seed: &mut Seed) {
    let accounts = people::partners()
        .map(|name| id("customer_account", name))
        .collect::<Vec<_>>()
        .join(",");
    let groups = people::group_names()
        .map(|name| id("sys_user_group", name))
        .collect::<Vec<_>>()
        .join(",");
    let integration = id("sys_user", super::INTEGRATION_USER);
    for (name, field, value) in [
        ("All trading partners", "company", accounts),
        ("Contoso only", "company", id("customer_account", "Contoso Retail")),
        ("Our own staff", "group", groups),
        ("Integrations", "user", integration),
    ] {
        seed.add(400, "user_criteria", name, &[("name", name), (field, &value)]);
    }
}

fn bases(seed: &mut Seed) {
    let owner = id("sys_user", "nina.olsen");
    for (title, description, workflow, readers) in [
        (
            PARTNER_BASE,
            "For trading partners; every article is approved",
            "approval_publish",
            ["All trading partners", "Our own staff", "Integrations"].as_slice(),
        ),
        (
            INTERNAL_BASE,
            "For our own staff only",
            "instant_publish",
            ["Our own staff", "Integrations"].as_slice(),
        ),
    ] {
        let fields = [
            ("title", title),
            ("description", description),
            ("owner", owner.as_str()),
            ("workflow", workflow),
        ];
        seed.add(400, "kb_knowledge_base", title, &fields);
        let base = id("kb_knowledge_base", title);
        for reader in readers {
            let criterion = id("user_criteria", reader);
            let fields = [("kb_knowledge_base", base.as_str()), ("user_criteria", &criterion)];
            seed.add(400, "kb_uc_can_read_mtom", &format!("{title}/{reader}"), &fields);
        }
    }
    for (label, base) in [
        ("First steps", PARTNER_BASE),
        ("Document guides", PARTNER_BASE),
        ("Connections", PARTNER_BASE),
        ("Runbooks", INTERNAL_BASE),
    ] {
        let base = id("kb_knowledge_base", base);
        let value = label.to_lowercase().replace(' ', "_");
        let fields = [
            ("label", label),
            ("value", &value),
            ("parent_id", &base),
            ("parent_table", "kb_knowledge_base"),
        ];
        seed.add(400, "kb_category", label, &fields);
    }
}

fn plant_article(seed: &mut Seed, article: &Article) {
    let text = article.text.replace("{image}", &id("sys_attachment", CERTIFICATES));
    let audience = match article.title {
        ROUTING_GUIDE => id("user_criteria", "Contoso only"),
        _ => String::new(),
    };
    let author = id("sys_user", AGENT);
    let fields = [
        ("short_description", article.title),
        ("kb_knowledge_base", &id("kb_knowledge_base", article.base)),
        ("kb_category", &id("kb_category", article.category)),
        ("text", &text),
        ("author", &author),
        ("can_read_user_criteria", &audience),
        ("sys_view_count", article.views),
    ];
    seed.add(article.days_ago, "kb_knowledge", article.title, &fields);
    if article.state == "published" {
        approve(seed, article);
        let published = [("workflow_state", "published")];
        change(seed, article.days_ago - 2, &article_id(article.title), &published);
    }
}

/// The row that shows who approved, where the base asks for it.
fn approve(seed: &mut Seed, article: &Article) {
    if article.base != PARTNER_BASE {
        return;
    }
    let fields = [
        ("document_id", article_id(article.title)),
        ("source_table", "kb_knowledge".to_owned()),
        ("approver", id("sys_user", "nina.olsen")),
        ("state", "approved".to_owned()),
    ];
    let fields = fields.each_ref().map(|(name, value)| (*name, value.as_str()));
    seed.add(article.days_ago - 2, "sysapproval_approver", article.title, &fields);
}

fn picture(seed: &mut Seed) {
    let size = PICTURE.len().to_string();
    let sys_id = id("sys_attachment", CERTIFICATES);
    let fields = [
        ("table_name", "ZZ_YYkb_knowledge"),
        ("table_sys_id", &article_id(CERTIFICATES)),
        ("file_name", "as2-exchange.png"),
        ("content_type", "image/png"),
        ("size_bytes", &size),
        ("size_compressed", &size),
        ("compressed", "true"),
        ("hash", &sha256_hex(PICTURE)),
        ("image_width", "360"),
        ("image_height", "120"),
    ];
    seed.add(190, "sys_attachment", CERTIFICATES, &fields);
    seed.state.files.insert(sys_id, Bytes::from_static(PICTURE));
}

/// The guide to acknowledgements was rewritten: its first version is outdated.
fn second_version(seed: &mut Seed) {
    let act = Act::platform(seed.now - Duration::days(40), AGENT);
    let first = article_id(ACKNOWLEDGEMENTS);
    let draft = knowledge::check_out(&mut seed.state, act, &first).expect("the first version is published");
    let asked = [
        ("document_id", draft.as_str()),
        ("source_table", "kb_knowledge"),
        ("approver", &id("sys_user", "nina.olsen")),
        ("state", "approved"),
    ];
    seed.add(39, "sysapproval_approver", "second version", &asked);
    let written = [("text", SECOND_VERSION), ("workflow_state", "published")];
    change(seed, 39, &draft, &written);
}

fn change(seed: &mut Seed, days_ago: i64, article: &str, fields: &[(&str, &str)]) {
    let act = Act::platform(seed.now - Duration::days(days_ago), AGENT);
    let changed = seed.state.update(act, "kb_knowledge", article, &owned(fields));
    changed.expect("the article is there");
}

fn article_id(title: &str) -> String {
    id("kb_knowledge", title)
}
