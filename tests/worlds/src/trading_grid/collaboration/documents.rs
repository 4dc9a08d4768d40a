//! Documents: by reference, as bytes, and as uploads that are there completely or not at all.

use bytes::Bytes;
use http::header::{CONTENT_LENGTH, HeaderName};
use http::{Response, StatusCode};

use super::Collaboration;
use super::call::{Call, Reply, too_large};
use super::wire::{DocumentRef, Origin};
use crate::answer;
use crate::digest::{repr_digest, sha256_hex};
use crate::trading_grid::problems::{Kind, Problem};
use crate::trading_grid::state::key;

/// The owner of the files of articles, which belong to no company; no company has such an id.
pub(crate) const ARTICLE_FILES: &str = "*";

#[derive(Debug, Clone)]
pub(crate) struct Document {
    /// What events say; stays as it was when the bytes are corrupted.
    pub(crate) reference: DocumentRef,
    pub(crate) bytes: Bytes,
    /// Whether it was removed for good.
    pub(crate) is_gone: bool,
}

/// An upload whose form is as the contract says.
pub(crate) struct Upload {
    pub(crate) name: String,
    pub(crate) media_type: String,
    pub(crate) bytes: Bytes,
}

pub(crate) fn read(world: &Collaboration, company: &str, document: &str) -> Result<Reply, Problem> {
    Ok(Reply::ok(&world.document(company, document)?.reference))
}

pub(crate) fn download(world: &Collaboration, company: &str, document: &str) -> Result<Response<Bytes>, Problem> {
    let document = world.document(company, document)?;
    let mut response = answer::typed(StatusCode::OK, &document.reference.media_type, document.bytes.clone());
    answer::set(&mut response, CONTENT_LENGTH, &document.bytes.len().to_string());
    // Of the bytes that are sent: a source that changed its document says so honestly.
    let digest = repr_digest(&document.bytes);
    answer::set(&mut response, HeaderName::from_static("repr-digest"), &digest);
    Ok(response)
}

impl Upload {
    pub(crate) fn of(world: &Collaboration, call: &Call<'_>) -> Result<Upload, Problem> {
        let media_type = call.content_type().unwrap_or_default();
        let media_type = media_type.split(';').next().unwrap_or_default().trim();
        if !is_media_type(media_type) {
            let detail = "Content-Type must be the media type of the document.";
            return Err(Problem::new(Kind::UnsupportedMediaType, detail));
        }
        let Some(length) = call.content_length() else {
            return Err(Problem::new(Kind::LengthRequired, "An upload needs a Content-Length."));
        };
        if length > world.document_limit_bytes {
            return Err(too_large(world.document_limit_bytes));
        }
        let name = call.parameter("fileName").unwrap_or_default();
        if !is_file_name(name) {
            let detail = "must be a name of 1 to 255 bytes without path or control characters";
            return Err(Problem::malformed("fileName", detail));
        }
        let Some(digest) = call.header("repr-digest").filter(|digest| is_digest(digest)) else {
            return Err(Problem::malformed("Repr-Digest", "must be sha-256=:…: after RFC 9530"));
        };
        if digest != repr_digest(call.bytes) {
            let detail = "The bytes are not those of Repr-Digest.";
            return Err(Problem::new(Kind::DigestMismatch, detail));
        }
        if world.refused_media_types.iter().any(|refused| refused == media_type) {
            let detail = format!("Documents of type {media_type} are not taken.");
            return Err(Problem::new(Kind::DocumentRefused, detail));
        }
        Ok(Upload {
            name: name.to_owned(),
            media_type: media_type.to_owned(),
            bytes: call.bytes.clone(),
        })
    }
}

impl Collaboration {
    /// Stores an upload under an id of its own.
    pub(crate) fn store(&mut self, company: &str, upload: Upload, origin: Option<Origin>) -> DocumentRef {
        let id = self.next_id("upl");
        let Upload {
            name,
            media_type,
            bytes,
        } = upload;
        self.add_document(company, &id, &name, &media_type, bytes, origin)
    }

    pub(crate) fn add_document(
        &mut self,
        company: &str,
        id: &str,
        name: &str,
        media_type: &str,
        bytes: Bytes,
        origin: Option<Origin>,
    ) -> DocumentRef {
        let reference = DocumentRef {
            document_id: id.to_owned(),
            name: name.to_owned(),
            media_type: media_type.to_owned(),
            size: bytes.len() as u64,
            sha256: sha256_hex(&bytes),
            origin,
        };
        let document = Document {
            reference: reference.clone(),
            bytes,
            is_gone: false,
        };
        self.documents.insert(key(company, id), document);
        reference
    }

    pub(crate) fn document(&self, company: &str, id: &str) -> Result<&Document, Problem> {
        let document = self.documents.get(&key(company, id)).ok_or_else(Problem::not_found)?;
        if document.is_gone {
            return Err(Problem::new(Kind::Gone, "The document was removed for good."));
        }
        Ok(document)
    }

    /// Removes every document of that id for good.
    pub(crate) fn remove_for_good(&mut self, id: &str) -> usize {
        let named = self
            .documents
            .values_mut()
            .filter(|document| document.reference.document_id == id);
        named.map(|document| document.is_gone = true).count()
    }

    /// Changes the bytes of every document of that id; the references stay.
    pub(crate) fn corrupt(&mut self, id: &str) -> usize {
        let named = self
            .documents
            .values_mut()
            .filter(|document| document.reference.document_id == id);
        named
            .map(|document| {
                let mut bytes = document.bytes.to_vec();
                match bytes.first_mut() {
                    Some(first) => *first ^= 0x20,
                    None => bytes.push(b'!'),
                }
                document.bytes = bytes.into();
            })
            .count()
    }
}

fn is_media_type(text: &str) -> bool {
    let is_part =
        |part: &str| !part.is_empty() && part.chars().all(|c| c.is_ascii_alphanumeric() || ".+_-".contains(c));
    text.len() <= 100
        && text
            .split_once('/')
            .is_some_and(|(kind, subtype)| is_part(kind) && is_part(subtype))
}

fn is_file_name(text: &str) -> bool {
    (1..=255).contains(&text.len()) && !text.chars().any(|c| matches!(c, '/' | '\\') || c.is_ascii_control())
}

fn is_digest(text: &str) -> bool {
    let inner = text.strip_prefix("sha-256=:").and_then(|rest| rest.strip_suffix(':'));
    inner.is_some_and(|digest| {
        digest.len() == 44
            && digest.ends_with('=')
            && digest[..43]
                .chars()
                .all(|c| c.is_ascii_alphanumeric() || "+/".contains(c))
    })
}
