"""What the local programs say, and how they end: one sentence instead of a trace."""

from __future__ import annotations

import sys
import time
import traceback
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

STARTED = time.monotonic()


class Problem(Exception):
    """Something a person can put right; its text is the whole message."""


def say(text: str = "") -> None:
    print(text, flush=True)


@contextmanager
def step(title: str) -> Iterator[None]:
    """Prints the title before and the time after the work."""
    say(f"[{time.monotonic() - STARTED:6.1f} s] {title}")
    started = time.monotonic()
    yield
    took = time.monotonic() - started
    if took >= 2:
        say(f"{'':11}done in {took:.1f} s")


def detail(text: str) -> None:
    say(f"{'':11}{text}")


def run(main: Callable[[], int], trace_file: Path) -> None:
    """Ends the program with the status of `main`; a trace goes to a file, never to the screen."""
    try:
        status = main()
    except Problem as problem:
        say(f"\n{problem}")
        status = 1
    except KeyboardInterrupt:
        status = 130
    except Exception as error:  # noqa: BLE001 - the last resort of a program
        trace_file.parent.mkdir(parents=True, exist_ok=True)
        trace_file.write_text(traceback.format_exc())
        say(f"\nUnexpected: {type(error).__name__}: {error}\nThe details are in {trace_file}.")
        status = 1
    sys.exit(status)
