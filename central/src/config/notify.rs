//! `[notify]`: how alerts reach people who do not look at the page.

use super::path;
use chuangming_domain::fields::{Fields, Reader};
use std::path::{Path, PathBuf};
use url::Url;

/// How alerts reach people who do not look at the page.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct NotifyConfig {
    /// `public_url = "https://central.example"`: what links in messages begin with; without it messages have none.
    pub public_url: Option<Url>,
    /// `contact = "mailto:it@hall.example"`: whom a push service may turn to. Web Push is off without it.
    pub contact: Option<String>,
    /// `push_key_file`: the key that browsers know central by, made where missing; `push-key` in `data_dir` if not given.
    pub push_key_file: Option<PathBuf>,
    /// `hosts = ["relay.hall.example:8443"]`: further hosts that robots and push services may live at, as a relay.
    pub hosts: Vec<String>,
    /// `[notify.mail]`: the server that takes e-mail.
    pub mail: Option<MailConfig>,
}

/// The server that takes e-mail.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct MailConfig {
    /// `server = "smtps://mail.example:465"`, or `smtp://mail.example:587?tls=required` for STARTTLS.
    pub server: String,
    /// `from = "窗明 <it@hall.example>"`.
    pub from: String,
    /// `username`, with `password_file`: its first line is the password.
    pub login: Option<(String, PathBuf)>,
}

impl NotifyConfig {
    pub(super) fn read(mut f: Fields, r: &mut Reader, base: &Path) -> Self {
        let public_url = f.get(r, "public_url", "an address such as \"https://central.example\"", |v| {
            Url::parse(v.as_str()?).ok().filter(|url| matches!(url.scheme(), "http" | "https"))
        });
        let contact = f.get(r, "contact", "an address such as \"mailto:it@hall.example\"", |v| {
            v.as_str()
                .filter(|text| text.starts_with("mailto:") || text.starts_with("https://"))
                .map(Into::into)
        });
        let push_key_file = f.get(r, "push_key_file", "a file", |v| path(v, base));
        let hosts = f.texts(r, "hosts").unwrap_or_default();
        let mail = f.table(r, "mail").and_then(|f| MailConfig::read(f, r, base));
        f.end(r);
        Self { public_url, contact, push_key_file, hosts, mail }
    }
}

impl MailConfig {
    fn read(mut f: Fields, r: &mut Reader, base: &Path) -> Option<Self> {
        let server = f.require(r, "server", "an address such as \"smtps://mail.example:465\"", |v| {
            v.as_str().map(Into::into)
        });
        let from =
            f.require(r, "from", "an address such as \"it@hall.example\"", |v| v.as_str().map(Into::into));
        let username = f.text(r, "username");
        let password_file = f.get(r, "password_file", "a file", |v| path(v, base));
        let login = super::both(&f, r, ("username", username), ("password_file", password_file));
        f.end(r);
        Some(Self { server: server?, from: from?, login })
    }
}
