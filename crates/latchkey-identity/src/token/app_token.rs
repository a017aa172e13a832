//! Access tokens of apps that act by themselves: nobody approved anything, so no authorization is above them. [RFC 9068 §2.2], §5
//!
//! The `jti` carries the client and the credential that the token was made with. No row is needed for a token: it ends with its
//! credential, with its app, and where an organization removes the app from its members.

use latchkey_jose::{Algorithm, base64url};
use serde::Serialize;
use uuid::Uuid;

use crate::client::{Client, ClientId, ClientState, Profile};
use crate::client_auth::{AuthenticatedClient, Credential};
use crate::entropy::Entropy;
use crate::error::OAuthError;
use crate::resource::ResourceServer;
use crate::scope::ScopeSet;
use crate::tenant::TenantId;
use crate::time::{AccessTokenLifetime, Timestamp};
use crate::token::access_token::{self, AccessTokenClaims, EntraClaims, TokenRefusal};
use crate::token::confirmation::Confirmation;
use crate::token::{issuer, read_issuer};

/// What the `jti` of such a token says.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub struct AppTokenId {
    /// The client.
    pub client: ClientId,
    /// The secret or key that the client authenticated with.
    pub credential: Uuid,
    /// What makes it another than its siblings.
    pub unique: Uuid,
}

impl AppTokenId {
    /// Reads a `jti`. That of a person's token is longer, so neither is ever taken for the other.
    pub fn read(text: &str) -> Option<Self> {
        let bytes: [u8; 48] = base64url::decode_exactly(text).ok()?;
        let (client, rest) = bytes.split_first_chunk::<16>()?;
        let (credential, unique) = rest.split_first_chunk::<16>()?;
        Some(Self {
            client: ClientId(Uuid::from_bytes(*client)),
            credential: Uuid::from_bytes(*credential),
            unique: Uuid::from_bytes(unique.try_into().ok()?),
        })
    }

    /// The `jti`.
    pub fn text(&self) -> String {
        let parts = [self.client.0, self.credential, self.unique].map(Uuid::into_bytes);
        base64url::encode(parts.as_flattened())
    }
}

/// The claims of an Entra-shaped access token of an app: `roles` where a person's has `scp`.
#[derive(Clone, PartialEq, Eq, Debug, Serialize)]
#[allow(missing_docs, reason = "named by Entra")]
pub struct MicrosoftAppClaims {
    pub ver: String,
    pub tid: String,
    pub oid: String,
    pub azp: String,
    pub azpacr: String,
    pub roles: Vec<String>,
    pub uti: String,
    pub idtyp: String,
}

/// What an app that acts by itself gets. Only [`super::issue_to_app`] makes one.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct AppIssue {
    tenant: TenantId,
    origin: String,
    client: ClientId,
    /// The app that it is for, if it is not for the DevOps side.
    api: Option<ClientId>,
    algorithm: Algorithm,
    azpacr: &'static str,
    profile: Profile,
    scopes: ScopeSet,
    scope_text: String,
    id: AppTokenId,
    confirmation: Option<Confirmation>,
    issued_at: Timestamp,
    lifetime: AccessTokenLifetime,
}

/// What a client asks for in its own name, after the grant looked at it.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct AppRequest {
    /// The tenant that issues.
    pub tenant: TenantId,
    /// The origin that was asked.
    pub origin: String,
    /// What the token is for: part of what the client registered.
    pub scopes: ScopeSet,
    /// The client's own words for it.
    pub scope_text: String,
    /// The app that the scopes are of, and what is signed for it with, if they are not of the DevOps side.
    pub api: Option<(ClientId, Algorithm)>,
}

impl AppIssue {
    pub(super) fn new(
        client: &AuthenticatedClient<'_>,
        credential: Credential,
        request: AppRequest,
        confirmation: Option<Confirmation>,
        now: Timestamp,
        entropy: &mut Entropy,
    ) -> Result<Self, OAuthError> {
        let ended = || OAuthError::invalid_client("the client's credential has expired").numbered(7_000_222);
        let client = client.client();
        let drawn = AccessTokenLifetime::draw(entropy).at_most(client.metadata.access_token_lifetime);
        let lifetime = drawn.until(now, credential.expires_at).ok_or_else(ended)?;
        Ok(Self {
            tenant: request.tenant,
            origin: request.origin,
            client: client.id,
            api: request.api.map(|(api, _)| api),
            algorithm: request.api.map_or(access_token::ALGORITHM, |(_, algorithm)| algorithm),
            azpacr: credential.kind.azpacr(),
            profile: client.profile,
            scopes: request.scopes,
            scope_text: request.scope_text,
            id: AppTokenId { client: client.id, credential: credential.id, unique: entropy.uuid() },
            confirmation,
            issued_at: now,
            lifetime,
        })
    }

    /// `expires_in`, in seconds.
    pub fn expires_in(&self) -> u64 {
        self.lifetime.as_secs()
    }

    /// The `scope` of the answer, in the words it was asked for in.
    pub fn scope_text(&self) -> &str {
        &self.scope_text
    }

    /// The `token_type` of the answer.
    pub fn token_type(&self) -> &'static str {
        Confirmation::token_type(self.confirmation)
    }

    /// What it is signed with.
    pub fn algorithm(&self) -> Algorithm {
        self.algorithm
    }

    /// The profile that shapes the token.
    pub fn profile(&self) -> Profile {
        self.profile
    }

    /// The claims of the access token. Its subject is the client itself, [RFC 9068 §2.2].
    pub fn access_token_claims(&self, resource: &ResourceServer) -> AccessTokenClaims {
        let microsoft = self.profile == Profile::Microsoft;
        let (iat, client) = (self.issued_at.as_secs(), self.client.to_string());
        let lifetime = i64::try_from(self.lifetime.as_secs()).unwrap_or_default();
        let scopes = self.scopes.in_a_token();
        AccessTokenClaims {
            iss: issuer(&self.origin, self.tenant),
            sub: client.clone(),
            aud: self.api.map_or_else(|| resource.audience.clone(), |api| api.to_string()),
            iat,
            nbf: iat,
            exp: iat + lifetime,
            jti: self.id.text(),
            client_id: (!microsoft).then(|| client.clone()),
            scope: (!microsoft).then(|| scopes.to_string()),
            auth_time: None,
            cnf: self.confirmation,
            act: None,
            places: None,
            authorization_details: None,
            microsoft: microsoft.then(|| {
                EntraClaims::App(MicrosoftAppClaims {
                    ver: "2.0".into(),
                    tid: self.tenant.to_string(),
                    oid: client.clone(),
                    azp: client,
                    azpacr: self.azpacr.into(),
                    roles: scopes.iter().map(str::to_owned).collect(),
                    uti: base64url::encode(self.id.unique.as_bytes()),
                    idtyp: "app".into(),
                })
            }),
        }
    }
}

/// An access token of an app that acts by itself, whose signature held.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct AppToken {
    /// What its `jti` says.
    pub id: AppTokenId,
    /// The tenant that issued it.
    pub tenant: TenantId,
    /// Its scopes.
    pub scopes: ScopeSet,
    /// Its audience.
    pub audience: String,
    /// Its subject.
    pub subject: String,
    /// Its issuer.
    pub issuer: String,
    /// What it is bound to.
    pub confirmation: Option<Confirmation>,
    /// When it was issued.
    pub issued_at: Timestamp,
    /// When it ends.
    pub expires_at: Timestamp,
}

impl AppToken {
    /// Reads claims whose signature held; `None` if they are those of a person's token. `origins` are ours. What is not for `resource` may be
    /// for an app.
    pub fn read(
        claims: &AccessTokenClaims,
        origins: &[String],
        resource: &ResourceServer,
    ) -> Option<Result<Self, TokenRefusal>> {
        let id = AppTokenId::read(&claims.jti)?;
        let read = || {
            let (origin, tenant) = read_issuer(&claims.iss)?;
            let scopes: ScopeSet = match (&claims.microsoft, &claims.scope) {
                (Some(EntraClaims::App(claims)), _) => claims.roles.iter().cloned().collect(),
                (None, Some(scope)) => ScopeSet::from_text(scope),
                (Some(EntraClaims::Person(_)), _) | (None, None) => return None,
            };
            let scopes = match claims.api(resource) {
                None => scopes,
                Some(api) => scopes.of_app(api),
            };
            origins.iter().any(|ours| ours == origin).then(|| Self {
                id,
                tenant,
                scopes,
                audience: claims.aud.clone(),
                subject: claims.sub.clone(),
                issuer: claims.iss.clone(),
                confirmation: claims.cnf,
                issued_at: Timestamp::from_secs(claims.iat),
                expires_at: Timestamp::from_secs(claims.exp),
            })
        };
        Some(read().ok_or(TokenRefusal::NotOurs))
    }

    /// Whether it holds at this moment, with what is now true of its app.
    pub fn check(&self, client: Option<&Client>, ended: bool, now: Timestamp) -> Result<(), TokenRefusal> {
        if now >= self.expires_at {
            return Err(TokenRefusal::Expired);
        }
        let client = client.filter(|client| client.id == self.id.client && client.state == ClientState::Active);
        let client = client.filter(|client| client.is_open_to(self.tenant)).ok_or(TokenRefusal::AppSuspended)?;
        if !client.credentials().any(|credential| credential.id == self.id.credential && credential.is_live(now)) {
            return Err(TokenRefusal::CredentialEnded);
        }
        if ended {
            return Err(TokenRefusal::FamilyEnded);
        }
        Ok(())
    }
}

#[cfg(test)]
pub(crate) mod tests {
    use super::*;
    use crate::client::ClientSecret;
    use crate::client::registration::tests::a_client;
    use crate::secret::{Purpose, PurposeKey};
    use crate::token::access_token::TokenId;
    use crate::token::family::FamilyId;

    /// A confidential client with one secret that lives until second 100 000.
    pub(crate) fn a_daemon() -> Client {
        let mut client = a_client();
        let key = PurposeKey::derive(&[0; 32], Purpose::ClientSecret).unwrap();
        let (until, now) = (Timestamp::from_secs(100_000), Timestamp::from_secs(0));
        let (_, kept) = ClientSecret::generate(client.id, until, &key, now, &mut Entropy::seeded(1));
        client.secrets.push(kept);
        client
    }

    fn a_token() -> AppToken {
        let client = a_daemon();
        let credential = client.secrets[0].id;
        AppToken {
            id: AppTokenId { client: client.id, credential, unique: Uuid::from_u128(1) },
            tenant: client.tenant,
            scopes: ScopeSet::from_text("vso.work"),
            audience: "devops".into(),
            subject: client.id.to_string(),
            issuer: "https://id.test".into(),
            confirmation: None,
            issued_at: Timestamp::from_secs(0),
            expires_at: Timestamp::from_secs(100),
        }
    }

    #[test]
    fn the_jti_of_an_app_is_not_that_of_a_person() {
        let id = a_token().id;
        assert_eq!(AppTokenId::read(&id.text()), Some(id));
        assert_eq!(TokenId::read(&id.text()), None);
        let authorization = crate::authorization::tests::an_authorization().id;
        let of_person = TokenId::new(authorization, 1, FamilyId(Uuid::nil()), &mut Entropy::seeded(1));
        assert_eq!(AppTokenId::read(&of_person.text()), None);
    }

    #[test]
    fn it_holds_only_while_its_app_and_its_credential_do() {
        let (token, client, now) = (a_token(), a_daemon(), Timestamp::from_secs(50));
        assert_eq!(token.check(Some(&client), false, now), Ok(()));
        assert_eq!(token.check(Some(&client), false, Timestamp::from_secs(100)), Err(TokenRefusal::Expired));
        assert_eq!(token.check(Some(&client), true, now), Err(TokenRefusal::FamilyEnded));
        assert_eq!(token.check(None, false, now), Err(TokenRefusal::AppSuspended));
        let suspended = Client { state: ClientState::Suspended, ..client.clone() };
        assert_eq!(token.check(Some(&suspended), false, now), Err(TokenRefusal::AppSuspended));
        let withdrawn = Client { tenant: TenantId(Uuid::from_u128(9)), multi_tenant: false, ..client.clone() };
        assert_eq!(token.check(Some(&withdrawn), false, now), Err(TokenRefusal::AppSuspended));
        let without = Client { secrets: Vec::new(), ..client.clone() };
        assert_eq!(token.check(Some(&without), false, now), Err(TokenRefusal::CredentialEnded));
        let mut expired = client;
        expired.secrets[0].expires_at = now;
        assert_eq!(token.check(Some(&expired), false, now), Err(TokenRefusal::CredentialEnded));
    }
}
