"""The documents of metrics that functions write (CloudWatch's embedded metric format), as CloudWatch reads them.

One recorded document of each kind is in metrics.jsonl; the tests of `tests/it` write it, and fail when it is old.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import Any, NamedTuple

RECORDED = Path(__file__).with_name("metrics.jsonl")
USE_CASES = {
    "bridge-escalation", "create-task", "open-case", "provision-partner", "publish-knowledge", "raise-incident",
    "relay-status",
}
# Written only where the instance has the app, which the recorded plays do without; `with_the_app.rs` watches it.
WITH_THE_APP = {("OnceByApp", "Upstream", "servicenow")}


class Datum(NamedTuple):
    """One metric of one document."""

    namespace: str
    metric: str
    dimension: str
    of: str
    unit: str
    values: tuple[float, ...]


def data(document: dict[str, Any]) -> Iterator[Datum]:
    """What CloudWatch makes of a document; nothing of a line that is none."""
    metadata = document.get("_aws")
    for directive in metadata.get("CloudWatchMetrics", []) if isinstance(metadata, dict) else []:
        for dimensions in directive["Dimensions"]:
            [dimension] = dimensions  # we have one each
            for metric in directive["Metrics"]:
                found = document[metric["Name"]]
                values = tuple(map(float, found if isinstance(found, list) else [found]))
                yield Datum(directive["Namespace"], metric["Name"], dimension, document[dimension], metric["Unit"], values)


@cache
def recorded() -> tuple[Datum, ...]:
    lines = RECORDED.read_text().splitlines()
    return tuple(datum for line in lines for datum in data(json.loads(line)))


def written() -> set[tuple[str, str, str]]:
    """Each metric with its dimension and what that can be: what one use case writes, all of them do."""
    found = {(datum.metric, datum.dimension, datum.of) for datum in recorded()}
    for metric, dimension, of in tuple(found):
        if of in USE_CASES:
            found |= {(metric, dimension, use_case) for use_case in USE_CASES}
    return found | WITH_THE_APP
