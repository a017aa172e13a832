//! `/profile/authorizations`

use std::net::{IpAddr, Ipv4Addr};

use latchkey_testkit::{Person, World, on_both_databases};

async fn list(person: &Person) -> Vec<String> {
    person.opens("/profile/authorizations").await.texts_with("data-authorization")
}

/// A list without entries is one sentence and one action.
#[test]
fn an_empty_list_says_what_will_be_there_and_leads_on() {
    on_both_databases(async |world| {
        let ana = world.ana();
        for (list, leads_to) in [
            ("/profile/authorizations", "/apps"),
            ("/organizations/harbor/services", "/organizations/harbor/policy"),
            ("/organizations/harbor/requests", "/organizations/harbor/policy"),
            ("/upstream", "/upstream/new"),
        ] {
            let page = ana.opens(list).await;
            let (_, card) =
                page.source().split_once("card center").unwrap_or_else(|| panic!("{list}: {}", page.text()));
            let action = card.split("href=\"").nth(1).and_then(|rest| rest.split('"').next());
            assert_eq!(action, Some(leads_to), "{list}");
        }
    });
}

#[test]
fn it_lists_what_was_granted_where_and_until_when() {
    on_both_databases(async |world| {
        let ana = world.ana();
        let page = ana.opens("/profile/authorizations").await;
        assert_eq!(page.heading(), "Manage authorizations");
        assert!(page.has("no-authorizations") && !page.has("revoke-all"));
        let drydock = world.project("drydock").to_string();
        let request = world.app("burndown").request();
        ana.answers(&request, |page| {
            page.tick_only("scope", &["vso.work"]).untick("project", &drydock).choose("keep", "7-days")
        })
        .await
        .unwrap();
        ana.approves("compass").await;
        let rows = list(&ana).await;
        assert_eq!(rows.len(), 2);
        let row = rows.iter().find(|row| row.contains("burndown")).unwrap();
        assert!(row.contains("work items") && row.contains("lighthouse"), "{row}");
        assert!(!row.contains("drydock") && !row.contains("source code"), "{row}");
        assert!(row.contains("2026-11-29") || row.contains("29 November 2026"), "until a week from now: {row}");
        assert!(row.contains("never"), "{row}");
    });
}

#[test]
fn old_addresses_lead_there() {
    on_both_databases(async |world| {
        let ana = world.ana();
        for url in ["/Profile/View", "/_usersSettings/authorizations", "/harbor/_usersSettings/authorizations"] {
            assert_eq!(ana.opens(url).await.path(), "/profile/authorizations", "{url}");
        }
    });
}

#[test]
fn last_use_and_address_are_shown_at_once_and_stay_after_a_flush() {
    on_both_databases(async |world| {
        let ana = world.ana();
        let tokens = ana.authorizes("burndown").await;
        let address = IpAddr::V4(Ipv4Addr::new(203, 0, 113, 77));
        tokens.get("/harbor/_apis/projects").from_address(address).await;
        assert!(list(&ana).await[0].contains("203.0.113.77"), "{:?}", list(&ana).await);
        world.parts().flush().await.unwrap();
        assert!(list(&ana).await[0].contains("203.0.113.77"));
        world.seconds_later(600);
        tokens.get("/oidc/userinfo").from_address(address).await;
        assert!(
            list(&ana).await[0].contains("10 minutes ago") || list(&ana).await[0].contains("now"),
            "{:?}",
            list(&ana).await
        );
    });
}

#[test]
fn details_show_the_live_tokens_and_what_happened() {
    on_both_databases(async |world| {
        let ana = world.ana();
        ana.authorizes("burndown").await;
        let page = ana.opens("/profile/authorizations").await;
        let id = page.attributes("data-authorization")[0].clone();
        let details = ana.opens(&format!("/profile/authorizations/{id}")).await;
        assert!(details.heading().contains("burndown"));
        assert!(details.says("vso.work") && details.says("harbor"));
        assert!(details.says("Keys that work now") && !details.says("None at this moment"), "{}", details.text());
        world.seconds_later(40);
        let details = ana.opens(&format!("/profile/authorizations/{id}")).await;
        assert!(details.says("30 days"), "a refresh token a moment old: {}", details.text());
        world.seconds_later(91 * 86_400);
        assert!(ana.opens(&format!("/profile/authorizations/{id}")).await.says("None at this moment"));
    });
}

#[test]
fn an_authorization_for_a_session_says_so_and_no_key_of_it_is_said_to_outlive_it() {
    on_both_databases(async |world| {
        let ana = world.ana();
        let request = world.app("burndown").request();
        ana.authorizes_part(&request, |page| page.choose("keep", "session")).await;
        let page = ana.opens("/profile/authorizations").await;
        assert!(page.says("you sign out, at the latest on"), "{}", page.text());
        let id = page.attributes("data-authorization")[0].clone();
        let details = ana.opens(&format!("/profile/authorizations/{id}")).await;
        assert!(details.says("you sign out, at the latest on"), "{}", details.text());
        assert!(!details.says("30 days"), "a refresh token does not outlive it: {}", details.text());
        let page = ana.opens("/organizations/harbor/services").await;
        assert!(page.says("they sign out, at the latest on"), "{}", page.text());
    });
}

#[test]
fn one_is_revoked_and_the_page_says_what_has_ended() {
    on_both_databases(async |world| {
        let ana = world.ana();
        let (one, other) = (ana.authorizes("burndown").await, ana.authorizes("compass").await);
        let page = ana.opens("/profile/authorizations").await;
        let rows = page.texts_with("data-authorization");
        let row = rows.iter().position(|row| row.contains("burndown")).unwrap();
        let id = page.attributes("data-authorization")[row].clone();
        let done = page.press(&format!("revoke-{id}")).await.page();
        assert_eq!(done.heading(), "Access has ended");
        assert!(done.says("burndown") && done.says("One refresh token was ended"), "{}", done.text());
        assert!(!one.userinfo().await.is_ok() && other.userinfo().await.is_ok());
        assert_eq!(list(&ana).await.len(), 1);
        let again = page.press(&format!("revoke-{id}")).await.page();
        assert_eq!(again.path(), "/profile/authorizations", "ending what has ended is no error");
    });
}

#[test]
fn all_are_revoked_at_once() {
    on_both_databases(async |world| {
        let ana = world.ana();
        let all = [ana.authorizes("burndown").await, ana.authorizes("compass").await, ana.authorizes("beacon").await];
        let others = world.max().authorizes("burndown").await;
        let done = ana.revokes_all().await;
        assert!(done.says("burndown") && done.says("compass") && done.says("beacon"));
        for tokens in all {
            assert_eq!((tokens.userinfo().await.status.as_u16(), tokens.refreshed().await.is_err()), (401, true));
        }
        assert!(others.userinfo().await.is_ok(), "and nobody else's");
        assert!(list(&ana).await.is_empty());
    });
}

#[test]
fn what_ran_out_is_not_listed() {
    on_both_databases(async |world: World| {
        let ana = world.ana();
        ana.authorizes_part(&world.app("burndown").request(), |page| page.choose("keep", "7-days")).await;
        world.seconds_later(7 * 86_400);
        assert!(list(&ana).await.is_empty());
    });
}

#[test]
fn a_token_never_manages_authorizations() {
    on_both_databases(async |world| {
        let ana = world.ana();
        let tokens = ana.authorizes_all("burndown").await;
        let page = ana.opens("/profile/authorizations").await;
        let id = page.attributes("data-authorization")[0].clone();
        for url in [
            "/profile/authorizations".to_owned(),
            format!("/profile/authorizations/{id}"),
            "/profile/sessions".to_owned(),
        ] {
            let answer = tokens.get(&url).await;
            assert!(
                answer.status.is_redirection() && answer.location().starts_with("/signin"),
                "{url}: {}",
                answer.status
            );
        }
        let revoked = tokens.post("/profile/authorizations/revoke").form([("authorization", "all")]).await;
        assert!(!revoked.is_ok());
        assert!(tokens.userinfo().await.is_ok());
    });
}
