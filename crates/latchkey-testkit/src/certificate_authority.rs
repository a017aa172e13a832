//! An authority of clients' certificates, and what it vouches for.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use latchkey_web::ClientCertificate;
use rcgen::{
    BasicConstraints, CertificateParams, DistinguishedName, DnType, ExtendedKeyUsagePurpose, GeneralSubtree, IsCa,
    Issuer, KeyPair, NameConstraints, SanType,
};
use rustls::pki_types::CertificateDer;

use crate::world::World;

/// Somebody who signs certificates, with what lies between them and an authority that is trusted.
pub struct CertificateAuthority {
    params: CertificateParams,
    key: KeyPair,
    chain: Vec<CertificateDer<'static>>,
}

/// What a certificate is to say. Edit what it comes with.
pub type Wanted = CertificateParams;

/// A certificate of a client: its subject is `CN=ci,O=Harbor`, its host `ci.harbor.test`.
pub fn of_a_client() -> Wanted {
    let mut params = CertificateParams::default();
    params.distinguished_name = named("ci");
    params.subject_alt_names = vec![SanType::DnsName("ci.harbor.test".try_into().expect("a host"))];
    params.extended_key_usages = vec![ExtendedKeyUsagePurpose::ClientAuth];
    params
}

/// The certificate of an authority.
pub fn of_an_authority(name: &str) -> Wanted {
    let mut params = CertificateParams::default();
    params.distinguished_name = named(name);
    params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    params
}

/// For this host, in place of the usual one.
pub fn for_host(host: &str) -> Wanted {
    let mut params = of_a_client();
    params.subject_alt_names = vec![SanType::DnsName(host.try_into().expect("a host"))];
    params
}

/// Which ended long ago.
pub fn ended(mut params: Wanted) -> Wanted {
    params.not_after = rcgen::date_time_ymd(2001, 1, 1);
    params
}

/// For servers, and not for clients.
pub fn for_servers(mut params: Wanted) -> Wanted {
    params.extended_key_usages = vec![ExtendedKeyUsagePurpose::ServerAuth];
    params
}

/// Of an authority that vouches for hosts below this one only.
pub fn within(mut params: Wanted, host: &str) -> Wanted {
    let permitted_subtrees = vec![GeneralSubtree::DnsName(host.to_owned())];
    params.name_constraints = Some(NameConstraints { permitted_subtrees, excluded_subtrees: Vec::new() });
    params
}

fn named(name: &str) -> DistinguishedName {
    let mut subject = DistinguishedName::new();
    subject.push(DnType::OrganizationName, "Harbor");
    subject.push(DnType::CommonName, name);
    subject
}

impl CertificateAuthority {
    /// One that signed its own certificate.
    pub fn new(name: &str) -> Self {
        Self::saying(of_an_authority(name))
    }

    /// One that signed its own certificate, which says this.
    pub fn saying(params: Wanted) -> Self {
        let key = KeyPair::generate().expect("a key");
        let own = params.self_signed(&key).expect("a certificate");
        Self { chain: vec![own.der().clone()], params, key }
    }

    /// Its own certificate.
    pub fn certificate(&self) -> CertificateDer<'static> {
        self.chain.first().expect("its own certificate").clone()
    }

    /// Its own certificate, as a client would show it.
    pub fn itself(&self) -> ClientCertificate {
        ClientCertificate::of_chain(self.chain.clone())
    }

    fn sign(&self, wanted: &Wanted) -> (KeyPair, CertificateDer<'static>) {
        let key = KeyPair::generate().expect("a key");
        let signed = wanted.signed_by(&key, &Issuer::from_params(&self.params, &self.key)).expect("a certificate");
        (key, signed.der().clone())
    }

    /// Somebody below it, who signs too, whether or not the certificate says that they may.
    pub fn below(&self, wanted: Wanted) -> Self {
        let (key, own) = self.sign(&wanted);
        Self { params: wanted, key, chain: [vec![own], self.chain.clone()].concat() }
    }

    /// The certificate of a client, with the chain to here.
    pub fn signs(&self, wanted: &Wanted) -> ClientCertificate {
        let (_, signed) = self.sign(wanted);
        ClientCertificate::of_chain([vec![signed], self.chain.clone()].concat())
    }
}

/// A certificate as a proxy tells of it.
pub trait InHeaders {
    /// `Client-Cert` and `Client-Cert-Chain`. [RFC 9440 §2]
    fn in_headers(&self) -> [String; 2];
}

impl InHeaders for ClientCertificate {
    fn in_headers(&self) -> [String; 2] {
        let texts: Vec<String> = self.chain.iter().map(|one| format!(":{}:", STANDARD.encode(one))).collect();
        let (leaf, chain) = texts.split_first().expect("a certificate");
        [leaf.clone(), chain.join(", ")]
    }
}

impl World {
    /// The operator trusts these to vouch for certificates of clients, and no others.
    pub fn trusts(&self, authorities: &[&CertificateAuthority]) {
        let certificates = authorities.iter().map(|authority| authority.certificate()).collect();
        self.parts().settings.client_authorities.replace(certificates).expect("authorities");
    }
}
