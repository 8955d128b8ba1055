//! The calibration page's door: what idles is cut, and too many at once wait until it is.

mod page;

use page::Page;
use rustls::pki_types::CertificateDer;
use rustls::pki_types::pem::PemObject as _;
use std::io::ErrorKind;
use std::sync::Arc;
use std::time::Duration;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;
use tokio::time::timeout;
use tokio_rustls::TlsConnector;
use tokio_rustls::client::TlsStream;

/// A bound on liveness, not a measure of speed.
const PATIENCE: Duration = Duration::from_secs(60);
/// Connections that the door lets in at a time.
const CONNECTIONS: usize = 64;

fn address(page: &Page) -> String {
    page.url("").trim_start_matches("https://").to_owned()
}

async fn silent(page: &Page) -> TcpStream {
    TcpStream::connect(address(page)).await.unwrap()
}

/// Whether the other side has hung up.
fn is_cut(stream: &TcpStream) -> bool {
    match stream.try_read(&mut [0; 64]) {
        Ok(read) => read == 0,
        Err(e) => e.kind() != ErrorKind::WouldBlock,
    }
}

async fn greeted(page: &Page) -> TlsStream<TcpStream> {
    let pem = std::fs::read(page.path("data/calibration/certificate.pem")).unwrap();
    let mut roots = rustls::RootCertStore::empty();
    for certificate in CertificateDer::pem_slice_iter(&pem) {
        roots.add(certificate.unwrap()).unwrap();
    }
    let config = rustls::ClientConfig::builder().with_root_certificates(roots).with_no_client_auth();
    let name = "127.0.0.1".try_into().unwrap();
    TlsConnector::from(Arc::new(config)).connect(name, silent(page).await).await.unwrap()
}

#[tokio::test]
async fn whoever_comes_when_all_places_are_taken_waits_until_one_is_free() {
    let page = Page::open().await;
    let mut idle = Vec::new();
    for _ in 0..CONNECTIONS {
        idle.push(silent(&page).await);
    }
    // None of them says a word, so each is cut in its turn; until then there is no place.
    let answer = timeout(PATIENCE, page.get("/api/hello")).await.expect("silence locks nobody out");
    assert_eq!(answer.status(), 200);
    assert!(idle.iter().any(is_cut), "with {CONNECTIONS} connections open, one more was answered");
}

#[tokio::test]
async fn headers_that_never_end_and_connections_that_ask_nothing_are_cut() {
    let page = Page::open().await;
    let (mut slow, mut idle) = (greeted(&page).await, greeted(&page).await);
    slow.write_all(b"GET /api/hello HTTP/1.1\r\nHost: x\r\nX-More: ").await.unwrap();
    idle.write_all(b"GET /api/hello HTTP/1.1\r\nHost: x\r\n\r\n").await.unwrap();
    assert_eq!(page.get("/api/hello").await.status(), 200, "others are answered meanwhile");
    let mut ends = Vec::new();
    for stream in [&mut slow, &mut idle] {
        let mut said = Vec::new();
        // A connection that is cut need not say good-bye.
        let _ = timeout(PATIENCE, stream.read_to_end(&mut said)).await.expect("it is cut");
        ends.push(String::from_utf8_lossy(&said).lines().next().unwrap_or_default().to_owned());
    }
    assert!(!ends[0].contains(" 200 "), "half a request was answered: {ends:?}");
    assert!(ends[1].contains(" 200 "), "{ends:?}");
}
