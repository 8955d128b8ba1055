//! A new machine from its token to its first rules, with the real programs: central over HTTPS with a certificate of
//! its own, the agent's command line, the embedded broker.

use chuangming_tests::{Daemon, Hall, binary, clip, free_port, until, use_ring};
use serde_json::{Value, json};
use std::fs;
use std::os::unix::fs::PermissionsExt as _;
use std::path::Path;
use std::process::{Command, Output};
use std::time::Duration;

const LIMIT: Duration = Duration::from_secs(60);

/// A certificate for this machine that nobody else vouches for.
fn certificate(hall: &Hall, name: &str) {
    let made = rcgen::generate_simple_self_signed(["localhost".to_owned(), "127.0.0.1".to_owned()]).unwrap();
    hall.write(&format!("{name}.pem"), &made.cert.pem());
    hall.write(&format!("{name}.key"), &made.signing_key.serialize_pem());
}

fn enrol(hall: &Hall, central: &str, token: &str, camera: &Path) -> Output {
    let camera = format!("cam-1={}", camera.display());
    Command::new(binary("edge-agent"))
        .args([
            "enrol",
            "--central",
            central,
            "--token",
            token,
            "--dir",
            "machine",
            "--data-dir",
            "machine-data",
        ])
        .args(["--camera", &camera])
        .current_dir(hall.path(""))
        .output()
        .unwrap()
}

fn text(output: &Output) -> String {
    format!("{}{}", String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr))
}

#[tokio::test(flavor = "multi_thread")]
async fn a_machine_enrols_runs_gets_rules_and_is_sent_away() {
    let hall = Hall::new(true);
    let (http, broker, page) = (free_port(), free_port(), free_port());
    for name in ["central", "other"] {
        certificate(&hall, name);
    }
    let made = Command::new(binary("central"))
        .args(["config-key", "--out", "key.pem"])
        .current_dir(hall.path(""))
        .output()
        .unwrap();
    assert!(
        made.status.success() && text(&made).starts_with("-----BEGIN PUBLIC KEY-----"),
        "{}",
        text(&made)
    );
    hall.write(
        "central.toml",
        &format!(
            "listen = \"127.0.0.1:{http}\"\ndata_dir = \"central\"\nconfig_key_file = \"key.pem\"\n\
             [tls]\ncert_file = \"central.pem\"\nkey_file = \"central.key\"\n\
             [broker]\nembedded = true\nlisten = \"127.0.0.1:{broker}\"\n\
             [enrolment]\nbroker_url = \"mqtt://127.0.0.1:{broker}\"\ncentral_url = \"https://127.0.0.1:{http}\"\n"
        ),
    );
    let central =
        Daemon::start("central", &binary("central"), &["serve", "--config", "central.toml"], &hall.path(""));
    let url = format!("https://127.0.0.1:{http}");
    until("central answers", LIMIT, || std::net::TcpStream::connect(("127.0.0.1", http)).ok());
    use_ring();
    let trusted = reqwest::Certificate::from_pem(&fs::read(hall.path("central.pem")).unwrap()).unwrap();
    let client = reqwest::Client::builder().tls_certs_only([trusted]).build().unwrap();
    let installer = hall.sign_in_as("installer", &url, client.clone()).await;
    let admin = hall.sign_in_as("administrator", &url, client).await;

    // Central is who the token says or nobody.
    let made = installer.post("/api/v1/enrolments", &json!({"hall": "tanggu", "agent": "edge-07"})).await;
    let command = made["command"].as_str().unwrap().to_owned();
    let token = command.rsplit(' ').next().unwrap();
    assert!(command.contains(&format!("--central {url} ")), "{command}");
    let (_, media) = clip("demo");
    let other_pin = format!("{}.{}", &token[..32], "0".repeat(64));
    let refused = enrol(&hall, &url, &other_pin, &media);
    assert!(text(&refused).contains("is another central than the one"), "{}", text(&refused));
    let plain = enrol(&hall, &url.replace("https", "http"), token, &media);
    assert_eq!(plain.status.code(), Some(2), "{}", text(&plain));

    let done = enrol(&hall, &url, token, &media);
    assert!(done.status.success() && text(&done).contains("enrolled as tanggu/edge-07"), "{}", text(&done));
    for name in ["agent.toml", "broker-password", "central-config-key.pem", "policy.toml", "calibration.toml"]
    {
        let mode = fs::metadata(hall.path("machine").join(name)).unwrap().permissions().mode() & 0o777;
        assert_eq!(mode, 0o600, "{name}");
    }
    let again = enrol(&hall, &url, token, &media);
    assert_eq!(again.status.code(), Some(2), "a token is good once: {}", text(&again));
    assert!(text(&again).contains("the token is unknown, spent, taken back or too old"), "{}", text(&again));

    // What was written is all that the agent needs; calibrated on site, it watches. Here its page is open to codes of central.
    let mut config = fs::read_to_string(hall.path("machine/agent.toml")).unwrap();
    config.push_str(&format!("[calibrate]\nlisten = \"127.0.0.1:{page}\"\nalways = true\n"));
    fs::write(hall.path("machine/agent.toml"), config).unwrap();
    let seat = "seat = [[0.0,0.0],[0.49,0.0],[0.49,0.62],[0.0,0.62]]";
    fs::write(
        hall.path("machine/calibration.toml"),
        format!("version = 1\n[[windows]]\nid = \"1\"\ncamera = \"cam-1\"\n{seat}\n"),
    )
    .unwrap();
    let mut agent = Daemon::start(
        "edge-agent",
        &binary("edge-agent"),
        &["run", "--config", "machine/agent.toml"],
        &hall.path(""),
    );
    agent.wait_for("connected", LIMIT);
    let fleet = installer
        .until("/api/v1/fleet/tanggu/edge-07", |one| one["machine"]["cameras"][0]["windows"] == json!(["1"]))
        .await;
    let calibration = fleet["machine"]["calibration"].clone();
    assert_eq!(
        (&fleet["online"], fleet["machine"]["skew_s"].as_f64().unwrap().abs() < 5.0),
        (&json!(true), true)
    );

    // Rules from the page: signed with central's key, checked by the agent, in force; its calibration stays its own.
    let document = json!({"version": 1, "rules": {"absence": {"raise_after_s": 1234}}});
    let version =
        admin.post("/api/v1/policies/tanggu/versions", &json!({"document": document, "note": "e2e"})).await;
    let rollout = admin.post("/api/v1/policies/tanggu/rollouts", &json!({"digest": version["digest"]})).await;
    let path = format!("/api/v1/policies/tanggu/rollouts/{}", rollout["id"].as_str().unwrap());
    admin.until(&path, |one| one["agents"][0]["state"] == "applied").await;
    let fleet = installer
        .until("/api/v1/fleet/tanggu/edge-07", |one| one["machine"]["policy"] == version["digest"])
        .await;
    assert_eq!(fleet["machine"]["calibration"], calibration);

    // A code of central opens the machine's calibration page once, for whoever carries it there; the machine said where.
    let issued = installer.post("/api/v1/fleet/tanggu/edge-07/sign-in-codes", &Value::Null).await;
    let code = issued["code"].clone();
    let page = format!("https://127.0.0.1:{page}");
    assert_eq!(issued["page"], page);
    let pem = fs::read(hall.path("machine/machine-data/calibration/certificate.pem")).unwrap();
    let pinned = reqwest::Certificate::from_pem(&pem).unwrap();
    let visitor = reqwest::Client::builder().tls_certs_only([pinned]).build().unwrap();
    let sign_in = |code: &Value| {
        let asked = visitor.post(format!("{page}/api/session")).header("x-requested-with", "chuangming");
        asked.json(&json!({"code": code})).send()
    };
    let mut forged = code.as_str().unwrap().to_owned();
    forged.replace_range(158.., if forged.ends_with("00") { "01" } else { "00" });
    assert_eq!(sign_in(&json!(forged)).await.unwrap().status(), 401, "nobody but central signs");
    let answer = sign_in(&code).await.unwrap();
    assert_eq!(answer.status(), 204);
    let cookie = answer.headers()["set-cookie"].to_str().unwrap().split(';').next().unwrap().to_owned();
    let cameras = visitor.get(format!("{page}/api/cameras")).header("cookie", cookie).send().await.unwrap();
    assert_eq!(cameras.json::<Value>().await.unwrap()[0]["id"], "cam-1");
    assert_eq!(sign_in(&code).await.unwrap().status(), 401, "a code is good once");
    for log in [agent.log(), central.log()] {
        assert!(!log.contains(code.as_str().unwrap()), "a code is in a log: {log}");
    }

    // Sent away, it finds no way back; a new token gives it one.
    installer.post("/api/v1/fleet/tanggu/edge-07/revoke", &Value::Null).await;
    agent.wait_for("no broker; events wait", LIMIT);
    let made = installer.post("/api/v1/enrolments", &json!({"hall": "tanggu", "agent": "edge-07"})).await;
    let token = made["command"].as_str().unwrap().rsplit(' ').next().unwrap().to_owned();
    let done = enrol(&hall, &url, &token, &media);
    assert!(text(&done).contains("agent.toml was kept"), "{}", text(&done));
    installer.until("/api/v1/fleet/tanggu/edge-07", |one| one["online"] == true).await;
    assert!(fs::read_to_string(hall.path("machine/calibration.toml")).unwrap().contains(seat));
    assert!(agent.stop().unwrap().success());
}
