"""Checks infra/collaboration.openapi.yaml: that it is OpenAPI, keeps our rules, and agrees with the events.

    check_contract.py     status 1 and one line per fault

The sample events in events/ must satisfy the schema of their type, every type must have a sample, and every type that
shared/src/event.rs knows must have a schema.
"""

from __future__ import annotations

import copy
import json
import re
from collections.abc import Callable, Iterator
from pathlib import Path

from jsonschema import Draft202012Validator
from openapi_spec_validator import OpenAPIV31SpecValidator
from referencing import Registry
from referencing.jsonschema import DRAFT202012
from ruamel.yaml import YAML
from ruamel.yaml.error import YAMLError

from console import Problem, detail, run, say

ROOT = Path(__file__).resolve().parents[2]
CONTRACT = ROOT / "infra" / "collaboration.openapi.yaml"
EVENTS = ROOT / "events"
EVENT_RS = ROOT / "shared" / "src" / "event.rs"

CONTRACT_URI = "urn:gridlink:contract"
WRITES = ("put", "post", "patch", "delete")
# Articles are for many companies, and the feed is for all that the credentials may see.
WITHOUT_COMPANY = ("/articles/", "/events")

Event = dict
Breakage = Callable[[dict], object]


def main() -> int:
    contract = load()
    check_specification(contract)
    schemas = event_schemas(contract)
    validators = {kind: validator(contract, reference) for kind, reference in schemas.items()}
    samples = load_samples()
    faults = [f"{CONTRACT.name}: {fault}" for fault in broken_rules(contract)]
    faults += [f"{CONTRACT.name}: {fault}" for fault in discriminators(contract)]
    for name, event in samples.items():
        faults += [f"{name}: {fault}" for fault in mistakes(validators, event)]
    faults += [f"{kind} has no sample in {EVENTS.name}/" for kind in schemas if not has_sample(samples, kind)]
    known = set(re.findall(r'"(gridlink\.[a-z.-]+\.v\d+)" =>', EVENT_RS.read_text()))
    if not known:
        faults.append(f"{EVENT_RS.name} names no type of event")
    faults += [f"{EVENT_RS.name} knows {kind}, which has no schema" for kind in sorted(known - schemas.keys())]
    for title, (name, wanted, breakage) in BREAKAGES.items():
        broken = copy.deepcopy(samples[name])
        breakage(broken)
        places = list(mistakes(validators, broken))
        if not any(found.startswith(wanted) for found in places):
            faults.append(f"{title} is noticed at {', '.join(places) or 'no place'} and not at {wanted}")
    for fault in faults:
        detail(fault)
    say(f"{CONTRACT.name}, {len(samples)} events and {len(BREAKAGES)} mistakes: {len(faults)} faults")
    return 1 if faults else 0


def load() -> dict:
    try:
        return YAML(typ="safe", pure=True).load(CONTRACT.read_text())
    except (OSError, YAMLError) as error:
        raise Problem(f"{CONTRACT} cannot be read: {error}") from error


def check_specification(contract: dict) -> None:
    """Nothing else can be checked of a file that is not OpenAPI."""
    try:
        faults = [f"{pointer(error)}: {error.message}" for error in OpenAPIV31SpecValidator(contract).iter_errors()]
    except Exception as error:  # noqa: BLE001 - the validator trips over some faults instead of naming them
        faults = [f"{type(error).__name__}: {error}"]
    if faults:
        raise Problem("\n".join([f"{CONTRACT} is not OpenAPI 3.1:", *(fault[:500] for fault in faults)]))


def load_samples() -> dict[str, Event]:
    """The CloudEvents among the samples, by path."""
    samples = {}
    for path in sorted(EVENTS.rglob("*.json")):
        try:
            sample = json.loads(path.read_text())
        except ValueError as error:
            raise Problem(f"{path} is not JSON: {error}") from error
        if "specversion" in sample:
            samples[str(path.relative_to(EVENTS))] = sample
    return samples


def event_schemas(contract: dict) -> dict[str, str]:
    """References to the schemas by type of event."""
    schemas = contract["components"]["schemas"]
    return {
        kind: reference
        for union in ("CommunityEvent", "ServiceNowEvent")
        for kind, reference in schemas[union]["discriminator"]["mapping"].items()
    }


def discriminators(contract: dict) -> Iterator[str]:
    """Types that the mapping of a discriminator and its schemas do not agree about."""
    schemas = contract["components"]["schemas"]
    for union in ("CommunityEvent", "ServiceNowEvent"):
        listed = [part["$ref"] for part in schemas[union]["oneOf"]]
        mapping = schemas[union]["discriminator"]["mapping"]
        if listed != list(mapping.values()):
            yield f"{union} lists other schemas than its discriminator"
        for kind, reference in mapping.items():
            parts = schemas[reference.rsplit("/", 1)[1]]["allOf"]
            if not any(part.get("properties", {}).get("type", {}).get("const") == kind for part in parts):
                yield f"{reference} is not for {kind}"


def validator(contract: dict, reference: str) -> Draft202012Validator:
    registry = Registry().with_resource(CONTRACT_URI, DRAFT202012.create_resource(contract))
    schema = {"$ref": f"{CONTRACT_URI}{reference}"}
    return Draft202012Validator(schema, registry=registry, format_checker=Draft202012Validator.FORMAT_CHECKER)


def broken_rules(contract: dict) -> Iterator[str]:
    """What the validator of OpenAPI does not know: our obligations on every operation."""
    for path, item in contract["paths"].items():
        if not path.startswith(WITHOUT_COMPANY) and "/{companyId}/" not in path:
            yield f"{path} does not say whose it is"
        for method, operation in item.items():
            if method == "parameters":
                continue
            references = [parameter.get("$ref", "") for parameter in operation.get("parameters", [])]
            has_key = "#/components/parameters/IdempotencyKey" in references
            if (method in WRITES) != has_key:
                yield f"{method} {path} {'lacks' if method in WRITES else 'has'} an Idempotency-Key"
            for status in ("400", "401", "403", "429", "500", "503"):
                if status not in operation["responses"]:
                    yield f"{method} {path} does not document {status}"


def mistakes(validators: dict[str, Draft202012Validator], event: Event) -> Iterator[str]:
    """Where an event is not what the contract says, as `data.issueId: …`."""
    kind = event.get("type")
    if kind not in validators:
        yield f"type: {kind} has no schema"
        return
    for error in validators[kind].iter_errors(event):
        yield f"{pointer(error)}: {error.message}"
    wanted = subject(event)
    if wanted and event.get("subject") != wanted:
        yield f"subject: must be {wanted}, as data says"


def subject(event: Event) -> str | None:
    """The subject that follows from the data."""
    data = event.get("data", {})
    # A file belongs to the record that has it.
    data = data.get("record", data)
    forms = (
        ("gridlink.community.issue.", "issues", ("companyId", "issueId")),
        ("gridlink.community.escalation.", "issues", ("companyId", "issueId")),
        ("gridlink.community.thread.", "threads", ("companyId", "threadId")),
        ("gridlink.community.article.", "articles", ("articleId",)),
        ("gridlink.community.exchange.", "exchanges", ("correlationId",)),
        ("gridlink.community.partner.", "partners", ("companyId", "partnerCompanyId")),
        ("gridlink.servicenow.", "records", ("table", "sysId")),
    )
    for prefix, root, members in forms:
        if event["type"].startswith(prefix):
            return "/".join([root, *(str(data.get(member)) for member in members)])
    return None


def has_sample(samples: dict[str, Event], kind: str) -> bool:
    return any(event["type"] == kind for event in samples.values())


def pointer(error: object) -> str:
    return ".".join(str(part) for part in error.absolute_path) or "the whole"


def put(*path_and_value: object) -> Breakage:
    """Sets the value at a path."""
    *path, last, value = path_and_value

    def breakage(event: Event) -> None:
        at = event
        for part in path:
            at = at[part]
        at[last] = value

    return breakage


def drop(*path: object) -> Breakage:
    """Takes away what is at a path."""

    def breakage(event: Event) -> None:
        at = event
        for part in path[:-1]:
            at = at[part]
        del at[path[-1]]

    return breakage


OPENED = "receive-webhook/opened-asn-failed.json"
COMMENTED = "receive-webhook/commented.json"
EXCHANGE = "receive-webhook/exchange-failed.json"
RECORD = "receive-webhook/servicenow-record-changed.json"

# Each mistake with the sample it is made in and the place where it must be noticed.
BREAKAGES: dict[str, tuple[str, str, Breakage]] = {
    "an unknown type": (OPENED, "type", put("type", "com.opentext.issue.opened")),
    "another CloudEvents version": (OPENED, "specversion", put("specversion", "0.3")),
    "no id": (OPENED, "the whole", drop("id")),
    "an id with a space": (OPENED, "id", put("id", "evt 1")),
    "a time that is none": (OPENED, "time", put("time", "2026-11-22 10:00")),
    "no data": (OPENED, "the whole", drop("data")),
    "the subject of another issue": (OPENED, "subject", put("subject", "issues/GC41543822654A/ISS-9")),
    "the subject of a thread": (OPENED, "subject", put("subject", "threads/GC41543822654A/ISS-1001")),
    "an issue id with a slash": (OPENED, "data.issueId", put("data", "issueId", "a/b")),
    "a version as text": (OPENED, "data.version", put("data", "version", "1")),
    "another priority": (OPENED, "data.priority", put("data", "priority", "urgent")),
    "a blank summary": (OPENED, "data.summary", put("data", "summary", " ")),
    "an author without a name": (OPENED, "data.author", drop("data", "author", "name")),
    "a digest in capitals": (OPENED, "data.documents.0.sha256", put("data", "documents", 0, "sha256", "A" * 64)),
    "a file name with a path": (OPENED, "data.documents.0.name", put("data", "documents", 0, "name", "../a.edi")),
    "a negative size": (OPENED, "data.documents.0.size", put("data", "documents", 0, "size", -1)),
    "a comment without text": (COMMENTED, "data.comment", drop("data", "comment", "text")),
    "an exchange without its process": (EXCHANGE, "data", drop("data", "correlationId")),
    "a business key that is a number": (
        EXCHANGE,
        "data.transactionRef.businessKeys.invoice number",
        put("data", "transactionRef", "businessKeys", "invoice number", 90071),
    ),
    "a sys_id that is none": (RECORD, "data.sysId", put("data", "sysId", "1")),
    "a record of another table": (RECORD, "subject", put("data", "table", "incident")),
}


if __name__ == "__main__":
    run(main, ROOT / ".demo" / "check-contract-trace.txt")
