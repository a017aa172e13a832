//! The approval page, and the page instead of it.

use latchkey_identity::client::presentation::ClientPage;

use super::{DAY, Invent, Shown, after, before, now};
use crate::pages::Person;
use crate::pages::consent::{
    Again, Consent, DescribedApp, Destination, KeepChoice, Obstacle, OlderApp, OrganizationChoice, ProjectChoice,
    Reach, RepositoryChoice, ScopeChoice, TookOver,
};
use crate::pages::prerequisite::{AskedBefore, Contact, Missing, Prerequisite, Shortfall};

pub(super) fn pages(invent: &Invent<'_>) -> Vec<Shown> {
    let usual = || invent.consent();
    vec![
        Shown::new("consent", &usual()),
        Shown::new("consent-own-pages", &Consent { pages: invent.own_pages(), ..usual() }),
        Shown::new("consent-few-others", &Consent { others: Some(4), ..usual() }),
        Shown::new("consent-five-others", &Consent { others: Some(5), ..usual() }),
        Shown::new("consent-no-others", &Consent { others: Some(0), ..usual() }),
        Shown::new("consent-rehearsed", &Consent { rehearsed: true, ..usual() }),
        Shown::new("consent-changed", &Consent { changed: true, ..usual() }),
        Shown::new(
            "consent-problem",
            &Consent { problem: Some(invent.say("Choose at least one organization or project.")), ..usual() },
        ),
        Shown::new(
            "consent-native",
            &Consent {
                destination: Destination::ThisDevice(invent.say("localhost")),
                app: invent.contoso(),
                ..usual()
            },
        ),
        Shown::new("consent-many-projects", &Consent { organizations: vec![invent.many_projects()], ..usual() }),
        Shown::new(
            "consent-found",
            &Consent { organizations: vec![invent.many_projects()], ..usual() }.found("lighthouse 7"),
        ),
        Shown::new("consent-named-places", &Consent { names_places: true, ..usual() }),
        Shown::new(
            "consent-long-names",
            &Consent { app: invent.long_app(), others: Some(Consent::MOST_OTHERS + 1), ..usual() },
        ),
        Shown::new(
            "consent-sign-in-only",
            &Consent {
                app: invent.contoso(),
                others: None,
                offline: false,
                scopes: Vec::new(),
                organizations: Vec::new(),
                ..usual()
            },
        ),
        Shown::new(
            "consent-calls",
            &Consent {
                app: invent.contoso(),
                scopes: vec![invent.scope(
                    "api://00000000-0000-0000-0000-000000000001/access_as_user",
                    "Call Harbor Board as you",
                    "What this opens there is for that app to say, which calls it access_as_user.",
                    Reach::Call,
                )],
                organizations: Vec::new(),
                ..usual()
            },
        ),
        Shown::new(
            "consent-older-app",
            &Consent {
                older_app: Some(OlderApp {
                    description: invent.say("Shows work items as it always did."),
                    website: invent.say("https://oldtimer.test"),
                    company: invent.say("Oldtimer & Sons"),
                    end: Some(after(200 * DAY)),
                }),
                app: invent.contoso(),
                ..usual()
            },
        ),
        Shown::new("consent-carried-over", &invent.carried_over(usual())),
        Shown::new("consent-later-request", &invent.later_consent()),
        Shown::new(
            "consent-described",
            &Consent {
                described: Some(invent.described()),
                destination: Destination::ThisDevice(invent.say("127.0.0.1")),
                app: invent.contoso(),
                ..usual()
            },
        ),
        Shown::new(
            "consent-described-anew",
            &Consent {
                described: Some(DescribedApp {
                    leads_elsewhere: true,
                    says_something_else: true,
                    ..invent.described()
                }),
                app: invent.contoso(),
                again: Again::Another,
                ..invent.later_consent()
            },
        ),
        Shown::new("consent-paused", &Consent { paused: Some(before(3 * DAY)), ..invent.later_consent() }),
        Shown::new(
            "consent-capped",
            &Consent { keep: invent.keep(&[2, 3]), capped_to: Some(invent.say("30 days")), ..usual() },
        ),
        Shown::new(
            "consent-device",
            &Consent { destination: Destination::Device(invent.device()), app: invent.contoso(), ..usual() },
        ),
        Shown::new("prerequisite", &invent.prerequisite()),
        Shown::new("prerequisite-nowhere", &Prerequisite { organizations: Vec::new(), ..invent.prerequisite() }),
    ]
}

impl Invent<'_> {
    /// What an app leads people to.
    pub(super) fn own_pages(&self) -> Vec<ClientPage> {
        let page = |(about, page)| ClientPage {
            about,
            address: format!("https://burndown.example/{page}"),
            host: self.say("burndown.example"),
        };
        [("Its privacy policy", "policy"), ("Its terms of service", "terms")].map(page).into()
    }

    fn consent(&self) -> Consent {
        Consent {
            frame: self.nobodys_frame(),
            flow: self.say("flow-1"),
            shown: self.say("fingerprint"),
            rehearsed: false,
            app: self.burndown(),
            logo: None,
            pages: Vec::new(),
            older_app: None,
            registered_in: self.say("harbor.test"),
            known_since: before(200 * DAY),
            others: Some(12),
            described: None,
            destination: Destination::Host(self.say("127.0.0.1:4281")),
            account: self.ana(),
            changed: false,
            problem: None,
            since: None,
            again: Again::More,
            paused: None,
            took_over: None,
            identity: self.list(&["your name", "your email address"]),
            offline: true,
            scopes: vec![
                self.scope("vso.work", "Read your work items", "Titles, fields, comments and history.", Reach::Read),
                ScopeChoice {
                    required: true,
                    ..self.scope("vso.build", "Read your builds", "Results, logs, definitions.", Reach::Read)
                },
                self.scope("vso.code", "Read your source code", "Clone repositories, read commits.", Reach::Read),
                self.scope("vso.work_write", "Change your work items", "Create, edit and comment.", Reach::Write),
                ScopeChoice {
                    high_privilege: true,
                    ..self.scope("vso.code_write", "Push code", "To branches you can push to.", Reach::Write)
                },
                ScopeChoice {
                    high_privilege: true,
                    ..self.scope("vso.code_manage", "Manage repositories", "Create and delete them.", Reach::Administer)
                },
            ],
            names_places: false,
            organizations: vec![
                self.organization(
                    "o1",
                    "harbor",
                    &[("p1", "lighthouse", &["lighthouse", "charts"]), ("p2", "drydock", &[])],
                ),
                OrganizationChoice {
                    ticked: false,
                    obstacle: Some(Obstacle {
                        missing: self.say("You are not in its Project Collection Administrators group."),
                        mend: self.say("Ask Eve Okafor, the owner, to add you."),
                        asked: Some(AskedBefore::Waiting(before(DAY).before(now()))),
                        ask: Some(self.say("o2")),
                    }),
                    ..self.organization("o2", "shore", &[])
                },
            ],
            found: None,
            keep: self.keep(&[0, 1, 2, 3]),
            capped_to: None,
        }
    }

    fn later_consent(&self) -> Consent {
        let since = before(40 * DAY);
        let mut consent = self.consent();
        for scope in consent.scopes.iter_mut().filter(|scope| scope.reach == Reach::Read) {
            scope.allowed_since = Some(since);
        }
        Consent { since: Some(since), app: self.contoso(), ..consent }
    }

    fn scope(&self, value: &str, label: &str, detail: &str, reach: Reach) -> ScopeChoice {
        ScopeChoice {
            value: self.say(value),
            label: self.say(label),
            detail: self.say(detail),
            reach,
            required: false,
            high_privilege: false,
            allowed_since: None,
            carried: None,
            answered: None,
        }
    }

    pub(super) fn organization(&self, id: &str, name: &str, projects: &[(&str, &str, &[&str])]) -> OrganizationChoice {
        let repository = |name: &&str| RepositoryChoice { id: self.say(name), name: self.say(name), ticked: true };
        let project = |(id, name, repositories): &(&str, &str, &[&str])| ProjectChoice {
            id: self.say(id),
            name: self.say(name),
            ticked: true,
            hidden: false,
            repositories: repositories.iter().map(repository).collect(),
        };
        OrganizationChoice {
            id: self.say(id),
            name: self.say(name),
            ticked: true,
            obstacle: None,
            projects: projects.iter().map(project).collect(),
        }
    }

    /// An organization with more projects than a page shows at once.
    fn many_projects(&self) -> OrganizationChoice {
        let names: Vec<(String, String)> =
            (0..30).map(|number| (format!("p{number}"), format!("lighthouse {number}"))).collect();
        let projects: Vec<(&str, &str, &[&str])> =
            names.iter().map(|(id, name)| (id.as_str(), name.as_str(), &[] as &[&str])).collect();
        self.organization("o1", "harbor", &projects)
    }

    /// The choices with these numbers, the first one chosen.
    pub(super) fn keep(&self, which: &[usize]) -> Vec<KeepChoice> {
        let all = [
            ("until_removed", "until I remove it"),
            ("90_days", "90 days"),
            ("7_days", "7 days"),
            ("session", "this session"),
        ];
        let chosen = |at: usize| which.first() == Some(&at);
        let choice = |(at, (value, label)): (usize, (&str, &str))| {
            which.contains(&at).then(|| KeepChoice {
                value: self.say(value),
                label: self.say(label),
                chosen: chosen(at),
            })
        };
        all.into_iter().enumerate().filter_map(choice).collect()
    }

    fn carried_over(&self, consent: Consent) -> Consent {
        let scopes = consent.scopes.into_iter();
        let scopes = scopes.map(|scope| ScopeChoice { carried: Some(scope.reach == Reach::Read), ..scope }).collect();
        Consent {
            took_over: Some(TookOver { name: self.say("Oldtimer"), since: before(100 * DAY) }),
            scopes,
            ..consent
        }
    }

    fn described(&self) -> DescribedApp {
        DescribedApp {
            host: self.say("agent.test"),
            address: self.say("https://agent.test/oauth/client.json"),
            leads_elsewhere: false,
            says_something_else: false,
        }
    }

    fn prerequisite(&self) -> Prerequisite {
        Prerequisite {
            frame: self.nobodys_frame(),
            flow: self.say("flow-1"),
            problem: Some(self.say("Say what it is for in 500 characters or less.")),
            app: self.burndown(),
            host: self.say("127.0.0.1:4281"),
            account: Person { name: self.say("Ben Adeyemi"), email: self.say("ben@harbor.test"), ..self.ana() },
            organizations: vec![
                Shortfall {
                    organization: self.say("harbor"),
                    missing: vec![
                        Missing {
                            code: self.say("administrator"),
                            what: self.say("You are not in the Project Collection Administrators group."),
                            mend: self.say("An administrator can add you, or can approve Burndown in your place."),
                        },
                        Missing {
                            code: self.say("project_member"),
                            what: self.say("You are not a member of a project in harbor."),
                            mend: self.say("An administrator can add you to one."),
                        },
                    ],
                    ask: vec![
                        Contact { name: self.say("Ana Moreira"), email: self.say("ana@harbor.test") },
                        Contact { name: self.say("Max Berg"), email: self.say("max@harbor.test") },
                    ],
                    id: self.say("o1"),
                    asked: Some(AskedBefore::Denied(before(DAY).before(now()))),
                    may_ask: true,
                },
                Shortfall {
                    organization: self.say("shore"),
                    missing: vec![Missing {
                        code: self.say("basic_access"),
                        what: self.say("Your access level is Stakeholder."),
                        mend: self.say("Authorizing a service takes Basic access or more."),
                    }],
                    ask: Vec::new(),
                    id: self.say("o2"),
                    asked: None,
                    may_ask: false,
                },
            ],
        }
    }
}
