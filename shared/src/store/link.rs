//! Links: which record belongs to which subject, written before the record can exist.

use std::collections::BTreeMap;

use aws_sdk_dynamodb::types::{AttributeValue, Put, ReturnValuesOnConditionCheckFailure, Update};

use super::item::{Item, back_key, item, link_key, n, number, s, text, values};
use super::work::Write;
use super::{Error, Store, failed};
use crate::domain::{EscalationKey, LinkKey, Role, Subject, SysId, TaskName, Timestamp};
use crate::effect::{Adopt, CreateRecord, Record};

/// The state of a link.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum LinkState {
    /// The record may or may not exist; its sys_id is chosen and its table frozen.
    Intent,
    /// The record exists.
    Linked,
    /// ServiceNow refused the record, and the issue goes on without it.
    Refused,
}

/// A link.
#[derive(Debug, Clone, PartialEq)]
pub struct Link {
    /// Whether the record is known to exist.
    pub state: LinkState,
    /// The record.
    pub record: Record,
    /// `correlation_id` of the record.
    pub correlation: String,
    /// For example `CS0001001`, once it exists.
    pub number: String,
    /// For each field that we set: the value that both sides last agreed on.
    pub base: BTreeMap<String, String>,
    /// The record that continues this one, if it was continued.
    pub continued_by: Option<LinkKey>,
    /// When the record was intended: nothing of it is older.
    pub intent_at: Timestamp,
    /// Up to when the journals of the record were read for the partner.
    pub journal_at: Option<Timestamp>,
    /// Identifies what the partner was last told of the record's state.
    pub told: Option<String>,
    /// The version of the report that asked the partner whether the issue is solved, while that question
    /// may be open. Of an issue's first link, as the next.
    pub asked: Option<u64>,
    /// The last version that the partner disputed, once the record was dealt with.
    pub disputed: Option<u64>,
    /// The escalation of the issue that is under way; its workspace is open.
    pub escalated: Option<EscalationKey>,
    /// Whether the record that stands for the issue was critical when it was last looked at.
    pub is_critical: bool,
    /// Whether a rule asked for a draft of an article about the record when it was last looked at.
    pub asks_for_draft: bool,
    /// The rule of the mapping that made this task of a thread, or this draft.
    pub rule: Option<TaskName>,
    /// Identifies what was last reported of the request for a document that this task is about.
    pub answered: Option<String>,
}

impl Link {
    pub(super) fn of(item: &Item) -> Option<Self> {
        let base = item.get("base").and_then(|base| base.as_m().ok());
        Some(Self {
            state: match text(item, "state")? {
                "LINKED" => LinkState::Linked,
                "REFUSED" => LinkState::Refused,
                _ => LinkState::Intent,
            },
            record: Record {
                link: text(item, "sk")?.strip_prefix("LINK#")?.parse().ok()?,
                table: text(item, "record_table")?.parse().ok()?,
                sys_id: text(item, "sys_id")?.parse().ok()?,
            },
            correlation: text(item, "correlation")?.to_owned(),
            number: text(item, "number").unwrap_or_default().to_owned(),
            base: base
                .map(|base| {
                    base.iter()
                        .filter_map(|(field, value)| Some((field.clone(), value.as_s().ok()?.clone())))
                        .collect()
                })
                .unwrap_or_default(),
            continued_by: text(item, "continued_by").and_then(|key| key.parse().ok()),
            intent_at: Timestamp::from_millis(number(item, "intent_at").unwrap_or(0)),
            journal_at: number(item, "journal_at").map(Timestamp::from_millis),
            told: text(item, "told").map(str::to_owned),
            asked: number(item, "asked").and_then(|version| version.try_into().ok()),
            disputed: number(item, "disputed").and_then(|version| version.try_into().ok()),
            escalated: text(item, "escalated").and_then(|key| key.parse().ok()),
            is_critical: item.contains_key("critical"),
            asks_for_draft: item.contains_key("asks_for_draft"),
            rule: text(item, "rule").and_then(|rule| rule.parse().ok()),
            answered: text(item, "answered").map(str::to_owned),
        })
    }
}

impl Store {
    /// The intent to make a record: its link, and the way back from its sys_id, before anything is
    /// sent. Where an intent stands already, that one counts.
    ///
    /// # Errors
    /// When the writes cannot be built.
    pub fn intent(&self, subject: &Subject, create: &CreateRecord) -> Result<Vec<Write>, Error> {
        let now = self.clock.now();
        let record = &create.record;
        let mut link = item(
            link_key(subject, &record.link),
            [
                ("state", s("INTENT")),
                ("record_table", s(record.table.as_str())),
                ("sys_id", s(record.sys_id.as_str())),
                ("correlation", s(create.correlation.as_str())),
                ("base", agreed(create)),
                ("intent_at", n(now.millis())),
            ],
        );
        if let Some(rule) = &create.rule {
            link.insert("rule".to_owned(), s(rule.as_str()));
        }
        let link = Put::builder()
            .table_name(&self.table)
            .set_item(Some(link))
            .condition_expression("attribute_not_exists(pk)")
            .return_values_on_condition_check_failure(ReturnValuesOnConditionCheckFailure::AllOld)
            .build()
            .map_err(failed("intent"))?;
        let back = self.new_way_back(subject, record)?;
        Ok(vec![Write::Put(link), Write::Put(back)])
    }

    /// The way from a record to its subject, where it leads to no other.
    pub(super) fn new_way_back(&self, subject: &Subject, record: &Record) -> Result<Put, Error> {
        Put::builder()
            .table_name(&self.table)
            .set_item(Some(way_back(subject, record)))
            .condition_expression("attribute_not_exists(pk) OR subject = :subject")
            .expression_attribute_values(":subject", s(subject.as_str()))
            .build()
            .map_err(failed("way back"))
    }

    /// A record that people made is the subject's: its link, and the way back. Written again, it is the same.
    ///
    /// # Errors
    /// When the writes cannot be built.
    pub fn adopted(&self, subject: &Subject, adopt: &Adopt) -> Result<Vec<Write>, Error> {
        let record = &adopt.record;
        let now = self.clock.now();
        let link = item(
            link_key(subject, &record.link),
            [
                ("state", s("LINKED")),
                ("record_table", s(record.table.as_str())),
                ("sys_id", s(record.sys_id.as_str())),
                ("correlation", s("")),
                ("number", s(adopt.number.as_str())),
                ("base", AttributeValue::M(Item::new())),
                ("intent_at", n(now.millis())),
            ],
        );
        let puts = [link, way_back(subject, record)].map(|item| {
            let put = Put::builder().table_name(&self.table).set_item(Some(item));
            put.build().map(Write::Put).map_err(failed("link"))
        });
        puts.into_iter().collect()
    }

    /// The record exists. Whoever finds that out may write it: the value follows from the key.
    ///
    /// # Errors
    /// When the writes cannot be built.
    pub fn linked(&self, subject: &Subject, create: &CreateRecord, number: &str) -> Result<Vec<Write>, Error> {
        let record = &create.record;
        let link = Update::builder()
            .table_name(&self.table)
            .set_key(Some(link_key(subject, &record.link)))
            .update_expression(
                "SET #state = :linked, #number = :number, #base = :base, linked_at = if_not_exists(linked_at, :now)",
            )
            .condition_expression("sys_id = :sys_id")
            .expression_attribute_names("#state", "state")
            .expression_attribute_names("#number", "number")
            .expression_attribute_names("#base", "base")
            .set_expression_attribute_values(Some(values([
                (":linked", s("LINKED")),
                (":number", s(number)),
                (":base", agreed(create)),
                (":now", n(self.clock.now().millis())),
                (":sys_id", s(record.sys_id.as_str())),
            ])))
            .build()
            .map_err(failed("link"))?;
        let mut writes = vec![Write::Update(link)];
        if record.link.role == Role::FollowUp {
            let first = Update::builder()
                .table_name(&self.table)
                .set_key(Some(link_key(subject, &LinkKey::case())))
                .update_expression("SET continued_by = :key")
                .condition_expression("attribute_exists(pk)")
                .expression_attribute_values(":key", s(record.link.to_string()))
                .build()
                .map_err(failed("link"))?;
            writes.push(Write::Update(first));
        }
        Ok(writes)
    }

    /// The subject and the link that a record belongs to; `None` for a record that is not ours.
    ///
    /// # Errors
    /// When the table cannot be asked, or the item cannot be read.
    pub async fn back(&self, sys_id: &SysId) -> Result<Option<(Subject, LinkKey)>, Error> {
        let answer = self
            .client
            .get_item()
            .table_name(&self.table)
            .set_key(Some(back_key(sys_id)))
            .consistent_read(true)
            .send()
            .await
            .map_err(failed("read of a way back"))?;
        let Some(item) = answer.item else { return Ok(None) };
        let subject = text(&item, "subject").and_then(|subject| subject.to_owned().try_into().ok());
        let link = text(&item, "link").and_then(|link| link.parse().ok());
        subject.zip(link).map(Some).ok_or_else(|| Error {
            operation: "read of a way back",
            source: anyhow::anyhow!("the way back from {sys_id} is damaged"),
        })
    }

    /// What the partner was told of the record's state.
    ///
    /// # Errors
    /// When the write cannot be built.
    pub fn told(&self, subject: &Subject, link: &LinkKey, told: &str) -> Result<Write, Error> {
        self.set(subject, link, "told", s(told))
    }

    /// What was reported of the request for a document that a task is about.
    ///
    /// # Errors
    /// When the write cannot be built.
    pub fn answered(&self, subject: &Subject, link: &LinkKey, answered: &str) -> Result<Write, Error> {
        self.set(subject, link, "answered", s(answered))
    }

    /// Up to when the journals of a record were read for the partner.
    ///
    /// # Errors
    /// When the write cannot be built.
    pub fn read_until(&self, subject: &Subject, link: &LinkKey, until: Timestamp) -> Result<Write, Error> {
        self.set(subject, link, "journal_at", n(until.millis()))
    }

    /// The partner was asked whether the issue is solved, by the report of this version; none when no
    /// question is open any more.
    ///
    /// # Errors
    /// When the write cannot be built.
    pub fn asked(&self, subject: &Subject, version: Option<u64>) -> Result<Write, Error> {
        let link = &LinkKey::case();
        match version {
            Some(version) => self.set(subject, link, "asked", n(i64::try_from(version).unwrap_or(i64::MAX))),
            None => self.forget(subject, link, "asked"),
        }
    }

    /// The escalation of the issue that is under way; none when none is.
    ///
    /// # Errors
    /// When the write cannot be built.
    pub fn escalated(&self, subject: &Subject, escalation: Option<&EscalationKey>) -> Result<Write, Error> {
        match escalation {
            Some(key) => self.set(subject, &LinkKey::case(), "escalated", s(key.as_str())),
            None => self.forget(subject, &LinkKey::case(), "escalated"),
        }
    }

    /// Whether the record that stands for the issue is critical by its table's rule.
    ///
    /// # Errors
    /// When the write cannot be built.
    pub fn critical(&self, subject: &Subject, is_critical: bool) -> Result<Write, Error> {
        match is_critical {
            true => self.set(subject, &LinkKey::case(), "critical", AttributeValue::Bool(true)),
            false => self.forget(subject, &LinkKey::case(), "critical"),
        }
    }

    /// ServiceNow refused the record, and the issue goes on without it.
    ///
    /// # Errors
    /// When the write cannot be built.
    pub fn unlinked(&self, subject: &Subject, link: &LinkKey) -> Result<Write, Error> {
        self.set(subject, link, "state", s("REFUSED"))
    }

    /// Whether a rule asks for a draft of an article about a record.
    ///
    /// # Errors
    /// When the write cannot be built.
    pub fn asks_for_draft(&self, subject: &Subject, link: &LinkKey, asks: bool) -> Result<Write, Error> {
        match asks {
            true => self.set(subject, link, "asks_for_draft", AttributeValue::Bool(true)),
            false => self.forget(subject, link, "asks_for_draft"),
        }
    }

    /// An attribute of a link that is no longer true.
    fn forget(&self, subject: &Subject, link: &LinkKey, attribute: &'static str) -> Result<Write, Error> {
        Update::builder()
            .table_name(&self.table)
            .set_key(Some(link_key(subject, link)))
            .update_expression(format!("REMOVE {attribute}"))
            .condition_expression("attribute_exists(pk)")
            .build()
            .map(Write::Update)
            .map_err(failed("link"))
    }

    /// The links of a subject to records of one role.
    ///
    /// # Errors
    /// When the table cannot be asked.
    pub async fn links(&self, subject: &Subject, role: Role) -> Result<Vec<Link>, Error> {
        let begin = format!("LINK#{}#", role.as_str());
        let items = self.of_subject(subject, &begin, "read of links").await?;
        Ok(items.iter().filter_map(Link::of).collect())
    }

    /// The records of a subject, whatever they are for it.
    ///
    /// # Errors
    /// When the table cannot be asked.
    pub async fn records(&self, subject: &Subject) -> Result<Vec<SysId>, Error> {
        let items = self.of_subject(subject, "LINK#", "read of links").await?;
        let links = items.iter().filter_map(Link::of);
        let linked = links.filter(|link| link.state == LinkState::Linked);
        Ok(linked.map(|link| link.record.sys_id).collect())
    }

    /// The partner disputed the question of this version, and the record was dealt with.
    ///
    /// # Errors
    /// When the write cannot be built.
    pub fn disputed(&self, subject: &Subject, version: u64) -> Result<Write, Error> {
        self.set(
            subject,
            &LinkKey::case(),
            "disputed",
            n(i64::try_from(version).unwrap_or(i64::MAX)),
        )
    }

    /// The record of a link lives in another table now. Before it was there its table was frozen; from then on
    /// nothing makes it a second time.
    ///
    /// # Errors
    /// When the writes cannot be built.
    pub fn moved(&self, subject: &Subject, record: &Record) -> Result<Vec<Write>, Error> {
        let table = || s(record.table.as_str());
        let back = Update::builder()
            .table_name(&self.table)
            .set_key(Some(back_key(&record.sys_id)))
            .update_expression("SET record_table = :table")
            .condition_expression("attribute_exists(pk)")
            .expression_attribute_values(":table", table());
        Ok(vec![
            self.set(subject, &record.link, "record_table", table())?,
            Write::Update(back.build().map_err(failed("link"))?),
        ])
    }

    /// One attribute of a link that is there.
    fn set(
        &self,
        subject: &Subject,
        link: &LinkKey,
        attribute: &'static str,
        value: AttributeValue,
    ) -> Result<Write, Error> {
        Update::builder()
            .table_name(&self.table)
            .set_key(Some(link_key(subject, link)))
            .update_expression("SET #attribute = :value")
            .condition_expression("attribute_exists(pk)")
            .expression_attribute_names("#attribute", attribute)
            .expression_attribute_values(":value", value)
            .build()
            .map(Write::Update)
            .map_err(failed("link"))
    }

    /// New base values of the fields that were set.
    ///
    /// # Errors
    /// When the write cannot be built.
    pub fn rebased(
        &self,
        subject: &Subject,
        link: &LinkKey,
        fields: &BTreeMap<String, String>,
    ) -> Result<Option<Write>, Error> {
        if fields.is_empty() {
            return Ok(None);
        }
        let mut update = Update::builder()
            .table_name(&self.table)
            .set_key(Some(link_key(subject, link)))
            .condition_expression("attribute_exists(pk)")
            .expression_attribute_names("#base", "base");
        let mut sets = Vec::new();
        for (at, (field, value)) in fields.iter().enumerate() {
            sets.push(format!("#base.#f{at} = :v{at}"));
            update = update
                .expression_attribute_names(format!("#f{at}"), field.as_str())
                .expression_attribute_values(format!(":v{at}"), s(value.as_str()));
        }
        let update = update.update_expression(format!("SET {}", sets.join(", ")));
        Ok(Some(Write::Update(update.build().map_err(failed("rebase"))?)))
    }
}

/// The values that both sides agree on when a record is made. Of a draft there are none: people write on.
fn agreed(create: &CreateRecord) -> AttributeValue {
    match create.record.link.role {
        Role::Draft => base_of(&BTreeMap::new()),
        _ => base_of(&create.fields),
    }
}

/// Values that both sides agree on.
pub(super) fn base_of(fields: &BTreeMap<String, String>) -> AttributeValue {
    let fields = fields.iter();
    AttributeValue::M(
        fields
            .map(|(field, value)| (field.clone(), s(value.as_str())))
            .collect(),
    )
}

/// The way from a record to its subject.
fn way_back(subject: &Subject, record: &Record) -> Item {
    item(
        back_key(&record.sys_id),
        [
            ("subject", s(subject.as_str())),
            ("link", s(record.link.to_string())),
            ("record_table", s(record.table.as_str())),
        ],
    )
}
