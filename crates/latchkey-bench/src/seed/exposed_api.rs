//! An app that is called: by other apps in their own name, and by one of them as people, for whom it goes on to the DevOps side.

use latchkey_identity::authorization::Place;
use latchkey_identity::client::{ClientId, Metadata, exposed_api};
use latchkey_identity::consent::Approval;
use latchkey_identity::tenant::Tenant;
use latchkey_jose::Algorithm;

use super::apps::Registration;
use super::authorization_request::{approval, authorization_request};
use super::people::Person;
use super::{App, Seeder};
use crate::problem::Outcome;

/// People who let one app call the other.
const PEOPLE: usize = 1_000;

/// What it exposes.
const EXPOSED: &str = "boards.read";

/// An app that is called, and one that calls it as people.
pub(crate) struct ExposedApi {
    /// The app that is called.
    pub(crate) app: App,
    /// The scope by which it is.
    pub(crate) scope: String,
    /// The app that calls it as people.
    pub(crate) caller: App,
    /// What the caller refreshes to get a token for each person.
    pub(crate) families: Vec<String>,
}

/// The full name of the scope that it exposes.
pub(super) fn scope(app: ClientId) -> String {
    exposed_api::scope_of(app, EXPOSED)
}

impl Seeder<'_> {
    /// The app with this id, which these call in their own name, and an app that some people let call it.
    pub(super) async fn called(
        &mut self,
        tenant: &Tenant,
        id: ClientId,
        callers: Vec<String>,
        everybody: &[Person],
        place: Place,
    ) -> Outcome<ExposedApi> {
        let (origin, scope) = (self.origin.clone(), scope(id));
        let metadata = Metadata {
            exposed_scopes: vec![EXPOSED.into()],
            callers,
            access_token_signed_response_alg: Some(Algorithm::Rs256),
            ..Metadata::default()
        };
        let boards =
            self.app(tenant, id, "Boards".into(), Registration { metadata, ..Registration::of("vso.work") })?;
        let front = ClientId(self.entropy.uuid());
        let front = self.app(tenant, front, "Front".into(), Registration::of(&scope))?;
        let to_call = format!("offline_access {scope}");
        let own = authorization_request(&boards.client, tenant, &origin, "vso.work")?;
        let calls = authorization_request(&front.client, tenant, &origin, &to_call)?;
        let (key, mut families) = (self.refresh_key.clone(), Vec::new());
        for (number, person) in everybody.iter().take(PEOPLE).enumerate() {
            self.authorization(approval(&own, &boards.client, person, &key), place)?;
            let to_front = approval(&calls, &front.client, person, &key);
            let authorization = self.authorization(Approval { called: Some(&boards.client), ..to_front }, place)?;
            families.push(self.family_for(&authorization, number, 0, &to_call).refresh_token);
            self.commit_if_due().await?;
        }
        self.commit().await?;
        Ok(ExposedApi { app: boards.known(), scope, caller: front.known(), families })
    }
}
