//! Finding the subject of what an operator has in hand.

use shared::domain::{SenderName, Subject, SysId};
use shared::event::OURSELVES;

use super::progress::counting;
use crate::failed::Failed;
use crate::place::Place;

/// Finds a subject by an issue, thread, exchange, article or event id, a case number, a sys_id, or its own name.
///
/// All of it is a read by key but one: a number is asked of ServiceNow, which has an index for it, and the way back
/// from the record is a read by key again. Only with `scan` the whole table is searched for a number.
///
/// # Errors
/// When something cannot be asked, or nothing is known of it.
pub(crate) async fn find(place: &Place, what: &str, scan: bool) -> Result<Subject, Failed> {
    let store = &place.store;
    if what.contains('/') {
        let named = Subject::try_from(what.to_owned());
        return named.map_err(|error| {
            let advice = "A subject looks like issues/GC41543822654A/ISS-1001, threads/…, exchanges/… or requests/….";
            Failed::usage(format!("{what}: {error}"), advice)
        });
    }
    if let Ok(sys_id) = what.parse::<SysId>() {
        if let Some((subject, _)) = store.back(&sys_id).await? {
            return Ok(subject);
        }
        let requests = Subject::request(&sys_id);
        if store.history(&requests).await?.is_some() {
            return Ok(requests);
        }
    }
    let known = |subject: String| async move {
        match Subject::try_from(subject) {
            Ok(subject) => Ok::<_, Failed>(store.history(&subject).await?.map(|_| subject)),
            Err(_) => Ok(None),
        }
    };
    if let Some(company) = store.company_of_issue(what).await?
        && let Some(subject) = known(format!("issues/{company}/{what}")).await?
    {
        return Ok(subject);
    }
    if let Some(company) = store.company_of_thread(what).await?
        && let Some(subject) = known(format!("threads/{company}/{what}")).await?
    {
        return Ok(subject);
    }
    let names = ["trading-grid", "servicenow", OURSELVES];
    let senders: Vec<SenderName> = names.iter().filter_map(|name| name.parse().ok()).collect();
    if let Some(subject) = store.subject_of_event(&senders, what).await? {
        return Ok(subject);
    }
    for kind in ["exchanges", "articles", "failures"] {
        if let Some(subject) = known(format!("{kind}/{what}")).await? {
            return Ok(subject);
        }
    }
    if is_number(what) {
        return by_number(place, what, scan).await;
    }
    Err(Failed::new(
        format!("nothing is known of {what}"),
        "It was looked for as an issue, thread, event, exchange and article id, a sys_id and a number. Where a push may \
         have been lost, fill in by pull: `gridlink replay-from <time>`.",
    ))
}

/// Whether this looks like the number of a record, such as `CS0001001`.
fn is_number(what: &str) -> bool {
    let digits = what.trim_start_matches(|c: char| c.is_ascii_uppercase());
    (2..=8).contains(&(what.len() - digits.len()))
        && digits.len() >= 4
        && digits.bytes().all(|byte| byte.is_ascii_digit())
}

async fn by_number(place: &Place, number: &str, scan: bool) -> Result<Subject, Failed> {
    if !scan {
        let clients = place.clients()?;
        let found = clients.servicenow.number(number).await.map_err(|error| {
            let cause = shared::failure::chain(&error);
            let advice = "See `gridlink doctor`; or search the table itself with --scan.";
            Failed::new(format!("ServiceNow cannot be asked for {number}: {cause}"), advice)
        })?;
        for sys_id in &found {
            if let Some((subject, _)) = place.store.back(sys_id).await? {
                return Ok(subject);
            }
        }
        let what = match found.is_empty() {
            false => format!("{number} is in ServiceNow, but belongs to nothing of Gridlink"),
            true => format!("ServiceNow has no record {number}"),
        };
        let advice = "Where the record was deleted, search the table itself with --scan.";
        return Err(Failed::new(what, advice));
    }
    let progress = counting("searching the table");
    let found = place.store.search_number(number, &|more| progress.inc(more)).await;
    progress.finish_and_clear();
    let mut found = found?.into_iter();
    match (found.next(), found.next()) {
        (Some(subject), None) => Ok(subject),
        (None, _) => Err(Failed::new(
            format!("the table knows no record {number}"),
            "Look at the number, and at --stack.",
        )),
        (Some(one), Some(other)) => Err(Failed::new(
            format!("{number} belongs to {one} and to {other}"),
            "Name one of them.",
        )),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers() {
        for yes in ["CS0001001", "INC0010001", "RITM0010042", "SCTASK0010001"] {
            assert!(is_number(yes), "{yes}");
        }
        for no in ["ISS-1001", "0001001", "CS", "CS12", "cs0001001", "CS0001001x", ""] {
            assert!(!is_number(no), "{no}");
        }
    }
}
