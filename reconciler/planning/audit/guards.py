"""No mass change slips by: each guard's value is what the plan does, and what passes was let pass (L16)."""

from collections.abc import Iterator, Mapping

from reconciler.model.acknowledgements import GuardName
from reconciler.model.holdings import Absent, Damaged, RecordOnly
from reconciler.model.plan import CancellationReason, GuardResult
from reconciler.model.quantities import format_share, format_size
from reconciler.model.settings import Guards
from reconciler.planning.audit.evidence import Evidence, Key

Measured = tuple[int, int]
"""How many are affected, of how many."""


def guards_hold(evidence: Evidence) -> Iterator[str]:
    """All guards are told, with the values the plan has; those that must trip do."""
    results = {result.name: result for result in evidence.plan.guards}
    if [result.name for result in evidence.plan.guards] != list(GuardName):
        yield "L16: the plan does not name every guard once, in order"
        return
    measured = _measure(evidence)
    values = {name: format_share(_share(count)) for name, count in measured.items()} | {
        GuardName.BYTES: format_size(_bytes(evidence)),
        GuardName.SITE_REMOVALS: str(len(evidence.plan.removals)),
        GuardName.EMPTY_MANIFESTS: evidence.fleet.why_empty or "not empty",
    }
    for name, result in results.items():
        if result.value != values[name]:
            yield f"L16: guard {name.value} is told as {result.value}, the plan has {values[name]}"
        if result.acknowledged and not result.tripped:
            yield f"L16: guard {name.value} is acknowledged though it does not trip"
        if result.tripped and not result.actions:
            yield f"L16: guard {name.value} trips and does not say over what"
        if result.acknowledged and not _let_pass(evidence, result):
            yield f"L16: guard {name.value} is passed by actions nobody acknowledged"
    if evidence.guards is not None:
        for name, trips in _must_trip(evidence, evidence.guards, measured).items():
            if results[name].tripped != trips:
                yield f"L16: guard {name.value} {'does not trip' if trips else 'trips without cause'}"


def acknowledgements_hold(evidence: Evidence) -> Iterator[str]:
    """Only a plan that may be recorded, of everything, from whole manifests, spends what was let pass."""
    plan = evidence.plan
    if plan.spent and (plan.refused or plan.is_partial or not evidence.fleet.whole):
        yield "L16: a plan that cannot know what is left to do spends acknowledgements"
    known = {(one.plan, one.guard) for one in evidence.snapshot.acknowledgements}
    if not known.issuperset(plan.spent):
        yield "L16: the plan spends an acknowledgement that nobody gave"


def _measure(evidence: Evidence) -> Mapping[GuardName, Measured]:
    plan, snapshot = evidence.plan, evidence.snapshot
    carried = {send.package for send in snapshot.open_sends if evidence.desired.get(send.package) == send.revision}
    changed = {send.package for send in plan.send_only_jobs} & snapshot.held_packages
    obsolete = sum(len(change.sites) for change in plan.cancellations if change.reason is CancellationReason.OBSOLETE)
    return {
        GuardName.CHANGED_PACKAGES: (len(changed - snapshot.wanted_held - carried), len(snapshot.held_packages)),
        GuardName.CANCELLATIONS: (obsolete, len(snapshot.open_sends)),
        GuardName.HEALS: (sum(_heals(evidence, key) for key in evidence.sent), snapshot.held_pairs),
    }


def _heals(evidence: Evidence, key: Key) -> bool:
    difference = evidence.differing.get(key)
    match None if difference is None else difference.holding:
        case Absent(lost=lost):
            return lost is not None
        case Damaged(held=held):
            return held.content == evidence.desired[key[0]].content
        case holding:
            return isinstance(holding, RecordOnly)


def _share(measured: Measured) -> float:
    count, total = measured
    if not total:
        return 100.0 if count else 0.0
    return 100 * count / total


def _bytes(evidence: Evidence) -> int:
    return sum(send.bytes for send in evidence.plan.send_only_jobs)


def _must_trip(evidence: Evidence, guards: Guards, measured: Mapping[GuardName, Measured]) -> Mapping[GuardName, bool]:
    limits = {
        GuardName.CHANGED_PACKAGES: guards.changed_packages,
        GuardName.CANCELLATIONS: guards.cancellations,
        GuardName.HEALS: guards.heals,
    }
    shares = {
        name: measured[name][0] >= limit.start and _share(measured[name]) > limit.share
        for name, limit in limits.items()
    }
    return shares | {
        GuardName.BYTES: _bytes(evidence) > guards.bytes,
        GuardName.SITE_REMOVALS: bool(evidence.plan.removals) and not guards.allow_site_removals,
        GuardName.EMPTY_MANIFESTS: evidence.fleet.empty and not guards.allow_empty_manifests,
    }


def _let_pass(evidence: Evidence, result: GuardResult) -> bool:
    passes = {
        action
        for one in evidence.snapshot.acknowledgements
        if one.guard is result.name and evidence.plan.created_at < one.expires
        for action in one.actions
    }
    return passes.issuperset(result.actions)
