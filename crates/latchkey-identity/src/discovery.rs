//! Metadata, [OpenID Connect Discovery §3], [RFC 8414 §2]: made from the same enums that the dispatch matches.

use latchkey_jose::Algorithm;
use latchkey_jose::mac::MacAlgorithm;
use serde::Serialize;

use crate::authorize::authorization_details::DetailsType;
use crate::authorize::prompt::Prompt;
use crate::authorize::response_mode::ResponseMode;
use crate::authorize::response_type::ResponseType;
use crate::claims::{Claim, OF_PROTOCOL};
use crate::client::SubjectType;
use crate::client_auth::Method;
use crate::dpop;
use crate::grant::GrantType;
use crate::grant::implicit::NAME as IMPLICIT;
use crate::resource::ResourceServer;
use crate::scope::IDENTITY_SCOPES;
use crate::sign_in::context::AuthenticationContext;

/// The metadata document of one issuer.
#[derive(Clone, PartialEq, Eq, Debug, Serialize)]
#[allow(
    missing_docs,
    reason = "named by OpenID Connect Discovery §3, RFC 8414 §2, RFC 9207 §3, Back-Channel Logout §2.1 and Front-Channel Logout §3"
)]
pub struct Metadata {
    pub issuer: String,
    pub authorization_endpoint: String,
    pub token_endpoint: String,
    pub userinfo_endpoint: String,
    pub end_session_endpoint: String,
    pub backchannel_logout_supported: bool,
    pub backchannel_logout_session_supported: bool,
    pub frontchannel_logout_supported: bool,
    pub frontchannel_logout_session_supported: bool,
    pub pushed_authorization_request_endpoint: String,
    pub require_pushed_authorization_requests: bool,
    pub device_authorization_endpoint: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub registration_endpoint: Option<String>,
    pub revocation_endpoint: String,
    pub introspection_endpoint: String,
    pub jwks_uri: String,
    pub scopes_supported: Vec<String>,
    pub response_types_supported: Vec<&'static str>,
    pub response_modes_supported: Vec<&'static str>,
    pub grant_types_supported: Vec<&'static str>,
    pub subject_types_supported: Vec<&'static str>,
    pub id_token_signing_alg_values_supported: Vec<&'static str>,
    pub userinfo_signing_alg_values_supported: Vec<&'static str>,
    pub authorization_signing_alg_values_supported: Vec<&'static str>,
    pub introspection_signing_alg_values_supported: Vec<&'static str>,
    pub token_endpoint_auth_methods_supported: Vec<&'static str>,
    pub token_endpoint_auth_signing_alg_values_supported: Vec<&'static str>,
    pub revocation_endpoint_auth_methods_supported: Vec<&'static str>,
    pub revocation_endpoint_auth_signing_alg_values_supported: Vec<&'static str>,
    pub introspection_endpoint_auth_methods_supported: Vec<&'static str>,
    pub introspection_endpoint_auth_signing_alg_values_supported: Vec<&'static str>,
    pub claims_supported: Vec<&'static str>,
    pub acr_values_supported: Vec<&'static str>,
    pub code_challenge_methods_supported: Vec<&'static str>,
    pub dpop_signing_alg_values_supported: Vec<&'static str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub tls_client_certificate_bound_access_tokens: Option<bool>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub mtls_endpoint_aliases: Option<EndpointAliases>,
    pub prompt_values_supported: Vec<&'static str>,
    pub authorization_details_types_supported: Vec<&'static str>,
    pub client_id_metadata_document_supported: bool,
    pub authorization_response_iss_parameter_supported: bool,
    pub claims_parameter_supported: bool,
    pub request_parameter_supported: bool,
    pub request_object_signing_alg_values_supported: Vec<&'static str>,
    pub require_signed_request_object: bool,
    pub request_uri_parameter_supported: bool,
    pub require_request_uri_registration: bool,
}

/// Where clients show their certificates: the same endpoints, at a listener that asks for one. [RFC 8705 §5]
#[derive(Clone, PartialEq, Eq, Debug, Serialize)]
#[allow(missing_docs, reason = "named by RFC 8705 §5")]
pub struct EndpointAliases {
    pub token_endpoint: String,
    pub revocation_endpoint: String,
    pub introspection_endpoint: String,
    pub device_authorization_endpoint: String,
    pub pushed_authorization_request_endpoint: String,
    pub userinfo_endpoint: String,
}

impl EndpointAliases {
    /// Those below `{origin}/{segment}`.
    fn at(origin: &str, segment: &str) -> Self {
        Self {
            token_endpoint: format!("{origin}/{segment}/oauth2/v2.0/token"),
            revocation_endpoint: format!("{origin}/{segment}/oauth2/v2.0/revoke"),
            introspection_endpoint: format!("{origin}/{segment}/oauth2/v2.0/introspect"),
            device_authorization_endpoint: format!("{origin}/{segment}/oauth2/v2.0/devicecode"),
            pushed_authorization_request_endpoint: format!("{origin}/{segment}/oauth2/v2.0/par"),
            userinfo_endpoint: format!("{origin}/oidc/userinfo"),
        }
    }
}

/// What a tenant decided of its apps.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct Switches {
    /// They may register themselves. [RFC 7591 §3]
    pub register_themselves: bool,
    /// Tokens may travel to them through browsers. [OpenID Connect Core §3.2, §3.3]
    pub implicit: bool,
    /// They may describe themselves at their `client_id`. [Client ID Metadata Document §6]
    pub describe_themselves: bool,
}

/// Where clients show certificates, and whether there are authorities that vouch for them.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct MutualTls<'a> {
    /// The origin.
    pub origin: &'a str,
    /// Whether there are authorities. [RFC 8705 §2.1]
    pub certified: bool,
}

/// The metadata of `issuer`, whose endpoints lie below `{origin}/{segment}`. `apps` is what the tenant decided of
/// them, `mutual_tls` where clients show certificates.
pub fn metadata(
    origin: &str,
    segment: &str,
    issuer: String,
    resource: &ResourceServer,
    apps: Switches,
    mutual_tls: Option<MutualTls<'_>>,
) -> Metadata {
    let methods = |methods: &[Method]| {
        let usable = |method: &&Method| match method {
            Method::TlsClientAuth => mutual_tls.is_some_and(|at| at.certified),
            Method::SelfSignedTlsClientAuth => mutual_tls.is_some(),
            _ => true,
        };
        methods.iter().filter(usable).map(|method| method.name()).collect::<Vec<_>>()
    };
    let assertions: Vec<&str> =
        Algorithm::ALL.map(Algorithm::name).into_iter().chain(MacAlgorithm::ALL.map(MacAlgorithm::name)).collect();
    let EndpointAliases {
        token_endpoint,
        revocation_endpoint,
        introspection_endpoint,
        device_authorization_endpoint,
        pushed_authorization_request_endpoint,
        userinfo_endpoint,
    } = EndpointAliases::at(origin, segment);
    let scopes = IDENTITY_SCOPES.iter().map(|scope| (*scope).to_owned()).chain(resource.scopes.iter().cloned());
    Metadata {
        issuer,
        authorization_endpoint: format!("{origin}/{segment}/oauth2/v2.0/authorize"),
        token_endpoint,
        userinfo_endpoint,
        device_authorization_endpoint,
        pushed_authorization_request_endpoint,
        // Clients that are registered so push theirs; nobody else has to.
        require_pushed_authorization_requests: false,
        end_session_endpoint: format!("{origin}/{segment}/oauth2/v2.0/logout"),
        backchannel_logout_supported: true,
        backchannel_logout_session_supported: true,
        frontchannel_logout_supported: true,
        frontchannel_logout_session_supported: true,
        registration_endpoint: apps.register_themselves.then(|| format!("{origin}/{segment}/oauth2/v2.0/register")),
        revocation_endpoint,
        introspection_endpoint,
        jwks_uri: format!("{origin}/{segment}/discovery/v2.0/keys"),
        scopes_supported: scopes.collect(),
        response_types_supported: ResponseType::offered(apps.implicit).map(ResponseType::name).collect(),
        response_modes_supported: ResponseMode::ALL.map(ResponseMode::name).into(),
        grant_types_supported: GrantType::ALL
            .map(GrantType::name)
            .into_iter()
            .chain(apps.implicit.then_some(IMPLICIT))
            .collect(),
        subject_types_supported: SubjectType::ALL.map(SubjectType::name).into(),
        id_token_signing_alg_values_supported: Algorithm::ALL.map(Algorithm::name).into(),
        userinfo_signing_alg_values_supported: Algorithm::ALL.map(Algorithm::name).into(),
        authorization_signing_alg_values_supported: Algorithm::ALL.map(Algorithm::name).into(),
        introspection_signing_alg_values_supported: Algorithm::ALL.map(Algorithm::name).into(),
        token_endpoint_auth_methods_supported: methods(&Method::ALL),
        token_endpoint_auth_signing_alg_values_supported: assertions.clone(),
        revocation_endpoint_auth_methods_supported: methods(&Method::ALL),
        revocation_endpoint_auth_signing_alg_values_supported: assertions.clone(),
        introspection_endpoint_auth_methods_supported: methods(&Method::PROVING),
        introspection_endpoint_auth_signing_alg_values_supported: assertions,
        claims_supported: OF_PROTOCOL.into_iter().chain(Claim::ALL.map(Claim::name)).collect(),
        acr_values_supported: AuthenticationContext::CLASSES.into(),
        code_challenge_methods_supported: vec!["S256"],
        dpop_signing_alg_values_supported: dpop::ALGORITHMS.map(Algorithm::name).into(),
        tls_client_certificate_bound_access_tokens: mutual_tls.map(|_| true),
        mtls_endpoint_aliases: mutual_tls.map(|at| EndpointAliases::at(at.origin, segment)),
        prompt_values_supported: Prompt::ALL.map(Prompt::name).into(),
        authorization_details_types_supported: DetailsType::ALL.map(DetailsType::name).into(),
        client_id_metadata_document_supported: apps.describe_themselves,
        authorization_response_iss_parameter_supported: true,
        claims_parameter_supported: true,
        request_parameter_supported: true,
        request_object_signing_alg_values_supported: Algorithm::ALL.map(Algorithm::name).into(),
        // Clients that are registered so sign theirs; nobody else has to.
        require_signed_request_object: false,
        request_uri_parameter_supported: true,
        require_request_uri_registration: true,
    }
}
