//! Protection against forged forms: each form of ours carries a token that is bound to the browser and to the account that its page showed, and
//! what the browser says of where the form comes from has to agree.

use http::header::{HeaderMap, ORIGIN};
use latchkey_identity::account::AccountId;
use uuid::Uuid;

use crate::app::App;
use crate::visitor::Visitor;

const SEC_FETCH_SITE: &str = "sec-fetch-site";

/// Proof that a page of ours in this browser made a form. Only [`made_here`] makes one.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct OwnForm {
    shown_to: Option<AccountId>,
}

impl OwnForm {
    /// Whether its page named this account: what somebody presses counts for whom they saw, and not for whom they switched to since.
    pub fn is_for(self, account: AccountId) -> bool {
        self.shown_to == Some(account)
    }
}

/// The token in the hidden field `csrf` of every form for this browser. `shown_to` is the account that the page names, if it names one.
pub fn token(app: &App, visitor: &Visitor, shown_to: Option<AccountId>) -> String {
    let account = shown_to.map(|account| account.0.into_bytes()).unwrap_or_default();
    let mac = app.keys.form.mac(&[&visitor.browser.hash().0.0, &account]);
    latchkey_jose::base64url::encode([account.as_slice(), mac.as_slice()].concat())
}

/// Whether a form was made by a page of ours for this browser, and sent from one.
pub fn made_here(app: &App, visitor: &Visitor, headers: &HeaderMap, token: Option<&str>) -> Option<OwnForm> {
    let header = |name: &str| headers.get(name).and_then(|value| value.to_str().ok());
    // Pages with `Referrer-Policy: no-referrer` send `Origin: null` with a form; then the browser's other word counts.
    let origin = header(ORIGIN.as_str()).is_none_or(|origin| origin == &*visitor.origin.url || origin == "null");
    let site = header(SEC_FETCH_SITE).is_none_or(|site| matches!(site, "same-origin" | "none"));
    let token = latchkey_jose::base64url::decode(token.filter(|_| origin && site)?).ok()?;
    let (account, mac) = token.split_first_chunk::<16>()?;
    let shown_to = Some(AccountId(Uuid::from_bytes(*account))).filter(|account| !account.0.is_nil());
    app.keys.form.verify(&[&visitor.browser.hash().0.0, account], mac).then_some(OwnForm { shown_to })
}
