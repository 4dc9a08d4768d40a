//! Knowledge: `/api/sn_km_api/knowledge/articles…`, the life of an article and of its versions, and who may read it.

mod acts;
mod api;
mod articles;
mod criteria;
mod search;

pub(crate) use api::serve;
pub(crate) use articles::{after_change, before_change, check_out, decide};
