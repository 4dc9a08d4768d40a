//! What can be asked for.

use std::path::PathBuf;
use std::time::Duration;

use clap::{Parser, Subcommand, ValueEnum};
use shared::domain::{Lane, UseCase};

/// See what Gridlink does, and put right what it cannot.
///
/// Exit codes: 0 all is well, 1 there are findings or nothing was found, 2 the command is wrong, 3 something could not
/// be reached or failed.
#[derive(Debug, Parser)]
#[command(name = "gridlink", version, max_term_width = 110)]
pub struct Args {
    /// Where to look, and how to answer.
    #[command(flatten)]
    pub global: Global,
    /// What to do.
    #[command(subcommand)]
    pub command: Command,
}

/// Options of every command.
#[derive(Debug, Clone, clap::Args)]
pub struct Global {
    /// The CloudFormation stack.
    #[arg(long, global = true, env = "GRIDLINK_STACK", default_value = "gridlink")]
    pub stack: String,
    /// The AWS region; else that of the profile or the environment.
    #[arg(long, global = true)]
    pub region: Option<String>,
    /// The profile of the AWS configuration files.
    #[arg(long, global = true)]
    pub profile: Option<String>,
    /// Answer as JSON.
    #[arg(long, global = true)]
    pub json: bool,
    /// The mapping that is deployed.
    #[arg(
        long,
        global = true,
        value_name = "FILE",
        env = "GRIDLINK_MAPPING",
        default_value = "infra/mapping.yaml"
    )]
    pub mapping: PathBuf,
    /// A PEM file of certificate authorities to trust beside the public ones.
    #[arg(long, global = true, value_name = "FILE")]
    pub extra_ca: Option<PathBuf>,
    /// Who you are, for the timeline; else the ARN that AWS knows you by.
    #[arg(long, global = true, value_name = "NAME")]
    pub by: Option<String>,
}

/// The commands.
#[derive(Debug, Subcommand)]
pub enum Command {
    /// Show everything about one thing: its records, how far it is, what waits and why, and its story.
    Trace {
        /// An issue, thread, exchange, article or event id, a case number, a sys_id, or a subject such as
        /// `issues/GC41543822654A/ISS-1001`.
        what: String,
        /// Search the whole table for a number that ServiceNow does not know; slow where the table is large.
        #[arg(long)]
        scan: bool,
    },
    /// Look at what waits for a person, and let it go on.
    #[command(subcommand)]
    Parked(Parked),
    /// Stop a use case, a company or one subject without losing anything; without a target, list what is paused.
    Pause {
        /// A use case such as `open-case`, a company id, or a subject such as `issues/GC41543822654A/ISS-1001`.
        #[arg(requires = "reason")]
        target: Option<String>,
        /// Why; it stands on the pause and on the timeline.
        #[arg(long)]
        reason: Option<String>,
        /// Only this lane of a subject.
        #[arg(long, value_parser = lane)]
        lane: Option<Lane>,
    },
    /// Let go on what was paused.
    Resume {
        /// What was paused.
        target: String,
        /// Only this lane of a subject.
        #[arg(long, value_parser = lane)]
        lane: Option<Lane>,
    },
    /// Check the mapping, or see what it makes of an event.
    #[command(subcommand)]
    Mapping(MappingCommand),
    /// Fill in by pull what no push has told, from a time on.
    ReplayFrom {
        /// A time such as `2026-11-01T00:00:00Z` or `2026-11-01`, or how long ago, such as `2h`.
        time: String,
        /// Only this source; may be given several times.
        #[arg(long)]
        source: Vec<Source>,
    },
    /// Give everything about one thing as a sealed document, or verify one.
    #[command(args_conflicts_with_subcommands = true, subcommand_negates_reqs = true)]
    Evidence {
        /// What `trace` takes.
        #[arg(required = true)]
        what: Option<String>,
        /// A file with the key of the seal; else the reference secret of the deployment.
        #[arg(long, value_name = "FILE")]
        key_file: Option<PathBuf>,
        /// Something else.
        #[command(subcommand)]
        command: Option<EvidenceCommand>,
    },
    /// Rotate the keys that senders sign with.
    #[command(subcommand)]
    Secrets(SecretsCommand),
    /// Link records that exist before Gridlink to their issues, before a route is switched on.
    #[command(subcommand)]
    Adopt(Adopt),
    /// Compare both sides and the table, and put right what does not agree. Nothing is ever deleted.
    #[command(subcommand)]
    Reconcile(Reconcile),
    /// After a loss or a restoration of the table, bring the links back from the keys in ServiceNow, before anything
    /// runs. Without `--yes`, only show which.
    Rebuild {
        /// Carry it out.
        #[arg(long)]
        yes: bool,
    },
    /// Show what the table holds of a partner, and with `--yes` erase its words. Ids, digests and counters stay.
    Forget {
        /// The company id, such as GC41543822654A.
        partner: String,
        /// Carry it out.
        #[arg(long)]
        yes: bool,
    },
    /// Look for what is wrong with the deployment; each finding with its cause and remedy. Changes nothing.
    Doctor,
    /// Print the completions of a shell.
    Completions {
        /// Which shell.
        shell: clap_complete::Shell,
    },
}

/// What to do about parked streams.
#[derive(Debug, Subcommand)]
pub enum Parked {
    /// List what is parked, the longest first.
    List {
        /// Which of it.
        #[command(flatten)]
        filter: Filter,
    },
    /// Show why one subject is parked and what can be done.
    Show {
        /// What `trace` takes.
        what: String,
    },
    /// Try again, once the cause is mended. By filter, only show what would be done, unless `--yes` is given.
    Replay {
        /// Which streams.
        #[command(flatten)]
        choice: Choice,
    },
    /// Go on without the entry that is parked; it is never carried out. By filter, only show what would be done,
    /// unless `--yes` is given.
    Dismiss {
        /// Which streams.
        #[command(flatten)]
        choice: Choice,
        /// Why; it stands on the entry and on the timeline.
        #[arg(long)]
        reason: String,
    },
}

/// What to do about records that are there already.
#[derive(Debug, Subcommand)]
pub enum Adopt {
    /// Show what would be linked, and what is refused and why. Changes nothing.
    Plan {
        /// Which records.
        #[command(flatten)]
        which: crate::commands::adopt::Which,
    },
    /// Link what fits, and leave the rest; may be repeated.
    Apply {
        /// Which records.
        #[command(flatten)]
        which: crate::commands::adopt::Which,
    },
}

/// What to do about differences.
#[derive(Debug, Subcommand)]
pub enum Reconcile {
    /// Show what does not agree, by kind, and what would be done. Changes nothing.
    Plan {
        /// From when on: a time, a date, or how long ago, such as `24h` or `90d`.
        #[arg(long, default_value = "24h", value_name = "TIME")]
        since: String,
    },
    /// Put it right; what is done is no difference any more, so that it may be repeated.
    Apply {
        /// From when on: a time, a date, or how long ago, such as `24h` or `90d`.
        #[arg(long, default_value = "24h", value_name = "TIME")]
        since: String,
        /// How much.
        #[command(flatten)]
        most: crate::commands::reconcile::Most,
    },
}

/// What to do with the mapping.
#[derive(Debug, Subcommand)]
pub enum MappingCommand {
    /// Read a mapping and name the first mistake with its line.
    Check {
        /// The file; else that of --mapping.
        file: Option<PathBuf>,
    },
    /// Show which rule an event falls under, what would be done, and what the partner would see. Changes nothing.
    Preview {
        /// A file with the event, as it would be posted.
        event: PathBuf,
        /// Who would post it.
        #[arg(long)]
        sender: Option<shared::domain::SenderName>,
        /// Ask no system: for an issue that is opened, an exchange that fails or is late, or what is said in a thread.
        #[arg(long)]
        offline: bool,
        /// Facts for that, in JSON: partner_name, partner, group, deployment.
        #[arg(long, value_name = "FILE", requires = "offline")]
        facts: Option<PathBuf>,
    },
}

/// What else to do with evidence.
#[derive(Debug, Subcommand)]
pub enum EvidenceCommand {
    /// Say whether a document is as it was made.
    Verify {
        /// The document.
        file: PathBuf,
        /// The file with the key that it was sealed with; else the reference secret of the deployment.
        #[arg(long, value_name = "FILE")]
        key_file: Option<PathBuf>,
    },
}

/// What to do with secrets.
#[derive(Debug, Subcommand)]
pub enum SecretsCommand {
    /// Make a new key for a sender; the one of now stays valid until the next rotation. Both are tried.
    Rotate {
        /// The sender, such as `trading-grid`.
        sender: String,
        /// Print the new key.
        #[arg(long)]
        show: bool,
    },
}

/// Which parked streams are meant: one subject, or a filter.
#[derive(Debug, Clone, clap::Args)]
pub struct Choice {
    /// What `trace` takes.
    #[arg(conflicts_with_all = ["use_case", "cause", "older_than", "all"], required_unless_present_any = ["use_case", "cause", "older_than", "all"])]
    pub what: Option<String>,
    /// Only this lane of the subject.
    #[arg(long, value_parser = lane, requires = "what")]
    pub lane: Option<Lane>,
    /// By filter.
    #[command(flatten)]
    pub filter: Filter,
    /// Everything that is parked.
    #[arg(long)]
    pub all: bool,
    /// Carry it out.
    #[arg(long)]
    pub yes: bool,
}

/// A filter of parked streams; all of it must hold.
#[derive(Debug, Clone, Default, clap::Args)]
pub struct Filter {
    /// Of this use case.
    #[arg(long, value_parser = use_case, value_name = "NAME")]
    pub use_case: Option<UseCase>,
    /// Whose cause contains this text.
    #[arg(long, value_name = "TEXT")]
    pub cause: Option<String>,
    /// Parked for longer than this, such as `30m`, `2h` or `1d`.
    #[arg(long, value_parser = duration, value_name = "TIME")]
    pub older_than: Option<Duration>,
}

/// What can be polled.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum Source {
    /// Exchanges, in Lens.
    Lens,
    /// What happened in the community.
    Feed,
    /// Records in ServiceNow.
    Records,
}

fn lane(text: &str) -> Result<Lane, String> {
    let names = Lane::ALL.map(Lane::as_str);
    let found = Lane::ALL.into_iter().find(|lane| lane.as_str() == text);
    found.ok_or_else(|| format!("one of {}", names.join(", ")))
}

fn use_case(text: &str) -> Result<UseCase, String> {
    let names = UseCase::ALL.map(UseCase::as_str);
    text.parse().map_err(|_| format!("one of {}", names.join(", ")))
}

pub(crate) fn duration(text: &str) -> Result<Duration, String> {
    let units = [('s', 1), ('m', 60), ('h', 3600), ('d', 24 * 3600)];
    let parsed = units.into_iter().find_map(|(unit, seconds)| {
        let count: u64 = text.strip_suffix(unit)?.parse().ok()?;
        Some(Duration::from_secs(count.checked_mul(seconds)?))
    });
    parsed.ok_or_else(|| "a number with s, m, h or d, such as 30m".to_owned())
}

#[cfg(test)]
mod tests {
    use clap::CommandFactory;

    use super::*;

    #[test]
    fn the_command_line_is_sound() {
        Args::command().debug_assert();
    }

    #[test]
    fn durations() {
        assert_eq!(duration("90m"), Ok(Duration::from_secs(5400)));
        assert_eq!(duration("2d"), Ok(Duration::from_secs(172_800)));
        for wrong in [
            "",
            "5",
            "m",
            "-1h",
            "1w",
            "99999999999999999999d",
            "18446744073709551615d",
        ] {
            assert!(duration(wrong).is_err(), "{wrong}");
        }
    }

    #[test]
    fn whoever_names_nothing_changes_nothing() {
        for wrong in [
            &["gridlink", "parked", "replay"][..],
            &["gridlink", "parked", "dismiss", "--all", "--yes"],
            &["gridlink", "parked", "replay", "ISS-1", "--all"],
            &["gridlink", "pause", "open-case"],
        ] {
            let refused = Args::try_parse_from(wrong).err().map(|error| error.exit_code());
            assert_eq!(refused, Some(2), "{wrong:?}");
        }
    }
}
