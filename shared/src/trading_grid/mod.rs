//! Trading Grid and the community that is bound to it.
//!
//! OpenText publishes no API for issues, comments and documents, so [`collaboration`] is our own
//! neutral contract, which a deployment binds to what it has. The token endpoint is as OpenText
//! publishes it.

pub mod collaboration;
