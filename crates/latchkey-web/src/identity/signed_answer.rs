//! Answers that a client wants signed: UserInfo, introspection, and those of the authorization endpoint.

use axum::body::Body;
use http::Response;
use http::header::{ACCEPT, HeaderMap};
use latchkey_identity::authorize::AuthorizationResponse;
use latchkey_identity::client::Client;
use latchkey_identity::token::introspection::{Introspection, SignedIntrospection};
use latchkey_identity::userinfo::SignedUserInfo;
use latchkey_identity::{OAuthError, Timestamp};
use latchkey_jose::Algorithm;
use serde::Serialize;

use crate::app::App;
use crate::reply;

/// The type of a signed answer of introspection. [RFC 9701 §5]
const INTROSPECTION: &str = "application/token-introspection+jwt";

/// Signs by an algorithm; its key is made here if there is none yet.
async fn sign(app: &App, algorithm: Algorithm, typ: &str, claims: &impl Serialize) -> Result<String, OAuthError> {
    let cannot = || OAuthError::temporarily_unavailable("the server cannot sign now");
    app.begin_to_sign_with(algorithm).await.map_err(|_| cannot())?;
    app.signer.sign(algorithm, typ, claims).ok_or_else(cannot)
}

/// UserInfo as a token. [OpenID Connect Core §5.3.2]
pub(super) async fn userinfo(
    app: &App,
    algorithm: Algorithm,
    claims: &SignedUserInfo,
) -> Result<Response<Body>, OAuthError> {
    Ok(reply::jwt("application/jwt", sign(app, algorithm, "JWT", claims).await?))
}

/// Whether an answer of introspection is wanted signed. [RFC 9701 §4]
pub(super) fn wants_signed_introspection(headers: &HeaderMap) -> bool {
    let accepted = headers.get_all(ACCEPT).into_iter().filter_map(|accept| accept.to_str().ok());
    let mut types = accepted.flat_map(|accept| accept.split(','));
    types.any(|one| one.split(';').next().is_some_and(|one| one.trim().eq_ignore_ascii_case(INTROSPECTION)))
}

/// Introspection as a token, which a resource server can keep as a proof. [RFC 9701 §5]
pub(super) async fn introspection(
    app: &App,
    issuer: String,
    client: &Client,
    token_introspection: Introspection,
    now: Timestamp,
) -> Result<Response<Body>, OAuthError> {
    let claims = SignedIntrospection {
        iss: issuer,
        aud: client.identifier().to_string(),
        iat: now.as_secs(),
        token_introspection,
    };
    let token = sign(app, client.introspection_algorithm(), "token-introspection+jwt", &claims).await?;
    Ok(reply::jwt(INTROSPECTION, token))
}

/// An answer of the authorization endpoint as it travels: signed, if the client asked for that. [JARM §2]
pub(super) fn authorization(
    app: &App,
    client: &Client,
    response: &AuthorizationResponse,
    now: Timestamp,
) -> Option<AuthorizationResponse> {
    match response.to_sign(client, now) {
        None => Some(response.clone()),
        Some(claims) => {
            let signed = app.signer.sign(client.authorization_response_algorithm(), "JWT", &claims)?;
            Some(response.clone().signed(signed))
        }
    }
}
