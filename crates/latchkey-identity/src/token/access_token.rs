//! Access tokens: JWTs by [RFC 9068], in the shape that the client's profile wants. What our own side reads is signed with ES256; an app that is
//! called says what is for it.
//!
//! The `jti` carries the authorization, its version and the token family, so that no row is needed for a token and ending any of them ends it.
//! That of an app of the older kind also carries the secret that it was made with, and ends with that.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use latchkey_jose::Algorithm;
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use crate::account::{Account, AccountState};
use crate::authorization::{Authorization, AuthorizationId};
use crate::authorize::authorization_details::Detail;
use crate::client::{Client, ClientId, ClientState, Profile};
use crate::entropy::Entropy;
use crate::resource::ResourceServer;
use crate::scope::{PROFILE, ScopeSet};
use crate::time::Timestamp;
use crate::token::app_token::MicrosoftAppClaims;
use crate::token::confirmation::Confirmation;
use crate::token::family::FamilyId;
use crate::token::narrowing::{Actor, NarrowedPlaces, Narrowing};
use crate::token::{Issue, read_issuer};

/// The `typ` of access tokens, [RFC 9068 §2.1].
pub const TYP: &str = "at+jwt";

/// What access tokens are signed with unless an app that is called says otherwise: our own side reads them, and this is the quickest.
pub const ALGORITHM: Algorithm = Algorithm::Es256;

/// What the `jti` of an access token says.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub struct TokenId {
    /// The authorization it hangs below.
    pub authorization: AuthorizationId,
    /// The version of the authorization that it was issued at.
    pub version: u32,
    /// The token family it belongs to.
    pub family: FamilyId,
    /// The secret that an app of the older kind authenticated with. The token ends with it, whatever its family did meanwhile.
    pub made_with: Option<Uuid>,
    /// What makes it another than its siblings.
    unique: [u8; 16],
}

impl TokenId {
    /// The id of a token that is about to be issued.
    pub(crate) fn new(authorization: AuthorizationId, version: u32, family: FamilyId, entropy: &mut Entropy) -> Self {
        Self { authorization, version, family, made_with: None, unique: entropy.bytes16() }
    }

    /// The same, of a token that ends with a secret.
    pub(crate) fn made_with(self, made_with: Option<Uuid>) -> Self {
        Self { made_with, ..self }
    }

    /// Reads a `jti`.
    pub fn read(text: &str) -> Option<Self> {
        let bytes = URL_SAFE_NO_PAD.decode(text).ok()?;
        let (authorization, rest) = bytes.split_first_chunk::<16>()?;
        let (version, rest) = rest.split_first_chunk::<4>()?;
        let (family, rest) = rest.split_first_chunk::<16>()?;
        let (unique, made_with) = rest.split_first_chunk::<16>()?;
        let made_with = match made_with {
            [] => None,
            secret => Some(Uuid::from_slice(secret).ok()?),
        };
        Some(Self {
            made_with,
            authorization: AuthorizationId(Uuid::from_bytes(*authorization)),
            version: u32::from_be_bytes(*version),
            family: FamilyId(Uuid::from_bytes(*family)),
            unique: *unique,
        })
    }

    /// The `jti`.
    pub fn text(&self) -> String {
        let mut bytes = Vec::with_capacity(68);
        bytes.extend_from_slice(self.authorization.0.as_bytes());
        bytes.extend_from_slice(&self.version.to_be_bytes());
        bytes.extend_from_slice(self.family.0.as_bytes());
        bytes.extend_from_slice(&self.unique);
        bytes.extend(self.made_with.iter().flat_map(Uuid::as_bytes));
        URL_SAFE_NO_PAD.encode(bytes)
    }
}

/// The claims of an access token, whichever profile it is for.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(from = "Members")]
pub struct AccessTokenClaims {
    /// Our issuer for the tenant.
    pub iss: String,
    /// Who it is about.
    pub sub: String,
    /// Whom it is for.
    pub aud: String,
    /// When it was issued, in seconds.
    pub iat: i64,
    /// From when it holds, in seconds.
    pub nbf: i64,
    /// When it ends, in seconds.
    pub exp: i64,
    /// See [`TokenId`].
    pub jti: String,
    /// The client, [RFC 9068 §2.2].
    #[serde(skip_serializing_if = "Option::is_none")]
    pub client_id: Option<String>,
    /// The scopes, [RFC 9068 §2.2.3].
    #[serde(skip_serializing_if = "Option::is_none")]
    pub scope: Option<String>,
    /// When the person last proved who they are, in seconds.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub auth_time: Option<i64>,
    /// What it is bound to, [RFC 7800 §3.1].
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub cnf: Option<Confirmation>,
    /// Who acts with it, [RFC 8693 §4.1].
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub act: Option<Actor>,
    /// Where it counts at most.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub places: Option<NarrowedPlaces>,
    /// The same for others who read the token, with what of it was granted. Nothing is decided by it. [RFC 9396 §9.1]
    #[serde(skip_serializing_if = "Option::is_none")]
    pub authorization_details: Option<Vec<Detail>>,
    /// What clients and tools of the Microsoft world look for.
    #[serde(flatten, skip_serializing_if = "Option::is_none")]
    pub microsoft: Option<EntraClaims>,
}

impl AccessTokenClaims {
    /// The app that it is for, if it is not for `resource` nor for us.
    pub fn api(&self, resource: &ResourceServer) -> Option<ClientId> {
        ClientId::parse(&self.aud).filter(|_| self.aud != resource.audience)
    }
}

/// Every claim that an access token may have, side by side: read in one pass, without a guess at the shape.
#[derive(Deserialize)]
struct Members {
    iss: String,
    sub: String,
    aud: String,
    iat: i64,
    nbf: i64,
    exp: i64,
    jti: String,
    client_id: Option<String>,
    scope: Option<String>,
    auth_time: Option<i64>,
    cnf: Option<Confirmation>,
    act: Option<Actor>,
    places: Option<NarrowedPlaces>,
    ver: Option<String>,
    tid: Option<String>,
    oid: Option<String>,
    azp: Option<String>,
    azpacr: Option<String>,
    scp: Option<String>,
    roles: Option<Vec<String>>,
    sid: Option<String>,
    uti: Option<String>,
    idtyp: Option<String>,
    name: Option<String>,
    preferred_username: Option<String>,
}

impl Members {
    fn microsoft(&mut self) -> Option<EntraClaims> {
        let (ver, tid, oid) = (self.ver.take()?, self.tid.take()?, self.oid.take()?);
        let (azp, azpacr) = (self.azp.take()?, self.azpacr.take()?);
        let (uti, idtyp) = (self.uti.take()?, self.idtyp.take()?);
        Some(match self.roles.take() {
            Some(roles) => EntraClaims::App(MicrosoftAppClaims { ver, tid, oid, azp, azpacr, roles, uti, idtyp }),
            None => EntraClaims::Person(MicrosoftClaims {
                scp: self.scp.take()?,
                sid: self.sid.take()?,
                name: self.name.take()?,
                preferred_username: self.preferred_username.take()?,
                ver,
                tid,
                oid,
                azp,
                azpacr,
                uti,
                idtyp,
            }),
        })
    }
}

impl From<Members> for AccessTokenClaims {
    fn from(mut members: Members) -> Self {
        let microsoft = members.microsoft();
        Self {
            iss: members.iss,
            sub: members.sub,
            aud: members.aud,
            iat: members.iat,
            nbf: members.nbf,
            exp: members.exp,
            jti: members.jti,
            client_id: members.client_id,
            scope: members.scope,
            auth_time: members.auth_time,
            cnf: members.cnf,
            act: members.act,
            places: members.places,
            authorization_details: None,
            microsoft,
        }
    }
}

/// What is Entra's in a token: it looks another way for an app that acts by itself.
#[derive(Clone, PartialEq, Eq, Debug, Serialize)]
#[serde(untagged)]
pub enum EntraClaims {
    /// A person is behind it.
    Person(MicrosoftClaims),
    /// An app got it in its own name.
    App(MicrosoftAppClaims),
}

/// The claims of an Entra-shaped access token.
#[derive(Clone, PartialEq, Eq, Debug, Serialize)]
#[allow(missing_docs, reason = "named by Entra")]
pub struct MicrosoftClaims {
    pub ver: String,
    pub tid: String,
    pub oid: String,
    pub azp: String,
    pub azpacr: String,
    pub scp: String,
    pub sid: String,
    pub uti: String,
    pub idtyp: String,
    pub name: String,
    pub preferred_username: String,
}

impl Issue {
    /// The claims of the access token.
    pub fn access_token_claims(&self, resource: &ResourceServer) -> AccessTokenClaims {
        let scopes = match &self.api {
            None => self.scopes.to_string(),
            Some(_) => self.scopes.in_a_token().to_string(),
        };
        // An app that is called learns who it is if the one that calls does.
        let named = self.api.is_none() || self.scopes.contains(PROFILE);
        let told = |text: &String| if named { text.clone() } else { String::new() };
        let microsoft = self.profile == Profile::Microsoft;
        let iat = self.issued_at.as_secs();
        AccessTokenClaims {
            iss: self.issuer(),
            sub: self.api.as_ref().map_or(&self.subject, |(_, subject)| subject).clone(),
            aud: match &self.api {
                Some((api, _)) => api.to_string(),
                None if self.scopes.resource().is_empty() => userinfo_audience(&self.origin),
                None => resource.audience.clone(),
            },
            iat,
            nbf: iat,
            exp: self.access_expires_at().as_secs(),
            jti: self.id.text(),
            client_id: (!microsoft).then(|| self.client.clone()),
            scope: (!microsoft).then(|| scopes.clone()),
            auth_time: (!microsoft).then(|| self.auth_time.as_secs()),
            cnf: self.confirmation,
            act: self.actor.clone(),
            places: self.reach.as_ref().map(|reach| NarrowedPlaces(reach.asked.clone())),
            authorization_details: self.details_in_token(resource),
            microsoft: microsoft.then(|| {
                EntraClaims::Person(MicrosoftClaims {
                    ver: "2.0".into(),
                    tid: self.tenant.to_string(),
                    oid: self.account.id.to_string(),
                    azp: self.client.clone(),
                    azpacr: self.azpacr.into(),
                    scp: scopes,
                    sid: self.sid(),
                    uti: URL_SAFE_NO_PAD.encode(self.id.unique),
                    idtyp: "user".into(),
                    name: told(&self.account.name),
                    preferred_username: told(&self.account.email),
                })
            }),
        }
    }
}

/// The audience of a token that is for UserInfo only.
pub fn userinfo_audience(origin: &str) -> String {
    format!("{origin}/oidc/userinfo")
}

/// An access token whose signature held, read into what the resource side decides by.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct AccessToken {
    /// What its `jti` says.
    pub id: TokenId,
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
    /// What it is narrowed to.
    pub narrowing: Narrowing,
    /// When it was issued.
    pub issued_at: Timestamp,
    /// When it ends.
    pub expires_at: Timestamp,
}

/// Why a token is refused.
#[derive(Clone, Copy, PartialEq, Eq, Debug, thiserror::Error)]
pub enum TokenRefusal {
    /// It is not an access token of ours at all.
    #[error("the token is not an access token of this server")]
    NotOurs,
    /// Its time is over.
    #[error("the token has expired")]
    Expired,
    /// It is for somebody else.
    #[error("the token is for another audience")]
    WrongAudience,
    /// The authorization above it was revoked, or ran out.
    #[error("the authorization has ended")]
    AuthorizationEnded,
    /// The person has paused the authorization above it.
    #[error("paused by the person")]
    Paused,
    /// Its family ended: a code or a refresh token was used twice, or the app gave a token of it back.
    #[error("the token was revoked")]
    FamilyEnded,
    /// It is bound to a certificate, and another one was shown, or none.
    #[error("the token is bound to another client certificate")]
    OtherCertificate,
    /// The secret that an app got it with is gone.
    #[error("the secret that the token was made with has ended")]
    CredentialEnded,
    /// An app got it in its own name, and this is about a person.
    #[error("the token is an app's own, and nobody signed in")]
    NoPerson,
    /// The account is disabled.
    #[error("the account is disabled")]
    AccountDisabled,
    /// The app is suspended.
    #[error("the app was stopped by an administrator")]
    AppSuspended,
}

impl AccessToken {
    /// Reads claims whose signature held. `origins` are ours: any of them may have issued it. What is not for `resource` may be for an app.
    pub fn read(
        claims: AccessTokenClaims,
        origins: &[String],
        resource: &ResourceServer,
    ) -> Result<Self, TokenRefusal> {
        let (origin, _) = read_issuer(&claims.iss).ok_or(TokenRefusal::NotOurs)?;
        if !origins.iter().any(|ours| ours == origin) {
            return Err(TokenRefusal::NotOurs);
        }
        let scope = match &claims.microsoft {
            Some(EntraClaims::Person(claims)) => Some(claims.scp.as_str()),
            Some(EntraClaims::App(_)) => None,
            None => claims.scope.as_deref(),
        };
        let scopes = ScopeSet::from_text(scope.ok_or(TokenRefusal::NotOurs)?);
        let api = claims.api(resource);
        Ok(Self {
            id: TokenId::read(&claims.jti).ok_or(TokenRefusal::NotOurs)?,
            scopes: match api {
                None => scopes,
                Some(api) => scopes.of_app(api),
            },
            audience: claims.aud,
            subject: claims.sub,
            issuer: claims.iss,
            confirmation: claims.cnf,
            narrowing: Narrowing { places: claims.places, actor: claims.act },
            issued_at: Timestamp::from_secs(claims.iat),
            expires_at: Timestamp::from_secs(claims.exp),
        })
    }

    /// Whether it holds at this moment, with what is now true of everything it hangs below.
    pub fn check(
        &self,
        authorization: Option<&Authorization>,
        family_ended: bool,
        account: Option<&Account>,
        client: Option<&Client>,
        now: Timestamp,
    ) -> Result<(), TokenRefusal> {
        if now >= self.expires_at {
            return Err(TokenRefusal::Expired);
        }
        let authorization = authorization.filter(|authorization| authorization.id == self.id.authorization);
        if !authorization
            .is_some_and(|authorization| authorization.is_live(now) && authorization.version >= self.id.version)
        {
            return Err(TokenRefusal::AuthorizationEnded);
        }
        if family_ended {
            return Err(TokenRefusal::FamilyEnded);
        }
        if authorization.is_some_and(Authorization::is_paused) {
            return Err(TokenRefusal::Paused);
        }
        if !account.is_some_and(|account| account.state == AccountState::Active) {
            return Err(TokenRefusal::AccountDisabled);
        }
        let Some(client) = client.filter(|client| client.state == ClientState::Active) else {
            return Err(TokenRefusal::AppSuspended);
        };
        let mut live = client.secrets.iter().filter(|secret| secret.is_live(now));
        if client.is_legacy() && !live.any(|secret| Some(secret.id) == self.id.made_with) {
            return Err(TokenRefusal::CredentialEnded);
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests;
