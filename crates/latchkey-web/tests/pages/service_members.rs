//! `/organizations/{organization}/service-members`

use latchkey_testkit::builders::a_daemon;
use latchkey_testkit::{Page, Person, World, on_both_databases};

const MEMBERS: &str = "/organizations/harbor/service-members";
const ITEM: &str = "/harbor/lighthouse/_apis/wit/workitems/1";

async fn fills(world: &World, person: &Person, client: &str) -> Page {
    let page =
        person.opens(MEMBERS).await.fill("client", client).tick("project", &world.project("lighthouse").0.to_string());
    page.press("add-service").await.page()
}

async fn kinds(world: &World) -> Vec<String> {
    let events = world.store().audit_events(world.harbor().0, None, 200).await.unwrap();
    events
        .into_iter()
        .filter(|one| one.event.detail.contains("\"service\":true") || one.event.kind == "member_removed")
        .map(|one| one.event.kind)
        .collect()
}

#[test]
fn an_administrator_takes_a_service_in_and_lets_it_go() {
    on_both_databases(async |world| {
        let (max, nightly) = (world.max(), world.app("nightly"));
        let tokens = nightly.by_itself("").await.unwrap();
        assert_eq!(tokens.get(ITEM).await.status, 404);
        let question = fills(&world, &max, &nightly.client_id()).await;
        assert_eq!(question.heading(), "Make nightly a member of harbor?");
        assert!(question.says("lighthouse (Readers)"), "{}", question.text());
        assert!(question.says("It is registered at harbor.test"), "{}", question.text());
        assert!(question.says("allow: vso.") && !question.says("that you can"), "{}", question.text());
        assert_eq!(tokens.get(ITEM).await.status, 404, "a question changes nothing");
        let page = question.press("confirm").await.page();
        assert!(page.says("nightly is a member now."), "{}", page.text());
        assert_eq!(page.attributes("data-service"), [nightly.client_id()]);
        assert_eq!(tokens.get(ITEM).await.status, 200);
        assert!(max.opens("/organizations/harbor").await.says("Service"));
        assert_eq!(kinds(&world).await, ["member_added"]);

        let twice = fills(&world, &max, &nightly.client_id()).await;
        assert!(twice.status() == 422 && twice.says("It is a member already."), "{}", twice.text());
        let question = max.opens(MEMBERS).await.press(&format!("remove-{}", nightly.client_id())).await.page();
        assert_eq!(tokens.get(ITEM).await.status, 200);
        let page = question.press("confirm").await.page();
        assert!(page.says("no member any more"), "{}", page.text());
        assert_eq!(tokens.get(ITEM).await.status, 404);
        assert!(kinds(&world).await.contains(&"member_removed".to_owned()));
    });
}

#[test]
fn only_what_can_act_by_itself_becomes_a_member() {
    on_both_databases(async |world| {
        let max = world.max();
        let hermit = world.registers(a_daemon("hermit").of_shore().of_one_tenant()).await;
        let beacon = world.app("beacon").client_id();
        for (client, sentence) in [
            (beacon.as_str(), "An app that keeps no secret cannot act by itself."),
            (&hermit.client_id(), "There is no app with this client id that is open to this directory."),
            ("00000000-0000-0000-0000-000000000009", "There is no app with this client id"),
            ("nightly", "There is no app with this client id"),
            ("", "There is no app with this client id"),
        ] {
            let page = fills(&world, &max, client).await;
            assert!(page.status() == 422 && page.says(sentence), "{client}: {}", page.text());
        }
        let nowhere = max.opens(MEMBERS).await.fill("client", &world.app("nightly").client_id());
        let page = nowhere.press("add-service").await.page();
        assert!(page.says("Choose at least one project"), "{}", page.text());
    });
}

#[test]
fn nobody_but_an_administrator_sees_the_page_or_changes_anything() {
    on_both_databases(async |world| {
        for (name, status) in [("ben", 403), ("cy", 403), ("eve", 404)] {
            assert_eq!(world.person(name).opens(MEMBERS).await.status(), status, "{name}");
        }
        let (max, nightly) = (world.max(), world.app("nightly"));
        let question = fills(&world, &max, &nightly.client_id()).await;
        world.steps_down("max").await;
        let page = question.press("confirm").await.page();
        assert_eq!(page.status(), 403, "{}", page.text());
        assert_eq!(nightly.by_itself("").await.unwrap().get(ITEM).await.status, 404);
    });
}

#[test]
fn what_a_service_registers_later_waits_for_an_administrator() {
    on_both_databases(async |world| {
        let (max, nightly) = (world.max(), world.app("nightly"));
        world.changes_app("nightly", |client| client.scopes = "vso.work".split(' ').collect()).await;
        let nobody_asked = fills(&world, &max, &nightly.client_id()).await;
        // It became more between the question and the answer: the question is put again.
        world.changes_app("nightly", |client| client.scopes = "vso.work vso.build".split(' ').collect()).await;
        let again = nobody_asked.press("confirm").await.page();
        assert!(again.heading().starts_with("Make nightly") && again.says("vso.build"), "{}", again.text());
        world.changes_app("nightly", |client| client.scopes = "vso.work".split(' ').collect()).await;
        let page = fills(&world, &max, &nightly.client_id()).await.press("confirm").await.page();
        assert!(page.says("nightly is a member now.") && page.attributes("data-service-changed").is_empty());

        world.changes_app("nightly", |client| client.scopes = "vso.work vso.build".split(' ').collect()).await;
        let tokens = nightly.by_itself("").await.unwrap();
        assert!(tokens.get(ITEM).await.is_ok());
        let builds = "/harbor/lighthouse/_apis/build/builds";
        let refused = tokens.get(builds).await;
        assert_eq!(refused.status, 401);
        assert!(refused.text().contains("after it was made a member"), "{}", refused.text());
        let page = max.opens(MEMBERS).await;
        assert!(page.says("changed since it was accepted") && page.says("asks for more"), "{}", page.text());
        let stale = page.clone();
        world.changes_app("nightly", |client| client.name = "nightly and more".to_owned()).await;
        let again = stale.press(&format!("accept-{}", nightly.client_id())).await.page();
        assert!(again.status() == 422 && again.says("changed again since you looked"), "{}", again.text());
        assert_eq!(tokens.get(builds).await.status, 401);
        let page = again.press(&format!("accept-{}", nightly.client_id())).await.page();
        assert!(page.says("is accepted as it is now") && page.attributes("data-service-changed").is_empty());
        assert!(tokens.get(builds).await.is_ok());
        let accepted = world.store().audit_events(world.harbor().0, None, 200).await.unwrap();
        assert!(accepted.iter().any(|one| one.event.detail.contains("accepted_scopes")));
    });
}

#[test]
fn the_page_says_when_a_service_last_acted() {
    on_both_databases(async |world| {
        let (max, nightly) = (world.max(), world.app("nightly"));
        fills(&world, &max, &nightly.client_id()).await.press("confirm").await.page();
        assert!(max.opens(MEMBERS).await.says("Last used never"));
        let tokens = nightly.by_itself("").await.unwrap();
        let address = std::net::IpAddr::from([203, 0, 113, 77]);
        assert!(tokens.get(ITEM).from_address(address).await.is_ok());
        assert!(max.opens(MEMBERS).await.says("203.0.113.77"));
        let before = world.store().counters();
        world.parts().flush().await.unwrap();
        assert!(world.store().counters().since(before).change_sets <= 2, "it rides along");
        world.seconds_later(600);
        let page = max.opens(MEMBERS).await;
        assert!(page.says("Last used 10 minutes ago from 203.0.113.77"), "{}", page.text());
    });
}
