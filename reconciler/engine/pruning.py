"""`prune`: a package that no job needs at a site any more is removed there, record first, content after (L41).

The removal is a file with a number of its own beside the records: from then on none of them counts, so that the package
is gone in one step, and no number is used twice. The bytes are condemned, and go with a `gc` after the grace.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace

from reconciler.engine.collecting.finding import find
from reconciler.engine.collecting.keeping import Wishes
from reconciler.engine.collecting.places import Place, entered
from reconciler.engine.collecting.stock import Filed, Reader, Still, Stock
from reconciler.engine.collecting.sweep import Doing
from reconciler.engine.collecting.tenure import Busy, tenure
from reconciler.engine.stores.store import Store
from reconciler.engine.unneeded import Lies, Work, judged, lying
from reconciler.model.collection import Action, Failure, Step
from reconciler.model.instants import Seconds
from reconciler.model.names import PackageName
from reconciler.model.pruning import Fate, Pruning, Unreached
from reconciler.model.stores import StoreFault
from reconciler.parcels.removal import Removal, removal_bytes
from reconciler.parcels.store_names import record_name
from reconciler.senders.protocol import Hostile, Missing, Taken


def prune(places: Sequence[Place], work: Work) -> Iterator[Pruning | Unreached]:
    """What no job needs where it lies, and what was refused, by place; one that is out of reach holds up no other."""
    for done, place in enumerate(places):
        work.tell(done, len(places), place.site.name)
        try:
            yield from _of_place(place, work)
        except Busy as busy:
            yield Unreached(site=place.site.name, detail=str(busy), busy=True)
        except StoreFault as fault:
            yield Unreached(site=place.site.name, detail=f"{fault.cause.value}: {fault.detail}", busy=False)
        except (Hostile, Missing) as fault:
            yield Unreached(site=place.site.name, detail=str(fault), busy=False)
    work.tell(len(places), len(places), "")


def _of_place(place: Place, work: Work) -> list[Pruning]:
    state = work.state
    pinned = None if place.beside else state.stores().get(place.site.name)
    with entered(place, open_sender=work.open_sender, state=state.identity, pinned=pinned) as store:
        if store is None:
            return []
        if work.taking is None:
            return list(_Pruner(place, work, store, lambda: None).looked())
        listed = list(_Pruner(place, work, store, lambda: None).looked())
        if all(one.fate is not Fate.PRUNABLE for one in listed):
            return listed
        with tenure(state, work.taking, place.site.name) as still:
            return list(_Pruner(place, work, store, still).pruned())


@dataclass(slots=True)
class _Pruner:
    """One store. What is open and what is needed is asked once the site is taken."""

    place: Place
    work: Work
    store: Store
    still: Still
    reader: Reader = field(init=False)

    def __post_init__(self) -> None:
        self.reader = Reader(self.store, self.still)

    def looked(self) -> Iterator[Pruning]:
        stock, sends = self.reader.stock(), self.work.state.sends()
        for lies in lying(stock, self.place, self.work):
            found = judged(lies, self.place, self.work.fleet, sends)
            if found.fate is Fate.PRUNABLE:
                gone = {file.name for file in (*lies.records, *lies.parcels)}
                found = replace(found, bytes=sum(step.bytes for step in self._left(stock, _without(stock, gone))))
            yield found

    def pruned(self) -> Iterator[Pruning]:
        """Prune one package after the other, each looked at anew."""
        stock, sends = self.reader.stock(), self.work.state.sends()
        for lies in lying(stock, self.place, self.work):
            found = judged(lies, self.place, self.work.fleet, sends)
            yield self._removed(lies, found) if found.fate is Fate.PRUNABLE else found

    def _removed(self, lies: Lies, found: Pruning) -> Pruning:
        before = self.reader.stock()
        try:
            number = self._mark_removed(lies)
        except Taken:
            detail = "a record was written meanwhile; nothing was removed"
            return replace(found, fate=Fate.FAILED, detail=detail)
        doing = Doing(self.store.sender, self.reader, self.work.now())
        removal = record_name(lies.package, number) if number else ""
        files = [file for file in (*lies.records, *lies.parcels) if file.name != removal]
        doing.all(Step(action=Action.REMOVE, name=file.name, bytes=file.bytes) for file in files)
        left = self._left(before, self.reader.stock())
        doing.all(left)
        after = self.reader.stock()
        doing.clear_folders(after)
        doing.prove(after)
        failures = (*doing.failures, *self._still_there(lies.package))
        told = self._tell_state(lies.package, number)
        return replace(
            found,
            fate=Fate.FAILED if failures else Fate.PRUNED,
            detail=told,
            number=number,
            bytes=sum(step.bytes for step in doing.done if step.action is Action.CONDEMN),
            failures=failures,
        )

    def _mark_removed(self, lies: Lies) -> int:
        """The number of the removal, which is written unless it is there, or there was never a record."""
        newest = lies.records[-1] if lies.records else None
        mark = 0 if lies.pair is None else lies.pair.mark
        if newest is None:
            return mark
        if isinstance(newest.says, Removal):
            return newest.number
        number = max(mark, newest.number) + 1
        self.still()
        removal = Removal(package=lies.package, site=self.place.site.name, number=number, removed_at=self.work.now())
        self.store.sender.create(record_name(lies.package, number), removal_bytes(removal))
        return number

    def _left(self, before: Stock, after: Stock) -> list[Step]:
        """What only that referred to which is gone now; what `gc` would find besides is left to it."""
        found = {step.name for step in self._unreferred(before)}
        return [step for step in self._unreferred(after) if step.name not in found]

    def _unreferred(self, stock: Stock) -> list[Step]:
        finding = find(
            stock,
            self.reader,
            Wishes(),
            at=self.work.now(),
            grace=Seconds(0),
            in_use=stock.parts,
            stays=frozenset(stock.filed),
        )
        return [step for step in finding.steps if step.action is Action.CONDEMN]

    def _still_there(self, package: PackageName) -> Iterator[Failure]:
        """Read back as a reader at the site would."""
        record = self.store.recorded(package).newest
        if record is not None:
            yield Failure(name=record_name(package, record.number), detail="it is valid still")

    def _tell_state(self, package: PackageName, number: int) -> str:
        """Removed on purpose is not lost; numbers stay."""
        taking = self.work.taking
        if self.place.beside or taking is None:
            return ""
        if self.work.state.forget(package, self.place.site.name, number, taking.author()):
            return ""
        return "a send was recorded meanwhile: it brings the package back"


def _without(stock: Stock, names: set[str]) -> Stock:
    def left(files: tuple[Filed, ...]) -> tuple[Filed, ...]:
        return tuple(file for file in files if file.name not in names)

    return replace(
        stock,
        shelves=tuple(
            replace(shelf, records=left(shelf.records), parcels=left(shelf.parcels)) for shelf in stock.shelves
        ),
    )
