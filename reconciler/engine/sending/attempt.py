"""One attempt at one send, in the order that the protocol demands: look, write, prove, and the record last (L18).

Everything before the record can be repeated; the record is the point of no return (sending.md 4).
"""

import contextlib
import hashlib
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field

from reconciler.engine.depots import Packed, condemn_damaged
from reconciler.engine.sending.assignment import Assignment
from reconciler.engine.sending.at_site import AtSite, Damage, look_at_site, still_whole
from reconciler.engine.sending.course import Interrupted
from reconciler.engine.sending.numbering import earlier_attempt, overtaken
from reconciler.engine.sending.whole_packs import WholePacks, whole_packs
from reconciler.engine.stores.reading_back import absent, failing
from reconciler.engine.stores.room import require_room, told_by_need
from reconciler.model.claims import Arrived, Claim, GaveWay
from reconciler.model.holdings import Absent, Damaged, Receipt
from reconciler.model.instants import Instant
from reconciler.model.names import Digest
from reconciler.model.snapshot import Cause, Mode
from reconciler.model.stores import StoreFault
from reconciler.parcels.index import Index, PackUse, index_bytes
from reconciler.parcels.packs import LARGEST_PACK
from reconciler.parcels.records import IndexFile, Record, record_bytes
from reconciler.parcels.store_names import (
    INDEXES,
    attempt_folder,
    index_name,
    new_id,
    pack_name,
    part_name,
    record_name,
)
from reconciler.parcels.travelling import Travel, whole_pack
from reconciler.parcels.unreadable import Unreadable
from reconciler.senders.protocol import Hostile, Missing, Part, Taken


class ParcelDamaged(Exception):
    """What lies in the depot is not what was packed: nothing of it leaves (L17)."""


def attempt_id(claim: Claim) -> str:
    """Where this attempt writes at the site: nobody else writes there, and who knows the claim knows the place."""
    send = claim.send
    text = f"{send.package}\n{send.site}\n{send.number}\n{send.attempts}\n{claim.worker}"
    return hashlib.sha256(text.encode()).hexdigest()[:32]


def carry_out(assignment: Assignment) -> Arrived | GaveWay:
    """Bring the revision to the site and prove it; raises StoreFault, ParcelDamaged, Interrupted."""
    course = assignment.course
    with told_by_need(assignment.store.sender, need=lambda: course.bytes_left, place=_place(assignment)):
        return _Attempt(assignment).run()


@contextlib.contextmanager
def _as_it_was_left() -> Iterator[None]:
    """What an attempt wrote is its own until somebody takes it for dead: then it ends here, or starts over."""
    try:
        yield
    except (Missing, Taken, Hostile) as fault:
        raise StoreFault(
            Cause.CORRUPT, f"{fault} is not as this attempt left it; what is there is looked at next"
        ) from fault


def _place(assignment: Assignment) -> str:
    return f"the store of {assignment.site.name}"


@dataclass(slots=True)
class _Attempt:
    """`written` are the packs of this attempt, by part name."""

    assignment: Assignment
    folder: str = field(init=False)
    written: dict[str, PackUse] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.folder = attempt_id(self.assignment.claim)

    def run(self) -> Arrived | GaveWay:
        """The outcome; see `carry_out`."""
        assignment = self.assignment
        send, store = assignment.send, assignment.store
        recorded = store.recorded(send.package)
        before = earlier_attempt(recorded, send)
        if before is not None:
            return self._finished_before(before)
        late = overtaken(recorded, send)
        if late is not None:
            return late
        distrusted = ""
        try:
            whole = still_whole(assignment, send.revision.content)
        except Damage as damage:
            if send.mode is Mode.SETUP_ONLY:
                return self._nothing_to_build_on(str(damage))
            whole, distrusted = None, damage.pack
        if whole is not None:
            return self._record(whole.record.index, whole.index, verified_at=whole.verified_at)
        if send.mode is Mode.SETUP_ONLY:
            return self._nothing_to_build_on("the site does not hold the content that the setup is for")
        return self._send(distrusted)

    # What was there before

    def _finished_before(self, record: Record) -> Arrived | GaveWay:
        """An attempt before this one wrote the record and could not report it: verify and report (R4)."""
        store = self.assignment.store
        try:
            index = store.index(record.index)
            bad = failing(store.sender, index.packs)
            self._make_lasting(record)
        except (Unreadable, Missing, Hostile) as fault:
            return self._gives_way(record, f"the index of record {record.number} is damaged: {fault}")
        if index.content != record.revision.content:
            return self._gives_way(record, f"the index of record {record.number} is of other content")
        if bad is not None:
            return self._gives_way(record, f"pack {bad.pack} is damaged")
        return self._arrived(record, verified_at=self.assignment.now())

    def _make_lasting(self, record: Record) -> None:
        """Whoever wrote index and record may have died before they were flushed: a receipt rests on them now (R4)."""
        sender = self.assignment.store.sender
        sender.digest(record.index.file, length=record.index.bytes)
        sender.digest(record_name(record.package, record.number), length=len(record_bytes(record)))

    def _gives_way(self, record: Record, detail: str) -> GaveWay:
        found = Damaged(held=record.held, found_at=self.assignment.now())
        return GaveWay(cause=Cause.CORRUPT, detail=detail, number=record.number, found=found)

    def _nothing_to_build_on(self, detail: str) -> GaveWay:
        """A setup alone is not written beside content that is missing or damaged (sending.md 6)."""
        recorded = self.assignment.store.recorded(self.assignment.send.package)
        if recorded.newest is None:
            return GaveWay(cause=Cause.CORRUPT, detail=detail, number=recorded.highest, found=Absent())
        return self._gives_way(recorded.newest, detail)

    # What travels

    def _send(self, distrusted: str) -> Arrived:
        packed = self.assignment.packed()
        try:
            short = whole_packs(self.assignment, packed, distrusted=distrusted)
            if short is not None:
                return self._send_whole(packed, short)
            return self._send_missing(packed, distrusted)
        except (Unreadable, Missing) as fault:
            condemn_damaged(packed, at=self.assignment.now())
            raise ParcelDamaged(f"the parcel of {self.assignment.package.name} in the depot: {fault}") from fault

    def _send_whole(self, packed: Packed, short: WholePacks) -> Arrived:
        """Packs as they lie in the depot; its index is the site's."""
        self._begin(short.bytes)
        checked = self.assignment.knowledge.of(packed).checked
        for use in short.missing:
            self._write_if_room(use, whole_pack(use, packed.read, checked))
        there = AtSite(verified=dict(short.verified))
        return self._finish(packed.index, there)

    def _send_missing(self, packed: Packed, distrusted: str) -> Arrived:
        """Whatever chunks the site lacks."""
        there = look_at_site(self.assignment, packed, distrusted=distrusted)
        self._remove(there.torn)
        travel = Travel(
            index=packed.index,
            table_of=packed.table,
            read=packed.read,
            site=there.places,
            largest=self.assignment.largest,
            checked=self.assignment.knowledge.of(packed).checked,
        )
        self._begin(travel.missing())
        for pack in travel.packs():
            self._write_if_room(pack.use, pack.pieces)
        return self._finish(travel.site_index(), there)

    def _begin(self, need: int) -> None:
        self.assignment.course.bytes_left = need
        if need:
            self._require_room(need)

    def _finish(self, index: Index, there: AtSite) -> Arrived:
        self.assignment.course.verifying()
        self._publish(there, index)
        file = self._write_index(index)
        outcome = self._record(file, index, verified_at=there.oldest(index, self.assignment.now()))
        self._clear(there)
        return outcome

    def _require_room(self, need: int) -> None:
        site = self.assignment.site
        require_room(
            self.assignment.store.sender,
            need=need,
            packs=need // LARGEST_PACK + 1,
            reserve=site.limits.reserve_free,
            others=self.assignment.reserved,
            place=_place(self.assignment),
        )

    def _write_if_room(self, use: PackUse, pieces: Iterable[bytes]) -> None:
        self._require_room(max(self.assignment.course.bytes_left, use.bytes))
        with _as_it_was_left():
            self._write(use, pieces)

    def _write(self, use: PackUse, pieces: Iterable[bytes]) -> None:
        """Write a pack, durably, and read it back before anything refers to it."""
        sender, course = self.assignment.store.sender, self.assignment.course
        name = part_name(self.folder, use.pack)
        course.checkpoint()
        part = sender.begin(name, size=use.bytes)
        try:
            for piece in pieces:
                part.append(piece)
            self._flush(name, part)
        finally:
            part.close()
        course.checkpoint()
        if sender.digest(name, length=use.bytes) != use.digest:
            raise StoreFault(Cause.CORRUPT, f"{name} does not read back as it was written")
        self.written[name] = use
        course.advance(use.bytes)

    def _flush(self, name: str, part: Part) -> None:
        """What could not be flushed is believed by nobody: it goes, and no later attempt builds on it."""
        try:
            part.flush()
        except StoreFault:
            self._remove([name])
            raise

    # The record

    def _publish(self, there: AtSite, index: Index) -> None:
        used = {use.pack for use in index.packs}
        names = [(name, pack_name(use.pack)) for name, use in self.written.items() if use.pack in used]
        names += [(name, pack_name(pack)) for name, pack in there.parts.items() if pack in used]
        self.assignment.course.checkpoint()
        with _as_it_was_left():
            self.assignment.store.sender.publish(names)

    def _write_index(self, index: Index) -> IndexFile:
        data = index_bytes(index)
        name = index_name(new_id())
        self._create(name, data)
        return IndexFile(file=name, bytes=len(data), digest=Digest(f"sha256:{hashlib.sha256(data).hexdigest()}"))

    def _record(self, file: IndexFile, index: Index, *, verified_at: Instant) -> Arrived:
        """The last look at everything the record will name, and the record (L18, sending.md 3)."""
        assignment = self.assignment
        send, package, sender = assignment.send, assignment.package, assignment.store.sender
        record = Record(
            package=send.package,
            site=send.site,
            store=assignment.store.identity.store,
            number=send.number,
            mode=send.mode,
            revision=send.revision,
            version=package.version,
            setups=package.setups,
            index=file,
            verified_at=verified_at,
            verifier=assignment.verifier,
            proof=sender.traits.proof.value,
        )
        assignment.course.verifying()
        self._look_again(file, index)
        assignment.course.last_checkpoint()
        name, data = record_name(send.package, send.number), record_bytes(record)
        self._create(name, data)
        return self._arrived(record, verified_at=verified_at)

    def _create(self, name: str, data: bytes) -> None:
        sender = self.assignment.store.sender
        with _as_it_was_left():
            sender.create(name, data)
            if sender.read(name, length=len(data) + 1) != data:
                raise StoreFault(Cause.CORRUPT, f"{name} does not read back as it was written")

    def _look_again(self, file: IndexFile, index: Index) -> None:
        store = self.assignment.store
        gone = absent(store.packs(), index)
        if gone is not None:
            raise StoreFault(Cause.CORRUPT, f"pack {gone.pack} is no longer there")
        sizes = {f"{INDEXES}/{entry.name}": entry.size for entry in store.sender.entries(INDEXES)}
        if sizes.get(file.file) != file.bytes:
            raise StoreFault(Cause.CORRUPT, f"{file.file} is no longer there")

    def _arrived(self, record: Record, *, verified_at: Instant) -> Arrived:
        return Arrived(
            receipt=Receipt(
                package=record.package,
                site=record.site,
                number=record.number,
                held=record.held,
                verified_at=verified_at,
                verifier=self.assignment.verifier,
                proof=self.assignment.store.sender.traits.proof.value,
            )
        )

    def _clear(self, there: AtSite) -> None:
        """Remove what nobody needs any more; what cannot be removed now, `gc` removes.

        Whoever asks to stop here asks too late: what arrived is a fact (L26).
        """
        with contextlib.suppress(StoreFault, Hostile, Interrupted):
            self._remove((*self.written, *there.spent))
            for attempt in (self.folder, *there.dead):
                self.assignment.store.sender.remove_folder(attempt_folder(attempt))

    def _remove(self, names: Iterable[str]) -> None:
        with contextlib.suppress(StoreFault, Hostile):
            for name in names:
                self.assignment.store.sender.remove(name)
