import threading
from pathlib import Path

import pytest

from reconciler.model.sites import Address
from reconciler.senders.protocol import Taken
from reconciler.senders.recorded import Recorded, Traffic
from reconciler.wiring import open_sender
from tests.conformance.sender import written


def recorded(root: Path, traffic: Traffic) -> Recorded:
    return Recorded(open_sender(Address(type="directory", path=str(root))), traffic)


def test_a_send_is_counted(tmp_path: Path) -> None:
    traffic = Traffic()
    sender = recorded(tmp_path, traffic)
    sender.entries("")
    part = sender.begin("parts/a/x")
    for _ in range(5):
        part.append(bytes(1000))
    part.flush()
    part.close()
    sender.publish([("parts/a/x", "packs/x")])
    sender.digest("packs/x", length=5000)
    sender.create("records/1", bytes(300))
    sender.remove("parts/a/x")
    assert traffic == Traffic(up=5300, down=5000, files=2, requests=12, round_trips=7)


def test_only_what_came_is_counted(tmp_path: Path) -> None:
    traffic = Traffic()
    sender = recorded(tmp_path, traffic)
    sender.create("a", b"12345")
    sender.read("a", offset=2, length=100)
    with pytest.raises(Taken):
        sender.create("a", b"12345")
    assert traffic == Traffic(up=10, down=3, files=1, requests=3, round_trips=3)


def test_threads_count_together(tmp_path: Path) -> None:
    traffic = Traffic()

    def run(number: int) -> None:
        sender = recorded(tmp_path, traffic)
        for count in range(20):
            written(sender, f"parts/{number}/{count}", bytes(10))

    threads = [threading.Thread(target=run, args=(number,)) for number in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert traffic == Traffic(up=800, files=80, requests=240, round_trips=160)
