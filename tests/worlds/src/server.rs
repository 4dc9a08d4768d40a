//! A world behind a socket: HTTP/1.1, with or without TLS.

use std::convert::Infallible;
use std::io;
use std::net::SocketAddr;
use std::path::Path;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, ready};
use std::time::Duration;

use bytes::Bytes;
use http::header::CONTENT_LENGTH;
use http::{HeaderValue, Request, Response};
use http_body::Frame;
use http_body_util::BodyExt;
use hyper::body::Incoming;
use hyper_util::rt::{TokioIo, TokioTimer};
use rustls::RootCertStore;
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use rustls::server::WebPkiClientVerifier;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::TcpListener;
use tokio::task::JoinSet;
use tokio_rustls::TlsAcceptor;

use crate::answer::{Dropped, SlowDrip, Truncated};
use crate::body::WorldError;
use crate::{ServiceNow, TradingGrid};

/// The world that a server serves.
#[derive(Debug, Clone)]
pub enum World {
    ServiceNow(ServiceNow),
    TradingGrid(TradingGrid),
}

/// A socket that listens, and the world behind it.
pub struct Server {
    listener: TcpListener,
    tls: Option<TlsAcceptor>,
    world: World,
}

impl Server {
    /// Opens the socket. ServiceNow's links begin with its address from now on.
    ///
    /// # Errors
    /// When the address cannot be had, in a sentence that says so.
    pub async fn bind(world: World, address: SocketAddr, tls: Option<TlsAcceptor>) -> io::Result<Server> {
        let listener = TcpListener::bind(address)
            .await
            .map_err(|error| cannot_listen(address, error))?;
        let server = Server { listener, tls, world };
        if let World::ServiceNow(instance) = &server.world {
            instance.set_base_url(&server.url()?);
        }
        Ok(server)
    }

    /// For example `http://127.0.0.1:9101`.
    ///
    /// # Errors
    /// When the socket has no address any more.
    pub fn url(&self) -> io::Result<String> {
        let scheme = if self.tls.is_some() { "https" } else { "http" };
        Ok(format!("{scheme}://{}", self.listener.local_addr()?))
    }

    /// Serves until the future is dropped, which ends every connection.
    pub async fn run(self) -> Infallible {
        let mut connections = JoinSet::new();
        loop {
            tokio::select! {
                accepted = self.listener.accept() => match accepted {
                    Ok((stream, _)) => {
                        let (world, tls) = (self.world.clone(), self.tls.clone());
                        connections.spawn(async move {
                            match tls {
                                None => serve(world, stream, None).await,
                                Some(tls) => if let Ok(stream) = tls.accept(stream).await {
                                    let is_identified = stream.get_ref().1.peer_certificates().is_some();
                                    serve(world, stream, is_identified.then_some(Identified)).await;
                                },
                            }
                        });
                    }
                    // Too many open files, most likely: connections that end make room.
                    Err(_) => tokio::time::sleep(Duration::from_millis(50)).await,
                },
                Some(_) = connections.join_next() => {}
            }
        }
    }
}

/// Reads a certificate chain and its key from PEM files, and those whose client certificates alone are let in.
///
/// # Errors
/// When a file cannot be read, or holds no certificate or key.
pub fn tls(certificate: &Path, key: &Path, client_ca: Option<&Path>) -> io::Result<TlsAcceptor> {
    let invalid = |path: &Path, error: &dyn std::fmt::Display| {
        io::Error::new(
            io::ErrorKind::InvalidInput,
            format!("{} cannot be used: {error}", path.display()),
        )
    };
    let certificates = |path: &Path| -> io::Result<Vec<CertificateDer<'static>>> {
        let read = CertificateDer::pem_file_iter(path).and_then(Iterator::collect);
        read.map_err(|error| invalid(path, &error))
    };
    let chain = certificates(certificate)?;
    let private_key = PrivateKeyDer::from_pem_file(key).map_err(|error| invalid(key, &error))?;
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let verifier = match client_ca {
        None => WebPkiClientVerifier::no_client_auth(),
        Some(path) => {
            let mut roots = RootCertStore::empty();
            for root in certificates(path)? {
                roots.add(root).map_err(|error| invalid(path, &error))?;
            }
            WebPkiClientVerifier::builder_with_provider(Arc::new(roots), Arc::clone(&provider))
                .build()
                .map_err(|error| invalid(path, &error))?
        }
    };
    let config = rustls::ServerConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .map_err(|error| invalid(certificate, &error))?
        .with_client_cert_verifier(verifier)
        .with_single_cert(chain, private_key)
        .map_err(|error| invalid(certificate, &error))?;
    Ok(TlsAcceptor::from(Arc::new(config)))
}

fn cannot_listen(address: SocketAddr, error: io::Error) -> io::Error {
    let reason = match error.kind() {
        io::ErrorKind::AddrInUse => "another program is using it; stop that one or choose another port".to_owned(),
        io::ErrorKind::PermissionDenied => "this user may not use that port".to_owned(),
        _ => error.to_string(),
    };
    io::Error::new(error.kind(), format!("cannot listen on {address}: {reason}"))
}

/// The mark of a request whose caller has shown a client certificate that the server trusts.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Identified;

/// Serves one connection until either side ends it; a lost answer ends it.
async fn serve(world: World, stream: impl AsyncRead + AsyncWrite + Unpin, identified: Option<Identified>) {
    let service = hyper::service::service_fn(|mut request: Request<Incoming>| {
        if let Some(identified) = identified {
            request.extensions_mut().insert(identified);
        }
        answer(&world, request)
    });
    let mut http = hyper::server::conn::http1::Builder::new();
    let served = http
        .timer(TokioTimer::new())
        .serve_connection(TokioIo::new(stream), service)
        .await;
    // A caller that went away, or an answer that was to be lost: nothing to tell anybody.
    drop(served);
}

async fn answer(world: &World, request: Request<Incoming>) -> Result<Response<Paced>, WorldError> {
    let request = request.map(|body| body.map_err(|error| WorldError(error.to_string())).boxed_unsync());
    let response = match world {
        World::ServiceNow(instance) => instance.call(request).await,
        World::TradingGrid(community) => community.call(request).await,
    };
    if response.extensions().get::<Dropped>().is_some() {
        return Err(WorldError("the answer is lost".to_owned()));
    }
    Ok(paced(response))
}

/// Gives a response the body that does what its marks say.
fn paced(response: Response<Bytes>) -> Response<Paced> {
    let drip = response.extensions().get::<SlowDrip>().copied();
    let truncated = response.extensions().get::<Truncated>().copied();
    let (mut parts, bytes) = response.into_parts();
    let announced = truncated.map_or(bytes.len(), |truncated| truncated.announced);
    if drip.is_some() || truncated.is_some() {
        parts.headers.insert(CONTENT_LENGTH, HeaderValue::from(announced));
    }
    let body = Paced {
        chunk_bytes: drip.map_or(usize::MAX, |drip| drip.chunk_bytes),
        pause: drip.map(|drip| drip.pause),
        sleep: None,
        missing: announced - bytes.len(),
        is_flushed: false,
        rest: bytes,
    };
    Response::from_parts(parts, body)
}

/// A body that is sent at its own pace, and may end too early.
struct Paced {
    rest: Bytes,
    chunk_bytes: usize,
    pause: Option<Duration>,
    sleep: Option<Pin<Box<tokio::time::Sleep>>>,
    /// Bytes that were announced and never come.
    missing: usize,
    is_flushed: bool,
}

impl http_body::Body for Paced {
    type Data = Bytes;
    type Error = WorldError;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, WorldError>>> {
        if let Some(sleep) = self.sleep.as_mut() {
            ready!(sleep.as_mut().poll(context));
            self.sleep = None;
        }
        if self.rest.is_empty() {
            if self.missing > 0 && !self.is_flushed {
                // Lets what is there reach the caller before the connection breaks.
                self.is_flushed = true;
                context.waker().wake_by_ref();
                return Poll::Pending;
            }
            let cut = (self.missing > 0).then(|| Err(WorldError("the answer is cut".to_owned())));
            self.missing = 0;
            return Poll::Ready(cut);
        }
        let length = self.chunk_bytes.min(self.rest.len());
        let chunk = self.rest.split_to(length);
        self.sleep = self.pause.map(|pause| Box::pin(tokio::time::sleep(pause)));
        Poll::Ready(Some(Ok(Frame::data(chunk))))
    }

    fn is_end_stream(&self) -> bool {
        self.rest.is_empty() && self.missing == 0
    }

    fn size_hint(&self) -> http_body::SizeHint {
        http_body::SizeHint::with_exact((self.rest.len() + self.missing) as u64)
    }
}

#[cfg(test)]
mod tests;
