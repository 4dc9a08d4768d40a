//! Makes the calls of a transcript, one event after another, and nothing else: no SDK, no signing,
//! no JSON. What a function costs above this is its own.
//!
//! Arguments: the Runtime API, the certificate authority (PEM), AWS and ServiceNow (each
//! `host:port`), and the transcript (JSON).

use std::collections::BTreeMap;
use std::error::Error;
use std::sync::Arc;

use bench::{Side, Transcript};
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, ServerName};
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio_rustls::TlsConnector;

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Box<dyn Error>> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let [runtime_api, authority, aws, servicenow, transcript] = arguments.as_slice() else {
        return Err("usage: bare-client <runtime-api> <ca.pem> <aws> <servicenow> <transcript.json>".into());
    };
    let transcript: Transcript = serde_json::from_str(&std::fs::read_to_string(transcript)?)?;
    let tls = tls(authority)?;
    let mut sides = BTreeMap::from([
        (Side::Aws, Connection::over_tls(&tls, aws).await?),
        (Side::ServiceNow, Connection::over_tls(&tls, servicenow).await?),
    ]);
    let mut runtime = Connection::new(TcpStream::connect(runtime_api).await?);
    let next = format!("GET /2018-06-01/runtime/invocation/next HTTP/1.1\r\nhost: {runtime_api}\r\n\r\n");
    let answer = r#"{"batchItemFailures":[]}"#;
    for calls in &transcript.events {
        runtime.exchange(next.as_bytes()).await?;
        let id = runtime.header("lambda-runtime-aws-request-id").ok_or("no request id")?;
        let answer = format!(
            "POST /2018-06-01/runtime/invocation/{id}/response HTTP/1.1\r\nhost: {runtime_api}\r\n\
             content-length: {}\r\n\r\n{answer}",
            answer.len(),
        );
        for call in calls {
            let side = sides.get_mut(&call.side).ok_or("the transcript calls somebody else")?;
            side.exchange(call.request.as_bytes()).await?;
        }
        runtime.exchange(answer.as_bytes()).await?;
    }
    // Waits to be ended, like a function.
    runtime.exchange(next.as_bytes()).await?;
    Ok(())
}

fn tls(authority: &str) -> Result<TlsConnector, Box<dyn Error>> {
    let mut roots = rustls::RootCertStore::empty();
    roots.add(CertificateDer::from_pem_file(authority)?)?;
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let config = rustls::ClientConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()?
        .with_root_certificates(roots)
        .with_no_client_auth();
    Ok(TlsConnector::from(Arc::new(config)))
}

trait Stream: AsyncRead + AsyncWrite + Unpin {}

impl<T: AsyncRead + AsyncWrite + Unpin> Stream for T {}

/// A connection that is kept, and the last answer on it.
struct Connection {
    stream: Box<dyn Stream>,
    buffer: Vec<u8>,
    /// Where the body of the last answer begins.
    body: usize,
}

impl Connection {
    fn new(stream: impl Stream + 'static) -> Self {
        Self {
            stream: Box::new(stream),
            buffer: Vec::with_capacity(16 * 1024),
            body: 0,
        }
    }

    async fn over_tls(tls: &TlsConnector, address: &str) -> Result<Self, Box<dyn Error>> {
        let host = address.rsplit_once(':').map_or(address, |(host, _)| host).to_owned();
        let stream = TcpStream::connect(address).await?;
        stream.set_nodelay(true)?;
        Ok(Self::new(tls.connect(ServerName::try_from(host)?, stream).await?))
    }

    /// Sends a request and reads the whole answer, which names its length.
    async fn exchange(&mut self, request: &[u8]) -> Result<(), Box<dyn Error>> {
        self.stream.write_all(request).await?;
        self.stream.flush().await?;
        self.buffer.clear();
        self.body = loop {
            if let Some(end) = self.buffer.windows(4).position(|four| four == b"\r\n\r\n") {
                break end + 4;
            }
            self.read().await?;
        };
        let length: usize = self.header("content-length").ok_or("no content-length")?.parse()?;
        while self.buffer.len() < self.body + length {
            self.read().await?;
        }
        Ok(())
    }

    async fn read(&mut self) -> Result<(), Box<dyn Error>> {
        if self.stream.read_buf(&mut self.buffer).await? == 0 {
            return Err("the connection was closed".into());
        }
        Ok(())
    }

    /// A header of the last answer.
    fn header(&self, name: &str) -> Option<&str> {
        let head = std::str::from_utf8(&self.buffer[..self.body]).ok()?;
        head.lines().find_map(|line| {
            let (found, value) = line.split_once(':')?;
            found.eq_ignore_ascii_case(name).then(|| value.trim())
        })
    }
}
