//! The steps of the guided walk: which there are, and which have really happened.

use latchkey_web::pages::demo::{DemoStep, DemoStepState};

/// Something that happened, in the order of the walk.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub(crate) enum Happened {
    /// Burndown asked for access.
    Asked,
    /// Somebody picked an account, or signed in.
    SignedIn,
    /// They approved it, or part of it.
    Approved,
    /// Burndown got its keys.
    GotKeys,
    /// It read something with them.
    Read,
    /// The person found it under Manage authorizations.
    WasFound,
    /// They took it back.
    WasRevoked,
    /// Burndown's next call failed.
    WasRefused,
    /// An app of the older kind got its keys.
    OlderGotKeys,
    /// git got in with a key.
    Cloned,
}

impl Happened {
    const ALL: [Self; 10] = [
        Self::Asked,
        Self::SignedIn,
        Self::Approved,
        Self::GotKeys,
        Self::Read,
        Self::WasFound,
        Self::WasRevoked,
        Self::WasRefused,
        Self::OlderGotKeys,
        Self::Cloned,
    ];
}

/// Which steps have happened.
#[derive(Clone, Copy, PartialEq, Eq, Default, Debug)]
pub(crate) struct Steps {
    happened: [bool; Happened::ALL.len()],
}

impl Steps {
    /// Whether something has happened.
    pub(crate) fn have(self, happened: Happened) -> bool {
        self.happened.get(happened as usize).copied().unwrap_or(false)
    }

    /// Notes what happened, if the walk is there yet.
    pub(crate) fn note(&mut self, happened: Happened) {
        use Happened as H;
        match happened {
            // Who begins again after the end walks again.
            H::Asked if self.have(H::WasRefused) => *self = Self::default(),
            H::Asked | H::GotKeys => {}
            H::SignedIn | H::Approved if !self.have(H::Asked) => return,
            H::Read | H::WasFound | H::WasRevoked if !self.have(H::GotKeys) => return,
            H::WasRefused if !self.have(H::WasRevoked) => return,
            _ => {}
        }
        // Whoever is known already is neither asked to sign in nor, for the same again, to approve.
        let until = match happened {
            H::Approved | H::GotKeys => happened as usize,
            _ => 0,
        };
        for (place, flag) in self.happened.iter_mut().enumerate() {
            *flag |= place < until || place == happened as usize;
        }
    }

    /// The steps for the page.
    pub(crate) fn shown(self, service_url: &str, oldtimer_url: &str) -> Vec<DemoStep> {
        let next = Happened::ALL.into_iter().find(|step| !self.have(*step));
        let state = |step| match step {
            step if self.have(step) => DemoStepState::Done,
            step if next == Some(step) => DemoStepState::Next,
            _ => DemoStepState::Later,
        };
        Happened::ALL.into_iter().map(|step| described(step, service_url, oldtimer_url, state(step))).collect()
    }
}

fn described(step: Happened, service_url: &str, oldtimer_url: &str, state: DemoStepState) -> DemoStep {
    let burndown = |label: &str| Some((format!("{service_url}/"), label.to_owned()));
    let own = |path: &str, label: &str| Some((path.to_owned(), label.to_owned()));
    let (title, text, specification, link) = match step {
        Happened::Asked => (
            "Burndown asks",
            "It is another company's site. It wants to show your work items, so it sends you here with a request: who it \
             is, what it wants, where to send you back.",
            "RFC 6749 §4.1.1, RFC 7636 §4.3",
            burndown("Open Burndown"),
        ),
        Happened::SignedIn => (
            "You pick an account",
            "And sign in, on Latchkey's own page. Burndown never sees the password. Start as ana@harbor.test: her password is below.",
            "OpenID Connect Core §3.1.2.3",
            None,
        ),
        Happened::Approved => (
            "You approve all of it, or less",
            "Untick the project drydock, or the source code: Burndown gets what is left. Sign in as Ben or Cy instead, and \
             you are told what is missing.",
            "RFC 6749 §3.3",
            None,
        ),
        Happened::GotKeys => (
            "Burndown gets its keys",
            "The browser brought it a code. With the code, its own secret and the verifier that only it knows, it gets an ID \
             token, an access token for at most 90 minutes, and a refresh token.",
            "RFC 6749 §4.1.3, OpenID Connect Core §3.1.3",
            None,
        ),
        Happened::Read => (
            "It reads what you approved",
            "Each call is checked against what you approved, what you may do now, and what the organization allows.",
            "RFC 6750 §2.1",
            burndown("Look at Burndown"),
        ),
        Happened::WasFound => (
            "You see every key that is out",
            "Who has it, what it opens, until when, and when it was last used.",
            "RFC 6819 §5.1.3",
            own("/profile/authorizations", "Manage authorizations"),
        ),
        Happened::WasRevoked => (
            "You take it back",
            "From then on nothing new is issued, and within a second nothing of it is accepted anywhere.",
            "RFC 6819 §5.2.2.4",
            own("/profile/authorizations", "Manage authorizations"),
        ),
        Happened::WasRefused => (
            "Its next call fails",
            "Burndown says so plainly. It has nothing left with which to ask again, except you.",
            "RFC 6750 §3.1, RFC 6749 §5.2",
            burndown("Look at Burndown again"),
        ),
        Happened::OlderGotKeys => (
            "An older app still works",
            "Oldtimer was registered years ago, for the older OAuth kind. Approve it: it gets the same short keys, it is in the same \
             list, and every answer tells it when its time is over. Then try to register another one.",
            "RFC 7523 §2.1, RFC 9745, RFC 8594",
            Some((format!("{oldtimer_url}/"), "Open Oldtimer".to_owned())),
        ),
        Happened::Cloned => (
            "git clones with a key",
            "Paste the line below into a terminal. It prints an address: approve Pocket Tools there, and git goes on by itself, \
             with an access token as its password.",
            "RFC 8628 §3.3",
            own("#clone", "See the line"),
        ),
    };
    DemoStep { title: title.to_owned(), text: text.to_owned(), specification: specification.to_owned(), link, state }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn after(happened: &[Happened]) -> Vec<Happened> {
        let mut steps = Steps::default();
        happened.iter().for_each(|one| steps.note(*one));
        Happened::ALL.into_iter().filter(|step| steps.have(*step)).collect()
    }

    #[test]
    fn a_step_ticks_when_it_has_happened_in_this_walk() {
        use Happened as H;
        assert_eq!(after(&[H::SignedIn, H::WasFound, H::Read]), []);
        assert_eq!(after(&[H::Asked, H::SignedIn]), [H::Asked, H::SignedIn]);
        assert_eq!(after(&[H::Asked, H::GotKeys]), [H::Asked, H::SignedIn, H::Approved, H::GotKeys]);
        assert_eq!(after(&[H::Asked, H::GotKeys, H::WasRefused]).len(), 4, "nothing was revoked yet");
    }

    #[test]
    fn who_begins_again_after_the_end_walks_again() {
        use Happened as H;
        let whole = [H::Asked, H::GotKeys, H::Read, H::WasFound, H::WasRevoked, H::WasRefused];
        assert_eq!(after(&whole).len(), 8);
        assert_eq!(after(&[&whole[..], &[H::Asked]].concat()), [H::Asked]);
    }

    #[test]
    fn one_step_is_the_next() {
        let mut steps = Steps::default();
        steps.note(Happened::Asked);
        let states: Vec<_> =
            steps.shown("http://127.0.0.1:4281", "http://127.0.0.1:4282").iter().map(|step| step.state).collect();
        assert!(states[0] == DemoStepState::Done && states[1] == DemoStepState::Next);
        assert!(states[2..].iter().all(|state| *state == DemoStepState::Later));
    }
}
