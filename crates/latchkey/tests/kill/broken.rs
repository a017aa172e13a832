//! Servers that break their word, made of the real rules and the real store. The checker has to find them out, and has to leave their honest
//! twins alone.
//!
//! `synchronous=OFF` is not among them: what was written survives the end of the process in the memory of the system, so a killed server
//! would not give it away. That takes a power cut.

use std::collections::BTreeSet;
use std::env;
use std::io::{BufRead as _, BufReader, Write as _};
use std::os::unix::net::{UnixListener, UnixStream};
use std::path::Path;
use std::process::{Child, Command, Stdio};

use latchkey_identity::account::AccountId;
use latchkey_identity::authorization::{Authorization, AuthorizationId, Lifetime, Places, revoke};
use latchkey_identity::client::registration::{Registration, new_client};
use latchkey_identity::client::{Client, ClientId, ClientKind, LogoutUris, Metadata, Profile};
use latchkey_identity::grant::authorization_code::AuthorizationCode;
use latchkey_identity::scope::ScopeSet;
use latchkey_identity::secret::TokenHash;
use latchkey_identity::session::SessionId;
use latchkey_identity::tenant::TenantId;
use latchkey_identity::token::family::FamilyId;
use latchkey_identity::{Change, Decision, Timestamp};
use latchkey_store::{Changes, DatabaseUrl, Sql, Store};
use latchkey_testkit::databases::{TestDatabase, on_both_engines};
use tokio::sync::Barrier;
use tokio::task::JoinSet;
use uuid::Uuid;

use crate::checker::{Violation, check};
use crate::history::{Answer, Entry, Event, History, Keys};

const NOW: Timestamp = Timestamp::from_secs(1_000);
const ANA: AccountId = AccountId(Uuid::from_u128(0xa7a));
const SESSION: SessionId = SessionId(Uuid::from_u128(0x5e5));

/// An address as it is configured.
fn written(url: &DatabaseUrl) -> String {
    match url {
        DatabaseUrl::Sqlite(path) => format!("sqlite:{}", path.display()),
        DatabaseUrl::Postgres(address) => address.clone(),
    }
}

/// An authorization of a service of its own: a person has one for each.
fn an_authorization(id: Uuid) -> Authorization {
    Authorization {
        id: AuthorizationId(id),
        tenant: TenantId(Uuid::from_u128(1)),
        account: ANA,
        client: ClientId(id),
        version: 1,
        scopes: ScopeSet::from_text("vso.work"),
        asked: ScopeSet::from_text("vso.work"),
        places: Places::new(),
        asked_places: Places::new(),
        lifetime: Lifetime::UntilRemoved,
        expires_at: None,
        session: SESSION,
        shown: [0; 32],
        elsewhere: Default::default(),
        created_at: NOW,
        changed_at: NOW,
        paused_at: None,
        ended: None,
    }
}

/// The service of an authorization.
fn a_service(id: Uuid) -> Client {
    let registration = Registration {
        name: "Service".into(),
        kind: ClientKind::Native,
        profile: Profile::Standard,
        redirect_uris: vec!["http://localhost".into()],
        logout: LogoutUris::default(),
        device_code: false,
        pushed_only: false,
        scopes: ScopeSet::from_text("vso.work"),
        required_scopes: ScopeSet::default(),
        multi_tenant: false,
        metadata: Metadata::default(),
        pkce_optional: false,
    };
    let checked = registration.check(&["vso.work".to_owned()]).unwrap();
    new_client(ClientId(id), checked, an_authorization(id).tenant, None, NOW)
}

fn authorize(id: Uuid) -> Decision<(), ()> {
    Decision::grant(())
        .and(Change::RegisterClient { client: Box::new(a_service(id)) })
        .and(Change::Authorize(Box::new(an_authorization(id))))
}

// 1. A code is checked, and then marked.

const CODE: &str = "the one code";
const RACERS: usize = 64;

/// What [`Change::RedeemCode`] would be without its guard.
const MARK: Sql = Sql::write("broken.mark_code", "UPDATE authorization_code SET redeemed_at = $2 WHERE hash = $1");

fn a_code() -> AuthorizationCode {
    let authorization = an_authorization(Uuid::from_u128(2));
    AuthorizationCode {
        hash: TokenHash::of(CODE),
        client: authorization.client,
        tenant: authorization.tenant,
        account: ANA,
        session: SESSION,
        auth_time: NOW,
        context: latchkey_identity::sign_in::context::AuthenticationContext::Password,
        authorization: authorization.id,
        family: FamilyId(Uuid::from_u128(3)),
        redirect_uri: "https://service.test/callback".into(),
        challenge: None,
        dpop_jkt: None,
        scopes: authorization.scopes,
        scope_text: "vso.work".into(),
        places: None,
        nonce: None,
        client_info: false,
        origin: "https://latchkey.test".into(),
        issued_at: NOW,
        redeemed_at: None,
    }
}

/// What whoever redeems the code is given, if the code is still good at that moment.
fn keys_for(code: &AuthorizationCode) -> Keys {
    let (authorization, family) = (code.authorization.0, code.family.0);
    Keys { authorization, family, access: "access".into(), refresh: "refresh".into() }
}

async fn is_good(store: &Store) -> bool {
    let (code, _) = store.code(TokenHash::of(CODE)).await.unwrap().expect("the code is there");
    code.redeemed_at.is_none()
}

/// Looks, and marks. All look before the first one marks, as happens now and then by itself.
async fn redeem_by_check_then_act(store: &Store, all_have_looked: &Barrier) -> bool {
    let good = is_good(store).await;
    all_have_looked.wait().await;
    if good {
        let mut changes = Changes::none();
        changes.write(&MARK, vec![TokenHash::of(CODE).0.into(), NOW.into()]);
        store.commit(changes).await.unwrap();
    }
    good
}

/// The same with the guard: whoever is late decides again.
async fn redeem_with_the_guard(store: &Store, all_have_looked: &Barrier) -> bool {
    let _ = is_good(store).await;
    all_have_looked.wait().await;
    let rule = async || {
        Ok(match is_good(store).await {
            true => Decision::grant(()).and(Change::RedeemCode { code: TokenHash::of(CODE), at: NOW }),
            false => Decision::refuse(()),
        })
    };
    store.decide(rule).await.unwrap().is_ok()
}

/// The history of a race for one code.
async fn race(guarded: bool, database: &TestDatabase) -> Vec<Entry> {
    let (store, history) = (database.open().await, std::sync::Arc::new(History::default()));
    let code = a_code();
    let issued = authorize(code.authorization.0).and(Change::IssueCode(Box::new(code.clone())));
    let asked = history.asking();
    store.decide(|| async { Ok(issued.clone()) }).await.unwrap().unwrap();
    history.write(0, 0, asked, Event::Approve(Answer::Done(CODE.into())));

    let (barrier, mut racers) = (std::sync::Arc::new(Barrier::new(RACERS)), JoinSet::new());
    for _ in 0..RACERS {
        let (store, history, barrier, keys) = (store.clone(), history.clone(), barrier.clone(), keys_for(&code));
        racers.spawn(async move {
            let asked = history.asking();
            let redeemed = match guarded {
                true => redeem_with_the_guard(&store, &barrier).await,
                false => redeem_by_check_then_act(&store, &barrier).await,
            };
            let answer = if redeemed { Answer::Done(keys) } else { Answer::Refused("it was redeemed before".into()) };
            history.write(0, 0, asked, Event::Redeem(CODE.into(), answer));
        });
    }
    racers.join_all().await;
    history.entries()
}

fn redeemed(history: &[Entry]) -> usize {
    history.iter().filter(|entry| matches!(entry.event, Event::Redeem(_, Answer::Done(_)))).count()
}

#[test]
fn a_code_that_is_checked_and_then_marked_is_found_out() {
    on_both_engines(async |database| {
        let history = race(false, database).await;
        assert!(redeemed(&history) > 1);
        assert!(check(&history).contains(&Violation::RedeemedTwice { code: CODE.into() }));
    });
}

#[test]
fn a_code_with_its_guard_is_redeemed_once_in_the_same_race() {
    on_both_engines(async |database| {
        let history = race(true, database).await;
        assert_eq!(redeemed(&history), 1);
        assert_eq!(check(&history), []);
    });
}

// 2. The answer leaves before what it promises is committed.

/// The folder, the database, the socket and the manners of the other half of the next test; without them it has nothing to do.
const FOLDER: &str = "LATCHKEY_KILL_FOLDER";
const DATABASE: &str = "LATCHKEY_KILL_DATABASE";
const EARLY: &str = "LATCHKEY_KILL_EARLY";
const SOCKET: &str = "socket";
/// Changes that the early server gathers before it commits them. It answers at once.
const BATCH: usize = 4;
/// What is approved: four in a batch that is full, and two in the next one.
const APPROVED: [Uuid; 6] = {
    const fn id(number: u128) -> Uuid {
        Uuid::from_u128(number)
    }
    [id(0x10), id(0x11), id(0x12), id(0x13), id(0x14), id(0x15)]
};
/// What is revoked then, in that same second batch, which is never committed.
const REVOKED: Uuid = Uuid::from_u128(0x10);

/// A server in a process of its own: it approves and revokes what it is told, line by line.
#[tokio::test]
#[ignore = "the other half of the tests below, which start it and kill it"]
async fn a_server_that_waits_to_be_killed() {
    let Some(folder) = env::var_os(FOLDER) else { return };
    let (folder, early) = (Path::new(&folder), env::var_os(EARLY).is_some());
    let store = Store::open(&env::var(DATABASE).unwrap().parse().unwrap()).await.unwrap();
    let mut stream = UnixStream::connect(folder.join(SOCKET)).unwrap();
    let (mut pending, mut memory): (Vec<Decision<(), ()>>, Vec<Authorization>) = (Vec::new(), Vec::new());
    for line in BufReader::new(stream.try_clone().unwrap()).lines() {
        let line = line.unwrap();
        let (verb, id) = line.split_once(' ').unwrap();
        let id: Uuid = id.parse().unwrap();
        pending.push(match verb {
            "approve" => {
                memory.push(an_authorization(id));
                authorize(id)
            }
            _ => {
                let known = memory.iter().find(|known| known.id.0 == id);
                Decision::grant(()).and_all(revoke(known, ANA, SESSION, NOW).changes)
            }
        });
        if !early || pending.len() == BATCH {
            for decision in pending.drain(..) {
                store.decide(|| async { Ok(decision.clone()) }).await.unwrap().unwrap();
            }
        }
        stream.write_all(b"done\n").unwrap();
    }
}

struct Killed(Child);

impl Drop for Killed {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

/// The history of a server that is killed after its last answer, and of what is there afterwards.
async fn killed(early: bool, database: &TestDatabase) -> Vec<Entry> {
    let (folder, history) = (tempfile::tempdir().unwrap(), History::default());
    let listener = UnixListener::bind(folder.path().join(SOCKET)).unwrap();
    let mut command = Command::new(env::current_exe().unwrap());
    command.args(["--exact", "broken::a_server_that_waits_to_be_killed", "--ignored"]).env(FOLDER, folder.path());
    command.env(DATABASE, written(database.url()));
    if early {
        command.env(EARLY, "yes");
    }
    let server = Killed(command.stdout(Stdio::null()).spawn().unwrap());
    let (mut stream, _) = listener.accept().unwrap();
    let mut answers = BufReader::new(stream.try_clone().unwrap()).lines();
    let mut live = BTreeSet::new();
    let mut tell = |verb: &str, id: Uuid| {
        let asked = history.asking();
        writeln!(stream, "{verb} {id}").unwrap();
        assert_eq!(answers.next().unwrap().unwrap(), "done");
        let event = if verb == "approve" {
            // The person is shown what is approved by now.
            live.insert(id);
            Event::List(Answer::Done(live.clone()))
        } else {
            live.remove(&id);
            Event::Revoke(id, Answer::Done(()))
        };
        history.write(0, 0, asked, event);
    };
    for id in APPROVED {
        tell("approve", id);
    }
    tell("revoke", REVOKED);
    drop(server);

    let (store, asked, mut listed) = (database.open().await, history.asking(), BTreeSet::new());
    for id in APPROVED {
        let found = store.authorization(AuthorizationId(id)).await.unwrap();
        if found.is_some_and(|found| found.is_live(NOW)) {
            listed.insert(id);
        }
    }
    history.write(0, 0, asked, Event::List(Answer::Done(listed)));
    history.entries()
}

#[test]
fn a_server_that_answers_before_it_commits_is_found_out() {
    on_both_engines(async |database| {
        let violations = check(&killed(true, database).await);
        let of = |id: Uuid| format!("authorization {id} in the list");
        let [.., fifth, sixth] = APPROVED;
        let expected = [
            Violation::Outlived { what: of(REVOKED) },
            Violation::Lost { what: of(fifth) },
            Violation::Lost { what: of(sixth) },
        ];
        assert_eq!(violations, expected);
    });
}

#[test]
fn a_server_that_commits_before_it_answers_loses_nothing_in_the_same_kill() {
    on_both_engines(async |database| assert_eq!(check(&killed(false, database).await), []));
}
