//! Group robots: what WeCom, DingTalk and Feishu want to be sent, how they want it signed, and what they answer.

use super::{ChannelKind, Message};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD as BASE64;
use chuangming_domain::Timestamp;
use chuangming_domain::text::Lang;
use ring::hmac;
use serde_json::{Value, json};
use url::Url;

/// What to send where.
#[derive(Debug, Clone, PartialEq)]
pub struct Post {
    /// The address, with the signature where the service wants it there.
    pub url: Url,
    /// The body.
    pub body: Value,
}

/// Puts a message into a robot's words; `None` for what is no robot.
///
/// - WeCom: the key is in the address; a markdown message.
/// - DingTalk: with a secret, `timestamp` (milliseconds) and `sign` in the address, where `sign` is the HMAC-SHA256 of
///   timestamp, newline and secret under the secret.
/// - Feishu: with a secret, `timestamp` (seconds) and `sign` in the body, where `sign` is the HMAC-SHA256 of nothing
///   under timestamp, newline and secret.
#[must_use]
pub fn post(
    kind: ChannelKind,
    target: &Url,
    secret: &str,
    message: &Message,
    lang: Lang,
    now: Timestamp,
) -> Option<Post> {
    let link = message.link.as_deref();
    let marked = |separator: &str| {
        let mut lines = message.lines(lang);
        lines.extend(link.map(|link| format!("[{}]({link})", lang.text("notify.message.open"))));
        lines.join(separator)
    };
    let mut url = target.clone();
    let body = match kind {
        ChannelKind::Wecom => json!({ "msgtype": "markdown", "markdown": { "content": marked("\n") } }),
        ChannelKind::Dingtalk => {
            if !secret.is_empty() {
                let millis = now.as_millisecond().to_string();
                let sign = sign(secret, &format!("{millis}\n{secret}"));
                url.query_pairs_mut().append_pair("timestamp", &millis).append_pair("sign", &sign);
            }
            let markdown = json!({ "title": message.title(lang), "text": marked("\n\n") });
            json!({ "msgtype": "markdown", "markdown": markdown })
        }
        ChannelKind::Feishu => {
            let mut body = json!({ "msg_type": "text", "content": { "text": message.text(lang) } });
            if !secret.is_empty() {
                let seconds = now.as_second().to_string();
                body["sign"] = json!(sign(&format!("{seconds}\n{secret}"), ""));
                body["timestamp"] = json!(seconds);
            }
            body
        }
        ChannelKind::Mail => return None,
    };
    Some(Post { url, body })
}

/// The HMAC-SHA256 of a text under a key, in base64.
fn sign(key: &str, text: &str) -> String {
    let key = hmac::Key::new(hmac::HMAC_SHA256, key.as_bytes());
    BASE64.encode(hmac::sign(&key, text.as_bytes()))
}

/// What a robot's answer means: they answer 200 with a code that is 0 when all is well.
///
/// # Errors
/// What the robot says.
pub fn accepted(kind: ChannelKind, answer: &Value) -> Result<(), String> {
    let code = match kind {
        ChannelKind::Feishu => answer.get("code").or_else(|| answer.get("StatusCode")),
        _ => answer.get("errcode"),
    };
    if code.and_then(Value::as_i64) == Some(0) {
        return Ok(());
    }
    let said = answer
        .get("errmsg")
        .or_else(|| answer.get("msg"))
        .and_then(Value::as_str)
        .unwrap_or("no answer that is understood");
    Err(said.chars().take(200).collect())
}

/// Whether a robot may live at an address: HTTPS at the service's own host, or a host that the configuration names.
#[must_use]
pub fn allowed(url: &Url, hosts: &[&str], more: &[String]) -> bool {
    let host = url.host_str().unwrap_or_default();
    let with_port = url.port().map_or_else(|| host.to_owned(), |port| format!("{host}:{port}"));
    if more.contains(&with_port) {
        return matches!(url.scheme(), "http" | "https");
    }
    let fits = |known: &&str| known.strip_prefix('*').map_or(*known == host, |end| host.ends_with(end));
    url.scheme() == "https" && url.port().is_none() && url.username().is_empty() && hosts.iter().any(fits)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::notify::samples::message;

    fn at() -> Timestamp {
        Timestamp::from_millisecond(1_577_262_236_757).unwrap()
    }

    fn made(kind: ChannelKind, url: &str, secret: &str, details: &[&str]) -> Post {
        post(kind, &url.parse().unwrap(), secret, &message(details), Lang::ZhCn, at()).unwrap()
    }

    #[test]
    fn wecom() {
        let post =
            made(ChannelKind::Wecom, "https://qyapi.weixin.qq.com/cgi-bin/webhook/send?key=k", "", &[]);
        assert_eq!(post.url.as_str(), "https://qyapi.weixin.qq.com/cgi-bin/webhook/send?key=k");
        assert_eq!(post.body["msgtype"], "markdown");
        let text = post.body["markdown"]["content"].as_str().unwrap();
        assert!(
            text.contains("塘沽中心") && text.contains('3') && text.contains("](https://central.example/)"),
            "{text}"
        );
        assert!(accepted(ChannelKind::Wecom, &json!({"errcode": 0, "errmsg": "ok"})).is_ok());
        assert_eq!(
            accepted(ChannelKind::Wecom, &json!({"errcode": 93000, "errmsg": "invalid webhook url"})),
            Err("invalid webhook url".into())
        );
    }

    /// The signature by hand: printf '1577262236757\nSECsecret' | openssl dgst -sha256 -hmac SECsecret -binary | base64
    #[test]
    fn dingtalk_signs_in_the_address() {
        let post = made(
            ChannelKind::Dingtalk,
            "https://oapi.dingtalk.com/robot/send?access_token=t",
            "SECsecret",
            &[],
        );
        let query: Vec<_> = post.url.query_pairs().map(|(k, v)| (k.into_owned(), v.into_owned())).collect();
        assert_eq!(query[1], ("timestamp".to_owned(), "1577262236757".to_owned()));
        assert_eq!(query[2], ("sign".to_owned(), DINGTALK.to_owned()));
        assert_eq!(post.body["msgtype"], "markdown");
        assert!(post.body["markdown"]["title"].as_str().unwrap().contains("塘沽中心"));
        let unsigned =
            made(ChannelKind::Dingtalk, "https://oapi.dingtalk.com/robot/send?access_token=t", "", &[]);
        assert_eq!(unsigned.url.query(), Some("access_token=t"));
    }

    /// The signature by hand: printf '' | openssl dgst -sha256 -mac HMAC -macopt key:$'1577262236\nsecret' -binary | base64
    #[test]
    fn feishu_signs_in_the_body() {
        let post = made(
            ChannelKind::Feishu,
            "https://open.feishu.cn/open-apis/bot/v2/hook/x",
            "secret",
            &["1 号窗口"],
        );
        assert_eq!((&post.body["timestamp"], &post.body["sign"]), (&json!("1577262236"), &json!(FEISHU)));
        assert_eq!(post.body["msg_type"], "text");
        let text = post.body["content"]["text"].as_str().unwrap();
        assert!(text.contains("1 号窗口") && text.ends_with("https://central.example/"), "{text}");
        assert!(accepted(ChannelKind::Feishu, &json!({"code": 0, "msg": "success"})).is_ok());
        assert_eq!(
            accepted(ChannelKind::Feishu, &json!({"code": 19021, "msg": "sign match fail"})),
            Err("sign match fail".into())
        );
    }

    const DINGTALK: &str = "+sbmT+Em/vshfR0s7SWXoTbqWhyO6IJ2pav5rmM1BDA=";
    const FEISHU: &str = "C4wmxKb/rvqyI6oEBn2IzHt1koT8Fm87nuvvawoSB1U=";

    #[test]
    fn without_opting_in_a_message_is_a_count_and_a_link() {
        for kind in [ChannelKind::Wecom, ChannelKind::Dingtalk, ChannelKind::Feishu] {
            let body = made(kind, "https://oapi.dingtalk.com/", "s", &[]).body.to_string();
            assert!(!body.contains("窗口") && !body.contains("趴"), "{body}");
        }
    }

    #[test]
    fn robots_live_at_their_services_or_where_the_operator_says() {
        let more = ["127.0.0.1:9000".to_owned()];
        for (url, expected) in [
            ("https://oapi.dingtalk.com/robot/send", true),
            ("http://oapi.dingtalk.com/robot/send", false),
            ("https://oapi.dingtalk.com:8443/robot/send", false),
            ("https://oapi.dingtalk.com.evil.example/", false),
            ("https://user@oapi.dingtalk.com/", false),
            ("https://wns2-par.notify.windows.com/w", true),
            ("http://127.0.0.1:9000/x", true),
            ("http://127.0.0.1:9001/x", false),
            ("http://169.254.169.254/", false),
        ] {
            assert_eq!(
                allowed(&url.parse().unwrap(), &["oapi.dingtalk.com", "*.notify.windows.com"], &more),
                expected,
                "{url}"
            );
        }
    }
}
