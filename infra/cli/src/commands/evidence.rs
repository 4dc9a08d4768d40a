//! `gridlink evidence`: everything on the partition of a subject, hashed, chained and sealed.
//!
//! Each item is hashed with SHA-256 as canonical JSON, and each link of the chain is the SHA-256 of the one before and
//! of the hash of the item, so that none can be changed, left out or moved unnoticed. The end of the chain and what the
//! document says of itself are sealed with HMAC-SHA256: whoever holds the key can tell whether Gridlink's operators
//! made it. The key is that of a file, or the reference secret of the deployment.

use std::path::Path;

use secrecy::{ExposeSecret, SecretString};
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};
use sha2::{Digest, Sha256};
use shared::domain::hex;
use shared::signature;

use super::find::find;
use super::trace::unknown;
use crate::failed::Failed;
use crate::place::Place;
use crate::report::{Cell, Report, Tone};

/// What keeps these seals apart from others under the same key.
const PURPOSE: &[u8] = b"gridlink evidence v1";

/// A sealed document.
#[derive(Debug, Serialize, Deserialize)]
struct Evidence {
    /// The version of this form.
    version: u8,
    subject: String,
    deployment: String,
    /// When it was made, RFC 3339.
    taken_at: String,
    /// Everything, in the order of its keys.
    items: Vec<Sealed>,
    /// HMAC-SHA256 over version, subject, deployment, time, count and the end of the chain; hexadecimal.
    seal: String,
}

/// An item with its place in the chain.
#[derive(Debug, Serialize, Deserialize)]
struct Sealed {
    /// From 1.
    number: usize,
    item: Map<String, Value>,
    /// SHA-256 of the item as canonical JSON, hexadecimal.
    sha256: String,
    /// SHA-256 of the link before and of that hash, hexadecimal.
    chain: String,
}

/// JSON with sorted members and no space: equal content has equal bytes.
fn canonical(value: &Value, out: &mut String) {
    match value {
        Value::Object(members) => {
            let mut names: Vec<&String> = members.keys().collect();
            names.sort();
            out.push('{');
            for (at, name) in names.into_iter().enumerate() {
                if at > 0 {
                    out.push(',');
                }
                out.push_str(&Value::from(name.as_str()).to_string());
                out.push(':');
                canonical(&members[name], out);
            }
            out.push('}');
        }
        Value::Array(list) => {
            out.push('[');
            for (at, one) in list.iter().enumerate() {
                if at > 0 {
                    out.push(',');
                }
                canonical(one, out);
            }
            out.push(']');
        }
        other => out.push_str(&other.to_string()),
    }
}

fn hash_of(item: &Map<String, Value>) -> [u8; 32] {
    let mut text = String::new();
    canonical(&Value::Object(item.clone()), &mut text);
    Sha256::digest(text.as_bytes()).into()
}

fn next(before: &[u8; 32], hash: &[u8; 32]) -> [u8; 32] {
    Sha256::digest([before.as_slice(), hash.as_slice()].concat()).into()
}

impl Evidence {
    fn make(
        subject: &str,
        deployment: &str,
        taken_at: &str,
        items: Vec<Map<String, Value>>,
        key: &SecretString,
    ) -> Self {
        let mut chain = [0; 32];
        let sealed = items.into_iter().enumerate().map(|(at, item)| {
            let hash = hash_of(&item);
            chain = next(&chain, &hash);
            Sealed {
                number: at + 1,
                item,
                sha256: hex(&hash),
                chain: hex(&chain),
            }
        });
        let mut evidence = Self {
            version: 1,
            subject: subject.to_owned(),
            deployment: deployment.to_owned(),
            taken_at: taken_at.to_owned(),
            items: sealed.collect(),
            seal: String::new(),
        };
        evidence.seal = evidence.seal_with(key);
        evidence
    }

    fn seal_with(&self, key: &SecretString) -> String {
        let end = self.items.last().map(|last| last.chain.as_str()).unwrap_or_default();
        let said = serde_json::json!([
            self.version,
            self.subject,
            self.deployment,
            self.taken_at,
            self.items.len(),
            end
        ]);
        hex(&signature::mac(
            key.expose_secret().as_bytes(),
            &[PURPOSE, said.to_string().as_bytes()],
        ))
    }

    /// What is wrong with it; nothing when it is as it was made.
    fn flaw(&self, key: &SecretString) -> Option<String> {
        if self.version != 1 {
            return Some(format!(
                "it is of version {}, which this program does not know",
                self.version
            ));
        }
        let mut chain = [0; 32];
        for (at, sealed) in self.items.iter().enumerate() {
            let hash = hash_of(&sealed.item);
            chain = next(&chain, &hash);
            let number = at + 1;
            if sealed.number != number || sealed.sha256 != hex(&hash) {
                return Some(format!("item {number} was changed"));
            }
            if sealed.chain != hex(&chain) {
                return Some(format!("an item before or at {number} was left out, added or moved"));
            }
        }
        (self.seal != self.seal_with(key)).then(|| "the seal does not fit the key and what it covers".to_owned())
    }
}

/// The key of a file, or of the deployment.
async fn key(place: Option<&Place>, file: Option<&Path>) -> Result<SecretString, Failed> {
    if let Some(path) = file {
        let text =
            shared::config::read(path).map_err(|error| Failed::usage(format!("{error:#}"), "Look at --key-file."))?;
        let key = text.trim();
        if key.len() < 32 {
            let advice = "Make one: openssl rand -hex 32 > evidence.key";
            return Err(Failed::usage(
                format!("{} holds fewer than 32 characters", path.display()),
                advice,
            ));
        }
        return Ok(key.to_owned().into());
    }
    let place = place.ok_or_else(|| Failed::usage("there is no key", "Name one with --key-file."))?;
    let secrets = shared::secrets::Secrets::new(place.aws.secrets(), place.clock.clone());
    let name = &place.stack.reference_secret;
    secrets
        .text(name)
        .await
        .map_err(|error| Failed::aws("the key of the evidence", error))
}

/// Gives everything on the partition of a subject as a sealed document.
///
/// # Errors
/// When the subject is not known, or table or key cannot be read.
pub async fn evidence(place: &Place, what: &str, key_file: Option<&Path>) -> Result<Report, Failed> {
    let subject = find(place, what, false).await?;
    let items = place.store.items(&subject).await?;
    if items.is_empty() {
        return Err(unknown(&subject));
    }
    let key = key(Some(place), key_file).await?;
    let (deployment, now) = (place.config.deployment.to_string(), place.clock.now().to_string());
    let evidence = Evidence::make(subject.as_str(), &deployment, &now, items, &key);
    Ok(Report::new(&evidence))
}

/// Says whether a document is as it was made.
///
/// # Errors
/// When the file or the key cannot be read.
pub async fn verify(place: Option<&Place>, file: &Path, key_file: Option<&Path>) -> Result<Report, Failed> {
    let text = shared::config::read(file).map_err(|error| Failed::usage(format!("{error:#}"), "Look at the file."))?;
    let evidence: Evidence = serde_json::from_str(&text).map_err(|error| {
        let advice = "Evidence is what `gridlink evidence <subject>` writes.";
        Failed::usage(format!("{} is no evidence: {error}", file.display()), advice)
    })?;
    let flaw = evidence.flaw(&key(place, key_file).await?);
    let mut report = Report::new(serde_json::json!({
        "subject": evidence.subject, "taken_at": evidence.taken_at, "items": evidence.items.len(),
        "valid": flaw.is_none(), "flaw": flaw,
    }));
    report.has_findings = flaw.is_some();
    match flaw {
        None => report.line(Cell::new(
            format!(
                "{} items of {}, as they were at {}.",
                evidence.items.len(),
                evidence.subject,
                evidence.taken_at
            ),
            Tone::Good,
        )),
        Some(flaw) => report.line(Cell::new(format!("{}: {flaw}.", file.display()), Tone::Bad)),
    }
    Ok(report)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn made() -> (Evidence, SecretString) {
        let key: SecretString = "a key that is long enough for this test".to_owned().into();
        let items = (1..=3).map(|n| json!({"sk": format!("STORY#{n}"), "at": n, "more": {"b": 1, "a": [null, "x"]}}));
        let items = items.map(|item| item.as_object().cloned().unwrap()).collect();
        let evidence = Evidence::make("issues/GC1/ISS-1", "it", "2026-11-23T09:00:00Z", items, &key);
        (evidence, key)
    }

    #[test]
    fn a_document_survives_being_written_and_read() {
        let (evidence, key) = made();
        let text = serde_json::to_string_pretty(&evidence).unwrap();
        let read: Evidence = serde_json::from_str(&text).unwrap();
        assert_eq!(read.flaw(&key), None);
        assert!(
            read.flaw(&"another key that is long enough".to_owned().into())
                .is_some()
        );
    }

    #[test]
    fn whatever_is_changed_shows() {
        let changes: [fn(&mut Evidence); 7] = [
            |evidence| drop(evidence.items[1].item.insert("at".to_owned(), json!(9))),
            |evidence| drop(evidence.items.remove(1)),
            |evidence| drop(evidence.items.pop()),
            |evidence| evidence.items.swap(0, 2),
            |evidence| evidence.subject.push('0'),
            |evidence| evidence.taken_at = "2026-11-24T09:00:00Z".to_owned(),
            |evidence| evidence.deployment.push('0'),
        ];
        for (at, change) in changes.into_iter().enumerate() {
            let (mut evidence, key) = made();
            change(&mut evidence);
            assert!(evidence.flaw(&key).is_some(), "change {at}");
        }
    }
}
