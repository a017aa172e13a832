//! Rich authorization requests: what a client asks for as objects of places and actions. [RFC 9396]
//!
//! There is one type, `devops`. Its actions are scopes and its places are those of an authorization, so that a person approves them as they do
//! everything else; what comes of it is a token that counts in these places only. An authorization holds its scopes wherever it holds at all,
//! so all objects of one request name the same actions.

use std::collections::{BTreeMap, BTreeSet};

use serde::{Deserialize, Serialize};
use uuid::Uuid;

use crate::authorization::{Authorization, Place, Places};
use crate::error::OAuthError;
use crate::limits;
use crate::resource::ResourceServer;
use crate::scope::ScopeSet;
use crate::token::family::TokenFamily;
use crate::token::narrowing::within;

/// A type of authorization details, by its name. [RFC 9396 §2]
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum DetailsType {
    /// Places of the DevOps side, and what may be done there.
    Devops,
}

impl DetailsType {
    /// All of them, as `authorization_details_types_supported` lists them. [RFC 9396 §10]
    pub const ALL: [Self; 1] = [Self::Devops];

    /// The name.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Devops => "devops",
        }
    }
}

/// One object of the type `devops`. Requests name its places as people do, or by id; tokens name them by id.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Detail {
    /// The type.
    #[serde(rename = "type")]
    pub kind: DetailsType,
    /// The organization.
    pub organization: String,
    /// Projects of it; all of them if nothing is said.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub projects: Option<Vec<String>>,
    /// Repositories of the one project that is named: all of them if nothing is said, and no source code at all if the list is empty.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub repositories: Option<Vec<String>>,
    /// What may be done there: scopes, without the prefix that they all have.
    pub actions: Vec<String>,
}

impl Detail {
    /// How many places it names.
    fn count(&self) -> usize {
        let several = |names: &Option<Vec<String>>| names.as_ref().map_or(1, Vec::len).max(1);
        several(&self.projects).saturating_mul(several(&self.repositories))
    }

    fn check(&self) -> Result<(), OAuthError> {
        let names = [&self.projects, &self.repositories].into_iter().flatten().flatten().chain([&self.organization]);
        if !names.into_iter().all(|name| (1..=limits::NAME_CHARACTERS).contains(&name.chars().count())) {
            return Err(invalid("authorization_details has a name that is empty or too long"));
        }
        if self.actions.is_empty() || self.projects.as_ref().is_some_and(Vec::is_empty) {
            return Err(invalid("authorization_details has an empty list of actions or projects"));
        }
        if self.repositories.is_some() && self.projects.as_ref().map(Vec::len) != Some(1) {
            return Err(invalid("authorization_details names repositories of something else than one project"));
        }
        Ok(())
    }
}

/// The `authorization_details` of a request.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct AuthorizationDetails {
    /// The objects. What their names mean, and for whom, is not known here.
    pub objects: Vec<Detail>,
    /// Their actions, as scopes.
    pub scopes: ScopeSet,
}

/// The same, once it is known which places the names mean.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Located {
    /// The places.
    pub places: Places,
    /// The actions, as scopes.
    pub scopes: ScopeSet,
}

impl AuthorizationDetails {
    /// Reads the parameter. `registered` is what the client registered. [RFC 9396 §5]
    pub fn parse(text: &str, registered: &ScopeSet, resource: &ResourceServer) -> Result<Self, OAuthError> {
        if text.len() > limits::SCOPE_BYTES {
            return Err(invalid("authorization_details is longer than 8192 bytes"));
        }
        let objects: Vec<Detail> = serde_json::from_str(text).map_err(|_| {
            invalid(
                "authorization_details is not a list of objects of the type devops, each with organization and actions",
            )
        })?;
        let first = objects.first().ok_or_else(|| invalid("authorization_details is empty"))?;
        objects.iter().try_for_each(Detail::check)?;
        if objects.iter().map(Detail::count).fold(0, usize::saturating_add) > limits::NARROWED_PLACES {
            return Err(invalid("authorization_details names more than 20 places"));
        }
        let actions = |detail: &Detail| detail.actions.iter().cloned().collect::<BTreeSet<String>>();
        if !objects.iter().all(|detail| actions(detail) == actions(first)) {
            return Err(invalid(
                "authorization_details names other actions in each place: ask for one after the other",
            ));
        }
        let scopes = first.actions.iter().map(|action| scope_of(action, registered, resource));
        Ok(Self { scopes: scopes.collect::<Result<_, _>>()?, objects })
    }
}

impl Located {
    /// What is said of a request for more than there is, or for what is not there.
    pub const BEYOND: &str = "authorization_details goes beyond what was granted";
}

/// The part of a token family that a token request names, or all of it if it names none.
///
/// What the person was asked about and left out is left out again: a client that repeats its first request is not sent back to a page that
/// would say the same. [RFC 9396 §6]
pub(crate) fn part_of(
    family: TokenFamily,
    named: Option<&Located>,
    authorization: &Authorization,
) -> Result<TokenFamily, OAuthError> {
    let Some(named) = named else { return Ok(family) };
    let beyond = named.scopes.difference(&family.scopes).difference(&authorization.asked);
    let reached = family.places.as_ref().unwrap_or(&authorization.places);
    if !beyond.is_empty() || !named.places.iter().all(|place| within(reached, place)) {
        return Err(invalid(Located::BEYOND).because("consent_required"));
    }
    let scopes = family.scopes.intersection(&named.scopes.union(&family.scopes.identity()));
    let scope_text = scopes.without_claims().to_string();
    Ok(TokenFamily { scopes, scope_text, places: Some(named.places.clone()), ..family })
}

/// The scope that an action stands for.
fn scope_of(action: &str, registered: &ScopeSet, resource: &ResourceServer) -> Result<String, OAuthError> {
    let scope = format!("{}{action}", resource.prefix);
    if !resource.scopes.contains(&scope) || resource.for_administrators.contains(&scope) {
        return Err(invalid("authorization_details names an action that does not exist"));
    }
    if !registered.contains(&scope) {
        return Err(invalid("authorization_details names an action whose scope is not registered for this client"));
    }
    Ok(scope)
}

/// What is said of a token that counts in these places only: an object for each organization, and one for each project that is not reached as a
/// whole. By ids.
pub fn described(places: &Places, scopes: &ScopeSet, resource: &ResourceServer) -> Vec<Detail> {
    let bare = |scope: &str| scope.strip_prefix(resource.prefix.as_str()).unwrap_or(scope).to_owned();
    let actions: Vec<String> = scopes.resource().iter().map(bare).collect();
    let detail = |organization: Uuid, projects: Option<Vec<Uuid>>, repositories: Option<Vec<Uuid>>| {
        let texts = |ids: Vec<Uuid>| ids.iter().map(Uuid::to_string).collect();
        Detail {
            kind: DetailsType::Devops,
            organization: organization.to_string(),
            projects: projects.map(texts),
            repositories: repositories.map(texts),
            actions: actions.clone(),
        }
    };
    let mut organizations: BTreeMap<Uuid, Vec<Place>> = BTreeMap::new();
    for place in places {
        organizations.entry(place.organization).or_default().push(*place);
    }
    let mut details = Vec::new();
    for (organization, inside) in organizations {
        if inside.iter().any(|place| place.project.is_none()) {
            details.push(detail(organization, None, None));
            continue;
        }
        let mut whole = Vec::new();
        let mut parts: BTreeMap<Uuid, Vec<Uuid>> = BTreeMap::new();
        for place in inside {
            match (place.project, place.repository) {
                (Some(project), Some(repository)) => {
                    let named = (repository != Place::NO_REPOSITORY).then_some(repository);
                    parts.entry(project).or_default().extend(named);
                }
                (project, None) | (project @ None, _) => whole.extend(project),
            }
        }
        if !whole.is_empty() {
            details.push(detail(organization, Some(whole), None));
        }
        details.extend(parts.into_iter().map(|(project, of)| detail(organization, Some(vec![project]), Some(of))));
    }
    details
}

/// An error that names the parameter. [RFC 9396 §5]
fn invalid(description: &'static str) -> OAuthError {
    OAuthError::invalid_authorization_details(description)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::resource::tests::a_resource;

    fn parse(text: &str) -> Result<AuthorizationDetails, OAuthError> {
        let registered = ScopeSet::from_text("vso.work vso.code vso.tenant_manage user_impersonation");
        AuthorizationDetails::parse(text, &registered, &a_resource())
    }

    fn with(members: &str) -> String {
        format!(r#"[{{"type":"devops","organization":"harbor","actions":["work"]{members}}}]"#)
    }

    #[test]
    fn actions_are_scopes_and_places_keep_their_names() {
        let details = parse(
            r#"[{"type":"devops","organization":"harbor","projects":["lighthouse"],"repositories":["lamp"],"actions":["work","code"]},
                {"type":"devops","organization":"shore","actions":["code","work"]}]"#,
        );
        let details = details.unwrap();
        assert_eq!(details.scopes.to_string(), "vso.code vso.work");
        assert_eq!(details.objects[0].repositories.as_deref(), Some(&["lamp".to_owned()][..]));
        assert!(parse(&with(r#","projects":["a","b"]"#)).is_ok() && parse(&with("")).is_ok());
    }

    #[test]
    fn what_is_not_of_the_type_is_refused_and_nothing_of_it_is_ignored() {
        let many = (0..=limits::NARROWED_PLACES).map(|index| format!("\"p{index}\"")).collect::<Vec<_>>().join(",");
        for bad in [
            String::new(),
            "{}".into(),
            "[]".into(),
            "[1]".into(),
            r#"[{"type":"payment_initiation"}]"#.into(),
            r#"[{"organization":"harbor","actions":["work"]}]"#.into(),
            r#"[{"type":"devops","actions":["work"]}]"#.into(),
            r#"[{"type":"devops","organization":"harbor"}]"#.into(),
            r#"[{"type":"devops","organization":"harbor","actions":[]}]"#.into(),
            r#"[{"type":"devops","organization":["harbor"],"actions":["work"]}]"#.into(),
            r#"[{"type":"devops","organization":"","actions":["work"]}]"#.into(),
            r#"[{"type":"devops","organization":"harbor","organization":"shore","actions":["work"]}]"#.into(),
            r#"[{"type":"devops","organization":"harbor","actions":["work"]},{"type":"devops","organization":"shore","actions":["code"]}]"#.into(),
            with(r#","locations":["https://id.test"]"#),
            with(r#","projects":[]"#),
            with(r#","projects":"lighthouse""#),
            with(r#","repositories":["lamp"]"#),
            with(r#","projects":["a","b"],"repositories":["lamp"]"#),
            with(&format!(r#","projects":[{many}]"#)),
            with(&format!(r#","projects":["{}"]"#, "x".repeat(9_000))),
        ] {
            assert_eq!(parse(&bad).unwrap_err().code, "invalid_authorization_details", "{bad}");
        }
        for action in ["nonsense", "build", "tenant_manage", "user_impersonation", "vso.work", "openid"] {
            let text = with("").replace("\"work\"", &format!("\"{action}\""));
            assert_eq!(parse(&text).unwrap_err().code, "invalid_authorization_details", "{action}");
        }
    }

    #[test]
    fn what_is_described_is_what_is_reached() {
        let [harbor, shore, lighthouse, drydock, quay, lamp] = [1, 2, 3, 4, 5, 6].map(Uuid::from_u128);
        let whole = |organization| Place { organization, project: None, repository: None };
        let project = |project| Place { project: Some(project), ..whole(harbor) };
        let places = Places::from([
            whole(shore),
            project(drydock),
            Place { repository: Some(lamp), ..project(lighthouse) },
            Place { repository: Some(Place::NO_REPOSITORY), ..project(quay) },
        ]);
        let described = described(&places, &ScopeSet::from_text("openid vso.work user_impersonation"), &a_resource());
        let shown: Vec<_> = described
            .iter()
            .map(|detail| {
                let count = |names: &Option<Vec<String>>| names.as_ref().map(Vec::len);
                (detail.organization.as_str(), count(&detail.projects), count(&detail.repositories))
            })
            .collect();
        let (harbor, shore) = (harbor.to_string(), shore.to_string());
        let expected = [
            (harbor.as_str(), Some(1), None),
            (harbor.as_str(), Some(1), Some(1)),
            (harbor.as_str(), Some(1), Some(0)),
            (shore.as_str(), None, None),
        ];
        assert_eq!(shown, expected);
        assert!(described.iter().all(|detail| detail.actions == ["user_impersonation", "work"]));
    }
}
