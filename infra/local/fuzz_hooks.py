"""Loaded by schemathesis: gives requests what a schema cannot say.

Most keys are used once; of a request that is right, the version grows, the digest is that of the bytes, and
a workspace is rarely ended.
"""

from __future__ import annotations

import base64
import hashlib
import itertools
import re

import schemathesis
from schemathesis import Case, GenerationMode, HookContext
from schemathesis.transport.serialization import Binary

OPEN = {
    "closure": {"state": "requested"},
    "escalation": {"state": "open", "joins": False},
    "status": {"state": "open"},
}
NUMBERS = itertools.count(1)
KEY = re.compile(r"[A-Za-z0-9._:-]{1,128}")


@schemathesis.hook
def before_call(context: HookContext, case: Case, kwargs: dict) -> None:
    number = next(NUMBERS)
    # Some keys stay, and meet a key that was used.
    if KEY.fullmatch(str(case.headers.get("Idempotency-Key", ""))) and number % 7:
        case.headers["Idempotency-Key"] = f"fuzz-{number}"
    if case.meta is None or case.meta.generation.mode != GenerationMode.POSITIVE:
        return
    if isinstance(case.body, dict) and "version" in case.body:
        # As a number with a fraction of zero now and then, which is as whole to JSON Schema.
        case.body["version"] = number if number % 5 else float(number)
    # What is closed or ended takes nothing: most of the time it is open.
    opened = OPEN.get(case.operation.label.rsplit("/", 1)[-1])
    if isinstance(case.body, dict) and opened and number % 4:
        case.body |= opened
    if "Repr-Digest" in case.headers and isinstance(case.body, Binary):
        # As any other type the bytes would be rewritten on the way.
        case.media_type = "application/octet-stream"
        digest = base64.b64encode(hashlib.sha256(case.body.data).digest()).decode()
        case.headers["Repr-Digest"] = f"sha-256=:{digest}:"
