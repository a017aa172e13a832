//! The pages of apps of the older kind, and of the organizations that they act in.

use super::{CLIENT_ID, DAY, HOUR, Invent, Shown, after, before, now};
use crate::pages::Problems;
use crate::pages::app::AppDetails;
use crate::pages::legacy_app::{
    CodeChange, Elsewhere, LegacyAppDetails, LegacyMoved, MovedApp, Notice, OldWayRow, OlderAppRow, OrganizationEnd,
    OrganizationOlderApps,
};
use crate::pages::organization::OlderApps;

pub(super) fn pages(invent: &Invent<'_>) -> Vec<Shown> {
    vec![
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
    ]
}

impl Invent<'_> {
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

    pub(super) fn older_apps_in_short(&self) -> OlderApps {
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
}
