mod destinations;

use std::time::Duration;

use super::*;
use crate::authorization::tests::an_authorization;
use crate::authorization::{EndReason, Lifetime};
use crate::authorize::request::tests::request;
use crate::authorize::response::Approved;
use crate::change::Change;
use crate::client::registration::tests::a_client;
use crate::client::{ClientKind, RedirectUri};
use crate::decision::Decision;
use crate::entropy::Entropy;
use crate::event::EventKind;
use crate::grant::authorization_code::CodeContext;
use crate::sign_in::tests::{a_session, an_account};
use crate::tenant::TenantId;

const NOW: Timestamp = Timestamp::from_secs(1_000);
const HARBOR: Uuid = Uuid::from_u128(0x0a);
const LIGHTHOUSE: Uuid = Uuid::from_u128(0x1);

fn place(project: Option<Uuid>) -> Place {
    Place { organization: HARBOR, project, repository: None }
}

fn offer() -> Offer {
    Offer { places: [place(None), place(Some(LIGHTHOUSE))].into(), caps: vec![(HARBOR, 90)] }
}

fn asked(edits: &[(&str, &str)], existing: Option<&Authorization>) -> Question {
    match required(&request(edits).unwrap(), &a_client(), existing, None, None, NOW) {
        Consent::Ask(question) => question,
        Consent::Remembered => panic!("not asked"),
    }
}

fn choice(question: &Question, scopes: &str) -> Choice {
    Choice {
        scopes: ScopeSet::from_text(scopes),
        places: [place(Some(LIGHTHOUSE))].into(),
        lifetime: Lifetime::Days(7),
        shown: question.shown,
    }
}

fn answer(
    edits: &[(&str, &str)],
    existing: Option<&Authorization>,
    edit: impl FnOnce(&mut Choice),
) -> Decision<Approved, ChoiceError> {
    answer_with(edits, existing, edit, 1)
}

fn answer_with(
    edits: &[(&str, &str)],
    existing: Option<&Authorization>,
    edit: impl FnOnce(&mut Choice),
    seed: u64,
) -> Decision<Approved, ChoiceError> {
    let mut choice = choice(&asked(edits, existing), "openid vso.work");
    edit(&mut choice);
    answer_to(edits, existing, None, &choice, &offer(), seed)
}

fn answer_to(
    edits: &[(&str, &str)],
    existing: Option<&Authorization>,
    places: Option<&Places>,
    choice: &Choice,
    offer: &Offer,
    seed: u64,
) -> Decision<Approved, ChoiceError> {
    let (request, client, account, session) = (request(edits).unwrap(), a_client(), an_account(), a_session());
    let context = CodeContext {
        request: &request,
        places,
        client: &client,
        account: &account,
        session: &session,
        tenant: account.tenant,
        origin: "https://id.test",
        key: &crate::token::tests::a_key(),
        flow: None,
    };
    approve(Approval { context, existing, called: None }, choice, offer, NOW, &mut Entropy::seeded(seed))
}

fn granted(decision: &Decision<Approved, ChoiceError>) -> Authorization {
    assert!(decision.answer.is_ok(), "{decision:?}");
    let authorization = decision.changes.iter().find_map(|change| match change {
        Change::Authorize(authorization) | Change::ChangeAuthorization { authorization, .. } => Some(authorization),
        _ => None,
    });
    authorization.cloned().map(|authorization| *authorization).unwrap()
}

#[test]
fn what_is_stored_is_what_was_ticked() {
    let decision = answer(&[("scope", "openid vso.work vso.code")], None, |_| ());
    let authorization = granted(&decision);
    assert_eq!(authorization.scopes.to_string(), "openid vso.work");
    assert_eq!(authorization.asked.to_string(), "openid vso.code vso.work");
    assert_eq!(authorization.places, [place(Some(LIGHTHOUSE))].into());
    assert_eq!(authorization.expires_at, Some(NOW + Duration::from_secs(7 * 86_400)));
    assert!(
        decision
            .changes
            .iter()
            .any(|change| matches!(change, Change::Record(event) if event.kind == EventKind::AuthorizationGranted))
    );
}

#[test]
fn nothing_is_granted_that_was_not_offered() {
    let refused = |edit: fn(&mut Choice)| {
        let decision = answer(&[], None, edit);
        assert!(decision.changes.is_empty(), "{decision:?}");
        decision.answer.unwrap_err()
    };
    assert_eq!(refused(|choice| choice.shown = [9; 32]), ChoiceError::Changed);
    assert_eq!(refused(|choice| choice.scopes = ScopeSet::from_text("openid")), ChoiceError::NothingChosen);
    assert_eq!(refused(|choice| choice.places.clear()), ChoiceError::NoPlace);
    assert_eq!(refused(|choice| choice.places.extend([place(Some(HARBOR))])), ChoiceError::PlaceNotOffered);
    assert_eq!(refused(|choice| choice.lifetime = Lifetime::UntilRemoved), ChoiceError::TooLong);
    let widened = answer(&[], None, |choice| choice.scopes = ScopeSet::from_text("openid vso.work vso.code vso.build"));
    assert_eq!(granted(&widened).scopes.to_string(), "openid vso.work");
}

#[test]
fn an_app_that_changed_since_the_page_was_shown_is_asked_about_again() {
    let before = asked(&[], None);
    let renamed = Client { name: "Burndown Pro".into(), ..a_client() };
    let verified = Client { publisher: crate::client::Publisher::Verified("burndown.test".into()), ..a_client() };
    for client in [renamed, verified] {
        let Consent::Ask(after) = required(&request(&[]).unwrap(), &client, None, None, None, NOW) else { panic!() };
        assert_ne!(before.shown, after.shown);
    }
    assert_ne!(before.shown, asked(&[("scope", "openid vso.work vso.code")], None).shown);
}

/// "Call X as you": whoever approves it approves it for X.
#[test]
fn an_app_that_is_called_is_asked_about_again_when_it_is_called_something_else() {
    let shown = |called: &Client| match required(&request(&[]).unwrap(), &a_client(), None, None, Some(called), NOW) {
        Consent::Ask(question) => question.shown,
        Consent::Remembered => panic!(),
    };
    let board = Client { name: "Board".into(), ..a_client() };
    assert_eq!(shown(&board), shown(&Client { version: 9, ..board.clone() }));
    assert_ne!(shown(&board), shown(&Client { name: "Payments".into(), ..board }));
}

#[test]
fn the_same_request_does_not_ask_again_and_a_larger_one_shows_what_is_new() {
    let first = granted(&answer(&[("scope", "openid vso.work vso.code")], None, |_| ()));
    let remembered = |edits: &[(&str, &str)], existing: &Authorization| {
        required(&request(edits).unwrap(), &a_client(), Some(existing), None, None, NOW) == Consent::Remembered
    };
    assert!(remembered(&[("scope", "openid vso.work vso.code")], &first), "also what was unticked is not asked again");
    assert!(remembered(&[("scope", "vso.work")], &first));
    assert!(!remembered(&[("prompt", "consent")], &first));
    assert!(!remembered(&[], &Authorization { expires_at: Some(NOW), ..first.clone() }));

    let larger = [("scope", "openid vso.work vso.build")];
    let question = asked(&larger, Some(&first));
    assert_eq!(
        (question.open.to_string(), question.already.to_string()),
        ("vso.build".into(), "openid vso.work".into())
    );
    let second = granted(&answer(&larger, Some(&first), |choice| choice.scopes = ScopeSet::from_text("vso.build")));
    assert_eq!(second.scopes.to_string(), "openid vso.build vso.work");
    assert_eq!((second.id, second.version), (first.id, first.version + 1));
}

#[test]
fn a_native_app_is_never_answered_without_a_look_unless_an_administrator_approved_it() {
    let native = Client {
        kind: ClientKind::Native,
        redirect_uris: vec![RedirectUri::register("http://localhost", ClientKind::Native).unwrap()],
        ..a_client()
    };
    let client_of = |client: &Client| {
        let audience = crate::tenant::Audience::Tenant(crate::authorize::request::tests::harbor());
        let resource = crate::resource::tests::a_resource();
        let context = crate::authorize::request::Context {
            published: &[],
            origin: "https://id.test",
            audience: &audience,
            resource: &resource,
            came_by: crate::authorize::request::CameBy::Link,
        };
        let parameters = crate::parameters::tests::parameters(&[
            ("redirect_uri", "http://localhost:5000"),
            ("response_type", "code"),
            ("scope", "openid"),
            ("code_challenge", crate::authorize::request::tests::CHALLENGE),
            ("code_challenge_method", "S256"),
        ]);
        crate::authorize::request::parse(&parameters, Some(client), context).unwrap()
    };
    let request = client_of(&native);
    let existing = Authorization { shown: app_digest(&request, &native), ..an_authorization() };
    assert!(matches!(required(&request, &native, Some(&existing), None, None, NOW), Consent::Ask(_)));
    let approved = Client { administrator_approved: true, ..native };
    assert_eq!(required(&request, &approved, Some(&existing), None, None, NOW), Consent::Remembered);
}

#[test]
fn an_authorization_that_ran_out_is_replaced_and_not_revived() {
    let old = Authorization { expires_at: Some(NOW), ..granted(&answer(&[], None, |_| ())) };
    let decision = answer_with(&[], Some(&old), |_| (), 2);
    let new = granted(&decision);
    assert_ne!(new.id, old.id);
    assert!(decision.changes.contains(&Change::EndAuthorization {
        authorization: old.id,
        at: NOW,
        reason: EndReason::Replaced
    }));
}

#[test]
fn what_is_given_for_a_session_ends_with_it_at_the_latest() {
    let decision = answer(&[], None, |choice| choice.lifetime = Lifetime::ThisSession);
    let latest = a_session().authenticated_at + crate::limits::SESSION_LIFETIME;
    assert_eq!(granted(&decision).expires_at, Some(latest));
}

#[test]
fn a_page_that_only_asks_who_the_person_is_prolongs_and_moves_nothing() {
    let first = granted(&answer(&[("scope", "vso.work")], None, |choice| choice.lifetime = Lifetime::Days(7)));
    let identity_only = [("scope", "openid profile")];
    let second = granted(&answer(&identity_only, Some(&first), |choice| {
        choice.lifetime = Lifetime::UntilRemoved;
        choice.places.clear();
    }));
    assert_eq!((second.lifetime, second.expires_at, second.session), (first.lifetime, first.expires_at, first.session));
    assert_eq!(second.places, first.places);
    assert_eq!(second.scopes.to_string(), "openid profile vso.work");
}

#[test]
fn what_was_approved_for_an_app_that_looked_otherwise_does_not_come_along() {
    let first = granted(&answer(&[("scope", "openid vso.work vso.code")], None, |_| ()));
    let looked_otherwise = Authorization { shown: [7; 32], ..first };
    let second = granted(&answer(&[("scope", "openid")], Some(&looked_otherwise), |choice| choice.places.clear()));
    assert_eq!(second.scopes.to_string(), "openid");
    assert_eq!(second.asked.to_string(), "openid");
    let again =
        required(&request(&[("scope", "openid vso.work")]).unwrap(), &a_client(), Some(&second), None, None, NOW);
    assert!(matches!(again, Consent::Ask(question) if question.open.to_string() == "vso.work"));
}

#[test]
fn whatever_stays_is_on_the_page_that_asks_for_places_and_time() {
    let first = granted(&answer(&[("scope", "openid vso.work vso.code")], None, |choice| {
        choice.scopes = ScopeSet::from_text("openid vso.work vso.code");
    }));
    let question = asked(&[("scope", "vso.build")], Some(&first));
    assert_eq!(question.already.to_string(), "openid vso.code vso.work");
    let question = asked(&[("scope", "vso.work"), ("prompt", "consent")], Some(&first));
    assert_eq!(
        (question.open.to_string(), question.already.to_string()),
        ("vso.work".into(), "openid vso.code".into())
    );
}

#[test]
fn what_an_administrator_is_shown_of_an_app_is_more_than_its_name() {
    let leads_to = |uris: &[&str]| uris.iter().map(|uri| RedirectUri::from_stored((*uri).to_owned())).collect();
    let app = Client { redirect_uris: leads_to(&["https://a.test/cb", "http://localhost:5000/"]), ..a_client() };
    let same = Client {
        redirect_uris: leads_to(&["http://localhost/", "https://a.test/other", "https://a.test/cb"]),
        scopes: ScopeSet::from_text("vso.build"),
        version: 9,
        ..app.clone()
    };
    assert_eq!(app_shown(&app), app_shown(&same), "the same hosts in another order");
    let changes: [fn(&mut Client); 5] = [
        |app| app.name.push('x'),
        |app| app.publisher = crate::client::Publisher::Verified("a.test".into()),
        |app| app.tenant = TenantId(Uuid::from_u128(0x99)),
        |app| app.redirect_uris.push(RedirectUri::from_stored("https://evil.test/".into())),
        |app| app.redirect_uris.truncate(1),
    ];
    for change in changes {
        let mut other = app.clone();
        change(&mut other);
        assert_ne!(app_shown(&other), app_shown(&app), "{other:?}");
    }
}

#[test]
fn a_paused_authorization_answers_nothing_by_itself_and_goes_on_when_the_person_approves() {
    let given = granted(&answer(&[], None, |_| ()));
    let paused = Authorization { paused_at: Some(NOW), version: 2, ..given.clone() };
    assert_eq!(required(&request(&[]).unwrap(), &a_client(), Some(&given), None, None, NOW), Consent::Remembered);
    let question = asked(&[], Some(&paused));
    assert_eq!((question.open, question.already), (ScopeSet::default(), given.scopes.clone()), "nothing new is asked");
    let decision = answer(&[], Some(&paused), |_| ());
    let resumed = granted(&decision);
    assert_eq!((resumed.paused_at, resumed.version, resumed.id), (None, 3, given.id));
    assert_eq!((resumed.scopes, resumed.places), (given.scopes.clone(), given.places.clone()));
    let recorded = |kind| {
        let is = |change: &Change| matches!(change, Change::Record(event) if event.kind == kind);
        decision.changes.iter().any(is)
    };
    assert!(recorded(EventKind::AuthorizationChanged) && recorded(EventKind::AuthorizationResumed));
}

#[test]
fn a_page_that_says_nothing_of_a_pause_ends_none() {
    let given = granted(&answer(&[], None, |_| ()));
    let paused = Authorization { paused_at: Some(NOW), version: 2, ..given.clone() };
    let edits = [("prompt", "consent")];
    let before = asked(&edits, Some(&given));
    let answered = answer(&edits, Some(&paused), |choice| choice.shown = before.shown);
    assert_eq!((answered.answer, answered.changes), (Err(ChoiceError::Changed), vec![]));
}

fn with_places(
    existing: Option<&Authorization>,
    named: &Places,
    chosen: &Places,
) -> Option<Decision<Approved, ChoiceError>> {
    let Consent::Ask(question) = required(&request(&[]).unwrap(), &a_client(), existing, Some(named), None, NOW) else {
        return None;
    };
    let choice = Choice { places: chosen.clone(), ..choice(&question, "openid vso.work") };
    let places = [place(None), place(Some(LIGHTHOUSE)), place(Some(DRYDOCK))].into();
    let offer = Offer { places, caps: Vec::new() };
    Some(answer_to(&[], existing, Some(named), &choice, &offer, 1))
}

const DRYDOCK: Uuid = Uuid::from_u128(0x2);

/// RFC 9396 §2: the person is asked for the places that are named, and may give fewer.
#[test]
fn places_that_are_named_are_what_is_given_or_less() {
    let (lighthouse, both) = (Places::from([place(Some(LIGHTHOUSE))]), [place(Some(LIGHTHOUSE)), place(Some(DRYDOCK))]);
    let both = Places::from(both);
    let refused = |chosen: &Places| with_places(None, &lighthouse, chosen).unwrap().answer.unwrap_err();
    assert_eq!(refused(&[place(None)].into()), ChoiceError::PlaceNotOffered, "all of the organization");
    assert_eq!(refused(&both), ChoiceError::PlaceNotOffered);
    assert_eq!(refused(&Places::new()), ChoiceError::NoPlace);
    let decision = with_places(None, &both, &lighthouse).unwrap();
    let given = granted(&decision);
    assert_eq!((&given.places, &given.asked_places), (&lighthouse, &both));
    let code = decision.changes.iter().find_map(|change| match change {
        Change::IssueCode(code) => code.places.clone(),
        _ => None,
    });
    assert_eq!(code, Some(both.clone()));
    // The same is not asked again, and neither is less; what was left out is, if it is asked for by itself.
    assert!(with_places(Some(&given), &both, &both).is_none());
    assert!(with_places(Some(&given), &lighthouse, &both).is_none());
    let drydock = Places::from([place(Some(DRYDOCK))]);
    assert!(with_places(Some(&given), &drydock, &drydock).is_some());
    assert_eq!(
        with_places(Some(&given), &drydock, &lighthouse).unwrap().answer.unwrap_err(),
        ChoiceError::NoPlace,
        "nothing of what was named"
    );
    let wider = granted(&with_places(Some(&given), &drydock, &both).unwrap());
    assert_eq!(wider.places, both, "what was given before stays on the page");
}
