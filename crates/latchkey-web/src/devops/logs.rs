//! Logs of builds: the list, and the lines of one.

use latchkey_devops::build::log;
use latchkey_devops::error::{DevOpsError, ErrorType};
use latchkey_devops::wire;

use super::accept::Format;
use super::answer::text;
use super::builds::find;
use super::call::Call;
use super::error::ApiError;
use super::table::Answer;

/// `GET .../build/builds/{id}/logs`.
pub(super) async fn list(call: Call) -> Answer {
    let inside = call.project().await?;
    let build = find(&call, &inside.access).await?;
    let logs = call.app.store.logs(&inside.access, build.id).await?;
    let urls = call.urls(&inside.facts.organization);
    call.list(logs.iter().map(|one| wire::log::log(&urls, inside.project.id, one)))
}

/// `GET .../build/builds/{id}/logs/{log}?startLine=&endLine=`: as text, or as lines in JSON.
pub(super) async fn read(call: Call) -> Answer {
    let format = call.format()?;
    let (start, end) = (line(&call, "startLine")?, line(&call, "endLine")?);
    let id = call.number("log")?;
    let inside = call.project().await?;
    let build = find(&call, &inside.access).await?;
    let found = call.app.store.log(&inside.access, build.id, id).await?;
    let (_, whole) = found.ok_or_else(|| DevOpsError::not_found(format!("Build {} has no log {id}.", build.id)))?;
    match format {
        Some(Format::Json) => call.list(log::lines(&whole, start, end)),
        None | Some(Format::Text) if start.is_none() && end.is_none() => Ok(text(whole)),
        None | Some(Format::Text) => {
            let lines: Vec<&str> = log::lines(&whole, start, end).collect();
            Ok(text(lines.join("\n") + "\n"))
        }
        Some(Format::Bytes | Format::Zip) => {
            let message = "A log is told as text/plain or application/json.";
            Err(DevOpsError::new(ErrorType::ContentTypeNotSupported, message).into())
        }
    }
}

fn line(call: &Call, name: &str) -> Result<Option<i64>, ApiError> {
    let number = call.query.get(name).map(|text| {
        text.parse().map_err(|_| DevOpsError::bad_request(format!("The value of {name} must be a number.")))
    });
    Ok(number.transpose()?)
}
