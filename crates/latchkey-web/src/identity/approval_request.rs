//! `POST /consent/ask`: a member asks an administrator to approve what a service wants.

use axum::body::Body;
use axum::extract::State;
use http::{Request, Response, StatusCode};
use latchkey_devops::approval_request::{self, ApprovalRequest, Asked, CannotAsk, Known};
use latchkey_devops::ids::{AppId, ApprovalRequestId, OrganizationId, PersonId};
use latchkey_store::devops::{Author, approval_requests as kept};
use latchkey_store::{Changes, StoreError};
use uuid::Uuid;

use crate::app::{App, entropy};
use crate::identity::flow::{self, Deliberation, Next, Opened};
use crate::identity::offer::{approvable, shown};
use crate::identity::own_form::{self, Answered};
use crate::identity::{consent, prerequisite, problem_page};
use crate::mail;
use crate::reply;
use crate::visitor::Visitor;

/// Keeps the request, and shows the page that it came from again, which says how the request stands.
pub async fn ask(State(app): State<App>, visitor: Visitor, request: Request<Body>) -> Response<Body> {
    let Answered { opened, pairs, own } = match own_form::answered(&app, &visitor, request).await {
        Ok(answered) => answered,
        Err(response) => return *response,
    };
    let deliberation = match flow::next(&app, &visitor, &opened.asked, Some(&opened.flow)).await {
        Ok(Next::Prerequisite(deliberation) | Next::Consent(deliberation)) => deliberation,
        Ok(Next::Answer(response)) => return flow::send(&app, &visitor, &opened.asked.client, &response),
        Ok(_) => return consent::advance(&app, &visitor, &opened, None).await,
        Err(error) => return problem_page::unavailable(&app, &visitor, &error),
    };
    if !own.is_for(deliberation.signed_in.account.id) {
        return problem_page::other_account(&app, &visitor);
    }
    let back = || reply::see_other(&visitor, &format!("/consent?flow={}", opened.id));
    if opened.flow.rehearsed_by.is_some() {
        return back();
    }
    let named = pairs.first("ask").and_then(|id| Uuid::try_parse(id).ok());
    // Only what the page shows: another organization is not told apart from one that is not there.
    let shown = |id: &Uuid| deliberation.standing.closed.iter().any(|closed| closed.id == *id);
    let Some(organization) = named.filter(shown).map(OrganizationId) else { return back() };
    let sentence = pairs.first("sentence").unwrap_or_default();
    match asked(&app, &visitor, &opened, &deliberation, organization, sentence).await {
        Err(error) => problem_page::unavailable(&app, &visitor, &error),
        // What was true when the page was made is not any more, or two presses came at once: the page says what is.
        Ok(Ok(_) | Err(CannotAsk::Waiting | CannotAsk::NotNeeded | CannotAsk::NotEnough(_))) => back(),
        Ok(Err(problem @ (CannotAsk::TooMany | CannotAsk::TooLong))) => {
            let page = prerequisite::page(&app, &visitor, &opened, &deliberation, Some(problem.to_string()));
            reply::page(StatusCode::UNPROCESSABLE_ENTITY, &visitor, &page, &opened.asked.targets())
        }
    }
}

async fn asked(
    app: &App,
    visitor: &Visitor,
    opened: &Opened,
    deliberation: &Deliberation,
    organization: OrganizationId,
    sentence: &str,
) -> Result<Result<ApprovalRequest, CannotAsk>, StoreError> {
    let (store, id) = (&app.store, ApprovalRequestId(entropy().uuid()));
    let (person, client) = (PersonId(deliberation.signed_in.account.id.0), AppId(opened.asked.client.id.0));
    let author = Author {
        session: Some(deliberation.signed_in.session.id.0),
        address: Some(visitor.address.to_string()),
        ..Author::person(person, visitor.now)
    };
    store
        .decide(|| async {
            let facts = store.organization_by_id(organization).await?;
            // The app as it is now: that is what an administrator will look at.
            let (Some(facts), Some(registered)) = (facts, store.client(opened.asked.client.id).await?) else {
                return Ok((Err(CannotAsk::NotNeeded), Changes::none()));
            };
            let member = store.member(organization, person).await?;
            let requests = store.approval_requests_about(organization, person, client).await?;
            let waiting = store.approval_requests_waiting_of(organization, person, visitor.now).await?;
            let asked = Asked {
                organization: &facts.organization,
                member: member.as_deref(),
                app: client,
                shown: shown(&registered),
                scopes: approvable(&deliberation.scopes),
                sentence,
            };
            let decided = approval_request::ask(asked, Known { requests: &requests, waiting }, id, visitor.now);
            let mut changes = Changes::none();
            if let Ok(request) = &decided {
                changes.append(kept::ask(&facts.organization, request, &author));
                changes.letters.extend(mail::requests::arrived(app, &facts, request).await?);
            }
            Ok((decided, changes))
        })
        .await
}
