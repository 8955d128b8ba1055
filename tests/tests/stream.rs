//! A network camera that is cut and comes back: its windows cannot be observed meanwhile, and the other camera's can.

use chuangming_tests::{Daemon, Hall, clip, free_port, root};
use serde_json::Value;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

/// The clip as an endless RTSP stream on loopback.
fn serve(port: u16, media: &Path, folder: &Path) -> Daemon {
    let script = root().join("tests/tools/rtsp_server.py");
    let stream = format!("main=h264:{}", media.display());
    let arguments = [script.to_str().unwrap(), &port.to_string(), &stream];
    let mut server = Daemon::start("rtsp", Path::new("/usr/bin/python3"), &arguments, folder);
    server.wait_for("ready", Duration::from_secs(30));
    server
}

/// The states of all windows, by id, once they are as expected.
async fn windows(api: &chuangming_tests::Api, expected: &[(&str, &str)], limit: Duration) -> Value {
    let deadline = Instant::now() + limit;
    loop {
        let halls = api.get("/api/v1/halls").await;
        let shown = &halls["halls"][0]["windows"];
        let is = |(id, state): &(&str, &str)| {
            shown.as_array().is_some_and(|all| all.iter().any(|w| w["id"] == *id && w["state"] == *state))
        };
        if expected.iter().all(is) {
            return shown.clone();
        }
        assert!(Instant::now() < deadline, "windows should become {expected:?}: {shown}");
        tokio::time::sleep(Duration::from_millis(200)).await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_cut_stream_makes_its_windows_unknown_and_no_others() {
    let hall = Hall::new(true);
    let (mut row, media) = clip("demo");
    // One window a camera is what a slow machine can look at, too.
    row["windows"].as_array_mut().expect("windows").retain(|window| window["window"] == "2");
    let port = free_port();
    let mut server = serve(port, &media, &hall.path(""));
    let url = PathBuf::from(format!("rtsp://127.0.0.1:{port}/main"));
    hall.configure_agent(&row, &[("live", &url), ("file", &media)]);
    let mut agent = {
        let _central = hall.start_central();
        let api = hall.sign_in().await;
        let mut agent = hall.start_agent();
        agent.wait_for("pictures arrive camera=live", Duration::from_secs(60));
        let observed = [("live-2", "observed"), ("file-2", "observed")];
        windows(&api, &observed, Duration::from_secs(60)).await;

        server.kill();
        let cut = [("live-2", "unknown"), ("file-2", "observed")];
        let shown = windows(&api, &cut, Duration::from_secs(40)).await;
        let problem = shown
            .as_array()
            .and_then(|all| all.iter().find(|w| w["id"] == "live-2"))
            .map(|w| &w["problems"][0]["kind"]);
        assert_eq!(problem, Some(&Value::from("camera_offline")), "{shown}");

        server.start_again();
        windows(&api, &observed, Duration::from_secs(60)).await;
        // Whatever the picture showed: a dead camera is never an absence.
        let events = api.events().await;
        let absent: Vec<_> =
            events.iter().filter(|e| e["rule"] == "absence" && e["window"] == "live-2").collect();
        assert!(absent.is_empty(), "window 2 is never empty in the clip: {absent:?}");
        agent.stop();
        agent
    };
    agent.kill();
}
