//! One request to central, whose certificate is the very one that the token names. Nothing else vouches for it: a
//! central of one's own rarely has a certificate that the world knows.

use crate::failure::Failure;
use chuangming_domain::digest::Digest;
use http_body_util::{BodyExt as _, Full, Limited};
use hyper::body::Bytes;
use hyper::client::conn::http1;
use hyper::{Method, Request, StatusCode, header};
use hyper_util::rt::TokioIo;
use rustls::client::danger::{HandshakeSignatureValid, ServerCertVerified, ServerCertVerifier};
use rustls::crypto::{CryptoProvider, verify_tls12_signature, verify_tls13_signature};
use rustls::pki_types::{CertificateDer, ServerName, UnixTime};
use rustls::{CertificateError, ClientConfig, DigitallySignedStruct, Error, SignatureScheme};
use serde::Serialize;
use std::sync::Arc;
use std::time::Duration;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::TcpStream;
use tokio_rustls::TlsConnector;
use url::{Host, Url};

const PATIENCE: Duration = Duration::from_secs(30);
const LARGEST_ANSWER: usize = 1024 * 1024;

/// Posts JSON and returns the answer's body.
///
/// # Errors
/// One line: why there is no good answer. Bad input is what another token or address would mend.
pub(super) async fn post(
    central: &Url,
    path: &str,
    pin: Option<&Digest>,
    body: &impl Serialize,
) -> Result<Vec<u8>, Failure> {
    let body = serde_json::to_vec(body).map_err(Failure::failed)?;
    match tokio::time::timeout(PATIENCE, exchange(central, path, pin, body)).await {
        Ok(done) => done,
        Err(_) => Err(Failure::failed(format!("{central}: no answer within {} s", PATIENCE.as_secs()))),
    }
}

async fn exchange(
    central: &Url,
    path: &str,
    pin: Option<&Digest>,
    body: Vec<u8>,
) -> Result<Vec<u8>, Failure> {
    let expected = "expected an address such as https://central:8443";
    let (host, port) = match (central.host(), central.port_or_known_default()) {
        (Some(host), Some(port)) => (host.to_owned(), port),
        _ => return Err(Failure::input(format!("--central: is {central}, {expected}"))),
    };
    let unreachable = |e: std::io::Error| Failure::failed(format!("{central}: cannot be reached: {e}"));
    match (central.scheme(), pin) {
        ("https", Some(pin)) => {
            let stream = connect(&host, port).await.map_err(unreachable)?;
            let name =
                ServerName::try_from(bare(&host)).map_err(|e| Failure::input(format!("--central: {e}")))?;
            let secured = TlsConnector::from(Arc::new(pinned(pin)?)).connect(name, stream).await;
            let stream = secured.map_err(|e| Failure::failed(format!("{central}: {}", why(&e))))?;
            send(stream, central, &host, path, body).await
        }
        ("http", None) if is_loopback(&host) => {
            let stream = connect(&host, port).await.map_err(unreachable)?;
            send(stream, central, &host, path, body).await
        }
        ("http", None) => Err(Failure::input(format!(
            "--central: is {central}: a secret is not sent in the clear beyond this machine, expected https://"
        ))),
        _ => Err(Failure::input(format!("--central: is {central}, {expected}"))),
    }
}

async fn connect(host: &Host, port: u16) -> std::io::Result<TcpStream> {
    TcpStream::connect((bare(host), port)).await
}

async fn send(
    stream: impl AsyncRead + AsyncWrite + Send + Unpin + 'static,
    central: &Url,
    host: &Host,
    path: &str,
    body: Vec<u8>,
) -> Result<Vec<u8>, Failure> {
    let failed = |e: &dyn std::fmt::Display| Failure::failed(format!("{central}: {e}"));
    let (mut sender, connection) =
        http1::handshake::<_, Full<Bytes>>(TokioIo::new(stream)).await.map_err(|e| failed(&e))?;
    let connection = tokio::spawn(connection);
    let request = Request::builder()
        .method(Method::POST)
        .uri(format!("{}{path}", central.path().trim_end_matches('/')))
        .header(header::HOST, host.to_string())
        .header(header::CONTENT_TYPE, "application/json")
        .body(Full::new(Bytes::from(body)))
        .map_err(|e| failed(&e))?;
    let answer = sender.send_request(request).await.map_err(|e| failed(&e))?;
    let status = answer.status();
    let body = Limited::new(answer.into_body(), LARGEST_ANSWER).collect().await.map_err(|e| failed(&e))?;
    connection.abort();
    let body = body.to_bytes().to_vec();
    if status.is_success() { Ok(body) } else { Err(refused(central, status, &body)) }
}

/// What central says in its problem document.
fn refused(central: &Url, status: StatusCode, body: &[u8]) -> Failure {
    let problem: serde_json::Value = serde_json::from_slice(body).unwrap_or_default();
    let text = |key: &str| problem[key].as_str().map(str::to_owned);
    let title = text("title").unwrap_or_else(|| status.to_string());
    let said = text("detail").map_or(title.clone(), |detail| format!("{title}: {detail}"));
    let told = format!("{central}: refused: {said}");
    if status.is_client_error() { Failure::input(told) } else { Failure::failed(told) }
}

fn bare(host: &Host) -> String {
    host.to_string().trim_matches(['[', ']']).to_owned()
}

fn is_loopback(host: &Host) -> bool {
    match host {
        Host::Domain(name) => name == "localhost",
        Host::Ipv4(address) => address.is_loopback(),
        Host::Ipv6(address) => address.is_loopback(),
    }
}

fn why(error: &std::io::Error) -> String {
    match error.get_ref().and_then(|e| e.downcast_ref::<Error>()) {
        Some(Error::InvalidCertificate(CertificateError::ApplicationVerificationFailure)) => {
            "is another central than the one whose page showed the token, or its certificate was changed since: \
             make a new token there"
                .into()
        }
        _ => error.to_string(),
    }
}

fn pinned(pin: &Digest) -> Result<ClientConfig, Failure> {
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let config = ClientConfig::builder_with_provider(Arc::clone(&provider))
        .with_safe_default_protocol_versions()
        .map_err(Failure::failed)?;
    let verifier = Arc::new(Pinned { pin: pin.clone(), provider });
    Ok(config.dangerous().with_custom_certificate_verifier(verifier).with_no_client_auth())
}

/// Believes in one certificate, whatever its name and age; its key must sign the greeting as ever.
#[derive(Debug)]
struct Pinned {
    pin: Digest,
    provider: Arc<CryptoProvider>,
}

impl ServerCertVerifier for Pinned {
    fn verify_server_cert(
        &self,
        certificate: &CertificateDer<'_>,
        _: &[CertificateDer<'_>],
        _: &ServerName<'_>,
        _: &[u8],
        _: UnixTime,
    ) -> Result<ServerCertVerified, Error> {
        if Digest::of(certificate) == self.pin {
            Ok(ServerCertVerified::assertion())
        } else {
            Err(CertificateError::ApplicationVerificationFailure.into())
        }
    }

    fn verify_tls12_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signature: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        let algorithms = &self.provider.signature_verification_algorithms;
        verify_tls12_signature(message, certificate, signature, algorithms)
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signature: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        let algorithms = &self.provider.signature_verification_algorithms;
        verify_tls13_signature(message, certificate, signature, algorithms)
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        self.provider.signature_verification_algorithms.supported_schemes()
    }
}
