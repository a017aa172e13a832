use super::*;
use crate::client::client_metadata::{Offered, read};
use crate::client::{ClientKind, Publisher};
use crate::event::EventKind;
use crate::resource::tests::a_resource;
use crate::secret::Purpose;

const NOW: Timestamp = Timestamp::from_secs(1_000_000);

fn key() -> PurposeKey {
    PurposeKey::derive(&[0; 32], Purpose::ClientSecret).unwrap()
}

fn proposal(document: Value) -> Result<Proposal, Refused> {
    let Value::Object(document) = document else { panic!("not an object") };
    read(&document, None, &a_resource(), Offered::default(), NOW, &mut Entropy::seeded(1))
}

fn refused(document: Value) -> &'static str {
    match proposal(document) {
        Err(Refused::Metadata(code, _)) => code,
        other => panic!("{other:?}"),
    }
}

fn a_web_document() -> Value {
    json!({"client_name": "Skiff", "redirect_uris": ["https://skiff.test/callback"], "contacts": ["ana@skiff.test"]})
}

fn registered(document: Value, gate: RegistrationGate) -> Decision<Registered, Refused> {
    let standing =
        Standing { tenant: TenantId(uuid::Uuid::nil()), gate, token: None, registered: 0, key: &key(), now: NOW };
    register(proposal(document).unwrap(), standing, &mut Entropy::seeded(2))
}

#[test]
fn an_app_that_registers_itself_is_unverified_and_nobodys() {
    let Registered { client, secret, access_token, declared } =
        registered(a_web_document(), RegistrationGate::Open).answer.unwrap();
    assert_eq!((client.kind, client.publisher.clone(), client.owner), (ClientKind::Web, Publisher::Unverified, None));
    assert!(!client.administrator_approved && !client.multi_tenant);
    assert!(client.secrets[0].matches(client.id, &secret.unwrap(), &key()));
    assert!(access_token.reveal().starts_with("lkr_"));
    let told = description(&client, declared);
    assert_eq!(told["redirect_uris"], json!(["https://skiff.test/callback"]));
    assert_eq!(told["contacts"], json!(["ana@skiff.test"]), "registered metadata is echoed");
    assert_eq!(told["token_endpoint_auth_method"], "client_secret_basic");
    assert!(told["scope"].as_str().unwrap().contains("vso.work"));
    assert!(!told["scope"].as_str().unwrap().contains("user_impersonation"));
    assert!(!told["scope"].as_str().unwrap().contains("vso.tenant_manage"));
}

#[test]
fn a_gate_is_open_closed_or_opened_by_a_token() {
    let tenant = TenantId(uuid::Uuid::nil());
    let (_, token) = InitialAccessToken::generate(tenant, NOW, &mut Entropy::seeded(1));
    let may = |gate, token: Option<InitialAccessToken>, now| {
        may_register(Standing { tenant, gate, token, registered: 0, key: &key(), now })
    };
    assert_eq!(may(RegistrationGate::Off, Some(token), NOW), Err(Refused::Closed));
    assert_eq!(may(RegistrationGate::InitialToken, None, NOW), Err(Refused::Token));
    assert_eq!(may(RegistrationGate::InitialToken, Some(token), NOW), Ok(()));
    assert_eq!(may(RegistrationGate::InitialToken, Some(token), token.expires_at), Err(Refused::Token));
    let other = InitialAccessToken { tenant: TenantId(uuid::Uuid::from_u128(9)), ..token };
    assert_eq!(may(RegistrationGate::InitialToken, Some(other), NOW), Err(Refused::Token));
    assert_eq!(may(RegistrationGate::Open, None, NOW), Ok(()));
    let full = limits::DYNAMIC_CLIENTS_PER_TENANT;
    let standing =
        Standing { tenant, gate: RegistrationGate::Open, token: None, registered: full, key: &key(), now: NOW };
    assert_eq!(may_register(standing), Err(Refused::Full));
}

#[test]
fn a_token_to_register_with_is_kept_as_its_hash_and_on_record() {
    let tenant = TenantId(uuid::Uuid::nil());
    let event = Event::new(EventKind::PolicyChanged, tenant, NOW, "");
    let decision = add_initial_access_token(tenant, event, &mut Entropy::seeded(1));
    let (secret, token) = decision.answer.unwrap();
    assert_eq!((token.hash, token.expires_at), (secret.hash(), NOW + limits::INITIAL_ACCESS_TOKEN_LIFETIME));
    let [Change::Record(event), Change::AddInitialAccessToken(kept)] = &decision.changes[..] else { panic!() };
    assert_eq!((event.subject.as_str(), *kept), ("a token to register apps with", token));
}

#[test]
fn what_cannot_be_registered_is_refused_with_its_code() {
    let with = |name: &str, value: Value| {
        let mut document = a_web_document();
        document[name] = value;
        document
    };
    assert_eq!(refused(with("redirect_uris", json!(["https://skiff.test/callback#fragment"]))), "invalid_redirect_uri");
    assert_eq!(refused(with("redirect_uris", json!(["http://skiff.test/callback"]))), "invalid_redirect_uri");
    assert_eq!(refused(with("redirect_uris", json!([]))), "invalid_redirect_uri");
    assert_eq!(refused(with("software_statement", json!("ey"))), "unapproved_software_statement");
    for (name, value) in [
        ("initiate_login_uri", json!("http://skiff.test/login")),
        ("token_endpoint_auth_method", json!("client_secret_something")),
        ("token_endpoint_auth_method", json!("private_key_jwt")),
        ("token_endpoint_auth_method", json!(7)),
        ("grant_types", json!(["client_credentials"])),
        ("grant_types", json!(["password"])),
        ("response_types", json!(["token"])),
        ("application_type", json!("robot")),
        ("id_token_signed_response_alg", json!("none")),
        ("userinfo_signed_response_alg", json!("HS256")),
        ("logo_uri", json!("javascript:alert(1)")),
        ("scope", json!("vso.everything")),
        ("scope", json!("vso.work vso.tenant_manage")),
        ("jwks", json!({"keys": [{"kty": "oct", "k": "AAAA"}]})),
        ("jwks_uri", json!("http://skiff.test/keys")),
        ("backchannel_logout_uri", json!("http://skiff.test/out")),
        ("frontchannel_logout_uri", json!("https://evil.test/out")),
        ("client_name", json!("Latchkey")),
        ("profile", json!("legacy")),
        ("contacts", json!(["x".repeat(10_000)])),
    ] {
        assert_eq!(refused(with(name, value)), "invalid_client_metadata", "{name}");
    }
    assert!(proposal(with("whatever", json!({"nobody": "knows"}))).is_ok(), "unknown metadata is ignored");
    let Err(Refused::Metadata(_, said)) = proposal(with("profile", json!("legacy"))) else { panic!("a legacy app") };
    assert_eq!(said, crate::legacy::NO_NEW_ONES);
}

#[test]
fn a_public_app_is_native_or_in_a_browser() {
    let kind = |uri: &str| {
        let document = json!({"redirect_uris": [uri], "token_endpoint_auth_method": "none", "grant_types": ["authorization_code", "refresh_token"]});
        let registered = registered(document, RegistrationGate::Open).answer.unwrap();
        assert_eq!(registered.secret, None);
        registered.client.kind
    };
    assert_eq!(kind("http://localhost:3118/callback"), ClientKind::Native);
    assert_eq!(kind("com.example.app:/callback"), ClientKind::Native);
    assert_eq!(kind("https://skiff.test/callback"), ClientKind::SinglePage);
}

#[test]
fn an_app_of_the_fapi_2_profile_registers_a_key_and_gets_no_secret() {
    for method in ["client_secret_basic", "client_secret_post"] {
        let mut document = a_web_document();
        document["profile"] = json!("fapi2");
        document["token_endpoint_auth_method"] = json!(method);
        assert_eq!(refused(document.clone()), "invalid_client_metadata", "{method}");
    }
    let mut document = a_web_document();
    document["profile"] = json!("fapi2");
    document["token_endpoint_auth_method"] = json!("private_key_jwt");
    document["jwks_uri"] = json!("https://skiff.test/keys");
    let Registered { client, secret, .. } = registered(document, RegistrationGate::Open).answer.unwrap();
    assert_eq!((secret, client.secrets), (None, Vec::new()));
    let mut client = Client {
        profile: crate::client::Profile::Fapi2,
        ..registered(a_web_document(), RegistrationGate::Open).answer.unwrap().client
    };
    let error = with_secret(&mut client, Method::ClientSecretBasic, &key(), NOW, &mut Entropy::seeded(4));
    assert_eq!(error, Err(RegistrationError::Fapi2(crate::client::fapi2::NotFapi2::Secret)));
}

#[test]
fn only_its_own_token_manages_a_registration() {
    let decision = registered(a_web_document(), RegistrationGate::Open);
    let kept = decision.changes.iter().find_map(|change| match change {
        Change::KeepDynamicClient(kept) => Some(kept.clone()),
        _ => None,
    });
    let (kept, token) = (kept.unwrap(), decision.answer.unwrap().access_token);
    assert!(kept.is_managed_with(&token, &key()));
    assert!(!kept.is_managed_with(&Secret::new("lkr_"), &key()));
    let other = DynamicClient { client: ClientId(uuid::Uuid::from_u128(9)), ..*kept };
    assert!(!other.is_managed_with(&token, &key()));
}

#[test]
fn a_key_is_replaced_by_another_of_its_name_and_the_same_document_changes_nothing() {
    let signed_by = |algorithm| {
        let pair = latchkey_jose::SigningKey::generate(algorithm).unwrap();
        let other = latchkey_jose::SigningKey::generate(algorithm).unwrap();
        let jwk = Jwk { kid: Some("1".into()), ..pair.public_jwk() };
        let other = Jwk { kid: Some("2".into()), ..other.public_jwk() };
        let mut document = a_web_document();
        document["token_endpoint_auth_method"] = json!("private_key_jwt");
        document["jwks"] = json!({ "keys": [jwk, other] });
        document
    };
    let (first, second) = (signed_by(latchkey_jose::Algorithm::Es256), signed_by(latchkey_jose::Algorithm::Es256));
    let decision = registered(first.clone(), RegistrationGate::Open);
    let kept = decision.changes.iter().find_map(|change| match change {
        Change::KeepDynamicClient(kept) => Some(kept.clone()),
        _ => None,
    });
    let (mut client, kept) = (decision.answer.unwrap().client, kept.unwrap());
    // They are kept in no order that the document gives.
    client.authentication.keys.reverse();
    let put =
        |document: Value| replace(&client, &kept, proposal(document).unwrap(), &key(), NOW, &mut Entropy::seeded(3));
    assert_eq!(put(first).changes, []);
    let changed = put(second.clone());
    let keys = changed.answer.unwrap().0.authentication.keys;
    assert_eq!(json!({ "keys": [keys[0].jwk, keys[1].jwk] }), second["jwks"]);
    assert!(changed.changes.iter().any(|change| matches!(change, Change::RemoveClientKey { .. })));
    assert!(changed.changes.iter().any(|change| matches!(change, Change::AddClientKeys { .. })));
}

#[test]
fn a_registration_is_replaced_whole_and_its_kind_stays() {
    let decision = registered(a_web_document(), RegistrationGate::Open);
    let client = decision.answer.unwrap().client;
    let kept = DynamicClient {
        client: client.id,
        tenant: client.tenant,
        mac: [0; 32],
        declared: "{}".into(),
        registered_at: NOW,
    };
    let put =
        |document: Value| replace(&client, &kept, proposal(document).unwrap(), &key(), NOW, &mut Entropy::seeded(3));
    let (changed, secret) =
        put(json!({"client_name": "Sloop", "redirect_uris": ["https://skiff.test/other"]})).answer.unwrap();
    assert_eq!((changed.name.as_str(), changed.version, secret), ("Sloop", 2, None));
    assert_eq!(changed.redirect_uris.len(), 1);
    let vouched_for = Client { administrator_approved: true, ..changed };
    let replaced = |document: Value| {
        let proposal = proposal(document).unwrap();
        let decision = replace(&vouched_for, &kept, proposal, &key(), NOW, &mut Entropy::seeded(3));
        decision.answer.unwrap().0.administrator_approved
    };
    assert!(replaced(
        json!({"client_name": "Sloop", "redirect_uris": ["https://skiff.test/other"], "scope": "openid"})
    ));
    assert!(!replaced(json!({"client_name": "Sloop", "redirect_uris": ["https://other.test/other"]})));
    let public = json!({"redirect_uris": ["https://skiff.test/other"], "token_endpoint_auth_method": "none"});
    assert!(put(public).answer.is_err());
}
