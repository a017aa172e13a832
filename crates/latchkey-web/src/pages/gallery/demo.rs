//! The pages of the demo, and those of its service.

use super::{HOUR, Invent, Shown, before};
use crate::pages::Remaining;
use crate::pages::buildlight::{Buildlight, Lamp, Waiting};
use crate::pages::burndown::{
    BurndownDashboard, BurndownEnded, BurndownItem, BurndownProject, BurndownStart, Reading, Refusal,
};
use crate::pages::demo::{
    CapturedMail, Demo, DemoAccount, DemoMail, DemoMessage, DemoNow, DemoStep, DemoStepState, DemoWhole,
};
use crate::pages::oldtimer::{Oldtimer, OldtimerConnected, OldtimerNotice, OldtimerTold};

pub(super) fn pages(invent: &Invent<'_>) -> Vec<Shown> {
    let refused = Refusal { code: invent.say("access_denied"), sentence: invent.say("You said no, and that is fine.") };
    vec![
        Shown::new("demo", &invent.demo()),
        Shown::new("demo-start", &Demo { now: DemoNow { messages: Vec::new(), ..invent.walked() }, ..invent.demo() }),
        Shown::new("demo-message", &DemoWhole { frame: invent.nobodys_frame(), message: invent.message() }),
        Shown::new("demo-mail", &invent.mail()),
        Shown::new("demo-mail-empty", &DemoMail { frame: invent.nobodys_frame(), messages: Vec::new() }),
        Shown::new("burndown-start", &BurndownStart { refused: None }),
        Shown::new("burndown-refused", &BurndownStart { refused: Some(refused) }),
        Shown::new("burndown-dashboard", &invent.dashboard()),
        Shown::new("burndown-nothing", &BurndownDashboard { projects: Vec::new(), ..invent.dashboard() }),
        Shown::new(
            "burndown-ended",
            &BurndownEnded {
                code: invent.say("401"),
                call: invent.say("GET /harbor/_apis/projects"),
                sentence: invent.say("You took our key back, so we can no longer see your work items."),
            },
        ),
        Shown::new("buildlight", &invent.lamp(Lamp::Off(None))),
        Shown::new(
            "buildlight-refused",
            &invent.lamp(Lamp::Off(Some(Refusal {
                code: invent.say("expired_token"),
                sentence: invent.say("Nobody typed the code in time."),
            }))),
        ),
        Shown::new("buildlight-waiting", &invent.waiting_lamp()),
        Shown::new("buildlight-red", &invent.lit_lamp(true)),
        Shown::new("buildlight-green", &invent.lit_lamp(false)),
        Shown::new("buildlight-nothing", &invent.lamp(Lamp::On { red: false, projects: Vec::new() })),
        Shown::new("oldtimer", &invent.oldtimer()),
        Shown::new(
            "oldtimer-start",
            &Oldtimer { notice: None, connected: None, told: Vec::new(), ..invent.oldtimer() },
        ),
        Shown::new(
            "oldtimer-refused",
            &Oldtimer {
                connected: None,
                refused: Some(Refusal { code: invent.say("401"), sentence: invent.say("You took it back.") }),
                ..invent.oldtimer()
            },
        ),
    ]
}

impl Invent<'_> {
    fn lamp(&self, lamp: Lamp) -> Buildlight {
        Buildlight { csrf: self.say("csrf"), lamp }
    }

    fn waiting_lamp(&self) -> Buildlight {
        self.lamp(Lamp::Waiting(Waiting {
            user_code: self.say("WDJB-MJHT"),
            page: self.say("http://localhost:4280/device"),
            link: self.say("http://localhost:4280/device?user_code=WDJB-MJHT"),
            left: Remaining(840),
        }))
    }

    fn lit_lamp(&self, red: bool) -> Buildlight {
        let build = BurndownItem {
            title: self.say("foghorn"),
            detail: self.say("20260303.1"),
            tag: self.say(if red { "failed" } else { "succeeded" }),
        };
        let refused = Reading::Refused(self.say("the answer was 503."));
        let projects = vec![(self.say("lighthouse"), Reading::Have(vec![build])), (self.say("drydock"), refused)];
        self.lamp(Lamp::On { red, projects })
    }

    fn demo(&self) -> Demo {
        let account = |email: &str, role: &str, hint: &str| DemoAccount {
            email: self.say(email),
            password: self.say("correct-horse-1"),
            role: self.say(role),
            hint: self.say(hint),
            href: self.say("/signin?email=ana%40harbor.test"),
        };
        Demo {
            frame: self.nobodys_frame(),
            now: self.walked(),
            accounts: vec![
                account("ana@harbor.test", "owner", "May approve everything in harbor."),
                account("cy@harbor.test", "stakeholder", "Is told what is missing."),
            ],
            clone_line: self.say("git clone http://token@localhost:4280/harbor/lighthouse/_git/lighthouse"),
        }
    }

    fn walked(&self) -> DemoNow {
        let step = |title: &str, text: &str, specification: &str, state| DemoStep {
            title: self.say(title),
            text: self.say(text),
            happened: self.say("Burndown sent the hash of a word that only it knows."),
            specification: self.say(specification),
            link: Some((self.say("http://127.0.0.1:4281/"), self.say("Open Burndown"))),
            state,
        };
        DemoNow {
            service_url: self.say("http://127.0.0.1:4281/"),
            steps: vec![
                step("Burndown asks", "It sends you here with a request.", "RFC 6749 §4.1.1", DemoStepState::Done),
                step(
                    "You pick an account",
                    "And sign in, here only.",
                    "OpenID Connect Core §3.1.2.3",
                    DemoStepState::Next,
                ),
                DemoStep {
                    link: None,
                    ..step("You approve less", "Leave out drydock.", "RFC 6749 §3.3", DemoStepState::Later)
                },
            ],
            messages: vec![
                DemoMessage {
                    number: 1,
                    from: self.say("browser"),
                    to: self.say("Latchkey"),
                    line: self.say("GET /organizations/oauth2/v2.0/authorize?client_id=..."),
                    note: self.say("Burndown asks for work items and builds."),
                    body: self.say("response_type=code\ncode_challenge_method=S256"),
                    hides: false,
                    decoded: Vec::new(),
                },
                self.message(),
            ],
        }
    }

    fn message(&self) -> DemoMessage {
        DemoMessage {
            number: 2,
            from: self.say("Latchkey"),
            to: self.say("Burndown"),
            line: self.say("200 OK"),
            note: self.say("The key, good for 71 minutes."),
            body: self.say("{\"access_token\": \"[masked]\"}"),
            hides: true,
            decoded: self.pairs(&[("access_token", "{\n  \"aud\": \"499b84ac\"\n}")]),
        }
    }

    fn oldtimer(&self) -> Oldtimer {
        Oldtimer {
            notice: Some(OldtimerNotice {
                since: self.say("1 April 2025"),
                end: self.say("21 May 2027"),
                way_out: self.say("http://localhost:4280/legacy"),
            }),
            connected: Some(OldtimerConnected {
                csrf: self.say("csrf"),
                key_left: Remaining(3_540),
                work_items: Reading::Have(vec![BurndownItem {
                    title: self.say("Lamp flickers when the wind turns north"),
                    detail: self.say("Bug #4"),
                    tag: self.say("Active"),
                }]),
            }),
            refused: None,
            register: self.say("http://localhost:4280/app/register"),
            told: vec![OldtimerTold {
                call: self.say("POST /oauth2/token, assertion: a code"),
                answer: self.say("200: expires_in is the text \"3600\""),
            }],
        }
    }

    fn mail(&self) -> DemoMail {
        DemoMail {
            frame: self.nobodys_frame(),
            messages: vec![CapturedMail {
                to: self.say("ana@harbor.test"),
                subject: self.say("Burndown can now read your work items"),
                at: before(HOUR),
                text: self.say("You approved it just now.\n\nIf that was not you, take it back."),
            }],
        }
    }

    fn dashboard(&self) -> BurndownDashboard {
        let item = |title: &str, detail: &str, tag: &str| BurndownItem {
            title: self.say(title),
            detail: self.say(detail),
            tag: self.say(tag),
        };
        let project = |name: &str, commits| BurndownProject {
            name: self.say(name),
            work_items: Reading::Have(vec![
                item("Lamp flickers when the wind turns north", "Bug #4", "Active"),
                item("Order a new lens", "Task #6", "Closed"),
            ]),
            commits,
            builds: Reading::Have(Vec::new()),
        };
        let commits = Reading::Have(vec![item("Hold the lamp steady", "Ben Adeyemi", "4f1c2ab")]);
        BurndownDashboard {
            person: self.say("Ana Moreira"),
            csrf: self.say("csrf"),
            key_left: Remaining(4_260),
            projects: vec![
                project("harbor / lighthouse", commits),
                project("harbor / drydock", Reading::Refused(self.say("source code was not approved."))),
            ],
        }
    }
}
