"""The admin routes of the two worlds: what no real system has, and a demo needs."""

from __future__ import annotations

import json
import urllib.error
import urllib.request
from typing import Any

from console import Problem

# Who works at the desk.
AGENT = "maria.santos"


def tell(world: str, what: str, body: dict[str, Any]) -> str | None:
    """Lets something happen in a world; gives its reason when it refuses."""
    request = urllib.request.Request(f"{world}/_world/{what}", json.dumps(body).encode())
    request.add_header("Content-Type", "application/json")
    try:
        urllib.request.urlopen(request, timeout=10).close()
    except urllib.error.HTTPError as error:
        return error.read().decode(errors="replace")
    except OSError as error:
        return str(error)
    return None


def insist(world: str, what: str, body: dict[str, Any], doing: str) -> None:
    """Lets something happen that must not be refused."""
    if refusal := tell(world, what, body):
        raise Problem(f"The world at {world} refused {doing}: {refusal}")


def agent_sets(servicenow: str, table: str, sys_id: str, fields: dict[str, str]) -> None:
    insist(servicenow, "update", {"table": table, "sys_id": sys_id, "by": AGENT, "fields": fields}, "an agent's work")


def state(world: str) -> dict[str, Any]:
    """Everything that a world holds."""
    return look(world, "state")


def look(world: str, what: str) -> dict[str, Any]:
    try:
        with urllib.request.urlopen(f"{world}/_world/{what}", timeout=10) as response:
            return json.load(response)
    except OSError as error:
        raise Problem(f"{world} does not show its {what}: {error}") from error
