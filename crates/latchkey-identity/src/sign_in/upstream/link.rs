//! Whose account it is that somebody signs in to by an upstream provider: the one that is linked to its issuer and subject. An address finds
//! none, whoever verified it: whoever runs a provider can say any address. [OpenID Connect Core §5.7], nOAuth

use super::Upstream;
use super::id_token::Assured;
use super::pending::Freshness;
use crate::account::{Account, AccountId, AccountState};
use crate::change::Change;
use crate::claims::StandardClaims;
use crate::decision::Decision;
use crate::entropy::Entropy;
use crate::event::{Event, EventKind};
use crate::limits;
use crate::session::{Session, SessionId};
use crate::sign_in::context::AuthenticationContext;
use crate::sign_in::password::{Entrance, SignInContext};
use crate::tenant::{Tenant, TenantId};
use crate::time::Timestamp;

/// Somebody at a provider, and the account that they sign in to by it.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Link {
    /// The tenant.
    pub tenant: TenantId,
    /// The issuer.
    pub issuer: String,
    /// What it calls them.
    pub subject: String,
    /// The account.
    pub account: AccountId,
    /// Since when.
    pub linked_at: Timestamp,
}

/// Why nobody is signed in.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum SignInProblem {
    /// They are not known, and have to link their account first.
    NotLinked,
    /// They are not known, and the provider tells no verified address of the tenant's domain to make an account with.
    NoAddress,
    /// They are not known, and somebody has their address: whether that is them nobody can say.
    AddressTaken,
    /// Their account was disabled.
    Disabled,
    /// They signed in there so long ago that a session of ours would be over: they have to sign in there anew.
    LongAgo,
    /// They did not sign in there as lately as was asked for.
    NotFresh,
}

/// What a sign-in is decided by.
#[derive(Clone, Copy, Debug)]
pub struct Facts<'a> {
    /// The provider.
    pub upstream: &'a Upstream,
    /// Its tenant.
    pub tenant: &'a Tenant,
    /// The account that is linked to issuer and subject.
    pub linked: Option<&'a Account>,
    /// Whether somebody has the address that the provider tells.
    pub taken: bool,
    /// How fresh the sign-in there has to be.
    pub freshness: Freshness,
    /// When it began.
    pub started_at: Timestamp,
    /// The sessions of the browser.
    pub live: &'a [Session],
}

/// Signs somebody in by what their provider says: to the account that they are linked to, or to a new one where the tenant makes one.
pub fn sign_in(
    assured: &Assured,
    facts: Facts<'_>,
    context: SignInContext<'_>,
    now: Timestamp,
    entropy: &mut Entropy,
) -> Decision<Session, SignInProblem> {
    let Facts { upstream, freshness, started_at, live, .. } = facts;
    let Some(authenticated_at) = freshness.signed_in_at(assured.auth_time(), started_at, now) else {
        return Decision::refuse(SignInProblem::NotFresh);
    };
    if authenticated_at + limits::SESSION_LIFETIME <= now + limits::SESSION_IDLE {
        return Decision::refuse(SignInProblem::LongAgo);
    }
    let (account, made) = match facts.linked {
        Some(account) if account.state == AccountState::Disabled => {
            let event = Event::sign_in_failed(account, &upstream.issuer, now);
            return Decision::refuse(SignInProblem::Disabled).and(Change::Record(event));
        }
        Some(account) => (account.clone(), Vec::new()),
        None => match new_account(assured, facts, now, entropy) {
            Ok(made) => made,
            Err(problem) => return Decision::refuse(problem),
        },
    };
    let entrance = Entrance {
        account: &account,
        authenticated_at,
        context: AuthenticationContext::Upstream(assured.methods()),
        by: &upstream.issuer,
    };
    let (session, entered) = entrance.enter(context, live, now, entropy);
    Decision::grant(session).and_all(made).and_all(entered)
}

/// An account for somebody who is not known, linked to them from the start.
fn new_account(
    assured: &Assured,
    facts: Facts<'_>,
    now: Timestamp,
    entropy: &mut Entropy,
) -> Result<(Account, Vec<Change>), SignInProblem> {
    let Facts { upstream, tenant, taken, .. } = facts;
    if !upstream.makes_accounts {
        return Err(SignInProblem::NotLinked);
    }
    let told = assured.told();
    let own = |email: &&String| super::domain(email).is_some_and(|domain| domain == tenant.domain);
    let email = told.email.as_ref().filter(|_| told.email_verified).filter(own).ok_or(SignInProblem::NoAddress)?;
    if taken {
        return Err(SignInProblem::AddressTaken);
    }
    let account = Account {
        id: AccountId(entropy.uuid()),
        tenant: tenant.id,
        email: email.clone(),
        email_verified: true,
        name: told.name.clone().unwrap_or_else(|| email.clone()),
        state: AccountState::Active,
        tenant_administrator: false,
        created_at: now,
        changed_at: now,
        claims: StandardClaims::default(),
    };
    let created = Event::new(EventKind::AccountCreated, tenant.id, now, account.email.as_str()).by(account.id);
    let link = Link::of(assured, upstream, account.id, now);
    let changes = vec![
        Change::Record(created),
        Change::CreateAccount { account: Box::new(account.clone()), password: None },
        Change::Record(Event::new(EventKind::UpstreamLinked, tenant.id, now, link.issuer.as_str()).by(account.id)),
        Change::LinkUpstream(link),
    ];
    Ok((account, changes))
}

impl Link {
    fn of(assured: &Assured, upstream: &Upstream, account: AccountId, now: Timestamp) -> Self {
        Self {
            tenant: upstream.tenant,
            issuer: upstream.issuer.clone(),
            subject: assured.subject().to_owned(),
            account,
            linked_at: now,
        }
    }
}

/// Why a link is not made or not taken away, in a sentence for the person.
#[derive(Clone, Copy, PartialEq, Eq, Debug, thiserror::Error)]
pub enum LinkProblem {
    /// An account of another tenant, or one that was disabled.
    #[error("Your account is not one of the directory that this provider is for.")]
    NotYours,
    /// Another account has it.
    #[error("Who signed in there is linked to another account here.")]
    AnotherAccount,
    /// More than anybody uses.
    #[error("An account is linked to at most 5 sign-ins: remove one first.")]
    TooMany,
    /// They did not sign in there as lately as was asked for.
    #[error("The provider does not say that you signed in there just now.")]
    NotFresh,
    /// There is none.
    #[error("Your account is not linked to this.")]
    Unknown,
    /// Without a password it is the only way in.
    #[error("It is the only way in to your account, which has no password.")]
    LastWay,
}

/// Links the account of somebody who is signed in, and has just shown their password, to who signed in at the provider just now. `present`
/// are the account's links, `holder` is the account that is linked to issuer and subject.
pub fn link(
    assured: &Assured,
    upstream: &Upstream,
    account: &Account,
    session: SessionId,
    present: &[Link],
    holder: Option<AccountId>,
    now: Timestamp,
) -> Decision<(), LinkProblem> {
    if account.tenant != upstream.tenant || account.state != AccountState::Active {
        return Decision::refuse(LinkProblem::NotYours);
    }
    match holder {
        Some(holder) if holder == account.id => return Decision::grant(()),
        Some(_) => return Decision::refuse(LinkProblem::AnotherAccount),
        None => {}
    }
    if present.len() >= limits::LINKS_PER_ACCOUNT {
        return Decision::refuse(LinkProblem::TooMany);
    }
    let event = Event::new(EventKind::UpstreamLinked, account.tenant, now, upstream.issuer.as_str());
    Decision::grant(())
        .and(Change::Record(event.by(account.id).within(session)))
        .and(Change::LinkUpstream(Link::of(assured, upstream, account.id, now)))
}

/// Takes a link away, one of `present`. Nobody locks themselves out by it.
pub fn unlink(
    account: &Account,
    session: SessionId,
    present: &[Link],
    (issuer, subject): (&str, &str),
    has_password: bool,
    now: Timestamp,
) -> Decision<(), LinkProblem> {
    let Some(link) = present.iter().find(|link| link.issuer == issuer && link.subject == subject) else {
        return Decision::refuse(LinkProblem::Unknown);
    };
    if !has_password && present.len() == 1 {
        return Decision::refuse(LinkProblem::LastWay);
    }
    let event = Event::new(EventKind::UpstreamUnlinked, account.tenant, now, link.issuer.as_str());
    Decision::grant(())
        .and(Change::Record(event.by(account.id).within(session)))
        .and(Change::UnlinkUpstream(link.clone()))
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use uuid::Uuid;

    use super::super::id_token::ProfileClaims;
    use super::super::id_token::tests::{assured, assured_at};
    use super::super::tests::{ISSUER, an_upstream};
    use super::*;
    use crate::secret::TokenHash;
    use crate::session::BrowserHash;
    use crate::sign_in::tests::an_account;
    use crate::tenant::TenantKind;

    const NOW: Timestamp = Timestamp::from_secs(10_000_000);
    const SESSION: SessionId = SessionId(Uuid::from_u128(0x5e));

    fn harbor() -> Tenant {
        let (name, domain) = ("Harbor".to_owned(), "harbor.test".to_owned());
        Tenant { id: an_account().tenant, kind: TenantKind::Work, name, domain }
    }

    fn told(email: &str, email_verified: bool) -> ProfileClaims {
        ProfileClaims { name: Some("Ana".into()), email: Some(email.into()), email_verified }
    }

    fn attempt(
        assured: &Assured,
        upstream: &Upstream,
        linked: Option<&Account>,
        taken: bool,
        freshness: Freshness,
    ) -> Decision<Session, SignInProblem> {
        let (browser, renewed) = (BrowserHash(TokenHash([1; 32])), BrowserHash(TokenHash([2; 32])));
        let context = SignInContext { browser, renewed, flow: None, address: "127.0.0.1", user_agent: "test" };
        let facts = Facts { upstream, tenant: &harbor(), linked, taken, freshness, started_at: NOW, live: &[] };
        sign_in(assured, facts, context, NOW, &mut Entropy::seeded(1))
    }

    #[test]
    fn who_is_linked_signs_in_whatever_the_provider_calls_them_now() {
        let somebody = assured("ana", told("eve@evil.test", false));
        let decision = attempt(&somebody, &an_upstream(), Some(&an_account()), true, Freshness::default());
        let session = decision.answer.unwrap();
        assert_eq!((session.account, session.authenticated_at), (an_account().id, NOW));
        assert_eq!(session.context, AuthenticationContext::Upstream(somebody.methods()));
        assert!(!decision.changes.iter().any(|change| matches!(change, Change::LinkUpstream(_))));
    }

    #[test]
    fn a_disabled_account_stays_disabled() {
        let disabled = Account { state: AccountState::Disabled, ..an_account() };
        let somebody = assured("ana", ProfileClaims::default());
        let decision = attempt(&somebody, &an_upstream(), Some(&disabled), false, Freshness::default());
        assert_eq!(decision.answer, Err(SignInProblem::Disabled));
        assert!(matches!(&decision.changes[..], [Change::Record(event)] if event.kind == EventKind::SignInFailed));
    }

    #[test]
    fn who_is_not_known_gets_an_account_only_with_a_verified_address_of_the_domain_that_nobody_has() {
        let new = |told: ProfileClaims, taken: bool| {
            attempt(&assured("new", told), &an_upstream(), None, taken, Freshness::default())
        };
        let made = new(told("New@Harbor.test", true), false);
        let account = made.changes.iter().find_map(|change| match change {
            Change::CreateAccount { account, password: None } => Some(account.clone()),
            _ => None,
        });
        let account = account.unwrap();
        assert_eq!((account.email.as_str(), account.name.as_str()), ("New@Harbor.test", "Ana"));
        assert!(!account.tenant_administrator);
        assert_eq!(made.answer.unwrap().account, account.id);
        let linked = |change: &Change| matches!(change, Change::LinkUpstream(link) if link.subject == "new");
        assert!(made.changes.iter().any(linked));
        assert_eq!(new(told("ana@harbor.test", true), true).answer, Err(SignInProblem::AddressTaken));
        for told in [
            told("new@harbor.test", false),
            told("new@shore.test", true),
            told("new@sub.harbor.test", true),
            told("new@harbor.test.evil.test", true),
            ProfileClaims::default(),
        ] {
            assert_eq!(new(told.clone(), false).answer, Err(SignInProblem::NoAddress), "{told:?}");
        }
    }

    #[test]
    fn who_is_not_known_links_first_where_the_tenant_says_so() {
        let upstream = Upstream { makes_accounts: false, ..an_upstream() };
        let somebody = assured("new", told("new@harbor.test", true));
        let decision = attempt(&somebody, &upstream, None, false, Freshness::default());
        assert_eq!(decision.answer, Err(SignInProblem::NotLinked));
        assert!(decision.changes.is_empty());
    }

    #[test]
    fn a_sign_in_that_is_not_fresh_is_none() {
        let anew = Freshness { anew: true, max_age: None };
        let decision =
            attempt(&assured("ana", ProfileClaims::default()), &an_upstream(), Some(&an_account()), false, anew);
        assert_eq!(decision.answer, Err(SignInProblem::NotFresh));
    }

    #[test]
    fn whoever_signed_in_there_so_long_ago_that_a_session_would_be_over_signs_in_there_anew() {
        let signs_in = |ago: Duration| {
            let decision =
                attempt(&assured_at(NOW - ago), &an_upstream(), Some(&an_account()), false, Freshness::default());
            decision.answer.map(|session| session.authenticated_at)
        };
        let longest = limits::SESSION_LIFETIME - limits::SESSION_IDLE;
        let lately = longest - Duration::from_secs(1);
        assert_eq!(signs_in(lately), Ok(NOW - lately));
        assert_eq!(signs_in(longest), Err(SignInProblem::LongAgo));
    }

    fn a_link(subject: &str) -> Link {
        let account = an_account();
        Link {
            tenant: account.tenant,
            issuer: ISSUER.into(),
            subject: subject.into(),
            account: account.id,
            linked_at: NOW,
        }
    }

    #[test]
    fn an_account_is_linked_to_who_is_nobody_elses() {
        let somebody = assured("ana", ProfileClaims::default());
        let linking = |account: &Account, present: &[Link], holder: Option<AccountId>| {
            link(&somebody, &an_upstream(), account, SESSION, present, holder, NOW)
        };
        let made = linking(&an_account(), &[], None);
        assert!(made.changes.contains(&Change::LinkUpstream(a_link("ana"))));
        let again = linking(&an_account(), &[a_link("ana")], Some(an_account().id));
        assert_eq!((again.answer, again.changes.len()), (Ok(()), 0));
        let somebody_else = Some(AccountId(Uuid::from_u128(9)));
        assert_eq!(linking(&an_account(), &[], somebody_else).answer, Err(LinkProblem::AnotherAccount));
        let many: Vec<Link> = (0..5).map(|n| a_link(&n.to_string())).collect();
        assert_eq!(linking(&an_account(), &many, None).answer, Err(LinkProblem::TooMany));
        let guest = Account { tenant: crate::tenant::PERSONAL_TENANT, ..an_account() };
        assert_eq!(linking(&guest, &[], None).answer, Err(LinkProblem::NotYours));
        let disabled = Account { state: AccountState::Disabled, ..an_account() };
        assert_eq!(linking(&disabled, &[], None).answer, Err(LinkProblem::NotYours));
    }

    #[test]
    fn nobody_takes_away_the_only_way_in() {
        let present = [a_link("ana")];
        let unlinking = |present: &[Link], subject: &str, has_password: bool| {
            unlink(&an_account(), SESSION, present, (ISSUER, subject), has_password, NOW).answer
        };
        assert_eq!(unlinking(&present, "ana", true), Ok(()));
        assert_eq!(unlinking(&present, "ana", false), Err(LinkProblem::LastWay));
        assert_eq!(unlinking(&[a_link("ana"), a_link("other")], "ana", false), Ok(()));
        assert_eq!(unlinking(&present, "eve", true), Err(LinkProblem::Unknown));
    }
}
