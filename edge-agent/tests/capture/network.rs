use super::support::{Manner, RtspServer, SLACK, Server, ffmpeg, frames, free_port, open, settings, source};
use chuangming_domain::id::CameraId;
use chuangming_domain::wire::{HealthKind, HealthPhase};
use chuangming_edge_agent::capture::{
    Camera, CameraHealth, CameraState, CaptureError, CaptureSettings, Glance, HealthSettings, Transition,
};
use chuangming_edge_agent::clock::SteadyClock;
use jiff::Timestamp;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::{Duration, Instant};
use tempfile::TempDir;

#[test]
fn rtsp_brings_h264_and_h265_at_the_wanted_rate() {
    let server = RtspServer::start(free_port());
    for stream in ["h264", "h265"] {
        let frames =
            frames(&server.url(stream), &settings(), 12).unwrap_or_else(|error| panic!("{stream}: {error}"));
        for frame in &frames {
            assert_eq!((frame.image.width(), frame.image.height()), (640, 360), "{stream}");
        }
        let detail = Glance::of(&frames[11].image).detail();
        assert!(detail > 5.0, "{stream}: a test picture, not a grey one: {detail}");
        assert!(frames.windows(2).all(|pair| pair[0].at < pair[1].at), "{stream}: time goes on");
        let seconds = frames[11].at.duration_since(frames[0].at).as_secs_f64();
        assert!(seconds > 1.9, "{stream}: 10 frames a second come, 5 are wanted; 11 more took {seconds} s");
    }
}

/// A camera with its health, as the agent watches it.
struct Watched {
    camera: Camera,
    health: CameraHealth,
    frames: Vec<Timestamp>,
    reports: Vec<Transition>,
}

impl Watched {
    fn start(id: &str, url: &str, clock: &Arc<SteadyClock>) -> Self {
        let camera =
            Camera::start(CameraId::new(id).unwrap(), source(url), settings(), Arc::clone(clock)).unwrap();
        let health = CameraHealth::new(HealthSettings::LIVE, clock.now());
        Self { camera, health, frames: Vec::new(), reports: Vec::new() }
    }

    fn look(&mut self, clock: &SteadyClock) {
        match self.camera.wait(Duration::from_millis(20)) {
            Some(frame) => {
                self.frames.push(frame.at);
                self.reports.extend(self.health.frame(frame.at, &Glance::of(&frame.image), true));
            }
            None => self.reports.extend(self.health.tick(clock.now(), true)),
        }
    }

    /// Frames a second since then.
    fn rate(&self, since: Timestamp, clock: &SteadyClock) -> f64 {
        let n = self.frames.iter().filter(|at| **at >= since).count();
        n as f64 / clock.now().duration_since(since).as_secs_f64()
    }
}

#[test]
fn a_cut_stream_is_found_offline_and_comes_back_and_the_other_camera_does_not_notice() {
    let clock = Arc::new(SteadyClock::default());
    let (port, other_server) = (free_port(), RtspServer::start(free_port()));
    let server = RtspServer::start(port);
    let url = server.url("h264");
    let mut cut = Watched::start("cut", &url, &clock);
    let mut other = Watched::start("other", &other_server.url("h264"), &clock);
    let until = |cut: &mut Watched,
                 other: &mut Watched,
                 limit: Duration,
                 what: &str,
                 done: &dyn Fn(&Watched, &Watched) -> bool| {
        let began = Instant::now();
        while !done(cut, other) {
            assert!(
                began.elapsed() < limit,
                "{what}: not within {limit:?}; reports {:?}, {:?}",
                cut.reports,
                cut.camera.counters()
            );
            cut.look(&clock);
            other.look(&clock);
        }
    };

    until(&mut cut, &mut other, SLACK * 2, "frames of both", &|cut, other| {
        cut.frames.len() >= 10 && other.frames.len() >= 10
    });
    assert_eq!((cut.health.state(), other.health.state()), (CameraState::Ok, CameraState::Ok));
    let calm = clock.now();
    let pause = Instant::now();
    until(&mut cut, &mut other, SLACK, "three calm seconds", &|_, _| {
        pause.elapsed() > Duration::from_secs(3)
    });
    let calm_rate = other.rate(calm, &clock);

    drop(server);
    let (killed, last_frame) = (clock.now(), *cut.frames.last().unwrap());
    until(&mut cut, &mut other, SLACK, "offline", &|cut, _| {
        cut.reports.iter().any(|t| t.kind == HealthKind::CameraOffline)
    });
    let silence = cut.reports[0].at.duration_since(last_frame).as_secs_f64();
    // Measured on the camera's own clock: the requirement's ten seconds, whatever else the machine does meanwhile.
    assert!(silence <= 10.0, "found offline {silence} s after the last frame");
    assert_ne!(cut.health.state(), CameraState::Ok);
    assert!(cut.camera.counters().failing.is_some());
    let outage_rate = other.rate(killed, &clock);
    assert!(
        outage_rate > calm_rate / 2.0,
        "the other camera: {calm_rate} frames a second before, {outage_rate} after the cut"
    );

    let server = RtspServer::start(port);
    until(&mut cut, &mut other, SLACK * 2, "back", &|cut, _| cut.health.state() == CameraState::Ok);
    let phases: Vec<_> = cut.reports.iter().map(|t| (t.kind, t.phase)).collect();
    assert_eq!(
        phases,
        [(HealthKind::CameraOffline, HealthPhase::Raised), (HealthKind::CameraOffline, HealthPhase::Cleared)]
    );
    assert!(cut.frames.windows(2).all(|pair| pair[0] < pair[1]), "time never goes backwards");
    assert!(other.reports.is_empty(), "{:?}", other.reports);
    assert_eq!(other.camera.counters().failures, 0);
    for watched in [cut, other] {
        watched.camera.stop(SLACK).unwrap();
    }
    drop(server);
}

fn jpegs() -> (TempDir, Vec<PathBuf>) {
    let folder = tempfile::tempdir().unwrap();
    ffmpeg("-f lavfi -i testsrc2=size=320x180:rate=10:duration=1", &folder.path().join("%02d.jpg"));
    let files = (1..=10).map(|n| folder.path().join(format!("{n:02}.jpg"))).collect();
    (folder, files)
}

#[test]
fn http_brings_motion_jpeg() {
    let (_folder, pictures) = jpegs();
    let server = Server::start(Manner::MotionJpeg(pictures));
    let frames = frames(&server.url("http"), &settings(), 10).unwrap();
    assert_eq!((frames[9].image.width(), frames[9].image.height()), (320, 180));
    assert!(Glance::of(&frames[9].image).detail() > 5.0);
    let seconds = frames[9].at.duration_since(frames[0].at).as_secs_f64();
    assert!(seconds > 1.5, "10 frames a second come, 5 are wanted; 9 more took {seconds} s");
}

/// Reads until the source fails; says how and how long the last call took.
fn failure(url: &str, settings: &CaptureSettings) -> (CaptureError, Duration) {
    let began = Instant::now();
    let mut source = match open(url, settings) {
        Ok(source) => source,
        Err(error) => return (error, began.elapsed()),
    };
    loop {
        let began = Instant::now();
        if let Err(error) = source.next() {
            return (error, began.elapsed());
        }
    }
}

#[test]
fn no_server_holds_a_camera_longer_than_its_time_outs() {
    let (_folder, pictures) = jpegs();
    let limits = CaptureSettings { open_timeout: Duration::from_secs(2), ..settings() };
    let hanging = Server::start(Manner::Hang);
    let falling_silent = Server::start(Manner::MotionJpegThenHang(pictures, 40));
    for (url, doing, limit) in [
        (hanging.url("rtsp"), "opening the stream", limits.open_timeout),
        (hanging.url("http"), "opening the stream", limits.open_timeout),
        (falling_silent.url("http"), "reading the stream", limits.read_timeout),
    ] {
        let (error, took) = failure(&url, &limits);
        let message = error.to_string();
        assert!(
            matches!(error, CaptureError::TimedOut { .. }) && message.contains(doing),
            "{url}: {message}"
        );
        assert!(took >= limit / 2 && took < limit + SLACK, "{url}: {message}, after {took:?}");
    }
}

#[test]
fn what_is_no_stream_is_told_in_one_line_without_credentials() {
    let (_folder, pictures) = jpegs();
    let closing = Server::start(Manner::MotionJpegThenClose(pictures, 30));
    let babbling = Server::start(Manner::Babble);
    let nobody = free_port();
    for (url, part) in [
        (format!("rtsp://admin:s3cret@127.0.0.1:{nobody}/a?key=s3cret"), "refused"),
        (format!("http://admin:s3cret@127.0.0.1:{nobody}/a?key=s3cret"), "refused"),
        ("http://camera.invalid/a?key=s3cret".to_owned(), "opening the stream failed"),
        (format!("http://admin:s3cret@127.0.0.1:{}/", babbling.port), "opening the stream failed"),
        (format!("rtsp://admin:s3cret@127.0.0.1:{}/", babbling.port), "opening the stream"),
        (format!("http://admin:s3cret@127.0.0.1:{}/", closing.port), "the stream"),
    ] {
        let message = failure(&url, &settings()).0.to_string();
        assert!(message.contains(part), "{url}: {message}");
        assert!(!message.contains("s3cret") && !message.contains('\n'), "{message}");
    }
}

#[test]
fn a_camera_stops_whatever_its_server_does() {
    let (_folder, pictures) = jpegs();
    let patient = CaptureSettings {
        open_timeout: Duration::from_secs(600),
        read_timeout: Duration::from_secs(600),
        ..settings()
    };
    let (hanging, silent) =
        (Server::start(Manner::Hang), Server::start(Manner::MotionJpegThenHang(pictures, 40)));
    let clock = Arc::new(SteadyClock::default());
    let urls = [hanging.url("rtsp"), hanging.url("http"), silent.url("http")];
    let cameras = urls.map(|url| {
        Camera::start(CameraId::new("cam-1").unwrap(), source(&url), patient, Arc::clone(&clock)).unwrap()
    });
    assert!(cameras[2].wait(SLACK).is_some());
    std::thread::sleep(Duration::from_secs(6));
    for camera in &cameras {
        camera.ask_to_stop();
    }
    for camera in cameras {
        camera.stop(SLACK).unwrap();
    }
}

#[test]
fn red_stays_red_over_the_network() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("red.jpg");
    // An odd width, whose rows FFmpeg pads.
    ffmpeg("-f lavfi -i color=red:size=322x182 -frames:v 1", &path);
    let server = Server::start(Manner::MotionJpeg(vec![path]));
    let frames = frames(&server.url("http"), &settings(), 1).unwrap();
    let image = &frames[0].image;
    let row = image.row(image.height() - 1);
    for pixel in [&row[..3], &row[row.len() - 3..]] {
        assert!(pixel[0] > 200 && pixel[1] < 60 && pixel[2] < 60, "{pixel:?}");
    }
}
