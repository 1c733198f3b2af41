"""Guards against mass changes (L16); how the shares count, and why, is decision 0012."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace

from reconciler.model.acknowledgements import Acknowledgement, GuardName
from reconciler.model.fleet import Fleet
from reconciler.model.holdings import Absent
from reconciler.model.instants import Instant
from reconciler.model.names import PackageName
from reconciler.model.plan import (
    Cancellation,
    CancellationReason,
    GapReason,
    GuardResult,
    Removal,
    SendOnlyJob,
    Verdict,
)
from reconciler.model.quantities import format_share, format_size
from reconciler.model.settings import Guards, ShareGuard
from reconciler.model.snapshot import Snapshot
from reconciler.planning.actions import (
    EMPTY_MANIFESTS,
    cancel_action,
    heal_action,
    package_action,
    remove_action,
    send_action,
)
from reconciler.planning.requirements import Requirement
from reconciler.planning.verdicts import Judged


@dataclass(frozen=True, slots=True, kw_only=True)
class Guarded:
    """What the guards look at: the plan's actions, and what they were made from."""

    fleet: Fleet
    snapshot: Snapshot
    required: Mapping[PackageName, Requirement]
    judged: Sequence[Judged]
    sends: tuple[SendOnlyJob, ...]
    cancellations: tuple[Cancellation, ...]
    removals: tuple[Removal, ...]


def check(guarded: Guarded, guards: Guards, *, at: Instant) -> tuple[GuardResult, ...]:
    """All guards, in the order of `GuardName`; only those that trip list their actions."""
    results = (
        _changed_packages(guarded, guards.changed_packages),
        _cancellations(guarded, guards.cancellations),
        _heals(guarded, guards.heals),
        _bytes(guarded, guards.bytes),
        _site_removals(guarded, allow=guards.allow_site_removals),
        _empty_manifests(guarded, allow=guards.allow_empty_manifests),
    )
    return tuple(acknowledge(result, guarded.snapshot.acknowledgements, at=at) for result in results)


def acknowledge(result: GuardResult, held: Iterable[Acknowledgement], *, at: Instant) -> GuardResult:
    """The guard's result in the light of what may pass: its actions, and no more, must have been let pass before."""
    passes = {
        action
        for acknowledgement in held
        if acknowledgement.guard is result.name and at < acknowledgement.expires
        for action in acknowledgement.actions
    }
    acknowledged = result.tripped and bool(result.actions) and passes.issuperset(result.actions)
    return replace(result, acknowledged=acknowledged)


def is_heal(one: Judged) -> bool:
    """Whether a send of the pair would repair what a site once had, or was said to have."""
    if one.gap is GapReason.CONTENT_MISSING:
        holding = one.pair.difference.holding
        return isinstance(holding, Absent) and holding.lost is not None
    return one.gap in (GapReason.CONTENT_DAMAGED, GapReason.RECORD_ONLY)


def _changed_packages(guarded: Guarded, limit: ShareGuard) -> GuardResult:
    """A package counts while no site holds its desired revision and no recorded send carries it: late sites do not."""
    snapshot = guarded.snapshot
    sent = {send.package: send.revision for send in guarded.sends}
    changed = {
        package: revision
        for package, revision in sent.items()
        if package in snapshot.held_packages and package not in snapshot.wanted_held
    }
    for send in snapshot.open_sends:
        if changed.get(send.package) == send.revision:
            del changed[send.package]
    actions = (package_action(package, revision) for package, revision in changed.items())
    return _share(GuardName.CHANGED_PACKAGES, limit, len(changed), of=len(snapshot.held_packages), actions=actions)


def _cancellations(guarded: Guarded, limit: ShareGuard) -> GuardResult:
    """Superseded sends have a successor, so only obsolete ones count."""
    actions = [
        cancel_action(change.send_only_job, row.site)
        for change in guarded.cancellations
        if change.reason is CancellationReason.OBSOLETE
        for row in change.sites
    ]
    return _share(GuardName.CANCELLATIONS, limit, len(actions), of=len(guarded.snapshot.open_sends), actions=actions)


def _heals(guarded: Guarded, limit: ShareGuard) -> GuardResult:
    healed = [one.pair for one in guarded.judged if one.verdict is Verdict.MISSING and is_heal(one)]
    actions = (heal_action(pair.requirement.package.name, pair.site.name) for pair in healed)
    return _share(GuardName.HEALS, limit, len(healed), of=guarded.snapshot.held_pairs, actions=actions)


def _share(name: GuardName, limit: ShareGuard, count: int, *, of: int, actions: Iterable[str]) -> GuardResult:
    """Of nothing, anything is everything: a state that was lost must not switch a guard off."""
    share = 100 * count / of if of else 100.0 * bool(count)
    tripped = count >= limit.start and share > limit.share
    return _result(name, limit=format_share(limit.share), value=format_share(share), tripped=tripped, actions=actions)


def _bytes(guarded: Guarded, limit: int) -> GuardResult:
    total = sum(send.bytes for send in guarded.sends)
    actions = (
        send_action(send.package, row.site, send.revision, send.mode) for send in guarded.sends for row in send.sites
    )
    return _result(
        GuardName.BYTES,
        limit=format_size(limit),
        value=format_size(total),
        tripped=total > limit,
        actions=actions,
    )


def _site_removals(guarded: Guarded, *, allow: bool) -> GuardResult:
    actions = [remove_action(removal.site, package) for removal in guarded.removals for package in removal.packages]
    return _result(
        GuardName.SITE_REMOVALS,
        limit=_word(allow=allow),
        value=str(len(guarded.removals)),
        tripped=bool(actions) and not allow,
        actions=actions,
    )


def _empty_manifests(guarded: Guarded, *, allow: bool) -> GuardResult:
    """What a plan from no manifests would do; that it is one is itself an action, or doing nothing could never pass."""
    obsolete = [
        cancel_action(change.send_only_job, row.site) for change in guarded.cancellations for row in change.sites
    ]
    removed = [remove_action(removal.site, package) for removal in guarded.removals for package in removal.packages]
    return _result(
        GuardName.EMPTY_MANIFESTS,
        limit=_word(allow=allow),
        value=guarded.fleet.why_empty or "not empty",
        tripped=guarded.fleet.empty and not allow,
        actions=(EMPTY_MANIFESTS, *obsolete, *removed),
    )


def _word(*, allow: bool) -> str:
    return "allow" if allow else "refuse"


def _result(name: GuardName, *, limit: str, value: str, tripped: bool, actions: Iterable[str]) -> GuardResult:
    """A guard that does not trip names no actions: nobody has to let them pass, and a first roll-out has many."""
    return GuardResult(
        name=name, limit=limit, value=value, tripped=tripped, actions=tuple(sorted(actions)) if tripped else ()
    )
