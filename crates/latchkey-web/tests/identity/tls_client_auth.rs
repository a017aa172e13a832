//! `tls_client_auth`: an authority that the operator trusts vouches for the name of a client's certificate. RFC 8705 §2.1. What it does not
//! vouch for is in `attacks/client_certificate.rs`; `Client-Cert` of a proxy, RFC 9440, is here and there.

use latchkey_identity::client::Metadata;
use latchkey_identity::client::dynamic::RegistrationGate;
use latchkey_identity::client_auth::Method;
use latchkey_identity::client_auth::tls_client_auth::NameKind;
use latchkey_testkit::builders::a_daemon;
use latchkey_testkit::certificate_authority::{
    CertificateAuthority, InHeaders as _, for_host, of_a_client, of_an_authority,
};
use latchkey_testkit::databases::on_both_engines;
use latchkey_testkit::server::Ask;
use latchkey_testkit::{RelyingParty, World, on_both_databases};
use serde_json::json;

const GRANT: [(&str, &str); 1] = [("grant_type", "client_credentials")];
const MUTUAL_TLS: &str = "https://mtls.latchkey.test";

fn named(kind: NameKind, text: &str) -> Metadata {
    let mut metadata = Metadata::default();
    metadata.set_certificate_name(Some((kind, text.to_owned())));
    metadata
}

async fn courier(world: &World, kind: NameKind, text: &str) -> RelyingParty {
    let app = a_daemon("courier").with_metadata(named(kind, text)).authenticating_only_by(Method::TlsClientAuth);
    world.registers(app).await.through(MUTUAL_TLS)
}

fn ask(party: &RelyingParty, endpoint: &str, pairs: &[(&str, &str)]) -> Ask {
    let id = party.client_id();
    party.bare_request(endpoint, &[pairs, &[("client_id", &*id)]].concat())
}

#[test]
fn a_client_is_known_by_the_subject_of_whatever_certificate_it_has() {
    on_both_databases(async |world| {
        let harbor = CertificateAuthority::new("Harbor CA");
        world.trusts(&[&harbor]);
        let courier = courier(&world, NameKind::SubjectDn, "CN=ci,O=Harbor").await;
        // Certificates come and go: nobody has to tell of it. RFC 8705 §2.1
        for _ in 0..2 {
            let shown = harbor.signs(&of_a_client());
            let tokens = courier.read(&ask(&courier, "token", &GRANT).showing(shown.clone()).await).unwrap();
            let worth = ask(&courier, "introspect", &[("token", &tokens.access)]).showing(shown).await.json();
            assert_eq!(worth["active"], true);
        }
        // Whoever vouches may let others sign in its name.
        let below = harbor.below(of_an_authority("Harbor CA 2")).signs(&of_a_client());
        assert!(ask(&courier, "token", &GRANT).showing(below).await.is_ok());
    });
}

#[test]
fn a_token_may_be_bound_to_the_certificate_that_it_was_asked_for_with() {
    on_both_databases(async |world| {
        let harbor = CertificateAuthority::new("Harbor CA");
        world.trusts(&[&harbor]);
        let app = a_daemon("courier").with_metadata(named(NameKind::SanDns, "CI.harbor.test"));
        let courier = world.registers(app.bound_to_its_certificate()).await.through(MUTUAL_TLS);
        let shown = harbor.signs(&of_a_client());
        let tokens = courier.read(&ask(&courier, "token", &GRANT).showing(shown.clone()).await).unwrap();
        assert_eq!(tokens.access_claims()["cnf"], json!({ "x5t#S256": shown.thumbprint.to_string() }));
    });
}

#[test]
fn its_tokens_end_when_another_name_is_registered() {
    on_both_databases(async |world| {
        let harbor = CertificateAuthority::new("Harbor CA");
        world.trusts(&[&harbor]);
        let metadata = named(NameKind::SanDns, "ci.harbor.test");
        let app =
            a_daemon("courier").with_metadata(metadata).owned_by("ana").authenticating_only_by(Method::TlsClientAuth);
        let courier = world.registers(app).await.through(MUTUAL_TLS);
        let shown = harbor.signs(&of_a_client());
        let tokens = courier.read(&ask(&courier, "token", &GRANT).showing(shown.clone()).await).unwrap();
        let page = world.ana().opens(&format!("/apps/{}/keys", courier.client_id())).await;
        let page = page.fill("certificate_name", "cd.harbor.test").press("save-certificate-name").await.page();
        assert!(page.says("The name in its certificates was saved."), "{}", page.text());
        assert_eq!(ask(&courier, "token", &GRANT).showing(shown).await.status, 401);
        let new = harbor.signs(&for_host("cd.harbor.test"));
        let worth = ask(&courier, "introspect", &[("token", &tokens.access)]).showing(new).await.json();
        assert_eq!(worth["active"], false);
    });
}

#[test]
fn an_app_is_not_fixed_to_a_name_that_it_has_not_registered() {
    on_both_databases(async |world| {
        world.trusts(&[&CertificateAuthority::new("Harbor CA")]);
        let app = world.registers(a_daemon("courier").owned_by("ana")).await;
        let address = format!("/apps/{}/keys", app.client_id());
        let page = world.ana().opens(&address).await;
        let page = page.choose("method", "tls_client_auth").press("save-method").await.page();
        assert!(page.says("tls_client_auth needs the name that the app's certificates have"), "{}", page.text());
        let page =
            page.fill("certificate_name", "*.harbor.test").choose("certificate_name_kind", "tls_client_auth_san_dns");
        let page = page.press("save-certificate-name").await.page();
        assert!(page.says("a host without star"), "{}", page.text());
        let page = page.fill("certificate_name", "ci.harbor.test").press("save-certificate-name").await.page();
        let page = page.choose("method", "tls_client_auth").press("save-method").await.page();
        assert!(page.says("How it authenticates was saved."), "{}", page.text());
        let page = page.fill("certificate_name", "").press("save-certificate-name").await.page();
        assert!(page.says("keep one as long as this method counts"), "{}", page.text());
    });
}

#[test]
fn the_method_is_offered_where_somebody_vouches_for_names() {
    on_both_databases(async |world| {
        let names = async |origin: &str| {
            let url = format!("{origin}/{}/v2.0/.well-known/openid-configuration", world.harbor());
            world.get(&url).await.json()["token_endpoint_auth_methods_supported"].clone()
        };
        let registers = async |extra: serde_json::Value| {
            let mut document = json!({ "redirect_uris": ["https://skiff.test/callback"], "token_endpoint_auth_method": "tls_client_auth" });
            document.as_object_mut().unwrap().extend(extra.as_object().unwrap().clone());
            world.post(&format!("/{}/oauth2/v2.0/register", world.harbor())).json(&document).await
        };
        let event = world.parts().registration_event(world.harbor());
        world.parts().set_registration_gate(world.harbor(), RegistrationGate::Open, event).await.unwrap();
        let name = json!({ "tls_client_auth_san_dns": "ci.harbor.test" });
        assert_eq!(registers(name.clone()).await.error(), "invalid_client_metadata", "nobody vouches yet");

        let harbor = CertificateAuthority::new("Harbor CA");
        world.trusts(&[&harbor]);
        let offered = |methods: &serde_json::Value| methods.as_array().unwrap().contains(&"tls_client_auth".into());
        assert!(offered(&names("https://latchkey.test").await));
        assert!(!offered(&names("http://localhost:4280").await), "nothing asks for certificates there");
        assert_eq!(registers(json!({})).await.error(), "invalid_client_metadata", "it needs a name");
        let two = json!({ "tls_client_auth_san_dns": "ci.harbor.test", "tls_client_auth_san_ip": "192.0.2.7" });
        assert_eq!(registers(two).await.error(), "invalid_client_metadata", "one name, RFC 8705 §2.1.2");
        let told = registers(name).await;
        assert_eq!(told.status, 201, "{}", told.text());
        assert_eq!(told.json()["tls_client_auth_san_dns"], "ci.harbor.test");
        assert!(told.json().get("client_secret").is_none());
        let id = told.json()["client_id"].as_str().unwrap().to_owned();
        let token = format!("{MUTUAL_TLS}/{}/oauth2/v2.0/token", world.harbor());
        let refresh = [("grant_type", "refresh_token"), ("refresh_token", "x"), ("client_id", &*id)];
        let known = world.post(&token).form(refresh).showing(harbor.signs(&of_a_client())).await;
        assert_eq!(known.error(), "invalid_grant", "the client is known");
    });
}

/// RFC 9440: the proxy tells what it was shown, at the address where it asks for certificates.
#[test]
fn a_proxy_tells_of_the_certificate_that_it_was_shown() {
    on_both_engines(async |database| {
        let world = World::behind_a_proxy(database).await;
        let harbor = CertificateAuthority::new("Harbor CA");
        world.trusts(&[&harbor]);
        let courier = courier(&world, NameKind::SanDns, "ci.harbor.test").await;
        let [leaf, chain] = harbor.below(of_an_authority("Harbor CA 2")).signs(&of_a_client()).in_headers();
        let told = |ask: Ask| ask.header("client-cert", &leaf).header("client-cert-chain", &chain);
        assert!(told(ask(&courier, "token", &GRANT)).await.is_ok());
        assert_eq!(ask(&courier, "token", &GRANT).await.status, 401);
        let without_chain = ask(&courier, "token", &GRANT).header("client-cert", &leaf);
        assert_eq!(without_chain.await.status, 401, "nobody knows who signed it");
        let garbled = ask(&courier, "token", &GRANT).header("client-cert", "MIIB");
        assert_eq!(garbled.await.status, 400);
        let metadata = format!("/{}/v2.0/.well-known/openid-configuration", world.harbor());
        let aliases = world.get(&metadata).await.json()["mtls_endpoint_aliases"].clone();
        assert!(aliases["token_endpoint"].as_str().unwrap().starts_with(MUTUAL_TLS));
    });
}
