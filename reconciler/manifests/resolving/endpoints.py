"""An endpoint belongs to one site, and no package is read from a store (L23, Q266759, 2.0:Q263376).

Paths are compared as text, and for sources also where they lie once links are followed; the identity file guards what
this cannot see.
"""

from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from operator import attrgetter

from reconciler.manifests.paths import normal, parents
from reconciler.manifests.resolving.candidates import Candidate, Findings, listed
from reconciler.model.names import fold
from reconciler.model.sites import Site

_PATH = ("address", "path")


@dataclass(frozen=True, slots=True)
class SourceFolder:
    """Where the source of a package lies: as written and, if it was read, once links are followed."""

    package: Candidate
    path: str
    real_path: str = ""

    def places(self) -> Iterable[str]:
        return {normal(path): None for path in (self.path, self.real_path) if path}


def check_endpoints(sites: Iterable[tuple[Candidate, Site]], findings: Findings) -> Mapping[str, Candidate]:
    """Report sites that share a store; returns the folder of each store with the first of its sites, by place."""
    owners: dict[str, list[Candidate]] = defaultdict(list)
    for candidate, site in sites:
        if site.address is not None:
            owners[site.address.path].append(candidate)
    for path, sharing in owners.items():
        sharing.sort(key=attrgetter("place"))
        if len({fold(candidate.name) for candidate in sharing}) > 1:
            _report_collision(path, sharing, findings)
    stores = {path: sharing[0] for path, sharing in owners.items()}
    _check_nesting(stores, findings)
    return stores


def check_sources(sources: Iterable[SourceFolder], stores: Mapping[str, Candidate], findings: Findings) -> None:
    """Report packages whose source lies inside a store or holds one; the sites are not at fault."""
    holders: dict[str, list[Candidate]] = defaultdict(list)
    for source in sources:
        for place in source.places():
            store = place if place in stores else _nearest(place, stores)
            if store is not None:
                _report_inside_store(source.package, place, store, stores[store], findings)
                break
            holders[place].append(source.package)
    for store, site in sorted(stores.items()):
        for place in parents(store):
            for package in holders.pop(place, ()):
                _report_holds_store(package, place, store, site, findings)


def _nearest(path: str, stores: Mapping[str, Candidate]) -> str | None:
    """The innermost store that `path` lies inside of."""
    return next((parent for parent in parents(path) if parent in stores), None)


def _report_collision(path: str, sharing: list[Candidate], findings: Findings) -> None:
    first, second, *others = sharing
    findings.error(
        second,
        _PATH,
        code="endpoint-collision",
        message=f"sites {listed(candidate.name for candidate in sharing)} have one endpoint, {path}",
        hint=f'give each site a store of its own; the address of "{first.name}" is at {first.line_of(_PATH)}',
        also=(first, *others),
    )


def _check_nesting(stores: Mapping[str, Candidate], findings: Findings) -> None:
    nested: dict[str, list[str]] = defaultdict(list)
    for path in sorted(stores):
        outer = _nearest(path, stores)
        if outer is not None:
            nested[outer].append(path)
    for outer, paths in nested.items():
        holder, inner = stores[outer], [stores[path] for path in paths]
        if len(inner) == 1:
            subject, other = inner[0], holder
            message = f'the store of "{subject.name}", {paths[0]}, lies inside the store of "{other.name}", {outer}'
        else:
            subject, other = holder, inner[0]
            names = listed(candidate.name for candidate in inner)
            message = f'the store of "{subject.name}", {outer}, holds the stores of {len(inner)} other sites: {names}'
        findings.error(
            subject,
            _PATH,
            code="endpoint-inside-another",
            message=message,
            hint=f'no store may lie inside another; the address of "{other.name}" is at {other.line_of(_PATH)}',
            also=(holder, *inner),
        )


_APART = "a source is read, a store is written: keep them apart"


def _report_inside_store(package: Candidate, place: str, store: str, site: Candidate, findings: Findings) -> None:
    findings.error(
        package,
        ("source", "path"),
        code="source-inside-store",
        message=f'the source of "{package.name}", {place}, lies inside the store of site "{site.name}", {store}',
        hint=f"{_APART}; the address is at {site.line_of(_PATH)}",
    )


def _report_holds_store(package: Candidate, place: str, store: str, site: Candidate, findings: Findings) -> None:
    findings.error(
        package,
        ("source", "path"),
        code="store-inside-source",
        message=f'the source of "{package.name}", {place}, holds the store of site "{site.name}", {store}',
        hint=f"{_APART}; the address is at {site.line_of(_PATH)}",
    )
