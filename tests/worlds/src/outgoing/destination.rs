//! Where events go, and the requests that carry them there.

use bytes::Bytes;
use http::header::{ACCEPT, CONTENT_TYPE, HeaderName, USER_AGENT};
use http::{HeaderValue, Request, Uri};
use time::OffsetDateTime;
use url::Url;

use super::event::Event;
use super::signing::SigningKey;

/// The webhook of a Gridlink deployment, and who a world is there.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Destination {
    uri: Uri,
    key: SigningKey,
    user_agent: &'static str,
}

impl Destination {
    /// The webhook `{base}/hooks/{sender}`, signed with `whsec_<base64>`.
    ///
    /// # Errors
    /// When one of the three cannot be used, in a sentence that says so.
    pub fn new(base: &str, sender: &str, secret: &str) -> Result<Destination, String> {
        let is_plain = |c: char| c.is_ascii_alphanumeric() || "._-".contains(c);
        if !(1..=64).contains(&sender.len()) || !sender.chars().all(is_plain) {
            return Err(format!(
                "the sender {sender:?} must be 1 to 64 letters, digits, '.', '_' or '-'"
            ));
        }
        let key = SigningKey::parse(secret)?;
        let unusable = |reason: &dyn std::fmt::Display| format!("events cannot be sent to {base}: {reason}");
        let mut url = Url::parse(base).map_err(|error| unusable(&error))?;
        if !matches!(url.scheme(), "http" | "https") {
            return Err(unusable(&"the address must begin with http:// or https://"));
        }
        if !url.username().is_empty() || url.password().is_some() || url.query().is_some() || url.fragment().is_some() {
            return Err(unusable(
                &"the address must end with its path and hold no user or password",
            ));
        }
        url.path_segments_mut()
            .expect("http and https addresses have a path")
            .pop_if_empty()
            .extend(["hooks", sender]);
        let uri = url.as_str().parse().map_err(|error| unusable(&error))?;
        Ok(Destination {
            uri,
            key,
            user_agent: "ServiceNow/1.0",
        })
    }

    /// The address of the webhook, and the key as it is written down.
    pub(crate) fn credentials(&self) -> (String, String) {
        (self.uri.to_string(), self.key.secret())
    }

    /// The same for another kind of sender than ServiceNow.
    pub(crate) fn from(self, user_agent: &'static str) -> Destination {
        Destination { user_agent, ..self }
    }

    /// The request that carries an event, signed at a time.
    pub(crate) fn request(&self, event_id: &str, body: &str, signed_at: OffsetDateTime) -> Request<Bytes> {
        self.request_signed_by(&self.key, event_id, body, signed_at)
    }

    /// The request that carries an event, with a signature that does not fit.
    pub(crate) fn badly_signed_request(&self, event_id: &str, body: &str, signed_at: OffsetDateTime) -> Request<Bytes> {
        self.request_signed_by(&self.key.wrong(), event_id, body, signed_at)
    }

    fn request_signed_by(
        &self,
        key: &SigningKey,
        event_id: &str,
        body: &str,
        signed_at: OffsetDateTime,
    ) -> Request<Bytes> {
        // A header holds visible ASCII only; the signature is over what the header holds.
        let id: String = event_id
            .chars()
            .map(|c| if c.is_ascii_graphic() { c } else { '?' })
            .collect();
        let timestamp = signed_at.unix_timestamp();
        let signature = key.sign(&id, timestamp, body.as_bytes());
        let mut request = Request::new(Bytes::from(body.to_owned()));
        *request.method_mut() = http::Method::POST;
        *request.uri_mut() = self.uri.clone();
        let mut set = |name: HeaderName, value: &str| {
            let value = HeaderValue::from_str(value).expect("visible ASCII is a header value");
            request.headers_mut().insert(name, value);
        };
        set(CONTENT_TYPE, Event::MEDIA_TYPE);
        set(ACCEPT, "application/json");
        set(USER_AGENT, self.user_agent);
        set(HeaderName::from_static("webhook-id"), &id);
        set(HeaderName::from_static("webhook-timestamp"), &timestamp.to_string());
        set(HeaderName::from_static("webhook-signature"), &signature);
        request
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const SECRET: &str = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw";

    #[test]
    fn the_webhook_is_below_the_base_address() {
        for (base, wanted) in [
            ("https://gridlink.test", "https://gridlink.test/hooks/servicenow"),
            (
                "http://a1.execute-api.localhost:4566/live/",
                "http://a1.execute-api.localhost:4566/live/hooks/servicenow",
            ),
        ] {
            assert_eq!(
                Destination::new(base, "servicenow", SECRET).unwrap().uri.to_string(),
                wanted
            );
        }
    }

    #[test]
    fn what_cannot_be_used_is_explained_without_the_secret() {
        for (base, sender, secret, reason) in [
            ("gridlink.test", "servicenow", SECRET, "relative URL without a base"),
            (
                "ftp://gridlink.test",
                "servicenow",
                SECRET,
                "must begin with http:// or https://",
            ),
            ("https://u:p@gridlink.test", "servicenow", SECRET, "no user or password"),
            (
                "https://gridlink.test/?a=b",
                "servicenow",
                SECRET,
                "must end with its path",
            ),
            ("https://gridlink.test", "a/b", SECRET, "must be 1 to 64 letters"),
            ("https://gridlink.test", "servicenow", "hunter2", "whsec_"),
        ] {
            let error = Destination::new(base, sender, secret).unwrap_err();
            assert!(error.contains(reason) && !error.contains("hunter2"), "{error}");
        }
    }
}
