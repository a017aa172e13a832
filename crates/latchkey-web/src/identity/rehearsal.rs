//! The test of a sign-in by the app's owner: it begins here as a flow like any other, and ends on a page that shows each message, with
//! nothing committed. See [`latchkey_identity::client::rehearsal`].

mod messages;

use axum::body::Body;
use http::{Response, StatusCode};
use latchkey_identity::Change;
use latchkey_identity::account::{Account, AccountId};
use latchkey_identity::authorize::flow::Kept;
use latchkey_identity::authorize::response::Approved;
use latchkey_identity::authorize::{AuthorizationResponse, Flow};
use latchkey_identity::claims::UserClaims;
use latchkey_identity::client::rehearsal::{Facts, Rehearsal};
use latchkey_identity::scope::OPENID;
use latchkey_identity::token::client_info;
use latchkey_jose::unverified;
use latchkey_store::StoreError;
use url::form_urlencoded;

use crate::app::{App, entropy};
use crate::identity::flow::{self, Deliberation, Opened};
use crate::identity::{apis, front_channel, problem_page};
use crate::pages::rehearsal::{Message, Rehearsed};
use crate::reply::{self, FormTargets};
use crate::visitor::{self, Visitor};

/// Begins one: the pages of a sign-in follow.
pub async fn begin(app: &App, visitor: &Visitor, rehearsal: Rehearsal<'_>, by: AccountId) -> Response<Body> {
    if let Some(refused) = flow::too_many(app, visitor) {
        return refused;
    }
    let client = rehearsal.client();
    let request = rehearsal.request(&visitor::token());
    let parameters = form_urlencoded::Serializer::new(String::new()).extend_pairs(request).finish();
    let kept = Kept {
        client: client.id,
        segment: &client.tenant.to_string(),
        parameters: &parameters,
        origin: &visitor.origin.url,
        device: None,
        rehearsed_by: Some(by),
    };
    match flow::start(app, visitor, &kept).await {
        Ok(id) => reply::see_other(visitor, &format!("/consent?flow={id}")),
        Err(error) => problem_page::unavailable(app, visitor, &error),
    }
}

/// Ends one that was approved: `changes` would have been committed, and go no further than to its page.
pub async fn approved(
    app: &App,
    visitor: &Visitor,
    opened: &Opened,
    deliberation: &Deliberation,
    approved: &Approved,
    changes: &[Change],
) -> Response<Body> {
    let told = async {
        let asked = &opened.asked;
        let account = &deliberation.signed_in.account;
        let Some(by) = rehearsing(app, visitor, opened).await? else { return Ok(None) };
        let Ok(rehearsal) = Rehearsal::of(&asked.client, &by) else { return Ok(None) };
        let redirect = asked.request.clone().issued_by(&visitor.origin.url, deliberation.tenant).redirect;
        let info = asked.request.client_info.then(|| client_info(account));
        let response = front_channel::answer(app, redirect, approved, info)?;
        let scopes = asked.request.scopes.canonical();
        let api = apis::named(app, &scopes).await?;
        let facts = Facts { account, api: api.as_deref(), key: &app.keys.refresh_token };
        let state = messages::state(opened);
        let mut told = messages::request(opened);
        told.extend([messages::response(&response), messages::token_request(opened, &state, &response)]);
        let issue = match rehearsal.redeem(changes, &state, facts, visitor.now, &mut entropy()) {
            Ok(issue) => issue,
            Err(error) => {
                told.push(messages::refusal(&error));
                return Ok(Some(told));
            }
        };
        let tokens = app.signer.token_response(&issue, &app.resource);
        let tokens = tokens.ok_or_else(|| StoreError::Unavailable("signing key".into()))?;
        told.push(messages::tokens(&tokens));
        let claims = unverified::decode_for_display(&tokens.access_token).map(|token| token.payload);
        let subject = claims.as_ref().and_then(|claims| claims.get("sub")?.as_str());
        if let Some(subject) = subject.filter(|_| scopes.contains(OPENID)) {
            told.extend(messages::userinfo(opened, &UserClaims::of(account, subject.to_owned(), &scopes)));
        }
        Ok(Some(told))
    };
    match told.await {
        Ok(told) => finish(app, visitor, opened, told).await,
        Err(error) => problem_page::unavailable(app, visitor, &error),
    }
}

/// Ends one that came to an error for the app.
pub async fn refused(
    app: &App,
    visitor: &Visitor,
    opened: &Opened,
    response: &AuthorizationResponse,
) -> Response<Body> {
    match rehearsing(app, visitor, opened).await {
        Ok(by) => {
            let told =
                by.map(|_| messages::request(opened).into_iter().chain([messages::response(response)]).collect());
            finish(app, visitor, opened, told).await
        }
        Err(error) => problem_page::unavailable(app, visitor, &error),
    }
}

/// Ends one whose request does not count any more: nobody is sent to the app to be told.
pub async fn broken_off(app: &App, visitor: &Visitor, flow: &Flow) -> Response<Body> {
    match flow::end(app, flow, visitor.now).await {
        Ok(()) => problem_page::rehearsal_refused(app, visitor),
        Err(error) => problem_page::unavailable(app, visitor, &error),
    }
}

/// Whoever began it, if they are still signed in here and the app is still theirs.
async fn rehearsing(app: &App, visitor: &Visitor, opened: &Opened) -> Result<Option<Account>, StoreError> {
    let Some(by) = opened.flow.rehearsed_by else { return Ok(None) };
    let here = flow::signed_in(app, visitor).await?.into_iter().map(|one| one.account).find(|account| account.id == by);
    Ok(here.filter(|account| Rehearsal::of(&opened.asked.client, account).is_ok()))
}

/// The page of each message. The flow is over, whatever came of it.
async fn finish(app: &App, visitor: &Visitor, opened: &Opened, told: Option<Vec<Message>>) -> Response<Body> {
    if let Err(error) = flow::end(app, &opened.flow, visitor.now).await {
        return problem_page::unavailable(app, visitor, &error);
    }
    let Some(messages) = told else { return problem_page::flow_gone(app, visitor) };
    let page = Rehearsed {
        frame: problem_page::frame(app, visitor),
        app: opened.asked.client.name.clone(),
        client_id: opened.asked.client.id.to_string(),
        messages,
    };
    reply::page(StatusCode::OK, visitor, &page, &FormTargets::own())
}
