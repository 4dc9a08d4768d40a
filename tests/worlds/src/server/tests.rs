//! The server as a client sees it, over a loopback port.

use std::net::{Ipv4Addr, SocketAddr};

use http::{Request, Response, StatusCode};
use http_body_util::BodyExt;
use hyper::body::Incoming;
use hyper_util::rt::TokioIo;
use serde_json::{Value, json};
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::task::JoinSet;

use super::*;
use crate::body::{WorldBody, full};
use crate::clock::Clock;
use crate::knobs::{Fault, Rule};

const ANY_PORT: SocketAddr = SocketAddr::new(std::net::IpAddr::V4(Ipv4Addr::LOCALHOST), 0);

/// A running server; dropping it ends the server.
struct Running {
    instance: ServiceNow,
    address: SocketAddr,
    _tasks: JoinSet<()>,
}

async fn start(tls: Option<TlsAcceptor>) -> Running {
    let instance = ServiceNow::seeded(Clock::System);
    let server = Server::bind(World::ServiceNow(instance.clone()), ANY_PORT, tls)
        .await
        .unwrap();
    let address = server.listener.local_addr().unwrap();
    let mut tasks = JoinSet::new();
    tasks.spawn(async move { match server.run().await {} });
    Running {
        instance,
        address,
        _tasks: tasks,
    }
}

fn request(method: &str, path: &str, body: WorldBody) -> Request<WorldBody> {
    Request::builder()
        .method(method)
        .uri(path)
        .header("host", "localhost")
        .header("authorization", "Basic YWRtaW46YWRtaW4=")
        .header("accept", "application/json")
        .header("content-type", "application/json")
        .body(body)
        .unwrap()
}

async fn send(
    stream: impl AsyncRead + AsyncWrite + Unpin + Send + 'static,
    request: Request<WorldBody>,
) -> hyper::Result<Response<Incoming>> {
    let (mut sender, connection) = hyper::client::conn::http1::handshake(TokioIo::new(stream)).await?;
    // The connection goes on in the background until its answer is read.
    let mut tasks = JoinSet::new();
    tasks.spawn(connection);
    let response = sender.send_request(request).await;
    tasks.detach_all();
    response
}

impl Running {
    async fn send(&self, method: &str, path: &str, body: Value) -> hyper::Result<Response<Incoming>> {
        let stream = TcpStream::connect(self.address).await.unwrap();
        send(stream, request(method, path, full(body.to_string()))).await
    }

    fn stored(&self) -> usize {
        self.instance
            .rows("incident")
            .iter()
            .filter(|row| row["short_description"] == "over a socket")
            .count()
    }
}

async fn body(response: Response<Incoming>) -> Value {
    serde_json::from_slice(&response.into_body().collect().await.unwrap().to_bytes()).unwrap()
}

fn incident() -> Value {
    json!({ "short_description": "over a socket" })
}

const TABLE: &str = "/api/now/table/incident";

#[tokio::test]
async fn a_record_is_created_and_read_over_a_socket() {
    let running = start(None).await;
    let response = running.send("POST", TABLE, incident()).await.unwrap();
    assert_eq!(response.status(), StatusCode::CREATED);
    let location = response.headers()["location"].to_str().unwrap().to_owned();
    assert!(location.starts_with(&format!("http://{}/api/now/table/incident/", running.address)));
    let path = location.strip_prefix(&format!("http://{}", running.address)).unwrap();
    let row = body(running.send("GET", path, Value::Null).await.unwrap()).await;
    assert_eq!(row["result"]["short_description"], "over a socket");
}

#[tokio::test]
async fn a_lost_answer_is_a_closed_connection() {
    let running = start(None).await;
    let rule = json!({ "method": "POST", "path": TABLE, "times": 1, "fault": { "kind": "commit-then-drop" } });
    assert_eq!(
        running.send("POST", "/_world/knobs", rule).await.unwrap().status(),
        StatusCode::OK
    );
    let lost = running.send("POST", TABLE, incident()).await.unwrap_err();
    assert!(lost.is_incomplete_message(), "{lost:?}");
    assert_eq!(running.stored(), 1);
}

#[tokio::test]
async fn a_cut_answer_ends_before_its_length() {
    let running = start(None).await;
    running
        .instance
        .knobs()
        .add(Rule::once("POST", TABLE, Fault::TruncatedBody { announced: true }));
    let response = running.send("POST", TABLE, incident()).await.unwrap();
    assert_eq!(response.status(), StatusCode::CREATED);
    assert!(response.into_body().collect().await.is_err());
}

#[tokio::test]
async fn a_slow_answer_comes_in_pieces() {
    let running = start(None).await;
    running.instance.knobs().add(Rule::once(
        "GET",
        TABLE,
        Fault::SlowDrip {
            chunk_bytes: 100,
            pause_milliseconds: 1,
        },
    ));
    let mut response = running.send("GET", TABLE, Value::Null).await.unwrap();
    let first = response.body_mut().frame().await.unwrap().unwrap().into_data().unwrap();
    assert_eq!(first.len(), 100);
    let rest = response.into_body().collect().await.unwrap().to_bytes();
    let whole = [first, rest].concat();
    assert!(serde_json::from_slice::<Value>(&whole).unwrap()["result"].is_array());
}

#[tokio::test]
async fn a_broken_upload_stores_nothing() {
    let running = start(None).await;
    let id = running.instance.insert("incident", &[("short_description", "x")]);
    let mut stream = TcpStream::connect(running.address).await.unwrap();
    let head = format!(
        "POST /api/now/attachment/file?table_name=incident&table_sys_id={id}&file_name=a.edi HTTP/1.1\r\n\
         Host: localhost\r\nAuthorization: Basic YWRtaW46YWRtaW4=\r\nAccept: */*\r\n\
         Content-Type: text/plain\r\nContent-Length: 100\r\n\r\nonly this"
    );
    stream.write_all(head.as_bytes()).await.unwrap();
    stream.shutdown().await.unwrap();
    let mut answer = String::new();
    stream.read_to_string(&mut answer).await.unwrap();
    assert!(running.instance.attachments(&id).is_empty());
    assert!(answer.is_empty() || answer.starts_with("HTTP/1.1 400"), "{answer}");
}

#[tokio::test]
async fn trading_grid_is_served_too() {
    let community = TradingGrid::seeded(Clock::System);
    let server = Server::bind(World::TradingGrid(community), ANY_PORT, None)
        .await
        .unwrap();
    let address = server.listener.local_addr().unwrap();
    let mut tasks = JoinSet::<()>::new();
    tasks.spawn(async move { match server.run().await {} });
    let stream = TcpStream::connect(address).await.unwrap();
    let response = send(stream, request("GET", "/_world/state", full(""))).await.unwrap();
    assert_eq!(body(response).await["documents"].as_array().unwrap().len(), 3);
}

#[tokio::test]
async fn a_world_speaks_tls_with_the_given_certificate() {
    let made = rcgen::generate_simple_self_signed(["localhost".to_owned()]).unwrap();
    let folder = std::env::temp_dir().join(format!("worlds-tls-{}", std::process::id()));
    std::fs::create_dir_all(&folder).unwrap();
    let (certificate, key) = (folder.join("cert.pem"), folder.join("key.pem"));
    std::fs::write(&certificate, made.cert.pem()).unwrap();
    std::fs::write(&key, made.signing_key.serialize_pem()).unwrap();
    let running = start(Some(tls(&certificate, &key, None).unwrap())).await;
    let no_key = tls(&certificate, &folder.join("none.pem"), None).err().unwrap();
    assert!(no_key.to_string().contains("none.pem cannot be used"), "{no_key}");
    std::fs::remove_dir_all(&folder).unwrap();

    let mut roots = rustls::RootCertStore::empty();
    roots.add(made.cert.der().clone()).unwrap();
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let config = rustls::ClientConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_root_certificates(roots)
        .with_no_client_auth();
    let connector = tokio_rustls::TlsConnector::from(Arc::new(config));
    let stream = TcpStream::connect(running.address).await.unwrap();
    let stream = connector
        .connect("localhost".try_into().unwrap(), stream)
        .await
        .unwrap();
    let response = send(
        stream,
        request("GET", "/api/now/table/sys_user?sysparm_limit=1", full("")),
    )
    .await
    .unwrap();
    assert_eq!(response.status(), StatusCode::OK);
    let link = response.headers()["link"].to_str().unwrap().to_owned();
    assert!(link.starts_with(&format!("<https://{}/", running.address)), "{link}");
}

/// Trading Grid's own services and the contract, asked with this certificate over one connection each; none when
/// the caller is not let in.
async fn statuses(address: SocketAddr, connector: &tokio_rustls::TlsConnector) -> Option<[u16; 2]> {
    let mut statuses = [0; 2];
    let paths = [
        "/collaboration/v1/events",
        "/TGCommunityServices/v1/companies/GC00804444LX",
    ];
    for (status, path) in statuses.iter_mut().zip(paths) {
        let stream = TcpStream::connect(address).await.unwrap();
        let stream = connector.connect("localhost".try_into().unwrap(), stream).await.ok()?;
        let request = Request::get(path).header("host", "localhost").body(full("")).unwrap();
        // With TLS 1.3 a caller learns only from the first answer that it is not let in.
        *status = send(stream, request).await.ok()?.status().as_u16();
    }
    Some(statuses)
}

#[tokio::test]
async fn with_client_certificates_only_their_holders_are_let_in() {
    let folder = std::env::temp_dir().join(format!("worlds-mtls-{}", std::process::id()));
    std::fs::create_dir_all(&folder).unwrap();
    let made = |name: &str| rcgen::generate_simple_self_signed([name.to_owned()]).unwrap();
    let (server, client, stranger) = (made("localhost"), made("gridlink"), made("stranger"));
    let [certificate, key, ca] = ["cert.pem", "key.pem", "ca.pem"].map(|name| folder.join(name));
    std::fs::write(&certificate, server.cert.pem()).unwrap();
    std::fs::write(&key, server.signing_key.serialize_pem()).unwrap();
    std::fs::write(&ca, client.cert.pem()).unwrap();
    let acceptor = tls(&certificate, &key, Some(&ca)).unwrap();
    let error = tls(&certificate, &key, Some(&folder.join("none.pem"))).err().unwrap();
    assert!(error.to_string().contains("none.pem cannot be used"), "{error}");
    std::fs::remove_dir_all(&folder).unwrap();
    let community = TradingGrid::seeded(Clock::System);
    let world = World::TradingGrid(community.clone());
    let bound = Server::bind(world, ANY_PORT, Some(acceptor)).await.unwrap();
    let address = bound.listener.local_addr().unwrap();
    let mut tasks = JoinSet::<()>::new();
    tasks.spawn(async move { match bound.run().await {} });

    let connector = |identity: Option<&rcgen::CertifiedKey<rcgen::KeyPair>>| {
        let mut roots = rustls::RootCertStore::empty();
        roots.add(server.cert.der().clone()).unwrap();
        let provider = Arc::new(rustls::crypto::ring::default_provider());
        let config = rustls::ClientConfig::builder_with_provider(provider)
            .with_safe_default_protocol_versions()
            .unwrap()
            .with_root_certificates(roots);
        let config = match identity {
            None => config.with_no_client_auth(),
            Some(identity) => {
                let key = PrivateKeyDer::try_from(identity.signing_key.serialize_der()).unwrap();
                config
                    .with_client_auth_cert(vec![identity.cert.der().clone()], key)
                    .unwrap()
            }
        };
        tokio_rustls::TlsConnector::from(Arc::new(config))
    };
    assert_eq!(statuses(address, &connector(None)).await, None);
    assert_eq!(statuses(address, &connector(Some(&stranger))).await, None);
    assert_eq!(statuses(address, &connector(Some(&client))).await, Some([200, 401]));
    community.guess(|guesses| guesses.published_services_take_certificates = true);
    assert_eq!(statuses(address, &connector(Some(&client))).await, Some([200, 200]));
}

#[tokio::test]
async fn a_busy_port_is_explained() {
    let running = start(None).await;
    let world = World::ServiceNow(ServiceNow::new(Clock::System));
    let error = Server::bind(world, running.address, None).await.err().unwrap();
    let expected = format!(
        "cannot listen on {}: another program is using it; stop that one or choose another port",
        running.address
    );
    assert_eq!(error.to_string(), expected);
}
