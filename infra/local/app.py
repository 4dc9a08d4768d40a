"""Builds the ServiceNow app into infra/servicenow-app/target/*.zip, offline and twice, and runs its tests.

    app.py           unless the last build was of these very sources
    app.py --anew    in any case

Two builds must be equal in every file, but for the serial number and the time in the bill of materials.
"""

from __future__ import annotations

import hashlib
import json
import os
import re
import shutil
import subprocess
import sys
import tempfile
import zipfile
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from pathlib import Path

from console import Problem, detail, run, step
from node import install
from standardwebhooks import Webhook

ROOT = Path(__file__).resolve().parents[2]
APP = ROOT / "infra" / "servicenow-app"
SOURCES = ("package.json", "package-lock.json", "now.config.json", "src", "test")
KEY = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"

# What `now-sdk` writes anew with every build.
OF_ITS_TIME = re.compile(rb'"(serialNumber|timestamp)": "[^"]*"')


def main(anew: bool) -> int:
    install(APP, "ServiceNow's SDK")
    stamp = APP / "target" / "gridlink-sources"
    wanted = digest_of_sources()
    packages = list((APP / "target").glob("*.zip"))
    if not anew and len(packages) == 1 and stamp.is_file() and stamp.read_text() == wanted:
        detail(f"{packages[0].relative_to(ROOT)} is of these sources")
        return 0
    shutil.rmtree(APP / "target", ignore_errors=True)
    shutil.rmtree(APP / "dist", ignore_errors=True)
    with step("Unit tests"):
        command(APP, "node_modules/.bin/tsc", "--project", "test/tsconfig.json")
        command(APP, "node", "--test", *map(str, sorted((APP / "target/test/test").glob("*.js"))))
        check_signature()
    with step("Building twice, without a network"), tempfile.TemporaryDirectory() as scratch:
        copy = Path(scratch) / "copy"
        copy.mkdir()
        for name in SOURCES:
            source = APP / name
            (shutil.copytree if source.is_dir() else shutil.copy)(source, copy / name)
        (copy / "node_modules").symlink_to(APP / "node_modules")
        with ThreadPoolExecutor() as both:
            list(both.map(build, (APP, copy)))
        check_equal(package_of(APP), package_of(copy))
    detail(str(package_of(APP).relative_to(ROOT)))
    stamp.write_text(wanted)
    return 0


def build(folder: Path) -> None:
    """A type error, and a record without its key in keys.ts, end it."""
    command(folder, *without_network(), "node_modules/.bin/now-sdk", "build", "--frozenKeys")
    command(folder, *without_network(), "node_modules/.bin/now-sdk", "pack")


def without_network() -> list[str]:
    """A prefix that takes the network away, where the system lets us."""
    prefix = ["unshare", "--map-root-user", "--net"]
    can = shutil.which("unshare") and subprocess.run([*prefix, "true"], capture_output=True, check=False).returncode == 0
    return prefix if can else []


def command(folder: Path, *words: str) -> str:
    environment = {"PATH": os.environ["PATH"], "HOME": os.environ.get("HOME", "/"), "NO_COLOR": "1", "CI": "true"}
    done = subprocess.run(
        words, cwd=folder, env=environment, capture_output=True, text=True, timeout=300, check=False
    )
    if done.returncode != 0:
        said = re.sub(r"\x1b\[[0-9;]*m", "", done.stdout[-6000:] + done.stderr[-2000:])
        raise Problem(f"{' '.join(words[:4])} failed:\n{said}")
    return done.stdout


def check_signature() -> None:
    """The Standard Webhooks library of PyPI verifies what the app signs."""
    script = """
        const { createHmac } = require('node:crypto')
        const { keysOf, signedHeaders } = require('./target/test/src/server/lib/signing.js')
        const mac = (key, data) => createHmac('sha256', Buffer.from(key, 'base64')).update(data).digest('base64')
        const [key, body] = process.argv.slice(1)
        const seconds = Math.floor(Date.now() / 1000)
        console.log(JSON.stringify(signedHeaders(keysOf(key), mac, 'incident/abc/3', seconds, body)))
    """
    body = json.dumps({"number": "CS0001001", "at": datetime.now(UTC).isoformat()})
    headers = json.loads(command(APP, "node", "-e", script, KEY, body))
    Webhook(KEY).verify(body, headers)
    try:
        Webhook(KEY).verify(body + " ", headers)
    except Exception:  # noqa: BLE001 - any refusal will do
        return
    raise Problem("the Standard Webhooks library verifies a body that was not signed")


def package_of(folder: Path) -> Path:
    packages = list((folder / "target").glob("*.zip"))
    if len(packages) != 1:
        raise Problem(f"now-sdk pack made {len(packages)} packages")
    return packages[0]


def check_equal(one: Path, other: Path) -> None:
    ours, theirs = contents(one), contents(other)
    different = sorted(name for name in ours.keys() | theirs.keys() if ours.get(name) != theirs.get(name))
    if different:
        raise Problem("two builds of the same sources differ in " + ", ".join(different))


def contents(package: Path) -> dict[str, bytes]:
    """The files of a package; its inventory holds the hashes of the others and says nothing more."""
    with zipfile.ZipFile(package) as archive:
        names = [name for name in archive.namelist() if not name.endswith("package_inventory.csv")]
        return {name: OF_ITS_TIME.sub(b"", archive.read(name)) for name in names}


def digest_of_sources() -> str:
    digest = hashlib.sha256(Path(__file__).read_bytes())
    for name in SOURCES:
        top = APP / name
        for path in sorted(top.rglob("*")) if top.is_dir() else [top]:
            if path.is_file():
                digest.update(f"{path.relative_to(APP)}\0{path.stat().st_size}\0".encode())
                digest.update(path.read_bytes())
    return digest.hexdigest()


if __name__ == "__main__":
    run(lambda: main("--anew" in sys.argv[1:]), ROOT / ".demo" / "app-trace.txt")
