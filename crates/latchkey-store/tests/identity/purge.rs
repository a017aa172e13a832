//! What is swept away, and what stays.

use std::time::Duration;

use latchkey_identity::authorization::EndReason;
use latchkey_identity::authorize::flow::{Flow, FlowId};
use latchkey_identity::secret::TokenHash;
use latchkey_identity::session::{Session, SessionId};
use latchkey_identity::token::family::{FamilyId, TokenFamily};
use latchkey_identity::{Change, Timestamp, limits};
use latchkey_store::identity::Use;
use latchkey_testkit::databases::on_both_databases;

use crate::builders::*;

const DAY: u64 = 86_400;

fn days(count: u64) -> Timestamp {
    later(count * DAY)
}

#[test]
fn each_thing_goes_when_nothing_can_ask_for_it_any_more() {
    on_both_databases(async |store| {
        with_everything(&store, &an_authorization()).await;
        let unrefreshable = TokenFamily { id: FamilyId(id(0xf2)), refreshable: false, ..a_family() };
        with(&store, vec![Change::StartFlow(Box::new(a_flow())), start_family(&unrefreshable)]).await;
        let one = Use {
            authorization: an_authorization().id,
            at: NOW,
            address: "192.0.2.1".into(),
            operation: "fetch".into(),
            project: None,
            count: 1,
        };
        store.record_uses(&[one]).await.unwrap();
        let left = async |now| {
            store.purge(now).await.unwrap();
            [
                store.flow(a_flow().id).await.unwrap().is_some(),
                store.code(a_code().hash).await.unwrap().is_some(),
                store.session(a_session().id).await.unwrap().is_some(),
                store.family(unrefreshable.id).await.unwrap().is_some(),
                store.family(a_family().id).await.unwrap().is_some(),
                !store.uses_of(an_authorization().id).await.unwrap().is_empty(),
            ]
        };
        assert_eq!(left(later(60)).await, [true; 6]);
        assert_eq!(left(NOW + limits::FLOW_LIFETIME).await, [false, true, true, true, true, true]);
        assert_eq!(left(days(2)).await, [false, false, true, true, true, true]);
        assert_eq!(left(days(31)).await, [false, false, true, false, true, true]);
        assert_eq!(left(days(33)).await, [false, false, false, false, true, true]);
        assert_eq!(left(days(61)).await, [false, false, false, false, false, true]);
        assert_eq!(left(days(92)).await, [false; 6]);
        assert!(store.authorization(an_authorization().id).await.unwrap().is_some());
    });
}

#[test]
fn a_session_that_ran_out_ends_and_so_does_what_was_given_for_its_time() {
    on_both_databases(async |store| {
        with_everything(&store, &for_this_session()).await;
        let fresh = Session { id: SessionId(id(7)), used_at: later(DAY / 2), ..a_session() };
        with(&store, vec![Change::StartSession(Box::new(fresh.clone()))]).await;
        let known = async || store.authorization(an_authorization().id).await.unwrap().unwrap().ended;
        let end = a_session().expires_at();

        store.purge(end - Duration::from_secs(1)).await.unwrap();
        assert_eq!(known().await, None);
        store.purge(end).await.unwrap();
        assert_eq!(known().await, Some((end, EndReason::SessionEnded)));
        assert_eq!(store.session(a_session().id).await.unwrap().unwrap().ended_at, Some(end));
        assert_eq!(store.session(fresh.id).await.unwrap(), Some(fresh));
        assert_eq!(store.families_of(an_authorization().id).await.unwrap(), []);
    });
}

#[test]
fn more_sessions_than_one_portion_run_out_at_once() {
    on_both_databases(async |store| {
        let sessions = (0..1_001).map(|number| {
            let mut browser = [0; 32];
            browser[..16].copy_from_slice(id(number).as_bytes());
            Session {
                id: SessionId(id(number)),
                browser: latchkey_identity::session::BrowserHash(TokenHash(browser)),
                ..a_session()
            }
        });
        with(&store, sessions.map(|session| Change::StartSession(Box::new(session))).collect()).await;
        store.purge(days(1)).await.unwrap();
        for number in [0, 500, 1_000] {
            assert_eq!(store.session(SessionId(id(number))).await.unwrap().unwrap().ended_at, Some(days(1)));
        }
    });
}

#[test]
fn more_flows_than_one_portion_are_forgotten_at_once() {
    on_both_databases(async |store| {
        let name = |number: u128| {
            let mut hash = [0; 32];
            hash[..16].copy_from_slice(id(number).as_bytes());
            FlowId(TokenHash(hash))
        };
        let flows = (0..1_001).map(|number| Change::StartFlow(Box::new(Flow { id: name(number), ..a_flow() })));
        with(&store, flows.collect()).await;
        store.purge(NOW + limits::FLOW_LIFETIME).await.unwrap();
        for number in [0, 500, 1_000] {
            assert_eq!(store.flow(name(number)).await.unwrap(), None);
        }
    });
}
