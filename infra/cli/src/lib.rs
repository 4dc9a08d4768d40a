//! `gridlink`: the operator's command line.
//!
//! It finds a deployment by its CloudFormation stack, and works on it with the code of its functions: the same store,
//! the same clients, the same decisions. Each command gives a [`Report`], which is written as a table, in plain lines
//! or as JSON.

mod args;
mod commands;
mod failed;
mod place;
mod report;

use std::io::Write;
use std::process::ExitCode;

use clap::CommandFactory;

pub use args::{
    Adopt, Args, Choice, Command, EvidenceCommand, Filter, Global, MappingCommand, Parked, Reconcile, SecretsCommand,
    Source,
};
pub use commands::{
    adopt, doctor, evidence, forget, mapping, parked, pause, rebuild, reconcile, replay_from, secrets, trace,
};
pub use failed::Failed;
pub use place::{MappingFile, Place, Stack};
pub use report::{Block, Cell, Form, Report, Tone};

/// Does what is asked for, and says how it went.
pub async fn run(args: Args) -> ExitCode {
    let json = args.global.json;
    match Box::pin(answer(args)).await {
        Ok(report) => {
            let mut out = anstream::stdout();
            // Whoever reads may have read enough.
            let _ = report.write(Form::of_output(json), &mut out).and_then(|()| out.flush());
            ExitCode::from(u8::from(report.has_findings))
        }
        Err(failed) => {
            let mut out = anstream::stderr();
            let style = anstyle::Style::new()
                .bold()
                .fg_color(Some(anstyle::AnsiColor::Red.into()));
            let _ = if json {
                let error = serde_json::json!({"error": {"message": failed.message, "advice": failed.advice}});
                writeln!(out, "{error}")
            } else {
                writeln!(out, "{style}error:{style:#} {failed}")
            };
            ExitCode::from(if failed.is_usage { 2 } else { 3 })
        }
    }
}

async fn answer(args: Args) -> Result<Report, Failed> {
    let Args { global, command } = args;
    let given = MappingFile::At(global.mapping.clone());
    // What needs no deployment works without one.
    match &command {
        Command::Completions { shell } => {
            let mut text = Vec::new();
            clap_complete::generate(*shell, &mut Args::command(), "gridlink", &mut text);
            // Whoever reads may have read enough.
            let _ = anstream::stdout().write_all(&text);
            return Ok(Report::new(()).silent());
        }
        Command::Mapping(MappingCommand::Check { file }) => {
            return mapping::check(&file.clone().map_or(given, MappingFile::At));
        }
        Command::Mapping(MappingCommand::Preview {
            event,
            sender,
            offline: true,
            facts,
        }) => {
            let event = mapping::read(event, sender.as_ref())?;
            return mapping::preview_offline(&given.read()?, &event, facts.as_deref());
        }
        Command::Evidence {
            command:
                Some(EvidenceCommand::Verify {
                    file,
                    key_file: Some(key),
                }),
            ..
        } => return evidence::verify(None, file, Some(key)).await,
        _ => {}
    }
    let place = Place::find(&global).await?;
    match command {
        Command::Trace { what, scan } => trace::trace(&place, &what, scan).await,
        Command::Parked(Parked::List { filter }) => parked::list(&place, &filter).await,
        Command::Parked(Parked::Show { what }) => parked::show(&place, &what).await,
        Command::Parked(Parked::Replay { choice }) => parked::replay(&place, &choice).await,
        Command::Parked(Parked::Dismiss { choice, reason }) => parked::dismiss(&place, &choice, &reason).await,
        Command::Pause { target, reason, lane } => match target.zip(reason) {
            Some((target, reason)) => pause::pause(&place, &target, lane, &reason).await,
            None => pause::list(&place).await,
        },
        Command::Resume { target, lane } => pause::resume(&place, &target, lane).await,
        Command::Mapping(MappingCommand::Check { file }) => mapping::check(&file.map_or(given, MappingFile::At)),
        Command::Mapping(MappingCommand::Preview { event, sender, .. }) => {
            mapping::preview(&place, &mapping::read(&event, sender.as_ref())?).await
        }
        Command::ReplayFrom { time, source } => replay_from::replay_from(&place, &time, &source).await,
        Command::Evidence {
            command: Some(EvidenceCommand::Verify { file, key_file }),
            ..
        } => evidence::verify(Some(&place), &file, key_file.as_deref()).await,
        Command::Evidence { what, key_file, .. } => {
            evidence::evidence(&place, &what.unwrap_or_default(), key_file.as_deref()).await
        }
        Command::Secrets(SecretsCommand::Rotate { sender, show }) => secrets::rotate(&place, &sender, show).await,
        Command::Adopt(Adopt::Plan { which }) => Box::pin(adopt::plan(&place, &which)).await,
        Command::Adopt(Adopt::Apply { which }) => Box::pin(adopt::apply(&place, &which)).await,
        Command::Reconcile(Reconcile::Plan { since }) => Box::pin(reconcile::plan(&place, &since)).await,
        Command::Reconcile(Reconcile::Apply { since, most }) => Box::pin(reconcile::apply(&place, &since, &most)).await,
        Command::Rebuild { yes } => Box::pin(rebuild::rebuild(&place, yes)).await,
        Command::Forget { partner, yes } => Box::pin(forget::forget(&place, &partner, yes)).await,
        Command::Doctor => doctor::doctor(&place).await,
        Command::Completions { .. } => Ok(Report::new(()).silent()),
    }
}
