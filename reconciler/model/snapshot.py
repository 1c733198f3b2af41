"""What the planner sees of the state: one consistent look at the pairs that differ from what is wanted."""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import Enum

from reconciler.model.acknowledgements import Acknowledgement
from reconciler.model.holdings import Holding
from reconciler.model.instants import Instant
from reconciler.model.names import PackageName, SiteName
from reconciler.model.packages import Revision
from reconciler.model.priority import Priority
from reconciler.model.site_sets import SiteSet


class SendState(Enum):
    """The state of a send-only job, and of one site within it. `PARTIAL` is for jobs alone."""

    QUEUED = "queued"
    SENDING = "sending"
    VERIFYING = "verifying"
    BACKING_OFF = "backing-off"
    PARTIAL = "partial"
    COMPLETE = "complete"
    FAILED = "failed"
    CANCELLED = "cancelled"
    SUPERSEDED = "superseded"
    OBSOLETE = "obsolete"

    @property
    def is_open(self) -> bool:
        return self in _OPEN

    @property
    def is_claimed(self) -> bool:
        """A worker has it (L14: a claimed send finishes)."""
        return self in _CLAIMED


_OPEN = frozenset((SendState.QUEUED, SendState.SENDING, SendState.VERIFYING, SendState.BACKING_OFF))
_CLAIMED = frozenset((SendState.SENDING, SendState.VERIFYING))


class Cause(Enum):
    """Why a send waits or failed (sending.md 4)."""

    NETWORK = "network"
    AUTHENTICATION = "authentication"
    SPACE = "space"
    PERMISSION = "permission"
    CORRUPT = "corrupt"
    STORE_MISMATCH = "store-mismatch"
    SOURCE_MISSING = "source-missing"
    SOURCE_CHANGED = "source-changed"
    WINDOW = "window"
    RATE = "rate"
    SITE_REMOVED = "site-removed"


class Mode(Enum):
    """What a send carries: content and setup, or the setup alone (L3)."""

    CONTENT = "content"
    SETUP_ONLY = "setup-only"


@dataclass(frozen=True, slots=True, kw_only=True)
class Send:
    """One row of a send-only job: one package to one site (sending.md 4).

    `job` is the name of the send-only job, `version` the version of the pair, `endpoint` the site's address when the
    send was recorded: a failed send opens again when that changes. `detail` says more about `cause`.
    """

    job: str
    package: PackageName
    site: SiteName
    number: int
    revision: Revision
    mode: Mode
    priority: Priority
    state: SendState
    version: int
    for_jobs: tuple[str, ...]
    endpoint: str
    recorded_at: Instant
    changed_at: Instant
    attempts: int = 0
    next_attempt: Instant | None = None
    cause: Cause | None = None
    detail: str = ""
    bytes: int = 0
    bytes_done: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Hold:
    """A local suspension of a site, a package, or one pair: exactly one or both of `site` and `package` are set."""

    site: SiteName | None
    package: PackageName | None
    actor: str
    reason: str
    since: Instant
    until: Instant | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class WantedPackage:
    """One package's revision and the sites required to hold it."""

    package: PackageName
    revision: Revision
    sites: SiteSet


@dataclass(frozen=True, slots=True, kw_only=True)
class Wanted:
    """Every required pair, by package. `sites` names the indices of the sets: all sites of the fleet, sorted."""

    sites: tuple[SiteName, ...]
    packages: tuple[WantedPackage, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Difference:
    """A wanted pair without a receipt for exactly the wanted revision.

    `mark` is the highest number ever seen for the pair, `version` the pair's version (0 and 0 without a row, unless a
    hold was ever set). `closed` is the latest row of the pair if it failed or was cancelled by hand for the wanted
    revision and was not opened again since.
    """

    package: PackageName
    site: int
    holding: Holding
    mark: int = 0
    version: int = 0
    closed: Send | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class DepartedSite:
    """A site of which something is held, lost or unknown, but that the fleet does not know.

    `packages` are such packages, each with the version of the pair, sorted. Open sends to it are in `open_sends`.
    """

    site: SiteName
    packages: tuple[tuple[PackageName, int], ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Snapshot:
    """One consistent look (architecture.md "Fast where it matters").

    `differences` is sorted by package name, then site index; `open_sends` by package, then site. `held_packages`: some
    site holds a verified revision of it. `wanted_held`: some site, required or not, holds the wanted revision.
    `held_pairs` counts the pairs that a receipt proved and nobody forgot, or a record names; it is 0 unless some
    difference is a drift (`Absent` with something lost, `RecordOnly` or `Damaged`), as nobody else asks for it and it
    costs a look at every pair. `oldest_verification` is that of the wanted pairs that are ready.
    """

    kind: str
    version: int
    differences: tuple[Difference, ...] = ()
    open_sends: tuple[Send, ...] = ()
    holds: tuple[Hold, ...] = ()
    acknowledgements: tuple[Acknowledgement, ...] = ()
    held_packages: frozenset[PackageName] = frozenset()
    wanted_held: frozenset[PackageName] = frozenset()
    held_pairs: int = 0
    departed: tuple[DepartedSite, ...] = ()
    oldest_verification: Instant | None = None

    def open_by_pair(self) -> Mapping[tuple[PackageName, SiteName], Send]:
        return {(send.package, send.site): send for send in self.open_sends}
