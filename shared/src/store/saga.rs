//! What is kept of a request about a partner's access, and whose turn it is at a company.
//!
//! Requests about the same company take turns: roles are sets, and two who compare and change them at once would
//! undo each other's work. A turn is held in the table and ends with what the request keeps of itself, so a holder
//! that dies holds it until its stream, which stays due, goes on.

use aws_sdk_dynamodb::operation::update_item::UpdateItemError;
use aws_sdk_dynamodb::types::{Put, Update};

use super::exchange::{json, read};
use super::item::{Item, item, key, s, text, values};
use super::stream::is_refused;
use super::work::Write;
use super::{Error, Store, failed};
use crate::domain::{CompanyId, Subject, UserId};
use crate::effect::Saga;

/// What is kept of a request.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct KnownSaga {
    /// As it was kept last.
    pub saga: Saga,
    /// The user that was made since.
    pub created: Option<UserId>,
    /// Why something was refused since.
    pub trouble: Option<String>,
}

/// A part of the timeline of a subject.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Told {
    /// When, RFC 3339.
    pub at: String,
    /// What happened.
    pub text: String,
}

impl Store {
    /// The timeline of a subject, oldest first.
    ///
    /// # Errors
    /// When the table cannot be asked.
    pub async fn timeline(&self, subject: &Subject) -> Result<Vec<Told>, Error> {
        let items = self.of_subject(subject, "STORY#", "read of a timeline").await?;
        let told = items.iter().map(|item| Told {
            at: text(item, "at").unwrap_or_default().to_owned(),
            text: text(item, "text").unwrap_or_default().to_owned(),
        });
        Ok(told.collect())
    }

    /// What is kept of a request; nothing before it was approved or refused.
    ///
    /// # Errors
    /// When the table cannot be read, or the item is of a newer version.
    pub async fn saga(&self, subject: &Subject) -> Result<Option<KnownSaga>, Error> {
        let items = self.read_all(vec![saga_key(subject)]).await?;
        let known = items.first().map(|item| {
            Ok(KnownSaga {
                saga: read(item)?,
                created: text(item, "created").and_then(|user| user.parse().ok()),
                trouble: text(item, "trouble").map(str::to_owned),
            })
        });
        known.transpose()
    }

    /// The whole of it, with the end of a turn.
    pub(super) fn mark_saga(
        &self,
        subject: &Subject,
        saga: &Saga,
        releases: Option<&CompanyId>,
    ) -> Result<Vec<Write>, Error> {
        let kept = item(saga_key(subject), [("kept", json(saga)?)]);
        let put = Put::builder().table_name(&self.table).set_item(Some(kept));
        let mut writes = vec![Write::Put(put.build().map_err(failed("mark"))?)];
        if let Some(company) = releases {
            let release = Update::builder()
                .table_name(&self.table)
                .set_key(Some(turn_key(company)))
                .update_expression("REMOVE held_by")
                .condition_expression("held_by = :mine")
                .expression_attribute_values(":mine", s(subject.as_str()));
            writes.push(Write::Update(release.build().map_err(failed("mark"))?));
        }
        Ok(writes)
    }

    /// The user that a request made.
    ///
    /// # Errors
    /// When the write cannot be built.
    pub fn user_created(&self, subject: &Subject, user: &UserId) -> Result<Write, Error> {
        self.set_of_saga(subject, "created", user.as_str())
    }

    pub(super) fn trouble(&self, subject: &Subject, reason: &str) -> Result<Write, Error> {
        self.set_of_saga(subject, "trouble", reason)
    }

    fn set_of_saga(&self, subject: &Subject, attribute: &'static str, value: &str) -> Result<Write, Error> {
        Update::builder()
            .table_name(&self.table)
            .set_key(Some(saga_key(subject)))
            .update_expression("SET #attribute = :value")
            .condition_expression("attribute_exists(pk)")
            .expression_attribute_names("#attribute", attribute)
            .expression_attribute_values(":value", s(value))
            .build()
            .map(Write::Update)
            .map_err(failed("mark"))
    }

    /// Takes the turn of a request at a company; gives the request that has it, if that is another.
    ///
    /// A turn is taken over from a request that is over: only a worker that stood still until after the end of its request
    /// can have taken it.
    ///
    /// # Errors
    /// When the table cannot be asked.
    pub async fn take_turn(&self, company: &CompanyId, subject: &Subject) -> Result<Option<String>, Error> {
        let Some(holder) = self.take_turn_from(company, subject, subject.as_str()).await? else {
            return Ok(None);
        };
        let known = match Subject::try_from(holder.clone()) {
            Ok(request) => self.saga(&request).await?,
            Err(_) => None,
        };
        match known.is_some_and(|known| known.saga.is_over()) {
            true => self.take_turn_from(company, subject, &holder).await,
            false => Ok(Some(holder)),
        }
    }

    /// Takes a turn that nobody has, or this one.
    async fn take_turn_from(
        &self,
        company: &CompanyId,
        subject: &Subject,
        holder_before: &str,
    ) -> Result<Option<String>, Error> {
        let outcome = self
            .client
            .update_item()
            .table_name(&self.table)
            .set_key(Some(turn_key(company)))
            .update_expression("SET held_by = :mine")
            .condition_expression("attribute_not_exists(held_by) OR held_by = :before")
            .set_expression_attribute_values(Some(values([
                (":mine", s(subject.as_str())),
                (":before", s(holder_before)),
            ])))
            .return_values_on_condition_check_failure(
                aws_sdk_dynamodb::types::ReturnValuesOnConditionCheckFailure::AllOld,
            )
            .send()
            .await;
        match outcome {
            Ok(_) => Ok(None),
            Err(error) if is_refused(error.as_service_error()) => Ok(Some(holder(error.as_service_error()))),
            Err(error) => Err(failed("take of a turn")(error)),
        }
    }
}

/// Who has the turn.
fn holder(error: Option<&UpdateItemError>) -> String {
    let item = super::stream::refused_item(error);
    let holder = item.as_ref().and_then(|item| text(item, "held_by"));
    holder.unwrap_or("another request").to_owned()
}

fn saga_key(subject: &Subject) -> Item {
    key(subject.as_str(), "SAGA")
}

fn turn_key(company: &CompanyId) -> Item {
    key(format!("TURN#{company}"), "TURN")
}
