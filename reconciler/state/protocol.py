"""What every state keeps and promises; `tests/conformance/state.py` holds each implementation to it.

A *state* is our database, a *store* the place at a site where packages are staged.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import Protocol

from reconciler.model.acknowledgements import Acknowledgement
from reconciler.model.holdings import Absent, Damaged, Holding, Receipt, RecordOnly, Unknown
from reconciler.model.instants import Instant
from reconciler.model.names import PackageName, SiteName
from reconciler.model.plan import Plan
from reconciler.model.snapshot import Cause, Hold, Send, SendState, Snapshot, Wanted


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

    What was lost is for the state to say: it knows what was proved (L34).
    """

    package: PackageName
    site: SiteName
    number: int
    holding: Absent | RecordOnly | Damaged | Unknown


@dataclass(frozen=True, slots=True, kw_only=True)
class Progress:
    """What a worker reports of one open send; identified by the pair and its number (the fence).

    Only a receipt completes a send (L25), and none backs off without a time (L21): both are ValueErrors.
    """

    package: PackageName
    site: SiteName
    number: int
    state: SendState
    cause: Cause | None = None
    detail: str = ""
    next_attempt: Instant | None = None
    attempts: int = 0
    bytes_done: int = 0

    def __post_init__(self) -> None:
        if self.state in (SendState.COMPLETE, SendState.PARTIAL):
            raise ValueError(f"a send cannot be reported {self.state.value}")
        if self.state is SendState.BACKING_OFF and self.next_attempt is None:
            raise ValueError("a send that backs off says until when")


@dataclass(frozen=True, slots=True, kw_only=True)
class Event:
    """One line of the append-only history (docs/reference/state.md names the actions).

    `subject` is `send/NAME`, `pair/PACKAGE@SITE`, `site/NAME`, `package/NAME` or `plan/ID`.
    """

    number: int
    at: Instant
    actor: str
    action: str
    subject: str
    plan: str | None
    commit: str | None
    detail: str


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

    def snapshot(self, wanted: Wanted) -> Snapshot:
        """One consistent look; the set difference is made inside the state (architecture.md).

        Ready pairs (holding `Staged` at exactly the wanted content and setup) create no objects. Holds whose
        `until` has passed and acknowledgements that are void are still returned: the planner has the instant. A hold
        that was released and an acknowledgement that a plan closed are not.
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

    def observe(self, observation: Observation, author: Author) -> bool:
        """Take what a look at a store found; counts only while no send is open and no newer number is held.

        False if it does not count. A look that found no record at all (`Absent` or `Unknown` with number 0) counts
        whatever is held. `Absent` where a receipt proved something becomes `Absent(lost=...)` (L34).
        """
        ...

    def report(self, progress: Progress, author: Author) -> bool:
        """Move an open row on; False if the pair's open row has another number or is closed (a fence).

        Attempts and the next attempt's time survive a restart, attempts never fall (L28). `failed` and `cancelled`
        close the row and block the pair's revision. Changes the pair's version only if the planner reads what changed:
        whether the row is open, is claimed, waits for space or for another store (sending.md 4).
        """
        ...

    def hold(self, hold: Hold, author: Author) -> None:
        """Suspend a site, a package or a pair; a second hold of the same replaces the first."""
        ...

    def release(self, site: SiteName | None, package: PackageName | None, author: Author) -> bool:
        """End a hold; False if there was none."""
        ...

    def acknowledge(self, acknowledgement: Acknowledgement, author: Author) -> None:
        """Remember what may pass; the same plan and guard again replaces the earlier one."""
        ...

    def pairs(self, *, package: PackageName | None = None, site: SiteName | None = None) -> Iterable[HeldPair]:
        """All pairs with a row, sorted by package, then site."""
        ...

    def sends(self, *, open_only: bool = True, job: str | None = None) -> Sequence[Send]:
        """Rows of send-only jobs, sorted by job, then site; closed ones too if asked."""
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

    def close(self) -> None:
        """Free the connection; may be called twice."""
        ...
