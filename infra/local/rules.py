"""Rules that something must keep, and the proof that each of them notices what breaks it."""

from __future__ import annotations

import copy
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Generic, TypeVar

from console import detail, say

Checked = TypeVar("Checked")


@dataclass(frozen=True)
class Rule(Generic[Checked]):
    name: str
    check: Callable[[Checked], Iterator[str]]
    breakages: dict[str, Callable[[Checked], None]]


def self_test(rules: list[Rule[Checked]], checked: Checked) -> int:
    """Every breakage must be noticed by its own rule, and what is checked as it is by none."""
    missed: list[str] = []
    tried = 0
    for rule in rules:
        missed += [f"{rule.name} fires without a reason: {fault}" for fault in rule.check(checked)]
        for title, breakage in rule.breakages.items():
            tried += 1
            broken = copy.deepcopy(checked)
            breakage(broken)
            if not list(rule.check(broken)):
                missed.append(f"{rule.name} does not notice: {title}")
    for line in missed:
        detail(line)
    say(f"self-test: {tried} breakages, {len(missed)} faults")
    return 1 if missed else 0
