//! `/{t}/oauth2/v2.0/token` with `grant_type=client_credentials`: the app itself.

use latchkey_testkit::builders::a_daemon;
use latchkey_testkit::relying_party::{Authentication, header};
use latchkey_testkit::{World, on_both_databases};

const DEVOPS: &str = "499b84ac-1321-427f-aa17-267ca6975798";

/// What a refusal says: status and code.
async fn refused(world: &World, segment: &str, scope: &str) -> (u16, String) {
    let refused = world.app("nightly").at(segment).by_itself(scope).await.unwrap_err();
    (refused.status, refused.error)
}

fn refusal(status: u16, error: &str) -> (u16, String) {
    (status, error.to_owned())
}

#[test]
fn an_app_gets_a_token_of_its_own_and_nothing_else() {
    on_both_databases(async |world| {
        let nightly = world.app("nightly");
        for authentication in [Authentication::Header, Authentication::Form] {
            let nightly = nightly.clone().authenticating_by(authentication);
            for scope in ["", "vso.work", &format!("{DEVOPS}/.default"), &format!("api://{DEVOPS}/vso.work")] {
                let tokens = nightly.by_itself(scope).await.unwrap();
                assert_eq!((&tokens.refresh, &tokens.id), (&None, &None), "{scope}");
                let claims = tokens.access_claims();
                assert_eq!(header(&tokens.access)["typ"], "at+jwt");
                assert_eq!(header(&tokens.access)["alg"], "ES256");
                assert_eq!(claims["sub"], nightly.client_id());
                assert_eq!(claims["client_id"], nightly.client_id());
                assert_eq!(claims["aud"], DEVOPS);
                assert!(world.issuers("https://latchkey.test").iter().any(|issuer| claims["iss"] == issuer.as_str()));
                assert!(claims.get("auth_time").is_none() && claims.get("oid").is_none(), "{claims}");
                let lifetime = claims["exp"].as_i64().unwrap() - claims["iat"].as_i64().unwrap();
                assert!((3_600..=5_400).contains(&lifetime), "{lifetime}");
                assert_eq!(tokens.body["expires_in"], lifetime);
            }
        }
        let part = nightly.by_itself("vso.work").await.unwrap();
        assert_eq!(
            (part.access_claims()["scope"].as_str(), part.scopes()),
            (Some("vso.work"), vec!["vso.work".into()])
        );
    });
}

#[test]
fn the_microsoft_world_finds_the_shape_that_it_knows() {
    on_both_databases(async |world| {
        let robot = world.registers(a_daemon("robot").of_the_microsoft_profile()).await;
        let tokens = robot.by_itself(&format!("{DEVOPS}/.default")).await.unwrap();
        let claims = tokens.access_claims();
        assert_eq!((&claims["idtyp"], &claims["azpacr"], &claims["ver"]), (&"app".into(), &"1".into(), &"2.0".into()));
        assert_eq!((&claims["oid"], &claims["azp"]), (&claims["sub"], &robot.client_id().into()));
        assert_eq!(claims["tid"], world.harbor().to_string());
        assert!(claims["roles"].as_array().unwrap().contains(&"vso.work".into()));
        assert!(claims.get("scp").is_none() && claims.get("scope").is_none(), "{claims}");
        assert!(tokens.body["ext_expires_in"].is_number());
        let refused = robot.at("common").by_itself(&format!("{DEVOPS}/.default")).await.unwrap_err();
        assert!(refused.description.starts_with("AADSTS9001023"), "{}", refused.description);
    });
}

#[test]
fn the_tenant_is_named() {
    on_both_databases(async |world| {
        let bad = refusal(400, "invalid_request");
        for segment in ["common", "organizations", "consumers", "9188040d-6c67-4c5b-b112-36a304b66dad"] {
            assert_eq!(refused(&world, segment, "").await, bad, "{segment}");
        }
        assert_eq!(refused(&world, "nowhere.test", "").await, refusal(400, "invalid_tenant"));
        assert!(world.app("nightly").at("harbor.test").by_itself("").await.is_ok());
        assert!(world.app("nightly").at("shore.test").by_itself("").await.is_ok(), "it is open to others");
        world.changes_app("nightly", |client| client.multi_tenant = false).await;
        assert_eq!(refused(&world, "shore.test", "").await, refusal(400, "unauthorized_client"));
    });
}

#[test]
fn what_it_did_not_register_and_what_takes_a_person_is_refused() {
    on_both_databases(async |world| {
        let harbor = world.harbor().to_string();
        for scope in [
            "vso.code_write",
            "vso.nonsense",
            "openid",
            "vso.work offline_access",
            "user_impersonation",
            &format!("{DEVOPS}/user_impersonation"),
            "https://graph.microsoft.com/.default",
            "\"",
        ] {
            assert_eq!(refused(&world, &harbor, scope).await, refusal(400, "invalid_scope"), "{scope}");
        }
        let token = async |pairs: &[(&str, &str)]| {
            let pairs: Vec<_> = [("grant_type", "client_credentials")].iter().chain(pairs).copied().collect();
            world.app("nightly").token_request(&pairs).await
        };
        assert_eq!(token(&[("resource", "https://elsewhere.test")]).await.error(), "invalid_target");
        assert!(token(&[("resource", DEVOPS)]).await.is_ok());
    });
}

#[test]
fn only_who_proves_it_is_itself() {
    on_both_databases(async |world| {
        let ask = [("grant_type", "client_credentials")];
        let nightly = world.app("nightly");
        let (id, secret) = (nightly.client_id(), nightly.secret().to_owned());
        for (answer, expected) in [
            (nightly.bare_token_request(&ask).await, "invalid_request"),
            (nightly.bare_token_request(&[ask[0], ("client_id", &id)]).await, "invalid_client"),
            (nightly.bare_token_request(&ask).basic(&id, "lks_wrong").await, "invalid_client"),
            (
                nightly.bare_token_request(&ask).basic(&id, &secret).header("origin", "https://a.test").await,
                "invalid_request",
            ),
            (world.app("beacon").token_request(&ask).await, "unauthorized_client"),
            (world.app("chart").token_request(&ask).await, "invalid_request"),
        ] {
            assert_eq!(answer.error(), expected, "{}", answer.text());
        }
        world.suspends("nightly").await;
        assert_eq!(nightly.by_itself("").await.unwrap_err().error, "unauthorized_client");
    });
}

#[test]
fn every_parameter_doubled_is_refused() {
    on_both_databases(async |world| {
        let nightly = world.app("nightly");
        let (id, secret) = (nightly.client_id(), nightly.secret().to_owned());
        let good = [
            ("grant_type", "client_credentials"),
            ("scope", "vso.work"),
            ("resource", DEVOPS),
            ("client_id", &id),
            ("client_secret", &secret),
        ];
        assert!(nightly.bare_token_request(&good).await.is_ok());
        let twice = async |name, value| {
            let pairs: Vec<_> = good.into_iter().chain([(name, value)]).collect();
            nightly.bare_token_request(&pairs).await
        };
        for (name, value) in good.into_iter().filter(|(name, _)| *name != "resource") {
            for value in [value, "other"] {
                assert_eq!(twice(name, value).await.error(), "invalid_request", "{name}={value}");
            }
        }
        // It may be said more than once [RFC 8707 §2], as long as each is ours.
        assert!(twice("resource", DEVOPS).await.is_ok());
        assert_eq!(twice("resource", "other").await.error(), "invalid_target");
    });
}
