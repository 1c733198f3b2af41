"""What every state keeps and promises; `tests/conformance/state.py` holds each implementation to it.

A *state* is our database, a *store* the place at a site where packages are staged.
"""

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Protocol

from reconciler.model.acknowledgements import Acknowledgement
from reconciler.model.census import Census, Verified
from reconciler.model.claims import Beat, Candidate, Claim, Ending, Worker, WorkerSeen
from reconciler.model.commits import CommitId
from reconciler.model.history import Event
from reconciler.model.holdings import Absent, Damaged, Holding, Receipt, RecordOnly, Staged, Unknown
from reconciler.model.instants import Instant, Seconds
from reconciler.model.names import PackageName, SiteName
from reconciler.model.notifications import Delivery, DeliveryState, Notification, Sighting
from reconciler.model.plan import Plan
from reconciler.model.quantities import Bytes
from reconciler.model.settings import EventKind
from reconciler.model.snapshot import Hold, Send, Snapshot, Wanted
from reconciler.model.stores import StateId, StoreId
from reconciler.state.known_pairs import KnownPairs


@dataclass(frozen=True, slots=True, kw_only=True)
class Author:
    """Who does something, when, and because of which commit: stands in every event."""

    actor: str
    at: Instant
    commit: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Submission:
    """What became of a plan. `recorded` and `already` are names of send-only jobs: recorded now, and known before.

    `moved` are the pairs (package, site) that had changed since the plan was made: left out, or, for a strict
    submission, the reason why nothing at all was recorded. `cancelled`, `updated` count rows, `removed` sites.
    """

    recorded: tuple[str, ...] = ()
    already: tuple[str, ...] = ()
    moved: tuple[tuple[PackageName, SiteName], ...] = ()
    cancelled: int = 0
    updated: int = 0
    removed: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Observation:
    """What a look at a site's store found for one pair; `number` is the highest valid record's, 0 for none.

    `used` is the highest number that any record's name bears: one that is not valid used its number up (sending.md 4).
    `mark` is the pair's mark when the look began: a pair that has moved on since is not judged by it (sending.md 6).
    `Staged` renews the verification of what is held, says that what was thought lost or unknown is there after all, or
    rebuilds a lost state (L33). What was lost is for the state to say: it knows what was proved (L34).
    """

    package: PackageName
    site: SiteName
    mark: int
    number: int
    holding: Absent | RecordOnly | Staged | Damaged | Unknown
    used: int = 0

    def __post_init__(self) -> None:
        if isinstance(self.holding, Staged) and self.number < 1:
            raise ValueError("what is staged has the number of its record")


@dataclass(frozen=True, slots=True, kw_only=True)
class Pass:
    """One reconcile that was recorded: when, from what, and how it ended (`done`, `refused`, `invalid`)."""

    at: Instant
    actor: str
    plan: str
    fleet_digest: str
    commit: str | None
    outcome: str
    required: int
    ready: int
    blocked: int


@dataclass(frozen=True, slots=True, kw_only=True)
class HeldPair:
    """One pair the state knows something of, for `status` and `explain`.

    `number` is that of what is held, or was last, 0 for none; `mark` the highest number ever seen.
    """

    package: PackageName
    site: SiteName
    number: int
    mark: int
    holding: Holding = field(default_factory=Absent)


class State(Protocol):
    """Holdings, receipts, send-only jobs, holds, acknowledgements, events, passes.

    Every write is durable when its method returns (R2), may be repeated without a second effect, and is whole or not at
    all: a process killed inside it leaves the state of before or of after. Methods raise `StateError` for the
    world's faults; nothing else. Several processes may use one state at a time. An instance belongs to one thread.
    """

    @property
    def kind(self) -> str:
        """`sqlite`, `memory`, ..."""
        ...

    def snapshot(self, wanted: Wanted, known: KnownPairs | None = None) -> Snapshot:
        """One consistent look; the set difference is made inside the state (architecture.md).

        Ready pairs (holding `Staged` at exactly the wanted content and setup) create no objects. Holds whose
        `until` has passed and acknowledgements that are void are still returned: the planner has the instant. A hold
        that was released and an acknowledgement that a plan closed are not.

        `known` is what an earlier call filled, of this state or of any: a state that can tell what changed since looks
        at that alone, and answers the same.
        """
        ...

    def submit(self, plan: Plan, author: Author, *, strict: bool = False) -> Submission:
        """Record the plan's actions in one transaction, with one event for each and an entry in the passes.

        A send-only job whose key is known is `already` there (L8). Otherwise versions are compared of exactly the pairs
        the plan acts on; those that moved are left out, the job's key and name are those of the rest
        (`reconciler.model.keys`), and they are named in `moved`; with `strict` one moved pair leaves everything
        unrecorded. What the plan wanted closed, raised or removed and is so already has not moved. Superseded rows are
        closed and their successors opened together. Removals forget holdings, keep marks and close open rows of the
        site with cause `site-removed` (L31, L32); a receipt from before is kept and changes no holding any more.
        Acknowledgements in `plan.spent` are closed, unless a pair moved. A refused plan is never submitted, see
        `record_pass`.
        """
        ...

    def record_pass(self, entry: Pass) -> None:
        """Remember a pass that recorded nothing else (refused, invalid); the last 1,000 passes are kept."""
        ...

    def receive(self, receipt: Receipt, author: Author) -> bool:
        """Take an arrival into the holdings and complete the row it answers, open or failed (L26).

        It answers the row with its number if that has its revision. True if it became the pair's holding. A receipt
        whose number is below the held one changes no holding; one seen before changes nothing; both are kept in the
        receipts. Raises the pair's mark and version.
        """
        ...

    def observe(self, observations: Sequence[Observation], author: Author) -> Sequence[bool]:
        """Take what looks at stores found, all in one durable commit; False for one that does not count.

        One counts only while no send is open and the pair's mark is the look's. `Absent` where a receipt proved
        something becomes `Absent(lost=...)` (L34). A look that says nothing new changes nothing, but `Staged` renews
        the time of the verification without a new version of the pair: it was ready before. `Staged` that is news
        leaves a receipt, proof `look`, so that a rebuilt state knows what was proved (L33), and completes the row it
        answers if that failed. The mark rises to the number found.
        """
        ...

    def forget(self, package: PackageName, site: SiteName, number: int, author: Author) -> bool:
        """The package was removed from the site on purpose, which used up `number` there (L41).

        The pair holds nothing and has lost nothing; the mark stays, or rises to the number. False while a send is open.
        """
        ...

    # Carrying out

    @property
    def identity(self) -> StateId:
        """Drawn when the state was made; a copy of the state has the same."""
        ...

    def stores(self) -> Mapping[SiteName, StoreId]:
        """The store pinned for each site (sending.md 3)."""
        ...

    def pin_store(self, site: SiteName, store: StoreId, author: Author) -> None:
        """From now on this is the site's store, instead of any other (L37); a removal of the site forgets it."""
        ...

    def claim(
        self, worker: Worker, candidates: Sequence[Candidate], author: Author, *, lease: Seconds
    ) -> Sequence[Claim]:
        """Claim, in one durable commit, those candidates that may still be claimed, in their order.

        A row may be claimed if it is open, has the candidate's number, is due (a back-off or a put-back may name a
        time), and no living claim is on it; a site where `at_once` claims live, or that somebody else took with
        `take`, is left alone. A claimed row is `sending`, its attempts count up by one (L28); a row whose claim lapsed
        or whose worker is dead is claimed anew without back-off (sending.md 5), and counts as claimed until then (L14).
        Registers the worker as seen.
        """
        ...

    def renew(self, worker: Worker, beats: Sequence[Beat], author: Author, *, lease: Seconds) -> Sequence[Claim]:
        """Renew the leases of a worker's claims, and of what it took; returns those claims that are lost.

        Lost: the row was closed or superseded, somebody else claimed it, or its lease is over: the site may be somebody
        else's by now (decision 0016). The claim of a row that was closed counts for its site (`at_once`, `reserved`,
        `take`) until `end` or the end of the lease: something may still be written there. Without beats the worker is
        only seen to live. No durable flush is needed for what this writes, but it may have one.
        """
        ...

    def end(self, endings: Sequence[Ending], author: Author) -> Sequence[bool]:
        """Record how attempts ended, all in one durable commit; False for one that did not count.

        `Arrived` always counts as `receive` does (L26), and is answered as there. The others count only while the claim
        is the row's (the fence: number, attempts, worker; also after the lease, if nobody else claimed the row):
        `BackedOff` waits for its time, `PutBack` is queued again (backing-off with cause and time if it says until
        when), `Failed` and `GaveWay` close the row. Changes the pair's version only if the planner reads what changed:
        whether the row is open, is claimed, waits for space or for another store (sending.md 4).
        """
        ...

    def reserved(self, site: SiteName, *, besides: Claim) -> Bytes:
        """Bytes that the other living claims at the site still have to write (L20)."""
        ...

    def take(self, worker: Worker, thing: str, author: Author, *, lease: Seconds) -> bool:
        """Take something for oneself: `site/NAME` (no send is claimed there meanwhile), `package/NAME/DIGEST`, `watch`.

        False while somebody else living has it, or, for a site, while a living claim is there, be it one's own. Renewed
        by taking it again, and by every `renew` of the worker; free again with `give_back`, with the end of the lease
        or of the process.
        """
        ...

    def give_back(self, worker: Worker, thing: str) -> None:
        """End a `take`."""
        ...

    def leave(self, worker: Worker) -> None:
        """The worker stops: what it still has is free at once, as if it had died, and it is forgotten."""
        ...

    def workers(self) -> Sequence[WorkerSeen]:
        """Living ones first, then those seen last. The others are forgotten a day after, once another worker is seen.

        `claims` counts the living ones; a worker is alive while its process is and its last lease lasts.
        """
        ...

    def claims(self) -> Sequence[Claim]:
        """The living claims, by package, then site."""
        ...

    def retry(self, package: PackageName, site: SiteName, author: Author) -> bool:
        """Open the latest row again if it failed or was cancelled, or let one that backs off go at once.

        Number and attempts stay. Where a newer number was seen meanwhile the row ends `superseded` instead: it blocks
        no longer, and the next pass plans anew. False if there is no such row, if something newer was recorded, if it
        arrived, or if its site was removed since.
        """
        ...

    def cancel(self, package: PackageName, site: SiteName, reason: str, author: Author) -> bool:
        """Close the open row as `cancelled`, its detail `by ACTOR: REASON`; blocks the revision. False without one."""
        ...

    # What people decide

    def hold(self, hold: Hold, author: Author) -> None:
        """Suspend a site, a package or a pair; a second hold of the same replaces the first."""
        ...

    def release(self, site: SiteName | None, package: PackageName | None, author: Author) -> bool:
        """End a hold; False if there was none."""
        ...

    def acknowledge(self, acknowledgement: Acknowledgement, author: Author) -> None:
        """Remember what may pass; the same plan and guard again replaces the earlier one."""
        ...

    def follow(self, branch: str, commit: CommitId, author: Author, *, accepted: bool = False) -> None:
        """From now on the branch goes on from this commit; an event under `branch/NAME`, the latest one counts.

        It was acted on, or with `accepted` somebody accepts it in the place of a history it does not follow. Nothing
        happens where the latest event names the commit already.
        """
        ...

    def pairs(self, *, package: PackageName | None = None, site: SiteName | None = None) -> Iterable[HeldPair]:
        """All pairs with a row, sorted by package, then site."""
        ...

    def receipts(self, package: PackageName, site: SiteName) -> Sequence[Receipt]:
        """Every proof that was kept of a pair, the highest number first; those from before a removal too (L31)."""
        ...

    def sends(self, *, open_only: bool = True, job: str | None = None) -> Sequence[Send]:
        """Rows of send-only jobs, sorted by job, then site; closed ones too if asked."""
        ...

    def sends_to(self, site: SiteName) -> Sequence[Send]:
        """The open rows of one site, sorted by package; it costs no more for what is open elsewhere."""
        ...

    def recent_sends(self, latest: int) -> Sequence[Send]:
        """All rows of each send-only job with an open row, and of the `latest` jobs recorded last; sorted like `sends`.

        What ended long ago is in the history: this stays small, however long the state has been kept.
        """
        ...

    def history(self, *, subject: str | None = None, limit: int = 100) -> Sequence[Event]:
        """The latest events, newest first."""
        ...

    def passes(self, limit: int = 1) -> Sequence[Pass]:
        """The latest passes, newest first."""
        ...

    # Watching over it

    def census(self) -> Census:
        """What is open and what waits, counted; it costs no more for a long history."""
        ...

    def verifications(self) -> Sequence[Verified]:
        """When what each site has staged was verified, and whether something there is unknown, by site.

        Sites with neither are left out.
        """
        ...

    def note(self, sighting: Sighting, notifiers: Mapping[str, frozenset[EventKind]]) -> Sequence[Notification]:
        """Remember what stands, and put what is news into the outbox, for each notifier that is told of its kind.

        News is what does not stand yet, once, whoever sees it how often; it can be news again only after it was over.
        What is over is one `MENDED`. Returns what was news, also what nobody is told of: a notifier that is added later
        is told of nothing from before.
        """
        ...

    def standing(self) -> Mapping[EventKind, Mapping[str, Instant]]:
        """What stands: kind → subject → since when."""
        ...

    def take_delivery(self, notifier: str, at: Instant, *, lease: Seconds) -> Delivery | None:
        """The oldest delivery to this notifier that is due; nobody else gets it for `lease`. None if there is none.

        Whoever dies before `end_delivery` leaves it to be tried again, with the same id.
        """
        ...

    def end_delivery(self, delivery: Delivery, state: DeliveryState, at: Instant) -> None:
        """What came of it, durably. `at` is when it ended, or when it is tried again if it still waits."""
        ...

    def retain_notifiers(self, notifiers: Collection[str]) -> int:
        """Give up what waits for any other notifier; returns how much that was."""
        ...

    def backup(self, path: str) -> None:
        """Write a whole, checked copy to a new file; raises StateError, also if the file exists."""
        ...

    def close(self) -> None:
        """Free the connection; may be called twice."""
        ...
