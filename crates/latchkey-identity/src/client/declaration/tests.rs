//! Apps that are declared.

use std::time::Duration;

use uuid::Uuid;

use super::*;
use crate::account::{Account, AccountId};
use crate::client::fapi2::NotFapi2;
use crate::client::registration::tests::{a_client, a_registration, known};
use crate::client::{Profile, registration::Registration};
use crate::secret::Purpose;
use crate::sign_in::tests::an_account;
use crate::tenant::TenantId;

const NOW: Timestamp = Timestamp::from_secs(1_000);
const STRONG: &str = "cJ5nT0qLx8sV2wYbR7eKfGh3uPzA9mDi";

fn an_operator() -> Account {
    Account { id: AccountId(Uuid::nil()), tenant_administrator: true, ..an_account() }
}

fn a_declaration(edit: impl FnOnce(&mut Registration)) -> Declaration {
    let mut registration = a_registration();
    edit(&mut registration);
    Declaration {
        id: ClientId(Uuid::from_u128(0xdec)),
        registration: registration.check(&known()).unwrap(),
        method: None,
        keys: Vec::new(),
        secrets: Vec::new(),
        administrator_approved: true,
    }
}

fn decide(declaration: Declaration, before: Option<&Client>) -> Decision<Outcome, RegistrationError> {
    decide_about(declaration, before, false)
}

fn decide_about(
    declaration: Declaration,
    before: Option<&Client>,
    taken: bool,
) -> Decision<Outcome, RegistrationError> {
    let key = PurposeKey::derive(&[1; 32], Purpose::ClientSecret).unwrap();
    let (owner, by) = (an_account(), an_operator());
    let standing = Standing { before, taken, owner: &owner, owned: 0, by: &by, key: &key, now: NOW };
    declare(declaration, standing, &mut Entropy::seeded(1))
}

fn given(text: &str, expires_at: Timestamp) -> GivenSecret {
    GivenSecret { secret: Secret::new(text), expires_at }
}

#[test]
fn an_id_that_means_something_else_is_not_given_to_an_app() {
    let decision = decide_about(a_declaration(|_| ()), None, true);
    assert_eq!(decision.answer.err(), Some(RegistrationError::TakenId));
    assert!(decision.changes.is_empty());
}

#[test]
fn an_app_that_is_not_there_is_registered_with_the_id_and_the_secret_that_were_given() {
    let declaration =
        Declaration { secrets: vec![given(STRONG, NOW + Duration::from_secs(60))], ..a_declaration(|_| ()) };

    let decision = decide(declaration.clone(), None);

    let Ok(Outcome::Registered(client)) = decision.answer else { panic!("{:?}", decision.answer) };
    assert_eq!((client.id, client.owner), (declaration.id, Some(an_account().id)));
    assert!(client.administrator_approved);
    assert_eq!(client.secrets.len(), 1);
    assert!(!client.secrets[0].hint.contains("cJ5"), "it is not ours to show");
    assert!(matches!(decision.changes[1], Change::RegisterClient { .. }));
    assert!(matches!(decision.changes[3], Change::AddSecret { from_version: 1, .. }));
}

#[test]
fn an_app_that_is_there_just_so_stays_untouched() {
    let declaration =
        Declaration { secrets: vec![given(STRONG, NOW + Duration::from_secs(60))], ..a_declaration(|_| ()) };
    let registered = decide(declaration.clone(), None).answer.unwrap().client().clone();

    let again = decide(declaration, Some(&registered));

    assert_eq!(again.answer, Ok(Outcome::Unchanged(registered)));
    assert_eq!(again.changes, []);
}

#[test]
fn an_app_that_differs_becomes_as_it_is_declared_and_the_answer_says_in_what() {
    let before = decide(a_declaration(|_| ()), None).answer.unwrap().client().clone();
    let other = Declaration {
        administrator_approved: false,
        method: Some(Method::ClientSecretPost),
        ..a_declaration(|registration| registration.name = "Burnup".into())
    };

    let decision = decide(other, Some(&before));

    let Ok(Outcome::Changed(client, parts)) = decision.answer else { panic!("{:?}", decision.answer) };
    assert_eq!(parts, ["name", "token_endpoint_auth_method", "administrator_approved"]);
    assert_eq!((client.name.as_str(), client.version), ("Burnup", before.version + 1));
    assert_eq!(decision.changes.len(), 2);
}

#[test]
fn one_part_that_is_refused_refuses_all_of_it() {
    use RegistrationError as E;
    let later = NOW + Duration::from_secs(60);
    let with = |secrets: Vec<GivenSecret>| {
        let decision = decide(Declaration { secrets, ..a_declaration(|_| ()) }, None);
        assert!(decision.answer.is_ok() || decision.changes.is_empty());
        decision.answer.map(|_| ())
    };
    assert_eq!(with(vec![given("short", later)]), Err(E::WeakSecret));
    assert_eq!(with(vec![given(&"ab".repeat(20), later)]), Err(E::WeakSecret));
    assert_eq!(with(vec![given(&format!("{STRONG} x"), later)]), Err(E::WeakSecret));
    assert_eq!(with(vec![given(STRONG, NOW)]), Err(E::SecretLifetime));
    let three = ["1", "2", "3"].map(|end| given(&format!("{STRONG}{end}"), later));
    assert_eq!(with(three.to_vec()), Err(E::TooManySecrets));
    let unreadable = Declaration { keys: vec!["nonsense".into()], ..a_declaration(|_| ()) };
    assert_eq!(decide(unreadable, None).answer, Err(E::Key(KeyError::Unreadable)));
    let wrong = Declaration { method: Some(Method::None), ..a_declaration(|_| ()) };
    assert_eq!(decide(wrong, None).answer, Err(E::Method));
}

#[test]
fn an_app_of_the_fapi_2_profile_is_given_no_secret() {
    let secrets = vec![given(STRONG, NOW + Duration::from_secs(60))];
    let declaration = Declaration { secrets, ..a_declaration(|registration| registration.profile = Profile::Fapi2) };
    assert_eq!(decide(declaration, None).answer, Err(RegistrationError::Fapi2(NotFapi2::Secret)));
}

#[test]
fn an_app_of_another_tenant_kind_or_world_is_not_taken_over() {
    use RegistrationError as E;
    let before = Client { owner: Some(an_account().id), ..a_client() };
    let answer = |before: Client| decide(a_declaration(|_| ()), Some(&before)).answer.map(|_| ());
    assert_eq!(answer(before.clone()), Ok(()));
    assert_eq!(answer(Client { tenant: TenantId(Uuid::from_u128(2)), ..before.clone() }), Err(E::NotYours));
    assert_eq!(answer(Client { profile: Profile::Legacy, ..before.clone() }), Err(E::LegacyStaysAsItIs));
    let native = crate::client::ClientKind::Native;
    assert_eq!(answer(Client { kind: native, ..before }), Err(E::KindStays));
}
