"""Tries the documentation on the deployed stack: its commands, its mappings and bindings, and its signing example.

Mappings and bindings are read by the functions themselves: each is started with one, and either asks for its first
invocation or says what is wrong. A message that a page shows must be what they say.
"""

from __future__ import annotations

import http.server
import json
import os
import re
import subprocess
import sys
import threading
import time
import uuid
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

from ruamel.yaml import YAML

import check_docs
import onboarding
import webhook
from console import Problem, detail
from docs_pages import Block
from docs_rules import PLACEHOLDER, Book, example
from servicenow_view import Instance
from stack import BIN, CLIENT, NAME, REGION, ROOT, Stack, credentials
from streams import heads, items, soon, text
from worlds import insist

# The aws of the pages is version 2; ours is version 1, which takes payloads as they are and has no such option, and has
# an address of its own for SQS.
AWS = """#!/usr/bin/env bash
arguments=()
while [ $# -gt 0 ]; do
    if [ "$1" = --cli-binary-format ]; then shift; else arguments+=("$1"); fi
    shift
done
exec "{aws}" --endpoint-url "$AWS_ENDPOINT_URL" "${{arguments[@]}}"
"""
# Names below .localhost are this machine; not every system resolves them.
PYTHON = """import runpy, socket, sys
real = socket.getaddrinfo
socket.getaddrinfo = lambda host, *rest, **more: real("127.0.0.1" if host.endswith(".localhost") else host, *rest, **more)
runpy.run_path(sys.argv[1])
"""
# A company that ServiceNow does not know, until it is added.
STRANGER = "GC70000000ZZ"
PARKED = f"issues/{STRANGER}/ISS-9001"
FAILED = re.compile(r'"(FunctionError|errorType|errorMessage)"')


class Docs:
    """Tries everything, and gives what is not as the pages say."""

    def __init__(self, stack: Stack, binaries: Path) -> None:
        self.stack = stack
        self.binaries = binaries
        self.book: Book = check_docs.open_book()
        self.work = stack.work / "docs"
        self.work.mkdir()
        tools = stack.work / "docs-bin"
        tools.mkdir()
        (tools / "aws").write_text(AWS.format(aws=BIN / "aws"))
        (tools / "aws").chmod(0o755)
        self.environment = {
            "PATH": f"{tools}:{BIN}:{os.environ['PATH']}",
            "HOME": str(stack.work),
            "LC_ALL": "C.UTF-8",
            "AWS_ENDPOINT_URL": stack.endpoint,
            "AWS_CONFIG_FILE": os.devnull,
            "AWS_SHARED_CREDENTIALS_FILE": os.devnull,
            "AWS_EC2_METADATA_DISABLED": "true",
            "AWS_PAGER": "",
            "SAM_CLI_TELEMETRY": "0",
            "NO_PROXY": "127.0.0.1,localhost,.localhost",
            **credentials(),
        }

    def perform(self) -> list[str]:
        faults = self.self_test()
        faults += self.mappings() + self.bindings() + self.signing()
        self.park()
        return faults + self.commands()

    # ------------------------------------------------------------ commands

    def commands(self) -> list[str]:
        """The blocks of a page one after another, the pages side by side."""
        blocks = list(self.book.blocks("sh"))
        tried = [block for block in blocks if block.directive != "skip"]
        pages = sorted({block.page for block in tried})
        with ThreadPoolExecutor(len(pages)) as pool:
            lists = pool.map(lambda page: self.of_page([block for block in tried if block.page == page]), pages)
            faults = [fault for faults in lists for fault in faults]
        if not faults:
            faults = soon(self.stack, self.faults_of_replay)
        detail(f"{len(tried)} blocks of commands, {len(blocks) - len(tried)} left out, with reasons")
        return faults

    def of_page(self, blocks: list[Block]) -> list[str]:
        faults = []
        for block in blocks:
            if "<Subject>" in block.text:
                self.add_company()
            faults += [f"{block.place}: {fault}" for fault in self.execute(block)]
        return faults

    def faults_of_replay(self) -> list[str]:
        """What was parked has its record, since the runbook was followed."""
        head = next(head for head in heads(self.stack, PARKED) if text(head, "sk") == "HEAD#in")
        is_done = head["accepted"] == head.get("finished")
        has_record = bool(items(self.stack, PARKED, "LINK#case#"))
        return [] if is_done and has_record else [f"{PARKED} did not go on after its replay"]

    def folder(self, page: str) -> Path:
        """A copy of the repository for the commands of one page, as far as they need it."""
        folder = self.work / Path(page).stem
        if not folder.exists():
            folder.mkdir()
            for name in ("Makefile", "events", "infra", ".venv"):
                (folder / name).symlink_to(ROOT / name)
        return folder

    def execute(self, block: Block) -> Iterator[str]:
        script = PLACEHOLDER.sub(lambda found: self.value(found[1]), block.text)
        run = subprocess.run(
            ["bash", "-euo", "pipefail", "-c", script],
            cwd=self.folder(block.page), env=self.environment, stdin=subprocess.DEVNULL, text=True, capture_output=True,
            timeout=120, check=False,
        )
        said = (run.stdout + run.stderr)[-1500:]
        if run.returncode != 0:
            yield f"status {run.returncode}: {said}"
        if FAILED.search(run.stdout):
            yield f"a function failed: {said}"
        if run.stdout.startswith("null"):
            yield f"a function found nothing: {said}"
        if re.search(r'"has_failed": ?true', run.stdout):
            yield f"a poll failed: {said}"

    def value(self, placeholder: str) -> str:
        values = {
            **self.stack.outputs,
            "ServiceNowUrl": self.stack.servicenow,
            "ClientId": CLIENT["client_id"],
            "ClientSecret": CLIENT["client_secret"],
            "Subject": PARKED,
        }
        if placeholder == "SysId":
            links = items(self.stack, "issues/GC41543822654A/ISS-1001", "LINK#case#")
            return text(links[0], "sys_id") if links else ""
        if placeholder == "RequestedItem":
            [item] = Instance(self.stack.servicenow, CLIENT).rows("sc_req_item", f"cat_item.name={onboarding.ITEM}")
            return item["sys_id"]
        return values[placeholder]

    def park(self) -> None:
        """An issue of a company that ServiceNow does not know."""
        sample = webhook.read_event(ROOT / "events/receive-webhook/opened-asn-failed.json")
        renamed = json.dumps(sample).replace(sample["data"]["companyId"], STRANGER).replace("ISS-1001", "ISS-9001")
        event = json.loads(renamed) | {"id": f"evt-{uuid.uuid4()}"}
        answer = webhook.send(replace(self.stack.door("trading-grid"), key=self.key()), event)
        if answer.status != 202:
            raise Problem(f"an issue of a stranger was answered {answer.status} {answer.body}")
        faults = soon(self.stack, lambda: [] if self.is_parked() else [f"{PARKED} is not parked"])
        if faults:
            raise Problem("\n".join(faults))

    def is_parked(self) -> bool:
        return any("parked" in head for head in heads(self.stack, PARKED))

    def add_company(self) -> None:
        """What the runbook says about it."""
        row = {"table": "customer_account", "fields": {"name": "Stranger Ltd", "u_trading_grid_id": STRANGER}}
        insist(self.stack.servicenow, "insert", row, "a new company")

    def key(self) -> str:
        """The current key of the community."""
        manager = self.stack.aws("secretsmanager")
        return manager.get_secret_value(SecretId=f"{NAME}/webhook/trading-grid")["SecretString"]

    # ------------------------------------------------------------ the signing example

    def signing(self) -> list[str]:
        faults = []
        blocks = [block for block in self.book.blocks("python") if "WEBHOOK_KEY" in block.text]
        if not blocks:
            return ["no page shows how a webhook is signed"]
        for block in blocks:
            said = self.sign(block.text, self.key())
            if not said.startswith("202 "):
                faults.append(f"{block.place}: the webhook answered {said}")
            said = self.sign(block.text, "whsec_" + "A" * 32)
            if "401" not in said:
                faults.append(f"{block.place}: with another key the webhook answered {said}")
        detail(f"{len(blocks)} signing example: its signature is accepted, and that of another key is not")
        return faults

    def sign(self, program: str, key: str) -> str:
        door = self.stack.door("trading-grid")
        path = self.work / "sign.py"
        path.write_text(program)
        environment = {**self.environment, "WEBHOOK_URL": f"http://{door.host}{door.path}", "WEBHOOK_KEY": key}
        run = subprocess.run(
            [sys.executable, "-c", PYTHON, str(path)],
            cwd=self.folder("signing"), env=environment, text=True, capture_output=True, timeout=60, check=False,
        )
        return (run.stdout + run.stderr)[-500:]

    # ------------------------------------------------------------ mappings and bindings

    def mappings(self) -> list[str]:
        faults = []
        blocks = list(self.book.blocks("yaml"))
        for block in blocks:
            said = self.start_with(mapping=example(self.book, block))
            faults += self.compare(block, said)
        detail(f"{len(blocks)} mappings, read by receive-webhook")
        return faults

    def bindings(self) -> list[str]:
        faults = []
        blocks = [block for block in self.book.blocks("json") if block.extra]
        for block in blocks:
            faults += self.compare(block, self.start_with(binding=block.text.strip()))
        detail(f"{len(blocks)} bindings, read by open-case")
        return faults

    def compare(self, block: Block, said: str) -> Iterator[str]:
        if block.extra != "mistake":
            if said:
                yield f"{block.place}: {said}"
            return
        page = self.book.pages[block.page]
        at = next(at for at, other in enumerate(page.blocks) if other.line == block.line)
        wanted = page.blocks[at + 1].text.strip()
        if wanted not in said:
            yield f"{block.place}: it leads to {said or 'no mistake'!r} and not to {wanted!r}"

    def start_with(self, mapping: object = None, binding: str | None = None) -> str:
        """Starts a function; gives what it says instead of asking for its first invocation."""
        root = self.work / "package"
        root.mkdir(exist_ok=True)
        with (root / "mapping.yaml").open("w") as file:
            YAML(typ="safe", pure=True).dump(mapping or self.book.mapping, file)
        function = "receive-webhook" if binding is None else "open-case"
        with runtime() as (address, asked):
            process = subprocess.Popen(
                [str(self.binaries / function)],
                env=self.function_environment(root, address, binding or ""),
                stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
            )
            deadline = time.monotonic() + 20
            while not asked.is_set() and process.poll() is None and time.monotonic() < deadline:
                time.sleep(0.01)
            has_started = asked.is_set()
            process.kill()
            said = process.communicate()[0]
        return "" if has_started else said.strip()[-800:] or "it did not start, and said nothing"

    def function_environment(self, root: Path, address: str, binding: str) -> dict[str, str]:
        queues = {f"QUEUE_URL_{name}": self.stack.endpoint for name in (
            "OPEN_CASE", "CREATE_TASK", "RELAY_STATUS", "BRIDGE_ESCALATION", "RAISE_INCIDENT", "PUBLISH_KNOWLEDGE",
            "PROVISION_PARTNER",
        )}
        return {
            **credentials(),
            **queues,
            "AWS_REGION": REGION,
            "AWS_ENDPOINT_URL": self.stack.endpoint,
            "AWS_LAMBDA_FUNCTION_NAME": "docs",
            "AWS_LAMBDA_FUNCTION_MEMORY_SIZE": "256",
            "AWS_LAMBDA_FUNCTION_VERSION": "1",
            "AWS_LAMBDA_LOG_GROUP_NAME": "docs",
            "AWS_LAMBDA_LOG_STREAM_NAME": "docs",
            "AWS_LAMBDA_RUNTIME_API": address,
            "LAMBDA_TASK_ROOT": str(root),
            "METRICS_NAMESPACE": f"Gridlink/{NAME}",
            "TABLE_NAME": self.stack.outputs["TableName"],
            "DEPLOYMENT_ID": "local",
            "WEBHOOK_SECRET_PREFIX": f"{NAME}/webhook/",
            "COLLABORATION_BINDING": binding,
            "COLLABORATION_URL": self.stack.trading_grid,
            "REFERENCE_SECRET": f"{NAME}/webhook/servicenow",
            "SERVICENOW_SECRET": f"{NAME}/credentials/servicenow",
            "SERVICENOW_URL": self.stack.servicenow,
            "TRADING_GRID_SECRET": f"{NAME}/credentials/trading-grid",
            "TRADING_GRID_TOKEN_URL": f"{self.stack.trading_grid}/v1/oauth2/tokens",
            "TRADING_GRID_URL": self.stack.trading_grid,
        }

    # ------------------------------------------------------------ broken on purpose

    def self_test(self) -> list[str]:
        """What is tried here must be seen to fail."""
        def block(language: str, content: str) -> Block:
            return Block("a page that is broken on purpose", 1, language, "", content)

        invoke = "aws lambda invoke --function-name gridlink-poll-changes --payload"
        replay = invoke + " '{\"replay\":\"issues/GC1/none\"}' /dev/stdout"
        quiet = "aws sqs get-queue-url --queue-name gridlink-poll-changes-dlq"
        broken = {
            "a command that fails": self.execute(block("sh", "false")),
            "an option that is not there": self.execute(block("sh", "aws dynamodb query --no-such-option")),
            "a pipe whose beginning fails": self.execute(block("sh", "false | true")),
            "a function that fails": self.execute(block("sh", replay)),
            "an answer that is none": self.execute(block("sh", "echo null")),
            "a poll that fails": self.execute(block("sh", "echo '{\"has_failed\":true}'")),
        }
        seen = {title: list(faults) for title, faults in broken.items()}
        seen["a mapping with a mistake"] = [self.start_with(mapping={"version": 2})]
        seen["a binding with a mistake"] = [self.start_with(binding='{"operation": {}}')]
        missed = [f"nobody notices {title}" for title, faults in seen.items() if not any(faults)]
        whole = [*self.execute(block("sh", quiet)), self.start_with(), self.start_with(binding="{}")]
        return missed + [f"what is right is refused: {fault}" for fault in whole if fault]


@contextmanager
def runtime() -> Iterator[tuple[str, threading.Event]]:
    """A Lambda runtime interface that only sees whether somebody asks for an invocation."""
    asked = threading.Event()

    class Handler(http.server.BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            asked.set()
            time.sleep(0.2)
            self.close_connection = True

        def log_message(self, *_: object) -> None:
            return

    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    threading.Thread(target=server.serve_forever, daemon=True).start()
    try:
        yield f"127.0.0.1:{server.server_port}", asked
    finally:
        server.shutdown()
        server.server_close()
