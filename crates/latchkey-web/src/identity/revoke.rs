//! The revocation endpoint, [RFC 7009 §2]: a client gives a token back.

use axum::body::Body;
use axum::extract::{Path, State};
use http::{Request, Response};
use latchkey_identity::token::refresh_token::RefreshToken;
use latchkey_identity::token::revocation::{GivenBack, revoke};
use latchkey_identity::{OAuthError, Timestamp};
use latchkey_store::StoreError;

use crate::app::App;
use crate::bearer::{self, Seen};
use crate::identity::client_request::{ClientRequest, answer_client};
use crate::identity::problem::OAuthProblem;
use crate::reply;
use crate::visitor;

/// `POST /{t}/oauth2/v2.0/revoke`.
pub async fn post(State(app): State<App>, Path(segment): Path<String>, request: Request<Body>) -> Response<Body> {
    let now = app.now();
    let (parts, body) = request.into_parts();
    let address = visitor::address(&parts).to_string();
    let request = match ClientRequest::read(&app, &parts, &segment, body).await {
        Ok(request) => request,
        Err(problem) => return answer_client(&parts.headers, None, Err(problem), now),
    };
    let answered = end(&app, &request, &address, now).await.map(|()| {
        let mut response = Response::new(Body::empty());
        reply::no_store(&mut response);
        response
    });
    answer_client(&parts.headers, request.client.as_deref(), answered, now)
}

async fn end(app: &App, request: &ClientRequest, address: &str, now: Timestamp) -> Result<(), OAuthProblem> {
    let client = request.authenticate(app, now).await?;
    let text = request.form.require("token")?;
    let refresh = RefreshToken::read(text, &app.keys.refresh_token);
    // A refresh token is no JWT: there is no signature to check.
    let seen = if refresh.is_some() { None } else { bearer::read(app, text).ok() };
    let ended: Result<Result<(), OAuthError>, StoreError> = app
        .store
        .decide(|| async {
            let decision = match (refresh, &seen) {
                (Some(token), _) => match app.store.family(token.family).await? {
                    Some((family, _)) => revoke(GivenBack::Refresh(&family), &client, now),
                    None => revoke(GivenBack::Nothing, &client, now),
                },
                (None, Some(Seen::Person(token))) => {
                    let (family, authorization) = (token.id.family, token.id.authorization);
                    match app.store.authorization(authorization).await? {
                        Some(_) if app.store.family_ended(family) => revoke(GivenBack::Nothing, &client, now),
                        Some(authorization) => revoke(GivenBack::Access(family, &authorization), &client, now),
                        None => revoke(GivenBack::Nothing, &client, now),
                    }
                }
                (None, Some(Seen::App(token))) if app.store.app_token_ended(token.id.unique) => {
                    revoke(GivenBack::Nothing, &client, now)
                }
                (None, Some(Seen::App(token))) => revoke(GivenBack::App(token), &client, now),
                (None, None) => revoke(GivenBack::Nothing, &client, now),
            };
            Ok(decision.seen_from(address))
        })
        .await;
    Ok(ended??)
}
