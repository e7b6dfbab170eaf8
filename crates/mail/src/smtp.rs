//! SMTP (RFC 5321), by `lettre` on rustls.

use std::sync::Arc;
use std::time::Duration;

use base::{Lang, Secret, Timestamp};
use lettre::message::header::{ContentType, HeaderName, HeaderValue};
use lettre::message::{Mailbox, Message as Mime};
use lettre::transport::smtp::authentication::Credentials;
use lettre::transport::smtp::client::{Certificate, Tls, TlsParameters};
use lettre::transport::smtp::extension::ClientId;
use lettre::{Address, AsyncSmtpTransport, AsyncTransport as _, Tokio1Executor};
use serde::Deserialize;

use crate::{Email, Subject};

/// How the connection to the server is protected.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Security {
    /// `STARTTLS`, and nothing is sent without it (RFC 3207; usual on port 587).
    #[default]
    StartTls,
    /// TLS from the first byte (RFC 8314; usual on port 465).
    Tls,
    /// None: only to a server on this machine.
    Plain,
}

/// Which server, and as whom.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SmtpSettings {
    /// Host name; its certificate has to carry it.
    pub host: String,
    /// Port; 587, 465 or 25 by the way of protection.
    #[serde(default)]
    pub port: Option<u16>,
    /// How the connection is protected.
    #[serde(default)]
    pub security: Security,
    /// User name and password at the server.
    #[serde(default)]
    pub user: Option<String>,
    /// The password.
    #[serde(default)]
    pub password: Option<Secret<String>>,
    /// The sender's address.
    pub from: Email,
    /// The sender's name as readers see it.
    #[serde(default)]
    pub from_name: String,
    /// The name we greet with (`EHLO`): this machine's; without it the domain of `from`.
    #[serde(default)]
    pub hello: Option<String>,
    /// A further certification authority to trust (PEM), for a server inside the operator's network.
    #[serde(default)]
    pub extra_root_pem: Option<String>,
    /// Longest wait for each answer, in seconds.
    #[serde(default = "thirty")]
    pub timeout_secs: u64,
}

const fn thirty() -> u64 {
    30
}

/// Why settings can't be used.
#[derive(Debug, thiserror::Error)]
pub enum SmtpError {
    /// In the clear to another machine.
    #[error("security = \"plain\" is for a mail server on this machine; {0} is another: use \"starttls\" or \"tls\"")]
    PlainToElsewhere(String),
    /// A user without password, or the reverse.
    #[error("user and password of the mail server belong together: give both or neither")]
    HalfCredentials,
    /// The certificate or the TLS library.
    #[error("TLS to the mail server can't be set up: {0}")]
    Tls(String),
}

/// Why a message was not taken.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum SendError {
    /// Trying again may help.
    #[error("{0}")]
    Later(String),
    /// The server refuses this message.
    #[error("refused: {0}")]
    Refused(String),
}

/// The way to a server.
#[derive(Clone)]
pub struct Smtp {
    transport: Arc<AsyncSmtpTransport<Tokio1Executor>>,
    from: Mailbox,
    domain: String,
    longest: Duration,
}

/// A message on its way.
pub(crate) struct Letter {
    pub(crate) id: String,
    pub(crate) to: Email,
    pub(crate) lang: Lang,
    pub(crate) subject: String,
    pub(crate) text: String,
    pub(crate) date: Timestamp,
}

impl Smtp {
    /// Reads the settings; connects to nobody yet.
    ///
    /// # Errors
    /// [`SmtpError`], for the operator.
    pub fn new(settings: &SmtpSettings) -> Result<Self, SmtpError> {
        let s = settings;
        let tls = || {
            let mut builder = TlsParameters::builder(s.host.clone());
            if let Some(pem) = &s.extra_root_pem {
                // The library takes a text without any certificate for an empty list.
                if !pem.contains("-----BEGIN CERTIFICATE-----") {
                    return Err(SmtpError::Tls("extra_root_pem holds no certificate".to_owned()));
                }
                let root = Certificate::from_pem(pem.as_bytes()).map_err(|e| SmtpError::Tls(e.to_string()))?;
                builder = builder.add_root_certificate(root);
            }
            builder.build_rustls().map_err(|e| SmtpError::Tls(e.to_string()))
        };
        let (tls, port) = match s.security {
            Security::StartTls => (Tls::Required(tls()?), 587),
            Security::Tls => (Tls::Wrapper(tls()?), 465),
            Security::Plain if is_here(&s.host) => (Tls::None, 25),
            Security::Plain => return Err(SmtpError::PlainToElsewhere(s.host.clone())),
        };
        let hello = s.hello.clone().unwrap_or_else(|| s.from.domain().to_owned());
        let mut builder = AsyncSmtpTransport::<Tokio1Executor>::builder_dangerous(s.host.clone())
            .port(s.port.unwrap_or(port))
            .tls(tls)
            .hello_name(ClientId::Domain(hello))
            .timeout(Some(Duration::from_secs(s.timeout_secs)));
        match (&s.user, &s.password) {
            (Some(user), Some(password)) => {
                builder = builder.credentials(Credentials::new(user.clone(), password.expose().clone()));
            }
            (None, None) => {}
            _ => return Err(SmtpError::HalfCredentials),
        }
        let name = Subject::new(&s.from_name);
        let name = Some(name.as_str().to_owned()).filter(|n| !n.is_empty());
        let address = address(&s.from).map_err(|e| SmtpError::Tls(e.to_string()))?;
        Ok(Self {
            transport: Arc::new(builder.build()),
            from: Mailbox::new(name, address),
            domain: s.from.domain().to_owned(),
            // A whole conversation has about ten answers; a server that drips is not waited for.
            longest: Duration::from_secs(s.timeout_secs.saturating_mul(4).min(120)),
        })
    }

    /// Sends one message.
    pub(crate) async fn send(&self, letter: &Letter) -> Result<(), SendError> {
        let mime = self.mime(letter).map_err(SendError::Refused)?;
        match tokio::time::timeout(self.longest, self.transport.send(mime)).await {
            Ok(Ok(_)) => Ok(()),
            Ok(Err(e)) => Err(judge(&e)),
            Err(_) => Err(SendError::Later("the mail server took too long".to_owned())),
        }
    }

    fn mime(&self, letter: &Letter) -> Result<Mime, String> {
        let to = Mailbox::new(None, address(&letter.to).map_err(|e| e.to_string())?);
        let raw =
            |name: &'static str, value: &str| HeaderValue::new(HeaderName::new_from_ascii_str(name), value.to_owned());
        let micros = u64::try_from(letter.date.0).unwrap_or_default();
        Mime::builder()
            .from(self.from.clone())
            .to(to)
            .subject(letter.subject.as_str())
            .date(std::time::UNIX_EPOCH + Duration::from_micros(micros))
            // The same at every try, so that a mail program shows a message that was sent twice once.
            .message_id(Some(format!("<{}@{}>", letter.id, self.domain)))
            .raw_header(raw("Content-Language", letter.lang.tag()))
            // RFC 3834: no answers by machines, please.
            .raw_header(raw("Auto-Submitted", "auto-generated"))
            .header(ContentType::TEXT_PLAIN)
            .body(letter.text.replace('\n', "\r\n"))
            .map_err(|e| e.to_string())
    }
}

fn address(email: &Email) -> Result<Address, lettre::address::AddressError> {
    Address::new(email.local(), email.domain())
}

/// Whose trouble it is. Answers about our own account at the server (RFC 4954 section 6) say nothing about the message.
fn judge(error: &lettre::transport::smtp::Error) -> SendError {
    let code = error.status().map(|c| c.to_string()).unwrap_or_default();
    let text: String = full_text(error).chars().filter(|c| !c.is_control()).take(300).collect();
    let ours = ["530", "534", "535", "538"].contains(&code.as_str());
    if error.is_permanent() && !ours { SendError::Refused(text) } else { SendError::Later(text) }
}

fn full_text(error: &dyn std::error::Error) -> String {
    let mut text = error.to_string();
    let mut next = error.source();
    while let Some(cause) = next {
        let more = cause.to_string();
        if !text.contains(&more) {
            text.push_str(": ");
            text.push_str(&more);
        }
        next = cause.source();
    }
    text
}

fn is_here(host: &str) -> bool {
    host == "localhost"
        || host.trim_matches(['[', ']']).parse::<std::net::IpAddr>().is_ok_and(|ip| ip.to_canonical().is_loopback())
}

impl std::fmt::Debug for Smtp {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Smtp(from {})", self.from)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn settings(host: &str, security: Security) -> SmtpSettings {
        SmtpSettings {
            host: host.to_owned(),
            port: None,
            security,
            user: None,
            password: None,
            from: Email::parse("desk@enishi.example").unwrap(),
            from_name: "縁 運営\r\nBcc: x@example.jp".to_owned(),
            hello: None,
            extra_root_pem: None,
            timeout_secs: 5,
        }
    }

    #[test]
    fn nothing_goes_out_in_the_clear() {
        for host in ["localhost", "127.0.0.1", "[::1]", "::1"] {
            assert!(Smtp::new(&settings(host, Security::Plain)).is_ok(), "{host}");
        }
        for host in ["mail.example.jp", "10.0.0.1", "localhost.example.jp"] {
            let error = Smtp::new(&settings(host, Security::Plain)).unwrap_err();
            assert!(matches!(error, SmtpError::PlainToElsewhere(_)), "{host}: {error}");
        }
        let half = SmtpSettings { user: Some("u".to_owned()), ..settings("localhost", Security::Plain) };
        assert!(matches!(Smtp::new(&half), Err(SmtpError::HalfCredentials)));
        let bad =
            SmtpSettings { extra_root_pem: Some("rubbish".to_owned()), ..settings("m.example.jp", Security::Tls) };
        assert!(matches!(Smtp::new(&bad), Err(SmtpError::Tls(_))));
        assert!(Smtp::new(&settings("m.example.jp", Security::StartTls)).is_ok());
    }

    #[test]
    fn a_message_has_the_headers_it_should_and_no_others() {
        let smtp = Smtp::new(&settings("localhost", Security::Plain)).unwrap();
        let letter = Letter {
            id: "mail_1".to_owned(),
            to: Email::parse("hanako@example.jp").unwrap(),
            lang: Lang::Ja,
            subject: "登録の確認".to_owned(),
            text: "こんにちは\n.\nさようなら\n".to_owned(),
            date: Timestamp::from_secs(1_780_000_000),
        };
        let mime = String::from_utf8(smtp.mime(&letter).unwrap().formatted()).unwrap();
        let (head, body) = mime.split_once("\r\n\r\n").unwrap();
        let names: Vec<_> =
            head.split("\r\n").filter(|l| !l.starts_with(' ')).map(|l| l.split(':').next().unwrap()).collect();
        for name in
            ["From", "To", "Subject", "Date", "Message-ID", "Content-Language", "Auto-Submitted", "Content-Type"]
        {
            assert_eq!(names.iter().filter(|n| **n == name).count(), 1, "{name} in {head}");
        }
        assert!(!names.contains(&"Bcc"), "{head}");
        assert!(head.is_ascii() && body.is_ascii(), "{mime}");
        assert!(head.contains("Message-ID: <mail_1@enishi.example>"), "{head}");
        assert!(head.contains("Date: Thu, 28 May 2026 20:26:40 +0000"), "{head}");
    }
}
