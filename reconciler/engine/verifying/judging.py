"""What one store holds of one package, whatever it claims: record → index → packs → bytes (L1, sending.md 6)."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import TypeVar

from reconciler.engine.stores.opening import identity_at
from reconciler.engine.stores.reading_back import absent, failing, reading
from reconciler.engine.stores.store import Recorded, Store
from reconciler.model.holdings import Absent, Damaged, Held, RecordOnly, Staged, Unknown
from reconciler.model.instants import Instant, Seconds
from reconciler.model.names import PackageName
from reconciler.model.snapshot import Cause
from reconciler.model.stores import StoreFault
from reconciler.model.verification import Found
from reconciler.parcels.index import Index, PackUse
from reconciler.parcels.records import Record
from reconciler.parcels.unpacking import extent
from reconciler.parcels.unreadable import Unreadable
from reconciler.senders.protocol import Hostile, Missing
from reconciler.state.protocol import HeldPair

T = TypeVar("T")


@dataclass(frozen=True, slots=True, kw_only=True)
class Judgement:
    """`why` says what is wrong; `read`: bytes were read, not only names and sizes."""

    found: Found
    number: int
    highest: int = 0
    why: str = ""
    read: bool = False


class NotWhole(Exception):
    """What the record names is not all there, or not as it was."""


@dataclass(slots=True)
class Judge:
    """Judges the pairs of one site, each pack once. A fault of a file is that pair's; one of the way there is raised.

    Bytes are read with `deep`, and of every pair that the state does not know to be whole, or whose verification is
    older than `every`: a look at names and sizes proves nothing by itself, and never renews the time of a proof (R4).
    """

    store: Store
    at: Instant
    every: Seconds
    deep: bool
    sizes: Mapping[str, int] = field(init=False)
    _whole: dict[PackUse, bool] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.sizes = self.store.packs()

    def judge(self, package: PackageName, known: HeldPair) -> Judgement:
        """What is there; Unknown if it cannot be read, as then nothing is known to be damaged."""
        try:
            return self._judge(package, known)
        except Hostile as found:
            return Judgement(found=Unknown(reason=str(found)), number=0, why=str(found))
        except StoreFault as fault:
            if fault.cause is Cause.STORE_MISMATCH:
                raise
            self.require_identity()  # or it is not this file that cannot be read, but the store
            reason = f"{fault.cause.value}: {fault.detail}"
            return Judgement(found=Unknown(reason=reason), number=0, why=reason)

    def require_identity(self) -> None:
        """Raise StoreFault unless the store is still there, and the same (L37)."""
        if identity_at(self.store.sender) != self.store.identity:
            raise StoreFault(Cause.STORE_MISMATCH, "another store took its place while it was read")

    def _judge(self, package: PackageName, known: HeldPair) -> Judgement:
        recorded = self.store.recorded(package)
        record = recorded.newest
        if record is None or record.number < known.number:
            return self._without_record(package, known, recorded)
        proved = known.holding
        renewed = isinstance(proved, Staged) and known.number == record.number and _same(proved.held, record.held)
        read = self.deep or not renewed or (isinstance(proved, Staged) and proved.verified_at < self.at - self.every)
        try:
            index = self._index(record)
            self._require_packs(index)
            if read:
                self._require_bytes(index)
                if not renewed:
                    self._require_listing(index)
        except NotWhole as fault:
            found = self._not_whole(record, known)
            return Judgement(found=found, number=record.number, highest=recorded.highest, why=str(fault), read=read)
        verified_at = self.at if read or not isinstance(proved, Staged) else proved.verified_at
        return Judgement(
            found=Staged(held=record.held, verified_at=verified_at),
            number=record.number,
            highest=recorded.highest,
            read=read,
        )

    def _without_record(self, package: PackageName, known: HeldPair, recorded: Recorded) -> Judgement:
        """The record of what was proved is gone, or is no longer what was written: an earlier one counts for nothing.

        A reader at the site would take the earlier one, so the pair is a gap either way (L34).
        """
        held = _held(known)
        why = f"record {known.number} is not there" if known.holding != Absent() else ""
        if held is not None and known.number in self.store.record_numbers(package):
            why = recorded.unread or f"record {known.number} is not valid"
            return Judgement(found=self._damaged(held, known), number=known.number, highest=recorded.highest, why=why)
        return Judgement(found=Absent(), number=0, highest=recorded.highest, why=why or recorded.unread)

    def _not_whole(self, record: Record, known: HeldPair) -> RecordOnly | Damaged:
        """Damaged is what was proved once; of anything else there is a record, and that is all (Q134718)."""
        if known.number != record.number or isinstance(known.holding, RecordOnly):
            return RecordOnly(held=record.held)
        return self._damaged(record.held, known)

    def _damaged(self, held: Held, known: HeldPair) -> Damaged:
        """Found now, unless it was known: the same damage is no news."""
        before = known.holding
        if isinstance(before, Damaged) and _same(before.held, held):
            return before
        return Damaged(held=held, found_at=self.at)

    def _index(self, record: Record) -> Index:
        try:
            index = _again(lambda: self.store.index(record.index))
        except (Unreadable, Missing, Hostile) as fault:
            raise NotWhole(f"{record.index.file}: {_said(fault)}") from fault
        if index.content != record.revision.content:
            raise NotWhole(f"{record.index.file} is of other content than record {record.number}")
        return index

    def _require_packs(self, index: Index) -> None:
        gone = absent(self.sizes, index)
        if gone is not None:
            raise NotWhole(f"pack {gone.pack} is {'shorter than it was' if gone.pack in self.sizes else 'gone'}")

    def _require_bytes(self, index: Index) -> None:
        """The packs have the digests that the index states."""
        for use in index.packs:
            if use not in self._whole:
                self._whole[use] = failing(self.store.sender, (use,)) is None
            if not self._whole[use]:
                raise NotWhole(f"pack {use.pack} is not what it was")

    def _require_listing(self, index: Index) -> None:
        """The listing at the end of the stream has the digest of the content; once proved, the packs say as much."""
        try:
            _again(lambda: extent(index, reading(self.store.sender)))
        except Unreadable as fault:
            raise NotWhole(f"the listing is not that of {index.content}: {fault}") from fault


def _again(look: Callable[[], T]) -> T:
    """Twice before anything is called damaged (sending.md 6)."""
    try:
        return look()
    except (Unreadable, Missing, Hostile):
        return look()


def _held(known: HeldPair) -> Held | None:
    holding = known.holding
    return holding.held if isinstance(holding, Staged | RecordOnly | Damaged) else None


def _same(one: Held, other: Held) -> bool:
    return (one.content, one.setup) == (other.content, other.setup)


def _said(fault: Exception) -> str:
    return "it is not there" if isinstance(fault, Missing) else str(fault)
