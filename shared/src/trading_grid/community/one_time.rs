//! The password and the hint answers that creating a user needs, and that nobody may ever know.
//!
//! They are random, used for one request, and gone: the type cannot be printed, compared, cloned or
//! serialized. The user sets a password of their own at the first log-in.

use rustls::crypto::SecureRandom;
use secrecy::SecretString;

/// How many hint questions the published example answers.
const HINTS: usize = 6;
/// Letters and digits that cannot be mistaken for each other.
const ALPHABET: &[u8; 56] = b"abcdefghijkmnpqrstuvwxyzABCDEFGHJKLMNPQRSTUVWXYZ23456789";

/// The generated secrets of one new user.
pub struct OneTimeSecrets {
    password: SecretString,
    answers: [SecretString; HINTS],
}

impl OneTimeSecrets {
    /// Draws new ones.
    ///
    /// # Errors
    /// When the system gives no randomness.
    pub fn draw() -> anyhow::Result<Self> {
        let provider = rustls::crypto::ring::default_provider();
        let random: &dyn SecureRandom = provider.secure_random;
        let mut texts = Vec::with_capacity(1 + HINTS);
        for _ in 0..=HINTS {
            let mut bytes = [0; 32];
            random
                .fill(&mut bytes)
                .map_err(|_| anyhow::anyhow!("the system gives no randomness"))?;
            texts.push(readable(&bytes));
        }
        let mut texts = texts.into_iter();
        let mut next = || texts.next().unwrap_or_default();
        Ok(Self {
            // One of each kind in front, whatever was drawn: the rules for passwords are not published.
            password: format!("Tg7_{}", next()).into(),
            answers: std::array::from_fn(|_| next().into()),
        })
    }

    pub(super) fn password(&self) -> &SecretString {
        &self.password
    }

    pub(super) fn answers(&self) -> &[SecretString] {
        &self.answers
    }
}

/// Some 5.8 bits of each byte as a character.
fn readable(bytes: &[u8]) -> String {
    let letter = |byte: &u8| char::from(ALPHABET[usize::from(*byte) % ALPHABET.len()]);
    bytes.iter().map(letter).collect()
}

#[cfg(test)]
mod tests {
    use secrecy::ExposeSecret;

    use super::*;

    /// Whether a type does not implement a trait, told at compile time: were it implemented, the
    /// two blanket implementations would both fit, and the call would be ambiguous.
    macro_rules! never {
        ($type:ty: $bound:path) => {{
            trait Either<Marker> {
                fn holds() {}
            }
            impl<T: ?Sized> Either<()> for T {}
            impl<T: ?Sized + $bound> Either<u8> for T {}
            <$type as Either<_>>::holds();
        }};
    }

    #[test]
    fn they_cannot_be_printed_kept_or_sent_by_accident() {
        never!(OneTimeSecrets: std::fmt::Debug);
        never!(OneTimeSecrets: std::fmt::Display);
        never!(OneTimeSecrets: serde::Serialize);
        never!(OneTimeSecrets: Clone);
    }

    #[test]
    fn they_are_long_and_never_the_same() {
        let drawn = [OneTimeSecrets::draw().unwrap(), OneTimeSecrets::draw().unwrap()];
        let mut texts = std::collections::BTreeSet::new();
        for secrets in &drawn {
            let password = secrets.password().expose_secret();
            assert_eq!((password.len(), &password[..4]), (36, "Tg7_"));
            texts.insert(password.to_owned());
            texts.extend(secrets.answers().iter().map(|answer| answer.expose_secret().to_owned()));
        }
        assert_eq!(texts.len(), 2 * (1 + HINTS));
    }
}
