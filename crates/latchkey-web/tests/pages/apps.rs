//! `/apps`

use latchkey_identity::client::Metadata;
use latchkey_testkit::builders::a_daemon;
use latchkey_testkit::{Page, Person, World, on_both_databases};

async fn registers(person: &Person, name: &str) -> Page {
    let form = person.opens("/apps/new").await;
    let form =
        form.fill("name", name).fill("redirect_uris", "https://crane.test/callback\nhttp://localhost:9000/callback");
    form.choose("kind", "web").tick("scope", "vso.work").press("register").await.page()
}

/// The id in the address of an app's page.
fn id(page: &Page) -> String {
    page.text_of("client-id")
}

#[test]
fn an_app_is_registered_with_what_it_needs() {
    on_both_databases(async |world| {
        let ben = world.ben();
        let page = registers(&ben, "Crane").await;
        assert!(page.says("Crane") && page.says("Publisher not verified"), "{}", page.text());
        let id = id(&page);
        let client =
            world.store().client(latchkey_identity::client::ClientId::parse(&id).unwrap()).await.unwrap().unwrap();
        assert_eq!(client.redirect_uris.len(), 2);
        assert_eq!(client.owner, Some(ben.id()));
        assert_eq!(client.tenant, world.harbor());
        assert!(!client.administrator_approved);
        assert!(ben.opens("/apps").await.says("Crane"));
    });
}

#[test]
fn a_secret_is_shown_once_works_and_can_be_removed() {
    on_both_databases(async |world| {
        let ben = world.ben();
        let page = registers(&ben, "Crane").await;
        let id = id(&page);
        let shown = page.choose("expires", "90").press("add-secret").await.page();
        let secret = shown.text_of("client-secret");
        assert!(secret.starts_with("lks_") && secret.len() >= 43);
        let url = format!("/{}/oauth2/v2.0/token", world.harbor());
        let grant = [("grant_type", "refresh_token"), ("refresh_token", "x")];
        assert_eq!(
            world.post(&url).form(grant).basic(&id, &secret).await.error(),
            "invalid_grant",
            "the client is known"
        );
        let app = ben.opens(&format!("/apps/{id}")).await;
        assert!(!app.source().contains(&secret), "it is shown this one time");
        let button = app.attributes("id").into_iter().find(|id| id.starts_with("remove-secret-")).unwrap();
        app.press(&button).await.page();
        assert_eq!(world.post(&url).form(grant).basic(&id, &secret).await.error(), "invalid_client");
    });
}

#[test]
fn a_third_secret_is_refused() {
    on_both_databases(async |world| {
        let ben = world.ben();
        let id = id(&registers(&ben, "Crane").await);
        let add = async || {
            let page = ben.opens(&format!("/apps/{id}")).await;
            page.press("add-secret").await.page()
        };
        assert!(add().await.has("client-secret") && add().await.has("client-secret"));
        let third = add().await;
        assert!(!third.has("client-secret") && third.status() == 422, "{}", third.text());
    });
}

#[test]
fn what_is_wrong_with_a_registration_is_said() {
    on_both_databases(async |world| {
        let ben = world.ben();
        for (name, uris) in [
            ("", "https://crane.test/"),
            ("Latchkey Support", "https://crane.test/"),
            ("Crane", "http://crane.test/"),
            ("Crane", "https://crane.test/#x"),
            ("Crane", "javascript:alert(1)"),
            ("Crane", ""),
            ("a\u{202e}b", "https://crane.test/"),
        ] {
            let form =
                ben.opens("/apps/new").await.fill("name", name).fill("redirect_uris", uris).choose("kind", "web");
            let page = form.tick("scope", "vso.work").press("register").await.page();
            assert_eq!(page.status(), 422, "{name:?} {uris:?}: {}", page.text());
            assert!(page.source().contains("class=\"wrong\"") || page.has("error-summary"), "{name:?} {uris:?}");
        }
        assert_eq!(world.store().count_clients_owned_by(ben.id()).await.unwrap(), 0);
    });
}

#[test]
fn a_deleted_app_is_gone_with_everything_below_it() {
    on_both_databases(async |world| {
        let ana = world.ana();
        let tokens = ana.authorizes("burndown").await;
        let max = world.max();
        let page = max.opens(&format!("/apps/{}", world.app("burndown").client_id())).await;
        assert!(page.says("one person has authorized it"), "{}", page.text());
        page.follow("delete").await.page().press("confirm").await.page();
        assert_eq!(tokens.userinfo().await.status, 401);
        assert_eq!(tokens.refreshed().await.err().unwrap().error, "invalid_client");
        assert!(ana.opens("/profile/authorizations").await.has("no-authorizations"));
        let page = world.browser().open(&world.app("burndown").request().url()).await.page();
        assert_eq!(page.error_code(), "unauthorized_client");
    });
}

#[test]
fn a_tenant_administrator_changes_any_app_of_the_tenant_and_others_see_none() {
    on_both_databases(async |world: World| {
        let id = id(&registers(&world.ben(), "Crane").await);
        let url = format!("/apps/{id}");
        assert!(world.ana().opens(&url).await.says("Crane"));
        for person in [world.max(), world.eve(), world.pat()] {
            assert_eq!(person.opens(&url).await.status(), 404, "{}", person.email());
        }
    });
}

#[test]
fn the_addresses_for_after_sign_out_device_codes_and_pushed_requests_are_saved_on_its_page() {
    on_both_databases(async |world| {
        let ben = world.ben();
        let page = registers(&ben, "Crane").await;
        let client_id = latchkey_identity::client::ClientId::parse(&id(&page)).unwrap();
        let overview = page;
        let bad = ben
            .opens(&format!("/apps/{client_id}/requests"))
            .await
            .fill("post_logout_redirect_uris", "http://crane.test/bye")
            .press("save-sign-out-and-requests")
            .await
            .page();
        assert_eq!(bad.status(), 422);
        assert!(bad.text_of("post-logout-uris-wrong").contains("http is for localhost"), "{}", bad.text());
        let page = bad.fill("post_logout_redirect_uris", "https://crane.test/bye").tick("device_code", "yes");
        let page = page.tick("pushed_only", "yes").press("save-sign-out-and-requests").await.page();
        assert!(page.says("Sign-out, devices and pushed requests were saved"), "{}", page.text());
        let client = world.store().client(client_id).await.unwrap().unwrap();
        assert!(client.permits_post_logout_redirect("https://crane.test/bye"));
        assert!(client.device_code && client.pushed_only);
        let page = overview.press("save-redirect-uris").await.page();
        let after = world.store().client(client_id).await.unwrap().unwrap();
        assert_eq!(after.logout, client.logout, "another form leaves them as they are: {}", page.text());
    });
}

#[test]
fn how_an_app_asks_and_is_answered_is_saved_on_its_page() {
    on_both_databases(async |world| {
        let ben = world.ben();
        let page = registers(&ben, "Crane").await;
        let client_id = latchkey_identity::client::ClientId::parse(&id(&page)).unwrap();
        let overview = page;
        let page = ben.opens(&format!("/apps/{client_id}/requests")).await;
        let bad = page.fill("initiate_login_uri", "http://crane.test/login").fill("default_max_age", "600");
        let bad = bad.press("save-answers").await.page();
        assert_eq!(bad.status(), 422);
        assert!(bad.text_of("answers-wrong").contains("initiate_login_uri"), "{}", bad.text());
        let unread = bad.fill("initiate_login_uri", "").fill("default_max_age", "an hour");
        let bad = unread.press("save-answers").await.page();
        assert_eq!(bad.status(), 422);
        assert!(bad.text_of("max-age-wrong").contains("default_max_age"), "{}", bad.text());
        assert_eq!(bad.value("default_max_age"), "an hour", "nobody has to type it again");
        let bad = bad.fill("default_max_age", "600");
        let page = bad.fill("initiate_login_uri", "https://crane.test/login").tick("subject_type", "pairwise");
        assert_eq!(page.value("default_max_age"), "600", "what was typed before the mistake stays");
        let page = page.choose("id_token_signed_response_alg", "ES256").press("save-answers").await.page();
        assert!(page.text_of("answers-wrong").contains("one host"), "{}", page.text());
        overview.fill("redirect_uris", "https://crane.test/callback").press("save-redirect-uris").await.page();
        let page = ben.opens(&format!("/apps/{client_id}/requests")).await;
        let page = page.choose("authorization_details_types", "none");
        let page = page.fill("initiate_login_uri", "https://crane.test/login").fill("default_max_age", "600");
        let page = page.fill("request_uris", "https://crane.test/request.jwt").tick("subject_type", "pairwise");
        let page = page.choose("id_token_signed_response_alg", "ES256").press("save-answers").await.page();
        assert!(page.says("How it asks and is answered was saved"), "{}", page.text());
        let metadata = world.store().client(client_id).await.unwrap().unwrap().metadata.clone();
        assert_eq!(metadata.default_max_age, Some(600));
        assert_eq!(metadata.id_token_signed_response_alg, Some(latchkey_jose::Algorithm::Es256));
        assert_eq!(metadata.subject_type, latchkey_identity::client::SubjectType::Pairwise);
        assert_eq!(metadata.request_uris, ["https://crane.test/request.jwt"]);
        assert_eq!(metadata.authorization_details_types, Some(std::collections::BTreeSet::new()));
        let begun = metadata.sign_in_at("https://id.test");
        assert_eq!(begun.as_deref(), Some("https://crane.test/login?iss=https%3A%2F%2Fid.test"));
        page.press("save-sign-out-and-requests").await.page();
        let after = world.store().client(client_id).await.unwrap().unwrap().metadata.clone();
        assert_eq!(after, metadata, "another form leaves it as it is");
    });
}

#[test]
fn an_owner_decides_what_the_tokens_of_an_app_are_bound_to_and_how_long_they_live() {
    on_both_databases(async |world| {
        let ben = world.ben();
        let page = registers(&ben, "Crane").await;
        let id = latchkey_identity::client::ClientId::parse(&id(&page)).unwrap();
        let mut page = ben.opens(&format!("/apps/{id}/requests")).await;
        for (binding, bound) in [("dpop", (true, false)), ("certificate", (false, true)), ("none", (false, false))] {
            page = page.choose("binding", binding).fill("access_token_lifetime", "600");
            page = page.press("save-tokens").await.page();
            assert!(page.says("Its access tokens were changed."), "{}", page.text());
            assert_eq!(page.value("access_token_lifetime"), "600");
            let metadata = world.store().client(id).await.unwrap().unwrap().metadata.clone();
            let kept = (metadata.dpop_bound_access_tokens, metadata.tls_client_certificate_bound_access_tokens);
            assert_eq!(kept, bound, "{binding}");
            assert_eq!(metadata.access_token_lifetime, 600.try_into().ok());
        }
        let refused =
            page.choose("binding", "dpop").fill("access_token_lifetime", "5401").press("save-tokens").await.page();
        assert!(refused.has("lifetime-wrong") && !refused.has("answers-wrong"), "{}", refused.text());
        assert_eq!((refused.status(), refused.value("access_token_lifetime").as_str()), (422, "5401"));
        assert!(refused.source().contains("value=\"dpop\" checked"), "nobody has to choose it again");
        let page = refused.fill("access_token_lifetime", "").press("save-tokens").await.page();
        assert_eq!(page.value("access_token_lifetime"), "", "as it is drawn again");
        let kept = world.store().client(id).await.unwrap().unwrap().metadata.access_token_lifetime;
        assert_eq!(kept, None);
    });
}

/// A name of client metadata that no form has: every ID token has `auth_time`.
const WITHOUT_A_FIELD: &str = "require_auth_time";

/// The name of the field that stands for a name of client metadata.
fn field(metadata: &str) -> &str {
    match metadata {
        "response_types" => "response_type",
        "dpop_bound_access_tokens" | "tls_client_certificate_bound_access_tokens" => "binding",
        name => name,
    }
}

#[test]
fn every_name_of_client_metadata_has_a_field_on_a_page_of_the_app() {
    on_both_databases(async |world| {
        let ana = world.ana();
        let id = id(&registers(&ana, "Crane").await);
        let mut fields = Vec::new();
        for part in ["", "/keys", "/requests"] {
            fields.extend(ana.opens(&format!("/apps/{id}{part}")).await.attributes("name"));
        }
        // Names of certificates have one where an authority vouches for such: see `tls_client_auth`.
        let named = Metadata::NAMES.into_iter().filter(|name| !name.starts_with("tls_client_auth_"));
        let without: Vec<_> = named.filter(|name| !fields.iter().any(|one| one == field(name))).collect();
        assert_eq!(without, [WITHOUT_A_FIELD]);
    });
}

#[test]
fn what_people_see_of_an_app_and_where_its_keys_are_is_saved_on_its_pages() {
    on_both_databases(async |world| {
        let ana = world.ana();
        let page = registers(&ana, "Crane").await;
        let client_id = latchkey_identity::client::ClientId::parse(&id(&page)).unwrap();
        let bad = page.fill("tos_uri", "javascript:alert(1)").fill("client_uri", "https://crane.test/");
        let bad = bad.press("save-presentation").await.page();
        assert!(bad.status() == 422 && bad.has("presentation-wrong"), "{}", bad.text());
        assert_eq!(bad.value("client_uri"), "https://crane.test/", "what was typed before the mistake stays");
        let page = bad.fill("tos_uri", "https://crane.test/terms").press("save-presentation").await.page();
        assert!(page.says("What people see of it was saved."), "{}", page.text());
        let keys = ana.opens(&format!("/apps/{client_id}/keys")).await;
        let bad = keys.fill("jwks_uri", "http://crane.test/keys").press("save-jwks-uri").await.page();
        assert!(bad.status() == 422 && bad.has("jwks-uri-wrong"), "{}", bad.text());
        assert_eq!(bad.value("jwks_uri"), "http://crane.test/keys");
        let page = bad.fill("jwks_uri", "https://crane.test/keys").press("save-jwks-uri").await.page();
        assert!(page.says("Where it publishes its keys was saved."), "{}", page.text());
        let kept = world.store().client(client_id).await.unwrap().unwrap().metadata.clone();
        assert_eq!(kept.jwks_uri.as_deref(), Some("https://crane.test/keys"));
        assert_eq!(kept.tos_uri.as_deref(), Some("https://crane.test/terms"));
        assert_eq!(kept.client_uri.as_deref(), Some("https://crane.test/"));
        assert_eq!((kept.logo_uri, kept.policy_uri), (None, None));
    });
}

#[test]
fn an_owner_says_what_an_app_exposes_and_another_app_asks_for_it() {
    on_both_databases(async |world| {
        let ana = world.ana();
        let api = id(&registers(&ana, "Harbor Board").await);
        let page = ana.opens(&format!("/apps/{api}")).await;
        let page = page.fill("exposed_scopes", "access_as_user\nboards.read").press("save-api").await.page();
        assert!(page.says(&format!("api://{api}/boards.read")), "{}", page.text());
        let refused = page.fill("exposed_scopes", "two words").press("save-api").await.page();
        assert_eq!((refused.status(), refused.value("exposed_scopes").as_str()), (422, "two words"));
        // How the tokens for it are signed, and who else calls it.
        let asking = id(&registers(&ana, "Harbor Front").await);
        let page = ana.opens(&format!("/apps/{api}")).await;
        let page = page.choose("access_token_signed_response_alg", "RS256").fill("callers", &asking);
        let page = page.press("save-api").await.page();
        let chosen = (page.value("access_token_signed_response_alg"), page.value("callers"));
        assert_eq!(chosen, ("RS256".into(), asking.clone()), "{}", page.text());
        let refused = page.fill("callers", "nobody").press("save-api").await.page();
        assert_eq!((refused.status(), refused.value("callers").as_str()), (422, "nobody"));
        assert!(refused.has("callers-wrong") && !refused.has("api-wrong"), "the mistake stands at its field");
        let refused = refused.tamper("access_token_signed_response_alg", "none").press("save-api").await.page();
        assert!(refused.has("access_token_signed_response_alg-wrong") && !refused.has("answers-wrong"), "here, too");
        let page = ana.opens(&format!("/apps/{asking}")).await;
        let full = format!("api://{api}/access_as_user");
        let page = page.fill("app_scopes", &full).press("save-scopes").await.page();
        assert_eq!(page.value("app_scopes"), full);
        let wrong = page.fill("app_scopes", "api://nobody/x").press("save-scopes").await.page();
        assert_eq!(wrong.status(), 422);
    });
}

#[test]
fn the_page_of_an_app_shows_code_with_its_own_values() {
    on_both_databases(async |world| {
        let page = registers(&world.ana(), "Harbor Board").await;
        let (client, code) = (id(&page), page.text_of("snippet-openid-client"));
        assert!(code.contains(&client) && code.contains(&world.harbor().to_string()), "{code}");
        assert!(code.contains("CLIENT_SECRET") && !code.contains("lks_"), "{code}");
        let microsoft = world.registers(a_daemon("robot").of_the_microsoft_profile().owned_by("ana")).await;
        let page = world.ana().opens(&format!("/apps/{}", microsoft.client_id())).await;
        assert!(page.text_of("snippet-msal-python").contains("acquire_token_for_client"));
        assert!(page.text_of("snippet-msal-node").contains("acquireTokenByClientCredential"));
    });
}
