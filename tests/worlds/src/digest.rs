//! Hashes, and ids that look random but are the same in every run.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use sha2::{Digest, Sha256};

/// SHA-256 as lower-case hexadecimal.
pub(crate) fn sha256_hex(bytes: &[u8]) -> String {
    Sha256::digest(bytes).iter().map(|byte| format!("{byte:02x}")).collect()
}

/// The value of an RFC 9530 `Repr-Digest` header.
pub(crate) fn repr_digest(bytes: &[u8]) -> String {
    format!("sha-256=:{}:", STANDARD.encode(Sha256::digest(bytes)))
}

/// Thirty-two hexadecimal digits that depend on the kind and the number only.
pub(crate) fn derived_id(kind: &str, number: impl std::fmt::Display) -> String {
    let mut id = sha256_hex(format!("{kind}/{number}").as_bytes());
    id.truncate(32);
    id
}
