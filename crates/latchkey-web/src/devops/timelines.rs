//! Timelines of builds: their stages, jobs and tasks.

use latchkey_devops::error::DevOpsError;
use latchkey_devops::wire;
use uuid::Uuid;

use super::builds::find;
use super::call::Call;
use super::table::Answer;

/// `GET .../build/builds/{id}/timeline[/{timeline}]`. A build has one timeline.
pub(super) async fn read(call: Call) -> Answer {
    let inside = call.project().await?;
    let build = find(&call, &inside.access).await?;
    let timeline = wire::timeline::plan_id(inside.project.id, build.id);
    if call.path.get("timeline").is_some_and(|asked| Uuid::try_parse(asked) != Ok(timeline)) {
        return Err(DevOpsError::not_found(format!("Build {} has no such timeline.", build.id)).into());
    }
    let records = call.app.store.timeline(&inside.access, build.id).await?;
    call.json(&wire::timeline::timeline(&call.urls(&inside.facts.organization), &build, &records))
}
