"""Runs the operator's command line, as its users do, on the deployed stack."""

from __future__ import annotations

import json
import os
import subprocess
from pathlib import Path
from typing import Any

from stack import REGION, ROOT, Stack, check_built, credentials


class Gridlink:
    def __init__(self, stack: Stack, program: Path) -> None:
        check_built(program)
        self.stack = stack
        self.program = program
        self.faults: list[str] = []
        """Commands that did not end as they should."""

    def __call__(self, *arguments: str, wanted: int = 0) -> str:
        environment = {
            "PATH": os.environ["PATH"],
            "HOME": str(self.stack.work),
            "AWS_ENDPOINT_URL": self.stack.endpoint,
            "AWS_REGION": REGION,
            **credentials(),
        }
        command = [str(self.program), *arguments]
        done = subprocess.run(command, cwd=ROOT, env=environment, check=False, capture_output=True, text=True, timeout=120)
        if done.returncode != wanted:
            said = (done.stdout + done.stderr).strip()
            told = f"gridlink {' '.join(arguments)} ended with {done.returncode}, not {wanted}: {said[-1500:]}"
            self.faults.append(told)
        return done.stdout

    def json(self, *arguments: str, wanted: int = 0) -> Any:
        said = self(*arguments, "--json", wanted=wanted)
        return json.loads(said) if said else {}

    def findings(self, check: str, wanted: int = 1) -> list[dict[str, str]]:
        """What the doctor finds wrong of a kind."""
        found = self.json("doctor", wanted=wanted).get("findings", [])
        return [one for one in found if one["check"] == check and one["level"] in ("warning", "problem")]
