//! Every kind of one-time object, and every token, at every door that takes another kind: refused, and not consumed.

use latchkey_testkit::server::encode;
use latchkey_testkit::{OldApp, Person, RelyingParty, on_both_databases};

/// A door that takes one kind of thing.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum Door {
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

const DOORS: [Door; 9] = [
    Door::Code,
    Door::RefreshToken,
    Door::DeviceCode,
    Door::UserCode,
    Door::RequestUri,
    Door::OlderCode,
    Door::OlderRefreshToken,
    Door::AccessToken,
    Door::SubjectToken,
];

/// Whether a door opens for a thing that is not of its kind.
async fn opens(door: Door, thing: &str, party: &RelyingParty, older: &OldApp, person: &Person) -> bool {
    let redirect_uri = party.request().value("redirect_uri").to_owned();
    let verifier = "v".repeat(43);
    match door {
        Door::Code => {
            let pairs = [
                ("grant_type", "authorization_code"),
                ("code", thing),
                ("redirect_uri", &redirect_uri),
                ("code_verifier", &verifier),
            ];
            party.token_request(&pairs).await.is_ok()
        }
        Door::RefreshToken => party.refresh(thing).await.is_ok(),
        Door::DeviceCode => {
            let pairs = [("grant_type", "device_code"), ("device_code", thing)];
            party.token_request(&pairs).await.is_ok()
        }
        Door::UserCode => {
            let page = person.opens("/device").await;
            page.fill("user_code", thing).press("device-next").await.page().heading() == "Is this your device?"
        }
        Door::RequestUri => {
            let id = party.client_id();
            let query = encode([("client_id", id.as_str()), ("request_uri", thing)]);
            let url = format!("{}?{query}", party.endpoint("oauth2/v2.0/authorize"));
            let visit = person.browser().open(&url).await;
            visit.as_page().is_none_or(|page| page.heading().contains("wants to access"))
        }
        Door::OlderCode => older.redeems(thing).await.is_ok(),
        Door::OlderRefreshToken => older.refreshes(thing).await.is_ok(),
        Door::AccessToken => person.browser().world().get("/harbor/_apis/projects").bearer(thing).await.is_ok(),
        Door::SubjectToken => party.exchanges(thing, &[]).await.is_ok(),
    }
}

#[test]
fn what_is_for_one_door_opens_no_other_and_still_opens_its_own() {
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

        let things: [(&str, Option<Door>); 9] = [
            (&code.text, Some(Door::Code)),
            (tokens.refresh_token(), Some(Door::RefreshToken)),
            (&device.code, Some(Door::DeviceCode)),
            (&device.user_code, Some(Door::UserCode)),
            (&pushed, Some(Door::RequestUri)),
            (&older_code, Some(Door::OlderCode)),
            (&older_tokens.refresh, Some(Door::OlderRefreshToken)),
            (&tokens.access, Some(Door::AccessToken)),
            (tokens.id.as_deref().unwrap(), None),
        ];
        for (number, (thing, own)) in things.into_iter().enumerate() {
            // An access token is also what is exchanged.
            let also = (own == Some(Door::AccessToken)).then_some(Door::SubjectToken);
            for door in DOORS.into_iter().filter(|door| Some(*door) != own && Some(*door) != also) {
                assert!(!opens(door, thing, &party, &older, &ana).await, "thing {number} at {door:?}");
            }
        }

        assert!(opens(Door::RequestUri, &pushed, &party, &older, &ana).await);
        assert!(opens(Door::AccessToken, &tokens.access, &party, &older, &ana).await);
        assert!(opens(Door::SubjectToken, &tokens.access, &party, &older, &ana).await);
        assert!(party.redeem(&code).await.is_ok());
        assert!(tokens.refreshed().await.is_ok());
        ana.approves_on(&device).await;
        world.seconds_later(5);
        assert!(device.polls().await.is_ok());
        assert!(older.redeems(&older_code).await.is_ok());
        assert!(older_tokens.refreshed().await.is_ok());
    });
}
