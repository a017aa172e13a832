//! An app that sends people to more than one place: each is asked about once, for what is approved there.

use super::*;
use crate::authorize::request::tests::request_of;

const HERE: &str = "https://burndown.test/callback";
const THERE: &str = "https://staging.test/callback";

/// Burndown, which is at home at two hosts.
fn at_two_hosts() -> Client {
    let there = RedirectUri::from_stored(THERE.to_owned());
    Client { redirect_uris: a_client().redirect_uris.into_iter().chain([there]).collect(), ..a_client() }
}

fn question(client: &Client, uri: &str, scope: &str, existing: Option<&Authorization>) -> Option<Question> {
    let request = request_of(client, &[("redirect_uri", uri), ("scope", scope)]).unwrap();
    match required(&request, client, existing, None, None, NOW) {
        Consent::Ask(question) => Some(question),
        Consent::Remembered => None,
    }
}

/// The authorization after somebody who is sent to `uri` ticked `ticked` of `scope`, for these places.
fn approved_in(
    places: &[Place],
    (uri, scope, ticked): (&str, &str, &str),
    existing: Option<&Authorization>,
) -> Authorization {
    let (client, account, session) = (at_two_hosts(), an_account(), a_session());
    let request = request_of(&client, &[("redirect_uri", uri), ("scope", scope)]).unwrap();
    let question = question(&client, uri, scope, existing).expect("it is asked");
    let choice = Choice { places: places.iter().copied().collect(), ..choice(&question, ticked) };
    let context = CodeContext {
        request: &request,
        places: None,
        client: &client,
        account: &account,
        session: &session,
        tenant: account.tenant,
        origin: "https://id.test",
        key: &crate::token::tests::a_key(),
        flow: None,
    };
    let approval = Approval { context, existing, called: None };
    granted(&approve(approval, &choice, &offer(), NOW, &mut Entropy::seeded(1)))
}

fn approved(uri: &str, scope: &str, ticked: &str, existing: Option<&Authorization>) -> Authorization {
    approved_in(&[place(Some(LIGHTHOUSE))], (uri, scope, ticked), existing)
}

fn asks(uri: &str, scope: &str, existing: &Authorization) -> Option<String> {
    question(&at_two_hosts(), uri, scope, Some(existing)).map(|question| question.open.to_string())
}

#[test]
fn a_destination_is_new_once_and_known_beside_the_others_from_then_on() {
    let scope = "openid vso.work";
    let first = approved(HERE, scope, "vso.work", None);
    assert_eq!(asks(HERE, scope, &first), None);
    assert_eq!(asks(THERE, scope, &first).as_deref(), Some(scope), "nobody let it send them there");
    let second = approved(THERE, scope, "vso.work", Some(&first));
    assert_eq!((second.id, second.scopes.to_string().as_str()), (first.id, scope));
    assert_eq!((asks(HERE, scope, &second), asks(THERE, scope, &second)), (None, None));
}

#[test]
fn at_a_new_destination_everything_is_asked_and_what_the_others_have_stays_on_the_page() {
    let first = approved(HERE, "openid vso.work vso.code", "vso.work vso.code", None);
    let asked = question(&at_two_hosts(), THERE, "openid vso.work", Some(&first)).unwrap();
    assert_eq!((asked.open.to_string(), asked.already.to_string()), ("openid vso.work".into(), "vso.code".into()));
    let second = approved(THERE, "openid vso.work", "vso.work", Some(&first));
    assert_eq!(second.scopes.to_string(), "openid vso.code vso.work");
    assert_eq!(asks(HERE, "openid vso.work vso.code", &second), None, "nothing changed there");
    assert_eq!(asks(THERE, "openid vso.code", &second).as_deref(), Some("vso.code"), "it was approved for elsewhere");
}

#[test]
fn what_is_approved_at_one_destination_is_asked_about_at_the_others() {
    let scope = "openid vso.work";
    let both = approved(THERE, scope, "vso.work", Some(&approved(HERE, scope, "vso.work", None)));
    let more = approved(HERE, "openid vso.work vso.build", "vso.build", Some(&both));
    assert_eq!(asks(THERE, "openid vso.work vso.build", &more).as_deref(), Some("vso.build"));
    assert_eq!(asks(THERE, scope, &more), None);
    // What somebody said no to there, and yes to here, is asked about there.
    let refused = approved(HERE, "openid vso.work vso.code", "vso.work", None);
    let given = approved(THERE, "openid vso.work vso.code", "vso.work vso.code", Some(&refused));
    assert_eq!(asks(HERE, "openid vso.work vso.code", &given).as_deref(), Some("vso.code"));
}

#[test]
fn more_places_at_one_destination_are_asked_about_at_the_others() {
    let scope = "openid vso.work";
    let first = approved(HERE, scope, "vso.work", None);
    let wider = approved_in(&[place(None)], (THERE, scope, "vso.work"), Some(&first));
    assert_eq!(asks(HERE, scope, &wider).as_deref(), Some(scope));
    let narrower = approved(HERE, scope, "vso.work", Some(&wider));
    assert_eq!((asks(HERE, scope, &narrower), asks(THERE, scope, &narrower)), (None, None));
}

#[test]
fn a_destination_counts_for_the_app_as_it_was_and_as_long_as_it_is_one() {
    let scope = "openid vso.work";
    let both = approved(THERE, scope, "vso.work", Some(&approved(HERE, scope, "vso.work", None)));
    let renamed = Client { name: "Burnup".into(), ..at_two_hosts() };
    for uri in [HERE, THERE] {
        let asked = question(&renamed, uri, scope, Some(&both)).expect("it is another app to people");
        assert_eq!((asked.open.to_string(), asked.already), (scope.to_owned(), ScopeSet::default()));
    }
    // Approved anew while one of them is none of the app's any more, it is forgotten.
    let (client, edits) = (a_client(), [("scope", "openid vso.build")]);
    let request = request_of(&client, &edits).unwrap();
    let Consent::Ask(asked) = required(&request, &client, Some(&both), None, None, NOW) else { panic!("not asked") };
    let left = answer_to(&edits, Some(&both), None, &choice(&asked, "vso.build"), &offer(), 1);
    assert_eq!(asks(THERE, scope, &granted(&left)).as_deref(), Some(scope));
}
