//! Lambda's Runtime API for one function: hands it events, one at a time, and takes its answers.
//!
//! Source: AWS Lambda Developer Guide, "Using the Lambda runtime API for custom runtimes".

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use anyhow::{Context, Result, bail};
use bytes::Bytes;
use http::{Request, Response, StatusCode};
use http_body_util::{BodyExt, Full};
use hyper::body::Incoming;
use hyper_util::rt::TokioIo;
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::{mpsc, oneshot};
use tokio::task::JoinSet;

/// How long a function may take to start or to answer; valgrind makes everything fifty times slower.
const PATIENCE: Duration = Duration::from_secs(60);

/// The server and its one function.
pub(crate) struct RuntimeApi {
    address: String,
    signals: mpsc::UnboundedReceiver<Signal>,
    /// Where the next event goes, while the function waits for one.
    waiting: Option<oneshot::Sender<Bytes>>,
    _server: JoinSet<()>,
}

/// What the function did.
enum Signal {
    /// It asks for the next event.
    Next(oneshot::Sender<Bytes>),
    /// It answered.
    Answer(Bytes),
    /// It could not start, or failed on an event.
    Failed(Bytes),
}

impl RuntimeApi {
    pub(crate) async fn start() -> Result<Self> {
        let listener = TcpListener::bind("127.0.0.1:0").await?;
        let address = listener.local_addr()?.to_string();
        let (sender, signals) = mpsc::unbounded_channel();
        let mut server = JoinSet::new();
        server.spawn(listen(listener, sender));
        Ok(Self {
            address,
            signals,
            waiting: None,
            _server: server,
        })
    }

    /// The value of `AWS_LAMBDA_RUNTIME_API`.
    pub(crate) fn address(&self) -> &str {
        &self.address
    }

    /// Returns when the function waits for an event.
    ///
    /// # Errors
    /// What the function reported, or that it said nothing in time.
    pub(crate) async fn idle(&mut self) -> Result<()> {
        while self.waiting.is_none() {
            if self.signal().await?.is_some() {
                bail!("the function answered what nobody asked");
            }
        }
        Ok(())
    }

    /// Hands over an event and gives the function's answer.
    ///
    /// # Errors
    /// What the function reported, or that it said nothing in time.
    pub(crate) async fn invoke(&mut self, event: Bytes) -> Result<Bytes> {
        self.idle().await?;
        let function = self.waiting.take().context("the function is not waiting")?;
        function.send(event).ok().context("the function went away")?;
        loop {
            if let Some(answer) = self.signal().await? {
                return Ok(answer);
            }
        }
    }

    async fn signal(&mut self) -> Result<Option<Bytes>> {
        let signal = tokio::time::timeout(PATIENCE, self.signals.recv()).await;
        match signal
            .context("the function says nothing")?
            .context("the server ended")?
        {
            Signal::Next(function) => self.waiting = Some(function),
            Signal::Answer(answer) => return Ok(Some(answer)),
            Signal::Failed(report) => bail!("the function failed: {}", String::from_utf8_lossy(&report)),
        }
        Ok(None)
    }
}

async fn listen(listener: TcpListener, signals: mpsc::UnboundedSender<Signal>) {
    let mut connections = JoinSet::new();
    let count = Arc::new(AtomicU64::new(0));
    while let Ok((stream, _)) = listener.accept().await {
        connections.spawn(serve(stream, signals.clone(), Arc::clone(&count)));
        while connections.try_join_next().is_some() {}
    }
}

async fn serve(stream: TcpStream, signals: mpsc::UnboundedSender<Signal>, count: Arc<AtomicU64>) {
    let _ = stream.set_nodelay(true);
    let service = hyper::service::service_fn(|request| answer(request, &signals, &count));
    let connection = hyper::server::conn::http1::Builder::new().serve_connection(TokioIo::new(stream), service);
    let _ = connection.await;
}

async fn answer(
    request: Request<Incoming>,
    signals: &mpsc::UnboundedSender<Signal>,
    count: &AtomicU64,
) -> Result<Response<Full<Bytes>>> {
    let (parts, body) = request.into_parts();
    let body = body.collect().await?.to_bytes();
    let path = parts.uri.path();
    if path.ends_with("/invocation/next") {
        let (sender, event) = oneshot::channel();
        signals.send(Signal::Next(sender))?;
        // An error closes the connection: the benchmark is over.
        let event = event.await?;
        let number = count.fetch_add(1, Ordering::Relaxed);
        let response = Response::builder()
            .header("content-type", "application/json")
            .header(
                "lambda-runtime-aws-request-id",
                format!("8476a536-e9f4-11e8-9739-{number:012x}"),
            )
            .header("lambda-runtime-deadline-ms", deadline_millis().to_string())
            .header(
                "lambda-runtime-invoked-function-arn",
                "arn:aws:lambda:eu-central-1:000000000000:function:bench",
            )
            .header(
                "lambda-runtime-trace-id",
                "Root=1-5bef4de7-ad49b0e87f6ef6c87fc2e700;Parent=9a9197af755a6419;Sampled=1",
            );
        return Ok(response.body(Full::new(event))?);
    }
    let signal = if path.ends_with("/response") {
        Signal::Answer(body)
    } else {
        Signal::Failed(body)
    };
    signals.send(signal)?;
    Ok(Response::builder().status(StatusCode::ACCEPTED).body(Full::default())?)
}

/// A minute from now, in milliseconds since 1970.
fn deadline_millis() -> u128 {
    #[expect(clippy::disallowed_methods, reason = "the Runtime API names a wall time")]
    let now = SystemTime::now();
    (now + Duration::from_secs(60))
        .duration_since(UNIX_EPOCH)
        .unwrap_or_default()
        .as_millis()
}

#[cfg(test)]
mod tests {
    use tokio::io::{AsyncReadExt, AsyncWriteExt};

    use super::*;

    #[tokio::test]
    async fn an_event_goes_to_the_function_and_its_answer_comes_back() {
        let mut api = RuntimeApi::start().await.unwrap();
        let mut function = TcpStream::connect(api.address()).await.unwrap();
        let mut functions = JoinSet::new();
        functions.spawn(async move {
            function
                .write_all(b"GET /2018-06-01/runtime/invocation/next HTTP/1.1\r\nhost: x\r\n\r\n")
                .await
                .unwrap();
            let mut event = vec![0; 4096];
            let read = function.read(&mut event).await.unwrap();
            assert!(event[..read].ends_with(b"\r\n\r\nping"));
            let answer =
                b"POST /2018-06-01/runtime/invocation/1/response HTTP/1.1\r\nhost: x\r\ncontent-length: 4\r\n\r\npong";
            function.write_all(answer).await.unwrap();
            // Stays connected until the other end is done.
            let _ = function.read(&mut event).await;
        });
        assert_eq!(api.invoke(Bytes::from_static(b"ping")).await.unwrap(), "pong");
    }
}
