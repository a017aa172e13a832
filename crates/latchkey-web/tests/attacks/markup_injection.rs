//! The attacker names things so that our pages would run what they wrote.

use latchkey_testkit::builders::a_web_app;
use latchkey_testkit::on_both_databases;

const PAYLOADS: [&str; 4] =
    ["<script>alert(1)</script>", "\"><img src=x onerror=alert(1)>", "' onfocus='alert(1)", "{{7*7}}"];

#[test]
fn a_name_is_text_on_every_page() {
    on_both_databases(async |world| {
        let ana = world.ana();
        world.registers(a_web_app("mask").owned_by("ana")).await;
        for payload in PAYLOADS {
            world.changes_app("mask", |client| client.name = payload.to_owned()).await;
            let request = world.app("mask").request();
            let signing_in = world.browser().open(&request.url()).await.page();
            let approving = ana.goes_to(&request).await.page();
            for page in [&signing_in, &approving] {
                assert!(page.says(payload), "{}", page.text());
                assert!(
                    !page.source().contains(payload) || payload.starts_with('{'),
                    "{payload} stands in {}",
                    page.url()
                );
            }
            approving.press("approve").await.left();
            for url in [
                "/profile/authorizations".to_owned(),
                "/apps".to_owned(),
                format!("/apps/{}", world.app("mask").client_id()),
            ] {
                let page = ana.opens(&url).await;
                assert!(page.says(payload) && (!page.source().contains(payload) || payload.starts_with('{')), "{url}");
            }
            ana.revokes_all().await;
        }
    });
}

#[test]
fn what_a_request_says_is_text_on_every_page() {
    on_both_databases(async |world| {
        for payload in PAYLOADS {
            let burndown = world.app("burndown");
            for name in
                ["login_hint", "state", "scope", "prompt", "client_id", "redirect_uri", "response_mode", "nonce"]
            {
                let request = burndown.request().with(name, payload).with("response_mode", "form_post");
                if let latchkey_testkit::Visit::Page(page) = world.browser().open(&request.url()).await {
                    assert!(!page.source().contains(payload) || payload.starts_with('{'), "{name}={payload}");
                }
            }
        }
    });
}
