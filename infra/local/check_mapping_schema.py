"""Checks that infra/mapping.schema.json, which editors use, accepts infra/mapping.yaml and refuses mistakes.

    check_mapping_schema.py     status 1 and one line per fault
"""

from __future__ import annotations

import copy
import json
from collections.abc import Callable, Iterator
from pathlib import Path

from jsonschema import Draft202012Validator
from jsonschema.exceptions import SchemaError
from ruamel.yaml import YAML
from ruamel.yaml.error import YAMLError

from console import Problem, detail, run, say

ROOT = Path(__file__).resolve().parents[2]
SCHEMA = ROOT / "infra" / "mapping.schema.json"
MAPPING = ROOT / "infra" / "mapping.yaml"

Mapping = dict
Breakage = Callable[[dict], object]

CASE = "sn_customerservice_case"


def main() -> int:
    schema = load_schema()
    validator = Draft202012Validator(schema)
    mapping = load_mapping()
    faults = [f"{MAPPING.name}: {place(error)}: {error.message}" for error in validator.iter_errors(mapping)]
    faults += [f"{SCHEMA.name}: {gap}" for gap in gaps(schema, "#")]
    for title, (wanted, breakage) in BREAKAGES.items():
        broken = copy.deepcopy(mapping)
        breakage(broken)
        places = [place(error) for error in validator.iter_errors(broken)]
        if not places:
            faults.append(f"{SCHEMA.name} does not notice: {title}")
        elif not any(found.startswith(wanted) for found in places):
            faults.append(f"{SCHEMA.name}: {title} is noticed at {', '.join(places)} and not at {wanted}")
    for fault in faults:
        detail(fault)
    say(f"{MAPPING.name} and {len(BREAKAGES)} mistakes against {SCHEMA.name}: {len(faults)} faults")
    return 1 if faults else 0


def load_schema() -> dict:
    try:
        schema = json.loads(SCHEMA.read_text())
        Draft202012Validator.check_schema(schema)
    except (OSError, ValueError, SchemaError) as error:
        raise Problem(f"{SCHEMA} is not a JSON Schema: {error}") from error
    return schema


def load_mapping() -> Mapping:
    """YAML 1.2, as the functions and the editors read it: `on` is a word there, and no truth value."""
    try:
        return YAML(typ="safe", pure=True).load(MAPPING.read_text())
    except (OSError, YAMLError) as error:
        raise Problem(f"{MAPPING} cannot be read: {error}") from error


def place(error: object) -> str:
    """Where an error is, as `routes.0.mode`."""
    return ".".join(str(part) for part in error.absolute_path) or "the mapping"


def gaps(schema: object, where: str) -> Iterator[str]:
    """Objects that would let a misspelled key pass, and properties that an editor could not explain."""
    if isinstance(schema, list):
        for at, part in enumerate(schema):
            yield from gaps(part, f"{where}/{at}")
    if not isinstance(schema, dict):
        return
    if schema.get("type") == "object" and "additionalProperties" not in schema:
        yield f"{where} takes any key"
    for name, part in schema.items():
        if name in ("if", "then", "not", "enum", "examples", "required"):
            continue
        if name in ("properties", "$defs"):
            for key, property_schema in part.items():
                if "description" not in property_schema and "$ref" not in property_schema:
                    yield f"{where}/{name}/{key} has no description"
                yield from gaps(property_schema, f"{where}/{name}/{key}")
        else:
            yield from gaps(part, f"{where}/{name}")


def put(*path_and_value: object) -> Breakage:
    """Sets the value at a path."""
    *path, last, value = path_and_value

    def breakage(mapping: Mapping) -> None:
        at = mapping
        for part in path:
            at = at[part]
        at[last] = value

    return breakage


def drop(*path: object) -> Breakage:
    """Takes away what is at a path."""

    def breakage(mapping: Mapping) -> None:
        at = mapping
        for part in path[:-1]:
            at = at[part]
        del at[path[-1]]

    return breakage


# Each mistake with the place where it must be noticed.
BREAKAGES: dict[str, tuple[str, Breakage]] = {
    "another version": ("version", put("version", 2)),
    "the version as text": ("version", put("version", "1")),
    "a misspelled section": ("the mapping", put("route", [])),
    "no routes section": ("the mapping", drop("routes")),
    "no routes": ("routes", put("routes", [])),
    "a sender with a slash": ("senders", put("senders", "trading/grid", {"types": ["*"], "companies": ["*"]})),
    "a sender without types": ("senders.trading-grid", drop("senders", "trading-grid", "types")),
    "a star inside a type": ("senders.trading-grid.types.0", put("senders", "trading-grid", "types", ["gridlink.*.v1"])),
    "one company that is no list": ("senders.trading-grid.companies", put("senders", "trading-grid", "companies", "*")),
    "a company with a caret": ("senders.trading-grid.companies.0", put("senders", "trading-grid", "companies", ["a^b"])),
    "a size with a unit": ("documents.max_bytes", put("documents", "max_bytes", "25 MiB")),
    "a negative count": ("documents.max_per_issue", put("documents", "max_per_issue", -1)),
    "a media type in capitals": ("documents.media_types.0", put("documents", "media_types", ["Text/*"])),
    "a media type without a slash": ("documents.media_types.0", put("documents", "media_types", ["pdf"])),
    "another way with unknown partners": ("unknown_partner", put("unknown_partner", "ignore")),
    "a missing priority": ("priorities", drop("priorities", "low")),
    "a misspelled priority": ("priorities", put("priorities", "kritical", {})),
    "a choice that is a number": ("priorities.high.impact", put("priorities", "high", "impact", 2)),
    "a table in capitals": ("tables", put("tables", "Incident", {})),
    "a table without a partner": ("tables.incident", drop("tables", "incident", "partner")),
    "a partner without a key": ("tables.incident.partner", drop("tables", "incident", "partner", "key")),
    "a misspelled key of a table": ("tables.incident", put("tables", "incident", "field", {})),
    "no finished state": ("tables.incident.finished", put("tables", "incident", "finished", {})),
    "another end of a finished record": (f"tables.{CASE}.finished.3", put("tables", CASE, "finished", "3", "close")),
    "reopening without a field": (f"tables.{CASE}", drop("tables", CASE, "reopen")),
    "reopening with no field": (f"tables.{CASE}.reopen", put("tables", CASE, "reopen", {})),
    "closing with no field": (f"tables.{CASE}.close", put("tables", CASE, "close", {})),
    "silence that is a yes at once": (
        "closure.confirm_within_days",
        put("closure", "confirm_within_days", 0),
    ),
    "other limits for what is shared, misspelled": (
        "documents_to_partner",
        put("documents_to_partner", {"max_bytes": 1, "max_per_issue": 1, "types": []}),
    ),
    "a parked event told of in words": ("when_parked", put("when_parked", "tell_after_minutes", "60 minutes")),
    "a parked event without words": ("when_parked.text", put("when_parked", "text", " ")),
    "a deleted record without words": ("when_gone", drop("when_gone", "label")),
    "a pull of nobody": ("pull.community", put("pull", "community", "")),
    "a pull of something else": ("pull", put("pull", "lens", "trading-grid")),
    "a class with a hyphen": ("exchanges.classes.0.name", put("exchanges", "classes", 0, "name", "missing-tax")),
    "a wait with a unit": ("exchanges.classes.0.wait_minutes", put("exchanges", "classes", 0, "wait_minutes", "1 h")),
    "an analyst without a key": ("exchanges.classes.0.assign_to", put("exchanges", "classes", 0, "assign_to", "ada")),
    "a description of an incident": (
        "exchanges.classes.0.fields",
        put("exchanges", "classes", 0, "fields", "description", "x"),
    ),
    "a common cause of one partner": ("exchanges.common_cause.partners", put("exchanges", "common_cause", "partners", 1)),
    "alike in what nobody knows": ("exchanges.common_cause.alike", put("exchanges", "common_cause", "alike", ["colour"])),
    "a parent without a field": ("exchanges.common_cause", drop("exchanges", "common_cause", "field")),
    "resolving without a state": ("exchanges.resolve", put("exchanges", "resolve", {"close_code": "x"})),
    "no classes": ("exchanges.classes", put("exchanges", "classes", [])),
    "a poll without a sender": ("exchanges.poll", drop("exchanges", "poll", "sender")),
    "no table of tasks": ("tasks.tables", put("tasks", "tables", {})),
    "a task without a public end": ("tasks.tables.task", drop("tasks", "tables", "task", "resolution")),
    "another state of a task": (
        "tasks.tables.task.rules.0.state",
        put("tasks", "tables", "task", "rules", 0, "state", "resolved"),
    ),
    "a task under a record without a field": ("tasks.under.incident", drop("tasks", "under", "incident", "parent")),
    "a rule of tasks in capitals": ("tasks.rules.0.name", put("tasks", "rules", 0, "name", "Documents")),
    "a rule of tasks for comments": ("tasks.rules.0.kinds.0", put("tasks", "rules", 0, "kinds", ["comment"])),
    "a rule that takes every message": ("tasks.rules.3", drop("tasks", "rules", 3, "phrases")),
    "a phrase without a word": ("tasks.rules.0.phrases.0", put("tasks", "rules", 0, "phrases", [" "])),
    "a time in hours": ("tasks.rules.0.due", put("tasks", "rules", 0, "due", {"hours": 1})),
    "two times": ("tasks.rules.0.due", put("tasks", "rules", 0, "due", {"days": 1, "minutes": 1})),
    "a word that is no truth value": ("tasks.rules.0.under_case", put("tasks", "rules", 0, "under_case", "no")),
    "a due date as a field": ("tasks.rules.0.fields", put("tasks", "rules", 0, "fields", "due_date", "x")),
    "a knowledge base without a title": ("knowledge.bases.0.base", put("knowledge", "bases", 0, "base", " ")),
    "a knowledge base in another mode": ("knowledge.bases.0.mode", put("knowledge", "bases", 0, "mode", "maybe")),
    "a knowledge base for nobody": ("knowledge.bases.0.audiences", put("knowledge", "bases", 0, "audiences", [])),
    "an audience of nobody": ("knowledge.bases.0.audiences.2", drop("knowledge", "bases", 0, "audiences", 2, "everyone")),
    "an audience of two kinds": (
        "knowledge.bases.0.audiences.2",
        put("knowledge", "bases", 0, "audiences", 2, "segments", ["food"]),
    ),
    "no segment": ("knowledge.bases.0.audiences.0", put("knowledge", "bases", 0, "audiences", 0, {"segments": []})),
    "a company that is none": (
        "knowledge.bases.0.audiences.0.companies.0",
        put("knowledge", "bases", 0, "audiences", 0, "companies", ["GC/1"]),
    ),
    "a category in capitals": (
        "knowledge.bases.0.audiences.1.category",
        put("knowledge", "bases", 0, "audiences", 1, "category", "Invoice"),
    ),
    "suggestions without words": ("knowledge.suggestions.text", put("knowledge", "suggestions", "text", " ")),
    "a kind that never fits": ("knowledge.kinds.0", put("knowledge", "kinds", [{"kind": "invoice_mismatch"}])),
    "one issue that comes again and again": (
        "knowledge.drafts.repeated.0.after",
        put(
            "knowledge",
            "drafts",
            "repeated",
            [{"name": "x", "after": 1, "within_days": 1, "base": "Trading Partner Help"}],
        ),
    ),
    "a draft in another mode": ("knowledge.drafts.mode", put("knowledge", "drafts", "mode", "maybe")),
    "a draft of everything": (
        f"knowledge.drafts.tables.{CASE}.rules.0.when",
        put("knowledge", "drafts", "tables", CASE, "rules", 0, "when", "true"),
    ),
    "a draft without a base": (
        f"knowledge.drafts.tables.{CASE}.rules.0",
        drop("knowledge", "drafts", "tables", CASE, "rules", 0, "base"),
    ),
    "a cause that is no field": (
        f"knowledge.drafts.tables.{CASE}.cause",
        put("knowledge", "drafts", "tables", CASE, "cause", "The cause"),
    ),
    "a kind of request without an item": ("onboarding.items", drop("onboarding", "items", "add-user")),
    "an item by two names": ("onboarding.items.add-user", put("onboarding", "items", "add-user", "Add, a user")),
    "no state of canceled items": ("onboarding.states.canceled", put("onboarding", "states", "canceled", [])),
    "a bundle without a role": (
        "onboarding.environments.production.bundles.partner_viewer",
        put("onboarding", "environments", "production", "bundles", "partner_viewer", []),
    ),
    "nobody administrates": (
        "onboarding.environments.test.administrators",
        put("onboarding", "environments", "test", "administrators", []),
    ),
    "looked at once in a week": (
        "onboarding.setup.check_every_minutes",
        put("onboarding", "setup", "check_every_minutes", 10080),
    ),
    "no word for what is undone": ("onboarding.words", drop("onboarding", "words", "undone")),
    "a fifth step": ("onboarding.steps", put("onboarding", "steps", "mailbox", "Mailbox")),
    "another owner": ("ownership.description", put("ownership", "description", "nobody")),
    "a route without a name": ("routes.0", drop("routes", 0, "name")),
    "another mode": ("routes.0.mode", put("routes", 0, "mode", "maybe")),
    "a mode that is a truth value": ("routes.0.mode", put("routes", 0, "mode", True)),
    "an empty condition": ("routes.0.when", put("routes", 0, "when", "")),
    "a misspelled key of a route": ("routes.0", put("routes", 0, "group", "EDI Support")),
    "a blank group": ("routes.0.assignment_group", put("routes", 0, "assignment_group", " ")),
    "a route without a description": ("routes.0.fields", drop("routes", 0, "fields", "description")),
    "a template that is no text": ("routes.0.fields.description", put("routes", 0, "fields", "description", 1)),
    "a field that Gridlink sets": ("routes.0.fields", put("routes", 0, "fields", "correlation_id", "x")),
    "a group as a field": ("routes.0.fields", put("routes", 0, "fields", "assignment_group", "x")),
    "a field with a dot": ("routes.0.fields", put("routes", 0, "fields", "account.name", "x")),
}


if __name__ == "__main__":
    run(main, ROOT / ".demo" / "check-mapping-schema-trace.txt")
