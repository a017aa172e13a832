use super::*;
use crate::authorization::tests::an_authorization;
use crate::authorization::{EndReason, Lifetime};
use crate::client::Client;
use crate::client::registration::tests::a_client;
use crate::client_auth::{CalledAt, Facts as Proofs, Method, Presentable, Presented, authenticate};
use crate::secret::Purpose;
use crate::sign_in::tests::an_account;
use crate::tenant::Audience;
use crate::token::family::tests::a_family;

pub(crate) fn a_key() -> PurposeKey {
    PurposeKey::derive(&[0; 32], Purpose::RefreshToken).unwrap()
}

pub(crate) fn a_public_client() -> Client {
    Client { kind: crate::client::ClientKind::Native, ..a_client() }
}

pub(crate) fn authenticated(client: &Client) -> AuthenticatedClient<'_> {
    let (client_id, proof) = (client.id.to_string(), Presentable::Nothing);
    let presented = Presented { client_id, method: Method::None, proof };
    let called = CalledAt { origin: "https://id.test", path: "/common/oauth2/v2.0/token", audience: &Audience::Anyone };
    let key = PurposeKey::derive(&[0; 32], Purpose::ClientSecret).unwrap();
    let proved = authenticate(
        &presented,
        Some(client),
        Proofs { key: &key, called, published: &[], issuers: &[] },
        Timestamp::from_secs(0),
    )
    .unwrap();
    proved.with(None).unwrap()
}

const NOW: Timestamp = Timestamp::from_secs(5_000);

fn issued(authorization: &Authorization, account: &Account, client: &Client) -> Result<Issue, OAuthError> {
    let (proved, key) = (authenticated(client), a_key());
    let facts = Facts { client: (&proved).into(), authorization, account: Some(account), api: None, key: &key };
    issue(facts, &a_family(), 0, None, NOW, &mut Entropy::seeded(3))
}

#[test]
fn no_grant_gets_past_what_holds_for_all() {
    let (authorization, account, client) = (an_authorization(), an_account(), a_public_client());
    assert!(issued(&authorization, &account, &client).is_ok());
    let ended = Authorization { ended: Some((NOW, EndReason::Revoked)), ..an_authorization() };
    assert_eq!(issued(&ended, &account, &client).unwrap_err().suberror, Some("bad_token"));
    let ran_out = Authorization { expires_at: Some(NOW), lifetime: Lifetime::Days(7), ..an_authorization() };
    assert_eq!(issued(&ran_out, &account, &client).unwrap_err().code, "invalid_grant");
    let paused = Authorization { paused_at: Some(NOW), ..an_authorization() };
    let refused = issued(&paused, &account, &client).unwrap_err();
    assert_eq!((refused.code, refused.suberror), ("invalid_grant", Some("consent_required")));
    let disabled = Account { state: AccountState::Disabled, ..an_account() };
    assert_eq!(issued(&authorization, &disabled, &client).unwrap_err().number, 50_057);
    let other = Authorization { client: ClientId(uuid::Uuid::from_u128(9)), ..an_authorization() };
    assert_eq!(issued(&other, &account, &client).unwrap_err().code, "invalid_grant");
    let elsewhere = Client { tenant: TenantId(uuid::Uuid::from_u128(9)), ..a_public_client() };
    assert_eq!(issued(&authorization, &account, &elsewhere).unwrap_err().code, "invalid_grant");
}

#[test]
fn a_narrowed_authorization_narrows_what_is_issued() {
    let narrowed = Authorization { scopes: ScopeSet::from_text("openid vso.code"), ..an_authorization() };
    let issue = issued(&narrowed, &an_account(), &a_public_client()).unwrap();
    assert_eq!(issue.scope_text(), "openid vso.code");
    let nothing = Authorization { scopes: ScopeSet::default(), ..an_authorization() };
    assert_eq!(issued(&nothing, &an_account(), &a_public_client()).unwrap_err().code, "invalid_scope");
}

#[test]
fn an_app_may_have_its_tokens_live_shorter_and_never_longer() {
    let client = |lifetime: Option<u64>| {
        let access_token_lifetime = lifetime.map(|seconds| AccessTokenLifetime::try_from(seconds).unwrap());
        let metadata = crate::client::Metadata { access_token_lifetime, ..Default::default() };
        Client { metadata, ..a_public_client() }
    };
    let lives = |lifetime| issued(&an_authorization(), &an_account(), &client(lifetime)).unwrap().expires_in();
    assert_eq!(lives(Some(120)), 120);
    assert_eq!(lives(Some(5_400)), lives(None));
}

#[test]
fn a_token_ends_with_its_authorization_and_within_ninety_minutes() {
    let soon = Authorization { expires_at: Some(NOW + std::time::Duration::from_secs(60)), ..an_authorization() };
    assert_eq!(issued(&soon, &an_account(), &a_public_client()).unwrap().expires_in(), 60);
    let open = issued(&an_authorization(), &an_account(), &a_public_client()).unwrap();
    assert!((3_600..=5_400).contains(&open.expires_in()));
}
