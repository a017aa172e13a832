//! Refreshing, [RFC 6749 §6]: by what is remembered of the family if that is enough, else by the database.

use latchkey_identity::authorization::Authorization;
use latchkey_identity::client_auth::AuthenticatedClient;
use latchkey_identity::grant::refresh_token::{self, RefreshRequest, Rotation};
use latchkey_identity::parameters::Parameters;
use latchkey_identity::tenant::Audience;
use latchkey_identity::token::Issue;
use latchkey_identity::token::family::TokenFamily;
use latchkey_identity::{Decision, Timestamp};
use latchkey_store::StoreError;

use super::problem::OAuthProblem;
use super::remembered::{self, Asked};
use super::token::issues_for;
use super::{apis, authorization_details};
use crate::app::{App, entropy};

/// The grant of a refresh token.
pub(super) async fn refresh_token(
    app: &App,
    audience: &Audience,
    client: &AuthenticatedClient<'_>,
    form: &Parameters,
    address: &str,
    now: Timestamp,
) -> Result<Issue, OAuthProblem> {
    let details = authorization_details::located(app, client, form).await?;
    let request = RefreshRequest { details, ..RefreshRequest::read(form, &app.keys.refresh_token)? };
    let refresh = Refresh { app, audience, client, request, address, now };
    Ok(remembered::decide(&app.store, &refresh).await??)
}

/// A refresh that was asked for.
struct Refresh<'a> {
    app: &'a App,
    audience: &'a Audience,
    client: &'a AuthenticatedClient<'a>,
    request: RefreshRequest,
    address: &'a str,
    now: Timestamp,
}

impl Asked for Refresh<'_> {
    /// A rotation, if that is what comes of what is remembered: it is guarded. Memory may be behind, so it decides nothing else.
    async fn by_memory(&self) -> Result<Option<Decision<Issue>>, StoreError> {
        let remembered = self.app.store.remembered_family(self.request.token.family).await?;
        let Some((family, authorization)) = remembered else { return Ok(None) };
        let decision = self.decide(Some((&family, &authorization))).await?;
        let rotates = decision.answer.is_ok() && !decision.changes.is_empty();
        Ok(rotates.then_some(decision))
    }

    async fn by_the_database(&self) -> Result<Decision<Issue>, StoreError> {
        let found = self.app.store.family(self.request.token.family).await?;
        self.decide(found.as_ref().map(|(family, authorization)| (family, authorization))).await
    }
}

impl Refresh<'_> {
    async fn decide(&self, found: Option<(&TokenFamily, &Authorization)>) -> Result<Decision<Issue>, StoreError> {
        let Self { app, audience, client, request, address, now } = self;
        let family = found.filter(|(family, _)| issues_for(audience, family.tenant));
        let person = match family {
            Some((family, _)) => app.store.account(family.account).await?,
            None => None,
        };
        let api = match family {
            Some((family, _)) => apis::named(app, &family.scopes).await?,
            None => None,
        };
        let facts = Rotation {
            family,
            api: api.as_deref(),
            account: person.as_ref().map(|person| &person.account),
            resource: &app.resource,
            key: &app.keys.refresh_token,
        };
        Ok(refresh_token::rotate(request, client, facts, *now, &mut entropy()).seen_from(address))
    }
}
