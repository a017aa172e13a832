//! A hostile provider, or somebody between: an answer counts for whom it was asked, once, in the browser that asked, and says what it has to
//! say. An address decides nothing. [RFC 9700 §4.4], [OpenID Connect Core §3.1.3.7], nOAuth

use std::sync::Arc;

use latchkey_identity::sign_in::upstream::UpstreamId;
use latchkey_identity::sign_in::upstream::registration::Registration;
use latchkey_jose::{Algorithm, SigningKey, base64url};
use latchkey_testkit::remote::{Remote, json as document};
use latchkey_testkit::{Browser, Page, World, on_both_databases};
use latchkey_web::identity::upstream::registration::TypedSecret;
use serde_json::{Value, json};
use url::Url;

const ISSUER: &str = "https://service.test";

/// Makes an ID token of claims that fit.
type Forge = Box<dyn Fn(&Value) -> String>;

/// A provider whose every word the test chooses.
struct Provider {
    id: UpstreamId,
    pair: Arc<SigningKey>,
    remote: Remote,
}

fn typed() -> Registration {
    Registration {
        name: "Hostile".into(),
        issuer: ISSUER.into(),
        client_id: "latchkey".into(),
        scopes: "openid".into(),
        home_realm: true,
        makes_accounts: true,
        passwords: true,
    }
}

fn metadata(issuer: &str, names_itself: bool) -> Value {
    json!({
        "issuer": issuer,
        "authorization_endpoint": format!("{issuer}/authorize"),
        "token_endpoint": format!("{issuer}/token"),
        "jwks_uri": format!("{issuer}/keys"),
        "authorization_response_iss_parameter_supported": names_itself,
    })
}

impl Provider {
    async fn of(world: &World, names_itself: bool) -> Self {
        let pair = Arc::new(SigningKey::generate(Algorithm::Es256).unwrap());
        let id = world.registers_upstream(&typed(), TypedSecret::Is("a-secret")).await;
        let provider = Self { id, pair, remote: world.remote("service.test", |_| document(&json!({}))).await };
        provider.says(names_itself, "nothing".to_owned());
        provider
    }

    /// From now on it gives this ID token for every code.
    fn says(&self, names_itself: bool, id_token: String) {
        let keys = json!({"keys": [self.pair.public_jwk()]});
        self.remote.answers(move |asked| {
            document(&match asked.head.uri.path() {
                "/keys" => keys.clone(),
                "/token" => json!({"token_type": "Bearer", "access_token": "access", "id_token": id_token}),
                _ => metadata(ISSUER, names_itself),
            })
        });
    }

    fn signs(&self, claims: &Value) -> String {
        self.pair.sign_jwt("JWT", claims).unwrap()
    }

    /// The address at which the browser comes back.
    fn back(&self, query: &str) -> String {
        format!("/upstream/callback/{}?{query}", self.id)
    }

    /// How often a code was redeemed.
    fn redeemed(&self) -> usize {
        self.remote.asked().iter().filter(|asked| asked.head.uri.path() == "/token").count()
    }
}

/// Begins a sign-in: its `state` and `nonce`.
async fn begins(browser: &Browser) -> (String, String) {
    let page = browser.open("/signin?login_hint=somebody@harbor.test").await.page();
    let there = Url::parse(&page.follow("onward").await.left().url).unwrap();
    let parameter = |name: &str| there.query_pairs().find(|(found, _)| found == name).unwrap().1.into_owned();
    (parameter("state"), parameter("nonce"))
}

fn claims(world: &World, nonce: &str) -> Value {
    let now = world.now().as_secs();
    json!({"iss": ISSUER, "sub": "eve", "aud": "latchkey", "iat": now, "exp": now + 300, "nonce": nonce})
}

async fn opens(browser: &Browser, url: &str) -> Page {
    browser.open(url).await.page()
}

fn refused(page: &Page) -> String {
    assert!(page.status() >= 400 && !page.has("onward"), "{} {}", page.status(), page.text());
    page.error_code()
}

#[test]
fn an_answer_of_another_issuer_is_no_answer_and_its_code_goes_nowhere() {
    on_both_databases(async |world| {
        let provider = Provider::of(&world, true).await;
        for iss in ["&iss=https://evil.test", "&iss=https://service.test/", ""] {
            let browser = world.browser();
            let (state, _) = begins(&browser).await;
            let page = opens(&browser, &provider.back(&format!("code=c&state={state}{iss}"))).await;
            assert_eq!(refused(&page), "upstream_issuer", "{iss}");
        }
        assert_eq!(provider.redeemed(), 0);
    });
}

#[test]
fn an_answer_at_the_address_of_another_provider_is_no_answer() {
    on_both_databases(async |world| {
        let provider = Provider::of(&world, false).await;
        let other = Registration { issuer: "https://friend.test".into(), home_realm: false, ..typed() };
        let other = world.registers_upstream(&other, TypedSecret::OwnKey).await;
        let browser = world.browser();
        let (state, _) = begins(&browser).await;
        let page = opens(&browser, &format!("/upstream/callback/{other}?code=c&state={state}")).await;
        assert_eq!(refused(&page), "upstream_sign_in_expired");
        assert_eq!(provider.redeemed(), 0);
    });
}

#[test]
fn a_state_counts_once_for_ten_minutes_in_its_own_browser() {
    on_both_databases(async |world| {
        let provider = Provider::of(&world, false).await;
        let browser = world.browser();
        let (state, nonce) = begins(&browser).await;
        let told = json!({"email": "eve@harbor.test", "email_verified": true, "name": "Eve"});
        let mut token = claims(&world, &nonce);
        token.as_object_mut().unwrap().extend(told.as_object().unwrap().clone());
        provider.says(false, provider.signs(&token));
        let back = provider.back(&format!("code=c&state={state}"));
        // Somebody is made to finish a sign-in that another began: it stays the other's.
        let victim = world.browser();
        assert_eq!(refused(&opens(&victim, &back).await), "upstream_sign_in_expired");
        victim.open("/me").await.page();
        assert_eq!(provider.redeemed(), 0);
        assert!(opens(&browser, &back).await.has("onward"), "who began it goes on");
        assert_eq!(refused(&opens(&browser, &back).await), "upstream_sign_in_expired", "once");
        assert_eq!(provider.redeemed(), 1);
        let (state, _) = begins(&browser).await;
        world.seconds_later(600);
        let late = opens(&browser, &provider.back(&format!("code=c&state={state}"))).await;
        assert_eq!(refused(&late), "upstream_sign_in_expired");
        for query in ["code=c", "code=c&state=", "code=c&state=x", "code=c&state=a&state=b", ""] {
            assert_eq!(refused(&opens(&browser, &provider.back(query)).await), "upstream_sign_in_expired", "{query}");
        }
    });
}

#[test]
fn an_id_token_that_does_not_fit_signs_nobody_in() {
    on_both_databases(async |world| {
        let provider = Provider::of(&world, false).await;
        let stranger = SigningKey::generate(Algorithm::Es256).unwrap();
        let now = world.now().as_secs();
        let mut forged: Vec<(&str, Forge)> = Vec::new();
        for (name, value) in [
            ("iss", json!("https://evil.test")),
            ("aud", json!("another")),
            ("aud", json!(["latchkey", "another"])),
            ("azp", json!("another")),
            ("nonce", json!("another")),
            ("exp", json!(now - 300)),
            ("iat", json!(now + 300)),
            ("at_hash", json!("another")),
            ("sub", json!("")),
        ] {
            let pair = Arc::clone(&provider.pair);
            forged.push((
                name,
                Box::new(move |claims| {
                    let mut claims = claims.clone();
                    claims[name] = value.clone();
                    pair.sign_jwt("JWT", &claims).unwrap()
                }),
            ));
        }
        forged.push(("another key", Box::new(move |claims| stranger.sign_jwt("JWT", claims).unwrap())));
        let unsigned = |alg: &'static str| {
            Box::new(move |claims: &Value| {
                let header = base64url::encode(json!({"alg": alg}).to_string());
                format!("{header}.{}.", base64url::encode(claims.to_string()))
            })
        };
        forged.push(("none", unsigned("none")));
        forged.push(("HS256", unsigned("HS256")));
        for (what, forge) in forged {
            let browser = world.browser();
            let (state, nonce) = begins(&browser).await;
            provider.says(false, forge(&claims(&world, &nonce)));
            let page = opens(&browser, &provider.back(&format!("code=c&state={state}"))).await;
            assert_eq!(refused(&page), "upstream_not_believed", "{what}");
            assert!(browser.open("/me").await.page().has("password"), "{what}: nobody is signed in");
        }
    });
}

#[test]
fn nobody_takes_an_account_over_by_its_address() {
    on_both_databases(async |world| {
        let provider = Provider::of(&world, false).await;
        for (told, code) in [
            (json!({"email": "ana@harbor.test", "email_verified": true}), "upstream_address_taken"),
            (json!({"email": "ANA@harbor.test", "email_verified": true}), "upstream_address_taken"),
            (json!({"email": "ana@harbor.test", "email_verified": false}), "upstream_no_address"),
            (json!({"email": "new@harbor.test", "email_verified": "true"}), "upstream_no_address"),
            (json!({"email": "eve@shore.test", "email_verified": true}), "upstream_no_address"),
            (json!({"preferred_username": "ana@harbor.test", "upn": "ana@harbor.test"}), "upstream_no_address"),
        ] {
            let browser = world.browser();
            let (state, nonce) = begins(&browser).await;
            let mut claims = claims(&world, &nonce);
            claims.as_object_mut().unwrap().extend(told.as_object().unwrap().clone());
            provider.says(false, provider.signs(&claims));
            let page = opens(&browser, &provider.back(&format!("code=c&state={state}"))).await;
            assert_eq!(refused(&page), code, "{told}");
        }
    });
}

#[test]
fn metadata_of_another_issuer_lead_nowhere() {
    on_both_databases(async |world| {
        let provider = Provider::of(&world, false).await;
        for wrong in [
            metadata("https://evil.test", false),
            json!({"issuer": ISSUER, "authorization_endpoint": "http://evil.test", "token_endpoint": "https://a.test"}),
            json!({"issuer": ISSUER, "authorization_endpoint": "javascript:alert(1)", "token_endpoint": "https://a.test"}),
            json!({"issuer": ISSUER, "authorization_endpoint": "https://127.0.0.1/", "token_endpoint": "https://a.test"}),
        ] {
            provider.remote.answers(move |_| document(&wrong));
            let page = opens(&world.browser(), "/signin?login_hint=somebody@harbor.test").await;
            assert!(page.has("password") && !page.has("onward"), "{}", page.text());
            world.seconds_later(7 * 3_600);
        }
    });
}

#[test]
fn a_token_endpoint_inside_our_network_is_not_asked() {
    on_both_databases(async |world| {
        let provider = Provider::of(&world, false).await;
        provider.remote.answers(|_| {
            let mut metadata = metadata(ISSUER, false);
            metadata["token_endpoint"] = "https://169.254.169.254/latest".into();
            document(&metadata)
        });
        let browser = world.browser();
        let (state, _) = begins(&browser).await;
        let page = opens(&browser, &provider.back(&format!("code=c&state={state}"))).await;
        assert_eq!(refused(&page), "upstream_unavailable");
    });
}

#[test]
fn what_was_changed_since_a_sign_in_began_makes_it_begin_anew() {
    on_both_databases(async |world| {
        let provider = Provider::of(&world, false).await;
        let browser = world.browser();
        let (state, _) = begins(&browser).await;
        world.changes_upstream(provider.id, &typed(), TypedSecret::Keep).await;
        let page = opens(&browser, &provider.back(&format!("code=c&state={state}"))).await;
        assert_eq!(refused(&page), "upstream_sign_in_expired");
    });
}
