"""The snapshot: a set difference inside SQLite, so that ready pairs create no objects (architecture.md)."""

import json
import sqlite3
from collections import defaultdict
from collections.abc import Iterator, Sequence
from operator import attrgetter
from typing import Any

from reconciler.model.holdings import Absent, Damaged, Held, RecordOnly
from reconciler.model.instants import Instant
from reconciler.model.names import PackageName
from reconciler.model.site_sets import SiteSet
from reconciler.model.snapshot import DepartedSite, Difference, Send, Snapshot, Wanted, WantedPackage
from reconciler.state import decisions
from reconciler.state.rows import ABSENT, Turns, held_of, holding_of, send_of
from reconciler.state.statements import statements

_SQL = statements("snapshot")
_SENDS = statements("sends")
_JOURNAL = statements("journal")
_SITE = attrgetter("site")


def snapshot(sqlite: sqlite3.Connection, wanted: Wanted) -> Snapshot:
    """What of `wanted` is not ready, and all else that the planner reads; inside one read transaction."""
    look = _Look(sqlite, wanted)
    differences = look.differences()
    (version,) = sqlite.execute(_JOURNAL["version"]).fetchone()
    return Snapshot(
        kind="sqlite",
        version=version,
        differences=differences,
        open_sends=tuple(send_of(row, look.turns) for row in sqlite.execute(_SENDS["open"])),
        holds=decisions.holds(sqlite),
        acknowledgements=decisions.acknowledgements(sqlite),
        held_packages=frozenset(name for (name,) in sqlite.execute(_SQL["held_packages"])),
        wanted_held=frozenset(look.wanted_held),
        held_pairs=sqlite.execute(_SQL["held_pairs"]).fetchone()[0] if any(map(_is_drift, differences)) else 0,
        departed=tuple(look.departed()),
        oldest_verification=min(look.verified, default=None),
    )


def _is_drift(difference: Difference) -> bool:
    holding = difference.holding
    return isinstance(holding, RecordOnly | Damaged) or (isinstance(holding, Absent) and holding.lost is not None)


class _Look:
    """What one snapshot gathers on its way."""

    def __init__(self, sqlite: sqlite3.Connection, wanted: Wanted) -> None:
        self._sqlite = sqlite
        self._wanted = wanted
        self._packages = sorted(wanted.packages, key=lambda asked: asked.package)
        self._sites: dict[str, int] = dict(sqlite.execute(_SQL["sites"]))
        self._held: dict[tuple[int, int], Held] = {}
        self.turns = Turns(sqlite)
        self.wanted_held: list[PackageName] = []
        self.verified: list[Instant] = []
        for table in ("fleet", "members", "wanted", "departed"):
            sqlite.execute(_SQL[f"make_{table}"])
        sqlite.execute(_SQL["clear_fleet"])
        sqlite.executemany(_SQL["site"], ((at, self._sites.get(name)) for at, name in enumerate(wanted.sites)))

    def differences(self) -> tuple[Difference, ...]:
        """Sorted by package, then site. Packages that need the same sites share one table of them."""
        by_sites: dict[SiteSet, list[int]] = defaultdict(list)
        for position, asked in enumerate(self._packages):
            by_sites[asked.sites].append(position)
        found: list[Sequence[Difference]] = [()] * len(self._packages)
        for sites, positions in by_sites.items():
            unseen = set(positions)
            for position, rows, oldest, differing in self._compare(sites, positions):
                asked = self._packages[position]
                seen = list(self._differing(asked, differing))
                if rows < len(sites):
                    without = sites - SiteSet.of(site for (site,) in self._sqlite.execute(_SQL["seen"], (position,)))
                    seen += self._never_seen(asked, without)
                found[position] = sorted(seen, key=_SITE)
                unseen.discard(position)
                if oldest is not None:
                    self.verified.append(oldest)
            for position in unseen:
                found[position] = list(self._never_seen(self._packages[position], sites))
        return tuple(difference for differences in found for difference in differences)

    def _compare(self, sites: SiteSet, positions: Sequence[int]) -> Iterator[tuple[int, int, Instant | None, str]]:
        """A row for each package that the state knows something of at one of the sites."""
        self._sqlite.execute(_SQL["clear_members"])
        self._sqlite.execute(_SQL["members"], (json.dumps(list(sites)),))
        self._sqlite.execute(_SQL["clear_wanted"])
        asked = ((position, self._packages[position]) for position in positions)
        self._sqlite.executemany(
            _SQL["want"],
            ((at, package.revision.content, package.revision.setup, package.package) for at, package in asked),
        )
        self.wanted_held.extend(self._packages[at].package for (at,) in self._sqlite.execute(_SQL["wanted_held"]))
        yield from self._sqlite.execute(_SQL["differences"])

    def _never_seen(self, asked: WantedPackage, sites: SiteSet) -> Iterator[Difference]:
        for index in sites:
            version = self.turns.of(asked.package, self._wanted.sites[index])
            yield Difference(package=asked.package, site=index, holding=ABSENT, version=version)

    def _differing(self, asked: WantedPackage, differing: str) -> Iterator[Difference]:
        for index, kind, revision, label, as_of, detail, mark, version, closed in json.loads(differing):
            held = None if revision is None else self._held_of(revision, label)
            yield Difference(
                package=asked.package,
                site=index,
                holding=ABSENT if kind is None else holding_of(kind, held, as_of, detail),
                mark=mark or 0,
                version=(version or 0) + self.turns.of(asked.package, self._wanted.sites[index]),
                closed=None if closed is None else self._closed(closed, asked),
            )

    def _held_of(self, revision: int, label: int) -> Held:
        key = revision, label
        if key not in self._held:
            self._held[key] = held_of(*self._sqlite.execute(_SQL["held"], (label, revision)).fetchone())
        return self._held[key]

    def _closed(self, row: int, asked: WantedPackage) -> Send | None:
        send = send_of(self._sqlite.execute(_SENDS["by_id"], (row,)).fetchone(), self.turns)
        return send if send.revision == asked.revision else None

    def departed(self) -> Iterator[DepartedSite]:
        """Sites with something held that the fleet does not know."""
        gone = self._sites.keys() - set(self._wanted.sites)
        self._sqlite.execute(_SQL["clear_departed"])
        self._sqlite.executemany(_SQL["depart"], ((self._sites[name],) for name in gone))
        packages: dict[Any, list[tuple[PackageName, int]]] = defaultdict(list)
        for site, package, version in self._sqlite.execute(_SQL["departed"]):
            packages[site].append((package, version + self.turns.of(package, site)))
        for site, pairs in packages.items():
            yield DepartedSite(site=site, packages=tuple(pairs))
