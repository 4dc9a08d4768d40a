//! A signed probe of the webhook that changes nothing: the signature is verified before anything else, and a body
//! that is no CloudEvent is refused right after it. So 415 says that the key is good, and 401 that it is not.

use http::Request;
use shared::http::full;
use shared::signature::{self, Key};

use crate::failed::Failed;
use crate::place::Place;

/// What came of a probe.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Probed {
    /// The key is good.
    Good,
    /// The key is refused.
    Refused,
    /// Something else was answered.
    Other(u16),
}

/// Probes the webhook of a sender with a key.
///
/// # Errors
/// When it gives no answer.
pub(crate) async fn probe(place: &Place, sender: &str, key: &Key) -> Result<Probed, Failed> {
    let (url, host) = address(place, sender)?;
    let (id, seconds, body) = ("gridlink-probe", place.clock.now().seconds(), b"a probe");
    let mut request = Request::post(&url)
        .header("content-type", "text/plain")
        .header("webhook-id", id)
        .header("webhook-timestamp", seconds.to_string())
        .header("webhook-signature", signature::signature(key, id, seconds, body));
    if let Some(host) = host {
        request = request.header("host", host);
    }
    let request = request.body(full(body.as_slice().into())).map_err(|error| {
        Failed::new(
            format!("{url} is no address: {error}"),
            "Look at the output WebhookUrl of the stack.",
        )
    })?;
    let answer = place.transport.carry(request).await.map_err(|error| {
        let cause = shared::failure::chain(&error);
        Failed::new(
            format!("{url} gives no answer: {cause}"),
            "Look at the network, and at the API of the stack.",
        )
    })?;
    Ok(match answer.status {
        415 => Probed::Good,
        401 => Probed::Refused,
        other => Probed::Other(other),
    })
}

/// Where the webhook of a sender is; an emulator tells its APIs apart by the host that is named.
fn address(place: &Place, sender: &str) -> Result<(String, Option<String>), Failed> {
    let Some(endpoint) = &place.config.aws.endpoint else {
        let url = place.stack.output("WebhookUrl")?;
        return Ok((url.replace("{sender}", sender), None));
    };
    let id = place.stack.output("WebhookApiId")?;
    let port = endpoint.rsplit(':').next().unwrap_or_default().trim_end_matches('/');
    let url = format!("{}/live/hooks/{sender}", endpoint.trim_end_matches('/'));
    Ok((url, Some(format!("{id}.execute-api.localhost:{port}"))))
}
