//! What the server itself asks upstream providers: their metadata, which are kept for a while, what a code is worth, and who somebody is.

use std::convert::Infallible;
use std::sync::Arc;
use std::time::Duration;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use http::header::HeaderValue;
use latchkey_identity::Timestamp;
use latchkey_identity::client::published_keys::DOCUMENT_BYTES;
use latchkey_identity::client_auth::ASSERTION_TYPE;
use latchkey_identity::secret::Secret;
use latchkey_identity::sign_in::upstream::Upstream;
use latchkey_identity::sign_in::upstream::metadata::{KnownMetadata, ProviderMetadata, address};
use latchkey_identity::sign_in::upstream::registration::sealing_context;
use quick_cache::sync::Cache;
use serde::Deserialize;
use serde_json::{Map, Value, json};
use tokio::sync::Mutex;

use crate::app::{App, random};
use crate::outbound::OutboundError;

/// Providers whose metadata are kept at once. One that is used again comes back by one request.
const CAPACITY: usize = 1_024;
/// What our assertions say that they are, so that nobody takes one for an ID token of ours. [RFC 8725 §3.11]
const TYPE: &str = "client-authentication+jwt";

/// Our assertions are read on arrival, by a clock that may differ a little.
const ASSERTION_LIVES: Duration = Duration::from_secs(120);

/// What is known of providers. One request at a time asks each; others wait for its answer.
pub struct KnownProviders(Cache<String, Arc<Mutex<KnownMetadata>>>);

impl Default for KnownProviders {
    fn default() -> Self {
        Self(Cache::new(CAPACITY))
    }
}

/// What a code was worth. [OpenID Connect Core §3.1.3.3]
#[derive(Deserialize)]
pub(super) struct Tokens {
    pub(super) id_token: String,
    #[serde(default)]
    pub(super) access_token: Option<String>,
}

/// Why a provider's answer is worth nothing. For the log.
#[derive(Debug, thiserror::Error)]
pub(super) enum ProviderError {
    #[error(transparent)]
    Outbound(#[from] OutboundError),
    #[error(transparent)]
    Target(#[from] latchkey_identity::outbound::TargetError),
    #[error("the answer of the token endpoint is not one with an ID token")]
    NoTokens,
    #[error("the secret cannot be read with this master key")]
    Sealed,
    #[error("there is no key to sign with")]
    Key,
}

impl App {
    /// The metadata of a provider, from it or as they were a while ago.
    pub(crate) async fn provider_metadata(&self, issuer: &str, now: Timestamp) -> Option<ProviderMetadata> {
        let fresh = || Ok::<_, Infallible>(Arc::new(Mutex::new(KnownMetadata::default())));
        let Ok(known) = self.providers.0.get_or_insert_with(issuer, fresh);
        let mut known = known.lock().await;
        if known.is_due(now) {
            let document = self.outbound.document(&address(issuer), "application/json", DOCUMENT_BYTES).await;
            let metadata = document.and_then(|document| ProviderMetadata::parse(&document, issuer));
            if metadata.is_none() {
                tracing::warn!(issuer, "the metadata of an upstream provider are not there, or those of another");
            }
            known.took(metadata, now);
        }
        known.metadata(now).cloned()
    }
}

/// Redeems a code. [RFC 6749 §4.1.3], [RFC 7636 §4.5]
pub(super) async fn redeem(
    app: &App,
    upstream: &Upstream,
    metadata: &ProviderMetadata,
    (code, code_verifier): (&Secret, &Secret),
    redirect_uri: &str,
    now: Timestamp,
) -> Result<Tokens, ProviderError> {
    let mut form = vec![
        ("grant_type", "authorization_code"),
        ("code", code.reveal()),
        ("redirect_uri", redirect_uri),
        ("code_verifier", code_verifier.reveal()),
    ];
    let (secret, client_id) = (secret(app, upstream)?, upstream.client_id.as_str());
    let assertion = match &secret {
        Some(_) => String::new(),
        None => assertion(app, upstream, metadata, now).await?,
    };
    let mut authorization = None;
    match &secret {
        Some(secret) if metadata.takes_secret_in_form() => {
            form.extend([("client_id", client_id), ("client_secret", secret.reveal())]);
        }
        Some(secret) => authorization = Some(basic(client_id, secret)),
        None => form.extend([
            ("client_id", client_id),
            ("client_assertion_type", ASSERTION_TYPE),
            ("client_assertion", &assertion),
        ]),
    }
    let form = form_urlencoded::Serializer::new(String::new()).extend_pairs(form).finish();
    let target = app.outbound.target(&metadata.token_endpoint)?;
    let answer = app.outbound.post_for(&target, form, authorization, DOCUMENT_BYTES).await?;
    serde_json::from_slice(&answer.body).map_err(|_| ProviderError::NoTokens)
}

/// What more a provider tells of the person whom an access token is about. Nothing that goes wrong is an error: it is only more.
pub(super) async fn user_info(app: &App, metadata: &ProviderMetadata, access_token: &str) -> Map<String, Value> {
    let fetched = async {
        let target = app.outbound.target(metadata.userinfo_endpoint.as_deref()?).ok()?;
        let mut bearer = HeaderValue::from_str(&format!("Bearer {access_token}")).ok()?;
        bearer.set_sensitive(true);
        let answer = app.outbound.fetch_with(&target, "application/json", Some(bearer), DOCUMENT_BYTES).await;
        answer.inspect_err(|error| tracing::info!(%error, "UserInfo of an upstream provider was not told")).ok()
    };
    let told = fetched.await.and_then(|answer| serde_json::from_slice(&answer.body).ok());
    told.unwrap_or_default()
}

/// The secret that we have there, if we have one.
fn secret(app: &App, upstream: &Upstream) -> Result<Option<Secret>, ProviderError> {
    let Some(sealed) = &upstream.secret else { return Ok(None) };
    let opened = app.keys.upstream.open(&sealed.0, &sealing_context(upstream.id)).ok_or(ProviderError::Sealed)?;
    let text = std::str::from_utf8(&opened).map_err(|_| ProviderError::Sealed)?;
    Ok(Some(Secret::new(text)))
}

/// `client_secret_basic`: both parts are encoded as in a form first. [RFC 6749 §2.3.1]
fn basic(client_id: &str, secret: &Secret) -> HeaderValue {
    let encoded = |text: &str| form_urlencoded::byte_serialize(text.as_bytes()).collect::<String>();
    let pair = STANDARD.encode(format!("{}:{}", encoded(client_id), encoded(secret.reveal())));
    // Base64 is plain ASCII.
    let mut value = HeaderValue::from_str(&format!("Basic {pair}")).unwrap_or(HeaderValue::from_static("Basic"));
    value.set_sensitive(true);
    value
}

/// `private_key_jwt`, by a signing key of ours, which is in the key set that we publish. [OpenID Connect Core §9]
async fn assertion(
    app: &App,
    upstream: &Upstream,
    metadata: &ProviderMetadata,
    now: Timestamp,
) -> Result<String, ProviderError> {
    let algorithm = metadata.assertion_algorithm();
    app.begin_to_sign_with(algorithm).await.map_err(|_| ProviderError::Key)?;
    let claims = json!({
        "iss": upstream.client_id,
        "sub": upstream.client_id,
        "aud": metadata.token_endpoint,
        "jti": latchkey_jose::base64url::encode(random::<16>()),
        "iat": now.as_secs(),
        "exp": (now + ASSERTION_LIVES).as_secs(),
    });
    app.signer.sign(algorithm, TYPE, &claims).ok_or(ProviderError::Key)
}
