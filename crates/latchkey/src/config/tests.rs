use super::*;

pub(super) const GOOD: &str = r#"
[server]
behind_proxy = false

[[server.origins]]
url = "https://id.example.com"
listen = "0.0.0.0:443"
certificate = "tls/chain.pem"
key = "tls/key.pem"

[keys]
master = "master.key"
"#;

pub(super) fn plan(text: &str) -> Result<Plan, String> {
    let path = Path::new("/etc/latchkey/latchkey.toml");
    read(path, text).map_err(|problem| problem.failure(path, text).to_string())
}

/// What is said about the good file with one text in it replaced.
fn said_about(written: &str, instead: &str) -> String {
    assert!(GOOD.contains(written), "{written}");
    plan(&GOOD.replace(written, instead)).unwrap_err()
}

#[test]
fn the_shortest_file_runs_a_safe_server() {
    let plan = plan(GOOD).unwrap();
    assert_eq!(plan.origins.len(), 1);
    assert_eq!(&*plan.origins[0].origin.url, "https://id.example.com");
    assert_eq!(plan.place.database, DatabaseUrl::Sqlite("/etc/latchkey/data/latchkey.db".into()));
    assert_eq!(plan.place.repositories, Path::new("/etc/latchkey/data/repositories"));
    assert_eq!(plan.place.master_key, Path::new("/etc/latchkey/master.key"));
    assert!(!plan.behind_proxy);
    assert_eq!(plan.limits, Limits::default());
    assert_eq!((plan.limits.connections, plan.limits.connections_per_address), (20_000, 512));
}

#[test]
fn an_unknown_key_is_shown_with_file_line_caret_and_what_was_meant() {
    let said = said_about("listen = ", "lisen = ");
    let lines = [
        "error: the configuration cannot be used",
        "   --> /etc/latchkey/latchkey.toml:7:1",
        "    |",
        "  7 | lisen = \"0.0.0.0:443\"",
        "    | ^^^^^ there is no key `lisen` here; there is one of `url`, `listen`, `certificate`, `key`, `mutual_tls`",
        "    = did you mean `listen`?",
    ];
    assert_eq!(said.lines().collect::<Vec<_>>(), lines);
}

#[test]
fn an_unknown_section_is_shown_too() {
    let said = said_about("[keys]", "[keyz]");
    assert!(said.contains("latchkey.toml:11:2"), "{said}");
    assert!(said.contains("did you mean `keys`?"), "{said}");
}

#[test]
fn a_key_that_is_like_no_other_gets_no_guess() {
    let said = said_about("behind_proxy = false", "colour = \"blue\"");
    assert!(said.contains("there is no key `colour` here"), "{said}");
    assert!(!said.contains("did you mean"), "{said}");
}

#[test]
fn a_wrong_type_is_shown_where_it_stands() {
    let said = said_about("behind_proxy = false", "behind_proxy = \"no\"");
    assert!(said.contains("latchkey.toml:3:16"), "{said}");
    assert!(said.contains("^^^^ invalid type: string \"no\", expected a boolean"), "{said}");
}

#[test]
fn what_cannot_be_left_out_is_named() {
    let said = said_about("master = \"master.key\"", "");
    assert!(said.contains("missing field `master`"), "{said}");
    let said = said_about("url = \"https://id.example.com\"", "");
    assert!(said.contains("missing field `url`"), "{said}");
}

#[test]
fn a_broken_line_is_shown() {
    let said = said_about("[keys]", "[keys");
    assert!(said.contains("latchkey.toml:11:"), "{said}");
}

#[test]
fn a_database_is_one_of_the_two() {
    let said = said_about("[keys]", "[storage]\ndatabase = \"mysql://h\"\n[keys]");
    assert!(said.contains("latchkey.toml:12:12"), "{said}");
    assert!(said.contains("expected `sqlite:` with a file name, or a `postgres://` address"), "{said}");
}

#[test]
fn postgres_on_another_machine_is_not_reached_without_protection_by_accident() {
    let said = |address: &str| said_about("[keys]", &format!("[storage]\ndatabase = \"{address}\"\n[keys]"));
    let open = said("postgres://latchkey:hunter2@db.example.com/latchkey?sslmode=prefer");
    assert!(open.contains("latchkey.toml:12:12") && open.contains("say verify-full"), "{open}");
    assert!(!open.contains("hunter2"), "{open}");
    let wrong = said("postgres://latchkey:hunter2@db.example.com/latchkey?ssl=true");
    assert!(wrong.contains("this is not an address of PostgreSQL"), "{wrong}");
}

#[test]
fn plain_http_is_spoken_on_this_machine_only() {
    let said = said_about("https://id.example.com", "http://id.example.com");
    assert!(said.contains("plain http is spoken on this machine only"), "{said}");
    let pair = "certificate = \"tls/chain.pem\"\nkey = \"tls/key.pem\"\n";
    let open = GOOD.replace(pair, "").replace("https://id.example.com", "http://localhost:8080");
    let said = plan(&open).unwrap_err();
    assert!(said.contains("plain http is listened for on loopback only"), "{said}");
    assert!(plan(&open.replace("0.0.0.0:443", "127.0.0.1:8080")).is_ok());
}

#[test]
fn https_needs_a_certificate_or_a_trusted_proxy() {
    let bare = GOOD.replace("certificate = \"tls/chain.pem\"\nkey = \"tls/key.pem\"\n", "");
    let said = plan(&bare).unwrap_err();
    assert!(said.contains("https needs `certificate` and `key`") && said.contains("`behind_proxy = true`"), "{said}");
    assert!(plan(&bare.replace("behind_proxy = false", "behind_proxy = true")).is_ok());
    let said = said_about("key = \"tls/key.pem\"", "");
    assert!(said.contains("a certificate needs its `key`"), "{said}");
    let said = said_about("certificate = \"tls/chain.pem\"", "");
    assert!(said.contains("a key needs its `certificate`"), "{said}");
}

#[test]
fn an_origin_has_no_path_and_an_address_has_a_port() {
    let said = said_about("https://id.example.com", "https://id.example.com/login");
    assert!(said.contains("this is not an origin"), "{said}");
    let said = said_about("0.0.0.0:443", "0.0.0.0");
    assert!(said.contains("this is not an address with a port"), "{said}");
}

#[test]
fn one_listener_speaks_one_protocol_and_each_origin_stands_once() {
    let two = |url: &str, files: &str| {
        let second = format!("[[server.origins]]\nurl = \"{url}\"\nlisten = \"0.0.0.0:443\"\n{files}\n[keys]");
        plan(&GOOD.replace("[keys]", &second).replace("behind_proxy = false", "behind_proxy = true"))
    };
    let files = "certificate = \"a.pem\"\nkey = \"b.pem\"";
    assert_eq!(two("https://dev.example.com", files).unwrap().origins.len(), 2);
    assert!(two("https://dev.example.com", "").unwrap_err().contains("one listener speaks either TLS or plain http"));
    assert!(two("https://ID.example.com:443", files).unwrap_err().contains("this origin is there already"));
    let none = "[server]\norigins = []\n[keys]\nmaster = \"k\"";
    assert!(plan(none).unwrap_err().contains("at least one origin is needed"));
}

#[test]
fn certificates_of_clients_are_asked_for_at_a_place_of_their_own() {
    let with = |mutual_tls: &str| {
        GOOD.replace("key = \"tls/key.pem\"", &format!("key = \"tls/key.pem\"\nmutual_tls = {mutual_tls}"))
    };
    let good = plan(&with(r#"{ url = "https://id.example.com:8443", listen = "0.0.0.0:8443" }"#)).unwrap();
    let [origin] = &good.origins[..] else { panic!("one origin") };
    assert_eq!(origin.mutual_tls.map(|address| address.port()), Some(8443));
    assert_eq!(origin.origin.mutual_tls.as_ref().map(|alias| &*alias.authority), Some("id.example.com:8443"));
    for (mutual_tls, why) in [
        (r#"{ url = "https://id.example.com", listen = "0.0.0.0:8443" }"#, "this is not another https origin"),
        (r#"{ url = "http://id.example.com:8443", listen = "0.0.0.0:8443" }"#, "this is not another https origin"),
        (r#"{ url = "https://mtls.example.com", listen = "0.0.0.0:443" }"#, "the origin itself is listened on there"),
        (r#"{ url = "https://mtls.example.com", listen = "8443" }"#, "this is not an address with a port"),
    ] {
        let said = plan(&with(mutual_tls)).unwrap_err();
        assert!(said.contains(why), "{said}");
    }
    let behind = with(r#"{ url = "https://mtls.example.com", listen = "127.0.0.1:8443" }"#)
        .replace("behind_proxy = false", "behind_proxy = true")
        .replace("certificate = \"tls/chain.pem\"\nkey = \"tls/key.pem\"\n", "");
    assert!(plan(&behind).unwrap_err().contains("where TLS is spoken: here"));
    // RFC 9440: the proxy asks, and tells of it. Off unless it is said, and only where there is a proxy.
    let told = r#"{ url = "https://mtls.example.com", client_cert_header = true }"#;
    let told = behind.replace(r#"{ url = "https://mtls.example.com", listen = "127.0.0.1:8443" }"#, told);
    let by_proxy = |plan: Plan| plan.origins[0].origin.mutual_tls.as_ref().map(|alias| alias.by_proxy);
    assert_eq!(by_proxy(plan(&told).unwrap()), Some(true));
    assert_eq!(by_proxy(good), Some(false));
    let without = plan(&told.replace(", client_cert_header = true", "")).unwrap_err();
    assert!(without.contains("nobody asks for certificates of clients there"), "{without}");
    let open = with(r#"{ url = "https://mtls.example.com", client_cert_header = true }"#);
    assert!(plan(&open).unwrap_err().contains("nobody asks for certificates of clients there"));
    let both = behind.replace(r#""127.0.0.1:8443" }"#, r#""127.0.0.1:8443", client_cert_header = true }"#);
    assert!(plan(&both).unwrap_err().contains("this server or the proxy?"));
}
