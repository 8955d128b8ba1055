//! E-mail by SMTP.

use super::Message;
use crate::config::MailConfig;
use chuangming_domain::text::Lang;
use lettre::message::header::ContentType;
use lettre::message::{Mailbox, Message as Mail};
use lettre::{AsyncSmtpTransport, AsyncTransport as _, Tokio1Executor};
use std::time::Duration;

const PATIENCE: Duration = Duration::from_secs(20);

/// Sends e-mail.
#[derive(Debug, Clone)]
pub struct Mailer {
    transport: AsyncSmtpTransport<Tokio1Executor>,
    from: Mailbox,
}

impl Mailer {
    /// Prepares it; the server is asked at the first message.
    ///
    /// # Errors
    /// In one line: what of the configuration is wrong.
    pub fn new(config: &MailConfig) -> Result<Self, String> {
        let from = config.from.parse::<Mailbox>().map_err(|e| {
            format!("notify.mail.from: {e}, expected an address such as 窗明 <it@hall.example>")
        })?;
        let mut builder = AsyncSmtpTransport::<Tokio1Executor>::from_url(&config.server)
            .map_err(|e| {
                format!("notify.mail.server: {e}, expected an address such as smtps://mail.example:465")
            })?
            .timeout(Some(PATIENCE));
        if let Some((name, file)) = &config.login {
            let password =
                crate::password::read_file(file).map_err(|e| format!("notify.mail.password_file: {e}"))?;
            builder = builder.credentials(lettre::transport::smtp::authentication::Credentials::new(
                name.clone(),
                password,
            ));
        }
        Ok(Self { transport: builder.build(), from })
    }

    /// Sends one message.
    ///
    /// # Errors
    /// What the server says.
    pub async fn send(&self, to: &str, message: &Message, lang: Lang) -> Result<(), String> {
        let mail = self.mail(to, message, lang)?;
        self.transport.send(mail).await.map(drop).map_err(|e| e.to_string())
    }

    fn mail(&self, to: &str, message: &Message, lang: Lang) -> Result<Mail, String> {
        let to = to.parse::<Mailbox>().map_err(|e| e.to_string())?;
        Mail::builder()
            .from(self.from.clone())
            .to(to)
            .subject(message.title(lang))
            .header(ContentType::TEXT_PLAIN)
            .body(message.text(lang))
            .map_err(|e| e.to_string())
    }
}

/// Whether a text is one address that mail can be sent to.
#[must_use]
pub fn is_address(text: &str) -> bool {
    text.parse::<lettre::Address>().is_ok()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::notify::samples::message;

    #[test]
    fn a_mail_in_chinese() {
        let config = MailConfig {
            server: "smtp://127.0.0.1:2525".into(),
            from: "窗明 <it@hall.example>".into(),
            login: None,
        };
        let mailer = Mailer::new(&config).unwrap();
        let mail = mailer.mail("head@hall.example", &message(&[]), Lang::ZhCn).unwrap();
        let text = String::from_utf8(mail.formatted()).unwrap();
        assert!(text.contains("To: head@hall.example") && text.contains("Subject: =?utf-8?"), "{text}");
        assert!(mailer.mail("nobody", &message(&[]), Lang::ZhCn).is_err());
        assert!(is_address("a@b.cn") && !is_address("a@b.cn, c@d.cn") && !is_address("a\r\nb@c"));
    }

    #[test]
    fn a_wrong_configuration_is_told() {
        let wrong = |server: &str, from: &str| {
            Mailer::new(&MailConfig { server: server.into(), from: from.into(), login: None }).unwrap_err()
        };
        assert!(wrong("ftp://x", "a@b.cn").starts_with("notify.mail.server"));
        assert!(wrong("smtp://x", "窗明").starts_with("notify.mail.from"));
    }
}
