//! What a message may hold.

use super::refusal::Refusal;

/// Bytes of one body, and of all bodies of a batch.
/// <https://docs.aws.amazon.com/AWSSimpleQueueService/latest/SQSDeveloperGuide/quotas-messages.html>
pub(super) const LONGEST: usize = 1_048_576;

/// Bytes of a group id or a deduplication id.
const LONGEST_ID: usize = 128;

pub(super) fn check_body(body: &str) -> Result<(), Refusal> {
    if body.is_empty() {
        return Err(Refusal::MissingParameter("MessageBody"));
    }
    if body.len() > LONGEST {
        return Err(Refusal::InvalidParameter(format!(
            "One or more parameters are invalid. Reason: Message must be shorter than {LONGEST} bytes."
        )));
    }
    match body.chars().find(|&character| !is_xml(character)) {
        None => Ok(()),
        Some(character) => Err(Refusal::InvalidContents(format!(
            "Invalid binary character '#x{:X}' was found in the message body, the set of allowed \
             characters is #x9 | #xA | #xD | #x20 to #xD7FF | #xE000 to #xFFFD | #x10000 to #x10FFFF",
            u32::from(character)
        ))),
    }
}

/// `parameter` is `MessageGroupId` or `MessageDeduplicationId`.
pub(super) fn check_id(parameter: &str, id: &str) -> Result<(), Refusal> {
    let allowed = |byte: u8| byte.is_ascii_alphanumeric() || byte.is_ascii_punctuation();
    if !id.is_empty() && id.len() <= LONGEST_ID && id.bytes().all(allowed) {
        return Ok(());
    }
    Err(Refusal::InvalidParameter(format!(
        "Value {id} for parameter {parameter} is invalid. Reason: {parameter} can only include \
         alphanumeric and punctuation characters. 1 to 128 in length."
    )))
}

pub(super) fn is_batch_id(id: &str) -> bool {
    let allowed = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'-' || byte == b'_';
    (1..=80).contains(&id.len()) && id.bytes().all(allowed)
}

/// The characters of XML 1.0; `char` has no surrogates.
fn is_xml(character: char) -> bool {
    matches!(character,
        '\u{9}' | '\u{A}' | '\u{D}' | '\u{20}'..='\u{FFFD}' | '\u{10000}'..)
}
