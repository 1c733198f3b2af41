"""Values of the model with defaults, in a few words each: what a test does not say does not matter to it."""

import hashlib
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace

from reconciler.model.acknowledgements import Acknowledgement, GuardName
from reconciler.model.diagnostics import Where
from reconciler.model.holdings import Held, Receipt
from reconciler.model.instants import Instant, parse_instant
from reconciler.model.keys import plan_id, send_key, send_name
from reconciler.model.names import Digest, JobName, PackageName, SiteName
from reconciler.model.packages import Revision, SetupPart
from reconciler.model.plan import (
    Cancellation,
    CancellationReason,
    GapReason,
    Plan,
    PlannedPair,
    PlannedSite,
    PlanSource,
    PlanState,
    Removal,
    SendOnlyJob,
    Summary,
    Update,
    Verdict,
)
from reconciler.model.priority import Priority
from reconciler.model.quantities import Bytes
from reconciler.model.site_sets import SiteSet
from reconciler.model.snapshot import Hold, Mode, Wanted, WantedPackage

NOW = parse_instant("2026-11-24T15:02:00Z")
MIB = 2**20


def digest(word: str) -> Digest:
    """A digest for each word: `D1`, `S2`, ..."""
    return Digest("sha256:" + hashlib.sha256(word.encode()).hexdigest())


def revision(words: str) -> Revision:
    """`D1 S1`: content and setup."""
    content, setup = words.split()
    return Revision(digest(content), digest(setup))


def held(words: str, *, parts: Iterable[SetupPart] = (SetupPart.WORKSTATION,), version: str = "") -> Held:
    """`D1 S1`, or `D1 -` for content without any setup."""
    content, setup = words.split()
    if setup == "-":
        return Held(content=digest(content), setup=None, parts=frozenset(), version=version)
    return Held(content=digest(content), setup=digest(setup), parts=frozenset(parts), version=version)


def receipt(pair: str, words: str, number: int = 1, *, at: int = NOW, **fields: object) -> Receipt:
    """Of `PACKAGE@SITE`."""
    package, site = pair_of(pair)
    return Receipt(
        package=package,
        site=site,
        number=number,
        held=held(words, **fields),
        verified_at=Instant(at),
        verifier="worker-1@hq",
        proof="read-back",
    )


def pair_of(text: str) -> tuple[PackageName, SiteName]:
    """`PACKAGE@SITE`."""
    package, _, site = text.partition("@")
    return PackageName(package), SiteName(site)


def wanted(packages: Mapping[str, tuple[str, Iterable[str]]], *, sites: Iterable[str]) -> Wanted:
    """Package → (revision in words, the sites that need it); `sites` are all of the fleet."""
    names = tuple(sorted(SiteName(site) for site in sites))
    index = {name: position for position, name in enumerate(names)}
    return Wanted(
        sites=names,
        packages=tuple(
            WantedPackage(
                package=PackageName(package),
                revision=revision(words),
                sites=SiteSet.of(index[SiteName(site)] for site in needed),
            )
            for package, (words, needed) in packages.items()
        ),
    )


def planned(site: str, number: int = 1, version: int = 0) -> PlannedSite:
    return PlannedSite(site=SiteName(site), number=number, version=version)


def send_only_job(
    package: str,
    words: str,
    sites: Sequence[PlannedSite],
    *,
    priority: Priority = Priority.MEDIUM,
    mode: Mode = Mode.CONTENT,
    size: int = MIB,
    for_jobs: Iterable[str] = ("rollout",),
) -> SendOnlyJob:
    """Key and name are what they must be; `size` is what travels to each site."""
    name = PackageName(package)
    key = send_key(
        name,
        revision=revision(words),
        mode=mode,
        priority=priority,
        numbers=((site.site, site.number) for site in sites),
    )
    return SendOnlyJob(
        name=send_name(name, key),
        key=key,
        package=name,
        package_version="4.20",
        origin=SiteName("HQ1"),
        mode=mode,
        priority=priority,
        revision=revision(words),
        parts=("workstation",),
        sites=tuple(sites),
        endpoints=tuple(f"directory:/srv/{site.site}" for site in sites),
        bytes=Bytes(size * len(sites)),
        for_jobs=tuple(JobName(job) for job in for_jobs),
        reasons=(GapReason.CONTENT_MISSING,),
    )


def cancellation(
    job: str, package: str, sites: Sequence[PlannedSite], reason: CancellationReason = CancellationReason.OBSOLETE
) -> Cancellation:
    return Cancellation(send_only_job=job, package=PackageName(package), sites=tuple(sites), reason=reason)


def update(job: str, package: str, sites: Sequence[PlannedSite], priority: Priority = Priority.HIGH) -> Update:
    return Update(send_only_job=job, package=PackageName(package), sites=tuple(sites), priority=priority)


def removal(site: str, packages: Mapping[str, int]) -> Removal:
    """Package → version of its pair."""
    names = tuple(PackageName(package) for package in packages)
    return Removal(site=SiteName(site), packages=names, versions=tuple(packages.values()))


def plan(
    *sends: SendOnlyJob,
    cancellations: Sequence[Cancellation] = (),
    updates: Sequence[Update] = (),
    removals: Sequence[Removal] = (),
    spent: Sequence[tuple[str, GuardName]] = (),
    required: int = 0,
    ready: int = 0,
    blocked: int = 0,
) -> Plan:
    """A plan with these actions, and a missing pair for each site of its sends."""
    return Plan(
        id=plan_id(sends=sends, cancellations=cancellations, updates=updates, removals=removals),
        tool_version="0.1.0",
        created_at=NOW,
        source=PlanSource(fleet_digest="sha256:fleet"),
        state=PlanState(kind="memory", version=0),
        summary=Summary(
            sites=0,
            packages=0,
            jobs=0,
            required=required,
            ready=ready,
            in_flight=0,
            missing=required - ready - blocked,
            blocked=blocked,
            send_only_jobs=len(sends),
            cancellations=len(cancellations),
            bytes=Bytes(sum(send.bytes for send in sends)),
        ),
        send_only_jobs=tuple(sends),
        pairs=tuple(_missing(send, site) for send in sends for site in send.sites),
        cancellations=tuple(cancellations),
        updates=tuple(updates),
        removals=tuple(removals),
        spent=tuple(spent),
    )


def _missing(send: SendOnlyJob, site: PlannedSite) -> PlannedPair:
    return PlannedPair(
        package=send.package,
        site=site.site,
        verdict=Verdict.MISSING,
        reason=send.reasons[0],
        send_only_job=send.name,
        for_jobs=send.for_jobs,
        route=(send.origin, site.site),
        bytes=Bytes(send.bytes // len(send.sites)),
        mode=send.mode,
        where=Where("jobs/rollout.yaml", 9, 5),
    )


def hold(subject: str, reason: str = "disk replacement", *, until: int | None = None, at: int = NOW) -> Hold:
    """Of `site/NAME`, `package/NAME` or `PACKAGE@SITE`."""
    kind, _, name = subject.partition("/")
    package, site = pair_of(subject) if not name else (PackageName(name), SiteName(name))
    return Hold(
        site=None if kind == "package" else site,
        package=None if kind == "site" else package,
        actor="anna",
        reason=reason,
        since=Instant(at),
        until=None if until is None else Instant(until),
    )


def acknowledgement(plan: str = "p-1", guard: GuardName = GuardName.HEALS, **fields: object) -> Acknowledgement:
    made = Acknowledgement(
        plan=plan,
        guard=guard,
        actions=("heal till@DE1",),
        actor="anna",
        reason="new disks",
        at=NOW,
        expires=Instant(NOW + 86400),
    )
    return replace(made, **fields)
