//! Devices whose codes people have typed and approved, and which have not asked since.

use latchkey_identity::authorization::Authorization;
use latchkey_identity::client::Client;
use latchkey_identity::grant::authorization_code::{self, CodeContext};
use latchkey_identity::grant::device_code::user_code::UserCode;
use latchkey_identity::grant::device_code::{self, DeviceCode};
use latchkey_identity::secret::Secret;
use latchkey_identity::tenant::{Audience, Tenant};
use latchkey_identity::{Change, Timestamp};

use super::apps::Registered;
use super::authorization_request::resource;
use super::people::Person;
use super::{SCOPES_WITHOUT_OPENID, Seeder};
use crate::problem::{Outcome, Problem};

/// A device that waits for its tokens.
pub(crate) struct Approved {
    /// Its code.
    pub(crate) code: Secret,
    /// The index of its app.
    pub(crate) client: usize,
}

impl Seeder<'_> {
    /// So many devices, of authorizations in turn, which are in the order of people and of the apps of each.
    pub(super) async fn devices(
        &mut self,
        tenant: &Tenant,
        apps: &[Registered],
        authorizations: &[Authorization],
        everybody: &[Person],
        count: usize,
    ) -> Outcome<Vec<Approved>> {
        let audience = Audience::Tenant(tenant.clone());
        let mut devices = Vec::with_capacity(count);
        for (number, authorization) in authorizations.iter().enumerate().cycle().take(count) {
            let (person, client) = (number / apps.len(), number % apps.len());
            let who = everybody.get(person).zip(apps.get(client));
            let (Person { account, session, .. }, Registered { client: app, .. }) =
                who.ok_or_else(|| Problem::new("a device has nobody"))?;
            let code = Secret::generate(&mut self.entropy);
            let device = self.device(app, &code, self.now);
            let request = device_code::request(&device, app, &audience, &resource(), self.now);
            let request =
                request.map_err(|why| Problem::new(format!("the request of a device is refused: {why:?}")))?;
            let context = CodeContext {
                request: &request,
                places: None,
                client: app,
                account,
                session,
                tenant: tenant.id,
                origin: &device.origin.clone(),
                key: &self.refresh_key.clone(),
                flow: None,
            };
            let issued = authorization_code::issue(context, authorization, self.now, &mut self.entropy);
            let (_, changes) = issued.map_err(|error| Problem::new(format!("a code is refused: {error:?}")))?;
            self.change(Change::StartDevice(Box::new(device)));
            for change in changes {
                self.change(change);
            }
            devices.push(Approved { code, client });
            self.commit_if_due().await?;
        }
        self.commit().await?;
        Ok(devices)
    }

    fn device(&mut self, app: &Client, code: &Secret, now: Timestamp) -> DeviceCode {
        DeviceCode {
            hash: code.hash(),
            user_code: UserCode::generate(&mut self.entropy),
            client: app.id,
            segment: app.tenant.to_string(),
            origin: self.origin.clone(),
            scope: SCOPES_WITHOUT_OPENID.to_owned(),
            details: None,
            client_info: false,
            address: "127.0.0.1".into(),
            started_at: now,
            answered_at: None,
            approved: false,
        }
    }
}
