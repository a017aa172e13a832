use std::collections::BTreeSet;
use std::sync::Arc;

use latchkey_jose::Timestamp;
use serde_json::{Value, json};

use super::*;
use crate::date;
use crate::fixtures::{ANA, BEN, NOW, drydock, everybody, lighthouse, people};
use crate::membership::Person;
use crate::project::Project;
use crate::work_item::{self, Link, Patch, Relation, WorkItem, WorkItemType};

fn around(project: Option<&str>) -> Surroundings<'_> {
    Surroundings { me: ANA, now: NOW, project, time_precision: false }
}

fn read(text: &str) -> Result<Arc<Query>, DevOpsError> {
    Query::parse(text, &around(Some("lighthouse"))).map(Arc::new)
}

/// An item of a project with fields, made at a date.
fn an_item(id: i64, project: &Project, kind: WorkItemType, fields: &[(&str, Value)], made: &str) -> WorkItem {
    let (people, others) = (people(), BTreeSet::new());
    let surroundings = work_item::Surroundings { project, people: &people, reachable_items: &others };
    let (patch, made) = (Patch::of_fields(fields.iter().cloned()), date::parse(made).unwrap());
    work_item::create(id, kind, &patch, surroundings, BEN, made).unwrap().item
}

/// An item with other fields.
fn changed(item: &WorkItem, project: &Project, fields: &[(&str, Value)], at: Timestamp) -> WorkItem {
    let (people, others) = (people(), BTreeSet::new());
    let surroundings = work_item::Surroundings { project, people: &people, reachable_items: &others };
    work_item::update(item, &Patch::of_fields(fields.iter().cloned()), surroundings, ANA, at).unwrap().item
}

/// What the tests search: four items of lighthouse and one of drydock.
fn items() -> Vec<(Project, WorkItem)> {
    let (light, dock) = (lighthouse(), drydock());
    vec![
        (
            light.clone(),
            an_item(
                1,
                &light,
                WorkItemType::Bug,
                &[
                    ("System.Title", json!("The lamp flickers")),
                    ("System.AssignedTo", json!("ana@harbor.test")),
                    ("System.Tags", json!("lamp; night watch")),
                    ("System.AreaPath", json!("lighthouse\\Lamp")),
                    ("System.Description", json!("<p>It <b>flickers</b> when the wind turns</p>")),
                    ("Microsoft.VSTS.Common.Priority", json!(1)),
                ],
                "2026-11-20T10:00:00Z",
            ),
        ),
        (
            light.clone(),
            an_item(
                2,
                &light,
                WorkItemType::Task,
                &[
                    ("System.Title", json!("Paint the door")),
                    ("System.AssignedTo", json!("ben@harbor.test")),
                    ("System.AreaPath", json!("lighthouse\\Lampshade")),
                    ("System.State", json!("Active")),
                    ("Microsoft.VSTS.Scheduling.RemainingWork", json!(2.5)),
                ],
                "2026-11-21T23:59:59Z",
            ),
        ),
        (
            light.clone(),
            an_item(3, &light, WorkItemType::Task, &[("System.Title", json!("It's windy"))], "2026-11-22T01:00:00Z"),
        ),
        (
            light.clone(),
            an_item(
                4,
                &light,
                WorkItemType::UserStory,
                &[("System.Title", json!("ÄPFEL for the keeper")), ("System.Tags", json!("lamp"))],
                "2026-11-22T02:00:00Z",
            ),
        ),
        (
            dock.clone(),
            an_item(5, &dock, WorkItemType::Task, &[("System.Title", json!("Scrape"))], "2026-11-22T03:00:00Z"),
        ),
    ]
}

/// The numbers of the items that fit, as the answer has them.
fn search(query: &Arc<Query>, top: Option<usize>) -> Vec<i64> {
    let mut search = Search::new(query, top);
    let people: Vec<Person> = everybody().into();
    for (project, item) in items() {
        let strangers = search.strangers([&item]);
        search.meet(&strangers, &people);
        let name = project.name.as_str();
        let before = search.fitted();
        assert_eq!(search.look_at(&item, name), Ok(Look::Settled));
        assert!(search.fitted() == before || query.may_hold_in(name), "{name} holds one");
    }
    search.finish()
}

/// What a condition finds.
fn found(condition: &str) -> Vec<i64> {
    match read(&format!("SELECT [System.Id] FROM WorkItems WHERE {condition}")) {
        Ok(query) => search(&query, None),
        Err(error) => panic!("{condition}: {error}"),
    }
}

#[test]
fn a_condition_finds_the_items_that_it_describes() {
    for (condition, expected) in [
        ("[System.WorkItemType] = 'task'", vec![2, 3, 5]),
        ("[Work Item Type] = 'Task' and [System.TeamProject] = @Project", vec![2, 3]),
        ("System.TeamProject = 'DRYDOCK'", vec![5]),
        ("[System.TeamProject] <> @project", vec![5]),
        ("Priority = 1", vec![1]),
        ("Priority > '1' AND ID < 4", vec![2, 3]),
        ("[System.Id] IN (5, 1, 99)", vec![1, 5]),
        ("[System.Id] NOT IN (5, 1)", vec![2, 3, 4]),
        ("NOT [System.Id] IN (5, 1)", vec![2, 3, 4]),
        ("[System.Id] >= 2 AND ([System.Id] <= 3 OR [System.Id] = 5)", vec![2, 3, 5]),
        ("[System.Id] = 1 OR [System.Id] = 2 AND [System.State] = 'Closed'", vec![1]),
        ("[System.Title] = 'it''s WINDY'", vec![3]),
        ("[System.Title] = \"It's windy\"", vec![3]),
        ("[System.Title] CONTAINS 'äpfel'", vec![4]),
        ("[System.Title] NOT CONTAINS 'the'", vec![3, 5]),
        ("[System.Title] CONTAINS WORDS 'paint the'", vec![2]),
        ("[System.Title] CONTAINS WORDS 'pain'", vec![]),
        ("[System.Title] CONTAINS WORDS 'pain*'", vec![2]),
        ("[System.Description] CONTAINS WORDS 'it flickers when'", vec![1]),
        ("[System.Description] CONTAINS WORDS 'b'", vec![]),
        ("[System.Description] CONTAINS 'wind'", vec![1]),
        ("[System.Description] IS EMPTY", vec![2, 3, 4, 5]),
        ("[System.Description] IS NOT EMPTY", vec![1]),
        ("[System.Tags] CONTAINS 'LAMP'", vec![1, 4]),
        ("[System.Tags] CONTAINS 'night'", vec![]),
        ("[System.Tags] NOT CONTAINS 'lamp' AND [System.Tags] IS EMPTY", vec![2, 3, 5]),
        ("[System.AreaPath] UNDER 'Lighthouse\\lamp'", vec![1]),
        ("[System.AreaPath] UNDER @project", vec![1, 2, 3, 4]),
        ("[System.AreaPath] NOT UNDER '\\lighthouse\\'", vec![5]),
        ("[System.AreaPath] = 'lighthouse'", vec![3, 4]),
        ("[System.AssignedTo] = @Me", vec![1]),
        ("[Assigned To] <> @me", vec![2, 3, 4, 5]),
        ("[System.AssignedTo] = ''", vec![3, 4, 5]),
        ("[System.AssignedTo] <> ''", vec![1, 2]),
        ("[System.AssignedTo] = 'Ben'", vec![2]),
        ("[System.AssignedTo] = 'Ben Harbor <BEN@harbor.test>'", vec![2]),
        ("[System.AssignedTo] IN ('ana@harbor.test', 'ben')", vec![1, 2]),
        ("[System.AssignedTo] CONTAINS 'be'", vec![2]),
        ("[System.AssignedTo] CONTAINS '0000'", vec![]),
        ("[System.AssignedTo] = '00000000-0000-0000-0000-00000000000b'", vec![2]),
        ("[System.AssignedTo] = 'nobody'", vec![]),
        ("[System.AssignedTo] = [System.CreatedBy]", vec![2]),
        ("[Microsoft.VSTS.Scheduling.RemainingWork] > 2", vec![2]),
        ("[Microsoft.VSTS.Scheduling.RemainingWork] < 2", vec![]),
        ("[System.Id] > [System.Rev]", vec![2, 3, 4, 5]),
        ("[System.State] = [Any] AND [System.Id] = 4", vec![4]),
        ("[System.CreatedDate] = '2026-11-20'", vec![1]),
        ("[System.CreatedDate] > '2026-11-20'", vec![2, 3, 4, 5]),
        ("[System.CreatedDate] <= '11/21/2026'", vec![1, 2]),
        ("[System.CreatedDate] >= @Today", vec![3, 4, 5]),
        ("[System.CreatedDate] >= @today - 1", vec![2, 3, 4, 5]),
        ("[System.CreatedDate] < @StartOfDay('-1d')", vec![1]),
        ("[System.CreatedDate] >= @StartOfMonth - 1", vec![1, 2, 3, 4, 5]),
        ("[System.CreatedDate] > @startofyear + 1", vec![]),
    ] {
        assert_eq!(found(condition), expected, "{condition}");
    }
}

#[test]
fn namesakes_are_not_the_same() {
    let (_, item) = items().remove(0);
    let namesakes = everybody().map(|person| Person { display_name: "Sam".into(), ..person });
    for (condition, expected) in [
        ("[System.AssignedTo] = [System.CreatedBy]", false),
        ("[System.AssignedTo] <> [System.CreatedBy]", true),
        ("[System.ChangedBy] = [System.CreatedBy]", true),
        ("[System.AssignedTo] = 'Sam'", true),
        ("[System.AssignedTo] CONTAINS 'a'", true),
    ] {
        let query = read(&format!("SELECT [System.Id] FROM WorkItems WHERE {condition}")).unwrap();
        let mut search = Search::new(&query, None);
        let strangers = search.strangers([&item]);
        search.meet(&strangers, &namesakes);
        assert_eq!(search.look_at(&item, "lighthouse"), Ok(Look::Settled));
        assert_eq!(!search.finish().is_empty(), expected, "{condition}");
    }
}

#[test]
fn what_is_passed_on_the_way_counts_as_looked_at() {
    let query = read("SELECT [System.Id] FROM WorkItems ASOF '1970-01-01'").unwrap();
    let mut search = Search::new(&query, None);
    assert_eq!(search.pass(MOST_LOOKED_AT), Ok(()));
    assert_eq!(search.pass(1).unwrap_err().kind, ErrorType::WorkItemQuery);
}

#[test]
fn moments_count_where_the_request_says_so() {
    let text = "SELECT ID FROM WorkItems WHERE [System.CreatedDate] >= '2026-11-22T01:30:00Z'";
    let refused = read(text).unwrap_err();
    assert!(refused.message.starts_with("You cannot supply a time with the date"), "{refused}");
    let query = Query::parse(text, &Surroundings { time_precision: true, ..around(None) }).unwrap();
    assert_eq!(search(&Arc::new(query), None), [4, 5]);
    assert_eq!(found("[System.CreatedDate] >= '2026-11-22T00:00:00.0000000'"), [3, 4, 5], "midnight is a day");
}

#[test]
fn an_answer_has_the_order_that_was_asked_for() {
    let ordered = |order: &str, top: Option<usize>| {
        search(&read(&format!("select id from workitems order by {order}")).unwrap(), top)
    };
    assert_eq!(ordered("[System.Id] desc", None), [5, 4, 3, 2, 1]);
    assert_eq!(ordered("[System.Title]", None), [3, 2, 5, 1, 4]);
    assert_eq!(ordered("[System.WorkItemType] ASC, [System.CreatedDate] DESC", None), [1, 5, 3, 2, 4]);
    assert_eq!(ordered("[System.AssignedTo] DESC", None), [2, 1, 3, 4, 5], "those of nobody come last");
    assert_eq!(ordered("[System.CreatedDate] DESC", Some(2)), [5, 4], "to the second and not to the day");
    assert_eq!(search(&read("SELECT [System.Id] FROM WorkItems").unwrap(), Some(3)), [1, 2, 3]);
}

#[test]
fn what_ever_was_is_found_in_the_past() {
    let light = lighthouse();
    let (_, first) = items().remove(0);
    let second = changed(&first, &light, &[("System.AssignedTo", json!("ben@harbor.test"))], NOW);
    for (condition, expected) in [
        ("EVER [System.AssignedTo] = @Me", true),
        ("[System.AssignedTo] WAS EVER 'ana@harbor.test'", true),
        ("[System.AssignedTo] EVER 'Ben'", true),
        ("[System.AssignedTo] EVER = 'Ben'", true),
        ("[System.AssignedTo] NOT EVER 'Ben'", false),
        ("EVER [System.AssignedTo] <> @Me", true),
        ("EVER [System.State] <> 'New'", false),
        ("EVER [System.State] NOT IN ('New')", false),
        ("EVER [System.State] = 'Closed'", false),
        ("NOT EVER [System.State] = 'Closed'", true),
        ("[System.AssignedTo] = 'Ben' AND EVER [System.AssignedTo] = 'Ana'", true),
        ("[System.AssignedTo] = 'Ana' AND EVER [System.AssignedTo] = 'Ana'", false),
    ] {
        let query = read(&format!("SELECT [System.Id] FROM WorkItems WHERE {condition}")).unwrap();
        let mut search = Search::new(&query, None);
        let strangers = search.strangers([&first, &second]);
        search.meet(&strangers, &everybody());
        let look = search.look_at(&second, "lighthouse").unwrap();
        let mut past = search.past();
        for revision in [&first, &second] {
            search.recall(&mut past, revision, "lighthouse").unwrap();
        }
        if look == Look::AsksForThePast {
            assert_eq!(search.look_back(&second, &past, "lighthouse"), Ok(Look::Settled));
        }
        assert_eq!(!search.finish().is_empty(), expected, "{condition}");
    }
}

#[test]
fn a_project_that_cannot_hold_an_answer_is_known_by_its_name() {
    for (condition, lighthouse, drydock) in [
        ("[System.TeamProject] = 'lighthouse'", true, false),
        ("[System.TeamProject] <> 'lighthouse'", false, true),
        ("[System.TeamProject] IN ('drydock', 'other') AND [System.Id] = 1", false, true),
        ("[System.TeamProject] NOT IN ('drydock')", true, false),
        ("[System.TeamProject] = 'drydock' OR [System.Id] = 1", true, true),
        ("NOT ([System.TeamProject] = 'drydock' OR [System.Id] = 1)", true, false),
        ("EVER [System.TeamProject] = 'drydock'", true, true),
        ("[System.TeamProject] CONTAINS 'dry'", true, true),
        ("[System.Title] = 'x'", true, true),
    ] {
        let query = read(&format!("SELECT [System.Id] FROM WorkItems WHERE {condition}")).unwrap();
        assert_eq!(
            (query.may_hold_in("lighthouse"), query.may_hold_in("drydock")),
            (lighthouse, drydock),
            "{condition}"
        );
    }
}

#[test]
fn a_query_says_what_it_selects_and_as_of_when() {
    let query =
        read("Select [System.Id], Title, [Assigned To], [system.title] From workitems Asof '02-11-2025'").unwrap();
    let names: Vec<_> = query.columns().iter().map(|field| field.reference_name).collect();
    assert_eq!(names, ["System.Id", "System.Title", "System.AssignedTo"]);
    assert_eq!(query.as_of(), date::parse("2025-02-11"));
    let told = read("SELECT ID FROM WorkItems ASOF '2026-11-22T06:00:00.123Z'").unwrap().as_of();
    assert_eq!(told, date::parse_last("2026-11-22T06:00:00.123Z"));
    assert_eq!(read("SELECT ID FROM WorkItems ASOF @Today - 1").unwrap().as_of(), date::parse("2026-11-21"));
}

#[test]
fn errors_say_what_and_where_in_the_words_of_the_original() {
    for (text, message) in [
        (
            "SELECT [Custom.Mood] FROM WorkItems",
            "TF51005: The query references a field that does not exist. The error is caused by «[Custom.Mood]».",
        ),
        (
            "SELECT TOP 5 [System.Id] FROM WorkItems",
            "TF51006: The query statement is missing a FROM clause. The error is caused by «5».",
        ),
        ("SELECT * FROM WorkItems", "Expecting field name. The error is caused by «*»."),
        ("SELECT ID FROM WorkItems WHERE ID IN ()", "Expecting constant value. The error is caused by «)»."),
        ("SELECT ID FROM WorkItems WHERE ID = 1 garbage", "Expecting end of string. The error is caused by «garbage»."),
        (
            "SELECT ID FROM WorkItems WHERE [System.AreaPath] CONTAINS 'x'",
            "The specified operator cannot be used with tree path fields. The error is caused by «[System.AreaPath] CONTAINS 'x'».",
        ),
    ] {
        let error = read(text).unwrap_err();
        assert_eq!(
            (error.status(), error.kind.key(), error.message.as_str()),
            (400, "VssPropertyValidationException", message)
        );
    }
}

#[test]
fn what_is_not_answered_is_refused_and_never_answered_wrongly() {
    for text in [
        "SELECT ID FROM WorkItemLinks WHERE [Source].[System.Id] = 1 MODE (MustContain)",
        "SELECT ID FROM WorkItems WHERE [Source].[System.Id] = 1",
        "SELECT ID FROM WorkItems MODE (Recursive)",
        "SELECT ID FROM WorkItems WHERE [System.AssignedTo] IN GROUP 'x'",
        "SELECT ID FROM WorkItems WHERE [System.AssignedTo] NOT IN GROUP 'x'",
        "SELECT ID FROM WorkItems WHERE [System.IterationPath] = @CurrentIteration",
        "SELECT ID FROM WorkItems WHERE [System.Id] IN (@Follows)",
        "SELECT ID FROM WorkItems WHERE [System.History] CONTAINS 'x'",
    ] {
        assert_eq!(read(text).unwrap_err().kind, ErrorType::WorkItemQuery, "{text}");
    }
    let nowhere = Query::parse("SELECT ID FROM WorkItems WHERE [System.TeamProject] = @project", &around(None));
    assert_eq!(nowhere.unwrap_err().kind, ErrorType::WorkItemQuery);
}

#[test]
fn what_is_no_query_is_refused_and_never_panics() {
    for condition in [
        "",
        "[System.Id]",
        "[System.Id] =",
        "[System.Id] = 'x'",
        "[System.Id] = 1 AND",
        "(",
        "([System.Id] = 1",
        ")",
        "[System.Id] IN",
        "[System.Id] IN (1",
        "[System.Id] IN (1,)",
        "[System.Id] IS",
        "[System.Id] IS NOT",
        "[System.Id] CONTAINS '1'",
        "[System.Title] UNDER 'x'",
        "[System.Tags] = 'x'",
        "[System.Description] = 'x'",
        "[System.Title] CONTAINS ''",
        "[System.Title] CONTAINS WORDS '...'",
        "[System.AreaPath] UNDER ''",
        "[System.CreatedDate] = 'soon'",
        "[System.CreatedDate] = 5",
        "[System.CreatedDate] = @Me",
        "[System.CreatedDate] > @Today - 99999999999",
        "[System.CreatedDate] > @StartOfDay('x')",
        "[System.CreatedDate] > @StartOfDay('1d'",
        "[System.CreatedDate] > @StartOfDay(1)",
        "[System.Title] = @Me",
        "[System.Title] = [System.Id]",
        "[System.Title] = [No Such]",
        "[System.Title] ! 'x'",
        "EVER",
        "NOT",
        "NOT NOT",
        "[System.Title] WAS 'x'",
        "EVER ([System.Id] = 1)",
        "[System.Id] = 1.2.3",
        "[System.Id] = --1",
        "[System.Id] = 1e5",
        "@Me = [System.AssignedTo]",
        "'x' = 'x'",
        "[] = 1",
        "[System.Title] 'x'",
        "[System.AssignedTo] > 'x'",
    ] {
        let text = format!("SELECT [System.Id] FROM WorkItems WHERE {condition}");
        assert_eq!(read(&text).map(|_| ()).unwrap_err().status(), 400, "{condition}");
    }
    for text in [
        "",
        "SELECT",
        "SELECT [System.Id]",
        "SELECT ID FROM",
        "SELECT ID FROM Bugs",
        "DELETE FROM WorkItems",
        "SELECT ID FROM WorkItems ORDER",
        "SELECT ID FROM WorkItems ORDER BY",
        "SELECT ID FROM WorkItems ORDER BY [System.Description]",
        "SELECT ID FROM WorkItems ASOF",
        "SELECT ID FROM WorkItems ASOF 'soon'",
        "SELECT ID FROM WorkItems ASOF 5",
        "SELECT ID,FROM WorkItems",
        "SELECT ID FROM WorkItems; DROP TABLE work_item",
    ] {
        assert_eq!(read(text).map(|_| ()).unwrap_err().status(), 400, "{text}");
    }
}

/// Every beginning of a long query, and every query with a part cut out, is read or refused.
#[test]
fn a_torn_query_is_read_or_refused() {
    let text = "SELECT [System.Id], \"ü\" FROM WorkItems WHERE NOT ([System.Title] CONTAINS WORDS 'ä''b*' OR EVER [Assigned To] IN (@Me, 'x')) \
                AND [System.CreatedDate] >= @StartOfMonth('-1M') - 2 ORDER BY [System.Id] DESC, Title ASOF '1/2/2026 3:04'";
    let places: Vec<usize> = text.char_indices().map(|(place, _)| place).collect();
    for from in &places {
        let _ = read(&text[..*from]);
        for length in [1, 2, 5, 12, 40] {
            if let Some(to) = places.iter().find(|to| **to >= from + length) {
                let _ = read(&format!("{}{}", &text[..*from], &text[*to..]));
            }
        }
    }
}

#[test]
fn a_query_is_neither_endless_nor_bottomless() {
    let nested = |depth: usize| {
        let text = format!("{}[System.Id] = 1{}", "(".repeat(depth), ")".repeat(depth));
        read(&format!("SELECT [System.Id] FROM WorkItems WHERE {text}"))
    };
    assert!(nested(MOST_DEPTH - 1).is_ok());
    assert_eq!(nested(MOST_DEPTH).unwrap_err().kind, ErrorType::WorkItemQuery);
    assert_eq!(nested(15_000).unwrap_err().status(), 400);
    let long = |count: usize| read(&format!("SELECT ID FROM WorkItems WHERE {}", vec!["ID=1"; count].join(" OR ")));
    assert!(long(MOST_CONDITIONS).is_ok());
    assert_eq!(long(MOST_CONDITIONS + 1).unwrap_err().kind, ErrorType::WorkItemQuery);
    assert!(read(&format!("SELECT ID FROM WorkItems WHERE {} ID = 1", "NOT ".repeat(7_000))).is_ok());
    let padded = format!("SELECT ID FROM WorkItems{}", " ".repeat(LONGEST_QUERY));
    assert_eq!(read(&padded).unwrap_err().kind, ErrorType::WorkItemQuery);
    assert!(read("SELECT ID FROM WorkItems ORDER BY ID, Title, ID, State, Reason, Rev").is_ok());
    assert!(read("SELECT ID FROM WorkItems ORDER BY ID, Title, Priority, State, Reason, Rev").is_err());
    let ids: Vec<String> = (1..6_000).map(|id| id.to_string()).collect();
    assert!(read(&format!("SELECT ID FROM WorkItems WHERE ID IN ({})", ids.join(","))).is_ok());
}

#[test]
fn an_answer_is_bounded_and_what_it_takes_is_too() {
    let (light, all) = (lighthouse(), read("SELECT [System.Id] FROM WorkItems ORDER BY [System.Id] DESC").unwrap());
    let item = an_item(1, &light, WorkItemType::Task, &[("System.Title", json!("Scrape"))], "2026-11-22");
    let many = |search: &mut Search, count: usize| {
        (1..=count as i64).try_for_each(|id| search.look_at(&WorkItem { id, ..item.clone() }, "lighthouse").map(drop))
    };
    let mut open = Search::new(&all, None);
    assert!(many(&mut open, MOST_RESULTS).is_ok());
    let error = open.look_at(&WorkItem { id: -1, ..item.clone() }, "lighthouse").unwrap_err();
    assert_eq!((error.kind, error.message.starts_with("VS402337: ")), (ErrorType::WorkItemQueryTooLarge, true));
    let mut top = Search::new(&all, Some(2));
    many(&mut top, 50_000).unwrap();
    assert_eq!(top.finish(), [50_000, 49_999]);
    let none = read("SELECT [System.Id] FROM WorkItems WHERE ID = 0").unwrap();
    assert_eq!(many(&mut Search::new(&none, None), MOST_LOOKED_AT + 1).unwrap_err().kind, ErrorType::WorkItemQuery);
    let part = "[System.Description] CONTAINS 'x'";
    let costly = read(&format!("SELECT ID FROM WorkItems WHERE {}", vec![part; 300].join(" OR "))).unwrap();
    let long = changed(&item, &light, &[("System.Description", json!("a".repeat(200_000)))], NOW);
    let mut costly = Search::new(&costly, None);
    let refused = (0..20).find_map(|_| costly.look_at(&long, "lighthouse").err());
    assert_eq!(refused.unwrap().kind, ErrorType::WorkItemQuery);
}

/// Letters that are not plain ones, and words one letter long, cost what they take; a query ends within an item.
#[test]
fn an_item_alone_can_cost_too_much() {
    let (light, phrase) = (lighthouse(), "[System.Description] CONTAINS WORDS 'ä ä ö'");
    let item = an_item(1, &light, WorkItemType::Task, &[("System.Title", json!("Scrape"))], "2026-11-22");
    let text = "ä ".repeat(2_000);
    let long = changed(&item, &light, &[("System.Description", json!(text))], NOW);
    for (condition, expected) in [
        (vec![phrase; 20].join(" OR "), true),
        (vec![phrase; 300].join(" OR "), false),
        (vec![format!("EVER {phrase}"); 300].join(" OR "), false),
    ] {
        let query = read(&format!("SELECT ID FROM WorkItems WHERE {condition}")).unwrap();
        let mut search = Search::in_small(&query);
        let mut past = search.past();
        let looked = search.look_at(&long, "lighthouse").and_then(|_| search.recall(&mut past, &long, "lighthouse"));
        assert_eq!(looked.map_err(|error| error.kind), if expected { Ok(()) } else { Err(ErrorType::WorkItemQuery) });
        let again = search.look_at(&item, "lighthouse");
        assert_eq!(again.is_ok(), expected, "nothing goes on behind it");
    }
}

/// Fields that are passed to find one count, and links.
#[test]
fn a_field_is_not_found_for_nothing() {
    let light = lighthouse();
    let item = an_item(1, &light, WorkItemType::Task, &[("System.Title", json!("Scrape"))], "2026-11-22");
    let mut linked = item.clone();
    let link = |number: usize| Relation {
        link: Link::Hyperlink(format!("https://harbor.test/{number}")),
        comment: None,
        name: None,
    };
    linked.relations = (0..1_000).map(link).collect();
    let query = vec!["[System.Parent] = 1"; 300].join(" OR ");
    let query = read(&format!("SELECT ID FROM WorkItems WHERE {query}")).unwrap();
    let most = |item: &WorkItem| {
        let mut search = Search::in_small(&query);
        (0..100).take_while(|_| search.look_at(item, "lighthouse").is_ok()).count()
    };
    assert!((10..=14).contains(&most(&linked)), "each takes some 300,000 units");
    assert_eq!(most(&item), 100);
}

#[test]
fn an_item_that_came_twice_counts_as_it_was_the_second_time() {
    let light = lighthouse();
    let query = read("SELECT [System.Id] FROM WorkItems WHERE [System.Title] = 'Scrape'").unwrap();
    let item = an_item(1, &light, WorkItemType::Task, &[("System.Title", json!("Scrape"))], "2026-11-22");
    let mut search = Search::new(&query, None);
    search.look_at(&item, "lighthouse").unwrap();
    search.look_at(&changed(&item, &light, &[("System.Title", json!("Paint"))], NOW), "lighthouse").unwrap();
    assert_eq!(search.finish(), [0; 0]);
}
