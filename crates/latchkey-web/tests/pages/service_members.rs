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
