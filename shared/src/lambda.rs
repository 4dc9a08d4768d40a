//! The shell that every function runs in; the only module that knows AWS Lambda.

mod drain;
mod logs;
mod queue_batch;
mod sweep;
mod webhook;

use std::sync::Arc;

use anyhow::Context;
use lambda_runtime::{LambdaEvent, service_fn};

use crate::clients::Clients;
use crate::clock::Clock;
use crate::config::{Config, Systems, read, webhook_secret_prefix};
use crate::domain::{Lane, Subject, Timestamp};
use crate::effect::Effect;
use crate::event::Event;
use crate::failure::Failure;
use crate::http::Transport;
use crate::mapping::Mapping;
use crate::store::Link;

pub use drain::Drained;
pub use queue_batch::{QueueBatch, QueueRecord, QueueVerdict, QueueWorker};
pub use sweep::{SweepRequest, Sweeper, Swept};
pub use webhook::{Ingress, WebhookAnswer, WebhookRequest};

/// Why a function cannot start.
pub type Error = lambda_runtime::Error;

/// What is known of an entry before any fact is gathered.
pub struct Situation {
    /// What the event is about.
    pub subject: Subject,
    /// The lane of its stream.
    pub lane: Lane,
    /// The number of the event in its stream, from 1.
    pub number: i64,
    /// The time.
    pub now: Timestamp,
    /// When the event was accepted.
    pub received_at: Timestamp,
    /// The first record of the subject, if there is a link.
    pub link: Option<Link>,
}

/// Reads the facts that a decision needs.
pub trait Gather<F>: AsyncFn(&Clients, &Situation, &Event) -> Result<F, Failure> {}

impl<F, T> Gather<F> for T where T: AsyncFn(&Clients, &Situation, &Event) -> Result<F, Failure> {}

/// Rules on an event: pure.
pub trait Decide<F>: Fn(&Event, &F) -> Vec<Effect> {}

impl<F, T> Decide<F> for T where T: Fn(&Event, &F) -> Vec<Effect> {}

/// Serves the queue of a use case.
///
/// # Errors
/// When the configuration is not usable, or Lambda ends the function.
pub async fn serve_queue<F>(
    use_case: crate::domain::UseCase,
    gather: impl Gather<F>,
    decide: impl Decide<F>,
) -> Result<(), Error> {
    let (config, transport) = start()?;
    let mapping = Arc::new(Mapping::parse(&config.mapping()?)?);
    let clients = Clients::new(&config, Systems::from_env()?, mapping, transport, Clock::System)?;
    Box::pin(clients.warm_up()).await;
    let worker = QueueWorker {
        clients,
        use_case,
        gather,
        decide,
    };
    lambda_runtime::run(service_fn(async |event: LambdaEvent<QueueBatch>| {
        let deadline = deadline(&event.context);
        Ok::<_, Error>(Box::pin(worker.handle(event.payload, &event.context.request_id, deadline)).await)
    }))
    .await
}

/// Serves the schedule that rings due streams.
///
/// # Errors
/// When the configuration is not usable, or Lambda ends the function.
pub async fn serve_sweep() -> Result<(), Error> {
    let (config, transport) = start()?;
    let sweeper = Sweeper::new(&config, transport, Clock::System);
    lambda_runtime::run(service_fn(async |event: LambdaEvent<SweepRequest>| {
        let deadline = deadline(&event.context);
        let swept = sweeper.handle(event.payload, &event.context.request_id, deadline);
        Box::pin(swept).await.map_err(Error::from)
    }))
    .await
}

/// Serves webhooks behind API Gateway.
///
/// # Errors
/// When the configuration is not usable, or Lambda ends the function.
pub async fn serve_webhook() -> Result<(), Error> {
    let (config, transport) = start()?;
    let mapping = Arc::new(Mapping::parse(&config.mapping()?)?);
    let ingress = Ingress::new(&config, webhook_secret_prefix()?, mapping, transport, Clock::System);
    Box::pin(ingress.warm_up()).await;
    lambda_runtime::run(service_fn(async |event: LambdaEvent<WebhookRequest>| {
        Ok::<_, Error>(Box::pin(ingress.handle(event.payload, &event.context.request_id)).await)
    }))
    .await
}

/// Reads the configuration and opens the network.
fn start() -> anyhow::Result<(Config, Transport)> {
    let config = Config::from_env()?;
    logs::init(&config.log_level);
    let extra_ca = config.extra_ca_file.as_deref().map(read).transpose()?;
    let transport = Transport::network(extra_ca.as_deref()).context("EXTRA_CA_FILE")?;
    Ok((config, transport))
}

/// When Lambda kills the function.
fn deadline(context: &lambda_runtime::Context) -> Timestamp {
    Timestamp::from_millis(i64::try_from(context.deadline).unwrap_or(i64::MAX))
}
