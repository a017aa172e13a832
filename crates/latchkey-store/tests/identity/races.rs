//! Many requests at once.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU32, Ordering};

use latchkey_identity::administration::NewAccount;
use latchkey_identity::authorization::{Authorization, AuthorizationId, EndReason, revoke};
use latchkey_identity::claims::StandardClaims;
use latchkey_identity::client::dynamic::DynamicClient;
use latchkey_identity::event::{Event, EventKind};
use latchkey_identity::set_up::{SetUp, SetUpProblem, set_up};
use latchkey_identity::token::family::{FamilyId, TokenFamily};
use latchkey_identity::{Change, Decision, Entropy, limits};
use latchkey_store::{DatabaseUrl, Store, StoreError};
use latchkey_testkit::databases::{TestDatabase, on_both_databases, runtime};
use tokio::sync::Barrier;
use tokio::task::JoinSet;
use tokio_postgres::{Client, NoTls};

use crate::builders::*;

const CROWD: usize = 64;

/// Runs `request` once for each of the crowd, all at the same time.
async fn crowd<T, Fut>(store: &Store, request: impl Fn(Store) -> Fut) -> Vec<T>
where
    T: Send + 'static,
    Fut: Future<Output = T> + Send + 'static,
{
    (0..CROWD).map(|_| request(store.clone())).collect::<JoinSet<T>>().join_all().await
}

#[derive(Debug, PartialEq)]
struct Spent;

async fn redeem(store: Store) -> Result<(), Spent> {
    let rule = async || {
        let (code, _) = store.code(a_code().hash).await?.unwrap();
        if code.redeemed_at.is_some() {
            return Ok(Decision::refuse(Spent).and(Change::EndTokenFamily { family: code.family, at: later(8) }));
        }
        let redeemed = Decision::grant(()).and(Change::RedeemCode { code: code.hash, at: later(7) });
        Ok::<_, StoreError>(redeemed.and(start_family(&a_family())))
    };
    store.decide(rule).await.unwrap()
}

/// The generation that it made, or the one that somebody else had made.
async fn rotate_once(store: Store) -> Result<u32, u32> {
    let rule = async || {
        let (family, _) = store.family(a_family().id).await?.unwrap();
        if family.generation != 0 {
            return Ok(Decision::refuse(family.generation));
        }
        Ok::<_, StoreError>(Decision::grant(1).and(rotate(0, later(7))))
    };
    store.decide(rule).await.unwrap()
}

async fn revoke_once(store: Store) {
    let given = an_authorization();
    let rule = async || {
        let (_, authorization) = store.family(a_family().id).await?.unwrap();
        Ok::<_, StoreError>(revoke(Some(&authorization), given.account, given.session, later(7)))
    };
    assert_eq!(store.decide(rule).await.unwrap(), Ok(()));
}

#[test]
fn of_many_redeeming_one_code_one_succeeds_and_the_others_end_what_it_got() {
    on_both_databases(async |store| {
        with(&store, vec![Change::CreateTenant(harbor()), register(&burndown()), authorize(&an_authorization())]).await;
        with(&store, vec![Change::IssueCode(Box::new(a_code()))]).await;
        let answers = crowd(&store, redeem).await;
        assert_eq!(answers.iter().filter(|answer| answer.is_ok()).count(), 1);
        assert_eq!(store.code(a_code().hash).await.unwrap().unwrap().0.redeemed_at, Some(later(7)));
        assert_eq!(store.family(a_family().id).await.unwrap().unwrap().0.ended_at, Some(later(8)));
        assert!(store.family_ended(a_family().id));
    });
}

#[test]
fn of_many_rotating_one_family_one_succeeds_and_the_others_see_its_successor() {
    on_both_databases(async |store| {
        with_everything(&store, &an_authorization()).await;
        let answers = crowd(&store, rotate_once).await;
        assert_eq!(answers.iter().filter(|answer| **answer == Ok(1)).count(), 1);
        assert_eq!(answers.iter().filter(|answer| **answer == Err(1)).count(), CROWD - 1);
        assert_eq!(store.family(a_family().id).await.unwrap().unwrap().0.generation, 1);
    });
}

#[test]
fn of_many_revoking_one_authorization_all_are_told_that_it_is_gone_and_one_did_it() {
    on_both_databases(async |store| {
        with_everything(&store, &an_authorization()).await;
        crowd(&store, revoke_once).await;
        let ended = store.authorization(an_authorization().id).await.unwrap().unwrap().ended;
        assert_eq!(ended, Some((later(7), EndReason::Revoked)));
        assert_eq!(store.audit_events(harbor().id.0, None, 100).await.unwrap().len(), 1);
    });
}

#[test]
fn nothing_is_rotated_after_a_revocation_was_acknowledged() {
    on_both_databases(async |store| {
        with_everything(&store, &an_authorization()).await;
        let rotations = Arc::new(AtomicU32::new(0));
        let mut rotating = JoinSet::new();
        for _ in 0..8 {
            let (store, rotations) = (store.clone(), Arc::clone(&rotations));
            rotating.spawn(async move {
                loop {
                    let (family, authorization) = store.family(a_family().id).await.unwrap().unwrap();
                    if authorization.ended.is_some() {
                        return;
                    }
                    if commit(&store, vec![rotate(family.generation, later(7))]).await.is_ok() {
                        rotations.fetch_add(1, Ordering::SeqCst);
                    }
                }
            });
        }
        while rotations.load(Ordering::SeqCst) < 20 {
            tokio::task::yield_now().await;
        }
        revoke_once(store.clone()).await;
        let at_the_end = store.family(a_family().id).await.unwrap().unwrap().0.generation;
        rotating.join_all().await;
        let (family, _) = store.family(a_family().id).await.unwrap().unwrap();
        assert_eq!((family.generation, family.ended_at), (at_the_end, Some(later(7))));
        assert_eq!(rotations.load(Ordering::SeqCst), at_the_end);
    });
}

#[test]
fn of_many_approvals_one_makes_the_authorization() {
    on_both_databases(async |store| {
        with(&store, vec![Change::CreateTenant(harbor()), create(&ana(), None), register(&burndown())]).await;
        let approve = |store: Store| async move {
            let given = an_authorization();
            let rule = async || {
                let existing = store.authorization_for(given.tenant, given.account, given.client).await?;
                Ok::<_, StoreError>(match existing {
                    Some(_) => Decision::refuse(Spent),
                    None => Decision::grant(()).and(authorize(&given)),
                })
            };
            store.decide(rule).await.unwrap()
        };
        let answers = crowd(&store, approve).await;
        assert_eq!(answers.iter().filter(|answer| answer.is_ok()).count(), 1);
        assert_eq!(store.authorizations_of(ana().id).await.unwrap().len(), 1);
    });
}

/// All of them find a server that nobody has set up before any of them commits.
#[test]
fn of_64_that_set_one_server_up_one_becomes_its_administrator() {
    on_both_databases(async |store| {
        let (at_once, number) = (Arc::new(Barrier::new(CROWD)), AtomicU32::new(0));
        let answers = crowd(&store, |store| {
            let (at_once, number) = (Arc::clone(&at_once), number.fetch_add(1, Ordering::SeqCst));
            async move {
                let first = AtomicBool::new(true);
                let rule = async || {
                    let present = store.tenants().await?;
                    if first.swap(false, Ordering::SeqCst) {
                        at_once.wait().await;
                    }
                    let (wanted, mut entropy) = (a_set_up(number), Entropy::seeded(u64::from(number)));
                    Ok::<_, StoreError>(set_up(&wanted, "$argon2id$".into(), &present, false, NOW, &mut entropy))
                };
                store.decide(rule).await.unwrap()
            }
        })
        .await;
        let administrators: Vec<_> = answers.iter().flatten().collect();
        assert_eq!(administrators.len(), 1);
        assert_eq!(answers.iter().filter(|answer| **answer == Err(SetUpProblem::Done)).count(), CROWD - 1);
        let tenants: Vec<_> = store.tenants().await.unwrap().into_iter().map(|tenant| tenant.id).collect();
        assert_eq!(tenants, [administrators[0].tenant]);
        for other in 0..u32::try_from(CROWD).unwrap() {
            let email = a_set_up(other).administrator.email;
            let there = store.credentials(&email).await.unwrap().is_some();
            assert_eq!(there, email == administrators[0].email, "{email}");
        }
    });
}

/// What each of them would make: a tenant and an administrator of its own.
fn a_set_up(number: u32) -> SetUp {
    SetUp {
        domain: format!("n{number}.test"),
        tenant_name: "Example".into(),
        administrator: NewAccount {
            email: format!("ana@n{number}.test"),
            name: "Ana".into(),
            administrator: true,
            claims: StandardClaims::default(),
        },
    }
}

async fn connect(database: &TestDatabase) -> Client {
    let DatabaseUrl::Postgres(address) = database.url() else { panic!("not PostgreSQL") };
    let (client, connection) = tokio_postgres::connect(address, NoTls).await.unwrap();
    tokio::spawn(connection);
    client
}

/// How many transactions of the database wait for another one.
async fn waiting(client: &Client) -> i64 {
    let count = "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock'";
    client.query_one(count, &[]).await.unwrap().get(0)
}

fn end() -> Change {
    Change::EndAuthorization { authorization: an_authorization().id, at: later(8), reason: EndReason::Revoked }
}

fn pause() -> Change {
    let paused = Authorization { paused_at: Some(later(8)), version: 2, ..an_authorization() };
    Change::ChangeAuthorization { authorization: Box::new(paused), from_version: 1 }
}

/// Keeps whatever is to be recorded from being committed, until it is let go.
struct RecordHeld {
    holder: Client,
    watcher: Client,
}

impl RecordHeld {
    /// Whoever holds the end of the record holds up everybody who is to write there.
    async fn on(database: &TestDatabase) -> Self {
        let held = Self { holder: connect(database).await, watcher: connect(database).await };
        held.holder.batch_execute("BEGIN; SELECT * FROM audit_head FOR UPDATE").await.unwrap();
        held
    }

    /// Waits until so many transactions wait; `acknowledged` must not happen before.
    async fn until_they_wait(&self, count: i64, acknowledged: impl Fn() -> bool) {
        while waiting(&self.watcher).await < count {
            assert!(!acknowledged(), "it was acknowledged before what it waits for");
            tokio::task::yield_now().await;
        }
    }

    async fn let_go(self) {
        self.holder.batch_execute("COMMIT").await.unwrap();
    }
}

fn recorded() -> Change {
    Change::Record(Event::new(EventKind::PolicyChanged, harbor().id, NOW, ""))
}

/// On SQLite change sets come one after the other; PostgreSQL has to be told to wait.
#[test]
fn a_revocation_or_a_pause_is_not_acknowledged_while_something_below_it_is_on_its_way() {
    let other = start_family(&TokenFamily { id: FamilyId(id(0xf2)), ..a_family() });
    for (below, stop) in
        [(rotate(0, later(7)), end()), (rotate(0, later(7)), pause()), (other.clone(), end()), (other, pause())]
    {
        let database = TestDatabase::postgres();
        runtime().block_on(async {
            let store = database.open().await;
            with_everything(&store, &an_authorization()).await;
            with(&store, vec![recorded()]).await;
            let record = RecordHeld::on(&database).await;
            let start = |changes: Vec<Change>| {
                let store = store.clone();
                tokio::spawn(async move { commit(&store, changes).await })
            };
            let issuing = start(vec![below.clone(), recorded()]);
            record.until_they_wait(1, || false).await;
            let stopping = start(vec![stop.clone()]);
            record.until_they_wait(2, || stopping.is_finished()).await;
            record.let_go().await;
            assert_eq!((issuing.await.unwrap(), stopping.await.unwrap()), (Ok(()), Ok(())));
            if matches!(stop, Change::EndAuthorization { .. }) {
                assert_eq!(store.families_of(an_authorization().id).await.unwrap(), []);
            }
            let next = a_family().generation + u32::from(matches!(below, Change::RotateFamily { .. }));
            assert!(commit(&store, vec![rotate(next, later(9))]).await.is_err(), "nothing goes on after {stop:?}");
        });
    }
}

/// An app that registered itself, and nobody has authorized it so far.
fn a_registered_app() -> [Change; 2] {
    let app = an_app(0xd1);
    let kept =
        DynamicClient { client: app.id, tenant: app.tenant, mac: [1; 32], declared: "{}".into(), registered_at: NOW };
    [register(&app), Change::KeepDynamicClient(Box::new(kept))]
}

#[test]
fn an_approval_on_its_way_is_waited_for_by_whoever_deletes_the_app() {
    let database = TestDatabase::postgres();
    runtime().block_on(async {
        let store = database.open().await;
        with(&store, vec![Change::CreateTenant(harbor()), create(&ana(), None), recorded()]).await;
        with(&store, a_registered_app().to_vec()).await;
        let given = Authorization { client: an_app(0xd1).id, ..an_authorization() };
        for by_somebody in [false, true] {
            let record = RecordHeld::on(&database).await;
            let approving = tokio::spawn({
                // What is approved already is approved at another tenant.
                let given = Authorization {
                    id: AuthorizationId(id(0xa0 + u128::from(by_somebody))),
                    tenant: if by_somebody { shore().id } else { given.tenant },
                    ..given.clone()
                };
                let store = store.clone();
                async move { commit(&store, vec![authorize(&given), recorded()]).await }
            });
            record.until_they_wait(1, || false).await;
            let deleting = tokio::spawn({
                let (store, client) = (store.clone(), given.client);
                async move {
                    if by_somebody {
                        with(&store, vec![Change::DeleteClient { client, at: later(8) }]).await;
                    } else {
                        store.purge(NOW + limits::UNUSED_REGISTRATION_LIFETIME).await.unwrap();
                    }
                }
            });
            record.until_they_wait(2, || deleting.is_finished()).await;
            record.let_go().await;
            assert_eq!(approving.await.unwrap(), Ok(()));
            deleting.await.unwrap();
            let there = store.client(given.client).await.unwrap().is_some();
            assert_eq!(there, !by_somebody, "whoever is authorized is not unused");
        }
        for number in [0xa0, 0xa1] {
            let ended = store.authorization(AuthorizationId(id(number))).await.unwrap().unwrap().ended;
            assert_eq!(ended, Some((later(8), EndReason::AppDeleted)), "{number:x}");
        }
    });
}
