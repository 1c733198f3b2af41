"""The tree of sites, numbered so that "at or beneath" is two comparisons and a subtree is a run of numbers."""

from collections.abc import Sequence

from reconciler.manifests.resolving.shape import shape_of
from reconciler.model.site_sets import SiteSet


class Subtrees:
    """`parents` are the indices of the parents, None for the top; there are no cycles."""

    def __init__(self, parents: Sequence[int | None]) -> None:
        shape = shape_of(parents)
        count = len(parents)
        self._first = [0] * count
        self._order = [0] * count
        self._sizes = shape.sizes
        self._sets: dict[int, SiteSet] = {}
        next_free = [0] * count
        top = 0
        for site in reversed(shape.upwards):
            parent = parents[site]
            if parent is None:
                first, top = top, top + shape.sizes[site]
            else:
                first = next_free[parent]
                next_free[parent] += shape.sizes[site]
            self._first[site] = first
            self._order[first] = site
            next_free[site] = first + 1

    def is_within(self, site: int, top: int) -> bool:
        """Whether `site` is at or beneath `top` (L11)."""
        return 0 <= self._first[site] - self._first[top] < self._sizes[top]

    def within(self, top: int) -> SiteSet:
        """`top` and its whole subtree (L9)."""
        sites = self._sets.get(top)
        if sites is None:
            first = self._first[top]
            sites = self._sets[top] = SiteSet.of(self._order[first : first + self._sizes[top]])
        return sites
