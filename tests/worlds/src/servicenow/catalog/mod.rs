//! The service catalog: `/api/sn_sc/servicecatalog/…`, and what an order goes through until it is fulfilled.

mod api;
mod cart;
mod items;
mod money;
mod orders;
mod requests;
mod variables;
mod wishes;

pub(crate) use api::serve;
pub(crate) use orders::{Line, place};
pub(crate) use requests::{after_change, before_change};
pub(crate) use variables::{answers, shown};
