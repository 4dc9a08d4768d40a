"""Lets what an event says also happen in the Trading Grid world, where Gridlink may look it up."""

from __future__ import annotations

import json
import urllib.error
import urllib.request
from typing import Any

from webhook import Event


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


def tell(world: str, what: str, body: dict[str, Any]) -> str | None:
    request = urllib.request.Request(f"{world}/_world/{what}", json.dumps(body).encode())
    request.add_header("Content-Type", "application/json")
    try:
        urllib.request.urlopen(request, timeout=10).close()
    except urllib.error.HTTPError as error:
        return error.read().decode(errors="replace")
    except OSError as error:
        return str(error)
    return None
