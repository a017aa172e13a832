//! The token endpoint of the older kind: asked and answered in the old shapes, decided by the rules of every token.

use axum::body::Body;
use axum::extract::State;
use http::header::{HeaderValue, RETRY_AFTER};
use http::{Request, Response, StatusCode};
use latchkey_identity::client::ClientId;
use latchkey_identity::client_auth::AuthenticatedClient;
use latchkey_identity::client_auth::legacy_assertion::{Assertion, authenticate};
use latchkey_identity::grant::authorization_code::{CodeRequest, Redemption};
use latchkey_identity::grant::refresh_token::{RefreshRequest, Rotation};
use latchkey_identity::legacy::rotation::made_with;
use latchkey_identity::legacy::token::{TokenRequest, redeem, rotate};
use latchkey_identity::legacy::{LegacyError, Reason};
use latchkey_identity::token::Issue;
use latchkey_identity::{Decision, Timestamp};
use latchkey_store::StoreError;
use serde::Serialize;
use uuid::Uuid;

use super::notice::{self, Notice};
use crate::app::{App, entropy};
use crate::extract::client_form;
use crate::identity::redeem::is_spent;
use crate::reply;
use crate::settings::Origin;
use crate::visitor;

/// A refusal, or that there is no answer now.
enum Refused {
    Told(LegacyError),
    Store(StoreError),
}

impl From<LegacyError> for Refused {
    fn from(error: LegacyError) -> Self {
        Self::Told(error)
    }
}

impl From<StoreError> for Refused {
    fn from(error: StoreError) -> Self {
        Self::Store(error)
    }
}

/// What came of a request, and the client that authenticated with it.
struct Answered {
    client: Option<ClientId>,
    issued: Result<Issue, Refused>,
}

impl From<Refused> for Answered {
    fn from(refused: Refused) -> Self {
        Self { client: None, issued: Err(refused) }
    }
}

/// `POST /oauth2/token`.
pub async fn post(State(app): State<App>, request: Request<Body>) -> Response<Body> {
    let now = app.now();
    let origin = request.extensions().get::<Origin>().map(|origin| origin.url.to_string()).unwrap_or_default();
    let Answered { client, issued } = answer(&app, request, now).await.unwrap_or_else(Answered::from);
    // What was issued is issued: the answer does not wait for more than the store can say now.
    let notice = about(&app, issued.as_ref().ok(), client).await.unwrap_or_default();
    let mut response = match issued {
        Ok(issue) => success(&app, &issue),
        Err(Refused::Told(error)) => refused(StatusCode::BAD_REQUEST, &error),
        Err(Refused::Store(error)) => unavailable(&error),
    };
    notice.add_to(response.headers_mut(), &origin);
    reply::no_store(&mut response);
    response
}

/// What is told of the organizations that the answer is about: the authorization's if there is one, and the app's otherwise.
async fn about(app: &App, issue: Option<&Issue>, client: Option<ClientId>) -> Result<Notice, StoreError> {
    let authorization = match issue {
        Some(issue) => app.store.authorization(issue.authorization()).await?,
        None => None,
    };
    let organizations = match (authorization, client) {
        (Some(authorization), _) => notice::organizations_of(&authorization),
        (None, Some(client)) => app.store.legacy_app(client).await?.map(|app| app.organizations).unwrap_or_default(),
        (None, None) => Vec::new(),
    };
    Notice::of(app, organizations).await
}

/// Authenticates the client and issues what it asks for. `Err`: refused before it was known who asks.
async fn answer(app: &App, request: Request<Body>, now: Timestamp) -> Result<Answered, Refused> {
    let (parts, body) = request.into_parts();
    let address = visitor::address(&parts).to_string();
    let form = client_form(&parts.headers, body).await.map_err(|error| LegacyError::of_form(&error))?;
    form.once().map_err(|error| LegacyError::of_form(&error))?;
    let assertion = Assertion::read(&form)?;
    let client = app.store.client(assertion.client).await?;
    let client = authenticate(&assertion, client.as_deref(), &app.keys.client_secret, now)?;
    let id = assertion.secret_of(client.client(), &app.keys.client_secret).unwrap_or_default();
    let secret = UsedSecret { client: assertion.client, id };
    let issued = match TokenRequest::read(&form, client.client(), &app.keys.refresh_token) {
        Err(error) => Err(error.into()),
        Ok(TokenRequest::Code(request)) => code(app, &client, secret, &request, &address, now).await,
        Ok(TokenRequest::Refresh(request)) => refresh(app, &client, secret, &request, &address, now).await,
    };
    Ok(Answered { client: Some(client.client().id), issued })
}

/// The secret that a request was authenticated with.
#[derive(Clone, Copy)]
struct UsedSecret {
    client: ClientId,
    id: Uuid,
}

impl UsedSecret {
    /// The refusal, if the secret was replaced or removed since.
    async fn is_gone(self, app: &App) -> Result<Option<LegacyError>, StoreError> {
        let client = app.store.client(self.client).await?;
        let there = client.is_some_and(|client| client.secrets.iter().any(|kept| kept.id == self.id));
        Ok((!there).then(|| LegacyError::new(Reason::InvalidClientSecret, "the client secret was replaced or removed")))
    }
}

async fn code(
    app: &App,
    client: &AuthenticatedClient<'_>,
    secret: UsedSecret,
    request: &CodeRequest,
    address: &str,
    now: Timestamp,
) -> Result<Issue, Refused> {
    let hash = request.code.hash();
    let issued: Result<Result<Issue, LegacyError>, StoreError> = app
        .store
        .decide(|| async {
            if let Some(gone) = secret.is_gone(app).await? {
                return Ok(Decision::refuse(gone));
            }
            let found = app.store.code(hash).await?;
            let (mut person, mut spent) = (None, false);
            if let Some((code, authorization)) = &found {
                if let Some(ended) = notice::refusal(app, authorization, now).await? {
                    return Ok(Decision::refuse(ended));
                }
                person = app.store.account(code.account).await?;
                spent = is_spent(app, code).await?;
            }
            let facts = Redemption {
                spent,
                code: found.as_ref().map(|(code, authorization)| (code, authorization)),
                account: person.as_ref().map(|person| &person.account),
                api: None,
                key: &app.keys.refresh_token,
            };
            let decision = redeem(request, client, facts, now, &mut entropy());
            Ok(made_with(decision, client.client().id, secret.id).seen_from(address))
        })
        .await;
    Ok(issued??)
}

async fn refresh(
    app: &App,
    client: &AuthenticatedClient<'_>,
    secret: UsedSecret,
    request: &RefreshRequest,
    address: &str,
    now: Timestamp,
) -> Result<Issue, Refused> {
    let family = request.token.family;
    let issued: Result<Result<Issue, LegacyError>, StoreError> = app
        .store
        .decide(|| async {
            if let Some(gone) = secret.is_gone(app).await? {
                return Ok(Decision::refuse(gone));
            }
            let found = app.store.family(family).await?;
            let mut person = None;
            if let Some((family, authorization)) = &found {
                if let Some(ended) = notice::refusal(app, authorization, now).await? {
                    return Ok(Decision::refuse(ended));
                }
                person = app.store.account(family.account).await?;
            }
            let facts = Rotation {
                family: found.as_ref().map(|(family, authorization)| (family, authorization)),
                account: person.as_ref().map(|person| &person.account),
                api: None,
                resource: &app.resource,
                key: &app.keys.refresh_token,
            };
            let decision = rotate(request, client, facts, now, &mut entropy());
            Ok(made_with(decision, client.client().id, secret.id).seen_from(address))
        })
        .await;
    Ok(issued??)
}

fn success(app: &App, issue: &Issue) -> Response<Body> {
    match app.signer.legacy_token_response(issue, &app.resource) {
        Some(answer) => reply::json(StatusCode::OK, &answer),
        None => {
            tracing::error!("a token could not be signed");
            let error = LegacyError::new(Reason::ServerError, "the server cannot sign now");
            refused(StatusCode::SERVICE_UNAVAILABLE, &error)
        }
    }
}

/// The two members that clients of this kind read, with their capitals.
#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
struct ErrorBody<'a> {
    error: &'a str,
    error_description: &'a str,
}

fn refused(status: StatusCode, error: &LegacyError) -> Response<Body> {
    reply::json(status, &ErrorBody { error: error.reason.error(), error_description: &error.description })
}

fn unavailable(error: &StoreError) -> Response<Body> {
    tracing::error!(%error, "the store did not answer");
    let error = LegacyError::new(Reason::ServerError, "the server cannot answer now; nothing was changed");
    let mut response = refused(StatusCode::SERVICE_UNAVAILABLE, &error);
    response.headers_mut().insert(RETRY_AFTER, HeaderValue::from_static("2"));
    response
}
