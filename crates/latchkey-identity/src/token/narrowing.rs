//! What a token that was exchanged for another is narrowed to, beside its scopes, and who acts with it. [RFC 8693 §4.1]
//!
//! The token itself says so, since nothing is kept of it. It can only take away from what the authorization gives.

use std::collections::BTreeSet;

use serde::{Deserialize, Deserializer, Serialize, Serializer};
use uuid::Uuid;

use crate::authorization::{Place, Places};
use crate::client::ClientId;
use crate::limits;

/// What a token is narrowed to.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Narrowing {
    /// Where it counts at most. Without it wherever the authorization does.
    pub places: Option<NarrowedPlaces>,
    /// Who acts with it, and through whom they got it.
    pub actor: Option<Actor>,
}

impl Narrowing {
    /// Where a token counts, if it names places at all.
    pub fn reached(&self, authorized: &Places) -> Option<Places> {
        self.places.as_ref().map(|NarrowedPlaces(asked)| in_both(authorized, asked))
    }

    /// What of the places of an authorization a token counts for.
    pub fn within(&self, authorized: &Places) -> Places {
        self.reached(authorized).unwrap_or_else(|| authorized.clone())
    }
}

/// Where a token counts that names its places.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Reach {
    /// The places that were asked for: it never counts outside of them.
    pub asked: Places,
    /// What of them the authorization gave when the token was made.
    pub granted: Places,
}

impl Reach {
    /// What comes of these places below an authorization.
    pub fn of(asked: &Places, authorized: &Places) -> Self {
        Self { asked: asked.clone(), granted: in_both(authorized, asked) }
    }
}

/// Whether one of these places is this one, or holds it.
pub fn within(wholes: &Places, part: &Place) -> bool {
    wholes.iter().any(|whole| whole.holds(part))
}

/// What two choices have in common: of each what the other holds.
pub fn in_both(one: &Places, other: &Places) -> Places {
    let held = |wholes: &Places, parts: &Places| -> Places {
        parts.iter().filter(|part| within(wholes, part)).copied().collect()
    };
    held(one, other).union(&held(other, one)).copied().collect()
}

/// The claim `act`: the app that acts, and inside it who acted before. [RFC 8693 §4.1]
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct Actor {
    /// The client id of the app.
    pub sub: String,
    /// Who acted before.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub act: Option<Box<Actor>>,
}

impl Actor {
    /// An app that acts after these; `None` if there are too many of them.
    pub fn after(client: ClientId, before: Option<&Self>) -> Option<Self> {
        let actor = Self { sub: client.to_string(), act: before.cloned().map(Box::new) };
        (actor.count() <= limits::ACTORS).then_some(actor)
    }

    /// The client ids of all of them, the one that acts first.
    pub fn clients(&self) -> impl Iterator<Item = &str> {
        std::iter::successors(Some(self), |actor| actor.act.as_deref()).map(|actor| actor.sub.as_str())
    }

    fn count(&self) -> usize {
        1 + self.act.as_ref().map_or(0, |before| before.count())
    }
}

/// The claim `places`: organizations, projects and repositories by their ids, each `organization[/project[/repository]]`.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct NarrowedPlaces(pub Places);

impl Serialize for NarrowedPlaces {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_seq(self.0.iter().map(|Place { organization, project, repository }| {
            let parts = [Some(*organization), *project, *repository];
            parts.iter().flatten().map(|part| part.simple().to_string()).collect::<Vec<_>>().join("/")
        }))
    }
}

impl<'de> Deserialize<'de> for NarrowedPlaces {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let texts = Vec::<String>::deserialize(deserializer)?;
        let places: Option<BTreeSet<Place>> = texts.iter().map(|text| read(text)).collect();
        places.map(Self).ok_or_else(|| serde::de::Error::custom("not a list of places"))
    }
}

fn read(text: &str) -> Option<Place> {
    let mut parts = text.split('/').map(|part| Uuid::try_parse(part).ok());
    let organization = parts.next()??;
    let mut optional = || parts.next().map_or(Some(None), |part| part.map(Some));
    let (project, repository) = (optional()?, optional()?);
    parts.next().is_none().then_some(Place { organization, project, repository })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn place(organization: u128, project: Option<u128>, repository: Option<u128>) -> Place {
        let [project, repository] = [project, repository].map(|id| id.map(Uuid::from_u128));
        Place { organization: Uuid::from_u128(organization), project, repository }
    }

    fn narrowed(authorized: &[Place], to: &[Place]) -> Vec<Place> {
        let places = Some(NarrowedPlaces(to.iter().copied().collect()));
        let narrowing = Narrowing { places, actor: None };
        narrowing.within(&authorized.iter().copied().collect()).into_iter().collect()
    }

    #[test]
    fn a_token_counts_where_both_it_and_the_authorization_do() {
        let (all, project, repository) = (place(1, None, None), place(1, Some(2), None), place(1, Some(2), Some(3)));
        assert_eq!(narrowed(&[all], &[project]), [project]);
        assert_eq!(narrowed(&[project], &[all]), [project], "what was narrowed since");
        assert_eq!(narrowed(&[repository, place(1, Some(4), None)], &[project]), [repository]);
        assert_eq!(narrowed(&[project], &[place(1, Some(4), None)]), []);
        assert_eq!(narrowed(&[all], &[place(9, None, None)]), []);
        assert_eq!(narrowed(&[all], &[]), [], "narrowed to nothing is nothing");
        assert_eq!(Narrowing::default().within(&[all].into()), [all].into());
    }

    #[test]
    fn the_claim_is_read_as_it_was_written_and_nothing_else_is() {
        let places = NarrowedPlaces([place(1, None, None), place(2, Some(3), None), place(2, Some(3), Some(4))].into());
        let text = serde_json::to_string(&places).unwrap();
        assert_eq!(serde_json::from_str::<NarrowedPlaces>(&text).unwrap(), places);
        for bad in ["null", "\"x\"", "[\"\"]", "[\"x\"]", "[1]", "[\"00000000000000000000000000000001/\"]"] {
            assert!(serde_json::from_str::<NarrowedPlaces>(bad).is_err(), "{bad}");
        }
    }

    #[test]
    fn actors_follow_each_other_and_are_few() {
        let client = ClientId(Uuid::from_u128(1));
        let mut actor = Actor::after(client, None).unwrap();
        for _ in 1..limits::ACTORS {
            actor = Actor::after(client, Some(&actor)).unwrap();
        }
        assert_eq!(Actor::after(client, Some(&actor)), None);
    }
}
