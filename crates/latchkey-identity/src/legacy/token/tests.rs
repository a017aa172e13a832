use super::*;
use crate::client_auth::ASSERTION_TYPE;
use crate::client_auth::legacy_assertion::{Assertion, authenticate};
use crate::legacy::registration::tests::{a_key as secret_key, imported};
use crate::parameters::tests::parameters;
use crate::token::family::FamilyId;
use crate::token::tests::a_key;
use uuid::Uuid;

const CALLBACK: &str = "https://oldtimer.test/callback";

fn read(edits: &[(&str, &str)]) -> Result<TokenRequest, Reason> {
    let good = [("grant_type", JWT_BEARER), ("assertion", "lkl.abc"), ("redirect_uri", CALLBACK)];
    let mut pairs: Vec<(&str, &str)> =
        good.into_iter().filter(|(name, _)| !edits.iter().any(|(edit, _)| edit == name)).collect();
    pairs.extend(edits);
    TokenRequest::read(&parameters(&pairs), &imported().0, &a_key()).map_err(|error| error.reason)
}

#[test]
fn a_code_and_a_refresh_token_come_as_assertion() {
    assert!(matches!(read(&[]), Ok(TokenRequest::Code(request)) if request.code.reveal() == "lkl.abc"));
    let token = RefreshToken { family: FamilyId(Uuid::from_u128(1)), generation: 3 };
    let text = token.legacy_text(&a_key());
    let refresh = [("grant_type", "refresh_token"), ("assertion", text.reveal())];
    assert_eq!(read(&refresh), Ok(TokenRequest::Refresh(RefreshRequest { token, scope: None, details: None })));
}

#[test]
fn what_is_of_the_newer_kind_or_in_the_others_place_never_reaches_the_store() {
    let token = RefreshToken { family: FamilyId(Uuid::from_u128(1)), generation: 3 };
    let (newer, older) = (token.text(&a_key()), token.legacy_text(&a_key()));
    let refresh = |assertion| read(&[("grant_type", "refresh_token"), ("assertion", assertion)]);
    assert_eq!(refresh(newer.reveal()), Err(Reason::InvalidRefreshToken));
    assert_eq!(refresh("lkl.abc"), Err(Reason::InvalidRefreshToken), "a code is no refresh token");
    assert_eq!(read(&[("assertion", older.reveal())]), Err(Reason::InvalidAuthorizationGrant));
    assert_eq!(read(&[("assertion", "abc")]), Err(Reason::InvalidAuthorizationGrant), "a newer code");
}

#[test]
fn what_is_missing_or_beyond_is_named() {
    assert_eq!(read(&[("grant_type", "")]), Err(Reason::GrantTypeRequired));
    assert_eq!(read(&[("grant_type", "authorization_code")]), Err(Reason::InvalidAuthorizationGrant));
    assert_eq!(read(&[("assertion", "")]), Err(Reason::AuthorizationGrantRequired));
    assert_eq!(read(&[("redirect_uri", "")]), Err(Reason::RedirectUriRequired));
    assert_eq!(read(&[("redirect_uri", "https://evil.test/")]), Err(Reason::InvalidRedirectUri));
    assert_eq!(read(&[("scope", "vso.work vso.code_full")]), Err(Reason::InvalidScope));
    assert!(read(&[("scope", "vso.work")]).is_ok());
}

#[test]
fn the_secret_itself_is_the_assertion_of_the_client() {
    let (client, _, secret) = imported();
    let shown = |text: &str, kind: &str| {
        Assertion::read(&parameters(&[("client_assertion_type", kind), ("client_assertion", text)]))
    };
    let at = |text: &str, client: Option<&Client>, secs| {
        let assertion = shown(text, ASSERTION_TYPE).map_err(|error| error.reason)?;
        authenticate(&assertion, client, &secret_key(), Timestamp::from_secs(secs)).map(|_| ()).map_err(|e| e.reason)
    };
    let text = secret.reveal();
    assert_eq!(at(text, Some(&client), 2_000), Ok(()));
    assert_eq!(at(text, Some(&client), 1_000 + 60 * 86_400), Err(Reason::ClientSecretExpired));
    assert_eq!(at(&format!("{text}x"), Some(&client), 2_000), Err(Reason::InvalidClientSecret));
    assert_eq!(at(text, None, 2_000), Err(Reason::InvalidClientSecret));
    let newer = crate::client::registration::tests::a_client();
    assert_eq!(at(text, Some(&newer), 2_000), Err(Reason::InvalidClientSecret));
    assert_eq!(shown("lks_abc", ASSERTION_TYPE).unwrap_err(), LegacyError::not_a_jwt());
    assert_eq!(shown(text, "jwt").unwrap_err().reason, Reason::InvalidClient);
    assert_eq!(shown("", ASSERTION_TYPE).unwrap_err().reason, Reason::ClientSecretRequired);
}
