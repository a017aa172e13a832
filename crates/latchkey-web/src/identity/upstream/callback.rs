//! `/upstream/callback/{id}`: somebody comes back from an upstream provider. What they bring counts once, in their browser, and only after
//! every check of a relying party. [OpenID Connect Core §3.1.3], [RFC 9207 §2.4], [RFC 9700 §2.1]

use axum::body::Body;
use axum::extract::{Path, RawQuery, State};
use http::Response;
use latchkey_identity::account::{AccountId, AccountState, email_key};
use latchkey_identity::secret::Secret;
use latchkey_identity::session::Session;
use latchkey_identity::sign_in::password::SignInContext;
use latchkey_identity::sign_in::upstream::id_token::{Assured, Expected, check, key_named};
use latchkey_identity::sign_in::upstream::link::{self, LinkProblem, SignInProblem};
use latchkey_identity::sign_in::upstream::pending::{
    Answer, AnswerError, Companions, Freshness, Gone, PendingSignIn, Purpose, redirect_uri,
};
use latchkey_identity::sign_in::upstream::{Upstream, UpstreamId};
use latchkey_store::StoreError;
use uuid::Uuid;

use super::{Errand, NotSent, onward, problem, provider, send};
use crate::app::{App, entropy};
use crate::extract;
use crate::identity::{flow, problem_page};
use crate::visitor::Visitor;

/// Why somebody who comes back is not signed in.
enum NotBack {
    Problem(problem_page::Problem),
    Store(StoreError),
}

impl From<StoreError> for NotBack {
    fn from(error: StoreError) -> Self {
        Self::Store(error)
    }
}

/// `GET /upstream/callback/{id}`
pub async fn get(
    State(app): State<App>,
    visitor: Visitor,
    Path(id): Path<String>,
    RawQuery(query): RawQuery,
) -> Response<Body> {
    match come_back(&app, &visitor, &id, query.as_deref().unwrap_or_default()).await {
        Ok(response) => response,
        Err(NotBack::Problem(problem)) => problem_page::show(&app, &visitor, problem),
        Err(NotBack::Store(error)) => problem_page::unavailable(&app, &visitor, &error),
    }
}

async fn come_back(app: &App, visitor: &Visitor, id: &str, query: &str) -> Result<Response<Body>, NotBack> {
    let gone = || NotBack::Problem(problem::GONE);
    let parameters = extract::parameters(query.as_bytes()).map_err(|_| gone())?;
    // An answer that says something twice says nothing. [RFC 6749 §3.1]
    parameters.once().map_err(|_| gone())?;
    let id = Uuid::try_parse(id).map(UpstreamId).map_err(|_| gone())?;
    let state = Secret::new(parameters.get("state").ok_or_else(gone)?);
    let (pending, upstream) = take(app, visitor, id, &state).await?.ok_or_else(gone)?;
    let Some(metadata) = app.provider_metadata(&upstream.issuer, visitor.now).await else {
        return Err(NotBack::Problem(problem::UNREACHABLE));
    };
    let answer = Answer { code: parameters.get("code"), error: parameters.get("error"), iss: parameters.get("iss") };
    let code = answer.code(&upstream.issuer, metadata.names_itself).map_err(|error| {
        tracing::info!(issuer = upstream.issuer, ?error, "a sign-in at an upstream provider came to nothing");
        NotBack::Problem(match error {
            AnswerError::Issuer => problem::NOT_THEIRS,
            AnswerError::Refused(_) => problem::REFUSED,
            AnswerError::NoCode => problem::NOT_BELIEVED,
        })
    })?;
    let companions = Companions::of(&state, &app.keys.upstream);
    let back = redirect_uri(&pending.origin, id);
    let tokens =
        provider::redeem(app, &upstream, &metadata, (&code, &companions.code_verifier), &back, visitor.now).await;
    let tokens = tokens.map_err(|error| {
        tracing::warn!(issuer = upstream.issuer, %error, "a code of an upstream provider could not be redeemed");
        NotBack::Problem(problem::UNREACHABLE)
    })?;
    let kid = key_named(&tokens.id_token);
    let keys = app.issuer_keys(&upstream.issuer, kid.as_deref(), visitor.now).await;
    let expected = Expected {
        issuer: &upstream.issuer,
        client_id: &upstream.client_id,
        nonce: &companions.nonce,
        access_token: tokens.access_token.as_deref(),
        keys: &keys,
    };
    let assured = check(&tokens.id_token, expected, visitor.now).map_err(|error| {
        tracing::warn!(issuer = upstream.issuer, %error, "an ID token of an upstream provider is not believed");
        NotBack::Problem(problem::NOT_BELIEVED)
    })?;
    match pending.purpose {
        Purpose::SignIn { .. } => {
            let assured = match tokens.access_token {
                Some(access_token) if upstream.makes_accounts && assured.told().is_lacking() => {
                    let info = provider::user_info(app, &metadata, &access_token).await;
                    assured.and_user_info(&info)
                }
                _ => assured,
            };
            sign_in(app, visitor, &assured, &upstream, pending).await
        }
        Purpose::Link { account } => link_account(app, visitor, &assured, &upstream, &pending, account).await,
    }
}

/// Takes up the sign-in that this is the answer to, before anything is asked of the provider.
async fn take(
    app: &App,
    visitor: &Visitor,
    id: UpstreamId,
    state: &Secret,
) -> Result<Option<(PendingSignIn, Upstream)>, StoreError> {
    let Some(begun) = app.store.upstream_sign_in(state.hash()).await? else { return Ok(None) };
    let upstream = app.upstream(begun.tenant, id.0).await?;
    let taken: Result<PendingSignIn, Gone> = app
        .store
        .decide(|| async {
            let found = app.store.upstream_sign_in(state.hash()).await?;
            let here = found.filter(|found| found.origin == *visitor.origin.url);
            Ok(PendingSignIn::take(here.as_ref(), visitor.browser.hash(), upstream.as_ref(), visitor.now))
        })
        .await?;
    Ok(taken.ok().zip(upstream))
}

/// Signs somebody in, in this browser, under a new cookie.
async fn sign_in(
    app: &App,
    visitor: &Visitor,
    assured: &Assured,
    upstream: &Upstream,
    pending: PendingSignIn,
) -> Result<Response<Body>, NotBack> {
    let Purpose::SignIn { flow, next } = &pending.purpose else { return Err(NotBack::Problem(problem::GONE)) };
    let Some(tenant) = app.store.tenant(upstream.tenant).await? else { return Err(NotBack::Problem(problem::GONE)) };
    let renewed = visitor.browser.renewed();
    let address = visitor.address.to_string();
    let context = SignInContext {
        browser: visitor.browser.hash(),
        renewed: renewed.hash(),
        flow: *flow,
        address: &address,
        user_agent: &visitor.user_agent,
    };
    let decided: Result<Session, SignInProblem> = app
        .store
        .decide(|| async {
            let (store, told) = (&app.store, assured.told());
            let linked = match store.upstream_account(upstream.tenant, &upstream.issuer, assured.subject()).await? {
                Some(account) => store.account(account).await?,
                None => None,
            };
            let taken = match &told.email {
                Some(email) => store.credentials(&email_key(email)).await?.is_some(),
                None => false,
            };
            let facts = link::Facts {
                upstream,
                tenant: &tenant,
                linked: linked.as_ref().map(|person| &person.account),
                taken,
                freshness: pending.freshness,
                started_at: pending.started_at,
                live: &store.sessions_in_browser(visitor.browser.hash(), visitor.now).await?,
            };
            Ok(link::sign_in(assured, facts, context, visitor.now, &mut entropy()).seen_from(&address))
        })
        .await?;
    match decided {
        Ok(_) => {
            let signed_in = Visitor { browser: renewed, ..visitor.clone() };
            Ok(onward(app, &signed_in, "Latchkey", next))
        }
        // They signed in there a week ago: they do it anew, once.
        Err(SignInProblem::LongAgo) if !pending.freshness.anew => {
            let freshness = Freshness { anew: true, ..pending.freshness };
            let errand = Errand { upstream, purpose: pending.purpose.clone(), freshness, login_hint: None };
            match send(app, visitor, errand).await {
                Ok(response) => Ok(response),
                Err(NotSent::Answer(response)) => Ok(*response),
                Err(NotSent::Unreachable) => Err(NotBack::Problem(problem::UNREACHABLE)),
            }
        }
        Err(problem) => Err(NotBack::Problem(problem::not_signed_in(problem))),
    }
}

/// Links the account that is signed in in this browser and asked for it.
async fn link_account(
    app: &App,
    visitor: &Visitor,
    assured: &Assured,
    upstream: &Upstream,
    pending: &PendingSignIn,
    account: AccountId,
) -> Result<Response<Body>, NotBack> {
    let fresh = pending.freshness.signed_in_at(assured.auth_time(), pending.started_at, visitor.now).is_some();
    if !fresh {
        return Err(NotBack::Problem(problem::not_signed_in(SignInProblem::NotFresh)));
    }
    let signed_in = flow::signed_in(app, visitor).await?;
    let one = signed_in.into_iter().find(|one| one.account.id == account);
    let Some(one) = one.filter(|one| one.account.state == AccountState::Active) else {
        return Err(NotBack::Problem(problem::NOBODY_TO_LINK));
    };
    let address = visitor.address.to_string();
    let decided: Result<(), LinkProblem> = app
        .store
        .decide(|| async {
            let holder = app.store.upstream_account(upstream.tenant, &upstream.issuer, assured.subject()).await?;
            let present = app.store.upstream_links_of(account).await?;
            let session = one.session.id;
            let decision = link::link(assured, upstream, &one.account, session, &present, holder, visitor.now);
            Ok(decision.seen_from(&address))
        })
        .await?;
    let done = match decided {
        Ok(()) => "linked",
        Err(LinkProblem::AnotherAccount) => "another",
        Err(_) => "refused",
    };
    Ok(onward(app, visitor, "Latchkey", &format!("/profile/sign-in?done={done}")))
}
