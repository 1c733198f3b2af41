"""From the differences the state found to pairs with all that is known of them."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from operator import attrgetter

from reconciler.model.fleet import Fleet
from reconciler.model.instants import Instant
from reconciler.model.names import PackageName
from reconciler.model.quantities import Bytes
from reconciler.model.site_sets import SiteSet
from reconciler.model.snapshot import Difference, Mode, Send, Snapshot
from reconciler.planning.holds import Holds
from reconciler.planning.needs import needs
from reconciler.planning.pair import Pair, bytes_of, held_in, mode_for
from reconciler.planning.requirements import Requirement

_SITE = attrgetter("site")


def differing_pairs(
    fleet: Fleet, snapshot: Snapshot, required: Mapping[PackageName, Requirement], *, at: Instant
) -> Iterator[Pair]:
    """The required pairs in the scope that are not ready, by package, then site. Ready pairs make no objects (P5)."""
    open_sends = snapshot.open_by_pair()
    holds = Holds(snapshot.holds, at=at)
    for requirement, differences in _by_package(snapshot.differences, required):
        needed = needs(requirement.jobs, SiteSet.of(difference.site for difference in differences))
        package = requirement.package.name
        for difference in differences:
            site = fleet.sites[difference.site]
            open_send = open_sends.get((package, site.name)) if open_sends else None
            covering = open_send if open_send is not None and open_send.revision == requirement.revision else None
            mode = mode_for(difference.holding, requirement)
            need, where = needed[difference.site]
            yield Pair(
                requirement=requirement,
                site=site,
                need=need,
                where=where,
                difference=difference,
                held=held_in(difference.holding),
                mode=mode,
                bytes=_bytes(requirement, mode if covering is None else covering.mode, covering),
                open_send=open_send,
                covering=covering,
                holds=holds.on(package, site.name) if holds else (),
            )


def _bytes(requirement: Requirement, mode: Mode, covering: Send | None) -> Bytes:
    """An open send moves what it was recorded with, if that was said."""
    if covering is not None and covering.bytes:
        return Bytes(covering.bytes)
    return bytes_of(mode, requirement)


def _by_package(
    differences: Iterable[Difference], required: Mapping[PackageName, Requirement]
) -> Iterator[tuple[Requirement, Sequence[Difference]]]:
    """The differences in the scope by package; nothing relies on the order in which the state tells them."""
    found: dict[PackageName, list[Difference]] = {}
    for difference in differences:
        found.setdefault(difference.package, []).append(difference)
    for package in sorted(found):
        requirement = required.get(package)
        if requirement is None or not requirement.scope:
            continue
        scope = requirement.scope
        chosen = [difference for difference in found[package] if difference.site in scope]
        if chosen:
            yield requirement, sorted(chosen, key=_SITE)
