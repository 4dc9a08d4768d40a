"""Makes the packages of the functions and the program of the worlds."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

from console import Problem, run, step
from stack import BIN, ROOT

FUNCTIONS = (
    "bridge-escalation",
    "create-task",
    "open-case",
    "poll-changes",
    "publish-knowledge",
    "provision-partner",
    "raise-incident",
    "receive-webhook",
    "relay-status",
)
TARGET = Path(os.environ.get("CARGO_TARGET_DIR", ROOT / "target"))


def release() -> tuple[dict[str, Path], Path]:
    """For the demo: packages with the release profile, and the worlds."""
    with step("Building the functions (cargo lambda, release profile)"):
        build_packages("--release")
    with step("Building the worlds"):
        cargo("build", "--locked", "--package", "worlds", "--bin", "worlds")
    return {name: TARGET / "lambda" / name for name in FUNCTIONS}, TARGET / "debug" / "worlds"


def build_packages(*profile: str) -> None:
    """target/lambda/<name>/{bootstrap,mapping.yaml}.

    The compiler is the host's own. cargo-lambda's "optimizations" are off because they would set
    `panic = "abort"` and a processor model behind the back of our profiles: a panic must stay in its stream.
    """
    packages = [argument for name in FUNCTIONS for argument in ("--package", name)]
    command = [str(BIN / "cargo-lambda"), "lambda", "build", *profile, "--locked", *packages]
    execute([*command, "--compiler", "cargo", "--disable-optimizations", "--lambda-dir", str(TARGET / "lambda")])
    for name in FUNCTIONS:
        shutil.copyfile(ROOT / "infra" / "mapping.yaml", TARGET / "lambda" / name / "mapping.yaml")


def packages_of(binaries: Path, work: Path) -> dict[str, Path]:
    """For the test: packages of binaries that were built before, without what only a debugger reads."""
    packages = {}
    for name in FUNCTIONS:
        binary = binaries / name
        if not binary.is_file():
            raise Problem(f"{binary} is missing: build it first, with `cargo build --workspace --all-targets`.")
        package = work / "packages" / name
        package.mkdir(parents=True)
        bootstrap = package / "bootstrap"
        shutil.copy2(binary, bootstrap)
        if strip := shutil.which("strip"):
            subprocess.run([strip, str(bootstrap)], check=False, capture_output=True)
        shutil.copyfile(ROOT / "infra" / "mapping.yaml", package / "mapping.yaml")
        packages[name] = package
    return packages


def cargo(*arguments: str) -> None:
    execute(["cargo", *arguments])


def execute(command: list[str]) -> None:
    """Shows the compiler's own progress."""
    if subprocess.run(command, cwd=ROOT, check=False).returncode != 0:
        raise Problem("The build failed; the reason is above.")


if __name__ == "__main__":
    # What goes to a real account; `--arm64` needs that Rust target and a linker for it.
    run(lambda: build_packages("--profile", "dist", *sys.argv[1:]) or 0, ROOT / ".demo" / "build-trace.txt")
