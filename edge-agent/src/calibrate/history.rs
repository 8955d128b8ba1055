//! Every calibration that was in force on this machine, the newest hundred: what changed, and the way back.
//!
//! One file each, owner-only, beside what is learnt. They hold geometry alone.

use crate::files::replace;
use chuangming_domain::Timestamp;
use chuangming_domain::digest::Digest;
use serde::{Deserialize, Serialize};
use std::fs;
use std::io;
use std::os::unix::fs::DirBuilderExt as _;
use std::path::PathBuf;
use utoipa::ToSchema;

/// Entries that are kept; overload policy `ForgetOldest`.
const ENTRIES: usize = 100;
const SUFFIX: &str = ".json";

/// Where a calibration came from.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
#[schema(as = Source)]
pub(super) enum By {
    /// Saved on the page.
    Page,
    /// An earlier one, taken back.
    Return,
    /// Found in the file at the start.
    File,
    /// Sent by central.
    Central,
}

/// A calibration that was in force.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Entry {
    pub(super) version: Digest,
    pub(super) saved_at: Timestamp,
    pub(super) by: By,
    pub(super) text: String,
}

/// The files.
#[derive(Debug)]
pub(super) struct History {
    folder: PathBuf,
}

impl History {
    pub(super) fn new(folder: PathBuf) -> Self {
        Self { folder }
    }

    /// Notes what is in force now, unless it was the last one noted.
    pub(super) fn note(&self, text: &str, by: By, at: Timestamp) -> io::Result<()> {
        fs::DirBuilder::new().recursive(true).mode(0o700).create(&self.folder)?;
        let entry = Entry { version: Digest::of(text.as_bytes()), saved_at: at, by, text: text.to_owned() };
        let files = self.files()?;
        let last = files.last().and_then(|(_, path)| read(path));
        if last.is_some_and(|last| last.version == entry.version) {
            return Ok(());
        }
        let number = files.last().map_or(1, |(number, _)| number + 1);
        let file = self.folder.join(format!("{number:08}{SUFFIX}"));
        replace(&file, &serde_json::to_vec(&entry)?)?;
        let kept = ENTRIES.saturating_sub(1);
        files.iter().rev().skip(kept).try_for_each(|(_, path)| fs::remove_file(path))
    }

    /// Every entry, the newest first. A file that cannot be read is left out, and told in the log.
    pub(super) fn entries(&self) -> io::Result<Vec<Entry>> {
        Ok(self.files()?.iter().rev().filter_map(|(_, path)| read(path)).collect())
    }

    /// The newest entry of that version.
    pub(super) fn version(&self, version: &str) -> io::Result<Option<Entry>> {
        Ok(self.entries()?.into_iter().find(|entry| entry.version.as_str() == version))
    }

    /// The files with their numbers, the oldest first.
    fn files(&self) -> io::Result<Vec<(u64, PathBuf)>> {
        let listed = match fs::read_dir(&self.folder) {
            Err(e) if e.kind() == io::ErrorKind::NotFound => return Ok(Vec::new()),
            listed => listed?,
        };
        let mut files = Vec::new();
        for entry in listed {
            let path = entry?.path();
            let name = path.file_name().and_then(|name| name.to_str());
            if let Some(number) = name.and_then(|name| name.strip_suffix(SUFFIX)?.parse().ok()) {
                files.push((number, path));
            }
        }
        files.sort();
        Ok(files)
    }
}

fn read(path: &PathBuf) -> Option<Entry> {
    let entry = fs::read(path).map_err(|e| e.to_string());
    let entry = entry.and_then(|bytes| serde_json::from_slice::<Entry>(&bytes).map_err(|e| e.to_string()));
    match entry {
        Ok(entry) if entry.version == Digest::of(entry.text.as_bytes()) => Some(entry),
        Ok(_) => {
            tracing::warn!(file = %path.display(), "its text is not the one of its version");
            None
        }
        Err(error) => {
            tracing::warn!(file = %path.display(), %error, "an earlier calibration cannot be read");
            None
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::os::unix::fs::PermissionsExt as _;

    fn at(second: i64) -> Timestamp {
        Timestamp::from_second(1_800_000_000 + second).unwrap()
    }

    #[test]
    fn what_was_in_force_is_noted_once_and_found_again() {
        let folder = tempfile::tempdir().unwrap();
        let history = History::new(folder.path().join("history"));
        assert_eq!(history.entries().unwrap(), []);
        for (second, text, by) in
            [(0, "a", By::File), (1, "a", By::Page), (2, "b", By::Page), (3, "a", By::Return)]
        {
            history.note(text, by, at(second)).unwrap();
        }
        let told: Vec<_> = history.entries().unwrap().into_iter().map(|e| (e.text, e.by)).collect();
        assert_eq!(told, [("a".into(), By::Return), ("b".into(), By::Page), ("a".into(), By::File)]);
        let found = history.version(Digest::of(b"b").as_str()).unwrap().unwrap();
        assert_eq!((found.text.as_str(), found.saved_at), ("b", at(2)));
        assert_eq!(history.version("sha256:../../etc/passwd").unwrap(), None);
        let file = folder.path().join("history/00000001.json");
        assert_eq!(fs::metadata(&file).unwrap().permissions().mode() & 0o777, 0o600);
        // A file that somebody changed is no version of anything.
        fs::write(&file, fs::read_to_string(&file).unwrap().replace("\"text\":\"a\"", "\"text\":\"x\""))
            .unwrap();
        assert_eq!(history.entries().unwrap().len(), 2);
    }

    #[test]
    fn the_oldest_are_forgotten() {
        let folder = tempfile::tempdir().unwrap();
        let history = History::new(folder.path().to_owned());
        for n in 0..ENTRIES + 5 {
            history.note(&n.to_string(), By::Page, at(0)).unwrap();
        }
        let entries = history.entries().unwrap();
        assert_eq!((entries.len(), entries[0].text.as_str()), (ENTRIES, "104"));
    }
}
