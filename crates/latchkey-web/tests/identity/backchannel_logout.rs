//! What an examiner of Back-Channel and Front-Channel Logout looks at, line by line.

use std::collections::BTreeSet;

use latchkey_identity::logout_notice::SignedInTo;
use latchkey_identity::secret::TokenHash;
use latchkey_identity::session::{BrowserHash, Session, SessionId};
use latchkey_identity::{Change, Timestamp};
use latchkey_testkit::builders::a_web_app;
use latchkey_testkit::relying_party::{claims, header};
use latchkey_testkit::remote::{Remote, status};
use latchkey_testkit::server::encode;
use latchkey_testkit::{Person, RelyingParty, Tokens, World, on_both_databases};
use serde_json::json;

const BYE: &str = "https://skiff.test/bye";

/// An app that is told of sign-outs at `service.test`, and what is told there.
async fn skiff(world: &World) -> (RelyingParty, Remote) {
    let remote = world.remote("service.test", |_| status(200)).await;
    let app = a_web_app("skiff")
        .and_post_logout_redirect_uri(BYE)
        .and_backchannel_logout_uri("https://service.test/signed-out");
    (world.registers(app).await, remote)
}

async fn signed_in(world: &World) -> (RelyingParty, Remote, Person, Tokens) {
    let (app, remote) = skiff(world).await;
    let ana = world.ana();
    let tokens = ana.authorizes("skiff").await;
    (app, remote, ana, tokens)
}

async fn signs_out(app: &RelyingParty, person: &Person, tokens: &Tokens) -> latchkey_testkit::Visit {
    let hint = tokens.id.as_deref().unwrap();
    let pairs = [("id_token_hint", hint), ("post_logout_redirect_uri", BYE), ("state", "s")];
    let url = format!("{}?{}", app.endpoint("oauth2/v2.0/logout"), encode(pairs));
    person.browser().open_from("https://skiff.test", &url).await
}

/// A session in which somebody signed in to an app, from its beginning to its end.
fn a_session(about: SignedInTo, at: Timestamp) -> [Change; 3] {
    let session = Session {
        id: about.session,
        browser: BrowserHash(TokenHash([7; 32])),
        account: about.account,
        tenant: about.tenant,
        authenticated_at: at,
        context: latchkey_identity::sign_in::context::AuthenticationContext::Password,
        used_at: at,
        ended_at: None,
        address: "192.0.2.1".into(),
        user_agent: "Browser/1".into(),
    };
    let end = Change::EndSession { session: session.id, at };
    [Change::StartSession(Box::new(session)), Change::JoinSession { about, at }, end]
}

async fn told(world: &World) {
    world.parts().tell_of_sign_outs().await.unwrap();
}

#[test]
fn a_logout_token_is_posted_as_a_form_and_says_what_the_id_token_said() {
    on_both_databases(async |world| {
        let (app, remote, ana, tokens) = signed_in(&world).await;
        told(&world).await;
        assert_eq!(remote.connections(), 0, "nobody is told before anything ends");
        let left = signs_out(&app, &ana, &tokens).await.left();
        assert_eq!(left.url, format!("{BYE}?state=s"), "the browser does not wait");
        told(&world).await;
        let asked = remote.asked();
        assert_eq!(asked.len(), 1);
        assert_eq!((asked[0].head.method.as_str(), asked[0].head.uri.path()), ("POST", "/signed-out"));
        assert_eq!(asked[0].head.headers["content-type"], "application/x-www-form-urlencoded");
        let names: Vec<String> =
            url::form_urlencoded::parse(&asked[0].body).map(|(name, _)| name.into_owned()).collect();
        assert_eq!(names, ["logout_token"]);

        let token = asked[0].field("logout_token").unwrap();
        let (logout, id) = (claims(&token), tokens.id_claims());
        for same in ["iss", "aud", "sub", "sid"] {
            assert_eq!(logout[same], id[same], "{same}");
        }
        assert_eq!(logout["events"], json!({"http://schemas.openid.net/event/backchannel-logout": {}}));
        assert_eq!(logout["exp"].as_i64().unwrap() - logout["iat"].as_i64().unwrap(), 120);
        assert_eq!(logout["iat"], world.now().as_secs());
        assert!(logout["jti"].is_string() && logout.get("nonce").is_none());
        assert_eq!(header(&token)["typ"], "logout+jwt");
        let keys = world.get(&app.endpoint("discovery/v2.0/keys")).await.json();
        let published = keys["keys"].as_array().unwrap().iter().any(|key| key["kid"] == header(&token)["kid"]);
        assert!(published, "it is signed with a key of the JWKS");
        told(&world).await;
        assert_eq!(remote.asked().len(), 1, "once");
    });
}

#[test]
fn an_app_that_does_not_answer_is_told_again_and_one_that_refuses_is_not() {
    on_both_databases(async |world| {
        let (app, remote, ana, tokens) = signed_in(&world).await;
        remote.answers(|_| status(503));
        signs_out(&app, &ana, &tokens).await.left();
        told(&world).await;
        told(&world).await;
        assert_eq!(remote.asked().len(), 1, "not at once");
        remote.answers(|_| status(204));
        world.seconds_later(11);
        told(&world).await;
        let asked = remote.asked();
        assert_eq!(asked.len(), 2);
        let jti = |number: usize| claims(&asked[number].field("logout_token").unwrap())["jti"].clone();
        assert_ne!(jti(0), jti(1), "each try is a token of its own");
        world.seconds_later(86_400);
        told(&world).await;
        assert_eq!(remote.asked().len(), 2);

        let tokens = ana.authorizes("skiff").await;
        remote.answers(|_| status(400));
        signs_out(&app, &ana, &tokens).await.left();
        told(&world).await;
        world.seconds_later(86_000);
        told(&world).await;
        assert_eq!(remote.asked().len(), 3);
    });
}

#[test]
fn an_app_that_does_not_answer_keeps_nobody_waiting() {
    on_both_databases(async |world| {
        let (skiff, dead) = skiff(&world).await;
        dead.answers(|_| status(503));
        let friend = world.remote("friend.test", |_| status(200)).await;
        let ferry = a_web_app("ferry").and_backchannel_logout_uri("https://friend.test/signed-out");
        world.registers(ferry).await;
        let signed_in = |session: u128, app: &str| SignedInTo {
            session: SessionId(uuid::Uuid::from_u128(session)),
            client: world.app(app).app().id,
            tenant: world.harbor(),
            account: world.account("ana"),
            origin: "https://id.test".into(),
        };
        for session in 0..100 {
            world.becomes(a_session(signed_in(session, "skiff"), world.now())).await;
        }
        world.seconds_later(1);
        world.becomes(a_session(signed_in(100, "ferry"), world.now())).await;
        told(&world).await;
        assert_eq!(friend.asked().len(), 1, "the last one in the queue");
        let tried = dead.asked().len();
        assert!((1..=8).contains(&tried), "no more than are asked at the same time: {tried}");
        told(&world).await;
        assert_eq!(dead.asked().len(), tried, "it is left alone for a while");

        dead.answers(|_| status(200));
        world.seconds_later(11);
        told(&world).await;
        let sids: BTreeSet<String> =
            dead.asked().iter().map(|asked| claims(&asked.field("logout_token").unwrap())["sid"].to_string()).collect();
        assert_eq!(sids.len(), 100, "{}: nothing was lost", skiff.client_id());

        // What was never tried because others were goes when it is a day old.
        let asked = dead.asked().len();
        world.becomes(a_session(signed_in(101, "skiff"), world.now())).await;
        world.seconds_later(86_400);
        world.parts().purge().await.unwrap();
        told(&world).await;
        assert_eq!(dead.asked().len(), asked);
    });
}

#[test]
fn every_way_in_which_a_session_ends_is_told() {
    on_both_databases(async |world| {
        let (_, remote, ana, tokens) = signed_in(&world).await;
        // On the page for it.
        ana.opens("/signout").await.press("signout-confirm").await;
        told(&world).await;
        assert_eq!(remote.asked().len(), 1, "the sign-out page");
        let sid = |number: usize| claims(&remote.asked()[number].field("logout_token").unwrap())["sid"].clone();
        assert_eq!(sid(0), tokens.id_claims()["sid"]);

        // From another browser, one session or all others.
        let tokens = ana.authorizes("skiff").await;
        let elsewhere = world.person_at("ana", &world.browser());
        let page = elsewhere.opens("/profile/sessions").await;
        page.press("end-others").await;
        told(&world).await;
        assert_eq!(remote.asked().len(), 2, "all other sessions");
        assert_eq!(sid(1), tokens.id_claims()["sid"]);

        // A password was changed.
        ana.authorizes("skiff").await;
        let change = Change::SetPassword { account: ana.id(), password: "$none$".into(), at: world.now() };
        world.becomes([change]).await;
        told(&world).await;
        assert_eq!(remote.asked().len(), 3, "a password");
    });
}

#[test]
fn the_sessions_of_a_disabled_account_are_told() {
    on_both_databases(async |world| {
        let (_, remote, _, tokens) = signed_in(&world).await;
        world.disables("ana").await;
        told(&world).await;
        let logout = claims(&remote.asked()[0].field("logout_token").unwrap());
        assert_eq!(logout["sid"], tokens.id_claims()["sid"]);
    });
}

#[test]
fn who_never_signed_in_to_the_app_is_none_of_its_business() {
    on_both_databases(async |world| {
        let (_, remote) = skiff(&world).await;
        let ana = world.ana();
        ana.authorizes("burndown").await;
        ana.opens("/signout").await.press("signout-confirm").await;
        world.suspends("skiff").await;
        told(&world).await;
        assert_eq!(remote.connections(), 0);
    });
}

#[test]
fn the_signed_out_page_frames_the_apps_own_page_with_iss_and_sid_and_then_goes_on() {
    on_both_databases(async |world| {
        let app = a_web_app("skiff")
            .and_post_logout_redirect_uri(BYE)
            .and_frontchannel_logout_uri("https://skiff.test/signed-out?from=latchkey");
        let app = world.registers(app).await;
        let ana = world.ana();
        let tokens = ana.authorizes("skiff").await;
        let page = signs_out(&app, &ana, &tokens).await.page();
        assert_eq!(page.status(), 200);
        let id = tokens.id_claims();
        let query = encode([("iss", id["iss"].as_str().unwrap()), ("sid", id["sid"].as_str().unwrap())]);
        let frame = format!("https://skiff.test/signed-out?from=latchkey&{query}");
        assert!(page.attributes("src").contains(&frame), "{:?}", page.attributes("src"));
        assert_eq!(page.header("refresh"), Some("2;url=https://skiff.test/bye?state=s"), "without any script");
        let policy = page.header("content-security-policy").unwrap();
        assert!(policy.contains(" frame-src https://skiff.test;"), "{policy}");
    });
}

#[test]
fn pages_for_sign_outs_are_the_apps_own_and_addresses_for_notices_are_https() {
    on_both_databases(async |world| {
        let ana = world.ana();
        world.registers(a_web_app("skiff").owned_by("ana")).await;
        let path = format!("/apps/{}/requests", world.app("skiff").client_id());
        let page = ana.opens(&path).await;
        let page = page
            .fill("backchannel_logout_uri", "http://skiff.test/out")
            .press("save-sign-out-and-requests")
            .await
            .page();
        assert!(page.text().contains("the address for notices of sign-outs is an https address"), "{}", page.text());
        let page = page.fill("backchannel_logout_uri", "https://skiff.test/out");
        let page = page
            .fill("frontchannel_logout_uri", "https://evil.test/out")
            .press("save-sign-out-and-requests")
            .await
            .page();
        assert!(page.text().contains("the page for sign-outs lies at the scheme, host and port"), "{}", page.text());
        let page = page
            .fill("frontchannel_logout_uri", "https://skiff.test/frame")
            .press("save-sign-out-and-requests")
            .await
            .page();
        assert!(page.text().contains("were saved"), "{}", page.text());
        let client = world.store().client(world.app("skiff").app().id).await.unwrap().unwrap();
        assert_eq!(client.logout.backchannel_logout_uri.as_ref().unwrap().as_str(), "https://skiff.test/out");
        assert_eq!(client.logout.frontchannel_logout_uri.as_ref().unwrap().as_str(), "https://skiff.test/frame");
    });
}
