"""Sites: places that receive and use packages, arranged as a tree."""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import Enum, IntEnum

from reconciler.model.diagnostics import Where
from reconciler.model.instants import Seconds
from reconciler.model.names import SiteName
from reconciler.model.priority import Priority
from reconciler.model.quantities import BitsPerSecond, Bytes


class SiteType(Enum):
    PRIMARY = "primary"
    """Can create packages and jobs and have child sites."""
    SECONDARY = "secondary"
    """A leaf, administered from its parent (Q133111)."""


class Weekday(IntEnum):
    """Monday is 0, as in `datetime.weekday()`."""

    MON = 0
    TUE = 1
    WED = 2
    THU = 3
    FRI = 4
    SAT = 5
    SUN = 6


@dataclass(frozen=True, slots=True, kw_only=True)
class Address:
    """How to reach a site's store. `path` is absolute; `require_mount`: a file system must be mounted there."""

    type: str
    path: str
    require_mount: bool = False

    @property
    def endpoint(self) -> str:
        """What must belong to one site alone (L23): the same text for the same place."""
        return f"{self.type}:{self.path}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Window:
    """When bytes may travel, in the site's time zone (sending.md 8).

    `starts` and `ends` are minutes after midnight, 0 to 1440; a window with `ends < starts` crosses midnight and
    belongs to the day on which it begins.
    """

    name: str
    days: frozenset[Weekday]
    starts: int
    ends: int
    allow: Priority = Priority.LOW
    rate: BitsPerSecond | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Limits:
    rate: BitsPerSecond | None = None
    max_concurrent: int | None = None
    reserve_free: Bytes = Bytes(0)


@dataclass(frozen=True, slots=True, kw_only=True)
class Filesystem:
    """What the target's file system can represent. Without regard to case means Windows' rules for names too."""

    max_path: int | None = None
    case_sensitive: bool = True


@dataclass(frozen=True, slots=True, kw_only=True)
class Verification:
    every: Seconds = Seconds(7 * 86400)
    deep: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Site:
    """A site as its manifest and the defaults describe it; `parent` is None for the central site alone."""

    name: SiteName
    type: SiteType
    parent: SiteName | None
    where: Where
    title: str = ""
    labels: Mapping[str, str]
    timezone: str = "UTC"
    address: Address | None = None
    limits: Limits = Limits()
    windows: tuple[Window, ...] = ()
    filesystem: Filesystem = Filesystem()
    verification: Verification = Verification()
    keep: int = 1
    domains: Mapping[str, tuple[str, ...]]
