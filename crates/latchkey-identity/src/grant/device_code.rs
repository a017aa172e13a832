//! Device codes, [RFC 8628]: a device shows a short code, a person types it in a browser and approves there, and the device fetches its
//! tokens by asking again.
//!
//! An approval makes an authorization code, as it does for everybody. No browser carries it: it lies beside the device code, and the
//! device's next poll redeems it.

pub mod pace;
pub mod user_code;

use crate::account::Account;
use crate::authorization::Authorization;
use crate::authorize::authorization_details::Located;
use crate::authorize::error::Untrusted;
use crate::authorize::prompt::{Prompt, Prompts};
use crate::authorize::request::{AuthorizationRequest, CameBy, asked, wants_client_info};
use crate::authorize::response::TrustedRedirect;
use crate::authorize::response_mode::ResponseMode;
use crate::change::Change;
use crate::client::{Client, ClientId, ClientState, Profile};
use crate::client_auth::AuthenticatedClient;
use crate::decision::Decision;
use crate::entropy::Entropy;
use crate::error::OAuthError;
use crate::grant::authorization_code::{self, AuthorizationCode, Redemption};
use crate::grant::device_code::pace::Pace;
use crate::grant::device_code::user_code::UserCode;
use crate::limits;
use crate::parameters::Parameters;
use crate::resource::ResourceServer;
use crate::secret::{PurposeKey, Secret, TokenHash, sha256};
use crate::tenant::Audience;
use crate::time::Timestamp;
use crate::token::Issue;

/// Where a person is after they answered for a device: on our own page.
const DONE: &str = "/device/done";

/// A device's request as we keep it.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct DeviceCode {
    /// What we keep of the code that the device holds.
    pub hash: TokenHash,
    /// The code that the person types.
    pub user_code: UserCode,
    /// The client that asks.
    pub client: ClientId,
    /// The tenant segment of the URL it came to.
    pub segment: String,
    /// The origin it came to, which settles the issuer.
    pub origin: String,
    /// What it asks for, in its own words.
    pub scope: String,
    /// Its `authorization_details`, if it names places. [RFC 9396 §2]
    pub details: Option<String>,
    /// Whether the client wants `client_info`.
    pub client_info: bool,
    /// Where it asked from.
    pub address: String,
    /// When it asked.
    pub started_at: Timestamp,
    /// When somebody answered.
    pub answered_at: Option<Timestamp>,
    /// Whether they approved.
    pub approved: bool,
}

impl DeviceCode {
    /// Whether somebody may still answer.
    pub fn is_open(&self, now: Timestamp) -> bool {
        self.answered_at.is_none() && now < self.expires_at()
    }

    /// When it ends.
    pub fn expires_at(&self) -> Timestamp {
        self.started_at + limits::DEVICE_CODE_LIFETIME
    }
}

/// What the authorization code of an approved device is found by: another hash than that of the device code, which is therefore worth
/// nothing where a code is expected.
pub fn code_of(device: TokenHash) -> TokenHash {
    let mut bytes = b"latchkey code of a device ".to_vec();
    bytes.extend(device.0);
    TokenHash(sha256(&bytes))
}

/// What a device's request is read against.
#[derive(Clone, Copy, Debug)]
pub struct Context<'a> {
    /// The origin that it came to.
    pub origin: &'a str,
    /// The tenant segment of its URL.
    pub segment: &'a str,
    /// Whose accounts may answer.
    pub audience: &'a Audience,
    /// What access tokens are for.
    pub resource: &'a ResourceServer,
    /// Where it came from.
    pub address: &'a str,
}

/// The codes of one device: its own, and the one for the person.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Codes {
    /// The device's own.
    pub device_code: Secret,
    /// The person's.
    pub user_code: UserCode,
}

/// A device asks. [RFC 8628 §3.1 and §3.2]
pub fn begin(
    form: &Parameters,
    client: &AuthenticatedClient<'_>,
    context: Context<'_>,
    now: Timestamp,
    entropy: &mut Entropy,
) -> Decision<Codes> {
    let client = client.client();
    if !client.may_use_device_codes() {
        return Decision::refuse(OAuthError::unauthorized_client("this client is not registered for device codes"));
    }
    if !client.is_open_to_all_of(context.audience) {
        return Decision::refuse(
            OAuthError::unauthorized_client("this client is registered in another tenant").numbered(50_194),
        );
    }
    let details = form.get("authorization_details");
    // Places may be named without a scope. Without either nothing is asked for.
    let scope = match form.get("scope") {
        None if details.is_some() => "",
        _ => match form.require("scope") {
            Ok(scope) => scope,
            Err(error) => return Decision::refuse(error),
        },
    };
    if let Err(error) = context.resource.check(form) {
        return Decision::refuse(error);
    }
    match asked(Some(scope), details, client, context.resource) {
        Err(error) => return Decision::refuse(error),
        Ok((scopes, _)) if scopes.canonical().is_empty() => {
            return Decision::refuse(OAuthError::invalid_scope("scope names nothing that can be asked for here"));
        }
        Ok(_) => {}
    }
    let codes = Codes { device_code: Secret::generate(entropy), user_code: UserCode::generate(entropy) };
    let device = DeviceCode {
        hash: codes.device_code.hash(),
        user_code: codes.user_code.clone(),
        client: client.id,
        segment: context.segment.to_owned(),
        origin: context.origin.to_owned(),
        scope: scope.to_owned(),
        details: details.map(str::to_owned),
        client_info: wants_client_info(form, client),
        address: context.address.to_owned(),
        started_at: now,
        answered_at: None,
        approved: false,
    };
    Decision::grant(codes).and(Change::StartDevice(Box::new(device)))
}

/// What a person is asked for a device: a request like any other, whose answer goes nowhere but to the device.
///
/// The account is always picked and the approval always asked for: whoever talks a person into typing a code would otherwise be let in
/// silently. [RFC 8628 §5.4]
pub fn request(
    device: &DeviceCode,
    client: &Client,
    audience: &Audience,
    resource: &ResourceServer,
    now: Timestamp,
) -> Result<AuthorizationRequest, Untrusted> {
    if client.state == ClientState::Suspended {
        return Err(Untrusted::SuspendedClient);
    }
    if !client.may_use_device_codes() || !client.is_open_to_all_of(audience) {
        return Err(Untrusted::ClientOfAnotherTenant);
    }
    let asked = asked(Some(&device.scope), device.details.as_deref(), client, resource);
    // What it may ask for was changed meanwhile: it has to ask again.
    let (scopes, details) = asked.ok().filter(|_| device.is_open(now)).ok_or(Untrusted::DeviceCodeGone)?;
    let redirect = TrustedRedirect {
        uri: DONE.to_owned(),
        mode: ResponseMode::Device,
        state: None,
        issuer: String::new(),
        profile: client.profile,
    };
    Ok(AuthorizationRequest {
        prompt: Prompts::of([Prompt::SelectAccount, Prompt::Consent]),
        details,
        client_info: device.client_info,
        ..AuthorizationRequest::of_scopes(client, scopes, redirect, CameBy::Device(device.hash))
    })
}

/// What a poll is decided on.
#[derive(Clone, Copy, Debug)]
pub struct Polled<'a> {
    /// The device's request, if its code is known.
    pub device: Option<&'a DeviceCode>,
    /// The code that an approval made, and the authorization above it.
    pub code: Option<(&'a AuthorizationCode, &'a Authorization)>,
    /// Whether what the code produced has ended already.
    pub spent: bool,
    /// The account that approved.
    pub account: Option<&'a Account>,
    /// The app whose scopes the code stands for, if they are an app's.
    pub api: Option<&'a Client>,
    /// The key that refresh tokens are derived with.
    pub key: &'a PurposeKey,
    /// What of it this access token is for, if it is for less. [RFC 9396 §6]
    pub details: Option<&'a Located>,
    /// Whether it keeps to its interval.
    pub pace: Pace,
}

/// A device asks whether somebody has answered. [RFC 8628 §3.4 and §3.5]
pub fn poll(
    client: &AuthenticatedClient<'_>,
    facts: Polled<'_>,
    now: Timestamp,
    entropy: &mut Entropy,
) -> Decision<Issue> {
    let profile = client.client().profile;
    let Some(device) = facts.device.filter(|device| device.client == client.client().id) else {
        return Decision::refuse(unknown(profile));
    };
    match (device.answered_at, facts.code) {
        // A device that goes on polling is told the same each time; the record tells of it once.
        (Some(_), Some((code, _))) if code.redeemed_at.is_some() && facts.spent => Decision::refuse(unknown(profile)),
        (Some(_), Some((code, _))) if code.redeemed_at.is_some() => {
            Decision::refuse(unknown(profile)).and_all(authorization_code::replay(code, now))
        }
        (Some(_), _) if !device.approved => Decision::refuse(declined(profile)),
        _ if now >= device.expires_at() => {
            Decision::refuse(OAuthError::expired_token("the device code has expired: ask for another one"))
        }
        (Some(_), Some(found)) => {
            let Polled { spent, code, account, api, key, details, .. } = facts;
            let facts = Redemption { spent, code, account, api, key };
            authorization_code::exchange(found, details, client, facts, now, entropy)
        }
        (Some(_), None) => Decision::refuse(unknown(profile)),
        (None, _) => Decision::refuse(match facts.pace {
            Pace::TooFast => OAuthError::slow_down("wait five seconds longer between polls from now on"),
            Pace::Good => OAuthError::authorization_pending("nobody has answered yet"),
        }),
    }
}

fn unknown(profile: Profile) -> OAuthError {
    match profile {
        Profile::Microsoft => OAuthError::bad_verification_code("the device code is unknown, or was used"),
        Profile::Standard | Profile::Fapi2 | Profile::Legacy => {
            OAuthError::invalid_grant("the device code is unknown, or was used")
        }
    }
}

/// Clients of the Microsoft world know a name of their own for it.
fn declined(profile: Profile) -> OAuthError {
    match profile {
        Profile::Microsoft => OAuthError::authorization_declined("the person said no"),
        Profile::Standard | Profile::Fapi2 | Profile::Legacy => OAuthError::access_denied("the person said no"),
    }
}

#[cfg(test)]
mod tests;
