//! Codes for an agent's calibration page.

use super::agents::{agent_id, arrival, embedded, key_of, machine, online};
use crate::common::browser::Browser;
use crate::common::hall;
use chuangming_central::signing::Signer;
use chuangming_central::store::{AccessFilter, Body, Store};
use chuangming_domain::Timestamp;
use chuangming_domain::digest::Digest;
use chuangming_domain::sign_in::SignInCode;
use chuangming_domain::wire::Machine;
use reqwest::Method;
use ring::signature::{ED25519, UnparsedPublicKey};
use serde_json::Value;

#[tokio::test(flavor = "multi_thread")]
async fn codes_for_calibration_pages_are_signed_for_one_agent_and_kept_nowhere() {
    let central = embedded().await;
    let installer = Browser::sign_in(&central, "installer").await;
    let store = Store::open(&central.config().database().unwrap()).await.unwrap();
    store.record(&[arrival("edge-01", online())], Timestamp::now()).await.unwrap();
    const PATH: &str = "/api/v1/fleet/tanggu/edge-01/sign-in-codes";
    let made = installer.post(PATH, Value::Null, 201).await;
    let text = made["code"].as_str().unwrap();
    let code: SignInCode = text.parse().unwrap();
    let now = Timestamp::now().as_second();
    assert!(code.is_good_at(now) && !code.is_good_at(now + 600));
    let until: Timestamp = made["expires_at"].as_str().unwrap().parse().unwrap();
    assert_eq!(until.as_second(), code.issued_at + 600);

    let public = Signer::load(&central.dir.path().join("key.pem")).unwrap().public_pem();
    let key = UnparsedPublicKey::new(&ED25519, key_of(&public));
    let verifies = |agent: &str| {
        let text = SignInCode::signed_text(&hall(), &agent_id(agent), code.issued_at, code.nonce);
        key.verify(text.as_bytes(), &code.signature).is_ok()
    };
    assert!(verifies("edge-01") && !verifies("edge-02"));
    assert_ne!(installer.post(PATH, Value::Null, 201).await["code"], made["code"]);

    // Where the page is and what it proves itself with, the agent says while it is open; an older one not the latter.
    assert_eq!((&made["page"], &made["fingerprint"]), (&Value::Null, &Value::Null));
    let certificate = Digest::of(b"certificate");
    for (address, page_certificate) in
        [("192.0.2.7:8443", None), ("[2001:db8::7]:8443", Some(certificate.clone()))]
    {
        let fingerprint = page_certificate.as_ref().map(Digest::fingerprint);
        let page = Some(address.parse().unwrap());
        let said = Machine { page, page_certificate, ..machine(Timestamp::now(), "a") };
        store.record(&[arrival("edge-01", Body::Machine(said))], Timestamp::now()).await.unwrap();
        let shown = installer.post(PATH, Value::Null, 201).await;
        assert_eq!(shown["page"], format!("https://{address}"));
        assert_eq!(shown["fingerprint"].as_str(), fingerprint.as_deref());
    }

    // It is noted who had one, and the code itself is in no row.
    let logged = store.accesses(&AccessFilter::default(), 50).await.unwrap();
    let issued: Vec<_> = logged.iter().filter(|row| row.entry.action == "issue_sign_in_code").collect();
    assert_eq!((issued.len(), issued[0].name.as_deref()), (4, Some("installer")));
    assert!(issued.iter().all(|row| row.entry.subject == "tanggu/edge-01"));
    for file in std::fs::read_dir(central.dir.path()).unwrap() {
        let bytes = std::fs::read(file.unwrap().path()).unwrap_or_default();
        assert!(!bytes.windows(text.len()).any(|part| part == text.as_bytes()));
    }
    let missing =
        installer.send(Method::POST, "/api/v1/fleet/tanggu/edge-09/sign-in-codes", Value::Null).await;
    assert_eq!(missing.status(), 404);
    let head = Browser::sign_in(&central, "head").await;
    assert_eq!(head.send(Method::POST, PATH, Value::Null).await.status(), 403, "a head sees no pictures");
    store.close().await;
    central.stop().await;
}
