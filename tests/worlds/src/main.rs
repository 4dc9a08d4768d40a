//! `worlds`: a simulated ServiceNow instance or Trading Grid community on a local port.

use std::net::SocketAddr;
use std::path::PathBuf;
use std::process::ExitCode;

use clap::{Args, Parser, Subcommand};
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
    ServiceNow(Options),
    /// A Trading Grid community. OAuth client gridlink/gridlink; API key gridlink-api-key for the collaboration contract.
    TradingGrid(Options),
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
    /// Start without the seeded rows, issues and documents.
    #[arg(long)]
    empty: bool,
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
    let (name, options) = match &which {
        Which::ServiceNow(options) => ("servicenow", options),
        Which::TradingGrid(options) => ("trading-grid", options),
    };
    let world = match (&which, options.empty) {
        (Which::ServiceNow(_), true) => World::ServiceNow(ServiceNow::new(Clock::System)),
        (Which::ServiceNow(_), false) => World::ServiceNow(ServiceNow::seeded(Clock::System)),
        (Which::TradingGrid(_), true) => World::TradingGrid(TradingGrid::new(Clock::System)),
        (Which::TradingGrid(_), false) => World::TradingGrid(TradingGrid::seeded(Clock::System)),
    };
    match start(world, options).await {
        Err(error) => error,
        Ok((server, url)) => {
            announce(&format!("{name} world listening on {url}"));
            match server.run().await {}
        }
    }
}

async fn start(world: World, options: &Options) -> std::io::Result<(Server, String)> {
    let tls = match (&options.tls_cert, &options.tls_key) {
        (Some(certificate), Some(key)) => Some(tls(certificate, key)?),
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
