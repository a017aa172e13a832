//! Client metadata as a client itself writes it, in JSON: checked field by field. [RFC 7591 §2],
//! [OpenID Connect Registration §2]

use serde::Deserialize;
use serde_json::{Map, Value};
use url::Url;

use crate::authorize::ResponseType;
use crate::client::authentication::stands_on_a_name;
use crate::client::dynamic::Refused;
use crate::client::fapi2::{self, NotFapi2};
use crate::client::key::ClientKey;
use crate::client::logout_uris::LogoutUris;
use crate::client::metadata::Metadata;
use crate::client::registration::{CheckedRegistration, ClientKind, Profile, Registration, RegistrationError};
use crate::client::sector::SectorDocument;
use crate::client_auth::Method;
use crate::entropy::Entropy;
use crate::grant::GrantType;
use crate::grant::implicit::NAME as IMPLICIT;
use crate::limits;
use crate::resource::ResourceServer;
use crate::scope::{IDENTITY_SCOPES, ScopeSet};
use crate::time::Timestamp;

/// What a client says of itself that changes nothing here. It is kept and told again.
const TOLD_AGAIN: [&str; 5] = [
    "contacts",
    "software_id",
    "software_version",
    "backchannel_logout_session_required",
    "frontchannel_logout_session_required",
];

/// What a client writes. What nobody knows is ignored.
#[derive(Deserialize, Default)]
#[serde(default)]
struct Written {
    redirect_uris: Vec<String>,
    token_endpoint_auth_method: Option<String>,
    grant_types: Option<Vec<String>>,
    response_types: Option<Vec<String>>,
    application_type: Option<String>,
    client_name: Option<String>,
    scope: Option<String>,
    jwks: Option<Value>,
    software_statement: Option<Value>,
    post_logout_redirect_uris: Vec<String>,
    backchannel_logout_uri: Option<String>,
    frontchannel_logout_uri: Option<String>,
    require_pushed_authorization_requests: bool,
    profile: Option<String>,
}

/// What a client proposes to be, checked whole. Only [`read`] makes one.
#[derive(Clone, Debug)]
pub struct Proposal {
    pub(super) checked: CheckedRegistration,
    pub(super) method: Method,
    pub(super) keys: Vec<ClientKey>,
    pub(super) declared: Map<String, Value>,
}

/// What not every server and every tenant offers.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct Offered {
    /// Tokens may travel through browsers in the tenant. [OpenID Connect Core §3.2, §3.3]
    pub implicit: bool,
    /// Clients can show certificates. [RFC 8705 §2.2]
    pub certificates: bool,
    /// Authorities vouch for those. [RFC 8705 §2.1]
    pub certified: bool,
}

fn wrong(description: impl Into<String>) -> Refused {
    Refused::Metadata("invalid_client_metadata", description.into())
}

/// The list that has to be looked at before the rest of a document is read, if it names one, and what it has to name.
pub fn sector(document: &Map<String, Value>) -> Result<Option<(Metadata, Vec<String>)>, Refused> {
    if !document.contains_key("sector_identifier_uri") {
        return Ok(None);
    }
    let Written { redirect_uris, .. } =
        Written::deserialize(Value::Object(document.clone())).map_err(|error| wrong(error.to_string()))?;
    Ok(Some((metadata(document)?, redirect_uris)))
}

/// Reads what a client writes of itself. `sector` is what is at its `sector_identifier_uri`.
pub fn read(
    document: &Map<String, Value>,
    sector: Option<&SectorDocument>,
    resource: &ResourceServer,
    offered: Offered,
    now: Timestamp,
    entropy: &mut Entropy,
) -> Result<Proposal, Refused> {
    let whole = Value::Object(document.clone());
    let written = Written::deserialize(&whole).map_err(|error| wrong(error.to_string()))?;
    if written.software_statement.is_some() {
        let said = "no software statements are accepted here: say the same as plain metadata";
        return Err(Refused::Metadata("unapproved_software_statement", said.into()));
    }
    // Who expects something encrypted is not to find it in the clear.
    if let Some(name) =
        document.keys().find(|name| name.contains("_encrypted_response_") || name.contains("_encryption_"))
    {
        return Err(wrong(format!("{name}: nothing is encrypted here")));
    }
    let response_types = response_types(&written, offered.implicit)?;
    let metadata = Metadata { response_types, ..metadata(document)? };
    let method = method(&written, offered)?;
    stands_on_a_name(Some(method), &metadata)?;
    let device_code = check_grants(&written)?;
    let kind = kind(&written, method)?;
    let profile = match written.profile.as_deref() {
        None => Profile::Standard,
        Some(name) => Profile::parse(name).ok_or_else(|| wrong("profile is none that is known"))?,
    };
    let keys = keys(&written, &metadata, method, now, entropy)?;
    let declared = declared(document)?;
    let registration = Registration {
        name: written.client_name.clone().unwrap_or_else(|| default_name(&written.redirect_uris)),
        kind,
        profile,
        redirect_uris: written.redirect_uris,
        logout: LogoutUris {
            post_logout_redirect_uris: written.post_logout_redirect_uris,
            backchannel_logout_uri: written.backchannel_logout_uri,
            frontchannel_logout_uri: written.frontchannel_logout_uri,
        },
        device_code: device_code && kind.can_use_device_codes(),
        pushed_only: written.require_pushed_authorization_requests,
        metadata,
        scopes: scopes(written.scope.as_deref(), resource)?,
        required_scopes: ScopeSet::default(),
        multi_tenant: false,
        // Clients that know OpenID Connect only send a nonce and no challenge; what they risk is their own.
        pkce_optional: kind.is_confidential() && profile == Profile::Standard,
    };
    let checked = registration.check_with(sector, &resource.scopes)?;
    if profile == Profile::Fapi2 && !fapi2::authenticates_by(method) {
        return Err(RegistrationError::from(NotFapi2::Secret).into());
    }
    Ok(Proposal { checked, method, keys, declared })
}

/// How apps that register themselves can authenticate.
const METHODS: [Method; 7] = [
    Method::ClientSecretBasic,
    Method::ClientSecretPost,
    Method::ClientSecretJwt,
    Method::PrivateKeyJwt,
    Method::TlsClientAuth,
    Method::SelfSignedTlsClientAuth,
    Method::None,
];

/// How it authenticates. Without a word it is by a secret in the header. [RFC 7591 §2]
fn method(written: &Written, offered: Offered) -> Result<Method, Refused> {
    let Some(name) = written.token_endpoint_auth_method.as_deref() else { return Ok(Method::ClientSecretBasic) };
    METHODS
        .into_iter()
        .filter(|method| match method {
            Method::TlsClientAuth => offered.certified,
            Method::SelfSignedTlsClientAuth => offered.certificates,
            _ => true,
        })
        .find(|method| method.name() == name)
        .ok_or_else(|| wrong("token_endpoint_auth_method is none that is offered here"))
}

/// Whether device codes are among the grants. What is of no use here is left out; what would need an administrator is refused.
fn check_grants(written: &Written) -> Result<bool, Refused> {
    let mut device_code = false;
    for name in written.grant_types.iter().flatten() {
        match GrantType::parse(name) {
            Some(GrantType::AuthorizationCode | GrantType::RefreshToken) => {}
            Some(GrantType::DeviceCode) => device_code = true,
            // What is asked for by it is among the response types.
            None if name == IMPLICIT => {}
            _ => return Err(wrong(format!("the grant type {name} cannot be registered by an app itself"))),
        }
    }
    Ok(device_code)
}

/// What it asks for, of what the tenant offers. What is not offered is left out, as long as something is left.
fn response_types(written: &Written, implicit: bool) -> Result<Vec<ResponseType>, Refused> {
    let Some(named) = &written.response_types else { return Ok(Vec::new()) };
    let offered = |one: &ResponseType| ResponseType::offered(implicit).any(|known| known == *one);
    let types: Vec<ResponseType> = named.iter().filter_map(|name| ResponseType::parse(name)).filter(offered).collect();
    match types.is_empty() {
        true if implicit => Err(wrong("response_types names none of those that response_types_supported lists")),
        true => Err(wrong("response_types has to contain code")),
        false => Ok(types),
    }
}

/// All that is told by the registered names and says nothing of response types, of which there may be some that nobody knows.
fn metadata(document: &Map<String, Value>) -> Result<Metadata, Refused> {
    let mut rest = document.clone();
    rest.remove("response_types");
    Metadata::deserialize(Value::Object(rest)).map_err(|error| wrong(error.to_string()))
}

/// What sort of program it is: one that keeps a secret, one on somebody's machine, or one in a browser.
fn kind(written: &Written, method: Method) -> Result<ClientKind, Refused> {
    let native = match written.application_type.as_deref() {
        Some("native") => true,
        None | Some("web") => false,
        Some(_) => return Err(wrong("application_type is web or native")),
    };
    let on_a_machine = |uri: &String| !uri.starts_with("https://");
    Ok(match method {
        Method::None if native || written.redirect_uris.iter().any(on_a_machine) => ClientKind::Native,
        Method::None => ClientKind::SinglePage,
        _ => ClientKind::Web,
    })
}

fn keys(
    written: &Written,
    metadata: &Metadata,
    method: Method,
    now: Timestamp,
    entropy: &mut Entropy,
) -> Result<Vec<ClientKey>, Refused> {
    let keys = match (&written.jwks, &metadata.jwks_uri) {
        (Some(_), Some(_)) => return Err(wrong("jwks and jwks_uri are not both there")),
        (Some(jwks), None) => {
            ClientKey::read(&jwks.to_string(), now, entropy).map_err(|error| wrong(format!("jwks: {error}")))?
        }
        (None, _) => Vec::new(),
    };
    if keys.len() > limits::KEYS_PER_CLIENT {
        return Err(wrong("jwks holds more keys than are accepted"));
    }
    if method == Method::PrivateKeyJwt && keys.is_empty() && metadata.jwks_uri.is_none() {
        return Err(wrong("private_key_jwt needs jwks or jwks_uri"));
    }
    if method == Method::SelfSignedTlsClientAuth && !keys.iter().any(|key| key.certificate.is_some()) {
        return Err(wrong("self_signed_tls_client_auth needs jwks with the certificate in x5c"));
    }
    Ok(keys)
}

/// The resource scopes that it may ask for. Without a word all that people can give, since they are asked in any case; what is for
/// administrators never.
fn scopes(written: Option<&str>, resource: &ResourceServer) -> Result<ScopeSet, Refused> {
    let is_for_administrators = |scope: &str| resource.for_administrators.iter().any(|one| one == scope);
    let Some(written) = written else {
        let all = resource.scopes.iter().filter(|scope| !resource.in_person.contains(scope)).map(String::as_str);
        return Ok(all.filter(|scope| !is_for_administrators(scope)).collect());
    };
    if written.len() > limits::SCOPE_BYTES {
        return Err(wrong("scope is too long"));
    }
    let named = || written.split_ascii_whitespace().filter(|scope| !IDENTITY_SCOPES.contains(scope));
    match named().find(|scope| is_for_administrators(scope)) {
        Some(_) => Err(wrong("scope names what only an administrator registers an app for")),
        None => Ok(named().collect()),
    }
}

fn default_name(redirect_uris: &[String]) -> String {
    let host =
        redirect_uris.first().and_then(|uri| Url::parse(uri).ok()).and_then(|url| url.host_str().map(str::to_owned));
    host.unwrap_or_else(|| "An app without a name".to_owned())
}

/// What is kept and told again: known names of modest size.
fn declared(document: &Map<String, Value>) -> Result<Map<String, Value>, Refused> {
    let kept: Map<String, Value> =
        TOLD_AGAIN.into_iter().filter_map(|name| Some((name.to_owned(), document.get(name)?.clone()))).collect();
    if Value::Object(kept.clone()).to_string().len() > limits::DECLARED_METADATA_BYTES {
        return Err(wrong("there is more metadata than is kept"));
    }
    Ok(kept)
}
