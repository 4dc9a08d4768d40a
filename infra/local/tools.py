"""Makes .venv with the pinned Python tools when it is missing or requirements.txt has changed.

Run by the system's Python, so it uses the standard library only.
"""

from __future__ import annotations

import hashlib
import shutil
import subprocess
import sys
from pathlib import Path

from console import Problem, detail, run, step

ROOT = Path(__file__).resolve().parents[2]
VENV = ROOT / ".venv"
REQUIREMENTS = Path(__file__).with_name("requirements.txt")


def main() -> int:
    if sys.version_info < (3, 11):
        raise Problem(
            f"Python 3.11 or newer is needed; this is {sys.version.split()[0]}. Say which one to use: make PYTHON=python3.11 …"
        )
    wanted = f"{sys.version_info.major}.{sys.version_info.minor} {hashlib.sha256(REQUIREMENTS.read_bytes()).hexdigest()}"
    stamp = VENV / "gridlink-tools"
    if stamp.is_file() and stamp.read_text() == wanted:
        return 0
    with step("Installing the pinned Python tools into .venv"):
        shutil.rmtree(VENV, ignore_errors=True)
        make_venv()
        install()
        stamp.write_text(wanted)
    return 0


def make_venv() -> None:
    made = subprocess.run([sys.executable, "-m", "venv", str(VENV)], capture_output=True, text=True, check=False)
    if made.returncode != 0:
        raise Problem(
            "Python could not make a virtual environment (on Debian and Ubuntu, install python3-venv).\n"
            + made.stdout[-500:]
        )


def install() -> None:
    packages = [line for line in REQUIREMENTS.read_text().splitlines() if line and not line.startswith("#")]
    command = [VENV / "bin" / "pip", "install", "--no-deps", "--disable-pip-version-check", "--progress-bar", "off"]
    process = subprocess.Popen(
        [*map(str, command), "-r", str(REQUIREMENTS)], stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True
    )
    assert process.stdout is not None
    lines: list[str] = []
    collected = 0
    for line in process.stdout:
        lines.append(line.rstrip())
        if line.startswith("Collecting "):
            collected += 1
            if collected % 10 == 0:
                detail(f"{collected} of {len(packages)} packages found")
        elif line.startswith("Installing "):
            detail(f"unpacking {len(packages)} packages")
    if process.wait() != 0:
        shutil.rmtree(VENV, ignore_errors=True)
        raise Problem("pip could not install the tools:\n" + "\n".join(lines[-12:]))


if __name__ == "__main__":
    run(main, ROOT / ".demo" / "tools-trace.txt")
