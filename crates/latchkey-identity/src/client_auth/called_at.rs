//! Where a client called, and by which names that place may be meant in the `aud` of an assertion. [RFC 7523 §3]

use crate::client::Client;
use crate::tenant::{Audience, TenantId, TenantSegment};
use crate::token::issuer;

/// The endpoint that a client called, as it called it.
#[derive(Clone, Copy, Debug)]
pub struct CalledAt<'a> {
    /// The origin, of ours.
    pub origin: &'a str,
    /// The path. It begins with the tenant segment.
    pub path: &'a str,
    /// The tenant segment, looked up.
    pub audience: &'a Audience,
}

/// Whether `named` is our issuer at this origin: of the tenant that was called, else of the client's own; where no one tenant is named also
/// as the metadata there has it.
pub fn is_issuer(named: &str, origin: &str, called: &Audience, client: &Client) -> bool {
    match called {
        Audience::Tenant(tenant) => named == issuer(origin, tenant.id),
        Audience::Anyone | Audience::WorkAccounts => {
            named == issuer(origin, client.tenant) || named == format!("{origin}/{{tenantid}}/v2.0")
        }
    }
}

impl CalledAt<'_> {
    /// Whether this is our issuer, as [`is_issuer`] has it.
    pub fn is_issuer(&self, audience: &str, client: &Client) -> bool {
        is_issuer(audience, self.origin, self.audience, client)
    }

    /// Whether this is the endpoint that was called, or the token endpoint beside it, under the segment that was called or the tenant's id.
    pub fn is_endpoint(&self, audience: &str) -> bool {
        let Some(path) = audience.strip_prefix(self.origin) else { return false };
        let token = |segment: &str| format!("/{segment}/oauth2/v2.0/token");
        path == self.path
            || path == token(self.segment())
            || self.tenant().is_some_and(|tenant| path == token(&tenant.to_string()))
    }

    /// Whether this is the token endpoint under any name of the tenant, or the endpoint that was called: clients of the Microsoft world
    /// write what they were configured with.
    pub fn is_endpoint_of_any_name(&self, audience: &str, client: &Client) -> bool {
        if self.is_endpoint(audience) {
            return true;
        }
        let Some(path) = audience.strip_prefix(self.origin).and_then(|path| path.strip_prefix('/')) else {
            return false;
        };
        let Some((segment, endpoint)) = path.split_once('/') else { return false };
        ["oauth2/v2.0/token", "oauth2/token"].contains(&endpoint)
            && match TenantSegment::parse(segment) {
                Some(TenantSegment::Common | TenantSegment::Organizations) => true,
                Some(TenantSegment::Id(id)) => id == self.tenant().unwrap_or(client.tenant),
                Some(TenantSegment::Domain(domain)) => match self.audience {
                    Audience::Tenant(tenant) => tenant.domain == domain,
                    Audience::Anyone | Audience::WorkAccounts => false,
                },
                Some(TenantSegment::Consumers) | None => false,
            }
    }

    fn tenant(&self) -> Option<TenantId> {
        match self.audience {
            Audience::Tenant(tenant) => Some(tenant.id),
            Audience::Anyone | Audience::WorkAccounts => None,
        }
    }

    fn segment(&self) -> &str {
        self.path.trim_start_matches('/').split('/').next().unwrap_or_default()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::client::registration::tests::a_client;
    use crate::tenant::{Tenant, TenantKind};

    const ORIGIN: &str = "https://id.test";
    const TENANT: &str = "00000000-0000-0000-0000-000000000001";

    fn harbor() -> Audience {
        let id = a_client().tenant;
        Audience::Tenant(Tenant { id, kind: TenantKind::Work, name: "Harbor".into(), domain: "harbor.test".into() })
    }

    #[test]
    fn strictly_it_is_the_issuer_the_token_endpoint_or_what_was_called() {
        let audience = harbor();
        let called = CalledAt { origin: ORIGIN, path: "/harbor.test/oauth2/v2.0/par", audience: &audience };
        let strictly = |text: &str| called.is_issuer(text, &a_client()) || called.is_endpoint(text);
        for good in [
            format!("{ORIGIN}/{TENANT}/v2.0"),
            format!("{ORIGIN}/harbor.test/oauth2/v2.0/par"),
            format!("{ORIGIN}/harbor.test/oauth2/v2.0/token"),
            format!("{ORIGIN}/{TENANT}/oauth2/v2.0/token"),
        ] {
            assert!(strictly(&good), "{good}");
        }
        for bad in [
            ORIGIN.to_owned(),
            format!("{ORIGIN}/common/oauth2/v2.0/token"),
            format!("{ORIGIN}/{TENANT}/oauth2/v2.0/introspect"),
            format!("{ORIGIN}/{TENANT}/v2.0/"),
            format!("{ORIGIN}.evil.test/{TENANT}/v2.0"),
            format!("http://id.test/{TENANT}/v2.0"),
            format!("{ORIGIN}/{{tenantid}}/v2.0"),
            "00000000-0000-0000-0000-000000000002".into(),
        ] {
            assert!(!strictly(&bad), "{bad}");
        }
    }

    #[test]
    fn where_no_tenant_is_named_the_issuer_is_the_clients_or_as_the_metadata_has_it() {
        let called = CalledAt { origin: ORIGIN, path: "/common/oauth2/v2.0/token", audience: &Audience::Anyone };
        assert!(called.is_issuer(&format!("{ORIGIN}/{TENANT}/v2.0"), &a_client()));
        assert!(called.is_issuer(&format!("{ORIGIN}/{{tenantid}}/v2.0"), &a_client()));
        assert!(!called.is_issuer(&format!("{ORIGIN}/00000000-0000-0000-0000-000000000002/v2.0"), &a_client()));
    }

    #[test]
    fn in_the_microsoft_world_it_is_the_token_endpoint_under_any_name_of_the_tenant() {
        let audience = harbor();
        let called = CalledAt { origin: ORIGIN, path: "/harbor.test/oauth2/v2.0/token", audience: &audience };
        let tolerantly = |text: &str| called.is_endpoint_of_any_name(text, &a_client());
        for segment in [TENANT, "harbor.test", "HARBOR.test", "common", "organizations"] {
            for version in ["oauth2/v2.0/token", "oauth2/token"] {
                assert!(tolerantly(&format!("{ORIGIN}/{segment}/{version}")), "{segment} {version}");
            }
        }
        for bad in ["consumers", "shore.test", "00000000-0000-0000-0000-000000000002", "", "common/common"] {
            assert!(!tolerantly(&format!("{ORIGIN}/{bad}/oauth2/v2.0/token")), "{bad}");
        }
        assert!(!tolerantly("https://login.microsoftonline.com/common/oauth2/v2.0/token"));
    }
}
