//! What a configuration comes to, once it was checked whole.

use std::net::{IpAddr, SocketAddr};
use std::path::{Path, PathBuf};

use latchkey_store::DatabaseUrl;
use latchkey_web::Origin;
use toml::Spanned;

use super::mail::PlannedMail;
use super::outbound::PlannedOutbound;
use super::problem::Problem;
use super::tls::PlannedTls;
use super::{Config, Limits, Log};
use crate::place::Place;

/// What a server is started from.
#[derive(Debug)]
pub(crate) struct Plan {
    /// Where everything is kept.
    pub(crate) place: Place,
    /// The origins, as they are listened on. At least one.
    pub(crate) origins: Vec<PlannedOrigin>,
    /// Whether a proxy that we trust stands in front.
    pub(crate) behind_proxy: bool,
    /// What the listeners speak.
    pub(crate) tls: PlannedTls,
    /// The mail server, if there is one.
    pub(crate) mail: Option<PlannedMail>,
    /// Whom the server may ask by itself.
    pub(crate) outbound: PlannedOutbound,
    /// How much is too much.
    pub(crate) limits: Limits,
    /// What is said.
    pub(crate) log: Log,
}

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
    /// The host alone, as a client names it in the handshake.
    pub(crate) fn host(&self) -> &str {
        let authority = &self.origin.authority;
        authority.rsplit_once(':').filter(|(_, port)| !port.contains(']')).map_or(authority, |(host, _)| host)
    }
}

impl Plan {
    /// The sections in which another plan differs from this one where a server that runs cannot follow: all but what is said.
    pub(crate) fn differences(&self, other: &Self) -> Vec<&'static str> {
        let server = self.origins != other.origins || self.behind_proxy != other.behind_proxy;
        let sections = [
            ("server", server),
            ("storage", self.place != other.place),
            ("tls", self.tls != other.tls),
            ("mail", self.mail != other.mail),
            ("outbound", self.outbound != other.outbound),
            ("limits", self.limits != other.limits),
            ("log.format", self.log.format != other.log.format),
        ];
        sections.into_iter().filter_map(|(section, differs)| differs.then_some(section)).collect()
    }

    /// Checks a configuration. Relative paths start at `folder`.
    pub(super) fn of(config: Config, folder: &Path) -> Result<Self, Problem> {
        let Config { server, storage, keys, tls, mail, outbound, limits, log } = config;
        let behind_proxy = server.behind_proxy;
        let nowhere = server.origins.span();
        let mut origins: Vec<PlannedOrigin> = Vec::new();
        for written in server.origins.into_inner() {
            let span = written.url.span();
            let planned = planned(written, behind_proxy, folder)?;
            if origins.iter().any(|other| other.origin == planned.origin) {
                return Err(Problem::at(span, "this origin is there already"));
            }
            let mixed = |other: &&PlannedOrigin| {
                other.listen == planned.listen && other.certificate.is_some() != planned.certificate.is_some()
            };
            if let Some(other) = origins.iter().find(mixed) {
                let message = format!("{} is listened on for {} already", planned.listen, other.origin.url);
                return Err(Problem::at(span, message).hint("one listener speaks either TLS or plain http"));
            }
            origins.push(planned);
        }
        if origins.is_empty() {
            return Err(Problem::at(nowhere, "at least one origin is needed"));
        }
        let storage_folder = folder.join(storage.folder);
        let place = Place {
            database: match storage.database {
                Some(DatabaseUrl::Sqlite(path)) => DatabaseUrl::Sqlite(folder.join(path)),
                Some(postgres) => postgres,
                None => DatabaseUrl::Sqlite(storage_folder.join("latchkey.db")),
            },
            repositories: match storage.repositories {
                Some(path) => folder.join(path),
                None => storage_folder.join("repositories"),
            },
            master_key: folder.join(keys.master.into_inner()),
            folder: storage_folder,
        };
        let asked = origins.iter().any(|planned| planned.origin.mutual_tls.is_some());
        let tls = PlannedTls::of(tls, asked, folder)?;
        let mail = mail.map(|mail| PlannedMail::of(mail, folder)).transpose()?;
        let outbound = PlannedOutbound::of(outbound, folder)?;
        Ok(Self { place, origins, behind_proxy, tls, mail, outbound, limits, log })
    }
}

fn planned(written: super::Origin, behind_proxy: bool, folder: &Path) -> Result<PlannedOrigin, Problem> {
    let super::Origin { url, listen, certificate, key, mutual_tls } = written;
    let origin = Origin::parse(url.get_ref()).ok_or_else(|| {
        Problem::at(url.span(), "this is not an origin")
            .hint("an origin is a scheme, a host and perhaps a port: https://id.example.com")
    })?;
    if !origin.secure && !is_loopback_origin(url.get_ref()) {
        return Err(Problem::at(url.span(), "plain http is spoken on this machine only").hint(
            "write https, with `certificate` and `key`, or with `behind_proxy = true` and a proxy that speaks TLS",
        ));
    }
    let address = address(&listen)?;
    let certificate = match (certificate, key) {
        (None, None) => None,
        (Some(certificate), Some(key)) => Some((certificate, key)),
        (Some(lonely), None) => return Err(Problem::at(lonely.span(), "a certificate needs its `key`")),
        (None, Some(lonely)) => return Err(Problem::at(lonely.span(), "a key needs its `certificate`")),
    };
    if let Some((certificate, _)) = certificate.as_ref().filter(|_| !origin.secure) {
        return Err(Problem::at(certificate.span(), "an http origin has no use for a certificate"));
    }
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
    let inside = |path: Spanned<PathBuf>| folder.join(path.into_inner());
    let certificate =
        certificate.map(|(certificate, key)| CertificateFiles { certificate: inside(certificate), key: inside(key) });
    let Some(mutual) = mutual_tls else {
        return Ok(PlannedOrigin { origin, listen: address, certificate, mutual_tls: None });
    };
    let alias = Origin::parse(mutual.url.get_ref()).filter(|alias| alias.secure && alias.url != origin.url);
    let alias = alias.ok_or_else(|| {
        Problem::at(mutual.url.span(), "this is not another https origin")
            .hint("another host that the certificate names, or another port: https://id.example.com:8443")
    })?;
    let Some(listen) = mutual.listen else {
        if !(mutual.client_cert_header && behind_proxy) {
            return Err(Problem::at(mutual.url.span(), "nobody asks for certificates of clients there")
                .hint("say where to `listen`, or with `behind_proxy = true` that the proxy tells: `client_cert_header = true`"));
        }
        // Only what the proxy hands on comes there, by the same way as everything else.
        return Ok(PlannedOrigin {
            origin: origin.with_mutual_tls(alias, true),
            listen: address,
            certificate,
            mutual_tls: None,
        });
    };
    if mutual.client_cert_header {
        return Err(Problem::at(listen.span(), "who asks for certificates here, this server or the proxy?")
            .hint("leave out `listen` or `client_cert_header`"));
    }
    if certificate.is_none() {
        return Err(Problem::at(mutual.url.span(), "certificates of clients are asked for where TLS is spoken: here")
            .hint("give the origin a `certificate` and a `key`, or leave `mutual_tls` out"));
    }
    let asked_at = self::address(&listen)?;
    if asked_at == address {
        return Err(Problem::at(listen.span(), "the origin itself is listened on there")
            .hint("browsers would ask people for certificates: take another port"));
    }
    Ok(PlannedOrigin {
        origin: origin.with_mutual_tls(alias, false),
        listen: address,
        certificate,
        mutual_tls: Some(asked_at),
    })
}

fn address(listen: &Spanned<String>) -> Result<SocketAddr, Problem> {
    listen.get_ref().parse().map_err(|_| {
        Problem::at(listen.span(), "this is not an address with a port")
            .hint("for example 0.0.0.0:443, [::]:443 or 127.0.0.1:8080")
    })
}

/// Whether an origin leads to the machine of whoever follows it.
fn is_loopback_origin(url: &str) -> bool {
    match url::Url::parse(url).as_ref().map(url::Url::host) {
        Ok(Some(url::Host::Domain(host))) => host == "localhost" || host.ends_with(".localhost"),
        Ok(Some(url::Host::Ipv4(address))) => IpAddr::V4(address).is_loopback(),
        Ok(Some(url::Host::Ipv6(address))) => IpAddr::V6(address).is_loopback(),
        _ => false,
    }
}
