//! Who makes a change, for the record.

use latchkey_devops::ids::{AppId, PersonId};
use latchkey_devops::organization::Organization;
use latchkey_jose::Timestamp;
use uuid::Uuid;

use crate::audit::AuditEvent;

/// Who makes a change, through what, from where, and when.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Author {
    /// The person; nobody when the server does it by itself.
    pub person: Option<PersonId>,
    /// The app they do it through.
    pub client: Option<Uuid>,
    /// The authorization they do it under.
    pub authorization: Option<Uuid>,
    /// The session they do it in.
    pub session: Option<Uuid>,
    /// The network address it comes from.
    pub address: Option<String>,
    /// When.
    pub at: Timestamp,
}

/// The app through which a person does something in a project, and the authorization under which they do it.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Through {
    /// The app.
    pub app: AppId,
    /// The authorization.
    pub authorization: Uuid,
}

impl Author {
    /// The server itself.
    pub const fn server(at: Timestamp) -> Self {
        Self { person: None, client: None, authorization: None, session: None, address: None, at }
    }

    /// A person, with nothing else known.
    pub fn person(person: PersonId, at: Timestamp) -> Self {
        Self { person: Some(person), ..Self::server(at) }
    }

    /// Something that this author does to a thing of an organization, for the record of its tenant.
    pub(crate) fn did(&self, kind: &'static str, organization: &Organization, subject: String) -> AuditEvent {
        AuditEvent {
            actor: self.person.map(Uuid::from),
            client: self.client,
            authorization: self.authorization,
            session: self.session,
            address: self.address.clone(),
            subject,
            ..AuditEvent::new(organization.tenant, kind, self.at)
        }
    }
}
