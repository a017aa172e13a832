//! A device without a browser: it asks for a code, shows another one, and polls.

use serde_json::Value;

use crate::page::Page;
use crate::person::Person;
use crate::relying_party::{Refused, RelyingParty, Tokens};
use crate::server::Ask;

/// A device that waits for somebody.
#[derive(Clone)]
pub struct Device {
    party: RelyingParty,
    /// The code that it keeps to itself.
    pub code: String,
    /// The code that it shows.
    pub user_code: String,
    /// All that it was answered.
    pub body: Value,
}

impl RelyingParty {
    /// A request for a device code with exactly these parameters, authenticated.
    pub fn device_request(&self, pairs: &[(&str, &str)]) -> Ask {
        self.request_to("devicecode", pairs)
    }

    /// A device of this service asks.
    pub async fn begins_on_a_device(&self) -> Device {
        self.begins_on_a_device_with(&[]).await
    }

    /// The same with more than a scope, or without one.
    pub async fn begins_on_a_device_with(&self, more: &[(&str, &str)]) -> Device {
        let scope = Some(("scope", self.scope())).filter(|(_, scope)| !scope.is_empty());
        let pairs: Vec<_> = scope.into_iter().chain(more.iter().copied()).collect();
        let answer = self.device_request(&pairs).await;
        let body = answer.json();
        assert!(answer.is_ok(), "{body}");
        assert_eq!(answer.header("cache-control"), Some("no-store"));
        let text = |name: &str| body[name].as_str().unwrap_or_else(|| panic!("{name}: {body}")).to_owned();
        Device { party: self.clone(), code: text("device_code"), user_code: text("user_code"), body }
    }
}

impl Device {
    /// The service that it belongs to.
    pub fn party(&self) -> &RelyingParty {
        &self.party
    }

    /// Asks whether somebody has answered.
    pub async fn polls(&self) -> Result<Tokens, Refused> {
        self.polls_for(&[]).await
    }

    /// The same with more than its code.
    pub async fn polls_for(&self, more: &[(&str, &str)]) -> Result<Tokens, Refused> {
        let grant = "urn:ietf:params:oauth:grant-type:device_code";
        let pairs = [&[("grant_type", grant), ("device_code", self.code.as_str())], more].concat();
        let answer = self.party.token_request(&pairs).await;
        self.party.read(&answer)
    }
}

impl Person {
    /// Types the code of a device, and reads what asks.
    pub async fn types(&self, device: &Device) -> Page {
        let page = self.browser().open("/device").await.page();
        page.fill("user_code", &device.user_code).press("device-next").await.page()
    }

    /// The approval page for a device, past sign-in and picker.
    pub async fn considers(&self, device: &Device) -> Page {
        let visit = self.types(device).await.press("device-continue").await;
        self.past_sign_in(visit).await.page()
    }

    /// Approves what a device asks for, as the page offers it.
    pub async fn approves_on(&self, device: &Device) -> Page {
        self.considers(device).await.press("approve").await.page()
    }
}
