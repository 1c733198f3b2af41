"""Exactly one verdict for every required pair, and the one its facts call for (domain.md 3; L1, L11, L12, L37)."""

from collections.abc import Iterator

from reconciler.model.holdings import Absent, Damaged, RecordOnly, Staged, Unknown
from reconciler.model.names import SiteName
from reconciler.model.plan import BlockReason, GapReason, PlannedPair, Verdict
from reconciler.model.sites import Site
from reconciler.model.snapshot import Cause, SendState
from reconciler.planning.audit.evidence import Evidence, Key, pair_name

Reasons = tuple[BlockReason | GapReason, ...]


def verdicts_hold(evidence: Evidence) -> Iterator[str]:
    """Nothing is told twice, nothing left out, and every verdict is the right one."""
    if len(evidence.shown) != len(evidence.plan.pairs):
        yield "domain.md 3: some pair has two verdicts"
    for key, pair in evidence.shown.items():
        if not evidence.requires(key):
            yield f"domain.md 3: {pair_name(key)} has a verdict and no job needs it"
        elif pair.verdict is Verdict.READY:
            if key in evidence.differing:
                yield f"L1: {pair_name(key)} is called ready without a receipt for its revision"
        elif key not in evidence.differing:
            yield f"L6: {pair_name(key)} is ready and called {pair.verdict.value}"
        else:
            yield from _pair_holds(evidence, key, pair)
    if not evidence.plan.is_partial:
        for key in evidence.differing:
            if key not in evidence.shown and evidence.requires(key):
                yield f"domain.md 3: {pair_name(key)} is required, not ready, and has no verdict"


def _pair_holds(evidence: Evidence, key: Key, pair: PlannedPair) -> Iterator[str]:
    verdict, reasons = expected(evidence, key)
    told: Reasons = pair.also if pair.reason is None else (pair.reason, *pair.also)
    if (pair.verdict, told) != (verdict, reasons):
        yield (
            f"domain.md 3: {pair_name(key)} is called {_words(pair.verdict, told)}, "
            f"its facts say {_words(verdict, reasons)}"
        )
    if pair.for_jobs != tuple(job.name for job in evidence.jobs[key]):
        yield f"L5: {pair_name(key)} does not name exactly the jobs that need it"
    origin = evidence.fleet.packages_by_name[key[0]].origin
    if pair.route != (origin, key[1]) or not _is_beneath(evidence, key[1], origin):
        yield f"L11: {pair_name(key)} cannot be reached from {origin} by {' to '.join(pair.route)}"


def expected(evidence: Evidence, key: Key) -> tuple[Verdict, Reasons]:
    """What the facts of a pair call for: the verdict and all reasons in order."""
    blocks = blocks_of(evidence, key)
    if not blocks and evidence.covering(key) is not None:
        return Verdict.IN_FLIGHT, ()
    gaps = _gaps_of(evidence, key)
    return (Verdict.BLOCKED if blocks else Verdict.MISSING if gaps else Verdict.READY), (*blocks, *gaps)


def blocks_of(evidence: Evidence, key: Key) -> tuple[BlockReason, ...]:
    """What forbids a send; an open one of the desired revision answered some of it when it was recorded."""
    known = evidence.blocks.get(key)
    if known is None:
        known = evidence.blocks[key] = tuple(_blocks_of(evidence, key))
    return known


def _blocks_of(evidence: Evidence, key: Key) -> Iterator[BlockReason]:
    open_send = evidence.open.get(key)
    waits = open_send is not None and open_send.state is SendState.BACKING_OFF
    cause = open_send.cause if open_send is not None and waits else None
    covered = evidence.covering(key) is not None
    site = evidence.fleet.site(key[1])
    if cause is Cause.STORE_MISMATCH or isinstance(evidence.differing[key].holding, Unknown):
        yield BlockReason.UNKNOWN
    if _is_suspended(evidence, key):
        yield BlockReason.SUSPENDED
    ended = None if covered else _ended(evidence, key, site)
    if ended is SendState.CANCELLED:
        yield BlockReason.CANCELLED
    if ended is SendState.FAILED:
        yield BlockReason.FAILED
    if site.address is None:
        yield BlockReason.NO_ADDRESS
    if not covered and _has_bad_paths(evidence, key, site):
        yield BlockReason.PATH_NOT_REPRESENTABLE
    if not covered and _is_not_packed(evidence, key):
        yield BlockReason.NOT_PACKED
    if covered and cause is Cause.SPACE:
        yield BlockReason.NO_SPACE


def _ended(evidence: Evidence, key: Key, site: Site) -> SendState | None:
    """How the latest send of the desired revision ended, if that still stands: a failure does at that address only."""
    closed = evidence.differing[key].closed
    if closed is None or closed.revision != evidence.desired[key[0]]:
        return None
    endpoint = site.address.endpoint if site.address is not None else ""
    return None if closed.state is SendState.FAILED and closed.endpoint != endpoint else closed.state


def _has_bad_paths(evidence: Evidence, key: Key, site: Site) -> bool:
    content = evidence.fleet.packages_by_name[key[0]].content
    longest = site.filesystem.max_path
    if longest is not None and any(len(path) > longest for path in content.longest):
        return True
    return bool(content.unportable) and not site.filesystem.case_sensitive


def _is_not_packed(evidence: Evidence, key: Key) -> bool:
    content = evidence.fleet.packages_by_name[key[0]].content
    holding = evidence.differing[key].holding
    has_content = isinstance(holding, Staged) and holding.held.content == content.digest
    return not (content.readable or content.packed or has_content)


def _is_suspended(evidence: Evidence, key: Key) -> bool:
    if evidence.holds:
        package, site = key
        if any(subject in evidence.holds for subject in ((None, site), (package, None), (package, site))):
            return True
    return all(job.suspended for job in evidence.jobs[key])


def _gaps_of(evidence: Evidence, key: Key) -> tuple[GapReason, ...]:
    desired = evidence.desired[key[0]]
    needed = {part for job in evidence.jobs[key] for part in job.needs}
    holding = evidence.differing[key].holding
    gaps: list[GapReason] = []
    match holding:
        case Unknown():
            return ()
        case Absent():
            return (GapReason.CONTENT_MISSING, *((GapReason.SETUP_MISSING,) if needed else ()))
        case RecordOnly(held=held):
            gaps.append(GapReason.RECORD_ONLY)
        case Damaged(held=held) if held.content == desired.content:
            gaps.append(GapReason.CONTENT_DAMAGED)
        case Staged(held=held) | Damaged(held=held):
            gaps += () if held.content == desired.content else (GapReason.CONTENT_STALE,)
    if held.setup is None or not needed <= held.parts:
        gaps.append(GapReason.SETUP_MISSING)
    elif held.setup != desired.setup:
        gaps.append(GapReason.SETUP_STALE)
    return tuple(gaps)


def _is_beneath(evidence: Evidence, site: SiteName, ancestor: SiteName) -> bool:
    place: SiteName | None = site
    while place is not None and place != ancestor:
        place = evidence.fleet.site(place).parent
    return place is not None


def _words(verdict: Verdict, reasons: Reasons) -> str:
    return " ".join((verdict.value, *(reason.value for reason in reasons)))
