//! Mail is queued with what it tells of, leaves once, and is dropped.
#![allow(clippy::unwrap_used, clippy::panic, clippy::indexing_slicing)]

use std::time::Duration;

use latchkey_identity::account::{Account, AccountId, AccountState};
use latchkey_identity::tenant::{Tenant, TenantId, TenantKind};
use latchkey_identity::{Change, Decision, Timestamp};
use latchkey_store::outbox::{Ending, Reminder, tell};
use latchkey_store::{AuditEvent, Changes, CommitError, Letter, Store, StoreError};
use latchkey_testkit::databases::on_both_databases;
use tokio::task::JoinSet;
use uuid::Uuid;

const NOW: Timestamp = Timestamp::from_secs(1_700_000_000);
const HOUR: Duration = Duration::from_secs(3_600);
const TENANT: Uuid = Uuid::from_u128(1);
const ANA: Uuid = Uuid::from_u128(0xa);
const CROWD: usize = 64;

fn a_letter(number: u128, topic: Option<&str>) -> Letter {
    Letter {
        id: Uuid::from_u128(number),
        tenant: TENANT,
        account: ANA,
        topic: topic.map(str::to_owned),
        subject: format!("Letter {number}"),
        body: "Dear Ana.\n".into(),
        at: NOW,
    }
}

async fn with_ana(store: &Store) {
    let tenant =
        Tenant { id: TenantId(TENANT), kind: TenantKind::Work, name: "Harbor".into(), domain: "harbor.test".into() };
    let account = Box::new(Account {
        id: AccountId(ANA),
        tenant: tenant.id,
        email: "ana@harbor.test".into(),
        email_verified: true,
        name: "Ana".into(),
        state: AccountState::Active,
        tenant_administrator: false,
        created_at: NOW,
        changed_at: NOW,
        claims: Default::default(),
    });
    let changes = [Change::CreateTenant(tenant), Change::CreateAccount { account, password: None }];
    let made: Result<(), ()> = store
        .decide(async || Ok::<_, StoreError>(Decision::<(), ()>::grant(()).and_all(changes.clone())))
        .await
        .unwrap();
    made.unwrap();
}

/// Commits something that a letter tells of.
async fn happens(store: &Store, letter: Letter) {
    let mut changes = Changes::none();
    changes.event(AuditEvent::new(TENANT, "password_changed", letter.at)).letter(letter);
    store.commit(changes).await.unwrap();
}

async fn due(store: &Store, at: Timestamp) -> Vec<String> {
    store.mail_due(at, 100).await.unwrap().into_iter().map(|mail| mail.subject).collect()
}

#[test]
fn without_an_outbox_nothing_is_queued_and_with_one_it_is_queued_with_its_cause_or_not_at_all() {
    on_both_databases(async |store| {
        with_ana(&store).await;
        happens(&store, a_letter(1, None)).await;
        assert_eq!(due(&store, NOW).await, [""; 0], "nobody would send it");
        store.open_outbox();
        happens(&store, a_letter(2, None)).await;
        let mail = store.mail_due(NOW, 100).await.unwrap();
        assert_eq!(mail[0].address.as_deref(), Some("ana@harbor.test"));
        assert_eq!((mail[0].subject.as_str(), mail[0].body.as_str(), mail[0].attempts), ("Letter 2", "Dear Ana.\n", 0));

        // A change set that loses takes its letter with it.
        let reminder = Reminder { about: ANA, account: ANA, tenant: TENANT, ends_at: NOW + HOUR, days: 7 };
        for (number, lost) in [(3, false), (4, true)] {
            let mut changes = Changes::none();
            tell(&mut changes, reminder, NOW);
            changes.letter(a_letter(number, None));
            assert_eq!(matches!(store.commit(changes).await, Err(CommitError::Lost)), lost);
        }
        assert_eq!(due(&store, NOW).await.len(), 2);
    });
}

#[test]
fn about_one_topic_there_is_one_mail_an_hour() {
    on_both_databases(async |store| {
        with_ana(&store).await;
        store.open_outbox();
        happens(&store, a_letter(1, Some("requests"))).await;
        happens(&store, a_letter(2, Some("requests"))).await;
        happens(&store, a_letter(3, Some("another"))).await;
        assert_eq!(due(&store, NOW).await.len(), 2, "one of each");
        for mail in store.mail_due(NOW, 100).await.unwrap() {
            store.end_mail(&mail, Ending::Sent, NOW).await.unwrap();
        }
        // What comes within the hour is told when the hour is over, once.
        let later = NOW + Duration::from_secs(600);
        happens(&store, Letter { at: later, ..a_letter(4, Some("requests")) }).await;
        happens(&store, Letter { at: later, ..a_letter(5, Some("requests")) }).await;
        assert_eq!(due(&store, later).await, [""; 0]);
        assert_eq!(due(&store, NOW + HOUR).await, ["Letter 4"]);
    });
}

#[test]
fn of_64_that_take_one_mail_one_gets_it() {
    on_both_databases(async |store| {
        with_ana(&store).await;
        store.open_outbox();
        happens(&store, a_letter(1, None)).await;
        let mail = store.mail_due(NOW, 1).await.unwrap().remove(0);
        let until = NOW + HOUR;
        let taken: JoinSet<bool> = (0..CROWD)
            .map(|_| (store.clone(), mail.clone()))
            .map(|(store, mail)| async move { store.claim_mail(&mail, until).await.unwrap() })
            .collect();
        assert_eq!(taken.join_all().await.into_iter().filter(|taken| *taken).count(), 1);
        assert_eq!(due(&store, NOW).await, [""; 0], "somebody has it");
        let again = store.mail_due(until, 1).await.unwrap().remove(0);
        assert_eq!(again.attempts, 1, "whoever had it may have died");
        store.put_off_mail(&again, until + HOUR).await.unwrap();
        assert_eq!(due(&store, until).await, [""; 0]);
        store.end_mail(&again, Ending::GivenUp, until + HOUR).await.unwrap();
        assert_eq!(due(&store, until + HOUR * 9).await, [""; 0]);
        assert!(!store.claim_mail(&again, until).await.unwrap(), "what is over is not taken");
    });
}

#[test]
fn of_64_that_tell_of_one_end_one_does() {
    on_both_databases(async |store| {
        with_ana(&store).await;
        store.open_outbox();
        let reminder = Reminder { about: ANA, account: ANA, tenant: TENANT, ends_at: NOW + HOUR, days: 30 };
        assert!(!store.was_told(reminder).await.unwrap());
        let telling: JoinSet<bool> = (1..=CROWD as u128)
            .map(|number| (store.clone(), a_letter(number, None)))
            .map(|(store, letter)| async move {
                let mut changes = Changes::none();
                tell(&mut changes, reminder, NOW);
                changes.letter(letter);
                store.commit(changes).await.is_ok()
            })
            .collect();
        assert_eq!(telling.join_all().await.into_iter().filter(|told| *told).count(), 1);
        assert_eq!(due(&store, NOW).await.len(), 1);
        assert!(store.was_told(reminder).await.unwrap());
        assert!(store.was_told(Reminder { days: 90, ..reminder }).await.unwrap(), "whoever was told later knows more");
        assert!(!store.was_told(Reminder { days: 7, ..reminder }).await.unwrap());
        assert!(
            !store.was_told(Reminder { ends_at: NOW, ..reminder }).await.unwrap(),
            "a date that moved is another one"
        );
    });
}

#[test]
fn who_is_disabled_gets_none_and_what_was_sent_is_dropped_after_a_week() {
    on_both_databases(async |store| {
        with_ana(&store).await;
        store.open_outbox();
        happens(&store, a_letter(1, None)).await;
        let disable = Change::DisableAccount { account: AccountId(ANA), at: NOW };
        let disabled: Result<(), ()> = store
            .decide(async || Ok::<_, StoreError>(Decision::<(), ()>::grant(()).and(disable.clone())))
            .await
            .unwrap();
        disabled.unwrap();
        let mail = store.mail_due(NOW, 1).await.unwrap().remove(0);
        assert_eq!(mail.address, None);
        store.end_mail(&mail, Ending::Nobody, NOW).await.unwrap();
        let week = HOUR * 24 * 7;
        store.purge(NOW + week - HOUR).await.unwrap();
        assert_eq!(store.newest_mail(NOW + week, 9).await.unwrap().len(), 1);
        store.purge(NOW + week).await.unwrap();
        assert_eq!(store.newest_mail(NOW + week, 9).await.unwrap().len(), 0);
    });
}
