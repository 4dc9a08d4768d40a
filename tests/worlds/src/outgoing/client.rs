//! The HTTP client of the program: no redirect, no proxy, no cookie; a bounded answer within a bounded time.

use std::io;
use std::net::{Ipv4Addr, Ipv6Addr, SocketAddr};
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use bytes::{Bytes, BytesMut};
use http::{Request, Response};
use reqwest::dns::{Addrs, Name, Resolve, Resolving};
use rustls::pki_types::CertificateDer;
use rustls::pki_types::pem::PemObject;

use super::queue::CONNECTIONS;
use super::retries::Outcome;

/// How long one try takes at most; less than a claim lasts.
const TIMEOUT: Duration = Duration::from_secs(10);

/// So much of an answer is read: its beginning says enough.
const LONGEST_ANSWER: usize = 16 * 1024;

/// Posts events over the network; a clone shares the connections.
#[derive(Debug, Clone)]
pub struct Client(reqwest::Client);

impl Client {
    /// A client that trusts the public roots, and the certificates in a PEM file if there is one.
    ///
    /// # Errors
    /// When the file cannot be read or holds no certificate.
    pub fn new(extra_ca: Option<&Path>) -> io::Result<Client> {
        let mut roots = rustls::RootCertStore {
            roots: webpki_roots::TLS_SERVER_ROOTS.to_vec(),
        };
        if let Some(path) = extra_ca {
            let unusable = |error: &dyn std::fmt::Display| {
                let reason = format!("{} cannot be used: {error}", path.display());
                io::Error::new(io::ErrorKind::InvalidInput, reason)
            };
            let certificates: Result<Vec<CertificateDer<'static>>, _> =
                CertificateDer::pem_file_iter(path).and_then(Iterator::collect);
            let certificates = certificates.map_err(|error| unusable(&error))?;
            if certificates.is_empty() {
                return Err(unusable(&"it holds no certificate"));
            }
            for certificate in certificates {
                roots.add(certificate).map_err(|error| unusable(&error))?;
            }
        }
        let provider = Arc::new(rustls::crypto::ring::default_provider());
        let tls = rustls::ClientConfig::builder_with_provider(provider)
            .with_safe_default_protocol_versions()
            .map_err(io::Error::other)?
            .with_root_certificates(roots)
            .with_no_client_auth();
        let client = reqwest::Client::builder()
            .tls_backend_preconfigured(tls)
            .dns_resolver(Resolver)
            .redirect(reqwest::redirect::Policy::none())
            .no_proxy()
            .connect_timeout(Duration::from_secs(2))
            .timeout(TIMEOUT)
            .pool_max_idle_per_host(CONNECTIONS)
            .build()
            .map_err(io::Error::other)?;
        Ok(Client(client))
    }

    /// Makes one try.
    pub async fn post(&self, request: Request<Bytes>) -> Outcome {
        match self.answer(request).await {
            Ok(response) => Outcome::of(&response),
            Err(error) => Outcome::Unanswered(sentence(&error.without_url())),
        }
    }

    async fn answer(&self, request: Request<Bytes>) -> reqwest::Result<Response<Bytes>> {
        let mut response = self.0.execute(request.try_into()?).await?;
        let mut answer = Response::new(Bytes::new());
        *answer.status_mut() = response.status();
        *answer.headers_mut() = response.headers().clone();
        let mut body = BytesMut::new();
        while body.len() < LONGEST_ANSWER
            && let Some(chunk) = response.chunk().await?
        {
            body.extend_from_slice(&chunk);
        }
        *answer.body_mut() = body.freeze();
        Ok(answer)
    }
}

/// Finds hosts as the system does, but `*.localhost` here, which RFC 6761 promises and many systems do not keep.
struct Resolver;

impl Resolve for Resolver {
    fn resolve(&self, name: Name) -> Resolving {
        Box::pin(async move {
            let host = name.as_str();
            let found: Vec<SocketAddr> = if host.ends_with(".localhost") {
                [Ipv4Addr::LOCALHOST.into(), Ipv6Addr::LOCALHOST.into()]
                    .map(|address| SocketAddr::new(address, 0))
                    .to_vec()
            } else {
                tokio::net::lookup_host((host, 0)).await?.collect()
            };
            Ok(Box::new(found.into_iter()) as Addrs)
        })
    }
}

/// An error with its causes.
fn sentence(error: &dyn std::error::Error) -> String {
    let mut text = error.to_string();
    let mut cause = error.source();
    while let Some(error) = cause {
        text.push_str(": ");
        text.push_str(&error.to_string());
        cause = error.source();
    }
    text
}
