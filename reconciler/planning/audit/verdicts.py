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
    ordered: Reasons = tuple(one for one in BlockReason if one in blocks)
    ordered += tuple(one for one in GapReason if one in gaps)
    return (Verdict.BLOCKED if blocks else Verdict.MISSING if gaps else Verdict.READY), ordered


def blocks_of(evidence: Evidence, key: Key) -> set[BlockReason]:
    """What forbids a send; an open one of the desired revision answered some of it when it was recorded."""
    site = evidence.fleet.site(key[1])
    open_send, covering = evidence.open.get(key), evidence.covering(key)
    waits_for = open_send.cause if open_send is not None and open_send.state is SendState.BACKING_OFF else None
    blocks = {
        BlockReason.UNKNOWN: isinstance(evidence.differing[key].holding, Unknown) or waits_for is Cause.STORE_MISMATCH,
        BlockReason.SUSPENDED: _is_suspended(evidence, key),
        BlockReason.NO_ADDRESS: site.address is None,
        BlockReason.NO_SPACE: covering is not None and waits_for is Cause.SPACE,
    }
    if covering is None:
        blocks |= _blocks_of_new_sends(evidence, key, site)
    return {reason for reason, applies in blocks.items() if applies}


def _blocks_of_new_sends(evidence: Evidence, key: Key, site: Site) -> dict[BlockReason, bool]:
    package = evidence.fleet.packages_by_name[key[0]]
    difference = evidence.differing[key]
    closed, content = difference.closed, package.content
    ended = None if closed is None or closed.revision != package.revision else closed.state
    endpoint = site.address.endpoint if site.address is not None else ""
    too_long = site.filesystem.max_path is not None and any(
        len(path) > site.filesystem.max_path for path in content.longest
    )
    same_content = isinstance(difference.holding, Staged) and difference.holding.held.content == content.digest
    return {
        BlockReason.CANCELLED: ended is SendState.CANCELLED,
        BlockReason.FAILED: ended is SendState.FAILED and closed is not None and closed.endpoint == endpoint,
        BlockReason.PATH_NOT_REPRESENTABLE: too_long
        or (not site.filesystem.case_sensitive and bool(content.unportable)),
        BlockReason.NOT_PACKED: not content.readable and not same_content,
    }


def _is_suspended(evidence: Evidence, key: Key) -> bool:
    package, site = key
    held = any(subject in evidence.holds for subject in ((None, site), (package, None), (package, site)))
    return held or all(job.suspended for job in evidence.jobs[key])


def _gaps_of(evidence: Evidence, key: Key) -> set[GapReason]:
    desired = evidence.desired[key[0]]
    needed = {part for job in evidence.jobs[key] for part in job.needs}
    holding = evidence.differing[key].holding
    match holding:
        case Unknown():
            return set()
        case Absent():
            return {GapReason.CONTENT_MISSING} | ({GapReason.SETUP_MISSING} if needed else set())
        case RecordOnly(held=held):
            gaps = {GapReason.RECORD_ONLY}
        case Staged(held=held):
            gaps = set() if held.content == desired.content else {GapReason.CONTENT_STALE}
        case Damaged(held=held):
            same = held.content == desired.content
            gaps = {GapReason.CONTENT_DAMAGED if same else GapReason.CONTENT_STALE}
    if held.setup is None or not needed <= held.parts:
        gaps.add(GapReason.SETUP_MISSING)
    elif held.setup != desired.setup:
        gaps.add(GapReason.SETUP_STALE)
    return gaps


def _is_beneath(evidence: Evidence, site: SiteName, ancestor: SiteName) -> bool:
    place: SiteName | None = site
    while place is not None and place != ancestor:
        place = evidence.fleet.site(place).parent
    return place is not None


def _words(verdict: Verdict, reasons: Reasons) -> str:
    return " ".join((verdict.value, *(reason.value for reason in reasons)))
