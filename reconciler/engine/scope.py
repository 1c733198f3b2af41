"""Narrowing a pass to some sites, packages or jobs, by name or pattern."""

from collections.abc import Collection, Iterable
from dataclasses import dataclass
from fnmatch import fnmatchcase
from typing import TypeVar

from reconciler.model.fleet import Fleet
from reconciler.model.selectors import Selector
from reconciler.model.site_sets import SiteSet
from reconciler.planning.scope import Scope

Name = TypeVar("Name", bound=str)


class NothingMatches(Exception):
    """A filter that matches nothing is a mistake, not a pass that does nothing."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Narrowing:
    """What `--site`, `--package`, `--job` and `-l` say; `selector_text` is `-l` as it was typed."""

    sites: tuple[str, ...] = ()
    packages: tuple[str, ...] = ()
    jobs: tuple[str, ...] = ()
    selector: Selector | None = None
    selector_text: str = ""

    def scope(self, fleet: Fleet) -> Scope:
        """The objects of this fleet that are meant; raises NothingMatches."""
        filters = (
            *(f"site={pattern}" for pattern in self.sites),
            *(f"package={pattern}" for pattern in self.packages),
            *(f"job={pattern}" for pattern in self.jobs),
            *((f"selector={self.selector_text}",) if self.selector else ()),
        )
        return Scope(
            sites=self._sites(fleet) if self.sites or self.selector else None,
            packages=_matching("package", fleet.packages_by_name.keys(), self.packages) if self.packages else None,
            jobs=_matching("job", fleet.jobs_by_name.keys(), self.jobs) if self.jobs else None,
            filters=tuple(sorted(filters)),
        )

    def _sites(self, fleet: Fleet) -> SiteSet:
        names = _matching("site", fleet.index.keys(), self.sites) if self.sites else frozenset(fleet.index)
        chosen = [
            fleet.index[name]
            for name in names
            if self.selector is None or self.selector.matches(fleet.site(name).labels)
        ]
        if not chosen:
            raise NothingMatches(f"-l {self.selector_text} matches none of {len(names)} sites")
        return SiteSet.of(chosen)


def _matching(kind: str, names: Collection[Name], patterns: Iterable[str]) -> frozenset[Name]:
    """The names that match one of the patterns; each pattern must match something."""
    chosen: set[Name] = set()
    for pattern in patterns:
        found = [name for name in names if fnmatchcase(str(name), pattern)]
        if not found:
            raise NothingMatches(f"--{kind} {pattern} matches no {kind}")
        chosen.update(found)
    return frozenset(chosen)
