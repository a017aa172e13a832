//! Whether apps register themselves in a directory: decided by who administers it.

use latchkey_identity::client::dynamic::RegistrationGate;

use super::problem::Problem;
use super::visit::{Answer, Visit, moment};
use crate::pages::self_registration::{Gate, SelfRegistration};

/// `GET /apps/self-registration`
pub(super) async fn show(visit: Visit) -> Answer {
    visit.administers_directory()?;
    visit.show(&page(&visit).await?)
}

/// `POST /apps/self-registration`
pub(super) async fn save(visit: Visit) -> Answer {
    visit.administers_directory()?;
    let gate = visit.posted("gate").and_then(RegistrationGate::parse).ok_or_else(Problem::not_offered)?;
    visit.app.set_registration_gate(visit.account().tenant, gate, visit.policy_event()).await?;
    visit.go_to("/apps/self-registration?saved=1")
}

/// `POST /apps/self-registration/documents`: whether apps that describe themselves are let in.
pub(super) async fn save_documents(visit: Visit) -> Answer {
    visit.administers_directory()?;
    let open = match visit.posted("documents") {
        Some("on") => true,
        Some("off") => false,
        _ => return Err(Problem::not_offered()),
    };
    visit.app.set_document_gate(visit.account().tenant, open, visit.policy_event()).await?;
    visit.go_to("/apps/self-registration?saved=1")
}

/// `POST /apps/self-registration/token`: a new token, shown this one time.
pub(super) async fn make_token(visit: Visit) -> Answer {
    visit.administers_directory()?;
    let tenant = visit.account().tenant;
    if visit.app.store.registration_gate(tenant).await? != RegistrationGate::InitialToken {
        return Err(Problem::Forbidden {
            reason: "Tokens are of no use here: apps do not register themselves with one.".into(),
        });
    }
    let (secret, token) = visit.app.make_initial_access_token(tenant, visit.policy_event()).await?;
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
        lets_described_in: store.document_gate(tenant).await?,
        described: store.count_described_clients(tenant).await?,
        token: None,
    })
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
