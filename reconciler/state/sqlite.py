"""The state in a SQLite file: one file, several processes, durable when a method returns (R1, R2).

The statements are in `sql/`, the schema in `migrations/`, the choices behind them in docs/decisions/0011 and 0016.
"""

from collections.abc import Collection, Iterable, Mapping, Sequence

from reconciler.model.acknowledgements import Acknowledgement
from reconciler.model.census import Census, Verified
from reconciler.model.claims import Beat, Candidate, Claim, Ending, Worker, WorkerSeen
from reconciler.model.commits import CommitId
from reconciler.model.history import Event
from reconciler.model.holdings import Receipt
from reconciler.model.instants import Instant, Seconds
from reconciler.model.names import PackageName, SiteName
from reconciler.model.notifications import Delivery, DeliveryState, Notification, Sighting
from reconciler.model.plan import Plan
from reconciler.model.quantities import Bytes
from reconciler.model.settings import EventKind
from reconciler.model.snapshot import Hold, Send, Snapshot, Wanted
from reconciler.model.stores import StateId, StoreId
from reconciler.state import (
    arrivals,
    claiming,
    copies,
    counting,
    decisions,
    ending,
    journal,
    outbox,
    records,
    stores,
    workers,
)
from reconciler.state.connection import Connection
from reconciler.state.differences import snapshot
from reconciler.state.known_pairs import KnownPairs
from reconciler.state.liveness import HERE, Liveness
from reconciler.state.opening import connect
from reconciler.state.protocol import Author, HeldPair, Observation, Pass, Submission
from reconciler.state.rows import Turns, held_pair_of, send_of
from reconciler.state.statements import statements
from reconciler.state.submitting import submit

_PAIRS = statements("pairs")
_SENDS = statements("sends")


def open_sqlite(path: str, *, write: bool, liveness: Liveness = HERE) -> "SqliteState":
    """The state in this file; raises StateError.

    With `write` it is created or migrated if need be. Without, nothing is created or changed (SQLite's own -wal and
    -shm excepted), and a file that is not there is an empty state.
    """
    return SqliteState(connect(path, write=write), liveness)


class SqliteState:
    """One connection, its writes each in one transaction (reconciler.state.protocol)."""

    kind = "sqlite"

    def __init__(self, connection: Connection, liveness: Liveness = HERE) -> None:
        self._connection = connection
        self._liveness = liveness

    def snapshot(self, wanted: Wanted, known: KnownPairs | None = None) -> Snapshot:
        with self._connection.reading() as sqlite:
            return snapshot(sqlite, wanted, known)

    def submit(self, plan: Plan, author: Author, *, strict: bool = False) -> Submission:
        with self._connection.writing() as sqlite:
            return submit(sqlite, plan, author, strict=strict)

    def record_pass(self, entry: Pass) -> None:
        with self._connection.writing() as sqlite:
            records.remember(sqlite, entry)

    def receive(self, receipt: Receipt, author: Author) -> bool:
        with self._connection.writing() as sqlite:
            return arrivals.receive(sqlite, receipt, author, turns=Turns(sqlite))

    def observe(self, observations: Sequence[Observation], author: Author) -> Sequence[bool]:
        with self._connection.writing() as sqlite:
            turns = Turns(sqlite)
            return [arrivals.observe(sqlite, each, author, turns=turns) for each in observations]

    def forget(self, package: PackageName, site: SiteName, number: int, author: Author) -> bool:
        with self._connection.writing() as sqlite:
            return arrivals.forget(sqlite, (package, site), number, author)

    # Carrying out

    @property
    def identity(self) -> StateId:
        with self._connection.reading() as sqlite:
            return stores.identity(sqlite)

    def stores(self) -> Mapping[SiteName, StoreId]:
        with self._connection.reading() as sqlite:
            return stores.pinned(sqlite)

    def pin_store(self, site: SiteName, store: StoreId, author: Author) -> None:
        with self._connection.writing() as sqlite:
            if stores.pin(sqlite, site, store, author.at):
                records.tell(sqlite, journal.of_pin(site, store), author)

    def claim(
        self, worker: Worker, candidates: Sequence[Candidate], author: Author, *, lease: Seconds
    ) -> Sequence[Claim]:
        with self._connection.writing() as sqlite:
            return claiming.claim(sqlite, worker, candidates, author, lease=lease, liveness=self._liveness)

    def renew(self, worker: Worker, beats: Sequence[Beat], author: Author, *, lease: Seconds) -> Sequence[Claim]:
        with self._connection.writing() as sqlite:
            return claiming.renew(sqlite, worker, beats, author, lease=lease, liveness=self._liveness)

    def end(self, endings: Sequence[Ending], author: Author) -> Sequence[bool]:
        with self._connection.writing() as sqlite:
            turns = Turns(sqlite)
            return [ending.end(sqlite, each, author, turns=turns) for each in endings]

    def reserved(self, site: SiteName, *, besides: Claim) -> Bytes:
        with self._connection.reading() as sqlite:
            return claiming.reserved(sqlite, site, besides=besides, liveness=self._liveness)

    def take(self, worker: Worker, thing: str, author: Author, *, lease: Seconds) -> bool:
        with self._connection.writing() as sqlite:
            return workers.take(sqlite, worker, thing, author, lease=lease, liveness=self._liveness)

    def give_back(self, worker: Worker, thing: str) -> None:
        with self._connection.writing() as sqlite:
            workers.give_back(sqlite, worker, thing)

    def leave(self, worker: Worker) -> None:
        with self._connection.writing() as sqlite:
            workers.leave(sqlite, worker)

    def workers(self) -> Sequence[WorkerSeen]:
        with self._connection.reading() as sqlite:
            return workers.workers(sqlite, self._liveness)

    def claims(self) -> Sequence[Claim]:
        with self._connection.reading() as sqlite:
            return claiming.claims(sqlite, self._liveness)

    def retry(self, package: PackageName, site: SiteName, author: Author) -> bool:
        with self._connection.writing() as sqlite:
            return ending.retry(sqlite, (package, site), author)

    def cancel(self, package: PackageName, site: SiteName, reason: str, author: Author) -> bool:
        with self._connection.writing() as sqlite:
            return ending.cancel(sqlite, (package, site), reason, author)

    # What people decide

    def hold(self, hold: Hold, author: Author) -> None:
        with self._connection.writing() as sqlite:
            if decisions.hold(sqlite, hold):
                records.changed(sqlite)
                records.tell(sqlite, journal.of_hold(hold), author)

    def release(self, site: SiteName | None, package: PackageName | None, author: Author) -> bool:
        with self._connection.writing() as sqlite:
            released = decisions.release(sqlite, site, package)
            if released:
                records.changed(sqlite)
                records.tell(sqlite, journal.of_release(site, package), author)
            return released

    def acknowledge(self, acknowledgement: Acknowledgement, author: Author) -> None:
        with self._connection.writing() as sqlite:
            if decisions.acknowledge(sqlite, acknowledgement):
                records.changed(sqlite)
                records.tell(sqlite, journal.of_acknowledgement(acknowledgement), author)

    def follow(self, branch: str, commit: CommitId, author: Author, *, accepted: bool = False) -> None:
        with self._connection.writing() as sqlite:
            latest = records.history(sqlite, journal.of_branch(branch), 1)
            entry = journal.of_following(branch, commit, latest, accepted=accepted)
            if entry is not None:
                records.tell(sqlite, entry, author)

    def pairs(self, *, package: PackageName | None = None, site: SiteName | None = None) -> Iterable[HeldPair]:
        with self._connection.looking() as sqlite:
            statement = _PAIRS["listed"] if site is None else _PAIRS["listed_at_site"]
            for row in sqlite.execute(statement, {"package": package, "site": site}):
                yield held_pair_of(row)

    def receipts(self, package: PackageName, site: SiteName) -> Sequence[Receipt]:
        with self._connection.reading() as sqlite:
            return arrivals.receipts(sqlite, (package, site))

    def sends(self, *, open_only: bool = True, job: str | None = None) -> Sequence[Send]:
        with self._connection.reading() as sqlite:
            turns = Turns(sqlite)
            every = _SENDS["all_open"] if open_only else _SENDS["all"]
            rows = sqlite.execute(every) if job is None else sqlite.execute(_SENDS["of_job"], (job,))
            sends = (send_of(row, turns) for row in rows)
            return [send for send in sends if send.state.is_open or not open_only]

    def sends_to(self, site: SiteName) -> Sequence[Send]:
        with self._connection.reading() as sqlite:
            turns = Turns(sqlite)
            return [send_of(row, turns) for row in sqlite.execute(_SENDS["to_site"], (site,))]

    def recent_sends(self, latest: int) -> Sequence[Send]:
        with self._connection.reading() as sqlite:
            turns = Turns(sqlite)
            return [send_of(row, turns) for row in sqlite.execute(_SENDS["recent"], (latest,))]

    def history(self, *, subject: str | None = None, limit: int = 100) -> Sequence[Event]:
        with self._connection.reading() as sqlite:
            return records.history(sqlite, subject, limit)

    def passes(self, limit: int = 1) -> Sequence[Pass]:
        with self._connection.reading() as sqlite:
            return records.passes(sqlite, limit)

    # Watching over it

    def census(self) -> Census:
        with self._connection.reading() as sqlite:
            return counting.census(sqlite)

    def verifications(self) -> Sequence[Verified]:
        with self._connection.reading() as sqlite:
            return counting.verifications(sqlite)

    def note(self, sighting: Sighting, notifiers: Mapping[str, frozenset[EventKind]]) -> Sequence[Notification]:
        with self._connection.writing() as sqlite:
            return outbox.note(sqlite, sighting, notifiers)

    def standing(self) -> Mapping[EventKind, Mapping[str, Instant]]:
        with self._connection.reading() as sqlite:
            return outbox.standing(sqlite)

    def take_delivery(self, notifier: str, at: Instant, *, lease: Seconds) -> Delivery | None:
        with self._connection.reading() as sqlite:
            if outbox.due(sqlite, notifier, at) is None:
                return None  # mostly: nothing is written to find that out
        with self._connection.writing() as sqlite:
            return outbox.take(sqlite, notifier, at, lease=lease)

    def end_delivery(self, delivery: Delivery, state: DeliveryState, at: Instant) -> None:
        with self._connection.writing() as sqlite:
            outbox.end(sqlite, delivery, state, at)

    def retain_notifiers(self, notifiers: Collection[str]) -> int:
        with self._connection.writing() as sqlite:
            return outbox.retain(sqlite, notifiers)

    def backup(self, path: str) -> None:
        with self._connection.looking() as sqlite:
            copies.backup(sqlite, path)

    def close(self) -> None:
        """May be called twice."""
        self._connection.close()
