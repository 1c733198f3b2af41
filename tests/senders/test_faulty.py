"""The sender that fails by script does what the script says."""

from pathlib import Path

import pytest

from reconciler.model.sites import Address
from reconciler.model.snapshot import Cause
from reconciler.model.stores import StoreFault
from reconciler.senders.protocol import Sender
from reconciler.wiring import open_sender
from tests.senders.faulty import Faulty, Trip

SPACE = StoreFault(Cause.SPACE, "full")


def directory(root: Path) -> Sender:
    return open_sender(Address(type="directory", path=str(root)))


def test_it_trips_before_or_after(tmp_path: Path) -> None:
    sender = Faulty(directory(tmp_path), {("create", 2): Trip(fault=SPACE), ("create", 3): Trip(done=True)})
    sender.create("a", b"1")
    for _ in range(2):
        with pytest.raises(StoreFault):
            sender.create("b", b"1")
    assert [entry.name for entry in sender.entries("") if entry.is_file] == ["a", "b"]
    assert sender.calls == {"create": 3, "entries": 1, "*": 4}


def test_it_writes_short_and_late(tmp_path: Path) -> None:
    slept: list[float] = []
    script = {("*", 3): Trip(short=2), ("read", 1): Trip(fault=None, delay=3)}
    sender = Faulty(directory(tmp_path), script, sleep=slept.append)
    part = sender.begin("a")
    part.append(b"123")
    with pytest.raises(StoreFault):
        part.append(b"456")
    part.close()
    assert sender.read("a", length=9) == b"12345"
    assert slept == [0.0, 3]
