//! Tokens of other issuers that stand for an app: a part of its page.

use super::Moment;

/// The federated credentials of an app, and the form for another.
pub struct FederationForm {
    /// Those it has.
    pub held: Vec<FederationRow>,
    /// What was typed for another.
    pub typed: FederationTyped,
}

/// What was typed for a federated credential.
#[derive(Default)]
#[allow(missing_docs, reason = "named as the fields of the form")]
pub struct FederationTyped {
    pub name: String,
    pub issuer: String,
    pub subject: String,
    pub audience: String,
    pub keys: String,
}

/// A federated credential.
pub struct FederationRow {
    /// Its id.
    pub id: String,
    /// What people call it.
    pub name: String,
    /// Who issues the tokens.
    pub issuer: String,
    /// Whom they are about.
    pub subject: String,
    /// Whom they are for.
    pub audience: String,
    /// Whether the issuer's keys are kept here.
    pub pinned: bool,
    /// When it was added.
    pub added: Moment,
}
