//! `gridlink secrets rotate`: a new key for a sender, beside the one that it uses now.

use std::time::Duration;

use secrecy::{ExposeSecret, SecretString};
use shared::signature;

use super::hook::{Probed, probe};
use crate::failed::Failed;
use crate::place::Place;
use crate::report::{Cell, Report, Tone};

/// How often the webhook is asked for a new key, which it reads at once but at most every half minute.
const TRIES: u32 = 8;
/// Between two probes.
const PAUSE: Duration = Duration::from_secs(6);

/// Makes a new key for a sender. The one of now stays valid until the next rotation.
///
/// # Errors
/// When the secret cannot be read or written, or the webhook does not take both keys afterwards.
pub async fn rotate(place: &Place, sender: &str, show: bool) -> Result<Report, Failed> {
    let client = place.aws.secrets();
    let name = place.stack.secret(&format!("webhook/{sender}"));
    let read = async |stage: &str| {
        let answer = client
            .get_secret_value()
            .secret_id(&name)
            .version_stage(stage)
            .send()
            .await;
        match answer {
            Ok(found) => Ok(found.secret_string.map(SecretString::from)),
            Err(error)
                if error
                    .as_service_error()
                    .is_some_and(|error| error.is_resource_not_found_exception()) =>
            {
                Ok(None)
            }
            Err(error) => Err(Failed::aws(&format!("the secret {name} cannot be read"), error)),
        }
    };
    let before = read("AWSCURRENT").await?;
    let new = signature::new_key()?;
    let put = client
        .put_secret_value()
        .secret_id(&name)
        .secret_string(new.expose_secret());
    put.send().await.map_err(|error| {
        Failed::aws(
            &format!("the secret {name} cannot be written; the key of before is valid as ever"),
            error,
        )
    })?;
    let is_new_good = is_good(place, sender, &new).await?;
    let is_old_good = match &before {
        Some(before) => Some(is_good(place, sender, before).await?),
        None => None,
    };
    let mut report = Report::new(serde_json::json!({
        "sender": sender,
        "secret": name,
        "new_key_works": is_new_good,
        "previous_key_works": is_old_good,
        "key": show.then(|| new.expose_secret().to_owned()),
    }));
    report.has_findings = !is_new_good || is_old_good == Some(false);
    let word = |is_good: bool| match is_good {
        true => Cell::new("accepted", Tone::Good),
        false => Cell::new("refused", Tone::Bad),
    };
    report.facts([
        ("new key", word(is_new_good)),
        ("previous key", is_old_good.map_or("there was none".into(), word)),
    ]);
    if show {
        report.line(new.expose_secret());
    } else {
        report.line(format!(
            "The new key: aws secretsmanager get-secret-value --secret-id {name} --query SecretString --output text"
        ));
    }
    if report.has_findings {
        report.line(Cell::new(
            "A key is refused: see `gridlink doctor`. To go back, put the previous key again.",
            Tone::Bad,
        ));
    } else {
        report.line(format!(
            "Give the new key to {sender}. Until the next rotation both keys are valid: rotate again only when {sender} uses the new one."
        ));
    }
    Ok(report)
}

async fn is_good(place: &Place, sender: &str, secret: &SecretString) -> Result<bool, Failed> {
    let keys = signature::keys(secret).map_err(|problem| {
        let advice = "Put keys of the form whsec_<base64 of 24 to 64 bytes>.";
        Failed::new(format!("the secret of {sender} is not usable: {problem}"), advice)
    })?;
    let Some(key) = keys.first() else { return Ok(false) };
    for attempt in 1..=TRIES {
        match probe(place, sender, key).await? {
            Probed::Good => return Ok(true),
            Probed::Refused if attempt < TRIES => tokio::time::sleep(PAUSE).await,
            Probed::Refused => {}
            Probed::Other(status) => {
                let advice = "See `gridlink doctor` and the log of receive-webhook; both keys stand in the secret.";
                return Err(Failed::new(format!("the webhook of {sender} answers {status}"), advice));
            }
        }
    }
    Ok(false)
}
