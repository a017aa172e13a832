//! `/upstream/callback/{id}`, `/signin/elsewhere`: people of harbor sign in at a second Latchkey.

use latchkey_identity::Change;
use latchkey_identity::account::{Account, AccountState};
use latchkey_identity::session::{Session, SessionId};
use latchkey_identity::sign_in::context::AuthenticationContext;
use latchkey_identity::sign_in::upstream::registration::Registration;
use latchkey_testkit::{Browser, Page, Upstream, World, on_both_databases};
use latchkey_web::identity::upstream::registration::TypedSecret;
use url::Url;

/// Where a page sends the browser on to, without script.
async fn onward(page: &Page) -> String {
    assert!(page.has("onward"), "{} {}", page.path(), page.text());
    assert!(page.header("refresh").is_some_and(|refresh| refresh.starts_with("0;url=")), "it goes on by itself");
    page.follow("onward").await.left().url
}

/// What somebody is sent to the provider with.
fn parameter(url: &str, name: &str) -> Option<String> {
    let url = Url::parse(url).unwrap();
    url.query_pairs().find(|(found, _)| found == name).map(|(_, value)| value.into_owned())
}

/// Begins at the sign-in page with an address: where the browser is sent.
async fn begins(browser: &Browser, email: &str) -> String {
    onward(&browser.open(&format!("/signin?login_hint={email}")).await.page()).await
}

/// Comes back, and goes on to where the page leads.
async fn comes_back(browser: &Browser, url: &str) -> Page {
    let page = browser.open(url).await.page();
    if page.has("onward") { page.follow("onward").await.page() } else { page }
}

async fn account(world: &World, email: &str) -> Option<Account> {
    world.store().credentials(email).await.unwrap().map(|(account, _)| account)
}

/// Ana links her account to who she is at the second Latchkey.
async fn links_ana(world: &World, upstream: &Upstream) -> Page {
    let ana = world.ana();
    let page = ana.opens("/profile/sign-in").await;
    let page = page.fill("password", "correct horse battery staple");
    let there = onward(&page.press(&format!("link-{}", upstream.id)).await.page()).await;
    assert_eq!(parameter(&there, "prompt").as_deref(), Some("login"), "linking takes a sign-in made for it");
    comes_back(ana.browser(), &upstream.answers("ana", &there).await).await
}

#[test]
fn who_is_not_known_gets_an_account_by_a_verified_address_of_the_domain_and_signs_in_again_by_it() {
    on_both_databases(async |world| {
        let upstream = world.trusts_an_upstream(|_| {}).await;
        upstream.has("new", "new@harbor.test", true).await;
        let browser = world.browser();
        let before = browser.open("/signin?another=1").await.page();
        let cookie = browser.session_cookie();
        assert!(before.has("by-address"));
        let there = begins(&browser, "new@harbor.test").await;
        for (name, expected) in [
            ("response_type", "code"),
            ("scope", "openid profile email"),
            ("code_challenge_method", "S256"),
            ("login_hint", "new@harbor.test"),
        ] {
            assert_eq!(parameter(&there, name).as_deref(), Some(expected), "{name}");
        }
        assert!(parameter(&there, "nonce").is_some() && parameter(&there, "state").is_some());
        let back = upstream.answers("new", &there).await;
        let home = comes_back(&browser, &back).await;
        assert_eq!(home.path(), "/me", "{}", home.text());
        assert_ne!(browser.session_cookie(), cookie, "the cookie is renewed");
        let made = account(&world, "new@harbor.test").await.unwrap();
        assert_eq!((made.name.as_str(), made.tenant_administrator), ("new of upstream", false));
        // The same person again, in another browser: the same account.
        let other = world.browser();
        let there = begins(&other, "new@harbor.test").await;
        assert_eq!(comes_back(&other, &upstream.answers("new", &there).await).await.path(), "/me");
        assert_eq!(world.store().sessions_of(made.id, world.now()).await.unwrap().len(), 2);
    });
}

#[test]
fn a_service_is_told_how_and_when_somebody_signed_in_there() {
    on_both_databases(async |world| {
        let upstream = world.trusts_an_upstream(|_| {}).await;
        links_ana(&world, &upstream).await;
        let party = world.app("burndown");
        let ana = world.person("ana");
        let request = party.request().with("login_hint", "ana@harbor.test");
        let there = onward(&ana.browser().open(&request.url()).await.page()).await;
        let at_upstream = upstream.world.ana();
        at_upstream.signs_in().await;
        let signed_in_there = world.now().as_secs();
        world.seconds_later(30);
        let back = upstream.answers_as(&at_upstream, &there).await;
        let consent = comes_back(ana.browser(), &back).await;
        let left = consent.press("approve").await.left();
        let tokens = world.redeem(&request.answered(&left).unwrap()).await.unwrap();
        let claims = tokens.id_claims();
        assert_eq!(claims["amr"], serde_json::json!(["pwd"]));
        assert_eq!(claims["acr"], "urn:oasis:names:tc:SAML:2.0:ac:classes:PasswordProtectedTransport");
        assert_eq!(claims["auth_time"], signed_in_there, "the provider's moment");
        assert_eq!(claims["auth_time"], tokens.refreshed().await.unwrap().id_claims()["auth_time"]);
    });
}

/// OpenID Connect Core §5.5.1.1: an essential `acr` that somebody did not show at the provider is not met by a sign-in there.
#[test]
fn an_essential_acr_that_was_not_shown_there_is_refused() {
    on_both_databases(async |world| {
        let upstream = world.trusts_an_upstream(|_| {}).await;
        links_ana(&world, &upstream).await;
        let at_upstream = upstream.world.ana();
        at_upstream.signs_in().await;
        // There she showed a code that she was sent, and no password.
        let (store, now) = (upstream.world.store(), world.now());
        let by_code = AuthenticationContext::Upstream(["otp"].into_iter().collect());
        for session in store.sessions_of(upstream.world.account("ana"), now).await.unwrap() {
            let id = SessionId(uuid::Uuid::from_u128(session.id.0.as_u128() ^ 1));
            let other = Session { id, context: by_code, ..session.clone() };
            upstream.world.becomes([Change::EndSession { session: session.id, at: now }]).await;
            upstream.world.becomes([Change::StartSession(Box::new(other))]).await;
        }
        let password = "urn:oasis:names:tc:SAML:2.0:ac:classes:PasswordProtectedTransport";
        let claims = serde_json::json!({"id_token": {"acr": {"essential": true, "value": password}}}).to_string();
        let request = world.app("burndown").request().with("login_hint", "ana@harbor.test").with("claims", &claims);
        let browser = world.browser();
        let there = onward(&browser.open(&request.url()).await.page()).await;
        let back = upstream.answers_as(&at_upstream, &there).await;
        let left = browser.open(&back).await.page().follow("onward").await.left();
        assert_eq!(request.answered(&left).err().unwrap().error, "unmet_authentication_requirements");
    });
}

#[test]
fn prompt_login_and_max_age_go_along_and_are_held_to() {
    on_both_databases(async |world| {
        let upstream = world.trusts_an_upstream(|_| {}).await;
        links_ana(&world, &upstream).await;
        let request = world.app("burndown").request().with("login_hint", "ana@harbor.test");
        let at_upstream = upstream.world.ana();
        at_upstream.signs_in().await;
        world.seconds_later(600);
        for (name, value, told) in [("prompt", "login", "0"), ("max_age", "60", "60")] {
            let browser = world.browser();
            let there = onward(&browser.open(&request.clone().with(name, value).url()).await.page()).await;
            assert_eq!(parameter(&there, "max_age").as_deref(), Some(told));
            assert_eq!(parameter(&there, "prompt").as_deref(), (name == "prompt").then_some("login"));
            let back = upstream.answers_as(&at_upstream, &there).await;
            assert_eq!(comes_back(&browser, &back).await.path(), "/consent", "{name}");
            world.seconds_later(600);
        }
        // A provider that does not care whether somebody signed in anew is not believed.
        let browser = world.browser();
        let there = onward(&browser.open(&request.clone().with("max_age", "60").url()).await.page()).await;
        let careless = there.replace("&max_age=60", "");
        let page = comes_back(&browser, &upstream.answers_as(&at_upstream, &careless).await).await;
        assert_eq!((page.status(), page.error_code().as_str()), (403, "upstream_not_fresh"));
    });
}

#[test]
fn an_address_or_a_domain_leads_there_and_a_button_does() {
    on_both_databases(async |world| {
        let upstream = world.trusts_an_upstream(|_| {}).await;
        let request = world.app("burndown").request();
        let browser = world.browser();
        let page = browser.open(&request.url()).await.page();
        assert_eq!(page.path(), "/signin", "nobody is sent anywhere without a reason");
        let button = page.press(&format!("elsewhere-{}", upstream.id)).await.page();
        assert!(onward(&button).await.starts_with("https://upstream.test/"));
        let typed = page.clone().fill("email", "anybody@harbor.test").press("by-address").await.page();
        assert_eq!(parameter(&onward(&typed).await, "login_hint").as_deref(), Some("anybody@harbor.test"));
        let hinted = browser.open(&request.clone().with("domain_hint", "harbor.test").url()).await.page();
        assert!(onward(&hinted).await.starts_with("https://upstream.test/"));
        let stranger = page.fill("email", "eve@shore.test").press("by-address").await.page();
        assert_eq!((stranger.status(), stranger.has("sign-in-error")), (422, true));
        let elsewhere = browser.open("/signin?login_hint=eve@shore.test").await.page();
        assert!(elsewhere.has("password"), "shore signs its people in here");
    });
}

#[test]
fn where_passwords_do_not_count_administrators_have_a_way_back_in() {
    on_both_databases(async |world| {
        let _upstream = world.trusts_an_upstream(|typed| typed.passwords = false).await;
        let attempt = async |email: &str, password: &str| {
            let page = world.browser().open("/signin").await.page();
            page.fill("email", email).fill("password", password).press("sign-in").await.page()
        };
        let (ana, ben) = ("ana@harbor.test", "ben@harbor.test");
        assert_eq!(attempt(ana, "correct horse battery staple").await.path(), "/me");
        // A right password, a wrong one, somebody who is not there, and an administrator's wrong one all lead to the provider.
        for (email, password) in [
            (ben, "correct horse battery staple"),
            (ben, "wrong horse battery staple"),
            ("nobody@harbor.test", "wrong horse battery staple"),
            (ana, "wrong horse battery staple"),
        ] {
            assert!(attempt(email, password).await.has("onward"), "{email}");
        }
        assert_eq!(attempt("eve@shore.test", "correct horse battery staple").await.path(), "/me");
    });
}

#[test]
fn who_is_not_known_links_first_where_the_directory_says_so() {
    on_both_databases(async |world| {
        let upstream = world.trusts_an_upstream(|typed| typed.makes_accounts = false).await;
        upstream.has("new", "new@harbor.test", true).await;
        let browser = world.browser();
        let there = begins(&browser, "new@harbor.test").await;
        let page = comes_back(&browser, &upstream.answers("new", &there).await).await;
        assert_eq!((page.status(), page.error_code().as_str()), (403, "upstream_not_linked"));
        assert!(account(&world, "new@harbor.test").await.is_none());
    });
}

#[test]
fn a_person_links_their_account_signs_in_by_it_and_unlinks_it() {
    on_both_databases(async |world| {
        let upstream = world.trusts_an_upstream(|_| {}).await;
        let page = links_ana(&world, &upstream).await;
        assert!(page.text_of("done").starts_with("Your account is linked"), "{}", page.text());
        assert!(!page.has(&format!("link-{}", upstream.id)), "it is not offered once more");
        let browser = world.browser();
        let there = begins(&browser, "ana@harbor.test").await;
        assert_eq!(comes_back(&browser, &upstream.answers("ana", &there).await).await.path(), "/me");
        let ana = world.person_at("ana", &browser);
        let page = ana.opens("/profile/sign-in").await.press("unlink-1").await.page();
        assert!(page.text_of("done").starts_with("It is linked no more"), "{}", page.text());
        let browser = world.browser();
        let there = begins(&browser, "ana@harbor.test").await;
        let page = comes_back(&browser, &upstream.answers("ana", &there).await).await;
        assert_eq!(page.error_code(), "upstream_address_taken", "her address alone is no proof");
    });
}

#[test]
fn linking_takes_the_password_once_more() {
    on_both_databases(async |world| {
        let upstream = world.trusts_an_upstream(|_| {}).await;
        let ana = world.ana();
        let page = ana.opens("/profile/sign-in").await.fill("password", "wrong horse battery staple");
        let page = page.press(&format!("link-{}", upstream.id)).await.page();
        assert!(page.text_of("done").starts_with("That was not your password"), "{}", page.text());
        assert!(upstream.remote.asked().is_empty(), "nobody was asked anything");
    });
}

#[test]
fn the_only_way_in_is_not_taken_away() {
    on_both_databases(async |world| {
        let upstream = world.trusts_an_upstream(|_| {}).await;
        upstream.has("new", "new@harbor.test", true).await;
        let browser = world.browser();
        let there = begins(&browser, "new@harbor.test").await;
        comes_back(&browser, &upstream.answers("new", &there).await).await;
        let page = browser.open("/profile/sign-in").await.page();
        assert!(page.says("Your account has no password"));
        let page = page.press("unlink-1").await.page();
        assert!(page.text_of("done").starts_with("It is the only way in"), "{}", page.text());
    });
}

#[test]
fn a_disabled_account_stays_disabled() {
    on_both_databases(async |world| {
        let upstream = world.trusts_an_upstream(|_| {}).await;
        links_ana(&world, &upstream).await;
        world.disables("ana").await;
        assert_eq!(account(&world, "ana@harbor.test").await.unwrap().state, AccountState::Disabled);
        let browser = world.browser();
        let there = begins(&browser, "ana@harbor.test").await;
        let page = comes_back(&browser, &upstream.answers("ana", &there).await).await;
        assert_eq!((page.status(), page.error_code().as_str()), (403, "upstream_account_disabled"));
    });
}

#[test]
fn we_prove_who_we_are_there_by_a_key_of_our_own() {
    on_both_databases(async |world| {
        let upstream = world.trusts_an_upstream(|_| {}).await;
        upstream.has("new", "new@harbor.test", true).await;
        // The second one fetches the keys that the first one publishes.
        let keys = world.get(&format!("/{}/discovery/v2.0/keys", world.harbor())).await.json();
        let published = upstream.world.remote("service.test", move |_| latchkey_testkit::remote::json(&keys)).await;
        upstream
            .world
            .changes_app("quay", |client| client.metadata.jwks_uri = Some("https://service.test/keys".to_owned()))
            .await;
        let typed = Registration { client_id: upstream.app.client_id(), ..registered(&world, &upstream).await };
        world.changes_upstream(upstream.id, &typed, TypedSecret::OwnKey).await;
        let browser = world.browser();
        let there = begins(&browser, "new@harbor.test").await;
        assert_eq!(comes_back(&browser, &upstream.answers("new", &there).await).await.path(), "/me");
        assert_eq!(published.asked().len(), 1);
        let asked = upstream.remote.asked();
        let token = asked.iter().find(|asked| asked.head.uri.path().ends_with("/token")).unwrap();
        assert!(token.field("client_assertion").is_some() && token.field("code_verifier").is_some());
        assert!(!token.head.headers.contains_key("authorization"));
    });
}

async fn registered(world: &World, upstream: &Upstream) -> Registration {
    let all = world.store().upstreams_of(world.harbor()).await.unwrap();
    let found = all.into_iter().find(|one| one.id == upstream.id).unwrap();
    Registration {
        name: found.name,
        issuer: found.issuer,
        client_id: found.client_id,
        scopes: found.scopes,
        home_realm: found.home_realm,
        makes_accounts: found.makes_accounts,
        passwords: found.passwords,
    }
}

#[test]
fn a_provider_that_does_not_answer_leaves_the_sign_in_page_as_it_is() {
    on_both_databases(async |world| {
        let upstream = world.trusts_an_upstream(|_| {}).await;
        upstream.remote.answers(|_| latchkey_testkit::remote::status(503));
        let page = world.browser().open("/signin?login_hint=ana@harbor.test").await.page();
        assert_eq!((page.status(), page.has("password")), (502, true), "{}", page.text());
        let asked = upstream.remote.asked().len();
        world.browser().open("/signin?login_hint=ana@harbor.test").await.page();
        assert_eq!(upstream.remote.asked().len(), asked, "nobody is asked again and again");
    });
}

#[test]
fn whoever_turns_back_there_is_told_so() {
    on_both_databases(async |world| {
        let upstream = world.trusts_an_upstream(|_| {}).await;
        let browser = world.browser();
        let there = begins(&browser, "ana@harbor.test").await;
        let page = upstream.world.browser().open(&there).await.page();
        let back = page.press("cancel").await.left().url;
        let page = comes_back(&browser, &back).await;
        assert_eq!((page.status(), page.error_code().as_str()), (403, "upstream_refused"), "{}", page.text());
    });
}

#[test]
fn an_administrator_adds_changes_and_removes_a_provider_on_pages() {
    on_both_databases(async |world| {
        let ana = world.ana();
        let page = ana.opens("/upstream/new").await;
        let typed = page
            .fill("name", "Harbor Login")
            .fill("issuer", "https://login.harbor.example")
            .fill("client_id", "latchkey")
            .fill("secret", "a-secret-of-theirs");
        let wrong = typed.clone().fill("issuer", "http://login.harbor.example").press("save-upstream").await.page();
        assert_eq!((wrong.status(), wrong.has("issuer-wrong")), (422, true));
        let wrong = typed.clone().fill("secret", "a secret of theirs").press("save-upstream").await.page();
        assert!(wrong.has("secret-wrong"), "a secret has no blanks");
        let page = typed.press("save-upstream").await.page();
        assert!(page.text_of("redirect-uri").starts_with("https://latchkey.test/upstream/callback/"));
        assert!(!page.source().contains("a-secret-of-theirs"), "it is never shown again");
        let kept = world.store().upstreams_of(world.harbor()).await.unwrap();
        let sealed = &kept[0].secret.as_ref().unwrap().0;
        assert!(!sealed.windows(8).any(|part| part == b"a-secret"), "it is encrypted at rest");
        let page = page.press("save-upstream").await.page();
        assert!(page.says("Saved.") && page.says("Harbor Login"));
        assert_eq!(world.store().upstreams_of(world.harbor()).await.unwrap()[0].secret, kept[0].secret);
        let id = kept[0].id;
        for stranger in [world.ben(), world.eve()] {
            stranger.signs_in().await;
            let page = stranger.browser().open(&format!("/upstream/{id}")).await.page();
            assert!(matches!(page.status(), 403 | 404), "{}", page.status());
        }
        let page = ana.opens(&format!("/upstream/{id}")).await.press("remove-upstream").await.page();
        assert!(page.says("It is removed"));
        assert!(world.store().upstreams_of(world.harbor()).await.unwrap().is_empty());
    });
}
