"""Collections of Postman requests, run by newman: ours, and those in the folder that POSTMAN_COLLECTIONS names.

Every request must be answered 2xx and with data. Collections from elsewhere name OpenText's hosts and leave the client
out: their requests are sent to the world, with its client.
"""

from __future__ import annotations

import json
import os
import re
import subprocess
import tempfile
import unittest
from collections.abc import Callable, Iterator
from pathlib import Path

from instance import CLIENT, TRADING_GRID, steer

HERE = Path(__file__).parent
NEWMAN = HERE / "node_modules" / ".bin" / "newman"
ELSEWHERE = os.environ.get("POSTMAN_COLLECTIONS", "")

# The calls, by method and path, and what their answers must have.
COMPANY = r"/TGCommunityServices/v1/companies/[^/]+"
CALLS: list[tuple[str, str, Callable[..., object]]] = [
    ("POST", r"/v1/oauth2/tokens", lambda it: it.members("access_token", "token_type")),
    ("GET", COMPANY, lambda it: it.members("companyId", "companyName")),
    ("GET", rf"{COMPANY}/partnerDirectory", lambda it: it.rows("partnerCompanyId", "partnerCompanyName")),
    ("GET", rf"{COMPANY}/users", lambda it: it.rows("userId", "loginId", "firstName", "lastName", "email")),
    ("POST", rf"{COMPANY}/users", lambda it: it.members("uniqueId")),
    ("GET|PUT", rf"{COMPANY}/users/[^/]+", lambda it: it.members("userId", "loginId", "address", "contactInformation")),
    # One who deletes no user is told the same.
    ("DELETE", rf"{COMPANY}/users/[^/]*", lambda it: it.is_empty()),
    ("GET", rf"{COMPANY}/users/[^/]+/roles", lambda it: it.roles()),
    ("PUT", rf"{COMPANY}/users/[^/]+/roles", lambda it: it.rows("roleName")),
    ("GET", rf"{COMPANY}/entitlements", lambda it: it.rows("entitlementName")),
    ("GET", r"/TGCommunityServices/v1/users/[^/]+/entitlements", lambda it: it.rows("entitlementName")),
    ("POST", r"/visibility_transaction_search", lambda it: it.transactions()),
]


class Collections(unittest.TestCase):
    def setUp(self) -> None:
        steer("reset", base=TRADING_GRID)

    def test_ours_are_answered_with_data(self) -> None:
        for path in sorted((HERE / "postman").glob("*.json")):
            with self.subTest(path.name):
                self.run_collection(json.loads(path.read_text()))

    @unittest.skipUnless(ELSEWHERE, "POSTMAN_COLLECTIONS names no folder")
    def test_those_from_elsewhere_are_answered_with_data(self) -> None:
        paths = sorted(Path(ELSEWHERE).rglob("*.json"))
        self.assertTrue(paths, f"there is no collection in {ELSEWHERE}")
        for path in paths:
            with self.subTest(path.name):
                steer("reset", base=TRADING_GRID)
                self.run_collection(directed_here(json.loads(path.read_text())))

    def test_a_hollow_answer_is_noticed(self) -> None:
        collection = json.loads((HERE / "postman" / "community.postman_collection.json").read_text())
        collection["variable"] = [
            {**variable, "value": "Nobody"} if variable["key"] == "partnerName" else variable
            for variable in collection["variable"]
        ]
        for item in collection["item"][1:]:
            item.pop("event", None)
        faults = [fault for exchange in newman(collection) for fault in exchange.faults()]
        self.assertTrue(any("partnerCompanyName=Nobody" in fault for fault in faults), faults)

    def run_collection(self, collection: dict) -> None:
        exchanges = newman(collection)
        faults = [fault for exchange in exchanges for fault in exchange.faults()]
        wanted = sum(1 for _ in requests(collection["item"]))
        print(f"{wanted - len({fault.split(': ')[0] for fault in faults})} of {wanted}", end=" ", flush=True)
        self.assertEqual(len(exchanges), wanted, "requests that were sent")
        self.assertFalse(faults, "\n".join(faults))


class Exchange:
    """A request, its answer, and whether that is what the call gives."""

    def __init__(self, execution: dict) -> None:
        self.name = execution["item"]["name"]
        request, self.response = execution["request"], execution.get("response") or {}
        self.method = request["method"]
        self.path = "/" + "/".join(request["url"].get("path") or [])
        query = "&".join(f"{one['key']}={one['value']}" for one in request["url"].get("query") or [])
        self.address = f"{self.path}?{query}" if query else self.path
        self.body = bytes((self.response.get("stream") or {}).get("data") or []).decode()
        self.asked = (request.get("body") or {}).get("graphql") or {}
        failed = [one.get("error") for one in execution.get("assertions") or []]
        scripts = [one.get("error") for one in execution.get("testScript", []) + execution.get("prerequestScript", [])]
        errors = [execution.get("requestError"), *failed, *scripts]
        self.errors = [error.get("message", "an error") for error in errors if error]

    def faults(self) -> Iterator[str]:
        name = f"{self.name}, {self.method} {self.address}"
        for error in self.errors:
            yield f"{name}: {error}"
        status = self.response.get("code", 0)
        if not 200 <= status < 300:
            yield f"{name}: answered {status}: {self.body[:300]}"
            return
        for method, path, check in CALLS:
            if re.fullmatch(method, self.method) and re.fullmatch(path, self.path):
                try:
                    check(self)
                except (AssertionError, ValueError, LookupError, TypeError) as error:
                    yield f"{name}: {type(error).__name__} {error}: {self.body[:300]}"
                return
        yield f"{name}: is no call that is known"

    def is_empty(self) -> None:
        need(self.body == "", "nothing is to be said")

    def members(self, *names: str) -> None:
        self.have([json.loads(self.body)], names)

    def rows(self, *names: str) -> None:
        rows = json.loads(self.body)
        need(isinstance(rows, list) and rows != [], "rows are wanted")
        self.have(rows, names)

    def roles(self) -> None:
        """A user who was just made may have none."""
        rows = json.loads(self.body)
        need(isinstance(rows, list) and (rows != [] or self.path.split("/")[-2] in CREATED), "roles are wanted")
        self.have(rows, ("roleName",))

    def transactions(self) -> None:
        answer = json.loads(self.body)
        need("errors" not in answer, "no errors are wanted")
        page = answer["data"]["getTransactions"]
        rows = page["transactions"]
        need(rows != [], "transactions are wanted")
        need(all(any(value is not None for value in row.values()) for row in rows), "a transaction says nothing")
        names = ("transactionid", "correlationid", "arrivaltime", "editype", "status", "transactionlevel")
        self.have(rows, [name for name in names if name in rows[0]])
        # Keys are null unless the query has that argument, whatever it is.
        query = re.sub(r"#.*", "", self.asked.get("query", ""))
        if "contentKeyFilters" in query and "contentkeys" in rows[0]:
            keys = [key for row in rows for key in row["contentkeys"] or []]
            need(keys != [] and all(key["key"] and key["value"] for key in keys), "keys are wanted")

    def have(self, rows: list[dict], names: tuple[str, ...] | list[str]) -> None:
        for row in rows:
            for name in names:
                need(row.get(name) not in (None, "", [], {}), f"{name} is wanted")


# The users who were made by the collections.
CREATED: set[str] = set()


def need(holds: bool, what: str) -> None:
    if not holds:
        raise AssertionError(what)


def newman(collection: dict) -> list[Exchange]:
    """Runs a collection and gives what was asked and answered."""
    with tempfile.TemporaryDirectory() as work:
        source, report = Path(work, "collection.json"), Path(work, "report.json")
        source.write_text(json.dumps(collection))
        command = [NEWMAN, "run", source, "--env-var", f"baseUrl={TRADING_GRID}", "--timeout-request", "20000"]
        command += ["--reporters", "json", "--reporter-json-export", report, "--suppress-exit-code"]
        done = subprocess.run(command, cwd=HERE, capture_output=True, text=True, timeout=180, check=False)
        if not report.is_file():
            raise AssertionError(f"newman ended with {done.returncode}:\n{done.stdout[-800:]}\n{done.stderr[-800:]}")
        executions = json.loads(report.read_text())["run"]["executions"]
    for execution in executions:
        body = (execution["request"].get("body") or {}).get("raw") or ""
        if execution["request"]["method"] == "POST" and '"loginId"' in body:
            CREATED.add(json.loads(body)["loginId"])
    return [Exchange(execution) for execution in executions]


def requests(items: list[dict]) -> Iterator[dict]:
    """The requests of a collection, out of its folders too."""
    for item in items:
        if "item" in item:
            yield from requests(item["item"])
        else:
            yield item["request"]


def directed_here(collection: dict) -> dict:
    """The collection with the world in the place of every host, and the world's client in every Basic authorization."""
    for request in requests(collection["item"]):
        url = request["url"]
        # As text, or the parts of the old address would win.
        request["url"] = re.sub(r"^(https?://)?[^/?]+", TRADING_GRID, url if isinstance(url, str) else url["raw"])
        if (request.get("auth") or {}).get("type") == "basic":
            pairs = zip(("username", "password"), CLIENT, strict=True)
            request["auth"]["basic"] = [{"key": key, "value": value, "type": "string"} for key, value in pairs]
    return collection


if __name__ == "__main__":
    unittest.main()
