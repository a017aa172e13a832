use latchkey_jose::SigningKey;
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
