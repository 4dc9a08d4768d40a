//! One value of a row, in whichever shape it comes.

use std::fmt;

use serde::de::{self, IgnoredAny, MapAccess, SeqAccess, Visitor};
use serde::{Deserialize, Deserializer};

/// One value; what was not asked for is not there.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Value {
    /// As it is stored; of a reference, the sys_id.
    pub value: Option<String>,
    /// As people see it.
    pub display: Option<String>,
}

/// A value of any shape: plain, or an object with `value`, `display_value` and `link`.
impl<'de> Deserialize<'de> for Value {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(ValueVisitor)
    }
}

struct ValueVisitor;

fn stored<E>(text: impl ToString) -> Result<Value, E> {
    Ok(Value {
        value: Some(text.to_string()),
        display: None,
    })
}

impl<'de> Visitor<'de> for ValueVisitor {
    type Value = Value;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a value of a field")
    }

    fn visit_str<E: de::Error>(self, text: &str) -> Result<Value, E> {
        stored(text)
    }

    fn visit_string<E: de::Error>(self, text: String) -> Result<Value, E> {
        Ok(Value {
            value: Some(text),
            display: None,
        })
    }

    fn visit_bool<E: de::Error>(self, value: bool) -> Result<Value, E> {
        stored(value)
    }

    fn visit_i64<E: de::Error>(self, value: i64) -> Result<Value, E> {
        stored(value)
    }

    fn visit_u64<E: de::Error>(self, value: u64) -> Result<Value, E> {
        stored(value)
    }

    fn visit_f64<E: de::Error>(self, value: f64) -> Result<Value, E> {
        stored(value)
    }

    fn visit_unit<E: de::Error>(self) -> Result<Value, E> {
        stored("")
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut items: A) -> Result<Value, A::Error> {
        while items.next_element::<IgnoredAny>()?.is_some() {}
        Ok(Value::default())
    }

    fn visit_map<A: MapAccess<'de>>(self, mut members: A) -> Result<Value, A::Error> {
        let mut both = Value::default();
        while let Some(name) = members.next_key::<String>()? {
            match name.as_str() {
                "value" => both.value = members.next_value::<Value>()?.value,
                "display_value" => both.display = members.next_value::<Value>()?.value,
                _ => {
                    members.next_value::<IgnoredAny>()?;
                }
            }
        }
        Ok(both)
    }
}
