//! Which exchanges belong to the flow, and what each of them means.

use hyper::{Method, StatusCode};

/// An exchange of the flow, by where it goes.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Scene {
    /// The authorization endpoint.
    Authorize,
    /// The sign-in page.
    SignIn,
    /// The account picker.
    Select,
    /// The approval page.
    Consent,
    /// The token endpoint.
    Token,
    /// The issuer's metadata.
    Metadata,
    /// The issuer's keys.
    Keys,
    /// UserInfo.
    UserInfo,
    /// The DevOps API.
    Api,
    /// Git.
    Git,
    /// Manage authorizations.
    Authorizations,
    /// Taking a key back.
    Revoke,
    /// The record.
    Audit,
}

impl Scene {
    /// The scene of a request; nothing if it is not of the flow.
    pub(crate) fn of(method: &Method, path: &str) -> Option<Self> {
        // Of the pages in between only what people decide there is of the flow.
        let is_post = *method == Method::POST;
        Some(match path {
            _ if path.ends_with("/oauth2/v2.0/authorize") => Self::Authorize,
            _ if path.ends_with("/oauth2/v2.0/token") => Self::Token,
            // Those of the older kind.
            "/oauth2/authorize" => Self::Authorize,
            "/oauth2/token" => Self::Token,
            _ if path.contains("/.well-known/") => Self::Metadata,
            _ if path.ends_with("/discovery/v2.0/keys") => Self::Keys,
            "/oidc/userinfo" => Self::UserInfo,
            "/signin" if is_post => Self::SignIn,
            "/select" if is_post => Self::Select,
            "/consent" if is_post => Self::Consent,
            "/profile/authorizations" => Self::Authorizations,
            "/profile/authorizations/revoke" if is_post => Self::Revoke,
            "/audit" => Self::Audit,
            _ if path.contains("/_apis/") => Self::Api,
            _ if path.contains("/_git/") && is_gits_own(path) => Self::Git,
            _ => return None,
        })
    }

    /// Whether the browser asks, rather than a service.
    pub(crate) const fn is_of_the_browser(self) -> bool {
        matches!(
            self,
            Self::Authorize
                | Self::SignIn
                | Self::Select
                | Self::Consent
                | Self::Authorizations
                | Self::Revoke
                | Self::Audit
        )
    }

    /// Whether what is posted there is a form worth showing.
    pub(crate) const fn has_form(self) -> bool {
        self.is_of_the_browser() || matches!(self, Self::Token)
    }

    /// Whether what is answered there is worth showing even when all went well.
    pub(crate) const fn has_answer(self) -> bool {
        matches!(self, Self::Token | Self::UserInfo | Self::Metadata | Self::Keys)
    }

    /// What a request means.
    pub(crate) const fn asked(self, is_post: bool) -> &'static str {
        match self {
            Self::Authorize => "A service sends the person here to ask for something. [RFC 6749 §4.1.1]",
            Self::SignIn => "The person signs in. The password is entered here and nowhere else.",
            Self::Select => "The person picks an account.",
            Self::Consent => "The person decides: all of it, less of it, or nothing.",
            Self::Token => "The service asks for keys, with what the browser brought it. [RFC 6749 §4.1.3, §6]",
            Self::Metadata => "The service learns where everything is. [OpenID Connect Discovery §4]",
            Self::Keys => "The service fetches the keys that ID tokens are verified with. [RFC 7517 §5]",
            Self::UserInfo => "The service asks who it is. [OpenID Connect Core §5.3]",
            Self::Api => "The service uses its key. [RFC 6750 §2.1]",
            Self::Git => "Git uses a key.",
            Self::Authorizations if is_post => "The person changes something.",
            Self::Authorizations => "The person looks at the keys that are out.",
            Self::Revoke => "The person takes a key back.",
            Self::Audit => "An administrator looks at the record.",
        }
    }

    /// What an answer means. `brings_code`: it sends the browser back with a code.
    pub(crate) fn answered(self, status: StatusCode, brings_code: bool) -> &'static str {
        match self {
            _ if brings_code => "Back to the service, with a code that is good once, for a minute. [RFC 6749 §4.1.2]",
            Self::Authorize | Self::SignIn | Self::Select if status.is_redirection() => "On to the next page.",
            Self::Consent if status.is_redirection() => "Back to the service, without a code.",
            Self::Token if status.is_success() => "Keys: they end by themselves within 90 minutes. [RFC 6749 §5.1]",
            Self::Token => "No keys. [RFC 6749 §5.2]",
            Self::Api | Self::UserInfo | Self::Git if status == StatusCode::UNAUTHORIZED => {
                "This key does not open anything, or not this. [RFC 6750 §3.1]"
            }
            Self::Revoke if status.is_success() || status.is_redirection() => {
                "Within a second it works nowhere any more."
            }
            _ if status.is_success() => "Here it is.",
            _ if status.is_redirection() => "Elsewhere.",
            _ => "No.",
        }
    }
}

/// Pages for people are below `/_git/` too.
fn is_gits_own(path: &str) -> bool {
    path.ends_with("/info/refs") || path.ends_with("/git-upload-pack") || path.ends_with("/git-receive-pack")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_flow_is_recorded_and_other_pages_are_not() {
        let of = |method: Method, path: &str| Scene::of(&method, path);
        assert_eq!(of(Method::GET, "/harbor.test/oauth2/v2.0/authorize"), Some(Scene::Authorize));
        assert_eq!(of(Method::GET, "/oauth2/authorize"), Some(Scene::Authorize));
        assert_eq!(of(Method::POST, "/oauth2/token"), Some(Scene::Token));
        assert_eq!(of(Method::POST, "/signin"), Some(Scene::SignIn));
        assert_eq!(of(Method::GET, "/harbor/_apis/projects"), Some(Scene::Api));
        assert_eq!(of(Method::GET, "/harbor/lighthouse/_git/lighthouse/info/refs"), Some(Scene::Git));
        for path in ["/signin", "/consent", "/assets/latchkey-0.css", "/harbor/lighthouse/_git/lighthouse", "/demo"] {
            assert_eq!(of(Method::GET, path), None, "{path}");
        }
    }
}
