//! What the calibration page tells of a camera itself: lens and true vertical, and where the zones are once it has moved.

mod page;

use chuangming_calibration::LensFit;
use chuangming_edge_agent::capture::read_picture;
use chuangming_edge_agent::chart::chart;
use page::{Page, ffmpeg, problem, scenes};
use reqwest::{Method, StatusCode};
use serde_json::{Value, json};
use std::path::{Path, PathBuf};
use std::process::Command;

/// A sensor's noise: without it a still picture is a frozen camera.
const NOISE: &str = "noise=alls=4:allf=t";

/// Some seconds of a still picture, changed by a filter.
fn still(picture: &Path, filter: &str, output: PathBuf) -> PathBuf {
    let filter = format!("{filter},{NOISE}");
    ffmpeg(&["-loop", "1", "-i", picture.to_str().unwrap(), "-t", "4", "-r", "5", "-vf", &filter], &output);
    output
}

/// The page with the chart, as it is sent to a printer. A square of it is 38 pixels wide.
fn printed_chart(folder: &Path) -> PathBuf {
    let pdf = Path::new(env!("CARGO_MANIFEST_DIR")).join("../calibration/board.pdf");
    let page = folder.join("chart");
    let print =
        Command::new("pdftoppm").args(["-r", "40", "-gray", "-singlefile"]).arg(pdf).arg(&page).status();
    assert!(print.unwrap().success(), "pdftoppm");
    page.with_extension("pgm")
}

/// The printed chart in a picture of that width, its squares so many pixels wide, rolled by two degrees; a little soft and
/// noisy, as cameras are.
fn far_chart(folder: &Path, width: u32, square: u32) -> PathBuf {
    let pdf = Path::new(env!("CARGO_MANIFEST_DIR")).join("../calibration/board.pdf");
    let print = folder.join("print");
    // A square of 24 mm in 300 pixels an inch.
    const PRINTED: u32 = 283;
    let printed =
        Command::new("pdftoppm").args(["-r", "300", "-gray", "-singlefile"]).arg(pdf).arg(&print).status();
    assert!(printed.unwrap().success(), "pdftoppm");
    let seen = folder.join(format!("far-{width}-{square}.png"));
    let (scale, height) = (f64::from(square) / f64::from(PRINTED), width * 9 / 16);
    let filter = format!(
        "scale=iw*{scale}:ih*{scale}:flags=area,pad={width}:{height}:(ow-iw)/2:(oh-ih)/2:white,\
         rotate=2*PI/180:bilinear=1:fillcolor=white,gblur=sigma=0.6,eq=contrast=0.8,noise=alls=8:allf=t"
    );
    let made = Command::new("ffmpeg")
        .args(["-nostdin", "-loglevel", "error", "-y", "-i"])
        .arg(print.with_extension("pgm"))
        .args(["-vf", &filter, "-pix_fmt", "rgb24", "-frames:v", "1"])
        .arg(&seen)
        .status();
    assert!(made.unwrap().success(), "ffmpeg");
    seen
}

#[test]
fn the_chart_is_known_from_afar() {
    let folder = tempfile::tempdir().unwrap();
    for width in [640, 1280, 1920] {
        let seen = |square| read_picture(&far_chart(folder.path(), width, square)).unwrap();
        // Their corners are vague: a lens told by them would be wrong.
        for square in [14, 16, 20] {
            assert_eq!(chart(&seen(square)).unwrap(), None, "{width} wide, squares of {square}");
        }
        for square in [24, 30, 38] {
            let image = seen(square);
            let corners = chart(&image).unwrap().unwrap_or_default();
            assert!(corners.len() >= 40, "{width} wide, squares of {square}: {} corners", corners.len());
            let fit = LensFit::from_chart(&corners, (image.width(), image.height())).unwrap();
            let (roll, k1) = (fit.roll_deg, fit.k1);
            assert!(
                (roll - 2.0).abs() < 0.1 && k1.abs() < 0.06,
                "{width} wide, squares of {square}: {roll}, {k1}"
            );
        }
    }
}

async fn level(page: &Page, camera: &str, by: &str) -> reqwest::Response {
    page.post(&format!("/api/cameras/{camera}/level"), &json!({"by": by})).await
}

#[tokio::test]
async fn lens_and_true_vertical_are_told_by_the_room_and_by_the_chart() {
    let folder = tempfile::tempdir().unwrap();
    let at = |name: &str| folder.path().join(name);
    let room = scenes("img/demo.ref.jpg");
    let printed = printed_chart(folder.path());
    let turned = "pad=640:360:(ow-iw)/2:(oh-ih)/2:white,rotate=2*PI/180:bilinear=1:fillcolor=white";
    let cameras = [
        ("level", still(&room, "null", at("level.mp4"))),
        // What ffmpeg turns clockwise leans to the right at its upper end.
        ("rolled", still(&room, "rotate=4*PI/180:bilinear=1,crop=iw*0.86:ih*0.86", at("rolled.mp4"))),
        ("chart", still(&printed, turned, at("chart.mp4"))),
        ("hand", still(&printed, &format!("{turned},drawbox=270:130:90:110:gray:fill"), at("hand.mp4"))),
        ("wall", still(&room, "drawbox=color=gray:t=fill", at("wall.mp4"))),
    ];
    let page = Page::open_on(folder, &cameras).await.with_somebody().await;
    page.until_every_camera_sees().await;

    let told = async |camera: &str, by: &str| -> Value {
        let answer = level(&page, camera, by).await;
        assert_eq!(answer.status(), StatusCode::OK, "{camera}: {}", page.log());
        answer.json().await.unwrap()
    };
    let roll = |told: &Value| told["lens"]["roll_deg"].as_f64().unwrap();
    let (straight, rolled) = (told("level", "edges").await, told("rolled", "edges").await);
    assert!((roll(&rolled) - roll(&straight) - 4.0).abs() < 0.7, "{straight} {rolled}");
    assert!(roll(&straight).abs() < 0.7 && straight["lens"]["camera"] == "level", "{straight}");
    assert!(
        rolled["quality"]["segments"].as_u64().unwrap() > 5 && rolled["quality"].get("corners").is_none()
    );

    for (camera, corners) in [("chart", 60..=60), ("hand", 30..=56)] {
        let chart = told(camera, "chart").await;
        assert!((roll(&chart) - 2.0).abs() < 0.3, "{chart}");
        assert!(chart["lens"]["k1"].as_f64().unwrap().abs() < 0.05, "it is drawn without a lens: {chart}");
        let quality = &chart["quality"];
        assert!(corners.contains(&quality["corners"].as_u64().unwrap()), "{chart}");
        assert_eq!(quality.get("segments"), None);
    }

    for (camera, by, expected) in [
        ("wall", "edges", (422, "too_few_edges")),
        ("wall", "chart", (422, "no_chart")),
        ("level", "chart", (422, "no_chart")),
        ("level", "eye", (400, "invalid")),
        ("attic", "edges", (404, "not_found")),
    ] {
        let (status, code) = problem(level(&page, camera, by).await).await;
        assert_eq!((status, code.as_str()), expected, "{camera} by {by}");
    }

    // It goes into the file as it was told, and is in force.
    let draft = json!({"windows": [], "smoking_zones": [], "privacy_masks": [], "lenses": [rolled["lens"]]});
    let before = page.json("/api/calibration").await;
    let save = json!({"draft": draft, "expected": before["version"]});
    let saved = page.request(Method::PUT, "/api/calibration").json(&save).send().await.unwrap();
    assert_eq!(saved.status(), StatusCode::OK);
    let lens = page.json("/api/calibration").await["draft"]["lenses"][0].clone();
    assert!((lens["roll_deg"].as_f64().unwrap() - roll(&rolled)).abs() < 0.01, "{lens}");
    assert!(std::fs::read_to_string(page.path("calibration.toml")).unwrap().contains("[[lenses]]"));
}

/// A window at the left of the room.
fn draft() -> Value {
    json!({"windows": [{"id": "1", "camera": "cam-1", "post": 1, "required": [], "permitted": [],
           "seat": [[0.1, 0.1], [0.4, 0.1], [0.4, 0.6], [0.1, 0.6]],
           "desk": [[0.1, 0.65], [0.45, 0.65], [0.45, 0.9], [0.1, 0.9]]}],
           "smoking_zones": [], "privacy_masks": [], "lenses": []})
}

#[tokio::test]
async fn zones_go_along_with_a_camera_that_moved_and_a_camera_that_looks_elsewhere_is_lost() {
    // Long enough for any machine to learn the view, then moved by a part of the picture, then by half of it.
    const STAY: u32 = 60;
    let folder = tempfile::tempdir().unwrap();
    let clip = folder.path().join("knocked.mp4");
    let room = scenes("img/demo.ref.jpg");
    let part = |label: &str, across: f64, down: f64| {
        format!("[0:v]scroll=hpos={across}:vpos={down},{NOISE},trim=duration={STAY}[{label}]")
    };
    // To the left by a twentieth, and down: what leaves the picture at one side comes in at the other.
    let parts = [part("a", 0.0, 0.0), part("b", 0.95, 0.03), part("c", 0.0, 0.5)].join(";");
    let seconds = STAY.to_string();
    let input = ["-loop", "1", "-t", &seconds, "-r", "2", "-i", room.to_str().unwrap()];
    let filter = format!("{parts};[a][b][c]concat=n=3");
    ffmpeg(&[&input[..], &["-filter_complex", &filter, "-r", "2"]].concat(), &clip);

    let page = Page::open_on(folder, &[("cam-1", clip)]).await.with_somebody().await;
    page.until_it_sees().await;
    let before = page.json("/api/calibration").await;
    let save = json!({"draft": draft(), "expected": before["version"]});
    let saved = page.request(Method::PUT, "/api/calibration").json(&save).send().await.unwrap();
    assert_eq!(saved.status(), StatusCode::OK);
    let realign = || page.request(Method::POST, "/api/cameras/cam-1/realign").send();
    assert_eq!(problem(realign().await.unwrap()).await, (409, "not_moved".into()));

    let cameras = page.until("/api/cameras", |all| all[0]["moved"]["dx"].is_number()).await;
    assert_eq!(cameras[0]["state"], "moved");
    let moved: Value = realign().await.unwrap().json().await.unwrap();
    for part in ["seat", "desk"] {
        let (was, is) = (&draft()["windows"][0][part], &moved["draft"]["windows"][0][part]);
        for (was, is) in was.as_array().unwrap().iter().zip(is.as_array().unwrap()) {
            let by = |axis: usize| is[axis].as_f64().unwrap() - was[axis].as_f64().unwrap();
            assert!((by(0) + 0.05).abs() < 0.006 && (by(1) - 0.03).abs() < 0.009, "{part}: {was} is at {is}");
        }
    }
    assert_eq!(page.json("/api/calibration").await["draft"], draft(), "nothing is saved yet");

    // It is knocked again, further than any movement is looked for: no figures, and nothing to align by.
    page.until("/api/cameras", |all| all[0]["state"] == "moved" && all[0]["moved"]["dx"].is_null()).await;
    assert_eq!(problem(realign().await.unwrap()).await, (422, "lost".into()));
    // Whoever saves zones says that they are right for where it looks now.
    let now = page.json("/api/calibration").await;
    let mut new = draft();
    new["windows"][0]["seat"][0] = json!([0.12, 0.1]);
    let save = json!({"draft": new, "expected": now["version"]});
    let saved = page.request(Method::PUT, "/api/calibration").json(&save).send().await.unwrap();
    assert_eq!(saved.status(), StatusCode::OK);
    page.until("/api/cameras", |all| all[0]["state"] == "ok" && all[0].get("moved").is_none()).await;
}

/// One picture each four seconds, as from a camera on a thin line.
const SLOW: &str = "1/4";

/// The demo clip as a slow camera sees it; every state of its people lasts for three pictures at least.
fn slow_demo(output: PathBuf) -> PathBuf {
    let each_twentieth = "select=not(mod(n\\,20)),setpts=4*N/TB";
    let clip = scenes("clip/demo.mp4");
    ffmpeg(&["-i", clip.to_str().unwrap(), "-vf", each_twentieth, "-r", SLOW, "-an"], &output);
    output
}

/// An empty hall, and after so many seconds the same from a camera that was knocked aside.
fn slow_hall(stays_s: u32, output: PathBuf) -> PathBuf {
    let room = scenes("img/demo.ref.jpg");
    let part = |label: &str, change: &str, seconds: u32| {
        format!("[0:v]{change}{NOISE},trim=duration={seconds}[{label}]")
    };
    let parts = [part("a", "", stays_s), part("b", "scroll=hpos=0.95:vpos=0.03,", 120)].join(";");
    let filter = format!("{parts};[a][b]concat=n=2");
    let seconds = stays_s.to_string();
    let input = ["-loop", "1", "-framerate", SLOW, "-t", &seconds, "-i", room.to_str().unwrap()];
    ffmpeg(&[&input[..], &["-filter_complex", &filter, "-r", SLOW]].concat(), &output);
    output
}

#[tokio::test]
async fn a_camera_of_one_picture_each_four_seconds_is_set_up_like_any_other() {
    // Thirty pictures of a view are learnt from, and two minutes of a window.
    const STAYS_S: u32 = 210;
    let folder = tempfile::tempdir().unwrap();
    let cameras = [
        ("counter", slow_demo(folder.path().join("counter.mp4"))),
        ("hall", slow_hall(STAYS_S, folder.path().join("hall.mp4"))),
    ];
    let page = Page::open_on(folder, &cameras).await.with_somebody().await;
    let seen = page.until_every_camera_sees().await;
    let window = |id: &str, camera: &str| {
        let mut window = draft()["windows"][0].clone();
        (window["id"], window["camera"]) = (json!(id), json!(camera));
        window
    };
    let mut staffed = window("1", "counter");
    staffed["seat"] = json!([[0.0, 0.0], [0.49, 0.0], [0.49, 0.62], [0.0, 0.62]]);
    staffed["desk"] = json!([[0.0, 0.5], [0.49, 0.5], [0.49, 0.98], [0.0, 0.98]]);
    let zones = json!({"windows": [staffed, window("2", "hall")], "smoking_zones": [], "privacy_masks": [], "lenses": []});
    let before = page.json("/api/calibration").await;
    let save = json!({"draft": zones, "expected": before["version"]});
    let saved = page.request(Method::PUT, "/api/calibration").json(&save).send().await.unwrap();
    assert_eq!(saved.status(), StatusCode::OK, "{seen}");
    let learn = page.request(Method::POST, "/api/windows/2/reference").send().await.unwrap();
    assert_eq!(learn.status(), StatusCode::ACCEPTED);
    assert_eq!(page.post("/api/selftest", &json!({"window": "1"})).await.status(), StatusCode::ACCEPTED);

    // How old a picture is, is told, and another comes after four seconds.
    let (mut ages, mut times) = (Vec::new(), std::collections::BTreeSet::new());
    while times.len() < 3 {
        let picture = page.get("/api/cameras/counter/picture?max=64&heads=clear").await;
        let header = |name: &str| picture.headers()[name].to_str().unwrap().to_owned();
        ages.push(header("x-frame-age").parse::<f64>().unwrap());
        times.insert(header("x-frame-at").parse::<jiff::Timestamp>().unwrap());
        tokio::time::sleep(std::time::Duration::from_millis(250)).await;
    }
    assert!(ages.iter().any(|age| *age > 2.5) && ages.iter().all(|age| *age < 9.0), "{ages:?}");
    let times: Vec<_> = times.into_iter().collect();
    let apart: Vec<f64> = times.windows(2).map(|two| two[1].duration_since(two[0]).as_secs_f64()).collect();
    assert!(apart.iter().all(|s| (3.5..9.0).contains(s)), "{apart:?}");
    let cameras = page.json("/api/cameras").await;
    assert!(cameras.as_array().unwrap().iter().all(|camera| camera["state"] == "ok"), "{cameras}");

    // Three pictures show that a step was done.
    let is_seen = |test: &Value, step: &str| {
        test["steps"].as_array().unwrap().iter().any(|s| s["step"] == step && s["state"] == "seen")
    };
    let steps = ["head_on_arms", "leave_seat", "cup_on_desk"];
    page.until("/api/selftest", |test| steps.iter().all(|step| is_seen(test, step))).await;

    let reference = "/api/windows/2/reference";
    page.until(reference, |learnt| learnt["seconds"].as_f64().unwrap() > 60.0).await;
    let learnt = page.until(reference, |learnt| learnt["state"] != "learning").await;
    assert_eq!(learnt["state"], "learnt", "{learnt}");

    let cameras = page.until("/api/cameras", |all| all[1]["moved"]["dx"].is_number()).await;
    assert_eq!((cameras[1]["state"].as_str(), cameras[0]["state"].as_str()), (Some("moved"), Some("ok")));
}
