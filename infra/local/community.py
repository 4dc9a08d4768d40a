"""Lets what an event says also happen in the Trading Grid world, where Gridlink may look it up."""

from __future__ import annotations

import base64
import json
import urllib.request
from typing import Any

from console import Problem
from stack import CLIENT
from webhook import Event
from worlds import look, state, tell


def told(world: str) -> Event:
    """The last event of the community, as its feed tells it: whoever posts it, it is the same event."""
    credentials = base64.b64encode(f"{CLIENT['client_id']}:{CLIENT['client_secret']}".encode()).decode()
    asked = urllib.request.Request(f"{world}/v1/oauth2/tokens?grant_type=client_credentials", b"")
    asked.add_header("Authorization", f"Basic {credentials}")
    with urllib.request.urlopen(asked, timeout=10) as answer:
        token = json.load(answer)["access_token"]
    after, last = "", None
    while True:
        asked = urllib.request.Request(f"{world}/collaboration/v1/events{after}")
        asked.add_header("Authorization", f"Bearer {token}")
        with urllib.request.urlopen(asked, timeout=10) as answer:
            page = json.load(answer)
        last = page["items"][-1] if page["items"] else last
        after = f"?after={page['next']}"
        if not page["hasMore"]:
            break
    if last is None:
        raise Problem(f"the feed of {world} is empty")
    return last


def mirror(world: str, event: Event) -> str | None:
    """Gives the reason when it cannot happen there."""
    data = event["data"]
    ids = {"companyId": data["companyId"], "issueId": data["issueId"]}
    match event["type"].split(".")[-2]:
        case "opened":
            members = {key: value for key, value in data.items() if key != "version"}
            documents = [document["documentId"] for document in data.get("documents", [])]
            return tell(world, "issues", members | {"documents": documents})
        case "updated":
            return tell(world, "changes", ids | {"changes": data["changes"]})
        case "commented":
            comment = data["comment"]
            return tell(world, "comments", ids | {"author": comment["author"], "text": comment["text"]})
        case "document-shared":
            return tell(world, "shares", ids | {"documentId": data["document"]["documentId"]})
        case _:
            return f"{event['type']} is told by other means"


def view(world: str, company: str, issue: str) -> dict[str, Any] | None:
    """An issue as its partner sees it."""
    issues = state(world)["issues"]
    return next((one for one in issues if (one["companyId"], one["issueId"]) == (company, issue)), None)


def seen(world: str, company: str) -> dict[str, Any]:
    """Everything that the people of a company see."""
    return look(world, f"partners/{company}")


def workspace(world: str, company: str, issue: str) -> dict[str, Any]:
    """The workspace of an escalated issue with its messages; empty while it was never escalated."""
    found = [one for one in seen(world, company)["issues"] if one["issueId"] == issue]
    return found[0].get("escalation", {}) if found else {}
