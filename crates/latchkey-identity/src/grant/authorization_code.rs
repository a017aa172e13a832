//! Authorization codes: sent to the client's redirect URI, redeemed once, with PKCE.

use latchkey_jose::base64url;
use latchkey_jose::digest::constant_time_eq;

use crate::account::{Account, AccountId};
use crate::authorization::{Authorization, AuthorizationId, Places};
use crate::authorize::authorization_details::{Located, part_of};
use crate::authorize::flow::Flow;
use crate::authorize::request::{AuthorizationRequest, CameBy};
use crate::authorize::response::Approved;
use crate::change::Change;
use crate::client::{Client, ClientId};
use crate::client_auth::AuthenticatedClient;
use crate::decision::Decision;
use crate::entropy::Entropy;
use crate::error::OAuthError;
use crate::event::{Event, EventKind};
use crate::grant::{device_code, implicit};
use crate::legacy;
use crate::limits;
use crate::logout_notice::SignedInTo;
use crate::parameters::Parameters;
use crate::scope::{OFFLINE_ACCESS, ScopeSet};
use crate::secret::{PurposeKey, Secret, TokenHash, sha256};
use crate::session::{Session, SessionId};
use crate::sign_in::context::AuthenticationContext;
use crate::tenant::TenantId;
use crate::time::Timestamp;
use crate::token::confirmation::{Confirmation, Thumbprint};
use crate::token::family::{FamilyId, TokenFamily};
use crate::token::{self, Issue};

/// The `code_challenge` of a request, method S256. [RFC 7636 §4.2]
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct CodeChallenge(String);

impl CodeChallenge {
    /// Reads `code_challenge` and `code_challenge_method`. `plain`, also by leaving the method out, is refused.
    pub fn read(parameters: &Parameters) -> Result<Option<Self>, OAuthError> {
        match (parameters.get("code_challenge"), parameters.get("code_challenge_method")) {
            (None, None) => Ok(None),
            (None, Some(_)) => Err(OAuthError::invalid_request("code_challenge_method stands without code_challenge")),
            (Some(_), method) if method != Some("S256") => {
                Err(OAuthError::invalid_request("code_challenge_method has to be S256").numbered(501_491))
            }
            (Some(challenge), _) => match base64url::decode_exactly::<32>(challenge) {
                Ok(_) => Ok(Some(Self(challenge.to_owned()))),
                Err(_) => Err(OAuthError::invalid_request("code_challenge is not the base64url form of a SHA-256")
                    .numbered(50_147)),
            },
        }
    }

    /// Takes a challenge from storage.
    pub fn from_stored(text: String) -> Self {
        Self(text)
    }

    /// The text, for storage.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// Whether `verifier` is what this was made from, [RFC 7636 §4.6]: 43 to 128 unreserved characters.
    fn is_made_from(&self, verifier: &str) -> bool {
        let unreserved = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'.' | b'_' | b'~');
        let well_formed = (43..=128).contains(&verifier.len()) && verifier.bytes().all(unreserved);
        let made = base64url::encode(sha256(verifier.as_bytes()));
        well_formed && constant_time_eq(made.as_bytes(), self.0.as_bytes())
    }
}

/// A code as we keep it.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct AuthorizationCode {
    /// What we keep of its text.
    pub hash: TokenHash,
    /// The client it was sent to.
    pub client: ClientId,
    /// The tenant that issues.
    pub tenant: TenantId,
    /// Who approved.
    pub account: AccountId,
    /// In which session.
    pub session: SessionId,
    /// When that person last proved who they are.
    pub auth_time: Timestamp,
    /// What they showed.
    pub context: AuthenticationContext,
    /// What it stands for.
    pub authorization: AuthorizationId,
    /// The token family that its redemption begins.
    pub family: FamilyId,
    /// Where it was sent.
    pub redirect_uri: String,
    /// What the verifier has to match.
    pub challenge: Option<CodeChallenge>,
    /// The key that it may be redeemed with. [RFC 9449 §10]
    pub dpop_jkt: Option<Thumbprint>,
    /// What was asked for and granted.
    pub scopes: ScopeSet,
    /// The client's own words for it, for the answer.
    pub scope_text: String,
    /// Where its tokens count at most, if the request named places.
    pub places: Option<Places>,
    /// For the ID token.
    pub nonce: Option<String>,
    /// Whether the client wants `client_info`.
    pub client_info: bool,
    /// The origin that the flow ran at.
    pub origin: String,
    /// When it was sent.
    pub issued_at: Timestamp,
    /// When it was redeemed.
    pub redeemed_at: Option<Timestamp>,
}

/// What a code is issued for.
#[derive(Clone, Copy, Debug)]
pub struct CodeContext<'a> {
    /// The request it answers.
    pub request: &'a AuthorizationRequest,
    /// The places that the request names, if it names any.
    pub places: Option<&'a Places>,
    /// The client that asked.
    pub client: &'a Client,
    /// Who approved.
    pub account: &'a Account,
    /// In which session.
    pub session: &'a Session,
    /// Whose issuer signs.
    pub tenant: TenantId,
    /// The origin that the flow runs at.
    pub origin: &'a str,
    /// The key that a person's subject is derived with, for tokens that go with it.
    pub key: &'a PurposeKey,
    /// The flow that ends with it.
    pub flow: Option<&'a Flow>,
}

/// Issues a code below an authorization, and the tokens that were asked for beside or instead: what the browser carries of it, and the
/// changes to commit. [RFC 6749 §4.1.2]
pub fn issue(
    context: CodeContext<'_>,
    authorization: &Authorization,
    now: Timestamp,
    entropy: &mut Entropy,
) -> Result<(Approved, Vec<Change>), OAuthError> {
    let CodeContext { request, places, client, account, session, tenant, origin, flow, .. } = context;
    let (hash, text) = match request.came_by {
        CameBy::Device(device) => (device_code::code_of(device), None),
        CameBy::Link | CameBy::Pushed(_) | CameBy::Rehearsal => {
            let text = legacy::code_text(client.profile, entropy);
            (text.hash(), Some(text))
        }
    };
    let scopes = request.scopes.canonical().intersection(&authorization.scopes);
    let code = AuthorizationCode {
        hash,
        client: client.id,
        tenant,
        account: account.id,
        session: session.id,
        auth_time: session.authenticated_at,
        context: session.context,
        authorization: authorization.id,
        family: FamilyId(entropy.uuid()),
        redirect_uri: request.redirect.uri().to_owned(),
        challenge: request.challenge.clone(),
        dpop_jkt: request.dpop_jkt,
        scope_text: token::scope_text(client.profile, &request.scopes, &scopes),
        scopes,
        places: places.cloned(),
        nonce: request.nonce.clone(),
        client_info: request.client_info,
        // A device asked at an origin of its own; the person may be at another.
        origin: match (request.came_by, flow) {
            (CameBy::Device(_), Some(flow)) => flow.origin.clone(),
            _ => origin.to_owned(),
        },
        issued_at: now,
        redeemed_at: None,
    };
    let joins = client.hears_of_sign_outs().then(|| {
        let (session, client, account, origin) = (session.id, client.id, account.id, code.origin.clone());
        Change::JoinSession { about: SignedInTo { session, client, tenant, account, origin }, at: now }
    });
    let mut changes: Vec<Change> = request.used_up(true, now).into_iter().chain(joins).collect();
    changes.extend(request.response_type.has_code().then(|| Change::IssueCode(Box::new(code))));
    let approved = match text {
        None => Approved::ForDevice,
        Some(text) if !request.response_type.has_tokens() => Approved::Code(text),
        Some(text) => {
            let text = request.response_type.has_code().then_some(text);
            let (at_once, begun) = implicit::issue(context, authorization, text, now, entropy)?;
            changes.extend(begun);
            Approved::AtOnce(Box::new(at_once))
        }
    };
    changes.extend(flow.map(|flow| Change::EndFlow { flow: flow.id, at: now }));
    Ok((approved, changes))
}

/// The token request with a code. [RFC 6749 §4.1.3]
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct CodeRequest {
    /// The code.
    pub code: Secret,
    /// Where it was received.
    pub redirect_uri: Option<String>,
    /// What the challenge was made from.
    pub code_verifier: Option<Secret>,
    /// What of it this access token is for, if it is for less. [RFC 9396 §6]
    pub details: Option<Located>,
}

impl CodeRequest {
    /// Reads the form.
    pub fn read(form: &Parameters) -> Result<Self, OAuthError> {
        let code = form.require("code")?;
        if legacy::is_code(code) {
            // It counts at the older endpoint, so it stays as it is.
            return Err(invalid_grant("the code is of the older kind, which is redeemed at /oauth2/token"));
        }
        Ok(Self {
            code: Secret::new(code),
            redirect_uri: form.get("redirect_uri").map(str::to_owned),
            code_verifier: form.get("code_verifier").map(Secret::new),
            details: None,
        })
    }
}

/// What a code is redeemed against.
#[derive(Clone, Copy, Debug)]
pub struct Redemption<'a> {
    /// The code and the authorization above it, if the code is known.
    pub code: Option<(&'a AuthorizationCode, &'a Authorization)>,
    /// The account that approved.
    pub account: Option<&'a Account>,
    /// Whether what the code produced has ended, if it was redeemed.
    pub spent: bool,
    /// The app whose scopes the code stands for, if they are an app's.
    pub api: Option<&'a Client>,
    /// The key that refresh tokens are derived with.
    pub key: &'a PurposeKey,
}

/// Redeems an authorization code.
///
/// [RFC 6749 §4.1.3]; PKCE by [RFC 7636 §4.6]; a replay ends what the code produced, [RFC 6749 §4.1.2].
pub fn redeem(
    request: &CodeRequest,
    client: &AuthenticatedClient<'_>,
    facts: Redemption<'_>,
    now: Timestamp,
    entropy: &mut Entropy,
) -> Decision<Issue> {
    let Some((code, authorization)) = facts.code else {
        return Decision::refuse(invalid_grant("the code is unknown"));
    };
    if code.client != client.client().id {
        // Whoever has it should not: it is burned, and so is what it produced.
        let refused = Decision::refuse(invalid_grant("the code was not issued to this client"));
        return if facts.spent { refused } else { refused.and_all(burn(code, now)) };
    }
    if code.redeemed_at.is_some() {
        // Someone holds a copy of this code, so what it produced can no longer be trusted.
        let refused = Decision::refuse(invalid_grant("the code was already redeemed").numbered(54_005));
        // Who goes on presenting it is told the same each time; the record tells of it once.
        return if facts.spent { refused } else { refused.and_all(replay(code, now)) };
    }
    let lifetime = if client.client().is_legacy() { limits::LEGACY_CODE_LIFETIME } else { limits::CODE_LIFETIME };
    if now >= code.issued_at + lifetime {
        return Decision::refuse(invalid_grant("the code has expired").numbered(70_008));
    }
    if request.redirect_uri.as_deref() != Some(code.redirect_uri.as_str()) {
        return Decision::refuse(invalid_grant("redirect_uri is not the one the code was sent to").numbered(500_112));
    }
    if code.dpop_jkt.is_some_and(|key| client.confirmation() != Some(Confirmation::Key(key))) {
        return Decision::refuse(invalid_grant("the code is bound to a key, and no DPoP proof of that key is here"));
    }
    match (&code.challenge, &request.code_verifier) {
        (None, None) => {}
        (None, Some(_)) => {
            return Decision::refuse(invalid_grant("code_verifier stands without a code_challenge").numbered(501_481));
        }
        (Some(_), None) => return Decision::refuse(invalid_grant("code_verifier is missing").numbered(501_481)),
        (Some(challenge), Some(verifier)) if !challenge.is_made_from(verifier.reveal()) => {
            return Decision::refuse(
                invalid_grant("code_verifier does not match the code_challenge").numbered(501_481),
            );
        }
        (Some(_), Some(_)) => {}
    }
    exchange((code, authorization), request.details.as_ref(), client, facts, now, entropy)
}

/// The tokens that a code stands for, once it was found to hold.
pub(crate) fn exchange(
    (code, authorization): (&AuthorizationCode, &Authorization),
    details: Option<&Located>,
    client: &AuthenticatedClient<'_>,
    Redemption { account, api, key, .. }: Redemption<'_>,
    now: Timestamp,
    entropy: &mut Entropy,
) -> Decision<Issue> {
    let family = TokenFamily {
        id: code.family,
        authorization: code.authorization,
        tenant: code.tenant,
        account: code.account,
        client: code.client,
        session: code.session,
        auth_time: code.auth_time,
        context: code.context,
        scopes: code.scopes.clone(),
        scope_text: code.scope_text.clone(),
        places: code.places.clone(),
        client_info: code.client_info,
        origin: code.origin.clone(),
        confirmation: client.confirmation(),
        refreshable: code.scopes.contains(OFFLINE_ACCESS),
        generation: 0,
        created_at: now,
        rotated_at: now,
        access_expires_at: now,
        ended_at: None,
    };
    let facts = token::Facts { client: client.into(), authorization, account, api, key };
    let asked = part_of(family.clone(), details, authorization);
    match asked.and_then(|asked| token::issue(facts, &asked, 0, code.nonce.clone(), now, entropy)) {
        Err(error) => Decision::refuse(error),
        Ok(issue) => {
            let family = TokenFamily { access_expires_at: issue.access_expires_at(), ..family };
            Decision::grant(issue)
                .and(Change::RedeemCode { code: code.hash, at: now })
                .and(Change::StartFamily(Box::new(family)))
        }
    }
}

/// Somebody presents a code again: what it produced ends.
pub(crate) fn replay(code: &AuthorizationCode, now: Timestamp) -> [Change; 2] {
    [Change::EndTokenFamily { family: code.family, at: now }, Change::Record(replayed(code, now))]
}

fn burn(code: &AuthorizationCode, now: Timestamp) -> Vec<Change> {
    match code.redeemed_at {
        None => vec![Change::RedeemCode { code: code.hash, at: now }, Change::Record(replayed(code, now))],
        Some(_) => replay(code, now).into(),
    }
}

fn replayed(code: &AuthorizationCode, now: Timestamp) -> Event {
    Event::new(EventKind::CodeReplayed, code.tenant, now, "").through(code.client).below(code.authorization)
}

fn invalid_grant(description: &'static str) -> OAuthError {
    OAuthError::invalid_grant(description)
}

#[cfg(test)]
mod tests;
