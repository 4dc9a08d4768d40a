"""PySNC, ServiceNow's official Python client, finds an instance that it takes for a real one."""

from __future__ import annotations

import base64
import re
import unittest

import requests
from pysnc import ServiceNowClient, exceptions
from pysnc.auth import ServiceNowClientCredentialsFlow, ServiceNowPasswordGrantFlow

from instance import ADMIN, ADMIN_ROLE, CLIENT, FINANCE, FINANCE_HEAD, HTTPS, USER


def marked(name: str) -> str:
    """A text that no other test writes."""
    return f"PySNC {name}"


class Instance(unittest.TestCase):
    def setUp(self) -> None:
        self.client = ServiceNowClient(HTTPS, USER)
        self.addCleanup(self.client.session.close)

    def problems(self, text: str):
        found = self.client.GlideRecord("problem")
        found.add_query("short_description", "LIKE", text)
        found.query()
        return found

    def new_problem(self, text: str, **fields: str):
        problem = self.client.GlideRecord("problem")
        problem.initialize()
        problem.short_description = text
        for name, value in fields.items():
            problem.set_value(name, value)
        self.assertIsNotNone(problem.insert())
        self.addCleanup(lambda: self.client.GlideRecord("problem").get(problem.sys_id) and problem.delete())
        return problem


class Reading(Instance):
    def test_a_record_is_read_by_its_sys_id(self) -> None:
        user = self.client.GlideRecord("sys_user")
        self.assertTrue(user.get(ADMIN))
        self.assertEqual(user.user_name, "admin")
        self.assertEqual(user.name, "System Administrator")
        by_name = self.client.GlideRecord("sys_user")
        self.assertTrue(by_name.get("user_name", "admin"))
        self.assertEqual(by_name.sys_id, ADMIN)

    def test_a_record_that_is_not_there_is_not_found(self) -> None:
        user = self.client.GlideRecord("sys_user")
        self.assertFalse(user.get("bunk"))
        self.assertFalse(user.get("sys_id", "bunk"))
        user.add_query("sys_id", "bunk")
        user.query()
        self.assertFalse(user.has_next())

    def test_fields_are_limited_to_those_asked_for(self) -> None:
        user = self.client.GlideRecord("sys_user")
        user.fields = "sys_id,name"
        self.assertTrue(user.get(ADMIN))
        self.assertEqual(set(user.serialize()), {"sys_id", "name"})

    def test_all_fields_come_when_none_are_named(self) -> None:
        user = self.client.GlideRecord("sys_user")
        user.limit = 1
        user.query()
        self.assertTrue(user.next())
        self.assertGreater(len(user.fields), 20)

    def test_a_boolean_is_a_word_in_value_and_display(self) -> None:
        user = self.client.GlideRecord("sys_user")
        user.get(ADMIN)
        self.assertEqual((user.get_value("active"), user.get_display_value("active")), ("true", "true"))
        self.assertTrue(bool(user.active))

    def test_a_password_is_never_shown(self) -> None:
        user = self.client.GlideRecord("sys_user")
        user.get(ADMIN)
        self.assertEqual(user.get_display_value("user_password"), "********")

    def test_references_are_walked_with_dots(self) -> None:
        user = self.client.GlideRecord("sys_user")
        user.fields = "sys_id,department,department.name,department.dept_head,department.dept_head.email"
        user.get(ADMIN)
        self.assertEqual(user.department, FINANCE)
        self.assertEqual(user.get_display_value("department"), "Finance")
        self.assertEqual(user.department.name, "Finance")
        self.assertEqual(user.department.dept_head, FINANCE_HEAD)
        self.assertEqual(user.department.dept_head.email, "natasha.ingram@example.com")

    def test_display_times_are_in_the_zone_of_the_user(self) -> None:
        def first_update(display: bool | str) -> str:
            user = self.client.GlideRecord("sys_user")
            user.display_value = display
            user.add_query("sys_id", ADMIN)
            user.query()
            self.assertTrue(user.next())
            return user.get_value("sys_updated_on")

        stored, shown = first_update(False), first_update(True)
        self.assertRegex(stored, r"^\d{4}-\d\d-\d\d \d\d:\d\d:\d\d$")
        self.assertNotEqual(stored, shown)


class Querying(Instance):
    def test_alternatives_widen_a_condition(self) -> None:
        tables = self.client.GlideRecord("sys_db_object")
        tables.add_query("name", "alm_asset").add_or_condition("name", "bsm_chart")
        tables.query()
        self.assertEqual(len(tables), 2)

    def test_empty_and_filled_fields_part_the_rows(self) -> None:
        def count(prepare=None) -> int:
            users = self.client.GlideRecord("sys_user")
            users.fields = "sys_id"
            if prepare:
                prepare(users)
            users.query()
            return len(users)

        everybody = count()
        filled = count(lambda users: users.add_not_null_query("mobile_phone"))
        empty = count(lambda users: users.add_null_query("mobile_phone"))
        self.assertEqual(filled + empty, everybody)
        self.assertTrue(0 < filled < 20)

    def test_a_condition_on_an_unknown_field_is_ignored(self) -> None:
        user = self.client.GlideRecord("sys_user")
        user.add_query("sys_id", ADMIN)
        user.add_query("second", "asdf")
        user.query()
        self.assertEqual(len(user), 1)

    def test_a_query_too_long_for_a_url_goes_through_a_batch(self) -> None:
        user = self.client.GlideRecord("sys_user")
        for _ in range(2300):
            user.add_query("AAAA", "BBBB")
        user.add_query("sys_id", ADMIN)
        self.assertGreater(len(user.get_encoded_query()), 23_000)
        user.query()
        self.assertEqual(len(user), 1)
        self.assertTrue(user.next())
        self.assertEqual(user.sys_id, ADMIN)

    def test_a_joined_table_narrows_the_rows(self) -> None:
        users = self.client.GlideRecord("sys_user")
        users.add_join_query("sys_user_group", join_table_field="manager").add_query("active", "true")
        users.query()
        self.assertGreater(len(users), 1)
        while users.next():
            group = self.client.GlideRecord("sys_user_group")
            group.add_query("manager", users.get_value("sys_id"))
            group.query()
            self.assertGreater(len(group), 0)

    def test_users_are_found_by_their_role(self) -> None:
        users = self.client.GlideRecord("sys_user")
        users.add_join_query("sys_user_has_role", join_table_field="user").add_query("role", ADMIN_ROLE)
        users.query()
        self.assertTrue(10 < len(users) < 25, len(users))

    def test_related_lists_are_counted(self) -> None:
        groups = self.client.GlideRecord("sys_user_group")
        related = groups.add_rl_query("sys_group_has_role", "group", ">0", True)
        related.add_query("role.name", "LIKE", "admin")
        groups.query()
        self.assertTrue(2 < len(groups) < 8, len(groups))
        without = self.client.GlideRecord("sys_user_group")
        without.add_rl_query("sys_user_grmember", "group", "=0", False)
        without.query()
        self.assertTrue(without.next())
        self.assertEqual(without.get_value("active"), "false")


class Paging(Instance):
    def test_a_thousand_rows_and_more_come_each_once(self) -> None:
        for batch_size in (50, 300, 1000):
            log = self.client.GlideRecord("syslog", batch_size=batch_size)
            log.fields = ["sys_id"]
            log.query()
            seen = [entry.get_value("sys_id") for entry in log]
            self.assertGreater(len(seen), 1000)
            self.assertEqual(len(set(seen)), len(log))
            self.assertEqual(len(seen), len(log))

    def test_a_limit_between_two_pages_is_kept(self) -> None:
        metadata = self.client.GlideRecord("sys_metadata", batch_size=100)
        metadata.fields = "sys_id"
        metadata.limit = 250
        metadata.query()
        self.assertEqual(len([row for row in metadata]), 250)
        self.assertEqual(len([row for row in metadata]), 250)


class Writing(Instance):
    def test_a_record_is_made_changed_and_deleted(self) -> None:
        problem = self.new_problem(marked("crud"), description="second", bunk_field="ignored")
        self.assertEqual(len(problem.get_value("opened_by")), 32)
        self.assertNotEqual(problem.get_value("opened_by"), problem.get_display_value("opened_by"))
        self.assertIsNone(problem.get_element("bunk_field") if "bunk_field" not in problem else None)
        again = self.client.GlideRecord("problem")
        self.assertTrue(again.get(problem.sys_id))
        self.assertEqual(again.number, problem.number)
        again.short_description = marked("changed")
        again.assigned_to = FINANCE_HEAD
        self.assertIsNotNone(again.update())
        self.assertEqual(again.get_display_value("assigned_to"), "Natasha Ingram")
        self.assertEqual(again.get_value("sys_mod_count"), "1")
        self.assertTrue(again.delete())
        self.assertFalse(self.client.GlideRecord("problem").get(problem.sys_id))

    def test_a_chosen_sys_id_is_kept_and_refused_a_second_time(self) -> None:
        chosen = "AAAABBBBCCCCDDDDEEEEFFFF00001111"
        problem = self.client.GlideRecord("problem")
        problem.initialize()
        problem.set_new_guid_value(chosen)
        problem.short_description = marked("chosen")
        self.assertEqual(problem.insert(), chosen)
        self.addCleanup(problem.delete)
        second = self.client.GlideRecord("problem")
        second.initialize()
        second.set_new_guid_value(chosen)
        second.short_description = marked("chosen twice")
        with self.assertRaisesRegex(exceptions.RoleException, "Unique Key violation"):
            second.insert()
        self.assertEqual(len(self.problems(marked("chosen"))), 1)

    def test_many_records_are_changed_and_deleted_in_one_batch(self) -> None:
        for number in range(10):
            self.new_problem(f"{marked('many')} {number}")
        found = self.problems(marked("many"))
        self.assertEqual(len(found), 10)
        while found.next():
            found.short_description = f"{found.short_description} changed"
        changed: list[str] = []

        def told(response: requests.Response) -> None:
            self.assertEqual(response.status_code, 200)
            changed.append(response.json()["result"]["sys_id"]["value"])

        found.update_multiple(told)
        self.assertEqual(len(set(changed)), 10)
        found = self.problems(marked("many"))
        self.assertTrue(all("changed" in row.get_value("short_description") for row in found))
        self.assertTrue(self.problems(marked("many")).delete_multiple())
        self.assertEqual(len(self.problems(marked("many"))), 0)

    def test_a_business_rule_refuses_the_changes_that_it_forbids_and_no_others(self) -> None:
        rule = self.client.GlideRecord("sys_script")
        rule.initialize()
        for name, value in {
            "name": marked("refusal"),
            "collection": "problem",
            "active": True,
            "when": "before",
            "order": 100,
            "action_insert": True,
            "action_update": True,
            "abort_action": True,
            "add_message": True,
            "message": "not with this word",
            "filter_condition": "short_descriptionLIKEFORBIDDEN^ORdescriptionLIKEFORBIDDEN^EQ",
        }.items():
            rule.set_value(name, value)
        self.assertIsNotNone(rule.insert())
        self.addCleanup(rule.delete)
        for number in range(4):
            self.new_problem(f"{marked('half')} {number}")
        found = self.problems(marked("half"))
        for number, row in enumerate(found):
            row.short_description = f"{row.short_description} {'FORBIDDEN' if number % 2 else 'allowed'}"
        self.assertFalse(found.update_multiple())
        self.assertEqual(len(self.problems("FORBIDDEN")), 0)
        self.assertEqual(len([row for row in self.problems(marked("half")) if "allowed" in row.short_description]), 2)
        refused = self.client.GlideRecord("problem")
        refused.initialize()
        refused.short_description = "FORBIDDEN from the start"
        with self.assertRaisesRegex(exceptions.RoleException, "aborted by Business Rule"):
            refused.insert()

    def test_a_batched_read_comes_with_the_next_execution(self) -> None:
        body = {
            "batch_request_id": 7,
            "rest_requests": [
                {
                    "id": "one",
                    "method": "GET",
                    "url": f"/api/now/table/sys_user/{ADMIN}?sysparm_fields=user_name",
                    "headers": [{"name": "Accept", "value": "application/json"}],
                },
                {"id": "two", "method": "GET", "url": "/api/now/table/no_such_table", "headers": []},
            ],
        }
        answer = self.client.session.post(f"{HTTPS}/api/now/v1/batch", json=body).json()
        self.assertEqual(answer["batch_request_id"], "7")
        self.assertEqual([item["status_code"] for item in answer["serviced_requests"]], [200, 400])
        first = base64.b64decode(answer["serviced_requests"][0]["body"])
        self.assertIn(b'"user_name":"admin"', first.replace(b" ", b""))


class Attachments(Instance):
    def test_files_are_added_read_and_deleted(self) -> None:
        problem = self.new_problem(marked("files"))
        self.assertEqual(len(problem.get_attachments()), 0)
        text = "a sample\nwith\nseveral\nlines"
        raw = bytes(range(256)) * 40
        problem.add_attachment("test.txt", text)
        problem.add_attachment("test.bin", raw)
        again = self.client.GlideRecord("problem")
        again.get(problem.sys_id)
        files = {file.file_name: file.read() for file in again.get_attachments()}
        self.assertEqual(files, {"test.txt": text.encode(), "test.bin": raw})
        for file in again.get_attachments():
            file.delete()
        self.assertEqual(len(problem.get_attachments()), 0)

    def test_a_file_of_a_record_that_is_not_there_is_refused(self) -> None:
        with self.assertRaises(exceptions.NotFoundException):
            self.client.attachment_api.upload_file("a.txt", "problem", "0" * 32, b"x")


class Refusals(Instance):
    def test_a_wrong_password_is_told_as_such(self) -> None:
        stranger = ServiceNowClient(HTTPS, ("admin", "not this one"))
        self.addCleanup(stranger.session.close)
        with self.assertRaises(exceptions.AuthenticationException) as refused:
            stranger.GlideRecord("sys_user").get(ADMIN)
        self.assertIn("User Not Authenticated", str(refused.exception))
        self.assertIn("Required to provide Auth information", str(refused.exception))

    def test_an_unknown_table_is_a_bad_request(self) -> None:
        with self.assertRaises(exceptions.RequestException) as refused:
            self.client.GlideRecord("sys_user_list").get("does not matter")
        self.assertIs(type(refused.exception), exceptions.RequestException)
        self.assertIn("Invalid table", str(refused.exception))

    def test_an_endless_url_gets_a_page_instead_of_json(self) -> None:
        with self.assertRaises(exceptions.RequestException) as refused:
            self.client.GlideRecord("A" * 23_000).get("does not matter")
        self.assertTrue(re.match(r"^<.*html>", str(refused.exception)), str(refused.exception)[:80])


class Tokens(Instance):
    def test_the_password_grant_opens_the_instance(self) -> None:
        client = ServiceNowClient(HTTPS, ServiceNowPasswordGrantFlow(*USER, *CLIENT))
        self.assertTrue(client.GlideRecord("sys_user").get(ADMIN))

    def test_the_client_credentials_grant_opens_the_instance(self) -> None:
        client = ServiceNowClient(HTTPS, ServiceNowClientCredentialsFlow(*CLIENT))
        incident = client.GlideRecord("incident")
        incident.limit = 1
        incident.query()
        self.assertTrue(incident.next())

    def test_a_wrong_client_secret_gets_the_one_answer_for_everything(self) -> None:
        with self.assertRaisesRegex(exceptions.AuthenticationException, "access_denied"):
            ServiceNowClient(HTTPS, ServiceNowClientCredentialsFlow(CLIENT[0], "wrong"))

    def test_a_token_is_given_out_again_within_its_life(self) -> None:
        form = {"grant_type": "client_credentials", "client_id": CLIENT[0], "client_secret": CLIENT[1]}
        first, second = (requests.post(f"{HTTPS}/oauth_token.do", data=form).json() for _ in range(2))
        self.assertEqual(first["access_token"], second["access_token"])
        self.assertLessEqual(second["expires_in"], first["expires_in"])
        as_json = requests.post(f"{HTTPS}/oauth_token.do", json=form)
        self.assertNotEqual(as_json.status_code, 200)


if __name__ == "__main__":
    unittest.main()
