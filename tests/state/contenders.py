"""One of several processes that submit plans to one SQLite state at the same time.

    python -m tests.state.contenders STATE NUMBER

It says `ready`, waits for a line, submits a plan that all share and one that overlaps with its neighbours', and prints
what was recorded of them: one name a line.
"""

import sys
from collections.abc import Iterator

from reconciler.model.plan import Plan
from reconciler.state.protocol import Author
from reconciler.state.sqlite import open_sqlite
from tests.builders import NOW, plan, planned, send_only_job

SITES = tuple(f"S{number:02}" for number in range(12))
PROCESSES = 8


def plans(number: int) -> Iterator[Plan]:
    yield plan(send_only_job("till", "D1 S1", [planned(site) for site in SITES]))
    yield plan(send_only_job("cad", "D1 S1", [planned(site) for site in SITES[number : number + 5]]))


def main(path: str, number: int) -> None:
    print("ready", flush=True)
    sys.stdin.readline()
    state = open_sqlite(path, write=True)
    for made in plans(number):
        for name in state.submit(made, Author(actor=f"process-{number}", at=NOW)).recorded:
            print(name)
    state.close()


if __name__ == "__main__":
    main(sys.argv[1], int(sys.argv[2]))
