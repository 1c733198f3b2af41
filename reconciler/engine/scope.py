"""Narrowing a pass to some sites, packages or jobs, by name or pattern."""

from collections.abc import Collection, Iterable, Iterator
from dataclasses import dataclass, replace
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
    """What `--site`, `--package`, `--job` and `-l` say; `selector_text` is `-l` as it was typed.

    A `loose` one may name what a fleet does not have: the other fleet of a review does.
    """

    sites: tuple[str, ...] = ()
    packages: tuple[str, ...] = ()
    jobs: tuple[str, ...] = ()
    selector: Selector | None = None
    selector_text: str = ""
    loose: bool = False

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
            packages=self._matching("package", fleet.packages_by_name.keys(), self.packages) if self.packages else None,
            jobs=self._matching("job", fleet.jobs_by_name.keys(), self.jobs) if self.jobs else None,
            filters=tuple(sorted(filters)),
        )

    def of_either(self, *fleets: Fleet) -> "Narrowing":
        """The same for each of the fleets, loose; raises NothingMatches for what none of them has."""
        found: list[NothingMatches] = []
        for part in self._parts():
            missed = [fault for fleet in fleets if (fault := part._fault(fleet)) is not None]
            found += missed[-1:] if len(missed) == len(fleets) else []
        if found:
            raise found[0]
        return replace(self, loose=True)

    def _parts(self) -> Iterator["Narrowing"]:
        """Each filter by itself."""
        yield from (Narrowing(sites=(pattern,)) for pattern in self.sites)
        yield from (Narrowing(packages=(pattern,)) for pattern in self.packages)
        yield from (Narrowing(jobs=(pattern,)) for pattern in self.jobs)
        yield replace(self, packages=(), jobs=(), loose=False, sites=self.sites if self.selector else ())

    def _fault(self, fleet: Fleet) -> NothingMatches | None:
        try:
            self.scope(fleet)
        except NothingMatches as fault:
            return fault
        return None

    def _sites(self, fleet: Fleet) -> SiteSet:
        names = self._matching("site", fleet.index.keys(), self.sites) if self.sites else frozenset(fleet.index)
        chosen = [
            fleet.index[name]
            for name in names
            if self.selector is None or self.selector.matches(fleet.site(name).labels)
        ]
        if not chosen and not self.loose:
            raise NothingMatches(f"-l {self.selector_text} matches none of {len(names)} sites")
        return SiteSet.of(chosen)

    def _matching(self, kind: str, names: Collection[Name], patterns: Iterable[str]) -> frozenset[Name]:
        """The names that match one of the patterns; each pattern must match something, unless loose."""
        chosen: set[Name] = set()
        for pattern in patterns:
            found = [name for name in names if fnmatchcase(str(name), pattern)]
            if not found and not self.loose:
                raise NothingMatches(f"--{kind} {pattern} matches no {kind}")
            chosen.update(found)
        return frozenset(chosen)
