"""What lies at the sites though no job needs it there, and what becomes of it (L41)."""

from dataclasses import dataclass
from enum import Enum

from reconciler.model.collection import Failure
from reconciler.model.names import PackageName, SiteName


class Fate(Enum):
    """What becomes of a package at one site."""

    PRUNABLE = "prunable"
    """No job needs it there."""
    PRUNED = "pruned"
    """It was removed, read back, and the state knows."""
    NEEDED = "needed"
    """A job needs it: it stays."""
    IN_FLIGHT = "in-flight"
    """A send to the site is open: it stays until the send has ended."""
    FAILED = "failed"
    """Something of it could not be removed."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Pruning:
    """One package at one site: how many records and parcels, and the bytes that nothing else refers to.

    `beside`: it lies in the site's depot beside the state. `number` is what its removal was given, 0 for none.
    """

    package: PackageName
    site: SiteName
    fate: Fate
    beside: bool = False
    detail: str = ""
    records: int = 0
    parcels: int = 0
    bytes: int = 0
    number: int = 0
    failures: tuple[Failure, ...] = ()

    @property
    def stays(self) -> bool:
        return self.fate in (Fate.NEEDED, Fate.IN_FLIGHT)


@dataclass(frozen=True, slots=True, kw_only=True)
class Unreached:
    """A store that could not be looked at, and why; `busy`: try again."""

    site: SiteName
    detail: str
    busy: bool
