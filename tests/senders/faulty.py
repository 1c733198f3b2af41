"""A sender that fails by script, around a real one: for tests of whoever must survive that."""

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import TypeVar

from reconciler.model.snapshot import Cause
from reconciler.model.stores import StoreFault
from reconciler.senders.protocol import Entry, Pace, Part, Sender, Space, Traits, at_once

T = TypeVar("T")


@dataclass(frozen=True, slots=True, kw_only=True)
class Trip:
    """What happens at one operation.

    `fault` is raised before it is done, or with `done` after it, as when the answer is lost. `short`: of what is
    appended only so many bytes arrive before the fault. `delay`: seconds slept before.
    """

    fault: BaseException | None = StoreFault(Cause.NETWORK, "the line is down")
    done: bool = False
    short: int | None = None
    delay: float = 0.0


class Faulty:
    """A `Sender` that trips: `script` says at which call, counted from 1, of which operation (`"*"` for any of them).

    Operations are the methods of `Sender`, and `append` and `flush`. `calls` counts them; `after` is called after each
    one that went well.
    """

    def __init__(
        self,
        sender: Sender,
        script: Mapping[tuple[str, int], Trip],
        *,
        sleep: Callable[[float], None] = lambda _: None,
        after: Callable[[str], None] = lambda _: None,
    ) -> None:
        self._sender = sender
        self._script = script
        self._sleep = sleep
        self._after = after
        self.calls: Counter[str] = Counter()

    @property
    def traits(self) -> Traits:
        return self._sender.traits

    def entries(self, folder: str) -> Sequence[Entry]:
        return self.run("entries", lambda: self._sender.entries(folder))

    def read(self, name: str, *, offset: int = 0, length: int) -> bytes:
        return self.run("read", lambda: self._sender.read(name, offset=offset, length=length))

    def begin(self, name: str, *, size: int = 0) -> "FaultyPart":
        return FaultyPart(self, self.run("begin", lambda: self._sender.begin(name, size=size)))

    def create(self, name: str, data: bytes) -> None:
        self.run("create", lambda: self._sender.create(name, data))

    def publish(self, names: Sequence[tuple[str, str]]) -> None:
        self.run("publish", lambda: self._sender.publish(names))

    def remove(self, name: str) -> None:
        self.run("remove", lambda: self._sender.remove(name))

    def remove_folder(self, folder: str) -> None:
        self.run("remove_folder", lambda: self._sender.remove_folder(folder))

    def space(self) -> Space:
        return self.run("space", self._sender.space)

    def digest(self, name: str, *, length: int, pace: Pace = at_once) -> bytes:
        return self.run("digest", lambda: self._sender.digest(name, length=length, pace=pace))

    def close(self) -> None:
        self._sender.close()

    def run(self, operation: str, call: Callable[[], T], *, short: Callable[[int], object] = lambda _: None) -> T:
        self.calls.update((operation, "*"))
        trip = self._script.get((operation, self.calls[operation])) or self._script.get(("*", self.calls["*"]))
        if trip is None:
            found = call()
            self._after(operation)
            return found
        self._sleep(trip.delay)
        if trip.short is not None:
            short(trip.short)
        if trip.fault is None or trip.done:
            found = call()
        if trip.fault is not None:
            raise trip.fault
        self._after(operation)
        return found


class FaultyPart:
    def __init__(self, sender: Faulty, part: Part) -> None:
        self._sender = sender
        self._part = part

    def append(self, data: bytes | memoryview) -> None:
        self._sender.run("append", lambda: self._part.append(data), short=lambda count: self._part.append(data[:count]))

    def flush(self) -> None:
        self._sender.run("flush", self._part.flush)

    def close(self) -> None:
        self._part.close()
