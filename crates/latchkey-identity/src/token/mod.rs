//! Tokens, and the one funnel that every grant ends in.

pub mod access_token;
pub mod app_token;
pub mod confirmation;
pub mod family;
pub mod id_token;
pub mod introspection;
pub mod narrowing;
mod recipient;
pub mod refresh_token;
pub mod revocation;
pub mod sid;
pub mod subject;

use latchkey_jose::{Algorithm, base64url};

use crate::account::{Account, AccountId, AccountState};
use crate::authorization::{Authorization, AuthorizationId, Places};
use crate::authorize::authorization_details::{Detail, described};
use crate::client::{Client, ClientId, Profile, SubjectType, exposed_api};
use crate::client_auth::AuthenticatedClient;
use crate::entropy::Entropy;
use crate::error::OAuthError;
use crate::limits;
use crate::resource::ResourceServer;
use crate::scope::{OPENID, RequestedScopes, ScopeSet};
use crate::secret::{PurposeKey, Secret};
use crate::session::SessionId;
use crate::sign_in::context::AuthenticationContext;
use crate::tenant::TenantId;
use crate::time::{AccessTokenLifetime, Timestamp};
use crate::token::access_token::TokenId;
use crate::token::app_token::{AppIssue, AppRequest};
use crate::token::confirmation::Confirmation;
use crate::token::family::TokenFamily;
use crate::token::narrowing::{Actor, Narrowing, Reach};
use crate::token::recipient::bound;
use crate::token::refresh_token::RefreshToken;
use crate::token::subject::subject;

pub use recipient::Recipient;

/// The issuer of a tenant's tokens at one of our origins.
pub fn issuer(origin: &str, tenant: TenantId) -> String {
    format!("{origin}/{tenant}/v2.0")
}

/// The origin and tenant of an issuer of ours.
pub fn read_issuer(issuer: &str) -> Option<(&str, TenantId)> {
    let (origin, tenant) = issuer.strip_suffix("/v2.0")?.rsplit_once('/')?;
    Some((origin, TenantId(uuid::Uuid::try_parse(tenant).ok()?)))
}

/// What every issue is checked against, whichever grant it comes from.
#[derive(Clone, Copy, Debug)]
pub struct Facts<'a> {
    /// To whom they go.
    pub client: Recipient<'a>,
    /// What the person approved.
    pub authorization: &'a Authorization,
    /// The person.
    pub account: Option<&'a Account>,
    /// The app that the token would be for, where it is not for the DevOps side.
    pub api: Option<&'a Client>,
    /// The key that refresh tokens are derived with.
    pub key: &'a PurposeKey,
}

/// Tokens that may be made. Only [`issue`] makes one, after the checks that hold for every grant.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Issue {
    tenant: TenantId,
    origin: String,
    account: Account,
    subject: String,
    /// Whom the access token tells about the person, and by which subject, if it is for an app.
    api: Option<(ClientId, String)>,
    id_token_algorithm: Algorithm,
    access_token_algorithm: Algorithm,
    /// The `client_id`.
    client: String,
    /// How surely the client proved who it is, as the Microsoft world counts it.
    azpacr: &'static str,
    profile: Profile,
    session: SessionId,
    /// Whether its ID token names the session.
    session_is_told: bool,
    auth_time: Timestamp,
    context: AuthenticationContext,
    scopes: ScopeSet,
    scope_text: String,
    nonce: Option<String>,
    client_info: bool,
    id: TokenId,
    issued_at: Timestamp,
    lifetime: AccessTokenLifetime,
    refresh: Option<RefreshToken>,
    confirmation: Option<Confirmation>,
    /// Where it counts, if not wherever the authorization does.
    reach: Option<Reach>,
    /// Who acts with it, if it is made of another token.
    actor: Option<Actor>,
    exchanged: bool,
    key: UncomparedKey,
}

/// A purpose key that takes no part in comparisons.
#[derive(Clone, Debug)]
struct UncomparedKey(PurposeKey);

impl PartialEq for UncomparedKey {
    fn eq(&self, _: &Self) -> bool {
        true
    }
}

impl Eq for UncomparedKey {}

/// THE funnel: the only place where tokens begin.
///
/// Checks, for every grant alike: tenant, client and account belong together and may act, the authorization is live, is not paused and holds
/// the scopes.
pub fn issue(
    facts: Facts<'_>,
    family: &TokenFamily,
    generation: u32,
    nonce: Option<String>,
    now: Timestamp,
    entropy: &mut Entropy,
) -> Result<Issue, OAuthError> {
    let Facts { client: recipient, authorization, account, api, key } = facts;
    let confirmation = recipient.bound()?;
    let client = recipient.client();
    check(authorization, client, family, now)?;
    let account = account.filter(|account| account.id == family.account && account.state == AccountState::Active);
    let account = account.ok_or_else(|| gone("the account cannot be used").numbered(50_057))?;
    let scopes = family.scopes.intersection(&authorization.scopes);
    if scopes.is_empty() {
        return Err(OAuthError::invalid_scope("nothing is left of what was granted").because("consent_required"));
    }
    let api = exposed_api::callable(&scopes, api, client, family.tenant)?;
    let reach = reach(family, authorization)?;
    // What an app of the older kind gets ends with the secret that it was made with, and is not promised for longer.
    let made_with = recipient.credential().filter(|_| client.is_legacy());
    let end = authorization.expires_at.into_iter().chain(made_with.and_then(|secret| secret.expires_at)).min();
    let lifetime = drawn(client, entropy).until(now, end).ok_or_else(|| gone(ENDED))?;
    Ok(Issue {
        tenant: family.tenant,
        origin: family.origin.clone(),
        account: account.clone(),
        subject: subject(client, account.id, key),
        api: api.map(|api| {
            // A client that knows nobody but by a subject of its own learns no other from the token.
            let told = if client.metadata.subject_type == SubjectType::Pairwise { client } else { api };
            (api.id, subject(told, account.id, key))
        }),
        id_token_algorithm: client.id_token_algorithm(),
        access_token_algorithm: api.map_or(access_token::ALGORITHM, Client::access_token_algorithm),
        client: client.identifier().to_string(),
        azpacr: recipient.credential().map_or("0", |credential| credential.kind.azpacr()),
        profile: client.profile,
        session: family.session,
        session_is_told: sid::is_told(client),
        auth_time: family.auth_time,
        context: family.context,
        scope_text: match client.profile {
            _ if scopes == family.scopes => family.scope_text.clone(),
            Profile::Legacy => scopes.resource().to_string(),
            Profile::Standard | Profile::Microsoft | Profile::Fapi2 => scopes.without_claims().to_string(),
        },
        nonce,
        client_info: family.client_info,
        id: TokenId::new(authorization.id, authorization.version, family.id, entropy)
            .made_with(made_with.map(|secret| secret.id)),
        issued_at: now,
        lifetime,
        refresh: family.refreshable.then_some(RefreshToken { family: family.id, generation }),
        scopes,
        confirmation,
        reach,
        actor: None,
        exchanged: false,
        key: UncomparedKey(key.clone()),
    })
}

const ENDED: &str = "the authorization has ended";

/// What is below it is worth nothing any more.
fn gone(description: &'static str) -> OAuthError {
    OAuthError::invalid_grant(description).because("bad_token").numbered(50_173)
}

/// The authorization lives and is not paused, it is the one above the family, and the client may act in the tenant.
fn check(
    authorization: &Authorization,
    client: &Client,
    family: &TokenFamily,
    now: Timestamp,
) -> Result<(), OAuthError> {
    if !authorization.is_live(now) {
        return Err(gone(ENDED));
    }
    let belong = authorization.id == family.authorization
        && authorization.client == client.id
        && authorization.account == family.account
        && authorization.tenant == family.tenant
        && client.is_open_to(family.tenant);
    if !belong {
        return Err(gone("the authorization is not for this client"));
    }
    if authorization.is_paused() {
        // Not `bad_token`: clients that forget a refresh token at that would lose what the pause does not take.
        let paused =
            "paused by the person: it works again when they resume it, which they can do when you ask them again";
        return Err(OAuthError::invalid_grant(paused).because("consent_required").numbered(65_001));
    }
    client.may_act()
}

/// Where the tokens of a family count, if not wherever the authorization does.
fn reach(family: &TokenFamily, authorization: &Authorization) -> Result<Option<Reach>, OAuthError> {
    let Some(asked) = &family.places else { return Ok(None) };
    let reach = Reach::of(asked, &authorization.places);
    if reach.granted.is_empty() {
        let error = OAuthError::invalid_scope("nothing is left of the places that were granted");
        return Err(error.because("consent_required"));
    }
    Ok(Some(reach))
}

/// How long an access token of a client lives, if nothing above it ends before. An app of the older kind was promised an hour, neither more
/// nor less.
fn drawn(client: &Client, entropy: &mut Entropy) -> AccessTokenLifetime {
    let drawn =
        if client.is_legacy() { AccessTokenLifetime::SHORTEST_DRAWN } else { AccessTokenLifetime::draw(entropy) };
    drawn.at_most(client.metadata.access_token_lifetime)
}

/// THE funnel's other side: the only place where tokens of an app that acts by itself begin. [RFC 6749 §4.4]
///
/// Checks what [`issue`] checks where no person and no authorization are above the token: tenant and client belong together, the client
/// may act, and it proved who it is by a credential, which the token does not outlive.
pub fn issue_to_app(
    client: &AuthenticatedClient<'_>,
    request: AppRequest,
    now: Timestamp,
    entropy: &mut Entropy,
) -> Result<AppIssue, OAuthError> {
    let Some(credential) = client.credential() else {
        return Err(OAuthError::unauthorized_client("this client cannot act by itself: it proves nothing"));
    };
    if !client.client().is_open_to(request.tenant) || client.client().is_legacy() {
        return Err(OAuthError::unauthorized_client("this client is not open to this tenant").numbered(700_016));
    }
    client.client().may_act()?;
    let confirmation = bound(client.client(), client.confirmation())?;
    AppIssue::new(client, credential, request, confirmation, now, entropy)
}

impl Issue {
    /// The issuer of everything in the answer.
    pub fn issuer(&self) -> String {
        issuer(&self.origin, self.tenant)
    }

    /// What the client knows the session by.
    fn sid(&self) -> String {
        sid::sid(self.session, &self.client, &self.key.0)
    }

    /// When the access token ends.
    pub fn access_expires_at(&self) -> Timestamp {
        self.issued_at.floor_to_secs() + self.lifetime.as_duration()
    }

    /// `expires_in`, in seconds.
    pub fn expires_in(&self) -> u64 {
        self.lifetime.as_secs()
    }

    /// The `scope` of the answer: what was granted, in the words it was asked for in.
    pub fn scope_text(&self) -> &str {
        &self.scope_text
    }

    /// What its ID token is signed with.
    pub fn id_token_algorithm(&self) -> Algorithm {
        self.id_token_algorithm
    }

    /// What its access token is signed with: what reads it says so.
    pub fn access_token_algorithm(&self) -> Algorithm {
        self.access_token_algorithm
    }

    /// Whether an ID token goes with it.
    pub fn has_id_token(&self) -> bool {
        self.scopes.contains(OPENID) && !self.exchanged
    }

    /// Whether it is made of another token, [RFC 8693 §2.2.1].
    pub fn is_exchanged(&self) -> bool {
        self.exchanged
    }

    /// The same, made of a token that ends `until`; `None` if that is now. There is nothing to refresh.
    pub(crate) fn narrowed(self, until: Timestamp, narrowing: Narrowing, authorized: &Places) -> Option<Self> {
        let lifetime = self.lifetime.until(self.issued_at, Some(until))?;
        let reach = narrowing.places.map(|asked| Reach::of(&asked.0, authorized));
        Some(Self { lifetime, refresh: None, reach, exchanged: true, actor: narrowing.actor, ..self })
    }

    /// The same, for an app that acts on behalf of the person by a token that ends `until`; `None` if that is now.
    pub(crate) fn on_behalf(self, until: Timestamp, actor: Actor) -> Option<Self> {
        let lifetime = self.lifetime.until(self.issued_at, Some(until))?;
        Some(Self { lifetime, actor: Some(actor), ..self })
    }

    /// The refresh token, if there is one.
    pub fn refresh_token(&self) -> Option<Secret> {
        self.refresh.map(|refresh| match self.profile {
            Profile::Legacy => refresh.legacy_text(&self.key.0),
            Profile::Standard | Profile::Microsoft | Profile::Fapi2 => refresh.text(&self.key.0),
        })
    }

    /// What was granted, in detail, if it counts in named places only. [RFC 9396 §7]
    pub fn authorization_details(&self, resource: &ResourceServer) -> Option<Vec<Detail>> {
        self.reach.as_ref().map(|reach| described(&reach.granted, &self.scopes, resource))
    }

    /// The same for the token itself, as long as it is short: a person may have left one repository out of hundreds. [RFC 9396 §9.1]
    fn details_in_token(&self, resource: &ResourceServer) -> Option<Vec<Detail>> {
        let short = self.reach.as_ref().is_some_and(|reach| reach.granted.len() <= limits::NARROWED_PLACES);
        self.authorization_details(resource).filter(|_| short)
    }

    /// The `token_type` of the answer.
    pub fn token_type(&self) -> &'static str {
        Confirmation::token_type(self.confirmation)
    }

    /// The profile that shapes the tokens.
    pub fn profile(&self) -> Profile {
        self.profile
    }

    /// `client_info` as clients of the Microsoft world want it, if they asked.
    pub fn client_info(&self) -> Option<String> {
        self.client_info.then(|| client_info(&self.account))
    }

    /// The authorization it hangs below.
    pub fn authorization(&self) -> AuthorizationId {
        self.id.authorization
    }

    /// Whose it is.
    pub fn account(&self) -> AccountId {
        self.account.id
    }
}

/// base64url of `{"uid","utid"}`: the account's home, which Microsoft's clients key their caches by.
pub fn client_info(account: &Account) -> String {
    let json = format!(r#"{{"uid":"{}","utid":"{}"}}"#, account.id, account.tenant);
    base64url::encode(json)
}

/// The `scope` of an answer. Clients look for the words that they asked in; Microsoft's also for the full names of what they got.
pub fn scope_text(profile: Profile, requested: &RequestedScopes, granted: &ScopeSet) -> String {
    if profile == Profile::Legacy {
        // What it may do on the DevOps side, and nothing of the newer world.
        return granted.resource().to_string();
    }
    let mut words: Vec<&str> = requested.literals(granted).collect();
    let told = granted.without_claims();
    if profile == Profile::Microsoft {
        for scope in told.iter() {
            if !words.contains(&scope) {
                words.push(scope);
            }
        }
    }
    words.join(" ")
}

#[cfg(test)]
pub(crate) mod tests;
