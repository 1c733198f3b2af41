"""The pairs of a plan, as people and other tools read them."""

from collections.abc import Iterable, Iterator, Mapping

from reconciler.model.fleet import Fleet
from reconciler.model.holdings import Held
from reconciler.model.names import Digest, PackageName
from reconciler.model.packages import Package
from reconciler.model.plan import BlockReason, PlannedPair, SendOnlyJob, Underway, Verdict
from reconciler.model.quantities import Bytes
from reconciler.model.site_sets import SiteSet
from reconciler.model.snapshot import Send, SendState
from reconciler.planning.estimates import Estimate, Estimates, PairKey
from reconciler.planning.known_plan import KnownPlan
from reconciler.planning.needs import needs
from reconciler.planning.requirements import Requirement
from reconciler.planning.rules.suspended import suspension
from reconciler.planning.verdicts import Judged
from reconciler.planning.windows import admits


def planned_pairs(
    judged: Iterable[Judged], sends: Iterable[SendOnlyJob], estimates: Estimates, known: KnownPlan | None = None
) -> Iterator[PlannedPair]:
    """Those that are not ready, in their order; `sends` are the plan's: a missing pair outside its scope has none."""
    names = {(send.package, planned.site): send.name for send in sends for planned in send.sites}
    for one in judged:
        if one.verdict is Verdict.READY:
            continue
        send, estimate = _send_only_job(one, names), estimates.of(one)
        yield _planned(one, send, estimate) if known is None else known.row(one, send, estimate, _planned)


def _planned(one: Judged, send_only_job: str | None, estimate: Estimate) -> PlannedPair:
    pair = one.pair
    package, site = pair.requirement.package, pair.site
    covering = pair.covering
    has, wants = _labels(pair.held, package)
    return PlannedPair(
        package=package.name,
        site=site.name,
        verdict=one.verdict,
        reason=one.reason,
        also=one.reasons[1:],
        send_only_job=send_only_job,
        for_jobs=pair.need.names,
        route=(package.origin, site.name),
        bytes=pair.bytes,
        mode=pair.mode if covering is None else covering.mode,
        earliest=estimate.earliest,
        estimated_seconds=estimate.seconds,
        timezone=site.timezone,
        has=has,
        wants=wants,
        detail=one.detail or _shut_out(one),
        parent=site.parent,
        lacks=pair.lacks,
        underway=None if covering is None else _underway(covering),
        held=suspension(pair) if BlockReason.SUSPENDED in one.reasons else "",
        where=pair.where,
    )


def ready_pairs(
    fleet: Fleet, required: Mapping[PackageName, Requirement], judged: Iterable[Judged]
) -> Iterator[PlannedPair]:
    """Those that are ready, in no order. Asked for by `--show all` alone: everybody else only counts them (P5)."""
    others: dict[PackageName, int] = {}
    for one in judged:
        if one.verdict is not Verdict.READY:
            package = one.pair.requirement.package.name
            others[package] = others.get(package, 0) | 1 << one.pair.difference.site
    for name, requirement in required.items():
        wanted = requirement.package
        label = wanted.version or _digits(wanted.content.digest)
        ready = requirement.scope - SiteSet(others.get(name, 0))
        for index, (need, where) in needs(requirement.jobs, ready).items():
            site = fleet.sites[index]
            yield PlannedPair(
                package=name,
                site=site.name,
                verdict=Verdict.READY,
                reason=None,
                for_jobs=need.names,
                route=(wanted.origin, site.name),
                bytes=Bytes(0),
                timezone=site.timezone,
                has=label,
                wants=label,
                parent=site.parent,
                where=where,
            )


def _send_only_job(one: Judged, names: Mapping[PairKey, str]) -> str | None:
    """The planned or the open send; for a pair that is cancelled or failed the closed one, which `retry` takes."""
    pair = one.pair
    if one.verdict is Verdict.MISSING:
        return names.get((pair.requirement.package.name, pair.site.name))
    if pair.covering is not None:
        return pair.covering.job
    closed = pair.difference.closed
    ended = BlockReason.CANCELLED in one.reasons or BlockReason.FAILED in one.reasons
    return closed.job if ended and closed is not None else None


def _underway(send: Send) -> Underway:
    queued = send.state is SendState.QUEUED
    return Underway(
        state=send.state,
        since=send.recorded_at if queued else send.changed_at,
        bytes_done=Bytes(send.bytes_done),
        cause=send.cause,
        next_attempt=send.next_attempt,
    )


def _shut_out(one: Judged) -> str:
    """Why the earliest instant is a year away, where it is."""
    pair = one.pair
    priority = pair.need.priority
    if one.verdict is Verdict.BLOCKED or admits(pair.site.windows, priority):
        return ""
    return f"no window of site {pair.site.name} admits priority {priority.word}"


def _labels(held: Held | None, package: Package) -> tuple[str, str]:
    """What the site has and what is wanted, for people: versions, or the digests' first digits where those differ."""
    if held is None:
        return "", package.version or _digits(package.content.digest)
    if held.version and package.version and held.version != package.version:
        return held.version, package.version
    if held.content != package.content.digest:
        return _digits(held.content), _digits(package.content.digest)
    return "no setup" if held.setup is None else _digits(held.setup), _digits(package.setup)


def _digits(digest: Digest) -> str:
    return digest[7:15]
