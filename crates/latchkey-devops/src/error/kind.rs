//! The kinds of errors: which exception of the original each is, and the status it is answered with.

macro_rules! error_types {
    ($($(#[$doc:meta])* $name:ident $status:literal $key:literal in $namespace:literal event $event:literal;)*) => {
        /// The kinds of errors, by the exception of the original.
        #[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
        pub enum ErrorType { $($(#[$doc])* $name),* }

        impl ErrorType {
            /// The status it is answered with.
            pub const fn status(self) -> u16 {
                match self { $(Self::$name => $status),* }
            }

            /// The `typeKey` that clients match.
            pub const fn key(self) -> &'static str {
                match self { $(Self::$name => $key),* }
            }

            /// The namespace and assembly that the original's exception lives in.
            pub const fn namespace(self) -> &'static str {
                match self { $(Self::$name => $namespace),* }
            }

            /// The `eventId`.
            pub const fn event_id(self) -> u32 {
                match self { $(Self::$name => $event),* }
            }
        }
    };
}

error_types! {
    /// No credential that counts, a scope is missing, or a policy stops the app.
    Unauthorized 401 "UnauthorizedRequestException" in "Microsoft.TeamFoundation.Framework.Server" event 3000;
    /// The person is known and may not.
    AccessDenied 403 "AccessDeniedException" in "Microsoft.TeamFoundation.Framework.Server" event 3000;
    /// The person is known and lacks a git permission.
    GitNeedsPermission 403 "GitNeedsPermissionException" in "Microsoft.TeamFoundation.Git.Server" event 3000;
    /// No such organization for this caller.
    OrganizationNotFound 404 "HostDoesNotExistException" in "Microsoft.TeamFoundation.Framework.Server" event 3000;
    /// No such project for this caller, asked by name.
    ProjectNameNotFound 404 "ProjectDoesNotExistWithNameException" in "Microsoft.TeamFoundation.Core.WebApi" event 3000;
    /// No such project for this caller, asked by id.
    ProjectNotFound 404 "ProjectDoesNotExistException" in "Microsoft.TeamFoundation.Core.WebApi" event 3000;
    /// No such team.
    TeamNotFound 404 "TeamNotFoundException" in "Microsoft.TeamFoundation.Core.WebApi" event 3000;
    /// No such repository for this caller.
    RepositoryNotFound 404 "GitRepositoryNotFoundException" in "Microsoft.TeamFoundation.Git.Server" event 3000;
    /// A branch, tag or commit that does not resolve.
    VersionNotFound 404 "GitUnresolvableToCommitException" in "Microsoft.TeamFoundation.Git.Server" event 3000;
    /// A reference is not where the caller believed it to be.
    ReferenceMoved 409 "GitReferenceStaleException" in "Microsoft.TeamFoundation.Git.Server" event 3000;
    /// No such path at this version.
    ItemNotFound 404 "GitItemNotFoundException" in "Microsoft.TeamFoundation.Git.Server" event 3000;
    /// No such pull request.
    PullRequestNotFound 404 "GitPullRequestNotFoundException" in "Microsoft.TeamFoundation.Git.Server" event 3000;
    /// There is an open pull request between the same branches.
    PullRequestExists 409 "GitPullRequestExistsException" in "Microsoft.TeamFoundation.Git.Server" event 3000;
    /// A pull request without its branches.
    PullRequestCannotBeActivated 400 "GitPullRequestCannotBeActivated" in "Microsoft.TeamFoundation.Git.Server" event 3000;
    /// No such work item for this caller.
    WorkItemNotFound 404 "WorkItemUnauthorizedAccessException"
        in "Microsoft.TeamFoundation.WorkItemTracking.Server" event 3200;
    /// No such work item type.
    WorkItemTypeNotFound 404 "WorkItemTypeNotFoundException"
        in "Microsoft.TeamFoundation.WorkItemTracking.Server" event 3200;
    /// No such comment.
    CommentNotFound 404 "WorkItemCommentNotFoundException"
        in "Microsoft.TeamFoundation.WorkItemTracking.Server" event 3200;
    /// No such build.
    BuildNotFound 404 "BuildNotFoundException" in "Microsoft.TeamFoundation.Build.WebApi" event 3000;
    /// No such definition.
    DefinitionNotFound 404 "DefinitionNotFoundException" in "Microsoft.TeamFoundation.Build.WebApi" event 3000;
    /// Nothing at this URL.
    ResourceNotFound 404 "VssResourceNotFoundException" in "Microsoft.VisualStudio.Services.WebApi" event 3000;
    /// The method does not fit the URL.
    MethodNotAllowed 405 "VssServiceResponseException" in "Microsoft.VisualStudio.Services.WebApi" event 3000;
    /// A field's rule is broken.
    RuleValidation 400 "RuleValidationException" in "Microsoft.TeamFoundation.WorkItemTracking.Server" event 3200;
    /// A patch operation cannot be done.
    PatchOperationFailed 400 "PatchOperationFailedException"
        in "Microsoft.VisualStudio.Services.WebApi.Patch" event 3000;
    /// A patch names no field of ours.
    InvalidPatchField 400 "InvalidPatchFieldNameException"
        in "Microsoft.TeamFoundation.WorkItemTracking.Server" event 3200;
    /// A query for work items that is not answered.
    WorkItemQuery 400 "WorkItemTrackingQueryException" in "Microsoft.TeamFoundation.WorkItemTracking.Server" event 3200;
    /// A query that more work items fit than an answer holds.
    WorkItemQueryTooLarge 400 "WorkItemTrackingQueryResultSizeLimitExceededException"
        in "Microsoft.TeamFoundation.WorkItemTracking.Server" event 3200;
    /// A `test` operation of a patch does not hold.
    TestPatchFailed 412 "TestPatchOperationFailedException"
        in "Microsoft.VisualStudio.Services.WebApi.Patch" event 3000;
    /// The request is not what this URL takes.
    BadRequest 400 "VssPropertyValidationException" in "Microsoft.VisualStudio.Services.WebApi" event 3000;
    /// A build cannot go from its state to the one asked for.
    BuildStatusInvalidChange 400 "BuildStatusInvalidChangeException" in "Microsoft.TeamFoundation.Build.WebApi" event 3000;
    /// A build was asked for in a way that cannot be.
    BuildRequestInvalid 400 "BuildRequestValidationFailedException"
        in "Microsoft.TeamFoundation.Build.WebApi" event 3000;
    /// The definition takes no builds.
    DefinitionDisabled 400 "DefinitionDisabledException" in "Microsoft.TeamFoundation.Build.WebApi" event 3000;
    /// The name is taken or cannot be used.
    NameConflict 409 "NameAlreadyExistsException" in "Microsoft.TeamFoundation.Core.WebApi" event 3000;
    /// A change without an api-version.
    VersionNotSpecified 400 "VssVersionNotSpecifiedException" in "Microsoft.VisualStudio.Services.WebApi" event 3000;
    /// An api-version above ours.
    VersionOutOfRange 400 "VssVersionOutOfRangeException" in "Microsoft.VisualStudio.Services.WebApi" event 3000;
    /// An api-version below ours.
    VersionNotSupported 400 "VssVersionNotSupportedException" in "Microsoft.VisualStudio.Services.WebApi" event 3000;
    /// A preview that cannot be read.
    InvalidPreviewVersion 400 "VssInvalidPreviewVersionException"
        in "Microsoft.VisualStudio.Services.WebApi" event 3000;
    /// An api-version that cannot be read.
    InvalidApiVersion 400 "VssInvalidApiResourceVersionException"
        in "Microsoft.VisualStudio.Services.WebApi" event 3000;
    /// A media type that this URL does not take.
    ContentTypeNotSupported 415 "VssRequestContentTypeNotSupportedException"
        in "Microsoft.VisualStudio.Services.WebApi" event 3000;
    /// A body larger than this URL takes.
    TooLarge 413 "VssRequestTooLargeException" in "Microsoft.VisualStudio.Services.WebApi" event 3000;
    /// Too many requests.
    TooManyRequests 429 "RequestBlockedException" in "Microsoft.TeamFoundation.Framework.Server" event 3000;
    /// A bug of ours.
    Internal 500 "VssServiceException" in "Microsoft.VisualStudio.Services.Common" event 3000;
    /// The server cannot answer now.
    Unavailable 503 "CircuitBreakerException" in "Microsoft.VisualStudio.Services.CircuitBreaker" event 3000;
}
