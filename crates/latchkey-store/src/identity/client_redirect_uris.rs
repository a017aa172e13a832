//! The addresses that clients registered: where people are sent back to, and who is told of the end of a sign-in. They are read with their
//! clients: [`super::clients`].

use std::collections::BTreeMap;

use latchkey_identity::client::{ClientId, LogoutUris, RedirectUri};

use super::meaningless;
use crate::error::StoreError;
use crate::statement::{Changes, Sql};

/// What an address of a client is for.
const SIGN_IN: &str = "sign-in";
const SIGN_OUT: &str = "sign-out";
const BACKCHANNEL: &str = "back-channel";
const FRONTCHANNEL: &str = "front-channel";

const ADD: Sql = Sql::write(
    "client_redirect_uris.add",
    "INSERT INTO client_redirect_uri (client, position, uri, purpose) VALUES ($1, $2, $3, $4)",
)
.by_key();

const REMOVE_ALL: Sql =
    Sql::write("client_redirect_uris.remove_all", "DELETE FROM client_redirect_uri WHERE client = $1").by_key();

pub(super) const ALL: &[&Sql] = &[&ADD, &REMOVE_ALL];

pub(super) fn add_all(changes: &mut Changes, client: ClientId, uris: &[RedirectUri], logout: &LogoutUris) {
    let sign_in = uris.iter().map(|uri| (uri, SIGN_IN));
    let sign_out = logout.post_logout_redirect_uris.iter().map(|uri| (uri, SIGN_OUT));
    let backchannel = logout.backchannel_logout_uri.iter().map(|uri| (uri, BACKCHANNEL));
    let frontchannel = logout.frontchannel_logout_uri.iter().map(|uri| (uri, FRONTCHANNEL));
    for (position, (uri, purpose)) in (0_i64..).zip(sign_in.chain(sign_out).chain(backchannel).chain(frontchannel)) {
        changes.write(&ADD, vec![client.0.into(), position.into(), uri.as_str().into(), purpose.into()]);
    }
}

pub(super) fn remove_all(changes: &mut Changes, client: ClientId) {
    changes.write(&REMOVE_ALL, vec![client.0.into()]);
}

/// Those of one client while its rows come in, by position.
#[derive(Default)]
pub(super) struct RedirectUris {
    sign_in: BTreeMap<i64, RedirectUri>,
    sign_out: BTreeMap<i64, RedirectUri>,
    backchannel: Option<RedirectUri>,
    frontchannel: Option<RedirectUri>,
}

impl RedirectUris {
    /// One more, of a row.
    pub(super) fn take(&mut self, position: i64, uri: &str, purpose: &str) -> Result<(), StoreError> {
        let uri = RedirectUri::from_stored(uri.to_owned());
        match purpose {
            SIGN_IN => drop(self.sign_in.insert(position, uri)),
            SIGN_OUT => drop(self.sign_out.insert(position, uri)),
            BACKCHANNEL => self.backchannel = Some(uri),
            FRONTCHANNEL => self.frontchannel = Some(uri),
            other => return Err(meaningless("purpose of an address", other)),
        }
        Ok(())
    }

    /// All of them: those of sign-in, and those of its end.
    pub(super) fn whole(self) -> (Vec<RedirectUri>, LogoutUris) {
        let logout = LogoutUris {
            post_logout_redirect_uris: self.sign_out.into_values().collect(),
            backchannel_logout_uri: self.backchannel,
            frontchannel_logout_uri: self.frontchannel,
        };
        (self.sign_in.into_values().collect(), logout)
    }
}
