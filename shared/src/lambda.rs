//! The shell that every function runs in; the only module that knows AWS Lambda.

mod drain;
mod logs;
mod queue_batch;
mod sweep;
mod webhook;

use std::sync::Arc;

use anyhow::Context;
use lambda_runtime::{LambdaEvent, service_fn};
use serde::{Deserialize, Serialize};
use tokio::sync::OnceCell;

use crate::clients::Clients;
use crate::clock::Clock;
use crate::config::{Config, Published, Systems, metrics_namespace, read, webhook_secret_prefix, xray_daemon};
use crate::domain::{Lane, Subject, Timestamp};
use crate::effect::Effect;
use crate::event::Event;
use crate::failure::Failure;
use crate::http::{Transport, until};
use crate::mapping::Mapping;
use crate::poll::{LensPoller, Polled, Reading};
use crate::store::Link;
use crate::telemetry::{Daemon, Telemetry};

pub use drain::Drained;
pub use logs::subscriber;
pub use queue_batch::{QueueBatch, QueueRecord, QueueVerdict, QueueWorker};
pub use sweep::{Source, SweepRequest, Sweeper, Swept};
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
    /// How many events are known to wait behind it.
    pub waiting: i64,
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
    let (worker, telemetry) = worker(use_case, gather, decide).await?;
    lambda_runtime::run(service_fn(async |event: LambdaEvent<QueueBatch>| {
        let handled = worker.handle(event.payload, &event.context.request_id, deadline(&event.context));
        Ok::<_, Error>(invocation(&telemetry, &event.context, handled).await)
    }))
    .await
}

/// What a function with something to export is invoked with.
#[derive(Deserialize)]
#[serde(untagged)]
enum Asked {
    /// What an administrator sends: the subject to export.
    Export { export: Subject },
    /// What the queue sends.
    Queue(QueueBatch),
}

/// What it answers.
#[derive(Serialize)]
#[serde(untagged)]
enum Answered {
    Exported(serde_json::Value),
    Verdict(QueueVerdict),
}

/// Serves the queue of a use case, and `{"export": "<subject>"}`, which an administrator sends.
///
/// # Errors
/// When the configuration is not usable, or Lambda ends the function.
pub async fn serve_queue_and_export<F>(
    use_case: crate::domain::UseCase,
    gather: impl Gather<F>,
    decide: impl Decide<F>,
    export: impl AsyncFn(&Clients, &Subject) -> anyhow::Result<serde_json::Value>,
) -> Result<(), Error> {
    let (worker, telemetry) = worker(use_case, gather, decide).await?;
    lambda_runtime::run(service_fn(async |event: LambdaEvent<Asked>| {
        let context = &event.context;
        Ok::<_, Error>(match event.payload {
            Asked::Export { export: subject } => {
                let exported = export(&worker.clients, &subject);
                Answered::Exported(invocation(&telemetry, context, exported).await?)
            }
            Asked::Queue(batch) => {
                let handled = worker.handle(batch, &context.request_id, deadline(context));
                Answered::Verdict(invocation(&telemetry, context, handled).await)
            }
        })
    }))
    .await
}

async fn worker<G: Gather<F>, D: Decide<F>, F>(
    use_case: crate::domain::UseCase,
    gather: G,
    decide: D,
) -> anyhow::Result<(QueueWorker<G, D>, Telemetry)> {
    let (config, transport, telemetry) = start(use_case.as_str())?;
    let clients = Clients::new(
        &config,
        Systems::from_env()?,
        mapping(&config)?,
        transport,
        Clock::System,
    )?;
    telemetry.watch(Box::pin(clients.warm_up())).await;
    let worker = QueueWorker {
        clients,
        use_case,
        gather,
        decide,
    };
    Ok((worker, telemetry))
}

/// What an invocation of the schedules did.
#[derive(Serialize)]
#[serde(untagged)]
enum Done {
    Swept(Swept),
    Polled(Polled),
}

/// Serves the schedules: the one that rings due streams, and those that poll.
///
/// # Errors
/// When the configuration is not usable, or Lambda ends the function.
pub async fn serve_sweep() -> Result<(), Error> {
    let (config, transport, telemetry) = start("poll-changes")?;
    let sweeper = Sweeper::new(&config, transport.clone(), Clock::System);
    let (config, transport) = (&config, &transport);
    // A sweep needs neither mapping nor access to Trading Grid, and must not fail for the lack of them.
    let (parsed, lens, clients) = (OnceCell::new(), OnceCell::new(), OnceCell::new());
    let mapping = async || {
        parsed
            .get_or_try_init(|| async { mapping(config) })
            .await
            .map(Arc::clone)
    };
    let lens = || {
        lens.get_or_try_init(|| async {
            let (exchanges, mapping) = (Published::from_env()?, mapping().await?);
            anyhow::Ok(LensPoller::new(
                config,
                exchanges,
                mapping,
                transport.clone(),
                Clock::System,
            ))
        })
    };
    let clients = || {
        clients.get_or_try_init(|| async {
            let (systems, mapping) = (Systems::from_env()?, mapping().await?);
            Ok::<_, anyhow::Error>(Clients::new(
                config,
                systems,
                mapping,
                transport.clone(),
                Clock::System,
            )?)
        })
    };
    lambda_runtime::run(service_fn(async |event: LambdaEvent<SweepRequest>| {
        let context = &event.context;
        let (request, worker, deadline) = (event.payload, &context.request_id, deadline(context));
        let since = request.since.as_deref().map(Timestamp::parse_rfc3339).transpose()?;
        let reading = match (since, request.again_days) {
            (None, None) => Reading::Onward,
            (Some(since), None) => Reading::Since(since),
            (None, Some(days)) if request.poll == Some(Source::Lens) => Reading::Again { days },
            (_, Some(_)) => {
                return Err(anyhow::anyhow!("again_days is for {{\"poll\":\"lens\"}}, without since").into());
            }
        };
        let polled = match request.poll {
            None => {
                let swept = sweeper.handle(request, worker, deadline);
                return Ok(Done::Swept(invocation(&telemetry, context, swept).await?));
            }
            Some(Source::Lens) => {
                let polled = lens().await?.poll(reading, worker, deadline);
                invocation(&telemetry, context, polled).await
            }
            Some(Source::Feed) => {
                let polled = clients().await?.poll_feed(since, worker, deadline);
                invocation(&telemetry, context, polled).await
            }
            Some(Source::Records) => {
                let polled = clients().await?.poll_records(since, worker, deadline);
                invocation(&telemetry, context, polled).await
            }
        };
        // An outage of the other side is no fault of the function.
        let polled = polled.unwrap_or_else(|error| {
            let error = crate::failure::chain(error.as_ref());
            tracing::error!(poll_failed = 1, %error, "not polled; the next poll goes on from the same place");
            Polled {
                has_failed: true,
                ..Polled::default()
            }
        });
        Ok::<_, Error>(Done::Polled(polled))
    }))
    .await
}

/// Serves webhooks behind API Gateway.
///
/// # Errors
/// When the configuration is not usable, or Lambda ends the function.
pub async fn serve_webhook() -> Result<(), Error> {
    let (config, transport, telemetry) = start("receive-webhook")?;
    let mapping = mapping(&config)?;
    let ingress = Ingress::new(&config, webhook_secret_prefix()?, mapping, transport, Clock::System);
    telemetry.watch(Box::pin(ingress.warm_up())).await;
    lambda_runtime::run(service_fn(async |event: LambdaEvent<WebhookRequest>| {
        let answered = ingress.handle(event.payload, &event.context.request_id);
        Ok::<_, Error>(invocation(&telemetry, &event.context, answered).await)
    }))
    .await
}

/// Reads the configuration and opens the network, for a function of this name.
fn start(function: &'static str) -> anyhow::Result<(Config, Transport, Telemetry)> {
    let config = Config::from_env()?;
    logs::init(&config.log_level);
    let extra_ca = config.extra_ca_file.as_deref().map(read).transpose()?;
    let transport = Transport::network(extra_ca.as_deref()).context("EXTRA_CA_FILE")?;
    let daemon = xray_daemon().and_then(|address| Daemon::at(&address));
    let telemetry = Telemetry::to_stdout(metrics_namespace()?, function).with_daemon(daemon);
    Ok((config, transport, telemetry))
}

/// The mapping of the package. As `anyhow::Error`, so that what is wrong with it is logged in words when the function
/// does not start.
fn mapping(config: &Config) -> anyhow::Result<Arc<Mapping>> {
    let mapping = Mapping::parse(&config.mapping()?).context("mapping.yaml cannot be used")?;
    Ok(Arc::new(mapping))
}

/// Does the work of an invocation: it is measured, and nothing of it leaves for another system after its end.
///
/// The work is boxed before it is part of anything: the compiler would follow each function to its last call.
fn invocation<T>(
    telemetry: &Telemetry,
    context: &lambda_runtime::Context,
    work: impl Future<Output = T>,
) -> impl Future<Output = T> {
    let telemetry = telemetry.of_trace(context.xray_trace_id.as_deref());
    let work = until(Clock::System, deadline(context), Box::pin(work));
    async move { telemetry.watch(work).await }
}

/// When Lambda kills the function.
fn deadline(context: &lambda_runtime::Context) -> Timestamp {
    Timestamp::from_millis(i64::try_from(context.deadline).unwrap_or(i64::MAX))
}
