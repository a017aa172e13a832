"""A client of the older Azure DevOps OAuth kind, as they were written for years: only the host name is another one.

Written to the public description of that flow (https://learn.microsoft.com/azure/devops/integrate/get-started/authentication/oauth)
with requests: response_type=Assertion, the client secret as client_assertion, the code or the refresh token as assertion. Nothing of
ours is in it but the person who approves.
"""

import sys
import uuid
from pathlib import Path
from urllib.parse import urlencode

import requests

sys.path.insert(0, str(Path(__file__).resolve().parent.parent / "lib"))

from demo import DEMO, account  # noqa: E402
from person import Person  # noqa: E402
from tap import done, test  # noqa: E402

HOST = DEMO["https_origin"]
COLLECTION = f"{HOST}/{DEMO['organization']}"
APP = DEMO["legacy_clients"][0]
ANA = Person(account("owner"))
PROJECT = DEMO["projects"][0]


def authorize_url(state):
    parameters = {
        "client_id": APP["client_id"],
        "response_type": "Assertion",
        "state": state,
        "scope": " ".join(APP["scopes"]),
        "redirect_uri": APP["redirect_uri"],
    }
    return f"{HOST}/oauth2/authorize?{urlencode(parameters)}"


def token(grant_type, assertion):
    form = {
        "client_assertion_type": "urn:ietf:params:oauth:client-assertion-type:jwt-bearer",
        "client_assertion": APP["client_secret"],
        "grant_type": grant_type,
        "assertion": assertion,
        "redirect_uri": APP["redirect_uri"],
    }
    return requests.post(f"{HOST}/oauth2/token", data=form)


def redeem(code):
    return token("urn:ietf:params:oauth:grant-type:jwt-bearer", code)


def refresh(refresh_token):
    return token("refresh_token", refresh_token)


def approved():
    state = str(uuid.uuid4())
    back = ANA.approve(authorize_url(state), APP["redirect_uri"])
    assert back["state"] == state, back
    return back["code"]


def call(path):
    headers = {"Authorization": f"Bearer {tokens['access_token']}"}
    return requests.get(f"{COLLECTION}/{path}", headers=headers, allow_redirects=False)


def refused(response, error):
    body = response.json()
    assert response.status_code == 400, body
    assert sorted(body) == ["Error", "ErrorDescription"], body
    assert body["Error"] == error, body


@test("the person approves, and the code becomes tokens")
def tokens():
    response = redeem(approved())
    body = response.json()
    assert response.status_code == 200, body
    assert isinstance(body["expires_in"], str) and 3000 < int(body["expires_in"]) <= 3600, body["expires_in"]
    assert body["refresh_token"] and body["access_token"].count(".") == 2
    assert "deprecation" in response.headers, "it is told that its time is over"
    return body


@test("it reads the projects")
def _():
    response = call("_apis/projects?api-version=2.0")
    assert response.status_code == 200, response.text
    assert PROJECT in [project["name"] for project in response.json()["value"]]


@test("it reads a work item")
def _():
    response = call("_apis/wit/workitems/1?api-version=5.0")
    assert response.status_code == 200, response.text
    assert response.json()["fields"]["System.Title"]


@test("it reads what is in a repository")
def _():
    repository = call(f"{PROJECT}/_apis/git/repositories?api-version=5.0").json()["value"][0]
    response = call(f"{PROJECT}/_apis/git/repositories/{repository['id']}/items?recursionLevel=Full&api-version=5.0")
    assert response.status_code == 200, response.text
    assert [item for item in response.json()["value"] if item["gitObjectType"] == "blob"]


@test("a refresh token brings the next tokens, and an old one again is refused and ends them")
def _():
    global tokens
    old = tokens["refresh_token"]
    for _ in range(2):
        response = refresh(tokens["refresh_token"])
        assert response.status_code == 200, response.text
        assert isinstance(response.json()["expires_in"], str)
        tokens = response.json()
    assert call("_apis/projects").status_code == 200
    refused(refresh(old), "invalid_request")
    refused(refresh(tokens["refresh_token"]), "invalid_request")


@test("a code is taken once")
def _():
    code = approved()
    assert redeem(code).status_code == 200
    refused(redeem(code), "invalid_request")


@test("after the person takes it back, the next call is a 401 and nothing is refreshed")
def _():
    global tokens
    tokens = redeem(approved()).json()
    assert call("_apis/projects").status_code == 200
    ANA.revoke_all(HOST)
    assert call("_apis/projects").status_code == 401
    assert refresh(tokens["refresh_token"]).status_code == 400


done()
