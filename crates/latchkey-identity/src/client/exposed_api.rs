//! Scopes that an app exposes: other apps get tokens for it, to call it as a person. Elsewhere it is known as an app's API.
//!
//! A scope of an app is named `api://{client id}/{name}`, in requests, registrations and authorizations. Its tokens carry the name alone: they are
//! for nobody but that app.

use crate::client::metadata::BadMetadata;
use crate::client::registered_client::{Client, ClientId, ClientKind, ClientState};
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

/// The scopes that a client means to expose: a few, each once, and only of an app that can prove who it is.
pub(crate) fn check(names: &[String], kind: ClientKind) -> Result<Vec<String>, BadMetadata> {
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

impl Client {
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

/// That scopes of an app can be had, if there are any among them. `api` is the app that they name.
pub fn callable<'a>(
    scopes: &ScopeSet,
    api: Option<&'a Client>,
    tenant: TenantId,
) -> Result<Option<&'a Client>, OAuthError> {
    let Some(named) = scopes.api() else { return Ok(None) };
    let api = api.filter(|api| api.id == named && api.can_be_called(scopes, tenant));
    let gone = || OAuthError::invalid_scope("scope names what no app exposes here").numbered(500_011);
    api.map(Some).ok_or_else(gone)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::client::Metadata;
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
        let names = |names: &[&str]| names.iter().map(|name| (*name).to_owned()).collect::<Vec<_>>();
        assert_eq!(
            check(&names(&[" read", "", "read", "write.all"]), ClientKind::Daemon),
            Ok(names(&["read", "write.all"]))
        );
        assert_eq!(check(&[], ClientKind::Native), Ok(vec![]));
        assert!(check(&names(&["read"]), ClientKind::Native).is_err());
        for bad in ["a b", ".default", "ü", "a/b", &"x".repeat(65)] {
            assert!(check(&names(&[bad]), ClientKind::Web).is_err(), "{bad}");
        }
        let many: Vec<String> = (0..=limits::EXPOSED_SCOPES).map(|number| format!("s{number}")).collect();
        assert!(check(&many, ClientKind::Web).is_err());
    }

    #[test]
    fn an_app_is_called_by_what_it_exposes_while_it_may_do_anything() {
        let (api, tenant) = (an_api(), an_api().tenant);
        let scopes = |name| [scope_of(api.id, name)].into_iter().collect::<ScopeSet>();
        let (exposed, not) = (scopes("access_as_user"), scopes("other"));
        assert!(callable(&exposed, Some(&api), tenant).is_ok());
        assert_eq!(callable(&ScopeSet::from_text("vso.work"), None, tenant), Ok(None));
        assert!(callable(&not, Some(&api), tenant).is_err());
        assert!(callable(&exposed, None, tenant).is_err());
        let stopped = Client { state: ClientState::Suspended, ..api.clone() };
        assert!(callable(&exposed, Some(&stopped), tenant).is_err());
        let at_home = Client { multi_tenant: false, ..api.clone() };
        assert!(callable(&exposed, Some(&at_home), TenantId(uuid::Uuid::from_u128(5))).is_err());
    }
}
