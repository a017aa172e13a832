//! Apps that act by themselves, as members of an organization.

use std::path::Path;

use latchkey_devops::access_level::AccessLevel;
use latchkey_devops::group::ProjectGroup;
use latchkey_identity::Change;
use latchkey_testkit::{Answer, RelyingParty, Tokens, World, on_both_databases};
use serde_json::json;

use super::git::git;

const PROJECTS: &str = "/harbor/_apis/projects";
const ITEM: &str = "/harbor/lighthouse/_apis/wit/workitems/1";
const CODE: &str = "/harbor/lighthouse/_apis/git/repositories/lamp/items?path=/README.md";

async fn member(world: &World) -> (RelyingParty, Tokens) {
    world.takes_in("nightly", AccessLevel::Basic, "lighthouse", ProjectGroup::Readers).await;
    let nightly = world.app("nightly");
    let tokens = nightly.by_itself("").await.unwrap();
    (nightly, tokens)
}

async fn statuses(tokens: &Tokens) -> [u16; 3] {
    let mut statuses = [0; 3];
    for (status, path) in statuses.iter_mut().zip([PROJECTS, ITEM, CODE]) {
        *status = tokens.get(path).await.status.as_u16();
    }
    statuses
}

#[test]
fn an_app_that_no_organization_took_in_reaches_nothing() {
    on_both_databases(async |world| {
        let tokens = world.app("nightly").by_itself("").await.unwrap();
        assert_eq!(statuses(&tokens).await, [404, 404, 404]);
        let absent = tokens.get("/nowhere/_apis/projects").await;
        assert_eq!(absent.status, 404);
        assert_eq!(tokens.get("/_apis/accounts").await.json()["count"], 0);
        assert_eq!(tokens.userinfo().await.status, 401, "nobody signed in");
    });
}

#[test]
fn a_member_reads_what_its_scopes_and_its_projects_let_it() {
    on_both_databases(async |world| {
        let (nightly, tokens) = member(&world).await;
        assert_eq!(statuses(&tokens).await, [200, 200, 200]);
        assert_eq!(tokens.get(PROJECTS).await.json()["count"], 1, "lighthouse and not drydock");
        assert_eq!(tokens.get("/harbor/drydock/_apis/wit/workitems/1").await.status, 404);
        let organizations = tokens.get("/_apis/accounts").await.json();
        assert_eq!(organizations["value"][0]["accountName"], "harbor", "{organizations}");
        let connected = tokens.get("/harbor/_apis/connectionData").await.json();
        assert_eq!(connected["authenticatedUser"]["id"], nightly.client_id(), "{connected}");
        let profile = tokens.get("/_apis/profile/profiles/me").await.json();
        assert_eq!((&profile["id"], &profile["displayName"]), (&nightly.client_id().into(), &"nightly".into()));

        let narrow = nightly.by_itself("vso.build").await.unwrap();
        assert_eq!(narrow.get(ITEM).await.status, 401);
        let changed = rename(&tokens).await;
        assert_eq!(changed.status, 401, "vso.work does not write");
        let foreign = nightly.at("shore.test").by_itself("").await.unwrap();
        assert_eq!(statuses(&foreign).await, [404, 404, 404], "a token of another directory");
    });
}

#[test]
fn what_it_writes_stands_under_its_own_name() {
    on_both_databases(async |world| {
        world.changes_app("nightly", |client| client.scopes.insert("vso.work_write")).await;
        world.takes_in("nightly", AccessLevel::Basic, "lighthouse", ProjectGroup::Contributors).await;
        let tokens = world.app("nightly").by_itself("").await.unwrap();
        let changed = rename(&tokens).await;
        assert_eq!(changed.status, 200, "{}", changed.text());
        let by = &changed.json()["fields"]["System.ChangedBy"];
        assert_eq!((&by["displayName"], &by["id"]), (&"nightly".into(), &world.app("nightly").client_id().into()));
        let page = world.ana().opens("/harbor/lighthouse/_workitems/edit/1").await;
        assert!(page.says("nightly"), "{}", page.text());
    });
}

async fn rename(tokens: &Tokens) -> Answer {
    let patch = json!([{ "op": "add", "path": "/fields/System.Title", "value": "By night" }]);
    let item = tokens.patch(&format!("{ITEM}?api-version=7.1"));
    item.body("application/json-patch+json", patch.to_string()).await
}

/// Whatever ends its standing ends its tokens, at once.
#[test]
fn what_was_taken_from_it_is_gone_at_once() {
    type End = for<'a> fn(&'a World) -> std::pin::Pin<Box<dyn Future<Output = ()> + 'a>>;
    let ends: [(&str, End, u16, bool); 7] = [
        ("the organization lets it go", |world| Box::pin(world.lets_go("nightly")), 404, true),
        ("its app is suspended", |world| Box::pin(world.suspends("nightly")), 401, false),
        ("its secret is removed", |world| Box::pin(remove_secret(world)), 401, false),
        ("its app is deleted", |world| Box::pin(delete(world)), 401, false),
        ("the organization stops it", |world| Box::pin(stop(world)), 401, true),
        (
            "services are not let in",
            |world| Box::pin(world.decides(|policy| policy.third_party_apps = false)),
            401,
            true,
        ),
        (
            "its registration is narrowed",
            |world| Box::pin(world.changes_app("nightly", |client| client.scopes = "vso.build".split(' ').collect())),
            401,
            true,
        ),
    ];
    for (what, end, status, may_ask_again) in ends {
        on_both_databases(async |world| {
            let (nightly, tokens) = member(&world).await;
            assert_eq!(statuses(&tokens).await, [200, 200, 200]);
            end(&world).await;
            assert_eq!(tokens.get(ITEM).await.status, status, "{what}");
            assert_eq!(tokens.get(CODE).await.status, status, "{what}");
            let again = nightly.by_itself("").await;
            assert_eq!(again.is_ok(), may_ask_again, "{what}");
            if let Ok(again) = again {
                assert_eq!(again.get(ITEM).await.status, status, "{what}: a new token does not help");
            }
        });
    }
}

async fn remove_secret(world: &World) {
    let id = world.app("nightly").app().id;
    let client = world.store().client(id).await.unwrap().unwrap();
    world.becomes([Change::RemoveSecret { client: id, secret: client.secrets[0].id }]).await;
}

async fn delete(world: &World) {
    let (client, at) = (world.app("nightly").app().id, world.now());
    world.becomes([Change::DeleteClient { client, at }]).await;
}

async fn stop(world: &World) {
    let id = world.app("nightly").app().id;
    world
        .decides(|policy| {
            policy.blocked_apps.insert(latchkey_devops::ids::AppId(id.0));
        })
        .await;
}

#[test]
fn a_token_ends_with_the_secret_it_was_made_with_and_the_other_goes_on() {
    on_both_databases(async |world| {
        let (nightly, first) = member(&world).await;
        world.seconds_later(1);
        let page = world.ana().opens(&format!("/apps/{}", nightly.client_id())).await;
        let shown = page.choose("expires", "90").press("add-secret").await.page();
        let ask = [("grant_type", "client_credentials")];
        let answer =
            nightly.bare_token_request(&ask).basic(&nightly.client_id(), &shown.text_of("client-secret")).await;
        let second = nightly.read(&answer).unwrap();
        remove_secret(&world).await;
        assert_eq!(first.get(ITEM).await.status, 401);
        assert_eq!(second.get(ITEM).await.status, 200);
    });
}

#[test]
fn it_clones_and_stops_cloning() {
    on_both_databases(async |world| {
        let (listener, folder) = (world.listen().await, tempfile::tempdir().unwrap());
        let (_, tokens) = member(&world).await;
        let remote = format!("http://git:{}@{}/harbor/lighthouse/_git/lamp", tokens.access, listener.address());
        let clone = async |to: &str| git(folder.path(), &["clone", "--quiet", &remote, to]).await;
        clone("lamp").await.unwrap();
        let push = git(&folder.path().join("lamp"), &["push", "--quiet", "origin", "main:refs/heads/mine"]).await;
        assert!(push.is_err(), "it reads");
        world.lets_go("nightly").await;
        assert!(clone("again").await.is_err() && !Path::exists(&folder.path().join("again/README.md")));
    });
}

#[test]
fn taken_in_again_nothing_of_before_comes_back() {
    on_both_databases(async |world| {
        let (_, tokens) = member(&world).await;
        world.lets_go("nightly").await;
        world.takes_in("nightly", AccessLevel::Stakeholder, "drydock", ProjectGroup::Readers).await;
        assert_eq!(statuses(&tokens).await, [200, 404, 404]);
        assert_eq!(tokens.get("/harbor/drydock/_apis/git/repositories/keel/refs").await.status, 403);
    });
}
