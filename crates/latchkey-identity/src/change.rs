//! What can become of what is stored. The store matches on it: a change that it does not commit does not compile.

use uuid::Uuid;

use crate::account::{Account, AccountId};
use crate::authorization::{Authorization, AuthorizationId, EndReason};
use crate::authorize::flow::{Flow, FlowId};
use crate::authorize::pushed::PushedRequest;
use crate::client::dynamic::{DynamicClient, InitialAccessToken, RegistrationGate};
use crate::client::metadata_document::ClientDocument;
use crate::client::{Client, ClientId, ClientKey, ClientSecret, ClientState, FederatedCredential};
use crate::client_auth::Method;
use crate::event::Event;
use crate::grant::authorization_code::AuthorizationCode;
use crate::grant::device_code::DeviceCode;
use crate::key_rotation::KeyChange;
use crate::legacy::LegacyApp;
use crate::logout_notice::SignedInTo;
use crate::secret::TokenHash;
use crate::session::{BrowserHash, Session, SessionId};
use crate::sign_in::upstream::link::Link;
use crate::sign_in::upstream::pending::PendingSignIn;
use crate::sign_in::upstream::{Upstream, UpstreamId};
use crate::tenant::{Tenant, TenantId};
use crate::time::Timestamp;
use crate::token::app_token::AppTokenId;
use crate::token::family::{FamilyId, TokenFamily};

/// One change of what is stored. Those marked *once* are guarded: if another request was first, the whole set rolls back.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Change {
    /// A security event, in the transaction that makes it true.
    Record(Event),

    /// Once: a server is set up by its link.
    SetUp {
        /// When.
        at: Timestamp,
    },
    /// A new tenant.
    CreateTenant(Tenant),
    /// A new account with what is kept of its password, a PHC string.
    CreateAccount {
        /// The account.
        account: Box<Account>,
        /// `$argon2id$...`; `None` if it cannot sign in with a password.
        password: Option<String>,
    },
    /// An account of another tenant may sign in to this one.
    AddGuest {
        /// The tenant.
        tenant: TenantId,
        /// The guest.
        account: AccountId,
    },
    /// Once: an account is disabled and its sessions end.
    DisableAccount {
        /// The account.
        account: AccountId,
        /// When.
        at: Timestamp,
    },
    /// What is kept of a password is replaced. Whoever is signed in by the one before is so no more.
    SetPassword {
        /// The account.
        account: AccountId,
        /// `$argon2id$...`
        password: String,
        /// When.
        at: Timestamp,
    },
    /// Once: what is kept of a password is replaced, by whoever showed the one before. Their session goes on.
    ReplacePassword {
        /// The account.
        account: AccountId,
        /// What is kept of the one before.
        from: String,
        /// `$argon2id$...`
        to: String,
        /// When.
        at: Timestamp,
    },

    /// Once: a tenant lets an upstream provider say who its people are.
    AddUpstream(Box<Upstream>),
    /// Once per version: such a provider changes.
    ChangeUpstream {
        /// All of it, as it will be.
        upstream: Box<Upstream>,
        /// The version it was read at.
        from_version: i64,
    },
    /// Once: such a provider goes, and whoever is linked by its issuer is so no more.
    RemoveUpstream {
        /// The provider.
        upstream: UpstreamId,
        /// Its tenant.
        tenant: TenantId,
        /// Its issuer.
        issuer: String,
    },
    /// Somebody is sent there to sign in.
    BeginUpstreamSignIn(Box<PendingSignIn>),
    /// Once: they come back.
    UseUpstreamSignIn {
        /// What is kept of the `state`.
        state: TokenHash,
        /// When.
        at: Timestamp,
    },
    /// Once: an account is linked to who somebody is there.
    LinkUpstream(Link),
    /// Once: it is so no more.
    UnlinkUpstream(Link),

    /// A new client.
    RegisterClient {
        /// All of it.
        client: Box<Client>,
    },
    /// Once per version: a registration changes.
    ChangeClient {
        /// All of it, as it will be. Secrets and state are not touched.
        client: Box<Client>,
        /// The version it was read at.
        from_version: i64,
    },
    /// A client that registered itself is kept as such, beside its registration.
    KeepDynamicClient(Box<DynamicClient>),
    /// What such a client says of itself changes.
    ChangeDynamicClient(Box<DynamicClient>),
    /// Who may register apps by themselves in a tenant.
    SetRegistrationGate {
        /// The tenant.
        tenant: TenantId,
        /// Who.
        gate: RegistrationGate,
    },
    /// A client that describes itself is there for the first time.
    DescribeClient {
        /// All of it.
        client: Box<Client>,
        /// What is kept of its document.
        document: Box<ClientDocument>,
    },
    /// The document of such a client came again.
    KeepClientDocument(Box<ClientDocument>),
    /// Once: such a client that nobody ever authorized goes.
    ForgetDescribedClient {
        /// The client.
        client: ClientId,
    },
    /// Whether apps that describe themselves are let in to a tenant.
    SetDocumentGate {
        /// The tenant.
        tenant: TenantId,
        /// Whether they are.
        open: bool,
    },
    /// Whether tokens may travel through browsers in a tenant.
    AllowImplicit {
        /// The tenant.
        tenant: TenantId,
        /// Whether they may.
        allowed: bool,
    },
    /// A token that lets apps register themselves.
    AddInitialAccessToken(InitialAccessToken),
    /// Once: a client and everything below it goes.
    DeleteClient {
        /// The client.
        client: ClientId,
        /// When.
        at: Timestamp,
    },
    /// A client is stopped for everybody, or let go on.
    SetClientState {
        /// The client.
        client: ClientId,
        /// What it becomes.
        state: ClientState,
    },
    /// Once per version: a secret is added.
    AddSecret {
        /// The client.
        client: ClientId,
        /// What is kept.
        secret: ClientSecret,
        /// The version it was read at.
        from_version: i64,
    },
    /// Once per version: keys of a client are added.
    AddClientKeys {
        /// The client.
        client: ClientId,
        /// The keys.
        keys: Vec<ClientKey>,
        /// The version it was read at.
        from_version: i64,
    },
    /// Once: a key of a client is removed.
    RemoveClientKey {
        /// The client.
        client: ClientId,
        /// The key's id.
        key: Uuid,
    },
    /// Once per version: a federated credential is added.
    AddFederatedCredential {
        /// The client.
        client: ClientId,
        /// The credential.
        credential: Box<FederatedCredential>,
        /// The version it was read at.
        from_version: i64,
    },
    /// Once: a federated credential is removed.
    RemoveFederatedCredential {
        /// The client.
        client: ClientId,
        /// The credential's id.
        credential: Uuid,
    },
    /// Once per version: a client is fixed to one method of authentication, or to none in particular.
    FixAuthMethod {
        /// The client.
        client: ClientId,
        /// The method.
        method: Option<Method>,
        /// The version it was read at.
        from_version: i64,
    },
    /// Once: a secret is removed.
    RemoveSecret {
        /// The client.
        client: ClientId,
        /// The secret's id.
        secret: Uuid,
    },

    /// An organization's import of apps of the older kind is open from now on. It may be open already.
    OpenLegacyImport {
        /// The organization.
        organization: Uuid,
        /// Its tenant.
        tenant: TenantId,
        /// When.
        at: Timestamp,
    },
    /// Once, and only while the organization's import is open: an app of the older kind comes in.
    ImportLegacyApp {
        /// The client, with its secret.
        client: Box<Client>,
        /// What else is known of it.
        app: Box<LegacyApp>,
        /// The organization that takes it over.
        organization: Uuid,
    },
    /// Once per version, and only while the organization's import is open: an app of the older kind becomes as it was exported.
    ChangeLegacyApp {
        /// The client, as it will be.
        client: Box<Client>,
        /// What else is known of it.
        app: Box<LegacyApp>,
        /// The organization that takes it over.
        organization: Uuid,
        /// The version it was read at.
        from_version: i64,
    },
    /// Once: an organization's import is closed for good.
    CloseLegacyImport {
        /// The organization.
        organization: Uuid,
        /// When.
        at: Timestamp,
    },

    /// Once, while what it moved to is there: an app of the older kind moves to one of the identity platform, beside it.
    MoveLegacyApp {
        /// The app of the older kind.
        client: ClientId,
        /// The app that takes over.
        to: ClientId,
        /// The organizations that the older one acts in: where it is stopped for everybody, the newer one is.
        organizations: Vec<Uuid>,
        /// When.
        at: Timestamp,
    },

    /// A request that needs pages begins.
    StartFlow(Box<Flow>),
    /// The person picked an account, or signed in.
    ChooseSession {
        /// The flow.
        flow: FlowId,
        /// The session picked.
        session: SessionId,
    },
    /// Once: a flow is answered.
    EndFlow {
        /// The flow.
        flow: FlowId,
        /// When.
        at: Timestamp,
    },

    /// Somebody signed in.
    StartSession(Box<Session>),
    /// A browser gets another cookie: its sessions and flows move to it.
    RenewBrowser {
        /// The hash of the cookie it had.
        from: BrowserHash,
        /// The hash of the cookie it gets.
        to: BrowserHash,
    },
    /// Once: a session ends, and with it the authorizations that were given for its time.
    EndSession {
        /// The session.
        session: SessionId,
        /// When.
        at: Timestamp,
    },

    /// Once, while the session goes on: somebody signs in within it to an app that wants to hear of its end.
    JoinSession {
        /// Who is told, and of what.
        about: SignedInTo,
        /// When.
        at: Timestamp,
    },

    /// A new authorization. Fails if the person has a live one for this client.
    Authorize(Box<Authorization>),
    /// Once per version: an authorization changes.
    ChangeAuthorization {
        /// All of it, as it will be.
        authorization: Box<Authorization>,
        /// The version it was read at.
        from_version: u32,
    },
    /// Once: an authorization ends, and everything below it.
    EndAuthorization {
        /// The authorization.
        authorization: AuthorizationId,
        /// When.
        at: Timestamp,
        /// Why.
        reason: EndReason,
    },

    /// A client makes an authorization request to the server itself.
    Push(Box<PushedRequest>),
    /// Once: a pushed request is answered.
    UsePushed {
        /// The request.
        request: TokenHash,
        /// When.
        at: Timestamp,
    },
    /// Once: a device asks, and its user code is nobody else's.
    StartDevice(Box<DeviceCode>),
    /// Once: somebody answers for a device.
    AnswerDevice {
        /// The device code.
        device: TokenHash,
        /// Yes or no.
        approved: bool,
        /// When.
        at: Timestamp,
    },

    /// Once: a code is sent to a client, or made for a device.
    IssueCode(Box<AuthorizationCode>),
    /// Once: a code is redeemed.
    RedeemCode {
        /// The code.
        code: TokenHash,
        /// When.
        at: Timestamp,
    },
    /// A token family begins.
    StartFamily(Box<TokenFamily>),
    /// Once per generation: a refresh token is replaced by its successor.
    RotateFamily {
        /// The family.
        family: FamilyId,
        /// The generation presented.
        generation: u32,
        /// The generation that is next to be used: the same where nothing rotates.
        next: u32,
        /// When.
        at: Timestamp,
        /// When the access token issued with it ends.
        access_expires_at: Timestamp,
    },
    /// Once: a secret is there at the moment that something is made with it.
    HoldSecret {
        /// The client.
        client: ClientId,
        /// The secret's id.
        secret: Uuid,
    },
    /// With which secret of an app of the older kind the tokens of a family were made last.
    NoteMadeWith {
        /// The family.
        family: FamilyId,
        /// The secret's id.
        secret: Uuid,
    },
    /// The token families whose tokens were last made with a secret end with it.
    EndTokensMadeWith {
        /// The secret's id.
        secret: Uuid,
        /// Those that are known; the caches hear of them.
        families: Vec<FamilyId>,
        /// When.
        at: Timestamp,
    },
    /// An access token that an app got in its own name ends: the app gave it back. It may have ended before.
    EndAppToken {
        /// What its `jti` says.
        token: AppTokenId,
        /// When.
        at: Timestamp,
    },
    /// A signing key is published, goes further, or goes.
    SigningKey(KeyChange),
    /// A token family ends: a refresh token was used again, or a code was, or the app gave a token back. It may have ended before.
    EndTokenFamily {
        /// The family.
        family: FamilyId,
        /// When.
        at: Timestamp,
    },
}

impl Change {
    /// The app that there will be by it, new or changed.
    pub fn registers(&self) -> Option<&Client> {
        match self {
            Self::RegisterClient { client }
            | Self::ChangeClient { client, .. }
            | Self::DescribeClient { client, .. } => Some(client),
            _ => None,
        }
    }
}
