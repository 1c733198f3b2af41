"""Fleets and snapshots for planner tests, in a few words each; a world answers as a state does, by the plainest means.

Nothing here uses the loader, a real state or the planner's own parts.
"""

import hashlib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace

from reconciler.model.acknowledgements import Acknowledgement
from reconciler.model.diagnostics import Where
from reconciler.model.fleet import Fleet
from reconciler.model.holdings import Absent, Damaged, Held, Holding, RecordOnly, Staged, Unknown
from reconciler.model.instants import Instant, parse_instant
from reconciler.model.jobs import Job, JobType, Phase, Target
from reconciler.model.names import Digest, JobName, PackageName, SiteName
from reconciler.model.packages import Content, Package, Revision, SetupPart, Source
from reconciler.model.plan import Plan
from reconciler.model.priority import Priority
from reconciler.model.quantities import BitsPerSecond, Bytes
from reconciler.model.settings import Guards
from reconciler.model.site_sets import SiteSet
from reconciler.model.sites import Address, Filesystem, Limits, Site, SiteType, Window
from reconciler.model.snapshot import (
    Cause,
    DepartedSite,
    Difference,
    Hold,
    Mode,
    Send,
    SendState,
    Snapshot,
    Wanted,
)
from reconciler.planning.planner import make_plan
from reconciler.planning.scope import ALL, Scope
from reconciler.planning.wanted import wanted_pairs

NOW = parse_instant("2026-11-24T15:02:00Z")
"""A Tuesday afternoon."""

Key = tuple[PackageName, SiteName]


def key(text: str) -> Key:
    """`PACKAGE@SITE`."""
    package, _, site = text.partition("@")
    return PackageName(package), SiteName(site)


def digest(word: str) -> Digest:
    """A digest for each word: `D1`, `S2`, ..."""
    return Digest("sha256:" + hashlib.sha256(word.encode()).hexdigest())


def revision(words: str) -> Revision:
    """`D1 S1`: content and setup."""
    content, setup = words.split()
    return Revision(digest(content), digest(setup))


def held(words: str, *, parts: Iterable[str] = ("workstation",), version: str = "") -> Held:
    """`D1 S1`, or `D1 -` for content without any setup."""
    content, setup = words.split()
    return Held(
        content=digest(content),
        setup=None if setup == "-" else digest(setup),
        parts=frozenset() if setup == "-" else frozenset(SetupPart(part) for part in parts),
        version=version,
    )


def staged(words: str, **fields: object) -> Staged:
    return Staged(held=held(words, **fields), verified_at=Instant(NOW - 3600))


def lost(words: str) -> Absent:
    return Absent(lost=held(words))


def record_only(words: str, **fields: object) -> RecordOnly:
    return RecordOnly(held=held(words, **fields))


def damaged(words: str, **fields: object) -> Damaged:
    return Damaged(held=held(words, **fields), found_at=Instant(NOW - 3600))


def site(
    name: str,
    parent: str | None = None,
    *,
    address: bool = True,
    timezone: str = "UTC",
    rate: int | None = None,
    windows: Iterable[Window] = (),
    max_path: int | None = None,
    case_sensitive: bool = True,
    secondary: bool = False,
) -> Site:
    return Site(
        name=SiteName(name),
        type=SiteType.SECONDARY if secondary else SiteType.PRIMARY,
        parent=None if parent is None else SiteName(parent),
        where=Where(f"sites/{name}.yaml", 3, 1),
        labels={},
        timezone=timezone,
        address=Address(type="directory", path=f"/srv/{name}") if address else None,
        limits=Limits(rate=None if rate is None else BitsPerSecond(rate)),
        windows=tuple(windows),
        filesystem=Filesystem(max_path=max_path, case_sensitive=case_sensitive),
        domains={},
    )


def package(
    name: str,
    words: str = "D1 S1",
    *,
    origin: str = "HQ1",
    parts: Iterable[str] = ("workstation",),
    size: int = 120_000_000,
    setup_size: int = 1_000,
    version: str = "",
    priority: Priority = Priority.MEDIUM,
    longest: Iterable[str] = (),
    unportable: Iterable[str] = (),
    readable: bool = True,
    packed: bool = False,
    depot_fault: str = "",
) -> Package:
    content, setup = words.split()
    where = Where(f"packages/{name}.yaml", 4, 1)
    return Package(
        name=PackageName(name),
        origin=SiteName(origin),
        source=Source(path=f"/payload/{name}", where=where),
        setups={part: {} for part in parts},
        setup=digest(setup),
        setup_size=Bytes(setup_size),
        where=where,
        labels={},
        version=version,
        priority=priority,
        content=Content(
            digest=digest(content),
            size=Bytes(size),
            files=1,
            longest=tuple(longest),
            unportable=tuple(unportable),
            readable=readable,
            packed=packed,
            depot_fault=depot_fault,
        ),
    )


@dataclass
class WantedJob:
    """A job before its targets are resolved: names of sites, `under NAME`, or `all`."""

    name: str
    package: str
    targets: tuple[str, ...]
    site: str | None = None
    kind: str = "run"
    except_: tuple[str, ...] = ()
    priority: Priority | None = None
    ready_by: Instant | None = None
    suspended: bool = False


NEEDS = {
    "run": frozenset((SetupPart.WORKSTATION,)),
    "share": frozenset((SetupPart.SHARING,)),
    "send": frozenset[SetupPart](),
}
PHASES = {
    "run": frozenset(Phase),
    "share": frozenset((Phase.SEND, Phase.DISTRIBUTE)),
    "send": frozenset((Phase.SEND,)),
}


@dataclass
class Row:
    """What a state keeps of one pair. `version` is that of the pair; `mark` the highest number ever seen."""

    holding: Holding = field(default_factory=Absent)
    mark: int = 0
    version: int = 0
    open: Send | None = None
    closed: Send | None = None


@dataclass
class World:
    """Manifests and a state. Change it as you like; every look at it is a fresh value."""

    sites: dict[str, Site] = field(default_factory=dict)
    packages: dict[str, Package] = field(default_factory=dict)
    jobs: dict[str, WantedJob] = field(default_factory=dict)
    rows: dict[Key, Row] = field(default_factory=dict)
    holds: list[Hold] = field(default_factory=list)
    acknowledgements: list[Acknowledgement] = field(default_factory=list)
    whole: bool = True
    now: Instant = NOW
    guards: Guards = field(default_factory=Guards)

    def add(self, *things: Site | Package | WantedJob) -> "World":
        for thing in things:
            match thing:
                case Site():
                    self.sites[thing.name] = thing
                case Package():
                    self.packages[thing.name] = thing
                case WantedJob():
                    self.jobs[thing.name] = thing
        return self

    def row(self, pair: str) -> Row:
        return self.rows.setdefault(key(pair), Row())

    def hold(self, pair: str, holding: Holding, *, mark: int = 1) -> "World":
        """The site holds this, by the send with this number."""
        row = self.row(pair)
        row.holding, row.mark, row.version = holding, max(row.mark, mark), row.version or 3
        return self

    def open(self, pair: str, words: str, **fields: object) -> "World":
        """An open send of this revision, the next in the pair's history."""
        row = self.row(pair)
        number = fields.pop("number", row.mark + 1)
        row.mark, row.version = max(row.mark, number), row.version or 2
        row.open = self._send(pair, words, number, row.version, fields)
        return self

    def close(self, pair: str, words: str, **fields: object) -> "World":
        """The latest row of the pair, ended as `state` says."""
        row = self.row(pair)
        number = fields.pop("number", row.mark + 1)
        row.mark, row.version = max(row.mark, number), row.version or 2
        row.closed = self._send(pair, words, number, row.version, fields)
        return self

    def _send(self, pair: str, words: str, number: int, version: int, fields: Mapping[str, object]) -> Send:
        package, site = key(pair)
        defaults = {
            "job": f"send-{package}-{words.replace(' ', '-')}",
            "mode": Mode.CONTENT,
            "priority": Priority.MEDIUM,
            "state": SendState.QUEUED,
            "for_jobs": (),
            "endpoint": f"directory:/srv/{site}",
            "recorded_at": Instant(self.now - 600),
            "changed_at": Instant(self.now - 300),
        }
        return Send(
            package=package,
            site=site,
            number=number,
            version=version,
            revision=revision(words),
            **(defaults | fields),
        )

    def fleet(self) -> Fleet:
        names = sorted(self.sites)
        index = {name: position for position, name in enumerate(names)}
        return Fleet(
            sites=tuple(self.sites[name] for name in names),
            packages=tuple(self.packages[name] for name in sorted(self.packages)),
            jobs=tuple(self._job(self.jobs[name], index) for name in sorted(self.jobs)),
            digest=digest("fleet"),
            whole=self.whole,
            empty=not (self.sites or self.packages or self.jobs),
        )

    def _job(self, wanted: WantedJob, index: Mapping[str, int]) -> Job:
        package = self.packages[wanted.package]
        where = Where(f"jobs/{wanted.name}.yaml", 3, 1)
        excluded = {name for text in wanted.except_ for name in self.resolve(text)}
        targets = tuple(
            Target(
                sites=SiteSet.of(index[name] for name in self.resolve(text) - excluded),
                where=Where(where.file, 10 + position, 5),
            )
            for position, text in enumerate(wanted.targets)
        )
        created_at = wanted.site or package.origin
        reached = {index[created_at]}.union(*targets_of(targets)) - {index[package.origin]}
        return Job(
            name=JobName(wanted.name),
            type=JobType.SHARE if wanted.kind == "share" else JobType.RUN,
            package=package.name,
            command="install" if wanted.kind == "run" else None,
            site=SiteName(created_at),
            targets=targets,
            required=SiteSet.of(reached),
            needs=NEEDS[wanted.kind],
            phases=PHASES[wanted.kind],
            priority=wanted.priority or package.priority,
            ready_by=wanted.ready_by,
            suspended=wanted.suspended,
            where=where,
            labels={},
        )

    def resolve(self, text: str) -> set[str]:
        """The sites that one entry of a job's targets means."""
        if text == "all":
            return set(self.sites)
        if text.startswith("under "):
            top = text.removeprefix("under ")
            return {name for name in self.sites if top in self.chain(name)}
        return {text}

    def chain(self, name: str | None) -> list[str]:
        """The site and everything above it."""
        found = []
        while name is not None:
            found.append(name)
            name = self.sites[name].parent
        return found

    def snapshot(self) -> Snapshot:
        return snapshot_of(self, wanted_pairs(self.fleet()))

    def plan(self, *, at: Instant | None = None, scope: Scope = ALL, include_ready: bool = False) -> Plan:
        return make_plan(
            self.fleet(),
            self.snapshot(),
            at=self.now if at is None else at,
            guards=self.guards,
            scope=scope,
            tool_version="0.0.0",
            include_ready=include_ready,
        )

    def submit(self, plan: Plan) -> None:
        """Record what the plan does, as the state's protocol says."""
        for change in plan.cancellations:
            for row in change.sites:
                self.rows[change.package, row.site].open = None
                self.rows[change.package, row.site].version += 1
        for change in plan.updates:
            for row in change.sites:
                mine = self.rows[change.package, row.site]
                mine.version += 1
                mine.open = replace(mine.open, priority=change.priority, version=mine.version)
        for removal in plan.removals:
            for name in removal.packages:
                self.rows[name, removal.site] = Row(mark=self.rows[name, removal.site].mark, version=9)
        for send in plan.send_only_jobs:
            for planned in send.sites:
                mine = self.rows.setdefault((send.package, planned.site), Row())
                mine.mark, mine.version, mine.closed = planned.number, mine.version + 1, None
                mine.open = Send(
                    job=send.name,
                    package=send.package,
                    site=planned.site,
                    number=planned.number,
                    revision=send.revision,
                    mode=send.mode,
                    priority=send.priority,
                    state=SendState.QUEUED,
                    version=mine.version,
                    for_jobs=send.for_jobs,
                    endpoint=f"directory:/srv/{planned.site}",
                    recorded_at=self.now,
                    changed_at=self.now,
                )
        self.acknowledgements = [one for one in self.acknowledgements if (one.plan, one.guard) not in plan.spent]

    def carry_out(self) -> None:
        """Every open send that nothing stops arrives."""
        for (name, _), row in self.rows.items():
            if row.open is None or row.open.cause in (Cause.STORE_MISMATCH, Cause.SPACE):
                continue
            parts = self.packages[name].parts if name in self.packages else frozenset()
            arrived = Held(content=row.open.revision.content, setup=row.open.revision.setup, parts=parts)
            row.holding = Staged(held=arrived, verified_at=self.now)
            row.open, row.version = None, row.version + 1


def targets_of(targets: Iterable[Target]) -> list[set[int]]:
    return [set(target.sites) for target in targets]


def snapshot_of(world: World, wanted: Wanted) -> Snapshot:
    """What a state answers, worked out pair by pair."""
    differences = []
    for asked in wanted.packages:
        for index in asked.sites:
            row = world.rows.get((asked.package, wanted.sites[index]), Row())
            if isinstance(row.holding, Staged) and row.holding.held.revision == asked.revision:
                continue
            closed = row.closed if row.closed is not None and row.closed.revision == asked.revision else None
            differences.append(
                Difference(
                    package=asked.package,
                    site=index,
                    holding=row.holding,
                    mark=row.mark,
                    version=row.version,
                    closed=closed,
                )
            )
    at_sites = {pair: row.holding.held for pair, row in world.rows.items() if isinstance(row.holding, Staged)}
    desired = {asked.package: asked.revision for asked in wanted.packages}
    departed: dict[SiteName, list[tuple[PackageName, int]]] = {}
    for (name, its_site), row in sorted(world.rows.items()):
        if its_site not in wanted.sites and row.holding != Absent():
            departed.setdefault(its_site, []).append((name, row.version))
    was_held = [row for row in world.rows.values() if row.holding != Absent() and not isinstance(row.holding, Unknown)]
    return Snapshot(
        kind="memory",
        version=12,
        differences=tuple(differences),
        open_sends=tuple(row.open for _, row in sorted(world.rows.items()) if row.open is not None),
        holds=tuple(world.holds),
        acknowledgements=tuple(world.acknowledgements),
        held_packages=frozenset(name for name, _ in at_sites),
        wanted_held=frozenset(name for (name, _), one in at_sites.items() if one.revision == desired.get(name)),
        held_pairs=len(was_held),
        departed=tuple(DepartedSite(site=name, packages=tuple(found)) for name, found in sorted(departed.items())),
    )


def acknowledge_all(world: World, plan: Plan) -> None:
    """Let everything pass that this plan trips over."""
    for result in plan.guards:
        if result.tripped:
            world.acknowledgements.append(
                Acknowledgement(
                    plan=plan.id,
                    guard=result.name,
                    actions=result.actions,
                    actor="anna",
                    reason="agreed",
                    at=world.now,
                    expires=Instant(world.now + 86400),
                )
            )
