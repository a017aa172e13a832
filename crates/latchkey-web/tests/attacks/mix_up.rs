//! The attacker runs another server and wants its client to confuse the two.

use latchkey_testkit::world::{HTTP, HTTPS};
use latchkey_testkit::{Visit, on_both_databases};

#[test]
fn iss_names_this_server_and_tenant_in_success_and_in_error_in_every_mode() {
    on_both_databases(async |world| {
        for origin in [HTTPS, HTTP] {
            let issuer = format!("{origin}/{}/v2.0", world.harbor());
            let burndown = world.app("burndown").through(origin);
            let ana = world.ana();
            ana.approves_request(&burndown.request()).await;
            for mode in ["query", "fragment", "form_post"] {
                for scope in ["openid", "vso.nonsense"] {
                    let request = burndown.request().with("response_mode", mode).with("scope", scope);
                    let departure = match ana.goes_to(&request).await {
                        Visit::Page(page) => page.press("continue").await.left(),
                        Visit::Left(departure) => departure,
                    };
                    assert_eq!(departure.parameter("iss").as_ref(), Some(&issuer), "{mode} {scope}");
                }
            }
        }
    });
}

#[test]
fn the_issuer_in_the_answer_is_the_one_that_signs() {
    on_both_databases(async |world| {
        for (segment, person) in
            [("common", "pat"), ("common", "ana"), ("harbor.test", "pat"), ("organizations", "eve")]
        {
            let app = world.app("burndown").at(segment).asking("openid");
            let code = world.person(person).approves_request(&app.request()).await;
            let tokens = world.redeem(&code).await.unwrap();
            assert_eq!(tokens.id_claims()["iss"].as_str(), code.issuer.as_deref(), "{segment} {person}");
            let document = code.issuer.clone().unwrap() + "/.well-known/openid-configuration";
            assert_eq!(world.get(&document).await.json()["issuer"].as_str(), code.issuer.as_deref());
        }
    });
}
