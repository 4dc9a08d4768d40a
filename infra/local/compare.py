"""Compares the cloud of the tests with a MiniStack of its own, on random operations.

    compare.py EXAMPLE    the built example, such as target/debug/examples/compare
"""

from __future__ import annotations

import shutil
import subprocess
import urllib.request
from pathlib import Path

from console import run, step
from processes import Processes, end_by_exception, free_ports, ignore_interrupts
from stack import BIN, ROOT, check_built, scratch_folder

RUNS = ((1, 4000), (2, 4000))


def main(example: Path) -> int:
    end_by_exception()
    check_built(example)
    work = scratch_folder("compare")
    (port,) = free_ports(1)
    processes = Processes(work)
    status = 0
    try:
        with step("Starting MiniStack"):
            environment = {"BIND_HOST": "127.0.0.1", "GATEWAY_PORT": str(port), "PATH": "/usr/bin:/bin"}
            processes.start("ministack", [str(BIN / "ministack")], environment)
            processes.wait_until("ministack", lambda: is_ready(port))
        for seed, steps in RUNS:
            command = [str(example), f"127.0.0.1:{port}", str(seed), str(steps)]
            status |= subprocess.run(command, check=False).returncode
    finally:
        ignore_interrupts()
        processes.stop()
        shutil.rmtree(work, ignore_errors=True)
    return status


def is_ready(port: int) -> bool:
    try:
        with urllib.request.urlopen(f"http://127.0.0.1:{port}/_ministack/health", timeout=1) as response:
            return response.status == 200
    except OSError:
        return False


if __name__ == "__main__":
    import sys

    run(lambda: main(Path(sys.argv[1])), ROOT / ".demo" / "compare-trace.txt")
