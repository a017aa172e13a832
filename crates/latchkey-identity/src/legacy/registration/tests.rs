use super::*;
use crate::resource::tests::a_resource;
use crate::secret::Purpose;

const NOW: Timestamp = Timestamp::from_secs(1_000);
const HARBOR: TenantId = TenantId(Uuid::from_u128(1));
const ORGANIZATION: Uuid = Uuid::from_u128(0x0f);
const OPEN: ImportGate = ImportGate { opened_at: Timestamp::from_secs(500), closed_at: None };

pub(crate) fn a_key() -> PurposeKey {
    PurposeKey::derive(&[0; 32], Purpose::ClientSecret).unwrap()
}

pub(crate) fn an_exported_app() -> LegacyRegistration {
    LegacyRegistration {
        id: ClientId(Uuid::from_u128(0x1e9)),
        name: "Azure DevOps Oldtimer".into(),
        description: "Shows work items,\nas it always did.".into(),
        website: "https://oldtimer.test".into(),
        company: "Oldtimer & Sons".into(),
        redirect_uris: vec!["https://oldtimer.test/callback".into()],
        scopes: ScopeSet::from_text("vso.work vso.code"),
        owner: None,
    }
}

fn importing(
    registration: &LegacyRegistration,
    gate: Option<&ImportGate>,
    present: Present<'_>,
    (organization, tenant): (Uuid, TenantId),
) -> Decision<Imported, ImportError> {
    let destination = Destination { organization, tenant, gate, present, resource: &a_resource() };
    import(registration, destination, &a_key(), NOW, &mut Entropy::seeded(5))
}

/// The app, imported, and its secret.
pub(crate) fn imported() -> (Client, LegacyApp, Secret) {
    let decision = importing(&an_exported_app(), None, Present::Nobody, (ORGANIZATION, HARBOR));
    let Ok(Imported::Created(client, secret)) = decision.answer else { panic!("{:?}", decision.answer) };
    let app = decision.changes.into_iter().find_map(|change| match change {
        Change::ImportLegacyApp { app, .. } => Some(*app),
        _ => None,
    });
    (client, app.unwrap(), secret)
}

pub(crate) fn an_imported_client() -> Client {
    imported().0
}

pub(crate) fn an_imported_app() -> LegacyApp {
    imported().1
}

#[test]
fn the_first_app_opens_the_import_and_comes_in_with_a_secret_of_sixty_days() {
    let decision = importing(&an_exported_app(), None, Present::Nobody, (ORGANIZATION, HARBOR));
    let Ok(Imported::Created(client, _)) = &decision.answer else { panic!("{:?}", decision.answer) };
    assert!(client.is_legacy() && !client.multi_tenant);
    assert_eq!(client.secrets[0].expires_at, NOW + days(60));
    assert!(matches!(
        &decision.changes[..],
        [Change::OpenLegacyImport { .. }, Change::Record(event), Change::Record(_), Change::ImportLegacyApp { .. }]
            if event.kind == EventKind::LegacyAppImported
    ));
}

#[test]
fn the_same_export_again_changes_nothing() {
    let (client, app, _) = imported();
    let again = importing(&an_exported_app(), Some(&OPEN), Present::Imported(&client, &app), (ORGANIZATION, HARBOR));
    assert_eq!((again.answer, again.changes), (Ok(Imported::Unchanged(client)), vec![]));
}

#[test]
fn another_name_is_an_update_and_keeps_the_secrets() {
    let (client, app, _) = imported();
    let renamed = LegacyRegistration { name: "Newtimer".into(), ..an_exported_app() };
    let decision = importing(&renamed, Some(&OPEN), Present::Imported(&client, &app), (ORGANIZATION, HARBOR));
    let Ok(Imported::Updated(changed)) = decision.answer else { panic!() };
    assert_eq!((changed.name.as_str(), changed.version, &changed.secrets), ("Newtimer", 2, &client.secrets));
}

#[test]
fn another_directory_that_takes_it_over_opens_it_to_its_people() {
    let (client, app, _) = imported();
    let (elsewhere, shore) = (Uuid::from_u128(0x0e), TenantId(Uuid::from_u128(2)));
    let decision = importing(&an_exported_app(), None, Present::Imported(&client, &app), (elsewhere, shore));
    let Ok(Imported::Updated(changed)) = decision.answer else { panic!() };
    assert!(changed.multi_tenant && changed.tenant == HARBOR);
    assert!(decision.changes.iter().any(
        |change| matches!(change, Change::ChangeLegacyApp { app, .. } if app.organizations == [ORGANIZATION, elsewhere])
    ));
}

#[test]
fn what_one_organization_relies_on_is_not_rewritten_by_another() {
    let (client, app, _) = imported();
    let client = Client { owner: None, ..client };
    let elsewhere = (Uuid::from_u128(0x0e), TenantId(Uuid::from_u128(2)));
    let eve = AccountId(Uuid::from_u128(0xe7e));
    let edits: [fn(&mut LegacyRegistration); 3] = [
        |app| app.redirect_uris = vec!["https://evil.test/cb".into()],
        |app| app.name = "Payroll".into(),
        |app| app.website = "https://evil.test".into(),
    ];
    for edit in edits {
        let mut registration = LegacyRegistration { owner: Some(eve), ..an_exported_app() };
        edit(&mut registration);
        let decision = importing(&registration, None, Present::Imported(&client, &app), elsewhere);
        assert_eq!((decision.answer, decision.changes), (Err(ImportError::HeldElsewhere), vec![]));
    }
    let as_it_is = LegacyRegistration { owner: Some(eve), ..an_exported_app() };
    let decision = importing(&as_it_is, None, Present::Imported(&client, &app), elsewhere);
    let Ok(Imported::Updated(joined)) = decision.answer else { panic!("{:?}", decision.answer) };
    assert_eq!(joined.owner, None, "nobody of the other directory comes to own it");
}

#[test]
fn a_closed_import_lets_nothing_in_and_names_the_way_forward() {
    let closed = ImportGate { closed_at: Some(NOW), ..OPEN };
    let decision = importing(&an_exported_app(), Some(&closed), Present::Nobody, (ORGANIZATION, HARBOR));
    let error = decision.answer.unwrap_err();
    assert!(error.to_string().contains("/apps/new") && decision.changes.is_empty());
}

#[test]
fn what_cannot_come_in_has_its_reason() {
    let (client, app, _) = imported();
    let refused = |edit: fn(&mut LegacyRegistration), present| {
        let mut registration = an_exported_app();
        edit(&mut registration);
        let decision = importing(&registration, Some(&OPEN), present, (ORGANIZATION, HARBOR));
        assert!(decision.changes.is_empty());
        decision.answer.unwrap_err()
    };
    let present = Present::Imported(&client, &app);
    assert_eq!(refused(|_| (), Present::Deleted), ImportError::Deleted);
    assert_eq!(refused(|_| (), Present::Newer), ImportError::IdTaken);
    assert_eq!(refused(|_| (), Present::SomebodyElse), ImportError::SomebodyElse);
    let devops = |app: &mut LegacyRegistration| app.id = ClientId::parse(&a_resource().audience).unwrap();
    assert_eq!(refused(devops, Present::Nobody), ImportError::Resource, "who it is for is no app");
    assert_eq!(refused(|app| app.scopes.insert("vso.build"), present), ImportError::OtherScopes);
    assert_eq!(
        refused(|app| app.scopes = ScopeSet::from_text("preview_api_all"), Present::Nobody),
        ImportError::NoScopes
    );
    assert_eq!(refused(|app| app.description = "\u{202e}".into(), Present::Nobody), ImportError::Text);
    let many =
        |app: &mut LegacyRegistration| app.scopes = ScopeSet::from_text(&format!("vso.work {}", "x".repeat(2_000)));
    assert_eq!(refused(many, Present::Nobody), ImportError::Text);
    assert_eq!(refused(|app| app.name = " ".into(), Present::Nobody), RegistrationError::Name.into());
    assert_eq!(refused(|app| app.redirect_uris.clear(), Present::Nobody), RegistrationError::NoRedirectUri.into());
    let insecure = refused(|app| app.redirect_uris = vec!["http://oldtimer.test/".into()], Present::Nobody);
    assert!(matches!(insecure, ImportError::Registration(RegistrationError::RedirectUri { .. })));
}

#[test]
fn an_import_is_closed_once() {
    let decision = close_import(ORGANIZATION, HARBOR, Some(&OPEN), NOW);
    assert!(matches!(decision.changes[..], [Change::CloseLegacyImport { .. }, Change::Record(_)]));
    let closed = ImportGate { closed_at: Some(NOW), ..OPEN };
    assert!(close_import(ORGANIZATION, HARBOR, Some(&closed), NOW).changes.is_empty());
    assert_eq!(close_import(ORGANIZATION, HARBOR, None, NOW).changes.len(), 3, "it never opens again");
}

#[test]
fn it_stays_as_it_was_imported_and_has_two_secrets_of_sixty_days() {
    use crate::client::registration::{self, add_secret};
    let owner = crate::sign_in::tests::an_account();
    let client = Client { owner: Some(owner.id), ..an_imported_client() };
    let checked = registration::tests::a_registration().check(&registration::tests::known()).unwrap();
    assert_eq!(registration::change(&client, checked, &owner, NOW).answer, Err(RegistrationError::LegacyStaysAsItIs));
    let add = |client: &Client, days| add_secret(client, &owner, days, &a_key(), NOW, &mut Entropy::seeded(9)).answer;
    assert_eq!(add(&client, 61).unwrap_err(), RegistrationError::LegacySecretLifetime);
    let (second, kept) = add(&client, 60).unwrap();
    assert_eq!(secret::client_of(second.reveal()), Some(client.id));
    let both = Client { secrets: vec![client.secrets[0].clone(), kept], ..client };
    assert_eq!(add(&both, 60).unwrap_err(), RegistrationError::TooManySecrets);
}
