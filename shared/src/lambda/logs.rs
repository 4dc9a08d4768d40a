//! Structured JSON logs, a line each, to standard output.

use tracing::Subscriber;
use tracing_subscriber::filter::{LevelFilter, Targets};
use tracing_subscriber::fmt::MakeWriter;
use tracing_subscriber::layer::SubscriberExt;
use tracing_subscriber::util::SubscriberInitExt;

/// Starts logging from `level` on.
pub(super) fn init(level: &str) {
    // A second initialization, which only tests could try, changes nothing.
    let _ = subscriber(level, std::io::stdout).try_init();
}

/// What writes lines from `level` on to `writer`; an unknown level means `info`.
pub fn subscriber<W>(level: &str, writer: W) -> impl Subscriber + Send + Sync
where
    W: for<'a> MakeWriter<'a> + Send + Sync + 'static,
{
    let level = level.parse().unwrap_or(LevelFilter::INFO);
    // Only our own lines are known to hold no content: the SDK's would show whole requests.
    let ours = [
        "shared",
        "bridge_escalation",
        "create_task",
        "open_case",
        "publish_knowledge",
        "provision_partner",
        "raise_incident",
        "relay_status",
        "receive_webhook",
        "poll_changes",
    ];
    let filter = Targets::new()
        .with_default(LevelFilter::WARN.min(level))
        .with_targets(ours.map(|name| (name, level)));
    let lines = tracing_subscriber::fmt::layer()
        .json()
        .flatten_event(true)
        .with_current_span(true)
        .with_span_list(false)
        .with_writer(writer);
    tracing_subscriber::registry().with(lines).with(filter)
}
