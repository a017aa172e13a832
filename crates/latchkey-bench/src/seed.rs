//! A world of a given size, written through the store's own interface: people who are signed in, apps that they approved,
//! the token families below, and an organization with work items to read.
//!
//! What the rules decide is decided by the rules: an approval is the one that the approval page would have made.

mod apps;
mod authorization_request;
mod devices;
mod devops;
mod exposed_api;
mod people;
mod world;

use std::time::{Duration, SystemTime, UNIX_EPOCH};

use latchkey_identity::authorization::{Authorization, Lifetime, Place};
use latchkey_identity::authorize::AuthorizationRequest;
use latchkey_identity::client::{ClientId, Metadata, Profile};
use latchkey_identity::consent::{Approval, Choice, Consent, Offer, approve, required};
use latchkey_identity::scope::{OPENID, ScopeSet};
use latchkey_identity::secret::{Purpose, PurposeKey};
use latchkey_identity::sign_in::context::AuthenticationContext;
use latchkey_identity::tenant::{Tenant, TenantId, TenantKind};
use latchkey_identity::token::family::{FamilyId, TokenFamily};
use latchkey_identity::token::refresh_token::RefreshToken;
use latchkey_identity::{Change, Decision, Entropy, Timestamp};
use latchkey_jose::{Algorithm, SigningKey, base64url, digest};
use latchkey_store::{Changes, Decided as _, Store};

use crate::home::{self, Home};
use crate::problem::{Outcome, Problem};
use crate::seed::apps::{Registered, Registration};
use crate::seed::authorization_request::{approval, authorization_request};

pub(crate) use devices::Approved;
pub(crate) use exposed_api::ExposedApi;
pub(crate) use world::{App, Family, World};

/// Work items to read.
pub(crate) const WORK_ITEMS: i64 = 1_000;
/// Apps, each of which every person has approved.
const CLIENTS: usize = 10;
/// The organization and its project.
pub(crate) const ORGANIZATION: &str = "harbor";
pub(crate) const PROJECT: &str = "lighthouse";
/// Where codes are sent. Nobody follows.
pub(crate) const REDIRECT_URI: &str = "https://burndown.test/callback";
/// What apps ask for in the code flow.
pub(crate) const SCOPES: &str = "openid profile email offline_access vso.work";
/// The same without an ID token.
const SCOPES_WITHOUT_OPENID: &str = "offline_access vso.work";
/// The one `code_verifier` of all flows.
pub(crate) const VERIFIER: &str = "the-generator-has-nothing-to-hide-from-itself-0123456789";
/// Change sets are put together until they have so many statements.
const STATEMENTS_PER_COMMIT: usize = 5_000;

/// The `code_challenge` of all flows.
pub(crate) fn challenge() -> String {
    base64url::encode(digest::sha256(VERIFIER))
}

/// Writes a world with so many authorizations, and so many devices that wait for their tokens, into an empty database.
pub(crate) async fn seed(store: &Store, home: &Home, authorizations: usize, devices: usize) -> Outcome<World> {
    let mut seeder = Seeder::new(store, home)?;
    let tenant = seeder.tenant();
    let boards = ClientId(seeder.entropy.uuid());
    let apps = seeder.apps(&tenant, boards)?;
    let microsoft = ClientId(seeder.entropy.uuid());
    let with = Registration { scopes: "vso.work", profile: Profile::Microsoft, metadata: Metadata::default() };
    seeder.app(&tenant, microsoft, "Graph".into(), with)?;
    let people = seeder.people(&tenant, authorizations.div_ceil(CLIENTS));
    seeder.commit().await?;
    let organization_id = seeder.devops(&tenant, &people).await?;

    let requests: Vec<AuthorizationRequest> = apps
        .iter()
        .map(|app| authorization_request(&app.client, &tenant, &home.origin(), SCOPES))
        .collect::<Outcome<_>>()?;
    let place = Place { organization: organization_id.0, project: None, repository: None };
    let key = seeder.refresh_key.clone();
    let mut families = Vec::with_capacity(authorizations);
    let mut approved = Vec::with_capacity(authorizations);
    let everybody = people.iter().enumerate();
    let pairs = everybody.flat_map(|who| apps.iter().zip(&requests).enumerate().map(move |what| (who, what)));
    for ((number, person), (client, (app, request))) in pairs.take(authorizations) {
        let authorization = seeder.authorization(approval(request, &app.client, person, &key), place)?;
        families.push(seeder.family(&authorization, number, client));
        approved.push(authorization);
        seeder.commit_if_due().await?;
    }
    seeder.commit().await?;
    let devices = seeder.devices(&tenant, &apps, &approved, &people, devices).await?;
    let callers = apps.iter().map(|app| app.client.id.to_string()).collect();
    let called = seeder.called(&tenant, boards, callers, &people, place).await?;
    let clients = apps.into_iter().map(Registered::known).collect();
    let cookies = people.into_iter().map(|person| person.cookie).collect();
    let assertion_key = seeder.assertion_key;
    let (families, devices) = (families.into(), devices.into());
    let tenant = tenant.id;
    Ok(World { tenant, organization_id, clients, cookies, microsoft, assertion_key, families, called, devices })
}

struct Seeder<'a> {
    store: &'a Store,
    origin: String,
    refresh_key: PurposeKey,
    secret_key: PurposeKey,
    assertion_key: SigningKey,
    entropy: Entropy,
    now: Timestamp,
    waiting: Changes,
}

impl<'a> Seeder<'a> {
    fn new(store: &'a Store, home: &Home) -> Outcome<Self> {
        let since = SystemTime::now().duration_since(UNIX_EPOCH)?;
        Ok(Self {
            store,
            origin: home.origin(),
            refresh_key: PurposeKey::derive(home.master(), Purpose::RefreshToken)?,
            secret_key: PurposeKey::derive(home.master(), Purpose::ClientSecret)?,
            assertion_key: SigningKey::generate(Algorithm::Rs256)?,
            entropy: home::entropy()?,
            now: Timestamp::from_micros(i64::try_from(since.as_micros())?),
            waiting: Changes::none(),
        })
    }

    fn change(&mut self, change: Change) {
        let decision: Decision<()> = Decision::grant(()).and(change);
        self.waiting.append(decision.into_parts().1);
    }

    async fn commit(&mut self) -> Outcome<()> {
        Ok(self.store.commit(std::mem::take(&mut self.waiting)).await?)
    }

    async fn commit_if_due(&mut self) -> Outcome<()> {
        if self.waiting.writes.len() < STATEMENTS_PER_COMMIT { Ok(()) } else { self.commit().await }
    }

    fn tenant(&mut self) -> Tenant {
        let id = TenantId(self.entropy.uuid());
        let tenant = Tenant { id, kind: TenantKind::Work, name: "Harbor".into(), domain: "harbor.test".into() };
        self.change(Change::CreateTenant(tenant.clone()));
        tenant
    }

    fn authorization(&mut self, approval: Approval<'_>, place: Place) -> Outcome<Authorization> {
        let (context, called) = (approval.context, approval.called);
        let Consent::Ask(question) = required(context.request, context.client, None, None, called, self.now) else {
            return Err(Problem::new("nobody asks for approval"));
        };
        let choice = Choice {
            scopes: question.open,
            places: [place].into(),
            lifetime: Lifetime::UntilRemoved,
            shown: question.shown,
        };
        let offer = Offer { places: [place].into(), caps: Vec::new() };
        let decision = approve(approval, &choice, &offer, self.now, &mut self.entropy);
        decision.answer?;
        let authorized = decision.changes.into_iter().find_map(|change| match change {
            Change::Authorize(authorization) => Some(authorization),
            _ => None,
        });
        let authorization = authorized.ok_or_else(|| Problem::new("an approval authorizes nothing"))?;
        self.change(Change::Authorize(authorization.clone()));
        Ok(*authorization)
    }

    fn family(&mut self, authorization: &Authorization, person: usize, client: usize) -> Family {
        let scopes = if client.is_multiple_of(2) { SCOPES } else { SCOPES_WITHOUT_OPENID };
        self.family_for(authorization, person, client, scopes)
    }

    fn family_for(&mut self, authorization: &Authorization, person: usize, client: usize, scopes: &str) -> Family {
        let scopes = ScopeSet::from_text(scopes);
        let has_id_token = scopes.contains(OPENID);
        let family = TokenFamily {
            id: FamilyId(self.entropy.uuid()),
            authorization: authorization.id,
            tenant: authorization.tenant,
            account: authorization.account,
            client: authorization.client,
            session: authorization.session,
            auth_time: self.now,
            context: AuthenticationContext::Password,
            scope_text: scopes.to_string(),
            scopes,
            client_info: false,
            origin: self.origin.clone(),
            places: None,
            confirmation: None,
            refreshable: true,
            generation: 0,
            created_at: self.now,
            rotated_at: self.now,
            access_expires_at: self.now + Duration::from_secs(3_600),
            ended_at: None,
        };
        let first = RefreshToken { family: family.id, generation: 0 }.text(&self.refresh_key);
        let known = Family {
            id: family.id,
            authorization: authorization.id,
            person,
            client,
            refresh_token: first.reveal().to_owned(),
            has_id_token,
        };
        self.change(Change::StartFamily(Box::new(family)));
        known
    }
}

fn named<T, E>(name: &str, parsed: Result<T, E>) -> Outcome<T> {
    parsed.map_err(|_| Problem::new(format!("{name} is not a name")))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_rules_find_what_was_seeded() {
        let folder = tempfile::tempdir().unwrap();
        let home = Home::make(folder.path()).unwrap();
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        runtime.block_on(async {
            let store = home.open().await.unwrap();
            let world = seed(&store, &home, 25, 5).await.unwrap();

            assert_eq!((world.families.borrow().len(), world.cookies.len(), world.clients.len()), (25, 3, CLIENTS));
            let last = world.families.borrow().last().cloned().unwrap();
            let (family, authorization) = store.family(last.id).await.unwrap().unwrap();
            assert_eq!((authorization.id, last.person, last.client), (last.authorization, 2, 4));
            let client = store.client(family.client).await.unwrap().unwrap();
            let tenant = store.tenant(world.tenant).await.unwrap().unwrap();
            let request = authorization_request(&client, &tenant, &home.origin(), SCOPES).unwrap();
            let consent = required(&request, &client, Some(&authorization), None, None, family.created_at);
            assert_eq!(consent, Consent::Remembered);
            let key = PurposeKey::derive(home.master(), Purpose::RefreshToken).unwrap();
            let presented = RefreshToken::read(&last.refresh_token, &key).unwrap();
            assert_eq!((presented.family, presented.generation), (last.id, 0));
            assert!(store.work_item(world.organization_id, WORK_ITEMS).await.unwrap().is_some());
            // Somebody approved what the devices wait for, and that one app calls another as them.
            assert_eq!((world.devices.borrow().len(), world.called.families.len()), (5, 3));
            let devices = world.devices.into_inner();
            for device in devices {
                assert!(store.device_code(device.code.hash()).await.unwrap().unwrap().approved);
            }
        });
    }
}
