"""After the play: the operator's command line, as its users run it, on the deployed stack."""

from __future__ import annotations

import json
import os
import subprocess
from pathlib import Path

from console import detail, step
from stack import REGION, ROOT, Stack, check_built, credentials

ISSUE = "ISS-1001"


def check(stack: Stack, program: Path) -> list[str]:
    """What the command line does not do as it should."""
    check_built(program)
    faults: list[str] = []

    def gridlink(*arguments: str, wanted: int = 0) -> str:
        environment = {
            "PATH": os.environ["PATH"],
            "HOME": str(stack.work),
            "AWS_ENDPOINT_URL": stack.endpoint,
            "AWS_REGION": REGION,
            **credentials(),
        }
        command = [str(program), *arguments]
        done = subprocess.run(command, cwd=ROOT, env=environment, check=False, capture_output=True, text=True, timeout=120)
        if done.returncode != wanted:
            said = (done.stdout + done.stderr).strip()
            faults.append(f"gridlink {' '.join(arguments)} ended with {done.returncode}, not {wanted}: {said[-1500:]}")
        return done.stdout

    with step("Looking after it with gridlink"):
        traced = gridlink("trace", ISSUE)
        detail(f"trace {ISSUE}: {len(traced.splitlines())} lines")
        if "created" not in traced:
            faults.append(f"gridlink trace {ISSUE} tells of no record")
        gridlink("parked", "list")
        found = gridlink("doctor", "--json")
        if found:
            detail(f"doctor: {len(json.loads(found)['findings'])} checks")
        evidence = stack.work / "evidence.json"
        evidence.write_text(gridlink("evidence", ISSUE))
        gridlink("evidence", "verify", str(evidence))
        evidence.write_text(evidence.read_text().replace("trading-grid", "someone-else", 1))
        gridlink("evidence", "verify", str(evidence), wanted=1)
        gridlink("replay-from", "2h", "--source", "feed")
        gridlink("pause", "open-case", "--reason", "the demo shows it")
        gridlink("resume", "open-case")
        gridlink("mapping", "preview", "events/receive-webhook/opened-asn-failed.json")
        gridlink("secrets", "rotate", "servicenow")
        gridlink("trace", "ISS-404", wanted=3)
        gridlink("parked", "replay", wanted=2)
    return faults
