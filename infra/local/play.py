"""The play: sample events go in through API Gateway; what came of them is read back and checked."""

from __future__ import annotations

import hashlib
import json
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field, replace

import community
import webhook
from console import Problem, detail, say, step
from escalation import Escalation, EscalationByDesk
from exchanges import Failures, Storm
from knowledge import Article, Draft
from onboarding import Distributor
from servicenow_app import press, refusal_of
from servicenow_view import Instance, Record
from stack import CLIENT, ROOT, Stack
from streams import Item, differs, items, run_schedule, soon, text, wait_until_finished
from threads import Thread
from worlds import AGENT, agent_sets, insist

SAMPLES = ROOT / "events" / "receive-webhook"
# In the order of the story: the first issue is opened, changed, discussed, gets a document; then another.
PLAY = ("opened-asn-failed", "updated", "commented", "document-shared", "opened-invoice-mismatch")
# The first issue's record is worked on: what an agent sets first, and when the issue is solved.
TAKES = {"state": "10", "work_notes": "Vendor portal password is in the vault."}
RESOLVES = {"state": "6", "close_notes": "The notice was sent again and accepted."}
# What the agent shares with the partner by a line of a public comment.
FILE = "asn-856-corrected.edi"
CONTENT = b"ST*856*0001~BSN*00*SHP-88120*20261122*1012~HL*1**S~N1*ST*PLANT 4*92*4004~SE*5*0001~"
COMMENT = "We have found the cause and send the notice again."
# How the agent comes in, beside Gridlink.
DESK = {"client_id": "desk", "client_secret": "desk"}
# What the partner is told of that, in order.
TOLD = ("received", "under review", "resolved", "closed")


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
    events = [webhook.read_event(SAMPLES / f"{name}.json") for name in PLAY]
    issues: dict[str, Issue] = {}
    for event in events:
        issues.setdefault(event["subject"], Issue(event["subject"])).learn(event)
    with step("Sending signed events through API Gateway"):
        faults = send_all(stack, events)
    with step("Waiting until every stream is finished"):
        faults += wait_until_finished(stack, list(issues))
    instance = Instance(stack.servicenow, CLIENT)
    first = issues[events[0]["subject"]]
    faults += play_one_issue(stack, instance, first)
    if record := first.record:
        draft = Draft(stack, instance, record, first.summary, RESOLVES["close_notes"])
        with step("The solved case is marked for knowledge: what solved it becomes a draft"):
            faults += draft.play()
    second = issues[events[-1]["subject"]]
    with step("An agent escalates the other issue, and its partner ends that"):
        faults += escalate(stack, instance, second)
    if stack.app:
        with step("Testing the connection of the app, as its administrator does"):
            faults += test_connection(stack, first)
    _, company, _ = first.subject.split("/")
    thread = Thread(stack, instance, Instance(stack.servicenow, DESK), company)
    with step("A thread asks for a corrected document: a task, and its outcome"):
        faults += thread.play()
    article = Article(stack, instance, company)
    with step("An article is published, revised and retired: its partners read just that"):
        faults += article.play()
    distributor = Distributor(stack, instance, Instance(stack.servicenow, DESK))
    with step("A distributor is ordered in the service catalog: set up by people, given its user and roles"):
        faults += distributor.play()
    failures = Failures(stack, instance)
    with step("Invoices fail in Trading Grid: one incident, until they go through"):
        faults += failures.play()
    storm = Storm(stack, instance)
    with step("A storm of failed shipment notices: one incident that counts them, until they go through"):
        faults += storm.play()
    with step("Ringing what is due, and polling both sides, as the schedules do every minute"):
        for schedule in ("poll-changes", "poll-feed", "poll-records"):
            faults += run_schedule(stack, schedule)
        faults += wait_until_finished(stack, [*issues, thread.subject, article.subject, distributor.subject])
    with step("Reading back what came of it"):
        for issue in issues.values():
            read_back(stack, instance, issue)
    for issue in issues.values():
        show(issue)
        faults += judge(instance, issue)
    faults += thread.show() + article.show() + distributor.show() + failures.judge() + storm.judge()
    if stack.app:
        faults += stack.app.faults()
    return faults + show_partner(stack, first)


def play_one_issue(stack: Stack, instance: Instance, issue: Issue) -> list[str]:
    """Act after act, until one does not do what it should."""
    read_back(stack, instance, issue)
    if issue.record is None:
        return [f"{issue.subject} has no record to work on"]
    record = issue.record
    acts: tuple[tuple[str, Callable[[], list[str]]], ...] = (
        ("Working on the first issue in ServiceNow, and telling its partner", lambda: work(stack, issue, record)),
        ("Escalating it, as its partner", lambda: Escalation(stack, instance, issue.subject, record).play()),
        ("Resolving it, and asking its partner", lambda: resolve(stack, issue, record)),
    )
    # The Trading Grid world posts by itself what the partner does from now on.
    stack.let_tell("trading-grid")
    for title, act in acts:
        with step(title):
            if faults := act() or wait_until_finished(stack, [issue.subject]):
                return faults
    return []


def escalate(stack: Stack, instance: Instance, issue: Issue) -> list[str]:
    read_back(stack, instance, issue)
    if issue.record is None:
        return [f"{issue.subject} has no record to escalate"]
    escalation = EscalationByDesk(stack, instance, issue.subject, issue.record)
    return escalation.play() or wait_until_finished(stack, [issue.subject])


def test_connection(stack: Stack, issue: Issue) -> list[str]:
    """The event of the test is taken, and a button that is not there does nothing."""
    app, record = stack.app, issue.record
    if app is None or record is None:
        return []
    event = app.test_connection()

    def faults_now() -> list[str]:
        states = [row["state"] for row in app.outbox() if row["sys_id"] == event]
        return differs("the app: the event of its test", states, ["sent"])

    faults = soon(stack, faults_now)
    if not faults:
        detail("its event was taken")
    if refusal_of(stack.servicenow, "Escalate to partner", record.table, record.sys_id) is None:
        faults.append(f"{issue.subject} is closed and was escalated all the same")
    return faults


def send_all(stack: Stack, events: list[webhook.Event]) -> list[str]:
    faults = []
    door = stack.door("trading-grid")
    rotated_out = replace(door, key=stack.keys["trading-grid"][0])
    told = []
    for name, sample in zip(PLAY, events, strict=True):
        if refusal := community.mirror(stack.trading_grid, sample):
            raise Problem(f"The Trading Grid world refused {name}: {refusal}")
        # The community's own event: the schedule finds the same one in its feed.
        event = community.told(stack.trading_grid)
        told.append(event)
        is_late = name == "commented"
        answer = webhook.send(rotated_out if is_late else door, event)
        detail(f"{answer.status}  {name}{', signed with the key before the last rotation' if is_late else ''}")
        if answer.status != 202:
            faults.append(f"{name}: answered {answer.status} {answer.body}")
    # The same again changes nothing, and a wrong signature gets nothing in.
    again = webhook.send(door, told[-1])
    detail(f"{again.status}  {PLAY[-1]}, once more")
    if again.status != 202:
        faults.append(f"a duplicate was answered {again.status} {again.body}")
    forged = webhook.send(replace(door, key="whsec_Zm9yZ2Vk"), told[0])
    detail(f"{forged.status}  {PLAY[0]}, signed with another key")
    if forged.status != 401:
        faults.append(f"a forged event was answered {forged.status} {forged.body}")
    return faults


def work(stack: Stack, issue: Issue, record: Record) -> list[str]:
    """Who acts too fast is understood, but only the last state is told."""
    if faults := told_in_time(stack, issue, TOLD[0]):
        return faults
    change(stack, record, TAKES)
    if faults := told_in_time(stack, issue, TOLD[1]):
        return faults
    insist(stack.servicenow, "clients", DESK | {"user_name": AGENT}, f"a client for {AGENT}")
    file = Instance(stack.servicenow, DESK).attach(record.table, record.sys_id, FILE, "application/edi-x12", CONTENT)
    detail(f"an agent attaches {FILE}")
    if stack.app:
        change(stack, record, {"comments": COMMENT})
        press(stack.servicenow, "Share with partner", "sys_attachment", file)
    else:
        change(stack, record, {"comments": f"{COMMENT}\nshare: {FILE}"})
    issue.files["shared by the desk"] = (FILE, hashlib.sha256(CONTENT).hexdigest())
    faults = soon(stack, lambda: faults_of_sharing(stack, issue))
    if not faults:
        detail(f"the partner sees the comment, and {FILE} with the same SHA-256")
    return faults


def faults_of_sharing(stack: Stack, issue: Issue) -> list[str]:
    view = partner_view(stack, issue.subject)
    files = [(one["name"], one["sha256"]) for one in of_the_desk(view, "documents")]
    comments = [one["text"] for one in of_the_desk(view, "comments")]
    return differs(
        f"{issue.subject}: the partner sees the files", files, [(FILE, hashlib.sha256(CONTENT).hexdigest())]
    ) + differs(f"{issue.subject}: the partner sees the comments", comments, [COMMENT])


def resolve(stack: Stack, issue: Issue, record: Record) -> list[str]:
    change(stack, record, RESOLVES)
    # The question follows the state: who answers before it was asked is refused.
    if faults := told_in_time(stack, issue, TOLD[2]) or soon(stack, lambda: faults_of_the_question(stack, issue)):
        return faults
    _, company, name = issue.subject.split("/")
    act = {"act": "confirms-closure", "companyId": company, "issueId": name}
    insist(stack.trading_grid, "acts", act, f"that the partner confirms that {issue.subject} is solved")
    detail("the partner confirms that the issue is solved")
    faults = told_in_time(stack, issue, TOLD[3]) or wait_until_finished(stack, [issue.subject])
    closure = partner_view(stack, issue.subject).get("closure") or {}
    return faults + [f"{issue.subject}: {fault}" for fault in differs("closed", closure.get("because"), "confirmed")]


def faults_of_the_question(stack: Stack, issue: Issue) -> list[str]:
    closure = partner_view(stack, issue.subject).get("closure") or {}
    return differs(f"{issue.subject}: the partner was asked to confirm", closure.get("state"), "requested")


def change(stack: Stack, record: Record, fields: dict[str, str]) -> None:
    agent_sets(stack.servicenow, record.table, record.sys_id, fields)
    detail(f"an agent sets {', '.join(fields)}")


def told_in_time(stack: Stack, issue: Issue, label: str) -> list[str]:
    def faults_now() -> list[str]:
        report = partner_view(stack, issue.subject).get("statusReport") or {}
        return differs(f"{issue.subject}: the partner was told", report.get("label"), label)

    return soon(stack, faults_now)


def partner_view(stack: Stack, subject: str) -> Item:
    _, company, issue = subject.split("/")
    return community.view(stack.trading_grid, company, issue) or {}


def of_the_desk(view: Item, what: str) -> list[Item]:
    """The comments or documents of an issue that Gridlink brought."""
    return [one for one in view.get(what, []) if one.get("origin", {}).get("writer") == "gridlink"]


def read_back(stack: Stack, instance: Instance, issue: Issue) -> None:
    issue.timeline = items(stack, issue.subject, "STORY#")
    for link in items(stack, issue.subject, "LINK#case#"):
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


def show_partner(stack: Stack, issue: Issue) -> list[str]:
    """What the partner sees of the desk, and what is wrong with it."""
    subject = issue.subject
    _, company, name = subject.split("/")
    view = partner_view(stack, subject)
    report = view.get("statusReport", {})
    say(f"\n{subject}, as its partner sees it")
    for member in ("label", "text", "resolution", "caseNumber", "since"):
        if member in report:
            say(f"    {member:12} {report[member]}")
    for comment in of_the_desk(view, "comments"):
        say(f"    comment      {comment['author']['name']}: {comment['text']}")
    for file in of_the_desk(view, "documents"):
        say(f"    document     {file['name']} ({file['size']} bytes, {file['mediaType']})")
    workspace = community.workspace(stack.trading_grid, company, name)
    say(f"    workspace    {workspace.get('label')}, {workspace.get('state')}")
    for message in workspace.get("messages", []):
        say(f"    message      {message['author']['name']}: {message['text']}")
    for milestone in workspace.get("milestones", []):
        say(f"    milestone    {milestone['title']}: {milestone['state']}")
    told = [line for entry in issue.timeline for line in text(entry, "text").splitlines()]
    labels = [line.removeprefix("told the partner: ") for line in told if line.startswith("told the partner: ")]
    faults = differs(f"{subject}: the partner was told", labels, list(TOLD)) + faults_of_sharing(stack, issue)
    if "vault" in json.dumps(community.seen(stack.trading_grid, company)):
        faults.append(f"{subject}: the partner sees what is internal")
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
