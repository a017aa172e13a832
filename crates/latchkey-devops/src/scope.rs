//! The scopes of the DevOps side: `vso.*`, and `user_impersonation` for everything.
//!
//! A scope says what kind of thing a token is good for. It never widens what the person may do, and it does not say
//! where: that is [`Limits`](crate::access::Limits). Inheritance is transitive: `vso.code_write` implies `vso.code`.

mod set;

use std::fmt;

use serde::{Serialize, Serializer};

pub use set::Scopes;

/// The audience of access tokens for the DevOps side, and the prefix of its scopes in their long form.
pub const AUDIENCE: &str = "499b84ac-1321-427f-aa17-267ca6975798";

/// The heading under which the approval page lists a scope.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub enum ScopeGroup {
    /// Looks, and changes nothing.
    Read,
    /// Changes what people work with.
    Write,
    /// Changes how things are run, or who may do what.
    Administer,
}

impl ScopeGroup {
    /// Every group, in the order of the approval page.
    pub const ALL: [Self; 3] = [Self::Read, Self::Write, Self::Administer];

    /// Its heading.
    pub fn heading(self) -> &'static str {
        match self {
            Self::Read => "Read",
            Self::Write => "Write",
            Self::Administer => "Administer",
        }
    }
}

macro_rules! inherited {
    (-) => {
        None
    };
    ($scope:ident) => {
        Some(Scope::$scope)
    };
}

/// Makes the enum and its table from one list: variant, name, what it inherits, group, whether it is high-privilege,
/// and the sentence of the approval page, which completes "This service …".
macro_rules! scopes {
    ($($variant:ident $name:literal < $parent:tt $group:ident $high:literal $sentence:literal)*) => {
        /// One scope.
        #[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
        #[repr(u8)]
        #[allow(missing_docs, reason = "each is described by its sentence")]
        pub enum Scope { $($variant),* }

        impl Scope {
            /// Every scope, in the order of the table.
            pub const ALL: &'static [Self] = &[$(Self::$variant),*];

            /// Its name, as requests and tokens carry it.
            pub const fn name(self) -> &'static str {
                match self { $(Self::$variant => $name),* }
            }

            /// The scope of exactly this name.
            fn named(name: &str) -> Option<Self> {
                match name {
                    $($name => Some(Self::$variant),)*
                    _ => None,
                }
            }

            /// The scope whose rights it includes.
            pub const fn inherits(self) -> Option<Self> {
                match self { $(Self::$variant => inherited!($parent)),* }
            }

            /// The heading under which the approval page lists it.
            pub const fn group(self) -> ScopeGroup {
                match self { $(Self::$variant => ScopeGroup::$group),* }
            }

            /// Whether the approval page warns before it.
            pub const fn is_high_privilege(self) -> bool {
                match self { $(Self::$variant => $high),* }
            }

            /// What it lets a service do, with the consequence. Completes "This service …".
            pub const fn sentence(self) -> &'static str {
                match self { $(Self::$variant => $sentence),* }
            }
        }
    };
}

scopes! {
    Profile "vso.profile" < - Read false
        "can see your name and address, and which organizations, projects and teams you belong to"
    ProfileWrite "vso.profile_write" < Profile Write false
        "can change your profile, such as your display name"
    Project "vso.project" < - Read false
        "can see your projects and their teams"
    ProjectWrite "vso.project_write" < Project Write false
        "can change the projects and teams that you can change"
    ProjectManage "vso.project_manage" < ProjectWrite Administer true
        "can create projects and teams, and delete those that you can delete, with everything in them"
    WorkRead "vso.work" < HooksWrite Read false
        "can read the work items, comments and boards that you can read"
    WorkWrite "vso.work_write" < WorkRead Write false
        "can create and change work items in your name, and comment on them"
    WorkFull "vso.work_full" < WorkWrite Administer false
        "can do everything with work items that you can, deleting them and changing plans included"
    CodeRead "vso.code" < HooksWrite Read false
        "can read and copy the source code, commits and pull requests that you can read"
    CodeWrite "vso.code_write" < CodeRead Write true
        "can push code to the branches that you can push to, and open and review pull requests in your name"
    CodeManage "vso.code_manage" < CodeWrite Administer true
        "can create, rename and delete repositories where you can"
    CodeFull "vso.code_full" < CodeManage Administer true
        "can do everything with source code that you can, deleting repositories included"
    CodeStatus "vso.code_status" < - Write false
        "can mark commits and pull requests as passed or failed, without seeing the code"
    ThreadsFull "vso.threads_full" < - Write false
        "can read and write comments on pull requests in your name"
    BuildRead "vso.build" < HooksWrite Read false
        "can see builds, their results, logs and artifacts"
    BuildExecute "vso.build_execute" < BuildRead Write true
        "can start builds, which run code, and report or change build results in your name"
    ReleaseRead "vso.release" < Profile Read false
        "can see releases and their results"
    ReleaseExecute "vso.release_execute" < ReleaseRead Write true
        "can create releases and change them, which may deploy code"
    ReleaseManage "vso.release_manage" < ReleaseExecute Administer true
        "can approve, start and delete releases where you can"
    TestRead "vso.test" < Profile Read false
        "can see test plans, cases and results"
    TestWrite "vso.test_write" < TestRead Write false
        "can create and change test plans, cases and results in your name"
    WikiRead "vso.wiki" < - Read false
        "can read the wiki pages that you can read"
    WikiWrite "vso.wiki_write" < WikiRead Write false
        "can create and change wiki pages in your name"
    PackagingRead "vso.packaging" < Profile Read false
        "can see feeds and download packages"
    PackagingWrite "vso.packaging_write" < PackagingRead Write true
        "can publish packages that others will install"
    PackagingManage "vso.packaging_manage" < PackagingWrite Administer true
        "can create and delete feeds and packages where you can"
    GraphRead "vso.graph" < - Read false
        "can see the people and groups of your organizations and who is in which"
    GraphManage "vso.graph_manage" < GraphRead Administer true
        "can add people to groups and remove them, which changes what they may do"
    IdentityRead "vso.identity" < - Read false
        "can look up people and groups"
    IdentityManage "vso.identity_manage" < IdentityRead Administer true
        "can change people and groups where you can"
    MemberEntitlementRead "vso.memberentitlementmanagement" < - Read false
        "can see who belongs to your organizations, with which access level"
    MemberEntitlementWrite "vso.memberentitlementmanagement_write" < MemberEntitlementRead Administer true
        "can add people to your organizations, remove them, and change their access levels"
    Entitlements "vso.entitlements" < - Read false
        "can see which licence you have"
    SecurityManage "vso.security_manage" < - Administer true
        "can see and change permissions where you can, its own reach included"
    Tokens "vso.tokens" < - Administer true
        "can renew the secrets of the services that you registered"
    TokenAdministration "vso.tokenadministration" < - Administer true
        "can see and revoke the tokens of other people in organizations that you administer"
    PatsRead "vso.pats" < - Read false
        "can list your personal access tokens, without their values"
    PatsManage "vso.pats_manage" < PatsRead Administer true
        "can create personal access tokens that act as you, and revoke yours"
    AuditRead "vso.auditlog" < - Read false
        "can read the audit log of organizations that you administer"
    AuditStreamsManage "vso.auditstreams_manage" < AuditRead Administer true
        "can send the audit log of organizations that you administer elsewhere"
    AgentPoolsRead "vso.agentpools" < - Read false
        "can see agent pools, queues and agents"
    AgentPoolsManage "vso.agentpools_manage" < AgentPoolsRead Administer true
        "can add, change and remove the machines that run your builds"
    EnvironmentManage "vso.environment_manage" < AgentPoolsManage Administer true
        "can create, change and delete the environments that you deploy to"
    MachineGroupManage "vso.machinegroup_manage" < AgentPoolsManage Administer true
        "can create, change and delete deployment groups"
    PipelineResourcesUse "vso.pipelineresources_use" < - Write true
        "can approve the use of protected resources by pipelines in your name"
    PipelineResourcesManage "vso.pipelineresources_manage" < PipelineResourcesUse Administer true
        "can change which pipelines may use protected resources"
    ServiceEndpointRead "vso.serviceendpoint" < Profile Read false
        "can see service connections, without their secrets"
    ServiceEndpointQuery "vso.serviceendpoint_query" < ServiceEndpointRead Read false
        "can send requests through your service connections"
    ServiceEndpointManage "vso.serviceendpoint_manage" < ServiceEndpointQuery Administer true
        "can create, change and delete service connections, which hold keys to other systems"
    VariableGroupsRead "vso.variablegroups_read" < - Read false
        "can read the variables of pipelines, except secret ones"
    VariableGroupsWrite "vso.variablegroups_write" < VariableGroupsRead Write false
        "can create and change the variables of pipelines"
    VariableGroupsManage "vso.variablegroups_manage" < VariableGroupsWrite Administer true
        "can administer the variables of pipelines"
    SecureFilesRead "vso.securefiles_read" < - Read true
        "can see secure files, such as certificates"
    SecureFilesWrite "vso.securefiles_write" < SecureFilesRead Write true
        "can add and change secure files, such as certificates"
    SecureFilesManage "vso.securefiles_manage" < SecureFilesWrite Administer true
        "can administer secure files, such as certificates"
    TaskGroupsRead "vso.taskgroups_read" < - Read false
        "can see task groups"
    TaskGroupsWrite "vso.taskgroups_write" < TaskGroupsRead Write false
        "can create and change task groups, which change what builds do"
    TaskGroupsManage "vso.taskgroups_manage" < TaskGroupsWrite Administer true
        "can administer task groups"
    DashboardsRead "vso.dashboards" < - Read false
        "can see dashboards"
    DashboardsManage "vso.dashboards_manage" < DashboardsRead Write false
        "can create, change and delete dashboards"
    NotificationRead "vso.notification" < Profile Read false
        "can see what you are notified of"
    NotificationWrite "vso.notification_write" < NotificationRead Write false
        "can change what you are notified of"
    NotificationManage "vso.notification_manage" < NotificationWrite Administer false
        "can change what you and your teams are notified of"
    NotificationDiagnostics "vso.notification_diagnostics" < NotificationRead Read false
        "can see how notifications were delivered"
    HooksRead "vso.hooks" < Profile Read false
        "can see which other services are told of events"
    HooksWrite "vso.hooks_write" < HooksRead Write false
        "can have other services told of the events that you can see"
    HooksInteract "vso.hooks_interact" < Profile Write false
        "can act on the events that it is told of"
    ExtensionRead "vso.extension" < Profile Read false
        "can see installed extensions"
    ExtensionManage "vso.extension_manage" < ExtensionRead Administer true
        "can install and remove extensions, which run code in everybody's pages"
    ExtensionDataRead "vso.extension.data" < Profile Read false
        "can read the data of installed extensions"
    ExtensionDataWrite "vso.extension.data_write" < ExtensionDataRead Write false
        "can change the data of installed extensions"
    GalleryRead "vso.gallery" < Profile Read false
        "can see the extensions that are offered"
    GalleryAcquire "vso.gallery_acquire" < GalleryRead Write false
        "can acquire extensions in your name"
    GalleryPublish "vso.gallery_publish" < GalleryRead Administer true
        "can publish extensions in your name"
    GalleryManage "vso.gallery_manage" < GalleryPublish Administer true
        "can publish extensions in your name, and administer those you published"
    SymbolsRead "vso.symbols" < Profile Read false
        "can read debugging symbols"
    SymbolsWrite "vso.symbols_write" < SymbolsRead Write false
        "can upload debugging symbols"
    SymbolsManage "vso.symbols_manage" < SymbolsWrite Administer false
        "can administer debugging symbols"
    AdvancedSecurityRead "vso.advsec" < - Read true
        "can see the security weaknesses that were found in your code"
    AdvancedSecurityWrite "vso.advsec_write" < AdvancedSecurityRead Write true
        "can report and dismiss security weaknesses in your code"
    AdvancedSecurityManage "vso.advsec_manage" < AdvancedSecurityWrite Administer true
        "can switch the search for security weaknesses on and off"
    GitHubConnectionsRead "vso.githubconnections" < - Read false
        "can see connections to GitHub"
    GitHubConnectionsManage "vso.githubconnections_manage" < GitHubConnectionsRead Administer true
        "can create, change and delete connections to GitHub"
    SettingsRead "vso.settings" < - Read false
        "can read your settings"
    SettingsWrite "vso.settings_write" < SettingsRead Write false
        "can change your settings"
    Analytics "vso.analytics" < - Read false
        "can query figures about your projects"
    ConnectedServer "vso.connected_server" < - Read false
        "can reach the servers connected to your organizations"
    TenantManage "vso.tenant_manage" < - Administer true
        "can manage your directory if you administer it: its accounts, its apps, and what its people approved"
    UserImpersonation "user_impersonation" < - Administer true
        "can do everything that you can do"
    AppToken "app_token" < - Administer true
        "can do everything that you can do, as a personal access token with full access"
}

impl Scope {
    /// Finds a scope by its name, alone or behind the audience: `vso.work`, `499b84ac-…/vso.work`.
    pub fn parse(text: &str) -> Option<Self> {
        match ScopeRequest::parse(text) {
            Some(ScopeRequest::One(scope)) => Some(scope),
            _ => None,
        }
    }

    /// Whether having this scope is having the other.
    pub const fn implies(self, other: Self) -> bool {
        self.implied() & other.bit() != 0
    }

    /// Every scope that having this one is having, as bits of [`Scopes`].
    const fn implied(self) -> u128 {
        if matches!(self, Self::UserImpersonation | Self::AppToken) {
            return u128::MAX;
        }
        let mut implied = self.bit();
        let mut next = self.inherits();
        while let Some(scope) = next {
            implied |= scope.bit();
            next = scope.inherits();
        }
        implied
    }

    const fn bit(self) -> u128 {
        1 << (self as u8)
    }
}

impl fmt::Display for Scope {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

impl Serialize for Scope {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.name())
    }
}

/// What one word of a `scope` parameter asks of the DevOps side.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum ScopeRequest {
    /// Every scope the app is registered for: `499b84ac-…/.default`.
    Default,
    /// One scope.
    One(Scope),
}

impl ScopeRequest {
    /// Reads one word of a `scope` parameter. `None`: it is not for the DevOps side.
    pub fn parse(text: &str) -> Option<Self> {
        let name = match text.split_once('/') {
            Some((audience, rest)) if audience.eq_ignore_ascii_case(AUDIENCE) => rest.trim_start_matches('/'),
            Some(_) => return None,
            None => text,
        };
        if name.eq_ignore_ascii_case(".default") {
            return Some(Self::Default);
        }
        Scope::named(name).or_else(|| Scope::named(&name.to_ascii_lowercase())).map(Self::One)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_table_fits_its_set_and_names_nothing_twice() {
        assert!(Scope::ALL.len() <= 128);
        for (index, scope) in Scope::ALL.iter().enumerate() {
            assert_eq!(*scope as usize, index);
            assert_eq!(Scope::parse(scope.name()), Some(*scope));
            assert_eq!(Scope::parse(&format!("{AUDIENCE}/{scope}")), Some(*scope), "as Microsoft's clients ask for it");
            assert!(scope.sentence().starts_with("can "), "{scope}");
            assert!(Scope::ALL.iter().filter(|other| other.name() == scope.name()).count() == 1);
        }
    }

    #[test]
    fn inheritance_is_transitive_and_goes_one_way() {
        assert!(Scope::CodeFull.implies(Scope::CodeRead));
        assert!(Scope::CodeRead.implies(Scope::Profile), "through hooks");
        assert!(!Scope::CodeRead.implies(Scope::CodeWrite));
        assert!(!Scope::CodeStatus.implies(Scope::CodeRead));
        assert!(!Scope::WorkRead.implies(Scope::Project));
        for scope in Scope::ALL {
            assert!(Scope::UserImpersonation.implies(*scope));
            if let Some(parent) = scope.inherits() {
                assert!(!parent.implies(*scope), "{scope} goes round in a circle");
            }
        }
    }

    #[test]
    fn a_scope_is_asked_for_in_any_of_its_forms() {
        assert_eq!(ScopeRequest::parse("499b84ac-1321-427f-aa17-267ca6975798/.default"), Some(ScopeRequest::Default));
        assert_eq!(ScopeRequest::parse(".default"), Some(ScopeRequest::Default));
        assert_eq!(
            ScopeRequest::parse("499B84AC-1321-427F-AA17-267CA6975798//user_impersonation"),
            Some(ScopeRequest::One(Scope::UserImpersonation))
        );
        assert_eq!(ScopeRequest::parse("VSO.Work"), Some(ScopeRequest::One(Scope::WorkRead)));
        for foreign in ["openid", "https://graph.microsoft.com/.default", "vso.", "vso.workx", "", "/", "a/vso.work"] {
            assert_eq!(ScopeRequest::parse(foreign), None, "{foreign}");
        }
    }
}
