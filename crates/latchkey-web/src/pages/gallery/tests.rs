//! What every page promises, in every state.

use std::collections::{HashMap, HashSet};

use super::{Shown, gallery};

const PAYLOAD: &str = "\"><script>alert(1)</script>";

fn plainly() -> Vec<Shown> {
    gallery(&str::to_owned)
}

/// A start tag: its name, its attributes, and where in the page it is.
struct Tag<'a> {
    name: &'a str,
    attributes: HashMap<&'a str, &'a str>,
    at: usize,
}

impl<'a> Tag<'a> {
    fn get(&self, attribute: &str) -> Option<&'a str> {
        self.attributes.get(attribute).copied()
    }
}

/// The start tags of a page. Enough of a parser for markup that we wrote ourselves.
fn tags(html: &str) -> Vec<Tag<'_>> {
    let mut found = Vec::new();
    let mut from = 0;
    while let Some(open) = html[from..].find('<').map(|at| at + from) {
        let rest = &html[open + 1..];
        from = open + 1;
        if !rest.starts_with(|first: char| first.is_ascii_alphabetic()) {
            continue;
        }
        let name_end = rest.find(|c: char| !c.is_ascii_alphanumeric()).expect("a tag ends");
        let (attributes, length) = attributes(&rest[name_end..]);
        found.push(Tag { name: &rest[..name_end], attributes, at: open });
        from = open + 1 + name_end + length;
    }
    found
}

/// The attributes up to the end of a tag, and how long they are.
fn attributes(text: &str) -> (HashMap<&str, &str>, usize) {
    let mut found = HashMap::new();
    let mut rest = text;
    loop {
        rest = rest.trim_start_matches([' ', '\n', '/']);
        if let Some(after) = rest.strip_prefix('>') {
            return (found, text.len() - after.len());
        }
        let end = rest.find(['=', ' ', '\n', '>']).expect("an attribute ends");
        let name = &rest[..end];
        rest = &rest[end..];
        let mut value = "";
        if let Some(quoted) = rest.strip_prefix("=\"") {
            let close = quoted.find('"').expect("a value is closed");
            value = &quoted[..close];
            rest = &quoted[close + 1..];
        }
        assert!(found.insert(name, value).is_none(), "{name} is there twice in {text:.80}");
    }
}

/// Every page, with its tags.
fn each_page(check: impl Fn(&str, &str, &[Tag<'_>])) {
    for page in plainly() {
        check(page.name, &page.html, &tags(&page.html));
    }
}

fn is_hidden(tag: &Tag<'_>) -> bool {
    tag.get("type") == Some("hidden")
}

#[test]
fn every_page_has_one_main_one_heading_a_title_and_a_language() {
    each_page(|page, html, tags| {
        let count = |name| tags.iter().filter(|tag| tag.name == name).count();
        assert_eq!(count("main"), 1, "{page}");
        assert_eq!(count("h1"), 1, "{page}");
        assert!(html.contains("<title>") && !html.contains("<title> ·"), "{page}");
        assert!(tags.iter().any(|tag| tag.name == "html" && tag.get("lang") == Some("en") && tag.get("dir").is_some()));
    });
}

#[test]
fn headings_leave_out_no_level() {
    each_page(|page, _, tags| {
        let mut last = 0;
        for level in tags.iter().filter_map(|tag| tag.name.strip_prefix('h')?.parse::<u8>().ok()) {
            assert!(level <= last + 1, "h{level} after h{last} on {page}");
            last = level;
        }
    });
}

#[test]
fn every_field_has_a_label() {
    each_page(|page, html, tags| {
        let labelled: HashSet<_> =
            tags.iter().filter(|tag| tag.name == "label").filter_map(|tag| tag.get("for")).collect();
        for tag in tags.iter().filter(|tag| matches!(tag.name, "input" | "select" | "textarea") && !is_hidden(tag)) {
            let before = &html[..tag.at];
            let inside_label = before.rfind("<label") > before.rfind("</label");
            let by_id = tag.get("id").is_some_and(|id| labelled.contains(id));
            assert!(inside_label || by_id, "{:?} on {page}", tag.get("name"));
        }
    });
}

#[test]
fn ids_are_unique_and_what_refers_to_one_finds_it() {
    each_page(|page, _, tags| {
        let mut ids = HashSet::new();
        for id in tags.iter().filter_map(|tag| tag.get("id")) {
            assert!(ids.insert(id), "{id} twice on {page}");
        }
        for attribute in ["for", "aria-labelledby", "aria-describedby", "data-copy", "data-report", "form"] {
            for value in tags.iter().filter_map(|tag| tag.get(attribute)) {
                for id in value.split_whitespace() {
                    assert!(ids.contains(id), "{attribute}={id} on {page}");
                }
            }
        }
        for href in tags.iter().filter_map(|tag| tag.get("href")?.strip_prefix('#')) {
            assert!(ids.contains(href), "#{href} on {page}");
        }
    });
}

#[test]
fn no_page_holds_inline_script_or_style() {
    each_page(|page, _, tags| {
        for tag in tags {
            assert!(tag.name != "style", "{page}");
            assert!(tag.name != "script" || (tag.get("src").is_some() && tag.get("nonce").is_some()), "{page}");
            for attribute in tag.attributes.keys() {
                assert!(!attribute.starts_with("on") && *attribute != "style", "{attribute} on {page}");
            }
            for value in ["href", "src", "action", "formaction"].iter().filter_map(|name| tag.get(name)) {
                assert!(!value.trim_start().to_ascii_lowercase().starts_with("javascript:"), "{page}");
            }
        }
    });
}

#[test]
fn nothing_comes_from_another_host() {
    each_page(|page, _, tags| {
        for tag in tags.iter().filter(|tag| matches!(tag.name, "script" | "link" | "img")) {
            let from = tag.get("src").or(tag.get("href")).unwrap_or_default();
            assert!(from.starts_with("/assets/"), "{from} on {page}");
        }
    });
}

#[test]
fn every_form_of_ours_that_posts_carries_the_token() {
    each_page(|page, html, tags| {
        for form in tags.iter().filter(|tag| tag.name == "form" && tag.get("method") == Some("post")) {
            let action = form.get("action").expect("a form says where it goes");
            let body = &html[form.at..form.at + html[form.at..].find("</form>").expect("a form ends")];
            assert_eq!(body.contains("name=\"csrf\""), action.starts_with('/'), "{action} on {page}");
        }
    });
}

#[test]
fn hostile_words_stay_words() {
    for (page, plain) in gallery(&|_| PAYLOAD.to_owned()).iter().zip(plainly()) {
        assert!(!page.html.contains("<script>"), "{}", page.name);
        assert!(!page.html.contains("alert(1)</script>"), "{}", page.name);
        let scripts = |html: &str| tags(html).iter().filter(|tag| tag.name == "script").count();
        assert_eq!(scripts(&page.html), scripts(&plain.html), "{}", page.name);
    }
}

#[test]
fn pages_are_small() {
    each_page(|page, html, _| assert!(html.len() < 24 * 1024, "{page} has {} bytes", html.len()));
}

#[test]
fn the_names_that_people_and_tests_rely_on_are_there() {
    let pages: HashMap<_, _> = plainly().into_iter().map(|page| (page.name, page.html)).collect();
    let expected: [(&str, &[&str]); 9] = [
        ("sign-in", &["id=\"email\"", "id=\"password\"", "id=\"sign-in\"", "id=\"cancel\"", ">Email<", ">Password<"]),
        ("select", &["id=\"use-another-account\"", "data-account=\"ana@harbor.test\"", "Use another account"]),
        (
            "consent",
            &[
                "wants to access your DevOps resources</h1>",
                "id=\"approve\"",
                "id=\"deny\"",
                ">Keep access for<",
                "name=\"organization\"",
                "name=\"project\"",
                "name=\"repository\"",
            ],
        ),
        ("consent-sign-in-only", &["wants to sign you in</h1>"]),
        (
            "authorizations",
            &["<h1>Manage authorizations</h1>", "id=\"revoke-a1\"", ">Details<", ">Revoke<", ">Revoke all<"],
        ),
        ("error", &["id=\"error-code\">invalid_redirect_uri<", "id=\"correlation-id\""]),
        ("sign-out", &["id=\"signout-confirm\"", "id=\"signout-cancel\""]),
        ("burndown-start", &[">Connect to DevOps<"]),
        ("oldtimer", &["id=\"deprecation\"", ">Register a new legacy app<"]),
    ];
    for (page, marks) in expected {
        for mark in marks {
            assert!(pages[page].contains(mark), "{mark} on {page}");
        }
    }
}

/// A small number, beside a directory that people know, is a list of names.
#[test]
fn few_others_are_not_counted_and_none_are_not_told() {
    let shown = plainly();
    let known = |name: &str| {
        let html = &shown.iter().find(|shown| shown.name == name).expect("it is there").html;
        let (_, after) = html.split_once("id=\"known\">").expect("it says since when the app is known");
        after.split_once("</dd>").expect("it ends").0.to_owned()
    };
    assert!(known("consent").ends_with(", used by 12 others in <bdi>harbor.test</bdi>"));
    assert!(known("consent-long-names").contains(", used by more than 100 others in "));
    assert!(known("consent-five-others").contains(", used by 5 others in "));
    assert!(known("consent-few-others").contains(", used by a few others in "));
    for silent in ["consent-no-others", "consent-sign-in-only"] {
        assert!(!known(silent).contains("used by"), "{silent}");
    }
}

#[test]
fn what_writes_is_not_ticked_beforehand_and_what_is_required_cannot_be_unticked() {
    let consent = plainly().into_iter().find(|page| page.name == "consent").expect("the approval page").html;
    let scope =
        |value| tags(&consent).into_iter().find(|tag| tag.get("value") == Some(value)).expect("a scope").attributes;

    assert!(scope("vso.work").contains_key("checked"));
    assert!(!scope("vso.work_write").contains_key("checked"));
    assert!(!scope("vso.code_manage").contains_key("checked"));
    let required = scope("vso.build");
    assert!(required.contains_key("checked") && required.contains_key("disabled"));
}

/// A click that was meant for whatever was there before does not land on them.
#[test]
fn nothing_lands_on_an_approval_that_was_not_in_view() {
    for (page, button) in [("consent", "approve"), ("device-confirm", "device-continue"), ("interstitial", "continue")]
    {
        let html = plainly().into_iter().find(|shown| shown.name == page).expect("the page").html;
        let button = tags(&html).into_iter().find(|tag| tag.get("id") == Some(button)).expect("the button").attributes;
        assert!(button.contains_key("data-guarded"), "{page}");
    }
    let script = include_str!("../../../assets/enhance.js");
    assert!(script.contains("[data-guarded]") && script.contains("button.disabled = false; }), 500)"));
}

#[test]
fn an_organization_with_an_obstacle_cannot_be_ticked_and_says_why() {
    let consent = plainly().into_iter().find(|page| page.name == "consent").expect("the approval page").html;
    let tags = tags(&consent);
    let shore = tags.iter().find(|tag| tag.get("value") == Some("o2")).expect("the organization");

    assert!(shore.get("disabled").is_some() && shore.get("checked").is_none());
    assert_eq!(shore.get("aria-describedby"), Some("obstacle-o2"));
}

/// Writes every page into a folder, to look at: `LATCHKEY_GALLERY=/some/folder`.
#[test]
fn gallery_writes_files() {
    let Some(folder) = std::env::var_os("LATCHKEY_GALLERY").map(std::path::PathBuf::from) else { return };
    let assets = folder.join("assets");
    std::fs::create_dir_all(&assets).expect("a folder");
    use crate::assets::{BURNDOWN_STYLES, ICON, OLDTIMER_STYLES, SCRIPT, STYLES};
    for asset in [&*STYLES, &*SCRIPT, &*ICON, &*BURNDOWN_STYLES, &*OLDTIMER_STYLES] {
        std::fs::write(folder.join(asset.path().trim_start_matches('/')), asset.bytes()).expect("an asset");
    }
    for page in plainly() {
        std::fs::write(folder.join(format!("{}.html", page.name)), page.html).expect("a page");
    }
}

#[test]
fn a_name_with_a_space_is_one_word_in_a_command() {
    let page = plainly().into_iter().find(|page| page.name == "repositories-empty").unwrap();
    assert!(page.html.contains("latchkey repository create harbor \"north pier\" NAME"), "{}", page.html);
}

#[test]
fn no_list_without_entries_leads_to_itself() {
    let leads_on = |name| plainly().iter().any(|page| page.name == name && page.html.contains(">Show everything</a>"));
    assert!(leads_on("audit-empty") && !leads_on("activity-empty"));
}
