"""One store, swept: what is not kept is removed, what nothing refers to condemned, what lay condemned long deleted.

The steps come in an order in which a kill between any two of them leaves a store that is whole: records first, then
what only they referred to; of what is deleted the file before its mark, so that no send ever takes it for good.
"""

from collections.abc import Callable, Collection, Iterable
from dataclasses import dataclass, field
from itertools import islice

from reconciler.engine.collecting.finding import Finding, Waiting, find
from reconciler.engine.collecting.keeping import Wishes
from reconciler.engine.collecting.stock import Reader, Stock
from reconciler.engine.verifying.strangers import strangers
from reconciler.model.collection import Action, Failure, Step
from reconciler.model.instants import Instant, Seconds
from reconciler.model.snapshot import Cause
from reconciler.model.stores import StoreFault
from reconciler.model.verification import Stranger
from reconciler.parcels.removal import condemned_bytes
from reconciler.parcels.store_names import CONDEMNED, PARCELS, PARTS, is_id
from reconciler.senders.protocol import Hostile, Missing, Sender, Taken

STRANGERS_NAMED = 100
"""So that a store full of somebody else's files does not fill the report."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Swept:
    """See `reconciler.model.collection.Collected`."""

    steps: tuple[Step, ...]
    failures: tuple[Failure, ...]
    waiting: tuple[Waiting, ...]
    unsure: tuple[str, ...]
    strangers: tuple[Stranger, ...]


InUse = Callable[[Stock], Collection[str]]
"""Which folders beneath `parts` somebody may still need."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Sweep:
    """`at` is now, `grace` how long something lies condemned before it goes."""

    reader: Reader
    wishes: Wishes
    at: Instant
    grace: Seconds
    in_use: InUse

    def look(self) -> Swept:
        """What would be done; nothing is written."""
        found = self._find(self.reader.stock(), stays=())
        return self._swept(found, found.steps, ())

    def run(self) -> Swept:
        """Do it, and list everything again to see that it is done (FM79)."""
        sender = self.reader.store.sender
        removing = Doing(sender, self.reader, self.at)
        removing.all(step for step in self._find(self.reader.stock(), stays=()).steps if step.action is Action.REMOVE)
        stays = {failure.name for failure in removing.failures}
        rest = self._find(self.reader.stock(), stays=stays)
        doing = Doing(sender, self.reader, self.at, done=removing.done, failures=removing.failures)
        doing.all(step for step in rest.steps if step.action is not Action.REMOVE)
        after = self.reader.stock()
        doing.clear_folders(after)
        doing.prove(after)
        return self._swept(rest, tuple(doing.done), tuple(doing.failures))

    def _find(self, stock: Stock, *, stays: Collection[str]) -> Finding:
        return find(
            stock,
            self.reader,
            self.wishes,
            at=self.at,
            grace=self.grace,
            in_use=self.in_use(stock),
            stays=stays,
        )

    def _swept(self, found: Finding, steps: tuple[Step, ...], failures: tuple[Failure, ...]) -> Swept:
        return Swept(
            steps=steps,
            failures=failures,
            waiting=found.waiting,
            unsure=found.unsure,
            strangers=tuple(islice(strangers(self.reader.store.sender), STRANGERS_NAMED)),
        )


@dataclass(slots=True)
class Doing:
    """Steps being done, one after the other; one that fails stops no other."""

    sender: Sender
    reader: Reader
    at: Instant
    done: list[Step] = field(default_factory=list)
    failures: list[Failure] = field(default_factory=list)

    def all(self, steps: Iterable[Step]) -> None:
        """Raises StoreFault only if the store itself is gone."""
        for step in steps:
            self.reader.still()
            try:
                self._do(step)
            except StoreFault as fault:
                if fault.cause is Cause.STORE_MISMATCH:
                    raise
                self.failures.append(Failure(name=step.name, detail=fault.detail))
            except (Hostile, Missing) as fault:
                self.failures.append(Failure(name=step.name, detail=str(fault)))
            else:
                self.done.append(step)

    def _do(self, step: Step) -> None:
        file = step.name.rpartition("/")[2]
        match step.action:
            case Action.REMOVE | Action.LIFT:
                self.sender.remove(step.name)
            case Action.CONDEMN:
                try:
                    self.sender.create(f"{CONDEMNED}/{file}", condemned_bytes(self.at))
                except Taken:
                    return  # Somebody else was first; his time counts.
            case Action.DELETE:
                self._delete(step.name)
                self.sender.remove(f"{CONDEMNED}/{file}")

    def _delete(self, name: str) -> None:
        if not name.startswith(f"{PARTS}/"):
            self.sender.remove(name)
            return
        for entry in self.sender.entries(PARTS):
            if name == f"{PARTS}/{entry.name}" and entry.is_file:
                self.sender.remove(name)
            elif name == f"{PARTS}/{entry.name}" and entry.is_folder:
                for part in self.sender.entries(name):
                    if part.is_file and is_id(part.name):
                        self.sender.remove(f"{name}/{part.name}")
                self.sender.remove_folder(name)

    def clear_folders(self, stock: Stock) -> None:
        """A folder without parcels goes; one of records is never without any, as the highest number stays."""
        for shelf in stock.shelves:
            if not shelf.parcels:
                self.reader.still()
                self.sender.remove_folder(f"{PARCELS}/{shelf.folder}")

    def prove(self, after: Stock) -> None:
        """What is said to be gone is not listed any more."""
        listed = {*after.files, *after.parts, *after.filed}
        still = [step for step in self.done if step.action in (Action.REMOVE, Action.DELETE) and step.name in listed]
        self.failures += [Failure(name=step.name, detail="it was removed, and is there still") for step in still]
        self.done = [step for step in self.done if step not in still]
