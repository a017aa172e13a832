//! Resource servers: who the access tokens are for. The identity half knows of one only what is told here.

use crate::error::OAuthError;
use crate::parameters::Parameters;
use crate::scope::ScopeSet;

/// A resource server and the names of what can be asked of it.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct ResourceServer {
    /// The audience of its access tokens.
    pub audience: String,
    /// The prefixes that its scopes may carry in requests, each up to the last slash (`{audience}/vso.work`).
    pub identifiers: Vec<String>,
    /// The origins that it answers at: everything below one of them is a part of it. [RFC 8707 §2], [RFC 9728 §2]
    pub origins: Vec<String>,
    /// The canonical names of its scopes.
    pub scopes: Vec<String>,
    /// Those of its scopes that act in a person's name as a whole, so that an app by itself never has them.
    pub in_person: Vec<String>,
    /// Those of its scopes that are for administrators of a tenant: an app that registers itself never has them.
    pub for_administrators: Vec<String>,
    /// What the names of its scopes begin with; a name like that which is not in `scopes` is an error rather than somebody else's.
    pub prefix: String,
}

impl ResourceServer {
    /// What a scope text means here: `Ok(None)` if it is not this resource's, `Err` with the name if it would be but does not exist.
    pub fn meaning(&self, literal: &str, registered: &ScopeSet) -> Result<Option<ScopeSet>, String> {
        let (named, permission) = match literal.rsplit_once('/') {
            Some((identifier, permission)) if self.is_identifier(identifier) => (true, permission),
            Some(_) => return Ok(None),
            None => (false, literal),
        };
        if named && permission == ".default" {
            return Ok(Some(registered.resource()));
        }
        if self.scopes.iter().any(|scope| scope == permission) {
            return Ok(Some([permission].into_iter().collect()));
        }
        if named || permission.starts_with(&self.prefix) { Err(permission.to_owned()) } else { Ok(None) }
    }

    /// Refuses a request of whatever kind that means another resource: all tokens are for this one. [RFC 8707 §2]
    pub fn check(&self, parameters: &Parameters) -> Result<(), OAuthError> {
        match parameters.resources().all(|named| self.is_named(named)) {
            true => Ok(()),
            false => Err(OAuthError::invalid_target("resource is not one that tokens are issued for here")),
        }
    }

    /// Whether a `resource` parameter means this resource server.
    pub fn is_named(&self, resource: &str) -> bool {
        let is_below = |origin: &String| {
            resource.strip_prefix(origin.as_str()).is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
        };
        self.is_identifier(resource) || self.origins.iter().any(is_below)
    }

    /// Whether a parameter means all of this resource server, and no part of it.
    pub fn is_whole(&self, resource: &str) -> bool {
        let bare = resource.strip_suffix('/').unwrap_or(resource);
        self.is_identifier(resource) || self.origins.iter().any(|origin| origin == bare)
    }

    fn is_identifier(&self, text: &str) -> bool {
        // A resource written with a trailing slash gives two: `https://devops//.default`.
        let text = text.strip_suffix('/').unwrap_or(text);
        text.eq_ignore_ascii_case(&self.audience)
            || self.identifiers.iter().any(|identifier| identifier.eq_ignore_ascii_case(text))
    }
}

#[cfg(test)]
pub(crate) mod tests {
    use super::*;

    pub(crate) fn a_resource() -> ResourceServer {
        ResourceServer {
            audience: "499b84ac-1321-427f-aa17-267ca6975798".into(),
            identifiers: vec!["https://app.vssps.visualstudio.com".into()],
            origins: vec!["https://id.test".into()],
            scopes: ["vso.work", "vso.work_write", "vso.code", "vso.build", "vso.tenant_manage", "user_impersonation"]
                .map(String::from)
                .into(),
            in_person: vec!["user_impersonation".into()],
            for_administrators: vec!["vso.tenant_manage".into()],
            prefix: "vso.".into(),
        }
    }

    #[test]
    fn a_resource_is_named_by_what_lies_below_an_origin() {
        for own in
            ["https://id.test", "https://id.test/", "https://id.test/harbor", "https://app.vssps.visualstudio.com/"]
        {
            assert!(a_resource().is_named(own), "{own}");
        }
        for other in ["https://id.test.evil.test/", "https://id.test:8443/", "http://id.test/", "https://other.test"] {
            assert!(!a_resource().is_named(other), "{other}");
        }
        assert!(a_resource().is_whole("https://id.test/") && !a_resource().is_whole("https://id.test/harbor"));
    }

    #[test]
    fn a_scope_is_known_bare_by_guid_and_by_url() {
        let registered = ScopeSet::from_text("vso.work");
        for literal in
            ["vso.work", "499B84AC-1321-427F-AA17-267CA6975798/vso.work", "https://app.vssps.visualstudio.com/vso.work"]
        {
            assert_eq!(
                a_resource().meaning(literal, &registered),
                Ok(Some(ScopeSet::from_text("vso.work"))),
                "{literal}"
            );
        }
        assert_eq!(a_resource().meaning("api://other/vso.work", &registered), Ok(None));
        assert_eq!(a_resource().meaning("https://app.vssps.visualstudio.com/nope", &registered), Err("nope".into()));
    }
}
