//! The client against the simulated instance, and against answers that no simulator should give.
//!
//! Answers in the documented shapes are scripted where their form is the matter. What the client makes
//! of them is a function of its own, which the simulated instance serves too ([`surfaces`]).

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
mod surfaces;
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
