//! `sector_identifier_uri`: apps of several hosts that know a person by one subject. [OpenID Connect Core §8.1],
//! [OpenID Connect Registration §5]

use http::Method;
use latchkey_identity::client::dynamic::RegistrationGate;
use latchkey_identity::client::{Metadata, SubjectType};
use latchkey_testkit::builders::{a_daemon, a_web_app};
use latchkey_testkit::remote::{Remote, json as answer, status};
use latchkey_testkit::{Answer, World, on_both_databases};
use serde_json::{Value, json};

const LIST: &str = "https://service.test/uris.json";
const REDIRECTS: [&str; 2] = ["https://one.test/callback", "https://two.test/callback"];

fn a_document(redirect_uris: &[&str]) -> Value {
    json!({"client_name": "Skiff", "redirect_uris": redirect_uris, "subject_type": "pairwise", "sector_identifier_uri": LIST})
}

async fn registers(world: &World, document: &Value) -> Answer {
    let event = world.parts().registration_event(world.harbor());
    world.parts().set_registration_gate(world.harbor(), RegistrationGate::Open, event).await.unwrap();
    world.post(&format!("/{}/oauth2/v2.0/register", world.harbor())).json(document).await
}

async fn listing(world: &World, uris: Value) -> Remote {
    world.remote("service.test", move |_| answer(&uris)).await
}

/// The list is fetched and has to name every redirect URI; otherwise 400 `invalid_client_metadata`.
#[test]
fn the_list_is_fetched_and_names_every_redirect_uri() {
    on_both_databases(async |world| {
        let remote = listing(&world, json!(REDIRECTS)).await;
        let registered = registers(&world, &a_document(&REDIRECTS)).await;
        assert_eq!(registered.status.as_u16(), 201, "{}", registered.text());
        assert_eq!(registered.json()["sector_identifier_uri"], LIST);
        assert_eq!((remote.asked().len(), remote.asked()[0].head.uri.path()), (1, "/uris.json"));
        let unlisted = registers(&world, &a_document(&["https://one.test/callback", "https://evil.test/"])).await;
        assert_eq!((unlisted.status.as_u16(), unlisted.error().as_str()), (400, "invalid_client_metadata"));
        let several = json!({"redirect_uris": REDIRECTS, "subject_type": "pairwise"});
        assert_eq!(registers(&world, &several).await.error(), "invalid_client_metadata", "two hosts and no list");
        remote.answers(|_| status(404));
        assert_eq!(registers(&world, &a_document(&REDIRECTS)).await.error(), "invalid_client_metadata");
        remote.answers(|_| answer(&json!({"redirect_uris": REDIRECTS})));
        assert_eq!(registers(&world, &a_document(&REDIRECTS)).await.error(), "invalid_client_metadata", "no list");
        for address in ["http://service.test/uris.json", "https://127.0.0.1/uris.json", "https://nowhere.test/", "x"] {
            let mut document = a_document(&REDIRECTS);
            document["sector_identifier_uri"] = json!(address);
            assert_eq!(registers(&world, &document).await.error(), "invalid_client_metadata", "{address}");
        }
    });
}

#[test]
fn what_was_read_at_registration_is_not_asked_for_again_until_it_is_not_enough() {
    on_both_databases(async |world| {
        let remote = listing(&world, json!(REDIRECTS)).await;
        let registered = registers(&world, &a_document(&REDIRECTS)).await.json();
        let change = async |redirect_uris: &[&str]| {
            let mut document = a_document(redirect_uris);
            document["client_id"] = registered["client_id"].clone();
            let ask = world.ask(Method::PUT, registered["registration_client_uri"].as_str().unwrap());
            ask.bearer(registered["registration_access_token"].as_str().unwrap()).json(&document).await
        };
        assert!(change(&REDIRECTS[..1]).await.is_ok());
        assert_eq!(remote.asked().len(), 1);
        assert_eq!(change(&["https://three.test/"]).await.error(), "invalid_client_metadata");
        assert_eq!(remote.asked().len(), 2);
        remote.answers(|_| answer(&json!(["https://three.test/", REDIRECTS[0]])));
        assert!(change(&["https://three.test/"]).await.is_ok());
    });
}

#[test]
fn apps_of_one_sector_know_a_person_by_one_subject() {
    on_both_databases(async |world| {
        let pairwise = |sector: Option<&str>| Metadata {
            subject_type: SubjectType::Pairwise,
            sector_identifier_uri: sector.map(str::to_owned),
            ..Metadata::default()
        };
        let ana = world.ana();
        let mut subjects = Vec::new();
        for (name, sector) in [("skiff", None), ("dinghy", None), ("raft", None)] {
            let app = world.registers(a_web_app(name).with_metadata(pairwise(sector))).await;
            if name != "raft" {
                // As it is once its list was read.
                let metadata = pairwise(Some(LIST));
                world.changes_app(name, |client| client.metadata = metadata.clone()).await;
            }
            let request = app.asking("openid").request();
            let tokens = ana.authorizes_part(&request, |page| page).await;
            subjects.push(tokens.id_claims()["sub"].as_str().unwrap().to_owned());
        }
        assert_eq!(subjects[0], subjects[1]);
        assert_ne!(subjects[0], subjects[2]);
    });
}

#[test]
fn an_owner_names_the_list_in_the_form_of_an_app() {
    on_both_databases(async |world| {
        let remote = listing(&world, json!(REDIRECTS)).await;
        let ben = world.ben();
        let form = ben.opens("/apps/new").await.fill("name", "Skiff").choose("kind", "web").tick("scope", "vso.work");
        let page = form.fill("redirect_uris", &REDIRECTS.join("\n")).press("register").await.page();
        let id = latchkey_identity::client::ClientId::parse(&page.text_of("client-id")).unwrap();
        let sector = async || world.store().client(id).await.unwrap().unwrap().metadata.sector_identifier_uri.clone();

        let page = ben.opens(&format!("/apps/{id}/requests")).await;
        let alone = page.tick("subject_type", "pairwise").press("save-answers").await.page();
        assert!(alone.text_of("answers-wrong").contains("one host"), "{}", alone.text());
        let unread = alone.tick("subject_type", "pairwise").fill("sector_identifier_uri", "https://nowhere.test/");
        let unread = unread.press("save-answers").await.page();
        assert_eq!(unread.status(), 422);
        assert!(unread.text_of("answers-wrong").contains("sector_identifier_uri"), "{}", unread.text());
        assert_eq!(unread.value("sector_identifier_uri"), "https://nowhere.test/", "nobody has to type it again");
        assert_eq!((sector().await, remote.asked().len()), (None, 0));

        let saved = unread.fill("sector_identifier_uri", LIST).press("save-answers").await.page();
        assert!(saved.says("How it asks and is answered was saved"), "{}", saved.text());
        assert_eq!((sector().await.as_deref(), remote.asked().len()), (Some(LIST), 1));
        let overview = ben.opens(&format!("/apps/{id}")).await;
        let added = overview.fill("redirect_uris", &format!("{}\nhttps://three.test/", REDIRECTS[0]));
        let refused = added.press("save-redirect-uris").await.page();
        assert_eq!((refused.status(), remote.asked().len()), (422, 2), "another address has to be on it too");
        remote.answers(|_| answer(&json!([REDIRECTS[0], "https://three.test/"])));
        let page = refused.press("save-redirect-uris").await.page();
        assert_eq!(world.store().client(id).await.unwrap().unwrap().redirect_uris.len(), 2, "{}", page.text());
        assert_eq!(sector().await.as_deref(), Some(LIST));
    });
}

#[test]
fn the_admin_api_reads_the_list_too() {
    on_both_databases(async |world| {
        let remote = listing(&world, json!(REDIRECTS)).await;
        let steward = world.registers(a_daemon("steward").owned_by("ana").asking("vso.tenant_manage")).await;
        let tokens = steward.by_itself("vso.tenant_manage").await.unwrap();
        let app = |redirect_uris: &[&str]| {
            json!({"name": "Skiff", "kind": "web", "redirect_uris": redirect_uris, "scopes": ["vso.work"],
                   "subject_type": "pairwise", "sector_identifier_uri": LIST})
        };
        let call = async |method: Method, path: &str, document: Value| {
            tokens.ask(method, &format!("/_admin/v1/apps{path}")).json(&document).await
        };
        let unlisted = call(Method::POST, "", app(&[REDIRECTS[0], "https://evil.test/"])).await;
        assert_eq!(unlisted.status, 422, "{}", unlisted.text());
        assert!(unlisted.text().contains("sector_identifier_uri"), "{}", unlisted.text());
        let made = call(Method::POST, "", app(&REDIRECTS)).await;
        assert_eq!((made.status.as_u16(), made.json()["sector_identifier_uri"].as_str()), (201, Some(LIST)));
        assert_eq!(remote.asked().len(), 2);

        let path = format!("/{}", made.json()["client_id"].as_str().unwrap());
        assert_eq!(call(Method::PUT, &path, app(&REDIRECTS[..1])).await.status, 200);
        assert_eq!(remote.asked().len(), 2, "what was read is enough");
        remote.answers(|_| status(500));
        assert_eq!(call(Method::PUT, &path, app(&["https://three.test/"])).await.status, 422);
        assert_eq!(remote.asked().len(), 3);
    });
}
