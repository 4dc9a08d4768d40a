//! The client against the simulated instance, and against answers that no simulator should give.
//!
//! What the simulator does not serve is answered by a script in the documented shape. Such tests are
//! in two parts: the script, and what the client makes of it, which can be run against any instance
//! that holds the same.

mod access;
mod batches;
mod changes;
mod checks;
mod desk;
mod distrust;
mod files;
mod journals;
mod orders;
mod pages;
mod queries;
mod records;
mod references;
mod together;

use crate::domain::{SysId, TableName};
use crate::servicenow::Field;

const NAME: Field = Field::known("name");
const ACTIVE: Field = Field::known("active");
const CITY: Field = Field::known("city");
const STATE: Field = Field::known("state");

/// The n-th of some sys_ids that sort as their numbers do.
fn id(number: u32) -> SysId {
    format!("{number:032x}").parse().unwrap()
}

fn table(name: &str) -> TableName {
    name.parse().unwrap()
}
