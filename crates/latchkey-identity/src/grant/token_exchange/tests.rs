use std::time::Duration;

use uuid::Uuid;

use super::*;
use crate::authorization::Place;
use crate::authorization::tests::an_authorization;
use crate::client::Client;
use crate::client::registration::tests::a_client;
use crate::client_auth::tests::authenticated_by_secret;
use crate::parameters::tests::parameters;
use crate::resource::tests::a_resource;
use crate::sign_in::tests::an_account;
use crate::token::access_token::TokenId;
use crate::token::family::tests::a_family;
use crate::token::tests::a_key;

const NOW: Timestamp = Timestamp::from_secs(5_000);

fn a_subject() -> AccessToken {
    let (authorization, family) = (an_authorization(), a_family());
    AccessToken {
        id: TokenId::new(authorization.id, authorization.version, family.id, &mut Entropy::seeded(1)),
        scopes: ScopeSet::from_text("openid offline_access vso.work vso.code"),
        audience: a_resource().audience,
        subject: "ana".into(),
        issuer: "https://id.test".into(),
        confirmation: None,
        narrowing: Narrowing::default(),
        issued_at: NOW,
        expires_at: NOW + Duration::from_secs(600),
    }
}

fn lighthouse() -> Place {
    let Place { organization, .. } = *an_authorization().places.first().unwrap();
    Place { organization, project: Some(Uuid::from_u128(2)), repository: None }
}

struct Case {
    client: Client,
    subject: AccessToken,
    authorization: Authorization,
    family: TokenFamily,
    actor: Option<ClientId>,
    places: Option<Places>,
    details: Option<Located>,
    scope: Option<&'static str>,
}

fn a_case() -> Case {
    Case {
        client: a_client(),
        subject: a_subject(),
        authorization: an_authorization(),
        family: a_family(),
        actor: None,
        places: None,
        details: None,
        scope: None,
    }
}

impl Case {
    fn decide(&self) -> Decision<Issue> {
        let (resource, key, account) = (a_resource(), a_key(), an_account());
        let request = ExchangeRequest {
            subject_token: Secret::new("x"),
            actor_token: None,
            scope: self.scope.map(str::to_owned),
        };
        let facts = Facts {
            subject: &self.subject,
            authorization: &self.authorization,
            family: &self.family,
            account: &account,
            actor: self.actor,
            places: self.places.as_ref(),
            details: self.details.as_ref(),
            resource: &resource,
            key: &key,
        };
        exchange(&request, &authenticated_by_secret(&self.client), facts, NOW, &mut Entropy::seeded(2))
    }

    fn claims(&self) -> Result<crate::token::access_token::AccessTokenClaims, &'static str> {
        let issue = self.decide().answer.map_err(|error| error.code)?;
        assert!(issue.refresh_token().is_none() && !issue.has_id_token());
        assert!(issue.access_expires_at() <= self.subject.expires_at, "it ends with the token that it came of");
        Ok(issue.access_token_claims(&a_resource()))
    }
}

#[test]
fn a_token_is_narrowed_to_fewer_scopes_and_never_widened() {
    let scope = |scope| Case { scope: Some(scope), ..a_case() }.claims().map(|claims| claims.scope.unwrap());
    assert_eq!(a_case().claims().unwrap().scope.unwrap(), "openid vso.code vso.work");
    assert_eq!(scope("vso.work"), Ok("vso.work".into()));
    assert_eq!(scope("vso.work vso.build"), Err("invalid_scope"));
    assert_eq!(scope("offline_access"), Err("invalid_scope"));
    assert_eq!(scope("favourite_colour"), Err("invalid_scope"), "nothing is left of it");
    let narrowed = ScopeSet::from_text("vso.work");
    let case = Case { authorization: Authorization { scopes: narrowed, ..an_authorization() }, ..a_case() };
    assert_eq!(case.claims().unwrap().scope.unwrap(), "vso.work", "the person took something away since");
}

#[test]
fn authorization_details_narrow_to_actions_and_places_that_the_token_has() {
    let asked = |scopes: &str, places: Places| Some(Located { places, scopes: ScopeSet::from_text(scopes) });
    let here: Places = [lighthouse()].into();
    let claims = Case { details: asked("vso.work", here.clone()), ..a_case() }.claims().unwrap();
    assert_eq!(claims.scope.as_deref(), Some("openid vso.work"), "who the person is stays");
    assert_eq!(claims.places, Some(NarrowedPlaces(here.clone())));
    let alone = Case { scope: Some("vso.work"), details: asked("vso.work", here.clone()), ..a_case() };
    assert_eq!(alone.claims(), Err("invalid_authorization_details"), "scope would count in all places");
    let twice = Case { places: Some(here.clone()), details: asked("vso.work", here.clone()), ..a_case() };
    assert_eq!(twice.claims(), Err("invalid_authorization_details"));
    let more = Case { details: asked("vso.build", here.clone()), ..a_case() };
    assert_eq!(more.claims(), Err("invalid_authorization_details"));
    let elsewhere = Place { organization: Uuid::from_u128(9), project: None, repository: None };
    let wider = Case { details: asked("vso.work", [elsewhere].into()), ..a_case() };
    assert_eq!(wider.claims(), Err("invalid_authorization_details"));
    // What is narrow already becomes no wider.
    let narrowing = Narrowing { places: Some(NarrowedPlaces(here)), actor: None };
    let whole = Place { project: None, ..lighthouse() };
    let subject = AccessToken { narrowing, ..a_subject() };
    let back = Case { subject, details: asked("vso.work", [whole].into()), ..a_case() };
    assert_eq!(back.claims(), Err("invalid_authorization_details"));
}

#[test]
fn a_token_is_narrowed_to_places_that_it_reaches() {
    let narrowed = Case { places: Some([lighthouse()].into()), ..a_case() }.claims().unwrap().places.unwrap();
    assert_eq!(narrowed, NarrowedPlaces([lighthouse()].into()));
    let elsewhere = Place { organization: Uuid::from_u128(9), project: None, repository: None };
    assert_eq!(Case { places: Some([elsewhere].into()), ..a_case() }.claims(), Err("invalid_target"));
    // What is narrow already becomes no wider, and stays as narrow when nothing is asked.
    let mut subject = a_subject();
    subject.narrowing.places = Some(narrowed.clone());
    let again = Case { subject: subject.clone(), ..a_case() };
    assert_eq!(again.claims().unwrap().places, Some(narrowed));
    let whole = Place { project: None, ..lighthouse() };
    assert_eq!(Case { subject, places: Some([whole].into()), ..a_case() }.claims(), Err("invalid_target"));
}

#[test]
fn only_the_client_that_a_token_was_issued_to_exchanges_it() {
    let stranger = Client { id: ClientId(Uuid::from_u128(9)), ..a_client() };
    assert_eq!(Case { client: stranger, ..a_case() }.claims(), Err("invalid_request"));
    let ended = TokenFamily { ended_at: Some(NOW), ..a_family() };
    assert_eq!(Case { family: ended, ..a_case() }.claims(), Err("invalid_request"));
    let paused = Authorization { paused_at: Some(NOW), ..an_authorization() };
    assert_eq!(Case { authorization: paused, ..a_case() }.claims(), Err("invalid_grant"), "the funnel's checks hold");
    let bound = crate::token::confirmation::Confirmation::Key(crate::token::confirmation::Thumbprint([1; 32]));
    let subject = AccessToken { confirmation: Some(bound), ..a_subject() };
    assert_eq!(Case { subject, ..a_case() }.claims(), Err("invalid_request"));
}

#[test]
fn who_acts_stands_in_the_token_and_on_record() {
    let (one, two) = (ClientId(Uuid::from_u128(7)), ClientId(Uuid::from_u128(8)));
    let case = Case { actor: Some(one), ..a_case() };
    let actor = case.claims().unwrap().act.unwrap();
    assert_eq!((actor.sub.as_str(), &actor.act), (one.to_string().as_str(), &None));
    assert!(matches!(&case.decide().changes[..], [Change::Record(event)] if event.kind == EventKind::TokenDelegated));
    assert_eq!(a_case().decide().changes, [], "narrowing alone writes nothing");
    let mut subject = a_subject();
    subject.narrowing.actor = Some(actor.clone());
    let handed_on = Case { subject: subject.clone(), actor: Some(two), ..a_case() }.claims().unwrap().act.unwrap();
    assert_eq!(handed_on, Actor { sub: two.to_string(), act: Some(Box::new(actor.clone())) });
    assert_eq!(Case { subject, ..a_case() }.claims().unwrap().act, Some(actor), "nobody gets rid of it");
}

#[test]
fn the_form_names_access_tokens_only() {
    let usual = [("subject_token", "x"), ("subject_token_type", ACCESS_TOKEN)];
    let read = |more: &[(&str, &str)]| {
        ExchangeRequest::read(&parameters(&[&usual, more].concat()), &a_resource())
            .map(|_| ())
            .map_err(|error| error.code)
    };
    assert_eq!(read(&[]), Ok(()));
    assert_eq!(read(&[("requested_token_type", ACCESS_TOKEN), ("audience", &a_resource().audience)]), Ok(()));
    assert_eq!(read(&[("actor_token", "y"), ("actor_token_type", ACCESS_TOKEN)]), Ok(()));
    let refresh = "urn:ietf:params:oauth:token-type:refresh_token";
    assert_eq!(read(&[("requested_token_type", refresh)]), Err("invalid_request"));
    assert_eq!(read(&[("actor_token", "y")]), Err("invalid_request"));
    assert_eq!(read(&[("actor_token_type", ACCESS_TOKEN)]), Err("invalid_request"));
    for part in ["https://elsewhere.test", "https://id.test/harbor"] {
        assert_eq!(read(&[("audience", part)]), Err("invalid_target"), "it narrows nothing, so it says nothing else");
    }
    let id_token = [("subject_token", "x"), ("subject_token_type", "urn:ietf:params:oauth:token-type:id_token")];
    assert!(ExchangeRequest::read(&parameters(&id_token), &a_resource()).is_err());
}
