//! Where connections come in, plain or with TLS: bounded in number, and none of them can hold up another.

use axum::Router;
use axum::extract::ConnectInfo;
use hyper::server::conn::http1;
use hyper::service::{Service as _, service_fn};
use hyper_util::rt::{TokioIo, TokioTimer};
use hyper_util::server::graceful::{GracefulShutdown, Watcher};
use hyper_util::service::TowerToHyperService;
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

/// How long a TLS greeting may take.
const HANDSHAKE: Duration = Duration::from_secs(5);

/// Where a request comes from; in the request's [`ConnectInfo`].
#[derive(Debug, Clone, Copy)]
pub struct Peer(pub SocketAddr);

/// What a door puts up with.
#[derive(Debug, Clone, Copy)]
pub struct Manners {
    /// Connections at a time; overload policy `Wait`: further ones wait in the system's queue.
    pub connections: usize,
    /// How long a request's headers may take, and how long a connection may idle between requests.
    pub headers: Duration,
    /// How long requests under way may take when the door closes.
    pub farewell: Duration,
}

/// A listening address.
pub struct Door {
    listener: TcpListener,
    local: SocketAddr,
    tls: Option<TlsAcceptor>,
    manners: Manners,
}

impl Door {
    /// Starts listening; without `tls` in plain HTTP.
    ///
    /// # Errors
    /// When the address is taken or not this machine's.
    pub async fn open(listen: SocketAddr, tls: Option<TlsAcceptor>, manners: Manners) -> io::Result<Self> {
        let listener = TcpListener::bind(listen).await?;
        let local = listener.local_addr()?;
        Ok(Self { listener, local, tls, manners })
    }

    /// The address, with the port that the system chose for port 0.
    #[must_use]
    pub const fn address(&self) -> SocketAddr {
        self.local
    }

    /// Answers until `stop`, and then for a moment the requests under way.
    pub async fn answer(self, router: Router, stop: impl Future<Output = ()>) {
        let free = Arc::new(Semaphore::new(self.manners.connections));
        let under_way = GracefulShutdown::new();
        let mut stop = std::pin::pin!(stop);
        loop {
            let accepted = tokio::select! {
                () = &mut stop => break,
                accepted = accept(&self.listener, &free) => accepted,
            };
            let (place, stream, peer) = match accepted {
                Ok(accepted) => accepted,
                Err(error) => {
                    tracing::warn!(%error, "a connection could not be accepted");
                    sleep(Duration::from_millis(100)).await;
                    continue;
                }
            };
            let connection = Connection {
                peer,
                router: router.clone(),
                watcher: under_way.watcher(),
                headers: self.manners.headers,
            };
            let tls = self.tls.clone();
            tokio::spawn(async move {
                connection.serve(stream, tls).await;
                drop(place);
            });
        }
        drop(self.listener);
        let _ = timeout(self.manners.farewell, under_way.shutdown()).await;
    }
}

/// The next connection, once there is room for it.
async fn accept(
    listener: &TcpListener,
    free: &Arc<Semaphore>,
) -> io::Result<(tokio::sync::OwnedSemaphorePermit, TcpStream, SocketAddr)> {
    let place = free.clone().acquire_owned().await.map_err(io::Error::other)?;
    let (stream, peer) = listener.accept().await?;
    Ok((place, stream, peer))
}

struct Connection {
    peer: SocketAddr,
    router: Router,
    watcher: Watcher,
    headers: Duration,
}

impl Connection {
    async fn serve(self, stream: TcpStream, tls: Option<TlsAcceptor>) {
        let _ = stream.set_nodelay(true);
        let Some(tls) = tls else { return self.converse(stream).await };
        match timeout(HANDSHAKE, tls.accept(stream)).await {
            Ok(Ok(stream)) => self.converse(stream).await,
            // Every browser that has not been told to trust the certificate ends here first.
            Ok(Err(error)) => tracing::debug!(%error, "a TLS handshake failed"),
            Err(_) => tracing::debug!("a TLS handshake took too long"),
        }
    }

    async fn converse<S>(self, stream: S)
    where
        S: AsyncRead + AsyncWrite + Send + Unpin + 'static,
    {
        let Self { peer, router, watcher, headers } = self;
        let router = TowerToHyperService::new(router);
        let service = service_fn(move |mut request: hyper::Request<hyper::body::Incoming>| {
            request.extensions_mut().insert(ConnectInfo(Peer(peer)));
            router.call(request)
        });
        let connection = http1::Builder::new()
            .timer(TokioTimer::new())
            .header_read_timeout(headers)
            .serve_connection(TokioIo::new(stream), service);
        if let Err(error) = watcher.watch(connection).await {
            tracing::debug!(%error, "a connection ended early");
        }
    }
}

/// TLS with this certificate chain and key, for browsers.
///
/// # Errors
/// When the key does not belong to the chain's first certificate, or is of a kind that is not understood.
pub fn tls(
    chain: Vec<CertificateDer<'static>>,
    key: PrivateKeyDer<'static>,
) -> Result<TlsAcceptor, rustls::Error> {
    let _ = rustls::crypto::ring::default_provider().install_default();
    let mut config = rustls::ServerConfig::builder().with_no_client_auth().with_single_cert(chain, key)?;
    config.alpn_protocols = vec![b"http/1.1".to_vec()];
    Ok(TlsAcceptor::from(Arc::new(config)))
}

#[cfg(test)]
mod tests {
    use super::*;
    use axum::routing::get;
    use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
    use tokio::sync::oneshot;

    /// A door with room for so many, what closes it, and its task.
    async fn open(
        connections: usize,
        router: Router,
    ) -> (SocketAddr, oneshot::Sender<()>, tokio::task::JoinHandle<()>) {
        let manners =
            Manners { connections, headers: Duration::from_secs(30), farewell: Duration::from_secs(30) };
        let door = Door::open(([127, 0, 0, 1], 0).into(), None, manners).await.unwrap();
        let (address, (stop, stopped)) = (door.address(), oneshot::channel());
        let task = tokio::spawn(door.answer(router, async move {
            let _ = stopped.await;
        }));
        (address, stop, task)
    }

    async fn ask(stream: &mut TcpStream) -> String {
        stream.write_all(b"GET / HTTP/1.1\r\nhost: here\r\nconnection: close\r\n\r\n").await.unwrap();
        let mut answer = String::new();
        stream.read_to_string(&mut answer).await.unwrap();
        answer
    }

    fn greeter() -> Router {
        Router::new()
            .route("/", get(|ConnectInfo(Peer(peer)): ConnectInfo<Peer>| async move { peer.to_string() }))
    }

    #[tokio::test]
    async fn who_is_beyond_the_bound_waits_and_is_answered() {
        let (address, stop, task) = open(1, greeter()).await;
        let mut first = TcpStream::connect(address).await.unwrap();
        let mut second = TcpStream::connect(address).await.unwrap();
        let (mine, theirs) = (first.local_addr().unwrap(), second.local_addr().unwrap());
        let mut waiting = tokio::spawn(async move { ask(&mut second).await });
        assert!(timeout(Duration::from_millis(200), &mut waiting).await.is_err(), "no room yet");
        assert!(ask(&mut first).await.ends_with(&mine.to_string()));
        assert!(waiting.await.unwrap().ends_with(&theirs.to_string()));
        drop(stop);
        task.await.unwrap();
    }

    #[tokio::test]
    async fn it_closes_even_when_full() {
        let (address, stop, task) = open(1, greeter()).await;
        let mut only = TcpStream::connect(address).await.unwrap();
        // Asked once and kept open: the place stays taken.
        only.write_all(b"GET / HTTP/1.1\r\nhost: here\r\n\r\n").await.unwrap();
        assert!(only.read(&mut [0; 512]).await.unwrap() > 0);
        drop(stop);
        timeout(Duration::from_secs(10), task).await.expect("the idle connection is let go").unwrap();
        assert!(TcpStream::connect(address).await.is_err());
    }

    #[tokio::test]
    async fn a_request_under_way_is_answered_when_it_closes() {
        let (begun, is_begun) = oneshot::channel();
        let (end, mut is_over) = oneshot::channel::<()>();
        let begun = Arc::new(std::sync::Mutex::new(Some((begun, end))));
        let kept = Arc::clone(&begun);
        let slow = Router::new().route(
            "/",
            get(move || async move {
                let (begun, _end) = kept.lock().unwrap().take().unwrap();
                begun.send(()).unwrap();
                sleep(Duration::from_millis(300)).await;
                "at last"
            }),
        );
        let (address, stop, task) = open(4, slow).await;
        let mut stream = TcpStream::connect(address).await.unwrap();
        let asking = tokio::spawn(async move { ask(&mut stream).await });
        is_begun.await.unwrap();
        assert!(is_over.try_recv().is_err());
        drop(stop);
        assert!(asking.await.unwrap().ends_with("at last"));
        task.await.unwrap();
    }
}
