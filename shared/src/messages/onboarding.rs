//! Words about requests for the access of partners: work notes for colleagues, comments for who asked.

use std::collections::BTreeSet;
use std::fmt::Write as _;

use super::one_line;
use crate::domain::{CompanyId, OnboardingKind, UserId};
use crate::effect::{End, Provisioned, listed};

/// What a request asks for, for people.
pub fn requested(kind: OnboardingKind) -> &'static str {
    match kind {
        OnboardingKind::OnboardPartner => "the first user of a new partner",
        OnboardingKind::AddUser => "a new user",
        OnboardingKind::ChangeRoles => "other roles of a user",
        OnboardingKind::RemoveAccess => "the end of a user's access",
        OnboardingKind::OffBoardPartner => "the end of a partner's access",
    }
}

/// The work on a request begins.
pub fn request_begun(kind: OnboardingKind, company: &CompanyId, name: Option<&str>) -> String {
    let name = name.map_or_else(String::new, |name| format!("{} ", one_line(name, 200)));
    format!(
        "Gridlink carries this out in Trading Grid: {} of {name}({company}).",
        requested(kind)
    )
}

/// The user was made.
pub fn user_made(user: &UserId) -> String {
    format!(
        "The user {user} was made. Its password is known to nobody: the user sets one by \"forgot password\" at the \
         first log-in."
    )
}

/// A request waits for its day.
pub fn request_waits_until(date: &str) -> String {
    format!("Gridlink carries this out when {date} is over.")
}

/// A company is not in the partner directory yet.
pub fn company_awaited(group: &str, days: u64) -> String {
    format!(
        "The company is not in the partner directory of Trading Grid. {group} has a task to set it up. Gridlink goes on \
         by itself when the directory shows it, and gives this item back after {days} days."
    )
}

/// The task of whoever sets a company up.
pub fn company_to_set_up(number: &str, name: &str, address: &str, go_live: Option<&str>) -> String {
    let mut text = format!(
        "{number} was approved, and the partner directory of Trading Grid does not show this company.\n\nName: {}\nTrading \
         address: {}",
        one_line(name, 200),
        one_line(address, 100)
    );
    if let Some(date) = go_live {
        let _ = write!(text, "\nWished date of go-live: {}", one_line(date, 20));
    }
    text.push_str(
        "\n\nSet the company up in Trading Grid, with its address and mailbox, as a partner. Its first user is made when \
         the directory shows it.",
    );
    text
}

/// Somebody is reminded of the task.
pub fn still_to_set_up(days: u64, left: u64) -> String {
    format!("The company is not in the partner directory after {days} days. The request is given back in {left} days.")
}

/// The task is not needed any more.
pub fn nothing_to_set_up() -> String {
    "The request is over, or the company is there: this task is not needed any more.".to_owned()
}

/// What is wrong with a request, for colleagues.
pub fn request_stopped(problems: &str) -> String {
    format!(
        "Gridlink cannot carry this out:\n{problems}\n\nWhat was changed in Trading Grid is undone. What to do: where the world is to be mended, mend it, and set \
         this item from Pending to Work in Progress: it is tried again. What was approved cannot be changed: where the \
         request itself is wrong, close it as incomplete and have a new one ordered."
    )
}

/// The same for who asked.
pub fn request_stopped_for_requester() -> String {
    "Your request cannot be carried out as it is. Our team is looking into it and will come back to you.".to_owned()
}

/// What was done, for colleagues.
pub fn request_done(members: &[Provisioned], entitlements: &BTreeSet<String>) -> String {
    let mut text = "Done, and read back from Trading Grid:".to_owned();
    for member in members {
        let user = member.user_id.as_ref().map_or("", |user| user.as_str());
        let _ = match &member.goal {
            Some(roles) => write!(text, "\n- user {user} has the roles {}", listed(roles)),
            None => write!(text, "\n- user {user} has no role any more, and is deleted"),
        };
    }
    if members.is_empty() {
        text.push_str("\n- there was nobody whose access had to end");
    }
    if !entitlements.is_empty() {
        let names = entitlements.iter().map(|name| one_line(name, 100)).collect::<Vec<_>>();
        let _ = write!(text, "\nTrading Grid lists these entitlements: {}", names.join(", "));
    }
    text
}

/// The same for who asked.
pub fn request_done_for_requester(kind: OnboardingKind) -> String {
    match kind {
        OnboardingKind::OnboardPartner | OnboardingKind::AddUser => {
            "The user is ready. At the first log-in, a password is set by \"forgot password\" with the login of the request."
        }
        OnboardingKind::ChangeRoles => "The user has the roles that were asked for.",
        OnboardingKind::RemoveAccess => "The user's access is ended.",
        OnboardingKind::OffBoardPartner => "The access of the partner's users is ended.",
    }
    .to_owned()
}

/// How a request ended that was not carried out to its end, for colleagues.
pub fn request_ended(end: End, lost: &[String]) -> String {
    let mut text = match end {
        End::Undone => "This was canceled while Gridlink carried it out. What it had done in Trading Grid is undone.",
        End::TakenOver => {
            "Somebody closed this while Gridlink carried it out. Gridlink stops; what it has done in Trading Grid stays."
        }
        End::Done | End::Rejected | End::Canceled => "Gridlink has nothing more to do here.",
    }
    .to_owned();
    for line in lost {
        let _ = write!(text, "\n- not undone: {line}");
    }
    text
}
