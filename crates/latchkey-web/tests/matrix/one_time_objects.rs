//! Every kind of one-time object, and every token, in every parameter that takes another kind: refused, and not consumed.

use latchkey_testkit::server::encode;
use latchkey_testkit::{OldApp, Person, RelyingParty, on_both_databases};

/// A parameter that takes one kind of thing.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum Parameter {
    Code,
    RefreshToken,
    DeviceCode,
    UserCode,
    RequestUri,
    OlderCode,
    OlderRefreshToken,
    AccessToken,
    SubjectToken,
}

const PARAMETERS: [Parameter; 9] = [
    Parameter::Code,
    Parameter::RefreshToken,
    Parameter::DeviceCode,
    Parameter::UserCode,
    Parameter::RequestUri,
    Parameter::OlderCode,
    Parameter::OlderRefreshToken,
    Parameter::AccessToken,
    Parameter::SubjectToken,
];

/// Whether a parameter takes a thing that is not of its kind.
async fn accepts(parameter: Parameter, thing: &str, party: &RelyingParty, older: &OldApp, person: &Person) -> bool {
    let redirect_uri = party.request().value("redirect_uri").to_owned();
    let verifier = "v".repeat(43);
    match parameter {
        Parameter::Code => {
            let pairs = [
                ("grant_type", "authorization_code"),
                ("code", thing),
                ("redirect_uri", &redirect_uri),
                ("code_verifier", &verifier),
            ];
            party.token_request(&pairs).await.is_ok()
        }
        Parameter::RefreshToken => party.refresh(thing).await.is_ok(),
        Parameter::DeviceCode => {
            let pairs = [("grant_type", "device_code"), ("device_code", thing)];
            party.token_request(&pairs).await.is_ok()
        }
        Parameter::UserCode => {
            let page = person.opens("/device").await;
            page.fill("user_code", thing).press("device-next").await.page().heading() == "Is this your device?"
        }
        Parameter::RequestUri => {
            let id = party.client_id();
            let query = encode([("client_id", id.as_str()), ("request_uri", thing)]);
            let url = format!("{}?{query}", party.endpoint("oauth2/v2.0/authorize"));
            let visit = person.browser().open(&url).await;
            visit.as_page().is_none_or(|page| page.heading().contains("wants to access"))
        }
        Parameter::OlderCode => older.redeems(thing).await.is_ok(),
        Parameter::OlderRefreshToken => older.refreshes(thing).await.is_ok(),
        Parameter::AccessToken => person.browser().world().get("/harbor/_apis/projects").bearer(thing).await.is_ok(),
        Parameter::SubjectToken => party.exchanges(thing, &[]).await.is_ok(),
    }
}

#[test]
fn what_is_for_one_parameter_counts_in_no_other_and_still_counts_in_its_own() {
    on_both_databases(async |world| {
        let ana = world.ana();
        let party = world.app("beacon");
        let tokens = ana.authorizes("beacon").await;
        let code = ana.approves("beacon").await;
        let device = party.begins_on_a_device().await;
        let request = party.request();
        let pushed = request.pushed().await.json()["request_uri"].as_str().unwrap().to_owned();
        let older = world.takes_over("oldtimer").await;
        let older_tokens = older.authorized_by(&ana).await;
        let older_code = older.approved_by(&ana).await;

        let things: [(&str, Option<Parameter>); 9] = [
            (&code.text, Some(Parameter::Code)),
            (tokens.refresh_token(), Some(Parameter::RefreshToken)),
            (&device.code, Some(Parameter::DeviceCode)),
            (&device.user_code, Some(Parameter::UserCode)),
            (&pushed, Some(Parameter::RequestUri)),
            (&older_code, Some(Parameter::OlderCode)),
            (&older_tokens.refresh, Some(Parameter::OlderRefreshToken)),
            (&tokens.access, Some(Parameter::AccessToken)),
            (tokens.id.as_deref().unwrap(), None),
        ];
        for (number, (thing, own)) in things.into_iter().enumerate() {
            // An access token is also what is exchanged.
            let also = (own == Some(Parameter::AccessToken)).then_some(Parameter::SubjectToken);
            for parameter in
                PARAMETERS.into_iter().filter(|parameter| Some(*parameter) != own && Some(*parameter) != also)
            {
                assert!(!accepts(parameter, thing, &party, &older, &ana).await, "thing {number} at {parameter:?}");
            }
        }

        assert!(accepts(Parameter::RequestUri, &pushed, &party, &older, &ana).await);
        assert!(accepts(Parameter::AccessToken, &tokens.access, &party, &older, &ana).await);
        assert!(accepts(Parameter::SubjectToken, &tokens.access, &party, &older, &ana).await);
        assert!(party.redeem(&code).await.is_ok());
        assert!(tokens.refreshed().await.is_ok());
        ana.approves_on(&device).await;
        world.seconds_later(5);
        assert!(device.polls().await.is_ok());
        assert!(older.redeems(&older_code).await.is_ok());
        assert!(older_tokens.refreshed().await.is_ok());
    });
}
