//! Certificates of clients: `tls_client_auth`, where an authority that the operator trusts vouches for a name, and
//! `self_signed_tls_client_auth`, where the certificate itself is registered. [RFC 8705 §2]

use std::net::IpAddr;

use latchkey_jose::{CertificateNames, DistinguishedName};

use crate::client::{Client, Metadata};
use crate::client_auth::{Credential, Method};
use crate::error::OAuthError;
use crate::limits;
use crate::time::Timestamp;
use crate::token::confirmation::Thumbprint;

/// Which name of its certificates a client is known by: by its registered name. [RFC 8705 §2.1.2]
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum NameKind {
    /// The subject.
    SubjectDn,
    /// A host among the subject alternative names.
    SanDns,
    /// A URI among them.
    SanUri,
    /// An address among them.
    SanIp,
    /// A mail address among them.
    SanEmail,
}

impl NameKind {
    /// Every kind.
    pub const ALL: [Self; 5] = [Self::SubjectDn, Self::SanDns, Self::SanUri, Self::SanIp, Self::SanEmail];

    /// The registered name.
    pub const fn name(self) -> &'static str {
        match self {
            Self::SubjectDn => "tls_client_auth_subject_dn",
            Self::SanDns => "tls_client_auth_san_dns",
            Self::SanUri => "tls_client_auth_san_uri",
            Self::SanIp => "tls_client_auth_san_ip",
            Self::SanEmail => "tls_client_auth_san_email",
        }
    }

    /// The kind of that name.
    pub fn parse(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|kind| kind.name() == name)
    }

    /// Whether a text is a name of this kind. A host with a star would stand for many.
    pub fn suits(self, text: &str) -> bool {
        let visible = text.bytes().all(|byte| byte.is_ascii_graphic()) && !text.is_empty();
        let sound = match self {
            Self::SubjectDn => text.parse::<DistinguishedName>().is_ok(),
            Self::SanDns => visible && !text.contains(['*', '/', ':', '@']) && !text.ends_with('.'),
            Self::SanUri => visible && url::Url::parse(text).is_ok(),
            Self::SanIp => text.parse::<IpAddr>().is_ok(),
            Self::SanEmail => {
                visible && text.split_once('@').is_some_and(|(name, host)| !name.is_empty() && !host.is_empty())
            }
        };
        sound && text.len() <= limits::CERTIFICATE_NAME_BYTES
    }

    /// Whether a certificate has exactly that name. Only of hosts upper and lower case are the same. [RFC 5280 §7]
    fn is_among(self, text: &str, names: &CertificateNames) -> bool {
        match self {
            Self::SubjectDn => text.parse().is_ok_and(|wanted| names.subject == Some(wanted)),
            Self::SanDns => names.hosts.iter().any(|host| host.eq_ignore_ascii_case(text)),
            Self::SanUri => names.uris.iter().any(|uri| uri == text),
            Self::SanIp => text.parse().is_ok_and(|wanted: IpAddr| names.addresses.contains(&wanted)),
            Self::SanEmail => names.mail_addresses.iter().any(|address| is_mailbox(text, address)),
        }
    }
}

fn is_mailbox(wanted: &str, address: &str) -> bool {
    match (wanted.rsplit_once('@'), address.rsplit_once('@')) {
        (Some((name, host)), Some((other, at))) => name == other && host.eq_ignore_ascii_case(at),
        _ => false,
    }
}

impl Metadata {
    /// The name that its certificates have, if it registered one.
    pub fn certificate_name(&self) -> Option<(NameKind, &str)> {
        NameKind::ALL.into_iter().find_map(|kind| Some((kind, self.of_kind(kind).as_deref()?)))
    }

    /// Registers the name that its certificates have, in place of the one that was there.
    pub fn set_certificate_name(&mut self, name: Option<(NameKind, String)>) {
        for kind in NameKind::ALL {
            *self.of_kind_mut(kind) = None;
        }
        if let Some((kind, text)) = name {
            *self.of_kind_mut(kind) = Some(text);
        }
    }

    /// Whether there is exactly one name, of its kind, or none. [RFC 8705 §2.1.2]
    pub(crate) fn certificate_name_is_sound(&self) -> bool {
        let count = NameKind::ALL.into_iter().filter(|kind| self.of_kind(*kind).is_some()).count();
        count <= 1 && self.certificate_name().is_none_or(|(kind, text)| kind.suits(text))
    }

    const fn of_kind(&self, kind: NameKind) -> &Option<String> {
        match kind {
            NameKind::SubjectDn => &self.tls_client_auth_subject_dn,
            NameKind::SanDns => &self.tls_client_auth_san_dns,
            NameKind::SanUri => &self.tls_client_auth_san_uri,
            NameKind::SanIp => &self.tls_client_auth_san_ip,
            NameKind::SanEmail => &self.tls_client_auth_san_email,
        }
    }

    const fn of_kind_mut(&mut self, kind: NameKind) -> &mut Option<String> {
        match kind {
            NameKind::SubjectDn => &mut self.tls_client_auth_subject_dn,
            NameKind::SanDns => &mut self.tls_client_auth_san_dns,
            NameKind::SanUri => &mut self.tls_client_auth_san_uri,
            NameKind::SanIp => &mut self.tls_client_auth_san_ip,
            NameKind::SanEmail => &mut self.tls_client_auth_san_email,
        }
    }
}

/// The certificate whose key signed the handshake.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct ShownCertificate {
    /// Its thumbprint.
    pub thumbprint: Thumbprint,
    /// Its names, if an authority that the operator trusts vouches for them at this moment.
    pub vouched: Option<CertificateNames>,
}

impl ShownCertificate {
    /// The method that this client means by it: the one that it registered, else the one that it registered anything for.
    pub(super) fn method_of(&self, client: &Client) -> Method {
        let registered = || client.authentication.keys.iter().any(|key| key.is_of_certificate(self.thumbprint));
        let by_name = client.metadata.certificate_name().is_some();
        match client.authentication.method {
            Some(Method::TlsClientAuth) => Method::TlsClientAuth,
            None if by_name && !registered() => Method::TlsClientAuth,
            _ => Method::SelfSignedTlsClientAuth,
        }
    }
}

impl Client {
    /// What stands for whatever certificates it has: tokens that it gets with one in its own name end when it registers another name.
    pub fn certified_credential(&self) -> Option<Credential> {
        let (kind, text) = self.metadata.certificate_name()?;
        Some(Credential::for_keys_named(&format!("{} {} {text}", kind.name(), self.id)))
    }
}

/// Checks a certificate whose name an authority vouches for. [RFC 8705 §2.1]
pub(super) fn by_authority(shown: &ShownCertificate, client: &Client) -> Result<Credential, OAuthError> {
    let wrong = || OAuthError::invalid_client("the client is unknown, or nobody vouches for its certificate");
    let (kind, text) = client.metadata.certificate_name().ok_or_else(wrong)?;
    let names = shown.vouched.as_ref().ok_or_else(wrong)?;
    if !kind.is_among(text, names) {
        return Err(wrong());
    }
    client.certified_credential().ok_or_else(wrong)
}

/// Checks a certificate that is registered itself, whoever made it. [RFC 8705 §2.2]
pub(super) fn by_registration(
    shown: &ShownCertificate,
    client: &Client,
    now: Timestamp,
) -> Result<Credential, OAuthError> {
    let key = client.authentication.keys.iter().find(|key| key.is_of_certificate(shown.thumbprint));
    let key = key.ok_or_else(|| OAuthError::invalid_client("the client is unknown, or has another certificate"))?;
    if !key.is_live(now) {
        return Err(OAuthError::invalid_client("the client's certificate has expired").numbered(7_000_222));
    }
    Ok(key.credential())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::client::registration::tests::a_client;

    fn names() -> CertificateNames {
        CertificateNames {
            subject: "CN=ci,O=Harbor,C=DE".parse().ok(),
            hosts: vec!["ci.harbor.test".into(), "*.shore.test".into()],
            uris: vec!["spiffe://harbor.test/ci".into()],
            addresses: vec!["2001:db8::7".parse().unwrap()],
            mail_addresses: vec!["ci@harbor.test".into()],
        }
    }

    fn check(kind: NameKind, text: &str, vouched: Option<CertificateNames>) -> bool {
        let mut client = a_client();
        client.metadata.set_certificate_name(Some((kind, text.to_owned())));
        by_authority(&ShownCertificate { thumbprint: Thumbprint([1; 32]), vouched }, &client).is_ok()
    }

    /// RFC 8705 §2.1.2: one name, of one kind, and exactly it.
    #[test]
    fn the_name_that_is_registered_is_the_one_that_is_vouched_for() {
        for (kind, good, bad) in [
            (NameKind::SubjectDn, "CN=ci, O=Harbor, C=DE", ["CN=ci", "CN=CI,O=Harbor,C=DE", "C=DE,O=Harbor,CN=ci"]),
            (NameKind::SanDns, "CI.harbor.test", ["harbor.test", "a.ci.harbor.test", "a.shore.test"]),
            (NameKind::SanUri, "spiffe://harbor.test/ci", ["spiffe://harbor.test/CI", "spiffe://harbor.test/", "ci"]),
            (NameKind::SanIp, "2001:DB8:0::7", ["2001:db8::8", "192.0.2.7", "ci"]),
            (NameKind::SanEmail, "ci@Harbor.test", ["CI@harbor.test", "ci@shore.test", "ci"]),
        ] {
            assert!(check(kind, good, Some(names())), "{good}");
            assert!(!check(kind, good, None), "{good}, which nobody vouches for");
            for bad in bad {
                assert!(!check(kind, bad, Some(names())), "{bad}");
            }
        }
        assert!(!check(NameKind::SanDns, "ci@harbor.test", Some(names())), "a name of another kind");
    }

    #[test]
    fn a_name_is_of_its_kind_or_it_is_not_registered() {
        for (kind, text) in [
            (NameKind::SubjectDn, "ci"),
            (NameKind::SubjectDn, ""),
            (NameKind::SanDns, "*.harbor.test"),
            (NameKind::SanDns, "ci harbor"),
            (NameKind::SanUri, "ci"),
            (NameKind::SanIp, "192.0.2"),
            (NameKind::SanEmail, "harbor.test"),
        ] {
            assert!(!kind.suits(text), "{kind:?} {text}");
        }
        assert!(!NameKind::SanDns.suits(&"a".repeat(2_000)));
        let mut metadata = Metadata::default();
        metadata.set_certificate_name(Some((NameKind::SanDns, "ci.harbor.test".into())));
        assert!(metadata.certificate_name_is_sound());
        metadata.tls_client_auth_san_ip = Some("192.0.2.7".into());
        assert!(!metadata.certificate_name_is_sound(), "two names are one too many");
    }
}
