"""Four workers, killed at random and replaced, carry out a fleet's sends, while an onlooker reads the stores all along.

    python -m tests.end_to_end.crowd FOLDER SITES PACKAGES KILLS SEED UPDATES

So many packages get a new revision on the way. Prints JSON: how many were killed, how often the onlooker read a record
with all it names, and what was wrong.
"""

import json
import os
import random
import signal
import sqlite3
import sys
import time
from collections import Counter
from contextlib import closing
from dataclasses import dataclass, field
from pathlib import Path

from tests.end_to_end.crew import Crew, Started, noise
from tests.end_to_end.onlooker import Broken, check, strangers, usable

WORKERS = 4
SHARED = noise(0, 40_000)
"""What all packages hold: an attempt may find use for what another package's left."""


@dataclass
class Onlooker:
    """Sees that whatever a site shows is whole (R3, R4) and never older than what it showed before (R5)."""

    crew: Crew
    seen: dict[tuple[str, str], tuple[int, str]] = field(default_factory=dict)
    read: int = 0
    wrong: list[str] = field(default_factory=list)

    def look(self, *, everywhere: bool = False) -> None:
        for store in self.crew.stores:
            for folder, found in usable(store).items():
                pair, shown = (store.name, folder), (found.number, found.content)
                before = self.seen.get(pair, (0, ""))
                if shown[0] < before[0] or (shown[0] == before[0] and shown != before):
                    self.wrong.append(f"R5: {pair} showed {before}, then {shown}")
                if shown != before or everywhere:
                    self._check(store, found)
                self.seen[pair] = shown

    def _check(self, store: Path, found: object) -> None:
        self.read += 1
        try:
            check(store, found)  # type: ignore[arg-type]
        except Broken as fault:
            self.wrong.append(f"R3: {store.name}: {fault}")


def fill(crew: Crew, number: int, revision: int) -> None:
    crew.fill(f"p{number}", {"setup.exe": noise(100 * number + revision, 90_000), "shared.dll": SHARED})


def crowd(crew: Crew, chance: random.Random, *, kills: int, updates: int) -> tuple[int, Onlooker]:
    """How many were killed, and what was seen."""
    onlooker, killed = Onlooker(crew), 0
    allowed = (0, 1) if updates else (0,)  # a send of what the manifests no longer describe waits for the next pass
    workers = [work(crew) for _ in range(WORKERS)]
    due = time.monotonic() + chance.uniform(0.3, 0.6)
    while workers:
        onlooker.look()
        for worker in list(workers):
            pid, status = os.waitpid(worker.pid, os.WNOHANG)
            if pid:
                workers.remove(worker)
                ended = worker.ended(status)
                if ended.code not in allowed or "fault of reconcile" in ended.out:
                    onlooker.wrong.append(f"a worker ended with {ended.code}: {ended.err[-500:]}{ended.out[-500:]}")
        if workers and killed < kills and time.monotonic() > due:
            victim = workers.pop(chance.randrange(len(workers)))
            os.kill(victim.pid, signal.SIGKILL)
            victim.end()
            killed += 1
            workers.append(work(crew))
            due = time.monotonic() + chance.uniform(0.02, 0.25)
        if killed == kills // 4 and updates:
            for number in range(updates):
                fill(crew, number, 2)
            crew.done("apply")
            updates = 0
    return killed, onlooker


def work(crew: Crew) -> Started:
    return crew.start("work", "--until-idle", "-o", "ndjson")


def ledger(crew: Crew) -> tuple[Counter[str], int, int, int]:
    """How many rows are in each state, receipts and attempts there are, and receipts that no record bears out."""
    with closing(sqlite3.connect(crew.fleet / ".reconciler" / "state.db")) as state:
        states = Counter(value for (value,) in state.execute("SELECT state FROM readable_sends"))
        receipts = {
            (package, site, number)
            for package, site, number in state.execute(
                "SELECT k.name, t.name, r.number FROM receipts AS r"
                " JOIN packages AS k ON k.id = r.package JOIN sites AS t ON t.id = r.site"
            )
        }
        (attempts,) = state.execute("SELECT sum(attempts) FROM sends").fetchone()
    records = {
        (path.parent.name, store.name, int(path.stem)) for store in crew.stores for path in store.glob("records/*/*")
    }
    return states, len(receipts), attempts, len(receipts ^ records)


def main(folder: Path, *numbers: int) -> None:
    sites, packages, kills, seed, updates = numbers
    crew = Crew(folder)
    crew.settle(sites=[f"S{site}" for site in range(sites)], packages=[f"p{number}" for number in range(packages)])
    for number in range(packages):
        fill(crew, number, 1)
    crew.done("apply")
    killed, onlooker = crowd(crew, random.Random(seed), kills=kills, updates=updates)
    crew.done("apply")  # pairs that moved while a pass was planned were left to this one
    last = crew.reconcile("work", "--until-idle")
    if last.code != 0:
        onlooker.wrong.append(f"the last run ended with {last}")
    onlooker.look(everywhere=True)
    states, receipts, attempts, unproved = ledger(crew)
    onlooker.wrong += [f"strangers: {found}" for store in crew.stores if (found := strangers(store))]
    if states.keys() - {"complete", "superseded"} or states["complete"] < sites * packages:
        onlooker.wrong.append(f"rows: {states}")
    if unproved:
        onlooker.wrong.append(f"{unproved} receipts without a record, or records without a receipt")
    if len(onlooker.seen) != sites * packages:
        onlooker.wrong.append(f"sites show {len(onlooker.seen)} packages")
    if crew.plans():
        onlooker.wrong.append(f"the next plan has changes: {crew.done('plan')}")
    told = {"killed": killed, "read": onlooker.read, "receipts": receipts, "attempts": attempts}
    print(json.dumps(told | {"wrong": onlooker.wrong}))


if __name__ == "__main__":
    main(Path(sys.argv[1]), *map(int, sys.argv[2:]))
