//! A browser without script: cookies, redirects, forms, and what a page's policy allows its forms.

use std::net::{IpAddr, Ipv4Addr};
use std::pin::Pin;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use http::Method;
use http::header::{CONTENT_SECURITY_POLICY, CONTENT_TYPE, COOKIE, LOCATION, ORIGIN, USER_AGENT};
use url::Url;

use crate::cookies::{From, Jar};
use crate::page::Page;
use crate::server::Answer;
use crate::world::{HTTP, World};

/// Redirects that a browser follows before it gives up.
const REDIRECTS: usize = 10;

/// A future whose inside the compiler need not look into.
pub(crate) type Boxed<'a, T> = Pin<Box<dyn Future<Output = T> + Send + 'a>>;

/// A browser. Clones share its cookies.
#[derive(Clone)]
pub struct Browser(Arc<Parts>);

struct Parts {
    world: World,
    jar: Mutex<Jar>,
    address: IpAddr,
    name: String,
}

/// What came of going somewhere.
#[derive(Clone)]
pub enum Visit {
    /// A page of ours.
    Page(Box<Page>),
    /// The browser has gone to another site.
    Left(Departure),
}

/// A browser on its way to another site.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Departure {
    /// Where to.
    pub url: String,
    /// The form that it posts there, if it posts one.
    pub form: Option<Vec<(String, String)>>,
}

impl Visit {
    /// The page, or the end of the test.
    pub fn page(self) -> Page {
        match self {
            Self::Page(page) => *page,
            Self::Left(departure) => panic!("a page was expected, but the browser left: {departure:?}"),
        }
    }

    /// The departure, or the end of the test.
    pub fn left(self) -> Departure {
        match self {
            Self::Left(departure) => departure,
            Self::Page(page) => panic!("the browser stayed at {} ({}): {}", page.url(), page.status(), page.text()),
        }
    }

    /// The page, if there is one.
    pub fn as_page(&self) -> Option<&Page> {
        match self {
            Self::Page(page) => Some(page),
            Self::Left(_) => None,
        }
    }
}

impl std::convert::From<Page> for Visit {
    fn from(page: Page) -> Self {
        Self::Page(Box::new(page))
    }
}

impl Departure {
    /// What it carries, wherever it carries it: query, fragment or form.
    pub fn parameters(&self) -> Vec<(String, String)> {
        let url = Url::parse(&self.url).expect("a URL");
        let mut pairs: Vec<(String, String)> = url.query_pairs().into_owned().collect();
        let fragment = url.fragment().unwrap_or_default();
        pairs.extend(url::form_urlencoded::parse(fragment.as_bytes()).into_owned());
        pairs.extend(self.form.clone().unwrap_or_default());
        pairs
    }

    /// One of the parameters.
    pub fn parameter(&self, name: &str) -> Option<String> {
        self.parameters().into_iter().find(|(key, _)| key == name).map(|(_, value)| value)
    }
}

impl World {
    /// A browser that has never been here.
    pub fn browser(&self) -> Browser {
        self.browser_at(IpAddr::V4(Ipv4Addr::new(198, 51, 100, 20)))
    }

    /// The same, in another network.
    pub fn browser_at(&self, address: IpAddr) -> Browser {
        let parts = Parts { world: self.clone(), jar: Mutex::default(), address, name: "Testfox/1.0".to_owned() };
        Browser(Arc::new(parts))
    }
}

/// A request that a browser is about to make, and why.
struct Errand {
    method: Method,
    url: Url,
    body: Option<(String, Vec<u8>)>,
    /// The origin of the page that it comes from; `None` for the address bar.
    initiator: Option<String>,
    /// Where the page lets its forms go.
    allowed: Option<FormAction>,
}

/// The `form-action` of a page.
#[derive(Clone, Debug)]
pub(crate) struct FormAction {
    page: String,
    sources: Vec<String>,
}

impl FormAction {
    pub(crate) fn of(page: &Url, policy: &str) -> Option<Self> {
        let directive = policy.split(';').map(str::trim).find_map(|directive| directive.strip_prefix("form-action"))?;
        let sources = directive.split_whitespace().map(str::to_owned).collect();
        Some(Self { page: page.origin().ascii_serialization(), sources })
    }

    fn check(&self, url: &Url) {
        let origin = url.origin().ascii_serialization();
        let allows = |source: &String| match source.as_str() {
            "'self'" => origin == self.page,
            scheme if scheme.ends_with(':') => scheme == format!("{}:", url.scheme()),
            other => other == origin,
        };
        assert!(
            self.sources.iter().any(allows),
            "the page's form-action {:?} does not let the browser go to {url}",
            self.sources
        );
    }
}

impl Browser {
    /// The world it is in.
    pub fn world(&self) -> &World {
        &self.0.world
    }

    /// The network address that it comes from.
    pub fn address(&self) -> IpAddr {
        self.0.address
    }

    fn jar(&self) -> MutexGuard<'_, Jar> {
        self.0.jar.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Goes to an address, as typed. A path alone means the https origin.
    pub async fn open(&self, url: &str) -> Visit {
        self.run(Errand { method: Method::GET, url: self.absolute(url), body: None, initiator: None, allowed: None })
            .await
    }

    /// Follows a link on a page of another site.
    pub async fn open_from(&self, site: &str, url: &str) -> Visit {
        let initiator = Some(site.to_owned());
        self.run(Errand { method: Method::GET, url: self.absolute(url), body: None, initiator, allowed: None }).await
    }

    /// A page of another site posts a form here.
    pub async fn post_from(&self, site: &str, url: &str, content_type: &str, body: &str) -> Visit {
        let body = Some((content_type.to_owned(), body.as_bytes().to_vec()));
        let initiator = Some(site.to_owned());
        self.run(Errand { method: Method::POST, url: self.absolute(url), body, initiator, allowed: None }).await
    }

    /// Submits a form of one of our own pages.
    pub(crate) async fn submit(&self, page: &Url, url: Url, body: String, allowed: Option<FormAction>) -> Visit {
        let initiator = Some(page.origin().ascii_serialization());
        let body = Some(("application/x-www-form-urlencoded".to_owned(), body.into_bytes()));
        self.run(Errand { method: Method::POST, url, body, initiator, allowed }).await
    }

    /// Boxed, because tests are long and their futures would be too deep for the compiler.
    fn run(&self, errand: Errand) -> Boxed<'_, Visit> {
        Box::pin(self.follow(errand))
    }

    async fn follow(&self, mut errand: Errand) -> Visit {
        for _ in 0..REDIRECTS {
            if let Some(allowed) = &errand.allowed {
                allowed.check(&errand.url);
            }
            let origin = errand.url.origin().ascii_serialization();
            if ![self.world().https(), HTTP].contains(&origin.as_str()) {
                let form = errand.body.map(|(_, body)| url::form_urlencoded::parse(&body).into_owned().collect());
                return Visit::Left(Departure { url: errand.url.into(), form });
            }
            let answer = self.request(&errand).await;
            self.jar().take_in(&errand.url, &answer.headers);
            if !answer.status.is_redirection() || answer.header(LOCATION.as_str()).is_none() {
                return Page::new(self.clone(), errand.url, &answer).into();
            }
            assert!(matches!(answer.status.as_u16(), 302 | 303), "a redirect by {}", answer.status);
            let location = answer.location();
            let next = errand.url.join(location).unwrap_or_else(|error| panic!("{location}: {error}"));
            if ![self.world().https(), HTTP].contains(&next.origin().ascii_serialization().as_str()) {
                if let Some(allowed) = &errand.allowed {
                    allowed.check(&next);
                }
                // What the other site is told is told in these very characters.
                return Visit::Left(Departure { url: location.to_owned(), form: None });
            }
            errand = Errand { method: Method::GET, url: next, body: None, ..errand };
        }
        panic!("more than {REDIRECTS} redirects, the last to {}", errand.url)
    }

    async fn request(&self, errand: &Errand) -> Answer {
        let origin = errand.url.origin().ascii_serialization();
        let elsewhere = errand.initiator.as_ref().is_some_and(|initiator| *initiator != origin);
        let from = if elsewhere { From::Elsewhere } else { From::Here };
        let safe = errand.method == Method::GET;
        let site = match &errand.initiator {
            None => "none",
            Some(_) if elsewhere => "cross-site",
            Some(_) => "same-origin",
        };
        let mut ask = self.0.world.ask(errand.method.clone(), errand.url.as_str()).from_address(self.0.address);
        ask = ask.header(USER_AGENT.as_str(), &self.0.name).header("sec-fetch-site", site);
        ask = ask.header("sec-fetch-mode", "navigate").header("sec-fetch-dest", "document");
        if let Some(cookies) = self.jar().header(&errand.url, from, safe) {
            ask = ask.header(COOKIE.as_str(), &cookies);
        }
        if let Some((content_type, body)) = &errand.body {
            // Our pages send no referrer, and then browsers send `null` for the origin of their forms.
            let initiator = if elsewhere { errand.initiator.clone().unwrap_or_default() } else { "null".to_owned() };
            ask = ask.header(ORIGIN.as_str(), &initiator).body(content_type, body.clone());
        }
        ask.await
    }

    fn absolute(&self, url: &str) -> Url {
        let url = if url.starts_with('/') { format!("{}{url}", self.world().https()) } else { url.to_owned() };
        Url::parse(&url).unwrap_or_else(|error| panic!("{url}: {error}"))
    }

    /// The cookies it holds: name and value.
    pub fn cookies(&self) -> Vec<(String, String)> {
        self.jar().all().iter().map(|cookie| (cookie.name.clone(), cookie.value.clone())).collect()
    }

    /// The value of the cookie that sessions hang on.
    pub fn session_cookie(&self) -> Option<String> {
        self.cookies().into_iter().find(|(name, _)| name == "__Host-latchkey").map(|(_, value)| value)
    }

    /// Puts a cookie there, as somebody would who can.
    pub fn plant_cookie(&self, name: &str, value: &str) {
        self.jar().plant(&self.absolute("/"), name, value);
    }

    /// Forgets all cookies.
    pub fn forget_cookies(&self) {
        *self.jar() = Jar::default();
    }

    /// The same browser, whose requests another server of the same world answers from now on.
    #[must_use]
    pub fn answered_by(&self, server: &World) -> Self {
        let other = server.browser_at(self.0.address);
        *other.jar() = self.jar().clone();
        other
    }

    /// Another browser with the same cookies: a thief's.
    pub fn copied(&self) -> Self {
        let other = self.0.world.browser();
        *other.jar() = self.jar().clone();
        other
    }
}

pub(crate) fn policy_of(answer: &Answer) -> String {
    answer.header(CONTENT_SECURITY_POLICY.as_str()).unwrap_or_default().to_owned()
}

pub(crate) fn is_html(answer: &Answer) -> bool {
    answer.header(CONTENT_TYPE.as_str()).is_some_and(|content_type| content_type.starts_with("text/html"))
}
