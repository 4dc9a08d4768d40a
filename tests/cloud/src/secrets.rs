//! Secrets Manager: `GetSecretValue` by name or ARN, and stage or version.

use std::collections::BTreeMap;
use std::time::SystemTime;

use serde_json::{Value, json};
use sha2::{Digest, Sha256};

use crate::answer::Answer;
use crate::clock::since_epoch;
use crate::{ACCOUNT, REGION};

#[derive(Debug, Default)]
pub(crate) struct Secrets(BTreeMap<String, Secret>);

#[derive(Debug)]
struct Secret {
    /// Newest first; at most two carry a stage, as after a rotation.
    versions: Vec<Version>,
}

#[derive(Debug)]
struct Version {
    id: String,
    stage: &'static str,
    value: String,
    created: SystemTime,
}

impl Secrets {
    /// Replaces the secret: `AWSCURRENT` and, if given, `AWSPREVIOUS`.
    pub(crate) fn put(&mut self, name: &str, current: &str, previous: Option<&str>, now: SystemTime) {
        let values = [("AWSCURRENT", Some(current)), ("AWSPREVIOUS", previous)];
        let versions = values
            .into_iter()
            .filter_map(|(stage, value)| Some((stage, value?)))
            .map(|(stage, value)| Version {
                id: version_id(value),
                stage,
                value: value.to_owned(),
                created: now,
            })
            .collect();
        self.0.insert(name.to_owned(), Secret { versions });
    }

    pub(crate) fn answer(&self, operation: &str, request: &Value) -> Answer {
        match operation {
            "GetSecretValue" => self.get_secret_value(request),
            _ => Answer::unknown_operation(),
        }
    }

    fn get_secret_value(&self, request: &Value) -> Answer {
        let Some(wanted) = request["SecretId"].as_str() else {
            return Answer::refused("InvalidParameterException", "SecretId is required.");
        };
        let Some((name, secret)) = self.0.iter().find(|(name, _)| *name == wanted || arn(name) == wanted) else {
            return not_found("Secrets Manager can't find the specified secret.");
        };
        let id = request["VersionId"].as_str();
        let stage = request["VersionStage"]
            .as_str()
            .or(id.is_none().then_some("AWSCURRENT"));
        let found = secret
            .versions
            .iter()
            .find(|version| id.is_none_or(|id| version.id == id) && stage.is_none_or(|stage| version.stage == stage));
        match (found, id, stage) {
            (Some(version), ..) => Answer::ok(json!({
                "ARN": arn(name),
                "Name": name,
                "VersionId": version.id,
                "SecretString": version.value,
                "VersionStages": [version.stage],
                "CreatedDate": since_epoch(version.created).as_secs_f64(),
            })),
            (None, Some(id), _) => not_found(&format!(
                "Secrets Manager can't find the specified secret value for VersionId: {id}"
            )),
            (None, None, stage) => not_found(&format!(
                "Secrets Manager can't find the specified secret value for staging label: {}",
                stage.unwrap_or_default()
            )),
        }
    }
}

/// A UUID that a value keeps when it moves from one stage to the next.
fn version_id(value: &str) -> String {
    let digest = Sha256::digest(value);
    let number = digest
        .iter()
        .take(6)
        .fold(0u64, |number, byte| number << 8 | u64::from(*byte));
    format!("00000000-0000-4000-8000-{number:012x}")
}

/// AWS adds six random characters to the name; here they are constant.
fn arn(name: &str) -> String {
    format!("arn:aws:secretsmanager:{REGION}:{ACCOUNT}:secret:{name}-AbCdEf")
}

/// Secrets Manager writes `Message` with a capital letter and no namespace.
fn not_found(message: &str) -> Answer {
    let body = json!({"__type": "ResourceNotFoundException", "Message": message});
    Answer::new(http::StatusCode::BAD_REQUEST, body)
}
