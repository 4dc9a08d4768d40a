//! The rules, one sentence each. Sample events are the files in `events/receive-webhook`.

mod added;
mod desk;
mod finished;
mod hostile;
mod kind;
mod opening;
mod updated;
