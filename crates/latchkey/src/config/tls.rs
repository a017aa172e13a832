//! The section `[tls]`: what the listeners speak. Whatever is chosen is of what FAPI 2.0 Security Profile §5.2.1 and RFC 9325 allow.

use std::path::{Path, PathBuf};

use rustls::{CipherSuite, SupportedProtocolVersion};
use serde::{Deserialize, Serialize};
use toml::Spanned;

use super::problem::Problem;

/// What the listeners speak. Without this section: TLS 1.3, and 1.2 with forward secrecy and AES-GCM.
#[derive(Debug, Default, Deserialize, Serialize)]
#[serde(deny_unknown_fields, default)]
pub(crate) struct TlsSection {
    /// The versions: `1.3`, `1.2`.
    versions: Option<Spanned<Vec<Version>>>,
    /// The cipher suites, by the names that IANA has for them.
    suites: Option<Spanned<Vec<Suite>>>,
    /// The authorities that vouch for certificates of clients (`tls_client_auth`), a PEM file. Whatever they vouch for is believed of
    /// every app of every directory, so name such as you run yourself, or trust as much.
    client_authorities: Option<Spanned<PathBuf>>,
}

/// What the section comes to.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(crate) struct PlannedTls {
    /// The versions.
    pub(crate) versions: Vec<Version>,
    /// The cipher suites, the ones that are liked best first.
    pub(crate) suites: Vec<Suite>,
    /// The file of the authorities that vouch for certificates of clients.
    pub(crate) client_authorities: Option<PathBuf>,
}

impl Default for PlannedTls {
    fn default() -> Self {
        Self { versions: Version::ALL.into(), suites: Suite::ALL.into(), client_authorities: None }
    }
}

/// A version of TLS.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Deserialize, Serialize)]
pub(crate) enum Version {
    /// RFC 8446.
    #[serde(rename = "1.3")]
    Tls13,
    /// RFC 5246.
    #[serde(rename = "1.2")]
    Tls12,
}

impl Version {
    const ALL: [Self; 2] = [Self::Tls13, Self::Tls12];

    /// The same for the library.
    pub(crate) fn protocol(self) -> &'static SupportedProtocolVersion {
        match self {
            Self::Tls13 => &rustls::version::TLS13,
            Self::Tls12 => &rustls::version::TLS12,
        }
    }

    const fn number(self) -> &'static str {
        match self {
            Self::Tls13 => "1.3",
            Self::Tls12 => "1.2",
        }
    }
}

/// A cipher suite. With TLS 1.2 only those with forward secrecy and AES-GCM.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Deserialize, Serialize)]
#[allow(missing_docs, reason = "named by IANA")]
pub(crate) enum Suite {
    #[serde(rename = "TLS_AES_256_GCM_SHA384")]
    Aes256,
    #[serde(rename = "TLS_AES_128_GCM_SHA256")]
    Aes128,
    #[serde(rename = "TLS_CHACHA20_POLY1305_SHA256")]
    Chacha20,
    #[serde(rename = "TLS_ECDHE_ECDSA_WITH_AES_256_GCM_SHA384")]
    EcdsaAes256,
    #[serde(rename = "TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256")]
    EcdsaAes128,
    #[serde(rename = "TLS_ECDHE_RSA_WITH_AES_256_GCM_SHA384")]
    RsaAes256,
    #[serde(rename = "TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256")]
    RsaAes128,
}

impl Suite {
    const ALL: [Self; 7] = [
        Self::Aes256,
        Self::Aes128,
        Self::Chacha20,
        Self::EcdsaAes256,
        Self::EcdsaAes128,
        Self::RsaAes256,
        Self::RsaAes128,
    ];

    /// The same for the library.
    pub(crate) const fn cipher(self) -> CipherSuite {
        match self {
            Self::Aes256 => CipherSuite::TLS13_AES_256_GCM_SHA384,
            Self::Aes128 => CipherSuite::TLS13_AES_128_GCM_SHA256,
            Self::Chacha20 => CipherSuite::TLS13_CHACHA20_POLY1305_SHA256,
            Self::EcdsaAes256 => CipherSuite::TLS_ECDHE_ECDSA_WITH_AES_256_GCM_SHA384,
            Self::EcdsaAes128 => CipherSuite::TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256,
            Self::RsaAes256 => CipherSuite::TLS_ECDHE_RSA_WITH_AES_256_GCM_SHA384,
            Self::RsaAes128 => CipherSuite::TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256,
        }
    }

    const fn version(self) -> Version {
        match self {
            Self::Aes256 | Self::Aes128 | Self::Chacha20 => Version::Tls13,
            Self::EcdsaAes256 | Self::EcdsaAes128 | Self::RsaAes256 | Self::RsaAes128 => Version::Tls12,
        }
    }
}

impl PlannedTls {
    /// Checks the section: each version needs a suite, or nobody could speak it. `asked` is whether certificates of clients are asked for
    /// anywhere. Relative paths start at `folder`.
    pub(super) fn of(section: TlsSection, asked: bool, folder: &Path) -> Result<Self, Problem> {
        let usual = Self::default();
        let TlsSection { versions, suites, client_authorities } = section;
        if let Some(useless) = client_authorities.as_ref().filter(|_| !asked) {
            return Err(Problem::at(useless.span(), "no client is ever asked for a certificate")
                .hint("give an origin a `mutual_tls`, or leave this out"));
        }
        let client_authorities = client_authorities.map(|path| folder.join(path.into_inner()));
        let span = suites.as_ref().map(Spanned::span).or(versions.as_ref().map(Spanned::span));
        let versions = versions.map_or(usual.versions, Spanned::into_inner);
        let suites = suites.map_or(usual.suites, Spanned::into_inner);
        let mute = versions.iter().find(|version| !suites.iter().any(|suite| suite.version() == **version));
        match (span, mute) {
            (Some(span), _) if versions.is_empty() => Err(Problem::at(span, "at least one version is needed")),
            (Some(span), Some(version)) => {
                Err(Problem::at(span, format!("there is no cipher suite for TLS {}", version.number()))
                    .hint("add one of that version, or leave the version out"))
            }
            _ => Ok(Self { versions, suites, client_authorities }),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::tests::{GOOD, plan};
    use super::*;

    fn spoken(section: &str) -> Result<PlannedTls, String> {
        plan(&format!("{GOOD}\n[tls]\n{section}")).map(|plan| plan.tls)
    }

    #[test]
    fn nobody_vouches_for_certificates_that_nobody_asks_for() {
        let section = "client_authorities = \"clients.pem\"";
        assert!(spoken(section).unwrap_err().contains("no client is ever asked for a certificate"));
        let asking = GOOD.replace(
            "key = \"tls/key.pem\"",
            "key = \"tls/key.pem\"\nmutual_tls = { url = \"https://mtls.example.com\", listen = \"0.0.0.0:8443\" }",
        );
        let tls = plan(&format!("{asking}\n[tls]\n{section}")).unwrap().tls;
        assert_eq!(tls.client_authorities, Some("/etc/latchkey/clients.pem".into()));
    }

    /// FAPI 2.0 Security Profile §5.2.1: TLS 1.2 or later, and with 1.2 the suites of RFC 9325.
    #[test]
    fn what_is_spoken_is_narrowed_and_never_widened() {
        assert_eq!(plan(GOOD).unwrap().tls, PlannedTls::default());
        let newest = spoken("versions = [\"1.3\"]").unwrap();
        assert_eq!((newest.versions, newest.suites.len()), (vec![Version::Tls13], 7));
        let one = "versions = [\"1.2\"]\nsuites = [\"TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256\"]";
        assert_eq!(spoken(one).unwrap().suites, [Suite::EcdsaAes128]);
        for (section, why) in [
            ("versions = [\"1.1\"]", "unknown variant `1.1`"),
            ("versions = []", "at least one version is needed"),
            ("suites = [\"TLS_RSA_WITH_AES_128_GCM_SHA256\"]", "unknown variant `TLS_RSA_WITH_AES_128_GCM_SHA256`"),
            ("suites = [\"TLS_AES_128_GCM_SHA256\"]", "there is no cipher suite for TLS 1.2"),
            ("version = [\"1.3\"]", "there is no key `version` here"),
        ] {
            let said = spoken(section).unwrap_err();
            assert!(said.contains(why), "{said}");
        }
    }
}
