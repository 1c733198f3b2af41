"""Any small plan, consistent as the planner makes them."""

from dataclasses import replace

from hypothesis import strategies as st

from reconciler.model.acknowledgements import GuardName
from reconciler.model.diagnostics import Diagnostic, Severity, Where
from reconciler.model.instants import Instant, Seconds
from reconciler.model.names import JobName, SiteName
from reconciler.model.packages import SetupPart
from reconciler.model.plan import BlockReason, GapReason, GuardResult, JobVerdict, Plan, PlannedPair, Underway, Verdict
from reconciler.model.quantities import Bytes
from reconciler.model.snapshot import Cause, Mode, SendState
from tests.views.plans import NOW, job, pair, plan

MOST_BYTES = 15
"""A pair's; so small that sums are printed to the byte."""

TEXT = st.text(max_size=6)
INSTANTS = st.integers(0, 4 * 10**9).map(Instant)
OPEN = [state for state in SendState if state.is_open]

UNDERWAY = st.builds(
    Underway,
    state=st.sampled_from(OPEN),
    since=INSTANTS,
    bytes_done=st.integers(0, MOST_BYTES).map(Bytes),
    cause=st.none() | st.sampled_from(Cause),
    next_attempt=st.none() | INSTANTS,
)
DIAGNOSTICS = st.builds(
    Diagnostic,
    code=st.sampled_from(["unknown-package", "late-job"]),
    message=TEXT,
    where=st.builds(Where, TEXT, st.integers(1, 9), st.integers(1, 9)),
    path=TEXT,
    hint=TEXT,
    severity=st.sampled_from(Severity),
)
GUARDS = st.builds(
    GuardResult,
    name=st.sampled_from(GuardName),
    limit=TEXT,
    value=TEXT,
    tripped=st.booleans(),
    acknowledged=st.booleans(),
    actions=st.lists(TEXT, max_size=2).map(sorted).map(tuple),
)


@st.composite
def pairs(draw: st.DrawFn, package: str, site: str, jobs: tuple[str, ...]) -> PlannedPair:
    verdict = draw(st.sampled_from([Verdict.MISSING, Verdict.MISSING, Verdict.IN_FLIGHT, Verdict.BLOCKED]))
    gap, block = draw(st.sampled_from(GapReason)), draw(st.sampled_from(BlockReason))
    setup_only = gap in (GapReason.SETUP_MISSING, GapReason.SETUP_STALE)
    reasons = {Verdict.MISSING: gap, Verdict.BLOCKED: block}
    return pair(
        package,
        site,
        verdict,
        reason=reasons.get(verdict),
        also=draw(st.sampled_from([(), (GapReason.SETUP_MISSING,)])),
        mode=Mode.SETUP_ONLY if setup_only and verdict is Verdict.MISSING else Mode.CONTENT,
        bytes=Bytes(draw(st.integers(0, MOST_BYTES))),
        for_jobs=tuple(JobName(name) for name in jobs),
        earliest=draw(st.none() | INSTANTS),
        estimated_seconds=draw(st.none() | st.integers(0, 10**6).map(Seconds)),
        timezone=draw(st.sampled_from(["UTC", "Europe/Berlin", "America/Sao_Paulo"])),
        has=draw(TEXT),
        wants=draw(TEXT),
        detail=draw(TEXT),
        parent=draw(st.none() | st.sampled_from(["EU1", "US1"]).map(SiteName)),
        lacks=draw(st.sampled_from([(), (SetupPart.WORKSTATION,)])),
        underway=draw(UNDERWAY) if verdict is Verdict.IN_FLIGHT else None,
        send_only_job="send-p-01234567" if verdict is Verdict.IN_FLIGHT else None,
    )


@st.composite
def plans(draw: st.DrawFn) -> Plan:
    """Up to two packages, each needed by one or two jobs at up to thirty sites."""
    jobs, unready = [], []
    for number in range(draw(st.integers(1, 2))):
        package = f"p{number}"
        names = tuple(f"j{number}{letter}" for letter in "ab"[: draw(st.integers(1, 2))])
        sites = [f"s{index:02}" for index in range(draw(st.integers(1, 30)))]
        ready = draw(st.integers(0, len(sites)))
        mine = [draw(pairs(package, site, names)) for site in sites[ready:]]
        unready += mine
        verdict = JobVerdict.WAITING if mine else JobVerdict.READY
        jobs += [
            job(name, verdict, package=package, sites=sites, ready=ready, ready_at=draw(st.none() | INSTANTS))
            for name in names
        ]
    made = plan(
        jobs,
        unready,
        filters=tuple(sorted(draw(st.sets(st.sampled_from(["site=*", "job=j", "selector=a=b"]))))),
        guards=tuple(sorted(draw(st.lists(GUARDS, max_size=3, unique_by=lambda each: each.name)), key=_guard_place)),
        diagnostics=tuple(sorted(draw(st.lists(DIAGNOSTICS, max_size=2)), key=lambda each: each.order)),
    )
    oldest = draw(st.none() | st.integers(0, NOW).map(Instant))
    return replace(made, state=replace(made.state, oldest_verification=oldest))


def _guard_place(result: GuardResult) -> int:
    return list(GuardName).index(result.name)
