//! Who acts on these pages: of the accounts signed in in the browser, the one that was chosen, or the newest sign-in.

use http::header::HeaderMap;
use latchkey_identity::authorize::prompt::SignedIn;
use latchkey_identity::session::SessionId;
use latchkey_store::StoreError;
use uuid::Uuid;

use super::problem::Problem;
use super::visit::{Answer, Visit};
use crate::app::App;
use crate::cookie::Cookie;
use crate::identity::flow;
use crate::visitor::Visitor;

/// Which account was chosen.
const ACCOUNT: Cookie = Cookie { plain: "latchkey-account", host: "__Host-latchkey-account", max_age: None };

/// The accounts that are signed in in a browser: one acts.
pub(super) struct Accounts {
    /// The one that acts.
    pub(super) acting: SignedIn,
    /// The others, the newest sign-in first.
    pub(super) others: Vec<SignedIn>,
}

/// The accounts of this browser, or nobody.
pub(super) async fn read(app: &App, visitor: &Visitor, headers: &HeaderMap) -> Result<Option<Accounts>, StoreError> {
    let signed_in = flow::signed_in(app, visitor).await?;
    let choice = ACCOUNT.read(headers, visitor.origin.secure).and_then(Choice::parse);
    let Some(accounts) = acting(signed_in, choice) else { return Ok(None) };
    app.uses.visited(accounts.acting.session.id, visitor.now);
    Ok(Some(accounts))
}

/// `POST /me/account`: the person goes on as another account that is signed in in this browser.
pub(super) async fn choose(visit: Visit) -> Answer {
    let chosen = visit.posted("session").and_then(|id| Uuid::try_parse(id).ok()).map(SessionId);
    let signed_in = flow::signed_in(&visit.app, &visit.visitor).await?;
    let newest = signed_in.first().map(|newest| newest.session.id);
    let chosen = chosen.filter(|chosen| signed_in.iter().any(|one| one.session.id == *chosen));
    let (Some(chosen), Some(newest)) = (chosen, newest) else { return Err(Problem::NotFound) };
    let mut response = visit.go_to("/me")?;
    Choice { chosen, newest }.set(response.headers_mut(), visit.visitor.origin.secure);
    Ok(response)
}

/// A choice that was made. It holds until somebody signs in anew: then that person acts.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
struct Choice {
    chosen: SessionId,
    /// The newest sign-in when it was made.
    newest: SessionId,
}

impl Choice {
    fn parse(value: &str) -> Option<Self> {
        let (chosen, newest) = value.split_once('.')?;
        let session = |id| Uuid::try_parse(id).ok().map(SessionId);
        Some(Self { chosen: session(chosen)?, newest: session(newest)? })
    }

    fn set(self, headers: &mut HeaderMap, secure: bool) {
        let Self { chosen, newest } = self;
        ACCOUNT.set(headers, &format!("{chosen}.{newest}"), secure);
    }
}

/// Of the accounts signed in, newest sign-in first, the one that acts.
fn acting(mut signed_in: Vec<SignedIn>, choice: Option<Choice>) -> Option<Accounts> {
    let newest = signed_in.first()?.session.id;
    let chosen = choice.filter(|choice| choice.newest == newest).map(|choice| choice.chosen);
    let place = chosen.and_then(|chosen| signed_in.iter().position(|one| one.session.id == chosen)).unwrap_or(0);
    let acting = signed_in.remove(place);
    Some(Accounts { acting, others: signed_in })
}

#[cfg(test)]
mod tests {
    use http::header::{COOKIE, SET_COOKIE};
    use latchkey_identity::Timestamp;
    use latchkey_identity::account::{Account, AccountId, AccountState};
    use latchkey_identity::secret::TokenHash;
    use latchkey_identity::session::{BrowserHash, Session};
    use latchkey_identity::tenant::{PERSONAL_TENANT, Tenant, TenantKind};

    use super::*;

    const fn session(id: u128) -> SessionId {
        SessionId(Uuid::from_u128(id))
    }

    fn signed_in(id: u128) -> SignedIn {
        let start = Timestamp::from_secs(0);
        SignedIn {
            session: Session {
                id: session(id),
                browser: BrowserHash(TokenHash([0; 32])),
                account: AccountId(Uuid::from_u128(id)),
                tenant: PERSONAL_TENANT,
                authenticated_at: start,
                context: latchkey_identity::sign_in::context::AuthenticationContext::Password,
                used_at: start,
                ended_at: None,
                address: String::new(),
                user_agent: String::new(),
            },
            account: Account {
                id: AccountId(Uuid::from_u128(id)),
                tenant: PERSONAL_TENANT,
                email: "pat@personal.test".into(),
                email_verified: true,
                name: "Pat".into(),
                state: AccountState::Active,
                tenant_administrator: false,
                created_at: start,
                changed_at: start,
                claims: latchkey_identity::claims::StandardClaims::default(),
            },
            home: Tenant {
                id: PERSONAL_TENANT,
                kind: TenantKind::Personal,
                name: "Personal".into(),
                domain: "personal.test".into(),
            },
            guest_of: Vec::new(),
        }
    }

    fn acts(there: &[u128], choice: Option<(u128, u128)>) -> Option<SessionId> {
        let choice = choice.map(|(chosen, newest)| Choice { chosen: session(chosen), newest: session(newest) });
        acting(there.iter().copied().map(signed_in).collect(), choice).map(|accounts| accounts.acting.session.id)
    }

    #[test]
    fn everybody_else_who_is_signed_in_can_be_switched_to() {
        let choice = Choice { chosen: session(2), newest: session(3) };
        let accounts = acting([3, 2, 1].map(signed_in).into(), Some(choice)).unwrap();
        let others: Vec<SessionId> = accounts.others.iter().map(|one| one.session.id).collect();
        assert_eq!((accounts.acting.session.id, others), (session(2), vec![session(3), session(1)]));
    }

    #[test]
    fn the_newest_sign_in_acts_unless_another_was_chosen() {
        assert_eq!(acts(&[], None), None);
        assert_eq!(acts(&[3, 2, 1], None), Some(session(3)));
        assert_eq!(acts(&[3, 2, 1], Some((1, 3))), Some(session(1)));
    }

    #[test]
    fn a_choice_ends_with_the_session_that_was_chosen_and_with_the_next_sign_in() {
        assert_eq!(acts(&[3, 2], Some((1, 3))), Some(session(3)));
        assert_eq!(acts(&[4, 3, 2, 1], Some((1, 3))), Some(session(4)));
    }

    #[test]
    fn the_cookie_brings_back_the_choice_and_nothing_else() {
        let choice = Choice { chosen: session(1), newest: session(3) };
        let mut answer = HeaderMap::new();
        choice.set(&mut answer, true);
        let set = answer.get(SET_COOKIE).unwrap().to_str().unwrap().to_owned();
        assert!(set.starts_with("__Host-latchkey-account=") && set.ends_with("; HttpOnly; SameSite=Lax; Secure"));
        let mut headers = HeaderMap::new();
        headers.insert(COOKIE, format!("a=b; {}", set.split(';').next().unwrap()).parse().unwrap());
        assert_eq!(ACCOUNT.read(&headers, true).and_then(Choice::parse), Some(choice));
        assert_eq!(ACCOUNT.read(&headers, false), None);
        assert_eq!(Choice::parse("1.2"), None);
    }
}
