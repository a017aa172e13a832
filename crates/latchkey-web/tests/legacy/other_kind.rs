//! Neither kind counts at the other's endpoints, and nothing is consumed by trying.

use latchkey_testkit::{OldRefusal, on_both_databases};

fn reason(refused: &OldRefusal) -> &str {
    refused.reason()
}

#[test]
fn an_old_code_or_refresh_token_at_the_new_endpoint_is_refused_and_not_consumed() {
    on_both_databases(async |world| {
        let (app, ana) = (world.takes_over("oldtimer").await, world.ana());
        let tokens = app.authorized_by(&ana).await;
        let code = app.approved_by(&ana).await;
        // By an app of the newer kind.
        let burndown = world.app("burndown");
        let redeemed = burndown
            .token_request(&[
                ("grant_type", "authorization_code"),
                ("code", &code),
                ("redirect_uri", &app.redirect_uri),
                ("code_verifier", &"v".repeat(43)),
            ])
            .await;
        assert_eq!(redeemed.json()["error"], "invalid_grant");
        assert_eq!(burndown.refresh(&tokens.refresh).await.err().unwrap().error, "invalid_grant");
        // By the app itself, with its secret in every place that the newer endpoint reads.
        let endpoint = burndown.endpoint("oauth2/v2.0/token");
        let id = app.id.to_string();
        for (grant, name, value) in
            [("authorization_code", "code", &code), ("refresh_token", "refresh_token", &tokens.refresh)]
        {
            let form = [("grant_type", grant), (name, value), ("redirect_uri", &app.redirect_uri)];
            let by_header = world.post(&endpoint).basic(&id, &app.secret).form(form).await;
            assert_eq!(by_header.json()["error"], "invalid_client");
            let in_form = form.into_iter().chain([("client_id", id.as_str()), ("client_secret", &app.secret)]);
            assert_eq!(world.post(&endpoint).form(in_form).await.json()["error"], "invalid_client");
            let public = form.into_iter().chain([("client_id", id.as_str())]);
            assert_eq!(world.post(&endpoint).form(public).await.json()["error"], "invalid_client");
        }
        assert!(
            app.redeems(&code).await.is_ok() && tokens.refreshed().await.is_ok(),
            "both still count where they belong"
        );
    });
}

#[test]
fn a_new_code_or_refresh_token_at_the_old_endpoint_is_refused_and_not_consumed() {
    on_both_databases(async |world| {
        let (app, ana) = (world.takes_over("oldtimer").await, world.ana());
        let tokens = ana.authorizes("burndown").await;
        let code = ana.approves("burndown").await;
        assert_eq!(reason(&app.redeems(&code.text).await.err().unwrap()), "invalidAuthorizationGrant");
        assert_eq!(
            reason(&app.redeems(&format!("lkl.{}", code.text)).await.err().unwrap()),
            "invalidAuthorizationGrant"
        );
        assert_eq!(reason(&app.refreshes(tokens.refresh_token()).await.err().unwrap()), "invalidRefreshToken");
        let renamed = tokens.refresh_token().replacen("lkr_", "lkl_", 1);
        assert_eq!(reason(&app.refreshes(&renamed).await.err().unwrap()), "invalidRefreshToken");
        // By the newer app itself, which has no secret of this form.
        let burndown = world.app("burndown");
        let refused = app.redeems_with(&code.text, &[("client_assertion", burndown.secret())]).await.err().unwrap();
        assert_eq!(refused.error, "invalid_client");
        assert!(world.redeem(&code).await.is_ok() && tokens.refreshed().await.is_ok());
    });
}

#[test]
fn neither_kind_asks_at_the_others_authorization_endpoint() {
    on_both_databases(async |world| {
        let app = world.takes_over("oldtimer").await;
        let request = world.app("burndown").request();
        let id = app.id.to_string();
        for segment in [world.harbor().to_string(), "common".to_owned(), "legacy".to_owned(), "%20".to_owned()] {
            let url = request
                .clone()
                .with("client_id", &id)
                .with("redirect_uri", &app.redirect_uri)
                .with("scope", &app.scope)
                .url()
                .replace(&world.harbor().to_string(), &segment);
            let page = world.browser().open(&url).await.page();
            assert_eq!(page.status(), 400, "{segment}: {}", page.text());
            assert!(["unauthorized_client", "invalid_tenant"].contains(&page.error_code().as_str()), "{segment}");
        }
        let url = format!("https://latchkey.test/oauth2/authorize?{}", request.query());
        assert_eq!(world.browser().open(&url).await.page().error_code(), "unauthorized_client");
    });
}
