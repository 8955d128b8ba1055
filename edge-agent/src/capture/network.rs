//! Network cameras through FFmpeg: RTSP (H.264, H.265, MJPEG; over TCP first) and HTTP (MJPEG).
//!
//! FFmpeg asks [`Watch`] again and again while it waits, so that no server, however it hangs, holds a camera's thread
//! longer than its time-outs.

use super::error::CaptureError;
use super::frame::{Frame, FrameSource};
use super::pace::Pace;
use super::picture::check_size;
use super::source::CaptureSettings;
use super::stop::Stop;
use crate::clock::SteadyClock;
use chuangming_models::image::RgbImage;
use ffmpeg_next::codec::{Context, decoder};
use ffmpeg_next::format::{Pixel, context::Input, input_with_interrupt_and_dictionary};
use ffmpeg_next::software::scaling;
use ffmpeg_next::util::error::EAGAIN;
use ffmpeg_next::{Dictionary, Error, Packet, frame::Video, media};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};
use url::Url;

/// An open network stream with its decoder.
pub(super) struct NetworkSource {
    place: String,
    watch: Arc<Watch>,
    input: Input,
    stream: usize,
    decoder: decoder::Video,
    scaler: Option<scaling::Context>,
    pace: Pace,
    clock: Arc<SteadyClock>,
    read_timeout: Duration,
}

impl NetworkSource {
    pub(super) fn open(
        url: &Url,
        place: String,
        settings: &CaptureSettings,
        clock: Arc<SteadyClock>,
        stop: &Arc<Stop>,
    ) -> Result<Self, CaptureError> {
        quieten_ffmpeg();
        ffmpeg_next::format::network::init();
        let watch = Arc::new(Watch::new(Arc::clone(stop)));
        watch.allow(settings.open_timeout);
        let failed = |error| watch.explain(error, &place, "opening the stream", settings.open_timeout);
        let interrupt = Arc::clone(&watch);
        let input =
            input_with_interrupt_and_dictionary(url.as_str(), move || interrupt.is_over(), options(url))
                .map_err(failed)?;
        let stream = input.streams().best(media::Type::Video).ok_or(Error::StreamNotFound).map_err(failed)?;
        let decoder = Context::from_parameters(stream.parameters())
            .and_then(|context| context.decoder().video())
            .map_err(failed)?;
        let stream = stream.index();
        Ok(Self {
            watch: Arc::clone(&watch),
            stream,
            decoder,
            scaler: None,
            pace: Pace::new(settings.max_fps),
            clock,
            read_timeout: settings.read_timeout,
            input,
            place,
        })
    }

    /// Feeds the decoder until it has a picture. Packets that cannot be decoded are passed over: streams join in
    /// the middle of a group of pictures and lose packets; the time-out ends what never becomes a picture.
    fn decode(&mut self, decoded: &mut Video) -> Result<(), CaptureError> {
        self.watch.allow(self.read_timeout);
        while self.decoder.receive_frame(decoded).is_err() || decoded.is_corrupt() {
            let mut packet = Packet::empty();
            match packet.read(&mut self.input) {
                Ok(()) if packet.stream() == self.stream => {
                    let _ = self.decoder.send_packet(&packet);
                }
                Ok(()) | Err(Error::Other { errno: EAGAIN }) => {}
                Err(error) => return Err(self.failed(error)),
            }
            if self.watch.is_over() {
                return Err(self.failed(Error::Exit));
            }
        }
        Ok(())
    }

    fn convert(&mut self, decoded: &Video) -> Result<RgbImage, CaptureError> {
        let (width, height, format) = (decoded.width(), decoded.height(), decoded.format());
        check_size(width, height, &self.place)?;
        let wanted = scaling::context::Definition { format, width, height };
        let mut scaler = match self.scaler.take().filter(|scaler| *scaler.input() == wanted) {
            Some(scaler) => scaler,
            // The camera's settings were changed while it ran, or this is the first picture.
            None => scaling::Context::get(
                format,
                width,
                height,
                Pixel::RGB24,
                width,
                height,
                scaling::Flags::BILINEAR,
            )
            .map_err(|error| self.failed(error))?,
        };
        let mut rgb = Video::empty();
        scaler.run(decoded, &mut rgb).map_err(|error| self.failed(error))?;
        self.scaler = Some(scaler);
        let row = width as usize * 3;
        let mut pixels = Vec::with_capacity(row * height as usize);
        for line in rgb.data(0).chunks(rgb.stride(0)).take(height as usize) {
            pixels.extend_from_slice(&line[..row]);
        }
        RgbImage::from_raw(width, height, pixels).map_err(|_| self.failed(Error::InvalidData))
    }

    fn failed(&self, error: Error) -> CaptureError {
        self.watch.explain(error, &self.place, "reading the stream", self.read_timeout)
    }
}

impl FrameSource for NetworkSource {
    fn next(&mut self) -> Result<Frame, CaptureError> {
        let mut decoded = Video::empty();
        loop {
            self.decode(&mut decoded)?;
            let now = Instant::now();
            if self.pace.choose(now) {
                let image = self.convert(&decoded)?;
                return Ok(Frame {
                    at: self.clock.at(now),
                    image: Arc::new(image),
                    loop_restarted: false,
                    dropped: 0,
                });
            }
        }
    }
}

/// What goes wrong is said by our errors; FFmpeg's own log is noisy and not ours to keep free of secrets.
pub(super) fn quieten_ffmpeg() {
    ffmpeg_next::log::set_level(ffmpeg_next::log::Level::Quiet);
}

/// FFmpeg's options: little buffering, quick probing, video only, and no protocol but those of cameras, so that
/// a hostile server cannot make FFmpeg open files.
fn options(url: &Url) -> Dictionary<'static> {
    let mut options = Dictionary::new();
    options.set("protocol_whitelist", "rtsp,rtp,udp,tcp,http");
    options.set("fflags", "nobuffer");
    options.set("analyzeduration", "1500000");
    options.set("fpsprobesize", "0");
    if url.scheme() == "rtsp" {
        options.set("rtsp_flags", "prefer_tcp");
        options.set("allowed_media_types", "video");
    }
    options
}

/// Tells FFmpeg when to give up: at a deadline or when the camera is stopped.
struct Watch {
    stop: Arc<Stop>,
    start: Instant,
    /// Milliseconds after `start`.
    deadline: AtomicU64,
}

impl Watch {
    fn new(stop: Arc<Stop>) -> Self {
        Self { stop, start: Instant::now(), deadline: AtomicU64::new(0) }
    }

    fn allow(&self, time: Duration) {
        self.deadline.store(millis(self.start.elapsed() + time), Ordering::Relaxed);
    }

    fn is_over(&self) -> bool {
        millis(self.start.elapsed()) > self.deadline.load(Ordering::Relaxed) || self.stop.is_set()
    }

    fn explain(&self, error: Error, place: &str, doing: &'static str, limit: Duration) -> CaptureError {
        let place = place.to_owned();
        match error {
            _ if self.stop.is_set() => CaptureError::Stopped { place },
            _ if self.is_over() => CaptureError::TimedOut { place, doing, limit },
            Error::Eof => CaptureError::Ended { place },
            Error::StreamNotFound => {
                CaptureError::Failed { place, doing, why: "it holds no video".to_owned() }
            }
            _ => CaptureError::Failed { place, doing, why: error.to_string() },
        }
    }
}

fn millis(time: Duration) -> u64 {
    u64::try_from(time.as_millis()).unwrap_or(u64::MAX)
}
