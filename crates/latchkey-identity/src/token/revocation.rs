//! Revocation: a client gives a token back that it does not need any more. [RFC 7009]

use crate::authorization::Authorization;
use crate::change::Change;
use crate::client::ClientId;
use crate::client_auth::AuthenticatedClient;
use crate::decision::Decision;
use crate::error::OAuthError;
use crate::event::{Event, EventKind};
use crate::tenant::TenantId;
use crate::time::Timestamp;
use crate::token::app_token::AppToken;
use crate::token::family::{FamilyId, TokenFamily};

/// What a text that is given back turned out to be.
#[derive(Clone, Copy, Debug)]
pub enum GivenBack<'a> {
    /// A refresh token that we made, and its family.
    Refresh(&'a TokenFamily),
    /// A person's access token: its family, and the authorization above it.
    Access(FamilyId, &'a Authorization),
    /// An access token that an app got in its own name.
    App(&'a AppToken),
    /// Nothing of ours, or of something that is gone.
    Nothing,
}

/// Ends what is given back, if it is the client's own.
///
/// A refresh token ends with its family, and every access token of the family with it (§2.1); a person's access token ends the same: it
/// carries no more than its family, and whoever gives one back is done with both. An app's own access token ends alone. What is unknown
/// or has ended already is answered as if it had just ended (§2.2). `token_type_hint` is not needed: what a token is stands in it.
pub fn revoke(token: GivenBack<'_>, client: &AuthenticatedClient<'_>, now: Timestamp) -> Decision<()> {
    let id = client.client().id;
    let not_yours = || Decision::refuse(OAuthError::invalid_grant("the token was not issued to this client"));
    match token {
        GivenBack::Nothing => Decision::grant(()),
        GivenBack::Refresh(family) if family.client != id => not_yours(),
        GivenBack::Access(_, authorization) if authorization.client != id => not_yours(),
        GivenBack::App(token) if token.id.client != id => not_yours(),
        GivenBack::Refresh(family) if family.ended_at.is_some() => Decision::grant(()),
        GivenBack::Refresh(family) => end(family.id, event(id, family.tenant, now).below(family.authorization), now),
        GivenBack::Access(family, authorization) => {
            end(family, event(id, authorization.tenant, now).about(authorization), now)
        }
        GivenBack::App(token) => Decision::grant(())
            .and(Change::EndAppToken { token: token.id, at: now })
            .and(Change::Record(event(id, token.tenant, now))),
    }
}

fn end(family: FamilyId, event: Event, now: Timestamp) -> Decision<()> {
    Decision::grant(()).and(Change::EndTokenFamily { family, at: now }).and(Change::Record(event))
}

fn event(client: ClientId, tenant: TenantId, now: Timestamp) -> Event {
    Event::new(EventKind::TokenRevoked, tenant, now, "").through(client)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::authorization::tests::an_authorization;
    use crate::client::Client;
    use crate::token::family::tests::a_family;
    use crate::token::tests::{a_public_client, authenticated};

    const NOW: Timestamp = Timestamp::from_secs(5_000);

    #[test]
    fn a_token_given_back_ends_its_family() {
        let (client, family, authorization) = (a_public_client(), a_family(), an_authorization());
        for token in [GivenBack::Refresh(&family), GivenBack::Access(family.id, &authorization)] {
            let decision = revoke(token, &authenticated(&client), NOW);
            assert_eq!(decision.answer, Ok(()));
            assert_eq!(decision.changes[0], Change::EndTokenFamily { family: family.id, at: NOW });
            assert!(matches!(&decision.changes[1], Change::Record(event)
                if event.kind == EventKind::TokenRevoked && event.authorization == Some(authorization.id)));
        }
    }

    #[test]
    fn what_is_unknown_or_over_is_answered_as_if_it_had_just_ended() {
        let client = a_public_client();
        let over = TokenFamily { ended_at: Some(NOW), ..a_family() };
        for token in [GivenBack::Nothing, GivenBack::Refresh(&over)] {
            assert_eq!(revoke(token, &authenticated(&client), NOW), Decision::grant(()));
        }
    }

    #[test]
    fn a_token_of_another_client_stays() {
        let other = Client { id: ClientId(uuid::Uuid::from_u128(9)), ..a_public_client() };
        let (family, authorization) = (a_family(), an_authorization());
        for token in [GivenBack::Refresh(&family), GivenBack::Access(family.id, &authorization)] {
            let decision = revoke(token, &authenticated(&other), NOW);
            assert_eq!((decision.answer.unwrap_err().code, decision.changes.len()), ("invalid_grant", 0));
        }
    }
}
