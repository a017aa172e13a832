//! What was said over the wire, for the guided walk: the messages of the flow, masked before they are shown. All of one is shown to who
//! asks for it; passwords and what is in cookies are not even kept.
//!
//! It stands in front of the site, in the demo alone; the product's own path knows nothing of it.

use std::collections::VecDeque;
use std::sync::Arc;

use axum::body::{Body, Bytes, HttpBody as _, to_bytes};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use hyper::header::{
    AUTHORIZATION, CONTENT_LENGTH, CONTENT_TYPE, HeaderMap, LOCATION, SET_COOKIE, USER_AGENT, WWW_AUTHENTICATE,
};
use hyper::{Method, Request, Response, StatusCode};
use latchkey_identity::event::EventKind;
use latchkey_jose::{Timestamp, unverified};
use tokio::sync::watch;
use url::form_urlencoded;

use super::burndown::AGENT as BURNDOWN_AGENT;
use super::mask::{self, Extent};
use super::oldtimer::AGENT as OLDTIMER_AGENT;
use super::sample::apps::BURNDOWN;
use super::sample::older_apps::OLDTIMER;
use super::scene::Scene;
use super::service::now;
use super::steps::{Happened, Steps};

/// Messages that are kept; the oldest make room.
const MESSAGES: usize = 60;
/// Bytes of a body that is looked at.
const BODY_BYTES: usize = 64 << 10;
/// The server's name among those who talk.
const LATCHKEY: &str = "Latchkey";

/// The rest of a message with its secrets, for who asks. Prints as `[whole]`.
#[derive(Clone, PartialEq, Eq)]
pub(crate) struct Whole(pub(crate) String);

impl std::fmt::Debug for Whole {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("[whole]")
    }
}

/// One message, masked.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(crate) struct Message {
    /// Its number since the start.
    pub(crate) number: u32,
    /// Who sent it.
    pub(crate) from: String,
    /// Who got it.
    pub(crate) to: String,
    /// Its first line.
    pub(crate) line: String,
    /// What it means.
    pub(crate) note: &'static str,
    /// The rest.
    pub(crate) body: String,
    /// The rest without the mask, if that hides something.
    pub(crate) whole: Option<Whole>,
    /// Tokens in it.
    pub(crate) decoded: Vec<(String, String)>,
}

/// What has happened so far.
#[derive(Default, Debug)]
pub(crate) struct Walk {
    count: u32,
    /// The messages, the oldest first.
    pub(crate) messages: VecDeque<Message>,
    /// Which steps they show to have happened.
    pub(crate) steps: Steps,
    /// Whether Burndown came with a key whose time was over, and has no other yet.
    met_the_end: bool,
    /// Whether the demo ends: nothing more will happen.
    pub(crate) is_over: bool,
}

impl Walk {
    /// Takes in what an exchange shows. Whether that is anything new.
    fn learn(&mut self, heard: &Heard, status: StatusCode, happened: Option<Happened>) -> bool {
        let of_burndown = heard.who == BURNDOWN;
        if of_burndown && heard.scene == Scene::Api && status == StatusCode::UNAUTHORIZED {
            self.met_the_end = heard.ran_out;
        }
        if of_burndown && heard.scene == Scene::Token && std::mem::take(&mut self.met_the_end) && status.is_success() {
            self.steps.note(Happened::RanOut);
            return true;
        }
        happened.map(|happened| self.steps.note(happened)).is_some()
    }
}

/// Listens in. Cheap to clone.
#[derive(Clone)]
pub(crate) struct Recorder {
    walk: Arc<watch::Sender<Walk>>,
    /// Names of clients by their id.
    clients: Arc<[(String, String)]>,
}

/// A request that was noted, until its answer comes.
pub(crate) struct Heard {
    scene: Scene,
    who: String,
    is_post: bool,
    /// The `grant_type` of a token request.
    grant: String,
    /// Whether it came with a token whose time was over.
    ran_out: bool,
}

impl Recorder {
    /// A recorder that knows clients by these ids and names.
    pub(crate) fn new(clients: impl IntoIterator<Item = (String, String)>) -> Self {
        Self { walk: Arc::default(), clients: clients.into_iter().collect() }
    }

    /// What has happened so far, and a word whenever more has.
    pub(crate) fn follow(&self) -> watch::Receiver<Walk> {
        self.walk.subscribe()
    }

    /// The demo ends: whoever follows is told so.
    pub(crate) fn finish(&self) {
        self.walk.send_modify(|walk| walk.is_over = true);
    }

    /// Notes a request, and hands it back. An error is the answer to a body that broke off.
    pub(crate) async fn hear(
        &self,
        scene: Scene,
        request: Request<Body>,
    ) -> Result<(Request<Body>, Heard), Response<Body>> {
        let (parts, body) = request.into_parts();
        let is_post = parts.method == Method::POST;
        let (body, form) = match scene.has_form() && is_post && is_small(&parts.headers) {
            true => match to_bytes(body, BODY_BYTES).await {
                Ok(bytes) => (Body::from(bytes.clone()), String::from_utf8_lossy(&bytes).into_owned()),
                Err(_) => return Err(broken_off()),
            },
            false => (body, String::new()),
        };
        let query = parts.uri.query().unwrap_or_default();
        let who = self.who(scene, &parts.headers, query, &form);
        if scene == Scene::Authorize && who == BURNDOWN {
            self.begin();
        }
        let credential = parts.headers.get(AUTHORIZATION).and_then(|value| value.to_str().ok());
        let told = |extent| {
            let shown = |credential| format!("Authorization: {}", mask::authorization(credential, extent));
            paragraphs([mask::form(query, extent), mask::form(&form, extent)].into_iter().chain(credential.map(shown)))
        };
        let (shown, whole) = masked(told);
        let ran_out = credential.is_some_and(|credential| has_run_out(credential, now()));
        let from = if scene.is_of_the_browser() { "Browser".to_owned() } else { who.clone() };
        self.keep(Message {
            number: 0,
            from,
            to: LATCHKEY.to_owned(),
            line: format!("{} {}", parts.method, parts.uri.path()),
            note: scene.asked(is_post),
            body: shown,
            whole,
            decoded: Vec::new(),
        });
        let grant = field(&form, "grant_type").unwrap_or_default();
        Ok((Request::from_parts(parts, body), Heard { scene, who, is_post, grant, ran_out }))
    }

    /// Notes the answer, and hands it back.
    pub(crate) async fn answered(&self, heard: Heard, response: Response<Body>) -> Response<Body> {
        let (parts, body) = response.into_parts();
        let json = parts.headers.get(CONTENT_TYPE).is_some_and(|kind| kind.as_bytes().starts_with(b"application/json"));
        let small = body.size_hint().upper().is_some_and(|size| size <= BODY_BYTES as u64);
        let worth_it = heard.scene.has_answer() || !parts.status.is_success();
        let (body, bytes) = match small && (json && worth_it || heard.scene == Scene::Audit) {
            // The whole body is there already: this waits for nothing and cannot break off.
            true => to_bytes(body, BODY_BYTES)
                .await
                .map_or_else(|_| (Body::empty(), Bytes::new()), |bytes| (Body::from(bytes.clone()), bytes)),
            false => (body, Bytes::new()),
        };
        let header = |name| parts.headers.get(name).and_then(|value| value.to_str().ok());
        let location = header(LOCATION).unwrap_or_default();
        let told = |extent| {
            let location = (!location.is_empty()).then(|| format!("Location: {}", mask::address(location, extent)));
            let challenge = header(WWW_AUTHENTICATE).map(|challenge| format!("WWW-Authenticate: {challenge}"));
            let cookies = parts.headers.get_all(SET_COOKIE).iter();
            let cookies = cookies.filter_map(|cookie| masked_cookie(cookie.to_str().ok()?));
            paragraphs(location.into_iter().chain(challenge).chain(cookies).chain(mask::json(&bytes, extent)))
        };
        let (shown, whole) = masked(told);
        let brings_code = location.split_once('?').and_then(|(_, query)| field(query, "code")).is_some();
        let happened = happened(&heard, parts.status, &bytes, brings_code);
        self.walk.send_if_modified(|walk| walk.learn(&heard, parts.status, happened));
        let to = if heard.scene.is_of_the_browser() { "Browser".to_owned() } else { heard.who };
        self.keep(Message {
            number: 0,
            from: LATCHKEY.to_owned(),
            to,
            line: format!("{} {}", parts.status.as_u16(), parts.status.canonical_reason().unwrap_or_default()),
            note: heard.scene.answered(parts.status, brings_code),
            body: shown,
            whole,
            decoded: mask::decoded(&bytes),
        });
        Response::from_parts(parts, body)
    }

    /// Burndown asks. Who walked to the end before begins with a clean page.
    fn begin(&self) {
        self.walk.send_modify(|walk| {
            if walk.steps.have(Happened::WasRefused) {
                walk.messages.clear();
            }
            walk.steps.note(Happened::Asked);
        });
    }

    /// The name of the service that a request is from, or about.
    fn who(&self, scene: Scene, headers: &HeaderMap, query: &str, form: &str) -> String {
        let credential = headers.get(AUTHORIZATION).and_then(|value| value.to_str().ok()).unwrap_or_default();
        let id = field(query, "client_id")
            .or_else(|| field(form, "client_id"))
            .or_else(|| basic_user(credential))
            .or_else(|| client_of_token(credential));
        if let Some(id) = id {
            let known = self.clients.iter().find(|(known, _)| *known == id);
            return known.map_or_else(|| "A service".to_owned(), |(_, name)| name.clone());
        }
        let agent = headers.get(USER_AGENT).and_then(|value| value.to_str().ok()).unwrap_or_default();
        match agent {
            BURNDOWN_AGENT => BURNDOWN.to_owned(),
            OLDTIMER_AGENT => OLDTIMER.to_owned(),
            agent if agent.starts_with("git/") => "git".to_owned(),
            _ if scene.is_of_the_browser() => "Browser".to_owned(),
            _ => "A service".to_owned(),
        }
    }

    fn keep(&self, message: Message) {
        self.walk.send_modify(|walk| {
            walk.count = walk.count.saturating_add(1);
            let number = walk.count;
            if walk.messages.len() >= MESSAGES {
                walk.messages.pop_front();
            }
            walk.messages.push_back(Message { number, ..message });
        });
    }
}

/// What an exchange shows to have happened. `answer` is the body, where it was looked at.
fn happened(heard: &Heard, status: StatusCode, answer: &[u8], brings_code: bool) -> Option<Happened> {
    let of_burndown = heard.who == BURNDOWN;
    match heard.scene {
        Scene::SignIn | Scene::Select if heard.is_post && status.is_redirection() => Some(Happened::SignedIn),
        Scene::Authorize | Scene::SignIn | Scene::Select | Scene::Consent if brings_code => Some(Happened::Approved),
        Scene::Token if of_burndown && status.is_success() && heard.grant == "authorization_code" => {
            Some(Happened::GotKeys)
        }
        Scene::Token if heard.who == OLDTIMER && status.is_success() => Some(Happened::OlderGotKeys),
        Scene::Token if of_burndown && !status.is_success() => Some(Happened::WasRefused),
        Scene::Api if of_burndown && status.is_success() => Some(Happened::Read),
        Scene::Api if of_burndown && status == StatusCode::UNAUTHORIZED => Some(Happened::WasRefused),
        Scene::Git if status.is_success() => Some(Happened::Cloned),
        Scene::Authorizations if !heard.is_post && status.is_success() => Some(Happened::WasFound),
        Scene::Revoke if heard.is_post && !status.is_client_error() && !status.is_server_error() => {
            Some(Happened::WasRevoked)
        }
        Scene::Audit if status.is_success() && tells_of_the_walk(answer) => Some(Happened::WasAudited),
        _ => None,
    }
}

/// Whether a page of the record shows what the walk put there: an approval, and its end.
fn tells_of_the_walk(page: &[u8]) -> bool {
    let page = String::from_utf8_lossy(page);
    [EventKind::AuthorizationGranted, EventKind::AuthorizationRevoked]
        .iter()
        .all(|kind| page.contains(&format!("data-kind=\"{}\"", kind.name())))
}

/// Whether a credential is a token whose time is over.
fn has_run_out(credential: &str, now: Timestamp) -> bool {
    let token = credential.strip_prefix("Bearer ").and_then(unverified::decode_for_display);
    let end = token.and_then(|token| token.payload.get("exp").and_then(|end| end.as_i64()));
    end.is_some_and(|end| end <= now.as_secs())
}

/// A text with its secrets masked, and all of it if that is more.
fn masked(told: impl Fn(Extent) -> String) -> (String, Option<Whole>) {
    let (shown, whole) = (told(Extent::Masked), told(Extent::Whole));
    let whole = (shown != whole).then_some(Whole(whole));
    (shown, whole)
}

fn is_small(headers: &HeaderMap) -> bool {
    let length = headers.get(CONTENT_LENGTH).and_then(|length| length.to_str().ok()?.parse::<usize>().ok());
    length.is_some_and(|length| length <= BODY_BYTES)
}

fn field(form: &str, name: &str) -> Option<String> {
    form_urlencoded::parse(form.as_bytes()).find(|(found, _)| found == name).map(|(_, value)| value.into_owned())
}

fn basic_user(credential: &str) -> Option<String> {
    let pair = STANDARD.decode(credential.strip_prefix("Basic ")?).ok()?;
    let pair = String::from_utf8(pair).ok()?;
    pair.split_once(':').map(|(user, _)| user.to_owned())
}

fn client_of_token(credential: &str) -> Option<String> {
    let token = unverified::decode_for_display(credential.strip_prefix("Bearer ")?)?;
    let claim = |name| token.payload.get(name).and_then(|value| value.as_str()).map(str::to_owned);
    claim("client_id").or_else(|| claim("azp"))
}

fn masked_cookie(cookie: &str) -> Option<String> {
    let (name, rest) = cookie.split_once('=')?;
    let (value, attributes) = rest.split_once(';').unwrap_or((rest, ""));
    Some(format!("Set-Cookie: {name}={};{attributes}", mask::secret(value)))
}

fn paragraphs(lines: impl IntoIterator<Item = String>) -> String {
    lines.into_iter().filter(|line| !line.is_empty()).collect::<Vec<_>>().join("\n")
}

fn broken_off() -> Response<Body> {
    let mut response = Response::new(Body::from("The body broke off.\n"));
    *response.status_mut() = StatusCode::BAD_REQUEST;
    response
}

#[cfg(test)]
mod tests;
