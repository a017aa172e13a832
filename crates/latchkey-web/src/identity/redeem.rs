//! Redeeming an authorization code, [RFC 6749 §4.1.3]: by what is remembered of it if that is enough, else by the database.

use latchkey_identity::authorization::Authorization;
use latchkey_identity::client_auth::AuthenticatedClient;
use latchkey_identity::grant::authorization_code::{self, AuthorizationCode, CodeRequest, Redemption};
use latchkey_identity::parameters::Parameters;
use latchkey_identity::tenant::Audience;
use latchkey_identity::token::Issue;
use latchkey_identity::{Decision, OAuthError, Timestamp};
use latchkey_store::StoreError;

use super::problem::OAuthProblem;
use super::remembered::{self, Asked};
use super::token::issues_for;
use super::{apis, authorization_details};
use crate::app::{App, entropy};

/// The grant of an authorization code.
pub(super) async fn authorization_code(
    app: &App,
    audience: &Audience,
    client: &AuthenticatedClient<'_>,
    form: &Parameters,
    address: &str,
    now: Timestamp,
) -> Result<Issue, OAuthProblem> {
    let details = authorization_details::located(app, client, form).await?;
    let request = CodeRequest { details, ..CodeRequest::read(form)? };
    let redeem = Redeem { app, audience, client, request, address, now };
    Ok(remembered::decide(&app.store, &redeem).await??)
}

/// A redemption that was asked for.
struct Redeem<'a> {
    app: &'a App,
    audience: &'a Audience,
    client: &'a AuthenticatedClient<'a>,
    request: CodeRequest,
    address: &'a str,
    now: Timestamp,
}

impl Asked for Redeem<'_> {
    /// Tokens, if that is what comes of what is remembered: each code is redeemed under a guard. Memory may be behind, so it decides
    /// nothing else.
    async fn by_memory(&self) -> Result<Option<Decision<Issue>>, StoreError> {
        let remembered = self.app.store.remembered_code(self.request.code.hash()).await?;
        let Some((code, authorization)) = remembered else { return Ok(None) };
        let decision = self.decide(Some((&code, &authorization))).await?;
        Ok(decision.answer.is_ok().then_some(decision))
    }

    async fn by_the_database(&self) -> Result<Decision<Issue>, StoreError> {
        let found = self.app.store.code(self.request.code.hash()).await?;
        self.decide(found.as_ref().map(|(code, authorization)| (code, authorization))).await
    }
}

impl Redeem<'_> {
    async fn decide(&self, code: Option<(&AuthorizationCode, &Authorization)>) -> Result<Decision<Issue>, StoreError> {
        let Self { app, audience, client, request, address, now } = self;
        if code.is_some_and(|(code, _)| !issues_for(audience, code.tenant)) {
            return Ok(Decision::refuse(
                OAuthError::invalid_grant("the code was issued at another tenant").numbered(700_005),
            ));
        }
        let person = match code {
            Some((code, _)) => app.store.account(code.account).await?,
            None => None,
        };
        let account = person.as_ref().map(|person| &person.account);
        let api = match code {
            Some((code, _)) => apis::named(app, &code.scopes).await?,
            None => None,
        };
        let spent = match code {
            Some((code, _)) => is_spent(app, code).await?,
            None => false,
        };
        let facts = Redemption { code, account, spent, api: api.as_deref(), key: &app.keys.refresh_token };
        Ok(authorization_code::redeem(request, client, facts, *now, &mut entropy()).seen_from(address))
    }
}

/// Whether a code was redeemed, and what it produced has ended.
pub(crate) async fn is_spent(app: &App, code: &AuthorizationCode) -> Result<bool, StoreError> {
    match code.redeemed_at {
        None => Ok(false),
        Some(_) => Ok(app.store.family(code.family).await?.is_none_or(|(family, _)| family.ended_at.is_some())),
    }
}
