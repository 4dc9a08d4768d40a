//! `worlds`: a simulated ServiceNow instance or Trading Grid community on a local port.

use std::net::SocketAddr;
use std::path::PathBuf;
use std::process::ExitCode;
use std::time::Duration;

use clap::{Args, Parser, Subcommand};
use worlds::outgoing::{self, Client, Destination};
use worlds::server::{Server, World, tls};
use worlds::{Clock, ServiceNow, TradingGrid};

/// Strict simulators of the two systems that Gridlink connects.
#[derive(Parser)]
#[command(name = "worlds")]
struct Command {
    #[command(subcommand)]
    world: Which,
}

#[derive(Subcommand)]
enum Which {
    /// A ServiceNow instance. OAuth client gridlink/gridlink, user admin/admin.
    #[command(name = "servicenow")]
    ServiceNow {
        #[command(flatten)]
        options: Options,
        #[command(flatten)]
        events: EventOptions,
    },
    /// A Trading Grid community. OAuth client gridlink/gridlink; API key gridlink-api-key for the collaboration contract.
    TradingGrid {
        #[command(flatten)]
        options: Options,
        #[command(flatten)]
        events: EventOptions,
    },
}

#[derive(Args)]
struct Options {
    /// Where to listen, for example 127.0.0.1:9101; port 0 takes a free one.
    #[arg(long)]
    listen: SocketAddr,
    /// A PEM file with the certificate chain; with it the world speaks TLS.
    #[arg(long, requires = "tls_key")]
    tls_cert: Option<PathBuf>,
    /// A PEM file with the private key.
    #[arg(long, requires = "tls_cert")]
    tls_key: Option<PathBuf>,
    /// A PEM file with certificates; with it only callers with a client certificate of one of these are let in.
    #[arg(long, requires = "tls_cert", value_name = "FILE")]
    tls_client_ca: Option<PathBuf>,
    /// Start without the seeded rows, issues and documents.
    #[arg(long)]
    empty: bool,
}

/// Where a world sends its events; without a receiver it sends none, and POST /_world/receiver can name one later.
#[derive(Args)]
struct EventOptions {
    /// Events are posted to this address with /hooks/NAME at its end.
    #[arg(long, value_name = "URL", requires = "events_secret")]
    events_to: Option<String>,
    /// What events are signed with: whsec_ and then base64.
    #[arg(long, value_name = "SECRET", requires = "events_to")]
    events_secret: Option<String>,
    /// Who the world is to the receiver; without it servicenow or trading-grid.
    #[arg(long, value_name = "NAME")]
    events_sender: Option<String>,
    /// How often the world looks for events to send.
    #[arg(long, value_name = "SECONDS", default_value = "2", value_parser = clap::value_parser!(u64).range(1..=3600))]
    events_every: u64,
    /// A PEM file with certificates that the receiver may have, beside those of the public authorities.
    #[arg(long, value_name = "FILE")]
    events_ca: Option<PathBuf>,
}

#[tokio::main]
async fn main() -> ExitCode {
    let command = Command::parse();
    tokio::select! {
        failed = run(command.world) => {
            say(&format!("worlds: {failed}"));
            ExitCode::FAILURE
        }
        () = asked_to_end() => ExitCode::SUCCESS,
    }
}

/// Serves for ever, unless it cannot begin.
async fn run(which: Which) -> std::io::Error {
    let (name, world, options, events) = match which {
        Which::ServiceNow { options, events } => {
            let instance = match options.empty {
                true => ServiceNow::new(Clock::System),
                false => ServiceNow::seeded(Clock::System),
            };
            ("servicenow", World::ServiceNow(instance), options, events)
        }
        Which::TradingGrid { options, events } => {
            let community = match options.empty {
                true => TradingGrid::new(Clock::System),
                false => TradingGrid::seeded(Clock::System),
            };
            ("trading-grid", World::TradingGrid(community), options, events)
        }
    };
    let sender = match sender(name, &world, &events) {
        Ok(client) => outgoing::run(world.clone(), client, Duration::from_secs(events.events_every)),
        Err(error) => return error,
    };
    tokio::select! {
        error = serve(name, world, &options) => error,
        never = sender => match never {},
    }
}

async fn serve(name: &str, world: World, options: &Options) -> std::io::Error {
    match start(world, options).await {
        Err(error) => error,
        Ok((server, url)) => {
            announce(&format!("{name} world listening on {url}"));
            match server.run().await {}
        }
    }
}

/// Names the receiver of events, if there is one, and makes the client that posts them.
fn sender(name: &str, world: &World, options: &EventOptions) -> std::io::Result<Client> {
    if let (Some(url), Some(secret)) = (&options.events_to, &options.events_secret) {
        let invalid = |reason| std::io::Error::new(std::io::ErrorKind::InvalidInput, reason);
        let sender = options.events_sender.as_deref().unwrap_or(name);
        let destination = Destination::new(url, sender, secret).map_err(invalid)?;
        match world {
            World::ServiceNow(instance) => instance.send_events(destination),
            World::TradingGrid(community) => community.send_events(destination),
        }
    }
    Client::new(options.events_ca.as_deref())
}

async fn start(world: World, options: &Options) -> std::io::Result<(Server, String)> {
    let tls = match (&options.tls_cert, &options.tls_key) {
        (Some(certificate), Some(key)) => Some(tls(certificate, key, options.tls_client_ca.as_deref())?),
        _ => None,
    };
    let server = Server::bind(world, options.listen, tls).await?;
    let url = server.url()?;
    Ok((server, url))
}

#[cfg(unix)]
async fn asked_to_end() {
    use tokio::signal::unix::{SignalKind, signal};

    match signal(SignalKind::terminate()) {
        Err(_) => interrupted().await,
        Ok(mut terminate) => tokio::select! {
            _ = terminate.recv() => {}
            () = interrupted() => {}
        },
    }
}

#[cfg(not(unix))]
async fn asked_to_end() {
    interrupted().await;
}

/// Ctrl-C; never, where that cannot be heard.
async fn interrupted() {
    if tokio::signal::ctrl_c().await.is_err() {
        std::future::pending::<()>().await;
    }
}

#[expect(clippy::print_stdout, reason = "whoever starts the program waits for this line")]
fn announce(line: &str) {
    use std::io::Write;

    println!("{line}");
    // A closed pipe is no reason to end.
    drop(std::io::stdout().flush());
}

fn say(line: &str) {
    eprintln!("{line}");
}
