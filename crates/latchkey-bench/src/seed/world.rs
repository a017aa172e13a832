//! What was written, as the scenarios use it.

use std::cell::RefCell;

use latchkey_devops::ids::OrganizationId;
use latchkey_identity::authorization::AuthorizationId;
use latchkey_identity::client::ClientId;
use latchkey_identity::tenant::TenantId;
use latchkey_identity::token::family::FamilyId;
use latchkey_jose::SigningKey;

use super::{Approved, ExposedApi};
use crate::problem::{Outcome, Problem};

/// What is in the database.
pub(crate) struct World {
    /// The tenant of everybody.
    pub(crate) tenant: TenantId,
    /// The organization of everybody.
    pub(crate) organization_id: OrganizationId,
    /// The apps.
    pub(crate) clients: Vec<App>,
    /// Everybody, signed in in a browser of their own: its cookie.
    pub(crate) cookies: Vec<String>,
    /// An app of the Microsoft world.
    pub(crate) microsoft: ClientId,
    /// What all apps sign assertions with.
    pub(crate) assertion_key: SigningKey,
    /// A token family for each authorization, as it moves on.
    pub(crate) families: RefCell<Vec<Family>>,
    /// An app that others call, and one that calls it as people.
    pub(crate) called: ExposedApi,
    /// Device codes that people have approved, and that nobody has redeemed.
    pub(crate) devices: RefCell<Vec<Approved>>,
}

/// An app, as its own server knows it.
#[derive(Clone, Debug)]
pub(crate) struct App {
    pub(crate) id: ClientId,
    pub(crate) secret: String,
}

/// A token family, as its app knows it.
#[derive(Clone, Debug)]
pub(crate) struct Family {
    pub(crate) id: FamilyId,
    pub(crate) authorization: AuthorizationId,
    /// The index of the person.
    pub(crate) person: usize,
    /// The index of the app.
    pub(crate) client: usize,
    /// The refresh token that is next to be used.
    pub(crate) refresh_token: String,
    /// Whether each refresh brings an ID token.
    pub(crate) has_id_token: bool,
}

impl World {
    /// The form that refreshes a family.
    pub(crate) fn refresh_form(&self, family: usize) -> Outcome<String> {
        let families = self.families.borrow();
        let family = families.get(family).ok_or_else(|| Problem::new("there is no such family"))?;
        let app = self.clients.get(family.client).ok_or_else(|| Problem::new("there is no such app"))?;
        Ok(format!(
            "grant_type=refresh_token&client_id={}&client_secret={}&refresh_token={}",
            app.id, app.secret, family.refresh_token
        ))
    }

    /// Keeps what a family is refreshed with next.
    pub(crate) fn keep_refresh_token(&self, family: usize, token: &str) {
        for family in self.families.borrow_mut().get_mut(family).into_iter() {
            token.clone_into(&mut family.refresh_token);
        }
    }
}
