"""The play of an escalation: the partner, the desk and its teams work on one issue in a lane of its own."""

from __future__ import annotations

from typing import Any

import community
from console import detail
from servicenow_view import Instance, Record, Row
from stack import Stack
from streams import differs, owners, soon
from worlds import agent_sets, insist

REASON = "The truck leaves at 16:00 and the plant stops tomorrow without these parts."
ANSWER = "The carrier has found the truck at the southern gate."
QUESTION = "When will it be at the northern gate?"
END = "The parts are here."
# What the partner must not see.
FINDING = "The consignment was signed for at dock 12; the code is in the vault."
RECORD, TASK = "sn_customerservice_escalation", "sn_customerservice_task"
TEAMS = ["Customer Service", "Logistics Exceptions"]
CONTACT, DELIVERY = "First answer of the desk", "Proof of delivery checked"
ESCALATED = {"in": "bridge-escalation", "out": "bridge-escalation"}
ORDINARY = {"in": "open-case", "out": "relay-status"}


class Escalation:
    """The escalation of an issue that has a case, played on both sides."""

    def __init__(self, stack: Stack, instance: Instance, subject: str, case: Record) -> None:
        self.stack = stack
        self.instance = instance
        self.subject = subject
        self.case = case
        _, self.company, self.issue = subject.split("/")

    def play(self) -> list[str]:
        """Gives what is not as it should be, from the first act on that did not do what it should."""
        faults = self.begins() or self.talks() or self.reaches_a_milestone() or self.ends()
        return [f"{self.subject}, escalated: {fault}" for fault in faults]

    def begins(self) -> list[str]:
        self.acts("escalates", reason=REASON)
        detail("the partner escalates the issue")
        faults = soon(self.stack, self.faults_of_the_beginning)
        if not faults:
            detail(f"the teams have their tasks: {', '.join(TEAMS)}; the workspace is open")
        return faults

    def faults_of_the_beginning(self) -> list[str]:
        made = self.made()
        groups = sorted(row["assignment_group"] for row in made if row["sys_class_name"] == TASK)
        record = self.instance.record(self.case.table, self.case.sys_id)
        workspace = self.workspace()
        return (
            differs("records of escalation", [row["state"] for row in made if row["sys_class_name"] == RECORD], ["2"])
            + differs("teams with a task", groups, TEAMS)
            + differs("priority of the case", record.fields["priority"][:1], "1")
            + differs("comments with the reason", count(record.comments, REASON), 1)
            + differs("workspace", (workspace.get("state"), workspace.get("label")), ("open", "Escalated"))
            + self.faults_of_milestones({CONTACT: "planned", DELIVERY: "planned"})
            + self.faults_of_lanes(ESCALATED)
        )

    def talks(self) -> list[str]:
        self.works(self.case.table, self.case.sys_id, {"comments": ANSWER})
        detail("an agent writes a public comment: it goes to the workspace")
        self.acts("writes-in-workspace", text=QUESTION)
        detail("the partner writes in the workspace: it goes to the case")
        return soon(self.stack, self.faults_of_the_talk)

    def faults_of_the_talk(self) -> list[str]:
        messages = [message["text"] for message in self.workspace().get("messages", [])]
        comments = self.instance.journal(self.case.sys_id, "comments")
        return differs("messages in the workspace", sorted(messages), sorted([ANSWER, QUESTION])) + differs(
            "comments with the partner's message", count(comments, QUESTION), 1
        )

    def reaches_a_milestone(self) -> list[str]:
        [task] = [row for row in self.made() if row["assignment_group"] == TEAMS[1]]
        self.works(TASK, task["sys_id"], {"state": "3", "close_notes": FINDING})
        detail(f"{TEAMS[1]} finish their task {task['number']}")
        faults = soon(self.stack, lambda: self.faults_of_milestones({CONTACT: "planned", DELIVERY: "done"}))
        if not faults:
            detail(f"the partner sees: {DELIVERY}, done")
        return faults

    def ends(self) -> list[str]:
        self.acts("de-escalates", reason=END)
        detail("the partner ends the escalation")
        return soon(self.stack, self.faults_of_the_end)

    def faults_of_the_end(self) -> list[str]:
        made = self.made()
        states = sorted((row["sys_class_name"], row["state"]) for row in made)
        [contact] = [row["sys_id"] for row in made if row["assignment_group"] == TEAMS[0]]
        notes = self.instance.journal(contact, "work_notes")
        comments = self.instance.journal(self.case.sys_id, "comments")
        return (
            differs("records of the escalation", states, [(RECORD, "3"), (TASK, "1"), (TASK, "3")])
            + differs("notes for the team that is not done", count(notes, "before this task was done"), 1)
            + differs("comments with the partner's words", count(comments, END), 1)
            + differs("workspace", self.workspace().get("state"), "ended")
            # What the partner has ended stays as it was.
            + self.faults_of_milestones({CONTACT: "planned", DELIVERY: "done"})
            + self.faults_of_lanes(ORDINARY)
            + self.faults_of_the_talk()
        )

    def faults_of_milestones(self, wanted: dict[str, str]) -> list[str]:
        found = {milestone["title"]: milestone["state"] for milestone in self.workspace().get("milestones", [])}
        return differs("milestones", found, wanted)

    def faults_of_lanes(self, wanted: dict[str, str]) -> list[str]:
        found = owners(self.stack, self.subject)
        return differs("who works on the issue", {lane: found.get(lane) for lane in wanted}, wanted)

    def made(self) -> list[Row]:
        """The records in ServiceNow that the escalation made, oldest first."""
        return self.instance.rows("task", f"correlation_idSTARTSWITH{self.issue}/^ORDERBYnumber")

    def workspace(self) -> dict[str, Any]:
        return community.workspace(self.stack.trading_grid, self.company, self.issue)

    def acts(self, act: str, **members: str) -> None:
        body = {"act": act, "companyId": self.company, "issueId": self.issue, **members}
        insist(self.stack.trading_grid, "acts", body, f"that the partner {act}")

    def works(self, table: str, sys_id: str, fields: dict[str, str]) -> None:
        agent_sets(self.stack.servicenow, table, sys_id, fields)


class EscalationByDesk(Escalation):
    """The escalation of an issue that an agent asks for, with the button of the app where it is there."""

    def play(self) -> list[str]:
        faults = self.is_pressed() or self.is_ended()
        return [f"{self.subject}, escalated by the desk: {fault}" for fault in faults]

    def is_pressed(self) -> list[str]:
        self.stack.press("Escalate to partner", self.case, "x_gridlink_escalated")
        faults = soon(self.stack, lambda: self.faults_of("2", "1", "open"))
        if not faults:
            detail("the escalation record and the workspace are open, and the desk has its task")
        return faults

    def is_ended(self) -> list[str]:
        self.acts("de-escalates", reason=END)
        detail("the partner ends the escalation")
        return soon(self.stack, lambda: self.faults_of("3", "1", "ended"))

    def faults_of(self, record: str, task: str, workspace: str) -> list[str]:
        states = sorted((row["sys_class_name"], row["state"]) for row in self.made())
        return differs("records of the escalation", states, [(RECORD, record), (TASK, task)]) + differs(
            "workspace", self.workspace().get("state"), workspace
        )


def count(rows: list[Row], part: str) -> int:
    return sum(part in row["value"] for row in rows)
