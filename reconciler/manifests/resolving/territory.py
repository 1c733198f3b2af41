"""What targets are resolved against: the sites of the fleet, and those left out, which are known but not sent to."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property

from reconciler.manifests.resolving.candidates import Candidate
from reconciler.manifests.resolving.shape import shape_of
from reconciler.manifests.resolving.site_index import SiteIndex
from reconciler.manifests.resolving.subtrees import Subtrees
from reconciler.manifests.spelling import Spelling
from reconciler.model.site_sets import SiteSet
from reconciler.model.sites import Site


@dataclass(frozen=True, kw_only=True)
class Territory:
    """`index`, `numbers` and `subtrees` speak of `sites`; `lost_index`, `lost_numbers` and `anchors` of `lost`.

    The anchor of a lost site is the nearest site above it that is not lost; None where that cannot be known.

    `broken` is the hint that more sites may be declared where nobody could read them, empty if no file is broken.
    """

    sites: tuple[Site, ...]
    numbers: Mapping[str, int]
    index: SiteIndex
    subtrees: Subtrees
    lost: tuple[Candidate, ...]
    lost_numbers: Mapping[str, int]
    lost_index: SiteIndex
    anchors: Sequence[int | None]
    broken: str
    _beneath: dict[int, SiteSet] = field(default_factory=dict)
    _values: dict[str, Spelling] = field(default_factory=dict)

    def lost_within(self, top: int) -> SiteSet:
        """The lost sites that are, or may be, beneath the site with the number `top`."""
        found = self._beneath.get(top)
        if found is None:
            found = self._beneath[top] = SiteSet.of(
                number
                for number, anchor in enumerate(self.anchors)
                if anchor is None or self.subtrees.is_within(anchor, top)
            )
        return found

    def has_label(self, key: str) -> bool:
        return self.index.has_label(key) or self.lost_index.has_label(key)

    @cached_property
    def keys(self) -> Spelling:
        """Every label that some site has."""
        return Spelling((*self.index.keys, *self.lost_index.keys))

    def values(self, key: str) -> Spelling:
        """Every value that this label has at some site."""
        if key not in self._values:
            self._values[key] = Spelling((*self.index.values(key), *self.lost_index.values(key)))
        return self._values[key]

    def has_domain(self, domain: str) -> bool:
        return self.index.has_domain(domain) or self.lost_index.has_domain(domain)

    @cached_property
    def domains(self) -> Spelling:
        return Spelling((*self.index.domains, *self.lost_index.domains))

    def has_machine(self, machine: str) -> bool:
        return self.index.has_machine(machine) or self.lost_index.has_machine(machine)

    @cached_property
    def machines(self) -> Spelling:
        return Spelling((*self.index.machines, *self.lost_index.machines))


def territory_of(sites: Sequence[tuple[Candidate, Site]], *, broken: str) -> Territory:
    """The territory of all sites that are declared, once it is known which of them are left out."""
    kept = tuple(site for candidate, site in sites if candidate.fault is None)
    lost = [(candidate, site) for candidate, site in sites if candidate.fault is not None]
    numbers = {str(site.name): number for number, site in enumerate(kept)}
    lost_numbers = {candidate.name: number for number, (candidate, _) in enumerate(lost)}
    return Territory(
        sites=kept,
        numbers=numbers,
        index=SiteIndex(kept),
        subtrees=Subtrees([None if site.parent is None else numbers[site.parent] for site in kept]),
        lost=tuple(candidate for candidate, _ in lost),
        lost_numbers=lost_numbers,
        lost_index=SiteIndex([site for _, site in lost]),
        anchors=_anchors([site.parent for _, site in lost], numbers, lost_numbers),
        broken=broken,
    )


def _anchors(
    parents: Sequence[str | None], numbers: Mapping[str, int], lost_numbers: Mapping[str, int]
) -> Sequence[int | None]:
    """From the top down, so that a chain of lost sites is walked once."""
    above = [None if parent is None else lost_numbers.get(parent) for parent in parents]
    anchors: list[int | None] = [None] * len(parents)
    for number in reversed(shape_of(above).upwards):
        parent, lost_parent = parents[number], above[number]
        if lost_parent is not None:
            anchors[number] = anchors[lost_parent]
        elif parent is not None:
            anchors[number] = numbers.get(parent)
    return anchors
