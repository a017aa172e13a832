//! Tokens at once, which the browser carries to the client: the implicit flow, and the half of the hybrid flow that comes before its code.
//! [OpenID Connect Core §3.2.2.5, §3.3.2.5]

use std::convert::Infallible;

use crate::authorization::Authorization;
use crate::authorize::response_type::ResponseType;
use crate::change::Change;
use crate::decision::Decision;
use crate::entropy::Entropy;
use crate::error::OAuthError;
use crate::event::Event;
use crate::grant::authorization_code::CodeContext;
use crate::scope::{OFFLINE_ACCESS, ScopeSet};
use crate::secret::Secret;
use crate::tenant::TenantId;
use crate::time::Timestamp;
use crate::token::family::{FamilyId, TokenFamily};
use crate::token::{self, Issue, Recipient};

/// The name under `grant_types`. [RFC 7591 §2]
pub const NAME: &str = "implicit";

/// What the browser carries: tokens that are still to be signed, and a code if one was asked for.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct AtOnce {
    /// What was asked for.
    pub response_type: ResponseType,
    /// The code.
    pub code: Option<Secret>,
    /// The tokens.
    pub issue: Issue,
}

impl AtOnce {
    /// The parameters of the answer. `access_token` and `id_token` are what was signed. [OpenID Connect Core §3.2.2.5]
    pub fn parameters(&self, access_token: Option<String>, id_token: Option<String>) -> Vec<(&'static str, String)> {
        let mut parameters = Vec::new();
        parameters.extend(self.code.as_ref().map(|code| ("code", code.reveal().to_owned())));
        if let Some(access_token) = access_token {
            parameters.push(("access_token", access_token));
            parameters.push(("token_type", self.issue.token_type().to_owned()));
            parameters.push(("expires_in", self.issue.expires_in().to_string()));
            parameters.push(("scope", self.issue.scope_text().to_owned()));
        }
        parameters.extend(id_token.map(|id_token| ("id_token", id_token)));
        parameters
    }
}

/// Decides whether tokens may travel through browsers in a tenant. `event` says who did. [RFC 9700 §2.1.2]
pub fn allow(tenant: TenantId, allowed: bool, event: Event) -> Decision<(), Infallible> {
    let event =
        Event { subject: format!("tokens through the browser: {}", if allowed { "on" } else { "off" }), ..event };
    Decision::grant(()).and(Change::Record(event)).and(Change::AllowImplicit { tenant, allowed })
}

/// Issues the tokens below an authorization: the changes to commit beside. They come out of the funnel like any others; nothing refreshes
/// them, and an access token has a family of its own, which can be ended by itself.
pub(crate) fn issue(
    context: CodeContext<'_>,
    authorization: &Authorization,
    code: Option<Secret>,
    now: Timestamp,
    entropy: &mut Entropy,
) -> Result<(AtOnce, Option<Change>), OAuthError> {
    let CodeContext { request, client, account, session, tenant, origin, key, places, .. } = context;
    let response_type = request.response_type;
    let granted = request.scopes.canonical().intersection(&authorization.scopes);
    // An ID token alone opens nothing, so it stands for nothing else.
    let granted = if response_type.has_access_token() { granted } else { granted.identity() };
    let scopes = granted.difference(&[OFFLINE_ACCESS].into_iter().collect::<ScopeSet>());
    let family = TokenFamily {
        id: FamilyId(entropy.uuid()),
        authorization: authorization.id,
        tenant,
        account: account.id,
        client: client.id,
        session: session.id,
        auth_time: session.authenticated_at,
        context: session.context,
        scope_text: token::scope_text(client.profile, &request.scopes, &scopes),
        scopes,
        places: places.cloned(),
        client_info: request.client_info,
        origin: origin.to_owned(),
        confirmation: None,
        refreshable: false,
        generation: 0,
        created_at: now,
        rotated_at: now,
        access_expires_at: now,
        ended_at: None,
    };
    let facts = token::Facts {
        client: Recipient::AtItsRedirectUri(client),
        authorization,
        account: Some(account),
        api: None,
        key,
    };
    let issue = token::issue(facts, &family, 0, request.nonce.clone(), now, entropy)?;
    let begins = response_type.has_access_token().then(|| {
        let family = TokenFamily { access_expires_at: issue.access_expires_at(), ..family };
        Change::StartFamily(Box::new(family))
    });
    Ok((AtOnce { response_type, code, issue }, begins))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::authorization::tests::an_authorization;
    use crate::authorize::request::tests::request_of;
    use crate::client::Client;
    use crate::client::registration::tests::a_client;
    use crate::event::EventKind;
    use crate::grant::authorization_code;
    use crate::sign_in::tests::{a_session, an_account};
    use crate::token::tests::a_key;

    const NOW: Timestamp = Timestamp::from_secs(5_000);

    fn issued(
        response_type: ResponseType,
        edit: impl FnOnce(&mut Client),
    ) -> Result<(crate::authorize::response::Approved, Vec<Change>), OAuthError> {
        let mut client = a_client();
        client.metadata.response_types = ResponseType::ALL.into();
        let edits =
            [("response_type", response_type.name()), ("nonce", "n"), ("scope", "openid offline_access vso.work")];
        let request = request_of(&client, &edits).unwrap();
        edit(&mut client);
        let (account, session, key) = (an_account(), a_session(), a_key());
        let context = CodeContext {
            request: &request,
            places: None,
            client: &client,
            account: &account,
            session: &session,
            tenant: account.tenant,
            origin: "https://id.test",
            key: &key,
            flow: None,
        };
        authorization_code::issue(context, &an_authorization(), NOW, &mut Entropy::seeded(1))
    }

    fn at_once(response_type: ResponseType) -> (AtOnce, Vec<Change>) {
        match issued(response_type, |_| ()).unwrap() {
            (crate::authorize::response::Approved::AtOnce(at_once), changes) => (*at_once, changes),
            other => panic!("{other:?}"),
        }
    }

    #[test]
    fn each_response_type_gets_what_it_names_and_never_a_refresh_token() {
        for one in ResponseType::ALL.into_iter().filter(|one| one.has_tokens()) {
            let (at_once, changes) = at_once(one);
            assert_eq!(at_once.code.is_some(), one.has_code(), "{one:?}");
            assert_eq!(changes.iter().any(|change| matches!(change, Change::IssueCode(_))), one.has_code());
            let family = changes.iter().find_map(|change| match change {
                Change::StartFamily(family) => Some(family),
                _ => None,
            });
            assert_eq!(family.is_some(), one.has_access_token(), "{one:?}");
            assert!(family.is_none_or(|family| !family.refreshable && !family.scopes.contains(OFFLINE_ACCESS)));
            assert!(at_once.issue.refresh_token().is_none());
        }
    }

    #[test]
    fn the_id_token_vouches_for_what_travels_with_it() {
        let (at_once, _) = at_once(ResponseType::CodeIdTokenToken);
        let claims = at_once.issue.id_token_claims(Some("a.b.c"), at_once.code.as_ref());
        assert!(claims.at_hash.is_some() && claims.c_hash.is_some() && claims.nonce.as_deref() == Some("n"));
        let alone = self::at_once(ResponseType::IdToken).0.issue.id_token_claims(None, None);
        assert!(alone.at_hash.is_none() && alone.c_hash.is_none());
    }

    #[test]
    fn a_tenant_lets_tokens_through_browsers_and_it_is_on_record() {
        let tenant = an_account().tenant;
        for (allowed, said) in [(true, "tokens through the browser: on"), (false, "tokens through the browser: off")] {
            let event = Event::new(EventKind::PolicyChanged, tenant, NOW, "");
            let recorded = Event { subject: said.into(), ..event.clone() };
            let decision = allow(tenant, allowed, event);
            assert_eq!(decision.changes, [Change::Record(recorded), Change::AllowImplicit { tenant, allowed }]);
        }
    }

    #[test]
    fn what_has_to_be_bound_is_not_sent_through_the_browser() {
        let bound = issued(ResponseType::IdTokenToken, |client| client.metadata.dpop_bound_access_tokens = true);
        assert_eq!(bound.unwrap_err().code, "invalid_request");
    }
}
