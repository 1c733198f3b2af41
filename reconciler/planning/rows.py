"""Open rows of recorded send-only jobs, gathered by job for an action on them."""

from collections.abc import Hashable, Iterable, Iterator
from typing import TypeVar

from reconciler.model.names import PackageName
from reconciler.model.plan import PlannedSite
from reconciler.model.snapshot import Send

What = TypeVar("What", bound=Hashable)


def by_job(
    rows: Iterable[tuple[Send, What]],
) -> Iterator[tuple[str, PackageName, What, tuple[PlannedSite, ...]]]:
    """Rows with what becomes of them → job, package, what, and the sites by name; in the order of their first rows."""
    groups: dict[tuple[str, PackageName, What], list[Send]] = {}
    for send, what in rows:
        groups.setdefault((send.job, send.package, what), []).append(send)
    for (job, package, what), sends in groups.items():
        sites = sorted(sends, key=lambda send: send.site)
        planned = (PlannedSite(site=send.site, number=send.number, version=send.version) for send in sites)
        yield job, package, what, tuple(planned)
