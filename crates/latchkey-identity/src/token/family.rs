//! Token families: one refresh token and its successors, one installation of one app. One row each; nothing grows with rotations.

use uuid::Uuid;

use crate::account::AccountId;
use crate::authorization::{AuthorizationId, Places};
use crate::client::{ClientId, ClientKind, Profile};
use crate::limits;
use crate::scope::ScopeSet;
use crate::session::SessionId;
use crate::sign_in::context::AuthenticationContext;
use crate::tenant::TenantId;
use crate::time::Timestamp;
use crate::token::confirmation::Confirmation;

/// The id of a token family. Every token of it carries the id.
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Debug)]
pub struct FamilyId(pub Uuid);

/// A token family.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct TokenFamily {
    /// Its id.
    pub id: FamilyId,
    /// The authorization it hangs below.
    pub authorization: AuthorizationId,
    /// The tenant that issues.
    pub tenant: TenantId,
    /// Who approved.
    pub account: AccountId,
    /// For which client.
    pub client: ClientId,
    /// The session it was approved in.
    pub session: SessionId,
    /// When the person last proved who they are; refreshing does not change it.
    pub auth_time: Timestamp,
    /// What they showed.
    pub context: AuthenticationContext,
    /// What was asked for and granted.
    pub scopes: ScopeSet,
    /// The client's own words for it.
    pub scope_text: String,
    /// Where its tokens count at most, if the request named places.
    pub places: Option<Places>,
    /// Whether the client wants `client_info`.
    pub client_info: bool,
    /// The origin that the flow ran at.
    pub origin: String,
    /// What its tokens are bound to. The refresh token of a public client is bound to the key itself, that of others to any key that the
    /// client shows. [RFC 9449 §5]
    pub confirmation: Option<Confirmation>,
    /// Whether it has refresh tokens at all (`offline_access`).
    pub refreshable: bool,
    /// The generation of the refresh token that is next to be used.
    pub generation: u32,
    /// When it began.
    pub created_at: Timestamp,
    /// When it was last rotated.
    pub rotated_at: Timestamp,
    /// When the access token issued last ends.
    pub access_expires_at: Timestamp,
    /// When it ended.
    pub ended_at: Option<Timestamp>,
}

impl TokenFamily {
    /// When its refresh token stops working if nobody uses it again.
    pub fn expires_at(&self, kind: ClientKind, profile: Profile) -> Timestamp {
        let (longest, idle) = match (kind, profile) {
            // An app of the older kind was promised a year, whether it comes back in between or not.
            (_, Profile::Legacy) => (limits::LEGACY_FAMILY_LIFETIME, limits::LEGACY_FAMILY_LIFETIME),
            (ClientKind::SinglePage, _) => (limits::SINGLE_PAGE_FAMILY_LIFETIME, limits::FAMILY_IDLE),
            _ => (limits::FAMILY_LIFETIME, limits::FAMILY_IDLE),
        };
        (self.created_at + longest).min(self.rotated_at + idle)
    }
}

#[cfg(test)]
pub(crate) mod tests {
    use super::*;
    use crate::authorization::tests::an_authorization;

    pub(crate) fn a_family() -> TokenFamily {
        let authorization = an_authorization();
        TokenFamily {
            id: FamilyId(Uuid::from_u128(0xf1)),
            authorization: authorization.id,
            tenant: authorization.tenant,
            account: authorization.account,
            client: authorization.client,
            session: authorization.session,
            auth_time: Timestamp::from_secs(0),
            context: AuthenticationContext::Password,
            scope_text: authorization.scopes.to_string(),
            scopes: authorization.scopes,
            places: None,
            client_info: false,
            origin: "https://id.test".into(),
            confirmation: None,
            refreshable: true,
            generation: 0,
            created_at: Timestamp::from_secs(4_000),
            rotated_at: Timestamp::from_secs(4_000),
            access_expires_at: Timestamp::from_secs(9_000),
            ended_at: None,
        }
    }

    #[test]
    fn a_family_ends_by_idleness_and_by_age_and_sooner_in_a_browser() {
        let family = a_family();
        let end = |family: &TokenFamily, kind| family.expires_at(kind, Profile::Standard);
        assert_eq!(end(&family, ClientKind::Web), family.rotated_at + limits::FAMILY_IDLE);
        assert_eq!(end(&family, ClientKind::SinglePage), family.created_at + limits::SINGLE_PAGE_FAMILY_LIFETIME);
        let year = family.created_at + limits::LEGACY_FAMILY_LIFETIME;
        assert_eq!(family.expires_at(ClientKind::Web, Profile::Legacy), year);
        let old = TokenFamily { rotated_at: family.created_at + limits::FAMILY_LIFETIME, ..family.clone() };
        assert_eq!(end(&old, ClientKind::Native), family.created_at + limits::FAMILY_LIFETIME);
    }
}
