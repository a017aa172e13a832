//! Security events: what is put on record, in the transaction that makes it true.

use uuid::Uuid;

use crate::account::{Account, AccountId};
use crate::authorization::{Authorization, AuthorizationId};
use crate::client::{Client, ClientId, ClientKey, ClientSecret, FederatedCredential};
use crate::session::{Session, SessionId};
use crate::tenant::TenantId;
use crate::time::Timestamp;

/// Every kind of security event.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
#[allow(missing_docs, reason = "the names say it")]
pub enum EventKind {
    TenantCreated,
    AccountCreated,
    AccountDisabled,
    PasswordChanged,
    UpstreamAdded,
    UpstreamChanged,
    UpstreamRemoved,
    UpstreamLinked,
    UpstreamUnlinked,
    SignInSucceeded,
    SignInFailed,
    SessionEnded,
    AppRegistered,
    AppChanged,
    AppDeleted,
    AppSuspended,
    AppResumed,
    SecretAdded,
    SecretRemoved,
    AppKeyAdded,
    AppKeyRemoved,
    FederatedCredentialAdded,
    FederatedCredentialRemoved,
    AuthorizationGranted,
    AuthorizationChanged,
    AuthorizationDenied,
    AuthorizationRevoked,
    AuthorizationPaused,
    AuthorizationResumed,
    AuthorizationNarrowed,
    CodeReplayed,
    RefreshTokenReplayed,
    TokenRevoked,
    TokenDelegated,
    ActedOnBehalf,
    SigningKeyPublished,
    SigningKeyWithdrawn,
    SigningKeyActivated,
    SigningKeyRevoked,
    PolicyChanged,
    LegacyAppImported,
    LegacyImportClosed,
    LegacyAppMoved,
    LegacyAppRetired,
}

impl EventKind {
    /// The name in the log.
    pub const fn name(self) -> &'static str {
        match self {
            Self::TenantCreated => "tenant_created",
            Self::AccountCreated => "account_created",
            Self::AccountDisabled => "account_disabled",
            Self::PasswordChanged => "password_changed",
            Self::UpstreamAdded => "upstream_added",
            Self::UpstreamChanged => "upstream_changed",
            Self::UpstreamRemoved => "upstream_removed",
            Self::UpstreamLinked => "upstream_linked",
            Self::UpstreamUnlinked => "upstream_unlinked",
            Self::SignInSucceeded => "sign_in_succeeded",
            Self::SignInFailed => "sign_in_failed",
            Self::SessionEnded => "session_ended",
            Self::AppRegistered => "app_registered",
            Self::AppChanged => "app_changed",
            Self::AppDeleted => "app_deleted",
            Self::AppSuspended => "app_suspended",
            Self::AppResumed => "app_resumed",
            Self::SecretAdded => "secret_added",
            Self::SecretRemoved => "secret_removed",
            Self::AppKeyAdded => "app_key_added",
            Self::AppKeyRemoved => "app_key_removed",
            Self::FederatedCredentialAdded => "federated_credential_added",
            Self::FederatedCredentialRemoved => "federated_credential_removed",
            Self::AuthorizationGranted => "authorization_granted",
            Self::AuthorizationChanged => "authorization_changed",
            Self::AuthorizationDenied => "authorization_denied",
            Self::AuthorizationRevoked => "authorization_revoked",
            Self::AuthorizationPaused => "authorization_paused",
            Self::AuthorizationResumed => "authorization_resumed",
            Self::AuthorizationNarrowed => "authorization_narrowed",
            Self::CodeReplayed => "code_replayed",
            Self::RefreshTokenReplayed => "refresh_token_replayed",
            Self::TokenRevoked => "token_revoked",
            Self::TokenDelegated => "token_delegated",
            Self::ActedOnBehalf => "acted_on_behalf",
            Self::SigningKeyPublished => "signing_key_published",
            Self::SigningKeyActivated => "signing_key_activated",
            Self::SigningKeyWithdrawn => "signing_key_withdrawn",
            Self::SigningKeyRevoked => "signing_key_revoked",
            Self::PolicyChanged => "policy_changed",
            Self::LegacyAppImported => "legacy_app_imported",
            Self::LegacyImportClosed => "legacy_import_closed",
            Self::LegacyAppMoved => "legacy_app_moved",
            Self::LegacyAppRetired => "legacy_app_retired",
        }
    }
}

/// One security event. It names ids and decisions, never a secret.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Event {
    /// What happened.
    pub kind: EventKind,
    /// In which tenant's log it stands.
    pub tenant: TenantId,
    /// When.
    pub at: Timestamp,
    /// Who did it.
    pub actor: Option<AccountId>,
    /// The app it was about or through.
    pub client: Option<ClientId>,
    /// The authorization it was about.
    pub authorization: Option<AuthorizationId>,
    /// The session it happened in.
    pub session: Option<SessionId>,
    /// What it was about, in words: a name, scopes.
    pub subject: String,
    /// Where it came from. The endpoint fills it in.
    pub address: Option<String>,
}

impl Event {
    /// An event with nothing but its kind, place and time.
    pub fn new(kind: EventKind, tenant: TenantId, at: Timestamp, subject: impl Into<String>) -> Self {
        Self {
            kind,
            tenant,
            at,
            actor: None,
            client: None,
            authorization: None,
            session: None,
            subject: subject.into(),
            address: None,
        }
    }

    /// The same, done by this person.
    #[must_use]
    pub fn by(self, actor: AccountId) -> Self {
        Self { actor: Some(actor), ..self }
    }

    /// The same, in this session.
    #[must_use]
    pub fn within(self, session: SessionId) -> Self {
        Self { session: Some(session), ..self }
    }

    /// The same, about this authorization.
    #[must_use]
    pub fn about(self, authorization: &Authorization) -> Self {
        Self { client: Some(authorization.client), authorization: Some(authorization.id), ..self }
    }

    /// The same, about something below this authorization.
    #[must_use]
    pub fn below(self, authorization: AuthorizationId) -> Self {
        Self { authorization: Some(authorization), ..self }
    }

    /// The same, through this app.
    #[must_use]
    pub fn through(self, client: ClientId) -> Self {
        Self { client: Some(client), ..self }
    }

    fn app(kind: EventKind, client: &Client, at: Timestamp) -> Self {
        Self::new(kind, client.tenant, at, client.name.clone()).through(client.id)
    }

    pub(crate) fn app_registered(client: &Client) -> Self {
        Self::app(EventKind::AppRegistered, client, client.created_at)
    }

    pub(crate) fn app_changed(client: &Client, at: Timestamp) -> Self {
        Self::app(EventKind::AppChanged, client, at)
    }

    pub(crate) fn app_deleted(client: &Client, at: Timestamp) -> Self {
        Self::app(EventKind::AppDeleted, client, at)
    }

    pub(crate) fn secret_added(client: &Client, secret: &ClientSecret) -> Self {
        let event = Self::app(EventKind::SecretAdded, client, secret.created_at);
        Self { subject: secret.id.to_string(), ..event }
    }

    pub(crate) fn secret_removed(client: &Client, secret: Uuid, at: Timestamp) -> Self {
        Self { subject: secret.to_string(), ..Self::app(EventKind::SecretRemoved, client, at) }
    }

    pub(crate) fn federated_credential_added(client: &Client, credential: &FederatedCredential) -> Self {
        let event = Self::app(EventKind::FederatedCredentialAdded, client, credential.created_at);
        Self { subject: credential.name.clone(), ..event }
    }

    pub(crate) fn federated_credential_removed(client: &Client, held: &FederatedCredential, at: Timestamp) -> Self {
        Self { subject: held.name.clone(), ..Self::app(EventKind::FederatedCredentialRemoved, client, at) }
    }

    pub(crate) fn key_added(client: &Client, key: &ClientKey) -> Self {
        Self { subject: key.kid(), ..Self::app(EventKind::AppKeyAdded, client, key.created_at) }
    }

    pub(crate) fn key_removed(client: &Client, key: &ClientKey, at: Timestamp) -> Self {
        Self { subject: key.kid(), ..Self::app(EventKind::AppKeyRemoved, client, at) }
    }

    pub(crate) fn signed_in(account: &Account, session: &Session, by: &str) -> Self {
        Self::new(EventKind::SignInSucceeded, account.tenant, session.used_at, by).by(account.id).within(session.id)
    }

    pub(crate) fn sign_in_failed(account: &Account, by: &str, at: Timestamp) -> Self {
        Self::new(EventKind::SignInFailed, account.tenant, at, by).by(account.id)
    }
}
