//! Introspection: what a token is worth at this moment. [RFC 7662]

use serde::Serialize;

use crate::account::{Account, AccountState};
use crate::authorization::{Authorization, Places};
use crate::authorize::authorization_details::{Detail, described};
use crate::client::{Client, ClientState};
use crate::client_auth::AuthenticatedClient;
use crate::error::OAuthError;
use crate::resource::ResourceServer;
use crate::scope::{EMAIL, ScopeSet};
use crate::secret::PurposeKey;
use crate::time::Timestamp;
use crate::token::access_token::AccessToken;
use crate::token::app_token::AppToken;
use crate::token::confirmation::Confirmation;
use crate::token::family::TokenFamily;
use crate::token::issuer;
use crate::token::narrowing::{Actor, in_both};
use crate::token::refresh_token::RefreshToken;
use crate::token::subject::subject;

/// The answer, §2.2. Of a token that is worth nothing it says nothing but that.
#[derive(Clone, PartialEq, Eq, Debug, Default, Serialize)]
#[allow(missing_docs, reason = "named by RFC 7662 §2.2")]
pub struct Introspection {
    pub active: bool,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub scope: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub client_id: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub username: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub token_type: Option<&'static str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub exp: Option<i64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub iat: Option<i64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub nbf: Option<i64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub sub: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub aud: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub iss: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub jti: Option<String>,
    /// [RFC 9449 §6.2]
    #[serde(skip_serializing_if = "Option::is_none")]
    pub cnf: Option<Confirmation>,
    /// [RFC 8693 §4.1]
    #[serde(skip_serializing_if = "Option::is_none")]
    pub act: Option<Actor>,
    /// [RFC 9396 §9.2]
    #[serde(skip_serializing_if = "Option::is_none")]
    pub authorization_details: Option<Vec<Detail>>,
}

/// The answer as a token of its own. [RFC 9701 §5]
#[derive(Clone, PartialEq, Eq, Debug, Serialize)]
#[allow(missing_docs, reason = "named by RFC 9701 §5")]
pub struct SignedIntrospection {
    pub iss: String,
    pub aud: String,
    pub iat: i64,
    pub token_introspection: Introspection,
}

/// A token that holds at this moment, as far as it was looked at. What does not hold is no such thing.
#[derive(Clone, Copy, Debug)]
pub enum Live<'a> {
    /// A person's access token that was checked.
    Access {
        /// The token.
        token: &'a AccessToken,
        /// What the person approved, as it stands now.
        authorization: &'a Authorization,
        /// The person.
        account: &'a Account,
        /// The app that it was issued to, as it is registered now.
        client: &'a Client,
    },
    /// An app's own access token that was checked.
    App {
        /// The token.
        token: &'a AppToken,
        /// The app, as it is registered now.
        client: &'a Client,
    },
    /// A refresh token that we made. Whether it holds is found out here.
    Refresh {
        /// The token.
        token: RefreshToken,
        /// Its family.
        family: &'a TokenFamily,
        /// The authorization above it.
        authorization: &'a Authorization,
        /// The person.
        account: Option<&'a Account>,
        /// The key that refresh tokens, and some subjects, are derived with.
        key: &'a PurposeKey,
    },
}

/// Who may ask at all: a client that can prove who it is, §2.1.
pub fn may_ask(client: &AuthenticatedClient<'_>) -> Result<(), OAuthError> {
    match client.credential() {
        Some(_) => Ok(()),
        None => Err(OAuthError::invalid_client("introspection takes a client that authenticates").numbered(7_000_218)),
    }
}

/// Answers what a token is worth.
///
/// A client learns of its own tokens, an app of those that it is called with, and nobody of anybody else's: the DevOps side looks at its tokens
/// itself, so no other client has a reason to ask. Of everything else, whatever it is, the answer is
/// that it is not active, and nothing more (§2.2). The scopes are those that the token still opens at this moment, and the address of the
/// person is told to whom the person tells it.
pub fn introspect(
    live: Option<Live<'_>>,
    asker: &AuthenticatedClient<'_>,
    resource: &ResourceServer,
    now: Timestamp,
) -> Introspection {
    let asker = asker.client();
    let details = |places: Option<Places>, scopes: &ScopeSet| places.map(|places| described(&places, scopes, resource));
    let answer = match live {
        Some(Live::Access { token, authorization, account, client })
            if authorization.client == asker.id || token.scopes.api() == Some(asker.id) =>
        {
            let scopes = token.scopes.intersection(&authorization.scopes);
            Introspection {
                username: scopes.contains(EMAIL).then(|| account.email.clone()),
                token_type: Some(Confirmation::token_type(token.confirmation)),
                cnf: token.confirmation,
                act: token.narrowing.actor.clone(),
                authorization_details: details(token.narrowing.reached(&authorization.places), &scopes),
                exp: Some(token.expires_at.as_secs()),
                iat: Some(token.issued_at.as_secs()),
                nbf: Some(token.issued_at.as_secs()),
                aud: Some(token.audience.clone()),
                jti: Some(token.id.text()),
                ..worth(&scopes.in_a_token(), client, token.subject.clone(), token.issuer.clone())
            }
        }
        Some(Live::App { token, client })
            if client.id == asker.id || (token.scopes.api() == Some(asker.id) && asker.lets_call(client.id)) =>
        {
            let scopes = token.scopes.intersection(&client.scopes);
            Introspection {
                token_type: Some(Confirmation::token_type(token.confirmation)),
                cnf: token.confirmation,
                exp: Some(token.expires_at.as_secs()),
                iat: Some(token.issued_at.as_secs()),
                nbf: Some(token.issued_at.as_secs()),
                aud: Some(token.audience.clone()),
                jti: Some(token.id.text()),
                ..worth(&scopes.in_a_token(), client, token.subject.clone(), token.issuer.clone())
            }
        }
        Some(Live::Refresh { token, family, authorization, account, key }) if family.client == asker.id => {
            let until = family.expires_at(asker.kind, asker.profile);
            let until = authorization.expires_at.map_or(until, |end| until.min(end));
            let account =
                account.filter(|account| account.id == family.account && account.state == AccountState::Active);
            let holds = family.refreshable
                && token.generation == family.generation
                && family.ended_at.is_none()
                && authorization.is_live(now)
                && !authorization.is_paused()
                && asker.state == ClientState::Active
                && now < until;
            let (true, Some(account)) = (holds, account) else { return Introspection::default() };
            let scopes = family.scopes.intersection(&authorization.scopes);
            Introspection {
                username: scopes.contains(EMAIL).then(|| account.email.clone()),
                exp: Some(until.as_secs()),
                iat: Some(family.rotated_at.as_secs()),
                cnf: family.confirmation,
                authorization_details: details(
                    family.places.as_ref().map(|asked| in_both(&authorization.places, asked)),
                    &scopes,
                ),
                ..worth(&scopes, asker, subject(asker, account.id, key), issuer(&family.origin, family.tenant))
            }
        }
        _ => Introspection::default(),
    };
    // A token that opens nothing any more is worth nothing.
    if answer.scope.as_deref() == Some("") { Introspection::default() } else { answer }
}

fn worth(scopes: &ScopeSet, client: &Client, sub: String, iss: String) -> Introspection {
    Introspection {
        active: true,
        scope: Some(scopes.without_claims().to_string()),
        client_id: Some(client.identifier().to_string()),
        sub: Some(sub),
        iss: Some(iss),
        ..Introspection::default()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::authorization::EndReason;
    use crate::authorization::tests::an_authorization;
    use crate::client::ClientId;
    use crate::client_auth::tests::authenticated_by_secret;
    use crate::resource::tests::a_resource;
    use crate::sign_in::tests::an_account;
    use crate::token::app_token::tests::a_daemon;
    use crate::token::family::tests::a_family;
    use crate::token::tests::{a_key, a_public_client, authenticated};

    const NOW: Timestamp = Timestamp::from_secs(5_000);

    fn refresh(family: &TokenFamily, authorization: &Authorization, account: &Account, generation: u32) -> bool {
        let (client, token) = (a_daemon(), RefreshToken { family: family.id, generation });
        let live = Live::Refresh { token, family, authorization, account: Some(account), key: &a_key() };
        let answer = introspect(Some(live), &authenticated_by_secret(&client), &a_resource(), NOW);
        assert!(answer.active || answer == Introspection::default(), "what is worth nothing says nothing");
        answer.active
    }

    #[test]
    fn a_refresh_token_is_worth_something_while_it_can_be_used() {
        let family = TokenFamily { refreshable: true, ..a_family() };
        let (authorization, account, next) = (an_authorization(), an_account(), family.generation);
        assert!(refresh(&family, &authorization, &account, next));
        assert!(!refresh(&family, &authorization, &account, next + 1), "it was never given out");
        let rotated = TokenFamily { generation: next + 1, ..family.clone() };
        assert!(!refresh(&rotated, &authorization, &account, next), "its successor took over");
        let ended = TokenFamily { ended_at: Some(NOW), ..family.clone() };
        assert!(!refresh(&ended, &authorization, &account, next));
        let revoked = Authorization { ended: Some((NOW, EndReason::Revoked)), ..an_authorization() };
        assert!(!refresh(&family, &revoked, &account, next));
        let disabled = Account { state: AccountState::Disabled, ..an_account() };
        assert!(!refresh(&family, &authorization, &disabled, next));
        let paused = Authorization { paused_at: Some(NOW), ..an_authorization() };
        assert!(!refresh(&family, &paused, &account, next), "it works again when the person resumes it");
        let nothing_left = Authorization { scopes: ScopeSet::default(), ..an_authorization() };
        assert!(!refresh(&family, &nothing_left, &account, next));
    }

    #[test]
    fn nobody_learns_of_the_tokens_of_others() {
        let (family, authorization, account) = (a_family(), an_authorization(), an_account());
        let other = Client { id: ClientId(uuid::Uuid::from_u128(9)), ..a_daemon() };
        let token = RefreshToken { family: family.id, generation: family.generation };
        let key = a_key();
        let (family, authorization, account) = (&family, &authorization, Some(&account));
        let live = Live::Refresh { token, family, authorization, account, key: &key };
        assert_eq!(
            introspect(Some(live), &authenticated_by_secret(&other), &a_resource(), NOW),
            Introspection::default()
        );
        assert_eq!(introspect(None, &authenticated_by_secret(&other), &a_resource(), NOW), Introspection::default());
    }

    #[test]
    fn a_public_client_does_not_ask() {
        assert_eq!(may_ask(&authenticated(&a_public_client())).unwrap_err().code, "invalid_client");
        assert_eq!(may_ask(&authenticated_by_secret(&a_daemon())), Ok(()));
    }
}
