//! Standard Webhooks 1.0.0, symmetric: HMAC-SHA256 over `id.timestamp.body`.

use std::fmt;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use hmac::{Hmac, KeyInit, Mac};
use sha2::Sha256;

/// The key that a world signs with; it cannot be printed.
#[derive(Clone, PartialEq, Eq)]
pub struct SigningKey(Vec<u8>);

impl SigningKey {
    /// Reads `whsec_<base64>` with 24 to 64 bytes in it.
    ///
    /// # Errors
    /// When it is not such a key; the sentence does not show it.
    pub fn parse(secret: &str) -> Result<SigningKey, String> {
        let bytes = secret
            .strip_prefix("whsec_")
            .and_then(|encoded| STANDARD.decode(encoded).ok())
            .ok_or("the secret must be whsec_ and then base64")?;
        if (24..=64).contains(&bytes.len()) {
            Ok(SigningKey(bytes))
        } else {
            Err("the secret must hold 24 to 64 bytes".to_owned())
        }
    }

    /// The key as [`SigningKey::parse`] reads it.
    pub(crate) fn secret(&self) -> String {
        format!("whsec_{}", STANDARD.encode(&self.0))
    }

    /// The value of `webhook-signature`.
    pub(crate) fn sign(&self, id: &str, timestamp: i64, body: &[u8]) -> String {
        let mut mac = Hmac::<Sha256>::new_from_slice(&self.0).expect("HMAC takes keys of any length");
        mac.update(format!("{id}.{timestamp}.").as_bytes());
        mac.update(body);
        format!("v1,{}", STANDARD.encode(mac.finalize().into_bytes()))
    }

    /// A key that fits nothing.
    pub(crate) fn wrong(&self) -> SigningKey {
        SigningKey(self.0.iter().map(|byte| !byte).collect())
    }
}

impl fmt::Debug for SigningKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("SigningKey")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const SECRET: &str = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw";

    #[test]
    fn it_signs_what_the_reference_library_signs() {
        let theirs = standardwebhooks::Webhook::new(SECRET).unwrap();
        let ours = SigningKey::parse(SECRET).unwrap();
        for (id, timestamp, body) in [("incident/abc/0", 1_795_341_600, "{}"), ("m", 0, ""), ("m", -5, "é")] {
            let signed = theirs.sign(id, timestamp, body.as_bytes()).unwrap();
            assert_eq!(ours.sign(id, timestamp, body.as_bytes()), signed);
            assert_ne!(ours.wrong().sign(id, timestamp, body.as_bytes()), signed);
        }
    }

    #[test]
    fn what_is_no_key_is_refused_and_no_key_is_shown() {
        for secret in ["", "hunter2", "whsec_!!!", "whsec_AAAA"] {
            assert!(SigningKey::parse(secret).is_err(), "{secret}");
        }
        assert_eq!(format!("{:?}", SigningKey::parse(SECRET).unwrap()), "SigningKey");
    }
}
