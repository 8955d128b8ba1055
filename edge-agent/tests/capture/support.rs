//! Clips made with the `ffmpeg` program, a real RTSP server, and an HTTP server that may misbehave.

use chuangming_edge_agent::capture::{CaptureError, CaptureSettings, Frame, FrameSource, Source, Stop};
use chuangming_edge_agent::clock::SteadyClock;
use std::io::{BufRead, BufReader, Read, Write};
use std::net::{TcpListener, TcpStream};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, LazyLock};
use std::time::Duration;
use tempfile::TempDir;

/// What a loaded machine may take longer than a time-out says.
pub(crate) const SLACK: Duration = Duration::from_secs(20);

/// Shorter waits than a hall's, so that the tests end soon.
pub(crate) fn settings() -> CaptureSettings {
    CaptureSettings {
        open_timeout: Duration::from_secs(10),
        read_timeout: Duration::from_secs(3),
        backoff_first: Duration::from_millis(200),
        backoff_cap: Duration::from_secs(1),
        ..CaptureSettings::default()
    }
}

pub(crate) fn source(text: &str) -> Source {
    Source::parse(text, Path::new("")).unwrap()
}

pub(crate) fn open(text: &str, settings: &CaptureSettings) -> Result<Box<dyn FrameSource>, CaptureError> {
    source(text).open(settings, &Arc::new(SteadyClock::default()), &Arc::new(Stop::default()))
}

/// Opens the source and takes some frames.
pub(crate) fn frames(text: &str, settings: &CaptureSettings, n: usize) -> Result<Vec<Frame>, CaptureError> {
    let mut source = open(text, settings)?;
    (0..n).map(|_| source.next()).collect()
}

/// Runs `ffmpeg` with these arguments and an output file in a folder of its own.
pub(crate) fn ffmpeg(arguments: &str, output: &Path) {
    let status = Command::new("ffmpeg")
        .args(["-nostdin", "-loglevel", "error", "-y"])
        .args(arguments.split_whitespace())
        .arg(output)
        .status()
        .expect("the program ffmpeg is needed for this test");
    assert!(status.success(), "ffmpeg {arguments} {}", output.display());
}

/// A moving test picture with noise, 640x360 at 10 frames a second for a minute.
pub(crate) struct Clips {
    folder: TempDir,
}

pub(crate) static CLIPS: LazyLock<Clips> = LazyLock::new(|| {
    let clips = Clips { folder: tempfile::tempdir().unwrap() };
    let moving =
        "-f lavfi -i testsrc2=size=640x360:rate=10:duration=60,noise=alls=8:allf=t -pix_fmt yuv420p -g 10";
    ffmpeg(&format!("{moving} -c:v libx264 -preset ultrafast -tune zerolatency"), &clips.h264());
    ffmpeg(
        &format!(
            "-i {} -c:v libx265 -preset ultrafast -t 20 -g 10 -x265-params log-level=error -tag:v hvc1",
            clips.h264().display()
        ),
        &clips.h265(),
    );
    clips
});

impl Clips {
    pub(crate) fn h264(&self) -> PathBuf {
        self.folder.path().join("h264.mp4")
    }

    pub(crate) fn h265(&self) -> PathBuf {
        self.folder.path().join("h265.mp4")
    }
}

/// The RTSP server; killed when dropped.
pub(crate) struct RtspServer {
    child: Child,
    port: u16,
}

impl RtspServer {
    pub(crate) fn start(port: u16) -> Self {
        let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("../tests/tools/rtsp_server.py");
        let mut child = Command::new("/usr/bin/python3")
            .arg(script)
            .arg(port.to_string())
            .arg(format!("h264=h264:{}", CLIPS.h264().display()))
            .arg(format!("h265=h265:{}", CLIPS.h265().display()))
            .stdout(Stdio::piped())
            .spawn()
            .expect("/usr/bin/python3 is needed for this test");
        let mut line = String::new();
        BufReader::new(child.stdout.take().unwrap()).read_line(&mut line).unwrap();
        assert_eq!(line.trim(), "ready", "the RTSP server did not start");
        Self { child, port }
    }

    pub(crate) fn url(&self, stream: &str) -> String {
        format!("rtsp://127.0.0.1:{}/{stream}", self.port)
    }
}

impl Drop for RtspServer {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// A port that nobody listens on now.
pub(crate) fn free_port() -> u16 {
    TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port()
}

/// What a TCP server does with each connection.
#[derive(Clone)]
pub(crate) enum Manner {
    /// Accepts and never answers.
    Hang,
    /// Answers something that is no video.
    Babble,
    /// Sends these JPEG files as a motion JPEG stream, ten a second, over and over.
    MotionJpeg(Vec<PathBuf>),
    /// Sends so many of them, then nothing more, but keeps the connection.
    MotionJpegThenHang(Vec<PathBuf>, usize),
    /// Sends so many of them and closes.
    MotionJpegThenClose(Vec<PathBuf>, usize),
}

/// A TCP server on loopback; its threads end with it.
pub(crate) struct Server {
    pub(crate) port: u16,
    over: Arc<AtomicBool>,
}

impl Server {
    pub(crate) fn start(manner: Manner) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let port = listener.local_addr().unwrap().port();
        let over = Arc::new(AtomicBool::new(false));
        let server = Self { port, over: Arc::clone(&over) };
        std::thread::spawn(move || {
            for connection in listener.incoming().flatten() {
                if over.load(Ordering::Relaxed) {
                    return;
                }
                let (manner, over) = (manner.clone(), Arc::clone(&over));
                std::thread::spawn(move || serve(connection, &manner, &over));
            }
        });
        server
    }

    pub(crate) fn url(&self, scheme: &str) -> String {
        format!("{scheme}://127.0.0.1:{}/video", self.port)
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        self.over.store(true, Ordering::Relaxed);
        let _ = TcpStream::connect(("127.0.0.1", self.port));
    }
}

fn serve(mut connection: TcpStream, manner: &Manner, over: &AtomicBool) {
    let hang = || {
        while !over.load(Ordering::Relaxed) {
            std::thread::sleep(Duration::from_millis(20));
        }
    };
    match manner {
        Manner::Hang => hang(),
        Manner::Babble => {
            let _ = connection.read(&mut [0; 4096]);
            let _ = connection.write_all(&[b"HTTP/1.1 200 OK\r\n\r\n".as_slice(), &[0x5a; 20_000]].concat());
        }
        Manner::MotionJpeg(pictures) => motion_jpeg(&mut connection, pictures, usize::MAX, over),
        Manner::MotionJpegThenClose(pictures, n) => motion_jpeg(&mut connection, pictures, *n, over),
        Manner::MotionJpegThenHang(pictures, n) => {
            motion_jpeg(&mut connection, pictures, *n, over);
            hang();
        }
    }
}

fn motion_jpeg(connection: &mut TcpStream, pictures: &[PathBuf], n: usize, over: &AtomicBool) {
    let _ = connection.read(&mut [0; 4096]);
    let head = "HTTP/1.1 200 OK\r\nContent-Type: multipart/x-mixed-replace; boundary=next\r\n\r\n";
    let mut alive = connection.write_all(head.as_bytes()).is_ok();
    for picture in pictures.iter().cycle().take(n) {
        if !alive || over.load(Ordering::Relaxed) {
            return;
        }
        let jpeg = std::fs::read(picture).unwrap();
        let part = format!("--next\r\nContent-Type: image/jpeg\r\nContent-Length: {}\r\n\r\n", jpeg.len());
        alive = connection.write_all(&[part.as_bytes(), &jpeg, b"\r\n"].concat()).is_ok();
        std::thread::sleep(Duration::from_millis(100));
    }
}
