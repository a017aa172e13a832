//! What comes next for a request: who answers, whether to ask them, and the code where there is nothing to ask.

use latchkey_identity::account::AccountId;
use latchkey_identity::authorization::{Authorization, Places};
use latchkey_identity::authorize::prompt::{SignedIn, Step, next_step};
use latchkey_identity::authorize::{AuthorizationResponse, Flow, Prompt, response_type};
use latchkey_identity::client::{Client, exposed_api};
use latchkey_identity::consent::{self, Consent, Question};
use latchkey_identity::grant::authorization_code::{self, CodeContext};
use latchkey_identity::legacy::moving::vouches_for;
use latchkey_identity::scope::ScopeSet;
use latchkey_identity::tenant::TenantId;
use latchkey_identity::token::client_info;
use latchkey_identity::token::subject::subject;
use latchkey_identity::{Change, Decision, OAuthError, Timestamp};
use latchkey_store::StoreError;
use serde::Deserialize;

use super::{Opened, is_unanswered, signed_in};
use crate::app::{App, entropy};
use crate::identity::asked::Asked;
use crate::identity::offer::Standing;
use crate::identity::{apis, authorization_details, front_channel};
use crate::visitor::Visitor;

/// What comes next for a request.
pub enum Next {
    /// The sign-in page.
    SignIn {
        /// The address to fill in, if one is known.
        email: Option<String>,
    },
    /// The account picker.
    Select,
    /// The account may not answer in this tenant.
    WrongTenant(Box<SignedIn>),
    /// The approval page.
    Consent(Box<Deliberation>),
    /// The person may not authorize services anywhere.
    Prerequisite(Box<Deliberation>),
    /// A code, durable already, and never of a rehearsal: it is sent as it is.
    Answer(AuthorizationResponse),
    /// An error for the client.
    Refuse(OAuthError),
}

/// Everything that the approval page, or the page instead of it, is made of.
pub struct Deliberation {
    /// Who answers.
    pub signed_in: SignedIn,
    /// Whose issuer signs.
    pub tenant: TenantId,
    /// The person's authorization for this client, live or not.
    pub existing: Option<Authorization>,
    /// What the person allows the app of the older kind that this one took over from: the page is filled in alike. Nothing follows from
    /// it until they approve.
    pub carried: Option<Carried>,
    /// What is asked.
    pub question: Question,
    /// The places that the request names, if it names any.
    pub places: Option<Places>,
    /// All that the client could have afterwards.
    pub scopes: ScopeSet,
    /// Where the person may authorize services, and where not.
    pub standing: Standing,
}

impl Deliberation {
    /// What the code is issued for that comes of it.
    pub fn context<'a>(&'a self, app: &'a App, visitor: &'a Visitor, opened: &'a Opened) -> CodeContext<'a> {
        CodeContext {
            request: &opened.asked.request,
            places: self.places.as_ref(),
            client: &opened.asked.client,
            account: &self.signed_in.account,
            session: &self.signed_in.session,
            tenant: self.tenant,
            origin: &visitor.origin.url,
            key: &app.keys.refresh_token,
            flow: Some(&opened.flow),
        }
    }
}

/// Works out what comes next, and issues the code if nothing needs to be asked.
pub async fn next(app: &App, visitor: &Visitor, asked: &Asked, flow: Option<&Flow>) -> Result<Next, StoreError> {
    let (request, client, now) = (&asked.request, &asked.client, visitor.now);
    let accounts = signed_in(app, visitor).await?;
    let expected = expected(app, asked, &accounts);
    let (one, tenant) = match next_step(request, &asked.audience, &accounts, flow, expected.as_deref(), now) {
        Step::SignIn { email } => return Ok(Next::SignIn { email }),
        Step::SelectAccount => return Ok(Next::Select),
        Step::WrongTenant(picked) => return Ok(Next::WrongTenant(picked)),
        Step::Refuse(error) => return Ok(Next::Refuse(error)),
        Step::Continue { signed_in, tenant } => (*signed_in, tenant),
    };
    if !client.is_open_to(tenant) {
        return Ok(Next::WrongTenant(Box::new(one)));
    }
    let wanted = request.scopes.canonical();
    let api = apis::named(app, &wanted).await?;
    if let Err(error) = servable(app, asked, &wanted, api.as_deref(), tenant).await? {
        return Ok(Next::Refuse(error));
    }
    app.uses.visited(one.session.id, now);
    let places = match named_places(app, asked, one.account.id).await? {
        Ok(places) => places,
        Err(error) => return Ok(Next::Refuse(error)),
    };
    let existing = app.store.remembered_authorization_for(tenant, one.account.id, client.id).await?;
    let consent = consent::required(request, client, existing.as_ref(), places.as_ref(), api.as_deref(), now);
    let wants_places = !wanted.resource().is_empty();
    let (scopes, named) = match (&consent, &existing) {
        (Consent::Ask(question), _) => (question.open.union(&question.already), question.places.as_ref()),
        (Consent::Remembered, Some(authorization)) => (authorization.scopes.clone(), places.as_ref()),
        (Consent::Remembered, None) => (wanted, places.as_ref()),
    };
    let standing = match wants_places {
        true => Standing::of(app, one.account.id, client, &scopes, asked.legacy.as_ref(), now).await?,
        false => Standing::default(),
    };
    let standing = match named {
        Some(named) => standing.within(named),
        None => standing,
    };
    let may = !wants_places || standing.may_authorize();
    let question = match (consent, &existing) {
        (Consent::Remembered, Some(authorization)) if may => {
            // A rehearsal asks each time. If one did not, nothing would be issued, and nobody sent to the app.
            if flow.is_some_and(|flow| flow.rehearsed_by.is_some()) {
                return Ok(Next::Refuse(OAuthError::access_denied("nothing is issued in a rehearsal")));
            }
            let context = CodeContext {
                request,
                places: places.as_ref(),
                client,
                account: &one.account,
                session: &one.session,
                tenant: authorization.tenant,
                origin: &visitor.origin.url,
                key: &app.keys.refresh_token,
                flow,
            };
            return issue_code(app, context, authorization, now).await.map(Next::Answer);
        }
        // It was approved once, by somebody who may not any more: the page says what is missing.
        (Consent::Remembered, _) => Question::default(),
        (Consent::Ask(question), _) => question,
    };
    if request.prompt.contains(Prompt::None) {
        let error = OAuthError::consent_required("the person has to be asked, and prompt=none allows no page");
        return Ok(Next::Refuse(error.because("consent_required")));
    }
    let carried = match wants_places && !existing.as_ref().is_some_and(|existing| existing.is_live(now)) {
        true => carried(app, asked, one.account.id, now).await?,
        false => None,
    };
    let page = Box::new(Deliberation { signed_in: one, tenant, existing, carried, question, places, scopes, standing });
    Ok(if may { Next::Consent(page) } else { Next::Prerequisite(page) })
}

/// Whether this tenant and the app that is called let the request be served, with a key for its tokens if it is.
async fn servable(
    app: &App,
    asked: &Asked,
    wanted: &ScopeSet,
    api: Option<&Client>,
    tenant: TenantId,
) -> Result<Result<(), OAuthError>, StoreError> {
    if !front_channel::may_carry(app, &asked.request, &asked.client, tenant).await? {
        return Ok(Err(response_type::switched_off()));
    }
    if let Err(error) = exposed_api::callable(wanted, api, &asked.client, tenant) {
        return Ok(Err(error));
    }
    if let Some(api) = api {
        app.begin_to_sign_with(api.access_token_algorithm()).await?;
    }
    Ok(Ok(()))
}

/// The places that the request names, if it names any, as far as the person reaches them.
async fn named_places(
    app: &App,
    asked: &Asked,
    account: AccountId,
) -> Result<Result<Option<Places>, OAuthError>, StoreError> {
    let Some(details) = &asked.request.details else { return Ok(Ok(None)) };
    let reached = authorization_details::reached(app, details, account).await?;
    Ok(reached.map(Some).ok_or_else(authorization_details::out_of_reach))
}

/// What a person allowed to the app of the older kind that this one took over from.
pub struct Carried {
    /// What the older one is called.
    pub name: String,
    /// The live authorization.
    pub authorization: Authorization,
}

/// The person's live authorization of the app of the older kind that this one took over from, if this one still leads where that one did.
async fn carried(app: &App, asked: &Asked, account: AccountId, now: Timestamp) -> Result<Option<Carried>, StoreError> {
    let Some((older, _)) = app.store.legacy_app_moved_from(asked.client.id).await? else { return Ok(None) };
    let older = app.store.client(older).await?;
    let Some(older) = older.filter(|older| vouches_for(older, asked.request.redirect.uri())) else { return Ok(None) };
    let mut given = app.store.authorizations_of(account).await?.into_iter().map(|listed| listed.authorization);
    let authorization = given.find(|given| given.client == older.id && given.is_live(now));
    Ok(authorization.map(|authorization| Carried { name: older.name.clone(), authorization }))
}

/// Issues the code of a request where nothing needs to be asked, below what was approved before.
async fn issue_code(
    app: &App,
    context: CodeContext<'_>,
    authorization: &Authorization,
    now: Timestamp,
) -> Result<AuthorizationResponse, StoreError> {
    // A code below an authorization that ends at this moment is worth nothing when it is redeemed, so nothing is read again here.
    let decided = app
        .store
        .decide(|| async {
            if !is_unanswered(app, context.request, context.flow).await? {
                return Ok(Decision::refuse(OAuthError::access_denied("the request was answered already")));
            }
            let issued = authorization_code::issue(context, authorization, now, &mut entropy());
            let (approved, changes) = match issued {
                Ok(issued) => issued,
                Err(error) => return Ok(Decision::refuse(error)),
            };
            let code = changes.iter().find_map(|change| match change {
                Change::IssueCode(code) => Some(code.clone()),
                _ => None,
            });
            Ok(Decision::grant((approved, code)).and_all(changes))
        })
        .await;
    let redirect = context.request.clone().issued_by(context.origin, context.tenant).redirect;
    Ok(match decided? {
        Ok((approved, code)) => {
            // It comes back in a moment.
            code.into_iter().for_each(|code| app.store.remember_code(*code));
            let info = context.request.client_info.then(|| client_info(context.account));
            front_channel::answer(app, redirect, &approved, info)?
        }
        Err(error) => redirect.error(&error),
    })
}

/// The accounts that fit an ID token of ours, if one came as a hint, and the subject that the `claims` parameter names, if it does. The
/// time of the ID token does not matter, and a token of others is no hint.
fn expected(app: &App, asked: &Asked, accounts: &[SignedIn]) -> Option<Vec<AccountId>> {
    #[derive(Deserialize)]
    struct Hint {
        sub: String,
        oid: Option<String>,
    }
    let hint: Option<Hint> = asked.request.id_token_hint.as_deref().and_then(|hint| app.signer.id_token_claims(hint));
    let named = asked.request.subject.as_deref();
    if hint.is_none() && named.is_none() {
        return None;
    }
    let fits = |account: AccountId| {
        let (id, subject) = (account.to_string(), subject(&asked.client, account, &app.keys.refresh_token));
        let hinted = |hint: &Hint| hint.oid.as_deref() == Some(&*id) || hint.sub == id || hint.sub == subject;
        hint.as_ref().is_none_or(hinted) && named.is_none_or(|named| named == subject)
    };
    Some(accounts.iter().map(|one| one.account.id).filter(|account| fits(*account)).collect())
}
