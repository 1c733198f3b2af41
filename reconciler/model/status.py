"""What `status` shows: who holds what, what runs, what waits for what and until when. No field is ever null (L27)."""

from dataclasses import dataclass, replace
from enum import Enum

from reconciler.model.claims import WorkerId, WorkerSeen
from reconciler.model.instants import Instant
from reconciler.model.names import PackageName, SiteName
from reconciler.model.plan import PlannedJob
from reconciler.model.schedule import Wait
from reconciler.model.snapshot import Send, SendState


@dataclass(frozen=True, slots=True, kw_only=True)
class LastPass:
    """The latest recorded pass: when, by whom, which plan, of which commit ("" for files), how it ended."""

    at: Instant
    actor: str
    plan: str
    commit: str
    outcome: str


class StoreStanding(Enum):
    """What is known of the store at a site's address (L37)."""

    NONE = "none"
    """Nothing was ever sent there, so no store is known to be the site's."""
    ENROLLED = "enrolled"
    MISMATCH = "store-mismatch"
    """Another store is at the address, or none; the send that found out looks again."""


@dataclass(frozen=True, slots=True, kw_only=True)
class SiteStatus:
    """One site: how many packages jobs require there, and what became of them; `held` counts what it holds at all.

    `store_detail` says what is wrong with a store that is not the site's; `overdue` that something held was not
    verified within `verify.every`.
    """

    site: SiteName
    required: int
    ready: int
    in_flight: int
    blocked: int
    held: int
    oldest_verification: Instant | None
    store: StoreStanding
    store_detail: str = ""
    overdue: bool = False
    suspended: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class PackageStatus:
    """One package: how many sites are required to hold its revision, and do."""

    package: PackageName
    version: str
    required: int
    ready: int
    in_flight: int
    blocked: int
    held: int


@dataclass(frozen=True, slots=True, kw_only=True)
class RowStatus:
    """One site of a send-only job. An open row has a `wait`, or else its turn: then nothing but a worker is missing.

    `worker` has claimed it and lives; None for a row that nobody has.
    """

    send: Send
    wait: Wait | None = None
    worker: WorkerId | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class SendStatus:
    """One send-only job, its state computed from its rows (L25)."""

    name: str
    package: PackageName
    state: SendState
    rows: tuple[RowStatus, ...]

    @property
    def has_open(self) -> bool:
        return any(row.send.state.is_open for row in self.rows)


@dataclass(frozen=True, slots=True, kw_only=True)
class Status:
    at: Instant
    state: str
    last_pass: LastPass | None
    workers: tuple[WorkerSeen, ...]
    """Living ones first."""
    sites: tuple[SiteStatus, ...]
    packages: tuple[PackageStatus, ...]
    jobs: tuple[PlannedJob, ...]
    sends: tuple[SendStatus, ...]
    oldest_waiting: RowStatus | None

    @property
    def living(self) -> tuple[WorkerSeen, ...]:
        return tuple(worker for worker in self.workers if worker.alive)

    @property
    def overdue(self) -> tuple[SiteName, ...]:
        """Sites that hold something not verified within their `verify.every`."""
        return tuple(site.site for site in self.sites if site.overdue)

    def only(self, part: str | None, name: str | None) -> "Status":
        """One list, or one entry of it; raises KeyError for a name that is not in the list."""
        if part is None:
            return self
        chosen = tuple(entry for entry in getattr(self, part) if name is None or _name(entry) == name)
        if name is not None and not chosen:
            raise KeyError(name)
        nothing: dict[str, tuple[object, ...]] = {"sites": (), "packages": (), "jobs": (), "sends": ()}
        return replace(self, **(nothing | {part: chosen}))

    def names(self, part: str) -> tuple[str, ...]:
        """Of one list."""
        return tuple(_name(entry) for entry in getattr(self, part))


def job_state(rows: tuple[Send, ...]) -> SendState:
    """The state of a send-only job from those of its sites (L25).

    Complete if and only if every site that still counts is; cancelled, superseded and obsolete ones leave the
    denominator. With nothing left to count, the job ended as its last row did.
    """
    counted = [row.state for row in rows if row.state not in _LEFT]
    if not counted:
        return max(rows, key=lambda row: (row.changed_at, row.site)).state
    if all(state is SendState.COMPLETE for state in counted):
        return SendState.COMPLETE
    if any(state is SendState.COMPLETE for state in counted):
        return SendState.PARTIAL
    return min(counted, key=_ORDER.index)


_LEFT = frozenset((SendState.CANCELLED, SendState.SUPERSEDED, SendState.OBSOLETE))
_ORDER = (SendState.SENDING, SendState.VERIFYING, SendState.QUEUED, SendState.BACKING_OFF, SendState.FAILED)


def _name(entry: SiteStatus | PackageStatus | PlannedJob | SendStatus) -> str:
    match entry:
        case SiteStatus():
            return entry.site
        case PackageStatus():
            return entry.package
        case _:
            return entry.name
