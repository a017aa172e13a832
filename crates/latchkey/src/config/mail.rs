//! The section `[mail]`: the server that takes what Latchkey writes to people.

use std::path::{Path, PathBuf};

use lettre::message::Mailbox;
use serde::{Deserialize, Serialize};
use toml::Spanned;
use url::{Host, Url};

use super::problem::Problem;

/// How mail leaves. Without this section nobody is told of anything by mail.
#[derive(Debug, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Mail {
    /// The mail server: `smtps://user@mail.example.com`, or `smtp://user@mail.example.com:587`, which begins in the open and turns to TLS
    /// before anything is said. Without TLS it has to be this machine.
    pub(crate) url: Spanned<String>,
    /// Who it is from: `Latchkey <latchkey@example.com>`.
    pub(crate) from: Spanned<String>,
    /// The file of the password of the user that the URL names, readable by its owner alone.
    pub(crate) password: Option<Spanned<PathBuf>>,
    /// The certificate of an authority of your own that the mail server's is from, a PEM file.
    pub(crate) authority: Option<PathBuf>,
}

/// A mail server, and how it is spoken to.
#[derive(Clone, PartialEq, Debug)]
pub(crate) struct PlannedMail {
    /// Its host.
    pub(crate) host: String,
    /// Its port.
    pub(crate) port: u16,
    /// How what is said is kept from others.
    pub(crate) privacy: Privacy,
    /// The user to sign in as, and the file of their password.
    pub(crate) user: Option<(String, PathBuf)>,
    /// Who mail is from.
    pub(crate) from: Mailbox,
    /// The certificate of an authority that is trusted beside those of the system.
    pub(crate) authority: Option<PathBuf>,
}

/// How what is said to a mail server is kept from others.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Privacy {
    /// TLS from the first byte. [RFC 8314 §3.3]
    Tls,
    /// `STARTTLS`, or nothing is sent. [RFC 3207]
    StartTls,
    /// None: it is this machine.
    Loopback,
}

impl PlannedMail {
    /// Checks the section. Relative paths start at `folder`.
    pub(super) fn of(mail: Mail, folder: &Path) -> Result<Self, Problem> {
        let span = mail.url.span();
        let hint = "for example smtps://user@mail.example.com, or smtp://user@mail.example.com:587";
        let wrong = |message: &str| Problem::at(span.clone(), message).hint(hint);
        let url = Url::parse(mail.url.get_ref()).map_err(|_| wrong("this is not the URL of a mail server"))?;
        if url.password().is_some() {
            return Err(Problem::at(span, "a password does not stand here").hint("name its file: `password`"));
        }
        let more = !matches!(url.path(), "" | "/") || url.query().is_some() || url.fragment().is_some();
        let Some(host) = url.host_str().filter(|host| !host.is_empty() && !more) else {
            return Err(wrong("this is not the URL of a mail server"));
        };
        let (privacy, usual) = match url.scheme() {
            "smtps" => (Privacy::Tls, 465),
            "smtp" if is_loopback(&url) => (Privacy::Loopback, 25),
            "smtp" => (Privacy::StartTls, 587),
            _ => return Err(wrong("mail is sent by smtps or smtp")),
        };
        let user = match (url.username(), mail.password) {
            ("", None) => None,
            ("", Some(lonely)) => return Err(Problem::at(lonely.span(), "a password needs a user in the `url`")),
            (_, None) => return Err(Problem::at(span, "a user needs a `password`, which is the name of a file")),
            (user, Some(file)) => {
                let user = percent_encoding::percent_decode_str(user).decode_utf8_lossy().into_owned();
                Some((user, folder.join(file.into_inner())))
            }
        };
        let from: Mailbox = mail.from.get_ref().parse().map_err(|_| {
            Problem::at(mail.from.span(), "this is not a mail address")
                .hint("for example Latchkey <latchkey@example.com>")
        })?;
        Ok(Self {
            host: host.trim_matches(['[', ']']).to_owned(),
            port: url.port().unwrap_or(usual),
            privacy,
            user,
            from,
            authority: mail.authority.map(|path| folder.join(path)),
        })
    }
}

/// Whether a URL leads to this machine. A URL of a scheme that browsers do not know keeps its address as text.
fn is_loopback(url: &Url) -> bool {
    match url.host() {
        Some(Host::Domain(name)) => {
            name == "localhost" || name.parse::<std::net::Ipv4Addr>().is_ok_and(|address| address.is_loopback())
        }
        Some(Host::Ipv4(address)) => address.is_loopback(),
        Some(Host::Ipv6(address)) => address.is_loopback(),
        None => false,
    }
}

#[cfg(test)]
mod tests {
    use super::super::tests::plan;
    use super::*;

    fn planned(section: &str) -> Result<PlannedMail, String> {
        let good = super::super::tests::GOOD;
        plan(&format!("{good}\n[mail]\n{section}")).map(|plan| plan.mail.unwrap())
    }

    const FROM: &str = "from = \"Latchkey <latchkey@example.com>\"";

    #[test]
    fn without_the_section_there_is_no_mail() {
        assert_eq!(plan(super::super::tests::GOOD).unwrap().mail, None);
    }

    #[test]
    fn mail_leaves_by_tls_or_stays_on_this_machine() {
        let by =
            |url: &str| planned(&format!("url = \"{url}\"\n{FROM}")).map(|mail| (mail.host, mail.port, mail.privacy));
        assert_eq!(by("smtps://mail.example.com"), Ok(("mail.example.com".into(), 465, Privacy::Tls)));
        assert_eq!(by("smtp://mail.example.com"), Ok(("mail.example.com".into(), 587, Privacy::StartTls)));
        assert_eq!(by("smtp://mail.example.com:25"), Ok(("mail.example.com".into(), 25, Privacy::StartTls)));
        for local in ["localhost", "127.0.0.1", "[::1]"] {
            assert_eq!(by(&format!("smtp://{local}")).unwrap().2, Privacy::Loopback, "{local}");
        }
        for wrong in ["mail.example.com", "http://mail.example.com", "smtp://", "smtps://h/path", "smtps://h?tls=none"]
        {
            assert!(by(wrong).unwrap_err().contains("smtps://user@mail.example.com"), "{wrong}");
        }
    }

    #[test]
    fn a_user_has_a_password_in_a_file_and_nowhere_else() {
        let mail =
            planned(&format!("url = \"smtps://a%40b.test@h.test\"\n{FROM}\npassword = \"mail.password\"")).unwrap();
        assert_eq!(mail.user, Some(("a@b.test".into(), "/etc/latchkey/mail.password".into())));
        let said = planned(&format!("url = \"smtps://a:hunter2@h.test\"\n{FROM}")).unwrap_err();
        assert!(said.contains("a password does not stand here"), "{said}");
        assert!(
            planned(&format!("url = \"smtps://a@h.test\"\n{FROM}")).unwrap_err().contains("a user needs a `password`")
        );
        let lonely = planned(&format!("url = \"smtps://h.test\"\n{FROM}\npassword = \"p\"")).unwrap_err();
        assert!(lonely.contains("a password needs a user"), "{lonely}");
    }

    #[test]
    fn who_it_is_from_is_an_address() {
        for wrong in ["Latchkey", "a@b.test, c@d.test", "a@b.test\\nBcc: c@d.test"] {
            let said = planned(&format!("url = \"smtps://h.test\"\nfrom = \"{wrong}\"")).unwrap_err();
            assert!(said.contains("this is not a mail address"), "{wrong}: {said}");
        }
        assert!(planned("url = \"smtps://h.test\"").unwrap_err().contains("missing field `from`"));
    }
}
