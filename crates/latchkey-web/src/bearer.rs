//! Access tokens that come in, by whatever transport: the signature once, everything that may have changed since on each request.

use std::ops::Deref;
use std::sync::{Arc, Mutex, PoisonError};

use latchkey_devops::access::Caller;
use latchkey_identity::Timestamp;
use latchkey_identity::authorization::Authorization;
use latchkey_identity::client::Client;
use latchkey_identity::token::access_token::{AccessToken, TokenRefusal};
use latchkey_jose::digest::sha256;
use latchkey_store::StoreError;
use latchkey_store::identity::Person;
use quick_cache::sync::Cache;

use crate::app::App;

/// Tokens whose signature held, by the hash of their text. Whether they still count is not remembered.
pub struct SeenTokens(Cache<[u8; 32], Arc<SeenToken>>);

impl Default for SeenTokens {
    fn default() -> Self {
        Self(Cache::new(65_536))
    }
}

/// A token whose signature held, and what the DevOps side made of it.
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

/// A token that holds at this moment, with everything that it hangs below.
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

/// Why no bearer came of a token.
#[derive(Debug, thiserror::Error)]
pub enum BearerError {
    /// The token is refused.
    #[error(transparent)]
    Refused(#[from] TokenRefusal),
    /// The store did not answer: nothing is accepted on its word.
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// Reads a token and checks it against what is true now. `audience` is whom it has to be for, if that matters.
pub async fn authenticate(
    app: &App,
    text: &str,
    audience: Option<&str>,
    now: Timestamp,
) -> Result<Bearer, BearerError> {
    let token = read(app, text)?;
    if audience.is_some_and(|audience| token.audience != audience) {
        return Err(TokenRefusal::WrongAudience.into());
    }
    let authorization =
        app.store.authorization(token.id.authorization).await?.ok_or(TokenRefusal::AuthorizationEnded)?;
    let person = app.store.account(authorization.account).await?;
    let client = app.store.client(authorization.client).await?;
    let family_ended = app.store.family_ended(token.id.family);
    let account = person.as_ref().map(|person| &person.account);
    token.check(Some(&authorization), family_ended, account, client.as_deref(), now)?;
    let (Some(person), Some(client)) = (person, client) else { return Err(TokenRefusal::NotOurs.into()) };
    Ok(Bearer { token, authorization, person, client })
}

fn read(app: &App, text: &str) -> Result<Arc<SeenToken>, TokenRefusal> {
    let hash = sha256(text);
    if let Some(seen) = app.seen_tokens.0.get(&hash) {
        return Ok(seen);
    }
    let claims = app.signer.access_token_claims(text).ok_or(TokenRefusal::NotOurs)?;
    let token = AccessToken::read(claims, &app.settings.origin_urls())?;
    let token = Arc::new(SeenToken { token, caller: Mutex::default() });
    app.seen_tokens.0.insert(hash, Arc::clone(&token));
    Ok(token)
}
