use latchkey_jose::SigningKey;
use latchkey_jose::assertion::Reading;
use serde_json::json;

use super::*;
use crate::client::ClientKind;
use crate::client::registration::tests::a_client;
use crate::sign_in::tests::an_account;

const NOW: Timestamp = Timestamp::from_secs(1_000);

/// The public key of a pair, as it is registered.
pub(crate) fn a_key_of(pair: &SigningKey) -> ClientKey {
    let text = serde_json::to_string(&pair.public_jwk()).unwrap();
    ClientKey::read(&text, Timestamp::from_secs(0), &mut Entropy::seeded(1)).unwrap().remove(0)
}

fn read(text: &str) -> Result<usize, KeyError> {
    ClientKey::read(text, NOW, &mut Entropy::seeded(1)).map(|keys| keys.len())
}

fn own(client: Client) -> Client {
    Client { owner: Some(an_account().id), ..client }
}

fn add(client: &Client, text: &str) -> Result<usize, RegistrationError> {
    add_keys(client, &an_account(), text, NOW, &mut Entropy::seeded(2)).answer.map(|keys| keys.len())
}

#[test]
fn keys_come_as_one_or_as_a_set_and_never_with_their_private_part() {
    let jwk = serde_json::to_value(SigningKey::generate(Algorithm::Es256).unwrap().public_jwk()).unwrap();
    assert_eq!(read(&jwk.to_string()), Ok(1));
    assert_eq!(read(&json!({"keys": [jwk, jwk]}).to_string()), Ok(2));
    let mut private = jwk;
    private["d"] = json!("AAAA");
    assert_eq!(read(&private.to_string()), Err(KeyError::Private));
    assert_eq!(read("-----BEGIN PRIVATE KEY-----"), Err(KeyError::Private));
    for text in ["", "{}", "{\"keys\":[]}", "[]", "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n"] {
        assert_eq!(read(text), Err(KeyError::Unreadable), "{text}");
    }
}

/// It stands on pages and in the record, and an app that registers itself chooses it.
#[test]
fn the_name_of_a_key_hides_nothing() {
    let mut jwk = serde_json::to_value(SigningKey::generate(Algorithm::Es256).unwrap().public_jwk()).unwrap();
    let mut named = |kid: &str| {
        jwk["kid"] = json!(kid);
        read(&jwk.to_string())
    };
    for good in ["1", "2026-11 ci", "https://vault.test/keys/ci/8f3a", &"x".repeat(limits::NAME_CHARACTERS)] {
        assert_eq!(named(good), Ok(1), "{good:?}");
    }
    for bad in ["", " ", "ci\u{9b}31m", "ci\u{202e}", "ci\n", "\u{1b}[2J", &"x".repeat(limits::NAME_CHARACTERS + 1)] {
        assert_eq!(named(bad), Err(KeyError::Name), "{bad:?}");
    }
    jwk.as_object_mut().unwrap().remove("kid");
    assert_eq!(read(&jwk.to_string()), Ok(1), "one without a name goes by its thumbprint");
}

#[test]
fn a_key_lives_as_long_as_the_certificate_that_it_brings_and_brings_its_own() {
    // As in `latchkey_jose::certificate`: it ends in a hundred years.
    const X5C: &str = "MIIBcjCCARegAwIBAgIUKHkqLxeFPMSvprwQW+cUgx/YU60wCgYIKoZIzj0EAwIwDTELMAkGA1UEAwwCY2kwIBcNMjYxMTIyMTcxNzMxWhgPMjEyNjEwMjkxNzE3MzFaMA0xCzAJBgNVBAMMAmNpMFkwEwYHKoZIzj0CAQYIKoZIzj0DAQcDQgAEPlYa0CuPHgHbx2WR4VtHbXEqaNRckgUWZyi3kivx1Zt4Fyw7OA3crHmvsWleJWoUrPUD6smww8mLf65AM6T15KNTMFEwHQYDVR0OBBYEFK/Z9NkH8jGZLsp/xdWoDSFXo1JYMB8GA1UdIwQYMBaAFK/Z9NkH8jGZLsp/xdWoDSFXo1JYMA8GA1UdEwEB/wQFMAMBAf8wCgYIKoZIzj0EAwIDSQAwRgIhAM97t/UjxhjpMQfGZSf6eFlCitudfwkqDCz3irgqO9nhAiEA4PKGA3hmgjJaSN9kOw9RhsMUBkeKqhwBOlKjZ/CXnLE=";
    let mut own = serde_json::to_value(&ClientKey::read(X5C, NOW, &mut Entropy::seeded(1)).unwrap()[0].jwk).unwrap();
    own["x5c"] = json!([X5C]);
    let key = |now| ClientKey::read(&own.to_string(), now, &mut Entropy::seeded(1)).map(|mut keys| keys.remove(0));
    let kept = key(NOW).unwrap();
    assert!(kept.certificate_names().iter().all(Option::is_some), "assertions may name it by its certificate");
    assert_eq!(kept.expires_at, NOW + limits::CLIENT_SECRET_LIFETIME, "and two years at most");
    assert_eq!(key(Timestamp::from_secs(5_000_000_000)), Err(KeyError::Ended));
    let mut others = serde_json::to_value(SigningKey::generate(Algorithm::Es256).unwrap().public_jwk()).unwrap();
    others["x5c"] = json!([X5C]);
    assert_eq!(read(&others.to_string()), Err(KeyError::OthersCertificate));
}

#[test]
fn an_app_has_a_few_keys_each_once() {
    let texts: Vec<String> = (0..=limits::KEYS_PER_CLIENT)
        .map(|_| serde_json::to_string(&SigningKey::generate(Algorithm::EdDsa).unwrap().public_jwk()).unwrap())
        .collect();
    let mut client = own(a_client());
    for text in &texts[..limits::KEYS_PER_CLIENT] {
        assert_eq!(add(&client, text), Ok(1));
        assert_eq!(add(&client, &format!("{{\"keys\":[{text},{text}]}}")), Err(KeyError::Known.into()));
        client.authentication.keys.extend(ClientKey::read(text, NOW, &mut Entropy::seeded(3)).unwrap());
        assert_eq!(add(&client, text), Err(KeyError::Known.into()));
    }
    assert_eq!(add(&client, &texts[limits::KEYS_PER_CLIENT]), Err(KeyError::TooMany.into()));
}

#[test]
fn keys_are_for_apps_that_can_keep_one_and_for_those_who_may_change_them() {
    let text = serde_json::to_string(&SigningKey::generate(Algorithm::EdDsa).unwrap().public_jwk()).unwrap();
    let public = own(Client { kind: ClientKind::SinglePage, ..a_client() });
    assert_eq!(add(&public, &text), Err(RegistrationError::PublicClient));
    assert_eq!(add(&a_client(), &text), Err(RegistrationError::NotYours));
    let mut client = own(a_client());
    client.authentication.keys = ClientKey::read(&text, NOW, &mut Entropy::seeded(3)).unwrap();
    let key = client.authentication.keys[0].id;
    let removed = remove_key(&client, key, &an_account(), NOW);
    assert!(removed.changes.contains(&Change::RemoveClientKey { client: client.id, key }));
    assert_eq!(remove_key(&client, Uuid::nil(), &an_account(), NOW).answer, Err(RegistrationError::NotYours));
    assert_eq!(
        remove_key(&Client { owner: None, ..client }, key, &an_account(), NOW).answer,
        Err(RegistrationError::NotYours)
    );
}

#[test]
fn a_thumbprint_means_a_certificate_and_a_key_without_one_goes_by_its_name() {
    let pair = SigningKey::generate(Algorithm::Es256).unwrap();
    let text = pair.sign_jwt("JWT", &json!({})).unwrap();
    let naming = |kid: Option<&str>, x5t: Option<&[u8]>| {
        let mut assertion = Assertion::read(&text, Reading::Strict).unwrap();
        assertion.kid = kid.map(str::to_owned);
        assertion.x5t = x5t.map(<[u8]>::to_vec);
        assertion
    };
    let named = |kid: Option<&str>| {
        let mut key = a_key_of(&pair);
        key.jwk.kid = kid.map(str::to_owned);
        key
    };
    assert!(named(Some("one")).is_meant_by(&naming(None, Some(b"anything"))), "the signature decides");
    assert!(named(Some("one")).is_meant_by(&naming(Some("one"), Some(b"anything"))));
    assert!(!named(Some("one")).is_meant_by(&naming(Some("other"), Some(b"anything"))));
    assert!(named(None).is_meant_by(&naming(Some("other"), None)));
    let mut certified = named(Some("one"));
    certified.certificate = Some(Thumbprints { sha1: [1; 20], sha256: [2; 32] });
    assert!(
        certified.is_meant_by(&naming(Some("other"), Some(&[1; 20]))),
        "its certificate names it, whatever else does"
    );
    assert!(!certified.is_meant_by(&naming(Some("one"), Some(&[3; 20]))));
}
