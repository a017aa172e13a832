//! What an error page says to whoever may change the app, when they are signed in where it is shown: the cause in full, what came, and what
//! is registered. To everybody else it says what it says to all.

use latchkey_identity::OAuthError;
use latchkey_identity::account::is_hidden;
use latchkey_identity::authorize::Untrusted;
use latchkey_identity::client::Client;
use latchkey_identity::client::redirect_uri::near_miss::nearest;
use latchkey_store::StoreError;
use url::form_urlencoded;

use super::flow::{Stage, signed_in};
use crate::app::App;
use crate::pages::for_owner::ForOwner;
use crate::visitor::Visitor;

/// The longest value that is shown, in characters.
const LONGEST: usize = 500;
/// The most values that are shown of one parameter.
const MOST: usize = 3;

/// What is said about a request that is not served, if somebody is there to be told.
pub(super) async fn of_untrusted(
    app: &App,
    visitor: &Visitor,
    client: &Client,
    why: Untrusted,
    stage: Stage<'_>,
) -> Option<ForOwner> {
    let came = Came::of(stage);
    told(app, visitor, client, async || facts(app, client, why, &came).await).await
}

/// What came, what is registered, and what there is to say beside the sentence that everybody reads.
async fn facts(app: &App, client: &Client, why: Untrusted, came: &Came<'_>) -> Result<Facts, StoreError> {
    let registered = || client.redirect_uris.iter().map(|uri| uri.as_str().to_owned()).collect();
    // Without a `_`: whoever adds an error says what its owner sees.
    let (more, received, expected) = match why {
        Untrusted::RedirectUriNotRegistered => {
            let received = came.values("redirect_uri");
            let first = received.first().map_or("", |(_, value)| value);
            (difference(first, client), received, registered())
        }
        Untrusted::RedirectUriMissing => {
            let more = "Send one of those that are registered, once.".to_owned();
            (more, came.values("redirect_uri"), registered())
        }
        Untrusted::ClientOfAnotherTenant => {
            let more = "It asked in the name of another directory than the one that it is for.".to_owned();
            let home = app.store.tenant(client.tenant).await?.map(|tenant| tenant.domain.clone());
            (more, vec![("tenant".to_owned(), shown(came.segment))], home.into_iter().collect())
        }
        Untrusted::SuspendedClient => {
            ("It goes on when an administrator lets it.".to_owned(), came.values("client_id"), Vec::new())
        }
        Untrusted::OfTheOlderKind | Untrusted::NotOfTheOlderKind => {
            (String::new(), came.values("client_id"), Vec::new())
        }
        Untrusted::RequestUri => (String::new(), came.values("request_uri"), Vec::new()),
        Untrusted::UnknownTenant
        | Untrusted::ClientMissing
        | Untrusted::UnknownClient
        | Untrusted::NoDescribedClients
        | Untrusted::DocumentNotFetched
        | Untrusted::DocumentNotTaken
        | Untrusted::DeviceCodeGone
        | Untrusted::RequestObject => (String::new(), Vec::new(), Vec::new()),
    };
    let cause = format!("{} {more}", why.sentence()).trim_end().to_owned();
    Ok(Facts { cause, received, expected })
}

/// In what a redirect URI differs from the one that is registered and most like it.
fn difference(received: &str, client: &Client) -> String {
    match nearest(received, &client.redirect_uris) {
        Some((miss, uri)) => format!("It differs from {uri} {}: redirect URIs are compared exactly.", miss.words()),
        None => "Register it if it is yours; if it is not, somebody tried to be sent your answers.".to_owned(),
    }
}

/// The same about an error that would be sent to the client.
pub(super) async fn of_error(
    app: &App,
    visitor: &Visitor,
    client: &Client,
    error: &OAuthError,
    stage: Stage<'_>,
) -> Option<ForOwner> {
    let came = Came::of(stage);
    told(app, visitor, client, async || {
        let expected = match error.code {
            "invalid_scope" => client.scopes.iter().map(str::to_owned).collect(),
            "unsupported_response_type" => {
                client.metadata.response_types.iter().map(|one| one.name().to_owned()).collect()
            }
            _ => Vec::new(),
        };
        // What is wrong with a request is said by the names of its parameters.
        let word = |c: char| !(c.is_ascii_alphanumeric() || c == '_');
        let mut named: Vec<&str> = error.description.split(word).collect();
        named.extend(error.code.strip_prefix("invalid_").or_else(|| error.code.strip_prefix("unsupported_")));
        named.sort_unstable();
        named.dedup();
        let received = named.into_iter().filter(|name| !name.is_empty()).flat_map(|name| came.values(name)).collect();
        let cause = format!("{}: {}.", error.code, error.description.trim_end_matches('.'));
        Ok(Facts { cause, received, expected })
    })
    .await
}

/// What is known of an error.
struct Facts {
    /// What is wrong, as sentences.
    cause: String,
    /// What came: the names of parameters and their values.
    received: Vec<(String, String)>,
    /// What is registered.
    expected: Vec<String>,
}

/// These facts, if one of those who are signed in in this browser may change the app. What cannot be read is not shown.
async fn told(
    app: &App,
    visitor: &Visitor,
    client: &Client,
    facts: impl AsyncFnOnce() -> Result<Facts, StoreError>,
) -> Option<ForOwner> {
    let people = signed_in(app, visitor).await.ok()?;
    if !people.iter().any(|one| client.may_be_changed_by(&one.account)) {
        return None;
    }
    let Facts { cause, received, expected } = facts().await.ok()?;
    let registration = format!("/apps/{}", client.id);
    Some(ForOwner { app: client.name.clone(), registration, cause, received, expected })
}

/// A request as it came.
struct Came<'a> {
    segment: &'a str,
    parameters: &'a str,
}

impl<'a> Came<'a> {
    fn of(stage: Stage<'a>) -> Self {
        match stage {
            Stage::Arriving { segment, parameters } => Self { segment, parameters },
            Stage::Waiting { flow, .. } => Self { segment: &flow.segment, parameters: &flow.parameters },
        }
    }

    /// A parameter as often as it came.
    fn values(&self, name: &str) -> Vec<(String, String)> {
        let came = form_urlencoded::parse(self.parameters.as_bytes()).filter(|(found, _)| found == name);
        came.take(MOST).map(|(_, value)| (name.to_owned(), shown(&value))).collect()
    }
}

/// A text of somebody else's, as far as it can be shown: what nobody sees stands as a mark.
fn shown(text: &str) -> String {
    text.chars().take(LONGEST).map(|c| if is_hidden(c) { char::REPLACEMENT_CHARACTER } else { c }).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_came_is_shown_as_often_as_it_came_and_without_what_nobody_sees() {
        let long = "x".repeat(LONGEST + 1);
        let parameters =
            format!("scope=a%20b&redirect_uri=https%3A%2F%2Fa.test%2F%E2%80%AE&redirect_uri=&state={long}");
        let came = Came { segment: "common", parameters: &parameters };
        let values = |name| came.values(name).into_iter().map(|(_, value)| value).collect::<Vec<_>>();
        assert_eq!(values("scope"), ["a b"]);
        assert_eq!(values("redirect_uri"), ["https://a.test/\u{fffd}", ""]);
        assert_eq!(values("state"), [long[..LONGEST].to_owned()]);
        assert!(values("nonce").is_empty());
    }
}
