//! One visit of a signed-in person to one of these pages: read first, answered by one handler.

use axum::body::Body;
use axum::extract::rejection::RawPathParamsRejection;
use axum::extract::{RawPathParams, State};
use axum::routing::{MethodRouter, get, post};
use http::request::Parts;
use http::{Request, Response, StatusCode};
use latchkey_devops::access::{Caller, Standing};
use latchkey_devops::ids::PersonId;
use latchkey_identity::account::{Account, AccountId};
use latchkey_identity::authorization::AuthorizationId;
use latchkey_identity::authorize::prompt::SignedIn;
use latchkey_identity::client::registration::RegistrationError;
use latchkey_identity::client::{Client, ClientId};
use latchkey_identity::event::Event;
use latchkey_identity::{Decision, Timestamp};
use latchkey_store::devops::Author;
use latchkey_store::identity::ListedAuthorization;
use uuid::Uuid;

use super::current::{self, Accounts};
use super::problem::Problem;
use crate::app::App;
use crate::extract::{self, Pairs};
use crate::forms::{self, OwnForm};
use crate::pages::{Ago, Frame, Locale, Moment, OtherAccount, Page, Person};
use crate::reply::{self, FormTargets};
use crate::visitor::Visitor;

/// A page, or what keeps it from being shown.
pub(super) type Answer = Result<Response<Body>, Problem>;

/// One visit.
pub(super) struct Visit {
    /// What every handler may touch.
    pub(super) app: App,
    /// The circumstances of the request.
    pub(super) visitor: Visitor,
    /// Who acts.
    pub(super) current: SignedIn,
    /// Who else is signed in in the same browser.
    others: Vec<SignedIn>,
    path: Vec<(String, String)>,
    query: Pairs,
    form: Pairs,
}

/// A page: `GET` by a signed-in person.
pub(super) fn page<H, F>(handler: H) -> MethodRouter<App>
where
    H: Fn(Visit) -> F + Clone + Send + Sync + 'static,
    F: Future<Output = Answer> + Send,
{
    get(move |State(app): State<App>, path: PathParts, request: Request<Body>| show(app, path, request, handler))
}

/// What a form does: `POST` by a signed-in person, from a page of ours in the same browser that named them.
pub(super) fn form<H, F>(handler: H) -> MethodRouter<App>
where
    H: Fn(Visit) -> F + Clone + Send + Sync + 'static,
    F: Future<Output = Answer> + Send,
{
    submitted(handler, OwnForm::is_for)
}

/// The same, of a form that acts for no account in particular, such as the one that switches to another.
pub(super) fn form_of_anybody<H, F>(handler: H) -> MethodRouter<App>
where
    H: Fn(Visit) -> F + Clone + Send + Sync + 'static,
    F: Future<Output = Answer> + Send,
{
    submitted(handler, |_, _| true)
}

fn submitted<H, F>(handler: H, counts: fn(OwnForm, AccountId) -> bool) -> MethodRouter<App>
where
    H: Fn(Visit) -> F + Clone + Send + Sync + 'static,
    F: Future<Output = Answer> + Send,
{
    post(async move |State(app): State<App>, path: PathParts, request: Request<Body>| {
        let (parts, body) = request.into_parts();
        // First: it may be held back, and who sends it may be signed out meanwhile.
        let form = extract::form(&parts.headers, body).await;
        let visitor = Visitor::of(&app, &parts);
        let answer = async {
            let after_sign_in = || Problem::SignIn { next: page_of(parts.uri.path()), lost_a_form: true };
            let visit = Visit::begin(&app, &visitor, &parts, path, after_sign_in).await?;
            let form = form?;
            let own = forms::made_here(&app, &visitor, &parts.headers, form.first("csrf"));
            if !counts(own.ok_or(Problem::ForeignForm)?, visit.account().id) {
                return Err(Problem::OtherAccount);
            }
            handler(Visit { form, ..visit }).await
        };
        answer.await.unwrap_or_else(|problem| problem.page(&app, &visitor))
    })
}

/// The page that a form stood on, or one that leads there: browsers do not tell us.
fn page_of(path: &str) -> String {
    let segments: Vec<&str> = path.split('/').collect();
    match segments.as_slice() {
        ["", "organizations", organization, page, ..] => format!("/organizations/{organization}/{page}"),
        ["", area @ ("apps" | "profile" | "upstream"), page, ..] => format!("/{area}/{page}"),
        _ => "/me".to_owned(),
    }
}

/// The parts of the path that stand for something.
pub(super) type PathParts = Result<RawPathParams, RawPathParamsRejection>;

/// Shows a page to whoever is signed in.
pub(super) async fn show<H, F>(app: App, path: PathParts, request: Request<Body>, handler: H) -> Response<Body>
where
    H: Fn(Visit) -> F,
    F: Future<Output = Answer>,
{
    let (parts, _) = request.into_parts();
    let visitor = Visitor::of(&app, &parts);
    let here = parts.uri.path_and_query().map_or("/me", |here| here.as_str());
    let after_sign_in = || Problem::SignIn { next: here.to_owned(), lost_a_form: false };
    let answer = async { handler(Visit::begin(&app, &visitor, &parts, path, after_sign_in).await?).await };
    answer.await.unwrap_or_else(|problem| problem.page(&app, &visitor))
}

impl Visit {
    async fn begin(
        app: &App,
        visitor: &Visitor,
        parts: &Parts,
        path: PathParts,
        after_sign_in: impl FnOnce() -> Problem,
    ) -> Result<Self, Problem> {
        let Some(Accounts { acting, others }) = current::read(app, visitor, &parts.headers).await? else {
            return Err(after_sign_in());
        };
        // What cannot be decoded names nothing.
        let path = path.map_err(|_| Problem::NotFound)?;
        Ok(Self {
            app: app.clone(),
            visitor: visitor.clone(),
            current: acting,
            others,
            path: path.iter().map(|(name, value)| (name.to_owned(), value.to_owned())).collect(),
            query: Pairs::decode(parts.uri.query().unwrap_or_default().as_bytes()),
            form: Pairs::default(),
        })
    }

    /// The account that acts.
    pub(super) fn account(&self) -> &Account {
        &self.current.account
    }

    /// One of the account's authorizations, ended or not. What memory holds of its uses is written first, so that it is shown with them; if
    /// that fails, it is shown without.
    pub(super) async fn authorization(&self, id: AuthorizationId) -> Result<ListedAuthorization, Problem> {
        let find = async || self.app.store.authorization_of(self.account().id, id).await;
        let found = find().await?.ok_or(Problem::NotFound)?;
        match self.app.flush_one(id).await {
            Ok(false) => Ok(found),
            Ok(true) => find().await?.ok_or(Problem::NotFound),
            Err(error) => {
                tracing::warn!(%error, "last uses could not be written");
                Ok(found)
            }
        }
    }

    /// The moment.
    pub(super) fn now(&self) -> Timestamp {
        self.visitor.now
    }

    /// Where the request comes from, for the record.
    pub(super) fn address(&self) -> String {
        self.visitor.address.to_string()
    }

    /// Asks a rule about an app, as it is at that moment.
    pub(super) async fn decide_client<T, E: From<RegistrationError>>(
        &self,
        id: ClientId,
        rule: impl Fn(&Client) -> Decision<T, E>,
    ) -> Result<Result<T, E>, Problem> {
        let address = self.address();
        Ok(self.app.decide_client(id, |client| rule(client).seen_from(&address)).await?)
    }

    /// The part of the path of that name.
    pub(super) fn part(&self, name: &str) -> &str {
        self.path.iter().find(|(key, _)| key == name).map_or("", |(_, value)| value)
    }

    /// The part of the path of that name, which is an id.
    pub(super) fn id(&self, name: &str) -> Result<Uuid, Problem> {
        Uuid::try_parse(self.part(name)).map_err(|_| Problem::NotFound)
    }

    /// What the query says.
    pub(super) fn asked(&self, name: &str) -> Option<&str> {
        self.query.first(name)
    }

    /// What the form says.
    pub(super) fn posted(&self, name: &str) -> Option<&str> {
        self.form.first(name)
    }

    /// Everything that the form says under that name.
    pub(super) fn all_posted<'a>(&'a self, name: &'a str) -> impl Iterator<Item = &'a str> {
        self.form.all(name)
    }

    /// The person at the DevOps side: no app in between.
    pub(super) fn caller(&self) -> Caller {
        Caller::in_person(self.person(), Standing::Live)
    }

    /// The person, as the DevOps side knows them.
    pub(super) fn person(&self) -> PersonId {
        PersonId(self.account().id.0)
    }

    /// The person as the author of a change, for the record.
    pub(super) fn author(&self) -> Author {
        Author {
            session: Some(self.current.session.id.0),
            address: Some(self.address()),
            ..Author::person(self.person(), self.now())
        }
    }

    /// Keeps out whoever does not administer their directory.
    pub(super) fn administers_directory(&self) -> Result<(), Problem> {
        match self.account().tenant_administrator {
            true => Ok(()),
            false => Err(Problem::Forbidden { reason: "Only an administrator of your directory decides this.".into() }),
        }
    }

    /// The event of a decision about the person's directory.
    pub(super) fn policy_event(&self) -> Event {
        let event = self.app.registration_event(self.account().tenant);
        Event { address: Some(self.address()), ..event.by(self.account().id).within(self.current.session.id) }
    }

    /// What every page needs.
    pub(super) fn frame(&self) -> Frame {
        Frame {
            nonce: self.visitor.nonce.clone(),
            csrf: forms::token(&self.app, &self.visitor, Some(self.account().id)),
            person: Some(self.named()),
            others: self.others.iter().map(other).collect(),
            locale: Locale::English,
        }
    }

    /// The person, as pages name them.
    pub(super) fn named(&self) -> Person {
        named(&self.current)
    }

    /// How long ago something was.
    pub(super) fn ago(&self, then: Timestamp) -> Ago {
        moment(then).before(moment(self.now()))
    }

    /// Shows a page.
    pub(super) fn show(&self, page: &impl Page) -> Answer {
        self.show_as(StatusCode::OK, page)
    }

    /// Shows a form again that could not be accepted.
    pub(super) fn show_again(&self, page: &impl Page) -> Answer {
        self.show_as(StatusCode::UNPROCESSABLE_ENTITY, page)
    }

    fn show_as(&self, status: StatusCode, page: &impl Page) -> Answer {
        Ok(reply::page(status, &self.visitor, page, &FormTargets::own()))
    }

    /// Sends the browser to another page of ours.
    pub(super) fn go_to(&self, path: &str) -> Answer {
        Ok(reply::see_other(&self.visitor, path))
    }
}

fn named(SignedIn { account, home, .. }: &SignedIn) -> Person {
    Person { name: account.name.clone(), email: account.email.clone(), directory: home.name.clone() }
}

fn other(one: &SignedIn) -> OtherAccount {
    OtherAccount { session: one.session.id.to_string(), person: named(one) }
}

/// A moment, as pages show it.
pub(super) fn moment(at: Timestamp) -> Moment {
    at.into()
}

/// A number that a page shows.
pub(super) fn count(items: usize) -> u32 {
    u32::try_from(items).unwrap_or(u32::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn after_sign_in_a_lost_form_leads_to_the_page_it_stood_on() {
        for (form, page) in [
            ("/apps/new", "/apps/new"),
            ("/apps/31359c7f/secrets/remove", "/apps/31359c7f"),
            ("/profile/authorizations/pause", "/profile/authorizations"),
            ("/profile/sessions/end", "/profile/sessions"),
            ("/upstream/31359c7f/remove", "/upstream/31359c7f"),
            ("/organizations/harbor/policy", "/organizations/harbor/policy"),
            ("/organizations/harbor/services/stop", "/organizations/harbor/services"),
            ("/me/account", "/me"),
        ] {
            assert_eq!(page_of(form), page);
        }
    }
}
