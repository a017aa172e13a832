//! Whether apps register themselves in a directory: decided by who administers it.

use latchkey_identity::client::dynamic::RegistrationGate;
use latchkey_identity::event::Event;

use super::problem::Problem;
use super::visit::{Answer, Visit, moment};
use crate::pages::self_registration::{Gate, SelfRegistration};

/// `GET /apps/self-registration`
pub(super) async fn show(visit: Visit) -> Answer {
    administers(&visit)?;
    visit.show(&page(&visit).await?)
}

/// `POST /apps/self-registration`
pub(super) async fn save(visit: Visit) -> Answer {
    administers(&visit)?;
    let gate = visit.posted("gate").and_then(RegistrationGate::parse);
    let gate = gate.ok_or_else(|| Problem::Forbidden {
        reason: "The form holds a choice that this page does not offer.".into(),
    })?;
    visit.app.set_registration_gate(visit.account().tenant, gate, event(&visit)).await?;
    visit.go_to("/apps/self-registration?saved=1")
}

/// `POST /apps/self-registration/documents`: whether apps that describe themselves are let in.
pub(super) async fn save_documents(visit: Visit) -> Answer {
    administers(&visit)?;
    let open = match visit.posted("documents") {
        Some("on") => true,
        Some("off") => false,
        _ => {
            return Err(Problem::Forbidden { reason: "The form holds a choice that this page does not offer.".into() });
        }
    };
    visit.app.set_document_gate(visit.account().tenant, open, event(&visit)).await?;
    visit.go_to("/apps/self-registration?saved=1")
}

/// `POST /apps/self-registration/token`: a new token, shown this one time.
pub(super) async fn make_token(visit: Visit) -> Answer {
    administers(&visit)?;
    let tenant = visit.account().tenant;
    if visit.app.store.registration_gate(tenant).await? != RegistrationGate::InitialToken {
        return Err(Problem::Forbidden {
            reason: "Tokens are of no use here: apps do not register themselves with one.".into(),
        });
    }
    let (secret, token) = visit.app.make_initial_access_token(tenant, event(&visit)).await?;
    let token = Some((secret.reveal().to_owned(), moment(token.expires_at)));
    visit.show(&SelfRegistration { token, ..page(&visit).await? })
}

async fn page(visit: &Visit) -> Result<SelfRegistration, Problem> {
    let (store, tenant) = (&visit.app.store, visit.account().tenant);
    let directory = store.tenant(tenant).await?.map(|tenant| tenant.domain.clone()).unwrap_or_default();
    Ok(SelfRegistration {
        frame: visit.frame(),
        saved: visit.asked("saved").is_some(),
        directory,
        gate: match store.registration_gate(tenant).await? {
            RegistrationGate::Off => Gate::Off,
            RegistrationGate::InitialToken => Gate::InitialToken,
            RegistrationGate::Open => Gate::Open,
        },
        endpoint: format!("{}/{tenant}/oauth2/v2.0/register", visit.visitor.origin.url),
        registered: store.count_dynamic_clients(tenant).await?,
        described: (store.document_gate(tenant).await?, store.count_described_clients(tenant).await?),
        token: None,
    })
}

fn administers(visit: &Visit) -> Result<(), Problem> {
    match visit.account().tenant_administrator {
        true => Ok(()),
        false => Err(Problem::Forbidden { reason: "Only an administrator of your directory decides this.".into() }),
    }
}

fn event(visit: &Visit) -> Event {
    let event = visit.app.registration_event(visit.account().tenant);
    Event { address: Some(visit.address()), ..event.by(visit.account().id).within(visit.current.session.id) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn page_and_rule_call_the_gates_by_the_same_names() {
        for gate in Gate::ALL {
            assert!(RegistrationGate::parse(gate.value()).is_some(), "{}", gate.value());
        }
    }
}
