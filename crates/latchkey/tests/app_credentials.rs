//! `latchkey app key`, `latchkey app federation`, `latchkey app method`: what an app may show in place of a secret.

#![allow(clippy::unwrap_used, clippy::indexing_slicing, reason = "a test that cannot go on fails")]

mod premises;

use std::time::{SystemTime, UNIX_EPOCH};

use latchkey_jose::{Algorithm, SigningKey};
use premises::{DOMAIN, Premises, Server, said};
use serde_json::{Value, json};

const CI: &str = "https://ci.example.com";
const JOB: &str = "repo:example/lighthouse:ref:refs/heads/main";
const NOBODY: &str = "00000000-0000-0000-0000-000000000000";

/// A directory with a daemon in it.
struct Tenant {
    premises: Premises,
    /// The daemon's client id.
    daemon: String,
}

impl Tenant {
    fn new() -> Self {
        let premises = Premises::new();
        premises.json(&["tenant", "create", "--domain", DOMAIN, "--name", "Example"], "");
        let create = ["account", "create", "--email", "ana@example.com", "--name", "Ana", "--administrator"];
        premises.json(&create, "a long enough password\n");
        let create = ["app", "create", "--name", "Nightly", "--kind", "daemon", "--owner", "ana@example.com"];
        let app = premises.json(&[&create[..], &["--scope", "vso.build"]].concat(), "");
        Self { premises, daemon: app["client_id"].as_str().unwrap().to_owned() }
    }

    fn file(&self, name: &str, text: &str) -> String {
        let path = self.premises.folder.path().join(name);
        std::fs::write(&path, text).unwrap();
        path.to_str().unwrap().to_owned()
    }

    fn code(&self, arguments: &[&str]) -> Option<i32> {
        self.premises.run(arguments, "").status.code()
    }

    /// What the token endpoint says to an assertion.
    fn shows(&self, server: &Server, assertion: &str) -> String {
        let form = url::form_urlencoded::Serializer::new(String::new())
            .append_pair("grant_type", "client_credentials")
            .append_pair("scope", "499b84ac-1321-427f-aa17-267ca6975798/.default")
            .append_pair("client_id", &self.daemon)
            .append_pair("client_assertion_type", "urn:ietf:params:oauth:client-assertion-type:jwt-bearer")
            .append_pair("client_assertion", assertion)
            .finish();
        let head = format!(
            "POST /{DOMAIN}/oauth2/v2.0/token HTTP/1.1\r\nHost: localhost:{}\r\nConnection: close\r\n\
             Content-Type: application/x-www-form-urlencoded\r\nContent-Length: {}\r\n\r\n",
            self.premises.port,
            form.len()
        );
        server.send(format!("{head}{form}").as_bytes())
    }

    /// The daemon says who it is, signed with a key.
    fn signs(&self, server: &Server, key: &SigningKey) -> String {
        let now = now();
        let jti = SystemTime::now().duration_since(UNIX_EPOCH).unwrap().as_nanos();
        let audience = format!("http://localhost:{}/{DOMAIN}/oauth2/v2.0/token", self.premises.port);
        let claims = json!({
            "iss": self.daemon, "sub": self.daemon, "aud": audience,
            "iat": now, "exp": now + 60, "jti": jti.to_string(),
        });
        self.shows(server, &key.sign_jwt("JWT", &claims).unwrap())
    }
}

fn now() -> u64 {
    SystemTime::now().duration_since(UNIX_EPOCH).unwrap().as_secs()
}

fn a_key() -> SigningKey {
    SigningKey::generate(Algorithm::Es256).unwrap()
}

fn key_set(key: &SigningKey) -> Value {
    json!({ "keys": [key.public_jwk()] })
}

fn works(answer: &str) -> bool {
    assert!(answer.starts_with("HTTP/1.1 200") || answer.contains("invalid_client"), "{answer}");
    answer.starts_with("HTTP/1.1 200") && answer.contains("access_token")
}

#[test]
fn a_key_is_added_works_is_listed_and_removed_while_the_server_runs() {
    let tenant = Tenant::new();
    let (server, key) = (tenant.premises.serve(), a_key());
    assert!(!works(&tenant.signs(&server, &key)), "nobody knows it yet");
    let file = tenant.file("keys.json", &key_set(&key).to_string());
    let added = tenant.premises.json(&["app", "key", "add", &tenant.daemon, &file], "");
    assert_eq!((added.as_array().unwrap().len(), &added[0]["kid"]), (1, &json!(key.kid())));
    assert!(works(&tenant.signs(&server, &key)));

    // What is shown is its public half and its names, and nothing is added twice.
    let listed = tenant.premises.json(&["app", "key", "list", &tenant.daemon], "");
    assert_eq!(listed, added);
    assert!(listed[0]["algorithms"].as_array().unwrap().contains(&json!("ES256")));
    assert_eq!(tenant.code(&["app", "key", "add", &tenant.daemon, &file]), Some(2));

    let id = added[0]["key_id"].as_str().unwrap();
    assert_eq!(tenant.code(&["app", "key", "remove", &tenant.daemon, id]), Some(4), "there is nobody to ask");
    assert_eq!(tenant.code(&["app", "key", "remove", &tenant.daemon, id, "--yes"]), Some(0));
    assert!(!works(&tenant.signs(&server, &key)));
    assert_eq!(tenant.code(&["app", "key", "remove", &tenant.daemon, id, "--yes"]), Some(3));
    assert_eq!(tenant.code(&["app", "key", "list", NOBODY]), Some(3));
    assert_eq!(server.stop().0, Some(0));
    assert_eq!(tenant.premises.json(&["app", "key", "list", &tenant.daemon], ""), json!([]), "without a server too");
}

#[test]
fn a_certificate_brings_its_key_and_a_private_key_is_refused() {
    let tenant = Tenant::new();
    let made = rcgen::generate_simple_self_signed(vec!["ci.example.com".to_owned()]).unwrap();
    let file = tenant.file("ci.pem", &made.cert.pem());
    let added = tenant.premises.json(&["app", "key", "add", &tenant.daemon, &file], "");
    assert!(added[0]["x5t#S256"].as_str().unwrap().len() == 43, "{added}");

    let private = tenant.file("private.pem", &made.signing_key.serialize_pem());
    let refused = tenant.premises.run(&["app", "key", "add", &tenant.daemon, &private], "");
    assert_eq!(refused.status.code(), Some(2), "{}", said(&refused));
    assert!(!said(&refused).contains(made.signing_key.serialize_pem().lines().nth(1).unwrap()), "it is not repeated");
    for text in ["", "nonsense", "{\"keys\":[]}"] {
        let file = tenant.file("nonsense", text);
        assert_eq!(tenant.code(&["app", "key", "add", &tenant.daemon, &file]), Some(2), "{text:?}");
    }
    assert_eq!(tenant.code(&["app", "key", "add", &tenant.daemon, "/nonexistent"]), Some(2));
}

#[test]
fn an_app_is_fixed_to_one_method_and_released_from_it() {
    let tenant = Tenant::new();
    let (server, key) = (tenant.premises.serve(), a_key());
    let file = tenant.file("keys.json", &key_set(&key).to_string());
    tenant.premises.json(&["app", "key", "add", &tenant.daemon, &file], "");
    let method = |name: &str| tenant.premises.run(&["app", "method", &tenant.daemon, name], "");
    assert!(method("client_secret_basic").status.success());
    assert!(!works(&tenant.signs(&server, &key)));
    assert!(method("private_key_jwt").status.success());
    assert!(works(&tenant.signs(&server, &key)));
    assert!(method("any").status.success());
    assert!(works(&tenant.signs(&server, &key)));
    let wrong = method("password");
    assert_eq!(wrong.status.code(), Some(2));
    assert!(said(&wrong).contains("private_key_jwt"), "the ones there are: {}", said(&wrong));
}

#[test]
fn a_job_of_a_trusted_platform_needs_no_secret_until_the_trust_is_taken_back() {
    let tenant = Tenant::new();
    let (server, platform) = (tenant.premises.serve(), a_key());
    let keys = tenant.file("platform.json", &key_set(&platform).to_string());
    let add = ["app", "federation", "add", &tenant.daemon, "--name", "main", "--issuer", CI, "--subject", JOB];
    let added = tenant.premises.json(&[&add[..], &["--keys", &keys]].concat(), "");
    assert_eq!((&added["issuer"], &added["subject"]), (&json!(CI), &json!(JOB)));
    assert_eq!((&added["audience"], &added["keys"]), (&json!("api://AzureADTokenExchange"), &json!("pinned")));
    let job = |subject: &str| {
        let claims = json!({
            "iss": CI, "sub": subject, "aud": "api://AzureADTokenExchange",
            "iat": now(), "nbf": now(), "exp": now() + 60,
        });
        tenant.shows(&server, &platform.sign_jwt("JWT", &claims).unwrap())
    };
    assert!(works(&job(JOB)));
    assert!(!works(&job("repo:example/lighthouse:ref:refs/heads/other")), "letter by letter");

    assert_eq!(tenant.premises.json(&["app", "federation", "list", &tenant.daemon], "")[0]["id"], added["id"]);
    let id = added["id"].as_str().unwrap();
    let remove = ["app", "federation", "remove", &tenant.daemon, id];
    assert_eq!(tenant.code(&remove), Some(4), "there is nobody to ask");
    assert_eq!(tenant.code(&[&remove[..], &["--yes"]].concat()), Some(0));
    assert!(!works(&job(JOB)));
    assert_eq!(tenant.code(&[&remove[..], &["--yes"]].concat()), Some(3));
}

#[test]
fn a_platform_that_cannot_be_trusted_is_refused() {
    let tenant = Tenant::new();
    let ours = format!("http://localhost:{}/{DOMAIN}/v2.0", tenant.premises.port);
    for issuer in ["http://ci.example.com", "ci", &ours] {
        let add = ["app", "federation", "add", &tenant.daemon, "--name", "main", "--issuer", issuer, "--subject", JOB];
        let refused = tenant.premises.run(&add, "");
        assert_eq!(refused.status.code(), Some(2), "{issuer}: {}", said(&refused));
    }
    let nobodys = ["app", "federation", "add", NOBODY, "--name", "main", "--issuer", CI, "--subject", JOB];
    assert_eq!(tenant.code(&nobodys), Some(3));
    let unreadable = ["--issuer", CI, "--subject", JOB, "--keys", "/nonexistent"];
    let add = ["app", "federation", "add", &tenant.daemon, "--name", "main"];
    assert_eq!(tenant.code(&[&add[..], &unreadable].concat()), Some(2));
    assert_eq!(tenant.premises.json(&["app", "federation", "list", &tenant.daemon], ""), json!([]));
}
