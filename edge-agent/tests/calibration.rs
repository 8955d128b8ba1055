//! The calibration page's API as a browser meets it: the real program on a bundled clip, over HTTPS with its own certificate.

#[path = "../../portal/tests/support/answered.rs"]
mod answered;
mod page;

use answered::answered;
use page::Page;
use reqwest::{Method, StatusCode};
use serde_json::{Value, json};
use std::collections::BTreeSet;
use std::time::{Duration, Instant};

/// A window at each side of the clip's picture.
fn draft() -> Value {
    // As the file writes numbers: two digits, no more.
    let right = |x: f64, width: f64| ((x + width) * 100.0).round() / 100.0;
    let window = |id: &str, x: f64| {
        json!({"id": id, "camera": "cam-1", "post": 1, "required": [], "permitted": ["cup"],
               "seat": [[x, 0.1], [right(x, 0.3), 0.1], [right(x, 0.3), 0.55], [x, 0.55]],
               "desk": [[x, 0.5], [right(x, 0.4), 0.5], [right(x, 0.4), 0.95], [x, 0.95]]})
    };
    json!({"windows": [window("1", 0.05), window("2", 0.55)], "smoking_zones": [], "privacy_masks": [], "lenses": []})
}

async fn code_of(response: reqwest::Response) -> (StatusCode, String) {
    let status = response.status();
    let kind = response.headers()["content-type"].to_str().unwrap().to_owned();
    assert_eq!(kind, "application/problem+json");
    let problem: Value = response.json().await.unwrap();
    assert_eq!(problem["status"], status.as_u16());
    assert_eq!(problem["type"], format!("/problems#{}", problem["code"].as_str().unwrap()));
    (status, problem["code"].as_str().unwrap().to_owned())
}

#[tokio::test]
async fn without_a_session_there_is_a_greeting_and_nothing_else() {
    let page = Page::open().await;
    let hello: Value = page.get("/api/hello").await.json().await.unwrap();
    assert_eq!((hello["hall"].as_str(), hello["agent"].as_str()), (Some("tanggu"), Some("edge-01")));
    assert_eq!(hello["fingerprint"], page.invitation["fingerprint"]);

    let description: Value = page.get("/api/openapi.json").await.json().await.unwrap();
    let mut asked = 0;
    for (path, operations) in description["paths"].as_object().unwrap() {
        for method in operations.as_object().unwrap().keys() {
            let is_open =
                matches!((method.as_str(), path.as_str()), ("get", "/api/hello") | ("post", "/api/session"));
            if is_open {
                continue;
            }
            let method = Method::from_bytes(method.to_uppercase().as_bytes()).unwrap();
            let path = path
                .replace("{id}", "cam-1")
                .replace("{version}", "x")
                .replace("{step}", "x")
                .replace("{name}", "x");
            for cookie in ["", "__Host-session=", "__Host-session=00", "other=1; __Host-session=zz"] {
                let request = page.request(method.clone(), &path).header("cookie", cookie);
                let answer = code_of(request.send().await.unwrap()).await;
                assert_eq!(
                    answer,
                    (StatusCode::UNAUTHORIZED, "signed_out".into()),
                    "{method} {path} {cookie}"
                );
                asked += 1;
            }
        }
    }
    assert!(asked > 40, "{asked}");
}

#[tokio::test]
async fn every_answer_forbids_what_the_page_does_not_need() {
    let page = Page::open().await;
    for path in ["/", "/api/hello", "/api/cameras", "/assets/none.js", "/api/nothing"] {
        let answer = page.get(path).await;
        let header = |name: &str| answer.headers().get(name).map(|v| v.to_str().unwrap()).unwrap_or_default();
        let policy = header("content-security-policy");
        for part in ["default-src 'none'", "frame-ancestors 'none'", "base-uri 'none'"] {
            assert!(policy.contains(part), "{path}: {policy}");
        }
        assert!(!policy.contains("unsafe"), "{path}: {policy}");
        assert_eq!(header("x-content-type-options"), "nosniff", "{path}");
        assert_eq!(header("referrer-policy"), "no-referrer", "{path}");
        assert_eq!(header("access-control-allow-origin"), "", "{path}");
        assert_eq!(
            header("strict-transport-security"),
            "",
            "{path}: it would lock out self-signed certificates"
        );
        if path.starts_with("/api/") {
            assert_eq!(header("cache-control"), "no-store", "{path}");
        }
    }
}

#[tokio::test]
async fn the_chart_is_there_to_be_printed() {
    let page = Page::open().await;
    let chart = page.get("/board.pdf").await;
    assert_eq!(chart.headers()["content-type"], "application/pdf");
    assert!(chart.bytes().await.unwrap().starts_with(b"%PDF-"));
}

#[tokio::test]
async fn a_code_signs_in_once_and_only_from_the_page() {
    let page = Page::open().await;
    let code = page.invitation["code"].as_str().unwrap().to_owned();
    let sign_in = |code: &str| page.request(Method::POST, "/api/session").json(&json!({"code": code}));

    let bare = page.client.post(page.url("/api/session")).json(&json!({"code": code}));
    assert_eq!(code_of(bare.send().await.unwrap()).await.1, "not_from_page");
    let foreign = sign_in(&code).header("sec-fetch-site", "cross-site");
    assert_eq!(code_of(foreign.send().await.unwrap()).await.1, "not_from_page");
    let wrong = if code == "00000000" { "00000001" } else { "00000000" };
    assert_eq!(
        code_of(sign_in(wrong).send().await.unwrap()).await,
        (StatusCode::UNAUTHORIZED, "wrong_code".into())
    );

    let answer = sign_in(&code).send().await.unwrap();
    assert_eq!(answer.status(), StatusCode::NO_CONTENT);
    let cookie = answer.headers()["set-cookie"].to_str().unwrap().to_owned();
    for part in ["__Host-session=", "Secure", "HttpOnly", "SameSite=Strict", "Path=/"] {
        assert!(cookie.contains(part), "{part} is not in {cookie}");
    }
    assert!(!cookie.contains("Domain") && !cookie.contains("Max-Age"), "{cookie}");
    let cookie = cookie.split(';').next().unwrap().to_owned();
    let session = page.request(Method::GET, "/api/session").header("cookie", &cookie).send().await.unwrap();
    let session: Value = session.json().await.unwrap();
    let left = session["idle_left_s"].as_u64().unwrap();
    assert!((1790..=1800).contains(&left), "{left}");

    assert_eq!(code_of(sign_in(&code).send().await.unwrap()).await.1, "wrong_code", "a second time");
    let out = page.request(Method::DELETE, "/api/session").header("cookie", &cookie).send().await.unwrap();
    assert_eq!(out.status(), StatusCode::NO_CONTENT);
    let after = page.request(Method::GET, "/api/cameras").header("cookie", &cookie).send().await.unwrap();
    assert_eq!(code_of(after).await.1, "signed_out");
}

#[tokio::test]
async fn whoever_guesses_waits() {
    let page = Page::open().await;
    let mut told = Vec::new();
    for n in 0..7 {
        // Never the right one: it has eight digits.
        let guess = json!({"code": format!("guess-{n}")});
        let answer = page.request(Method::POST, "/api/session").json(&guess).send().await.unwrap();
        let retry = answer.headers().get("retry-after").map(|v| v.to_str().unwrap().parse::<u64>().unwrap());
        assert_eq!(
            answer.status() == StatusCode::TOO_MANY_REQUESTS,
            retry.is_some_and(|s| (1..=61).contains(&s))
        );
        told.push(code_of(answer).await.1);
    }
    assert_eq!(
        told,
        ["wrong_code", "wrong_code", "wrong_code", "wrong_code", "wrong_code", "locked", "locked"]
    );
    let right = json!({"code": page.invitation["code"]});
    let answer = page.request(Method::POST, "/api/session").json(&right).send().await.unwrap();
    assert_eq!(code_of(answer).await.1, "locked");
}

#[tokio::test]
async fn the_first_picture_and_its_edges_are_there_at_once_after_the_sign_in() {
    let page = Page::signed_in().await;
    // A busy machine takes its time until the camera is there; its pictures are kept from the sign-in on.
    page.until("/api/cameras", |cameras| cameras[0]["width"].as_u64() > Some(0)).await;
    for part in ["lines", "picture?max=64"] {
        let answer = page.get(&format!("/api/cameras/cam-1/{part}")).await;
        assert_eq!(answer.status(), StatusCode::OK, "{part}: {}", page.log());
    }
}

#[tokio::test]
async fn pictures_come_small_or_whole_with_heads_hidden_unless_asked() {
    let page = Page::signed_in().await;
    let cameras = page.until_it_sees().await;
    assert_eq!((cameras["state"].as_str(), cameras["windows"].as_u64()), (Some("ok"), Some(0)));
    let whole = (cameras["width"].as_u64().unwrap(), cameras["height"].as_u64().unwrap());

    let picture = async |query: &str| page.get(&format!("/api/cameras/cam-1/picture{query}")).await;
    let answer = picture("?max=320").await;
    assert_eq!(
        (answer.status(), &answer.headers()["content-type"]),
        (StatusCode::OK, &"image/jpeg".parse().unwrap())
    );
    assert_eq!(answer.headers()["cache-control"], "no-store");
    let at: jiff::Timestamp = answer.headers()["x-frame-at"].to_str().unwrap().parse().unwrap();
    assert!((jiff::Timestamp::now().duration_since(at)).as_secs() < 60, "{at}");
    let bytes = answer.bytes().await.unwrap();
    assert_eq!(page::jpeg_size(&bytes), (320, 320 * whole.1 / whole.0));
    let bytes = picture("?max=0&draw=analysis").await.bytes().await.unwrap();
    assert_eq!(page::jpeg_size(&bytes), whole);
    assert!(!page.log().contains("heads as they are"));
    assert_eq!(picture("?heads=clear").await.status(), StatusCode::OK);
    assert!(page.log().contains("heads as they are"), "it is noted");

    for (query, expected) in [
        ("?heads=none", (StatusCode::BAD_REQUEST, "invalid")),
        ("?max=-1", (StatusCode::BAD_REQUEST, "invalid")),
        ("?max=99999999999", (StatusCode::BAD_REQUEST, "invalid")),
        ("?colour=red", (StatusCode::BAD_REQUEST, "invalid")),
    ] {
        assert_eq!(code_of(picture(query).await).await, (expected.0, expected.1.into()), "{query}");
    }
    for camera in ["cam-2", "..%2Fcam-1", "%FF", "cam-1%00"] {
        let answer = page.get(&format!("/api/cameras/{camera}/picture")).await;
        assert_eq!(code_of(answer).await, (StatusCode::NOT_FOUND, "not_found".into()), "{camera}");
    }
}

#[tokio::test]
async fn a_draft_is_checked_saved_whole_and_taken_back() {
    let page = Page::signed_in().await;
    let camera = page.until_it_sees().await;
    assert_eq!(camera["windows"], 0);
    let before: Value = page.get("/api/calibration").await.json().await.unwrap();
    assert_eq!((before["draft"]["windows"].as_array().unwrap().len(), before.get("source")), (0, None));
    let save = |draft: Value, expected: &Value| {
        page.request(Method::PUT, "/api/calibration")
            .json(&json!({"draft": draft, "expected": expected}))
            .send()
    };

    // Nothing of a draft with a mistake is used.
    let mut wrong = draft();
    wrong["windows"][1]["seat"][0] = json!([1.5, 0.1]);
    wrong["windows"][0]["camera"] = json!("cam-9");
    let found: Value =
        page.post("/api/calibration/check", &json!({"draft": wrong})).await.json().await.unwrap();
    let codes: Vec<_> =
        found["problems"].as_array().unwrap().iter().map(|f| f["code"].as_str().unwrap()).collect();
    assert!(codes.contains(&"outside") && codes.contains(&"unknown_camera"), "{found}");
    let refused = save(wrong, &before["version"]).await.unwrap();
    assert_eq!(refused.status(), StatusCode::UNPROCESSABLE_ENTITY);
    let problem: Value = refused.json().await.unwrap();
    assert_eq!(
        (problem["code"].as_str(), problem["problems"].as_array().unwrap().len()),
        (Some("refused"), codes.len())
    );
    assert!(!page.path("calibration.toml").exists());

    // A good one is in force at once, in its file, and in the history.
    let saved: Value = save(draft(), &before["version"]).await.unwrap().json().await.unwrap();
    let first = saved["version"].clone();
    let now: Value = page.get("/api/calibration").await.json().await.unwrap();
    assert_eq!(
        (&now["version"], &now["draft"]["windows"], now["source"].as_str()),
        (&first, &draft()["windows"], Some("page"))
    );
    assert_eq!(page.until_it_sees().await["windows"], 2);
    let file = std::fs::read_to_string(page.path("calibration.toml")).unwrap();
    assert_eq!(page.get("/api/calibration.toml").await.text().await.unwrap(), file);
    let imported =
        page.request(Method::POST, "/api/calibration/import").body(file.clone()).send().await.unwrap();
    assert_eq!(imported.json::<Value>().await.unwrap()["draft"], now["draft"]);

    // Whoever began from an older one is told.
    let stale = save(draft(), &before["version"]).await.unwrap();
    assert_eq!(code_of(stale).await, (StatusCode::CONFLICT, "changed".into()));

    let mut fewer = draft();
    fewer["windows"].as_array_mut().unwrap().pop();
    let saved: Value = save(fewer, &first).await.unwrap().json().await.unwrap();
    let second = saved["version"].as_str().unwrap().to_owned();
    let history: Value = page.get("/api/history").await.json().await.unwrap();
    let told: Vec<_> =
        history.as_array().unwrap().iter().map(|v| (v["version"].clone(), v["current"] == true)).collect();
    assert_eq!(told, [(json!(second), true), (first.clone(), false)]);
    let first = first.as_str().unwrap();
    let difference: Value = page.get(&format!("/api/history/{first}")).await.json().await.unwrap();
    assert_eq!(difference["changes"][0]["kind"], "added", "{difference}");
    let difference: Value =
        page.get(&format!("/api/history/{second}?against={first}")).await.json().await.unwrap();
    assert_eq!(difference["changes"][0]["kind"], "removed", "{difference}");

    // One tap back.
    let back = page.request(Method::POST, &format!("/api/history/{first}/return")).send().await.unwrap();
    assert_eq!(back.json::<Value>().await.unwrap()["version"], first);
    assert_eq!(std::fs::read_to_string(page.path("calibration.toml")).unwrap(), file);
    let history: Value = page.get("/api/history").await.json().await.unwrap();
    assert_eq!((history.as_array().unwrap().len(), history[0]["by"].as_str()), (3, Some("return")));
    let unknown = page.request(Method::POST, "/api/history/sha256:0/return").send().await.unwrap();
    assert_eq!(code_of(unknown).await.1, "not_found");
}

#[tokio::test]
async fn what_cannot_be_understood_is_a_problem() {
    let page = Page::signed_in().await;
    let json = |body: &str| (Some("application/json"), body.to_owned());
    let invalid = (StatusCode::BAD_REQUEST, "invalid");
    let check = "/api/calibration/check";
    for (method, path, (kind, body), expected) in [
        (Method::POST, check, json("{"), invalid),
        (Method::POST, check, json("[]"), invalid),
        (Method::POST, check, json(r#"{"draft":{"windows":[{"id":3}]}}"#), invalid),
        (Method::POST, check, json(r#"{"draft":{},"more":1}"#), invalid),
        (
            Method::POST,
            check,
            json(r#"{"draft":{"windows":[{"id":"1","camera":"cam-1","seat":[[1]]}]}}"#),
            invalid,
        ),
        (
            Method::POST,
            check,
            (Some("text/plain"), "{}".into()),
            (StatusCode::UNSUPPORTED_MEDIA_TYPE, "media_type"),
        ),
        (Method::POST, check, json(&" ".repeat(300 * 1024)), (StatusCode::PAYLOAD_TOO_LARGE, "too_large")),
        (Method::PUT, "/api/calibration", json("{}"), invalid),
        (
            Method::POST,
            "/api/calibration/import",
            (None, "version = 2".into()),
            (StatusCode::UNPROCESSABLE_ENTITY, "unreadable"),
        ),
        (
            Method::POST,
            "/api/calibration/import",
            (None, "x".repeat(300 * 1024)),
            (StatusCode::PAYLOAD_TOO_LARGE, "too_large"),
        ),
        (Method::PATCH, "/api/calibration", json("{}"), (StatusCode::METHOD_NOT_ALLOWED, "method")),
        (Method::GET, "/api/nothing", (None, String::new()), (StatusCode::NOT_FOUND, "not_found")),
        (Method::GET, "/api/history/x?against=y&z=1", (None, String::new()), invalid),
    ] {
        let request = page.request(method.clone(), path).body(body.clone());
        let request = kind.into_iter().fold(request, |request, kind| request.header("content-type", kind));
        let answer = code_of(answered(request).await).await;
        let shown: String = body.chars().take(60).collect();
        assert_eq!(answer, (expected.0, expected.1.into()), "{method} {path} {shown}");
    }
    // What changes something must come from the page, whatever the cookie says.
    let cookie = page.cookie.clone().unwrap();
    let bare = page.client.put(page.url("/api/calibration")).header("cookie", cookie).json(&json!({}));
    assert_eq!(code_of(bare.send().await.unwrap()).await, (StatusCode::FORBIDDEN, "not_from_page".into()));
}

/// The colour of a place of a JPEG, in fractions of it.
fn colour_at(jpeg: &[u8], x: f64, y: f64) -> [u8; 3] {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("shown.jpg");
    std::fs::write(&file, jpeg).unwrap();
    let image = chuangming_edge_agent::capture::read_picture(&file).unwrap();
    let pixel = |part: f64, side: u32| (part * f64::from(side)) as u32;
    let start = pixel(x, image.width()) as usize * 3;
    image.row(pixel(y, image.height()))[start..start + 3].try_into().unwrap()
}

#[tokio::test]
async fn nobody_looks_behind_a_privacy_mask() {
    let page = Page::signed_in().await;
    page.until_it_sees().await;
    let before: Value = page.get("/api/calibration").await.json().await.unwrap();
    let shown = async || page.get("/api/cameras/cam-1/picture?heads=clear").await.bytes().await.unwrap();
    let is_grey = |jpeg: &[u8]| colour_at(jpeg, 0.75, 0.25).iter().all(|value| value.abs_diff(64) < 6);
    assert!(!is_grey(&shown().await));
    let mut masked = draft();
    masked["privacy_masks"] =
        json!([{"camera": "cam-1", "polygon": [[0.5, 0.0], [1.0, 0.0], [1.0, 0.5], [0.5, 0.5]]}]);
    let body = json!({"draft": masked, "expected": before["version"]});
    let saved = page.request(Method::PUT, "/api/calibration").json(&body).send().await.unwrap();
    assert_eq!(saved.status(), StatusCode::OK);
    let jpeg = shown().await;
    assert!(is_grey(&jpeg), "even for who sees heads as they are");
    assert!(!colour_at(&jpeg, 0.25, 0.75).iter().all(|value| value.abs_diff(64) < 6), "the rest is shown");
}

/// How often the page gets another picture while two windows are watched; `docs/FIGURES.md` has what was measured.
#[tokio::test]
#[ignore = "a measurement of a minute"]
async fn pictures_a_second_of_the_live_view() {
    const FOR: Duration = Duration::from_secs(12);
    /// As `calibration/web/src/stage/live.ts` asks while somebody works: this often at most, and with a quarter as much rest.
    const EVERY: Duration = Duration::from_millis(280);
    let page = Page::signed_in().await;
    page.until_it_sees().await;
    let before = page.json("/api/calibration").await;
    let save = json!({"draft": draft(), "expected": before["version"]});
    let saved = page.request(Method::PUT, "/api/calibration").json(&save).send().await.unwrap();
    assert_eq!(saved.status(), StatusCode::OK);
    for (heads, rests) in [("pixelated", true), ("pixelated", false), ("clear", true), ("clear", false)] {
        let (start, mut times) = (Instant::now(), BTreeSet::new());
        while start.elapsed() < FOR {
            let began = Instant::now();
            let answer = page.get(&format!("/api/cameras/cam-1/picture?heads={heads}&max=1280")).await;
            assert_eq!(answer.status(), StatusCode::OK);
            times.insert(answer.headers()["x-frame-at"].to_str().unwrap().to_owned());
            answer.bytes().await.unwrap();
            let took = began.elapsed();
            if rests {
                tokio::time::sleep(EVERY.saturating_sub(took).max(took / 4)).await;
            }
        }
        let rate = times.len() as f64 / start.elapsed().as_secs_f64();
        eprintln!(
            "heads {heads}, {}: {rate:.1} pictures a second",
            if rests { "as the page asks" } else { "one after the other" }
        );
        assert!(rate > 0.2, "{rate}");
    }
}
