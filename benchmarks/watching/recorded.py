"""When something stands in the state, seen by another process that looks every millisecond."""

import sqlite3
import time
from collections.abc import Callable

EVERY = 0.001
WITHIN = 60.0


class Recorded:
    """One reader of a state; a look that finds nothing new costs SQLite one page."""

    def __init__(self, state: str) -> None:
        self._sqlite = sqlite3.connect(f"file:{state}?mode=ro", uri=True, isolation_level=None)

    def close(self) -> None:
        self._sqlite.close()

    def last_job(self) -> int:
        """The number of the send-only job recorded last."""
        return int(self._sqlite.execute("SELECT coalesce(max(id), 0) FROM send_only_jobs").fetchone()[0])

    def last_pass(self) -> int:
        return int(self._sqlite.execute("SELECT coalesce(max(number), 0) FROM passes").fetchone()[0])

    def open_sends(self) -> int:
        statement = "SELECT count(*) FROM sends WHERE state IN ('queued', 'sending', 'verifying', 'backing-off')"
        return int(self._sqlite.execute(statement).fetchone()[0])

    def rises(
        self, look: Callable[[], int], before: int, *, check: Callable[[], None], within: float = WITHIN
    ) -> float:
        """The instant (monotonic) at which `look` first tells more than `before`; raises what `check` does."""
        until = time.monotonic() + within
        next_check = time.monotonic() + 1
        while True:
            found, now = look(), time.monotonic()
            if found > before:
                return now
            if now > until:
                raise TimeoutError(f"nothing was recorded within {WITHIN:g} s")
            if now > next_check:
                check()
                next_check = now + 1
            time.sleep(EVERY)
