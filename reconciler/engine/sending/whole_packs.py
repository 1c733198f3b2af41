"""The short way: a site that lacks some of a parcel's packs gets exactly those, as they lie in the depot.

Packs keep their ids on the way, so the parcel's own index is the site's. Without this every send would have to look
through all chunks of the parcel and of the site; with it, fifty sites cost little more than their bytes.
"""

from collections.abc import Mapping
from dataclasses import dataclass

from reconciler.engine.depots import Packed
from reconciler.engine.sending.assignment import Assignment
from reconciler.engine.sending.at_site import leftovers_at, vouched
from reconciler.engine.stores.reading_back import failing
from reconciler.model.instants import Instant
from reconciler.parcels.index import PackUse


@dataclass(frozen=True, slots=True, kw_only=True)
class WholePacks:
    """`missing` packs travel as they are; of the others it is known since when they are whole at the site."""

    missing: tuple[PackUse, ...]
    verified: Mapping[str, Instant]

    @property
    def bytes(self) -> int:
        return sum(use.bytes for use in self.missing)


def whole_packs(assignment: Assignment, packed: Packed, *, distrusted: str) -> WholePacks | None:
    """What travels on the short way; None if it must be looked at chunk by chunk.

    That is so where a pack that is missing is not needed wholly, where another pack at the site or what a dead attempt
    left may hold some of its chunks (L19), or where a pack that is there does not read back as it should.
    """
    sizes = assignment.store.packs()
    uses = {use.pack: use for use in packed.index.packs}
    present = [use for use in uses.values() if sizes.get(use.pack, 0) >= use.bytes and use.pack != distrusted]
    missing = tuple(use for use in uses.values() if use not in present)
    if not _are_free(assignment, missing) or not _are_whole(assignment, packed, missing):
        return None
    if missing and _overlap(assignment, packed, missing, {pack: sizes[pack] for pack in sizes.keys() - uses.keys()}):
        return None
    if any(leftovers_at(assignment)):
        return None
    trusted = {use: at for use, at in vouched(assignment, {use.pack for use in present}) if uses[use.pack] == use}
    doubtful = [use for use in present if use not in trusted]
    if failing(assignment.store.sender, doubtful) is not None:
        return None
    now = assignment.now()
    verified = {use.pack: trusted.get(use, now) for use in present}
    return WholePacks(missing=missing, verified=verified)


def _are_free(assignment: Assignment, missing: tuple[PackUse, ...]) -> bool:
    """A name that something stands at, damaged, condemned or no file at all, is not given again (sending.md 6)."""
    return not missing or assignment.store.taken_packs().isdisjoint(use.pack for use in missing)


def _are_whole(assignment: Assignment, packed: Packed, missing: tuple[PackUse, ...]) -> bool:
    largest = assignment.largest
    if not all(use.bytes <= largest for use in missing):
        return False
    return not missing or assignment.knowledge.of(packed).wholly_needed(packed).issuperset(use.pack for use in missing)


def _overlap(assignment: Assignment, packed: Packed, missing: tuple[PackUse, ...], others: Mapping[str, int]) -> bool:
    """Whether another pack at the site seems to hold a chunk of those that are missing."""
    if not others:
        return False
    wanted = [assignment.knowledge.chunks(packed.store, use.pack, use.bytes) for use in missing]
    return any(
        not wanted_ids.isdisjoint(assignment.knowledge.chunks(assignment.store, pack, size))
        for pack, size in others.items()
        for wanted_ids in wanted
    )
