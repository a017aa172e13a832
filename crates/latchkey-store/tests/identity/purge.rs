//! What is swept away, and what stays.

use std::time::Duration;

use latchkey_devops::ids::OrganizationId;
use latchkey_identity::authorization::{Authorization, AuthorizationId, EndReason};
use latchkey_identity::authorize::flow::{Flow, FlowId};
use latchkey_identity::client::identifier::DocumentUrl;
use latchkey_identity::client::metadata_document::ClientDocument;
use latchkey_identity::client::{Authentication, Client, ClientId, ClientState};
use latchkey_identity::secret::TokenHash;
use latchkey_identity::session::{Session, SessionId};
use latchkey_identity::token::family::{FamilyId, TokenFamily};
use latchkey_identity::{Change, Timestamp, limits};
use latchkey_store::identity::{RefusedUse, Use};
use latchkey_store::{Changes, Sql, Store};
use latchkey_testkit::databases::on_both_databases;

use crate::builders::*;

const DAY: u64 = 86_400;

fn days(count: u64) -> Timestamp {
    later(count * DAY)
}

fn a_use(authorization: AuthorizationId) -> Use {
    Use {
        authorization,
        app: burndown().id,
        at: NOW,
        address: "192.0.2.1".into(),
        operation: "fetch".into(),
        project: None,
        count: 1,
    }
}

#[test]
fn each_thing_goes_when_nothing_can_ask_for_it_any_more() {
    on_both_databases(async |store| {
        with_everything(&store, &an_authorization()).await;
        let unrefreshable = TokenFamily { id: FamilyId(id(0xf2)), refreshable: false, ..a_family() };
        with(&store, vec![Change::StartFlow(Box::new(a_flow())), start_family(&unrefreshable)]).await;
        store.record_uses(&[a_use(an_authorization().id)], &[]).await.unwrap();
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

/// How many rows speak of an authorization, by whatever table.
const SPEAK_OF: Sql = Sql::read(
    "test.speak_of",
    "SELECT (SELECT count(*) FROM service_authorization WHERE id = $1)
          + (SELECT count(*) FROM authorization_organization WHERE authorization_id = $1)
          + (SELECT count(*) FROM authorization_use WHERE authorization_id = $1)
          + (SELECT count(*) FROM authorization_refusal WHERE authorization_id = $1)
          + (SELECT count(*) FROM authorization_code WHERE authorization_id = $1)
          + (SELECT count(*) FROM token_family WHERE authorization_id = $1) AS spoken",
);

async fn spoken_of(store: &Store, authorization: AuthorizationId) -> i64 {
    store.read_one(&SPEAK_OF, vec![authorization.0.into()]).await.unwrap().unwrap().int(0).unwrap()
}

#[test]
fn an_authorization_that_ended_long_ago_goes_with_all_that_hangs_below_it() {
    on_both_databases(async |store| {
        let ends = Some(days(2));
        with_everything(&store, &Authorization { expires_at: None, ..an_authorization() }).await;
        let by = |number: u128, expires_at| Authorization {
            id: AuthorizationId(id(number)),
            client: ClientId(id(number)),
            expires_at,
            ..an_authorization()
        };
        let ran_out = by(0xa8, ends);
        let lives = Authorization { client: a_bare_client().id, ..by(0xa9, Some(days(500))) };
        with(&store, vec![register(&an_app(0xa8)), register(&a_bare_client())]).await;
        with(&store, vec![authorize(&ran_out), authorize(&lives)]).await;
        let one = |given: AuthorizationId| {
            let refused = RefusedUse {
                authorization: given,
                at: NOW,
                operation: "push".into(),
                reason: "scope".into(),
                count: 1,
            };
            (a_use(given), refused)
        };
        let (used, refused): (Vec<_>, Vec<_>) = [an_authorization().id, ran_out.id].map(one).into_iter().unzip();
        store.record_uses(&used, &refused).await.unwrap();
        let end =
            |at| Change::EndAuthorization { authorization: an_authorization().id, at, reason: EndReason::Revoked };
        with(&store, vec![end(days(2))]).await;
        let gone = |found: Option<std::sync::Arc<Authorization>>| found.is_none();
        let left = async |now| {
            store.purge(now).await.unwrap();
            let gone = [
                gone(store.authorization(an_authorization().id).await.unwrap()),
                gone(store.authorization(ran_out.id).await.unwrap()),
                gone(store.authorization(lives.id).await.unwrap()),
            ];
            gone.map(|gone| !gone)
        };
        assert_eq!(left(days(402) - Duration::from_secs(1)).await, [true; 3]);
        assert!(spoken_of(&store, ran_out.id).await > 1, "it leads to its organizations still");
        assert_eq!(left(days(402)).await, [false, false, true]);
        assert_eq!(spoken_of(&store, an_authorization().id).await, 0);
        assert_eq!(spoken_of(&store, ran_out.id).await, 0);
        assert_eq!(store.family(a_family().id).await.unwrap(), None);
        assert_eq!(store.authorizations_into(OrganizationId(id(1)), days(402), 10).await.unwrap().len(), 1);
    });
}

#[test]
fn an_authorization_that_is_given_anew_while_old_ones_go_is_there_whole_or_not_at_all() {
    on_both_databases(async |store| {
        with_everything(&store, &an_authorization()).await;
        for number in 0x100..0x120 {
            let ran_out = Authorization {
                id: AuthorizationId(id(number)),
                client: ClientId(id(number)),
                expires_at: Some(days(1)),
                ..an_authorization()
            };
            with(&store, vec![register(&an_app(number)), authorize(&ran_out)]).await;
            let again = Authorization { version: 2, expires_at: Some(days(900)), ..ran_out.clone() };
            let renew = Change::ChangeAuthorization { authorization: Box::new(again.clone()), from_version: 1 };
            let (renewed, purged) = tokio::join!(commit(&store, vec![renew]), store.purge(days(401)));
            assert_eq!(purged, Ok(()));
            let found = store.authorization(ran_out.id).await.unwrap();
            match renewed {
                Ok(()) => {
                    assert_eq!(found.as_deref(), Some(&again));
                    assert_eq!(spoken_of(&store, ran_out.id).await, 3, "and the two organizations that it leads to");
                }
                Err(_) => {
                    assert_eq!(found, None);
                    assert_eq!(spoken_of(&store, ran_out.id).await, 0);
                }
            }
        }
    });
}

#[test]
fn more_authorizations_than_one_portion_go_at_once() {
    on_both_databases(async |store| {
        with_everything(&store, &an_authorization()).await;
        let ended = |number: u128| Authorization {
            id: AuthorizationId(id(0x1000 + number)),
            ended: Some((days(1), EndReason::Revoked)),
            ..an_authorization()
        };
        for portion in 0..11 {
            with(&store, (0..100).map(|number| authorize(&ended(portion * 100 + number))).collect()).await;
        }
        store.purge(days(3)).await.unwrap();
        let before = store.counters();
        store.purge(days(401)).await.unwrap();
        let after = store.counters();
        for number in [0, 500, 1_099] {
            assert_eq!(store.authorization(ended(number).id).await.unwrap(), None);
        }
        assert!(after.commits - before.commits < 20, "in portions");
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

/// An app of this number that described itself at this moment.
fn described(number: u128, at: Timestamp, state: ClientState) -> Change {
    let url = DocumentUrl::parse(&format!("https://service.test/{number}.json")).unwrap();
    let client = Client {
        id: ClientId(id(number)),
        owner: None,
        secrets: vec![],
        authentication: Authentication { federated: vec![], ..an_authentication() },
        document: Some(url.clone()),
        state,
        ..burndown()
    };
    let document = ClientDocument {
        client: client.id,
        tenant: client.tenant,
        url,
        digest: [7; 32],
        fetched_at: at,
        fresh_until: at + Duration::from_secs(3_600),
    };
    Change::DescribeClient { client: Box::new(client), document: Box::new(document) }
}

#[test]
fn an_app_that_described_itself_goes_when_nobody_authorized_it_and_nobody_stopped_it() {
    on_both_databases(async |store| {
        with_everything(&store, &an_authorization()).await;
        let (unused, authorized, stopped, later_on) = (0x11, 0x12, 0x13, 0x14);
        let active = |number, at| described(number, at, ClientState::Active);
        with(&store, vec![active(unused, NOW), active(authorized, NOW), active(later_on, later(60))]).await;
        with(&store, vec![described(stopped, NOW, ClientState::Suspended)]).await;
        let by_ana = Authorization {
            id: AuthorizationId(id(0xa2)),
            client: ClientId(id(authorized)),
            ended: Some((later(1), EndReason::Revoked)),
            ..an_authorization()
        };
        with(&store, vec![authorize(&by_ana)]).await;
        let left = async || {
            let mut left = Vec::new();
            for number in [unused, authorized, stopped, later_on] {
                let client = ClientId(id(number));
                let document = store.client_document(client).await.unwrap().is_some();
                assert_eq!(store.client(client).await.unwrap().is_some(), document, "both or neither: {number:x}");
                left.push(document);
            }
            left
        };
        let end = NOW + limits::UNUSED_DESCRIPTION_LIFETIME;
        store.purge(end - Duration::from_secs(1)).await.unwrap();
        assert_eq!(left().await, [true; 4]);
        store.purge(end).await.unwrap();
        assert_eq!(left().await, [false, true, true, true]);
        store.purge(end + Duration::from_secs(60)).await.unwrap();
        assert_eq!(left().await, [false, true, true, false]);
        assert_eq!(store.count_described_clients(harbor().id).await.unwrap(), 2);

        // What is gone comes back as if it had never been.
        with(&store, vec![active(unused, days(3))]).await;
        let client = store.client(ClientId(id(unused))).await.unwrap().unwrap();
        assert_eq!(client.redirect_uris.len(), 2, "each address once");
        assert_eq!(client.authentication.keys.len(), 2);
    });
}

#[test]
fn more_descriptions_than_one_portion_are_forgotten_at_once() {
    on_both_databases(async |store| {
        with(&store, vec![Change::CreateTenant(harbor())]).await;
        for portion in 0..11 {
            let some = (0..100).map(|number| described(0x1000 + portion * 100 + number, NOW, ClientState::Active));
            with(&store, some.collect()).await;
        }
        assert_eq!(store.count_described_clients(harbor().id).await.unwrap(), 1_100);
        store.purge(NOW + limits::UNUSED_DESCRIPTION_LIFETIME).await.unwrap();
        assert_eq!(store.count_described_clients(harbor().id).await.unwrap(), 0);
        assert_eq!(store.clients_of(harbor().id).await.unwrap(), []);
    });
}

/// Rows that are old in any case, made of a number; and how many are left.
const MUCH: [(Sql, Sql); 9] = [
    (
        Sql::write(
            "test.use",
            "INSERT INTO authorization_use (authorization_id, day, operation, project, uses, last_at)
             VALUES ($1, 0, 'read', $1, 1, 0)",
        ),
        Sql::sweep("test.uses", "SELECT count(*) AS left_over FROM authorization_use"),
    ),
    (
        Sql::write(
            "test.refusal",
            "INSERT INTO authorization_refusal (authorization_id, day, operation, reason, refusals, last_at)
             VALUES ($1, 0, 'read', 'scope', 1, 0)",
        ),
        Sql::sweep("test.refusals", "SELECT count(*) AS left_over FROM authorization_refusal"),
    ),
    (
        Sql::write(
            "test.total",
            "INSERT INTO organization_use (organization, day, client, uses) VALUES ($1, 0, $1, 1)",
        ),
        Sql::sweep("test.totals", "SELECT count(*) AS left_over FROM organization_use"),
    ),
    (
        Sql::write(
            "test.organization",
            "INSERT INTO authorization_organization (organization, authorization_id)
             SELECT CAST($1 AS BLOB), id FROM service_authorization WHERE ended_at IS NOT NULL",
        ),
        Sql::sweep("test.organizations", "SELECT count(*) AS left_over FROM authorization_organization"),
    ),
    (
        Sql::write(
            "test.request",
            "INSERT INTO approval_request (organization, id, person, app, scopes, sentence, asked_at)
             VALUES ($1, $1, $1, $1, '', '', 0)",
        ),
        Sql::sweep("test.requests", "SELECT count(*) AS left_over FROM approval_request"),
    ),
    (
        Sql::write(
            "test.mail",
            "INSERT INTO outbox (tenant, id, account, subject, body, queued_at, next_at, attempts)
             VALUES ($1, $1, $1, '', '', 0, 0, 0)",
        ),
        Sql::sweep("test.mails", "SELECT count(*) AS left_over FROM outbox"),
    ),
    (
        Sql::write(
            "test.told_one",
            "INSERT INTO told (about, account, tenant, ends_at, days, told_at) VALUES ($1, $1, $1, 0, 7, 0)",
        ),
        Sql::sweep("test.told", "SELECT count(*) AS left_over FROM told"),
    ),
    (
        Sql::write(
            "test.notice",
            "INSERT INTO logout_notice (session, client, tenant, account, origin, queued_at, next_at, attempts)
             VALUES ($1, $1, $1, $1, '', 0, 0, 0)",
        ),
        Sql::sweep("test.notices", "SELECT count(*) AS left_over FROM logout_notice"),
    ),
    (
        Sql::write("test.token", "INSERT INTO initial_access_token (hash, tenant, expires_at) VALUES ($1, $1, 0)"),
        Sql::sweep("test.tokens", "SELECT count(*) AS left_over FROM initial_access_token"),
    ),
];

#[test]
fn whatever_there_is_much_of_goes_in_commits_of_its_own() {
    on_both_databases(async |store| {
        with_everything(&store, &for_this_session()).await;
        store.purge(days(1)).await.unwrap();
        let mut changes = Changes::none();
        for (insert, _) in &MUCH {
            for number in 0..1_001 {
                changes.write(insert, vec![id(number).into()]);
            }
        }
        store.commit(changes).await.unwrap();
        let before = store.counters();
        store.purge(days(1)).await.unwrap();
        let after = store.counters();
        for (_, left_over) in &MUCH {
            assert_eq!(store.read_one(left_over, vec![]).await.unwrap().unwrap().int(0), Ok(0), "{}", left_over.name());
        }
        assert_eq!(after.writes - before.writes, 9 * 1_001);
        assert_eq!(after.commits - before.commits, 9 * 3, "of 500 rows at the most");
    });
}
