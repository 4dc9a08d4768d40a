//! Standard Webhooks 1.0.0, symmetric signatures: verified over the raw bytes, before any parsing.
//!
//! `webhook-signature` is a list of `v1,<base64 of HMAC-SHA256>` over `id.timestamp.body`; any one
//! that fits any of the sender's keys is enough, so that keys can be rotated on either side. Every
//! key is tried against every signature, whatever fits first, and comparisons take constant time.

use std::time::Duration;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use hmac::{Hmac, KeyInit, Mac};
use secrecy::{ExposeSecret, SecretSlice, SecretString};
use sha2::Sha256;
use subtle::ConstantTimeEq;

use crate::domain::Timestamp;

/// How far the sender's clock may be from ours, both ways.
pub const TOLERANCE: Duration = Duration::from_secs(5 * 60);

/// At most this many signatures are looked at.
const MAX_SIGNATURES: usize = 16;

/// A key of a sender: 24 to 64 bytes; cannot be printed.
pub struct Key(SecretSlice<u8>);

/// A body whose signature was verified. Only [`verify`] makes one.
pub struct Verified<'a> {
    body: &'a [u8],
}

impl<'a> Verified<'a> {
    /// The bytes that were signed.
    pub fn body(&self) -> &'a [u8] {
        self.body
    }
}

/// Why a request is not accepted as signed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum Unverified {
    /// A header is absent, there twice, or not in its form.
    #[error("the header {0} is missing, repeated or malformed")]
    Header(&'static str),
    /// The timestamp is not within the tolerance.
    #[error("the timestamp is not within five minutes of now")]
    Stale,
    /// No signature fits any key.
    #[error("no signature fits")]
    Signature,
}

/// Reads the keys out of a secret's text: `whsec_<base64>`, separated by white space.
///
/// # Errors
/// When there is none, or one is not such a key; the error never shows it.
pub fn keys(secret: &SecretString) -> Result<Vec<Key>, &'static str> {
    let keys = secret
        .expose_secret()
        .split_whitespace()
        .map(|text| {
            let encoded = text
                .strip_prefix("whsec_")
                .ok_or("a webhook key must begin with whsec_")?;
            let bytes = STANDARD
                .decode(encoded)
                .map_err(|_| "a webhook key must be base64 after whsec_")?;
            if (24..=64).contains(&bytes.len()) {
                Ok(Key(bytes.into()))
            } else {
                Err("a webhook key must be 24 to 64 bytes")
            }
        })
        .collect::<Result<Vec<_>, _>>()?;
    if keys.is_empty() {
        Err("the secret holds no webhook key")
    } else {
        Ok(keys)
    }
}

/// Draws a new key, as [`keys`] reads it.
///
/// # Errors
/// When the system gives no randomness.
pub fn new_key() -> anyhow::Result<SecretString> {
    let mut bytes = [0; 32];
    let random = rustls::crypto::ring::default_provider().secure_random;
    random
        .fill(&mut bytes)
        .map_err(|_| anyhow::anyhow!("the system gives no randomness"))?;
    Ok(format!("whsec_{}", STANDARD.encode(bytes)).into())
}

/// The three headers, each `None` when absent or repeated.
pub struct Headers<'a> {
    /// `webhook-id`.
    pub id: Option<&'a str>,
    /// `webhook-timestamp`: seconds since 1970.
    pub timestamp: Option<&'a str>,
    /// `webhook-signature`.
    pub signature: Option<&'a str>,
}

/// Verifies a request.
///
/// # Errors
/// Which check failed; never which key or signature.
pub fn verify<'a>(
    keys: &[Key],
    headers: &Headers<'_>,
    body: &'a [u8],
    now: Timestamp,
) -> Result<Verified<'a>, Unverified> {
    let id = headers
        .id
        .filter(|id| {
            (1..=256).contains(&id.len()) && !id.contains('.') && id.bytes().all(|byte| byte.is_ascii_graphic())
        })
        .ok_or(Unverified::Header("webhook-id"))?;
    let timestamp = headers.timestamp.ok_or(Unverified::Header("webhook-timestamp"))?;
    let seconds = timestamp
        .parse::<i64>()
        .ok()
        .filter(|seconds| seconds.to_string() == timestamp)
        .ok_or(Unverified::Header("webhook-timestamp"))?;
    let list = headers.signature.ok_or(Unverified::Header("webhook-signature"))?;
    let signatures = list
        .split(' ')
        .take(MAX_SIGNATURES)
        .filter_map(|entry| STANDARD.decode(entry.strip_prefix("v1,")?).ok())
        .collect::<Vec<_>>();
    if signatures.is_empty() {
        return Err(Unverified::Header("webhook-signature"));
    }
    let mut fits = subtle::Choice::from(0);
    for key in keys {
        let expected = sign(key, id, timestamp, body);
        for signature in &signatures {
            fits |= expected.ct_eq(signature.as_slice());
        }
    }
    if !bool::from(fits) {
        return Err(Unverified::Signature);
    }
    if now.seconds().abs_diff(seconds) > TOLERANCE.as_secs() {
        return Err(Unverified::Stale);
    }
    Ok(Verified { body })
}

/// The value of `webhook-signature` for a message.
pub fn signature(key: &Key, id: &str, seconds: i64, body: &[u8]) -> String {
    format!("v1,{}", STANDARD.encode(sign(key, id, &seconds.to_string(), body)))
}

/// HMAC-SHA256 over the parts as they stand.
pub fn mac(key: &[u8], parts: &[&[u8]]) -> [u8; 32] {
    let mut mac = Hmac::<Sha256>::new_from_slice(key).expect("HMAC takes keys of any length");
    for part in parts {
        mac.update(part);
    }
    mac.finalize().into_bytes().into()
}

fn sign(key: &Key, id: &str, timestamp: &str, body: &[u8]) -> [u8; 32] {
    mac(
        key.0.expose_secret(),
        &[id.as_bytes(), b".", timestamp.as_bytes(), b".", body],
    )
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const SECRET: &str = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw";

    #[test]
    fn a_new_key_is_one_and_another_every_time() {
        let (one, other) = (new_key().unwrap(), new_key().unwrap());
        assert_ne!(one.expose_secret(), other.expose_secret());
        assert_eq!(keys(&one).map(|keys| keys.len()), Ok(1));
    }

    fn keys_of(text: &str) -> Vec<Key> {
        keys(&text.to_owned().into()).unwrap()
    }

    fn check(
        keys: &[Key],
        id: &str,
        timestamp: &str,
        signature: &str,
        body: &[u8],
        now: i64,
    ) -> Result<(), Unverified> {
        let headers = Headers {
            id: Some(id),
            timestamp: Some(timestamp),
            signature: Some(signature),
        };
        verify(keys, &headers, body, Timestamp::from_millis(now.saturating_mul(1000))).map(|_| ())
    }

    #[test]
    fn the_vector_of_the_specification_passes() {
        // The example of the Standard Webhooks reference libraries.
        let verdict = check(
            &keys_of(SECRET),
            "msg_p5jXN8AQM9LWM0D4loKWxJek",
            "1614265330",
            "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=",
            br#"{"test": 2432232314}"#,
            1_614_265_330,
        );
        assert_eq!(verdict, Ok(()));
    }

    #[test]
    fn a_message_is_valid_for_five_minutes_both_ways_and_extreme_times_do_no_harm() {
        let keys = keys_of(SECRET);
        for (seconds, now, verdict) in [
            (1000, 1000, Ok(())),
            (1000, 1300, Ok(())),
            (1000, 1301, Err(Unverified::Stale)),
            (1300, 1000, Ok(())),
            (1301, 1000, Err(Unverified::Stale)),
            (i64::MIN, 1000, Err(Unverified::Stale)),
            (i64::MAX, 1000, Err(Unverified::Stale)),
        ] {
            let signature = signature(&keys[0], "m", seconds, b"{}");
            assert_eq!(
                check(&keys, "m", &seconds.to_string(), &signature, b"{}", now),
                verdict,
                "{seconds} at {now}"
            );
        }
        for odd in ["", "+5", "05", "5.0", "abc", "99999999999999999999"] {
            assert_eq!(
                check(&keys, "m", odd, "v1,AAAA", b"", 5),
                Err(Unverified::Header("webhook-timestamp")),
                "{odd}"
            );
        }
    }

    #[test]
    fn old_and_new_keys_are_valid_together_and_others_are_not() {
        let other = "whsec_AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=";
        let both = keys_of(&format!("{other}\n{SECRET}"));
        let by_old = signature(&keys_of(SECRET)[0], "m", 5, b"x");
        assert_eq!(check(&both, "m", "5", &by_old, b"x", 5), Ok(()));
        assert_eq!(
            check(&both, "m", "5", &format!("v1a,xyz v1,!! v1,AAAA {by_old}"), b"x", 5),
            Ok(())
        );
        assert_eq!(
            check(&keys_of(other), "m", "5", &by_old, b"x", 5),
            Err(Unverified::Signature)
        );
        assert_eq!(check(&[], "m", "5", &by_old, b"x", 5), Err(Unverified::Signature));
    }

    #[test]
    fn a_secret_that_is_no_key_is_refused_without_being_shown() {
        for text in ["", "hunter2", "whsec_!!!", "whsec_AAAA"] {
            let error = keys(&text.to_owned().into()).err().unwrap();
            assert!(!error.contains("hunter2"));
        }
    }

    proptest! {
        #[test]
        fn one_flipped_bit_is_noticed(body in proptest::collection::vec(any::<u8>(), 1..200), at in any::<prop::sample::Index>(), bit in 0u8..8) {
            let keys = keys_of(SECRET);
            let signature = signature(&keys[0], "m", 5, &body);
            prop_assert_eq!(check(&keys, "m", "5", &signature, &body, 5), Ok(()));
            let mut changed = body.clone();
            changed[at.index(body.len())] ^= 1 << bit;
            prop_assert_eq!(check(&keys, "m", "5", &signature, &changed, 5), Err(Unverified::Signature));
        }

        #[test]
        fn no_header_makes_it_panic(id in ".*", timestamp in ".*", signature in ".*") {
            let _ = check(&keys_of(SECRET), &id, &timestamp, &signature, b"{}", 5);
        }

        #[test]
        fn it_agrees_with_the_reference_library(id in "[a-z0-9_]{1,20}", body in "[ -~]{0,100}", skew in -400i64..400, tamper in any::<bool>()) {
            let now = time::OffsetDateTime::now_utc().unix_timestamp();
            let keys = keys_of(SECRET);
            let stamp = now + skew;
            // Keep away from the edge: the library reads the clock itself.
            prop_assume!(skew.abs().abs_diff(300) > 5);
            let signed = if tamper { format!("{body}x") } else { body.clone() };
            let signature = signature(&keys[0], &id, stamp, signed.as_bytes());
            let ours = check(&keys, &id, &stamp.to_string(), &signature, body.as_bytes(), now).is_ok();
            let mut headers = ::http::HeaderMap::new();
            headers.insert("webhook-id", id.parse().unwrap());
            headers.insert("webhook-timestamp", stamp.to_string().parse().unwrap());
            headers.insert("webhook-signature", signature.parse().unwrap());
            let theirs = standardwebhooks::Webhook::new(SECRET).unwrap().verify(body.as_bytes(), &headers).is_ok();
            prop_assert_eq!(ours, theirs);
        }
    }
}
