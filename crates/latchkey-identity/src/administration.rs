//! What administrators of a tenant do to what is in it, by whatever way: pages, commands, the admin API. Each rule asks for the proof that
//! somebody is one, and reaches no further than their tenant.

use crate::account::{Account, AccountId, AccountState, email_key, is_address, is_presentable};
use crate::authorization::{Authorization, EndReason, NotYours};
use crate::change::Change;
use crate::claims::StandardClaims;
use crate::client::{Client, ClientId};
use crate::decision::Decision;
use crate::entropy::Entropy;
use crate::event::{Event, EventKind};
use crate::tenant::{Tenant, TenantId};
use crate::time::Timestamp;

/// Proof that somebody administers a tenant at this moment.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Administrator {
    account: Account,
    client: Option<ClientId>,
}

/// Why somebody may not administer a tenant.
#[derive(Clone, Copy, PartialEq, Eq, Debug, thiserror::Error)]
pub enum NotAnAdministrator {
    /// The token was not given for it.
    #[error("The token does not have the scope of administrators.")]
    Scope,
    /// The person does not administer their tenant.
    #[error("The account is no administrator of its tenant.")]
    Person,
    /// Nobody who could vouches for the app.
    #[error(
        "An app administers by itself only if an administrator of its tenant owns it and it is approved by an administrator."
    )]
    App,
}

impl Administrator {
    /// Whoever runs the server.
    pub const fn of_the_server(account: Account) -> Self {
        Self { account, client: None }
    }

    /// A person, through an app that they authorized for it in `tenant`: in another one they are a guest.
    pub fn in_person(
        account: &Account,
        client: ClientId,
        tenant: TenantId,
        scoped: bool,
    ) -> Result<Self, NotAnAdministrator> {
        if !scoped {
            return Err(NotAnAdministrator::Scope);
        }
        if account.tenant != tenant || !account.tenant_administrator || account.state != AccountState::Active {
            return Err(NotAnAdministrator::Person);
        }
        Ok(Self { account: account.clone(), client: Some(client) })
    }

    /// An app by itself: it stands for its owner, who has to be an administrator of the tenant that it is registered in, and it has to be
    /// vouched for. Whoever may change such an app is an administrator already.
    pub fn through_app(
        client: &Client,
        owner: Option<&Account>,
        tenant: TenantId,
        scoped: bool,
    ) -> Result<Self, NotAnAdministrator> {
        if !scoped {
            return Err(NotAnAdministrator::Scope);
        }
        let owner = owner.filter(|owner| client.owner == Some(owner.id) && client.tenant == tenant);
        match owner {
            Some(owner)
                if client.administrator_approved
                    && owner.tenant == tenant
                    && owner.tenant_administrator
                    && owner.state == AccountState::Active =>
            {
                Ok(Self { account: owner.clone(), client: Some(client.id) })
            }
            _ => Err(NotAnAdministrator::App),
        }
    }

    /// The tenant.
    pub const fn tenant(&self) -> TenantId {
        self.account.tenant
    }

    /// Whether they can vouch that somebody of their tenant has this address: it is of the tenant's own domain, or they run the server.
    fn vouches_for(&self, email: &str, tenant: &Tenant) -> bool {
        let is_own =
            email_key(email).rsplit_once('@').is_some_and(|(_, domain)| domain.eq_ignore_ascii_case(&tenant.domain));
        self.client.is_none() || is_own
    }

    /// As whom they act.
    pub const fn account(&self) -> &Account {
        &self.account
    }

    fn event(&self, kind: EventKind, now: Timestamp, subject: impl Into<String>) -> Change {
        let event = Event::new(kind, self.tenant(), now, subject).by(self.account.id);
        Change::Record(self.client.map_or(event.clone(), |client| event.through(client)))
    }
}

/// An account that is to be made.
#[derive(Clone, Debug)]
pub struct NewAccount {
    /// The address that it signs in with.
    pub email: String,
    /// What people call its holder.
    pub name: String,
    /// It manages the tenant's accounts and apps.
    pub administrator: bool,
    /// What else it tells of its holder.
    pub claims: StandardClaims,
}

/// Why nothing was done about an account, in a sentence for whoever asked.
#[derive(Clone, Copy, PartialEq, Eq, Debug, thiserror::Error)]
pub enum AccountProblem {
    /// It does not have the form of an address.
    #[error("This is no address to sign in with.")]
    Address,
    /// It cannot be shown to people.
    #[error("A name has 1 to 256 characters, none of them hidden.")]
    Name,
    /// It is of a domain that is not the tenant's: whether somebody has it is not told.
    #[error("The address is not of the tenant's own domain.")]
    Elsewhere,
    /// Somebody has it.
    #[error("There is an account with this address already.")]
    Taken,
    /// There is none, or not in this tenant.
    #[error("There is no such account.")]
    Unknown,
    /// It is disabled already.
    #[error("The account is disabled already.")]
    DisabledAlready,
    /// Nobody locks themselves out.
    #[error("An administrator does not disable their own account: another one does.")]
    Own,
}

impl NewAccount {
    /// Whether address and name can be used.
    pub fn check(&self) -> Result<(), AccountProblem> {
        if !is_address(&self.email) {
            return Err(AccountProblem::Address);
        }
        if is_presentable(&self.name) { Ok(()) } else { Err(AccountProblem::Name) }
    }

    /// What its address is found by.
    pub fn key(&self) -> String {
        email_key(&self.email)
    }
}

/// Makes an account in the administrator's tenant. `taken` says whether somebody has its address; `password` is what is kept of one.
pub fn create_account(
    new: NewAccount,
    password: Option<String>,
    taken: bool,
    tenant: &Tenant,
    by: &Administrator,
    now: Timestamp,
    entropy: &mut Entropy,
) -> Decision<Account, AccountProblem> {
    if let Err(problem) = new.check() {
        return Decision::refuse(problem);
    }
    if !by.vouches_for(&new.email, tenant) {
        return Decision::refuse(AccountProblem::Elsewhere);
    }
    if taken {
        return Decision::refuse(AccountProblem::Taken);
    }
    let account = Account {
        id: AccountId(entropy.uuid()),
        tenant: by.tenant(),
        email: new.email,
        // An administrator vouches for it.
        email_verified: true,
        name: new.name,
        state: AccountState::Active,
        tenant_administrator: new.administrator,
        created_at: now,
        changed_at: now,
        claims: new.claims,
    };
    Decision::grant(account.clone())
        .and(by.event(EventKind::AccountCreated, now, account.email.as_str()))
        .and(Change::CreateAccount { account: Box::new(account), password })
}

/// Disables an account: its sessions end, and nothing of it is accepted anywhere.
pub fn disable_account(account: Option<&Account>, by: &Administrator, now: Timestamp) -> Decision<(), AccountProblem> {
    let Some(account) = account.filter(|account| account.tenant == by.tenant()) else {
        return Decision::refuse(AccountProblem::Unknown);
    };
    if account.id == by.account.id {
        return Decision::refuse(AccountProblem::Own);
    }
    if account.state == AccountState::Disabled {
        return Decision::refuse(AccountProblem::DisabledAlready);
    }
    Decision::grant(())
        .and(by.event(EventKind::AccountDisabled, now, account.email.as_str()))
        .and(Change::DisableAccount { account: account.id, at: now })
}

/// Revokes what somebody of the tenant approved. Revoking what has ended is no error.
pub fn revoke_authorization(
    authorization: Option<&Authorization>,
    by: &Administrator,
    now: Timestamp,
) -> Decision<(), NotYours> {
    let Some(authorization) = authorization.filter(|authorization| authorization.tenant == by.tenant()) else {
        return Decision::refuse(NotYours);
    };
    if authorization.ended.is_some() {
        return Decision::grant(());
    }
    let reason = match authorization.account == by.account.id {
        true => EndReason::Revoked,
        false => EndReason::RevokedByAdministrator,
    };
    let scopes = authorization.scopes.to_string();
    let event = Event::new(EventKind::AuthorizationRevoked, authorization.tenant, now, scopes);
    Decision::grant(())
        .and(Change::Record(event.by(by.account.id).about(authorization)))
        .and(Change::EndAuthorization { authorization: authorization.id, at: now, reason })
}

#[cfg(test)]
mod tests {
    use uuid::Uuid;

    use super::*;
    use crate::authorization::tests::an_authorization;
    use crate::authorize::request::tests::harbor;
    use crate::client::registration::tests::a_client;
    use crate::sign_in::tests::an_account;

    const NOW: Timestamp = Timestamp::from_secs(2_000);

    fn an_administrator() -> Account {
        Account { id: AccountId(Uuid::from_u128(0xad)), tenant_administrator: true, ..an_account() }
    }

    fn by() -> Administrator {
        Administrator::of_the_server(an_administrator())
    }

    #[test]
    fn a_person_needs_the_right_and_the_scope() {
        use NotAnAdministrator as E;
        let person = |account: Account, scoped| {
            Administrator::in_person(&account, a_client().id, an_account().tenant, scoped).map(|_| ())
        };
        assert_eq!(person(an_administrator(), true), Ok(()));
        assert_eq!(person(an_administrator(), false), Err(E::Scope));
        assert_eq!(person(an_account(), true), Err(E::Person));
        assert_eq!(person(Account { state: AccountState::Disabled, ..an_administrator() }, true), Err(E::Person));
        let guest = Account { tenant: TenantId(Uuid::from_u128(9)), ..an_administrator() };
        assert_eq!(person(guest, true), Err(E::Person), "an administrator elsewhere is none here");
    }

    #[test]
    fn an_app_by_itself_needs_an_owner_who_is_an_administrator_and_somebody_who_vouches_for_it() {
        let owner = an_administrator();
        let client = Client { owner: Some(owner.id), tenant: owner.tenant, administrator_approved: true, ..a_client() };
        let app = |client: &Client, owner: Option<&Account>, scoped| {
            Administrator::through_app(client, owner, an_account().tenant, scoped).map(|_| ())
        };
        let (app_refused, scope) = (Err(NotAnAdministrator::App), Err(NotAnAdministrator::Scope));
        assert_eq!(app(&client, Some(&owner), true), Ok(()));
        assert_eq!(app(&client, Some(&owner), false), scope);
        assert_eq!(app(&client, None, true), app_refused);
        assert_eq!(app(&client, Some(&Account { tenant_administrator: false, ..owner.clone() }), true), app_refused);
        assert_eq!(app(&client, Some(&Account { state: AccountState::Disabled, ..owner.clone() }), true), app_refused);
        assert_eq!(app(&Client { administrator_approved: false, ..client.clone() }, Some(&owner), true), app_refused);
        let elsewhere = TenantId(Uuid::from_u128(9));
        assert_eq!(Administrator::through_app(&client, Some(&owner), elsewhere, true).map(|_| ()), app_refused);
    }

    #[test]
    fn an_account_is_made_in_the_administrators_tenant_and_once() {
        let new = |email: &str| NewAccount {
            email: email.into(),
            name: "Ben".into(),
            administrator: false,
            claims: StandardClaims::default(),
        };
        let create =
            |email, taken| create_account(new(email), None, taken, &harbor(), &by(), NOW, &mut Entropy::seeded(1));
        let made = create("ben@harbor.test", false);
        assert_eq!(made.answer.unwrap().tenant, by().tenant());
        assert_eq!(made.changes.len(), 2);
        assert_eq!(create("ben@harbor.test", true).answer, Err(AccountProblem::Taken));
        assert_eq!(create("ben", false).answer, Err(AccountProblem::Address));
    }

    #[test]
    fn a_tenants_administrator_vouches_for_addresses_of_its_domain_and_hears_of_no_others() {
        let (account, client) = (an_administrator(), a_client().id);
        let by = Administrator::in_person(&account, client, account.tenant, true).unwrap();
        let create = |email: &str, by: &Administrator, taken| {
            let (email, name, claims) = (email.to_owned(), "Ben".to_owned(), StandardClaims::default());
            let new = NewAccount { email, name, administrator: false, claims };
            create_account(new, None, taken, &harbor(), by, NOW, &mut Entropy::seeded(1)).answer.map(|_| ())
        };
        assert_eq!(create("Ben@Harbor.test", &by, false), Ok(()));
        for email in ["ben@shore.test", "ben@sub.harbor.test", "harbor.test@shore.test"] {
            assert_eq!(create(email, &by, true), Err(AccountProblem::Elsewhere), "{email}");
        }
        assert_eq!(create("ben@shore.test", &self::by(), false), Ok(()), "who runs the server may");
    }

    #[test]
    fn nobody_reaches_into_another_tenant_or_locks_themselves_out() {
        let elsewhere = TenantId(Uuid::from_u128(9));
        let disable = |account: &Account| disable_account(Some(account), &by(), NOW).answer;
        assert_eq!(disable(&an_account()), Ok(()));
        assert_eq!(disable(&Account { tenant: elsewhere, ..an_account() }), Err(AccountProblem::Unknown));
        assert_eq!(
            disable(&Account { state: AccountState::Disabled, ..an_account() }),
            Err(AccountProblem::DisabledAlready)
        );
        assert_eq!(disable(&an_administrator()), Err(AccountProblem::Own));
        let theirs = Authorization { tenant: elsewhere, ..an_authorization() };
        assert_eq!(revoke_authorization(Some(&theirs), &by(), NOW).answer, Err(NotYours));
        let own = Authorization { tenant: by().tenant(), ..an_authorization() };
        let ends_for = |account| {
            let decision = revoke_authorization(Some(&Authorization { account, ..own.clone() }), &by(), NOW);
            let [_, Change::EndAuthorization { reason, .. }] = decision.changes[..] else { panic!("it does not end") };
            reason
        };
        assert_eq!(ends_for(own.account), EndReason::RevokedByAdministrator);
        assert_eq!(ends_for(an_administrator().id), EndReason::Revoked, "it is their own");
        assert_eq!(revoke_authorization(None, &by(), NOW).answer, Err(NotYours));
    }
}
