use super::support::{CLIPS, ffmpeg, frames, open, settings, source};
use chuangming_domain::id::CameraId;
use chuangming_domain::wire::HealthKind;
use chuangming_edge_agent::capture::{
    Camera, CameraHealth, CaptureSettings, Glance, HealthSettings, MediaReader, read_picture,
};
use chuangming_edge_agent::clock::SteadyClock;
use chuangming_models::image::RgbImage;
use jiff::{SignedDuration, Timestamp};
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

/// Brightness of the three channels in the middle of a picture.
fn colour(image: &RgbImage) -> [u8; 3] {
    let row = image.row(image.height() / 2);
    row[row.len() / 6 * 3..][..3].try_into().unwrap()
}

fn is_red(image: &RgbImage) -> bool {
    let [red, green, blue] = colour(image);
    red > 200 && green < 60 && blue < 60
}

fn read_all(path: &Path, fps: Option<f64>) -> Vec<(u64, f64)> {
    let mut reader = MediaReader::open(path, fps).unwrap();
    std::iter::from_fn(|| reader.next().unwrap()).map(|frame| (frame.index, frame.t)).collect()
}

#[test]
fn a_clip_of_five_frames_a_second_has_exactly_its_times() {
    let folder = tempfile::tempdir().unwrap();
    for (name, codec) in [
        ("a.mp4", "libx264"),
        ("b.mkv", "libx264"),
        ("c.avi", "mjpeg"),
        ("d.mp4", "libx265 -x265-params log-level=error"),
    ] {
        let path = folder.path().join(name);
        ffmpeg(&format!("-f lavfi -i testsrc2=size=160x90:rate=5:duration=10 -c:v {codec}"), &path);
        let expected: Vec<(u64, f64)> = (0..50).map(|n| (n, n as f64 / 5.0)).collect();
        assert_eq!(read_all(&path, None), expected, "{name}");
        let named: Vec<(u64, f64)> = (0..50).map(|n| (n, n as f64 / 4.0)).collect();
        assert_eq!(read_all(&path, Some(4.0)), named, "{name} at a rate that is named");
    }
}

#[test]
fn the_labelled_clips_have_exactly_their_times() {
    let shared = std::env::var("CHUANGMING_SHARED").unwrap_or_else(|_| "../shared".to_owned());
    let clips = Path::new(env!("CARGO_MANIFEST_DIR")).join("..").join(shared).join("data/clip/clip");
    let Ok(entries) = std::fs::read_dir(&clips) else {
        eprintln!("SKIPPED: the times of labelled clips, because {} is missing", clips.display());
        return;
    };
    for path in
        entries.map(|entry| entry.unwrap().path()).filter(|path| path.extension().is_some_and(|s| s == "mp4"))
    {
        let times = read_all(&path, Some(5.0));
        assert!(!times.is_empty());
        let wrong = times.iter().find(|(index, t)| *t != *index as f64 / 5.0);
        assert_eq!(wrong, None, "{}", path.display());
    }
}

#[test]
fn the_times_of_a_variable_frame_rate_are_the_files_own() {
    let folder = tempfile::tempdir().unwrap();
    for name in ["gap.mkv", "gap.mp4"] {
        let path = folder.path().join(name);
        // Half of the frames come ten seconds later.
        let gap = "-vf setpts=if(gt(N\\,4)\\,PTS+10/TB\\,PTS) -vsync vfr";
        ffmpeg(&format!("-f lavfi -i testsrc2=size=160x90:rate=5:duration=2 {gap} -c:v libx264"), &path);
        let times: Vec<i64> =
            read_all(&path, None).into_iter().map(|(_, t)| (t * 1000.0).round() as i64).collect();
        assert_eq!(times, [0, 200, 400, 600, 800, 11000, 11200, 11400, 11600, 11800], "{name}");
    }
}

#[test]
fn a_folder_is_read_in_the_order_of_its_numbers_at_the_named_rate() {
    let folder = tempfile::tempdir().unwrap();
    for (n, colour) in [(1, "black"), (2, "red"), (10, "white")] {
        ffmpeg(
            &format!("-f lavfi -i color={colour}:size=32x18 -frames:v 1"),
            &folder.path().join(format!("f{n}.png")),
        );
    }
    std::fs::write(folder.path().join("notes.txt"), "no picture").unwrap();
    let mut reader = MediaReader::open(folder.path(), Some(2.0)).unwrap();
    let read: Vec<_> = std::iter::from_fn(|| reader.next().unwrap()).collect();
    let times: Vec<(u64, f64)> = read.iter().map(|frame| (frame.index, frame.t)).collect();
    assert_eq!(times, [(0, 0.0), (1, 0.5), (2, 1.0)]);
    assert_eq!(colour(&read[0].image), [0, 0, 0]);
    assert!(is_red(&read[1].image), "{:?}", colour(&read[1].image));
    assert_eq!(colour(&read[2].image), [255, 255, 255]);
}

#[test]
fn red_is_red_in_pictures_and_videos() {
    let folder = tempfile::tempdir().unwrap();
    for name in ["red.png", "red.jpg", "red.bmp", "red.webp"] {
        let path = folder.path().join(name);
        ffmpeg("-f lavfi -i color=red:size=64x64,format=rgb24,crop=33:17 -frames:v 1", &path);
        let image = read_picture(&path).unwrap();
        assert_eq!((image.width(), image.height()), (33, 17), "{name}");
        assert!(is_red(&image), "{name}: {:?}", colour(&image));
        assert!(MediaReader::open(&path, None).unwrap().is_still());
    }
    let path = folder.path().join("red.mp4");
    ffmpeg("-f lavfi -i color=red:size=66x34:rate=5:duration=1 -c:v libx264 -pix_fmt yuv420p", &path);
    let image = MediaReader::open(&path, None).unwrap().next().unwrap().unwrap().image;
    assert!(is_red(&image), "mp4: {:?}", colour(&image));
}

#[test]
fn what_cannot_be_read_is_told_in_one_line() {
    let folder = tempfile::tempdir().unwrap();
    let path = |name: &str| folder.path().join(name);
    std::fs::create_dir(path("empty")).unwrap();
    std::fs::write(path("noise.mp4"), [0x5a; 50_000]).unwrap();
    std::fs::write(path("zero.mp4"), []).unwrap();
    std::fs::write(path("notes.txt"), "a text is no video\n".repeat(100)).unwrap();
    std::fs::write(path("noise.jpg"), [0x5a; 5000]).unwrap();
    ffmpeg("-f lavfi -i testsrc2=size=320x180 -frames:v 1", &path("whole.jpg"));
    let whole = std::fs::read(path("whole.jpg")).unwrap();
    std::fs::write(path("cut.jpg"), &whole[..whole.len() / 2]).unwrap();
    let clip = std::fs::read(CLIPS.h264()).unwrap();
    std::fs::write(path("cut.mp4"), &clip[..clip.len() / 2]).unwrap();
    ffmpeg("-f lavfi -i sine=duration=1", &path("sound.mp4"));
    let mixed = path("mixed");
    std::fs::create_dir(&mixed).unwrap();
    std::fs::copy(path("cut.jpg"), mixed.join("1.jpg")).unwrap();

    let mut problems = Vec::new();
    for (name, part) in [
        ("missing.mp4", "no such file"),
        ("missing.jpg", "no such file"),
        ("missing/folder/", "no such file"),
        ("empty", "holds no picture"),
        ("noise.mp4", "no video that can be decoded"),
        ("zero.mp4", "no video that can be decoded"),
        ("cut.mp4", "no video that can be decoded"),
        ("sound.mp4", "no video that can be decoded"),
        ("notes.txt", "no video that can be decoded"),
        ("noise.jpg", "not understood"),
        ("cut.jpg", "cut off"),
        ("mixed", "cut off"),
    ] {
        let path = path(name);
        match frames(path.to_str().unwrap(), &settings(), 1) {
            Ok(_) => problems.push(format!("{name} gave a picture")),
            Err(error) => {
                let message = error.to_string();
                if !message.contains(part)
                    || message.contains('\n')
                    || !message.contains(name.trim_end_matches('/'))
                {
                    problems.push(format!("{name}: {message}"));
                }
            }
        }
    }
    let device = open("/dev/video250", &settings()).err().map(|error| error.to_string());
    if !device.as_ref().is_some_and(|message| message.contains("/dev/video250: there is no such")) {
        problems.push(format!("/dev/video250: {device:?}"));
    }
    let rate = MediaReader::open(&path("whole.jpg"), Some(0.0)).err().map(|error| error.to_string());
    if !rate.as_ref().is_some_and(|message| message.contains("frame rate 0")) {
        problems.push(format!("rate 0: {rate:?}"));
    }
    assert!(problems.is_empty(), "{problems:#?}");
}

#[test]
fn a_clip_is_played_at_its_own_speed_and_marks_where_it_begins_again() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("two-seconds.mp4");
    ffmpeg("-f lavfi -i testsrc2=size=160x90:rate=10:duration=2 -c:v libx264", &path);
    let began = std::time::Instant::now();
    let played = frames(path.to_str().unwrap(), &settings(), 25).unwrap();
    let elapsed = began.elapsed().as_secs_f64();
    let at = |n: usize| played[n].at.duration_since(played[0].at).as_secs_f64();
    assert!(elapsed >= at(24) - 0.05, "{} s of the clip in {elapsed} s", at(24));
    for pair in played.windows(2) {
        let gap = pair[1].at.duration_since(pair[0].at).as_secs_f64();
        assert!(gap > 0.19, "at most five frames a second, but two are {gap} s apart");
    }
    assert!(!played[0].loop_restarted);
    let restarts: Vec<f64> = (1..25).filter(|n| played[*n].loop_restarted).map(at).collect();
    assert!(!restarts.is_empty(), "25 frames at 5 a second are longer than two seconds");
    let lagged = elapsed > at(24) + 0.5;
    assert!(lagged || (restarts[0] - 2.0).abs() < 0.001, "the clip began again after {restarts:?} s");
}

#[test]
fn a_single_picture_never_begins_again() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("still.png");
    ffmpeg("-f lavfi -i testsrc2=size=64x36 -frames:v 1", &path);
    let settings = CaptureSettings { still_fps: 20.0, max_fps: 20.0, ..settings() };
    let played = frames(path.to_str().unwrap(), &settings, 5).unwrap();
    assert!(played.iter().all(|frame| !frame.loop_restarted));
    assert!(played.windows(2).all(|pair| pair[0].at < pair[1].at));
}

#[test]
fn frames_that_nobody_takes_are_dropped_and_counted() {
    let path = CLIPS.h264();
    let clock = Arc::new(SteadyClock::default());
    let camera =
        Camera::start(CameraId::new("cam-1").unwrap(), source(path.to_str().unwrap()), settings(), clock)
            .unwrap();
    let mut taken = Vec::new();
    while taken.len() < 4 {
        if let Some(frame) = camera.wait(Duration::from_secs(30)) {
            taken.push(frame);
        }
        std::thread::sleep(Duration::from_millis(900));
    }
    let last = camera.wait(Duration::from_secs(30)).unwrap();
    let dropped: u64 = taken.iter().map(|frame| frame.dropped).sum::<u64>() + last.dropped;
    let counters = camera.counters();
    assert!(dropped > 0, "a slow reader misses frames");
    assert!(
        counters.dropped >= dropped && counters.captured >= dropped + 5,
        "{counters:?}, {dropped} dropped before the frames taken"
    );
    assert!(taken.windows(2).all(|pair| pair[0].at < pair[1].at));
    assert_eq!(counters.failing, None);
    camera.stop(Duration::from_secs(10)).unwrap();
}

#[test]
fn a_missing_file_is_tried_again_and_found_when_it_appears() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("late.png");
    let clock = Arc::new(SteadyClock::default());
    let camera =
        Camera::start(CameraId::new("cam-1").unwrap(), source(path.to_str().unwrap()), settings(), clock)
            .unwrap();
    assert!(camera.wait(Duration::from_millis(500)).is_none());
    let failing = camera.counters().failing.unwrap();
    assert!(failing.contains("no such file"), "{failing}");
    ffmpeg("-f lavfi -i testsrc2=size=64x36 -frames:v 1", &path);
    assert!(camera.wait(Duration::from_secs(30)).is_some());
    camera.stop(Duration::from_secs(10)).unwrap();
}

#[test]
fn a_frozen_video_is_found_and_a_still_scene_with_sensor_noise_is_not_taken_for_one() {
    let folder = tempfile::tempdir().unwrap();
    let frozen =
        "-f lavfi -i testsrc2=size=640x360:rate=10,trim=end_frame=1,loop=loop=-1:size=1,setpts=N/10/TB";
    for (name, noise, codec, found) in [
        ("frozen.mp4", "", "libx264 -preset ultrafast -tune zerolatency -g 20", true),
        ("frozen-long-groups.mp4", "", "libx264 -g 250", true),
        ("frozen-h265.mp4", "", "libx265 -preset ultrafast -g 20 -x265-params log-level=error", true),
        ("frozen.avi", "", "mjpeg", true),
        ("still.mp4", ",noise=alls=4:allf=t", "libx264 -preset ultrafast -tune zerolatency -g 20", false),
        ("still-long-groups.mp4", ",noise=alls=4:allf=t", "libx264 -g 250", false),
        (
            "still-h265.mp4",
            ",noise=alls=4:allf=t",
            "libx265 -preset ultrafast -g 20 -x265-params log-level=error",
            false,
        ),
        ("still.avi", ",noise=alls=4:allf=t", "mjpeg", false),
    ] {
        let path = folder.path().join(name);
        ffmpeg(&format!("{frozen}{noise} -t 12 -pix_fmt yuv420p -c:v {codec}"), &path);
        let mut reader = MediaReader::open(&path, None).unwrap();
        let start = Timestamp::from_second(1_800_000_000).unwrap();
        let mut health = CameraHealth::new(HealthSettings::LIVE, start);
        let mut reports = Vec::new();
        while let Some(frame) = reader.next().unwrap() {
            if frame.index % 2 == 0 {
                let at = start + SignedDuration::from_secs_f64(frame.t);
                reports.extend(health.frame(at, &Glance::of(&frame.image), true));
            }
        }
        let frozen_at: Vec<f64> = reports.iter().map(|t| t.at.duration_since(start).as_secs_f64()).collect();
        assert!(reports.iter().all(|t| t.kind == HealthKind::CameraFrozen), "{name}: {reports:?}");
        assert_eq!(frozen_at.first().is_some_and(|at| *at <= 10.0), found, "{name}: {frozen_at:?}");
    }
}
