"""Signals that ask a command to stop: the first politely, the second at once."""

import os
import signal
from types import FrameType

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
