"""The plays of articles: one is published, revised and retired in ServiceNow, and its partners read just that; and what
solved a case becomes the draft of another."""

from __future__ import annotations

from typing import Any

import community
from console import detail, say
from servicenow_view import Instance, Record, Row
from stack import Stack
from streams import differs, soon, wait_until_finished
from worlds import agent_sets

TITLE = "DESADV in place of the 856"
TABLE = "kb_knowledge"
# What partners are to read, and what not.
GUIDE = "<h2>A short shipment</h2><p>Name the missing quantity in <code>QVR</code>.</p>"
REVISED = "<h2>A short shipment</h2><ol><li>Name the missing quantity in <code>QVR</code>.</li><li>Send it again.</li></ol>"
INSIDE = "the reviewer asked finance"
DRESS = (
    f'<p style="display: none">{INSIDE}</p><script>track("{INSIDE}")</script>'
    f"<p>See <a href=\"/kb_view.do?sysparm_article=KB0010012\" onclick=\"x('{INSIDE}')\">our runbook</a>.</p>"
)
SHOWN = "<p>See our runbook.</p>"


class Article:
    """An article, as its desk works on it and its partners find it."""

    def __init__(self, stack: Stack, instance: Instance, company: str) -> None:
        self.stack = stack
        self.instance = instance
        self.company = company
        self.row = self.read()
        self.subject = f"articles/{self.row['number']}"

    def play(self) -> list[str]:
        """Gives what is not as it should be, from the first act on that did not do what it should."""
        faults = self.publishes() or self.revises() or self.retires() or wait_until_finished(self.stack, [self.subject])
        return [f"{self.subject}: {fault}" for fault in faults]

    def publishes(self) -> list[str]:
        self.sets({"text": GUIDE + DRESS})
        self.sets({"workflow_state": "published"})
        detail(f"{self.row['number']} is published in the knowledge base for partners")
        faults = soon(self.stack, lambda: self.faults_of_the_partner(GUIDE + SHOWN))
        if not faults:
            detail("its partner reads it, without the script, the hidden paragraph and the link to the inside")
        return faults

    def revises(self) -> list[str]:
        self.sets({"text": REVISED})
        faults = soon(self.stack, lambda: self.faults_of_the_partner(REVISED))
        if not faults:
            detail("its author revises it: the partner reads the new text in the place of the old one")
        return faults

    def retires(self) -> list[str]:
        self.sets({"workflow_state": "retired"})
        faults = soon(self.stack, lambda: self.faults_of_the_partner(None))
        if not faults:
            detail("it is retired: the partner finds it no longer")
        return faults

    def faults_of_the_partner(self, text: str | None) -> list[str]:
        found = [article["html"] for article in self.found()]
        return differs("the article", found, [] if text is None else [text])

    def found(self) -> list[dict[str, Any]]:
        articles = community.seen(self.stack.trading_grid, self.company)["articles"]
        return [one for one in articles if one["articleId"] == self.row["number"]]

    def read(self) -> Row:
        [row] = self.instance.rows(TABLE, f"short_description={TITLE}")
        return row

    def sets(self, fields: dict[str, str]) -> None:
        agent_sets(self.stack.servicenow, TABLE, self.row["sys_id"], fields)

    def show(self) -> list[str]:
        """Prints how the article ended; gives what is wrong in the end."""
        row = self.read()
        say(f"\n{self.subject}: {row['short_description']}, {row['workflow_state']}; partners find {len(self.found())}")
        faults = differs("its state", row["workflow_state"], "retired") + self.faults_of_the_partner(None)
        return [f"{self.subject}, in the end: {fault}" for fault in faults]


class Draft:
    """A solved case that an agent marks for knowledge, and the draft that comes of it."""

    def __init__(self, stack: Stack, instance: Instance, record: Record, summary: str, resolution: str) -> None:
        self.stack = stack
        self.instance = instance
        self.record = record
        self.summary = summary
        self.resolution = resolution

    def play(self) -> list[str]:
        """Gives what is not as it should be."""
        self.stack.press("Mark for knowledge", self.record, "x_gridlink_for_knowledge")
        faults = soon(self.stack, self.faults)
        if not faults:
            [draft] = self.drafts()
            detail(f"what solved it is {draft['number']}, a draft: nobody but its desk sees it until they publish it")
        return [f"the draft of {self.record.fields['number']}: {fault}" for fault in faults]

    def drafts(self) -> list[Row]:
        return self.instance.rows(TABLE, f"source={self.record.sys_id}")

    def faults(self) -> list[str]:
        drafts = self.drafts()
        if len(drafts) != 1:
            return [f"there are {len(drafts)} instead of one"]
        [draft] = drafts
        faults = differs("its state", draft["workflow_state"], "draft")
        for what, words in (("the problem", self.summary), ("the resolution", self.resolution)):
            if words not in draft["short_description"] + draft["text"]:
                faults.append(f"{what} is not in it: {words}")
        if "vault" in draft["text"]:
            faults.append("it shows a work note")
        return faults
