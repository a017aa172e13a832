//! Every page in every state, with invented data. It is for tests, and for looking (`gallery_writes_files`).

use super::{AppFace, Frame, Locale, Moment, OtherAccount, Page, Person, Problem, Problems};

mod account;
mod consent;
mod demo;
mod device;
mod devops;
mod flow;
mod older_apps;
mod organization;
mod registration;
mod sign_out;
mod upstream;

mod tests;

/// One page in one state.
struct Shown {
    /// What it is called: `consent-later-request`.
    name: &'static str,
    /// The page.
    html: String,
}

impl Shown {
    fn new(name: &'static str, page: &impl Page) -> Self {
        Self { name, html: page.html() }
    }
}

/// Every page in every state. `say` is handed each invented word and may put another in its place.
fn gallery(say: &dyn Fn(&str) -> String) -> Vec<Shown> {
    let invent = Invent { say };
    let mut all = flow::pages(&invent);
    all.extend(consent::pages(&invent));
    all.extend(device::pages(&invent));
    all.extend(sign_out::pages(&invent));
    all.extend(account::pages(&invent));
    all.extend(registration::pages(&invent));
    all.extend(older_apps::pages(&invent));
    all.extend(organization::pages(&invent));
    all.extend(upstream::pages(&invent));
    all.extend(devops::pages(&invent));
    all.extend(demo::pages(&invent));
    all
}

/// Where invented data comes from.
struct Invent<'a> {
    say: &'a dyn Fn(&str) -> String,
}

/// Tuesday, 3 March 2026, a little after two in the afternoon.
const NOW: i64 = 1_772_546_700_000_000;
const HOUR: i64 = 3_600_000_000;
const DAY: i64 = 24 * HOUR;
/// The client id of whatever app is looked at.
const CLIENT_ID: &str = "31359c7f-bd7e-475c-86db-fdb8c937548e";

/// A moment so long before now.
fn before(micros: i64) -> Moment {
    Moment::from_micros(NOW - micros)
}

/// A moment so long from now.
fn after(micros: i64) -> Moment {
    Moment::from_micros(NOW + micros)
}

fn now() -> Moment {
    Moment::from_micros(NOW)
}

impl Invent<'_> {
    fn say(&self, word: &str) -> String {
        (self.say)(word)
    }

    fn list(&self, words: &[&str]) -> Vec<String> {
        words.iter().map(|word| self.say(word)).collect()
    }

    fn pairs(&self, pairs: &[(&str, &str)]) -> Vec<(String, String)> {
        pairs.iter().map(|(one, other)| (self.say(one), self.say(other))).collect()
    }

    fn problems(&self, problems: &[(&str, &str)]) -> Problems {
        let problem =
            |(field, sentence): &(&str, &str)| Problem { field: (*field).to_owned(), sentence: self.say(sentence) };
        Problems(problems.iter().map(problem).collect())
    }

    fn ana(&self) -> Person {
        Person { name: self.say("Ana Moreira"), email: self.say("ana@harbor.test"), directory: self.say("harbor.test") }
    }

    /// The frame of a page that Ana looks at.
    fn frame(&self) -> Frame {
        Frame { person: Some(self.ana()), ..self.nobodys_frame() }
    }

    /// The same, in a browser in which others are signed in too.
    fn shared_frame(&self) -> Frame {
        let other = |session: &str, name: &str, email: &str, directory: &str| OtherAccount {
            session: self.say(session),
            person: Person { name: self.say(name), email: self.say(email), directory: self.say(directory) },
        };
        let others = vec![
            other("s2", "Ana Moreira", "ana.moreira@personal.test", "personal.test"),
            other("s3", &"Wintergreen".repeat(12), &format!("{}@shore.test", "w".repeat(60)), "shore.test"),
        ];
        Frame { others, ..self.frame() }
    }

    /// The frame of a page that somebody looks at who is not signed in.
    fn nobodys_frame(&self) -> Frame {
        Frame {
            nonce: self.say("r4nd0mN0nce"),
            csrf: self.say("csrf-token"),
            person: None,
            others: Vec::new(),
            locale: Locale::English,
        }
    }

    fn burndown(&self) -> AppFace {
        AppFace { name: self.say("Burndown"), publisher: self.say("Burndown Labs"), verified: false }
    }

    fn contoso(&self) -> AppFace {
        AppFace { name: self.say("Contoso CI"), publisher: self.say("contoso.example"), verified: true }
    }

    /// A name as long as names may be, without a place to break it.
    fn long_app(&self) -> AppFace {
        AppFace { name: self.say(&"Wintergreen".repeat(23)), publisher: self.say(&"w".repeat(60)), verified: false }
    }
}
