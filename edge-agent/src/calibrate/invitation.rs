//! What the agent shows to whoever may sign in: where, with which code, and how to tell that it is this machine.

use chuangming_domain::text::Lang;
use qrcode::render::unicode::Dense1x2;
use qrcode::{EcLevel, QrCode};
use serde::{Deserialize, Serialize};
use std::time::Duration;

/// An invitation to sign in once.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Invitation {
    /// `https://…`, of the page.
    pub address: String,
    /// The one-time code.
    pub code: String,
    /// For how long it is good, in seconds.
    pub good_for_s: u64,
    /// SHA-256 of the certificate.
    pub fingerprint: String,
}

impl Invitation {
    /// The address that signs in by itself; what follows the `#` stays in the browser.
    #[must_use]
    pub fn link(&self) -> String {
        format!("{}/#code={}", self.address, self.code)
    }

    /// For a terminal, in a language, with the link as a picture for a phone.
    #[must_use]
    pub fn text(&self, lang: Lang) -> String {
        let minutes = Duration::from_secs(self.good_for_s).as_secs().div_ceil(60).to_string();
        let values = [
            ("address", self.address.as_str()),
            ("code", self.code.as_str()),
            ("minutes", minutes.as_str()),
            ("fingerprint", self.fingerprint.as_str()),
        ];
        let keys = ["address", "code", "fingerprint", "privacy"];
        let lines = keys.map(|key| lang.fill(&format!("invitation.{key}"), &values));
        format!("{}\n{}\n", self.picture(), lines.join("\n"))
    }

    /// Light on dark, as terminals are; the quiet zone makes it readable on light ones too.
    fn picture(&self) -> String {
        let Ok(code) = QrCode::with_error_correction_level(self.link(), EcLevel::L) else {
            return String::new();
        };
        code.render::<Dense1x2>().dark_color(Dense1x2::Dark).light_color(Dense1x2::Light).build()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_tells_all_that_an_installer_needs_in_both_languages() {
        let invitation = Invitation {
            address: "https://192.168.1.20:8443".into(),
            code: "12345678".into(),
            good_for_s: 600,
            fingerprint: "AA:BB".into(),
        };
        assert_eq!(invitation.link(), "https://192.168.1.20:8443/#code=12345678");
        for lang in Lang::ALL {
            let text = invitation.text(lang);
            for part in ["https://192.168.1.20:8443", "12345678", "10", "AA:BB", "█"] {
                assert!(text.contains(part), "{part} is not in {text}");
            }
            assert!(!text.contains("invitation.") && !text.contains('{'), "{text}");
        }
    }
}
