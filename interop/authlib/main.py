"""Authlib: code with PKCE, a checked ID token, UserInfo, refresh, introspection, revocation, sign-out; an app by itself, with a key too."""

import sys
import tempfile
from pathlib import Path
from urllib.parse import urlencode

sys.path.insert(0, str(Path(__file__).parent.parent / "lib"))

from authlib.integrations.base_client import BaseApp, FrameworkIntegration, OAuth2Mixin, OpenIDMixin  # noqa: E402
from authlib.integrations.requests_client import OAuth2Session, OAuthError  # noqa: E402
from authlib.oauth2.rfc7523 import PrivateKeyJWT  # noqa: E402
from authlib.oauth2.rfc8414 import AuthorizationServerMetadata, get_well_known_url  # noqa: E402
from joserfc.errors import InvalidClaimError  # noqa: E402
from joserfc.jwk import ECKey  # noqa: E402

from demo import CALLBACK, DEMO, account, client, latchkey  # noqa: E402
from person import Person  # noqa: E402
from tap import done, test  # noqa: E402

ISSUER = DEMO["https_issuer"]
SCOPE = "openid profile email offline_access vso.project vso.work"
PROJECTS = f"{DEMO['https_origin']}/{DEMO['organization']}/_apis/projects"

ana = account("owner")
person = Person(ana)
web = client("Dashboard")


class App(OAuth2Mixin, OpenIDMixin, BaseApp):
    """What Authlib makes of an OpenID provider, in a program that stands on no web framework."""

    client_cls = OAuth2Session


app = App(
    FrameworkIntegration("latchkey"),
    "latchkey",
    client_id=web["client_id"],
    client_secret=web["client_secret"],
    server_metadata_url=f"{ISSUER}/.well-known/openid-configuration",
    client_kwargs={"scope": SCOPE, "code_challenge_method": "S256"},
)


def refused(code, attempt):
    """The server answers with this error."""
    try:
        attempt()
    except OAuthError as error:
        assert error.error == code, error
        return
    raise AssertionError(f"it was not refused as {code}")


@test("the metadata hold what Authlib asks of them, at both addresses")
def metadata():
    found = app.load_server_metadata()
    assert found["issuer"] == ISSUER, found
    address = get_well_known_url(ISSUER, external=True)
    with OAuth2Session() as session:
        other = session.get(address, withhold_token=True).json()
    AuthorizationServerMetadata(other).validate()
    assert other["token_endpoint"] == found["token_endpoint"]
    return found


def ask_for_approval():
    """What the app remembers of its request, and the address that the person came back to."""
    asked = app.create_authorization_url(CALLBACK)
    answer = person.approve(asked["url"], CALLBACK)
    assert answer["iss"] == ISSUER, answer
    return asked, f"{CALLBACK}?{urlencode(answer)}"


def redeem(asked, address, **instead):
    checks = {"state": asked["state"], "code_verifier": asked["code_verifier"], **instead}
    return app.fetch_access_token(CALLBACK, authorization_response=address, **checks)


@test("a code with PKCE becomes tokens, and the ID token holds against the provider's keys")
def tokens():
    asked, address = ask_for_approval()
    tokens = redeem(asked, address)
    assert 0 < tokens["expires_in"] <= 90 * 60, tokens["expires_in"]
    claims = app.parse_id_token(tokens, nonce=asked["nonce"])
    assert claims["iss"] == ISSUER and claims["aud"] == web["client_id"], claims
    tokens["sub"] = claims["sub"]
    return tokens


@test("an ID token with the nonce of another request is refused by Authlib")
def another_nonce():
    try:
        app.parse_id_token(tokens, nonce="another")
    except InvalidClaimError:
        return
    raise AssertionError("the nonce was not compared")


@test("a code is not redeemed with another verifier")
def another_verifier():
    asked, address = ask_for_approval()
    refused("invalid_grant", lambda: redeem(asked, address, code_verifier="a" * 43))


@test("UserInfo and the API take the access token")
def userinfo():
    told = app.userinfo(token=tokens)
    assert told["sub"] == tokens["sub"] and told["email"] == ana["email"], told
    assert app.get(PROJECTS, token=tokens).status_code == 200


def session(registered=web, **more):
    return OAuth2Session(registered["client_id"], registered["client_secret"], **metadata, **more)


@test("a refresh token gives new tokens and is replaced")
def refreshed():
    with session(token=tokens) as mine:
        fresh = mine.refresh_token()
        assert fresh["access_token"] != tokens["access_token"]
        assert fresh["refresh_token"] != tokens["refresh_token"]
        return fresh


@test("a session that has expired refreshes itself before it asks")
def by_itself():
    kept = []
    outdated = {**refreshed, "expires_at": 1}
    with session(token=outdated, update_token=lambda token, refresh_token, **_: kept.append(token)) as mine:
        assert mine.get(PROJECTS).status_code == 200
    assert kept and kept[0]["access_token"] != refreshed["access_token"]
    return kept[0]


@test("introspection says what a token is worth, and revocation ends it and its family")
def revoked():
    with session(token=by_itself) as mine:
        worth = mine.introspect_token(metadata["introspection_endpoint"], by_itself["access_token"]).json()
        assert worth["active"] is True and worth["username"] == ana["email"], worth
        given_back = mine.revoke_token(metadata["revocation_endpoint"], by_itself["refresh_token"], "refresh_token")
        assert given_back.status_code == 200
        worth = mine.introspect_token(metadata["introspection_endpoint"], by_itself["access_token"]).json()
        assert worth == {"active": False}, worth
        refused("invalid_grant", mine.refresh_token)


@test("the address that ends the session leads back with its state")
def signed_out():
    to = "http://127.0.0.1:4289/signed-out"
    leaving = app.create_logout_url(to, id_token_hint=tokens["id_token"])
    assert person.approve(leaving["url"], to) == {"state": leaving["state"]}


@test("a daemon acts by itself, by Basic and by post")
def daemon():
    for method in ["client_secret_basic", "client_secret_post"]:
        with session(client("Night Watch"), token_endpoint_auth_method=method, scope="vso.project") as itself:
            own = itself.fetch_token()
            assert own["scope"] == "vso.project" and "refresh_token" not in own, own
            assert itself.get(PROJECTS).status_code == 200


@test("an app signs with its key, and its secret counts no more")
def signing():
    key = ECKey.generate_key("P-256")
    made = latchkey(
        *("app", "create", "--name", "Signing by Authlib", "--kind", "daemon"),
        *("--owner", ana["email"], "--scope", "vso.project"),
    )
    with tempfile.NamedTemporaryFile("w", suffix=".pem") as file:
        file.write(key.as_pem(private=False).decode())
        file.flush()
        latchkey("app", "key", "add", made["client_id"], file.name)
    latchkey("app", "method", made["client_id"], "private_key_jwt")
    signer = {"client_id": made["client_id"], "client_secret": key}
    with session(signer, token_endpoint_auth_method="private_key_jwt", scope="vso.project") as itself:
        itself.register_client_auth_method(PrivateKeyJWT(metadata["token_endpoint"], alg="ES256"))
        assert itself.fetch_token()["access_token"]
    with session(made, scope="vso.project") as itself:
        refused("invalid_client", itself.fetch_token)


done()
