//! What is not for everybody: the embedded broker's passwords, HTTPS, and MQTT over TLS with certificates.

mod common;

use chuangming_central::config::Config;
use chuangming_central::ingest::link::{Address, Certificates};
use chuangming_central::password;
use chuangming_central::serve::Server;
use common::{Mosquitto, PATIENCE, eventually, free_port, may_connect};
use rcgen::{BasicConstraints, CertificateParams, CertifiedIssuer, DnType, IsCa, KeyPair};
use std::fs;
use std::path::Path;
use std::sync::Arc;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::time::timeout;
use tokio_rustls::TlsConnector;

fn address(port: u16, login: Option<(&str, &str)>) -> Address {
    Address {
        host: "127.0.0.1".to_owned(),
        port,
        login: login.map(|(name, password)| (name.to_owned(), password.to_owned())),
        tls: None,
        client_id: format!("test-{}", uuid::Uuid::now_v7()),
        keep_session: false,
        last_will: None,
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn the_embedded_broker_asks_for_passwords() {
    let dir = tempfile::tempdir().unwrap();
    let port = free_port();
    fs::write(dir.path().join("users"), format!("edge-01:{}\n", password::hash("secret words").unwrap()))
        .unwrap();
    let text = format!(
        "listen = \"127.0.0.1:0\"\ndata_dir = \"d\"\n[broker]\nembedded = true\nlisten = \"127.0.0.1:{port}\"\npasswords_file = \"users\"\n"
    );
    let server = Server::start(Config::parse(&text, &dir.path().join("c.toml")).unwrap()).await.unwrap();
    let ready = format!("http://{}/readyz", server.address());
    eventually("central itself is let in", async || {
        reqwest::get(&ready).await.ok()?.status().is_success().then_some(())
    })
    .await;
    assert!(may_connect(address(port, Some(("edge-01", "secret words")))).await);
    assert!(!may_connect(address(port, Some(("edge-01", "wrong")))).await);
    assert!(!may_connect(address(port, Some(("edge-02", "secret words")))).await);
    assert!(!may_connect(address(port, Some(("central", "")))).await);
    assert!(!may_connect(address(port, None)).await);
    server.stop().await;
}

/// A certificate authority, and certificates for this machine that it signed.
struct Authority {
    issuer: CertifiedIssuer<'static, KeyPair>,
}

impl Authority {
    fn new() -> Self {
        let mut params = CertificateParams::new(Vec::new()).unwrap();
        params.distinguished_name.push(DnType::CommonName, "test authority");
        params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        Self { issuer: CertifiedIssuer::self_signed(params, KeyPair::generate().unwrap()).unwrap() }
    }

    fn pem(&self) -> String {
        self.issuer.pem()
    }

    fn sign(&self) -> (String, String) {
        let key = KeyPair::generate().unwrap();
        let names = vec!["localhost".to_owned(), "127.0.0.1".to_owned()];
        let mut params = CertificateParams::new(names).unwrap();
        params.distinguished_name.push(DnType::CommonName, "test machine");
        let certificate = params.signed_by(&key, &self.issuer).unwrap();
        (certificate.pem(), key.serialize_pem())
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn https_serves_and_marks_the_cookie_secure() {
    let dir = tempfile::tempdir().unwrap();
    let authority = Authority::new();
    let (cert, key) = authority.sign();
    fs::write(dir.path().join("cert.pem"), cert).unwrap();
    fs::write(dir.path().join("key.pem"), key).unwrap();
    let port = free_port();
    let text = format!(
        "listen = \"127.0.0.1:0\"\ndata_dir = \"d\"\n[tls]\ncert_file = \"cert.pem\"\nkey_file = \"key.pem\"\n\
         [broker]\nembedded = true\nlisten = \"127.0.0.1:{port}\"\n"
    );
    let config = Config::parse(&text, &dir.path().join("c.toml")).unwrap();
    add_head(&config).await;
    let server = Server::start(config).await.unwrap();
    // Connections that never greet hold up nobody.
    let mut silent = Vec::new();
    for _ in 0..10 {
        silent.push(TcpStream::connect(server.address()).await.unwrap());
    }
    let body = format!("{{\"name\":\"head\",\"password\":\"{}\"}}", common::PASSWORD);
    let request = format!(
        "POST /api/v1/session HTTP/1.1\r\nhost: localhost\r\ncontent-type: application/json\r\ncontent-length: {}\r\n\
         connection: close\r\n\r\n{body}",
        body.len()
    );
    let answer =
        timeout(PATIENCE, ask(server.address(), &authority.pem(), &request)).await.expect("an answer");
    assert!(answer.starts_with("HTTP/1.1 200"), "{answer}");
    let lower = answer.to_lowercase();
    assert!(lower.contains("; secure") && lower.contains("strict-transport-security"), "{answer}");
    server.stop().await;
}

async fn add_head(config: &Config) {
    use chuangming_central::{role::Role, serve::open_store, store::NewAccount};
    let store = open_store(config).await.unwrap();
    let password_hash = password::hash(common::PASSWORD).unwrap();
    let new = NewAccount { name: "head".to_owned(), password_hash, role: Role::CenterHead, halls: None };
    store.put_account(&new, chuangming_domain::Timestamp::now()).await.unwrap();
    store.close().await;
}

async fn ask(address: std::net::SocketAddr, ca: &str, request: &str) -> String {
    use rustls::pki_types::{CertificateDer, ServerName, pem::PemObject};
    let mut roots = rustls::RootCertStore::empty();
    roots.add(CertificateDer::from_pem_slice(ca.as_bytes()).unwrap()).unwrap();
    let config = rustls::ClientConfig::builder().with_root_certificates(roots).with_no_client_auth();
    let tcp = TcpStream::connect(address).await.unwrap();
    let name = ServerName::try_from("localhost").unwrap();
    let mut tls = TlsConnector::from(Arc::new(config)).connect(name, tcp).await.unwrap();
    tls.write_all(request.as_bytes()).await.unwrap();
    let mut answer = Vec::new();
    let _ = tls.read_to_end(&mut answer).await;
    String::from_utf8_lossy(&answer).into_owned()
}

#[tokio::test(flavor = "multi_thread")]
async fn mqtt_over_tls_with_certificates_on_both_sides() {
    let dir = tempfile::tempdir().unwrap();
    let (authority, stranger) = (Authority::new(), Authority::new());
    let (cert, key) = authority.sign();
    let write = |name: &str, text: &str| {
        let path = dir.path().join(name);
        fs::write(&path, text).unwrap();
        path.display().to_string()
    };
    let port = free_port();
    let config = format!(
        "listener {port} 127.0.0.1\nallow_anonymous true\nrequire_certificate true\ncafile {}\ncertfile {}\nkeyfile {}\nuser root\n",
        write("ca.pem", &authority.pem()),
        write("cert.pem", &cert),
        write("key.pem", &key),
    );
    let Some(_mosquitto) = Mosquitto::configured(port, Path::new(&write("mosquitto.conf", &config))) else {
        return;
    };
    let with = |ca: &Authority, client: Option<&Authority>| {
        let client = client.map(|authority| {
            let (cert, key) = authority.sign();
            (cert.into_bytes(), key.into_bytes())
        });
        Address { tls: Some(Certificates { ca: ca.pem().into_bytes(), client }), ..address(port, None) }
    };
    assert!(may_connect(with(&authority, Some(&authority))).await);
    assert!(!may_connect(with(&authority, Some(&stranger))).await);
    assert!(!may_connect(with(&authority, None)).await);
    assert!(!may_connect(with(&stranger, Some(&authority))).await);
}
