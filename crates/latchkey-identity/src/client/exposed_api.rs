//! Scopes that an app exposes: other apps get tokens for it, to call it as a person, or in their own name where it lists them. Elsewhere it is
//! known as an app's API.
//!
//! A scope of an app is named `api://{client id}/{name}`, in requests, registrations and authorizations. Its tokens carry the name alone: they are
//! for nobody but that app.

use crate::client::fapi2;
use crate::client::metadata::{BadMetadata, Metadata};
use crate::client::registered_client::{Client, ClientId, ClientKind, ClientState, Profile};
use crate::error::OAuthError;
use crate::limits;
use crate::scope::ScopeSet;
use crate::tenant::TenantId;

const SCHEME: &str = "api://";

/// What names an app as a resource.
pub fn identifier(app: ClientId) -> String {
    format!("{SCHEME}{app}")
}

/// The full name of a scope that an app exposes.
pub fn scope_of(app: ClientId, name: &str) -> String {
    format!("{SCHEME}{app}/{name}")
}

/// The app and the name in the full name of a scope.
pub fn read(scope: &str) -> Option<(ClientId, &str)> {
    let (app, name) = scope.strip_prefix(SCHEME)?.split_once('/')?;
    Some((ClientId::parse(app)?, name))
}

/// Whether a scope has the full name of one that an app could expose, as it is written here.
pub fn is_scope(scope: &str) -> bool {
    read(scope).is_some_and(|(app, name)| is_name(name) && scope_of(app, name) == scope)
}

/// What the text of a scope in a request means, if it is one of an app's: `.default` stands for all of its scopes that the client registered.
pub fn meaning(literal: &str, registered: &ScopeSet) -> Option<ScopeSet> {
    let (app, name) = read(literal)?;
    Some(match name {
        ".default" => registered.iter().filter(|scope| read(scope).is_some_and(|(of, _)| of == app)).collect(),
        name => [scope_of(app, name)].into_iter().collect(),
    })
}

/// Whether it can be the name of a scope.
fn is_name(name: &str) -> bool {
    let letter = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'-' | b'.');
    (1..=limits::EXPOSED_SCOPE_BYTES).contains(&name.len()) && !name.starts_with('.') && name.bytes().all(letter)
}

/// What a client means to expose, to whom, and by which tokens.
pub(crate) fn check(metadata: &mut Metadata, kind: ClientKind) -> Result<(), BadMetadata> {
    metadata.exposed_scopes = names(&metadata.exposed_scopes, kind)?;
    metadata.callers = callers(&metadata.callers)?;
    let more = !metadata.callers.is_empty() || metadata.access_token_signed_response_alg.is_some();
    if more && metadata.exposed_scopes.is_empty() { Err(BadMetadata::NothingExposed) } else { Ok(()) }
}

/// The scopes that a client means to expose: a few, each once, and only of an app that can prove who it is.
fn names(names: &[String], kind: ClientKind) -> Result<Vec<String>, BadMetadata> {
    let mut checked: Vec<String> = Vec::new();
    for name in names.iter().map(|name| name.trim()).filter(|name| !name.is_empty()) {
        if !is_name(name) {
            return Err(BadMetadata::ExposedScopes);
        }
        if !checked.iter().any(|known| known == name) {
            checked.push(name.to_owned());
        }
    }
    let fits = checked.is_empty() || kind.is_confidential();
    if fits && checked.len() <= limits::EXPOSED_SCOPES { Ok(checked) } else { Err(BadMetadata::ExposedScopes) }
}

/// The apps that a client means to be called by in their own name: a few, each once. Whether they are there is seen when they ask.
fn callers(typed: &[String]) -> Result<Vec<String>, BadMetadata> {
    let mut checked: Vec<String> = Vec::new();
    for id in typed.iter().map(|id| id.trim()).filter(|id| !id.is_empty()) {
        let id = ClientId::parse(id).ok_or(BadMetadata::Callers)?.to_string();
        if !checked.contains(&id) {
            checked.push(id);
        }
    }
    if checked.len() <= limits::CALLERS { Ok(checked) } else { Err(BadMetadata::Callers) }
}

impl Client {
    /// Whether it lets an app call it in its own name.
    pub fn lets_call(&self, caller: ClientId) -> bool {
        self.metadata.callers.iter().any(|one| *one == caller.to_string())
    }

    /// Whether it exposes a scope of this full name.
    fn exposes(&self, scope: &str) -> bool {
        read(scope)
            .is_some_and(|(app, name)| app == self.id && self.metadata.exposed_scopes.iter().any(|one| one == name))
    }

    /// Whether people of a tenant can be asked to let others call it by these scopes, and tokens made for it.
    pub fn can_be_called(&self, scopes: &ScopeSet, tenant: TenantId) -> bool {
        self.state == ClientState::Active
            && self.is_open_to(tenant)
            && scopes.apis().iter().all(|scope| self.exposes(scope))
    }
}

/// That a caller can have scopes of an app, if there are any among them. `api` is the app that they name.
pub fn callable<'a>(
    scopes: &ScopeSet,
    api: Option<&'a Client>,
    caller: &Client,
    tenant: TenantId,
) -> Result<Option<&'a Client>, OAuthError> {
    let Some(named) = scopes.api() else { return Ok(None) };
    let api = api.filter(|api| api.id == named && api.can_be_called(scopes, tenant));
    let Some(api) = api else {
        return Err(OAuthError::invalid_scope("scope names what no app exposes here").numbered(500_011));
    };
    if caller.profile == Profile::Fapi2 && !fapi2::ALGORITHMS.contains(&api.access_token_algorithm()) {
        return Err(OAuthError::invalid_scope(
            "scope is of an app whose tokens are signed with RS256, not for FAPI 2.0",
        ));
    }
    Ok(Some(api))
}

/// The same for a caller in its own name, which the app lists.
pub fn callable_by_itself<'a>(
    scopes: &ScopeSet,
    api: Option<&'a Client>,
    caller: &Client,
    tenant: TenantId,
) -> Result<Option<&'a Client>, OAuthError> {
    match callable(scopes, api, caller, tenant)? {
        Some(api) if !api.lets_call(caller.id) => {
            Err(OAuthError::invalid_scope("the app that scope names does not let this client call it by itself")
                .numbered(501_051))
        }
        callable => Ok(callable),
    }
}

#[cfg(test)]
mod tests {
    use latchkey_jose::Algorithm;

    use super::*;
    use crate::client::registration::tests::a_client;

    fn an_api() -> Client {
        let metadata = Metadata { exposed_scopes: vec!["access_as_user".into()], ..Metadata::default() };
        Client { metadata, ..a_client() }
    }

    #[test]
    fn a_scope_of_an_app_is_named_by_the_app() {
        let api = an_api().id;
        let full = scope_of(api, "access_as_user");
        assert_eq!(full, format!("{}/access_as_user", identifier(api)));
        assert_eq!(read(&full), Some((api, "access_as_user")));
        assert!(is_scope(&full));
        for other in
            ["vso.work", "api://nobody/x", "api://", &full.to_uppercase(), &scope_of(api, ""), &scope_of(api, "a/b")]
        {
            assert!(!is_scope(other), "{other}");
        }
    }

    #[test]
    fn default_stands_for_what_the_client_registered_of_that_app() {
        let (api, other) = (an_api().id, ClientId(uuid::Uuid::from_u128(77)));
        let registered: ScopeSet = [scope_of(api, "a"), scope_of(api, "b"), scope_of(other, "c")].into_iter().collect();
        let meant = meaning(&scope_of(api, ".default"), &registered).unwrap();
        assert_eq!(meant, [scope_of(api, "a"), scope_of(api, "b")].into_iter().collect());
        assert_eq!(meaning("vso.work", &registered), None);
    }

    #[test]
    fn only_an_app_that_proves_who_it_is_exposes_a_few_scopes() {
        let texts = |names: &[&str]| names.iter().map(|name| (*name).to_owned()).collect::<Vec<_>>();
        assert_eq!(
            names(&texts(&[" read", "", "read", "write.all"]), ClientKind::Daemon),
            Ok(texts(&["read", "write.all"]))
        );
        assert_eq!(names(&[], ClientKind::Native), Ok(vec![]));
        assert!(names(&texts(&["read"]), ClientKind::Native).is_err());
        for bad in ["a b", ".default", "ü", "a/b", &"x".repeat(65)] {
            assert!(names(&texts(&[bad]), ClientKind::Web).is_err(), "{bad}");
        }
        let many: Vec<String> = (0..=limits::EXPOSED_SCOPES).map(|number| format!("s{number}")).collect();
        assert!(names(&many, ClientKind::Web).is_err());
    }

    #[test]
    fn who_may_call_by_itself_is_named_by_an_app_that_exposes_something() {
        let caller = ClientId(uuid::Uuid::from_u128(77));
        let named = |callers: &[String]| Metadata { callers: callers.to_vec(), ..an_api().metadata };
        let checked = |mut metadata: Metadata| check(&mut metadata, ClientKind::Web).map(|()| metadata.callers);
        let upper = format!(" {} ", caller.to_string().to_uppercase());
        assert_eq!(checked(named(&[upper, caller.to_string(), String::new()])), Ok(vec![caller.to_string()]));
        assert_eq!(checked(named(&["someone".into()])), Err(BadMetadata::Callers));
        let many: Vec<String> = (0..=limits::CALLERS).map(|n| uuid::Uuid::from_u128(n as u128).to_string()).collect();
        assert_eq!(checked(named(&many)), Err(BadMetadata::Callers));
        let nothing = Metadata { exposed_scopes: Vec::new(), ..named(&[caller.to_string()]) };
        assert_eq!(checked(nothing), Err(BadMetadata::NothingExposed));
        let signed = Metadata { access_token_signed_response_alg: Some(Algorithm::Rs256), ..Metadata::default() };
        assert_eq!(checked(signed), Err(BadMetadata::NothingExposed));
    }

    #[test]
    fn an_app_of_the_fapi_profile_is_not_given_tokens_that_it_does_not_trust() {
        let mut api = an_api();
        let scopes: ScopeSet = [scope_of(api.id, "access_as_user")].into_iter().collect();
        let caller = Client { profile: Profile::Fapi2, ..a_client() };
        for algorithm in Algorithm::ALL {
            api.metadata.access_token_signed_response_alg = Some(algorithm);
            let trusted = callable(&scopes, Some(&api), &caller, api.tenant).is_ok();
            assert_eq!(trusted, algorithm != Algorithm::Rs256, "{algorithm}");
            assert!(callable(&scopes, Some(&api), &a_client(), api.tenant).is_ok());
        }
    }

    #[test]
    fn an_app_is_called_by_what_it_exposes_while_it_may_do_anything() {
        let (api, tenant) = (an_api(), an_api().tenant);
        let scopes = |name| [scope_of(api.id, name)].into_iter().collect::<ScopeSet>();
        let (exposed, not) = (scopes("access_as_user"), scopes("other"));
        assert!(callable(&exposed, Some(&api), &api, tenant).is_ok());
        assert_eq!(callable(&ScopeSet::from_text("vso.work"), None, &api, tenant), Ok(None));
        assert!(callable(&not, Some(&api), &api, tenant).is_err());
        assert!(callable(&exposed, None, &api, tenant).is_err());
        let stopped = Client { state: ClientState::Suspended, ..api.clone() };
        assert!(callable(&exposed, Some(&stopped), &api, tenant).is_err());
        let at_home = Client { multi_tenant: false, ..api.clone() };
        assert!(callable(&exposed, Some(&at_home), &api, TenantId(uuid::Uuid::from_u128(5))).is_err());
    }
}
