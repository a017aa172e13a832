//! The route table: which path and method leads to which handler, and what the caller must be allowed to do there.
//!
//! Paths are matched in any case, because clients write organizations, projects and our own words as they like. What a path
//! names keeps its case: it is cut out of the original by its place.

mod builder;

use std::borrow::Cow;

use axum::body::Body;
use futures_util::future::BoxFuture;
use http::{Method, Response};
use latchkey_devops::access::Action;
use latchkey_devops::scope::Scope;
use percent_encoding::percent_decode_str;

pub(super) use builder::Api;

use super::call::Call;
use super::error::ApiError;
use super::payload::Payload;
use super::visit::Visit;

/// What a handler comes to.
pub(super) type Answer = Result<Response<Body>, ApiError>;

/// How errors are told, and whether requests name an api-version.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Dialect {
    /// The REST API: JSON.
    Rest,
    /// Git over HTTP: plain text, which git prints.
    Git,
}

/// Something that clients find by its id and not by its path: the locations of discovery.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) struct Resource {
    /// The part of the API it belongs to.
    pub(super) area: &'static str,
    /// Its name.
    pub(super) name: &'static str,
    /// The id that clients know it by. In lower case: some compare exactly.
    pub(super) id: &'static str,
    /// The version of its shape.
    pub(super) version: u32,
    /// From this clients make URLs; what they have no value for falls out.
    pub(super) template: &'static str,
}

/// A resource, and where its routes are.
#[derive(Clone, Copy, Debug)]
pub(super) struct Located {
    /// The resource.
    pub(super) resource: Resource,
    /// Whether it is there without an organization.
    pub(super) at_root: bool,
    /// Whether it is there within an organization.
    pub(super) in_organization: bool,
}

/// What is done when a route is met.
pub(super) enum Handler {
    /// For anyone: what holds no secrets.
    Open(Box<dyn Fn(Visit) -> BoxFuture<'static, Answer> + Send + Sync>),
    /// For a caller who may do this.
    For(Action, Box<dyn Fn(Call, Payload) -> BoxFuture<'static, Answer> + Send + Sync>),
}

/// A method of an endpoint, and what it does.
struct Route {
    method: Method,
    handler: Handler,
}

/// A path, and what can be done there.
pub(super) struct Endpoint {
    pub(super) dialect: Dialect,
    routes: Vec<Route>,
}

impl Endpoint {
    /// What a method does here. `HEAD` is `GET` without the body, which the server leaves out.
    pub(super) fn handler(&self, method: &Method) -> Option<&Handler> {
        let wanted = if method == Method::HEAD { &Method::GET } else { method };
        self.routes.iter().find(|route| route.method == wanted).map(|route| &route.handler)
    }

    /// The scope that is enough for a method, where one is needed.
    pub(super) fn least_scope(&self, method: &Method) -> Option<Scope> {
        match self.handler(method)? {
            Handler::For(action, _) => action.scopes().first().copied(),
            Handler::Open(_) => None,
        }
    }

    /// Whether this is a place of discovery and nothing else.
    pub(super) fn only_says_where_things_are(&self) -> bool {
        self.routes.iter().all(|route| route.method == Method::OPTIONS)
    }

    /// The methods, as `Allow` lists them.
    pub(super) fn allowed(&self) -> String {
        let methods: Vec<&str> = self.routes.iter().map(|route| route.method.as_str()).collect();
        methods.join(", ")
    }
}

/// The table.
#[derive(Default)]
pub(super) struct Table {
    router: matchit::Router<usize>,
    endpoints: Vec<Endpoint>,
    resources: Vec<Located>,
    /// Paths that could not be told from others. There are none: a test looks.
    ambiguous: Vec<String>,
}

/// What a path leads to.
pub(super) struct Found<'a> {
    /// What is there.
    pub(super) endpoint: &'a Endpoint,
    /// What the path names on the way.
    pub(super) values: PathValues,
}

/// What the segments of a path name, decoded.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub(super) struct PathValues(Vec<(String, String)>);

impl PathValues {
    /// The value of a segment, if the path has it.
    pub(super) fn get(&self, name: &str) -> Option<&str> {
        self.0.iter().find(|(key, _)| key == name).map(|(_, value)| value.as_str())
    }
}

/// Why a path leads nowhere.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum NotFound {
    /// No route has it.
    NoRoute,
    /// Its percent-encoding is not that of a text.
    NotText,
}

impl Table {
    /// Finds what a path leads to, in any case, with or without a slash at its end.
    pub(super) fn find(&self, path: &str) -> Result<Found<'_>, NotFound> {
        let mut path = Cow::Borrowed(path.trim_end_matches('/'));
        if path.contains("%24") {
            path = Cow::Owned(path.replace("%24", "$"));
        }
        let folded = path.to_ascii_lowercase();
        let matched = self.router.at(&folded).map_err(|_| NotFound::NoRoute)?;
        let endpoint = self.endpoints.get(*matched.value).ok_or(NotFound::NoRoute)?;
        let mut values = Vec::with_capacity(matched.params.len());
        for (name, folded_value) in matched.params.iter() {
            // Lower case has the same length, so the value stands at the same place of the original.
            let start = folded_value.as_ptr().addr().wrapping_sub(folded.as_ptr().addr());
            let original = path.get(start..start.wrapping_add(folded_value.len())).ok_or(NotFound::NoRoute)?;
            let decoded = percent_decode_str(original).decode_utf8().map_err(|_| NotFound::NotText)?;
            values.push((name.to_owned(), decoded.into_owned()));
        }
        Ok(Found { endpoint, values: PathValues(values) })
    }

    /// The resources, in the order of the table.
    pub(super) fn resources(&self) -> &[Located] {
        &self.resources
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    async fn nothing(_: Call) -> Answer {
        Ok(Response::new(Body::empty()))
    }

    async fn nothing_open(_: Visit) -> Answer {
        Ok(Response::new(Body::empty()))
    }

    fn table() -> Table {
        Api::new()
            .options("/{organization}/_apis", nothing_open)
            .get("/_apis/accounts", Action::ListOrganizations, nothing)
            .get("/{organization}/{project?}/_apis/wit/workitems/{id}", Action::ReadWorkItems, nothing)
            .get("/{organization}/{project}/_apis/wit/workitems/${type}", Action::ReadWorkItems, nothing)
            .get(
                "/{organization}/{project?}/_apis/git/repositories/{repository}/items/{*path}",
                Action::ReadCode,
                nothing,
            )
            .table()
    }

    fn values(path: &str) -> Vec<(String, String)> {
        match table().find(path) {
            Ok(found) => found.values.0,
            Err(error) => panic!("{path}: {error:?}"),
        }
    }

    fn pairs(pairs: &[(&str, &str)]) -> Vec<(String, String)> {
        pairs.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect()
    }

    #[test]
    fn words_match_in_any_case_and_names_keep_theirs() {
        assert_eq!(
            values("/Harbor/LightHouse/_APIS/Wit/workItems/7"),
            pairs(&[("organization", "Harbor"), ("project", "LightHouse"), ("id", "7")])
        );
        assert_eq!(values("/_apis/Accounts/"), []);
        assert_eq!(values("/harbor/_apis"), pairs(&[("organization", "harbor")]));
    }

    #[test]
    fn the_project_can_be_left_out() {
        assert_eq!(values("/harbor/_apis/wit/workitems/7"), pairs(&[("organization", "harbor"), ("id", "7")]));
    }

    #[test]
    fn a_type_stands_behind_a_dollar_sign_encoded_or_not() {
        for path in ["/h/p/_apis/wit/workitems/$User%20Story", "/h/p/_apis/wit/workitems/%24User%20Story"] {
            assert_eq!(values(path), pairs(&[("organization", "h"), ("project", "p"), ("type", "User Story")]));
        }
    }

    #[test]
    fn names_are_decoded_after_they_were_cut_out() {
        assert_eq!(
            values("/h/My%20Project/_apis/git/repositories/a%2Fb/items/src/Main%20Lamp.RS"),
            pairs(&[
                ("organization", "h"),
                ("project", "My Project"),
                ("repository", "a/b"),
                ("path", "src/Main Lamp.RS")
            ])
        );
        assert_eq!(table().find("/h/%ff/_apis/wit/workitems/7").err(), Some(NotFound::NotText));
        assert_eq!(values("/häfen/_apis"), pairs(&[("organization", "häfen")]));
    }

    #[test]
    fn what_no_route_has_is_not_found() {
        for path in ["", "/", "/h", "/h/p/q/_apis/wit/workitems/7", "/h/_apis/wit", "/_apis/wit/workitems/7"] {
            assert_eq!(table().find(path).err(), Some(NotFound::NoRoute), "{path}");
        }
    }

    #[test]
    fn no_two_routes_of_the_api_are_alike() {
        let table = super::super::routes::table();
        assert_eq!(table.ambiguous, [""; 0]);
        for located in table.resources() {
            assert!(located.at_root || located.in_organization, "{:?} has no route", located.resource);
            assert_eq!(located.resource.id, located.resource.id.to_lowercase());
        }
    }
}
