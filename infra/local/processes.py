"""Child processes that never outlive us: each in a group of its own, stopped by group.

MiniStack starts the functions (`bootstrap`) as its children and can leave them behind when it is
stopped; they are in its group.
"""

from __future__ import annotations

import ctypes
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

from console import Problem

PR_SET_CHILD_SUBREAPER = 36


class Processes:
    """The running children, by name."""

    def __init__(self, logs: Path) -> None:
        self.logs = logs
        self.running: dict[str, subprocess.Popen[bytes]] = {}
        adopt_orphans()

    def start(self, name: str, command: list[str], environment: dict[str, str]) -> None:
        with (self.logs / f"{name}.log").open("wb") as log:
            self.running[name] = subprocess.Popen(
                command,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                cwd=self.logs,
                env=environment,
                start_new_session=True,
            )

    def finish(self, name: str) -> int:
        """Waits for a child that ends by itself and gives its status."""
        status = self.running[name].wait()
        del self.running[name]
        return status

    def wait_until(self, name: str, is_ready: Callable[[], bool], seconds: float = 30) -> None:
        deadline = time.monotonic() + seconds
        while not is_ready():
            if self.running[name].poll() is not None:
                raise Problem(f"{name} ended at once. The end of its log:\n{self.tail(name)}")
            if time.monotonic() > deadline:
                raise Problem(f"{name} was not ready after {seconds:.0f} s. The end of its log:\n{self.tail(name)}")
            time.sleep(0.05)

    def tail(self, name: str, lines: int = 15) -> str:
        text = (self.logs / f"{name}.log").read_text(errors="replace")
        return "\n".join(f"    {line}" for line in text.splitlines()[-lines:])

    def ended(self) -> list[str]:
        return [name for name, process in self.running.items() if process.poll() is not None]

    def stop(self) -> None:
        """Asks every group to end, then ends it; returns when no child is left."""
        groups = [process.pid for process in self.running.values()]
        for sent, seconds in ((signal.SIGTERM, 3.0), (signal.SIGKILL, 3.0)):
            groups = [group for group in groups if signal_group(group, sent)]
            deadline = time.monotonic() + seconds
            while groups and time.monotonic() < deadline:
                for process in self.running.values():
                    process.poll()
                reap_orphans({process.pid for process in self.running.values()})
                groups = [group for group in groups if signal_group(group, 0)]
                time.sleep(0.02)
        self.running.clear()


def signal_group(group: int, number: int) -> bool:
    """Whether anybody was there to hear it."""
    try:
        os.killpg(group, number)
    except (ProcessLookupError, PermissionError):
        return False
    return True


def adopt_orphans() -> None:
    """On Linux: grandchildren whose parent ends become our children, so that none is left as a zombie."""
    if sys.platform == "linux":
        ctypes.CDLL(None, use_errno=True).prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0)


def reap_orphans(known: set[int]) -> None:
    while True:
        try:
            found = os.waitid(os.P_ALL, 0, os.WEXITED | os.WNOHANG | os.WNOWAIT)
        except ChildProcessError:
            return
        if found is None or found.si_pid in known:
            return
        os.waitpid(found.si_pid, 0)


def is_listening(port: int) -> bool:
    with socket.socket() as probe:
        probe.settimeout(0.2)
        return probe.connect_ex(("127.0.0.1", port)) == 0


def free_ports(count: int) -> list[int]:
    """Ports nobody uses now; all are held until all are known, so that no two are the same."""
    holders = [socket.socket() for _ in range(count)]
    try:
        for holder in holders:
            holder.bind(("127.0.0.1", 0))
        return [holder.getsockname()[1] for holder in holders]
    finally:
        for holder in holders:
            holder.close()


def end_by_exception() -> None:
    """SIGTERM and a closed terminal end us the way Ctrl-C does: through every `finally`."""

    def interrupt(number: int, _frame: object) -> None:
        raise KeyboardInterrupt(signal.Signals(number).name)

    signal.signal(signal.SIGTERM, interrupt)
    signal.signal(signal.SIGHUP, interrupt)


def ignore_interrupts() -> None:
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, signal.SIG_IGN)
