"""Signs an event and posts it to the stack that `make demo` keeps running.

    send_event.py FILE [--as-is] [--issue ID]

Without --as-is the event gets a new id and the time of now; with it, sending a file twice shows that
a duplicate changes nothing. --issue ID sends it as an event of another issue.
"""

from __future__ import annotations

import argparse
import json
from pathlib import Path
from typing import Any

import community
import webhook
from console import Problem, run, say

ROOT = Path(__file__).resolve().parents[2]
STATE = ROOT / ".demo" / "demo" / "running.json"


def main() -> int:
    parser = argparse.ArgumentParser(description="Signs an event and posts it to the running demo.")
    parser.add_argument("file", type=Path, help="a CloudEvent, such as events/receive-webhook/commented.json")
    parser.add_argument("--as-is", action="store_true", help="keep the id and the time that the file has")
    parser.add_argument("--issue", metavar="ID", help="make it an event of this issue of the same company")
    arguments = parser.parse_args()
    event = webhook.read_event(arguments.file)
    if arguments.issue:
        event = of_issue(event, arguments.issue)
    state = running_demo()
    if not arguments.as_is:
        event = webhook.restamped(event)
        # A refusal is fine: the issue may be there already. Else it is the community's own event, which its feed has.
        if event["type"].startswith("gridlink.community.") and not community.mirror(state["community"], event):
            event = community.told(state["community"])
    answer = webhook.send(webhook.Door(**state["door"]), event)
    say(f"{answer.status} {answer.body}")
    return 0 if answer.status < 300 else 1


def of_issue(event: webhook.Event, issue: str) -> webhook.Event:
    subject = "/".join([*event["subject"].split("/")[:-1], issue])
    return event | {"subject": subject, "data": event["data"] | {"issueId": issue}}


def running_demo() -> dict[str, Any]:
    try:
        return json.loads(STATE.read_text())
    except OSError as error:
        raise Problem("The demo is not running: start it with `make demo` in another terminal.") from error


if __name__ == "__main__":
    run(main, ROOT / ".demo" / "send-event-trace.txt")
