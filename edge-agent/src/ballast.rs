//! A file that only takes up room. When the disk is full it is deleted, so that the agent can still record that the
//! disk is full, and what happens until somebody has made room.

use std::fs;
use std::io::{self, Write as _};
use std::path::{Path, PathBuf};

/// Room for some thousand messages.
const BYTES: usize = 2 * 1024 * 1024;
const FILE: &str = "ballast";

/// The room held back on the data directory's disk.
#[derive(Debug)]
pub struct Ballast {
    file: PathBuf,
}

impl Ballast {
    /// The ballast of a data directory; call [`Ballast::hold`] to take its room.
    #[must_use]
    pub fn new(data_dir: &Path) -> Self {
        Self { file: data_dir.join(FILE) }
    }

    /// Takes the room if it is not taken, and leaves at least as much to others.
    ///
    /// # Errors
    /// When the disk is too full for it; nothing is taken then.
    pub fn hold(&self) -> io::Result<()> {
        if fs::metadata(&self.file).is_ok_and(|m| m.len() == BYTES as u64) {
            return Ok(());
        }
        let disk = rustix::fs::statvfs(self.file.parent().unwrap_or(Path::new(".")))?;
        if disk.f_bavail.saturating_mul(disk.f_frsize) < 2 * BYTES as u64 {
            return Err(io::ErrorKind::StorageFull.into());
        }
        let write = || {
            let mut file = fs::File::create(&self.file)?;
            file.write_all(&vec![0; BYTES])?;
            file.sync_all()
        };
        write().inspect_err(|_| {
            // Half a ballast is no use to anybody, and an error on removing it would say the same again.
            let _ = fs::remove_file(&self.file);
        })
    }

    /// Gives the room free; false when there was none to give.
    pub fn release(&self) -> bool {
        fs::remove_file(&self.file).is_ok()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn room_is_held_once_and_given_once() {
        let folder = tempfile::tempdir().unwrap();
        let ballast = Ballast::new(folder.path());
        assert!(!ballast.release());
        ballast.hold().unwrap();
        ballast.hold().unwrap();
        assert_eq!(fs::metadata(folder.path().join(FILE)).unwrap().len(), BYTES as u64);
        assert!(ballast.release() && !ballast.release());
        assert!(Ballast::new(&folder.path().join("nowhere")).hold().is_err());
    }
}
