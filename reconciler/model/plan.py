"""The plan: data that says what will be recorded, and why, for every required pair that is not ready.

It names what it was computed from and leaves no choice to execution (decision 0003). `created_at` and the estimates
are the only clock in it (L7); `id` is a digest of its actions alone (sending.md 4).
"""

from dataclasses import dataclass, field
from enum import Enum

from reconciler.model.acknowledgements import GuardName
from reconciler.model.diagnostics import Diagnostic, Where
from reconciler.model.instants import Instant, Seconds
from reconciler.model.names import JobName, PackageName, SiteName
from reconciler.model.packages import Revision, SetupPart
from reconciler.model.priority import Priority
from reconciler.model.quantities import Bytes
from reconciler.model.snapshot import Cause, Mode, SendState

FORMAT_VERSION = "1.0"


class Verdict(Enum):
    """Of a required pair: exactly one (domain.md 3)."""

    READY = "ready"
    IN_FLIGHT = "in-flight"
    MISSING = "missing"
    BLOCKED = "blocked"


class GapReason(Enum):
    """Why a pair is not ready, in the order in which the first counts."""

    CONTENT_DAMAGED = "content-damaged"
    RECORD_ONLY = "record-only"
    CONTENT_MISSING = "content-missing"
    CONTENT_STALE = "content-stale"
    SETUP_MISSING = "setup-missing"
    SETUP_STALE = "setup-stale"


class BlockReason(Enum):
    """Why no send may be made for a pair, in the order in which the first counts."""

    UNKNOWN = "unknown"
    SUSPENDED = "suspended"
    CANCELLED = "cancelled"
    FAILED = "failed"
    NO_ADDRESS = "no-address"
    NO_ROUTE = "no-route"
    PATH_NOT_REPRESENTABLE = "path-not-representable"
    NOT_PACKED = "not-packed"
    NO_SPACE = "no-space"


class JobVerdict(Enum):
    READY = "ready"
    WAITING = "waiting"
    """Some of its missing sites can be sent to."""
    BLOCKED = "blocked"
    """None of its missing sites can be sent to."""
    SUSPENDED = "suspended"


class CancellationReason(Enum):
    OBSOLETE = "obsolete"
    """No job needs it, or the site is gone."""
    SUPERSEDED = "superseded"
    """The plan holds its replacement."""


@dataclass(frozen=True, slots=True, kw_only=True)
class PlannedSite:
    """One site of an action: the number its send will have, and the version the pair had when the plan was made."""

    site: SiteName
    number: int
    version: int


@dataclass(frozen=True, slots=True, kw_only=True)
class SendOnlyJob:
    """A job whose phases are exactly `[send]`: it names everything its execution needs.

    `key` is the hash of what it does (sending.md 4), `name` is made from it. `sites` is sorted by name.
    `package_version` is the label for people, `bytes` the sum over the sites of what will travel (an upper bound until
    the parcel is packed), `parts` the parts of its setup, `endpoints` the sites' addresses, in their order.
    """

    name: str
    key: str
    package: PackageName
    package_version: str
    origin: SiteName
    mode: Mode
    priority: Priority
    revision: Revision
    parts: tuple[str, ...]
    sites: tuple[PlannedSite, ...]
    endpoints: tuple[str, ...]
    bytes: Bytes
    for_jobs: tuple[JobName, ...]
    reasons: tuple[GapReason, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Underway:
    """How far the open send of a pair is: its state, since when, and what it waits for until when (L21, L27).

    `since` is when a queued send was recorded, or when the state of any other began.
    """

    state: SendState
    since: Instant
    bytes_done: Bytes = Bytes(0)
    cause: Cause | None = None
    next_attempt: Instant | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class PlannedPair:
    """The verdict of one required pair.

    `also` are the further reasons, blocks before gaps. `send_only_job` names the planned or the running one. `has` and
    `wants` are labels of versions for people; `detail` says in words what the reason does not (who suspended it).
    `earliest` is when bytes may travel, None for now; `estimated_seconds` how long they take from then, None without
    a known rate. `timezone` and `parent` are the site's.

    `lacks` are the parts of the setup that the jobs need and the site is not known to have (Q134718). `underway` is set
    while a send of the pair is open, in flight or blocked. `held` names what a suspension lies on: `site/NAME`,
    `package/NAME` or `PACKAGE@SITE` for a local hold, `job/NAME` for `spec.suspend` in the manifests.
    """

    package: PackageName
    site: SiteName
    verdict: Verdict
    reason: GapReason | BlockReason | None
    also: tuple[GapReason | BlockReason, ...] = ()
    send_only_job: str | None = None
    for_jobs: tuple[JobName, ...]
    route: tuple[SiteName, ...]
    bytes: Bytes
    mode: Mode | None = None
    earliest: Instant | None = None
    estimated_seconds: Seconds | None = None
    timezone: str = "UTC"
    has: str = ""
    wants: str = ""
    detail: str = ""
    parent: SiteName | None = None
    lacks: tuple[SetupPart, ...] = ()
    underway: Underway | None = None
    held: str = ""
    where: Where


@dataclass(frozen=True, slots=True, kw_only=True)
class PlannedJob:
    """The verdict of one desired job. `blockers` are `PACKAGE@SITE: reason`, sorted; `waits_for` the send-only jobs.

    `ready_at` is when everything it waits for has arrived if the estimates hold; None if that cannot be said.
    """

    name: JobName
    verdict: JobVerdict
    package: PackageName
    package_version: str
    purpose: str
    site: SiteName
    required_sites: tuple[SiteName, ...]
    ready: int
    blockers: tuple[str, ...] = ()
    waits_for: tuple[str, ...] = ()
    ready_at: Instant | None = None
    timezone: str = "UTC"
    where: Where


@dataclass(frozen=True, slots=True, kw_only=True)
class Cancellation:
    """Sites of a recorded send-only job whose open rows are closed."""

    send_only_job: str
    package: PackageName
    sites: tuple[PlannedSite, ...]
    reason: CancellationReason


@dataclass(frozen=True, slots=True, kw_only=True)
class Update:
    """A rise of the priority of open rows; makes no second send (L6)."""

    send_only_job: str
    package: PackageName
    sites: tuple[PlannedSite, ...]
    priority: Priority


@dataclass(frozen=True, slots=True, kw_only=True)
class Removal:
    """The holdings of a site that left the manifests are forgotten, its numbers are kept (L31).

    `versions` are those of the pairs of `packages`, in the same order.
    """

    site: SiteName
    packages: tuple[PackageName, ...]
    versions: tuple[int, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class GuardResult:
    """One guard's look at the plan (L16). `limit` and `value` are as people write them; `actions` what it guards."""

    name: GuardName
    limit: str
    value: str
    tripped: bool
    acknowledged: bool = False
    actions: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class PlanSource:
    """What the plan was computed from; `commit` and `branch` are None for a plain directory."""

    fleet_digest: str
    commit: str | None = None
    branch: str | None = None
    dirty: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class PlanState:
    """The state it was computed from: its kind, its version, and the oldest verification among the ready pairs."""

    kind: str
    version: int
    oldest_verification: Instant | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Summary:
    """Numbers of the whole plan; `required` = ready + in_flight + missing + blocked."""

    sites: int
    packages: int
    jobs: int
    required: int
    ready: int
    in_flight: int
    missing: int
    blocked: int
    send_only_jobs: int
    cancellations: int
    bytes: Bytes


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """What `reconcile` would record, and why (schemas/plan.v1.schema.json)."""

    id: str
    tool_version: str
    created_at: Instant
    source: PlanSource
    state: PlanState
    filters: tuple[str, ...] = ()
    """`site=riga-*`, ...: what a partial plan was narrowed to; empty for a whole one."""
    summary: Summary
    send_only_jobs: tuple[SendOnlyJob, ...] = ()
    pairs: tuple[PlannedPair, ...] = ()
    jobs: tuple[PlannedJob, ...] = ()
    cancellations: tuple[Cancellation, ...] = ()
    updates: tuple[Update, ...] = ()
    removals: tuple[Removal, ...] = ()
    guards: tuple[GuardResult, ...] = ()
    diagnostics: tuple[Diagnostic, ...] = ()
    spent: tuple[tuple[str, GuardName], ...] = field(default=())
    """Acknowledgements (plan id, guard) of which nothing remains once this plan is recorded."""

    @property
    def has_changes(self) -> bool:
        """Pairs in flight are no change."""
        return bool(self.send_only_jobs or self.cancellations or self.updates or self.removals)

    @property
    def refused(self) -> bool:
        return any(guard.tripped and not guard.acknowledged for guard in self.guards)

    @property
    def is_partial(self) -> bool:
        return bool(self.filters)
