//! The other sides of a function, each behind TLS on a port of its own: AWS, ServiceNow and
//! Trading Grid, as the simulators of the tests. Counts the calls, delays the answers when asked
//! to, and can give the answers of an earlier run again.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use anyhow::Result;
use bench::{Call, Side};
use bytes::Bytes;
use cloud::Cloud;
use http::{Request, Response};
use http_body_util::{BodyExt, Full};
use hyper::body::Incoming;
use hyper_util::rt::TokioIo;
use tokio::net::{TcpListener, TcpStream};
use tokio::task::JoinSet;
use tokio_rustls::TlsAcceptor;
use worlds::{ServiceNow, TradingGrid};

/// What AWS and the two systems take to answer in the runs with latency.
pub(crate) const AWS_LATENCY: Duration = Duration::from_millis(4);
pub(crate) const SYSTEM_LATENCY: Duration = Duration::from_millis(80);

/// What answers.
#[derive(Clone)]
pub(crate) struct Worlds {
    pub(crate) cloud: Cloud,
    pub(crate) servicenow: ServiceNow,
    pub(crate) trading_grid: TradingGrid,
}

/// The running servers; dropping it ends them.
pub(crate) struct Upstream {
    shared: Arc<Shared>,
    ports: [u16; 3],
    _servers: JoinSet<()>,
}

struct Shared {
    worlds: Worlds,
    book: Mutex<Book>,
}

#[derive(Default)]
struct Book {
    /// What was called, for example `DynamoDB TransactWriteItems`.
    calls: Vec<String>,
    /// Whether requests and answers are kept.
    keeps: bool,
    kept: Vec<(Call, Response<Bytes>)>,
    /// Answers to give instead of asking the worlds.
    answers: VecDeque<Response<Bytes>>,
    has_latency: bool,
}

impl Upstream {
    pub(crate) async fn start(worlds: Worlds, tls: &TlsAcceptor) -> Result<Self> {
        let shared = Arc::new(Shared {
            worlds,
            book: Mutex::default(),
        });
        let mut servers = JoinSet::new();
        let mut ports = [0; 3];
        for (port, side) in ports.iter_mut().zip([Side::Aws, Side::ServiceNow, Side::TradingGrid]) {
            let listener = TcpListener::bind("localhost:0").await?;
            *port = listener.local_addr()?.port();
            servers.spawn(listen(listener, tls.clone(), Arc::clone(&shared), side));
        }
        Ok(Self {
            shared,
            ports,
            _servers: servers,
        })
    }

    /// For example `localhost:40123`.
    pub(crate) fn address(&self, side: Side) -> String {
        format!("localhost:{}", self.ports[side as usize])
    }

    pub(crate) fn url(&self, side: Side) -> String {
        format!("https://{}", self.address(side))
    }

    /// The calls since the last time, in order.
    pub(crate) fn take_calls(&self) -> Vec<String> {
        std::mem::take(&mut self.shared.book().calls)
    }

    /// From now on requests and answers are kept.
    pub(crate) fn keep(&self) {
        self.shared.book().keeps = true;
    }

    /// What was kept; nothing is kept any more.
    pub(crate) fn take_kept(&self) -> Vec<(Call, Response<Bytes>)> {
        let mut book = self.shared.book();
        book.keeps = false;
        std::mem::take(&mut book.kept)
    }

    /// The next calls get these answers, whatever they ask.
    pub(crate) fn answer_with(&self, answers: impl Iterator<Item = Response<Bytes>>) {
        self.shared.book().answers = answers.collect();
    }

    pub(crate) fn set_latency(&self, on: bool) {
        self.shared.book().has_latency = on;
    }
}

impl Shared {
    fn book(&self) -> MutexGuard<'_, Book> {
        self.book.lock().unwrap_or_else(PoisonError::into_inner)
    }

    async fn answer(&self, side: Side, request: Request<Incoming>) -> Result<Response<Full<Bytes>>, hyper::Error> {
        let (parts, body) = request.into_parts();
        let request = Request::from_parts(parts, body.collect().await?.to_bytes());
        let (canned, latency, keeps) = {
            let mut book = self.book();
            book.calls.push(name(side, &request));
            (book.answers.pop_front(), book.has_latency, book.keeps)
        };
        if latency {
            tokio::time::sleep(if side == Side::Aws { AWS_LATENCY } else { SYSTEM_LATENCY }).await;
        }
        let response = match canned {
            Some(response) => response,
            None => {
                let call = keeps.then(|| Call {
                    side,
                    request: wire_form(&request),
                });
                let response = self.ask(side, request).await;
                if let Some(call) = call {
                    self.book().kept.push((call, response.clone()));
                }
                response
            }
        };
        Ok(response.map(Full::new))
    }

    async fn ask(&self, side: Side, request: Request<Bytes>) -> Response<Bytes> {
        match side {
            Side::Aws => self.worlds.cloud.call(request).await,
            Side::ServiceNow => self.worlds.servicenow.call(request.map(worlds::full)).await,
            Side::TradingGrid => self.worlds.trading_grid.call(request.map(worlds::full)).await,
        }
    }
}

async fn listen(listener: TcpListener, tls: TlsAcceptor, shared: Arc<Shared>, side: Side) {
    let mut connections = JoinSet::new();
    while let Ok((stream, _)) = listener.accept().await {
        connections.spawn(serve(stream, tls.clone(), Arc::clone(&shared), side));
        while connections.try_join_next().is_some() {}
    }
}

/// Serves a connection until the other end closes it; what breaks shows at the other end.
async fn serve(stream: TcpStream, tls: TlsAcceptor, shared: Arc<Shared>, side: Side) {
    let _ = stream.set_nodelay(true);
    if let Ok(stream) = tls.accept(stream).await {
        let service = hyper::service::service_fn(|request| shared.answer(side, request));
        let connection = hyper::server::conn::http1::Builder::new().serve_connection(TokioIo::new(stream), service);
        let _ = connection.await;
    }
}

/// What is called, without ids: `ServiceNow PATCH table`.
fn name(side: Side, request: &Request<Bytes>) -> String {
    let method = request.method();
    match side {
        Side::Aws => {
            let target = request
                .headers()
                .get("x-amz-target")
                .and_then(|target| target.to_str().ok());
            let (service, operation) = target.and_then(|target| target.split_once('.')).unwrap_or(("AWS", "?"));
            let service = match service {
                "DynamoDB_20120810" => "DynamoDB",
                "AmazonSQS" => "SQS",
                "secretsmanager" => "Secrets",
                other => other,
            };
            format!("{service} {operation}")
        }
        Side::ServiceNow => {
            let segments = || request.uri().path().split('/');
            let resource = segments().find(|segment| ["table", "attachment"].contains(segment));
            format!("ServiceNow {method} {}", resource.unwrap_or("token"))
        }
        Side::TradingGrid => format!("TradingGrid {method}"),
    }
}

/// The request as it came over the wire, but for the case of header names.
fn wire_form(request: &Request<Bytes>) -> String {
    let mut text = format!("{} {} HTTP/1.1\r\n", request.method(), request.uri());
    for (name, value) in request.headers() {
        text.push_str(&format!("{name}: {}\r\n", String::from_utf8_lossy(value.as_bytes())));
    }
    text.push_str("\r\n");
    text.push_str(&String::from_utf8_lossy(request.body()));
    text
}
