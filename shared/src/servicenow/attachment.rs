//! Attachments: uploaded as a stream, listed with their hashes.

use http::{HeaderValue, Method};
use serde::Deserialize;

use super::session::result;
use super::{Error, ServiceNow};
use crate::domain::{ContentHash, SysId, TableName};
use crate::effect::Record;
use crate::http::{Body, Call};

/// An attachment of a record.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub struct Attachment {
    /// Its sys_id.
    pub sys_id: SysId,
    /// The name that it was given.
    #[serde(default)]
    pub file_name: String,
    /// The SHA-256 of its bytes; some instances do not tell.
    #[serde(default)]
    pub hash: Option<String>,
    /// Its size in bytes, as text.
    #[serde(default)]
    pub size_bytes: String,
    /// The record that it belongs to.
    #[serde(default)]
    pub table_sys_id: String,
}

impl Attachment {
    /// Whether it is the file with this name, size and hash, as far as the instance tells.
    pub fn is(&self, file_name: &str, size: u64, hash: &ContentHash) -> bool {
        self.file_name == file_name
            && self.size_bytes == size.to_string()
            && self
                .hash
                .as_deref()
                .is_none_or(|told| told.is_empty() || told.eq_ignore_ascii_case(hash.as_str()))
    }
}

impl ServiceNow {
    /// Attaches a stream of known length. Sent twice, it attaches twice.
    ///
    /// # Errors
    /// Any error but a connection that was never made leaves open whether the attachment exists.
    pub async fn attach(
        &self,
        record: &Record,
        file_name: &str,
        media_type: &str,
        body: Body,
    ) -> Result<Attachment, Error> {
        let operation = "attach a file to a record of";
        let target = record.table.as_str();
        let url = self.url(
            &["api", "now", "attachment", "file"],
            &[
                ("table_name", target),
                ("table_sys_id", record.sys_id.as_str()),
                ("file_name", file_name),
            ],
        );
        let content_type =
            HeaderValue::from_str(media_type).unwrap_or(HeaderValue::from_static("application/octet-stream"));
        let answer = self.send_stream(operation, target, url, content_type, body).await?;
        let attachment: Attachment = result(operation, target, &answer, 201)?;
        if !attachment.table_sys_id.is_empty() && attachment.table_sys_id != record.sys_id.as_str() {
            return Err(Error::unusable(
                operation,
                target.to_owned(),
                &answer,
                "it is about another record",
            ));
        }
        Ok(attachment)
    }

    /// The attachments of a record.
    ///
    /// # Errors
    /// When ServiceNow gives no clear answer.
    pub async fn attachments(&self, record: &Record) -> Result<Vec<Attachment>, Error> {
        let operation = "list the attachments of a record of";
        let target: &TableName = &record.table;
        let query = format!("table_sys_id={}^ORDERBYsys_created_on^ORDERBYsys_id", record.sys_id);
        let url = self.url(
            &["api", "now", "attachment"],
            &[("sysparm_query", &query), ("sysparm_limit", "1000")],
        );
        let answer = self
            .send(operation, target.as_str(), || Call::new(Method::GET, url.clone()))
            .await?;
        let mut attachments: Vec<Attachment> = result(operation, target.as_str(), &answer, 200)?;
        attachments.retain(|attachment| attachment.table_sys_id == record.sys_id.as_str());
        Ok(attachments)
    }
}
