//! A service asks by query for what its authorization does not reach, and asks queries that are meant to cost.

use std::future::poll_fn;
use std::pin::pin;
use std::task::Poll;

use futures_util::future::{Either, select};
use latchkey_testkit::{Page, Tokens, World, on_both_databases};
use serde_json::{Value, json};

const QUERY: &str = "/harbor/_apis/wit/wiql?api-version=7.1";

async fn ask(tokens: &Tokens, url: &str, query: &str) -> (u16, Value) {
    let answer = tokens.post(url).json(&json!({ "query": query })).await;
    let mut body = answer.json();
    // The moment of an answer is no secret.
    body.as_object_mut().unwrap().remove("asOf");
    (answer.status.as_u16(), body)
}

/// Tokens of Ana's that do not reach lighthouse, where items 1 and 2 are. Drydock has none.
async fn without_lighthouse(world: &World) -> Tokens {
    let lighthouse = world.project("lighthouse").to_string();
    let request = world.app("burndown").request();
    world.ana().authorizes_part(&request, |page| page.untick("project", &lighthouse)).await
}

#[test]
fn a_service_finds_nothing_beyond_its_authorization_whatever_it_asks() {
    on_both_databases(async |world| {
        let tokens = without_lighthouse(&world).await;
        let nothing = json!([]);
        for condition in [
            "[System.Id] = 1",
            "[System.Id] <> 99",
            "[System.TeamProject] = 'lighthouse'",
            "[System.TeamProject] <> 'drydock'",
            "NOT [System.TeamProject] = 'drydock'",
            "[System.TeamProject] = 'drydock' OR [System.Id] > 0",
            "[System.AreaPath] UNDER 'lighthouse'",
            "[System.Title] CONTAINS 'lamp'",
            "[System.CreatedBy] = @Me",
            "EVER [System.State] = 'New'",
            "[System.Title] NOT EVER 'x'",
            "[System.Parent] IS EMPTY",
            "[System.TeamProject] = [Any]",
        ] {
            for url in [QUERY, "/harbor/drydock/_apis/wit/wiql?api-version=7.1"] {
                for order in ["", " ORDER BY [System.Title]", " ASOF @Today + 400"] {
                    let query =
                        format!("SELECT [System.Id], [System.TeamProject] FROM WorkItems WHERE {condition}{order}");
                    let (status, body) = ask(&tokens, url, &query).await;
                    assert_eq!((status, &body["workItems"]), (200, &nothing), "{query}: {body}");
                }
            }
        }
    });
}

#[test]
fn a_hidden_project_is_like_one_that_is_not_there() {
    on_both_databases(async |world| {
        let tokens = without_lighthouse(&world).await;
        for query in [
            "SELECT [System.Id] FROM WorkItems WHERE [System.TeamProject] = 'lighthouse'",
            "SELECT [System.Id] FROM WorkItems WHERE [System.AreaPath] UNDER 'lighthouse\\x'",
            "SELECT [System.Id] FROM WorkItems WHERE [System.TeamProject] IN ('lighthouse', 'drydock')",
            "SELECT [Custom.lighthouse] FROM WorkItems",
        ] {
            let hidden = ask(&tokens, QUERY, query).await;
            let absent = ask(&tokens, QUERY, &query.replace("lighthouse", "goldenoaks")).await;
            assert_eq!(hidden.0, absent.0, "{query}");
            assert_eq!(hidden.1.to_string().replace("lighthouse", "goldenoaks"), absent.1.to_string(), "{query}");
        }
        let at = |project: &str| format!("/harbor/{project}/_apis/wit/wiql?api-version=7.1");
        let query = "SELECT [System.Id] FROM WorkItems WHERE [System.TeamProject] = @project";
        let hidden = ask(&tokens, &at("lighthouse"), query).await;
        let absent = ask(&tokens, &at("goldenoaks"), query).await;
        assert_eq!((hidden.0, absent.0), (404, 404));
        assert_eq!(hidden.1.to_string().replace("lighthouse", "goldenoaks"), absent.1.to_string());
        let in_team = "/harbor/lighthouse/lighthouse%20Team/_apis/wit/wiql?api-version=7.1";
        assert_eq!(ask(&tokens, in_team, query).await.0, 404);
    });
}

#[test]
fn a_service_finds_the_items_of_the_projects_that_it_reaches_and_no_others() {
    on_both_databases(async |world| {
        let lighthouse = world.project("lighthouse").to_string();
        let request = world.app("burndown").request();
        let part = |page: Page| page.tick_all("scope").untick("project", &lighthouse);
        let tokens = world.ana().authorizes_part(&request, part).await;
        let patch = json!([{ "op": "add", "path": "/fields/System.Title", "value": "Scrape" }]).to_string();
        let url = "/harbor/drydock/_apis/wit/workitems/$Task?api-version=7.1";
        assert!(tokens.post(url).body("application/json-patch+json", patch).await.is_ok());
        let all = "SELECT [System.Id] FROM WorkItems";
        let (status, body) = ask(&tokens, QUERY, all).await;
        let items = body["workItems"].as_array().unwrap();
        assert_eq!((status, items.len(), &items[0]["id"]), (200, 1, &json!(3)));
        let everything = world.max().authorizes_all("burndown").await;
        assert_eq!(ask(&everything, QUERY, all).await.1["workItems"].as_array().unwrap().len(), 3);
        assert_eq!(ask(&everything, "/shore/_apis/wit/wiql?api-version=7.1", all).await.0, 404);
    });
}

/// Looks at items whose texts fill a page each. Ana revokes everything when some of them were read, and others were not.
#[test]
fn a_query_ends_between_two_pages_with_its_authorization() {
    on_both_databases(async |world| {
        let (ana, others) = (world.ana(), world.max().authorizes_all("burndown").await);
        let text = "a ".repeat(150_000);
        for _ in 0..6 {
            let patch = json!([
                { "op": "add", "path": "/fields/System.Title", "value": "Long" },
                { "op": "add", "path": "/fields/System.Description", "value": text },
                { "op": "add", "path": "/fields/Microsoft.VSTS.TCM.ReproSteps", "value": text },
            ]);
            let url = "/harbor/drydock/_apis/wit/workitems/$Bug?api-version=7.1";
            let made = others.post(url).body("application/json-patch+json", patch.to_string()).await;
            assert!(made.is_ok(), "{}", made.text());
        }
        world.seconds_later(1);
        for condition in [
            "[System.Description] CONTAINS WORDS 'a b'",
            "[System.Description] CONTAINS WORDS 'a b' ASOF @Today + 400",
            "EVER [System.State] = 'Closed'",
        ] {
            let query = format!("SELECT [System.Id] FROM WorkItems WHERE {condition}");
            let reads = |before| world.store().counters().since(before).reads;
            let tokens = ana.authorizes_all("burndown").await;
            ask(&tokens, QUERY, &query).await;
            let before = world.store().counters();
            assert_eq!(ask(&tokens, QUERY, &query).await.0, 200, "{query}");
            let of_all = reads(before);
            let before = world.store().counters();
            let mut asked = pin!(tokens.post(QUERY).json(&json!({ "query": query })).into_future());
            let begun = poll_fn(|context| {
                assert!(asked.as_mut().poll(context).is_pending(), "it was answered before anything was revoked");
                let begun = reads(before);
                if begun >= 3 { Poll::Ready(begun) } else { Poll::Pending }
            });
            let begun = begun.await;
            assert!(begun + 3 <= of_all, "{begun} of {of_all} readings: {query}");
            ana.revokes_all().await;
            let answer = asked.await;
            assert_eq!(answer.status, 401, "{query}: {}", answer.text());
        }
    });
}

/// Words without end in a long text, and many conditions that read it: the query ends with an error, and nobody waits for that.
#[test]
fn a_costly_query_is_refused_and_others_are_answered_meanwhile() {
    on_both_databases(async |world| {
        let tokens = world.ana().authorizes_all("burndown").await;
        let text = "ä ".repeat(125_000);
        let patch = json!([{ "op": "add", "path": "/fields/System.Description", "value": text }]).to_string();
        let url = "/harbor/_apis/wit/workitems/1?api-version=7.1";
        assert!(tokens.patch(url).body("application/json-patch+json", patch).await.is_ok());
        // Those that find nothing read all of it. The others find what they look for at once, and what they could have cost counts.
        let nothing = ["[System.Description] CONTAINS WORDS 'ä ä ö'"; 2].join(" OR ");
        let at_once = ["[System.Description] CONTAINS WORDS 'ä'"; 298].join(" AND ");
        let conditions = format!("{nothing} OR {at_once}");
        let costly = format!("SELECT [System.Id] FROM WorkItems WHERE {conditions}");
        let mut costly = Box::pin(ask(&tokens, QUERY, &costly));
        let mut answered = 0;
        let (status, body) = loop {
            match select(costly, tokens.get("/harbor/_apis/projects").into_future()).await {
                Either::Left((answer, _)) => break answer,
                Either::Right((other, going_on)) => {
                    assert_eq!(other.status, 200);
                    (costly, answered) = (going_on, answered + 1);
                }
            }
        };
        assert_eq!((status, &body["typeKey"]), (400, &json!("WorkItemTrackingQueryException")), "{body}");
        assert!(body["message"].as_str().unwrap().starts_with("The query compares too much."), "{body}");
        assert!(answered > 5, "{answered} were answered meanwhile");
    });
}

#[test]
fn a_monstrous_query_is_refused_and_no_item_is_read_for_it() {
    on_both_databases(async |world| {
        let tokens = world.ana().authorizes_all("burndown").await;
        let wrap = |condition: String| format!("SELECT [System.Id] FROM WorkItems WHERE {condition}");
        let monsters = [
            wrap("(".repeat(15_000)),
            wrap(format!("{}[System.Id]=1{}", "(".repeat(10_000), ")".repeat(10_000))),
            wrap("[System.Id]=1 OR ".repeat(1_800)),
            wrap(format!("[System.Title] CONTAINS '{}'", "a".repeat(30_000))),
            wrap(format!("[System.Id] IN ({}", "1,".repeat(15_000))),
            wrap(format!("[System.Id] = {}", "9".repeat(30_000))),
            wrap(format!("[System.CreatedDate] > @Today - {}", "9".repeat(20_000))),
            format!("SELECT {}[System.Id] FROM WorkItems", "[System.Id],".repeat(60_000)),
            wrap("[System.Title] = ''; DROP TABLE work_item; --'".into()),
            wrap("[System.Title] = '' UNION SELECT * FROM account".into()),
        ];
        assert_eq!(ask(&tokens, QUERY, "SELECT [System.Id] FROM WorkItems").await.0, 200);
        for monster in &monsters {
            let before = world.store().counters();
            let (status, body) = ask(&tokens, QUERY, monster).await;
            assert_eq!(status, 400, "{}: {body}", &monster[..80]);
            assert!(body["message"].as_str().unwrap().len() < 600, "{body}");
            assert_eq!(world.store().counters().since(before).reads, 0, "{}", &monster[..80]);
        }
        let harmless = wrap("[System.Title] = '''; DROP TABLE work_item; --'".into());
        assert_eq!(ask(&tokens, QUERY, &harmless).await.0, 200);
        let not = wrap(format!("{}[System.Id] = 1", "NOT ".repeat(7_000)));
        assert_eq!(ask(&tokens, QUERY, &not).await.1["workItems"][0]["id"], 1);
    });
}
