//! Who answers: a signed-in account, the picker, or sign-in, [OpenID Connect Core §3.1.2.1 and §3.1.2.3].

use std::time::Duration;

use crate::account::{self, Account, AccountId};
use crate::authorize::flow::Flow;
use crate::authorize::request::AuthorizationRequest;
use crate::error::OAuthError;
use crate::session::Session;
use crate::tenant::{Audience, Tenant, TenantId, TenantKind};
use crate::time::Timestamp;

/// A value of `prompt`.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub enum Prompt {
    /// No page at all.
    None,
    /// Sign in again.
    Login,
    /// Ask for approval again.
    Consent,
    /// Show the account picker.
    SelectAccount,
}

impl Prompt {
    /// Every value, as `prompt_values_supported` lists them.
    pub const ALL: [Self; 4] = [Self::None, Self::Login, Self::Consent, Self::SelectAccount];

    /// The registered name.
    pub const fn name(self) -> &'static str {
        match self {
            Self::None => "none",
            Self::Login => "login",
            Self::Consent => "consent",
            Self::SelectAccount => "select_account",
        }
    }
}

/// The values of one `prompt` parameter.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Prompts(Vec<Prompt>);

impl Prompts {
    /// Reads the parameter. `none` stands alone. `create` is known to clients of the Microsoft world and means nothing here.
    pub fn parse(text: &str) -> Result<Self, OAuthError> {
        let mut prompts = Vec::new();
        for word in text.split_ascii_whitespace().filter(|word| *word != "create") {
            let known = Prompt::ALL.into_iter().find(|prompt| prompt.name() == word);
            prompts.push(known.ok_or_else(|| {
                OAuthError::invalid_request("prompt is none of none, login, consent and select_account")
            })?);
        }
        if prompts.len() > 1 && prompts.contains(&Prompt::None) {
            return Err(OAuthError::invalid_request("prompt=none stands alone"));
        }
        Ok(Self(prompts))
    }

    /// These values.
    pub(crate) fn of(prompts: impl IntoIterator<Item = Prompt>) -> Self {
        Self(prompts.into_iter().collect())
    }

    /// Whether the value stands in it.
    pub fn contains(&self, prompt: Prompt) -> bool {
        self.0.contains(&prompt)
    }
}

/// One of the accounts signed in in this browser.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct SignedIn {
    /// Its session.
    pub session: Session,
    /// The account.
    pub account: Account,
    /// Its tenant.
    pub home: Tenant,
    /// The tenants it is a guest of.
    pub guest_of: Vec<TenantId>,
}

/// What comes next.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Step {
    /// Show the sign-in page, with this address filled in.
    SignIn {
        /// The address, if one is known.
        email: Option<String>,
    },
    /// Show the account picker.
    SelectAccount,
    /// The account that was picked may not answer in this tenant: say so, and let another be picked.
    WrongTenant(Box<SignedIn>),
    /// This account answers, and this tenant issues.
    Continue {
        /// Who answers.
        signed_in: Box<SignedIn>,
        /// Whose issuer signs.
        tenant: TenantId,
    },
    /// No page may be shown, and one would be needed.
    Refuse(OAuthError),
}

/// Decides who answers a request. `signed_in` are the live sessions of the browser, `flow` is there once a page has been shown, and
/// `expected` are those of their accounts that an `id_token_hint` or the `claims` parameter names, if one of them does.
pub fn next_step(
    request: &AuthorizationRequest,
    audience: &Audience,
    signed_in: &[SignedIn],
    flow: Option<&Flow>,
    expected: Option<&[AccountId]>,
    now: Timestamp,
) -> Step {
    let is_expected = |candidate: &SignedIn| expected.is_none_or(|ids| ids.contains(&candidate.account.id));
    let picked = flow.and_then(|flow| flow.session);
    if let Some(picked) = signed_in.iter().find(|candidate| picked == Some(candidate.session.id)) {
        return match audience.issuing_tenant(&picked.home, &picked.guest_of) {
            // Another account never answers in the place of the one that was named. [OpenID Connect Core §3.1.2.2]
            Some(_) if !is_expected(picked) => Step::Refuse(OAuthError::login_required("another account answered")),
            None => Step::WrongTenant(Box::new(picked.clone())),
            Some(tenant) => sign_in_again_or_continue(request, picked, tenant, flow, now),
        };
    }
    let candidates: Vec<Candidate<'_>> = signed_in
        .iter()
        .filter(|candidate| {
            is_expected(candidate) && fits_domain_hint(request, candidate) && fits_login_hint(request, candidate)
        })
        .filter_map(|candidate| Some((candidate, audience.issuing_tenant(&candidate.home, &candidate.guest_of)?)))
        .collect();
    if request.prompt.contains(Prompt::None) {
        return without_a_page(request, &candidates, flow, now);
    }
    if request.prompt.contains(Prompt::SelectAccount) && !signed_in.is_empty() {
        return Step::SelectAccount;
    }
    match candidates.as_slice() {
        [(one, tenant)] => sign_in_again_or_continue(request, one, *tenant, flow, now),
        [] if request.login_hint.is_some() || signed_in.is_empty() => {
            Step::SignIn { email: request.login_hint.clone() }
        }
        _ => Step::SelectAccount,
    }
}

/// Who may answer, and whose issuer signs then.
type Candidate<'a> = (&'a SignedIn, TenantId);

/// What `prompt=none` allows: one account whose sign-in is good enough answers, or nobody does.
fn without_a_page(
    request: &AuthorizationRequest,
    candidates: &[Candidate<'_>],
    flow: Option<&Flow>,
    now: Timestamp,
) -> Step {
    Step::Refuse(match candidates {
        [(one, tenant)] if is_fresh(request, one, flow, now) => {
            return Step::Continue { signed_in: Box::new((*one).clone()), tenant: *tenant };
        }
        [_] => OAuthError::login_required("the sign-in is too old or of another class, and prompt=none allows no page"),
        [] => OAuthError::login_required("nobody who fits is signed in, and prompt=none allows no page"),
        _ => OAuthError::account_selection_required("several accounts are signed in, and prompt=none allows no page"),
    })
}

fn sign_in_again_or_continue(
    request: &AuthorizationRequest,
    one: &SignedIn,
    tenant: TenantId,
    flow: Option<&Flow>,
    now: Timestamp,
) -> Step {
    if !has_class(request, one) && is_of_this_flow(one, flow) {
        // To sign in once more in the same way would lead back here.
        return Step::Refuse(OAuthError::unmet_authentication_requirements(
            "the person signed in, and not in the way that acr calls for",
        ));
    }
    if is_fresh(request, one, flow, now) {
        Step::Continue { signed_in: Box::new(one.clone()), tenant }
    } else {
        Step::SignIn { email: Some(one.account.email.clone()) }
    }
}

/// Whether a sign-in has a class that is called for. [OpenID Connect Core §5.5.1.1]
fn has_class(request: &AuthorizationRequest, candidate: &SignedIn) -> bool {
    request.acr.is_empty() || request.acr.contains(&candidate.session.context.class())
}

fn is_of_this_flow(candidate: &SignedIn, flow: Option<&Flow>) -> bool {
    flow.is_some_and(|flow| candidate.session.authenticated_at >= flow.started_at)
}

/// Whether the person's last sign-in is good enough for `acr`, `prompt=login` and `max_age`. For the latter two one made in this flow is.
fn is_fresh(request: &AuthorizationRequest, candidate: &SignedIn, flow: Option<&Flow>, now: Timestamp) -> bool {
    if !has_class(request, candidate) {
        return false;
    }
    if is_of_this_flow(candidate, flow) {
        return true;
    }
    let age = now.since(candidate.session.authenticated_at);
    let young = request.max_age.is_none_or(|most| age <= Duration::from_secs(most));
    young && !request.prompt.contains(Prompt::Login)
}

fn fits_login_hint(request: &AuthorizationRequest, candidate: &SignedIn) -> bool {
    let wanted = request.login_hint.as_deref();
    wanted.is_none_or(|hint| account::email_key(hint) == account::email_key(&candidate.account.email))
}

fn fits_domain_hint(request: &AuthorizationRequest, candidate: &SignedIn) -> bool {
    match request.domain_hint.as_deref() {
        None => true,
        Some("organizations") => candidate.home.kind == TenantKind::Work,
        Some("consumers") => candidate.home.kind == TenantKind::Personal,
        Some(domain) => candidate.home.domain.eq_ignore_ascii_case(domain),
    }
}

#[cfg(test)]
mod tests {
    use std::slice;

    use super::*;
    use crate::authorize::flow::FlowId;
    use crate::authorize::request::tests::{harbor, request};
    use crate::secret::TokenHash;
    use crate::session::SessionId;
    use crate::sign_in::context::AuthenticationContext;
    use crate::sign_in::tests::{a_session, an_account};
    use uuid::Uuid;

    const NOW: Timestamp = Timestamp::from_secs(10_000);

    fn ana() -> SignedIn {
        SignedIn { session: a_session(), account: an_account(), home: harbor(), guest_of: vec![] }
    }

    fn max() -> SignedIn {
        let id = AccountId(Uuid::from_u128(0x3a));
        let account = Account { id, email: "max@harbor.test".into(), ..an_account() };
        SignedIn {
            session: Session { id: SessionId(Uuid::from_u128(0x3b)), account: id, ..a_session() },
            account,
            ..ana()
        }
    }

    fn eve() -> SignedIn {
        let home = Tenant { id: TenantId(Uuid::from_u128(2)), domain: "shore.test".into(), ..harbor() };
        SignedIn { home, ..max() }
    }

    fn flow(session: Option<SessionId>, started_at: Timestamp) -> Flow {
        Flow {
            id: FlowId(TokenHash([0; 32])),
            browser: a_session().browser,
            client: request(&[]).unwrap().client,
            segment: "harbor.test".into(),
            origin: "https://id.test".into(),
            parameters: String::new(),
            device: None,
            rehearsed_by: None,
            session,
            started_at,
            ended_at: None,
        }
    }

    fn step(edits: &[(&str, &str)], signed_in: &[SignedIn], flow: Option<&Flow>) -> Step {
        next_step(&request(edits).unwrap(), &Audience::Tenant(harbor()), signed_in, flow, None, NOW)
    }

    fn refused(step: &Step) -> &'static str {
        match step {
            Step::Refuse(error) => error.code,
            other => panic!("{other:?}"),
        }
    }

    #[test]
    fn one_session_answers_silently_several_meet_the_picker_none_the_sign_in_page() {
        assert!(matches!(step(&[], &[ana()], None), Step::Continue { .. }));
        assert_eq!(step(&[], &[ana(), max()], None), Step::SelectAccount);
        assert_eq!(step(&[], &[], None), Step::SignIn { email: None });
        assert_eq!(
            step(&[("login_hint", "new@harbor.test")], &[ana()], None),
            Step::SignIn { email: Some("new@harbor.test".into()) }
        );
        let hinted = step(&[("login_hint", "MAX@harbor.test")], &[ana(), max()], None);
        assert!(matches!(hinted, Step::Continue { signed_in, .. } if signed_in.account.email == "max@harbor.test"));
    }

    #[test]
    fn prompt_none_shows_no_page() {
        let none = [("prompt", "none")];
        assert!(matches!(step(&none, &[ana()], None), Step::Continue { .. }));
        assert_eq!(refused(&step(&none, &[], None)), "login_required");
        assert_eq!(refused(&step(&none, &[ana(), max()], None)), "account_selection_required");
        assert_eq!(refused(&step(&none, &[eve()], None)), "login_required");
        assert_eq!(refused(&step(&[("prompt", "none"), ("max_age", "1")], &[ana()], None)), "login_required");
    }

    #[test]
    fn a_hint_at_somebody_else_never_gives_another_persons_tokens() {
        let request = request(&[("prompt", "none")]).unwrap();
        let decided = |flow: Option<&Flow>, expected: &[AccountId]| {
            next_step(&request, &Audience::Tenant(harbor()), &[ana()], flow, Some(expected), NOW)
        };
        assert_eq!(refused(&decided(None, &[])), "login_required");
        let picked = flow(Some(ana().session.id), NOW);
        assert_eq!(refused(&decided(Some(&picked), &[])), "login_required", "not by picking either");
        assert!(matches!(decided(Some(&picked), &[ana().account.id]), Step::Continue { .. }));
    }

    #[test]
    fn prompt_login_and_max_age_want_a_sign_in_made_in_this_flow() {
        for edits in [[("prompt", "login")], [("max_age", "1")]] {
            assert_eq!(step(&edits, &[ana()], None), Step::SignIn { email: Some("ana@harbor.test".into()) });
            let later = flow(Some(ana().session.id), ana().session.authenticated_at + Duration::from_secs(1));
            assert!(matches!(step(&edits, &[ana()], Some(&later)), Step::SignIn { .. }), "picking is not signing in");
            let before = flow(Some(ana().session.id), ana().session.authenticated_at);
            assert!(matches!(step(&edits, &[ana()], Some(&before)), Step::Continue { .. }));
        }
        assert!(matches!(step(&[("max_age", "15000")], &[ana()], None), Step::Continue { .. }));
    }

    #[test]
    fn a_class_that_is_essential_wants_a_sign_in_that_has_it() {
        let password = AuthenticationContext::Password.class();
        let claims = format!(r#"{{"id_token":{{"acr":{{"essential":true,"values":["{password}"]}}}}}}"#);
        let (needs, silent) = ([("claims", claims.as_str())], [("claims", claims.as_str()), ("prompt", "none")]);
        let context = AuthenticationContext::Upstream(["hwk"].into_iter().collect());
        let elsewhere = SignedIn { session: Session { context, ..a_session() }, ..ana() };
        assert!(matches!(step(&needs, &[ana()], None), Step::Continue { .. }));
        assert!(matches!(step(&[], slice::from_ref(&elsewhere), None), Step::Continue { .. }));
        let before = slice::from_ref(&elsewhere);
        assert_eq!(step(&needs, before, None), Step::SignIn { email: Some("ana@harbor.test".into()) });
        assert_eq!(refused(&step(&silent, before, None)), "login_required");
        let again = flow(Some(elsewhere.session.id), elsewhere.session.authenticated_at);
        assert_eq!(refused(&step(&needs, before, Some(&again))), "unmet_authentication_requirements", "and no loop");
    }

    #[test]
    fn select_account_always_shows_the_picker_and_the_pick_stands() {
        let select = [("prompt", "select_account")];
        assert_eq!(step(&select, &[ana()], None), Step::SelectAccount);
        assert!(matches!(step(&select, &[], None), Step::SignIn { .. }));
        assert!(matches!(step(&select, &[ana()], Some(&flow(Some(ana().session.id), NOW))), Step::Continue { .. }));
    }

    #[test]
    fn an_account_of_another_tenant_is_stopped_unless_it_is_a_guest() {
        let picked = flow(Some(eve().session.id), NOW);
        assert_eq!(step(&[], &[eve()], Some(&picked)), Step::WrongTenant(Box::new(eve())));
        assert_eq!(step(&[], &[eve()], None), Step::SelectAccount);
        let guest = SignedIn { guest_of: vec![harbor().id], ..eve() };
        assert!(matches!(step(&[], &[guest], None), Step::Continue { tenant, .. } if tenant == harbor().id));
    }

    #[test]
    fn a_domain_hint_leaves_the_accounts_of_that_domain() {
        let guest = SignedIn { guest_of: vec![harbor().id], ..eve() };
        let hinted = step(&[("domain_hint", "harbor.test")], &[ana(), guest], None);
        assert!(matches!(hinted, Step::Continue { signed_in, .. } if signed_in.account.email == "ana@harbor.test"));
    }
}
