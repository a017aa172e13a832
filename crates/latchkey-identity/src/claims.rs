//! Claims about people, [OpenID Connect Core §5.1]: what scopes and the `claims` parameter open. What is not known is left out.

mod standard;

use std::collections::BTreeMap;

use serde::Serialize;
use serde_json::Value;

use crate::account::Account;
use crate::scope::{ADDRESS, EMAIL, PHONE, PROFILE, ScopeSet};

pub use standard::{BadClaim, StandardClaims};

/// A standard claim about a person.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
#[allow(missing_docs, reason = "named by OpenID Connect Core §5.1")]
pub enum Claim {
    Name,
    GivenName,
    FamilyName,
    MiddleName,
    Nickname,
    PreferredUsername,
    Profile,
    Picture,
    Website,
    Gender,
    Birthdate,
    Zoneinfo,
    Locale,
    UpdatedAt,
    Email,
    EmailVerified,
    PhoneNumber,
    PhoneNumberVerified,
    Address,
}

/// Those of an ID token that are not about the person, as `claims_supported` lists them beside the others.
pub const OF_PROTOCOL: [&str; 12] =
    ["acr", "amr", "at_hash", "aud", "auth_time", "c_hash", "exp", "iat", "iss", "nonce", "sid", "sub"];

/// The parts of an address, [OpenID Connect Core §5.1.1].
const ADDRESS_PARTS: [&str; 6] = ["formatted", "street_address", "locality", "region", "postal_code", "country"];

impl Claim {
    /// Every one.
    pub const ALL: [Self; 19] = [
        Self::Name,
        Self::GivenName,
        Self::FamilyName,
        Self::MiddleName,
        Self::Nickname,
        Self::PreferredUsername,
        Self::Profile,
        Self::Picture,
        Self::Website,
        Self::Gender,
        Self::Birthdate,
        Self::Zoneinfo,
        Self::Locale,
        Self::UpdatedAt,
        Self::Email,
        Self::EmailVerified,
        Self::PhoneNumber,
        Self::PhoneNumberVerified,
        Self::Address,
    ];

    /// Its name, the scope that opens it, and what people call it. [OpenID Connect Core §5.4]
    const fn told(self) -> (&'static str, &'static str, &'static str) {
        match self {
            Self::Name => ("name", PROFILE, "your name"),
            Self::GivenName => ("given_name", PROFILE, "your given name"),
            Self::FamilyName => ("family_name", PROFILE, "your family name"),
            Self::MiddleName => ("middle_name", PROFILE, "your middle name"),
            Self::Nickname => ("nickname", PROFILE, "your nickname"),
            Self::PreferredUsername => ("preferred_username", PROFILE, "your user name"),
            Self::Profile => ("profile", PROFILE, "the address of your profile page"),
            Self::Picture => ("picture", PROFILE, "your picture"),
            Self::Website => ("website", PROFILE, "your web site"),
            Self::Gender => ("gender", PROFILE, "your gender"),
            Self::Birthdate => ("birthdate", PROFILE, "your date of birth"),
            Self::Zoneinfo => ("zoneinfo", PROFILE, "your time zone"),
            Self::Locale => ("locale", PROFILE, "your language"),
            Self::UpdatedAt => ("updated_at", PROFILE, "when your account last changed"),
            Self::Email => ("email", EMAIL, "your email address"),
            Self::EmailVerified => ("email_verified", EMAIL, "whether your email address was checked"),
            Self::PhoneNumber => ("phone_number", PHONE, "your phone number"),
            Self::PhoneNumberVerified => ("phone_number_verified", PHONE, "whether your phone number was checked"),
            Self::Address => ("address", ADDRESS, "your postal address"),
        }
    }

    /// The registered name.
    pub const fn name(self) -> &'static str {
        self.told().0
    }

    /// The scope that opens it with others.
    pub const fn scope(self) -> &'static str {
        self.told().1
    }

    /// What people call it.
    pub const fn for_people(self) -> &'static str {
        self.told().2
    }

    /// The claim of that name.
    pub fn parse(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|claim| claim.name() == name)
    }

    /// Its value for an account, if one is known.
    fn of(self, account: &Account) -> Option<Value> {
        let told = &account.claims;
        match self {
            Self::Name => Some(account.name.as_str().into()),
            Self::PreferredUsername | Self::Email => Some(account.email.as_str().into()),
            Self::EmailVerified => Some(account.email_verified.into()),
            Self::UpdatedAt => Some(account.changed_at.as_secs().into()),
            Self::PhoneNumberVerified => {
                told.get("phone_number").map(|_| (told.get("phone_number_verified") == Some("true")).into())
            }
            Self::Address => {
                let part = |name: &&str| Some(((*name).to_owned(), told.get(&format!("address.{name}"))?.into()));
                let parts: serde_json::Map<String, Value> = ADDRESS_PARTS.iter().filter_map(part).collect();
                (!parts.is_empty()).then_some(Value::Object(parts))
            }
            _ => told.get(self.name()).map(Value::from),
        }
    }
}

/// Where a single claim is asked for, [OpenID Connect Core §5.5].
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Member {
    /// At UserInfo.
    UserInfo,
    /// In the ID token.
    IdToken,
}

impl Member {
    /// Both.
    pub const ALL: [Self; 2] = [Self::UserInfo, Self::IdToken];

    /// The member of the `claims` parameter.
    pub const fn name(self) -> &'static str {
        match self {
            Self::UserInfo => "userinfo",
            Self::IdToken => "id_token",
        }
    }

    /// The word that stands for one claim in this place among the scopes of an authorization: `userinfo:name`. A person approves it as
    /// they approve a scope; no client can ask for it as one.
    pub fn word(self, claim: Claim) -> String {
        format!("{}:{}", self.name(), claim.name())
    }
}

/// The single claim that a word among scopes stands for.
pub fn single(word: &str) -> Option<(Member, Claim)> {
    let (place, claim) = word.split_once(':')?;
    let place = Member::ALL.into_iter().find(|member| member.name() == place)?;
    Some((place, Claim::parse(claim)?))
}

/// The claims that were asked for one by one in this place, with what is known of them.
pub fn singles(account: &Account, scopes: &ScopeSet, at: Member) -> BTreeMap<&'static str, Value> {
    let asked = scopes.iter().filter_map(single).filter(|(place, _)| *place == at);
    asked.filter_map(|(_, claim)| Some((claim.name(), claim.of(account)?))).collect()
}

/// The claims that scopes open, with what is known of them. [OpenID Connect Core §5.4]
pub fn opened(account: &Account, scopes: &ScopeSet) -> impl Iterator<Item = (&'static str, Value)> {
    let opened = Claim::ALL.into_iter().filter(|claim| scopes.contains(claim.scope()));
    opened.filter_map(|claim| Some((claim.name(), claim.of(account)?)))
}

/// What UserInfo tells of an account.
#[derive(Clone, PartialEq, Eq, Debug, Serialize)]
pub struct UserClaims {
    /// The subject, as the client knows it.
    pub sub: String,
    /// The claims, by their names.
    #[serde(flatten)]
    pub claims: BTreeMap<&'static str, Value>,
}

impl UserClaims {
    /// What these scopes open, and what was asked for by itself.
    pub fn of(account: &Account, subject: String, scopes: &ScopeSet) -> Self {
        let singles = singles(account, scopes, Member::UserInfo);
        Self { sub: subject, claims: opened(account, scopes).chain(singles).collect() }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::sign_in::tests::an_account;

    fn a_full_account() -> Account {
        let mut claims = StandardClaims::default();
        for (name, value) in [
            ("given_name", "Ana"),
            ("birthdate", "1990-02-28"),
            ("zoneinfo", "Europe/Lisbon"),
            ("locale", "pt-PT"),
            ("website", "https://ana.test/"),
            ("phone_number", "+351 555 0100"),
            ("phone_number_verified", "true"),
            ("address.street_address", "1 Pier\nHarbor"),
            ("address.country", "Portugal"),
        ] {
            claims.set(name, value).unwrap();
        }
        Account { claims, ..an_account() }
    }

    fn opened(account: &Account, scopes: &str) -> Value {
        let claims = UserClaims::of(account, "s".into(), &ScopeSet::from_text(scopes));
        serde_json::to_value(claims).unwrap()
    }

    #[test]
    fn a_scope_gives_all_of_its_claims_that_are_known_and_nothing_else() {
        let account = a_full_account();
        assert_eq!(opened(&account, "openid"), serde_json::json!({"sub": "s"}));
        let profile = opened(&account, "openid profile");
        for name in ["name", "given_name", "preferred_username", "website", "birthdate", "zoneinfo", "locale"] {
            assert!(profile[name].is_string(), "{name}");
        }
        assert!(
            profile["updated_at"].is_i64() && profile.get("family_name").is_none() && profile.get("email").is_none()
        );
        let phone = opened(&account, "openid phone");
        assert_eq!(
            phone,
            serde_json::json!({"sub": "s", "phone_number": "+351 555 0100", "phone_number_verified": true})
        );
        let address = &opened(&account, "openid address")["address"];
        assert_eq!(*address, serde_json::json!({"street_address": "1 Pier\nHarbor", "country": "Portugal"}));
        assert_eq!(opened(&an_account(), "openid phone address"), serde_json::json!({"sub": "s"}), "no null, no blank");
    }

    #[test]
    fn a_single_claim_is_told_where_it_was_asked_for() {
        let (account, scopes) = (a_full_account(), ScopeSet::from_text("openid userinfo:given_name id_token:email"));
        assert_eq!(opened(&account, "openid userinfo:given_name id_token:email")["given_name"], "Ana");
        assert!(opened(&account, "openid userinfo:given_name id_token:email").get("email").is_none());
        let id_token = singles(&account, &scopes, Member::IdToken);
        assert_eq!(id_token.keys().collect::<Vec<_>>(), [&"email"]);
        for claim in Claim::ALL {
            assert_eq!(single(&Member::UserInfo.word(claim)), Some((Member::UserInfo, claim)));
        }
        assert_eq!(single("userinfo:password"), None);
    }
}
