"""The local suspensions in force at an instant, by what they lie on."""

from collections.abc import Iterable, Mapping

from reconciler.model.instants import Instant
from reconciler.model.names import PackageName, SiteName
from reconciler.model.snapshot import Hold


class Holds:
    """The holds in force; one whose `until` has come counts no more."""

    __slots__ = ("_by_subject",)

    def __init__(self, holds: Iterable[Hold], *, at: Instant) -> None:
        self._by_subject: Mapping[tuple[PackageName | None, SiteName | None], Hold] = {
            (hold.package, hold.site): hold for hold in holds if hold.until is None or hold.until > at
        }

    def __bool__(self) -> bool:
        return bool(self._by_subject)

    def on(self, package: PackageName, site: SiteName) -> tuple[Hold, ...]:
        """Those on the site, on the package and on the pair, in this order."""
        subjects = ((None, site), (package, None), (package, site))
        return tuple(self._by_subject[subject] for subject in subjects if subject in self._by_subject)
