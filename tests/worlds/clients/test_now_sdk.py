"""`now-sdk query`, ServiceNow's own command line, logs in and reads page after page."""

from __future__ import annotations

import json
import os
import subprocess
import unittest
from pathlib import Path

from instance import ADMIN, CLIENT, HTTP, USER

HERE = Path(__file__).parent
BY_PASSWORD = {"SN_SDK_USER": USER[0], "SN_SDK_USER_PWD": USER[1]}
BY_CLIENT = {"SN_SDK_AUTH_TYPE": "oauth", "SN_SDK_OAUTH_CLIENT_ID": CLIENT[0], "SN_SDK_OAUTH_CLIENT_SECRET": CLIENT[1]}


def query(credentials: dict[str, str], table: str, *arguments: str) -> dict:
    environment = {
        **os.environ,
        **credentials,
        "SN_SDK_NODE_ENV": "SN_SDK_CI_INSTALL",
        "SN_SDK_INSTANCE_URL": HTTP,
        "NO_COLOR": "1",
    }
    command = [HERE / "node_modules" / ".bin" / "now-sdk", "query", table, *arguments, "-o", "json"]
    done = subprocess.run(
        command, cwd=HERE, env=environment, capture_output=True, text=True, timeout=120, check=False
    )
    start = done.stdout.find("{")
    if done.returncode != 0 or start < 0:
        raise AssertionError(f"now-sdk ended with {done.returncode}:\n{done.stdout[-800:]}\n{done.stderr[-800:]}")
    return json.loads(done.stdout[start:])


class Query(unittest.TestCase):
    def test_a_user_reads_rows_and_is_told_of_the_next_page(self) -> None:
        first = query(BY_PASSWORD, "syslog", "-q", "ORDERBYsys_id", "--limit", "5", "-f", "sys_id")
        self.assertTrue(first["ok"])
        self.assertTrue(first["hasMore"])
        self.assertEqual(len(first["records"]), 5)
        second = query(
            BY_PASSWORD, "syslog", "-q", "ORDERBYsys_id", "--limit", "5", "--offset", str(first["nextOffset"]), "-f", "sys_id"
        )
        ids = [row["sys_id"] for row in first["records"] + second["records"]]
        self.assertEqual(len(set(ids)), 10)

    def test_an_oauth_client_reads_a_record(self) -> None:
        answer = query(BY_CLIENT, "sys_user", "-q", f"sys_id={ADMIN}", "-f", "sys_id,user_name")
        self.assertEqual(answer["records"], [{"sys_id": ADMIN, "user_name": "admin"}])
        self.assertFalse(answer["hasMore"])


if __name__ == "__main__":
    unittest.main()
