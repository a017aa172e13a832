//! What every handler is handed: the store, the keys, the clock, and the few values of the configuration that the web layer needs.

use std::net::IpAddr;
use std::ops::Deref;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use latchkey_devops::scope::{self, Scope};
use latchkey_git::Repositories;
use latchkey_identity::account::AccountId;
use latchkey_identity::authorization::AuthorizationId;
use latchkey_identity::authorize::throttle::RequestThrottle;
use latchkey_identity::client::registration::RegistrationError;
use latchkey_identity::client::{Client, ClientId};
use latchkey_identity::grant::device_code::pace::Polls;
use latchkey_identity::resource::ResourceServer;
use latchkey_identity::secret::{Purpose, PurposeKey};
use latchkey_identity::sign_in::throttle::Throttle;
use latchkey_identity::tenant::TenantId;
use latchkey_identity::throttle::Wait;
use latchkey_identity::{Decision, Entropy, Timestamp};
use latchkey_store::{Store, StoreError};
use tokio::sync::Semaphore;

use crate::bearer::SeenTokens;
use crate::client_authorities::ClientAuthorities;
use crate::dpop::Proofs;
use crate::hashing::HashingPool;
use crate::identity::client_documents::ClientDocuments;
use crate::identity::documents::Documents;
use crate::identity::issuer_keys::IssuerKeys;
use crate::identity::logo::Logos;
use crate::identity::published_keys::PublishedKeysOfClients;
use crate::identity::upstream::provider::KnownProviders;
use crate::outbound::Outbound;
use crate::signer::Signer;
use crate::uses::UseRecorder;

/// MiB of file content in memory at once: a few of the largest files, many of the usual ones.
const CONTENT_MIB: usize = 512;

/// Everything a handler may touch. Cheap to clone.
#[derive(Clone)]
pub struct App(Arc<Parts>);

impl Deref for App {
    type Target = Parts;

    fn deref(&self) -> &Parts {
        &self.0
    }
}

/// The parts of an [`App`].
pub struct Parts {
    /// The database.
    pub store: Store,
    /// Keys for one purpose each.
    pub keys: Keys,
    /// What tokens are signed with.
    pub signer: Signer,
    /// Where the repositories are.
    pub repositories: Repositories,
    /// What access tokens are for.
    pub resource: ResourceServer,
    /// Requests that the server makes itself.
    pub outbound: Outbound,
    /// Values of the configuration.
    pub settings: Settings,
    pub(crate) hashing: HashingPool,
    pub(crate) throttle: Mutex<Throttle>,
    pub(crate) request_throttle: Mutex<RequestThrottle>,
    pub(crate) polls: Mutex<Polls>,
    pub(crate) uses: UseRecorder,
    pub(crate) seen_tokens: SeenTokens,
    pub(crate) proofs: Proofs,
    pub(crate) documents: Documents,
    pub(crate) published_keys: PublishedKeysOfClients,
    pub(crate) client_documents: ClientDocuments,
    pub(crate) issuer_keys: IssuerKeys,
    pub(crate) logos: Logos,
    pub(crate) providers: KnownProviders,
    /// MiB of file content that may be in memory at once, on its way to clients.
    pub(crate) content: Arc<Semaphore>,
    clock: Clock,
}

/// Where the time comes from: the system, or a test.
#[derive(Clone)]
pub struct Clock(Arc<dyn Fn() -> Timestamp + Send + Sync>);

impl Clock {
    /// A clock that asks this function.
    pub fn new(now: impl Fn() -> Timestamp + Send + Sync + 'static) -> Self {
        Self(Arc::new(now))
    }

    /// The system's clock.
    pub fn system() -> Self {
        Self::new(|| {
            let since = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).unwrap_or_default();
            Timestamp::from_micros(i64::try_from(since.as_micros()).unwrap_or(i64::MAX))
        })
    }
}

/// Values of the configuration that the web layer needs.
#[derive(Clone, Debug)]
pub struct Settings {
    /// The origins we answer at, each with its issuer; the first is the one that links in mails and on pages lead to.
    pub origins: Vec<Origin>,
    /// Whether a proxy that we trust stands in front, speaks TLS for us and says where requests come from.
    pub behind_proxy: bool,
    /// Who vouches for the names of clients' certificates.
    pub client_authorities: ClientAuthorities,
    /// How many password hashes are computed at once.
    pub hashing_permits: usize,
    /// How many more may wait.
    pub hashing_queue: usize,
    /// Whether this is the demo: the picker's hints and the guided pages.
    pub demo: bool,
}

impl Settings {
    /// The URLs of all our origins.
    pub fn origin_urls(&self) -> Vec<String> {
        self.origins.iter().map(|origin| origin.url.to_string()).collect()
    }
}

/// One origin: scheme, host and port, as browsers write it.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Origin {
    /// `https://id.example.com`, without a slash at the end.
    pub url: Arc<str>,
    /// The `host[:port]` of it, in lower case.
    pub authority: Arc<str>,
    /// Whether it is https.
    pub secure: bool,
    /// Where the same is answered to clients that show a certificate, if anywhere. [RFC 8705 §5]
    pub mutual_tls: Option<Alias>,
}

/// Another address of an origin, at a listener that asks for certificates.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Alias {
    /// `https://mtls.id.example.com`, without a slash at the end.
    pub url: Arc<str>,
    /// The `host[:port]` of it, in lower case.
    pub authority: Arc<str>,
    /// Whether a proxy asks there, and says what it was shown. [RFC 9440]
    pub by_proxy: bool,
}

impl Origin {
    /// The same origin, which is at `alias` for clients that show a certificate: to us, or to a proxy in front.
    #[must_use]
    pub fn with_mutual_tls(self, alias: Self, by_proxy: bool) -> Self {
        Self { mutual_tls: Some(Alias { url: alias.url, authority: alias.authority, by_proxy }), ..self }
    }

    /// Reads an origin; `None` if it is not `http(s)://host[:port]`.
    pub fn parse(text: &str) -> Option<Self> {
        let url = url::Url::parse(text).ok()?;
        let plain = url.path() == "/" && url.query().is_none() && url.fragment().is_none() && url.username().is_empty();
        if !plain || !matches!(url.scheme(), "http" | "https") {
            return None;
        }
        let origin = url.origin().ascii_serialization();
        let authority = origin.split_once("://")?.1.into();
        Some(Self { secure: url.scheme() == "https", url: origin.into(), authority, mutual_tls: None })
    }
}

/// Keys derived from the server's master key, one for each purpose.
#[derive(Clone, Debug)]
pub struct Keys {
    /// Refresh tokens, and the pairwise subjects of people.
    pub refresh_token: PurposeKey,
    /// Client secrets, and registration access tokens.
    pub client_secret: PurposeKey,
    /// Forms of our own pages, and set-up links.
    pub form: PurposeKey,
    /// Devices that accounts signed in from before.
    pub known_device: PurposeKey,
    /// What guesses at passwords are counted under.
    pub guess: PurposeKey,
    /// Positions in long lists.
    pub continuation: PurposeKey,
    /// Private signing keys at rest.
    pub key_encryption: PurposeKey,
    /// Nonces that DPoP proofs carry.
    pub dpop_nonce: PurposeKey,
    /// Secrets that we have at upstream providers, and what goes along with a sign-in there.
    pub upstream: PurposeKey,
}

impl Keys {
    /// Derives all of them.
    pub fn derive(master: &[u8; 32]) -> Result<Self, StartError> {
        let derive = |purpose| PurposeKey::derive(master, purpose).map_err(|_| StartError::Provider);
        Ok(Self {
            refresh_token: derive(Purpose::RefreshToken)?,
            client_secret: derive(Purpose::ClientSecret)?,
            form: derive(Purpose::Form)?,
            known_device: derive(Purpose::KnownDevice)?,
            guess: derive(Purpose::Guess)?,
            continuation: derive(Purpose::Continuation)?,
            key_encryption: derive(Purpose::KeyEncryption)?,
            dpop_nonce: derive(Purpose::DpopNonce)?,
            upstream: derive(Purpose::Upstream)?,
        })
    }
}

/// Why an [`App`] could not be made.
#[derive(Debug, thiserror::Error)]
pub enum StartError {
    /// The cryptographic provider failed.
    #[error("the cryptographic provider failed")]
    Provider,
    /// A signing key could not be read with this master key.
    #[error("the signing keys cannot be read: is this the master key that the database was made with?")]
    SigningKey,
    /// The store did not answer.
    #[error(transparent)]
    Store(#[from] latchkey_store::StoreError),
}

/// What an [`App`] is made of.
pub struct Ingredients {
    /// The database.
    pub store: Store,
    /// Keys for one purpose each.
    pub keys: Keys,
    /// Where the repositories are.
    pub repositories: Repositories,
    /// Requests that the server makes itself.
    pub outbound: Outbound,
    /// Values of the configuration.
    pub settings: Settings,
    /// Where the time comes from.
    pub clock: Clock,
}

impl App {
    /// Whether a document of a client's may be fetched for somebody there: nobody makes this server ask others again and again, or takes the
    /// turns of those who do not.
    pub(crate) fn begin_fetch(&self, asked_from: IpAddr, now: Timestamp) -> Result<(), Wait> {
        self.request_throttle.lock().unwrap_or_else(PoisonError::into_inner).begin_fetch(asked_from, now)
    }

    /// Makes the app: reads the signing keys, or makes the first ones.
    pub async fn start(ingredients: Ingredients) -> Result<Self, StartError> {
        let Ingredients { store, keys, repositories, outbound, settings, clock } = ingredients;
        let signer = Signer::load(&store, &keys.key_encryption, (clock.0)()).await?;
        let hashing = HashingPool::start(settings.hashing_permits, settings.hashing_queue);
        Ok(Self(Arc::new(Parts {
            documents: Documents::new(&signer),
            content: Arc::new(Semaphore::new(CONTENT_MIB)),
            seen_tokens: SeenTokens::default(),
            published_keys: PublishedKeysOfClients::default(),
            client_documents: ClientDocuments::default(),
            issuer_keys: IssuerKeys::default(),
            logos: Logos::default(),
            providers: KnownProviders::default(),
            proofs: Proofs::new(&keys.dpop_nonce, (clock.0)()),
            uses: UseRecorder::default(),
            throttle: Mutex::new(Throttle::default()),
            request_throttle: Mutex::new(RequestThrottle::default()),
            polls: Mutex::new(Polls::default()),
            resource: devops_resource(settings.origin_urls()),
            store,
            keys,
            signer,
            repositories,
            outbound,
            settings,
            hashing,
            clock,
        })))
    }

    /// Whether an id that somebody chose for a new app means something else already: an account, a tenant, the DevOps side, an app that is
    /// gone. Tokens say by such ids whom they are about and whom they are for. [RFC 9700 §4.15]
    pub async fn means_something_else(&self, id: ClientId) -> Result<bool, StoreError> {
        Ok(id.0.is_nil()
            || id.to_string() == self.resource.audience
            || self.store.account(AccountId(id.0)).await?.is_some()
            || self.store.tenant(TenantId(id.0)).await?.is_some()
            || self.store.was_ever_a_client(id).await?)
    }

    /// The moment. A request asks once.
    pub fn now(&self) -> Timestamp {
        (self.clock.0)()
    }

    /// Asks a rule about a client, as it is at that moment. One that is not there is nobody's.
    pub async fn decide_client<T, E: From<RegistrationError>>(
        &self,
        id: ClientId,
        rule: impl Fn(&Client) -> Decision<T, E>,
    ) -> Result<Result<T, E>, StoreError> {
        let decide = async || {
            let client = self.store.client(id).await?;
            let missing = || Decision::refuse(RegistrationError::NotYours.into());
            Ok(client.map_or_else(missing, |client| rule(&client)))
        };
        self.store.decide(decide).await
    }

    /// Writes what was gathered in memory: last uses of authorizations and sessions. Called from time to time, when [`Self::many_uses`]
    /// says so, and at the end.
    pub async fn flush(&self) -> Result<(), latchkey_store::StoreError> {
        self.uses.flush(&self.store).await
    }

    /// Writes what was gathered in memory of one authorization, which is about to be shown. Returns whether there was something.
    pub(crate) async fn flush_one(&self, authorization: AuthorizationId) -> Result<bool, latchkey_store::StoreError> {
        self.uses.flush_one(&self.store, authorization).await
    }

    /// Waits until so much was gathered that [`Self::flush`] is due before its time.
    pub async fn many_uses(&self) {
        self.uses.crowded().await;
    }

    /// Drops what has expired.
    pub async fn purge(&self) -> Result<(), latchkey_store::StoreError> {
        self.store.purge(self.now()).await
    }
}

/// How often [`App::flush`] is due: last use is shown at most a minute late, and what is used all the time is written seldom.
pub const FLUSH_EVERY: Duration = Duration::from_secs(20);
/// How often [`App::purge`] is due: what was given for a session that nobody uses any more ends with it.
pub const PURGE_EVERY: Duration = Duration::from_secs(60);

/// Fresh chance for one request, drawn from the operating system.
pub fn entropy() -> Entropy {
    Entropy::from_seed(&random())
}

/// Random bytes from the operating system's source.
pub fn random<const N: usize>() -> [u8; N] {
    let mut bytes = [0; N];
    if aws_lc_rs::rand::fill(&mut bytes).is_err() {
        // Without chance no secret is one: nothing that follows would be safe.
        std::process::abort();
    }
    bytes
}

/// What the DevOps side can be asked for, as the identity side knows it.
fn devops_resource(origins: Vec<String>) -> ResourceServer {
    ResourceServer {
        audience: scope::AUDIENCE.to_owned(),
        identifiers: vec!["https://app.vssps.visualstudio.com".into(), format!("api://{}", scope::AUDIENCE)],
        origins,
        scopes: Scope::ALL.iter().map(|scope| scope.name().to_owned()).collect(),
        in_person: vec![Scope::UserImpersonation.name().to_owned()],
        for_administrators: vec![Scope::TenantManage.name().to_owned()],
        prefix: "vso.".into(),
    }
}
