//! Registering an app.

use latchkey_identity::Decision;
use latchkey_identity::client::Client;
use latchkey_identity::client::registration::{Registration, RegistrationError, register};
use latchkey_identity::scope::ScopeSet;

use super::problem::Problem;
use super::visit::{Answer, Visit};
use super::{apps, registration, scopes};
use crate::app::entropy;
use crate::pages::Problems;
use crate::pages::app_new::{AppNew, AppProfile};
use crate::pages::apps::AppKind;

/// `GET /apps/new`
pub(super) async fn show(visit: Visit) -> Answer {
    visit.show(&AppNew {
        frame: visit.frame(),
        problems: Problems::default(),
        name: String::new(),
        kind: AppKind::Web,
        redirect_uris: String::new(),
        scopes: scopes::options(&ScopeSet::default(), &ScopeSet::default()),
        app_scopes: String::new(),
        profile: AppProfile::Standard,
        without_pkce: false,
    })
}

/// `POST /apps/new`
pub(super) async fn create(visit: Visit) -> Answer {
    let Some(typed) = registration::typed(&visit) else {
        let problems = registration::at("kind-web", "Choose what kind of app it is, and its profile.".into());
        return visit.show_again(&again(&visit, None, problems));
    };
    match registered(&visit, &typed).await? {
        Ok(client) => visit.go_to(&format!("/apps/{}?done=registered", client.id)),
        Err(error) => visit.show_again(&again(&visit, Some(&typed), registration::problems(&error))),
    }
}

async fn registered(visit: &Visit, typed: &Registration) -> Result<Result<Client, RegistrationError>, Problem> {
    let (store, owner) = (&visit.app.store, visit.account());
    let document = visit.app.sector_document(&typed.metadata, &typed.redirect_uris, None).await;
    let checked = match typed.clone().check_with(document.as_ref(), &visit.app.resource.scopes) {
        Ok(checked) => checked,
        Err(error) => return Ok(Err(error)),
    };
    let decided = visit
        .app
        .decide_apps(|| async {
            let owned = store.count_clients_owned_by(owner.id).await?;
            let decision: Decision<Client, RegistrationError> =
                register(checked.clone(), owner, owned, visit.now(), &mut entropy());
            Ok(decision.seen_from(&visit.address()))
        })
        .await?;
    Ok(decided)
}

/// The form with what was typed, and what is wrong with it.
fn again(visit: &Visit, typed: Option<&Registration>, problems: Problems) -> AppNew {
    let (asked, required) = registration::scopes(visit);
    AppNew {
        frame: visit.frame(),
        problems,
        name: visit.posted("name").unwrap_or_default().to_owned(),
        kind: typed.map_or(AppKind::Web, |typed| apps::kind(typed.kind)),
        redirect_uris: visit.posted("redirect_uris").unwrap_or_default().to_owned(),
        scopes: scopes::options(&asked, &required),
        app_scopes: visit.posted("app_scopes").unwrap_or_default().to_owned(),
        profile: typed.map_or(AppProfile::Standard, |typed| apps::profile(typed.profile)),
        without_pkce: visit.posted("without_pkce").is_some(),
    }
}
