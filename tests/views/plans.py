"""Plans built by hand, consistent as the planner makes them: keys, names, sums and ids all hold."""

from collections.abc import Iterable, Sequence
from dataclasses import replace

from reconciler.model.acknowledgements import GuardName
from reconciler.model.diagnostics import Diagnostic, Severity, Where
from reconciler.model.instants import Instant, Seconds, parse_instant
from reconciler.model.keys import plan_id, send_key, send_name
from reconciler.model.names import Digest, JobName, PackageName, SiteName
from reconciler.model.packages import Revision, SetupPart
from reconciler.model.plan import (
    BlockReason,
    Cancellation,
    CancellationReason,
    GapReason,
    GuardResult,
    JobVerdict,
    Plan,
    PlannedJob,
    PlannedPair,
    PlannedSite,
    PlanSource,
    PlanState,
    Removal,
    SendOnlyJob,
    Summary,
    Underway,
    Update,
    Verdict,
)
from reconciler.model.priority import Priority
from reconciler.model.quantities import Bytes
from reconciler.model.snapshot import Cause, Mode, SendState

NOW = parse_instant("2026-11-24T16:02:00+01:00")
KIB, MIB, GIB = 2**10, 2**20, 2**30


def at(text: str) -> Instant:
    """The instant of `2026-11-24T19:00`, Berlin's winter time."""
    return parse_instant(f"{text}:00+01:00")


def digest(letter: str) -> Digest:
    return Digest("sha256:" + letter * 64)


def revision(content: str = "a", setup: str = "b") -> Revision:
    return Revision(digest(content), digest(setup))


def pair(package: str, site: str, verdict: Verdict = Verdict.MISSING, **fields: object) -> PlannedPair:
    """A pair of the job `office-emea` that misses its content, unless `fields` say otherwise."""
    values: dict[str, object] = {
        "reason": GapReason.CONTENT_MISSING if verdict is Verdict.MISSING else None,
        "for_jobs": (JobName("office-emea"),),
        "route": (SiteName("HQ1"), SiteName(site)),
        "bytes": Bytes(0),
        "mode": Mode.CONTENT if verdict is Verdict.MISSING else None,
        "timezone": "Europe/Berlin",
        "where": Where("jobs/office.yaml", 9, 5),
    }
    return PlannedPair(package=PackageName(package), site=SiteName(site), verdict=verdict, **(values | fields))


def job(
    name: str, verdict: JobVerdict, *, package: str, sites: Iterable[str], ready: int, **fields: object
) -> PlannedJob:
    values: dict[str, object] = {
        "package_version": "4.20",
        "purpose": 'run "install"',
        "site": SiteName("EU1"),
        "timezone": "Europe/Berlin",
        "where": Where(f"jobs/{name}.yaml", 1, 1),
    }
    return PlannedJob(
        name=JobName(name),
        verdict=verdict,
        package=PackageName(package),
        required_sites=tuple(SiteName(site) for site in sorted(sites)),
        ready=ready,
        **(values | fields),
    )


def guard(name: GuardName, limit: str, value: str, *, tripped: bool, **fields: object) -> GuardResult:
    return GuardResult(name=name, limit=limit, value=value, tripped=tripped, **fields)


def plan(
    jobs: Sequence[PlannedJob],
    pairs: Sequence[PlannedPair],
    *,
    sites: int = 0,
    versions: dict[str, str] | None = None,
    **fields: object,
) -> Plan:
    """The plan of these verdicts: its send-only jobs, numbers and id are made from them as sending.md 4 says."""
    sends = send_only_jobs(pairs, versions or {})
    named = {(send.package, planned.site): send.name for send in sends for planned in send.sites}
    pairs = tuple(
        replace(each, send_only_job=named.get((each.package, each.site), each.send_only_job))
        for each in sorted(pairs, key=lambda each: (each.package, each.site))
    )
    values: dict[str, object] = {
        "tool_version": "0.1.0",
        "created_at": NOW,
        "source": PlanSource(fleet_digest=digest("f"), commit="3f9c2ab" + "0" * 33, branch="main"),
        "state": PlanState(kind="sqlite", version=12, oldest_verification=Instant(NOW - 120)),
        "cancellations": (),
        "updates": (),
        "removals": (),
    } | fields
    ready = sum(each.ready for each in jobs)
    count = {verdict: sum(each.verdict is verdict for each in pairs) for verdict in Verdict}
    unready = count[Verdict.IN_FLIGHT] + count[Verdict.MISSING] + count[Verdict.BLOCKED]
    summary = Summary(
        sites=sites or len({site for each in jobs for site in each.required_sites}) + 1,
        packages=len({each.package for each in jobs}),
        jobs=len(jobs),
        required=ready + unready,
        ready=ready,
        in_flight=count[Verdict.IN_FLIGHT],
        missing=count[Verdict.MISSING],
        blocked=count[Verdict.BLOCKED],
        send_only_jobs=len(sends),
        cancellations=sum(len(change.sites) for change in values["cancellations"]),
        bytes=Bytes(sum(send.bytes for send in sends)),
    )
    actions = {name: values[name] for name in ("cancellations", "updates", "removals")}
    return Plan(
        id=plan_id(sends=sends, **actions),
        summary=summary,
        send_only_jobs=sends,
        pairs=pairs,
        jobs=tuple(sorted(jobs, key=lambda each: each.name)),
        **values,
    )


def send_only_jobs(pairs: Iterable[PlannedPair], versions: dict[str, str]) -> tuple[SendOnlyJob, ...]:
    """One for each (package, mode) of the missing pairs."""
    grouped: dict[tuple[PackageName, Mode], list[PlannedPair]] = {}
    for each in sorted(pairs, key=lambda each: each.site):
        if each.verdict is Verdict.MISSING:
            grouped.setdefault((each.package, each.mode or Mode.CONTENT), []).append(each)
    sends = (
        _send(package, mode, members, versions.get(package, "4.20")) for (package, mode), members in grouped.items()
    )
    return tuple(sorted(sends, key=lambda send: (send.package, send.mode.value)))


def _send(package: PackageName, mode: Mode, members: Sequence[PlannedPair], version: str) -> SendOnlyJob:
    sites = tuple(PlannedSite(site=each.site, number=1 + len(each.has), version=3) for each in members)
    key = send_key(
        package,
        revision=revision(),
        mode=mode,
        priority=Priority.MEDIUM,
        numbers=[(planned.site, planned.number) for planned in sites],
    )
    return SendOnlyJob(
        name=send_name(package, key),
        key=key,
        package=package,
        package_version=version,
        origin=SiteName("HQ1"),
        mode=mode,
        priority=Priority.MEDIUM,
        revision=revision(),
        parts=("workstation",),
        sites=sites,
        endpoints=tuple(f"directory:/srv/sites/{planned.site}" for planned in sites),
        bytes=Bytes(sum(each.bytes for each in members)),
        for_jobs=tuple(sorted({name for each in members for name in each.for_jobs})),
        reasons=tuple(sorted({each.reason for each in members}, key=list(GapReason).index)),
    )


def contract() -> Plan:
    """The plan that the contract of the command line shows."""
    office = [f"{city}-01" for city in ("berlin", "lyon", "warsaw", "vienna", "oslo", "riga", "rome", "turin")]
    return plan(
        [
            job(
                "office-emea",
                JobVerdict.WAITING,
                package="office",
                sites=office,
                ready=4,
                waits_for=("send-office-3fa9c1d2",),
                ready_at=at("2026-11-24T20:26"),
            ),
            job(
                "cad-lab",
                JobVerdict.BLOCKED,
                package="cad",
                sites=["oslo-lab", "riga-lab", "rome-lab"],
                ready=2,
                package_version="9.1",
                purpose="share",
                blockers=("cad@oslo-lab: suspended",),
            ),
            job(
                "tills-nordic",
                JobVerdict.READY,
                package="till",
                sites=[f"till-{number:02}" for number in range(11)],
                ready=11,
                package_version="2.7",
            ),
        ],
        [
            pair(
                "office",
                "berlin-01",
                reason=GapReason.CONTENT_STALE,
                bytes=Bytes(int(38.4 * MIB)),
                has="4.19",
                wants="4.20",
                estimated_seconds=Seconds(40),
            ),
            pair(
                "office",
                "lyon-01",
                also=(GapReason.SETUP_MISSING,),
                lacks=(SetupPart.WORKSTATION,),
                bytes=Bytes(int(1.2 * GIB)),
                wants="4.20",
                earliest=at("2026-11-24T19:00"),
                estimated_seconds=Seconds(86 * 60),
                timezone="Europe/Paris",
            ),
            pair(
                "office",
                "warsaw-01",
                reason=GapReason.SETUP_STALE,
                mode=Mode.SETUP_ONLY,
                bytes=Bytes(int(2.1 * KIB)),
                has="4.20",
                wants="4.20",
                timezone="Europe/Warsaw",
            ),
            pair(
                "office",
                "vienna-01",
                Verdict.IN_FLIGHT,
                mode=Mode.CONTENT,
                send_only_job="send-office-3fa9c1d2",
                bytes=Bytes(int(1.2 * GIB)),
                underway=Underway(
                    state=SendState.SENDING, since=at("2026-11-24T15:40"), bytes_done=Bytes(int(0.735 * GIB))
                ),
                timezone="Europe/Vienna",
            ),
            pair(
                "cad",
                "oslo-lab",
                Verdict.BLOCKED,
                reason=BlockReason.SUSPENDED,
                also=(GapReason.CONTENT_MISSING,),
                detail="suspended since 2026-11-20 by anna: disk replacement",
                held="site/oslo-lab",
                for_jobs=(JobName("cad-lab"),),
                timezone="Europe/Oslo",
            ),
        ],
        sites=14,
    )


def no_changes() -> Plan:
    """Three jobs, all ready."""
    return plan(
        [
            job("cad-lab", JobVerdict.READY, package="cad", sites=["oslo-lab", "riga-lab", "rome-lab"], ready=3),
            job("office-emea", JobVerdict.READY, package="office", sites=[f"o-{n}" for n in range(8)], ready=8),
            job("tills-nordic", JobVerdict.READY, package="till", sites=[f"t-{n:02}" for n in range(11)], ready=11),
        ],
        [],
        state=PlanState(kind="sqlite", version=40, oldest_verification=Instant(NOW - 5 * 86400)),
    )


_DETAILS = {
    BlockReason.UNKNOWN: "the share is not mounted",
    BlockReason.SUSPENDED: "suspended since 2026-11-20 until 2026-12-01 06:00 by anna: inventory",
    BlockReason.FAILED: "failed (permission): /srv/sites is read-only",
    BlockReason.PATH_NOT_REPRESENTABLE: "AUX.txt, a:b, trailing.",
    BlockReason.NO_SPACE: "need 270.0 MiB, have 200.0 MiB",
}


def blocked() -> Plan:
    """One site for each reason of a block, and a job of which some sites can be sent to all the same."""
    everywhere = JobName("everywhere")
    stuck = [
        pair(
            "till",
            f"shop-{index}",
            Verdict.BLOCKED,
            reason=reason,
            also=(GapReason.CONTENT_MISSING, GapReason.SETUP_MISSING),
            detail=_DETAILS.get(reason, ""),
            held="till@shop-1" if reason is BlockReason.SUSPENDED else "",
            send_only_job="send-till-0a1b2c3d" if reason in (BlockReason.FAILED, BlockReason.CANCELLED) else None,
            for_jobs=(everywhere,),
            underway=Underway(
                state=SendState.BACKING_OFF, since=NOW, cause=Cause.SPACE, next_attempt=at("2026-11-25T04:10")
            )
            if reason is BlockReason.NO_SPACE
            else None,
        )
        for index, reason in enumerate(BlockReason)
    ]
    paused = pair(
        "cad",
        "oslo-lab",
        Verdict.BLOCKED,
        reason=BlockReason.SUSPENDED,
        detail="suspended by spec.suspend of job/paused",
        held="job/paused",
        for_jobs=(JobName("paused"),),
    )
    free = pair("till", "shop-9", also=(GapReason.SETUP_MISSING,), lacks=(SetupPart.SHARING,), for_jobs=(everywhere,))
    return plan(
        [
            job("everywhere", JobVerdict.WAITING, package="till", sites=[f"shop-{n}" for n in range(12)], ready=2),
            job(
                "paused", JobVerdict.SUSPENDED, package="cad", sites=["oslo-lab", "rome-lab"], ready=1, purpose="share"
            ),
        ],
        [*stuck, paused, free],
        source=PlanSource(fleet_digest=digest("f")),
        state=PlanState(kind="memory", version=0),
    )


def changing() -> Plan:
    """Every kind of change, every state of an open send, a pair that two jobs need, a part of the fleet only."""
    both = (JobName("install"), JobName("share"))
    going = {
        "a": Underway(state=SendState.QUEUED, since=at("2026-11-24T15:50")),
        "b": Underway(state=SendState.QUEUED, since=at("2026-11-23T15:50")),
        "c": Underway(state=SendState.VERIFYING, since=at("2026-11-20T09:00"), bytes_done=Bytes(MIB)),
        "d": Underway(
            state=SendState.BACKING_OFF,
            since=at("2026-11-24T16:00"),
            cause=Cause.NETWORK,
            next_attempt=at("2026-11-24T16:05"),
        ),
        "e": Underway(state=SendState.QUEUED, since=at("2026-11-24T15:50"), cause=Cause.RATE),
    }
    flying = [
        pair(
            "office",
            f"open-{name}",
            Verdict.IN_FLIGHT,
            mode=Mode.CONTENT,
            bytes=Bytes(MIB),
            underway=underway,
            send_only_job="send-office-11112222",
            earliest=at("2026-11-24T22:00") if name == "b" else None,
            for_jobs=both[:1],
        )
        for name, underway in going.items()
    ]
    missing = [
        pair(
            "office",
            "damaged",
            reason=GapReason.CONTENT_DAMAGED,
            bytes=Bytes(MIB),
            detail="found damaged on 2026-11-23",
        ),
        pair("office", "half", reason=GapReason.RECORD_ONLY, bytes=Bytes(MIB), also=(GapReason.SETUP_STALE,)),
        pair("office", "newer", reason=GapReason.CONTENT_STALE, bytes=Bytes(MIB), has="4.19", wants="4.20"),
        pair(
            "office",
            "setup",
            reason=GapReason.SETUP_MISSING,
            mode=Mode.SETUP_ONLY,
            bytes=Bytes(900),
            lacks=(SetupPart.WORKSTATION, SetupPart.SHARING),
        ),
    ]
    missing = [replace(each, for_jobs=both if each.site == "newer" else both[:1]) for each in missing]
    office, old = PackageName("office"), PackageName("old")
    return plan(
        [
            job(
                "install", JobVerdict.WAITING, package="office", sites=[each.site for each in flying + missing], ready=0
            ),
            job("share", JobVerdict.WAITING, package="office", sites=["newer", "ready"], ready=1, purpose="share"),
        ],
        [*flying, *missing],
        filters=("package=office", "site=*"),
        cancellations=(
            Cancellation(
                send_only_job="send-office-00001111",
                package=office,
                sites=(PlannedSite(site=SiteName("newer"), number=4, version=9),),
                reason=CancellationReason.SUPERSEDED,
            ),
            Cancellation(
                send_only_job="send-old-33334444",
                package=old,
                sites=tuple(PlannedSite(site=SiteName(site), number=1, version=2) for site in ("a", "b")),
                reason=CancellationReason.OBSOLETE,
            ),
        ),
        updates=(
            Update(
                send_only_job="send-office-11112222",
                package=office,
                sites=(PlannedSite(site=SiteName("open-a"), number=2, version=5),),
                priority=Priority.HIGH,
            ),
        ),
        removals=(Removal(site=SiteName("gone"), packages=(office, old), versions=(3, 4)),),
        guards=(
            guard(
                GuardName.SITE_REMOVALS,
                "refuse",
                "1",
                tripped=True,
                acknowledged=True,
                actions=("remove gone office", "remove gone old"),
            ),
        ),
        spent=(("p-01234567", GuardName.SITE_REMOVALS),),
        diagnostics=(
            Diagnostic(
                code="late-job",
                severity=Severity.WARNING,
                message="job install is ready 2 h after readyBy",
                where=Where("jobs/install.yaml", 12, 12),
                path="spec.readyBy",
            ),
        ),
    )


def refused() -> Plan:
    """Two guards tripped, and one acknowledged."""
    base = contract()
    guards = (
        guard(GuardName.CHANGED_PACKAGES, "30%", "66.7%", tripped=True, actions=("package office@x",)),
        guard(GuardName.CANCELLATIONS, "30%", "0%", tripped=False),
        guard(GuardName.BYTES, "1.0 GiB", "1.2 GiB", tripped=True, actions=("send office lyon-01",)),
        guard(GuardName.SITE_REMOVALS, "refuse", "1", tripped=True, acknowledged=True),
    )
    broken = Diagnostic(
        code="unknown-package",
        message='package "til" does not exist',
        where=Where("jobs/till.yaml", 9, 12),
        path="spec.package",
        hint='did you mean "till" (packages/till.yaml:4)?',
    )
    return replace(base, guards=guards, diagnostics=(broken,))


_REGIONS = (
    ("EU1", "Europe/Berlin"),
    ("US1", "America/New_York"),
    ("ASIA1", "Asia/Tokyo"),
    ("LATAM1", "America/Sao_Paulo"),
)


def large() -> Plan:
    """2,000 sites in four regions, twelve jobs: a roll-out to all, two to some, the rest ready."""
    names = [f"shop-{index:04}" for index in range(2000)]
    unready = {0: 2000, 1: 500, 2: 60}
    jobs = [
        job(
            f"roll-out-{number:02}",
            JobVerdict.WAITING if number in unready else JobVerdict.READY,
            package=f"app-{number:02}",
            sites=names,
            ready=2000 - unready.get(number, 0),
        )
        for number in range(12)
    ]
    pairs = [_large_pair(number, index) for number, some in unready.items() for index in range(some)]
    return plan(jobs, pairs, sites=2005)


def _large_pair(number: int, index: int) -> PlannedPair:
    package, site = f"app-{number:02}", f"shop-{index:04}"
    parent, zone = _REGIONS[index % 4]
    common: dict[str, object] = {
        "for_jobs": (JobName(f"roll-out-{number:02}"),),
        "parent": SiteName(parent),
        "timezone": zone,
        "bytes": Bytes(int(1.2 * GIB)),
        "wants": "4.20",
    }
    if index % 97 == 0:
        common |= {"detail": f"suspended since 2026-11-2{index % 3} by anna: stocktaking", "held": f"site/{site}"}
        return pair(package, site, Verdict.BLOCKED, reason=BlockReason.SUSPENDED, **common)
    if number == 1:
        return pair(package, site, reason=GapReason.CONTENT_STALE, has=f"4.{index % 5}", **common)
    opens = Instant(at("2026-11-24T22:00") + 3600 * (index % 4))
    return pair(package, site, earliest=opens, estimated_seconds=Seconds(600 + index), **common)
