"""Tries other people's clients on the worlds.

    clients.py WORLDS    the built program of the worlds, such as target/debug/worlds

Two ServiceNow instances are started: one with a test certificate, for the clients that insist on HTTPS, and one
without. One Trading Grid community is: for newman, with our collections and those in the folder that the variable
POSTMAN_COLLECTIONS names.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

import trustme
from console import run, step
from node import install
from processes import Processes, end_by_exception, free_ports, ignore_interrupts, is_listening
from stack import ROOT, check_built, scratch_folder

CLIENTS = ROOT / "tests" / "worlds" / "clients"
SUITES = ("test_pysnc", "test_pysnow", "test_now_sdk", "test_newman")


def main(worlds: Path) -> int:
    end_by_exception()
    check_built(worlds)
    install(CLIENTS, "ServiceNow's command line and newman")
    work = scratch_folder("clients")
    processes = Processes(work)
    status = 1
    try:
        with step("Starting three worlds"):
            environment = start(processes, worlds, work)
        command = [sys.executable, "-m", "unittest", "--verbose", *SUITES]
        status = subprocess.run(command, cwd=CLIENTS, env=environment, check=False).returncode
    finally:
        ignore_interrupts()
        processes.stop()
        shutil.rmtree(work, ignore_errors=True)
    return status


def start(processes: Processes, worlds: Path, work: Path) -> dict[str, str]:
    """Starts the worlds and gives the environment in which the suites find them."""
    authority = trustme.CA()
    certificate = authority.issue_cert("localhost", "127.0.0.1")
    authority.cert_pem.write_to_path(str(work / "authority.pem"))
    certificate.private_key_pem.write_to_path(str(work / "key.pem"))
    for index, blob in enumerate(certificate.cert_chain_pems):
        blob.write_to_path(str(work / "chain.pem"), append=index > 0)
    secure, plain, grid = free_ports(3)
    tls = ["--tls-cert", str(work / "chain.pem"), "--tls-key", str(work / "key.pem")]
    for name, world, port, extra in (
        ("servicenow-tls", "servicenow", secure, tls),
        ("servicenow", "servicenow", plain, []),
        ("trading-grid", "trading-grid", grid, []),
    ):
        command = [str(worlds.resolve()), world, "--listen", f"127.0.0.1:{port}", *extra]
        processes.start(name, command, {"PATH": os.environ["PATH"]})
        processes.wait_until(name, lambda port=port: is_listening(port))
    collections = os.environ.get("POSTMAN_COLLECTIONS", "")
    return {
        **os.environ,
        "PYTHONPATH": str(CLIENTS),
        "REQUESTS_CA_BUNDLE": str(work / "authority.pem"),
        "NO_PROXY": "127.0.0.1,localhost",
        "WORLD_HTTPS": f"https://localhost:{secure}",
        "WORLD_HTTP": f"http://127.0.0.1:{plain}",
        "WORLD_TRADING_GRID": f"http://127.0.0.1:{grid}",
        # The suites run in another folder.
        "POSTMAN_COLLECTIONS": os.path.abspath(collections) if collections else "",
    }


if __name__ == "__main__":
    run(lambda: main(Path(sys.argv[1])), ROOT / ".demo" / "clients-trace.txt")
