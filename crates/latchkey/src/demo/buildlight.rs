//! Buildlight, the demo service on a device: a lamp without keyboard or browser, which is connected by a code that a person types.
//!
//! | what | where |
//! |---|---|
//! | the protocol: a code, polling, refreshing | [`device_flow`] |
//! | what it does with a key | [`builds`] |
//!
//! Like Burndown it shares nothing with the server but HTTP. There is one lamp, whoever looks at it: that is what a device is. It polls
//! when somebody looks, and never faster than it was told.

mod builds;
pub(crate) mod device_flow;

use std::sync::Arc;
use std::time::Duration;

use axum::body::Body;
use hyper::header::HeaderValue;
use hyper::{Method, Request, Response, StatusCode};
use latchkey_jose::Timestamp;
use latchkey_web::assets;
use latchkey_web::pages::Remaining;
use latchkey_web::pages::buildlight::{Buildlight as BuildlightPage, Lamp, Waiting};
use latchkey_web::pages::burndown::Refusal;
use tokio::sync::Mutex;

use super::service::{Service, Visitor, text};
use super::visits;
use builds::{KeyRefused, Reader, any_failed};
use device_flow::{Asked, Key, Polled, Registered};

/// What it calls itself.
pub(crate) const AGENT: &str = "Buildlight/1.0";
/// What it asks for.
pub(crate) const SCOPES: &str = "vso.build vso.project";
/// A key that ends this soon is renewed before it is used.
const SOON: Duration = Duration::from_secs(30);
/// How often the page comes again by itself, in seconds: as often as it may poll.
const AGAIN: &str = "5";

/// The lamp. Cheap to clone.
#[derive(Clone)]
pub(crate) struct Buildlight(Arc<Parts>);

struct Parts {
    service: Service,
    /// The organization that it was set up for.
    organization: String,
    registered: Registered,
    /// Held while it asks, so that two who look at once do not poll twice.
    state: Mutex<State>,
}

/// What the lamp is doing.
enum State {
    Off(Option<Refusal>),
    Waiting(Asked),
    On(Key),
    /// Its key was refused. It is kept: what somebody paused they may resume.
    Dark(Key),
}

impl Buildlight {
    /// The lamp at `authority`, for one organization behind the origin `latchkey`.
    pub(crate) fn new(authority: &str, latchkey: &str, organization: &str, registered: Registered) -> Self {
        Self(Arc::new(Parts {
            service: Service {
                authority: authority.to_owned(),
                latchkey: latchkey.to_owned(),
                cookie_name: "buildlight",
                styles: &assets::BURNDOWN_STYLES,
            },
            organization: organization.to_owned(),
            registered,
            state: Mutex::new(State::Off(None)),
        }))
    }

    /// Whether a request is for it.
    pub(crate) fn is_meant(&self, request: &Request<Body>) -> bool {
        self.0.service.is_meant(request)
    }

    /// Answers one request.
    pub(crate) async fn answer(&self, request: Request<Body>) -> Response<Body> {
        let (parts, body) = request.into_parts();
        let visitor = self.0.service.visitor(&parts.headers);
        match (&parts.method, parts.uri.path()) {
            (&Method::GET | &Method::HEAD, "/") => self.show(&visitor).await,
            (&Method::POST, path @ ("/connect" | "/disconnect")) => {
                match self.0.service.own_form(&visitor, body).await {
                    Ok(()) => self.press(&visitor, path).await,
                    Err(response) => response,
                }
            }
            (&Method::GET | &Method::HEAD, path) if path == self.0.service.styles.path() => self.0.service.styles(),
            _ => text(StatusCode::NOT_FOUND, "Buildlight has no such page.\n"),
        }
    }

    /// Somebody pressed one of its buttons, which post to these paths.
    async fn press(&self, visitor: &Visitor, path: &str) -> Response<Body> {
        let mut state = self.0.state.lock().await;
        *state = match path {
            "/connect" => self.0.registered.ask(visitor.now).await.map_or_else(State::refused, State::Waiting),
            _ => State::Off(None),
        };
        drop(state);
        self.0.service.see_other(visitor, "/")
    }

    /// The lamp as it is now, after it looked again where that is due.
    async fn show(&self, visitor: &Visitor) -> Response<Body> {
        let mut state = self.0.state.lock().await;
        if let State::Waiting(asked) = &*state
            && visitor.now >= asked.next_at
        {
            *state = match self.0.registered.poll(asked.clone(), visitor.now).await {
                Ok(Polled::Key(key)) => State::On(key),
                Ok(Polled::NotYet(asked)) => State::Waiting(asked),
                Err(code) => State::refused(code),
            };
        }
        let lamp = match &*state {
            State::Off(why) => Lamp::Off(why.clone()),
            State::Waiting(asked) => Lamp::Waiting(waiting(asked, visitor.now)),
            State::On(key) | State::Dark(key) => match self.lit(key.clone(), visitor.now).await {
                Ok((key, lamp)) => {
                    *state = State::On(key);
                    lamp
                }
                Err(KeyRefused) => {
                    let sentence =
                        "Somebody took our key back or paused it, or its time was up. We can no longer see any build.";
                    *state = State::Dark(key.clone());
                    Lamp::Off(Some(Refusal { code: "401".to_owned(), sentence: sentence.to_owned() }))
                }
            },
        };
        drop(state);
        let again = !matches!(lamp, Lamp::Off(_));
        let page = BuildlightPage { csrf: visits::csrf(&visitor.cookie), lamp };
        let mut response = self.0.service.page(visitor, &page);
        if again {
            // A lamp has nobody who presses a key.
            response.headers_mut().insert("refresh", HeaderValue::from_static(AGAIN));
        }
        response
    }

    /// The builds, by the key it has or by the next one.
    async fn lit(&self, mut key: Key, now: Timestamp) -> Result<(Key, Lamp), KeyRefused> {
        if key.expires_at <= now + SOON {
            key = self.renew(&key, now).await?;
        }
        let projects = match self.with(&key).projects().await {
            Ok(projects) => projects,
            Err(KeyRefused) => {
                key = self.renew(&key, now).await?;
                self.with(&key).projects().await?
            }
        };
        Ok((key, Lamp::On { red: any_failed(&projects), projects }))
    }

    async fn renew(&self, key: &Key, now: Timestamp) -> Result<Key, KeyRefused> {
        self.0.registered.renew(key, now).await.map_err(|_| KeyRefused)
    }

    fn with<'a>(&'a self, key: &'a Key) -> Reader<'a> {
        let Parts { service, organization, .. } = &*self.0;
        Reader { origin: &service.latchkey, organization, access_token: &key.access_token }
    }
}

impl State {
    /// It has no key, for this reason.
    fn refused(code: String) -> Self {
        let sentence = match code.as_str() {
            "access_denied" => "You said no, or may not say yes. We have nothing of yours, and that is fine.",
            "expired_token" => "Nobody typed the code in time. Press the button for another one.",
            "unavailable" | "temporarily_unavailable" => "We could not reach DevOps. Please try again in a moment.",
            _ => "DevOps did not give us a key.",
        };
        Self::Off(Some(Refusal { code, sentence: sentence.to_owned() }))
    }
}

fn waiting(asked: &Asked, now: Timestamp) -> Waiting {
    let left = u32::try_from(asked.ends_at.since(now).as_secs()).unwrap_or(u32::MAX);
    Waiting {
        user_code: asked.answer.user_code.clone(),
        page: asked.answer.verification_uri.clone(),
        link: asked.answer.verification_uri_complete.clone(),
        left: Remaining(left),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use axum::body::to_bytes;
    use hyper::header::{COOKIE, SET_COOKIE};

    /// A lamp before a Latchkey that nobody started: port 1 is never listened on.
    fn lamp() -> Buildlight {
        let registered = Registered { authority: "http://127.0.0.1:1/t".into(), client_id: "lamp".into() };
        Buildlight::new("127.0.0.1:4283", "http://127.0.0.1:1", "harbor", registered)
    }

    async fn html(response: Response<Body>) -> String {
        String::from_utf8(to_bytes(response.into_body(), 1 << 20).await.unwrap().to_vec()).unwrap()
    }

    #[tokio::test]
    async fn when_nobody_answers_it_stays_dark_and_says_so() {
        let lamp = lamp();
        let first = lamp.answer(Request::get("/").body(Body::empty()).unwrap()).await;
        assert!(!first.headers().contains_key("refresh"), "a dark lamp has nothing to look for");
        let cookie = first.headers()[SET_COOKIE].to_str().unwrap().split_once(';').unwrap().0.to_owned();
        let csrf = visits::csrf(cookie.split_once('=').unwrap().1);
        let press = |csrf: &str| Request::post("/connect").header(COOKIE, &cookie).body(format!("csrf={csrf}").into());
        lamp.answer(press("forged").unwrap()).await;
        let page = html(lamp.answer(Request::get("/").body(Body::empty()).unwrap()).await).await;
        assert!(!page.contains("error-code"), "another site's form presses no button: {page}");
        lamp.answer(press(&csrf).unwrap()).await;
        let page = html(lamp.answer(Request::get("/").body(Body::empty()).unwrap()).await).await;
        assert!(page.contains("unavailable") && page.contains(r#"role="alert""#), "{page}");
    }
}
