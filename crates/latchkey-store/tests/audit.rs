//! The record shows every way of tampering with it.
#![allow(clippy::unwrap_used)]

use latchkey_jose::Timestamp;
use latchkey_store::audit::{Report, Tampering, verify};
use latchkey_store::{AuditEvent, Changes, CommitError, Outcome, Sql, Store, Value};
use latchkey_testkit::databases::on_both_databases;
use tokio::task::JoinSet;
use uuid::Uuid;

const HARBOR: Uuid = Uuid::from_u128(1);
const SHORE: Uuid = Uuid::from_u128(2);
const ANA: Uuid = Uuid::from_u128(10);
const BEN: Uuid = Uuid::from_u128(11);

fn an_event(tenant: Uuid, actor: Uuid, at: i64) -> AuditEvent {
    AuditEvent {
        actor: Some(actor),
        client: Some(Uuid::from_u128(20)),
        subject: format!("event at {at}"),
        address: Some("192.0.2.7".into()),
        ..AuditEvent::new(tenant, "authorization.approved", Timestamp::from_secs(at))
    }
}

async fn record(store: &Store, event: AuditEvent) {
    let mut changes = Changes::none();
    changes.event(event);
    store.commit(changes).await.unwrap();
}

async fn ten_events(store: &Store) {
    for at in 1..=10 {
        record(store, an_event(HARBOR, if at % 2 == 0 { BEN } else { ANA }, at)).await;
    }
    record(store, an_event(SHORE, ANA, 1)).await;
}

#[test]
fn events_are_numbered_per_tenant_and_read_newest_first() {
    on_both_databases(async |store| {
        ten_events(&store).await;
        let numbers =
            |page: Vec<latchkey_store::audit::Recorded>| page.iter().map(|event| event.seq).collect::<Vec<_>>();
        assert_eq!(numbers(store.audit_events(HARBOR, None, 3).await.unwrap()), [10, 9, 8]);
        assert_eq!(numbers(store.audit_events(HARBOR, Some(3), 3).await.unwrap()), [2, 1]);
        assert_eq!(numbers(store.audit_events_of(HARBOR, BEN, Some(10), 3).await.unwrap()), [8, 6, 4]);
        assert_eq!(numbers(store.audit_events(SHORE, None, 3).await.unwrap()), [1]);
        assert_eq!(verify(&store, None).await, Ok(Report { tenants: 2, events: 11 }));
        assert_eq!(verify(&store, Some(SHORE)).await, Ok(Report { tenants: 1, events: 1 }));
    });
}

#[test]
fn an_event_is_read_as_it_was_written() {
    on_both_databases(async |store| {
        let event = AuditEvent {
            outcome: Outcome::Refused,
            reason: Some("not a member".into()),
            authorization: Some(Uuid::from_u128(30)),
            session: Some(Uuid::from_u128(31)),
            detail: r#"{"scope":"vso.work"}"#.into(),
            ..an_event(HARBOR, ANA, 5)
        };
        record(&store, event.clone()).await;
        let recorded = store.audit_events(HARBOR, None, 1).await.unwrap().remove(0).event;
        assert_eq!(
            recorded,
            AuditEvent {
                kind: event.kind.to_owned(),
                tenant: event.tenant,
                at: event.at,
                outcome: event.outcome,
                reason: event.reason,
                actor: event.actor,
                client: event.client,
                authorization: event.authorization,
                session: event.session,
                subject: event.subject,
                address: event.address,
                detail: event.detail
            }
        );
    });
}

#[test]
fn both_engines_make_the_same_chain() {
    const END: Sql = Sql::read("test.end", "SELECT hash FROM audit_head WHERE tenant = $1");
    let ends = std::sync::Mutex::new(Vec::new());
    on_both_databases(async |store| {
        ten_events(&store).await;
        let end = store.read(&END, vec![HARBOR.into()]).await.unwrap()[0].blob(0).unwrap().to_vec();
        ends.lock().unwrap().push(end);
    });
    let ends = ends.into_inner().unwrap();
    assert_eq!(ends[0], ends[1]);
}

#[test]
fn events_of_racing_requests_are_numbered_without_gaps() {
    const NEVER: Sql = Sql::guarded("test.never", "DELETE FROM schema_version WHERE version = -1");
    on_both_databases(async |store| {
        let mut race = JoinSet::new();
        for at in 0..64 {
            let store = store.clone();
            race.spawn(async move {
                let mut changes = Changes::none();
                changes.event(an_event(SHORE, ANA, at)).event(an_event(HARBOR, BEN, at));
                if at % 4 == 0 {
                    changes.write(&NEVER, vec![]);
                }
                store.commit(changes).await
            });
        }
        let outcomes = race.join_all().await;
        assert_eq!(outcomes.iter().filter(|outcome| **outcome == Err(CommitError::Lost)).count(), 16);
        assert_eq!(verify(&store, None).await, Ok(Report { tenants: 2, events: 96 }));
    });
}

#[test]
fn more_events_than_a_page_are_verified_to_the_end() {
    on_both_databases(async |store| {
        let mut changes = Changes::none();
        for at in 0..1_001 {
            changes.event(an_event(HARBOR, ANA, at));
        }
        store.commit(changes).await.unwrap();
        assert_eq!(verify(&store, None).await, Ok(Report { tenants: 1, events: 1_001 }));
    });
}

/// Ten events, then `tamper`, then the verdict.
fn tampering(tamper: &[(&'static Sql, Vec<Value>)], verdict: &Tampering) {
    on_both_databases(async |store| {
        ten_events(&store).await;
        let mut changes = Changes::none();
        for (sql, values) in tamper {
            changes.write(sql, values.clone());
        }
        store.commit(changes).await.unwrap();
        assert_eq!(verify(&store, None).await.as_ref(), Err(verdict));
        assert_eq!(verify(&store, Some(SHORE)).await, Ok(Report { tenants: 1, events: 1 }));
    });
}

const RENUMBER: Sql = Sql::guarded("test.renumber", "UPDATE audit_event SET seq = $3 WHERE tenant = $1 AND seq = $2");
const DELETE: Sql = Sql::guarded("test.delete", "DELETE FROM audit_event WHERE tenant = $1 AND seq = $2");

fn at(seq: i64) -> Vec<Value> {
    vec![HARBOR.into(), seq.into()]
}

fn renumber(from: i64, to: i64) -> (&'static Sql, Vec<Value>) {
    (&RENUMBER, vec![HARBOR.into(), from.into(), to.into()])
}

#[test]
fn an_edited_event_is_found_whatever_was_edited() {
    const EDITS: [Sql; 12] = [
        Sql::guarded("test.at", "UPDATE audit_event SET at = at + 1 WHERE tenant = $1 AND seq = $2"),
        Sql::guarded("test.kind", "UPDATE audit_event SET kind = 'x' WHERE tenant = $1 AND seq = $2"),
        Sql::guarded("test.outcome", "UPDATE audit_event SET outcome = 'refused' WHERE tenant = $1 AND seq = $2"),
        Sql::guarded("test.nonsense", "UPDATE audit_event SET outcome = 'x' WHERE tenant = $1 AND seq = $2"),
        Sql::guarded("test.reason", "UPDATE audit_event SET reason = 'x' WHERE tenant = $1 AND seq = $2"),
        Sql::guarded("test.actor", "UPDATE audit_event SET actor = tenant WHERE tenant = $1 AND seq = $2"),
        Sql::guarded("test.client", "UPDATE audit_event SET client = NULL WHERE tenant = $1 AND seq = $2"),
        Sql::guarded(
            "test.authorization",
            "UPDATE audit_event SET authorization_id = tenant WHERE tenant = $1 AND seq = $2",
        ),
        Sql::guarded("test.session", "UPDATE audit_event SET session_id = tenant WHERE tenant = $1 AND seq = $2"),
        Sql::guarded("test.subject", "UPDATE audit_event SET subject = 'x' WHERE tenant = $1 AND seq = $2"),
        Sql::guarded("test.address", "UPDATE audit_event SET address = NULL WHERE tenant = $1 AND seq = $2"),
        Sql::guarded("test.detail", "UPDATE audit_event SET detail = '[]' WHERE tenant = $1 AND seq = $2"),
    ];
    on_both_databases(async |store| {
        const COPY: Sql = Sql::write("test.copy", "CREATE TABLE untouched AS SELECT * FROM audit_event");
        const EMPTY: Sql = Sql::sweep("test.empty", "DELETE FROM audit_event");
        const RESTORE: Sql = Sql::write("test.restore", "INSERT INTO audit_event SELECT * FROM untouched");
        ten_events(&store).await;
        let mut changes = Changes::none();
        changes.write(&COPY, vec![]);
        store.commit(changes).await.unwrap();
        static EDIT: [Sql; 12] = EDITS;
        for edit in &EDIT {
            let mut changes = Changes::none();
            changes.write(edit, at(4));
            store.commit(changes).await.unwrap();
            assert_eq!(
                verify(&store, None).await,
                Err(Tampering::Altered { tenant: HARBOR, seq: 4 }),
                "{}",
                edit.name()
            );
            let mut changes = Changes::none();
            changes.write(&EMPTY, vec![]).write(&RESTORE, vec![]);
            store.commit(changes).await.unwrap();
            assert!(verify(&store, None).await.is_ok());
        }
    });
}

#[test]
fn a_missing_event_in_the_middle_is_found() {
    tampering(&[(&DELETE, at(4))], &Tampering::Missing { tenant: HARBOR, seq: 4 });
}

#[test]
fn a_missing_first_event_is_found() {
    tampering(&[(&DELETE, at(1))], &Tampering::Missing { tenant: HARBOR, seq: 1 });
}

#[test]
fn a_missing_tail_is_found() {
    tampering(&[(&DELETE, at(10)), (&DELETE, at(9))], &Tampering::Missing { tenant: HARBOR, seq: 9 });
}

#[test]
fn a_missing_record_is_found() {
    const ALL: Sql = Sql::sweep("test.delete_all", "DELETE FROM audit_event WHERE tenant = $1");
    tampering(&[(&ALL, vec![HARBOR.into()])], &Tampering::Missing { tenant: HARBOR, seq: 1 });
}

#[test]
fn a_gap_that_was_closed_by_renumbering_is_found() {
    let tail = (5..=10).map(|seq| renumber(seq, seq - 1));
    let tamper: Vec<_> = std::iter::once((&DELETE, at(4))).chain(tail).collect();
    tampering(&tamper, &Tampering::Altered { tenant: HARBOR, seq: 4 });
}

#[test]
fn events_that_changed_places_are_found() {
    tampering(&[renumber(3, 99), renumber(7, 3), renumber(99, 7)], &Tampering::Altered { tenant: HARBOR, seq: 3 });
}

#[test]
fn an_event_added_behind_the_end_is_found() {
    const COPY: Sql = Sql::guarded(
        "test.added",
        "INSERT INTO audit_event (tenant, seq, hash, at, kind, outcome, subject, detail)
         SELECT tenant, 11, hash, at, kind, outcome, subject, detail FROM audit_event WHERE tenant = $1 AND seq = $2",
    );
    tampering(&[(&COPY, at(10))], &Tampering::Added { tenant: HARBOR, seq: 11 });
}

#[test]
fn an_edited_end_is_found() {
    const END: Sql = Sql::guarded("test.end_moved", "UPDATE audit_head SET seq = $2 WHERE tenant = $1");
    const HASH: Sql =
        Sql::guarded("test.end_hash", "UPDATE audit_head SET hash = tenant WHERE tenant = $1 AND seq = $2");
    tampering(&[(&END, at(9))], &Tampering::End { tenant: HARBOR });
    tampering(&[(&END, at(12))], &Tampering::Missing { tenant: HARBOR, seq: 11 });
    tampering(&[(&HASH, at(10))], &Tampering::End { tenant: HARBOR });
}

#[test]
fn a_removed_end_is_found() {
    const NO_END: Sql = Sql::guarded("test.end_removed", "DELETE FROM audit_head WHERE tenant = $1");
    tampering(&[(&NO_END, vec![HARBOR.into()])], &Tampering::Added { tenant: HARBOR, seq: 1 });
}
