//! The facts of `publish-knowledge`: the only part of it that awaits.

use std::collections::BTreeSet;
use std::sync::Arc;

use anyhow::anyhow;
use shared::clients::Clients;
use shared::domain::{ArticleId, IssueState, KNOWLEDGE, LinkKey, SysId, TableName};
use shared::effect::{KindTally, Tallied};
use shared::event::{ArticleChanged, ArticleFeedback, Data, DraftAsked, Event, IssueOfKind, RecordChange};
use shared::failure::Failure;
use shared::lambda::Situation;
use shared::mapping::ArticleFacts;
use shared::messages::PartnerHtml;
use shared::servicenow::{Article, Attachment, Select};
use shared::store::LinkState;
use shared::trading_grid;

use crate::decide::counted;
use crate::sanitize::sanitize;
use crate::{Content, Current, Facts, Feedback, Kind, Place, Repeated, Solved, Version, Versions};

/// The remedy for what the mapping cannot work out.
const CORRECT_THE_MAPPING: &str = "correct the mapping, deploy it, and replay";

/// Reads what must be known.
///
/// # Errors
/// When a fact cannot be had now, or can never be had.
pub async fn gather(clients: &Clients, situation: &Situation, event: &Event) -> Result<Facts, Failure> {
    let place = match &event.data {
        Data::RecordChanged(change) => Place::Version(Box::new(version(clients, situation, change).await?)),
        Data::ArticleChanged(changed) => Place::Article(Box::new(versions(clients, situation, changed).await?)),
        Data::DraftAsked(asked) => Place::Solved(Box::new(solved(clients, situation, asked).await?)),
        Data::IssueOfKind(news) => Place::Kind(Box::new(kind(clients, situation, event, news).await?)),
        Data::ArticleFeedback(given) => Place::Feedback(Box::new(feedback(clients, given).await?)),
        _ => {
            let cause = anyhow!("{} is no news of an article", event.kind);
            return Err(Failure::permanent(cause, "dismiss the entry"));
        }
    };
    Ok(Facts {
        mapping: Arc::clone(&clients.mapping),
        number: u64::try_from(situation.number).unwrap_or(0),
        now: situation.now,
        deployment: clients.store.deployment().clone(),
        subject: situation.subject.clone(),
        place,
    })
}

/// A kind of problem, and what the rules about it have led to.
async fn kind(clients: &Clients, situation: &Situation, event: &Event, news: &IssueOfKind) -> Result<Kind, Failure> {
    let tally = clients.store.tally(&situation.subject).await?;
    let issue = Tallied {
        issue: news.issue.clone(),
        record: news.sys_id.clone(),
        at: event.time,
    };
    let articles = clients.store.articles_about(&news.kind).await?;
    let mut rules = Vec::new();
    for rule in clients.mapping.repeated(&news.kind) {
        let mut repeated = Repeated {
            rule: rule.clone(),
            open: None,
            base: None,
        };
        if articles.is_empty() && counted(&tally, &issue, rule).len() >= rule.after {
            repeated.open = open_proposal(clients, situation, &tally, &rule.base).await?;
            if repeated.open.is_none() {
                repeated.base = Some(clients.knowledge_base(&rule.base).await?);
            }
        }
        rules.push(repeated);
    }
    Ok(Kind {
        name: news.kind.clone(),
        tally,
        issue,
        articles: articles.into_iter().map(|(article, _)| article).collect(),
        rules,
    })
}

/// The draft that was proposed last in a knowledge base, while people have neither published nor retired it.
async fn open_proposal(
    clients: &Clients,
    situation: &Situation,
    tally: &KindTally,
    base: &str,
) -> Result<Option<SysId>, Failure> {
    let Some(key) = tally.proposals.get(base) else {
        return Ok(None);
    };
    let Some(link) = clients.store.link(&situation.subject, key).await? else {
        return Ok(None);
    };
    let article = clients.servicenow.article(&link.record.sys_id).await?;
    let is_open = |state: &str| matches!(state, "draft" | "review" | "scheduled_publish");
    let article = article.filter(|article| is_open(&article.state));
    Ok(article.map(|article| article.sys_id))
}

/// What a partner thinks of an article, with the version that it goes to.
async fn feedback(clients: &Clients, given: &ArticleFeedback) -> Result<Feedback, Failure> {
    let mut rows = clients.servicenow.article_versions(given.article_id.as_str()).await?;
    let newest = rows
        .iter()
        .max_by_key(|row| row.created_on)
        .map(|row| row.sys_id.clone());
    rows.retain(|row| row.state == "published");
    let page = clients.community.feedback(&given.article_id, None).await;
    let page = page.map_err(trading_grid::Error::into_failure)?;
    Ok(Feedback {
        given: given.clone(),
        version: published(rows).map(|row| row.sys_id).or(newest),
        totals: page.map(|page| page.totals),
    })
}

/// A record that was solved, its draft, and what one is made of where one is to be made.
async fn solved(clients: &Clients, situation: &Situation, asked: &DraftAsked) -> Result<Solved, Failure> {
    let (store, subject) = (&clients.store, &situation.subject);
    let link = match store.back(&asked.sys_id).await? {
        Some((of, key)) if of == *subject => store.link(subject, &key).await?,
        Some(_) | None => None,
    };
    let mut found = Solved {
        draft: store.link(subject, &LinkKey::draft_of(&asked.sys_id)).await?,
        link,
        content: None,
    };
    let is_made = found
        .draft
        .as_ref()
        .is_some_and(|draft| draft.state == LinkState::Linked);
    if let (Some(link), false) = (&found.link, is_made) {
        found.content = content(clients, asked, &link.record.table).await?;
    }
    Ok(found)
}

/// What a draft about a record is made of; nothing when the record is gone, is solved no longer, or no rule asks for it.
async fn content(clients: &Clients, asked: &DraftAsked, table: &TableName) -> Result<Option<Content>, Failure> {
    let mapping = &clients.mapping;
    let unresolved = |error| Failure::permanent(error, CORRECT_THE_MAPPING);
    let fields = mapping.status_fields(table).chain(mapping.draft_fields(table));
    let fields: BTreeSet<&str> = fields.chain(["sys_id"]).collect();
    let select = Select::named(&fields).map_err(|error| Failure::permanent(error, CORRECT_THE_MAPPING))?;
    let Some(row) = clients.servicenow.read(table, &asked.sys_id, &select).await? else {
        return Ok(None);
    };
    let values = fields
        .iter()
        .map(|field| ((*field).to_owned(), row.text(field).to_owned()));
    let values = values.collect();
    let status = mapping.status(table, "", &values).map_err(unresolved)?;
    let status = status.filter(|status| matches!(status.state, IssueState::Resolved | IssueState::Closed));
    let rule = mapping.draft_rule(table, &values).map_err(unresolved)?;
    let (Some(status), Some(rule)) = (status, rule) else {
        return Ok(None);
    };
    let issue = clients.community.issue(&asked.company_id, &asked.issue_id).await;
    let issue = issue.map_err(trading_grid::Error::into_failure)?.ok_or_else(|| {
        let cause = anyhow!("the community does not have the issue {}", asked.issue_id);
        Failure::permanent(cause, "dismiss the entry, and write the article by hand")
    })?;
    Ok(Some(Content {
        rule: rule.clone(),
        base: clients.knowledge_base(&rule.base).await?,
        issue,
        cause: mapping.cause(table, &values),
        resolution: status.resolution,
    }))
}

async fn version(clients: &Clients, situation: &Situation, change: &RecordChange) -> Result<Version, Failure> {
    Ok(Version {
        row: change.sys_id().clone(),
        known: clients.store.article_of(&situation.subject).await?,
        found: clients.servicenow.article(change.sys_id()).await?,
    })
}

async fn versions(clients: &Clients, situation: &Situation, changed: &ArticleChanged) -> Result<Versions, Failure> {
    let article = &changed.article_id;
    let rows = clients.servicenow.article_versions(article.as_str()).await?;
    let states = rows.iter().map(|row| row.state.clone()).collect();
    let ids = rows.iter().map(|row| row.sys_id.clone()).collect();
    let current = match published(rows) {
        Some(row) => Some(current(clients, row, &ids).await?),
        None => None,
    };
    let community = clients.community.article(article).await;
    Ok(Versions {
        article: article.clone(),
        states,
        current,
        community: community.map_err(trading_grid::Error::into_failure)?,
        shown: clients.store.shown_article(&situation.subject).await?,
        brought: clients.store.shared_files(&situation.subject).await?,
    })
}

/// The version that is published; one that waits for its retirement where there is no other. Of several the newest
/// counts.
fn published(rows: Vec<Article>) -> Option<Article> {
    let rank = |row: &Article| match row.state.as_str() {
        "published" => Some((1, row.created_on, row.sys_id.clone())),
        "pending_retirement" => Some((0, row.created_on, row.sys_id.clone())),
        _ => None,
    };
    let ranked = rows.into_iter().filter_map(|row| Some((rank(&row)?, row)));
    ranked.max_by(|(one, _), (other, _)| one.cmp(other)).map(|(_, row)| row)
}

async fn current(clients: &Clients, row: Article, versions: &BTreeSet<SysId>) -> Result<Current, Failure> {
    if row.base_title.is_empty() {
        return Err(Failure::permanent(
            anyhow!("the title of the knowledge base {} cannot be read", row.base),
            "let the integration user read kb_knowledge_base.title, and replay",
        ));
    }
    let rules = clients.mapping.knowledge.as_ref();
    let mode = rules
        .and_then(|rules| rules.base(&row.base_title))
        .map(|rule| rule.mode);
    let mut readership = None;
    // What some may not read can be told to no audience.
    if mode.is_some() && !row.is_kept_from_some {
        let readers = readers(clients, &row.readers).await?;
        let facts = ArticleFacts {
            number: &row.number,
            title: &row.title,
            category: &row.category,
            language: &row.language,
            keywords: &row.keywords,
            readers: &readers,
        };
        readership = clients
            .mapping
            .readership(&row.base_title, &facts)
            .map_err(|error| Failure::permanent(error, CORRECT_THE_MAPPING))?;
    }
    let body = PartnerHtml::of_sanitized(&sanitize(&row.html, clients.servicenow.host()));
    let files = match (&readership, &body) {
        (Some(_), Ok(body)) => files(clients, &row, body, versions).await?,
        (None, _) | (_, Err(_)) => Vec::new(),
    };
    Ok(Current {
        row,
        mode,
        readership,
        body,
        files,
    })
}

/// The names of user criteria. One that cannot be read has no name, and so no audience.
async fn readers(clients: &Clients, criteria: &[SysId]) -> Result<Vec<String>, Failure> {
    let fault = "report this as a fault of Gridlink";
    let table = TableName::try_from("user_criteria".to_owned()).map_err(|error| Failure::permanent(error, fault))?;
    let select = Select::named(["name"]).map_err(|error| Failure::permanent(error, fault))?;
    let mut names = Vec::new();
    for criterion in criteria {
        let row = clients.servicenow.read(&table, criterion, &select).await?;
        names.push(row.map(|row| row.text("name").to_owned()).unwrap_or_default());
    }
    Ok(names)
}

/// The files of a version, and those of earlier ones that stand in its text.
async fn files(
    clients: &Clients,
    row: &Article,
    body: &PartnerHtml,
    versions: &BTreeSet<SysId>,
) -> Result<Vec<Attachment>, Failure> {
    let table = TableName::try_from(KNOWLEDGE.to_owned());
    let table = table.map_err(|error| Failure::permanent(error, "report this as a fault of Gridlink"))?;
    let pictures: BTreeSet<&SysId> = body.pictures().collect();
    let mut files = clients.servicenow.attachments(&table, &row.sys_id).await?;
    files.retain(|file| pictures.contains(&file.sys_id) || (row.shows_files && file.is_of(&row.sys_id)));
    for picture in pictures {
        if files.iter().any(|file| file.sys_id == *picture) {
            continue;
        }
        let file = clients.servicenow.attachment(picture).await?;
        let is_ours = |file: &Attachment| file.record.as_ref().is_some_and(|record| versions.contains(record));
        files.extend(file.filter(is_ours));
    }
    Ok(files)
}

impl Version {
    /// The article that the version belongs to; nothing when its number cannot be an id.
    pub(crate) fn article(&self) -> Option<ArticleId> {
        let found = self.found.as_ref().and_then(|row| row.number.parse().ok());
        found.or_else(|| self.known.clone())
    }
}
