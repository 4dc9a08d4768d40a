//! The scheduled job of the program: posts what a world wants to tell.

use std::convert::Infallible;
use std::time::Duration;

use tokio::task::JoinSet;

use super::client::Client;
use super::queue::{Delivery, DeliveryId};
use super::retries::Outcome;
use crate::server::World;

/// Posts what is due, looking every so often and when an admin asks; dropping the future breaks off what is
/// under way, which is sent again later.
pub async fn run(world: World, client: Client, every: Duration) -> Infallible {
    let mut under_way = JoinSet::new();
    loop {
        for Delivery { id, request } in take_due(&world) {
            let client = client.clone();
            under_way.spawn(async move { (id, client.post(request).await) });
        }
        tokio::select! {
            // A try that panicked reports nothing: its claim ends, and it is made again.
            Some(done) = under_way.join_next() => if let Ok((id, outcome)) = done {
                report(&world, id, outcome);
            },
            () = tokio::time::sleep(every) => {}
            () = drain_is_asked(&world) => {}
        }
    }
}

fn take_due(world: &World) -> Vec<Delivery> {
    match world {
        World::ServiceNow(instance) => instance.take_due_events(),
        World::TradingGrid(community) => community.take_due_events(),
    }
}

fn report(world: &World, id: DeliveryId, outcome: Outcome) {
    match world {
        World::ServiceNow(instance) => instance.sent(id, &outcome),
        World::TradingGrid(community) => community.sent(id, &outcome),
    }
}

async fn drain_is_asked(world: &World) {
    match world {
        World::ServiceNow(instance) => instance.drain_is_asked().await,
        World::TradingGrid(community) => community.drain_is_asked().await,
    }
}

#[cfg(test)]
mod tests;
