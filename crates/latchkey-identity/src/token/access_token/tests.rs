use uuid::Uuid;

use super::*;
use crate::authorization::EndReason;
use crate::authorization::tests::an_authorization;
use crate::client::Profile;
use crate::client::registration::tests::a_client;
use crate::entropy::Entropy;
use crate::sign_in::tests::an_account;
use crate::token::family::FamilyId;

fn a_token() -> AccessToken {
    AccessToken {
        id: TokenId::new(an_authorization().id, 1, FamilyId(Uuid::from_u128(1)), &mut Entropy::seeded(1)),
        scopes: ScopeSet::from_text("vso.work"),
        audience: "devops".into(),
        subject: "ana".into(),
        issuer: "https://id.test".into(),
        confirmation: None,
        narrowing: Narrowing::default(),
        issued_at: Timestamp::from_secs(0),
        expires_at: Timestamp::from_secs(100),
    }
}

#[test]
fn a_token_of_an_app_of_the_older_kind_ends_with_the_secret_it_was_made_with() {
    let (account, authorization, now) = (an_account(), an_authorization(), Timestamp::from_secs(50));
    let client = crate::token::app_token::tests::a_daemon();
    let mut client = Client { profile: Profile::Legacy, ..client };
    let check = |token: &AccessToken, client: &Client| {
        token.check(Some(&authorization), false, Some(&account), Some(client), now)
    };
    let made_with = |secret| AccessToken { id: a_token().id.made_with(secret), ..a_token() };
    let token = made_with(Some(client.secrets[0].id));
    assert_eq!(check(&token, &client), Ok(()));
    assert_eq!(check(&made_with(None), &client), Err(TokenRefusal::CredentialEnded));
    assert_eq!(check(&made_with(Some(Uuid::from_u128(3))), &client), Err(TokenRefusal::CredentialEnded));
    client.secrets[0].expires_at = now;
    assert_eq!(check(&token, &client), Err(TokenRefusal::CredentialEnded));
    client.secrets.clear();
    assert_eq!(check(&token, &client), Err(TokenRefusal::CredentialEnded));
}

#[test]
fn a_token_holds_only_while_everything_above_it_does() {
    let (token, now) = (a_token(), Timestamp::from_secs(50));
    let (authorization, account, client) = (an_authorization(), an_account(), a_client());
    let check = |a: &Authorization, family, account: &Account, client: &Client, now| {
        token.check(Some(a), family, Some(account), Some(client), now)
    };
    assert_eq!(check(&authorization, false, &account, &client, now), Ok(()));
    assert_eq!(check(&authorization, false, &account, &client, Timestamp::from_secs(100)), Err(TokenRefusal::Expired));
    let ended = Authorization { ended: Some((now, EndReason::Revoked)), ..an_authorization() };
    assert_eq!(check(&ended, false, &account, &client, now), Err(TokenRefusal::AuthorizationEnded));
    assert_eq!(check(&authorization, true, &account, &client, now), Err(TokenRefusal::FamilyEnded));
    let paused = Authorization { paused_at: Some(now), ..an_authorization() };
    assert_eq!(check(&paused, false, &account, &client, now), Err(TokenRefusal::Paused));
    assert_eq!(
        check(&paused, true, &account, &client, now),
        Err(TokenRefusal::FamilyEnded),
        "which a resume does not mend"
    );
    let disabled = Account { state: AccountState::Disabled, ..an_account() };
    assert_eq!(check(&authorization, false, &disabled, &client, now), Err(TokenRefusal::AccountDisabled));
    let suspended = Client { state: ClientState::Suspended, ..a_client() };
    assert_eq!(check(&authorization, false, &account, &suspended, now), Err(TokenRefusal::AppSuspended));
    assert_eq!(token.check(None, false, Some(&account), Some(&client), now), Err(TokenRefusal::AuthorizationEnded));
}
