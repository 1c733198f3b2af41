"""Which running sends give way between two chunks to ready ones of a higher priority."""

from collections.abc import Iterable, Iterator

from reconciler.model.claims import Claim
from reconciler.model.schedule import Schedule, WaitReason
from reconciler.model.snapshot import Send


def to_preempt(schedule: Schedule, claims: Iterable[Claim], free_slots: int) -> tuple[Claim, ...]:
    """The `claims` of this worker that give way, of which `free_slots` more could run.

    At most one for each higher send that waits for a slot of the worker or for a place at its site; the lowest priority
    first, the one that started last first; never one of the same priority. `changed_at` of a claim's send is when it
    started. What is put back keeps its chunks (L19).
    """
    victims = sorted(claims, key=lambda claim: (claim.send.priority, -claim.send.changed_at, claim.pair))
    chosen: list[Claim] = []
    for send, site_alone in _without_slot(schedule, free_slots):
        fitting = (claim for claim in victims if not site_alone or claim.send.site == send.site)
        victim = next(fitting, None)
        if victim is not None and victim.send.priority < send.priority:
            victims.remove(victim)
            chosen.append(victim)
    return tuple(chosen)


def _without_slot(schedule: Schedule, free_slots: int) -> Iterator[tuple[Send, bool]]:
    """The sends that lack but a slot, by priority, and whether only a send to the same site can give it up."""
    lacking = [(turn.send, False) for turn in schedule.ready[free_slots:]]
    lacking += [(wait.send, True) for wait in schedule.waiting if wait.reason is WaitReason.SITE_BUSY]
    yield from sorted(lacking, key=lambda item: (-item[0].priority, item[1]))
