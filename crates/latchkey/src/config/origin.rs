//! The section `[[server.origins]]`: one origin, as it is listened on.

use std::net::SocketAddr;
use std::path::{Path, PathBuf};

use latchkey_web::{Alias, Origin};
use toml::Spanned;
use url::{Host, Url};

use super::problem::Problem;
use super::{MutualTls, Origin as Section};

/// One origin, and where it is listened for.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(crate) struct PlannedOrigin {
    /// What browsers show.
    pub(crate) origin: Origin,
    /// The address that is listened on.
    pub(crate) listen: SocketAddr,
    /// The files of certificate and key; none where plain http is spoken.
    pub(crate) certificate: Option<CertificateFiles>,
    /// Where clients are asked for a certificate of theirs, if anywhere.
    pub(crate) mutual_tls: Option<SocketAddr>,
}

/// The files of a certificate and its key.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(crate) struct CertificateFiles {
    /// The certificate and its chain.
    pub(crate) certificate: PathBuf,
    /// The private key.
    pub(crate) key: PathBuf,
}

impl PlannedOrigin {
    /// Reads a section; files that it names are looked for from `folder`.
    pub(super) fn of(section: Section, behind_proxy: bool, folder: &Path) -> Result<Self, Problem> {
        let Section { url, listen, certificate, key, mutual_tls } = section;
        let origin = origin(&url)?;
        let address = address(&listen)?;
        let certificate = match (certificate, key) {
            (None, None) => None,
            (Some(certificate), Some(_)) if !origin.secure => {
                return Err(Problem::at(certificate.span(), "an http origin has no use for a certificate"));
            }
            (Some(certificate), Some(key)) => Some(CertificateFiles {
                certificate: folder.join(certificate.into_inner()),
                key: folder.join(key.into_inner()),
            }),
            (Some(lonely), None) => return Err(Problem::at(lonely.span(), "a certificate needs its `key`")),
            (None, Some(lonely)) => return Err(Problem::at(lonely.span(), "a key needs its `certificate`")),
        };
        if certificate.is_none() && !behind_proxy {
            if origin.secure {
                return Err(Problem::at(url.span(), "https needs `certificate` and `key`")
                    .hint("if a proxy speaks TLS for this server, say so: `behind_proxy = true`"));
            }
            if !address.ip().is_loopback() {
                return Err(Problem::at(listen.span(), "plain http is listened for on loopback only")
                    .hint("listen on 127.0.0.1, or use https"));
            }
        }
        let planned = Self { origin, listen: address, certificate, mutual_tls: None };
        match mutual_tls {
            None => Ok(planned),
            Some(section) => planned.asking_clients(section, behind_proxy),
        }
    }

    /// The same origin, with an alias where clients are asked for certificates: by us, or by the proxy in front.
    fn asking_clients(self, section: MutualTls, behind_proxy: bool) -> Result<Self, Problem> {
        let MutualTls { url, listen, client_cert_header } = section;
        let alias = Origin::parse(url.get_ref()).filter(|alias| alias.secure && alias.url != self.origin.url);
        let alias = alias.ok_or_else(|| {
            Problem::at(url.span(), "this is not another https origin")
                .hint("another host that the certificate names, or another port: https://id.example.com:8443")
        })?;
        let Some(listen) = listen else {
            if !(client_cert_header && behind_proxy) {
                return Err(Problem::at(url.span(), "nobody asks for certificates of clients there").hint(
                    "say where to `listen`, or with `behind_proxy = true` that the proxy tells: `client_cert_header = true`",
                ));
            }
            // Only what the proxy hands on comes there, by the same way as everything else.
            return Ok(Self { origin: self.origin.with_mutual_tls(Alias::of_proxy(alias)), ..self });
        };
        if client_cert_header {
            return Err(Problem::at(listen.span(), "who asks for certificates here, this server or the proxy?")
                .hint("leave out `listen` or `client_cert_header`"));
        }
        if self.certificate.is_none() {
            return Err(Problem::at(url.span(), "certificates of clients are asked for where TLS is spoken: here")
                .hint("give the origin a `certificate` and a `key`, or leave `mutual_tls` out"));
        }
        let asked_at = address(&listen)?;
        if asked_at == self.listen {
            return Err(Problem::at(listen.span(), "the origin itself is listened on there")
                .hint("browsers would ask people for certificates: take another port"));
        }
        Ok(Self { origin: self.origin.with_mutual_tls(Alias::of_ours(alias)), mutual_tls: Some(asked_at), ..self })
    }

    /// The host alone, as a client names it in the handshake.
    pub(crate) fn host(&self) -> &str {
        let authority = &self.origin.authority;
        authority.rsplit_once(':').filter(|(_, port)| !port.contains(']')).map_or(authority, |(host, _)| host)
    }
}

/// What browsers show. Plain http leads to the machine of whoever follows it, and nowhere else.
fn origin(url: &Spanned<String>) -> Result<Origin, Problem> {
    let origin = Origin::parse(url.get_ref()).ok_or_else(|| {
        Problem::at(url.span(), "this is not an origin")
            .hint("an origin is a scheme, a host and perhaps a port: https://id.example.com")
    })?;
    if !origin.secure && !Url::parse(url.get_ref()).is_ok_and(|url| is_local(&url)) {
        return Err(Problem::at(url.span(), "plain http is spoken on this machine only").hint(
            "write https, with `certificate` and `key`, or with `behind_proxy = true` and a proxy that speaks TLS",
        ));
    }
    Ok(origin)
}

fn address(listen: &Spanned<String>) -> Result<SocketAddr, Problem> {
    listen.get_ref().parse().map_err(|_| {
        Problem::at(listen.span(), "this is not an address with a port")
            .hint("for example 0.0.0.0:443, [::]:443 or 127.0.0.1:8080")
    })
}

/// Whether a URL leads to the machine of whoever follows it.
pub(crate) fn is_local(url: &Url) -> bool {
    match url.host() {
        Some(Host::Domain(name)) => name == "localhost" || name.ends_with(".localhost"),
        Some(Host::Ipv4(address)) => address.is_loopback(),
        Some(Host::Ipv6(address)) => address.is_loopback(),
        None => false,
    }
}
