"""A process is killed before each SQL statement of what it does to a state; what is left is compared.

    python -m tests.state.killed FOLDER EVERY STORY...

Each story is told to the end once, with a look from outside before each statement; then, for one statement in EVERY and
for those on either side of what became durable, in a child that kills itself (SIGKILL) there. What it leaves must be
what that look saw, and telling the story again must end as if nobody had died. Prints a line of JSON for each: how many
statements and durable steps there are, and where either did not hold.
"""

import json
import os
import shutil
import signal
import sqlite3
import sys
from collections.abc import Callable, Iterator, Mapping
from contextlib import closing, contextmanager
from dataclasses import replace
from functools import partial
from typing import Any

from reconciler.model.acknowledgements import GuardName
from reconciler.model.claims import Arrived, BackedOff, Claim, Ending, GaveWay, Outcome, PutBack
from reconciler.model.holdings import Unknown
from reconciler.model.instants import Instant
from reconciler.model.plan import CancellationReason
from reconciler.model.quantities import Bytes
from reconciler.model.snapshot import Cause, SendState
from reconciler.state.protocol import Author, State
from reconciler.state.sqlite import open_sqlite
from tests.builders import (
    NOW,
    acknowledgement,
    cancellation,
    hold,
    pair_of,
    plan,
    planned,
    receipt,
    removal,
    send_only_job,
    update,
)
from tests.conformance.steps import LEASE, ONE, Machine, beat, candidate

ANNA = Author(actor="anna", at=NOW)
LATER = Author(actor="ben", at=Instant(NOW + 60))
FIRST = send_only_job("till", "D1 S1", [planned("DE1"), planned("EU1")])
PLAN = plan(FIRST)


def begun(state: State) -> None:
    """What was there before."""
    state.submit(PLAN, ANNA)
    state.receive(receipt("till@US1", "D1 S1"), ANNA)
    state.acknowledge(acknowledgement("p-1"), ANNA)


def plan_again(state: State) -> None:
    """Everything a plan can do, in one."""
    successor = send_only_job("till", "D2 S1", [planned("DE1", 2, 1), planned("FR1")])
    state.submit(
        plan(
            successor,
            cancellations=[cancellation(FIRST.name, "till", [planned("DE1", 1, 1)], CancellationReason.SUPERSEDED)],
            updates=[update(FIRST.name, "till", [planned("EU1", 1, 1)])],
            removals=[removal("US1", {"till": 1})],
            spent=[("p-1", GuardName.HEALS)],
        ),
        LATER,
    )


def work(state: State) -> None:
    """What workers and people do: each step is a transaction of its own, and may be repeated."""
    state.hold(hold("site/FR1"), LATER)
    state.cancel(*pair_of("till@EU1"), "moved", LATER)
    state.receive(receipt("till@DE1", "D1 S1"), LATER)


SITES = ("DE1", "EU1", "FR1", "US1")


def to_carry_out(state: State) -> None:
    state.submit(plan(send_only_job("till", "D1 S1", [planned(site) for site in SITES])), ANNA)


def claims(state: State) -> list[Claim]:
    """What `claim_all` claimed, before anything was told of it."""
    return [
        Claim(send=replace(send, state=SendState.SENDING, attempts=1), worker=ONE.id)
        for send in state.sends(open_only=False)
    ]


def claim_all(state: State) -> None:
    state.claim(ONE, [candidate(send) for send in state.sends()], ANNA, lease=LEASE)


def renew_all(state: State) -> None:
    state.renew(ONE, [beat(claim, SendState.VERIFYING, done=7) for claim in claims(state)], LATER, lease=LEASE)


def end_all(state: State) -> None:
    """A way to end for each."""
    outcomes: tuple[Outcome, ...] = (
        Arrived(receipt=receipt("till@DE1", "D1 S1")),
        BackedOff(cause=Cause.SPACE, detail="need 3 GB", until=Instant(NOW + 600)),
        GaveWay(cause=None, detail="", number=9, found=Unknown(reason="torn")),
        PutBack(bytes_done=Bytes(7)),
    )
    endings = zip(claims(state), outcomes, strict=True)
    state.end([Ending(claim=claim, outcome=outcome) for claim, outcome in endings], LATER)


def claimed(state: State) -> None:
    to_carry_out(state)
    claim_all(state)


STORIES: Mapping[str, tuple[Callable[[State], object], Callable[[State], object]]] = {
    "first": (lambda _: None, lambda state: state.submit(PLAN, ANNA)),
    "second": (begun, plan_again),
    "work": (begun, work),
    "claim": (to_carry_out, claim_all),
    "renew": (claimed, renew_all),
    "end": (claimed, end_all),
}
Story = Callable[[State], object]
CONNECT = sqlite3.connect


@contextmanager
def traced(before_each: Callable[[], None]) -> Iterator[None]:
    """`before_each` is called before each statement on every connection that is made."""

    def connect(*arguments: Any, **options: Any) -> sqlite3.Connection:
        connection: sqlite3.Connection = CONNECT(*arguments, **options)
        connection.set_trace_callback(lambda _: before_each())
        return connection

    sqlite3.connect = connect  # type: ignore[assignment]  # SQLite's own hook
    try:
        yield
    finally:
        sqlite3.connect = CONNECT


DRAWN = 'INSERT INTO "identity"', 'INSERT INTO "touched"'


def tell(path: str, story: Story) -> None:
    """Open the state and do what the story says."""
    with closing(open_sqlite(path, write=True, liveness=Machine().liveness)) as state:
        story(state)


def dump(path: str) -> str:
    """All that is in the database, as another process finds it; but for what is drawn anew in each telling."""
    if not os.path.exists(path):
        return ""
    with closing(CONNECT(path)) as connection:
        return "\n".join(line for line in connection.iterdump() if not line.startswith(DRAWN))


def die(at: int, act: Callable[[], object]) -> bool:
    """Act in a child that kills itself before the statement with this number; False if it came to an end."""
    left = [at]

    def count() -> None:
        left[0] -= 1
        if left[0] == 0:
            os.kill(os.getpid(), signal.SIGKILL)

    child = os.fork()
    if child == 0:
        status = 1
        try:
            with traced(count):
                act()
            status = 0
        finally:
            os._exit(status)
    _, status = os.waitpid(child, 0)
    if not os.WIFSIGNALED(status) and os.waitstatus_to_exitcode(status) != 0:
        raise AssertionError("it failed before it was killed")
    return os.WIFSIGNALED(status)


def copy(base: str, folder: str) -> str:
    """The state as it was before the story, in a folder of its own."""
    shutil.rmtree(folder, ignore_errors=True)
    shutil.copytree(base, folder)
    return f"{folder}/state.db"


def chosen(committed: list[str], every: int) -> list[int]:
    """The numbers of the statements to be killed at."""
    last = len(committed)
    changes = {at for at in range(1, last) if committed[at] != committed[at - 1]}
    return sorted({*range(1, last + 1, every), last, *changes, *(at + 1 for at in changes)})


def main(folder: str, every: int, name: str) -> None:
    before, story = STORIES[name]
    base = f"{folder}/base"
    os.mkdir(base)
    if name != "first":
        tell(f"{base}/state.db", before)
    path = copy(base, f"{folder}/whole")
    committed: list[str] = []
    with traced(lambda: committed.append(dump(path))):
        tell(path, story)
    end = dump(path)
    torn, other_ends = [], []
    for at in chosen(committed, every):
        path = copy(base, f"{folder}/killed")
        if not die(at, partial(tell, path, story)):
            raise AssertionError(f"statement {at} was not reached")
        if dump(path) != committed[at - 1]:
            torn.append(at)
        tell(path, story)
        if dump(path) != end:
            other_ends.append(at)
    steps = len(set(committed) | {end})
    print(json.dumps({"statements": len(committed), "steps": steps, "torn": torn, "other ends": other_ends}))


if __name__ == "__main__":
    for name in sys.argv[3:]:
        os.mkdir(f"{sys.argv[1]}/{name}")
        main(f"{sys.argv[1]}/{name}", int(sys.argv[2]), name)
