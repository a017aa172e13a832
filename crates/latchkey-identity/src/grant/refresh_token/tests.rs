use super::*;
use crate::authorization::tests::an_authorization;
use crate::client::ClientId;
use crate::resource::tests::a_resource;
use crate::sign_in::tests::an_account;
use crate::token::family::FamilyId;
use crate::token::family::tests::a_family;
use crate::token::tests::{a_key, a_public_client, authenticated};
use std::time::Duration;
use uuid::Uuid;

const NOW: Timestamp = Timestamp::from_secs(5_000);

fn rotated(family: &TokenFamily, generation: u32, scope: Option<&str>, now: Timestamp) -> Decision<Issue> {
    let client = a_public_client();
    let (account, key, resource, authorization) = (an_account(), a_key(), a_resource(), an_authorization());
    let request = RefreshRequest {
        token: RefreshToken { family: family.id, generation },
        scope: scope.map(str::to_owned),
        details: None,
    };
    let facts = Rotation {
        family: Some((family, &authorization)),
        account: Some(&account),
        api: None,
        resource: &resource,
        key: &key,
    };
    rotate(&request, &authenticated(&client), facts, now, &mut Entropy::seeded(2))
}

#[test]
fn a_refresh_token_is_replaced_by_its_successor() {
    let decision = rotated(&a_family(), 0, None, NOW);
    let successor = RefreshToken { family: a_family().id, generation: 1 }.text(&a_key());
    assert_eq!(decision.answer.unwrap().refresh_token(), Some(successor));
    assert!(matches!(decision.changes[..], [Change::RotateFamily { generation: 0, .. }]));
}

#[test]
fn a_lost_answer_is_given_again_within_sixty_seconds_and_writes_nothing() {
    let family = TokenFamily { generation: 1, rotated_at: NOW, ..a_family() };
    let repeat = rotated(&family, 0, None, NOW + Duration::from_secs(60));
    let successor = RefreshToken { family: family.id, generation: 1 }.text(&a_key());
    assert_eq!(repeat.answer.unwrap().refresh_token(), Some(successor));
    assert!(repeat.changes.is_empty());
}

#[test]
fn any_other_reuse_ends_the_family() {
    let late = TokenFamily { generation: 1, rotated_at: NOW, ..a_family() };
    let used = TokenFamily { generation: 2, rotated_at: NOW, ..a_family() };
    for (family, now) in [(late, NOW + Duration::from_secs(61)), (used, NOW)] {
        let reuse = rotated(&family, 0, None, now);
        assert_eq!(reuse.answer.unwrap_err().suberror, Some("bad_token"));
        assert_eq!(reuse.changes[0], Change::EndTokenFamily { family: family.id, at: now });
        assert!(matches!(&reuse.changes[1], Change::Record(event) if event.kind == EventKind::RefreshTokenReplayed));
    }
}

#[test]
fn an_ended_an_expired_and_a_foreign_family_refresh_nothing() {
    let ended = TokenFamily { ended_at: Some(NOW), ..a_family() };
    let idle = TokenFamily { rotated_at: Timestamp::from_secs(4_000), ..a_family() };
    let foreign = TokenFamily { client: ClientId(Uuid::from_u128(9)), ..a_family() };
    for (family, now) in [(ended, NOW), (idle, NOW + limits::FAMILY_IDLE), (foreign, NOW)] {
        let refused = rotated(&family, 0, None, now);
        assert_eq!(refused.answer.unwrap_err().code, "invalid_grant");
        assert!(refused.changes.is_empty());
    }
}

#[test]
fn scope_narrows_and_never_widens() {
    let scope_of = |scope| rotated(&a_family(), 0, Some(scope), NOW).answer.map(|issue| issue.scope_text().to_owned());
    assert_eq!(scope_of("vso.work openid").unwrap(), "vso.work openid");
    assert_eq!(scope_of("vso.work vso.build").unwrap(), "vso.work", "asked about and left out: left out again");
    assert_eq!(scope_of("vso.work_write").unwrap_err().code, "invalid_scope");
    let default = scope_of("499b84ac-1321-427f-aa17-267ca6975798/.default").unwrap();
    assert_eq!(default, "499b84ac-1321-427f-aa17-267ca6975798/.default");
}

#[test]
fn a_token_of_an_unknown_family_is_refused() {
    let client = a_public_client();
    let (key, resource) = (a_key(), a_resource());
    let token = RefreshToken { family: FamilyId(Uuid::nil()), generation: 0 };
    let request = RefreshRequest { token, scope: None, details: None };
    let facts = Rotation { family: None, account: None, api: None, resource: &resource, key: &key };
    let refused = rotate(&request, &authenticated(&client), facts, NOW, &mut Entropy::seeded(2));
    assert_eq!(refused.answer.unwrap_err().suberror, Some("bad_token"));
}
