//! Addresses end up in logs and histories: a token in one is not read.

use latchkey_testkit::on_both_databases;
use latchkey_testkit::server::encode;

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

/// What stands in the address of a token request counts for nothing, beside a form or in place of it. [RFC 6749 §2.3.1]
#[test]
fn no_endpoint_of_clients_reads_its_parameters_from_its_address() {
    on_both_databases(async |world| {
        let (ana, burndown) = (world.ana(), world.app("burndown"));
        let tokens = ana.authorizes("burndown").await;
        let (id, refresh) = (burndown.client_id(), tokens.refresh_token());
        let all = [
            ("grant_type", "refresh_token"),
            ("refresh_token", refresh),
            ("token", refresh),
            ("client_id", id.as_str()),
            ("client_secret", burndown.secret()),
        ];
        for endpoint in ["token", "revoke", "introspect", "par", "devicecode"] {
            let url = burndown.endpoint(&format!("oauth2/v2.0/{endpoint}"));
            for (in_form, in_address) in [(0, 5), (3, 5), (4, 5)] {
                let (form, query) = (&all[..in_form], encode(all[in_form..in_address].iter().copied()));
                let answer = world.post(&format!("{url}?{query}")).form(form.iter().copied()).await;
                assert!(answer.status.is_client_error(), "{endpoint}, {in_form} in the form: {}", answer.text());
            }
        }
        assert!(tokens.refreshed().await.is_ok(), "nothing was consumed");
    });
}
