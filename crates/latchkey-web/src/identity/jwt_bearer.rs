//! JWT bearer on behalf of a person, [RFC 7523 §2.1]: a token that an app was called with, for one of its own.

use latchkey_identity::client_auth::AuthenticatedClient;
use latchkey_identity::grant::jwt_bearer::{Facts, OnBehalfOfRequest, may_act, on_behalf_of, unacceptable};
use latchkey_identity::parameters::Parameters;
use latchkey_identity::tenant::Audience;
use latchkey_identity::token::Issue;
use latchkey_identity::{Decision, OAuthError, Timestamp};
use latchkey_store::StoreError;

use super::problem::OAuthProblem;
use super::token::issues_for;
use super::{apis, authorization_details};
use crate::app::{App, entropy};
use crate::bearer::{self, BearerError, Holder};

/// The grant of an app that was called.
pub(super) async fn jwt_bearer(
    app: &App,
    audience: &Audience,
    client: &AuthenticatedClient<'_>,
    form: &Parameters,
    address: &str,
    now: Timestamp,
) -> Result<Issue, OAuthProblem> {
    may_act(client)?;
    let request = OnBehalfOfRequest::read(form, client.client(), &app.resource)?;
    let api = apis::named(app, &request.scopes.canonical()).await?;
    let details = authorization_details::located(app, client, form).await?;
    let decided: Result<Result<Issue, OAuthError>, StoreError> = app
        .store
        .decide(|| async {
            // What was revoked meanwhile is seen when it is decided again.
            let caller = match bearer::anybody(app, request.assertion.reveal(), now).await {
                Ok(Holder::Person(caller)) => caller,
                Ok(Holder::App(_)) => return Ok(Decision::refuse(unacceptable("the assertion is about no person"))),
                Err(BearerError::Store(error)) => return Err(error),
                Err(BearerError::Refused(_) | BearerError::Unproven(_)) => {
                    return Ok(Decision::refuse(unacceptable("the assertion is no access token that holds")));
                }
            };
            let (given, account) = (&caller.authorization, &caller.person.account);
            if !issues_for(audience, given.tenant) {
                return Ok(Decision::refuse(unacceptable("the assertion was issued at another tenant")));
            }
            // As the database has it: another server may have changed it just now.
            let Some((family, given)) = app.store.family(caller.token.id.family).await? else {
                return Ok(Decision::refuse(unacceptable("the assertion was revoked")));
            };
            let own = app.store.authorization_for(given.tenant, account.id, client.client().id).await?;
            let facts = Facts {
                assertion: &caller.token,
                given: &given,
                family: &family,
                own: own.as_ref(),
                account,
                api: api.as_deref(),
                details: details.as_ref(),
                key: &app.keys.refresh_token,
            };
            Ok(on_behalf_of(&request, client, facts, now, &mut entropy()).seen_from(address))
        })
        .await;
    Ok(decided??)
}
