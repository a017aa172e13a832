//! `client_assertion`: a JWT that a client shows to prove who it is, made with a key or with a secret. [RFC 7521 §4.2], [RFC 7523 §3]
//! The tests of what both have in common stand beside `private_key_jwt`.

use latchkey_jose::assertion::{Assertion, AssertionClaims, Reading};
use latchkey_jose::mac::MacAlgorithm;

use super::{CalledAt, Method, federated_credential};
use crate::client::{Client, Profile};
use crate::error::OAuthError;
use crate::limits;
use crate::parameters::Parameters;
use crate::secret::TokenHash;
use crate::time::Timestamp;

/// The only `client_assertion_type` that we know. [RFC 7523 §2.2]
pub const ASSERTION_TYPE: &str = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer";

/// An assertion, read once. Nothing of it is believed yet.
#[derive(Clone, PartialEq, Eq)]
pub struct ClientAssertion(Made);

#[derive(Clone, PartialEq, Eq)]
enum Made {
    /// With a key, and how closely it could be read.
    Signed(Box<Assertion>, Reading),
    /// With a secret.
    Authenticated(Box<Assertion<MacAlgorithm>>),
}

impl std::fmt::Debug for ClientAssertion {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("ClientAssertion([secret])")
    }
}

impl ClientAssertion {
    /// Reads the form: which client is named, by `client_id` or else by the assertion, and the assertion; `None` if there is none.
    pub fn read(form: &Parameters) -> Result<Option<(String, Self)>, OAuthError> {
        let Some(text) = form.get("client_assertion") else {
            return match form.get("client_assertion_type") {
                None => Ok(None),
                Some(_) => Err(OAuthError::invalid_request("client_assertion is missing").numbered(900_144)),
            };
        };
        if form.require("client_assertion_type")? != ASSERTION_TYPE {
            return Err(OAuthError::invalid_client("client_assertion_type is not that of a JWT"));
        }
        let made = match Assertion::read_closely(text) {
            Ok((signed, reading)) => Made::Signed(Box::new(signed), reading),
            Err(_) => {
                let made = Assertion::read_authenticated(text, Reading::Strict).map_err(|_| unreadable())?;
                Made::Authenticated(Box::new(made))
            }
        };
        let assertion = Self(made);
        let named = form.get("client_id").or(assertion.claims().sub.as_deref()).map(str::to_owned);
        let named = named.ok_or_else(|| OAuthError::invalid_client("the client assertion has no sub"))?;
        Ok(Some((named, assertion)))
    }

    fn claims(&self) -> &AssertionClaims {
        match &self.0 {
            Made::Signed(assertion, _) => &assertion.claims,
            Made::Authenticated(assertion) => &assertion.claims,
        }
    }

    /// The method that it is for, as its algorithm says.
    pub(super) fn method(&self) -> Method {
        match self.0 {
            Made::Signed(..) => Method::PrivateKeyJwt,
            Made::Authenticated(_) => Method::ClientSecretJwt,
        }
    }

    /// The key that it names.
    pub fn kid(&self) -> Option<&str> {
        match &self.0 {
            Made::Signed(assertion, _) => assertion.kid.as_deref(),
            Made::Authenticated(_) => None,
        }
    }

    /// Whether it is not the client's own, but perhaps one of an issuer that the client registered.
    pub(super) fn is_of_another(&self, client: &Client) -> bool {
        !client.authentication.federated.is_empty()
            && self.method() == Method::PrivateKeyJwt
            && self.claims().iss.as_ref().is_some_and(|issuer| *issuer != client.identifier().to_string())
    }

    /// The issuer whose published keys it takes to check it, if it is for a federated credential, and the key that it names.
    pub fn of_issuer<'a>(&'a self, client: &'a Client) -> Option<(&'a str, Option<&'a str>)> {
        let assertion = self.is_of_another(client).then(|| self.signed(Reading::Strict).ok()).flatten()?;
        let held = federated_credential::meant(client, assertion).filter(|held| held.pinned.is_empty())?;
        Some((held.issuer.as_str(), assertion.kid.as_deref()))
    }

    /// What was signed with a key, if it can be read as closely as the client's world does.
    pub(super) fn signed(&self, reading: Reading) -> Result<&Assertion, OAuthError> {
        match &self.0 {
            Made::Signed(assertion, read) if reading == Reading::Tolerant || *read == Reading::Strict => Ok(assertion),
            Made::Signed(..) | Made::Authenticated(_) => Err(unreadable()),
        }
    }

    /// What was made with a secret.
    pub(super) fn authenticated(&self) -> Result<&Assertion<MacAlgorithm>, OAuthError> {
        match &self.0 {
            Made::Authenticated(assertion) => Ok(assertion),
            Made::Signed(..) => Err(unreadable()),
        }
    }
}

fn unreadable() -> OAuthError {
    OAuthError::invalid_client("the client assertion is not a signed JWT").numbered(50_027)
}

/// What must not come again, an assertion or a DPoP proof, and until when it could.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Spent {
    /// The hash of who made it and its `jti`.
    pub hash: TokenHash,
    /// When it has run out.
    pub until: Timestamp,
}

impl Spent {
    /// For the store to say that it has just spent this.
    pub const fn for_the_first_time(self) -> FirstUse {
        FirstUse(self)
    }
}

/// Proof that something was spent, and by nobody before. Only the store, which spends it, makes one.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct FirstUse(Spent);

/// What an assertion claims, whoever vouches for it: it names the client as issuer and subject and us as its one audience, at this moment,
/// of a client that may act. What it spends, unless it may come again.
pub(super) fn holds(
    claims: &AssertionClaims,
    client: &Client,
    called: CalledAt<'_>,
    reading: Reading,
    now: Timestamp,
) -> Result<Option<Spent>, OAuthError> {
    let id = client.identifier().to_string();
    let names = [&claims.iss, &claims.sub];
    if names.iter().any(|name| name.as_deref() != Some(id.as_str())) {
        return Err(OAuthError::invalid_client("iss and sub of the client assertion are not both the client id"));
    }
    if !is_for_us(claims, client, called) {
        return Err(OAuthError::invalid_client(match client.profile {
            Profile::Fapi2 => "aud of the client assertion is not the issuer, as a text",
            Profile::Standard | Profile::Microsoft | Profile::Legacy => {
                "aud of the client assertion is neither the issuer nor the token endpoint, alone"
            }
        }));
    }
    let until = lives_until(claims, reading, now)?;
    client.may_act()?;
    if reading == Reading::Tolerant {
        return Ok(None);
    }
    let jti = claims.jti.as_deref().filter(|jti| !jti.is_empty());
    let jti = jti.ok_or_else(|| OAuthError::invalid_client("the client assertion has no jti"))?;
    let hash = TokenHash::of(&format!("{id} {jti}"));
    Ok(Some(Spent { hash, until }))
}

/// Whether it is meant for us, and for nobody else.
fn is_for_us(claims: &AssertionClaims, client: &Client, called: CalledAt<'_>) -> bool {
    let [audience] = claims.aud.as_slice() else { return false };
    match client.profile {
        Profile::Standard => called.is_issuer(audience, client) || called.is_endpoint(audience),
        // [FAPI 2.0 Security Profile §5.3.2.1], 8: the issuer, as a text.
        Profile::Fapi2 => !claims.aud_is_list && called.is_issuer(audience, client),
        Profile::Microsoft => called.is_issuer(audience, client) || called.is_endpoint_of_any_name(audience, client),
        Profile::Legacy => false,
    }
}

/// Until when an assertion could be used, if its time is now.
fn lives_until(claims: &AssertionClaims, reading: Reading, now: Timestamp) -> Result<Timestamp, OAuthError> {
    let leeway = limits::ASSERTION_LEEWAY;
    let exp = claims.exp.ok_or_else(|| OAuthError::invalid_client("the client assertion has no exp"))?;
    if [claims.nbf, claims.iat].into_iter().flatten().any(|begins| begins > now + leeway) {
        return Err(OAuthError::invalid_client("the client assertion is not valid yet").numbered(700_024));
    }
    let end = match claims.iat.or(claims.nbf) {
        Some(begins) if reading == Reading::Tolerant => exp.min(begins + limits::REUSED_ASSERTION_LIFETIME),
        _ => exp,
    };
    if end + leeway <= now {
        return Err(OAuthError::invalid_client("the client assertion has expired").numbered(700_024));
    }
    let longest = match (reading, claims.iat.or(claims.nbf)) {
        (Reading::Strict, _) => limits::ASSERTION_LIFETIME,
        (Reading::Tolerant, Some(_)) => limits::MICROSOFT_ASSERTION_LIFETIME,
        (Reading::Tolerant, None) => limits::REUSED_ASSERTION_LIFETIME,
    };
    if exp > now + longest + leeway {
        return Err(OAuthError::invalid_client("exp of the client assertion is too far away"));
    }
    Ok(exp + leeway)
}
