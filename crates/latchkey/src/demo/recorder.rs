//! What was said over the wire, for the guided walk: the messages of the flow, masked before they are kept.
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
use latchkey_jose::unverified;
use tokio::sync::watch;
use url::form_urlencoded;

use super::burndown::AGENT as BURNDOWN_AGENT;
use super::mask;
use super::oldtimer::AGENT as OLDTIMER_AGENT;
use super::sample::apps::BURNDOWN;
use super::sample::older_apps::OLDTIMER;
use super::scene::Scene;
use super::steps::{Happened, Steps};

/// Messages that are kept; the oldest make room.
const MESSAGES: usize = 60;
/// Bytes of a body that is looked at.
const BODY_BYTES: usize = 64 << 10;
/// The server's name among those who talk.
const LATCHKEY: &str = "Latchkey";

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
    /// Whether the demo ends: nothing more will happen.
    pub(crate) is_over: bool,
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
        let mut lines = vec![mask::form(query), mask::form(&form)];
        let credential = parts.headers.get(AUTHORIZATION).and_then(|value| value.to_str().ok());
        lines.extend(credential.map(|credential| format!("Authorization: {}", mask::authorization(credential))));
        let from = if scene.is_of_the_browser() { "Browser".to_owned() } else { who.clone() };
        self.keep(Message {
            number: 0,
            from,
            to: LATCHKEY.to_owned(),
            line: format!("{} {}", parts.method, parts.uri.path()),
            note: scene.asked(is_post),
            body: paragraphs(lines),
            decoded: Vec::new(),
        });
        let grant = field(&form, "grant_type").unwrap_or_default();
        Ok((Request::from_parts(parts, body), Heard { scene, who, is_post, grant }))
    }

    /// Notes the answer, and hands it back.
    pub(crate) async fn answered(&self, heard: Heard, response: Response<Body>) -> Response<Body> {
        let (parts, body) = response.into_parts();
        let json = parts.headers.get(CONTENT_TYPE).is_some_and(|kind| kind.as_bytes().starts_with(b"application/json"));
        let small = body.size_hint().upper().is_some_and(|size| size <= BODY_BYTES as u64);
        let worth_it = heard.scene.has_answer() || !parts.status.is_success();
        let (body, bytes) = match json && small && worth_it {
            // The whole body is there already: this waits for nothing and cannot break off.
            true => to_bytes(body, BODY_BYTES)
                .await
                .map_or_else(|_| (Body::empty(), Bytes::new()), |bytes| (Body::from(bytes.clone()), bytes)),
            false => (body, Bytes::new()),
        };
        let header = |name| parts.headers.get(name).and_then(|value| value.to_str().ok());
        let location = header(LOCATION).unwrap_or_default();
        let mut lines = Vec::new();
        lines.extend((!location.is_empty()).then(|| format!("Location: {}", mask::address(location))));
        lines.extend(header(WWW_AUTHENTICATE).map(|challenge| format!("WWW-Authenticate: {challenge}")));
        lines
            .extend(parts.headers.get_all(SET_COOKIE).iter().filter_map(|cookie| masked_cookie(cookie.to_str().ok()?)));
        lines.extend(mask::json(&bytes));
        let brings_code = location.split_once('?').and_then(|(_, query)| field(query, "code")).is_some();
        if let Some(happened) = happened(&heard, parts.status, brings_code) {
            self.walk.send_modify(|walk| walk.steps.note(happened));
        }
        let to = if heard.scene.is_of_the_browser() { "Browser".to_owned() } else { heard.who };
        self.keep(Message {
            number: 0,
            from: LATCHKEY.to_owned(),
            to,
            line: format!("{} {}", parts.status.as_u16(), parts.status.canonical_reason().unwrap_or_default()),
            note: heard.scene.answered(parts.status, brings_code),
            body: paragraphs(lines),
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

/// What an exchange shows to have happened.
fn happened(heard: &Heard, status: StatusCode, brings_code: bool) -> Option<Happened> {
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
        _ => None,
    }
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

fn paragraphs(lines: Vec<String>) -> String {
    lines.into_iter().filter(|line| !line.is_empty()).collect::<Vec<_>>().join("\n")
}

fn broken_off() -> Response<Body> {
    let mut response = Response::new(Body::from("The body broke off.\n"));
    *response.status_mut() = StatusCode::BAD_REQUEST;
    response
}

#[cfg(test)]
mod tests {
    use super::*;

    const SECRET: &str = "0123456789-this-opens-something-WXYZ";

    fn recorder() -> Recorder {
        Recorder::new([("b1".to_owned(), BURNDOWN.to_owned())])
    }

    fn so_far(recorder: &Recorder) -> (Vec<Message>, Steps) {
        let walk = recorder.follow();
        let walk = walk.borrow();
        (walk.messages.iter().cloned().collect(), walk.steps)
    }

    async fn exchange(recorder: &Recorder, request: Request<Body>, response: Response<Body>) -> (Bytes, Bytes) {
        let scene = Scene::of(request.method(), request.uri().path()).unwrap();
        let (request, heard) = recorder.hear(scene, request).await.map_err(|_| ()).unwrap();
        let passed_on = to_bytes(request.into_body(), BODY_BYTES).await.unwrap();
        let response = recorder.answered(heard, response).await;
        (passed_on, to_bytes(response.into_body(), BODY_BYTES).await.unwrap())
    }

    fn post(path: &str, form: &str) -> Request<Body> {
        let request = Request::post(path).header(CONTENT_LENGTH, form.len());
        request.body(Body::from(form.to_owned())).unwrap()
    }

    fn json(status: u16, text: &str) -> Response<Body> {
        let response = Response::builder().status(status).header(CONTENT_TYPE, "application/json");
        response.body(Body::from(text.to_owned())).unwrap()
    }

    #[tokio::test]
    async fn what_is_heard_is_passed_on_unchanged_and_kept_masked() {
        let recorder = recorder();
        let form = format!("grant_type=authorization_code&client_id=b1&code={SECRET}&client_secret={SECRET}");
        let answer = format!(r#"{{"access_token":"{SECRET}","refresh_token":"{SECRET}"}}"#);
        let passed = exchange(&recorder, post("/t/oauth2/v2.0/token", &form), json(200, &answer)).await;
        assert_eq!(passed, (Bytes::from(form), Bytes::from(answer)));

        let (messages, steps) = so_far(&recorder);
        let names: Vec<_> = messages.iter().map(|message| (message.from.as_str(), message.to.as_str())).collect();
        assert_eq!(names, [(BURNDOWN, LATCHKEY), (LATCHKEY, BURNDOWN)]);
        for message in &messages {
            assert!(!format!("{message:?}").contains(SECRET), "{message:?}");
            assert!(message.body.contains("…WXYZ"), "{message:?}");
        }
        assert!(steps.have(Happened::GotKeys));
    }

    #[tokio::test]
    async fn the_older_kinds_assertions_are_masked_too() {
        let recorder = recorder();
        let form = format!("client_assertion={SECRET}&grant_type=refresh_token&assertion={SECRET}");
        let mut request = post("/oauth2/token", &form);
        request.headers_mut().insert(USER_AGENT, OLDTIMER_AGENT.parse().unwrap());
        exchange(&recorder, request, json(200, &format!(r#"{{"access_token":"{SECRET}"}}"#))).await;
        let (messages, steps) = so_far(&recorder);
        assert!(!format!("{messages:?}").contains(SECRET), "{messages:?}");
        assert_eq!(messages[0].from, OLDTIMER);
        assert!(steps.have(Happened::OlderGotKeys) && !steps.have(Happened::GotKeys));
    }

    #[tokio::test]
    async fn passwords_and_cookies_are_never_kept() {
        let recorder = recorder();
        let form = format!("email=ana%40harbor.test&password={SECRET}&csrf={SECRET}");
        let response = Response::builder().status(303).header(LOCATION, "/consent?flow=f");
        let response = response.header(SET_COOKIE, format!("latchkey={SECRET}; Path=/")).body(Body::empty()).unwrap();
        exchange(&recorder, post("/signin", &form), response).await;
        let (messages, steps) = so_far(&recorder);
        assert!(!format!("{messages:?}").contains(SECRET));
        assert!(messages[0].body.contains("email = ana@harbor.test") && messages[0].body.contains("password = …\n"));
        assert!(messages[1].body.contains("Set-Cookie: latchkey=…WXYZ; Path=/"));
        assert!(!steps.have(Happened::SignedIn), "Burndown did not ask");
    }

    #[tokio::test]
    async fn a_body_that_is_long_or_of_unknown_length_passes_unheard() {
        let recorder = recorder();
        let long = "x".repeat(BODY_BYTES + 1);
        let request = Request::post("/t/oauth2/v2.0/token").header(CONTENT_LENGTH, long.len());
        let scene = Scene::Token;
        let (request, _) =
            recorder.hear(scene, request.body(Body::from(long.clone())).unwrap()).await.map_err(|_| ()).unwrap();
        assert_eq!(to_bytes(request.into_body(), long.len()).await.unwrap(), long);
    }

    #[tokio::test]
    async fn the_oldest_messages_make_room() {
        let recorder = recorder();
        for _ in 0..MESSAGES {
            exchange(&recorder, Request::get("/t/discovery/v2.0/keys").body(Body::empty()).unwrap(), json(200, "{}"))
                .await;
        }
        let (messages, _) = so_far(&recorder);
        assert_eq!(messages.len(), MESSAGES);
        assert_eq!(messages.last().unwrap().number, u32::try_from(MESSAGES).unwrap() * 2);
    }
}
