"""The worlds that the clients are tried on: where they are, who may enter, and how they are steered."""

from __future__ import annotations

import json
import os
import urllib.request

# With a test certificate, as clients that insist on HTTPS need it.
HTTPS = os.environ.get("WORLD_HTTPS", "")
HTTP = os.environ.get("WORLD_HTTP", "")
TRADING_GRID = os.environ.get("WORLD_TRADING_GRID", "")
USER = ("admin", "admin")
CLIENT = ("gridlink", "gridlink")

# Rows that every instance with demonstration data has.
ADMIN = "6816f79cc0a8016401c5a33be04be441"
ADMIN_ROLE = "2831a114c611228501d4ea6c309d626d"
FINANCE = "a581ab703710200044e0bfc8bcbe5de8"
FINANCE_HEAD = "46c5bf6ca9fe1981010713e3ac7d3384"


def steer(route: str, body: dict | None = None, *, method: str = "POST", base: str = HTTP) -> dict:
    """Calls an admin route of the world, such as `knobs` or `reset`."""
    data = json.dumps(body or {}).encode() if method == "POST" else None
    request = urllib.request.Request(f"{base}/_world/{route}", data=data, method=method)
    with urllib.request.urlopen(request, timeout=10) as response:
        return json.load(response)
