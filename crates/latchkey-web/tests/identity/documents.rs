//! Metadata and JWKS

use std::collections::BTreeSet;

use latchkey_identity::Change;
use latchkey_identity::client::dynamic::RegistrationGate;
use latchkey_identity::grant::GrantType;
use latchkey_testkit::world::{HTTP, HTTPS};
use latchkey_testkit::{World, on_both_databases};
use serde_json::Value;

fn openid(origin: &str, segment: &str) -> String {
    format!("{origin}/{segment}/v2.0/.well-known/openid-configuration")
}

async fn metadata(world: &World, segment: &str) -> Value {
    let answer = world.get(&openid(HTTPS, segment)).await;
    assert!(answer.is_ok(), "{segment}: {}", answer.text());
    assert_eq!(answer.header("content-type"), Some("application/json"));
    answer.json()
}

#[test]
fn the_issuer_is_the_address_without_its_end() {
    on_both_databases(async |world| {
        for origin in [HTTPS, HTTP] {
            let segment = world.harbor().to_string();
            let document = world.get(&openid(origin, &segment)).await.json();
            assert_eq!(document["issuer"], format!("{origin}/{segment}/v2.0"));
            for (name, value) in document.as_object().unwrap() {
                if name.ends_with("_endpoint") || name == "jwks_uri" {
                    assert!(value.as_str().unwrap().starts_with(origin), "{name} of {origin}: {value}");
                }
            }
        }
        let by_domain = metadata(&world, "harbor.test").await;
        assert_eq!(by_domain["issuer"], format!("{HTTPS}/{}/v2.0", world.harbor()));
        let common = metadata(&world, "common").await;
        assert_eq!(common["issuer"], format!("{HTTPS}/{{tenantid}}/v2.0"));
    });
}

#[test]
fn both_documents_say_the_same() {
    on_both_databases(async |world| {
        for segment in [world.harbor().to_string(), "common".to_owned(), "consumers".to_owned()] {
            let oauth = world.get(&format!("/.well-known/oauth-authorization-server/{segment}/v2.0")).await;
            assert_eq!(oauth.json(), metadata(&world, &segment).await, "{segment}");
        }
    });
}

#[test]
fn every_endpoint_that_is_advertised_answers() {
    on_both_databases(async |world| {
        for segment in
            [world.harbor().to_string(), "common".to_owned(), "organizations".to_owned(), "consumers".to_owned()]
        {
            let document = metadata(&world, &segment).await;
            for (name, url) in document.as_object().unwrap() {
                if name.ends_with("_endpoint") || name == "jwks_uri" {
                    let url = url.as_str().unwrap();
                    let (get, post) = (world.get(url).await, world.post(url).form([("a", "b")]).await);
                    assert!(get.status != 404 || post.status != 404, "{name}: {url}");
                }
            }
        }
    });
}

#[test]
fn what_is_advertised_is_true() {
    on_both_databases(async |world| {
        let document = metadata(&world, &world.harbor().to_string()).await;
        let list = |name: &str| -> Vec<String> {
            document[name].as_array().unwrap().iter().map(|value| value.as_str().unwrap().to_owned()).collect()
        };
        assert_eq!(list("response_types_supported"), ["code"]);
        assert_eq!(list("code_challenge_methods_supported"), ["S256"]);
        for grant in GrantType::ALL {
            assert!(list("grant_types_supported").contains(&grant.name().to_owned()), "{grant:?}");
            let answer = world.app("nightly").token_request(&[("grant_type", grant.name())]).await;
            assert!(answer.is_ok() || answer.error() != "unsupported_grant_type", "{grant:?}");
        }
        for name in ["token", "revocation", "introspection"] {
            let methods = list(&format!("{name}_endpoint_auth_methods_supported"));
            assert!(methods.contains(&"client_secret_basic".to_owned()), "{name}: {methods:?}");
            assert_eq!(methods.contains(&"none".to_owned()), name != "introspection", "{name}: {methods:?}");
        }
        assert!(list("scopes_supported").contains(&"openid".to_owned()));
        assert!(list("id_token_signing_alg_values_supported").contains(&"RS256".to_owned()));
        assert!(!list("response_modes_supported").is_empty() && !list("claims_supported").is_empty());
        assert_eq!(document["authorization_response_iss_parameter_supported"], true);
        for (name, value) in document.as_object().unwrap() {
            assert!(!value.is_null() && value.as_array().is_none_or(|list| !list.is_empty()), "{name}");
        }
    });
}

/// What the registry of authorization server metadata has as lists of texts, of what is here. [RFC 8414 §7.1]
const LISTS: [&str; 22] = [
    "acr_values_supported",
    "authorization_details_types_supported",
    "authorization_signing_alg_values_supported",
    "claims_supported",
    "code_challenge_methods_supported",
    "dpop_signing_alg_values_supported",
    "grant_types_supported",
    "id_token_signing_alg_values_supported",
    "introspection_endpoint_auth_methods_supported",
    "introspection_endpoint_auth_signing_alg_values_supported",
    "introspection_signing_alg_values_supported",
    "prompt_values_supported",
    "request_object_signing_alg_values_supported",
    "response_modes_supported",
    "response_types_supported",
    "revocation_endpoint_auth_methods_supported",
    "revocation_endpoint_auth_signing_alg_values_supported",
    "scopes_supported",
    "subject_types_supported",
    "token_endpoint_auth_methods_supported",
    "token_endpoint_auth_signing_alg_values_supported",
    "userinfo_signing_alg_values_supported",
];

/// The same as switches.
const SWITCHES: [&str; 13] = [
    "authorization_response_iss_parameter_supported",
    "backchannel_logout_session_supported",
    "backchannel_logout_supported",
    "claims_parameter_supported",
    "client_id_metadata_document_supported",
    "frontchannel_logout_session_supported",
    "frontchannel_logout_supported",
    "request_parameter_supported",
    "request_uri_parameter_supported",
    "require_pushed_authorization_requests",
    "require_request_uri_registration",
    "require_signed_request_object",
    "tls_client_certificate_bound_access_tokens",
];

/// The same as addresses.
const ADDRESSES: [&str; 11] = [
    "issuer",
    "jwks_uri",
    "authorization_endpoint",
    "device_authorization_endpoint",
    "end_session_endpoint",
    "introspection_endpoint",
    "pushed_authorization_request_endpoint",
    "registration_endpoint",
    "revocation_endpoint",
    "token_endpoint",
    "userinfo_endpoint",
];

/// Checklist 1.1: every member is a registered one of its registered type, whatever is switched on; what is supported is said explicitly.
#[test]
fn every_member_of_the_metadata_is_registered_and_of_its_type() {
    on_both_databases(async |world| {
        let event = world.parts().registration_event(world.harbor());
        world.parts().set_registration_gate(world.harbor(), RegistrationGate::Open, event).await.unwrap();
        let event = world.parts().registration_event(world.harbor());
        world.parts().allow_implicit(world.harbor(), true, event).await.unwrap();
        for segment in [&world.harbor().to_string(), "common", "organizations", "consumers"] {
            let document = metadata(&world, segment).await;
            for (name, value) in document.as_object().unwrap() {
                let name = name.as_str();
                let texts = |list: &Vec<Value>| !list.is_empty() && list.iter().all(Value::is_string);
                let sound = match name {
                    "mtls_endpoint_aliases" => value.as_object().unwrap().keys().all(|name| document[name].is_string()),
                    name if LISTS.contains(&name) => value.as_array().is_some_and(texts),
                    name if SWITCHES.contains(&name) => value.is_boolean(),
                    name if ADDRESSES.contains(&name) => {
                        let at = value.as_str().unwrap();
                        at.starts_with("https://") && !at.contains(['?', '#'])
                    }
                    _ => false,
                };
                assert!(sound, "{name} of {segment}: {value}");
            }
            let has = |name: &str, value: &str| document[name].as_array().unwrap().contains(&value.into());
            assert!(has("request_object_signing_alg_values_supported", "RS256"));
            assert!(!has("request_object_signing_alg_values_supported", "none"), "unsigned ones are not there");
            assert!(has("subject_types_supported", "public") && has("grant_types_supported", "refresh_token"));
            let token =
                |scope: &Value| scope.as_str().unwrap().bytes().all(|b| matches!(b, 0x21 | 0x23..=0x5b | 0x5d..=0x7e));
            assert!(document["scopes_supported"].as_array().unwrap().iter().all(token), "RFC 6749 §3.3");
        }
    });
}

/// Checklist: the discovery modules of the logout plans.
#[test]
fn the_metadata_says_what_the_logout_plans_need() {
    on_both_databases(async |world| {
        let document = metadata(&world, &world.harbor().to_string()).await;
        assert!(document["end_session_endpoint"].as_str().unwrap().starts_with("https://"));
        for supported in [
            "backchannel_logout_supported",
            "backchannel_logout_session_supported",
            "frontchannel_logout_supported",
            "frontchannel_logout_session_supported",
        ] {
            assert_eq!(document[supported], true, "{supported}");
        }
    });
}

/// What was switched at another node: nothing tells this one of it.
#[test]
fn what_a_tenant_decides_elsewhere_is_in_the_metadata_within_a_minute() {
    on_both_databases(async |world| {
        let url = openid("", &world.harbor().to_string());
        let endpoint = async || world.get(&url).await.json().get("registration_endpoint").is_some();
        assert!(!endpoint().await);
        world.becomes([Change::SetRegistrationGate { tenant: world.harbor(), gate: RegistrationGate::Open }]).await;
        assert!(!endpoint().await, "it is kept");
        world.seconds_later(60);
        assert!(endpoint().await);
    });
}

#[test]
fn documents_have_an_etag_and_need_not_be_sent_twice() {
    on_both_databases(async |world| {
        let keys = format!("/{}/discovery/v2.0/keys", world.harbor());
        for url in [openid("", "common"), openid("", &world.harbor().to_string()), keys] {
            for _ in 0..2 {
                let first = world.get(&url).await;
                let etag = first.header("etag").unwrap().to_owned();
                let second = world.get(&url).header("if-none-match", &etag).await;
                assert_eq!((second.status.as_u16(), second.body.len()), (304, 0), "{url}");
                let other = world.get(&url).header("if-none-match", "\"other\"").await;
                assert_eq!((other.status.as_u16(), &other.body), (200, &first.body));
                assert_eq!(first.header("access-control-allow-origin"), Some("*"));
                assert!(first.header("cache-control").unwrap().contains("max-age"));
            }
        }
    });
}

#[test]
fn the_keys_are_public_distinct_and_sign_what_we_issue() {
    on_both_databases(async |world| {
        let document = world.get(&format!("/{}/discovery/v2.0/keys", world.harbor())).await.json();
        let keys = document["keys"].as_array().unwrap();
        let mut kids = BTreeSet::new();
        for key in keys {
            for private in ["d", "p", "q", "dp", "dq", "qi", "k"] {
                assert!(key.get(private).is_none(), "{private} is private");
            }
            assert_eq!(key["use"], "sig");
            let known = [("RSA", "RS256"), ("RSA", "PS256"), ("EC", "ES256"), ("OKP", "EdDSA")];
            let kind = (key["kty"].as_str().unwrap(), key["alg"].as_str().unwrap());
            assert!(known.contains(&kind), "{kind:?}: every library can use it");
            let modulus = key["n"].as_str().map(|n| latchkey_jose::base64url::decode(n).unwrap().len());
            assert!(modulus.is_none_or(|bytes| bytes >= 256), "2048 bits or more");
            assert!(kids.insert(key["kid"].as_str().unwrap().to_owned()), "two keys of one name");
        }
        let tokens = world.ana().authorizes("burndown").await;
        for token in [tokens.access.as_str(), tokens.id.as_deref().unwrap()] {
            let header = latchkey_testkit::relying_party::header(token);
            let key = keys.iter().find(|key| key["kid"] == header["kid"]).expect("the key is published");
            assert_eq!(key["alg"], header["alg"]);
        }
    });
}

#[test]
fn unknown_tenants_have_no_documents() {
    on_both_databases(async |world| {
        for segment in ["nowhere.test", "00000000-0000-0000-0000-000000000001", "harbor"] {
            assert_eq!(world.get(&openid(HTTPS, segment)).await.error(), "invalid_tenant", "{segment}");
            assert_eq!(
                world.get(&format!("/{segment}/discovery/v2.0/keys")).await.error(),
                "invalid_tenant",
                "{segment}"
            );
        }
    });
}
