"""What the site has of a send already: looked at before anything is sent (L36)."""

import contextlib
from collections.abc import Iterator
from dataclasses import dataclass, field

from reconciler.engine.depots import Packed
from reconciler.engine.sending.assignment import Assignment
from reconciler.engine.stores.reading_back import absent, failing, is_lasting, read_back
from reconciler.model.holdings import Staged
from reconciler.model.instants import Instant
from reconciler.model.names import Digest
from reconciler.parcels.index import Index, PackUse
from reconciler.parcels.packs import Table
from reconciler.parcels.places import Places
from reconciler.parcels.records import Record
from reconciler.parcels.store_names import PARTS, attempt_folder, is_id, new_id, pack_name, part_name
from reconciler.parcels.unreadable import Unreadable
from reconciler.senders.protocol import Hostile, Missing
from reconciler.state.protocol import HeldPair


@dataclass(frozen=True, slots=True, kw_only=True)
class Proved:
    """A record that a receipt proved, its index, and when its bytes were last verified."""

    record: Record
    index: Index
    verified_at: Instant


class Damage(Exception):
    """A pack that a proved record names is not there, or not what it was."""

    def __init__(self, pack: str, what: str) -> None:
        super().__init__(f"pack {pack} is {what}")
        self.pack = pack


def proved(assignment: Assignment, pair: HeldPair) -> Proved | None:
    """What the state knows to be staged, as the store describes it; None if the store does not bear it out."""
    holding = pair.holding
    if not isinstance(holding, Staged):
        return None
    try:
        record = assignment.store.record(pair.package, pair.number)
        index = assignment.store.index(record.index)
    except (Unreadable, Missing, Hostile):
        return None
    if record.held.content != holding.held.content or index.content != holding.held.content:
        return None
    return Proved(record=record, index=index, verified_at=holding.verified_at)


def still_whole(assignment: Assignment, content: Digest) -> Proved | None:
    """The proved copy of this content at the site, read back if its verification is old (L3, L36).

    None if the state knows of none; raises Damage if it is not as it was.
    """
    if assignment.held is None:
        return None
    found = proved(assignment, assignment.held)
    if found is None or found.index.content != content:
        return None
    gone = absent(assignment.store.packs(), found.index)
    if gone is not None:
        raise Damage(gone.pack, "gone")
    if found.verified_at >= assignment.fresh_since:
        return found
    bad = failing(assignment.store.sender, found.index.packs)
    if bad is not None:
        raise Damage(bad.pack, "damaged")
    return Proved(record=found.record, index=found.index, verified_at=assignment.now())


@dataclass(slots=True)
class AtSite:
    """The chunks at the site that a new record may refer to, and since when each pack is known to be whole.

    Of the files that dead attempts left, `parts` are those that are of use here: the name a file has, and the pack it
    becomes (L19). `spent` are of no use to anybody once this send is done, `torn` never were: not one block is whole.
    What only another send can use is left to that one.
    """

    places: Places = field(default_factory=Places)
    verified: dict[str, Instant] = field(default_factory=dict)
    parts: dict[str, str] = field(default_factory=dict)
    spent: list[str] = field(default_factory=list)
    torn: list[str] = field(default_factory=list)
    dead: set[str] = field(default_factory=set)

    def oldest(self, index: Index, now: Instant) -> Instant:
        """When the bytes of this index were verified: the longest ago counts."""
        return min((self.verified.get(use.pack, now) for use in index.packs), default=now)


def look_at_site(assignment: Assignment, packed: Packed, *, distrusted: str = "") -> AtSite:
    """Find what of a parcel is there. What no recent verification vouches for is read back now.

    Nothing vouches for the `distrusted` pack.
    """
    found = AtSite()
    sizes = assignment.store.packs()
    leftovers = list(leftovers_at(assignment))
    if not sizes and not leftovers:
        return found
    wanted = _wanted(packed)
    candidates = {
        pack: table for pack in sizes if (table := _table(assignment, pack)) is not None and _is_of_use(table, wanted)
    }
    for use, verified_at in vouched(assignment, candidates.keys() - {distrusted}):
        if sizes[use.pack] >= use.bytes:
            found.places.add(use, candidates.pop(use.pack))
            found.verified[use.pack] = verified_at
    for pack in sorted(candidates):
        again = read_back(assignment.store, pack_name(pack))
        if again is not None and is_lasting(assignment.store.sender, pack_name(pack), again):
            found.places.add(again.as_pack(pack), again.table)
    for attempt, identity in leftovers:
        found.dead.add(attempt)
        _adopt(assignment, found, part_name(attempt, identity), wanted)
    return found


def _wanted(packed: Packed) -> Places:
    """Every chunk of the packs that the parcel uses."""
    wanted = Places()
    for use in packed.index.packs:
        wanted.add(use, packed.table(use.pack))
    return wanted


def _is_of_use(table: Table, wanted: Places) -> bool:
    return any(chunk in wanted for block in table.blocks for chunk in block.chunks)


def _table(assignment: Assignment, pack: str) -> Table | None:
    """A file whose table cannot be read holds nothing for us."""
    with contextlib.suppress(Unreadable, Missing, Hostile):
        return assignment.store.table_of(pack_name(pack))
    return None


def vouched(assignment: Assignment, candidates: set[str]) -> Iterator[tuple[PackUse, Instant]]:
    """Packs of proved records that were verified within the site's `verify.every`; each once."""
    left = set(candidates)
    for pair in assignment.at_site() if left else ():
        holding = pair.holding
        if not left or not isinstance(holding, Staged) or holding.verified_at < assignment.fresh_since:
            continue
        found = proved(assignment, pair)
        for use in () if found is None else found.index.packs:
            if use.pack in left:
                left.discard(use.pack)
                yield use, holding.verified_at


def leftovers_at(assignment: Assignment) -> Iterator[tuple[str, str]]:
    """Attempt and id of each file that an attempt left that is dead.

    The folders are listed before it is asked who lives: who begins in between is not taken for dead.
    """
    sender = assignment.store.sender
    attempts = [entry.name for entry in sender.entries(PARTS) if entry.is_folder and is_id(entry.name)]
    if not attempts:
        return
    living = assignment.living()
    for attempt in attempts:
        if attempt not in living:
            for entry in sender.entries(attempt_folder(attempt)):
                if entry.is_file and is_id(entry.name):
                    yield attempt, entry.name


def _adopt(assignment: Assignment, found: AtSite, part: str, wanted: Places) -> None:
    """Whole blocks that a dead attempt wrote are referred to, never appended to (sending.md 3)."""
    try:
        if not _is_of_use(assignment.store.table_of(part), wanted):
            return
    except (Unreadable, Missing, Hostile):
        found.torn.append(part)
        return
    again = read_back(assignment.store, part)
    if again is None or not is_lasting(assignment.store.sender, part, again):
        found.torn.append(part)
        return
    new = [chunk for block in again.table.blocks for chunk in block.chunks if chunk not in found.places]
    if any(chunk in wanted for chunk in new):
        pack = new_id()
        found.parts[part] = pack
        found.places.add(again.as_pack(pack), again.table)
    elif new:
        return
    found.spent.append(part)
