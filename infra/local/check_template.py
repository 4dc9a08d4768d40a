"""Checks infra/template.yaml by the rules of template_rules.py and operation_rules.py.

    check_template.py [FILE]      check the template; status 1 and one line per fault
    check_template.py --self-test  break the template in memory, once per rule, and see the rule fire
"""

from __future__ import annotations

import copy
import sys
from pathlib import Path

import yaml

import operation_rules as operation
import template_rules as rules
from console import Problem, run, say
from rules import Rule, self_test
from template_rules import ROOT, Template, properties

TEMPLATE = ROOT / "infra" / "template.yaml"


def main() -> int:
    arguments = sys.argv[1:]
    if "--self-test" in arguments:
        return self_test(RULES, load(TEMPLATE))
    path = Path(arguments[0]) if arguments else TEMPLATE
    faults = [f"{rule.name}: {fault}" for rule in RULES for fault in rule.check(load(path))]
    for fault in faults:
        say(f"{path.name}: {fault}")
    if not faults:
        say(f"{path.name}: {len(RULES)} groups of rules hold")
    return 1 if faults else 0


class Loader(yaml.SafeLoader):
    """YAML with CloudFormation's short tags, read as their long forms."""


def intrinsic(loader: Loader, suffix: str, node: yaml.Node) -> dict[str, object]:
    if isinstance(node, yaml.ScalarNode):
        value: object = loader.construct_scalar(node)
    elif isinstance(node, yaml.SequenceNode):
        value = loader.construct_sequence(node, deep=True)
    else:
        value = loader.construct_mapping(node, deep=True)
    if suffix == "GetAtt" and isinstance(value, str):
        value = value.split(".", 1)
    return {suffix if suffix in ("Ref", "Condition") else f"Fn::{suffix}": value}


Loader.add_multi_constructor("!", intrinsic)


def load(path: Path) -> Template:
    try:
        return yaml.load(path.read_text(), Loader)  # noqa: S506 - a SafeLoader
    except (OSError, yaml.YAMLError) as error:
        raise Problem(f"{path} cannot be read: {error}") from error


def event(template: Template) -> dict:
    return properties(template, "OpenCaseFunction")["Events"]["Doorbell"]["Properties"]


def aim(template: Template) -> dict:
    return properties(template, "PollChangesSchedule")["Target"]


def statement(template: Template, role: str, index: int = 0) -> dict:
    return properties(template, role)["Policies"][0]["PolicyDocument"]["Statement"][index]


def change(resource: str, **values: object):
    """A breakage that sets properties of a resource; None removes one."""

    def breakage(template: Template) -> None:
        found = properties(template, resource)
        for key, value in values.items():
            found.pop(key, None)
            if value is not None:
                found[key] = value

    return breakage


def body(template: Template, name: str, old: str, new: str) -> None:
    """A breakage of the text of a dashboard, which must have what is replaced."""
    found = properties(template, name)["DashboardBody"]
    assert old in found["Fn::Sub"], old
    found["Fn::Sub"] = found["Fn::Sub"].replace(old, new, 1)


def without(name: str):
    """A breakage that takes a resource away."""

    def breakage(template: Template) -> None:
        del template["Resources"][name]

    return breakage


def second_queue_consumer(template: Template) -> None:
    twin = copy.deepcopy(template["Resources"]["OpenCaseFunction"])
    twin["Properties"]["Events"]["Doorbell"]["Properties"]["ScalingConfig"]["MaximumConcurrency"] = 2
    template["Resources"]["TwinFunction"] = twin


RULES = [
    Rule("CONSUMER", rules.consumer_rules, {
        "visibility of five timeouts": change("OpenCaseQueue", VisibilityTimeout=300),
        "a timeout raised without the queue": change("OpenCaseFunction", Timeout=90),
        "whole batches fail": lambda t: event(t).pop("FunctionResponseTypes"),
        "batches of 11": lambda t: event(t).update(BatchSize=11),
        "a batching window": lambda t: event(t).update(MaximumBatchingWindowInSeconds=5),
        "no bound on concurrency": lambda t: event(t).pop("ScalingConfig"),
        "33 calls at once": second_queue_consumer,
        "a queue from elsewhere": lambda t: event(t).update(Queue="arn:aws:sqs:eu-west-1:111122223333:other"),
    }),
    Rule("QUEUE", rules.queue_rules, {
        "no encryption": change("OpenCaseQueue", SqsManagedSseEnabled=None),
        "dead letters kept for 4 days": change("OpenCaseDeadLetters", MessageRetentionPeriod=345600),
        "dead letters that are not FIFO": change("OpenCaseDeadLetters", FifoQueue=None),
        "no dead letters": change("OpenCaseQueue", RedrivePolicy=None),
        "gives up after 3": lambda t: properties(t, "OpenCaseQueue")["RedrivePolicy"].update(maxReceiveCount=3),
        "kept as long as dead letters": change("OpenCaseQueue", MessageRetentionPeriod=1209600),
        "content-based deduplication": change("OpenCaseQueue", ContentBasedDeduplication=True),
        "nobody looks at dead letters": lambda t: t["Resources"].pop("OpenCaseDeadLettersAlarm"),
    }),
    Rule("TABLE", rules.table_rules, {
        "no point-in-time recovery": change("Table", PointInTimeRecoverySpecification=None),
        "no deletion protection": change("Table", DeletionProtectionEnabled=False),
        "deleted with the stack": lambda t: t["Resources"]["Table"].pop("DeletionPolicy"),
        "deleted when replaced": lambda t: t["Resources"]["Table"].update(UpdateReplacePolicy="Delete"),
        "provisioned": change("Table", BillingMode="PROVISIONED"),
        "no encryption": change("Table", SSESpecification=None),
        "no TTL": change("Table", TimeToLiveSpecification=None),
        "contents in the index": lambda t: properties(t, "Table")["GlobalSecondaryIndexes"][0].update(
            Projection={"ProjectionType": "ALL"}
        ),
    }),
    Rule("SCHEDULE", rules.schedule_rules, {
        "no dead letters": lambda t: aim(t).pop("DeadLetterConfig"),
        "no retry policy": lambda t: aim(t).pop("RetryPolicy"),
        "half a retry policy": lambda t: aim(t)["RetryPolicy"].pop("MaximumEventAgeInSeconds"),
        "dead letters it may not write": lambda t: statement(t, "PollChangesScheduleRole", 1).update(
            Resource={"Fn::GetAtt": ["OpenCaseQueue", "Arn"]}
        ),
        "a plural of one": change("PollChangesSchedule", ScheduleExpression="rate(1 minutes)"),
        "a schedule made by SAM": change("PollChangesFunction", Events={"Tick": {"Type": "ScheduleV2"}}),
    }),
    Rule("ROLE", rules.role_rules, {
        "every action": lambda t: statement(t, "OpenCaseRole").update(Action=["dynamodb:*"]),
        "every resource": lambda t: statement(t, "PollChangesRole").update(Resource="*"),
        "one more action on everything": lambda t: statement(t, "OpenCaseRole", 5).update(
            Action=["xray:PutTraceSegments", "sqs:SendMessage"]
        ),
        "all but one": lambda t: statement(t, "OpenCaseRole").update(NotAction=["dynamodb:DeleteTable"]),
        "a shared role": change("PollChangesFunction", Role={"Fn::GetAtt": ["OpenCaseRole", "Arn"]}),
        "a role made by SAM": change("PollChangesFunction", Role=None),
        "permissions outside the role": change("PollChangesFunction", Policies=["AmazonSQSFullAccess"]),
    }),
    Rule("SECRET", rules.secret_rules, {
        "a secret's value in the environment": lambda t: properties(t, "OpenCaseFunction")["Environment"][
            "Variables"
        ].update(SERVICENOW_SECRET="{{resolve:secretsmanager:x}}"),
        "a password in the environment": lambda t: t["Globals"]["Function"]["Environment"]["Variables"].update(
            SERVICENOW_PASSWORD="x"
        ),
        "a value in the template": change("ServiceNowSecret", SecretString="{}"),
        "another function manages users": lambda t: statement(t, "OpenCaseRole", 2)["Resource"].append(
            {"Fn::GetAtt": ["TradingGridUsersSecret", "Id"]}
        ),
        "a secret as parameter": lambda t: t["Parameters"].update(ClientSecret={"Type": "String"}),
        "a hidden parameter": lambda t: t["Parameters"].update(Hidden={"Type": "String", "NoEcho": True}),
    }),
    Rule("LOG", rules.log_rules, {
        "no log group": change("OpenCaseFunction", LoggingConfig=None),
        "kept for ever": change("OpenCaseLog", RetentionInDays=None),
        "a shared log group": change("OpenCaseFunction", LoggingConfig={"LogGroup": {"Ref": "PollChangesLog"}}),
    }),
    Rule("API", rules.api_rules, {
        "no throttling": change("WebhookApi", MethodSettings=None),
        "half a throttling": lambda t: properties(t, "WebhookApi")["MethodSettings"][0].pop("ThrottlingRateLimit"),
        "bodies in the log": lambda t: properties(t, "WebhookApi")["MethodSettings"][0].update(DataTraceEnabled=True),
        "no access log": change("WebhookApi", AccessLogSetting=None),
        "the key in the access log": lambda t: properties(t, "WebhookApi")["AccessLogSetting"].update(
            Format="$context.identity.apiKey"
        ),
        "any website": change("WebhookApi", Cors="'*'"),
        "slower than API Gateway": change("ReceiveWebhookFunction", Timeout=30),
    }),
    Rule("ALARM", operation.alarm_rules, {
        "no place in the runbook": change("OpenCaseParkedAlarm", AlarmDescription="Something is parked"),
        "nobody hears of it": change("OpenCaseParkedAlarm", AlarmActions=None),
        "nobody hears of its end": change("OpenCaseParkedAlarm", OKActions=None),
        "silence without a meaning": change("OpenCaseParkedAlarm", TreatMissingData=None),
        "a crash that nobody sees": without("OpenCaseErrorsAlarm"),
        "doorbells that wait unseen": without("OpenCaseQueueAgeAlarm"),
        "no look at refusals": without("WebhookRefusedAlarm"),
        "no look at what fails": without("WebhookServerErrorsAlarm"),
        "no heartbeat": without("PollChangesHeartbeatAlarm"),
        "a heartbeat that silence does not end": change("PollChangesHeartbeatAlarm", TreatMissingData="notBreaching"),
        "a metric that nobody makes": change("OpenCaseParkedAlarm", MetricName="Parking"),
        "a metric of nobody": change("OpenCaseParkedAlarm", Dimensions=[{"Name": "Function", "Value": "opencase"}]),
        "a metric of everybody": change("OpenCaseParkedAlarm", Dimensions=None),
        "a metric filter with dimensions": change("ReportedAlarm", Dimensions=[{"Name": "Function", "Value": "open-case"}]),
        "a metric that is made twice": lambda t: properties(t, "PollFailedMetric")["MetricTransformations"][0].update(
            MetricName="Parked"
        ),
        "a use case that may be late": without("OpenCaseLagAlarm"),
    }),
    Rule("DASHBOARD", operation.dashboard_rules, {
        "no business dashboard": without("BusinessDashboard"),
        "no technical dashboard": without("TechnicalDashboard"),
        "an alarm that is not shown": lambda t: body(
            t, "TechnicalDashboard", "${OpenCaseParkedAlarm.Arn}", "${TableReadThrottledAlarm.Arn}"
        ),
        "a new queue that is not shown": lambda t: t["Resources"].update(NewQueue=t["Resources"]["OpenCaseQueue"]),
        "a new function that is not shown": lambda t: t["Resources"].update(NewFunction=t["Resources"]["OpenCaseFunction"]),
        "a metric that is not shown": lambda t: body(t, "TechnicalDashboard", '"PollFailed"', '"PollFails"'),
        "not JSON": lambda t: body(t, "BusinessDashboard", "]}", "}"),
        "a resource that is not there": lambda t: body(
            t, "BusinessDashboard", "${OpenCaseQueue.QueueName}", "${OpenedQueue.QueueName}"
        ),
        "two widgets in one place": lambda t: body(t, "BusinessDashboard", '"x": 12, "y": 0', '"x": 6, "y": 0'),
        "a widget beyond the edge": lambda t: body(t, "BusinessDashboard", '"x": 12, "y": 0', '"x": 18, "y": 0'),
    }),
    Rule("REDRIVE", operation.redrive_rules, {
        "dead letters of anybody": change("OpenCaseDeadLetters", RedriveAllowPolicy=None),
        "dead letters of another queue": change("OpenCaseDeadLetters", RedriveAllowPolicy={
            "redrivePermission": "byQueue", "sourceQueueArns": ["arn:aws:sqs:eu-west-1:111122223333:other"],
        }),
    }),
    Rule("INVOCATION", operation.invocation_rules, {
        "retries that nobody chose": change("PollChangesFunction", EventInvokeConfig=None),
        "failures that are lost": lambda t: properties(t, "PollChangesFunction")["EventInvokeConfig"].pop(
            "DestinationConfig"
        ),
    }),
    Rule("TRACE", operation.trace_rules, {
        "functions without traces": lambda t: t["Globals"]["Function"].pop("Tracing"),
        "one function without": change("OpenCaseFunction", Tracing="PassThrough"),
        "an API without traces": change("WebhookApi", TracingEnabled=False),
        "a log that is no JSON": lambda t: properties(t, "OpenCaseFunction")["LoggingConfig"].update(LogFormat="Text"),
    }),
    Rule("OWN SECRETS", operation.secret_readers, {
        "a secret that it does not need": lambda t: statement(t, "RaiseIncidentRole", 2)["Resource"].append(
            {"Fn::GetAtt": ["TradingGridUsersSecret", "Id"]}
        ),
        "a secret's value among the outputs": lambda t: t["Outputs"].update(Key={"Value": "{{resolve:secretsmanager:x}}"}),
    }),
]


if __name__ == "__main__":
    run(main, ROOT / ".demo" / "check-template-trace.txt")
