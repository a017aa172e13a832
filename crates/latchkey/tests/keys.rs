//! `latchkey key`: against a running server, and without one.

#![allow(clippy::unwrap_used, clippy::indexing_slicing, reason = "a test that cannot go on fails")]

mod premises;

use premises::{DOMAIN, Premises, said};

#[test]
fn keys_are_listed_rotated_and_revoked_while_the_server_runs() {
    let premises = Premises::new();
    premises.json(&["tenant", "create", "--domain", DOMAIN, "--name", "Example"], "");
    let server = premises.serve();
    let listed = premises.json(&["key", "list"], "");
    assert_eq!(listed.as_array().unwrap().len(), 2);
    let kid = listed[0]["kid"].as_str().unwrap();
    let jwks = || server.get(&format!("/{DOMAIN}/discovery/v2.0/keys"));
    assert!(jwks().contains(kid));

    let rotated = premises.json(&["key", "rotate"], "");
    assert_eq!(rotated.as_array().unwrap().len(), 2);
    assert!(jwks().contains(rotated[0]["kid"].as_str().unwrap()), "published before it signs");
    let of_none = premises.run(&["key", "rotate", "--algorithm", "PS256"], "");
    assert_eq!((of_none.status.code(), said(&of_none).contains("there is no key of PS256")), (Some(3), true));

    assert_eq!(premises.run(&["key", "revoke", kid], "").status.code(), Some(4), "there is nobody to ask");
    assert!(premises.run(&["key", "revoke", kid, "--yes"], "").status.success());
    assert!(!jwks().contains(kid));
    assert_eq!(premises.run(&["key", "revoke", kid, "--yes"], "").status.code(), Some(5));
    assert_eq!(premises.run(&["key", "revoke", "nonsense", "--yes"], "").status.code(), Some(3));
    assert_eq!(server.stop().0, Some(0));
    let states = premises.json(&["key", "list"], "");
    assert!(states.as_array().unwrap().iter().any(|key| key["kid"] == kid && key["state"] == "revoked"));
}

#[test]
fn another_master_key_is_refused_before_anything_is_served() {
    let premises = Premises::new();
    premises.json(&["key", "list"], "");
    let other = Premises::new();
    std::fs::copy(other.folder.path().join("master.key"), premises.folder.path().join("master.key")).unwrap();
    let output = premises.run(&["serve"], "");
    assert_eq!(output.status.code(), Some(4), "{}", said(&output));
    assert!(said(&output).contains("another master key"), "{}", said(&output));
}
