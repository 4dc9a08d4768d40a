//! The system log of the last two days: more rows than a page of most clients holds.

use time::Duration;

use super::{Seed, id};
use crate::servicenow::engine::Act;

const ENTRIES: usize = 1200;

const SOURCES: [(&str, &str, &str); 6] = [
    ("Scheduler", "0", "Job 'Clean up sessions' ended"),
    ("REST API", "0", "Request to /api/now/table was served"),
    ("Email", "0", "Message was sent to the mail server"),
    ("Business Rule", "1", "Slow business rule 'Assignment by category'"),
    ("OAuth", "0", "Access token was issued"),
    ("Import", "2", "Row of the import set was skipped"),
];

pub(super) fn entries(seed: &mut Seed) {
    for number in 0..ENTRIES {
        let (source, level, message) = SOURCES[number % SOURCES.len()];
        let minutes = i64::try_from(2 * (ENTRIES - number)).unwrap_or(i64::MAX);
        let act = Act::platform(seed.now - Duration::minutes(minutes), "system");
        let message = format!("{message} (#{number})");
        let key = id("syslog", &number.to_string());
        let fields = [
            ("sys_id", key.as_str()),
            ("source", source),
            ("level", level),
            ("message", &message),
        ];
        seed.state
            .insert(act, "syslog", &crate::servicenow::owned(&fields))
            .expect("the seed fits the tables");
    }
}
