//! The mail server that takes what we write. Heads are made of the library's own types, so that no name and no address adds a line to one.

use std::fs;
use std::os::unix::fs::PermissionsExt as _;
use std::path::Path;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use latchkey_store::outbox::{Ending, Queued};
use lettre::message::header::{ContentTransferEncoding, ContentType, HeaderName, HeaderValue};
use lettre::message::{Mailbox, Message};
use lettre::transport::smtp::Error as SmtpError;
use lettre::transport::smtp::authentication::Credentials;
use lettre::transport::smtp::client::{Certificate, Tls, TlsParameters};
use lettre::{Address, AsyncSmtpTransport, AsyncTransport as _, Tokio1Executor};

use crate::config::mail::{PlannedMail, Privacy};
use crate::failure::{Exit, Failure};

/// How long one answer of a mail server may take.
const ANSWER: Duration = Duration::from_secs(15);

/// Who carries mail.
pub(crate) enum Carrier {
    /// A mail server.
    Server { transport: Box<AsyncSmtpTransport<Tokio1Executor>>, from: Mailbox },
    /// Nobody: it stays on this machine, where the demo shows it.
    Captured,
}

/// Why a mail was not carried.
#[derive(Debug, thiserror::Error)]
pub(crate) enum CarryError {
    /// It can never be carried.
    #[error("{0}")]
    Unsendable(String),
    /// The mail server answered, and did not take it now.
    #[error("the mail server said: {0}")]
    Refused(String),
    /// The mail server answered, and never takes it. [RFC 5321 §4.2.1]
    #[error("the mail server said for good: {0}")]
    RefusedForGood(String),
    /// The mail server did not answer, or not in a way that can be trusted.
    #[error("the mail server cannot be used: {0}")]
    NoAnswer(String),
}

impl CarryError {
    /// Whether trying again is no use.
    pub(super) const fn is_final(&self) -> bool {
        matches!(self, Self::Unsendable(_) | Self::RefusedForGood(_))
    }
}

impl From<SmtpError> for CarryError {
    fn from(error: SmtpError) -> Self {
        let said = with_causes(&error);
        // A connection that was closed while it was spoken to is no answer to this mail.
        if error.is_permanent() || error.is_transient() { Self::Refused(said) } else { Self::NoAnswer(said) }
    }
}

/// An error with what is behind it.
fn with_causes(error: &dyn std::error::Error) -> String {
    let mut said = error.to_string();
    let mut next = error.source();
    while let Some(cause) = next {
        let more = cause.to_string();
        if !said.contains(&more) {
            said = format!("{said}: {more}");
        }
        next = cause.source();
    }
    said
}

impl Carrier {
    /// The mail server of the configuration. It is not spoken to yet.
    pub(crate) fn to_server(planned: &PlannedMail) -> Result<Self, Failure> {
        let tls = || -> Result<TlsParameters, Failure> {
            let mut parameters = TlsParameters::builder(planned.host.clone());
            if let Some(path) = &planned.authority {
                parameters = parameters.add_root_certificate(authority(path)?);
            }
            parameters.build().map_err(|error| failure("TLS cannot be spoken to the mail server", error))
        };
        let tls = match planned.privacy {
            Privacy::Tls => Tls::Wrapper(tls()?),
            Privacy::StartTls => Tls::Required(tls()?),
            Privacy::Loopback => Tls::None,
        };
        let mut builder = AsyncSmtpTransport::<Tokio1Executor>::builder_dangerous(&planned.host)
            .port(planned.port)
            .tls(tls)
            .timeout(Some(ANSWER));
        if let Some((user, file)) = &planned.user {
            builder = builder.credentials(Credentials::new(user.clone(), password(file)?));
        }
        Ok(Self::Server { transport: Box::new(builder.build()), from: planned.from.clone() })
    }

    /// Hands over a mail.
    pub(super) async fn carry(&self, mail: &Queued, address: &str) -> Result<(), CarryError> {
        let Self::Server { transport, from } = self else { return Ok(()) };
        let Err(error) = transport.send(message(from, mail, address)?).await else { return Ok(()) };
        // A server that lets nobody in says so in the same words. While it lets us in, it meant this mail.
        if error.is_permanent() && self.test().await.is_ok() {
            return Err(CarryError::RefusedForGood(with_causes(&error)));
        }
        Err(error.into())
    }

    /// What has become of a mail that was carried.
    pub(super) const fn ending(&self) -> Ending {
        match self {
            Self::Server { .. } => Ending::Sent,
            Self::Captured => Ending::Captured,
        }
    }

    /// Whether the mail server answers, and lets us in.
    pub(crate) async fn test(&self) -> Result<(), CarryError> {
        let Self::Server { transport, .. } = self else { return Ok(()) };
        match transport.test_connection().await? {
            true => Ok(()),
            false => Err(CarryError::NoAnswer("it closed the connection".to_owned())),
        }
    }
}

/// A mail as it is sent. Tried again, it has the same id, so that whoever gets it twice can tell.
pub(super) fn message(from: &Mailbox, mail: &Queued, address: &str) -> Result<Message, CarryError> {
    let unsendable = |error: &dyn std::fmt::Display| CarryError::Unsendable(format!("it cannot be written: {error}"));
    let to: Address = address.parse().map_err(|error| unsendable(&error))?;
    // Names of apps and organizations have no line ends; a subject has none, whatever it is made of.
    let subject: String = mail.subject.chars().map(|letter| if letter.is_control() { ' ' } else { letter }).collect();
    let written = UNIX_EPOCH + Duration::from_micros(u64::try_from(mail.queued_at.as_micros()).unwrap_or(0));
    Message::builder()
        .from(from.clone())
        .to(Mailbox::new(None, to))
        .subject(subject)
        .date(SystemTime::min(written, SystemTime::now()))
        .message_id(Some(format!("<{}@{}>", mail.id, from.email.domain())))
        // No machine answers it. [RFC 3834 §5]
        .raw_header(HeaderValue::new(HeaderName::new_from_ascii_str("Auto-Submitted"), "auto-generated".to_owned()))
        .header(ContentType::TEXT_PLAIN)
        .header(ContentTransferEncoding::QuotedPrintable)
        .body(mail.body.clone())
        .map_err(|error| unsendable(&error))
}

fn authority(path: &Path) -> Result<Certificate, Failure> {
    let what = format!("the mail server's authority {} cannot be read", path.display());
    let pem = fs::read(path).map_err(|error| failure(&what, error))?;
    Certificate::from_pem(&pem).map_err(|error| failure(&what, error))
}

/// The password in a file that only its owner reads.
fn password(path: &Path) -> Result<String, Failure> {
    let what = format!("the password of the mail server {} cannot be read", path.display());
    let mode = fs::metadata(path).map_err(|error| failure(&what, error))?.permissions().mode();
    if mode & 0o077 != 0 {
        return Err(Failure::refused(format!(
            "the password of the mail server {} can be read by others",
            path.display()
        ))
        .because(format!("its permissions are {:04o}", mode & 0o7777))
        .remedy(format!("chmod 600 {}", path.display())));
    }
    let text = fs::read_to_string(path).map_err(|error| failure(&what, error))?;
    Ok(text.trim_end_matches(['\r', '\n']).to_owned())
}

fn failure(what: &str, error: impl std::fmt::Display) -> Failure {
    Failure::new(Exit::Failed, what).because(error)
}
