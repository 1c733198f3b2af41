"""A worker is frozen (SIGSTOP) before a step at a store, taken for dead, and goes on once others finished its send.

    python -m tests.end_to_end.frozen_sends FOLDER UNTIL STEP...

Of its steps those at depot and store count, and the transaction that reports. By the clock of
leases an hour passes meanwhile, by its own clock a moment: it has no means to notice but the protocol itself. UNTIL is
what the others do: `same` finish the send, `later` supersede it with another revision and finish that. A step is a
number, or as in `stepping.chosen`; without any all are tried. Prints JSON: how many freezes, and what was wrong.
"""

import json
import os
import signal
import sys
from collections.abc import Iterator
from itertools import count
from pathlib import Path

from reconciler.state import sqlite
from reconciler.state.liveness import BootTime, Liveness, boot_clock
from tests.end_to_end.crew import Crew, Ended, noise
from tests.end_to_end.killed_sends import PACKAGE, SITE, STORIES, contents, copy, in_small_packs, rows, shown
from tests.end_to_end.onlooker import strangers
from tests.end_to_end.stepping import before_each_step, chosen

HOUR = 3_600_000


def an_hour_later() -> None:
    """By the clock of leases, for all states that this process opens."""
    later = Liveness(clock=lambda: BootTime(boot_clock() + HOUR))
    sqlite.open_sqlite.__kwdefaults__["liveness"] = later
    in_small_packs()


class Publishing:
    """Steps at depot and store, and the transaction that reports the record.

    A frozen process must hold no lock of the database, or nobody could go on: so no other transaction counts.
    """

    recorded = False

    def __call__(self, what: str) -> bool:
        if what.endswith(f"/records/{PACKAGE}"):
            self.recorded = True
        if what.startswith("sql"):
            return self.recorded and what == "sql BEGIN IMMEDIATE"
        return "state.db" not in what and "/cache/" not in what


def freeze(_: str) -> None:
    os.kill(os.getpid(), signal.SIGSTOP)


def records(crew: Crew) -> dict[Path, bytes]:
    return {path: path.read_bytes() for path in crew.store(SITE).glob("records/*/*")}


def frozen(crew: Crew, step: str, later: bool) -> tuple[Ended, Ended, dict[Path, bytes]] | None:
    """How the worker ended that took over, and the one that was frozen; None if that came to its end before.

    And the records that were there when it woke up.
    """

    def before() -> None:
        in_small_packs()
        before_each_step(chosen(step, freeze, which=Publishing()))

    zombie = crew.start("work", "--until-idle", "-o", "ndjson", before=before)
    if zombie.wait_frozen() is not None:
        return None
    try:
        if later:
            crew.fill(PACKAGE, {"setup.exe": noise(3, 100_000)})
            crew.done("apply")
        other = crew.reconcile("work", "--until-idle", "-o", "ndjson", before=an_hour_later)
        there = records(crew)
    finally:
        zombie.thaw()
    return other, zombie.end(), there


def faults(crew: Crew, number: int, other: Ended, zombie: Ended, there: dict[Path, bytes]) -> Iterator[str]:
    if not there.items() <= records(crew).items():
        yield "R5: a record was overwritten"
    for who, ended in (("the other", other), ("the zombie", zombie)):
        if ended.code != 0 or "fault of reconcile" in ended.out + ended.err:
            yield f"{who} ended with {ended}"
    shows, files = shown(crew)
    if (shows, files) != (number, contents(crew.source(PACKAGE))):
        yield f"R5: the site shows number {shows}, not {number}, or another tree"
    store = crew.store(SITE)
    if strangers(store):
        yield f"left in the store: {strangers(store)}"
    found = rows(crew)
    if found[-1].number != number or found[-1].state != "complete" or any(row.is_open for row in found):
        yield f"rows: {found}"
    arrived = [line["number"] for ended in (other, zombie) for line in ended.objects if line["event"] == "arrived"]
    numbers = {int(path.stem) for path in records(crew)}
    if set(arrived) - numbers:
        yield f"R5: {arrived} are told to have arrived, the site has records {numbers}"
    if crew.plans():
        yield f"the next plan has changes: {crew.done('plan')}"


def main(folder: Path, until: str, steps: list[str]) -> None:
    base = Crew(folder / "base")
    base.folder.mkdir()
    STORIES["content"].begun(base)
    wrong: dict[str, list[str]] = {}
    freezes = 0
    for step in steps or map(str, count(1)):
        crew = copy(base, folder / "frozen")
        ended = frozen(crew, step, until == "later")
        if ended is None:
            break
        freezes += 1
        found = list(faults(crew, 2 if until == "later" else 1, *ended))
        if found:
            wrong[step] = found
    print(json.dumps({"freezes": freezes, "wrong": wrong}))


if __name__ == "__main__":
    main(Path(sys.argv[1]), sys.argv[2], sys.argv[3:])
