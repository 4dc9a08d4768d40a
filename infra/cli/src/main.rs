//! `gridlink`: the operator's command line.

use std::process::ExitCode;

use clap::Parser;

#[tokio::main(flavor = "current_thread")]
async fn main() -> ExitCode {
    gridlink::run(gridlink::Args::parse()).await
}
