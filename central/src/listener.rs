//! Where HTTP connections come in, plain or with TLS: bounded in number, and none of them can hold up another.

use crate::config::TlsFiles;
use crate::stop::Stop;
use axum::Router;
use axum::extract::ConnectInfo;
use hyper::server::conn::http1;
use hyper::service::{Service, service_fn};
use hyper_util::rt::{TokioIo, TokioTimer};
use hyper_util::server::graceful::{GracefulShutdown, Watcher};
use hyper_util::service::TowerToHyperService;
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use std::io;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::Semaphore;
use tokio::time::{sleep, timeout};
use tokio_rustls::TlsAcceptor;

/// Connections at a time; overload policy `Wait`: further ones wait in the system's queue.
const CONNECTIONS: usize = 1024;
/// How long a TLS greeting may take.
const HANDSHAKE: Duration = Duration::from_secs(5);
/// How long a request's headers may take, and how long a connection may idle between requests.
const HEADERS: Duration = Duration::from_secs(30);

/// Where a request comes from.
#[derive(Debug, Clone, Copy)]
pub struct Peer(pub SocketAddr);

/// A listening address.
pub struct Door {
    listener: TcpListener,
    local: SocketAddr,
    tls: Option<TlsAcceptor>,
}

/// The door cannot open.
#[derive(Debug, thiserror::Error)]
pub enum DoorError {
    /// A certificate file is wrong.
    #[error("{0}")]
    Tls(String),
    /// The address is taken or not ours.
    #[error("listen: cannot listen on {address}: {source}")]
    Listen {
        /// The address.
        address: SocketAddr,
        /// Why.
        source: io::Error,
    },
}

impl Door {
    /// Starts listening.
    ///
    /// # Errors
    /// When the certificate files are wrong or the address is taken.
    pub async fn open(listen: SocketAddr, tls: Option<&TlsFiles>) -> Result<Self, DoorError> {
        let tls = tls.map(acceptor).transpose().map_err(DoorError::Tls)?;
        let cannot = |source| DoorError::Listen { address: listen, source };
        let listener = TcpListener::bind(listen).await.map_err(cannot)?;
        let local = listener.local_addr().map_err(cannot)?;
        Ok(Self { listener, local, tls })
    }

    /// The address, with the port that the system chose for port 0.
    #[must_use]
    pub const fn address(&self) -> SocketAddr {
        self.local
    }

    /// Answers until `stop`, and then the requests under way.
    pub async fn answer(self, router: Router, mut stop: Stop) {
        let free = Arc::new(Semaphore::new(CONNECTIONS));
        let under_way = GracefulShutdown::new();
        loop {
            let Ok(place) = free.clone().acquire_owned().await else { return };
            let accepted = tokio::select! {
                () = stop.given() => break,
                accepted = self.listener.accept() => accepted,
            };
            let (stream, peer) = match accepted {
                Ok(accepted) => accepted,
                Err(error) => {
                    tracing::warn!(%error, "a connection could not be accepted");
                    sleep(Duration::from_millis(100)).await;
                    continue;
                }
            };
            let (tls, router, watcher) = (self.tls.clone(), router.clone(), under_way.watcher());
            tokio::spawn(async move {
                serve(stream, peer, tls, router, watcher).await;
                drop(place);
            });
        }
        drop(self.listener);
        under_way.shutdown().await;
    }
}

async fn serve(
    stream: TcpStream,
    peer: SocketAddr,
    tls: Option<TlsAcceptor>,
    router: Router,
    watcher: Watcher,
) {
    let _ = stream.set_nodelay(true);
    match tls {
        None => converse(stream, peer, router, watcher).await,
        Some(tls) => match timeout(HANDSHAKE, tls.accept(stream)).await {
            Ok(Ok(stream)) => converse(stream, peer, router, watcher).await,
            Ok(Err(error)) => tracing::debug!(%error, "a TLS handshake failed"),
            Err(_) => tracing::debug!("a TLS handshake took too long"),
        },
    }
}

async fn converse<S>(stream: S, peer: SocketAddr, router: Router, watcher: Watcher)
where
    S: AsyncRead + AsyncWrite + Send + Unpin + 'static,
{
    let router = TowerToHyperService::new(router);
    let service = service_fn(move |mut request: hyper::Request<hyper::body::Incoming>| {
        request.extensions_mut().insert(ConnectInfo(Peer(peer)));
        router.call(request)
    });
    let connection = http1::Builder::new()
        .timer(TokioTimer::new())
        .header_read_timeout(HEADERS)
        .serve_connection(TokioIo::new(stream), service);
    if let Err(error) = watcher.watch(connection).await {
        tracing::debug!(%error, "a connection ended early");
    }
}

fn acceptor(files: &TlsFiles) -> Result<TlsAcceptor, String> {
    let _ = rustls::crypto::ring::default_provider().install_default();
    let (cert_file, key_file) = (files.cert_file.display(), files.key_file.display());
    let bad_chain = |e: &dyn std::fmt::Display| {
        format!("tls.cert_file: {cert_file}: {e}, expected a PEM certificate chain")
    };
    let chain: Vec<_> = CertificateDer::pem_file_iter(&files.cert_file)
        .and_then(Iterator::collect)
        .map_err(|e| bad_chain(&e))?;
    let key = PrivateKeyDer::from_pem_file(&files.key_file)
        .map_err(|e| format!("tls.key_file: {key_file}: {e}, expected a PEM private key"))?;
    let mut config = rustls::ServerConfig::builder()
        .with_no_client_auth()
        .with_single_cert(chain, key)
        .map_err(|e| format!("tls: {cert_file} with {key_file}: {e}"))?;
    config.alpn_protocols = vec![b"http/1.1".to_vec()];
    Ok(TlsAcceptor::from(Arc::new(config)))
}
