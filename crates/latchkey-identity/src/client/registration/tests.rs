use std::time::Duration;

use uuid::Uuid;

use super::*;
use crate::client_auth::Method;
use crate::secret::PurposeKey;
use crate::token::family::FamilyId;

pub(crate) fn a_registration() -> Registration {
    Registration {
        name: "Burndown".into(),
        kind: ClientKind::Web,
        profile: Profile::Standard,
        redirect_uris: vec!["https://burndown.test/callback".into()],
        logout: LogoutUris {
            post_logout_redirect_uris: vec!["https://burndown.test/bye?from=latchkey".into()],
            ..LogoutUris::default()
        },
        device_code: false,
        pushed_only: false,
        metadata: Metadata::default(),
        scopes: ScopeSet::from_text("vso.work vso.code vso.build"),
        required_scopes: ScopeSet::default(),
        multi_tenant: false,
        pkce_optional: false,
    }
}

pub(crate) fn known() -> Vec<String> {
    ["vso.work", "vso.code", "vso.build"].map(String::from).into()
}

pub(crate) fn a_client() -> Client {
    let checked = a_registration().check(&known()).unwrap();
    new_client(ClientId(Uuid::from_u128(0xc1)), checked, TenantId(Uuid::from_u128(1)), None, Timestamp::from_secs(0))
}

#[test]
fn a_registration_is_checked_whole() {
    use RegistrationError as E;
    let check = |edit: fn(&mut Registration)| {
        let mut registration = a_registration();
        edit(&mut registration);
        registration.check(&known()).map(|_| ())
    };
    assert_eq!(check(|_| ()), Ok(()));
    assert_eq!(check(|r| r.name = "a\u{202e}".into()), Err(E::Name));
    assert_eq!(check(|r| r.name = "L\u{430}tchkey Support".into()), Err(E::ReservedName));
    assert_eq!(check(|r| r.profile = Profile::Legacy), Err(E::NoNewLegacyApps));
    assert_eq!(check(|r| r.redirect_uris.clear()), Err(E::NoRedirectUri));
    assert_eq!(check(|r| r.kind = ClientKind::Daemon), Err(E::DaemonRedirects));
    assert_eq!(check(|r| r.scopes.insert("vso.nonsense")), Err(E::UnknownScope("vso.nonsense".into())));
    assert_eq!(check(|r| r.required_scopes.insert("vso.wiki")), Err(E::RequiredScope("vso.wiki".into())));
    let public = |r: &mut Registration| {
        r.kind = ClientKind::SinglePage;
        r.pkce_optional = true;
    };
    assert_eq!(check(public), Err(E::PkceNeeded));
    let fragment = |r: &mut Registration| r.logout.post_logout_redirect_uris = vec!["https://a.test/#bye".into()];
    assert!(matches!(check(fragment), Err(E::PostLogoutRedirectUri { .. })));
    assert_eq!(check(|r| (r.kind, r.redirect_uris) = (ClientKind::Daemon, vec![])), Err(E::PostLogoutRedirectUris));
    let in_a_page = |r: &mut Registration| (r.kind, r.device_code) = (ClientKind::SinglePage, true);
    assert_eq!(check(in_a_page), Err(E::DeviceCodes));
    let pushing = |r: &mut Registration| {
        (r.kind, r.redirect_uris) = (ClientKind::Daemon, vec![]);
        r.logout = LogoutUris::default();
        r.pushed_only = true;
    };
    assert_eq!(check(pushing), Err(E::PushedOnly));
}

#[test]
fn scopes_of_people_themselves_may_be_written_along_and_are_registered_nowhere() {
    let mut along = a_registration();
    along.scopes = ScopeSet::from_text("openid address offline_access userinfo:name vso.work vso.code vso.build");
    along.required_scopes = ScopeSet::from_text("openid");
    assert_eq!(along.check(&known()), a_registration().check(&known()));
}

#[test]
fn device_codes_are_for_native_and_web_apps_that_registered_for_them() {
    let kind = |kind, device_code| Client { kind, device_code, ..a_client() };
    assert!(kind(ClientKind::Native, true).may_use_device_codes());
    assert!(!kind(ClientKind::Native, false).may_use_device_codes());
    assert!(kind(ClientKind::Web, true).may_use_device_codes());
    assert!(!kind(ClientKind::Web, false).may_use_device_codes());
    assert!(!kind(ClientKind::SinglePage, true).may_use_device_codes());
}

#[test]
fn people_are_sent_on_after_sign_out_to_what_was_registered_for_it_letter_by_letter() {
    let client = a_client();
    assert!(client.permits_post_logout_redirect("https://burndown.test/bye?from=latchkey"));
    for other in
        ["https://burndown.test/bye", "https://burndown.test/bye?from=latchkey&x=1", "https://burndown.test/callback"]
    {
        assert!(!client.permits_post_logout_redirect(other), "{other}");
    }
    let microsoft = Client { profile: Profile::Microsoft, ..a_client() };
    assert!(microsoft.permits_post_logout_redirect("https://burndown.test/callback"));
}

#[test]
fn only_its_owner_or_an_administrator_of_its_tenant_changes_an_app() {
    let owner = crate::sign_in::tests::an_account();
    let client = Client { owner: Some(owner.id), tenant: owner.tenant, ..a_client() };
    let stranger = Account { id: AccountId(Uuid::from_u128(99)), ..owner.clone() };
    let administrator = Account { tenant_administrator: true, ..stranger.clone() };
    let elsewhere = Account { tenant: TenantId(Uuid::from_u128(77)), ..administrator.clone() };
    assert!(client.may_be_changed_by(&owner) && client.may_be_changed_by(&administrator));
    assert!(!client.may_be_changed_by(&stranger) && !client.may_be_changed_by(&elsewhere));
    assert_eq!(delete(&client, &stranger, Timestamp::from_secs(1)).answer, Err(RegistrationError::NotYours));
    assert!(delete(&client, &stranger, Timestamp::from_secs(1)).changes.is_empty());
}

#[test]
fn an_administrators_word_for_an_app_ends_with_what_people_are_told_of_it() {
    let owner = crate::sign_in::tests::an_account();
    let administrator = Account { tenant_administrator: true, ..owner.clone() };
    let client = Client { owner: Some(owner.id), tenant: owner.tenant, administrator_approved: true, ..a_client() };
    let is_vouched_for = |by: &Account, edit: fn(&mut Registration)| {
        let mut registration = a_registration();
        edit(&mut registration);
        let decision = change(&client, registration.check(&known()).unwrap(), by, Timestamp::from_secs(1));
        decision.answer.unwrap().administrator_approved
    };
    let moved: fn(&mut Registration) = |r| r.redirect_uris = vec!["https://elsewhere.test/callback".into()];
    assert!(is_vouched_for(&owner, |r| r.multi_tenant = true), "it says the same of itself");
    assert!(!is_vouched_for(&owner, |r| r.name = "Burnup".into()));
    assert!(!is_vouched_for(&owner, moved));
    let left: fn(&mut Registration) = |r| r.logout.post_logout_redirect_uris = vec!["https://elsewhere.test/".into()];
    assert!(!is_vouched_for(&owner, left), "an administrator's word opens where people go when they leave, too");
    assert!(is_vouched_for(&administrator, moved), "they could vouch for it anew");
}

#[test]
fn an_app_that_is_fixed_to_a_secret_does_not_become_one_of_the_fapi_profile() {
    let owner = crate::sign_in::tests::an_account();
    let fixed = |method| {
        let mut client = Client { owner: Some(owner.id), tenant: owner.tenant, ..a_client() };
        client.authentication.method = method;
        let wanted = Registration { profile: Profile::Fapi2, ..a_registration() }.check(&known()).unwrap();
        change(&client, wanted, &owner, Timestamp::from_secs(1)).answer.map(|client| client.profile)
    };
    assert_eq!(fixed(Some(Method::ClientSecretBasic)), Err(NotFapi2::Secret.into()));
    assert_eq!(fixed(Some(Method::PrivateKeyJwt)), Ok(Profile::Fapi2));
}

#[test]
fn a_removed_secret_of_the_older_kind_takes_its_tokens_along_and_no_others() {
    let owner = crate::sign_in::tests::an_account();
    let newer = Client { owner: Some(owner.id), ..crate::token::app_token::tests::a_daemon() };
    let older = Client { profile: Profile::Legacy, ..newer.clone() };
    let (secret, families) = (newer.secrets[0].id, vec![FamilyId(Uuid::from_u128(7))]);
    let ends = |client: &Client, secret| {
        let decision = remove_secret(client, secret, families.clone(), &owner, Timestamp::from_secs(1));
        decision.changes.into_iter().any(|change| matches!(change, Change::EndTokensMadeWith { .. }))
    };
    assert!(ends(&older, secret));
    assert!(!ends(&newer, secret) && !ends(&older, Uuid::from_u128(99)));
    let others = remove_secret(&older, Uuid::from_u128(99), families, &owner, Timestamp::from_secs(1));
    assert_eq!((others.answer, others.changes), (Err(RegistrationError::NotYours), vec![]), "it is none of its own");
}

#[test]
fn a_client_has_two_live_secrets_at_most_and_a_public_one_none() {
    let owner = crate::sign_in::tests::an_account();
    let key = PurposeKey::derive(&[0; 32], crate::secret::Purpose::ClientSecret).unwrap();
    let now = Timestamp::from_secs(1_000);
    let mut client = Client { owner: Some(owner.id), ..a_client() };
    for seed in 0..2 {
        let (_, kept) = add_secret(&client, &owner, 30, &key, now, &mut Entropy::seeded(seed)).answer.unwrap();
        client.secrets.push(kept);
    }
    let third = |now| add_secret(&client, &owner, 30, &key, now, &mut Entropy::seeded(3)).answer;
    assert_eq!(third(now).unwrap_err(), RegistrationError::TooManySecrets);
    assert!(third(now + Duration::from_secs(31 * 86_400)).is_ok(), "those that have ended do not count");
    let public = Client { kind: ClientKind::Native, ..client.clone() };
    assert_eq!(
        add_secret(&public, &owner, 30, &key, now, &mut Entropy::seeded(3)).answer.unwrap_err(),
        RegistrationError::PublicClient
    );
}
