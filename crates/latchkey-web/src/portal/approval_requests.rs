//! What members ask to have approved: the list for administrators, and their answers; and for the person, what became of it.

use std::sync::Arc;

use latchkey_devops::access::Action;
use latchkey_devops::approval_request::{self, AppShown, ApprovalRequest, CannotAnswer, LIFETIME, State, Verdict};
use latchkey_devops::ids::{ApprovalRequestId, PersonId};
use latchkey_devops::policy::AuthorizePolicy;
use latchkey_devops::scope::Scopes;
use latchkey_identity::account::AccountId;
use latchkey_identity::client::{Client, ClientId, Publisher};
use latchkey_identity::scope::ScopeSet;
use latchkey_store::devops::approval_requests::{self as kept, Before};
use latchkey_store::{Changes, StoreError};
use uuid::Uuid;

use super::organization::Entered;
use super::people::Names;
use super::problem::Problem;
use super::scopes;
use super::visit::{Answer, Visit, moment};
use crate::identity::offer::shown;
use crate::mail;
use crate::pages::AppFace;
use crate::pages::approval_requests::{ApprovalRequests, ApprovedRequest, Asker, WaitingRequest};
use crate::pages::authorizations::{AskedRow, AskedState};

/// `GET /organizations/{organization}/requests`
pub(super) async fn show(visit: Visit) -> Answer {
    let entered = Entered::read(&visit).await?;
    let access = entered.may(&visit, Action::AdministerOrganization)?;
    let store = &visit.app.store;
    let from = |list| visit.asked(list).and_then(Before::parse).unwrap_or(Before::NOTHING);
    let here = |list, next: Option<Before>| {
        next.map(|next| format!("/organizations/{}/requests?{list}={next}", entered.name()))
    };
    let page = store.approval_requests_waiting(&access, from("waiting"), visit.now()).await?;
    let (mut waiting, more_waiting) = (Vec::new(), here("waiting", page.next));
    for request in page.requests {
        waiting.push(WaitingRequest {
            id: request.id.to_string(),
            asker: asker(&visit, &request).await?,
            may: scopes::in_full_to_others(&set(request.scopes)),
            asked: visit.ago(request.asked_at),
            until: moment(request.asked_at + LIFETIME),
            sentence: request.sentence,
        });
    }
    let page = store.approval_requests_approved(&access, from("approved")).await?;
    let (mut approved, mut names) = (Vec::new(), Names::default());
    let more_approved = here("approved", page.next);
    for request in page.requests {
        let Some(answer) = request.answer else { continue };
        approved.push(ApprovedRequest {
            id: request.id.to_string(),
            asker: asker(&visit, &request).await?,
            may: scopes::in_short_to_others(&set(request.scopes)),
            by: names.of(store, answer.by).await?,
            at: moment(answer.at),
        });
    }
    visit.show(&ApprovalRequests {
        frame: visit.frame(),
        name: entered.name().to_owned(),
        members_ask: entered.facts.organization.policy.authorize == AuthorizePolicy::Approval,
        done: visit.asked("done").and_then(done).map(str::to_owned),
        waiting,
        approved,
        more_waiting,
        more_approved,
    })
}

fn set(scopes: Scopes) -> ScopeSet {
    ScopeSet::from_text(&scopes.to_string())
}

async fn asker(visit: &Visit, request: &ApprovalRequest) -> Result<Asker, StoreError> {
    let account = visit.app.store.account(AccountId(request.person.0)).await?;
    let (person, email) = match account {
        Some(found) => (found.account.name.clone(), found.account.email.clone()),
        None => ("somebody who is gone".to_owned(), String::new()),
    };
    let client = client_of(visit, request).await?;
    let directory = match &client {
        Some(client) => visit.app.store.tenant(client.tenant).await?.map(|tenant| tenant.domain.clone()),
        None => None,
    };
    Ok(Asker {
        app: face(client.as_deref()),
        client_id: request.app.to_string(),
        directory: directory.unwrap_or_else(|| "an unknown directory".to_owned()),
        destinations: client.iter().flat_map(|client| client.destinations()).collect(),
        devices: client.as_deref().is_some_and(Client::may_use_device_codes),
        is_same: is_same(client.as_deref(), request),
        person,
        email,
    })
}

async fn client_of(visit: &Visit, request: &ApprovalRequest) -> Result<Option<Arc<Client>>, StoreError> {
    visit.app.store.client(ClientId(request.app.0)).await
}

/// Whether the app is still what it was when the person asked.
fn is_same(client: Option<&Client>, request: &ApprovalRequest) -> bool {
    client.is_some_and(|client| request.is_about(shown(client)))
}

fn face(client: Option<&Client>) -> AppFace {
    match client {
        Some(client) => AppFace::of(&client.name, &client.publisher),
        None => AppFace::of("an app that is gone", &Publisher::Unverified),
    }
}

/// What an administrator may do with a request.
#[derive(Clone, Copy)]
enum Decision {
    Answer(Verdict),
    TakeBack,
}

impl Decision {
    fn parse(word: &str) -> Option<Self> {
        match word {
            "approve" => Some(Self::Answer(Verdict::Approved)),
            "deny" => Some(Self::Answer(Verdict::Denied)),
            "take-back" => Some(Self::TakeBack),
            _ => None,
        }
    }

    /// How the page that follows is told of it.
    fn done(self) -> &'static str {
        match self {
            Self::Answer(Verdict::Approved) => "approved",
            Self::Answer(Verdict::Denied) => "denied",
            Self::TakeBack => "taken-back",
        }
    }
}

fn done(what: &str) -> Option<&'static str> {
    match what {
        "approved" => Some("The request was approved. The person can authorize the service now."),
        "denied" => Some("The request was denied. The person is told, and can ask again."),
        "taken-back" => Some("The approval was taken back."),
        "answered" => Some("Somebody answered this request before you. What they answered stands."),
        "changed" => Some("The app changed since the person asked, so the request counts no more. They can ask again."),
        "expired" => Some("The request had expired. Whoever asked can ask again."),
        _ => None,
    }
}

/// `POST /organizations/{organization}/requests`: answers one.
pub(super) async fn answer(visit: Visit) -> Answer {
    let id = visit.posted("request").and_then(|id| Uuid::try_parse(id).ok()).map(ApprovalRequestId);
    let id = id.ok_or(Problem::NotFound)?;
    let decision = visit.posted("decision").and_then(Decision::parse).ok_or_else(Problem::not_offered)?;
    let (name, decided) = decide(&visit, id, decision).await??;
    let done = match decided {
        Ok(_) => decision.done(),
        Err(CannotAnswer::Answered(_) | CannotAnswer::NotApproved) => "answered",
        Err(CannotAnswer::Expired) => "expired",
        Err(CannotAnswer::AppChanged) => "changed",
        Err(CannotAnswer::NotThere | CannotAnswer::NotAdministrator) => return Err(Problem::NotFound),
    };
    visit.go_to(&format!("/organizations/{name}/requests?done={done}"))
}

/// The name of the organization, and what became of the answer.
type Decided = (String, Result<ApprovalRequest, CannotAnswer>);

async fn decide(
    visit: &Visit,
    id: ApprovalRequestId,
    decision: Decision,
) -> Result<Result<Decided, Problem>, StoreError> {
    let (store, now) = (&visit.app.store, visit.now());
    store
        .decide(|| async {
            let (entered, access) = match Entered::administered(visit).await? {
                Ok(administered) => administered,
                Err(problem) => return Ok((Err(problem), Changes::none())),
            };
            let (organization, author) = (&entered.facts.organization, visit.author());
            let request = store.approval_request(&access, id).await?;
            let client = match &request {
                Some(request) => client_of(visit, request).await?,
                None => None,
            };
            let now_shown = client.as_deref().map_or(AppShown::NOTHING, shown);
            let (decided, keep): (_, fn(_, _, _) -> _) = match decision {
                Decision::Answer(verdict) => {
                    (approval_request::answer(&access, request.as_ref(), now_shown, verdict, now), kept::answer)
                }
                Decision::TakeBack => (approval_request::take_back(&access, request.as_ref(), now), kept::take_back),
            };
            let mut changes = Changes::none();
            if let Ok(request) = &decided {
                changes.append(keep(organization, request, &author));
                if matches!(decision, Decision::Answer(_)) {
                    changes.letters.extend(mail::requests::answered(&visit.app, &entered.facts, request).await?);
                }
            }
            Ok((Ok((entered.name().to_owned(), decided)), changes))
        })
        .await
}

/// What the person asked for, and what became of it: what waits, and what was answered lately.
pub(super) async fn of_person(visit: &Visit) -> Result<Vec<AskedRow>, StoreError> {
    let (store, now) = (&visit.app.store, visit.now());
    let (mut rows, mut names) = (Vec::new(), Names::default());
    for request in store.approval_requests_of(visit.person()).await? {
        if request.answer.is_some_and(|answer| answer.at + LIFETIME <= now) {
            continue;
        }
        let Some(facts) = store.organization_by_id(request.organization).await? else { continue };
        let mut by = async |person: Option<PersonId>| match person {
            Some(person) => names.of(store, person).await,
            None => Ok("an administrator".to_owned()),
        };
        let (answerer, at) = request.answer.map(|answer| (answer.by, answer.at)).unzip();
        let answered = visit.ago(at.unwrap_or(request.asked_at));
        let client = client_of(visit, &request).await?;
        let state = match request.state(now) {
            State::Waiting | State::Approved if !is_same(client.as_deref(), &request) => AskedState::AppChanged,
            State::Waiting => AskedState::Waiting(moment(request.asked_at + LIFETIME)),
            State::Expired => AskedState::Expired,
            State::Approved => AskedState::Approved(by(answerer).await?, answered),
            State::Denied => AskedState::Denied(by(answerer).await?, answered),
        };
        rows.push(AskedRow {
            app: face(client.as_deref()).name,
            organization: facts.organization.name.to_string(),
            asked: visit.ago(request.asked_at),
            state,
        });
    }
    Ok(rows)
}
