//! Teams of a project.

use latchkey_devops::error::DevOpsError;
use latchkey_devops::project::Team;
use latchkey_devops::wire;

use super::call::{Call, InProject};
use super::error::ApiError;
use super::table::Answer;

/// How many teams a list has unless less is asked for.
const PAGE: u32 = 1_000;

/// `GET /{organization}/_apis/projects/{project}/teams`.
pub(super) async fn list(call: Call) -> Answer {
    let inside = call.project().await?;
    let urls = call.urls(&inside.facts.organization);
    let skip = call.query.count(&["$skip"], u32::MAX)?.unwrap_or(0) as usize;
    let top = call.query.count(&["$top"], PAGE)?.unwrap_or(PAGE) as usize;
    let teams = call.app.store.teams(&inside.access).await?;
    call.list(teams.iter().skip(skip).take(top).map(|team| wire::team::team(&urls, &inside.project, team)))
}

/// `GET /{organization}/_apis/projects/{project}/teams/{team}`: by id, or by name in any case.
pub(super) async fn read(call: Call) -> Answer {
    let inside = call.project().await?;
    let team = named(&call, &inside).await?;
    call.json(&wire::team::team(&call.urls(&inside.facts.organization), &inside.project, &team))
}

/// The team that the path names, by id, or by name in any case.
pub(super) async fn named(call: &Call, inside: &InProject) -> Result<Team, ApiError> {
    let asked = call.named("team");
    let teams = call.app.store.teams(&inside.access).await?;
    let team = teams
        .into_iter()
        .find(|team| team.name.to_lowercase() == asked.to_lowercase() || uuid::Uuid::try_parse(asked) == Ok(team.id.0));
    Ok(team.ok_or_else(|| DevOpsError::team_not_found(asked))?)
}
