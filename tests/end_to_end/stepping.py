"""What a process does to the world, step by step: for tests that kill or freeze it there.

A step is a statement of SQLite, or anything that creates, writes, flushes, links, renames or removes a file: what
Python's audit hooks and SQLite's trace callback tell, and `os.write` and `os.fsync`. Nothing in the product knows of
it.
"""

import os
import re
import sqlite3
import sys
import threading
from collections.abc import Callable
from typing import Any

WRITING = os.O_WRONLY | os.O_RDWR | os.O_CREAT

AUDITED = frozenset(("os.mkdir", "os.rename", "os.remove", "os.rmdir", "os.link", "os.truncate", "os.chmod"))

Act = Callable[[str], None]
"""Given what is about to happen: `os.link .../packs/4f.pack`, `write /path`, `fsync /path`, `sql BEGIN IMMEDIATE`."""


def before_each_step(act: Act) -> None:
    """From now on, in this process and for good, `act` is called before each step, in the thread that takes it."""
    within = threading.local()

    def step(what: str) -> None:
        if not getattr(within, "acting", False):
            within.acting = True
            try:
                act(what)
            finally:
                within.acting = False

    _watch_files(step)
    _watch_sqlite(step)


def at(number: int, act: Callable[[str], None], *, which: Callable[[str], bool] = lambda _: True) -> Act:
    """Act once: at the step with this number, counted from 1 among those meant."""
    lock = threading.Lock()
    left = [number]

    def count(what: str) -> None:
        if which(what):
            with lock:
                left[0] -= 1
                mine = left[0] == 0
            if mine:
                act(what)

    return count


def chosen(step: str, act: Act, *, which: Callable[[str], bool] = lambda _: True) -> Act:
    """Act at a step that is given by its number, or as `2~os.mkdir packs`: the second that matches in full."""
    number, _, pattern = step.partition("~")
    return at(int(number), act, which=lambda what: which(what) and bool(re.fullmatch(pattern or ".*", what, re.DOTALL)))


def place(descriptor: int) -> str:
    """The path behind a descriptor."""
    return os.readlink(f"/proc/self/fd/{descriptor}")


def _watch_files(step: Act) -> None:
    write, fsync = os.write, os.fsync

    def stepping_write(descriptor: int, data: Any) -> int:
        step(f"write {place(descriptor)}")
        half = len(data) // 2
        if half == 0:
            return write(descriptor, data)
        done = write(descriptor, data[:half])  # a step in the middle of what is written, too
        step(f"write {place(descriptor)}")
        return done if done < half else done + write(descriptor, data[half:])

    def stepping_fsync(descriptor: Any) -> None:
        step(f"fsync {place(descriptor)}")
        fsync(descriptor)

    def audit(event: str, arguments: tuple[Any, ...]) -> None:
        if event in AUDITED:
            step(f"{event} {arguments[1] if event == 'os.link' else arguments[0]}")
        elif event == "open" and isinstance(arguments[2], int) and arguments[2] & WRITING:
            step(f"open {arguments[0]}")

    os.write = stepping_write
    os.fsync = stepping_fsync
    sys.addaudithook(audit)


def _watch_sqlite(step: Act) -> None:
    connect = sqlite3.connect

    def stepping_connect(*arguments: Any, **options: Any) -> sqlite3.Connection:
        connection: sqlite3.Connection = connect(*arguments, **options)
        connection.set_trace_callback(lambda statement: step(f"sql {statement}"))
        return connection

    sqlite3.connect = stepping_connect  # type: ignore[assignment]  # SQLite's own hook, on every connection
