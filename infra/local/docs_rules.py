"""Our own rules for the documentation: what can be seen without running anything of Gridlink.

Each rule takes the book, which is all pages and what they talk about, and yields one sentence per fault.
"""

from __future__ import annotations

import ast
import copy
import json
import re
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from jsonschema import Draft202012Validator
from ruamel.yaml import YAML
from ruamel.yaml.error import YAMLError

from docs_pages import FOLDER, README, ROOT, Block, Page, read_page, slug
from operation_rules import own_metrics
from template_rules import Template, consumers, environments, resources

STACK = "gridlink"
LANGUAGES = {"sh", "text", "yaml", "json", "python", "gridlink"}
EXTRAS = {"yaml": {"", "mistake"}, "json": {"", "binding", "mistake"}}
DIRECTIVES = {"skip"}
COMMAND_WORDS = ("aws ", "sam ", "make ", "git ", "curl ", "python", "npx ", "npm ", "cargo ", "cd ", "gridlink ", ".venv/")
PLACEHOLDER = re.compile(r"<([A-Z][A-Za-z]+)>")
# What docs_commands.py puts in the place of placeholders beside the outputs and parameters of the stack.
KNOWN_PLACEHOLDERS = {"ClientId", "ClientSecret", "RequestedItem", "Subject", "SysId"}
# The commands of the operator's command line. Blocks of language `gridlink` are not executed here: operate.py and the
# program's own tests run them.
GRIDLINK = {
    "doctor": set(), "trace": set(), "parked": {"list", "show", "replay", "dismiss"}, "pause": set(), "resume": set(),
    "mapping": {"check", "preview"}, "secrets": {"rotate"}, "replay-from": set(), "evidence": set(),
    "adopt": {"plan", "apply"}, "reconcile": {"plan", "apply"}, "rebuild": set(), "forget": set(),
}
# Variables that are read and not set by the template, or are those of tests.
OTHER_VARIABLES = {"AWS_ENDPOINT_URL", "GRIDLINK_PROVE", "GRIDLINK_SEED", "GRIDLINK_SEEDS"}
VARIABLE = re.compile(r"[A-Z][A-Z0-9]*(_[A-Z0-9]+)+")
MOST_LINES = 500


@dataclass
class Book:
    texts: dict[str, str]
    template: Template
    schema: dict[str, Any]
    mapping: dict[str, Any]
    contract: dict[str, Any]
    sources: dict[str, str]
    """Rust sources and other files that pages talk about, by path."""

    @property
    def pages(self) -> dict[str, Page]:
        return {path: read_page(path, text) for path, text in self.texts.items()}

    def page(self, name: str) -> Page:
        return self.pages[f"{FOLDER}/{name}"]

    def blocks(self, language: str) -> Iterator[Block]:
        for page in self.pages.values():
            yield from (block for block in page.blocks if block.language == language)


def form_rules(book: Book) -> Iterator[str]:
    for page in book.pages.values():
        yield from page.faults
        if len(page.text.splitlines()) >= MOST_LINES:
            yield f"{page.path}: it has {MOST_LINES} lines or more"
        for block in page.blocks:
            if block.language not in LANGUAGES:
                yield f"{block.place}: nobody knows how to try a block of {block.language or 'no language'}"
            elif block.extra not in EXTRAS.get(block.language, {""}):
                yield f"{block.place}: {block.language} {block.extra} is no kind of block"
            if block.directive and (block.language != "sh" or block.directive not in DIRECTIVES):
                yield f"{block.place}: {block.directive} is for no such block"
            if block.directive and len(block.reason.split()) < 4:
                yield f"{block.place}: say why it is not tried as others are"
            if block.language == "text":
                for line in block.text.splitlines():
                    if line.startswith(COMMAND_WORDS):
                        yield f"{block.place}: it looks like a command, which belongs into a block of sh"
        if page.path != README and f"({page.path})" not in book.texts[README]:
            yield f"{page.path}: the README does not link it"


def command_rules(book: Book) -> Iterator[str]:
    outputs = book.template["Outputs"].keys() | book.template["Parameters"].keys()
    functions = {f"{STACK}-{name}" for name in function_names(book)}
    queues = {str(queue.get("QueueName", {}).get("Fn::Sub", "")).replace("${AWS::StackName}", STACK)
              for _, queue in resources(book.template, "AWS::SQS::Queue")}
    for block in book.blocks("sh"):
        script = PLACEHOLDER.sub(r"\1", block.text)
        if subprocess.run(["bash", "-n"], input=script, text=True, capture_output=True, check=False).returncode:
            yield f"{block.place}: it is no shell script"
        for name in PLACEHOLDER.findall(block.text):
            if name not in outputs and name not in KNOWN_PLACEHOLDERS:
                yield f"{block.place}: nothing stands for <{name}>"
        for name in re.findall(r"--function-name (\S+)", block.text):
            if name not in functions:
                yield f"{block.place}: there is no function {name}"
        for name in re.findall(r"--queue-name (\S+)", block.text):
            if name not in queues:
                yield f"{block.place}: there is no queue {name}"
        for name in re.findall(r"/aws/lambda/(\S+)", block.text):
            if name not in functions:
                yield f"{block.place}: there is no log of {name}"
        for name in re.findall(r"--secret-id (\S+)", block.text):
            if name.removeprefix(f"{STACK}/") not in secret_names(book):
                yield f"{block.place}: there is no secret {name}"
        for name in re.findall(r"\bmake ([a-z]+)", block.text):
            if f"\n{name}:" not in book.sources["Makefile"]:
                yield f"{block.place}: there is no make {name}"
        for path in re.findall(r"\b((?:infra|events)/[\w./-]+)", block.text):
            if not (ROOT / path).exists():
                yield f"{block.place}: there is no {path}"


def gridlink_rules(book: Book) -> Iterator[str]:
    for page in book.pages.values():
        said = [(f"{page.path}:{line}", code) for line, code in page.codes() if code.startswith("gridlink ")]
        for block in page.blocks:
            if block.language == "gridlink":
                said += [(block.place, line) for line in block.text.splitlines()]
        for place, text in said:
            words = text.split()
            following = GRIDLINK.get(words[1]) if words[0] == STACK and len(words) > 1 else None
            if following is None or (following and (len(words) < 3 or words[2] not in following)):
                yield f"{place}: `{text}` is no command of gridlink"


def merged(base: Any, change: Any) -> Any:
    """Lists replace lists, keys join keys."""
    if isinstance(base, dict) and isinstance(change, dict):
        return {**base, **{key: merged(base.get(key), value) for key, value in change.items()}}
    return copy.deepcopy(change)


def example(book: Book, block: Block) -> dict[str, Any]:
    """The shipped mapping with an example in it."""
    return merged(book.mapping, YAML(typ="safe", pure=True).load(block.text))


def yaml_rules(book: Book) -> Iterator[str]:
    validator = Draft202012Validator(book.schema)
    for page in book.pages.values():
        for at, block in enumerate(page.blocks):
            if block.language != "yaml":
                continue
            try:
                mapping = example(book, block)
            except YAMLError as error:
                yield f"{block.place}: it is no YAML: {error}"
                continue
            if block.extra == "mistake":
                yield from without_message(page, at)
                continue
            for error in validator.iter_errors(mapping):
                where = ".".join(map(str, error.absolute_path))
                yield f"{block.place}: {where}: {error.message[:200]}"


def without_message(page: Page, at: int) -> Iterator[str]:
    block = page.blocks[at]
    if not block.is_followed or page.blocks[at + 1].language != "text":
        yield f"{block.place}: the message that it leads to must follow it"


def json_rules(book: Book) -> Iterator[str]:
    operations = {operation["operationId"] for path in book.contract["paths"].values()
                  for method, operation in path.items() if method != "parameters"}
    members = quoted(book.sources["shared/src/trading_grid/collaboration/members.rs"], "MEMBERS")
    parameters = quoted(book.sources["shared/src/trading_grid/collaboration/members.rs"], "PARAMETERS")
    for page in book.pages.values():
        for at, block in enumerate(page.blocks):
            if block.language != "json":
                continue
            try:
                value = json.loads(block.text)
            except ValueError as error:
                yield f"{block.place}: it is no JSON: {error}"
                continue
            if block.extra == "mistake":
                yield from without_message(page, at)
            elif block.extra == "binding":
                if len(block.text.splitlines()) != 1:
                    yield f"{block.place}: a binding stands on one line"
                for kind, known in (("operations", operations), ("members", members), ("parameters", parameters)):
                    for name in sorted(value.get(kind, {}).keys() - known):
                        yield f"{block.place}: {name} is none of the {kind} of the contract"


def quoted(source: str, constant: str) -> set[str]:
    found = re.search(rf"const {constant}: \[&str; \d+\] = \[(.*?)\];", source, re.DOTALL)
    return set(re.findall(r'"([^"]+)"', found.group(1))) if found else set()


def python_rules(book: Book) -> Iterator[str]:
    for page in book.pages.values():
        for at, block in enumerate(page.blocks):
            if block.language != "python":
                continue
            try:
                tree = ast.parse(block.text)
            except SyntaxError as error:
                yield f"{block.place}: it is no Python: {error}"
                continue
            for node in ast.walk(tree):
                names = [alias.name for alias in node.names] if isinstance(node, ast.Import) else []
                names += [node.module or ""] if isinstance(node, ast.ImportFrom) else []
                for name in names:
                    if name.split(".")[0] not in sys.stdlib_module_names:
                        yield f"{block.place}: {name} is not of the standard library"
            if block.is_followed and page.blocks[at + 1].language == "text":
                run = subprocess.run(
                    [sys.executable, "-I", "-c", block.text], text=True, capture_output=True, timeout=20, check=False
                )
                if run.stdout != page.blocks[at + 1].text:
                    yield f"{block.place}: it prints something else than what follows it: {run.stdout}{run.stderr}"


def link_rules(book: Book) -> Iterator[str]:
    pages = book.pages
    for page in pages.values():
        for line, link in page.links():
            place = f"{page.path}:{line}"
            if "://" in link:
                if not link.startswith("https://"):
                    yield f"{place}: {link} is not https"
                continue
            path, _, anchor = link.partition("#")
            aim = ((ROOT / page.path).parent / path).resolve() if path else ROOT / page.path
            name = str(aim.relative_to(ROOT)) if aim.is_relative_to(ROOT) else ""
            if not name or not aim.exists():
                yield f"{place}: {link} leads nowhere"
                continue
            if anchor:
                other = pages.get(name) or read_page(name, aim.read_text())
                if anchor not in other.anchors:
                    yield f"{place}: {name} has no heading for #{anchor}"


def runbook_rules(book: Book) -> Iterator[str]:
    """Every alarm has its section, which names it; every section of an alarm has one that leads there."""
    page = book.page("runbook.md")
    sections: dict[str, set[str]] = {}
    inside = False
    for _, level, title in page.headings():
        inside = title == "Alarms" if level == 2 else inside
        if inside and level == 3:
            named = [line for line in page.section(title) if line.startswith("Alarms: ")]
            sections[slug(title)] = set(re.findall(r"`(\w+)`", " ".join(named)))
            if len(named) != 1:
                yield f"{page.path}: {title} does not name its alarms"
            if not any(block.language == "sh" for block in page.blocks_of(title)):
                yield f"{page.path}: {title} has no command to look with"
    led: dict[str, set[str]] = {}
    for name, alarm in resources(book.template, "AWS::CloudWatch::Alarm"):
        anchor = alarm.get("AlarmDescription", "").strip().rpartition("runbook.md#")[2]
        led.setdefault(anchor, set()).add(name)
        if anchor not in sections:
            yield f"{name}: the runbook has no section #{anchor}"
    for anchor, named in sections.items():
        for name in sorted(led.get(anchor, set()) - named):
            yield f"{page.path}#{anchor} does not name {name}"
        for name in sorted(named - led.get(anchor, set())):
            yield f"{page.path}#{anchor} names {name}, which does not lead there"
        for what in ("**What happened.**", "**Look at**", "**Remedy.**"):
            text = "\n".join(page.section(next(t for _, _, t in page.headings() if slug(t) == anchor)))
            has_table = "remedy |" in text
            if what not in text and not (what == "**Remedy.**" and has_table):
                yield f"{page.path}#{anchor} lacks {what}"


def function_names(book: Book) -> set[str]:
    return {str(function["FunctionName"]["Fn::Sub"]).removeprefix("${AWS::StackName}-")
            for _, function in resources(book.template, "AWS::Serverless::Function")}


def secret_names(book: Book) -> set[str]:
    return {str(secret["Name"]["Fn::Sub"]).removeprefix("${AWS::StackName}/")
            for _, secret in resources(book.template, "AWS::SecretsManager::Secret") if "Name" in secret}


def name_rules(book: Book) -> Iterator[str]:
    """Parameters, outputs, secrets and variables: what pages name is there, and what is there is named."""
    deploy = book.page("deploy.md")
    variables = {key for _, key, _ in environments(book.template)}
    secrets = {f"<stack>/{name}" for name in secret_names(book)}
    secrets |= {name for name, secret in resources(book.template, "AWS::SecretsManager::Secret") if "Name" not in secret}
    for title, wanted in (
        ("Parameters", set(book.template["Parameters"])),
        ("Deploy", set(book.template["Outputs"])),
        ("Environment variables", variables),
        ("Secrets", secrets),
    ):
        named = deploy.first_cells(title)
        for name in sorted(wanted - named):
            yield f"{deploy.path}: {title} does not name {name}"
        for name in sorted(named - wanted):
            yield f"{deploy.path}: {title} names {name}, which is not in the template"
    for page in book.pages.values():
        for line, code in page.codes():
            name = code.partition("=")[0]
            if VARIABLE.fullmatch(name) and name not in variables | OTHER_VARIABLES:
                yield f"{page.path}:{line}: nobody reads {name}"
            if re.fullmatch(rf"{STACK}/[a-z/-]+", code) and code.removeprefix(f"{STACK}/") not in secret_names(book):
                yield f"{page.path}:{line}: there is no secret {code}"
    yield from count_rules(book)
    rights = book.page("security.md").first_cells("IAM per function")
    for name in sorted(function_names(book) ^ rights):
        yield f"{FOLDER}/security.md: IAM per function and the template do not agree about {name}"


def count_rules(book: Book) -> Iterator[str]:
    """How many of a thing the page about cost says that there are."""
    counts = {
        "secrets": len(list(resources(book.template, "AWS::SecretsManager::Secret"))),
        "alarms": len(list(resources(book.template, "AWS::CloudWatch::Alarm"))),
        "dashboards": len(list(resources(book.template, "AWS::CloudWatch::Dashboard"))),
        "metrics of our own": len(set(own_metrics(book.template))),
        "schedules": len(list(resources(book.template, "AWS::Scheduler::Schedule"))),
        "queues": len(list(consumers(book.template))),
    }
    text = book.page("cost.md").text
    for thing, count in counts.items():
        said = re.findall(rf'"(\d+) {thing}', text)
        if said != [str(count)]:
            yield f"{FOLDER}/cost.md: it counts {' and '.join(said) or 'no'} {thing}, and there are {count}"


def mapping_rules(book: Book) -> Iterator[str]:
    page = book.page("mapping.md")
    sections = {name for _, name in page.codes()}
    for name in book.schema["properties"]:
        if name not in sections:
            yield f"{page.path}: it does not speak of the section {name}"
    variables = {re.sub(r"\[.*\]", "", code) for _, code in page.codes()}
    for path, source in book.sources.items():
        if not path.startswith("shared/src/mapping"):
            continue
        for constant in ("VARIABLES", "COMMON"):
            for name in sorted(quoted(source, constant) - variables):
                yield f"{page.path}: it does not name the variable {name} of {path}"
    known = set(re.findall(r"gridlink\.[a-z.-]+\.v\d+", book.sources["infra/collaboration.openapi.yaml"]))
    for other in book.pages.values():
        for line, code in other.codes():
            if re.fullmatch(r"gridlink\.[a-z.-]+\.v\d+", code) and code not in known:
                yield f"{other.path}:{line}: the contract has no event {code}"
