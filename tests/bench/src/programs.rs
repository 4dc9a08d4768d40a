//! The programs that are measured: built here, so that they are what would be deployed now.

use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, Result, ensure};
use flate2::Compression;
use flate2::write::DeflateEncoder;

/// A program that is measured.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Which {
    NoOp,
    BareClient,
    OpenCase,
    ReceiveWebhook,
    PollChanges,
}

impl Which {
    pub(crate) const ALL: [Self; 5] = [
        Self::NoOp,
        Self::BareClient,
        Self::OpenCase,
        Self::ReceiveWebhook,
        Self::PollChanges,
    ];
    pub(crate) const FUNCTIONS: [Self; 3] = [Self::OpenCase, Self::ReceiveWebhook, Self::PollChanges];

    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::NoOp => "no-op",
            Self::BareClient => "bare-client",
            Self::OpenCase => "open-case",
            Self::ReceiveWebhook => "receive-webhook",
            Self::PollChanges => "poll-changes",
        }
    }
}

/// Builds the programs with a profile.
///
/// The functions are built by themselves, as `make package` does: features that others in the
/// workspace ask for must not reach them.
pub(crate) fn build(profile: &str) -> Result<()> {
    let functions = Which::FUNCTIONS
        .iter()
        .flat_map(|function| ["--package", function.name()]);
    cargo(profile, functions)?;
    let small = [
        "--package",
        "bench",
        "--no-default-features",
        "--bin",
        "no-op",
        "--bin",
        "bare-client",
    ];
    cargo(profile, small)
}

/// Where cargo builds, known from where this program is: `<target>/<profile>/bench`.
pub(crate) fn target_folder() -> Result<PathBuf> {
    let own = std::env::current_exe()?;
    let target = own.parent().and_then(Path::parent);
    Ok(target.context("the target folder is not known")?.to_owned())
}

fn cargo<'a>(profile: &str, arguments: impl IntoIterator<Item = &'a str>) -> Result<()> {
    let mut command = Command::new(env!("CARGO"));
    command
        .args(["build", "--locked", "--profile", profile])
        .args(arguments);
    let status = command
        .current_dir(repository())
        .status()
        .context("cargo cannot be started")?;
    ensure!(status.success(), "the build failed; the reason is above");
    Ok(())
}

/// The root of the repository that this program was built from.
pub(crate) fn repository() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../..")
}

/// The size of a package as a zip file with these files, in bytes.
pub(crate) fn zip_size(files: &[(&str, &Path)]) -> Result<u64> {
    let mut size = END_OF_DIRECTORY;
    for (name, path) in files {
        let bytes = std::fs::read(path).with_context(|| format!("{} cannot be read", path.display()))?;
        let mut deflated = DeflateEncoder::new(Vec::new(), Compression::best());
        deflated.write_all(&bytes)?;
        size += deflated.finish()?.len() + HEADERS + 2 * name.len();
    }
    Ok(size as u64)
}

/// Of a zip file: the headers of an entry, in its place and in the directory (APPNOTE.TXT 4.3.7 and 4.3.12).
const HEADERS: usize = 30 + 46;
/// The end of the directory (APPNOTE.TXT 4.3.16).
const END_OF_DIRECTORY: usize = 22;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_package_is_smaller_than_its_text() {
        let mapping = repository().join("infra/mapping.yaml");
        let plain = std::fs::metadata(&mapping).unwrap().len();
        let zipped = zip_size(&[("mapping.yaml", &mapping)]).unwrap();
        assert!((200..plain / 2).contains(&zipped), "{zipped} of {plain}");
    }
}
