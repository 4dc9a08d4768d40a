"""Lets what an event says also happen in the Trading Grid world, where Gridlink may look it up."""

from __future__ import annotations

from typing import Any

from webhook import Event
from worlds import look, state, tell


def mirror(world: str, event: Event) -> str | None:
    """Gives the world's reason when it refuses."""
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
            return None


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
