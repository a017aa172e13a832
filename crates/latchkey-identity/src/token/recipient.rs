//! To whom tokens go, and what they are bound to there.

use crate::client::Client;
use crate::client::registration::SenderConstraint;
use crate::client_auth::{AuthenticatedClient, Credential};
use crate::error::OAuthError;
use crate::token::confirmation::Confirmation;

/// To whom tokens go, and how it is known that they go there.
#[derive(Clone, Copy, Debug)]
pub enum Recipient<'a> {
    /// To the client itself: proof of who asks.
    Authenticated(&'a AuthenticatedClient<'a>),
    /// To an address that the client registered, by the browser of the person. Nobody proved anything. [OpenID Connect Core §3.2.2.5]
    AtItsRedirectUri(&'a Client),
}

impl<'a> From<&'a AuthenticatedClient<'a>> for Recipient<'a> {
    fn from(client: &'a AuthenticatedClient<'a>) -> Self {
        Self::Authenticated(client)
    }
}

impl<'a> Recipient<'a> {
    pub(super) fn client(self) -> &'a Client {
        match self {
            Self::Authenticated(client) => client.client(),
            Self::AtItsRedirectUri(client) => client,
        }
    }

    pub(super) fn credential(self) -> Option<Credential> {
        match self {
            Self::Authenticated(client) => client.credential(),
            Self::AtItsRedirectUri(_) => None,
        }
    }

    /// What is issued to it is bound to. Those that registered for it get nothing that is not.
    pub(super) fn bound(self) -> Result<Option<Confirmation>, OAuthError> {
        match self {
            Self::Authenticated(client) => bound(client.client(), client.confirmation()),
            Self::AtItsRedirectUri(client) => bound(client, None),
        }
    }
}

/// What is issued to a client is bound to. Those that registered for it get nothing that is not.
pub(super) fn bound(client: &Client, confirmation: Option<Confirmation>) -> Result<Option<Confirmation>, OAuthError> {
    match (client.sender_constraint(), confirmation) {
        (None, confirmation)
        | (Some(SenderConstraint::Dpop), confirmation @ Some(Confirmation::Key(_)))
        | (Some(SenderConstraint::Certificate), confirmation @ Some(Confirmation::Certificate(_))) => Ok(confirmation),
        (Some(SenderConstraint::Dpop), _) => {
            Err(OAuthError::invalid_request("the tokens of this client are bound to a key: a DPoP proof is missing"))
        }
        (Some(SenderConstraint::Certificate), _) => Err(OAuthError::invalid_request(
            "the tokens of this client are bound to its certificate: it is shown at mtls_endpoint_aliases",
        )),
    }
}
