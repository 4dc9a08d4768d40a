"""`make demo`: the whole path, deployed, with one command.

    demo.py                   build, start, deploy, play, show; then stay up until Ctrl-C
    demo.py --once            end after the play; status 1 when anything in it was not right
    demo.py --once --binaries DIR   the same on free ports, with binaries that were built before
    demo.py … --without-app   ServiceNow's events come from the simulator itself, and not from the scoped app
    demo.py … --thorough      after the play try the documentation, the alarms and the dashboards on the stack
"""

from __future__ import annotations

import argparse
import json
import shutil
import time
from pathlib import Path

import alarms
import app
import build
import operate
import play
import servicenow_app
from console import Problem, detail, run, say, step
from docs_commands import Docs
from processes import end_by_exception, ignore_interrupts
from stack import BIN, ROOT, SENDERS, Ports, Stack, scratch_folder

TOOLS = {
    "cargo": "Rust is needed: install it from https://rustup.rs",
    "cc": "A C compiler is needed (one cryptographic library has C and assembly in it): install gcc or clang",
}


def main() -> int:
    parser = argparse.ArgumentParser(description="The whole path on this machine.")
    parser.add_argument("--once", action="store_true", help="end after the play, with its status")
    parser.add_argument(
        "--binaries", type=lambda text: Path(text).resolve(), help="a folder with built binaries, such as target/debug"
    )
    parser.add_argument("--without-app", action="store_true", help="do not install the scoped app in ServiceNow")
    parser.add_argument(
        "--thorough", action="store_true", help="try documentation, alarms and dashboards too; needs --binaries"
    )
    arguments = parser.parse_args()
    if arguments.thorough and not arguments.binaries:
        parser.error("--thorough needs --binaries")
    end_by_exception()
    check_tools([] if arguments.binaries else list(TOOLS))
    ports = Ports.any_free() if arguments.binaries else Ports.of_demo()
    ports.refuse_busy()
    work = fresh_folder("test" if arguments.binaries else "demo")
    if arguments.binaries:
        packages, worlds = build.packages_of(arguments.binaries, work), arguments.binaries / "worlds"
    else:
        packages, worlds = build.release()
        ports.refuse_busy()
    stack = Stack(work, ports, with_app=not arguments.without_app and has_app())
    status = 1
    try:
        stack.start(packages, worlds)
        faults = play.perform(stack)
        if arguments.binaries and not faults:
            faults = operate.check(stack, arguments.binaries / "gridlink")
        if arguments.thorough and not faults:
            docs = Docs(stack, arguments.binaries)
            with step("Trying the commands and examples of the documentation"):
                faults = docs.perform()
            with step("Trying alarms, metric filters and dashboards"):
                faults += alarms.perform(stack, docs)
        status = report(stack, faults)
        if not arguments.once:
            stay_up(stack)
    finally:
        ignore_interrupts()
        with step("Stopping everything"):
            stack.stop()
        if status != 0:
            detail(f"all logs are in {work.relative_to(ROOT)}")
        elif arguments.binaries:
            shutil.rmtree(work)
    return status


def has_app() -> bool:
    """Builds the app's package unless it is there; not where ServiceNow's SDK cannot run."""
    if not servicenow_app.is_possible():
        detail("Node.js with npm is not installed: ServiceNow's events come from the simulator, and not from the app")
        return False
    app.main(anew=False)
    return True


def check_tools(names: list[str]) -> None:
    for name in names:
        if shutil.which(name) is None:
            raise Problem(TOOLS[name] + ".")
    if not (BIN / "sam").exists():
        raise Problem("The Python tools are not installed: run `make tools`.")


def fresh_folder(name: str) -> Path:
    """Logs and the unpacked functions. A demo has one place; tests may run beside each other."""
    if name != "demo":
        return scratch_folder(name)
    place = ROOT / ".demo" / name
    shutil.rmtree(place, ignore_errors=True)
    place.mkdir(parents=True)
    return place


def report(stack: Stack, faults: list[str]) -> int:
    if not faults:
        say("\nEverything is as the events said.\n")
        return 0
    say("\nNot as it should be:")
    for fault in faults:
        say(f"  - {fault}")
    for name in build.FUNCTIONS:
        say(f"\nThe last lines of {name}:")
        for line in stack.function_logs(name):
            say(f"  {line[:400]}")
    say()
    return 1


def stay_up(stack: Stack) -> None:
    door = stack.door(SENDERS[0])
    state = stack.work / "running.json"  # read by send_event.py
    state.touch(mode=0o600)
    state.write_text(json.dumps({"door": vars(door), "community": stack.trading_grid}))
    say(f"""Running until Ctrl-C:
  ServiceNow    {stack.servicenow}   (state: {stack.servicenow}/_world/state)
  Trading Grid  {stack.trading_grid}   (state: {stack.trading_grid}/_world/state)
  AWS           {stack.endpoint}   (any key; region us-east-1; table {stack.outputs["TableName"]})
  Webhooks      POST http://{door.address}{door.path}
                with the header Host: {door.host}
  Logs          {stack.work.relative_to(ROOT)}/

Send another event from a second terminal; a new id and a new signature are made for it:
  .venv/bin/python infra/local/send_event.py events/receive-webhook/commented.json
""")
    try:
        while not (gone := stack.processes.ended()):
            time.sleep(0.5)
    except KeyboardInterrupt:
        say()
        return
    finally:
        state.unlink()
    raise Problem(f"{gone[0]} ended. The end of its log:\n{stack.processes.tail(gone[0])}")


if __name__ == "__main__":
    run(main, ROOT / ".demo" / "demo-trace.txt")
