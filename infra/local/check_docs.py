"""Checks README.md and infra/docs by the rules of docs_rules.py; docs_commands.py tries their commands on a stack.

    check_docs.py              status 1 and one line per fault
    check_docs.py --self-test  break the pages in memory, once per rule, and see the rule fire
"""

from __future__ import annotations

import json
import sys
from collections.abc import Callable

import check_mapping_schema
import docs_rules as rules
from check_template import TEMPLATE, load
from console import Problem, detail, run, say
from docs_pages import FOLDER, README, ROOT, texts
from docs_rules import Book
from rules import Rule, self_test
from template_rules import properties

CONTRACT = "infra/collaboration.openapi.yaml"
DEPLOY, RUNBOOK, MAPPING = (f"{FOLDER}/{name}.md" for name in ("deploy", "runbook", "mapping"))
GRID, COST, SECURITY = (f"{FOLDER}/{name}.md" for name in ("trading-grid", "cost", "security"))

Breakage = Callable[[Book], None]


def main() -> int:
    book = open_book()
    if "--self-test" in sys.argv[1:]:
        return self_test(RULES, book)
    faults = [f"{rule.name}: {fault}" for rule in RULES for fault in rule.check(book)]
    for fault in faults:
        detail(fault)
    blocks = sum(len(page.blocks) for page in book.pages.values())
    say(f"{len(book.texts)} pages with {blocks} blocks, {len(RULES)} groups of rules: {len(faults)} faults")
    return 1 if faults else 0


def open_book() -> Book:
    try:
        sources = [CONTRACT, "Makefile", "shared/src/trading_grid/collaboration/members.rs"]
        sources += [str(path.relative_to(ROOT)) for path in (ROOT / "shared/src/mapping").glob("*.rs")]
        return Book(
            texts=texts(),
            template=load(TEMPLATE),
            schema=json.loads((ROOT / "infra/mapping.schema.json").read_text()),
            mapping=check_mapping_schema.load_mapping(),
            contract=check_mapping_schema.YAML(typ="safe", pure=True).load((ROOT / CONTRACT).read_text()),
            sources={path: (ROOT / path).read_text() for path in [*sources, "shared/src/mapping.rs"]},
        )
    except (OSError, ValueError) as error:
        raise Problem(f"The pages cannot be read: {error}") from error


def write(page: str, text: str) -> Breakage:
    """A breakage that adds lines to a page."""

    def breakage(book: Book) -> None:
        book.texts[page] += "\n" + text + "\n"

    return breakage


def swap(page: str, old: str, new: str) -> Breakage:
    """A breakage that replaces what a page must have."""

    def breakage(book: Book) -> None:
        if old not in book.texts[page]:
            raise Problem(f"check_docs.py breaks {page} at a place that is not there: {old}")
        book.texts[page] = book.texts[page].replace(old, new, 1)

    return breakage


def command(text: str) -> Breakage:
    return write(RUNBOOK, f"```sh\n{text}\n```")


def fence(language: str, text: str) -> Breakage:
    return write(MAPPING, f"```{language}\n{text}\n```")


RULES = [
    Rule("FORM", rules.form_rules, {
        "a block without a language": fence("", "x"),
        "a block of another language": fence("ruby", "puts 1"),
        "a kind of block that nobody knows": fence("yaml broken", "version: 1"),
        "a block that does not end": write(MAPPING, "```sh\ntrue"),
        "a skip without a reason": write(RUNBOOK, "<!-- check: skip, slow -->\n```sh\ntrue\n```"),
        "a skip in other words": write(RUNBOOK, "<!-- check: skip -->\n```sh\ntrue\n```"),
        "a skip of what is only parsed": write(RUNBOOK, "<!-- check: skip, it is a very long one -->\n```json\n{}\n```"),
        "a directive that nobody knows": write(RUNBOOK, "<!-- check: ignore, it is a long one -->\n```sh\ntrue\n```"),
        "a directive before nothing": write(RUNBOOK, "<!-- check: skip, it is a very long one -->\nwords"),
        "a command that is called text": fence("text", "aws s3 ls"),
        "a page of 500 lines": write(MAPPING, "line\n" * 500),
        "a page that nobody finds": swap(README, f"({RUNBOOK})", f"({DEPLOY})"),
    }),
    Rule("COMMAND", rules.command_rules, {
        "half a command": command("if true"),
        "a placeholder of nothing": command("echo <Nothing>"),
        "another function": command("aws lambda invoke --function-name gridlink-open-cases /dev/stdout"),
        "another queue": command("aws sqs get-queue-url --queue-name gridlink-poll-dlq"),
        "another log": command("aws logs describe-log-streams --log-group-name /aws/lambda/gridlink-open"),
        "another secret": command("aws secretsmanager get-secret-value --secret-id gridlink/webhook/nobody"),
        "another target of make": command("make coffee"),
        "a file that is not there": command("cat infra/local/nothing.py"),
    }),
    Rule("GRIDLINK", rules.gridlink_rules, {
        "a command that is not there": write(RUNBOOK, "Say `gridlink repair all`."),
        "half a command": write(RUNBOOK, "Say `gridlink parked`."),
        "a block with another program": fence("gridlink", "aws s3 ls"),
    }),
    Rule("YAML", rules.yaml_rules, {
        "no YAML": fence("yaml", "a: [1"),
        "a misspelled section": fence("yaml", "route: []"),
        "a misspelled mode": swap(MAPPING, "mode: shadow\n  company", "mode: maybe\n  company"),
        "a mistake without its message": fence("yaml mistake", "version: 2"),
    }),
    Rule("JSON", rules.json_rules, {
        "no JSON": fence("json", "{"),
        "an operation that is not there": swap(GRID, '"readIssue"', '"readCase"'),
        "a member that is not there": swap(GRID, '"issueId": "caseId"', '"issue": "caseId"'),
        "a parameter that is not there": swap(GRID, '"after": "from"', '"since": "from"'),
        "a binding on two lines": fence("json binding", '{"members":\n{}}'),
        "a mistake without its message": fence("json mistake", "{}"),
    }),
    Rule("PYTHON", rules.python_rules, {
        "no Python": fence("python", "def"),
        "a package from elsewhere": fence("python", "import requests"),
        "a part of a package from elsewhere": fence("python", "from boto3 import client"),
        "another price": swap(COST, '"SQS": 3 * 0.50', '"SQS": 3 * 0.60'),
        "another sum": swap(COST, "  in all", "  together"),
    }),
    Rule("LINK", rules.link_rules, {
        "a page that is not there": write(README, "[x](infra/docs/nothing.md)"),
        "a heading that is not there": write(RUNBOOK, "[x](deploy.md#nothing)"),
        "a heading of this page that is not there": write(RUNBOOK, "[x](#nothing)"),
        "out of the repository": write(README, "[x](../../etc/hosts)"),
        "not https": write(README, "[x](http://example.com)"),
        "a heading that was renamed": swap(RUNBOOK, "### Purge dead letters", "### Empty dead letters"),
    }),
    Rule("RUNBOOK", rules.runbook_rules, {
        "an alarm without a section": lambda book: properties(book.template, "OpenCaseParkedAlarm").update(
            AlarmDescription="Runbook: infra/docs/runbook.md#nothing"
        ),
        "an alarm that its section does not name": swap(RUNBOOK, "`PollBehindAlarm`", "`PollAlarm`"),
        "a section without an alarm": lambda book: book.template["Resources"].pop("OpenCaseParkedAlarm"),
        "a section that names nothing": swap(RUNBOOK, "Alarms: `OpenCaseParkedAlarm`", ""),
        "a section without a command": swap(
            RUNBOOK, "```sh\naws lambda get-account-settings", "```text\nget-account-settings"
        ),
        "a section without a remedy": swap(RUNBOOK, "**Remedy.** Enable the schedules", "Enable the schedules"),
    }),
    Rule("NAMES", rules.name_rules, {
        "a parameter that is not named": lambda book: book.template["Parameters"].update(New={"Type": "String"}),
        "a parameter that is gone": lambda book: book.template["Parameters"].pop("LogLevel"),
        "an output that is not named": lambda book: book.template["Outputs"].update(New={"Value": "x"}),
        "an output that is gone": lambda book: book.template["Outputs"].pop("TableName"),
        "a secret that is not named": lambda book: book.template["Resources"].update(
            New={"Type": "AWS::SecretsManager::Secret", "Properties": {"Name": {"Fn::Sub": "${AWS::StackName}/new"}}}
        ),
        "a secret that is gone": lambda book: book.template["Resources"].pop("TradingGridUsersSecret"),
        "a variable that is not named": lambda book: book.template["Globals"]["Function"]["Environment"][
            "Variables"
        ].update(NEW_VARIABLE="x"),
        "a variable that is gone": lambda book: properties(book.template, "ReceiveWebhookFunction").pop("Environment"),
        "a variable that nobody reads": write(RUNBOOK, "Set `SPEED_LIMIT`."),
        "a secret in prose that is not there": write(RUNBOOK, "See `gridlink/credentials/nobody`."),
        "one more alarm than is counted": lambda book: book.template["Resources"].update(
            NewAlarm={"Type": "AWS::CloudWatch::Alarm", "Properties": {}}
        ),
        "a function without rights": swap(SECURITY, "| `raise-incident` |", "| `raise` |"),
    }),
    Rule("MAPPING", rules.mapping_rules, {
        "a section that is not spoken of": lambda book: book.schema["properties"].update(surprises={}),
        "a variable that is not named": swap(MAPPING, "`exchange.errorCode`", "`exchange.error`"),
        "a common variable that is not named": swap(MAPPING, "`partner.name`, `transaction.transactionId`", "`x.y`"),
        "an event that is not there": write(RUNBOOK, "`gridlink.community.issue.vanished.v1`"),
    }),
]


if __name__ == "__main__":
    run(main, ROOT / ".demo" / "check-docs-trace.txt")
