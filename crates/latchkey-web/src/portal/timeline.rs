//! What happened to an authorization, as the record tells it. Keys are not on record, each by itself: their families are asked.

use latchkey_identity::Timestamp;
use latchkey_identity::authorization::Authorization;
use latchkey_identity::event::EventKind;
use latchkey_identity::scope::ScopeSet;
use latchkey_identity::token::family::TokenFamily;
use latchkey_store::AuditEvent;
use latchkey_store::audit::Recorded;

use super::visit::moment;
use super::{record, scopes};
use crate::pages::authorization::Event;

/// What happened, the newest first. `recorded` is the newest first, too.
pub(super) fn of(authorization: &Authorization, recorded: &[Recorded], families: &[TokenFamily]) -> Vec<Event> {
    let mut events: Vec<(Timestamp, String)> = Vec::new();
    let mut approved: Option<ScopeSet> = None;
    for event in recorded.iter().rev().map(|recorded| &recorded.event) {
        events.push((event.at, sentence(event, authorization, approved.as_ref())));
        if let Some(
            EventKind::AuthorizationGranted | EventKind::AuthorizationChanged | EventKind::AuthorizationNarrowed,
        ) = kind(event)
        {
            approved = Some(ScopeSet::from_text(&event.subject));
        }
    }
    let is_granted = |recorded: &Recorded| recorded.event.kind == EventKind::AuthorizationGranted.name();
    if !recorded.iter().any(is_granted) {
        // It is older than what is shown of the record, or came by an import.
        events.insert(0, (authorization.created_at, "You approved it.".to_owned()));
    }
    for family in families {
        events.push((family.created_at, "It got its keys.".to_owned()));
        if family.rotated_at > family.created_at {
            events.push((family.rotated_at, "It renewed its keys.".to_owned()));
        }
    }
    // What happened later stands further up, also within one moment.
    events.reverse();
    events.sort_by_key(|(at, _)| std::cmp::Reverse(*at));
    events.into_iter().map(|(at, sentence)| Event { at: moment(at), sentence }).collect()
}

/// The kinds of events that are told in words of their own.
const TOLD: [EventKind; 8] = [
    EventKind::AuthorizationGranted,
    EventKind::AuthorizationChanged,
    EventKind::AuthorizationNarrowed,
    EventKind::AuthorizationRevoked,
    EventKind::AuthorizationPaused,
    EventKind::AuthorizationResumed,
    EventKind::RefreshTokenReplayed,
    EventKind::CodeReplayed,
];

fn kind(event: &AuditEvent<String>) -> Option<EventKind> {
    TOLD.into_iter().find(|kind| event.kind == kind.name())
}

/// Whether it was done by somebody else than the person who approved: by an administrator.
pub(super) fn is_by_another(event: &AuditEvent<String>, authorization: &Authorization) -> bool {
    event.actor.is_some_and(|actor| actor != authorization.account.0)
}

/// The address that it came from, unless it is that of somebody else than the person who approved.
pub(super) fn shown_address<'a>(event: &'a AuditEvent<String>, authorization: &Authorization) -> Option<&'a str> {
    event.address.as_deref().filter(|_| !is_by_another(event, authorization))
}

/// One event in words. `approved` is what was approved before it, as far as that is known.
fn sentence(event: &AuditEvent<String>, authorization: &Authorization, approved: Option<&ScopeSet>) -> String {
    let from = shown_address(event, authorization).map(|address| format!(" from {address}")).unwrap_or_default();
    match kind(event) {
        Some(EventKind::AuthorizationGranted) => format!("You approved it{from}."),
        Some(EventKind::AuthorizationChanged) => approved_anew(&ScopeSet::from_text(&event.subject), approved, &from),
        Some(EventKind::AuthorizationNarrowed) => narrowed(&ScopeSet::from_text(&event.subject), approved, &from),
        Some(EventKind::AuthorizationRevoked) if is_by_another(event, authorization) => {
            "An administrator revoked it.".to_owned()
        }
        Some(EventKind::AuthorizationRevoked) => format!("You revoked it{from}."),
        Some(EventKind::AuthorizationPaused) => format!("You paused it{from}."),
        Some(EventKind::AuthorizationResumed) => format!("You resumed it{from}."),
        Some(EventKind::RefreshTokenReplayed) => {
            format!("A key that was used up came back{from}: somebody may hold a copy. That line of keys was ended.")
        }
        Some(EventKind::CodeReplayed) => {
            format!("A code for keys came twice, or from somebody else{from}. No key that came of it works.")
        }
        _ => otherwise(event, &from),
    }
}

fn approved_anew(now: &ScopeSet, before: Option<&ScopeSet>, from: &str) -> String {
    let Some(before) = before else { return format!("You approved it anew{from}.") };
    let (more, less) = (now.difference(before), before.difference(now));
    let named = |scopes: &ScopeSet| scopes::in_short(scopes).join("; ");
    match (more.is_empty(), less.is_empty()) {
        (true, true) => format!("You approved it anew{from}: the same, in places and for a time that you chose again."),
        (false, true) => format!("You approved more{from}: {}.", named(&more)),
        (true, false) => format!("You narrowed it{from}. No longer: {}.", named(&less)),
        (false, false) => {
            format!("You approved it anew{from}. New: {}. No longer: {}.", named(&more), named(&less))
        }
    }
}

fn narrowed(now: &ScopeSet, before: Option<&ScopeSet>, from: &str) -> String {
    let less = before.map(|before| before.difference(now)).filter(|less| !less.is_empty());
    match less {
        Some(less) => format!("You narrowed it{from}. No longer: {}.", scopes::in_short(&less).join("; ")),
        None => format!("You narrowed it{from}, in its places or its time."),
    }
}

/// What an app did that is on record by itself: `Repository created: harbor/lighthouse/lamp.`
fn otherwise(event: &AuditEvent<String>, from: &str) -> String {
    let words = record::in_words(&event.kind);
    if event.subject.is_empty() { format!("{words}{from}.") } else { format!("{words}{from}: {}.", event.subject) }
}

#[cfg(test)]
mod tests {
    use latchkey_identity::account::AccountId;
    use latchkey_identity::authorization::{AuthorizationId, Lifetime, Places};
    use latchkey_identity::client::ClientId;
    use latchkey_identity::session::SessionId;
    use latchkey_identity::tenant::TenantId;

    use super::*;

    fn changed(before: &str, now: &str) -> String {
        approved_anew(&ScopeSet::from_text(now), Some(&ScopeSet::from_text(before)), "")
    }

    #[test]
    fn an_approval_that_changed_says_what_came_and_what_went() {
        assert!(changed("vso.work", "vso.work vso.profile").starts_with("You approved more: "));
        assert!(changed("vso.work vso.profile", "vso.work").starts_with("You narrowed it. No longer: "));
        let both = changed("vso.work", "vso.profile");
        assert!(both.contains("New: ") && both.contains("No longer: Read the work items"), "{both}");
        assert!(changed("vso.work", "vso.work").contains("the same"));
    }

    #[test]
    fn what_has_no_words_of_its_own_is_told_by_its_kind() {
        let event = AuditEvent::new(uuid::Uuid::nil(), "repository_created", Timestamp::from_secs(0));
        let event = AuditEvent { kind: event.kind.to_owned(), ..with_kind(event) };
        assert_eq!(in_words(&event), "Repository created: harbor/lamp.");
    }

    fn in_words(event: &AuditEvent<String>) -> String {
        sentence(event, &an_authorization(), None)
    }

    fn an_authorization() -> Authorization {
        let nobody = uuid::Uuid::nil();
        Authorization {
            id: AuthorizationId(nobody),
            tenant: TenantId(nobody),
            account: AccountId(uuid::Uuid::from_u128(7)),
            client: ClientId(nobody),
            version: 1,
            scopes: ScopeSet::default(),
            asked: ScopeSet::default(),
            places: Places::default(),
            asked_places: Places::default(),
            lifetime: Lifetime::UntilRemoved,
            expires_at: None,
            session: SessionId(nobody),
            shown: [0; 32],
            elsewhere: Default::default(),
            created_at: Timestamp::from_secs(0),
            changed_at: Timestamp::from_secs(0),
            paused_at: None,
            ended: None,
        }
    }

    #[test]
    fn what_an_administrator_did_is_told_as_theirs_and_without_their_address() {
        let event = with_kind(AuditEvent::new(uuid::Uuid::nil(), "", Timestamp::from_secs(0)));
        let revoked = |actor: u128| AuditEvent {
            kind: EventKind::AuthorizationRevoked.name().to_owned(),
            actor: Some(uuid::Uuid::from_u128(actor)),
            address: Some("192.0.2.9".to_owned()),
            ..event.clone()
        };
        assert_eq!(in_words(&revoked(7)), "You revoked it from 192.0.2.9.");
        assert_eq!(in_words(&revoked(8)), "An administrator revoked it.");
        assert_eq!(shown_address(&revoked(8), &an_authorization()), None);
        assert_eq!(shown_address(&AuditEvent { actor: None, ..revoked(8) }, &an_authorization()), Some("192.0.2.9"));
    }

    fn with_kind(event: AuditEvent) -> AuditEvent<String> {
        AuditEvent {
            tenant: event.tenant,
            kind: String::new(),
            at: event.at,
            outcome: event.outcome,
            reason: None,
            actor: None,
            client: None,
            authorization: None,
            session: None,
            subject: "harbor/lamp".to_owned(),
            address: None,
            detail: event.detail,
        }
    }
}
