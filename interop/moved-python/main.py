"""An app of the older OAuth kind that moved: its owner presses the button, and the code that the page shows for MSAL runs as it stands
there, with that page's client id, addresses and scopes. Nothing of it is typed here.
"""

import re
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent / "lib"))

import msal  # noqa: E402
import requests  # noqa: E402

from demo import DEMO, account  # noqa: E402
from person import Person  # noqa: E402
from tap import done, test  # noqa: E402

HOST = DEMO["https_origin"]
OLDER = DEMO["legacy_clients"][0]
ANA = Person(account("owner"))
BACK = "# At the redirect URI:\n"
LATER = "# Later, MSAL refreshes by itself:\n"


def projects(token):
    return requests.get(f"{HOST}/{DEMO['organization']}/_apis/projects", headers={"Authorization": f"Bearer {token}"})


@test("its owner moves it, and the page shows the secret and what the code must change")
def moved():
    page = ANA.press(ANA.open(f"{HOST}/apps/{OLDER['client_id']}"), "move-app")
    assert page.status == 200, page
    assert page.text("client-secret").startswith("lks_")
    assert page.text("new-client-id") in page.code("change-msal")
    return page


@test("the code of the page, run as it stands there, gets tokens")
def names():
    ask, then = moved.code("change-msal").split(BACK)
    then, later = then.split(LATER)
    names = {"msal": msal, "CLIENT_SECRET": moved.text("client-secret")}
    exec(ask, names)
    callback = re.search(r'redirect_uri="([^"]+)"', ask)[1]
    names["query_parameters"] = ANA.approve(names["flow"]["auth_uri"], callback)
    exec(then, names)
    assert "error" not in names["result"], names["result"]
    assert projects(names["result"]["access_token"]).status_code == 200
    names["later"] = later
    return names


@test("later, its silent call is answered, from the cache and by a refresh")
def _():
    exec(names["later"], names)
    assert names["result"] and "error" not in names["result"], names["result"]
    forced = names["later"].replace("account=", "force_refresh=True, account=")
    before = names["result"]["access_token"]
    exec(forced, names)
    assert names["result"]["access_token"] != before, names["result"]
    assert projects(names["result"]["access_token"]).status_code == 200


@test("when the person takes it back, nothing is refreshed")
def _():
    ANA.revoke_all(HOST)
    exec(names["later"].replace("account=", "force_refresh=True, account="), names)
    assert not names["result"] or "error" in names["result"], names["result"]


done()
