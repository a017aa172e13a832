//! `latchkey tenant implicit`, `latchkey tenant described-apps`: what a directory lets in, and that its metadata say so at once.

#![allow(clippy::unwrap_used, clippy::indexing_slicing, reason = "a test that cannot go on fails")]

mod premises;

use premises::{DOMAIN, Premises, Server};
use serde_json::{Value, json};

fn a_directory() -> Premises {
    let premises = Premises::new();
    premises.json(&["tenant", "create", "--domain", DOMAIN, "--name", "Example"], "");
    premises
}

fn metadata(server: &Server) -> Value {
    let answer = server.get(&format!("/{DOMAIN}/v2.0/.well-known/openid-configuration"));
    serde_json::from_str(answer.split("\r\n\r\n").nth(1).unwrap()).unwrap()
}

#[test]
fn tokens_travel_through_browsers_only_where_somebody_said_so() {
    let premises = a_directory();
    let server = premises.serve();
    let types = || metadata(&server)["response_types_supported"].clone();
    let implicit = |more: &[&str]| premises.json(&[&["tenant", "implicit", DOMAIN], more].concat(), "");
    assert_eq!(implicit(&[]), json!({ "domain": DOMAIN, "implicit": false }));
    assert_eq!(types(), json!(["code"]));
    assert_eq!(implicit(&["--allow", "true"])["implicit"], true);
    assert!(types().as_array().unwrap().contains(&json!("code id_token")), "{}", types());
    assert_eq!(implicit(&["--allow", "false"])["implicit"], false);
    assert_eq!(types(), json!(["code"]));
    assert_eq!(server.stop().0, Some(0));

    // Without a server it is kept for the next one.
    implicit(&["--allow", "true"]);
    let server = premises.serve();
    assert!(metadata(&server)["response_types_supported"].as_array().unwrap().len() > 1);
    assert_eq!(premises.run(&["tenant", "implicit", "nowhere.example", "--allow", "true"], "").status.code(), Some(3));
    assert_eq!(premises.run(&["tenant", "implicit", DOMAIN, "--allow", "maybe"], "").status.code(), Some(2));
}

#[test]
fn apps_that_describe_themselves_are_let_in_until_somebody_says_no() {
    let premises = a_directory();
    let server = premises.serve();
    let supported = || metadata(&server)["client_id_metadata_document_supported"].clone();
    let described = |more: &[&str]| premises.json(&[&["tenant", "described-apps", DOMAIN], more].concat(), "");
    assert_eq!(described(&[]), json!({ "domain": DOMAIN, "let_in": "on", "described": 0 }));
    assert_eq!(supported(), true);
    assert_eq!(described(&["--let-in", "off"])["let_in"], "off");
    assert_eq!(supported(), false);
    let refused = server.get(&format!(
        "/{DOMAIN}/oauth2/v2.0/authorize?client_id=https%3A%2F%2Fservice.example%2Fagent.json&response_type=code&scope=openid"
    ));
    assert!(refused.starts_with("HTTP/1.1 400"), "nobody asks that host: {refused}");
    assert_eq!(described(&["--let-in", "on"])["let_in"], "on");
    assert_eq!(supported(), true);
    assert_eq!(premises.run(&["tenant", "described-apps", "nowhere.example"], "").status.code(), Some(3));
    let intact = premises.run(&["audit", "verify"], "");
    assert!(intact.status.success(), "each decision is on record");
}
