//! Certificates of clients: `self_signed_tls_client_auth`, and tokens that are bound to a certificate. RFC 8705 §2.2,
//! §3 and §5. That a handshake brings the certificate along is tested where hands are shaken (`latchkey/src/tls.rs`).

use latchkey_identity::client::dynamic::RegistrationGate;
use latchkey_identity::client_auth::Method;
use latchkey_jose::certificate::{self, KeyOrCertificate};
use latchkey_jose::{Algorithm, Jwk, SigningKey};
use latchkey_testkit::builders::{a_daemon, a_native_app, a_web_app};
use latchkey_testkit::dpop::DpopKey;
use latchkey_testkit::server::{Answer, Ask};
use latchkey_testkit::{RelyingParty, World, on_both_databases};
use latchkey_web::ClientCertificate;
use serde_json::json;

/// `openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -subj /CN=ci -days 36500`
const CERTIFICATE: &str = "-----BEGIN CERTIFICATE-----
MIIBcjCCARegAwIBAgIUKHkqLxeFPMSvprwQW+cUgx/YU60wCgYIKoZIzj0EAwIw
DTELMAkGA1UEAwwCY2kwIBcNMjYxMTIyMTcxNzMxWhgPMjEyNjEwMjkxNzE3MzFa
MA0xCzAJBgNVBAMMAmNpMFkwEwYHKoZIzj0CAQYIKoZIzj0DAQcDQgAEPlYa0CuP
HgHbx2WR4VtHbXEqaNRckgUWZyi3kivx1Zt4Fyw7OA3crHmvsWleJWoUrPUD6smw
w8mLf65AM6T15KNTMFEwHQYDVR0OBBYEFK/Z9NkH8jGZLsp/xdWoDSFXo1JYMB8G
A1UdIwQYMBaAFK/Z9NkH8jGZLsp/xdWoDSFXo1JYMA8GA1UdEwEB/wQFMAMBAf8w
CgYIKoZIzj0EAwIDSQAwRgIhAM97t/UjxhjpMQfGZSf6eFlCitudfwkqDCz3irgq
O9nhAiEA4PKGA3hmgjJaSN9kOw9RhsMUBkeKqhwBOlKjZ/CXnLE=
-----END CERTIFICATE-----
";

const PROJECTS: &str = "https://mtls.latchkey.test/harbor/_apis/projects";
const USERINFO: &str = "https://mtls.latchkey.test/oidc/userinfo";

fn registered() -> ClientCertificate {
    use base64::Engine as _;
    let base64: String = CERTIFICATE.lines().filter(|line| !line.starts_with("---")).collect();
    ClientCertificate::of(&base64::engine::general_purpose::STANDARD.decode(base64).unwrap())
}

fn another() -> ClientCertificate {
    ClientCertificate::of(b"another certificate")
}

fn said(answer: &Answer) -> (u16, String) {
    if answer.is_ok() { (answer.status.as_u16(), String::new()) } else { (answer.status.as_u16(), answer.error()) }
}

fn refusal(status: u16, error: &str) -> (u16, String) {
    (status, error.to_owned())
}

/// A request of a client that shows nothing but its id and the certificate of its connection.
fn by_certificate(party: &RelyingParty, endpoint: &str, pairs: &[(&str, &str)], shown: ClientCertificate) -> Ask {
    let id = party.client_id();
    let party = party.clone().through("https://mtls.latchkey.test");
    party.bare_request(endpoint, &[pairs, &[("client_id", &*id)]].concat()).showing(shown)
}

async fn courier(world: &World) -> RelyingParty {
    let app = a_daemon("courier").with_certificate(CERTIFICATE).bound_to_its_certificate();
    world.registers(app.authenticating_only_by(Method::SelfSignedTlsClientAuth)).await
}

const GRANT: [(&str, &str); 1] = [("grant_type", "client_credentials")];

/// RFC 7517 §4.7, RFC 8705 §2.2: a key that is registered by value may bring its certificate, and only its own.
#[test]
fn an_app_registers_its_certificate_beside_its_key() {
    on_both_databases(async |world| {
        let gate = world.parts().registration_event(world.harbor());
        world.parts().set_registration_gate(world.harbor(), RegistrationGate::Open, gate).await.unwrap();
        let der: String = CERTIFICATE.lines().filter(|line| !line.starts_with("---")).collect();
        let Ok(KeyOrCertificate::Certificate(found)) = certificate::read(&der) else { panic!("no certificate") };
        let with = |jwk: &Jwk, x5c: serde_json::Value| {
            let mut key = json!(jwk);
            key["x5c"] = x5c;
            json!({"redirect_uris": ["https://skiff.test/callback"], "jwks": {"keys": [key]},
                   "token_endpoint_auth_method": "self_signed_tls_client_auth"})
        };
        let endpoint = format!("https://latchkey.test/{}/oauth2/v2.0/register", world.harbor());
        let told = world.post(&endpoint).json(&with(&found.jwk, json!([der]))).await;
        assert_eq!(told.status, 201, "{}", told.text());
        let id = told.json()["client_id"].as_str().unwrap().to_owned();
        let token = format!("https://mtls.latchkey.test/{}/oauth2/v2.0/token", world.harbor());
        let asks = |shown: ClientCertificate| {
            let form = [("client_id", id.as_str()), ("grant_type", "refresh_token"), ("refresh_token", "x")];
            world.post(&token).form(form).showing(shown)
        };
        assert_eq!(asks(registered()).await.error(), "invalid_grant", "the client is known by its certificate");
        assert_eq!(asks(another()).await.error(), "invalid_client");
        let others = SigningKey::generate(Algorithm::Es256).unwrap().public_jwk();
        for (wrong, document) in [
            ("of another key", with(&others, json!([der]))),
            ("no list", with(&found.jwk, json!(der))),
            ("none at all", with(&found.jwk, json!([]))),
        ] {
            let refused = world.post(&endpoint).json(&document).await;
            assert_eq!(said(&refused), refusal(400, "invalid_client_metadata"), "{wrong}");
            assert!(refused.text().contains("x5c"), "{wrong}: {}", refused.text());
        }
        // Where nothing asks for certificates the method is not there.
        let plain = endpoint.replace("https://latchkey.test", "http://localhost:4280");
        let refused = world.post(&plain).json(&with(&found.jwk, json!([der]))).await;
        assert_eq!(said(&refused), refusal(400, "invalid_client_metadata"));
    });
}

#[test]
fn a_client_authenticates_by_the_certificate_that_it_registered() {
    on_both_databases(async |world| {
        let courier = courier(&world).await;
        let answer = by_certificate(&courier, "token", &GRANT, registered()).await;
        let tokens = courier.read(&answer).unwrap();
        assert_eq!(tokens.body["token_type"], "Bearer");
        assert_eq!(tokens.access_claims()["cnf"], json!({ "x5t#S256": registered().thumbprint.to_string() }));
        // The issuer is the origin's, not the alias's.
        assert!(
            world.issuers("https://latchkey.test").contains(&tokens.access_claims()["iss"].as_str().unwrap().into())
        );
        let worth = by_certificate(&courier, "introspect", &[("token", &tokens.access)], registered()).await.json();
        assert_eq!(worth["cnf"], json!({ "x5t#S256": registered().thumbprint.to_string() }));
        assert!(by_certificate(&courier, "revoke", &[("token", &tokens.access)], registered()).await.is_ok());
    });
}

#[test]
fn another_certificate_none_and_a_secret_are_refused() {
    on_both_databases(async |world| {
        let courier = courier(&world).await;
        let bad = refusal(401, "invalid_client");
        assert_eq!(said(&by_certificate(&courier, "token", &GRANT, another()).await), bad);
        let id = courier.client_id();
        let nothing = courier.bare_token_request(&[("grant_type", "client_credentials"), ("client_id", &id)]);
        assert_eq!(said(&nothing.await), bad);
        assert_eq!(
            said(&courier.token_request(&GRANT).showing(registered()).await),
            bad,
            "the secret is another method"
        );
        // A client that registered no certificate gets nothing by showing one, and loses nothing.
        let nightly = world.app("nightly");
        assert_eq!(said(&by_certificate(&nightly, "token", &GRANT, registered()).await), bad);
        assert!(nightly.token_request(&GRANT).showing(another()).await.is_ok());
    });
}

#[test]
fn a_bound_token_opens_nothing_over_another_connection() {
    on_both_databases(async |world| {
        let app = a_web_app("vault").with_certificate(CERTIFICATE).bound_to_its_certificate();
        let party = world.registers(app).await;
        let code = world.ana().approves_request(&party.request()).await;
        let redemption = party.redemption(&code);
        let bare = party.token_request(&redemption).await;
        assert_eq!(said(&bare), refusal(400, "invalid_request"), "without its certificate it gets nothing");
        let tokens = party.read(&by_certificate(&party, "token", &redemption, registered()).await).unwrap();
        let token = &tokens.access;
        for url in [USERINFO, PROJECTS] {
            let ask = || world.get(url);
            assert!(ask().bearer(token).showing(registered()).await.is_ok(), "{url}");
            for (way, attempt) in [
                ("another certificate", ask().bearer(token).showing(another())),
                ("no certificate", ask().bearer(token)),
                ("a proof instead", ask().dpop(token, &DpopKey::new()).showing(registered())),
            ] {
                assert_eq!(attempt.await.status, 401, "{url} {way}");
            }
        }
        let challenge = world.get(USERINFO).bearer(token).await;
        assert_eq!(challenge.error(), "invalid_token");
        assert_eq!(world.get(PROJECTS).basic("git", token).showing(registered()).await.status, 401, "as a password");
        // Sender-constrained refresh without the certificate.
        let refresh = [("grant_type", "refresh_token"), ("refresh_token", tokens.refresh_token())];
        assert_eq!(said(&party.token_request(&refresh).await), refusal(400, "invalid_grant"));
        assert!(by_certificate(&party, "token", &refresh, registered()).await.is_ok());
    });
}

#[test]
fn a_public_client_may_bind_its_tokens_to_a_certificate_of_its_own() {
    on_both_databases(async |world| {
        let party = world.registers(a_native_app("lantern").bound_to_its_certificate()).await;
        let code = world.ana().approves_request(&party.request()).await;
        let tokens = party.read(&by_certificate(&party, "token", &party.redemption(&code), another()).await).unwrap();
        let refresh = [("grant_type", "refresh_token"), ("refresh_token", tokens.refresh_token())];
        let stolen = by_certificate(&party, "token", &refresh, registered()).await;
        assert_eq!(stolen.status, 400, "its refresh token is bound to that certificate: {}", stolen.text());
        assert!(by_certificate(&party, "token", &refresh, another()).await.is_ok());
    });
}

#[test]
fn an_app_of_the_fapi_profile_may_use_its_certificate_for_both() {
    on_both_databases(async |world| {
        let app =
            a_web_app("strongbox").of_the_fapi2_profile().with_certificate(CERTIFICATE).bound_to_its_certificate();
        let party = world.registers(app).await;
        let request = party.request();
        let query = request.query();
        let pairs: Vec<(String, String)> = url::form_urlencoded::parse(query.as_bytes()).into_owned().collect();
        let pairs: Vec<(&str, &str)> =
            pairs.iter().map(|(name, value)| (&**name, &**value)).filter(|(name, _)| *name != "client_id").collect();
        let pushed = by_certificate(&party, "par", &pairs, registered()).await;
        assert_eq!(pushed.status, 201, "{}", pushed.text());
        let request = request.with("request_uri", pushed.json()["request_uri"].as_str().unwrap());
        let code = world.ana().approves_request(&request).await;
        let tokens =
            party.read(&by_certificate(&party, "token", &party.redemption(&code), registered()).await).unwrap();
        assert!(world.get(PROJECTS).bearer(&tokens.access).showing(registered()).await.is_ok());
        assert_eq!(world.get(PROJECTS).bearer(&tokens.access).await.status, 401);
    });
}

#[test]
fn the_metadata_names_where_certificates_are_asked_for() {
    on_both_databases(async |world| {
        let at = |origin: &str| format!("{origin}/{}/v2.0/.well-known/openid-configuration", world.harbor());
        let metadata = world.get(&at("https://latchkey.test")).await.json();
        assert_eq!(metadata["tls_client_certificate_bound_access_tokens"], true);
        let aliases = metadata["mtls_endpoint_aliases"].as_object().unwrap();
        for endpoint in [
            "token_endpoint",
            "revocation_endpoint",
            "introspection_endpoint",
            "device_authorization_endpoint",
            "pushed_authorization_request_endpoint",
            "userinfo_endpoint",
        ] {
            assert!(aliases[endpoint].as_str().unwrap().starts_with("https://mtls.latchkey.test/"), "{endpoint}");
        }
        let methods = metadata["token_endpoint_auth_methods_supported"].as_array().unwrap();
        assert!(methods.contains(&"self_signed_tls_client_auth".into()));
        // Nothing is advertised where nothing asks for certificates.
        let plain = world.get(&at("http://localhost:4280")).await.json();
        assert!(plain.get("mtls_endpoint_aliases").is_none());
        assert!(plain.get("tls_client_certificate_bound_access_tokens").is_none());
        let methods = plain["token_endpoint_auth_methods_supported"].as_array().unwrap();
        assert!(!methods.contains(&"self_signed_tls_client_auth".into()));
    });
}

#[test]
fn a_proof_names_the_alias_that_it_was_sent_to() {
    on_both_databases(async |world| {
        let key = DpopKey::new();
        let nightly = world.app("nightly").proving_by(&key).through("https://mtls.latchkey.test");
        assert!(nightly.token_request(&GRANT).await.is_ok());
        let elsewhere = nightly.clone().proving_nothing().token_request(&GRANT);
        let proof = elsewhere.proof(&key).with("htu", nightly.endpoint("oauth2/v2.0/token").replace("mtls.", ""));
        assert_eq!(said(&elsewhere.proving(&proof).await), refusal(400, "invalid_dpop_proof"));
    });
}
