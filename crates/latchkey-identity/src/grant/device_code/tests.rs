use super::*;
use crate::authorization::EndReason;
use crate::authorization::tests::an_authorization;
use crate::client::ClientKind;
use crate::client::registration::tests::a_client;
use crate::parameters::tests::parameters;
use crate::resource::tests::a_resource;
use crate::sign_in::tests::an_account;
use crate::tenant::{Tenant, TenantId, TenantKind};
use crate::token::family::FamilyId;
use crate::token::tests::{a_key, authenticated};
use std::time::Duration;
use uuid::Uuid;

const NOW: Timestamp = Timestamp::from_secs(5_000);
const ORIGIN: &str = "https://id.test";

fn harbor() -> Audience {
    let tenant = a_client().tenant;
    Audience::Tenant(Tenant { id: tenant, kind: TenantKind::Work, name: "Harbor".into(), domain: "harbor.test".into() })
}

fn a_public_client() -> Client {
    Client { device_code: true, ..crate::token::tests::a_public_client() }
}

fn begun(client: &Client, audience: &Audience, pairs: &[(&str, &str)]) -> Decision<Codes> {
    let context =
        Context { origin: ORIGIN, segment: "harbor.test", audience, resource: &a_resource(), address: "192.0.2.1" };
    begin(&parameters(pairs), &authenticated(client), context, NOW, &mut Entropy::seeded(1))
}

fn waiting() -> DeviceCode {
    let decision = begun(&a_public_client(), &harbor(), &[("scope", "openid vso.work")]);
    match decision.changes.as_slice() {
        [Change::StartDevice(device)] => (**device).clone(),
        other => panic!("{other:?}"),
    }
}

fn approved() -> DeviceCode {
    DeviceCode { answered_at: Some(NOW), approved: true, ..waiting() }
}

fn the_code() -> AuthorizationCode {
    let authorization = an_authorization();
    AuthorizationCode {
        hash: code_of(waiting().hash),
        client: authorization.client,
        tenant: authorization.tenant,
        account: authorization.account,
        session: authorization.session,
        auth_time: NOW,
        context: crate::sign_in::context::AuthenticationContext::Password,
        authorization: authorization.id,
        family: FamilyId(Uuid::from_u128(0xf2)),
        redirect_uri: DONE.into(),
        challenge: None,
        dpop_jkt: None,
        scope_text: authorization.scopes.to_string(),
        scopes: authorization.scopes,
        places: None,
        nonce: None,
        client_info: false,
        origin: ORIGIN.into(),
        issued_at: NOW,
        redeemed_at: None,
    }
}

fn polled(
    device: Option<&DeviceCode>,
    code: Option<&AuthorizationCode>,
    client: &Client,
    now: Timestamp,
) -> Decision<Issue> {
    let authorization = an_authorization();
    polled_below(device, code, client, &authorization, now)
}

fn polled_below(
    device: Option<&DeviceCode>,
    code: Option<&AuthorizationCode>,
    client: &Client,
    authorization: &Authorization,
    now: Timestamp,
) -> Decision<Issue> {
    let (account, key) = (an_account(), a_key());
    let code = code.map(|code| (code, authorization));
    let facts = Polled {
        device,
        code,
        spent: false,
        account: Some(&account),
        api: None,
        key: &key,
        details: None,
        pace: Pace::Good,
    };
    poll(&authenticated(client), facts, now, &mut Entropy::seeded(2))
}

fn error(decision: &Decision<Issue>) -> &'static str {
    decision.answer.as_ref().err().map_or("granted", |error| error.code)
}

#[test]
fn native_and_confidential_apps_that_registered_for_it_ask() {
    let scope = [("scope", "openid vso.work")];
    assert!(begun(&a_public_client(), &harbor(), &scope).answer.is_ok());
    let page = Client { kind: ClientKind::SinglePage, device_code: true, ..a_client() };
    assert_eq!(begun(&page, &harbor(), &scope).answer.unwrap_err().code, "unauthorized_client");
    let elsewhere = Client { tenant: TenantId(Uuid::from_u128(9)), ..a_public_client() };
    assert_eq!(begun(&elsewhere, &harbor(), &scope).answer.unwrap_err().code, "unauthorized_client");
    assert_eq!(begun(&a_public_client(), &Audience::Anyone, &scope).answer.unwrap_err().code, "unauthorized_client");
}

#[test]
fn a_device_asks_for_what_its_client_registered() {
    let refused = |pairs: &[(&str, &str)]| begun(&a_public_client(), &harbor(), pairs).answer.unwrap_err().code;
    assert_eq!(refused(&[]), "invalid_request");
    assert_eq!(refused(&[("scope", "vso.nonsense")]), "invalid_scope");
    assert_eq!(refused(&[("scope", "favourite_colour")]), "invalid_scope");
}

#[test]
fn the_person_picks_an_account_and_is_asked_whatever_was_approved_before() {
    let request = request(&waiting(), &a_public_client(), &harbor(), &a_resource(), NOW).unwrap();
    assert!(request.prompt.contains(Prompt::SelectAccount) && request.prompt.contains(Prompt::Consent));
    assert_eq!(request.redirect.destination(), "your device");
    let suspended = Client { state: ClientState::Suspended, ..a_public_client() };
    let of = |client: &Client, device: &DeviceCode, now| {
        super::request(device, client, &harbor(), &a_resource(), now).unwrap_err()
    };
    assert_eq!(of(&suspended, &waiting(), NOW), Untrusted::SuspendedClient);
    assert_eq!(of(&a_public_client(), &approved(), NOW), Untrusted::DeviceCodeGone);
    let late = NOW + limits::DEVICE_CODE_LIFETIME;
    assert_eq!(of(&a_public_client(), &waiting(), late), Untrusted::DeviceCodeGone);
}

#[test]
fn a_poll_says_how_things_stand() {
    let client = a_public_client();
    assert_eq!(error(&polled(Some(&waiting()), None, &client, NOW)), "authorization_pending");
    assert_eq!(error(&polled(None, None, &client, NOW)), "invalid_grant");
    let denied = DeviceCode { answered_at: Some(NOW), ..waiting() };
    assert_eq!(error(&polled(Some(&denied), None, &client, NOW)), "access_denied");
    let late = NOW + limits::DEVICE_CODE_LIFETIME;
    assert_eq!(error(&polled(Some(&waiting()), None, &client, late)), "expired_token");
    assert_eq!(error(&polled(Some(&approved()), Some(&the_code()), &client, late)), "expired_token");
    let microsoft = Client { profile: Profile::Microsoft, ..a_public_client() };
    assert_eq!(error(&polled(Some(&denied), None, &microsoft, NOW)), "authorization_declined");
    assert_eq!(error(&polled(None, None, &microsoft, NOW)), "bad_verification_code");
    let other = Client { id: ClientId(Uuid::from_u128(0xc2)), ..a_public_client() };
    assert_eq!(error(&polled(Some(&approved()), Some(&the_code()), &other, NOW)), "invalid_grant");
}

#[test]
fn who_polls_too_fast_is_told_to_slow_down_and_only_while_waiting() {
    let key = a_key();
    let client = a_public_client();
    let facts = |device| Polled {
        device,
        code: None,
        spent: false,
        account: None,
        api: None,
        key: &key,
        details: None,
        pace: Pace::TooFast,
    };
    let device = waiting();
    let answer = poll(&authenticated(&client), facts(Some(&device)), NOW, &mut Entropy::seeded(2));
    assert_eq!(error(&answer), "slow_down");
    let denied = DeviceCode { answered_at: Some(NOW), ..waiting() };
    let answer = poll(&authenticated(&client), facts(Some(&denied)), NOW, &mut Entropy::seeded(2));
    assert_eq!(error(&answer), "access_denied");
}

#[test]
fn an_approved_device_gets_its_tokens_once_and_a_second_poll_ends_them() {
    let later = NOW + Duration::from_secs(300);
    let first = polled(Some(&approved()), Some(&the_code()), &a_public_client(), later);
    assert!(first.answer.is_ok(), "a device may take its time: {:?}", first.answer);
    assert!(first.changes.contains(&Change::RedeemCode { code: the_code().hash, at: later }));
    assert!(first.changes.iter().any(|change| matches!(change, Change::StartFamily(_))));
    let spent = AuthorizationCode { redeemed_at: Some(NOW), ..the_code() };
    let second = polled(Some(&approved()), Some(&spent), &a_public_client(), later);
    assert_eq!(error(&second), "invalid_grant");
    assert!(second.changes.contains(&Change::EndTokenFamily { family: spent.family, at: later }));
}

#[test]
fn a_revoked_authorization_gives_a_device_nothing() {
    let revoked = Authorization { ended: Some((NOW, EndReason::Revoked)), ..an_authorization() };
    let answer = polled_below(Some(&approved()), Some(&the_code()), &a_public_client(), &revoked, NOW);
    assert_eq!(error(&answer), "invalid_grant");
    assert!(answer.changes.is_empty());
}

#[test]
fn a_device_code_is_worth_nothing_as_a_code() {
    let device = waiting();
    assert_ne!(code_of(device.hash), device.hash);
    assert_ne!(code_of(device.hash), code_of(code_of(device.hash)));
}
