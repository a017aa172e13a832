//! What takes its time is decided again: the credential, the rights and the limits that a request began under may have ended since.
//!
//! A body may be held back, a query waits for its turn, a clone is read slowly. Everything that is asked here is in memory.

use std::error::Error;
use std::io;

use axum::body::Body;
use bytes::Bytes;
use futures_util::stream::{self, Stream, StreamExt as _};
use latchkey_devops::access::{self, Action, Asked, ProjectAccess};
use latchkey_devops::api_version::ApiVersion;
use latchkey_identity::Timestamp;

use super::call::{Call, FoundOrganization, InRepository, enter_repository};
use super::caller::Identified;
use super::error::ApiError;
use super::query::Query;
use super::table::PathValues;

/// What a caller has entered, and may have to leave.
pub(super) trait Entered {
    /// What they do there.
    fn action(&self) -> Action;

    /// Decides anew whether they may do something there.
    fn decide(&self, caller: &access::Caller, found: &FoundOrganization, action: Action) -> Result<(), ApiError>;
}

impl Entered for ProjectAccess {
    fn action(&self) -> Action {
        self.action()
    }

    fn decide(&self, caller: &access::Caller, found: &FoundOrganization, action: Action) -> Result<(), ApiError> {
        let project = found.project_by_id(self.project());
        let id = self.project().to_string();
        access::to_project(caller, found.within(), Asked::new(&id, project), action)?;
        Ok(())
    }
}

impl Entered for InRepository {
    fn action(&self) -> Action {
        self.access.action()
    }

    fn decide(&self, caller: &access::Caller, found: &FoundOrganization, action: Action) -> Result<(), ApiError> {
        let (project, repository) = (self.project.id.to_string(), self.repository.id.to_string());
        enter_repository(caller, found, Some(&project), &repository, action).map(drop)
    }
}

impl Call {
    /// The same request as one that came now.
    pub(super) async fn again(&self) -> Result<Self, ApiError> {
        let now = self.app.now();
        let identified = self.identified.again(&self.app, now).await?;
        let mut visit = self.visit.clone();
        visit.now = now;
        Ok(Self::new(visit, identified, self.action))
    }

    /// Waits for something, such as the body; then the request is as one that came now.
    pub(super) async fn after<T>(self, wait: impl Future<Output = Result<T, ApiError>>) -> Result<(Self, T), ApiError> {
        let came = wait.await?;
        Ok((self.again().await?, came))
    }

    /// A part of this request, as one that came now, for the same action.
    pub(super) async fn part(&self, path: PathValues, query: Query) -> Result<Self, ApiError> {
        let mut part = self.again().await?;
        let version = query.get("api-version").map(|version| ApiVersion::of_request("PATCH", Some(version), None));
        part.visit.version = version.transpose()?.unwrap_or(part.visit.version);
        (part.visit.path, part.visit.query) = (path, query);
        Ok(part)
    }

    /// Decides anew that the caller may do there what they entered for.
    pub(super) async fn still(&self, entered: &impl Entered) -> Result<(), ApiError> {
        self.still_for(entered, entered.action()).await
    }

    /// Decides anew that the caller may do something where they are.
    pub(super) async fn still_for(&self, entered: &impl Entered, action: Action) -> Result<(), ApiError> {
        self.decide_at(self.app.now(), entered, action).await
    }

    async fn decide_at(&self, now: Timestamp, entered: &impl Entered, action: Action) -> Result<(), ApiError> {
        let Identified { caller, .. } = self.identified.again(&self.app, now).await?;
        let found = FoundOrganization::find(&self.app, self.named("organization"), caller.person).await?;
        entered.decide(&caller, &found, action)
    }

    /// A body of these parts. It breaks off when the caller may not have the next one any more; that the token expires while they read
    /// is no reason.
    pub(super) fn body_while_allowed<E: Error + Send + Sync + 'static>(
        self,
        entered: impl Entered + Send + Sync + 'static,
        parts: impl Stream<Item = Result<Bytes, E>> + Send + Unpin + 'static,
    ) -> Body {
        let parts = stream::try_unfold((self, entered, parts), |(call, entered, mut parts)| async move {
            let Some(part) = parts.next().await else { return Ok(None) };
            let part = part.map_err(io::Error::other)?;
            call.decide_at(call.now, &entered, entered.action()).await.map_err(|_| ended())?;
            Ok::<_, io::Error>(Some((part, (call, entered, parts))))
        });
        Body::from_stream(parts)
    }
}

/// Nobody reads this: the connection ends.
fn ended() -> io::Error {
    io::Error::new(io::ErrorKind::PermissionDenied, "what the request began under has ended")
}
