//! One-time codes by time (RFC 6238: SHA-1, six digits, thirty seconds, as every authenticator app speaks it), and the
//! recovery codes for whoever lost the phone.

use chuangming_domain::Timestamp;
use qrcode::QrCode;
use qrcode::render::svg;
use sha2::{Digest as _, Sha256};
use totp_rs::{Algorithm, Secret, TOTP};

const DIGITS: usize = 6;
const STEP: u64 = 30;
/// How many steps a phone's clock may be off either way.
const SKEW: u64 = 1;
/// Recovery codes of an account.
pub const RECOVERY_CODES: usize = 10;
const ISSUER: &str = "Chuangming";

/// A new secret, as the authenticator app takes it (base32).
#[must_use]
pub fn new_secret() -> String {
    Secret::Raw(rand::random::<[u8; 20]>().to_vec()).to_encoded().to_string()
}

/// The address in the QR code.
#[must_use]
pub fn address(secret: &str, name: &str) -> String {
    // A colon would part the issuer from the name.
    let name = name.replace(':', " ");
    totp(secret, name).map(|totp| totp.get_url()).unwrap_or_default()
}

/// The QR code of an address, as an SVG picture: dark on light whatever the page's colours, so that phones read it.
#[must_use]
pub fn picture(address: &str) -> String {
    let Ok(code) = QrCode::new(address.as_bytes()) else { return String::new() };
    code.render::<svg::Color<'_>>()
        .min_dimensions(220, 220)
        .dark_color(svg::Color("#000000"))
        .light_color(svg::Color("#ffffff"))
        .build()
}

/// The step in which a code is right, if it is now or was a moment ago.
#[must_use]
pub fn step(secret: &str, code: &str, now: Timestamp) -> Option<i64> {
    let code: String = code.chars().filter(char::is_ascii_digit).collect();
    if code.len() != DIGITS {
        return None;
    }
    let totp = totp(secret, String::new())?;
    let now = u64::try_from(now.as_second()).ok()? / STEP;
    let mut right = None;
    // Every step is looked at, and codes are compared by their hashes: the time taken tells nothing.
    for step in now.saturating_sub(SKEW)..=now + SKEW {
        if Sha256::digest(totp.generate(step * STEP)) == Sha256::digest(&code) {
            right = i64::try_from(step).ok();
        }
    }
    right
}

/// New recovery codes: eighty random bits each, in groups that can be read aloud.
#[must_use]
pub fn recovery_codes() -> Vec<String> {
    let code = || {
        let text = hex::encode(rand::random::<[u8; 10]>());
        text.as_bytes()
            .chunks(5)
            .map(|part| String::from_utf8_lossy(part).into_owned())
            .collect::<Vec<_>>()
            .join("-")
    };
    std::iter::repeat_with(code).take(RECOVERY_CODES).collect()
}

/// What is kept of a recovery code.
#[must_use]
pub fn recovery_hash(code: &str) -> String {
    let plain: String =
        code.chars().filter(char::is_ascii_alphanumeric).map(|c| c.to_ascii_lowercase()).collect();
    hex::encode(Sha256::digest(plain.as_bytes()))
}

fn totp(secret: &str, name: String) -> Option<TOTP> {
    let secret = Secret::Encoded(secret.to_owned()).to_bytes().ok()?;
    TOTP::new(Algorithm::SHA1, DIGITS, u8::try_from(SKEW).ok()?, STEP, secret, Some(ISSUER.to_owned()), name)
        .ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The times and codes of RFC 6238, appendix B, cut to six digits.
    #[test]
    fn codes_are_those_of_the_standard() {
        let secret = Secret::Raw(b"12345678901234567890".to_vec()).to_encoded().to_string();
        for (at, code) in
            [(59, "287082"), (1_111_111_109, "081804"), (1_234_567_890, "005924"), (2_000_000_000, "279037")]
        {
            let now = Timestamp::from_second(at).unwrap();
            assert_eq!(step(&secret, code, now), Some(at / 30), "{at}");
            assert_eq!(step(&secret, &format!("{} {}", &code[..3], &code[3..]), now), Some(at / 30));
            let wrong = format!("{:06}", (code.parse::<u32>().unwrap() + 1) % 1_000_000);
            assert_eq!(step(&secret, &wrong, now), None);
        }
    }

    #[test]
    fn a_code_is_good_for_a_moment_only() {
        let secret = Secret::Raw(b"12345678901234567890".to_vec()).to_encoded().to_string();
        let at = |second| Timestamp::from_second(second).unwrap();
        for (now, right) in
            [(29, true), (30, true), (59, true), (60, true), (89, true), (90, false), (0, false)]
        {
            // 287082 is the code from 30 to 59.
            assert_eq!(step(&secret, "287082", at(now)).is_some(), right || now == 0, "{now}");
        }
    }

    #[test]
    fn secrets_and_pictures() {
        let secret = new_secret();
        assert_eq!(secret.len(), 32);
        assert_ne!(secret, new_secret());
        let address = address(&secret, "王:一");
        assert!(address.starts_with("otpauth://totp/Chuangming:") && address.contains(&secret), "{address}");
        assert!(picture(&address).contains("<svg"));
        let codes = recovery_codes();
        assert_eq!(codes.len(), RECOVERY_CODES);
        assert_eq!(recovery_hash(&codes[0]), recovery_hash(&codes[0].to_uppercase().replace('-', " ")));
        assert_ne!(recovery_hash(&codes[0]), recovery_hash(&codes[1]));
    }
}
