//! The scoped app of Gridlink, where it is installed.

use std::collections::BTreeMap;

use http::Method;
use serde::Deserialize;
use serde_json::json;

use super::operation::Asked;
use super::{About, Error, Flaw, Operation, ServiceNow};
use crate::domain::{SysId, TableName, WriteId};
use crate::effect::Journal;

/// How the app is; members of its health resource.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct AppHealth {
    /// The version of the app.
    pub version: String,
    /// Whether it sends anything.
    pub active: bool,
    /// `configured`, or why not.
    pub connection: String,
    /// Events that wait to be sent.
    pub waiting: u64,
    /// Events that were given up.
    pub dead: u64,
}

/// What the app answers about a write.
#[derive(Deserialize)]
struct Written {
    id: String,
    #[serde(default)]
    entry: String,
}

/// What the app answers about what is parked.
#[derive(Deserialize)]
struct Shown {
    #[serde(rename = "changed")]
    _changed: u64,
}

impl Operation<Option<SysId>> {
    /// Lets the app append one entry to a journal of a record; sent twice, it appends once. Gives the entry, where the app
    /// can tell which one it became.
    pub fn apply(id: &WriteId, table: &TableName, sys_id: &SysId, journal: Journal, text: &str) -> Self {
        let about = About::record("append through the app to a journal of", table, sys_id);
        let body = json!({
            "id": id.as_str(), "table": table.as_str(), "sysId": sys_id.as_str(), "element": journal.field(), "text": text,
        });
        let path = "/api/x_gridlink/v1/connector/apply".to_owned();
        let asked = Asked::send(Method::POST, about, path, &body).idempotent();
        let id = id.clone();
        Operation::new(asked, move |answer| {
            let written: Written = answer.result(&[200])?;
            if written.id != id.as_str() {
                return Err(answer.unusable(Flaw::AnotherRecord));
            }
            match written.entry.as_str() {
                "" => Ok(None),
                entry => {
                    let malformed = |_| answer.unusable(Flaw::Malformed("entry".to_owned()));
                    entry.parse().map(Some).map_err(malformed)
                }
            }
        })
    }
}

impl Operation<()> {
    /// Tells the app which records wait for a person, and why: all of them. Sent twice, it is as after once.
    pub fn show_parked(parked: &BTreeMap<SysId, String>) -> Self {
        let records: Vec<_> = parked
            .iter()
            .map(|(sys_id, reason)| json!({ "sysId": sys_id.as_str(), "reason": reason }))
            .collect();
        let about = About::named("show what is parked through", "the app x_gridlink");
        let path = "/api/x_gridlink/v1/connector/parked".to_owned();
        let asked = Asked::send(Method::PUT, about, path, &json!({ "records": records })).idempotent();
        Operation::new(asked, |answer| answer.result::<Shown>(&[200]).map(|_| ()))
    }
}

impl ServiceNow {
    /// Lets agents see which records wait for a person, and why: these and no others.
    ///
    /// # Errors
    /// When ServiceNow gives no clear answer, or there is no app.
    pub async fn show_parked(&self, parked: &BTreeMap<SysId, String>) -> Result<(), Error> {
        self.run(Operation::show_parked(parked)).await
    }

    /// Lets the app append one entry to a journal of a record, however often and late it is asked.
    ///
    /// # Errors
    /// When ServiceNow gives no clear answer, there is no app, or the app refuses it.
    pub async fn apply(
        &self,
        id: &WriteId,
        table: &TableName,
        sys_id: &SysId,
        journal: Journal,
        text: &str,
    ) -> Result<Option<SysId>, Error> {
        self.run(Operation::apply(id, table, sys_id, journal, text)).await
    }

    /// How the app is; nothing where the instance has none.
    ///
    /// # Errors
    /// When the instance gives no clear answer, or the integration user lacks the role of the app.
    pub async fn app_health(&self) -> Result<Option<AppHealth>, Error> {
        let path = "/api/x_gridlink/v1/connector/health".to_owned();
        let asked = Asked::get(About::named("read the health of", "the app x_gridlink"), path);
        let health = self.run(Operation::new(asked, |answer| answer.result(&[200]))).await;
        match health {
            Ok(health) => Ok(Some(health)),
            // An address that is no resource: some instances say 400, some 404.
            Err(error) if matches!(error.status(), Some(400 | 404)) => Ok(None),
            Err(error) => Err(error),
        }
    }
}
