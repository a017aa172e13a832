//! The attacker chooses the host that a request names.

use latchkey_testkit::on_both_databases;

#[test]
fn the_host_chooses_among_our_origins_and_never_makes_one() {
    on_both_databases(async |world| {
        for host in [
            "evil.test",
            "latchkey.test.evil.test",
            "latchkey.test:444",
            "latchkey.test@evil.test",
            "localhost",
            "127.0.0.1:4280",
            "evil.test#latchkey.test",
        ] {
            for path in ["/signin", "/common/v2.0/.well-known/openid-configuration", "/harbor/_apis/projects"] {
                let answer = world.get(path).header("host", host).await;
                assert_eq!(answer.status, 421, "{host} {path}");
                assert!(!answer.text().contains(host));
            }
        }
        assert_eq!(world.get("/signin").header("host", "LATCHKEY.TEST").await.status, 200);
    });
}

#[test]
fn forwarded_headers_are_not_believed_without_a_proxy_that_we_trust() {
    on_both_databases(async |world| {
        let answer = world
            .get("/common/v2.0/.well-known/openid-configuration")
            .header("x-forwarded-host", "evil.test")
            .header("x-forwarded-proto", "http")
            .header("forwarded", "host=evil.test;proto=http;for=10.0.0.1")
            .header("x-original-url", "/evil")
            .await;
        assert!(!answer.text().contains("evil"));
        assert!(answer.text().contains("https://latchkey.test/"));
        let plain = world.get("http://latchkey.test/signin").header("x-forwarded-proto", "https").await;
        assert_eq!(plain.status, 421);
    });
}
