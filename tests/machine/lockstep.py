"""Threads that go one operation at a time, each only while it is told to: any order of steps, the same each time."""

import threading
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TypeVar

from reconciler.model.snapshot import Cause
from reconciler.model.stores import StoreFault
from reconciler.senders.protocol import Entry, Pace, Part, Sender, Space, Traits, at_once

T = TypeVar("T")

_here = threading.local()


class Killed(BaseException):
    """The process is gone: nothing of ours catches this."""


class Actor:
    """One attempt. It runs in `go`, stops before the operation after those granted, and is killed there or goes on.

    `trip` is what befalls the operation it stands before: a fault, before it is done or after. `begun` are all
    operations so far, that one included.
    """

    def __init__(self, body: Callable[[], object]) -> None:
        self._body = body
        self._mine, self._theirs = threading.Semaphore(0), threading.Semaphore(0)
        self._left = 0
        self._until = ""
        self._killed = False
        self.trip: Trip | None = None
        self.begun: list[str] = []
        self.ended = False
        self.failure: BaseException | None = None
        threading.Thread(target=self._run, daemon=True).start()

    def go(self, operations: int, *, until: str = "") -> None:
        """Do so many operations more, come to the end, or stand before the first that begins with `until`."""
        if not self.ended:
            self._left, self._until = operations, until
            self._mine.release()
            self._theirs.acquire()
        if self.failure is not None:
            raise self.failure

    def kill(self) -> None:
        self._killed = True
        self.go(1)

    def step(self, operation: str) -> "Trip | None":
        """Called by the gate, in the thread: wait here until this operation may be done."""
        self.begun.append(operation)
        if self._until and operation.startswith(self._until):
            self._left = 0
        while self._left <= 0 and not self._killed:
            self._theirs.release()
            self._mine.acquire()
        if self._killed:
            raise Killed
        self._left -= 1
        trip, self.trip = self.trip, None
        return trip

    def _run(self) -> None:
        self._mine.acquire()
        _here.actor = self
        try:
            if not self._killed:
                self._body()
        except Killed:
            pass
        except BaseException as failure:  # noqa: BLE001 - told where `go` was called
            self.failure = failure
        finally:
            self.ended = True
            self._theirs.release()


@dataclass(frozen=True, slots=True, kw_only=True)
class Trip:
    """A fault; with `done` the operation was done and only its answer is lost. Of bytes half arrive.

    `garbled`: no fault is told, but the bytes that arrive are others.
    """

    fault: StoreFault = StoreFault(Cause.NETWORK, "the line was cut")
    done: bool = False
    garbled: bool = False


class Gated:
    """A `Sender` whose operations are the steps of the actor that opened it; `fault` says what ails the site now.

    Opened by nobody's thread it only has the faults.
    """

    def __init__(self, sender: Sender, *, fault: Callable[[], StoreFault | None], full: Callable[[], bool]) -> None:
        self._sender = sender
        self._fault = fault
        self._full = full
        self._actor: Actor | None = getattr(_here, "actor", None)

    @property
    def traits(self) -> Traits:
        return self._sender.traits

    def entries(self, folder: str) -> Sequence[Entry]:
        return self.run(f"entries {folder}", lambda: self._sender.entries(folder))

    def read(self, name: str, *, offset: int = 0, length: int) -> bytes:
        return self.run(f"read {name}", lambda: self._sender.read(name, offset=offset, length=length))

    def begin(self, name: str, *, size: int = 0) -> "GatedPart":
        return GatedPart(self, self.run(f"begin {name}", lambda: self._sender.begin(name, size=size), writes=True))

    def create(self, name: str, data: bytes) -> None:
        self.run(f"create {name}", lambda: self._sender.create(name, data), writes=True)

    def publish(self, names: Sequence[tuple[str, str]]) -> None:
        for one in names:  # a step each: those before the one that fails are published
            self.run(f"publish {one[1]}", lambda one=one: self._sender.publish([one]))

    def remove(self, name: str) -> None:
        self.run(f"remove {name}", lambda: self._sender.remove(name))

    def remove_folder(self, folder: str) -> None:
        self.run(f"remove_folder {folder}", lambda: self._sender.remove_folder(folder))

    def space(self) -> Space:
        found = self.run("space", self._sender.space)
        return Space(bytes=0, files=found.files) if self._full() else found

    def digest(self, name: str, *, length: int, pace: Pace = at_once) -> bytes:
        return self.run(f"digest {name}", lambda: self._sender.digest(name, length=length, pace=pace))

    def close(self) -> None:
        self._sender.close()

    def run(
        self,
        operation: str,
        call: Callable[[], T],
        *,
        writes: bool = False,
        half: Callable[[], object] = lambda: None,
        garbled: Callable[[], T] | None = None,
    ) -> T:
        trip = self._actor.step(operation) if self._actor is not None else None
        fault = self._fault()
        if fault is not None:
            raise fault
        if writes and self._full():
            half()
            raise StoreFault(Cause.SPACE, "no space left on device")
        if trip is None:
            return call()
        if trip.garbled and garbled is not None:
            return garbled()
        if trip.done:
            call()
        else:
            half()
        raise trip.fault


class GatedPart:
    def __init__(self, sender: Gated, part: Part) -> None:
        self._sender = sender
        self._part = part

    def append(self, data: bytes | memoryview) -> None:
        self._sender.run(
            "append",
            lambda: self._part.append(data),
            writes=True,
            half=lambda: self._part.append(data[: len(data) // 2]),
            garbled=lambda: self._part.append(bytes(data[:-1]) + bytes([data[-1] ^ 1])),
        )

    def flush(self) -> None:
        self._sender.run("flush", self._part.flush)

    def close(self) -> None:
        self._part.close()
