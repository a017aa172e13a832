//! The claims of an access token, in the shape of RFC 9068 or in that of Entra.

use serde::{Deserialize, Serialize};

use crate::authorize::authorization_details::Detail;
use crate::client::{ClientId, Profile};
use crate::resource::ResourceServer;
use crate::scope::PROFILE;
use crate::token::Issue;
use crate::token::app_token::MicrosoftAppClaims;
use crate::token::confirmation::Confirmation;
use crate::token::narrowing::{Actor, NarrowedPlaces};

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
    /// See [`TokenId`](super::TokenId).
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
                name: self.name.take(),
                preferred_username: self.preferred_username.take(),
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
    #[serde(skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub preferred_username: Option<String>,
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
        let told = |text: &String| named.then(|| text.clone());
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
                    uti: self.id.uti(),
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
