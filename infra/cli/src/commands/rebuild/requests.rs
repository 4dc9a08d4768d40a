//! Requests about the access of partners, and the tasks of whoever sets a company up.
//!
//! A request is its own subject, and its next event finds it. One that is complete is known to be over, so that it is not
//! taken for one that somebody else closed.

use std::collections::BTreeMap;

use shared::domain::{KNOWLEDGE, LinkKey, Subject, SysId, TableName};
use shared::effect::{Adopt, Mark, Record};
use shared::failure::Failure;
use shared::mapping::Mode;
use shared::servicenow::{Error, Field, Query, Row, Select};
use shared::trading_grid;

use super::super::records::plain;
use super::{Found, Ground, Kind, MOST, Shown};

/// The table of requested items.
const ITEMS: &str = "sc_req_item";

impl Ground<'_> {
    /// What is put back of requests, where `is_done`.
    pub(super) async fn requests(&mut self, is_done: bool) -> Result<Vec<Shown>, Failure> {
        let rules = self.clients.mapping.onboarding.as_ref();
        let Some(rules) = rules.filter(|rules| rules.mode != Mode::Off) else {
            return Ok(Vec::new());
        };
        let named = const { Field::known("cat_item.name") };
        let query = Query::new().and(named.one_of(rules.items()).map_err(Error::from)?);
        let rows = self.rows_of(ITEMS, query, &["sys_id", "number"]).await?;
        let mut shown = Vec::new();
        for row in &rows {
            let Some(request) = row.sys_id() else { continue };
            let subject = Subject::request(&request);
            let setup = SysId::chosen(self.clients.store.deployment(), &subject, &LinkKey::setup());
            self.setups.insert(setup, subject.clone());
            if let Some((record, saga)) = provision_partner::over(self.clients, &request).await? {
                let store = &self.place.store;
                let known = store.saga(&subject).await?;
                let is_known = known.as_ref().is_some_and(|known| known.saga.is_over());
                if is_done && !is_known {
                    let adopt = Adopt {
                        record,
                        number: saga.number.clone(),
                    };
                    let mark = Mark::Saga {
                        saga: Box::new(saga),
                        releases: known.and_then(|known| known.saga.turn),
                    };
                    let mut writes = store.adopted(&subject, &adopt)?;
                    writes.extend(store.mark(&subject, &mark)?);
                    store.put_all(writes).await?;
                }
                shown.push(self.other(row, &subject, (is_known, is_done)));
            }
        }
        Ok(shown)
    }

    /// Versions of articles that the community has: what becomes of them is looked at, even where partners may not read
    /// them any more.
    pub(super) async fn articles(&self, is_done: bool) -> Result<Vec<Shown>, Failure> {
        if self.clients.mapping.knowledge.is_none() {
            return Ok(Vec::new());
        }
        let rows = self.rows_of(KNOWLEDGE, Query::new(), &["sys_id", "number"]).await?;
        let mut there = BTreeMap::new();
        let mut shown = Vec::new();
        for row in &rows {
            let (Some(sys_id), Ok(article)) = (row.sys_id(), row.text("number").parse::<shared::domain::ArticleId>())
            else {
                continue;
            };
            let is_there = match there.get(&article) {
                Some(is_there) => *is_there,
                None => {
                    let found = self.clients.community.article(&article).await;
                    found.map_err(trading_grid::Error::into_failure)?.is_some()
                }
            };
            there.insert(article.clone(), is_there);
            if !is_there {
                continue;
            }
            let subject = Subject::record(&table(KNOWLEDGE)?, &sys_id);
            let store = &self.place.store;
            let is_known = store.article_of(&subject).await?.is_some();
            if is_done && !is_known {
                let mark = Mark::VersionOf { article };
                store.put_all(store.mark(&subject, &mark)?).await?;
            }
            shown.push(self.other(row, &subject, (is_known, is_done)));
        }
        Ok(shown)
    }

    /// The task of whoever sets up the company of a request.
    pub(super) fn setup(&self, row: &Row, table: &TableName, sys_id: &SysId) -> Option<Found> {
        let record = Record {
            link: LinkKey::setup(),
            table: table.clone(),
            sys_id: sys_id.clone(),
        };
        Some(Found {
            adoption: plain(self.clients, self.setups.get(sys_id)?.clone(), record, row),
            kind: Kind::Part,
        })
    }

    async fn rows_of(&self, name: &str, query: Query, fields: &[&str]) -> Result<Vec<Row>, Failure> {
        let select = Select::named(fields).map_err(Error::from)?;
        let pages = self.clients.servicenow.find(&table(name)?, query, select);
        Ok(pages.map_err(Error::from)?.all(MOST).await?)
    }

    fn other(&self, row: &Row, subject: &Subject, (is_known, is_done): (bool, bool)) -> Shown {
        Shown {
            record: row.text("number").to_owned(),
            key: String::new(),
            subject: subject.to_string(),
            result: match (is_known, is_done) {
                (true, _) => "is linked",
                (false, true) => "linked",
                (false, false) => "would be linked",
            },
            why: String::new(),
            known: 0,
        }
    }
}

fn table(name: &str) -> Result<TableName, Failure> {
    let table = TableName::try_from(name.to_owned());
    table.map_err(|error| Failure::permanent(error, "report this as a fault of Gridlink"))
}
