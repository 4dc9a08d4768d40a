"""The play of a distributor: ordered in the service catalog, approved, set up by people, and given its first user."""

from __future__ import annotations

import json
from typing import Any

import community
from console import Problem, detail, say
from servicenow_view import Instance, Row
from stack import Stack
from streams import differs, soon, wait_until_finished
from worlds import agent_sets, insist, state

ITEM = "Onboard a trading partner"
COMPANY = "GC99BRIGHTWATR"
NAME = "Brightwater Distribution"
ADDRESS = "ZZ:BRIGHTWATER"
LOGIN = "sam.rivers@brightwater.example"
ANSWERS = {
    "company_name": NAME,
    "trading_address": ADDRESS,
    "contact_name": "Sam Rivers",
    "contact_email": LOGIN,
    "login_id": LOGIN,
    "role_bundle": "partner_operator",
    "environment": "production",
    "go_live": "2027-01-04",
    "reason": "A new distributor",
}
# What the mapping gives with that bundle.
ROLES = ["Community Viewer", "Lens Standard role"]
# Who is at home in the directory that the mapping names.
OWN_COMPANY = "GC00804444LX"
DONE = "3"


class Distributor:
    """A requested item, as its requester and approver, whoever sets companies up, and the partner see it."""

    def __init__(self, stack: Stack, instance: Instance, requester: Instance) -> None:
        self.stack = stack
        self.instance = instance
        self.requester = requester
        self.subject = ""
        self.item: Row = {}

    def play(self) -> list[str]:
        """Gives what is not as it should be, from the first act on that did not do what it should."""
        self.order()
        faults = self.is_approved() or self.is_set_up() or wait_until_finished(self.stack, [self.subject])
        return [f"{self.subject}: {fault}" for fault in faults]

    def order(self) -> None:
        [item] = self.instance.rows("sc_cat_item", f"name={ITEM}^active=true")
        body = json.dumps({"sysparm_quantity": "1", "variables": ANSWERS}).encode()
        path = f"/api/sn_sc/servicecatalog/items/{item['sys_id']}/order_now"
        request = json.loads(self.requester.open(path, body, "application/json"))["result"]
        [self.item] = self.instance.rows("sc_req_item", f"request={request['sys_id']}")
        self.subject = f"requests/{self.item['sys_id']}"
        detail(f"{self.item['number']}: {NAME} is ordered in the service catalog")

    def is_approved(self) -> list[str]:
        asked = self.instance.rows("sysapproval_approver", f"sysapproval={self.item['sys_id']}")
        if not asked:
            raise Problem(f"nobody is asked to approve {self.item['number']}")
        agent_sets(self.stack.servicenow, "sysapproval_approver", asked[0]["sys_id"], {"state": "approved"})
        faults = soon(self.stack, lambda: differs("tasks to set the company up", len(self.setups()), 1))
        if not faults:
            [setup] = self.setups()
            detail(f"it is approved; {setup['assignment_group']} is asked to set the company up: {setup['number']}")
        return faults

    def is_set_up(self) -> list[str]:
        company = {"companyId": COMPANY, "companyName": NAME, "address": {}, "tradingAddresses": [ADDRESS]}
        new = {"company": company, "partners": [OWN_COMPANY]}
        insist(self.stack.trading_grid, "companies", new, f"that {NAME} is set up")
        [setup] = self.setups()
        agent_sets(self.stack.servicenow, "sc_task", setup["sys_id"], {"state": DONE})
        faults = soon(self.stack, self.faults)
        if not faults:
            detail(f"it is set up: {LOGIN} is made, with {' and '.join(ROLES)}; the item is closed")
        return faults

    def setups(self) -> list[Row]:
        query = f"correlation_id={self.item['number']}"
        return self.instance.rows("sc_task", query)

    def faults(self) -> list[str]:
        [item] = self.instance.rows("sc_req_item", f"sys_id={self.item['sys_id']}")
        users = [user for user in state(self.stack.trading_grid)["users"] if user["companyId"] == COMPANY]
        found = [(user["loginId"], sorted(user["roles"])) for user in users]
        return (
            differs("its users", found, [(LOGIN, ROLES)])
            + differs("its state", item["state"], DONE)
            + differs("the partner sees", [one["state"] for one in self.seen()], ["done"])
        )

    def seen(self) -> list[dict[str, Any]]:
        return community.seen(self.stack.trading_grid, COMPANY)["onboardings"]

    def show(self) -> list[str]:
        """Prints what is kept for auditors; gives what is wrong with it."""
        account = self.stack.ask("provision-partner", {"export": self.subject})
        say(f"\n{self.subject}: {self.item['number']}, {NAME}")
        say(f"    asked for    by {account['requestedBy']['name']}")
        for said in account["approvals"]:
            say(f"    {said['decision']:12} by {said['approver']['name']}")
        for deed in account["done"]:
            say(f"    {deed['what']:12} {', '.join(deed.get('roles', []))}")
        for one in self.seen():
            say(f"    the partner reads: {one['label']}")
            for step in one["steps"]:
                say(f"      {step['label']}: {step['state']}")
        done = [deed["what"] for deed in account["done"]]
        faults = differs("what is kept of it", done, ["created", "granted", "verified"]) + self.faults()
        return [f"{self.subject}, in the end: {fault}" for fault in faults]
