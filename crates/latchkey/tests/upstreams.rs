//! `latchkey upstream`: a provider is added, changed and removed, and the sign-in page follows at once.

#![allow(clippy::unwrap_used, clippy::indexing_slicing, clippy::panic, reason = "a test that cannot go on fails")]

mod premises;

use premises::{DOMAIN, Premises, Server, said};
use serde_json::{Value, json};

const ISSUER: &str = "https://login.example.net";
const SECRET: &str = "kept-by-nobody-else-kept-by-nobody-else";

struct Directory {
    premises: Premises,
    secret: String,
}

impl Directory {
    fn new() -> Self {
        let premises = Premises::new();
        premises.json(&["tenant", "create", "--domain", DOMAIN, "--name", "Example"], "");
        let path = premises.folder.path().join("secret.txt");
        std::fs::write(&path, format!("{SECRET}\n")).unwrap();
        Self { premises, secret: path.to_str().unwrap().to_owned() }
    }

    /// `latchkey upstream`, with what has to be said of a provider.
    fn said<'a>(&'a self, verb: &[&'a str], name: &'a str, more: &[&'a str]) -> Vec<&'a str> {
        let provider = [DOMAIN, "--name", name, "--issuer", ISSUER, "--client-id", "latchkey"];
        [&["upstream"], verb, &provider, more].concat()
    }

    fn add(&self, name: &str, more: &[&str]) -> Value {
        self.premises.json(&self.said(&["add"], name, more), "")
    }

    /// An app of the directory, by its client id.
    fn an_app(&self) -> String {
        let ana = ["account", "create", "--email", "ana@example.com", "--name", "Ana", "--administrator"];
        self.premises.json(&ana, "a long enough password\n");
        let app = ["app", "create", "--name", "Crane", "--kind", "web", "--owner", "ana@example.com"];
        let app =
            self.premises.json(&[&app[..], &["--redirect-uri", "https://crane.example.com/callback"]].concat(), "");
        app["client_id"].as_str().unwrap().to_owned()
    }

    /// The page that somebody meets whom the app sends here.
    fn sign_in_page(&self, server: &Server, app: &str) -> String {
        let asked = server.get(&format!(
            "/{DOMAIN}/oauth2/v2.0/authorize?client_id={app}&response_type=code&scope=openid\
             &redirect_uri=https%3A%2F%2Fcrane.example.com%2Fcallback\
             &code_challenge=E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM&code_challenge_method=S256"
        ));
        let header = |name: &str| {
            let line = asked.lines().find_map(|line| line.strip_prefix(name)).unwrap_or_else(|| panic!("{asked}"));
            line.split(';').next().unwrap().to_owned()
        };
        let (path, cookie) = (header("location: "), header("set-cookie: "));
        let head = format!("GET {path} HTTP/1.1\r\nHost: localhost:{}\r\nCookie: {cookie}", self.premises.port);
        server.send(format!("{head}\r\nConnection: close\r\n\r\n").as_bytes())
    }

    fn list(&self) -> Value {
        self.premises.json(&["upstream", "list", DOMAIN], "")
    }
}

#[test]
fn a_provider_comes_onto_the_sign_in_page_changes_there_and_goes() {
    let directory = Directory::new();
    let server = directory.premises.serve();
    let app = directory.an_app();
    let page = || directory.sign_in_page(&server, &app);
    assert!(page().contains("<h1>Sign in</h1>") && !page().contains("Example Login"), "{}", page());

    let added = directory.add("Example Login", &["--secret-file", &directory.secret]);
    let id = added["id"].as_str().unwrap();
    let back = format!("http://localhost:{}/upstream/callback/{id}", directory.premises.port);
    assert_eq!(added["redirect_uris"], json!([back]), "what is registered there");
    assert_eq!((&added["has_secret"], &added["scopes"]), (&json!(true), &json!("openid profile email")));
    assert!(!added.to_string().contains(SECRET) && !directory.list().to_string().contains(SECRET));
    assert!(page().contains("Sign in with <bdi>Example Login</bdi>"), "{}", page());

    let more = ["--home-realm", "--no-passwords", "--scopes", "openid email"];
    let changed = directory.premises.json(&directory.said(&["change", id], "Our Login", &more), "");
    assert_eq!((&changed["name"], &changed["passwords"]), (&json!("Our Login"), &json!(false)));
    assert_eq!(changed["has_secret"], true, "what is not said of the secret leaves it");
    assert_eq!(directory.list().as_array().unwrap().len(), 1);

    let remove = ["upstream", "remove", DOMAIN, id];
    assert_eq!(directory.premises.run(&remove, "").status.code(), Some(4), "there is nobody to ask");
    assert!(directory.premises.run(&[&remove[..], &["--yes"]].concat(), "").status.success());
    assert_eq!(directory.list(), json!([]));
    assert!(!page().contains("Our Login"));
    assert_eq!(directory.premises.run(&[&remove[..], &["--yes"]].concat(), "").status.code(), Some(3));
}

#[test]
fn what_cannot_be_a_provider_is_refused_with_the_reason() {
    let directory = Directory::new();
    let run = |arguments: &[&str]| {
        let output = directory.premises.run(arguments, "");
        (output.status.code(), said(&output))
    };
    let without_openid = run(&directory.said(&["add"], "Example Login", &["--scopes", "email"]));
    assert!(without_openid.0 == Some(2) && without_openid.1.contains("openid"), "{}", without_openid.1);
    assert_eq!(run(&directory.said(&["add"], "", &[])).0, Some(2), "a button has a name");
    assert_eq!(run(&directory.said(&["add"], "Example Login", &["--secret-file", "/nonexistent"])).0, Some(2));
    let plain = ["--name", "Plain", "--issuer", "http://login.example.net", "--client-id", "latchkey"];
    assert_eq!(run(&[&["upstream", "add", DOMAIN], &plain[..]].concat()).0, Some(2), "plain http");
    let nobodys = ["--name", "Plain", "--issuer", ISSUER, "--client-id", "latchkey"];
    assert_eq!(run(&[&["upstream", "add", "nowhere.example"], &nobodys[..]].concat()).0, Some(3));

    let added = directory.add("Example Login", &[]);
    assert_eq!(added["has_secret"], false, "it signs with a key of its own");
    assert_eq!(run(&directory.said(&["add"], "Again", &[])).0, Some(5), "one issuer once");
    let id = added["id"].as_str().unwrap();
    let other = ["--name", "Other", "--issuer", "https://other.example.net", "--client-id", "latchkey"];
    assert_eq!(run(&[&["upstream", "change", id, DOMAIN], &other[..]].concat()).0, Some(2), "people are linked by it");
    let unknown = "00000000-0000-0000-0000-000000000000";
    assert_eq!(run(&directory.said(&["change", unknown], "Example Login", &[])).0, Some(3));
}
