"""The local stack: both worlds, MiniStack as AWS, and the real template deployed to it by SAM.

Facts about MiniStack 1.5.33 that this file rests on:
- a REST API answers at http://{api}.execute-api.localhost/{stage}/…, told apart by the Host header;
- functions inherit MiniStack's own environment, so it is given a small one;
- functions find it by the AWS_ENDPOINT_URL that it was started with;
- it unpacks functions below TMPDIR, named for its port;
- with AUTH=true each function has a session of its role, and IAM is enforced; the key "test" is root;
- it listens on all addresses unless BIND_HOST says otherwise, and opens an IoT port unless told not to.
"""

from __future__ import annotations

import base64
import json
import os
import secrets
import shutil
import tempfile
import time
import urllib.request
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import boto3

from console import Problem, detail, step
from processes import Processes, free_ports, is_listening
from servicenow_app import App, press
from servicenow_view import Record
from webhook import Door
from worlds import agent_sets, tell

ROOT = Path(__file__).resolve().parents[2]
BIN = ROOT / ".venv" / "bin"
REGION = "us-east-1"
NAME = "gridlink"
STAGE = "live"
SENDERS = ("trading-grid", "servicenow")
# What the worlds know as our OAuth client.
CLIENT = {"client_id": "gridlink", "client_secret": "gridlink"}


@dataclass(frozen=True)
class Ports:
    ministack: int
    servicenow: int
    trading_grid: int

    @staticmethod
    def of_demo() -> Ports:
        return Ports(ministack=4566, servicenow=9101, trading_grid=9102)

    @staticmethod
    def any_free() -> Ports:
        return Ports(*free_ports(3))

    def refuse_busy(self) -> None:
        for name, port in vars(self).items():
            if is_listening(port):
                raise Problem(
                    f"Port {port} ({name.replace('_', ' ')}) is in use. Stop the program that has it"
                    " (an earlier `make demo`?) and try again."
                )


class Stack:
    """Started by `start`, whatever happened ended by `stop`."""

    def __init__(self, work: Path, ports: Ports, with_app: bool = False) -> None:
        self.work = work
        self.ports = ports
        self.processes = Processes(work)
        self.endpoint = f"http://127.0.0.1:{ports.ministack}"
        self.servicenow = f"http://127.0.0.1:{ports.servicenow}"
        self.trading_grid = f"http://127.0.0.1:{ports.trading_grid}"
        self.app = App(self.servicenow) if with_app else None
        self.outputs: dict[str, str] = {}
        self.keys: dict[str, list[str]] = {}
        """The signing keys of each sender, the current one last."""

    def start(self, packages: dict[str, Path], worlds: Path) -> None:
        """Needs each function's package folder and the program of the worlds."""
        with step("Starting the worlds and MiniStack"):
            self.start_worlds(worlds)
            self.start_ministack()
            if self.app:
                self.app.begin(self.processes, self.work)
        with step("Deploying infra/template.yaml with SAM"):
            self.deploy(packages)
        with step("Filling the secrets"):
            self.fill_secrets()
        if self.app:
            with step("Setting up the app in ServiceNow"):
                self.app.finish(self.processes)
        with step("Letting ServiceNow post its events"):
            self.let_tell("servicenow")

    def stop(self) -> None:
        self.processes.stop()

    def start_worlds(self, worlds: Path) -> None:
        for name, port in (("servicenow", self.ports.servicenow), ("trading-grid", self.ports.trading_grid)):
            command = [str(worlds), name, "--listen", f"127.0.0.1:{port}", "--events-every", "1"]
            self.processes.start(name, command, {"PATH": os.environ["PATH"]})
            self.processes.wait_until(name, lambda port=port: is_listening(port))

    def start_ministack(self) -> None:
        temporary = self.work / "tmp"
        temporary.mkdir()
        environment = {
            "PATH": f"{BIN}:{os.environ['PATH']}",
            "HOME": str(self.work),
            "TMPDIR": str(temporary),
            "BIND_HOST": "127.0.0.1",
            "GATEWAY_PORT": str(self.ports.ministack),
            "AWS_ENDPOINT_URL": self.endpoint,
            "IOT_MTLS_ENABLED": "0",
            "AUTH": "true",
            **credentials(),
        }
        self.processes.start("ministack", [str(BIN / "ministack")], environment)
        self.processes.wait_until("ministack", self.is_ministack_ready)

    def is_ministack_ready(self) -> bool:
        try:
            with urllib.request.urlopen(f"{self.endpoint}/_ministack/health", timeout=1) as response:
                return response.status == 200
        except OSError:
            return False

    def aws(self, service: str) -> Any:
        return boto3.client(
            service,
            endpoint_url=self.endpoint,
            region_name=REGION,
            aws_access_key_id="test",
            aws_secret_access_key="test",
        )

    def deploy(self, packages: dict[str, Path]) -> None:
        template = self.lay_out(packages)
        self.aws("s3").create_bucket(Bucket="packages")
        command = [
            *(str(BIN / "sam"), "deploy", "--template-file", str(template), "--stack-name", NAME),
            *("--region", REGION, "--s3-bucket", "packages", "--capabilities", "CAPABILITY_IAM"),
            *("--no-confirm-changeset", "--no-progressbar", "--parameter-overrides"),
            "DeploymentId=local",
            f"ServiceNowUrl={self.servicenow}",
            f"ServiceNowApp={'installed' if self.app else 'absent'}",
            f"CollaborationUrl={self.trading_grid}/collaboration/v1",
            f"TradingGridTokenUrl={self.trading_grid}/v1/oauth2/tokens",
            f"TradingGridUrl={self.trading_grid}",
        ]
        self.processes.start("sam", command, self.sam_environment())
        if self.processes.finish("sam") != 0:
            raise Problem(f"SAM could not deploy the template. The end of its log:\n{self.processes.tail('sam', 30)}")
        stack = self.aws("cloudformation").describe_stacks(StackName=NAME)["Stacks"][0]
        self.outputs = {output["OutputKey"]: output["OutputValue"] for output in stack["Outputs"]}
        resources = self.aws("cloudformation").describe_stack_resources(StackName=NAME)["StackResources"]
        detail(f"{len(resources)} resources, {stack['StackStatus']}")

    def lay_out(self, packages: dict[str, Path]) -> Path:
        """The template and the packages in the places the repository gives them: a byte-for-byte copy."""
        template = self.work / "infra" / "template.yaml"
        template.parent.mkdir()
        shutil.copyfile(ROOT / "infra" / "template.yaml", template)
        for name, package in packages.items():
            shutil.copytree(package, self.work / "target" / "lambda" / name)
        return template

    def sam_environment(self) -> dict[str, str]:
        """Never the caller's account: no profile, no shared file, no real endpoint."""
        settings = self.work / "sam"
        settings.mkdir()
        # A fresh time of the last check keeps SAM from asking the internet for a newer SAM.
        (settings / "metadata.json").write_text(json.dumps({"lastVersionCheck": time.time()}))
        return {
            "PATH": f"{BIN}:{os.environ['PATH']}",
            "HOME": str(self.work),
            "LC_ALL": "C.UTF-8",
            "AWS_ENDPOINT_URL": self.endpoint,
            "AWS_CONFIG_FILE": os.devnull,
            "AWS_SHARED_CREDENTIALS_FILE": os.devnull,
            "AWS_EC2_METADATA_DISABLED": "true",
            "SAM_CLI_TELEMETRY": "0",
            "SAM_CLI_POLL_DELAY": "0.5",
            "__SAM_CLI_APP_DIR": str(settings),
            **credentials(),
        }

    def fill_secrets(self) -> None:
        manager = self.aws("secretsmanager")
        for sender in SENDERS:
            # Twice: after a rotation the previous key still counts.
            for _ in ("AWSPREVIOUS", "AWSCURRENT"):
                key = "whsec_" + base64.b64encode(secrets.token_bytes(32)).decode()
                self.keys.setdefault(sender, []).append(key)
                manager.put_secret_value(SecretId=f"{NAME}/webhook/{sender}", SecretString=key)
        for system in ("servicenow", "trading-grid", "trading-grid-users"):
            manager.put_secret_value(SecretId=f"{NAME}/credentials/{system}", SecretString=json.dumps(CLIENT))

    def door(self, sender: str) -> Door:
        return Door(
            address=f"127.0.0.1:{self.ports.ministack}",
            host=f"{self.outputs['WebhookApiId']}.execute-api.localhost:{self.ports.ministack}",
            path=f"/{STAGE}/hooks/{sender}",
            key=self.keys[sender][-1],
        )

    def let_tell(self, sender: str) -> None:
        """From now on this world posts its own events: on a real system, the scoped app or the community does."""
        world = {"servicenow": self.servicenow, "trading-grid": self.trading_grid}[sender]
        door = self.door(sender)
        receiver = {"url": f"http://{door.host}/{STAGE}", "secret": door.key, "sender": sender}
        if refusal := tell(world, "receiver", receiver):
            raise Problem(f"The world of {sender} takes no receiver: {refusal}")

    def press(self, action: str, record: Record, mark: str) -> None:
        """An agent presses a button of the app; without it, the agent sets the mark that it would set."""
        if self.app:
            press(self.servicenow, action, record.table, record.sys_id)
        else:
            agent_sets(self.servicenow, record.table, record.sys_id, {mark: "true"})
            detail(f"an agent sets {mark}")

    def ask(self, function: str, payload: dict[str, Any]) -> Any:
        """Invokes a function by hand, as an operator does; gives its answer."""
        asked = {"FunctionName": f"{NAME}-{function}", "Payload": json.dumps(payload).encode()}
        answer = self.aws("lambda").invoke(**asked)
        body = answer["Payload"].read().decode(errors="replace")
        if "FunctionError" in answer:
            raise Problem(f"{function} failed: {body}")
        return json.loads(body)

    def function_logs(self, function: str, lines: int = 20) -> list[str]:
        """The newest lines that a function has written, oldest first."""
        logs = self.aws("logs")
        group = f"/aws/lambda/{NAME}-{function}"
        events = logs.filter_log_events(logGroupName=group)["events"]
        events.sort(key=lambda event: event["timestamp"])
        own = [event["message"].rstrip() for event in events]
        return [line for line in own if not line.startswith(("START ", "END ", "REPORT "))][-lines:]


def scratch_folder(purpose: str) -> Path:
    """A fresh folder for logs and what is made on the way; runs may stand beside each other."""
    parent = ROOT / ".demo"
    parent.mkdir(exist_ok=True)
    return Path(tempfile.mkdtemp(prefix=f"{purpose}-", dir=parent))


def check_built(program: Path) -> None:
    if not program.exists():
        raise Problem(f"{program} is missing: run `cargo build --workspace --all-targets`.")


def credentials() -> dict[str, str]:
    return {"AWS_ACCESS_KEY_ID": "test", "AWS_SECRET_ACCESS_KEY": "test", "AWS_DEFAULT_REGION": REGION}
