//! The numbers that bound the world, each with its reason.

use std::time::Duration;

use crate::time::days;

/// An authorization code is redeemed at once by the client that asked; FAPI 2.0 Security Profile §5.3.2.1 allows 60 s at most.
pub const CODE_LIFETIME: Duration = Duration::from_secs(60);
/// A code of the older kind: clients were promised a quarter of an hour.
pub const LEGACY_CODE_LIFETIME: Duration = Duration::from_secs(15 * 60);
/// A refresh token of the older kind: a year, used or not.
pub const LEGACY_FAMILY_LIFETIME: Duration = days(365);
/// The longest that a person lets an app of the older kind act, in days: as long as its refresh token.
pub const LEGACY_AUTHORIZATION_DAYS: u16 = 365;
/// The longest that a client secret of the older kind lives, as its developers know it.
pub const LEGACY_SECRET_DAYS: u32 = 60;
/// Characters of a description, web site or company of an app of the older kind.
pub const LEGACY_TEXT_CHARACTERS: usize = 2_000;
/// How long a person may take over sign-in and approval before the request has to be made again.
pub const FLOW_LIFETIME: Duration = Duration::from_secs(30 * 60);
/// A device code lives as long as a person needs to find a browser and to read: a quarter of an hour.
pub const DEVICE_CODE_LIFETIME: Duration = Duration::from_secs(15 * 60);
/// A pushed request is followed by the browser at once; FAPI 2.0 Security Profile §5.3.2.2 allows less than ten minutes.
pub const PUSHED_REQUEST_LIFETIME: Duration = Duration::from_secs(90);
/// Bytes of a pushed request: more than any URL could carry, and few enough to keep for each.
pub const PUSHED_REQUEST_BYTES: usize = 16_384;
/// A refresh token presented again this soon, while its successor is unused, is a lost answer and not a theft.
pub const REPEAT_WINDOW: Duration = Duration::from_secs(60);
/// A token family ends this long after it began, whatever its use.
pub const FAMILY_LIFETIME: Duration = days(90);
/// A token family in a browser ends after a day: a page's storage is easier to read than a server's.
pub const SINGLE_PAGE_FAMILY_LIFETIME: Duration = days(1);
/// A token family that nobody used for so long ends.
pub const FAMILY_IDLE: Duration = days(30);
/// An ID token is read once, on arrival; an hour is what clients expect.
pub const ID_TOKEN_LIFETIME: Duration = Duration::from_secs(3_600);
/// How long whoever fetches our key set may keep it: five minutes, and at once again when they meet an unknown key.
pub const KEY_SET_MAX_AGE: Duration = Duration::from_secs(300);
/// A signing key is published this long before it signs: twice as long as a key set is kept, so that everybody knows it by then.
pub const KEY_PUBLISHED_FIRST: Duration = Duration::from_secs(2 * KEY_SET_MAX_AGE.as_secs());
/// A signing key signs for a quarter of a year: often enough that nobody forgets how it is done.
pub const KEY_ACTIVE_FOR: Duration = days(90);
/// A signing key that retired is published for longer than anything lives that it signed: access tokens, ID tokens, and these once more
/// as hints while the sign-in lasts that they tell of.
pub const KEY_KEPT_FOR: Duration = days(8);
/// That a signing key was revoked is listed for a quarter of a year.
pub const REVOKED_KEY_KEPT_FOR: Duration = days(90);
/// A sign-in ends this long after it was last used.
pub const SESSION_IDLE: Duration = Duration::from_secs(12 * 3_600);
/// A sign-in ends this long after it began.
pub const SESSION_LIFETIME: Duration = days(7);
/// Accounts that may be signed in at once in one browser: more than five, few enough for one page.
pub const SESSIONS_PER_BROWSER: usize = 10;
/// The longest a client secret lives: two years, so that someone looks at it again.
pub const CLIENT_SECRET_LIFETIME_DAYS: u32 = 730;
/// The same as a length of time. A public key of a client lives no longer either.
pub const CLIENT_SECRET_LIFETIME: Duration = days(CLIENT_SECRET_LIFETIME_DAYS);
/// Days that a secret of a client lives if nothing else is asked for: half a year.
pub const USUAL_SECRET_DAYS: u32 = 180;
/// The days before the end of a client secret on which its owner is told by mail: enough to plan, to act, and to hurry.
pub const SECRET_TOLD_DAYS_BEFORE: [u64; 3] = [30, 7, 1];
/// How long before its end a client secret is marked on pages: two weeks are enough to change a service without haste.
pub const SECRET_MARKED_BEFORE: Duration = days(14);
/// Client secrets that live at once: two, so that one can be replaced without a gap.
pub const SECRETS_PER_CLIENT: usize = 2;
/// Keys of one client: two in turn, and a few more where several machines have one each.
pub const KEYS_PER_CLIENT: usize = 6;
/// Federated credentials of one client, as many as Entra has.
pub const FEDERATED_CREDENTIALS_PER_CLIENT: usize = 20;
/// Characters of an issuer, a subject or an audience of theirs, as many as Entra has.
pub const FEDERATED_TEXT_CHARACTERS: usize = 600;
/// Keys of an issuer that are pinned: a few in rotation.
pub const KEYS_PER_ISSUER: usize = 16;
/// How long a token of another issuer may live: workloads are handed one for an hour, some for a day.
pub const FEDERATED_TOKEN_LIFETIME: Duration = days(1);
/// Scopes that one app exposes: people read them on the approval page.
pub const EXPOSED_SCOPES: usize = 20;
/// Bytes of the name of such a scope.
pub const EXPOSED_SCOPE_BYTES: usize = 64;
/// Apps that one app lets call it in their own name: somebody has to know each of them.
pub const CALLERS: usize = 20;
/// Apps that a token is handed through, each named in it: an agent, its helper, and theirs.
pub const ACTORS: usize = 4;
/// Places that one request narrows a token to: they stand in it.
pub const NARROWED_PLACES: usize = 20;
/// How far clocks of others are apart from ours, as far as assertions go.
pub const ASSERTION_LEEWAY: Duration = Duration::from_secs(60);
/// How long an assertion that counts once may live: its `jti` is kept for so long.
pub const ASSERTION_LIFETIME: Duration = Duration::from_secs(3_600);
/// How long an assertion from the Microsoft world may live. It does not count for so long.
pub const MICROSOFT_ASSERTION_LIFETIME: Duration = days(1);
/// How long an assertion counts that is sent again and again: libraries of the Microsoft world keep one for nine minutes.
pub const REUSED_ASSERTION_LIFETIME: Duration = Duration::from_secs(600);
/// Bytes of a client secret that was not made here: what we keep of it is not made for secrets of few bits.
pub const GIVEN_SECRET_BYTES: std::ops::RangeInclusive<usize> = 32..=256;
/// Different characters of such a secret: fewer are no chance.
pub const GIVEN_SECRET_DISTINCT: usize = 12;
/// An initial access token lets somebody set their programs up, not live on it.
pub const INITIAL_ACCESS_TOKEN_LIFETIME: Duration = days(7);
/// Apps of one tenant that registered themselves: each installation of a program may be one.
pub const DYNAMIC_CLIENTS_PER_TENANT: usize = 5_000;
/// An app that registered itself and that nobody authorized in this time is gone.
pub const UNUSED_REGISTRATION_LIFETIME: Duration = days(7);
/// Bytes of the address of a document by which an app describes itself: people read it, and it stands in tokens.
pub const DOCUMENT_URL_BYTES: usize = 512;
/// Apps of one tenant that describe themselves: more than anybody writes. One that nobody authorized makes room for another.
pub const DESCRIBED_CLIENTS_PER_TENANT: usize = 2_000;
/// An app that describes itself and that nobody authorized in this time is gone: its document brings it back.
pub const UNUSED_DESCRIPTION_LIFETIME: Duration = days(1);
/// Bytes of what an app says of itself that is only told again.
pub const DECLARED_METADATA_BYTES: usize = 8_192;
/// A link by which a server is set up counts for so long: whoever started it is at work on it.
pub const SET_UP_LINK_LIFETIME: Duration = Duration::from_secs(3_600);
/// Bytes of the name that the certificates of a client have: a subject of a dozen parts.
pub const CERTIFICATE_NAME_BYTES: usize = 1_024;
/// Addresses of request objects of one client: one for each of its ways to ask.
pub const REQUEST_URIS_PER_CLIENT: usize = 10;
/// Bytes of a request object that is fetched: as long as a signed token may be.
pub const REQUEST_OBJECT_BYTES: usize = 16_384;
/// Redirect URIs of one client.
pub const REDIRECT_URIS_PER_CLIENT: usize = 50;
/// Bytes of one redirect URI.
pub const REDIRECT_URI_BYTES: usize = 2_000;
/// Scopes in one request; more is not a person's question any more.
pub const SCOPES_PER_REQUEST: usize = 100;
/// Bytes of one `scope` parameter.
pub const SCOPE_BYTES: usize = 8_192;
/// Bytes of `state`: it comes back to the client in a URL.
pub const STATE_BYTES: usize = 2_048;
/// A signed answer of the authorization endpoint is read on arrival; JARM §2.1 allows ten minutes at most.
pub const SIGNED_RESPONSE_LIFETIME: Duration = Duration::from_secs(300);
/// Bytes of `nonce`: it is copied into the ID token.
pub const NONCE_BYTES: usize = 1_024;
/// Parameters in one request.
pub const PARAMETERS: usize = 200;
/// Bytes of one query or form.
pub const FORM_BYTES: usize = 65_536;
/// Bytes of an email address, as many as a mail server takes.
pub const EMAIL_BYTES: usize = 254;
/// Characters of a name that is shown to people.
pub const NAME_CHARACTERS: usize = 256;
/// Somebody who signs in elsewhere is back within ten minutes, or begins anew.
pub const UPSTREAM_SIGN_IN_LIFETIME: Duration = Duration::from_secs(600);
/// Upstream providers of one tenant: each is a button on its sign-in page.
pub const UPSTREAMS_PER_TENANT: usize = 5;
/// Bytes of a secret of an upstream provider: some give out whole tokens.
pub const UPSTREAM_SECRET_BYTES: usize = 1_024;
/// Characters of the name of an upstream provider: it stands on a button.
pub const UPSTREAM_NAME_CHARACTERS: usize = 60;
/// Bytes of the scopes that are asked of an upstream provider: they go into a URL.
pub const UPSTREAM_SCOPE_BYTES: usize = 1_000;
/// Bytes of a code of an upstream provider; some put a whole token into it.
pub const UPSTREAM_CODE_BYTES: usize = 4_096;
/// Sign-ins elsewhere that one account is linked to: one for each provider, and a few more.
pub const LINKS_PER_ACCOUNT: usize = 5;
/// Apps that one account may own; registration is not storage.
pub const APPS_PER_OWNER: usize = 200;
/// Bytes of a password: enough for any sentence, too few to make hashing a weapon.
pub const PASSWORD_BYTES: std::ops::RangeInclusive<usize> = 12..=1_024;
