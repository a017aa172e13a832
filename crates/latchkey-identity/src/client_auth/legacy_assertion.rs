//! `client_assertion` of the older kind: the client secret itself, a JWT that the client sends as it got it.

use super::{ASSERTION_TYPE, AuthenticatedClient, Method};
use crate::client::{Client, ClientId, ClientSecret, ClientState};
use crate::legacy::secret::client_of;
use crate::legacy::{LegacyError, Reason};
use crate::parameters::Parameters;
use crate::secret::{PurposeKey, Secret};
use crate::time::Timestamp;
use uuid::Uuid;

/// What a token request of the older kind presents.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Assertion {
    /// The client that the secret names. Nothing is proven by that.
    pub client: ClientId,
    secret: Secret,
}

impl Assertion {
    /// Reads `client_assertion_type` and `client_assertion`.
    pub fn read(form: &Parameters) -> Result<Self, LegacyError> {
        let text = form.get("client_assertion").ok_or_else(|| {
            LegacyError::new(Reason::ClientSecretRequired, "client_assertion is missing: it is the client secret")
        })?;
        if form.get("client_assertion_type") != Some(ASSERTION_TYPE) {
            return Err(LegacyError::new(
                Reason::InvalidClient,
                "client_assertion_type has to be urn:ietf:params:oauth:client-assertion-type:jwt-bearer",
            ));
        }
        let client = client_of(text).ok_or_else(LegacyError::not_a_jwt)?;
        Ok(Self { client, secret: Secret::new(text) })
    }

    /// The id of the client's secret that this is, live or not.
    pub fn secret_of(&self, client: &Client, key: &PurposeKey) -> Option<Uuid> {
        self.matching(client, key).map(|kept| kept.id)
    }

    fn matching<'a>(&self, client: &'a Client, key: &PurposeKey) -> Option<&'a ClientSecret> {
        client.secrets.iter().rfind(|kept| kept.matches(client.id, &self.secret, key))
    }
}

/// Checks a secret against the registration. An unknown client, one of another kind and a wrong secret get the same answer.
pub fn authenticate<'a>(
    assertion: &Assertion,
    client: Option<&'a Client>,
    key: &PurposeKey,
    now: Timestamp,
) -> Result<AuthenticatedClient<'a>, LegacyError> {
    let wrong = || LegacyError::new(Reason::InvalidClientSecret, "the client is unknown, or its secret is wrong");
    let client = client.filter(|client| client.is_legacy() && client.id == assertion.client).ok_or_else(wrong)?;
    let secret = assertion.matching(client, key).ok_or_else(wrong)?;
    if !secret.is_live(now) {
        return Err(LegacyError::new(
            Reason::ClientSecretExpired,
            "the client secret has expired: its owner makes another",
        ));
    }
    if client.state == ClientState::Suspended {
        return Err(LegacyError::new(Reason::InvalidClient, "an administrator has stopped this client"));
    }
    let credential = Some(secret.credential());
    Ok(AuthenticatedClient { client, method: Method::LegacyAssertion, credential, confirmation: None })
}
