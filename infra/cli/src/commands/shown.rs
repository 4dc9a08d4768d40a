//! What the community has of an issue, all pages of it.

use shared::clients::Clients;
use shared::domain::{CompanyId, IssueId};
use shared::trading_grid::Error;
use shared::trading_grid::collaboration::{Comment, Cursor, Message, Page, Room};

/// The comments of an issue, oldest first.
pub(crate) async fn comments(clients: &Clients, company: &CompanyId, issue: &IssueId) -> Result<Vec<Comment>, Error> {
    all(async |after: Option<Cursor>| clients.community.comments(company, issue, after.as_ref()).await).await
}

/// The messages of its workspace, oldest first; none where it was never escalated.
pub(crate) async fn messages(clients: &Clients, company: &CompanyId, issue: &IssueId) -> Result<Vec<Message>, Error> {
    let room = || Room::Escalation(company, issue);
    all(async |after: Option<Cursor>| clients.community.messages(room(), after.as_ref()).await).await
}

async fn all<T>(page: impl AsyncFn(Option<Cursor>) -> Result<Option<Page<T>>, Error>) -> Result<Vec<T>, Error> {
    let mut found = Vec::new();
    let mut after = None;
    while let Some(page) = page(after.take()).await? {
        found.extend(page.items);
        if !page.has_more {
            break;
        }
        after = Some(page.next);
    }
    Ok(found)
}
