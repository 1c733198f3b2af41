"""What stands in the place of a package's records once it was removed on purpose (L41)."""

import re
from dataclasses import dataclass

from reconciler.model.instants import Instant, format_instant, parse_instant
from reconciler.model.names import PackageName, SiteName
from reconciler.parcels import store_json
from reconciler.parcels.unreadable import Unreadable

_INSTANT = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}Z")


@dataclass(frozen=True, slots=True, kw_only=True)
class Removal:
    """No record of the package with a lower number counts any more.

    It has a number as a record has, and lies where that would: so the package is gone in one step, a worker that wakes
    up late finds its number passed, and no number is used twice, even if the state is lost (R5).
    """

    package: PackageName
    site: SiteName
    number: int
    removed_at: Instant


def removal_bytes(removal: Removal) -> bytes:
    """The file, with its own digest."""
    fields = {
        "package": removal.package,
        "site": removal.site,
        "number": removal.number,
        "removedAt": format_instant(removal.removed_at),
    }
    return store_json.sealed("Removal", fields)


def parse_removal(data: bytes) -> Removal:
    """Raises Unreadable."""
    fields = store_json.read_sealed(data, "Removal")
    return Removal(
        package=PackageName(fields.name("package")),
        site=SiteName(fields.name("site")),
        number=fields.count("number", least=1),
        removed_at=_instant(fields.text("removedAt", _INSTANT)),
    )


def condemned_bytes(at: Instant) -> bytes:
    """The mark on a file that nothing refers to: since when (sending.md 7)."""
    return store_json.sealed("Condemned", {"since": format_instant(at)})


def parse_condemned(data: bytes) -> Instant:
    """Raises Unreadable."""
    return _instant(store_json.read_sealed(data, "Condemned").text("since", _INSTANT))


def _instant(text: str) -> Instant:
    try:
        return parse_instant(text)
    except ValueError as fault:
        raise Unreadable(str(fault)) from fault
