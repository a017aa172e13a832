//! Projects.

use latchkey_devops::wire;

use super::call::Call;
use super::table::Answer;

/// How many projects a page has unless less is asked for.
const PAGE: u32 = 1_000;

/// `GET /{organization}/_apis/projects`: those that the caller can enter.
pub(super) async fn list(call: Call) -> Answer {
    let inside = call.organization().await?;
    let urls = call.urls(&inside.facts.organization);
    let name = format!("projects of {}", inside.access.organization());
    let skip = match call.continuation(&name)? {
        Some(position) => position.parse().unwrap_or(0),
        None => call.query.count(&["$skip"], u32::MAX)?.unwrap_or(0) as usize,
    };
    let top = call.query.count(&["$top"], PAGE)?.unwrap_or(PAGE) as usize;
    let any_state = call
        .query
        .get("stateFilter")
        .is_none_or(|state| ["all", "wellFormed", "1", "-1"].iter().any(|word| word.eq_ignore_ascii_case(state)));
    let reached: Vec<_> = match any_state {
        true => inside.facts.projects().filter(|project| call.enter(&inside, project).is_ok()).collect(),
        // All projects are well formed.
        false => Vec::new(),
    };
    let next = (skip + top < reached.len()).then(|| call.continue_at(&name, &(skip + top).to_string()));
    let page = reached.into_iter().skip(skip).take(top);
    call.page(page.map(|project| wire::project::project_reference(&urls, project)), next)
}

/// `GET /{organization}/_apis/projects/{project}`.
pub(super) async fn read(call: Call) -> Answer {
    let inside = call.project().await?;
    let teams = call.app.store.teams(&inside.access).await?;
    let team = teams.iter().find(|team| team.id == inside.project.default_team);
    let team = team.map_or_else(|| format!("{} Team", inside.project.name), |team| team.name.clone());
    let urls = call.urls(&inside.facts.organization);
    let with_capabilities = call.query.flag("includeCapabilities");
    call.json(&wire::project::project(&urls, &inside.project, &team, with_capabilities))
}
