//! The attacker presents one kind of token where another belongs.

use latchkey_testkit::on_both_databases;

#[test]
fn each_kind_of_token_works_in_its_own_place_only() {
    on_both_databases(async |world| {
        let (ana, burndown) = (world.ana(), world.app("burndown"));
        let tokens = ana.authorizes("burndown").await;
        let code = ana.approves("burndown").await;
        let (access, id, refresh) = (tokens.access.as_str(), tokens.id.as_deref().unwrap(), tokens.refresh_token());
        for wrong in [id, refresh, code.text.as_str(), burndown.secret()] {
            assert_eq!(world.get("/oidc/userinfo").bearer(wrong).await.status, 401);
            assert_eq!(world.get("/harbor/_apis/projects").bearer(wrong).await.status, 401);
            assert_eq!(
                world
                    .get("/harbor/lighthouse/_git/lamp/info/refs?service=git-upload-pack")
                    .basic("x", wrong)
                    .await
                    .status,
                401
            );
        }
        for wrong in [access, id, code.text.as_str()] {
            assert_eq!(burndown.refresh(wrong).await.err().unwrap().error, "invalid_grant");
        }
        for wrong in [access, id, refresh] {
            let pairs = [
                ("grant_type", "authorization_code"),
                ("code", wrong),
                ("redirect_uri", "https://burndown.test/callback"),
            ];
            assert_eq!(burndown.token_request(&pairs).await.error(), "invalid_grant");
        }
        for wrong in [access, refresh, code.text.as_str()] {
            let request = burndown.request().with("id_token_hint", wrong).with("prompt", "none");
            assert!(
                request.answered(&ana.browser().open(&request.url()).await.left()).is_ok(),
                "a hint that is none is ignored"
            );
        }
        assert!(world.redeem(&code).await.is_ok() && tokens.refreshed().await.is_ok(), "nothing was consumed");
    });
}

#[test]
fn a_token_of_one_profile_is_still_for_its_own_audience() {
    on_both_databases(async |world| {
        let request = world.app("compass").asking("openid profile").request();
        let tokens = world.ana().authorizes_part(&request, |page| page).await;
        assert!(tokens.userinfo().await.is_ok());
        assert_eq!(tokens.get("/harbor/_apis/projects").await.status, 401);
    });
}
