//! An item that is shown once on the calibration page and known again elsewhere on the desk, with the real models.

mod page;

use page::{Page, ffmpeg, problem, scenes};
use reqwest::{Method, StatusCode};
use serde_json::{Value, json};
use std::path::Path;

/// The cup of the bundled clip, on an empty desk: left, top, width and height in fractions of the picture…
const CUP: [f64; 4] = [0.1836, 0.75, 0.0443, 0.1134];
/// …while nobody is there.
const AT_S: &str = "30.5";
/// How far it is moved to the right, where nothing else stands.
const MOVED: f64 = 0.2;

fn draft(permitted: &[&str]) -> Value {
    json!({"windows": [{"id": "1", "camera": "cam-1", "post": 1, "required": [], "permitted": permitted,
           "seat": [[0.0, 0.0], [0.49, 0.0], [0.49, 0.62], [0.0, 0.62]],
           "desk": [[0.0, 0.5], [0.49, 0.5], [0.49, 0.98], [0.0, 0.98]]}],
           "smoking_zones": [], "privacy_masks": [], "lenses": []})
}

/// Some seconds of the cup where it was left, some of it elsewhere on the same desk and in less light, over and over.
fn clip(folder: &Path) -> std::path::PathBuf {
    let at = |name: &str| folder.join(name);
    let [left, top, width, height] = CUP;
    let (first, tidy) = (at("first.png"), scenes("img/demo.ref.jpg"));
    ffmpeg_picture(&["-ss", AT_S, "-i", scenes("clip/demo.mp4").to_str().unwrap(), "-frames:v", "1"], &first);
    // A rim around the cup comes along: the desk is the same there.
    let cut = format!("crop=iw*{}:ih*{}:iw*{}:ih*{}", width + 0.01, height + 0.01, left - 0.005, top - 0.005);
    let paste = format!(
        "[0:v]{cut}[cup];[1:v][cup]overlay=W*{}:H*{},eq=brightness=-0.04",
        left - 0.005 + MOVED,
        top - 0.005
    );
    let second = at("second.png");
    let inputs = ["-i", first.to_str().unwrap(), "-i", tidy.to_str().unwrap()];
    ffmpeg_picture(&[&inputs[..], &["-filter_complex", &paste, "-frames:v", "1"]].concat(), &second);
    let clip = at("cup.mp4");
    let still = |picture: &Path| {
        ["-loop", "1", "-t", "12", "-r", "5", "-i"]
            .map(str::to_owned)
            .into_iter()
            .chain([picture.to_str().unwrap().to_owned()])
            .collect::<Vec<_>>()
    };
    let inputs = [still(&first), still(&second)].concat();
    let inputs: Vec<&str> = inputs.iter().map(String::as_str).collect();
    let filter = ["-filter_complex", "[0:v][1:v]concat=n=2,noise=alls=4:allf=t"];
    ffmpeg(&[&inputs[..], &filter].concat(), &clip);
    clip
}

fn ffmpeg_picture(arguments: &[&str], output: &Path) {
    let done = std::process::Command::new("ffmpeg")
        .args(["-nostdin", "-loglevel", "error", "-y"])
        .args(arguments)
        .arg(output)
        .status()
        .expect("the program ffmpeg is needed for this test");
    assert!(done.success(), "ffmpeg {arguments:?}");
}

/// The cup among what is seen, when it lies there.
fn cup(items: &Value, left: f64) -> Option<&Value> {
    let is_near = |item: &&Value| {
        (item["box"][0].as_f64().unwrap() - left).abs() < 0.03
            && (item["box"][1].as_f64().unwrap() - CUP[1]).abs() < 0.06
    };
    items["items"].as_array().unwrap().iter().find(is_near)
}

async fn save(page: &Page, draft: Value) {
    let before = page.json("/api/calibration").await;
    let save = json!({"draft": draft, "expected": before["version"]});
    let saved = page.request(Method::PUT, "/api/calibration").json(&save).send().await.unwrap();
    assert_eq!(saved.status(), StatusCode::OK, "{}", page.log());
}

#[tokio::test]
async fn an_item_that_was_shown_is_known_again_elsewhere_and_permitted_there() {
    let folder = tempfile::tempdir().unwrap();
    let clip = clip(folder.path());
    let page = Page::open_on(folder, &[("cam-1", clip)]).await.with_somebody().await;
    page.until_it_sees().await;
    save(&page, draft(&[])).await;
    let (here, there) = (CUP[0], CUP[0] + MOVED);
    const ITEMS: &str = "/api/windows/1/items";

    // Before anything is shown it is a cup, and no cup may lie there.
    let seen = page.until(ITEMS, |seen| cup(seen, there).is_some_and(|cup| cup["class"] == "cup")).await;
    assert_eq!(cup(&seen, there).unwrap()["permitted"], false, "{seen}");
    assert!(cup(&seen, there).unwrap().get("custom").is_none());

    // One shot of it, at its first place.
    let shot = json!({"name": "seal-pot", "box": CUP});
    page.until(ITEMS, |seen| cup(seen, here).is_some()).await;
    assert_eq!(page.post(ITEMS, &shot).await.status(), StatusCode::NO_CONTENT, "{}", page.log());
    let seen =
        page.until(ITEMS, |seen| cup(seen, there).is_some_and(|cup| cup["custom"] == "seal-pot")).await;
    assert_eq!(
        (seen["custom"][0]["name"].as_str(), seen["custom"][0]["shots"].as_u64()),
        (Some("seal-pot"), Some(1))
    );
    assert_eq!(cup(&seen, there).unwrap()["permitted"], false, "it is known, which does not yet permit it");
    let taken_for_it = seen["items"].as_array().unwrap().iter().filter(|item| item["custom"] == "seal-pot");
    assert_eq!(taken_for_it.count(), 1, "and nothing else is taken for it: {seen}");

    // Once it is permitted, rules do not see it any more: nowhere on this desk.
    const ANALYSIS: &str = "/api/analysis?camera=cam-1";
    let cups = |said: &Value| {
        let items = said["windows"]["1"]["desk"]["on_desk"]["items"].as_array()?;
        Some(items.iter().filter(|item| item["class"] == "cup").count())
    };
    page.until(ANALYSIS, |said| cups(said) == Some(1)).await;
    save(&page, draft(&["custom:seal-pot"])).await;
    for place in [here, there] {
        let seen = page.until(ITEMS, |seen| cup(seen, place).is_some()).await;
        assert_eq!(cup(&seen, place).unwrap()["permitted"], true, "{seen}");
        let said = page.until(ANALYSIS, |said| cups(said) == Some(0)).await;
        assert_eq!(said["windows"]["1"]["desk"]["value"], "seen", "{said}");
    }

    // What is forgotten is a cup again.
    let forget = page.request(Method::DELETE, "/api/windows/1/items/seal-pot").send().await.unwrap();
    assert_eq!(forget.status(), StatusCode::NO_CONTENT);
    page.until(ANALYSIS, |said| cups(said) == Some(1)).await;
    let forget = page.request(Method::DELETE, "/api/windows/1/items/seal-pot").send().await.unwrap();
    assert_eq!(problem(forget).await, (404, "not_found".into()));
}

#[tokio::test]
async fn an_item_of_ones_own_cannot_be_required() {
    let page = Page::signed_in().await;
    let mut draft = draft(&["custom:seal-pot"]);
    draft["windows"][0]["required"] = json!(["custom:seal-pot"]);
    let found: Value =
        page.post("/api/calibration/check", &json!({"draft": draft})).await.json().await.unwrap();
    let problem = &found["problems"][0];
    assert_eq!(
        (problem["code"].as_str(), problem["place"]["part"].as_str()),
        (Some("unknown_item"), Some("required")),
        "{found}"
    );
}
