"""Cancellations, updates and removals: exactly those the laws call for (L6, L14, L15, L31, L32, L35)."""

from collections.abc import Iterator, Mapping

from reconciler.model.plan import BlockReason, CancellationReason, PlannedSite
from reconciler.model.snapshot import Send
from reconciler.planning.audit.evidence import Evidence, Key, pair_name
from reconciler.planning.audit.verdicts import blocks_of

_KEPT = frozenset((BlockReason.UNKNOWN, BlockReason.SUSPENDED))
"""Blocks under which an open send of another revision waits instead of becoming obsolete."""


def cancellations_hold(evidence: Evidence) -> Iterator[str]:
    """Superseded where a replacement is, obsolete where nobody needs it, and nothing twice."""
    closed: dict[Key, CancellationReason] = {}
    for change in evidence.plan.cancellations:
        for row in change.sites:
            key = change.package, row.site
            send = evidence.open.get(key)
            if key in closed:
                yield f"L15: {pair_name(key)} is cancelled twice"
            if send is None or not _names(send, change.send_only_job, row):
                yield f"L14: {pair_name(key)} is cancelled in {change.send_only_job}, which has no such open row"
            elif change.reason is CancellationReason.SUPERSEDED:
                yield from _superseded_holds(evidence, key)
            else:
                yield from _obsolete_holds(evidence, key, send)
            closed[key] = change.reason
    yield from _cancelled_all(evidence, closed)


def _cancelled_all(evidence: Evidence, closed: Mapping[Key, CancellationReason]) -> Iterator[str]:
    """Nothing that must be closed stays open."""
    for key in evidence.sent:
        if key in evidence.open and closed.get(key) is not CancellationReason.SUPERSEDED:
            yield f"L15: {pair_name(key)} would have two open sends"
    if evidence.fleet.whole and not evidence.plan.is_partial:
        for key, send in evidence.open.items():
            if key not in closed and _is_obsolete(evidence, key, send):
                yield f"L14: {pair_name(key)} is needed by no job and stays open"


def _superseded_holds(evidence: Evidence, key: Key) -> Iterator[str]:
    if key not in evidence.sent:
        yield f"L15: {pair_name(key)} is superseded without a replacement"
    if evidence.covering(key) is not None:
        yield f"L15: {pair_name(key)} supersedes the very revision that is desired"


def _obsolete_holds(evidence: Evidence, key: Key, send: Send) -> Iterator[str]:
    if not evidence.fleet.whole:
        yield f"L35: {pair_name(key)} becomes obsolete while a manifest is broken"
    if not _is_obsolete(evidence, key, send):
        yield f"L14: {pair_name(key)} becomes obsolete and must not"


def _is_obsolete(evidence: Evidence, key: Key, send: Send) -> bool:
    if key[1] not in evidence.fleet.index:
        return True
    if not evidence.requires(key):
        return not send.state.is_claimed
    if send.revision == evidence.desired[key[0]] or key in evidence.sent:
        return False
    return key not in evidence.differing or _KEPT.isdisjoint(blocks_of(evidence, key))


def updates_hold(evidence: Evidence) -> Iterator[str]:
    """A priority rises to the highest of the jobs, on the open send, and never sinks."""
    risen: set[Key] = set()
    for change in evidence.plan.updates:
        for row in change.sites:
            key = change.package, row.site
            send = evidence.covering(key)
            if key in risen:
                yield f"L6: {pair_name(key)} is updated twice"
            if send is None or not _names(send, change.send_only_job, row) or key not in evidence.jobs:
                yield f"L6: {pair_name(key)} is updated in {change.send_only_job}, which has no such open row"
            elif not send.priority < change.priority == max(job.priority for job in evidence.jobs[key]):
                yield f"L6: {pair_name(key)} is updated to priority {change.priority.word}"
            risen.add(key)
    for key in evidence.shown:
        send = evidence.covering(key)
        if send is None or key not in evidence.jobs or key in risen:
            continue
        if send.priority < max(job.priority for job in evidence.jobs[key]):
            yield f"L6: {pair_name(key)} keeps priority {send.priority.word} though a job needs it sooner"


def removals_hold(evidence: Evidence) -> Iterator[str]:
    """A site is forgotten only if it left whole manifests, and then all it holds."""
    departed = {site.site: site.packages for site in evidence.snapshot.departed if site.packages}
    for removal in evidence.plan.removals:
        if not evidence.fleet.whole or evidence.plan.is_partial:
            yield f"L35: site {removal.site} is forgotten by a plan that does not see the whole fleet"
        if removal.site in evidence.fleet.index:
            yield f"L31: site {removal.site} is forgotten and is still in the manifests"
        if tuple(zip(removal.packages, removal.versions, strict=False)) != departed.get(removal.site):
            yield f"L31: what is forgotten of site {removal.site} is not what it holds"
    if evidence.fleet.whole and not evidence.plan.is_partial:
        forgotten = [removal.site for removal in evidence.plan.removals]
        if forgotten != sorted(departed):
            yield "L31: the sites that left the manifests are not forgotten once each"


def _names(send: Send, job: str, row: PlannedSite) -> bool:
    return (send.job, send.number, send.version) == (job, row.number, row.version)
