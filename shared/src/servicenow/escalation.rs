//! Escalations of cases: rows of `sn_customerservice_escalation`.
//!
//! The documentation names the tables; the columns below are those that another client of such
//! instances reads, and a field that an instance does not have is told as ignored.

use std::collections::BTreeMap;

use super::query::{Field, Query, SYS_ID};
use super::table::known;
use super::{Created, Error, Flaw, Row, Select, ServiceNow};
use crate::domain::{SysId, TableName, Timestamp};

const ESCALATION: &str = "sn_customerservice_escalation";
const RECORD: Field = Field::known(Escalation::CASE);
const NUMBER: Field = Field::known("number");
const STATE: Field = Field::known("state");
const APPROVAL: Field = Field::known("approval");
const UPDATED: Field = Field::known("sys_updated_on");
const MOD_COUNT: Field = Field::known("sys_mod_count");
/// The most escalations that a case has had.
const MOST: u64 = 1_000;

/// An escalation of a case.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Escalation {
    /// Its sys_id.
    pub sys_id: SysId,
    /// For example `ESC0001003`.
    pub number: String,
    /// The case.
    pub record: SysId,
    /// Its state, as the instance has it.
    pub state: String,
    /// Its approval; some instances escalate without one.
    pub approval: Option<String>,
    /// When it was changed last.
    pub updated_on: Timestamp,
    /// How often it was changed.
    pub mod_count: u64,
}

impl ServiceNow {
    /// Asks for a case to be escalated. `fields` are those of the instance's own form, such as its
    /// template, severity and reason.
    ///
    /// # Errors
    /// Any error but a connection that was never made leaves open whether the escalation exists.
    pub async fn escalate(
        &self,
        sys_id: &SysId,
        case: &SysId,
        fields: &BTreeMap<String, String>,
    ) -> Result<Created, Error> {
        let mut fields = fields.clone();
        fields.insert(SYS_ID.to_string(), sys_id.to_string());
        fields.insert(RECORD.to_string(), case.to_string());
        self.create(&known(ESCALATION), &fields).await
    }

    /// The escalations of a case.
    ///
    /// # Errors
    /// When ServiceNow gives no clear answer.
    pub async fn escalations(&self, case: &SysId) -> Result<Vec<Escalation>, Error> {
        let select = Select::of([NUMBER, STATE, APPROVAL, UPDATED, MOD_COUNT]);
        let query = Query::new().and(RECORD.refers_to(case));
        let pages = self.find(&known(ESCALATION), query, select)?;
        let about = pages.about();
        let rows = pages.all(MOST).await?;
        let escalations = rows.iter().map(Escalation::read).collect::<Result<Vec<_>, _>>();
        escalations.map_err(|flaw| Error::flawed(about, flaw))
    }
}

impl Escalation {
    /// The field that refers to the case.
    pub const CASE: &str = "source_record";

    /// The table of escalations.
    pub fn table() -> TableName {
        known(ESCALATION)
    }

    fn read(row: &Row) -> Result<Self, Flaw> {
        Ok(Self {
            sys_id: row.id(SYS_ID.as_str())?,
            number: row.require(NUMBER.as_str())?.to_owned(),
            record: row.id(RECORD.as_str())?,
            state: row.require(STATE.as_str())?.to_owned(),
            approval: row.get(APPROVAL.as_str()).map(str::to_owned),
            updated_on: row.time(UPDATED.as_str())?,
            mod_count: row.mod_count()?,
        })
    }
}
