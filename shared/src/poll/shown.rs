//! What is parked, as agents see it on the records: where the scoped app is installed, it has a place for that.

use std::collections::BTreeMap;
use std::time::Duration;

use crate::clients::Clients;
use crate::domain::{SysId, Timestamp, digest_of};
use crate::failure::{Failure, chain};

/// At most so many streams are shown, those that have waited longest.
const MOST: usize = 200;
/// What was told is told again after so long, in case that another environment told something else since.
const TELL_AGAIN: Duration = Duration::from_secs(900);

/// What an environment has told the app last, and when.
pub type Told = ([u8; 32], Timestamp);

impl Clients {
    /// Lets agents see which records wait for a person, and why. It is said as a whole, so whatever was missed is made up
    /// for by the next time.
    pub(super) async fn show_what_is_parked(&self) {
        if !self.writes_through_app {
            return;
        }
        if let Err(failure) = self.tell_what_is_parked().await {
            tracing::warn!(error = %chain(&failure), "agents were not shown what is parked; the next poll shows it");
        }
    }

    async fn tell_what_is_parked(&self) -> Result<(), Failure> {
        let mut parked: BTreeMap<SysId, String> = BTreeMap::new();
        for stream in self.store.parked().await?.into_iter().take(MOST) {
            let reason = format!("{}. What to do: {}", stream.cause, stream.remedy);
            for record in self.store.records(&stream.stream.subject).await? {
                parked.entry(record).or_insert_with(|| reason.clone());
            }
        }
        let said: Vec<&str> = parked
            .iter()
            .flat_map(|(record, reason)| [record.as_str(), reason])
            .collect();
        let (digest, now) = (digest_of(&said), self.clock.now());
        let told = *self.told_parked();
        if told.is_some_and(|(last, at)| last == digest && now < at.after(TELL_AGAIN)) {
            return Ok(());
        }
        self.servicenow.show_parked(&parked).await?;
        *self.told_parked() = Some((digest, now));
        Ok(())
    }
}
