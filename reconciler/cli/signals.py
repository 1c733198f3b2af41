"""Signals that a command which stays listens to: SIGTERM and SIGINT end it, SIGHUP has it read its settings again."""

import os
import select
import signal
import socket
import time
from types import FrameType
from typing import Self

PATIENCE = 8
"""Seconds that what is under way has to end after a signal; then it is broken off, as a kill would do."""

ENDING = (signal.SIGTERM, signal.SIGINT)

_WATCHED = (*ENDING, signal.SIGHUP, signal.SIGALRM)


class Signals:
    """While it is entered, signals only set facts that a loop asks for. It belongs to the main thread.

    A terminal that is closed sends SIGHUP too, and ends the command: whoever started it there is gone. SIGHUP stays
    ignored if it was (`nohup`).
    """

    def __init__(self) -> None:
        self._ended_by = 0
        self._break_off_at = 0.0
        self._reload = False

    def __enter__(self) -> Self:
        self._had_terminal = _has_terminal()
        self._woken, self._waking = socket.socketpair()
        self._woken.setblocking(False)
        self._waking.setblocking(False)
        self._wakeup_before = signal.set_wakeup_fd(self._waking.fileno(), warn_on_full_buffer=False)
        self._before = {number: signal.getsignal(number) for number in _WATCHED}
        for number in ENDING:
            signal.signal(number, self._end)
        signal.signal(signal.SIGALRM, self._break_off)
        if self._before[signal.SIGHUP] is not signal.SIG_IGN:
            signal.signal(signal.SIGHUP, self._hang_up)
        return self

    def __exit__(self, *_: object) -> None:
        signal.alarm(0)
        for number, handler in self._before.items():
            signal.signal(number, handler)
        signal.set_wakeup_fd(self._wakeup_before)
        self._woken.close()
        self._waking.close()

    def is_asked(self) -> bool:
        """Whether somebody asked to stop."""
        return self._ended_by != 0

    @property
    def exit_code(self) -> int:
        """143, 130 or 129, by the signal that asked first; 0 before."""
        return 128 + self._ended_by if self._ended_by else 0

    def reload_asked(self) -> bool:
        """Whether SIGHUP came since the last question."""
        asked, self._reload = self._reload, False
        return asked

    def left(self) -> float:
        """Seconds until what is under way is broken off; PATIENCE before anybody asked to stop."""
        return max(0.0, self._break_off_at - time.monotonic()) if self._ended_by else float(PATIENCE)

    def wait(self, seconds: float) -> None:
        """Sleep, but not beyond the next signal."""
        select.select([self._woken], [], [], seconds)
        try:
            while self._woken.recv(4096):
                pass
        except BlockingIOError:
            return

    def _end(self, number: int, _frame: FrameType | None) -> None:
        if self._ended_by:
            return
        self._ended_by = number
        self._break_off_at = time.monotonic() + PATIENCE
        signal.alarm(PATIENCE)

    def _hang_up(self, number: int, frame: FrameType | None) -> None:
        if self._had_terminal and not _has_terminal():
            self._end(number, frame)
        else:
            self._reload = True

    def _break_off(self, _number: int, _frame: FrameType | None) -> None:
        raise SystemExit(self.exit_code)


def _has_terminal() -> bool:
    """Whether there is a terminal that this process belongs to; none is there once it was closed."""
    try:
        os.close(os.open("/dev/tty", os.O_RDWR | os.O_NOCTTY | os.O_CLOEXEC))
    except OSError:
        return False
    return True
