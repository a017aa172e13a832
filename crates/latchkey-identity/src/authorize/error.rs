//! Why an authorization request was not served.

use crate::authorize::response::TrustedRedirect;
use crate::error::OAuthError;

/// Why an authorization request was not served.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum AuthorizeError {
    /// We do not know where it is safe to send the browser: show our page.
    ShowPage(Untrusted),
    /// The redirect URI is the client's own: tell the client. [RFC 6749 §4.1.2.1]
    TellClient(Box<TrustedRedirect>, OAuthError),
}

/// What is wrong with a request whose sender or destination we cannot trust.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Untrusted {
    /// The tenant segment is none of ours.
    UnknownTenant,
    /// No `client_id`, or two.
    ClientMissing,
    /// No client has this id.
    UnknownClient,
    /// Apps that describe themselves are not let in here.
    NoDescribedClients,
    /// The document at the `client_id` could not be fetched.
    DocumentNotFetched,
    /// The document at the `client_id` does not stand for a client.
    DocumentNotTaken,
    /// The client is registered in another tenant and not for others.
    ClientOfAnotherTenant,
    /// An administrator stopped the client.
    SuspendedClient,
    /// The client is of the older kind, which has an endpoint of its own.
    OfTheOlderKind,
    /// The client is not of the older kind.
    NotOfTheOlderKind,
    /// No `redirect_uri`, or two.
    RedirectUriMissing,
    /// The `redirect_uri` is not registered for the client.
    RedirectUriNotRegistered,
    /// The request of a device was answered, or has run out.
    DeviceCodeGone,
    /// The request that was pushed was answered, has run out, or is another client's.
    RequestUri,
    /// The request object does not hold, and nothing beside it says where it is safe to send the browser.
    RequestObject,
}

impl Untrusted {
    /// The stable code that the page shows.
    pub const fn code(self) -> &'static str {
        match self {
            Self::UnknownTenant => "invalid_tenant",
            Self::ClientMissing | Self::RedirectUriMissing => "invalid_request",
            Self::UnknownClient
            | Self::NoDescribedClients
            | Self::DocumentNotFetched
            | Self::ClientOfAnotherTenant
            | Self::SuspendedClient
            | Self::OfTheOlderKind
            | Self::NotOfTheOlderKind => "unauthorized_client",
            Self::RedirectUriNotRegistered => "invalid_redirect_uri",
            Self::DeviceCodeGone => "expired_token",
            Self::DocumentNotTaken => "invalid_client_metadata",
            Self::RequestUri => "invalid_request_uri",
            Self::RequestObject => "invalid_request_object",
        }
    }

    /// The number by which Microsoft's world knows it.
    pub const fn number(self) -> u32 {
        match self {
            Self::UnknownTenant => 90_002,
            Self::ClientMissing => 900_144,
            Self::UnknownClient
            | Self::NoDescribedClients
            | Self::DocumentNotFetched
            | Self::DocumentNotTaken
            | Self::OfTheOlderKind
            | Self::NotOfTheOlderKind => 700_016,
            Self::ClientOfAnotherTenant => 50_194,
            Self::SuspendedClient => 7_000_112,
            Self::RedirectUriMissing => 900_971,
            Self::RedirectUriNotRegistered => 50_011,
            Self::DeviceCodeGone => 70_019,
            Self::RequestUri => 90_023,
            Self::RequestObject => 90_101,
        }
    }

    /// A sentence for the person, who cannot mend it, and for the developer, who can.
    pub const fn sentence(self) -> &'static str {
        match self {
            Self::UnknownTenant => "There is no such directory here.",
            Self::ClientMissing => {
                "The service that sent you here did not say which app it is: client_id is missing or stands twice."
            }
            Self::UnknownClient => "The service that sent you here is not registered: its client_id is unknown.",
            Self::NoDescribedClients => {
                "The service that sent you here is not registered, and apps that describe themselves are not let in to this directory."
            }
            Self::DocumentNotFetched => {
                "The service that sent you here describes itself at its client_id, and nothing could be fetched from there: try again later."
            }
            Self::DocumentNotTaken => {
                "The service that sent you here describes itself at its client_id, and what stands there is not acceptable."
            }
            Self::ClientOfAnotherTenant => "This app is registered for people of another directory only.",
            Self::SuspendedClient => "An administrator has stopped this app.",
            Self::OfTheOlderKind => {
                "This app is of the older OAuth kind: it asks at /oauth2/authorize, or moves to the identity platform."
            }
            Self::NotOfTheOlderKind => {
                "This app is of the identity platform, and /oauth2/authorize is for apps of the older OAuth kind only."
            }
            Self::RedirectUriMissing => {
                "The service that sent you here did not say where to send you back to: redirect_uri is missing or stands twice."
            }
            Self::RedirectUriNotRegistered => {
                "The redirect_uri is not registered for this client, so you are not sent there."
            }
            Self::RequestUri => {
                "The request_uri is unknown, was answered, has run out, or belongs to another app: begin again at the service."
            }
            Self::RequestObject => {
                "The service sent you here with a request object that does not hold: it is not signed by a key of the app, is for somebody else, or has run out."
            }
            Self::DeviceCodeGone => {
                "The code of this device was answered already, or has run out: the device has to ask for another one."
            }
        }
    }
}
