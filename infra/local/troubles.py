"""Five troubles that operators meet: each is found with one command, in its own words, and put right with one more."""

from __future__ import annotations

import json
import time
import urllib.request
from collections.abc import Callable
from contextlib import contextmanager
from typing import Any

import community
from console import Problem, detail
from gridlink import Gridlink
from stack import CLIENT, NAME, Stack
from streams import differs, heads, items, soon, text, wait_until_finished
from worlds import insist, state

COMPANY = "GC41543822654A"
# Long enough to read what a command says and to type the next one.
MOST_SECONDS = 120
GROUP = "EDI Support"
TASKS = "/api/now/v2/table/task/"
HIDDEN = {"kind": "status", "status": 404, "body": json.dumps({
    "error": {"message": "No Record found", "detail": "Record doesn't exist or ACL restricts the record retrieval"},
    "status": "failure",
})}
WHEN_GONE = "being checked"


class Troubles:
    def __init__(self, stack: Stack, gridlink: Gridlink) -> None:
        self.stack = stack
        self.gridlink = gridlink
        self.told: list[str] = []

    def check(self) -> list[str]:
        acts: tuple[tuple[str, Callable[[], None]], ...] = (
            ("a wrong group", self.wrong_group),
            ("an expired secret", self.expired_secret),
            ("a parked document", self.parked_document),
            ("a case that was deleted by hand", self.deleted_case),
            ("a push that never came", self.lost_push),
        )
        for name, act in acts:
            started = time.monotonic()
            act()
            took = time.monotonic() - started
            detail(f"{name}: found and put right in {took:.0f} s")
            if took > MOST_SECONDS:
                self.told.append(f"{name} took {took:.0f} s")
            if faults := self.gridlink.faults + self.told:
                return [f"{name}: {fault}" for fault in faults]
        return []

    def expect(self, what: str, is_so: object) -> None:
        if not is_so:
            self.told.append(what)

    # ------------------------------------------------------------ the troubles

    def wrong_group(self) -> None:
        """The mapping names a group that the instance calls something else."""
        group = self.row("sys_user_group", "name", GROUP)
        self.set(group, {"name": f"{GROUP} (EMEA)"})
        subject = self.opens("ISS-7001", "connectivity")
        self.told += soon(self.stack, lambda: self.unless_parked(subject))
        found = self.gridlink.findings("group")
        self.expect(f"doctor names the group: {found}", any(GROUP in one["what"] and "mapping" in one["remedy"] for one in found))
        self.set(group, {"name": GROUP})
        self.gridlink("parked", "replay", "ISS-7001")
        self.finished(subject)
        self.expect(f"{subject} has a record", items(self.stack, subject, "LINK#case#"))

    def expired_secret(self) -> None:
        """The client of the instance has another secret by now."""
        name = f"{NAME}/credentials/servicenow"
        secrets = self.stack.aws("secretsmanager")
        secrets.put_secret_value(SecretId=name, SecretString=json.dumps(CLIENT | {"client_secret": "of last year"}))
        found = self.gridlink.findings("servicenow")
        self.expect(f"doctor names the secret: {found}", any(name in one["remedy"] for one in found))
        secrets.put_secret_value(SecretId=name, SecretString=json.dumps(CLIENT))
        self.expect("doctor finds the secret right", not self.gridlink.findings("servicenow", wanted=0))

    def parked_document(self) -> None:
        """A document comes while its record is hidden from the integration user."""
        subject = self.opens("ISS-7002", "asn_failed")
        self.finished(subject)
        link = items(self.stack, subject, "LINK#case#")[0]
        rule = {"method": "GET", "path": TASKS + text(link, "sys_id"), "fault": HIDDEN}
        insist(self.stack.servicenow, "knobs", rule, "to hide a record")
        share = {"companyId": COMPANY, "issueId": "ISS-7002", "documentId": "doc-pod"}
        insist(self.stack.trading_grid, "shares", share, "a document")
        self.told += soon(self.stack, lambda: self.unless_parked(subject))
        parked = self.gridlink.json("parked", "list", wanted=1).get("parked", [])
        self.expect(f"parked list names it: {parked}", [one["subject"] for one in parked] == [subject])
        traced = self.gridlink("trace", "ISS-7002", wanted=1)
        self.expect("trace says what to do", "gridlink parked replay" in traced and "is parked" in traced)
        clear_knobs(self.stack.servicenow)
        self.gridlink("parked", "replay", "ISS-7002")
        self.finished(subject)
        files = [row for row in self.rows("sys_attachment") if row["table_sys_id"] == text(link, "sys_id")]
        self.told += differs("files of the record", len(files), 1)

    def deleted_case(self) -> None:
        """Somebody deletes the case of an issue; without the app nobody tells of it."""
        subject = self.opens("ISS-7003", "asn_failed")
        self.finished(subject)
        link = items(self.stack, subject, "LINK#case#")[0]
        row = {"table": text(link, "record_table"), "sys_id": text(link, "sys_id")}
        insist(self.stack.servicenow, "delete", row, "to delete a case")
        found = self.differences("K2")
        self.expect(f"reconcile plan names it: {found}", [one["subject"] for one in found] == [subject])
        self.expect("it says how to tell so", all("reconcile apply --deleted" in one["remedy"] for one in found))
        self.gridlink("reconcile", "apply", "--deleted")
        self.finished(subject)

        def faults_now() -> list[str]:
            view = community.view(self.stack.trading_grid, COMPANY, "ISS-7003") or {}
            return differs("the partner was told", (view.get("statusReport") or {}).get("label"), WHEN_GONE)

        self.told += soon(self.stack, faults_now)

    def lost_push(self) -> None:
        """A comment is never posted, and polling is off."""
        subject = self.opens("ISS-7004", "asn_failed")
        self.finished(subject)
        with self.without_polls():
            rule = {"subject": subject, "fault": {"kind": "drop"}}
            insist(self.stack.trading_grid, "event-knobs", rule, "to lose events")
            said = {"companyId": COMPANY, "issueId": "ISS-7004", "author": {"name": "Dana Whitfield"}, "text": "Any news?"}
            insist(self.stack.trading_grid, "comments", said, "a comment")
            # What is younger may still be under way.
            time.sleep(31)
            found = self.differences("K5")
            self.expect(f"reconcile plan names it: {found}", [one["subject"] for one in found] == [subject])
            self.gridlink("reconcile", "apply")
            self.finished(subject)
        self.expect("nothing is left to be put right", not self.gridlink.json("reconcile", "plan").get("differences"))
        link = items(self.stack, subject, "LINK#case#")[0]
        entries = [row for row in self.rows("sys_journal_field") if row["element_id"] == text(link, "sys_id")]
        self.told += differs("comments of the record", sum("Any news?" in row["value"] for row in entries), 1)

    # ------------------------------------------------------------ the ground

    def opens(self, issue: str, category: str) -> str:
        """The world posts what the partner does."""
        seed: dict[str, Any] = {
            "issueId": issue, "companyId": COMPANY, "kind": "transaction", "category": category, "priority": "medium",
            "summary": f"Trouble {issue}", "description": "", "author": {"name": "Dana Whitfield"}, "documents": [],
        }
        insist(self.stack.trading_grid, "issues", seed, "an issue")
        subject = f"issues/{COMPANY}/{issue}"
        self.told += soon(self.stack, lambda: [] if heads(self.stack, subject) else [f"{subject} was never accepted"])
        return subject

    def finished(self, subject: str) -> None:
        self.told += wait_until_finished(self.stack, [subject])

    def unless_parked(self, subject: str) -> list[str]:
        is_parked = any("parked" in head for head in heads(self.stack, subject))
        return [] if is_parked else [f"{subject} is not parked"]

    def differences(self, kind: str) -> list[dict[str, str]]:
        found = self.gridlink.json("reconcile", "plan", wanted=1).get("differences", [])
        return [one for one in found if one["kind"] == kind]

    @contextmanager
    def without_polls(self):  # noqa: ANN201 - a context
        scheduler = self.stack.aws("scheduler")
        names = [f"{NAME}-poll-feed", f"{NAME}-poll-records"]
        for name in names:
            switch(scheduler, name, "DISABLED")
        try:
            yield
        finally:
            for name in names:
                switch(scheduler, name, "ENABLED")

    def rows(self, table: str) -> list[dict[str, str]]:
        return state(self.stack.servicenow)["tables"].get(table, [])

    def row(self, table: str, field: str, value: str) -> dict[str, str]:
        found = [row | {"table": table} for row in self.rows(table) if row[field] == value and row.get("active") == "true"]
        if len(found) != 1:
            raise Problem(f"the instance has {len(found)} rows of {table} that are active with {field} {value}")
        return found[0]

    def set(self, row: dict[str, str], fields: dict[str, str]) -> None:
        change = {"table": row["table"], "sys_id": row["sys_id"], "fields": fields}
        insist(self.stack.servicenow, "update", change, f"a change of {row['table']}")


def switch(scheduler: Any, name: str, wanted: str) -> None:
    schedule = scheduler.get_schedule(Name=name)
    members = ("Name", "ScheduleExpression", "FlexibleTimeWindow", "Target")
    scheduler.update_schedule(**{member: schedule[member] for member in members}, State=wanted)


def clear_knobs(world: str) -> None:
    request = urllib.request.Request(f"{world}/_world/knobs", method="DELETE")
    urllib.request.urlopen(request, timeout=10).close()


def check(stack: Stack, gridlink: Gridlink) -> list[str]:
    """What was not found, or not put right."""
    return Troubles(stack, gridlink).check()
