//! The server of the calibration page: opened, asked for invitations, closed.

use super::App;
use super::calibrations::note_at_start;
use super::certificate::Certificate;
use super::code::GOOD_FOR;
use super::code_of_central::CodesOfCentral;
use super::handle::Handle;
pub use super::invitation::Invitation;
use super::router::router;
use crate::failure::Failure;
use chuangming_domain::digest::Digest;
use chuangming_portal::door::{Door, Manners};
use std::fs::DirBuilder;
use std::net::{IpAddr, Ipv4Addr, SocketAddr, UdpSocket};
use std::os::unix::fs::DirBuilderExt as _;
use std::sync::Arc;
use std::time::{Duration, Instant};
use tokio::sync::oneshot;
use tokio::task::JoinHandle;

/// A browser opens six connections.
const MANNERS: Manners =
    Manners { connections: 64, headers: Duration::from_secs(15), farewell: Duration::from_secs(3) };
/// How often ended sessions are looked for, so that no picture stays in memory after the last one.
const LOOK_AFTER: Duration = Duration::from_secs(5);

/// The page while it is served.
pub struct Service {
    app: Arc<App>,
    address: SocketAddr,
    stop: oneshot::Sender<()>,
    door: JoinHandle<()>,
    keeper: JoinHandle<()>,
}

impl Service {
    /// Starts to serve the page.
    ///
    /// # Errors
    /// When the address is taken, or the certificate can be neither read nor made.
    pub async fn open(handle: Handle) -> Result<Self, Failure> {
        let folder = handle.folder();
        DirBuilder::new()
            .recursive(true)
            .mode(0o700)
            .create(&folder)
            .map_err(|e| Failure::failed(format!("{}: {e}", folder.display())))?;
        let listen = handle.agent.calibrate.listen;
        let reached_at = if listen.ip().is_unspecified() { outward() } else { listen.ip() };
        let certificate = Certificate::of(&folder, &[reached_at, IpAddr::V4(Ipv4Addr::LOCALHOST)])?;
        let door = Door::open(listen, Some(certificate.tls), MANNERS).await.map_err(|e| {
            Failure::input(format!("calibrate.listen: cannot listen on {listen}: {e}, expected a free address such as \"0.0.0.0:8443\""))
        })?;
        let address = SocketAddr::new(reached_at, door.address().port());
        let of_central = CodesOfCentral::of(&handle.agent, &folder)?;
        let app = Arc::new(App::new(handle, certificate.digest, of_central));
        note_at_start(&app).map_err(|e| Failure::failed(format!("{}: {e}", folder.display())))?;
        let (stop, is_over) = oneshot::channel();
        let router = router(&app);
        let door = tokio::spawn(door.answer(router, async move {
            let _ = is_over.await;
        }));
        let keeper = tokio::spawn(keep(Arc::clone(&app)));
        tracing::info!(%address, "the calibration page is open");
        Ok(Self { app, address, stop, door, keeper })
    }

    /// Where the page is reached.
    #[must_use]
    pub const fn address(&self) -> SocketAddr {
        self.address
    }

    /// What the page proves itself with.
    #[must_use]
    pub fn certificate(&self) -> &Digest {
        &self.app.certificate
    }

    /// A fresh one-time code and all that goes with it; the code before it is good no longer.
    #[must_use]
    pub fn invite(&self) -> Invitation {
        Invitation {
            address: format!("https://{}", self.address),
            code: self.app.codes.issue(Instant::now()),
            good_for_s: GOOD_FOR.as_secs(),
            fingerprint: self.app.certificate.fingerprint(),
        }
    }

    /// Whether anybody is signed in, or still could.
    #[must_use]
    pub fn is_needed(&self) -> bool {
        let now = Instant::now();
        self.app.sessions.is_anybody(now) || self.app.codes.is_any_good(now)
    }

    /// Ends all sessions and serves no longer.
    pub async fn close(self) {
        let _ = self.stop.send(());
        if self.door.await.is_err() {
            tracing::error!("the calibration page had failed");
        }
        self.keeper.abort();
        self.app.handle.gallery.close();
        tracing::info!("the calibration page is closed");
    }
}

async fn keep(app: Arc<App>) {
    let mut turn = tokio::time::interval(LOOK_AFTER);
    loop {
        turn.tick().await;
        app.forget_if_alone();
    }
}

/// The address by which others reach this machine: the one it would send from. Nothing is sent to find out.
fn outward() -> IpAddr {
    const ELSEWHERE: (Ipv4Addr, u16) = (Ipv4Addr::new(192, 0, 2, 1), 9);
    let address = || {
        let socket = UdpSocket::bind((Ipv4Addr::UNSPECIFIED, 0))?;
        socket.connect(ELSEWHERE)?;
        socket.local_addr()
    };
    address().map_or(IpAddr::V4(Ipv4Addr::LOCALHOST), |address| address.ip())
}
