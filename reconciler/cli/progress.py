"""How far a long reading is: one line that rewrites itself on a terminal, a heartbeat a minute elsewhere."""

import sys
import time
from collections.abc import Callable
from typing import TextIO

PATIENCE = 1.0
"""Seconds before anything is said: most readings are over by then."""

HEARTBEAT = 60.0
"""Seconds between two lines where nobody watches."""

ERASE = "\r\033[K"


class Progress:
    """Tells `stream`, else standard error, which of how many things is being done; `clock` counts seconds."""

    def __init__(
        self,
        stream: TextIO | None = None,
        clock: Callable[[], float] = time.monotonic,
        *,
        doing: str = "reading sources",
    ) -> None:
        self._doing = doing
        self._stream = stream = sys.stderr if stream is None else stream
        self._clock = clock
        self._rewrites = stream.isatty()
        self._patience = PATIENCE if self._rewrites else HEARTBEAT
        self._speaks_at = clock() + self._patience
        self._shown = False

    def step(self, done: int, total: int, name: str) -> None:
        """`name` is read next, after `done` of `total`; with all done what was shown is taken away."""
        now = self._clock()
        if done == 0:
            self._speaks_at = now + self._patience  # a watch reads again and again: each reading begins anew
        if self._rewrites:
            if done == total and self._shown:
                self._stream.write(ERASE)
                self._shown = False
            elif done < total and now >= self._speaks_at:
                self._stream.write(f"{ERASE}{self._doing}: {done} of {total}, {name}")
                self._shown = True
            self._stream.flush()
        elif now >= self._speaks_at:
            self._stream.write(f"{self._doing}: {done} of {total}\n")
            self._speaks_at = now + HEARTBEAT
