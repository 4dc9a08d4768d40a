//! A form with a file, of which all bytes are there.

use std::convert::Infallible;

use bytes::Bytes;
use futures_util::FutureExt;
use futures_util::stream;
use multer::Multipart;

use crate::servicenow::errors::Refusal;
use crate::servicenow::guesses::Guesses;

/// A file and where it belongs; what was not sent is empty.
#[derive(Debug, Default)]
pub(super) struct Upload {
    pub(super) table: String,
    pub(super) record: String,
    pub(super) file_name: String,
    pub(super) content_type: String,
    pub(super) bytes: Bytes,
}

/// Reads a form up to its file. The file is the first part that has a file name.
pub(super) fn parse(content_type: &str, body: &Bytes, guesses: &Guesses) -> Result<Upload, Refusal> {
    let boundary = multer::parse_boundary(content_type)
        .map_err(|_| refused("The Content-Type must be multipart/form-data with a boundary"))?;
    let whole = stream::iter([Ok::<Bytes, Infallible>(body.clone())]);
    let read = read(Multipart::new(whole, boundary), guesses.multipart_ends_with_file).now_or_never();
    let upload = read.and_then(Result::ok);
    let upload = upload.ok_or_else(|| refused("The form is broken"))?;
    if upload.file_name.is_empty() {
        return Err(refused("The form holds no file"));
    }
    if upload.content_type.is_empty() {
        return Err(refused("The part of the file has no Content-Type"));
    }
    Ok(upload)
}

async fn read(mut form: Multipart<'_>, ends_with_file: bool) -> multer::Result<Upload> {
    let mut upload = Upload::default();
    while let Some(field) = form.next_field().await? {
        let name = field.name().unwrap_or_default().to_owned();
        if let Some(file_name) = field.file_name().map(str::to_owned) {
            let content_type = field.headers().get(http::header::CONTENT_TYPE);
            let content_type = content_type.and_then(|value| value.to_str().ok());
            upload.content_type = content_type.unwrap_or_default().to_owned();
            upload.file_name = file_name;
            upload.bytes = field.bytes().await?;
            if ends_with_file {
                break;
            }
            continue;
        }
        let value = field.text().await?;
        match name.as_str() {
            "table_name" => upload.table = value,
            "table_sys_id" => upload.record = value,
            _ => {}
        }
    }
    Ok(upload)
}

fn refused(detail: &str) -> Refusal {
    Refusal::bad_request("Invalid multipart request", detail)
}
