//! Registering an upstream provider: what the administrators of a work tenant decide.

use super::{Upstream, UpstreamId};
use crate::account::{Account, AccountState, is_presentable};
use crate::change::Change;
use crate::client::federated_credential::is_issuer;
use crate::decision::Decision;
use crate::entropy::Entropy;
use crate::event::{Event, EventKind};
use crate::key_rotation::Sealed;
use crate::limits;
use crate::tenant::{Tenant, TenantId, TenantKind};
use crate::time::Timestamp;

/// What is asked for unless something else is.
pub const USUAL_SCOPES: &str = "openid profile email";

/// An upstream provider as it was typed.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
#[allow(missing_docs, reason = "as in Upstream")]
pub struct Registration {
    pub name: String,
    pub issuer: String,
    pub client_id: String,
    pub scopes: String,
    pub home_realm: bool,
    pub makes_accounts: bool,
    pub passwords: bool,
}

/// What becomes of the secret.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum NewSecret {
    /// It stays as it is: the usual case of a change.
    Keep,
    /// There is none: we sign with a key of our own.
    OwnKey,
    /// This one, encrypted.
    Sealed(Sealed),
}

/// Why nothing was done about an upstream provider, in a sentence for whoever asked.
#[derive(Clone, Copy, PartialEq, Eq, Debug, thiserror::Error)]
pub enum UpstreamProblem {
    /// Only who administers the tenant.
    #[error("Only an administrator of the directory decides this.")]
    NotYours,
    /// The personal tenant has passwords.
    #[error("Only a work directory signs its people in elsewhere.")]
    Personal,
    /// It cannot be shown on a button.
    #[error("A name has 1 to 60 characters, none of them hidden.")]
    Name,
    /// No address, or our own.
    #[error(
        "An issuer is an https address without query or fragment, as the provider's metadata has it, and not one of this server."
    )]
    Issuer,
    /// It stays as it is.
    #[error("The issuer stays: people are linked by it. Remove the provider and add the other one.")]
    IssuerStays,
    /// No client id.
    #[error("A client id has 1 to 256 characters, none of them hidden.")]
    ClientId,
    /// No words of the `scope` parameter, or without `openid`.
    #[error("Scopes are words with a blank in between, and `openid` is one of them.")]
    Scopes,
    /// Not a secret that was generated.
    #[error("A secret has 1 to 1,024 visible characters.")]
    Secret,
    /// The tenant has it already.
    #[error("There is a provider with this issuer already.")]
    Known,
    /// Another one has it.
    #[error("People of the domain are sent to another provider already.")]
    HomeRealm,
    /// More buttons than a page should have.
    #[error("A directory has at most 5 providers: remove one first.")]
    TooMany,
    /// There is none, or not in this tenant.
    #[error("There is no such provider.")]
    Unknown,
}

/// Whether a secret can be sent, whatever its provider makes of it.
pub fn check_secret(secret: &str) -> Result<(), UpstreamProblem> {
    let visible = secret.bytes().all(|byte| byte.is_ascii_graphic());
    if visible && (1..=limits::UPSTREAM_SECRET_BYTES).contains(&secret.len()) {
        Ok(())
    } else {
        Err(UpstreamProblem::Secret)
    }
}

impl Registration {
    /// Whether all of it can be used. `origins` are ours, `others` the tenant's other providers.
    fn check(&self, origins: &[String], others: &[&Upstream]) -> Result<(), UpstreamProblem> {
        if !is_presentable(&self.name) || self.name.chars().count() > limits::UPSTREAM_NAME_CHARACTERS {
            return Err(UpstreamProblem::Name);
        }
        if !is_issuer(&self.issuer, origins) {
            return Err(UpstreamProblem::Issuer);
        }
        if !is_presentable(&self.client_id) {
            return Err(UpstreamProblem::ClientId);
        }
        let word = |word: &str| word.bytes().all(|byte| byte.is_ascii_graphic() && !matches!(byte, b'"' | b'\\'));
        let mut words = self.scopes.split(' ');
        let asks_for_identity = words.clone().any(|word| word == "openid");
        if !asks_for_identity || !words.all(word) || self.scopes.len() > limits::UPSTREAM_SCOPE_BYTES {
            return Err(UpstreamProblem::Scopes);
        }
        if others.iter().any(|other| other.issuer == self.issuer) {
            return Err(UpstreamProblem::Known);
        }
        if self.home_realm && others.iter().any(|other| other.home_realm) {
            return Err(UpstreamProblem::HomeRealm);
        }
        if others.len() >= limits::UPSTREAMS_PER_TENANT {
            return Err(UpstreamProblem::TooMany);
        }
        Ok(())
    }
}

fn administers(by: &Account, tenant: TenantId) -> Result<(), UpstreamProblem> {
    let may = by.tenant == tenant && by.tenant_administrator && by.state == AccountState::Active;
    if may { Ok(()) } else { Err(UpstreamProblem::NotYours) }
}

/// What a registration is compared with.
#[derive(Clone, Copy, Debug)]
pub struct Facts<'a> {
    /// The tenant.
    pub tenant: &'a Tenant,
    /// The providers that it has.
    pub present: &'a [Upstream],
    /// Our own origins.
    pub origins: &'a [String],
}

/// Adds a provider. It gets the id that its secret was encrypted for.
pub fn add(
    typed: &Registration,
    id: UpstreamId,
    secret: Option<Sealed>,
    facts: Facts<'_>,
    by: &Account,
    now: Timestamp,
) -> Decision<Upstream, UpstreamProblem> {
    let Facts { tenant, present, origins } = facts;
    let others: Vec<&Upstream> = present.iter().collect();
    let kind = if tenant.kind == TenantKind::Work { Ok(()) } else { Err(UpstreamProblem::Personal) };
    if let Err(problem) = administers(by, tenant.id).and(kind).and_then(|()| typed.check(origins, &others)) {
        return Decision::refuse(problem);
    }
    let Registration { name, issuer, client_id, scopes, home_realm, makes_accounts, passwords } = typed.clone();
    let upstream = Upstream {
        id,
        tenant: tenant.id,
        name,
        issuer,
        client_id,
        secret,
        scopes,
        home_realm,
        makes_accounts,
        passwords,
        created_at: now,
        version: 1,
    };
    Decision::grant(upstream.clone())
        .and(recorded(EventKind::UpstreamAdded, &upstream, by, now))
        .and(Change::AddUpstream(Box::new(upstream)))
}

/// Changes a provider that is there. Sign-ins that are on their way to it begin anew.
pub fn change(
    typed: &Registration,
    id: UpstreamId,
    secret: NewSecret,
    facts: Facts<'_>,
    by: &Account,
    now: Timestamp,
) -> Decision<Upstream, UpstreamProblem> {
    let Facts { present, origins, .. } = facts;
    let Some(before) = present.iter().find(|upstream| upstream.id == id) else {
        return Decision::refuse(UpstreamProblem::Unknown);
    };
    let others: Vec<&Upstream> = present.iter().filter(|upstream| upstream.id != id).collect();
    let same = if typed.issuer == before.issuer { Ok(()) } else { Err(UpstreamProblem::IssuerStays) };
    if let Err(problem) = administers(by, before.tenant).and(same).and_then(|()| typed.check(origins, &others)) {
        return Decision::refuse(problem);
    }
    let Registration { name, client_id, scopes, home_realm, makes_accounts, passwords, .. } = typed.clone();
    let upstream = Upstream {
        name,
        client_id,
        scopes,
        home_realm,
        makes_accounts,
        passwords,
        secret: match secret {
            NewSecret::Keep => before.secret.clone(),
            NewSecret::OwnKey => None,
            NewSecret::Sealed(sealed) => Some(sealed),
        },
        version: before.version + 1,
        ..before.clone()
    };
    Decision::grant(upstream.clone())
        .and(recorded(EventKind::UpstreamChanged, &upstream, by, now))
        .and(Change::ChangeUpstream { upstream: Box::new(upstream), from_version: before.version })
}

/// Removes a provider, and with it what its people are linked by.
pub fn remove(
    id: UpstreamId,
    present: &[Upstream],
    by: &Account,
    now: Timestamp,
) -> Decision<Upstream, UpstreamProblem> {
    let Some(before) = present.iter().find(|upstream| upstream.id == id) else {
        return Decision::refuse(UpstreamProblem::Unknown);
    };
    if let Err(problem) = administers(by, before.tenant) {
        return Decision::refuse(problem);
    }
    let (tenant, issuer) = (before.tenant, before.issuer.clone());
    Decision::grant(before.clone())
        .and(recorded(EventKind::UpstreamRemoved, before, by, now))
        .and(Change::RemoveUpstream { upstream: id, tenant, issuer })
}

/// A new id: a secret is encrypted for it before anything is kept.
pub fn fresh_id(entropy: &mut Entropy) -> UpstreamId {
    UpstreamId(entropy.uuid())
}

/// What a secret is encrypted for, so that it opens nowhere else.
pub fn sealing_context(id: UpstreamId) -> [u8; 16] {
    id.0.into_bytes()
}

fn recorded(kind: EventKind, upstream: &Upstream, by: &Account, now: Timestamp) -> Change {
    Change::Record(Event::new(kind, upstream.tenant, now, upstream.issuer.as_str()).by(by.id))
}

#[cfg(test)]
mod tests {
    use super::super::tests::{ISSUER, an_upstream};
    use super::*;
    use crate::sign_in::tests::an_account;

    const NOW: Timestamp = Timestamp::from_secs(1_000);
    const OURS: &str = "https://id.test";

    fn harbor() -> Tenant {
        let (name, domain) = ("Harbor".to_owned(), "harbor.test".to_owned());
        Tenant { id: an_account().tenant, kind: TenantKind::Work, name, domain }
    }

    fn administrator() -> Account {
        Account { tenant_administrator: true, ..an_account() }
    }

    fn typed() -> Registration {
        Registration {
            name: "Harbor Login".into(),
            issuer: ISSUER.into(),
            client_id: "latchkey".into(),
            scopes: USUAL_SCOPES.into(),
            home_realm: true,
            makes_accounts: true,
            passwords: true,
        }
    }

    fn adds(typed: &Registration, present: &[Upstream], by: &Account) -> Result<Upstream, UpstreamProblem> {
        let facts = Facts { tenant: &harbor(), present, origins: &[OURS.to_owned()] };
        let decision = add(typed, fresh_id(&mut Entropy::seeded(1)), None, facts, by, NOW);
        assert_eq!(decision.changes.is_empty(), decision.answer.is_err(), "what is refused changes nothing");
        decision.answer
    }

    #[test]
    fn an_administrator_of_a_work_tenant_adds_a_provider() {
        let added = adds(&typed(), &[], &administrator()).unwrap();
        assert_eq!((added.issuer.as_str(), added.tenant, added.version), (ISSUER, harbor().id, 1));
        assert_eq!(adds(&typed(), &[], &an_account()), Err(UpstreamProblem::NotYours));
        let elsewhere = Account { tenant: crate::tenant::PERSONAL_TENANT, ..administrator() };
        assert_eq!(adds(&typed(), &[], &elsewhere), Err(UpstreamProblem::NotYours));
        let disabled = Account { state: AccountState::Disabled, ..administrator() };
        assert_eq!(adds(&typed(), &[], &disabled), Err(UpstreamProblem::NotYours));
        let personal = Tenant { kind: TenantKind::Personal, ..harbor() };
        let facts = Facts { tenant: &personal, present: &[], origins: &[] };
        let decision = add(&typed(), an_upstream().id, None, facts, &administrator(), NOW);
        assert_eq!(decision.answer, Err(UpstreamProblem::Personal));
    }

    #[test]
    fn what_cannot_be_used_is_refused_with_its_reason() {
        let with = |edit: &dyn Fn(&mut Registration)| {
            let mut typed = typed();
            edit(&mut typed);
            adds(&typed, &[], &administrator()).unwrap_err()
        };
        for issuer in [
            "",
            "http://login.upstream.test",
            "https://login.upstream.test?x=1",
            "https://login.upstream.test/#x",
            "https://u:p@login.upstream.test",
            "https://id.test",
            "https://id.test/harbor",
        ] {
            assert_eq!(with(&|typed| typed.issuer = issuer.into()), UpstreamProblem::Issuer, "{issuer}");
        }
        for name in ["", " ", "a\u{202e}b", &"x".repeat(61)] {
            assert_eq!(with(&|typed| typed.name = name.into()), UpstreamProblem::Name, "{name}");
        }
        for scopes in ["", "profile", "openid \"", "openid\nemail", &format!("openid {}", "x".repeat(2_000))] {
            assert_eq!(with(&|typed| typed.scopes = scopes.into()), UpstreamProblem::Scopes, "{scopes}");
        }
        assert_eq!(with(&|typed| typed.client_id = String::new()), UpstreamProblem::ClientId);
        for secret in ["", "a b", "\u{e9}", &"x".repeat(1_025)] {
            assert_eq!(check_secret(secret), Err(UpstreamProblem::Secret), "{secret}");
        }
    }

    #[test]
    fn a_tenant_has_five_providers_each_once_and_one_for_its_domain() {
        assert_eq!(adds(&typed(), &[an_upstream()], &administrator()), Err(UpstreamProblem::Known));
        let other = Registration { issuer: "https://other.test".into(), ..typed() };
        assert_eq!(adds(&other, &[an_upstream()], &administrator()), Err(UpstreamProblem::HomeRealm));
        let other = Registration { home_realm: false, ..other };
        assert!(adds(&other, &[an_upstream()], &administrator()).is_ok());
        let five: Vec<Upstream> =
            (0..5).map(|n| Upstream { issuer: format!("https://{n}.test"), ..an_upstream() }).collect();
        assert_eq!(adds(&other, &five, &administrator()), Err(UpstreamProblem::TooMany));
    }

    #[test]
    fn a_change_keeps_the_issuer_and_the_secret_unless_another_is_given() {
        let sealed = Some(Sealed(vec![1]));
        let present = [Upstream { secret: sealed.clone(), ..an_upstream() }];
        let change = |typed: &Registration, secret: NewSecret, by: &Account| {
            let facts = Facts { tenant: &harbor(), present: &present, origins: &[OURS.to_owned()] };
            change(typed, an_upstream().id, secret, facts, by, NOW).answer
        };
        let renamed = Registration { name: "Lighthouse".into(), passwords: false, ..typed() };
        let changed = change(&renamed, NewSecret::Keep, &administrator()).unwrap();
        assert_eq!((changed.name.as_str(), changed.passwords, changed.version), ("Lighthouse", false, 2));
        assert_eq!(changed.secret, sealed);
        assert_eq!(change(&renamed, NewSecret::OwnKey, &administrator()).unwrap().secret, None);
        let other = Registration { issuer: "https://other.test".into(), ..typed() };
        assert_eq!(change(&other, NewSecret::Keep, &administrator()), Err(UpstreamProblem::IssuerStays));
        assert_eq!(change(&renamed, NewSecret::Keep, &an_account()), Err(UpstreamProblem::NotYours));
    }

    #[test]
    fn a_provider_is_removed_by_who_administers_its_tenant() {
        let present = [an_upstream()];
        assert_eq!(remove(an_upstream().id, &present, &an_account(), NOW).answer, Err(UpstreamProblem::NotYours));
        assert_eq!(remove(an_upstream().id, &[], &administrator(), NOW).answer, Err(UpstreamProblem::Unknown));
        let removed = remove(an_upstream().id, &present, &administrator(), NOW);
        let issuer = ISSUER.to_owned();
        let gone = Change::RemoveUpstream { upstream: an_upstream().id, tenant: an_upstream().tenant, issuer };
        assert!(removed.changes.contains(&gone));
    }
}
