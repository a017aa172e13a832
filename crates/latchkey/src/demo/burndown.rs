//! Burndown, the demo service: a relying party as anybody would write one, on a host of its own.
//!
//! It shares nothing with the server but HTTP. What it was told when it was registered is all that it starts with.
//!
//! | what | where |
//! |---|---|
//! | the protocol: asking, redeeming, verifying, refreshing | [`relying_party`] |
//! | what it knows of each browser | [`visit`] |
//! | what it reads through the API | [`reading`] |
//!
//! Its HTTP client and its cookies are those of every demo service: [`super::wire`], [`super::visits`], [`super::service`].

mod reading;
pub(crate) mod relying_party;
mod visit;

use std::sync::Arc;

use axum::body::Body;
use hyper::{Method, Request, Response, StatusCode};
use latchkey_web::assets;
use latchkey_web::pages::Remaining;
use latchkey_web::pages::burndown::{BurndownDashboard, BurndownEnded, BurndownStart, Refusal};

use super::service::{Service, Visitor, text};
use super::visits::{self, Visits};
use reading::{KeyRefused, Reader};
use relying_party::{Connected, Registered, RelyingParty, Trouble};
use visit::{News, Visit};

/// What it calls itself.
pub(crate) const AGENT: &str = "Burndown/1.0";

/// The service. Cheap to clone.
#[derive(Clone)]
pub(crate) struct Burndown(Arc<Parts>);

struct Parts {
    service: Service,
    /// The organization that it was set up for.
    organization: String,
    party: RelyingParty,
    visits: Visits<Visit>,
}

impl Burndown {
    /// The service at `authority`, for one organization behind the origin `latchkey`.
    pub(crate) fn new(authority: &str, latchkey: &str, organization: &str, registered: Registered) -> Self {
        Self(Arc::new(Parts {
            service: Service {
                authority: authority.to_owned(),
                latchkey: latchkey.to_owned(),
                cookie_name: "burndown",
                styles: &assets::BURNDOWN_STYLES,
            },
            organization: organization.to_owned(),
            party: RelyingParty::new(registered),
            visits: Visits::default(),
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
            (&Method::GET, "/connect") => self.connect(&visitor).await,
            (&Method::GET, "/callback") => self.callback(&visitor, parts.uri.query().unwrap_or_default()).await,
            (&Method::POST, "/disconnect") => self.disconnect(&visitor, body).await,
            (&Method::GET | &Method::HEAD, path) if path == self.0.service.styles.path() => self.0.service.styles(),
            _ => text(StatusCode::NOT_FOUND, "Burndown has no such page.\n"),
        }
    }

    /// What it knows, or how to begin.
    async fn show(&self, visitor: &Visitor) -> Response<Body> {
        let connected = self.0.visits.with(&visitor.cookie, visitor.now, |visit| {
            visit.connected.as_ref().map(|connected| (connected.person.clone(), connected.key.clone()))
        });
        let Some((person, key)) = connected else { return self.begin(visitor) };
        match self.dashboard(visitor, Connected { person, key }).await {
            Ok(dashboard) => self.0.service.page(visitor, &dashboard),
            Err(news) => {
                // The key is kept until the person takes it away here or gives another: what was paused may be resumed, and then it is good again.
                self.0.visits.with(&visitor.cookie, visitor.now, |visit| visit.news = Some(news));
                self.begin(visitor)
            }
        }
    }

    fn begin(&self, visitor: &Visitor) -> Response<Body> {
        match self.0.visits.with(&visitor.cookie, visitor.now, |visit| visit.news.clone()) {
            Some(News::Ended { code, call, sentence }) => {
                self.0.service.page(visitor, &BurndownEnded { code, call, sentence })
            }
            Some(News::Refused(why)) => self.0.service.page(visitor, &BurndownStart { refused: Some(why) }),
            None => self.0.service.page(visitor, &BurndownStart { refused: None }),
        }
    }

    /// Reads everything with the key it has, whatever its clock says; when that is refused, with the next one; and when there is none, it is over.
    async fn dashboard(&self, visitor: &Visitor, mut connected: Connected) -> Result<BurndownDashboard, News> {
        let mut refused = None;
        for _ in 0..2 {
            if let Some(refused) = &refused {
                self.renew(visitor, &mut connected, refused).await?;
            }
            let reader =
                Reader { origin: &self.0.service.latchkey, organization: &self.0.organization, key: &connected.key };
            match reader.projects().await {
                Ok(projects) => {
                    self.0.visits.with(&visitor.cookie, visitor.now, |visit| visit.news = None);
                    let left = connected.key.expires_at.since(visitor.now).as_secs();
                    return Ok(BurndownDashboard {
                        person: connected.person,
                        csrf: visits::csrf(&visitor.cookie),
                        key_left: Remaining(u32::try_from(left).unwrap_or(u32::MAX)),
                        projects,
                    });
                }
                Err(again) => refused = Some(again),
            }
        }
        Err(ended(&refused.unwrap_or(KeyRefused { call: String::new() }), "401"))
    }

    async fn renew(&self, visitor: &Visitor, connected: &mut Connected, refused: &KeyRefused) -> Result<(), News> {
        match self.0.party.refresh(&connected.key, visitor.now).await {
            Ok(key) => {
                connected.key = key.clone();
                self.0.visits.with(&visitor.cookie, visitor.now, |visit| {
                    if let Some(connected) = &mut visit.connected {
                        connected.key = key;
                    }
                });
                Ok(())
            }
            // A server in trouble has taken nothing back.
            Err(Trouble::Told(code)) if code.starts_with('5') || code == "temporarily_unavailable" => {
                Err(News::Refused(told(&code)))
            }
            Err(Trouble::Told(code)) => Err(ended(refused, &code)),
            Err(Trouble::NotBelieved(_)) => Err(ended(refused, "401")),
            Err(trouble @ Trouble::Wire(_)) => Err(News::Refused(refusal(&trouble))),
        }
    }

    /// Sends the person to where they can give it a key.
    async fn connect(&self, visitor: &Visitor) -> Response<Body> {
        match self.0.party.ask().await {
            Ok((location, asked)) => {
                self.0.visits.with(&visitor.cookie, visitor.now, |visit| visit.ask(asked));
                self.0.service.see_other(visitor, &location)
            }
            Err(trouble) => self.refused(visitor, refusal(&trouble)),
        }
    }

    /// The person is back, with a code or with a no.
    async fn callback(&self, visitor: &Visitor, query: &str) -> Response<Body> {
        let answer: Vec<(String, String)> = url::form_urlencoded::parse(query.as_bytes()).into_owned().collect();
        let first = |name: &str| answer.iter().find(|(found, _)| found == name).map(|(_, value)| value.as_str());
        let state = first("state").unwrap_or_default();
        let asked = self.0.visits.with(&visitor.cookie, visitor.now, |visit| visit.answered(state));
        // Whoever brings an answer that this browser did not ask for wants it to be somebody else. [RFC 9700 §4.7]
        let Some(asked) = asked else {
            let sentence = "This browser did not ask for that answer, or it was used before. Please try again.";
            let news = News::Refused(Refusal { code: "invalid_state".to_owned(), sentence: sentence.to_owned() });
            self.0.visits.with(&visitor.cookie, visitor.now, |visit| visit.news = Some(news));
            return self.0.service.see_other(visitor, "/");
        };
        if !self.0.party.is_from_the_issuer(first("iss")) {
            let sentence = "The answer comes from somebody whom we did not ask.";
            let why = Refusal { code: "invalid_issuer".to_owned(), sentence: sentence.to_owned() };
            return self.refused(visitor, why);
        }
        if let Some(error) = first("error") {
            return self.refused(visitor, told(error));
        }
        match self.0.party.redeem(first("code").unwrap_or_default(), &asked, visitor.now).await {
            Ok(connected) => {
                self.0.visits.with(&visitor.cookie, visitor.now, |visit| {
                    visit.connected = Some(connected);
                    visit.news = None;
                });
                let renewed = self.0.visits.renew(&visitor.cookie);
                self.0.service.see_other(&Visitor { cookie: renewed, is_new: true, now: visitor.now }, "/")
            }
            Err(trouble) => self.refused(visitor, refusal(&trouble)),
        }
    }

    /// Forgets the person and their key.
    async fn disconnect(&self, visitor: &Visitor, body: Body) -> Response<Body> {
        if let Err(response) = self.0.service.own_form(visitor, body).await {
            return response;
        }
        self.0.visits.with(&visitor.cookie, visitor.now, |visit| (visit.connected, visit.news) = (None, None));
        self.0.service.see_other(visitor, "/")
    }

    fn refused(&self, visitor: &Visitor, why: Refusal) -> Response<Body> {
        self.0.visits.with(&visitor.cookie, visitor.now, |visit| {
            visit.connected = None;
            visit.news = Some(News::Refused(why));
        });
        self.0.service.see_other(visitor, "/")
    }
}

fn ended(refused: &KeyRefused, code: &str) -> News {
    let sentence = "Our access has ended: the person took our key back or paused it, or its time was up. We can no \
                    longer see their work items, their code or their builds. If they only paused it, we go on when they \
                    resume it.";
    News::Ended { code: code.to_owned(), call: refused.call.clone(), sentence: sentence.to_owned() }
}

fn refusal(trouble: &Trouble) -> Refusal {
    match trouble {
        Trouble::Told(code) => told(code),
        Trouble::NotBelieved(why) => {
            Refusal { code: "not_believed".to_owned(), sentence: format!("We do not believe the answer: {why}.") }
        }
        Trouble::Wire(error) => {
            Refusal { code: "unavailable".to_owned(), sentence: format!("We could not reach DevOps: {error}.") }
        }
    }
}

/// An error code with what it means to a person. [RFC 6749 §4.1.2.1]
fn told(code: &str) -> Refusal {
    let sentence = match code {
        "access_denied" => "You said no, or may not say yes. We have nothing of yours, and that is fine.",
        "login_required" | "interaction_required" | "consent_required" => "You have to answer a question there first.",
        "temporarily_unavailable" | "server_error" => "DevOps has trouble of its own. Please try again in a moment.",
        _ => "DevOps did not give us a key.",
    };
    Refusal { code: code.to_owned(), sentence: sentence.to_owned() }
}

#[cfg(test)]
mod tests {
    use axum::body::to_bytes;
    use hyper::header::{CONTENT_SECURITY_POLICY, COOKIE, HOST, LOCATION, SET_COOKIE};

    use super::*;

    /// Burndown before a Latchkey that nobody started: port 1 is never listened on.
    fn burndown() -> Burndown {
        let registered = Registered {
            issuer: "http://127.0.0.1:1/t/v2.0".into(),
            client_id: "burndown".into(),
            client_secret: "secret".into(),
            redirect_uri: "http://127.0.0.1:4281/callback".into(),
        };
        Burndown::new("127.0.0.1:4281", "http://127.0.0.1:1", "harbor", registered)
    }

    fn cookie_of(response: &Response<Body>) -> String {
        let set = response.headers()[SET_COOKIE].to_str().unwrap();
        set.split_once(';').unwrap().0.to_owned()
    }

    async fn get(burndown: &Burndown, path: &str, cookie: &str) -> Response<Body> {
        burndown.answer(Request::get(path).header(COOKIE, cookie).body(Body::empty()).unwrap()).await
    }

    async fn html(response: Response<Body>) -> String {
        String::from_utf8(to_bytes(response.into_body(), 1 << 20).await.unwrap().to_vec()).unwrap()
    }

    #[tokio::test]
    async fn an_answer_that_this_browser_did_not_ask_for_is_not_taken() {
        let burndown = burndown();
        let response = get(&burndown, "/callback?code=c&state=s&iss=http%3A%2F%2F127.0.0.1%3A1%2Ft%2Fv2.0", "").await;
        assert_eq!(response.status(), StatusCode::SEE_OTHER);
        let page = html(get(&burndown, "/", &cookie_of(&response)).await).await;
        assert!(page.contains("invalid_state") && page.contains(r#"role="alert""#), "{page}");
    }

    #[tokio::test]
    async fn when_nobody_answers_it_says_so() {
        let burndown = burndown();
        let response = get(&burndown, "/connect", "").await;
        assert_eq!(response.headers()[LOCATION], "/");
        let page = html(get(&burndown, "/", &cookie_of(&response)).await).await;
        assert!(page.contains("unavailable"), "{page}");
    }

    #[tokio::test]
    async fn its_pages_run_no_script_and_lead_to_latchkey_only() {
        let response = get(&burndown(), "/", "").await;
        let policy = response.headers()[CONTENT_SECURITY_POLICY].to_str().unwrap();
        assert!(policy.starts_with("default-src 'none'") && !policy.contains("script-src"));
        assert!(policy.contains("form-action 'self' http://127.0.0.1:1;"));
    }

    #[test]
    fn it_answers_for_its_own_host_alone() {
        let to = |host: &str| Request::get("/").header(HOST, host).body(Body::empty()).unwrap();
        assert!(burndown().is_meant(&to("127.0.0.1:4281")));
        for other in ["localhost:4281", "localhost:4280", "evil.test", ""] {
            assert!(!burndown().is_meant(&to(other)), "{other}");
        }
    }
}
