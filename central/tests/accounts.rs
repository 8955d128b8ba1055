//! Accounts from the administrator's page, one's own password, one-time codes, sessions; all of it in the log.

mod common;

use chuangming_central::config::RetentionDays;
use chuangming_central::store::AccessFilter;
use chuangming_domain::Timestamp;
use chuangming_domain::wire::Channel;
use common::browser::{Browser, problem, sign_in_with, try_sign_in};
use common::{Agent, Central, PASSWORD, eventually};
use reqwest::{Method, StatusCode};
use serde_json::{Value, json};

const OTHER: &str = "another long password";

#[tokio::test(flavor = "multi_thread")]
async fn an_account_from_its_making_to_its_end() {
    let central = Central::embedded().await;
    let admin = Browser::sign_in(&central, "admin").await;
    let add = async |body: Value| admin.send(Method::POST, "/api/v1/accounts", body).await;
    let good = json!({"name": " 李 ", "display_name": "李华", "role": "center_head", "halls": ["tanggu"], "password": PASSWORD});
    for (key, value) in [
        ("name", json!("")),
        ("name", json!("x".repeat(65))),
        ("password", json!("short")),
        ("halls", json!([])),
        ("halls", json!(["A"])),
        ("role", json!("boss")),
        ("all_halls", json!(true)),
        ("face", json!(1)),
    ] {
        let mut body = good.clone();
        body[key] = value.clone();
        assert_eq!(
            problem(add(body).await).await,
            (StatusCode::BAD_REQUEST, "invalid".to_owned()),
            "{key} {value}"
        );
    }
    let made = add(good.clone()).await;
    assert_eq!(made.status(), 201);
    let made: Value = made.json().await.unwrap();
    assert_eq!(
        (&made["name"], &made["halls"], &made["disabled"]),
        (&json!("李"), &json!(["tanggu"]), &json!(false))
    );
    assert_eq!(problem(add(good).await).await.1, "conflict");
    let path = format!("/api/v1/accounts/{}", made["id"].as_str().unwrap());

    // A password that somebody else knows opens nothing but the way to change it.
    let li = Browser::sign_in(&central, "李").await;
    assert_eq!(li.json("/api/v1/session").await["account"]["must_change_password"], true);
    assert_eq!(problem(li.get("/api/v1/alerts").await).await.1, "password_change_needed");
    let change = async |browser: &Browser<'_>, current: &str, new: &str| {
        browser.send(Method::POST, "/api/v1/account/password", json!({"current": current, "new": new})).await
    };
    assert_eq!(problem(change(&li, "wrong", OTHER).await).await.1, "wrong_credentials");
    assert_eq!(change(&li, PASSWORD, PASSWORD).await.status(), 400);
    assert_eq!(change(&li, PASSWORD, "short").await.status(), 400);
    let elsewhere = Browser::sign_in(&central, "李").await;
    assert_eq!(change(&li, PASSWORD, OTHER).await.status(), 204);
    assert_eq!(li.get("/api/v1/alerts").await.status(), 200);
    assert_eq!(elsewhere.get("/api/v1/session").await.status(), 401, "other sessions end");
    assert_eq!(try_sign_in(&central, "李", PASSWORD).await.status(), 401);

    // Another role ends the session; the new one holds at once.
    let patch = async |body: Value| admin.send(Method::PATCH, &path, body).await;
    assert_eq!(patch(json!({"role": "installer", "all_halls": true})).await.status(), 200);
    assert_eq!(li.get("/api/v1/session").await.status(), 401);
    let li = Browser::of(&central, try_sign_in(&central, "李", OTHER).await).await;
    assert_eq!(li.json("/api/v1/session").await["account"]["all_halls"], true);
    assert_eq!(li.get("/api/v1/alerts").await.status(), 403);
    // What they do as an installer is noted with their name.
    let agent = Agent::connect(central.broker_port, "edge-01").await;
    let fleet = "/api/v1/fleet/tanggu/edge-01";
    eventually("the agent is known", async || {
        agent.publish(Channel::Status, r#"{"online":true}"#).await;
        (li.get(fleet).await.status() == 200).then_some(())
    })
    .await;
    assert_eq!(li.send(Method::POST, &format!("{fleet}/revoke"), Value::Null).await.status(), 204);
    assert_eq!(li.json(fleet).await["revoked"]["by"], "李");
    let token = json!({"hall": "tanggu", "agent": "edge-02"});
    assert_eq!(li.send(Method::POST, "/api/v1/enrolments", token).await.status(), 201);
    try_sign_in(&central, "李", "wrong").await;
    assert_eq!(admin.send(Method::DELETE, &format!("{path}/sessions"), Value::Null).await.status(), 204);
    assert_eq!(li.get("/api/v1/session").await.status(), 401);

    // Disabled, it cannot sign in; enabled and with a password set anew, it can.
    assert_eq!(patch(json!({"disabled": true})).await.status(), 200);
    assert_eq!(problem(try_sign_in(&central, "李", OTHER).await).await.1, "wrong_credentials");
    assert_eq!(patch(json!({"disabled": false})).await.status(), 200);
    let reset = admin.send(Method::POST, &format!("{path}/password"), json!({"password": PASSWORD})).await;
    assert_eq!(reset.status(), 204);
    let li = Browser::sign_in(&central, "李").await;
    assert_eq!(li.json("/api/v1/session").await["account"]["must_change_password"], true);

    // Gone, nothing but a number is left.
    assert_eq!(admin.send(Method::DELETE, &path, Value::Null).await.status(), 204);
    let mut all = Vec::new();
    central.store().await.backup(&mut all).await.unwrap();
    let all = String::from_utf8(all).unwrap();
    let named: Vec<_> = all.lines().filter(|line| line.contains('李')).collect();
    assert!(all.contains("edge-02") && named.is_empty(), "{named:#?}");
    assert_eq!(li.get("/api/v1/session").await.status(), 401);
    assert_eq!(try_sign_in(&central, "李", PASSWORD).await.status(), 401);
    assert_eq!(patch(json!({"disabled": false})).await.status(), 404);

    // An administrator neither locks themselves out nor leaves nobody behind.
    let accounts = admin.json("/api/v1/accounts").await;
    let mut listed = accounts["accounts"].as_array().unwrap().iter();
    let own = listed.find(|account| account["name"] == "admin").unwrap()["id"].as_str().unwrap().to_owned();
    let own = format!("/api/v1/accounts/{own}");
    for (method, path, body) in [
        (Method::PATCH, own.clone(), json!({"disabled": true})),
        (Method::PATCH, own.clone(), json!({"role": "staff"})),
        (Method::DELETE, own.clone(), Value::Null),
        (Method::POST, format!("{own}/password"), json!({"password": OTHER})),
        (Method::DELETE, format!("{own}/totp"), Value::Null),
    ] {
        assert_eq!(problem(admin.send(method, &path, body).await).await.1, "conflict", "{path}");
    }
    assert_eq!(admin.get("/api/v1/accounts").await.status(), 200);

    // All of it is in the log, in a chain, and without a name.
    let store = central.store().await;
    let actions: Vec<_> = store
        .accesses(&AccessFilter::default(), 500)
        .await
        .unwrap()
        .into_iter()
        .map(|row| row.entry.action)
        .collect();
    for action in ["account_add", "password_set", "account_change", "account_forget"] {
        assert!(actions.iter().any(|a| a == action), "{action} is not in {actions:?}");
    }
    let entries = store.audit_entries(0).await.unwrap();
    assert!(!format!("{entries:?}").contains('李'));
    assert!(store.audit_verify(vec![], RetentionDays::shortest_log()).await.unwrap().is_ok());
    central.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn one_time_codes() {
    let central = Central::embedded().await;
    let head = Browser::sign_in(&central, "head").await;
    let begin = async |password: &str| {
        head.send(Method::POST, "/api/v1/account/totp", json!({"password": password})).await
    };
    let confirm = async |code: &str| {
        head.send(Method::POST, "/api/v1/account/totp/confirm", json!({"code": code})).await
    };
    assert_eq!(problem(confirm("123456").await).await.1, "conflict");
    assert_eq!(problem(begin("wrong").await).await.1, "wrong_credentials");
    let offer: Value = begin(PASSWORD).await.json().await.unwrap();
    assert!(offer["qr_svg"].as_str().unwrap().contains("<svg"));
    let secret = offer["secret"].as_str().unwrap();
    let app = totp_rs::TOTP::from_url(offer["address"].as_str().unwrap()).unwrap();
    assert_eq!(totp_rs::Secret::Encoded(secret.to_owned()).to_bytes().unwrap(), app.secret);

    // Until a code was shown to be right, the sign-in asks for none.
    assert_eq!(confirm("12345").await.status(), 400);
    assert_eq!(try_sign_in(&central, "head", PASSWORD).await.status(), 200);
    let now = || u64::try_from(Timestamp::now().as_second()).unwrap();
    let used = now() / 30;
    let codes: Value = confirm(&app.generate(used * 30)).await.json().await.unwrap();
    let recovery: Vec<_> = codes["recovery_codes"]
        .as_array()
        .unwrap()
        .iter()
        .map(|code| code.as_str().unwrap().to_owned())
        .collect();
    assert_eq!(recovery.len(), 10);
    assert_eq!(problem(begin(PASSWORD).await).await.1, "conflict");

    let sign_in = async |code: &str| {
        sign_in_with(&central, json!({"name": "head", "password": PASSWORD, "code": code})).await
    };
    let without = try_sign_in(&central, "head", PASSWORD).await;
    assert_eq!(problem(without).await, (StatusCode::UNAUTHORIZED, "code_needed".to_owned()));
    // The code that confirmed is used up; the next one is good once.
    assert_eq!(problem(sign_in(&app.generate(used * 30)).await).await.1, "wrong_credentials");
    let next = app.generate((used + 1) * 30);
    let by_code = Browser::of(&central, sign_in(&next).await).await;
    assert_eq!(problem(sign_in(&next).await).await.1, "wrong_credentials", "a replayed code");
    // So is a recovery code.
    assert_eq!(sign_in(&recovery[3].to_uppercase()).await.status(), 200);
    assert_eq!(problem(sign_in(&recovery[3]).await).await.1, "wrong_credentials");
    // Sessions say how they began, and can be ended one by one.
    let security = by_code.json("/api/v1/account").await;
    assert_eq!((&security["totp"], &security["recovery_codes_left"]), (&json!(true), &json!(9)));
    let sessions = security["sessions"].as_array().unwrap();
    let methods: Vec<_> = sessions.iter().map(|session| session["method"].as_str().unwrap()).collect();
    assert!(["password", "totp", "recovery_code"].iter().all(|m| methods.contains(m)), "{methods:?}");
    let first =
        sessions.iter().find(|session| session["method"] == "password").unwrap()["id"].as_str().unwrap();
    let path = format!("/api/v1/account/sessions/{first}");
    assert_eq!(by_code.send(Method::DELETE, &path, Value::Null).await.status(), 204);
    assert_eq!(by_code.send(Method::DELETE, &path, Value::Null).await.status(), 404);
    let others = Browser::sign_in(&central, "other").await;
    let own = sessions.iter().find(|session| session["current"] == true).unwrap()["id"].as_str().unwrap();
    let foreign = others.send(Method::DELETE, &format!("/api/v1/account/sessions/{own}"), Value::Null).await;
    assert_eq!(foreign.status(), 404, "somebody else's session");
    assert_eq!(by_code.send(Method::DELETE, "/api/v1/account/sessions", Value::Null).await.status(), 204);
    assert_eq!(by_code.json("/api/v1/account").await["sessions"].as_array().unwrap().len(), 1);

    // Wrong codes lock the name as wrong passwords do; the used recovery code was the first of five.
    for _ in 0..4 {
        assert_eq!(sign_in("000000").await.status(), 401);
    }
    assert_eq!(problem(sign_in(&recovery[4]).await).await.1, "locked");

    // Phone and recovery codes lost: an administrator helps.
    let admin = Browser::sign_in(&central, "admin").await;
    let accounts = admin.json("/api/v1/accounts").await;
    let mut accounts = accounts["accounts"].as_array().unwrap().iter();
    let id = accounts.find(|account| account["totp"] == true).unwrap()["id"].as_str().unwrap().to_owned();
    assert_eq!(
        admin.send(Method::DELETE, &format!("/api/v1/accounts/{id}/totp"), Value::Null).await.status(),
        204
    );
    let reset = admin
        .send(Method::POST, &format!("/api/v1/accounts/{id}/password"), json!({"password": OTHER}))
        .await;
    assert_eq!(reset.status(), 204);
    assert_eq!(try_sign_in(&central, "head", OTHER).await.status(), 200);
    central.stop().await;
}

/// A session ends when nobody uses it, and at its time however busy; looked at through the store, where time is given.
#[tokio::test]
async fn sessions_end() {
    use chuangming_central::role::Role;
    use chuangming_central::store::{NewAccount, NewSession};
    use std::time::Duration;
    let (store, _dir, _) = common::fresh_store().await;
    let start = Timestamp::now();
    let new =
        NewAccount { name: "head".into(), password_hash: "-".into(), role: Role::CenterHead, halls: None };
    store.put_account(&new, start).await.unwrap();
    let account = store.account("head").await.unwrap().unwrap();
    let minutes = |n: u64| Duration::from_secs(60 * n);
    let expires_at = start + minutes(600);
    let (method, client) = ("password", "");
    let new = NewSession { token_hash: "t", account_id: &account.id, csrf: "c", method, client, expires_at };
    store.add_session(&new, start).await.unwrap();
    let (idle, csrf) =
        (minutes(60), |session: Option<chuangming_central::store::Session>| session.map(|s| s.csrf));
    let at = async |n: u64| csrf(store.session("t", idle, start + minutes(n)).await.unwrap());
    for n in [1, 50, 100, 155] {
        assert_eq!(at(n).await.as_deref(), Some("c"), "{n} minutes: used within the hour");
    }
    assert_eq!(at(216).await, None, "not used for an hour");
    for n in (157..600).step_by(55) {
        assert!(at(n).await.is_some(), "{n}");
    }
    assert_eq!(at(600).await, None, "at its end however busy");
    assert_eq!(store.sessions(&account.id, idle, start + minutes(600)).await.unwrap(), []);
}
