"""The scoped app on the instance of a demo: brought by ServiceNow's own command line, and set up as its administrator
does after `infra/servicenow-app/README.md`."""

from __future__ import annotations

import os
import shutil
from pathlib import Path
from typing import Any

import app
from console import Problem, detail
from processes import Processes
from worlds import AGENT, insist, state, tell

# Who Gridlink works as, for both sides.
USER = "gridlink.integration"
ROLE = "x_gridlink.integration"
TEST = "Gridlink: test the connection"
SENDS = "Gridlink: send events"
OUTBOX = "x_gridlink_outbox"
# An instance keeps the ten seconds of the package; a demo has no time for them.
EVERY_SECOND = "1970-01-01 00:00:01"
# Which catalog, flow and people an item has, its administrator says: here, what the instance has for the item of the
# same name.
OF_THE_INSTANCE = ("sc_catalogs", "category", "group", "u_approval_group", "u_fulfillment_tasks")


class App:
    """The app on one instance."""

    def __init__(self, servicenow: str) -> None:
        self.servicenow = servicenow

    def begin(self, processes: Processes, home: Path) -> None:
        """Starts `now-sdk install` with the package that is there."""
        environment = {
            "PATH": os.environ["PATH"],
            "HOME": str(home),
            "NO_COLOR": "1",
            "CI": "true",
            "SN_SDK_NODE_ENV": "SN_SDK_CI_INSTALL",
            "SN_SDK_INSTANCE_URL": self.servicenow,
            "SN_SDK_USER": "admin",
            "SN_SDK_USER_PWD": "admin",
        }
        command = [str(app.APP / "node_modules" / ".bin" / "now-sdk"), "install", "--source", str(app.APP)]
        processes.start("now-sdk", command, environment)

    def finish(self, processes: Processes) -> None:
        """Waits for the installation, and sets the app up but for its connection."""
        status = processes.finish("now-sdk")
        tables = state(self.servicenow)["tables"]
        if status != 0 or not tables.get("sys_upgrade_history"):
            raise Problem(f"now-sdk could not install the app. The end of its log:\n{processes.tail('now-sdk', 30)}")
        [application] = tables["sys_app"]
        detail(f"{application['scope']} {application['version']}, by now-sdk install")
        insist(self.servicenow, "properties", {"x_gridlink.integration_user": USER}, "the name of our user")
        user, role = id_of(tables["sys_user"], "user_name", USER), id_of(tables["sys_user_role"], "name", ROLE)
        granted = {"user": user, "role": role}
        insist(self.servicenow, "insert", {"table": "sys_user_has_role", "fields": granted}, "a role for our user")
        for job in tables["sysauto_script"]:
            if job["name"].startswith(SENDS):
                self.sets("sysauto_script", job, {"run_period": EVERY_SECOND})
        self.offer(tables["sc_cat_item"], application["sys_id"])

    def offer(self, items: list[dict[str, str]], scope: str) -> None:
        """Puts the items of the app in the place of those of the same name."""
        for item in items:
            if item.get("sys_scope") != scope:
                continue
            [known] = [one for one in items if one["name"] == item["name"] and one is not item]
            self.sets("sc_cat_item", item, {name: known[name] for name in OF_THE_INSTANCE})
            self.sets("sc_cat_item", known, {"active": "false"})

    def test_connection(self) -> str:
        """Executes the job that an administrator executes; gives the sys_id of the event that must arrive."""
        known = {row["sys_id"] for row in self.outbox()}
        insist(self.servicenow, "jobs", {"name": TEST}, "the test of the connection")
        [event] = [row["sys_id"] for row in self.outbox() if row["record"] == row["sys_id"] and row["sys_id"] not in known]
        return event

    def outbox(self) -> list[dict[str, str]]:
        return state(self.servicenow)["tables"].get(OUTBOX, [])

    def faults(self) -> list[str]:
        """What scripts of the app failed at, and events that Gridlink did not take."""
        noted = [note for note in state(self.servicenow)["ignored"] if "failed:" in note or "script of the app" in note]
        unsent = [row for row in self.outbox() if row["state"] == "dead"]
        return [f"the app: {note}" for note in noted] + [
            f"the app: {row['event_id']} is {row['state']}: {row['last_error']}" for row in unsent
        ]

    def sets(self, table: str, row: dict[str, str], fields: dict[str, str]) -> None:
        change = {"table": table, "sys_id": row["sys_id"], "fields": fields}
        insist(self.servicenow, "update", change, f"a change of {table}")


def is_possible() -> bool:
    """Whether ServiceNow's SDK can run here."""
    return shutil.which("npm") is not None


def press(servicenow: str, action: str, table: str, sys_id: str) -> None:
    """An agent presses a button on a record."""
    pressed: dict[str, Any] = {"by": AGENT, "action": action, "table": table, "sys_id": sys_id}
    insist(servicenow, "actions", pressed, f"the action {action}")
    detail(f"an agent presses {action}")


def refusal_of(servicenow: str, action: str, table: str, sys_id: str) -> str | None:
    """Why an agent may not press a button; None when nothing was in the way."""
    return tell(servicenow, "actions", {"by": AGENT, "action": action, "table": table, "sys_id": sys_id})


def id_of(rows: list[dict[str, str]], field: str, value: str) -> str:
    return next(row["sys_id"] for row in rows if row[field] == value)
