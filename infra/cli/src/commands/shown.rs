//! What the community has of an issue or a thread, all pages of it.

use shared::clients::Clients;
use shared::domain::{CompanyId, IssueId};
use shared::trading_grid::Error;
use shared::trading_grid::collaboration::{Comment, Cursor, Message, Page, Room};

/// The comments of an issue, oldest first.
pub(crate) async fn comments(clients: &Clients, company: &CompanyId, issue: &IssueId) -> Result<Vec<Comment>, Error> {
    all(async |after: Option<Cursor>| clients.community.comments(company, issue, after.as_ref()).await).await
}

/// The messages of a thread or workspace, oldest first; none where there is no such room.
pub(crate) async fn messages(clients: &Clients, room: Room<'_>) -> Result<Vec<Message>, Error> {
    all(async |after: Option<Cursor>| clients.community.messages(room, after.as_ref()).await).await
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
