"""Sending an event the way a sender does, signed by the Standard Webhooks library."""

from __future__ import annotations

import http.client
import json
import uuid
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from console import Problem
from standardwebhooks import Webhook

Event = dict[str, Any]


@dataclass(frozen=True)
class Door:
    """Where a sender posts, and the key it signs with."""

    address: str
    """host:port to connect to"""
    host: str
    """the Host header: it names the API"""
    path: str
    key: str
    """whsec_<base64>"""


@dataclass(frozen=True)
class Answer:
    status: int
    body: str


def read_event(path: Path) -> Event:
    try:
        event = json.loads(path.read_text())
    except OSError as error:
        raise Problem(f"{path} cannot be read: {error.strerror}") from error
    except ValueError as error:
        raise Problem(f"{path} is not JSON: {error}") from error
    if not isinstance(event, dict) or "type" not in event or "subject" not in event:
        raise Problem(f"{path} is not a CloudEvent: it needs at least type and subject")
    return event


def restamped(event: Event) -> Event:
    """The same happening, as if now and for the first time: the id makes an event a duplicate."""
    kind, _, exchange = event["subject"].partition("/")
    if kind == "exchanges":  # its id says its state, so that it is another exchange in the same state
        return json.loads(json.dumps(event).replace(exchange, str(uuid.uuid4()))) | {"time": now()}
    return event | {"id": f"evt-{uuid.uuid4()}", "time": now()}


def now() -> str:
    return datetime.now(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


def send(door: Door, event: Event) -> Answer:
    body = json.dumps(event, ensure_ascii=False).encode()
    signed_at = datetime.now(UTC)
    headers = {
        "Host": door.host,
        "Content-Type": "application/cloudevents+json",
        "webhook-id": event["id"],
        "webhook-timestamp": str(int(signed_at.timestamp())),
        "webhook-signature": Webhook(door.key).sign(event["id"], signed_at, body.decode()),
    }
    connection = http.client.HTTPConnection(door.address, timeout=30)
    try:
        connection.request("POST", door.path, body, headers)
        response = connection.getresponse()
        return Answer(response.status, response.read().decode(errors="replace"))
    except OSError as error:
        raise Problem(f"Nobody answers at {door.address}: {error}. Is `make demo` running?") from error
    finally:
        connection.close()
