"""A worker is killed amid a send for which another one waits.

    python -m tests.end_to_end.taken_over FOLDER

Prints JSON: the row's state and attempts before and after, how many seconds until the other had claimed it, and how
often it backed off.
"""

import json
import os
import signal
import sqlite3
import sys
import time
from contextlib import closing
from pathlib import Path

from tests.end_to_end.crew import Crew, Started
from tests.end_to_end.frozen_sends import freeze
from tests.end_to_end.killed_sends import SITE, STORIES
from tests.end_to_end.stepping import at, before_each_step


def amid_a_send() -> None:
    """Stop, as the killed one has to live until the other waits."""
    before_each_step(at(1, freeze, which=lambda what: what.startswith("write ") and f"/{SITE}/parts/" in what))


def row(crew: Crew) -> tuple[str, int]:
    with closing(sqlite3.connect(crew.fleet / ".reconciler" / "state.db")) as state:
        found: tuple[str, int] = state.execute("SELECT state, attempts FROM readable_sends").fetchone()
        return found


def wait_for(other: Started, event: str) -> None:
    while f'"event":"{event}"' not in other.out.read_text():
        time.sleep(0.005)


def main(folder: Path) -> None:
    crew = Crew(folder / "fleet")
    crew.folder.mkdir()
    STORIES["content"].begun(crew)
    first = crew.start("work", before=amid_a_send)
    if first.wait_frozen() is not None:
        raise AssertionError("it was not stopped")
    before = row(crew)
    other = crew.start("work", "--until-idle", "-o", "ndjson")
    wait_for(other, "worker-started")
    time.sleep(0.2)  # so that it has looked, and waits
    os.kill(first.pid, signal.SIGKILL)
    killed = time.monotonic()
    first.end()
    wait_for(other, "started")
    seconds = time.monotonic() - killed
    waits = other.end().out.count('"event":"waits"')
    print(json.dumps({"before": before, "after": row(crew), "seconds": seconds, "waits": waits}))


if __name__ == "__main__":
    main(Path(sys.argv[1]))
