//! What is in a world: people, apps and organizations like those of the demo, with ids that follow from their names.

use std::collections::BTreeSet;
use std::sync::Arc;

use latchkey_devops::access::{Action, Asked, Caller, InOrganization, ProjectAccess, Standing, to_project};
use latchkey_devops::access_level::AccessLevel;
use latchkey_devops::build::timeline::{Issue, IssueType, RecordResult, RecordState, RecordType};
use latchkey_devops::build::{self, BuildPatch, BuildReason, BuildResult, BuildStatus};
use latchkey_devops::build::{Definition, QueueStatus, TimelineRecord};
use latchkey_devops::group::{OrganizationGroup, ProjectGroup};
use latchkey_devops::ids::{OrganizationId, PersonId, ProjectId, RepositoryId, TeamId};
use latchkey_devops::membership::{Member, People};
use latchkey_devops::name::{OrganizationName, ProjectName, RepositoryName};
use latchkey_devops::organization::Organization;
use latchkey_devops::policy::OrganizationPolicy;
use latchkey_devops::project::Project;
use latchkey_devops::repository::Repository;
use latchkey_devops::scope::Scope;
use latchkey_devops::work_item::{self, Patch, Surroundings, WorkItemType};
use latchkey_git::import::{FileEdit, NewCommit};
use latchkey_git::{Repositories, Signature};
use latchkey_identity::account::{Account, AccountId, AccountState};
use latchkey_identity::claims::StandardClaims;
use latchkey_identity::client::{Client, ClientSecret};
use latchkey_identity::client_auth::Method;
use latchkey_identity::secret::PurposeKey;
use latchkey_identity::tenant::{PERSONAL_TENANT, Tenant, TenantId, TenantKind};
use latchkey_identity::{Change, Decision, Entropy, Timestamp};
use latchkey_store::devops::organizations::Numbered;
use latchkey_store::devops::{
    Author, OrganizationFacts, build_definitions, builds, logs, members, organizations, projects, repositories,
    timelines, work_items,
};
use latchkey_store::{Changes, Store};
use serde_json::json;

use crate::builders::{AppBuilder, SCOPES, a_daemon, a_native_app, a_single_page_app, a_web_app, id};
use crate::relying_party::RegisteredApp;

/// When the world begins: 2026-11-22T06:00:00Z.
pub(crate) const START: Timestamp = Timestamp::from_secs(1_795_327_200);

/// Everybody's password.
pub(crate) const PASSWORD: &str = "correct horse battery staple";

/// What is kept of it: made once, by the parameters that the server uses.
pub(crate) const PASSWORD_HASH: &str =
    "$argon2id$v=19$m=19456,t=2,p=1$bGF0Y2hrZXktdGVzdGtpdA$iiRCWv8vQuXHYiyYyLLYk1m0ihDi172AUHLrOe7IfJA";

/// Everybody, and what to call them.
const PEOPLE: [(&str, &str); 7] = [
    ("ana", "Ana Harbor"),
    ("max", "Max Quay"),
    ("ben", "Ben Mole"),
    ("cy", "Cy Buoy"),
    ("dee", "Dee Float"),
    ("pat", "Pat Personal"),
    ("eve", "Eve Shore"),
];

pub(crate) fn harbor() -> Tenant {
    work_tenant("harbor")
}

pub(crate) fn shore() -> Tenant {
    work_tenant("shore")
}

pub(crate) fn personal() -> Tenant {
    let (name, domain) = ("Personal".to_owned(), "personal.test".to_owned());
    Tenant { id: PERSONAL_TENANT, kind: TenantKind::Personal, name, domain }
}

fn work_tenant(name: &str) -> Tenant {
    let domain = format!("{name}.test");
    Tenant { id: TenantId(id("tenant", name)), kind: TenantKind::Work, name: name.to_owned(), domain }
}

fn home(name: &str) -> Tenant {
    match name {
        "pat" => personal(),
        "eve" => shore(),
        _ => harbor(),
    }
}

pub(crate) fn email(name: &str) -> String {
    format!("{name}@{}", home(name).domain)
}

pub(crate) fn account_id(name: &str) -> AccountId {
    AccountId(id("account", name))
}

pub(crate) fn person_id(name: &str) -> PersonId {
    PersonId(account_id(name).0)
}

pub(crate) fn organization_id(name: &str) -> OrganizationId {
    OrganizationId(id("organization", name))
}

pub(crate) fn project_id(name: &str) -> ProjectId {
    ProjectId(id("project", name))
}

pub(crate) fn repository_id(name: &str) -> RepositoryId {
    RepositoryId(id("repository", name))
}

/// The apps that are registered in every world.
fn apps() -> Vec<AppBuilder> {
    vec![
        a_web_app("burndown")
            .and_redirect_uri("https://burndown.test/callback?dummy1=lorem&dummy2=ipsum")
            .and_redirect_uri("http://127.0.0.1:4289/callback")
            .asking(&format!("{SCOPES} vso.build_execute vso.code_write vso.work_write"))
            .owned_by("max"),
        a_native_app("beacon").with_device_codes(),
        a_single_page_app("chart"),
        a_daemon("nightly"),
        a_web_app("gull").not_approved().owned_by("eve"),
        a_web_app("compass").of_the_microsoft_profile().without_pkce(),
    ]
}

/// Fills an empty store.
pub(crate) async fn fill(store: &Store, keys: &PurposeKey, repositories: &Repositories) -> Vec<RegisteredApp> {
    tenants_and_accounts(store).await;
    let mut registered = Vec::new();
    for app in apps() {
        registered.push(register(store, keys, app).await);
    }
    organization(store, "harbor", "ana", &harbor()).await;
    for name in ["lighthouse", "drydock"] {
        project(store, "harbor", name).await;
    }
    for (name, of) in [("lamp", "lighthouse"), ("tower", "lighthouse"), ("keel", "drydock")] {
        repository(store, repositories, "harbor", of, name).await;
    }
    harbor_members(store).await;
    code(repositories).await;
    work(store).await;
    continuous_integration(store).await;
    organization(store, "shore", "eve", &shore()).await;
    project(store, "shore", "pier").await;
    let mut changes = Changes::none();
    let shore = facts(store, "shore").await;
    let all = [ProjectGroup::ProjectAdministrators].into();
    let author = Author::server(START);
    changes.append(members::add_to_project(&shore.organization, person_id("eve"), project_id("pier"), &all, &author));
    store.commit(changes).await.expect("eve joins pier");
    registered
}

/// Ana tells everything of herself.
fn told_of_ana() -> StandardClaims {
    let mut told = StandardClaims::default();
    for (name, value) in [
        ("given_name", "Ana"),
        ("family_name", "Harbor"),
        ("middle_name", "Maria"),
        ("nickname", "Anita"),
        ("profile", "https://harbor.test/ana"),
        ("picture", "https://harbor.test/ana.png"),
        ("website", "https://ana.test/"),
        ("gender", "female"),
        ("birthdate", "1990-02-28"),
        ("zoneinfo", "Europe/Lisbon"),
        ("locale", "pt-PT"),
        ("phone_number", "+351 555 0100"),
        ("phone_number_verified", "true"),
        ("address.street_address", "1 Pier"),
        ("address.locality", "Lisboa"),
        ("address.country", "Portugal"),
    ] {
        told.set(name, value).expect("it has the form of its claim");
    }
    told
}

async fn tenants_and_accounts(store: &Store) {
    let account = |(name, shown): (&str, &str)| {
        let account = Account {
            id: account_id(name),
            tenant: home(name).id,
            email: email(name),
            email_verified: true,
            name: shown.to_owned(),
            state: AccountState::Active,
            tenant_administrator: name == "ana",
            created_at: START,
            changed_at: START,
            claims: if name == "ana" { told_of_ana() } else { StandardClaims::default() },
        };
        Change::CreateAccount { account: Box::new(account), password: Some(PASSWORD_HASH.to_owned()) }
    };
    let decision = Decision::<(), ()>::grant(())
        .and_all([harbor(), shore(), personal()].map(Change::CreateTenant))
        .and_all(PEOPLE.map(account))
        .and(Change::AddGuest { tenant: harbor().id, account: account_id("pat") });
    decide(store, decision).await;
}

/// Makes a decision true.
pub(crate) async fn decide(store: &Store, decision: Decision<(), ()>) {
    let decided = store.decide(async || Ok(decision.clone())).await;
    decided.expect("the store answers").expect("it is granted");
}

/// Registers an app, with a secret if it can keep one.
pub(crate) async fn register(store: &Store, key: &PurposeKey, app: AppBuilder) -> RegisteredApp {
    let known: Vec<String> = Scope::ALL.iter().map(|scope| scope.name().to_owned()).collect();
    let mut client: Client = app.build(&known);
    let mut shown = None;
    if client.kind.is_confidential() {
        let mut entropy = Entropy::from_seed(&latchkey_jose::digest::sha256(client.name.as_bytes()));
        let until = START + std::time::Duration::from_secs(365 * 86_400);
        let shared = client.authentication.method == Some(Method::ClientSecretJwt);
        let generate = if shared { ClientSecret::generate_shared } else { ClientSecret::generate };
        let (secret, kept) = generate(client.id, until, key, START, &mut entropy);
        shown = Some(secret.reveal().to_owned());
        client.secrets.push(kept);
    }
    let secrets = std::mem::take(&mut client.secrets);
    let registered = RegisteredApp {
        name: client.name.clone(),
        id: client.id,
        kind: client.kind,
        secret: shown,
        redirect_uris: client.redirect_uris.iter().map(ToString::to_string).collect(),
        scopes: client.scopes.to_string(),
    };
    let (id, from_version) = (client.id, client.version);
    let add = secrets.into_iter().map(|secret| Change::AddSecret { client: id, secret, from_version });
    let decision = Decision::grant(()).and(Change::RegisterClient { client: Box::new(client) }).and_all(add);
    decide(store, decision).await;
    registered
}

async fn organization(store: &Store, name: &str, owner: &str, tenant: &Tenant) {
    let organization = Organization {
        id: organization_id(name),
        tenant: tenant.id.0,
        name: OrganizationName::parse(name).expect("a name"),
        owner: person_id(owner),
        policy: OrganizationPolicy::default(),
    };
    let owner = member(owner, AccessLevel::Basic, false, &[]);
    store.commit(organizations::create(&organization, &owner, &Author::server(START))).await.expect("an organization");
}

/// What is known of an organization that is there.
async fn facts(store: &Store, organization: &str) -> Arc<OrganizationFacts> {
    let facts = store.organization(organization).await.expect("the store answers");
    facts.unwrap_or_else(|| panic!("{organization} is not there"))
}

async fn project(store: &Store, organization: &str, name: &str) {
    let facts = facts(store, organization).await;
    let project = Project {
        id: project_id(name),
        organization: facts.id(),
        name: ProjectName::parse(name).expect("a name"),
        description: format!("Everything about the {name}."),
        revision: 1,
        updated_at: START,
        default_team: TeamId(id("team", name)),
    };
    store.commit(projects::create(&facts, &project, &Author::server(START))).await.expect("a project");
}

async fn repository(store: &Store, repositories: &Repositories, organization: &str, project: &str, name: &str) {
    repositories.create(repository_id(name).0, "main").await.expect("a repository on disk");
    let facts = facts(store, organization).await;
    let repository = Repository {
        id: repository_id(name),
        project: project_id(project),
        name: RepositoryName::parse(name).expect("a name"),
        default_branch: (name == "lamp").then(|| "refs/heads/main".to_owned()),
        size: 4_096,
        disabled: false,
        created_at: START,
    };
    store.commit(repositories::create(&facts, &repository, &Author::server(START))).await.expect("a repository");
}

fn member(name: &str, access_level: AccessLevel, administrator: bool, projects: &[(&str, ProjectGroup)]) -> Member {
    let groups = administrator.then_some(OrganizationGroup::ProjectCollectionAdministrators);
    Member {
        person: person_id(name),
        service: None,
        access_level,
        groups: groups.into_iter().collect(),
        projects: projects.iter().map(|(project, group)| (project_id(project), [*group].into())).collect(),
    }
}

async fn harbor_members(store: &Store) {
    use ProjectGroup::{Contributors, ProjectAdministrators};

    let facts = facts(store, "harbor").await;
    let (organization, author) = (&facts.organization, Author::server(START));
    let mut changes = Changes::none();
    for project in ["lighthouse", "drydock"] {
        let groups = [ProjectAdministrators].into();
        changes.append(members::add_to_project(organization, person_id("ana"), project_id(project), &groups, &author));
    }
    for member in [
        member("max", AccessLevel::Basic, true, &[("lighthouse", Contributors)]),
        member("ben", AccessLevel::Basic, false, &[("lighthouse", Contributors)]),
        member("cy", AccessLevel::Stakeholder, false, &[("lighthouse", Contributors)]),
        member("dee", AccessLevel::Basic, false, &[]),
        member("pat", AccessLevel::Basic, true, &[("lighthouse", Contributors)]),
    ] {
        changes.append(members::add(organization, &member, &author));
    }
    store.commit(changes).await.expect("the members of harbor");
}

async fn code(repositories: &Repositories) {
    let write = |path: &str, content: &str| FileEdit::Write { path: path.to_owned(), content: content.into() };
    let commit = |branch: &str, from: Option<&str>, message: &str, files| NewCommit {
        branch: branch.to_owned(),
        from: from.map(str::to_owned),
        merges: Vec::new(),
        author: Signature {
            name: "Ana Harbor".to_owned(),
            email: email("ana"),
            seconds: START.as_secs(),
            offset_minutes: 0,
        },
        message: message.to_owned(),
        files,
    };
    let lamp = repositories.open(repository_id("lamp").0).await.expect("lamp is there");
    let commits = [
        commit(
            "main",
            None,
            "Light the lamp",
            vec![write("README.md", "# Lamp\n"), write("src/lamp.rs", "fn main() {}\n")],
        ),
        commit("main", None, "Turn the lamp", vec![write("src/lamp.rs", "fn main() { turn() }\n")]),
        commit("dim", Some("main"), "Dim the lamp", vec![write("src/dim.rs", "fn dim() {}\n")]),
    ];
    lamp.import_commits(&commits).await.expect("commits");
}

/// Proof that ana may do this in lighthouse.
async fn ana_in_lighthouse(store: &Store, action: Action) -> (ProjectAccess, Project) {
    let facts = facts(store, "harbor").await;
    let ana = person_id("ana");
    let member = store.member(facts.id(), ana).await.expect("the store answers").expect("ana is a member");
    let within = InOrganization::new("harbor", Some(&facts.organization), Some(&member));
    let project = facts.project("lighthouse").expect("lighthouse is there");
    let caller = Caller::in_person(ana, Standing::Live);
    let access = to_project(&caller, within, Asked::new("lighthouse", Some(project)), action);
    (access.expect("ana may"), project.clone())
}

async fn work(store: &Store) {
    let (access, project) = ana_in_lighthouse(store, Action::EditWorkItems).await;
    let (people, reachable_items) = (People::default(), BTreeSet::new());
    let surroundings = Surroundings { project: &project, people: &people, reachable_items: &reachable_items };
    for (kind, title) in
        [(WorkItemType::UserStory, "The lamp can be seen at sea"), (WorkItemType::Bug, "The lamp flickers")]
    {
        let number = store.next_number(access.organization(), Numbered::WorkItem).await.expect("a number");
        let patch = Patch::of_fields([("System.Title", json!(title))]);
        let revision =
            work_item::create(number, kind, &patch, surroundings, person_id("ana"), START).expect("a work item");
        store.commit(work_items::keep(&access, &revision, None)).await.expect("a work item is kept");
    }
}

async fn continuous_integration(store: &Store) {
    let (access, _) = ana_in_lighthouse(store, Action::DefineBuilds).await;
    let ana = person_id("ana");
    let definition = Definition {
        id: 1,
        project: access.project(),
        name: "lamp-ci".to_owned(),
        path: "\\".to_owned(),
        revision: 1,
        queue_status: QueueStatus::Enabled,
        repository: repository_id("lamp"),
        default_branch: "refs/heads/main".to_owned(),
        file: "ci.yml".to_owned(),
        created_by: ana,
        created_at: START,
    };
    store.commit(build_definitions::create(&access, &definition)).await.expect("a definition");
    let request = build::QueueRequest::of(1, BuildReason::Manual, "refs/heads/main", &"0123456789".repeat(4));
    let queued = build::queue(1, &request, &definition, 0, ana, START).expect("a build");
    let patch = |status, result| BuildPatch { status: Some(status), result, ..BuildPatch::default() };
    let running = build::update(&queued, &patch(BuildStatus::InProgress, None), ana, START).expect("it runs");
    let over = patch(BuildStatus::Completed, Some(BuildResult::Failed));
    let failed = build::update(&running, &over, ana, START).expect("it fails");
    store.commit(builds::queue(&access, &failed)).await.expect("a build is kept");
    let record = TimelineRecord {
        id: id("record", "test"),
        parent: None,
        kind: RecordType::Job,
        name: "Test".to_owned(),
        started_at: Some(START),
        finished_at: Some(START),
        state: RecordState::Completed,
        result: Some(RecordResult::Failed),
        order: 1,
        attempt: 1,
        worker: None,
        log: Some(1),
        issues: vec![Issue {
            kind: IssueType::Error,
            category: "General".to_owned(),
            message: "It flickers".to_owned(),
        }],
    };
    let mut changes = timelines::keep(&access, 1, &record);
    changes.append(logs::keep(&access, 1, 1, "testing\nit flickers\n", START));
    store.commit(changes).await.expect("what the build said");
    let again = build::QueueRequest::of(1, BuildReason::Manual, "refs/heads/main", &"0123456789".repeat(4));
    let waiting = build::queue(2, &again, &definition, 1, ana, START).expect("another build");
    store.commit(builds::queue(&access, &waiting)).await.expect("another build is kept");
}
