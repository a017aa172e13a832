//! Why a registration is not accepted.

use crate::client::fapi2::NotFapi2;
use crate::client::federated_credential::FederationError;
use crate::client::key::KeyError;
use crate::client::metadata::BadMetadata;
use crate::client::redirect_uri::RedirectUriError;

/// Why a registration was not accepted, in a sentence for the person who asked.
#[derive(Clone, PartialEq, Eq, Debug, thiserror::Error)]
pub enum RegistrationError {
    /// The name cannot be shown to people.
    #[error("A name has 1 to 256 characters, none of them hidden.")]
    Name,
    /// The name looks like the product's own.
    #[error("This name is reserved: people would take the app for a part of Latchkey.")]
    ReservedName,
    /// A redirect URI is not acceptable.
    #[error("{uri}: {error}")]
    RedirectUri {
        /// The one that was typed.
        uri: String,
        /// What is wrong with it.
        error: RedirectUriError,
    },
    /// An app that signs people in has nowhere to go.
    #[error("At least one redirect URI is needed: it is where people are sent back to.")]
    NoRedirectUri,
    /// A daemon signs nobody in.
    #[error("A daemon has no redirect URIs: nobody signs in to it.")]
    DaemonRedirects,
    /// More redirect URIs than anybody checks.
    #[error("An app has at most 50 redirect URIs.")]
    TooManyRedirectUris,
    /// An address for after sign-out is not acceptable.
    #[error("{uri}: {error}")]
    PostLogoutRedirectUri {
        /// The one that was typed.
        uri: String,
        /// What is wrong with it.
        error: RedirectUriError,
    },
    /// More addresses for after sign-out than anybody checks, or any for a daemon.
    #[error("An app that signs people in has at most 50 addresses for after sign-out, and a daemon has none.")]
    PostLogoutRedirectUris,
    /// An address to be told of sign-outs at that cannot be asked.
    #[error("{0}: the address for notices of sign-outs is an https address, without user name, password or fragment.")]
    BackchannelLogoutUri(String),
    /// A page for sign-outs that is not the app's own.
    #[error("{0}: the page for sign-outs lies at the scheme, host and port of one of the app's redirect URIs.")]
    FrontchannelLogoutUri(String),
    /// Device codes for an app that runs in a browser, or without anybody.
    #[error("Device codes are for native apps and for web apps.")]
    DeviceCodes,
    /// A daemon makes no requests that could be pushed.
    #[error("A daemon signs nobody in, so it has no requests to push.")]
    PushedOnly,
    /// The FAPI 2.0 profile does not allow it.
    #[error(transparent)]
    Fapi2(#[from] NotFapi2),
    /// How it asks and is answered does not fit.
    #[error("{0}")]
    Metadata(BadMetadata),
    /// A scope that does not exist.
    #[error("The scope {0} does not exist.")]
    UnknownScope(String),
    /// A required scope that is not asked for.
    #[error("The scope {0} is marked as required but not asked for.")]
    RequiredScope(String),
    /// PKCE is what a public client has instead of a secret.
    #[error("Only an app that keeps a secret can do without PKCE.")]
    PkceNeeded,
    /// Two secrets are there already.
    #[error("An app has at most two secrets: remove one first.")]
    TooManySecrets,
    /// A public app has no secret.
    #[error("An app of this kind cannot keep a secret.")]
    PublicClient,
    /// What was given brings no keys that can be kept.
    #[error(transparent)]
    Key(#[from] KeyError),
    /// A federated credential that cannot be kept.
    #[error(transparent)]
    Federation(#[from] FederationError),
    /// A method that stands on a name which nobody registered.
    #[error(
        "tls_client_auth needs the name that the app's certificates have: register one first, and keep one as long as this method counts."
    )]
    CertificateNameNeeded,
    /// A method that its kind of app cannot use.
    #[error("An app of this kind cannot authenticate by this method.")]
    Method,
    /// A lifetime beyond two years, or none.
    #[error("A secret lives between 1 and 730 days.")]
    SecretLifetime,
    /// The id that it is to have means something else already, or an app had it that is gone.
    #[error(
        "This client_id cannot be used: it means something else, or an app had it that was deleted. Choose another one."
    )]
    TakenId,
    /// The person is neither its owner nor an administrator of its tenant.
    #[error("Only the app's owner or an administrator of its directory may change it.")]
    NotYours,
    /// Somebody tries to make an app of the older kind.
    #[error("{}", crate::legacy::NO_NEW_ONES)]
    NoNewLegacyApps,
    /// An app of the older kind stays as it was imported.
    #[error(
        "An app of the older kind stays as it was imported: register an app of the identity platform and move to it."
    )]
    LegacyStaysAsItIs,
    /// An app that describes itself is what its document says.
    #[error("This app describes itself at its client_id: what it is changes there, and not here.")]
    DescribesItself,
    /// A secret of the older kind that lives longer than 60 days, or not at all.
    #[error("A secret of an app of the older kind lives between 1 and 60 days.")]
    LegacySecretLifetime,
    /// A public app does not become confidential, nor the other way round.
    #[error("An app stays of the kind that it was registered as: register another one.")]
    KindStays,
    /// A secret that was not made here, and that somebody could guess.
    #[error(
        "A secret that you bring has 32 to 256 visible characters of ASCII, at least 12 of them different: make it at random."
    )]
    WeakSecret,
    /// A secret that was not made here, for an app whose assertions are checked with it.
    #[error("A secret for client_secret_jwt is made here: add one once the app is registered.")]
    SecretMadeHere,
    /// More apps than one account may own.
    #[error("An account owns at most 200 apps.")]
    TooManyApps,
}
