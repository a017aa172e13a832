//! `latchkey app import`: a tenant is prepared without a click.

#![allow(clippy::unwrap_used, clippy::indexing_slicing, reason = "a test that cannot go on fails")]

mod premises;

use std::collections::BTreeSet;

use premises::{DOMAIN, Premises, Server, said};
use serde_json::{Value, json};

const SECRET: &str = "cJ5nT0qLx8sV2wYbR7eKfGh3uPzA9mDi";

fn an_examiner() -> Value {
    json!({
        "client_id": "11111111-2222-4333-8444-555555555555",
        "name": "Examiner",
        "kind": "web",
        "redirect_uris": ["https://examiner.example.com/callback"],
        "post_logout_redirect_uris": ["https://examiner.example.com/bye"],
        "scopes": ["vso.work"],
        "administrator_approved": true,
        "token_endpoint_auth_method": "client_secret_post",
        "userinfo_signed_response_alg": "ES256",
        "client_secrets": [{ "secret": SECRET }],
    })
}

struct Tenant(Premises);

impl Tenant {
    fn new() -> Self {
        let premises = Premises::new();
        premises.json(&["tenant", "create", "--domain", DOMAIN, "--name", "Example"], "");
        let create = ["account", "create", "--email", "ana@example.com", "--name", "Ana", "--administrator"];
        let claims = ["--claim", "birthdate=1990-02-03", "--claim", "address.country=Portugal"];
        premises.json(&[&create[..], &claims].concat(), "a long enough password\n");
        Self(premises)
    }

    fn file(&self, apps: &Value) -> String {
        let path = self.0.folder.path().join("apps.json");
        std::fs::write(&path, apps.to_string()).unwrap();
        path.to_str().unwrap().to_owned()
    }

    /// What becomes of each app, and how the command ends.
    fn import(&self, apps: &Value, more: &[&str]) -> (Vec<String>, Option<i32>) {
        let file = self.file(apps);
        let arguments = [&["app", "import", &file, "--owner", "ana@example.com", "-o", "json"], more].concat();
        let output = self.0.run(&arguments, "");
        let rows: Value = serde_json::from_slice(&output.stdout).map_err(|_| said(&output)).unwrap();
        let actions = rows.as_array().unwrap().iter().map(|row| row["action"].as_str().unwrap().to_owned());
        (actions.collect(), output.status.code())
    }
}

#[test]
fn a_plan_changes_nothing_and_what_is_there_just_so_is_left_alone() {
    let tenant = Tenant::new();
    let apps = json!({ "apps": [an_examiner()] });
    let told = |action: &str| (vec![action.to_owned()], Some(0));
    assert_eq!(tenant.import(&apps, &[]), told("create"));
    assert_eq!(tenant.import(&apps, &[]), told("create"), "it was a plan");
    assert_eq!(tenant.import(&apps, &["--apply"]), told("created"));
    assert_eq!(tenant.import(&apps, &["--apply"]), told("skipped"));
    let mut other = an_examiner();
    other["name"] = json!("Auditor");
    assert_eq!(tenant.import(&json!([other]), &[]), told("update"));
    assert_eq!(tenant.import(&json!([other]), &["--apply"]), told("updated"));
    assert_eq!(tenant.import(&json!([other]), &["--apply"]), told("skipped"));

    let shown = tenant.0.json(&["app", "show", "11111111-2222-4333-8444-555555555555"], "");
    assert_eq!(
        (&shown["name"], &shown["metadata"]["userinfo_signed_response_alg"]),
        (&json!("Auditor"), &json!("ES256"))
    );
    assert!(!shown.to_string().contains(SECRET));
}

#[test]
fn the_id_of_an_app_that_was_deleted_is_not_given_again_and_the_reason_is_told() {
    let tenant = Tenant::new();
    let apps = json!([an_examiner()]);
    assert_eq!(tenant.import(&apps, &["--apply"]), (vec!["created".into()], Some(0)));
    let id = apps[0]["client_id"].as_str().unwrap();
    assert!(tenant.0.run(&["app", "delete", id, "--yes"], "").status.success());
    let file = tenant.file(&apps);
    let output = tenant.0.run(&["app", "import", &file, "--owner", "ana@example.com", "--apply", "-o", "json"], "");
    let rows: Value = serde_json::from_slice(&output.stdout).unwrap();
    assert_eq!(rows[0]["action"], "cannot");
    assert!(rows[0]["reason"].as_str().unwrap().contains("deleted"), "{rows}");
}

/// The algorithms that there are keys of.
fn published(premises: &Premises) -> BTreeSet<String> {
    let keys = premises.json(&["key", "list"], "");
    keys.as_array().unwrap().iter().map(|key| key["algorithm"].as_str().unwrap().to_owned()).collect()
}

#[test]
fn the_keys_of_its_answers_are_published_when_an_app_comes_in() {
    let tenant = Tenant::new();
    let mut app = an_examiner();
    app["id_token_signed_response_alg"] = json!("EdDSA");
    assert_eq!(tenant.import(&json!([app]), &[]).1, Some(0));
    assert!(!published(&tenant.0).contains("EdDSA"), "it was a plan");
    assert_eq!(tenant.import(&json!([app]), &["--apply"]), (vec!["created".into()], Some(0)));
    assert!(published(&tenant.0).contains("EdDSA"));
    app["userinfo_signed_response_alg"] = json!("PS256");
    assert_eq!(tenant.import(&json!([app]), &["--apply"]), (vec!["updated".into()], Some(0)));
    assert!(published(&tenant.0).contains("PS256"));
}

#[test]
fn the_keys_of_its_answers_are_published_when_an_app_is_made_by_a_command() {
    let tenant = Tenant::new();
    let create = ["app", "create", "--name", "Nightly", "--kind", "daemon", "--owner", "ana@example.com"];
    let metadata = ["--scope", "vso.build", "--metadata", r#"{"introspection_signed_response_alg":"EdDSA"}"#];
    tenant.0.json(&[&create[..], &metadata].concat(), "");
    assert!(published(&tenant.0).contains("EdDSA"));
}

fn a_daemon(method: &str) -> Value {
    let mut daemon = an_examiner();
    daemon["kind"] = json!("daemon");
    daemon["token_endpoint_auth_method"] = json!(method);
    for member in ["redirect_uris", "post_logout_redirect_uris", "userinfo_signed_response_alg"] {
        daemon.as_object_mut().unwrap().remove(member);
    }
    daemon
}

/// What the token endpoint says to the secret in the form.
fn by_form(tenant: &Tenant, server: &Server) -> String {
    let id = "11111111-2222-4333-8444-555555555555";
    let body = format!("grant_type=client_credentials&scope=vso.work&client_id={id}&client_secret={SECRET}");
    server.send(
        format!(
            "POST /{DOMAIN}/oauth2/v2.0/token HTTP/1.1\r\nHost: localhost:{}\r\nConnection: close\r\n\
             Content-Type: application/x-www-form-urlencoded\r\nContent-Length: {}\r\n\r\n{body}",
            tenant.0.port,
            body.len()
        )
        .as_bytes(),
    )
}

#[test]
fn the_secret_that_was_brought_works_at_the_token_endpoint_by_the_method_that_was_imported_last() {
    let tenant = Tenant::new();
    let server = tenant.0.serve();
    assert_eq!(tenant.import(&json!([a_daemon("client_secret_basic")]), &["--apply"]).1, Some(0));
    let answer = by_form(&tenant, &server);
    assert!(answer.starts_with("HTTP/1.1 401"), "{answer}");
    let told = |action: &str| (vec![action.to_owned()], Some(0));
    assert_eq!(tenant.import(&json!([a_daemon("client_secret_post")]), &["--apply"]), told("updated"));
    assert_eq!(tenant.import(&json!([a_daemon("client_secret_post")]), &["--apply"]), told("skipped"));
    let answer = by_form(&tenant, &server);
    assert!(answer.starts_with("HTTP/1.1 200") && answer.contains("access_token"), "{answer}");
}

#[test]
fn each_app_comes_in_whole_or_not_at_all() {
    let tenant = Tenant::new();
    let (mut weak, mut older, mut unknown) = (an_examiner(), an_examiner(), an_examiner());
    weak["client_secrets"] = json!([{ "secret": "short" }]);
    older["profile"] = json!("legacy");
    unknown["owner"] = json!("nobody@example.com");
    for bad in [weak, older, unknown] {
        assert_eq!(tenant.import(&json!([bad]), &["--apply"]), (vec!["cannot".into()], Some(4)), "{bad}");
        assert_eq!(tenant.0.json(&["app", "list"], ""), json!([]));
    }
    for bad in [json!({}), json!([]), json!([{ "name": "x" }]), json!([{ "nonsense": 1 }])] {
        let file = tenant.file(&bad);
        assert_eq!(tenant.0.run(&["app", "import", &file], "").status.code(), Some(2), "{bad}");
    }
    assert_eq!(tenant.0.run(&["app", "import", "/nonexistent"], "").status.code(), Some(3));
}
