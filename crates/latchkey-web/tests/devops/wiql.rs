//! Queries for work items, as clients ask them.

use std::time::Duration;

use latchkey_testkit::{Answer, Tokens, World, on_both_databases};
use serde_json::{Value, json};

const OF_ALL: &str = "/harbor/_apis/wit/wiql?api-version=7.1";
const OF_PROJECT: &str = "/harbor/lighthouse/_apis/wit/wiql?api-version=7.1";
const PATCH: &str = "application/json-patch+json";

/// Asks a query.
async fn ask(tokens: &Tokens, url: &str, query: &str) -> Answer {
    tokens.post(url).json(&json!({ "query": query })).await
}

/// The numbers that a query finds.
async fn found(tokens: &Tokens, url: &str, query: &str) -> Vec<i64> {
    let answer = ask(tokens, url, query).await;
    assert_eq!(answer.status, 200, "{query}: {}", answer.text());
    let answer = answer.json();
    answer["workItems"].as_array().unwrap().iter().map(|item| item["id"].as_i64().unwrap()).collect()
}

/// Makes an item and gives back its number.
async fn make(tokens: &Tokens, project: &str, kind: &str, fields: &[(&str, Value)]) -> i64 {
    let add =
        |(field, value): &(&str, Value)| json!({ "op": "add", "path": format!("/fields/{field}"), "value": value });
    let patch = Value::Array(fields.iter().map(add).collect()).to_string();
    let url = format!("/harbor/{project}/_apis/wit/workitems/${kind}?api-version=7.1");
    let made = tokens.post(&url).body(PATCH, patch).await;
    assert_eq!(made.status, 200, "{}", made.text());
    made.json()["id"].as_i64().unwrap()
}

async fn change(tokens: &Tokens, id: i64, field: &str, value: &str) -> Value {
    let patch = json!([{ "op": "add", "path": format!("/fields/{field}"), "value": value }]).to_string();
    let changed = tokens.patch(&format!("/harbor/_apis/wit/workitems/{id}?api-version=7.1")).body(PATCH, patch).await;
    assert_eq!(changed.status, 200, "{}", changed.text());
    changed.json()
}

async fn tokens(world: &World) -> Tokens {
    world.ana().authorizes_all("burndown").await
}

#[test]
fn an_answer_has_the_shape_that_clients_read() {
    on_both_databases(async |world| {
        let tokens = tokens(&world).await;
        let query = "SELECT [System.Id], [System.Title] FROM WorkItems WHERE [System.TeamProject] = @project ORDER BY [System.Id] DESC";
        let answer = ask(&tokens, OF_PROJECT, query).await.json();
        let origin = world.https();
        assert_eq!((&answer["queryType"], &answer["queryResultType"]), (&json!("flat"), &json!("workItem")));
        assert!(answer["asOf"].as_str().unwrap().ends_with('Z'));
        let title = &answer["columns"][1];
        assert_eq!((&title["referenceName"], &title["name"]), (&json!("System.Title"), &json!("Title")));
        assert_eq!(answer["sortColumns"][0]["field"]["referenceName"], "System.Id");
        assert_eq!(answer["sortColumns"][0]["descending"], true);
        assert_eq!(
            answer["workItems"],
            json!([
                { "id": 2, "url": format!("{origin}/harbor/_apis/wit/workItems/2") },
                { "id": 1, "url": format!("{origin}/harbor/_apis/wit/workItems/1") },
            ])
        );
        for column in [title, &answer["columns"][0], &answer["sortColumns"][0]["field"]] {
            assert_eq!(tokens.get(column["url"].as_str().unwrap()).await.json()["name"], column["name"]);
        }
        let of_all = ask(&tokens, OF_ALL, "SELECT [System.State] FROM workitems").await.json();
        let field = tokens.get(of_all["columns"][0]["url"].as_str().unwrap()).await.json();
        assert_eq!(field["referenceName"], "System.State");
        assert!(of_all.get("sortColumns").is_none());
    });
}

#[test]
fn a_query_finds_items_of_every_project_that_the_caller_reaches() {
    on_both_databases(async |world| {
        let tokens = tokens(&world).await;
        let task = make(&tokens, "drydock", "Task", &[("System.Title", json!("Scrape the hull"))]).await;
        for url in [OF_ALL, OF_PROJECT, "/harbor/lighthouse/lighthouse%20Team/_apis/wit/wiql?api-version=7.1"] {
            assert_eq!(found(&tokens, url, "SELECT [System.Id] FROM WorkItems").await, [1, 2, task], "{url}");
            let query = "SELECT [System.Id] FROM WorkItems WHERE [System.TeamProject] = 'Drydock'";
            assert_eq!(found(&tokens, url, query).await, [task], "{url}");
        }
        let here = "SELECT [System.Id] FROM WorkItems WHERE [System.TeamProject] = @Project";
        assert_eq!(found(&tokens, OF_PROJECT, here).await, [1, 2]);
        assert_eq!(ask(&tokens, OF_ALL, here).await.status, 400);
        let no_team = ask(&tokens, "/harbor/lighthouse/nobody/_apis/wit/wiql?api-version=7.1", here).await;
        assert_eq!((no_team.status.as_u16(), &no_team.json()["typeKey"]), (404, &json!("TeamNotFoundException")));
    });
}

#[test]
fn what_was_written_is_found_again() {
    on_both_databases(async |world| {
        let tokens = tokens(&world).await;
        let fields = [
            ("System.Title", json!("Grind the lens")),
            ("System.AssignedTo", json!("max@harbor.test")),
            ("System.Tags", json!("glass; night")),
            ("System.AreaPath", json!("lighthouse\\Lamp")),
            ("System.Description", json!("<p>Until it is <i>clear</i></p>")),
            ("Microsoft.VSTS.Common.Priority", json!(1)),
        ];
        let id = make(&tokens, "lighthouse", "Task", &fields).await;
        for condition in [
            "[System.AssignedTo] = 'max@harbor.test'",
            "[System.AssignedTo] CONTAINS 'max'",
            "[System.CreatedBy] = @Me AND [System.WorkItemType] = 'Task'",
            "[System.Tags] CONTAINS 'night' AND Priority = 1",
            "[System.AreaPath] UNDER 'lighthouse\\lamp'",
            "[System.Description] CONTAINS WORDS 'is clear'",
            "[System.Id] NOT IN (1, 2)",
            "[System.CreatedDate] >= @Today AND [System.Title] CONTAINS 'LENS'",
        ] {
            let query = format!("SELECT [System.Id] FROM WorkItems WHERE {condition}");
            assert_eq!(found(&tokens, OF_ALL, &query).await, [id], "{condition}");
        }
        let by_person = "SELECT [System.Id] FROM WorkItems ORDER BY [System.AssignedTo] DESC, [System.Id]";
        assert_eq!(found(&tokens, OF_ALL, by_person).await, [id, 1, 2]);
    });
}

#[test]
fn the_past_is_found_as_it_was() {
    on_both_databases(async |world| {
        let tokens = tokens(&world).await;
        let before = tokens.get("/harbor/_apis/wit/workitems/1").await.json();
        let then = before["fields"]["System.ChangedDate"].as_str().unwrap().to_owned();
        world.later(Duration::from_secs(90));
        for state in ["Active", "New", "Active", "New", "Active", "New", "Resolved"] {
            change(&tokens, 1, "System.State", state).await;
        }
        let made = make(&tokens, "lighthouse", "Task", &[("System.Title", json!("Later"))]).await;
        let ask = async |query: &str| found(&tokens, OF_ALL, query).await;
        let new = "SELECT [System.Id] FROM WorkItems WHERE [System.State] = 'New'";
        assert_eq!(ask(new).await, [2, made]);
        assert_eq!(ask(&format!("{new} ASOF '{then}'")).await, [1, 2]);
        assert!(ask(&format!("{new} ASOF '2001-01-01'")).await.is_empty());
        let ever = "SELECT [System.Id] FROM WorkItems WHERE [System.Id] < 3 AND EVER [System.State] =";
        assert_eq!(ask(&format!("{ever} 'Active'")).await, [1]);
        assert_eq!(ask(&format!("{ever} 'Resolved'")).await, [1], "the present is part of what ever was");
        assert_eq!(ask(&format!("{ever} 'New'")).await, [1, 2]);
        assert!(ask(&format!("{ever} 'Active' ASOF '{then}'")).await.is_empty());
        let never =
            "SELECT [System.Id] FROM WorkItems WHERE [System.State] NOT EVER 'Active' ORDER BY [System.Id] DESC";
        assert_eq!(ask(never).await, [made, 2]);
    });
}

#[test]
fn moments_count_if_the_request_says_so() {
    on_both_databases(async |world| {
        let tokens = tokens(&world).await;
        world.later(Duration::from_secs(7));
        let item = change(&tokens, 2, "System.Title", "It flickers").await;
        let moment = item["fields"]["System.ChangedDate"].as_str().unwrap();
        let query = format!("SELECT [System.Id] FROM WorkItems WHERE [System.ChangedDate] = '{moment}'");
        let refused = ask(&tokens, OF_ALL, &query).await;
        assert_eq!(refused.status, 400, "{}", refused.text());
        assert_eq!(found(&tokens, &format!("{OF_ALL}&timePrecision=true"), &query).await, [2]);
    });
}

#[test]
fn an_answer_is_as_long_as_it_may_be() {
    on_both_databases(async |world| {
        let tokens = tokens(&world).await;
        let query = "SELECT [System.Id] FROM WorkItems ORDER BY [System.Id] DESC";
        assert_eq!(found(&tokens, &format!("{OF_ALL}&%24top=1"), query).await, [2]);
        assert_eq!(found(&tokens, &format!("{OF_ALL}&$top=99999999"), query).await, [2, 1]);
        for top in ["0", "-1", "x"] {
            assert_eq!(ask(&tokens, &format!("{OF_ALL}&$top={top}"), query).await.status, 400, "{top}");
        }
    });
}

#[test]
fn more_items_than_come_at_once_are_all_looked_at() {
    on_both_databases(async |world| {
        let tokens = tokens(&world).await;
        let mut made = Vec::new();
        for number in 0..45 {
            world.later(Duration::from_micros(number % 2));
            made.push(make(&tokens, "lighthouse", "Bug", &[("System.Title", json!("Many"))]).await);
        }
        let query = "SELECT [System.Id] FROM WorkItems WHERE [System.Title] = 'many'";
        assert_eq!(found(&tokens, OF_ALL, query).await, made);
        assert_eq!(found(&tokens, OF_ALL, &format!("{query} AND EVER [System.State] = 'New'")).await, made);
        world.later(Duration::from_secs(1));
        let now = latchkey_devops::date::format(world.now());
        assert_eq!(found(&tokens, OF_ALL, &format!("{query} ASOF '{now}'")).await, made);
    });
}

#[test]
fn what_is_no_query_is_refused_with_the_error_body() {
    on_both_databases(async |world| {
        let tokens = tokens(&world).await;
        for (query, key, begins) in [
            ("SELECT [Custom.Mood] FROM WorkItems", "VssPropertyValidationException", "TF51005: "),
            ("SELECT TOP 5 [System.Id] FROM WorkItems", "VssPropertyValidationException", "TF51006: "),
            ("SELECT [System.Id] FROM WorkItemLinks", "WorkItemTrackingQueryException", "Queries for links"),
        ] {
            let answer = ask(&tokens, OF_ALL, query).await;
            let body = answer.json();
            assert_eq!((answer.status.as_u16(), &body["typeKey"]), (400, &json!(key)), "{query}");
            assert!(body["message"].as_str().unwrap().starts_with(begins), "{body}");
        }
        for body in [json!(null), json!({}), json!({ "query": 1 }), json!({ "query": null }), json!([])] {
            assert_eq!(tokens.post(OF_ALL).json(&body).await.status, 400, "{body}");
        }
        let no_version = tokens.post("/harbor/_apis/wit/wiql").json(&json!({ "query": "x" })).await;
        assert_eq!(no_version.json()["typeKey"], "VssVersionNotSpecifiedException");
    });
}

#[test]
fn clients_find_the_query_by_its_id() {
    on_both_databases(async |world| {
        let locations = world.ask(http::Method::OPTIONS, "/harbor/_apis/wit").await.json();
        let mut locations = locations["value"].as_array().unwrap().iter();
        let location = locations.find(|location| location["resourceName"] == "wiql").unwrap();
        assert_eq!(location["id"], "1a9c53f7-f243-4447-b110-35ef023636e4");
        assert_eq!(location["routeTemplate"], "{project}/{team}/_apis/{area}/{resource}");
    });
}
