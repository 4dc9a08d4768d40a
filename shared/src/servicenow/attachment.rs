//! Attachments: uploaded and downloaded as a stream, listed with their hashes.

use http::{HeaderValue, Method};

use super::answer::Answer;
use super::operation::Asked;
use super::page::{Pages, Search};
use super::query::{Field, Query, Refused, SYS_ID};
use super::{About, Error, Flaw, Operation, Row, ServiceNow};
use crate::domain::{ContentHash, SysId, TableName, Timestamp};
use crate::http::Body;

const RECORD: Field = Field::known("table_sys_id");
const CREATED: Field = Field::known("sys_created_on");
/// How the name of the table begins on which the pictures in fields of a record hang.
const PICTURES: &str = "ZZ_YY";
/// The most files of one record that are listed at once.
const MOST: u64 = 10_000;

/// A file on a record.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Attachment {
    /// Its sys_id.
    pub sys_id: SysId,
    /// The name that it was given.
    pub file_name: String,
    /// Its media type, as whoever uploaded it said.
    pub content_type: String,
    /// Its size in bytes.
    pub size: Option<u64>,
    /// The SHA-256 of its bytes; some instances do not tell.
    pub hash: Option<ContentHash>,
    /// The table of its record.
    pub table: String,
    /// Its record.
    pub record: Option<SysId>,
    /// When it was uploaded.
    pub created: Option<Timestamp>,
    /// Who uploaded it, as a `user_name`.
    pub creator: String,
}

impl Attachment {
    /// Whether it is a file of that record, and not the picture in one of its fields: those hang on a table
    /// named after that of the record.
    pub fn is_of(&self, record: &SysId) -> bool {
        self.record.as_ref() == Some(record) && !self.table.starts_with(PICTURES)
    }

    /// Whether it is the file with this name, size and hash, as far as the instance tells.
    pub fn is(&self, file_name: &str, size: u64, hash: &ContentHash) -> bool {
        self.file_name == file_name && self.has(size, hash)
    }

    /// Whether it holds these bytes, as far as the instance tells.
    pub fn has(&self, size: u64, hash: &ContentHash) -> bool {
        self.size == Some(size) && self.hash.as_ref().is_none_or(|told| told == hash)
    }

    fn read(row: Row) -> Result<Self, Flaw> {
        Ok(Self {
            sys_id: row.id(SYS_ID.as_str())?,
            file_name: row.text("file_name").to_owned(),
            content_type: row.text("content_type").to_owned(),
            size: row.text("size_bytes").parse().ok(),
            hash: row.text("hash").to_ascii_lowercase().parse().ok(),
            table: row.text("table_name").to_owned(),
            record: row.text(RECORD.as_str()).parse().ok(),
            created: row.time(CREATED.as_str()).ok(),
            creator: row.text("sys_created_by").to_owned(),
        })
    }
}

impl Operation<Option<Attachment>> {
    /// What is known of a file; `None` when there is none, or none that we may see.
    pub fn attachment(sys_id: &SysId) -> Self {
        let about = About::named("read the attachment", sys_id.as_str());
        let sys_id = sys_id.clone();
        Operation::new(Asked::get(about, file(&sys_id)), move |answer| {
            if answer.is_absent() {
                return Ok(None);
            }
            let attachment = described(answer, 200)?;
            match attachment.sys_id == sys_id {
                true => Ok(Some(attachment)),
                false => Err(answer.unusable(Flaw::AnotherRecord)),
            }
        })
    }
}

impl ServiceNow {
    /// Attaches a stream of known length. Sent twice, it attaches twice.
    ///
    /// # Errors
    /// Any error but a connection that was never made leaves open whether the attachment exists.
    pub async fn attach(
        &self,
        table: &TableName,
        sys_id: &SysId,
        file_name: &str,
        media_type: &str,
        body: Body,
    ) -> Result<Attachment, Error> {
        let about = About::record("attach a file to", table, sys_id);
        let asked = Asked {
            method: Method::POST,
            is_idempotent: false,
            values: vec![file_name.to_owned()],
            ..Asked::get(about, "/api/now/attachment/file".to_owned())
        };
        let asked = asked.with([
            ("table_name", table.to_string()),
            ("table_sys_id", sys_id.to_string()),
            ("file_name", file_name.to_owned()),
        ]);
        let content_type =
            HeaderValue::from_str(media_type).unwrap_or(HeaderValue::from_static("application/octet-stream"));
        let (whole, token) = self.send_stream(&asked, content_type, body).await?;
        let answer = Answer {
            asked: &asked,
            whole: &whole,
            token: Some(&token),
            items: &[],
        };
        let attachment = described(&answer, 201)?;
        if attachment.record.as_ref().is_some_and(|record| record != sys_id) {
            return Err(answer.unusable(Flaw::AnotherRecord));
        }
        if !attachment.table.is_empty() && attachment.table != table.as_str() {
            return Err(answer.unusable(Flaw::AnotherTable));
        }
        Ok(attachment)
    }

    /// The attachments of a record, in the order of their upload.
    ///
    /// # Errors
    /// When ServiceNow gives no clear answer.
    pub async fn attachments(&self, table: &TableName, sys_id: &SysId) -> Result<Vec<Attachment>, Error> {
        self.attachments_after(listing(table, sys_id)?).all(MOST).await
    }

    /// What is known of a file; `None` when there is none, or none that we may see.
    ///
    /// # Errors
    /// When ServiceNow gives no clear answer.
    pub async fn attachment(&self, sys_id: &SysId) -> Result<Option<Attachment>, Error> {
        self.run(Operation::attachment(sys_id)).await
    }

    /// Deletes a file; `false` when there was none, or none that we may see.
    ///
    /// # Errors
    /// Any error but a connection that was never made leaves open whether the file exists.
    pub async fn delete_attachment(&self, sys_id: &SysId) -> Result<bool, Error> {
        let about = About::named("delete the attachment", sys_id.as_str());
        self.run(Operation::delete_at(about, file(sys_id))).await
    }

    pub(super) fn attachments_after(&self, listing: Search) -> Pages<'_, Attachment> {
        Pages::reading(self, listing, Attachment::read)
    }
}

/// The attachments of a record: a list of their own, not of the table `sys_attachment`.
pub(super) fn listing(table: &TableName, sys_id: &SysId) -> Result<Search, Refused> {
    let query = Query::new()
        .and(RECORD.refers_to(sys_id))
        .ordered_by(&CREATED)
        .ordered_by(&SYS_ID);
    Search::attachments(About::record("list the attachments of", table, sys_id), query)
}

/// A page of a listing, to be asked for together with other things.
pub(super) fn first_page(listing: &Search) -> Operation<super::page::Page<Attachment>> {
    listing.operation(0, Attachment::read)
}

/// The path of a file's metadata.
pub(super) fn file(sys_id: &SysId) -> String {
    format!("/api/now/attachment/{sys_id}")
}

fn described(answer: &Answer<'_>, wanted: u16) -> Result<Attachment, Error> {
    let row: Row = answer.result(&[wanted])?;
    Attachment::read(row).map_err(|flaw| answer.unusable(flaw))
}
