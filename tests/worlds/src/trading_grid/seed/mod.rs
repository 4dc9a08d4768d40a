//! What is in the community when it starts: the same in every world, whatever its clock says.

mod business_numbers;
pub(crate) mod companies;
mod documents;
pub(crate) mod exchanges;
mod people;
pub(crate) mod roles;

use std::sync::{Arc, LazyLock};

use super::community::Members;
use super::lens::Lens;
use super::state::State;

static MEMBERS: LazyLock<Arc<Members>> = LazyLock::new(|| {
    let mut members = Members::default();
    companies::add(&mut members);
    people::add(&mut members);
    Arc::new(members)
});

/// A fresh community.
pub(crate) fn state(is_seeded: bool) -> State {
    let mut state = State::new();
    if is_seeded {
        state.members = Arc::clone(&MEMBERS);
        state.lens = Lens::new(true);
        documents::add(&mut state);
    }
    state
}
