//! Lists of authorizations, and what they were used for.

use latchkey_devops::ids::{OrganizationId, ProjectId};
use latchkey_identity::account::{Account, AccountId};
use latchkey_identity::authorization::{Authorization, AuthorizationId, EndReason, Place};
use latchkey_identity::client::{Client, ClientId, Profile, Publisher};
use latchkey_identity::{Change, Timestamp};
use latchkey_store::identity::{ListedAuthorization, RefusedUse, Use, UseOfDay};
use latchkey_testkit::databases::on_both_databases;

use crate::builders::*;

fn a_use(authorization: AuthorizationId, at: Timestamp, count: i64) -> Use {
    Use {
        authorization,
        app: burndown().id,
        at,
        address: format!("192.0.2.{count}"),
        operation: "read work items".into(),
        project: Some((OrganizationId(id(1)), ProjectId(id(3)))),
        count,
    }
}

/// Ana's authorization for another app.
fn for_ant() -> Authorization {
    Authorization {
        id: AuthorizationId(id(0xa2)),
        client: a_bare_client().id,
        changed_at: later(100),
        ..an_authorization()
    }
}

#[test]
fn a_person_sees_what_is_out_newest_use_first() {
    on_both_databases(async |store| {
        with_everything(&store, &an_authorization()).await;
        let gone = Client { id: ClientId(id(0xc3)), name: "Gone".into(), ..a_bare_client() };
        let ended = Authorization { id: AuthorizationId(id(0xa3)), client: gone.id, ..an_authorization() };
        with(&store, vec![register(&a_bare_client()), register(&gone), authorize(&for_ant()), authorize(&ended)]).await;
        let end = Change::EndAuthorization { authorization: ended.id, at: later(9), reason: EndReason::Revoked };
        with(&store, vec![end]).await;

        let ids = async || {
            let listed = store.authorizations_of(ana().id).await.unwrap();
            listed.into_iter().map(|listed| listed.authorization.id).collect::<Vec<_>>()
        };
        assert_eq!(ids().await, [for_ant().id, an_authorization().id]);
        store.record_uses(&[a_use(an_authorization().id, later(200), 1)], &[]).await.unwrap();
        assert_eq!(ids().await, [an_authorization().id, for_ant().id]);

        let listed = store.authorizations_of(ana().id).await.unwrap();
        let expected = ListedAuthorization {
            authorization: an_authorization(),
            client_name: "Burndown".into(),
            publisher: Publisher::Verified("burndown.test".into()),
            profile: Profile::Microsoft,
            last_used: Some((later(200), "192.0.2.1".to_owned())),
        };
        assert_eq!(listed.first(), Some(&expected));
        assert_eq!(listed[1].last_used, None);
        assert_eq!(store.authorizations_of(ben().id).await.unwrap(), []);
    });
}

#[test]
fn an_organization_sees_what_leads_into_it_and_nothing_else() {
    on_both_databases(async |store| {
        with_everything(&store, &an_authorization()).await;
        let elsewhere = Place { organization: id(0x77), project: None, repository: None };
        let other = Authorization { places: [elsewhere].into(), ..for_ant() };
        with(&store, vec![register(&a_bare_client()), authorize(&other)]).await;
        for (organization, authorization) in
            [(id(1), an_authorization()), (id(2), an_authorization()), (id(0x77), other)]
        {
            let organization = OrganizationId(organization);
            let found = store.authorizations_into(organization, NOW, 10).await.unwrap();
            let [(found, 1)] = found.as_slice() else { panic!("{found:?}") };
            assert_eq!(found.listed.authorization, authorization);
            assert_eq!((found.account_email.as_str(), found.account_name.as_str()), ("Ana@Harbor.test", "Ana"));
            let last = store.authorizations_used_last(organization, NOW, 10).await.unwrap();
            assert_eq!(last, [(authorization.clone(), found.listed.profile)]);
            if let Some(end) = authorization.expires_at {
                assert_eq!(store.authorizations_into(organization, end, 10).await.unwrap(), []);
                assert_eq!(store.authorizations_used_last(organization, end, 10).await.unwrap(), []);
            }
        }
        let end =
            Change::EndAuthorization { authorization: an_authorization().id, at: NOW, reason: EndReason::Revoked };
        with(&store, vec![end]).await;
        assert_eq!(store.authorizations_into(OrganizationId(id(1)), NOW, 10).await.unwrap(), []);
    });
}

#[test]
fn uses_add_up_by_day_and_the_last_one_never_goes_back() {
    on_both_databases(async |store| {
        with_everything(&store, &an_authorization()).await;
        let given = an_authorization().id;
        let day = Timestamp::from_secs(NOW.as_secs() / 86_400 * 86_400);
        let without_project = Use { project: None, operation: "list projects".into(), ..a_use(given, later(30), 5) };
        store
            .record_uses(&[a_use(given, later(20), 2), without_project, a_use(given, later(10), 1)], &[])
            .await
            .unwrap();
        store.record_uses(&[a_use(given, later(15), 4), a_use(given, later(86_400), 9)], &[]).await.unwrap();
        store.record_uses(&[a_use(given, later(40), 0)], &[]).await.unwrap();
        store.record_uses(&[], &[]).await.unwrap();

        let used = |day, operation: &str, project, count, last_at| UseOfDay {
            day,
            operation: operation.into(),
            project,
            count,
            last_at,
        };
        let expected = [
            used(day + std::time::Duration::from_secs(86_400), "read work items", Some(id(3)), 9, later(86_400)),
            used(day, "read work items", Some(id(3)), 7, later(40)),
            used(day, "list projects", None, 5, later(30)),
        ];
        assert_eq!(store.uses_of(given).await.unwrap(), expected);
        let last = store.authorizations_of(ana().id).await.unwrap()[0].last_used.clone();
        assert_eq!(last, Some((later(86_400), "192.0.2.9".to_owned())));
    });
}

#[test]
fn of_each_app_an_organization_sees_so_many_and_how_many_there_are() {
    on_both_databases(async |store| {
        with_everything(&store, &an_authorization()).await;
        let by = |number: u128| Authorization {
            id: AuthorizationId(id(0x100 + number)),
            account: AccountId(id(0x200 + number)),
            changed_at: later(1_000 + u64::try_from(number).unwrap()),
            ..an_authorization()
        };
        let another = |number: u128| Account {
            id: AccountId(id(0x200 + number)),
            email: format!("{number}@harbor.test"),
            ..ana()
        };
        for number in 0..5 {
            with(&store, vec![create(&another(number), None), authorize(&by(number))]).await;
        }
        with(&store, vec![register(&a_bare_client()), authorize(&for_ant())]).await;
        let found = store.authorizations_into(OrganizationId(id(1)), NOW, 2).await.unwrap();
        let found: Vec<_> = found.iter().map(|(one, count)| (one.listed.authorization.id, *count)).collect();
        assert_eq!(found, [(by(4).id, 6), (by(3).id, 6), (for_ant().id, 1)]);
        let last = store.authorizations_used_last(OrganizationId(id(1)), NOW, 3).await.unwrap();
        assert_eq!(last.iter().map(|(one, _)| one.id).collect::<Vec<_>>(), [by(4).id, by(3).id, by(2).id]);
    });
}

#[test]
fn uses_in_projects_add_up_by_organization_app_and_day_whoever_writes_them() {
    on_both_databases(async |store| {
        with_everything(&store, &an_authorization()).await;
        with(&store, vec![register(&a_bare_client()), authorize(&for_ant())]).await;
        let harbor = OrganizationId(id(1));
        let one = |at, count| a_use(an_authorization().id, at, count);
        let by_ant = Use { authorization: for_ant().id, app: a_bare_client().id, ..one(later(20), 5) };
        let in_none = Use { project: None, ..one(later(20), 7) };
        let elsewhere = Use { project: Some((OrganizationId(id(2)), ProjectId(id(4)))), ..one(later(20), 11) };
        // Two servers write at the same moment, again and again: nothing is lost.
        for _ in 0..10 {
            let (first, second) =
                ([one(later(20), 2), by_ant.clone(), in_none.clone()], [one(later(30), 3), elsewhere.clone()]);
            let both = tokio::join!(store.record_uses(&first, &[]), store.record_uses(&second, &[]));
            assert_eq!(both, (Ok(()), Ok(())));
        }
        store.record_uses(&[one(later(86_400), 1)], &[]).await.unwrap();

        let counted = async |organization, since| {
            let mut found = store.calls_in(organization, since).await.unwrap();
            found.sort_by_key(|one| (one.day, one.count));
            found.iter().map(|one| (one.app, one.profile, one.count)).collect::<Vec<_>>()
        };
        let (burndown, ant) = (burndown(), a_bare_client());
        let expected =
            [(burndown.id, burndown.profile, 50), (ant.id, ant.profile, 50), (burndown.id, burndown.profile, 1)];
        let mut found = counted(harbor, NOW).await;
        found.sort_by_key(|(app, _, count)| (std::cmp::Reverse(*count), *app != burndown.id));
        assert_eq!(found, expected);
        assert_eq!(counted(harbor, later(86_400)).await, [(burndown.id, burndown.profile, 1)]);
        assert_eq!(counted(OrganizationId(id(2)), NOW).await, [(burndown.id, burndown.profile, 110)]);
        assert_eq!(counted(OrganizationId(id(3)), NOW).await, []);
    });
}

#[test]
fn refusals_add_up_by_day_and_are_no_use() {
    on_both_databases(async |store| {
        with_everything(&store, &an_authorization()).await;
        let given = an_authorization().id;
        let refused = |at, reason: &str, count| RefusedUse {
            authorization: given,
            at,
            operation: "push source code".into(),
            reason: reason.into(),
            count,
        };
        let first = [refused(later(20), "scope", 2), refused(later(30), "limits", 1), refused(later(10), "scope", 1)];
        store.record_uses(&[], &first).await.unwrap();
        store.record_uses(&[], &[refused(later(15), "scope", 4)]).await.unwrap();

        let found = store.refusals_of(given).await.unwrap();
        let found: Vec<_> = found.iter().map(|one| (one.reason.as_str(), one.count, one.last_at)).collect();
        assert_eq!(found, [("limits", 1, later(30)), ("scope", 7, later(20))]);
        assert_eq!(store.authorizations_of(ana().id).await.unwrap()[0].last_used, None);
        store.purge(later(92 * 86_400)).await.unwrap();
        assert!(store.refusals_of(given).await.unwrap().is_empty());
    });
}
