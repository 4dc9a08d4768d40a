//! A file on its way from the instance: bounded, and checked against what was said of it.
//!
//! The last piece is held back until size and hash are known to be right, so that whoever passes the
//! pieces on never completes a wrong file.

use bytes::Bytes;
use sha2::{Digest, Sha256};

use super::answer::Answer;
use super::attachment::{Attachment, file};
use super::operation::Asked;
use super::session::unanswered;
use super::{About, Error, Flaw, ServiceNow};
use crate::domain::{ContentHash, hex};
use crate::http::{Response, Whole};

/// The bytes of an attachment, piece by piece.
pub struct Download {
    asked: Asked,
    transaction: String,
    response: Response,
    hasher: Sha256,
    length: u64,
    most: u64,
    size: Option<u64>,
    hash: Option<ContentHash>,
    held: Option<Bytes>,
    is_over: bool,
}

impl ServiceNow {
    /// Begins to read a file of at most so many bytes; `None` when there is none, or none that we
    /// may see.
    ///
    /// # Errors
    /// When ServiceNow gives no clear answer, or the file is known to be larger.
    pub async fn download(&self, attachment: &Attachment, most: u64) -> Result<Option<Download>, Error> {
        let path = format!("{}/file", file(&attachment.sys_id));
        let asked = Asked::get(About::named("read the file", attachment.sys_id.as_str()), path);
        let (response, token) = self.open(&asked).await?;
        let head = Whole {
            status: response.status,
            headers: response.headers.clone(),
            body: Bytes::new(),
        };
        self.note(&asked, &head);
        if response.status != 200 {
            let whole = response.read().await.map_err(|source| unanswered(&asked, source))?;
            let answer = Answer {
                asked: &asked,
                whole: &whole,
                token: Some(&token),
                items: &[],
            };
            return match whole.status {
                202 => Err(answer.unusable(Flaw::Dropped)),
                status @ 200..=299 => Err(answer.unusable(Flaw::Status(status))),
                _ if answer.is_absent() => Ok(None),
                _ => Err(answer.check(&[]).err().unwrap_or_else(|| answer.rejected())),
            };
        }
        let answer = Answer {
            asked: &asked,
            whole: &head,
            token: None,
            items: &[],
        };
        let is_page = is_html(answer.header("content-type").unwrap_or_default()) && !is_html(&attachment.content_type);
        if is_page {
            return Err(answer.unusable(Flaw::AnotherFile("a page for people came in its place")));
        }
        let announced = answer.header("content-length").and_then(|length| length.parse().ok());
        if attachment.size.max(announced).is_some_and(|size| size > most) {
            return Err(answer.unusable(Flaw::TooMuch(most)));
        }
        let transaction = answer.transaction();
        Ok(Some(Download {
            asked,
            transaction,
            response,
            hasher: Sha256::new(),
            length: 0,
            most,
            size: attachment.size,
            hash: attachment.hash.clone(),
            held: None,
            is_over: false,
        }))
    }
}

impl Download {
    /// The next piece; `None` at the end, when the whole file is known to be the announced one.
    ///
    /// # Errors
    /// When the file breaks off, is too large, or is not the one that was announced.
    pub async fn chunk(&mut self) -> Result<Option<Bytes>, Error> {
        while !self.is_over {
            let chunk = self.response.chunk().await;
            match chunk.map_err(|source| unanswered(&self.asked, source))? {
                Some(chunk) => {
                    self.length = self.length.saturating_add(chunk.len() as u64);
                    if self.length > self.most {
                        return Err(self.flawed(Flaw::TooMuch(self.most)));
                    }
                    self.hasher.update(&chunk);
                    if let Some(before) = self.held.replace(chunk) {
                        return Ok(Some(before));
                    }
                }
                None => {
                    self.check()?;
                    self.is_over = true;
                }
            }
        }
        Ok(self.held.take())
    }

    /// The whole file, which must fit into memory.
    ///
    /// # Errors
    /// As for each piece.
    pub async fn read(mut self) -> Result<Bytes, Error> {
        let mut whole = bytes::BytesMut::new();
        while let Some(chunk) = self.chunk().await? {
            whole.extend_from_slice(&chunk);
        }
        Ok(whole.freeze())
    }

    /// Reads the file to its end and keeps none of it: its size and the SHA-256 of its bytes, for an
    /// instance that does not tell them.
    ///
    /// # Errors
    /// As for each piece.
    pub async fn measure(mut self) -> Result<(u64, ContentHash), Error> {
        while self.chunk().await?.is_some() {}
        let hash = hex(&self.hasher.finalize());
        let hash = hash
            .parse()
            .map_err(|_| Error::flawed(self.asked.about.clone(), Flaw::Malformed("hash".to_owned())))?;
        Ok((self.length, hash))
    }

    fn check(&self) -> Result<(), Error> {
        if self.size.is_some_and(|size| size != self.length) {
            return Err(self.flawed(Flaw::AnotherFile("its size differs")));
        }
        let hash = hex(&self.hasher.clone().finalize());
        if self.hash.as_ref().is_some_and(|told| told.as_str() != hash) {
            return Err(self.flawed(Flaw::AnotherFile("its SHA-256 differs")));
        }
        Ok(())
    }

    fn flawed(&self, flaw: Flaw) -> Error {
        Error::Unusable {
            about: self.asked.about.clone(),
            flaw,
            transaction: self.transaction.clone(),
            is_foreign: false,
        }
    }
}

/// A page for people, such as a log-in form, comes with the same status as a file.
fn is_html(media_type: &str) -> bool {
    let media_type = media_type.split(';').next().unwrap_or_default();
    media_type.trim().eq_ignore_ascii_case("text/html")
}
