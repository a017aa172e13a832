//! The pages that show people the DevOps side.

use super::{DAY, HOUR, Invent, Shown, before, now};
use crate::pages::builds::{Build, BuildOutcome, BuildRow, BuildStep, Builds};
use crate::pages::commit::{ChangedFile, Commit, HowChanged, Signed};
use crate::pages::project::{Place, Project};
use crate::pages::repositories::{CommitRow, FileEntry, FileView, Files, Repositories, RepositoryRow};
use crate::pages::work_items::{WorkItem, WorkItemComment, WorkItemLink, WorkItemRevision, WorkItemRow, WorkItems};

const COMMIT: &str = "4f1c2ab04a8fe5ccb19ba61c4c0873d391e98798";
const BEFORE: &str = "99d0e71b4a8fe5ccb19ba61c4c0873d391e98798";

pub(super) fn pages(invent: &Invent<'_>) -> Vec<Shown> {
    let at = || invent.place();
    let outcomes = [
        BuildOutcome::Running,
        BuildOutcome::Failed,
        BuildOutcome::Succeeded,
        BuildOutcome::PartlySucceeded,
        BuildOutcome::Waiting,
        BuildOutcome::Canceled,
    ];
    vec![
        Shown::new("project", &invent.project()),
        Shown::new(
            "project-stakeholder",
            &Project { repositories: None, open_work_items: None, last_build: None, ..invent.project() },
        ),
        Shown::new("work-items", &invent.work_items()),
        Shown::new("work-items-empty", &WorkItems { frame: invent.frame(), at: at(), rows: Vec::new() }),
        Shown::new("work-item", &invent.work_item()),
        Shown::new("repositories", &invent.repositories()),
        Shown::new(
            "repositories-empty",
            &Repositories {
                frame: invent.frame(),
                at: Place { project: invent.say("north pier"), ..at() },
                rows: Vec::new(),
            },
        ),
        Shown::new("files-folder", &invent.files(String::new(), invent.folder())),
        Shown::new(
            "files-text",
            &invent.files(invent.say("src/main.rs"), FileView::Text(invent.say("fn main() {\n    light();\n}\n"))),
        ),
        Shown::new("files-other", &invent.files(invent.say("logo.png"), FileView::Other(48_213))),
        Shown::new("files-empty", &Files { commits: Vec::new(), ..invent.files(String::new(), FileView::Empty) }),
        Shown::new("commit", &invent.commit()),
        Shown::new(
            "commit-merge-without-changes",
            &Commit {
                message: String::new(),
                committer: None,
                parents: invent.list(&[COMMIT, BEFORE]),
                changes: Vec::new(),
                more: false,
                ..invent.commit()
            },
        ),
        Shown::new(
            "builds",
            &Builds {
                frame: invent.frame(),
                at: at(),
                rows: (1..).zip(outcomes).map(|(id, outcome)| invent.build_row(id, outcome)).collect(),
            },
        ),
        Shown::new("builds-empty", &Builds { frame: invent.frame(), at: at(), rows: Vec::new() }),
        Shown::new("build", &invent.build()),
        Shown::new(
            "build-waiting",
            &Build {
                build: invent.build_row(7, BuildOutcome::Waiting),
                finished: None,
                requested_through: None,
                reported_by: None,
                steps: Vec::new(),
                log: String::new(),
                ..invent.build()
            },
        ),
    ]
}

impl Invent<'_> {
    fn place(&self) -> Place {
        Place { organization: self.say("harbor"), project: self.say("lighthouse") }
    }

    fn project(&self) -> Project {
        Project {
            frame: self.frame(),
            at: self.place(),
            description: self.say("Keeps the light on, and the ships off the rocks."),
            open_work_items: Some(9),
            repositories: Some(2),
            last_build: Some(self.build_row(8, BuildOutcome::Failed)),
        }
    }

    fn work_items(&self) -> WorkItems {
        let row = |id, kind: &str, title: &str, state: &str, assigned_to: Option<&str>| WorkItemRow {
            id,
            kind: self.say(kind),
            title: self.say(title),
            state: self.say(state),
            assigned_to: assigned_to.map(|who| self.say(who)),
            changed: before(id * HOUR).before(now()),
        };
        WorkItems {
            frame: self.frame(),
            at: self.place(),
            rows: vec![
                row(4, "Bug", "Lamp flickers when the wind turns north", "Active", Some("Ben Adeyemi")),
                row(7, "User Story", "As a pilot I see the light from ten miles", "New", None),
                row(30, "Task", "Order a new lens", "Closed", Some("Max Berg")),
            ],
        }
    }

    fn work_item(&self) -> WorkItem {
        WorkItem {
            frame: self.frame(),
            at: self.place(),
            id: 4,
            kind: self.say("Bug"),
            title: self.say("Lamp flickers when the wind turns north"),
            fields: self.pairs(&[("State", "Active"), ("Assigned to", "Ben Adeyemi"), ("Area", "lighthouse\\lamp")]),
            description: self.say("Seen twice last week.\n\n1. Wait for wind from the north.\n2. Look up."),
            links: vec![WorkItemLink {
                relation: self.say("Parent"),
                id: 7,
                title: self.say("As a pilot I see the light"),
            }],
            comments: vec![WorkItemComment {
                by: self.say("Max Berg"),
                at: before(DAY),
                text: self.say("It is the old wiring."),
            }],
            revisions: vec![
                WorkItemRevision {
                    number: 2,
                    by: self.say("Ben Adeyemi"),
                    service: Some(self.say("Burndown")),
                    at: before(HOUR),
                    changes: self.list(&["State: New to Active"]),
                },
                WorkItemRevision {
                    number: 1,
                    by: self.say("Ana Moreira"),
                    service: None,
                    at: before(2 * DAY),
                    changes: self.list(&["Created"]),
                },
            ],
        }
    }

    fn repositories(&self) -> Repositories {
        let row = |name: &str, branch: Option<&str>| RepositoryRow {
            name: self.say(name),
            default_branch: branch.map(|branch| self.say(branch)),
            clone_url: self.say("http://localhost:4280/harbor/lighthouse/_git/lighthouse"),
            last_commit: branch.map(|_| before(5 * HOUR).before(now())),
        };
        Repositories {
            frame: self.frame(),
            at: self.place(),
            rows: vec![row("lighthouse", Some("main")), row("charts", None)],
        }
    }

    fn folder(&self) -> FileView {
        let entry = |name: &str, folder| FileEntry { name: self.say(name), path: self.say(name), folder };
        FileView::Folder(vec![entry("src", true), entry("Cargo.toml", false), entry("README.md", false)])
    }

    fn files(&self, path: String, view: FileView) -> Files {
        let commit = |id: &str, title: &str| CommitRow {
            id: self.say(id),
            title: self.say(title),
            author: self.say("Ben Adeyemi"),
            when: before(5 * HOUR).before(now()),
        };
        Files {
            frame: self.frame(),
            at: self.place(),
            repository: self.say("lighthouse"),
            branch: self.say("main"),
            path,
            clone_url: self.say("http://localhost:4280/harbor/lighthouse/_git/lighthouse"),
            view,
            commits: vec![commit(COMMIT, "Hold the lamp steady"), commit(BEFORE, "First light")],
        }
    }

    fn commit(&self) -> Commit {
        let signed =
            |name: &str, email: &str| Signed { name: self.say(name), email: self.say(email), at: before(HOUR) };
        let changed = |path: &str, how| ChangedFile { path: self.say(path), how };
        Commit {
            frame: self.frame(),
            at: self.place(),
            repository: self.say("lighthouse"),
            id: self.say(COMMIT),
            title: self.say("Hold the lamp steady"),
            message: self.say("It flickered when the wind turned north.\n\nThe old wiring stays for now."),
            author: signed("Ben Adeyemi", "ben@harbor.test"),
            committer: Some(signed("Ana Moreira", "ana@harbor.test")),
            parents: self.list(&[BEFORE]),
            changes: vec![
                changed("README.md", HowChanged::Edited),
                changed("src/steady.rs", HowChanged::Added),
                changed("src/flicker.rs", HowChanged::Removed),
            ],
            more: true,
        }
    }

    fn build_row(&self, id: i64, outcome: BuildOutcome) -> BuildRow {
        BuildRow {
            id,
            number: self.say("20260303.2"),
            definition: self.say("lighthouse-ci"),
            outcome,
            branch: self.say("main"),
            commit: self.say("4f1c2ab"),
        }
    }

    fn build(&self) -> Build {
        let step = |name: &str, outcome| BuildStep { name: self.say(name), outcome };
        Build {
            frame: self.frame(),
            at: self.place(),
            build: self.build_row(8, BuildOutcome::Failed),
            requested_by: self.say("Ben Adeyemi"),
            requested_through: Some(self.say("Burndown")),
            reported_by: Some(self.say("Contoso CI")),
            queued: before(HOUR),
            finished: Some(before(HOUR / 2).before(now())),
            steps: vec![step("Compile", BuildOutcome::Succeeded), step("Test", BuildOutcome::Failed)],
            log: self.say(
                "running 41 tests\ntest lamp::holds_steady ... FAILED\n\ntest result: FAILED. 40 passed; 1 failed",
            ),
        }
    }
}
