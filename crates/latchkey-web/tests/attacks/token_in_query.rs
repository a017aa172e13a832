//! Addresses end up in logs and histories: a token in one is not read.

use latchkey_testkit::on_both_databases;

#[test]
fn no_endpoint_reads_a_token_from_its_address() {
    on_both_databases(async |world| {
        let tokens = world.ana().authorizes("burndown").await;
        for path in [
            "/oidc/userinfo",
            "/harbor/_apis/projects",
            "/harbor/lighthouse/_apis/wit/workitems/1",
            "/harbor/lighthouse/_git/lamp/info/refs",
        ] {
            for name in ["access_token", "token", "bearer", "authorization"] {
                let url = format!("{path}?service=git-upload-pack&{name}={}", tokens.access);
                assert_eq!(world.get(&url).await.status, 401, "{path} {name}");
            }
        }
    });
}

#[test]
fn no_token_ever_stands_in_an_address() {
    on_both_databases(async |world| {
        let ana = world.ana();
        ana.approves("burndown").await;
        for kind in ["token", "id_token", "code token"] {
            let request = world.app("burndown").request().with("response_type", kind).with("response_mode", "fragment");
            let departure = ana.browser().open(&request.url()).await.left();
            assert_eq!((departure.parameter("access_token"), departure.parameter("id_token")), (None, None));
        }
    });
}
