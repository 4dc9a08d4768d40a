"""Reads Gridlink's own table, and waits for what its functions do."""

from __future__ import annotations

import json
import time
from collections.abc import Callable
from typing import Any

from console import Problem, detail
from stack import NAME, Stack

PATIENCE = 90.0  # seconds; a deferred stream is rung by the schedule within 70

Item = dict[str, Any]


def items(stack: Stack, subject: str, prefix: str) -> list[Item]:
    answer = stack.aws("dynamodb").query(
        TableName=stack.outputs["TableName"],
        ConsistentRead=True,
        KeyConditionExpression="pk = :pk AND begins_with(sk, :sk)",
        ExpressionAttributeValues={":pk": {"S": subject}, ":sk": {"S": prefix}},
    )
    return answer["Items"]


def text(item: Item, name: str) -> str:
    return next(iter(item.get(name, {"S": ""}).values()))


def heads(stack: Stack, subject: str) -> list[Item]:
    return items(stack, subject, "HEAD#")


def owners(stack: Stack, subject: str) -> dict[str, str]:
    """Which function works on which lane of an issue."""
    return {text(head, "sk").removeprefix("HEAD#"): text(head, "owner") for head in heads(stack, subject)}


def wait_until_finished(stack: Stack, subjects: list[str]) -> list[str]:
    deadline = time.monotonic() + PATIENCE
    reported = 0.0
    while True:
        waiting = [subject for subject in subjects if not is_finished(stack, subject)]
        if not waiting:
            return []
        check_alive(stack)
        if parked := [subject for subject in waiting if any("parked" in head for head in heads(stack, subject))]:
            return [f"{subject} is parked" for subject in parked]
        if time.monotonic() > deadline:
            return [f"{subject} was not finished after {PATIENCE:.0f} s" for subject in waiting]
        if time.monotonic() - reported > 10 and time.monotonic() > deadline - PATIENCE + 10:
            reported = time.monotonic()
            detail(f"still waiting for {', '.join(waiting)}")
        time.sleep(0.1)


def is_finished(stack: Stack, subject: str) -> bool:
    # What is to be done at a later time is not waited for.
    later = ("HEAD#reminders", "HEAD#notices")
    found = [head for head in heads(stack, subject) if text(head, "sk") not in later]
    return bool(found) and all(head.get("accepted") == head.get("finished", {"N": "0"}) for head in found)


def soon(stack: Stack, faults_now: Callable[[], list[str]]) -> list[str]:
    """Looks until nothing is wrong any more; gives what is still wrong when patience is over."""
    deadline = time.monotonic() + PATIENCE
    while faults := faults_now():
        check_alive(stack)
        if time.monotonic() > deadline:
            return [f"{fault}, after {PATIENCE:.0f} s" for fault in faults]
        time.sleep(0.2)
    return []


def differs(what: str, found: object, wanted: object) -> list[str]:
    return [] if found == wanted else [f"{what}: {found!r} instead of {wanted!r}"]


def check_alive(stack: Stack) -> None:
    if gone := stack.processes.ended():
        raise Problem(f"{gone[0]} ended. The end of its log:\n{stack.processes.tail(gone[0])}")


def run_schedule(stack: Stack, name: str) -> list[str]:
    """Starts what a schedule starts, with its payload: MiniStack does so too, but not in the first minute."""
    schedule = stack.aws("scheduler").get_schedule(Name=f"{NAME}-{name}")
    usual = {"source": "aws.scheduler", "detail-type": "Scheduled Event", "detail": "{}"}
    payload = schedule["Target"].get("Input") or json.dumps(usual)
    answer = stack.ask("poll-changes", json.loads(payload))
    return [f"the schedule {name} failed: {answer}"] if answer.get("has_failed", False) else []
