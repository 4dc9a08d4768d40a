//! What long work shows on a terminal.

use indicatif::{ProgressBar, ProgressStyle};

/// Work of unknown length: what is done, and how much of it so far.
pub(crate) fn counting(what: &str) -> ProgressBar {
    let progress = ProgressBar::new_spinner();
    styled(&progress, "{spinner} {msg}: {human_pos}, {elapsed}");
    progress.set_message(what.to_owned());
    progress
}

/// Work of known length.
pub(crate) fn bar(what: &str, length: usize) -> ProgressBar {
    let progress = ProgressBar::new(length as u64);
    styled(&progress, "{msg} [{bar:40}] {pos} of {len}, {elapsed}");
    progress.set_message(what.to_owned());
    progress
}

fn styled(progress: &ProgressBar, template: &str) {
    if let Ok(style) = ProgressStyle::with_template(template) {
        progress.set_style(style.progress_chars("=> "));
    }
}
