"""The play of a thread: a corrected document is asked for, a team gets a task, and its outcome comes back."""

from __future__ import annotations

import hashlib
from typing import Any

import community
from console import detail, say
from servicenow_view import Instance, Row
from stack import Stack
from streams import differs, soon, wait_until_finished
from worlds import agent_sets, insist

TOPIC = "Shipping documents of purchase order 4500012345"
COMPLAINT = "The packing list names the wrong plant."
WISH = {"documentType": "corrected packing list", "text": "Please send it with plant 1200."}
PERSON = {"userId": "GCP4N8W225A19", "name": "Ada Okafor"}
TABLE, TEAM = "sc_task", "Document Control"
FILE, CONTENT = "packing-list-corrected.txt", b"Packing list 88120-2: ten pallets for plant 1200.\n"
ANSWER = "Here is the corrected list."
# What the partner must not see.
FINDING = "The template of the list had the plant of last year; its password is in the vault."


class Thread:
    """A thread of a partner, and the task that it leads to."""

    def __init__(self, stack: Stack, instance: Instance, desk: Instance, company: str) -> None:
        self.stack = stack
        self.instance = instance
        self.desk = desk
        self.company = company
        self.thread = "THR-88120"
        self.subject = f"threads/{company}/{self.thread}"

    def play(self) -> list[str]:
        """Gives what is not as it should be, from the first act on that did not do what it should."""
        faults = self.asks() or self.answers() or wait_until_finished(self.stack, [self.subject])
        return [f"{self.subject}: {fault}" for fault in faults]

    def asks(self) -> list[str]:
        topic = {"companyId": self.company, "threadId": self.thread, "topic": TOPIC}
        self.acts({"act": "starts-thread", "thread": topic, "text": COMPLAINT})
        detail("the partner complains in a thread: that alone is no task")
        ids = {"companyId": self.company, "threadId": self.thread}
        self.acts({"act": "requests-document", **ids, "request": {**WISH, "author": PERSON}})
        detail(f"the partner asks for a {WISH['documentType']}")
        faults = soon(self.stack, self.faults_of_the_task)
        if not faults:
            detail(f"{TEAM} have {self.task()['number']}: {self.task()['short_description']}")
        return faults

    def faults_of_the_task(self) -> list[str]:
        tasks = self.tasks()
        made = [(task["sys_class_name"], task["assignment_group"], WISH["text"] in task["description"]) for task in tasks]
        return differs("tasks", made, [(TABLE, TEAM, True)]) + self.faults_of_the_partner([], [], "open", "accepted")

    def answers(self) -> list[str]:
        sys_id = self.task()["sys_id"]
        self.desk.attach(TABLE, sys_id, FILE, "text/plain", CONTENT)
        self.works({"comments": f"{ANSWER}\nshare: {FILE}", "work_notes": FINDING})
        detail(f"an agent attaches {FILE} and shares it")
        self.works({"state": "3"})
        detail("the task is done")
        faults = soon(self.stack, self.faults_in_the_end)
        if not faults:
            detail("the partner sees the answer, the document, and that the request is fulfilled")
        return faults

    def faults_in_the_end(self) -> list[str]:
        digest = hashlib.sha256(CONTENT).hexdigest()
        return self.faults_of_the_partner([ANSWER], [(FILE, digest)], "fulfilled", "done")

    def faults_of_the_partner(
        self, answers: list[str], files: list[tuple[str, str]], request: str, outcome: str
    ) -> list[str]:
        view = self.view()
        messages = [message["text"] for message in view.get("messages", [])]
        documents = [(document["name"], document["sha256"]) for document in view.get("documents", [])]
        return (
            differs("messages in the thread", messages, [COMPLAINT, *answers])
            + differs("documents in the thread", documents, files)
            + differs("requests", [one["state"] for one in view.get("documentRequests", [])], [request])
            + differs("outcomes", [one["state"] for one in view.get("outcomes", [])], [outcome])
        )

    def tasks(self) -> list[Row]:
        """The records in ServiceNow that the thread made."""
        return self.instance.rows("task", f"correlation_idSTARTSWITH{self.thread}/^ORDERBYnumber")

    def task(self) -> Row:
        [task] = self.tasks()
        return task

    def view(self) -> dict[str, Any]:
        threads = community.seen(self.stack.trading_grid, self.company)["threads"]
        return next((one for one in threads if one["threadId"] == self.thread), {})

    def acts(self, act: dict[str, Any]) -> None:
        insist(self.stack.trading_grid, "acts", act, f"that the partner {act['act']}")

    def works(self, fields: dict[str, str]) -> None:
        agent_sets(self.stack.servicenow, TABLE, self.task()["sys_id"], fields)

    def show(self) -> list[str]:
        """Prints what the partner sees; gives what is wrong in the end."""
        view = self.view()
        say(f"\n{self.subject}, as its partner sees it: {view.get('topic', '')}")
        for message in view.get("messages", []):
            say(f"    message      {message['author']['name']}: {message['text']}")
        for document in view.get("documents", []):
            say(f"    document     {document['name']} ({document['size']} bytes, {document['mediaType']})")
        for request in view.get("documentRequests", []):
            say(f"    request      {request['documentType']}: {request['state']}")
        for outcome in view.get("outcomes", []):
            say(f"    outcome      {outcome['label']}")
        faults = differs("tasks", len(self.tasks()), 1) + self.faults_in_the_end()
        return [f"{self.subject}, in the end: {fault}" for fault in faults]
