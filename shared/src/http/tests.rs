//! Over a real connection: what a router in the process cannot show.

use std::io;

use rustls::server::WebPkiClientVerifier;
use rustls::server::danger::ClientCertVerifier;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpListener;
use tokio_rustls::TlsAcceptor;

use super::*;

/// A self-signed certificate and its key, both PEM.
struct Certificate {
    der: rustls::pki_types::CertificateDer<'static>,
    pem: String,
    key: SecretString,
}

fn certificate(name: &str) -> Certificate {
    let made = rcgen::generate_simple_self_signed([name.to_owned()]).unwrap();
    Certificate {
        der: made.cert.der().clone(),
        pem: made.cert.pem(),
        key: made.signing_key.serialize_pem().into(),
    }
}

/// A server for `localhost` that lets in only who shows the certificate of `client`.
fn acceptor(server: &Certificate, client: &Certificate) -> TlsAcceptor {
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let mut roots = rustls::RootCertStore::empty();
    roots.add(client.der.clone()).unwrap();
    let verifier: Arc<dyn ClientCertVerifier> =
        WebPkiClientVerifier::builder_with_provider(Arc::new(roots), Arc::clone(&provider))
            .build()
            .unwrap();
    let identity = Identity::parse(&server.pem, &server.key).unwrap();
    let config = rustls::ServerConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_client_cert_verifier(verifier)
        .with_single_cert(identity.chain, identity.key)
        .unwrap();
    TlsAcceptor::from(Arc::new(config))
}

/// Answers one request, if its sender is let in.
async fn answer_one(listener: &TcpListener, acceptor: &TlsAcceptor) -> io::Result<()> {
    let (stream, _) = listener.accept().await?;
    let mut stream = acceptor.accept(stream).await?;
    let mut request = [0; 4096];
    let _ = stream.read(&mut request).await?;
    let answer = b"HTTP/1.1 200 OK\r\ncontent-length: 2\r\nconnection: close\r\n\r\nhi";
    stream.write_all(answer).await?;
    stream.shutdown().await
}

#[tokio::test]
async fn a_client_certificate_is_shown_to_who_asks_for_one() {
    let (server, client, stranger) = (
        certificate("localhost"),
        certificate("gridlink"),
        certificate("stranger"),
    );
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("https://localhost:{}/", listener.local_addr().unwrap().port());
    let call = Call::new(Method::POST, Url::parse(&url).unwrap());
    let acceptor = acceptor(&server, &client);
    let plain = Transport::network(Some(&server.pem)).unwrap();
    let identified = plain.with_identity(&client.pem, &client.key).unwrap();
    let strange = plain.with_identity(&stranger.pem, &stranger.key).unwrap();
    for (transport, is_let_in) in [(&plain, false), (&strange, false), (&identified, true)] {
        let (answer, _) = tokio::join!(transport.send(&call), answer_one(&listener, &acceptor));
        assert_eq!(answer.is_ok_and(|answer| answer.body == "hi"), is_let_in);
    }
}

#[test]
fn an_identity_that_cannot_be_used_says_nothing_of_its_key() {
    let (one, other) = (certificate("one"), certificate("other"));
    let plain = Transport::network(None).unwrap();
    let none: SecretString = "-----BEGIN NOTHING-----\nhidden\n-----END NOTHING-----"
        .to_owned()
        .into();
    for (certificate, key, wanted) in [
        ("", &one.key, "the client certificate and its private key are of no use"),
        (
            "-----BEGIN CERTIFICATE-----\n%%%\n-----END CERTIFICATE-----",
            &one.key,
            "the client certificate is not PEM",
        ),
        (&one.pem, &none, "the private key of the client certificate is not PEM"),
        (
            &one.pem,
            &other.key,
            "the client certificate and its private key are of no use",
        ),
    ] {
        let error = plain.with_identity(certificate, key).err().unwrap();
        assert_eq!(crate::failure::chain(error.as_ref()), wanted);
    }
}
