//! A token that an app got in its own name does not stand for a person, and a person's does not stand for an app.

use latchkey_devops::access_level::AccessLevel;
use latchkey_devops::group::ProjectGroup;
use latchkey_testkit::on_both_databases;

#[test]
fn an_apps_own_token_opens_nothing_that_is_a_persons() {
    on_both_databases(async |world| {
        world.takes_in("nightly", AccessLevel::Basic, "lighthouse", ProjectGroup::ProjectAdministrators).await;
        let nightly = world.app("nightly");
        let own = nightly.by_itself("").await.unwrap();
        assert_eq!(own.get("/harbor/_apis/projects").await.status, 200);
        assert_eq!(own.userinfo().await.status, 401, "nobody signed in");
        let ana = world.account("ana");
        assert_eq!(own.get(&format!("/_apis/profile/profiles/{ana}")).await.status, 404);
        let secret =
            format!("/_apis/delegatedauth/registrationsecret/{}?api-version=7.2-preview.2", nightly.client_id());
        assert_eq!(own.post(&secret).await.status, 401, "it has not even the scope");
        assert_eq!(own.get("/harbor/drydock/_apis/git/repositories").await.status, 404, "it is in one project");
    });
}

#[test]
fn no_kind_of_token_is_taken_for_another() {
    on_both_databases(async |world| {
        let nightly = world.app("nightly");
        let own = nightly.by_itself("").await.unwrap();
        for (grant, name) in [("refresh_token", "refresh_token"), ("authorization_code", "code")] {
            let mut pairs = vec![("grant_type", grant), (name, own.access.as_str())];
            pairs.extend([("redirect_uri", "https://a.test"), ("code_verifier", "x")]);
            assert!(!nightly.token_request(&pairs).await.is_ok(), "{grant}");
        }
        let tokens = world.ana().authorizes("burndown").await;
        let assertion = [("grant_type", "client_credentials"), ("client_assertion", tokens.access.as_str())];
        let answer = world.app("burndown").bare_token_request(&assertion).await;
        assert!(matches!(answer.error().as_str(), "invalid_client" | "invalid_request"), "{}", answer.text());
        let tampered = own.access.rsplit_once('.').map(|(start, _)| format!("{start}.AAAA")).unwrap();
        assert_eq!(world.get("/harbor/_apis/projects").bearer(&tampered).await.status, 401);
        let query = world.get(&format!("/harbor/_apis/projects?access_token={}", own.access)).await;
        assert_eq!(query.status, 401);
    });
}

#[test]
fn somebody_elses_app_is_no_member_by_its_name() {
    on_both_databases(async |world| {
        world.takes_in("nightly", AccessLevel::Basic, "lighthouse", ProjectGroup::Readers).await;
        let namesake = latchkey_testkit::builders::a_daemon("nightIy").of_shore();
        let namesake = world.registers(namesake).await;
        for segment in ["harbor.test", "shore.test"] {
            let tokens = namesake.clone().at(segment).by_itself("").await.unwrap();
            assert_eq!(tokens.get("/harbor/_apis/projects").await.status, 404, "{segment}");
        }
    });
}
