//! Oldtimer, the demo service of the older OAuth kind: an app that was registered long ago and goes on working.
//!
//! | what | where |
//! |---|---|
//! | the protocol: asking, redeeming, refreshing, what it is told of its end | [`older_flow`] |
//! | what it does with a key | [`work_items`] |
//!
//! Like Burndown it shares nothing with the server but HTTP. No new app of its kind can be made: it offers to try.

pub(crate) mod older_flow;
mod work_items;

use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use axum::body::Body;
use hyper::{Method, Request, Response, StatusCode};
use latchkey_jose::{Timestamp, base64url};
use latchkey_web::app::random;
use latchkey_web::assets;
use latchkey_web::pages::Remaining;
use latchkey_web::pages::burndown::{Reading, Refusal};
use latchkey_web::pages::oldtimer::{Oldtimer as OldtimerPage, OldtimerConnected, OldtimerNotice, OldtimerTold};

use super::service::{Service, Visitor, text};
use super::visits::{self, Visits};
use older_flow::{Assertion, Key, Notice, Registered};
use work_items::{Looked, Read};

/// What it calls itself.
pub(crate) const AGENT: &str = "Oldtimer/0.9";
/// Requests of one browser that may wait for an answer.
const ASKED: usize = 8;
/// What it was told lately, at most.
const TOLD: usize = 8;
/// A key that ends this soon is renewed before it is used.
const SOON: Duration = Duration::from_secs(30);

/// The service. Cheap to clone.
#[derive(Clone)]
pub(crate) struct Oldtimer(Arc<Parts>);

struct Parts {
    service: Service,
    /// The organization that it was set up for.
    organization: String,
    registered: Registered,
    visits: Visits<Visit>,
    /// What it was told of its end: that is about the service, whoever uses it.
    notice: Mutex<Option<Notice>>,
}

/// What is known of one browser.
#[derive(Default)]
struct Visit {
    /// Values of `state` that wait for their answer, the oldest first.
    asked: Vec<String>,
    key: Option<Key>,
    /// Why there is no key.
    refused: Option<Refusal>,
    /// What it was told, the newest first.
    told: Vec<OldtimerTold>,
}

impl Oldtimer {
    /// The service at `authority`, for one organization.
    pub(crate) fn new(authority: &str, organization: &str, registered: Registered) -> Self {
        Self(Arc::new(Parts {
            service: Service {
                authority: authority.to_owned(),
                latchkey: registered.origin.clone(),
                cookie_name: "oldtimer",
                styles: &assets::OLDTIMER_STYLES,
            },
            organization: organization.to_owned(),
            registered,
            visits: Visits::default(),
            notice: Mutex::default(),
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
            (&Method::GET, "/connect") => self.connect(&visitor),
            (&Method::GET, "/callback") => self.callback(&visitor, parts.uri.query().unwrap_or_default()).await,
            (&Method::POST, path @ ("/refresh" | "/disconnect")) => {
                match self.0.service.own_form(&visitor, body).await {
                    Ok(()) => self.press(&visitor, path).await,
                    Err(response) => response,
                }
            }
            (&Method::GET | &Method::HEAD, path) if path == self.0.service.styles.path() => self.0.service.styles(),
            _ => text(StatusCode::NOT_FOUND, "Oldtimer has no such page.\n"),
        }
    }

    /// What it knows, or how to begin.
    async fn show(&self, visitor: &Visitor) -> Response<Body> {
        let mut key = self.visit(visitor, |visit| visit.key.clone());
        if key.as_ref().is_some_and(|key| key.expires_at <= visitor.now + SOON) {
            key = self.renew(visitor).await;
        }
        let mut connected = None;
        if let Some(held) = key {
            match self.work_items(visitor, &held).await {
                Read::KeyRefused => {
                    // The refresh token may know why, or bring another key.
                    if let Some(next) = self.renew(visitor).await {
                        connected = Some((next.clone(), self.work_items(visitor, &next).await));
                    }
                }
                read => connected = Some((held, read)),
            }
        }
        let connected = connected.map(|(key, read)| OldtimerConnected {
            csrf: visits::csrf(&visitor.cookie),
            key_left: left(&key, visitor.now),
            work_items: match read {
                Read::Have(items) => Reading::Have(items),
                Read::Refused(why) => Reading::Refused(why),
                Read::KeyRefused => Reading::Refused("the key was refused.".to_owned()),
            },
        });
        let (refused, told) = self.visit(visitor, |visit| (visit.refused.clone(), visit.told.clone()));
        let page = OldtimerPage {
            notice: self.notice().as_ref().map(in_words),
            connected,
            refused,
            register: format!("{}/app/register", self.0.service.latchkey),
            told,
        };
        self.0.service.page(visitor, &page)
    }

    /// Sends the person to where they can approve it.
    fn connect(&self, visitor: &Visitor) -> Response<Body> {
        let state = base64url::encode(random::<32>());
        let location = self.0.registered.ask(&state);
        self.visit(visitor, |visit| {
            if visit.asked.len() >= ASKED {
                visit.asked.remove(0);
            }
            visit.asked.push(state);
        });
        self.home(visitor, location.as_deref())
    }

    /// The person is back, with a code or with a no.
    async fn callback(&self, visitor: &Visitor, query: &str) -> Response<Body> {
        let answer: Vec<(String, String)> = url::form_urlencoded::parse(query.as_bytes()).into_owned().collect();
        let first = |name: &str| answer.iter().find(|(found, _)| found == name).map(|(_, value)| value.as_str());
        let expected = self.visit(visitor, |visit| {
            let place = visit.asked.iter().position(|asked| Some(asked.as_str()) == first("state"))?;
            Some(visit.asked.remove(place))
        });
        if expected.is_none() {
            let sentence = "This browser did not ask for that answer, or it was used before. Please try again.";
            self.visit(visitor, |visit| visit.refused = Some(refusal("invalid_state", sentence)));
            return self.home(visitor, None);
        }
        let Some(code) = first("code") else {
            let error = first("error").unwrap_or("access_denied");
            let why = refusal(error, "You said no, or may not say yes. We have nothing of yours.");
            self.visit(visitor, |visit| (visit.key, visit.refused) = (None, Some(why)));
            return self.home(visitor, None);
        };
        if self.exchange(visitor, "a code", Assertion::Code(code)).await.is_none() {
            return self.home(visitor, None);
        }
        let cookie = self.0.visits.renew(&visitor.cookie);
        self.home(&Visitor { cookie, is_new: true, now: visitor.now }, None)
    }

    /// Somebody pressed one of its buttons, which post to these paths: it gets the next key, because they want to see how, or forgets the
    /// person and their key.
    async fn press(&self, visitor: &Visitor, path: &str) -> Response<Body> {
        if path == "/refresh" {
            self.renew(visitor).await;
        } else {
            self.visit(visitor, |visit| *visit = Visit::default());
        }
        self.home(visitor, None)
    }

    async fn renew(&self, visitor: &Visitor) -> Option<Key> {
        let key = self.visit(visitor, |visit| visit.key.clone())?;
        self.exchange(visitor, "a refresh token", Assertion::RefreshToken(&key.refresh_token)).await
    }

    /// Exchanges an assertion for a key, and remembers what came of it.
    async fn exchange(&self, visitor: &Visitor, what: &str, assertion: Assertion<'_>) -> Option<Key> {
        let call = format!("POST /oauth2/token, assertion: {what}");
        match self.0.registered.exchange(assertion, visitor.now).await {
            Ok(told) => {
                if told.notice.is_some() {
                    *self.0.notice.lock().unwrap_or_else(PoisonError::into_inner) = told.notice;
                }
                self.visit(visitor, |visit| {
                    visit.note(call, told.line);
                    match &told.key {
                        Ok(key) => (visit.key, visit.refused) = (Some(key.clone()), None),
                        // A server in trouble has taken nothing back.
                        Err(why) if why.code == "server_error" => visit.refused = Some(why.clone()),
                        Err(Refusal { code, sentence }) => {
                            // The key is kept: what the person paused they may resume.
                            let ended = visit.key.is_some();
                            let so = if ended { "Our access has ended." } else { "We got no key." };
                            visit.refused = Some(refusal(code, &format!("{so} DevOps says: {sentence}.")));
                        }
                    }
                });
                told.key.ok()
            }
            Err(error) => {
                let sentence = format!("We could not reach DevOps: {error}.");
                self.visit(visitor, |visit| {
                    visit.note(call, error.to_string());
                    visit.refused = Some(refusal("unavailable", &sentence));
                });
                None
            }
        }
    }

    /// Reads the work items, and notes what was said.
    async fn work_items(&self, visitor: &Visitor, key: &Key) -> Read {
        match work_items::read(&self.0.service.latchkey, &self.0.organization, &key.access_token).await {
            Ok(Looked { call, answer, read }) => {
                self.visit(visitor, |visit| visit.note(call, answer));
                read
            }
            Err(error) => Read::Refused(format!("{error}.")),
        }
    }

    fn home(&self, visitor: &Visitor, location: Option<&str>) -> Response<Body> {
        self.0.service.see_other(visitor, location.unwrap_or("/"))
    }

    fn visit<T>(&self, visitor: &Visitor, look: impl FnOnce(&mut Visit) -> T) -> T {
        self.0.visits.with(&visitor.cookie, visitor.now, look)
    }

    fn notice(&self) -> Option<Notice> {
        self.0.notice.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }
}

impl Visit {
    fn note(&mut self, call: String, answer: String) {
        self.told.insert(0, OldtimerTold { call, answer });
        self.told.truncate(TOLD);
    }
}

fn refusal(code: &str, sentence: &str) -> Refusal {
    Refusal { code: code.to_owned(), sentence: sentence.to_owned() }
}

fn left(key: &Key, now: Timestamp) -> Remaining {
    Remaining(u32::try_from(key.expires_at.since(now).as_secs()).unwrap_or(u32::MAX))
}

fn in_words(notice: &Notice) -> OldtimerNotice {
    // An HTTP date without its time of day: `Tue, 01 Apr 2025`.
    let day = |at: Timestamp| latchkey_devops::date::http(at).chars().take("Tue, 01 Apr 2025".len()).collect();
    OldtimerNotice {
        since: notice.deprecated.map(day).unwrap_or_default(),
        end: notice.sunset.map(day).unwrap_or_default(),
        way_out: notice.way_out.clone(),
    }
}

#[cfg(test)]
mod tests {
    use axum::body::to_bytes;
    use hyper::header::{COOKIE, LOCATION, SET_COOKIE};

    use super::*;

    /// Oldtimer before a Latchkey that nobody started: port 1 is never listened on.
    fn oldtimer() -> Oldtimer {
        let registered = Registered {
            origin: "http://127.0.0.1:1".into(),
            client_id: "oldtimer".into(),
            client_secret: "e30.e30.c2ln".into(),
            redirect_uri: "http://127.0.0.1:4282/callback".into(),
            scope: "vso.work".into(),
        };
        Oldtimer::new("127.0.0.1:4282", "harbor", registered)
    }

    async fn get(oldtimer: &Oldtimer, path: &str, cookie: &str) -> Response<Body> {
        oldtimer.answer(Request::get(path).header(COOKIE, cookie).body(Body::empty()).unwrap()).await
    }

    async fn html(response: Response<Body>) -> String {
        String::from_utf8(to_bytes(response.into_body(), 1 << 20).await.unwrap().to_vec()).unwrap()
    }

    fn cookie_of(response: &Response<Body>) -> String {
        let set = response.headers()[SET_COOKIE].to_str().unwrap();
        set.split_once(';').unwrap().0.to_owned()
    }

    #[tokio::test]
    async fn it_asks_in_the_older_way_and_says_what_came_of_it() {
        let oldtimer = oldtimer();
        let asked = get(&oldtimer, "/connect", "").await;
        let cookie = cookie_of(&asked);
        let location = asked.headers()[LOCATION].to_str().unwrap().to_owned();
        assert!(location.contains("/oauth2/authorize?") && location.contains("response_type=Assertion"), "{location}");
        let state = location.split("state=").nth(1).unwrap().split('&').next().unwrap();
        get(&oldtimer, &format!("/callback?code=c&state={state}"), &cookie).await;
        let page = html(get(&oldtimer, "/", &cookie).await).await;
        assert!(page.contains("unavailable") && page.contains("assertion: a code"), "{page}");
        get(&oldtimer, &format!("/callback?code=c&state={state}"), &cookie).await;
        let page = html(get(&oldtimer, "/", &cookie).await).await;
        assert!(page.contains("invalid_state"), "an answer is taken once: {page}");
    }

    #[tokio::test]
    async fn it_offers_to_try_to_register_another() {
        let page = html(get(&oldtimer(), "/", "").await).await;
        assert!(
            page.contains(r#"action="http://127.0.0.1:1/app/register""#) && page.contains("Register a new legacy app")
        );
    }

    #[tokio::test]
    async fn a_form_of_somebody_else_does_nothing() {
        let oldtimer = oldtimer();
        for path in ["/refresh", "/disconnect"] {
            let response = oldtimer.answer(Request::post(path).body(Body::from("csrf=x")).unwrap()).await;
            assert_eq!(response.status(), StatusCode::SEE_OTHER);
        }
    }
}
