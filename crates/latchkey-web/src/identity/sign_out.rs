//! Signing out: of one account, or of all in this browser.

use axum::body::Body;
use axum::extract::State;
use http::{Request, Response, StatusCode};
use latchkey_identity::Change;
use latchkey_identity::authorize::prompt::SignedIn;
use latchkey_identity::logout::{Leaving, leave};
use latchkey_store::StoreError;

use crate::app::App;
use crate::identity::{flow, logout, own_form, problem_page};
use crate::pages::sign_out::SignOut;
use crate::reply::{self, FormTargets};
use crate::visitor::Visitor;

/// `GET /signout`: asks first, so that a link elsewhere signs nobody out.
pub async fn get(State(app): State<App>, visitor: Visitor) -> Response<Body> {
    let accounts = match flow::signed_in(&app, &visitor).await {
        Ok(accounts) => accounts,
        Err(error) => return problem_page::unavailable(&app, &visitor, &error),
    };
    let page = SignOut {
        frame: problem_page::frame(&app, &visitor),
        app: None,
        request: None,
        onward: None,
        others: 0,
        elsewhere: accounts.iter().any(logout::is_elsewhere),
        accounts: accounts.iter().map(logout::listed).collect(),
    };
    reply::page(StatusCode::OK, &visitor, &page, &FormTargets::own())
}

/// `POST /signout`: ends the named session, or all of this browser. What an app asked for is read anew.
pub async fn post(State(app): State<App>, visitor: Visitor, request: Request<Body>) -> Response<Body> {
    let pairs = match own_form::read(&app, &visitor, request).await {
        Ok(pairs) => pairs,
        Err(response) => return *response,
    };
    let asked = match (pairs.first("tenant"), pairs.first("request")) {
        (Some(segment), Some(query)) => match logout::Asked::read(&app, &visitor, segment, query).await {
            Ok(asked) => Some(asked),
            Err(response) => return *response,
        },
        _ => None,
    };
    let accounts = match flow::signed_in(&app, &visitor).await {
        Ok(accounts) => accounts,
        Err(error) => return problem_page::unavailable(&app, &visitor, &error),
    };
    let wanted = pairs.first("account").unwrap_or_default();
    let (leaving, staying) =
        accounts.into_iter().partition(|one| wanted == "all" || one.session.id.to_string() == wanted);
    end(&app, visitor, asked.as_ref(), leaving, staying).await
}

/// Ends the sign-ins of those who leave, renews the browser's cookie, and goes on to where the app that asked for it said.
pub async fn end(
    app: &App,
    visitor: Visitor,
    asked: Option<&logout::Asked>,
    leaving: Vec<SignedIn>,
    staying: Vec<SignedIn>,
) -> Response<Body> {
    let frames = match frames(app, &leaving).await {
        Ok(frames) => frames,
        Err(error) => return problem_page::unavailable(app, &visitor, &error),
    };
    let renewed = visitor.browser.renewed();
    let address = visitor.address.to_string();
    let how = Leaving::SignedOut { through: asked.and_then(|asked| asked.client.as_ref()).map(|client| client.id) };
    let decided = app
        .store
        .decide(|| async {
            let live = app.store.sessions_in_browser(visitor.browser.hash(), visitor.now).await?;
            let renew = Change::RenewBrowser { from: visitor.browser.hash(), to: renewed.hash() };
            Ok(leave(&leaving, &live, how, visitor.now).and(renew).seen_from(&address))
        })
        .await;
    if let Err(error) = decided {
        return problem_page::unavailable(app, &visitor, &error);
    }
    let visitor = Visitor { browser: renewed, ..visitor };
    let done = logout::LoggedOut { accounts: leaving, staying: staying.len(), frames };
    match asked {
        Some(asked) => asked.after(app, &visitor, done),
        None => logout::signed_out(app, &visitor, done, None),
    }
}

/// The pages of apps that notice the end of these sign-ins.
async fn frames(app: &App, leaving: &[SignedIn]) -> Result<Vec<String>, StoreError> {
    let mut frames = Vec::new();
    for one in leaving {
        for about in app.store.signed_in_to(one.session.id).await? {
            let client = app.store.client(about.client).await?;
            frames.extend(client.and_then(|client| about.frame(&client, &app.keys.refresh_token)));
        }
    }
    Ok(frames)
}
