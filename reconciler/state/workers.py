"""Workers in the SQLite state: who was seen, who lives, and what one has for himself (sending.md 5)."""

import json
import sqlite3
from collections.abc import Iterator, Sequence

from reconciler.model.claims import Worker, WorkerSeen
from reconciler.model.instants import Instant, Seconds
from reconciler.model.names import SiteName
from reconciler.state.leases import FORGOTTEN_AFTER, by_life, ends, site_taken
from reconciler.state.liveness import Liveness
from reconciler.state.protocol import Author
from reconciler.state.rows import Row
from reconciler.state.statements import statements

_SQL = statements("workers")


class Living:
    """What lives at this moment: each worker is looked for once in a transaction."""

    def __init__(self, sqlite: sqlite3.Connection, liveness: Liveness) -> None:
        self._sqlite = sqlite
        self._liveness = liveness
        self._alive: dict[int, bool] = {}
        self.now = liveness.clock()

    def has(self, worker: int, until: int) -> bool:
        """Whether a lease of this worker's, by its number in `workers`, is in force."""
        if until <= self.now:
            return False
        if worker not in self._alive:
            self._alive[worker] = self._liveness.is_alive(self.worker(worker))
        return self._alive[worker]

    def worker(self, number: int) -> Worker:
        id_, host, boot, pid, started = self._sqlite.execute(_SQL["one"], (number,)).fetchone()
        return Worker(id=id_, host=host, boot=boot, pid=pid, started=started)

    def claims_at(self, site: SiteName) -> Iterator[Row]:
        """worker, until, bytes left, number, package of the claims in force, those to rows just closed included."""
        return (row for row in self._sqlite.execute(_SQL["claims_at"], (site,)) if self.has(row[0], row[1]))

    def taker(self, thing: str) -> int | None:
        """Who has it, if he lives."""
        found = self._sqlite.execute(_SQL["taken"], (thing,)).fetchone()
        return found[0] if found is not None and self.has(*found) else None


def seen(sqlite: sqlite3.Connection, worker: Worker, at: Instant, *, lease: Seconds, living: Living) -> int:
    """The worker's number; those not heard of for long are forgotten, unless they live after all."""
    for number, until in sqlite.execute(_SQL["unseen"], (at - FORGOTTEN_AFTER,)).fetchall():
        if not living.has(number, until):
            sqlite.execute(_SQL["forget"], (number,))
    columns = {
        "worker": worker.id,
        "host": worker.host,
        "boot": worker.boot,
        "pid": worker.pid,
        "started": worker.started,
        "at": at,
        "until": ends(living.now, lease),
    }
    (row,) = sqlite.execute(_SQL["seen"], columns).fetchall()
    return int(row[0])


def take(
    sqlite: sqlite3.Connection, worker: Worker, thing: str, author: Author, *, lease: Seconds, liveness: Liveness
) -> bool:
    """Take or renew; False while somebody else has it, or a send is on its way to the site."""
    living = Living(sqlite, liveness)
    number = seen(sqlite, worker, author.at, lease=lease, living=living)
    taker = living.taker(thing)
    site = site_taken(thing)
    if taker not in (None, number) or (taker is None and site is not None and any(living.claims_at(site))):
        return False
    sqlite.execute(_SQL["take"], {"thing": thing, "worker": number, "until": ends(living.now, lease)})
    return True


def give_back(sqlite: sqlite3.Connection, worker: Worker, thing: str) -> None:
    """Nothing if somebody else has it by now."""
    sqlite.execute(_SQL["give_back"], (thing, worker.id))


def leave(sqlite: sqlite3.Connection, worker: Worker) -> None:
    """Its claims and takes go with it."""
    sqlite.execute(_SQL["leave"], (worker.id,))


def workers(sqlite: sqlite3.Connection, liveness: Liveness) -> Sequence[WorkerSeen]:
    """All that are remembered."""
    living = Living(sqlite, liveness)
    return sorted(
        (
            WorkerSeen(
                worker=living.worker(number),
                since=since,
                seen=at,
                claims=sum(living.has(number, lease) for lease in json.loads(leases)),
                alive=living.has(number, until),
                takes=tuple(sorted(json.loads(takes))),
            )
            for number, until, since, at, leases, takes in sqlite.execute(_SQL["all"]).fetchall()
        ),
        key=by_life,
    )
