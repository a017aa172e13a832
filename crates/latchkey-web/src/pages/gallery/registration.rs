//! The pages of those who run apps and organizations.

use latchkey_identity::client::Metadata;
use latchkey_jose::Algorithm;

use super::{DAY, HOUR, Invent, Shown, after, before, now};
use crate::pages::app::{AppDetails, Binding, DoorsForm, SecretRow, TookOver};
use crate::pages::app_answers::AnswersForm;
use crate::pages::app_federation::{FederationForm, FederationRow, FederationTyped};
use crate::pages::app_keys::{KeyRow, MethodChoice, ProofForm};
use crate::pages::app_new::{AppNew, AppProfile, ScopeOption};
use crate::pages::app_secret::AppSecret;
use crate::pages::approval_requests::{ApprovalRequests, ApprovedRequest, Asker, WaitingRequest};
use crate::pages::apps::{AppKind, AppRow, Apps};
use crate::pages::authorization::Allowed;
use crate::pages::authorizations::LastUse;
use crate::pages::consent::Reach;
use crate::pages::legacy_app::{
    CodeChange, Elsewhere, LegacyAppDetails, LegacyMoved, MovedApp, Notice, OldWayRow, OlderAppRow, OrganizationEnd,
    OrganizationOlderApps,
};
use crate::pages::organization::{MemberRow, OlderApps, Organization, OrganizationPolicy, ProjectRow, WhoMayAuthorize};
use crate::pages::organization_services::{OrganizationServices, Service, ServiceAuthorization};
use crate::pages::self_registration::{Gate, SelfRegistration};
use crate::pages::service_members::{ChangedService, Choice, ServiceForm, ServiceMember, ServiceMembers};
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
        Shown::new(
            "apps-empty",
            &Apps { frame: invent.frame(), done: Some(invent.say("Gone.")), administers: true, rows: Vec::new() },
        ),
        Shown::new("self-registration", &invent.self_registration(Gate::Off)),
        Shown::new(
            "self-registration-token",
            &SelfRegistration {
                saved: true,
                token: Some((invent.say("lki_5tq8Zr0pXk1vB3nC7mD9fG2hJ4kL6wQyEuIoAsDxZcV"), after(7 * DAY))),
                ..invent.self_registration(Gate::InitialToken)
            },
        ),
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
        Shown::new("app-took-over", &AppDetails { took_over_from: Some(invent.took_over(false)), ..invent.app() }),
        Shown::new(
            "app-took-over-retired",
            &AppDetails { took_over_from: Some(invent.took_over(true)), ..invent.app() },
        ),
        Shown::new("legacy-app", &invent.legacy_app(false)),
        Shown::new("legacy-app-moved", &invent.legacy_app(true)),
        Shown::new(
            "legacy-app-problems",
            &LegacyAppDetails {
                problems: invent.problems(&[
                    ("new-name", "This name is reserved."),
                    ("secret-expires", "An app has at most two secrets: remove one first."),
                ]),
                people: 0,
                known: Vec::new(),
                ..invent.legacy_app(false)
            },
        ),
        Shown::new("legacy-moved", &invent.legacy_moved()),
        Shown::new("organization", &invent.organization_page(true)),
        Shown::new(
            "organization-older-apps-in-short",
            &Organization { older_apps: Some(invent.older_apps_in_short()), ..invent.organization_page(true) },
        ),
        Shown::new("organization-older-apps", &invent.older_apps(&[])),
        Shown::new(
            "organization-older-apps-problems",
            &OrganizationOlderApps {
                apps: Vec::new(),
                let_in: false,
                saved: false,
                ..invent.older_apps(&[("warn-from", "Too late."), ("refuse-from", "Write the date as year-month-day.")])
            },
        ),
        Shown::new("organization-member", &Organization { projects: Vec::new(), ..invent.organization_page(false) }),
        Shown::new("organization-policy", &invent.policy()),
        Shown::new("organization-requests", &invent.requests()),
        Shown::new(
            "organization-requests-empty",
            &ApprovalRequests {
                members_ask: false,
                done: None,
                waiting: Vec::new(),
                approved: Vec::new(),
                more_waiting: None,
                more_approved: None,
                ..invent.requests()
            },
        ),
        Shown::new("organization-services", &invent.services()),
        Shown::new("organization-services-empty", &nobody),
        Shown::new("service-members", &invent.service_members()),
        Shown::new(
            "service-members-problems",
            &ServiceMembers {
                members: Vec::new(),
                done: None,
                problems: invent.problems(&[("client", "There is no app with this client id.")]),
                ..invent.service_members()
            },
        ),
    ]
}

impl Invent<'_> {
    fn problems(&self, problems: &[(&str, &str)]) -> Problems {
        let problem =
            |(field, sentence): &(&str, &str)| Problem { field: (*field).to_owned(), sentence: self.say(sentence) };
        Problems(problems.iter().map(problem).collect())
    }

    fn self_registration(&self, gate: Gate) -> SelfRegistration {
        SelfRegistration {
            frame: self.frame(),
            saved: false,
            directory: self.say("harbor.test"),
            gate,
            endpoint: format!("https://id.example/{CLIENT_ID}/oauth2/v2.0/register"),
            registered: 12,
            token: None,
        }
    }

    fn apps(&self) -> Apps {
        let row = |name: &str, kind, suspended| AppRow {
            client_id: self.say(CLIENT_ID),
            name: self.say(name),
            kind,
            created: before(30 * DAY),
            suspended,
            legacy: suspended,
        };
        Apps {
            administers: false,
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
            expires: if expired { before(20 * DAY) } else { after(5 * DAY) },
            expired,
            ends_in: (!expired).then_some(5),
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
            took_over_from: None,
            redirect_uris: self.say("https://ci.contoso.example/callback\nhttp://localhost:8080/callback"),
            answers: AnswersForm::of(&Metadata {
                id_token_signed_response_alg: Some(Algorithm::Es256),
                initiate_login_uri: Some(self.say("https://ci.contoso.example/login")),
                ..Metadata::default()
            }),
            binding: Binding::Dpop,
            doors: DoorsForm {
                post_logout_redirect_uris: self.say("https://ci.contoso.example/bye"),
                backchannel_logout_uri: self.say("https://ci.contoso.example/signed-out"),
                frontchannel_logout_uri: String::new(),
                device_code: Some(true),
                pushed_only: false,
            },
            scopes: self.options(),
            secrets: vec![secret("k1", "Production", false), secret("k2", "Old build server", true)],
            proof: self.proof(),
            federation: self.federation(),
        }
    }

    fn federation(&self) -> FederationForm {
        let held = |name, pinned| FederationRow {
            id: self.say(name),
            name: self.say(name),
            issuer: self.say("https://token.actions.githubusercontent.com"),
            subject: self.say("repo:harbor/lighthouse:ref:refs/heads/main"),
            audience: self.say("api://AzureADTokenExchange"),
            pinned,
            added: before(20 * DAY),
        };
        FederationForm {
            held: vec![held("main branch", false), held("release", true)],
            typed: FederationTyped { audience: self.say("api://AzureADTokenExchange"), ..FederationTyped::default() },
        }
    }

    fn proof(&self) -> ProofForm {
        let key = |kid, x5t: Option<&str>, expired| KeyRow {
            id: self.say(kid),
            kid: self.say(kid),
            algorithms: self.say("RS256, PS256"),
            x5t: x5t.map(|text| self.say(text)),
            x5t_s256: x5t.map(|_| self.say("8xA4k1Qy8c4hT0bqkqOZK3cFZb0vTjGmZt2mH6r1w3E")),
            added: before(90 * DAY),
            expires: if expired { before(2 * DAY) } else { after(275 * DAY) },
            expired,
        };
        ProofForm {
            keys: vec![key("signer-2026", Some("2jmj7l5rSw0yVb_vlWAYkK_YBwk"), false), key("signer-2025", None, true)],
            typed: String::new(),
            methods: vec![
                MethodChoice { value: "any", label: "Whatever is registered here", chosen: false },
                MethodChoice { value: "private_key_jwt", label: "A key of its own (private_key_jwt)", chosen: true },
            ],
        }
    }

    fn took_over(&self, retired: bool) -> TookOver {
        TookOver { client_id: self.say(CLIENT_ID), at: before(9 * DAY), retired, people: if retired { 0 } else { 3 } }
    }

    fn sunset_notice(&self, urgent: bool) -> Notice {
        let sentence = self.say("Apps of the older kind stop working in harbor in 30 days, on 2 April 2026.");
        Notice { urgent, sentence }
    }

    fn moved_app(&self) -> MovedApp {
        let change = |id, title, before: Option<&str>| CodeChange {
            id,
            title,
            before: before.map(|before| self.say(before)),
            after: self.say("POST /common/oauth2/v2.0/token\n\ngrant_type=authorization_code"),
        };
        MovedApp {
            client_id: self.say("0c1d7a52-9f0e-4a0e-8e7c-9d2d86a3f7aa"),
            at: before(9 * DAY),
            people: 1,
            changes: vec![
                change("token", "The token request, with the code", Some("POST /oauth2/token\n\nassertion=(code)")),
                change("msal", "The same with MSAL (Python)", None),
            ],
        }
    }

    fn legacy_app(&self, moved: bool) -> LegacyAppDetails {
        let AppDetails { secrets, .. } = self.app();
        let person = |name: &str, email: &str, moved: bool| OldWayRow {
            name: self.say(name),
            email: self.say(email),
            since: before(80 * DAY),
            last_used: (!moved).then(|| before(3 * HOUR).before(now())),
            moved,
        };
        let end = |organization: &str, warn_from, refuse_from, over| OrganizationEnd {
            organization: self.say(organization),
            warn_from,
            refuse_from,
            over,
        };
        LegacyAppDetails {
            frame: self.frame(),
            done: None,
            problems: Problems::default(),
            client_id: self.say(CLIENT_ID),
            name: self.say("Oldtimer"),
            company: self.say("Oldtimer & Sons"),
            website: self.say("https://oldtimer.test"),
            description: self.say("Shows work items as it always did."),
            suspended: moved,
            owner: self.say("Ana Moreira"),
            imported: before(100 * DAY),
            redirect_uris: self.list(&["https://oldtimer.test/oauth/callback"]),
            scopes: self.list(&["vso.work", "vso.code", "preview_api_all"]),
            notices: vec![self.sunset_notice(false), self.sunset_notice(true)],
            ends: vec![
                end("harbor", Some(before(DAY)), Some(after(30 * DAY)), false),
                end("shore", Some(after(DAY)), None, false),
                end("pier", None, None, false),
                end("quay", None, Some(before(DAY)), true),
            ],
            elsewhere: Elsewhere { organizations: if moved { 1 } else { 2 }, first_end: moved.then(|| after(9 * DAY)) },
            people: 4,
            known: vec![person("Ben Adeyemi", "ben@harbor.test", false), person("Max Berg", "max@harbor.test", moved)],
            secrets,
            moved: moved.then(|| self.moved_app()),
            left_behind: self.list(&["preview_api_all"]),
        }
    }

    fn legacy_moved(&self) -> LegacyMoved {
        LegacyMoved {
            frame: self.frame(),
            name: self.say("Oldtimer"),
            older: self.say(CLIENT_ID),
            moved: self.moved_app(),
            secret: self.say("lks_3f1mWb0sZt8vQ2nXc7hJr5yLk9aPd4eG6uTiO1wR-xE"),
            expires: after(180 * DAY),
            left_behind: self.list(&["preview_api_all"]),
        }
    }

    fn older_app_row(&self, name: &str, people: u32, moved: bool) -> OlderAppRow {
        OlderAppRow {
            client_id: self.say(CLIENT_ID),
            name: self.say(name),
            company: self.say("Oldtimer & Sons"),
            people,
            last_used: (people > 0).then(|| before(3 * HOUR).before(now())),
            moved,
        }
    }

    fn older_apps_in_short(&self) -> OlderApps {
        OlderApps {
            notice: Some(self.sunset_notice(true)),
            warn_from: Some(before(DAY)),
            refuse_from: Some(after(30 * DAY)),
            apps: vec![self.older_app_row("Oldtimer", 4, true), self.older_app_row("Greybeard", 1, false)],
        }
    }

    fn older_apps(&self, problems: &[(&str, &str)]) -> OrganizationOlderApps {
        OrganizationOlderApps {
            frame: self.frame(),
            name: self.say("harbor"),
            saved: true,
            problems: self.problems(problems),
            notice: Some(self.sunset_notice(false)),
            let_in: true,
            warn_from: self.say("2026-03-02"),
            refuse_from: self.say("2026-04-02"),
            apps: vec![self.older_app_row("Greybeard", 0, false), self.older_app_row("Oldtimer", 4, true)],
        }
    }

    fn requests(&self) -> ApprovalRequests {
        let asker = |app, person: &str, email: &str| Asker {
            app,
            client_id: self.say(CLIENT_ID),
            directory: self.say("harbor.test"),
            destinations: self.list(&["burndown.example", "localhost"]),
            devices: true,
            is_same: person != "Dee Float",
            person: self.say(person),
            email: self.say(email),
        };
        let waiting = |id: &str, asker, sentence: String| WaitingRequest {
            id: self.say(id),
            asker,
            may: vec![
                Allowed { label: self.say("Read your work items"), scope: self.say("vso.work"), high_privilege: false },
                Allowed { label: self.say("Push code"), scope: self.say("vso.code_write"), high_privilege: true },
            ],
            sentence,
            asked: before(3 * DAY).before(now()),
            until: after(27 * DAY),
        };
        let sentence = self.say("The sprint report is due on Friday, and Burndown draws it.");
        ApprovalRequests {
            frame: self.frame(),
            name: self.say("harbor"),
            members_ask: true,
            done: Some(self.say("The request was approved. The person can authorize the service now.")),
            waiting: vec![
                waiting("q1", asker(self.burndown(), "Ben Adeyemi", "ben@harbor.test"), sentence),
                waiting("q2", asker(self.long_app(), "Dee Float", "dee@harbor.test"), String::new()),
            ],
            approved: vec![ApprovedRequest {
                id: self.say("q3"),
                asker: asker(self.contoso(), "Cy Buoy", "cy@harbor.test"),
                may: self.list(&["Read your source code", "Queue builds and report their results"]),
                by: self.say("Max Berg"),
                at: before(DAY),
            }],
            more_waiting: Some("/organizations/harbor/requests?waiting=q2".into()),
            more_approved: Some("/organizations/harbor/requests?approved=q3".into()),
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
            requests: 2,
            older_apps: None,
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
            older: true,
        }
    }

    fn service_members(&self) -> ServiceMembers {
        let choice = |value: &str, chosen| Choice { value: self.say(value), label: self.say(value), chosen };
        ServiceMembers {
            frame: self.frame(),
            name: self.say("harbor"),
            done: Some(self.say("Contoso CI is a member now.")),
            problems: Problems::default(),
            members: vec![
                ServiceMember {
                    client_id: self.say(CLIENT_ID),
                    app: Some(self.contoso().name),
                    access_level: self.say("Basic"),
                    scopes: self.list(&["vso.build", "vso.work"]),
                    projects: self.list(&["lighthouse (Readers)", "drydock (Readers)"]),
                    changed: Some(ChangedService {
                        shown: self.say("fingerprint"),
                        more: self.list(&["vso.code", "vso.work_write"]),
                        other: true,
                    }),
                    since: before(20 * DAY),
                    last_use: Some(LastUse { when: before(3 * HOUR).before(now()), address: self.say("203.0.113.24") }),
                },
                ServiceMember {
                    client_id: self.say("c2"),
                    app: None,
                    access_level: self.say("Stakeholder"),
                    scopes: Vec::new(),
                    projects: Vec::new(),
                    changed: None,
                    since: before(2 * DAY),
                    last_use: None,
                },
            ],
            form: ServiceForm {
                client: String::new(),
                access_levels: vec![choice("Stakeholder", false), choice("Basic", true)],
                groups: vec![choice("Readers", true), choice("Contributors", false)],
                projects: vec![choice("lighthouse", true), choice("drydock", false)],
            },
        }
    }

    fn services(&self) -> OrganizationServices {
        let authorization = |person: &str| ServiceAuthorization {
            person: self.say(person),
            may: self.list(&["Read work items", "Read builds"]),
            projects: self.list(&["lighthouse", "drydock"]),
            since: before(20 * DAY),
            until: Some(after(70 * DAY)),
            paused: false,
            last_used: Some(before(3 * HOUR).before(now())),
        };
        let unused = ServiceAuthorization { until: None, paused: true, last_used: None, ..authorization("Max Berg") };
        OrganizationServices {
            frame: self.frame(),
            name: self.say("harbor"),
            done: None,
            services: vec![
                Service {
                    legacy: false,
                    client_id: self.say("c1"),
                    app: self.burndown(),
                    stopped: false,
                    authorizations: vec![authorization("Ana Moreira"), unused],
                },
                Service {
                    legacy: true,
                    client_id: self.say("c2"),
                    app: self.contoso(),
                    stopped: true,
                    authorizations: vec![authorization("Ana Moreira")],
                },
            ],
        }
    }
}
