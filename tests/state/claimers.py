"""One of several processes that claim sends of one SQLite state at the same time.

    python -m tests.state.claimers STATE BATCH

It says `ready`, waits for a line, claims all it can get, BATCH at a time, and prints the pairs; then `done`, and waits
for another line with what it claimed still in its hands.
"""

import sys
from contextlib import closing

from reconciler.model.instants import Seconds
from reconciler.state.liveness import this_process
from reconciler.state.protocol import Author
from reconciler.state.sqlite import open_sqlite
from tests.builders import NOW
from tests.conformance.steps import candidate

PROCESSES = 4
SENDS = 200


def main(path: str, batch: int) -> None:
    worker = this_process()
    author = Author(actor=f"process-{worker.pid}", at=NOW)
    print("ready", flush=True)
    sys.stdin.readline()
    with closing(open_sqlite(path, write=True)) as state:
        sends = state.sends()
        for start in range(0, len(sends), batch):
            candidates = [candidate(send) for send in sends[start : start + batch]]
            for claim in state.claim(worker, candidates, author, lease=Seconds(600)):
                print("@".join(claim.pair))
        print("done", flush=True)
        sys.stdin.readline()


if __name__ == "__main__":
    main(sys.argv[1], int(sys.argv[2]))
