//! The page instead of the approval page, for a person who may not authorize services anywhere.

use std::collections::BTreeMap;

use latchkey_identity::Timestamp;

use crate::app::App;
use crate::identity::flow::{self, Deliberation, Opened};
use crate::identity::offer::{AskedApproval, ClosedOrganization};
use crate::identity::problem_page;
use crate::pages::Moment;
use crate::pages::prerequisite::{AskedBefore, Contact, Missing, Prerequisite, Shortfall};
use crate::visitor::Visitor;

/// The page for a person who may not approve the request anywhere. `problem` is why what they asked for was not kept.
pub(super) fn page(
    app: &App,
    visitor: &Visitor,
    opened: &Opened,
    deliberation: &Deliberation,
    problem: Option<String>,
) -> Prerequisite {
    let Deliberation { signed_in, standing, .. } = deliberation;
    let shortfall = |organization: &ClosedOrganization| {
        let missing = organization.missing.iter().map(|missing| {
            let code = missing.prerequisite.code();
            // Their names are not in the sentence: they are listed below, once for everything that is missing.
            (code, Missing { code: code.to_owned(), what: missing.what(), mend: missing.what_to_do(&[]) })
        });
        let contact = |(name, email): &(String, String)| Contact { name: name.clone(), email: email.clone() };
        Shortfall {
            organization: organization.name.clone(),
            missing: missing.collect::<BTreeMap<_, _>>().into_values().collect(),
            ask: organization.administrators.iter().map(contact).collect(),
            id: organization.id.to_string(),
            asked: organization.request.and_then(|request| asked_before(request, visitor.now)),
            // What is only tried asks nobody.
            may_ask: opened.flow.rehearsed_by.is_none() && organization.request.is_some_and(AskedApproval::may_ask),
        }
    };
    let mut organizations: Vec<Shortfall> = standing.closed.iter().map(shortfall).collect();
    organizations.sort_by(|one, other| one.organization.cmp(&other.organization));
    Prerequisite {
        frame: problem_page::frame_for(app, visitor, signed_in.account.id),
        flow: opened.id.clone(),
        app: opened.asked.face(),
        host: opened.asked.request.redirect.destination(),
        problem,
        account: flow::named(signed_in),
        organizations,
    }
}

/// What became of a request for an approval, if there was one.
pub(super) fn asked_before(request: AskedApproval, now: Timestamp) -> Option<AskedBefore> {
    let ago = |at: Timestamp| Moment::from(at).before(now.into());
    match request {
        AskedApproval::NotYet => None,
        AskedApproval::Waiting(since) => Some(AskedBefore::Waiting(ago(since))),
        AskedApproval::Denied(at) => Some(AskedBefore::Denied(ago(at))),
        AskedApproval::Expired => Some(AskedBefore::Expired),
        AskedApproval::AppChanged => Some(AskedBefore::AppChanged),
    }
}
