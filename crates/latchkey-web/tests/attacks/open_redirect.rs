//! The attacker wants our page to send the browser, with or without a code, to an address of their own.

use latchkey_testkit::server::Listener;
use latchkey_testkit::{Visit, on_both_databases};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;

const CORPUS: [&str; 34] = [
    "https://evil.test/",
    "https://burndown.test/callback/",
    "https://burndown.test/callback?x=1",
    "https://burndown.test/callback#",
    "https://burndown.test/callback#x",
    "https://burndown.test/Callback",
    "https://BURNDOWN.test/callback",
    "HTTPS://burndown.test/callback",
    "http://burndown.test/callback",
    "https://burndown.test:443/callback",
    "https://burndown.test.evil.test/callback",
    "https://evil.test/burndown.test/callback",
    "https://burndown.test@evil.test/callback",
    "https://burndown.test:x@evil.test/callback",
    "https://evil.test\\@burndown.test/callback",
    "https://burndown.test\\.evil.test/callback",
    "https://burndown.test/callback/../evil",
    "https://burndown.test/./callback",
    "https://burndown.test//callback",
    "https://burndown.test/%63allback",
    "https://burndown.test/callback%0d%0aLocation:https://evil.test",
    "https://burndown.test/callback\r\nLocation: https://evil.test",
    "https://burndown.test/callback;x",
    "https://burndown.test/callback ",
    " https://burndown.test/callback",
    "https://burndown.test/callback\u{0}",
    "https://burndown\u{ff0e}test/callback",
    "https://burndown.test\u{3002}evil.test/callback",
    "//burndown.test/callback",
    "/callback",
    "javascript:alert(1)//https://burndown.test/callback",
    "data:text/html,https://burndown.test/callback",
    "http://localhost/callback",
    "burndown.test/callback",
];

#[test]
fn no_address_but_the_registered_one_is_ever_gone_to() {
    on_both_databases(async |world| {
        let ana = world.ana();
        ana.approves("burndown").await;
        for uri in CORPUS {
            for prompt in ["", "none"] {
                let request = world.app("burndown").request().with("redirect_uri", uri).with("prompt", prompt);
                match ana.browser().open(&request.url()).await {
                    // The site itself refuses an address with a null character.
                    Visit::Page(page) if uri.contains('\0') => assert_eq!(page.status(), 400),
                    Visit::Page(page) => {
                        assert_eq!(
                            (page.status(), page.error_code().as_str()),
                            (400, "invalid_redirect_uri"),
                            "{uri:?}"
                        );
                    }
                    Visit::Left(departure) => panic!("{uri:?} was gone to: {departure:?}"),
                }
            }
        }
    });
}

#[test]
fn no_other_mistake_makes_a_bad_address_good() {
    on_both_databases(async |world| {
        for (name, value) in [
            ("response_type", "nonsense"),
            ("scope", "vso.nonsense"),
            ("response_mode", "jwt"),
            ("prompt", "none login"),
            ("max_age", "-1"),
            ("code_challenge_method", "plain"),
        ] {
            let request = world.app("burndown").request().with("redirect_uri", "https://evil.test/").with(name, value);
            let page = world.browser().open(&request.url()).await.page();
            assert_eq!(page.error_code(), "invalid_redirect_uri", "{name}={value}");
        }
        // An object is read before the address, which may be in it, and a bad one is told on a page too.
        let request =
            world.app("burndown").request().with("redirect_uri", "https://evil.test/").with("request", "e30.e30.");
        assert_eq!(world.browser().open(&request.url()).await.page().error_code(), "invalid_request_object");
        for (name, value, code) in [
            ("client_id", "", "invalid_request"),
            ("client_id", "nonsense", "unauthorized_client"),
            ("client_id", "00000000-0000-0000-0000-000000000001", "unauthorized_client"),
            ("redirect_uri", "", "invalid_request"),
        ] {
            let request = world.app("burndown").request().with(name, value).with("prompt", "none");
            let page = world.browser().open(&request.url()).await.page();
            assert_eq!((page.status(), page.error_code().as_str()), (400, code), "{name}={value}");
        }
    });
}

#[test]
fn any_changed_character_is_another_address() {
    on_both_databases(async |world| {
        let registered = "https://burndown.test/callback";
        for index in 0..registered.len() {
            let mut changed = registered.to_owned();
            let other = if registered.as_bytes()[index] == b'x' { "y" } else { "x" };
            changed.replace_range(index..=index, other);
            let request = world.app("burndown").request().with("redirect_uri", &changed);
            assert_eq!(world.get(&request.url()).await.status, 400, "{changed}");
        }
    });
}

/// A request for this path as it stands: no library of ours makes a URL of it first.
async fn raw(listener: &Listener, path: &str) -> String {
    let mut stream = TcpStream::connect(listener.address()).await.unwrap();
    let form = "content-type: application/x-www-form-urlencoded\r\ncontent-length: 7";
    let request = format!(
        "POST {path} HTTP/1.1\r\nhost: {}\r\n{form}\r\nconnection: close\r\n\r\nstate=s",
        latchkey_testkit::world::HTTP_AUTHORITY
    );
    stream.write_all(request.as_bytes()).await.unwrap();
    let mut answer = String::new();
    stream.read_to_string(&mut answer).await.unwrap();
    answer.to_ascii_lowercase()
}

#[test]
fn a_path_that_browsers_take_for_another_host_is_refused() {
    on_both_databases(async |world| {
        let listener = world.listen().await;
        for endpoint in ["logout", "authorize"] {
            for start in ["/\\evil.test", "/\\/evil.test", "/harbor.test\\"] {
                let answer = raw(&listener, &format!("{start}/oauth2/v2.0/{endpoint}")).await;
                assert!(answer.starts_with("http/1.1 400 "), "{start}: {answer}");
            }
            let answer = raw(&listener, &format!("//evil.test/oauth2/v2.0/{endpoint}")).await;
            assert!(!answer.contains("location: //"), "{answer}");
            let answer = raw(&listener, &format!("/harbor.test/oauth2/v2.0/{endpoint}")).await;
            assert!(answer.contains(&format!("location: /harbor.test/oauth2/v2.0/{endpoint}?state=s")), "{answer}");
        }
    });
}

#[test]
fn a_client_nobody_vouches_for_is_no_springboard() {
    on_both_databases(async |world| {
        for (name, value) in
            [("scope", "vso.nonsense"), ("prompt", "none"), ("response_type", "token"), ("max_age", "x")]
        {
            let request = world.app("gull").request().with(name, value);
            let page = world.browser().open(&request.url()).await.page();
            assert!(page.says("Do you want to leave for another site?"), "{name}={value}: {}", page.text());
            assert!(
                page.says("registered as gull by nobody whom we have verified."),
                "{name}={value}: {}",
                page.text()
            );
        }
    });
}
