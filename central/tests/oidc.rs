//! Signing in with OpenID Connect, against a small provider of the tests' own on loopback that does what a real one does:
//! discovery, keys, codes that are good once, PKCE, client secret, signed tokens.

mod common;

use axum::Router;
use axum::extract::{Form, Query, State};
use axum::http::{HeaderMap, StatusCode};
use axum::response::{IntoResponse, Redirect, Response};
use axum::routing::{get, post};
use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};
use common::browser::Browser;
use common::{Central, PASSWORD, free_port};
use jsonwebtoken::{Algorithm, EncodingKey, Header};
use reqwest::Method;
use serde_json::{Value, json};
use sha2::{Digest as _, Sha256};
use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};

const SECRET: &str = "a client secret: with % and +";

/// What the provider says of whoever comes next, and what it gets wrong.
#[derive(Clone)]
struct Next {
    claims: Value,
    wrong: &'static str,
}

struct Idp {
    issuer: String,
    key: EncodingKey,
    jwks: Value,
    next: Mutex<Next>,
    codes: Mutex<BTreeMap<String, BTreeMap<String, String>>>,
}

fn now() -> i64 {
    chuangming_domain::Timestamp::now().as_second()
}

impl Idp {
    async fn start() -> Arc<Self> {
        let pair = rcgen::KeyPair::generate().unwrap();
        // An uncompressed point: 4, x, y.
        let point = pair.public_key_raw();
        let part = |range: std::ops::Range<usize>| URL_SAFE_NO_PAD.encode(&point[range]);
        let jwks = json!({"keys": [{"kty": "EC", "crv": "P-256", "alg": "ES256", "use": "sig", "kid": "k1",
            "x": part(1..33), "y": part(33..65)}]});
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let issuer = format!("http://{}", listener.local_addr().unwrap());
        let idp = Arc::new(Self {
            issuer,
            key: EncodingKey::from_ec_der(&pair.serialize_der()),
            jwks,
            next: Mutex::new(Next { claims: json!({}), wrong: "" }),
            codes: Mutex::default(),
        });
        let app = Router::new()
            .route("/.well-known/openid-configuration", get(discover))
            .route("/authorize", get(authorize))
            .route("/token", post(token))
            .route("/keys", get(async |State(idp): State<Arc<Idp>>| axum::Json(idp.jwks.clone())))
            .with_state(idp.clone());
        tokio::spawn(async move { axum::serve(listener, app).await });
        idp
    }

    fn expect(&self, claims: Value, wrong: &'static str) {
        *self.next.lock().unwrap() = Next { claims, wrong };
    }
}

async fn discover(State(idp): State<Arc<Idp>>) -> axum::Json<Value> {
    let at = |path: &str| format!("{}/{path}", idp.issuer);
    axum::Json(
        json!({"issuer": idp.issuer, "authorization_endpoint": at("authorize"), "token_endpoint": at("token"),
        "jwks_uri": at("keys")}),
    )
}

/// Signs whoever comes in at once, and sends them back.
async fn authorize(State(idp): State<Arc<Idp>>, Query(query): Query<BTreeMap<String, String>>) -> Response {
    let is = |key: &str, value: &str| query.get(key).is_some_and(|given| given == value);
    assert!(is("response_type", "code") && is("client_id", "central") && is("code_challenge_method", "S256"));
    assert!(query["scope"].split(' ').any(|scope| scope == "openid") && query["nonce"].len() > 20);
    let code = uuid::Uuid::now_v7().to_string();
    let mut back = url::Url::parse(&query["redirect_uri"]).unwrap();
    let state = if idp.next.lock().unwrap().wrong == "state" { "other" } else { &query["state"] };
    back.query_pairs_mut().append_pair("code", &code).append_pair("state", state);
    idp.codes.lock().unwrap().insert(code, query.clone());
    Redirect::to(back.as_str()).into_response()
}

async fn token(
    State(idp): State<Arc<Idp>>,
    headers: HeaderMap,
    Form(form): Form<BTreeMap<String, String>>,
) -> Result<axum::Json<Value>, StatusCode> {
    // RFC 6749, section 2.3.1: id and secret are form-encoded before they are joined.
    let encoded: String = url::form_urlencoded::byte_serialize(SECRET.as_bytes()).collect();
    let basic = format!("Basic {}", STANDARD.encode(format!("central:{encoded}")));
    if headers.get("authorization").is_none_or(|sent| sent != basic.as_str()) {
        return Err(StatusCode::UNAUTHORIZED);
    }
    let asked = idp.codes.lock().unwrap().remove(&form["code"]).ok_or(StatusCode::BAD_REQUEST)?;
    let challenge = URL_SAFE_NO_PAD.encode(Sha256::digest(&form["code_verifier"]));
    if asked["code_challenge"] != challenge || asked["redirect_uri"] != form["redirect_uri"] {
        return Err(StatusCode::BAD_REQUEST);
    }
    let Next { claims, wrong } = idp.next.lock().unwrap().clone();
    let mut all = json!({"iss": idp.issuer, "aud": "central", "iat": now(), "exp": now() + 300, "nonce": asked["nonce"]});
    all.as_object_mut().unwrap().extend(claims.as_object().unwrap().clone());
    let mut header = Header::new(Algorithm::ES256);
    header.kid = Some("k1".to_owned());
    let mut key = idp.key.clone();
    match wrong {
        "issuer" => all["iss"] = json!("http://127.0.0.1:1"),
        "audience" => all["aud"] = json!("somebody-else"),
        "several" => all["aud"] = json!(["central", "somebody-else"]),
        "azp" => all["azp"] = json!("somebody-else"),
        "expired" => all["exp"] = json!(now() - 3600),
        "nonce" => all["nonce"] = json!("another"),
        "kid" => header.kid = Some("k2".to_owned()),
        "key" => key = EncodingKey::from_ec_der(&rcgen::KeyPair::generate().unwrap().serialize_der()),
        "shared" => {
            header.alg = Algorithm::HS256;
            key = EncodingKey::from_secret(idp.jwks.to_string().as_bytes());
        }
        "token endpoint" => return Err(StatusCode::INTERNAL_SERVER_ERROR),
        _ => {}
    }
    let mut token = jsonwebtoken::encode(&header, &all, &key).unwrap();
    if wrong == "none" {
        let body = token.split('.').nth(1).unwrap().to_owned();
        token = format!("{}.{body}.", URL_SAFE_NO_PAD.encode(r#"{"alg":"none","typ":"JWT"}"#));
    }
    Ok(axum::Json(json!({"access_token": "x", "token_type": "Bearer", "id_token": token})))
}

/// A browser that follows the whole way there and back, with the cookies of the way. Where it ends, and the last answer.
async fn travel(central: &Central) -> (String, reqwest::Response) {
    let http = reqwest::Client::builder().redirect(reqwest::redirect::Policy::none()).build().unwrap();
    let place = |response: &reqwest::Response| response.headers()["location"].to_str().unwrap().to_owned();
    let start = http.get(central.url("/api/v1/session/oidc")).send().await.unwrap();
    assert_eq!(start.status(), 303);
    let cookie = start.headers()["set-cookie"].to_str().unwrap();
    assert!(cookie.contains("HttpOnly") && cookie.contains("SameSite=Lax"), "{cookie}");
    let cookie = cookie.split(';').next().unwrap().to_owned();
    let there = http.get(place(&start)).send().await.unwrap();
    // The registered address has another port than the one this central got.
    let way = url::Url::parse(&place(&there)).unwrap();
    let way = central.url(&format!("{}?{}", way.path(), way.query().unwrap()));
    let back = http.get(&way).header("cookie", &cookie).send().await.unwrap();
    assert_eq!(back.status(), 303);
    // The same way back a second time leads nowhere.
    let again = http.get(&way).header("cookie", &cookie).send().await.unwrap();
    assert_eq!(place(&again), "/?sign_in=failed");
    (place(&back), back)
}

async fn central(idp: &Idp) -> Central {
    central_of(&idp.issuer).await
}

async fn central_of(issuer: &str) -> Central {
    let port = free_port();
    let dir = tempfile::tempdir().unwrap();
    std::fs::write(dir.path().join("oidc-secret"), SECRET).unwrap();
    Central::configured(
        dir,
        port,
        &format!(
            r#"[oidc]
            issuer = "{issuer}"
            client_id = "central"
            client_secret_file = "oidc-secret"
            redirect_url = "http://127.0.0.1:1/api/v1/session/oidc/callback"
            name = "统一认证"
            [[oidc.roles]]
            value = "heads"
            role = "center_head"
            halls = ["tanggu"]
            [[oidc.roles]]
            value = "district"
            role = "auditor"
            all_halls = true
            "#
        ),
        &format!("embedded = true\nlisten = \"127.0.0.1:{port}\""),
    )
    .await
}

#[tokio::test(flavor = "multi_thread")]
async fn the_organisations_sign_in_opens_what_the_mapping_says() {
    let idp = Idp::start().await;
    let central = central(&idp).await;
    let ways: Value = reqwest::get(central.url("/api/v1/session/ways")).await.unwrap().json().await.unwrap();
    assert_eq!(ways["oidc"]["name"], "统一认证");

    let zhao =
        |groups: Value| json!({"sub": "u-1", "preferred_username": "zhao", "name": "赵敏", "groups": groups});
    idp.expect(zhao(json!(["cleaners", "heads"])), "");
    let (place, response) = travel(&central).await;
    assert_eq!(place, "/");
    let browser = Browser::of_cookie(&central, &response).await;
    let session = browser.json("/api/v1/session").await;
    let account = &session["account"];
    assert_eq!((&account["name"], &account["display_name"]), (&json!("zhao"), &json!("赵敏")));
    assert_eq!((&account["role"], &account["halls"]), (&json!("center_head"), &json!(["tanggu"])));
    let security = browser.json("/api/v1/account").await;
    assert_eq!(
        (&security["has_password"], &security["sessions"][0]["method"]),
        (&json!(false), &json!("oidc"))
    );
    // No password opens it, not even an empty one.
    for password in ["", PASSWORD] {
        assert_eq!(common::browser::try_sign_in(&central, "zhao", password).await.status(), 401);
    }

    // Another role at the provider is another role here, and ends the sessions of the one before.
    idp.expect(zhao(json!("district")), "");
    let (_, response) = travel(&central).await;
    assert_eq!(browser.get("/api/v1/session").await.status(), 401);
    let browser = Browser::of_cookie(&central, &response).await;
    assert_eq!(browser.json("/api/v1/session").await["account"]["role"], "auditor");

    // No role at the provider: out, at once.
    idp.expect(zhao(json!(["cleaners"])), "");
    assert_eq!(travel(&central).await.0, "/?sign_in=no_role");
    assert_eq!(browser.get("/api/v1/session").await.status(), 401);
    // Nobody gets an account without a mapping, nor the account of somebody with a password.
    idp.expect(json!({"sub": "u-2", "preferred_username": "qian", "groups": []}), "");
    assert_eq!(travel(&central).await.0, "/?sign_in=no_role");
    idp.expect(json!({"sub": "u-3", "preferred_username": "admin", "groups": ["heads"]}), "");
    assert_eq!(travel(&central).await.0, "/?sign_in=name_taken");
    let admin = Browser::sign_in(&central, "admin").await;
    let accounts = admin.json("/api/v1/accounts").await["accounts"].as_array().unwrap().clone();
    let from_provider: Vec<_> = accounts.iter().filter(|account| account["from_provider"] == true).collect();
    assert_eq!(from_provider.len(), 1, "{accounts:?}");
    // Disabled here is disabled, whatever the provider says.
    let path = format!("/api/v1/accounts/{}", from_provider[0]["id"].as_str().unwrap());
    assert_eq!(admin.send(Method::PATCH, &path, json!({"disabled": true})).await.status(), 200);
    idp.expect(zhao(json!(["district"])), "");
    assert_eq!(travel(&central).await.0, "/?sign_in=disabled");
    central.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_does_not_hold_signs_nobody_in() {
    let idp = Idp::start().await;
    let central = central(&idp).await;
    let claims = || json!({"sub": "u-1", "preferred_username": "zhao", "groups": ["heads"]});
    let wrongs = [
        "state",
        "issuer",
        "audience",
        "several",
        "azp",
        "expired",
        "nonce",
        "kid",
        "key",
        "shared",
        "none",
        "token endpoint",
    ];
    for wrong in wrongs {
        idp.expect(claims(), wrong);
        let (place, response) = travel(&central).await;
        assert_eq!(place, "/?sign_in=failed", "{wrong}");
        let cookies = response.headers().get_all("set-cookie").iter().map(|c| c.to_str().unwrap());
        assert!(cookies.into_iter().all(|cookie| !cookie.starts_with("chuangming_session=")), "{wrong}");
    }
    // Without the cookie of the browser that began, a way back leads nowhere.
    let http = reqwest::Client::builder().redirect(reqwest::redirect::Policy::none()).build().unwrap();
    let stray = http.get(central.url("/api/v1/session/oidc/callback?code=x&state=y")).send().await.unwrap();
    assert_eq!(stray.headers()["location"], "/?sign_in=failed");
    let store = central.store().await;
    assert!(store.accounts().await.unwrap().iter().all(|account| !account.from_provider));
    central.stop().await;
}

/// A browser is on its way by a link of the page: it must end at a page that says what is the matter.
#[tokio::test(flavor = "multi_thread")]
async fn where_there_is_no_way_there_the_page_says_so() {
    let http = reqwest::Client::builder().redirect(reqwest::redirect::Policy::none()).build().unwrap();
    let place = async |central: &Central| {
        let start = http.get(central.url("/api/v1/session/oidc")).send().await.unwrap();
        assert_eq!(start.status(), 303);
        start.headers()["location"].to_str().unwrap().to_owned()
    };
    let dead = central_of(&format!("http://127.0.0.1:{}", free_port())).await;
    assert_eq!(place(&dead).await, "/?sign_in=failed");
    dead.stop().await;

    let idp = Idp::start().await;
    let busy = central(&idp).await;
    assert!(place(&busy).await.starts_with(&idp.issuer));
    for tries in 0.. {
        assert!(tries < 1000, "nobody is slowed down");
        if place(&busy).await == "/?sign_in=failed" {
            break;
        }
    }
    busy.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn without_a_provider_there_is_no_way() {
    let central = Central::embedded().await;
    let ways: Value = reqwest::get(central.url("/api/v1/session/ways")).await.unwrap().json().await.unwrap();
    assert_eq!(ways, json!({"oidc": null}));
    for path in ["/api/v1/session/oidc", "/api/v1/session/oidc/callback"] {
        assert_eq!(reqwest::get(central.url(path)).await.unwrap().status(), 404, "{path}");
    }
    central.stop().await;
}
