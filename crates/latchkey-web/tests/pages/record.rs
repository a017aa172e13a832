//! `/profile/activity` and `/audit`: the record, as a page and as a file for spreadsheets.

use std::time::Duration;

use latchkey_devops::date;
use latchkey_devops::ids::AppId;
use latchkey_devops::policy::{AuthorizePolicy, OrganizationPolicy};
use latchkey_devops::sunset::Sunset;
use latchkey_identity::Timestamp;
use latchkey_testkit::builders::a_web_app;
use latchkey_testkit::on_both_databases;

#[test]
fn everybody_sees_what_they_did_and_nobody_else() {
    on_both_databases(async |world| {
        let (max, ben) = (world.max(), world.ben());
        max.authorizes("burndown").await;
        ben.signs_in().await;
        let page = max.opens("/profile/activity").await;
        assert_eq!(page.heading(), "Activity");
        assert!(page.says("What you did in harbor.test, or somebody as you"), "{}", page.text());
        assert!(page.says("the last 90 days, at most 10000 rows"), "{}", page.text());
        let kinds = page.attributes("data-kind");
        assert!(kinds.contains(&"authorization_granted".into()) && kinds.contains(&"sign_in_succeeded".into()));
        assert!(page.says("Authorization granted") && page.says("burndown") && page.says("from 198.51.100."));
        let theirs = ben.opens("/profile/activity").await;
        assert!(!theirs.attributes("data-kind").contains(&"authorization_granted".into()), "{}", theirs.text());
        let file = max.opens("/profile/activity/csv").await;
        assert_eq!(file.header("content-type"), Some("text/csv; charset=utf-8; header=present"));
        assert_eq!(file.header("content-disposition"), Some("attachment; filename=\"activity.csv\""));
        assert_eq!(file.source().matches("\"authorization_granted\"").count(), 1);
        let lines = max.opens("/profile/activity/jsonl").await;
        assert_eq!(lines.header("content-type"), Some("application/x-ndjson"));
        assert_eq!(lines.header("content-disposition"), Some("attachment; filename=\"activity.jsonl\""));
        let events: Vec<serde_json::Value> =
            lines.source().lines().map(|line| serde_json::from_str(line).unwrap()).collect();
        assert_eq!(events.len() + 1, file.source().lines().count(), "the same events as in the other file");
        let granted: Vec<_> = events.iter().filter(|event| event["event"] == "authorization_granted").collect();
        let [granted] = granted.as_slice() else { panic!("{granted:?}") };
        assert_eq!((&granted["app"], &granted["account"]), (&"burndown".into(), &max.id().to_string().into()));
        assert!(granted["detail"].is_object() && granted["number"].is_i64());
        // Who has hashes and what lies between them could check guesses about what others did.
        assert!(events.iter().all(|event| event.get("hash").is_none()), "{:.500}", lines.source());
        assert!(events.iter().all(|event| event.get("who").is_some() && event.get("app").is_some()));
    });
}

#[test]
fn who_administers_the_directory_finds_all_of_it_and_others_are_told_why_not() {
    on_both_databases(async |world| {
        let (ana, max) = (world.ana(), world.max());
        max.authorizes("burndown").await;
        max.revokes_all().await;
        let refused = max.opens("/audit").await;
        assert_eq!(refused.status(), 403);
        for file in ["/audit/csv", "/audit/jsonl"] {
            assert_eq!(max.opens(file).await.status(), 403, "{file}");
        }
        let page = ana.opens("/audit").await;
        assert_eq!(page.heading(), "Audit log of harbor.test");
        let kinds = page.attributes("data-kind");
        for kind in ["authorization_granted", "authorization_revoked", "sign_in_succeeded"] {
            assert!(kinds.contains(&kind.to_owned()), "{kind} in {kinds:?}");
        }
        let of_max = ana.opens(&format!("/audit?by={}", max.id())).await;
        assert!(of_max.has("only") && of_max.attributes("data-kind").contains(&"authorization_granted".into()));
        let of_ana = ana.opens(&format!("/audit?by={}", ana.id())).await;
        assert!(!of_ana.attributes("data-kind").contains(&"authorization_granted".into()));
        let under = page.attributes("href").into_iter().find(|href| href.starts_with("/audit?authorization=")).unwrap();
        let under = ana.opens(&under).await.attributes("data-kind");
        assert_eq!(under, ["authorization_revoked", "authorization_granted"]);
        let file = ana.opens("/audit/csv").await;
        assert!(file.source().starts_with("\"number\",\"time\",\"event\""), "{:.200}", file.source());
        let lines = ana.opens(&format!("/audit/jsonl?by={}", max.id())).await;
        let account = |line: &str| serde_json::from_str::<serde_json::Value>(line).unwrap()["account"].clone();
        assert!(lines.source().lines().all(|line| account(line) == max.id().to_string()), "{:.200}", lines.source());
        // Another directory's record is another's.
        let shore = world.eve().opens("/audit").await;
        assert!(!shore.attributes("data-kind").contains(&"authorization_granted".into()), "{}", shore.text());
        for nonsense in ["/audit?by=x", "/audit?before=x", "/audit?authorization=1"] {
            assert_eq!(ana.opens(nonsense).await.status(), 404, "{nonsense}");
        }
    });
}

/// Whoever administers a directory learns names from its record, and no others: an id is no question that it answers.
#[test]
fn a_record_names_nobody_who_does_not_stand_in_it() {
    on_both_databases(async |world| {
        let (ana, eve) = (world.ana(), world.eve());
        eve.signs_in().await;
        for stranger in [eve.id().0.to_string(), world.app("gull").client_id(), world.project("pier").to_string()] {
            let page = ana.opens(&format!("/audit?by={stranger}")).await;
            assert!(page.says(&format!("Only what {stranger} did.")), "{}", page.text());
        }
        let page = ana.opens(&format!("/audit?by={}", ana.id())).await;
        assert!(!page.text_of("only").contains(&ana.id().0.to_string()), "who stands in it is named");
    });
}

/// Whoever reads an event knows who and what is in it by name.
#[test]
fn the_record_says_names_and_what_a_decision_changed() {
    on_both_databases(async |world| {
        let (ana, elsewhere) = (world.ana(), world.ana());
        elsewhere.signs_in().await;
        ana.opens("/profile/sessions").await.press("end-others").await.page();
        let policy = ana.opens("/organizations/harbor/policy").await;
        policy.choose("who", "members").choose("longest", "90").press("save-policy").await.page();
        for path in ["/audit", "/profile/activity"] {
            let page = ana.opens(path).await;
            let (kinds, texts) = (page.attributes("data-kind"), page.texts_with("data-kind"));
            let of = |kind: &str| {
                let found = kinds.iter().zip(&texts).find(|(one, _)| *one == kind);
                found.map(|(_, text)| text.clone()).unwrap_or_else(|| panic!("{kind}: {}", page.text()))
            };
            let ended = of("session_ended");
            assert!(ended.contains("signed in ") && !holds_an_id(&ended), "{ended}");
            let changed = of("policy_changed");
            assert!(changed.contains("Who may authorize services: members, before administrators"), "{changed}");
            assert!(changed.contains("Longest authorization: 90 days, before no limit"), "{changed}");
            assert!(!changed.contains("Older services"), "what stayed is not said: {changed}");
            assert!(!texts.iter().any(|text| holds_an_id(text)), "{texts:?}");
        }
    });
}

/// The page reads what the database writes: there is a word for each setting of a policy.
#[test]
fn the_record_says_of_every_setting_of_a_policy_what_it_was_and_is() {
    on_both_databases(async |world| {
        let (ana, burndown) = (world.ana(), AppId(world.app("burndown").app().id.0));
        let (warn, end) = (world.now(), world.now() + Duration::from_secs(90 * 86_400));
        let before = world.policy().await;
        let after = OrganizationPolicy {
            authorize: AuthorizePolicy::Nobody,
            longest_authorization_days: Some(7),
            third_party_apps: !before.third_party_apps,
            legacy_apps: !before.legacy_apps,
            sunset: Sunset::new(Some(warn), Some(end)).unwrap(),
            blocked_apps: [burndown].into(),
        };
        let seen = async || {
            let page = ana.opens("/audit").await;
            let newest = page.attributes("data-kind").into_iter().zip(page.texts_with("data-kind"));
            newest.into_iter().find(|(kind, _)| kind == "policy_changed").expect("it is on record").1
        };
        let let_in = |is_in: bool| if is_in { "let in" } else { "kept out" };
        let day = |at| date::format(at).chars().take(10).collect::<String>();
        for (from, to, app) in [(&before, &after, "Stopped: burndown"), (&after, &before, "Let in again: burndown")] {
            world.decides(|policy| *policy = to.clone()).await;
            let said = seen().await;
            let moment = |at: Option<Timestamp>| at.map_or_else(|| "never".to_owned(), day);
            let lines = [
                ("Services", let_in(to.third_party_apps).to_owned(), let_in(from.third_party_apps).to_owned()),
                ("Older services", let_in(to.legacy_apps).to_owned(), let_in(from.legacy_apps).to_owned()),
                ("warned from", moment(to.sunset.warn_from()), moment(from.sunset.warn_from())),
                ("Older services end", moment(to.sunset.refuse_from()), moment(from.sunset.refuse_from())),
            ];
            for (name, now, was) in lines {
                assert!(said.contains(&format!("{name}: {now}, before {was}")), "{name}: {said}");
            }
            assert!(
                said.contains("Who may authorize services: ") && said.contains("Longest authorization: "),
                "{said}"
            );
            assert!(said.contains(app), "{said}");
        }
    });
}

fn holds_an_id(text: &str) -> bool {
    text.split(|c: char| !(c.is_ascii_hexdigit() || c == '-')).any(|word| word.len() == 36)
}

#[test]
fn older_events_are_a_page_further_and_each_is_found_again() {
    on_both_databases(async |world| {
        let ana = world.ana();
        for _ in 0..30 {
            ana.authorizes("burndown").await;
            ana.revokes_all().await;
        }
        let page = ana.opens("/audit").await;
        let newest = page.attributes("data-kind");
        assert_eq!(newest.len(), 50);
        let older = page.follow("older").await.page();
        assert!(older.attributes("data-kind").len() > 5);
        let one = older.attributes("href").into_iter().find(|href| href.contains("#event-")).unwrap();
        let again = ana.opens(&one).await;
        assert!(again.has(one.split('#').nth(1).unwrap()), "{one}");
    });
}

#[test]
fn no_name_is_a_formula_in_a_file() {
    on_both_databases(async |world| {
        let ana = world.ana();
        world.registers(a_web_app("crane")).await;
        let tokens = ana.authorizes_all("crane").await;
        assert_eq!(tokens.get("/harbor/_apis/projects").await.status, 200);
        assert_eq!(tokens.get("/harbor/lighthouse/_apis/build/builds").await.status, 200);
        world.parts().flush().await.unwrap();
        world.changes_app("crane", |client| client.name = "=HYPERLINK(1)".to_owned()).await;
        for path in ["/profile/activity/csv", "/profile/activity/calls"] {
            let file = ana.opens(path).await;
            assert!(file.source().contains("\"'=HYPERLINK(1)\""), "{path}: {}", file.source());
            assert!(!file.source().contains("\"=HYPERLINK(1)\""), "{path}");
        }
    });
}
