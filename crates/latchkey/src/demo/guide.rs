//! Who answers in the demo: its services for their own hosts, the guided walk below `/demo`, and the site for everything else.

use std::sync::Arc;

use axum::body::Body;
use hyper::header::HOST;
use hyper::{Method, Request, Response, StatusCode};
use latchkey_store::StoreError;
use latchkey_store::outbox::Queued;
use latchkey_web::identity::problem_page::{frame, unavailable};
use latchkey_web::pages::Moment;
use latchkey_web::pages::demo::{CapturedMail, Demo, DemoAccount, DemoMail, DemoMessage, DemoNow, DemoWhole};
use latchkey_web::reply::{self, FormTargets};
use latchkey_web::visitor::Visitor;
use latchkey_web::{Origin, Peer, Site};

use super::buildlight::Buildlight;
use super::burndown::Burndown;
use super::events::Events;
use super::folder::KeptAccount;
use super::oldtimer::Oldtimer;
use super::recorder::{Message, Recorder, Walk};
use super::sample::people::EVERYBODY;
use super::scene::Scene;
use crate::listen::Answers;

/// Where one message is shown with its secrets, by its number.
const WHOLE: &str = "/demo/messages/";
/// How many mails are shown, the newest first.
const MOST_MAIL: u32 = 100;

/// Everything that answers. Cheap to clone.
#[derive(Clone)]
pub(crate) struct Guide {
    /// The product.
    pub(crate) site: Site,
    /// The demo service.
    pub(crate) burndown: Burndown,
    /// The demo service of the older OAuth kind.
    pub(crate) oldtimer: Oldtimer,
    /// The demo service on a device.
    pub(crate) buildlight: Buildlight,
    /// Who listens in.
    pub(crate) recorder: Recorder,
    /// Who follows the guided walk while it happens.
    pub(crate) events: Events,
    /// What the guided walk tells.
    pub(crate) tour: Arc<Tour>,
}

/// What the guided walk tells of this demo.
pub(crate) struct Tour {
    /// Where the demo service is.
    pub(crate) service_url: String,
    /// Where the one of the older kind is.
    pub(crate) oldtimer_url: String,
    /// The line that clones a repository.
    pub(crate) clone_line: String,
    /// Who can sign in.
    pub(crate) accounts: Vec<KeptAccount>,
}

impl Answers for Guide {
    async fn answer(&mut self, request: Request<Body>, peer: Peer) -> Response<Body> {
        let mut response = self.answer_somehow(request, peer).await;
        reply::finish(&mut response, peer.secure);
        response
    }

    fn finish(&self) {
        self.recorder.finish();
    }
}

impl Tour {
    /// How far the walk has come.
    fn now(&self, walk: &Walk) -> DemoNow {
        DemoNow {
            service_url: format!("{}/", self.service_url),
            steps: walk.steps.shown(&self.service_url, &self.oldtimer_url),
            messages: walk.messages.iter().map(shown_message).collect(),
        }
    }
}

impl Guide {
    async fn answer_somehow(&mut self, request: Request<Body>, peer: Peer) -> Response<Body> {
        if !peer.secure && self.burndown.is_meant(&request) {
            return self.burndown.answer(request).await;
        }
        if !peer.secure && self.oldtimer.is_meant(&request) {
            return self.oldtimer.answer(request).await;
        }
        if !peer.secure && self.buildlight.is_meant(&request) {
            return self.buildlight.answer(request).await;
        }
        let mail = match request.uri().path() {
            "/demo/mail" => self.site.app().store.newest_mail(self.site.app().now(), MOST_MAIL).await,
            _ => Ok(Vec::new()),
        };
        if let Some(response) = self.walk(&request, peer, mail) {
            return response;
        }
        let Some(scene) = Scene::of(request.method(), request.uri().path()) else {
            return self.site.answer(request, peer).await;
        };
        match self.recorder.hear(scene, request).await {
            Ok((request, heard)) => {
                let response = self.site.answer(request, peer).await;
                self.recorder.answered(heard, response).await
            }
            Err(response) => response,
        }
    }

    /// A page of the demo's own; nothing if the site has to answer.
    fn walk(
        &self,
        request: &Request<Body>,
        peer: Peer,
        mail: Result<Vec<Queued>, StoreError>,
    ) -> Option<Response<Body>> {
        if !matches!(*request.method(), Method::GET | Method::HEAD) {
            return None;
        }
        let path = request.uri().path();
        let whole = path.strip_prefix(WHOLE).map(|number| self.whole(number));
        // One that made room for others is not there any more.
        if !matches!(path, "/demo" | "/demo/events" | "/demo/mail") && !matches!(whole, Some(Some(_))) {
            return None;
        }
        let visitor = self.visitor(request, peer)?;
        let frame = frame(self.site.app(), &visitor);
        let own = FormTargets::own();
        if let Some(message) = whole.flatten() {
            return Some(reply::page(StatusCode::OK, &visitor, &DemoWhole { frame, message }, &own));
        }
        Some(match path {
            "/demo/mail" => match mail {
                Ok(mail) => {
                    let messages = mail.into_iter().map(shown_mail).collect();
                    reply::page(StatusCode::OK, &visitor, &DemoMail { frame, messages }, &own)
                }
                Err(error) => unavailable(self.site.app(), &visitor, &error),
            },
            "/demo/events" => {
                let tour = Arc::clone(&self.tour);
                self.events.listen(self.recorder.follow(), move |walk| tour.now(walk))
            }
            _ => {
                let page = Demo {
                    frame,
                    now: self.tour.now(&self.recorder.follow().borrow()),
                    accounts: self.tour.accounts.iter().map(shown_account).collect(),
                    clone_line: self.tour.clone_line.clone(),
                };
                reply::page(StatusCode::OK, &visitor, &page, &own)
            }
        })
    }

    /// A message with its secrets, by its number.
    fn whole(&self, number: &str) -> Option<DemoMessage> {
        let walk = self.recorder.follow();
        let walk = walk.borrow();
        let message = walk.messages.iter().find(|message| message.number.to_string() == number)?;
        let body = message.whole.as_ref()?.0.clone();
        Some(DemoMessage { body, hides: false, ..shown_message(message) })
    }

    /// Who asks, if they named one of our origins; otherwise the site says what it says to strangers.
    fn visitor(&self, request: &Request<Body>, peer: Peer) -> Option<Visitor> {
        let app = self.site.app();
        let host = || request.headers().get(HOST)?.to_str().ok();
        let named = request.uri().authority().map(|authority| authority.as_str()).or_else(host)?;
        let fits = |origin: &&Origin| origin.secure == peer.secure && origin.authority.eq_ignore_ascii_case(named);
        let origin = app.settings.origins.iter().find(fits).cloned()?;
        let mut copy = Request::new(());
        copy.headers_mut().clone_from(request.headers());
        copy.extensions_mut().insert(origin);
        copy.extensions_mut().insert(peer);
        Some(Visitor::of(app, &copy.into_parts().0))
    }
}

fn shown_mail(mail: Queued) -> CapturedMail {
    CapturedMail {
        to: mail.address.unwrap_or_else(|| "somebody who is gone".to_owned()),
        subject: mail.subject,
        at: Moment::from_micros(mail.queued_at.as_micros()),
        text: mail.body,
    }
}

fn shown_account(account: &KeptAccount) -> DemoAccount {
    let email: String = url::form_urlencoded::byte_serialize(account.email.as_bytes()).collect();
    let somebody = EVERYBODY.iter().find(|somebody| somebody.email == account.email);
    DemoAccount {
        email: account.email.clone(),
        password: account.password.clone(),
        role: account.role.replace('_', " "),
        hint: somebody.map(|somebody| somebody.hint.to_owned()).unwrap_or_default(),
        href: format!("/signin?login_hint={email}&next=%2Fprofile%2Fauthorizations"),
    }
}

fn shown_message(message: &Message) -> DemoMessage {
    let hides = message.whole.is_some();
    let Message { number, from, to, line, note, body, decoded, .. } = message.clone();
    DemoMessage { number, from, to, line, note: note.to_owned(), body, hides, decoded }
}
