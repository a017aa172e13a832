//! An authorization request as it is read: from a link, from what its client pushed, or for a device.

use std::net::IpAddr;
use std::sync::Arc;

use latchkey_identity::Timestamp;
use latchkey_identity::authorize::pushed;
use latchkey_identity::authorize::request::{self, AuthorizationRequest, CameBy, Context};
use latchkey_identity::authorize::request_object;
use latchkey_identity::authorize::response_type;
use latchkey_identity::authorize::{AuthorizeError, Flow, Untrusted};
use latchkey_identity::client::metadata_document::Purpose;
use latchkey_identity::client::{Client, ClientIdentifier};
use latchkey_identity::grant::device_code::DeviceCode;
use latchkey_identity::legacy::LegacyApp;
use latchkey_identity::limits::REQUEST_OBJECT_BYTES;
use latchkey_identity::parameters::Parameters;
use latchkey_identity::secret::TokenHash;
use latchkey_identity::tenant::Audience;
use latchkey_store::StoreError;
use url::form_urlencoded;

use crate::app::App;
use crate::extract;
use crate::identity::client_documents::Arrival;
use crate::identity::tenants::NoAudience;
use crate::identity::{device, front_channel, logo, tenants};
use crate::legacy;
use crate::pages::AppFace;
use crate::pages::sign_in::Asking;
use crate::reply::FormTargets;
use crate::visitor::Visitor;

/// An authorization request that was read and checked against what is true now.
pub struct Asked {
    /// The request.
    pub request: AuthorizationRequest,
    /// The client that asks.
    pub client: Arc<Client>,
    /// What else is known of it if it is of the older OAuth kind.
    pub legacy: Option<LegacyApp>,
    /// The device that it is for, if a person typed the code of one.
    pub device: Option<DeviceCode>,
    /// Whose accounts may answer.
    pub audience: Audience,
    /// The tenant segment of the URL.
    pub segment: String,
    /// The parameters as they came.
    pub parameters: String,
}

/// Why a request was not served.
pub enum Unserved {
    /// By the rules.
    Request(AuthorizeError, Option<Arc<Client>>),
    /// The store did not answer.
    Store(StoreError),
}

impl From<StoreError> for Unserved {
    fn from(error: StoreError) -> Self {
        Self::Store(error)
    }
}

impl From<NoAudience> for Unserved {
    fn from(why: NoAudience) -> Self {
        match why {
            NoAudience::UnknownTenant => untrusted(Untrusted::UnknownTenant),
            NoAudience::Store(error) => Self::Store(error),
        }
    }
}

fn untrusted(why: Untrusted) -> Unserved {
    Unserved::Request(AuthorizeError::ShowPage(why), None)
}

/// A link that a browser came by.
struct Link<'a> {
    origin: &'a str,
    /// The tenant segment of its path.
    segment: &'a str,
    /// Its query.
    parameters: &'a str,
    /// Where the browser is.
    address: IpAddr,
    came_by: CameBy,
    /// When the browser came with it: a request that was pushed may run out while a person reads.
    begun_at: Timestamp,
}

impl Asked {
    /// Reads a request as it comes in: a client that describes itself is looked at first.
    pub async fn arriving(app: &App, visitor: &Visitor, segment: &str, parameters: &str) -> Result<Self, Unserved> {
        let read = decoded(parameters).map_err(untrusted)?;
        if let Ok(identifier @ ClientIdentifier::Described(_)) = request::client_id(&read) {
            let audience = tenants::audience(app, segment).await?;
            let (address, now) = (visitor.address, visitor.now);
            let arrival = Arrival { audience: &audience, purpose: Purpose::Request, kid: None, address, now };
            app.welcome(&identifier, arrival).await.map_err(|why| match why.untrusted() {
                Ok(why) => untrusted(why),
                Err(error) => Unserved::Store(error),
            })?;
        }
        let link = Link {
            origin: &visitor.origin.url,
            segment,
            parameters,
            address: visitor.address,
            came_by: CameBy::Link,
            begun_at: visitor.now,
        };
        Self::decoded(app, link, read).await
    }

    /// Reads the request of a link. Client and redirect URI come first: until they are known nothing is sent anywhere.
    async fn decoded(app: &App, link: Link<'_>, read: Parameters) -> Result<Self, Unserved> {
        let Link { origin, segment, parameters, address, came_by, begun_at } = link;
        let audience = tenants::audience(app, segment).await?;
        let id = request::client_id(&read).map_err(untrusted)?;
        let client = app.client_called(&audience, &id).await?;
        let reference = read.get("request_uri").and_then(pushed::reference);
        let came_by = reference.map_or(came_by, CameBy::Pushed);
        let context = Context { origin, audience: &audience, resource: &app.resource, published: &[], came_by };
        let mut kept = None;
        let read = match (reference, &client) {
            (Some(reference), _) => pushed_as(app, reference, &read, &audience, client.as_deref(), begun_at).await?,
            (None, Some(client)) => {
                let refused = |error| Unserved::Request(error, Some(Arc::clone(client)));
                let read = match fetched(app, address, &read, client, context, begun_at).await.map_err(refused)? {
                    // It is fetched once: what waits for the person is what came.
                    Some(fetched) => {
                        kept = Some(encode(&fetched));
                        fetched
                    }
                    None => read,
                };
                opened(app, read, client, context, begun_at).await.map_err(refused)?
            }
            (None, None) => read,
        };
        // The keys are published before they sign the first answer: who has just read the key set does not read it again at once.
        for algorithm in client.iter().flat_map(|client| client.metadata.answering_algorithms()) {
            app.begin_to_sign_with(algorithm).await?;
        }
        let request = request::parse(&read, client.as_deref(), context)
            .map_err(|error| Unserved::Request(error, client.clone()))?;
        let client = client.ok_or_else(|| untrusted(Untrusted::UnknownClient))?;
        let answers = match &audience {
            Audience::Tenant(tenant) => tenant.id,
            Audience::Anyone | Audience::WorkAccounts => client.tenant,
        };
        if !front_channel::may_carry(app, &request, &client, answers).await? {
            let error = AuthorizeError::TellClient(Box::new(request.redirect), response_type::switched_off());
            return Err(Unserved::Request(error, Some(client)));
        }
        let parameters = kept.unwrap_or_else(|| parameters.to_owned());
        Ok(Self { request, client, legacy: None, device: None, audience, segment: segment.to_owned(), parameters })
    }

    /// Reads the request of a flow anew, by the endpoint that it came to.
    pub async fn again(app: &App, flow: &Flow, address: IpAddr, now: Timestamp) -> Result<Self, Unserved> {
        if let Some(device) = flow.device {
            return device::read(app, device, now).await;
        }
        if flow.segment == legacy::SEGMENT {
            return legacy::authorize::read(app, &flow.origin, &flow.parameters).await;
        }
        let read = decoded(&flow.parameters).map_err(untrusted)?;
        let came_by = if flow.rehearsed_by.is_some() { CameBy::Rehearsal } else { CameBy::Link };
        let link = Link {
            origin: &flow.origin,
            segment: &flow.segment,
            parameters: &flow.parameters,
            address,
            came_by,
            begun_at: flow.started_at,
        };
        Self::decoded(app, link, read).await
    }

    /// Where the form of a page of this flow may lead.
    pub fn targets(&self) -> FormTargets {
        FormTargets::and_client(self.request.redirect.uri())
    }

    /// How pages name who asks. Where a password is typed there is no picture by an app that nobody registered: it could be anybody's.
    pub fn asking(&self) -> Asking {
        let registered = self.client.document.is_none();
        Asking {
            name: self.client.name.clone(),
            host: self.request.redirect.destination(),
            logo: logo::address(&self.client).filter(|_| registered),
            pages: if registered { self.client.pages() } else { Vec::new() },
        }
    }

    /// How pages show who asks.
    pub fn face(&self) -> AppFace {
        AppFace::of(&self.client.name, &self.client.publisher)
    }
}

/// The parameters that the client pushed, which count in place of those of the link. [RFC 9126 §4]
async fn pushed_as(
    app: &App,
    reference: TokenHash,
    read: &Parameters,
    audience: &Audience,
    client: Option<&Client>,
    begun_at: Timestamp,
) -> Result<Parameters, Unserved> {
    let unknown = || untrusted(Untrusted::RequestUri);
    // What stands beside a reference does not count. [RFC 9101 §5]
    if read.repeats("request_uri") {
        return Err(unknown());
    }
    let pushed = app.store.pushed_request(reference).await?.ok_or_else(unknown)?;
    match tenants::audience(app, &pushed.segment).await {
        Ok(pushed_to) if pushed_to == *audience => {}
        Ok(_) | Err(NoAudience::UnknownTenant) => return Err(unknown()),
        Err(NoAudience::Store(error)) => return Err(Unserved::Store(error)),
    }
    let client = client.ok_or_else(|| untrusted(Untrusted::UnknownClient))?;
    // It was opened when it came.
    pushed.parameters_for(client.id, begun_at).and_then(decoded).map_err(untrusted)
}

/// The request with the object at the address that it names, if it names one. What goes wrong there is the client's to find out.
async fn fetched(
    app: &App,
    asked_from: IpAddr,
    read: &Parameters,
    client: &Client,
    context: Context<'_>,
    now: Timestamp,
) -> Result<Option<Parameters>, AuthorizeError> {
    let Some(address) = request_object::address(read, client, context)? else { return Ok(None) };
    let object = object_at(app, asked_from, address, now).await;
    request_object::fetched(read, object.as_deref(), client, context).map(Some)
}

async fn object_at(app: &App, asked_from: IpAddr, address: &str, now: Timestamp) -> Option<String> {
    app.begin_fetch(asked_from, now).ok()?;
    let accept = "application/oauth-authz-req+jwt, application/jwt";
    let object = app.outbound.document(address, accept, REQUEST_OBJECT_BYTES).await?;
    String::from_utf8(object.to_vec()).ok()
}

/// The parameters inside the request object, if there is one.
async fn opened(
    app: &App,
    read: Parameters,
    client: &Client,
    context: Context<'_>,
    begun_at: Timestamp,
) -> Result<Parameters, AuthorizeError> {
    let published = match request_object::signed(&read) {
        Some(signed) => app.published_keys(client, signed.kid(), begun_at).await,
        None => Vec::new(),
    };
    request_object::opened(read, client, Context { published: &published, ..context }, begun_at)
}

fn encode(parameters: &Parameters) -> String {
    form_urlencoded::Serializer::new(String::new()).extend_pairs(parameters.iter()).finish()
}

fn decoded(parameters: &str) -> Result<Parameters, Untrusted> {
    extract::parameters(parameters.as_bytes()).map_err(|_| Untrusted::ClientMissing)
}
