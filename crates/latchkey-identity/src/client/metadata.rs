//! Client metadata of requests and answers, by its registered names: [OpenID Connect Registration §2], [RFC 9101 §10.5], [RFC 9701 §6],
//! [JARM §3].

use std::collections::BTreeSet;

use latchkey_jose::Algorithm;
use serde::{Deserialize, Serialize};
use url::Url;

use crate::authorize::authorization_details::DetailsType;
use crate::authorize::response_type::ResponseType;
use crate::client::exposed_api;
use crate::client::redirect_uri::RedirectUri;
use crate::client::registration::{Client, ClientKind};
use crate::client::sector::{self, SectorDocument};
use crate::limits;
use crate::time::AccessTokenLifetime;
use crate::token::access_token;

/// What a client knows people by. [OpenID Connect Core §8]
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug, Default, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum SubjectType {
    /// One id of the account for all clients.
    #[default]
    Public,
    /// One for each host that clients send people back to.
    Pairwise,
}

impl SubjectType {
    /// Both, as `subject_types_supported` lists them.
    pub const ALL: [Self; 2] = [Self::Public, Self::Pairwise];

    /// The registered name.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Public => "public",
            Self::Pairwise => "pairwise",
        }
    }
}

/// What a client registered of how it asks and how it is answered. What stands at its default is left out.
#[derive(Clone, PartialEq, Eq, Debug, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct Metadata {
    /// What it knows people by.
    #[serde(skip_serializing_if = "is_default")]
    pub subject_type: SubjectType,
    /// What it asks for: codes if nothing is said. Tokens count where its tenant lets them travel through browsers.
    /// [OpenID Connect Registration §2]
    #[serde(skip_serializing_if = "is_default")]
    pub response_types: Vec<ResponseType>,
    /// Where all redirect URIs of its sector are listed. It is looked at when the app is registered. [OpenID Connect Core §8.1]
    #[serde(skip_serializing_if = "is_default")]
    pub sector_identifier_uri: Option<String>,
    /// What its ID tokens are signed with: RS256 if nothing is said.
    #[serde(skip_serializing_if = "is_default")]
    pub id_token_signed_response_alg: Option<Algorithm>,
    /// What UserInfo is signed with. It is plain JSON if nothing is said.
    #[serde(skip_serializing_if = "is_default")]
    pub userinfo_signed_response_alg: Option<Algorithm>,
    /// What introspection is signed with, if it asks for a signed one: RS256 if nothing is said.
    #[serde(skip_serializing_if = "is_default")]
    pub introspection_signed_response_alg: Option<Algorithm>,
    /// What answers of the authorization endpoint are signed with, in a mode that is signed: RS256 if nothing is said.
    #[serde(skip_serializing_if = "is_default")]
    pub authorization_signed_response_alg: Option<Algorithm>,
    /// The one algorithm of its request objects. Any that we know if nothing is said.
    #[serde(skip_serializing_if = "is_default")]
    pub request_object_signing_alg: Option<Algorithm>,
    /// It asks by signed request objects, and in no other way.
    #[serde(skip_serializing_if = "is_default")]
    pub require_signed_request_object: bool,
    /// Where its request objects are. They are fetched from nowhere else.
    #[serde(skip_serializing_if = "is_default")]
    pub request_uris: Vec<String>,
    /// The oldest sign-in that is good enough, in seconds, where a request says nothing of it.
    #[serde(skip_serializing_if = "is_default")]
    pub default_max_age: Option<u32>,
    /// It needs `auth_time`, which every ID token has.
    #[serde(skip_serializing_if = "is_default")]
    pub require_auth_time: bool,
    /// Where it publishes its keys. [OpenID Connect Registration §2]
    #[serde(skip_serializing_if = "is_default")]
    pub jwks_uri: Option<String>,
    /// Where somebody else may begin its sign-in. [OpenID Connect Core §4]
    #[serde(skip_serializing_if = "is_default")]
    pub initiate_login_uri: Option<String>,
    /// Its web site, which people can read before they approve anything. See [`presentation`](crate::client::presentation).
    #[serde(skip_serializing_if = "is_default")]
    pub client_uri: Option<String>,
    /// Its logo.
    #[serde(skip_serializing_if = "is_default")]
    pub logo_uri: Option<String>,
    /// What it does with what it learns of people.
    #[serde(skip_serializing_if = "is_default")]
    pub policy_uri: Option<String>,
    /// Its terms of service.
    #[serde(skip_serializing_if = "is_default")]
    pub tos_uri: Option<String>,
    /// Its access tokens are bound to a key that it shows by DPoP proofs, always. [RFC 9449 §5.2]
    #[serde(skip_serializing_if = "is_default")]
    pub dpop_bound_access_tokens: bool,
    /// Its access tokens are bound to the certificate that it shows when it shakes hands, always. [RFC 8705 §3.4]
    #[serde(skip_serializing_if = "is_default")]
    pub tls_client_certificate_bound_access_tokens: bool,
    /// The subject of its certificates. A client registers at most one of these five names, for which an authority that the operator trusts
    /// vouches. [RFC 8705 §2.1.2]
    #[serde(skip_serializing_if = "is_default")]
    pub tls_client_auth_subject_dn: Option<String>,
    /// A host among the subject alternative names of its certificates.
    #[serde(skip_serializing_if = "is_default")]
    pub tls_client_auth_san_dns: Option<String>,
    /// A URI among them.
    #[serde(skip_serializing_if = "is_default")]
    pub tls_client_auth_san_uri: Option<String>,
    /// An address among them.
    #[serde(skip_serializing_if = "is_default")]
    pub tls_client_auth_san_ip: Option<String>,
    /// A mail address among them.
    #[serde(skip_serializing_if = "is_default")]
    pub tls_client_auth_san_email: Option<String>,
    /// The scopes by which other apps call it as a person. The name is ours. See [`exposed_api`].
    #[serde(skip_serializing_if = "is_default")]
    pub exposed_scopes: Vec<String>,
    /// The apps that may call it in their own name, by their client ids. The name is ours.
    #[serde(skip_serializing_if = "is_default")]
    pub callers: Vec<String>,
    /// The algorithm of the access tokens that others call it with: ES256 if nothing is said. The name is ours.
    #[serde(skip_serializing_if = "is_default")]
    pub access_token_signed_response_alg: Option<Algorithm>,
    /// How long its access tokens live at most, in seconds, if that is less than what is drawn. The name is ours.
    #[serde(skip_serializing_if = "is_default")]
    pub access_token_lifetime: Option<AccessTokenLifetime>,
    /// The types of authorization details that it uses: any if nothing is said. [RFC 9396 §10]
    #[serde(skip_serializing_if = "is_default")]
    pub authorization_details_types: Option<BTreeSet<DetailsType>>,
}

fn is_default<T: Default + PartialEq>(value: &T) -> bool {
    *value == T::default()
}

/// Why metadata was not accepted, in a sentence for the person who asked.
#[derive(Clone, Copy, PartialEq, Eq, Debug, thiserror::Error)]
pub enum BadMetadata {
    /// Somebody else's page sends people there, so it has to be a page of https.
    #[error("initiate_login_uri has to be an https address of at most 2000 bytes without fragment.")]
    InitiateLoginUri,
    /// People are led there, or shown what is there.
    #[error("client_uri, logo_uri, policy_uri and tos_uri have to be addresses of pages, of at most 2000 bytes.")]
    Presentation,
    /// Keys that nobody could rely on, or that would have to be asked for elsewhere.
    #[error("jwks_uri has to be an https address of at most 2000 bytes without user name, password or fragment.")]
    JwksUri,
    /// Request objects are fetched, so where from is checked first.
    #[error("Request objects are at most 10 https addresses of at most 2000 bytes each.")]
    RequestUris,
    /// The list of redirect URIs is fetched, so where from is checked first.
    #[error(
        "sector_identifier_uri has to be an https address of at most 2000 bytes without user name, password or fragment."
    )]
    SectorIdentifierUri,
    /// The list could not be read, or leaves one of them out.
    #[error("At sector_identifier_uri there has to be a JSON list of strings that names every redirect URI.")]
    SectorDocument,
    /// Nothing says which host the pairwise subjects would be for.
    #[error(
        "Pairwise subjects take redirect URIs of one host, which is the sector that they are for, or a sector_identifier_uri."
    )]
    SeveralSectors,
    /// People are known by subjects of a sector that the app did not have so far.
    #[error(
        "By this change the app would know people by the subjects of another host: a sector_identifier_uri has to show that it may."
    )]
    SectorChanged,
    /// A token is bound to one thing.
    #[error("Tokens are bound to a key (DPoP) or to a certificate, not to both.")]
    TwoConstraints,
    /// A certificate is known by one name, exactly. [RFC 8705 §2.1.2]
    #[error(
        "Certificates of an app are known by one name: a subject as RFC 4514 writes it (CN=ci,O=Example,C=DE), a host without star, a URI, an address or a mail address."
    )]
    CertificateName,
    /// Scopes of its own that nobody could ask for, or that nobody would read.
    #[error(
        "An app that can prove who it is exposes at most 20 scopes, each of 1 to 64 letters, digits, dots, hyphens and underscores."
    )]
    ExposedScopes,
    /// Callers that nobody can be, or more than anybody keeps in mind.
    #[error("Apps that call this one in their own name are named by their client ids, at most 20 of them.")]
    Callers,
    /// Who may call, and by which tokens, says nothing where nothing can be called.
    #[error("callers and access_token_signed_response_alg are for an app that exposes scopes.")]
    NothingExposed,
    /// Tokens that the browser would carry somewhere else than to a page, or that it cannot carry.
    #[error(
        "Tokens travel through the browser to web and single-page apps at https addresses other than localhost. Access tokens do so for apps of the standard profile whose tokens are bound to nothing."
    )]
    ResponseTypes,
    /// Not one of the values that it has.
    #[error("{0} cannot have this value.")]
    Value(&'static str),
    /// Nobody signs in to a daemon.
    #[error("A daemon signs nobody in, so it has no requests and no answers about people.")]
    Daemon,
}

impl Metadata {
    /// The registered names.
    pub const NAMES: [&str; 30] = [
        "subject_type",
        "response_types",
        "sector_identifier_uri",
        "id_token_signed_response_alg",
        "userinfo_signed_response_alg",
        "introspection_signed_response_alg",
        "authorization_signed_response_alg",
        "request_object_signing_alg",
        "require_signed_request_object",
        "request_uris",
        "default_max_age",
        "require_auth_time",
        "jwks_uri",
        "initiate_login_uri",
        "client_uri",
        "logo_uri",
        "policy_uri",
        "tos_uri",
        "dpop_bound_access_tokens",
        "tls_client_certificate_bound_access_tokens",
        "tls_client_auth_subject_dn",
        "tls_client_auth_san_dns",
        "tls_client_auth_san_uri",
        "tls_client_auth_san_ip",
        "tls_client_auth_san_email",
        "exposed_scopes",
        "callers",
        "access_token_signed_response_alg",
        "access_token_lifetime",
        "authorization_details_types",
    ];

    /// Every algorithm that it registered for what is signed for it: answers, and the tokens that others call it with.
    pub fn answering_algorithms(&self) -> impl Iterator<Item = Algorithm> {
        let registered = [
            self.id_token_signed_response_alg,
            self.userinfo_signed_response_alg,
            self.introspection_signed_response_alg,
            self.authorization_signed_response_alg,
            self.access_token_signed_response_alg,
        ];
        registered.into_iter().flatten()
    }

    /// The address at which a sign-in begins that somebody else asks for, by this issuer. [OpenID Connect Core §4]
    pub fn sign_in_at(&self, issuer: &str) -> Option<String> {
        let mut address = Url::parse(self.initiate_login_uri.as_deref()?).ok()?;
        address.query_pairs_mut().append_pair("iss", issuer);
        Some(address.into())
    }

    /// Checks every field, and how they fit to the redirect URIs.
    pub(crate) fn check(
        mut self,
        kind: ClientKind,
        redirect_uris: &[RedirectUri],
        document: Option<&SectorDocument>,
    ) -> Result<Self, BadMetadata> {
        if self.dpop_bound_access_tokens && self.tls_client_certificate_bound_access_tokens {
            return Err(BadMetadata::TwoConstraints);
        }
        if !self.is_presentable() {
            return Err(BadMetadata::Presentation);
        }
        if !self.jwks_uri.as_deref().is_none_or(is_page) {
            return Err(BadMetadata::JwksUri);
        }
        if !self.certificate_name_is_sound() {
            return Err(BadMetadata::CertificateName);
        }
        exposed_api::check(&mut self, kind)?;
        if kind == ClientKind::Daemon {
            let its_own = Self {
                introspection_signed_response_alg: self.introspection_signed_response_alg,
                jwks_uri: self.jwks_uri.clone(),
                dpop_bound_access_tokens: self.dpop_bound_access_tokens,
                tls_client_certificate_bound_access_tokens: self.tls_client_certificate_bound_access_tokens,
                tls_client_auth_subject_dn: self.tls_client_auth_subject_dn.clone(),
                tls_client_auth_san_dns: self.tls_client_auth_san_dns.clone(),
                tls_client_auth_san_uri: self.tls_client_auth_san_uri.clone(),
                tls_client_auth_san_ip: self.tls_client_auth_san_ip.clone(),
                tls_client_auth_san_email: self.tls_client_auth_san_email.clone(),
                exposed_scopes: self.exposed_scopes.clone(),
                callers: self.callers.clone(),
                access_token_signed_response_alg: self.access_token_signed_response_alg,
                access_token_lifetime: self.access_token_lifetime,
                ..Self::default()
            };
            return if self == its_own { Ok(self) } else { Err(BadMetadata::Daemon) };
        }
        self.initiate_login_uri =
            self.initiate_login_uri.map(|uri| uri.trim().to_owned()).filter(|uri| !uri.is_empty());
        if !self.initiate_login_uri.as_deref().is_none_or(is_page) {
            return Err(BadMetadata::InitiateLoginUri);
        }
        let fetchable =
            |uri: &String| uri.split('#').next().is_some_and(is_page) && uri.len() <= limits::REDIRECT_URI_BYTES;
        if self.request_uris.len() > limits::REQUEST_URIS_PER_CLIENT || !self.request_uris.iter().all(fetchable) {
            return Err(BadMetadata::RequestUris);
        }
        sector::check(&self, redirect_uris, document)?;
        Ok(self)
    }
}

/// What is signed for a client unless it registered something else.
const USUAL: Algorithm = Algorithm::Rs256;

impl Client {
    /// What its ID tokens are signed with.
    pub fn id_token_algorithm(&self) -> Algorithm {
        self.metadata.id_token_signed_response_alg.unwrap_or(USUAL)
    }

    /// The algorithm of the access tokens that others call it with. Many that read tokens of others know RS256 only. [RFC 9068 §2.1]
    pub fn access_token_algorithm(&self) -> Algorithm {
        self.metadata.access_token_signed_response_alg.unwrap_or(access_token::ALGORITHM)
    }

    /// What answers of the authorization endpoint are signed with, where it asks for signed ones.
    pub fn authorization_response_algorithm(&self) -> Algorithm {
        self.metadata.authorization_signed_response_alg.unwrap_or(USUAL)
    }

    /// What introspection is signed with, where it asks for a signed answer.
    pub fn introspection_algorithm(&self) -> Algorithm {
        self.metadata.introspection_signed_response_alg.unwrap_or(USUAL)
    }
}

/// Whether it is an address of https that shows what it is.
pub(super) fn is_page(uri: &str) -> bool {
    let read = Url::parse(uri).ok().filter(|url| url.scheme() == "https" && url.fragment().is_none());
    let bare = read.is_some_and(|url| url.username().is_empty() && url.password().is_none());
    bare && uri.len() <= limits::REDIRECT_URI_BYTES
}

#[cfg(test)]
mod tests {
    use serde::de::{Deserializer, Error as _, Visitor, value};
    use serde::forward_to_deserialize_any;

    use super::*;

    fn check(metadata: Metadata, uris: &[&str]) -> Result<Metadata, BadMetadata> {
        let uris: Vec<_> = uris.iter().map(|uri| RedirectUri::from_stored((*uri).to_owned())).collect();
        metadata.check(ClientKind::Web, &uris, None)
    }

    #[test]
    fn it_is_read_and_written_by_its_registered_names() {
        let text = r#"{"subject_type":"pairwise","id_token_signed_response_alg":"ES256","default_max_age":60}"#;
        let metadata: Metadata = serde_json::from_str(text).unwrap();
        assert_eq!(metadata.id_token_signed_response_alg, Some(Algorithm::Es256));
        assert_eq!(serde_json::to_string(&metadata).unwrap(), text);
        assert_eq!(serde_json::to_string(&Metadata::default()).unwrap(), "{}");
        for unknown in [r#"{"id_token_signed_response_alg":"none"}"#, r#"{"subject_type":"other"}"#] {
            assert!(serde_json::from_str::<Metadata>(unknown).is_err(), "{unknown}");
        }
    }

    /// Answers whoever asks for a struct with the names of its fields.
    struct FieldNames;

    impl<'de> Deserializer<'de> for FieldNames {
        type Error = value::Error;

        fn deserialize_any<V: Visitor<'de>>(self, _: V) -> Result<V::Value, Self::Error> {
            Err(Self::Error::custom("not a struct"))
        }

        fn deserialize_struct<V: Visitor<'de>>(
            self,
            _: &'static str,
            fields: &'static [&'static str],
            _: V,
        ) -> Result<V::Value, Self::Error> {
            Err(Self::Error::custom(fields.join(" ")))
        }

        forward_to_deserialize_any! {
            bool i8 i16 i32 i64 i128 u8 u16 u32 u64 u128 f32 f64 char str string bytes byte_buf option unit unit_struct
            newtype_struct seq tuple tuple_struct map enum identifier ignored_any
        }
    }

    #[test]
    fn every_field_is_among_the_registered_names() {
        assert_eq!(Metadata::deserialize(FieldNames).unwrap_err().to_string(), Metadata::NAMES.join(" "));
    }

    #[test]
    fn others_begin_a_sign_in_at_a_page_of_https() {
        let at = |uri: &str| check(Metadata { initiate_login_uri: Some(uri.into()), ..Metadata::default() }, &[]);
        assert!(at("https://app.test/login?x=1").is_ok());
        let begun = at("https://app.test/login?x=1").unwrap().sign_in_at("https://id.test/t");
        assert_eq!(begun.as_deref(), Some("https://app.test/login?x=1&iss=https%3A%2F%2Fid.test%2Ft"));
        assert_eq!(at("").unwrap().initiate_login_uri, None);
        for bad in ["http://app.test/login", "https://app.test/#x", "https://u:p@app.test/", "login", "javascript:1"] {
            assert_eq!(at(bad), Err(BadMetadata::InitiateLoginUri), "{bad}");
        }
    }

    #[test]
    fn request_objects_are_at_a_few_addresses_of_https() {
        let at = |uris: &[&str]| {
            let request_uris = uris.iter().map(|uri| (*uri).to_owned()).collect();
            check(Metadata { request_uris, ..Metadata::default() }, &[])
        };
        assert!(at(&["https://app.test/request.jwt#hash", "https://app.test/other"]).is_ok());
        assert_eq!(at(&["http://app.test/request.jwt"]), Err(BadMetadata::RequestUris));
        assert_eq!(at(&["https://app.test/"; 11]), Err(BadMetadata::RequestUris));
    }

    #[test]
    fn pairwise_subjects_are_for_one_host() {
        let pairwise = || Metadata { subject_type: SubjectType::Pairwise, ..Metadata::default() };
        assert!(check(pairwise(), &["https://a.test/one", "https://a.test:8443/two?x"]).is_ok());
        assert_eq!(check(pairwise(), &["https://a.test/", "https://b.test/"]), Err(BadMetadata::SeveralSectors));
    }

    #[test]
    fn a_daemon_has_only_what_it_needs() {
        let signed = Metadata { introspection_signed_response_alg: Some(Algorithm::Es256), ..Metadata::default() };
        assert!(signed.clone().check(ClientKind::Daemon, &[], None).is_ok());
        let more = Metadata { require_auth_time: true, ..signed };
        assert_eq!(more.check(ClientKind::Daemon, &[], None), Err(BadMetadata::Daemon));
    }
}
