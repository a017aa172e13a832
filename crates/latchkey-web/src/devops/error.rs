//! What goes wrong, and how callers are told: the error body of the original, the challenges of a 401, plain text for git.

use axum::body::Body;
use http::header::{CONTENT_TYPE, HeaderName, HeaderValue, RETRY_AFTER, WWW_AUTHENTICATE};
use http::{HeaderMap, Response, StatusCode};
use latchkey_devops::access::Refusal;
use latchkey_devops::error::{DevOpsError, ErrorType};
use latchkey_git::{BrowseError, GitError};
use latchkey_identity::dpop::DpopError;
use latchkey_store::StoreError;
use uuid::Uuid;

use super::protected_resource;
use super::table::Dialect;
use crate::dpop;
use crate::reply;

/// Why a request was not served.
#[derive(Debug)]
pub(super) enum ApiError {
    /// The caller is told why.
    Refused(DevOpsError),
    /// Access was decided, and refused.
    Denied(Box<Refusal>),
    /// The caller does not show that they hold the key that their token is bound to.
    Unproven(DpopError),
    /// The server cannot answer now; nothing was changed. The log is told why.
    Unavailable(String),
    /// A bug of ours. The log is told which.
    Bug(String),
}

impl ApiError {
    /// The status it is answered with.
    pub(super) fn status(&self) -> StatusCode {
        let kind = match self {
            Self::Refused(error) => error.kind,
            Self::Denied(refusal) => refusal.error().kind,
            Self::Unproven(DpopError::Invalid(_) | DpopError::UseNonce) => ErrorType::Unauthorized,
            Self::Unproven(DpopError::Busy) | Self::Unavailable(_) => ErrorType::Unavailable,
            Self::Bug(_) => ErrorType::Internal,
        };
        StatusCode::from_u16(kind.status()).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR)
    }

    /// What the caller is told, if it is about them and not about us.
    pub(super) fn refused(&self) -> Option<&DevOpsError> {
        match self {
            Self::Refused(error) => Some(error),
            Self::Denied(refusal) => Some(refusal.error()),
            Self::Unproven(_) | Self::Unavailable(_) | Self::Bug(_) => None,
        }
    }

    /// The same, to a caller whose credential counts and is not enough.
    pub(super) fn of_somebody_known(self) -> Self {
        match self {
            Self::Refused(error) if error.kind == ErrorType::Unauthorized => {
                Self::Refused(DevOpsError { kind: ErrorType::AccessDenied, ..error })
            }
            Self::Denied(refusal) if refusal.error().kind == ErrorType::Unauthorized => {
                Self::Refused(DevOpsError { kind: ErrorType::AccessDenied, ..refusal.into_error() })
            }
            other => other,
        }
    }
}

impl From<DevOpsError> for ApiError {
    fn from(error: DevOpsError) -> Self {
        Self::Refused(error)
    }
}

impl From<Refusal> for ApiError {
    fn from(refusal: Refusal) -> Self {
        tracing::debug!(check = refusal.check.code(), reason = %refusal.reason, "refused");
        Self::Denied(Box::new(refusal))
    }
}

impl From<StoreError> for ApiError {
    fn from(error: StoreError) -> Self {
        if error.is_temporary() { Self::Unavailable(error.to_string()) } else { Self::Bug(error.to_string()) }
    }
}

impl From<GitError> for ApiError {
    fn from(error: GitError) -> Self {
        let text = || error.to_string();
        match &error {
            GitError::InvalidName(_) | GitError::Impossible(_) | GitError::Malformed(_) => {
                DevOpsError::bad_request(text()).into()
            }
            GitError::TooLarge(_) => DevOpsError::new(ErrorType::TooLarge, text()).into(),
            // Who asks is told whose requests it has to wait for.
            GitError::Busy | GitError::ShareTaken => DevOpsError::new(ErrorType::Unavailable, text()).into(),
            GitError::Stalled => DevOpsError::bad_request(text()).into(),
            GitError::TimedOut => Self::Unavailable(text()),
            GitError::Failed { complaint, .. } => Self::Bug(format!("{error}: {complaint}")),
            GitError::Browse(_) | GitError::Program(_) | GitError::NotFound | GitError::AlreadyExists => {
                Self::Bug(text())
            }
            // A body that breaks off is an error of reading too; who broke it off reads no answer.
            GitError::Io(_) => Self::Unavailable(text()),
        }
    }
}

/// Says what could not be read, of the repository of this name.
pub(super) fn unreadable(repository: &str, error: BrowseError) -> ApiError {
    match error {
        BrowseError::NoCommits => DevOpsError::version_not_found("default branch", repository).into(),
        BrowseError::VersionNotFound(version) => DevOpsError::version_not_found(&version, repository).into(),
        BrowseError::PathNotFound { path, version } => DevOpsError::item_not_found(&path, &version).into(),
        BrowseError::NotAFile(_) | BrowseError::TooFarBack(_) => DevOpsError::bad_request(error.to_string()).into(),
        BrowseError::TooLarge => DevOpsError::new(ErrorType::TooLarge, error.to_string()).into(),
        BrowseError::Unreadable(error) => ApiError::Bug(format!("a repository cannot be read: {error}")),
    }
}

/// What an error's answer says beside the error.
pub(super) struct Circumstances<'a> {
    pub(super) dialect: Dialect,
    /// Where the request came to.
    pub(super) origin: &'a str,
    /// The organization, by the name that the path has, if there is such a one.
    pub(super) organization: Option<&'a str>,
    /// The scope that would have been enough.
    pub(super) scope: Option<&'static str>,
    /// The tenant of the organization, if there is one.
    pub(super) tenant: Option<Uuid>,
    /// Whether the request brought a credential.
    pub(super) with_credential: bool,
    /// Whether it was a token that is presented with a proof of a key.
    pub(super) as_dpop: bool,
    /// What finds the request in the log.
    pub(super) activity: &'a str,
}

impl ApiError {
    /// The answer.
    pub(super) fn answer(self, circumstances: &Circumstances) -> Response<Body> {
        let activity = circumstances.activity;
        let status = self.status();
        let dpop = self.dpop_challenge(circumstances);
        let error = match self {
            Self::Refused(error) => error,
            Self::Denied(refusal) => refusal.into_error(),
            Self::Unproven(DpopError::Busy) => DevOpsError::unavailable(),
            Self::Unproven(error) => DevOpsError::unauthorized(None, &format!("{error}.")),
            Self::Unavailable(reason) => {
                tracing::warn!(activity, reason, "the server could not answer");
                DevOpsError::unavailable()
            }
            Self::Bug(reason) => {
                tracing::error!(activity, reason, "a request failed");
                DevOpsError::internal(activity)
            }
        };
        let mut response = match circumstances.dialect {
            Dialect::Rest => reply::json(status, &error),
            Dialect::Git => Response::new(Body::from(format!("{}\n", error.message))),
        };
        *response.status_mut() = status;
        let content_type = match circumstances.dialect {
            Dialect::Rest => "application/json; charset=utf-8",
            Dialect::Git => "text/plain; charset=utf-8",
        };
        response.headers_mut().insert(CONTENT_TYPE, HeaderValue::from_static(content_type));
        match status {
            StatusCode::UNAUTHORIZED => challenge(response.headers_mut(), circumstances, &error, dpop),
            StatusCode::SERVICE_UNAVAILABLE => {
                response.headers_mut().insert(RETRY_AFTER, HeaderValue::from_static("2"));
            }
            _ => {}
        }
        response
    }
}

impl ApiError {
    /// How to come back with a proof, if one is called for. [RFC 9449 §7.1]
    fn dpop_challenge(&self, circumstances: &Circumstances) -> Option<String> {
        let code = match self {
            Self::Unproven(error) => error.code(),
            _ if circumstances.as_dpop => "invalid_token",
            _ => return None,
        };
        let algorithms = dpop::algorithms();
        Some(match circumstances.as_dpop {
            true => format!("DPoP error=\"{code}\", algs=\"{algorithms}\""),
            false => format!("DPoP algs=\"{algorithms}\""),
        })
    }
}

/// How to come back with a credential that counts. [RFC 9110 §11.6.1], [RFC 6750 §3]
fn challenge(headers: &mut HeaderMap, circumstances: &Circumstances, error: &DevOpsError, dpop: Option<String>) {
    let tenant = circumstances.tenant.map_or_else(|| "common".to_owned(), |tenant| tenant.to_string());
    let authority = format!("{}/{tenant}", circumstances.origin);
    let bearer = if circumstances.as_dpop {
        format!("Bearer authorization_uri=\"{authority}\"")
    } else if !circumstances.with_credential {
        // Without quotation marks, against the grammar: Git Credential Manager takes the rest of the line as it is.
        format!("Bearer authorization_uri={authority}")
    } else if error.missing_scopes.is_empty() {
        format!("Bearer authorization_uri=\"{authority}\", error=\"invalid_token\"")
    } else {
        let scopes: Vec<&str> = error.missing_scopes.iter().map(|scope| scope.name()).collect();
        let scopes = scopes.join(" ");
        format!("Bearer authorization_uri=\"{authority}\", error=\"insufficient_scope\", scope=\"{scopes}\"")
    };
    // Clients that know nothing of this server begin here. [RFC 9728 §5.1]
    let described = circumstances.organization.map(|organization| {
        let url = protected_resource::metadata_url(circumstances.origin, organization);
        let scope = circumstances.scope.map(|scope| format!(", scope=\"{scope}\"")).unwrap_or_default();
        format!("Bearer resource_metadata=\"{url}\"{scope}")
    });
    let basic = format!("Basic realm=\"{}\"", circumstances.origin);
    // The one that every client knows stands last: of several headers of a name some, as older `JGit`, see the last one.
    let others = described.into_iter().chain(["TFS-Federated".to_owned(), basic]);
    for challenge in dpop.into_iter().chain([bearer]).chain(others) {
        if let Ok(challenge) = HeaderValue::from_str(&challenge) {
            headers.append(WWW_AUTHENTICATE, challenge);
        }
    }
}

/// The tenant of an organization. Credential helpers look for it.
pub(super) const RESOURCE_TENANT: HeaderName = HeaderName::from_static("x-vss-resourcetenant");

#[cfg(test)]
mod tests {
    use super::*;
    use latchkey_devops::scope::Scope;

    fn challenges(with_credential: bool, missing_scopes: &'static [Scope]) -> Vec<String> {
        let error = DevOpsError { missing_scopes, ..DevOpsError::unauthorized(None, "") };
        let circumstances = Circumstances {
            dialect: Dialect::Rest,
            origin: "https://devops.test",
            organization: Some("harbor"),
            scope: Some("vso.work"),
            tenant: Some(Uuid::nil()),
            with_credential,
            as_dpop: false,
            activity: "a",
        };
        let response = ApiError::from(error).answer(&circumstances);
        assert_eq!(response.status(), 401);
        response.headers().get_all(WWW_AUTHENTICATE).iter().map(|value| value.to_str().unwrap().to_owned()).collect()
    }

    #[test]
    fn a_401_carries_its_challenges_each_in_its_own_header() {
        assert_eq!(
            challenges(false, &[]),
            [
                "Bearer authorization_uri=https://devops.test/00000000-0000-0000-0000-000000000000",
                "Bearer resource_metadata=\"https://devops.test/.well-known/oauth-protected-resource/harbor\", scope=\"vso.work\"",
                "TFS-Federated",
                "Basic realm=\"https://devops.test\""
            ]
        );
    }

    #[test]
    fn a_401_says_whether_the_token_or_its_scope_is_wrong() {
        assert!(challenges(true, &[])[0].ends_with("error=\"invalid_token\""));
        let missing = &challenges(true, &[Scope::Project, Scope::Profile])[0];
        assert!(missing.ends_with("error=\"insufficient_scope\", scope=\"vso.project vso.profile\""), "{missing}");
    }

    const OF_GIT: Circumstances<'static> = Circumstances {
        dialect: Dialect::Git,
        origin: "https://devops.test",
        organization: None,
        scope: None,
        tenant: None,
        with_credential: true,
        as_dpop: false,
        activity: "a",
    };

    #[test]
    fn git_is_told_in_plain_text_and_a_bug_is_not_told() {
        let refused = ApiError::from(DevOpsError::repository_not_found("lamp")).answer(&OF_GIT);
        assert_eq!(refused.headers()[CONTENT_TYPE], "text/plain; charset=utf-8");
        let busy = ApiError::Unavailable("the disk is full".into()).answer(&OF_GIT);
        assert_eq!((busy.status().as_u16(), busy.headers().contains_key(RETRY_AFTER)), (503, true));
        assert_eq!(ApiError::Bug("secret".into()).answer(&OF_GIT).status(), 500);
    }

    #[tokio::test]
    async fn git_is_told_whose_requests_it_waits_for_and_to_come_back() {
        for (error, says) in [(GitError::Busy, "busy with other git requests"), (GitError::ShareTaken, "you have 8")] {
            let answer = ApiError::from(error).answer(&OF_GIT);
            assert_eq!((answer.status().as_u16(), answer.headers().contains_key(RETRY_AFTER)), (503, true));
            let text = axum::body::to_bytes(answer.into_body(), 1_024).await.unwrap();
            assert!(String::from_utf8_lossy(&text).contains(says), "{text:?}");
        }
    }
}
