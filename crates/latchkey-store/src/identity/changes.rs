//! What a rule of the identity platform decided, as statements, events for the record, and notices for the caches.

use latchkey_identity::event::{Event, EventKind};
use latchkey_identity::{Change, Decision};

use super::{
    accounts, app_tokens, authorization_codes, authorizations, client_documents, client_secrets, clients, device_codes,
    dynamic_clients, flows, implicit, legacy_apps, legacy_moves, logout_notices, pushed_requests, sessions,
    signing_keys, tenants, token_families, upstreams,
};
use crate::audit::{AuditEvent, Outcome};
use crate::decide::Decided;
use crate::statement::Changes;

impl<T, E> Decided for Decision<T, E> {
    type Answer = Result<T, E>;

    fn into_parts(self) -> (Self::Answer, Changes) {
        let mut changes = Changes::none();
        for change in self.changes {
            add(&mut changes, change);
        }
        (self.answer, changes)
    }
}

fn add(changes: &mut Changes, change: Change) {
    match change {
        Change::Record(event) => {
            changes.event(audited(event));
        }

        Change::SetUp { at } => tenants::set_up(changes, at),
        Change::CreateTenant(tenant) => tenants::create(changes, tenant),
        Change::CreateAccount { account, password } => accounts::create(changes, *account, password),
        Change::AddGuest { tenant, account } => accounts::add_guest(changes, tenant, account),
        Change::DisableAccount { account, at } => accounts::disable(changes, account, at),
        Change::SetPassword { account, password, at } => accounts::set_password(changes, account, password, at),
        Change::ReplacePassword { account, from, to, at } => accounts::replace_password(changes, account, from, to, at),

        Change::AddUpstream(upstream) => upstreams::add(changes, *upstream),
        Change::ChangeUpstream { upstream, from_version } => upstreams::change(changes, *upstream, from_version),
        Change::RemoveUpstream { upstream, tenant, issuer } => upstreams::remove(changes, upstream, tenant, issuer),
        Change::BeginUpstreamSignIn(pending) => upstreams::begin(changes, *pending),
        Change::UseUpstreamSignIn { state, at } => upstreams::use_up(changes, state, at),
        Change::LinkUpstream(link) => upstreams::link(changes, link),
        Change::UnlinkUpstream(link) => upstreams::unlink(changes, link),

        Change::RegisterClient { client } => clients::register(changes, *client),
        Change::ChangeClient { client, from_version } => clients::change(changes, *client, from_version),
        Change::KeepDynamicClient(kept) => dynamic_clients::keep(changes, *kept),
        Change::ChangeDynamicClient(kept) => dynamic_clients::change(changes, *kept),
        Change::SetRegistrationGate { tenant, gate } => dynamic_clients::set_gate(changes, tenant, gate),
        Change::DescribeClient { client, document } => client_documents::describe(changes, *client, *document),
        Change::KeepClientDocument(document) => client_documents::keep(changes, &document),
        Change::ForgetDescribedClient { client } => client_documents::forget_unused(changes, client),
        Change::SetDocumentGate { tenant, open } => client_documents::set_gate(changes, tenant, open),
        Change::AllowImplicit { tenant, allowed } => implicit::set(changes, tenant, allowed),
        Change::AddInitialAccessToken(token) => dynamic_clients::add_token(changes, token),
        Change::DeleteClient { client, at } => clients::delete(changes, client, at),
        Change::SetClientState { client, state } => clients::set_state(changes, client, state),
        Change::AddSecret { client, secret, from_version } => {
            clients::add_secret(changes, client, secret, from_version);
        }
        Change::AddClientKeys { client, keys, from_version } => clients::add_keys(changes, client, keys, from_version),
        Change::RemoveClientKey { client, key } => clients::remove_key(changes, client, key),
        Change::AddFederatedCredential { client, credential, from_version } => {
            clients::add_federated(changes, client, *credential, from_version);
        }
        Change::RemoveFederatedCredential { client, credential } => {
            clients::remove_federated(changes, client, credential);
        }
        Change::FixAuthMethod { client, method, from_version } => {
            clients::fix_method(changes, client, method, from_version);
        }
        Change::RemoveSecret { client, secret } => clients::remove_secret(changes, client, secret),

        Change::OpenLegacyImport { organization, tenant, at } => {
            legacy_apps::open_import(changes, organization, tenant, at);
        }
        Change::ImportLegacyApp { client, app, organization } => {
            legacy_apps::add(changes, *client, *app, organization);
        }
        Change::ChangeLegacyApp { client, app, organization, from_version } => {
            legacy_apps::change(changes, *client, *app, organization, from_version);
        }
        Change::CloseLegacyImport { organization, at } => legacy_apps::close(changes, organization, at),
        Change::MoveLegacyApp { client, to, organizations, at } => {
            legacy_moves::add(changes, client, to, &organizations, at);
        }

        Change::StartFlow(flow) => flows::start(changes, *flow),
        Change::ChooseSession { flow, session } => flows::choose_session(changes, flow, session),
        Change::EndFlow { flow, at } => flows::end(changes, flow, at),

        Change::StartSession(session) => sessions::start(changes, *session),
        Change::RenewBrowser { from, to } => {
            sessions::move_to(changes, from, to);
            flows::move_to(changes, from, to);
            upstreams::move_to(changes, from, to);
        }
        Change::EndSession { session, at } => sessions::end(changes, session, at),
        Change::JoinSession { about, at } => logout_notices::join(changes, about, at),

        Change::Authorize(authorization) => authorizations::authorize(changes, &authorization),
        Change::ChangeAuthorization { authorization, from_version } => {
            authorizations::change(changes, &authorization, from_version);
        }
        Change::EndAuthorization { authorization, at, reason } => {
            authorizations::end(changes, authorization, at, reason);
        }

        Change::EndAppToken { token, at } => app_tokens::end(changes, token, at),
        Change::Push(request) => pushed_requests::push(changes, *request),
        Change::UsePushed { request, at } => pushed_requests::use_up(changes, request, at),
        Change::StartDevice(device) => device_codes::start(changes, *device),
        Change::AnswerDevice { device, approved, at } => device_codes::answer(changes, device, approved, at),
        Change::IssueCode(code) => authorization_codes::issue(changes, *code),
        Change::RedeemCode { code, at } => authorization_codes::redeem(changes, code, at),
        Change::StartFamily(family) => token_families::start(changes, *family),
        Change::RotateFamily { family, generation, next, at, access_expires_at } => {
            token_families::rotate(changes, family, generation, next, at, access_expires_at);
        }
        Change::HoldSecret { client, secret } => client_secrets::hold(changes, client, secret),
        Change::NoteMadeWith { family, secret } => token_families::note_made_with(changes, family, secret),
        Change::EndTokensMadeWith { secret, families, at } => {
            token_families::end_made_with(changes, secret, &families, at);
        }
        Change::EndTokenFamily { family, at } => token_families::end(changes, family, at),

        Change::SigningKey(change) => signing_keys::change(changes, change),
    }
}

/// A security event as the record holds it.
fn audited(event: Event) -> AuditEvent {
    AuditEvent {
        outcome: outcome(event.kind),
        actor: event.actor.map(|actor| actor.0),
        client: event.client.map(|client| client.0),
        authorization: event.authorization.map(|authorization| authorization.0),
        session: event.session.map(|session| session.0),
        subject: event.subject,
        address: event.address,
        ..AuditEvent::new(event.tenant.0, event.kind.name(), event.at)
    }
}

/// Whether an event tells of something that was done, or of something that was refused.
const fn outcome(kind: EventKind) -> Outcome {
    match kind {
        EventKind::SignInFailed
        | EventKind::AuthorizationDenied
        | EventKind::CodeReplayed
        | EventKind::RefreshTokenReplayed => Outcome::Refused,
        _ => Outcome::Done,
    }
}
