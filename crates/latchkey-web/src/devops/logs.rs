//! Logs of builds: the list, the lines of one, and archives of them.

use latchkey_devops::access::ProjectAccess;
use latchkey_devops::build::log::{self, Log};
use latchkey_devops::error::{DevOpsError, ErrorType};
use latchkey_devops::wire;
use latchkey_git::limits::MAX_CONTENT_BYTES;

use super::accept::Format;
use super::answer::{file, text};
use super::builds::find;
use super::call::Call;
use super::error::ApiError;
use super::room::{held, room};
use super::table::Answer;
use super::zip::Archive;

/// `GET .../build/builds/{id}/logs`: what there is, or all of it as an archive.
pub(super) async fn list(call: Call) -> Answer {
    let format = call.format()?;
    let inside = call.project().await?;
    let build = find(&call, &inside.access).await?;
    let logs = call.app.store.logs(&inside.access, build.id).await?;
    if format == Some(Format::Zip) {
        return archive(call, inside.access, &logs, &format!("logs_{}", build.id)).await;
    }
    let urls = call.urls(&inside.facts.organization);
    call.list(logs.iter().map(|one| wire::log::log(&urls, inside.project.id, one)))
}

/// `GET .../build/builds/{id}/logs/{log}?startLine=&endLine=`: as text, as lines in JSON, or whole in an archive.
pub(super) async fn read(call: Call) -> Answer {
    let format = call.format()?;
    let (start, end) = (line(&call, "startLine")?, line(&call, "endLine")?);
    let id = call.number("log")?;
    let inside = call.project().await?;
    let build = find(&call, &inside.access).await?;
    let found = call.app.store.log(&inside.access, build.id, id).await?;
    let (log, whole) = found.ok_or_else(|| DevOpsError::not_found(format!("Build {} has no log {id}.", build.id)))?;
    match format {
        Some(Format::Json) => call.list(log::lines(&whole, start, end)),
        None | Some(Format::Text) if start.is_none() && end.is_none() => Ok(text(whole)),
        None | Some(Format::Text) => {
            let lines: Vec<&str> = log::lines(&whole, start, end).collect();
            Ok(text(lines.join("\n") + "\n"))
        }
        Some(Format::Zip) => archive(call, inside.access, &[log], &format!("log_{id}")).await,
        Some(Format::Bytes) => {
            let message = "A log is told as text/plain, application/json or application/zip.";
            Err(DevOpsError::new(ErrorType::ContentTypeNotSupported, message).into())
        }
    }
}

/// Logs as files of an archive.
async fn archive(call: Call, access: ProjectAccess, logs: &[Log], name: &str) -> Answer {
    // The texts and the archive of them are in memory together.
    let room = room(&call.app, 2 * MAX_CONTENT_BYTES)?;
    let (mut archive, mut left) = (Archive::default(), MAX_CONTENT_BYTES);
    for log in logs {
        let Some((_, whole)) = call.app.store.log(&access, log.build, log.id).await? else { continue };
        let rest = u64::try_from(whole.len()).ok().and_then(|size| left.checked_sub(size));
        left = rest.filter(|_| archive.add(&format!("{}.txt", log.id), whole.as_bytes())).ok_or_else(|| {
            DevOpsError::new(ErrorType::TooLarge, "The logs are more than fits into one archive; read them one by one.")
        })?;
    }
    let bytes = call.body_while_allowed(access, held(archive.finish(), room));
    Ok(file("application/zip", &format!("{name}.zip"), bytes))
}

fn line(call: &Call, name: &str) -> Result<Option<i64>, ApiError> {
    let number = call.query.get(name).map(|text| {
        text.parse().map_err(|_| DevOpsError::bad_request(format!("The value of {name} must be a number.")))
    });
    Ok(number.transpose()?)
}
