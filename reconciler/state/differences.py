"""The snapshot: a set difference inside SQLite, so that ready pairs create no objects (architecture.md)."""

import json
import sqlite3
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from itertools import groupby
from operator import attrgetter
from typing import Any

from reconciler.model.holdings import Absent, Damaged, Held, RecordOnly
from reconciler.model.instants import Instant
from reconciler.model.names import PackageName
from reconciler.model.site_sets import SiteSet
from reconciler.model.snapshot import DepartedSite, Difference, Send, Snapshot, Wanted, WantedPackage
from reconciler.state import decisions
from reconciler.state.known_pairs import MOST, KnownPackage, KnownPairs
from reconciler.state.rows import ABSENT, Turns, held_of, holding_of, send_of
from reconciler.state.statements import statements

_SQL = statements("snapshot")
_SENDS = statements("sends")
_JOURNAL = statements("journal")
_SITE = attrgetter("site")
_PACKAGE = attrgetter("package")


def snapshot(sqlite: sqlite3.Connection, wanted: Wanted, known: KnownPairs | None = None) -> Snapshot:
    """What of `wanted` is not ready, and all else that the planner reads; inside one read transaction."""
    look = _Look(sqlite, wanted, known)
    found = look.packages()
    differences = tuple(difference for package in found for difference in package.differences)
    (version,) = sqlite.execute(_JOURNAL["version"]).fetchone()
    return Snapshot(
        kind="sqlite",
        version=version,
        differences=differences,
        open_sends=look.open_sends(found),
        holds=decisions.holds(sqlite),
        acknowledgements=decisions.acknowledgements(sqlite),
        held_packages=frozenset(name for (name,) in sqlite.execute(_SQL["held_packages"])),
        wanted_held=frozenset(package.asked.package for package in found if package.held),
        held_pairs=sqlite.execute(_SQL["held_pairs"]).fetchone()[0] if any(map(_is_drift, differences)) else 0,
        departed=tuple(look.departed()),
        oldest_verification=min((package.oldest for package in found if package.oldest is not None), default=None),
    )


def _with(package: KnownPackage, sends: Mapping[PackageName, tuple[Send, ...]]) -> KnownPackage:
    return replace(package, sends=sends.get(package.asked.package, ()))


def _is_drift(difference: Difference) -> bool:
    holding = difference.holding
    return isinstance(holding, RecordOnly | Damaged) or (isinstance(holding, Absent) and holding.lost is not None)


class _Look:
    """What one snapshot gathers on its way."""

    def __init__(self, sqlite: sqlite3.Connection, wanted: Wanted, known: KnownPairs | None) -> None:
        self._sqlite = sqlite
        self._wanted = wanted
        self._packages = sorted(wanted.packages, key=lambda asked: asked.package)
        self._sites: dict[str, int] = dict(sqlite.execute(_SQL["sites"]))
        self._held: dict[tuple[int, int], Held] = {}
        self._turns = Turns(sqlite)
        self._known = known
        self._as_before: dict[PackageName, KnownPackage] = {}
        for table in ("fleet", "members", "wanted", "departed"):
            sqlite.execute(_SQL[f"make_{table}"])

    def packages(self) -> Sequence[KnownPackage]:
        """Sorted by name. Those of which nothing changed since they were known are not looked at."""
        known = self._known
        if known is None:
            return self._look_at(self._packages, {})
        if (known.sites, known.turns) != (self._wanted.sites, self._turns.all):
            known.sites, known.turns, known.packages = self._wanted.sites, self._turns.all, {}
        tokens: dict[str, int | None] = dict(self._sqlite.execute(_SQL["tokens"]))
        changed = []
        for asked in self._packages:
            before = known.packages.get(asked.package)
            if before is not None and before.asked == asked and before.token == tokens.get(asked.package):
                self._as_before[asked.package] = before
            else:
                changed.append(asked)
        found = self._as_before | {one.asked.package: one for one in self._look_at(changed, tokens)}
        return [found[asked.package] for asked in self._packages]

    def open_sends(self, packages: Sequence[KnownPackage]) -> tuple[Send, ...]:
        """By package, then site; all that was found is known from now on."""
        known = self._known
        if known is None:
            return tuple(send_of(row, self._turns) for row in self._sqlite.execute(_SENDS["open"]))
        rows = self._sqlite.execute(_SQL["other_open_sends"], (json.dumps(list(self._as_before)),))
        sends = {
            package: tuple(of_it) for package, of_it in groupby((send_of(row, self._turns) for row in rows), _PACKAGE)
        }
        now = [one if one.asked.package in self._as_before else _with(one, sends) for one in packages]
        kept = sum(len(one.differences) + len(one.sends) for one in now) <= MOST
        known.packages = {one.asked.package: one for one in now} if kept else {}
        sends |= {package: before.sends for package, before in self._as_before.items() if before.sends}
        return tuple(send for package in sorted(sends) for send in sends[package])

    def _look_at(self, packages: Sequence[WantedPackage], tokens: Mapping[str, int | None]) -> Sequence[KnownPackage]:
        """Of these packages, in their order. Packages that need the same sites share one table of them."""
        if not packages:
            return ()
        self._sqlite.execute(_SQL["clear_fleet"])
        places = ((at, self._sites.get(name)) for at, name in enumerate(self._wanted.sites))
        self._sqlite.executemany(_SQL["site"], places)
        by_sites: dict[SiteSet, list[int]] = defaultdict(list)
        for position, asked in enumerate(packages):
            by_sites[asked.sites].append(position)
        found: dict[int, tuple[Sequence[Difference], Instant | None]] = {}
        held: set[int] = set()
        for sites, positions in by_sites.items():
            for position, rows, oldest, differing in self._compare(sites, {at: packages[at] for at in positions}, held):
                asked = packages[position]
                seen = list(self._differing(asked, differing))
                if rows < len(sites):
                    without = sites - SiteSet.of(site for (site,) in self._sqlite.execute(_SQL["seen"], (position,)))
                    seen += self._never_seen(asked, without)
                found[position] = sorted(seen, key=_SITE), oldest
            for position in positions:
                if position not in found:
                    found[position] = list(self._never_seen(packages[position], sites)), None
        return [
            KnownPackage(asked, tokens.get(asked.package), tuple(found[at][0]), found[at][1], at in held)
            for at, asked in enumerate(packages)
        ]

    def _compare(
        self, sites: SiteSet, packages: Mapping[int, WantedPackage], held: set[int]
    ) -> Iterator[tuple[int, int, Instant | None, str]]:
        """A row for each package that the state knows something of at one of the sites; fills `held`."""
        self._sqlite.execute(_SQL["clear_members"])
        self._sqlite.execute(_SQL["members"], (json.dumps(list(sites)),))
        self._sqlite.execute(_SQL["clear_wanted"])
        self._sqlite.executemany(
            _SQL["want"],
            ((at, one.revision.content, one.revision.setup, one.package) for at, one in packages.items()),
        )
        held.update(at for (at,) in self._sqlite.execute(_SQL["wanted_held"]))
        yield from self._sqlite.execute(_SQL["differences"])

    def _never_seen(self, asked: WantedPackage, sites: SiteSet) -> Iterator[Difference]:
        for index in sites:
            version = self._turns.of(asked.package, self._wanted.sites[index])
            yield Difference(package=asked.package, site=index, holding=ABSENT, version=version)

    def _differing(self, asked: WantedPackage, differing: str) -> Iterator[Difference]:
        for index, kind, revision, label, as_of, detail, mark, version, closed in json.loads(differing):
            held = None if revision is None else self._held_of(revision, label)
            yield Difference(
                package=asked.package,
                site=index,
                holding=ABSENT if kind is None else holding_of(kind, held, as_of, detail),
                mark=mark or 0,
                version=(version or 0) + self._turns.of(asked.package, self._wanted.sites[index]),
                closed=None if closed is None else self._closed(closed, asked),
            )

    def _held_of(self, revision: int, label: int) -> Held:
        key = revision, label
        if key not in self._held:
            self._held[key] = held_of(*self._sqlite.execute(_SQL["held"], (label, revision)).fetchone())
        return self._held[key]

    def _closed(self, row: int, asked: WantedPackage) -> Send | None:
        send = send_of(self._sqlite.execute(_SENDS["by_id"], (row,)).fetchone(), self._turns)
        return send if send.revision == asked.revision else None

    def departed(self) -> Iterator[DepartedSite]:
        """Sites with something held that the fleet does not know."""
        gone = self._sites.keys() - set(self._wanted.sites)
        self._sqlite.execute(_SQL["clear_departed"])
        self._sqlite.executemany(_SQL["depart"], ((self._sites[name],) for name in gone))
        packages: dict[Any, list[tuple[PackageName, int]]] = defaultdict(list)
        for site, package, version in self._sqlite.execute(_SQL["departed"]):
            packages[site].append((package, version + self._turns.of(package, site)))
        for site, pairs in packages.items():
            yield DepartedSite(site=site, packages=tuple(pairs))
