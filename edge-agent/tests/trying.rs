//! What is learnt and tried on the calibration page, as a browser meets it: the real program and models on a bundled clip.

mod page;

use page::{Page, problem as code, scenes};
use reqwest::{Method, StatusCode};
use serde_json::{Value, json};
use std::path::PathBuf;

/// The clip's first window: its staff member lays the head down, leaves and comes back.
fn draft() -> Value {
    json!({"windows": [{"id": "1", "camera": "cam-1", "post": 1, "required": [], "permitted": [],
           "seat": [[0.0, 0.0], [0.49, 0.0], [0.49, 0.62], [0.0, 0.62]],
           "desk": [[0.0, 0.5], [0.49, 0.5], [0.49, 0.98], [0.0, 0.98]]}],
           "smoking_zones": [], "privacy_masks": [], "lenses": []})
}

#[tokio::test]
async fn a_draft_is_tried_and_tested_before_anything_is_saved() {
    let page = Page::signed_in().await;
    page.until_it_sees().await;
    assert_eq!(code(page.get("/api/trial").await).await, (404, "not_found".into()));
    assert_eq!(
        code(page.get("/api/windows/1/items").await).await,
        (404, "not_found".into()),
        "nothing is drawn yet"
    );
    let broken = json!({"draft": {"windows": [{"id": "1", "camera": "cam-9", "seat": [[0.1, 0.1], [0.9, 0.1], [0.9, 0.9]]}]}});
    assert_eq!(code(page.post("/api/trial", &broken).await).await, (422, "unreadable".into()));

    assert_eq!(page.post("/api/trial", &json!({"draft": draft()})).await.status(), StatusCode::ACCEPTED);
    assert_eq!(page.post("/api/selftest", &json!({"window": "1"})).await.status(), StatusCode::ACCEPTED);
    let skip = page.post("/api/selftest/steps/badge_off/skip", &json!(null)).await;
    assert_eq!(skip.status(), StatusCode::NO_CONTENT);
    let state = |test: &Value, step: &str| {
        let steps = test["steps"].as_array().unwrap();
        steps.iter().find(|s| s["step"] == step).unwrap()["state"].as_str().unwrap().to_owned()
    };
    // The clip plays over and over, and somebody leaves a cup on the desk in it.
    let test = page
        .until("/api/selftest", |t| {
            ["leave_seat", "head_on_arms", "cup_on_desk"].iter().all(|step| state(t, step) == "seen")
        })
        .await;
    assert_eq!((state(&test, "badge_off"), test["window"].as_str()), ("skipped".into(), Some("1")));

    let tried = page.until("/api/trial", |t| t["observed_s"]["1"].as_f64().unwrap() > 15.0).await;
    assert!(tried["observed_s"]["1"].as_f64().unwrap() < 600.0, "{tried}");
    assert!(tried["events"].as_array().unwrap().iter().all(|e| e["window"] == "1"), "{tried}");
    // Another draft with the same zones goes on; one with others begins anew.
    assert_eq!(page.post("/api/trial", &json!({"draft": draft()})).await.status(), StatusCode::ACCEPTED);
    assert!(page.json("/api/trial").await["observed_s"]["1"].as_f64().unwrap() > 15.0);
    let mut moved = draft();
    moved["windows"][0]["seat"][0] = json!([0.02, 0.0]);
    page.post("/api/trial", &json!({"draft": moved})).await;
    assert!(page.json("/api/trial").await["observed_s"]["1"].as_f64().unwrap() < 15.0);

    for path in ["/api/trial", "/api/selftest"] {
        let end = page.request(Method::DELETE, path).send().await.unwrap();
        assert_eq!(end.status(), StatusCode::NO_CONTENT);
        assert_eq!(code(page.get(path).await).await.0, 404);
    }
}

/// The rendered clip of the self-test and its window, as its manifest says.
fn clip_of_the_self_test() -> (PathBuf, Value) {
    let folder = scenes("../selftest");
    let manifest = std::fs::read_to_string(folder.join("manifest.jsonl")).unwrap();
    let row: Value = serde_json::from_str(manifest.lines().next().unwrap()).unwrap();
    (folder.join(row["media"].as_str().unwrap()), row["windows"][0].clone())
}

#[tokio::test]
async fn a_badge_that_is_taken_off_and_a_cup_that_is_put_down_are_ticked_off() {
    let (clip, window) = clip_of_the_self_test();
    let page = Page::open_on(tempfile::tempdir().unwrap(), &[("cam-1", clip)]).await.with_somebody().await;
    page.until_it_sees().await;
    let mut draft = draft();
    let drawn = &mut draft["windows"][0];
    (drawn["seat"], drawn["desk"]) = (window["seat"].clone(), window["desk"].clone());
    drawn["required"] = json!(["name_plate"]);
    assert_eq!(page.post("/api/trial", &json!({"draft": draft})).await.status(), StatusCode::ACCEPTED);
    assert_eq!(page.post("/api/selftest", &json!({"window": "1"})).await.status(), StatusCode::ACCEPTED);
    let step = |test: &Value, name: &str| {
        let steps = test["steps"].as_array().unwrap();
        steps.iter().find(|step| step["step"] == name).unwrap().clone()
    };
    let is_seen = |test: &Value, name: &str| step(test, name)["state"] == "seen";
    let test = page.until("/api/selftest", |t| is_seen(t, "badge_off") && is_seen(t, "cup_on_desk")).await;
    assert!(!is_seen(&test, "leave_seat") && !is_seen(&test, "head_on_arms"), "nobody did that: {test}");
    // What is on the desk is told with the step, and what is missing there.
    let holds_cup = |test: &Value| {
        let on_desk = step(test, "cup_on_desk")["now"]["on_desk"].clone();
        let items = on_desk["items"].as_array().cloned().unwrap_or_default();
        items.iter().any(|item| item["class"] == "cup")
            && on_desk["missing"].as_array().unwrap().len()
                + on_desk["may_be_hidden"].as_array().unwrap().len()
                == 1
    };
    page.until("/api/selftest", holds_cup).await;
}

#[tokio::test]
async fn nothing_is_learnt_while_somebody_is_there() {
    let page = Page::signed_in().await;
    page.until_it_sees().await;
    page.post("/api/trial", &json!({"draft": draft()})).await;
    let none = page.json("/api/windows/1/reference").await;
    assert_eq!((none["state"].as_str(), none["lights"].as_u64()), (Some("none"), Some(0)));
    let learn = page.request(Method::POST, "/api/windows/1/reference").send().await.unwrap();
    assert_eq!(learn.status(), StatusCode::ACCEPTED);
    let refused = page.until("/api/windows/1/reference", |r| r["state"] == "refused").await;
    assert!(["somebody_in_view", "unsure"].contains(&refused["reason"].as_str().unwrap()), "{refused}");
    let kept = std::fs::read_dir(page.path("data/references")).unwrap();
    let kept: Vec<_> =
        kept.map(|f| f.unwrap().file_name()).filter(|f| f.to_string_lossy().starts_with("window-")).collect();
    assert!(kept.is_empty(), "{kept:?}");
    let forget = page.request(Method::DELETE, "/api/windows/1/reference").send().await.unwrap();
    assert_eq!(forget.status(), StatusCode::NO_CONTENT);

    // Items are seen, and not learnt either while somebody may be in view.
    let items = page.json("/api/windows/1/items").await;
    assert!(
        items["items"]
            .as_array()
            .unwrap()
            .iter()
            .any(|i| i["class"] == "keyboard" || i["class"] == "monitor"),
        "{items}"
    );
    assert!(items["custom"].as_array().unwrap().is_empty());
    let outside = json!({"name": "abacus", "box": [0.7, 0.7, 0.1, 0.1]});
    assert_eq!(code(page.post("/api/windows/1/items", &outside).await).await, (422, "not_on_desk".into()));
    let odd = json!({"name": "An Abacus", "box": [0.2, 0.7, 0.1, 0.1]});
    assert_eq!(code(page.post("/api/windows/1/items", &odd).await).await, (400, "invalid".into()));
}

#[tokio::test]
async fn straight_edges_are_told_and_a_camera_in_place_needs_no_new_zones() {
    let page = Page::signed_in().await;
    page.until_it_sees().await;
    let lines = page.json("/api/cameras/cam-1/lines").await;
    let segments = lines["segments"].as_array().unwrap();
    assert!(segments.len() > 20, "{} edges", segments.len());
    let inside = |v: &Value| (-0.01..=1.01).contains(&v.as_f64().unwrap());
    assert!(
        segments.iter().all(|s| s.as_array().unwrap().len() == 4 && s.as_array().unwrap().iter().all(inside))
    );
    let realign = page.request(Method::POST, "/api/cameras/cam-1/realign").send().await.unwrap();
    assert_eq!(code(realign).await, (409, "not_moved".into()));
}
