//! A server with people, apps, organizations and code in it, whose clock is the test's.

use std::collections::{BTreeMap, BTreeSet};
use std::path::PathBuf;
use std::sync::atomic::{AtomicI64, Ordering::SeqCst};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use latchkey_devops::access_level::AccessLevel;
use latchkey_devops::group::{OrganizationGroup, ProjectGroup};
use latchkey_devops::ids::{OrganizationId, PersonId, ProjectId, RepositoryId};
use latchkey_devops::membership::Member;
use latchkey_devops::policy::OrganizationPolicy;
use latchkey_git::{GitProgram, Repositories};
use latchkey_identity::account::AccountId;
use latchkey_identity::client::{Client, ClientId, ClientState};
use latchkey_identity::tenant::{PERSONAL_TENANT, TenantId};
use latchkey_identity::token::issuer;
use latchkey_identity::{Change, Decision, Timestamp};
use latchkey_store::devops::{Author, OrganizationFacts, groups, members, organizations};
use latchkey_store::{Changes, DatabaseUrl, Store};
use latchkey_web::identity::offer::as_service;
use latchkey_web::{Alias, App, ClientAuthorities, Clock, Ingredients, Keys, Origin, Settings, Site};
use tempfile::TempDir;

use crate::browser::Boxed;
use crate::builders::AppBuilder;
use crate::databases::{TestDatabase, on_both_engines};
use crate::relying_party::{RegisteredApp, RelyingParty};
use crate::remote::{self, Names};
use crate::sample::{self, START};

/// The https origin of every world.
pub const HTTPS: &str = "https://latchkey.test";
/// Where every world asks clients for certificates.
pub const MUTUAL_TLS: &str = "https://mtls.latchkey.test";
/// The http origin of every world, which is on loopback.
pub const HTTP: &str = "http://localhost:4280";
/// The host of the http origin.
pub const HTTP_AUTHORITY: &str = "localhost:4280";

/// A server with people, apps, organizations and code in it. Cheap to clone.
#[derive(Clone)]
pub struct World(Arc<Parts>);

struct Parts {
    site: Site,
    /// Its https origin.
    https: &'static str,
    clock: Arc<AtomicI64>,
    apps: Mutex<BTreeMap<String, Arc<RegisteredApp>>>,
    /// What names mean to requests that the server makes itself.
    names: Names,
    /// Repositories on disk. It goes with the world, and with the others that share it.
    folder: Arc<TempDir>,
}

/// What every world keeps its secrets under, so that several servers read what one of them wrote.
fn keys() -> Keys {
    Keys::derive(&[7; 32]).expect("keys")
}

/// Runs a test in two worlds that differ in their database: SQLite and PostgreSQL.
pub fn on_both_databases(test: impl AsyncFn(World)) {
    on_both_engines(async |database| test(World::on(database).await).await);
}

impl World {
    /// A new world on an empty database.
    pub async fn on(database: &TestDatabase) -> Self {
        let clock = Arc::new(AtomicI64::new(START.as_micros()));
        let made: Boxed<'_, Self> = Box::pin(Self::make(database, HTTPS, false, clock));
        made.await
    }

    /// A new world behind a proxy that speaks TLS for it, and tells of the certificates that it is shown.
    pub async fn behind_a_proxy(database: &TestDatabase) -> Self {
        let clock = Arc::new(AtomicI64::new(START.as_micros()));
        let made: Boxed<'_, Self> = Box::pin(Self::make(database, HTTPS, true, clock));
        made.await
    }

    /// A second world, at an origin of its own, by the clock of the first.
    pub(crate) async fn second(database: &TestDatabase, https: &'static str, first: &Self) -> Self {
        let made: Boxed<'_, Self> = Box::pin(Self::make(database, https, false, Arc::clone(&first.0.clock)));
        made.await
    }

    async fn make(database: &TestDatabase, https: &'static str, behind_proxy: bool, clock: Arc<AtomicI64>) -> Self {
        let folder = tempfile::tempdir().expect("a temporary folder");
        let git = GitProgram::find(std::env::var_os("PATH"), folder.path().join("home")).await.expect("git");
        let repositories = Repositories::at(folder.path().join("repositories"), git).await.expect("a folder");
        let (store, keys) = (database.open().await, keys());
        let apps = sample::fill(&store, &keys.client_secret, &repositories).await;
        let names = Names::default();
        let app = start(store, keys, repositories, settings(https, behind_proxy), &clock, &names).await;
        let apps = apps.into_iter().map(|app| (app.name.clone(), Arc::new(app))).collect();
        let folder = Arc::new(folder);
        Self(Arc::new(Parts { site: Site::new(app), https, clock, apps: Mutex::new(apps), names, folder }))
    }

    /// Another server of the same world, by its clock: it shares the database, which is at `url` for it, and the folder of repositories.
    pub async fn another_server(&self, url: &DatabaseUrl) -> Self {
        let store = Store::open(url).await.expect("the database opens");
        let keys = keys();
        let (repositories, settings) = (self.parts().repositories.clone(), self.parts().settings.clone());
        let app = start(store, keys, repositories, settings, &self.0.clock, &self.0.names).await;
        Self(Arc::new(Parts {
            site: Site::new(app),
            https: self.0.https,
            clock: Arc::clone(&self.0.clock),
            apps: Mutex::new(self.0.apps.lock().unwrap_or_else(PoisonError::into_inner).clone()),
            names: self.0.names.clone(),
            folder: Arc::clone(&self.0.folder),
        }))
    }

    /// The same world after its server was stopped and started again: what was only in memory is gone. Whoever else holds on to the
    /// old one has to let go first.
    pub async fn restarted(self, database: &TestDatabase) -> Self {
        let Some(Parts { site, https, clock, apps, names, folder }) = Arc::into_inner(self.0) else {
            panic!("somebody still holds on to the world");
        };
        let repositories = site.app().repositories.clone();
        let settings = site.app().settings.clone();
        drop(site);
        let keys = keys();
        let app = start(database.open().await, keys, repositories, settings, &clock, &names).await;
        Self(Arc::new(Parts { site: Site::new(app), https, clock, apps, names, folder }))
    }

    /// What names mean to requests that the server makes itself.
    pub fn names(&self) -> &Names {
        &self.0.names
    }

    /// Its https origin.
    pub fn https(&self) -> &'static str {
        self.0.https
    }

    /// The site that answers.
    pub fn site(&self) -> Site {
        self.0.site.clone()
    }

    /// The app behind it.
    pub fn parts(&self) -> &App {
        self.0.site.app()
    }

    /// Its store.
    pub fn store(&self) -> &Store {
        &self.parts().store
    }

    /// The moment.
    pub fn now(&self) -> Timestamp {
        Timestamp::from_micros(self.0.clock.load(SeqCst))
    }

    /// Lets time pass.
    pub fn later(&self, duration: Duration) {
        let micros = i64::try_from(duration.as_micros()).expect("not that long");
        self.0.clock.fetch_add(micros, SeqCst);
    }

    /// Lets seconds pass.
    pub fn seconds_later(&self, seconds: u64) {
        self.later(Duration::from_secs(seconds));
    }

    /// The tenant of harbor.
    pub fn harbor(&self) -> TenantId {
        sample::harbor().id
    }

    /// The tenant of shore.
    pub fn shore(&self) -> TenantId {
        sample::shore().id
    }

    /// Every issuer at one of our origins.
    pub fn issuers(&self, origin: &str) -> Vec<String> {
        [self.harbor(), self.shore(), PERSONAL_TENANT].map(|tenant| issuer(origin, tenant)).into()
    }

    /// The id of the account of this name.
    pub fn account(&self, name: &str) -> AccountId {
        sample::account_id(name)
    }

    /// The id of the organization of this name.
    pub fn organization(&self, name: &str) -> OrganizationId {
        sample::organization_id(name)
    }

    /// The id of the project of this name.
    pub fn project(&self, name: &str) -> ProjectId {
        sample::project_id(name)
    }

    /// The id of the repository of this name.
    pub fn repository(&self, name: &str) -> RepositoryId {
        sample::repository_id(name)
    }

    pub(crate) fn registered_app(&self, name: &str) -> Arc<RegisteredApp> {
        let apps = self.0.apps.lock().unwrap_or_else(PoisonError::into_inner);
        apps.get(name).cloned().unwrap_or_else(|| panic!("there is no app {name}"))
    }

    /// Where the repository of this name is on disk.
    pub fn repository_folder(&self, name: &str) -> PathBuf {
        self.0.folder.path().join("repositories").join(self.repository(name).to_string())
    }

    /// Registers one more app.
    pub async fn registers(&self, app: AppBuilder) -> RelyingParty {
        let keys = &self.parts().keys;
        let registered: Boxed<'_, RegisteredApp> = Box::pin(sample::register(self.store(), &keys.client_secret, app));
        let app = registered.await;
        let name = app.name.clone();
        self.0.apps.lock().unwrap_or_else(PoisonError::into_inner).insert(name.clone(), Arc::new(app));
        self.app(&name)
    }

    /// Makes changes true that no page makes.
    pub async fn becomes(&self, changes: impl IntoIterator<Item = Change>) {
        let decision = Decision::grant(()).and_all(changes);
        let decided: Boxed<'_, ()> = Box::pin(sample::decide(self.store(), decision));
        decided.await;
    }

    /// An administrator disables an account.
    pub async fn disables(&self, name: &str) {
        self.becomes([Change::DisableAccount { account: sample::account_id(name), at: self.now() }]).await;
    }

    /// An administrator suspends an app.
    pub async fn suspends(&self, app: &str) {
        let client = self.registered_app(app).id;
        self.becomes([Change::SetClientState { client, state: ClientState::Suspended }]).await;
    }

    /// An app's registration becomes another.
    pub async fn changes_app(&self, app: &str, change: impl Fn(&mut Client)) {
        let id = self.registered_app(app).id;
        let client = self.store().client(id).await.expect("the store answers").expect("the app is there");
        let mut changed = (*client).clone();
        change(&mut changed);
        changed.version += 1;
        self.becomes([Change::ChangeClient { client: Box::new(changed), from_version: client.version }]).await;
    }

    /// What is known of harbor.
    pub async fn facts(&self) -> Arc<OrganizationFacts> {
        let found: Boxed<'_, _> = Box::pin(self.store().organization("harbor"));
        found.await.expect("the store answers").expect("harbor is there")
    }

    async fn in_harbor(&self, changes: impl AsyncFn(&OrganizationFacts, &Author) -> Changes) {
        let (facts, author) = (self.facts().await, Author::server(self.now()));
        let changes = changes(&facts, &author).await;
        let committed: Boxed<'_, _> = Box::pin(self.store().commit(changes));
        committed.await.expect("harbor changes");
    }

    /// Harbor's policy becomes another.
    pub async fn decides(&self, change: impl Fn(&mut OrganizationPolicy)) {
        self.in_harbor(async |facts, author| {
            let mut policy = facts.organization.policy.clone();
            change(&mut policy);
            organizations::change_policy(facts, &policy, author)
        })
        .await;
    }

    /// Somebody becomes a member of harbor, and contributes to a project there.
    pub async fn joins(&self, name: &str, access_level: AccessLevel, project: &str) {
        let member = Member {
            person: sample::person_id(name),
            service: None,
            access_level,
            groups: BTreeSet::new(),
            projects: [(sample::project_id(project), [ProjectGroup::Contributors].into())].into(),
        };
        self.in_harbor(async |facts, author| members::add(&facts.organization, &member, author)).await;
    }

    /// An app becomes a member of harbor by itself, in a group of one project.
    pub async fn takes_in(&self, app: &str, access_level: AccessLevel, project: &str, group: ProjectGroup) {
        self.takes_in_client(self.registered_app(app).id, access_level, project, group).await;
    }

    /// The same of an app that has no name here: one that registered itself.
    pub async fn takes_in_client(&self, id: ClientId, access_level: AccessLevel, project: &str, group: ProjectGroup) {
        let found: Boxed<'_, _> = Box::pin(self.store().client(id));
        let client = found.await.expect("the store answers").expect("the app is there");
        let member = Member {
            person: PersonId(id.0),
            service: Some(as_service(&client)),
            access_level,
            groups: BTreeSet::new(),
            projects: [(sample::project_id(project), [group].into())].into(),
        };
        self.in_harbor(async |facts, author| members::add(&facts.organization, &member, author)).await;
    }

    /// Harbor lets an app go that was a member by itself.
    pub async fn lets_go(&self, app: &str) {
        self.lets_client_go(self.registered_app(app).id).await;
    }

    /// The same of an app that has no name here.
    pub async fn lets_client_go(&self, id: ClientId) {
        let service = PersonId(id.0);
        self.in_harbor(async |facts, author| members::remove(&facts.organization, service, author)).await;
    }

    /// Somebody leaves harbor.
    pub async fn leaves(&self, name: &str) {
        self.in_harbor(async |facts, author| members::remove(&facts.organization, sample::person_id(name), author))
            .await;
    }

    /// Somebody leaves a project of harbor.
    pub async fn leaves_project(&self, name: &str, project: &str) {
        let (person, project) = (sample::person_id(name), sample::project_id(project));
        self.in_harbor(async |facts, author| {
            members::remove_from_project(&facts.organization, person, project, author)
        })
        .await;
    }

    /// Somebody is no longer an administrator of harbor.
    pub async fn steps_down(&self, name: &str) {
        let (person, group) = (sample::person_id(name), OrganizationGroup::ProjectCollectionAdministrators);
        self.in_harbor(async |facts, author| groups::leave(&facts.organization, person, group, author)).await;
    }

    /// Somebody's access level in harbor changes.
    pub async fn relicenses(&self, name: &str, from: AccessLevel, to: AccessLevel) {
        let person = sample::person_id(name);
        self.in_harbor(async |facts, author| {
            members::change_access_level(&facts.organization, person, from, to, author)
        })
        .await;
    }
}

fn origin(url: &str) -> Origin {
    Origin::parse(url).expect("an origin")
}

fn settings(https: &str, behind_proxy: bool) -> Settings {
    let alias = if behind_proxy { Alias::of_proxy } else { Alias::of_ours };
    Settings {
        origins: vec![origin(https).with_mutual_tls(alias(origin(MUTUAL_TLS))), origin(HTTP)],
        behind_proxy,
        client_authorities: ClientAuthorities::default(),
        hashing_permits: 2,
        hashing_queue: 64,
        demo: false,
    }
}

async fn start(
    store: Store,
    keys: Keys,
    repositories: Repositories,
    settings: Settings,
    clock: &Arc<AtomicI64>,
    names: &Names,
) -> App {
    let clock = Arc::clone(clock);
    let clock = Clock::new(move || Timestamp::from_micros(clock.load(SeqCst)));
    let outbound = remote::outbound(names);
    App::start(Ingredients { store, keys, repositories, outbound, settings, clock }).await.expect("the app starts")
}
