"""`reconcile apply` in a process that kills itself (SIGKILL) before one of its durable steps.

    python -m tests.end_to_end.killed NUMBER

A step is a statement of SQLite, or anything that creates, renames, removes or changes a file: what Python's audit hooks
and SQLite's trace callback tell. Nothing in the product knows of it.
"""

import os
import signal
import sqlite3
import sys
from typing import Any

from reconciler.cli.app import run

DURABLE = frozenset(("os.mkdir", "os.rename", "os.remove", "os.link", "os.truncate", "os.chmod", "sqlite3.connect"))
WRITING = os.O_WRONLY | os.O_RDWR | os.O_CREAT

left = int(sys.argv[1])


def step() -> None:
    global left  # noqa: PLW0603
    left -= 1
    if left == 0:
        os.kill(os.getpid(), signal.SIGKILL)


def audit(event: str, arguments: tuple[Any, ...]) -> None:
    if event in DURABLE or (event == "open" and isinstance(arguments[2], int) and arguments[2] & WRITING):
        step()


def connect(*arguments: Any, **options: Any) -> sqlite3.Connection:
    connection = CONNECT(*arguments, **options)
    connection.set_trace_callback(lambda _: step())
    return connection


CONNECT = sqlite3.connect
sqlite3.connect = connect  # type: ignore[assignment]  # SQLite's own hook, on every connection that is made
sys.addaudithook(audit)
sys.exit(run(["apply"]))
