//! Clients that describe themselves: the `client_id` is the https address of a document, which is fetched when it is needed and stands in
//! for a registration. Nobody registers them, and nobody vouches for them. [Client ID Metadata Document §4]

use std::convert::Infallible;
use std::time::Duration;

use latchkey_jose::thumbprint::thumbprint;
use serde_json::{Map, Value};

use crate::change::Change;
use crate::client::authentication::Authentication;
use crate::client::client_metadata::{self, Offered, Proposal};
use crate::client::dynamic::Refused;
use crate::client::identifier::DocumentUrl;
use crate::client::registration::{Client, ClientId, new_client};
use crate::client_auth::Method;
use crate::consent::is_still_vouched_for;
use crate::decision::Decision;
use crate::entropy::Entropy;
use crate::event::Event;
use crate::grant::GrantType;
use crate::limits;
use crate::resource::ResourceServer;
use crate::secret::sha256;
use crate::tenant::TenantId;
use crate::time::{Timestamp, days};

/// Bytes of a document that are read. [Client ID Metadata Document §8.7]
pub const DOCUMENT_BYTES: usize = 5_120;
/// However short a document says it may be kept, it is not asked for more often than this.
const FRESH_AT_LEAST: Duration = Duration::from_secs(5 * 60);
/// A document that says nothing of it is asked for again after this long.
const FRESH_USUALLY: Duration = Duration::from_secs(3_600);
/// However long a document says it may be kept, it is asked for again after a day.
const FRESH_AT_MOST: Duration = days(1);
/// Where nothing comes any more, a person can authorize what came last for this long.
const COUNTS_FOR_REQUESTS: Duration = days(2);
/// And what was authorized goes on by it for this long, so that an outage of the client's host ends nothing.
const COUNTS_FOR_TOKENS: Duration = days(30);
/// Nobody is asked again sooner than this after nothing came, or for a key that the document does not have.
pub const NO_SOONER_THAN: Duration = Duration::from_secs(30);
/// Keys are kept anew this long before they would end, since nobody else renews them.
const KEYS_RENEWED_BEFORE: Duration = days(365);

/// Why a document does not stand for a client, in words for who wrote it.
#[derive(Clone, PartialEq, Eq, Debug, thiserror::Error)]
pub enum NotDescribed {
    /// It is no JSON object.
    #[error("it is not a JSON object")]
    NotJson,
    /// It describes another client.
    #[error("its client_id is not its own address, byte for byte")]
    OtherClient,
    /// A secret that everybody can read.
    #[error(
        "it names a client secret, or a way to authenticate by one, which a document that everybody reads cannot have"
    )]
    SharedSecret,
    /// Another way to authenticate that is not offered.
    #[error("its token_endpoint_auth_method is neither none nor private_key_jwt")]
    Method,
    /// What it says is not acceptable.
    #[error("{0}")]
    Metadata(String),
    /// It had keys of its own, and now anybody could pose as it.
    #[error("it had keys before and has none now: an administrator deletes the app before it begins anew")]
    KeysGone,
    /// The tenant has more of them than anybody looks after.
    #[error("as many apps as this directory takes describe themselves")]
    Full,
}

/// A document that stands for a client. Only [`read`] makes one.
#[derive(Clone, Debug)]
pub struct Described {
    url: DocumentUrl,
    digest: [u8; 32],
    proposal: Proposal,
}

/// What is kept of the document beside the client that it describes.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct ClientDocument {
    /// The client.
    pub client: ClientId,
    /// The tenant that it was fetched for.
    pub tenant: TenantId,
    /// Where it lies.
    pub url: DocumentUrl,
    /// The digest of what came last.
    pub digest: [u8; 32],
    /// When it came.
    pub fetched_at: Timestamp,
    /// Until when it is not asked for again.
    pub fresh_until: Timestamp,
}

/// What a document is taken for.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Purpose {
    /// A person is to authorize the client.
    Request,
    /// What was authorized goes on.
    Token,
}

impl ClientDocument {
    /// Whether it need not be asked for, for this purpose.
    pub fn is_fresh(&self, purpose: Purpose, now: Timestamp) -> bool {
        match purpose {
            Purpose::Request => now < self.fresh_until,
            // Whoever shows a token was looked at when a person was asked.
            Purpose::Token => now < self.fetched_at + FRESH_AT_MOST,
        }
    }

    /// Whether it counts for this purpose although nothing comes any more.
    pub fn counts(&self, purpose: Purpose, now: Timestamp) -> bool {
        let counts_for = match purpose {
            Purpose::Request => COUNTS_FOR_REQUESTS,
            Purpose::Token => COUNTS_FOR_TOKENS,
        };
        now < self.fetched_at + counts_for
    }
}

/// Until when a document is fresh, by the `Cache-Control` that it came with. [Client ID Metadata Document §5.2], [RFC 9111 §4.2.1]
pub fn fresh_until(cache_control: Option<&str>, now: Timestamp) -> Timestamp {
    let mut fresh_for = FRESH_USUALLY;
    for directive in cache_control.unwrap_or_default().split(',').map(str::trim) {
        let (name, value) = directive.split_once('=').unwrap_or((directive, ""));
        match name.trim().to_ascii_lowercase().as_str() {
            "no-store" | "no-cache" => return now + FRESH_AT_LEAST,
            "max-age" => fresh_for = value.trim().trim_matches('"').parse().map_or(FRESH_USUALLY, Duration::from_secs),
            _ => {}
        }
    }
    now + fresh_for.clamp(FRESH_AT_LEAST, FRESH_AT_MOST)
}

/// Reads a document that came from `url`. [Client ID Metadata Document §4]
pub fn read(
    url: &DocumentUrl,
    bytes: &[u8],
    resource: &ResourceServer,
    now: Timestamp,
    entropy: &mut Entropy,
) -> Result<Described, NotDescribed> {
    let Ok(Value::Object(mut document)) = serde_json::from_slice(bytes) else { return Err(NotDescribed::NotJson) };
    if document.get("client_id").and_then(Value::as_str) != Some(url.as_str()) {
        return Err(NotDescribed::OtherClient);
    }
    if ["client_secret", "client_secret_expires_at"].iter().any(|name| document.contains_key(*name)) {
        return Err(NotDescribed::SharedSecret);
    }
    let method = method(&document)?;
    document.insert("token_endpoint_auth_method".into(), method.name().into());
    document.entry("client_name").or_insert_with(|| url.host().into());
    leave_out_what_is_for_others(&mut document, resource);
    let proposal =
        client_metadata::read(&document, None, resource, Offered::default(), now, entropy).map_err(|refused| {
            match refused {
                Refused::Metadata(_, said) => NotDescribed::Metadata(said),
                Refused::Closed | Refused::Token | Refused::Full => NotDescribed::NotJson,
            }
        })?;
    Ok(Described { url: url.clone(), digest: sha256(bytes), proposal })
}

/// How it authenticates: by a key of its own if it has one. There is no secret that only two know. [Client ID Metadata Document §4.1]
fn method(document: &Map<String, Value>) -> Result<Method, NotDescribed> {
    let has_keys = ["jwks", "jwks_uri"].iter().any(|name| document.contains_key(*name));
    match document.get("token_endpoint_auth_method") {
        None if has_keys => Ok(Method::PrivateKeyJwt),
        None => Ok(Method::None),
        Some(named) => match named.as_str() {
            Some("none") => Ok(Method::None),
            Some("private_key_jwt") => Ok(Method::PrivateKeyJwt),
            Some(secret) if secret.starts_with("client_secret_") => Err(NotDescribed::SharedSecret),
            _ => Err(NotDescribed::Method),
        },
    }
}

/// One document is for every server that its client meets: what it says for others does not count here.
fn leave_out_what_is_for_others(document: &mut Map<String, Value>, resource: &ResourceServer) {
    document.remove("software_statement");
    document.remove("profile");
    let is_ours = |grant: &Value| {
        let grant = grant.as_str().and_then(GrantType::parse);
        matches!(grant, Some(GrantType::AuthorizationCode | GrantType::RefreshToken | GrantType::DeviceCode))
    };
    if let Some(Value::Array(grants)) = document.get_mut("grant_types") {
        grants.retain(is_ours);
    }
    let gives = |scope: &&str| {
        let is_kept = |kept: &[String]| kept.iter().any(|one| one == *scope);
        is_kept(&resource.scopes) && !is_kept(&resource.for_administrators)
    };
    let named = document.get("scope").and_then(Value::as_str).unwrap_or_default();
    let ours: Vec<&str> = named.split_ascii_whitespace().filter(gives).collect();
    match ours.join(" ") {
        none if none.is_empty() => document.remove("scope"),
        some => document.insert("scope".into(), some.into()),
    };
}

/// Where a document is taken.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Standing {
    /// The tenant.
    pub tenant: TenantId,
    /// The id that the client is kept under there.
    pub id: ClientId,
    /// How many clients describe themselves there.
    pub described: usize,
    /// The one of them that has gone longest without anybody's authorization: it makes room.
    pub unused: Option<ClientId>,
    /// Until when the document is fresh.
    pub fresh_until: Timestamp,
}

/// Takes a document: the client becomes what it says. What people approved for another description they are asked again,
/// and an administrator's word ends with what it was for.
/// [Client ID Metadata Document §8.4]
pub fn take(
    described: Described,
    known: Option<(&Client, &ClientDocument)>,
    standing: Standing,
    now: Timestamp,
) -> Decision<Client, NotDescribed> {
    let Described { url, digest, proposal } = described;
    let Standing { tenant, id, fresh_until, .. } = standing;
    let kept = Box::new(ClientDocument { client: id, tenant, url: url.clone(), digest, fetched_at: now, fresh_until });
    let wanted = as_described(proposal, url, standing, now);
    let Some((client, before)) = known else {
        let is_full = standing.described >= limits::DESCRIBED_CLIENTS_PER_TENANT;
        return match (is_full, standing.unused) {
            (true, None) => Decision::refuse(NotDescribed::Full),
            (_, unused) => Decision::grant(wanted.clone())
                .and_all(unused.filter(|_| is_full).map(|client| Change::ForgetDescribedClient { client }))
                .and(Change::Record(Event::app_registered(&wanted)))
                .and(Change::DescribeClient { client: Box::new(wanted), document: kept }),
        };
    };
    let lasts = client.authentication.keys.iter().all(|key| now + KEYS_RENEWED_BEFORE < key.expires_at);
    if before.digest == digest && lasts {
        return Decision::grant(client.clone()).and(Change::KeepClientDocument(kept));
    }
    if client.kind.is_confidential() && !wanted.kind.is_confidential() {
        return Decision::refuse(NotDescribed::KeysGone);
    }
    let mut changed =
        Client { state: client.state, created_at: client.created_at, version: client.version + 1, ..wanted };
    changed.administrator_approved = is_still_vouched_for(client, &changed);
    let keys = std::mem::take(&mut changed.authentication.keys);
    let removed = client.authentication.keys.iter().map(|key| Change::RemoveClientKey { client: id, key: key.id });
    let removed: Vec<Change> = removed.collect();
    let after = changed.version + i64::try_from(removed.len()).unwrap_or_default();
    let added =
        (!keys.is_empty()).then(|| Change::AddClientKeys { client: id, keys: keys.clone(), from_version: after });
    let decision = Decision::grant(Client {
        authentication: Authentication { keys, ..changed.authentication.clone() },
        ..changed.clone()
    });
    decision
        .and(Change::Record(Event::app_changed(&changed, now)))
        .and(Change::ChangeClient { client: Box::new(changed), from_version: client.version })
        .and_all(removed)
        .and_all(added)
        .and(Change::KeepClientDocument(kept))
}

/// Decides whether clients that describe themselves are let in to a tenant. `event` says who did.
pub fn set_gate(tenant: TenantId, open: bool, event: Event) -> Decision<(), Infallible> {
    let event = Event { subject: format!("apps describe themselves: {}", if open { "on" } else { "off" }), ..event };
    Decision::grant(()).and(Change::Record(event)).and(Change::SetDocumentGate { tenant, open })
}

/// The client that a document describes. It always proves with PKCE that a code comes back to who asked.
fn as_described(proposal: Proposal, url: DocumentUrl, standing: Standing, now: Timestamp) -> Client {
    let Proposal { checked, method, keys, .. } = proposal;
    let mut client = new_client(standing.id, checked, standing.tenant, None, now);
    client.document = Some(url);
    client.pkce_optional = false;
    client.authentication.method = Some(method);
    if client.kind.is_confidential() {
        client.authentication.keys = keys;
    }
    client
}

/// What people are told of a client that describes itself, beside what they are told of every app: an approval is for exactly this. Nothing
/// for a client that was registered.
pub fn told_by(client: &Client) -> Vec<String> {
    let Some(url) = &client.document else { return Vec::new() };
    let mut told = vec![url.to_string(), client.kind.name().to_owned()];
    let mut uris: Vec<String> = client.redirect_uris.iter().map(|uri| format!("to {}", uri.as_str())).collect();
    let mut keys: Vec<String> =
        client.authentication.keys.iter().map(|key| format!("key {}", thumbprint(&key.jwk.key))).collect();
    keys.extend(client.jwks_uri().map(|uri| format!("keys at {uri}")));
    uris.sort();
    keys.sort();
    told.extend(uris);
    told.extend(keys);
    told
}

#[cfg(test)]
mod tests;
