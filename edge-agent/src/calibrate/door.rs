//! Where browsers come in: TLS only, bounded in number, and none of them can hold up another.

use super::certificate::Certificate;
use crate::failure::Failure;
use axum::Router;
use axum::extract::ConnectInfo;
use hyper::server::conn::http1;
use hyper::service::{Service as _, service_fn};
use hyper_util::rt::{TokioIo, TokioTimer};
use hyper_util::server::graceful::{GracefulShutdown, Watcher};
use hyper_util::service::TowerToHyperService;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::{Semaphore, oneshot};
use tokio::time::{sleep, timeout};
use tokio_rustls::TlsAcceptor;

/// Connections at a time; overload policy `Wait`: further ones wait in the system's queue. A browser opens six.
const CONNECTIONS: usize = 64;
/// How long a TLS greeting may take.
const HANDSHAKE: Duration = Duration::from_secs(5);
/// How long a request's headers may take, and how long a connection may idle between requests.
const HEADERS: Duration = Duration::from_secs(15);
/// How long requests under way may take when the door closes.
const LAST_WORDS: Duration = Duration::from_secs(3);

/// Where a request comes from.
#[derive(Debug, Clone, Copy)]
pub(super) struct Peer(pub(super) SocketAddr);

/// A listening address.
pub(super) struct Door {
    listener: TcpListener,
    tls: TlsAcceptor,
}

impl Door {
    pub(super) async fn open(listen: SocketAddr, certificate: &Certificate) -> Result<Self, Failure> {
        let listener = TcpListener::bind(listen).await.map_err(|e| {
            Failure::input(format!("calibrate.listen: cannot listen on {listen}: {e}, expected a free address such as \"0.0.0.0:8443\""))
        })?;
        Ok(Self { listener, tls: certificate.tls.clone() })
    }

    /// The address, with the port that the system chose for port 0.
    pub(super) fn address(&self) -> Result<SocketAddr, Failure> {
        self.listener.local_addr().map_err(Failure::failed)
    }

    /// Answers until `stop`, and then for a moment the requests under way.
    pub(super) async fn answer(self, router: Router, mut stop: oneshot::Receiver<()>) {
        let free = Arc::new(Semaphore::new(CONNECTIONS));
        let under_way = GracefulShutdown::new();
        loop {
            let Ok(place) = free.clone().acquire_owned().await else { return };
            let accepted = tokio::select! {
                _ = &mut stop => break,
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
                greet(stream, peer, tls, router, watcher).await;
                drop(place);
            });
        }
        drop(self.listener);
        let _ = timeout(LAST_WORDS, under_way.shutdown()).await;
    }
}

async fn greet(stream: TcpStream, peer: SocketAddr, tls: TlsAcceptor, router: Router, watcher: Watcher) {
    let _ = stream.set_nodelay(true);
    let stream = match timeout(HANDSHAKE, tls.accept(stream)).await {
        Ok(Ok(stream)) => stream,
        // Every browser that has not been told to trust the certificate ends here first.
        Ok(Err(error)) => return tracing::debug!(%error, "a TLS handshake failed"),
        Err(_) => return tracing::debug!("a TLS handshake took too long"),
    };
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
