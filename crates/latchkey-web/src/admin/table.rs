//! Every operation of the admin API, in one table: the routes and the description are made of it.

use http::Method;

use super::call::Handler;
use super::{accounts, apps, authorizations, implicit, keys, upstreams};

/// Where the description is.
pub(super) const DESCRIPTION: &str = "/_admin/v1/openapi.json";

/// One operation.
pub(super) struct Operation {
    pub(super) method: Method,
    pub(super) path: &'static str,
    /// What programs call it.
    pub(super) id: &'static str,
    /// What it does, as a sentence.
    pub(super) summary: &'static str,
    /// The schema of what it takes, if it takes anything.
    pub(super) takes: Option<&'static str>,
    /// What it gives.
    pub(super) gives: Gives,
    pub(super) handler: Handler,
}

/// What an operation gives.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Gives {
    /// A thing of this schema.
    One(&'static str),
    /// A thing of this schema, which was made.
    Made(&'static str),
    /// A list of them, a page at a time.
    Pages(&'static str),
    /// A list of them.
    All(&'static str),
    /// Nothing.
    Nothing,
}

/// Makes an entry of the table.
macro_rules! operation {
    ($method:ident $path:literal, $id:literal, $summary:literal, $takes:expr => $gives:expr, $handler:path) => {
        Operation {
            method: Method::$method,
            path: concat!("/_admin/v1", $path),
            id: $id,
            summary: $summary,
            takes: $takes,
            gives: $gives,
            handler: |call| Box::pin($handler(call)),
        }
    };
}

/// All of them.
pub(super) fn operations() -> [Operation; 23] {
    use Gives::{All, Made, Nothing, One, Pages};
    [
        operation!(GET "/apps", "listApps", "The apps of the tenant", None => Pages("App"), apps::list),
        operation!(POST "/apps", "createApp", "Register an app", Some("App") => Made("App"), apps::create),
        operation!(GET "/apps/{client_id}", "readApp", "An app", None => One("App"), apps::read),
        operation!(PUT "/apps/{client_id}", "updateApp",
            "Make an app as the document says; secrets and keys are added, and never taken away",
            Some("App") => One("App"), apps::update),
        operation!(DELETE "/apps/{client_id}", "deleteApp", "Delete an app: every authorization of it ends",
            None => Nothing, apps::delete),
        operation!(POST "/apps/{client_id}/secrets", "addSecret", "Add a secret; it is shown this once",
            Some("NewSecret") => Made("Secret"), apps::add_secret),
        operation!(DELETE "/apps/{client_id}/secrets/{id}", "removeSecret",
            "Remove a secret: nobody authenticates with it again", None => Nothing, apps::remove_secret),
        operation!(POST "/apps/{client_id}/keys", "addKeys", "Add public keys that the app signs its assertions with",
            Some("NewKeys") => Made("AppKeys"), apps::add_keys),
        operation!(DELETE "/apps/{client_id}/keys/{id}", "removeKey",
            "Remove a public key: nobody authenticates with it again", None => Nothing, apps::remove_key),
        operation!(GET "/accounts", "listAccounts", "The accounts of the tenant", None => Pages("Account"), accounts::list),
        operation!(POST "/accounts", "createAccount", "Make an account", Some("NewAccount") => Made("Account"), accounts::create),
        operation!(GET "/accounts/{id}", "readAccount", "An account", None => One("Account"), accounts::read),
        operation!(POST "/accounts/{id}/disable", "disableAccount",
            "Disable an account: its sessions end, and nothing of it is accepted anywhere",
            None => Nothing, accounts::disable),
        operation!(GET "/authorizations", "listAuthorizations", "What the people of the tenant approved",
            None => Pages("Authorization"), authorizations::list),
        operation!(DELETE "/authorizations/{id}", "revokeAuthorization",
            "Revoke what somebody approved: nothing of it is accepted any more", None => Nothing, authorizations::revoke),
        operation!(GET "/upstreams", "listUpstreams", "The providers at which people of the tenant sign in",
            None => All("Upstream"), upstreams::list),
        operation!(POST "/upstreams", "createUpstream", "Let people of the tenant sign in at a provider",
            Some("NewUpstream") => Made("Upstream"), upstreams::create),
        operation!(GET "/upstreams/{id}", "readUpstream", "A provider", None => One("Upstream"), upstreams::read),
        operation!(PUT "/upstreams/{id}", "updateUpstream", "Change a provider; its issuer stays",
            Some("NewUpstream") => One("Upstream"), upstreams::update),
        operation!(DELETE "/upstreams/{id}", "deleteUpstream",
            "Remove a provider: nobody signs in by it, and who is linked by it is so no more",
            None => Nothing, upstreams::delete),
        operation!(GET "/implicit", "readImplicit", "Whether tokens may travel through browsers to apps of the tenant",
            None => One("Implicit"), implicit::read),
        operation!(PUT "/implicit", "updateImplicit", "Let tokens travel through browsers to apps of the tenant, or not",
            Some("Implicit") => One("Implicit"), implicit::update),
        operation!(GET "/keys", "listSigningKeys", "The keys that tokens are signed with", None => All("SigningKey"), keys::list),
    ]
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    #[test]
    fn each_operation_has_a_place_and_a_name_of_its_own() {
        let places: BTreeSet<_> =
            operations().iter().map(|operation| (operation.method.to_string(), operation.path)).collect();
        let names: BTreeSet<_> = operations().iter().map(|operation| operation.id).collect();
        assert_eq!((places.len(), names.len()), (operations().len(), operations().len()));
    }
}
