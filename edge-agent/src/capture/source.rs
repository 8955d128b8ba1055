//! What a camera's `source` may be.

use super::clip::ClipSource;
use super::error::CaptureError;
use super::frame::FrameSource;
use super::network::NetworkSource;
use super::stop::Stop;
use super::usb::UsbSource;
use crate::clock::SteadyClock;
use std::fmt;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;
use url::Url;

/// Where a camera's pictures come from. Printing it shows no credentials.
#[derive(Clone, PartialEq, Eq)]
pub enum Source {
    /// `rtsp://` or `http://`.
    Network(Url),
    /// `/dev/videoN`.
    Usb(u32),
    /// A video, a picture or a folder of pictures, played in real time and looped.
    Media(PathBuf),
}

/// Why a text is no source.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{why}; a source is rtsp://…, http://…, /dev/videoN, a file or a folder")]
pub struct SourceError {
    why: String,
}

/// How to read sources. The defaults suit halls: pictures five times a second, a dead camera found within 10 s.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct CaptureSettings {
    /// Frames a second that are converted and delivered at most.
    pub max_fps: f64,
    /// Frames a second of a folder of pictures.
    pub still_fps: f64,
    /// Until a network stream's properties must be known.
    pub open_timeout: Duration,
    /// Between two pictures of a network stream.
    pub read_timeout: Duration,
    /// The first wait before a lost source is opened again.
    pub backoff_first: Duration,
    /// The longest such wait.
    pub backoff_cap: Duration,
}

impl Default for CaptureSettings {
    fn default() -> Self {
        Self {
            max_fps: 5.0,
            still_fps: 1.0,
            open_timeout: Duration::from_secs(8),
            read_timeout: Duration::from_secs(5),
            backoff_first: Duration::from_millis(500),
            backoff_cap: Duration::from_secs(10),
        }
    }
}

impl Source {
    /// Understands a source as written in a configuration; a relative path is taken from `base`.
    ///
    /// # Errors
    /// When it is none. The message shows no credentials.
    pub fn parse(text: &str, base: &Path) -> Result<Self, SourceError> {
        let refuse = |why: String| Err(SourceError { why });
        if text.is_empty() {
            return refuse("the source is empty".to_owned());
        }
        if text.contains('\0') {
            return refuse("the source contains a zero byte".to_owned());
        }
        if let Some((scheme, _)) = text.split_once("://") {
            return match scheme.to_ascii_lowercase().as_str() {
                "rtsp" | "http" => match Url::parse(text) {
                    Ok(url) if url.host_str().is_some_and(|host| !host.is_empty()) => {
                        Ok(Source::Network(url))
                    }
                    Ok(_) => refuse("the URL names no host".to_owned()),
                    // The URL itself is not shown: it may hold a password, which is often why it cannot be read.
                    Err(error) => refuse(format!(
                        "the {scheme} URL cannot be read ({error}): write special characters of a password as %XX, such as %23 for #"
                    )),
                },
                _ => refuse(format!("the scheme {scheme}:// is not supported")),
            };
        }
        if let Some(number) = text.strip_prefix("/dev/") {
            return match number.strip_prefix("video").map(str::parse) {
                Some(Ok(number)) => Ok(Source::Usb(number)),
                _ => refuse(format!("{text} is no video device")),
            };
        }
        Ok(Source::Media(base.join(text)))
    }

    /// Whether a camera stands behind it: a live picture that never changes is frozen, a clip's is not.
    #[must_use]
    pub fn is_live(&self) -> bool {
        !matches!(self, Source::Media(_))
    }

    /// Opens it for reading in real time, in the calling thread.
    ///
    /// # Errors
    /// When it cannot be opened within its time-out.
    pub fn open(
        &self,
        settings: &CaptureSettings,
        clock: &Arc<SteadyClock>,
        stop: &Arc<Stop>,
    ) -> Result<Box<dyn FrameSource>, CaptureError> {
        let place = self.to_string();
        Ok(match self {
            Source::Network(url) => {
                Box::new(NetworkSource::open(url, place, settings, Arc::clone(clock), stop)?)
            }
            Source::Usb(number) => {
                Box::new(UsbSource::open(*number, place, settings, Arc::clone(clock), stop)?)
            }
            Source::Media(path) => {
                Box::new(ClipSource::open(path, place, settings, Arc::clone(clock), stop)?)
            }
        })
    }
}

/// The source without user, password, query, and without a path that seems to hold a password.
impl fmt::Display for Source {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Source::Usb(number) => write!(f, "/dev/video{number}"),
            Source::Media(path) => write!(f, "{}", path.display()),
            Source::Network(url) => {
                let user = if url.username().is_empty() && url.password().is_none() { "" } else { "***@" };
                write!(f, "{}://{user}{}", url.scheme(), url.host_str().unwrap_or_default())?;
                if let Some(port) = url.port() {
                    write!(f, ":{port}")?;
                }
                let path = url.path().to_ascii_lowercase();
                let secret = ["pass", "pwd", "user", "token", "auth"].iter().any(|word| path.contains(word));
                f.write_str(if secret { "/***" } else { url.path() })?;
                f.write_str(if url.query().is_some() { "?***" } else { "" })
            }
        }
    }
}

impl fmt::Debug for Source {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Source({self})")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sources_are_told_apart_and_shown_without_credentials() {
        for (text, shown, live) in [
            ("rtsp://10.0.0.9/sub", "rtsp://10.0.0.9/sub", true),
            (
                "rtsp://admin:s3cret@10.0.0.9:554/Streaming/Channels/102",
                "rtsp://***@10.0.0.9:554/Streaming/Channels/102",
                true,
            ),
            ("rtsp://10.0.0.9/user=admin_password=s3cret_channel=1.sdp", "rtsp://10.0.0.9/***", true),
            ("RTSP://cam.local/a", "rtsp://cam.local/a", true),
            ("http://cam/mjpg?user=admin&pwd=s3cret", "http://cam/mjpg?***", true),
            ("http://s3cret@cam:8080/", "http://***@cam:8080/", true),
            ("/dev/video12", "/dev/video12", true),
            ("/srv/clips/a.mp4", "/srv/clips/a.mp4", false),
            ("clips/大厅.mp4", "/base/clips/大厅.mp4", false),
        ] {
            let source = Source::parse(text, Path::new("/base")).unwrap();
            assert_eq!(source.to_string(), shown, "{text}");
            assert_eq!(source.is_live(), live, "{text}");
            assert!(!format!("{source:?}").contains("s3cret"), "{text}");
        }
    }

    #[test]
    fn what_is_no_source_is_refused_in_one_line_without_credentials() {
        for (text, part) in [
            ("", "empty"),
            ("ftp://admin:s3cret@10.0.0.9/a", "ftp:// is not supported"),
            ("rtsps://10.0.0.9/a", "rtsps:// is not supported"),
            ("rtsp://admin:s3cret#1@10.0.0.9/a", "%23 for #"),
            ("rtsp:///a", "host"),
            ("rtsp://10.0.0.9:99999/s3cret", "port"),
            ("/dev/video", "no video device"),
            ("/dev/null", "no video device"),
            ("clip\0.mp4", "zero byte"),
        ] {
            let message = Source::parse(text, Path::new("")).unwrap_err().to_string();
            assert!(message.contains(part), "{text:?}: {message}");
            assert!(message.contains("a source is rtsp://"), "{text:?}: {message}");
            assert!(!message.contains("s3cret") && !message.contains('\n'), "{text:?}: {message}");
        }
    }
}
