"""Acknowledgements that are used up: nothing of what they let pass is left to do once this plan is recorded (L16)."""

from collections.abc import Iterator

from reconciler.model.acknowledgements import GuardName
from reconciler.model.instants import Instant
from reconciler.model.names import PackageName
from reconciler.model.plan import BlockReason, Verdict
from reconciler.planning.actions import (
    EMPTY_MANIFESTS,
    cancel_action,
    heal_action,
    package_action,
    send_action,
)
from reconciler.planning.guards import Guarded, is_heal
from reconciler.planning.verdicts import Judged


def spent(guarded: Guarded, *, at: Instant) -> tuple[tuple[str, GuardName], ...]:
    """By plan, then guard. Asked only for a plan of everything, from a whole fleet, that may be recorded."""
    held = [one for one in guarded.snapshot.acknowledgements if at < one.expires]
    if not held:
        return ()
    left = frozenset(_left_to_do(guarded))
    used = {(one.plan, one.guard) for one in held if left.isdisjoint(one.actions)}
    return tuple(sorted(used, key=lambda key: (key[0], key[1].value)))


def _left_to_do(guarded: Guarded) -> Iterator[str]:
    """Every guarded action that a later plan may hold although nothing changes but what stands in its way."""
    carried = _carried(guarded)
    for one in guarded.judged:
        if one.verdict is Verdict.BLOCKED and one.pair.covering is None:
            yield from _of_blocked(one, carried)
    yield from _of_claimed(guarded)
    if guarded.fleet.empty:
        yield EMPTY_MANIFESTS


def _carried(guarded: Guarded) -> frozenset[PackageName]:
    """Packages whose desired revision some site holds, or a send carries once the plan is recorded."""
    required = guarded.required
    in_flight = {
        send.package
        for send in guarded.snapshot.open_sends
        if send.package in required and required[send.package].revision == send.revision
    }
    return guarded.snapshot.wanted_held | in_flight | {send.package for send in guarded.sends}


def _of_blocked(one: Judged, carried: frozenset[PackageName]) -> Iterator[str]:
    """What a blocked pair needs once it is free. What an unknown one needs is not known: perhaps healing."""
    pair = one.pair
    requirement = pair.requirement
    package = requirement.package.name
    yield send_action(package, pair.site.name, requirement.revision, pair.mode)
    if is_heal(one) or one.reason is BlockReason.UNKNOWN:
        yield heal_action(package, pair.site.name)
    if package not in carried:
        yield package_action(package, requirement.revision)


def _of_claimed(guarded: Guarded) -> Iterator[str]:
    """Sends that no job needs and a worker has: they finish, or back off and are cancelled then (L14)."""
    for send in guarded.snapshot.open_sends:
        requirement = guarded.required.get(send.package)
        site = guarded.fleet.index.get(send.site)
        required = requirement is not None and site is not None and site in requirement.sites
        if send.state.is_claimed and site is not None and not required:
            yield cancel_action(send.job, send.site)
