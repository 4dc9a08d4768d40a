//! Compares the cloud of the tests with MiniStack on random operations.
//!
//! `cargo run -p cloud --example compare -- 127.0.0.1:4566 [seed] [steps]`, where a MiniStack
//! listens that has nothing to lose: the comparison replaces its own table and queues there. The
//! status is 1 when an answer differs. `infra/local/compare.py` starts one and runs this.

use std::io::{Read, Write};
use std::net::TcpStream;
use std::process::ExitCode;

use bytes::Bytes;
use cloud::compare::differences;
use http::{Request, Response};

#[tokio::main(flavor = "current_thread")]
async fn main() -> ExitCode {
    let mut arguments = std::env::args().skip(1);
    let Some(address) = arguments.next() else {
        eprintln!("Say where MiniStack listens, for example 127.0.0.1:4566.");
        return ExitCode::FAILURE;
    };
    let mut number = |otherwise| arguments.next().and_then(|text| text.parse().ok()).unwrap_or(otherwise);
    let (seed, steps) = (number(1), number(5_000));
    let found = differences(seed, usize::try_from(steps).unwrap_or(5_000), async |request| {
        post(&address, &request).expect("MiniStack answers")
    })
    .await;
    for difference in &found {
        eprintln!("{difference:?}");
    }
    eprintln!("{steps} requests with seed {seed}, {} differences", found.len());
    if found.is_empty() {
        ExitCode::SUCCESS
    } else {
        ExitCode::FAILURE
    }
}

/// One request on one connection, as little HTTP as it takes.
fn post(address: &str, request: &Request<Bytes>) -> std::io::Result<Response<Bytes>> {
    let mut stream = TcpStream::connect(address)?;
    let mut head = format!("POST / HTTP/1.0\r\nhost: {address}\r\n");
    for (name, value) in request.headers() {
        head += &format!("{name}: {}\r\n", value.to_str().unwrap_or_default());
    }
    head += &format!("content-length: {}\r\n\r\n", request.body().len());
    stream.write_all(head.as_bytes())?;
    stream.write_all(request.body())?;
    let mut answer = Vec::new();
    stream.read_to_end(&mut answer)?;
    let end = answer
        .windows(4)
        .position(|window| window == b"\r\n\r\n")
        .ok_or_else(|| std::io::Error::other("no HTTP answer"))?;
    let status = String::from_utf8_lossy(&answer[9..12])
        .parse::<u16>()
        .map_err(std::io::Error::other)?;
    Response::builder()
        .status(status)
        .body(Bytes::copy_from_slice(&answer[end + 4..]))
        .map_err(std::io::Error::other)
}
