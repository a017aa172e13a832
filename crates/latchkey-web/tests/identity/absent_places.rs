//! Token requests that name places: what is not there is answered as what is out of reach, and neither before the grant was looked at.

use latchkey_identity::client::Metadata;
use latchkey_testkit::builders::{AppBuilder, a_web_app};
use latchkey_testkit::{Answer, RelyingParty, World, on_both_databases};
use serde_json::{Value, json};

const DEVICE: &str = "urn:ietf:params:oauth:grant-type:device_code";
const EXCHANGE: &str = "urn:ietf:params:oauth:grant-type:token-exchange";
const ON_BEHALF: &str = "urn:ietf:params:oauth:grant-type:jwt-bearer";
const ACCESS_TOKEN: &str = "urn:ietf:params:oauth:token-type:access_token";

fn named(members: Value) -> String {
    let mut object = json!({"type": "devops", "organization": "harbor", "actions": ["project", "code"]});
    object.as_object_mut().unwrap().extend(members.as_object().unwrap().clone());
    json!([object]).to_string()
}

fn lighthouse() -> String {
    named(json!({"projects": ["lighthouse"]}))
}

/// Places that are there, outside of lighthouse.
fn out_of_reach() -> Vec<String> {
    let pier = json!({"organization": "shore", "projects": ["pier"]});
    [json!({"organization": "shore"}), pier, json!({}), json!({"projects": ["drydock"]})].map(named).into()
}

fn absent(world: &World) -> Vec<String> {
    let id = world.project("drydock").to_string();
    let elsewhere = json!({"organization": "shore", "projects": [id]});
    let repository = json!({"projects": ["lighthouse"], "repositories": ["absent"]});
    let none = json!({"projects": ["nothing"], "repositories": []});
    [json!({"organization": "nowhere"}), json!({"projects": ["nothing"]}), repository, none, elsewhere]
        .map(named)
        .into()
}

/// An app that may come by every grant, of each profile.
fn skiffs() -> [AppBuilder; 2] {
    [a_web_app("skiff"), a_web_app("ketch").of_the_microsoft_profile()].map(|app| {
        let metadata = Metadata { exposed_scopes: vec!["act".into()], ..Metadata::default() };
        app.with_device_codes().with_metadata(metadata)
    })
}

/// All that an answer says, without what is drawn for each.
fn told(answer: &Answer) -> Value {
    let mut body = answer.json();
    let members = body.as_object_mut().unwrap();
    members.retain(|name, _| !["trace_id", "correlation_id", "timestamp"].contains(&name.as_str()));
    let words = members["error_description"].as_str().unwrap().split(" Trace ID").next().unwrap().to_owned();
    members.insert("error_description".into(), words.into());
    members.insert("status".into(), answer.status.as_u16().into());
    body
}

async fn answered(app: &RelyingParty, grant: &[(&str, &str)], details: &str) -> Value {
    told(&app.token_request(&[grant, &[("authorization_details", details)]].concat()).await)
}

#[test]
fn who_has_nothing_to_show_learns_nothing_of_places() {
    on_both_databases(async |world| {
        for skiff in skiffs() {
            let app = world.registers(skiff).await.asking("openid offline_access");
            let request = app.request();
            let redirect = request.value("redirect_uri");
            let verifier = "v".repeat(43);
            let grants: [&[(&str, &str)]; 5] = [
                &[
                    ("grant_type", "authorization_code"),
                    ("code", "x"),
                    ("redirect_uri", redirect),
                    ("code_verifier", &verifier),
                ],
                &[("grant_type", "refresh_token"), ("refresh_token", "x")],
                &[("grant_type", DEVICE), ("device_code", "x")],
                &[("grant_type", EXCHANGE), ("subject_token", "x"), ("subject_token_type", ACCESS_TOKEN)],
                &[
                    ("grant_type", ON_BEHALF),
                    ("requested_token_use", "on_behalf_of"),
                    ("assertion", "x"),
                    ("scope", "vso.project vso.code"),
                ],
            ];
            for grant in grants {
                let known = answered(&app, grant, &lighthouse()).await;
                assert_ne!(known["error"], "invalid_authorization_details", "{known}");
                for other in [out_of_reach(), absent(&world)].concat() {
                    assert_eq!(answered(&app, grant, &other).await, known, "{grant:?} {other}");
                }
            }
        }
    });
}

#[test]
fn what_is_not_there_is_answered_as_what_was_not_granted() {
    on_both_databases(async |world| {
        let ana = world.ana();
        for skiff in skiffs() {
            let app = world.registers(skiff).await.asking("openid offline_access");
            let asking = app.request().with("authorization_details", &lighthouse());
            let tokens = ana.authorizes_part(&asking, |page| page).await;
            let code = ana.approves_request(&asking).await;
            let device = app.begins_on_a_device_with(&[("authorization_details", &lighthouse())]).await;
            ana.approves_on(&device).await;
            let scope = format!("api://{}/act", app.client_id());
            let front = a_web_app(&format!("front-{}", app.app().name)).asking(&scope);
            let front = world.registers(front).await.asking(&scope);
            let called = ana.authorizes_part(&front.request(), |page| page).await;
            let redemption = app.redemption(&code);
            let grants: [&[(&str, &str)]; 5] = [
                &redemption,
                &[("grant_type", "refresh_token"), ("refresh_token", tokens.refresh_token())],
                &[("grant_type", DEVICE), ("device_code", &device.code)],
                &[("grant_type", EXCHANGE), ("subject_token", &tokens.access), ("subject_token_type", ACCESS_TOKEN)],
                &[
                    ("grant_type", ON_BEHALF),
                    ("requested_token_use", "on_behalf_of"),
                    ("assertion", &called.access),
                    ("scope", "vso.project vso.code"),
                ],
            ];
            for grant in grants {
                let first = answered(&app, grant, &named(json!({"projects": ["drydock"]}))).await;
                assert_eq!(first["error"], "invalid_authorization_details", "{grant:?} {first}");
                for other in [out_of_reach(), absent(&world)].concat() {
                    assert_eq!(answered(&app, grant, &other).await, first, "{grant:?} {other}");
                }
            }
            // Nothing of it used anything up.
            let granted = lighthouse();
            for grant in grants {
                let all = [grant, &[("authorization_details", granted.as_str())]].concat();
                let answer = app.token_request(&all).await;
                assert!(answer.is_ok(), "{grant:?} {}", answer.text());
            }
        }
    });
}
