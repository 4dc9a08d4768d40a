"""Packages of Node.js, from a lock file."""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path

from console import Problem, step


def install(folder: Path, what: str) -> None:
    """Installs what the lock file names; only when it is missing or something else is wanted."""
    npm = shutil.which("npm")
    if npm is None:
        raise Problem(f"Node.js with npm is needed for {what}: install it.")
    lock, stamp = folder / "package-lock.json", folder / "node_modules" / "gridlink-lock.json"
    if stamp.is_file() and stamp.read_bytes() == lock.read_bytes():
        return
    with step(f"Installing {what} (once)"):
        command = [npm, "ci", "--ignore-scripts", "--no-audit", "--no-fund", "--loglevel=error"]
        done = subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False)
        if done.returncode != 0:
            raise Problem(f"npm could not install {what}:\n{done.stderr[-1500:]}")
        stamp.write_bytes(lock.read_bytes())
