//! Whole numbers as JSON may write them: `7`, and `7.0` too, which JSON Schema counts as an integer.

use std::fmt;

use serde::de::{Error, Unexpected, Visitor};
use serde::{Deserialize, Deserializer};

/// Above this not every whole number has a floating-point one of its own (2^53).
const LARGEST_EXACT: f64 = 9_007_199_254_740_992.0;

/// Reads one; for `#[serde(deserialize_with)]`.
///
/// # Errors
/// When it is no number, has a fraction, is negative, or is written in a way that could mean several.
pub(crate) fn read<'de, D: Deserializer<'de>>(deserializer: D) -> Result<u64, D::Error> {
    deserializer.deserialize_u64(WholeNumber)
}

/// Reads one that may be missing or null; for `#[serde(default, deserialize_with)]`.
///
/// # Errors
/// As [`read`].
pub(crate) fn read_optional<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<u64>, D::Error> {
    #[derive(Deserialize)]
    struct Read(#[serde(deserialize_with = "read")] u64);
    let read = Option::<Read>::deserialize(deserializer)?;
    Ok(read.map(|Read(number)| number))
}

struct WholeNumber;

impl Visitor<'_> for WholeNumber {
    type Value = u64;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a whole number, not below zero")
    }

    fn visit_u64<E: Error>(self, value: u64) -> Result<u64, E> {
        Ok(value)
    }

    fn visit_i64<E: Error>(self, value: i64) -> Result<u64, E> {
        value
            .try_into()
            .map_err(|_| E::invalid_value(Unexpected::Signed(value), &self))
    }

    fn visit_f64<E: Error>(self, value: f64) -> Result<u64, E> {
        if value.fract() != 0.0 || !(0.0..=LARGEST_EXACT).contains(&value) {
            return Err(E::invalid_value(Unexpected::Float(value), &self));
        }
        #[allow(clippy::cast_possible_truncation, clippy::cast_sign_loss)] // whole and within bounds
        Ok(value as u64)
    }
}

#[cfg(test)]
mod tests {
    use serde::Deserialize;

    #[derive(Deserialize)]
    struct Count(#[serde(deserialize_with = "super::read")] u64);

    #[test]
    fn a_whole_number_may_be_written_with_a_point() {
        for (text, wanted) in [
            ("7", Some(7)),
            ("7.0", Some(7)),
            ("7e2", Some(700)),
            ("0", Some(0)),
            ("18446744073709551615", Some(u64::MAX)),
            ("9007199254740992.0", Some(9_007_199_254_740_992)),
            ("9007199254740994.0", None),
            ("7.5", None),
            ("-1", None),
            ("-1.0", None),
            ("1e300", None),
            ("\"7\"", None),
            ("null", None),
        ] {
            let read = serde_json::from_str::<Count>(text).ok().map(|count| count.0);
            assert_eq!(read, wanted, "{text}");
        }
    }
}
