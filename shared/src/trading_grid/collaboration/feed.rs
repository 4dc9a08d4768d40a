//! The feed: what happened in the community, for deployments without push and as the repair of push.

use std::collections::BTreeMap;
use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;

use super::words::Page;
use super::{Collaboration, Error, Operation, checked};
use crate::domain::Malformed;

/// A place in a list; only the community knows what it means.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Cursor(String);

/// What the feed answers.
#[derive(Debug, Clone, PartialEq)]
pub enum Feed {
    /// Events after the cursor, each as the text that a push would have brought.
    Page(Page<String>),
    /// What followed the cursor is no longer kept.
    Expired {
        /// Where the feed begins now, when the community says so.
        oldest: Option<Cursor>,
    },
}

impl Collaboration {
    /// What happened after a cursor, or since the oldest event that is kept.
    ///
    /// The events are not parsed, so that one which is malformed does not hide the others.
    ///
    /// # Errors
    /// When the community gives no clear answer.
    pub async fn events(&self, after: Option<&Cursor>) -> Result<Feed, Error> {
        let operation = Operation::ReadEvents;
        let asked = operation.asked();
        let query = after.map(|after| ("after", after.as_str()));
        let call = self.call(operation, &[], &query.into_iter().collect::<Vec<_>>())?;
        let answer = self.access.send(asked, &call).await?;
        if answer.status == 410 && answer.is_json() {
            let oldest = serde_json::from_slice::<Expired>(&answer.body).ok();
            return Ok(Feed::Expired {
                oldest: oldest.and_then(|expired| expired.oldest),
            });
        }
        let answer = checked(asked, answer, b"")?;
        let unusable = |member: &str| Error::Unusable {
            asked,
            why: format!("{member} is missing or of another kind"),
        };
        // Events stay as they are: only the page's own members have names of their own here.
        let members: BTreeMap<String, Box<RawValue>> =
            serde_json::from_slice(&answer.body).map_err(|_| unusable("the whole"))?;
        let member = |name: &str| {
            let member = members.get(self.binding.member(name));
            member.map(|json| json.get()).ok_or_else(|| unusable(name))
        };
        let items: Vec<Box<RawValue>> = serde_json::from_str(member("items")?).map_err(|_| unusable("items"))?;
        Ok(Feed::Page(Page {
            items: items.into_iter().map(|item| item.get().to_owned()).collect(),
            next: serde_json::from_str(member("next")?).map_err(|_| unusable("next"))?,
            has_more: serde_json::from_str(member("hasMore")?).map_err(|_| unusable("hasMore"))?,
        }))
    }
}

#[derive(Deserialize)]
struct Expired {
    #[serde(default)]
    oldest: Option<Cursor>,
}

impl Cursor {
    /// The cursor as text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl TryFrom<String> for Cursor {
    type Error = Malformed;

    fn try_from(text: String) -> Result<Self, Malformed> {
        if (1..=512).contains(&text.len()) && text.bytes().all(|byte| byte.is_ascii_graphic()) {
            Ok(Self(text))
        } else {
            Err(Malformed {
                what: "a cursor",
                wanted: "1 to 512 printable ASCII characters",
            })
        }
    }
}

impl FromStr for Cursor {
    type Err = Malformed;

    fn from_str(text: &str) -> Result<Self, Malformed> {
        text.to_owned().try_into()
    }
}

impl From<Cursor> for String {
    fn from(cursor: Cursor) -> String {
        cursor.0
    }
}

impl fmt::Display for Cursor {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}
