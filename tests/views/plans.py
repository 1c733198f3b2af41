"""Plans built by hand, consistent as the planner makes them: keys, names, sums and ids all hold."""

from collections.abc import Iterable, Sequence
from dataclasses import replace

from reconciler.model.acknowledgements import GuardName
from reconciler.model.diagnostics import Where
from reconciler.model.instants import Instant, Seconds, parse_instant
from reconciler.model.keys import plan_id, send_key, send_name
from reconciler.model.names import Digest, JobName, PackageName, SiteName
from reconciler.model.packages import Revision, SetupPart
from reconciler.model.plan import (
    BlockReason,
    GapReason,
    GuardResult,
    JobVerdict,
    Plan,
    PlannedJob,
    PlannedPair,
    PlannedSite,
    PlanSource,
    PlanState,
    SendOnlyJob,
    Summary,
    Underway,
    Verdict,
)
from reconciler.model.priority import Priority
from reconciler.model.quantities import Bytes
from reconciler.model.snapshot import Mode, SendState

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
        cancellations=len(values["cancellations"]),
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
