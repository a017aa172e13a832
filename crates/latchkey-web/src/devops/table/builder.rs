//! Putting the route table together: a line for each method of a path.

use std::collections::HashMap;

use futures_util::future::BoxFuture;
use http::Method;
use latchkey_devops::access::Action;

use super::{Answer, Dialect, Endpoint, Handler, Located, Resource, Route, Table};
use crate::devops::call::Call;
use crate::devops::payload::Payload;
use crate::devops::visit::Visit;

/// Puts the table together.
#[derive(Default)]
pub(in crate::devops) struct Api {
    table: Table,
    places: HashMap<String, usize>,
    resource: Option<usize>,
    git: bool,
}

/// A function that makes an answer of what it is handed.
pub(in crate::devops) trait Answers<Handed>: Send + Sync + Copy + 'static {
    fn answer(self, handed: Handed) -> BoxFuture<'static, Answer>;
}

impl<H, F> Answers<Visit> for H
where
    H: Fn(Visit) -> F + Send + Sync + Copy + 'static,
    F: Future<Output = Answer> + Send + 'static,
{
    fn answer(self, visit: Visit) -> BoxFuture<'static, Answer> {
        Box::pin(self(visit))
    }
}

impl<H, F> Answers<Call> for H
where
    H: Fn(Call) -> F + Send + Sync + Copy + 'static,
    F: Future<Output = Answer> + Send + 'static,
{
    fn answer(self, call: Call) -> BoxFuture<'static, Answer> {
        Box::pin(self(call))
    }
}

impl<H, F> Answers<(Call, Payload)> for H
where
    H: Fn(Call, Payload) -> F + Send + Sync + Copy + 'static,
    F: Future<Output = Answer> + Send + 'static,
{
    fn answer(self, (call, payload): (Call, Payload)) -> BoxFuture<'static, Answer> {
        Box::pin(self(call, payload))
    }
}

impl Api {
    /// An empty table.
    pub(in crate::devops) fn new() -> Self {
        Self::default()
    }

    /// The routes that follow are those of a resource.
    pub(in crate::devops) fn resource(mut self, resource: Resource) -> Self {
        self.resource = Some(self.table.resources.len());
        self.table.resources.push(Located { resource, at_root: false, in_organization: false });
        self
    }

    /// The routes that follow are git's own.
    pub(in crate::devops) fn git(mut self) -> Self {
        self.resource = None;
        self.git = true;
        self
    }

    /// Reads something.
    pub(in crate::devops) fn get(self, path: &str, action: Action, handler: impl Answers<Call>) -> Self {
        self.without_body(Method::GET, path, action, handler)
    }

    /// Takes something away.
    pub(in crate::devops) fn delete(self, path: &str, action: Action, handler: impl Answers<Call>) -> Self {
        self.without_body(Method::DELETE, path, action, handler)
    }

    /// Makes something, or asks with a body.
    pub(in crate::devops) fn post(self, path: &str, action: Action, handler: impl Answers<(Call, Payload)>) -> Self {
        self.with_body(Method::POST, path, action, handler)
    }

    /// Changes something.
    pub(in crate::devops) fn patch(self, path: &str, action: Action, handler: impl Answers<(Call, Payload)>) -> Self {
        self.with_body(Method::PATCH, path, action, handler)
    }

    /// Puts something somewhere.
    pub(in crate::devops) fn put(self, path: &str, action: Action, handler: impl Answers<(Call, Payload)>) -> Self {
        self.with_body(Method::PUT, path, action, handler)
    }

    /// Reads something that holds no secrets.
    pub(in crate::devops) fn open(self, path: &str, handler: impl Answers<Visit>) -> Self {
        self.for_anyone(Method::GET, path, handler)
    }

    /// Answers whoever asks, and reads nothing of it.
    pub(in crate::devops) fn open_post(self, path: &str, handler: impl Answers<Visit>) -> Self {
        self.for_anyone(Method::POST, path, handler)
    }

    /// Says where things are.
    pub(in crate::devops) fn options(self, path: &str, handler: impl Answers<Visit>) -> Self {
        self.for_anyone(Method::OPTIONS, path, handler)
    }

    /// The table.
    pub(in crate::devops) fn table(self) -> Table {
        self.table
    }

    fn for_anyone(self, method: Method, path: &str, handler: impl Answers<Visit>) -> Self {
        self.route(method, path, || Handler::Open(Box::new(move |visit| handler.answer(visit))))
    }

    fn without_body(self, method: Method, path: &str, action: Action, handler: impl Answers<Call>) -> Self {
        self.route(method, path, || Handler::For(action, Box::new(move |call, _| handler.answer(call))))
    }

    fn with_body(self, method: Method, path: &str, action: Action, handler: impl Answers<(Call, Payload)>) -> Self {
        let handle = move |call, payload| handler.answer((call, payload));
        self.route(method, path, || Handler::For(action, Box::new(handle)))
    }

    fn route(mut self, method: Method, path: &str, handler: impl Fn() -> Handler) -> Self {
        for path in forms(path) {
            if let Some(located) = self.resource.and_then(|index| self.table.resources.get_mut(index)) {
                located.at_root |= path.starts_with("/_apis");
                located.in_organization |= path.starts_with("/{organization}");
            }
            let route = Route { method: method.clone(), handler: handler() };
            if let Some(endpoint) = self.places.get(&path).and_then(|index| self.table.endpoints.get_mut(*index)) {
                endpoint.routes.push(route);
                continue;
            }
            let index = self.table.endpoints.len();
            match self.table.router.insert(path.as_str(), index) {
                Ok(()) => {
                    let dialect = if self.git { Dialect::Git } else { Dialect::Rest };
                    self.table.endpoints.push(Endpoint { dialect, routes: vec![route] });
                    self.places.insert(path, index);
                }
                Err(error) => self.table.ambiguous.push(format!("{path}: {error}")),
            }
        }
        self
    }
}

/// The forms of a path: without and with each segment that is written `{name?}`.
fn forms(path: &str) -> Vec<String> {
    let Some((before, name, after)) = path
        .split_once("?}/")
        .and_then(|(start, after)| start.rsplit_once('{').map(|(before, name)| (before, name, after)))
    else {
        return vec![path.to_owned()];
    };
    let without = forms(&format!("{before}{after}"));
    without.into_iter().chain(forms(&format!("{before}{{{name}}}/{after}"))).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_forms_of_a_path_are_all_there() {
        assert_eq!(forms("/{a}/{b?}/{c?}/d"), ["/{a}/d", "/{a}/{c}/d", "/{a}/{b}/d", "/{a}/{b}/{c}/d"]);
    }
}
