"""From the differences the state found to pairs with all that is known of them."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from operator import attrgetter

from reconciler.model.fleet import Fleet
from reconciler.model.names import PackageName
from reconciler.model.quantities import Bytes
from reconciler.model.site_sets import SiteSet
from reconciler.model.sites import Site
from reconciler.model.snapshot import Difference, Mode, Send, Snapshot
from reconciler.planning.holds import Holds
from reconciler.planning.needs import needs
from reconciler.planning.pair import Pair, bytes_of, held_in, mode_for
from reconciler.planning.requirements import Requirement

_SITE = attrgetter("site")


@dataclass(frozen=True, slots=True, kw_only=True)
class Differing:
    """One package where it is not ready: the differences by site, the sites themselves, and what is open there.

    Holds aside its pairs depend on nothing else.
    """

    requirement: Requirement
    differences: tuple[Difference, ...]
    sites: tuple[Site, ...]
    sends: tuple[Send | None, ...]


def differing(fleet: Fleet, snapshot: Snapshot, required: Mapping[PackageName, Requirement]) -> Iterator[Differing]:
    """The required packages in the scope that are not ready somewhere, by name. Ready pairs make no objects (P5)."""
    open_sends = snapshot.open_by_pair()
    for requirement, differences in _by_package(snapshot.differences, required):
        package = requirement.package.name
        sites = tuple([fleet.sites[difference.site] for difference in differences])
        yield Differing(
            requirement=requirement,
            differences=tuple(differences),
            sites=sites,
            sends=tuple([open_sends.get((package, site.name)) for site in sites]),
        )


def pairs_of(one: Differing, holds: Holds) -> Iterator[Pair]:
    """Its pairs, by site."""
    requirement = one.requirement
    needed = needs(requirement.jobs, SiteSet.of(difference.site for difference in one.differences))
    for difference, site, open_send in zip(one.differences, one.sites, one.sends, strict=True):
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
            holds=holds.on(requirement.package.name, site.name) if holds else (),
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
