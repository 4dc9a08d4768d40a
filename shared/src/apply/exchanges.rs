//! What Gridlink tells itself: events of its own, accepted like any other.

use anyhow::anyhow;

use super::{Applied, Apply};
use crate::effect::Mark;
use crate::event::{Data, Event, Malformed, Passing};
use crate::failure::Failure;

impl Apply<'_> {
    pub(super) async fn pass_on(&self, passing: &Passing) -> Result<Applied, Failure> {
        let Data::Exchange(news) = &self.event.data else {
            let cause = anyhow!("{} is no news of an exchange", self.event.kind);
            return Err(Failure::permanent(cause, "dismiss the entry"));
        };
        let event = passing.event(news.exchange(), &self.event.id, self.clients.clock.now());
        match passing {
            // It is due at its time, and the sweep rings it then.
            Passing::Later { .. } => self.accept_own(event).await.map(|_| Applied::default()),
            Passing::Due | Passing::Failures { .. } | Passing::Cause { .. } | Passing::Parent { .. } => {
                self.tell_ourselves(event).await
            }
        }
    }

    /// An event of our own for whoever works on its stream.
    pub(super) async fn tell_ourselves(&self, event: Result<Event, Malformed>) -> Result<Applied, Failure> {
        if let Some((stream, owner)) = self.accept_own(event).await? {
            self.clients
                .queue
                .ring_or_leave(owner, &stream, self.event.id.as_str())
                .await;
        }
        Ok(Applied::default())
    }

    pub(super) fn mark(&self, mark: &Mark) -> Result<Applied, Failure> {
        Ok(Applied {
            writes: self.clients.store.mark(self.subject, mark)?,
            story: Vec::new(),
        })
    }
}
