//! What an app exposes to others, as its owner sets it.

use super::app::{Shown, edited, refused};
use super::registration::lines;
use super::visit::{Answer, Visit};

/// `POST /apps/{id}/api`
pub(super) async fn save(visit: Visit) -> Answer {
    let typed = visit.posted("exposed_scopes").unwrap_or_default().to_owned();
    let names = lines(&typed);
    match edited(&visit, |registration| registration.metadata.exposed_scopes.clone_from(&names)).await? {
        Ok(client) => visit.go_to(&format!("/apps/{}?done=api", client.id)),
        Err(error) => refused(&visit, &error, Shown::with_api(typed)).await,
    }
}
