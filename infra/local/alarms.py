"""Tries alarms, metric filters, documents of metrics and dashboards on the deployed stack.

MiniStack keeps metric filters and does not apply them, so their patterns are applied here to what the functions have
really logged; neither does it read documents of metrics (EMF), so they are read here, as CloudWatch does. It evaluates alarms by namespace and metric, without dimensions: of each metric a value is put that is
fine and one that is not, and every alarm of it must follow. Metrics of Lambda it also makes itself, so that there only
one of the two can be seen.
"""

from __future__ import annotations

import json
import re
import time
import uuid
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import emf
import webhook
from check_template import TEMPLATE, load
from console import Problem, detail
from docs_commands import Docs
from stack import NAME, ROOT, Stack
from template_rules import resources

TERM = re.compile(r'\(?\$\.(?P<field>\w+) (?:= (?P<value>\*|\d+|"[^"]*")|(?P<truth>IS TRUE))\)?')
# Which metrics of filters the play leads to, and in whose log: the others need an outage.
SEEN = {"Reported": "receive-webhook", "PollBehind": "poll-changes"}
# Which metrics of documents.
WRITTEN = {
    ("Lag", "Function", "open-case"),
    ("Parked", "Function", "open-case"),
    ("Accepted", "Function", "receive-webhook"),
    ("Overdue", "Function", "poll-changes"),
    ("Latency", "Upstream", "aws"),
    ("Latency", "Upstream", "servicenow"),
    ("TokensFetched", "Upstream", "servicenow"),
}

# Patterns with a line that each takes, and one that it does not.
EXAMPLES = {
    '{ $.message = "a duplicate" }': ({"message": "a duplicate"}, {"message": "accepted"}),
    "{ $.alarm IS TRUE }": ({"alarm": True}, {"alarm": "true"}),
    "{ $.poll_failed = 1 }": ({"poll_failed": 1}, {"poll_failed": 0}),
    "{ $.rate_limit = * }": ({"rate_limit": 500}, {"limit": 500}),
}


def perform(stack: Stack, docs: Docs) -> list[str]:
    report_something(stack, docs)
    return self_test() + filters(stack) + documents(stack) + crossings(stack) + dashboards(stack)


def self_test() -> list[str]:
    faults = []
    for pattern, (taken, left) in EXAMPLES.items():
        matches = matcher(pattern)
        if matches is None or not matches(taken) or matches(left):
            faults.append(f"we apply {pattern} otherwise than CloudWatch does")
    if matcher("[a, b]") is not None:
        faults.append("we apply a pattern that is none of JSON")
    return faults


def report_something(stack: Stack, docs: Docs) -> None:
    """One id for two contents."""
    event = webhook.read_event(ROOT / "events/receive-webhook/commented.json") | {"id": f"evt-{uuid.uuid4()}"}
    door = replace(stack.door("trading-grid"), key=docs.key())
    other = json.loads(json.dumps(event).replace("gate 4", "gate 5"))
    statuses = [sent_in_the_end(door, one) for one in (event, other)]
    if statuses != [202, 409]:
        raise Problem(f"one id for two contents was answered {statuses}")


def sent_in_the_end(door: webhook.Door, event: dict[str, Any]) -> int:
    """A function that has just looked for a new key in vain looks again after 30 s: until then a sender tries again."""
    for _ in range(8):
        status = webhook.send(door, event).status
        if status != 401:
            break
        time.sleep(5)
    return status


def filters(stack: Stack) -> list[str]:
    """Each pattern must be one that we can apply; those of metrics that the play leads to must match."""
    faults = []
    found: dict[tuple[str, str], int] = {}
    logs = {name: log["LogGroupName"]["Fn::Sub"].replace("${AWS::StackName}-", "").rpartition("/")[2]
            for name, log in resources(load(TEMPLATE), "AWS::Logs::LogGroup")}
    written = {function: read_log(stack, function) for function in set(SEEN.values())}
    for name, metric_filter in resources(load(TEMPLATE), "AWS::Logs::MetricFilter"):
        matches = matcher(metric_filter["FilterPattern"])
        if matches is None:
            faults.append(f"{name}: nobody can apply {metric_filter['FilterPattern']}")
            continue
        function = logs[metric_filter["LogGroupName"]["Ref"]]
        metric = metric_filter["MetricTransformations"][0]["MetricName"]
        found[metric, function] = sum(map(matches, written.get(function, [])))
    for metric, function in SEEN.items():
        if not found.get((metric, function)):
            faults.append(f"no line of {function} counts as {metric}")
    detail(f"{len(found)} metric filters; of the play, {', '.join(f'{found.get(key)} {key[0]}' for key in SEEN.items())}")
    return faults


def matcher(pattern: str) -> Callable[[dict[str, Any]], bool] | None:
    """As CloudWatch applies it; `None` for a pattern that is beyond us."""
    terms = [TERM.fullmatch(term.strip()) for term in pattern.strip("{} ").split("||")]
    if None in terms:
        return None
    return lambda line: any(holds(term, line.get(term["field"])) for term in terms)


def holds(term: re.Match[str], found: Any) -> bool:
    value = term["value"]
    if term["truth"]:
        return found is True
    if value == "*":
        return found is not None
    if value.endswith('*"'):
        return str(found).startswith(value[1:-2])
    return found == json.loads(value)


def read_log(stack: Stack, function: str) -> list[dict[str, Any]]:
    pages = stack.aws("logs").get_paginator("filter_log_events").paginate(logGroupName=f"/aws/lambda/{NAME}-{function}")
    lines = []
    for page in pages:
        for event in page["events"]:
            try:
                line = json.loads(event["message"])
            except ValueError:
                continue  # START, END and REPORT
            lines += [line] if isinstance(line, dict) else []
    return lines


def documents(stack: Stack) -> list[str]:
    """What the functions have written must be what the recorded documents say, in the namespace of this stack."""
    faults = []
    found = set()
    for name, _ in resources(load(TEMPLATE), "AWS::Serverless::Function"):
        function = re.sub(r"(?<!^)([A-Z])", r"-\1", name.removesuffix("Function")).lower()
        for line in read_log(stack, function):
            for datum in emf.data(line):
                found.add((datum.metric, datum.dimension, datum.of))
                if datum.namespace != f"Gridlink/{NAME}":
                    faults.append(f"{function} writes {datum.metric} into the namespace {datum.namespace}")
    faults += [f"{metric} of {of} is not among the recorded documents" for metric, _, of in sorted(found - emf.written())]
    faults += [f"no document has {metric} of {of}" for metric, _, of in sorted(WRITTEN - found)]
    detail(f"{len(found)} metrics of documents that the functions have written")
    return faults


def dashboards(stack: Stack) -> list[str]:
    """What is deployed is JSON in which every name was put in, and shows the queues and alarms of this stack."""
    faults = []
    for output in ("BusinessDashboardName", "TechnicalDashboardName"):
        body = stack.aws("cloudwatch").get_dashboard(DashboardName=stack.outputs[output])["DashboardBody"]
        widgets = json.loads(body)["widgets"]
        if "${" in body or f"{NAME}-open-case.fifo" not in body:
            faults.append(f"{output}: names of resources are missing in it")
        shown = [alarm for widget in widgets if widget["type"] == "alarm" for alarm in widget["properties"]["alarms"]]
        if any(f":alarm:{NAME}-" not in alarm for alarm in shown):
            faults.append(f"{output}: it shows alarms that are none of this stack: {shown}")
        detail(f"{stack.outputs[output]}: {len(widgets)} widgets, {len(shown)} alarms")
    return faults


def data_of(metric: str, value: float, times: int) -> list[dict[str, Any]]:
    """The data of a metric: those of a recorded document with this value, where functions write such."""
    for line in emf.RECORDED.read_text().splitlines():
        document = json.loads(line)
        if metric in document:
            data = [datum for datum in emf.data(document | {metric: [value] * times}) if datum.metric == metric]
            return [{"MetricName": metric, "Value": one, "Unit": datum.unit} for datum in data for one in datum.values]
    return [{"MetricName": metric, "Value": value}] * times


def crossings(stack: Stack) -> list[str]:
    faults = []
    cloudwatch = stack.aws("cloudwatch")
    alarms: dict[tuple[str, str], list[dict[str, Any]]] = {}
    for page in cloudwatch.get_paginator("describe_alarms").paginate():
        for alarm in page["MetricAlarms"]:
            alarms.setdefault((alarm["Namespace"], alarm["MetricName"]), []).append(alarm)
    for (namespace, metric), group in alarms.items():
        is_heartbeat = group[0]["ComparisonOperator"].startswith("LessThan")
        threshold = group[0]["Threshold"]
        # Of a heartbeat the sum must rise to be fine, of all others it must rise to be not.
        steps = [(0.0, "ALARM"), (threshold + 1, "OK")] if is_heartbeat else [(0.0, "OK"), (threshold * 2 + 1, "ALARM")]
        for value, wanted in steps[1:] if namespace == "AWS/Lambda" else steps:
            # The functions of the play have data, too: a percentile moves only when enough others are beside them.
            times = 100 if "ExtendedStatistic" in group[0] else 1
            cloudwatch.put_metric_data(Namespace=namespace, MetricData=data_of(metric, value, times))
            names = [alarm["AlarmName"] for alarm in group]
            for alarm in cloudwatch.describe_alarms(AlarmNames=names)["MetricAlarms"]:
                if alarm["StateValue"] != wanted:
                    faults.append(f"{alarm['AlarmName']}: {metric} {value} makes it {alarm['StateValue']} and not {wanted}")
    detail(f"{sum(map(len, alarms.values()))} alarms follow {len(alarms)} metrics")
    return faults
