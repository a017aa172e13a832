//! Client authentication, [RFC 6749 §2.3]: one file per method.

pub mod client_secret_basic;
pub mod client_secret_post;
pub mod legacy_assertion;
pub mod none;

use crate::client::{Client, ClientState};
use crate::error::OAuthError;
use crate::parameters::Parameters;
use crate::secret::{PurposeKey, Secret};
use crate::time::Timestamp;
use uuid::Uuid;

/// The methods we know, as `token_endpoint_auth_methods_supported` lists them.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Method {
    /// Public clients: possession of the code and its verifier, or of the refresh token.
    None,
    /// `Authorization: Basic`.
    ClientSecretBasic,
    /// `client_secret` in the form.
    ClientSecretPost,
    /// `client_assertion` of the older kind: the client secret itself. At the older token endpoint only.
    LegacyAssertion,
}

impl Method {
    /// Every method that clients can choose.
    pub const ALL: [Self; 3] = [Self::ClientSecretBasic, Self::ClientSecretPost, Self::None];

    /// Those of them by which a client proves who it is.
    pub const PROVING: [Self; 2] = [Self::ClientSecretBasic, Self::ClientSecretPost];

    /// The registered name.
    pub const fn name(self) -> &'static str {
        match self {
            Self::None => "none",
            Self::ClientSecretBasic => "client_secret_basic",
            Self::ClientSecretPost => "client_secret_post",
            Self::LegacyAssertion => "legacy_assertion",
        }
    }
}

/// What a request presents to show which client it comes from.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Presented {
    /// The `client_id`, wherever it stood.
    pub client_id: String,
    /// How it authenticates.
    pub method: Method,
    /// The secret, unless the method is `none`.
    pub secret: Option<Secret>,
}

impl Presented {
    /// Reads the `Authorization` header and the form. More than one method at once is refused, [RFC 6749 §2.3].
    pub fn read(authorization: Option<&str>, form: &Parameters) -> Result<Self, OAuthError> {
        let basic = authorization.map(client_secret_basic::read).transpose()?;
        match (basic, form.get("client_secret")) {
            (Some(_), Some(_)) => Err(OAuthError::invalid_request("the client authenticates in two ways at once")),
            (Some(basic), None) => {
                if form.get("client_id").is_some_and(|id| id != basic.client_id) {
                    return Err(OAuthError::invalid_client("client_id is not the one that authenticates"));
                }
                Ok(basic)
            }
            (None, Some(_)) => client_secret_post::read(form),
            (None, None) => none::read(form),
        }
    }
}

/// A credential of a client: tokens that it gets in its own name end with it.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Credential {
    /// Its id.
    pub id: Uuid,
    /// When it ends.
    pub expires_at: Timestamp,
}

/// Proof that the client authenticated by the method of its kind. Only [`authenticate`] makes one.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct AuthenticatedClient<'a> {
    client: &'a Client,
    method: Method,
    credential: Option<Credential>,
}

impl<'a> AuthenticatedClient<'a> {
    /// The client.
    pub fn client(&self) -> &'a Client {
        self.client
    }

    /// How it authenticated.
    pub fn method(&self) -> Method {
        self.method
    }

    /// What it proved it with; `None` for a public client.
    pub fn credential(&self) -> Option<Credential> {
        self.credential
    }
}

/// Checks what was presented against the registration. An unknown client and a wrong secret get the same answer.
pub fn authenticate<'a>(
    presented: &Presented,
    client: Option<&'a Client>,
    key: &PurposeKey,
    now: Timestamp,
) -> Result<AuthenticatedClient<'a>, OAuthError> {
    let wrong = || OAuthError::invalid_client("the client is unknown, or its secret is wrong").numbered(7_000_215);
    let client = client.ok_or_else(wrong)?;
    if client.is_legacy() {
        return Err(OAuthError::invalid_client(
            "this client is of the older kind, which authenticates at /oauth2/token",
        ));
    }
    let credential = match (client.kind.is_confidential(), &presented.secret) {
        (false, None) => None,
        (false, Some(_)) => {
            return Err(OAuthError::invalid_client("this client is public and presents no secret").numbered(700_025));
        }
        (true, None) => return Err(OAuthError::invalid_client("this client has to authenticate").numbered(7_000_218)),
        (true, Some(given)) => {
            // At most two, each compared in constant time.
            let matching = client.secrets.iter().rfind(|secret| secret.matches(client.id, given, key));
            let secret = matching.ok_or_else(wrong)?;
            if !secret.is_live(now) {
                return Err(OAuthError::invalid_client("the client secret has expired").numbered(7_000_222));
            }
            Some(secret.credential())
        }
    };
    if client.state == ClientState::Suspended {
        return Err(OAuthError::unauthorized_client("an administrator has stopped this client").numbered(7_000_112));
    }
    Ok(AuthenticatedClient { client, method: presented.method, credential })
}

#[cfg(test)]
pub(crate) mod tests {
    use super::*;
    use crate::client::registration::tests::a_client;
    use crate::client::{ClientKind, ClientSecret};
    use crate::entropy::Entropy;
    use crate::parameters::tests::parameters;
    use crate::secret::Purpose;

    fn key() -> PurposeKey {
        PurposeKey::derive(&[0; 32], Purpose::ClientSecret).unwrap()
    }

    /// The proof that a client with one secret showed it.
    pub(crate) fn authenticated_by_secret(client: &Client) -> AuthenticatedClient<'_> {
        let credential = client.secrets.first().map(ClientSecret::credential);
        AuthenticatedClient { client, method: Method::ClientSecretPost, credential }
    }

    fn confidential() -> (Client, Secret) {
        let mut client = a_client();
        let (secret, kept) = ClientSecret::generate(
            client.id,
            Timestamp::from_secs(100),
            &key(),
            Timestamp::from_secs(0),
            &mut Entropy::seeded(1),
        );
        client.secrets.push(kept);
        (client, secret)
    }

    fn presented(secret: Option<&str>) -> Presented {
        Presented {
            client_id: a_client().id.to_string(),
            method: Method::ClientSecretPost,
            secret: secret.map(Secret::new),
        }
    }

    #[test]
    fn a_confidential_client_shows_its_secret_until_the_secret_ends() {
        let (client, secret) = confidential();
        let at = |secs, secret: Option<&str>| {
            authenticate(&presented(secret), Some(&client), &key(), Timestamp::from_secs(secs))
                .map(|_| ())
                .map_err(|error| error.number)
        };
        assert_eq!(at(1, Some(secret.reveal())), Ok(()));
        assert_eq!(at(100, Some(secret.reveal())), Err(7_000_222));
        assert_eq!(at(1, Some("lks_wrong")), Err(7_000_215));
        assert_eq!(at(1, None), Err(7_000_218));
    }

    #[test]
    fn a_public_client_presents_no_secret() {
        let client = Client { kind: ClientKind::Native, ..a_client() };
        let now = Timestamp::from_secs(1);
        assert!(authenticate(&presented(None), Some(&client), &key(), now).is_ok());
        assert_eq!(authenticate(&presented(Some("x")), Some(&client), &key(), now).unwrap_err().number, 700_025);
    }

    #[test]
    fn a_suspended_client_gets_nothing() {
        let client = Client { kind: ClientKind::Native, state: ClientState::Suspended, ..a_client() };
        let refused = authenticate(&presented(None), Some(&client), &key(), Timestamp::from_secs(1)).unwrap_err();
        assert_eq!(refused.code, "unauthorized_client");
    }

    #[test]
    fn an_unknown_client_and_a_wrong_secret_sound_the_same() {
        let (client, _) = confidential();
        let now = Timestamp::from_secs(1);
        let unknown = authenticate(&presented(Some("lks_x")), None, &key(), now).unwrap_err();
        let wrong = authenticate(&presented(Some("lks_x")), Some(&client), &key(), now).unwrap_err();
        assert_eq!(unknown, wrong);
    }

    #[test]
    fn two_ways_at_once_are_refused_and_an_empty_secret_is_none() {
        let form = parameters(&[("client_id", "a"), ("client_secret", "b")]);
        assert_eq!(Presented::read(Some("Basic YTpi"), &form).unwrap_err().code, "invalid_request");
        let empty = parameters(&[("client_id", "a"), ("client_secret", "")]);
        assert_eq!(Presented::read(None, &empty).unwrap().method, Method::None);
        let other = parameters(&[("client_id", "c")]);
        assert_eq!(Presented::read(Some("Basic YTpi"), &other).unwrap_err().code, "invalid_client");
    }
}
