//! What was learnt of tidy desks, empty seats, shown items and the cameras' backgrounds: descriptors in owner-only files.
//!
//! The second exception of "pixels never leave the agent's memory". They are never sent, logged or exported, are read
//! only by this process, belong to one geometry each and are deleted with it. The files:
//!
//! ```text
//! DATA_DIR/references/ (0700)    {kind}-{id}-{first digits of the key}.ref (0600)
//! "CMREF" version  key (sha256:…)  learnt at (seconds)  descriptors  hash of all before (sha256:…)
//! ```

use crate::drift::View;
use crate::perceive::{Reference, Taught};
use chuangming_domain::Timestamp;
use chuangming_domain::calibration::{Calibration, Window};
use chuangming_domain::digest::Digest;
use chuangming_domain::geometry::Polygon;
use chuangming_domain::id::CameraId;
use rustix::fs::OFlags;
use std::collections::BTreeSet;
use std::fs::{self, DirBuilder, File, OpenOptions};
use std::io::{self, Read, Write};
use std::os::unix::fs::{DirBuilderExt, MetadataExt, OpenOptionsExt, PermissionsExt};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

const FOLDER: &str = "references";
const MAGIC: &[u8] = b"CMREF";
const VERSION: u8 = 1;
/// A digest as text.
const KEY: usize = 71;
const LARGEST: u64 = 8 << 20;
const KEY_DIGITS: usize = 12;

/// Why descriptors are not used. The text names the file, never what it holds.
#[derive(Debug, thiserror::Error)]
#[error("{path}: {why}")]
pub struct StoreError {
    path: String,
    why: String,
}

/// What was learnt, and when.
#[derive(Debug, Clone)]
pub struct Learnt<T> {
    /// The descriptors.
    pub what: T,
    /// When they were last added to.
    pub at: Timestamp,
}

/// The folder of descriptors of one agent.
#[derive(Debug)]
pub struct References {
    folder: PathBuf,
    /// How often windows' descriptors were changed.
    windows: AtomicU64,
    /// How often a camera's background was forgotten.
    views: AtomicU64,
}

/// Tells whether anything was learnt or forgotten since.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Epochs {
    pub(crate) windows: u64,
    pub(crate) views: u64,
}

/// One file: what it is about, and the geometry that it belongs to.
struct Entry {
    name: String,
    key: Digest,
}

impl References {
    /// Makes the folder where it is missing, for its owner only.
    ///
    /// # Errors
    /// When it cannot be made, or belongs to somebody else.
    pub fn open(data_dir: &Path) -> Result<Self, StoreError> {
        let folder = data_dir.join(FOLDER);
        let store = Self { folder, windows: AtomicU64::new(0), views: AtomicU64::new(0) };
        let made = DirBuilder::new().recursive(true).mode(0o700).create(&store.folder);
        made.map_err(|e| fault(&store.folder, e))?;
        let about = fs::symlink_metadata(&store.folder).map_err(|e| fault(&store.folder, e))?;
        if !about.is_dir() || about.uid() != rustix::process::geteuid().as_raw() {
            return Err(fault(&store.folder, "is not a folder of this user"));
        }
        if about.mode() & 0o077 != 0 {
            let only_owner = fs::Permissions::from_mode(0o700);
            fs::set_permissions(&store.folder, only_owner).map_err(|e| fault(&store.folder, e))?;
        }
        Ok(store)
    }

    /// The tidy desk and the empty seat of a window.
    ///
    /// # Errors
    /// When the file is not what the agent wrote for this geometry.
    pub fn window(&self, window: &Window) -> Result<Option<Learnt<Arc<Reference>>>, StoreError> {
        self.load(&Entry::window(window), |bytes| Reference::from_bytes(bytes).map(Arc::new))
    }

    /// Keeps the tidy desk and the empty seat of a window.
    ///
    /// # Errors
    /// When it cannot be written.
    pub fn keep_window(&self, window: &Window, what: &Reference, at: Timestamp) -> Result<(), StoreError> {
        self.save(&Entry::window(window), &what.to_bytes(), at)?;
        self.windows.fetch_add(1, Ordering::SeqCst);
        Ok(())
    }

    /// Forgets the tidy desk and the empty seat of a window.
    ///
    /// # Errors
    /// When the file cannot be deleted.
    pub fn forget_window(&self, window: &Window) -> Result<(), StoreError> {
        self.remove(&Entry::window(window).name)?;
        self.windows.fetch_add(1, Ordering::SeqCst);
        Ok(())
    }

    /// The items that were shown at a window.
    ///
    /// # Errors
    /// When the file is not what the agent wrote for this window.
    pub fn items(&self, window: &Window) -> Result<Option<Learnt<Arc<Taught>>>, StoreError> {
        self.load(&Entry::items(window), |bytes| Taught::from_bytes(bytes).map(Arc::new))
    }

    /// Keeps the items that were shown at a window; none at all deletes the file.
    ///
    /// # Errors
    /// When it cannot be written.
    pub fn keep_items(&self, window: &Window, what: &Taught, at: Timestamp) -> Result<(), StoreError> {
        let entry = Entry::items(window);
        if what.is_empty() { self.remove(&entry.name) } else { self.save(&entry, &what.to_bytes(), at) }?;
        self.windows.fetch_add(1, Ordering::SeqCst);
        Ok(())
    }

    /// The background of a camera.
    pub(crate) fn view(
        &self,
        camera: &CameraId,
        calibration: &Calibration,
    ) -> Result<Option<Learnt<View>>, StoreError> {
        self.load(&Entry::view(camera, calibration), View::from_bytes)
    }

    /// Keeps the background of a camera.
    pub(crate) fn keep_view(
        &self,
        camera: &CameraId,
        calibration: &Calibration,
        what: &View,
        at: Timestamp,
    ) -> Result<(), StoreError> {
        self.save(&Entry::view(camera, calibration), &what.to_bytes(), at)
    }

    /// Forgets the backgrounds of all cameras: where they look now is right, as an installer says who saves the zones.
    ///
    /// # Errors
    /// When a file cannot be deleted.
    pub fn forget_views(&self, calibration: &Calibration) -> Result<(), StoreError> {
        for camera in cameras(calibration) {
            self.remove(&Entry::view(camera, calibration).name)?;
        }
        self.views.fetch_add(1, Ordering::SeqCst);
        Ok(())
    }

    pub(crate) fn epochs(&self) -> Epochs {
        let now = |count: &AtomicU64| count.load(Ordering::SeqCst);
        Epochs { windows: now(&self.windows), views: now(&self.views) }
    }

    /// Deletes whatever belongs to no window or camera of this calibration.
    ///
    /// # Errors
    /// When something cannot be deleted.
    pub fn keep_only(&self, calibration: &Calibration) -> Result<(), StoreError> {
        let windows = calibration.windows.iter().flat_map(|w| [Entry::window(w), Entry::items(w)]);
        let views = cameras(calibration).into_iter().map(|camera| Entry::view(camera, calibration));
        let kept: BTreeSet<String> = windows.chain(views).map(|entry| entry.name).collect();
        for file in fs::read_dir(&self.folder).map_err(|e| fault(&self.folder, e))? {
            let file = file.map_err(|e| fault(&self.folder, e))?.file_name();
            let name = file.to_string_lossy().into_owned();
            if !kept.contains(&name) {
                self.remove(&name)?;
            }
        }
        Ok(())
    }

    fn load<T>(
        &self,
        entry: &Entry,
        read: impl Fn(&[u8]) -> Option<T>,
    ) -> Result<Option<Learnt<T>>, StoreError> {
        let path = self.folder.join(&entry.name);
        let no_link = i32::try_from(OFlags::NOFOLLOW.bits()).unwrap_or_default();
        let mut file = match OpenOptions::new().read(true).custom_flags(no_link).open(&path) {
            Ok(file) => file,
            Err(e) if e.kind() == io::ErrorKind::NotFound => return Ok(None),
            Err(e) => return Err(fault(&path, e)),
        };
        let bytes = owners_bytes(&mut file).map_err(|why| fault(&path, why))?;
        let (at, body) = unsealed(&bytes, &entry.key).map_err(|why| fault(&path, why))?;
        let what = read(body).ok_or_else(|| fault(&path, "holds no descriptors of this version"))?;
        Ok(Some(Learnt { what, at }))
    }

    /// Writes a file anew: whoever dies in between leaves the old one.
    fn save(&self, entry: &Entry, body: &[u8], at: Timestamp) -> Result<(), StoreError> {
        let path = self.folder.join(&entry.name);
        let next = self.folder.join(format!(".{}", entry.name));
        let write = || {
            let _ = fs::remove_file(&next);
            let mut file = OpenOptions::new().write(true).create_new(true).mode(0o600).open(&next)?;
            file.write_all(&sealed(body, &entry.key, at))?;
            file.sync_all()?;
            fs::rename(&next, &path)?;
            File::open(&self.folder)?.sync_all()
        };
        write().map_err(|e: io::Error| fault(&path, e))
    }

    fn remove(&self, name: &str) -> Result<(), StoreError> {
        let path = self.folder.join(name);
        match fs::remove_file(&path) {
            Err(e) if e.kind() != io::ErrorKind::NotFound => Err(fault(&path, e)),
            _ => Ok(()),
        }
    }
}

impl Entry {
    fn new(kind: &str, id: &str, about: &str) -> Self {
        let key = Digest::of(about.as_bytes());
        let digits = &key.as_str()["sha256:".len()..][..KEY_DIGITS];
        Self { name: format!("{kind}-{id}-{digits}.ref"), key }
    }

    /// Belongs to the window's polygons: others cut out something else.
    fn window(window: &Window) -> Self {
        Self::new("window", window.id.as_str(), &format!("window {}", shape(window)))
    }

    /// Belongs to the window, however its polygons are corrected.
    fn items(window: &Window) -> Self {
        Self::new("items", window.id.as_str(), &format!("items {} {}", window.camera, window.id))
    }

    /// Belongs to all that is drawn in the camera's picture.
    fn view(camera: &CameraId, calibration: &Calibration) -> Self {
        let windows = calibration.windows.iter().filter(|w| w.camera == *camera).map(shape);
        let zones = calibration.smoking_zones.iter().filter(|z| z.camera == *camera);
        let zones = zones.map(|z| format!("{} {}", z.id, corners(&z.polygon)));
        let drawn: Vec<String> = windows.chain(zones).collect();
        Self::new("view", camera.as_str(), &format!("view {camera} {}", drawn.join(" ")))
    }
}

/// The cameras in whose pictures anything is drawn.
fn cameras(calibration: &Calibration) -> BTreeSet<&CameraId> {
    let windows = calibration.windows.iter().map(|w| &w.camera);
    windows.chain(calibration.smoking_zones.iter().map(|z| &z.camera)).collect()
}

/// Whether two windows cut the same out of the same camera's picture.
#[must_use]
pub fn same_zones(a: &Window, b: &Window) -> bool {
    shape(a) == shape(b)
}

/// Whether the same is drawn in a camera's picture.
pub(crate) fn same_view(camera: &CameraId, a: &Calibration, b: &Calibration) -> bool {
    Entry::view(camera, a).key == Entry::view(camera, b).key
}

fn shape(window: &Window) -> String {
    let desk = window.desk.as_ref().map_or_else(|| "none".to_owned(), corners);
    format!("{} {} {} {desk}", window.camera, window.id, corners(&window.seat))
}

fn corners(polygon: &Polygon) -> String {
    polygon.corners().iter().map(|p| format!("{:.5},{:.5};", p.x, p.y)).collect()
}

/// The content of a file that is this user's alone.
fn owners_bytes(file: &mut File) -> Result<Vec<u8>, String> {
    let about = file.metadata().map_err(|e| e.to_string())?;
    if !about.is_file() || about.uid() != rustix::process::geteuid().as_raw() {
        return Err("is not a file of this user".into());
    }
    if about.mode() & 0o077 != 0 {
        return Err(format!("has mode {:o}, expected 600", about.mode() & 0o777));
    }
    if about.len() > LARGEST {
        return Err(format!("is larger than {LARGEST} bytes"));
    }
    let mut bytes = Vec::new();
    file.read_to_end(&mut bytes).map_err(|e| e.to_string())?;
    Ok(bytes)
}

fn sealed(body: &[u8], key: &Digest, at: Timestamp) -> Vec<u8> {
    let mut bytes = Vec::with_capacity(MAGIC.len() + 9 + 2 * KEY + body.len());
    bytes.extend(MAGIC);
    bytes.push(VERSION);
    bytes.extend(key.as_str().bytes());
    bytes.extend(at.as_second().to_le_bytes());
    bytes.extend(body);
    let seal = Digest::of(&bytes);
    bytes.extend(seal.as_str().bytes());
    bytes
}

/// Time and body of what [`sealed`] wrote for this key.
fn unsealed<'a>(bytes: &'a [u8], key: &Digest) -> Result<(Timestamp, &'a [u8]), &'static str> {
    let split = |bytes: &'a [u8], at: usize| bytes.split_at_checked(at).ok_or("is cut off");
    let (content, seal) = split(bytes, bytes.len().saturating_sub(KEY))?;
    let (magic, rest) = split(content, MAGIC.len() + 1)?;
    if magic[..MAGIC.len()] != *MAGIC {
        return Err("is no file of descriptors");
    }
    if magic[MAGIC.len()] != VERSION {
        return Err("is of another version");
    }
    if Digest::of(content).as_str().as_bytes() != seal {
        return Err("does not have the hash that it was written with");
    }
    let (belongs_to, rest) = split(rest, KEY)?;
    if belongs_to != key.as_str().as_bytes() {
        return Err("belongs to another geometry");
    }
    let (at, body) = split(rest, 8)?;
    let seconds = at.try_into().map(i64::from_le_bytes).map_err(|_| "is cut off")?;
    Ok((Timestamp::from_second(seconds).map_err(|_| "has no time")?, body))
}

fn fault(path: &Path, why: impl ToString) -> StoreError {
    StoreError { path: path.display().to_string(), why: why.to_string() }
}

#[cfg(test)]
#[path = "references_tests.rs"]
mod tests;
