use super::*;
use crate::authorization::EndReason;
use crate::authorization::tests::an_authorization;
use crate::client::registration::tests::a_client;
use crate::sign_in::tests::an_account;
use crate::token::tests::{a_key, a_public_client, authenticated};
use std::time::Duration;
use uuid::Uuid;

const NOW: Timestamp = Timestamp::from_secs(5_000);
// RFC 7636, appendix B.
const VERIFIER: &str = "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk";
const CHALLENGE: &str = "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM";

fn a_code() -> AuthorizationCode {
    let authorization = an_authorization();
    AuthorizationCode {
        hash: TokenHash::of("code"),
        client: a_client().id,
        tenant: authorization.tenant,
        account: authorization.account,
        session: authorization.session,
        auth_time: Timestamp::from_secs(10),
        context: crate::sign_in::context::AuthenticationContext::Password,
        authorization: authorization.id,
        family: FamilyId(Uuid::from_u128(0xf1)),
        redirect_uri: "https://burndown.test/callback".into(),
        challenge: Some(CodeChallenge::from_stored(CHALLENGE.into())),
        dpop_jkt: None,
        scope_text: authorization.scopes.to_string(),
        scopes: authorization.scopes,
        places: None,
        nonce: Some("n".into()),
        client_info: false,
        origin: "https://id.test".into(),
        issued_at: NOW,
        redeemed_at: None,
    }
}

fn a_request() -> CodeRequest {
    CodeRequest {
        code: Secret::new("code"),
        redirect_uri: Some("https://burndown.test/callback".into()),
        code_verifier: Some(Secret::new(VERIFIER)),
        details: None,
    }
}

fn redeemed(request: &CodeRequest, code: &AuthorizationCode, now: Timestamp) -> Decision<Issue> {
    redeemed_below(request, code, &an_authorization(), now)
}

fn redeemed_below(
    request: &CodeRequest,
    code: &AuthorizationCode,
    authorization: &Authorization,
    now: Timestamp,
) -> Decision<Issue> {
    let client = a_public_client();
    let (account, key) = (an_account(), a_key());
    let facts =
        Redemption { code: Some((code, authorization)), account: Some(&account), spent: false, api: None, key: &key };
    redeem(request, &authenticated(&client), facts, now, &mut Entropy::seeded(1))
}

#[test]
fn a_code_becomes_tokens_and_begins_a_family() {
    let decision = redeemed(&a_request(), &a_code(), NOW);
    let issue = decision.answer.unwrap();
    assert!(issue.has_id_token() && issue.refresh_token().is_some());
    assert!(
        matches!(&decision.changes[..], [Change::RedeemCode { .. }, Change::StartFamily(family)] if family.generation == 0)
    );
}

#[test]
fn a_replayed_code_ends_what_it_produced() {
    let spent = AuthorizationCode { redeemed_at: Some(NOW), ..a_code() };

    let decision = redeemed(&a_request(), &spent, NOW);

    assert_eq!(decision.answer.unwrap_err().description, "the code was already redeemed");
    assert_eq!(decision.changes[0], Change::EndTokenFamily { family: spent.family, at: NOW });
    assert!(matches!(&decision.changes[1], Change::Record(event) if event.kind == EventKind::CodeReplayed));
}

#[test]
fn a_code_in_another_clients_hands_is_burned() {
    let foreign = AuthorizationCode { client: ClientId(Uuid::from_u128(9)), ..a_code() };
    let decision = redeemed(&a_request(), &foreign, NOW);
    assert_eq!(decision.answer.unwrap_err().code, "invalid_grant");
    assert!(decision.changes.contains(&Change::RedeemCode { code: foreign.hash, at: NOW }));
}

#[test]
fn a_code_lives_sixty_seconds() {
    assert!(redeemed(&a_request(), &a_code(), NOW + Duration::from_secs(59)).answer.is_ok());
    let late = redeemed(&a_request(), &a_code(), NOW + Duration::from_secs(60));
    assert_eq!((late.answer.unwrap_err().number, late.changes), (70_008, vec![]));
}

#[test]
fn every_binding_of_a_code_is_checked() {
    let refused = |request: CodeRequest, code: AuthorizationCode| {
        let decision = redeemed(&request, &code, NOW);
        assert!(decision.changes.is_empty());
        decision.answer.unwrap_err().code
    };
    for redirect_uri in [None, Some("https://burndown.test/callback/".to_owned())] {
        assert_eq!(refused(CodeRequest { redirect_uri, ..a_request() }, a_code()), "invalid_grant");
    }
    for verifier in ["", "short", &"a".repeat(43), &format!("{VERIFIER}="), &"a".repeat(129)] {
        let code_verifier = Some(Secret::new(verifier));
        assert_eq!(refused(CodeRequest { code_verifier, ..a_request() }, a_code()), "invalid_grant");
    }
    assert_eq!(refused(CodeRequest { code_verifier: None, ..a_request() }, a_code()), "invalid_grant");
    assert_eq!(
        refused(a_request(), AuthorizationCode { challenge: None, ..a_code() }),
        "invalid_grant",
        "a verifier without a challenge"
    );
}

#[test]
fn a_code_of_a_revoked_authorization_is_worth_nothing() {
    let ended = Authorization { ended: Some((NOW, EndReason::Revoked)), ..an_authorization() };
    assert_eq!(redeemed_below(&a_request(), &a_code(), &ended, NOW).answer.unwrap_err().code, "invalid_grant");
}

#[test]
fn without_offline_access_there_is_no_refresh_token() {
    let code = AuthorizationCode { scopes: ScopeSet::from_text("openid vso.work"), ..a_code() };
    assert!(redeemed(&a_request(), &code, NOW).answer.unwrap().refresh_token().is_none());
}
