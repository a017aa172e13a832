//! Apps of the older OAuth kind: how they come in, and how they end, by commands.

#![allow(clippy::unwrap_used, clippy::indexing_slicing, reason = "a test that cannot go on fails")]

mod premises;

use latchkey_identity::account::is_hidden;
use premises::{DOMAIN, Premises, said};
use serde_json::{Value, json};

const OLD_CI: &str = "11111111-2222-3333-4444-555555555501";
const REPORTS: &str = "11111111-2222-3333-4444-555555555502";

/// A server with an organization, and the file of an export.
struct House {
    premises: Premises,
    file: String,
}

impl House {
    fn new() -> Self {
        let premises = Premises::new();
        premises.json(&["tenant", "create", "--domain", DOMAIN, "--name", "Example"], "");
        let ana = ["account", "create", "--email", "ana@example.com", "--name", "Ana"];
        premises.json(&ana, "a long enough password\n");
        premises.json(&["organization", "create", "example", "--owner", "ana@example.com"], "");
        let file = premises.folder.path().join("apps.json").to_str().unwrap().to_owned();
        Self { premises, file }
    }

    fn export(&self, apps: &Value) {
        std::fs::write(&self.file, apps.to_string()).unwrap();
    }

    fn arguments<'a>(&'a self, more: &[&'a str]) -> Vec<&'a str> {
        [&["import", "azure-devops-oauth", &self.file, "--organization", "example"], more].concat()
    }

    /// The import's answer: how it ended, and for each app what became of it.
    fn import(&self, more: &[&str]) -> (Option<i32>, Vec<Value>) {
        let output = self.premises.run(&self.arguments(&[more, &["-o", "json"]].concat()), "");
        let rows: Value = serde_json::from_slice(&output.stdout).unwrap_or_default();
        (output.status.code(), rows.as_array().cloned().unwrap_or_default())
    }
}

fn actions(rows: &[Value]) -> Vec<&str> {
    rows.iter().map(|row| row["action"].as_str().unwrap()).collect()
}

fn an_export() -> Value {
    json!([
        {
            "registrationId": OLD_CI, "registrationName": "Old CI", "organizationName": "Old & Sons", "identityId": "ana@example.com",
            "redirectUris": ["https://ci.test/callback"], "scopes": "vso.work vso.code preview_api_all", "isValid": true,
        },
        {
            "registrationId": REPORTS, "registrationName": "Reports",
            "redirectUris": ["http://elsewhere.test/callback"], "scopes": "vso.work",
        },
    ])
}

#[test]
fn a_plan_comes_first_and_the_import_can_be_run_again() {
    let house = House::new();
    house.export(&an_export());
    let (code, planned) = house.import(&[]);
    assert_eq!((code, actions(&planned)), (Some(0), vec!["create", "cannot"]), "{planned:?}");
    assert!(planned[0].get("client_secret").is_none(), "a plan has no secrets");
    assert!(planned[0]["reason"].as_str().unwrap().contains("preview_api_all mean nothing here"), "{planned:?}");
    assert!(planned[1]["reason"].as_str().unwrap().contains("http://elsewhere.test/callback"), "{planned:?}");
    let none = house.premises.json(&["legacy", "list", "example"], "");
    assert_eq!(none, json!([]), "a plan changes nothing");

    // One of them cannot be imported, and the other one is not concerned. This time through a running server.
    let server = house.premises.serve();
    let (code, rows) = house.import(&["--apply"]);
    assert_eq!((code, actions(&rows)), (Some(4), vec!["created", "cannot"]), "{rows:?}");
    let secret = rows[0]["client_secret"].as_str().unwrap();
    assert_eq!(secret.split('.').count(), 3, "a JWT: {secret}");
    assert!(rows[0]["secret_expires"].is_string());

    let mut export = an_export();
    export[1]["redirectUris"] = json!(["https://elsewhere.test/callback"]);
    export[0]["registrationName"] = json!("Old CI 2");
    house.export(&export);
    let (_, planned) = house.import(&[]);
    assert_eq!(actions(&planned), ["update", "create"]);
    assert_eq!(planned[0]["reason"], "differs in registrationName");
    let (code, rows) = house.import(&["--apply"]);
    assert_eq!((code, actions(&rows)), (Some(0), vec!["updated", "created"]), "{rows:?}");
    let (code, rows) = house.import(&["--apply"]);
    assert_eq!((code, actions(&rows)), (Some(0), vec!["skipped", "skipped"]), "{rows:?}");
    assert_eq!(server.stop().0, Some(0));

    let listed = house.premises.json(&["legacy", "list", "example"], "");
    assert_eq!(listed[0]["name"], "Old CI 2");
    assert_eq!(listed[0]["scopes"], json!(["preview_api_all", "vso.code", "vso.work"]));
    let shown = house.premises.json(&["app", "show", OLD_CI], "");
    assert!(shown["owner"].is_string() && shown["profile"] == "legacy", "{shown}");
    let secret = house.premises.json(&["app", "secret", "add", OLD_CI], "");
    assert_eq!(secret["client_secret"].as_str().unwrap().split('.').count(), 3, "of its own kind: {secret}");
}

#[test]
fn a_secret_that_was_not_shown_because_the_import_was_cut_off_is_made_up_for() {
    let house = House::new();
    house.export(&an_export());
    // Whoever reads goes away before anything is printed, as with a kill between the commit and the print.
    let (reader, writer) = std::io::pipe().unwrap();
    drop(reader);
    let config = house.premises.config();
    let cut_off = premises::latchkey(&house.arguments(&["--apply", "-o", "json"]))
        .arg("--config")
        .arg(&config)
        .stdout(writer)
        .stderr(std::process::Stdio::piped())
        .output()
        .unwrap();
    assert!(said(&cut_off).contains("1 created"), "{}", said(&cut_off));

    let server = house.premises.serve();
    let (_, planned) = house.import(&[]);
    assert_eq!(actions(&planned), ["secret", "cannot"]);
    assert!(
        planned[0]["reason"].as_str().unwrap().contains("never shown") && planned[0].get("client_secret").is_none()
    );
    let (_, rows) = house.import(&["--apply"]);
    assert_eq!(actions(&rows), ["secret", "cannot"]);
    assert_eq!(rows[0]["client_secret"].as_str().unwrap().split('.').count(), 3, "{rows:?}");
    assert!(rows[0]["secret_expires"].is_string());
    let (_, rows) = house.import(&["--apply"]);
    assert_eq!(actions(&rows), ["skipped", "cannot"], "it was shown");
    assert_eq!(server.stop().0, Some(0));
}

#[test]
fn fifty_apps_come_in_parts_and_a_bad_file_comes_not_at_all() {
    let house = House::new();
    let app = |n: u32| {
        let id = format!("11111111-2222-3333-4444-{n:012}");
        json!({"registrationId": id, "registrationName": format!("App {n}"), "redirectUris": ["https://a.test/c"], "scopes": "vso.work"})
    };
    let mut apps: Vec<Value> = (0..50).map(app).collect();
    house.export(&Value::Array(apps.clone()));
    let (code, rows) = house.import(&["--apply"]);
    assert_eq!((code, rows.len()), (Some(0), 50));
    assert!(rows.iter().all(|row| row["action"] == "created" && row["client_secret"].is_string()));
    let output = house.premises.run(&house.arguments(&[]), "");
    assert!(said(&output).contains("0 to create, 0 to update, 50 unchanged"), "{}", said(&output));
    assert!(said(&output).contains("organization policy example --legacy-apps true"), "{}", said(&output));

    apps.push(app(51));
    apps.push(json!({"registrationId": "x"}));
    house.export(&Value::Array(apps));
    let output = house.premises.run(&house.arguments(&["--apply"]), "");
    assert_eq!(output.status.code(), Some(2));
    assert!(said(&output).contains("registration 52, registrationId: a GUID belongs here"), "{}", said(&output));
    let listed = house.premises.json(&["legacy", "list", "example"], "");
    assert_eq!(listed.as_array().unwrap().len(), 50);
}

#[test]
fn a_closed_import_stays_closed_and_no_other_command_makes_such_an_app() {
    let house = House::new();
    house.export(&an_export());
    let close = ["legacy", "close-import", "example"];
    let asked = house.premises.run(&close, "");
    assert_eq!(asked.status.code(), Some(4), "there is nobody to ask");
    let closed = house.premises.run(&["legacy", "close-import", "example", "--yes"], "");
    assert!(closed.status.success(), "{}", said(&closed));
    assert_eq!(house.premises.run(&["legacy", "close-import", "example", "--yes"], "").status.code(), Some(5));
    for more in [&[][..], &["--apply"]] {
        let refused = house.premises.run(&house.arguments(more), "");
        assert_eq!(refused.status.code(), Some(4));
        assert!(said(&refused).contains("/apps/new"), "the way forward: {}", said(&refused));
    }
    let create = ["app", "create", "--name", "Sneaky", "--kind", "web", "--owner", "ana@example.com"];
    let rest = ["--redirect-uri", "https://s.test/c", "--scope", "vso.work", "--profile", "legacy"];
    let refused = house.premises.run(&[&create[..], &rest].concat(), "");
    assert_eq!(refused.status.code(), Some(4));
    assert!(said(&refused).contains("/apps/new"), "the way forward: {}", said(&refused));
    assert_eq!(house.premises.json(&["app", "list"], ""), json!([]));
}

#[test]
fn an_organization_sets_moves_and_takes_away_the_end() {
    let house = House::new();
    let sunset = |more: &[&str]| house.premises.json(&[&["legacy", "sunset", "example"], more].concat(), "");
    assert_eq!(sunset(&[])["phase"], "open");
    let set = sunset(&["--warn-from", "2020-01-01", "--refuse-from", "2100-01-01"]);
    assert_eq!(
        (set["phase"].as_str(), set["refuse_from"].as_str()),
        (Some("warned"), Some("2100-01-01T00:00:00.000Z"))
    );
    assert_eq!(sunset(&["--refuse-from", "2021-01-01"])["phase"], "refused");
    let wrong = house.premises.run(&["legacy", "sunset", "example", "--warn-from", "2022-01-01"], "");
    assert_eq!(wrong.status.code(), Some(2), "{}", said(&wrong));
    assert_eq!(sunset(&["--none"])["refuse_from"], Value::Null);
    assert_eq!(house.premises.json(&["audit", "verify"], "")["intact"], true);
}

#[test]
fn a_file_tells_the_terminal_nothing() {
    let house = House::new();
    let hostile = "x\u{1b}]0;owned\u{7}\u{9b}31m\u{202e}";
    let doubled = format!("registrationId,{hostile},{hostile}\n");
    let no_uri = json!([{ "registrationId": OLD_CI, "registrationName": hostile, "redirectUris": [hostile], "scopes": hostile }]);
    for text in [doubled, no_uri.to_string()] {
        std::fs::write(&house.file, text).unwrap();
        for output in ["table", "json"] {
            let ended = house.premises.run(&house.arguments(&["-o", output]), "");
            for printed in [ended.stdout, ended.stderr] {
                let printed = String::from_utf8(printed).unwrap();
                let told: Vec<char> = printed.chars().filter(|c| *c != '\n' && is_hidden(*c)).collect();
                assert!(told.is_empty(), "{told:?} in {printed:?}");
            }
        }
    }
}
