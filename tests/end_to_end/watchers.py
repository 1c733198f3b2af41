"""One of several watches of one state, without manifests: its turn, a loop, and a line in a file for each pass.

    python -m tests.end_to_end.watchers STATE LOG [QUICKER]

It says on standard output what it is told, `active` and `lost`. SIGUSR1 has the loop hang for ten seconds, or until the
next SIGUSR1. With QUICKER every time is so many times shorter.
"""

import os
import signal
import sys
import time
from contextlib import closing
from types import FrameType

from reconciler.cli.signals import Signals
from reconciler.engine import heartbeat, standby
from reconciler.engine.heartbeat import Heartbeat
from reconciler.engine.standby import TurnLost, Watching, stand_by
from reconciler.model.instants import Instant, Seconds
from reconciler.state.liveness import this_process
from reconciler.state.protocol import Author, State
from reconciler.state.sqlite import open_sqlite

EVERY = 0.05


def say(text: str) -> None:
    print(text, flush=True)


class Hanging:
    """The second signal ends what the first began."""

    def __init__(self) -> None:
        self.hangs = False

    def __call__(self, _number: int, _frame: FrameType | None) -> None:
        self.hangs = not self.hangs
        until = time.monotonic() + 10
        while self.hangs and time.monotonic() < until:
            signal.pause()


def main(path: str, log: str) -> int:
    signal.signal(signal.SIGUSR1, Hanging())

    def open_state() -> State:
        return open_sqlite(path, write=True)

    with Signals() as signals, open(log, "ab", buffering=0) as file:
        watching = Watching(
            worker=this_process(),
            open_state=open_state,
            author=lambda: Author(actor="anna", at=Instant(int(time.time()))),
            wait=signals.wait,
            tell=say,
        )
        heart = Heartbeat()
        say("begun")
        while (turn := stand_by(watching, heart, stop=signals.is_asked)) is not None:
            say("active")
            with turn:
                try:
                    while not (signals.is_asked() or turn.is_lost()):
                        heart.beat()
                        with closing(open_state()) as state:
                            turn.confirm(state)
                        file.write(b"%d\n" % os.getpid())
                        signals.wait(EVERY)
                except TurnLost:
                    pass
            say("lost" if turn.is_lost() else "ended")
        return signals.exit_code


def quicken(by: float) -> None:
    """Everything in proportion; a loop that hangs is noticed six times sooner than that."""
    standby.LEASE = Seconds(round(standby.LEASE / by))
    standby.RENEWED /= by
    standby.LOOKED /= by
    heartbeat.STILL /= 6 * by


if __name__ == "__main__":
    if sys.argv[3:]:
        quicken(float(sys.argv[3]))
    sys.exit(main(sys.argv[1], sys.argv[2]))
