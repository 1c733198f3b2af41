"""Going on only as long as it may."""

from collections.abc import Callable
from pathlib import Path

import pytest

from reconciler.model.sites import Address
from reconciler.senders.bucket import Bucket
from reconciler.senders.protocol import Sender
from reconciler.senders.recorded import Recorded, Traffic
from reconciler.senders.stoppable import SLICE, Stoppable
from reconciler.senders.throttled import Throttled
from reconciler.wiring import open_sender
from tests.conformance.sender import written

MIB = 2**20


class Stop(Exception):
    pass


class StopAfter:
    """Lets so many questions pass."""

    def __init__(self, count: int) -> None:
        self.left = count

    def __call__(self) -> None:
        self.left -= 1
        if self.left < 0:
            raise Stop


def directory(root: Path) -> Sender:
    return open_sender(Address(type="directory", path=str(root)))


OPERATIONS: dict[str, Callable[[Sender], object]] = {
    "entries": lambda sender: sender.entries("packs"),
    "read": lambda sender: sender.read("packs/a", length=1),
    "begin": lambda sender: sender.begin("packs/b"),
    "create": lambda sender: sender.create("packs/b", b"x"),
    "publish": lambda sender: sender.publish([("packs/a", "packs/b")]),
    "remove": lambda sender: sender.remove("packs/a"),
    "remove-folder": lambda sender: sender.remove_folder("empty"),
    "space": lambda sender: sender.space(),
    "digest": lambda sender: sender.digest("packs/a", length=1),
}


@pytest.mark.parametrize("operation", OPERATIONS)
def test_L22_nothing_begins_after_the_stop(tmp_path: Path, operation: str) -> None:
    directory(tmp_path).create("packs/a", b"a")
    (tmp_path / "empty").mkdir()
    before = sorted(tmp_path.rglob("*"))
    with pytest.raises(Stop):
        OPERATIONS[operation](Stoppable(directory(tmp_path), StopAfter(0)))
    assert sorted(tmp_path.rglob("*")) == before


def test_L22_bytes_stop_within_one_chunk(tmp_path: Path) -> None:
    traffic = Traffic()
    sender = Stoppable(Recorded(directory(tmp_path), traffic), StopAfter(1 + 3))
    part = sender.begin("parts/a/x")
    with pytest.raises(Stop):
        part.append(bytes(16 * MIB))
    with pytest.raises(Stop):
        part.flush()
    part.close()
    assert traffic.up == 3 * SLICE


@pytest.mark.parametrize("operation", ["read", "digest"])
def test_L22_bytes_that_come_back_stop_too(tmp_path: Path, operation: str) -> None:
    written(directory(tmp_path), "packs/a", bytes(16 * MIB))
    traffic = Traffic()
    sender = Stoppable(Recorded(directory(tmp_path), traffic), StopAfter(4))
    with pytest.raises(Stop):
        getattr(sender, operation)("packs/a", length=16 * MIB)
    assert 3 * SLICE <= traffic.down <= 4 * SLICE


def test_L22_at_a_low_rate_it_stops_within_a_tenth_of_a_second(tmp_path: Path) -> None:
    now = [0.0]

    def stop() -> None:
        if now[0] >= 100:
            raise Stop

    def sleep(seconds: float) -> None:
        now[0] += seconds

    slow = Bucket(lambda: 1000.0, clock=lambda: now[0], sleep=sleep)
    sender = Throttled(Stoppable(directory(tmp_path), stop), up=slow, down=slow)
    part = sender.begin("parts/a/x")
    with pytest.raises(Stop):
        part.append(bytes(MIB))
    part.close()
    assert now[0] == pytest.approx(100, abs=0.11)
