//! What is held in memory is what is true, as soon as the change is acknowledged; and it is not asked for twice.

use latchkey_identity::account::AccountState;
use latchkey_identity::authorization::{Authorization, AuthorizationId, EndReason};
use latchkey_identity::client::{Client, ClientState};
use latchkey_identity::session::{Session, SessionId};
use latchkey_identity::token::app_token::AppTokenId;
use latchkey_identity::{Change, Timestamp};
use latchkey_testkit::databases::{on_both_databases, on_both_engines};

use crate::builders::*;

#[test]
fn what_was_read_once_costs_no_statement_again() {
    on_both_databases(async |store| {
        with_everything(&store, &an_authorization()).await;
        let read = async || {
            assert!(store.client(burndown().id).await.unwrap().is_some());
            assert!(store.account(ana().id).await.unwrap().is_some());
            assert!(store.authorization(an_authorization().id).await.unwrap().is_some());
            assert!(store.tenant(harbor().id).await.unwrap().is_some());
            assert!(store.tenant_by_domain("harbor.test").await.unwrap().is_some());
        };
        read().await;
        let before = store.counters();
        read().await;
        assert_eq!(store.counters(), before);
    });
}

#[test]
fn a_client_is_known_as_it_is_right_after_its_change() {
    on_both_databases(async |store| {
        assert_eq!(store.client(burndown().id).await.unwrap(), None);
        with(&store, vec![register(&burndown())]).await;
        assert_eq!(store.client(burndown().id).await.unwrap().as_deref(), Some(&burndown()));
        with(&store, vec![Change::SetClientState { client: burndown().id, state: ClientState::Suspended }]).await;
        let suspended = Client { state: ClientState::Suspended, version: 2, ..burndown() };
        assert_eq!(store.client(burndown().id).await.unwrap().as_deref(), Some(&suspended));
        with(&store, vec![Change::RemoveSecret { client: burndown().id, secret: a_secret(1).id }]).await;
        assert_eq!(store.client(burndown().id).await.unwrap().unwrap().secrets, [a_secret(2)]);
        with(&store, vec![Change::DeleteClient { client: burndown().id, at: NOW }]).await;
        assert_eq!(store.client(burndown().id).await.unwrap(), None);
    });
}

#[test]
fn an_account_is_known_as_it_is_right_after_its_change() {
    on_both_databases(async |store| {
        with(&store, vec![Change::CreateTenant(harbor()), create(&ana(), None)]).await;
        assert_eq!(store.account(ana().id).await.unwrap().unwrap().guest_of, []);
        with(&store, vec![Change::AddGuest { tenant: shore().id, account: ana().id }]).await;
        assert_eq!(store.account(ana().id).await.unwrap().unwrap().guest_of, [shore().id]);
        with(&store, vec![Change::DisableAccount { account: ana().id, at: NOW }]).await;
        assert_eq!(store.account(ana().id).await.unwrap().unwrap().account.state, AccountState::Disabled);
    });
}

#[test]
fn an_authorization_is_known_as_it_is_right_after_its_change() {
    on_both_databases(async |store| {
        with_everything(&store, &an_authorization()).await;
        assert_eq!(store.authorization(an_authorization().id).await.unwrap().as_deref(), Some(&an_authorization()));
        let changed = Authorization { version: 2, scopes: an_authorization().asked, ..an_authorization() };
        let change = Change::ChangeAuthorization { authorization: Box::new(changed.clone()), from_version: 1 };
        with(&store, vec![change]).await;
        assert_eq!(store.authorization(changed.id).await.unwrap().as_deref(), Some(&changed));
        let end = Change::EndAuthorization { authorization: changed.id, at: later(9), reason: EndReason::Revoked };
        with(&store, vec![end]).await;
        let ended = store.authorization(changed.id).await.unwrap().unwrap().ended;
        assert_eq!(ended, Some((later(9), EndReason::Revoked)));
    });
}

#[test]
fn what_ends_with_its_session_its_account_or_its_app_is_known_to_have_ended() {
    let ends = [
        (Change::EndSession { session: a_session().id, at: later(9) }, EndReason::SessionEnded),
        (Change::DisableAccount { account: ana().id, at: later(9) }, EndReason::SessionEnded),
        (Change::DeleteClient { client: burndown().id, at: later(9) }, EndReason::AppDeleted),
    ];
    for (end, reason) in ends {
        on_both_databases(async |store| {
            with_everything(&store, &for_this_session()).await;
            let known = async || store.authorization(an_authorization().id).await.unwrap().unwrap().ended;
            assert_eq!(known().await, None);
            let before = store.counters();
            assert_eq!(known().await, None);
            assert_eq!(store.counters(), before);
            with(&store, vec![end.clone()]).await;
            assert_eq!(known().await, Some((later(9), reason)));
            let before = store.counters();
            assert_eq!(known().await, Some((later(9), reason)));
            assert_eq!(store.counters(), before);
        });
    }
}

#[test]
fn a_family_is_known_to_have_ended_also_after_a_restart() {
    on_both_engines(async |database| {
        let end = |at: Timestamp| Change::EndTokenFamily { family: a_family().id, at };
        let store = database.open().await;
        with_everything(&store, &an_authorization()).await;
        assert!(!store.family_ended(a_family().id));
        with(&store, vec![end(later(9))]).await;
        assert!(store.family_ended(a_family().id));
        drop(store);
        let store = database.open().await;
        assert!(store.family_ended(a_family().id));
    });
}

#[test]
fn an_app_token_is_known_to_have_ended_also_after_a_restart() {
    on_both_engines(async |database| {
        let (one, other) = (uuid::Uuid::from_u128(1), uuid::Uuid::from_u128(2));
        let token = AppTokenId { client: burndown().id, credential: a_secret(1).id, unique: one };
        let store = database.open().await;
        for _ in 0..2 {
            with(&store, vec![Change::EndAppToken { token, at: later(9) }]).await;
            assert!(store.app_token_ended(one) && !store.app_token_ended(other));
        }
        drop(store);
        let store = database.open().await;
        assert!(store.app_token_ended(one) && !store.app_token_ended(other));
    });
}

#[test]
fn what_is_remembered_of_a_family_goes_on_with_each_rotation_and_is_forgotten_at_its_end() {
    on_both_databases(async |store| {
        with_everything(&store, &an_authorization()).await;
        let remembered = async || {
            let found = store.remembered_family(a_family().id).await.unwrap();
            found.map(|(family, _)| (family.generation, family.rotated_at))
        };
        assert_eq!(remembered().await, None, "nobody has asked for it yet");
        store.family(a_family().id).await.unwrap();
        assert_eq!(remembered().await, Some((0, a_family().rotated_at)));
        with(&store, vec![rotate(0, later(5))]).await;
        with(&store, vec![rotate(1, later(6))]).await;
        assert_eq!(remembered().await, Some((2, later(6))));
        let (family, given) = store.family(a_family().id).await.unwrap().unwrap();
        let (kept, above) = store.remembered_family(a_family().id).await.unwrap().unwrap();
        assert_eq!((&*kept, &*above), (&family, &given), "memory and database agree");
        with(&store, vec![Change::EndTokenFamily { family: a_family().id, at: later(9) }]).await;
        assert_eq!(remembered().await, None);
    });
}

#[test]
fn what_is_remembered_above_a_family_is_the_authorization_as_it_is_now() {
    on_both_databases(async |store| {
        with_everything(&store, &an_authorization()).await;
        store.family(a_family().id).await.unwrap();
        let end =
            Change::EndAuthorization { authorization: an_authorization().id, at: later(9), reason: EndReason::Revoked };
        with(&store, vec![end]).await;
        assert_eq!(store.remembered_family(a_family().id).await.unwrap(), None, "it is read anew");
    });
}

#[test]
fn a_code_is_remembered_until_it_is_asked_for() {
    on_both_databases(async |store| {
        with_everything(&store, &an_authorization()).await;
        let asked = async || store.remembered_code(a_code().hash).await.unwrap().map(|(code, _)| (*code).clone());
        assert_eq!(asked().await, None);
        store.remember_code(a_code());
        assert_eq!(asked().await, Some(a_code()));
        assert_eq!(asked().await, None, "the second time the database is asked, which knows whether it was redeemed");
    });
}

#[test]
fn the_sessions_of_a_browser_are_known_as_they_are_and_read_once() {
    on_both_databases(async |store| {
        with(&store, vec![Change::CreateTenant(harbor()), create(&ana(), None), create(&ben(), None)]).await;
        let seen = async |browser: u8, at: Timestamp| {
            let sessions = store.remembered_sessions_in_browser(a_browser(browser), at).await.unwrap();
            sessions.iter().map(|session| session.id).collect::<Vec<_>>()
        };
        assert_eq!(seen(1, later(70)).await, []);
        let bens = Session { id: SessionId(id(7)), account: ben().id, ..a_session() };
        with(&store, vec![Change::StartSession(Box::new(a_session()))]).await;
        assert_eq!(
            seen(1, later(70)).await,
            [a_session().id],
            "one that began is known, though nothing was known before"
        );
        with(&store, vec![Change::StartSession(Box::new(bens.clone()))]).await;
        assert_eq!(seen(1, later(70)).await.len(), 2);
        let before = store.counters();
        assert_eq!(seen(1, later(70)).await.len(), 2);
        assert_eq!(store.counters(), before, "nothing was read");

        with(&store, vec![Change::RenewBrowser { from: a_browser(1), to: a_browser(3) }]).await;
        assert_eq!((seen(1, later(70)).await, seen(3, later(70)).await.len()), (vec![], 2));
        with(&store, vec![Change::EndSession { session: a_session().id, at: later(9) }]).await;
        assert_eq!(seen(3, later(70)).await, [bens.id]);
        with(&store, vec![Change::DisableAccount { account: ben().id, at: later(9) }]).await;
        assert_eq!(seen(3, later(70)).await, []);
    });
}

#[test]
fn a_session_that_is_used_again_and_again_is_not_taken_for_an_idle_one() {
    on_both_databases(async |store| {
        with(&store, vec![Change::CreateTenant(harbor()), create(&ana(), None)]).await;
        with(&store, vec![Change::StartSession(Box::new(a_session()))]).await;
        let idle = a_session().expires_at();
        let seen = async |at| store.remembered_sessions_in_browser(a_browser(1), at).await.unwrap().len();
        assert_eq!(seen(later(70)).await, 1);
        store.touch_sessions(&[(a_session().id, later(3_600))]).await.unwrap();
        assert_eq!(seen(idle).await, 1, "it was used meanwhile");
        assert_eq!(seen(idle + std::time::Duration::from_secs(3_600)).await, 0);
    });
}

#[test]
fn the_authorization_that_a_person_has_for_a_client_is_known_as_it_is_and_read_once() {
    on_both_databases(async |store| {
        let given = an_authorization();
        with_everything(&store, &given).await;
        let current =
            async || store.remembered_authorization_for(given.tenant, given.account, given.client).await.unwrap();
        // By whom it is asked for, and then by its id.
        assert_eq!((current().await, current().await), (Some(given.clone()), Some(given.clone())));
        let before = store.counters();
        assert_eq!(current().await, Some(given.clone()));
        assert_eq!(store.counters(), before, "nothing was read");
        assert_eq!(store.remembered_authorization_for(given.tenant, ben().id, given.client).await.unwrap(), None);

        let end = Change::EndAuthorization { authorization: given.id, at: later(9), reason: EndReason::Revoked };
        with(&store, vec![end]).await;
        assert_eq!(current().await, None);
        let again = Authorization { id: AuthorizationId(id(0x77)), ..given.clone() };
        with(&store, vec![authorize(&again)]).await;
        assert_eq!(current().await, Some(again));
    });
}
