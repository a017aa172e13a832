//! What every handler is handed: the store, the keys, the clock, the few values of the configuration, and what is kept in memory.

use std::net::IpAddr;
use std::ops::Deref;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use futures_util::future::BoxFuture;
use latchkey_devops::scope::{self, Scope};
use latchkey_git::Repositories;
use latchkey_identity::account::AccountId;
use latchkey_identity::authorization::AuthorizationId;
use latchkey_identity::authorize::throttle::RequestThrottle;
use latchkey_identity::client::registration::RegistrationError;
use latchkey_identity::client::{Client, ClientId};
use latchkey_identity::grant::device_code::pace::Polls;
use latchkey_identity::resource::ResourceServer;
use latchkey_identity::sign_in::throttle::Throttle;
use latchkey_identity::tenant::TenantId;
use latchkey_identity::throttle::Wait;
use latchkey_identity::{Change, Decision, Entropy, Timestamp};
use latchkey_store::{Store, StoreError};
use tokio::sync::Semaphore;

use crate::bearer::SeenTokens;
use crate::devops::activity::Activities;
use crate::devops::named_people::NamedPeople;
use crate::devops::turns::Turns;
use crate::dpop::Proofs;
use crate::hashing::HashingPool;
use crate::identity::client_documents::ClientDocuments;
use crate::identity::documents::Documents;
use crate::identity::issuer_keys::IssuerKeys;
use crate::identity::logo::Logos;
use crate::identity::published_keys::PublishedKeysOfClients;
use crate::identity::upstream::provider::KnownProviders;
use crate::keys::Keys;
use crate::outbound::Outbound;
use crate::settings::Settings;
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
    pub(crate) named_people: NamedPeople,
    pub(crate) activities: Activities,
    pub(crate) queries: Turns,
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
    Store(#[from] StoreError),
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
    /// Makes the app: reads the signing keys, or makes the first ones.
    pub async fn start(ingredients: Ingredients) -> Result<Self, StartError> {
        let Ingredients { store, keys, repositories, outbound, settings, clock } = ingredients;
        let signer = Signer::load(&store, &keys.key_encryption, (clock.0)()).await?;
        let hashing = HashingPool::start(settings.hashing_permits, settings.hashing_queue);
        Ok(Self(Arc::new(Parts {
            documents: Documents::new(&signer),
            content: Arc::new(Semaphore::new(CONTENT_MIB)),
            seen_tokens: SeenTokens::default(),
            named_people: NamedPeople::default(),
            activities: Activities::default(),
            queries: Turns::default(),
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

    /// Whether a document of a client's may be fetched for somebody there: nobody makes this server ask others again and again, or takes the
    /// turns of those who do not.
    pub(crate) fn begin_fetch(&self, asked_from: IpAddr, now: Timestamp) -> Result<(), Wait> {
        self.request_throttle.lock().unwrap_or_else(PoisonError::into_inner).begin_fetch(asked_from, now)
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
        self.decide_apps(decide).await
    }

    /// Asks a rule about apps that there will be, or be otherwise. What is signed for them is signed with keys that are published before they
    /// are there: who registers an app may read the key set next, and keep it.
    pub async fn decide_apps<T, E, Fut>(&self, mut rule: impl FnMut() -> Fut) -> Result<Result<T, E>, StoreError>
    where
        Fut: Future<Output = Result<Decision<T, E>, StoreError>>,
    {
        let decide = || {
            let decided = rule();
            async {
                let decision = decided.await?;
                self.begin_to_sign_for(&decision.changes).await?;
                Ok(decision)
            }
        };
        self.store.decide(decide).await
    }

    /// Sees to the keys that apps sign with as these changes make them. A future of its own, on the heap: each rule about apps would hold a copy.
    fn begin_to_sign_for<'a>(&'a self, changes: &'a [Change]) -> BoxFuture<'a, Result<(), StoreError>> {
        Box::pin(async {
            let registered = changes.iter().filter_map(Change::registers);
            for algorithm in registered.flat_map(|client| client.metadata.answering_algorithms()) {
                self.begin_to_sign_with(algorithm).await?;
            }
            Ok(())
        })
    }

    /// Writes what was gathered in memory: last uses of authorizations and sessions. Called from time to time, when [`Self::many_uses`]
    /// says so, and at the end.
    pub async fn flush(&self) -> Result<(), StoreError> {
        self.uses.flush(&self.store).await
    }

    /// Writes what was gathered in memory of one authorization, which is about to be shown. Returns whether there was something.
    pub(crate) async fn flush_one(&self, authorization: AuthorizationId) -> Result<bool, StoreError> {
        self.uses.flush_one(&self.store, authorization).await
    }

    /// Waits until so much was gathered that [`Self::flush`] is due before its time.
    pub async fn many_uses(&self) {
        self.uses.crowded().await;
    }

    /// Drops what has expired.
    pub async fn purge(&self) -> Result<(), StoreError> {
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
