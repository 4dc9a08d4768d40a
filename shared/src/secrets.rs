//! Secrets Manager, cached: read at cold start, again after five minutes, and at once when the
//! other side refuses what we hold. Secrets cannot be printed.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use anyhow::{Context, Result, anyhow};
use secrecy::{ExposeSecret, SecretString};
use serde::Deserialize;
use tokio::sync::Mutex;

use crate::clock::Clock;
use crate::domain::Timestamp;

/// How long a secret is trusted.
const FRESH: Duration = Duration::from_secs(5 * 60);
/// How long after a read the same secret is not read again on suspicion.
const PAUSE: Duration = Duration::from_secs(30);

/// Reads and keeps secrets.
pub struct Secrets {
    client: aws_sdk_secretsmanager::Client,
    clock: Clock,
    kept: Mutex<BTreeMap<(String, Stage), Arc<Slot>>>,
}

/// What is kept of one version of one secret; locked while it is read, so that it is read once.
type Slot = Mutex<Option<Kept>>;

struct Kept {
    value: Option<SecretString>,
    read_at: Timestamp,
}

/// Which version of a secret.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Stage {
    Current,
    Previous,
}

/// An OAuth client.
#[derive(Clone, Deserialize)]
pub struct Credentials {
    /// The client id.
    pub client_id: String,
    /// The client secret.
    pub client_secret: SecretString,
}

impl Secrets {
    /// An empty cache.
    pub fn new(client: aws_sdk_secretsmanager::Client, clock: Clock) -> Self {
        Self {
            client,
            clock,
            kept: Mutex::default(),
        }
    }

    /// The current text of a secret.
    ///
    /// # Errors
    /// When it cannot be read or does not exist.
    pub async fn text(&self, name: &str) -> Result<SecretString> {
        self.current(name, false).await
    }

    /// The current text of a secret. With `suspect`, what we hold was just refused and is read
    /// again unless that was done moments ago.
    ///
    /// # Errors
    /// When it cannot be read or does not exist.
    pub async fn current(&self, name: &str, suspect: bool) -> Result<SecretString> {
        let fresh = if suspect { PAUSE } else { FRESH };
        self.get(name, Stage::Current, fresh)
            .await?
            .ok_or_else(|| anyhow!("the secret {name} has no current version"))
    }

    /// The current and, during a rotation, the previous text of a secret. With `suspect`, what we
    /// hold was just refused and is read again unless that was done moments ago.
    ///
    /// # Errors
    /// When it cannot be read or has no current version.
    pub async fn current_and_previous(&self, name: &str, suspect: bool) -> Result<Vec<SecretString>> {
        let fresh = if suspect { PAUSE } else { FRESH };
        // One after the other: a second connection would cost more than the round trip.
        let current = self.get(name, Stage::Current, fresh).await?;
        let previous = self.get(name, Stage::Previous, fresh).await?;
        let current = current.ok_or_else(|| anyhow!("the secret {name} has no current version"))?;
        Ok(std::iter::once(current).chain(previous).collect())
    }

    /// The current credentials of a secret. With `suspect`, what we hold was just refused.
    ///
    /// # Errors
    /// When it cannot be read, or is not JSON with `client_id` and `client_secret`.
    pub async fn credentials(&self, name: &str, suspect: bool) -> Result<Credentials> {
        let text = self.current(name, suspect).await?;
        // The parser's own error could quote the secret, so it is dropped.
        serde_json::from_str(text.expose_secret())
            .map_err(|_| anyhow!("the secret {name} is not JSON with client_id and client_secret"))
    }

    async fn get(&self, name: &str, stage: Stage, fresh: Duration) -> Result<Option<SecretString>> {
        let now = self.clock.now();
        let slot = Arc::clone(self.kept.lock().await.entry((name.to_owned(), stage)).or_default());
        let mut kept = slot.lock().await;
        if let Some(entry) = kept.as_ref()
            && now < entry.read_at.after(fresh)
        {
            return Ok(entry.value.clone());
        }
        let value = match (self.read(name, stage).await, kept.as_ref()) {
            (Ok(value), _) => value,
            (Err(error), Some(entry)) => {
                // What we hold was good a moment ago; a rotation meanwhile shows as a refusal.
                tracing::warn!(secret = name, error = %crate::failure::chain(error.as_ref()), "not read again");
                return Ok(entry.value.clone());
            }
            (Err(error), None) => return Err(error),
        };
        *kept = Some(Kept {
            value: value.clone(),
            read_at: now,
        });
        Ok(value)
    }

    async fn read(&self, name: &str, stage: Stage) -> Result<Option<SecretString>> {
        let label = match stage {
            Stage::Current => "AWSCURRENT",
            Stage::Previous => "AWSPREVIOUS",
        };
        let answer = self
            .client
            .get_secret_value()
            .secret_id(name)
            .version_stage(label)
            .send()
            .await;
        match answer {
            Ok(secret) => Ok(secret.secret_string.map(SecretString::from)),
            Err(error)
                if error
                    .as_service_error()
                    .is_some_and(|error| error.is_resource_not_found_exception()) =>
            {
                Ok(None)
            }
            Err(error) => Err(anyhow::Error::new(error)).with_context(|| format!("the secret {name} cannot be read")),
        }
    }
}
