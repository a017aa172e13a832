//! What may happen once happens once, and what comes second leaves nothing.

use latchkey_identity::Change;
use latchkey_identity::account::{Account, AccountId};
use latchkey_identity::authorization::{Authorization, AuthorizationId, EndReason};
use latchkey_identity::client::{Client, ClientId, ClientState};
use latchkey_identity::event::{Event, EventKind};
use latchkey_identity::grant::device_code::DeviceCode;
use latchkey_identity::secret::TokenHash;
use latchkey_identity::session::{Session, SessionId};
use latchkey_identity::tenant::{Tenant, TenantId};
use latchkey_identity::token::family::{FamilyId, TokenFamily};
use latchkey_store::{CommitError, Store};
use latchkey_testkit::databases::on_both_databases;

use crate::builders::*;

/// The change is lost, and the event that came with it is not on record.
async fn is_lost(store: &Store, change: Change) {
    let before = store.audit_events(harbor().id.0, None, 100).await.unwrap().len();
    let event = Change::Record(Event::new(EventKind::PolicyChanged, harbor().id, NOW, ""));
    assert_eq!(commit(store, vec![event, change.clone()]).await, Err(CommitError::Lost), "{change:?}");
    assert_eq!(store.audit_events(harbor().id.0, None, 100).await.unwrap().len(), before);
}

/// The change is made once, and lost the second time.
async fn once(store: &Store, change: Change) {
    with(store, vec![change.clone()]).await;
    is_lost(store, change).await;
}

fn revoke() -> Change {
    Change::EndAuthorization { authorization: an_authorization().id, at: later(9), reason: EndReason::Revoked }
}

#[test]
fn once_means_once() {
    on_both_databases(async |store| {
        with_everything(&store, &an_authorization()).await;
        with(&store, vec![Change::StartFlow(Box::new(a_flow()))]).await;
        once(&store, Change::RedeemCode { code: a_code().hash, at: later(9) }).await;
        once(&store, rotate(0, later(9))).await;
        once(&store, Change::EndFlow { flow: a_flow().id, at: later(9) }).await;
        with(&store, vec![Change::Push(Box::new(a_pushed_request()))]).await;
        once(&store, Change::StartDevice(Box::new(a_device()))).await;
        let same_user_code = DeviceCode { hash: TokenHash([0xe; 32]), ..a_device() };
        is_lost(&store, Change::StartDevice(Box::new(same_user_code))).await;
        once(&store, Change::AnswerDevice { device: a_device().hash, approved: true, at: later(9) }).await;
        once(&store, Change::UsePushed { request: a_pushed_request().hash, at: later(9) }).await;
        is_lost(&store, Change::IssueCode(Box::new(a_code()))).await;
        once(&store, Change::EndSession { session: a_session().id, at: later(9) }).await;
        once(&store, revoke()).await;
        once(&store, Change::RemoveSecret { client: burndown().id, secret: a_secret(1).id }).await;
        once(&store, Change::DisableAccount { account: ana().id, at: later(9) }).await;
        once(&store, Change::DeleteClient { client: burndown().id, at: later(9) }).await;
    });
}

#[test]
fn what_is_there_already_is_not_made_again() {
    on_both_databases(async |store| {
        with_everything(&store, &an_authorization()).await;
        is_lost(&store, Change::CreateTenant(Tenant { id: TenantId(id(99)), ..harbor() })).await;
        let same_address = Account { id: AccountId(id(99)), email: "ANA@harbor.test".into(), ..ana() };
        is_lost(&store, create(&same_address, None)).await;
        is_lost(&store, register(&burndown())).await;
        let second = Authorization { id: AuthorizationId(id(99)), ..an_authorization() };
        is_lost(&store, authorize(&second)).await;
        is_lost(&store, start_family(&a_family())).await;

        // Another tenant is another authorization, and so is the one after the end of the first.
        with(&store, vec![authorize(&Authorization { tenant: shore().id, ..second.clone() })]).await;
        with(&store, vec![revoke(), authorize(&Authorization { id: AuthorizationId(id(98)), ..second })]).await;
    });
}

#[test]
fn nothing_is_given_to_an_app_that_is_gone() {
    on_both_databases(async |store| {
        with_everything(&store, &an_authorization()).await;
        with(&store, vec![Change::DeleteClient { client: burndown().id, at: later(9) }]).await;
        is_lost(&store, authorize(&Authorization { id: AuthorizationId(id(99)), ..an_authorization() })).await;
        is_lost(&store, authorize(&Authorization { client: ClientId(id(99)), ..an_authorization() })).await;
    });
}

#[test]
fn a_change_is_made_against_the_version_it_was_read_at() {
    on_both_databases(async |store| {
        with_everything(&store, &an_authorization()).await;
        let renamed = Client { name: "Burnup".into(), version: 2, redirect_uris: vec![], ..burndown() };
        let change = Change::ChangeClient { client: Box::new(renamed.clone()), from_version: 1 };
        once(&store, change).await;
        assert_eq!(store.client(renamed.id).await.unwrap().as_deref(), Some(&renamed));

        let add = |from_version| Change::AddSecret { client: renamed.id, secret: a_secret(3), from_version };
        is_lost(&store, add(1)).await;
        once(&store, add(2)).await;
        assert_eq!(store.client(renamed.id).await.unwrap().unwrap().secrets.len(), 3);
        assert_eq!(store.client(renamed.id).await.unwrap().unwrap().version, 3);

        let state = |state| Change::SetClientState { client: renamed.id, state };
        with(&store, vec![state(ClientState::Suspended)]).await;
        assert_eq!(store.client(renamed.id).await.unwrap().unwrap().state, ClientState::Suspended);
        with(&store, vec![state(ClientState::Active)]).await;
        assert_eq!(store.client(renamed.id).await.unwrap().unwrap().state, ClientState::Active);

        let changed = Authorization { version: 2, ..an_authorization() };
        let change = Change::ChangeAuthorization { authorization: Box::new(changed), from_version: 1 };
        once(&store, change).await;
    });
}

#[test]
fn nothing_begins_or_goes_on_below_an_authorization_that_has_ended() {
    on_both_databases(async |store| {
        with_everything(&store, &an_authorization()).await;
        with(&store, vec![revoke()]).await;
        is_lost(&store, rotate(0, later(10))).await;
        is_lost(&store, start_family(&TokenFamily { id: FamilyId(id(99)), ..a_family() })).await;
        let changed = Authorization { version: 2, ..an_authorization() };
        is_lost(&store, Change::ChangeAuthorization { authorization: Box::new(changed), from_version: 1 }).await;
        assert_eq!(store.family(FamilyId(id(99))).await.unwrap(), None);
    });
}

#[test]
fn nothing_begins_or_goes_on_below_a_paused_authorization_until_it_is_resumed() {
    on_both_databases(async |store| {
        with_everything(&store, &an_authorization()).await;
        let change = |paused_at, version| Change::ChangeAuthorization {
            authorization: Box::new(Authorization { paused_at, version, ..an_authorization() }),
            from_version: version - 1,
        };
        let second = || start_family(&TokenFamily { id: FamilyId(id(99)), ..a_family() });
        with(&store, vec![change(Some(later(9)), 2)]).await;
        is_lost(&store, rotate(0, later(10))).await;
        is_lost(&store, second()).await;
        let (family, authorization) = store.family(a_family().id).await.unwrap().unwrap();
        assert_eq!((family, authorization.paused_at), (a_family(), Some(later(9))));
        with(&store, vec![change(None, 3)]).await;
        once(&store, rotate(0, later(11))).await;
        with(&store, vec![second()]).await;
    });
}

#[test]
fn a_family_that_has_ended_does_not_rotate_and_ends_once_more_without_harm() {
    on_both_databases(async |store| {
        with_everything(&store, &an_authorization()).await;
        let end = |at| Change::EndTokenFamily { family: a_family().id, at };
        with(&store, vec![end(later(9))]).await;
        with(&store, vec![end(later(10))]).await;
        is_lost(&store, rotate(0, later(11))).await;
        assert_eq!(store.family(a_family().id).await.unwrap().unwrap().0.ended_at, Some(later(9)));
        // A code may be burned before anything came of it.
        with(&store, vec![Change::EndTokenFamily { family: FamilyId(id(99)), at: NOW }]).await;
    });
}

#[test]
fn what_was_given_for_a_session_ends_with_it() {
    on_both_databases(async |store| {
        with_everything(&store, &for_this_session()).await;
        let other = Authorization { id: AuthorizationId(id(97)), tenant: shore().id, ..an_authorization() };
        with(&store, vec![authorize(&other)]).await;
        with(&store, vec![Change::EndSession { session: a_session().id, at: later(9) }]).await;
        let (family, authorization) = store.family(a_family().id).await.unwrap().unwrap();
        assert_eq!(authorization.ended, Some((later(9), EndReason::SessionEnded)));
        assert_eq!(family.ended_at, Some(later(9)));
        is_lost(&store, rotate(0, later(10))).await;
        assert_eq!(store.authorization(other.id).await.unwrap().unwrap().ended, None);

        // Nor is anything given for a session that is over.
        is_lost(&store, authorize(&for_this_session())).await;
        with(&store, vec![authorize(&Authorization { id: AuthorizationId(id(96)), ..an_authorization() })]).await;
    });
}

#[test]
fn an_account_that_is_disabled_loses_its_sessions_and_what_hangs_on_them() {
    on_both_databases(async |store| {
        with_everything(&store, &for_this_session()).await;
        let bens = Session { id: SessionId(id(7)), account: ben().id, ..a_session() };
        with(&store, vec![Change::StartSession(Box::new(bens.clone()))]).await;
        with(&store, vec![Change::DisableAccount { account: ana().id, at: later(9) }]).await;
        assert_eq!(store.session(a_session().id).await.unwrap().unwrap().ended_at, Some(later(9)));
        assert_eq!(store.sessions_in_browser(a_browser(1), later(70)).await.unwrap(), [bens]);
        let (family, authorization) = store.family(a_family().id).await.unwrap().unwrap();
        assert_eq!(authorization.ended, Some((later(9), EndReason::SessionEnded)));
        assert_eq!(family.ended_at, Some(later(9)));
        is_lost(&store, rotate(0, later(10))).await;
    });
}

#[test]
fn with_an_app_goes_everything_below_it() {
    on_both_databases(async |store| {
        with_everything(&store, &an_authorization()).await;
        with(&store, vec![Change::DeleteClient { client: burndown().id, at: later(9) }]).await;
        assert_eq!(store.client(burndown().id).await.unwrap(), None);
        assert_eq!(store.clients_owned_by(ana().id).await.unwrap(), []);
        let (family, authorization) = store.family(a_family().id).await.unwrap().unwrap();
        assert_eq!(authorization.ended, Some((later(9), EndReason::AppDeleted)));
        assert_eq!(family.ended_at, Some(later(9)));
        is_lost(&store, rotate(0, later(10))).await;
        is_lost(&store, Change::AddSecret { client: burndown().id, secret: a_secret(3), from_version: 2 }).await;
        is_lost(&store, Change::ChangeClient { client: Box::new(burndown()), from_version: 2 }).await;
    });
}
