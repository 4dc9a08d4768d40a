"""The play: sample events go in through API Gateway; what came of them is read back and checked."""

from __future__ import annotations

import json
import time
from collections import Counter
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import community
import webhook
from console import Problem, detail, say, step
from servicenow_view import Instance, Record
from stack import CLIENT, ROOT, Stack
from worlds import tell

SAMPLES = ROOT / "events" / "receive-webhook"
# In the order of the story: the first issue is opened, changed, discussed, gets a document; then another.
PLAY = ("opened-asn-failed", "updated", "commented", "document-shared", "opened-invoice-mismatch")
# What an agent does with the first issue's record, one after another, as fields of the record.
AGENT = (
    {"state": "10", "work_notes": "Vendor portal password is in the vault."},
    {"comments": "We have found the cause and send the notice again."},
    {"state": "6", "close_notes": "The notice was sent again and accepted."},
)
# What the partner is told of that, in order.
TOLD = ("received", "under review", "resolved", "closed")
PATIENCE = 90.0  # seconds; a deferred stream is rung by the schedule within 70

Item = dict[str, Any]


@dataclass
class Issue:
    """What the events said about one issue, and what became of it."""

    subject: str
    summary: str = ""
    files: dict[str, tuple[str, str]] = field(default_factory=dict)
    """Document id to its file name and SHA-256."""
    comments: list[str] = field(default_factory=list)
    record: Record | None = None
    timeline: list[Item] = field(default_factory=list)

    def learn(self, event: webhook.Event) -> None:
        data = event["data"]
        kind = event["type"].removeprefix("gridlink.community.issue.").removesuffix(".v1")
        self.summary = data.get("summary") or data.get("changes", {}).get("summary") or self.summary
        for document in [*data.get("documents", []), *([data["document"]] if kind == "document-shared" else [])]:
            self.files[document["documentId"]] = (document["name"], document["sha256"])
        if kind == "commented":
            self.comments.append(data["comment"]["text"])


def perform(stack: Stack) -> list[str]:
    """Plays, prints and gives what is not as it should be."""
    events = [webhook.restamped(webhook.read_event(SAMPLES / f"{name}.json")) for name in PLAY]
    issues: dict[str, Issue] = {}
    for event in events:
        issues.setdefault(event["subject"], Issue(event["subject"])).learn(event)
    with step("Sending signed events through API Gateway"):
        faults = send_all(stack, events)
    with step("Waiting until every stream is finished"):
        faults += wait_until_finished(stack, list(issues))
    subject = events[0]["subject"]
    with step("Working on the first issue in ServiceNow, and telling its partner"):
        faults += work_as_an_agent(stack, subject) or confirm_as_the_partner(stack, subject)
    with step("Ringing what is due, as the schedule does every minute"):
        faults += ring_what_is_due(stack)
    with step("Reading back what came of it"):
        instance = Instance(stack.servicenow, CLIENT)
        for issue in issues.values():
            read_back(stack, instance, issue)
    for issue in issues.values():
        show(issue)
        faults += judge(instance, issue)
    return faults + show_partner(stack, subject)


def send_all(stack: Stack, events: list[webhook.Event]) -> list[str]:
    faults = []
    door = stack.door("trading-grid")
    rotated_out = replace(door, key=stack.keys["trading-grid"][0])
    for name, event in zip(PLAY, events, strict=True):
        if refusal := community.mirror(stack.trading_grid, event):
            raise Problem(f"The Trading Grid world refused {name}: {refusal}")
        is_late = name == "commented"
        answer = webhook.send(rotated_out if is_late else door, event)
        detail(f"{answer.status}  {name}{', signed with the key before the last rotation' if is_late else ''}")
        if answer.status != 202:
            faults.append(f"{name}: answered {answer.status} {answer.body}")
    # The same again changes nothing, and a wrong signature gets nothing in.
    again = webhook.send(door, events[-1])
    detail(f"{again.status}  {PLAY[-1]}, once more")
    if again.status != 202:
        faults.append(f"a duplicate was answered {again.status} {again.body}")
    forged = webhook.send(replace(door, key="whsec_Zm9yZ2Vk"), events[0])
    detail(f"{forged.status}  {PLAY[0]}, signed with another key")
    if forged.status != 401:
        faults.append(f"a forged event was answered {forged.status} {forged.body}")
    return faults


def wait_until_finished(stack: Stack, subjects: list[str]) -> list[str]:
    deadline = time.monotonic() + PATIENCE
    reported = 0.0
    while True:
        waiting = [subject for subject in subjects if not is_finished(stack, subject)]
        if not waiting:
            return []
        if gone := stack.processes.ended():
            raise Problem(f"{gone[0]} ended. The end of its log:\n{stack.processes.tail(gone[0])}")
        if parked := [subject for subject in waiting if any("parked" in head for head in heads(stack, subject))]:
            return [f"{subject} is parked" for subject in parked]
        if time.monotonic() > deadline:
            return [f"{subject} was not finished after {PATIENCE:.0f} s" for subject in waiting]
        if time.monotonic() - reported > 10 and time.monotonic() > deadline - PATIENCE + 10:
            reported = time.monotonic()
            detail(f"still waiting for {', '.join(waiting)}")
        time.sleep(0.1)


def is_finished(stack: Stack, subject: str) -> bool:
    # What is to be done in some days is not waited for.
    found = [head for head in heads(stack, subject) if text(head, "sk") != "HEAD#reminders"]
    return bool(found) and all(head.get("accepted") == head.get("finished", {"N": "0"}) for head in found)


def work_as_an_agent(stack: Stack, subject: str) -> list[str]:
    [link] = items(stack, subject, "LINK#")
    record = {"table": text(link, "record_table"), "sys_id": text(link, "sys_id")}
    # Who acts too fast is understood, but only the last state is told.
    if not told_in_time(stack, subject, TOLD[0]):
        return [f"the partner of {subject} was not told that it was received"]
    for fields in AGENT:
        if refusal := tell(stack.servicenow, "update", record | {"fields": fields}):
            raise Problem(f"The ServiceNow world refused an agent's work: {refusal}")
        detail(f"an agent sets {', '.join(fields)}")
        wanted = {"10": TOLD[1], "6": TOLD[2]}.get(fields.get("state", ""))
        if wanted and not told_in_time(stack, subject, wanted):
            return [f"the partner of {subject} was not told {wanted!r} within {PATIENCE:.0f} s"]
    return wait_until_finished(stack, [subject])


def confirm_as_the_partner(stack: Stack, subject: str) -> list[str]:
    """The Trading Grid world posts this event by itself."""
    stack.let_tell("trading-grid")
    _, company, issue = subject.split("/")
    if refusal := tell(stack.trading_grid, "acts", {"act": "confirms-closure", "companyId": company, "issueId": issue}):
        raise Problem(f"The partner cannot confirm that {subject} is solved: {refusal}")
    detail("the partner confirms that the issue is solved")
    if not told_in_time(stack, subject, TOLD[3]):
        return [f"the partner of {subject} was not told {TOLD[3]!r} within {PATIENCE:.0f} s"]
    faults = wait_until_finished(stack, [subject])
    closure = partner_view(stack, subject).get("closure", {})
    if closure.get("because") != "confirmed":
        faults.append(f"{subject}: its closing is {closure}")
    return faults


def told_in_time(stack: Stack, subject: str, label: str) -> bool:
    deadline = time.monotonic() + PATIENCE
    while time.monotonic() < deadline:
        if partner_view(stack, subject).get("statusReport", {}).get("label") == label:
            return True
        time.sleep(0.1)
    return False


def partner_view(stack: Stack, subject: str) -> Item:
    _, company, issue = subject.split("/")
    return community.view(stack.trading_grid, company, issue) or {}


def heads(stack: Stack, subject: str) -> list[Item]:
    return items(stack, subject, "HEAD#")


def items(stack: Stack, subject: str, prefix: str) -> list[Item]:
    answer = stack.aws("dynamodb").query(
        TableName=stack.outputs["TableName"],
        ConsistentRead=True,
        KeyConditionExpression="pk = :pk AND begins_with(sk, :sk)",
        ExpressionAttributeValues={":pk": {"S": subject}, ":sk": {"S": prefix}},
    )
    return answer["Items"]


def text(item: Item, name: str) -> str:
    return next(iter(item.get(name, {"S": ""}).values()))


def ring_what_is_due(stack: Stack) -> list[str]:
    name = stack.outputs["PollChangesFunctionName"]
    event = {"source": "aws.scheduler", "detail-type": "Scheduled Event", "detail": "{}"}
    answer = stack.aws("lambda").invoke(FunctionName=name, Payload=json.dumps(event).encode())
    body = answer["Payload"].read().decode(errors="replace")
    return [f"poll-changes failed: {body}"] if "FunctionError" in answer else []


def read_back(stack: Stack, instance: Instance, issue: Issue) -> None:
    issue.timeline = items(stack, issue.subject, "STORY#")
    for link in items(stack, issue.subject, "LINK#"):
        issue.record = instance.record(text(link, "record_table"), text(link, "sys_id"))


def show(issue: Issue) -> None:
    say(f"\n{issue.subject}")
    if record := issue.record:
        fields = record.fields
        say(f"  {record.table} {fields.get('number', '')}: {fields.get('short_description', '')}")
        for label, name in (
            ("partner", "account" if fields.get("account") else "company"),
            ("state", "state"),
            ("priority", "priority"),
            ("assigned to", "assignment_group"),
            ("correlation", "correlation_id"),
        ):
            say(f"    {label:12} {fields.get(name, '')}")
        for line in fields.get("description", "").strip().splitlines():
            say(f"    | {line}")
        for file in record.files:
            say(f"    attachment   {file.name} ({file.size} bytes, {file.media_type})")
        for label, rows in (("comment", record.comments), ("work note", record.work_notes)):
            for row in rows:
                first, *rest = row["value"].splitlines() or [""]
                say(f"    {label:12} {first}")
                for line in rest:
                    say(f"    {'':12} {line}")
    say("  timeline")
    for entry in issue.timeline:
        say(f"    {text(entry, 'at')}  {text(entry, 'text')}")


def show_partner(stack: Stack, subject: str) -> list[str]:
    """What the partner sees of the desk, and what is wrong with it."""
    view = partner_view(stack, subject)
    report = view.get("statusReport", {})
    say(f"\n{subject}, as its partner sees it")
    for name in ("label", "text", "resolution", "caseNumber", "since"):
        if name in report:
            say(f"    {name:12} {report[name]}")
    comments = [one for one in view.get("comments", []) if one.get("origin", {}).get("writer") == "gridlink"]
    for comment in comments:
        say(f"    comment      {comment['author']['name']}: {comment['text']}")
    told = [line for entry in items(stack, subject, "STORY#") for line in text(entry, "text").splitlines()]
    labels = [line.removeprefix("told the partner: ") for line in told if line.startswith("told the partner: ")]
    faults = []
    if labels != list(TOLD):
        faults.append(f"{subject}: the partner was told {labels}")
    if [comment["text"] for comment in comments] != [fields["comments"] for fields in AGENT if "comments" in fields]:
        faults.append(f"{subject}: the partner does not see exactly the agent's comment")
    if "vault" in json.dumps(view):
        faults.append(f"{subject}: the partner sees a work note")
    return faults


def judge(instance: Instance, issue: Issue) -> list[str]:
    """What is not as the events said."""
    record = issue.record
    if record is None:
        return [f"{issue.subject}: no record was made"]
    faults = []
    if not instance.is_unique(record.table, record.fields["correlation_id"]):
        faults.append("there is not exactly one record with its correlation_id")
    if issue.summary not in record.fields["short_description"]:
        faults.append(f"its short description does not say {issue.summary!r}")
    if not record.fields.get("assignment_group"):
        faults.append("it is assigned to no group")
    if Counter((file.name, file.sha256) for file in record.files) != Counter(issue.files.values()):
        faults.append(f"its attachments are not exactly {sorted(name for name, _ in issue.files.values())}")
    for comment in issue.comments:
        times = sum(comment in row["value"] for row in record.comments)
        if times != 1:
            faults.append(f"the comment {comment[:40]!r} is there {times} times")
    if not issue.timeline:
        faults.append("its timeline is empty")
    return [f"{issue.subject}: {fault}" for fault in faults]
