//! A person with a browser of their own.

use latchkey_identity::account::AccountId;

use crate::browser::{Boxed, Browser, Visit};
use crate::page::Page;
use crate::relying_party::{AuthorizationRequest, Code, Refused, Tokens};
use crate::sample::{self, PASSWORD};
use crate::world::World;

/// Pages that one answer takes at most.
const PAGES: usize = 6;

/// A person at a browser. They sign in when they are asked to.
#[derive(Clone)]
pub struct Person {
    email: String,
    browser: Browser,
}

impl World {
    /// The person of this name, at a browser of their own that has never been here.
    pub fn person(&self, name: &str) -> Person {
        self.person_at(name, &self.browser())
    }

    /// The person of this name, at this browser.
    pub fn person_at(&self, name: &str, browser: &Browser) -> Person {
        Person { email: sample::email(name), browser: browser.clone() }
    }

    /// The owner of harbor.
    pub fn ana(&self) -> Person {
        self.person("ana")
    }

    /// In Project Collection Administrators of harbor.
    pub fn max(&self) -> Person {
        self.person("max")
    }

    /// A member of harbor: Basic, project lighthouse, no administrator.
    pub fn ben(&self) -> Person {
        self.person("ben")
    }

    /// A stakeholder of harbor, project lighthouse.
    pub fn cy(&self) -> Person {
        self.person("cy")
    }

    /// In harbor with Basic, but in no project.
    pub fn dee(&self) -> Person {
        self.person("dee")
    }

    /// A personal account, administrator of harbor.
    pub fn pat(&self) -> Person {
        self.person("pat")
    }

    /// The owner of shore, another tenant.
    pub fn eve(&self) -> Person {
        self.person("eve")
    }
}

impl Person {
    /// Their browser.
    pub fn browser(&self) -> &Browser {
        &self.browser
    }

    /// The address they sign in with.
    pub fn email(&self) -> &str {
        &self.email
    }

    /// The id of their account.
    pub fn id(&self) -> AccountId {
        sample::account_id(self.email.split('@').next().unwrap_or_default())
    }

    /// Signs in, with no service involved.
    pub async fn signs_in(&self) -> Page {
        let page = self.browser.open("/signin").await.page();
        page.fill("email", &self.email).fill("password", PASSWORD).press("sign-in").await.page()
    }

    /// Opens a page of ours, signing in if that is asked.
    pub async fn opens(&self, url: &str) -> Page {
        let visit = self.browser.open(url).await;
        self.past_sign_in(visit).await.page()
    }

    /// Follows a service's request as far as it goes without a decision: past sign-in and picker.
    pub async fn goes_to(&self, request: &AuthorizationRequest) -> Visit {
        let visit = self.browser.open(&request.url()).await;
        self.past_sign_in(visit).await
    }

    /// Signs in and picks themselves where that is asked; stops at anything else.
    pub async fn past_sign_in(&self, visit: Visit) -> Visit {
        let past: Boxed<'_, Visit> = Box::pin(self.sign_in_and_pick(visit));
        past.await
    }

    async fn sign_in_and_pick(&self, mut visit: Visit) -> Visit {
        for _ in 0..PAGES {
            let Some(page) = visit.as_page() else { return visit };
            visit = match page.path() {
                "/signin" if page.has("sign-in") && page.status() == 200 => {
                    page.clone().fill("email", &self.email).fill("password", PASSWORD).press("sign-in").await
                }
                "/select" if page.accounts().contains(&self.email) => page.pick(&self.email).await,
                "/select" if page.has("use-another-account") => page.press("use-another-account").await,
                _ => return visit,
            };
        }
        panic!("{} is asked to sign in again and again", self.email)
    }

    /// Approves what the service of this name asks for, as the page offers it.
    pub async fn approves(&self, app: &str) -> Code {
        self.approves_request(&self.browser.world().app(app).request()).await
    }

    /// Approves a request as the page offers it: what can only look is ticked.
    pub async fn approves_request(&self, request: &AuthorizationRequest) -> Code {
        self.answers(request, |page| page).await.unwrap_or_else(|refused| panic!("{refused:?}"))
    }

    /// Approves what is left of a request after `edit` of the approval page. Who is not asked has approved before.
    pub async fn answers(
        &self,
        request: &AuthorizationRequest,
        edit: impl FnOnce(Page) -> Page,
    ) -> Result<Code, Refused> {
        let mut visit = self.goes_to(request).await;
        if let Some(page) = visit.as_page()
            && page.has("approve")
        {
            visit = edit(page.clone()).press("approve").await;
        }
        if let Some(page) = visit.as_page()
            && page.has("continue")
        {
            visit = page.press("continue").await;
        }
        request.answered(&visit.left())
    }

    /// Approves a service, which redeems the code.
    pub async fn authorizes(&self, app: &str) -> Tokens {
        let code = self.approves(app).await;
        self.browser.world().redeem(&code).await.unwrap_or_else(|refused| panic!("{refused:?}"))
    }

    /// Approves everything that a service asks for, what can write included; the service redeems the code.
    pub async fn authorizes_all(&self, app: &str) -> Tokens {
        self.authorizes_part(&self.browser.world().app(app).request(), |page| page.tick_all("scope")).await
    }

    /// Approves part of a request; the service redeems the code.
    pub async fn authorizes_part(&self, request: &AuthorizationRequest, edit: impl FnOnce(Page) -> Page) -> Tokens {
        let code = self.answers(request, edit).await.unwrap_or_else(|refused| panic!("{refused:?}"));
        self.browser.world().redeem(&code).await.unwrap_or_else(|refused| panic!("{refused:?}"))
    }

    /// Revokes the one authorization that is listed, or the first.
    pub async fn revokes(&self) -> Page {
        let page = self.opens("/profile/authorizations").await;
        let id = page.attributes("data-authorization").first().cloned().expect("an authorization is listed");
        let asked = page.press(&format!("revoke-{id}")).await.page();
        if asked.has("revoke-confirm") { asked.press("revoke-confirm").await.page() } else { asked }
    }

    /// The id of their authorization of the service of this name.
    pub async fn authorization(&self, app: &str) -> String {
        let page = self.opens("/profile/authorizations").await;
        let row = page.texts_with("data-authorization").iter().position(|row| row.contains(app));
        let row = row.unwrap_or_else(|| panic!("{app} is not listed: {}", page.text()));
        page.attributes("data-authorization").swap_remove(row)
    }

    /// Pauses a service.
    pub async fn pauses(&self, app: &str) -> Page {
        let id = self.authorization(app).await;
        self.opens("/profile/authorizations").await.press(&format!("pause-{id}")).await.page()
    }

    /// Lets a paused service go on.
    pub async fn resumes(&self, app: &str) -> Page {
        let id = self.authorization(app).await;
        self.opens("/profile/authorizations").await.press(&format!("resume-{id}")).await.page()
    }

    /// Revokes everything.
    pub async fn revokes_all(&self) -> Page {
        let page = self.opens("/profile/authorizations").await;
        page.follow("all-revoke").await.page().press("revoke-confirm").await.page()
    }
}
