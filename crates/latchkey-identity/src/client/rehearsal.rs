//! Rehearsals of a sign-in: the owner of an app goes through the app's own, and is shown each message.
//!
//! The person picks an account and approves as ever, and everything is decided by the same rules. What they decide is never committed: there is
//! no authorization, no code and no token family afterwards, so the tokens that are shown, shortened, name nothing that exists. Nobody is sent
//! to the app's redirect URI, and no other address takes its place. What only the app can do, pushing the request or signing it, is left out: see
//! [`CameBy::Rehearsal`](crate::authorize::request::CameBy::Rehearsal).

use latchkey_jose::base64url;

use crate::account::Account;
use crate::authorize::response_type::ResponseType;
use crate::change::Change;
use crate::client::{Client, exposed_api};
use crate::client_auth::AuthenticatedClient;
use crate::entropy::Entropy;
use crate::error::OAuthError;
use crate::grant::authorization_code::{self, CodeRequest, Redemption};
use crate::scope::{EMAIL, OFFLINE_ACCESS, OPENID, PROFILE, ScopeSet};
use crate::secret::{PurposeKey, Secret, sha256};
use crate::time::Timestamp;
use crate::token::Issue;

/// Proof that somebody may rehearse the sign-in of an app. Only [`Rehearsal::of`] makes one.
#[derive(Clone, Copy, Debug)]
pub struct Rehearsal<'a> {
    client: &'a Client,
}

/// Why the sign-in of an app is not rehearsed, in a sentence for its owner.
#[derive(Clone, Copy, PartialEq, Eq, Debug, thiserror::Error)]
pub enum Unfit {
    /// Somebody else's.
    #[error("Only the app's owner or an administrator of its directory tests its sign-in.")]
    NotYours,
    /// It is not edited here, and nobody here runs it.
    #[error("This app describes itself: whoever runs it tests its sign-in from there.")]
    DescribesItself,
    /// Nobody signs in to it in the way that is rehearsed.
    #[error("Nobody signs in to this app in a browser.")]
    NoSignIn,
    /// No code comes of it.
    #[error("This app asks for tokens through the browser, and not for a code alone.")]
    NoCode,
}

impl<'a> Rehearsal<'a> {
    /// Whether `by` may rehearse the sign-in of this app.
    pub fn of(client: &'a Client, by: &Account) -> Result<Self, Unfit> {
        if !client.may_be_changed_by(by) {
            return Err(Unfit::NotYours);
        }
        if client.document.is_some() {
            return Err(Unfit::DescribesItself);
        }
        if client.redirect_uris.is_empty() || client.is_legacy() {
            return Err(Unfit::NoSignIn);
        }
        if !client.response_types().contains(&ResponseType::Code) {
            return Err(Unfit::NoCode);
        }
        Ok(Self { client })
    }

    /// The app.
    pub fn client(self) -> &'a Client {
        self.client
    }

    /// The request, as the app would make it. The person is always asked, so that nothing is ever answered from memory.
    /// [OpenID Connect Core §3.1.2.1], [RFC 7636 §4.3]
    pub fn request(self, state: &str) -> Vec<(&'static str, String)> {
        let challenge = base64url::encode(sha256(verifier(state).as_bytes()));
        let redirect_uri = self.client.redirect_uris.first().map(|uri| uri.as_str().to_owned());
        let scopes = [OPENID, PROFILE, EMAIL, OFFLINE_ACCESS].into_iter().chain(self.scopes()).collect::<Vec<_>>();
        vec![
            ("client_id", self.client.id.to_string()),
            ("response_type", "code".to_owned()),
            ("redirect_uri", redirect_uri.unwrap_or_default()),
            ("scope", scopes.join(" ")),
            ("state", state.to_owned()),
            ("nonce", base64url::encode(sha256(format!("nonce {state}").as_bytes()))),
            ("code_challenge", challenge),
            ("code_challenge_method", "S256".to_owned()),
            ("prompt", "consent".to_owned()),
        ]
    }

    /// A request names the scopes of one resource: those of the DevOps side, else those of the first app.
    fn scopes(self) -> impl Iterator<Item = &'a str> {
        let all: &ScopeSet = &self.client.scopes;
        let first = all.iter().find(|scope| !exposed_api::is_scope(scope)).or_else(|| all.iter().next());
        let resource = |scope: &str| scope.rsplit_once('/').map(|(resource, _)| resource.to_owned());
        let first = first.and_then(resource);
        all.iter().filter(move |scope| resource(scope) == first)
    }

    /// The tokens that the app would get for what was approved: `changes` are those that were decided and are not committed.
    pub fn redeem(
        self,
        changes: &[Change],
        state: &str,
        facts: Facts<'_>,
        now: Timestamp,
        entropy: &mut Entropy,
    ) -> Result<Issue, OAuthError> {
        let code = changes.iter().find_map(|change| match change {
            Change::IssueCode(code) => Some(&**code),
            _ => None,
        });
        let authorization = changes.iter().find_map(|change| match change {
            Change::Authorize(authorization) | Change::ChangeAuthorization { authorization, .. } => {
                Some(&**authorization)
            }
            _ => None,
        });
        let request = CodeRequest {
            code: Secret::new(""),
            redirect_uri: code.map(|code| code.redirect_uri.clone()),
            code_verifier: Some(Secret::new(verifier(state))),
            details: None,
        };
        let Facts { account, api, key } = facts;
        let facts = Redemption { code: code.zip(authorization), account: Some(account), spent: false, api, key };
        authorization_code::redeem(&request, &AuthenticatedClient::in_rehearsal(self), facts, now, entropy).answer
    }
}

/// What is looked at beside what was approved.
#[derive(Clone, Copy, Debug)]
pub struct Facts<'a> {
    /// Who approved.
    pub account: &'a Account,
    /// The app whose scopes were approved, if they are an app's.
    pub api: Option<&'a Client>,
    /// The key that refresh tokens are derived with.
    pub key: &'a PurposeKey,
}

/// What the challenge of a rehearsal is made from.
pub fn verifier(state: &str) -> String {
    base64url::encode(sha256(format!("code_verifier {state}").as_bytes()))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::client::ClientKind;
    use crate::client::registration::tests::a_client;
    use crate::sign_in::tests::an_account;

    #[test]
    fn the_owner_rehearses_what_an_app_does_by_a_browser() {
        let own = Client { owner: Some(an_account().id), ..a_client() };
        let fit = |client: &Client| Rehearsal::of(client, &an_account()).map(|_| ());
        assert_eq!(fit(&own), Ok(()));
        assert_eq!(fit(&Client { owner: None, ..own.clone() }), Err(Unfit::NotYours));
        let daemon = Client { kind: ClientKind::Daemon, redirect_uris: Vec::new(), ..own.clone() };
        assert_eq!(fit(&daemon), Err(Unfit::NoSignIn));
        let mut asking = Client { pushed_only: true, ..own.clone() };
        asking.metadata.require_signed_request_object = true;
        assert_eq!(fit(&asking), Ok(()), "it is made here, in place of what only the app can do");
        let mut hybrid = Client { owner: Some(an_account().id), ..a_client() };
        hybrid.metadata.response_types = vec![ResponseType::CodeIdToken];
        assert_eq!(fit(&hybrid), Err(Unfit::NoCode));
    }

    #[test]
    fn the_request_is_the_apps_own_and_always_asks() {
        let client = Client { owner: Some(an_account().id), ..a_client() };
        let request = Rehearsal::of(&client, &an_account()).unwrap().request("state");
        let of = |name: &str| request.iter().find(|(one, _)| *one == name).map(|(_, value)| value.as_str());
        assert_eq!(of("redirect_uri"), Some(client.redirect_uris[0].as_str()), "registered, and no address of ours");
        assert_eq!(of("prompt"), Some("consent"));
        assert_eq!(of("code_challenge_method"), Some("S256"));
    }
}
