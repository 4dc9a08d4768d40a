"""The play of failed exchanges: invoices without tax data, one incident, and how it resolves itself."""

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

# Contoso's invoices to us.
INVOICES = ("90081", "90082")
SENDER, RECEIVER = "ZZ:CONTOSO", "01:147678796"
GROUP, ANALYST = "B2B Finance", "Natasha Ingram"
NEW, RESOLVED = "New", "Resolved"


class Failures:
    """Exchanges that fail alike, as Lens and ServiceNow show them."""

    def __init__(self, stack: Stack, instance: Instance) -> None:
        self.stack = stack
        self.instance = instance
        self.exchanges = {invoice: str(uuid.uuid4()) for invoice in INVOICES}

    def play(self) -> list[str]:
        """Gives what is not as it should be, from the first act on that did not do what it should."""
        faults = self.are_pushed() or self.are_polled() or self.recover()
        return [f"failed exchanges: {fault}" for fault in faults]

    def are_pushed(self) -> list[str]:
        for failed, invoice in enumerate(INVOICES, 1):
            self.fails(invoice)
            self.lens(invoice, "tell", {})
            detail(f"invoice {invoice} fails for missing tax data, and the community pushes it")
            if faults := soon(self.stack, partial(self.faults_of_the_incident, NEW, failed, failed)):
                return faults
        [incident] = self.incidents()
        detail(f"both are in {incident['number']} of {incident['assigned_to']}, {incident['assignment_group']}")
        return []

    def are_polled(self) -> list[str]:
        until = int(time.time() * 1000)
        detail("Lens is polled until it has shown both, too")
        faults = self.polls(lambda: self.faults_of_the_cursor(until))
        faults += self.faults_of_the_incident(NEW, len(INVOICES), len(INVOICES))
        for invoice in INVOICES:
            faults += differs(f"events of invoice {invoice}, pushed and polled", self.accepted(invoice), ["1"])
        return faults

    def recover(self) -> list[str]:
        for invoice in INVOICES:
            self.lens(invoice, "status", {"status": "delivered"})
        detail("both are sent again with their tax data, and delivered: only Lens shows that")
        faults = self.polls(lambda: self.faults_of_the_incident(RESOLVED, len(INVOICES), 0))
        if not faults:
            [incident] = self.incidents()
            detail(f"{incident['number']} has resolved itself")
        return faults

    def polls(self, faults_now: Callable[[], list[str]]) -> list[str]:
        """Polls as the schedule does until nothing is wrong any more: Lens is read a few seconds behind."""
        return soon(self.stack, lambda: run_schedule(self.stack, "poll-lens") or faults_now())

    def faults_of_the_incident(self, state: str, failed: int, failing: int) -> list[str]:
        found = self.incidents()
        if len(found) != 1:
            return [f"{len(found)} incidents instead of one"]
        [incident] = found
        counts = f"in this way: {failed}, of which {failing} still fail"
        return (
            differs("group", incident["assignment_group"], GROUP)
            + differs("analyst", incident["assigned_to"], ANALYST)
            + differs("text", incident["short_description"], f"Contoso Retail: invoice {INVOICES[0]} lacks tax data")
            + differs("exchange", incident["correlation_id"], self.exchanges[INVOICES[0]])
            + differs("state", incident["state"], state)
            + ([] if counts in incident["description"] else [f"its description does not say {counts!r}"])
        )

    def faults_of_the_cursor(self, until: int) -> list[str]:
        read = [int(text(cursor, "read_until") or 0) for cursor in items(self.stack, "POLL#lens-status", "CURSOR")]
        return [] if read and read[0] >= until else [f"Lens is read until {read} and not until {until}"]

    def incidents(self) -> list[Row]:
        """All that Gridlink made of exchanges."""
        return self.instance.rows("incident", "correlation_display=Trading Grid", display=True)

    def accepted(self, invoice: str) -> list[str]:
        """How many events of an exchange were accepted: one for each state that it was in."""
        return [text(head, "accepted") for head in heads(self.stack, f"exchanges/{self.exchanges[invoice]}")]

    def fails(self, invoice: str) -> None:
        seed = {
            "correlationId": self.exchanges[invoice],
            **{"senderAddress": SENDER, "receiverAddress": RECEIVER, "documentType": "810"},
            **{"status": "validation-error", "businessKeys": {"invoice number": invoice}},
        }
        self.change("exchanges", seed)
        # An exchange takes its time to get to its state; this one is there at once.
        self.lens(invoice, "status", {"status": "validation-error"})

    def lens(self, invoice: str, what: str, body: dict[str, Any]) -> None:
        self.change(f"exchanges/{self.exchanges[invoice]}/{what}", body)

    def change(self, path: str, body: dict[str, Any]) -> None:
        insist(self.stack.trading_grid, path, body, path)

    def show(self) -> list[str]:
        """Prints the incidents; gives what is wrong in the end."""
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
        faults = self.faults_of_the_incident(RESOLVED, len(INVOICES), 0)
        return [f"failed exchanges, in the end: {fault}" for fault in faults]
