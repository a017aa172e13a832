//! `/.well-known/oauth-protected-resource/{organization}`: a client that knows nothing but an address of the API finds its way. [RFC 9728]

use latchkey_testkit::{World, on_both_databases};

/// The value of a parameter of a challenge.
fn parameter<'a>(challenge: &'a str, name: &str) -> &'a str {
    let (_, rest) = challenge.split_once(&format!("{name}=\"")).unwrap_or_else(|| panic!("{challenge}"));
    rest.split('"').next().unwrap()
}

async fn described(world: &World, url: &str) -> Option<String> {
    let answer = world.get(url).await;
    assert_eq!(answer.status, 401, "{url}");
    let all = answer.headers.get_all("www-authenticate").iter().map(|value| value.to_str().unwrap().to_owned());
    all.into_iter().find(|challenge| challenge.contains("resource_metadata"))
}

#[test]
fn from_a_401_to_the_authorization_server_and_its_metadata() {
    on_both_databases(async |world| {
        let challenge = described(&world, "/harbor/_apis/wit/workitems/1").await.unwrap();
        assert!(challenge.starts_with("Bearer "), "{challenge}");
        assert_eq!(parameter(&challenge, "scope"), "vso.work");
        let url = parameter(&challenge, "resource_metadata");
        let answer = world.get(url).await;
        assert_eq!((answer.status.as_u16(), answer.header("access-control-allow-origin")), (200, Some("*")));
        let metadata = answer.json();
        assert_eq!(metadata["resource"], "https://latchkey.test/harbor");
        assert_eq!(metadata["bearer_methods_supported"], serde_json::json!(["header"]));
        let scopes = metadata["scopes_supported"].as_array().unwrap();
        assert!(scopes.iter().any(|scope| scope == "vso.work"));

        let issuer = metadata["authorization_servers"][0].as_str().unwrap();
        let (origin, path) = (issuer.get(..21).unwrap(), issuer.get(21..).unwrap());
        let server = world.get(&format!("{origin}/.well-known/oauth-authorization-server{path}")).await.json();
        assert_eq!(server["issuer"], issuer);
        let ana = world.ana();
        let request = world.app("burndown").request().with("resource", metadata["resource"].as_str().unwrap());
        let code = ana.approves_request(&request).await;
        assert!(world.redeem(&code).await.is_ok(), "tokens are issued for the resource");
    });
}

#[test]
fn outside_of_an_organization_and_where_none_is_nothing_is_described() {
    on_both_databases(async |world| {
        assert_eq!(described(&world, "/_apis/profile/profiles/me").await, None);
        assert_eq!(described(&world, "/nowhere/_apis/wit/workitems/1").await, None);
        assert_eq!(world.get("/.well-known/oauth-protected-resource/nowhere").await.status, 404);
    });
}

/// Checklist 7: an examiner's headers change nothing, and a token counts in the header only.
#[test]
fn the_api_answers_whatever_a_careful_client_sends_along() {
    on_both_databases(async |world| {
        let tokens = world.ana().authorizes("burndown").await;
        let projects = "/harbor/_apis/projects";
        for accept in ["application/json", "application/json; charset=utf-8", "*/*"] {
            let answer = tokens
                .get(projects)
                .header("accept", accept)
                .header("x-fapi-interaction-id", "93bac548-d2de-4546-b106-880a5018460d")
                .header("x-fapi-auth-date", "Sun, 22 Nov 2026 05:00:00 GMT")
                .header("x-fapi-customer-ip-address", "198.51.100.20")
                .await;
            assert_eq!(answer.status, 200, "{accept}: {}", answer.text());
        }
        assert_eq!(world.get(&format!("{projects}?access_token={}", tokens.access)).await.status, 401);
    });
}
