//! Client credentials: the app itself is the principal. [RFC 6749 §4.4]
//!
//! There is no refresh token (§4.4.3) and no ID token, since nobody signed in. What the token opens is not decided here: organizations
//! make an app a member, as they do with people.

use crate::client::{Client, ClientId, exposed_api};
use crate::client_auth::AuthenticatedClient;
use crate::entropy::Entropy;
use crate::error::OAuthError;
use crate::parameters::Parameters;
use crate::resource::ResourceServer;
use crate::scope::{RequestedScopes, ScopeSet};
use crate::tenant::{Audience, TenantId, TenantKind};
use crate::time::Timestamp;
use crate::token;
use crate::token::app_token::{AppIssue, AppRequest};

/// The token request of a client in its own name.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct ClientCredentialsRequest {
    /// `scope`: `{resource}/.default`, or scopes of the resource. Left out it stands for everything that the client registered.
    pub scope: Option<String>,
    /// `resource`, [RFC 8707 §2].
    pub resource: Option<String>,
}

impl ClientCredentialsRequest {
    /// Reads the form.
    pub fn read(form: &Parameters) -> Self {
        Self { scope: form.get("scope").map(str::to_owned), resource: form.get("resource").map(str::to_owned) }
    }

    /// The app that it is about to call, if its scopes are an app's.
    pub fn api(&self, resource: &ResourceServer) -> Option<ClientId> {
        let named = self.scope.iter().flat_map(|text| text.split(' ')).find_map(exposed_api::read);
        named.map(|(app, _)| app).filter(|app| !resource.is_named(&exposed_api::identifier(*app)))
    }
}

/// Why an app cannot act by itself in a tenant, in a sentence for whoever asks.
#[derive(Clone, Copy, PartialEq, Eq, Debug, thiserror::Error)]
pub enum NotByItself {
    /// It has no secret: anybody could say that they are it.
    #[error("An app that keeps no secret cannot act by itself.")]
    Public,
    /// It is of the older kind.
    #[error("An app of the older OAuth kind cannot act by itself.")]
    Legacy,
    /// Nobody here registered it.
    #[error("An app that describes itself cannot act by itself: register it first.")]
    Described,
    /// It is of another directory and not open to this one.
    #[error("The app belongs to another directory and is not open to this one.")]
    OtherTenant,
}

/// Whether an app can act by itself in a tenant: for its tokens, and before an organization makes it a member.
pub fn can_act_by_itself(client: &Client, tenant: TenantId) -> Result<(), NotByItself> {
    if client.is_legacy() {
        return Err(NotByItself::Legacy);
    }
    if client.document.is_some() {
        return Err(NotByItself::Described);
    }
    if !client.kind.is_confidential() {
        return Err(NotByItself::Public);
    }
    if !client.is_open_to(tenant) {
        return Err(NotByItself::OtherTenant);
    }
    Ok(())
}

/// Where a client asks, and for what.
#[derive(Clone, Copy, Debug)]
pub struct Context<'a> {
    /// The origin that it came to.
    pub origin: &'a str,
    /// The tenant that it asked.
    pub audience: &'a Audience,
    /// What access tokens are for.
    pub resource: &'a ResourceServer,
    /// The app that it is about to call, if its scopes are an app's.
    pub api: Option<&'a Client>,
}

/// Answers a client that asks in its own name. Nothing is read and nothing is written: the answer follows from the registration, and from that of
/// the app that it calls.
pub fn answer(
    request: &ClientCredentialsRequest,
    client: &AuthenticatedClient<'_>,
    context: Context<'_>,
    now: Timestamp,
    entropy: &mut Entropy,
) -> Result<AppIssue, OAuthError> {
    let Context { origin, audience, resource, api } = context;
    // Whose token it is has to be said: nobody's account tells it.
    let tenant = match audience {
        Audience::Tenant(tenant) if tenant.kind == TenantKind::Work => tenant.id,
        _ => {
            return Err(OAuthError::invalid_request(
                "an app acts by itself at the tenant it names, not at common, organizations or consumers",
            )
            .numbered(9_001_023));
        }
    };
    match can_act_by_itself(client.client(), tenant) {
        Ok(()) => {}
        Err(NotByItself::OtherTenant) => {
            return Err(OAuthError::unauthorized_client("this client is not open to this tenant").numbered(700_016));
        }
        Err(NotByItself::Public | NotByItself::Legacy) => {
            return Err(OAuthError::unauthorized_client("this client cannot act by itself: it proves nothing"));
        }
        Err(NotByItself::Described) => {
            return Err(OAuthError::unauthorized_client(
                "this client cannot act by itself: it describes itself, and nobody here registered it",
            ));
        }
    }
    if request.resource.as_deref().is_some_and(|named| !resource.is_named(named)) {
        return Err(OAuthError::invalid_target("resource is not one that tokens are issued for"));
    }
    let (scopes, scope_text) = scopes(request, client.client(), resource)?;
    let api = exposed_api::callable_by_itself(&scopes, api, client.client(), tenant)?;
    let api = api.map(|api| (api.id, api.access_token_algorithm()));
    let origin = origin.to_owned();
    token::issue_to_app(client, AppRequest { tenant, origin, scopes, scope_text, api }, now, entropy)
}

/// What is asked for, within what the client registered and without what takes a person.
fn scopes(
    request: &ClientCredentialsRequest,
    client: &Client,
    resource: &ResourceServer,
) -> Result<(ScopeSet, String), OAuthError> {
    let registered = client.scopes.except(&resource.in_person);
    let requested = match &request.scope {
        // Without a word it is for the DevOps side: no token is for two.
        None => RequestedScopes::exactly(&registered.resource()),
        Some(text) => {
            if let Some(scope) = text.split(' ').find(|scope| resource.in_person.iter().any(|one| named(scope, one))) {
                return Err(OAuthError::invalid_scope(format!("{scope} takes a person, and this client is none")));
            }
            RequestedScopes::parse(text, &registered, resource)?
        }
    };
    let scopes = requested.canonical();
    if !scopes.identity().is_empty() {
        return Err(OAuthError::invalid_scope("scope names one that is about a person, and nobody signed in"));
    }
    if scopes.is_empty() {
        return Err(OAuthError::invalid_scope("scope names nothing that this client registered"));
    }
    let text = token::scope_text(client.profile, &requested, &scopes);
    Ok((scopes, text))
}

/// Whether a scope text, with or without its resource, names this scope.
fn named(text: &str, scope: &str) -> bool {
    text.rsplit_once('/').map_or(text, |(_, name)| name) == scope
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::client::{ClientKind, Profile};
    use crate::client_auth::tests::authenticated_by_secret;
    use crate::resource::tests::a_resource;
    use crate::tenant::{PERSONAL_TENANT, Tenant};
    use crate::token::app_token::tests::a_daemon;

    const NOW: Timestamp = Timestamp::from_secs(1_000);

    fn tenant(id: TenantId, kind: TenantKind) -> Audience {
        Audience::Tenant(Tenant { id, kind, name: "harbor".into(), domain: "harbor.test".into() })
    }

    fn home() -> Audience {
        tenant(a_daemon().tenant, TenantKind::Work)
    }

    fn asked(scope: Option<&str>, client: &Client, audience: &Audience) -> Result<AppIssue, OAuthError> {
        let request = ClientCredentialsRequest { scope: scope.map(str::to_owned), resource: None };
        let client = authenticated_by_secret(client);
        let context = Context { origin: "https://id.test", audience, resource: &a_resource(), api: None };
        answer(&request, &client, context, NOW, &mut Entropy::seeded(1))
    }

    fn daemon_with(scopes: &str) -> Client {
        Client { scopes: ScopeSet::from_text(scopes), ..a_daemon() }
    }

    #[test]
    fn an_app_gets_what_it_registered_in_whatever_words() {
        let client = daemon_with("vso.work vso.code");
        for scope in [None, Some("499b84ac-1321-427f-aa17-267ca6975798/.default"), Some("vso.work vso.code")] {
            let issue = asked(scope, &client, &home()).unwrap();
            let claims = issue.access_token_claims(&a_resource());
            assert_eq!(claims.scope.as_deref(), Some("vso.code vso.work"), "{scope:?}");
            assert_eq!(
                (&claims.sub, claims.client_id.as_ref()),
                (&client.id.to_string(), Some(&client.id.to_string()))
            );
            assert_eq!(claims.aud, a_resource().audience);
            assert!((3_600..=5_400).contains(&issue.expires_in()));
        }
        assert_eq!(asked(Some("vso.code"), &client, &home()).unwrap().scope_text(), "vso.code");
    }

    #[test]
    fn what_takes_a_person_is_not_for_an_app() {
        let client = daemon_with("vso.work user_impersonation");
        let refused = |scope| asked(Some(scope), &client, &home()).unwrap_err().code;
        for scope in [
            "openid",
            "offline_access vso.work",
            "user_impersonation",
            "499b84ac-1321-427f-aa17-267ca6975798/user_impersonation",
            "vso.code",
            "vso.nonsense",
            "favourite_colour",
        ] {
            assert_eq!(refused(scope), "invalid_scope", "{scope}");
        }
        let default = asked(Some("499b84ac-1321-427f-aa17-267ca6975798/.default"), &client, &home()).unwrap();
        assert_eq!(default.access_token_claims(&a_resource()).scope.as_deref(), Some("vso.work"));
        let nothing_else = daemon_with("user_impersonation");
        assert_eq!(asked(None, &nothing_else, &home()).unwrap_err().code, "invalid_scope");
    }

    #[test]
    fn the_tenant_has_to_be_named_and_open() {
        let client = daemon_with("vso.work");
        for audience in [Audience::Anyone, Audience::WorkAccounts, tenant(PERSONAL_TENANT, TenantKind::Personal)] {
            assert_eq!(asked(None, &client, &audience).unwrap_err().number, 9_001_023, "{audience:?}");
        }
        let elsewhere = tenant(TenantId(uuid::Uuid::from_u128(9)), TenantKind::Work);
        let alone = Client { multi_tenant: false, ..client.clone() };
        assert_eq!(asked(None, &alone, &elsewhere).unwrap_err().code, "unauthorized_client");
        assert!(asked(None, &Client { multi_tenant: true, ..client }, &elsewhere).is_ok());
    }

    #[test]
    fn a_public_client_and_one_of_the_older_kind_cannot_act_by_themselves() {
        let (client, home) = (a_daemon(), a_daemon().tenant);
        assert_eq!(can_act_by_itself(&client, home), Ok(()));
        let public = Client { kind: ClientKind::Native, ..client.clone() };
        assert_eq!(can_act_by_itself(&public, home), Err(NotByItself::Public));
        let legacy = Client { profile: Profile::Legacy, ..client };
        assert_eq!(can_act_by_itself(&legacy, home), Err(NotByItself::Legacy));
    }

    #[test]
    fn a_token_does_not_outlive_the_secret_it_was_made_with() {
        let mut client = daemon_with("vso.work");
        client.secrets[0].expires_at = NOW + std::time::Duration::from_secs(60);
        assert_eq!(asked(None, &client, &home()).unwrap().expires_in(), 60);
    }

    #[test]
    fn the_microsoft_world_finds_roles_and_no_scp() {
        let client = Client { profile: Profile::Microsoft, ..daemon_with("vso.work") };
        let claims = asked(None, &client, &home()).unwrap().access_token_claims(&a_resource());
        let json = serde_json::to_value(&claims).unwrap();
        assert_eq!(
            (&json["idtyp"], &json["roles"][0], &json["azpacr"]),
            (&"app".into(), &"vso.work".into(), &"1".into())
        );
        assert_eq!(json["oid"], json["sub"]);
        assert!(json.get("scp").is_none() && json.get("scope").is_none());
        assert_eq!(serde_json::from_value::<crate::token::access_token::AccessTokenClaims>(json).unwrap(), claims);
    }
}
