//! The pages of those who run apps and organizations.

use super::{DAY, HOUR, Invent, Shown, after, before, now};
use crate::pages::app::{AppDetails, SecretRow};
use crate::pages::app_new::{AppNew, AppProfile, ScopeOption};
use crate::pages::app_secret::AppSecret;
use crate::pages::apps::{AppKind, AppRow, Apps};
use crate::pages::consent::Reach;
use crate::pages::organization::{MemberRow, Organization, OrganizationPolicy, ProjectRow, WhoMayAuthorize};
use crate::pages::organization_services::{OrganizationServices, Service, ServiceAuthorization};
use crate::pages::{Problem, Problems};

const CLIENT_ID: &str = "31359c7f-bd7e-475c-86db-fdb8c937548e";

pub(super) fn pages(invent: &Invent<'_>) -> Vec<Shown> {
    let nobody = OrganizationServices {
        frame: invent.frame(),
        name: invent.say("harbor"),
        done: Some(invent.say("Contoso CI was stopped.")),
        services: Vec::new(),
    };
    vec![
        Shown::new("apps", &invent.apps()),
        Shown::new("apps-empty", &Apps { frame: invent.frame(), done: Some(invent.say("Gone.")), rows: Vec::new() }),
        Shown::new("app-new", &invent.app_new(&[])),
        Shown::new(
            "app-new-problems",
            &invent.app_new(&[
                ("name", "Give the app a name."),
                ("kind-web", "Choose what kind of app it is."),
                ("redirect-uris", "http://ci.example/callback: http is for localhost only. Use https."),
                ("scopes", "vso.all is not a scope."),
                ("without-pkce", "A native app always uses PKCE."),
            ]),
        ),
        Shown::new("app", &invent.app()),
        Shown::new(
            "app-suspended",
            &AppDetails {
                kind: AppKind::Native,
                suspended: Some(invent.say("An administrator suspended it on 1 March 2026.")),
                ..invent.app()
            },
        ),
        Shown::new(
            "app-problems",
            &AppDetails {
                kind: AppKind::Daemon,
                secrets: Vec::new(),
                problems: invent.problems(&[("secret-expires", "A secret lasts 365 days at the most.")]),
                done: None,
                ..invent.app()
            },
        ),
        Shown::new(
            "app-secret",
            &AppSecret {
                frame: invent.frame(),
                app: invent.say("Contoso CI"),
                client_id: invent.say(CLIENT_ID),
                secret: invent.say("lks_3f1mWb0sZt8vQ2nXc7hJr5yLk9aPd4eG6uTiO1wR-xE"),
                expires: after(180 * DAY),
            },
        ),
        Shown::new("organization", &invent.organization_page(true)),
        Shown::new("organization-member", &Organization { projects: Vec::new(), ..invent.organization_page(false) }),
        Shown::new("organization-policy", &invent.policy()),
        Shown::new("organization-services", &invent.services()),
        Shown::new("organization-services-empty", &nobody),
    ]
}

impl Invent<'_> {
    fn problems(&self, problems: &[(&str, &str)]) -> Problems {
        let problem =
            |(field, sentence): &(&str, &str)| Problem { field: (*field).to_owned(), sentence: self.say(sentence) };
        Problems(problems.iter().map(problem).collect())
    }

    fn apps(&self) -> Apps {
        let row = |name: &str, kind, suspended| AppRow {
            client_id: self.say(CLIENT_ID),
            name: self.say(name),
            kind,
            created: before(30 * DAY),
            suspended,
        };
        Apps {
            frame: self.frame(),
            done: None,
            rows: vec![
                row("Contoso CI", AppKind::Web, false),
                row("Harbor CLI", AppKind::Native, false),
                row("Nightly report", AppKind::Daemon, true),
                row("Board in the browser", AppKind::SinglePage, false),
            ],
        }
    }

    fn options(&self) -> Vec<ScopeOption> {
        let option = |value: &str, label: &str, reach, high_privilege, asked| ScopeOption {
            value: self.say(value),
            label: self.say(label),
            reach,
            high_privilege,
            asked,
            required: asked && reach == Reach::Read,
        };
        vec![
            option("vso.work", "Read work items", Reach::Read, false, true),
            option("vso.code", "Read source code", Reach::Read, false, false),
            option("vso.build", "Read builds", Reach::Read, false, true),
            option("vso.work_write", "Change work items", Reach::Write, false, true),
            option("vso.code_write", "Push code", Reach::Write, true, false),
            option("vso.code_manage", "Manage repositories", Reach::Administer, true, false),
        ]
    }

    fn app_new(&self, problems: &[(&str, &str)]) -> AppNew {
        AppNew {
            frame: self.frame(),
            problems: self.problems(problems),
            name: self.say("Contoso CI"),
            kind: AppKind::Web,
            redirect_uris: self.say("https://ci.contoso.example/callback"),
            scopes: self.options(),
            profile: AppProfile::Standard,
            without_pkce: false,
        }
    }

    fn app(&self) -> AppDetails {
        let secret = |id: &str, label: &str, expired| SecretRow {
            id: self.say(id),
            label: self.say(label),
            added: before(200 * DAY),
            expires: if expired { before(20 * DAY) } else { after(160 * DAY) },
            expired,
        };
        AppDetails {
            frame: self.frame(),
            done: Some(self.say("The redirect URIs were saved.")),
            problems: Problems::default(),
            client_id: self.say(CLIENT_ID),
            name: self.say("Contoso CI"),
            kind: AppKind::Web,
            profile: AppProfile::Microsoft,
            suspended: None,
            verified: true,
            owner: self.say("ana@harbor.test"),
            directory: self.say("harbor.test"),
            tenant_id: self.say("5d2f0a5e-8a0c-4b8e-9a70-3f0a4b1f6a01"),
            issuer: self.say("http://localhost:4280/5d2f0a5e-8a0c-4b8e-9a70-3f0a4b1f6a01/v2.0"),
            created: before(200 * DAY),
            people: 12,
            redirect_uris: self.say("https://ci.contoso.example/callback\nhttp://localhost:8080/callback"),
            scopes: self.options(),
            secrets: vec![secret("k1", "Production", false), secret("k2", "Old build server", true)],
        }
    }

    fn organization_page(&self, administers: bool) -> Organization {
        let member = |name: &str, email: &str, level: &str, roles: &[&str]| MemberRow {
            name: self.say(name),
            email: self.say(email),
            access_level: self.say(level),
            roles: self.list(roles),
        };
        let project =
            |name: &str, description: &str| ProjectRow { name: self.say(name), description: self.say(description) };
        Organization {
            frame: self.frame(),
            name: self.say("harbor"),
            owner: self.say("Ana Moreira"),
            directory: self.say("harbor.test"),
            administers,
            projects: vec![
                project("lighthouse", "Keeps the light on, and the ships off the rocks."),
                project("drydock", "Repairs."),
            ],
            members: vec![
                member("Ana Moreira", "ana@harbor.test", "Basic", &["Owner", "Project Collection Administrators"]),
                member("Max Berg", "max@harbor.test", "Basic", &["Project Collection Administrators"]),
                member("Cy Tanaka", "cy@harbor.test", "Stakeholder", &[]),
            ],
        }
    }

    fn policy(&self) -> OrganizationPolicy {
        OrganizationPolicy {
            frame: self.frame(),
            name: self.say("harbor"),
            saved: true,
            who: WhoMayAuthorize::Administrators,
            longest: self.keep(&[0, 1, 2]),
        }
    }

    fn services(&self) -> OrganizationServices {
        let authorization = |person: &str| ServiceAuthorization {
            person: self.say(person),
            may: self.list(&["Read work items", "Read builds"]),
            projects: self.list(&["lighthouse", "drydock"]),
            since: before(20 * DAY),
            until: Some(after(70 * DAY)),
            last_used: Some(before(3 * HOUR).before(now())),
        };
        let unused = ServiceAuthorization { until: None, last_used: None, ..authorization("Max Berg") };
        OrganizationServices {
            frame: self.frame(),
            name: self.say("harbor"),
            done: None,
            services: vec![
                Service {
                    client_id: self.say("c1"),
                    app: self.burndown(),
                    stopped: false,
                    authorizations: vec![authorization("Ana Moreira"), unused],
                },
                Service {
                    client_id: self.say("c2"),
                    app: self.contoso(),
                    stopped: true,
                    authorizations: vec![authorization("Ana Moreira")],
                },
            ],
        }
    }
}
