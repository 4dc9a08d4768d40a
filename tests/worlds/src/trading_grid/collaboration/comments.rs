//! Comments on an issue.

use serde::Deserialize;
use serde_json::json;

use super::Collaboration;
use super::call::{Call, Reply};
use super::contract::Body;
use super::wire::{Author, Comment, Stamp};
use crate::trading_grid::problems::{Kind, Problem};

/// More than anybody writes; what is over it is refused.
const MAX_COMMENTS: usize = 10_000;

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct NewComment {
    text: String,
    author: Author,
    #[serde(default)]
    article_ids: Vec<String>,
}

pub(crate) fn list(world: &Collaboration, call: &Call<'_>) -> Result<Reply, Problem> {
    let issue = world.issue(call.id(1), call.id(2))?;
    Ok(Reply::ok(&call.page("c", &issue.comments)?))
}

pub(crate) fn post(world: &mut Collaboration, call: &Call<'_>, stamp: &Stamp) -> Result<Reply, Problem> {
    let new: NewComment = call.json(Body::NewComment)?;
    let (company, issue) = (call.id(1), call.id(2));
    world.issue(company, issue)?.is_open()?;
    let article_ids = world.readable_articles(&call.members, company, &new.article_ids, stamp)?;
    let comment = world
        .comment(company, issue, new.author, &new.text, article_ids, stamp)?
        .1;
    Ok(Reply::created(&comment))
}

impl Collaboration {
    /// Adds a comment and tells of it; gives the version and the comment.
    pub(crate) fn comment(
        &mut self,
        company: &str,
        issue: &str,
        author: Author,
        text: &str,
        article_ids: Vec<String>,
        stamp: &Stamp,
    ) -> Result<(u64, Comment), Problem> {
        let comment_id = self.next_id("cmt");
        let found = self.issue_mut(company, issue)?;
        found.is_open()?;
        if found.comments.len() >= MAX_COMMENTS {
            return Err(Problem::new(Kind::ResourceClosed, "The issue takes no more comments."));
        }
        let comment = Comment {
            comment_id,
            text: text.to_owned(),
            author,
            article_ids,
            posted_at: stamp.at.clone(),
            origin: stamp.origin.clone(),
        };
        found.version += 1;
        found.comments.push(comment.clone());
        let version = found.version;
        let data = json!({ "comment": comment });
        // Its author is in the comment.
        self.tell_of_issue(company, issue, "issue.commented", None, stamp, data)?;
        Ok((version, comment))
    }
}
