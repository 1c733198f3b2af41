"""Signals that ask a command to stop: the first politely, the second at once."""

import os
import signal
import sys
import threading
import time
from types import FrameType

HANGS = 0.5
"""Seconds that threads have to end once nothing is left to do for them."""

SIGNALS = (signal.SIGTERM, signal.SIGINT)


class Stopping:
    """While it is entered, SIGTERM and SIGINT only ask; whoever asks twice ends the process there and then."""

    def __init__(self) -> None:
        self._asked_by = 0

    def __enter__(self) -> "Stopping":
        self._before = {number: signal.signal(number, self._ask) for number in SIGNALS}
        return self

    def __exit__(self, *_: object) -> None:
        for number, handler in self._before.items():
            signal.signal(number, handler)

    def is_asked(self) -> bool:
        """Whether somebody asked to stop."""
        return self._asked_by != 0

    @property
    def exit_code(self) -> int:
        """130 or 143, by the signal that asked first."""
        return 128 + self._asked_by

    def _ask(self, number: int, _frame: FrameType | None) -> None:
        if self._asked_by:
            os._exit(self.exit_code)
        self._asked_by = number


def leave(code: int) -> int:
    """The code, or the end of the process there and then if a thread hangs: at a site that does not answer.

    Python would wait for it; its claim ends with the process, and nothing it does now counts.
    """
    until = time.monotonic() + HANGS
    for thread in threading.enumerate():
        if thread is not threading.main_thread() and not thread.daemon:
            thread.join(max(until - time.monotonic(), 0.0))
            if thread.is_alive():
                sys.stdout.flush()
                sys.stderr.flush()
                os._exit(code)
    return code
