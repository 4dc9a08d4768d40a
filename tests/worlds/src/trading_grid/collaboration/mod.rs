//! The collaboration contract, served under `/collaboration/v1` exactly as `infra/collaboration.openapi.yaml` says.
//!
//! Invariants: a refused call changes nothing; a write is carried out once per client and `Idempotency-Key`; what
//! belongs to another company is answered as if it did not exist; who wrote something is known from the credentials,
//! never from a body; every change of an issue or a thread counts its version up.

mod articles;
mod call;
mod closure;
mod comments;
mod contract;
mod document_requests;
mod documents;
mod escalation;
mod feed;
mod html;
mod idempotency;
mod issues;
mod milestones;
mod onboarding;
mod operation;
mod place;
mod threads;
mod wire;

use std::collections::BTreeMap;
use std::sync::Arc;

use bytes::Bytes;
use http::header::HeaderName;
use http::request::Parts;
use http::{HeaderValue, Response};
use time::OffsetDateTime;

use super::community::Members;
use super::problems::{Kind, Problem};

pub use articles::FeedbackKind;
pub(crate) use call::is_id;
#[cfg(test)]
pub(crate) use contract::{Body, CONTRACT, validator};
pub use document_requests::RequestSeed;
pub(crate) use feed::Feed;
pub use feed::{Disturbance, Event};
pub use issues::IssueSeed;
pub use milestones::MilestoneSeed;
use operation::Operation;
pub(crate) use place::NewMessage;
pub use threads::ThreadSeed;
pub use wire::{Author, Comment, DocumentRef, Origin, Side};
pub(crate) use wire::{Stamp, to_json};

use call::Call;
use idempotency::Writes;

/// What partners and the desk have in common.
#[derive(Debug)]
pub(crate) struct Collaboration {
    /// By company and id.
    pub(crate) issues: BTreeMap<(String, String), issues::Issue>,
    pub(crate) threads: BTreeMap<(String, String), threads::Thread>,
    pub(crate) documents: BTreeMap<(String, String), documents::Document>,
    pub(crate) onboardings: BTreeMap<(String, String), onboarding::Onboarding>,
    pub(crate) articles: BTreeMap<String, articles::Article>,
    pub(crate) feed: Feed,
    writes: Writes,
    /// Whether the feed also tells what was written through the contract.
    pub(crate) tells_own_writes: bool,
    pub(crate) document_limit_bytes: u64,
    /// Media types that are not taken.
    pub(crate) refused_media_types: Vec<String>,
    /// Ids given so far.
    ids: u64,
}

impl Default for Collaboration {
    fn default() -> Collaboration {
        Collaboration {
            issues: BTreeMap::new(),
            threads: BTreeMap::new(),
            documents: BTreeMap::new(),
            onboardings: BTreeMap::new(),
            articles: BTreeMap::new(),
            feed: Feed::default(),
            writes: Writes::default(),
            tells_own_writes: false,
            document_limit_bytes: 25 * 1024 * 1024,
            refused_media_types: vec!["application/x-msdownload".to_owned()],
            ids: 0,
        }
    }
}

impl Collaboration {
    /// An id of the community's own, for example `cmt-7`.
    pub(crate) fn next_id(&mut self, kind: &str) -> String {
        self.ids += 1;
        format!("{kind}-{}", self.ids)
    }

    /// Whether the feed tells of it; what a client of the contract wrote, only where a guess says so.
    fn is_told(&self, stamp: &Stamp) -> bool {
        stamp.origin.is_none() || self.tells_own_writes
    }
}

/// Answers a call of a client; `path` is below the base of the contract.
pub(crate) fn serve(
    world: &mut Collaboration,
    members: &Arc<Members>,
    client: &str,
    now: OffsetDateTime,
    path: &[&str],
    parts: &Parts,
    bytes: &Bytes,
) -> Result<Response<Bytes>, Problem> {
    let call = Call::new(Arc::clone(members), client, now, path, parts, bytes)?;
    let write = match Operation::of(&call)? {
        Operation::Reads(lookup) => return lookup.answer(world, &call),
        Operation::Writes(write) => write,
    };
    let key = call.idempotency_key()?;
    if let Some(reply) = world.writes.replay(&call, key)? {
        let mut response = reply.answer();
        let name = HeaderName::from_static("idempotency-replayed");
        response.headers_mut().insert(name, HeaderValue::from_static("true"));
        return Ok(response);
    }
    let stamp = Stamp {
        origin: Some(Origin::gridlink(key)),
        ..Stamp::at(now)
    };
    let reply = write.carry_out(world, &call, &stamp)?;
    world.writes.keep(&call, key, &reply);
    Ok(reply.answer())
}

/// Refuses a path with an id that no id of the contract has.
fn check_ids(call: &Call<'_>, names: &[(usize, &str)]) -> Result<(), Problem> {
    for (place, name) in names {
        if !is_id(call.id(*place)) {
            return Err(Problem::malformed(
                name,
                "must be an id: letters, digits, `.`, `_` and `-`",
            ));
        }
    }
    Ok(())
}

/// There is no such path in the contract.
fn no_such_path() -> Problem {
    Problem::new(Kind::NotFound, "There is no such resource.")
}
