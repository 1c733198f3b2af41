"""Which open sends may be claimed now, in which order, and why the others wait and until when.

By priority, then fair between sites, so that a dead site never starves a healthy one (L21), and never outside the
windows of the manifests as they are now (L22). A send whose content and setup both changed is one row and carries both
(its mode is `content`), so no order keeps a site from showing the new setup with the old content (L4): the one record
that is written last does. A pair that no job needs any more may travel until a pass makes its send obsolete (L14).
"""

from collections import Counter
from collections.abc import Collection, Iterable, Mapping, Sequence

from reconciler.model.claims import Claim
from reconciler.model.fleet import Fleet
from reconciler.model.instants import Instant
from reconciler.model.names import SiteName
from reconciler.model.schedule import Schedule, Turn, Wait, WaitReason
from reconciler.model.snapshot import Hold, Send
from reconciler.planning.conditions import Conditions, Packed, cause_words
from reconciler.planning.standing import Standing, failing_sites, has_failed, standing_of
from reconciler.planning.turns import Ranked, by_site, in_turn


def make_schedule(
    fleet: Fleet,
    sends: Sequence[Send],
    *,
    holds: Iterable[Hold],
    claims: Collection[Claim],
    packed: Packed,
    at: Instant,
) -> Schedule:
    """The schedule of the open `sends` at an instant; `claims` are all living ones, of whatever worker.

    Pure: the same inputs in whatever order, the same schedule.
    """
    claimed = {claim.pair: claim for claim in claims}
    unclaimed = [send for send in sends if (send.package, send.site) not in claimed]
    running = Counter(claim.send.site for claim in claims)
    failing = failing_sites(unclaimed)
    conditions = Conditions(fleet, holds=holds, packed=packed, at=at)
    ranked: list[Ranked] = []
    waiting = [
        Wait(send=send, reason=WaitReason.CLAIMED, detail=f"worker {claim.worker} has it")
        for send in sends
        if (claim := claimed.get((send.package, send.site))) is not None
    ]
    for send in unclaimed:
        found = conditions.of(send)
        if isinstance(found, Wait):
            waiting.append(found)
            continue
        stopper = failing.get(send.site)
        standing = standing_of(send, failing=stopper is not None, at=at)
        wait = None if stopper is None or standing is Standing.LEFT else _held_up(send, stopper, fleet, at)
        if wait is None:
            ranked.append(Ranked(turn=found, standing=standing))
        else:
            waiting.append(wait)
    queues, busy = _within_limits(by_site(ranked), running)
    waiting += busy
    return Schedule(
        ready=in_turn(queues, running),
        waiting=tuple(sorted(waiting, key=lambda wait: (wait.send.package, wait.send.site))),
    )


_NEEDS_A_PASS = frozenset(
    (
        WaitReason.SITE_REMOVED,
        WaitReason.PACKAGE_REMOVED,
        WaitReason.OTHER_REVISION,
        WaitReason.NO_ADDRESS,
        WaitReason.NOT_PACKED,
    )
)
"""No worker carries these out as they are."""


def left_behind(schedule: Schedule) -> tuple[Send, ...]:
    """What a dead worker began and no other may go on with: put back, the next pass may end it (L14)."""
    return tuple(wait.send for wait in schedule.waiting if wait.send.state.is_claimed and wait.reason in _NEEDS_A_PASS)


def _held_up(send: Send, stopper: Send, fleet: Fleet, at: Instant) -> Wait | None:
    """A send that has not failed itself waits with its site; one that has, for its own time alone."""
    until = stopper.next_attempt
    if has_failed(send) or until is None or until <= at:
        return None
    detail = f"{send.site} stops {stopper.package}: {cause_words(stopper)}"
    zone = fleet.site(send.site).timezone
    return Wait(send=send, reason=WaitReason.BACK_OFF, until=until, detail=detail, timezone=zone)


def _within_limits(
    queues: Mapping[SiteName, Sequence[Ranked]], running: Mapping[SiteName, int]
) -> tuple[Mapping[SiteName, Sequence[Ranked]], list[Wait]]:
    """As many turns of each site as may run there beside what runs; the others wait for a place."""
    kept: dict[SiteName, Sequence[Ranked]] = {}
    busy: list[Wait] = []
    for site, queue in queues.items():
        at_once = queue[0].turn.at_once
        free = len(queue) if at_once is None else max(at_once - running.get(site, 0), 0)
        kept[site] = queue[:free]
        busy += [_busy(one.turn, at_once) for one in queue[free:]]
    return kept, busy


def _busy(turn: Turn, at_once: int | None) -> Wait:
    detail = f"limits.maxConcurrent lets {at_once} run at a time"
    return Wait(send=turn.send, reason=WaitReason.SITE_BUSY, detail=detail)
