//! Files and folders, read as fast as they come: for replays, evaluation and, paced, for clips.

use super::error::CaptureError;
use super::network::quieten_ffmpeg;
use super::picture::{cannot_read, is_picture, read_picture, to_rgb};
use chuangming_models::image::RgbImage;
use ffmpeg_next::media;
use opencv::core::Mat;
use opencv::videoio::{CAP_FFMPEG, VideoCapture, VideoCaptureTrait, VideoCaptureTraitConst};
use std::path::{Path, PathBuf};
use tracing::warn;

/// When a frame is, within its media.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Moment {
    /// Counted from 0.
    pub index: u64,
    /// Seconds from the start: `index / fps`, except where the file's own timestamps differ by more than half a frame.
    pub t: f64,
}

/// One frame of a file or folder.
#[derive(Debug)]
pub struct MediaFrame {
    /// Counted from 0.
    pub index: u64,
    /// Seconds from the start.
    pub t: f64,
    /// The pixels.
    pub image: RgbImage,
}

/// Reads a video file, a picture or a folder of pictures (in the order of their names, numbers by value).
pub struct MediaReader {
    place: String,
    frames: Frames,
    fps: f64,
    /// The frame that [`MediaReader::advance`] went to.
    current: Option<Moment>,
}

enum Frames {
    Video {
        capture: VideoCapture,
        /// The frames' own times.
        stamps: Option<Vec<f64>>,
        /// How many frames the file says it has, 0 if it does not say.
        declared: u64,
    },
    Pictures(Vec<PathBuf>),
}

const VIDEO_SUFFIXES: [&str; 16] = [
    "mp4", "m4v", "mov", "mkv", "webm", "avi", "ts", "mts", "m2ts", "mpg", "mpeg", "flv", "3gp", "h264",
    "h265", "mjpeg",
];

impl MediaReader {
    /// Opens media. `fps` overrides all that a video says of its times; pictures have one a second unless it is given.
    ///
    /// # Errors
    /// When there is nothing that can be decoded.
    pub fn open(path: &Path, fps: Option<f64>) -> Result<Self, CaptureError> {
        let place = path.display().to_string();
        let kind = std::fs::metadata(path).map_err(|cause| cannot_read(path, cause))?;
        let (frames, own_fps) = if kind.is_dir() {
            (Frames::Pictures(pictures_in(path)?), 1.0)
        } else if is_picture(path) {
            (Frames::Pictures(vec![path.to_owned()]), 1.0)
        } else {
            open_video(path, fps.is_none())?
        };
        let fps = fps.unwrap_or(own_fps);
        if !(0.01..=240.0).contains(&fps) {
            return Err(CaptureError::FrameRate { place, fps });
        }
        Ok(Self { place, frames, fps, current: None })
    }

    /// Frames a second.
    #[must_use]
    pub fn fps(&self) -> f64 {
        self.fps
    }

    /// Whether it is one picture only, which has no course of time.
    #[must_use]
    pub fn is_still(&self) -> bool {
        matches!(&self.frames, Frames::Pictures(paths) if paths.len() == 1)
    }

    /// The next frame, `None` after the last.
    ///
    /// # Errors
    /// When it cannot be decoded.
    #[allow(clippy::should_implement_trait, reason = "an error is not the end")]
    pub fn next(&mut self) -> Result<Option<MediaFrame>, CaptureError> {
        match self.advance()? {
            Some(Moment { index, t }) => Ok(Some(MediaFrame { index, t, image: self.picture()? })),
            None => Ok(None),
        }
    }

    /// Goes to the next frame without converting it, `None` after the last.
    ///
    /// # Errors
    /// When the first frame of a video cannot be decoded.
    pub fn advance(&mut self) -> Result<Option<Moment>, CaptureError> {
        let index = self.current.map_or(0, |last| last.index + 1);
        let steady = index as f64 / self.fps;
        let t = match &mut self.frames {
            Frames::Pictures(paths) if index < paths.len() as u64 => steady,
            Frames::Pictures(_) => return Ok(None),
            Frames::Video { capture, stamps, declared } => {
                if !capture.grab().unwrap_or(false) {
                    if index + 2 < *declared {
                        warn!(
                            file = self.place,
                            read = index,
                            declared,
                            "the video ends early: it may be cut off"
                        );
                    }
                    return if index == 0 { Err(self.no_video()) } else { Ok(None) };
                }
                let stamp = stamps.as_ref().and_then(|stamps| stamps.get(index as usize));
                settle(steady, stamp.copied(), self.fps, self.current)
            }
        };
        self.current = Some(Moment { index, t });
        Ok(self.current)
    }

    /// The pixels of the frame that [`MediaReader::advance`] went to.
    ///
    /// # Errors
    /// When it cannot be decoded, or there is none.
    pub fn picture(&mut self) -> Result<RgbImage, CaptureError> {
        let Some(Moment { index, .. }) = self.current else { return Err(self.no_video()) };
        match &mut self.frames {
            Frames::Pictures(paths) => match paths.get(index as usize) {
                Some(path) => read_picture(path),
                None => Err(self.no_video()),
            },
            Frames::Video { capture, .. } => {
                let mut bgr = Mat::default();
                match capture.retrieve_def(&mut bgr) {
                    Ok(true) => to_rgb(&bgr, &self.place),
                    _ => Err(self.no_video()),
                }
            }
        }
    }

    fn no_video(&self) -> CaptureError {
        CaptureError::NoVideo { place: self.place.clone() }
    }
}

/// The regular time of a frame unless the file's own stamp clearly differs (variable frame rate); never before the last.
fn settle(steady: f64, stamp: Option<f64>, fps: f64, last: Option<Moment>) -> f64 {
    let t = stamp.filter(|stamp| (stamp - steady).abs() > 0.5 / fps).unwrap_or(steady);
    last.map_or(t, |last| t.max(last.t))
}

/// The video and its frame rate; its own times only if they are wanted. OpenCV decodes; FFmpeg itself is asked first, because it knows the times of the frames
/// and says quietly what OpenCV would write to the process's error output.
fn open_video(path: &Path, own_times: bool) -> Result<(Frames, f64), CaptureError> {
    let no_video = || CaptureError::NoVideo { place: path.display().to_string() };
    let suffix = path.extension().and_then(|suffix| suffix.to_str()).unwrap_or_default();
    // FFmpeg would play a text file as a terminal's screen.
    if !VIDEO_SUFFIXES.iter().any(|known| suffix.eq_ignore_ascii_case(known)) {
        return Err(no_video());
    }
    // An absolute path, so that FFmpeg takes no part of it for a protocol.
    let absolute = path.canonicalize().map_err(|cause| cannot_read(path, cause))?;
    std::fs::File::open(&absolute).map_err(|cause| cannot_read(path, cause))?;
    quieten_ffmpeg();
    let FrameTimes { fps, stamps, declared } = frame_times(&absolute, own_times).map_err(|_| no_video())?;
    let capture = VideoCapture::from_file(&absolute, CAP_FFMPEG).map_err(|_| no_video())?;
    quieten_ffmpeg(); // OpenCV has just undone it.
    if !capture.is_opened().unwrap_or(false) {
        return Err(no_video());
    }
    Ok((Frames::Video { capture, stamps, declared }, fps))
}

struct FrameTimes {
    fps: f64,
    stamps: Option<Vec<f64>>,
    declared: u64,
}

/// Frames a second as declared and the time of each frame in seconds after the first, if the file stamps them. The file
/// is read once for that, without decoding: containers declare steady rates for videos that have gaps.
fn frame_times(path: &Path, own_times: bool) -> Result<FrameTimes, ffmpeg_next::Error> {
    let mut input = ffmpeg_next::format::input(path)?;
    let stream = input.streams().best(media::Type::Video).ok_or(ffmpeg_next::Error::StreamNotFound)?;
    let (index, tick) = (stream.index(), f64::from(stream.time_base()));
    let declared = stream.frames().try_into().unwrap_or(0);
    let [average, finest] = [stream.avg_frame_rate(), stream.rate()].map(f64::from);
    // A file without an index, such as a bare H.264 stream, has no average: 0/0.
    let fps = if average > 0.0 { average } else { finest };
    if !own_times {
        return Ok(FrameTimes { fps, stamps: None, declared });
    }
    let packets = input.packets().filter(|(stream, _)| stream.index() == index);
    let stamps = packets.map(|(_, packet)| packet.pts()).collect::<Option<Vec<i64>>>().map(|mut stamps| {
        stamps.sort_unstable();
        let first = stamps.first().copied().unwrap_or_default();
        stamps.into_iter().map(|stamp| (stamp - first) as f64 * tick).collect()
    });
    Ok(FrameTimes { fps, stamps, declared })
}

fn pictures_in(folder: &Path) -> Result<Vec<PathBuf>, CaptureError> {
    let mut paths = Vec::new();
    for entry in std::fs::read_dir(folder).map_err(|cause| cannot_read(folder, cause))? {
        let path = entry.map_err(|cause| cannot_read(folder, cause))?.path();
        if is_picture(&path) {
            paths.push(path);
        }
    }
    if paths.is_empty() {
        return Err(CaptureError::EmptyFolder { place: folder.display().to_string() });
    }
    paths.sort_by_cached_key(|path| natural_key(path));
    Ok(paths)
}

/// Sorts `frame10` after `frame9`: digits are compared by value, the rest by character.
fn natural_key(path: &Path) -> Vec<(String, u64)> {
    let name = path.file_name().unwrap_or_default().to_string_lossy().into_owned();
    let mut key = vec![(String::new(), 0)];
    let mut in_number = false;
    for c in name.chars() {
        match c.to_digit(10) {
            Some(digit) => {
                let number: &mut u64 = &mut key.last_mut().expect("never empty").1;
                *number = number.saturating_mul(10).saturating_add(u64::from(digit));
            }
            None => {
                if in_number {
                    key.push((String::new(), 0));
                }
                key.last_mut().expect("never empty").0.push(c);
            }
        }
        in_number = c.is_ascii_digit();
    }
    key
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pictures_are_in_the_order_of_their_numbers() {
        let mut names =
            ["f10.png", "f9.png", "a2b10.png", "a2b9.png", "f010.png", "中2.png", "中1.png"].map(Path::new);
        names.sort_by_cached_key(|path| natural_key(path));
        assert_eq!(
            names.map(|path| path.to_str().unwrap()),
            ["a2b9.png", "a2b10.png", "f9.png", "f10.png", "f010.png", "中1.png", "中2.png"]
        );
    }

    #[test]
    fn stamps_count_only_where_they_clearly_differ() {
        let last = Some(Moment { index: 3, t: 0.6 });
        for (steady, stamp, last, expected) in [
            (0.0, None, None, 0.0),
            (0.0, Some(0.0), None, 0.0),
            (0.8, None, last, 0.8),
            (0.8, Some(0.801), last, 0.8),
            (0.8, Some(1.7), last, 1.7),
            (0.8, Some(0.3), last, 0.6),
        ] {
            assert_eq!(settle(steady, stamp, 5.0, last), expected, "{steady} stamped {stamp:?}");
        }
    }
}
