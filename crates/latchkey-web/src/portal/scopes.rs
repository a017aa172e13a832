//! Scopes, as these pages show them.

use std::collections::BTreeSet;

use latchkey_devops::scope::Scope;
use latchkey_identity::claims::{Claim, single};
use latchkey_identity::scope::{ADDRESS, EMAIL, OFFLINE_ACCESS, OPENID, PHONE, PROFILE, ScopeSet};

use crate::identity::apis::Call;
use crate::pages::app_new::ScopeOption;
use crate::pages::authorization::Allowed;
use crate::pages::capitalized;

/// What a scope allows, as a line of a list: `Read the work items, comments and boards that you can read`.
pub(super) fn in_words(scope: Scope) -> String {
    let sentence = scope.sentence();
    capitalized(sentence.strip_prefix("can ").unwrap_or(sentence))
}

/// What an authorization allows, in short: what it may do, or else what it learns.
pub(crate) fn in_short(scopes: &ScopeSet) -> Vec<String> {
    let calls = (!scopes.apis().is_empty()).then(|| "Call other apps as you".to_owned());
    let does: Vec<String> = known(scopes).map(in_words).chain(calls).collect();
    if does.is_empty() { learned(scopes).map(|(_, words)| words).collect() } else { does }
}

/// The same, told to somebody else than the person who approved it.
pub(super) fn in_short_to_others(scopes: &ScopeSet) -> Vec<String> {
    in_short(scopes).iter().map(|words| to_others(words)).collect()
}

/// A line about what is the reader's, about what is somebody else's.
fn to_others(words: &str) -> String {
    let theirs = |(before, word): (&str, &str)| {
        let bare = word.trim_end_matches([',', '.', ':']);
        let other = match bare {
            "you" if before == "as" => "them",
            "you" => "they",
            "your" => "their",
            "yours" => "theirs",
            _ => bare,
        };
        word.replacen(bare, other, 1)
    };
    let before = std::iter::once("").chain(words.split(' '));
    before.zip(words.split(' ')).map(theirs).collect::<Vec<_>>().join(" ")
}

/// Everything that an authorization allows.
pub(super) fn in_full(scopes: &ScopeSet, calls: Vec<Call>) -> Vec<Allowed> {
    let does = known(scopes).map(|scope| Allowed {
        label: in_words(scope),
        scope: scope.name().to_owned(),
        high_privilege: scope.is_high_privilege(),
    });
    let learns = learned(scopes).map(|(scope, words)| Allowed { label: words, scope, high_privilege: false });
    let calls = calls.into_iter().map(|call| Allowed { label: call.label, scope: call.scope, high_privilege: false });
    does.chain(calls).chain(learns).collect()
}

/// The same, told to somebody else than the person who would approve it.
pub(super) fn in_full_to_others(scopes: &ScopeSet) -> Vec<Allowed> {
    in_full(scopes, Vec::new()).into_iter().map(|one| Allowed { label: to_others(&one.label), ..one }).collect()
}

/// Every scope that an app can ask for, with what it asks for.
pub(super) fn options(asked: &ScopeSet, required: &ScopeSet) -> Vec<ScopeOption> {
    let option = |scope: &Scope| ScopeOption {
        value: scope.name().to_owned(),
        label: in_words(*scope),
        reach: scope.group().into(),
        high_privilege: scope.is_high_privilege(),
        asked: asked.contains(scope.name()),
        required: required.contains(scope.name()),
    };
    Scope::ALL.iter().map(option).collect()
}

/// The scopes of other apps among them, one a line.
pub(super) fn of_apps(asked: &ScopeSet) -> String {
    asked.apis().iter().collect::<Vec<_>>().join("\n")
}

/// The scopes of the DevOps side among them, in the order of the table.
fn known(scopes: &ScopeSet) -> impl Iterator<Item = Scope> {
    Scope::ALL.iter().copied().filter(|scope| scopes.contains(scope.name()))
}

/// The scopes of OpenID Connect among them, and the single claims.
fn learned(scopes: &ScopeSet) -> impl Iterator<Item = (String, String)> {
    let words = [
        (OPENID, "Know your account again"),
        (PROFILE, "See your name and profile"),
        (EMAIL, "See your email address"),
        (PHONE, "See your phone number"),
        (ADDRESS, "See your postal address"),
        (OFFLINE_ACCESS, "Keep its access while you are away"),
    ];
    let whole = words.into_iter().filter(|(scope, _)| scopes.contains(scope));
    let single: BTreeSet<Claim> = scopes.iter().filter_map(single).map(|(_, claim)| claim).collect();
    let single = single.into_iter().filter(|claim| !scopes.contains(claim.scope()));
    whole
        .map(|(scope, words)| (scope.to_owned(), words.to_owned()))
        .chain(single.map(|claim| (claim.name().to_owned(), format!("See {}", claim.for_people()))))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_scope_reads_as_what_the_app_may_do() {
        assert_eq!(in_words(Scope::WorkRead), "Read the work items, comments and boards that you can read");
        let told = to_others("Create personal access tokens that act as you, and revoke yours");
        assert_eq!(told, "Create personal access tokens that act as them, and revoke theirs");
        let everything: Vec<&str> = Scope::ALL.iter().map(|scope| scope.name()).collect();
        for line in in_short_to_others(&ScopeSet::from_text(&everything.join(" "))) {
            assert!(!line.split(' ').any(|word| word.starts_with("you")), "{line}");
        }
        let told = in_full_to_others(&ScopeSet::from_text("vso.work"));
        assert!(told[0].label.ends_with("that they can read") && told[0].scope == "vso.work");
        for scope in Scope::ALL {
            assert!(in_words(*scope).starts_with(char::is_uppercase), "{scope}");
        }
    }

    #[test]
    fn an_app_that_does_nothing_is_told_by_what_it_learns() {
        let both = ScopeSet::from_text("openid vso.work email");
        assert_eq!(in_short(&both), [in_words(Scope::WorkRead)]);
        assert_eq!(
            in_short(&ScopeSet::from_text("openid email")),
            ["Know your account again", "See your email address"]
        );
        let scopes: Vec<String> = in_full(&both, vec![]).into_iter().map(|allowed| allowed.scope).collect();
        assert_eq!(scopes, ["vso.work", "openid", "email"]);
    }

    #[test]
    fn an_app_can_ask_for_every_scope_and_what_it_asks_for_is_ticked() {
        let options = options(&ScopeSet::from_text("vso.work vso.code"), &ScopeSet::from_text("vso.code"));
        assert_eq!(options.len(), Scope::ALL.len());
        let ticked: Vec<_> =
            options.iter().filter(|one| one.asked).map(|one| (one.value.as_str(), one.required)).collect();
        assert_eq!(ticked, [("vso.work", false), ("vso.code", true)]);
    }
}
