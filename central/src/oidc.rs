//! Signing in with the organisation's own OpenID Connect provider: authorization code with PKCE, and an ID token whose
//! signature, issuer, audience, time and nonce are checked.

use crate::config::OidcConfig;
use crate::password;
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use jsonwebtoken::jwk::JwkSet;
use jsonwebtoken::{Algorithm, DecodingKey, Validation};
use serde::Deserialize;
use serde::de::DeserializeOwned;
use serde_json::{Map, Value};
use sha2::{Digest as _, Sha256};
use std::time::Duration;
use tokio::sync::OnceCell;
use url::Url;

/// How long the provider may take.
const PATIENCE: Duration = Duration::from_secs(10);
/// The largest answer that is read.
const LARGEST: usize = 512 * 1024;
/// Signatures that only the provider can make; never a shared secret, never none.
const ALGORITHMS: [Algorithm; 8] = [
    Algorithm::RS256,
    Algorithm::RS384,
    Algorithm::RS512,
    Algorithm::PS256,
    Algorithm::PS384,
    Algorithm::PS512,
    Algorithm::ES256,
    Algorithm::ES384,
];

/// Why somebody cannot sign in this way.
#[derive(Debug, thiserror::Error)]
pub enum OidcError {
    /// The operator's input is wrong.
    #[error("{0}")]
    Input(String),
    /// The provider cannot be reached, or answers nonsense.
    #[error("the OpenID Connect provider: {0}")]
    Provider(String),
    /// The provider answers, and what it says does not hold.
    #[error("the ID token does not hold: {0}")]
    Token(String),
}

/// Who somebody is at the provider.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Identity {
    /// The provider.
    pub issuer: String,
    /// Somebody's lasting id there.
    pub subject: String,
    /// What they sign in as.
    pub name: String,
    /// What to call them; may be empty.
    pub display_name: String,
    /// The values of the claim that decides the role.
    pub values: Vec<String>,
}

/// A sign-in under way: what only the browser that began it and central know.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Flow {
    /// Comes back with the code.
    pub state: String,
    /// Comes back in the ID token.
    pub nonce: String,
    /// Proves that the code is asked for by whoever began (PKCE).
    pub verifier: String,
}

/// The provider.
pub struct Provider {
    config: OidcConfig,
    secret: String,
    http: reqwest::Client,
    metadata: OnceCell<Metadata>,
}

#[derive(Debug, Clone, Deserialize)]
struct Metadata {
    issuer: String,
    authorization_endpoint: Url,
    token_endpoint: Url,
    jwks_uri: Url,
}

#[derive(Deserialize)]
struct Tokens {
    id_token: String,
}

#[derive(Deserialize)]
struct Claims {
    sub: String,
    nonce: Option<String>,
    azp: Option<String>,
    aud: Value,
    #[serde(flatten)]
    rest: Map<String, Value>,
}

impl Provider {
    /// Reads the secret; the provider itself is asked at the first sign-in.
    ///
    /// # Errors
    /// [`OidcError::Input`], in one line.
    pub fn new(config: OidcConfig) -> Result<Self, OidcError> {
        let input = |key: &str, text: String| OidcError::Input(format!("oidc.{key}: {text}"));
        let secret =
            password::read_file(&config.client_secret_file).map_err(|e| input("client_secret_file", e))?;
        // Redirects are refused: what is fetched is what the configuration and the provider's metadata name.
        let mut http = reqwest::Client::builder()
            .timeout(PATIENCE)
            .redirect(reqwest::redirect::Policy::none())
            .https_only(config.issuer.scheme() == "https");
        if let Some(file) = &config.ca_file {
            let wrong = |e: &dyn std::fmt::Display| input("ca_file", format!("{}: {e}", file.display()));
            let pem = std::fs::read(file).map_err(|e| wrong(&e))?;
            let all = reqwest::Certificate::from_pem_bundle(&pem).map_err(|e| wrong(&e))?;
            http = all.into_iter().fold(http, reqwest::ClientBuilder::add_root_certificate);
        }
        let _ = rustls::crypto::ring::default_provider().install_default();
        let http = http.build().map_err(|e| input("issuer", e.to_string()))?;
        Ok(Self { config, secret, http, metadata: OnceCell::new() })
    }

    /// What the configuration says.
    #[must_use]
    pub const fn config(&self) -> &OidcConfig {
        &self.config
    }

    /// Begins a sign-in: where the browser goes, and what has to be remembered meanwhile.
    ///
    /// # Errors
    /// When the provider does not answer.
    pub async fn begin(&self) -> Result<(Url, Flow), OidcError> {
        let secret = || URL_SAFE_NO_PAD.encode(rand::random::<[u8; 32]>());
        let flow = Flow { state: secret(), nonce: secret(), verifier: secret() };
        let mut scopes = vec!["openid"];
        scopes.extend(self.config.scopes.iter().map(String::as_str).filter(|scope| *scope != "openid"));
        let mut url = self.metadata().await?.authorization_endpoint.clone();
        url.query_pairs_mut()
            .append_pair("response_type", "code")
            .append_pair("client_id", &self.config.client_id)
            .append_pair("redirect_uri", self.config.redirect_url.as_str())
            .append_pair("scope", &scopes.join(" "))
            .append_pair("state", &flow.state)
            .append_pair("nonce", &flow.nonce)
            .append_pair("code_challenge", &URL_SAFE_NO_PAD.encode(Sha256::digest(&flow.verifier)))
            .append_pair("code_challenge_method", "S256");
        Ok((url, flow))
    }

    /// Ends a sign-in: asks for the ID token that the code stands for, and checks it.
    ///
    /// # Errors
    /// When the provider does not answer, or the token does not hold.
    pub async fn identify(&self, code: &str, flow: &Flow) -> Result<Identity, OidcError> {
        let metadata = self.metadata().await?;
        let form = [
            ("grant_type", "authorization_code"),
            ("code", code),
            ("redirect_uri", self.config.redirect_url.as_str()),
            ("code_verifier", &flow.verifier),
        ];
        let body = url::form_urlencoded::Serializer::new(String::new()).extend_pairs(form).finish();
        let encoded = |text: &str| url::form_urlencoded::byte_serialize(text.as_bytes()).collect::<String>();
        let request = self
            .http
            .post(metadata.token_endpoint.clone())
            .basic_auth(encoded(&self.config.client_id), Some(encoded(&self.secret)))
            .header("content-type", "application/x-www-form-urlencoded")
            .body(body);
        let tokens: Tokens = answer(request).await?;
        // Asked for anew each time: providers change their keys, and sign-ins are rare.
        let keys: JwkSet = answer(self.http.get(metadata.jwks_uri.clone())).await?;
        self.check(&metadata.issuer, &tokens.id_token, &keys, &flow.nonce)
    }

    async fn metadata(&self) -> Result<&Metadata, OidcError> {
        let get = async || {
            let issuer = self.config.issuer.as_str().trim_end_matches('/');
            let place = format!("{issuer}/.well-known/openid-configuration");
            let metadata: Metadata = answer(self.http.get(place)).await?;
            if metadata.issuer.trim_end_matches('/') == issuer {
                Ok(metadata)
            } else {
                Err(OidcError::Provider(format!("calls itself {}, expected {issuer}", metadata.issuer)))
            }
        };
        self.metadata.get_or_try_init(get).await
    }

    fn check(&self, issuer: &str, token: &str, keys: &JwkSet, nonce: &str) -> Result<Identity, OidcError> {
        let wrong = |text: &str| OidcError::Token(text.to_owned());
        let broken = |e: jsonwebtoken::errors::Error| OidcError::Token(e.to_string());
        let header = jsonwebtoken::decode_header(token).map_err(broken)?;
        if !ALGORITHMS.contains(&header.alg) {
            return Err(wrong("it is signed with a method that is not accepted"));
        }
        let key = match &header.kid {
            Some(kid) => keys.find(kid),
            // Without a name there must be no choice.
            None => keys.keys.first().filter(|_| keys.keys.len() == 1),
        };
        let key = DecodingKey::from_jwk(key.ok_or_else(|| wrong("no key of the provider fits"))?)
            .map_err(broken)?;
        let mut rules = Validation::new(header.alg);
        rules.set_issuer(&[issuer]);
        rules.set_audience(&[&self.config.client_id]);
        rules.set_required_spec_claims(&["exp", "iss", "aud", "sub"]);
        rules.leeway = 60;
        rules.validate_nbf = true;
        let claims = jsonwebtoken::decode::<Claims>(token, &key, &rules).map_err(broken)?.claims;
        if claims.nonce.as_deref() != Some(nonce) {
            return Err(wrong("the nonce is another one"));
        }
        let several = claims.aud.as_array().is_some_and(|all| all.len() > 1);
        if claims.azp.as_ref().map_or(several, |azp| *azp != self.config.client_id) {
            return Err(wrong("it was made for somebody else"));
        }
        let text =
            |key: &str| claims.rest.get(key).and_then(Value::as_str).unwrap_or_default().trim().to_owned();
        let names = [text("preferred_username"), text("email"), claims.sub.clone()];
        let values = match claims.rest.get(&self.config.claim) {
            Some(Value::String(one)) => vec![one.clone()],
            Some(Value::Array(all)) => {
                all.iter().filter_map(|value| value.as_str().map(Into::into)).collect()
            }
            _ => Vec::new(),
        };
        Ok(Identity {
            issuer: issuer.to_owned(),
            name: names
                .into_iter()
                .find(|name| !name.is_empty())
                .unwrap_or_default()
                .chars()
                .take(64)
                .collect(),
            display_name: text("name").chars().take(64).collect(),
            subject: claims.sub,
            values,
        })
    }
}

/// Reads a JSON answer of bounded size.
async fn answer<T: DeserializeOwned>(request: reqwest::RequestBuilder) -> Result<T, OidcError> {
    let failed = |e: reqwest::Error| OidcError::Provider(e.without_url().to_string());
    let mut response = request.header("accept", "application/json").send().await.map_err(failed)?;
    let status = response.status();
    if !status.is_success() {
        return Err(OidcError::Provider(format!("answers {status}")));
    }
    let mut body = Vec::new();
    while let Some(chunk) = response.chunk().await.map_err(failed)? {
        if body.len() + chunk.len() > LARGEST {
            return Err(OidcError::Provider("answers too much".to_owned()));
        }
        body.extend_from_slice(&chunk);
    }
    serde_json::from_slice(&body).map_err(|e| OidcError::Provider(format!("answers nonsense: {e}")))
}
