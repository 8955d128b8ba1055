//! The real parts that an end-to-end test needs: mosquitto, central and edge agents as processes, in a folder that
//! goes with the test. Nothing here is part of the product.

mod daemon;
mod hall;

pub use daemon::Daemon;
pub use hall::{Api, Hall, clip, use_ring};

use std::path::PathBuf;
use std::time::{Duration, Instant};

/// The project's root.
#[must_use]
pub fn root() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).parent().map(PathBuf::from).unwrap_or_default()
}

/// A binary of the product, built before the tests (`make build`).
///
/// # Panics
/// When it was not built.
#[must_use]
pub fn binary(name: &str) -> PathBuf {
    let test = std::env::current_exe().expect("a test has a path");
    let built = test.ancestors().nth(2).map(|folder| folder.join(name)).unwrap_or_default();
    assert!(built.is_file(), "{} is missing: run `make build` first", built.display());
    built
}

/// Polls until `ready` gives something. The bound is for liveness on a busy machine; it measures nothing.
///
/// # Panics
/// When `what` did not happen within `limit`.
pub fn until<T>(what: &str, limit: Duration, mut ready: impl FnMut() -> Option<T>) -> T {
    let deadline = Instant::now() + limit;
    loop {
        if let Some(value) = ready() {
            return value;
        }
        assert!(Instant::now() < deadline, "{what}: not within {limit:?}");
        std::thread::sleep(Duration::from_millis(50));
    }
}

/// A TCP port of loopback that is free now.
///
/// # Panics
/// When the machine has none.
#[must_use]
pub fn free_port() -> u16 {
    let probe = std::net::TcpListener::bind("127.0.0.1:0").expect("a free port");
    probe.local_addr().expect("a bound socket has an address").port()
}
