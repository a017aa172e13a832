use std::time::Duration;

use uuid::Uuid;

use super::*;
use crate::account::AccountState;
use crate::authorization::tests::an_authorization;
use crate::authorization::{AuthorizationId, EndReason};
use crate::client::exposed_api::scope_of;
use crate::client_auth::tests::authenticated_by_secret;
use crate::parameters::tests::parameters;
use crate::resource::tests::a_resource;
use crate::sign_in::tests::an_account;
use crate::tenant::TenantId;
use crate::token::access_token::TokenId;
use crate::token::app_token::tests::a_daemon;
use crate::token::confirmation::{Confirmation, Thumbprint};
use crate::token::family::tests::a_family;
use crate::token::narrowing::Narrowing;
use crate::token::tests::a_key;

const NOW: Timestamp = Timestamp::from_secs(5_000);
const MIDDLE: ClientId = ClientId(Uuid::from_u128(0xc2));

/// The app that is called.
fn middle() -> Client {
    let metadata = crate::client::Metadata { exposed_scopes: vec!["act".into()], ..Default::default() };
    Client { id: MIDDLE, scopes: ScopeSet::from_text("vso.work vso.code vso.build"), metadata, ..a_daemon() }
}

fn called_by() -> ScopeSet {
    [scope_of(MIDDLE, "act")].into_iter().collect()
}

fn an_assertion() -> AccessToken {
    let (given, family) = (an_authorization(), a_family());
    AccessToken {
        id: TokenId::new(given.id, given.version, family.id, &mut Entropy::seeded(1)),
        scopes: called_by(),
        audience: MIDDLE.to_string(),
        subject: "ana".into(),
        issuer: "https://id.test".into(),
        confirmation: None,
        narrowing: Narrowing::default(),
        issued_at: NOW,
        expires_at: NOW + Duration::from_secs(600),
    }
}

struct Case {
    client: Client,
    assertion: AccessToken,
    given: Authorization,
    family: TokenFamily,
    own: Option<Authorization>,
    account: Account,
    details: Option<Located>,
    scope: &'static str,
}

fn its_own() -> Authorization {
    Authorization { id: AuthorizationId(Uuid::from_u128(0xa2)), client: MIDDLE, ..an_authorization() }
}

fn a_case() -> Case {
    Case {
        client: middle(),
        assertion: an_assertion(),
        given: Authorization { scopes: called_by(), ..an_authorization() },
        family: a_family(),
        own: Some(its_own()),
        account: an_account(),
        details: None,
        scope: "openid profile offline_access vso.work",
    }
}

impl Case {
    fn decide(&self) -> Decision<Issue> {
        let form = [("requested_token_use", ON_BEHALF_OF), ("assertion", "x"), ("scope", self.scope)];
        let request = match OnBehalfOfRequest::read(&parameters(&form), &self.client, &a_resource()) {
            Ok(request) => request,
            Err(error) => return Decision::refuse(error),
        };
        let (key, client) = (a_key(), authenticated_by_secret(&self.client));
        let facts = Facts {
            assertion: &self.assertion,
            given: &self.given,
            family: &self.family,
            own: self.own.as_ref(),
            account: &self.account,
            api: None,
            details: self.details.as_ref(),
            key: &key,
        };
        on_behalf_of(&request, &client, facts, NOW, &mut Entropy::seeded(2))
    }

    fn refused(&self) -> (&'static str, u32) {
        let decision = self.decide();
        assert_eq!(decision.changes, [], "a refusal writes nothing");
        decision.answer.map(|_| ()).map_err(|error| (error.code, error.number)).unwrap_err()
    }
}

#[test]
fn an_app_that_was_called_gets_a_token_of_its_own_authorization() {
    let decision = a_case().decide();
    let issue = decision.answer.unwrap();
    let claims = issue.access_token_claims(&a_resource());
    assert_eq!(claims.aud, a_resource().audience);
    assert_eq!(claims.client_id, Some(MIDDLE.to_string()));
    assert_eq!(TokenId::read(&claims.jti).unwrap().authorization, its_own().id);
    assert_eq!(claims.scope.as_deref(), Some("openid vso.work"), "what the person was never asked is left out");
    let actor = claims.act.unwrap();
    let actors: Vec<&str> = actor.clients().collect();
    assert_eq!(actors, [MIDDLE.to_string(), a_case().given.client.to_string()], "it acts for the app that called it");
    assert!(issue.has_id_token() && issue.refresh_token().is_none());
    assert!(issue.access_expires_at() <= an_assertion().expires_at, "it ends with what it was called with");
    let kinds = |change: &Change| match change {
        Change::StartFamily(family) => (family.authorization == its_own().id, family.refreshable),
        Change::Record(event) => (event.kind == EventKind::ActedOnBehalf, false),
        other => panic!("{other:?}"),
    };
    assert_eq!(decision.changes.iter().map(kinds).collect::<Vec<_>>(), [(true, false), (true, false)]);
}

#[test]
fn only_the_app_that_was_called_uses_what_it_was_called_with() {
    let bad = ("invalid_grant", 50_013);
    let devops = AccessToken { audience: a_resource().audience, ..an_assertion() };
    assert_eq!(Case { assertion: devops, ..a_case() }.refused(), bad);
    let plain = AccessToken { scopes: ScopeSet::from_text("openid vso.work"), ..an_assertion() };
    assert_eq!(Case { assertion: plain, ..a_case() }.refused(), bad);
    let another = Client { id: ClientId(Uuid::from_u128(0xc3)), ..middle() };
    assert_eq!(Case { client: another, ..a_case() }.refused(), bad);
    let taken_back = Authorization { scopes: ScopeSet::from_text("openid"), ..an_authorization() };
    assert_eq!(Case { given: taken_back, ..a_case() }.refused(), bad);
    let paused = Authorization { paused_at: Some(NOW), ..an_authorization() };
    assert_eq!(Case { given: paused, ..a_case() }.refused(), bad);
    let ended = TokenFamily { ended_at: Some(NOW), ..a_family() };
    assert_eq!(Case { family: ended, ..a_case() }.refused(), bad);
    let bound = AccessToken { confirmation: Some(Confirmation::Key(Thumbprint([1; 32]))), ..an_assertion() };
    assert_eq!(Case { assertion: bound, ..a_case() }.refused(), bad);
    let expired = AccessToken { expires_at: NOW, ..an_assertion() };
    assert_eq!(Case { assertion: expired, ..a_case() }.refused(), ("invalid_grant", 500_133));
    let proves_nothing = Client { secrets: vec![], ..middle() };
    assert_eq!(Case { client: proves_nothing, ..a_case() }.refused(), ("unauthorized_client", 7_000_114));
}

#[test]
fn without_the_persons_own_approval_of_it_an_app_gets_nothing() {
    let not_asked = ("invalid_grant", 65_001);
    assert_eq!(Case { own: None, ..a_case() }.refused(), not_asked);
    let ended = Authorization { ended: Some((NOW, EndReason::Revoked)), ..its_own() };
    assert_eq!(Case { own: Some(ended), ..a_case() }.refused(), not_asked);
    let elsewhere = Authorization { tenant: TenantId(Uuid::from_u128(9)), ..its_own() };
    assert_eq!(Case { own: Some(elsewhere), ..a_case() }.refused(), not_asked);
    let paused = Authorization { paused_at: Some(NOW), ..its_own() };
    assert_eq!(Case { own: Some(paused), ..a_case() }.refused(), not_asked);
    assert_eq!(a_case().decide().answer.unwrap().scope_text(), "openid vso.work");
    let never_asked = Authorization { asked: its_own().scopes, ..its_own() };
    let beyond = Case { own: Some(never_asked), scope: "vso.build", ..a_case() };
    assert_eq!(beyond.decide().answer.unwrap_err().suberror, Some("consent_required"));
    let disabled = Account { state: AccountState::Disabled, ..an_account() };
    assert_eq!(Case { account: disabled, ..a_case() }.refused(), ("invalid_grant", 50_057));
}

#[test]
fn nothing_is_widened() {
    assert_eq!(Case { scope: "vso.build", ..a_case() }.refused().0, "invalid_grant", "unticked is not granted");
    let part = Case { scope: "vso.work vso.build", ..a_case() };
    assert_eq!(part.decide().answer.unwrap().scope_text(), "vso.work");
    assert_eq!(Case { scope: "vso.tenant_manage", ..a_case() }.refused().0, "invalid_scope", "it is not registered");
    assert_eq!(Case { scope: "openid", ..a_case() }.refused().0, "invalid_scope", "there is nothing to call");
    let all = Case { scope: "499b84ac-1321-427f-aa17-267ca6975798/.default", ..a_case() };
    assert_eq!(all.decide().answer.unwrap().access_token_claims(&a_resource()).scope.unwrap(), "vso.code vso.work");
}

#[test]
fn a_chain_of_apps_names_all_of_them_and_has_an_end() {
    let mut assertion = an_assertion();
    for client in 0..3 {
        assertion.narrowing.actor = Actor::after(ClientId(Uuid::from_u128(client)), assertion.narrowing.actor.as_ref());
    }
    let chain = Case { assertion: assertion.clone(), ..a_case() }.decide().answer.unwrap();
    assert_eq!(chain.access_token_claims(&a_resource()).act.unwrap().clients().count(), 4);
    assertion.narrowing.actor = Actor::after(ClientId(Uuid::from_u128(4)), assertion.narrowing.actor.as_ref());
    assert_eq!(Case { assertion, ..a_case() }.refused(), ("invalid_grant", 50_013));
}

#[test]
fn the_form_asks_on_behalf_of_somebody() {
    let read = |pairs: &[(&str, &str)]| {
        let read = OnBehalfOfRequest::read(&parameters(pairs), &middle(), &a_resource());
        read.map(|_| ()).map_err(|error| error.code)
    };
    let whole = [("requested_token_use", ON_BEHALF_OF), ("assertion", "x"), ("scope", "vso.work")];
    assert_eq!(read(&whole), Ok(()));
    for (missing, _) in whole {
        let left: Vec<_> = whole.into_iter().filter(|(name, _)| *name != missing).collect();
        assert_eq!(read(&left), Err("invalid_request"), "{missing}");
    }
    let other = [("requested_token_use", "other"), ("assertion", "x"), ("scope", "vso.work")];
    assert_eq!(read(&other), Err("invalid_request"));
}
