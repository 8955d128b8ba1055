//! Versions of a hall's rules: checked, previewed, brought to the agents, and what the agents say.

use super::agents::{Edge, agent_id, arrival, embedded, enrol, key_of, online};
use crate::common::browser::Browser;
use crate::common::{closed, eventually, fresh_store, hall, opened};
use chuangming_central::role::Role;
use chuangming_central::signing::Signer;
use chuangming_central::store::{AccessFilter, AccessRow, Account, Body, NewRollout, Store};
use chuangming_domain::Timestamp;
use chuangming_domain::digest::Digest;
use chuangming_domain::event::{CloseReason, Event};
use chuangming_domain::policy::Policy;
use chuangming_domain::rule::Rule;
use chuangming_domain::wire::{AppliedConfig, ConfigSignature, DesiredConfig};
use reqwest::Method;
use ring::signature::{ED25519, UnparsedPublicKey};
use serde_json::{Value, json};
use std::time::Duration;

fn somebody() -> Account {
    Account {
        id: "1".into(),
        name: "head".into(),
        password_hash: String::new(),
        role: Role::CenterHead,
        halls: None,
        display_name: String::new(),
        must_change: false,
        disabled: false,
        from_provider: false,
        created_at: Timestamp::UNIX_EPOCH,
    }
}

#[tokio::test]
async fn what_agents_are_asked_rises_and_the_last_word_holds() {
    let (store, _dir, _) = fresh_store().await;
    let (now, by) = (Timestamp::now(), somebody());
    store.record(&[arrival("edge-01", online())], now).await.unwrap();
    let texts = [Policy::default().to_toml(), "version = 1\n".to_owned()];
    for text in &texts {
        assert!(store.save_policy(&hall(), text, "why", &by, now).await.unwrap());
        assert!(
            !store.save_policy(&hall(), text, "again", &by, now).await.unwrap(),
            "equal rules are one version"
        );
    }
    assert_eq!(store.policy_in_force(&hall()).await.unwrap(), None);
    let digests: Vec<_> = texts.iter().map(|text| Digest::of(text.as_bytes())).collect();

    let mut serials = Vec::new();
    // The second one comes after the clock was set back.
    for (digest, at) in [(&digests[0], now), (&digests[1], now - Duration::from_secs(3600))] {
        let rollout = NewRollout { hall: &hall(), digest, agents: None, note: "" };
        store.roll_out(&rollout, &by, at).await.unwrap();
        let assigned = store.assignments().await.unwrap();
        assert_eq!(assigned.len(), 1);
        serials.push(assigned[0].serial);
        assert_eq!(Digest::of(assigned[0].policy.as_bytes()), *digest);
    }
    assert!(serials[1] > serials[0], "{serials:?}");
    assert_eq!(store.policy_in_force(&hall()).await.unwrap(), Some(digests[1].clone()));

    // A word about the older one is no word about the newer one.
    let version = |text: &str| DesiredConfig::version_of(text, "");
    let says = |version, ok, problems: &[&str]| {
        let problems = problems.iter().map(|p| (*p).to_owned()).collect();
        arrival("edge-01", Body::Applied(AppliedConfig { version, ok, problems }))
    };
    store.record(&[says(version(&texts[0]), true, &[])], now).await.unwrap();
    assert!(store.rollouts(&hall(), 9).await.unwrap()[0].agents[0].applied.is_none());
    store.record(&[says(version(&texts[1]), false, &["policy.toml: no"])], now).await.unwrap();
    let rollouts = store.rollouts(&hall(), 9).await.unwrap();
    let (newest, older) = (&rollouts[0].agents[0], &rollouts[1].agents[0]);
    assert_eq!(newest.applied.as_ref().unwrap().0.problems, ["policy.toml: no"]);
    assert!(!newest.superseded && older.superseded && older.applied.is_none());
}

#[tokio::test]
async fn newcomers_get_what_the_whole_hall_was_asked_and_the_revoked_nothing() {
    let (store, _dir, _) = fresh_store().await;
    let (now, by) = (Timestamp::now(), somebody());
    store.record(&[arrival("edge-01", online()), arrival("edge-02", online())], now).await.unwrap();
    store.save_policy(&hall(), "version = 1\n", "", &by, now).await.unwrap();
    let digest = Digest::of(b"version = 1\n");
    let trial = [agent_id("edge-01")];
    let rollout = NewRollout { hall: &hall(), digest: &digest, agents: Some(&trial), note: "" };
    store.roll_out(&rollout, &by, now).await.unwrap();
    assert_eq!(store.assign_newcomers(now).await.unwrap(), 0, "a trial is not for others");
    assert_eq!(store.assignments().await.unwrap().len(), 1);

    store.roll_out(&NewRollout { agents: None, ..rollout }, &by, now).await.unwrap();
    store.record(&[arrival("edge-03", online())], now).await.unwrap();
    assert_eq!(store.assign_newcomers(now).await.unwrap(), 1);
    assert_eq!(store.assign_newcomers(now).await.unwrap(), 0);
    assert_eq!(store.assignments().await.unwrap().len(), 3);
    assert_eq!(store.rollouts(&hall(), 9).await.unwrap()[0].agents.len(), 3);

    store.revoke(&hall(), &agent_id("edge-02"), "installer", now).await.unwrap();
    let left: Vec<_> = store.assignments().await.unwrap().into_iter().map(|a| a.agent.to_string()).collect();
    assert_eq!(left, ["edge-01", "edge-03"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_draft_is_checked_whole_and_previewed_from_what_was_recorded() {
    let central = embedded().await;
    let head = Browser::sign_in(&central, "head").await;
    let draft = json!({"document": {"version": 1, "rules": {"absence": {"raise_after_s": 0, "severity": "loud"}, "smiling": {}}}});
    let checked = head.post("/api/v1/policies/tanggu/check", draft, 200).await;
    let fields: Vec<_> =
        checked["problems"].as_array().unwrap().iter().map(|p| p["field"].as_str().unwrap()).collect();
    assert_eq!(fields, ["rules.absence.severity", "rules.absence.raise_after_s", "rules.smiling"]);
    assert!(
        checked["digest"].is_null()
            && checked["problems"][0]["message"]["zh-CN"].as_str().unwrap().contains("紧急")
    );
    let text = json!({"text": "version = 1\n[rules.absence]\nraise_after_s = 900"});
    let checked = head.post("/api/v1/policies/tanggu/check", text, 200).await;
    assert_eq!(checked["document"]["rules"]["absence"]["raise_after_s"], 900.0);
    assert_eq!(checked["differences"][0]["field"], "rules.absence.raise_after_s");
    head.post("/api/v1/policies/tanggu/check", json!({}), 400).await;
    head.post("/api/v1/policies/tanggu/versions", json!({"document": {"version": 2}}), 400).await;
    head.post("/api/v1/policies/tanggu/preview", json!({"document": {"version": 1}, "days": 91}), 400).await;

    // Three recorded absences of 650, 800 and 1000 seconds, an hour apart.
    let store = Store::open(&central.config().database().unwrap()).await.unwrap();
    let now = Timestamp::now();
    for (hours, length) in [(3u64, 650u64), (2, 800), (1, 1000)] {
        let first = opened("edge-01", "1", Rule::Absence);
        let began = now - Duration::from_secs(hours * 3600);
        let mut first =
            Event { opened_at: began, at: began + Duration::from_secs(600), historical: true, ..first };
        (first.evidence.observed_s, first.evidence.hit_ratio) = (600.0, 0.95);
        let mut last = closed(&first);
        last.at = began + Duration::from_secs(length + 10);
        (last.closed_at, last.close_reason) =
            (Some(began + Duration::from_secs(length)), Some(CloseReason::Cleared));
        last.evidence.observed_s = length as f64;
        let arrivals = [first, last].map(|event| arrival("edge-01", Body::Event(Box::new(event))));
        store.record(&arrivals, now).await.unwrap();
    }
    let preview = async |absence: Value| {
        let body = json!({"document": {"version": 1, "rules": {"absence": absence}}, "days": 7});
        head.post("/api/v1/policies/tanggu/preview", body, 200).await
    };
    let longer = preview(json!({"raise_after_s": 900})).await;
    assert_eq!(longer["rules"][0]["verdicts"], json!({"raised": 1, "too_short": 2}));
    assert_eq!((&longer["rules"][0]["looser"], &longer["under_unknown_rules"]), (&json!([]), &json!(3)));
    assert_eq!(longer["changed"].as_array().unwrap().len(), 2);
    let shorter = preview(json!({"raise_after_s": 300})).await;
    assert_eq!(shorter["rules"][0]["verdicts"], json!({"raised": 3}));
    assert_eq!(shorter["rules"][0]["looser"], json!(["raise_after_s"]), "what it would add nobody knows");
    let logged = store.accesses(&AccessFilter::default(), 50).await.unwrap();
    let by_head = |row: &&AccessRow| row.name.as_deref() == Some("head");
    assert!(logged.iter().filter(by_head).any(|row| row.entry.action == "preview_policy"));
    central.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn rules_reach_the_agents_signed_and_older_ones_come_back() {
    let central = embedded().await;
    let public = Signer::load(&central.dir.path().join("key.pem")).unwrap().public_pem();
    let (head, installer) =
        (Browser::sign_in(&central, "head").await, Browser::sign_in(&central, "installer").await);
    let enrolled = enrol(&central, &installer, "edge-01").await;
    assert_eq!((&enrolled["config_key"], &enrolled["hall"]), (&json!(public), &json!("tanggu")));
    let broker = &enrolled["broker"];
    let login = (broker["username"].as_str().unwrap(), broker["password"].as_str().unwrap());
    let mut edge = Edge::connect(central.broker_port, "edge-01", login).await;
    eventually("central knows the agent", async || {
        let fleet = head.json("/api/v1/fleet").await;
        (fleet["agents"][0]["online"] == true).then_some(())
    })
    .await;

    let save = async |dwell: u32| {
        let document = json!({"version": 1, "rules": {"absence": {"raise_after_s": dwell}}});
        let answer = head
            .send(
                Method::POST,
                "/api/v1/policies/tanggu/versions",
                json!({"document": document, "note": "试行"}),
            )
            .await;
        answer.json::<Value>().await.unwrap()["digest"].clone()
    };
    let send = async |digest: &Value| {
        head.post("/api/v1/policies/tanggu/rollouts", json!({"digest": digest}), 201).await
    };
    let state = async |rollout: &Value| {
        let path = format!("/api/v1/policies/tanggu/rollouts/{}", rollout["id"].as_str().unwrap());
        head.json(&path).await["agents"][0].clone()
    };
    let (first, second) = (save(700).await, save(800).await);
    let rollout = send(&first).await;
    assert_eq!(rollout["agents"][0]["state"], "sent");
    let desired = edge.asked().await;
    assert!(desired.policy.contains("raise_after_s = 700") && desired.calibration.is_empty());
    let signature: ConfigSignature = desired.signature.parse().unwrap();
    let text = ConfigSignature::signed_text(&hall(), &edge.id, signature.serial, &desired.version);
    UnparsedPublicKey::new(&ED25519, key_of(&public))
        .verify(text.as_bytes(), &signature.value)
        .expect("central's signature");
    edge.answer(&desired, &[]).await;
    eventually("applied", async || (state(&rollout).await["state"] == "applied").then_some(())).await;

    // The second is refused and says why; the first comes back under a higher serial.
    let refused = send(&second).await;
    let asked = edge.asked().await;
    edge.answer(&asked, &["calibration.toml: camera cam-1 is not in agent.toml"]).await;
    eventually("refused", async || (state(&refused).await["state"] == "refused").then_some(())).await;
    assert_eq!(state(&refused).await["problems"][0], "calibration.toml: camera cam-1 is not in agent.toml");
    let back = send(&first).await;
    let again = edge.asked().await;
    let serial = |desired: &DesiredConfig| desired.signature.parse::<ConfigSignature>().unwrap().serial;
    assert_eq!(again.version, desired.version);
    assert!(serial(&again) > serial(&asked) && serial(&asked) > serial(&desired));
    edge.answer(&again, &[]).await;
    eventually("back", async || (state(&back).await["state"] == "applied").then_some(())).await;

    // Whoever connects later gets it too: it is retained, and newcomers are asked the same.
    drop(edge);
    let mut edge = Edge::connect(central.broker_port, "edge-01", login).await;
    assert_eq!(edge.asked().await, again);
    let enrolled = enrol(&central, &installer, "edge-02").await;
    assert!(enrolled["policy"].as_str().unwrap().contains("raise_after_s = 700"));
    let login =
        (enrolled["broker"]["username"].as_str().unwrap(), enrolled["broker"]["password"].as_str().unwrap());
    let mut newcomer = Edge::connect(central.broker_port, "edge-02", login).await;
    let asked = newcomer.asked().await;
    assert_eq!(asked.version, desired.version);

    let shown = head.json("/api/v1/policies/tanggu").await;
    assert_eq!(shown["in_force"], first);
    assert_eq!(shown["versions"].as_array().unwrap().len(), 2);
    let path = format!(
        "/api/v1/policies/tanggu/versions/{}?against={}",
        second.as_str().unwrap(),
        first.as_str().unwrap()
    );
    assert_eq!(
        head.json(&path).await["differences"],
        json!([{"field": "rules.absence.raise_after_s", "before": 700.0, "after": 800.0}])
    );
    let trial = json!({"digest": first, "agents": ["edge-77"]});
    head.post("/api/v1/policies/tanggu/rollouts", trial, 400).await;
    central.stop().await;
}
