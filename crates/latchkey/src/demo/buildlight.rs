//! Buildlight, the demo service on a device: a lamp without keyboard or browser, which is connected by a code that a person types.
//!
//! Like Burndown it shares nothing with the server but HTTP. There is one lamp, whoever looks at it: that is what a device is. It polls
//! when somebody looks, and never faster than it was told. [RFC 8628]

use std::sync::Arc;
use std::time::Duration;

use axum::body::Body;
use hyper::header::HeaderValue;
use hyper::{Method, Request, Response, StatusCode};
use latchkey_jose::Timestamp;
use latchkey_web::assets;
use latchkey_web::pages::Remaining;
use latchkey_web::pages::buildlight::{Buildlight as BuildlightPage, Lamp, Waiting};
use latchkey_web::pages::burndown::{BurndownItem, Reading, Refusal};
use serde::Deserialize;
use tokio::sync::Mutex;

use super::service::{Service, Visitor, text};
use super::visits;
use super::wire::{self, Answer, Credential, WireError};

/// What it calls itself.
pub(crate) const AGENT: &str = "Buildlight/1.0";
/// What it asks for.
pub(crate) const SCOPES: &str = "vso.build vso.project";
/// Builds of a project on its page.
const BUILDS: usize = 5;
/// Projects on its page.
const PROJECTS: usize = 6;
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

/// What it was told when it was registered.
pub(crate) struct Registered {
    /// The address of the issuer, without `/v2.0`.
    pub(crate) authority: String,
    /// Its id. It keeps no secret.
    pub(crate) client_id: String,
}

/// What the lamp is doing.
#[derive(Clone)]
enum State {
    Off(Option<(String, String)>),
    Waiting(Asked),
    On(Key),
}

/// The answer of the device endpoint. [RFC 8628 §3.2]
#[derive(Clone, Deserialize)]
struct DeviceAnswer {
    device_code: String,
    user_code: String,
    verification_uri: String,
    verification_uri_complete: String,
    expires_in: u64,
    interval: u64,
}

#[derive(Clone)]
struct Asked {
    answer: DeviceAnswer,
    interval: Duration,
    ends_at: Timestamp,
    next_at: Timestamp,
}

#[derive(Deserialize)]
struct TokenAnswer {
    access_token: String,
    refresh_token: Option<String>,
    expires_in: u64,
}

#[derive(Clone)]
struct Key {
    access_token: String,
    refresh_token: Option<String>,
    expires_at: Timestamp,
}

#[derive(Deserialize)]
struct Refused {
    error: String,
}

#[derive(Deserialize)]
struct List<T> {
    value: Vec<T>,
}

#[derive(Deserialize)]
struct Named {
    name: String,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Build {
    build_number: String,
    status: String,
    result: Option<String>,
    definition: Named,
}

/// The key does not open anything any more.
struct KeyRefused;

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
        *state = if path == "/connect" { self.ask(visitor.now).await } else { State::Off(None) };
        drop(state);
        self.0.service.see_other(visitor, "/")
    }

    /// The lamp as it is now, after it looked again where that is due.
    async fn show(&self, visitor: &Visitor) -> Response<Body> {
        let mut state = self.0.state.lock().await;
        if let State::Waiting(asked) = &*state
            && visitor.now >= asked.next_at
        {
            *state = self.poll(asked.clone(), visitor.now).await;
        }
        let lamp = match &*state {
            State::Off(why) => Lamp::Off(refusal(why.as_ref())),
            State::Waiting(asked) => Lamp::Waiting(waiting(asked, visitor.now)),
            State::On(key) => match self.lit(key.clone(), visitor.now).await {
                Ok((key, lamp)) => {
                    *state = State::On(key);
                    lamp
                }
                Err(KeyRefused) => {
                    let sentence = "Somebody took our key back, or its time was up. We can no longer see any build.";
                    let why = ("401".to_owned(), sentence.to_owned());
                    *state = State::Off(Some(why.clone()));
                    Lamp::Off(refusal(Some(&why)))
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

    /// Asks for a code to show. [RFC 8628 §3.1]
    async fn ask(&self, now: Timestamp) -> State {
        let scope = format!("openid offline_access {SCOPES}");
        let fields = [("client_id", &*self.0.registered.client_id), ("scope", &scope)];
        let answer = self.post("devicecode", &fields).await;
        match answer.and_then(|answer| answer.json::<DeviceAnswer>().map_err(|_| told(&answer))) {
            Ok(answer) => {
                let interval = Duration::from_secs(answer.interval);
                let ends_at = now + Duration::from_secs(answer.expires_in);
                State::Waiting(Asked { interval, ends_at, next_at: now + interval, answer })
            }
            Err(code) => off(code),
        }
    }

    /// Asks whether somebody has answered. [RFC 8628 §3.4 and §3.5]
    async fn poll(&self, asked: Asked, now: Timestamp) -> State {
        let fields = [
            ("client_id", &*self.0.registered.client_id),
            ("grant_type", "urn:ietf:params:oauth:grant-type:device_code"),
            ("device_code", &asked.answer.device_code),
        ];
        match self.token(&fields, now).await {
            Ok(key) => State::On(key),
            Err(code) if code == "authorization_pending" => {
                State::Waiting(Asked { next_at: now + asked.interval, ..asked })
            }
            Err(code) if code == "slow_down" => {
                let interval = asked.interval + Duration::from_secs(5);
                State::Waiting(Asked { interval, next_at: now + interval, ..asked })
            }
            Err(code) => off(code),
        }
    }

    async fn renew(&self, key: &Key, now: Timestamp) -> Result<Key, KeyRefused> {
        let refresh_token = key.refresh_token.as_deref().ok_or(KeyRefused)?;
        let fields = [
            ("client_id", &*self.0.registered.client_id),
            ("grant_type", "refresh_token"),
            ("refresh_token", refresh_token),
        ];
        self.token(&fields, now).await.map_err(|_| KeyRefused)
    }

    /// The builds, by the key it has or by the next one.
    async fn lit(&self, mut key: Key, now: Timestamp) -> Result<(Key, Lamp), KeyRefused> {
        if key.expires_at <= now + SOON {
            key = self.renew(&key, now).await?;
        }
        let projects = match self.projects(&key).await {
            Ok(projects) => projects,
            Err(KeyRefused) => {
                key = self.renew(&key, now).await?;
                self.projects(&key).await?
            }
        };
        let failed = |item: &BurndownItem| item.tag == "failed";
        let red = projects.iter().any(|(_, builds)| match builds {
            Reading::Have(builds) => builds.first().is_some_and(failed),
            Reading::Refused(_) => false,
        });
        Ok((key, Lamp::On { red, projects }))
    }

    async fn projects(&self, key: &Key) -> Result<Vec<(String, Reading<BurndownItem>)>, KeyRefused> {
        let named = self.list::<Named>(key, "_apis/projects?api-version=7.1").await?.unwrap_or_default();
        let mut projects = Vec::new();
        for project in named.into_iter().take(PROJECTS) {
            let call = format!("{}/_apis/build/builds?$top={BUILDS}&api-version=7.1", project.name);
            let builds = match self.list::<Build>(key, &call).await? {
                Ok(builds) => Reading::Have(builds.into_iter().map(line).collect()),
                Err(why) => Reading::Refused(why),
            };
            projects.push((project.name, builds));
        }
        Ok(projects)
    }

    /// A list of the API; the inner error is why this one list is not to be had.
    async fn list<T: serde::de::DeserializeOwned>(
        &self,
        key: &Key,
        call: &str,
    ) -> Result<Result<Vec<T>, String>, KeyRefused> {
        let url = format!("{}/{}/{call}", self.0.service.latchkey, self.0.organization);
        let answer = match wire::get(AGENT, &url, Credential::Bearer(&key.access_token)).await {
            Ok(answer) => answer,
            Err(error) => return Ok(Err(error.to_string())),
        };
        match answer.status {
            status if status.is_success() => {
                Ok(answer.json::<List<T>>().map(|list| list.value).map_err(|error| error.to_string()))
            }
            StatusCode::UNAUTHORIZED => Err(KeyRefused),
            status => Ok(Err(format!("the answer was {}.", status.as_u16()))),
        }
    }

    /// Asks the token endpoint; the error is the code that it answers.
    async fn token(&self, fields: &[(&str, &str)], now: Timestamp) -> Result<Key, String> {
        let answer = self.post("token", fields).await?;
        let key: TokenAnswer = answer.json().map_err(|_| told(&answer))?;
        Ok(Key {
            access_token: key.access_token,
            refresh_token: key.refresh_token,
            expires_at: now + Duration::from_secs(key.expires_in),
        })
    }

    async fn post(&self, endpoint: &str, fields: &[(&str, &str)]) -> Result<Answer, String> {
        let url = format!("{}/oauth2/v2.0/{endpoint}", self.0.registered.authority);
        wire::post_form(AGENT, &url, Credential::None, fields).await.map_err(|_: WireError| "unavailable".to_owned())
    }
}

/// The code of a refusal.
fn told(answer: &Answer) -> String {
    answer.json::<Refused>().map_or_else(|_| answer.status.as_u16().to_string(), |refused| refused.error)
}

fn off(code: String) -> State {
    let sentence = match code.as_str() {
        "access_denied" => "You said no, or may not say yes. We have nothing of yours, and that is fine.",
        "expired_token" => "Nobody typed the code in time. Press the button for another one.",
        "unavailable" | "temporarily_unavailable" => "We could not reach DevOps. Please try again in a moment.",
        _ => "DevOps did not give us a key.",
    };
    State::Off(Some((code, sentence.to_owned())))
}

fn refusal(why: Option<&(String, String)>) -> Option<Refusal> {
    why.map(|(code, sentence)| Refusal { code: code.clone(), sentence: sentence.clone() })
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

fn line(build: Build) -> BurndownItem {
    BurndownItem { title: build.definition.name, detail: build.build_number, tag: build.result.unwrap_or(build.status) }
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
