//! Sign-in with a password: the page, the throttle, the hash on its own threads, the new cookie.

use axum::body::Body;
use axum::extract::{Query, State};
use http::header::{HeaderValue, RETRY_AFTER};
use http::{Request, Response, StatusCode};
use latchkey_identity::account::{Account, email_key};
use latchkey_identity::limits;
use latchkey_identity::session::Session;
use latchkey_identity::sign_in::password::{Comparison, SignInContext, SignInRefused, sign_in};
use latchkey_identity::sign_in::throttle::Attempt;
use latchkey_identity::sign_in::upstream::passwords_count;
use latchkey_identity::throttle::{Wait, network};
use latchkey_store::StoreError;
use serde::Deserialize;

use crate::app::{App, entropy};
use crate::extract::form;
use crate::forms;
use crate::identity::flow::{self, Opened};
use crate::identity::known_device::KnownDevice;
use crate::identity::upstream::{self, Errand, NotSent, Offered};
use crate::identity::{guesses, problem_page};
use crate::pages::Remaining;
use crate::pages::sign_in::{SignIn, SignInTrouble};
use crate::reply::{self, FormTargets};
use crate::visitor::{self, Visitor};

/// The longest address that fits into the form. [RFC 5321 §4.5.3.1.3]
const LONGEST_EMAIL: usize = 254;

/// The query of the sign-in page.
#[derive(Deserialize)]
pub struct SignInQuery {
    /// The flow that it is for.
    flow: Option<String>,
    /// Or the page of ours that comes after it.
    next: Option<String>,
    /// Another account than those that are signed in.
    another: Option<String>,
    /// Who is about to sign in, where no flow says it.
    login_hint: Option<String>,
    /// Whether a form was sent that could not count any more.
    lost: Option<String>,
}

/// `GET /signin`.
pub async fn get(State(app): State<App>, visitor: Visitor, Query(query): Query<SignInQuery>) -> Response<Body> {
    let opened = match &query.flow {
        None => None,
        Some(id) => match flow::open(&app, &visitor, Some(id)).await {
            Ok(opened) => Some(opened),
            Err(response) => return *response,
        },
    };
    let hint = match &opened {
        Some(opened) if query.another.is_none() => {
            match flow::next(&app, &visitor, &opened.asked, Some(&opened.flow)).await {
                Ok(flow::Next::SignIn { email }) => email,
                Ok(_) => None,
                Err(error) => return problem_page::unavailable(&app, &visitor, &error),
            }
        }
        Some(_) => None,
        None => query.login_hint.filter(|email| email.len() <= LONGEST_EMAIL),
    };
    let next = query.next.as_deref().filter(|next| is_own_path(next)).map(str::to_owned);
    let meant = match query.another {
        None => upstream::meant(&app, opened.as_ref(), hint.as_deref()).await,
        Some(_) => Ok(None),
    };
    let trouble = match meant {
        Err(error) => return problem_page::unavailable(&app, &visitor, &error),
        Ok(None) => query.lost.map(|_| SignInTrouble::SignedOut),
        Ok(Some(provider)) => {
            let (purpose, freshness) = upstream::purpose(opened.as_ref(), next.as_deref());
            let errand = Errand { upstream: &provider, purpose, freshness, login_hint: hint.as_deref() };
            match upstream::send(&app, &visitor, errand).await {
                Ok(response) => return response,
                Err(NotSent::Answer(response)) => return *response,
                Err(NotSent::Unreachable) => Some(SignInTrouble::ProviderUnreachable),
            }
        }
    };
    show(&app, &visitor, opened.as_ref(), next, hint.unwrap_or_default(), trouble).await
}

/// The page.
pub(crate) async fn show(
    app: &App,
    visitor: &Visitor,
    opened: Option<&Opened>,
    next: Option<String>,
    email: String,
    trouble: Option<SignInTrouble>,
) -> Response<Body> {
    let has_accounts = match app.store.sessions_in_browser(visitor.browser.hash(), visitor.now).await {
        Ok(sessions) => !sessions.is_empty(),
        Err(error) => return problem_page::unavailable(app, visitor, &error),
    };
    let offered = match Offered::on(app, opened).await {
        Ok(offered) => offered,
        Err(error) => return problem_page::unavailable(app, visitor, &error),
    };
    let status = match &trouble {
        None | Some(SignInTrouble::SignedOut) => StatusCode::OK,
        Some(SignInTrouble::ProviderUnreachable) => StatusCode::BAD_GATEWAY,
        Some(SignInTrouble::Throttled(_) | SignInTrouble::Busy) => StatusCode::TOO_MANY_REQUESTS,
        Some(SignInTrouble::NoMatch | SignInTrouble::Expired | SignInTrouble::NoProvider) => {
            StatusCode::UNPROCESSABLE_ENTITY
        }
    };
    let wait = match &trouble {
        Some(SignInTrouble::Throttled(Remaining(seconds))) => Some(*seconds),
        Some(SignInTrouble::Busy) => Some(2),
        _ => None,
    };
    let page = SignIn {
        frame: problem_page::frame(app, visitor),
        flow: opened.map(|opened| opened.id.clone()),
        next,
        asking: opened.map(|opened| opened.asked.asking()),
        email,
        has_accounts,
        elsewhere: offered.shown(),
        by_address: offered.by_address,
        trouble,
    };
    let targets = opened.map_or_else(FormTargets::own, |opened| opened.asked.targets());
    let mut response = reply::page(status, visitor, &page, &targets);
    if let Some(wait) = wait {
        response.headers_mut().insert(RETRY_AFTER, HeaderValue::from(wait));
    }
    response
}

/// `POST /signin`.
pub async fn post(State(app): State<App>, visitor: Visitor, request: Request<Body>) -> Response<Body> {
    let (parts, body) = request.into_parts();
    let pairs = match form(&parts.headers, body).await {
        Ok(pairs) => pairs,
        Err(error) => return problem_page::bad_form(&app, &visitor, error),
    };
    let opened = match pairs.first("flow").filter(|flow| !flow.is_empty()) {
        None => None,
        Some(id) => match flow::open(&app, &visitor, Some(id)).await {
            Ok(opened) => Some(opened),
            Err(response) => return *response,
        },
    };
    let next = pairs.first("next").filter(|next| is_own_path(next)).map(str::to_owned);
    let email = pairs.first("email").unwrap_or_default().to_owned();
    if forms::made_here(&app, &visitor, &parts.headers, pairs.first("csrf")).is_none() {
        return show(&app, &visitor, opened.as_ref(), next, email, Some(SignInTrouble::Expired)).await;
    }
    let password = pairs.first("password").unwrap_or_default().to_owned();
    let trouble = match attempt(&app, &visitor, opened.as_ref(), &email, password).await {
        Ok((renewed, device)) => {
            let location = match (&opened, &next) {
                (Some(opened), _) => format!("/consent?flow={}", opened.id),
                (None, Some(next)) => next.clone(),
                (None, None) => "/me".to_owned(),
            };
            let signed_in = Visitor { browser: renewed, ..visitor };
            let mut response = reply::see_other(&signed_in, &location);
            visitor::DEVICE.set(response.headers_mut(), &device, signed_in.origin.secure);
            return response;
        }
        Err(Failed::Trouble(trouble)) => trouble,
        Err(Failed::Store(error)) => return problem_page::unavailable(&app, &visitor, &error),
    };
    // Where passwords do not count an address leads to the provider, whoever has it, and whether or not anybody does.
    if matches!(trouble, SignInTrouble::NoMatch) {
        match upstream::of_address(&app, &email).await {
            Err(error) => return problem_page::unavailable(&app, &visitor, &error),
            Ok(Some(provider)) if !provider.passwords => {
                let (purpose, freshness) = upstream::purpose(opened.as_ref(), next.as_deref());
                let errand = Errand { upstream: &provider, purpose, freshness, login_hint: Some(email.trim()) };
                match upstream::send(&app, &visitor, errand).await {
                    Ok(response) => return response,
                    Err(NotSent::Answer(response)) => return *response,
                    Err(NotSent::Unreachable) => {}
                }
            }
            Ok(_) => {}
        }
    }
    show(&app, &visitor, opened.as_ref(), next, email, Some(trouble)).await
}

enum Failed {
    Trouble(SignInTrouble),
    Store(StoreError),
}

impl From<StoreError> for Failed {
    fn from(error: StoreError) -> Self {
        Self::Store(error)
    }
}

/// One attempt: counted, compared, decided. Gives the browser's new cookies.
async fn attempt(
    app: &App,
    visitor: &Visitor,
    opened: Option<&Opened>,
    email: &str,
    password: String,
) -> Result<(visitor::BrowserCookie, String), Failed> {
    let key: String = email_key(email).chars().take(limits::NAME_CHARACTERS).collect();
    let network = network(visitor.address);
    let device = KnownDevice::read(visitor.device.as_deref());
    let attempt = Attempt { email_key: &key, network: &network, known_device: device.known_to(app, &key) };
    let Compared { account, comparison, .. } = compare(app, visitor, attempt, password).await?;
    let renewed = visitor.browser.renewed();
    let address = visitor.address.to_string();
    let context = SignInContext {
        browser: visitor.browser.hash(),
        renewed: renewed.hash(),
        flow: opened.map(|opened| opened.flow.id),
        address: &address,
        user_agent: &visitor.user_agent,
    };
    let decided: Result<Session, SignInRefused> = app
        .store
        .decide(|| async {
            let live = app.store.sessions_in_browser(visitor.browser.hash(), visitor.now).await?;
            Ok(sign_in(account.as_ref(), comparison, context, &live, visitor.now, &mut entropy()).seen_from(&address))
        })
        .await?;
    decided.map_err(|SignInRefused| Failed::Trouble(SignInTrouble::NoMatch))?;
    guesses::take_back(app, attempt).await;
    Ok((renewed, device.with(app, &key)))
}

/// What came of a comparison.
struct Compared {
    account: Option<Account>,
    /// What was compared with, a PHC string.
    kept: Option<String>,
    comparison: Comparison,
}

/// Whether a password is that of the account of an address: counted first, compared on the hashing pool, and nothing where passwords do not
/// count.
async fn compare(app: &App, visitor: &Visitor, attempt: Attempt<'_>, password: String) -> Result<Compared, Failed> {
    let throttled = |Wait(wait)| Failed::Trouble(SignInTrouble::Throttled(Remaining::of(wait)));
    guesses::begin(app, attempt, visitor.now).await?.map_err(throttled)?;
    let found = app.store.credentials(attempt.email_key).await?;
    let (account, kept) = found.map_or((None, None), |(account, kept)| (Some(account), kept));
    let comparison = if password.len() > *limits::PASSWORD_BYTES.end() {
        Comparison::Differs
    } else {
        match app.hashing.compare(password, kept.clone()).await {
            Ok(comparison) => comparison,
            Err(_) => {
                guesses::take_back(app, attempt).await;
                return Err(Failed::Trouble(SignInTrouble::Busy));
            }
        }
    };
    let counts = match &account {
        Some(account) => passwords_count(account, &app.store.upstreams_of(account.tenant).await?),
        None => false,
    };
    let comparison = if counts { comparison } else { Comparison::Differs };
    Ok(Compared { account, kept, comparison })
}

/// What is kept of the password of somebody who is signed in, if they show it once more. `Err` says why it was not looked at.
pub(crate) async fn shows_password(
    app: &App,
    visitor: &Visitor,
    account: &Account,
    password: String,
) -> Result<Result<Option<String>, SignInTrouble>, StoreError> {
    let (key, network) = (email_key(&account.email), network(visitor.address));
    let attempt = Attempt { email_key: &key, network: &network, known_device: None };
    match compare(app, visitor, attempt, password).await {
        Ok(Compared { account: Some(found), kept, comparison: Comparison::Matches }) if found.id == account.id => {
            guesses::take_back(app, attempt).await;
            Ok(Ok(kept))
        }
        Ok(_) => Ok(Ok(None)),
        Err(Failed::Trouble(trouble)) => Ok(Err(trouble)),
        Err(Failed::Store(error)) => Err(error),
    }
}

/// Whether `path` leads to a page of ours and nowhere else, whatever a browser makes of it.
pub fn is_own_path(path: &str) -> bool {
    let plain = |byte: u8| byte.is_ascii_graphic() && !matches!(byte, b'\\' | b'"' | b'<' | b'>');
    path.starts_with('/') && !path.starts_with("//") && path.len() <= 1_000 && path.bytes().all(plain)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_our_own_pages_come_after_a_sign_in() {
        for good in ["/", "/me", "/profile/authorizations?unused=90"] {
            assert!(is_own_path(good), "{good}");
        }
        for bad in
            ["", "me", "//evil.test", "/\\evil.test", "https://evil.test", "/a b", "/a\r\nSet-Cookie:x", "/\u{202e}"]
        {
            assert!(!is_own_path(bad), "{bad}");
        }
    }
}
