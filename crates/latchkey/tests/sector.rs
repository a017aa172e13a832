//! `sector_identifier_uri` by `latchkey app create` and `latchkey app import`: the list is fetched, and has to name every redirect URI.

#![allow(clippy::unwrap_used, clippy::indexing_slicing, reason = "a test that cannot go on fails")]

mod premises;

use std::io::{Read as _, Write as _};
use std::net::{TcpListener, TcpStream};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use premises::{DOMAIN, Premises, said};
use rustls::crypto::aws_lc_rs;
use rustls::pki_types::PrivatePkcs8KeyDer;
use rustls::{ServerConfig, ServerConnection, Stream};
use serde_json::{Value, json};

const LISTED: [&str; 2] = ["https://one.example.net/callback", "https://two.example.net/callback"];

/// A host that publishes the list, by https with a certificate of its own.
struct Publisher {
    port: u16,
    certificate: String,
    asked: Arc<AtomicUsize>,
}

impl Publisher {
    fn start() -> Self {
        let made = rcgen::generate_simple_self_signed(vec!["localhost".to_owned()]).unwrap();
        let key = PrivatePkcs8KeyDer::from(made.signing_key.serialize_der());
        let config = ServerConfig::builder_with_provider(Arc::new(aws_lc_rs::default_provider()))
            .with_safe_default_protocol_versions()
            .unwrap()
            .with_no_client_auth()
            .with_single_cert(vec![made.cert.der().clone()], key.into())
            .unwrap();
        let (config, socket) = (Arc::new(config), TcpListener::bind("127.0.0.1:0").unwrap());
        let (port, asked) = (socket.local_addr().unwrap().port(), Arc::<AtomicUsize>::default());
        let count = Arc::clone(&asked);
        std::thread::spawn(move || {
            for stream in socket.incoming().map_while(Result::ok) {
                count.fetch_add(1, Ordering::SeqCst);
                // A client that goes away in the middle is its own affair.
                let _: Option<()> = answer(stream, &config);
            }
        });
        Self { port, certificate: made.cert.pem(), asked }
    }

    fn address(&self) -> String {
        format!("https://localhost:{}/uris.json", self.port)
    }
}

fn answer(mut stream: TcpStream, config: &Arc<ServerConfig>) -> Option<()> {
    let mut connection = ServerConnection::new(Arc::clone(config)).ok()?;
    let mut tls = Stream::new(&mut connection, &mut stream);
    let (mut head, mut byte) = (Vec::new(), [0]);
    while !head.ends_with(b"\r\n\r\n") {
        tls.read_exact(&mut byte).ok()?;
        head.push(byte[0]);
    }
    let list = json!(LISTED).to_string();
    let length = list.len();
    write!(tls, "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: {length}\r\nConnection: close\r\n\r\n{list}")
        .ok()?;
    connection.send_close_notify();
    connection.write_tls(&mut stream).ok()?;
    Some(())
}

/// A directory whose server trusts the publisher.
fn a_directory(publisher: &Publisher) -> Premises {
    let premises = Premises::new();
    std::fs::write(premises.folder.path().join("publisher.pem"), &publisher.certificate).unwrap();
    let mut config = std::fs::read_to_string(premises.config()).unwrap();
    config.push_str("\n[outbound]\nloopback = true\nauthorities = \"publisher.pem\"\n");
    std::fs::write(premises.config(), config).unwrap();
    premises.json(&["tenant", "create", "--domain", DOMAIN, "--name", "Example"], "");
    let create = ["account", "create", "--email", "ana@example.com", "--name", "Ana"];
    premises.json(&create, "a long enough password\n");
    premises
}

#[test]
fn an_app_is_made_with_the_list_of_its_sector_with_a_server_and_without() {
    let publisher = Publisher::start();
    let premises = a_directory(&publisher);
    let metadata = json!({"subject_type": "pairwise", "sector_identifier_uri": publisher.address()}).to_string();
    let create = |uris: [&str; 2]| {
        let [one, two] = uris;
        let app = ["app", "create", "--name", "Skiff", "--kind", "web", "--owner", "ana@example.com"];
        let rest = ["--redirect-uri", one, "--redirect-uri", two, "--metadata", &metadata, "-o", "json"];
        premises.run(&[&app[..], &rest].concat(), "")
    };
    let sector = |output: &std::process::Output| -> Value {
        assert!(output.status.success(), "{}", said(output));
        serde_json::from_slice::<Value>(&output.stdout).unwrap()["metadata"]["sector_identifier_uri"].clone()
    };
    assert_eq!(sector(&create(LISTED)), publisher.address());
    assert_eq!(publisher.asked.load(Ordering::SeqCst), 1);
    let unlisted = create([LISTED[0], "https://evil.example.net/"]);
    assert_eq!(unlisted.status.code(), Some(2));
    assert!(said(&unlisted).contains("sector_identifier_uri"), "{}", said(&unlisted));

    let server = premises.serve();
    assert_eq!(sector(&create(LISTED)), publisher.address(), "the server asks");
    assert_eq!(publisher.asked.load(Ordering::SeqCst), 3);
    assert_eq!(server.stop().0, Some(0));
}

#[test]
fn an_import_reads_the_list_and_refuses_what_it_does_not_name() {
    let publisher = Publisher::start();
    let premises = a_directory(&publisher);
    let import = |uris: &[&str], more: &[&str]| {
        let app = json!([{
            "client_id": "11111111-2222-4333-8444-555555555555", "name": "Skiff", "kind": "web", "redirect_uris": uris,
            "subject_type": "pairwise", "sector_identifier_uri": publisher.address(),
        }]);
        let path = premises.folder.path().join("apps.json");
        std::fs::write(&path, app.to_string()).unwrap();
        let order = ["app", "import", path.to_str().unwrap(), "--owner", "ana@example.com", "-o", "json"];
        let output = premises.run(&[&order[..], more].concat(), "");
        let rows: Value = serde_json::from_slice(&output.stdout).map_err(|_| said(&output)).unwrap();
        (rows[0]["action"].as_str().unwrap().to_owned(), output.status.code())
    };
    assert_eq!(import(&[LISTED[0], "https://evil.example.net/"], &["--apply"]), ("cannot".into(), Some(4)));
    assert_eq!(import(&LISTED, &["--apply"]), ("created".into(), Some(0)));
    let asked = publisher.asked.load(Ordering::SeqCst);
    assert_eq!(import(&LISTED[..1], &["--apply"]), ("updated".into(), Some(0)));
    assert_eq!(publisher.asked.load(Ordering::SeqCst), asked, "what was read is enough");
    let shown = premises.json(&["app", "show", "11111111-2222-4333-8444-555555555555"], "");
    assert_eq!(shown["metadata"]["sector_identifier_uri"], publisher.address());
}
