//! `authorization_details`: places and actions, asked for by name. [RFC 9396]

use latchkey_identity::client::Metadata;
use latchkey_identity::limits::REDIRECT_URIS_PER_CLIENT;
use latchkey_jose::{Algorithm, SigningKey};
use latchkey_testkit::builders::{a_daemon, a_web_app};
use latchkey_testkit::{AuthorizationRequest, Person, RelyingParty, Tokens, World, on_both_databases};
use serde_json::{Value, json};

const REPOSITORIES: &str = "/harbor/lighthouse/_apis/git/repositories";
const LAMP: &str = "/harbor/lighthouse/_apis/git/repositories/lamp";
const TOWER: &str = "/harbor/lighthouse/_apis/git/repositories/tower";
const DRYDOCK: &str = "/harbor/_apis/projects/drydock";

fn object(members: Value) -> Value {
    let mut object = json!({"type": "devops", "organization": "harbor", "actions": ["project", "code"]});
    object.as_object_mut().unwrap().extend(members.as_object().unwrap().clone());
    object
}

fn lighthouse() -> Value {
    json!([object(json!({"projects": ["lighthouse"]}))])
}

fn lamp() -> Value {
    json!([object(json!({"projects": ["lighthouse"], "repositories": ["lamp"]}))])
}

/// Burndown, asking for what `details` say.
fn asking(world: &World, details: &Value) -> AuthorizationRequest {
    let burndown = world.app("burndown").asking("openid offline_access");
    burndown.request().with("authorization_details", &details.to_string())
}

async fn asked_again(person: &Person, request: &AuthorizationRequest) -> bool {
    person.goes_to(request).await.as_page().is_some()
}

async fn refreshed(app: &RelyingParty, tokens: &Tokens, details: &Value) -> Result<Tokens, String> {
    let details = details.to_string();
    let pairs = [
        ("grant_type", "refresh_token"),
        ("refresh_token", tokens.refresh_token()),
        ("authorization_details", details.as_str()),
    ];
    app.read(&app.token_request(&pairs).await).map_err(|refused| refused.error)
}

#[test]
fn a_person_is_asked_for_what_is_named_and_nothing_else_is_given() {
    on_both_databases(async |world| {
        let (ana, request) = (world.ana(), asking(&world, &lighthouse()));
        let page = ana.goes_to(&request).await.page();
        assert!(page.has("named-places") && page.says("Can see your projects and their teams"), "{}", page.text());
        assert_eq!(page.choices("scope"), ["vso.code", "vso.project"]);
        assert_eq!(page.ticked("project"), [world.project("lighthouse").to_string()]);
        assert_eq!(page.choices("project").len(), 1);
        let tokens = world.redeem(&request.answered(&page.press("approve").await.left()).unwrap()).await.unwrap();
        assert_eq!(
            tokens.body["authorization_details"],
            json!([object(json!({"projects": ["lighthouse"], "actions": ["code", "project"]}))])
        );
        assert_eq!(tokens.scopes(), ["offline_access", "openid", "vso.code", "vso.project"]);
        assert!(tokens.get(LAMP).await.is_ok() && tokens.get(TOWER).await.is_ok());
        assert_eq!(tokens.get(DRYDOCK).await.status, 404);
        let claim = &tokens.access_claims()["authorization_details"];
        assert_eq!(claim[0]["projects"][0], world.project("lighthouse").to_string(), "RFC 9396 §9.1: {claim}");
        let worth = tokens.party().introspects(&tokens.access).await;
        assert_eq!(worth["authorization_details"], tokens.body["authorization_details"], "RFC 9396 §9.2");
        let worth = tokens.party().introspects(tokens.refresh_token()).await;
        assert_eq!(worth["authorization_details"][0]["organization"], "harbor");
        assert!(!asked_again(&ana, &request).await, "the same is not asked twice");
    });
}

#[test]
fn what_the_person_leaves_out_is_left_out_and_not_asked_for_again() {
    on_both_databases(async |world| {
        let (ana, request) = (world.ana(), asking(&world, &lighthouse()));
        let tower = world.repository("tower").to_string();
        let tokens = ana.authorizes_part(&request, |page| page.untick("repository", &tower)).await;
        let granted = &tokens.body["authorization_details"];
        assert!(granted[0]["repositories"].as_array().unwrap().contains(&json!("lamp")), "{granted}");
        assert!(!granted.to_string().contains("tower"), "{granted}");
        assert!(tokens.get(LAMP).await.is_ok());
        assert_eq!(tokens.get(TOWER).await.status, 404);
        assert!(!asked_again(&ana, &request).await);
        let none = ana.goes_to(&request.clone().with("prompt", "none")).await.left();
        assert!(none.parameter("code").is_some());
        // The repository by itself is another question.
        let by_itself = json!([object(json!({"projects": ["lighthouse"], "repositories": ["tower"]}))]);
        assert!(asked_again(&ana, &asking(&world, &by_itself)).await);
    });
}

#[test]
fn a_larger_request_asks_again_and_what_was_given_before_stays() {
    on_both_databases(async |world| {
        let ana = world.ana();
        let first = ana.authorizes_part(&asking(&world, &lamp()), |page| page).await;
        assert_eq!(first.get(TOWER).await.status, 404);
        assert!(!asked_again(&ana, &asking(&world, &lamp())).await, "no more than that");
        let drydock = json!([object(json!({"projects": ["drydock"]}))]);
        let refused = ana.goes_to(&asking(&world, &drydock).with("prompt", "none")).await.left();
        assert_eq!(refused.parameter("error").as_deref(), Some("consent_required"));
        let page = ana.goes_to(&asking(&world, &drydock)).await.page();
        assert_eq!(page.ticked("project").len(), 2, "what is asked for, and what was given before");
        let repositories = page.choices("repository");
        assert!(repositories.contains(&world.repository("lamp").to_string()), "{repositories:?}");
        assert!(!repositories.contains(&world.repository("tower").to_string()), "{repositories:?}");
        let second = ana.authorizes_part(&asking(&world, &drydock), |page| page).await;
        assert!(second.get(DRYDOCK).await.is_ok());
        assert_eq!(second.get(LAMP).await.status, 404, "it was not asked for this time");
        assert!(first.get(LAMP).await.is_ok());
        assert_eq!(first.get(DRYDOCK).await.status, 404, "nor the other the first time");
    });
}

#[test]
fn names_and_ids_mean_the_same() {
    on_both_databases(async |world| {
        let ids = json!([{
            "type": "devops",
            "organization": world.organization("harbor").to_string(),
            "projects": [world.project("lighthouse").to_string()],
            "repositories": [world.repository("lamp").to_string()],
            "actions": ["code"],
        }]);
        let tokens = world.ana().authorizes_part(&asking(&world, &ids), |page| page).await;
        assert_eq!(tokens.body["authorization_details"][0]["repositories"], json!(["lamp"]));
        assert_eq!(tokens.get(TOWER).await.status, 404);
        let spelt = json!([object(json!({"organization": "HARBOR", "projects": ["Lighthouse"], "repositories": []}))]);
        let tokens = world.ana().authorizes_part(&asking(&world, &spelt), |page| page).await;
        assert_eq!(tokens.body["authorization_details"][0]["repositories"], json!([]), "no source code at all");
        assert_eq!(tokens.get(LAMP).await.status, 404);
        assert!(tokens.get("/harbor/_apis/projects/lighthouse").await.is_ok());
    });
}

/// What is not there and what the person does not reach is one answer.
#[test]
fn nobody_learns_which_places_there_are() {
    on_both_databases(async |world| {
        let ben = world.ben();
        ben.signs_in().await;
        let mut told = Vec::new();
        for members in [
            json!({"organization": "nowhere"}),
            json!({"organization": "shore"}),
            json!({"projects": ["nothing"]}),
            json!({"projects": ["drydock"]}),
            json!({"projects": ["lighthouse"], "repositories": ["absent"]}),
            json!({"projects": ["lighthouse"], "repositories": [world.repository("lamp").to_string().replace('a', "b")]}),
        ] {
            let left = ben.goes_to(&asking(&world, &json!([object(members.clone())]))).await.left();
            assert_eq!(left.parameter("error").as_deref(), Some("invalid_authorization_details"), "{members}");
            told.push(left.parameter("error_description"));
        }
        told.dedup();
        assert_eq!(told.len(), 1, "{told:?}");
    });
}

#[test]
fn a_malformed_one_is_refused_wherever_it_comes_from() {
    on_both_databases(async |world| {
        let ana = world.ana();
        ana.signs_in().await;
        let many: Vec<Value> = (0..=REDIRECT_URIS_PER_CLIENT).map(|_| object(json!({}))).collect();
        for details in [
            json!({}),
            json!([]),
            json!([{"type": "account_information"}]),
            json!([object(json!({"more": 1}))]),
            json!([object(json!({"actions": ["nonsense"]}))]),
            json!([object(json!({"actions": ["tenant_manage"]}))]),
            json!([object(json!({"repositories": ["lamp"]}))]),
            json!([object(json!({})), object(json!({"actions": ["code"]}))]),
            Value::from(many),
        ] {
            let request = asking(&world, &details);
            let left = ana.goes_to(&request).await.left();
            assert_eq!(left.parameter("error").as_deref(), Some("invalid_authorization_details"), "{details}");
            assert_eq!(request.pushed().await.error(), "invalid_authorization_details", "{details}");
        }
        let beside = asking(&world, &lamp()).with("scope", "openid vso.work");
        assert_eq!(
            ana.goes_to(&beside).await.left().parameter("error").as_deref(),
            Some("invalid_authorization_details")
        );
        let without = asking(&world, &lamp()).without("scope");
        let tokens = ana.authorizes_part(&without, |page| page).await;
        assert_eq!(tokens.scopes(), ["vso.code", "vso.project"], "its actions are all that is asked for");
    });
}

#[test]
fn a_token_request_may_name_less_and_never_more() {
    on_both_databases(async |world| {
        let (ana, request) = (world.ana(), asking(&world, &lighthouse()));
        let code = ana.approves_request(&request).await;
        let app = world.app("burndown");
        let less = lamp().to_string();
        let pairs = [app.redemption(&code), vec![("authorization_details", less.as_str())]].concat();
        let tokens = app.read(&app.token_request(&pairs).await).unwrap();
        assert_eq!(tokens.get(TOWER).await.status, 404, "RFC 9396 §6: this access token is for less");
        let whole = tokens.refreshed().await.unwrap();
        assert!(whole.get(TOWER).await.is_ok(), "and what was granted stays");
        let part = refreshed(&app, &whole, &lamp()).await.unwrap();
        assert!(part.get(LAMP).await.is_ok());
        assert_eq!(part.get(TOWER).await.status, 404);
        let one = json!([object(json!({"projects": ["lighthouse"], "actions": ["project"]}))]);
        let one = refreshed(&app, &part, &one).await.unwrap();
        assert_eq!(one.scopes(), ["offline_access", "openid", "vso.project"]);
        for more in [
            json!([object(json!({}))]),
            json!([object(json!({"projects": ["drydock"]}))]),
            json!([object(json!({"organization": "nowhere"}))]),
            json!([object(json!({"projects": ["lighthouse"], "actions": ["work_write"]}))]),
            json!("x"),
        ] {
            assert_eq!(refreshed(&app, &one, &more).await.unwrap_err(), "invalid_authorization_details", "{more}");
        }
        assert!(one.refreshed().await.is_ok(), "a refusal uses nothing up");
    });
}

#[test]
fn grants_that_it_does_not_narrow_refuse_it() {
    on_both_databases(async |world| {
        let night = world.registers(a_daemon("porter")).await;
        let details = lamp().to_string();
        let refused = night.token_request(&[("grant_type", "client_credentials"), ("authorization_details", &details)]);
        assert_eq!(refused.await.error(), "invalid_authorization_details");
    });
}

/// A device asks for places, too: the page shows these and no others, and its tokens count there only.
#[test]
fn a_device_asks_for_places_and_the_person_sees_them() {
    on_both_databases(async |world| {
        let buoy = world.registers(a_web_app("buoy").with_device_codes()).await.asking("openid offline_access");
        let ana = world.ana();
        let device = buoy.begins_on_a_device_with(&[("authorization_details", &lighthouse().to_string())]).await;
        let page = ana.considers(&device).await;
        assert!(page.has("named-places"), "{}", page.text());
        assert_eq!(page.choices("scope"), ["vso.code", "vso.project"]);
        assert_eq!(page.ticked("project"), [world.project("lighthouse").to_string()]);
        assert_eq!(page.choices("project").len(), 1);
        page.press("approve").await;
        let tokens = device.polls().await.unwrap();
        assert_eq!(tokens.body["authorization_details"][0]["projects"], json!(["lighthouse"]));
        assert!(tokens.get(REPOSITORIES).await.is_ok());
        assert_eq!(tokens.get(DRYDOCK).await.status, 404);
        assert_eq!(tokens.refreshed().await.unwrap().get(DRYDOCK).await.status, 404, "nor later");
        // The poll may name less of it, never more, and the scope may be left out.
        for (named, error) in [(lamp(), None), (json!([object(json!({}))]), Some("invalid_authorization_details"))] {
            let details = lighthouse().to_string();
            let device = buoy.clone().asking("").begins_on_a_device_with(&[("authorization_details", &details)]).await;
            ana.approves_on(&device).await;
            let polled = device.polls_for(&[("authorization_details", &named.to_string())]).await;
            assert_eq!(polled.as_ref().err().map(|refused| refused.error.as_str()), error);
            if let Ok(tokens) = polled {
                assert!(tokens.get(LAMP).await.is_ok());
                assert_eq!(tokens.get(TOWER).await.status, 404);
            }
        }
        // What is malformed or not registered is said at once; what is out of reach to whoever looks for it.
        for (details, scope) in [("[]".to_owned(), "openid"), (lighthouse().to_string(), "openid vso.work")] {
            let pairs = [("scope", scope), ("authorization_details", details.as_str())];
            assert_eq!(buoy.device_request(&pairs).await.error(), "invalid_authorization_details", "{details}");
        }
        let nowhere = json!([object(json!({"projects": ["nowhere"]}))]).to_string();
        let lost = buoy.begins_on_a_device_with(&[("authorization_details", &nowhere)]).await;
        assert!(!ana.considers(&lost).await.has("approve"));
        assert_eq!(lost.polls().await.unwrap_err().error, "access_denied");
    });
}

/// An exchange narrows by places and actions together, and never widens.
#[test]
fn a_token_is_exchanged_for_one_that_counts_for_what_is_named() {
    on_both_databases(async |world| {
        let (app, tokens) = (world.app("burndown"), world.ana().authorizes("burndown").await);
        let exchanged = async |token: &str, details: &Value, more: &[(&str, &str)]| {
            let details = details.to_string();
            let named = [("authorization_details", details.as_str())];
            app.exchanges(token, &[&named, more].concat()).await.map_err(|refused| refused.error)
        };
        let narrow = exchanged(&tokens.access, &lighthouse(), &[]).await.unwrap();
        assert_eq!(narrow.body["authorization_details"][0]["actions"], json!(["code", "project"]));
        assert!(narrow.get(REPOSITORIES).await.is_ok());
        assert_eq!(narrow.get(DRYDOCK).await.status, 404);
        assert_eq!(narrow.get("/harbor/lighthouse/_apis/wit/workitems/1").await.status, 401, "nothing is said of work");
        let less = exchanged(&narrow.access, &lamp(), &[]).await.unwrap();
        assert!(less.get(LAMP).await.is_ok());
        assert_eq!(less.get(TOWER).await.status, 404);
        let beyond = Err("invalid_authorization_details".to_owned());
        let whole = json!([object(json!({}))]);
        for (token, details, more) in [
            (&less.access, lighthouse(), vec![]),
            (&narrow.access, whole, vec![]),
            (&narrow.access, json!([object(json!({"projects": ["drydock"]}))]), vec![]),
            (&tokens.access, lighthouse(), vec![("resource", "https://latchkey.test/harbor/lighthouse")]),
            (&tokens.access, lighthouse(), vec![("scope", "vso.code")]),
            (&tokens.access, json!([{"type": "devops", "organization": "shore", "actions": ["code"]}]), vec![]),
        ] {
            assert_eq!(exchanged(token, &details, &more).await.map(|_| ()), beyond, "{details} {more:?}");
        }
    });
}

/// An app that was called goes on with less than it was allowed.
#[test]
fn an_app_goes_on_behalf_of_a_person_for_what_is_named() {
    on_both_databases(async |world| {
        let metadata = Metadata { exposed_scopes: vec!["act".into()], ..Metadata::default() };
        let middle = world.registers(a_web_app("middle").with_metadata(metadata)).await;
        let scope = format!("api://{}/act", middle.client_id());
        let front = world.registers(a_web_app("front").asking(&scope)).await.asking(&scope);
        let ana = world.ana();
        ana.authorizes("middle").await;
        let called = ana.authorizes_part(&front.request(), |page| page).await;
        let goes_on = async |details: &Value| {
            let details = details.to_string();
            let pairs = [
                ("grant_type", "urn:ietf:params:oauth:grant-type:jwt-bearer"),
                ("requested_token_use", "on_behalf_of"),
                ("assertion", called.access.as_str()),
                ("scope", "vso.project vso.code"),
                ("authorization_details", details.as_str()),
            ];
            middle.read(&middle.token_request(&pairs).await).map_err(|refused| refused.error)
        };
        let narrow = goes_on(&lighthouse()).await.unwrap();
        assert!(narrow.get(REPOSITORIES).await.is_ok());
        assert_eq!(narrow.get(DRYDOCK).await.status, 404);
        let elsewhere = json!([{"type": "devops", "organization": "shore", "actions": ["code"]}]);
        assert_eq!(goes_on(&elsewhere).await.unwrap_err(), "invalid_authorization_details");
    });
}

#[test]
fn it_is_pushed_and_stands_in_a_request_object() {
    on_both_databases(async |world| {
        let pair = SigningKey::generate(Algorithm::Es256).unwrap();
        let skiff = world.registers(a_web_app("skiff").with_key(&pair)).await.asking("openid");
        let plain = skiff.request();
        let mut payload = json!({"iss": skiff.client_id(), "aud": world.issuers("https://latchkey.test")});
        for name in
            ["response_type", "redirect_uri", "scope", "state", "nonce", "code_challenge", "code_challenge_method"]
        {
            payload[name] = json!(plain.value(name));
        }
        payload["client_id"] = json!(skiff.client_id());
        payload["authorization_details"] = lamp();
        payload["exp"] = json!(world.now().as_secs() + 60);
        let signed = pair.sign_jwt("oauth-authz-req+jwt", &payload).unwrap();
        let pushed = skiff.request_to("par", &[("request", &signed)]).await;
        assert_eq!(pushed.status.as_u16(), 201, "{}", pushed.text());
        let pushed = asking(&world, &lamp()).pushed().await;
        assert_eq!(pushed.status.as_u16(), 201, "{}", pushed.text());
    });
}

#[test]
fn a_type_that_an_app_registered_to_do_without_is_refused() {
    on_both_databases(async |world| {
        let types = Metadata { authorization_details_types: Some([].into()), ..Metadata::default() };
        let skiff = world.registers(a_web_app("skiff").with_metadata(types)).await;
        let request = skiff.asking("openid").request().with("authorization_details", &lamp().to_string());
        assert_eq!(request.pushed().await.error(), "invalid_authorization_details");
        let document = world.get("https://latchkey.test/harbor.test/v2.0/.well-known/openid-configuration").await;
        assert_eq!(document.json()["authorization_details_types_supported"], json!(["devops"]));
    });
}

#[test]
fn a_token_for_named_places_is_narrowed_by_the_person_and_exchanged_for_less() {
    on_both_databases(async |world| {
        let ana = world.ana();
        let tokens = ana.authorizes_part(&asking(&world, &lighthouse()), |page| page).await;
        let app = world.app("burndown");
        let exchanged = app.exchanges(&tokens.access, &[("scope", "vso.code")]).await.unwrap();
        assert_eq!(exchanged.body["authorization_details"][0]["actions"], json!(["code"]));
        assert_eq!(exchanged.get(DRYDOCK).await.status, 404);
        let wider = app.exchanges(&tokens.access, &[("resource", "https://latchkey.test/harbor")]).await.unwrap_err();
        assert_eq!(wider.error, "invalid_target");
        ana.revokes_all().await;
        assert_eq!(tokens.get(REPOSITORIES).await.status, 401);
        assert!(asked_again(&ana, &asking(&world, &lighthouse())).await);
    });
}
