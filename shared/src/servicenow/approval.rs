//! Who was asked to approve a record, and what they said. Nothing here approves: people do.

use super::query::{Field, Query, SYS_ID};
use super::table::known;
use super::{Entry, Error, Flaw, Row, Select, ServiceNow};
use crate::domain::{SysId, Timestamp};

const RECORD: Field = Field::known("sysapproval");
const APPROVER: Field = Field::known("approver");
const NAME: Field = Field::known("approver.name");
const STATE: Field = Field::known("state");
const UPDATED_ON: Field = Field::known("sys_updated_on");
const UPDATED_BY: Field = Field::known("sys_updated_by");
/// The most approvers of one record.
const MOST: u64 = 200;
/// Of how many of them the entries are read at once; more do not fit into a query.
const AT_ONCE: usize = 50;
/// The most entries that these wrote.
const MOST_ENTRIES: u64 = 10_000;

/// One person's approval of a record.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Approval {
    /// The row of `sysapproval_approver`.
    pub sys_id: SysId,
    /// Who was asked.
    pub approver: SysId,
    /// The name for people.
    pub approver_name: String,
    /// What became of it.
    pub decision: Decision,
    /// When the row was changed last: when it was decided, unless somebody touched it since.
    pub changed_on: Timestamp,
    /// Who changed it last, as a `user_name`: an approver, or somebody who may decide for one.
    pub changed_by: String,
    /// What was written with it, oldest first.
    pub comments: Vec<Entry>,
}

/// What became of an approval.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Decision {
    /// Nobody has been asked yet, or need be any more.
    Open(String),
    /// It waits for the approver.
    Requested,
    /// Yes.
    Approved,
    /// No.
    Rejected,
}

impl Decision {
    fn of(state: &str) -> Self {
        match state {
            "requested" => Decision::Requested,
            "approved" => Decision::Approved,
            "rejected" => Decision::Rejected,
            other => Decision::Open(other.to_owned()),
        }
    }
}

impl ServiceNow {
    /// The approvals of a record, with what was written on them.
    ///
    /// # Errors
    /// When ServiceNow gives no clear answer.
    pub async fn approvals(&self, record: &SysId) -> Result<Vec<Approval>, Error> {
        let select = Select::of([APPROVER, NAME, STATE, UPDATED_ON, UPDATED_BY]);
        let query = Query::new().and(RECORD.refers_to(record));
        let pages = self.find(&known("sysapproval_approver"), query, select)?;
        let about = pages.about();
        let rows = pages.all(MOST).await?;
        let read = rows.iter().map(Approval::read).collect::<Result<Vec<_>, _>>();
        let mut approvals = read.map_err(|flaw| Error::flawed(about, flaw))?;
        for some in approvals.chunks_mut(AT_ONCE) {
            let ids = some.iter().map(|approval| approval.sys_id.as_str());
            let written = self.entries_of(ids)?.all(MOST_ENTRIES).await?;
            for (row, entry) in written {
                if let Some(approval) = some.iter_mut().find(|approval| approval.sys_id == row) {
                    approval.comments.push(entry);
                }
            }
        }
        Ok(approvals)
    }
}

impl Approval {
    fn read(row: &Row) -> Result<Self, Flaw> {
        Ok(Self {
            sys_id: row.id(SYS_ID.as_str())?,
            approver: row.id(APPROVER.as_str())?,
            approver_name: row.text(NAME.as_str()).to_owned(),
            decision: Decision::of(row.require(STATE.as_str())?),
            changed_on: row.time(UPDATED_ON.as_str())?,
            changed_by: row.require(UPDATED_BY.as_str())?.to_owned(),
            comments: Vec::new(),
        })
    }
}
