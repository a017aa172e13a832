"""What the running demo said about itself. `with-demo.mjs` starts it."""

import json
import os
import subprocess
import sys

if "LATCHKEY_DEMO" not in os.environ:
    sys.exit("start this by interop/lib/with-demo.mjs")

#: The line of `latchkey demo --json`.
DEMO = json.loads(os.environ["LATCHKEY_DEMO"])

#: The web client's address at which nothing listens, for scripts that read the answer off the redirect.
CALLBACK = "http://127.0.0.1:4289/callback"

#: The DevOps side as a resource, as Microsoft's clients name it.
DEVOPS = "499b84ac-1321-427f-aa17-267ca6975798"


def account(role):
    """The account with this role: owner, administrator, member, stakeholder, outsider, personal, other_tenant."""
    return next(each for each in DEMO["accounts"] if each["role"] == role)


def client(name):
    """The registered client of this name."""
    return next(each for each in DEMO["clients"] if each["name"] == name)


def latchkey(*order):
    """What the program answers to an order, as JSON, if it answers with data. The running demo carries it out."""
    program = [os.environ["LATCHKEY_BIN"], *order, "--data", DEMO["data_dir"], "--output", "json", "--yes"]
    said = subprocess.run(program, check=True, capture_output=True, text=True).stdout
    return json.loads(said) if said else None
