//! Which organizations are ticked on the approval page before the person chooses, and finding a project among many.

use latchkey_devops::access_level::AccessLevel;
use latchkey_devops::group::ProjectGroup;
use latchkey_devops::ids::{OrganizationId, PersonId, ProjectId, TeamId};
use latchkey_devops::membership::Member;
use latchkey_devops::name::{OrganizationName, ProjectName};
use latchkey_devops::organization::Organization;
use latchkey_devops::policy::OrganizationPolicy;
use latchkey_devops::project::Project;
use latchkey_store::devops::{Author, members, organizations, projects};
use latchkey_testkit::builders::a_web_app;
use latchkey_testkit::{Page, Person, World, on_both_databases};
use uuid::Uuid;

const COVE: OrganizationId = OrganizationId(Uuid::from_u128(0xc0fe));
const JETTY: ProjectId = ProjectId(Uuid::from_u128(0x1e77));

/// Ana owns a second organization, with so many projects.
async fn owns_cove(world: &World, ana: &Person, count: u128) {
    let (store, person) = (world.store(), PersonId(ana.id().0));
    let author = Author::person(person, world.now());
    let organization = Organization {
        id: COVE,
        tenant: world.harbor().0,
        name: OrganizationName::parse("cove").unwrap(),
        owner: person,
        policy: OrganizationPolicy::default(),
    };
    let owner =
        Member { person, service: None, access_level: AccessLevel::Basic, groups: [].into(), projects: [].into() };
    store.commit(organizations::create(&organization, &owner, &author)).await.unwrap();
    for number in 0..count {
        let facts = store.organization("cove").await.unwrap().unwrap();
        let project = Project {
            id: ProjectId(Uuid::from_u128(JETTY.0.as_u128() + number)),
            organization: COVE,
            name: ProjectName::parse(&format!("jetty {number}")).unwrap(),
            description: String::new(),
            revision: 1,
            updated_at: world.now(),
            default_team: TeamId(Uuid::from_u128(0x7ea3_0000 + number)),
        };
        store.commit(projects::create(&facts, &project, &author)).await.unwrap();
        let groups = [ProjectGroup::Contributors].into();
        store.commit(members::add_to_project(&organization, person, project.id, &groups, &author)).await.unwrap();
    }
}

async fn asked_by(person: &Person, app: &str) -> Page {
    person.goes_to(&person.browser().world().app(app).request()).await.page()
}

#[test]
fn of_several_organizations_the_one_that_was_last_used_is_ticked_and_nothing_without_one() {
    on_both_databases(async |world| {
        for app in ["skiff", "dinghy"] {
            world.registers(a_web_app(app)).await;
        }
        let ana = world.ana();
        owns_cove(&world, &ana, 1).await;
        let (harbor, cove) = (world.organization("harbor").to_string(), COVE.to_string());
        let page = asked_by(&ana, "burndown").await;
        let mut offered = page.choices("organization");
        offered.sort();
        let mut both = [cove.clone(), harbor.clone()];
        both.sort();
        assert_eq!(offered, both);
        assert!(page.ticked("organization").is_empty() && page.ticked("project").is_empty(), "nobody said which");
        assert!(page.press("approve").await.page().says("Choose at least one organization or project"));
        let page = asked_by(&ana, "burndown").await;
        page.tick("organization", &cove).tick("project", &JETTY.to_string()).press("approve").await.left();
        let page = asked_by(&ana, "skiff").await;
        assert_eq!(page.ticked("organization"), std::slice::from_ref(&cove));
        assert_eq!(page.ticked("project"), [JETTY.to_string()], "all that is in it");
        world.seconds_later(60);
        let lighthouse = world.project("lighthouse").to_string();
        let page = page.tick_only("organization", &[&harbor]).tick_only("project", &[&lighthouse]);
        page.press("approve").await.left();
        assert_eq!(asked_by(&ana, "dinghy").await.ticked("organization"), [harbor]);
        // What was chosen for an app itself stays what it is.
        let again = world.app("burndown").request().with("prompt", "consent");
        assert_eq!(ana.goes_to(&again).await.page().ticked("organization"), [cove]);
    });
}

#[test]
fn a_project_is_found_among_many_and_what_is_not_shown_stays_as_it_was_ticked() {
    on_both_databases(async |world| {
        let ana = world.ana();
        assert!(!asked_by(&ana, "burndown").await.has("find"), "few are seen at once");
        owns_cove(&world, &ana, 22).await;
        let jetty = |number: u128| Uuid::from_u128(JETTY.0.as_u128() + number).to_string();
        let page = asked_by(&ana, "burndown").await;
        let page = page.tick_only("organization", &[&COVE.to_string()]).tick_only("project", &[&jetty(3), &jetty(17)]);
        let found = page.fill("find", " JETTY 17 ").press("find-places").await.page();
        assert_eq!((found.status(), found.value("find").as_str()), (200, "JETTY 17"));
        let said = found.text_of("found");
        assert!(said.starts_with("1 found. 23 more are not shown; ticked among them: 1."), "{said}");
        assert_eq!(found.ticked("project"), [jetty(17), jetty(3)], "what is not seen is not lost");
        found.untick("project", &jetty(17)).press("approve").await.left();
        let given = world.store().authorizations_of(ana.id()).await.unwrap();
        let places: Vec<_> = given[0].authorization.places.iter().map(|place| place.project).collect();
        assert_eq!(places, [Some(Uuid::parse_str(&jetty(3)).unwrap())]);
    });
}
