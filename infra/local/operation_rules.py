"""Our own rules for what operators see of infra/template.yaml: alarms, dashboards, traces and logs.

As in template_rules.py, each rule yields one sentence per fault, and check_template.py breaks each on purpose.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator

import emf
from template_rules import Json, Template, as_list, consumers, dead_letter_targets, properties, resources, statements, target

RUNBOOK = re.compile(r"Runbook: infra/docs/runbook\.md#[a-z0-9-]+$")
TOPIC = {"Fn::If": ["HasAlarmTopic", [{"Ref": "AlarmTopicArn"}], {"Ref": "AWS::NoValue"}]}
REFERENCE = re.compile(r"\$\{([A-Za-z0-9]+)(?:\.[A-Za-z]+)?\}")


def alarms(template: Template) -> Iterator[tuple[str, Json]]:
    yield from resources(template, "AWS::CloudWatch::Alarm")


def watched(template: Template, namespace: str, metric: str) -> set[str]:
    """The resources that an alarm looks at by this metric."""
    return {
        target(dimension["Value"]) or ""
        for _, alarm in alarms(template)
        if alarm.get("Namespace") == namespace and alarm.get("MetricName") == metric
        for dimension in alarm.get("Dimensions", [])
    }


def alarm_rules(template: Template) -> Iterator[str]:
    for name, alarm in alarms(template):
        if not RUNBOOK.search(alarm.get("AlarmDescription", "").strip()):
            yield f"{name}: its description must end with its place in the runbook"
        if alarm.get("AlarmActions") != TOPIC or alarm.get("OKActions") != TOPIC:
            yield f"{name}: it must tell the topic of AlarmTopicArn, of trouble and of its end"
        if "TreatMissingData" not in alarm:
            yield f"{name}: it must say what no data means"
    crashes = watched(template, "AWS/Lambda", "Errors")
    for name, _ in resources(template, "AWS::Serverless::Function"):
        if name not in crashes:
            yield f"{name}: no alarm tells that it crashes"
    ages = watched(template, "AWS/SQS", "ApproximateAgeOfOldestMessage")
    for name, _, event in consumers(template):
        if target(event["Queue"]) not in ages:
            yield f"{name}: no alarm tells that its doorbells wait"
    for name, _ in resources(template, "AWS::Serverless::Api"):
        for metric in ("4XXError", "5XXError"):
            if not any(alarm.get("MetricName") == metric for _, alarm in alarms(template)):
                yield f"{name}: no alarm looks at {metric}"
    scheduled = {target(schedule["Target"]["Arn"]) for _, schedule in resources(template, "AWS::Scheduler::Schedule")}
    for name in sorted(filter(None, scheduled)):
        is_heard = any(
            alarm.get("MetricName") == "Invocations" and alarm.get("TreatMissingData") == "breaching"
            and any(target(dimension["Value"]) == name for dimension in alarm["Dimensions"])
            for _, alarm in alarms(template)
        )
        if not is_heard:
            yield f"{name}: no alarm tells that its schedule does not start it"
    filtered, written = set(filtered_metrics(template)), emf.written()
    for name, alarm in alarms(template):
        if "Gridlink" not in str(alarm.get("Namespace")):
            continue
        metric = alarm.get("MetricName")
        of = {(metric, dimension["Name"], dimension["Value"]) for dimension in alarm.get("Dimensions", [])}
        if (of or metric not in filtered) and not (len(of) == 1 and of <= written):
            yield f"{name}: nothing makes its metric {metric} {alarm.get('Dimensions', '')}"
    for name in sorted(filtered & {metric for metric, _, _ in written}):
        yield f"{name}: it is made twice, by a metric filter and by a function"
    late = {dimension["Value"] for _, alarm in alarms(template) if alarm.get("MetricName") == "Lag"
            for dimension in alarm["Dimensions"]}
    for use_case in sorted(emf.USE_CASES - late):
        yield f"{use_case}: no alarm tells that it is late"


def filtered_metrics(template: Template) -> Iterator[str]:
    for _, metric_filter in resources(template, "AWS::Logs::MetricFilter"):
        for transformation in metric_filter["MetricTransformations"]:
            yield transformation["MetricName"]


def own_metrics(template: Template) -> set[tuple[str, str, str]]:
    """All that CloudWatch counts as one each; those of metric filters have no dimension."""
    return {(metric, "", "") for metric in filtered_metrics(template)} | emf.written()


def dashboard_rules(template: Template) -> Iterator[str]:
    bodies = {}
    for name, dashboard in resources(template, "AWS::CloudWatch::Dashboard"):
        body = dashboard["DashboardBody"].get("Fn::Sub", "")
        bodies[name] = body
        unknown = set(REFERENCE.findall(body)) - template["Resources"].keys()
        if unknown:
            yield f"{name}: {', '.join(sorted(unknown))} is not part of this template"
        try:
            widgets = json.loads(re.sub(r"\$\{[^}]*\}", "x", body))["widgets"]
        except (ValueError, KeyError) as error:
            yield f"{name}: its body is not the JSON of a dashboard: {error}"
            continue
        yield from (f"{name}: {fault}" for fault in overlaps(widgets))
    for name in ("BusinessDashboard", "TechnicalDashboard"):
        if name not in bodies:
            yield f"there is no {name}"
    shown = set(REFERENCE.findall(bodies.get("TechnicalDashboard", "")))
    for kind in ("AWS::CloudWatch::Alarm", "AWS::SQS::Queue", "AWS::Serverless::Function", "AWS::DynamoDB::Table"):
        for name, _ in resources(template, kind):
            if name not in shown:
                yield f"TechnicalDashboard does not show {name}"
    for metric in sorted({metric for metric, _, _ in own_metrics(template)}):
        if not any(f'"{metric}"' in body for body in bodies.values()):
            yield f"no dashboard shows the metric {metric}"


def overlaps(widgets: list[Json]) -> Iterator[str]:
    """Widgets that lie upon each other, or beyond the 24 columns."""
    taken: dict[tuple[int, int], int] = {}
    for at, widget in enumerate(widgets):
        if widget["x"] + widget["width"] > 24:
            yield f"widget {at} is beyond the 24 columns"
        cells = [
            (x, y)
            for x in range(widget["x"], widget["x"] + widget["width"])
            for y in range(widget["y"], widget["y"] + widget["height"])
        ]
        if any(cell in taken for cell in cells):
            yield f"widget {at} lies upon another"
        taken.update(dict.fromkeys(cells, at))


def redrive_rules(template: Template) -> Iterator[str]:
    """Only its own queue may move messages to a dead-letter queue."""
    queues = dict(resources(template, "AWS::SQS::Queue"))
    for name, queue in queues.items():
        letters = target(queue.get("RedrivePolicy", {}).get("deadLetterTargetArn"))
        if letters not in queues:
            continue
        allowed = queues[letters].get("RedriveAllowPolicy", {})
        sources = [str(source) for source in allowed.get("sourceQueueArns", [])]
        own = str(queue.get("QueueName", {}).get("Fn::Sub", ""))
        if allowed.get("redrivePermission") != "byQueue" or len(sources) != 1 or f":{own}" not in sources[0]:
            yield f"{letters}: it must take messages of {name} alone (RedriveAllowPolicy)"


def invocation_rules(template: Template) -> Iterator[str]:
    """What is started without waiting for an answer must say what becomes of a failure."""
    letters = set(dead_letter_targets(template))
    for name, schedule in resources(template, "AWS::Scheduler::Schedule"):
        function = target(schedule["Target"]["Arn"]) or ""
        config = properties(template, function).get("EventInvokeConfig", {})
        if {"MaximumRetryAttempts", "MaximumEventAgeInSeconds"} - config.keys():
            yield f"{function}: {name} starts it, and its EventInvokeConfig does not say how often it is tried again"
        if target(config.get("DestinationConfig", {}).get("OnFailure", {}).get("Destination")) not in letters:
            yield f"{function}: {name} starts it, and its failures go to no dead-letter queue"


def trace_rules(template: Template) -> Iterator[str]:
    everywhere = template.get("Globals", {}).get("Function", {}).get("Tracing")
    for name, function in resources(template, "AWS::Serverless::Function"):
        if function.get("Tracing", everywhere) != "Active":
            yield f"{name}: it is not traced"
        if function.get("LoggingConfig", {}).get("LogFormat") != "JSON":
            yield f"{name}: metric filters and queries need its log in JSON"
    for name, api in resources(template, "AWS::Serverless::Api"):
        if api.get("TracingEnabled") is not True:
            yield f"{name}: it is not traced"


def secret_readers(template: Template) -> Iterator[str]:
    """A role reads only the secrets that its function is told of, and no output shows one."""
    secrets = {name: secret for name, secret in resources(template, "AWS::SecretsManager::Secret")}
    by_name = {str(secret.get("Name", {}).get("Fn::Sub", "")): name for name, secret in secrets.items()}
    for name, function in resources(template, "AWS::Serverless::Function"):
        told = set()
        for value in function.get("Environment", {}).get("Variables", {}).values():
            named = target(value) or by_name.get(str(value.get("Fn::Sub", "")) if isinstance(value, dict) else "")
            told.add(named)
        role = properties(template, target(function.get("Role")) or "")
        for statement in statements(role):
            if "secretsmanager:GetSecretValue" in as_list(statement["Action"]):
                read = {target(resource) for resource in as_list(statement["Resource"])} & secrets.keys()
                for secret in sorted(read - told):
                    yield f"{name}: its role reads {secret}, of which it is not told"
    for name, output in template.get("Outputs", {}).items():
        if "{{resolve:" in str(output):
            yield f"output {name} shows a secret"
