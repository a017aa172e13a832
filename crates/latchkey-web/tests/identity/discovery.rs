//! `/common/discovery/instance`

use latchkey_testkit::on_both_databases;
use latchkey_testkit::server::encode;

#[test]
fn our_own_authorities_lead_to_their_metadata() {
    on_both_databases(async |world| {
        let ask = |url: &str| {
            let query = encode([("api-version", "1.1"), ("authorization_endpoint", url)]);
            world.get(&format!("/common/discovery/instance?{query}"))
        };
        let found = ask("https://latchkey.test/harbor.test/oauth2/v2.0/authorize").await.json();
        let document = found["tenant_discovery_endpoint"].as_str().unwrap();
        assert!(world.get(document).await.is_ok());
        assert_eq!(found["metadata"][0]["preferred_network"], "latchkey.test");
        for foreign in
            ["https://evil.test/common/oauth2/v2.0/authorize", "nonsense", "", "https://latchkey.test.evil.test/common"]
        {
            assert_eq!(ask(foreign).await.error(), "invalid_instance", "{foreign}");
        }
        assert_eq!(world.get("/common/discovery/instance").await.error(), "invalid_instance");
    });
}
