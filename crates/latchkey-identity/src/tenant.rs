//! Tenants: directories that hold accounts and apps.

use std::fmt;

use uuid::Uuid;

use crate::host_name::is_host_name;

/// The id of a tenant: the `tid` claim and the GUID in its issuer.
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Debug)]
pub struct TenantId(pub Uuid);

impl fmt::Display for TenantId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.hyphenated().fmt(f)
    }
}

/// The personal tenant has the id that clients of the Microsoft world know it by.
pub const PERSONAL_TENANT: TenantId = TenantId(Uuid::from_u128(0x9188_040d_6c67_4c5b_b112_36a3_04b6_6dad));

/// Whether a tenant belongs to an employer or holds people's own accounts.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum TenantKind {
    /// A work tenant: its domains are verified, its administrators decide.
    Work,
    /// The personal tenant; there is one.
    Personal,
}

/// A directory.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Tenant {
    /// Its id.
    pub id: TenantId,
    /// Work or personal.
    pub kind: TenantKind,
    /// What people call it.
    pub name: String,
    /// Its verified domain, in lower case.
    pub domain: String,
}

/// The `{t}` of a URL: which accounts a request is open to.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum TenantSegment {
    /// Any account.
    Common,
    /// Accounts of work tenants.
    Organizations,
    /// Accounts of the personal tenant.
    Consumers,
    /// A tenant by its GUID.
    Id(TenantId),
    /// A tenant by its verified domain, in lower case.
    Domain(String),
}

impl TenantSegment {
    /// Reads a path segment; `None` if it can be neither a word of ours, a GUID nor a domain.
    pub fn parse(segment: &str) -> Option<Self> {
        match segment.to_ascii_lowercase().as_str() {
            "common" => Some(Self::Common),
            "organizations" => Some(Self::Organizations),
            "consumers" => Some(Self::Consumers),
            other => match Uuid::try_parse(other) {
                Ok(id) if other.len() == 36 => Some(Self::Id(TenantId(id))),
                _ => is_domain(other).then(|| Self::Domain(other.to_owned())),
            },
        }
    }
}

fn is_domain(text: &str) -> bool {
    text.contains('.') && is_host_name(text)
}

/// Which tenants' accounts may answer a request, after the segment was looked up.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Audience {
    /// Any account: `common`.
    Anyone,
    /// Accounts of work tenants: `organizations`.
    WorkAccounts,
    /// One tenant, and its guests.
    Tenant(Tenant),
}

impl Audience {
    /// The tenant a token for an account of `home` is issued by, or `None` if such an account may not answer.
    /// `guest_of` lists the tenants that the account is a guest of.
    pub fn issuing_tenant(&self, home: &Tenant, guest_of: &[TenantId]) -> Option<TenantId> {
        match self {
            Self::Anyone => Some(home.id),
            Self::WorkAccounts => (home.kind == TenantKind::Work).then_some(home.id),
            Self::Tenant(tenant) => (tenant.id == home.id || guest_of.contains(&tenant.id)).then_some(tenant.id),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn harbor() -> Tenant {
        Tenant {
            id: TenantId(Uuid::from_u128(1)),
            kind: TenantKind::Work,
            name: "Harbor".into(),
            domain: "harbor.test".into(),
        }
    }

    fn personal() -> Tenant {
        Tenant {
            id: PERSONAL_TENANT,
            kind: TenantKind::Personal,
            name: "Personal".into(),
            domain: "personal.test".into(),
        }
    }

    #[test]
    fn a_segment_is_a_word_a_guid_or_a_domain() {
        assert_eq!(TenantSegment::parse("Common"), Some(TenantSegment::Common));
        assert_eq!(TenantSegment::parse("HARBOR.test"), Some(TenantSegment::Domain("harbor.test".into())));
        assert_eq!(
            TenantSegment::parse("9188040d-6c67-4c5b-b112-36a304b66dad"),
            Some(TenantSegment::Id(PERSONAL_TENANT))
        );
        for bad in ["", "harbor", "..", "-a.test", "a..test", "a_b.test", "9188040d6c674c5bb11236a304b66dad"] {
            assert_eq!(TenantSegment::parse(bad), None, "{bad}");
        }
    }

    #[test]
    fn a_tenant_is_open_to_its_own_accounts_and_its_guests_only() {
        let (harbor, shore) = (harbor(), Tenant { id: TenantId(Uuid::from_u128(2)), ..harbor() });
        let audience = Audience::Tenant(harbor.clone());
        assert_eq!(audience.issuing_tenant(&harbor, &[]), Some(harbor.id));
        assert_eq!(audience.issuing_tenant(&shore, &[]), None);
        assert_eq!(audience.issuing_tenant(&personal(), &[harbor.id]), Some(harbor.id));
        assert_eq!(Audience::WorkAccounts.issuing_tenant(&personal(), &[harbor.id]), None);
        assert_eq!(Audience::Anyone.issuing_tenant(&personal(), &[]), Some(PERSONAL_TENANT));
    }
}
