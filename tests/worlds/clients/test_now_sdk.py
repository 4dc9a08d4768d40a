"""ServiceNow's own command line: `now-sdk query` logs in and reads page after page, `now-sdk install` brings our app."""

from __future__ import annotations

import json
import os
import subprocess
import unittest
from pathlib import Path

from instance import ADMIN, CLIENT, HTTP, USER, steer

HERE = Path(__file__).parent
APP = HERE.parents[2] / "infra" / "servicenow-app"
BY_PASSWORD = {"SN_SDK_USER": USER[0], "SN_SDK_USER_PWD": USER[1]}
BY_CLIENT = {"SN_SDK_AUTH_TYPE": "oauth", "SN_SDK_OAUTH_CLIENT_ID": CLIENT[0], "SN_SDK_OAUTH_CLIENT_SECRET": CLIENT[1]}


def now_sdk(folder: Path, credentials: dict[str, str], *arguments: str) -> subprocess.CompletedProcess[str]:
    environment = {
        **os.environ,
        **credentials,
        "SN_SDK_NODE_ENV": "SN_SDK_CI_INSTALL",
        "SN_SDK_INSTANCE_URL": HTTP,
        "NO_COLOR": "1",
    }
    command = [folder / "node_modules" / ".bin" / "now-sdk", *arguments]
    return subprocess.run(
        command, cwd=folder, env=environment, capture_output=True, text=True, timeout=120, check=False
    )


def query(credentials: dict[str, str], table: str, *arguments: str) -> dict:
    done = now_sdk(HERE, credentials, "query", table, *arguments, "-o", "json")
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


class Install(unittest.TestCase):
    """The package that `make app` built, put on the instance as an administrator does it."""

    def tearDown(self) -> None:
        steer("reset")

    def test_the_app_is_installed_and_again(self) -> None:
        for _ in range(2):
            done = now_sdk(APP, BY_PASSWORD, "install")
            self.assertEqual(done.returncode, 0, done.stdout[-800:] + done.stderr[-800:])
        scope = query(BY_PASSWORD, "sys_scope", "-q", "scope=x_gridlink", "-f", "name,version")
        self.assertEqual(scope["records"], [{"name": "Gridlink", "version": "0.1.0"}])
        for table, condition, count in (
            ("sys_script", "nameSTARTSWITHGridlink", 21),
            ("sysauto_script", "nameSTARTSWITHGridlink", 6),
            ("sys_properties", "nameSTARTSWITHx_gridlink.", 7),
            ("sc_cat_item", "nameLIKEtrading partner^sys_scope!=global", 5),
            ("sys_user_role", "nameSTARTSWITHx_gridlink.", 2),
        ):
            rows = query(BY_PASSWORD, table, "-q", condition, "-f", "sys_id", "--limit", "100")
            self.assertEqual(len(rows["records"]), count, table)


if __name__ == "__main__":
    unittest.main()
