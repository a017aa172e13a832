//! What must not be found in a history, however it came about.
//!
//! A token family lives, and then it is dead: what was refused once, or ended by an acknowledged revocation, never works again. And it does
//! not die of nothing: whatever is refused has a reason that stands in the history.

use std::collections::{BTreeMap, BTreeSet};

use uuid::Uuid;

use crate::history::{Answer, Entry, Event, Keys, Span};

/// A word that was not kept.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(crate) enum Violation {
    /// A code was redeemed more than once.
    RedeemedTwice { code: String },
    /// One refresh token has two successors.
    Forked { token: String },
    /// A refresh token worked although its successor was in use.
    Reused { token: String },
    /// It was acknowledged, nobody took it back, and it is gone.
    Lost { what: String },
    /// It worked after its end was acknowledged.
    Outlived { what: String },
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Outcome {
    Done,
    Refused,
    Unknown,
}

impl<T> From<&Answer<T>> for Outcome {
    fn from(answer: &Answer<T>) -> Self {
        match answer {
            Answer::Done(_) => Self::Done,
            Answer::Refused(_) => Self::Refused,
            Answer::Unknown => Self::Unknown,
        }
    }
}

/// One try at something that is meant to happen once.
#[derive(Clone, Copy)]
struct Attempt<'a> {
    lane: usize,
    span: Span,
    outcome: Outcome,
    keys: Option<&'a Keys>,
}

/// What an authorization's person was told of it first, and when.
struct Known {
    person: usize,
    since: u64,
}

/// A token family, and the code it began with.
struct Family<'a> {
    authorization: Uuid,
    code: Option<&'a str>,
    tokens: BTreeSet<&'a str>,
}

/// One use of a token family: did it work?
struct Used {
    family: Uuid,
    span: Span,
    worked: bool,
    what: String,
}

/// The history, by what it is about.
#[derive(Default)]
struct Facts<'a> {
    /// When and by whom each code was got.
    codes: BTreeMap<&'a str, Attempt<'a>>,
    redemptions: BTreeMap<&'a str, Vec<Attempt<'a>>>,
    refreshes: BTreeMap<&'a str, Vec<Attempt<'a>>>,
    revocations: BTreeMap<Uuid, Vec<Attempt<'a>>>,
    authorizations: BTreeMap<Uuid, Known>,
    families: BTreeMap<Uuid, Family<'a>>,
    family_of: BTreeMap<&'a str, Uuid>,
    uses: Vec<Used>,
    lists: Vec<(usize, Span, &'a BTreeSet<Uuid>)>,
    /// Whether the server went on while its database was away.
    survives: bool,
    violations: Vec<Violation>,
}

/// Everything in the history that must not be there.
pub(crate) fn check(history: &[Entry]) -> Vec<Violation> {
    check_facts(history, Facts::default())
}

/// The same of a server that outlives its database. While it does not know whether something ended, it refuses what hangs below it; that was not
/// acknowledged, and need not have happened.
pub(crate) fn check_of_a_survivor(history: &[Entry]) -> Vec<Violation> {
    check_facts(history, Facts { survives: true, ..Facts::default() })
}

fn check_facts<'a>(history: &'a [Entry], mut facts: Facts<'a>) -> Vec<Violation> {
    for entry in history {
        facts.note(entry);
    }
    let mut violations = std::mem::take(&mut facts.violations);
    facts.gather_uses();
    facts.check_codes(&mut violations);
    facts.check_tokens(&mut violations);
    facts.check_uses(&mut violations);
    facts.check_lists(&mut violations);
    violations
}

impl<'a> Facts<'a> {
    fn note(&mut self, entry: &'a Entry) {
        let (lane, span) = (entry.lane, entry.span);
        let attempt = |outcome, keys| Attempt { lane, span, outcome, keys };
        match &entry.event {
            Event::Approve(Answer::Done(code)) => {
                self.codes.insert(code, attempt(Outcome::Done, None));
            }
            Event::Approve(Answer::Refused(why)) => self.lost(format!("the sign-in of lane {lane}: {why}")),
            Event::Approve(Answer::Unknown) | Event::List(Answer::Unknown) | Event::Use(_, Answer::Unknown) => {}
            Event::Redeem(code, answer) => {
                let keys = self.gained(entry, answer, Some(code));
                self.redemptions.entry(code).or_default().push(attempt(answer.into(), keys));
            }
            Event::Refresh(token, answer) => {
                let keys = self.gained(entry, answer, None);
                self.refreshes.entry(token).or_default().push(attempt(answer.into(), keys));
            }
            Event::Use(keys, answer) => {
                let worked = matches!(answer, Answer::Done(()));
                let what = format!("an access token of family {} ({answer:?})", keys.family);
                self.uses.push(Used { family: keys.family, span, worked, what });
            }
            Event::Revoke(authorization, answer) => {
                if let Answer::Refused(why) = answer {
                    self.lost(format!("authorization {authorization}, which could not be revoked: {why}"));
                }
                self.revocations.entry(*authorization).or_default().push(attempt(answer.into(), None));
            }
            Event::List(Answer::Refused(why)) => self.lost(format!("the sign-in of lane {lane}: {why}")),
            Event::List(Answer::Done(listed)) => {
                for authorization in listed {
                    self.know(*authorization, entry);
                }
                self.lists.push((entry.person, span, listed));
            }
        }
    }

    fn lost(&mut self, what: String) {
        self.violations.push(Violation::Lost { what });
    }

    fn know(&mut self, authorization: Uuid, entry: &Entry) {
        let since = entry.span.answered;
        let known = self.authorizations.entry(authorization).or_insert(Known { person: entry.person, since });
        known.since = known.since.min(since);
    }

    /// Takes note of the keys that an answer brought.
    fn gained(&mut self, entry: &Entry, answer: &'a Answer<Keys>, code: Option<&'a str>) -> Option<&'a Keys> {
        let Answer::Done(keys) = answer else { return None };
        self.know(keys.authorization, entry);
        self.family_of.insert(&keys.refresh, keys.family);
        let authorization = keys.authorization;
        let new = || Family { authorization, code: None, tokens: BTreeSet::new() };
        let family = self.families.entry(keys.family).or_insert_with(new);
        family.code = family.code.or(code);
        family.tokens.insert(&keys.refresh);
        Some(keys)
    }

    /// Redemptions and refreshes are uses of their families too.
    fn gather_uses(&mut self) {
        for (code, attempts) in &self.redemptions {
            for Attempt { span, keys, .. } in attempts {
                if let Some(keys) = keys {
                    let what = format!("code {code}");
                    self.uses.push(Used { family: keys.family, span: *span, worked: true, what });
                }
            }
        }
        for (token, attempts) in &self.refreshes {
            let Some(family) = self.family_of.get(token) else { continue };
            for Attempt { span, outcome, .. } in attempts {
                if *outcome != Outcome::Unknown {
                    let (worked, what) = (*outcome == Outcome::Done, format!("refresh token {token}"));
                    self.uses.push(Used { family: *family, span: *span, worked, what });
                }
            }
        }
    }

    /// A code works once; and it does work, unless it was tried before or its authorization was revoked.
    fn check_codes(&self, violations: &mut Vec<Violation>) {
        for (code, attempts) in &self.redemptions {
            let done = attempts.iter().filter(|attempt| attempt.outcome == Outcome::Done).count();
            if done > 1 {
                violations.push(Violation::RedeemedTwice { code: (*code).to_owned() });
            }
            for refused in attempts.iter().filter(|attempt| attempt.outcome == Outcome::Refused) {
                let tried = attempts
                    .iter()
                    .any(|other| other.outcome != Outcome::Refused && other.span.asked < refused.span.answered);
                if !tried && !self.lane_revoked(code, refused.span.answered) {
                    violations.push(Violation::Lost { what: format!("code {code}") });
                }
            }
        }
    }

    /// Whether whoever got this code may have revoked its authorization since, before `by`.
    fn lane_revoked(&self, code: &str, by: u64) -> bool {
        let Some(got) = self.codes.get(code) else { return false };
        self.revocations.values().flatten().any(|revoked| {
            revoked.lane == got.lane
                && revoked.outcome != Outcome::Refused
                && revoked.span.answered > got.span.asked
                && revoked.span.asked < by
        })
    }

    /// A refresh token has one successor, and does not work any more once that is in use.
    fn check_tokens(&self, violations: &mut Vec<Violation>) {
        for (token, attempts) in &self.refreshes {
            let successors: BTreeSet<&str> = attempts.iter().filter_map(successor).collect();
            if successors.len() > 1 {
                violations.push(Violation::Forked { token: (*token).to_owned() });
            }
            let used = successors.iter().filter_map(|successor| self.refreshes.get(successor)).flatten();
            let used = used.filter(|attempt| attempt.outcome == Outcome::Done);
            let used = used.map(|attempt| attempt.span.answered).min();
            let again = |attempt: &Attempt| {
                attempt.outcome == Outcome::Done && used.is_some_and(|used| used < attempt.span.asked)
            };
            if attempts.iter().any(again) {
                violations.push(Violation::Reused { token: (*token).to_owned() });
            }
        }
    }

    fn check_uses(&self, violations: &mut Vec<Violation>) {
        let may_end: BTreeMap<Uuid, u64> =
            self.families.iter().filter_map(|(id, family)| Some((*id, self.may_end(family)?))).collect();
        let has_ended: BTreeMap<Uuid, u64> =
            self.families.iter().filter_map(|(id, family)| Some((*id, self.has_ended(family)?))).collect();
        let mut refused: BTreeMap<Uuid, u64> = BTreeMap::new();
        let counts = |used: &&Used| !(used.worked || self.survives && self.is_in_doubt(used.family));
        for used in self.uses.iter().filter(counts) {
            let first = refused.entry(used.family).or_insert(used.span.answered);
            *first = (*first).min(used.span.answered);
        }
        for Used { family, span, worked, what } in &self.uses {
            let before = |moments: &BTreeMap<Uuid, u64>, moment| moments.get(family).is_some_and(|end| *end < moment);
            if *worked && (before(&has_ended, span.asked) || before(&refused, span.asked)) {
                violations.push(Violation::Outlived { what: what.clone() });
            }
            if !*worked && !before(&may_end, span.answered) {
                violations.push(Violation::Lost { what: what.clone() });
            }
        }
    }

    /// Whether nobody was told what became of something that may have ended a family.
    fn is_in_doubt(&self, family: Uuid) -> bool {
        let Some(family) = self.families.get(&family) else { return false };
        let refreshes = family.tokens.iter().filter_map(|token| self.refreshes.get(token)).flatten();
        let mut all = self.revocations_of(family.authorization).chain(self.replays(family)).chain(refreshes);
        all.any(|attempt| attempt.outcome == Outcome::Unknown)
    }

    /// From when on a family may be dead: a revocation was asked for, its code came a second time, or a refresh token after its successor.
    fn may_end(&self, family: &Family) -> Option<u64> {
        let revocations = self.revocations_of(family.authorization);
        let revoked =
            revocations.filter(|attempt| attempt.outcome != Outcome::Refused).map(|attempt| attempt.span.asked);
        let replayed = self.replays(family).map(|attempt| attempt.span.asked);
        let reused = family.tokens.iter().filter_map(|token| self.refreshes.get(token)).flat_map(|attempts| {
            let next = attempts.iter().find_map(successor).and_then(|next| self.refreshes.get(next));
            let used = next.into_iter().flatten().filter(|attempt| attempt.outcome != Outcome::Refused);
            let used = used.map(|attempt| attempt.span.asked).min();
            attempts.iter().filter(move |attempt| used.is_some_and(|used| used < attempt.span.answered))
        });
        revoked.chain(replayed).chain(reused.map(|attempt| attempt.span.asked)).min()
    }

    /// From when on a family is dead, because somebody was told so.
    fn has_ended(&self, family: &Family) -> Option<u64> {
        let revocations = self.revocations_of(family.authorization);
        let revoked =
            revocations.filter(|attempt| attempt.outcome == Outcome::Done).map(|attempt| attempt.span.answered);
        let replayed = self.replays(family).filter(|attempt| attempt.outcome == Outcome::Refused);
        let replayed = replayed.map(|attempt| attempt.span.answered);
        revoked.chain(replayed).chain(self.first_missed(family.authorization)).min()
    }

    fn revocations_of(&self, authorization: Uuid) -> impl Iterator<Item = &Attempt<'a>> {
        self.revocations.get(&authorization).into_iter().flatten()
    }

    /// Redemptions of a family's code beside the one that began it. One that was over before does not count: it did not happen.
    fn replays(&self, family: &Family<'a>) -> impl Iterator<Item = &Attempt<'a>> {
        let attempts = family.code.and_then(|code| self.redemptions.get(code)).map_or(&[][..], Vec::as_slice);
        let began = attempts.iter().find(|attempt| attempt.outcome == Outcome::Done).map(|attempt| attempt.span.asked);
        attempts.iter().filter(move |attempt| {
            attempt.outcome != Outcome::Done && began.is_some_and(|began| attempt.span.answered > began)
        })
    }

    /// When its person first looked for an authorization and did not find it.
    fn first_missed(&self, authorization: Uuid) -> Option<u64> {
        let known = self.authorizations.get(&authorization)?;
        let missed = self.lists.iter().filter(|(person, span, listed)| {
            *person == known.person && span.asked > known.since && !listed.contains(&authorization)
        });
        missed.map(|(_, span, _)| span.answered).min()
    }

    /// A person sees what they approved, and does not see what they revoked.
    fn check_lists(&self, violations: &mut Vec<Violation>) {
        for (authorization, known) in &self.authorizations {
            let asked = |attempt: &&Attempt| attempt.outcome != Outcome::Refused;
            let may_end = self.revocations_of(*authorization).filter(asked).map(|attempt| attempt.span.asked).min();
            let done = |attempt: &&Attempt| attempt.outcome == Outcome::Done;
            let ended = self.revocations_of(*authorization).filter(done).map(|attempt| attempt.span.answered).min();
            let ended = ended.into_iter().chain(self.first_missed(*authorization)).min();
            for (_, span, listed) in self.lists.iter().filter(|(person, ..)| *person == known.person) {
                let what = || format!("authorization {authorization} in the list");
                if listed.contains(authorization) {
                    if ended.is_some_and(|ended| ended < span.asked) {
                        violations.push(Violation::Outlived { what: what() });
                    }
                } else if known.since < span.asked && may_end.is_none_or(|end| end > span.answered) {
                    violations.push(Violation::Lost { what: what() });
                }
            }
        }
    }
}

fn successor<'a>(attempt: &Attempt<'a>) -> Option<&'a str> {
    attempt.keys.map(|keys| keys.refresh.as_str())
}

#[cfg(test)]
mod tests;
