//! Clients of the profile `fapi2`: what the FAPI 2.0 Security Profile §5.3.2 and §5.4.1 ask of a server.

use std::sync::Arc;

use futures_util::future::join_all;
use latchkey_jose::{Algorithm, SigningKey};
use latchkey_testkit::builders::{a_daemon, a_web_app};
use latchkey_testkit::dpop::DpopKey;
use latchkey_testkit::relying_party::header;
use latchkey_testkit::server::Answer;
use latchkey_testkit::{AuthorizationRequest, Code, RelyingParty, World, on_both_databases};
use serde_json::json;

/// A service of the profile, which authenticates by a key and proves that it holds another one, with a nonce of the server.
async fn vault(world: &World) -> (RelyingParty, DpopKey) {
    let pair = Arc::new(SigningKey::generate(Algorithm::Es256).unwrap());
    let app = world.registers(a_web_app("vault").of_the_fapi2_profile().with_key(&pair)).await;
    let key = DpopKey::new();
    let party = app.signing_with(&pair).proving_by(&key);
    let challenged = party.token_request(&[("grant_type", "client_credentials")]).await;
    assert_eq!(said(&challenged), (400, "use_dpop_nonce".into()));
    key.learns(&challenged);
    (party, key)
}

fn said(answer: &Answer) -> (u16, String) {
    if answer.is_ok() { (answer.status.as_u16(), String::new()) } else { (answer.status.as_u16(), answer.error()) }
}

fn refusal(status: u16, error: &str) -> (u16, String) {
    (status, error.to_owned())
}

/// The same request, by the reference that pushing it gave.
async fn by_reference(request: &AuthorizationRequest) -> AuthorizationRequest {
    let pushed = request.pushed().await;
    assert_eq!(pushed.status, 201, "{}", pushed.text());
    let uri = pushed.json()["request_uri"].as_str().unwrap().to_owned();
    request.clone().with("request_uri", &uri)
}

async fn approved(world: &World, request: &AuthorizationRequest) -> Code {
    world.ana().approves_request(&by_reference(request).await).await
}

#[test]
fn the_whole_flow_of_the_profile() {
    on_both_databases(async |world| {
        let (party, key) = vault(&world).await;
        // A nonce of 384 characters comes back as it is; `iss` is in the answer, which `answered` checks.
        let nonce = "n".repeat(384);
        let code = approved(&world, &party.request().with("nonce", &nonce)).await;
        let tokens = party.redeem(&code).await.unwrap();
        assert_eq!(tokens.id_claims()["nonce"], nonce.as_str());
        assert_eq!(tokens.body["token_type"], "DPoP");
        assert_eq!(tokens.access_claims()["cnf"]["jkt"], key.thumbprint());
        assert_eq!(header(tokens.id.as_deref().unwrap())["alg"], "ES256", "RS256 is not for this profile");
        assert!(tokens.userinfo().await.is_ok());
        assert!(tokens.get("/harbor/_apis/projects").await.is_ok());
        assert_eq!(tokens.id_claims().get("sid"), None, "the app is told of no sign-outs");
        // A pure OAuth request: no ID token.
        let oauth = approved(&world, &party.clone().asking("vso.work offline_access").request().without("nonce")).await;
        assert_eq!(party.redeem(&oauth).await.unwrap().id, None);
    });
}

/// Whoever reads an ID token of the profile finds nothing that was not asked for and is of no use. [Back-Channel Logout §2.1]
#[test]
fn an_id_token_of_the_profile_names_the_session_to_whom_it_is_of_use() {
    on_both_databases(async |world| {
        let pair = Arc::new(SigningKey::generate(Algorithm::Es256).unwrap());
        let app = a_web_app("vault").of_the_fapi2_profile().with_key(&pair);
        let app = world.registers(app.and_backchannel_logout_uri("https://vault.test/signed-out")).await;
        let key = DpopKey::new();
        let party = app.signing_with(&pair).proving_by(&key);
        key.learns(&party.token_request(&[("grant_type", "client_credentials")]).await);
        let tokens = party.redeem(&approved(&world, &party.request()).await).await.unwrap();
        assert!(tokens.id_claims()["sid"].is_string());
        world.changes_app("vault", |client| client.logout.backchannel_logout_uri = None).await;
        let next = tokens.refreshed().await.unwrap();
        assert_eq!(next.id_claims().get("sid"), None);
    });
}

#[test]
fn a_request_that_is_not_pushed_is_refused() {
    on_both_databases(async |world| {
        let (party, _) = vault(&world).await;
        let request = party.request();
        let told = request.answered(&world.ana().goes_to(&request).await.left()).err().unwrap();
        assert_eq!(told.error, "invalid_request");
    });
}

#[test]
fn what_is_pushed_has_pkce_with_s256_one_response_type_and_a_registered_redirect_uri() {
    on_both_databases(async |world| {
        let (party, _) = vault(&world).await;
        let request = || party.request();
        for (request, error) in [
            (request().without_pkce(), "invalid_request"),
            (request().with("code_challenge_method", "plain"), "invalid_request"),
            (request().with("response_type", "code id_token"), "unsupported_response_type"),
            (request().with("response_type", "token"), "unsupported_response_type"),
            (request().without("redirect_uri"), "invalid_request"),
            (request().with("redirect_uri", "https://evil.test/"), "invalid_request"),
            (request().with("request_uri", "urn:ietf:params:oauth:request_uri:x"), "invalid_request"),
        ] {
            assert_eq!(said(&request.pushed().await), refusal(400, error), "{}", request.query());
        }
    });
}

#[test]
fn a_pushed_request_ends_within_ten_minutes_and_a_code_within_one() {
    on_both_databases(async |world| {
        let (party, key) = vault(&world).await;
        let reference = by_reference(&party.request()).await;
        world.seconds_later(90);
        let page = world.ana().browser().open(&reference.url()).await.page();
        assert!(page.says("invalid_request_uri"), "{}", page.text());
        key.learns(&party.token_request(&[("grant_type", "client_credentials")]).await);
        let code = approved(&world, &party.request()).await;
        world.seconds_later(60);
        assert_eq!(party.redeem(&code).await.unwrap_err().error, "invalid_grant");
    });
}

#[test]
fn nothing_is_issued_that_is_not_bound_to_a_key() {
    on_both_databases(async |world| {
        let (party, _) = vault(&world).await;
        let code = approved(&world, &party.request()).await;
        let bare = party.clone().proving_nothing();
        // The proof beside the pushed request bound the code, too.
        assert_eq!(bare.redeem(&code).await.unwrap_err().error, "invalid_grant");
        assert_eq!(bare.by_itself("").await.unwrap_err().error, "invalid_request");
        let tokens = party.redeem(&code).await.unwrap();
        let refused = bare.refresh(tokens.refresh_token()).await.unwrap_err();
        assert_eq!((refused.status, refused.error.as_str()), (400, "invalid_grant"));
        assert_eq!(world.get("/oidc/userinfo").bearer(&tokens.access).await.status, 401);
        assert_eq!(world.get("/harbor/_apis/projects").bearer(&tokens.access).await.status, 401);
    });
}

#[test]
fn a_proof_without_our_nonce_is_answered_with_one_at_every_endpoint() {
    on_both_databases(async |world| {
        let (party, key) = vault(&world).await;
        let code = approved(&world, &party.request()).await;
        let tokens = party.redeem(&code).await.unwrap();
        let forgetful = party.clone().proving_by(&DpopKey::new());
        assert_eq!(said(&forgetful.request().pushed().await), refusal(400, "use_dpop_nonce"));
        let refresh = [("grant_type", "refresh_token"), ("refresh_token", tokens.refresh_token())];
        assert_eq!(said(&forgetful.token_request(&refresh).await), refusal(400, "use_dpop_nonce"));
        for url in ["/oidc/userinfo", "/harbor/_apis/projects"] {
            let ask = world.get(url);
            let without = ask.proof(&key).for_token(&tokens.access).with("nonce", json!(null));
            let answer = ask.presenting(&tokens.access).proving(&without).await;
            let challenges: Vec<_> = answer.headers.get_all("www-authenticate").iter().collect();
            assert_eq!(answer.status, 401);
            assert!(challenges.iter().any(|one| one.to_str().unwrap().contains("error=\"use_dpop_nonce\"")), "{url}");
            key.learns(&answer);
            assert!(tokens.get(url).await.is_ok(), "the repeated request works at once");
        }
    });
}

#[test]
fn a_refresh_token_does_not_rotate_and_works_with_a_new_key() {
    on_both_databases(async |world| {
        let (party, key) = vault(&world).await;
        let code = approved(&world, &party.request()).await;
        let tokens = party.redeem(&code).await.unwrap();
        let mut seen = vec![tokens.access.clone()];
        for _ in 0..3 {
            world.seconds_later(20);
            let next = party.refresh(tokens.refresh_token()).await.unwrap();
            assert_eq!(next.refresh, tokens.refresh);
            assert!(!seen.contains(&next.access), "an access token is new on each refresh");
            seen.push(next.access);
        }
        // Long after: nothing is a replay.
        world.seconds_later(3_600);
        key.learns(&party.token_request(&[("grant_type", "client_credentials")]).await);
        assert!(party.refresh(tokens.refresh_token()).await.is_ok());
        let other = DpopKey::new();
        let moved = party.clone().proving_by(&other);
        other.learns(&moved.token_request(&[("grant_type", "client_credentials")]).await);
        let next = moved.refresh(tokens.refresh_token()).await.unwrap();
        assert_eq!(next.access_claims()["cnf"]["jkt"], other.thumbprint());
        // Its use keeps it alive, and its end is an end.
        assert_eq!(party.gives_back(tokens.refresh_token()).await, 200);
        assert_eq!(party.refresh(tokens.refresh_token()).await.unwrap_err().error, "invalid_grant");
    });
}

#[test]
fn of_64_that_send_one_refresh_token_all_get_tokens() {
    on_both_databases(async |world| {
        let (party, _) = vault(&world).await;
        let code = approved(&world, &party.request()).await;
        let tokens = party.redeem(&code).await.unwrap();
        let all = (0..64).map(|_| {
            let tokens = tokens.clone();
            tokio::spawn(async move { tokens.refreshed().await.map(|next| next.refresh == tokens.refresh) })
        });
        for result in join_all(all).await {
            assert_eq!(result.unwrap(), Ok(true));
        }
    });
}

#[test]
fn a_secret_is_not_enough() {
    on_both_databases(async |world| {
        let (party, key) = vault(&world).await;
        let by_secret = world.app("vault").proving_by(&key);
        for endpoint in ["token", "par", "introspect", "revoke"] {
            let answer = by_secret.request_to(endpoint, &[("grant_type", "client_credentials"), ("token", "x")]).await;
            assert_eq!(said(&answer), refusal(401, "invalid_client"), "{endpoint}");
        }
        let nothing =
            party.bare_token_request(&[("grant_type", "client_credentials"), ("client_id", &party.client_id())]);
        assert_eq!(said(&nothing.await), refusal(401, "invalid_client"), "no assertion at all");
    });
}

#[test]
fn a_daemon_of_the_profile_acts_by_itself() {
    on_both_databases(async |world| {
        let pair = Arc::new(SigningKey::generate(Algorithm::Ps256).unwrap());
        let app = world.registers(a_daemon("courier").of_the_fapi2_profile().with_key(&pair)).await;
        let key = DpopKey::of(Algorithm::Ps256);
        let party = app.signing_with(&pair).proving_by(&key);
        key.learns(&party.token_request(&[("grant_type", "client_credentials")]).await);
        let tokens = party.by_itself("vso.work").await.unwrap();
        assert_eq!(tokens.access_claims()["cnf"]["jkt"], key.thumbprint());
        assert_eq!((tokens.refresh, tokens.id), (None, None));
    });
}

#[test]
fn the_metadata_says_what_the_profile_needs() {
    on_both_databases(async |world| {
        let metadata = world.get(&format!("/{}/v2.0/.well-known/openid-configuration", world.harbor())).await.json();
        assert!(metadata["pushed_authorization_request_endpoint"].as_str().unwrap().starts_with("https://"));
        assert!(metadata["require_pushed_authorization_requests"].is_boolean());
        assert_eq!(metadata["authorization_response_iss_parameter_supported"], true);
        let has = |member: &str, value: &str| metadata[member].as_array().unwrap().contains(&value.into());
        assert!(has("token_endpoint_auth_methods_supported", "private_key_jwt"));
        assert!(has("code_challenge_methods_supported", "S256"));
        for algorithm in ["PS256", "ES256", "EdDSA"] {
            for member in [
                "token_endpoint_auth_signing_alg_values_supported",
                "dpop_signing_alg_values_supported",
                "id_token_signing_alg_values_supported",
            ] {
                assert!(has(member, algorithm), "{member} {algorithm}");
            }
        }
    });
}

#[test]
fn an_owner_registers_an_app_of_the_profile_on_the_page() {
    on_both_databases(async |world| {
        let form = world.ana().opens("/apps/new").await.fill("name", "Strongbox").choose("profile", "fapi2");
        let insecure = form.clone().choose("kind", "web").fill("redirect_uris", "http://localhost/back");
        let page = insecure.press("register").await.page();
        assert!(page.says("has redirect URIs of https only"), "{}", page.text());
        let public = form.clone().choose("kind", "native").fill("redirect_uris", "https://strongbox.test/back");
        assert!(public.press("register").await.page().says("keeps a key of its own"));
        let good = form.choose("kind", "web").fill("redirect_uris", "https://strongbox.test/back");
        let page = good.press("register").await.page();
        assert_eq!(page.heading(), "Strongbox");
        assert!(!page.has("add-secret"));
        let requests = format!("/apps/{}/requests", page.text_of("client-id"));
        let page = world.ana().opens(&requests).await;
        assert!(!page.has("binding-none") && page.has("pushed-only"));
        assert!(page.says("The FAPI 2.0 profile asks for it"));
    });
}
