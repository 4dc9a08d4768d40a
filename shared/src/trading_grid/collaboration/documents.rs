//! Documents: streamed both ways, with size and SHA-256 checked on the way.
//!
//! What is read is given on piece by piece, but its last piece only when all of it is known to be
//! what was announced: whoever passes it on in a request of that length can break off, and the other
//! side never has a complete file. What is written is announced with size and digest, and the
//! community takes all of it or nothing.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use bytes::Bytes;
use http::HeaderValue;
use http::header::{ACCEPT, CONTENT_LENGTH, CONTENT_TYPE};
use sha2::{Digest, Sha256};

use super::words::Key;
use super::{ANYTHING, Collaboration, Error, Operation, articles, checked, issues};
use crate::domain::{ArticleId, CompanyId, ContentHash, DocumentId, IssueId, RequestId, ThreadId, hex};
use crate::event::Document;
use crate::http::{Body, Call, Response, TransportError};
use crate::trading_grid::access::JSON;
use crate::trading_grid::refusal::rejected;

/// Where a document is put.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Shelf<'a> {
    /// An issue.
    Issue(&'a CompanyId, &'a IssueId),
    /// The workspace of an escalated issue.
    Escalation(&'a CompanyId, &'a IssueId),
    /// A thread, perhaps as the answer to a request.
    Thread(&'a CompanyId, &'a ThreadId, Option<&'a RequestId>),
    /// The files of an article.
    Article(&'a ArticleId),
}

/// What is announced of a document before its bytes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Upload<'a> {
    /// The name to show, without a path.
    pub file_name: &'a str,
    /// Its media type.
    pub media_type: &'a str,
    /// Its size in bytes.
    pub size: u64,
    /// The SHA-256 of its bytes.
    pub sha256: &'a ContentHash,
}

/// A document on its way from the community.
pub struct Download {
    response: Response,
    size: u64,
    sha256: ContentHash,
    /// What the answer itself says of its length and digest.
    told_length: Option<u64>,
    told_digest: Option<String>,
    hasher: Sha256,
    received: u64,
    held: Option<Bytes>,
}

/// What is wrong with a document.
#[derive(Debug, thiserror::Error)]
pub enum Flaw {
    /// It broke off.
    #[error("the document broke off")]
    Broken(#[source] TransportError),
    /// What arrived is not what was sent.
    #[error("the document was damaged on its way")]
    Damaged,
    /// There is more of it than announced.
    #[error("it is larger than announced")]
    Larger,
    /// There is less of it than announced.
    #[error("it is smaller than announced")]
    Smaller,
    /// It has the announced size and other bytes.
    #[error("its SHA-256 is not the announced one")]
    Altered,
}

impl Flaw {
    /// Whether the document itself is not what was announced, so that reading it again cannot help.
    pub fn is_final(&self) -> bool {
        match self {
            Flaw::Broken(_) | Flaw::Damaged => false,
            Flaw::Larger | Flaw::Smaller | Flaw::Altered => true,
        }
    }
}

impl Collaboration {
    /// What the community knows of a document; `None` when it has none, or no longer.
    ///
    /// # Errors
    /// When the community gives no clear answer.
    pub async fn document(&self, company: &CompanyId, document: &DocumentId) -> Result<Option<Document>, Error> {
        self.read(Operation::ReadDocument, &ids(company, document)).await
    }

    /// Begins to read a document that was announced; `None` when the community has none, or no longer.
    ///
    /// # Errors
    /// When the community gives no clear answer.
    pub async fn download(&self, company: &CompanyId, document: &Document) -> Result<Option<Download>, Error> {
        let operation = Operation::DownloadDocument;
        let asked = operation.asked();
        let (method, url) = self.address(operation, &ids(company, &document.document_id), &[])?;
        let call = Call::new(method, url).header(ACCEPT, ANYTHING);
        let answer = self
            .access
            .twice(asked, async |pass| {
                let request = pass.on(&call).streaming(crate::http::full(Bytes::new()))?;
                let answer = pass.transport().carry(request).await?;
                Ok((answer.status, answer))
            })
            .await?;
        match answer.status {
            200 => Ok(Some(self.arriving(answer, document))),
            404 | 410 if answer.is_json() => Ok(None),
            _ => {
                let answer = answer.read().await;
                let answer = answer.map_err(|source| Error::Unanswered { asked, source })?;
                Err(match checked(asked, answer, b"") {
                    Ok(answer) => rejected(asked, &answer, b""),
                    Err(error) => error,
                })
            }
        }
    }

    /// Puts a document on a shelf; `body` has exactly the announced bytes, or breaks off.
    ///
    /// # Errors
    /// When it is refused, or it is unclear whether it is there.
    pub async fn share(&self, shelf: Shelf<'_>, key: &Key, upload: &Upload<'_>, body: Body) -> Result<Document, Error> {
        let operation = shelf.operation();
        let asked = operation.asked();
        let mut query = vec![("fileName", upload.file_name)];
        query.extend(shelf.request().map(|request| ("requestId", request.as_str())));
        let (method, url) = self.address(operation, &shelf.ids(), &query)?;
        let media_type = HeaderValue::from_str(upload.media_type);
        let call = Call::new(method, url)
            .header(ACCEPT, JSON)
            .header(
                CONTENT_TYPE,
                media_type.unwrap_or(HeaderValue::from_static("application/octet-stream")),
            )
            .header(CONTENT_LENGTH, HeaderValue::from(upload.size))
            .header(self.binding.repr_digest(), digest_header(upload.sha256))
            .header(self.binding.idempotency_key(), key.header());
        let pass = self.access.pass(None).await?;
        let outcome = async {
            let request = pass.on(&call).streaming(body)?;
            pass.transport().carry(request).await?.read().await
        };
        let answer = outcome.await.map_err(|source| Error::Unanswered { asked, source })?;
        if answer.status == 401 {
            // The body is spent: the next attempt finds fresh credentials.
            let _ = self.access.pass(Some(&pass)).await;
        }
        let answer = checked(asked, answer, b"")?;
        let document: Document = self.parsed(asked, &answer)?;
        if document.size != upload.size || document.sha256 != *upload.sha256 {
            return Err(Error::Unusable {
                asked,
                why: "it is about other bytes".to_owned(),
            });
        }
        Ok(document)
    }

    fn arriving(&self, response: Response, document: &Document) -> Download {
        let header = |name: &http::HeaderName| response.headers.get(name)?.to_str().ok();
        let told_length = header(&CONTENT_LENGTH).and_then(|text| text.parse().ok());
        let told_digest = header(&self.binding.repr_digest()).and_then(sha256_of_header);
        Download {
            size: document.size,
            sha256: document.sha256.clone(),
            told_length,
            told_digest,
            hasher: Sha256::new(),
            received: 0,
            held: None,
            response,
        }
    }
}

impl Download {
    /// The next piece; the last one only when all of them together are what was announced. `None`
    /// after that.
    ///
    /// # Errors
    /// What is wrong with the document; nothing more comes then.
    pub async fn chunk(&mut self) -> Result<Option<Bytes>, Flaw> {
        while let Some(chunk) = self.response.chunk().await.map_err(Flaw::Broken)? {
            self.hasher.update(&chunk);
            self.received += chunk.len() as u64;
            if self.received > self.size {
                return Err(Flaw::Larger);
            }
            if let Some(before) = self.held.replace(chunk) {
                return Ok(Some(before));
            }
        }
        self.verify()?;
        Ok(self.held.take())
    }

    fn verify(&self) -> Result<(), Flaw> {
        let digest = hex(&self.hasher.clone().finalize());
        let is_shorter_than_told = self.told_length.is_some_and(|told| told != self.received);
        let is_not_as_told = self.told_digest.as_ref().is_some_and(|told| *told != digest);
        if is_shorter_than_told || is_not_as_told {
            return Err(Flaw::Damaged);
        }
        if self.received < self.size {
            return Err(Flaw::Smaller);
        }
        if digest != self.sha256.as_str() {
            return Err(Flaw::Altered);
        }
        Ok(())
    }
}

impl<'a> Shelf<'a> {
    fn operation(self) -> Operation {
        match self {
            Shelf::Issue(..) => Operation::ShareDocument,
            Shelf::Escalation(..) => Operation::ShareEscalationDocument,
            Shelf::Thread(..) => Operation::ShareThreadDocument,
            Shelf::Article(_) => Operation::AddArticleFile,
        }
    }

    fn ids(self) -> Vec<(&'static str, &'a str)> {
        match self {
            Shelf::Issue(company, issue) | Shelf::Escalation(company, issue) => issues::ids(company, issue).to_vec(),
            Shelf::Thread(company, thread, _) => {
                vec![("companyId", company.as_str()), ("threadId", thread.as_str())]
            }
            Shelf::Article(article) => articles::ids(article).to_vec(),
        }
    }

    fn request(self) -> Option<&'a RequestId> {
        match self {
            Shelf::Thread(_, _, request) => request,
            Shelf::Issue(..) | Shelf::Escalation(..) | Shelf::Article(_) => None,
        }
    }
}

fn ids<'a>(company: &'a CompanyId, document: &'a DocumentId) -> [(&'static str, &'a str); 2] {
    [("companyId", company.as_str()), ("documentId", document.as_str())]
}

/// `Repr-Digest` after RFC 9530: the digest as bytes in Base64 between colons.
pub(super) fn digest_header(sha256: &ContentHash) -> HeaderValue {
    let text = sha256.as_str().as_bytes();
    let nibble = |digit: u8| char::from(digit).to_digit(16).unwrap_or(0) as u8;
    let bytes = text
        .chunks(2)
        .map(|pair| pair.iter().fold(0, |byte, digit| byte << 4 | nibble(*digit)));
    let encoded = STANDARD.encode(bytes.collect::<Vec<u8>>());
    HeaderValue::try_from(format!("sha-256=:{encoded}:")).expect("Base64 fits a header")
}

/// The SHA-256 of a `Repr-Digest`, which may hold other digests too.
fn sha256_of_header(text: &str) -> Option<String> {
    let encoded = text
        .split(',')
        .find_map(|part| part.trim().strip_prefix("sha-256=:")?.strip_suffix(':'))?;
    STANDARD.decode(encoded).ok().map(|bytes| hex(&bytes))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_digest_is_written_and_read_as_the_standard_says() {
        let hash = ContentHash::of(b"hello");
        let header = digest_header(&hash);
        assert_eq!(header, "sha-256=:LPJNul+wow4m6DsqxbninhsWHlwfp0JecwQzYpOLmCQ=:");
        assert_eq!(
            sha256_of_header(header.to_str().unwrap()).as_deref(),
            Some(hash.as_str())
        );
        let several = format!("sha-512=:AAAA:, {}", header.to_str().unwrap());
        assert_eq!(sha256_of_header(&several).as_deref(), Some(hash.as_str()));
        assert_eq!(sha256_of_header("sha-256=LPJN"), None);
    }
}
