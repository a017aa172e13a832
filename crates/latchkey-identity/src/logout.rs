//! Sign-out that an app asks for, [RP-Initiated Logout §2 and §3].
//!
//! Whoever shows an ID token of ours for somebody who is signed in here signs them out at once; everybody else makes us ask. The browser is
//! sent on to an address that the app registered for it and nowhere else.

use std::convert::Infallible;

use serde::Deserialize;
use url::form_urlencoded;

use crate::account::{AccountId, email_key};
use crate::authorize::prompt::SignedIn;
use crate::authorize::response::is_vouched_for;
use crate::change::Change;
use crate::client::{Client, ClientId, ClientIdentifier, ClientState};
use crate::decision::Decision;
use crate::event::{Event, EventKind};
use crate::limits;
use crate::parameters::Parameters;
use crate::secret::PurposeKey;
use crate::session::{Session, SessionId};
use crate::tenant::{Audience, TenantId};
use crate::time::Timestamp;
use crate::token::read_issuer;
use crate::token::sid::sid;

/// Why a request to sign out was not followed: our page says it, and nobody is sent anywhere.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum LogoutError {
    /// A parameter stands twice, or is too long.
    Malformed,
    /// The `id_token_hint` is not an ID token of ours.
    Hint,
    /// `client_id` is not the client that the ID token is for.
    OtherClient,
    /// No client has this id.
    UnknownClient,
    /// The `post_logout_redirect_uri` is not registered for the client.
    Redirect,
}

impl LogoutError {
    /// The stable code that the page shows.
    pub const fn code(self) -> &'static str {
        match self {
            Self::Malformed | Self::OtherClient => "invalid_request",
            Self::Hint => "id_token_hint",
            Self::UnknownClient => "unauthorized_client",
            Self::Redirect => "invalid_redirect_uri",
        }
    }

    /// A sentence for the person, who cannot mend it, and for the developer, who can.
    pub const fn sentence(self) -> &'static str {
        match self {
            Self::Malformed => "A parameter of the request stands twice or is too long. You are still signed in.",
            Self::Hint => "The id_token_hint is not an ID token that was issued here. You are still signed in.",
            Self::OtherClient => "The client_id is not the app that the id_token_hint is for. You are still signed in.",
            Self::UnknownClient => "The client_id is none of an app that is registered here. You are still signed in.",
            Self::Redirect => {
                "The post_logout_redirect_uri is not registered for this app, so you are not sent there. You are still signed in."
            }
        }
    }
}

/// What an app asks for.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct LogoutRequest {
    /// An ID token of ours, which names app and person. It may have expired.
    pub id_token_hint: Option<String>,
    /// The app, where no ID token names it.
    pub client: Option<ClientIdentifier>,
    /// Where the browser goes afterwards.
    pub post_logout_redirect_uri: Option<String>,
    /// Goes there with it.
    pub state: Option<String>,
    /// The address of whom the app means.
    pub logout_hint: Option<String>,
}

impl LogoutRequest {
    /// Reads the parameters. Those that nobody knows are ignored.
    pub fn read(parameters: &Parameters) -> Result<Self, LogoutError> {
        let state = parameters.get("state");
        if parameters.once().is_err() || state.is_some_and(|state| state.len() > limits::STATE_BYTES) {
            return Err(LogoutError::Malformed);
        }
        let text = |name| parameters.get(name).map(str::to_owned);
        let client =
            parameters.get("client_id").map(|id| ClientIdentifier::parse(id).ok_or(LogoutError::UnknownClient));
        Ok(Self {
            id_token_hint: text("id_token_hint"),
            client: client.transpose()?,
            post_logout_redirect_uri: text("post_logout_redirect_uri"),
            state: text("state"),
            logout_hint: text("logout_hint"),
        })
    }

    /// The client that asks: the one that the hint is for, and the one that is named, if both are there the same.
    pub fn client<'a>(&'a self, hint: Option<&'a Hint>) -> Result<Option<&'a ClientIdentifier>, LogoutError> {
        match (&self.client, hint) {
            (Some(named), Some(hint)) if *named != hint.client => Err(LogoutError::OtherClient),
            (named, hint) => Ok(named.as_ref().or(hint.map(|hint| &hint.client))),
        }
    }
}

/// The claims of an ID token that comes back, after its signature was checked. Its time does not matter.
#[derive(Clone, PartialEq, Eq, Debug, Deserialize)]
pub struct HintClaims {
    iss: String,
    sub: String,
    aud: String,
    /// The account, where `sub` is one for each client.
    oid: Option<String>,
    /// The sign-in, which is all that is known of a person by a pairwise `sub`.
    sid: Option<String>,
}

/// Whom an ID token of ours names, and for which client. Only [`Hint::read`] makes one.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Hint {
    client: ClientIdentifier,
    /// The tenant that issued it.
    pub tenant: TenantId,
    named: Named,
}

/// Whom an ID token names.
#[derive(Clone, PartialEq, Eq, Debug)]
enum Named {
    /// The account.
    Account(AccountId),
    /// Whoever signed in there: the `sid` of the client that the token is for.
    Session(String),
}

impl Hint {
    /// Reads the claims of a token whose signature is one of ours: it has to be issued at one of `origins`, by a tenant of `audience`.
    pub fn read(claims: &HintClaims, origins: &[String], audience: &Audience) -> Result<Self, LogoutError> {
        let (origin, tenant) = read_issuer(&claims.iss).ok_or(LogoutError::Hint)?;
        if !origins.iter().any(|ours| ours == origin) || !answers_for(audience, tenant) {
            return Err(LogoutError::Hint);
        }
        let read = |text: &str| uuid::Uuid::try_parse(text).ok();
        let account = read(claims.oid.as_deref().unwrap_or(&claims.sub)).map(AccountId).map(Named::Account);
        let session = || claims.sid.clone().map(Named::Session);
        Ok(Self {
            client: ClientIdentifier::parse(&claims.aud).ok_or(LogoutError::Hint)?,
            tenant,
            named: account.or_else(session).ok_or(LogoutError::Hint)?,
        })
    }

    /// Whom of those who are signed in it names.
    pub fn named<'a>(&self, signed_in: &'a [SignedIn], key: &PurposeKey) -> Option<&'a SignedIn> {
        signed_in.iter().find(|one| self.names(one, key))
    }

    fn names(&self, one: &SignedIn, key: &PurposeKey) -> bool {
        match &self.named {
            Named::Account(account) => one.account.id == *account,
            Named::Session(known_by) => sid(one.session.id, &self.client.to_string(), key) == *known_by,
        }
    }
}

fn answers_for(audience: &Audience, tenant: TenantId) -> bool {
    match audience {
        Audience::Anyone | Audience::WorkAccounts => true,
        Audience::Tenant(named) => named.id == tenant,
    }
}

/// Where the browser goes after sign-out: an address that the client registered for it. Only [`target`] makes one.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct PostLogoutRedirect {
    uri: String,
    state: Option<String>,
}

impl PostLogoutRedirect {
    /// The address as the client registered it.
    pub fn uri(&self) -> &str {
        &self.uri
    }

    /// The same, with the `state` that the client sent and nothing else. The address keeps its own query.
    pub fn location(&self) -> String {
        let Some(state) = &self.state else { return self.uri.clone() };
        let state = form_urlencoded::Serializer::new(String::new()).append_pair("state", state).finish();
        let separator = if self.uri.contains('?') { '&' } else { '?' };
        format!("{}{separator}{state}", self.uri)
    }
}

/// Where the browser goes afterwards. Without a client nobody vouches for the address, and it stays here.
pub fn target(request: &LogoutRequest, client: Option<&Client>) -> Result<Option<PostLogoutRedirect>, LogoutError> {
    let (Some(uri), Some(client)) = (&request.post_logout_redirect_uri, client) else { return Ok(None) };
    if !client.permits_post_logout_redirect(uri) {
        return Err(LogoutError::Redirect);
    }
    let trusted = PostLogoutRedirect { uri: uri.clone(), state: request.state.clone() };
    Ok((client.state == ClientState::Active).then_some(trusted))
}

/// What comes of a request.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Step {
    /// This sign-in ends, without a question: an ID token of the person shows that the app may ask for it.
    End(SessionId),
    /// Nobody is signed in, and an app that somebody vouches for showed an ID token: there is nothing to end.
    Nothing,
    /// The person is asked: about this sign-in if the app named it, or about all.
    Ask(Option<SessionId>),
}

/// Decides what comes of a request. `signed_in` are the live sessions of the browser. [RP-Initiated Logout §2]
///
/// Where nobody is signed in an ID token says nothing of who is at the browser: anybody could send people to us with one of their own, and
/// from here to their app. An app that nobody vouches for gets a click first. [RFC 9700 §4.11.2]
///
/// `allowed` is whether the person whom the ID token names still allows the app anything: ID tokens are never taken back, and one of an app
/// that was sent away ends nobody's later sign-in.
pub fn next_step(
    request: &LogoutRequest,
    hint: Option<&Hint>,
    client: Option<&Client>,
    signed_in: &[SignedIn],
    allowed: bool,
    key: &PurposeKey,
) -> Step {
    let session = |one: &SignedIn| one.session.id;
    match hint {
        Some(hint) => match hint.named(signed_in, key) {
            Some(one) if allowed => Step::End(one.session.id),
            Some(one) => Step::Ask(Some(one.session.id)),
            None if signed_in.is_empty() && client.is_some_and(is_vouched_for) => Step::Nothing,
            // Somebody else is at this browser now: a token of another person says nothing of them.
            None => Step::Ask(None),
        },
        None => {
            let meant = request.logout_hint.as_deref().map(email_key);
            Step::Ask(signed_in.iter().find(|one| Some(email_key(&one.account.email)) == meant).map(session))
        }
    }
}

/// How somebody leaves a browser, as the record tells it.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Leaving {
    /// They signed out, through an app that asked for it or by themselves.
    SignedOut {
        /// The app.
        through: Option<ClientId>,
    },
    /// They had the account picker forget them.
    Forgotten,
}

/// Ends the sign-ins of those who leave a browser, as far as they are among its `live` sessions still.
pub fn leave(leaving: &[SignedIn], live: &[Session], how: Leaving, now: Timestamp) -> Decision<(), Infallible> {
    let (subject, through) = match how {
        Leaving::SignedOut { through } => ("signed out", through),
        Leaving::Forgotten => ("forgotten", None),
    };
    let still = leaving.iter().filter(|one| live.iter().any(|session| session.id == one.session.id));
    Decision::grant(()).and_all(still.flat_map(|one| {
        let event = Event::new(EventKind::SessionEnded, one.home.id, now, subject);
        let event = Event { client: through, ..event.by(one.account.id).within(one.session.id) };
        [Change::EndSession { session: one.session.id, at: now }, Change::Record(event)]
    }))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::client::registration::tests::a_client;
    use crate::parameters::tests::parameters;
    use crate::sign_in::tests::{a_session, an_account};
    use crate::tenant::{Tenant, TenantKind};
    use crate::token::issuer;
    use crate::token::tests::a_key;

    const ORIGIN: &str = "https://id.test";

    fn harbor() -> Tenant {
        Tenant { id: an_account().tenant, kind: TenantKind::Work, name: "Harbor".into(), domain: "harbor.test".into() }
    }

    fn ana() -> SignedIn {
        SignedIn { session: a_session(), account: an_account(), home: harbor(), guest_of: vec![] }
    }

    fn claims() -> HintClaims {
        HintClaims {
            iss: issuer(ORIGIN, harbor().id),
            sub: an_account().id.to_string(),
            aud: a_client().id.to_string(),
            oid: None,
            sid: None,
        }
    }

    fn hint(claims: &HintClaims) -> Result<Hint, LogoutError> {
        Hint::read(claims, &[ORIGIN.to_owned()], &Audience::Tenant(harbor()))
    }

    fn known_by(app: &str) -> String {
        sid(ana().session.id, app, &a_key())
    }

    fn asks(pairs: &[(&str, &str)]) -> LogoutRequest {
        LogoutRequest::read(&parameters(pairs)).unwrap()
    }

    #[test]
    fn a_hint_is_an_id_token_of_this_tenant_at_one_of_our_origins() {
        let read = hint(&claims()).unwrap();
        assert_eq!((&read.client, &read.named), (&a_client().identifier(), &Named::Account(an_account().id)));
        let microsoft = HintClaims { sub: "pairwise".into(), oid: Some(an_account().id.to_string()), ..claims() };
        assert_eq!(hint(&microsoft), Ok(read));
        let pairwise =
            HintClaims { sub: "pairwise".into(), sid: Some(known_by(&a_client().id.to_string())), ..claims() };
        assert!(hint(&pairwise).unwrap().names(&ana(), &a_key()), "the sign-in tells who it is");
        let of_another = HintClaims { sid: Some(known_by("another")), ..pairwise };
        assert!(!hint(&of_another).unwrap().names(&ana(), &a_key()));
        let shore = TenantId(uuid::Uuid::from_u128(0x5403e));
        for wrong in [
            HintClaims { iss: issuer("https://evil.test", harbor().id), ..claims() },
            HintClaims { iss: issuer(ORIGIN, shore), ..claims() },
            HintClaims { iss: ORIGIN.into(), ..claims() },
            HintClaims { aud: "me".into(), ..claims() },
            HintClaims { sub: "me".into(), ..claims() },
        ] {
            assert_eq!(hint(&wrong), Err(LogoutError::Hint), "{wrong:?}");
        }
    }

    #[test]
    fn the_person_of_the_hint_is_signed_out_at_once_and_nobody_else() {
        let hint = hint(&claims()).unwrap();
        let (request, known) = (LogoutRequest::default(), a_client());
        assert_eq!(
            next_step(&request, Some(&hint), Some(&known), &[ana()], true, &a_key()),
            Step::End(ana().session.id)
        );
        let asked = Step::Ask(Some(ana().session.id));
        assert_eq!(
            next_step(&request, Some(&hint), Some(&known), &[ana()], false, &a_key()),
            asked,
            "it was sent away"
        );
        let vouched_for = Client { administrator_approved: true, ..a_client() };
        assert_eq!(next_step(&request, Some(&hint), Some(&vouched_for), &[], false, &a_key()), Step::Nothing);
        assert_eq!(
            next_step(&request, Some(&hint), Some(&known), &[], false, &a_key()),
            Step::Ask(None),
            "no springboard"
        );
        let mut other = ana();
        other.account.id = AccountId(uuid::Uuid::from_u128(0xe4e));
        assert_eq!(next_step(&request, Some(&hint), Some(&known), &[other], false, &a_key()), Step::Ask(None));
        assert_eq!(next_step(&request, None, None, &[ana()], false, &a_key()), Step::Ask(None));
        let meant = asks(&[("logout_hint", "ANA@harbor.test")]);
        assert_eq!(next_step(&meant, None, None, &[ana()], false, &a_key()), Step::Ask(Some(ana().session.id)));
    }

    #[test]
    fn the_browser_goes_on_to_what_the_client_registered_with_its_state_and_nothing_else() {
        let registered = ("post_logout_redirect_uri", "https://burndown.test/bye?from=latchkey");
        let to = |request: &LogoutRequest| target(request, Some(&a_client())).map(|to| to.map(|to| to.location()));
        let with_state = asks(&[registered, ("state", "a.b~c d")]);
        assert_eq!(to(&with_state), Ok(Some(format!("{}&state=a.b%7Ec+d", registered.1))));
        assert_eq!(to(&asks(&[registered])), Ok(Some(registered.1.to_owned())));
        assert_eq!(to(&asks(&[("state", "s")])), Ok(None));
        assert_eq!(target(&with_state, None), Ok(None), "nobody vouches for it");
        let other = asks(&[("post_logout_redirect_uri", "https://burndown.test/bye?from=latchkey&foo=bar")]);
        assert_eq!(to(&other), Err(LogoutError::Redirect));
        let suspended = Client { state: ClientState::Suspended, ..a_client() };
        assert_eq!(target(&with_state, Some(&suspended)), Ok(None));
    }

    #[test]
    fn the_app_that_is_named_is_the_one_that_the_hint_is_for() {
        let hint = hint(&claims()).unwrap();
        let named = |id: &str| asks(&[("client_id", id)]).client(Some(&hint)).map(Option::<&_>::cloned);
        assert_eq!(named(&a_client().id.to_string()), Ok(Some(a_client().identifier())));
        assert_eq!(named("00000000-0000-0000-0000-0000000000c2"), Err(LogoutError::OtherClient));
        assert_eq!(LogoutRequest::default().client(Some(&hint)), Ok(Some(&a_client().identifier())));
        assert_eq!(LogoutRequest::default().client(None), Ok(None));
    }

    #[test]
    fn who_leaves_ends_a_live_sign_in_once_and_the_record_says_how() {
        const NOW: Timestamp = Timestamp::from_secs(1_000);
        let left = |live: &[Session], how| leave(&[ana()], live, how, NOW).changes;
        let through = Some(a_client().id);
        for (how, said, client) in
            [(Leaving::SignedOut { through }, "signed out", through), (Leaving::Forgotten, "forgotten", None)]
        {
            let changes = left(&[a_session()], how);
            let [Change::EndSession { session, at: NOW }, Change::Record(event)] = &changes[..] else { panic!() };
            assert_eq!((*session, event.subject.as_str(), event.client), (ana().session.id, said, client));
            assert_eq!((event.tenant, event.actor), (harbor().id, Some(an_account().id)));
        }
        assert_eq!(left(&[], Leaving::Forgotten), [], "it ended meanwhile");
    }

    #[test]
    fn a_doubled_parameter_is_refused() {
        for name in ["id_token_hint", "client_id", "post_logout_redirect_uri", "state", "logout_hint"] {
            let doubled = parameters(&[(name, "a"), (name, "a")]);
            assert_eq!(LogoutRequest::read(&doubled), Err(LogoutError::Malformed), "{name}");
        }
        let long = "x".repeat(limits::STATE_BYTES + 1);
        assert_eq!(LogoutRequest::read(&parameters(&[("state", &long)])), Err(LogoutError::Malformed));
    }
}
