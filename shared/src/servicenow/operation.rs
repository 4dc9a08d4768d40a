//! A call as a value: what is sent, and how its answer is read. The same value is sent alone or as
//! an item of a batch, and its answer is distrusted in the same way.

use bytes::Bytes;
use http::{HeaderName, HeaderValue, Method};
use url::Url;

use super::answer::Answer;
use super::{About, Error, message};

/// One call to the instance, which answers a `T`.
pub struct Operation<T> {
    pub(super) asked: Asked,
    pub(super) read: Reader<T>,
}

/// Reads an answer.
pub(super) type Reader<T> = Box<dyn FnOnce(&Answer<'_>) -> Result<T, Error> + Send>;

/// What is sent, and what it is about.
pub(super) struct Asked {
    pub(super) about: About,
    pub(super) method: Method,
    /// Under the instance, with a slash in front; of characters that need no escape.
    pub(super) path: String,
    pub(super) parameters: Vec<(&'static str, String)>,
    /// JSON.
    pub(super) body: Option<Bytes>,
    /// The same request twice does what it does once.
    pub(super) is_idempotent: bool,
    /// Where an answer is known to be the instance's own, its status is proof enough.
    pub(super) is_proved_by_status: bool,
    /// It is, so that the answer's body need not be sent.
    pub(super) needs_no_body: bool,
    /// Values in the parameters that must not come back in a message.
    pub(super) values: Vec<String>,
}

impl<T> Operation<T> {
    pub(super) fn new(asked: Asked, read: impl FnOnce(&Answer<'_>) -> Result<T, Error> + Send + 'static) -> Self {
        Self {
            asked,
            read: Box::new(read),
        }
    }

    /// Reads more out of what was read.
    pub(super) fn then<U>(self, more: impl FnOnce(&Answer<'_>, T) -> Result<U, Error> + Send + 'static) -> Operation<U>
    where
        T: 'static,
    {
        let read = self.read;
        Operation::new(self.asked, move |answer| more(answer, read(answer)?))
    }
}

impl Asked {
    /// A question that changes nothing.
    pub(super) fn get(about: About, path: String) -> Self {
        Self {
            about,
            method: Method::GET,
            path,
            parameters: Vec::new(),
            body: None,
            is_idempotent: true,
            is_proved_by_status: false,
            needs_no_body: false,
            values: Vec::new(),
        }
    }

    /// A change with a body; twice is not once unless it says so.
    pub(super) fn send(method: Method, about: About, path: String, body: &impl serde::Serialize) -> Self {
        Self {
            method,
            body: Some(serde_json::to_vec(body).unwrap_or_default().into()),
            is_idempotent: false,
            ..Self::get(about, path)
        }
    }

    pub(super) fn with(mut self, parameters: impl IntoIterator<Item = (&'static str, String)>) -> Self {
        self.parameters.extend(parameters);
        self
    }

    pub(super) fn idempotent(self) -> Self {
        Self {
            is_idempotent: true,
            ..self
        }
    }

    /// The whole URL at an instance.
    pub(super) fn url(&self, instance: &Url) -> Url {
        let mut url = instance.clone();
        if let Ok(mut segments) = url.path_segments_mut() {
            segments.pop_if_empty().extend(self.path.split('/').skip(1));
        }
        if !self.parameters.is_empty() {
            url.query_pairs_mut().extend_pairs(&self.parameters);
        }
        url
    }

    /// The URL as it stands in a batch.
    pub(super) fn relative_url(&self) -> String {
        if self.parameters.is_empty() {
            return self.path.clone();
        }
        let mut query = url::form_urlencoded::Serializer::new(String::new());
        format!("{}?{}", self.path, query.extend_pairs(&self.parameters).finish())
    }

    /// The headers beside the token. Deleting needs a content type too, although nothing is sent.
    pub(super) fn headers(&self) -> Vec<(HeaderName, HeaderValue)> {
        let mut headers = vec![(http::header::ACCEPT, JSON)];
        if self.method != Method::GET {
            headers.push((http::header::CONTENT_TYPE, JSON));
        }
        if self.needs_no_body {
            headers.push((NO_RESPONSE_BODY, HeaderValue::from_static("true")));
        }
        headers
    }

    /// Everything that somebody gave and that must not come back in a message.
    pub(super) fn sent(&self) -> Vec<String> {
        let mut sent = self.values.clone();
        sent.extend(self.body.iter().flat_map(|body| message::texts(body)));
        sent
    }
}

/// The only answer that we ask for.
pub(super) const JSON: HeaderValue = HeaderValue::from_static("application/json");

const NO_RESPONSE_BODY: HeaderName = HeaderName::from_static("x-no-response-body");
