//! The approval page: who asks, as whom, for what, where, for how long.

mod search;

use askama::Template;
use latchkey_identity::client::presentation::ClientPage;

use super::device::DeviceFace;
use super::prerequisite::AskedBefore;
use super::{AppFace, Frame, Moment, Person, tile};
use crate::extract::Pairs;

pub use search::Found;

/// The approval page. Posts to `/consent`: `flow`, `shown`, `decision` (`approve` or `deny`, or `find` with the text to look for among the
/// places), `keep`, and one `scope`, `organization`, `project`, `repository` for each box that is ticked. Required scopes are disabled and so not
/// posted.
///
/// A tick counts only where everything around it is ticked too, and what is not ticked is left out: a project without
/// its organization is nothing, a project without its repositories is everything in it but source code.
#[derive(Template)]
#[template(path = "consent.html")]
pub struct Consent {
    /// What every page needs.
    pub frame: Frame,
    /// The flow that asks.
    pub flow: String,
    /// The fingerprint of what this page shows. What is stored is what was shown.
    pub shown: String,
    /// Whether whoever runs the app tries its sign-in: nothing of it is kept.
    pub rehearsed: bool,
    /// Who asks.
    pub app: AppFace,
    /// Where its logo is, at an address of ours, if it has one.
    pub logo: Option<String>,
    /// The pages of its own that people may read first.
    pub pages: Vec<ClientPage>,
    /// What is said of it if it is of the older OAuth kind.
    pub older_app: Option<OlderApp>,
    /// The directory in which the app is registered.
    pub registered_in: String,
    /// Since when it is known here.
    pub known_since: Moment,
    /// How many others in the person's directory use it, if there are any to know of: counted up to one more than [`Self::MOST_OTHERS`].
    pub others: Option<u32>,
    /// What is said of it if nobody registered it.
    pub described: Option<DescribedApp>,
    /// Where the person is sent back to.
    pub destination: Destination,
    /// As whom.
    pub account: Person,
    /// Whether the app, or what it asks for, changed since the person last saw this page.
    pub changed: bool,
    /// Why the answer that was given cannot be accepted, as a sentence.
    pub problem: Option<String>,
    /// Since when the person has an authorization for this app, if they have one.
    pub since: Option<Moment>,
    /// Why the person is asked again, if they have one.
    pub again: Again,
    /// Since when the person has paused that authorization, if they have. To approve ends the pause.
    pub paused: Option<Moment>,
    /// The app of the older kind that this one took over from, if the person has allowed that one: the page is filled in alike.
    pub took_over: Option<TookOver>,
    /// What the app learns about the person: `your name`, `your email address`.
    pub identity: Vec<String>,
    /// Whether it keeps access while the person is away.
    pub offline: bool,
    /// What it asks for on the DevOps side. Empty when it only wants to know who the person is.
    pub scopes: Vec<ScopeChoice>,
    /// Whether it asks for the places that it names, and no others.
    pub names_places: bool,
    /// Where it could act.
    pub organizations: Vec<OrganizationChoice>,
    /// What was looked for among the places, if something was.
    pub found: Option<Found>,
    /// For how long.
    pub keep: Vec<KeepChoice>,
    /// The longest that an organization's policy allows, when that leaves choices out: `30 days`.
    pub capped_to: Option<String>,
}

/// Why a person is asked who has allowed the app something.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Again {
    /// For more than it asked for before, and for nothing else.
    More,
    /// It wants to be asked, or anyone on the same machine could pose as it.
    Anew,
    /// It is another to people than it was, or may send them to none of the places where they allowed it.
    Another,
    /// It is the same, and would send the person to where they never let it, or not with all that it may do now.
    FromElsewhere,
}

impl Again {
    /// Whether everything that is asked is new.
    fn is_for_more(self) -> bool {
        self == Self::More
    }

    /// That in words.
    fn words(self) -> &'static str {
        match self {
            Self::More => "Now it asks for more.",
            Self::Anew => "Now it asks again.",
            Self::Another => {
                "Its name, its publisher, its keys or where it may send you back to have changed, so it asks again."
            }
            Self::FromElsewhere => "Now you go back to another place than when you allowed it, so it asks again.",
        }
    }
}

/// What is said of an app of the older OAuth kind. Its owner told it; nobody checked.
pub struct OlderApp {
    /// What it is for.
    pub description: String,
    /// Its web site.
    pub website: String,
    /// Who says to be behind it.
    pub company: String,
    /// When apps of this kind end in the person's organizations, if that is decided.
    pub end: Option<Moment>,
}

/// What is said of an app that describes itself at its `client_id`.
pub struct DescribedApp {
    /// The host of the address: all that is sure of it.
    pub host: String,
    /// The address.
    pub address: String,
    /// Whether the person is sent back to another host.
    pub leads_elsewhere: bool,
    /// Whether it said something else when the person allowed it.
    pub says_something_else: bool,
}

/// Where the person is sent back to.
pub enum Destination {
    /// A web site.
    Host(String),
    /// An app on the person's own machine. Anything on that machine could stand in for it.
    ThisDevice(String),
    /// A device elsewhere, whose code the person typed.
    Device(DeviceFace),
}

/// How far a scope reaches.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Reach {
    /// It can look.
    Read,
    /// It can change things.
    Write,
    /// It can change who may do what.
    Administer,
    /// It can call another app.
    Call,
}

impl From<latchkey_devops::scope::ScopeGroup> for Reach {
    fn from(group: latchkey_devops::scope::ScopeGroup) -> Self {
        use latchkey_devops::scope::ScopeGroup as Of;
        match group {
            Of::Read => Self::Read,
            Of::Write => Self::Write,
            Of::Administer => Self::Administer,
        }
    }
}

/// One scope to approve or not.
#[derive(Clone)]
pub struct ScopeChoice {
    /// The scope itself, as in `vso.work`.
    pub value: String,
    /// What it allows, in plain words.
    pub label: String,
    /// What that means in practice.
    pub detail: String,
    /// How far it reaches.
    pub reach: Reach,
    /// Whether the app cannot work without it.
    pub required: bool,
    /// Whether it deserves a second look.
    pub high_privilege: bool,
    /// Since when it is allowed already.
    pub allowed_since: Option<Moment>,
    /// Whether it was allowed to the older app that this one took over from, if there is one that the person has allowed.
    pub carried: Option<bool>,
    /// Whether it was ticked in an answer that could not be accepted, if there was one.
    pub answered: Option<bool>,
}

/// The app of the older kind that this one took over from.
pub struct TookOver {
    /// What it is called.
    pub name: String,
    /// Since when the person has allowed it.
    pub since: Moment,
}

impl ScopeChoice {
    /// Whether the older app that this one took over from did not have it: nobody takes it for a thing that was allowed before.
    fn is_new(&self) -> bool {
        self.carried == Some(false)
    }

    /// Whether the box is ticked at first: what is required, what is allowed already, what can only look, and the app that
    /// it asks to call. In place of what can look or is to be called, what the person allowed to the older app that this one took
    /// over from, and in place of that, what the person just answered.
    fn ticked(&self) -> bool {
        let first = || self.carried.unwrap_or(matches!(self.reach, Reach::Read | Reach::Call));
        self.required || self.allowed_since.is_some() || self.answered.unwrap_or_else(first)
    }
}

/// One organization the app could act in.
pub struct OrganizationChoice {
    /// The id that comes back as `organization`.
    pub id: String,
    /// Its name.
    pub name: String,
    /// Whether it is ticked at first.
    pub ticked: bool,
    /// What keeps the person from approving anything here.
    pub obstacle: Option<Obstacle>,
    /// The projects in it that the person can reach.
    pub projects: Vec<ProjectChoice>,
}

/// What keeps a person from authorizing services for an organization.
pub struct Obstacle {
    /// What is missing: `You are not in its Project Collection Administrators group.`
    pub missing: String,
    /// What to do: `Ask Max Berg to add you.`
    pub mend: String,
    /// What became of the person's request for an approval, if they made one.
    pub asked: Option<AskedBefore>,
    /// The id of the organization, where an approval can be asked for. The button posts `flow` and `ask` to `/consent/ask`.
    pub ask: Option<String>,
}

/// One project the app could act in.
pub struct ProjectChoice {
    /// The id that comes back as `project`.
    pub id: String,
    /// Its name.
    pub name: String,
    /// Whether it is ticked at first.
    pub ticked: bool,
    /// Whether it is left out of what is seen, since something else was looked for.
    pub hidden: bool,
    /// The repositories in it that the person can reach.
    pub repositories: Vec<RepositoryChoice>,
}

/// One repository the app could reach.
pub struct RepositoryChoice {
    /// The id that comes back as `repository`.
    pub id: String,
    /// Its name.
    pub name: String,
    /// Whether it is ticked at first.
    pub ticked: bool,
}

/// One way to answer `Keep access for`.
pub struct KeepChoice {
    /// What comes back as `keep`.
    pub value: String,
    /// What it says.
    pub label: String,
    /// Whether it is chosen at first.
    pub chosen: bool,
}

/// The scopes of one reach, under one heading.
struct ScopeGroup<'a> {
    title: &'static str,
    scopes: Vec<&'a ScopeChoice>,
}

impl OrganizationChoice {
    /// So many projects are listed without a fold.
    const MOST_PROJECTS: usize = 20;

    /// Whether its projects are folded away: where there are many, and the box of the organization says of all of them what they say.
    pub(super) fn is_folded(&self) -> bool {
        let repositories = self.projects.iter().flat_map(|project| &project.repositories);
        let mut inside = self.projects.iter().map(|project| project.ticked).chain(repositories.map(|one| one.ticked));
        self.projects.len() > Self::MOST_PROJECTS
            && !self.projects.iter().any(|project| project.hidden)
            && inside.all(|ticked| ticked == self.ticked)
    }
}

impl Consent {
    /// The page as somebody answered it, whose answer could not be accepted: what they left out is not given by a second look. What they
    /// ticked for an app that has become `another` since is not ticked for this one, unless every page ticks it.
    #[must_use]
    pub fn answered(mut self, form: &Pairs, another: bool) -> Self {
        let is_ticked = |name: &str, value: &str| form.all(name).any(|ticked| ticked == value);
        for scope in &mut self.scopes {
            scope.answered = Some(is_ticked("scope", &scope.value) && (!another || scope.ticked()));
        }
        for organization in &mut self.organizations {
            organization.ticked = is_ticked("organization", &organization.id);
            for project in &mut organization.projects {
                project.ticked = is_ticked("project", &project.id);
                for repository in &mut project.repositories {
                    repository.ticked = is_ticked("repository", &repository.id);
                }
            }
        }
        if self.keep.iter().any(|choice| is_ticked("keep", &choice.value)) {
            for choice in &mut self.keep {
                choice.chosen = is_ticked("keep", &choice.value);
            }
        }
        self
    }

    /// So many others are counted.
    pub const MOST_OTHERS: u32 = 100;

    /// Fewer than this are not counted: a small number would tell who they are.
    const FEWEST_OTHERS: u32 = 5;

    /// How many others use it, in words, if there are any.
    fn number_of_others(&self) -> Option<String> {
        Some(match self.others? {
            0 => return None,
            others if others < Self::FEWEST_OTHERS => "a few".to_owned(),
            others if others > Self::MOST_OTHERS => format!("more than {}", Self::MOST_OTHERS),
            others => others.to_string(),
        })
    }

    /// Scopes that are asked for now, by reach.
    fn open_groups(&self) -> Vec<ScopeGroup<'_>> {
        [
            (Reach::Read, "Read"),
            (Reach::Write, "Change"),
            (Reach::Administer, "Administer"),
            (Reach::Call, "Call other apps"),
        ]
        .map(|(reach, title)| {
            let open = |scope: &&ScopeChoice| scope.reach == reach && scope.allowed_since.is_none();
            ScopeGroup { title, scopes: self.scopes.iter().filter(open).collect() }
        })
        .into_iter()
        .filter(|group| !group.scopes.is_empty())
        .collect()
    }

    /// Scopes that are allowed already.
    fn kept(&self) -> Vec<&ScopeChoice> {
        self.scopes.iter().filter(|scope| scope.allowed_since.is_some()).collect()
    }

    /// Whether an approval can be asked for somewhere. Its form is not the one that approves: no key may mix them up.
    fn may_ask(&self) -> bool {
        self.organizations.iter().any(|one| one.obstacle.as_ref().is_some_and(|obstacle| obstacle.ask.is_some()))
    }

    /// What it wants, in the words of the heading.
    fn wants(&self) -> &'static str {
        if self.scopes.is_empty() {
            "wants to sign you in"
        } else if self.scopes.iter().all(|scope| scope.reach == Reach::Call) {
            "wants to call other apps as you"
        } else {
            "wants to access your DevOps resources"
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn with_projects(ticked: impl Iterator<Item = bool>) -> OrganizationChoice {
        let project = |(number, ticked): (usize, bool)| ProjectChoice {
            id: number.to_string(),
            name: format!("project {number}"),
            ticked,
            hidden: false,
            repositories: Vec::new(),
        };
        let projects = ticked.enumerate().map(project).collect();
        OrganizationChoice { id: String::new(), name: "harbor".into(), ticked: true, obstacle: None, projects }
    }

    #[test]
    fn many_projects_are_folded_where_one_box_says_what_all_of_them_say() {
        assert!(with_projects((0..21).map(|_| true)).is_folded());
        assert!(!with_projects((0..20).map(|_| true)).is_folded(), "few are seen at once");
        assert!(!with_projects((0..21).map(|number| number != 7)).is_folded(), "what is left out is seen");
    }
}
