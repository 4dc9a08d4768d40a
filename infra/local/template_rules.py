"""Our own rules for infra/template.yaml: what cfn-lint does not see (design section 12).

Each rule takes the parsed template and yields one sentence per fault. Together with each rule stands
the breakage that it must notice; `check_template.py --self-test` makes each one in memory.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

Json = Any
Template = dict[str, Json]

# Calls that all functions together may have under way at ServiceNow at once (design section 6).
ROOT = Path(__file__).resolve().parents[2]
SERVICENOW_CALLS_AT_ONCE = 32
# Actions without resource-level permissions, so that `Resource: "*"` is the only way to allow them.
ACTIONS_WITHOUT_RESOURCE = {"xray:PutTelemetryRecords", "xray:PutTraceSegments"}
SCHEDULE = re.compile(r"rate\((1 (minute|hour|day)|([2-9]|[1-9][0-9]+) (minutes|hours|days))\)|cron\([^()]+\)")
SECRET_NAME = re.compile(r"(password|passwd|token|secret|api_?key|private_?key|credential)", re.IGNORECASE)
# Variables with such a name whose value is a name, a prefix or an address, never the secret itself.
NAMES_OF_SECRETS = {
    "REFERENCE_SECRET",
    "SERVICENOW_SECRET",
    "TRADING_GRID_SECRET",
    "TRADING_GRID_TOKEN_URL",
    "USERS_SECRET",
    "WEBHOOK_SECRET_PREFIX",
}


def resources(template: Template, kind: str) -> Iterator[tuple[str, Json]]:
    for name, resource in template["Resources"].items():
        if resource["Type"] == kind:
            yield name, resource.get("Properties", {})


def properties(template: Template, name: str) -> Json:
    return template["Resources"][name]["Properties"]


def target(value: Json) -> str | None:
    """The logical name that a !Ref or !GetAtt points to."""
    if isinstance(value, dict):
        if "Ref" in value:
            return value["Ref"]
        if "Fn::GetAtt" in value:
            return value["Fn::GetAtt"][0]
    return None


def as_list(value: Json) -> list[Json]:
    return value if isinstance(value, list) else [value]


def consumers(template: Template) -> Iterator[tuple[str, Json, Json]]:
    """Each function with a queue: its name, its properties, the properties of the queue event."""
    for name, function in resources(template, "AWS::Serverless::Function"):
        for event in function.get("Events", {}).values():
            if event["Type"] == "SQS":
                yield name, function, event["Properties"]


def consumer_rules(template: Template) -> Iterator[str]:
    total = 0
    for name, function, event in consumers(template):
        queue_name = target(event["Queue"])
        if queue_name is None or queue_name not in template["Resources"]:
            yield f"{name}: its queue is not part of this template"
            continue
        queue = properties(template, queue_name)
        timeout = function["Timeout"]
        if queue.get("VisibilityTimeout", 30) < 6 * timeout:
            yield f"{queue_name}: VisibilityTimeout is under 6 times the {timeout} s of {name}"
        if event.get("FunctionResponseTypes") != ["ReportBatchItemFailures"]:
            yield f"{name}: without ReportBatchItemFailures one bad message repeats its whole batch"
        if queue.get("FifoQueue") and event.get("BatchSize", 10) > 10:
            yield f"{name}: a FIFO queue allows batches of at most 10"
        if event.get("MaximumBatchingWindowInSeconds"):
            yield f"{name}: a FIFO queue allows no batching window"
        most = event.get("ScalingConfig", {}).get("MaximumConcurrency")
        if most is None:
            yield f"{name}: without ScalingConfig.MaximumConcurrency nothing bounds the load on ServiceNow"
        total += most or 0
    calls = total * streams_side_by_side()
    if calls > SERVICENOW_CALLS_AT_ONCE:
        yield f"MaximumConcurrency lets {calls} calls run at once; ServiceNow is given {SERVICENOW_CALLS_AT_ONCE}"


def streams_side_by_side() -> int:
    """How many streams an invocation works on at a time; each makes one call after the other."""
    source = (ROOT / "shared" / "src" / "lambda" / "queue_batch.rs").read_text()
    [found] = re.findall(r"const SIDE_BY_SIDE: usize = (\d+);", source)
    return int(found)


def queue_rules(template: Template) -> Iterator[str]:
    queues = dict(resources(template, "AWS::SQS::Queue"))
    dead_letters = set(dead_letter_targets(template))
    for name, queue in queues.items():
        if not queue.get("SqsManagedSseEnabled") and "KmsMasterKeyId" not in queue:
            yield f"{name}: it is not encrypted"
        if name in dead_letters:
            if queue.get("MessageRetentionPeriod") != 14 * 86400:
                yield f"{name}: a dead-letter queue keeps its messages for 14 days"
            if not is_target_of_alarm(template, name):
                yield f"{name}: no alarm looks at this dead-letter queue"
            continue
        redrive = queue.get("RedrivePolicy")
        if redrive is None:
            yield f"{name}: it has no dead-letter queue"
            continue
        letters = queues.get(target(redrive["deadLetterTargetArn"]) or "")
        if letters is None:
            yield f"{name}: its dead-letter queue is not part of this template"
        elif bool(letters.get("FifoQueue")) != bool(queue.get("FifoQueue")):
            yield f"{name}: it and its dead-letter queue must both be FIFO or both not"
        if not 5 <= redrive.get("maxReceiveCount", 0) <= 10:
            yield f"{name}: maxReceiveCount must be 5 to 10"
        if queue.get("MessageRetentionPeriod", 345600) >= 14 * 86400:
            yield f"{name}: it must keep its messages for less time than its dead-letter queue does"
        if queue.get("FifoQueue") and queue.get("ContentBasedDeduplication"):
            yield f"{name}: with content-based deduplication a second ring within five minutes is swallowed"


def dead_letter_targets(template: Template) -> Iterator[str]:
    for _, queue in resources(template, "AWS::SQS::Queue"):
        yield target(queue.get("RedrivePolicy", {}).get("deadLetterTargetArn")) or ""
    for _, schedule in resources(template, "AWS::Scheduler::Schedule"):
        yield target(schedule["Target"].get("DeadLetterConfig", {}).get("Arn")) or ""


def is_target_of_alarm(template: Template, queue: str) -> bool:
    return any(
        alarm.get("Namespace") == "AWS/SQS"
        and any(target(dimension["Value"]) == queue for dimension in alarm.get("Dimensions", []))
        for _, alarm in resources(template, "AWS::CloudWatch::Alarm")
    )


def table_rules(template: Template) -> Iterator[str]:
    for name, table in resources(template, "AWS::DynamoDB::Table"):
        resource = template["Resources"][name]
        if not table.get("PointInTimeRecoverySpecification", {}).get("PointInTimeRecoveryEnabled"):
            yield f"{name}: point-in-time recovery is off"
        if table.get("DeletionProtectionEnabled") is not True:
            yield f"{name}: deletion protection is off"
        if resource.get("DeletionPolicy") != "Retain" or resource.get("UpdateReplacePolicy") != "Retain":
            yield f"{name}: DeletionPolicy and UpdateReplacePolicy must be Retain"
        if table.get("BillingMode") != "PAY_PER_REQUEST":
            yield f"{name}: it must be on demand"
        if not table.get("SSESpecification", {}).get("SSEEnabled"):
            yield f"{name}: encryption is off"
        if table.get("TimeToLiveSpecification") != {"AttributeName": "ttl", "Enabled": True}:
            yield f"{name}: TTL must be on, by attribute ttl"
        for index in table.get("GlobalSecondaryIndexes", []):
            if index["Projection"]["ProjectionType"] != "KEYS_ONLY":
                yield f"{name}: index {index['IndexName']} must hold keys only, no contents"


def schedule_rules(template: Template) -> Iterator[str]:
    for name, function in resources(template, "AWS::Serverless::Function"):
        for event in function.get("Events", {}).values():
            if event["Type"] in ("Schedule", "ScheduleV2"):
                yield f"{name}: write its schedule out, so that its role and dead-letter queue can be seen"
    for name, schedule in resources(template, "AWS::Scheduler::Schedule"):
        aim = schedule["Target"]
        if not SCHEDULE.fullmatch(schedule["ScheduleExpression"]):
            yield f"{name}: {schedule['ScheduleExpression']} is no schedule (one minute, two minutes)"
        if "DeadLetterConfig" not in aim:
            yield f"{name}: it has no dead-letter queue"
        if {"MaximumRetryAttempts", "MaximumEventAgeInSeconds"} - aim.get("RetryPolicy", {}).keys():
            yield f"{name}: its retry policy must say how often and for how long"
        role = properties(template, target(aim["RoleArn"]) or "")
        if "DeadLetterConfig" in aim and not allows(role, "sqs:SendMessage", aim["DeadLetterConfig"]["Arn"]):
            yield f"{name}: its role may not write to its dead-letter queue"


def statements(role: Json) -> Iterator[Json]:
    for policy in role.get("Policies", []):
        yield from as_list(policy["PolicyDocument"]["Statement"])


def allows(role: Json, action: str, resource: Json) -> bool:
    return any(
        action in as_list(statement["Action"]) and resource in as_list(statement["Resource"])
        for statement in statements(role)
    )


def role_rules(template: Template) -> Iterator[str]:
    for name, role in resources(template, "AWS::IAM::Role"):
        for statement in statements(role):
            actions = as_list(statement.get("Action", []))
            if "NotAction" in statement or "NotResource" in statement:
                yield f"{name}: NotAction and NotResource allow what nobody listed"
            for action in actions:
                if "*" in action:
                    yield f"{name}: action {action} is not one action"
            if "*" in as_list(statement.get("Resource", [])) and set(actions) - ACTIONS_WITHOUT_RESOURCE:
                yield f'{name}: Resource "*" for {", ".join(sorted(set(actions) - ACTIONS_WITHOUT_RESOURCE))}'
    users: dict[str, str] = {}
    for name, function in resources(template, "AWS::Serverless::Function"):
        role_name = target(function.get("Role"))
        if role_name is None:
            yield f"{name}: it needs a role of its own, written out"
        elif role_name in users:
            yield f"{name}: it shares its role with {users[role_name]}"
        else:
            users[role_name] = name
        if "Policies" in function:
            yield f"{name}: its permissions belong to its role"


def environments(template: Template) -> Iterator[tuple[str, str, Json]]:
    shared = template.get("Globals", {}).get("Function", {})
    for name, holder in [("Globals", shared), *resources(template, "AWS::Serverless::Function")]:
        for key, value in holder.get("Environment", {}).get("Variables", {}).items():
            yield name, key, value


def secret_rules(template: Template) -> Iterator[str]:
    for name, key, value in environments(template):
        if "{{resolve:" in str(value):
            yield f"{name}: {key} would put a secret's value into the environment"
        if SECRET_NAME.search(key) and key not in NAMES_OF_SECRETS:
            yield f"{name}: {key} looks like a secret; functions read secrets from Secrets Manager"
    for name, secret in resources(template, "AWS::SecretsManager::Secret"):
        if "SecretString" in secret:
            yield f"{name}: its value must not pass through the template"
    for name, role in resources(template, "AWS::IAM::Role"):
        if name != "ProvisionPartnerRole" and "TradingGridUsersSecret" in str(role):
            yield f"{name}: only provision-partner may manage the users of Trading Grid"
    for name, parameter in template.get("Parameters", {}).items():
        if SECRET_NAME.search(name) and not name.endswith("Url"):
            yield f"parameter {name} looks like a secret"
        if parameter.get("NoEcho"):
            yield f"parameter {name} is a secret; it would stay in the stack's history"


def log_rules(template: Template) -> Iterator[str]:
    used: dict[str, str] = {}
    for name, function in resources(template, "AWS::Serverless::Function"):
        group = target(function.get("LoggingConfig", {}).get("LogGroup"))
        if group is None:
            yield f"{name}: it must name its log group (LoggingConfig.LogGroup)"
        elif "RetentionInDays" not in properties(template, group):
            yield f"{group}: it must say how long it keeps its lines"
        elif group in used:
            yield f"{name}: it shares its log group with {used[group]}"
        else:
            used[group] = name


def api_rules(template: Template) -> Iterator[str]:
    for name, api in resources(template, "AWS::Serverless::Api"):
        everywhere = [
            setting
            for setting in api.get("MethodSettings", [])
            if setting.get("HttpMethod") == "*" and setting.get("ResourcePath") == "/*"
        ]
        if not everywhere or {"ThrottlingRateLimit", "ThrottlingBurstLimit"} - everywhere[0].keys():
            yield f"{name}: it needs throttling for every method and path"
        if any(setting.get("DataTraceEnabled") for setting in api.get("MethodSettings", [])):
            yield f"{name}: DataTraceEnabled writes bodies and signatures to the log"
        log_format = api.get("AccessLogSetting", {}).get("Format", "")
        if not log_format:
            yield f"{name}: it has no access log"
        if re.search(r"\$(input|context\.(requestOverride|authorizer|identity\.apiKey))", log_format):
            yield f"{name}: its access log must not hold bodies or credentials"
        if api.get("Cors"):
            yield f"{name}: no browser is a sender, so no CORS"
    for name, function in resources(template, "AWS::Serverless::Function"):
        if any(event["Type"] == "Api" for event in function.get("Events", {}).values()) and function["Timeout"] > 25:
            yield f"{name}: API Gateway waits 29 s, so its timeout must be 25 s or less"
