"""Who is alive on this machine, by a clock that nobody sets and that goes on in sleep (sending.md 5).

A state in a SQLite file has one machine at a time, so a worker of another boot is gone, whatever its host was called.
Processes in another container of this boot cannot be seen from here: only their leases tell.
"""

import os
import time
from collections.abc import Callable
from dataclasses import dataclass
from functools import cache
from typing import NewType

from reconciler.model.claims import Worker, WorkerId

BootTime = NewType("BootTime", int)
"""Milliseconds since the machine started, sleep included."""


def boot_clock() -> BootTime:
    """The clock that leases are told by; it means something within one boot only."""
    return BootTime(time.clock_gettime_ns(time.CLOCK_BOOTTIME) // 1_000_000)


def boot_seconds() -> float:
    """The same, for whoever holds a lease: a clock that stands still in sleep takes it to last when it is over."""
    return time.clock_gettime(time.CLOCK_BOOTTIME)


def this_process() -> Worker:
    """This process under a new id: to be called once in its life."""
    started = _started(os.getpid())
    if started is None:
        raise OSError("/proc does not show this process; it must be mounted, as workers are told apart by it")
    return Worker(id=WorkerId(os.urandom(16).hex()), host=_host(), boot=_boot(), pid=os.getpid(), started=started)


def is_alive(worker: Worker) -> bool:
    """False if its process is known to be gone; what cannot be seen from here counts as alive."""
    if worker.boot != _boot():
        return False
    if worker.host != _host():
        return True
    started = _started(worker.pid)
    return _exists(worker.pid) if started is None else started == worker.started


@dataclass(frozen=True, slots=True, kw_only=True)
class Liveness:
    """What a state asks about leases and workers; a test gives its own."""

    clock: Callable[[], BootTime] = boot_clock
    is_alive: Callable[[Worker], bool] = is_alive


HERE = Liveness()
"""By this machine's own clock and processes."""


@cache
def _boot() -> str:
    with open("/proc/sys/kernel/random/boot_id", encoding="ascii") as file:
        return file.read().strip()


@cache
def _host() -> str:
    """The host's name and its space of process numbers: a container has its own."""
    return f"{os.uname().nodename}/{os.stat('/proc/self/ns/pid').st_ino}"


def _started(pid: int) -> int | None:
    """In ticks since boot; -1 for a process that has ended and was not waited for, None where nothing is shown."""
    try:
        with open(f"/proc/{pid}/stat", encoding="utf-8", errors="replace") as file:
            # The name of the command, in brackets, may hold anything.
            fields = file.read().rpartition(")")[2].split()
    except OSError:
        return None
    return -1 if fields[0] in ("Z", "X") else int(fields[19])


def _exists(pid: int) -> bool:
    """Where /proc hides the processes of others (`hidepid`), a signal that is none still finds them."""
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        return True
    return True
