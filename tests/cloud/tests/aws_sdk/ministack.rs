//! The comparison with MiniStack, which someone else starts:
//! `BIND_HOST=127.0.0.1 ministack`, then
//! `cargo test -p cloud -- --ignored --nocapture ministack`.

use std::io::{Read, Write};
use std::net::TcpStream;

use bytes::Bytes;
use cloud::Cloud;
use cloud::compare::differences;
use http::{Request, Response};

const MINISTACK: &str = "127.0.0.1:4566";

/// One request on one connection, as little HTTP as it takes.
fn post(request: &Request<Bytes>) -> std::io::Result<Response<Bytes>> {
    let mut stream = TcpStream::connect(MINISTACK)?;
    let mut head = format!("POST / HTTP/1.0\r\nhost: {MINISTACK}\r\n");
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

#[tokio::test]
#[ignore = "needs MiniStack at 127.0.0.1:4566"]
async fn ministack_answers_alike() {
    let found = differences(1, 5_000, async |request| post(&request).expect("MiniStack answers")).await;
    assert_eq!(found, []);
}

/// Two clouds get the same requests, so that the comparison itself is tested without MiniStack.
#[tokio::test]
async fn a_cloud_answers_like_a_cloud() {
    let other = Cloud::new(cloud::Clock::System);
    let found = differences(7, 2_000, |request| {
        let other = other.clone();
        async move { other.call(request).await }
    })
    .await;
    assert_eq!(found, []);
}
