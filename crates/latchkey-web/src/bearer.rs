//! Access tokens that come in, by whatever transport: the signature once, everything that may have changed since on each request.

use std::ops::Deref;
use std::sync::{Arc, Mutex, PoisonError};

use http::request::Parts;
use latchkey_devops::access::Caller;
use latchkey_identity::Timestamp;
use latchkey_identity::authorization::Authorization;
use latchkey_identity::client::{Client, ClientId, ClientState};
use latchkey_identity::dpop::DpopError;
use latchkey_identity::token::access_token::{AccessToken, TokenRefusal};
use latchkey_identity::token::app_token::AppToken;
use latchkey_identity::token::confirmation::Confirmation;
use latchkey_identity::token::narrowing::Actor;
use latchkey_jose::digest::sha256;
use latchkey_store::StoreError;
use latchkey_store::identity::Person;
use quick_cache::sync::Cache;

use crate::app::App;
use crate::visitor::ClientCertificate;

/// Tokens whose signature held, by the hash of their text. Whether they still count is not remembered.
/// Each is kept with the number that [`Signer::losses`](crate::signer::Signer) had when it was checked: after another loss it is checked again.
pub struct SeenTokens(Cache<[u8; 32], (u64, Seen)>);

impl Default for SeenTokens {
    fn default() -> Self {
        Self(Cache::new(65_536))
    }
}

/// A token whose signature held: a person's, or an app's own.
#[derive(Clone, Debug)]
pub enum Seen {
    /// A person is behind it.
    Person(Arc<SeenToken>),
    /// An app got it in its own name.
    App(Arc<SeenAppToken>),
}

/// A person's token whose signature held, and what the DevOps side made of it.
#[derive(Debug)]
pub struct SeenToken {
    token: AccessToken,
    /// As whom access was last decided, and by which state of the authorization.
    caller: Mutex<Option<(Arc<Authorization>, Arc<Caller>)>>,
}

impl Deref for SeenToken {
    type Target = AccessToken;

    fn deref(&self) -> &AccessToken {
        &self.token
    }
}

/// An app's own token whose signature held, and what the DevOps side made of it.
#[derive(Debug)]
pub struct SeenAppToken {
    token: AppToken,
    /// As whom access was last decided, and by which state of the registration.
    caller: Mutex<Option<(Arc<Client>, Arc<Caller>)>>,
}

impl Deref for SeenAppToken {
    type Target = AppToken;

    fn deref(&self) -> &AppToken {
        &self.token
    }
}

/// Whoever holds a token that counts at this moment.
#[derive(Clone, Debug)]
pub enum Holder {
    /// A person, through an app that they authorized.
    Person(Bearer),
    /// An app, by itself.
    App(AppBearer),
}

impl Holder {
    /// The app, as its registration stands now.
    pub fn client(&self) -> &Arc<Client> {
        match self {
            Self::Person(bearer) => &bearer.client,
            Self::App(bearer) => &bearer.client,
        }
    }

    /// What the token is bound to.
    fn confirmation(&self) -> Option<Confirmation> {
        match self {
            Self::Person(bearer) => bearer.token.confirmation,
            Self::App(bearer) => bearer.token.confirmation,
        }
    }

    /// The person and what they approved, if there is one.
    pub fn person(&self) -> Option<&Bearer> {
        match self {
            Self::Person(bearer) => Some(bearer),
            Self::App(_) => None,
        }
    }
}

/// An app's own token that holds at this moment.
#[derive(Clone, Debug)]
pub struct AppBearer {
    /// What the token says.
    pub token: Arc<SeenAppToken>,
    /// The app, as its registration stands now.
    pub client: Arc<Client>,
}

impl AppBearer {
    /// As whom access is decided: what `make` brings, once for each token and state of the registration.
    pub fn caller(&self, make: impl FnOnce(&Self) -> Caller) -> Arc<Caller> {
        let mut made = self.token.caller.lock().unwrap_or_else(PoisonError::into_inner);
        match &*made {
            Some((of, caller)) if Arc::ptr_eq(of, &self.client) => Arc::clone(caller),
            _ => {
                let caller = Arc::new(make(self));
                *made = Some((Arc::clone(&self.client), Arc::clone(&caller)));
                caller
            }
        }
    }
}

/// A person's token that holds at this moment, with everything that it hangs below.
#[derive(Clone, Debug)]
pub struct Bearer {
    /// What the token says.
    pub token: Arc<SeenToken>,
    /// What the person approved, as it stands now.
    pub authorization: Arc<Authorization>,
    /// The person, as the account stands now.
    pub person: Arc<Person>,
    /// The app, as its registration stands now.
    pub client: Arc<Client>,
}

impl Bearer {
    /// As whom access is decided: what `make` brings, once for each token and state of its authorization.
    pub fn caller(&self, make: impl FnOnce(&Self) -> Caller) -> Arc<Caller> {
        let mut made = self.token.caller.lock().unwrap_or_else(PoisonError::into_inner);
        match &*made {
            Some((of, caller)) if Arc::ptr_eq(of, &self.authorization) => Arc::clone(caller),
            _ => {
                let caller = Arc::new(make(self));
                *made = Some((Arc::clone(&self.authorization), Arc::clone(&caller)));
                caller
            }
        }
    }
}

/// A token as a request presents it.
#[derive(Clone, Copy, Debug)]
pub struct Presentation<'a> {
    /// Its text.
    pub token: &'a str,
    /// The way.
    pub scheme: Scheme,
    /// The request, with the proof of a key that it may bring.
    pub parts: &'a Parts,
}

/// The way in which a token is presented.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Scheme {
    /// Whoever bears it: `Bearer`, or a form.
    Bearer,
    /// The password of `Basic`: whoever bears it, through a program that knows nothing of keys.
    Password,
    /// Whoever holds the key that it is bound to. [RFC 9449 §7.1]
    Dpop,
}

impl Scheme {
    /// The scheme of an `Authorization` header, if it is one for tokens. [RFC 9110 §11.1]
    pub fn parse(name: &str) -> Option<Self> {
        let is = |scheme: &str| name.eq_ignore_ascii_case(scheme);
        if is("bearer") { Some(Self::Bearer) } else { is("dpop").then_some(Self::Dpop) }
    }
}

/// Why no bearer came of a token.
#[derive(Debug, thiserror::Error)]
pub enum BearerError {
    /// The token is refused.
    #[error(transparent)]
    Refused(#[from] TokenRefusal),
    /// Whoever presents it does not show that they hold the key that it is bound to.
    #[error(transparent)]
    Unproven(#[from] DpopError),
    /// The store did not answer: nothing is accepted on its word.
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// Reads a person's token and checks it against what is true now. An app's own token is refused.
pub async fn authenticate(app: &App, presented: Presentation<'_>, now: Timestamp) -> Result<Bearer, BearerError> {
    let bearer = match read(app, presented.token)? {
        Seen::Person(token) => check(app, token, now).await?,
        Seen::App(_) => return Err(TokenRefusal::NoPerson.into()),
    };
    prove(app, presented, bearer.token.confirmation, &bearer.client, now)?;
    Ok(bearer)
}

/// Reads a token, whoever holds it, and checks it against what is true now. `audience` is whom it has to be for.
pub async fn identify(
    app: &App,
    presented: Presentation<'_>,
    audience: &str,
    now: Timestamp,
) -> Result<Holder, BearerError> {
    let holder = identify_again(app, presented.token, audience, now).await?;
    prove(app, presented, holder.confirmation(), holder.client(), now)?;
    Ok(holder)
}

/// Shows that whoever presents a token may: one that is bound to a key comes with a proof of it, each time anew. [RFC 9449 §7.1]
fn prove(
    app: &App,
    presented: Presentation<'_>,
    bound_to: Option<Confirmation>,
    client: &Client,
    now: Timestamp,
) -> Result<(), BearerError> {
    let invalid = |why: &str| Err(DpopError::Invalid(why.to_owned()).into());
    let certificate = presented.parts.extensions.get::<ClientCertificate>();
    match (bound_to, presented.scheme) {
        (None, Scheme::Bearer | Scheme::Password) => Ok(()),
        (Some(Confirmation::Certificate(bound)), Scheme::Bearer)
            if certificate.is_some_and(|shown| shown.thumbprint == bound) =>
        {
            Ok(())
        }
        (Some(Confirmation::Certificate(_)), _) => Err(TokenRefusal::OtherCertificate.into()),
        (None, Scheme::Dpop) => invalid("the token is not bound to a key: present it as Bearer"),
        (Some(Confirmation::Key(_)), Scheme::Bearer | Scheme::Password) => {
            invalid("the token is bound to a key: present it as DPoP, with a proof")
        }
        (Some(Confirmation::Key(key)), Scheme::Dpop) => {
            match app.proofs.fitting(presented.parts, Some(presented.token), Some(client), now)? {
                None => invalid("the DPoP proof is missing"),
                Some(proof) if proof.thumbprint() != key => {
                    invalid("the DPoP proof is by another key than the token's")
                }
                Some(proof) => Ok(app.proofs.used(proof, now).map(drop)?),
            }
        }
    }
}

/// The same as [`identify`] within a request whose proof was seen: it counts once.
pub async fn identify_again(app: &App, text: &str, audience: &str, now: Timestamp) -> Result<Holder, BearerError> {
    let holder = anybody(app, text, now).await?;
    let meant_for = match &holder {
        Holder::Person(bearer) => &bearer.token.audience,
        Holder::App(bearer) => &bearer.token.audience,
    };
    if meant_for == audience { Ok(holder) } else { Err(TokenRefusal::WrongAudience.into()) }
}

/// Reads a token, whoever holds it and whomever it is for, and checks it against what is true now.
pub async fn anybody(app: &App, text: &str, now: Timestamp) -> Result<Holder, BearerError> {
    match read(app, text)? {
        Seen::Person(token) => Ok(Holder::Person(check(app, token, now).await?)),
        Seen::App(token) => {
            let client = app.store.client(token.id.client).await?;
            token.check(client.as_deref(), app.store.app_token_ended(token.id.unique), now)?;
            let client = client.ok_or(TokenRefusal::NotOurs)?;
            Ok(Holder::App(AppBearer { token, client }))
        }
    }
}

async fn check(app: &App, token: Arc<SeenToken>, now: Timestamp) -> Result<Bearer, BearerError> {
    let authorization =
        app.store.authorization(token.id.authorization).await?.ok_or(TokenRefusal::AuthorizationEnded)?;
    let person = app.store.account(authorization.account).await?;
    let client = app.store.client(authorization.client).await?;
    let family_ended = app.store.family_ended(token.id.family);
    let account = person.as_ref().map(|person| &person.account);
    token.check(Some(&authorization), family_ended, account, client.as_deref(), now)?;
    let (Some(person), Some(client)) = (person, client) else { return Err(TokenRefusal::NotOurs.into()) };
    for actor in token.narrowing.actor.iter().flat_map(Actor::clients) {
        // Whoever acts with a token that was handed on is stopped with their own app.
        let acting = match ClientId::parse(actor) {
            Some(id) => app.store.client(id).await?,
            None => None,
        };
        if !acting.is_some_and(|acting| acting.state == ClientState::Active) {
            return Err(TokenRefusal::AppSuspended.into());
        }
    }
    Ok(Bearer { token, authorization, person, client })
}

/// Reads a token: the signature once, if it is seen for the first time.
pub fn read(app: &App, text: &str) -> Result<Seen, TokenRefusal> {
    let hash = sha256(text);
    let losses = app.signer.losses();
    if let Some((checked_at, seen)) = app.seen_tokens.0.get(&hash)
        && checked_at == losses
    {
        return Ok(seen);
    }
    let claims = app.signer.access_token_claims(text, &app.resource).ok_or(TokenRefusal::NotOurs)?;
    let origins = app.settings.origin_urls();
    let seen = match AppToken::read(&claims, &origins, &app.resource) {
        Some(token) => Seen::App(Arc::new(SeenAppToken { token: token?, caller: Mutex::default() })),
        None => {
            let token = AccessToken::read(claims, &origins, &app.resource)?;
            Seen::Person(Arc::new(SeenToken { token, caller: Mutex::default() }))
        }
    };
    app.seen_tokens.0.insert(hash, (losses, seen.clone()));
    Ok(seen)
}
