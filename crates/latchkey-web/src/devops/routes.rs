//! Every route of the API and of git, with the action that its caller must be allowed. Reading this file is reading who can do
//! what; the same table answers the discovery of clients, who find things by the ids here.

use std::sync::LazyLock;

use latchkey_devops::access::Action;

use super::table::{Api, Resource, Table};
use super::{
    accounts, batch, build_tags, builds, changes, comments, commits, connection_data, definitions, git, items,
    locations, logs, profiles, projects, pull_requests, pushes, refs, registration_secrets, repositories, reviewers,
    revisions, teams, timelines, wiql, work_item_edits, work_item_types, work_items,
};

/// The table, put together once.
pub(super) static TABLE: LazyLock<Table> = LazyLock::new(table);

const fn resource(
    area: &'static str,
    name: &'static str,
    version: u32,
    id: &'static str,
    template: &'static str,
) -> Resource {
    Resource { area, name, id, version, template }
}

/// All of it.
pub(super) fn table() -> Table {
    let api = Api::new();
    let api = apps_of_the_older_kind(api);
    let api = discovery(api);
    let api = people_and_projects(api);
    let api = work(api);
    let api = code(api);
    let api = build(api);
    git_over_http(api).table()
}

/// Holds no secrets, so anyone may ask.
fn discovery(api: Api) -> Api {
    api.options("/_apis", locations::at_root)
        .options("/{organization}/_apis", locations::in_organization)
        .options("/_apis/{area}", locations::at_root)
        .options("/{organization}/_apis/{area}", locations::in_organization)
        .resource(resource(
            "Location",
            "ResourceAreas",
            1,
            "e81700f7-3be2-46de-8624-2eb35882fcaa",
            "_apis/{resource}/{areaId}",
        ))
        .open("/_apis/resourceareas", locations::areas)
        .open("/{organization}/_apis/resourceareas", locations::areas)
        .open("/{organization}/_apis/resourceareas/{area}", locations::area)
        .resource(resource("Location", "ConnectionData", 1, "00d9565f-ed9c-4a06-9a50-00e7896ccab4", "_apis/{resource}"))
        .open("/{organization}/_apis/connectiondata", connection_data::read)
}

/// No resource that clients look for by its id.
fn apps_of_the_older_kind(api: Api) -> Api {
    let secret = "/_apis/delegatedauth/registrationsecret/{registration}";
    api.post(secret, Action::RenewSecrets, registration_secrets::create).put(
        secret,
        Action::RenewSecrets,
        registration_secrets::replace,
    )
}

fn people_and_projects(api: Api) -> Api {
    use Action::{ListOrganizations, ListProjects, ReadProfile, ReadProject};
    api.resource(resource(
        "Profile",
        "Profiles",
        3,
        "f83735dc-483f-4238-a291-d45f6080a9af",
        "_apis/{area}/{resource}/{id}",
    ))
    .get("/_apis/profile/profiles/{id}", ReadProfile, profiles::read)
    .get("/{organization}/_apis/profile/profiles/{id}", ReadProfile, profiles::read)
    .resource(resource(
        "Account",
        "Accounts",
        1,
        "229a6a53-b428-4ffb-a835-e8f36b5b4b1e",
        "_apis/{resource}/{accountId}",
    ))
    .get("/_apis/accounts", ListOrganizations, accounts::list)
    .get("/{organization}/_apis/accounts", ListOrganizations, accounts::list)
    .resource(resource("core", "projects", 4, "603fe2ac-9723-48b9-88ad-09305aa6c6e1", "_apis/{resource}/{*projectId}"))
    .get("/{organization}/_apis/projects", ListProjects, projects::list)
    .get("/{organization}/_apis/projects/{project}", ReadProject, projects::read)
    .resource(resource(
        "core",
        "teams",
        3,
        "d30a3dd1-f8ba-442a-b86a-bd0c0c383e59",
        "_apis/projects/{projectId}/{resource}/{*teamId}",
    ))
    .get("/{organization}/_apis/projects/{project}/teams", ReadProject, teams::list)
    .get("/{organization}/_apis/projects/{project}/teams/{team}", ReadProject, teams::read)
}

fn work(api: Api) -> Api {
    use Action::{EditWorkItems, ReadWorkItems};
    api.resource(resource(
        "wit",
        "workItems",
        3,
        "72c7ddf8-2cdc-4f60-90cd-ab71c14a399b",
        "{project}/_apis/{area}/{resource}/{id}",
    ))
    .get("/{organization}/{project?}/_apis/wit/workitems", ReadWorkItems, work_items::list)
    .get("/{organization}/{project?}/_apis/wit/workitems/{id}", ReadWorkItems, work_items::read)
    .patch("/{organization}/{project?}/_apis/wit/workitems/{id}", EditWorkItems, work_item_edits::update)
    .patch("/{organization}/_apis/wit/$batch", EditWorkItems, batch::work_items)
    .post("/{organization}/_apis/wit/$batch", EditWorkItems, batch::work_items)
    .resource(resource(
        "wit",
        "workItems",
        3,
        "62d3d110-0047-428c-ad3c-4fe872c91c74",
        "{project}/_apis/{area}/{resource}/${type}",
    ))
    .post("/{organization}/{project}/_apis/wit/workitems/${type}", EditWorkItems, work_item_edits::create)
    .resource(resource(
        "wit",
        "workItemsBatch",
        1,
        "908509b6-4248-4475-a1cd-829139ba419f",
        "{project}/_apis/{area}/{resource}",
    ))
    .post("/{organization}/{project?}/_apis/wit/workitemsbatch", ReadWorkItems, work_items::batch)
    .resource(resource(
        "wit",
        "revisions",
        3,
        "a00c85a5-80fa-4565-99c3-bcd2181434bb",
        "{project}/_apis/{area}/workItems/{id}/{resource}/{revisionNumber}",
    ))
    .get("/{organization}/{project?}/_apis/wit/workitems/{id}/revisions", ReadWorkItems, revisions::list)
    .get("/{organization}/{project?}/_apis/wit/workitems/{id}/revisions/{revision}", ReadWorkItems, revisions::read)
    .resource(resource(
        "wit",
        "updates",
        3,
        "6570bf97-d02c-4a91-8d93-3abe9895b1a9",
        "{project}/_apis/{area}/workItems/{id}/{resource}/{updateNumber}",
    ))
    .get("/{organization}/{project?}/_apis/wit/workitems/{id}/updates", ReadWorkItems, revisions::list_updates)
    .get(
        "/{organization}/{project?}/_apis/wit/workitems/{id}/updates/{revision}",
        ReadWorkItems,
        revisions::read_update,
    )
    .resource(resource(
        "wit",
        "comments",
        4,
        "608aac0a-32e1-4493-a863-b9cf4566d257",
        "{project}/_apis/{area}/workItems/{workItemId}/{resource}/{commentId}",
    ))
    .get("/{organization}/{project}/_apis/wit/workitems/{id}/comments", ReadWorkItems, comments::list)
    .post("/{organization}/{project}/_apis/wit/workitems/{id}/comments", EditWorkItems, comments::create)
    .get("/{organization}/{project}/_apis/wit/workitems/{id}/comments/{comment}", ReadWorkItems, comments::read)
    .patch("/{organization}/{project}/_apis/wit/workitems/{id}/comments/{comment}", EditWorkItems, comments::update)
    .delete("/{organization}/{project}/_apis/wit/workitems/{id}/comments/{comment}", EditWorkItems, comments::delete)
    .resource(resource(
        "wit",
        "workItemTypes",
        2,
        "7c8d7a76-4a09-43e8-b5df-bd792f4ac6aa",
        "{project}/_apis/{area}/{resource}/{type}",
    ))
    .get("/{organization}/{project}/_apis/wit/workitemtypes", ReadWorkItems, work_item_types::list)
    .get("/{organization}/{project}/_apis/wit/workitemtypes/{type}", ReadWorkItems, work_item_types::read)
    .resource(resource(
        "wit",
        "states",
        1,
        "7c9d7a76-4a09-43e8-b5df-bd792f4ac6aa",
        "{project}/_apis/{area}/workItemTypes/{type}/{resource}",
    ))
    .get("/{organization}/{project}/_apis/wit/workitemtypes/{type}/states", ReadWorkItems, work_item_types::states)
    .resource(resource(
        "wit",
        "workItemTypesField",
        3,
        "bd293ce5-3d25-4192-8e67-e8092e879efb",
        "{project}/_apis/{area}/workItemTypes/{type}/fields/{field}",
    ))
    .get(
        "/{organization}/{project}/_apis/wit/workitemtypes/{type}/fields",
        ReadWorkItems,
        work_item_types::fields_of_type,
    )
    .get(
        "/{organization}/{project}/_apis/wit/workitemtypes/{type}/fields/{field}",
        ReadWorkItems,
        work_item_types::field_of_type,
    )
    .resource(resource(
        "wit",
        "fields",
        3,
        "b51fd764-e5c2-4b9b-aaf7-3395cf4bdd94",
        "{project}/_apis/{area}/{resource}/{fieldNameOrRefName}",
    ))
    .get("/{organization}/{project?}/_apis/wit/fields", ReadWorkItems, work_item_types::fields)
    .get("/{organization}/{project?}/_apis/wit/fields/{field}", ReadWorkItems, work_item_types::field)
    .resource(resource(
        "wit",
        "wiql",
        2,
        "1a9c53f7-f243-4447-b110-35ef023636e4",
        "{project}/{team}/_apis/{area}/{resource}",
    ))
    .post("/{organization}/{project?}/_apis/wit/wiql", ReadWorkItems, wiql::query)
    .post("/{organization}/{project}/{team}/_apis/wit/wiql", ReadWorkItems, wiql::query)
}

fn code(api: Api) -> Api {
    use Action::{ReadCode, ReadPullRequests, WriteCode, WritePullRequests};
    api.resource(resource(
        "git",
        "repositories",
        2,
        "225f7195-f9c7-4d14-ab28-a83f7ff77e1f",
        "{project}/_apis/{area}/{resource}/{repositoryId}",
    ))
    .get("/{organization}/{project?}/_apis/git/repositories", ReadCode, repositories::list)
    .get("/{organization}/{project?}/_apis/git/repositories/{repository}", ReadCode, repositories::read)
    .resource(resource(
        "git",
        "refs",
        2,
        "2d874a60-a811-4f62-9c9f-963a6ea0a55b",
        "{project}/_apis/{area}/repositories/{repositoryId}/{resource}/{*filter}",
    ))
    .get("/{organization}/{project?}/_apis/git/repositories/{repository}/refs", ReadCode, refs::list)
    .get("/{organization}/{project?}/_apis/git/repositories/{repository}/refs/{*filter}", ReadCode, refs::list)
    .post("/{organization}/{project?}/_apis/git/repositories/{repository}/refs", WriteCode, refs::update)
    .resource(resource(
        "git",
        "items",
        1,
        "fb93c0db-47ed-4a31-8c20-47552878fb44",
        "{project}/_apis/{area}/repositories/{repositoryId}/{resource}/{*path}",
    ))
    .get("/{organization}/{project?}/_apis/git/repositories/{repository}/items", ReadCode, items::read)
    .get("/{organization}/{project?}/_apis/git/repositories/{repository}/items/{*path}", ReadCode, items::read)
    .resource(resource(
        "git",
        "commits",
        2,
        "c2570c3b-5b3f-41b8-98bf-5407bfde8d58",
        "{project}/_apis/{area}/repositories/{repositoryId}/{resource}/{commitId}",
    ))
    .get("/{organization}/{project?}/_apis/git/repositories/{repository}/commits", ReadCode, commits::list)
    .get("/{organization}/{project?}/_apis/git/repositories/{repository}/commits/{commit}", ReadCode, commits::read)
    .resource(resource(
        "git",
        "changes",
        1,
        "5bf884f5-3e07-42e9-afb8-1b872267bf16",
        "{project}/_apis/{area}/repositories/{repositoryId}/commits/{commitId}/{resource}",
    ))
    .get(
        "/{organization}/{project?}/_apis/git/repositories/{repository}/commits/{commit}/changes",
        ReadCode,
        changes::of_commit,
    )
    .resource(resource(
        "git",
        "commitDiffs",
        1,
        "615588d5-c0c7-4b88-88f8-e625306446e8",
        "{project}/_apis/{area}/repositories/{repositoryId}/diffs/commits",
    ))
    .get("/{organization}/{project?}/_apis/git/repositories/{repository}/diffs/commits", ReadCode, changes::between)
    .resource(resource(
        "git",
        "pushes",
        3,
        "ea98d07b-3c87-4971-8ede-a613694ffb55",
        "{project}/_apis/{area}/repositories/{repositoryId}/{resource}/{pushId}",
    ))
    .post("/{organization}/{project?}/_apis/git/repositories/{repository}/pushes", WriteCode, pushes::create)
    .resource(resource(
        "git",
        "pullRequests",
        2,
        "9946fd70-0d40-406e-b686-b4744cbbcc37",
        "{project}/_apis/{area}/repositories/{repositoryId}/{resource}/{pullRequestId}",
    ))
    .get(
        "/{organization}/{project?}/_apis/git/repositories/{repository}/pullrequests",
        ReadPullRequests,
        pull_requests::of_repository,
    )
    .post(
        "/{organization}/{project?}/_apis/git/repositories/{repository}/pullrequests",
        WritePullRequests,
        pull_requests::create,
    )
    .get(
        "/{organization}/{project?}/_apis/git/repositories/{repository}/pullrequests/{id}",
        ReadPullRequests,
        pull_requests::read,
    )
    .patch(
        "/{organization}/{project?}/_apis/git/repositories/{repository}/pullrequests/{id}",
        WritePullRequests,
        pull_requests::update,
    )
    .resource(resource(
        "git",
        "pullRequestReviewers",
        1,
        "4b6702c7-aa35-4b89-9c96-b9abf6d3e540",
        "{project}/_apis/{area}/repositories/{repositoryId}/pullRequests/{pullRequestId}/reviewers/{reviewerId}",
    ))
    .get(
        "/{organization}/{project?}/_apis/git/repositories/{repository}/pullrequests/{id}/reviewers",
        ReadPullRequests,
        reviewers::list,
    )
    .get(
        "/{organization}/{project?}/_apis/git/repositories/{repository}/pullrequests/{id}/reviewers/{reviewer}",
        ReadPullRequests,
        reviewers::read,
    )
    .put(
        "/{organization}/{project?}/_apis/git/repositories/{repository}/pullrequests/{id}/reviewers/{reviewer}",
        WritePullRequests,
        reviewers::put,
    )
    .resource(resource(
        "git",
        "pullRequests",
        2,
        "a5d28130-9cd2-40fa-9f08-902e7daa9efb",
        "{project}/_apis/{area}/{resource}",
    ))
    .get("/{organization}/{project}/_apis/git/pullrequests", ReadPullRequests, pull_requests::of_project)
    .resource(resource(
        "git",
        "pullRequests",
        2,
        "01a46dea-7d46-4d40-bc84-319e7c260d99",
        "{project}/_apis/{area}/{resource}/{pullRequestId}",
    ))
    .get(
        "/{organization}/{project?}/_apis/git/pullrequests/{id}",
        ReadPullRequests,
        pull_requests::read_by_number,
    )
}

fn build(api: Api) -> Api {
    use Action::{QueueBuilds, ReadBuilds, TagBuilds, UpdateBuilds};
    api.resource(resource(
        "build",
        "Definitions",
        8,
        "dbeaf647-6167-421a-bda9-c9327b25e2e6",
        "{project}/_apis/{area}/{resource}/{definitionId}",
    ))
    .get("/{organization}/{project}/_apis/build/definitions", ReadBuilds, definitions::list)
    .get("/{organization}/{project}/_apis/build/definitions/{id}", ReadBuilds, definitions::read)
    .resource(resource(
        "build",
        "Builds",
        8,
        "0cd358e1-9217-4d94-8269-1c1ee6f93dcf",
        "{project}/_apis/{area}/{resource}/{buildId}",
    ))
    .get("/{organization}/{project}/_apis/build/builds", ReadBuilds, builds::list)
    .post("/{organization}/{project}/_apis/build/builds", QueueBuilds, builds::queue)
    .patch("/{organization}/{project}/_apis/build/builds", UpdateBuilds, builds::update_several)
    .get("/{organization}/{project}/_apis/build/builds/{id}", ReadBuilds, builds::read)
    .patch("/{organization}/{project}/_apis/build/builds/{id}", UpdateBuilds, builds::update)
    .resource(resource(
        "build",
        "Timeline",
        3,
        "8baac422-4c6e-4de5-8532-db96d92acffa",
        "{project}/_apis/{area}/builds/{buildId}/{resource}/{timelineId}",
    ))
    .get("/{organization}/{project}/_apis/build/builds/{id}/timeline", ReadBuilds, timelines::read)
    .get("/{organization}/{project}/_apis/build/builds/{id}/timeline/{timeline}", ReadBuilds, timelines::read)
    .resource(resource(
        "build",
        "Logs",
        2,
        "35a80daf-7f30-45fc-86e8-6b813d9c90df",
        "{project}/_apis/{area}/builds/{buildId}/{resource}/{logId}",
    ))
    .get("/{organization}/{project}/_apis/build/builds/{id}/logs", ReadBuilds, logs::list)
    .get("/{organization}/{project}/_apis/build/builds/{id}/logs/{log}", ReadBuilds, logs::read)
    .resource(resource(
        "build",
        "Tags",
        3,
        "6e6114b2-8161-44c8-8f6c-c5505782427f",
        "{project}/_apis/{area}/builds/{buildId}/{resource}/{*tag}",
    ))
    .get("/{organization}/{project}/_apis/build/builds/{id}/tags", ReadBuilds, build_tags::list)
    .post("/{organization}/{project}/_apis/build/builds/{id}/tags", TagBuilds, build_tags::change)
    .patch("/{organization}/{project}/_apis/build/builds/{id}/tags", TagBuilds, build_tags::change)
    .put("/{organization}/{project}/_apis/build/builds/{id}/tags/{*tag}", TagBuilds, build_tags::add)
    .delete("/{organization}/{project}/_apis/build/builds/{id}/tags/{*tag}", TagBuilds, build_tags::remove)
}

/// What a push asks for is decided anew when its references are about to move.
fn git_over_http(api: Api) -> Api {
    let mut api = api.git();
    for place in [
        "/{organization}/{project?}/_git/{repository}",
        "/{organization}/{project?}/_git/_full/{repository}",
        "/{organization}/{project?}/_git/_optimized/{repository}",
        "/{organization}/{project}/{team}/_git/{repository}",
    ] {
        api = api
            .get(&format!("{place}/info/refs"), Action::ReadCode, git::advertise)
            .post(&format!("{place}/git-upload-pack"), Action::ReadCode, git::upload_pack)
            .post(&format!("{place}/git-receive-pack"), Action::WriteCode, git::receive_pack)
            .open_post(&format!("{place}/info/lfs/objects/batch"), git::no_large_files);
    }
    api
}
