"""The plays of failed exchanges: invoices without tax data, a storm of shipment notices, one incident each, and how
they resolve themselves."""

from __future__ import annotations

import time
import uuid
from collections.abc import Callable
from functools import partial
from typing import Any

from console import detail, say
from servicenow_view import Instance, Row
from stack import Stack
from streams import differs, heads, items, run_schedule, soon, text
from worlds import insist

OURS = "01:147678796"
# Contoso's invoices to us.
INVOICES = ("90081", "90082")
FINANCE, ANALYST = "B2B Finance", "Natasha Ingram"
# Northwind's shipment notices to us: its mailbox takes nothing for a while.
NOTICES = tuple(f"SHP-{number}" for number in range(88201, 88226))
NEW, RESOLVED = "New", "Resolved"


class Exchanges:
    """Exchanges that fail alike, as Lens and ServiceNow show them."""

    def __init__(self, stack: Stack, instance: Instance, documents: tuple[str, ...], seed: dict[str, Any], key: str) -> None:
        """`seed` is what they have in common; `key` is the business key by which each is called."""
        self.stack = stack
        self.instance = instance
        self.documents = documents
        self.seed = seed
        self.key = key
        self.exchanges = {document: str(uuid.uuid4()) for document in documents}

    def polls(self, faults_now: Callable[[], list[str]]) -> list[str]:
        """Polls as the schedule does until nothing is wrong any more: Lens is read a few seconds behind."""
        return soon(self.stack, lambda: run_schedule(self.stack, "poll-lens") or faults_now())

    def faults_of_the_incident(self, wanted: dict[str, str], failed: int, failing: int) -> list[str]:
        found = self.incidents()
        if len(found) != 1:
            return [f"{len(found)} incidents instead of one"]
        [incident] = found
        counts = f"in this way: {failed}, of which {failing} still fail"
        faults = [] if counts in incident["description"] else [f"its description does not say {counts!r}"]
        for name, value in wanted.items():
            faults += differs(name, incident[name], value)
        return faults

    def incidents(self) -> list[Row]:
        """All that Gridlink made of these exchanges: each is known by the first that failed."""
        rows = self.instance.rows("incident", "correlation_display=Trading Grid", display=True)
        return [row for row in rows if row["correlation_id"] in self.exchanges.values()]

    def accepted(self, document: str) -> list[str]:
        """How many events of an exchange were accepted: one for each state that it was in."""
        return [text(head, "accepted") for head in heads(self.stack, f"exchanges/{self.exchanges[document]}")]

    def fails(self, document: str) -> None:
        own = {"correlationId": self.exchanges[document], "businessKeys": {self.key: document}}
        self.change("exchanges", {**self.seed, **own})
        # An exchange takes its time to get to its state; this one is there at once.
        self.lens(document, "status", {"status": self.seed["status"]})
        self.lens(document, "tell", {})

    def lens(self, document: str, what: str, body: dict[str, Any]) -> None:
        self.change(f"exchanges/{self.exchanges[document]}/{what}", body)

    def change(self, path: str, body: dict[str, Any]) -> None:
        insist(self.stack.trading_grid, path, body, path)

    def show(self) -> None:
        for incident in self.incidents():
            say(f"\nincident {incident['number']}: {incident['short_description']}")
            for label, name in (
                ("partner", "company"),
                ("state", "state"),
                ("priority", "priority"),
                ("group", "assignment_group"),
                ("analyst", "assigned_to"),
                ("close code", "close_code"),
            ):
                say(f"    {label:12} {incident[name]}")
            for name in ("description", "close_notes"):
                for line in incident[name].strip().splitlines():
                    say(f"    | {line}")


class Failures(Exchanges):
    """Two invoices without tax data; Lens alone shows that they went through after all."""

    def __init__(self, stack: Stack, instance: Instance) -> None:
        seed = {"senderAddress": "ZZ:CONTOSO", "receiverAddress": OURS, "documentType": "810", "status": "validation-error"}
        super().__init__(stack, instance, INVOICES, seed, "invoice number")

    def play(self) -> list[str]:
        """Gives what is not as it should be, from the first act on that did not do what it should."""
        faults = self.are_pushed() or self.are_polled() or self.recover()
        return [f"failed exchanges: {fault}" for fault in faults]

    def are_pushed(self) -> list[str]:
        for failed, invoice in enumerate(INVOICES, 1):
            self.fails(invoice)
            detail(f"invoice {invoice} fails for missing tax data, and the community pushes it")
            if faults := soon(self.stack, partial(self.faults, NEW, failed, failed)):
                return faults
        [incident] = self.incidents()
        detail(f"both are in {incident['number']} of {incident['assigned_to']}, {incident['assignment_group']}")
        return []

    def are_polled(self) -> list[str]:
        until = int(time.time() * 1000)
        detail("Lens is polled until it has shown both, too")
        faults = self.polls(lambda: self.faults_of_the_cursor(until))
        faults += self.faults(NEW, len(INVOICES), len(INVOICES))
        for invoice in INVOICES:
            faults += differs(f"events of invoice {invoice}, pushed and polled", self.accepted(invoice), ["1"])
        return faults

    def recover(self) -> list[str]:
        for invoice in INVOICES:
            self.lens(invoice, "status", {"status": "delivered"})
        detail("both are sent again with their tax data, and delivered: only Lens shows that")
        faults = self.polls(lambda: self.faults(RESOLVED, len(INVOICES), 0))
        if not faults:
            [incident] = self.incidents()
            detail(f"{incident['number']} has resolved itself")
        return faults

    def faults(self, state: str, failed: int, failing: int) -> list[str]:
        wanted = {
            "assignment_group": FINANCE,
            "assigned_to": ANALYST,
            "short_description": f"Contoso Retail: invoice {INVOICES[0]} lacks tax data",
            "correlation_id": self.exchanges[INVOICES[0]],
            "state": state,
        }
        return self.faults_of_the_incident(wanted, failed, failing)

    def faults_of_the_cursor(self, until: int) -> list[str]:
        read = [int(text(cursor, "read_until") or 0) for cursor in items(self.stack, "POLL#lens-status", "CURSOR")]
        return [] if read and read[0] >= until else [f"Lens is read until {read} and not until {until}"]

    def judge(self) -> list[str]:
        """Prints the incident; gives what is wrong in the end."""
        self.show()
        return [f"failed exchanges, in the end: {fault}" for fault in self.faults(RESOLVED, len(INVOICES), 0)]


class Storm(Exchanges):
    """Many shipment notices that cannot be delivered; they go through when the mailbox is back."""

    def __init__(self, stack: Stack, instance: Instance) -> None:
        seed = {"senderAddress": "ZZ:NORTHWIND", "receiverAddress": OURS, "documentType": "856", "status": "failed"}
        super().__init__(stack, instance, NOTICES, seed, "shipment identification")

    def play(self) -> list[str]:
        """Gives what is not as it should be, from the first act on that did not do what it should."""
        return [f"a storm: {fault}" for fault in self.breaks_out() or self.is_over()]

    def breaks_out(self) -> list[str]:
        for notice in NOTICES:
            self.fails(notice)
        detail(f"{len(NOTICES)} shipment notices of Northwind cannot be delivered")
        faults = soon(self.stack, lambda: self.faults(NEW, len(NOTICES)))
        if not faults:
            [incident] = self.incidents()
            detail(f"one incident counts them: {incident['number']}, {incident['assignment_group']}")
        return faults

    def is_over(self) -> list[str]:
        for notice in NOTICES:
            self.lens(notice, "status", {"status": "delivered"})
        faults = self.polls(lambda: self.faults(RESOLVED, 0))
        if not faults:
            detail("all are delivered after all: it has resolved itself")
        return faults

    def faults(self, state: str, failing: int) -> list[str]:
        wanted = {"assignment_group": "EDI Support", "state": state}
        return self.faults_of_the_incident(wanted, len(NOTICES), failing)

    def judge(self) -> list[str]:
        """Prints the incident; gives what is wrong in the end."""
        self.show()
        return [f"a storm, in the end: {fault}" for fault in self.faults(RESOLVED, 0)]
