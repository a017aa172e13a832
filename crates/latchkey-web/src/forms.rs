//! Forms that only our own pages may have made: a token bound to the browser, and the word of the browser that it was our page.

use http::header::{HeaderMap, ORIGIN};

use crate::app::App;
use crate::visitor::Visitor;

const SEC_FETCH_SITE: &str = "sec-fetch-site";

/// The token in the hidden field `csrf` of every form for this browser.
pub fn token(app: &App, visitor: &Visitor) -> String {
    let mac = app.keys.form.mac(&[&visitor.browser.hash().0.0]);
    latchkey_jose::base64url::encode(mac)
}

/// Whether a form was made by a page of ours for this browser, and sent from one.
pub fn is_ours(app: &App, visitor: &Visitor, headers: &HeaderMap, token: Option<&str>) -> bool {
    let header = |name: &str| headers.get(name).and_then(|value| value.to_str().ok());
    // Pages with `Referrer-Policy: no-referrer` send `Origin: null` with a form; then the browser's other word counts.
    let origin = header(ORIGIN.as_str()).is_none_or(|origin| origin == &*visitor.origin.url || origin == "null");
    let site = header(SEC_FETCH_SITE).is_none_or(|site| matches!(site, "same-origin" | "none"));
    let token = token.and_then(|token| latchkey_jose::base64url::decode(token).ok());
    origin && site && token.is_some_and(|token| app.keys.form.verify(&[&visitor.browser.hash().0.0], &token))
}
