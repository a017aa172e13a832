//! What is written is what is read.

use latchkey_devops::ids::OrganizationId;
use latchkey_identity::account::{Account, AccountState, email_key};
use latchkey_identity::authorization::{Authorization, EndReason, Lifetime, Places};
use latchkey_identity::authorize::flow::Flow;
use latchkey_identity::authorize::pushed::PushedRequest;
use latchkey_identity::event::{Event, EventKind};
use latchkey_identity::grant::authorization_code::AuthorizationCode;
use latchkey_identity::grant::device_code::DeviceCode;
use latchkey_identity::key_rotation::{Key, KeyChange, KeyState, Sealed};
use latchkey_identity::session::{Session, SessionId};
use latchkey_identity::tenant::{PERSONAL_TENANT, Tenant, TenantKind};
use latchkey_identity::token::family::TokenFamily;
use latchkey_identity::{Change, Timestamp};
use latchkey_jose::Algorithm;
use latchkey_store::{CommitError, Outcome};
use latchkey_testkit::databases::on_both_databases;

use crate::builders::*;

#[test]
fn tenants_come_back() {
    on_both_databases(async |store| {
        let personal = Tenant { id: PERSONAL_TENANT, kind: TenantKind::Personal, ..shore() };
        with(&store, vec![Change::CreateTenant(personal.clone()), Change::CreateTenant(harbor())]).await;
        assert_eq!(store.tenant(harbor().id).await.unwrap().as_deref(), Some(&harbor()));
        assert_eq!(store.tenant_by_domain("shore.test").await.unwrap().as_deref(), Some(&personal));
        assert_eq!(store.tenant_by_domain("nowhere.test").await.unwrap(), None);
        assert_eq!(store.tenants().await.unwrap(), [harbor(), personal]);
    });
}

#[test]
fn devices_and_pushed_requests_come_back_answered_or_not_until_they_are_forgotten() {
    on_both_databases(async |store| {
        let (device, request) = (a_device(), a_pushed_request());
        let begun = vec![Change::StartDevice(Box::new(device.clone())), Change::Push(Box::new(request.clone()))];
        with(&store, begun).await;
        assert_eq!(store.device_of(&device.user_code).await.unwrap(), Some(device.clone()));
        assert_eq!(store.pushed_request(request.hash).await.unwrap(), Some(request.clone()));
        let answered = vec![
            Change::AnswerDevice { device: device.hash, approved: true, at: later(9) },
            Change::UsePushed { request: request.hash, at: later(9) },
        ];
        with(&store, answered).await;
        let approved = DeviceCode { answered_at: Some(later(9)), approved: true, ..device.clone() };
        assert_eq!(store.device_code(device.hash).await.unwrap(), Some(approved));
        let used = PushedRequest { used_at: Some(later(9)), ..request.clone() };
        assert_eq!(store.pushed_request(request.hash).await.unwrap(), Some(used));
        store.purge(later(2 * 86_400)).await.unwrap();
        assert_eq!(store.device_code(device.hash).await.unwrap(), None);
        assert_eq!(store.pushed_request(request.hash).await.unwrap(), None);
    });
}

#[test]
fn accounts_come_back_with_their_tenants_and_are_found_by_their_address() {
    on_both_databases(async |store| {
        let disabled = Account { state: AccountState::Disabled, email_verified: false, ..ben() };
        with(
            &store,
            vec![Change::CreateTenant(harbor()), create(&ana(), Some("$argon2id$1")), create(&disabled, None)],
        )
        .await;
        with(&store, vec![Change::AddGuest { tenant: shore().id, account: ana().id }]).await;
        let person = store.account(ana().id).await.unwrap().unwrap();
        assert_eq!((&person.account, person.home.as_ref()), (&ana(), &harbor()));
        assert_eq!(person.guest_of, [shore().id]);
        assert_eq!(store.account(disabled.id).await.unwrap().unwrap().account, disabled);

        let found = store.credentials(&email_key(" ana@HARBOR.test")).await.unwrap();
        assert_eq!(found, Some((ana(), Some("$argon2id$1".to_owned()))));
        assert_eq!(store.credentials("ben@harbor.test").await.unwrap(), Some((disabled.clone(), None)));
        assert_eq!(store.credentials("eve@harbor.test").await.unwrap(), None);
        assert_eq!(store.accounts_of(harbor().id).await.unwrap(), [ana(), disabled.clone()]);

        with(&store, vec![Change::SetPassword { account: ana().id, password: "$argon2id$2".into(), at: NOW }]).await;
        let found = store.credentials("ana@harbor.test").await.unwrap();
        assert_eq!(found, Some((ana(), Some("$argon2id$2".to_owned()))));
        let replace = |from: &str, to: &str| {
            let (from, to) = (from.to_owned(), to.to_owned());
            vec![Change::ReplacePassword { account: ana().id, from, to, at: NOW }]
        };
        with(&store, replace("$argon2id$2", "$argon2id$3")).await;
        let found = store.credentials("ana@harbor.test").await.unwrap();
        assert_eq!(found, Some((ana(), Some("$argon2id$3".to_owned()))));
        // What was shown is the password no more, or there is none.
        let lost = Err(CommitError::Lost);
        assert_eq!(commit(&store, replace("$argon2id$2", "$argon2id$4")).await, lost);
        assert_eq!(store.credentials("ana@harbor.test").await.unwrap(), found);
        let (from, to) = (String::new(), "$argon2id$4".to_owned());
        let replace = Change::ReplacePassword { account: disabled.id, from, to, at: NOW };
        assert_eq!(commit(&store, vec![replace]).await, lost);
        assert_eq!(store.credentials("ben@harbor.test").await.unwrap(), Some((disabled, None)));
    });
}

#[test]
fn clients_come_back_with_their_lists_in_order() {
    on_both_databases(async |store| {
        with(&store, vec![register(&burndown()), register(&a_bare_client())]).await;
        assert_eq!(store.client(burndown().id).await.unwrap().as_deref(), Some(&burndown()));
        assert_eq!(store.client(a_bare_client().id).await.unwrap().as_deref(), Some(&a_bare_client()));
        assert_eq!(store.clients_of(harbor().id).await.unwrap(), [a_bare_client(), burndown()]);
        assert_eq!(store.clients_owned_by(ana().id).await.unwrap(), [burndown()]);
        assert_eq!(store.count_clients_owned_by(ana().id).await.unwrap(), 1);
        assert_eq!(store.count_clients_owned_by(ben().id).await.unwrap(), 0);
    });
}

#[test]
fn flows_and_sessions_follow_their_browser_to_another_cookie() {
    on_both_databases(async |store| {
        let other = Session { id: SessionId(id(7)), browser: a_browser(2), account: ben().id, ..a_session() };
        with(
            &store,
            vec![
                Change::StartFlow(Box::new(a_flow())),
                Change::StartSession(Box::new(a_session())),
                Change::StartSession(Box::new(other.clone())),
                Change::ChooseSession { flow: a_flow().id, session: a_session().id },
                Change::RenewBrowser { from: a_browser(1), to: a_browser(3) },
            ],
        )
        .await;
        let moved = Session { browser: a_browser(3), ..a_session() };
        assert_eq!(store.session(moved.id).await.unwrap(), Some(moved.clone()));
        assert_eq!(store.sessions_in_browser(a_browser(3), later(70)).await.unwrap(), std::slice::from_ref(&moved));
        assert_eq!(store.sessions_in_browser(a_browser(1), later(70)).await.unwrap(), []);
        assert_eq!(store.sessions_of(ben().id, later(70)).await.unwrap(), [other]);
        let flow = Flow { browser: a_browser(3), session: Some(moved.id), ..a_flow() };
        assert_eq!(store.flow(a_flow().id).await.unwrap(), Some(flow.clone()));

        with(&store, vec![Change::EndFlow { flow: flow.id, at: later(80) }]).await;
        assert_eq!(store.flow(flow.id).await.unwrap(), Some(Flow { ended_at: Some(later(80)), ..flow }));

        let used = [(moved.id, later(200)), (moved.id, later(100))];
        store.touch_sessions(&used).await.unwrap();
        store.touch_sessions(&[(moved.id, later(150))]).await.unwrap();
        assert_eq!(store.session(moved.id).await.unwrap(), Some(Session { used_at: later(200), ..moved.clone() }));
        assert_eq!(store.sessions_of(ana().id, later(86_400)).await.unwrap(), []);
    });
}

#[test]
fn authorizations_codes_and_families_come_back_whole() {
    on_both_databases(async |store| {
        let given = an_authorization();
        with_everything(&store, &given).await;
        let bare = AuthorizationCode {
            hash: latchkey_identity::secret::TokenHash([0xd; 32]),
            challenge: None,
            nonce: None,
            client_info: false,
            redeemed_at: Some(NOW),
            ..a_code()
        };
        with(&store, vec![Change::IssueCode(Box::new(bare.clone()))]).await;
        assert_eq!(store.authorization(given.id).await.unwrap().as_deref(), Some(&given));
        let current = store.authorization_for(given.tenant, given.account, given.client).await.unwrap();
        assert_eq!(current, Some(given.clone()));
        assert_eq!(store.authorization_for(shore().id, given.account, given.client).await.unwrap(), None);
        assert_eq!(store.code(a_code().hash).await.unwrap(), Some((a_code(), given.clone())));
        assert_eq!(store.code(bare.hash).await.unwrap(), Some((bare, given.clone())));
        assert_eq!(store.family(a_family().id).await.unwrap(), Some((a_family(), given.clone())));
        assert_eq!(store.families_of(given.id).await.unwrap(), [a_family()]);

        with(&store, vec![rotate(0, later(100))]).await;
        let rotated =
            TokenFamily { generation: 1, rotated_at: later(100), access_expires_at: later(3_700), ..a_family() };
        assert_eq!(store.family(a_family().id).await.unwrap(), Some((rotated, given)));
    });
}

#[test]
fn a_changed_and_an_ended_authorization_come_back_as_they_are_now() {
    on_both_databases(async |store| {
        with_everything(&store, &an_authorization()).await;
        let changed = Authorization {
            version: 2,
            scopes: an_authorization().asked,
            places: Places::new(),
            lifetime: Lifetime::ThisSession,
            expires_at: None,
            shown: [8; 32],
            changed_at: later(50),
            ..an_authorization()
        };
        let change = Change::ChangeAuthorization { authorization: Box::new(changed.clone()), from_version: 1 };
        with(&store, vec![change]).await;
        assert_eq!(store.authorization(changed.id).await.unwrap().as_deref(), Some(&changed));
        assert_eq!(store.authorizations_into(OrganizationId(id(2)), NOW, 10).await.unwrap(), []);

        let end = Change::EndAuthorization { authorization: changed.id, at: later(60), reason: EndReason::Replaced };
        with(&store, vec![end]).await;
        let ended = Authorization { ended: Some((later(60), EndReason::Replaced)), ..changed };
        assert_eq!(store.authorization(ended.id).await.unwrap().as_deref(), Some(&ended));
        let family = store.family(a_family().id).await.unwrap().unwrap();
        assert_eq!((family.0.ended_at, family.1), (Some(later(60)), ended));
    });
}

#[test]
fn signing_keys_come_back_through_all_their_states() {
    on_both_databases(async |store| {
        let key = |kid: &str, state: KeyState, at: Timestamp| Key {
            kid: kid.into(),
            algorithm: Algorithm::Es256,
            state,
            sealed: Sealed(vec![1, 2, 3]),
            published_at: at,
            active_from: at,
            stopped_at: None,
        };
        let (old, young) = (key("old", KeyState::Active, NOW), key("young", KeyState::Next, later(1)));
        let publish = |key: &Key| Change::SigningKey(KeyChange::Publish(Box::new(key.clone())));
        with(&store, vec![publish(&young), publish(&old)]).await;
        let other = key("other", KeyState::Next, later(1));
        with(&store, vec![Change::SigningKey(KeyChange::Withdraw { kid: "young".into() }), publish(&other)]).await;
        assert_eq!(store.signing_keys().await.unwrap(), [old.clone(), other]);
        with(&store, vec![Change::SigningKey(KeyChange::Withdraw { kid: "other".into() }), publish(&young)]).await;
        assert_eq!(store.signing_keys().await.unwrap(), [old.clone(), young.clone()]);
        with(&store, vec![Change::SigningKey(KeyChange::Hasten { kid: "young".into(), active_from: later(5) })]).await;
        let retire = Change::SigningKey(KeyChange::Retire { kid: "old".into(), at: later(9) });
        with(&store, vec![retire, Change::SigningKey(KeyChange::Activate { kid: "young".into(), at: later(9) })]).await;
        let retired = Key { state: KeyState::Retiring, stopped_at: Some(later(9)), ..old };
        let working = Key { state: KeyState::Active, active_from: later(9), ..young };
        assert_eq!(store.signing_keys().await.unwrap(), [retired, working.clone()]);
        with(&store, vec![Change::SigningKey(KeyChange::Revoke { kid: "young".into(), at: later(12) })]).await;
        with(&store, vec![Change::SigningKey(KeyChange::Drop { kid: "old".into() })]).await;
        let revoked = Key { state: KeyState::Revoked, sealed: Sealed(vec![]), stopped_at: Some(later(12)), ..working };
        assert_eq!(store.signing_keys().await.unwrap(), [revoked], "nothing is left of the private part");
    });
}

#[test]
fn an_event_stands_in_its_tenants_record_with_everything_that_is_known() {
    on_both_databases(async |store| {
        let event = Event::new(EventKind::AuthorizationGranted, harbor().id, NOW, "vso.work")
            .by(ana().id)
            .within(a_session().id)
            .about(&an_authorization());
        let event = Event { address: Some("192.0.2.1".into()), ..event };
        let failed = Event::new(EventKind::SignInFailed, harbor().id, NOW, "password");
        with(&store, vec![Change::Record(event), Change::Record(failed)]).await;
        let recorded = store.audit_events(harbor().id.0, None, 10).await.unwrap();
        let (failed, granted) = (&recorded[0].event, &recorded[1].event);
        assert_eq!((failed.kind.as_str(), failed.outcome), ("sign_in_failed", Outcome::Refused));
        assert_eq!((granted.kind.as_str(), granted.outcome), ("authorization_granted", Outcome::Done));
        assert_eq!((granted.actor, granted.client), (Some(ana().id.0), Some(burndown().id.0)));
        assert_eq!((granted.authorization, granted.session), (Some(an_authorization().id.0), Some(a_session().id.0)));
        assert_eq!((granted.subject.as_str(), granted.address.as_deref()), ("vso.work", Some("192.0.2.1")));
    });
}
