//! The one place that sends: a client over the network or, in tests, a router in the same process.
//!
//! No cookies are kept, no redirect is followed, no proxy is looked up, answers are bounded, and
//! every request has a time limit. TLS is `ring` with the public roots compiled in: loading the
//! system's roots or another provider's entropy would cost more than the whole cold start.

#[cfg(test)]
mod tests;
mod until;

use std::fmt;
use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};
use std::time::Duration;

use bytes::{Bytes, BytesMut};
use http::header::RETRY_AFTER;
use http::{HeaderMap, HeaderName, HeaderValue, Method, Request};
use http_body::{Frame, SizeHint};
use http_body_util::combinators::BoxBody;
use http_body_util::{BodyExt, Empty, Full};
use secrecy::{ExposeSecret, SecretString};
use tokio::sync::mpsc;
use url::Url;

use crate::failure::System;
use crate::retry::{self, Answer};
use crate::telemetry::{self, CallUnderWay, Metric};

pub use until::until;

/// The longest answer that is read into memory, in bytes.
const MAX_ANSWER: usize = 16 * 1024 * 1024;
/// How long a connection may take to be made.
const CONNECT_TIMEOUT: Duration = Duration::from_secs(2);
/// How long a call with a small body may take in all.
pub const CALL_TIMEOUT: Duration = Duration::from_secs(10);
/// How often an idempotent call is sent within one `send`.
const ATTEMPTS: u32 = 3;

/// The body of a request.
pub type Body = BoxBody<Bytes, BodyError>;

/// A request body that broke off.
#[derive(Debug, thiserror::Error)]
#[error("the request body broke off")]
pub struct BodyError;

/// A request that got no complete answer.
#[derive(Debug, thiserror::Error)]
#[error("{}", match .kind { Answer::NeverSent => "no connection was made", _ => "the answer did not arrive" })]
pub struct TransportError {
    /// Never sent, or lost on the way.
    pub kind: Answer,
    #[source]
    source: anyhow::Error,
}

impl TransportError {
    /// No connection: the request never left.
    pub fn never_sent(source: impl Into<anyhow::Error>) -> Self {
        Self {
            kind: Answer::NeverSent,
            source: source.into(),
        }
    }

    /// The request may have arrived.
    pub fn lost(source: impl Into<anyhow::Error>) -> Self {
        Self {
            kind: Answer::Lost,
            source: source.into(),
        }
    }
}

/// A router in this process that answers instead of the network.
pub type Router = Arc<
    dyn Fn(Request<Body>) -> Pin<Box<dyn Future<Output = Result<http::Response<Bytes>, TransportError>> + Send>>
        + Send
        + Sync,
>;

/// A client for the network, and the roots that it trusts.
#[derive(Clone)]
pub struct Network {
    client: reqwest::Client,
    roots: Arc<rustls::RootCertStore>,
}

/// Carries requests.
#[derive(Clone)]
pub enum Transport {
    /// Over the network.
    Network(Network),
    /// Within the process: the seam for tests.
    InProcess(Router),
    /// By one of the others, to a system: its calls are measured.
    Toward(System, Arc<Transport>),
}

impl fmt::Debug for Transport {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Transport::Network(_) => "Transport::Network",
            Transport::InProcess(_) => "Transport::InProcess",
            Transport::Toward(..) => "Transport::Toward",
        })
    }
}

impl Transport {
    /// A client for the network that trusts the public roots and those of `extra_ca` (PEM).
    ///
    /// # Errors
    /// When the extra roots are not certificates.
    pub fn network(extra_ca: Option<&str>) -> anyhow::Result<Self> {
        let mut roots = rustls::RootCertStore {
            roots: webpki_roots::TLS_SERVER_ROOTS.to_vec(),
        };
        if let Some(pem) = extra_ca {
            use rustls::pki_types::{CertificateDer, pem::PemObject};
            for certificate in CertificateDer::pem_slice_iter(pem.as_bytes()) {
                roots.add(certificate?)?;
            }
        }
        let network = Network::new(Arc::new(roots), None)?;
        Ok(Self::Network(network))
    }

    /// The same, for a system whose calls are to be measured.
    pub fn toward(self, system: System) -> Self {
        Self::Toward(system, Arc::new(self))
    }

    /// The same, showing a client certificate (PEM, with its chain) to those who ask for one.
    ///
    /// Within the process there is nobody to show it to.
    ///
    /// # Errors
    /// When certificate and key are not PEM, or do not belong together. The error says nothing of
    /// the key.
    pub fn with_identity(&self, certificate: &str, private_key: &SecretString) -> anyhow::Result<Self> {
        match self {
            Transport::Network(network) => {
                let identity = Identity::parse(certificate, private_key)?;
                Ok(Self::Network(Network::new(Arc::clone(&network.roots), Some(identity))?))
            }
            Transport::InProcess(router) => Ok(Self::InProcess(Arc::clone(router))),
            Transport::Toward(system, way) => Ok(way.with_identity(certificate, private_key)?.toward(*system)),
        }
    }

    /// Sends one request, once.
    ///
    /// # Errors
    /// When no answer begins.
    pub async fn carry(&self, request: Request<Body>) -> Result<Response, TransportError> {
        match self {
            Transport::Network(network) => {
                let (parts, body) = request.into_parts();
                let mut request = network
                    .client
                    .request(parts.method, parts.uri.to_string())
                    .headers(parts.headers)
                    .body(reqwest::Body::wrap(body));
                request = request.timeout(Duration::from_secs(60));
                match request.send().await {
                    Ok(response) => Ok(Response {
                        status: response.status().as_u16(),
                        headers: response.headers().clone(),
                        body: ResponseBody::Network(response),
                        from: None,
                    }),
                    Err(error) if error.is_connect() => Err(TransportError::never_sent(error.without_url())),
                    Err(error) => Err(TransportError::lost(error.without_url())),
                }
            }
            Transport::InProcess(router) => {
                let (parts, body) = router(request).await?.into_parts();
                Ok(Response {
                    status: parts.status.as_u16(),
                    headers: parts.headers,
                    body: ResponseBody::Whole(Some(body)),
                    from: None,
                })
            }
            Transport::Toward(system, way) => {
                let request = match system {
                    System::ServiceNow | System::TradingGrid => until::guarded(request)?,
                    // The table knows whose turn it is, and refuses the others.
                    System::Aws => request,
                };
                let call = CallUnderWay::to(*system, request.method());
                let mut response = Box::pin(way.carry(request)).await?;
                call.answered(response.status);
                response.from = Some(*system);
                Ok(response)
            }
        }
    }
}

impl Network {
    fn new(roots: Arc<rustls::RootCertStore>, identity: Option<Identity>) -> anyhow::Result<Self> {
        let provider = Arc::new(rustls::crypto::ring::default_provider());
        let tls = rustls::ClientConfig::builder_with_provider(provider)
            .with_safe_default_protocol_versions()?
            .with_root_certificates(Arc::clone(&roots));
        let tls = match identity {
            // The error could quote the key, so it is dropped.
            Some(Identity { chain, key }) => tls
                .with_client_auth_cert(chain, key)
                .map_err(|_| anyhow::anyhow!("the client certificate and its private key are of no use"))?,
            None => tls.with_no_client_auth(),
        };
        let client = reqwest::Client::builder()
            .tls_backend_preconfigured(tls)
            .connect_timeout(CONNECT_TIMEOUT)
            .redirect(reqwest::redirect::Policy::none())
            .no_proxy()
            .pool_idle_timeout(Duration::from_secs(50))
            .build()?;
        Ok(Self { client, roots })
    }
}

/// Who we are to those who ask for a client certificate.
struct Identity {
    chain: Vec<rustls::pki_types::CertificateDer<'static>>,
    key: rustls::pki_types::PrivateKeyDer<'static>,
}

impl Identity {
    fn parse(certificate: &str, private_key: &SecretString) -> anyhow::Result<Self> {
        use rustls::pki_types::{CertificateDer, PrivateKeyDer, pem::PemObject};
        let chain = CertificateDer::pem_slice_iter(certificate.as_bytes())
            .collect::<Result<Vec<_>, _>>()
            .map_err(|_| anyhow::anyhow!("the client certificate is not PEM"))?;
        let key = PrivateKeyDer::from_pem_slice(private_key.expose_secret().as_bytes())
            .map_err(|_| anyhow::anyhow!("the private key of the client certificate is not PEM"))?;
        Ok(Self { chain, key })
    }
}

/// An answer whose body has yet to be read.
pub struct Response {
    /// The status code.
    pub status: u16,
    /// The headers.
    pub headers: HeaderMap,
    body: ResponseBody,
    /// Who answers, where that is measured.
    from: Option<System>,
}

enum ResponseBody {
    Network(reqwest::Response),
    Whole(Option<Bytes>),
}

impl Response {
    /// Whether the content type is JSON.
    pub fn is_json(&self) -> bool {
        is_json(&self.headers)
    }

    /// The next piece of the body; `None` at its end.
    ///
    /// # Errors
    /// When the body breaks off.
    pub async fn chunk(&mut self) -> Result<Option<Bytes>, TransportError> {
        match &mut self.body {
            ResponseBody::Network(response) => response.chunk().await.map_err(|error| {
                if let Some(system) = self.from {
                    telemetry::count_of(system, Metric::Errors);
                }
                TransportError::lost(error.without_url())
            }),
            ResponseBody::Whole(bytes) => Ok(bytes.take().filter(|bytes| !bytes.is_empty())),
        }
    }

    /// The whole body.
    ///
    /// # Errors
    /// When it breaks off or is larger than we ever expect.
    pub async fn read(mut self) -> Result<Whole, TransportError> {
        let mut body = BytesMut::new();
        while let Some(chunk) = self.chunk().await? {
            if body.len() + chunk.len() > MAX_ANSWER {
                return Err(TransportError::lost(anyhow::anyhow!(
                    "the answer is larger than {MAX_ANSWER} bytes"
                )));
            }
            body.extend_from_slice(&chunk);
        }
        Ok(Whole {
            status: self.status,
            headers: self.headers,
            body: body.freeze(),
        })
    }
}

/// A complete answer.
#[derive(Debug)]
pub struct Whole {
    /// The status code.
    pub status: u16,
    /// The headers.
    pub headers: HeaderMap,
    /// The body.
    pub body: Bytes,
}

impl Whole {
    /// A header as text, when it is there once and is text.
    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers.get(name)?.to_str().ok()
    }

    /// Whether the content type is JSON.
    pub fn is_json(&self) -> bool {
        is_json(&self.headers)
    }
}

fn is_json(headers: &HeaderMap) -> bool {
    let media_type = headers
        .get(http::header::CONTENT_TYPE)
        .and_then(|value| value.to_str().ok());
    media_type.is_some_and(|value| {
        let media_type = value.split(';').next().unwrap_or_default().trim().to_ascii_lowercase();
        media_type == "application/json" || media_type.ends_with("+json")
    })
}

/// A request to be made.
#[derive(Clone)]
pub struct Call {
    method: Method,
    url: Url,
    headers: HeaderMap,
    body: Option<Bytes>,
    is_idempotent: bool,
}

impl Call {
    /// A call without a body. A GET is idempotent; others are not unless they say so.
    pub fn new(method: Method, url: Url) -> Self {
        let is_idempotent = method == Method::GET;
        Self {
            method,
            url,
            headers: HeaderMap::new(),
            body: None,
            is_idempotent,
        }
    }

    /// Adds a header.
    pub fn header(mut self, name: HeaderName, value: HeaderValue) -> Self {
        self.headers.insert(name, value);
        self
    }

    /// Sends `body` with the media type.
    pub fn body(mut self, media_type: &'static str, body: impl Into<Bytes>) -> Self {
        self.headers
            .insert(http::header::CONTENT_TYPE, HeaderValue::from_static(media_type));
        self.body = Some(body.into());
        self
    }

    /// The same request twice does what it does once.
    pub fn idempotent(mut self) -> Self {
        self.is_idempotent = true;
        self
    }

    /// The request, with `body` instead of its own.
    pub fn streaming(&self, body: Body) -> Result<Request<Body>, TransportError> {
        let mut request = Request::builder().method(self.method.clone()).uri(self.url.as_str());
        if let Some(headers) = request.headers_mut() {
            headers.extend(self.headers.clone());
        }
        request.body(body).map_err(TransportError::never_sent)
    }

    fn request(&self) -> Result<Request<Body>, TransportError> {
        self.streaming(match &self.body {
            Some(bytes) => full(bytes.clone()),
            None => Empty::new().map_err(|never| match never {}).boxed(),
        })
    }
}

/// A body that is all there.
pub fn full(bytes: Bytes) -> Body {
    Full::new(bytes).map_err(|never| match never {}).boxed()
}

impl Transport {
    /// Sends a call and reads the whole answer, within [`CALL_TIMEOUT`]; an idempotent call is
    /// sent again at once when [`retry::may_send_again`] says so and no time to wait was named.
    ///
    /// # Errors
    /// When no complete answer came.
    pub async fn send(&self, call: &Call) -> Result<Whole, TransportError> {
        tokio::time::timeout(CALL_TIMEOUT, self.tries(call))
            .await
            .map_err(TransportError::lost)?
    }

    async fn tries(&self, call: &Call) -> Result<Whole, TransportError> {
        let mut attempt = 0;
        loop {
            attempt += 1;
            let outcome = self.attempt(call).await;
            let answer = match &outcome {
                Ok(whole) => Answer::Status(whole.status),
                Err(error) => error.kind,
            };
            let names_a_wait = outcome
                .as_ref()
                .is_ok_and(|whole| whole.headers.contains_key(RETRY_AFTER));
            if attempt >= ATTEMPTS || names_a_wait || !retry::may_send_again(answer, call.is_idempotent) {
                return outcome;
            }
            tokio::time::sleep(retry::call_wait(attempt)).await;
        }
    }

    async fn attempt(&self, call: &Call) -> Result<Whole, TransportError> {
        self.carry(call.request()?).await?.read().await
    }
}

/// A request body of known length, fed piece by piece. When the feeder stops early, the request
/// breaks off, and the receiver never sees a complete body.
pub fn piped(length: u64) -> (mpsc::Sender<Bytes>, Body) {
    let (sender, receiver) = mpsc::channel(2);
    (sender, Piped { receiver, left: length }.boxed())
}

struct Piped {
    receiver: mpsc::Receiver<Bytes>,
    left: u64,
}

impl http_body::Body for Piped {
    type Data = Bytes;
    type Error = BodyError;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, BodyError>>> {
        if self.left == 0 {
            return Poll::Ready(None);
        }
        match self.receiver.poll_recv(context) {
            Poll::Pending => Poll::Pending,
            Poll::Ready(None) => Poll::Ready(Some(Err(BodyError))),
            Poll::Ready(Some(bytes)) => match self.left.checked_sub(bytes.len() as u64) {
                Some(left) => {
                    self.left = left;
                    Poll::Ready(Some(Ok(Frame::data(bytes))))
                }
                None => Poll::Ready(Some(Err(BodyError))),
            },
        }
    }

    fn is_end_stream(&self) -> bool {
        self.left == 0
    }

    fn size_hint(&self) -> SizeHint {
        SizeHint::with_exact(self.left)
    }
}
