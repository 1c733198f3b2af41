"""What systemd is told of a command that stays: sd_notify(3), a datagram of lines to `$NOTIFY_SOCKET`.

No library: libsystemd's binding must be compiled, and what the protocol needs is one socket and one call.
"""

import contextlib
import os
import socket
import threading
import time
from collections.abc import Callable, MutableMapping

from reconciler.views.untrusted import render_untrusted

_VARIABLES = ("NOTIFY_SOCKET", "WATCHDOG_USEC", "WATCHDOG_PID")


class Supervisor:
    """Tells systemd, if it asked for it: without `$NOTIFY_SOCKET` every word goes nowhere.

    The variables are taken out of the environment, so that no program started from here speaks for it. A word that
    cannot be delivered is lost: the work goes on, and the watchdog says that something is wrong.
    """

    def __init__(self, environment: MutableMapping[str, str], *, pid: int | None = None) -> None:
        given = {name: environment.pop(name, "") for name in _VARIABLES}
        self._address = _address(given["NOTIFY_SOCKET"])
        mine = given["WATCHDOG_PID"] in ("", str(os.getpid() if pid is None else pid))
        microseconds = given["WATCHDOG_USEC"] if mine and self._address is not None else ""
        self.watchdog = int(microseconds) / 1_000_000 if microseconds.isdecimal() else 0.0
        """Seconds without a word after which systemd ends the command; 0 for never."""
        self._closed = threading.Event()
        self._thread: threading.Thread | None = None

    def ready(self) -> None:
        """It does what it is there for; also after `reloading`. A stand-by is ready."""
        self._tell("READY=1")

    def status(self, text: str) -> None:
        """One line for `systemctl status`."""
        self._tell(f"STATUS={render_untrusted(text)}")

    def reloading(self) -> None:
        """It reads its settings again; `ready` is to follow."""
        self._tell("RELOADING=1", f"MONOTONIC_USEC={time.clock_gettime_ns(time.CLOCK_MONOTONIC) // 1000}")

    def stopping(self) -> None:
        """It ends what is under way."""
        self._tell("STOPPING=1")

    def feed(self, is_alive: Callable[[], bool]) -> None:
        """From now on the watchdog hears of it twice in its time, for as long as `is_alive` says so."""
        if self.watchdog and self._thread is None:
            self._thread = threading.Thread(target=self._feed, args=(is_alive,), name="watchdog", daemon=True)
            self._thread.start()

    def close(self) -> None:
        """Feed no more; may be called twice."""
        self._closed.set()
        if self._thread is not None:
            self._thread.join(timeout=1)

    def _feed(self, is_alive: Callable[[], bool]) -> None:
        while True:
            if is_alive():
                self._tell("WATCHDOG=1")
            if self._closed.wait(self.watchdog / 2):
                return

    def _tell(self, *lines: str) -> None:
        if self._address is None:
            return
        with contextlib.suppress(OSError), socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as channel:
            channel.setblocking(False)
            channel.sendto("\n".join(lines).encode("utf-8", "backslashreplace"), self._address)


def _address(name: str) -> str | None:
    """A path, or the name of an abstract socket, which is written with `@`; others are none of this machine's."""
    if name.startswith("@"):
        return f"\0{name[1:]}"
    return name if name.startswith("/") else None
