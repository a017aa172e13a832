//! A person's own page.

use latchkey_devops::membership::Member;
use latchkey_devops::organization::Organization;
use latchkey_identity::tenant::TenantKind;

use super::visit::{Answer, Visit, count};
use crate::pages::home::{Belonging, Home};

/// `GET /me`
pub(super) async fn show(visit: Visit) -> Answer {
    let (store, account, now) = (&visit.app.store, visit.account().id, visit.now());
    let authorizations = store.authorizations_of(account).await?;
    let mut organizations = Vec::new();
    for facts in store.organizations_of(visit.person()).await? {
        if let Some(member) = store.member(facts.id(), visit.person()).await? {
            organizations.push(Belonging {
                name: facts.organization.name.to_string(),
                role: role(&facts.organization, &member).to_owned(),
                access_level: member.access_level.to_string(),
            });
        }
    }
    visit.show(&Home {
        frame: visit.frame(),
        person: visit.named(),
        authorizations: count(authorizations.iter().filter(|one| one.authorization.is_live(now)).count()),
        sessions: count(store.sessions_of(account, now).await?.len()),
        apps: count(store.count_clients_owned_by(account).await?),
        audits: visit.account().tenant_administrator,
        administers: visit.account().tenant_administrator && visit.current.home.kind == TenantKind::Work,
        organizations,
    })
}

fn role(organization: &Organization, member: &Member) -> &'static str {
    if organization.owner == member.person {
        "Owner"
    } else if member.administers(organization) {
        "Administrator"
    } else {
        "Member"
    }
}
