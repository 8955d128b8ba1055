//! Alerts on the way to people who do not look at the page: group robots, e-mail, Web Push.
//!
//! `plan` decides when something is told, `robot`, `mail` and `push` speak the services' languages, `sender` does the
//! work. What waits is in the database: a central that dies goes on where it was, and a message may then come twice,
//! never not at all. An alert rings only if it was fresh when it came; historical, late and resting events have no
//! ring on the feed, and the feed is all that is read here.

pub mod mail;
pub mod plan;
pub mod push;
pub mod robot;
mod sender;

pub use sender::{SendFailure, Sender};

use chuangming_domain::text::Lang;
use serde::{Deserialize, Serialize};

/// Where messages go.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum ChannelKind {
    /// A group robot of WeCom (企业微信).
    Wecom,
    /// A group robot of DingTalk (钉钉).
    Dingtalk,
    /// A group robot of Feishu (飞书).
    Feishu,
    /// An e-mail address.
    Mail,
}

impl ChannelKind {
    /// Every kind.
    pub const ALL: [ChannelKind; 4] = [Self::Wecom, Self::Dingtalk, Self::Feishu, Self::Mail];

    /// Its name.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Wecom => "wecom",
            Self::Dingtalk => "dingtalk",
            Self::Feishu => "feishu",
            Self::Mail => "mail",
        }
    }

    /// The kind with that name.
    #[must_use]
    pub fn by_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|kind| kind.name() == name)
    }

    /// The hosts that its robots live at.
    #[must_use]
    pub const fn hosts(self) -> &'static [&'static str] {
        match self {
            Self::Wecom => &["qyapi.weixin.qq.com"],
            Self::Dingtalk => &["oapi.dingtalk.com"],
            Self::Feishu => &["open.feishu.cn", "open.larksuite.com"],
            Self::Mail => &[],
        }
    }
}

/// Why something is told.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Occasion {
    /// Alerts came.
    Alerts,
    /// Nobody acknowledged them in time.
    Escalation,
    /// Alerts at a staff member's own window.
    Own,
    /// Somebody tries the channel.
    Test,
}

/// What is told, before it is put into a service's words.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Message {
    /// Why.
    pub occasion: Occasion,
    /// What the hall is called.
    pub hall: String,
    /// How many alerts.
    pub count: usize,
    /// How many of them are critical.
    pub critical: usize,
    /// Where to look; without an address of central, none.
    pub link: Option<String>,
    /// Window and rule of each alert, only where the head opted in.
    pub details: Vec<String>,
}

impl Message {
    /// Its first line.
    #[must_use]
    pub fn title(&self, lang: Lang) -> String {
        let key = match self.occasion {
            Occasion::Alerts => "notify.message.alerts",
            Occasion::Escalation => "notify.message.escalation",
            Occasion::Own => "notify.message.own",
            Occasion::Test => "notify.message.test",
        };
        lang.fill(key, &[("hall", &self.hall), ("n", &self.count.to_string())])
    }

    /// All its lines but the link.
    #[must_use]
    pub fn lines(&self, lang: Lang) -> Vec<String> {
        let mut lines = vec![self.title(lang)];
        if self.critical > 0 {
            lines.push(lang.fill("notify.message.critical", &[("n", &self.critical.to_string())]));
        }
        lines.extend(self.details.iter().cloned());
        lines
    }

    /// The whole as plain text.
    #[must_use]
    pub fn text(&self, lang: Lang) -> String {
        let mut lines = self.lines(lang);
        lines.extend(self.link.clone());
        lines.join("\n")
    }
}

#[cfg(test)]
pub(crate) mod samples {
    use super::{Message, Occasion};

    pub(crate) fn message(details: &[&str]) -> Message {
        Message {
            occasion: Occasion::Alerts,
            hall: "塘沽中心".into(),
            count: 3,
            critical: 1,
            link: Some("https://central.example/".into()),
            details: details.iter().map(|line| (*line).to_owned()).collect(),
        }
    }
}
