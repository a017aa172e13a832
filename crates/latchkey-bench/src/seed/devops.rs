//! The DevOps side: an organization with a project, everybody in it, and work items.

use latchkey_devops::access::{self, Action, Asked, Caller, InOrganization, Standing};
use latchkey_devops::access_level::AccessLevel;
use latchkey_devops::group::ProjectGroup;
use latchkey_devops::ids::{OrganizationId, PersonId, ProjectId, TeamId};
use latchkey_devops::membership::{Member, People};
use latchkey_devops::name::{OrganizationName, ProjectName};
use latchkey_devops::organization::Organization;
use latchkey_devops::policy::{AuthorizePolicy, OrganizationPolicy};
use latchkey_devops::project::Project;
use latchkey_devops::work_item::{self, Patch, Surroundings, WorkItemType};
use latchkey_identity::tenant::Tenant;
use latchkey_store::devops::{Author, members, organizations, projects, work_items};

use super::people::Person;
use super::{ORGANIZATION, PROJECT, Seeder, WORK_ITEMS, named};
use crate::problem::{Outcome, Problem};

impl Seeder<'_> {
    /// The organization with its project, everybody in it, and its work items. The first of them owns it.
    pub(super) async fn devops(&mut self, tenant: &Tenant, everybody: &[Person]) -> Outcome<OrganizationId> {
        let [owner, others @ ..] = everybody else { return Err(Problem::new("a world needs somebody in it")) };
        let (store, author) = (self.store, Author::server(self.now));
        let organization = Organization {
            id: OrganizationId(self.entropy.uuid()),
            tenant: tenant.id.0,
            name: named(ORGANIZATION, OrganizationName::parse(ORGANIZATION))?,
            owner: PersonId(owner.account.id.0),
            policy: OrganizationPolicy { authorize: AuthorizePolicy::Members, ..OrganizationPolicy::default() },
        };
        let project = Project {
            id: ProjectId(self.entropy.uuid()),
            organization: organization.id,
            name: named(PROJECT, ProjectName::parse(PROJECT))?,
            description: String::new(),
            revision: 1,
            updated_at: self.now,
            default_team: TeamId(self.entropy.uuid()),
        };
        let member = |somebody: &Person, projects| Member {
            person: PersonId(somebody.account.id.0),
            service: None,
            access_level: AccessLevel::Basic,
            groups: [].into(),
            projects,
        };
        store.commit(organizations::create(&organization, &member(owner, [].into()), &author)).await?;
        let facts = store.organization_by_id(organization.id).await?;
        let facts = facts.ok_or_else(|| Problem::new("the organization is not there"))?;
        store.commit(projects::create(&facts, &project, &author)).await?;
        self.waiting.append(members::add_to_project(
            &organization,
            organization.owner,
            project.id,
            &[].into(),
            &author,
        ));
        for other in others {
            let member = member(other, [(project.id, [ProjectGroup::Contributors].into())].into());
            self.waiting.append(members::add(&organization, &member, &author));
            self.commit_if_due().await?;
        }
        self.commit().await?;
        self.work_items(&organization, &project).await?;
        Ok(organization.id)
    }

    async fn work_items(&mut self, organization: &Organization, project: &Project) -> Outcome<()> {
        let member = self.store.member(organization.id, organization.owner).await?;
        let within = InOrganization::new(ORGANIZATION, Some(organization), member.as_deref());
        let caller = Caller::in_person(organization.owner, Standing::Live);
        let asked = Asked::new(PROJECT, Some(project));
        let access = access::to_project(&caller, within, asked, Action::EditWorkItems)
            .map_err(|refusal| Problem::new(format!("the owner may not write work items: {refusal:?}")))?;
        let (people, reachable) = (People::default(), [].into());
        let surroundings = Surroundings { project, people: &people, reachable_items: &reachable };
        for id in 1..=WORK_ITEMS {
            let patch = Patch::parse(&patch(id))
                .map_err(|error| Problem::new(format!("a patch of a work item is refused: {error:?}")))?;
            let revision =
                work_item::create(id, WorkItemType::Task, &patch, surroundings, organization.owner, self.now)
                    .map_err(|error| Problem::new(format!("a work item is refused: {error:?}")))?;
            self.waiting.append(work_items::keep(&access, &revision, None));
            self.commit_if_due().await?;
        }
        self.commit().await
    }
}

fn patch(id: i64) -> serde_json::Value {
    let field = |name: &str, value: String| serde_json::json!({ "op": "add", "path": format!("/fields/{name}"), "value": value });
    serde_json::json!([
        field("System.Title", format!("Replace the lamp of tower {id}")),
        field("System.Description", "<p>It flickers at night, and ships have noticed.</p>".into()),
    ])
}
