//! Web Push: a message encrypted for one browser (RFC 8291, aes128gcm), sent by an application server that says who it
//! is (VAPID, RFC 8292). The push service in between cannot read it.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD as BASE64URL;
use chuangming_domain::Timestamp;
use jsonwebtoken::{Algorithm, EncodingKey, Header};
use ring::aead::{AES_128_GCM, Aad, LessSafeKey, Nonce, UnboundKey};
use ring::agreement::{ECDH_P256, EphemeralPrivateKey, UnparsedPublicKey, agree_ephemeral};
use ring::hkdf::{HKDF_SHA256, KeyType, Salt};
use ring::rand::{SecureRandom as _, SystemRandom};
use ring::signature::{ECDSA_P256_SHA256_FIXED_SIGNING, EcdsaKeyPair, KeyPair as _};
use serde::Serialize;
use std::fmt;
use std::io::Write as _;
use std::path::Path;
use std::sync::Arc;
use url::Url;

/// Hosts of the push services of today's browsers.
pub const HOSTS: &[&str] = &[
    "fcm.googleapis.com",
    "updates.push.services.mozilla.com",
    "web.push.apple.com",
    "*.push.apple.com",
    "*.notify.windows.com",
];
/// A token of the application server is good that long.
const TOKEN_S: i64 = 12 * 3600;
/// One record: no message is longer.
const RECORD: u32 = 4096;
const LONGEST: usize = 3000;

/// A browser's keys: where it can be reached, and how to write so that only it can read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Subscription {
    /// Where to send.
    pub endpoint: String,
    /// Its public key, base64url.
    pub p256dh: String,
    /// Its secret, base64url.
    pub auth: String,
}

/// Why a message cannot be written for a browser.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("the browser's keys are none")]
pub struct WrongKeys;

/// Who sends: a key that browsers know when they subscribe.
#[derive(Clone)]
pub struct Vapid {
    public: Arc<str>,
    key: EncodingKey,
}

impl fmt::Debug for Vapid {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Vapid({})", self.public)
    }
}

#[derive(Serialize)]
struct Claims<'a> {
    aud: &'a str,
    exp: i64,
    sub: &'a str,
}

impl Vapid {
    /// Reads the key of a file that only its owner can read, making one where there is none.
    ///
    /// # Errors
    /// In one line: why not.
    pub fn open(file: &Path) -> Result<Self, String> {
        let shown = file.display();
        let pkcs8 = match std::fs::read(file) {
            Ok(bytes) => bytes,
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => {
                let made =
                    EcdsaKeyPair::generate_pkcs8(&ECDSA_P256_SHA256_FIXED_SIGNING, &SystemRandom::new());
                let made = made.map_err(|e| e.to_string())?.as_ref().to_vec();
                keep(file, &made).map_err(|e| format!("{shown}: {e}"))?;
                made
            }
            Err(error) => return Err(format!("{shown}: {error}")),
        };
        Self::of(&pkcs8)
            .map_err(|e| format!("{shown}: is no P-256 key ({e}); remove it to have a new one made"))
    }

    fn of(pkcs8: &[u8]) -> Result<Self, ring::error::KeyRejected> {
        let pair = EcdsaKeyPair::from_pkcs8(&ECDSA_P256_SHA256_FIXED_SIGNING, pkcs8, &SystemRandom::new())?;
        let public = BASE64URL.encode(pair.public_key().as_ref());
        Ok(Self { public: public.into(), key: EncodingKey::from_ec_der(pkcs8) })
    }

    /// What a browser needs to subscribe.
    #[must_use]
    pub fn public(&self) -> &str {
        &self.public
    }

    /// The header `Authorization` for an endpoint; `contact` is a `mailto:` or `https:` address.
    ///
    /// # Errors
    /// When it cannot be signed.
    pub fn authorization(&self, endpoint: &Url, contact: &str, now: Timestamp) -> Result<String, String> {
        let audience = endpoint.origin().ascii_serialization();
        let claims = Claims { aud: &audience, exp: now.as_second() + TOKEN_S, sub: contact };
        let token = jsonwebtoken::encode(&Header::new(Algorithm::ES256), &claims, &self.key)
            .map_err(|e| e.to_string())?;
        Ok(format!("vapid t={token}, k={}", self.public))
    }
}

fn keep(file: &Path, bytes: &[u8]) -> std::io::Result<()> {
    let mut options = std::fs::OpenOptions::new();
    options.write(true).create_new(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    let mut target = options.open(file)?;
    target.write_all(bytes)?;
    target.sync_all()
}

/// Whether a subscription's keys are keys.
#[must_use]
pub fn are_keys(subscription: &Subscription) -> bool {
    encrypt(subscription, b"").is_ok()
}

/// Encrypts a message for a browser: the body to send with `Content-Encoding: aes128gcm`.
///
/// # Errors
/// When the browser's keys are none.
pub fn encrypt(to: &Subscription, message: &[u8]) -> Result<Vec<u8>, WrongKeys> {
    let decode = |text: &str| BASE64URL.decode(text.trim_end_matches('=')).map_err(|_| WrongKeys);
    let (theirs, auth) = (decode(&to.p256dh)?, decode(&to.auth)?);
    if auth.len() != 16 {
        return Err(WrongKeys);
    }
    let random = SystemRandom::new();
    let own = EphemeralPrivateKey::generate(&ECDH_P256, &random).map_err(|_| WrongKeys)?;
    let public = own.compute_public_key().map_err(|_| WrongKeys)?;
    let mut salt = [0; 16];
    random.fill(&mut salt).map_err(|_| WrongKeys)?;
    let shared = agree_ephemeral(own, &UnparsedPublicKey::new(&ECDH_P256, &theirs), |shared| shared.to_vec());
    let shared = shared.map_err(|_| WrongKeys)?;
    seal(&shared, &auth, (&theirs, public.as_ref()), &salt, &message[..message.len().min(LONGEST)])
}

/// The steps of RFC 8291 from the shared secret on.
fn seal(
    shared: &[u8],
    auth: &[u8],
    (theirs, own): (&[u8], &[u8]),
    salt: &[u8; 16],
    message: &[u8],
) -> Result<Vec<u8>, WrongKeys> {
    let context = [b"WebPush: info\0".as_slice(), theirs, own].concat();
    let input: [u8; 32] = derive(auth, shared, &context)?;
    let key: [u8; 16] = derive(salt, &input, b"Content-Encoding: aes128gcm\0")?;
    let nonce: [u8; 12] = derive(salt, &input, b"Content-Encoding: nonce\0")?;
    let key = LessSafeKey::new(UnboundKey::new(&AES_128_GCM, &key).map_err(|_| WrongKeys)?);
    // 2 ends the last record.
    let mut text = [message, &[2]].concat();
    key.seal_in_place_append_tag(Nonce::assume_unique_for_key(nonce), Aad::empty(), &mut text)
        .map_err(|_| WrongKeys)?;
    let length = u8::try_from(own.len()).map_err(|_| WrongKeys)?;
    Ok([salt.as_slice(), &RECORD.to_be_bytes(), &[length], own, &text].concat())
}

struct Bytes(usize);

impl KeyType for Bytes {
    fn len(&self) -> usize {
        self.0
    }
}

fn derive<const N: usize>(salt: &[u8], input: &[u8], info: &[u8]) -> Result<[u8; N], WrongKeys> {
    let mut key = [0; N];
    let prk = Salt::new(HKDF_SHA256, salt).extract(input);
    prk.expand(&[info], Bytes(N)).and_then(|okm| okm.fill(&mut key)).map_err(|_| WrongKeys)?;
    Ok(key)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn bytes(text: &str) -> Vec<u8> {
        BASE64URL.decode(text).unwrap()
    }

    /// Appendix A of RFC 8291.
    #[test]
    fn the_standards_own_example() {
        let theirs =
            bytes("BCVxsr7N_eNgVRqvHtD0zTZsEc6-VV-JvLexhqUzORcxaOzi6-AYWXvTBHm4bjyPjs7Vd8pZGH6SRpkNtoIAiw4");
        let own =
            bytes("BP4z9KsN6nGRTbVYI_c7VJSPQTBtkgcy27mlmlMoZIIgDll6e3vCYLocInmYWAmS6TlzAC8wEqKK6PBru3jl7A8");
        let salt = bytes("DGv6ra1nlYgDCS1FRnbzlw").try_into().unwrap();
        let (shared, auth) =
            (bytes("kyrL1jIIOHEzg3sM2ZWRHDRB62YACZhhSlknJ672kSs"), bytes("BTBZMqHH6r4Tts7J_aSIgg"));
        let sealed =
            seal(&shared, &auth, (&theirs, &own), &salt, b"When I grow up, I want to be a watermelon")
                .unwrap();
        assert_eq!(
            BASE64URL.encode(sealed),
            "DGv6ra1nlYgDCS1FRnbzlwAAEABBBP4z9KsN6nGRTbVYI_c7VJSPQTBtkgcy27mlmlMoZIIgDll6e3vCYLocInmYWAmS6TlzAC8wEqKK6PBru3jl7A_yl95bQpu6cVPTpK4Mqgkf1CXztLVBSt2Ks3oZwbuwXPXLWyouBWLVWGNWQexSgSxsj_Qulcy4a-fN"
        );
    }

    #[test]
    fn wrong_keys_are_told_and_every_message_has_a_key_of_its_own() {
        let good = Subscription {
            endpoint: "https://fcm.googleapis.com/x".into(),
            p256dh: "BCVxsr7N_eNgVRqvHtD0zTZsEc6-VV-JvLexhqUzORcxaOzi6-AYWXvTBHm4bjyPjs7Vd8pZGH6SRpkNtoIAiw4"
                .into(),
            auth: "BTBZMqHH6r4Tts7J_aSIgg".into(),
        };
        assert!(are_keys(&good));
        assert_ne!(encrypt(&good, b"x").unwrap(), encrypt(&good, b"x").unwrap());
        assert!(!are_keys(&Subscription { auth: "short".into(), ..good.clone() }));
        assert!(!are_keys(&Subscription { p256dh: "BCVx".into(), ..good }));
    }

    #[test]
    fn the_key_is_kept_and_the_token_says_who_and_for_whom() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("push-key");
        let vapid = Vapid::open(&file).unwrap();
        assert_eq!(Vapid::open(&file).unwrap().public(), vapid.public());
        let endpoint: Url = "https://fcm.googleapis.com/fcm/send/abc".parse().unwrap();
        let now = Timestamp::now();
        let header = vapid.authorization(&endpoint, "mailto:it@hall.example", now).unwrap();
        let token = header.strip_prefix("vapid t=").unwrap().split(',').next().unwrap();
        let public = bytes(vapid.public());
        let key = jsonwebtoken::DecodingKey::from_ec_components(
            &BASE64URL.encode(&public[1..33]),
            &BASE64URL.encode(&public[33..]),
        )
        .unwrap();
        let mut wanted = jsonwebtoken::Validation::new(Algorithm::ES256);
        wanted.set_audience(&["https://fcm.googleapis.com"]);
        let claims = jsonwebtoken::decode::<serde_json::Value>(token, &key, &wanted).unwrap().claims;
        assert_eq!(claims["sub"], "mailto:it@hall.example");
        std::fs::write(&file, b"nonsense").unwrap();
        assert!(Vapid::open(&file).unwrap_err().contains("push-key"));
    }
}
