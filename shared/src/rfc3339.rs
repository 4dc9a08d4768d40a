//! Times as the contract writes them, for members that are a [`Timestamp`].

use serde::{Deserialize, Deserializer, Serializer};

use crate::domain::Timestamp;

pub(crate) fn serialize<S: Serializer>(time: &Timestamp, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.collect_str(time)
}

pub(crate) fn deserialize<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Timestamp, D::Error> {
    let text = String::deserialize(deserializer)?;
    Timestamp::parse_rfc3339(&text).map_err(serde::de::Error::custom)
}

/// The same for members that may be absent.
pub(crate) mod optional {
    use serde::{Deserialize, Deserializer, Serializer};

    use crate::domain::Timestamp;

    pub(crate) fn serialize<S: Serializer>(time: &Option<Timestamp>, serializer: S) -> Result<S::Ok, S::Error> {
        match time {
            Some(time) => serializer.collect_str(time),
            None => serializer.serialize_none(),
        }
    }

    pub(crate) fn deserialize<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<Timestamp>, D::Error> {
        let text = Option::<String>::deserialize(deserializer)?;
        let time = text.map(|text| Timestamp::parse_rfc3339(&text)).transpose();
        time.map_err(serde::de::Error::custom)
    }
}
