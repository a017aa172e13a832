//! Logs of builds, as answers show them.

use serde::Serialize;

use crate::build;
use crate::date::WireDate;
use crate::ids::ProjectId;
use crate::wire::Urls;

/// A log of a build. Its lines are answered apart from it.
#[derive(Clone, PartialEq, Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Log {
    /// How many lines it has.
    pub line_count: i64,
    /// When it was begun.
    pub created_on: WireDate,
    /// When something was last written to it.
    pub last_changed_on: WireDate,
    /// Its number.
    pub id: i64,
    /// That it is kept with the build.
    #[serde(rename = "type")]
    pub kind: &'static str,
    /// Where it is.
    pub url: String,
}

/// Shows a log.
pub fn log(urls: &Urls, project: ProjectId, log: &build::Log) -> Log {
    Log {
        line_count: log.line_count,
        created_on: WireDate(log.created_at),
        last_changed_on: WireDate(log.changed_at),
        id: log.id,
        kind: "Container",
        url: urls.build(project, log.build, &format!("logs/{}", log.id)),
    }
}
