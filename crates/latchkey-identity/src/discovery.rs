//! Metadata, [OpenID Connect Discovery §3], [RFC 8414 §2]: made from the same enums that the dispatch matches.

use serde::Serialize;

use crate::authorize::prompt::Prompt;
use crate::authorize::response_mode::ResponseMode;
use crate::claims;
use crate::client_auth::Method;
use crate::grant::GrantType;
use crate::resource::ResourceServer;
use crate::scope::IDENTITY_SCOPES;

/// The metadata document of one issuer.
#[derive(Clone, PartialEq, Eq, Debug, Serialize)]
#[allow(missing_docs, reason = "named by OpenID Connect Discovery §3, RFC 8414 §2 and RFC 9207 §3")]
pub struct Metadata {
    pub issuer: String,
    pub authorization_endpoint: String,
    pub token_endpoint: String,
    pub userinfo_endpoint: String,
    pub end_session_endpoint: String,
    pub pushed_authorization_request_endpoint: String,
    pub require_pushed_authorization_requests: bool,
    pub device_authorization_endpoint: String,
    pub revocation_endpoint: String,
    pub introspection_endpoint: String,
    pub jwks_uri: String,
    pub scopes_supported: Vec<String>,
    pub response_types_supported: Vec<&'static str>,
    pub response_modes_supported: Vec<&'static str>,
    pub grant_types_supported: Vec<&'static str>,
    pub subject_types_supported: Vec<&'static str>,
    pub id_token_signing_alg_values_supported: Vec<&'static str>,
    pub token_endpoint_auth_methods_supported: Vec<&'static str>,
    pub revocation_endpoint_auth_methods_supported: Vec<&'static str>,
    pub introspection_endpoint_auth_methods_supported: Vec<&'static str>,
    pub claims_supported: Vec<&'static str>,
    pub code_challenge_methods_supported: Vec<&'static str>,
    pub prompt_values_supported: Vec<&'static str>,
    pub authorization_response_iss_parameter_supported: bool,
    pub claims_parameter_supported: bool,
    pub request_parameter_supported: bool,
    pub request_uri_parameter_supported: bool,
}

/// The metadata of `issuer`, whose endpoints lie below `{origin}/{segment}`.
pub fn metadata(origin: &str, segment: &str, issuer: String, resource: &ResourceServer) -> Metadata {
    let scopes = IDENTITY_SCOPES.iter().map(|scope| (*scope).to_owned()).chain(resource.scopes.iter().cloned());
    Metadata {
        issuer,
        authorization_endpoint: format!("{origin}/{segment}/oauth2/v2.0/authorize"),
        token_endpoint: format!("{origin}/{segment}/oauth2/v2.0/token"),
        userinfo_endpoint: format!("{origin}/oidc/userinfo"),
        device_authorization_endpoint: format!("{origin}/{segment}/oauth2/v2.0/devicecode"),
        pushed_authorization_request_endpoint: format!("{origin}/{segment}/oauth2/v2.0/par"),
        // Clients that are registered so push theirs; nobody else has to.
        require_pushed_authorization_requests: false,
        end_session_endpoint: format!("{origin}/{segment}/oauth2/v2.0/logout"),
        revocation_endpoint: format!("{origin}/{segment}/oauth2/v2.0/revoke"),
        introspection_endpoint: format!("{origin}/{segment}/oauth2/v2.0/introspect"),
        jwks_uri: format!("{origin}/{segment}/discovery/v2.0/keys"),
        scopes_supported: scopes.collect(),
        response_types_supported: vec!["code"],
        response_modes_supported: ResponseMode::ALL.map(ResponseMode::name).into(),
        grant_types_supported: GrantType::ALL.map(GrantType::name).into(),
        subject_types_supported: vec!["public", "pairwise"],
        id_token_signing_alg_values_supported: vec!["RS256"],
        token_endpoint_auth_methods_supported: Method::ALL.map(Method::name).into(),
        revocation_endpoint_auth_methods_supported: Method::ALL.map(Method::name).into(),
        introspection_endpoint_auth_methods_supported: Method::PROVING.map(Method::name).into(),
        claims_supported: claims::SUPPORTED.into(),
        code_challenge_methods_supported: vec!["S256"],
        prompt_values_supported: Prompt::ALL.map(Prompt::name).into(),
        authorization_response_iss_parameter_supported: true,
        claims_parameter_supported: false,
        request_parameter_supported: false,
        request_uri_parameter_supported: false,
    }
}
