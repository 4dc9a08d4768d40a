"""Tries the Trading Grid world against infra/collaboration.openapi.yaml with schemathesis.

    fuzz_contract.py WORLDS    the built program of the worlds, such as target/debug/worlds

No answer may be 5xx or undocumented, every answer must have the form that the contract gives it, what is wrong must be
refused and what is right taken. That means something only where requests get through, so every operation must have been
answered 2xx. The requests are the same each time.
"""

from __future__ import annotations

import base64
import json
import os
import re
import shutil
import subprocess
import sys
import urllib.request
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

from check_contract import CONTRACT, load
from console import Problem, detail, run, say, step
from processes import Processes, end_by_exception, free_ports, ignore_interrupts, is_listening
from stack import ROOT, check_built, scratch_folder

HERE = Path(__file__).parent
# Longer than it takes, by far.
SECONDS = 150
NORTHWIND = "GC41543822654A"
PLACE = {"companyId": NORTHWIND, "threadId": "THR-1"}
ASKED = {"documentType": "packing list", "text": "Please", "author": {"name": "Ada"}}


def main(worlds: Path) -> int:
    end_by_exception()
    check_built(worlds)
    work = scratch_folder("fuzz")
    processes = Processes(work)
    try:
        with step("Starting a Trading Grid world"):
            (port,) = free_ports(1)
            base = f"http://127.0.0.1:{port}"
            command = [str(worlds.resolve()), "trading-grid", "--listen", f"127.0.0.1:{port}"]
            processes.start("trading-grid", command, {"PATH": os.environ["PATH"]})
            processes.wait_until("trading-grid", lambda: is_listening(port))
            asked = prepare(base)
        status = schemathesis(base, asked, work)
        answered = count(load(), request(f"{base}/_world/calls")["calls"])
    finally:
        ignore_interrupts()
        processes.stop()
        shutil.rmtree(work, ignore_errors=True)
    missed = [operation for operation, statuses in answered.items() if not any(200 <= one < 300 for one in statuses)]
    for operation in missed:
        detail(f"{operation} was never answered 2xx: {dict(answered[operation])}")
    total = sum(sum(statuses.values()) for statuses in answered.values())
    say(f"{len(answered)} operations, {total} requests to them, {len(missed)} operations without a success")
    return 1 if status or missed else 0


def prepare(base: str) -> str:
    """Lets a partner do what the desk needs before it can do anything; gives the id of a request for a document."""
    issue = {"companyId": NORTHWIND, "issueId": "ISS-1", "category": "asn_mismatch", "summary": "Quantity differs"}
    for act in (
        {"act": "opens-issue", "issue": issue},
        {"act": "escalates", "companyId": NORTHWIND, "issueId": "ISS-1", "reason": "Urgent"},
        {"act": "starts-thread", "thread": {**PLACE, "topic": "Packing list"}, "text": "Hello"},
    ):
        request(f"{base}/_world/acts", act)
    told = request(f"{base}/_world/acts", {"act": "requests-document", **PLACE, "request": ASKED})
    return told["events"][0]["data"]["documentRequest"]["requestId"]


def schemathesis(base: str, asked: str, work: Path) -> int:
    basic = base64.b64encode(b"gridlink:gridlink").decode()
    token = request(f"{base}/v1/oauth2/tokens?grant_type=client_credentials", b"", Authorization=f"Basic {basic}")
    program = Path(sys.executable).with_name("schemathesis")
    command = [program, "--config-file", HERE / "schemathesis.toml", "run", CONTRACT]
    command += ["--url", f"{base}/collaboration/v1", "--no-color"]
    environment = {
        **os.environ,
        "PYTHONPATH": str(HERE),
        "WORLD_TOKEN": token["access_token"],
        "WORLD_REQUEST": asked,
        "NO_PROXY": "127.0.0.1",
    }
    try:
        return subprocess.run(command, cwd=work, env=environment, timeout=SECONDS, check=False).returncode
    except subprocess.TimeoutExpired as error:
        raise Problem(f"schemathesis was not done after {SECONDS} s") from error


def request(url: str, body: dict | bytes | None = None, **headers: str) -> dict:
    data = json.dumps(body).encode() if isinstance(body, dict) else body
    asked = urllib.request.Request(url, data=data, headers=headers)
    with urllib.request.urlopen(asked, timeout=10) as response:
        return json.load(response)


def count(contract: dict, calls: list[dict]) -> dict[str, Counter[int]]:
    """How often each operation gave which status."""
    answered = {operation: Counter() for _, _, operation in operations(contract)}
    for call in calls:
        path = call["path"].split("?")[0].removeprefix("/collaboration/v1")
        for method, pattern, operation in operations(contract):
            if call["method"] == method and re.fullmatch(pattern, path):
                answered[operation][call["status"] or 0] += 1
    return answered


def operations(contract: dict) -> Iterator[tuple[str, str, str]]:
    """Method, pattern of the path, and id."""
    for path, item in contract["paths"].items():
        pattern = re.sub(r"\{[^}]+\}", "[^/]+", path)
        for method, operation in item.items():
            if method != "parameters":
                yield method.upper(), pattern, operation["operationId"]


if __name__ == "__main__":
    run(lambda: main(Path(sys.argv[1])), ROOT / ".demo" / "fuzz-trace.txt")
