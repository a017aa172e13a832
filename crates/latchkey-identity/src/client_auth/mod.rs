//! Client authentication, [RFC 6749 §2.3]: one file per method.

mod called_at;
mod client_assertion;
pub mod client_secret_basic;
pub mod client_secret_jwt;
pub mod client_secret_post;
pub mod federated_credential;
pub mod legacy_assertion;
mod method;
pub mod none;
pub mod private_key_jwt;
pub mod tls_client_auth;

pub use called_at::{CalledAt, is_issuer};
pub use client_assertion::{ASSERTION_TYPE, ClientAssertion, FirstUse, Spent};
pub use method::Method;
pub use tls_client_auth::ShownCertificate;

use crate::client::registered_client::SenderConstraint;
use crate::client::rehearsal::Rehearsal;
use crate::client::{Client, ClientKey, Profile, fapi2};
use crate::dpop::ProvenKey;
use crate::error::OAuthError;
use crate::parameters::Parameters;
use crate::secret::{PurposeKey, Secret, sha256};
use crate::time::Timestamp;
use crate::token::confirmation::{Confirmation, Thumbprint};
use uuid::Uuid;

/// What a request presents to show which client it comes from.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Presented {
    /// The `client_id`, wherever it stood.
    pub client_id: String,
    /// How it authenticates.
    pub method: Method,
    /// What it shows for it.
    pub proof: Presentable,
}

/// What a client shows to prove who it is.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Presentable {
    /// Nothing: a public client.
    Nothing,
    /// Its secret.
    Secret(Secret),
    /// An assertion.
    Assertion(ClientAssertion),
    /// The certificate whose key signed the handshake.
    Certificate(ShownCertificate),
}

impl Presented {
    /// Reads the `Authorization` header and the form. More than one method at once is refused, [RFC 6749 §2.3].
    pub fn read(authorization: Option<&str>, form: &Parameters) -> Result<Self, OAuthError> {
        let basic = authorization.map(client_secret_basic::read).transpose()?;
        if let Some((client_id, assertion)) = ClientAssertion::read(form)? {
            if basic.is_some() || form.get("client_secret").is_some() {
                return Err(OAuthError::invalid_request("the client authenticates in two ways at once"));
            }
            return Ok(Self { client_id, method: assertion.method(), proof: Presentable::Assertion(assertion) });
        }
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

    /// The same, of a client that shows nothing else than the certificate of its connection.
    #[must_use]
    pub fn or_certificate(self, shown: Option<ShownCertificate>, client: &Client) -> Self {
        match (&self.proof, shown) {
            (Presentable::Nothing, Some(shown)) => {
                Self { method: shown.method_of(client), proof: Presentable::Certificate(shown), ..self }
            }
            _ => self,
        }
    }
}

/// A credential of a client: tokens that it gets in its own name end with it.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Credential {
    /// Its id.
    pub id: Uuid,
    /// What it is.
    pub kind: CredentialKind,
    /// When it ends, if it does.
    pub expires_at: Option<Timestamp>,
}

impl Credential {
    /// Stands for whatever keys are found under a name: another name is another credential.
    pub(crate) fn for_keys_named(name: &str) -> Self {
        let hash = sha256(name.as_bytes());
        let id = uuid::Builder::from_random_bytes(hash.first_chunk().copied().unwrap_or_default()).into_uuid();
        Self { id, kind: CredentialKind::Key, expires_at: None }
    }

    /// Whether it still holds.
    pub fn is_live(&self, now: Timestamp) -> bool {
        self.expires_at.is_none_or(|end| now < end)
    }
}

/// What a client proved who it is with.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum CredentialKind {
    /// A secret that it shares with us.
    Secret,
    /// A key that only the client has.
    Key,
}

impl CredentialKind {
    /// What the Microsoft world calls it in `azpacr`. A client without any is 0.
    pub const fn azpacr(self) -> &'static str {
        match self {
            Self::Secret => "1",
            Self::Key => "2",
        }
    }
}

/// Proof that the client authenticated by a method that it may use. Only [`authenticate`] makes one, and a [`Rehearsal`], of which nothing stays.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct AuthenticatedClient<'a> {
    client: &'a Client,
    method: Method,
    credential: Option<Credential>,
    confirmation: Option<Confirmation>,
}

impl<'a> AuthenticatedClient<'a> {
    /// The same client, which also showed that it holds a key: what is issued to it is bound to that.
    #[must_use]
    pub fn holding(self, key: Option<ProvenKey>) -> Self {
        Self { confirmation: key.map(ProvenKey::confirmation), ..self }
    }

    /// What is issued to it is bound to this.
    pub fn confirmation(&self) -> Option<Confirmation> {
        self.confirmation
    }

    /// The client of a rehearsal, which shows nothing: whatever follows from it is never committed. What would be bound is bound to nothing that
    /// exists.
    pub(crate) fn in_rehearsal(of: Rehearsal<'a>) -> Self {
        let client = of.client();
        let method = if client.kind.is_confidential() { Method::ClientSecretBasic } else { Method::None };
        let nobodys = Thumbprint([0; 32]);
        let confirmation = client.sender_constraint().map(|constraint| match constraint {
            SenderConstraint::Dpop => Confirmation::Key(nobodys),
            SenderConstraint::Certificate => Confirmation::Certificate(nobodys),
        });
        Self { client, method, credential: None, confirmation }
    }

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

/// What is looked at beside the registration.
#[derive(Clone, Copy, Debug)]
pub struct Facts<'a> {
    /// What is kept of client secrets is made with it.
    pub key: &'a PurposeKey,
    /// Where the client called.
    pub called: CalledAt<'a>,
    /// The keys that the client publishes, if it does.
    pub published: &'a [ClientKey],
    /// The keys that the issuer of a federated credential publishes, if the assertion is for one.
    pub issuers: &'a [ClientKey],
}

/// A client that proved who it is, by something that may count once only.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Proved<'a> {
    client: AuthenticatedClient<'a>,
    spends: Option<Spent>,
}

impl<'a> Proved<'a> {
    /// What it spends, if what it showed counts once.
    pub fn spends(&self) -> Option<Spent> {
        self.spends
    }

    /// The client. What counts once has to have been spent for it.
    pub fn with(self, first: Option<FirstUse>) -> Result<AuthenticatedClient<'a>, OAuthError> {
        if self.spends.is_some() && first != self.spends.map(Spent::for_the_first_time) {
            return Err(OAuthError::invalid_client("the client assertion was used before"));
        }
        Ok(self.client)
    }
}

/// Checks what was presented against the registration. An unknown client and a wrong secret get the same answer.
pub fn authenticate<'a>(
    presented: &Presented,
    client: Option<&'a Client>,
    facts: Facts<'_>,
    now: Timestamp,
) -> Result<Proved<'a>, OAuthError> {
    let wrong = || OAuthError::invalid_client("the client is unknown, or its secret is wrong").numbered(7_000_215);
    let client = client.ok_or_else(wrong)?;
    if client.is_legacy() {
        return Err(OAuthError::invalid_client(
            "this client is of the older kind, which authenticates at /oauth2/token",
        ));
    }
    let credential = match (client.kind.is_confidential(), &presented.proof) {
        (false, Presentable::Nothing) => None,
        (false, Presentable::Secret(_) | Presentable::Assertion(_) | Presentable::Certificate(_)) => {
            return Err(
                OAuthError::invalid_client("this client is public and presents no credential").numbered(700_025)
            );
        }
        (true, Presentable::Nothing) => {
            return Err(OAuthError::invalid_client("this client has to authenticate").numbered(7_000_218));
        }
        (true, _) if client.authentication.method.is_some_and(|method| method != presented.method) => {
            return Err(OAuthError::invalid_client("this client is registered for another method of authentication"));
        }
        (true, _) if client.profile == Profile::Fapi2 && !fapi2::authenticates_by(presented.method) => {
            return Err(OAuthError::invalid_client(
                "a client of the FAPI 2.0 profile authenticates by a key of its own",
            ));
        }
        (true, Presentable::Assertion(assertion)) if presented.method == Method::ClientSecretJwt => {
            return client_secret_jwt::authenticate(assertion, client, facts, now);
        }
        (true, Presentable::Assertion(assertion))
            if client.profile == Profile::Fapi2 && assertion.is_of_another(client) =>
        {
            return Err(OAuthError::invalid_client("a client of the FAPI 2.0 profile signs its assertions itself"));
        }
        (true, Presentable::Assertion(assertion)) if assertion.is_of_another(client) => {
            return federated_credential::authenticate(assertion, client, facts, now);
        }
        (true, Presentable::Assertion(assertion)) => {
            return private_key_jwt::authenticate(assertion, client, facts, now);
        }
        (true, Presentable::Certificate(shown)) if presented.method == Method::TlsClientAuth => {
            Some(tls_client_auth::by_authority(shown, client)?)
        }
        (true, Presentable::Certificate(shown)) => Some(tls_client_auth::by_registration(shown, client, now)?),
        (true, Presentable::Secret(given)) => {
            // At most two, each compared in constant time.
            let matching = client.secrets.iter().rfind(|secret| secret.matches(client.id, given, facts.key));
            let secret = matching.ok_or_else(wrong)?;
            if !secret.is_live(now) {
                return Err(OAuthError::invalid_client("the client secret has expired").numbered(7_000_222));
            }
            Some(secret.credential())
        }
    };
    client.may_act()?;
    let client = AuthenticatedClient { client, method: presented.method, credential, confirmation: None };
    Ok(Proved { client, spends: None })
}

#[cfg(test)]
pub(crate) mod tests {
    use super::*;
    use crate::client::registration::tests::a_client;
    use crate::client::{ClientKind, ClientSecret, ClientState};
    use crate::entropy::Entropy;
    use crate::parameters::tests::parameters;
    use crate::secret::{Purpose, TokenHash};
    use crate::tenant::Audience;

    fn key() -> PurposeKey {
        PurposeKey::derive(&[0; 32], Purpose::ClientSecret).unwrap()
    }

    /// The proof that a client with one secret showed it.
    pub(crate) fn authenticated_by_secret(client: &Client) -> AuthenticatedClient<'_> {
        let credential = client.secrets.first().map(ClientSecret::credential);
        AuthenticatedClient { client, method: Method::ClientSecretPost, credential, confirmation: None }
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
        let (method, proof) = match secret {
            Some(secret) => (Method::ClientSecretPost, Presentable::Secret(Secret::new(secret))),
            None => (Method::None, Presentable::Nothing),
        };
        Presented { client_id: a_client().id.to_string(), method, proof }
    }

    fn authenticate<'a>(
        presented: &Presented,
        client: Option<&'a Client>,
        now: Timestamp,
    ) -> Result<AuthenticatedClient<'a>, OAuthError> {
        let called =
            CalledAt { origin: "https://id.test", path: "/common/oauth2/v2.0/token", audience: &Audience::Anyone };
        super::authenticate(presented, client, Facts { key: &key(), called, published: &[], issuers: &[] }, now)?
            .with(None)
    }

    #[test]
    fn a_confidential_client_shows_its_secret_until_the_secret_ends() {
        let (client, secret) = confidential();
        let at = |secs, secret: Option<&str>| {
            authenticate(&presented(secret), Some(&client), Timestamp::from_secs(secs))
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
        assert!(authenticate(&presented(None), Some(&client), now).is_ok());
        assert_eq!(authenticate(&presented(Some("x")), Some(&client), now).unwrap_err().number, 700_025);
    }

    #[test]
    fn a_suspended_client_gets_nothing() {
        let client = Client { kind: ClientKind::Native, state: ClientState::Suspended, ..a_client() };
        let refused = authenticate(&presented(None), Some(&client), Timestamp::from_secs(1)).unwrap_err();
        assert_eq!(refused.code, "unauthorized_client");
    }

    #[test]
    fn what_counts_once_takes_the_proof_that_it_was_spent_and_of_nothing_else() {
        let (client, _) = confidential();
        let spent = |jti| Spent { hash: TokenHash::of(jti), until: Timestamp::from_secs(9) };
        let with = |first: Option<FirstUse>| {
            let proved = Proved { client: authenticated_by_secret(&client), spends: Some(spent("mine")) };
            proved.with(first).is_ok()
        };
        assert!(with(Some(spent("mine").for_the_first_time())));
        assert!(!with(None) && !with(Some(spent("another").for_the_first_time())));
    }

    #[test]
    fn an_unknown_client_and_a_wrong_secret_sound_the_same() {
        let (client, _) = confidential();
        let now = Timestamp::from_secs(1);
        let unknown = authenticate(&presented(Some("lks_x")), None, now).unwrap_err();
        let wrong = authenticate(&presented(Some("lks_x")), Some(&client), now).unwrap_err();
        assert_eq!(unknown, wrong);
    }

    #[test]
    fn a_client_that_is_fixed_to_one_method_uses_no_other() {
        let (mut client, secret) = confidential();
        let shown = presented(Some(secret.reveal()));
        let now = Timestamp::from_secs(1);
        client.authentication.method = Some(Method::ClientSecretPost);
        assert!(authenticate(&shown, Some(&client), now).is_ok());
        for method in [Method::ClientSecretBasic, Method::PrivateKeyJwt] {
            client.authentication.method = Some(method);
            assert_eq!(authenticate(&shown, Some(&client), now).unwrap_err().code, "invalid_client", "{method:?}");
        }
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
