"""Workers and what they have claimed and taken, in dictionaries: part of the state in memory."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

from reconciler.model.claims import Claim, Worker, WorkerId, WorkerSeen
from reconciler.model.instants import Instant, Seconds
from reconciler.model.names import SiteName
from reconciler.model.quantities import Bytes
from reconciler.state.leases import FORGOTTEN_AFTER, by_life, ends, site_taken
from reconciler.state.liveness import BootTime, Liveness
from reconciler.state.pairs import Pair

Row = tuple[Pair, int]
"""A row of a send: its pair and number."""


@dataclass(frozen=True, slots=True, kw_only=True)
class _Seen:
    worker: Worker
    since: Instant
    seen: Instant
    until: BootTime


@dataclass(frozen=True, slots=True, kw_only=True)
class Lease:
    """A claim to the attempt `attempts` at a row, or something taken."""

    worker: WorkerId
    until: BootTime
    attempts: int = 0
    bytes_left: Bytes = Bytes(0)


class Leases:
    """Who has what until when."""

    def __init__(self, liveness: Liveness) -> None:
        self._liveness = liveness
        self._workers: dict[WorkerId, _Seen] = {}
        self._claims: dict[Row, Lease] = {}
        self._takes: dict[str, Lease] = {}

    def seen(self, worker: Worker, at: Instant, lease: Seconds) -> BootTime:
        """Remember the worker; until when what it gets now is its own."""
        until = ends(self._liveness.clock(), lease)
        for unseen in [each for each in self._workers.values() if each.seen < at - FORGOTTEN_AFTER]:
            if not self._in_force(unseen.worker.id, unseen.until):
                self.leave(unseen.worker)
        known = self._workers.get(worker.id)
        since = at if known is None else known.since
        self._workers[worker.id] = _Seen(worker=worker, since=since, seen=at, until=until)
        return until

    def leave(self, worker: Worker) -> None:
        """Its claims and takes go with it."""
        self._workers.pop(worker.id, None)
        self._claims = {row: lease for row, lease in self._claims.items() if lease.worker != worker.id}
        self._takes = {thing: lease for thing, lease in self._takes.items() if lease.worker != worker.id}

    def holder(self, row: Row) -> Worker | None:
        """Who claimed it last, whether he lives or not."""
        lease = self._claims.get(row)
        return None if lease is None else self._workers[lease.worker].worker

    def is_claimed(self, row: Row) -> bool:
        """Whether a living claim is on it."""
        lease = self._claims.get(row)
        return lease is not None and self._in_force(lease.worker, lease.until)

    def claim(self, row: Row, lease: Lease) -> None:
        """Instead of whoever had it."""
        self._claims[row] = lease

    def is_of(self, claim: Claim) -> bool:
        """The fence: whether this attempt is the one that has the row."""
        lease = self._claims.get(_row(claim))
        return lease is not None and (lease.worker, lease.attempts) == (claim.worker, claim.send.attempts)

    def renew(self, claim: Claim, *, until: BootTime, bytes_left: Bytes) -> bool:
        """False if it is lost: somebody else's, or over."""
        lease = self._claims.get(_row(claim))
        if lease is None or not self.is_of(claim) or lease.until <= self._liveness.clock():
            return False
        self._claims[_row(claim)] = replace(lease, until=until, bytes_left=bytes_left)
        return True

    def free(self, claim: Claim) -> None:
        """End the claim, if it is this attempt's."""
        if self.is_of(claim):
            del self._claims[_row(claim)]

    def at_site(self, site: SiteName) -> Iterator[tuple[Row, Lease]]:
        """The living claims there, those to rows just closed included."""
        for row, lease in self._claims.items():
            if row[0][1] == site and self._in_force(lease.worker, lease.until):
                yield row, lease

    def living(self) -> Iterator[tuple[Row, WorkerId]]:
        """Every living claim, sorted."""
        for row, lease in sorted(self._claims.items()):
            if self._in_force(lease.worker, lease.until):
                yield row, lease.worker

    def taker(self, thing: str) -> WorkerId | None:
        """Who has it, if he lives."""
        lease = self._takes.get(thing)
        return None if lease is None or not self._in_force(lease.worker, lease.until) else lease.worker

    def take(self, worker: Worker, thing: str, until: BootTime) -> bool:
        """Take or renew; False while somebody else has it, or a send is on its way to the site."""
        taker, site = self.taker(thing), site_taken(thing)
        if taker not in (None, worker.id) or (taker is None and site is not None and any(self.at_site(site))):
            return False
        self._takes[thing] = Lease(worker=worker.id, until=until)
        return True

    def renew_takes(self, worker: Worker, until: BootTime) -> None:
        """Those that are not over."""
        for thing, lease in self._takes.items():
            if lease.worker == worker.id and lease.until > self._liveness.clock():
                self._takes[thing] = replace(lease, until=until)

    def give_back(self, worker: Worker, thing: str) -> None:
        """Nothing if somebody else has it by now."""
        if thing in self._takes and self._takes[thing].worker == worker.id:
            del self._takes[thing]

    def workers(self, claims: Sequence[Claim]) -> Sequence[WorkerSeen]:
        """All that are remembered."""
        found = (
            WorkerSeen(
                worker=each.worker,
                since=each.since,
                seen=each.seen,
                claims=sum(claim.worker == each.worker.id for claim in claims),
                alive=self._in_force(each.worker.id, each.until),
                takes=tuple(sorted(thing for thing, had in self._takes.items() if had.worker == each.worker.id)),
            )
            for each in self._workers.values()
        )
        return sorted(found, key=by_life)

    def _in_force(self, worker: WorkerId, until: BootTime) -> bool:
        return until > self._liveness.clock() and self._liveness.is_alive(self._workers[worker].worker)


def _row(claim: Claim) -> Row:
    return claim.pair, claim.send.number
