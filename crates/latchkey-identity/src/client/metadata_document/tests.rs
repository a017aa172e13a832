use serde_json::json;

use super::*;
use crate::client::ClientKind;
use crate::event::EventKind;
use crate::resource::tests::a_resource;

const NOW: Timestamp = Timestamp::from_secs(1_000_000);
const HARBOR: TenantId = TenantId(uuid::Uuid::from_u128(1));
const ID: ClientId = ClientId(uuid::Uuid::from_u128(0xd0c));
const URL: &str = "https://agent.test/oauth/client.json";
const KEY: &str = r#"{"kty":"EC","crv":"P-256","x":"MKBCTNIcKUSDii11ySs3526iDZ8AiTo7Tu6KPAqv7D4","y":"4Etl6SRW2YiLUrN5vfvVHuhp7x8PxltmWWlbbM4IFyM","kid":"1"}"#;

fn url() -> DocumentUrl {
    DocumentUrl::parse(URL).unwrap()
}

/// The least that a client of the Model Context Protocol says of itself.
fn a_document() -> Value {
    json!({"client_id": URL, "client_name": "Agent", "redirect_uris": ["http://127.0.0.1/callback"]})
}

fn with(edits: Value) -> Value {
    let (Value::Object(mut document), Value::Object(edits)) = (a_document(), edits) else { panic!("not objects") };
    document.extend(edits);
    Value::Object(document)
}

fn with_a_key() -> Value {
    let key: Value = serde_json::from_str(KEY).unwrap();
    with(json!({"redirect_uris": ["https://agent.test/callback"], "jwks": {"keys": [key]}}))
}

fn read_document(document: &Value) -> Result<Described, NotDescribed> {
    read(&url(), document.to_string().as_bytes(), &a_resource(), NOW, &mut Entropy::seeded(1))
}

fn refused(edits: Value) -> NotDescribed {
    read_document(&with(edits)).unwrap_err()
}

fn standing() -> Standing {
    Standing { tenant: HARBOR, id: ID, described: 0, unused: None, fresh_until: NOW + FRESH_USUALLY }
}

fn taken(document: &Value, known: Option<(&Client, &ClientDocument)>) -> Decision<Client, NotDescribed> {
    take(read_document(document).unwrap(), known, standing(), NOW)
}

/// A client as it is after its first document.
fn known(document: &Value) -> (Client, ClientDocument) {
    let decision = taken(document, None);
    match decision.changes.last() {
        Some(Change::DescribeClient { client, document }) => ((**client).clone(), (**document).clone()),
        other => panic!("{other:?}"),
    }
}

#[test]
fn the_least_document_is_a_public_client_that_nobody_vouches_for() {
    let (client, document) = known(&a_document());
    assert_eq!((client.id, client.tenant, client.name.as_str()), (ID, HARBOR, "Agent"));
    assert_eq!((client.kind, client.owner), (ClientKind::Native, None));
    assert!(!client.administrator_approved && !client.multi_tenant && client.requires_pkce());
    assert_eq!(client.identifier().to_string(), URL);
    assert!(!client.is_called(&crate::client::ClientIdentifier::Registered(ID)), "nobody calls it by our own id");
    assert_eq!((document.url, document.fetched_at), (url(), NOW));
}

#[test]
fn a_document_is_for_the_address_that_it_came_from_byte_by_byte() {
    assert_eq!(refused(json!({"client_id": "https://agent.test/oauth/other.json"})), NotDescribed::OtherClient);
    assert_eq!(refused(json!({"client_id": "https://AGENT.test/oauth/client.json"})), NotDescribed::OtherClient);
    assert_eq!(refused(json!({"client_id": null})), NotDescribed::OtherClient);
    for wrong in ["", "[]", "<html>", "\"text\"", "{\"client_id\":"] {
        let read = read(&url(), wrong.as_bytes(), &a_resource(), NOW, &mut Entropy::seeded(1));
        assert_eq!(read.unwrap_err(), NotDescribed::NotJson, "{wrong}");
    }
}

#[test]
fn there_is_no_secret_in_a_document_that_everybody_reads() {
    for secret in [
        json!({"client_secret": "hunter2"}),
        json!({"client_secret_expires_at": 0}),
        json!({"token_endpoint_auth_method": "client_secret_basic"}),
        json!({"token_endpoint_auth_method": "client_secret_post"}),
        json!({"token_endpoint_auth_method": "client_secret_jwt"}),
    ] {
        assert_eq!(refused(secret.clone()), NotDescribed::SharedSecret, "{secret}");
    }
    assert_eq!(refused(json!({"token_endpoint_auth_method": "tls_client_auth"})), NotDescribed::Method);
    let mut private: Value = serde_json::from_str(KEY).unwrap();
    private["d"] = json!("870MB6gfuTJ4HtUnUvYMyJpr5eUZNP4Bk43bVdj3eAE");
    for key in [private, json!({"kty": "oct", "k": "c2VjcmV0"})] {
        assert!(matches!(refused(json!({"jwks": {"keys": [key]}})), NotDescribed::Metadata(_)));
    }
    assert!(matches!(refused(json!({"token_endpoint_auth_method": "private_key_jwt"})), NotDescribed::Metadata(_)));
}

#[test]
fn redirect_uris_are_checked_as_everybodys_are() {
    for wrong in
        [json!([]), json!(["http://agent.test/callback"]), json!(["javascript:alert(1)"]), json!("https://a.test/")]
    {
        assert!(matches!(refused(json!({"redirect_uris": wrong})), NotDescribed::Metadata(_)), "{wrong}");
    }
}

#[test]
fn what_a_document_says_for_other_servers_does_not_count() {
    let document = with(json!({
        "grant_types": ["authorization_code", "refresh_token", "client_credentials", "urn:example:other"],
        "scope": "openid vso.work vso.tenant_manage mcp:tools",
        "software_statement": "eyJ...",
        "profile": "microsoft",
    }));
    let (client, _) = known(&document);
    assert_eq!(client.scopes.to_string(), "vso.work");
    assert_eq!(client.profile, crate::client::Profile::Standard);
    let (client, _) = known(&with(json!({"scope": "mcp:tools"})));
    assert!(client.scopes.contains("vso.work"), "a scope that is none of ours says nothing about ours");
}

#[test]
fn a_client_with_keys_proves_by_them_who_it_is() {
    let (client, _) = known(&with_a_key());
    assert_eq!((client.kind, client.authentication.method), (ClientKind::Web, Some(Method::PrivateKeyJwt)));
    assert_eq!(client.authentication.keys.len(), 1);
    assert!(client.requires_pkce());
}

#[test]
fn the_same_document_changes_nothing_but_when_it_came() {
    let (client, document) = known(&with_a_key());
    let decision = taken(&with_a_key(), Some((&client, &document)));
    assert_eq!(decision.answer, Ok(client));
    assert!(matches!(decision.changes.as_slice(), [Change::KeepClientDocument(_)]), "{:?}", decision.changes);
}

#[test]
fn another_document_makes_it_another_client_to_people() {
    let (client, document) = known(&with_a_key());
    let vouched_for = Client { administrator_approved: true, ..client.clone() };
    let mut moved = with_a_key();
    moved["redirect_uris"] = json!(["https://elsewhere.test/callback"]);
    let changed = taken(&moved, Some((&vouched_for, &document))).answer.unwrap();
    assert!(!changed.administrator_approved, "an administrator vouched for what it was");
    assert_ne!(told_by(&changed), told_by(&client));
    let mut renamed = with_a_key();
    renamed["client_name"] = json!("Agent 2");
    let changed = taken(&renamed, Some((&vouched_for, &document))).answer.unwrap();
    assert_eq!(told_by(&changed), told_by(&client), "the name is told beside");
    assert!(!changed.administrator_approved, "nor is another name what an administrator vouched for");
    assert_eq!(changed.version, client.version + 1);
    let mut published = with_a_key();
    published["jwks"] = Value::Null;
    published["jwks_uri"] = json!("https://agent.test/keys");
    let Value::Object(published) = &mut published else { panic!() };
    published.remove("jwks");
    let decision = taken(&Value::Object(published.clone()), Some((&client, &document)));
    assert!(decision.changes.iter().any(|change| matches!(change, Change::RemoveClientKey { .. })));
    assert_ne!(told_by(&decision.answer.unwrap()), told_by(&client));
}

#[test]
fn who_had_keys_does_not_do_without() {
    let (client, document) = known(&with_a_key());
    assert_eq!(taken(&a_document(), Some((&client, &document))).answer, Err(NotDescribed::KeysGone));
    let (public, document) = known(&a_document());
    assert!(taken(&with_a_key(), Some((&public, &document))).answer.unwrap().kind.is_confidential());
}

#[test]
fn a_stopped_client_stays_stopped_whatever_it_says() {
    let (client, document) = known(&a_document());
    let stopped = Client { state: crate::client::ClientState::Suspended, ..client };
    let changed = taken(&with(json!({"client_name": "Other"})), Some((&stopped, &document))).answer.unwrap();
    assert_eq!((changed.state, changed.name.as_str()), (crate::client::ClientState::Suspended, "Other"));
}

#[test]
fn a_full_directory_makes_room_for_one_by_another_that_nobody_uses() {
    let full = |unused| {
        let described = limits::DESCRIBED_CLIENTS_PER_TENANT;
        take(read_document(&a_document()).unwrap(), None, Standing { described, unused, ..standing() }, NOW)
    };
    assert_eq!(full(None).answer, Err(NotDescribed::Full));
    let other = ClientId(uuid::Uuid::from_u128(7));
    let decision = full(Some(other));
    assert!(decision.answer.is_ok());
    assert_eq!(decision.changes.first(), Some(&Change::ForgetDescribedClient { client: other }));
}

#[test]
fn freshness_follows_the_document_within_bounds() {
    let fresh = |header: &str| fresh_until(Some(header), NOW).since(NOW);
    assert_eq!(fresh_until(None, NOW).since(NOW), FRESH_USUALLY);
    assert_eq!(fresh("public, max-age=7200"), Duration::from_secs(7_200));
    assert_eq!(fresh("max-age=1"), FRESH_AT_LEAST);
    assert_eq!(fresh("max-age=99999999"), FRESH_AT_MOST);
    assert_eq!(fresh("no-store"), FRESH_AT_LEAST);
    assert_eq!(fresh("max-age=7200, no-cache"), FRESH_AT_LEAST);
    assert_eq!(fresh("max-age=soon, x"), FRESH_USUALLY);
}

#[test]
fn an_outage_ends_nothing_for_a_while() {
    let (_, document) = known(&a_document());
    let later = |duration| NOW + duration;
    assert!(document.is_fresh(Purpose::Request, NOW) && !document.is_fresh(Purpose::Request, later(FRESH_USUALLY)));
    assert!(document.is_fresh(Purpose::Token, later(FRESH_USUALLY)), "whoever goes on is not looked at each hour");
    assert!(document.counts(Purpose::Request, later(FRESH_AT_MOST)));
    assert!(!document.counts(Purpose::Request, later(COUNTS_FOR_REQUESTS)));
    assert!(document.counts(Purpose::Token, later(COUNTS_FOR_REQUESTS)));
    assert!(!document.counts(Purpose::Token, later(COUNTS_FOR_TOKENS)));
}

#[test]
fn a_gate_opens_and_closes_and_it_is_on_record() {
    for (open, said) in [(true, "apps describe themselves: on"), (false, "apps describe themselves: off")] {
        let event = Event::new(EventKind::PolicyChanged, HARBOR, NOW, "");
        let recorded = Event { subject: said.into(), ..event.clone() };
        let decision = set_gate(HARBOR, open, event);
        assert_eq!(decision.changes, [Change::Record(recorded), Change::SetDocumentGate { tenant: HARBOR, open }]);
    }
}
