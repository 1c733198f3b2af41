"""Claims in the SQLite state: begun, renewed, counted (sending.md 5, docs/decisions/0016)."""

import sqlite3
from collections.abc import Sequence

from reconciler.model.claims import Beat, Candidate, Claim, Worker
from reconciler.model.instants import Seconds
from reconciler.model.names import SiteName
from reconciler.model.quantities import Bytes
from reconciler.model.snapshot import Send
from reconciler.state import journal, records
from reconciler.state.leases import ends
from reconciler.state.liveness import Liveness
from reconciler.state.moving import move
from reconciler.state.progress import claimed, is_due
from reconciler.state.protocol import Author
from reconciler.state.rows import Turns, send_of
from reconciler.state.statements import statements
from reconciler.state.workers import Living, seen

_SQL = statements("claims")
_WORKERS = statements("workers")


def claim(
    sqlite: sqlite3.Connection,
    worker: Worker,
    candidates: Sequence[Candidate],
    author: Author,
    *,
    lease: Seconds,
    liveness: Liveness,
) -> Sequence[Claim]:
    """Those that may be claimed, claimed."""
    claiming = _Claiming(sqlite, worker, author, lease=lease, liveness=liveness)
    claims = (claiming.claim(candidate) for candidate in candidates)
    return [Claim(send=send, worker=worker.id) for send in claims if send is not None]


class _Claiming:
    """One worker's batch of claims."""

    def __init__(
        self, sqlite: sqlite3.Connection, worker: Worker, author: Author, *, lease: Seconds, liveness: Liveness
    ) -> None:
        self._sqlite = sqlite
        self._worker = worker
        self._author = author
        self._living = Living(sqlite, liveness)
        self._turns = Turns(sqlite)
        self._number = seen(sqlite, worker, author.at, lease=lease, living=self._living)
        self._until = ends(self._living.now, lease)
        self._taken: dict[SiteName, bool] = {}
        self._on_their_way: dict[SiteName, int] = {}
        sqlite.execute(_SQL["sweep"], (self._living.now,))

    def claim(self, candidate: Candidate) -> Send | None:
        """The row as it is then; None if it may not be claimed."""
        row = self._sqlite.execute(_SQL["candidate"], (candidate.package, candidate.site)).fetchone()
        if row is None:
            return None
        *columns, holder, until = row
        before = send_of(tuple(columns), self._turns)
        had = holder is not None and self._living.has(holder, until)
        if before.number != candidate.number or had or not is_due(before, self._author.at) or self._closed(candidate):
            return None
        after = move(self._sqlite, columns[0], before, claimed(before, self._author.at))
        self._sqlite.execute(
            _SQL["claim"],
            {
                "send": columns[0],
                "worker": self._number,
                "until": self._until,
                "bytes_left": candidate.bytes_left,
            },
        )
        if candidate.site in self._on_their_way:
            self._on_their_way[candidate.site] += 1
        previous = None if holder is None else self._living.worker(holder)
        records.tell(self._sqlite, journal.of_claim(after, self._worker, previous), self._author)
        return after

    def _closed(self, candidate: Candidate) -> bool:
        """Whether the site is somebody else's just now, or has as many sends as it takes."""
        site = candidate.site
        if site not in self._taken:
            self._taken[site] = self._living.taker(f"site/{site}") not in (None, self._number)
        if self._taken[site] or candidate.at_once is None:
            return self._taken[site]
        if site not in self._on_their_way:
            self._on_their_way[site] = sum(1 for _ in self._living.claims_at(site))
        return self._on_their_way[site] >= candidate.at_once


def renew(
    sqlite: sqlite3.Connection,
    worker: Worker,
    beats: Sequence[Beat],
    author: Author,
    *,
    lease: Seconds,
    liveness: Liveness,
) -> Sequence[Claim]:
    """Claims that are lost; a lease that is over is not renewed, as the site may be somebody else's by now."""
    living = Living(sqlite, liveness)
    number = seen(sqlite, worker, author.at, lease=lease, living=living)
    leases = {"number_of_worker": number, "until": ends(living.now, lease), "now": living.now}
    sqlite.execute(_WORKERS["renew_takes"], leases)
    return [beat.claim for beat in beats if not _renewed(sqlite, beat, leases, author)]


def _renewed(sqlite: sqlite3.Connection, beat: Beat, leases: dict[str, int], author: Author) -> bool:
    columns = fence(beat.claim) | leases | {"bytes_left": beat.bytes_left}
    found = sqlite.execute(_SQL["renew"], columns).fetchall()
    for (row,) in found:
        progress = {"send": row, "state": beat.state.value, "bytes_done": beat.bytes_done, "at": author.at}
        sqlite.execute(_SQL["beat"], progress)
    return bool(found)


def fence(claim: Claim) -> dict[str, object]:
    """What tells this attempt from every other."""
    send = claim.send
    return {
        "package": send.package,
        "site": send.site,
        "number": send.number,
        "attempts": send.attempts,
        "worker": claim.worker,
    }


def claims(sqlite: sqlite3.Connection, liveness: Liveness) -> Sequence[Claim]:
    """Those in force."""
    living = Living(sqlite, liveness)
    turns = Turns(sqlite)
    return [
        Claim(send=send_of(tuple(columns), turns), worker=living.worker(holder).id)
        for *columns, holder, until in sqlite.execute(_SQL["living"]).fetchall()
        if living.has(holder, until)
    ]


def reserved(sqlite: sqlite3.Connection, site: SiteName, *, besides: Claim, liveness: Liveness) -> Bytes:
    """What is still to come, without one's own."""
    living = Living(sqlite, liveness)
    own = besides.worker, besides.pair, besides.send.number
    return Bytes(
        sum(
            left
            for holder, _, left, number, package in living.claims_at(site)
            if (living.worker(holder).id, (package, site), number) != own
        )
    )
