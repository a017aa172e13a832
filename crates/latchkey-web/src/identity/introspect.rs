//! The introspection endpoint, [RFC 7662 §2]: what a token is worth at this moment. One read at most.

use axum::body::Body;
use axum::extract::{Path, State};
use http::{Request, Response, StatusCode};
use latchkey_identity::Timestamp;
use latchkey_identity::token::introspection::{Introspection, Live, introspect, may_ask};
use latchkey_identity::token::refresh_token::RefreshToken;

use crate::app::App;
use crate::bearer::{self, BearerError, Holder};
use crate::identity::client_request::{ClientRequest, answer_client};
use crate::identity::problem::OAuthProblem;
use crate::identity::{authorization_details, signed_answer};
use crate::reply;

/// `POST /{t}/oauth2/v2.0/introspect`.
pub async fn post(State(app): State<App>, Path(segment): Path<String>, request: Request<Body>) -> Response<Body> {
    let now = app.now();
    let (parts, body) = request.into_parts();
    let request = match ClientRequest::read(&app, &parts, &segment, body).await {
        Ok(request) => request,
        Err(problem) => return answer_client(&parts.headers, None, Err(problem), now),
    };
    let answered = async {
        let mut found = look(&app, &request, now).await?;
        if let Some(details) = &mut found.authorization_details {
            authorization_details::name(&app, details).await;
        }
        let mut response = match &request.client {
            Some(client) if signed_answer::wants_signed_introspection(&parts.headers) => {
                signed_answer::introspection(&app, request.issuer(client), client, found, now).await?
            }
            _ => reply::json(StatusCode::OK, &found),
        };
        reply::no_store(&mut response);
        Ok(response)
    };
    answer_client(&parts.headers, request.client.as_deref(), answered.await, now)
}

async fn look(app: &App, request: &ClientRequest, now: Timestamp) -> Result<Introspection, OAuthProblem> {
    let client = request.authenticate(app, now).await?;
    may_ask(&client)?;
    let text = request.form.require("token")?;
    if let Some(token) = RefreshToken::read(text, &app.keys.refresh_token) {
        let Some((family, authorization)) = app.store.family(token.family).await? else {
            return Ok(introspect(None, &client, &app.resource, now));
        };
        let person = app.store.account(family.account).await?;
        let account = person.as_ref().map(|person| &person.account);
        let key = &app.keys.refresh_token;
        let live = Live::Refresh { token, family: &family, authorization: &authorization, account, key };
        return Ok(introspect(Some(live), &client, &app.resource, now));
    }
    Ok(match bearer::anybody(app, text, now).await {
        Ok(Holder::Person(bearer)) => {
            let (authorization, account) = (&bearer.authorization, &bearer.person.account);
            introspect(
                Some(Live::Access { token: &bearer.token, authorization, account, client: &bearer.client }),
                &client,
                &app.resource,
                now,
            )
        }
        Ok(Holder::App(bearer)) => {
            introspect(Some(Live::App { token: &bearer.token, client: &bearer.client }), &client, &app.resource, now)
        }
        Err(BearerError::Refused(_) | BearerError::Unproven(_)) => introspect(None, &client, &app.resource, now),
        Err(BearerError::Store(error)) => return Err(error.into()),
    })
}
