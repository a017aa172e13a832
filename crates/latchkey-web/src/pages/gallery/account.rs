//! The pages of a person's own account.

use super::{DAY, HOUR, Invent, Shown, after, before, now};
use crate::pages::authorization::{
    Allowed, Authorization, Deed, Ended, Event, LiveKey, Narrow, NarrowScope, RefusedCalls, UsedFor,
};
use crate::pages::authorizations::{
    AskedRow, AskedState, AuthorizationKind, AuthorizationRow, Authorizations, LastUse,
};
use crate::pages::confirm::Confirm;
use crate::pages::home::{Belonging, Home};
use crate::pages::legacy_app::Notice;
use crate::pages::record::{Record, Recorded};
use crate::pages::revoke::{Revoke, Revoked, Which};
use crate::pages::sessions::{SessionRow, Sessions};
use crate::pages::use_by_day::{DayOfUse, UseByDay};
use crate::pages::{Moment, Remaining};

pub(super) fn pages(invent: &Invent<'_>) -> Vec<Shown> {
    let revoked = |apps: &[&str], offline_until| Revoked {
        frame: invent.frame(),
        apps: invent.list(apps),
        at: now(),
        refresh_tokens: 1,
        access_tokens: 2,
        offline_until,
    };
    vec![
        Shown::new("authorizations", &invent.authorizations()),
        Shown::new(
            "authorizations-empty",
            &Authorizations {
                frame: invent.frame(),
                rows: Vec::new(),
                all: 0,
                unused: None,
                idle: 0,
                try_at: Some(invent.say("http://127.0.0.1:4281/")),
                asked: Vec::new(),
            },
        ),
        Shown::new("authorization", &invent.authorization()),
        Shown::new("authorization-for-session", &Authorization { for_session: true, ..invent.authorization() }),
        Shown::new(
            "authorization-unused",
            &Authorization {
                last_use: None,
                until: None,
                keys: Vec::new(),
                by_day: UseByDay(Vec::new()),
                refused: Vec::new(),
                used_for: Vec::new(),
                changes: Vec::new(),
                places: Vec::new(),
                ..invent.authorization()
            },
        ),
        Shown::new(
            "authorizations-none-unused",
            &Authorizations { rows: Vec::new(), unused: Some(90), idle: 0, ..invent.authorizations() },
        ),
        Shown::new("authorization-narrowed", &invent.narrowed(None)),
        Shown::new(
            "authorization-narrow-problem",
            &invent.narrowed(Some("Leave at least one organization or project.")),
        ),
        Shown::new(
            "authorization-ended",
            &Authorization {
                ended: Some(Ended { at: before(DAY), why: "You revoked it." }),
                keys: Vec::new(),
                ..invent.authorization()
            },
        ),
        Shown::new("authorization-paused", &Authorization { paused: Some(before(DAY)), ..invent.authorization() }),
        Shown::new(
            "all-revoke",
            &Revoke { frame: invent.frame(), which: Which::All, apps: invent.list(&["Burndown", "Contoso CI"]) },
        ),
        Shown::new(
            "revoke-one",
            &Revoke { frame: invent.frame(), which: Which::One(invent.say("a1")), apps: invent.list(&["Burndown"]) },
        ),
        Shown::new(
            "revoke-unused",
            &Revoke {
                frame: invent.frame(),
                which: Which::Unused(invent.list(&["a1", "a2"])),
                apps: invent.list(&["Burndown", "Contoso CI"]),
            },
        ),
        Shown::new("revoked", &revoked(&["Burndown"], None)),
        Shown::new("revoked-at-rest", &Revoked { access_tokens: 0, refresh_tokens: 0, ..revoked(&["Burndown"], None) }),
        Shown::new("revoked-all", &revoked(&["Burndown", "Contoso CI"], Some(after(HOUR)))),
        Shown::new("activity", &Record { whole: false, only: None, ..invent.record() }),
        Shown::new("activity-empty", &Record { whole: false, only: None, rows: Vec::new(), ..invent.record() }),
        Shown::new("audit", &invent.record()),
        Shown::new("audit-empty", &Record { rows: Vec::new(), ..invent.record() }),
        Shown::new("sessions", &invent.sessions(None, 3)),
        Shown::new("sessions-ended", &invent.sessions(Some(invent.say("Two sessions were ended.")), 1)),
        Shown::new("home", &invent.home(2)),
        Shown::new("home-shared-browser", &Home { frame: invent.shared_frame(), ..invent.home(2) }),
        Shown::new("home-new", &Home { organizations: Vec::new(), ..invent.home(0) }),
        Shown::new("home-first", &Home { organizations: Vec::new(), administers: true, ..invent.home(0) }),
        Shown::new("confirm", &invent.confirm()),
    ]
}

/// Calls of thirty days, of which one in so many was refused.
pub(super) fn by_day(refused_one_in: u32) -> UseByDay {
    let calls =
        [0, 4, 9, 12, 0, 0, 22, 31, 28, 40, 12, 3, 0, 6, 9, 14, 18, 33, 51, 47, 20, 0, 0, 8, 15, 28, 36, 30, 44, 12];
    let day =
        |(at, calls): (i64, u32)| DayOfUse { day: before((29 - at) * DAY), calls, refused: calls / refused_one_in };
    UseByDay((0..).zip(calls).map(day).collect())
}

impl Invent<'_> {
    fn last_use(&self, at: Moment) -> LastUse {
        LastUse { when: at.before(now()), address: self.say("203.0.113.24") }
    }

    fn record(&self) -> Record {
        let event = |number: i64, kind: &str, what: &str, subject: &str, refused: Option<&str>| Recorded {
            number,
            kind: self.say(kind),
            what: self.say(what),
            at: before(number * HOUR),
            refused: refused.map(|reason| self.say(reason)),
            who: Some((self.say("Ana Moreira"), Some(self.say("/audit?by=a1")))),
            app: refused.is_none().then(|| self.say("Burndown")),
            authorization: Some(self.say("/audit?authorization=a1")),
            subject: self.say(subject),
            changed: if kind == "policy_changed" {
                vec![self.say("Longest authorization: 90 days, before no limit")]
            } else {
                Vec::new()
            },
            address: Some(self.say("203.0.113.24")),
            href: self.say("/audit?before=9#event-8"),
        };
        Record {
            frame: self.frame(),
            directory: self.say("harbor.test"),
            whole: true,
            only: Some(self.say("Only what Ana Moreira did.")),
            rows: vec![
                event(3, "policy_changed", "Policy changed", "harbor", None),
                event(2, "sign_in_failed", "Sign in failed", "password", Some("The password was wrong.")),
                event(1, "authorization_granted", "Authorization granted", "vso.work vso.build", None),
            ],
            older: Some(self.say("/audit?before=1")),
            csv: self.say("/audit/csv"),
            jsonl: self.say("/audit/jsonl"),
            most: 10_000,
            call_days: 90,
        }
    }

    fn authorizations(&self) -> Authorizations {
        let row = |id: &str, app, kind, may: &[&str], places: &[&str]| AuthorizationRow {
            id: self.say(id),
            app,
            kind,
            may: self.list(may),
            places: self.list(places),
            since: before(3 * DAY),
            until: Some(after(87 * DAY)),
            for_session: false,
            paused: None,
            last_use: Some(self.last_use(before(HOUR / 5))),
            by_day: by_day(1_000),
            sunset: Vec::new(),
        };
        let burndown = row(
            "a1",
            self.burndown(),
            AuthorizationKind::OpenIdConnect,
            &["Read your work items", "Read your builds"],
            &["harbor: lighthouse"],
        );
        let contoso = AuthorizationRow {
            since: before(80 * DAY),
            until: None,
            ..row(
                "a2",
                self.contoso(),
                AuthorizationKind::OpenIdConnect,
                &["Read your source code", "Queue builds and report their results"],
                &["harbor: lighthouse, drydock", "shore: pier"],
            )
        };
        let old = AuthorizationRow {
            last_use: None,
            paused: Some(before(DAY)),
            sunset: vec![Notice {
                urgent: false,
                sentence: self.say("Apps of the older kind stop working in harbor in 30 days, on 2 April 2026."),
            }],
            ..row("a3", self.long_app(), AuthorizationKind::Legacy, &["Read your work items"], &[])
        };
        let asked = |state| AskedRow {
            app: self.say("Contoso CI"),
            organization: self.say("harbor"),
            asked: before(3 * DAY).before(now()),
            state,
        };
        let states = [
            AskedState::Waiting(after(27 * DAY)),
            AskedState::Expired,
            AskedState::AppChanged,
            AskedState::Approved(self.say("Max Berg"), before(DAY).before(now())),
            AskedState::Denied(self.say("Max Berg"), before(DAY).before(now())),
        ];
        Authorizations {
            frame: self.frame(),
            rows: vec![burndown, contoso, old],
            all: 3,
            unused: None,
            idle: 1,
            try_at: None,
            asked: states.into_iter().map(asked).collect(),
        }
    }

    fn narrowed(&self, problem: Option<&str>) -> Authorization {
        let scope = |value: &str, label: &str, required| NarrowScope {
            value: self.say(value),
            label: self.say(label),
            required,
            high_privilege: !required,
        };
        let narrow = Narrow {
            version: 2,
            scopes: vec![scope("vso.work", "Read your work items", true), scope("vso.code_write", "Push code", false)],
            organizations: vec![self.organization(
                "o1",
                "harbor",
                &[("p1", "lighthouse", &["lamp", "tower"]), ("p2", "drydock", &[])],
            )],
            days: vec![90, 30, 7, 1],
            problem: problem.map(|problem| self.say(problem)),
        };
        let done = problem.is_none().then(|| self.say("It was narrowed."));
        Authorization { narrow: Some(narrow), done, ..self.authorization() }
    }

    fn authorization(&self) -> Authorization {
        let event = |at, sentence: &str| Event { at, sentence: self.say(sentence) };
        Authorization {
            frame: self.frame(),
            id: self.say("a1"),
            app: self.burndown(),
            kind: AuthorizationKind::OpenIdConnect,
            sign_in_at: Some(self.say("https://ci.contoso.example/login?iss=https%3A%2F%2Flatchkey.test")),
            email: self.say("ana@harbor.test"),
            may: vec![
                Allowed { label: self.say("Read your work items"), scope: self.say("vso.work"), high_privilege: false },
                Allowed { label: self.say("Push code"), scope: self.say("vso.code_write"), high_privilege: true },
            ],
            places: self.list(&["harbor: lighthouse", "harbor: drydock"]),
            since: before(29 * DAY),
            until: Some(after(61 * DAY)),
            for_session: false,
            paused: None,
            ended: None,
            done: None,
            narrow: None,
            last_use: Some(self.last_use(before(HOUR / 4))),
            keys: vec![
                LiveKey { kind: self.say("Access token"), issued: before(HOUR / 2), left: Remaining(2_460) },
                LiveKey { kind: self.say("Refresh token"), issued: before(HOUR / 2), left: Remaining(61 * 86_400) },
            ],
            events: vec![
                event(before(HOUR / 2), "It got a new key."),
                event(
                    before(2 * DAY),
                    "A key that was used up came back: somebody may hold a copy. That line of keys was ended.",
                ),
                event(before(10 * DAY), "You approved more: Push code."),
                event(before(29 * DAY), "You approved it from 203.0.113.24."),
            ],
            by_day: by_day(9),
            used_for: vec![UsedFor {
                operation: self.say("View work items"),
                place: Some(self.say("lighthouse")),
                count: 512,
                last: before(HOUR / 4),
            }],
            changes: vec![Deed {
                sentence: self.say("Changed Bug #4: Lamp flickers when the wind turns north"),
                href: self.say("/harbor/lighthouse/_workitems/edit/4"),
                at: before(2 * DAY),
            }],
            refused: vec![
                RefusedCalls {
                    wanted: self.say("read source code"),
                    why: "the place is not part of what you approved",
                    count: 41,
                    last: before(2 * DAY),
                },
                RefusedCalls {
                    wanted: self.say("edit work items"),
                    why: "you did not approve that",
                    count: 1,
                    last: before(9 * DAY),
                },
            ],
        }
    }

    fn sessions(&self, done: Option<String>, count: usize) -> Sessions {
        let row = |id: &str, browser: &str, this| SessionRow {
            id: self.say(id),
            browser: self.say(browser),
            address: self.say("203.0.113.24"),
            since: before(6 * DAY),
            seen: before(HOUR / 30).before(now()),
            this,
        };
        let rows = [
            row("s1", "Firefox on Linux", true),
            row("s2", "Safari on iPhone", false),
            row("s3", "Edge on Windows", false),
        ];
        Sessions { frame: self.frame(), done, rows: rows.into_iter().take(count).collect() }
    }

    fn home(&self, authorizations: u32) -> Home {
        let belonging = |name: &str, role: &str, level: &str| Belonging {
            name: self.say(name),
            role: self.say(role),
            access_level: self.say(level),
        };
        Home {
            frame: self.frame(),
            person: self.ana(),
            authorizations,
            sessions: 1,
            apps: authorizations / 2,
            audits: authorizations > 0,
            administers: authorizations > 0,
            organizations: vec![belonging("harbor", "Owner", "Basic"), belonging("shore", "Member", "Stakeholder")],
        }
    }

    fn confirm(&self) -> Confirm {
        Confirm {
            frame: self.frame(),
            heading: self.say("Delete Contoso CI?"),
            consequences: self
                .list(&["12 people lose what they authorized, at once.", "Its client id is never used again."]),
            action: self.say("/apps/31359c7f-bd7e-475c-86db-fdb8c937548e/delete"),
            fields: self.pairs(&[("really", "yes")]),
            button: self.say("Delete"),
            back: self.say("/apps/31359c7f-bd7e-475c-86db-fdb8c937548e"),
        }
    }
}
