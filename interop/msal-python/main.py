"""msal for Python: code flow of a confidential client, the interactive flow of a native one, silent refresh, an app that is called
and goes on on behalf of the person, the end; an app by itself, with a secret and with a certificate."""

import datetime
import sys
import tempfile
import threading
import webbrowser
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent.parent / "lib"))

import msal  # noqa: E402
import requests  # noqa: E402
from cryptography import x509  # noqa: E402
from cryptography.hazmat.primitives import hashes  # noqa: E402
from cryptography.hazmat.primitives.asymmetric import rsa  # noqa: E402
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat  # noqa: E402
from cryptography.x509.oid import NameOID  # noqa: E402

from demo import CALLBACK, DEMO, DEVOPS, account, client, latchkey  # noqa: E402
from person import Person  # noqa: E402
from tap import done, test  # noqa: E402

AUTHORITY = f"{DEMO['https_origin']}/{DEMO['tenant_id']}"
SCOPES = [f"{DEVOPS}/.default"]

ana = account("owner")
person = Person(ana)
# Registered with the profile for Microsoft's clients: their tokens carry the claims that msal reads.
web, native = client("Dashboard for MSAL"), client("Pocket Tools")


def confidential():
    return msal.ConfidentialClientApplication(
        web["client_id"], client_credential=web["client_secret"], authority=AUTHORITY, instance_discovery=False
    )


def public():
    return msal.PublicClientApplication(native["client_id"], authority=AUTHORITY, instance_discovery=False)


def reads_projects(token):
    projects = requests.get(
        f"{DEMO['https_origin']}/{DEMO['organization']}/_apis/projects", headers={"Authorization": f"Bearer {token}"}
    )
    return projects.status_code


@test("the code flow gives tokens with the claims that msal reads")
def app():
    app = confidential()
    flow = app.initiate_auth_code_flow(SCOPES, redirect_uri=CALLBACK)
    answer = person.approve(flow["auth_uri"], CALLBACK)
    tokens = app.acquire_token_by_auth_code_flow(flow, answer)
    assert "error" not in tokens, tokens
    assert tokens["id_token_claims"]["preferred_username"] == ana["email"], tokens["id_token_claims"]
    assert tokens["id_token_claims"]["tid"] == DEMO["tenant_id"]
    assert 0 < tokens["expires_in"] <= 90 * 60, tokens["expires_in"]
    assert reads_projects(tokens["access_token"]) == 200
    return app


@test("the account is found again by its name")
def mine():
    accounts = app.get_accounts(username=ana["email"])
    assert len(accounts) == 1, accounts
    return accounts[0]


@test("a silent call is answered from the cache")
def cached():
    tokens = app.acquire_token_silent_with_error(SCOPES, mine)
    assert tokens and tokens.get("token_source") == "cache", tokens


@test("a forced silent call refreshes")
def refreshed():
    tokens = app.acquire_token_silent_with_error(SCOPES, mine, force_refresh=True)
    assert tokens and tokens.get("token_source") == "identity_provider", tokens
    assert reads_projects(tokens["access_token"]) == 200
    return tokens


@test("the state of another flow is refused by msal, and nothing is redeemed")
def mixed_up():
    other = confidential()
    first = other.initiate_auth_code_flow(SCOPES, redirect_uri=CALLBACK)
    second = other.initiate_auth_code_flow(SCOPES, redirect_uri=CALLBACK)
    answer = person.approve(first["auth_uri"], CALLBACK)
    try:
        other.acquire_token_by_auth_code_flow(second, answer)
    except ValueError:
        return
    raise AssertionError("the answer to another request was accepted")


class ScriptedBrowser(webbrowser.BaseBrowser):
    """What msal opens instead of a window: the person answers in it, on a thread of its own as a browser would."""

    def open(self, url, new=0, autoraise=True):
        threading.Thread(target=person.deliver, args=(url, "http://localhost"), daemon=True).start()
        return True


@test("the interactive flow of a native app comes back to its loopback port by form post")
def native_app():
    webbrowser.register("scripted", None, ScriptedBrowser(), preferred=True)
    app = public()
    tokens = app.acquire_token_interactive(SCOPES, timeout=60)
    assert "error" not in tokens, tokens
    assert tokens["id_token_claims"]["preferred_username"] == ana["email"]
    assert reads_projects(tokens["access_token"]) == 200
    return app


@test("the native app refreshes without a secret")
def native_refreshed():
    [mine] = native_app.get_accounts()
    tokens = native_app.acquire_token_silent_with_error(SCOPES, mine, force_refresh=True)
    assert tokens and "error" not in tokens, tokens


@test("the device flow gives tokens once the person has typed the code")
def on_a_device():
    app = public()
    flow = app.initiate_device_flow(scopes=SCOPES)
    assert flow.get("user_code") and flow["user_code"] in flow["message"], flow
    assert person.approve_device(flow["verification_uri_complete"]).text("done-heading").startswith("You can go back")
    tokens = app.acquire_token_by_device_flow(flow)
    assert "error" not in tokens, tokens
    assert tokens["id_token_claims"]["preferred_username"] == ana["email"]
    assert reads_projects(tokens["access_token"]) == 200


@test("a device flow that is given up is still pending, and says nothing else")
def pending():
    app = public()
    flow = app.initiate_device_flow(scopes=SCOPES)
    flow["expires_at"] = 0  # msal asks once more, and then stops.
    tokens = app.acquire_token_by_device_flow(flow)
    assert tokens["error"] == "authorization_pending", tokens


def acting_by_itself(registered):
    return msal.ConfidentialClientApplication(
        registered["client_id"],
        client_credential=registered["client_secret"],
        authority=AUTHORITY,
        instance_discovery=False,
    )


def registered(*order):
    return latchkey("app", "create", "--profile", "microsoft", "--owner", ana["email"], *order)


@test("an app that was called goes on on behalf of the person, once they have signed in to it")
def on_behalf():
    api = registered(
        *("--name", "Board API", "--kind", "web", "--redirect-uri", CALLBACK, "--scope", "vso.project"),
        *("--metadata", '{"exposed_scopes":["access_as_user"]}'),
    )
    scope = f"api://{api['client_id']}/access_as_user"
    board = registered("--name", "Board", "--kind", "native", "--redirect-uri", "http://localhost", "--scope", scope)
    caller = msal.PublicClientApplication(board["client_id"], authority=AUTHORITY, instance_discovery=False)
    called = caller.acquire_token_interactive([scope], timeout=60)
    assert "error" not in called, called
    assert reads_projects(called["access_token"]) == 401
    middle = acting_by_itself(api)
    asked = middle.acquire_token_on_behalf_of(called["access_token"], SCOPES)
    assert asked["error"] == "invalid_grant" and asked["error_codes"] == [65001], asked
    assert asked["suberror"] == "consent_required", asked
    flow = middle.initiate_auth_code_flow(SCOPES, redirect_uri=CALLBACK)
    signed_in = middle.acquire_token_by_auth_code_flow(flow, person.approve(flow["auth_uri"], CALLBACK))
    assert "error" not in signed_in, signed_in
    # msal keeps the refusal of a request for a minute, in its application object.
    tokens = acting_by_itself(api).acquire_token_on_behalf_of(called["access_token"], SCOPES)
    assert "error" not in tokens, tokens
    assert reads_projects(tokens["access_token"]) == 200
    return tokens


@test("after the person revokes it, msal is told to ask the person again")
def revoked():
    person.revoke_all(DEMO["https_origin"])
    tokens = app.acquire_token_silent_with_error(SCOPES, mine, force_refresh=True)
    assert tokens and tokens["error"] == "invalid_grant", tokens
    assert tokens.get("suberror"), tokens
    assert reads_projects(refreshed["access_token"]) == 401
    assert reads_projects(on_behalf["access_token"]) == 401


@test("a daemon acts by itself with its secret, where an organization took it in")
def daemon():
    app = acting_by_itself(client("Night Watch"))
    tokens = app.acquire_token_for_client(SCOPES)
    assert "error" not in tokens, tokens
    assert 0 < tokens["expires_in"] <= 90 * 60, tokens["expires_in"]
    assert reads_projects(tokens["access_token"]) == 200
    assert app.acquire_token_for_client(SCOPES)["token_source"] == "cache"


@test("an app that no organization took in gets a token that opens nothing")
def stranger():
    tokens = acting_by_itself(web).acquire_token_for_client(SCOPES)
    assert "error" not in tokens, tokens
    assert reads_projects(tokens["access_token"]) == 404


@test("a wrong secret is refused by its number")
def wrong_secret():
    tokens = acting_by_itself({**web, "client_secret": "lks_wrong"}).acquire_token_for_client(SCOPES)
    assert tokens["error"] == "invalid_client", tokens
    assert tokens["error_codes"] == [7000215], tokens


def a_certificate():
    """A key and a certificate of its own, as a build server has them: the private part and the certificate, in PEM."""
    key = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "interop")])
    now = datetime.datetime.now(datetime.timezone.utc)
    certificate = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - datetime.timedelta(days=1))
        .not_valid_after(now + datetime.timedelta(days=30))
        .sign(key, hashes.SHA256())
    )
    private = key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()).decode()
    return private, certificate


def a_daemon_with(certificate):
    """An app that proves who it is with a certificate, and may read what the demo's daemon may."""
    made = latchkey(
        *("app", "create", "--name", "Interop", "--kind", "daemon", "--profile", "microsoft"),
        *("--owner", ana["email"], "--scope", "vso.project", "--scope", "vso.work"),
    )
    with tempfile.NamedTemporaryFile(suffix=".pem") as file:
        file.write(certificate.public_bytes(Encoding.PEM))
        file.flush()
        latchkey("app", "key", "add", made["client_id"], file.name)
    return made["client_id"]


@test("a daemon signs with its certificate, by either thumbprint, and has no secret to lose")
def certified():
    private, certificate = a_certificate()
    client_id = a_daemon_with(certificate)
    # PS256 with x5t#S256 and x5c, then RS256 with x5t.
    for credential in [
        {"private_key": private, "public_certificate": certificate.public_bytes(Encoding.PEM).decode()},
        {"private_key": private, "thumbprint": certificate.fingerprint(hashes.SHA1()).hex()},
    ]:
        app = msal.ConfidentialClientApplication(
            client_id, client_credential=credential, authority=AUTHORITY, instance_discovery=False
        )
        # msal keeps its assertion for nine minutes and sends it again.
        for scope in [f"{DEVOPS}/.default", f"{DEVOPS}/vso.work", f"{DEVOPS}/vso.project"]:
            tokens = app.acquire_token_for_client([scope])
            assert "error" not in tokens, tokens
    return client_id


@test("another certificate is refused by its number")
def wrong_certificate():
    private, certificate = a_certificate()
    credential = {"private_key": private, "public_certificate": certificate.public_bytes(Encoding.PEM).decode()}
    app = msal.ConfidentialClientApplication(
        certified, client_credential=credential, authority=AUTHORITY, instance_discovery=False
    )
    tokens = app.acquire_token_for_client(SCOPES)
    assert tokens["error"] == "invalid_client" and tokens["error_codes"] == [700027], tokens


done()
