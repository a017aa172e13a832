//! The attacker names things that are somebody else's.

use latchkey_testkit::{Person, on_both_databases};

async fn authorization_of(person: &Person) -> String {
    person.authorizes("burndown").await;
    person.opens("/profile/authorizations").await.attributes("data-authorization")[0].clone()
}

#[test]
fn another_persons_authorization_is_not_there() {
    on_both_databases(async |world| {
        let (ana, max) = (world.ana(), world.max());
        let theirs = authorization_of(&ana).await;
        let tokens = ana.authorizes("burndown").await;
        authorization_of(&max).await;
        let details = max.opens(&format!("/profile/authorizations/{theirs}")).await;
        let absent = max.opens("/profile/authorizations/00000000-0000-0000-0000-0000000000aa").await;
        assert_eq!((details.status(), details.heading()), (404, absent.heading()));
        let page = max.opens("/profile/authorizations/revoke").await;
        let answer = page.tamper("authorization", &theirs).press("revoke-confirm").await.page();
        assert_eq!(answer.status(), 404);
        assert_eq!(max.opens(&format!("/profile/authorizations/revoke?authorization={theirs}")).await.status(), 404);
        let page = max.opens("/profile/authorizations").await;
        let mine = page.attributes("data-authorization")[0].clone();
        for path in ["pause", "resume"] {
            let (url, body) = page.form_of(&format!("pause-{mine}"));
            let (url, body) = (url.replace("/pause", &format!("/{path}")), body.replace(&mine, &theirs));
            let cookie = format!("__Host-latchkey={}", max.browser().session_cookie().unwrap());
            let form = "application/x-www-form-urlencoded";
            assert_eq!(world.post(&url).header("cookie", &cookie).body(form, body).await.status, 404, "{path}");
        }
        assert!(tokens.userinfo().await.is_ok(), "and nothing has changed");
    });
}

#[test]
fn another_persons_session_is_not_there() {
    on_both_databases(async |world| {
        let (ana, max) = (world.ana(), world.max());
        ana.signs_in().await;
        let theirs = world.store().sessions_of(ana.id(), world.now()).await.unwrap()[0].id.to_string();
        world.max().signs_in().await;
        let page = max.opens("/profile/sessions").await;
        let (url, body) = page.form_of("end-others");
        let body = body.replace("session=others", &format!("session={theirs}"));
        let cookie = format!("__Host-latchkey={}", max.browser().session_cookie().unwrap());
        let form = "application/x-www-form-urlencoded";
        assert_eq!(world.post(&url).header("cookie", &cookie).body(form, body).await.status, 404);
        assert_eq!(ana.browser().open("/me").await.page().path(), "/me");
    });
}

#[test]
fn another_persons_app_is_not_there() {
    on_both_databases(async |world| {
        let ben = world.ben();
        let csrf = ben.opens("/apps/new").await.value("csrf");
        let cookie = format!("__Host-latchkey={}", ben.browser().session_cookie().unwrap());
        let id = world.app("burndown").client_id();
        let post = |path: &str| {
            let fields = [
                ("csrf", csrf.as_str()),
                ("label", "x"),
                ("expires", "30"),
                ("redirect_uris", "https://evil.test/"),
                ("scope", "vso.work"),
            ];
            world.post(&format!("/apps/{id}{path}")).header("cookie", &cookie).form(fields)
        };
        for path in ["/secrets", "/secrets/remove", "/redirect-uris", "/scopes", "/delete"] {
            assert_eq!(post(path).await.status, 404, "{path}");
        }
        for path in ["", "/delete"] {
            assert_eq!(ben.opens(&format!("/apps/{id}{path}")).await.status(), 404, "{path}");
        }
        assert!(world.ana().authorizes("burndown").await.userinfo().await.is_ok());
    });
}

#[test]
fn an_organization_is_administered_by_its_administrators() {
    on_both_databases(async |world| {
        for (person, status) in [("ana", 200), ("max", 200), ("ben", 404), ("eve", 404)] {
            let page = world.person(person).opens("/organizations/harbor/services").await;
            let hidden = page.status() == 404 || page.status() == 403;
            assert_eq!(hidden, status == 404, "{person}: {} {}", page.status(), page.text());
        }
    });
}

#[test]
fn a_work_item_of_another_project_is_not_reached_by_its_number() {
    on_both_databases(async |world| {
        let lighthouse = world.project("lighthouse").to_string();
        let request = world.app("burndown").request();
        let tokens = world.ana().authorizes_part(&request, |page| page.untick("project", &lighthouse)).await;
        for url in [
            "/harbor/_apis/wit/workitems/1",
            "/harbor/drydock/_apis/wit/workitems/1",
            "/harbor/_apis/wit/workitems?ids=1",
        ] {
            assert_eq!(tokens.get(url).await.status, 404, "{url}");
        }
        let absent = tokens.get("/harbor/_apis/wit/workitems/99").await.text().replace("99", "1");
        assert_eq!(tokens.get("/harbor/_apis/wit/workitems/1").await.text(), absent);
        let repository = world.repository("lamp");
        assert_eq!(tokens.get(&format!("/harbor/_apis/git/repositories/{repository}")).await.status, 404);
        assert_eq!(tokens.get(&format!("/harbor/drydock/_apis/git/repositories/{repository}")).await.status, 404);
    });
}
