//! The pages of people, over HTTP.

mod app_keys;
mod commit;

use latchkey_testkit::{Page, on_both_databases};

#[test]
fn whoever_is_not_signed_in_signs_in_and_comes_back() {
    on_both_databases(async |world| {
        let ana = world.ana();
        let page = ana.browser().open("/profile/authorizations?x=1").await.page();
        assert_eq!(page.path(), "/signin");
        let page = ana.opens("/profile/authorizations?x=1").await;
        assert_eq!((page.status(), page.heading().as_str()), (200, "Manage authorizations"));
        assert_eq!(page.url().query(), Some("x=1"));
        assert!(page.has("no-authorizations"));
        for alias in ["/Profile/View", "/_usersSettings/authorizations", "/harbor/_usersSettings/authorizations"] {
            assert_eq!(ana.opens(alias).await.path(), "/profile/authorizations");
        }
        let home = ana.opens("/me").await;
        assert!(home.says("harbor") && home.says("Owner"), "{}", home.text());
    });
}

#[test]
fn what_was_approved_is_listed_shown_and_revoked() {
    on_both_databases(async |world| {
        let ana = world.ana();
        let tokens = ana.authorizes("burndown").await;
        let list = ana.opens("/profile/authorizations").await;
        let id = list.attributes("data-authorization").first().cloned().unwrap();
        let details = ana.opens(&format!("/profile/authorizations/{id}")).await;
        assert!(details.says("Access token") && details.says("Refresh token"));
        // Somebody else has no such authorization.
        let ben = world.ben();
        ben.signs_in().await;
        let theirs = ben.opens(&format!("/profile/authorizations/{id}")).await;
        assert_eq!((theirs.status(), theirs.error_code().as_str()), (404, "not_found"));
        let theirs = ben.opens("/profile/authorizations").await;
        assert!(theirs.has("no-authorizations"));
        let asked = ana.opens(&format!("/profile/authorizations/revoke?authorization={id}")).await;
        let done = asked.press("revoke-confirm").await.page();
        assert_eq!(done.heading(), "Access has ended");
        assert!(tokens.refreshed().await.is_err());
        assert_eq!(tokens.userinfo().await.status, 401);
        let ended = ana.opens(&format!("/profile/authorizations/{id}")).await;
        assert!(ended.has("ended") && ended.says("You revoked it"), "{}", ended.text());
        assert!(ana.opens("/profile/authorizations").await.has("no-authorizations"));
        ana.authorizes("burndown").await;
        ana.authorizes("chart").await;
        let all = ana.revokes_all().await;
        assert_eq!(all.heading(), "Access has ended");
    });
}

#[test]
fn sessions_are_listed_and_ended() {
    on_both_databases(async |world| {
        let (here, there, third) = (world.ana(), world.ana(), world.ana());
        here.signs_in().await;
        there.signs_in().await;
        third.signs_in().await;
        let page = here.opens("/profile/sessions").await;
        let ids: Vec<String> = page.attributes("value").into_iter().filter(|value| value.len() == 36).collect();
        assert_eq!(ids.len(), 2);
        let page = page.press(&format!("end-{}", ids[0])).await.page();
        assert!(page.says("One session was ended."), "{}", page.text());
        let page = page.press("end-others").await.page();
        assert!(page.says("This one") && page.says("One session was ended."));
        for ended in [there, third] {
            assert_eq!(ended.browser().open("/me").await.page().path(), "/signin");
        }
        assert_eq!(here.browser().open("/me").await.page().path(), "/me");
    });
}

#[test]
fn a_form_of_another_site_is_not_ours() {
    on_both_databases(async |world| {
        let ana = world.ana();
        ana.authorizes("burndown").await;
        let form = "application/x-www-form-urlencoded";
        let page =
            ana.browser().post_from("https://evil.test", "/profile/authorizations/revoke", form, "authorization=all");
        // The cookie does not come along, so nobody is signed in.
        assert_eq!(page.await.page().path(), "/signin");
        assert!(!ana.opens("/profile/authorizations").await.has("no-authorizations"));
        let page = ana
            .opens("/profile/authorizations/revoke")
            .await
            .tamper("csrf", "AAAA")
            .press("revoke-confirm")
            .await
            .page();
        assert_eq!((page.status(), page.error_code().as_str()), (403, "foreign_form"));
        assert!(!ana.opens("/profile/authorizations").await.has("no-authorizations"));
    });
}

#[test]
fn an_app_is_registered_changed_and_deleted_by_its_owner_only() {
    on_both_databases(async |world| {
        let ben = world.ben();
        let page = ben.opens("/apps").await;
        assert!(page.says("No apps yet"));
        let page = page.follow("new-app").await.page();
        let page = page
            .fill("name", "Harbor Bot")
            .fill("redirect_uris", "http://bot.test/x")
            .tick("scope", "vso.work")
            .press("register")
            .await
            .page();
        assert_eq!(page.status(), 422);
        assert_eq!(page.value("name"), "Harbor Bot");
        assert_eq!(page.ticked("scope"), ["vso.work"]);
        let page = page.fill("redirect_uris", "https://bot.test/x").press("register").await.page();
        assert_eq!(page.status(), 200, "{}", page.text());
        let app = page.path().to_owned();
        let secret = page.press("add-secret").await.page();
        assert!(secret.text_of("client-secret").starts_with("lks_"), "{}", secret.text());
        let page = ben.opens(&app).await;
        let remove = page.attributes("id").into_iter().find(|id| id.starts_with("remove-secret-")).unwrap();
        let page = page.press(&remove).await.page();
        assert!(page.says("The secret was removed"), "{}", page.text());
        let page = page.fill("redirect_uris", "nonsense").press("save-redirect-uris").await.page();
        assert_eq!((page.status(), page.value("redirect_uris").trim()), (422, "nonsense"));
        let page = page.fill("redirect_uris", "https://bot.test/y").press("save-redirect-uris").await.page();
        assert!(page.says("The redirect URIs were saved."));
        let page = page.tick("scope", "vso.code").tick("required", "vso.code").press("save-scopes").await.page();
        assert_eq!(page.ticked("scope"), ["vso.work", "vso.code"]);
        // A stranger finds nothing; ana administers the tenant.
        assert_eq!(world.cy().opens(&app).await.status(), 404);
        assert_eq!(world.eve().opens(&app).await.status(), 404);
        assert_eq!(world.ana().opens(&app).await.status(), 200);
        assert!(world.ana().opens("/apps").await.says("Harbor Bot"));
        let asked = page.follow("delete").await.page();
        let gone = asked.press("confirm").await.page();
        assert!(gone.says("The app was deleted") && gone.says("No apps yet"));
        assert_eq!(ben.opens(&app).await.status(), 404);
        let checked = ben.browser().open("/apps/check-redirect-uri?kind=web&uri=http%3A%2F%2Fa.test").await;
        assert!(checked.page().source().starts_with(r#"{"ok":false,"reason":"http is for localhost"#));
    });
}

#[test]
fn an_organization_is_there_for_its_members_and_its_policy_for_administrators() {
    on_both_databases(async |world| {
        let (ana, ben, eve) = (world.ana(), world.ben(), world.eve());
        let page = ana.opens("/organizations/Harbor").await;
        assert!(page.says("drydock"));
        assert!(page.says("OwnerProject Collection Administrators, as the owner"), "{}", page.text());
        let page = ben.opens("/organizations/harbor").await;
        assert!(page.says("lighthouse") && !page.says("drydock"), "{}", page.text());
        for path in
            ["/organizations/harbor", "/organizations/harbor/policy", "/harbor/lighthouse", "/organizations/nowhere"]
        {
            assert_eq!(eve.opens(path).await.status(), 404, "{path}");
        }
        let refused = ben.opens("/organizations/harbor/policy").await;
        assert_eq!(refused.status(), 403);
        assert_eq!(ben.opens("/organizations/harbor/services").await.status(), 403);
        let page = ana.opens("/organizations/harbor/policy").await.choose("who", "members").choose("longest", "30");
        let page = page.press("save-policy").await.page();
        assert!(page.says("Saved."), "{}", page.text());
        assert_eq!(world.facts().await.organization.policy.longest_authorization_days, Some(30));
        let request = world.app("burndown").request();
        ben.authorizes_part(&request, |page| page.choose("keep", "7-days")).await;
        let page = ana.opens("/organizations/harbor/services").await;
        let client = page.attributes("value").into_iter().find(|value| value.len() == 36).unwrap();
        let asked = page.press_value("client", &client).await.page();
        let page = asked.press("confirm").await.page();
        assert!(page.says("was stopped"), "{}", page.text());
        assert_eq!(world.facts().await.organization.policy.blocked_apps.len(), 1);
        let page = page.press_value("client", &client).await.page();
        assert!(page.says("is allowed again"), "{}", page.text());
        assert!(world.facts().await.organization.policy.blocked_apps.is_empty());
    });
}

#[test]
fn what_is_in_a_project_is_shown_to_whom_it_reaches() {
    on_both_databases(async |world| {
        let (ben, cy, dee) = (world.ben(), world.cy(), world.dee());
        let show = async |path: &str| {
            let page = ben.opens(path).await;
            assert_eq!(page.status(), 200, "{path}");
            page
        };
        let _: Page = show("/harbor/lighthouse").await;
        show("/organizations/harbor/projects/lighthouse").await;
        show("/harbor/lighthouse/_workitems").await;
        show("/harbor/lighthouse/_workitems/edit/1").await;
        show("/harbor/lighthouse/_build").await;
        show("/harbor/lighthouse/_build/results?buildId=1").await;
        show("/harbor/lighthouse/_git").await;
        let repository = show("/harbor/lighthouse/_git")
            .await
            .attributes("href")
            .into_iter()
            .find(|href| href.contains("/_git/"))
            .unwrap();
        let files = show(&repository).await;
        let file = files.attributes("href").into_iter().find(|href| href.contains("?path=")).unwrap();
        show(&file).await;
        for path in [
            "/harbor/drydock",
            "/harbor/lighthouse/_workitems/edit/99999",
            "/harbor/lighthouse/_build/results?buildId=x",
            "/harbor/lighthouse/_git/nope",
            &format!("{repository}?path=nope"),
            "/harbor/lighthouse/_workitems/edit/x",
            "/harbor/_apis",
            "/.well-known/x",
        ] {
            assert_eq!(ben.opens(path).await.status(), 404, "{path}");
        }
        let stakeholder = cy.opens("/harbor/lighthouse").await;
        assert!(stakeholder.says("Your access level does not include code."));
        let refused = cy.opens("/harbor/lighthouse/_git").await;
        assert_eq!(refused.status(), 403);
        assert_eq!(dee.opens("/harbor/lighthouse").await.status(), 404);
    });
}
