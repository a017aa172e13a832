//! Who asks: from the credential of a request to the caller that access is decided for.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD_NO_PAD;
use http::HeaderMap;
use http::header::AUTHORIZATION;
use http::request::Parts;
use latchkey_devops::access::{Caller, CallingApp, Limits, ProjectLimits, RepositoryLimits, Standing};
use latchkey_devops::error::DevOpsError;
use latchkey_devops::ids::{AppId, OrganizationId, PersonId, ProjectId, RepositoryId};
use latchkey_devops::scope::{self, Scope, Scopes};
use latchkey_identity::Timestamp;
use latchkey_identity::authorization::{Place, Places};
use latchkey_identity::client::ClientId;
use latchkey_identity::scope::ScopeSet;
use latchkey_identity::secret::Secret;
use latchkey_identity::token::access_token::TokenRefusal;
use latchkey_identity::token::narrowing::Actor;

use super::error::ApiError;
use crate::app::App;
use crate::bearer::{self, AppBearer, Bearer, BearerError, Holder, Presentation, Scheme};
use crate::extract::authorization;
use crate::staleness;

/// Somebody whose credential counts at this moment.
#[derive(Clone, Debug)]
pub(super) struct Identified {
    /// As whom and how far access is decided.
    pub(super) caller: Arc<Caller>,
    /// The token, and what it hangs below.
    pub(super) holder: Holder,
    token: Secret,
}

/// Reads the credential of a request and checks it against what is true now. No database is asked for one seen before.
pub(super) async fn identify(app: &App, parts: &Parts, now: Timestamp) -> Result<Identified, ApiError> {
    match credential(&parts.headers) {
        Credential::Token(token, scheme) => {
            let presented = Presentation { token: token.reveal(), scheme, parts };
            let holder = bearer::identify(app, presented, scope::AUDIENCE, now).await;
            identified(holder, token, now)
        }
        Credential::None => Err(unauthorized("The request carries no credential: send an access token.")),
        Credential::Unreadable => Err(unauthorized(
            "The Authorization header must be Bearer or DPoP with a token, or Basic with the token as password.",
        )),
    }
}

impl Identified {
    /// The same, as it is true at another moment: a push takes time, and what it began under may have ended.
    pub(super) async fn again(&self, app: &App, now: Timestamp) -> Result<Self, ApiError> {
        staleness::check(app).await?;
        let holder = bearer::identify_again(app, self.token.reveal(), scope::AUDIENCE, now).await;
        identified(holder, self.token.clone(), now)
    }
}

fn identified(holder: Result<Holder, BearerError>, token: Secret, now: Timestamp) -> Result<Identified, ApiError> {
    match holder {
        Ok(holder) => {
            let caller = match &holder {
                Holder::Person(bearer) => at_this_moment(bearer.caller(caller), now),
                Holder::App(bearer) => bearer.caller(app_itself),
            };
            Ok(Identified { caller, holder, token })
        }
        Err(BearerError::Store(error)) => Err(error.into()),
        Err(BearerError::Refused(refusal)) => Err(unauthorized(reason(refusal))),
        Err(BearerError::Unproven(error)) => Err(ApiError::Unproven(error)),
    }
}

/// What is decided for an app of the older OAuth kind depends on the moment; nothing else of a caller does.
fn at_this_moment(caller: Arc<Caller>, now: Timestamp) -> Arc<Caller> {
    match caller.app {
        Some(app) if app.legacy.is_some() => {
            Arc::new(Caller { app: Some(CallingApp { legacy: Some(now), ..app }), ..(*caller).clone() })
        }
        _ => caller,
    }
}

fn unauthorized(reason: &str) -> ApiError {
    DevOpsError::unauthorized(None, reason).into()
}

/// What ended the token, and what to do about it.
fn reason(refusal: TokenRefusal) -> &'static str {
    match refusal {
        TokenRefusal::NotOurs => "The token is not an access token of this server.",
        TokenRefusal::Expired => "The token has expired. Get a new one.",
        TokenRefusal::WrongAudience => "The token is for another resource. Ask for a scope of the DevOps side.",
        TokenRefusal::AuthorizationEnded => {
            "The authorization behind the token was revoked or has ended. Ask the person to authorize the service again."
        }
        TokenRefusal::Paused => {
            "The authorization behind the token was paused by the person. The token works again when they resume it, if it still lives."
        }
        TokenRefusal::FamilyEnded => "The token was revoked. Ask the person to authorize the service again.",
        TokenRefusal::OtherCertificate => "The token is bound to a client certificate: show it when you shake hands.",
        TokenRefusal::CredentialEnded => "The secret that the token was made with has ended. Get a new token.",
        TokenRefusal::NoPerson => "This takes a person, and the token is an app's own.",
        TokenRefusal::AccountDisabled => "The account is disabled. An administrator of its tenant can enable it.",
        TokenRefusal::AppSuspended => "The service is suspended. Its owner can ask an administrator of its tenant why.",
    }
}

/// Whether a request brings a credential, of whatever kind.
pub(super) fn has_credential(headers: &HeaderMap) -> bool {
    headers.contains_key(AUTHORIZATION)
}

/// Whether it presents its token as one that is bound to a key.
pub(super) fn proves_by_dpop(headers: &HeaderMap) -> bool {
    matches!(credential(headers), Credential::Token(_, Scheme::Dpop))
}

enum Credential {
    None,
    Unreadable,
    Token(Secret, Scheme),
}

/// The token of a request: as `Bearer` or `DPoP`, or as the password of `Basic`, whose user name does not matter. Never from the query.
fn credential(headers: &HeaderMap) -> Credential {
    let (scheme, rest) = match authorization(headers) {
        Ok(None) => return Credential::None,
        Ok(Some(header)) => header,
        Err(_) => return Credential::Unreadable,
    };
    let token = match Scheme::parse(scheme) {
        Some(scheme) => Some((rest.to_owned(), scheme)),
        None if scheme.eq_ignore_ascii_case("basic") => password(rest).map(|token| (token, Scheme::Password)),
        None => None,
    };
    match token.filter(|(token, _)| !token.is_empty()) {
        Some((token, scheme)) => Credential::Token(Secret::new(token), scheme),
        None => Credential::Unreadable,
    }
}

/// The password of `Basic`. [RFC 7617 §2]
fn password(pair: &str) -> Option<String> {
    let pair = STANDARD_NO_PAD.decode(pair.trim_end_matches('=')).ok()?;
    let pair = String::from_utf8(pair).ok()?;
    pair.split_once(':').map(|(_, password)| password.to_owned())
}

/// What access is decided by: what the token says, what the person approves now, and where.
fn caller(bearer: &Bearer) -> Caller {
    Caller {
        person: PersonId(bearer.authorization.account.0),
        app: Some(CallingApp {
            id: AppId(bearer.client.id.0),
            legacy: bearer.client.is_legacy().then_some(Timestamp::from_secs(0)),
            itself: None,
        }),
        actors: actors(bearer),
        standing: Standing::Live,
        token_scopes: scopes(&bearer.token.scopes),
        authorized_scopes: scopes(&bearer.authorization.scopes),
        limits: limits(&bearer.token.narrowing.within(&bearer.authorization.places)),
    }
}

/// The apps that a token was handed on to. [RFC 8693 §4.1]
fn actors(bearer: &Bearer) -> Vec<AppId> {
    let named = bearer.token.narrowing.actor.iter().flat_map(Actor::clients);
    named.filter_map(|client| ClientId::parse(client).map(|id| AppId(id.0))).collect()
}

/// The same for an app that acts by itself: what the token says, what the app is registered for now, and of which directory it is.
fn app_itself(bearer: &AppBearer) -> Caller {
    let registered = scopes(&bearer.client.scopes).without(Scope::UserImpersonation);
    Caller::app_itself(AppId(bearer.client.id.0), bearer.token.tenant.0, scopes(&bearer.token.scopes), registered)
}

fn scopes(set: &ScopeSet) -> Scopes {
    set.iter().filter_map(Scope::parse).collect()
}

/// How far somebody reaches in these places. A whole place outweighs its parts.
fn limits(places: &Places) -> Limits {
    let mut chosen: BTreeMap<OrganizationId, ProjectLimits> = BTreeMap::new();
    for Place { organization, project, repository } in places {
        let projects =
            chosen.entry(OrganizationId(*organization)).or_insert_with(|| ProjectLimits::Chosen(BTreeMap::new()));
        let Some(project) = project else {
            *projects = ProjectLimits::All;
            continue;
        };
        let ProjectLimits::Chosen(projects) = projects else { continue };
        let repositories =
            projects.entry(ProjectId(*project)).or_insert_with(|| RepositoryLimits::Chosen(BTreeSet::new()));
        match (repository, repositories) {
            (None, repositories) => *repositories = RepositoryLimits::All,
            (Some(_), RepositoryLimits::All) => {}
            (Some(repository), RepositoryLimits::Chosen(repositories)) => {
                repositories.insert(RepositoryId(*repository));
            }
        }
    }
    Limits::Chosen(chosen)
}

#[cfg(test)]
mod tests {
    use super::*;
    use base64::engine::general_purpose::STANDARD;
    use http::HeaderValue;
    use uuid::Uuid;

    fn token(values: &[&str]) -> Result<Option<String>, ()> {
        let mut headers = HeaderMap::new();
        for value in values {
            headers.append(AUTHORIZATION, HeaderValue::from_str(value).unwrap());
        }
        match credential(&headers) {
            Credential::None => Ok(None),
            Credential::Unreadable => Err(()),
            Credential::Token(token, _) => Ok(Some(token.reveal().to_owned())),
        }
    }

    fn basic(pair: &str) -> String {
        format!("Basic {}", STANDARD.encode(pair))
    }

    #[test]
    fn a_token_comes_as_bearer_or_as_the_password_of_any_user() {
        let found = Ok(Some("abc.def".to_owned()));
        for header in [
            "Bearer abc.def",
            "bearer  abc.def ",
            "DPoP abc.def",
            "dpop abc.def",
            &basic(":abc.def"),
            &basic("PAT:abc.def"),
        ] {
            assert_eq!(token(&[header]), found, "{header}");
        }
        assert_eq!(token(&[&basic("ana@harbor.test:a:b")]), Ok(Some("a:b".into())));
        assert_eq!(token(&[basic(":abc.def").trim_end_matches('=')]), found);
        assert_eq!(token(&[]), Ok(None));
    }

    #[test]
    fn what_is_no_token_is_refused() {
        for header in ["Bearer", "Bearer ", "Basic", "Basic ???", "Negotiate abc", &basic("no colon"), &basic("user:")]
        {
            assert_eq!(token(&[header]), Err(()), "{header}");
        }
        assert_eq!(token(&["Bearer a", "Bearer b"]), Err(()));
    }

    fn reach(places: Places) -> Limits {
        limits(&places)
    }

    #[test]
    fn places_become_limits_and_a_whole_outweighs_its_parts() {
        let id = Uuid::from_u128;
        let (harbor, lighthouse, lamp, log) = (id(1), id(2), id(3), id(4));
        let place = |project, repository| Place { organization: harbor, project, repository };
        let in_repository = |limits: &Limits, repository| {
            limits.reach_repository(OrganizationId(harbor), ProjectId(lighthouse), RepositoryId(repository))
        };

        let one = reach([place(Some(lighthouse), Some(lamp))].into());
        assert!(in_repository(&one, lamp) && !in_repository(&one, log));
        assert!(!one.reach_organization(OrganizationId(id(9))));
        let project = reach([place(Some(lighthouse), Some(lamp)), place(Some(lighthouse), None)].into());
        assert!(in_repository(&project, log) && !project.reach_all_of(OrganizationId(harbor)));
        let all = reach([place(None, None), place(Some(lighthouse), Some(lamp))].into());
        assert!(all.reach_all_of(OrganizationId(harbor)) && in_repository(&all, log));
        assert!(!reach(Places::new()).reach_organization(OrganizationId(harbor)), "no place is nowhere");
    }
}
