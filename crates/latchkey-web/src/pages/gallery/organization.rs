//! The pages of those who run organizations.

use super::account::by_day;
use super::{CLIENT_ID, DAY, HOUR, Invent, Shown, after, before, now};
use crate::pages::Problems;
use crate::pages::approval_requests::{ApprovalRequests, ApprovedRequest, Asker, WaitingRequest};
use crate::pages::authorization::Allowed;
use crate::pages::authorizations::LastUse;
use crate::pages::organization::{MemberRow, Organization, OrganizationPolicy, ProjectRow, Switch, WhoMayAuthorize};
use crate::pages::organization_services::{OrganizationServices, Service, ServiceAuthorization};
use crate::pages::service_members::{ChangedService, Choice, ServiceForm, ServiceMember, ServiceMembers};
use crate::pages::use_by_day::UseByDay;

pub(super) fn pages(invent: &Invent<'_>) -> Vec<Shown> {
    let nobody = OrganizationServices {
        frame: invent.frame(),
        name: invent.say("harbor"),
        done: Some(invent.say("Contoso CI was stopped.")),
        services: Vec::new(),
    };
    vec![
        Shown::new("organization", &invent.organization_page(true)),
        Shown::new(
            "organization-older-apps-in-short",
            &Organization { older_apps: Some(invent.older_apps_in_short()), ..invent.organization_page(true) },
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
            counted: self
                .say("Counted are the calls of the last 7 days, and the authorizations that are alive now (9)."),
            choices: WhoMayAuthorize::ALL
                .map(|who| (who, self.say("3 of 9 authorizations could not be given again.")))
                .into(),
            who: WhoMayAuthorize::Administrators,
            longest: self.keep(&[0, 1, 2]),
            services: self.switch(),
            older: self.switch(),
        }
    }

    fn switch(&self) -> Switch {
        Switch {
            on: true,
            would_on: self.say("Would have refused 0 of 3401 calls."),
            would_off: self.say("Would have refused 12 of 3401 calls."),
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
            for_session: false,
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
                    by_day: by_day(1_000),
                    authorizations: vec![authorization("Ana Moreira"), unused],
                    more: 1_234,
                },
                Service {
                    legacy: true,
                    client_id: self.say("c2"),
                    app: self.contoso(),
                    stopped: true,
                    by_day: UseByDay(Vec::new()),
                    authorizations: vec![authorization("Ana Moreira")],
                    more: 0,
                },
            ],
        }
    }
}
