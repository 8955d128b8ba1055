//! Where HTTP connections come in, plain or with TLS. A slow handshake holds up nobody else.

use crate::config::TlsFiles;
use axum::extract::connect_info::Connected;
use axum::serve::{IncomingStream, Listener};
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use std::io;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::{Semaphore, mpsc};
use tokio::time::{sleep, timeout};
use tokio_rustls::TlsAcceptor;

/// Handshakes at a time; overload policy `Wait`: further connections wait in the system's queue.
const HANDSHAKES: usize = 64;
const HANDSHAKE: Duration = Duration::from_secs(5);

/// Where a request comes from.
#[derive(Debug, Clone, Copy)]
pub struct Peer(pub SocketAddr);

/// A connection, plain or with TLS.
pub trait Io: AsyncRead + AsyncWrite + Unpin + Send {}
impl<T: AsyncRead + AsyncWrite + Unpin + Send> Io for T {}

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

/// Accepts connections.
pub struct Door {
    local: SocketAddr,
    ready: mpsc::Receiver<(Box<dyn Io>, SocketAddr)>,
}

impl Door {
    /// Starts accepting.
    ///
    /// # Errors
    /// When the certificate files are wrong or the address is taken.
    pub async fn open(listen: SocketAddr, tls: Option<&TlsFiles>) -> Result<Self, DoorError> {
        let tls = tls.map(acceptor).transpose().map_err(DoorError::Tls)?;
        let cannot = |source| DoorError::Listen { address: listen, source };
        let listener = TcpListener::bind(listen).await.map_err(cannot)?;
        let local = listener.local_addr().map_err(cannot)?;
        let (sender, ready) = mpsc::channel(HANDSHAKES);
        tokio::spawn(accept(listener, tls, sender));
        Ok(Self { local, ready })
    }

    /// The address, with the port that the system chose for port 0.
    #[must_use]
    pub const fn address(&self) -> SocketAddr {
        self.local
    }
}

async fn accept(
    listener: TcpListener,
    tls: Option<TlsAcceptor>,
    ready: mpsc::Sender<(Box<dyn Io>, SocketAddr)>,
) {
    let handshakes = Arc::new(Semaphore::new(HANDSHAKES));
    loop {
        let accepted = tokio::select! {
            () = ready.closed() => return,
            accepted = listener.accept() => accepted,
        };
        let (stream, peer) = match accepted {
            Ok(accepted) => accepted,
            Err(error) => {
                tracing::warn!(%error, "a connection could not be accepted");
                sleep(Duration::from_millis(100)).await;
                continue;
            }
        };
        let _ = stream.set_nodelay(true);
        match &tls {
            None => {
                if ready.send((Box::new(stream), peer)).await.is_err() {
                    return;
                }
            }
            Some(tls) => {
                let Ok(turn) = handshakes.clone().acquire_owned().await else { return };
                let (tls, ready) = (tls.clone(), ready.clone());
                tokio::spawn(async move {
                    if let Some(stream) = shake_hands(&tls, stream).await {
                        let _ = ready.send((stream, peer)).await;
                    }
                    drop(turn);
                });
            }
        }
    }
}

async fn shake_hands(tls: &TlsAcceptor, stream: TcpStream) -> Option<Box<dyn Io>> {
    match timeout(HANDSHAKE, tls.accept(stream)).await {
        Ok(Ok(stream)) => Some(Box::new(stream)),
        Ok(Err(error)) => {
            tracing::debug!(%error, "a TLS handshake failed");
            None
        }
        Err(_) => None,
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

impl Listener for Door {
    type Io = Box<dyn Io>;
    type Addr = SocketAddr;

    async fn accept(&mut self) -> (Self::Io, Self::Addr) {
        match self.ready.recv().await {
            Some(connection) => connection,
            // The accepting task ends only with the process.
            None => std::future::pending().await,
        }
    }

    fn local_addr(&self) -> io::Result<SocketAddr> {
        Ok(self.local)
    }
}

impl Connected<IncomingStream<'_, Door>> for Peer {
    fn connect_info(stream: IncomingStream<'_, Door>) -> Self {
        Self(*stream.remote_addr())
    }
}
