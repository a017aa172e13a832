//! The pages of the flow.

use super::{DAY, Invent, Shown, after, before, now};
use crate::pages::consent::{
    Consent, DescribedApp, Destination, KeepChoice, Obstacle, OlderApp, OrganizationChoice, ProjectChoice, Reach,
    RepositoryChoice, ScopeChoice, TookOver,
};
use crate::pages::device::{Device, DeviceConfirm, DeviceDone, DeviceFace, DeviceTrouble};
use crate::pages::error::ErrorPage;
use crate::pages::form_post::FormPost;
use crate::pages::interstitial::Interstitial;
use crate::pages::legacy::Legacy;
use crate::pages::prerequisite::{AskedBefore, Contact, Missing, Prerequisite, Shortfall};
use crate::pages::select::{AccountChoice, Select};
use crate::pages::set_up::{SetUp, Typed};
use crate::pages::sign_in::{Asking, Provider, SignIn, SignInTrouble};
use crate::pages::sign_out::{Onward, SignOut, SignedIn};
use crate::pages::signed_out::SignedOut;
use crate::pages::wrong_tenant::WrongTenant;
use crate::pages::{Person, Remaining};

pub(super) fn pages(invent: &Invent<'_>) -> Vec<Shown> {
    let mut all = vec![
        Shown::new("sign-in", &invent.sign_in(None)),
        Shown::new("sign-in-no-match", &invent.sign_in(Some(SignInTrouble::NoMatch))),
        Shown::new("sign-in-throttled", &invent.sign_in(Some(SignInTrouble::Throttled(Remaining(27))))),
        Shown::new("sign-in-busy", &invent.sign_in(Some(SignInTrouble::Busy))),
        Shown::new("sign-in-expired", &invent.sign_in(Some(SignInTrouble::Expired))),
        Shown::new("sign-in-no-provider", &invent.sign_in(Some(SignInTrouble::NoProvider))),
        Shown::new("sign-in-unreachable", &invent.sign_in(Some(SignInTrouble::ProviderUnreachable))),
        Shown::new(
            "sign-in-direct",
            &SignIn {
                flow: None,
                next: Some(invent.say("/me")),
                asking: None,
                email: String::new(),
                has_accounts: false,
                ..invent.sign_in(None)
            },
        ),
        Shown::new("select", &invent.select()),
        Shown::new("set-up", &invent.set_up(None)),
        Shown::new("set-up-problem", &invent.set_up(Some(invent.say("This is no domain: for example example.com.")))),
        Shown::new("prerequisite", &invent.prerequisite()),
        Shown::new("prerequisite-nowhere", &Prerequisite { organizations: Vec::new(), ..invent.prerequisite() }),
        Shown::new("wrong-tenant", &invent.wrong_tenant()),
        Shown::new("legacy", &invent.legacy(false)),
        Shown::new("legacy-refused", &invent.legacy(true)),
        Shown::new("interstitial", &invent.interstitial()),
        Shown::new("form-post", &invent.form_post()),
        Shown::new("error", &invent.error()),
    ];
    all.extend(consents(invent));
    all.extend(sign_outs(invent));
    all.extend(devices(invent));
    all
}

fn consents(invent: &Invent<'_>) -> Vec<Shown> {
    let usual = || invent.consent();
    vec![
        Shown::new("consent", &usual()),
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
        Shown::new("consent-named-places", &Consent { names_places: true, ..usual() }),
        Shown::new("consent-long-names", &Consent { app: invent.long_app(), ..usual() }),
        Shown::new(
            "consent-sign-in-only",
            &Consent {
                app: invent.contoso(),
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
                    "What may be asked of it there is its own to say. Its name for this: access_as_user.",
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
                ..invent.later_consent()
            },
        ),
        Shown::new("consent-paused", &Consent { paused: Some(before(3 * DAY)), ..invent.later_consent() }),
        Shown::new(
            "consent-capped",
            &Consent { keep: invent.keep(&[2, 3]), capped_to: Some(invent.say("30 days")), ..usual() },
        ),
    ]
}

fn devices(invent: &Invent<'_>) -> Vec<Shown> {
    let typed = |trouble| Device { frame: invent.nobodys_frame(), user_code: invent.say("WDJB-MJHT"), trouble };
    let done = |approved| DeviceDone { frame: invent.frame(), approved };
    vec![
        Shown::new("device", &Device { user_code: String::new(), ..typed(None) }),
        Shown::new("device-typed", &typed(None)),
        Shown::new("device-unknown", &typed(Some(DeviceTrouble::Unknown))),
        Shown::new("device-throttled", &typed(Some(DeviceTrouble::Throttled(Remaining(300))))),
        Shown::new(
            "device-confirm",
            &DeviceConfirm { frame: invent.nobodys_frame(), app: invent.burndown(), device: invent.device() },
        ),
        Shown::new(
            "consent-device",
            &Consent { destination: Destination::Device(invent.device()), app: invent.contoso(), ..invent.consent() },
        ),
        Shown::new("device-done", &done(true)),
        Shown::new("device-denied", &done(false)),
    ]
}

fn sign_outs(invent: &Invent<'_>) -> Vec<Shown> {
    let sign_out = |accounts| SignOut {
        frame: invent.frame(),
        app: None,
        request: None,
        onward: None,
        others: 0,
        elsewhere: true,
        accounts,
    };
    let one = || vec![SignedIn { id: invent.say("1"), person: invent.ana() }];
    let asked = || Some((invent.say("harbor.test"), invent.say("client_id=c1&state=s")));
    let mut two = one();
    two.push(SignedIn { id: invent.say("2"), person: invent.pat() });
    vec![
        Shown::new("sign-out", &sign_out(one())),
        Shown::new("sign-out-all", &SignOut { app: Some(invent.say("Burndown")), request: asked(), ..sign_out(two) }),
        Shown::new(
            "sign-out-one-of-two",
            &SignOut { app: Some(invent.say("Burndown")), request: asked(), others: 1, ..sign_out(one()) },
        ),
        Shown::new(
            "sign-out-nobody-onward",
            &SignOut {
                app: Some(invent.say("Burndown")),
                request: asked(),
                onward: Some(Onward {
                    href: invent.say("https://burndown.test/bye?state=s"),
                    host: invent.say("burndown.test"),
                }),
                ..sign_out(Vec::new())
            },
        ),
        Shown::new("sign-out-nobody", &sign_out(Vec::new())),
        Shown::new(
            "signed-out",
            &SignedOut {
                frame: invent.nobodys_frame(),
                accounts: vec![invent.say("ana@harbor.test")],
                frames: Vec::new(),
                onward: None,
                remaining: 0,
            },
        ),
        Shown::new(
            "signed-out-others-left",
            &SignedOut {
                frame: invent.frame(),
                accounts: vec![invent.say("pat@personal.test")],
                frames: vec!["https://ci.contoso.example/signed-out?iss=a&sid=b".to_owned()],
                onward: Some(Onward {
                    href: "https://ci.contoso.example/bye".to_owned(),
                    host: invent.say("ci.contoso.example"),
                }),
                remaining: 2,
            },
        ),
    ]
}

impl Invent<'_> {
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

    fn device(&self) -> DeviceFace {
        DeviceFace {
            user_code: self.say("WDJB-MJHT"),
            address: self.say("198.51.100.7"),
            asked: before(120_000_000).before(now()),
        }
    }

    fn asking(&self) -> Asking {
        Asking { name: self.say("Burndown"), host: self.say("127.0.0.1:4281") }
    }

    fn pat(&self) -> Person {
        Person {
            name: self.say("Pat Lindqvist"),
            email: self.say("pat@personal.test"),
            directory: self.say("Personal accounts"),
        }
    }

    fn sign_in(&self, trouble: Option<SignInTrouble>) -> SignIn {
        SignIn {
            frame: self.nobodys_frame(),
            flow: Some(self.say("flow-1")),
            next: None,
            asking: Some(self.asking()),
            email: self.say("ana@harbor.test"),
            has_accounts: true,
            elsewhere: vec![Provider { id: self.say("p1"), name: self.say("Harbor Login") }],
            by_address: true,
            trouble,
        }
    }

    fn select(&self) -> Select {
        let account = |id: &str, person: Person, signed_in| AccountChoice {
            id: self.say(id),
            name: person.name,
            email: person.email,
            directory: person.directory,
            signed_in,
        };
        Select {
            frame: self.nobodys_frame(),
            flow: self.say("flow-1"),
            asking: self.asking(),
            accounts: vec![
                account("1", self.ana(), true),
                account("2", self.pat(), true),
                account("3", Person { name: self.say("Eve"), ..self.pat() }, false),
            ],
        }
    }

    fn consent(&self) -> Consent {
        Consent {
            frame: self.nobodys_frame(),
            flow: self.say("flow-1"),
            shown: self.say("fingerprint"),
            app: self.burndown(),
            older_app: None,
            registered_in: self.say("harbor.test"),
            described: None,
            destination: Destination::Host(self.say("127.0.0.1:4281")),
            account: self.ana(),
            changed: false,
            problem: None,
            since: None,
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
        }
    }

    pub(super) fn organization(&self, id: &str, name: &str, projects: &[(&str, &str, &[&str])]) -> OrganizationChoice {
        let repository = |name: &&str| RepositoryChoice { id: self.say(name), name: self.say(name), ticked: true };
        let project = |(id, name, repositories): &(&str, &str, &[&str])| ProjectChoice {
            id: self.say(id),
            name: self.say(name),
            ticked: true,
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

    fn legacy(&self, refused: bool) -> Legacy {
        Legacy { frame: self.nobodys_frame(), refused, sentence: latchkey_identity::legacy::NO_NEW_ONES }
    }

    fn set_up(&self, trouble: Option<String>) -> SetUp {
        let typed = Typed {
            domain: self.say("harbor.test"),
            tenant_name: self.say("Harbor"),
            email: self.say("ana@harbor.test"),
            name: self.say("Ana Moreira"),
        };
        SetUp { frame: self.nobodys_frame(), token: self.say("t0ken"), typed, trouble }
    }

    fn wrong_tenant(&self) -> WrongTenant {
        WrongTenant {
            frame: self.nobodys_frame(),
            flow: self.say("flow-1"),
            asking: self.asking(),
            account: self.pat(),
            wanted: self.say("harbor.test"),
        }
    }

    fn interstitial(&self) -> Interstitial {
        Interstitial {
            frame: self.nobodys_frame(),
            flow: self.say("flow-1"),
            app: self.burndown(),
            host: self.say("burndown.example"),
            sentence: self.say("The request asked for a scope that does not exist."),
            code: self.say("invalid_scope"),
        }
    }

    fn form_post(&self) -> FormPost {
        FormPost {
            frame: self.nobodys_frame(),
            action: self.say("https://app.example/callback?tenant=1"),
            app: self.say("Contoso CI"),
            fields: self.pairs(&[
                ("code", "SplxlOBeZQQYbYS6WxSbIA"),
                ("state", "af0ifjsldkj"),
                ("iss", "https://id.example"),
            ]),
        }
    }

    fn error(&self) -> ErrorPage {
        ErrorPage {
            frame: self.nobodys_frame(),
            heading: self.say("This link does not work"),
            sentence: self.say("The address that the app wants you sent back to is not registered for it."),
            mend: self.say("Nothing is wrong with your account. Tell the people who run the app."),
            code: self.say("invalid_redirect_uri"),
            correlation_id: self.say("0b7c1a9e-2f6d-4a55-9c1f-7d0f3f1f2a11"),
            at: now(),
        }
    }
}
