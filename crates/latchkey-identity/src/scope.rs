//! Scopes: what a token is for, [RFC 6749 §3.3].

use std::collections::BTreeSet;
use std::fmt;
use std::sync::Arc;

use crate::claims;
use crate::client::{ClientId, exposed_api};
use crate::error::OAuthError;
use crate::limits;
use crate::resource::ResourceServer;

/// `openid`: the client learns who signed in.
pub const OPENID: &str = "openid";
/// `profile`: name and preferred user name.
pub const PROFILE: &str = "profile";
/// `email`: the address.
pub const EMAIL: &str = "email";
/// `phone`: the phone number.
pub const PHONE: &str = "phone";
/// `address`: the postal address.
pub const ADDRESS: &str = "address";
/// `offline_access`: a refresh token.
pub const OFFLINE_ACCESS: &str = "offline_access";
/// The scopes of OpenID Connect Core §5.4 and §11 that we know.
pub const IDENTITY_SCOPES: [&str; 6] = [OPENID, PROFILE, EMAIL, PHONE, ADDRESS, OFFLINE_ACCESS];

/// A set of scopes in their canonical names: each once, in alphabetical order. Cheap to clone: neither the set nor its words are copied.
#[derive(Clone, PartialEq, Eq, Hash, Default, Debug, PartialOrd, Ord)]
pub struct ScopeSet(Arc<[Arc<str>]>);

impl ScopeSet {
    /// Reads canonical names separated by spaces, as the database holds them.
    pub fn from_text(text: &str) -> Self {
        text.split_ascii_whitespace().collect()
    }

    /// Whether the scope is in the set.
    pub fn contains(&self, scope: &str) -> bool {
        self.0.binary_search_by(|known| (**known).cmp(scope)).is_ok()
    }

    /// Adds one scope.
    pub fn insert(&mut self, scope: impl Into<Arc<str>>) {
        *self = self.0.iter().cloned().chain([scope.into()]).collect();
    }

    /// The scopes in alphabetical order.
    pub fn iter(&self) -> impl Iterator<Item = &str> {
        self.0.iter().map(AsRef::as_ref)
    }

    /// Whether there is none.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// How many there are.
    pub fn len(&self) -> usize {
        self.0.len()
    }

    /// Whether all of these are in `other`.
    pub fn is_subset(&self, other: &Self) -> bool {
        self.iter().all(|scope| other.contains(scope))
    }

    /// Those that are to be kept. Mostly these are all, and then nothing is copied.
    fn those(&self, kept: impl Fn(&str) -> bool) -> Self {
        match self.iter().all(&kept) {
            true => self.clone(),
            false => self.0.iter().filter(|scope| kept(scope)).cloned().collect(),
        }
    }

    /// Those in both.
    pub fn intersection(&self, other: &Self) -> Self {
        self.those(|scope| other.contains(scope))
    }

    /// Those in either.
    pub fn union(&self, other: &Self) -> Self {
        match other.is_subset(self) {
            true => self.clone(),
            false => self.0.iter().chain(&*other.0).cloned().collect(),
        }
    }

    /// Those not in `other`.
    pub fn difference(&self, other: &Self) -> Self {
        self.those(|scope| !other.contains(scope))
    }

    /// Those that are not named here.
    pub(crate) fn except(&self, names: &[String]) -> Self {
        self.those(|scope| !names.iter().any(|name| name == scope))
    }

    /// Those of OpenID Connect itself.
    pub fn identity(&self) -> Self {
        self.those(is_identity)
    }

    /// Without the single claims that were asked for: what clients are told.
    #[must_use]
    pub fn without_claims(&self) -> Self {
        self.those(|scope| claims::single(scope).is_none())
    }

    /// The single claims that were asked for.
    #[must_use]
    pub fn claims(&self) -> Self {
        self.those(|scope| claims::single(scope).is_some())
    }

    /// Those of the resource server.
    pub fn resource(&self) -> Self {
        self.those(|scope| !is_identity(scope) && !exposed_api::is_scope(scope))
    }

    /// Those that apps expose.
    pub fn apis(&self) -> Self {
        self.those(exposed_api::is_scope)
    }

    /// Those by which something is called: all that are not of OpenID Connect itself.
    pub fn of_resources(&self) -> Self {
        self.those(|scope| !is_identity(scope))
    }

    /// The apps that expose some of them.
    pub fn exposing(&self) -> BTreeSet<ClientId> {
        self.0.iter().filter_map(|scope| exposed_api::read(scope)).map(|(app, _)| app).collect()
    }

    /// The app that exposes some of them. Of what one token is for there is no other.
    pub fn api(&self) -> Option<ClientId> {
        self.exposing().into_iter().next()
    }

    /// As a token says them: the scopes of an app by their names alone, since such a token is for that app and nothing else.
    #[must_use]
    pub fn in_a_token(&self) -> Self {
        let names: Self = self.0.iter().filter_map(|scope| exposed_api::read(scope)).map(|(_, name)| name).collect();
        if names.is_empty() { self.clone() } else { names }
    }

    /// What [`Self::in_a_token`] made of scopes of this app.
    #[must_use]
    pub fn of_app(&self, app: ClientId) -> Self {
        self.iter().map(|name| exposed_api::scope_of(app, name)).collect()
    }

    /// Whether they are of more than one resource: no token is for two.
    fn is_for_several(&self) -> bool {
        self.exposing().len() + usize::from(!self.resource().is_empty()) > 1
    }
}

impl fmt::Display for ScopeSet {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (index, scope) in self.0.iter().enumerate() {
            if index > 0 {
                f.write_str(" ")?;
            }
            f.write_str(scope)?;
        }
        Ok(())
    }
}

impl<S: Into<Arc<str>>> FromIterator<S> for ScopeSet {
    fn from_iter<I: IntoIterator<Item = S>>(scopes: I) -> Self {
        let mut scopes: Vec<Arc<str>> = scopes.into_iter().map(Into::into).collect();
        scopes.sort_unstable();
        scopes.dedup();
        Self(scopes.into())
    }
}

/// Whether a word is of OpenID Connect itself: one of its scopes, or a single claim that was asked for.
fn is_identity(word: &str) -> bool {
    IDENTITY_SCOPES.contains(&word) || claims::single(word).is_some()
}

/// One scope as it was asked for: the client's own words and what they mean.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct RequestedScope {
    /// The text in the request. Clients look for it in the answer.
    pub literal: String,
    /// What it stands for.
    pub meaning: ScopeSet,
}

/// The `scope` parameter of a request, and the single claims that its `claims` parameter names.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct RequestedScopes {
    words: Vec<RequestedScope>,
    claims: ScopeSet,
}

impl RequestedScopes {
    /// Reads the parameter. `registered` is what the client registered; `.default` stands for all of its resource scopes.
    ///
    /// Scopes of nobody that we know are ignored ([OpenID Connect Core §3.1.2.1]); a scope of the resource server that does not exist,
    /// or that the client did not register, is an error, since the client would otherwise learn of it at its first call.
    pub fn parse(text: &str, registered: &ScopeSet, resource: &ResourceServer) -> Result<Self, OAuthError> {
        if text.len() > limits::SCOPE_BYTES {
            return Err(OAuthError::invalid_scope("scope is too long"));
        }
        let mut scopes = Vec::new();
        for literal in text.split(' ').filter(|literal| !literal.is_empty()) {
            if scopes.len() >= limits::SCOPES_PER_REQUEST {
                return Err(OAuthError::invalid_scope("scope names too many scopes"));
            }
            if !literal.bytes().all(|byte| matches!(byte, 0x21 | 0x23..=0x5b | 0x5d..=0x7e)) {
                return Err(OAuthError::invalid_scope("scope contains a character that no scope has"));
            }
            let meaning = if IDENTITY_SCOPES.contains(&literal) {
                [literal].into_iter().collect()
            } else {
                // The resource server first: its own identifiers have the same form as those of apps.
                let own = resource
                    .meaning(literal, registered)
                    .map_err(|unknown| OAuthError::invalid_scope(format!("the scope {unknown} does not exist")))?;
                match own.or_else(|| exposed_api::meaning(literal, registered)) {
                    Some(meaning) => meaning,
                    None => continue,
                }
            };
            if let Some(missing) = meaning.iter().find(|scope| !is_identity(scope) && !registered.contains(scope)) {
                return Err(OAuthError::invalid_scope(format!(
                    "the scope {missing} is not registered for this client"
                )));
            }
            if !scopes.iter().any(|known: &RequestedScope| known.literal == literal) {
                scopes.push(RequestedScope { literal: literal.to_owned(), meaning });
            }
        }
        Self { words: scopes, claims: ScopeSet::default() }.of_one_resource()
    }

    /// The same, if it is for one resource. What is asked of the DevOps side and of an app, or of two apps, is asked one by one.
    pub(crate) fn of_one_resource(self) -> Result<Self, OAuthError> {
        match self.canonical().is_for_several() {
            true => Err(OAuthError::invalid_scope("scope names more than one resource: ask for them one by one")),
            false => Ok(self),
        }
    }

    /// With single claims beside them.
    #[must_use]
    pub(crate) fn with_claims(self, claims: ScopeSet) -> Self {
        Self { claims, ..self }
    }

    /// With scopes that something else than the `scope` parameter names, by their canonical names.
    #[must_use]
    pub(crate) fn and(mut self, scopes: &ScopeSet) -> Self {
        self.words.extend(Self::exactly(scopes).words);
        self
    }

    /// A request for exactly these, by their canonical names.
    pub(crate) fn exactly(scopes: &ScopeSet) -> Self {
        let scope = |scope: &str| RequestedScope { literal: scope.to_owned(), meaning: [scope].into_iter().collect() };
        Self { words: scopes.iter().map(scope).collect(), claims: ScopeSet::default() }
    }

    /// Everything that was asked for, in canonical names.
    pub fn canonical(&self) -> ScopeSet {
        let mut meant =
            self.words.iter().map(|scope| &scope.meaning).chain([&self.claims]).filter(|set| !set.is_empty());
        match (meant.next(), meant.next()) {
            (None, _) => ScopeSet::default(),
            (Some(only), None) => only.clone(),
            (Some(first), Some(second)) => {
                [first, second].into_iter().chain(meant).flat_map(|scopes| scopes.0.iter().cloned()).collect()
            }
        }
    }

    /// The texts of the request that still mean something when only `granted` was granted, in the order asked.
    pub fn literals<'a>(&'a self, granted: &'a ScopeSet) -> impl Iterator<Item = &'a str> {
        let kept = |scope: &&RequestedScope| scope.meaning.iter().any(|scope| granted.contains(scope));
        self.words.iter().filter(kept).map(|scope| scope.literal.as_str())
    }

    /// Whether nothing was asked for.
    pub fn is_empty(&self) -> bool {
        self.words.is_empty()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::resource::tests::a_resource;

    fn parse(text: &str) -> Result<RequestedScopes, OAuthError> {
        RequestedScopes::parse(text, &ScopeSet::from_text("vso.work vso.code"), &a_resource())
    }

    #[test]
    fn scopes_come_in_any_order_and_unknown_ones_of_others_are_ignored() {
        let scopes = parse("vso.work openid  favourite_colour vso.work").unwrap().canonical();
        assert_eq!(scopes.to_string(), "openid vso.work");
    }

    #[test]
    fn default_stands_for_all_that_the_client_registered_and_comes_back_literally() {
        let requested = parse("499b84ac-1321-427f-aa17-267ca6975798/.default openid").unwrap();
        assert_eq!(requested.canonical().to_string(), "openid vso.code vso.work");
        assert_eq!(
            requested.literals(&ScopeSet::from_text("openid vso.code")).collect::<Vec<_>>(),
            ["499b84ac-1321-427f-aa17-267ca6975798/.default", "openid"]
        );
    }

    #[test]
    fn a_scope_beyond_the_registration_or_the_resource_is_refused() {
        assert_eq!(parse("vso.build").unwrap_err().code, "invalid_scope");
        assert_eq!(parse("vso.nonsense").unwrap_err().code, "invalid_scope");
        assert_eq!(parse("openid \"x").unwrap_err().code, "invalid_scope");
        assert_eq!(parse(&"openid ".repeat(2_000)).unwrap_err().code, "invalid_scope");
    }
}
