"""After the play: the operator's command line, as its users run it, on the deployed stack."""

from __future__ import annotations

import json
from pathlib import Path

import troubles
from console import detail, step
from gridlink import Gridlink
from stack import Stack

ISSUE = "ISS-1001"


def check(stack: Stack, program: Path) -> list[str]:
    """What the command line does not do as it should."""
    gridlink = Gridlink(stack, program)
    faults = gridlink.faults
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
        gridlink("reconcile", "apply", "--most", "1000")
        gridlink("rebuild")
        gridlink("adopt", "plan", "--display", "nobody")
        gridlink("forget", "GC41543822654A", wanted=1)
    if faults:
        return faults
    with step("Five troubles: each found and put right with gridlink"):
        return troubles.check(stack, gridlink)
