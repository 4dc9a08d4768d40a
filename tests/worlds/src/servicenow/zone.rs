//! Times in the zone of whoever asks.

use jiff::Timestamp;
use jiff::tz::TimeZoneDatabase;
use time::Duration;

use super::engine::State;
use super::journal;
use crate::clock;

/// A stored time in the zone of a user; without a zone of the own, or with an unknown one, in the instance's.
pub(crate) fn local(state: &State, user_name: &str, stored: &str) -> String {
    let user = state.user_sys_id(user_name);
    let zone = state.find("sys_user", &user).map_or("", |user| user.get("time_zone"));
    let zone = TimeZoneDatabase::bundled().get(zone);
    let time = clock::parse_seconds(stored);
    match (zone, time) {
        (Ok(zone), Some(time)) => {
            let at = Timestamp::from_second(time.unix_timestamp()).unwrap_or_default();
            clock::seconds(time + Duration::seconds(i64::from(zone.to_offset(at).seconds())))
        }
        _ => journal::local(state, stored),
    }
}
